"""Trains what `weights/` holds: python -m zaohua.careers.exposure.train DATA [--work FOLDER]

DATA: the published tables (labels of GPTs are GPTs, O*NET's tasks and activities, the Chinese classification).
--work: where the encoder's vectors and the scores of each fold are kept, so that a broken run goes on; empty it after a
change of the code.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.careers import store
from zaohua.careers.exposure import learning, meaning
from zaohua.careers.exposure.fitting import Calibration, calibrate, fit_base
from zaohua.careers.exposure.kinds import cues
from zaohua.careers.exposure.labels import KINDS, LEVELS, Label, read_labels
from zaohua.careers.exposure.learning import Tasks
from zaohua.careers.exposure.model import HALVED, RATERS, WEIGHTS, Model, Scored, kind_features, save_second
from zaohua.careers.exposure.network import Network, fit_network
from zaohua.careers.exposure.occupations import write_occupations
from zaohua.careers.exposure.sources import CSCO, LABELSET, csco_tasks, labelled_tasks
from zaohua.careers.exposure.thresholds import conformal, spread, zones
from zaohua.careers.exposure.train_chinese import train_chinese

FILES = (LABELSET, CSCO, "onet_30_1_dwa_reference.csv.gz", "onet_30_1_tasks_to_dwas.csv.gz")


class KeptVectors:
    """The encoder, asked once for each list of sentences: its vectors are kept in `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def raw(self, texts: Sequence[str]) -> np.ndarray:
        """As the encoder gives them."""
        known = dict(np.load(self.file, allow_pickle=False).items()) if self.file.is_file() else {}
        name = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        if name not in known:
            known[name] = meaning.raw_vectors(texts)
            np.savez(self.file, **known)
        return known[name].astype(np.float32)

    def __call__(self, texts: Sequence[str], language: str = "en") -> np.ndarray:
        """As meaning.vectors."""
        return meaning.centred(self.raw(texts), meaning.means()[language])


def train_english(
    name: str, tasks: Tasks, parts: list[np.ndarray], raw: np.ndarray
) -> tuple[Model, dict[str, np.ndarray]]:
    """One variant, and its probabilities of unseen occupations."""
    unseen = {
        "people": learning.unseen_probabilities(raw, tasks.people, parts),
        "gpt4": learning.unseen_probabilities(raw, tasks.gpt4, parts),
    }
    second: dict[str, Calibration | Network] = {
        "people": fit_network(raw, tasks.people),
        "gpt4": fit_network(raw, tasks.gpt4),
    }
    levels = np.column_stack([np.ones(len(raw)), raw[:, 18:28]])
    fitted, *_ = np.linalg.lstsq(levels, tasks.automation.astype(float), rcond=None)
    weights = np.zeros(raw.shape[1])
    weights[18:28] = fitted[1:]
    second |= kind_layers(tasks, raw)
    base = fit_base(tasks.teaching)
    exposed = 1 - (unseen["people"][:, 0] + unseen["gpt4"][:, 0]) / 2
    lower, upper = zones(exposed, [tasks.people > 0, tasks.gpt4 > 0])
    labels = np.stack([HALVED[tasks.people], HALVED[tasks.gpt4]], axis=1) @ RATERS
    unseen["automation"] = (raw @ weights + fitted[0]).clip(0, 4)
    seen = Scored(unseen["people"], unseen["gpt4"], unseen["automation"], np.zeros(0), base.voted(raw))
    errors = labels - seen.share
    figures = {
        "unlikely_at_most": lower,
        "likely_at_least": upper,
        "conformal": {
            "people": conformal(unseen["people"], tasks.people, tasks.occupations),
            "gpt4": conformal(unseen["gpt4"], tasks.gpt4, tasks.occupations),
        },
        "spread": spread(errors, tasks.occupations, tasks.majors),
    }
    return Model(name, base, second, (weights, float(fitted[0])), figures), unseen


def kind_layers(tasks: Tasks, raw: np.ndarray) -> dict[str, Calibration]:
    """For each kind of content, P(unlikely, uncertain, likely) from scores of unseen occupations and cues."""
    labels = read_labels("onet")
    chosen = [row for row, work in enumerate(tasks.works) if work.id in labels]
    seen = np.hstack([kind_features(raw[chosen]), cues([tasks.works[row].text for row in chosen])])
    read = [labels[tasks.works[row].id] for row in chosen]
    return {kind: level_layer(seen, read, place) for place, kind in enumerate(KINDS)}


def level_layer(seen: np.ndarray, labels: Sequence[Label], kind: int) -> Calibration:
    """What a reader says by the rubric: both passes are learned from, since where they differ neither is wrong.

    As calibrate; a level that no label has gets no probability.
    """
    numbers = np.array([LEVELS.index(answers[kind]) for label in labels for answers in (label.first, label.second)])
    found = calibrate(np.repeat(seen, 2, axis=0), numbers, 0.05)
    present = np.unique(numbers)
    weights = np.zeros((seen.shape[1], len(LEVELS)))
    bias = np.full(len(LEVELS), -30.0)
    if len(present) == 2:  # scikit-learn then gives the logit of the second alone
        weights[:, present[1]], bias[present[1]], bias[present[0]] = found.weights[:, 0], found.bias[0], 0.0
    else:
        weights[:, present], bias[present] = found.weights, found.bias
    return Calibration(found.mean, found.scale, weights, bias)


def write_means(data: Path, vectors: KeptVectors) -> None:
    """What is taken off the vectors of each language."""
    tasks = {"en": labelled_tasks(data), "zh": csco_tasks(data)}
    means = {language: vectors.raw([work.text for work in works]).mean(0) for language, works in tasks.items()}
    np.savez(meaning.MEANS, **{language: mean.astype(np.float32) for language, mean in means.items()})
    meaning.means.cache_clear()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", type=Path)
    options.add_argument("--work", type=Path, default=Path("exposure-work"))
    given = options.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    vectors = KeptVectors(given.work / "vectors.npz")
    write_means(given.data, vectors)
    tasks = learning.load(given.data, vectors)
    parts = learning.folds(tasks.occupations)
    variants: dict[str, Any] = {}
    english, seen = None, None
    for name, those in (("en-words", tasks.without_meaning()), ("en-meaning", tasks)):
        raw = learning.unseen_scores(those, parts, given.work, name)
        made, unseen = train_english(name, those, parts, raw)
        made.base.save(WEIGHTS / f"{name}.npz")
        save_second(made)
        variants[name] = made.figures
        english, seen = made, (raw, unseen)
    assert english is not None
    assert seen is not None
    raw, unseen = seen
    features = np.hstack([kind_features(raw), cues([work.text for work in tasks.works])])
    kinds = np.stack([english.second[kind].probabilities(features) for kind in KINDS], axis=1)
    scored = Scored(unseen["people"], unseen["gpt4"], unseen["automation"], kinds, english.base.voted(raw))
    titles = store.rows("activity_titles")
    shares = english.score([row["title"] for row in titles]).share.tolist()
    write_occupations(
        tasks.works, scored, english.figures, dict(zip([row["id"] for row in titles], shares, strict=True))
    )
    for chinese in train_chinese(given.data, tasks.works, scored, english, vectors):
        chinese.base.save(WEIGHTS / f"{chinese.name}.npz")
        save_second(chinese)
        variants[chinese.name] = chinese.figures
    hashes = {name: hashlib.sha256((given.data / name).read_bytes()).hexdigest() for name in FILES}
    command = "python -m zaohua.careers.exposure.train DATA --work FOLDER"
    about = {"command": command, "sha256": hashes, "variants": variants}
    (WEIGHTS / "model.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
