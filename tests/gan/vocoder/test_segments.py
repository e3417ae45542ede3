"""Segments: in step with their spectrograms, drawn by keys alone, long clips more often than short ones."""

import pytest
import torch

from zaohua.gan.vocoder.segments import Segments
from zaohua.nn.mel import LOG_FLOOR, MelConfig, log_mel
from zaohua.seeding import sample_keys

MEL = MelConfig(rate=8000, n_fft=32, hop=8, bands=8)


def keys(count: int) -> torch.Tensor:
    return sample_keys(1, 0, torch.arange(count))


def test_a_segment_is_a_piece_of_a_clip_and_of_its_spectrogram():
    clips = [torch.randn(300), torch.randn(97)]
    mels, waves = Segments(clips, MEL, 5).draw(keys(64))
    assert mels.shape == (64, 8, 5)
    assert waves.shape == (64, 40)
    for mel, wave in zip(mels, waves, strict=True):
        places = [
            (clip, start)
            for clip in clips
            for start in range(0, len(clip), MEL.hop)
            if torch.equal(clip[start : start + 40], wave[: len(clip) - start])
        ]
        (clip, start), *others = places
        assert not others
        whole = log_mel(clip[None], MEL)[0]
        assert torch.equal(whole[:, start // MEL.hop : start // MEL.hop + 5], mel)


def test_a_clip_is_drawn_as_often_as_it_is_long():
    _, waves = Segments([torch.full((3200,), 1.0), torch.full((800,), -1.0)], MEL, 10).draw(keys(4000))
    assert (waves[:, 0] > 0).double().mean().item() == pytest.approx(0.8, abs=0.03)


def test_every_place_may_be_drawn_and_the_same_keys_draw_the_same():
    segments = Segments([torch.arange(160.0)], MEL, 10)
    waves = segments.draw(keys(400))[1]
    assert sorted(set(waves[:, 0].tolist())) == [8.0 * start for start in range(11)]
    assert torch.equal(segments.draw(keys(400))[1][100:200], segments.draw(keys(400)[100:200])[1])


def test_a_clip_shorter_than_a_segment_ends_in_silence():
    mels, waves = Segments([torch.ones(20)], MEL, 6).draw(keys(1))
    assert waves[0].tolist() == [1.0] * 20 + [0.0] * 28
    assert mels[0, :, 3:] == pytest.approx(LOG_FLOOR)
