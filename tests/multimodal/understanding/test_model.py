"""A model folder opens, tells from whatever it is given, explains itself, and refuses the rest in one line."""

import json

import numpy as np
import pytest
import torch

from zaohua import cli, hub
from zaohua.data.records.forms import Forms, PictureForm, SoundForm, TableForm
from zaohua.errors import UsageError, ZaohuaError
from zaohua.multimodal.fusion import fusions
from zaohua.multimodal.understanding.model import UnderstandingModel
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape


@pytest.fixture(scope="module")
def model(run):
    return hub.load(run)


def an_example(table, number=1):
    return {
        "text": f"a loud bright day {number}",
        "image": table / f"{number}.png",
        "audio": table / f"{number}.wav",
        "video": table / f"{number}.gif",
        "table": {"price": 8.0, "colour": "red"},
    }


def test_it_tells_from_any_of_its_modalities(model, table):
    everything = an_example(table)
    assert model.predict(everything).label == "day"
    for name, value in everything.items():
        answer = model.predict({name: value})
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        assert answer.weights[name] == pytest.approx(1)
        absent = dict.fromkeys(everything.keys() - {name})
        assert model.predict({name: value, **absent}) == answer


def test_an_answer_does_not_depend_on_its_neighbours(model, table):
    whole = an_example(table)
    examples = [
        whole,
        {"text": "night"},
        {"image": whole["image"], "table": {"colour": "blue"}},
        {"audio": whole["audio"]},
    ]
    together = model.predict(examples)
    for example, answer in zip(examples, together, strict=True):
        alone = model.predict(example)
        assert alone.probabilities == pytest.approx(answer.probabilities, abs=1e-5)


def test_arrays_are_as_good_as_files(model, table):
    from PIL import Image

    picture = np.asarray(Image.open(table / "1.png"))
    assert model.predict({"image": picture}) == model.predict({"image": str(table / "1.png")})
    wave = np.sin(np.arange(900) / 3)
    assert model.predict({"audio": (wave, 8000)}).label in model.shape.classes


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ({"smell": "roses"}, "smell"),
        ({}, "at least one"),
        ({"text": "  "}, "at least one"),
        ({"image": "nowhere.png"}, "nowhere.png"),
        ({"audio": "nowhere.wav"}, "nowhere.wav"),
        ({"audio": (np.zeros(800), 8000)}, "silent"),
        ({"audio": (np.zeros(0), 8000)}, "empty"),
        ({"table": {"weight": 3}}, "price, colour"),
        ({"table": {"price": "much"}}, "much"),
        ({"text": 5}, "int"),
        ({"image": 5}, "int"),
        ({"table": "price=3"}, "str"),
    ],
)
def test_what_it_cannot_use_is_one_line(model, example, said):
    with pytest.raises((UsageError, ZaohuaError)) as caught:
        model.predict(example)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_film_without_frames_and_a_modality_of_another_model(tmp_path, model):
    (tmp_path / "bad.mp4").write_bytes(b"no film at all" * 40)
    with pytest.raises(ZaohuaError, match=r"bad\.mp4"):
        model.predict({"video": tmp_path / "bad.mp4"})
    shape = Shape(
        forms=Forms(False, None, None, None, TableForm(("x",), ())), kind="class", classes=("a", "b"), width=16
    )
    with pytest.raises(UsageError, match="not trained on image"):
        UnderstandingModel(Understander(shape), None).predict({"image": "x.png"})


@pytest.mark.parametrize("fusion", fusions)
@pytest.mark.parametrize("kind", ["class", "number"])
def test_every_fusion_is_saved_and_opened_and_tells_the_same(tmp_path, fusion, kind):
    picture = PictureForm(16, 1, "contain", (0, 0, 0))
    sound, values = SoundForm(8000, 1600, trim=False), TableForm(("x",), ("word",))
    forms = Forms(False, picture, sound, None, values)
    shape = Shape(
        forms=forms,
        kind=kind,
        classes=("a", "b", "c") if kind == "class" else (),
        words=(("red", "blue"),),
        width=16,
        channels=8,
        layers=1,
        fusion=fusion,
    )
    torch.manual_seed(0)
    network = Understander(shape).eval()
    network.standardise(torch.tensor([3.0, 5.0], dtype=torch.float64))
    examples = [
        {"image": np.full((16, 16), 90, np.uint8), "table": {"word": "blue"}},
        {"audio": (np.sin(np.arange(1600) / 4), 8000), "table": {"x": "2.5", "word": "green"}},
        {"table": {"x": -1}},
    ]
    before = UnderstandingModel(network, None).predict(examples)
    UnderstandingModel(network, None).save(tmp_path / "model")
    opened = hub.load(tmp_path / "model")
    assert opened.shape == shape
    assert all(map(torch.equal, opened.network.state_dict().values(), network.state_dict().values()))
    for one, other in zip(opened.predict(examples), before, strict=True):  # sums go by where weights lie in memory
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
        assert one.number == pytest.approx(other.number, abs=1e-6)
    for example, found in zip(examples, opened.explain(examples), strict=True):
        assert found.present == tuple(name in example for name in found.modalities)


def test_an_explanation_adds_up(model, table):
    example = {name: value for name, value in an_example(table).items() if name != "video"}
    (found,) = model.explain([example], ["mine"], ["day"])
    assert found.answer == model.predict(example).label
    assert found.probability == pytest.approx(model.predict(example).probabilities[found.answer])
    place = found.modalities.index("video")
    assert not found.present[place]
    assert found.shapley[place] == found.left_out[place] == 0
    assert sum(found.weights) == pytest.approx(1)
    features, masks = model.network.encode(model._batch([example]))
    nothing, _ = model.network.decide(features, {name: torch.zeros_like(mask) for name, mask in masks.items()})
    prior = nothing.log_softmax(-1)[0, model.shape.classes.index(found.answer)].item()
    assert sum(found.shapley) == pytest.approx(np.log(found.probability) - prior, abs=1e-4)


def test_the_verb_tells_and_writes_a_page(run, table, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "en")
    page = tmp_path / "why.html"
    command = ["classify", str(run), "a quiet dark night", "--image", str(table / "2.png"), "--value", "price=3"]
    assert cli.run([*command, "--explain", str(page), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["label"] == "night"
    assert set(told["weights"]) == {"audio", "image", "table", "text", "video"}
    text = page.read_text(encoding="utf-8")
    assert "data:image/png" in text
    assert "a quiet dark night" in text
    for wrong in (["one", "two"], ["--value", "price"], [], ["--image", "nowhere.png"], ["x", "--explain", "page.txt"]):
        assert cli.run(["classify", str(run), *wrong]) in (1, 2), wrong
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_verb_measures(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.run(["evaluate", str(run), "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert "everything" in printed
    assert "audio -10 dB" in printed
    assert "commonest label" in printed


@pytest.mark.parametrize(
    ("key", "value"),
    [("width", 10**9), ("fusion", "glue"), ("forms", {}), ("words", [["a"], ["b"]]), ("classes", 3), ("kind", "x")],
)
def test_a_damaged_description_is_one_line(run, tmp_path, key, value):
    import shutil

    folder = tmp_path / "model"
    shutil.copytree((run / "checkpoints" / "last").resolve(), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(ZaohuaError) as caught:
        hub.load(folder)
    assert "\n" not in str(caught.value)
