"""One clock for streams of different pace, against the definition in loops."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.multimodal.fusion import make_fusion
from zaohua.multimodal.fusion.clocks import Stream, align


def defined(values: list[float], valid: list[bool], steps: int, used: int) -> list[float | None]:
    """Each step is the mean over the valid frames, weighted by how much of the step's span each covers."""
    own = max((n + 1 for n, there in enumerate(valid) if there), default=0)
    found: list[float | None] = []
    for t in range(steps):
        shares = []
        for s in range(own):
            start, end = max(Fraction(t, used), Fraction(s, own)), min(Fraction(t + 1, used), Fraction(s + 1, own))
            shares.append(max(Fraction(0), end - start) * valid[s])
        total = sum(shares)
        found.append(
            float(sum(share * Fraction(v) for share, v in zip(shares, values, strict=False)) / total) if total else None
        )
    return found


@given(data=st.data(), frames=st.integers(1, 9), steps=st.integers(1, 9))
def test_a_step_is_the_mean_of_its_span(data, frames, steps):
    used = data.draw(st.integers(1, steps))
    values = data.draw(st.lists(st.floats(-9, 9, width=16), min_size=frames, max_size=frames))
    valid = data.draw(st.lists(st.booleans(), min_size=frames, max_size=frames))
    stream = Stream((torch.tensor(values).double() * torch.tensor(valid))[None, :, None], torch.tensor(valid)[None])
    x, mask = align(stream, steps, torch.tensor([used]))
    expected = defined(values, valid, steps, used)
    assert mask[0].tolist() == [value is not None for value in expected]
    assert x[0, :, 0].tolist() == pytest.approx([value or 0.0 for value in expected])


def test_a_stream_on_its_own_clock_is_itself():
    x = torch.randn(2, 7, 3)
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 4:] = False
    x = torch.where(mask[..., None], x, 0)
    found = align(Stream(x, mask), 7, torch.tensor([7, 4]))
    assert torch.equal(found.x, x)
    assert torch.equal(found.mask, mask)


def test_one_step_is_the_mean_of_all_that_is_valid():
    torch.manual_seed(0)
    fusion = make_fusion("sum", {"audio": 3, "image": 2}, 4)
    audio, image = torch.randn(2, 5, 3), torch.randn(2, 1, 2)
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 1, 0, 0]]).bool()
    means = torch.stack([audio[0, [0, 1, 3]].mean(0), audio[1, 2]])[:, None]
    torch.testing.assert_close(
        fusion({"audio": audio, "image": image}, {"audio": mask}).x, fusion({"audio": means, "image": image}).x
    )


def test_the_named_modality_leads():
    torch.manual_seed(0)
    fusion = make_fusion("sum", {"audio": 3, "image": 2}, 4, clock="audio")
    audio, image = torch.randn(1, 6, 3), torch.randn(1, 2, 2)
    fused = fusion({"audio": audio, "image": image}).x
    for t in range(6):
        step = fusion({"audio": audio[:, t : t + 1], "image": image[:, t // 3 : t // 3 + 1]}).x
        torch.testing.assert_close(fused[:, t : t + 1], step)


def test_without_the_leading_modality_the_longest_leads():
    fusion = make_fusion("sum", {"audio": 3, "image": 2, "text": 2}, 4, clock="audio")
    assert fusion({"image": torch.randn(1, 2, 2), "text": torch.randn(1, 5, 2)}).x.shape == (1, 5, 4)
