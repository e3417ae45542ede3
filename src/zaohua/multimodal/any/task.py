"""One decoder for every medium: it learns rows of text and codes, each a template filled with a captioned thing."""

import math
import operator
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Artifact
from zaohua.data.examples import fingerprint
from zaohua.data.order import example_numbers
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language import dial
from zaohua.language.decoder import DecoderConfig
from zaohua.language.initialise import initialise
from zaohua.language.one_model import OneModelTask
from zaohua.language.text_task import model_folder, turns
from zaohua.multimodal.any.card import any_card
from zaohua.multimodal.any.folder import Knows, Parts, load_any, save_any
from zaohua.multimodal.any.initialise import codes_by_place, sight_like_tokens
from zaohua.multimodal.any.measures import Measures
from zaohua.multimodal.any.model import AnyModel
from zaohua.multimodal.any.network import AnyNetwork
from zaohua.multimodal.any.preparing import Prepared, prepare
from zaohua.multimodal.any.recipe import AnyRecipe
from zaohua.multimodal.any.rows import Batch, Entry, Filler, batch_of, entries, epoch
from zaohua.multimodal.any.templates import TEMPLATES, Weighting
from zaohua.multimodal.any.vocabulary import LANGUAGES, MARKS
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.seeding import sample_keys
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_ROWS_PER_PASS = 32
_TEMPERATURES = (1.0, 1.5, 2.0, 3.0)
_SCORED = 512  # validation rows of a template that an evaluation looks at
_FILL = 3  # this use of randomness, see zaohua.seeding
_ROOM = 32  # tokens of context beyond the longest row of the training: users' captions are longer
_LEAST_TEXT = 16  # tokens that a row needs beside its medium
_CODES, _CONTEXT, _BATCH = 1000, 128, 32  # where nothing tells


class AnyTask(OneModelTask):
    """A decoder; cross-entropy of what each template asks for."""

    Recipe: ClassVar[type[Section]] = AnyRecipe
    best_metric: ClassVar[str] = "tempered_loss"

    def __init__(self, recipe: AnyRecipe) -> None:
        super().__init__(recipe)
        self.config: DecoderConfig
        self.found: Prepared
        self.filler: Filler
        self.measures: Measures
        self.measuring = False  # a trained model, named as its own base, is to be measured by what it makes
        self._base: Parts | None = None
        self._baselines: dict[str, Any] | None = None
        self._entries: list[Entry] = []
        self._held_back: dict[str, list[Entry]] = {}
        self._lengths = np.zeros(0, np.int64)

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Turn captioned things into codes, and settle vocabulary, shape, batch, rates and steps."""
        if self.recipe.model.base is not None:
            self._base = load_any(model_folder(self.recipe.model.base))
        self.found = found = prepare(self.recipe, self._base, visible=visible)
        pools = entries(found.train, found.weights)
        self._entries = epoch(pools, found.weights)
        self._held_back = entries(found.validation, found.weights)
        looks = found.eye.places + 1 if found.eye is not None else 0
        lengths = [entry.length(looks) for entry in self._entries]
        self._take_shape(found.vocabulary.size, self._context(max(lengths)))
        loss = self.recipe.loss
        self.filler = Filler(
            vocabulary=found.vocabulary,
            tokenizer=found.tokenizer,
            context=self.config.context,
            weighting=Weighting(text=loss.text, context=loss.context),
            without=loss.without,
            kinds=loss.kinds,
            corrupt=loss.corrupt,
            looks=looks,
        )
        self._lengths = np.minimum(np.array(lengths, np.int64), self.config.context)
        self._schedule(int(self._lengths.sum()))
        self.measures = Measures(found, self.recipe.measured)
        self.report = self._told(pools)
        learns = t("anymodal.learns", templates=", ".join(found.weights), rows=whole(len(self._entries)))
        for line in (learns, *(warning for one in self.report["sets"] for warning in one["warnings"])):
            say(line, quiet=not visible)

    def _context(self, longest: int) -> int:
        """The recipe's, or room for the longest row and some more. Raises UsageError where a medium does not fit."""
        vocabulary = self.found.vocabulary
        media = {part for name in self.found.weights for part in TEMPLATES[name] if part != "text"}
        needed = max(map(vocabulary.longest_of, media)) + 2 + _LEAST_TEXT
        context = self.recipe.model.context or max(needed, -(-(longest + _ROOM) // 32) * 32)
        if context < needed:
            raise UsageError(t("anymodal.context_too_short", context=context, needed=needed))
        return context

    def _take_shape(self, vocab_size: int, context: int) -> None:
        """Fill in every number of the shape that the recipe leaves open, or take the base's."""
        model = dial.shape(self.recipe.model, vocab_size).model_copy(update={"context": context})
        if self._base is None:
            self.config = dial.decoder_config(model, vocab_size)
        else:
            self.config = replace(self._base.decoder.config, dropout=model.dropout)
            names = ("layers", "width", "heads", "kv_heads", "head_dim", "ffn_width", "context", "tied")
            model = model.model_copy(update={name: getattr(self.config, name) for name in names})
        self.recipe = self.recipe.model_copy(update={"model": model})

    def _schedule(self, tokens: int | None) -> None:
        """Batch, rates and budget. tokens: of an epoch."""
        train = self.recipe.train.model_copy(update={"batch_size": self.recipe.train.batch_size or _BATCH})
        train = dial.schedule(train, self.config, tokens)
        assert train.batch_size is not None
        self.batch_size = train.batch_size
        self.recipe = self.recipe.model_copy(update={"train": train})

    def _told(self, pools: dict[str, list[Entry]]) -> dict[str, Any]:
        """The report of the data."""
        found, reports = self.found, [captioned.report for captioned in self.found.data]
        told = {
            "templates": {name: len(pool) for name, pool in pools.items()},
            "vocab_size": found.vocabulary.size,
            "languages": {name: 1 for name in LANGUAGES if self._speaks(name)},
            "context": self.config.context,
            "cut": sum(entry.length(self.filler.looks) > self.config.context for entry in self._entries),
            "sets": reports,
        }
        hashes = [report["hash"] for report in reports]
        codes = [item.codes for examples in found.train for item in examples.items]
        return told | {"hash": fingerprint([*hashes, found.tokenizer.backend.to_str(), str(codes[:64])])}

    def _speaks(self, language: str) -> bool:
        items = (item for examples in self.found.train for item in examples.items)
        return any(language in item.captions or language in item.asked for item in items)

    # ---- training

    def build(self) -> dict[str, nn.Module]:
        """The network with weights drawn from the seed, or those it goes on from."""
        network = self._network()
        if self._base is not None:
            network.decoder.load_state_dict(self._base.decoder.state_dict())
            if network.sight is not None and self._base.sight is not None:
                network.sight.load_state_dict(self._base.sight.state_dict())
        else:
            assert self.recipe.model.look_back is not None
            seed, found = self.recipe.train.seed, self.found
            initialise(network.decoder, seed, self.recipe.model.look_back)
            codes_by_place(network.decoder, found.vocabulary, found.tokenisers, seed)
            if network.sight is not None:
                sight_like_tokens(network.decoder, network.sight, found.train, seed)
        return {"model": network}

    def _network(self) -> AnyNetwork:
        return AnyNetwork(self.config, self.found.eye.places if self.found.eye is not None else 0)

    def batch(self, draw: Draw, device: torch.device) -> Batch:
        """Rows, with weights such that their sum of losses is their share of the whole batch's mean, times the number
        of parts."""
        numbers = example_numbers(draw.seed, draw.step, self.batch_size, self._lengths)
        places = torch.arange(self.batch_size)
        keys = sample_keys(draw.seed, draw.step, places, _FILL)
        rows = self.filler.rows([self._entries[number] for number in numbers], keys)
        own = [rows[place] for place in draw.indices.tolist()]
        share = self.batch_size / len(own) / sum(float(each.weights.sum()) for each in rows)
        batch = batch_of(own)
        return batch._replace(weights=batch.weights * share).to(device)

    def loss(self, model: AnyNetwork, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted mean of the tokens' negative log-likelihoods over the whole batch, in nats."""
        nats = _nats(model(batch.inputs, batch.looking, self.dropout_keys(draw)), batch.targets)
        return (nats * batch.weights).sum(), {}

    def units_per_step(self) -> dict[str, int]:
        """Tokens, on average."""
        mean = float(self._lengths.mean()) if len(self._lengths) else self.config.context
        return {"tokens": round(self.batch_size * mean)}

    def flops_per_step(self) -> float:
        """Forward and backward over an average batch."""
        tokens = self.units_per_step()["tokens"]
        return float(self.config.flops_per_token(tokens // self.batch_size) * tokens)

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """For every template the mean loss of what it asks for, in nats per token (text and codes alike, nothing
        corrupted); loss: their mean by the templates' weights; tempered_loss: the same, each at the temperature that
        suits it best: a model grows too sure of captions long before it stops learning them. Of a model to be measured
        also what it makes."""
        model = modules["model"]
        assert isinstance(model, AnyNetwork)
        clean = replace(self.filler, weighting=Weighting(), without=0.0, kinds=0.0, corrupt=0.0)
        found: dict[str, list[float]] = {}
        for template, pool in self._held_back.items():
            if chosen := pool[:: -(-len(pool) // _SCORED)]:
                found[template] = _mean_nats(model, clean, chosen, parallel)
        weights = [self.found.weights[template] for template in found]
        loss, tempered = (
            math.fsum(map(operator.mul, weights, losses)) / max(math.fsum(weights), 1e-9)
            for losses in ([each[0] for each in found.values()], map(min, found.values()))
        )
        numbers = {"loss": loss, "tempered_loss": tempered}
        numbers |= {f"{template}_loss": losses[0] for template, losses in found.items()}
        if self.measuring:
            numbers |= self.measures.of(self._model({"model": model.state_dict()}))
        return numbers

    def baselines(self) -> dict[str, Any]:
        """What a glance at the training set reaches, computed once: see Measures."""
        if self._baselines is None:
            self._baselines = self.measures.baselines()
        return self._baselines

    # ---- results

    def _knows(self) -> Knows:
        return Knows(tuple(self.found.weights), tuple(name for name in LANGUAGES if self._speaks(name)))

    def _model(self, weights: Weights) -> AnyModel:
        """An unsharded model with these weights."""
        network, found = filled(self._network, weights["model"]), self.found
        sees = found.eye.extractor.name if found.eye is not None else ""
        parts = Parts(
            network.decoder, found.tokenizer, found.vocabulary, found.tokenisers, self._knows(), network.sight, sees
        )
        return AnyModel(parts, name=self.recipe.run.dir, eye=found.eye)

    def sample(self, weights: Weights) -> Sequence[Artifact]:
        """What the model makes of a few held-back things, template by template."""
        return self.measures.shown(self._model(weights), self.recipe.train.seed)

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A Qwen3 folder with its tokenisers and its card."""
        card = any_card(
            title=Path(self.recipe.run.dir).name,
            knows=self._knows(),
            config=self.config,
            data=self.report,
            recipe=recipes.dump(self.recipe),
            metrics=metrics,
            cost=cost,
        )
        save_any(self._model(weights).parts, folder, card)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """How well the finished model captions, draws, transcribes and speaks, beside the baselines; sizes."""
        made = self.measures.of(self._model(weights))
        return {"made": made, "baselines": self.baselines(), "parameters": self.config.num_parameters()}

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data."""
        model = self.recipe.model
        if model.base is not None:
            self._base = load_any(model_folder(model.base))
            vocab_size, context = self._base.vocabulary.size, self._base.decoder.config.context
        else:
            codes = _CODES * sum(path is not None for path in (model.image, model.audio))
            vocab_size, context = self.recipe.tokenizer.vocab_size + len(MARKS) + codes, model.context or _CONTEXT
        derived = self.recipe.train.open_ended
        self._take_shape(vocab_size, context)
        self._schedule(None)
        return self.costs() | {"at_most": ["vocab_size"] * (self._base is None) + ["steps"] * derived}


def _nats(logits: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood of each target. [b, T, V], [b, T] -> fp32 [b, T]"""
    return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none").view(targets.shape)


def _mean_nats(model: AnyNetwork, filler: Filler, chosen: Sequence[Entry], parallel: Parallel) -> list[float]:
    """Mean loss per token that is asked for, at each of _TEMPERATURES."""
    chosen = sorted(chosen, key=lambda entry: entry.length(filler.looks))
    parts = [range(start, min(start + _ROWS_PER_PASS, len(chosen))) for start in range(0, len(chosen), _ROWS_PER_PASS)]
    sums = torch.zeros(1 + len(_TEMPERATURES), dtype=torch.float64, device=parallel.device)
    for places, mine in turns(parts, parallel):
        keys = sample_keys(0, 0, torch.tensor(places), _FILL)
        batch = batch_of(filler.rows([chosen[place] for place in places], keys)).to(parallel.device)
        logits = model(batch.inputs, batch.looking)
        nats = [(_nats(logits / heat, batch.targets) * batch.weights).sum() for heat in _TEMPERATURES]
        if mine:
            sums += torch.stack((*nats, batch.weights.sum())).double()
    *nats, count = parallel.sum(sums).tolist()
    return [each / count if count else math.nan for each in nats]
