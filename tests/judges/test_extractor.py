"""Named extractors: what they are given, what they say, and how they refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from zaohua.data.readers.idx import read_idx
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language
from zaohua.judges import weights
from zaohua.judges.digits import CLASSIFIER, stacked_scores
from zaohua.judges.extractor import EXTRACTORS, Extractor, open_extractor
from zaohua.judges.networks.inception import Inception
from zaohua.judges.perceptual import perceptual_distance
from zaohua.judges.pictures import resized, with_channels


def real(shared_data: Path, name: str, count: int) -> tuple[Tensor, np.ndarray]:
    """Pictures [N, 1, 28, 28] and labels of the part that is held back."""
    folder = shared_data / "images" / name
    if not folder.is_dir():
        pytest.skip(f"no pictures in {folder}")
    pictures = read_idx(folder / "t10k-images-idx3-ubyte.gz")[:count]
    return torch.from_numpy(pictures.copy())[:, None], read_idx(folder / "t10k-labels-idx1-ubyte.gz")[:count]


def efficientnet(side: int, which: str = "lite0") -> Extractor:
    """With its weights from the network, or a skip where there is none."""
    try:
        return open_extractor(f"efficientnet-{which}-{side}")
    except ZaohuaError as error:
        pytest.skip(str(error))


# ---- pictures


@given(st.sampled_from([1, 3, 4]), st.sampled_from([1, 3]))
def test_channels_become_those_that_are_wanted(have, want):
    x = torch.randint(0, 256, (2, have, 3, 5)).float()
    found = with_channels(x, want)
    assert found.shape == (2, want, 3, 5)
    if have == 4:
        share = x[:, 3:] / 255
        x = share * x[:, :3] + (1 - share) * 255
    if want == 1 and have > 1:
        x = 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:3]
    torch.testing.assert_close(found, x.expand(-1, want, -1, -1))


def test_nothing_is_white_where_it_is_transparent():
    assert with_channels(torch.zeros(1, 4, 2, 2), 3).unique().tolist() == [255.0]


def test_a_fine_pattern_becomes_grey_and_not_one_of_its_stripes():
    stripes = torch.zeros(1, 1, 64, 64)
    stripes[..., ::2] = 255
    inner = resized(stripes, 16)[..., 1:-1]
    assert (inner - 127.5).abs().max() < 1
    assert resized(stripes, 64) is stripes


# ---- the judges that come with the package


@pytest.mark.parametrize(("name", "data", "share"), [("mnist", "mnist", 0.985), ("fashion", "fashion-mnist", 0.88)])
@pytest.mark.parametrize("way", ["as it is", "padded", "in colour"])
def test_a_shipped_judge_knows_what_it_was_taught(name, data, share, way, shared_data):
    pictures, labels = real(shared_data, data, 1000)
    if way == "padded":
        pictures = torch.nn.functional.pad(pictures, (2,) * 4)
    elif way == "in colour":
        pictures = pictures.expand(-1, 3, -1, -1)
    judge = open_extractor(f"small-cnn-{name}")
    reading = judge.read(pictures)
    assert reading.features.shape == (1000, 128)
    assert reading.probabilities.sum(1) == pytest.approx(np.ones(1000), abs=1e-5)
    assert (reading.probabilities.argmax(1) == labels).mean() > share


@pytest.mark.parametrize("name", ["small-cnn-mnist", "small-cnn-fashion"])
def test_a_shipped_judge_is_small_and_named_by_its_numbers(name):
    state = weights.shipped(name)
    assert sum(tensor.nbytes for tensor in state.values()) < 2e6
    assert open_extractor(name).name == f"{name}@{weights.digest(state)[:8]}"


def test_batches_and_progress_change_nothing():
    judge, done = open_extractor("small-cnn-mnist"), []
    pictures = torch.randint(0, 256, (200, 1, 28, 28), dtype=torch.uint8)
    whole = judge.read(pictures, on_progress=done.append)
    assert done == [128, 200]
    parts = [judge.read(part).features for part in pictures.split(70)]
    assert np.concatenate(parts) == pytest.approx(whole.features, abs=1e-4)


def test_stacked_digits_are_counted(shared_data):
    pictures, labels = real(shared_data, "mnist", 900)
    stacked = pictures.view(300, 3, 28, 28)
    found = stacked_scores(stacked, open_extractor(CLASSIFIER))
    triples = {tuple(row) for row in labels.reshape(-1, 3).tolist()}
    assert abs(found["modes"] - len(triples)) <= 6
    assert found["kl"] == pytest.approx(np.log(1000 / len(triples)), abs=0.1)
    assert found["classifier"].startswith("small-cnn-mnist@")


# ---- EfficientNet


@pytest.mark.parametrize(("which", "side", "digest"), [("lite0", 224, "c68669a5"), ("lite1", 64, "c1406bc9")])
def test_efficientnet_knows_a_palace_and_a_daisy(which, side, digest):
    named = efficientnet(side, which)
    judge = replace(named, side=224)  # at which it was trained
    samples = pytest.importorskip("sklearn.datasets").load_sample_images().images
    pictures = torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1)[..., :427] for image in samples])
    best = judge.read(pictures).probabilities.argsort(1)[:, ::-1]
    assert 698 in best[0, :5]  # palace
    assert 985 in best[1, :5]  # daisy
    assert named.name == f"efficientnet-{which}-{side}@{digest}"


def test_perceptual_distance_grows_with_what_is_done_to_a_picture():
    samples = pytest.importorskip("sklearn.datasets").load_sample_images().images
    picture = torch.from_numpy(np.array(samples[0])).permute(2, 0, 1)[None, :, :256, :256]
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    noisy = [(picture + strength * noise).clamp(0, 255).byte() for strength in (0, 10, 40)]
    brighter = (picture.float() * 1.05).clamp(0, 255).byte()
    other = torch.from_numpy(np.array(samples[1])).permute(2, 0, 1)[None, :, :256, :256]
    others = torch.cat([*noisy, brighter, other])
    nothing, little, much, light, all_ = perceptual_distance(picture.expand(5, -1, -1, -1), others, efficientnet(128))
    assert nothing == pytest.approx(0, abs=1e-6)
    assert light < little < much < all_


# ---- others


def test_inception_s_weights_are_taken_from_a_file_and_named_by_their_numbers(tmp_path):
    module = Inception()
    state = {
        name.replace("parts.", "").replace("convs.", "").replace(".norm.", ".bn."): tensor
        for name, tensor in module.state_dict().items()
    }
    save_file(state, tmp_path / "w.safetensors")
    judge = open_extractor(str(tmp_path / "w.safetensors"))
    assert judge.name == f"inception@{weights.digest(state)[:8]}"
    assert judge.read(torch.zeros(1, 1, 8, 8, dtype=torch.uint8)).features.shape == (1, 2048)


def test_what_is_no_extractor_is_refused(tmp_path):
    set_language("en")
    with pytest.raises(UsageError, match="small-cnn-mnist"):
        open_extractor("small-cnn-mnits")
    with pytest.raises(UsageError, match=EXTRACTORS[-1]):
        open_extractor("?")
    torch.save({}, tmp_path / "inception.pth")
    with pytest.raises(ZaohuaError, match="6726825d") as caught:
        open_extractor(str(tmp_path / "inception.pth"))
    assert "\n" not in str(caught.value)
    save_file({"fc.weight": torch.zeros(2, 2)}, tmp_path / "w.safetensors")
    with pytest.raises(ZaohuaError, match="another network"):
        open_extractor(str(tmp_path / "w.safetensors"))
