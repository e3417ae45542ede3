"""How clips move, told without a network: what flows where, and that disorder is found out."""

import numpy as np
import torch
from filming import filmed
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.clips import ClipConfig, read_clips
from zaohua.judges.motion import motion_features, shuffled, still
from zaohua.metrics.distances import frechet_distance, moments

CELLS = 16


def drifting(right: float, down: float, frames: int = 8, side: int = 32) -> torch.Tensor:
    """A smooth pattern that moves by so many pixels in a frame: uint8 [1, T, 1, side, side]"""
    places = np.arange(side)
    clip = [
        np.sin(0.4 * (places[None] - time * right)) + np.sin(0.3 * (places[:, None] - time * down))
        for time in range(frames)
    ]
    return torch.from_numpy(((np.stack(clip) + 2) * 60).round().astype(np.uint8))[None, :, None]


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_flow_is_the_speed_of_what_moves(right, down):
    found = motion_features(drifting(right, down))[0].reshape(8, CELLS)
    assert np.abs(found[0] - right).max() < 0.15
    assert np.abs(found[1] - down).max() < 0.15
    assert np.abs(found[6] - right**2).max() < 0.3, "what flows on agrees with itself"


def test_what_stands_still_has_no_motion():
    found = motion_features(still(drifting(1, 0)))[0]
    assert np.abs(found).max() == 0


def test_disorder_and_stillness_are_found_out_although_every_frame_is_real():
    clips = torch.from_numpy(np.stack([filmed(seed) for seed in range(400)])).permute(0, 1, 4, 2, 3)
    known, real = clips[:200], clips[200:]
    reference = moments(motion_features(known))
    floor, disorder, without = (
        frechet_distance(reference, moments(motion_features(one))) for one in (real, shuffled(real), still(real))
    )
    assert disorder > 5 * floor
    assert without > 5 * floor


def test_shuffling_keeps_the_frames_of_each_clip():
    clips = torch.arange(24, dtype=torch.uint8).view(3, 8, 1, 1, 1)
    mixed = shuffled(clips, seed=1)
    assert torch.equal(mixed.sort(1).values, clips)
    assert not torch.equal(mixed, clips)
    assert torch.equal(mixed, shuffled(clips, seed=1))
    assert not torch.equal(mixed, shuffled(clips, seed=2))


def test_size_and_colour_do_not_matter():
    clip = drifting(0.5, 0.5)
    large = clip.repeat_interleave(2, -1).repeat_interleave(2, -2).expand(-1, -1, 3, -1, -1)
    assert np.abs(motion_features(clip) - motion_features(large)).max() < 0.05


def test_real_people_in_disorder_are_found_out(shared_data):
    folder = shared_data / "video" / "weizmann-actions"
    sources = {"source": f"zip:{folder / 'test_mp4.zip'}", "fps": 12.5, "validation": 0.4}
    clips = read_clips(ClipConfig(**sources), 1)
    assert clips.report["clips"] == {"train": 9, "validation": 6}
    assert clips.report["originals"]["largest"] == [64, 64]
    known, real = (side.at(side.spread(200)) for side in (clips.train, clips.validation))
    reference = moments(motion_features(known))
    floor, disorder = (frechet_distance(reference, moments(motion_features(one))) for one in (real, shuffled(real)))
    assert disorder > 2 * floor
