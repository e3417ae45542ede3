"""The baseline finds what is there to be found."""

import numpy as np
import pytest

from zaohua.metrics.tfidf import tfidf_classifier, tfidf_nearest, tfidf_retrieval

pytest.importorskip("sklearn")


@pytest.mark.parametrize(
    ("topics", "characters"), [(["cat dog", "stock bond"], False), (["足球比赛", "股票市场"], True)]
)
def test_topics_told_by_their_words(topics, characters):
    draw = np.random.default_rng(0)
    words = [topic.split() if not characters else list(topic) for topic in topics]
    labels = draw.integers(0, 2, 200).tolist()
    glue = "" if characters else " "
    texts = [glue.join(["x", *draw.choice(words[label], 3)]) for label in labels]
    train, validation = (texts[:150], labels[:150]), (texts[150:], labels[150:])
    assert tfidf_classifier(train, validation, 2, characters=characters)["accuracy"] == 1


def test_texts_find_those_that_share_their_words():
    train = ["red house", "green tree", "blue boat", "old stone"]
    right = np.eye(3, dtype=bool)
    found = tfidf_retrieval(
        train, ["red", "tree", "boat"], ["a house red", "some tree", "the boat"], right, characters=False
    )
    assert found["mrr"] == 1
    assert tfidf_nearest(train, ["stone old", "a tree"], characters=False) == [3, 1]


@pytest.mark.parametrize("texts", [["1 + 2", "3 + 4", "5 - 1"], ["☀☁", "☂☃", "☀☂"]], ids=["digits", "signs"])
def test_texts_without_words_are_told_by_their_characters(texts):
    assert tfidf_nearest(texts, texts, characters=False) == [0, 1, 2]
    assert tfidf_retrieval(texts, texts, texts, np.eye(3, dtype=bool), characters=False)["mrr"] == 1


def test_one_label_is_given_to_all():
    train, validation = (["red", "green"], [1, 1]), (["red", "blue"], [1, 0])
    assert tfidf_classifier(train, validation, 2, characters=False)["accuracy"] == 0.5
