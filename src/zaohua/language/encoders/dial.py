"""One dial, `model.depth`, for encoders: the shape follows from it; what is set stays."""

from typing import Annotated, Any

from pydantic import Field

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.encoders.encoder import EncoderConfig
from zaohua.recipe import Section
from zaohua.training.config import Count

DEFAULT_DEPTH = 4


class EncoderModelConfig(Section):
    """The encoder's shape, BERT's: a depth, or the numbers themselves; or the folder of a model to go on from."""

    base: str | None = None  # a model or run folder: its shape, weights and tokeniser are taken
    depth: Annotated[int, Field(gt=0, le=128)] | None = None
    layers: Count | None = None
    width: Count | None = None
    heads: Count | None = None
    ffn_width: Count | None = None
    context: Annotated[int, Field(gt=4)] | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


def shape(model: EncoderModelConfig) -> EncoderModelConfig:
    """Fill in every number of the shape that the recipe leaves open."""
    depth = model.depth or model.layers or DEFAULT_DEPTH
    width = model.width or 64 * depth
    heads = model.heads or max(1, width // (64 if width >= 512 else 32))
    if width % heads:
        raise UsageError(t("encoder.heads_do_not_divide", width=width, heads=heads))
    return model.model_copy(
        update={
            "depth": depth,
            "layers": model.layers or depth,
            "width": width,
            "heads": heads,
            "ffn_width": model.ffn_width or 4 * width,
            "context": model.context or 128,
        }
    )


def encoder_config(model: EncoderModelConfig, vocab_size: int, **head: Any) -> EncoderConfig:
    """The encoder's configuration from a filled-in section. head: head, pooler and labels of EncoderConfig."""
    fields = model.model_dump(exclude={"base", "depth"})
    heads, width = fields["heads"], fields["width"]
    return EncoderConfig(vocab_size=vocab_size, kv_heads=heads, head_dim=width // heads, **fields, **head)
