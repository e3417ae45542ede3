"""From published tensors to a model of ours, whatever file they lie in; what does not fit is refused in one line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.families.base import Config, Part
from zaohua.nn.blank import Blank

_SPARE = 1_000_000  # numbers: so many may a description ask for beyond what a file holds before it is called hostile


class Held(Protocol):
    """A tensor in a file, of which the header alone has been read."""

    @property
    def file(self) -> Path:
        """Where it lies."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    def check(self) -> None:
        """Refuse numbers of a kind that cannot be read."""

    def read(self) -> Tensor:
        """Its numbers."""


def blank(config: Config, held: Mapping[str, Held], source: Path) -> Decoder | Encoder:
    """The model of this shape without weights, unless the tensors cannot possibly fill it: the memory for a model that
    a damaged description asks for is never claimed."""
    numbers = sum(torch.Size(tensor.shape).numel() for tensor in held.values())
    asked = config.num_parameters()
    if config.layers > len(held) or asked > 2 * numbers + _SPARE:
        raise ZaohuaError(t("hub.other_weights", path=source, asked=f"{asked:,}", held=f"{numbers:,}"))
    with Blank():
        return Encoder(config) if isinstance(config, EncoderConfig) else Decoder(config)


def fill(
    model: nn.Module,
    parts: Mapping[str, Part],
    held: Mapping[str, Held],
    source: Path,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Give `model` the weights that `parts` says stand in `held`, as `dtype`, and put it in evaluation mode.

    Names and shapes are compared before anything is read. Raises ZaohuaError for weights that are missing, left over,
    of the wrong shape or kind, or not finite.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name, part in parts.items():
        if name in held:
            held[name].check()
            found, wanted = held[name].shape, part.shape(shapes)
            if found != wanted:
                message = t("hub.wrong_shape", path=held[name].file, name=name, found=found, wanted=wanted)
                raise ZaohuaError(message)
    if missing := sorted(parts.keys() - held.keys()):
        raise ZaohuaError(t("hub.missing_tensors", path=source, count=len(missing), name=missing[0]))
    # A tied head saved twice carries nothing new.
    if extra := sorted(name for name in held.keys() - parts.keys() if name != "lm_head.weight"):
        raise ZaohuaError(t("hub.extra_tensors", path=source, count=len(extra), name=one_line(extra[0])))
    state: dict[str, Tensor] = {}
    for name, part in parts.items():
        whole = held[name].read()
        if not whole.isfinite().all():
            raise ZaohuaError(t("hub.not_finite", path=held[name].file, name=name))
        state |= {ours: piece.to(dtype) for ours, piece in part.split(whole, shapes).items()}
    tied = "lm_head.weight" in shapes and "lm_head.weight" not in state
    if tied:
        state["lm_head.weight"] = state["embed_tokens.weight"]
    model.load_state_dict(state, assign=True)
    if tied:
        assert isinstance(model, Decoder)
        model.lm_head.weight = model.embed_tokens.weight
    model.eval()
