"""What the tasks share that train an encoder-decoder, whatever it reads: its shape, its batches, its loss."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.data.order import example_numbers
from zaohua.language.seq2seq.module import EncoderDecoder, Seq2SeqConfig, initialise_seq2seq
from zaohua.language.seq2seq.shape import filled_in
from zaohua.language.text_task import TextTask, turns
from zaohua.language.tokenizer import Tokenizer
from zaohua.metrics.perplexity import perplexity
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw

_ROWS_PER_PASS = 32
Rows = tuple[Tensor, ...]  # what the model's `loss` takes; the targets stand last


class EncoderDecoderTask(TextTask):
    """Cross-entropy of what is written. prepare() also sets targets and held_lengths: tokens to be written of each
    training example, and how long each one held back is."""

    epochs: ClassVar[float] = 20.0
    most_steps: ClassVar[int] = 3000

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.config: Seq2SeqConfig
        self._base: EncoderDecoder | None = None  # what the recipe goes on from
        self.targets = np.zeros(0, np.int64)
        self.held_lengths = np.zeros(0, np.int64)

    # ---- the shape

    def room(self) -> int:
        """All but the end-of-text token."""
        return self.config.context - 1

    def usual_batch(self) -> int:
        """32 pairs."""
        return 32

    @abstractmethod
    def _shape(self, vocab_size: int) -> Seq2SeqConfig:
        """Every number of the shape, those that the recipe leaves open filled in, or taken from the base."""

    def _begin(self, tokenizer: Tokenizer, **head: Any) -> None:
        self.tokenizer = tokenizer
        self._take_shape(tokenizer.vocab_size)

    def _begin_without_data(self, tokenizer: Tokenizer | None) -> None:
        self._take_shape(self.recipe.tokenizer.vocab_size if tokenizer is None else tokenizer.vocab_size)

    def _take_shape(self, vocab_size: int) -> None:
        self.config = self._shape(vocab_size)
        model = filled_in(self.recipe.model, self.config)
        self.recipe = self.recipe.model_copy(update={"model": model})

    # ---- training

    @abstractmethod
    def _network(self) -> EncoderDecoder:
        """A model of the shape."""

    def build(self) -> dict[str, nn.Module]:
        """The model with weights drawn from the seed, or those it goes on from."""
        model = self._network()
        initialise_seq2seq(model, self.recipe.train.seed)
        if self._base is not None:
            model.load_state_dict(self._base.state_dict())
        return {"model": model}

    def _numbers(self, draw: Draw) -> np.ndarray:
        """Which training examples make up the whole batch of a step."""
        return example_numbers(draw.seed, draw.step, self.batch_size, self.lengths)

    @abstractmethod
    def _rows(self, side: str, numbers: Sequence[int], device: torch.device, draw: Draw | None = None) -> Rows:
        """Examples of "train" or "validation" as the model takes them. draw: changes of them, when they are learnt."""

    def batch(self, draw: Draw, device: torch.device) -> tuple[Rows, float]:
        """See `_rows`; and what turns the sum of these rows' losses into their share of the whole batch's mean, times
        the number of parts."""
        numbers = self._numbers(draw)
        own = numbers[draw.indices.numpy()]
        share = self.batch_size / len(own) / self.targets[numbers].sum()
        return self._rows("train", own.tolist(), device, draw), float(share)

    def loss(self, model: Any, batch: tuple[Rows, float], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log-likelihood of the written tokens over the whole batch, in nats."""
        rows, share = batch
        return model.loss(*rows, self.dropout_keys(draw)) * share, {}

    # ---- evaluation

    @torch.no_grad()
    def held_out(self, model: Any, parallel: Parallel) -> dict[str, float]:
        """loss (nats per written token) and perplexity on what is held back."""
        sums = torch.zeros(2, dtype=torch.float64, device=parallel.device)
        order = np.argsort(self.held_lengths, kind="stable")
        parts = [order[i : i + _ROWS_PER_PASS] for i in range(0, len(order), _ROWS_PER_PASS)]
        for numbers, mine in turns(parts, parallel):
            rows = self._rows("validation", numbers.tolist(), parallel.device)
            nats = model.loss(*rows).double()
            if mine:
                sums += torch.stack((nats, (rows[-1] >= 0).sum().double()))
        nats, count = parallel.sum(sums).tolist()
        return {"loss": nats / count, "perplexity": perplexity(nats / count)}
