"""Learning to tell a class or a number from any set of texts, pictures, sounds, films and tables (seed §3.3)."""

import math
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Text
from zaohua.data.examples import fingerprint
from zaohua.data.order import sample_numbers
from zaohua.data.records import Records, Side, read_records
from zaohua.data.records.forms import Forms
from zaohua.errors import UsageError
from zaohua.gan.augment import augment
from zaohua.gan.sounds.distort import distort
from zaohua.i18n import t
from zaohua.language.one_model import OneModelTask
from zaohua.language.text_task import model_folder
from zaohua.language.tokenizer import Tokenizer
from zaohua.language.tokenizer_training import train as train_tokenizer
from zaohua.multimodal.fusion import levels_loss
from zaohua.multimodal.understanding import judging
from zaohua.multimodal.understanding.accounting import account
from zaohua.multimodal.understanding.batches import SILENCE, Batch, Rows
from zaohua.multimodal.understanding.card import understanding_card
from zaohua.multimodal.understanding.config import UnderstandRecipe
from zaohua.multimodal.understanding.costs import costs_of
from zaohua.multimodal.understanding.encoders import TableEncoder
from zaohua.multimodal.understanding.folder import load_understanding, save_understanding
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_EPOCHS, _MOST_STEPS, _USUAL_BATCH = 20, 3000, 32
_PICTURES, _SOUNDS = 1, 2  # uses of randomness, see zaohua.seeding
_SAMPLES = 6
_STATE = 6  # numbers kept of each parameter: itself, its gradient, the optimiser's two, its average, a copy


class UnderstandTask(OneModelTask):
    """Rows of a table; what is asked for is a class or a number."""

    Recipe: ClassVar[type[Section]] = UnderstandRecipe
    best_metric: ClassVar[str] = "loss"

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.records: Records
        self.tokenizer: Tokenizer | None = None
        self.shape: Shape
        self._rows: dict[str, Rows] = {}
        self._counted: tuple[int, int] | None = None
        self.base: str | None = None  # a model folder that is to be measured and not trained

    # ---- data and shape

    def read(self, classes: tuple[str, ...], *, visible: bool) -> Records:
        """The rows of the recipe's source. classes: those of a model that is to be measured."""
        return read_records(self.recipe.data, self.recipe.train.seed, classes, visible=visible)

    def forms(self) -> Forms:
        """What each modality is brought to."""
        return self.recipe.data.forms

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the rows, train a tokeniser for their texts, and settle shape, batch, rates and steps."""
        if self.base is not None:
            _, self.shape, self.tokenizer = load_understanding(model_folder(self.base))
            self.records = self.read(self.shape.classes, visible=visible)
        else:
            self.records = self.read((), visible=visible)
            self._take_shape()
        sides = {"train": self.records.train, "validation": self.records.validation, "test": self.records.test}
        self._rows = {name: Rows(side, self.shape, self.tokenizer) for name, side in sides.items() if side is not None}
        self.report = self.records.report
        if self.tokenizer is not None:
            self.report = {**self.report, "vocab_size": self.tokenizer.vocab_size}
            self.report["hash"] = fingerprint([self.report["hash"], self.tokenizer.backend.to_str()])
        counts = {name: whole(len(self._rows[name])) for name in ("train", "validation")}
        names = ", ".join(self.records.modalities)
        for line in (t("understand.rows", **counts, modalities=names), *self.report["warnings"]):
            say(line, quiet=not visible)
        self._settle(len(self.records.train))

    def _take_shape(self) -> None:
        """The shape by the recipe and what was found in the training rows."""
        side, forms = self.records.train, self.records.forms
        texts = side.values.get("text")
        if texts is not None:
            self.tokenizer = train_tokenizer(self.recipe.tokenizer, filter(None, texts))
        words: tuple[tuple[str, ...], ...] = ()
        if forms.table is not None:
            columns = zip(*side.values["table"].words, strict=True)
            words = tuple(tuple(sorted({*column} - {""})) for column in columns)
        vocab = 0 if self.tokenizer is None else self.tokenizer.vocab_size
        self.shape = self._shape(forms, self.records.kind, self.records.classes, vocab, words)

    def _shape(self, forms: Forms, kind: Any, classes: Any, vocab: int, words: Any) -> Shape:
        model, fusion = self.recipe.model, self.recipe.fusion
        if model.width % (2 * model.heads):
            raise UsageError(t("encoder.heads_do_not_divide", width=model.width, heads=model.heads))
        return Shape(
            forms=forms,
            kind=kind,
            classes=classes,
            words=words,
            vocab_size=vocab,
            context=model.context if vocab else 0,
            fusion=fusion.kind,
            options=fusion.options,
            **{name: getattr(model, name) for name in ("width", "channels", "layers", "heads", "dropout")},
        )

    def _settle(self, rows: int | None) -> None:
        """Settle batch, rates and budget: so many epochs, and no more than so many steps."""
        train = self.recipe.train
        self.batch_size = train.batch_size or _USUAL_BATCH
        update: dict[str, object] = {
            "batch_size": self.batch_size,
            "learning_rate": train.learning_rate or 0.002,
            "muon_learning_rate": train.muon_learning_rate or 0.01,
        }
        if train.open_ended:
            wanted = _MOST_STEPS if rows is None else math.ceil(_EPOCHS * rows / self.batch_size)
            update["steps"] = min(_MOST_STEPS, max(20, wanted))
        self.recipe = self.recipe.model_copy(update={"train": train.model_copy(update=update)})

    def build(self) -> dict[str, nn.Module]:
        """The network with weights drawn from the seed, or those of the model to be measured."""
        if self.base is not None:
            return {"model": load_understanding(model_folder(self.base))[0]}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.recipe.train.seed)
            network = Understander(self.shape, self.recipe.fusion.dropout)
        side = self.records.train
        if "table" in network.encoders:
            table = network.encoders["table"]
            assert isinstance(table, TableEncoder)
            table.standardise(side.values["table"].numbers)
        if self.shape.kind == "number":
            network.standardise(side.targets)
        return {"model": network}

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> Batch:
        """Rows, each once in an epoch, distorted as the recipe wants it."""
        rows, strength = self._rows["train"], self.recipe.augment
        numbers = sample_numbers(draw.seed, draw.step, self.batch_size, len(rows))[draw.indices.numpy()]
        batch = rows.batch(torch.from_numpy(numbers)).to(device)
        for name in batch.inputs.keys() & {"image", "video"}:
            pixels = batch.inputs[name][0]
            moved = augment(pixels.flatten(1, -3), draw.keys(_PICTURES), strength.pictures)  # all frames alike
            batch.inputs[name] = (moved.view_as(pixels),)
        if "audio" in batch.inputs:
            spectra = batch.inputs["audio"][0]
            silence = torch.full_like(spectra[0], SILENCE)
            batch.inputs["audio"] = (distort(spectra, draw.keys(_SOUNDS), strength.sounds, silence),)
        return batch

    def loss(self, network: Understander, batch: Batch, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy in nats, or squared standard deviations; and, where modalities speak for themselves, theirs."""
        outputs, fused = network(batch, draw.keys())
        settings = self.recipe.loss

        def each(said: Tensor) -> Tensor:  # [B, T, outputs] -> losses [B, T]
            if self.shape.kind == "number":
                return (said[..., 0] - network.standardised(batch.targets)[:, None]) ** 2
            labels = batch.targets[:, None].expand(said.shape[:2])
            smooth = settings.smoothing
            return F.cross_entropy(said.movedim(-1, 1), labels, label_smoothing=smooth, reduction="none")

        loss = each(outputs[:, None]).mean()
        if settings.levels and fused.levels:
            loss = loss + settings.levels * levels_loss(fused, each)
        return loss, {}

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """Scores on the rows held back, with everything they have; see judging.scores."""
        network = modules["model"]
        assert isinstance(network, Understander)
        outputs, _ = judging.outputs_of(network, self._rows["validation"], parallel)
        return judging.scores(outputs[0], self.records.validation.targets, self.shape, network)

    def baselines(self) -> dict[str, Any]:
        """What needs no looking at the rows."""
        return judging.baselines(self.records.train.targets, self.measured.targets, self.shape)

    @property
    def measured(self) -> Side:
        """The rows that the finished model is measured on: those of the test, else those held back."""
        return self.records.test or self.records.validation

    def account(self, network: Understander, parallel: Parallel) -> dict[str, Any]:
        """Scores of the finished model with everything, with every choice of modalities, and through noise; see
        zaohua.multimodal.understanding.accounting."""
        rows = self._rows["test" if self.records.test else "validation"]
        found = account(network, self.measured, rows, self.tokenizer, self.recipe.train.seed, parallel)
        return found | {"baselines": self.baselines()}

    # ---- costs

    def units_per_step(self) -> dict[str, int]:
        """Rows."""
        return {"samples": self.batch_size}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch, every row having everything."""
        return 3.0 * self.batch_size * self._cost()[1]

    def _cost(self) -> tuple[int, int]:
        """Parameters, and operations of a forward pass over one row."""
        if self._counted is None:
            self._counted = costs_of(self.shape)
        return self._counted

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data: two classes, no words, a whole vocabulary."""
        derived, forms = self.recipe.train.open_ended, self.forms()
        words = () if forms.table is None else ((),) * len(forms.table.categories)
        vocab = self.recipe.tokenizer.vocab_size if forms.text else 0
        self.shape = self._shape(forms, "class", ("?", "??"), vocab, words)
        self._settle(None)
        budget, units = self.recipe.train, self.units_per_step()
        parameters, _ = self._cost()
        return {
            "recipe": recipes.dump(self.recipe),
            "parameters": parameters,
            "memory_bytes": 4 * _STATE * parameters,
            "flops_per_step": self.flops_per_step(),
            "units_per_step": units,
            "steps": budget.steps_for(units),
            "minutes": budget.minutes,
            "at_most": ["steps"] * derived,
        }

    # ---- results

    def network(self, weights: Weights) -> Understander:
        """An unsharded network with these weights, on the CPU."""
        return filled(lambda: Understander(self.shape), weights["model"])

    def sample(self, weights: Weights) -> list[Text]:
        """A few rows held back, each with what the model makes of it and what stands in the table."""
        side, network = self.records.validation, self.network(weights)
        rows = self._rows["validation"].batch(torch.arange(min(_SAMPLES, len(side))))
        with torch.no_grad():
            outputs, _ = network(rows)
        told = [judging.in_words(output, self.shape, network) for output in outputs.double()]
        wanted = [self.shape.classes[int(y)] if self.shape.classes else f"{y:.4g}" for y in rows.targets.tolist()]
        texts = side.values.get("text", [""] * len(side))
        prompts = [f"{name} {text}".strip() for name, text in zip(side.names, texts, strict=True)]
        return [
            Text(prompt=prompt, text=f" → {given} ({right})", model=self.recipe.run.dir)
            for prompt, given, right in zip(prompts, told, wanted, strict=False)
        ]

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The network with its tokeniser and card; see zaohua.multimodal.understanding.folder."""
        card = understanding_card(
            title=Path(self.recipe.run.dir).name,
            shape=self.shape,
            parameters=self._cost()[0],
            data=self.report,
            metrics=metrics,
            baselines=judging.baselines(self.records.train.targets, self.records.validation.targets, self.shape),
            cost=cost,
            recipe=recipes.dump(self.recipe),
        )
        save_understanding(self.network(weights), self.tokenizer, folder, card)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Sizes, and the finished model's account on the test, or else on the rows held back."""
        alone = Parallel(rank=0, world=1, device=torch.device("cpu"), mode="single")
        found = self.account(self.network(weights), alone)
        top: dict[str, Any] = {name: found[name] for name in ("baselines", "labels", "confusion") if name in found}
        rest = {name: value for name, value in found.items() if name not in top}
        measured = "test" if self.records.test else "validation"
        return {"parameters": self._cost()[0], "account": {"rows": measured, **rest}, **top}
