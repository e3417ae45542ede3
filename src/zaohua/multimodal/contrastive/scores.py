"""Numbers of how well media and captions find each other, and what counting and luck find."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from zaohua.metrics.retrieval import cross_modal_scores
from zaohua.metrics.tfidf import tfidf_similarity

_NEIGHBOURS = 5  # training media whose captions speak for one that is held back
_CELLS = 8  # columns and rows of a picture that are compared
_DRAWS = 20  # random orders that chance is measured by
FIND, NAME = "find", "name"  # a sentence finds a medium; a medium finds its sentence


def retrieval(similarity: np.ndarray, right: np.ndarray, languages: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Both ways in each language, as "en_find_recall_at_10", and the mean of all ways as "recall_at_10".

    similarity: of media and captions, [N, M]; right: bool [N, M]; languages: -> numbers of the captions in it. Ways
    without a question that has an answer are left out.
    """
    found: dict[str, float] = {}
    ways: list[dict[str, float]] = []
    for language, numbers in languages.items():
        s, answers = similarity[:, numbers], right[:, numbers]
        for way, scores in ((FIND, cross_modal_scores(s.T, answers.T)), (NAME, cross_modal_scores(s, answers))):
            ways.append(scores)
            found |= {f"{language}_{way}_{name}": value for name, value in scores.items()}
    means = {name: float(np.mean([scores[name] for scores in ways])) for name in ways[0]}
    return means | found


def chance(right: np.ndarray, languages: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The same of random similarities, the mean of several."""
    draw = np.random.default_rng(0)
    tries = [retrieval(draw.random(right.shape), right, languages) for _ in range(_DRAWS)]
    return {name: float(np.mean([one[name] for one in tries])) for name in tries[0]}


def neighbour_similarity(
    known: np.ndarray,
    new: np.ndarray,
    said: Sequence[str],
    questions: Sequence[str],
    *,
    characters: bool,
) -> np.ndarray:
    """The baseline: what is said of the training media most like a new one, compared by tf-idf with a caption.

    known, new: features of media, [K, F] and [N, F]; said: all captions of each known one in a language, as one text;
    questions: captions to be compared with. Returns [N, M].
    """
    words = tfidf_similarity(said, questions, characters=characters)  # [M, K]
    alike = _unit(new - known.mean(0)) @ _unit(known - known.mean(0)).T  # [N, K]
    nearest = np.argpartition(-alike, min(_NEIGHBOURS, alike.shape[1]) - 1, axis=1)[:, :_NEIGHBOURS]
    weights = np.take_along_axis(alike, nearest, 1)
    return np.einsum("nk,mnk->nm", weights, words[:, nearest])


def picture_features(pictures: np.ndarray) -> np.ndarray:
    """Pictures made as small as can be: uint8 [N, C, H, W] -> float32 [N, C · 64]"""
    count, channels, side, _ = pictures.shape
    cells = pictures.reshape(count, channels, _CELLS, side // _CELLS, _CELLS, side // _CELLS)
    return cells.mean((3, 5), dtype=np.float32).reshape(count, -1)


def spectrum_features(spectra: Iterable[np.ndarray]) -> np.ndarray:
    """Mean and spread of every band over the time: [T, bands] each -> float32 [N, 2 · bands]"""
    return np.stack([np.concatenate((one.mean(0), one.std(0))) for one in spectra]).astype(np.float32)


def zero_shot(similarity: np.ndarray, wanted: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """accuracy of taking the nearest class, and the mean over classes. similarity: of media and classes, [N, K]."""
    given = np.asarray(labels)[similarity.argmax(1)]
    hits = given == np.asarray(wanted)
    each = [float(hits[np.asarray(wanted) == label].mean()) for label in sorted(set(wanted))]
    return {"zero_shot_accuracy": float(hits.mean()), "zero_shot_mean_recall": float(np.mean(each))}


def class_names(classes: Sequence[str]) -> list[str]:
    """The distinct classes, if everything has one and there are several; else none."""
    names = sorted(set(classes))
    return names if len(names) > 1 and "" not in names else []


def commonest(train: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    """The same for whoever always says the commonest class of the training media."""
    labels, counts = np.unique(list(train), return_counts=True)
    return zero_shot(np.ones((len(wanted), 1)), wanted, [str(labels[counts.argmax()])])


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-8)
