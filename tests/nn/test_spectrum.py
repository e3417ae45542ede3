"""Short spectra: what they are by definition, and that they become the wave again however they are parted."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.nn.spectrum import OverlapAdd, spectra, wave_of

SIZES = [(16, 4), (18, 6), (8, 4)]  # samples of a window, of a hop


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_a_frame_is_the_transform_of_its_window(n_fft: int, hop: int):
    wave = torch.randn(1, 50)
    found = spectra(wave, n_fft, hop)[0]
    assert found.shape == (n_fft // 2 + 1, math.ceil(50 / hop))
    padded = [0.0] * ((n_fft - hop) // 2) + wave[0].tolist() + [0.0] * n_fft
    for frame in (0, 3, found.shape[1] - 1):
        for bin_ in (0, 1, n_fft // 2):
            total = 0j
            for n in range(n_fft):
                window = 0.5 - 0.5 * math.cos(2 * math.pi * n / n_fft)
                angle = -2 * math.pi * bin_ * n / n_fft
                total += padded[frame * hop + n] * window * complex(math.cos(angle), math.sin(angle))
            assert complex(found[bin_, frame]) == pytest.approx(total, abs=1e-4)


@given(st.sampled_from(SIZES), st.integers(1, 100), st.integers(0, 2**31))
def test_unchanged_spectra_become_the_same_wave(sizes, length, seed):
    wave = torch.randn(2, length, generator=torch.Generator().manual_seed(seed))
    back = wave_of(spectra(wave, *sizes), sizes[1])
    assert back.shape == (2, math.ceil(length / sizes[1]) * sizes[1])
    torch.testing.assert_close(back[:, :length], wave, atol=1e-4, rtol=1e-4)


@given(st.sampled_from(SIZES), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_frames_may_come_in_parts(sizes, parts):
    frames = torch.randn(1, sizes[0], sum(parts))
    whole = OverlapAdd(*sizes)(frames, last=True)
    join = OverlapAdd(*sizes)
    pieces = [join(part) for part in frames.split(parts, 2)] + [join(frames[..., :0], last=True)]
    torch.testing.assert_close(torch.cat(pieces, 1), whole, atol=1e-5, rtol=1e-5)
    assert whole.shape == (1, sum(parts) * sizes[1])


def test_what_is_returned_early_is_what_no_frame_will_change():
    join, frames = OverlapAdd(16, 4), torch.randn(1, 16, 3)
    first = join(frames)
    assert first.shape == (1, 3 * 4 - 6)  # 6 samples lie before the first frame's own
    torch.testing.assert_close(first, OverlapAdd(16, 4)(torch.cat((frames, torch.randn(1, 16, 4)), 2))[:, :6])
