"""What the report proposes after a run."""

import pytest

from zaohua.language.encoders.task import EncoderTask
from zaohua.report.next_steps import writes
from zaohua.tasks import TASKS, load_task


@pytest.mark.parametrize("task", TASKS)
def test_every_model_writes_but_an_encoder(task):
    assert writes(task) != issubclass(load_task(task), EncoderTask)
