"""An any-to-any model as a folder: a plain Qwen3 folder, which transformers opens, with `media` in its config.json and
the tokenisers of pictures and sounds in subfolders `image/` and `audio/`. How it looks at pictures, if it does, lies in
sight.safetensors beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.folder import load_folder, save_folder
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CONFIG, read_json, write_json
from zaohua.model_folder.tensors import check_names, read_finite, saved_tensors, write_tensors
from zaohua.model_folder.values import Values
from zaohua.multimodal.any.examples import Tokenisers
from zaohua.multimodal.any.templates import TEMPLATES
from zaohua.multimodal.any.vocabulary import LANGUAGES, MEDIA, Vocabulary
from zaohua.multimodal.sight import Sight
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser

_SIGHT = "sight"  # its file is sight.safetensors
_MOST_PLACES = 4096


@dataclass(frozen=True)
class Knows:
    """What a model has learnt: templates, and languages."""

    templates: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """All that such a folder holds. sight, sees: how it looks at pictures, and the network that it does so with; None
    and "" where it reads them by their codes."""

    decoder: Decoder
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    tokenisers: Tokenisers
    knows: Knows
    sight: Sight | None = None
    sees: str = ""


def save_any(parts: Parts, folder: Path, card: str | None = None, state: Mapping[str, Tensor] | None = None) -> None:
    """Write the folder whole or not at all. state: as in save_folder."""

    def add_media(temporary: Path) -> None:
        config = read_json(temporary / CONFIG)
        knows = {"templates": list(parts.knows.templates), "languages": list(parts.knows.languages)}
        sight = {}
        if parts.sight is not None:
            sight = {"sight": {"extractor": parts.sees, "places": parts.sight.places}}
            write_tensors(parts.sight.state_dict(), temporary, name=_SIGHT)
        write_json(temporary / CONFIG, config | {MEDIA: parts.vocabulary.to_json() | knows | sight})
        for name in ("image", "audio"):
            if (tokeniser := getattr(parts.tokenisers, name)) is not None:
                tokeniser.save(temporary / name)

    save_folder(parts.decoder, parts.tokenizer, folder, card, None if state is None else dict(state), finish=add_media)


def load_any(folder: Path, dtype: torch.dtype = torch.float32) -> Parts:
    """Open such a folder, on the CPU. Raises ZaohuaError, in one line, for anything else."""
    folder = Path(folder)
    raw = read_json(folder / CONFIG).get(MEDIA)
    if not isinstance(raw, dict):
        raise ZaohuaError(t("anymodal.no_media", path=folder))
    vocabulary = Vocabulary.from_json(raw, folder / CONFIG)
    decoder, tokenizer = load_folder(folder, dtype)
    if not isinstance(decoder, Decoder) or decoder.config.vocab_size != vocabulary.size:
        raise ZaohuaError(t("anymodal.other_rows", path=folder, rows=vocabulary.size))
    if tokenizer.vocab_size != vocabulary.text:
        raise ZaohuaError(
            t("hub.tokenizer_mismatch", path=folder, tokens=tokenizer.vocab_size, vocabulary=vocabulary.text)
        )
    image = ImageTokeniser.load(folder / "image") if vocabulary.image_codes else None
    audio = SoundTokeniser.load(folder / "audio") if vocabulary.audio_codes else None
    for tokeniser, codes in ((image, vocabulary.image_codes), (audio, vocabulary.audio_codes)):
        if tokeniser is not None and tokeniser.codes != codes:
            raise ZaohuaError(t("anymodal.other_codes", path=folder, found=tokeniser.codes, codes=codes))
    sight, sees = _sight(folder, raw, decoder.config.width, dtype)
    templates = tuple(name for name in raw.get("templates", []) if name in TEMPLATES)
    languages = tuple(name for name in raw.get("languages", []) if name in LANGUAGES)
    return Parts(decoder, tokenizer, vocabulary, Tokenisers(image, audio), Knows(templates, languages), sight, sees)


def _sight(folder: Path, raw: Mapping[str, Any], width: int, dtype: torch.dtype) -> tuple[Sight | None, str]:
    """How it looks at pictures, and with what."""
    if not isinstance(said := raw.get("sight"), dict):
        return None, ""
    values = Values(said, folder / CONFIG)
    module = Sight(values.whole("places", largest=_MOST_PLACES), width)
    held = saved_tensors(folder, _SIGHT)
    state = module.state_dict()
    check_names({name: tuple(tensor.shape) for name, tensor in state.items()}, held, folder)
    module.load_state_dict({name: read_finite(name, held[name]) for name in state})
    return module.to(dtype).eval(), str(said.get("extractor", ""))
