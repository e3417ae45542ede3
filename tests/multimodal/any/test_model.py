"""Use of an any-to-any model: what goes in, what comes out, what is refused; its folder."""

import json

import numpy as np
import pytest
import torch
from painting import painted
from sounding import sounded
from transformers import AutoModelForCausalLM

from zaohua import hub
from zaohua.artifacts import Audio, Image, Text, Video
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.engine.engine import Engine
from zaohua.multimodal.any.folder import Knows, Parts, load_any
from zaohua.multimodal.any.inputs import codes_of, read_input
from zaohua.multimodal.any.languages import prompt_language
from zaohua.multimodal.any.model import AnyModel


def test_the_folder_comes_back_and_transformers_opens_it(any_model, tmp_path):
    folder = tmp_path / "model"
    any_model.save(folder)
    opened = hub.load(folder)
    assert isinstance(opened, AnyModel)
    assert opened.vocabulary == any_model.vocabulary
    assert opened.parts.knows == any_model.parts.knows
    assert [image.pixels.tolist() for image in opened.generate("a cat", n=2)] == [
        image.pixels.tolist() for image in any_model.generate("a cat", n=2)
    ]
    theirs = AutoModelForCausalLM.from_pretrained(folder)
    assert type(theirs).__name__ == "Qwen3ForCausalLM"
    ids = torch.randint(0, any_model.vocabulary.size, (2, 70), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert (theirs(ids).logits - any_model.decoder(ids)).abs().max() <= 1e-4
    config = json.loads((folder / "config.json").read_text())
    assert config["media"]["image"] == {"offset": any_model.vocabulary.image_offset, "codes": 1000, "grid": [8, 8]}


def test_damaged_folders_are_refused_in_a_line(any_model, tmp_path):
    folder = tmp_path / "model"
    any_model.save(folder)
    config = json.loads((folder / "config.json").read_text())
    for media in (
        {"text": 5},
        config["media"] | {"text": 299},
        config["media"] | {"image": {"codes": 9, "grid": [8]}},
        7,
    ):
        (folder / "config.json").write_text(json.dumps(config | {"media": media}))
        with pytest.raises(ZaohuaError) as caught:
            load_any(folder)
        assert "\n" not in str(caught.value)


def test_everything_goes_into_everything(any_model, tmp_path):
    picture = Image(pixels=np.asarray(painted(1, 16, 16)))
    sound = Audio(samples=sounded(1, 0.1), rate=8000)
    assert isinstance(any_model.translate("a red apple", to="image"), Image)
    assert isinstance(any_model.translate("红苹果", to="audio"), Audio)
    film = any_model.translate("a blue cat", to="video")
    assert isinstance(film, Video)
    assert film.frames.shape == (2, 16, 16, 3)
    for given in (picture, sound, film, painted(2, 30, 20), np.asarray(painted(2, 30, 20))):
        said = any_model.translate(given, to="text:zh")
        assert isinstance(said, Text)
        assert said == any_model.translate(given, to="text:zh"), "the likeliest text is always the same"
    assert isinstance(any_model.translate(sound, to="image"), Image), "by way of a text"
    path = picture.save(tmp_path / "picture.png")
    assert any_model.translate(path, to="text:en").text == any_model.translate(str(path), to="text:en").text
    assert isinstance(any_model.answer(picture, "What is this?"), Text)
    speech = sound.save(tmp_path / "speech.wav")
    assert isinstance(any_model.translate(speech, to="text:en"), Text)
    assert isinstance(any_model.translate(film.save(tmp_path / "film.gif"), to="text:en"), Text)


def test_a_picture_depends_on_its_prompt_seed_and_number_alone(any_model):
    many = any_model.generate(["a cat", "红苹果", ""], n=2, seed=4)
    assert [(one.prompt, one.index, one.seed) for one in many] == [
        (prompt, index, 4) for prompt in ("a cat", "红苹果", "") for index in (0, 1)
    ]
    alone = [any_model.generate(prompt, n=1, seed=4)[0] for prompt in ("a cat", "红苹果", "")]
    assert all(np.array_equal(many[2 * place].pixels, one.pixels) for place, one in enumerate(alone))
    assert not np.array_equal(many[0].pixels, many[1].pixels)
    assert not np.array_equal(many[0].pixels, any_model.generate("a cat", seed=5)[0].pixels)


def test_only_codes_of_the_medium_are_written(any_model, monkeypatch):
    written = []
    complete = Engine.complete

    def watched(self, requests, *rest):
        found = complete(self, requests, *rest)
        written.extend(found)
        return found

    monkeypatch.setattr(Engine, "complete", watched)
    any_model.generate("a cat", "image", n=3, temperature=5.0)
    assert all(len(made.ids) == 64 and set(made.ids) <= set(any_model.vocabulary.span("image")) for made in written)
    written.clear()
    any_model.generate("a cat", "audio", n=3, temperature=5.0)
    closing = any_model.vocabulary.mark("/audio")
    for made in written:
        codes = made.ids[:-1] if made.ids[-1] == closing else made.ids
        assert len(codes) <= 20
        assert set(codes) <= set(any_model.vocabulary.span("audio"))


def test_a_picture_that_is_gone_on_with_keeps_its_beginning(any_model):
    given = read_input(np.asarray(painted(3, 16, 16)))
    kept = codes_of(given, any_model.vocabulary, any_model.parts.tokenisers)
    whole = any_model.parts.tokenisers.image.decode(torch.from_numpy(kept).view(1, 8, 8))
    made = any_model.continue_picture(given.content, rows=7, n=2)
    assert len(made) == 2
    assert made[0].pixels.shape == (16, 16, 3)
    with pytest.raises(UsageError, match="rows"):
        any_model.continue_picture(given.content, rows=8)
    assert whole.shape == (1, 3, 16, 16)


def test_what_it_says_on_the_way_is_cut_to_fit_and_of_no_prompts_come_no_pictures(any_model, monkeypatch):
    said = [Text(text="a red cat " * 400)]
    monkeypatch.setattr(AnyModel, "read", lambda self, inputs, language, **options: said)
    sound = Audio(samples=sounded(1, 0.2), rate=8000)
    assert isinstance(any_model.translate(sound, to="image"), Image)
    with pytest.raises(ZaohuaError, match="reads at most"):
        any_model.translate(sound, to="image", cut=False)
    assert any_model.generate([]) == []


def test_a_gif_of_one_picture_is_a_picture(any_model, tmp_path):
    painted(1, 16, 16).convert("P").save(tmp_path / "still.gif")
    given = read_input(tmp_path / "still.gif")
    assert given.medium == "image"
    assert any_model.translate(str(tmp_path / "still.gif"), to="text:en").text is not None


def test_what_it_has_not_learnt_is_refused_in_a_line(any_model, tmp_path):
    parts = any_model.parts
    small = AnyModel(
        Parts(parts.decoder, parts.tokenizer, parts.vocabulary, parts.tokenisers, Knows(("caption",), ("zh",)))
    )
    picture = np.asarray(painted(1, 16, 16))
    silent = Audio(samples=np.zeros(800, np.float32), rate=8000)
    moving = Video(frames=np.stack([np.full((16, 16, 3), n * 60, np.uint8) for n in range(3)]), fps=4)
    moving = moving.save(tmp_path / "moving.gif")
    (tmp_path / "cut.gif").write_bytes(moving.read_bytes()[:30])
    for ask, says in (
        (lambda: small.generate("红苹果"), "picture → text"),
        (lambda: small.translate(picture, to="text:en"), "language"),
        (lambda: small.translate(picture, to="image"), "already"),
        (lambda: small.translate(silent, to="text:zh"), "picture → text"),
        (lambda: small.answer(picture, "这是什么？"), "answer questions"),
        (lambda: small.continue_picture(picture), "picture → text"),
        (lambda: any_model.translate(silent, to="text:zh"), "silent"),
        (lambda: any_model.translate(Audio(samples=sounded(1, 3.0), rate=8000), to="text:zh"), "at most"),
        (lambda: any_model.generate("une pomme rouge"), "fr"),
        (lambda: any_model.generate("красное яблоко"), "ru"),
        (lambda: any_model.generate("りんごはあかいです"), "language"),
        (lambda: any_model.generate("a cat", to="smell"), "smell"),
        (lambda: any_model.generate("a cat", to="image:zh"), "image:zh"),
        (lambda: any_model.generate("a cat", to="text:zh"), "writes texts about"),
        (lambda: any_model.generate("a cat", n=0), "n = 0"),
        (lambda: any_model.generate("a cat", guidance=-1), "guidance"),
        (lambda: any_model.generate("cat " * 200), "context|reads at most"),
        (lambda: any_model.translate(tmp_path / "none.png", to="text:zh"), "no file"),
        (lambda: any_model.translate(str(tmp_path / "none.png"), to="text:zh"), "no file"),
        (lambda: any_model.translate("a cat", to="text:zh"), "--to"),
        (lambda: any_model.generate("a \0 cat"), "NUL"),
        (lambda: any_model.answer(picture, "what \0 is it?"), "NUL"),
        (lambda: any_model.answer(picture, " "), "no question"),
        (lambda: any_model.continue_picture(picture, n=0), "n = 0"),
        (lambda: small.translate(moving, to="text:zh"), "saved as PNG"),
        (lambda: small.translate(tmp_path / "cut.gif", to="text:zh"), "damaged"),
        (lambda: any_model.translate(str(tmp_path), to="text:zh"), "is a folder"),
        (lambda: any_model.translate("cat " * 5000, to="image"), "reads at most"),
    ):
        with pytest.raises(ZaohuaError, match=says) as caught:
            ask()
        assert "\n" not in str(caught.value)
    broken = tmp_path / "film.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(ZaohuaError, match="decode"):
        any_model.translate(broken, to="text:zh")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a red apple", "en"),
        ("game die", "en"),
        ("man in tuxedo", "en"),
        ("红苹果", "zh"),
        ("on", "en"),
        ("7", "en"),
        ("Japanese no vacancy button", "en"),
        ("cowboy hat face", "en"),
        ("卫生工作者", "zh"),
    ],
)
def test_short_prompts_are_taken_for_a_language_that_is_known(text, language):
    assert prompt_language(text, ("en", "zh")) == language
