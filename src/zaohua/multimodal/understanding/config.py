"""The recipe of a task that understands."""

from typing import Annotated, Any, Literal

from pydantic import Field

from zaohua.data.av_digits import AvDigitsConfig
from zaohua.data.records.config import RecordsConfig
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.recipe import Section
from zaohua.training.config import Count, Fraction, RunConfig, TrainConfig

Share = Annotated[float, Field(ge=0, lt=1)]


class FusionConfig(Section):
    """How the modalities become one. dropout: probability with which each is left out of a sample while training, so
    that the model learns to do without; options: what this kind of fusion can be told besides."""

    kind: str = "attention"
    dropout: Share = 0.2
    options: dict[str, Any] = {}


class NetworkConfig(Section):
    """Sizes of the encoders. width: of a feature; channels: of the first convolutions; layers, heads: of Transformers;
    context: tokens of a text at most."""

    width: Annotated[int, Field(ge=8, multiple_of=8)] = 64
    channels: Annotated[int, Field(ge=8, multiple_of=8)] = 16
    layers: Count = 2
    heads: Count = 2
    context: Count = 64
    dropout: Share = 0.1


class UnderstandLossConfig(Section):
    """smoothing: share of the wanted probability that all classes get alike; levels: weight of the losses of what each
    modality says alone, and of how far to believe it, where the fusion has such (decision, multilevel)."""

    smoothing: Share = 0.0
    levels: Annotated[float, Field(ge=0)] = 1.0


class AugmentConfig(Section):
    """Probability of each distortion while training. pictures: moved, a square cut out; sounds: moved in time, gaps in
    time and in frequency."""

    pictures: Fraction = 0.0
    sounds: Fraction = 0.0


class UnderstandRecipe(Section):
    """The whole recipe of `task = "understand"`."""

    task: Literal["understand"]
    data: RecordsConfig
    tokenizer: TokenizerConfig = TokenizerConfig(kind="bpe", vocab_size=1024)
    model: NetworkConfig = NetworkConfig()
    fusion: FusionConfig = FusionConfig()
    loss: UnderstandLossConfig = UnderstandLossConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig


class AvDigitsRecipe(UnderstandRecipe):
    """The whole recipe of `task = "av-digits"`."""

    task: Literal["av-digits"]  # type: ignore[assignment]
    data: AvDigitsConfig  # type: ignore[assignment]
