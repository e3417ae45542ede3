"""The same task on digits seen and heard; see zaohua.data.av_digits."""

from typing import ClassVar

from zaohua.data.av_digits import RATE, SECONDS, SIDE, DigitPairs, read_av_digits
from zaohua.data.records import Records, Side
from zaohua.data.records.forms import Forms, PictureForm, SoundForm
from zaohua.multimodal.understanding.config import AvDigitsRecipe
from zaohua.multimodal.understanding.task import UnderstandTask
from zaohua.recipe import Section

_FORMS = Forms(
    text=False,
    image=PictureForm(SIDE, 1, "contain", (0, 0, 0)),
    audio=SoundForm(RATE, round(SECONDS * RATE), trim=False),
    video=None,
    table=None,
)
_CLASSES = tuple(map(str, range(10)))


class AvDigitsTask(UnderstandTask):
    """Pairs of a picture and a recording; the finished model is measured on the pairs of the test."""

    Recipe: ClassVar[type[Section]] = AvDigitsRecipe

    def read(self, classes: tuple[str, ...], *, visible: bool) -> Records:
        """The pairs as rows."""
        pairs = read_av_digits(self.recipe.data, self.recipe.train.seed, visible=visible)
        train, validation, test = (_side(getattr(pairs, name), name) for name in ("train", "validation", "test"))
        return Records(train, validation, test, _FORMS, "class", _CLASSES, pairs.report | {"warnings": []})

    def forms(self) -> Forms:
        """Pictures of 28 × 28 and sounds of three quarters of a second."""
        return _FORMS


def _side(pairs: DigitPairs, name: str) -> Side:
    return Side(
        values={"image": pairs.pictures, "audio": pairs.waves},
        present={"image": pairs.picture_present, "audio": pairs.wave_present},
        targets=pairs.labels,
        names=[f"{name}:{number} {voice}" for number, voice in enumerate(pairs.voices)],
        facts={"snr": pairs.snr},
    )
