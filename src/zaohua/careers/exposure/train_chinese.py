"""Trains the Chinese variant and calibrates it on the labelled tasks of the Chinese classification."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zaohua.careers import store
from zaohua.careers.exposure import learning
from zaohua.careers.exposure.base import Base
from zaohua.careers.exposure.chinese import ACTIVITY, CROSSWALK, LABELLED, by_level, fit_chinese
from zaohua.careers.exposure.fitting import Calibration
from zaohua.careers.exposure.kinds import cues
from zaohua.careers.exposure.labels import KINDS, LEVELS, read_labels
from zaohua.careers.exposure.model import HALVED, RATERS, Model, Scored, second_layer
from zaohua.careers.exposure.network import Network
from zaohua.careers.exposure.sources import Work, csco_tasks, rows
from zaohua.careers.exposure.thresholds import spread, zones
from zaohua.careers.finding.aliases import own_lines

TITLES = ("names_zh.psv", "activities_zh.psv")  # of wide and of detailed work activities, by our translation
_SHARPEST = np.arange(2.0, 20.0, 0.5)  # tried as the multiple of shares that softmax is taken of


@dataclass(frozen=True)
class Taught:
    """What a Chinese fit learns from: texts [N], wanted scores [N, K], weights [N]; vectors [N, 384] and landmarks
    [M, 384] where meaning is used."""

    texts: list[str]
    wanted: np.ndarray
    weights: np.ndarray
    vectors: np.ndarray | None = None
    landmarks: np.ndarray | None = None

    def fit(self, weights: np.ndarray | None = None) -> Base:
        """The first layer, with other weights if they are given."""
        weights = self.weights if weights is None else weights
        return fit_chinese(self.texts, self.wanted, weights, self.vectors, self.landmarks)

    def scores(self, base: Base, rows: np.ndarray) -> np.ndarray:
        """Raw scores of some of the texts."""
        return base.scores([self.texts[row] for row in rows], None if self.vectors is None else self.vectors[rows])


def train_chinese(
    data: Path,
    works: Sequence[Work],
    scored: Scored,
    english: Model,
    vectors: Callable[[Sequence[str], str], np.ndarray],
) -> Iterator[Model]:
    """The variants by words alone and with meaning. works, scored: the English tasks with scores of unseen occupations;
    english: scores the activities' titles; vectors: the sentence encoder."""
    tasks = csco_tasks(data)
    texts, wanted, weights = teachers(data, tasks, works, scored, english)
    yield _variant("zh-words", Taught(texts, wanted, weights), tasks, english)
    found = vectors(texts, "zh")
    yield _variant("zh-meaning", Taught(texts, wanted, weights, found, found[len(tasks) :]), tasks, english)


def _variant(name: str, taught: Taught, tasks: Sequence[Work], english: Model) -> Model:
    labels = read_labels("csco")
    texts, wanted, weights = taught.texts, taught.wanted, taught.weights
    labelled = np.array([row for row, task in enumerate(tasks) if task.id in labels])
    codes = np.array([tasks[row].code for row in labelled])
    raw = np.zeros((len(labelled), wanted.shape[1]), np.float32)
    for held in learning.folds(codes):
        kept = weights.copy()
        kept[labelled[held]] = 0
        kept[np.isin([task.code for task in tasks], codes[held]).nonzero()[0]] = 0
        raw[held] = taught.scores(taught.fit(kept + 1e-9), labelled[held])
    read = [labels[tasks[row].id] for row in labelled]
    seen = np.hstack([raw, cues([texts[row] for row in labelled])])
    from zaohua.careers.exposure.train import level_layer

    second: dict[str, Calibration | Network] = {
        kind: level_layer(seen, read, place) for place, kind in enumerate(KINDS)
    }
    second |= _second(taught, len(tasks))
    automation = np.zeros(raw.shape[1])
    automation[6] = 1
    base = taught.fit()
    made = Model(name, base, second, (automation, 0.0), {})
    held_out = second_layer(made, raw, [texts[row] for row in labelled])
    exposed = np.array([label.overall != "N" for label in read])
    lower, upper = zones(held_out.exposed, [exposed])
    level = np.array([RATERS @ wanted[row, :6].reshape(2, 3) @ HALVED for row in labelled])
    majors = np.array([code[0] for code in codes])
    figures = {
        "unlikely_at_most": lower,
        "likely_at_least": upper,
        "conformal": english.figures["conformal"],
        "spread": spread(level - held_out.share, codes, majors),
    }
    return Model(name, base, second, (automation, 0.0), figures)


def teachers(
    data: Path, tasks: Sequence[Work], works: Sequence[Work], scored: Scored, english: Model
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(texts, wanted scores [N, K], weights [N]): every task of the classification, then titles of activities."""
    outputs = _outputs(scored)
    place = {work.id: row for row, work in enumerate(works)}
    onet, csco = read_labels("onet"), read_labels("csco")
    of_level = by_level(onet, {task: outputs[place[task]] for task in onet})
    wanted = np.tile(outputs.mean(0), (len(tasks), 1))
    weights = np.zeros(len(tasks))
    occupation = _occupation_means(works, outputs)
    leads = {row["csco"]: row["soc"] for row in store.rows("crosswalk")}
    for row, task in enumerate(tasks):
        if task.id in csco:
            label = csco[task.id]
            wanted[row], weights[row] = np.mean([of_level[level] for level in label.levels], axis=0), LABELLED
            wanted[row, 7:] = np.mean([_shares(answers) for answers in (label.first, label.second)], axis=0)
        elif leads.get(task.code) in occupation:
            wanted[row], weights[row] = occupation[leads[task.code]], CROSSWALK
    names = {row["id"]: row["title"] for row in store.rows("activity_titles")}
    names |= {row["DWA ID"]: row["DWA Title"] for row in rows(data, "onet_30_1_dwa_reference.csv.gz")}
    chinese = {code: title for file in TITLES for code, title in own_lines(file) if code in names}
    scores = _outputs(english.score([names[activity] for activity in chinese]))
    texts = [task.text for task in tasks] + list(chinese.values())
    return texts, np.vstack([wanted, scores]), np.concatenate([weights, np.full(len(chinese), ACTIVITY)])


def _shares(answers: str) -> np.ndarray:
    """One pass's letters as shares of the levels of each kind. [kinds · 3]"""
    return np.concatenate([np.eye(3)[LEVELS.index(letter)] for letter in answers])


def _outputs(scored: Scored) -> np.ndarray:
    """people 3, gpt4 3, automation 1, kinds 3 each, as one row; the raters as Scored.share weighs them. [N, 22]"""
    raters = np.hstack([scored.people, scored.gpt4])
    if scored.votes is not None:
        raters = (raters + scored.votes) / 2
    return np.hstack([raters, scored.automation[:, None], scored.kinds.reshape(len(raters), -1)])


def _occupation_means(works: Sequence[Work], outputs: np.ndarray) -> dict[str, np.ndarray]:
    codes, place = np.unique([work.code[:7] for work in works], return_inverse=True)
    sums = np.zeros((len(codes), outputs.shape[1]))
    np.add.at(sums, place, outputs)
    return dict(zip(codes, sums / np.bincount(place)[:, None], strict=True))


def _second(taught: Taught, tasks: int) -> dict[str, Calibration]:
    """Softmax of a multiple of the shares, chosen so that held-out titles of activities spread as widely in Chinese as
    in English and lie as high: ridge regression draws what it has not seen to the mean."""
    titles = np.arange(tasks, len(taught.texts))
    raw = np.zeros((len(titles), taught.wanted.shape[1]), np.float32)
    for held in np.array_split(np.random.default_rng(6).permutation(len(titles)), learning.FOLDS):
        kept = taught.weights.copy()
        kept[titles[held]] = 1e-9
        raw[held] = taught.scores(taught.fit(kept + 1e-9), titles[held])
    return {
        target: _stretched(raw, taught.wanted[titles, start : start + 3], start)
        for target, start in (("people", 0), ("gpt4", 3))
    }


def _stretched(raw: np.ndarray, english: np.ndarray, start: int) -> Calibration:
    goal = english @ HALVED
    best: tuple[float, Calibration] | None = None
    for sharp in _SHARPEST:
        for lift in np.arange(-2.0, 1.01, 0.05):
            made = _multiple(raw.shape[1], start, sharp, lift)
            share = made.probabilities(raw) @ HALVED
            miss = abs(share.std() - goal.std()) + abs(share.mean() - goal.mean())
            if best is None or miss < best[0]:
                best = miss, made
    assert best is not None
    return best[1]


def _multiple(width: int, start: int, sharp: float, lift: float) -> Calibration:
    """softmax(sharp · shares), E0 made less likely by lift."""
    weights = np.zeros((width, 3))
    weights[start : start + 3] = np.eye(3) * sharp
    return Calibration(np.zeros(width), np.ones(width), weights, np.array([-lift, 0.0, 0.0]))
