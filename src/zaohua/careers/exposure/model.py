"""The exposure model as it ships: first and second layer, kinds of content, thresholds; all plain arrays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.careers.exposure import meaning
from zaohua.careers.exposure.base import Base
from zaohua.careers.exposure.fitting import Calibration
from zaohua.careers.exposure.kinds import cues
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.network import Network

WEIGHTS = Path(__file__).parent / "weights"
HALVED = np.array([0.0, 1.0, 0.5])  # β of a label: E0, E1, E2 (time halved: no, by the system alone, with software)


RATERS = np.array([2.0, 1.0]) / 3  # people count twice as much as GPT-4 where one number is wanted


@dataclass(frozen=True)
class Scored:
    """N texts. people, gpt4: probabilities of E0, E1, E2 [N, 3]; automation 0 … 4 [N]; kinds: P(unlikely, uncertain,
    likely) of each kind [N, kinds, 3]; votes: people's and GPT-4's labels of near activities [N, 6], if known."""

    people: np.ndarray
    gpt4: np.ndarray
    automation: np.ndarray
    kinds: np.ndarray
    votes: np.ndarray | None = None

    @property
    def share(self) -> np.ndarray:
        """β of both raters, 0 … 1; where activities vote, half of it is theirs: single labels are noisy. [N]"""
        own = np.stack([self.people @ HALVED, self.gpt4 @ HALVED], axis=1) @ RATERS
        if self.votes is None:
            return own
        return (own + np.stack([self.votes[:, :3] @ HALVED, self.votes[:, 3:] @ HALVED], axis=1) @ RATERS) / 2

    @property
    def disagreement(self) -> np.ndarray:
        """How far the two raters' β are expected to lie apart. [N]"""
        return np.abs((self.people - self.gpt4) @ HALVED)

    @property
    def exposed(self) -> np.ndarray:
        """Mean probability of both raters that the label is not E0. [N]"""
        return 1 - (self.people[:, 0] + self.gpt4[:, 0]) / 2


@dataclass(frozen=True)
class Model:
    """One variant: a language, by words alone or with meaning, which needs the encoder: `en-words`, `zh-meaning`."""

    name: str
    base: Base
    second: dict[str, Calibration | Network]  # people, gpt4 and one for each kind
    automation: tuple[np.ndarray, float]
    figures: dict[str, Any]  # thresholds, conformal quantiles, spread of errors; see weights/model.json

    def score(self, texts: Sequence[str]) -> Scored:
        """Scores of N texts, each for itself, so that their order is of no consequence."""
        vectors = meaning.vectors(texts, self.base.language) if self.base.landmarks is not None else None
        return second_layer(self, self.base.scores(texts, vectors), texts)

    def sets(self, probabilities: np.ndarray, target: str) -> np.ndarray:
        """Split-conformal sets of labels that hold the rater's label nine times in ten. bool [N, 3]"""
        return probabilities >= 1 - self.figures["conformal"][target]


def second_layer(model: Model, raw: np.ndarray, texts: Sequence[str]) -> Scored:
    """From raw scores [N, K] to probabilities."""
    people, gpt4 = (model.second[target].probabilities(raw) for target in ("people", "gpt4"))
    weights, bias = model.automation
    automation = (raw @ weights + bias).clip(0, 4)
    seen = np.hstack([kind_features(raw), cues(texts)])
    kinds = np.stack([model.second[kind].probabilities(seen) for kind in KINDS], axis=1)
    return Scored(people, gpt4, automation, kinds, model.base.voted(raw))


def kind_features(raw: np.ndarray) -> np.ndarray:
    """What the raw scores say to the kinds of content: the labels and the activities' means of all four targets."""
    return raw[:, :LABEL_SCORES]


LABEL_SCORES = 28  # 3 + 3 classes of each of three exposure labels, 5 + 5 of the automation level


@cache
def figures(name: str) -> dict[str, Any]:
    """Thresholds, conformal quantiles and the spread of errors of a variant, without its arrays."""
    found: dict[str, Any] = json.loads((WEIGHTS / "model.json").read_text(encoding="utf-8"))["variants"][name]
    return found


@cache
def model(name: str) -> Model:
    """A variant from the package's weights."""
    arrays = dict(np.load(WEIGHTS / f"{name}-second.npz", allow_pickle=False).items())
    targets = sorted({key.partition("/")[0] for key in arrays if "/" in key})
    second: dict[str, Calibration | Network] = {}
    for target in targets:
        layer = Network if f"{target}/hidden" in arrays else Calibration
        second[target] = layer(*(arrays[f"{target}/{part.name}"] for part in fields(layer)))
    base = Base.load(WEIGHTS / f"{name}.npz", name[:2])
    return Model(name, base, second, (arrays["automation"], float(arrays["automation_bias"])), figures(name))


def save_second(made: Model) -> None:
    """Writes the second layer beside the first."""
    arrays = {
        f"{target}/{part.name}": getattr(each, part.name).astype(np.float32)
        for target, each in made.second.items()
        for part in fields(each)
    }
    arrays |= {"automation": made.automation[0].astype(np.float32), "automation_bias": np.float32(made.automation[1])}
    np.savez_compressed(WEIGHTS / f"{made.name}-second.npz", **arrays)


def best_for(language: str) -> Model:
    """The variant that scores a language on this machine: with meaning once the encoder is here."""
    return model(f"{language}-meaning" if meaning.is_here() else f"{language}-words")
