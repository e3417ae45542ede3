"""What a frozen network sees of pictures, and how it begins as vectors."""

import looking
import pytest
import torch

from zaohua.errors import UsageError
from zaohua.multimodal import sight as sights
from zaohua.multimodal.sight import SIGHTS, Eye, Sight, places_of, whole


@pytest.fixture(scope="module")
def eye() -> Eye:
    return looking.untrained_eye()


def test_the_eye_sees_places_and_the_whole(eye):
    pictures = torch.randint(0, 255, (3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    seen = eye.look(pictures)
    assert eye.places == 4
    assert seen.shape == (3, 4 * 432 + 1280)
    assert torch.equal(whole(seen), seen[:, 4 * 432 :].float())
    features = torch.from_numpy(eye.extractor.read(pictures).features)
    assert torch.allclose(seen[:, 4 * 432 :].float(), features, atol=2e-3, rtol=2e-3)
    assert torch.equal(eye.look(pictures[1:2]), eye.look(pictures[1:2]))


def test_sight_begins_standardised():
    seen = (torch.randn(50, 4 * 432 + 1280, generator=torch.Generator().manual_seed(1)) * 7 + 3).half()
    sight = Sight(4, 32)
    sight.start(seen, torch.Generator().manual_seed(0), 0.02)
    vectors = sight(seen)
    assert vectors.shape == (50, 5, 32)
    assert vectors.mean().abs() < 0.01
    assert 0.02 < vectors.std() < 0.04  # a vector and its place, each of 0.02


def test_places_are_told_by_the_name_alone(eye):
    assert places_of(looking.NAME) == places_of(eye.extractor.name) == eye.places
    assert [places_of(name) for name in ("efficientnet-lite0-128", "efficientnet-lite0-224")] == [16, 49]


@pytest.mark.parametrize("name", ["small-cnn-mnist", "efficientnet-lite0-", "efficientnet", ""])
def test_an_eye_must_have_places(name):
    with pytest.raises(UsageError, match="efficientnet-lite0-128") as error:
        Eye.open(name)
    assert "\n" not in str(error.value)
    assert name not in SIGHTS


def test_other_weights_of_the_same_name_are_refused(eye, monkeypatch):
    monkeypatch.setattr(sights, "open_extractor", lambda name: eye.extractor)
    assert Eye.open(eye.extractor.name).extractor is eye.extractor
    with pytest.raises(UsageError, match="ffffffff"):
        Eye.open(f"{looking.NAME}@ffffffff")
