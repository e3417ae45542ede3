"""A report of all measures: the floor is what real samples get, and what is wrong shows where it should."""

import json

import numpy as np
import pytest

from zaohua.errors import ZaohuaError
from zaohua.i18n import set_language
from zaohua.judges.extractor import Reading
from zaohua.judges.scores import MEASURES, compare, score_rows


def reading(features: np.ndarray) -> Reading:
    """With the class that is nearest of four corners."""
    logits = features[:, :4]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Reading(features.astype(np.float32), probabilities.astype(np.float32))


@pytest.fixture(scope="module")
def clouds() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    train, held_out, same = draw.normal(size=(3, 500, 8)) * 2
    return {
        "train": train,
        "held_out": held_out,
        "same": same,
        "moved": same + 2,
        "collapsed": same[:1] + 0.01 * draw.normal(size=(500, 8)),
        "copied": train[::-1] + 1e-4 * draw.normal(size=(500, 8)),
    }


def report(clouds: dict[str, np.ndarray], fake: str) -> dict:
    return compare(reading(clouds["train"]), reading(clouds["held_out"]), reading(clouds[fake]), "toy@1", seed=1)


def test_real_samples_score_their_own_floor(clouds):
    found = report(clouds, "held_out")
    for name in set(MEASURES) - {"copies"}:
        assert found[name]["value"] == found[name]["floor"]
    assert found["copies"]["value"] == pytest.approx(0.01, abs=0.005)
    assert json.loads(json.dumps(found)) == found


def test_what_is_wrong_shows(clouds):
    same, moved, collapsed, copied = (report(clouds, name) for name in ("same", "moved", "collapsed", "copied"))
    assert same["fd"]["value"] < 2 * same["fd"]["floor"]
    assert moved["fd"]["value"] > 8 * 4  # at least the square of how far it moved
    assert moved["kid"]["value"] > 10 * abs(moved["kid"]["floor"])
    assert collapsed["coverage"]["value"] < 0.1 < same["coverage"]["value"]
    assert collapsed["class_score"]["value"] == pytest.approx(1, abs=0.01)
    assert copied["copies"]["value"] == 1
    assert copied["fd"]["value"] < copied["fd"]["floor"]
    closest = copied["nearest"][0]
    assert closest["training"] == 499 - closest["sample"]
    assert [pair["distance"] for pair in copied["nearest"]] == sorted(pair["distance"] for pair in copied["nearest"])


def test_values_and_floors_are_of_equal_numbers(clouds):
    fewer = compare(reading(clouds["train"]), reading(clouds["held_out"][:60]), reading(clouds["same"]), "toy@1")
    assert fewer["count"] == 60
    assert fewer["reference"] == 500
    assert fewer["fd"]["value"] > 2 * report(clouds, "same")["fd"]["value"]  # the distance falls with the number
    assert fewer["fd"]["value"] == pytest.approx(fewer["fd"]["floor"], rel=0.5)


def test_too_few_pictures_say_so(clouds):
    with pytest.raises(ZaohuaError, match="at least 2"):
        compare(reading(clouds["train"]), reading(clouds["held_out"][:1]), reading(clouds["same"]), "toy@1")
    two = compare(reading(clouds["train"]), reading(clouds["held_out"][:2]), reading(clouds["same"]), "toy@1")
    assert two["count"] == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_table_names_the_extractor_and_stands_beside_the_floor(clouds, language):
    set_language(language)
    rows = score_rows(report(clouds, "same"))
    set_language("en")
    assert len(rows) == len(MEASURES)
    assert "toy@1" in rows[0][0]
    assert all(value and floor for _, value, floor in rows)
