"""Near copies against plain edit distance over every passage, and with edited copies planted on purpose."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.metrics import near_copies as module
from zaohua.metrics.near_copies import EDITS, WINDOW, joined, near_copies, near_copy_report, source_units


def plain_distance(window, source):
    """Fewest edits between the window and any passage of the source, by the recurrence cell by cell."""
    row = [0] * (len(source) + 1)  # a passage may begin anywhere
    for i, unit in enumerate(window, 1):
        previous, row = row, [i]
        for j, other in enumerate(source, 1):
            row.append(min(previous[j - 1] + (unit != other), previous[j] + 1, row[j - 1] + 1))
    return min(row)


def edited(words, changes, draw):
    words = list(words)
    for _ in range(changes):
        place = draw.randrange(len(words))
        kind = draw.choice(["replace", "leave out", "put in"])
        words[place : place + (kind != "put in")] = [] if kind == "leave out" else ["new"]
    return words


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 6), st.integers(2, 400), st.integers(1, 90))
def test_agrees_with_edit_distance_however_the_source_is_cut(seed, changes, vocabulary, piece):
    """Windows copied with 0 to 6 changes, from a source of few or many words, in pieces of any size."""
    draw = random.Random(seed)
    source = [f"w{draw.randrange(vocabulary)}" for _ in range(90)]
    start = draw.randrange(60)
    text = edited(source[start : start + 26], changes, draw)
    pieces = [source[i : i + piece] for i in range(0, len(source), piece)]
    (found,) = near_copies([" ".join(text)], pieces)
    fewest = [plain_distance(text[i : i + WINDOW], source) for i in range(len(text) - WINDOW + 1)]
    assert found.windows == len(fewest)
    assert found.near == sum(edits <= EDITS for edits in fewest)
    assert found.exact == sum(edits == 0 for edits in fewest)


@pytest.mark.parametrize(("changes", "near"), [(0, True), (3, True), (4, False)])
def test_three_changes_do_not_hide_a_copy_and_four_do(changes, near):
    source = [f"s{i}" for i in range(1000)]
    copy = source[500:520]
    for place in (2, 7, 12, 17)[:changes]:  # one in each quarter
        copy[place] = "changed"
    (found,) = near_copies([" ".join(copy)], [source])
    assert (found.near == 1, found.exact == 1) == (near, changes == 0)
    assert found.longest == (WINDOW if near else 0)


def test_case_punctuation_and_blank_space_do_not_hide_a_copy():
    source = "却说玄德引关张二人，率五百军，星夜投广宗来。见了卢植，入帐施礼，具道来意。"
    disguised = "却说 玄德，引关张二人率五百军；星夜投广宗来！见了卢植入帐施礼具道来意"
    (found,) = near_copies([disguised], source_units(Letters(), Letters().encode(source)))
    assert found.windows == found.exact > 0
    assert found.passage == joined([letter for letter in disguised if letter.isalpha()])
    (english,) = near_copies([" ".join(f"Word{i}," for i in range(30))], [[f"word{i}" for i in range(30)]])
    assert english.exact == english.windows == 11


def test_the_longest_stretch_is_what_was_copied():
    draw = random.Random(3)
    source = [f"s{draw.randrange(5000)}" for _ in range(5000)]
    text = [f"t{i}" for i in range(40)] + source[100:160] + [f"t{i}" for i in range(40, 80)]
    (found,) = near_copies([" ".join(text)], [source])
    assert 60 <= found.longest <= 60 + 2 * EDITS  # at each end up to three foreign words pass as edits
    assert " ".join(source[100:160]) in found.passage


def test_texts_that_repeat_one_word_stay_cheap(monkeypatch):
    """Equal windows are compared once: the number of comparisons does not grow with the product of the lengths."""
    compared = []
    plain = module._edit_distances
    monkeypatch.setattr(
        module, "_edit_distances", lambda windows, *rest: compared.append(len(windows)) or plain(windows, *rest)
    )
    (found,) = near_copies(["la " * 400], [["la"] * 20_000])
    assert found.exact == found.windows == 381
    assert sum(compared) < 2 * 20_000


class Letters:
    """A tokeniser of characters."""

    def encode(self, text):
        return np.array([ord(letter) for letter in text])

    def decode(self, ids):
        return "".join(map(chr, ids))


def test_report_puts_real_text_beside_generated():
    source = [f"s{i}" for i in range(300)]
    copied, fresh = " ".join(source[50:110]), " ".join(f"f{i}" for i in range(60))
    report = near_copy_report([copied, fresh], [fresh, "too short"], [source])
    assert report["share"] == report["exact"] == 0.5
    assert report["longest"] == 60
    assert report["passage"] == copied
    assert report["reference"] == {"share": 0.0, "exact": 0.0, "longest": 0, "passage": ""}
    assert near_copy_report(["too short"], [], [source])["share"] is None


def test_nothing_to_compare():
    assert near_copies([], [["a"]]) == []
    assert near_copies(["a few words"], [["a", "few", "words"]])[0].windows == 0
    assert near_copies(["word " * 30], [])[0].near == 0
    empty = near_copy_report([], [], [])
    assert (empty["share"], empty["longest"], empty["reference"]["share"]) == (None, 0, None)
