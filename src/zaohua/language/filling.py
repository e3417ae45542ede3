"""From published tensors to a model of ours, whatever file they lie in; what does not fit is refused in one line."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from zaohua.language.decoder import Decoder
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.families.base import Config, Part
from zaohua.model_folder.tensors import Held, check_names, check_size, read_finite
from zaohua.nn.blank import Blank


def blank(config: Config, held: Mapping[str, Held], source: Path) -> Decoder | Encoder:
    """The model of this shape without weights, unless the tensors cannot possibly fill it: the memory for a model that
    a damaged description asks for is never claimed."""
    check_size(config.num_parameters(), held, source, config.layers)
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
    # A tied head saved twice carries nothing new.
    check_names({name: part.shape(shapes) for name, part in parts.items()}, held, source, beside=("lm_head.weight",))
    state: dict[str, Tensor] = {}
    for name, part in parts.items():
        whole = read_finite(name, held[name])
        state |= {ours: piece.to(dtype) for ours, piece in part.split(whole, shapes).items()}
    tied = "lm_head.weight" in shapes and "lm_head.weight" not in state
    if tied:
        state["lm_head.weight"] = state["embed_tokens.weight"]
    model.load_state_dict(state, assign=True)
    if tied:
        assert isinstance(model, Decoder)
        model.lm_head.weight = model.embed_tokens.weight
    model.eval()
