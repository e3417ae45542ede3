"""From speech to text: an encoder-decoder learns to write down what is said (seed §3.3)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.data.captioned import Captioned, Side, read_captioned, write_captioned_sheet
from zaohua.data.picture import CONTACT_SHEET
from zaohua.language.seq2seq.stacks_task import EncoderDecoderTask, Rows
from zaohua.language.seq2seq.writing import taught
from zaohua.language.text_task import model_folder
from zaohua.language.tokenizer import Tokenizer
from zaohua.metrics.errors import character_error_rate, word_error_rate
from zaohua.multimodal.speech.augment import coloured, hidden, noisy, warped
from zaohua.multimodal.speech.card import listener_card
from zaohua.multimodal.speech.config import TranscribeRecipe, listener_config
from zaohua.multimodal.speech.folder import load_listener, save_listener
from zaohua.multimodal.speech.model import ListenerModel
from zaohua.multimodal.speech.network import Listener
from zaohua.multimodal.speech.shape import SUBSAMPLING, ListenerConfig
from zaohua.multimodal.speech.spectra import normalised, spectrum, together
from zaohua.nn.blank import filled
from zaohua.recipe import Section
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_SAMPLES = 6
_CELLS = 16  # times and bands of a spectrum that is compared with others
_RATE = 16_000  # of sounds, as long as nobody has looked at them


class TranscribeTask(EncoderDecoderTask):
    """Two stacks behind convolutions, cross-entropy of the text's tokens. Every time a recording is learnt from it is
    said otherwise (zaohua.multimodal.speech.augment)."""

    Recipe: ClassVar[type[Section]] = TranscribeRecipe
    epochs: ClassVar[float] = 60.0

    def __init__(self, recipe: TranscribeRecipe) -> None:
        super().__init__(recipe)
        self.data: Captioned
        self.config: ListenerConfig
        self._base: Listener | None
        self._rate = _RATE
        self._spectra: dict[str, list[Tensor]] = {}
        self._tokens: dict[str, list[np.ndarray]] = {}

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Read the recordings, train or take a tokeniser, settle the shape, and turn sounds into spectra."""
        given = self._open_base()
        data = self.recipe.data
        if self._base is not None:
            data = data.model_copy(update={"rate": self._base.config.rate})
        self.data = read_captioned(data, self.recipe.train.seed, visible=visible)
        if parallel.main:
            write_captioned_sheet(self.data, Path(self.recipe.run.dir) / CONTACT_SHEET)
        assert self.data.rate is not None
        self._rate = int(self.data.rate)
        report = {**self.data.report, "examples": self.data.report["sounds"]}
        train = self._learn_from(self.said("train"), report, given, visible=visible)
        (language,) = data.languages  # names and numbers are too short to tell
        self.report = {**self.report, "languages": {language: sum(map(len, self.said("train")))}}
        self._tokens = {"train": train} | {side: self.tokenizer.encode_batch(self.said(side)) for side in self._others}
        for side, found in self.sides.items():
            assert isinstance(found.media, list)
            self._spectra[side] = [spectrum(wave, self.config).half() for wave in found.media]
        self.lengths = np.array([len(one) for one in self._spectra["train"]], dtype=np.int64)
        self.held_lengths = np.array([len(one) for one in self._spectra["validation"]], dtype=np.int64)
        self.targets = np.array([min(len(ids) + 1, self.config.context) for ids in train], dtype=np.int64)
        self._settle(len(train))

    @property
    def sides(self) -> dict[str, Side]:
        """What is learnt from and what is held back; "unheard", a voice of neither, where the recipe names one."""
        found = {"train": self.data.train, "validation": self.data.validation}
        return found if self.data.unheard is None else {**found, "unheard": self.data.unheard}

    @property
    def _others(self) -> list[str]:
        return [side for side in self.sides if side != "train"]

    def said(self, side: str) -> list[str]:
        """The text of each recording."""
        (language,) = self.recipe.data.languages
        return [one[language][0] for one in self.sides[side].captions]

    def _open_base(self) -> Tokenizer | None:
        if self.recipe.model.base is None:
            return None
        self._base, tokenizer = load_listener(model_folder(self.recipe.model.base))
        return tokenizer

    def _shape(self, vocab_size: int) -> ListenerConfig:
        if self._base is not None:
            return replace(self._base.config, dropout=self.recipe.model.dropout)
        return listener_config(self.recipe.model, vocab_size, self._rate)

    def _network(self) -> Listener:
        return Listener(self.config)

    # ---- training

    def _rows(self, side: str, numbers: Sequence[int], device: torch.device, draw: Draw | None = None) -> Rows:
        """What is heard, which frames are real, what has been written, and what comes next."""
        x, real = (one.to(device) for one in together([self._spectra[side][number].float() for number in numbers]))
        change = self.recipe.augment
        if draw is None:
            x = normalised(x, real)
        else:
            keys = draw.keys(1)
            x, real = warped(x, real, keys, speed=change.speed, throat=change.throat, cut=change.cut)
            x = normalised(noisy(coloured(x, keys, change.channel), real, keys, change.noise), real)
            x = hidden(x, real, keys, change.mask)
        texts = taught([self._tokens[side][number] for number in numbers], self.tokenizer.eot_id, self.config.context)
        return x, real, *(one.to(device) for one in texts)

    def row_length(self) -> float:
        """Places heard and tokens written of a recording, on average, as far as they are known."""
        if not len(self.lengths):
            return self.config.places / 2 + self.config.context / 2
        return float((self.lengths / SUBSAMPLING + self.targets).mean())

    def units_per_step(self) -> dict[str, int]:
        """Recordings, and what their rows count."""
        return {"sounds": self.batch_size, **super().units_per_step()}

    def flops_per_step(self) -> float:
        """Forward and backward over the global batch."""
        written = float(self.targets.mean()) if len(self.targets) else self.config.context / 2
        return self.batch_size * self.config.flops(self.row_length() - written, written)

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """loss (nats per token) and perplexity; word_error_rate and character_error_rate of what is written down, and
        the same as unheard_… of the voice that was kept out, where there is one."""
        model = modules["model"]
        assert isinstance(model, Listener)
        opened = ListenerModel(model, self.tokenizer)
        found = self.held_out(model, parallel)
        for side in self._others:
            found |= _rates(side, opened.texts(self._spectra[side]), self.said(side))
        return found

    def _rivals(self) -> dict[str, Any]:
        """Whoever always writes the commonest text, and the text of the training sound with the nearest spectrum."""
        train = self.said("train")
        ((commonest, _),) = Counter(train).most_common(1)
        known = _small(self._spectra["train"])
        found: dict[str, dict[str, float]] = {"commonest_text": {}, "nearest_sound": {}}
        for side in self._others:
            said = self.said(side)
            nearest = (_small(self._spectra[side]) @ known.T).argmax(1).tolist()
            found["commonest_text"] |= _rates(side, [commonest] * len(said), said)
            found["nearest_sound"] |= _rates(side, [train[number] for number in nearest], said)
        return found

    # ---- results

    def _model(self, weights: Weights) -> ListenerModel:
        """An unsharded model with these weights."""
        return ListenerModel(filled(lambda: Listener(self.config), weights["model"]), self.tokenizer)

    def _answers(self, weights: Weights) -> Iterable[tuple[str, str]]:
        """What is written down of a few recordings that were held back."""
        chosen = np.linspace(0, len(self.data.validation) - 1, min(_SAMPLES, len(self.data.validation))).round()
        numbers = chosen.astype(int).tolist()
        spectra = [self._spectra["validation"][number] for number in numbers]
        names = [f"{self.data.validation.names[number]} ({self.said('validation')[number]})" for number in numbers]
        return zip(names, self._model(weights).texts(spectra), strict=True)

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A folder of our own form with its card."""
        card = listener_card(**self.card_facts(metrics, cost))
        save_listener(self._model(weights).module, self.tokenizer, folder, card)


def _rates(side: str, texts: list[str], said: list[str]) -> dict[str, float]:
    before = "" if side == "validation" else f"{side}_"
    return {
        f"{before}word_error_rate": word_error_rate(texts, said),
        f"{before}character_error_rate": character_error_rate(texts, said),
    }


def _small(spectra: Sequence[Tensor]) -> Tensor:
    """Every spectrum in 16 times and 16 bands, as a vector of length 1 around 0: [N, 256]"""
    cells = torch.stack([F.adaptive_avg_pool2d(one.float()[None], _CELLS)[0] for one in spectra]).flatten(1)
    return F.normalize(cells - cells.mean(1, keepdim=True), dim=1)
