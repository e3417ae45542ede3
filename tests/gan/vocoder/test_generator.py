"""The generator beside its formula, and a wave made part by part beside one made at once."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.gan.vocoder.generator import REACH, Block, Generator, VocoderShape, zeros_beside
from zaohua.gan.vocoder.prior import OVERLAPPING
from zaohua.gan.vocoder.stream import Stream
from zaohua.nn.mel import MelConfig, griffin_lim, log_mel, magnitudes

MEL = MelConfig(rate=8000, n_fft=32, hop=8, bands=8)


def generator(layers: int = 2) -> Generator:
    torch.manual_seed(layers)
    made = Generator(VocoderShape(MEL, width=12, layers=layers, rounds=4)).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made


def spectrogram(frames: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, MEL.bands, frames) * 2 - 4


def test_a_block_is_its_formula():
    torch.manual_seed(0)
    width, frames = 3, 2
    block, x = Block(width, 0.5), torch.randn(1, width, frames + 2 * REACH)
    out = block(x)
    assert out.shape == (1, width, frames)
    kernel, bias = block.conv.weight, block.conv.bias
    for frame in range(frames):
        seen = [sum(kernel[c, 0, k] * x[0, c, frame + k] for k in range(2 * REACH + 1)) + bias[c] for c in range(width)]
        mean = sum(seen) / width
        spread = (sum((value - mean) ** 2 for value in seen) / width + 1e-6) ** 0.5
        normed = torch.stack([(value - mean) / spread for value in seen])
        hidden = block.up.weight @ normed + block.up.bias
        hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
        wanted = x[0, :, frame + REACH] + block.gain * (block.down.weight @ hidden + block.down.bias)
        torch.testing.assert_close(out[0, :, frame], wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("frames", [1, 5, 40])
def test_every_frame_is_a_hop_of_samples(frames: int):
    wave = generator()(spectrogram(frames, batch=2))
    assert wave.shape == (2, frames * MEL.hop)
    assert wave.isfinite().all()


@torch.no_grad()
def test_a_frame_depends_on_none_beyond_the_reach():
    made, mel = generator(layers=1), spectrogram(80)
    other = mel.clone()
    other[..., 40] += 1
    changed = (made.frames(mel, zeros_beside) != made.frames(other, zeros_beside)).any(1)[0].nonzero().flatten()
    assert made.shape.reach == REACH * (made.shape.rounds + 2)
    assert REACH * 2 < 40 - changed.min() <= made.shape.reach
    assert REACH * 2 < changed.max() - 40 <= made.shape.reach


@torch.no_grad()
def test_untrained_it_is_griffin_and_lims_method():
    torch.manual_seed(0)
    shape = VocoderShape(MEL, width=12, layers=1, rounds=8)
    made, mel = Generator(shape), log_mel(torch.randn(1, 800) / 5, MEL)
    wanted = griffin_lim(magnitudes(mel, MEL, iterations=16), MEL.hop, iterations=shape.rounds, momentum=0.95)
    beyond = (shape.rounds + 1) * OVERLAPPING * MEL.hop  # the ends are another matter: there fewer windows overlap
    torch.testing.assert_close(made(mel)[:, beyond:-beyond], wanted[:, beyond:-beyond], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_in_half_precision_the_wave_is_nearly_the_same():
    made, mel = generator(), log_mel(torch.randn(1, 400) / 5, MEL)
    whole = made(mel)
    with torch.autocast("cpu", torch.bfloat16):
        half = made(mel)
    assert half.dtype == torch.float32
    assert (half - whole).norm() < 0.2 * whole.norm()


def test_only_what_is_learnt_has_a_gradient():
    made, mel = generator(), spectrogram(20).requires_grad_()
    made(mel).square().mean().backward()
    assert mel.grad is None
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in made.parameters())


@settings(max_examples=40)
@given(
    layers=st.integers(0, 3),
    parts=st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any),
    batch=st.integers(1, 2),
)
def test_a_stream_is_the_wave_made_at_once(layers, parts, batch):
    frames = sum(parts)
    made, mel = generator(layers), spectrogram(frames, batch)
    stream = Stream(made)
    pieces = [stream.push(part) for part in mel.split(parts, 2)]
    ready = sum(piece.shape[1] for piece in pieces)
    if frames > made.shape.reach:  # no more is held back than what frames to come may still change
        assert ready == max(0, (frames - made.shape.reach) * MEL.hop - (MEL.n_fft - MEL.hop) // 2)
    joined = torch.cat([*pieces, stream.finish()], 1)
    with torch.no_grad():
        whole = made(mel)
    assert joined.shape == whole.shape == (batch, frames * MEL.hop)
    torch.testing.assert_close(joined, whole, atol=1e-5 * float(whole.abs().max()), rtol=1e-5)


def test_a_stream_of_no_frames_is_no_sound():
    stream = Stream(generator())
    assert stream.push(spectrogram(0)).shape == stream.finish().shape == (1, 0)


def test_waves_are_trained_by_their_spectrograms():
    """A small generator learns to repeat one sound better than its first guess."""
    torch.manual_seed(0)
    time = torch.arange(800) / MEL.rate
    wave = (torch.sin(2 * math.pi * (700 + 400 * time) * time) / 3)[None]
    mel, made = log_mel(wave, MEL), Generator(VocoderShape(MEL, width=24, layers=1))
    optimiser, losses = torch.optim.Adam(made.parameters(), 3e-3), []
    for _ in range(80):
        loss = (log_mel(made(mel), MEL) - mel).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
