"""The baseline of everything that reads texts: weighted counts of words, tf-idf, with scikit-learn (extra `baselines`).

Words and pairs of words for writing with spaces; one to three characters for Chinese, and for texts without a single
word of two letters. Weights are
(1 + ln tf) · (1 + ln((1 + N) / (1 + df))), rows of length 1.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from zaohua.extras import need
from zaohua.metrics.classification import confusion_matrix, sorted_scores
from zaohua.metrics.retrieval import retrieval_scores

_WORD = re.compile(r"\w\w")  # what scikit-learn counts
INVERSE_PENALTY = 10.0  # scikit-learn's C; on news in both languages 1 did worse, 100 no better by more than 0.1%


def tfidf_classifier(
    train: tuple[Sequence[str], Sequence[int]],
    validation: tuple[Sequence[str], Sequence[int]],
    labels: int,
    *,
    characters: bool,
) -> dict[str, float]:
    """accuracy and macro_f1 of a logistic regression over tf-idf. train, validation: texts and their labels' numbers.

    characters: count characters, not words. One label in training is given to all. Raises ZaohuaError where
    scikit-learn is missing.
    """
    wanted = np.asarray(validation[1])
    if len(set(train[1])) == 1:
        return sorted_scores(confusion_matrix(wanted, np.full_like(wanted, train[1][0]), labels))
    linear = need("sklearn.linear_model", "baselines")
    counts = _vectorizer(train[0], characters)
    model = linear.LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    model.fit(counts.fit_transform(train[0]), train[1])
    given = model.predict(counts.transform(validation[0]))
    return sorted_scores(confusion_matrix(wanted, np.asarray(given), labels))


def tfidf_retrieval(
    train: Sequence[str], questions: Sequence[str], answers: Sequence[str], right: np.ndarray, *, characters: bool
) -> dict[str, float]:
    """What cosines of tf-idf vectors find; see retrieval_scores. train: texts the weights are fitted on."""
    counts = _vectorizer(train, characters).fit(train)
    return retrieval_scores((counts.transform(questions) @ counts.transform(answers).T).toarray(), right)


def tfidf_nearest(train: Sequence[str], questions: Sequence[str], *, characters: bool) -> list[int]:
    """Number of the training text most like each question."""
    return [int(row.argmax()) for row in tfidf_similarity(train, questions, characters=characters)]


def tfidf_similarity(train: Sequence[str], questions: Sequence[str], *, characters: bool) -> np.ndarray:
    """Cosines of each question with every training text, float64 [questions, train]."""
    counts = _vectorizer(train, characters)
    known = counts.fit_transform(train)
    return (counts.transform(questions) @ known.T).toarray()


def _vectorizer(train: Sequence[str], characters: bool) -> Any:
    text = need("sklearn.feature_extraction.text", "baselines")
    words = not characters and any(_WORD.search(each) for each in train)
    shape = {"ngram_range": (1, 2)} if words else {"analyzer": "char", "ngram_range": (1, 3)}
    return text.TfidfVectorizer(sublinear_tf=True, **shape)
