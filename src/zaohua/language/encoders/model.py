"""An encoder ready to use: it fills in what is hidden, turns texts into vectors, and sorts them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.encoders.encoder import Encoder
from zaohua.language.encoders.marks import Marks
from zaohua.language.folder import load_folder, save_folder
from zaohua.language.opened import OpenedModel
from zaohua.language.tokenizer import Tokenizer

_TOKENS_PER_PASS = 4096  # padding included: texts of similar length go together


@dataclass(frozen=True, slots=True)
class Guess:
    """A token in the place of [MASK], by its id. text: with the space it begins with, if any; probability: 0 … 1."""

    token: int
    text: str
    probability: float

    @property
    def shown(self) -> str:
        """For people: without its space, and a space or line break alone spelt out."""
        return self.text.strip() or repr(self.text)


@dataclass(frozen=True, slots=True)
class Classified:
    """label: the most probable one. probabilities: of every label, most probable first."""

    label: str
    probabilities: dict[str, float]


class EncoderModel(OpenedModel):
    """An encoder with the tokeniser it was trained with; see zaohua.language.folder for the form of its folder."""

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer, *, name: str = "", card: str | None = None) -> None:
        super().__init__(encoder, tokenizer, name=name, card=card)
        self.encoder, self.marks = encoder, Marks.of(tokenizer)

    @classmethod
    def _open(cls, folder: Path, dtype: torch.dtype) -> Self:
        encoder, tokenizer = load_folder(folder, dtype)
        assert isinstance(encoder, Encoder)
        return cls(encoder, tokenizer)

    def save(self, folder: Path | str) -> None:
        """Write a Hugging Face BERT folder, whole or not at all."""
        save_folder(self.encoder, self.tokenizer, Path(folder), self.card)

    @torch.inference_mode()
    def fill_mask(self, text: str, top_k: int = 5) -> list[list[Guess]]:
        """The most probable tokens for each [MASK] of the text, all of which are hidden at once.

        Raises UsageError for a text without [MASK], one longer than the model's context, or a model without the head.
        """
        self._needs("masked", "fill_mask")
        if not 1 <= top_k <= self.tokenizer.vocab_size:
            raise UsageError(t("encoder.bad_top_k", value=top_k, most=self.tokenizer.vocab_size))
        ids, places = hidden_places(text, self.tokenizer, self.marks, self.encoder.config.context)
        row = torch.tensor([ids], device=self._device)
        logits = self.encoder.guess(self.encoder.hidden(row)[0, places]).float()[:, : self.tokenizer.vocab_size]
        logits[:, list(self.tokenizer.special.values())] = -torch.inf
        best = logits.softmax(-1).topk(top_k)
        return [
            [Guess(i, self.tokenizer.decode([i]), p) for i, p in zip(ids, ps, strict=True)]
            for ids, ps in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    @torch.inference_mode()
    def score(self, text: str) -> dict[str, float]:
        """How well the model knows each token from all others: loss (nats per token) and pseudo_perplexity.

        Every token is hidden once, alone (Salazar et al. 2020, arXiv:1910.14659, eq. 1): as many passes as tokens.
        """
        self._needs("masked", "score")
        ids = self.tokenizer.encode(text)
        limit = self.encoder.config.context - 2
        if not ids:
            raise UsageError(t("encoder.no_text"))
        nats = 0.0
        for start in range(0, len(ids), limit):
            part = ids[start : start + limit]
            row = torch.tensor([self.marks.begin, *part, self.marks.end], device=self._device)
            rows, places = row.repeat(len(part), 1), torch.arange(len(part), device=self._device)
            assert self.marks.mask is not None
            rows[places, places + 1] = self.marks.mask
            per_pass = max(1, _TOKENS_PER_PASS // len(row))
            for some in places.split(per_pass):
                hidden = self.encoder.hidden(rows[some])[torch.arange(len(some)), some + 1]
                nats += F.cross_entropy(self.encoder.guess(hidden).float(), row[some + 1], reduction="sum").item()
        return {"loss": nats / len(ids), "pseudo_perplexity": float(np.exp(nats / len(ids)))}

    @torch.inference_mode()
    def embed(self, texts: str | Sequence[str]) -> np.ndarray:
        """A vector a text, of length 1: the mean over its tokens' last hidden states. float32 [N, D]

        A text longer than the model's context is cut. The vectors of an empty list are [0, D].
        """
        found = np.zeros((1 if isinstance(texts, str) else len(texts), self.encoder.config.width), np.float32)
        for numbers, ids, real in self._batches([texts] if isinstance(texts, str) else texts):
            pooled = self.encoder.pooled(self.encoder.hidden(ids, real), real)
            found[numbers] = F.normalize(pooled.float(), dim=-1).cpu().numpy()
        return found

    def similarity(self, first: str | Sequence[str], second: str | Sequence[str]) -> np.ndarray:
        """Cosines of the angles between texts' vectors, -1 … 1. float32 [N, M]"""
        return self.embed(first) @ self.embed(second).T

    @torch.inference_mode()
    def classify(self, texts: str | Sequence[str]) -> list[Classified]:
        """The label of each text, with the probabilities of all. Raises UsageError for a model without labels."""
        probabilities = self.label_logits(texts).softmax(-1)
        labels = self.encoder.config.labels
        found = []
        for row in probabilities.tolist():
            ordered = sorted(zip(labels, row, strict=True), key=lambda pair: -pair[1])
            found.append(Classified(ordered[0][0], dict(ordered)))
        return found

    @torch.inference_mode()
    def label_logits(self, texts: str | Sequence[str]) -> Tensor:
        """Unnormalised log-probabilities of the labels, float32 [N, labels]."""
        self._needs("class", "classify")
        many = [texts] if isinstance(texts, str) else texts
        found = torch.zeros(len(many), len(self.encoder.config.labels))
        for numbers, ids, real in self._batches(many):
            found[numbers] = self.encoder.classify(self.encoder.hidden(ids, real)).float().cpu()
        return found

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
        """Texts of similar length together: their numbers [b], ids [b, T] and which of those are no padding."""
        yield from passes(
            self.tokenizer.encode_batch(list(texts)), self.marks, self.encoder.config.context, self._device
        )

    @property
    def _device(self) -> torch.device:
        return self.encoder.embed_tokens.weight.device

    def _needs(self, head: str, call: str) -> None:
        if self.encoder.config.head != head:
            raise UsageError(t("encoder.no_head", call=call, name=self.name or "?", needed=t(f"encoder.head_{head}")))


def hidden_places(text: str, tokenizer: Tokenizer, marks: Marks, context: int) -> tuple[list[int], list[int]]:
    """The row of a text with [MASK] in it, and where they stand in it.

    Raises UsageError for a text without [MASK], or one longer than the context.
    """
    ids = [marks.begin, *tokenizer.encode(text, allow_special=True), marks.end]
    if len(ids) > context:
        raise UsageError(t("encoder.too_long", tokens=len(ids), context=context))
    places = [place for place, token in enumerate(ids) if token == marks.mask]
    if not places:
        raise UsageError(t("encoder.nothing_hidden", mask="[MASK]"))
    return ids, places


def passes(
    texts: list[np.ndarray], marks: Marks, context: int, device: torch.device
) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
    """Encoded texts in batches, longest first: numbers [b], ids [b, T], and bool [b, T], which are no padding."""
    lengths = np.array([min(len(ids) + 2, context) for ids in texts], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        numbers = order[start : start + max(1, _TOKENS_PER_PASS // int(lengths[order[start]]))]
        ids, real = marks.rows([texts[number] for number in numbers], context)
        yield numbers, ids.to(device), real.to(device)
        start += len(numbers)
