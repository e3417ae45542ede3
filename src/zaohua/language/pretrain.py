"""Pretraining a decoder on text: maximise the probability of the next token (seed §3.1, steps 1-3)."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Text
from zaohua.data.config import TextDataConfig
from zaohua.data.order import window_starts
from zaohua.errors import UsageError
from zaohua.language import dial
from zaohua.language.card import model_card
from zaohua.language.corpus import Corpus, prepare
from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.evaluation import corpus_baselines, evaluate
from zaohua.language.folder import save_folder
from zaohua.language.generation import MOST_TOKENS, check_prompt
from zaohua.language.initialise import initialise
from zaohua.language.measuring.forms import find_form, known_form
from zaohua.language.measuring.progress import bars
from zaohua.language.measuring.quality import Measuring, measure
from zaohua.language.model import LanguageModel
from zaohua.language.one_model import OneModelTask
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.metrics.overlap import overlap_report
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights


class SampleConfig(Section):
    """What to write during and after training."""

    prompts: list[str] = []  # none: the beginning and the middle of the validation text
    max_new_tokens: int = Field(200, ge=1, le=MOST_TOKENS)
    temperature: float = Field(0.8, ge=0, allow_inf_nan=False)
    top_p: float | None = Field(0.95, gt=0, le=1)
    measured: int = Field(16, ge=0, le=4096)  # texts written at the end to be measured beside held-out ones
    form: str | None = None  # a form they are checked for as well, see zaohua.language.measuring.forms

    @field_validator("form")
    @classmethod
    def _known(cls, form: str | None) -> str | None:
        try:
            if form is not None:
                known_form(form)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return form


class LanguageRecipe(Section):
    """The whole recipe of `task = "language"`."""

    task: Literal["language"]
    data: TextDataConfig
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: dial.ModelConfig = dial.ModelConfig()
    train: TrainConfig = TrainConfig()
    sample: SampleConfig = SampleConfig()
    run: RunConfig


class LanguageTask(OneModelTask):
    """A decoder, one phase, cross-entropy."""

    Recipe: ClassVar[type[Section]] = LanguageRecipe
    compiles: ClassVar[bool] = True

    def __init__(self, recipe: LanguageRecipe) -> None:
        super().__init__(recipe)
        self.corpus: Corpus
        self.config: DecoderConfig
        self._written: list[Text] = []  # the newest samples
        self._visible = False  # whether somebody watches

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Prepare the corpus once, on the main rank, and settle shape, batch, rates and steps."""
        self._visible = visible
        if self.recipe.sample.form is not None:
            find_form(self.recipe.sample.form)  # a missing library is missed before the training, not after it
        if parallel.main:
            self._prepare(visible)
        parallel.wait()
        if not parallel.main:
            self._prepare(visible=False)  # finds what the main rank has left in the cache
        self.report = self.corpus.report
        tokenizer, tokens = self.corpus.tokenizer, self.corpus.train.num_tokens
        model = dial.shape(self.recipe.model, tokenizer.vocab_size)
        model = model.model_copy(update={"context": self.corpus.context})
        self._settle(model, tokenizer.vocab_size, tokens)
        for prompt in self.recipe.sample.prompts:
            check_prompt(tokenizer.encode(prompt), self.config.context)

    def _prepare(self, visible: bool) -> None:
        recipe = self.recipe
        context = dial.shape(recipe.model, recipe.tokenizer.vocab_size).context
        assert context is not None
        self.corpus = prepare(recipe.data, recipe.tokenizer, seed=recipe.train.seed, context=context, visible=visible)

    def _settle(self, model: dial.ModelConfig, vocab_size: int, train_tokens: int | None) -> None:
        self.config = dial.decoder_config(model, vocab_size)
        train = dial.schedule(self.recipe.train, self.config, train_tokens)
        assert train.batch_size is not None
        self.batch_size = train.batch_size
        self.recipe = self.recipe.model_copy(update={"model": model, "train": train})

    # ---- training

    def build(self) -> dict[str, nn.Module]:
        """The decoder with weights drawn from the seed."""
        decoder = Decoder(self.config)
        assert self.recipe.model.look_back is not None
        initialise(decoder, self.recipe.train.seed, self.recipe.model.look_back)
        return {"model": decoder}

    def batch(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor]:
        """Inputs and the tokens that follow them, 2 x [b, T]."""
        shards, context = self.corpus.train, self.config.context
        starts = window_starts(draw.seed, draw.step, self.batch_size, shards.num_tokens, context)
        windows = torch.from_numpy(shards.gather(starts[draw.indices.numpy()], context + 1)).to(device)
        return windows[:, :-1], windows[:, 1:]

    def loss(self, decoder: Decoder, batch: tuple[Tensor, Tensor], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean negative log-likelihood of the tokens, in nats."""
        return decoder.loss(*batch, dropout_keys=self.dropout_keys(draw)), {}

    def units_per_step(self) -> dict[str, int]:
        """Tokens."""
        return {"tokens": self.batch_size * self.config.context}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        return float(self.config.flops_per_token(self.config.context) * self.units_per_step()["tokens"])

    # ---- evaluation

    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Every validation token once, in blocks of the context: loss (nats/token), perplexity, bits per byte."""
        decoder = modules["model"]
        assert isinstance(decoder, Decoder)
        return evaluate(decoder, self.corpus.validation, parallel)

    def baselines(self) -> dict[str, Any]:
        """Unigram and n-gram scores on the same validation tokens; computed once per corpus."""
        return corpus_baselines(self.corpus)

    # ---- results

    def _model(self, weights: Weights) -> LanguageModel:
        """An unsharded model with these weights."""
        return LanguageModel(filled(lambda: Decoder(self.config), weights["model"]), self.corpus.tokenizer)

    def sample(self, weights: Weights) -> list[Text]:
        """A continuation of each of the recipe's prompts."""
        self._written = written_samples(self._model(weights), self.corpus, self.recipe, self.config.context)
        return self._written

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A Hugging Face folder with its card."""
        decoder = self._model(weights).decoder
        card = model_card(
            data=self.report,
            recipe=recipes.dump(self.recipe),
            metrics=metrics,
            baselines=self.baselines(),
            config=asdict(self.config) | {"parameters": self.config.num_parameters()},
            cost=cost,
            title=Path(self.recipe.run.dir).name,
        )
        save_folder(decoder, self.corpus.tokenizer, folder, card)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines, sizes, how much of what the model writes stands in its training text, and how well it writes."""
        texts = [sample.text for sample in self._written or self.sample(weights)]
        found = {
            "baselines": self.baselines(),
            "parameters": self.config.num_parameters(),
            "overlap": overlap_report(texts, self.corpus.tokenizer, self.corpus.train, self.corpus.validation),
        }
        return found | written_quality(self._model(weights), self.corpus, self.recipe.sample, visible=self._visible)

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data. at_most: numbers that the data may lower."""
        chosen = self.recipe.tokenizer
        existing = chosen.path if chosen.kind == "folder" else None
        vocab_size = Tokenizer.load(existing).vocab_size if existing else chosen.vocab_size
        derived = self.recipe.train.open_ended
        self._settle(dial.shape(self.recipe.model, vocab_size), vocab_size, None)
        return self.costs() | {"at_most": ["vocab_size"] * (existing is None) + ["steps"] * derived}


def written_samples(model: LanguageModel, corpus: Corpus, recipe: Any, context: int) -> list[Text]:
    """A continuation of each of the recipe's prompts, else of the corpus's. context: of training."""
    chosen = recipe.sample
    return [
        model.generate(
            prompt,
            max_new_tokens=chosen.max_new_tokens,
            temperature=chosen.temperature,
            top_p=chosen.top_p,
            seed=recipe.train.seed,
        )[0]
        for prompt in chosen.prompts or _opening_prompts(corpus, context)
    ]


def _opening_prompts(corpus: Corpus, context: int) -> list[str]:
    """Eight tokens from the beginning and from the middle of the validation text."""
    shards, tokenizer = corpus.validation, corpus.tokenizer
    count = min(8, context // 2)
    places = (0, shards.num_tokens // 2)
    return [tokenizer.decode(shards.read(place, count).tolist()) for place in places]


def written_quality(
    model: LanguageModel, corpus: Corpus, chosen: SampleConfig, *, visible: bool
) -> dict[str, dict[str, Any]]:
    """How well the model writes, under "quality"; nothing if the recipe wants no texts measured."""
    if not chosen.measured:
        return {}
    settings = Measuring(
        samples=chosen.measured,
        max_new_tokens=min(chosen.max_new_tokens, Measuring.max_new_tokens),
        temperature=chosen.temperature,
        top_p=chosen.top_p,
        form=chosen.form,
    )
    with bars(visible=visible) as on_stage:
        return {"quality": measure(model, corpus, settings, on_stage)}
