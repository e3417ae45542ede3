"""A GAN as a folder: config.json, the averaged generator in model.safetensors, every other network in a file of its own
name, and a card. The form is our own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.model_folder.files import CARD, CONFIG, new_model_folder, read_json, write_json
from zaohua.model_folder.tensors import check_names, read_finite, saved_tensors, write_tensors
from zaohua.model_folder.values import Values
from zaohua.nn.blank import Blank

GENERATOR = "generator"
_FILES = {GENERATOR: "model"}  # every other network's file has its own name
PREFIX = "zaohua_"  # of every model_type here: zaohua_gan_image, zaohua_vocoder, …
Weights = Mapping[str, Tensor]


def save_gan(folder: Path, config: Mapping[str, Any], networks: Mapping[str, Weights], card: str | None = None) -> None:
    """Write the folder whole or not at all; an older one of that name is replaced.

    config: what config.json shall say, "model_type" first. networks: name -> state dict, "generator" among them.
    Raises ZaohuaError when it cannot be written.
    """
    with new_model_folder(folder) as temporary:
        write_json(temporary / CONFIG, config)
        for name, weights in networks.items():
            write_tensors(_floats(weights), temporary, name=_FILES.get(name, name))
        if card is not None:
            (temporary / CARD).write_text(card, encoding="utf-8")


def read_gan(folder: Path, model_type: str) -> Values:
    """config.json of such a folder, its values to be asked for one by one. ZaohuaError if it is another kind's."""
    path = Path(folder) / CONFIG
    raw = read_json(path)
    if raw.get("model_type") != model_type:
        found = str(raw.get("model_type"))
        raise ZaohuaError(t("hub.unknown_architecture", path=folder, found=found, known=model_type))
    return Values(raw, path)


def load_network(folder: Path, make: Callable[[], nn.Module], name: str = GENERATOR) -> nn.Module:
    """One network of the folder, in float32 on the CPU, to be used and not trained.

    make: builds it, of the shape that config.json tells. Raises ZaohuaError for weights that are damaged or of another
    shape, before they are read.
    """
    folder = Path(folder)
    held = saved_tensors(folder, _FILES.get(name, name))
    with Blank():
        module = make()
    wanted = _floats(module.state_dict())
    check_names({key: tuple(tensor.shape) for key, tensor in wanted.items()}, held, folder)
    state = {key: read_finite(key, held[key]).to(torch.float32) for key in wanted}
    module.load_state_dict(state, strict=False, assign=True)  # without the counts of batches
    return module.eval().requires_grad_(False)


def _floats(weights: Weights) -> dict[str, Tensor]:
    """What a network computes with: all but the numbers of batches that its norms have seen."""
    return {name: tensor.cpu().contiguous() for name, tensor in weights.items() if tensor.is_floating_point()}
