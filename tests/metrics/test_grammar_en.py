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


def test_disorder_has_many_times_the_errors_of_real_text(shared_data):
    words = (shared_data / "text" / "tinystories" / "tinystories_sample.txt").read_text(encoding="utf-8").split()[:3000]
    mixed = random.Random(0).sample(words, len(words))
    real, disorder = error_rates([" ".join(words)]), error_rates([" ".join(mixed)])
    assert disorder["grammar_errors"] > 5 * real["grammar_errors"]
