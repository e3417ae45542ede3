"""A network that understands as a folder: config.json, model.safetensors, the tokeniser if it reads texts, a card."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zaohua.data.pictures.config import FITS
from zaohua.data.records.forms import Forms, PictureForm, SoundForm, TableForm, VideoForm
from zaohua.data.records.types import MODALITIES
from zaohua.gan.folder import load_network, read_gan
from zaohua.language.folder import load_tokenizer
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CARD, CONFIG, new_model_folder, write_json
from zaohua.model_folder.tensors import write_tensors
from zaohua.model_folder.values import Values
from zaohua.multimodal.fusion import fusions
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape

MODEL_TYPE = "zaohua_understand"
_MOST_SAMPLES = 1 << 22  # of a sound
_SIZES = tuple(range(16, 257))


def save_understanding(network: Understander, tokenizer: Tokenizer | None, folder: Path, card: str | None) -> None:
    """Write the folder whole or not at all. Raises ZaohuaError when it cannot be written."""
    shape = network.shape
    with new_model_folder(folder) as temporary:
        write_json(temporary / CONFIG, {"model_type": MODEL_TYPE, **asdict(shape)})
        write_tensors({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}, temporary)
        if tokenizer is not None:
            tokenizer.save(temporary)
        if card is not None:
            (temporary / CARD).write_text(card, encoding="utf-8")


def load_understanding(folder: Path) -> tuple[Understander, Shape, Tokenizer | None]:
    """Open such a folder in evaluation mode on the CPU. Raises ZaohuaError, in one line, for a damaged one."""
    folder = Path(folder)
    shape = _shape(read_gan(folder, MODEL_TYPE))
    tokenizer = load_tokenizer(folder, shape.vocab_size) if shape.forms.text else None
    network = load_network(folder, lambda: Understander(shape))
    assert isinstance(network, Understander)
    return network, shape, tokenizer


def _shape(values: Values) -> Shape:
    """The shape that config.json describes; every value is checked."""
    forms = _forms(_below(values, "forms"))
    width, heads = values.in_parts("width", "heads")
    words = values.raw.get("words", [])
    columns = 0 if forms.table is None else len(forms.table.categories)
    if not isinstance(words, list) or len(words) != columns:
        raise values.refuse("words", len(words) if isinstance(words, list) else words, str(columns))
    options = values.raw.get("options", {})
    if not isinstance(options, dict):
        raise values.refuse("options", options, "{}")
    return Shape(
        forms=forms,
        kind=values.supported("kind", "class", "number"),
        classes=values.names("classes"),
        width=width,
        heads=heads,
        channels=values.whole("channels", largest=8192),
        layers=values.whole("layers", largest=128),
        vocab_size=values.whole("vocab_size") if forms.text else 0,
        context=values.whole("context") if forms.text else 0,
        words=tuple(Values({"words": column}, values.path).names("words") for column in words),
        fusion=values.supported("fusion", *fusions),
        options=options,
        dropout=0.0,
    )


def _forms(values: Values) -> Forms:
    """The form of each modality that is described."""
    there = {name: _below(values, name) for name in _FORMS if values.raw.get(name) is not None}
    found = {name: made(there[name]) if name in there else None for name, made in _FORMS.items()}
    forms = Forms(values.flag("text", False), **found)
    if not forms.modalities:
        raise values.refuse("forms", None, ", ".join(MODALITIES))
    return forms


def _picture(values: Values) -> PictureForm:
    ground = values.raw.get("background")
    if not isinstance(ground, list) or len(ground) != 3 or not all(type(c) is int and 0 <= c <= 255 for c in ground):
        raise values.refuse("background", ground, "[255, 255, 255]")
    size, channels = values.supported("size", *_SIZES), values.supported("channels", 3, 1, 4)
    return PictureForm(size, channels, values.supported("fit", "contain", *FITS), (ground[0], ground[1], ground[2]))


def _sound(values: Values) -> SoundForm:
    return SoundForm(values.whole("rate"), values.whole("length", largest=_MOST_SAMPLES), values.flag("trim", False))


def _film(values: Values) -> VideoForm:
    frames, longest = values.whole("frames", largest=64), values.positive("longest")
    return VideoForm(_picture(_below(values, "picture")), frames, longest)


def _table(values: Values) -> TableForm:
    return TableForm(values.names("numbers"), values.names("categories"))


def _below(values: Values, key: str) -> Values:
    """An object inside an object."""
    inside = values.raw.get(key)
    if not isinstance(inside, dict):
        raise values.refuse(key, inside, "{…}")
    return Values(inside, values.path)


_FORMS: dict[str, Callable[[Values], Any]] = {"image": _picture, "audio": _sound, "video": _film, "table": _table}
