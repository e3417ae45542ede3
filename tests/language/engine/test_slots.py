"""Slots: texts of about one length share a shelf, within the memory there is, and leave nothing behind."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.language.decoder import DecoderConfig
from zaohua.language.engine.slots import BLOCK, SlotPool

CONFIG = DecoderConfig(
    vocab_size=10, layers=1, width=8, heads=1, kv_heads=1, head_dim=4, ffn_width=8, context=5 * BLOCK
)
SIZE = BLOCK * CONFIG.kv_bytes_per_token()  # bytes of a block


def pool(budget: int) -> SlotPool:
    return SlotPool(CONFIG, budget, torch.zeros(1))


def test_texts_of_about_one_length_stand_side_by_side():
    room = pool(1 << 30)
    slots = [room.take(positions) for positions in (2 * BLOCK, BLOCK + 1, 2 * BLOCK, 5)]
    assert [slot.place for slot in slots] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert room.take(2 * BLOCK + 1).place == (1, 0)
    assert room.take(10**6).capacity == 5 * BLOCK  # no more than the context
    room.give_back(slots[1])
    assert room.take(7).place == (0, 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, CONFIG.context)), max_size=60), st.integers(0, 40))
def test_memory_is_kept_within_bounds(moves, most):
    room, taken = pool(most * SIZE), []
    for give, positions in moves:
        if give and taken:
            room.give_back(taken.pop(positions % len(taken)))
            continue
        slot = room.take(positions)
        assert slot is not None or taken  # a text that is alone gets its slot
        if slot is not None:
            taken.append(slot)
            assert slot.capacity >= positions
        assert room.held <= most * SIZE or len(taken) == 1
    assert room.used == len(taken)
    assert len({slot.kv.data_ptr() for slot in taken}) == len(taken)


def test_what_an_earlier_text_left_is_cleared_as_far_as_it_is_looked_at():
    room = pool(1 << 30)
    slot = room.take(2 * BLOCK)
    slot.kv[:] = torch.nan
    room.give_back(slot)
    again = room.take(2 * BLOCK)
    again.kv[:, :, :, :10] = 1.0
    again.clear(10, 20)
    assert again.kv[:, :, :, :BLOCK].isfinite().all()
    assert (again.kv[:, :, :, :10] == 1).all()
    again.kv[:, :, :, 10:BLOCK] = 2.0
    again.clear(BLOCK - 3, BLOCK + 1)
    assert (again.kv[:, :, :, 10:BLOCK] == 2).all()
    assert again.kv.isfinite().all()
