"""Harper's findings as rates: real text, known errors, disorder."""

import random

import pytest

pytest.importorskip("harper", reason="needs zaohua[grammar]")

from zaohua.metrics.grammar_en import error_rates


def test_known_errors_are_counted_per_hundred_words():
    clean = "She goes to school every day, and her brother walks with her to the old gate."
    wrong = "She go to school every day, and her brother walks with the the old gate."
    assert error_rates([clean]) == {"spelling_errors": 0.0, "grammar_errors": 0.0}
    assert error_rates([wrong])["grammar_errors"] == pytest.approx(100 * 2 / 15)
    assert error_rates(["The zxqv blorf sat."])["spelling_errors"] == pytest.approx(50)
    assert error_rates([]) == error_rates(["!"]) == {}


def test_a_long_sentence_hides_no_error():
    """Harper remarks on sentences of more than 40 words, and gives one finding for one place."""
    short = "he saw the the zxqv and went home"
    counts = [error_rates([" and then ".join([short] * times)]) for times in (1, 12)]
    for kind in ("spelling_errors", "grammar_errors"):
        assert counts[1][kind] == pytest.approx(counts[0][kind], rel=0.3)
        assert counts[0][kind] > 0


def test_a_word_without_end_is_one_unknown_word():
    """Given whole, 200,000 letters take 62 GB."""
    found = error_rates(["hello " + "ab" * 100_000 + " there"])
    assert found == {"spelling_errors": pytest.approx(100 / 3), "grammar_errors": 0.0}


@pytest.mark.parametrize("text", ["😀 hello 😀", "hello\r\nthere\r\n", "\0 hello", "\ud800 hello", "山 hello 水"])
def test_any_text_has_an_answer(text):
    assert error_rates([text])["spelling_errors"] == 0


def test_disorder_has_many_times_the_errors_of_real_text(shared_data):
    words = (shared_data / "text" / "tinystories" / "tinystories_sample.txt").read_text(encoding="utf-8").split()[:3000]
    mixed = random.Random(0).sample(words, len(words))
    real, disorder = error_rates([" ".join(words)]), error_rates([" ".join(mixed)])
    assert disorder["grammar_errors"] > 5 * real["grammar_errors"]
