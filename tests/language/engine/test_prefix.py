"""Shared beginnings: what is copied is what would have been read, within the budget."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.language.decoder import DecoderConfig
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.layouts import Layout
from zaohua.language.engine.prefix import PrefixStore
from zaohua.language.engine.request import Request
from zaohua.language.engine.slots import BLOCK, SlotPool
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")

GREEDY = SamplingConfig(temperature=0)


class Counting:
    """A model that counts the tokens it reads."""

    def __init__(self, model: Layout) -> None:
        self.model, self.tokens, self.logits = model, 0, model.logits

    def __call__(self, *arguments):
        self.tokens += len(arguments[0])
        return self.model(*arguments)


def test_a_beginning_is_read_once_and_changes_nothing(make_decoder, tokenizer):
    decoder = make_decoder(context=300)
    shared, ends = torch.arange(200) % 90, ([1, 2, 3], [4], [5] * 60)
    prompts = [[*shared.tolist(), *end] for end in ends]
    asked = [[Request(prompt=prompt, sampling=GREEDY, max_new_tokens=30)] for prompt in prompts]
    without = [Engine(decoder, tokenizer, prefix_memory=0).complete(each) for each in asked]
    engine = Engine(decoder, tokenizer)
    engine.model = counting = Counting(engine.model)
    for each, expected in zip(asked, without, strict=True):
        before = counting.tokens
        assert engine.complete(each) == expected
        read = len(each[0].prompt) - (3 * BLOCK if each is not asked[0] else 0)
        assert counting.tokens - before == read + 29  # the last token that is written is not read again
    assert len(engine.prefixes) >= 3


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=5), min_size=1, max_size=12), st.integers(0, 6))
def test_the_store_returns_what_was_kept_and_stays_within_its_budget(texts, room):
    """Texts of whole blocks, each all zeros or all ones, so that many share beginnings; numbers that name them."""
    config = DecoderConfig(
        layers=1, width=8, heads=1, kv_heads=1, head_dim=8, ffn_width=8, vocab_size=2, context=6 * BLOCK
    )
    pool = SlotPool(config, 1 << 30, torch.zeros(1))
    block_bytes = BLOCK * config.kv_bytes_per_token()
    store = PrefixStore(room * block_bytes)
    for text in texts:
        ids = [bit for bit in text for _ in range(BLOCK)] + [0]
        slot = pool.take(len(ids))
        store.fill(slot, ids)
        assert slot.length % BLOCK == 0
        for start in range(0, slot.length, BLOCK):
            path = text[: start // BLOCK + 1]
            assert (slot.kv[:, :, :, start : start + BLOCK] == _name(path)).all()
        for start in range(0, len(ids) - 1, BLOCK):
            slot.kv[:, :, :, start : start + BLOCK] = _name(text[: start // BLOCK + 1])
        slot.length = len(ids)
        store.keep(slot, ids)
        assert store.bytes == len(store) * block_bytes <= store.budget
        again = pool.take(len(ids))
        store.fill(again, ids)
        assert again.length >= min(room, len(text)) * BLOCK * (room >= len(text))
        pool.give_back(again)
        pool.give_back(slot)


def _name(path: list[int]) -> float:
    return float(int("1" + "".join(map(str, path)), 2))


def test_the_last_token_is_always_read(make_decoder):
    """Its logits are wanted, so a prompt of whole blocks is never copied to its end."""
    config = make_decoder(context=300).config
    pool, store = SlotPool(config, 1 << 30, torch.zeros(1)), PrefixStore(1 << 30)
    slot, ids = pool.take(2 * BLOCK), [1] * (2 * BLOCK)
    slot.kv.zero_()
    slot.length = 2 * BLOCK
    store.keep(slot, ids)
    fresh = pool.take(2 * BLOCK)
    store.fill(fresh, ids)
    assert fresh.length == BLOCK
