"""The `[model]` section of an encoder-decoder: a depth, from which the shape of both stacks follows."""

from typing import Any, TypeVar

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.encoders.dial import EncoderModelConfig
from zaohua.language.seq2seq.module import Seq2SeqConfig
from zaohua.training.config import Count


class Seq2SeqModelConfig(EncoderModelConfig):
    """The shape of both stacks, each as an encoder's; `layers` are the decoder's."""

    encoder_layers: Count | None = None


M = TypeVar("M", bound=Seq2SeqModelConfig)


def stack_shape(model: Seq2SeqModelConfig) -> dict[str, Any]:
    """Every number of Seq2SeqConfig but the size of the vocabulary, those that the recipe leaves open filled in."""
    depth = model.depth or model.layers or 2
    width = model.width or 64 * depth
    heads = model.heads or max(1, width // 32)
    if width % heads or width // heads % 2:
        raise UsageError(t("encoder.heads_do_not_divide", width=width, heads=heads))
    return {
        "encoder_layers": model.encoder_layers or depth,
        "layers": model.layers or depth,
        "width": width,
        "heads": heads,
        "head_dim": width // heads,
        "ffn_width": model.ffn_width or 32 * round(width * 8 / 3 / 32),
        "context": model.context or 128,
        "dropout": model.dropout,
    }


def filled_in(model: M, config: Seq2SeqConfig) -> M:
    """The section with the shape that was settled."""
    names = ("encoder_layers", "layers", "width", "heads", "ffn_width", "context")
    kept = {name: getattr(config, name) for name in names}
    return model.model_copy(update={**kept, "depth": config.layers})
