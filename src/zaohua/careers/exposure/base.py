"""The first layer: raw scores from the words of a text, its nearness to known work, and votes of work activities."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from zaohua.careers.exposure import meaning
from zaohua.careers.exposure.words import Words

SHARPNESS = 3.0  # of exp(SHARPNESS · (cosine - 1)), the nearness of two sentences' vectors


@dataclass(frozen=True)
class Activities:
    """Where work activities lie among sentences, and how their tasks are labelled.

    centres [A, 384] of length 1; votes [A, C]: mean shares of the labels; sizes [A]: number of tasks.
    """

    centres: np.ndarray
    votes: np.ndarray
    sizes: np.ndarray

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Votes of near activities, a larger one counting as the root of its size, and their logarithms. [N, 6 · C]"""
        cosines = vectors @ self.centres.T
        found = []
        for sharpness in VOTING:
            logits = sharpness * cosines + 0.5 * np.log(self.sizes)
            shares = np.exp(logits - logits.max(1, keepdims=True))
            found.append(shares @ self.votes / shares.sum(1, keepdims=True))
        voted = np.hstack(found)
        return np.hstack([voted, np.log(voted + 1e-4)]).astype(np.float32)


VOTING = (15.0, 25.0, 40.0)  # sharpness of the votes: alone 25 is best, together they are better than any


@dataclass(frozen=True)
class Base:
    """words and weights [V, K]; landmarks [M, 384] with their weights [M, K] where meaning is used; mean [K].

    Where there are activities, their votes follow the K scores.
    """

    language: str
    words: Words
    weights: np.ndarray
    mean: np.ndarray
    landmarks: np.ndarray | None = None
    nearness_weights: np.ndarray | None = None
    activities: Activities | None = None

    def scores(self, texts: Sequence[str], vectors: np.ndarray | None = None) -> np.ndarray:
        """Raw scores [N, K]. vectors: of the texts, [N, 384], needed where the map has landmarks."""
        found = self.words.rows(texts).times(self.weights) + self.mean
        if self.landmarks is not None and self.nearness_weights is not None:
            assert vectors is not None
            found += nearness(vectors, self.landmarks) @ self.nearness_weights
        if self.activities is not None:
            assert vectors is not None
            found = np.hstack([found, self.activities.scores(vectors)])
        return found

    def voted(self, raw: np.ndarray) -> np.ndarray | None:
        """The broadest votes among raw scores, [N, C], which serve as a second opinion; None without activities."""
        if self.activities is None:
            return None
        start = self.weights.shape[1]
        return raw[:, start : start + self.activities.votes.shape[1]]

    def save(self, file: Path) -> None:
        """One npz of plain arrays: bytes for weights (in steps of their column) and landmarks, the terms as text."""
        steps = np.abs(self.weights).max(0) / 127 + 1e-12
        arrays: dict[str, Any] = {
            "terms": np.frombuffer("\n".join(self.words.place).encode(), np.uint8),
            "idf": self.words.idf.astype(np.float16),
            "weights": np.round(self.weights / steps).astype(np.int8),
            "steps": steps.astype(np.float32),
            "mean": self.mean.astype(np.float32),
        }
        if self.landmarks is not None and self.nearness_weights is not None:
            arrays["landmarks"] = _bytes(self.landmarks)
            arrays["nearness_weights"] = self.nearness_weights.astype(np.float16)
        if self.activities is not None:
            arrays["centres"] = _bytes(self.activities.centres)
            arrays["votes"] = self.activities.votes.astype(np.float16)
            arrays["sizes"] = self.activities.sizes.astype(np.float32)
        np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, file: Path, language: str) -> Self:
        """What `save` has written; nothing in the file can run."""
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        words = Words(language, bytes(arrays["terms"]).decode().split("\n"), arrays["idf"].astype(np.float32))
        weights = arrays["weights"] * arrays["steps"]
        if "landmarks" not in arrays:
            return cls(language, words, weights, arrays["mean"])
        landmarks = meaning.unit(arrays["landmarks"].astype(np.float32))
        activities = None
        if "centres" in arrays:
            centres = meaning.unit(arrays["centres"].astype(np.float32))
            activities = Activities(centres, arrays["votes"].astype(np.float32), arrays["sizes"])
        near = arrays["nearness_weights"].astype(np.float32)
        return cls(language, words, weights, arrays["mean"], landmarks, near, activities)


def _bytes(vectors: np.ndarray) -> np.ndarray:
    return np.round(vectors * _STEPS).clip(-127, 127).astype(np.int8)


_STEPS = 400.0  # parts of a vector of length 1 in 384 dimensions stay under 127 / 400


def nearness(vectors: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """[N, D], [M, D] of length 1 -> [N, M], 1 where they are equal."""
    return np.exp(SHARPNESS * (vectors @ landmarks.T - 1)).astype(np.float32)
