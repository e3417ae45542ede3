"""What a user gives a model: texts, files and values by modality, made rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL.Image import Image

from zaohua.data.clean import clean_text
from zaohua.data.pictures.single import open_picture
from zaohua.data.readers.base import SkippedFile
from zaohua.data.records.cells import opener
from zaohua.data.records.forms import Cells, Forms
from zaohua.data.records.types import MODALITIES, Side, columns_of
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

_FILE = (str, Path)
_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "image": (*_FILE, Image, np.ndarray),
    "audio": (*_FILE, tuple, list),
    "video": _FILE,
    "table": (Mapping,),
}
Example = Mapping[str, Any]  # modality -> what there is of it; None is as good as nothing


def side_of(examples: Sequence[Example], forms: Forms) -> Side:
    """Rows of these examples, their targets unknown (zeros).

    text: a string; image: a path, a Pillow image or uint8 [H, W(, C)]; audio: a path, or samples and their rate; video:
    a path; table: column -> value. Raises UsageError for a modality or column that the model does not know, and for an
    example of nothing; ZaohuaError for a file that cannot be read.
    """
    rows = [_row(example, forms) for example in examples]
    return Side(*columns_of(rows, forms), torch.zeros(len(rows)), [""] * len(rows))


def _row(example: Example, forms: Forms) -> dict[str, Any]:
    """One example's values in their forms, by modality."""
    for name, value in example.items():
        if name not in forms.modalities:
            key = "other_modality" if name in MODALITIES else "unknown_modality"
            raise UsageError(t(f"understand.{key}", name=name, known=", ".join(forms.modalities)))
        if value is not None and not isinstance(value, _KINDS[name]):
            raise UsageError(t("understand.wrong_kind", name=name, found=type(value).__name__))
    made = {name: _made(name, value, forms) for name, value in example.items() if value is not None}
    there = {name: value for name, value in made.items() if value is not None}
    if not there:
        raise UsageError(t("understand.nothing", known=", ".join(forms.modalities)))
    return there


def _made(name: str, value: Any, forms: Forms) -> Any:
    """A value in its form, None where there is nothing in it."""
    if name == "text":
        return clean_text(value, "NFC").strip() or None
    if name == "table":
        return _cells(value, forms)
    form = getattr(forms, name)
    try:
        if name == "image":
            return form.pixels(open_picture(value)[0])
        if name == "audio" and not isinstance(value, str | Path):
            return form.wave(np.asarray(value[0], dtype=np.float32), int(value[1]))
        return form.of(opener(name, Path(value)))
    except SkippedFile as skipped:
        what = value if isinstance(value, str | Path) else name
        raise ZaohuaError(t("data.unreadable", path=what, reason=t(f"data.skip_{skipped.reason}"))) from skipped


def _cells(value: Mapping[str, Any], forms: Forms) -> Cells | None:
    assert forms.table is not None
    for column in value:
        if column not in forms.table.columns:
            raise UsageError(t("understand.unknown_column", name=column, known=", ".join(forms.table.columns)))
    try:
        numbers, words = forms.table.of(value)
    except ValueError as error:
        raise UsageError(t("understand.no_number", name=error, value=value[str(error)])) from error
    return (numbers, words) if any(number is not None for number in numbers) or any(words) else None
