"""Pictures looked at instead of read by their codes: what is learnt, what is saved, and what is said of them."""

import json

import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.judges.extractor import Extractor
from zaohua.judges.networks.efficientnet_lite import EfficientNetLite0
from zaohua.multimodal.any import sight as sights
from zaohua.multimodal.any.inputs import read_input
from zaohua.multimodal.any.network import AnyNetwork
from zaohua.multimodal.any.sight import Eye, Sight
from zaohua.training.run import train_recipe
from zaohua.training.task import Draw

NAME = "efficientnet-lite0-64"


@pytest.fixture(scope="module")
def eye() -> Eye:
    """One that was never trained: what it sees differs from picture to picture, and that is enough."""
    torch.manual_seed(0)
    return Eye(Extractor(f"{NAME}@00000000", EfficientNetLite0().eval(), 64, 3, (127.5,) * 3, (64.0,) * 3))


@pytest.fixture
def seeing(recipe, eye, monkeypatch):
    """The recipe of this folder's tests, and eyes."""
    monkeypatch.setattr(sights, "open_extractor", lambda name: eye.extractor)
    recipe.write_text(recipe.read_text("utf-8").replace("[model]", f'[model]\nsight = "{NAME}"'), encoding="utf-8")
    return recipe


def test_the_eye_sees_places_and_the_whole(eye):
    pictures = torch.randint(0, 255, (3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    seen = eye.look(pictures)
    assert eye.places == 4
    assert seen.shape == (3, 4 * 432 + 1280)
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


def test_it_resumes_bit_for_bit(seeing, tmp_path, monkeypatch):
    assert_resumes_exactly(seeing, tmp_path, monkeypatch, after=5)


def test_pictures_to_be_read_are_looked_at_and_drawn_ones_are_codes(seeing, prepared):
    task = prepared(seeing, "train.batch_size=64")
    task.filler = task.filler.__class__(**{**vars(task.filler), "corrupt": 0.0})
    batch = task.batch(Draw(1, 0, 0, torch.arange(64), torch.device("cpu")), torch.device("cpu"))
    vocabulary = task.found.vocabulary
    image, codes = vocabulary.mark("image"), vocabulary.span("image")
    assert batch.looking is not None
    rows, seen = batch.looking
    looks = task.filler.looks
    assert looks == 5
    for place in range(64):
        ids, weights = batch.inputs[place], batch.weights[place]
        if place in rows.tolist():
            assert ids[: 1 + looks].tolist() == [image] * (1 + looks)
            assert not weights[: 1 + looks].any()
            assert not any(int(token) in codes for token in ids)
        else:
            assert any(int(token) in codes for token in ids)
    known = torch.stack([view for item in task.found.train[0].items for view in item.seen])
    assert all((known == each).all(1).any() for each in seen)


def test_what_is_written_is_what_the_network_would_write(seeing, tmp_path):
    """The engine beside the network that learns, on a saved and opened model."""
    train_recipe(seeing)
    model = hub.load(tmp_path / "run")
    files = sorted((tmp_path / "pictures").glob("*.png"))[:3]
    network = AnyNetwork(model.decoder.config, model.parts.sight.places).eval()
    network.decoder.load_state_dict(model.decoder.state_dict())
    network.sight.load_state_dict(model.parts.sight.state_dict())
    for file in files:
        said = model.read([read_input(file)], "en", max_new_tokens=5)[0]
        seen = model.eye.look(model.parts.tokenisers.image.pixels(read_input(file).content))
        mark = model.vocabulary.mark
        ids = [*[mark("image")] * (1 + model.parts.sight.tokens), mark("/image"), mark("en")]
        for _ in range(said.tokens):
            with torch.no_grad():
                logits = network(torch.tensor([ids]), (torch.tensor([0]), seen))[0, -1]
            ids.append(int(logits[: model.tokenizer.vocab_size].argmax()))
        assert model.tokenizer.decode(ids[-said.tokens :]).startswith(said.text)
    again = tmp_path / "again"
    model.save(again)
    other = hub.load(again)
    assert [text.text for text in other.read([read_input(files[0])], "zh")] == [
        text.text for text in model.read([read_input(files[0])], "zh")
    ]


def test_a_model_that_sees_goes_on_with_the_same_eyes(seeing, tmp_path, prepared):
    train_recipe(seeing)
    task = prepared(seeing, f"model.base={tmp_path / 'run'}", "model.sight=", "run.dir=other")
    assert task.found.eye is not None
    base = hub.load(tmp_path / "run").parts.sight.state_dict()
    begun = task.build()["model"].sight.state_dict()
    assert all(torch.equal(begun[name], base[name]) for name in base)


def test_damage_is_one_line(seeing, tmp_path, eye):
    train_recipe(seeing)
    folder = hub.find_model(tmp_path / "run")
    config = json.loads((folder / "config.json").read_text())
    config["media"]["sight"]["extractor"] = f"{NAME}@ffffffff"
    (folder / "config.json").write_text(json.dumps(config))
    picture = sorted((tmp_path / "pictures").glob("*.png"))[0]
    with pytest.raises(UsageError, match="ffffffff"):
        hub.load(folder).translate(picture, "text:en")
    (folder / "sight.safetensors").write_bytes(b"no")
    with pytest.raises(ZaohuaError) as caught:
        hub.load(folder)
    assert "\n" not in str(caught.value)


def test_an_eye_must_have_places(monkeypatch):
    with pytest.raises(UsageError, match="efficientnet"):
        Eye.open("small-cnn-mnist")
