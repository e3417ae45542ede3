"""The opened picture model: seeds, classes, films, folders that are damaged."""

import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import zaohua
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.images.model import ImageModel, along_arc, grid_columns, laid_out
from zaohua.gan.images.pixels import grid, to_bytes, to_floats
from zaohua.gan.images.projection import project
from zaohua.gan.networks.shape import build_generator, shape


def model(classes=("cat", "dog", "owl"), network="nano", size=16, channels=3) -> ImageModel:
    form = shape(network, size, channels, classes=len(classes), latent=8, generator_width=0.2)
    torch.manual_seed(0)
    return ImageModel(build_generator(form).eval(), form, classes, name="m")


def same(one, other) -> bool:
    return np.array_equal(one.pixels, other.pixels)


# ---- pictures


@pytest.mark.parametrize("network", ["nano", "dcgan"])
def test_the_same_seed_begins_any_larger_number(network):
    made = model(network=network)
    few, many = made.generate(3, seed=5), made.generate(7, seed=5)
    assert all(map(same, few, many[:3]))
    assert [picture.prompt for picture in few] == [picture.prompt for picture in many[:3]]
    assert not same(few[0], made.generate(1, seed=6)[0])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_have_the_channels_of_the_model(channels, tmp_path):
    made = model((), channels=channels).generate(2)
    assert made[0].pixels.shape == (16, 16, channels)
    assert made[0].save(tmp_path / "a.png").is_file()


def test_a_class_is_named_or_numbered_and_an_unknown_one_lists_them():
    made = model()
    assert same(made.generate(1, label="owl")[0], made.generate(1, label=2)[0])
    assert {picture.prompt for picture in made.generate(40)} == set(made.classes)
    for wrong in ("cow", 3, -1, "²"):
        with pytest.raises(UsageError, match="cat, dog, owl"):
            made.generate(1, label=wrong)
    with pytest.raises(UsageError, match="without classes"):
        model(()).generate(1, label="cat")


@pytest.mark.parametrize("options", [{"n": 0}, {"n": 10**9}, {"truncation": 1.5}, {"truncation": float("nan")}])
def test_values_out_of_range_are_refused(options):
    with pytest.raises(UsageError):
        model().generate(**options)


def test_truncation_makes_pictures_more_alike():
    made = model(())
    spread = [np.stack([p.pixels for p in made.generate(30, truncation=t)]).std(0).mean() for t in (0.0, 0.5, 1.0)]
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2]


def test_pixels_survive_the_way_through_floats():
    x = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(to_bytes(to_floats(x)), x)
    assert to_bytes(torch.tensor([[[[-9.0, 9.0]]]])).flatten().tolist() == [0, 255]


# ---- grids and films


@given(st.integers(1, 60), st.integers(1, 9))
def test_a_grid_shows_every_picture_once(count, columns):
    pixels = torch.arange(1, count + 1, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    page = grid(pixels, columns)
    values, times = np.unique(page, return_counts=True)
    assert values.tolist() == [*range(1, count + 1), 255]
    assert set(times[:-1]) == {64 * 64}


def test_a_grid_has_a_column_for_each_class():
    labels = laid_out(12, 3).view(-1, grid_columns(12, 3))
    assert (labels == labels[0]).all()
    assert grid_columns(64, 0) == 8
    assert grid_columns(64, 200) == 8
    assert model().grid(6).pixels.shape[2] == 3


def test_a_film_stops_at_pictures_and_goes_round():
    made = model()
    film = made.interpolate(4, seconds=2, fps=8)
    assert film.frames.shape == (16, 256, 256, 3)
    z, labels = made.draw(4)
    stops = made.pictures(z, labels).permute(0, 2, 3, 1).numpy().repeat(16, 1).repeat(16, 2)
    assert np.abs(film.frames[::4].astype(int) - stops).max() <= 1  # the mixture of classes rounds
    assert not np.array_equal(film.frames[0], film.frames[2])
    for wrong in ({"stops": 1}, {"seconds": 1e9}, {"seconds": float("nan")}, {"stops": 40, "seconds": 1}):
        with pytest.raises(UsageError):
            made.interpolate(**wrong)


@given(st.integers(0, 1000), st.floats(0, 1))
def test_the_arc_keeps_the_length_of_equally_long_vectors(seed, share):
    a, b = torch.nn.functional.normalize(torch.randn(2, 1, 8, generator=torch.Generator().manual_seed(seed)), dim=2)
    point = along_arc(a, b, torch.tensor([[share]]))
    assert point.norm().item() == pytest.approx(1, abs=1e-3)


# ---- folders


def test_a_saved_model_opens_as_itself(tmp_path):
    for network in ("nano", "dcgan"):
        made = model(network=network)
        made.save(tmp_path / network)
        opened = zaohua.load(tmp_path / network)
        assert opened.classes == made.classes
        assert all(map(same, opened.generate(2), made.generate(2)))
        assert not any(p.requires_grad for p in opened.generator.parameters())


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 64},
        {"size": 10**12},
        {"classes": "cat"},
        {"classes": ["cat"]},
        {"network": "huge"},
        {"channels": 2},
        {"generator_widths": [10**9]},
        {"generator_widths": []},
        {"latent": None},
        {"latent": 9},
        {"model_type": "zaohua_gan_sound"},
        {"model_type": 3},
    ],
    ids=str,
)
def test_a_damaged_description_is_one_line(tmp_path, changes):
    model().save(tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ZaohuaError) as caught:
        ImageModel.load(tmp_path / "m")
    assert "\n" not in str(caught.value)


def test_damaged_weights_are_one_line(tmp_path):
    model().save(tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    whole = load_file(file)
    some = next(iter(whole))
    for wrong in (
        {name: tensor for name, tensor in whole.items() if name != some},
        whole | {"more": torch.zeros(1)},
        whole | {some: whole[some] * float("nan")},
        whole | {some: torch.zeros(3)},
    ):
        save_file(wrong, file)
        with pytest.raises(ZaohuaError):
            zaohua.load(tmp_path / "m")
    file.write_bytes(b"half")
    with pytest.raises(ZaohuaError, match="damaged"):
        zaohua.load(tmp_path / "m")
    file.unlink()
    with pytest.raises(ZaohuaError, match=r"model\.safetensors"):
        zaohua.load(tmp_path / "m")


def test_options_of_other_models_are_refused(tmp_path):
    model().save(tmp_path / "m")
    with pytest.raises(UsageError, match="weights=int8"):
        zaohua.load(tmp_path / "m", weights="int8")
    shutil.rmtree(tmp_path / "m")


# ---- the way back


class Flat(torch.nn.Module):
    """Stands in for EfficientNet's stages: the pixels themselves, in two sizes."""

    def stages(self, x):
        return [x, torch.nn.functional.avg_pool2d(x, 4)]


def test_a_picture_of_its_own_is_found_again(monkeypatch):
    monkeypatch.setattr("zaohua.judges.perceptual.EfficientNetLite", Flat)
    from zaohua.judges.extractor import Extractor

    made = model()
    judge = Extractor("flat", Flat(), 16, 3, (127.5,), (127.5,))
    target = torch.from_numpy(made.generate(1, seed=3)[0].pixels.transpose(2, 0, 1).copy())
    near = project(made, target, judge, starts=3, steps=60)
    begun = project(made, target, judge, starts=1, steps=1)
    assert near.perceptual + 16 * near.pixels**2 < 0.5 * (begun.perceptual + 16 * begun.pixels**2)
    assert near.label in made.classes
    shown = made.pictures(near.latent[None], torch.tensor([made.classes.index(near.label)]))
    again = shown[0].permute(1, 2, 0).numpy().astype(int)
    assert abs(again - near.image.pixels).max() <= 1, "alone it may round to the next level"
    with pytest.raises(UsageError, match="1×16×16"):
        project(made, target[:1], judge)
    with pytest.raises(UsageError):
        project(made, target, judge, steps=0)
