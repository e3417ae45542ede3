"""Views: a function of the sample's key alone, and within what they promise."""

import pytest
import torch

from zaohua.multimodal.contrastive.augment import picture_views, spectrum_views
from zaohua.seeding import sample_keys

KEYS = sample_keys(1, 2, torch.arange(40))


def pictures() -> torch.Tensor:
    return torch.rand(40, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_view_follows_from_its_key_whatever_stands_beside_it():
    x = pictures()
    whole = picture_views(x, KEYS, crop=0.3, colour=0.2, mirror=True)
    assert torch.allclose(whole[7:9], picture_views(x[7:9], KEYS[7:9], crop=0.3, colour=0.2, mirror=True), atol=1e-6)
    spectra = torch.randn(40, 24, 8)
    heard = spectrum_views(spectra, KEYS, gain=0.3, mask=0.4)
    assert torch.equal(heard[7:9], spectrum_views(spectra[7:9], KEYS[7:9], gain=0.3, mask=0.4))


def test_nothing_asked_nothing_changed():
    x = pictures()
    assert torch.equal(picture_views(x, KEYS, crop=0.0, colour=0.0, mirror=False), x)
    assert torch.equal(spectrum_views(x[:, 0], KEYS, gain=0.0, mask=0.0), x[:, 0])


def test_a_crop_of_a_slope_is_a_slope_of_the_promised_steepness():
    """A picture whose value is its column: cropped, the slope is the window's share of the side, inside the picture."""
    slope = torch.linspace(-1 + 1 / 16, 1 - 1 / 16, 16).expand(40, 3, 16, 16).contiguous()
    found = picture_views(slope, KEYS, crop=0.4, colour=0.0, mirror=False)
    share = found[:, 0, 8].diff(dim=1).median(dim=1).values / (2 / 16)
    assert share.min() >= 0.6 - 1e-4
    assert share.max() <= 1.2 + 1e-4
    assert share.std() > 0.1


def test_colours_change_by_what_was_asked_at_most():
    x = pictures() * 0.5
    found = picture_views(x, KEYS, crop=0.0, colour=0.2, mirror=False)
    assert (found - x).abs().max() <= 0.2 * 0.5 + 0.2 + 0.02 + 1e-6
    assert (found - x).abs().mean() > 0.03


def test_masks_hide_one_stretch_of_times_and_one_of_bands():
    x = torch.ones(40, 50, 20)
    found = spectrum_views(x, KEYS, gain=0.0, mask=0.4)
    for one in found:
        times, bands = (one == 0).all(1), (one == 0).all(0)
        for hidden, size in ((times, 50), (bands, 20)):
            assert hidden.float().mean() <= 0.4 + 1 / size
            assert (hidden.int().diff() == 1).sum() <= 1
        assert torch.equal(one == 0, times[:, None] | bands)
    louder = spectrum_views(x, KEYS, gain=0.3, mask=0.0)
    assert (louder - 1).abs().max() <= 0.3
    assert louder.flatten(1).std(1).max() == pytest.approx(0, abs=1e-6)
