"""Leave-one-out and Shapley values, against their definitions, and their page."""

import math
from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.multimodal.fusion.explaining import leave_one_out, shapley
from zaohua.multimodal.fusion.page import Attribution, render, write_attributions
from zaohua.report.html import tag

NAMES = ("a", "b", "c")
SETS = [frozenset(name for n, name in enumerate(NAMES) if code >> n & 1) for code in range(8)]
games = st.lists(st.floats(-5, 5, width=32), min_size=8, max_size=8)


def value(worth: list[float]):
    return lambda kept: torch.tensor([worth[SETS.index(kept)], 0.0]).double()


@given(worth=games)
def test_shapley_is_the_mean_over_all_orders(worth):
    got = shapley(value(worth), NAMES)
    assert got.shape == (2, 1, 3)
    for m, name in enumerate(NAMES):
        gains = []
        for order in permutations(NAMES):
            before = frozenset(order[: order.index(name)])
            gains.append(worth[SETS.index(before | {name})] - worth[SETS.index(before)])
        assert got[0, 0, m].item() == pytest.approx(math.fsum(gains) / 6, abs=1e-9)
    assert got[0].sum().item() == pytest.approx(worth[7] - worth[0], abs=1e-9)


@given(worth=games)
def test_leaving_one_out_is_the_difference(worth):
    got = leave_one_out(value(worth), NAMES)
    expected = [worth[7] - worth[SETS.index(frozenset(NAMES) - {name})] for name in NAMES]
    assert got[0, 0].tolist() == pytest.approx(expected, abs=1e-9)


def test_steps_are_kept():
    def worth(kept: frozenset[str]) -> torch.Tensor:
        return torch.arange(3.0).expand(2, 3) * len(kept)

    torch.testing.assert_close(shapley(worth, NAMES), torch.arange(3.0)[None, :, None].expand(2, 3, 3))
    torch.testing.assert_close(leave_one_out(worth, NAMES), torch.arange(3.0)[None, :, None].expand(2, 3, 3))


def test_exact_values_are_for_few_modalities():
    with pytest.raises(ValueError, match="10 modalities"):
        shapley(value([0.0] * 8), tuple("abcdefghijk"))


EXAMPLE = Attribution(
    name="7_<jackson>_32",
    answer="7",
    probability=0.91,
    truth="1",
    modalities=("audio", "image"),
    present=(True, False),
    weights=(1.0, 0.0),
    left_out=(2.25, 0.0),
    shapley=(-1.5, 0.0),
    shown=(None, tag("b", "picture")),
)


@pytest.mark.parametrize(("language", "sentence"), [("en", "Weights are not causes"), ("zh", "权重不是原因")])
def test_the_page_says_that_weights_are_not_causes(tmp_path, language, sentence):
    path = tmp_path / "attributions.html"
    write_attributions(path, "Digits", [EXAMPLE], language)
    page = path.read_text(encoding="utf-8")
    assert sentence in page
    assert "7_&lt;jackson&gt;_32" in page
    assert "+2.25" in page
    assert "-1.50" in page
    assert "<b>picture</b>" in page
    assert "https://" not in page


def test_a_fusion_without_weights_has_its_page_too():
    page = render("Digits", [Attribution("x", "7", 0.5, None, ("a",), (True,), None, (0.0,), (0.0,))])
    assert "50.0%" in page
