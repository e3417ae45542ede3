"""Fits the two layers: ridge regression on words and nearness, then logistic regressions that calibrate its scores.

The first layer learns the published labels of a task three times over: as they stand, averaged over the tasks of the
same work activities, and for the titles of these activities, since labels of one activity differ less between
occupations than a single label is noisy. Activities serve in fitting only: what is scored is text alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zaohua.careers.exposure.base import Activities, Base, nearness
from zaohua.careers.exposure.words import Rows, fitted
from zaohua.extras import need

PENALTY = 0.7  # λ of the ridge regression
LOGISTIC = 3.0  # scikit-learn's C of the logistic regression beside it
LANDMARKS = 1000  # tasks, beside all activity titles
_ROUNDS = 60  # of conjugate gradients: more change nothing in the third digit


@dataclass(frozen=True)
class Teaching:
    """What a fit learns from. texts [N]; targets: shares of the classes of each question, [N, C] each;
    activities [N, A]: which activities a task belongs to, rows summing to 1 or 0; groups [A]: the wider activity."""

    texts: Sequence[str]
    targets: Sequence[np.ndarray]
    activities: np.ndarray
    titles: Sequence[str]
    groups: np.ndarray
    vectors: np.ndarray | None = None
    title_vectors: np.ndarray | None = None

    def only(self, rows: np.ndarray) -> "Teaching":
        """The same with these tasks alone."""
        return Teaching(
            [self.texts[row] for row in rows],
            [target[rows] for target in self.targets],
            self.activities[rows],
            self.titles,
            self.groups,
            None if self.vectors is None else self.vectors[rows],
            self.title_vectors,
        )


def by_activity(target: np.ndarray, activities: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean shares of each activity, drawn to those of its group, and these to all. [N, C], [N, A] -> [A, C]"""
    sums, counts = activities.T @ target, activities.sum(0)[:, None]
    wide_sums = np.zeros((groups.max() + 1, target.shape[1]))
    wide_counts = np.zeros((groups.max() + 1, 1))
    np.add.at(wide_sums, groups, sums)
    np.add.at(wide_counts, groups, counts)
    wide = (wide_sums + 2 * target.mean(0)) / (wide_counts + 2)
    return (sums + wide[groups]) / (counts + 1)


def fit_base(known: Teaching, language: str = "en", seed: int = 6) -> Base:
    """The first layer. Columns: for every target the label and the activity's mean, then two logistic regressions."""
    means = [by_activity(target, known.activities, known.groups) for target in known.targets]
    placed = known.activities.sum(1) > 0
    columns = []
    for target, mean in zip(known.targets, means, strict=True):
        smooth = np.where(placed[:, None], known.activities @ mean, target)
        columns += [target, smooth]
    seen = np.flatnonzero(known.activities.sum(0) > 0)
    titles = [known.titles[number] for number in seen.tolist()]
    wanted = np.vstack([np.hstack(columns), np.hstack([part for mean in means for part in (mean[seen], mean[seen])])])
    texts = [*known.texts, *titles]
    words = fitted(language, texts, least=2)
    rows = words.rows(texts)
    counts = _sparse(rows, len(words.idf))
    features, landmarks, mapped, activities = None, None, None, None
    if known.vectors is not None and known.title_vectors is not None:
        chosen = np.random.default_rng(seed).choice(len(known.texts), min(LANDMARKS, len(known.texts)), replace=False)
        landmarks = np.vstack([known.title_vectors, known.vectors[chosen]])
        mapped = whitener(landmarks)
        features = nearness(np.vstack([known.vectors, known.title_vectors[seen]]), landmarks) @ mapped
        centres = known.activities.T @ known.vectors + known.title_vectors
        votes = np.hstack([means[0], means[1]])[seen].astype(np.float32)
        centres = (centres / np.linalg.norm(centres, axis=1, keepdims=True))[seen]
        activities = Activities(centres, votes, known.activities.sum(0)[seen])
    mean = wanted.mean(0).astype(np.float32)
    weights, near = ridge(counts, features, (wanted - mean).astype(np.float32))
    linear = need("sklearn.linear_model", "baselines")
    for target in known.targets[:2]:
        model = linear.LogisticRegression(C=LOGISTIC, max_iter=200, tol=1e-3)
        model.fit(counts[: len(known.texts)], target.argmax(1))
        weights = np.hstack([weights, model.coef_.T.astype(np.float32)])
        mean = np.concatenate([mean, model.intercept_.astype(np.float32)])
    if near is not None and landmarks is not None:
        near = np.hstack([mapped @ near, np.zeros((len(landmarks), weights.shape[1] - near.shape[1]), np.float32)])
    return Base(language, words, weights, mean, landmarks, near, activities)


def ridge(counts, features: np.ndarray | None, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Weights of counts [N, V] and features [N, F] in the dual form, by conjugate gradients."""
    turned = counts.T.tocsr()

    def system(at: np.ndarray) -> np.ndarray:
        found = counts @ (turned @ at) + PENALTY * at
        return found if features is None else found + features @ (features.T @ at)

    dual = _conjugate_gradients(system, wanted)
    return turned @ dual, None if features is None else features.T @ dual


def _conjugate_gradients(system, wanted: np.ndarray) -> np.ndarray:
    """All columns at once (Hestenes and Stiefel 1952)."""
    found, rest = np.zeros_like(wanted), wanted.copy()
    step, size = rest.copy(), (rest**2).sum(0)
    for _ in range(_ROUNDS):
        image = system(step)
        length = size / np.maximum((step * image).sum(0), 1e-12)
        found += length * step
        rest -= length * image
        before, size = size, (rest**2).sum(0)
        step = rest + size / np.maximum(before, 1e-20) * step
    return found


def whitener(landmarks: np.ndarray) -> np.ndarray:
    """Nyström's map: nearness to landmarks @ this has the nearness of any two texts as its inner product."""
    values, vectors = np.linalg.eigh(nearness(landmarks, landmarks).astype(np.float64))
    kept = values > values.max() * 1e-5
    return (vectors[:, kept] * values[kept] ** -0.5).astype(np.float32)


def _sparse(rows: Rows, width: int):
    return need("scipy.sparse", "baselines").csr_matrix(
        (rows.weights, rows.columns, rows.starts), shape=(len(rows.starts) - 1, width)
    )


@dataclass(frozen=True)
class Calibration:
    """Second layer: probabilities = softmax((scores - mean) / scale @ weights + bias)."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """[N, K] -> [N, C]"""
        logits = (scores - self.mean) / self.scale @ self.weights + self.bias
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)


def calibrate(scores: np.ndarray, labels: np.ndarray, strength: float = 1.0) -> Calibration:
    """Logistic regression on scores of texts that the first layer has not seen."""
    mean, scale = scores.mean(0), scores.std(0) + 1e-6
    linear = need("sklearn.linear_model", "baselines")
    model = linear.LogisticRegression(C=strength, max_iter=500).fit((scores - mean) / scale, labels)
    return Calibration(mean, scale, model.coef_.T, model.intercept_)
