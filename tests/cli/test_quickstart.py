"""The journey: acts in order, one folder of its own, one report, a clean stop."""

import json
from pathlib import Path

import pytest
from small_pictures import picture_recipe

from zaohua.cli import quickstart, run
from zaohua.training.signals import Stopped


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The quickstart's run folder, under an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs" / "quickstart"


def act(name="language", *, error=None):
    """An act that leaves the least a run leaves."""

    def play(where, console):
        where.mkdir(parents=True, exist_ok=True)
        (where / "recipe.toml").write_text('task = "language"\n[run]\ndir = "runs/quickstart"', encoding="utf-8")
        (where / f"{name}.txt").write_text("done", encoding="utf-8")
        console.print("[bold]as it is[/bold]")
        if error is not None:
            raise error
        return {"name": name}

    return quickstart.Act("language", play)


def test_acts_follow_one_another_and_the_report_comes_last(folder, monkeypatch, capsys):
    monkeypatch.setattr(quickstart, "ACTS", [act("one"), act("two")])
    assert run(["quickstart", "--lang", "en"]) == 0
    assert {path.name for path in folder.iterdir()} == {"recipe.toml", "one.txt", "two.txt", "report.html"}
    shown = capsys.readouterr().out
    assert shown.index("Act 1 of 2") < shown.index("[bold]as it is[/bold]") < shown.index("Act 2 of 2")
    assert shown.index("Act 2 of 2") < shown.index("runs/quickstart/report.html") < shown.index("zaohua train")


def test_json_is_one_document_on_standard_output(monkeypatch, capsys):
    monkeypatch.setattr(quickstart, "ACTS", [act()])
    assert run(["quickstart", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {
        "folder": "runs/quickstart",
        "report": "runs/quickstart/report.html",
        "acts": {"language": {"name": "language"}},
    }


def test_chinese(monkeypatch, capsys, folder):
    monkeypatch.setattr(quickstart, "ACTS", [act()])
    assert run(["quickstart", "--lang", "zh"]) == 0
    assert "第 1 幕" in capsys.readouterr().out
    assert "训练报告" in (folder / "report.html").read_text(encoding="utf-8")


def test_its_own_last_run_is_replaced(folder, monkeypatch):
    monkeypatch.setattr(quickstart, "ACTS", [act("old")])
    assert run(["quickstart", "-q"]) == 0
    monkeypatch.setattr(quickstart, "ACTS", [act("new")])
    assert run(["quickstart", "-q"]) == 0
    assert (folder / "new.txt").exists()
    assert not (folder / "old.txt").exists()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_anything_else_in_its_place_is_left_alone(folder, tmp_path, monkeypatch, capsys, kind):
    monkeypatch.setattr(quickstart, "ACTS", [act()])
    treasure = tmp_path / "elsewhere" / "treasure.txt" if kind == "link" else folder / "treasure.txt"
    if kind == "file":
        treasure = folder
    treasure.parent.mkdir(parents=True)
    treasure.write_text("mine")
    if kind == "link":
        (treasure.parent / "recipe.toml").write_text("")
        folder.parent.mkdir()
        folder.symlink_to(treasure.parent)
    assert run(["quickstart", "--lang", "en"]) == 2
    assert "is not a quickstart run" in capsys.readouterr().err
    assert treasure.read_text() == "mine"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped("Stopped at step 3")])
def test_a_stop_is_one_line_that_says_how_to_start_over(monkeypatch, capsys, error):
    monkeypatch.setattr(quickstart, "ACTS", [act(error=error), act("never")])
    assert run(["quickstart", "--lang", "en"]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "to start over: zaohua quickstart" in printed.err
    assert "Act 2" not in printed.out


def test_every_act_has_a_title_in_both_languages():
    from zaohua.i18n import catalogue

    for language in ("en", "zh"):
        assert {f"act_{each.name}" for each in quickstart.ACTS} <= catalogue(language, "quickstart").keys()


def test_control_characters_do_not_reach_the_terminal():
    assert quickstart._printable("却说\t曹操\u3000\x1b[2J\x07\n") == "却说\t曹操\u3000\ufffd[2J\ufffd\n"


TINY = """
task = "language"
[data]
source = "file:{text}"
[tokenizer]
kind = "char"
[model]
layers = 1
width = 32
context = 16
[train]
steps = 12
batch_size = 8
tensorboard = false
[sample]
prompts = ["却说", "And"]
max_new_tokens = 4
[run]
dir = "elsewhere"
"""


def test_the_acts_train_measure_and_make(folder, tmp_path, monkeypatch, capsys):
    """The real acts on recipes of seconds, but for the one that trains nothing."""
    monkeypatch.setattr(quickstart, "ACTS", [each for each in quickstart.ACTS if each.name != "media"])
    monkeypatch.setattr(quickstart, "PICTURE_RECIPE", str(picture_recipe(tmp_path / "pictures")))
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    text, recipe = tmp_path / "text.txt", tmp_path / "tiny.toml"
    text.write_text("却说曹操引兵至城下。And it came to pass in those days.\n" * 60, encoding="utf-8")
    recipe.write_text(TINY.format(text=text), encoding="utf-8")
    monkeypatch.setattr(quickstart, "LANGUAGE_RECIPE", str(recipe))
    assert run(["quickstart", "--json", "--lang", "en"]) == 0
    printed = capsys.readouterr()
    acts = json.loads(printed.out)["acts"]
    result = acts["language"]
    assert [sample["prompt"] for sample in result["samples"]] == ["却说", "And"]
    assert result["metrics"].keys() == {"loss", "perplexity", "bits_per_byte"}
    assert result["baselines"]["ngram"]["order"] > 1
    assert result["metrics"]["loss"] > result["baselines"]["ngram"]["loss"]  # twelve steps do not beat counting
    assert "does not beat counting yet" in printed.err
    assert "Word for word in the training text" in printed.err
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "does not beat counting yet" in report
    assert 'href="pictures/report.html"' in report
    assert Path(acts["pictures"]["file"]).is_file()
    assert acts["pictures"]["scores"]["fd"]["value"] > 0
    assert not (tmp_path / "elsewhere").exists()


def test_a_quickstart_that_found_no_data_can_be_tried_again(folder, tmp_path, monkeypatch, capsys):
    """The real act, of which a failed preparation leaves the log and nothing else."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY.format(text=tmp_path / "nowhere.txt"), encoding="utf-8")
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(quickstart, "LANGUAGE_RECIPE", str(recipe))
    said = []
    for _ in range(2):
        assert run(["quickstart", "--lang", "en"]) == 1
        said.append(capsys.readouterr().err)
        assert [path.name for path in folder.iterdir()] == ["log.txt"]
    assert said[0] == said[1]
    assert said[0].count("\n") == 1
    assert "nowhere.txt" in said[0]


def test_the_shipped_recipe_is_valid_and_goes_where_quickstart_looks():
    from zaohua.language.pretrain import LanguageRecipe
    from zaohua.recipe import load_recipe, validate

    recipe = validate(load_recipe(quickstart.LANGUAGE_RECIPE), LanguageRecipe)
    assert Path(recipe.run.dir) == quickstart.FOLDER
    assert len(recipe.sample.prompts) == 2


def test_the_media_act_draws_and_tells_what_it_was_not_trained_on(folder, capsys):
    """The real act with the model that ships. Its pictures are among those held back when it was trained."""
    from rich.console import Console

    from zaohua.data.captioned import CaptionedConfig, read_captioned

    made = quickstart.media_act(folder, Console(quiet=True))
    assert all(Path(file).is_file() for file in made["files"])
    if not made["said"]:
        pytest.skip("no package index to be reached")
    assert len(made["said"]) == len(quickstart.MEDIA_PICTURES)
    for told in made["said"]:
        assert len(told["captions"]) == 2
        assert all(told["captions"])
    held_back = read_captioned(CaptionedConfig(source="builtin:openmoji-kinds", size=32), 1).validation.names
    assert {told["name"] for told in made["said"]} <= set(held_back)
