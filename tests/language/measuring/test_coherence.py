"""The forced choice: known winners, ties, and the definition with a real decoder."""

import numpy as np
import pytest
import torch

from zaohua.language.measuring.coherence import CHOICES, by_decoder, by_table, chose_right
from zaohua.language.measuring.samples import HeldOut
from zaohua.metrics.ngram import WittenBell


def pieces(count, length=3):
    return [
        HeldOut([10 * i + j for j in range(length)], [10 * i + 5 + j for j in range(length)], False)
        for i in range(count)
    ]


def test_who_knows_the_beginning_is_always_right_and_who_knows_nothing_is_right_by_chance():
    def knows(pairs):
        return [float(beginning[0] // 10 != ending[0] // 10) for beginning, ending in pairs]

    assert chose_right(pieces(10), knows) == 1.0
    assert chose_right(pieces(10), lambda pairs: [7.0] * len(pairs)) == 1 / CHOICES
    assert chose_right(pieces(10), lambda pairs: [-nats for nats in knows(pairs)]) == 0.0


def test_how_probable_a_continuation_is_by_itself_decides_nothing():
    """One continuation is cheap after every beginning, another dear: still nothing but chance."""
    assert chose_right(pieces(8), lambda pairs: [float(ending[0]) for _, ending in pairs]) == 1 / CHOICES


def test_beginnings_that_tie_share_the_point():
    def half(pairs):
        return [float(beginning[0] // 10 % 2 != ending[0] // 10 % 2) for beginning, ending in pairs]

    assert chose_right(pieces(8), half) == 1 / 2  # two of each kind in every four


@pytest.mark.parametrize("count", range(CHOICES))
def test_too_few_pieces_make_no_choice(count):
    assert chose_right(pieces(count), lambda pairs: [0.0] * len(pairs)) is None


def test_a_decoder_s_choice_is_by_its_probabilities(make_decoder, tokenizer):
    decoder, draw = make_decoder(), np.random.default_rng(1)
    found = [
        HeldOut(draw.integers(0, 300, 6).tolist(), draw.integers(0, 300, 5).tolist(), False) for _ in range(CHOICES)
    ]
    right = 0
    for own, piece in enumerate(found):
        nats = []
        for other in found:
            ids = torch.tensor([[*other.beginning, *piece.rest]])
            with torch.no_grad():
                logs = decoder(ids[:, :-1]).log_softmax(-1)
            nats.append(-logs[0, 5:].gather(-1, ids[0, 6:, None]).sum().item())
        right += int(np.argmin(nats) == own)
    assert chose_right(found, by_decoder(decoder)) == right / CHOICES


def test_a_table_hears_no_more_than_its_order():
    """A 2-gram table knows from the last token what follows; from the one before it, nothing."""
    train = np.tile([1, 2, 3, 4, 5, 6, 7, 8], 50)
    table = WittenBell.fit(train, 10, 2)
    follows = [HeldOut([first], [first + 1], False) for first in (1, 3, 5, 7)]
    assert chose_right(follows, by_table(table)) == 1.0
    hidden = [HeldOut([first, 9], [first + 1], False) for first in (1, 3, 5, 7)]
    assert chose_right(hidden, by_table(table)) == pytest.approx(1 / CHOICES)
