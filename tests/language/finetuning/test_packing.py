"""Texts packed into one row: what fits together, and that none of them notices."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.language.chat import Encoded
from zaohua.language.finetuning.packing import Row, pack
from zaohua.language.finetuning.tuning import Scorer
from zaohua.nn.attention import Packed, attention

CPU = torch.device("cpu")


@given(st.lists(st.integers(1, 20), max_size=60))
def test_every_text_is_in_one_window_and_no_window_overflows(lengths):
    windows = pack(lengths, 20)
    assert sorted(index for window in windows for index in window) == list(range(len(lengths)))
    assert all(0 < sum(lengths[index] for index in window) <= 20 for window in windows)
    rooms = sorted(20 - sum(lengths[index] for index in window) for window in windows)
    assert sum(rooms[-2:]) < 20 or len(rooms) < 2, "two windows that are half empty would have been one"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 3), st.none() | st.integers(1, 9))
def test_packed_attention_is_the_block_diagonal_mask(lengths, seed, window):
    generator = torch.Generator().manual_seed(seed)
    total = sum(lengths)
    q = torch.randn(1, 4, total, 8, generator=generator)
    k, v = (torch.randn(1, 2, total, 8, generator=generator) for _ in range(2))
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    back = torch.arange(total)[:, None] - torch.arange(total)
    mask = (owner[:, None] == owner) & (back >= 0) & (back < (window or total))
    packed = attention(q, k, v, window=window, mask=Packed(tuple(lengths)))
    assert torch.allclose(packed, attention(q, k, v, mask=mask), atol=1e-6)


def texts(*lengths: int) -> list[Encoded]:
    dice = np.random.default_rng(sum(lengths))
    return [Encoded(dice.integers(0, 280, n).astype(np.int32), dice.random(n) < 0.6) for n in lengths]


SHAPES = [
    {"qk_norm": True},
    {"qk_norm": False, "bias": "qkv"},
    {"qk_norm": False, "window": 5},
    {"norm": "layer", "positions": "learned", "mlp": "gelu_tanh", "bias": "all", "qk_norm": False, "kv_heads": 4},
]


@pytest.mark.parametrize("shape", SHAPES, ids=["qwen3", "qwen2", "mistral", "gpt2"])
def test_a_packed_text_costs_what_it_costs_alone(make_decoder, shape):
    """Each text's loss is the same in a row of several as by itself, and so is its gradient."""
    scorer, several = Scorer(make_decoder(**shape)), texts(9, 2, 30, 17)
    row = Row.of(several, CPU)
    together = scorer(row)
    for number, text in enumerate(several):
        alone = scorer(Row.of([text], CPU))
        assert torch.allclose(together[row.owners == number], alone, atol=1e-5)
        ids = torch.from_numpy(text.ids.astype(np.int64))
        logits = scorer.decoder(ids[None, :-1])[0].log_softmax(-1).detach()
        plain = [-logits[i, ids[i + 1]] for i in range(len(ids) - 1) if text.learnt[i + 1]]
        assert torch.allclose(alone, torch.tensor(plain), atol=1e-5)
    names = dict(scorer.named_parameters())
    packed = torch.autograd.grad(together[row.owners == 2].sum(), names.values())
    single = torch.autograd.grad(scorer(Row.of(several[2:3], CPU)).sum(), names.values())
    for name, one, other in zip(names, packed, single, strict=True):
        assert torch.allclose(one, other, atol=1e-4), name


def test_windows_of_one_length_are_texts_that_are_learnt_whole():
    windows = torch.randint(0, 280, (3, 11), generator=torch.Generator().manual_seed(0))
    whole = [Encoded(window.numpy().astype(np.int32), np.ones(11, bool)) for window in windows]
    one, other = Row.of_windows(windows), Row.of(whole, CPU)
    for name in ("ids", "positions", "places", "targets", "owners"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name
    assert one.mask == other.mask
