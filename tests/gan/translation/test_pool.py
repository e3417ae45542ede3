"""The pool of earlier pictures."""

import torch

from zaohua.gan.translation.pool import Pool
from zaohua.seeding import sample_keys


def pictures(step: int, batch: int) -> torch.Tensor:
    """Pictures that say when and where they were made."""
    return (1000.0 * step + torch.arange(batch)).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


def run(parts: list[list[int]], steps: int = 40, size: int = 12) -> tuple[torch.Tensor, Pool]:
    pool, shown = Pool(size, 4, (1, 2, 2)), []
    for step in range(steps):
        found = []
        for part in parts:
            indices = torch.tensor(part)
            found.append(pool.exchange(pictures(step, 4)[indices], indices, sample_keys(1, step, indices)))
        shown.append(torch.cat(found)[:, 0, 0, 0])
    return torch.stack(shown), pool


def test_half_of_what_is_shown_is_older_once_it_is_full():
    shown, pool = run([[0, 1, 2, 3]], steps=400)
    made = (shown // 1000).long()
    steps = torch.arange(400)[:, None]
    assert (made[:3] == steps[:3]).all()
    assert (made <= steps).all()
    assert 0.4 < (made < steps)[3:].double().mean() < 0.6
    assert (pool.filled == 3).all()


def test_pictures_made_in_bf16_are_kept_and_come_back_as_such():
    pool, indices = Pool(12, 4, (1, 2, 2)), torch.arange(4)
    for step in range(6):
        shown = pool.exchange(pictures(step, 4).bfloat16(), indices, sample_keys(1, step, indices))
        assert shown.dtype == torch.bfloat16
    assert pool.pictures.dtype == torch.float32


def test_no_picture_is_shown_twice_after_it_is_full_nor_lost():
    """What is given back has left the pool: with what is still inside, every picture is there once."""
    shown, pool = run([[0, 1, 2, 3]], steps=60)
    later = shown[3:].flatten().tolist() + pool.pictures[:, :, 0, 0, 0].flatten().tolist()
    assert sorted(later) == sorted(1000.0 * step + place for step in range(60) for place in range(4))


def test_a_batch_in_parts_is_the_same_batch():
    whole, one = run([[0, 1, 2, 3]])
    parts, other = run([[2, 3], [0], [1]])
    assert torch.equal(parts[:, [2, 3, 0, 1]], whole)
    assert torch.equal(one.pictures, other.pictures)


def test_what_it_holds_is_state():
    _, pool = run([[0, 1, 2, 3]])
    again = Pool(12, 4, (1, 2, 2))
    again.load_state_dict(pool.state_dict())
    indices, made = torch.arange(4), pictures(99, 4)
    keys = sample_keys(1, 99, indices)
    assert torch.equal(pool.exchange(made, indices, keys), again.exchange(made, indices, keys))


def test_without_places_nothing_is_exchanged():
    made = pictures(5, 4)
    assert Pool(0, 4, (1, 2, 2)).exchange(made, torch.arange(4), sample_keys(1, 0, torch.arange(4))) is made
