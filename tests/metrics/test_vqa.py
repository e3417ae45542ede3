"""VQA accuracy by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.vqa import commonest, vqa_accuracy


@pytest.mark.parametrize(
    ("right", "people", "expected"),
    [
        (0, 10, 0.0),
        (1, 10, 0.3),  # nine ways leave one person who agrees: 9 · 1/3 / 10
        (2, 10, 0.6),  # (8 · 2/3 + 2 · 1/3) / 10
        (3, 10, 0.9),  # (7 · 1 + 3 · 2/3) / 10
        (4, 10, 1.0),
        (10, 10, 1.0),
        (1, 1, 1.0),
        (0, 1, 0.0),
        (2, 2, 1.0),
        (1, 2, 0.5),
    ],
)
def test_as_many_agree_as_gave_that_answer(right, people, expected):
    given = ["red"] * right + [f"other {number}" for number in range(people - right)]
    assert vqa_accuracy(["Red"], [given]) == pytest.approx(expected)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=10), st.sampled_from("abcd"))
def test_more_people_who_agree_make_it_no_worse(people, answer):
    found = vqa_accuracy([answer], [people])
    assert 0 <= found <= 1
    assert vqa_accuracy([answer], [[*people[1:], answer]]) >= found - 1e-9 or people[0] == answer


def test_forms_of_one_answer_are_the_same_and_questions_weigh_alike():
    assert vqa_accuracy(["The two cats.", "三个"], [["2 cats"], ["三个。"]]) == 1.0
    assert vqa_accuracy(["yes", "no"], [["yes"], ["yes"]]) == 0.5
    with pytest.raises(ValueError, match="answered"):
        vqa_accuracy(["yes"], [[]])


@given(st.lists(st.lists(st.sampled_from(["1", "one", "The cat.", "cat", "b"]), min_size=1, max_size=10), min_size=1))
def test_no_one_answer_does_better_than_the_commonest(given):
    best = vqa_accuracy([commonest(given)] * len(given), given)
    for answer in ("one", "cat", "b", "d"):
        assert vqa_accuracy([answer] * len(given), given) <= best + 1e-9


def test_the_commonest_answer_is_what_most_people_gave_first_or_not():
    assert commonest([["dark", "Black", "black"]]) == "Black"
    assert commonest([["grey", "red", "red"], ["white", "red", "the red"]]) == "red"
