"""Matching with meaning, by vectors made up here; and the encoder itself where this machine has it."""

from collections.abc import Sequence

import numpy as np
import pytest

from zaohua.careers.exposure import meaning
from zaohua.careers.exposure import model as models
from zaohua.careers.exposure.assess import assess
from zaohua.careers.exposure.matching import Matcher, by_term, matcher
from zaohua.careers.exposure.words import fitted

HERE = meaning.is_here()
with_encoder = pytest.mark.skipif(not HERE, reason="the sentence encoder (zaohua careers assess --encoder) is not here")
DOCUMENTS = [f"work{number} tools" for number in range(60)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Matcher:
    """Sixty occupations, each with a direction of its own; a text points to the number it ends with."""

    def vectors(texts: Sequence[str], language: str) -> np.ndarray:
        assert language == "en"
        return np.stack(
            [np.mean([np.eye(60)[int(line.split()[-1])] for line in text.split("\n")], 0) for text in texts]
        )

    monkeypatch.setattr(meaning, "is_here", lambda: True)
    monkeypatch.setattr(meaning, "vectors", vectors)
    words = fitted("en", DOCUMENTS, least=1)
    return Matcher(
        words, [f"c{number}" for number in range(60)], *by_term(words, DOCUMENTS), np.eye(60, dtype=np.float32)
    )


def test_meaning_finds_what_words_do_not(made: Matcher) -> None:
    assert made.means
    assert made.rank("tools 7", 1)[0][0] == "c7"
    found = made.mixture(["tools 7", "tools 7", "tools 9"])
    assert [match.code for match in found] == ["c7", "c9"]
    assert found[0].share == pytest.approx(2 / 3, abs=0.05)


def test_a_duty_of_no_known_word_is_of_no_occupation(made: Matcher) -> None:
    """Vectors of what is no language point somewhere all the same."""
    assert [match.code for match in made.mixture(["zzz 7"])] == [""]


def test_without_the_encoder_words_decide(made: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_here", lambda: False)
    assert made.rank("work3 5", 1)[0][0] == "c3"
    assert np.array_equal(made.likeness(["work3 5"]), made.cosines(["work3 5"]))


def test_centred_vectors_have_length_one() -> None:
    rng = np.random.default_rng(4)
    found = meaning.centred(rng.normal(size=(5, 8)), rng.normal(size=8))
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert not meaning.unit(np.zeros((2, 8))).any()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_ships_fits_the_encoder(language: str) -> None:
    """Means, landmarks and vectors of occupations are there for both languages, of one width."""
    assert meaning.means()[language].shape == (384,)
    base = models.model(f"{language}-meaning").base
    assert base.landmarks is not None
    assert base.landmarks.shape[1] == 384
    vectors = matcher(language)._vectors
    assert vectors is not None
    assert vectors.shape == (len(matcher(language).codes), 384)


@with_encoder
def test_sentences_of_one_meaning_lie_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    english = ["Weld steel plates", "Write reports for the management", "Cut hair"]
    chinese = ["焊接钢板", "为管理层撰写报告", "给顾客剪头发"]
    cosines = meaning.vectors(english, "en") @ meaning.vectors(chinese, "zh").T
    assert (np.diag(cosines) > np.where(np.eye(3, dtype=bool), -1, cosines).max(1) + 0.2).all()


@with_encoder
@pytest.mark.parametrize(
    ("duties", "code"),
    [
        (["把钢构件焊在一起", "将焊口磨平", "查验焊得好不好"], "6-18-02-04"),
        (["给客人洗头、剪发", "烫发染发", "设计发型"], "4-10-03-02"),
        (["Render German agreements in our language", "Speak for both sides in talks between firms"], "27-3091"),
    ],
)
def test_a_persons_own_words_find_the_occupation(duties: list[str], code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "is_here", lambda: True)
    language = "en" if duties[0].isascii() else "zh"
    assert matcher(language).mixture(duties)[0].code == code
    assert assess(duties).mixture[0].code == code
