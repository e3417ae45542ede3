"""The task learns, resumes bit for bit, and its account agrees with what evaluating the folder says."""

import json

import numpy as np
import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.errors import UsageError
from zaohua.recipe import load_recipe, validate
from zaohua.tasks import load_task
from zaohua.training.run import train_recipe


def test_it_learns_and_gives_an_account(run):
    summary = json.loads((run / "summary.json").read_text())
    account = summary["account"]
    assert account["metrics"]["accuracy"] > 0.85 > summary["baselines"]["commonest"]["accuracy"] + 0.2
    alone = ["text", "image", "audio", "video", "table"]
    assert [name for name in account["subsets"] if "+" not in name] == alone
    assert len(account["subsets"]) == 2**5 - 2
    assert set(account["noise"]) == {"image", "audio", "video"}
    assert sum(account["weights"].values()) == pytest.approx(1)
    assert np.sum(summary["confusion"]) == 16
    assert "modalities" in (run / "report.html").read_text()


def test_it_resumes_bit_for_bit(table, tmp_path, monkeypatch):
    text = (table / "recipe.toml").read_text().replace("steps = 30", "steps = 8").replace("every = 15", "every = 4")
    (tmp_path / "recipe.toml").write_text(text)
    assert_resumes_exactly(tmp_path / "recipe.toml", tmp_path, monkeypatch, after=6)


def test_evaluating_the_folder_says_what_the_run_said(run):
    said = json.loads((run / "summary.json").read_text())
    found = hub.evaluate(run / "checkpoints" / "last")
    assert found["metrics"] == pytest.approx(said["account"]["metrics"])
    assert found["subsets"]["text"] == pytest.approx(said["account"]["subsets"]["text"])
    assert found["baselines"] == said["baselines"]


def test_numbers_are_told_on_their_own_scale(tmp_path):
    draw = np.random.default_rng(0)
    sizes = draw.uniform(0, 1, 200)
    rows = [f"{size},{'big' if size > 0.5 else 'small'},{1000 + 300 * size:.2f}" for size in sizes]
    (tmp_path / "t.csv").write_text("size,word,weight\n" + "\n".join(rows))
    (tmp_path / "r.toml").write_text(f"""
task = "understand"
[data]
source = "csv:{tmp_path}/t.csv"
numbers = ["size"]
categories = ["word"]
label = "weight"
kind = "number"
[model]
width = 16
[fusion]
dropout = 0.0
[train]
steps = 150
evaluate_every = 50
tensorboard = false
[run]
dir = "{tmp_path}/run"
""")
    summary = train_recipe(tmp_path / "r.toml", quiet=True)
    assert summary["account"]["metrics"]["r2"] > 0.8
    assert summary["account"]["metrics"]["mae"] < 0.5 * summary["baselines"]["mean"]["mae"]
    model = hub.load(tmp_path / "run")
    answer = model.predict({"table": {"size": 0.5, "word": "small"}})
    assert answer.number == pytest.approx(1150, abs=60)
    assert answer.label == ""


def test_the_plan_needs_no_data(table):
    raw = load_recipe(table / "recipe.toml", ["data.source=csv:nowhere.csv"])
    task = load_task("understand")
    plan = task(validate(raw, task.Recipe)).plan()
    assert plan["parameters"] > 1000
    assert plan["steps"] == 30
    assert plan["units_per_step"] == {"samples": 16}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("fusion.kind=glue", "attention"),
        ("fusion.options.heads=3", "heads"),
        ("data.image=picture", "photo"),
        ("data.image= data.text= data.audio= data.video= data.numbers=[] data.categories=[]", "data.text"),
    ],
)
def test_a_wrong_recipe_is_one_line(table, tmp_path, setting, said):
    with pytest.raises(UsageError) as caught:
        train_recipe(table / "recipe.toml", *setting.split(), f"run.dir={tmp_path}/run", quiet=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "recipe.toml").exists()


def test_a_batch_is_the_same_however_it_is_cut(table):
    task_class = load_task("understand")
    task = task_class(validate(load_recipe(table / "recipe.toml"), task_class.Recipe))
    from zaohua.training.parallel import Parallel
    from zaohua.training.task import Draw

    cpu = torch.device("cpu")
    task.prepare(Parallel(rank=0, world=1, device=cpu, mode="single"), visible=False)
    whole = task.batch(Draw(1, 3, 0, torch.arange(16), cpu), cpu)
    half = task.batch(Draw(1, 3, 0, torch.arange(8, 16), cpu), cpu)
    assert torch.equal(whole.inputs["image"][0][8:], half.inputs["image"][0])
    assert torch.equal(whole.inputs["audio"][0][8:], half.inputs["audio"][0])
    assert torch.equal(whole.targets[8:], half.targets)
