"""What the tasks of an encoder have in common: its shape and start, its rows, its folder."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import nn

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.encoders import dial
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.lexical import begin_as_tfidf, token_weights
from zaohua.language.encoders.marks import MARKS, Marks, with_marks
from zaohua.language.folder import load_folder, save_folder
from zaohua.language.initialise import initialise_encoder
from zaohua.language.text_card import encoder_card
from zaohua.language.text_task import TextTask, model_folder
from zaohua.language.tokenizer import Tokenizer
from zaohua.nn.blank import filled
from zaohua.training.task import Weights


class EncoderTask(TextTask):
    """An encoder. prepare() also sets, with `_begin`: marks and context (tokens of a row)."""

    head: ClassVar[str]  # of EncoderConfig
    guessed: float = 1.0  # share of the tokens that the masked head, if there is one, runs on

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.marks: Marks
        self.config: EncoderConfig
        self.context: int
        self._base: Encoder | None = None

    # ---- the shape and the start

    def _open_base(self) -> Tokenizer | None:
        if self.recipe.model.base is None:
            return None
        model, tokenizer = load_folder(model_folder(self.recipe.model.base))
        if not isinstance(model, Encoder):
            raise UsageError(t("encoder.base_is_no_encoder", path=self.recipe.model.base))
        self._base = model
        return tokenizer

    def _begin(self, tokenizer: Tokenizer, **head: Any) -> None:
        """Settle tokeniser and shape. head: head, pooler and labels of EncoderConfig; those of the base do not stay."""
        head = {"pooler": False, "labels": (), **head}
        model = dial.shape(self.recipe.model)
        assert model.context is not None
        self.tokenizer = with_marks(tokenizer, model.context)
        self.marks = Marks.of(self.tokenizer)
        if self._base is None:
            self.config = dial.encoder_config(model, self.tokenizer.vocab_size, **head)
        else:
            self.config = replace(self._base.config, dropout=model.dropout, **head)
        self.context = min(self.recipe.model.context or self.config.context, self.config.context)
        kept = {name: getattr(self.config, name) for name in ("layers", "width", "heads", "ffn_width")}
        model = model.model_copy(update=kept | {"depth": self.config.layers, "context": self.context})
        self.recipe = self.recipe.model_copy(update={"model": model})

    def _begin_without_data(self, tokenizer: Tokenizer | None) -> None:
        head = self._head_without_data()
        if tokenizer is not None:
            self._begin(tokenizer, **head)
            return
        model = dial.shape(self.recipe.model)
        assert model.context is not None
        self.config = dial.encoder_config(model, self.recipe.tokenizer.vocab_size + MARKS, **head)
        self.context = model.context
        self.recipe = self.recipe.model_copy(update={"model": model})

    def _head_without_data(self) -> dict[str, Any]:
        """The head's part of EncoderConfig, as far as it is known without the data."""
        return {"head": self.head}

    def room(self) -> int:
        """All but [CLS] and [SEP]."""
        return self.context - 2

    def _measure_rows(self, texts: Sequence[np.ndarray]) -> None:
        """Note how long the rows of the training texts are."""
        self.lengths = np.array([min(len(ids) + 2, self.context) for ids in texts], dtype=np.int64)

    def build(self) -> dict[str, nn.Module]:
        """The encoder with weights drawn from the seed, or those it goes on from and a fresh head."""
        encoder = Encoder(self.config)
        initialise_encoder(encoder, self.recipe.train.seed)
        if self._base is not None:
            own = encoder.state_dict()
            theirs = self._base.state_dict()
            same_head = self._base.config.labels == self.config.labels
            fits = {n: w for n, w in theirs.items() if n in own and (same_head or not n.startswith("classifier"))}
            encoder.load_state_dict(fits, strict=False)
        return {"model": encoder}

    def _begin_as_tfidf(self, encoder: Encoder, texts: Iterable[np.ndarray], *, reading: bool = False) -> None:
        """Let an encoder that goes on from no other begin so. texts: tokens of those to learn from."""
        if self._base is None:
            weights = token_weights(texts, self.config.vocab_size, self.tokenizer.special.values())
            begin_as_tfidf(encoder, weights, self.recipe.train.seed, reading=reading)

    # ---- costs and results

    def row_length(self) -> float:
        """Tokens of a row on average, as far as they are known."""
        return float(self.lengths.mean()) if len(self.lengths) else self.context

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        per_token = self.config.flops_per_token(round(self.row_length()), guessed=self.guessed)
        return float(per_token * self.units_per_step()["tokens"])

    def encoder(self, weights: Weights) -> Encoder:
        """An unsharded encoder with these weights."""
        return filled(lambda: Encoder(self.config), weights["model"])

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A Hugging Face BERT folder with its card."""
        card = encoder_card(task=self.recipe.task, **self.card_facts(metrics, cost))
        save_folder(self.encoder(weights), self.tokenizer, folder, card)
