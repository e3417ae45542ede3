"""What the report proposes after a run."""

import pytest

from zaohua.gan.task import AdversarialTask
from zaohua.language.encoders.task import EncoderTask
from zaohua.multimodal.contrastive.task import ContrastiveTask
from zaohua.multimodal.speech.task import TranscribeTask
from zaohua.multimodal.understanding.task import UnderstandTask
from zaohua.report.next_steps import writes
from zaohua.tasks import TASKS, load_task


@pytest.mark.parametrize("task", TASKS)
def test_every_model_writes_but_encoders_and_generators_of_media(task):
    readers = EncoderTask | AdversarialTask | ContrastiveTask | TranscribeTask | UnderstandTask
    assert writes(task) != issubclass(load_task(task), readers)
