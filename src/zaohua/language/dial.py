"""One dial, `model.depth`, from which the shape, the batch, the rates and the budget follow.

Every value can be set in the recipe; what is set stays. Which are measured and which are rules of thumb:
docs/en/decisions.md, "The dial".
"""

import math
from typing import Annotated

from pydantic import Field

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.decoder import DecoderConfig
from zaohua.recipe import Section
from zaohua.training.config import Count, Positive, TrainConfig

TOKENS_PER_PARAMETER = 20  # Hoffmann et al. 2022 (arXiv:2203.15556)
MOST_EPOCHS = 8  # a rule of thumb: more passes over little text help little and then hurt
DEFAULT_DEPTH = 4


class ModelConfig(Section):
    """The decoder's shape: a depth, or the numbers themselves."""

    depth: Annotated[int, Field(gt=0, le=128)] | None = None
    layers: Count | None = None
    width: Count | None = None
    heads: Count | None = None
    kv_heads: Count | None = None
    head_dim: Annotated[int, Field(gt=0, multiple_of=2)] | None = None
    ffn_width: Count | None = None
    context: Annotated[int, Field(gt=1)] | None = None
    rope_theta: Positive = 10_000.0
    tied: bool | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    look_back: Annotated[int, Field(ge=0)] | None = None  # heads that begin by reading the token 1, 2, 3 … back


def shape(model: ModelConfig, vocab_size: int) -> ModelConfig:
    """Fill in every number of the shape that the recipe leaves open."""
    depth = model.depth or model.layers or DEFAULT_DEPTH
    width = model.width or 64 * depth
    head_dim = model.head_dim or (64 if width % 64 == 0 and width >= 512 else 32 if width % 32 == 0 else width)
    heads = model.heads or max(1, width // head_dim)
    kv_heads = model.kv_heads or (heads // 2 if heads >= 8 and heads % 2 == 0 else heads)
    if heads % kv_heads:
        raise UsageError(t("training.heads_do_not_divide", heads=heads, kv_heads=kv_heads))
    layers = model.layers or depth
    block = layers * width * (4 * width + 8 * width)
    return model.model_copy(
        update={
            "depth": depth,
            "layers": layers,
            "width": width,
            "head_dim": head_dim,
            "heads": heads,
            "kv_heads": kv_heads,
            "ffn_width": model.ffn_width or 32 * round(width * 8 / 3 / 32),
            "context": model.context or min(2048, 256 * max(1, depth // 4)),
            "look_back": min(3, kv_heads - 1) if model.look_back is None else model.look_back,
            "tied": model.tied if model.tied is not None else vocab_size * width > block // 2,
        }
    )


def decoder_config(model: ModelConfig, vocab_size: int) -> DecoderConfig:
    """The decoder's configuration from a filled-in section."""
    names = ModelConfig.model_fields.keys() - {"depth", "look_back"}  # a task may add fields of its own
    fields = {name: getattr(model, name) for name in names}
    return DecoderConfig(vocab_size=vocab_size, **fields)


def schedule(train: TrainConfig, config: DecoderConfig, train_tokens: int | None) -> TrainConfig:
    """Fill in batch, learning rates and budget. train_tokens: size of the data, None when it is not known yet."""
    depth = config.layers
    batch_tokens = 1024 * 2 ** round(math.log2(max(2, depth)))  # 2 layers 2k, 4 layers 4k, 8 layers 8k …
    batch_size = train.batch_size or max(1, batch_tokens // config.context)
    narrower = (256 / config.width) ** 0.5
    adamw = 0.003 if train.optimiser == "adamw" else 0.008  # for the matrices too, or beside Muon for the rest
    update: dict[str, object] = {
        "batch_size": batch_size,
        "learning_rate": train.learning_rate or adamw * narrower,
        "muon_learning_rate": train.muon_learning_rate or 0.02 * narrower,
    }
    if train.open_ended:
        tokens = TOKENS_PER_PARAMETER * config.num_parameters()
        if train_tokens is not None:
            tokens = min(tokens, MOST_EPOCHS * train_tokens)
        update["steps"] = max(20, math.ceil(tokens / (batch_size * config.context)))
    return train.model_copy(update=update)
