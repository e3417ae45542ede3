"""zaohua train and evaluate, from a recipe to results."""

import json
import tomllib


def test_a_run_leaves_results_and_its_resolved_recipe(zaohua, trained):
    summary = json.loads((trained / "summary.json").read_text())
    assert summary["metrics"]["loss"] > 0
    recipe = tomllib.loads((trained / "recipe.toml").read_text())
    assert recipe["train"]["steps"] == 10


def test_a_used_folder_is_refused_and_a_finished_run_resumes_to_its_summary(zaohua, toy, trained):
    refused = zaohua("train", str(toy))
    assert refused.code == 2
    assert "--resume" in refused.err
    resumed = zaohua("train", str(toy), "--resume", "--json")
    assert resumed.code == 0
    answer = json.loads(resumed.out)
    assert answer["metrics"] == json.loads((trained / "summary.json").read_text())["metrics"]
    assert answer["folder"] == trained.as_posix()


def test_a_finished_run_is_shown_beside_its_baselines(zaohua, toy, trained):
    shown = zaohua("train", str(toy), "--resume")
    for words in ("bits per byte", "unigrams", "-grams", "Word for word", trained.as_posix()):
        assert words in shown.out


def test_a_dry_run_never_touches_data_or_disk(zaohua, toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ("train", str(toy), "data.source=file:/no/such/file", "run.dir=here", "train.steps=100", "--dry-run")
    plan = json.loads(zaohua(*arguments, "--json").out)
    assert tomllib.loads(plan["recipe"])["train"]["steps"] == plan["steps"] == 100
    assert plan["flops"] == plan["flops_per_step"] * 100
    assert plan["parameters"] > 0
    assert plan["memory_bytes"] > 4 * plan["parameters"]
    assert plan["seconds"] > 0
    shown = zaohua(*arguments).out
    for words in ("parameters", "memory to train", "time on this machine"):
        assert words in shown
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_refuses_a_budget_that_the_task_does_not_count(zaohua, toy):
    ended = zaohua("train", str(toy), "train.steps=", "train.images=5", "--dry-run")
    assert ended.code == 2
    assert "train.images: this task counts in tokens; give train.steps or train.minutes" in ended.err


def test_a_dry_run_says_which_numbers_the_data_may_lower(zaohua, toy, trained):
    """Without a budget the dial counts steps by parameters alone; a tokeniser of one's own is what it is."""
    planned = json.loads(zaohua("train", str(toy), "train.steps=", "--dry-run", "--json").out)
    assert planned["at_most"] == ["vocab_size", "steps"]
    assert planned["vocab_size"] == 8192
    assert zaohua("train", str(toy), "train.steps=", "--dry-run").out.count("at most") == 2
    folder = trained / "checkpoints" / "best"
    existing = ("tokenizer.kind=folder", f"tokenizer.path={folder.as_posix()}")
    known = json.loads(zaohua("train", str(toy), *existing, "--dry-run", "--json").out)
    summary = json.loads((trained / "summary.json").read_text())
    assert known["at_most"] == []
    assert known["vocab_size"] == json.loads((folder / "config.json").read_text())["vocab_size"]
    assert known["parameters"] == summary["parameters"]


def test_evaluate_repeats_the_run_s_own_numbers(zaohua, trained):
    result = json.loads(zaohua("evaluate", str(trained), "--json").out)
    summary = json.loads((trained / "summary.json").read_text())
    assert abs(result["metrics"]["loss"] - summary["metrics"]["loss"]) < 1e-4
    assert result["baselines"]["unigram"]["loss"] == summary["baselines"]["unigram"]["loss"]
    assert "bits per byte" in zaohua("evaluate", str(trained)).out


def test_generate_writes_the_same_text_for_the_same_seed(zaohua, trained):
    arguments = ("generate", str(trained), "the ", "--max-new-tokens", "8", "--seed", "3")
    assert zaohua(*arguments).out == zaohua(*arguments).out != ""


def test_a_task_that_does_not_exist_is_one_line(zaohua, tmp_path):
    (tmp_path / "x.toml").write_text("task = 'dance'")
    result = zaohua("train", str(tmp_path / "x.toml"))
    assert result.code == 2
    assert "dance" in result.err
