"""The any-to-any task: its rows, its resume, its results."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.cli import run as cli
from zaohua.data.captioned import Captioned, Side
from zaohua.errors import UsageError
from zaohua.labels import read
from zaohua.multimodal.any.examples import Views, examples_of
from zaohua.multimodal.any.rows import entries
from zaohua.training import parallel
from zaohua.training.run import train_recipe
from zaohua.training.task import Draw


def test_it_resumes_bit_for_bit(recipe, tmp_path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=5)


def test_parts_of_a_batch_add_up_to_the_whole(recipe, prepared):
    task = prepared(recipe)
    decoder, device = task.build()["model"], torch.device("cpu")
    task.config = task.config.__class__(**{**vars(task.config), "dropout": 0.0})

    def loss(*places: int) -> torch.Tensor:
        draw = Draw(1, 3, 0, torch.tensor(places), device)
        return task.loss(decoder, task.batch(draw, device), draw)[0]

    assert torch.allclose(loss(0, 1, 2, 3), (loss(0, 1) + loss(2, 3)) / 2, atol=1e-6)


def test_an_epoch_keeps_the_weights_and_leaves_nothing_out(recipe, prepared):
    task = prepared(recipe)
    counts = Counter(entry.template for entry in task._entries)
    assert counts["caption"] == counts["draw"] == 2 * counts["answer"] == 4 * counts["continue"]
    for template, pool in task._held_back.items():
        assert pool, template
    shown = {(entry.template, id(entry.example), entry.language) for entry in task._entries}
    items = task.found.train[0].items
    assert {("draw", id(item), language) for item in items for language in ("en", "zh")} <= shown
    assert {("continue", id(item), "") for item in items} <= shown


def test_some_rows_lack_their_caption(recipe, prepared):
    task = prepared(recipe, "loss.without=0.5", "train.batch_size=64")
    rows = []
    for step in range(4):
        inputs = task.batch(Draw(1, step, 0, torch.arange(64), torch.device("cpu")), torch.device("cpu")).inputs
        rows += inputs.tolist()
    image = task.found.vocabulary.mark("image")
    drawn = [ids for ids in rows if ids.count(image) == 1]
    assert 0.1 < np.mean([ids[0] == image for ids in drawn]) < 0.9


def test_what_is_drawn_is_seen_in_a_mirror_half_of_the_time_and_nothing_that_is_read(recipe, prepared):
    task = prepared(recipe, "views.mirror=true", "views.count=1")
    tokeniser, vocabulary = task.found.tokenisers.image, task.found.vocabulary
    turned = dict(
        zip(
            map(id, task.found.train[0].items),
            tokeniser.encode(task.found.data[0].train.media.flip(-1)).flatten(1).numpy(),
            strict=True,
        )
    )
    for entry in task._entries:
        plain, mirrored = entry.example.codes[0], turned[id(entry.example)]
        for draw in (0.49, 0.51):
            parts = task.filler.parts(entry, [draw] * 8)
            wanted = mirrored if draw < 0.5 and entry.template in ("draw", "continue") else plain
            (shown,) = (part for part in parts if not part.is_text)
            assert np.array_equal(shown.tokens, vocabulary.tokens("image", wanted))
    assert all(item.mirrored is None for item in task.found.validation[0].items)


def test_views_are_the_picture_moved(any_model):
    pixels = torch.randint(0, 255, (3, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    views = Views(count=3, shift=2, seed=1)
    assert torch.equal(views.of(pixels, 0), pixels)
    moved = views.of(pixels, 1)
    assert moved.shape == pixels.shape
    assert torch.equal(moved, views.of(pixels, 1))
    inside = [
        any(
            torch.equal(moved[n, :, 2:6, 2:6], pixels[n, :, 2 + y : 6 + y, 2 + x : 6 + x])
            for y in range(-2, 3)
            for x in range(-2, 3)
        )
        for n in range(3)
    ]
    assert all(inside)


def test_views_of_a_sound_are_the_sound_at_other_speeds():
    wave, views = torch.sin(torch.arange(8000) * 2 * torch.pi * 400 / 8000), Views(count=6)
    assert torch.equal(views.of_sound(wave, 0, 256), wave)
    for number in range(1, 6):
        seen = views.of_sound(wave, number, 256)
        silence = int((seen != 0).nonzero()[0])
        assert 0 < silence <= number * 256 // 6 + 1 <= 256
        played = seen[number * 256 // 6 :]
        peak = torch.fft.rfft(played).abs().argmax() * 8000 / len(played)
        assert abs(peak - 400 * (1.0, 0.9, 1.1)[number % 3]) <= 8000 / len(played)


def test_a_run_is_measured_used_and_gone_on_with(recipe, tmp_path, capsys):
    train_recipe(recipe, quiet=True)
    run = tmp_path / "run"
    capsys.readouterr()
    found = hub.evaluate(run)
    assert found["metrics"].keys() >= {"loss", "caption_loss", "draw_loss", "caption_cider_d_en", "caption_chrf_zh"}
    assert found["baselines"].keys() >= {"nearest", "frequent"}
    summary = json.loads((run / "summary.json").read_text())
    assert summary["made"].keys() >= {"caption_cider_d_zh"}
    out = tmp_path / "out"
    assert cli(["generate", str(run), "a red apple", "--to", "image", "-n", "2", "--out", str(out), "--json"]) == 0
    files = [one["file"] for one in json.loads(capsys.readouterr().out)["files"]]
    assert len(files) == 2
    assert all(read(path) is not None for path in files), "what is made says so"
    assert cli(["translate", str(run), files[0], "--to", "text:zh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["to"] == "text:zh"
    assert cli(["translate", str(run), files[0], "--question", "What is this?"]) == 0
    capsys.readouterr()
    for arguments in (
        ["translate", str(run), "a red apple", "--to", "audio"],
        ["translate", str(run), files[0], "--to", "taste"],
        ["translate", str(run), files[0], "--sheet", str(tmp_path / "sheet.png")],
        ["generate", str(run), "a red apple", "--class", "cat"],
    ):
        assert cli(arguments) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    more = f"run.dir={tmp_path}/more"
    train_recipe(recipe, more, f"model.base={run}", "train.steps=2", quiet=True)
    assert hub.load(tmp_path / "more").vocabulary == hub.load(run).vocabulary


def test_what_is_missing_is_said_in_a_line(recipe, sounds, tmp_path, prepared):
    for setting, says in (
        ("model.image=nowhere", "image-tokens"),
        ("templates.sing=1", "sing"),
        ("templates.speak=1", "speak"),
        ("model.context=40", "context"),
    ):
        with pytest.raises(UsageError, match=says) as caught:
            prepared(recipe, setting)
        assert "\n" not in str(caught.value)


def test_sounds_and_pictures_in_one_model(recipe, sounds, tmp_path):
    text = recipe.read_text(encoding="utf-8")
    also = f'\n[[also]]\nsource = "folder:{sounds}"\nkind = "sounds"\nvalidation = 0.3\n'
    recipe.write_text(
        text.replace("[templates]", "[templates]\ntranscribe = 1.0\nspeak = 1.0") + also, encoding="utf-8"
    )
    train_recipe(recipe, quiet=True)
    model = hub.load(tmp_path / "run")
    assert set(model.parts.knows.templates) == {"caption", "draw", "answer", "continue", "transcribe", "speak"}
    assert len(model.generate("one", to="audio")[0].samples)
    found = hub.evaluate(tmp_path / "run")
    assert "transcribe_wer_en" in found["metrics"]
    assert "transcribe_wer_en" in found["baselines"]["nearest"]


def test_clips_become_as_many_pictures_as_a_film_has(tokenisers, tokenizer):
    clips = [torch.randint(0, 255, (size, 3, 16, 16), dtype=torch.uint8) for size in (2, 9)]
    said = [{"en": ["a cat hops"], "zh": ["猫跳"]}, {"en": ["a dog turns"]}]
    side = Side(
        media=clips, captions=said, names=["0", "1"], groups=["", ""], classes=["hop", "turn"], questions=[{}, {}]
    )
    captioned = Captioned("clips", side, side, 12.0, {})
    found = examples_of(captioned, side, tokenisers, tokenizer, Views(), frames=3)
    assert [len(item.codes[0]) for item in found.items] == [3 * 64, 3 * 64]
    chosen = tokenisers.image.encode(clips[1][[0, 3, 6]])
    assert found.items[1].codes[0].tolist() == chosen.flatten().tolist()
    pools = entries([found], {"film": 1.0, "narrate": 1.0})
    assert {name: len(pool) for name, pool in pools.items()} == {"film": 3, "narrate": 3}


def test_the_best_model_is_not_the_one_that_is_least_sure(recipe, prepared):
    """A head made twice as sure has another loss, and the same at the temperature that suits it."""
    task = prepared(recipe)
    network, alone = task.build()["model"], parallel.start("auto")
    found = []
    with torch.no_grad():
        for factor in (8.0, 2.0):
            network.decoder.lm_head.weight.mul_(factor)
            found.append(task.evaluate({"model": network}, alone))
    sharp, sharper = found
    assert sharper["loss"] > sharp["loss"]
    assert all(numbers["tempered_loss"] <= numbers["loss"] for numbers in found)
    assert sharper["tempered_loss"] < sharper["loss"]
    assert sharper["tempered_loss"] - sharp["tempered_loss"] < sharper["loss"] - sharp["loss"]
