"""Which pictures are held back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.pictures.split import held_back


def digests(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << 63, (count, 2), dtype=np.uint64)


def grouped(members: list[int]) -> np.ndarray:
    """For each picture the first of its group, from the name of the group."""
    return np.array([members.index(name) for name in members], dtype=np.int64)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 4)), min_size=1, max_size=400),
    st.floats(0.01, 0.6),
    st.integers(0, 5),
)
def test_whole_groups_and_never_all_of_a_class(pictures, share, seed):
    groups = grouped([group for group, _ in pictures])
    labels = np.array([label for _, label in pictures], dtype=np.int64)
    held = held_back(groups, digests(len(pictures)), labels, share, seed)
    for group in np.unique(groups):
        assert len(set(held[groups == group])) == 1
    for label in np.unique(labels):
        assert not held[labels == label].all()
    assert not held_back(groups, digests(len(pictures)), None, share, seed).all()


def test_few_pictures_are_counted_out():
    for count in (2, 10, 57):
        held = held_back(np.arange(count), digests(count), None, 0.1, 1)
        assert held.sum() == max(1, round(count / 10))


def test_with_many_no_picture_moves_another():
    names = digests(3000)
    held = held_back(np.arange(3000), names, None, 0.1, 1)
    assert 240 <= held.sum() <= 360
    assert np.array_equal(held_back(np.arange(1500), names[:1500], None, 0.1, 1), held[:1500])
    assert not np.array_equal(held_back(np.arange(3000), names, None, 0.1, 2), held)


def test_a_crowd_of_copies_does_not_take_the_place_of_all_others():
    groups = grouped([0] * 50 + list(range(1, 51)))
    for seed in range(20):
        held = held_back(groups, digests(100), None, 0.1, seed)
        assert not held[0]
        assert 1 <= held.sum() <= 10
