"""Digits seen and heard: paired by what they are, on sides that share nothing, the same for the same seed."""

import struct
import zipfile

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sounding import encoded

from zaohua import seeding
from zaohua.data.av_digits import RATE, SECONDS, av_digits, noisy, reduced
from zaohua.errors import UsageError

SIDES = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Settings for 12 pictures of each digit and 5 takes of each by three voices."""
    folder = tmp_path_factory.mktemp("digits")
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 12)
    pixels = draw.integers(0, 60, (120, 28, 28), dtype=np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[2 * label : 2 * label + 5] += 150
    images, beside = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 120, 28, 28) + pixels.tobytes())
    beside.write_bytes(struct.pack(">HBBI", 0, 8, 1, 120) + labels.tobytes())
    with zipfile.ZipFile(folder / "spoken.zip", "w") as archive:
        for digit in range(10):
            for voice, pitch in (("ann", 200), ("bob", 120), ("eve", 260)):
                for take in range(5):
                    times = np.arange(2400 + 100 * take) / RATE
                    wave = np.sin(2 * np.pi * (pitch + 80 * digit) * times) + 0.1 * draw.standard_normal(len(times))
                    archive.writestr(f"{digit}_{voice}_{take}.wav", encoded((0.3 * wave).astype(np.float32), RATE))
    return {"spoken": f"zip:{folder / 'spoken.zip'}", "pictures": f"idx:{images}"}


def test_what_is_seen_is_heard_but_where_their_sum_is_asked_for(digits):
    made = {track: av_digits(track=track, **digits) for track in ("clean", "synergy")}
    for name in SIDES:
        clean, sums = (getattr(found, name) for found in made.values())
        assert torch.equal(clean.seen, clean.heard)
        assert torch.equal(clean.labels, clean.seen)
        assert torch.equal(sums.labels, (sums.seen + sums.heard) % 10)
        assert torch.isinf(clean.snr).all()
    sums = made["synergy"].train
    assert 0 < (sums.seen == sums.heard).float().mean() < 0.4


def test_sides_share_no_picture_and_no_recording(digits):
    for split in ("takes", "speakers"):
        found = av_digits(track="clean", split=split, **digits)
        sides = [getattr(found, name) for name in SIDES]
        pictures = [{picture.numpy().tobytes() for picture in side.pictures} for side in sides]
        waves = [{wave.numpy().tobytes() for wave in side.waves} for side in sides]
        assert sum(map(len, pictures)) == len(set().union(*pictures)) == 120
        assert sum(map(len, waves)) == len(set().union(*waves))
        voices = [set(side.voices) for side in sides]
        assert len(voices[2]) == (1 if split == "speakers" else 3)
        assert bool(voices[2] & voices[0]) == (split == "takes")
    counts = [side.labels.bincount(minlength=10) for side in sides]
    assert all((count == count[0]).all() for count in counts)  # no digit is rarer on any side


def test_the_same_seed_gives_the_same_pairs(digits):
    one, again, other = (av_digits(track="reliability", seed=seed, **digits) for seed in (1, 1, 2))
    assert one.report["hash"] == again.report["hash"] != other.report["hash"]
    assert torch.equal(one.train.waves, again.train.waves)
    assert len(one.train.snr.unique()) > 50
    assert one.train.snr.min() >= -18
    assert one.train.snr.max() <= 12


def test_a_pair_never_lacks_both(digits):
    side = av_digits(track="missing", **digits).train
    assert (side.picture_present | side.wave_present).all()
    assert (~side.picture_present).sum() > 0
    assert (~side.wave_present).sum() > 0
    assert not side.pictures[~side.picture_present].any()
    assert not side.waves[~side.wave_present].any()
    assert side.waves[side.wave_present].any(1).all()


@pytest.mark.parametrize("snr", [-12.0, 0.0, 15.0])
def test_the_noise_is_as_loud_as_it_says(snr):
    draw = np.random.default_rng(1)
    length = round(SECONDS * RATE)
    wave = draw.standard_normal(length - 700).astype(np.float32)
    heard = noisy(wave, snr, seeding.sample_keys(0, 0, torch.tensor([3])))
    clean = np.pad(wave, (0, 700))
    gain = heard @ clean / (clean @ clean)  # levelled: all of it by one factor
    left = heard / gain - clean
    measured = 10 * np.log10(np.square(wave).mean() / np.square(left).mean())
    assert abs(measured - snr) < 0.4
    assert np.abs(heard).max() == pytest.approx(0.9, abs=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_reduced_pictures_are_those_of_principal_components(share):
    draw = np.random.default_rng(2)
    pixels = draw.integers(60, 180, (40, 6, 5), dtype=np.uint8)
    learnt_from = np.arange(40) < 30
    found, count = reduced(pixels, learnt_from, share)
    flat = pixels.reshape(40, -1).astype(float)
    oracle = PCA(count).fit(flat[learnt_from])
    assert oracle.explained_variance_ratio_.sum() >= share > oracle.explained_variance_ratio_[:-1].sum()
    wanted = oracle.inverse_transform(oracle.transform(flat)).clip(0, 255)
    assert np.abs(found.reshape(40, -1) - wanted).max() <= 0.5 + 1e-6


def test_recordings_without_speakers_are_refused(digits, tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for digit in range(10):
            archive.writestr(f"number{digit}.wav", encoded(np.sin(np.arange(900) / 5).astype(np.float32), RATE))
    with pytest.raises(UsageError, match="7_jackson_32"):
        av_digits(f"zip:{tmp_path / 'bad.zip'}", pictures=digits["pictures"])
