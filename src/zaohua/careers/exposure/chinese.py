"""Fits the Chinese scores: there are no published Chinese labels, so three weaker teachers stand in for them.

The project's labels of tasks of the Chinese classification, turned into shares of the published classes by what tasks
of O*NET with the same project label have; Chinese titles of O*NET's work activities with the English scores of the
same titles; and, lightly, every other task with the mean of the occupation that the crosswalk leads to.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from zaohua.careers.exposure.base import Base, nearness
from zaohua.careers.exposure.fitting import ridge, whitener
from zaohua.careers.exposure.labels import LEVELS, Label
from zaohua.careers.exposure.words import fitted
from zaohua.extras import need

LABELLED, ACTIVITY, CROSSWALK = 1.0, 1.0, 0.05  # weights of the teachers


def by_level(labels: Mapping[str, Label], scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Mean scores of the tasks of each highest level, by both passes. The two mappings share identifiers of tasks."""
    return {
        level: np.mean([scores[task] for task, label in labels.items() for each in label.levels if each == level], 0)
        for level in LEVELS
    }


def fit_chinese(
    texts: Sequence[str],
    wanted: np.ndarray,
    weights: np.ndarray,
    vectors: np.ndarray | None = None,
    landmarks: np.ndarray | None = None,
) -> Base:
    """Ridge regression of wanted scores [N, K] on runs of characters and, with vectors [N, 384], on their nearness to
    landmarks [M, 384]; row r counts weights[r] times."""
    words = fitted("zh", texts, least=2)
    rows = words.rows(texts)
    counts = need("scipy.sparse", "baselines").csr_matrix(
        (rows.weights, rows.columns, rows.starts), shape=(len(texts), len(words.idf))
    )
    root = np.sqrt(weights)[:, None].astype(np.float32)
    mean = np.average(wanted, axis=0, weights=weights).astype(np.float32)
    features, mapped = None, None
    if vectors is not None and landmarks is not None:
        mapped = whitener(landmarks)
        features = nearness(vectors, landmarks) @ mapped * root
    found, near = ridge(counts.multiply(root).tocsr(), features, ((wanted - mean) * root).astype(np.float32))
    kept = np.abs(found).max(1) > 0.004  # half of the runs say nothing
    terms = [term for term, keep in zip(words.place, kept, strict=True) if keep]
    near = None if near is None or mapped is None else mapped @ near
    return Base("zh", type(words)("zh", terms, words.idf[kept]), found[kept], mean, landmarks, near)
