"""The recipe of `task = "transcribe"`."""

from typing import Literal

from pydantic import Field, model_validator

from zaohua.data.captioned import CaptionedConfig
from zaohua.language.seq2seq.shape import Seq2SeqModelConfig, stack_shape
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.multimodal.speech.augment import AugmentConfig
from zaohua.multimodal.speech.shape import ListenerConfig, frame_sizes
from zaohua.recipe import Section
from zaohua.training.config import Count, Positive, RunConfig, TrainConfig


class ListenerModelConfig(Seq2SeqModelConfig):
    """The shape of both stacks; context is of what is written."""

    bands: Count = Field(default=40, description="of the mel scale")
    channels: Count = Field(default=32, description="of the convolutions that thin out the spectra")
    seconds: Positive = Field(default=20.0, description="longest sound that can be heard; longer ones are cut")


class TranscribeRecipe(Section):
    """The whole recipe of `task = "transcribe"`: sounds and what is said in them, in one language."""

    task: Literal["transcribe"]
    data: CaptionedConfig
    tokenizer: TokenizerConfig = TokenizerConfig(kind="char")
    model: ListenerModelConfig = ListenerModelConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()
    run: RunConfig

    @model_validator(mode="after")
    def _fits(self) -> "TranscribeRecipe":
        if self.data.kind != "sounds":
            raise ValueError('data.kind: what is said is heard in sounds, write kind = "sounds"')
        if len(self.data.languages) != 1:
            raise ValueError('data.languages: one language is written, such as languages = ["en"]')
        return self


def listener_config(model: ListenerModelConfig, vocab_size: int, rate: int) -> ListenerConfig:
    """The shape that a recipe asks for. rate: samples per second of the data."""
    n_fft, hop = frame_sizes(rate)
    return ListenerConfig(
        vocab_size=vocab_size,
        rate=rate,
        n_fft=n_fft,
        hop=hop,
        bands=model.bands,
        channels=model.channels,
        frames=round(model.seconds * rate / hop),
        **stack_shape(model),
    )
