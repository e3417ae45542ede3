"""Continued pretraining: a trained decoder reads documents of the user's own, with the tokeniser it came with."""

from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from zaohua.artifacts import Text
from zaohua.data.config import TextDataConfig
from zaohua.data.order import window_starts, windows_per_epoch
from zaohua.language.corpus import Corpus, prepare
from zaohua.language.evaluation import corpus_baselines, evaluate
from zaohua.language.finetuning.packing import Row
from zaohua.language.finetuning.tuning import USUAL_TOKENS, Scorer, TuningRecipe, TuningTask
from zaohua.language.measuring.forms import find_form
from zaohua.language.model import LanguageModel
from zaohua.language.pretrain import SampleConfig, written_quality, written_samples
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.metrics.overlap import overlap_report
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights


class ContinueRecipe(TuningRecipe):
    """The whole recipe of `task = "continue"`. A batch is so many windows of model.context tokens."""

    task: Literal["continue"]
    data: TextDataConfig
    sample: SampleConfig = SampleConfig()


class ContinueTask(TuningTask):
    """Cross-entropy of the next token."""

    Recipe: ClassVar[type[Section]] = ContinueRecipe
    epochs: ClassVar[float] = 2.0

    corpus: Corpus

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Open the base and prepare the corpus once, on the main rank."""
        if self.recipe.sample.form is not None:
            find_form(self.recipe.sample.form)  # a missing library is missed before the training, not after it
        self._open(parallel)
        self._visible = visible
        if parallel.main:
            self._prepare(visible)
        parallel.wait()
        if not parallel.main:
            self._prepare(visible=False)  # finds what the main rank has left in the cache
        self.context = self.corpus.context
        self.decoder.config = replace(self.config, context=self.context)  # the blocks in which it is evaluated
        windows = windows_per_epoch(self.corpus.train.num_tokens, self.context)
        self._settle(windows, max(1, USUAL_TOKENS // self.context))
        self.report = self.corpus.report | {"hash": self._identity([self.corpus.report["hash"].encode()])}

    def _foresee(self, alone: Parallel) -> None:
        """The data, which may be large, are looked at only if the budget depends on them."""
        if self.recipe.train.open_ended:
            super()._foresee(alone)
        else:
            self._open(alone)
            self._settle(None, max(1, USUAL_TOKENS // self.context))

    def _prepare(self, visible: bool) -> None:
        recipe = self.recipe
        tokenizer = TokenizerConfig(kind="folder", path=recipe.model.base)
        self.corpus = prepare(recipe.data, tokenizer, seed=recipe.train.seed, context=self.context, visible=visible)

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> Row:
        """The windows of this part of the step, end to end; every token after the first of each is learnt."""
        shards = self.corpus.train
        starts = window_starts(draw.seed, draw.step, self.batch_size, shards.num_tokens, self.context)
        windows = torch.from_numpy(shards.gather(starts[draw.indices.numpy()], self.context + 1))
        return Row.of_windows(windows.to(device))

    def loss(self, scorer: Scorer, batch: Row, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean over all tokens."""
        with self.dropping(draw, batch.lengths):
            return scorer(batch).mean(), {}

    def units_per_step(self) -> dict[str, int]:
        """Tokens."""
        return {"tokens": self.batch_size * self.context}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        tokens = self.units_per_step()["tokens"]
        return self.flops(tokens, tokens, self.context)

    # ---- evaluation and results

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Every validation token once, in blocks of the context: loss (nats/token), perplexity, bits per byte."""
        scorer = modules["model"]
        assert isinstance(scorer, Scorer)
        return evaluate(scorer, self.corpus.validation, parallel)

    def baselines(self) -> dict[str, Any]:
        """What the base could do before, and tables of counts over the same tokens."""
        return super().baselines() | corpus_baselines(self.corpus)

    def _model(self, weights: Weights) -> LanguageModel:
        return LanguageModel(self.tuned(weights)[0], self.tokenizer, ends=self.ends)

    def sample(self, weights: Weights) -> list[Text]:
        """A continuation of each of the recipe's prompts."""
        return written_samples(self._model(weights), self.corpus, self.recipe, self.context)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines, sizes, how much of what the model writes stands in its training text, and how well it writes."""
        texts = [sample.text for sample in self.sample(weights)]
        found = overlap_report(texts, self.tokenizer, self.corpus.train, self.corpus.validation)
        chosen = self.recipe.sample
        quality = written_quality(self._model(weights), self.corpus, chosen, visible=self._visible)
        return super().summary(weights) | {"overlap": found} | quality
