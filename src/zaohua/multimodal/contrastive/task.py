"""Learning which picture (or sound) and which sentence belong together (seed §3.3, contrastive learning)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Text
from zaohua.data.captioned import Captioned, read_captioned
from zaohua.data.examples import fingerprint
from zaohua.data.order import sample_numbers
from zaohua.gan.images.pixels import to_floats
from zaohua.i18n import t
from zaohua.language.encoders.embed import gathered
from zaohua.language.one_model import OneModelTask
from zaohua.language.tokenizer import Tokenizer
from zaohua.language.tokenizer_training import train as train_tokenizer
from zaohua.multimodal.contrastive.augment import dropped_tokens, picture_views, spectrum_views
from zaohua.multimodal.contrastive.caching import in_parts
from zaohua.multimodal.contrastive.captions import PROMPTS, Captions, nearly_equal, rows
from zaohua.multimodal.contrastive.card import contrastive_card
from zaohua.multimodal.contrastive.config import ContrastiveRecipe, towers_config
from zaohua.multimodal.contrastive.losses import within_difference
from zaohua.multimodal.contrastive.measures import Measures
from zaohua.multimodal.contrastive.media import together
from zaohua.multimodal.contrastive.model import ContrastiveModel
from zaohua.multimodal.contrastive.seeing import chosen_views, more_views
from zaohua.multimodal.contrastive.shape import TowersConfig
from zaohua.multimodal.contrastive.towers import SeenTower, Towers, initialise
from zaohua.multimodal.sight import Eye
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.report.numbers import whole
from zaohua.seeding import sample_keys
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MEDIA, _TEXTS, _OTHER_MEDIA, _OTHER_TEXTS, _DROPOUT, _OTHER_DROPOUT = range(6)  # streams of randomness
_SAMPLES = 6
_ENOUGH = 4096  # pictures that tell how what is seen is spread
_RATE = 16_000  # of sounds, as long as nobody has looked at them
_STEPS, _EPOCHS = 2000, 60  # where the recipe leaves the budget open
View = tuple[Tensor, ...]


class ContrastiveTask(OneModelTask):
    """Two towers and one loss over a whole batch. A pair's captions, crops and masks follow from its key."""

    Recipe: ClassVar[type[Section]] = ContrastiveRecipe
    best_metric: ClassVar[str] = "missed_at_10"

    def __init__(self, recipe: ContrastiveRecipe) -> None:
        super().__init__(recipe)
        self.config: TowersConfig
        self.data: Captioned
        self.tokenizer: Tokenizer
        self.parallel: Parallel
        self._lengths = 0.0  # tokens of a caption on average
        self.captions: Captions
        self.eye: Eye | None = None
        self.views: Tensor | None = None  # what it sees of each view of the pictures to learn from, [V, N, …]
        self.measures: Measures

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the pairs, train or take a tokeniser, settle the shape, and turn sounds into spectra."""
        self.parallel = parallel
        self.data = read_captioned(self.recipe.data, self.recipe.train.seed, visible=visible)
        said = [text for one in self.data.train.captions for texts in one.values() for text in texts]
        around = [words.format(said[0]) for listed in PROMPTS[self.data.kind].values() for words in listed]
        self.tokenizer = train_tokenizer(self.recipe.tokenizer, [*said, *around])
        channels = self.data.train.media.shape[1] if isinstance(self.data.train.media, Tensor) else 1
        sight = self.recipe.model.sight
        self.eye = Eye.open(sight, parallel.device) if sight else None
        shape = (self.tokenizer.vocab_size, channels, int(self.data.rate or _RATE))
        self.config = towers_config(self.recipe, *shape, self.eye.extractor.name if self.eye else None)
        self.captions = Captions(self.data.train.captions, self.data.kind, self.tokenizer)
        self.measures = Measures(self.data, self.config, self.tokenizer, self.eye, visible)
        self.views = self._looked(visible)
        self._lengths = self.captions.mean_length(self.config.context)
        self._settle(len(self.data.train))
        self.report = {
            **self.data.report,
            "vocab_size": self.tokenizer.vocab_size,
            "hash": fingerprint([self.data.report["hash"], self.tokenizer.backend.to_str()]),
        }
        counts = {"train": whole(len(self.data.train)), "validation": whole(len(self.data.validation))}
        for line in [t("contrastive.pairs", **counts), *self.report["warnings"]]:
            say(line, quiet=not visible)

    def _looked(self, visible: bool) -> Tensor | None:
        """See self.views."""
        pictures, views = self.data.train.media, self.recipe.views
        if self.eye is None or not isinstance(pictures, Tensor):
            return None
        how = {"crop": views.crop, "colour": views.colour, "mirror": self.recipe.data.flip, "visible": visible}
        others = more_views(self.eye, pictures, views.count - 1, self.recipe.train.seed, **how)
        return torch.stack([self.measures.seen["train"], *others])

    def _settle(self, pairs: int | None) -> None:
        """Batch, rates and budget, where the recipe leaves them open. pairs: to train on, None if not yet known."""
        train = self.recipe.train
        batch = train.batch_size if pairs is None else min(train.batch_size, pairs)
        narrower = (192 / self.config.media.width) ** 0.5
        update: dict[str, object] = {
            "batch_size": batch,
            "learning_rate": train.learning_rate or 0.001 * narrower,
            "muon_learning_rate": train.muon_learning_rate or 0.005 * narrower,
        }
        if train.open_ended:
            update["steps"] = _STEPS if pairs is None else min(_STEPS, max(20, _EPOCHS * pairs // batch))
        self.recipe = self.recipe.model_copy(update={"train": train.model_copy(update=update)})
        self.batch_size = batch

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost, without looking at its data. at_most: numbers that the data may lower."""
        channels = self.recipe.data.channels
        rate = self.recipe.data.rate
        derived = self.recipe.train.open_ended
        self.config = towers_config(
            self.recipe,
            self.recipe.tokenizer.vocab_size,
            3 if channels == "auto" else channels,
            _RATE if rate == "auto" else rate,
        )
        self._lengths = self.config.context / 2
        self._settle(None)
        return self.costs() | {"at_most": ["vocab_size"] + ["steps"] * derived}

    def build(self) -> dict[str, nn.Module]:
        """Both towers with weights drawn from the seed. What the eye sees is standardised as it is of the pictures to
        learn from."""
        towers = Towers(self.config)
        if self.views is not None and isinstance(towers.media, SeenTower):
            towers.media.stem.standardise(self.views[0, :: max(1, self.views.shape[1] // _ENOUGH)])
        initialise(towers, self.recipe.train.seed)
        return {"model": towers}

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> dict[str, Any]:
        """Views of the pairs, and which captions of the whole batch are true of which of its media."""
        things = sample_numbers(draw.seed, draw.step, self.batch_size, len(self.data.train))
        everywhere = torch.arange(self.batch_size)  # the other ranks' captions compete with this one's
        numbers, tokens = self._said(things, sample_keys(draw.seed, draw.step, everywhere, _TEXTS * 4096))
        views = [self._view(things, tokens, draw, _MEDIA, _TEXTS, device)]
        if self.recipe.loss.within:
            _, others = self._said(things, sample_keys(draw.seed, draw.step, everywhere, _OTHER_TEXTS * 4096))
            views.append(self._view(things, others, draw, _OTHER_MEDIA, _OTHER_TEXTS, device))
        return {"views": views, "positives": self._positives(things, numbers, device)}

    def _said(self, things: np.ndarray, keys: Tensor) -> tuple[np.ndarray, list[np.ndarray]]:
        return self.captions.chosen(things, keys, self.recipe.views.prompts)

    def _view(
        self, things: np.ndarray, tokens: Sequence[np.ndarray], draw: Draw, media: int, texts: int, device: torch.device
    ) -> tuple[View, View]:
        """What both towers read of this rank's pairs. media, texts: streams of randomness."""
        own = draw.indices.numpy()
        kept = dropped_tokens([tokens[place] for place in own], draw.keys(texts), self.recipe.views.tokens)
        views, keys = self.recipe.views, draw.keys(media)
        read = tuple(x.to(device) for x in rows(kept, self.tokenizer.eot_id, self.config.context))
        if self.views is not None:
            return (chosen_views(self.views, torch.from_numpy(things[own]), keys.cpu()).to(device),), read
        seen = self._seen(things[own], device)
        if self.config.kind == "pictures":
            mirror = self.recipe.data.flip
            changed = picture_views(seen[0], keys, crop=views.crop, colour=views.colour, mirror=mirror)
        else:
            changed = spectrum_views(seen[0], keys, gain=views.gain, mask=views.mask)
        return (changed, *seen[1:]), read

    def _seen(self, things: np.ndarray, device: torch.device) -> View:
        """What the media tower reads of these, unchanged."""
        media = self.measures.media["train"]
        if isinstance(media, Tensor):
            return (to_floats(media[torch.from_numpy(things)].to(device)),)
        spectra, lengths = together([media[thing].float() for thing in things], self.config)
        return spectra.to(device), lengths.to(device)

    def _positives(self, things: np.ndarray, numbers: np.ndarray, device: torch.device) -> Tensor | None:
        """Captions that are answers, bool [B, B]; None where only each medium's own counts."""
        loss, captions = self.recipe.loss, self.captions
        if not loss.equal and loss.near is None:
            return None
        found = captions.positives(things, numbers) if loss.equal else torch.eye(len(things), dtype=torch.bool)
        if loss.near is not None:
            found |= nearly_equal([captions.tokens_of(int(number)) for number in numbers], loss.near)
        return found.to(device)

    def loss(self, model: Towers, batch: Any, draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of all ranks' pairs, and how large cosines count."""
        first, *others = batch["views"]
        u, v = self._vectors(model, first, self.dropout_keys(draw))
        positives = batch["positives"]
        loss, scale = model.judged(u, v, positives)
        extra = {"scale": scale[0]}
        for other in others:
            u2, v2 = self._vectors(model, other, draw.keys(_OTHER_DROPOUT) if self.config.dropout else None)
            same = None if positives is None else positives | positives.T
            extra["within"] = (within_difference(u, u2, same) + within_difference(v, v2, same)) / 2
            loss = loss + self.recipe.loss.within * extra["within"]
        return loss, extra

    def _vectors(self, model: Towers, view: tuple[View, View], keys: Tensor | None) -> tuple[Tensor, Tensor]:
        """Vectors of all ranks' media and captions, [B, D] each."""
        seen, read = view
        cache = self.recipe.train.cache
        u = in_parts(model.see, cache, *seen, keys)
        v = in_parts(model.read, cache, *read, keys)
        return gathered(u, self.parallel), gathered(v, self.parallel)

    def dropout_keys(self, draw: Draw) -> Tensor | None:
        """Random keys of the samples' dropout, if the towers have any: int32 [b]"""
        return draw.keys(_DROPOUT) if self.config.dropout else None

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """See Measures.of. Every rank does all of it."""
        towers = modules["model"]
        assert isinstance(towers, Towers)
        return self.measures.of(self._model(towers))

    # ---- results

    def _model(self, towers: Towers) -> ContrastiveModel:
        data = self.recipe.data
        look = {"fit": data.fit, "background": list(data.background), "trim": data.trim, "level": data.level}
        look["credit"] = self.report.get("credit", "")
        return ContrastiveModel(towers, self.tokenizer, look, name=self.recipe.run.dir, eye=self.eye)

    def _opened(self, weights: Weights) -> ContrastiveModel:
        """An unsharded model with these weights."""
        return self._model(filled(lambda: Towers(self.config), weights["model"]))

    def sample(self, weights: Weights) -> list[Text]:
        """What a few held-back pictures or sounds are called, of all that any of them is called."""
        model, texts = self._opened(weights), self.measures.captions.texts
        similarity = self.measures.vectors(model)[:_SAMPLES] @ model.embed_text(texts).T
        made = []
        for number, best in enumerate(similarity.argmax(1).tolist()):
            verdict = "✓" if self.measures.right[number, best] else "✗"
            answer = f" → {texts[best]} ({similarity[number, best]:.2f} {verdict})"
            made.append(Text(prompt=self.data.validation.names[number], text=answer, model=self.recipe.run.dir))
        return made

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """The folder with its card; see folder.py."""
        model = self._opened(weights)
        card = contrastive_card(
            title=Path(self.recipe.run.dir).name,
            config=self.config,
            data=self.report,
            recipe=recipes.dump(self.recipe),
            metrics=metrics,
            baselines=self.measures.baselines,
            cost=cost,
        )
        model.card = card
        model.save(folder)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """Baselines and sizes."""
        return {"baselines": self.measures.baselines, "parameters": self.config.num_parameters()}

    # ---- costs

    def units_per_step(self) -> dict[str, int]:
        """Pictures or sounds; and places and tokens that the towers read."""
        views = 2 if self.recipe.loss.within else 1
        unit = "images" if self.config.kind == "pictures" else "sounds"
        tokens = round(views * self.batch_size * (self.config.places + self._lengths))
        return {unit: self.batch_size, "tokens": tokens}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        train = self.recipe.train
        again = 4 / 3 if train.cache and train.cache < self.batch_size else 1.0  # each part is made twice
        views = 2 if self.recipe.loss.within else 1
        return again * views * self.batch_size * self.config.flops_per_pair(self._lengths)
