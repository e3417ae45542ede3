"""Training and checking the English scores on folds of whole occupations, for the training command and benchmarks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zaohua.careers.exposure.fitting import Teaching, fit_base
from zaohua.careers.exposure.network import fit_network
from zaohua.careers.exposure.sources import LABELSET, Work, labelled_tasks, rows
from zaohua.extras import need

FOLDS = 5
CLASSES = {"E0": 0, "E1": 1, "E2": 2, "E3": 2}


@dataclass(frozen=True)
class Tasks:
    """All labelled tasks, as arrays in the order of the table."""

    works: list[Work]
    teaching: Teaching
    people: np.ndarray
    gpt4: np.ndarray
    automation: np.ndarray

    @property
    def occupations(self) -> np.ndarray:
        return np.array([work.code for work in self.works])

    @property
    def majors(self) -> np.ndarray:
        return np.array([work.code[:2] for work in self.works])

    def without_meaning(self) -> "Tasks":
        """The same, words alone."""
        return replace(self, teaching=replace(self.teaching, vectors=None, title_vectors=None))


def load(data: Path, vectors: Callable[[Sequence[str]], np.ndarray] | None = None) -> Tasks:
    """The tables of `data`; vectors: the sentence encoder, where it is to be used."""
    works = labelled_tasks(data)
    second_rubric = [CLASSES[row["gpt4_exposure_alt_rubric"]] for row in rows(data, LABELSET)]
    people = np.array([CLASSES[work.human] for work in works])
    gpt4 = np.array([CLASSES[work.gpt4] for work in works])
    automation = np.array([int(work.automation[1]) for work in works])
    titles = {row["DWA ID"]: row["DWA Title"] for row in rows(data, "onet_30_1_dwa_reference.csv.gz")}
    place = {activity: column for column, activity in enumerate(sorted(titles))}
    belongs = np.zeros((len(works), len(place)), np.float32)
    number = {work.id: row for row, work in enumerate(works)}
    for row in rows(data, "onet_30_1_tasks_to_dwas.csv.gz"):
        if row["Task ID"] in number:
            belongs[number[row["Task ID"]], place[row["DWA ID"]]] = 1
    belongs /= np.maximum(belongs.sum(1, keepdims=True), 1)
    groups = np.unique([activity.rsplit(".", 1)[0] for activity in place], return_inverse=True)[1]
    texts, named = [work.text for work in works], [titles[activity] for activity in place]
    targets = [np.eye(3, dtype=np.float32)[each] for each in (people, gpt4, np.array(second_rubric))]
    targets.append(np.eye(5, dtype=np.float32)[automation])
    met = None if vectors is None else (vectors(texts), vectors(named))
    teaching = Teaching(texts, targets, belongs, named, groups, *(met or (None, None)))
    return Tasks(works, teaching, people, gpt4, automation)


def folds(groups: np.ndarray, *, balanced: bool = False) -> list[np.ndarray]:
    """Numbers of the rows of each fold; a group is never in two of them.

    balanced: folds of like size instead of groups at random, for few groups of unlike size.
    """
    split = need("sklearn.model_selection", "baselines").GroupKFold
    splitter = split(FOLDS) if balanced else split(FOLDS, shuffle=True, random_state=0)
    return [held for _, held in splitter.split(groups, groups=groups)]


def others(texts: Sequence[str], held: np.ndarray) -> np.ndarray:
    """Rows outside a fold whose sentence does not stand in it."""
    away = np.ones(len(texts), bool)
    away[held] = False
    known = {texts[row] for row in held.tolist()}
    return np.array([row for row in np.flatnonzero(away).tolist() if texts[row] not in known], np.int64)


def unseen_scores(tasks: Tasks, parts: Sequence[np.ndarray], work: Path | None = None, name: str = "") -> np.ndarray:
    """Raw scores of every task by a first layer that has seen neither its occupation (or group) nor its sentence.

    work: a folder where the scores of each fold are kept under `name`, so that a broken run goes on.
    """
    made = [fold_scores(tasks, held, work and work / f"{name}-{number}.npy") for number, held in enumerate(parts)]
    found = np.zeros((len(tasks.works), made[0].shape[1]), np.float32)
    for held, raw in zip(parts, made, strict=True):
        found[held] = raw
    return found


def fold_scores(tasks: Tasks, held: np.ndarray, file: Path | None) -> np.ndarray:
    """Raw scores of the held-out rows."""
    if file is not None and file.is_file():
        return np.load(file, allow_pickle=False)
    texts, vectors = tasks.teaching.texts, tasks.teaching.vectors
    base = fit_base(tasks.teaching.only(others(texts, held)))
    raw = base.scores([texts[row] for row in held], None if vectors is None else vectors[held])
    if file is not None:
        np.save(file, raw)
    return raw


def unseen_probabilities(raw: np.ndarray, labels: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Second layer, fitted on the other folds' raw scores. [N, K] -> [N, C]"""
    found = np.zeros((len(raw), labels.max() + 1))
    for held in parts:
        away = np.ones(len(raw), bool)
        away[held] = False
        found[held] = fit_network(raw[away], labels[away]).probabilities(raw[held])
    return found
