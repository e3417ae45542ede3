"""The vectorised shingles against the definition in plain loops."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data import shingles

# Letters and digits of Latin, Greek and Cyrillic make words; Chinese characters and emoji stand alone.
alphabet = st.sampled_from("ab cAé1.,-\n 中文字，。λж😀𠀀")
UNIT = re.compile(r"[a-zé1λж]+|[中文字😀𠀀]")


def plain(text: str) -> list[tuple[str, ...]]:
    units = UNIT.findall(text.lower())
    return [tuple(units[i : i + shingles.WIDTH]) for i in range(len(units) - shingles.WIDTH + 1)]


@given(st.lists(st.text(alphabet, max_size=60), max_size=8))
def test_equal_shingles_have_equal_hashes_and_others_do_not(texts: list[str]) -> None:
    hashes, offsets = shingles.shingle_hashes(texts)
    expected = [plain(text) for text in texts]
    assert np.diff(offsets).tolist() == [len(row) for row in expected]
    code: dict[tuple[str, ...], int] = {}
    for shingle, value in zip([s for row in expected for s in row], hashes.tolist(), strict=True):
        assert code.setdefault(shingle, value) == value
    assert len(set(code.values())) == len(code)


def test_a_text_of_many_chunks() -> None:
    text = "one two three four five six seven " * 20_000  # 680,000 characters
    hashes, offsets = shingles.shingle_hashes(["x y z a b", text, "", "x y z a b"])
    assert np.diff(offsets)[[0, 2, 3]].tolist() == [1, 0, 1]
    assert hashes[0] == hashes[-1]
    assert 140_000 - 20 < np.diff(offsets)[1] < 140_000
    assert len(np.unique(hashes)) < 30  # seven, one more for the other texts, and words cut by a chunk's end
