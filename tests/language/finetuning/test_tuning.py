"""Fine-tuning from a recipe to a model folder: instructions, preferences, documents, with adapters and without."""

import json
import math
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.chat import CHATML, own_template
from zaohua.language.finetuning.adapter_folder import load_adapter
from zaohua.language.finetuning.lora import merge
from zaohua.language.finetuning.packing import Row
from zaohua.language.finetuning.prefer import dpo_loss, margins
from zaohua.language.folder import save_folder
from zaohua.language.tokenizer import Tokenizer
from zaohua.recipe import RawRecipe, validate
from zaohua.tasks import load_task
from zaohua.training import checkpoint, parallel
from zaohua.training.monitor import TIME_FIELDS
from zaohua.training.run import describe, train
from zaohua.training.signals import Stopped
from zaohua.training.task import Draw
from zaohua.training.trainer import Trainer

WORDS = "hill temple upon a time there was 山 上 有 一 座 庙".split()  # noqa: SIM905
LORA = {"rank": 4, "targets": "all", "dropout": 0.2}


def phrase(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=words))


@pytest.fixture
def base(tmp_path, tokenizer, make_decoder) -> Path:
    save_folder(make_decoder(context=128), tokenizer, tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """Data for every task."""
    dice = random.Random(0)
    asked = [{"instruction": phrase(dice, 3), "input": "", "output": phrase(dice, 4)} for _ in range(40)]
    asked.append({"messages": [{"role": r, "content": phrase(dice, 2)} for r in ("user", "assistant") * 2]})
    pairs = [
        {"prompt": phrase(dice, 3), "chosen": "hill " + phrase(dice, 3), "rejected": "time " + phrase(dice, 5)}
        for _ in range(30)
    ]
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    (tmp_path / "pairs.json").write_text(json.dumps(pairs))
    (tmp_path / "text.txt").write_text("\n".join(phrase(dice, 10) for _ in range(150)))
    return {"instruct": tmp_path / "asked.json", "prefer": tmp_path / "pairs.json", "continue": tmp_path / "text.txt"}


@pytest.fixture
def recipe(tmp_path, base, files, monkeypatch):
    """A function that makes a recipe: task, name of the run's folder, other values of sections."""
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))

    def make(task: str, folder: str = "run", **sections) -> RawRecipe:
        raw = {
            "task": task,
            "data": {"source": f"file:{files[task]}", "validation": 0.2},
            "model": {"base": str(base), "context": 96},
            "train": {
                "steps": 12,
                "batch_size": 4,
                "accumulate": 2,
                "learning_rate": 0.01,
                "optimiser": "adamw",
                "log_every": 1,
                "evaluate_every": 6,
                "save_every": 4,
                "sample_every": 12,
                "tensorboard": False,
            },
            "sample": {"max_new_tokens": 6},
            "run": {"dir": str(tmp_path / folder)},
        }
        for name, values in sections.items():
            raw[name] = raw.get(name, {}) | values if isinstance(values, dict) else values
        return RawRecipe(raw)

    return make


def opened(raw):
    """A prepared task of a recipe and its scorer."""
    kind = load_task(raw["task"])
    task = kind(validate(raw, kind.Recipe))
    task.prepare(parallel.start("auto"), visible=False)
    modules = task.build()
    task.phases(modules, torch.device("cpu"))
    return task, modules["model"]


def lines(folder: Path) -> list[dict]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in TIME_FIELDS and "per_second" not in k} for line in found]


# ---- whole runs


@pytest.mark.parametrize("task", ["instruct", "prefer", "continue"])
@pytest.mark.parametrize("lora", [True, False], ids=["lora", "full"])
def test_a_run_gets_better_and_leaves_a_model_that_opens(tmp_path, recipe, base, task, lora):
    raw = recipe(task, **({"lora": LORA} if lora else {}))
    summary = train(raw, quiet=True)
    before, after = summary["baselines"]["before"], summary["metrics"]
    assert after["loss"] < before["loss"] - 0.05
    if task == "prefer":
        assert before["loss"] == pytest.approx(math.log(2), abs=1e-6)
        assert (before["accuracy"], before["margin"]) == (0.5, pytest.approx(0, abs=1e-5))
        assert after["accuracy"] > 0.5
        assert after["margin"] > 0
    assert [path.name for path in sorted((tmp_path / "run" / "samples").glob("*"))] == [
        "step-00000000.json",
        "step-00000012.json",
    ], "before and after"
    assert "before" in (tmp_path / "run" / "checkpoints" / "best" / "README.md").read_text()
    model = hub.load(tmp_path / "run")
    ids = torch.randint(0, 280, (1, 20), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        tuned = model.decoder(ids)
        plain = hub.load(base).decoder
        assert not torch.allclose(plain(ids), tuned, atol=0.01)
        adapter = tmp_path / "run" / "checkpoints" / "best" / "adapter"
        assert adapter.is_dir() == lora
        if lora:
            assert torch.allclose(hub.load(adapter).decoder(ids), tuned, atol=1e-4), "they open by themselves too"
            merge(plain, load_adapter(adapter, plain.config))
            assert torch.allclose(plain(ids), tuned, atol=1e-4), (
                "the adapters beside the model are those merged into it"
            )
    again = hub.evaluate(tmp_path / "run", **({"samples": 0} if task == "continue" else {}))
    assert again["metrics"] == pytest.approx(after, rel=1e-3, abs=1e-5), "what was held back is found again"
    if task != "continue":
        assert again["baselines"]["before"] == pytest.approx(before, rel=1e-3, abs=1e-5)
        with pytest.raises(UsageError, match="stride"):
            hub.evaluate(tmp_path / "run", stride=4)
        assert own_template(model.tokenizer) == CHATML
        assert model.tokenizer.special["<|im_end|>"] in model.ends
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoModelForCausalLM.from_pretrained((tmp_path / "run" / "checkpoints" / "best").resolve())
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, tuned, atol=1e-4)


def test_adapters_whose_base_is_gone_are_one_line(tmp_path, recipe, base):
    train(recipe("instruct", lora=LORA, train={"steps": 1}), quiet=True)
    base.rename(tmp_path / "elsewhere")
    with pytest.raises(ZaohuaError, match=r"^[^\n]*adapters to [^\n]*base[^\n]*$"):
        hub.load(tmp_path / "run" / "checkpoints" / "last" / "adapter")
    with pytest.raises(ZaohuaError, match=r"^[^\n]*base[^\n]*$"):
        hub.evaluate(tmp_path / "run")


def test_the_report_shows_before_and_after(tmp_path, recipe):
    train(recipe("instruct", lora=LORA), quiet=True)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "before fine-tuning" in page
    assert "It beats the baseline" in page


@pytest.mark.parametrize("task", ["instruct", "prefer"])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, recipe, task, monkeypatch):
    train(recipe(task, "unbroken", lora=LORA), quiet=True)
    step = Trainer.training_step

    def stopped_after_seven(self):
        step(self)
        if self.step == 7:
            os.kill(os.getpid(), signal.SIGTERM)

    broken = recipe(task, "broken", lora=LORA)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", stopped_after_seven)
        with pytest.raises(Stopped):
            train(broken, quiet=True)
    state = checkpoint.latest(tmp_path / "broken" / "state")
    assert state.name == "step-00000007"
    names = checkpoint.Reader(state).names()
    assert names
    assert not any("linear" in name or "embed" in name for name in names), "the base is on disk already"
    train(broken, resume=True, quiet=True)
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "broken"
    assert lines(resumed) == lines(unbroken)
    one, other = (load_file(folder / "checkpoints" / "last" / "model.safetensors") for folder in (unbroken, resumed))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (unbroken, resumed)]
    assert summaries[0]["baselines"] == summaries[1]["baselines"]


def test_a_changed_base_is_noticed(tmp_path, recipe, base, tokenizer, make_decoder):
    raw = recipe("instruct", lora=LORA, train={"steps": 4})
    train(raw, quiet=True)
    save_folder(make_decoder(seed=9, context=128), tokenizer, base)
    (tmp_path / "run" / "summary.json").unlink()
    with pytest.raises(UsageError, match="--accept-changes"):
        train(raw, resume=True, quiet=True)


@pytest.mark.parametrize("task", ["instruct", "prefer", "continue"])
def test_the_plan_says_what_it_would_take(recipe, task):
    plan = describe(recipe(task, lora=LORA))
    full = describe(recipe(task))
    assert plan["steps"] == full["steps"] == 12
    assert 0 < plan["flops_per_step"] < full["flops_per_step"]
    assert 0 < plan["memory_bytes"] < full["memory_bytes"]
    derived = describe(recipe(task, train={"steps": None}))
    assert derived["steps"] > 0


def test_two_processes_train_like_one(tmp_path, recipe):
    """Over gloo, data-parallel and sharded, with adapters and without: every loss and evaluation."""
    torchrun, jobs = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"], []
    for task, lora in (("instruct", LORA), ("prefer", LORA), ("continue", None)):
        jobs.append(dict(recipe(task, **({"lora": lora} if lora else {}), train={"steps": 4, "evaluate_every": 4})))
    (tmp_path / "jobs.py").write_text(JOBS.format(jobs=jobs))
    for mode, how in (("auto", []), ("data", torchrun), ("shard", torchrun)):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "ZAOHUA_CACHE": str(tmp_path / f"cache-{mode}")}
        command = [sys.executable, *how, str(tmp_path / "jobs.py"), str(tmp_path), mode]
        subprocess.run(command, check=True, env=environment, timeout=120)
    for mode in ("data", "shard"):
        for job in jobs:
            one, two = (lines(tmp_path / run / job["task"]) for run in ("auto", mode))
            assert len(one) == len(two) == 4 + 1
            for first, second in zip(one, two, strict=True):
                assert second["loss"] == pytest.approx(first["loss"], abs=1e-4), (mode, job["task"])
            assert hub.load(tmp_path / mode / job["task"])


JOBS = """
import sys
from zaohua.recipe import RawRecipe
from zaohua.training.run import train

folder, mode = sys.argv[1:]
for job in {jobs}:
    run = {{"dir": f"{{folder}}/{{mode}}/{{job['task']}}"}}
    train(RawRecipe(job | {{"run": run, "train": job["train"] | {{"parallel": mode}}}}), quiet=True)
"""


# ---- the loss


@pytest.mark.parametrize("task", ["instruct", "prefer", "continue"])
def test_the_loss_is_the_same_however_the_batch_is_cut(recipe, task):
    raw = recipe(task, lora=LORA)
    work, scorer = opened(raw)
    for layer in work.adapters.layers.values():
        nn.init.normal_(layer.lora_B, std=0.2, generator=torch.Generator().manual_seed(1))
    cpu, found = torch.device("cpu"), []
    for parts in ([range(4)], [range(2), range(2, 4)], [range(1), range(1, 4)]):
        total = torch.zeros(())
        for part in parts:
            draw = Draw(seed=1, step=3, repeat=0, indices=torch.tensor(list(part)), device=cpu)
            loss, _ = work.loss(scorer, work.batch(draw, cpu), draw)
            total += loss.detach() * len(part) / 4
        found.append(total)
    assert torch.allclose(found[0], found[1], atol=1e-5)
    assert torch.allclose(found[0], found[2], atol=1e-5)


def test_an_epoch_learns_every_window_once(recipe):
    work, _ = opened(recipe("instruct", train={"batch_size": 1}))
    count, cpu = len(work.train.windows), torch.device("cpu")
    for epoch in range(2):
        rows = []
        for step in range(epoch * count, (epoch + 1) * count):
            draw = Draw(seed=1, step=step, repeat=0, indices=torch.arange(1), device=cpu)
            rows.append(tuple(work.batch(draw, cpu).row.ids[0].tolist()))
        windows = [tuple(Row.of(work.train.window(i), cpu).ids[0].tolist()) for i in range(count)]
        assert sorted(rows) == sorted(windows)


def test_the_evaluation_is_the_mean_over_held_back_answers(recipe):
    work, scorer = opened(recipe("instruct"))
    nats, learnt = 0.0, 0
    for text in work.validation.texts:
        ids = torch.from_numpy(text.ids.astype(np.int64))
        with torch.no_grad():
            logits = work.decoder(ids[None, :-1])[0].double().log_softmax(-1)
        nats -= sum(logits[i, ids[i + 1]].item() for i in range(len(ids) - 1) if text.learnt[i + 1])
        learnt += int(text.learnt.sum())
    found = work.evaluate({"model": scorer}, parallel.start("auto"))
    assert found["loss"] == pytest.approx(nats / learnt, rel=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(nats / learnt), rel=1e-5)


def test_dpo_is_the_papers_formula():
    """−log σ(β (log π(w)/π_ref(w) − log π(l)/π_ref(l))), pair by pair."""
    generator = torch.Generator().manual_seed(0)
    policy, reference = (torch.randn(5, 2, generator=generator) * 10 for _ in range(2))
    for row in range(5):
        (w, l), (w_ref, l_ref) = policy[row].tolist(), reference[row].tolist()  # noqa: E741
        margin = 0.3 * ((w - w_ref) - (l - l_ref))
        assert margins(policy, reference, 0.3)[row].item() == pytest.approx(margin, rel=1e-4)
        assert dpo_loss(policy, reference, 0.3)[row].item() == pytest.approx(math.log1p(math.exp(-margin)), rel=1e-4)
    assert dpo_loss(policy * 1e6, reference, 1.0).isfinite().all()


def test_preferences_compare_whole_last_answers(recipe, files):
    first = {"from": "human", "value": "hill"}, {"from": "gpt", "value": "temple"}
    pair = {
        "conversations": [*first, first[0]],
        "chosen": {"from": "gpt", "value": "a"},
        "rejected": {"from": "gpt", "value": "b"},
    }
    files["prefer"].write_text(
        json.dumps(
            [pair, pair | {"conversations": [first[0]]}, pair | {"conversations": [{"from": "human", "value": "x"}]}]
        )
    )
    work, scorer = opened(recipe("prefer"))
    for item in work.train + work.validation:
        for text, answer in ((item.chosen, "a"), (item.rejected, "b")):
            assert work.tokenizer.decode(text.ids[text.learnt]) == f"{answer}<|im_end|>"
            ids = torch.from_numpy(text.ids.astype(np.int64))
            with torch.no_grad():
                logits = work.decoder(ids[None, :-1])[0].log_softmax(-1)
            total = sum(logits[i, ids[i + 1]].item() for i in range(len(ids) - 1) if text.learnt[i + 1])
            which = 0 if answer == "a" else 1
            found = work._log_probabilities(scorer, [item], torch.device("cpu"))
            assert found[0, which].item() == pytest.approx(total, rel=1e-4)


# ---- bad input


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"model": {"base": None}}, "zaohua finetune MODEL RECIPE"),
        ({"model": {"base": "/nowhere"}}, "/nowhere"),
        ({"lora": {"targets": ["query"]}}, "q_proj"),
        ({"lora": {"rank": 0}}, "rank"),
        ({"data": {"template": "/nowhere.jinja"}}, "nowhere.jinja"),
        ({"data": {"today": "tomorrow"}}, "YYYY-MM-DD"),
        ({"data": {"max_items": 1}}, "at least two"),
        ({"model": {"context": 16}}, "model.context"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_run(tmp_path, recipe, sections, words):
    with pytest.raises(ZaohuaError, match=rf"^[^\n]*{words}[^\n]*$"):
        train(recipe("instruct", **sections), quiet=True)
    assert not (tmp_path / "run" / "recipe.toml").exists()


def test_a_template_that_loops_stops_the_run_and_nothing_else(tmp_path, recipe, monkeypatch):
    from zaohua.language import template_limits

    monkeypatch.setattr(template_limits, "MOST_SECONDS", 0.2)
    (tmp_path / "loop.jinja").write_text(
        "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}"
    )
    with pytest.raises(ZaohuaError, match="was stopped"):
        train(recipe("instruct", data={"template": str(tmp_path / "loop.jinja")}), quiet=True)


def test_long_questions_are_not_asked_and_stop_nothing(tmp_path, recipe, files):
    """The recipe's usual answer is as long as this model's whole context."""
    items = json.loads(files["instruct"].read_text())
    items += [{"instruction": "山 " * (30 + i % 5) + str(i), "input": "", "output": "temple"} for i in range(20)]
    files["instruct"].write_text(json.dumps(items))
    train(recipe("instruct", train={"steps": 1}, sample={"max_new_tokens": 128}), quiet=True)
    asked = json.loads((tmp_path / "run" / "samples" / "step-00000000.json").read_text())
    assert asked


def test_a_template_without_the_answer_is_one_line(tmp_path, recipe):
    (tmp_path / "mute.jinja").write_text("{% for m in messages if m.role == 'user' %}{{ m.content }}\n{% endfor %}")
    for task in ("instruct", "prefer"):
        with pytest.raises(ZaohuaError, match=r"^[^\n]*without an answer[^\n]*$"):
            train(recipe(task, data={"template": str(tmp_path / "mute.jinja")}), quiet=True)


def test_what_the_template_refuses_is_left_out_and_counted(tmp_path, recipe):
    strict = CHATML.replace(
        "{%- endfor %}", "{%- if loop.index > 2 %}{{ raise_exception('one turn') }}{% endif %}{% endfor %}"
    )
    (tmp_path / "strict.jinja").write_text(strict)
    work, _ = opened(recipe("instruct", data={"template": str(tmp_path / "strict.jinja")}))
    assert work.report["removed"]["template"] == 1
    assert sum(work.report["conversations"].values()) == 40


def test_a_tokeniser_without_chat_tokens_still_learns_to_answer(tmp_path, recipe, base, tokenizer):
    raw = json.loads((base / "tokenizer.json").read_text())
    raw["added_tokens"] = [token for token in raw["added_tokens"] if "im_" not in token["content"]]
    (base / "tokenizer.json").write_text(json.dumps(raw))
    work, _ = opened(recipe("instruct"))
    assert work.ends == {tokenizer.eot_id}
    Tokenizer.load(base)
