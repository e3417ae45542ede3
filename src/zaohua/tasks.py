"""The one table of tasks: name in a recipe -> class, imported when asked for."""

from importlib import import_module
from typing import Any

from zaohua.errors import UsageError
from zaohua.i18n import t

TASKS = {
    "language": "zaohua.language.pretrain:LanguageTask",
    "continue": "zaohua.language.finetuning.continued:ContinueTask",
    "instruct": "zaohua.language.finetuning.instruct:InstructTask",
    "prefer": "zaohua.language.finetuning.prefer:PreferTask",
    "masked": "zaohua.language.encoders.masked:MaskedTask",
    "classify": "zaohua.language.encoders.classify:ClassifyTask",
    "embed": "zaohua.language.encoders.embed:EmbedTask",
    "seq2seq": "zaohua.language.seq2seq.task:Seq2SeqTask",
    "gan-image": "zaohua.gan.images.task:ImageTask",
    "gan-sound": "zaohua.gan.sounds.task:SoundTask",
    "gan-video": "zaohua.gan.video.task:VideoTask",
    "gan-translate": "zaohua.gan.translation.task:TranslationTask",
    "transcribe": "zaohua.multimodal.speech.task:TranscribeTask",
    "vocoder": "zaohua.gan.vocoder.task:VocoderTask",
    "understand": "zaohua.multimodal.understanding.task:UnderstandTask",
    "av-digits": "zaohua.multimodal.understanding.digits:AvDigitsTask",
    "contrastive": "zaohua.multimodal.contrastive.task:ContrastiveTask",
    "image-tokens": "zaohua.multimodal.tokenisers.images.task:ImageTokensTask",
    "sound-tokens": "zaohua.multimodal.tokenisers.sounds.task:SoundTokensTask",
    "any": "zaohua.multimodal.any.task:AnyTask",
}


def load_task(name: object) -> Any:
    """The class behind `task = "NAME"`."""
    if not isinstance(name, str) or name not in TASKS:
        raise UsageError(t("training.unknown_task", name=name, known=", ".join(TASKS)))
    module, _, attribute = TASKS[name].partition(":")
    return getattr(import_module(module), attribute)
