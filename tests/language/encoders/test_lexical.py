"""Sentence vectors that begin as tf-idf, beside tf-idf."""

import numpy as np
import pytest
import torch

from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.lexical import begin_as_tfidf, token_weights
from zaohua.language.initialise import initialise_encoder

VOCABULARY, SPECIAL = 120, 119


@pytest.fixture(scope="module")
def texts() -> list[np.ndarray]:
    """Token numbers, low ones much more frequent."""
    draw = np.random.default_rng(0)
    odds = 1 / np.arange(1, VOCABULARY)
    return [draw.choice(SPECIAL, draw.integers(3, 15), p=odds / odds.sum()) for _ in range(40)]


def counts(texts: list[np.ndarray]) -> np.ndarray:
    return np.stack([np.bincount(ids, minlength=VOCABULARY) for ids in texts])


def test_weights_are_scikit_learn_s_but_for_their_scale(texts):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    expected = text.TfidfTransformer().fit(counts(texts)).idf_
    found = token_weights(texts, VOCABULARY, [SPECIAL])
    assert found[:SPECIAL] == pytest.approx(expected[:SPECIAL] / (1 + np.log(1 + len(texts))))
    assert found[SPECIAL] == 0


def test_cosines_begin_as_those_of_weighted_counts(texts):
    shape = {"layers": 2, "width": 512, "heads": 4, "kv_heads": 4, "head_dim": 128, "ffn_width": 64}
    encoder = Encoder(EncoderConfig(**shape, vocab_size=VOCABULARY, context=16, head="none"))
    initialise_encoder(encoder, 0)
    weights = token_weights(texts, VOCABULARY, [SPECIAL])
    begin_as_tfidf(encoder, weights, 0)
    with torch.no_grad():
        framed = (torch.tensor([[SPECIAL, *ids.tolist(), SPECIAL]]) for ids in texts)
        vectors = torch.cat([encoder.pooled(encoder.hidden(ids)) for ids in framed]).numpy()
    expected, found = (x @ x.T for x in map(_unit, (counts(texts) * weights, vectors)))
    assert np.abs(found - expected).max() < 0.2, "random directions are only nearly orthogonal"
    assert np.corrcoef(found.flatten(), expected.flatten())[0, 1] > 0.97


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
