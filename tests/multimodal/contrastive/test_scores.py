"""Numbers of finding: ways and languages, luck, neighbours, classes."""

from math import comb

import numpy as np
import pytest

from zaohua.metrics.retrieval import cross_modal_scores
from zaohua.multimodal.contrastive.scores import (
    chance,
    class_names,
    commonest,
    neighbour_similarity,
    picture_features,
    retrieval,
    spectrum_features,
    zero_shot,
)

LANGUAGES = {"en": np.array([0, 2, 4, 5]), "zh": np.array([1, 3])}


def _case() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    right = np.zeros((8, 6), bool)
    right[np.arange(8), [0, 0, 1, 2, 3, 3, 4, 5]] = True
    right[2, 4] = True
    return draw.random((8, 6)), right


def test_each_way_is_scored_in_its_language_alone():
    similarity, right = _case()
    found = retrieval(similarity, right, LANGUAGES)
    expected = cross_modal_scores(similarity[:, [1, 3]].T, right[:, [1, 3]].T)
    assert {name: found[f"zh_find_{name}"] for name in expected} == expected
    expected = cross_modal_scores(similarity[:, [0, 2, 4, 5]], right[:, [0, 2, 4, 5]])
    assert {name: found[f"en_name_{name}"] for name in expected} == expected
    ways = [found[f"{language}_{way}_recall_at_5"] for language in LANGUAGES for way in ("find", "name")]
    assert found["recall_at_5"] == pytest.approx(np.mean(ways))


def test_luck_is_near_what_counting_orders_says():
    right = np.zeros((60, 60), bool)
    right[np.arange(60), np.arange(60)] = right[np.arange(60), (np.arange(60) + 1) % 60] = True
    found = chance(right, {"en": np.arange(60)})
    for k in (1, 5, 10):
        assert found[f"recall_at_{k}"] == pytest.approx(1 - comb(58, k) / comb(60, k), abs=0.03)


def test_neighbours_lend_their_captions():
    pytest.importorskip("sklearn")
    known = np.eye(6, dtype=np.float32)
    said = ["a red heart", "a blue heart", "a cat", "a dog", "a house", "a tree"]
    new = known[[2, 0]] + 0.1
    found = neighbour_similarity(known, new, said, ["a cat", "a red heart"], characters=False)
    assert found.argmax(1).tolist() == [0, 1]


def test_features_are_means_of_cells_and_bands():
    pictures = np.arange(2 * 3 * 16 * 16, dtype=np.uint8).reshape(2, 3, 16, 16)
    found = picture_features(pictures)
    assert found.shape == (2, 3 * 64)
    assert found[1, 64 + 9] == pytest.approx(pictures[1, 1, 2:4, 2:4].mean())
    spectra = [np.random.default_rng(n).random((5 + n, 4)) for n in range(3)]
    assert spectrum_features(spectra)[2] == pytest.approx([*spectra[2].mean(0), *spectra[2].std(0)])


def test_classes_by_their_names():
    wanted = ["cat", "cat", "cat", "dog"]
    similarity = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.7, 0.3]])
    found = zero_shot(similarity, wanted, ["cat", "dog"])
    assert found == {"zero_shot_accuracy": 0.5, "zero_shot_mean_recall": pytest.approx((2 / 3 + 0) / 2)}
    assert commonest(["dog", "cat", "cat"], wanted) == {"zero_shot_accuracy": 0.75, "zero_shot_mean_recall": 0.5}
    assert class_names(["dog", "cat", "dog"]) == ["cat", "dog"]
    assert class_names(["dog", ""]) == class_names(["dog", "dog"]) == []
