"""Pieces of pictures."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.gan.translation.cutting import as_bytes, as_numbers, cut
from zaohua.seeding import sample_keys


@given(st.integers(8, 20), st.booleans(), st.integers(0, 100))
def test_a_piece_stands_in_its_picture_and_partners_are_cut_alike(side, flip, seed):
    pictures = torch.randint(0, 256, (6, 2, 20, 20), dtype=torch.uint8)
    keys = sample_keys(seed, 0, torch.arange(6))
    pieces, partners = (cut(kind, keys, side, flip=flip) for kind in (pictures, 255 - pictures))
    assert pieces.shape == (6, 2, side, side)
    assert torch.equal(partners, 255 - pieces)
    for piece, picture in zip(pieces, pictures, strict=True):
        windows = picture.unfold(1, side, 1).unfold(2, side, 1).permute(1, 2, 0, 3, 4)
        ways = [piece, piece.flip(-1)] if flip else [piece]
        assert any((windows == way).flatten(2).all(2).any() for way in ways)


def test_all_places_and_both_ways_are_met():
    picture = torch.arange(144, dtype=torch.uint8).view(1, 1, 12, 12)
    keys = sample_keys(0, 0, torch.arange(600))
    corners = cut(picture.expand(600, -1, -1, -1), keys, 10, flip=True)[:, 0, 0, 0].tolist()
    assert set(corners) == {12 * y + x for y in range(3) for x in (0, 1, 2, 9, 10, 11)}


def test_bytes_and_numbers_are_each_others_inverse():
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(as_bytes(as_numbers(values)), values)
    assert as_bytes(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]
