"""The shape of a network that understands: what config.json says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from zaohua.data.records.forms import Forms
from zaohua.multimodal.fusion import gives_logits
from zaohua.nn.config import TransformerConfig
from zaohua.nn.mel import MelConfig, usual


@dataclass(frozen=True, kw_only=True)
class Shape:
    """forms: what each modality is brought to; kind, classes: what is told, no names where it is a number.

    width: numbers in a feature of every encoder and in what is fused; channels: of the first convolutions; layers: of
    the Transformers over text and over the frames of a film; vocab_size, context: of texts, in tokens; words: by
    column, those known in a table's columns of words; fusion, options: see zaohua.multimodal.fusion.
    """

    forms: Forms
    kind: Literal["class", "number"]
    classes: tuple[str, ...] = ()
    width: int = 64
    channels: int = 16
    layers: int = 2
    heads: int = 2
    vocab_size: int = 0
    context: int = 0
    words: tuple[tuple[str, ...], ...] = ()
    fusion: str = "attention"
    options: Mapping[str, Any] = field(default_factory=dict)
    dropout: float = 0.0

    @property
    def outputs(self) -> int:
        """Numbers that come out: logits of the classes, or one number."""
        return len(self.classes) if self.kind == "class" else 1

    @property
    def decides(self) -> bool:
        """Whether the fusion itself gives these numbers."""
        return gives_logits(self.fusion)

    @property
    def transformer(self) -> TransformerConfig:
        """Of the stack over the tokens of a text and over the frames of a film."""
        return TransformerConfig(
            layers=self.layers,
            width=self.width,
            heads=self.heads,
            kv_heads=self.heads,
            head_dim=self.width // self.heads,
            ffn_width=2 * self.width,
            causal=False,
            dropout=self.dropout,
        )

    @property
    def mel(self) -> MelConfig:
        """Of the spectra that sounds are heard by."""
        assert self.forms.audio is not None
        return usual(self.forms.audio.rate)
