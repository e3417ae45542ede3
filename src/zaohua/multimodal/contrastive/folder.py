"""Two towers as a folder: config.json, safetensors, the tokeniser and a card. The form is our own."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from zaohua.gan.folder import load_network, read_gan
from zaohua.i18n import t
from zaohua.language.folder import load_tokenizer
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CARD, CONFIG, new_model_folder, write_json
from zaohua.model_folder.tensors import check_size, saved_tensors, write_tensors
from zaohua.model_folder.values import Values
from zaohua.multimodal.contrastive.shape import TowersConfig, encoder_stack
from zaohua.multimodal.contrastive.towers import Towers
from zaohua.multimodal.sight import SIGHTS
from zaohua.nn.config import TransformerConfig

MODEL_TYPE = "zaohua_contrastive"
_STACKS = {"media": "media_tower", "text": "text_tower"}  # of TowersConfig -> of config.json
_SHAPE = ("layers", "width", "heads", "head_dim", "ffn_width", "positions")
_FITS = ("cover", "contain", "stretch", "pad")


def save_towers(
    config: TowersConfig,
    weights: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    look: Mapping[str, Any],
    folder: Path,
    card: str | None = None,
) -> None:
    """Write the folder whole or not at all. look: see load_towers. Raises ZaohuaError when it cannot be written."""
    written = asdict(config) | {"look": dict(look)}
    for name, key in _STACKS.items():
        stack = written.pop(name)
        written[key] = {number: stack[number] for number in _SHAPE}
    with new_model_folder(folder) as temporary:
        write_tensors({name: tensor.cpu().contiguous() for name, tensor in weights.items()}, temporary)
        write_json(temporary / CONFIG, {"model_type": MODEL_TYPE, **written})
        tokenizer.save(temporary)
        if card is not None:
            (temporary / CARD).write_text(card, encoding="utf-8")


def load_towers(folder: Path) -> tuple[Towers, Tokenizer, dict[str, Any]]:
    """Towers in evaluation mode on the CPU, their tokeniser, and how what they see is to look: "fit" and "background"
    of pictures, whether sounds are freed of silence ("trim") and made equally loud ("level"), and the data's "credit".

    Raises ZaohuaError, in one line, for a damaged folder or one of another kind.
    """
    folder = Path(folder)
    values = read_gan(folder, MODEL_TYPE)
    config = _config(values)
    check_size(config.num_parameters(), saved_tensors(folder), folder, config.media.layers + config.text.layers)
    towers = load_network(folder, lambda: Towers(config))
    assert isinstance(towers, Towers)
    return towers, load_tokenizer(folder, config.vocab_size), _look(_inside(values, "look"))


def _config(values: Values) -> TowersConfig:
    """The shape that config.json describes; every number is checked."""
    patch = values.supported("patch", 8, 4, 16, 32)
    sight = values.raw.get("sight") or ""
    if not isinstance(sight, str) or (sight and sight.partition("@")[0] not in SIGHTS):
        raise values.refuse("sight", sight, t("contrastive.expected_sight", known=", ".join(SIGHTS)))
    config = TowersConfig(
        kind=values.supported("kind", "pictures", "sounds"),
        media=_stack(_inside(values, _STACKS["media"])),
        text=_stack(_inside(values, _STACKS["text"])),
        vocab_size=values.whole("vocab_size"),
        context=values.whole("context"),
        dim=values.whole("dim"),
        loss=values.supported("loss", "softmax", "sigmoid"),
        size=values.supported("size", 64, 16, 32, 128, 256),
        channels=values.supported("channels", 3, 1, 4),
        patch=patch,
        stem=values.supported("stem", "conv", "patches"),
        sight=sight,
        rate=values.whole("rate"),
        n_fft=values.whole("n_fft"),
        hop=values.whole("hop"),
        bands=values.whole("bands"),
        frames=values.whole("frames"),
        patches=values.whole("patches"),
    )
    if sight and config.kind != "pictures":
        raise values.refuse("sight", sight, t("contrastive.expected_no_sight"))
    if config.size % patch:
        raise values.divides("patch", patch, "size", config.size)
    return config


def _inside(values: Values, key: str) -> Values:
    found = values.raw.get(key)
    if not isinstance(found, dict):
        raise values.refuse(key, found, t("hub.not_an_object", found=type(found).__name__))
    return Values(found, values.path)


def _stack(values: Values) -> TransformerConfig:
    numbers = {name: values.whole(name) for name in _SHAPE[:-1]}
    if numbers["head_dim"] % 2:
        raise values.even("head_dim", numbers["head_dim"])
    return encoder_stack(**numbers, learned=values.supported("positions", "learned", "rotary") == "learned")


def _look(values: Values) -> dict[str, Any]:
    ground = values.raw.get("background", [255, 255, 255])
    if not isinstance(ground, list) or len(ground) != 3 or not all(type(c) is int and 0 <= c < 256 for c in ground):
        raise values.refuse("background", ground, t("contrastive.expected_colour"))
    return {
        "fit": values.supported("fit", *_FITS),
        "background": ground,
        "trim": values.flag("trim", False),
        "level": values.flag("level", False),
        "credit": str(values.raw.get("credit") or ""),
    }
