"""Pictures looked at instead of read by their codes: what is learnt, what is saved, and what is said of them."""

import json

import looking
import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.multimodal import sight as sights
from zaohua.multimodal.any.inputs import read_input
from zaohua.multimodal.any.network import AnyNetwork
from zaohua.multimodal.any.ranking import likelihoods
from zaohua.multimodal.sight import Eye
from zaohua.training.run import train_recipe
from zaohua.training.task import Draw


@pytest.fixture(scope="module")
def eye() -> Eye:
    return looking.untrained_eye()


@pytest.fixture
def seeing(recipe, eye, monkeypatch):
    """The recipe of this folder's tests, and eyes."""
    monkeypatch.setattr(sights, "open_extractor", lambda name: eye.extractor)
    recipe.write_text(
        recipe.read_text("utf-8").replace("[model]", f'[model]\nsight = "{looking.NAME}"'), encoding="utf-8"
    )
    return recipe


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
    codes = model.parts.tokenisers.image.encode(model.parts.tokenisers.image.pixels(read_input(files[0]).content))
    told = likelihoods(model.parts, lambda: model.eye, "image", [codes[0].numpy().ravel()], ["a cat"])
    seen = model.eye.look(model.parts.tokenisers.image.decode(codes))
    words = [*model.tokenizer.encode("a cat"), model.tokenizer.eot_id]
    ids = [*[mark("image")] * (1 + model.parts.sight.tokens), mark("/image"), mark("en"), *words[:-1]]
    with torch.no_grad():
        logits = network(torch.tensor([ids]), (torch.tensor([0]), seen))[0, -len(words) :].log_softmax(-1)
    assert told == pytest.approx([sum(logits[place, word].item() for place, word in enumerate(words))], rel=1e-4)
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
    config["media"]["sight"]["extractor"] = f"{looking.NAME}@ffffffff"
    (folder / "config.json").write_text(json.dumps(config))
    picture = sorted((tmp_path / "pictures").glob("*.png"))[0]
    with pytest.raises(UsageError, match="ffffffff"):
        hub.load(folder).translate(picture, "text:en")
    (folder / "sight.safetensors").write_bytes(b"no")
    with pytest.raises(ZaohuaError) as caught:
        hub.load(folder)
    assert "\n" not in str(caught.value)
