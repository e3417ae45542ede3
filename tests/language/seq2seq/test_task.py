"""The encoder-decoder: its parts, its folder, and a word that it learns to write backwards."""

import json
import random
from pathlib import Path

import pytest
import small_runs
import torch
from torch.utils.flop_counter import FlopCounterMode

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.seq2seq.model import Seq2SeqModel
from zaohua.language.seq2seq.module import Seq2Seq, Seq2SeqConfig
from zaohua.language.seq2seq.task import Seq2SeqRecipe, Seq2SeqTask
from zaohua.language.seq2seq.writing import padded
from zaohua.recipe import load_recipe, validate
from zaohua.training.parallel import Parallel
from zaohua.training.run import train_recipe


@pytest.fixture(scope="module")
def module(tokenizer) -> Seq2Seq:
    shape = {"encoder_layers": 2, "layers": 1, "width": 32, "heads": 2, "head_dim": 16, "ffn_width": 48, "context": 24}
    built = Seq2Seq(Seq2SeqConfig(**shape, vocab_size=tokenizer.vocab_size))
    generator = torch.Generator().manual_seed(0)
    for parameter in built.parameters():
        torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.2, generator=generator)
    return built.eval()


def ids(module, *shape: int) -> torch.Tensor:
    return torch.randint(0, module.config.vocab_size, shape, generator=torch.Generator().manual_seed(1))


def test_costs_are_counted(module):
    assert module.config.num_parameters() == sum(p.numel() for p in module.parameters())
    read, written = ids(module, 1, 9), ids(module, 1, 6)
    real = torch.ones(1, 9, dtype=torch.bool)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.write(written, module.remember(read, real), real)
    # The counter leaves attention out: two products over all that is read, over half of what is written on average.
    attention = 2 * 2 * 32 * (2 * 9 * 9 + 6 * 9 + 6 * 6 // 2)
    assert module.config.flops(9, 6, training=False) == counter.get_total_flops() + attention


@torch.no_grad()
def test_writing_step_by_step_is_writing_at_once(module):
    read, written = ids(module, 2, 7), ids(module, 2, 5)
    real = torch.arange(7) < torch.tensor([[7], [4]])
    memory = module.remember(read, real)
    whole = module.write(written, memory, real)
    cache = module.new_cache(2, 5)
    steps = [module.write(written[:, i : i + 1], memory, real, cache) for i in range(5)]
    assert (torch.cat(steps, 1) - whole).abs().max() <= 1e-5
    alone = module.write(written[1:], module.remember(read[1:, :4], real[1:, :4]), real[1:, :4])
    assert (alone[0] - whole[1]).abs().max() <= 1e-5, "padding is not read"
    other = module.write(written, module.remember(read.flip(1), real.flip(1)), real.flip(1))
    assert (other - whole).abs().max() > 1e-3, "order is read"


def test_a_folder_comes_back_whole_and_damage_is_one_line(module, tokenizer, tmp_path):
    folder = tmp_path / "model"
    Seq2SeqModel(module, tokenizer).save(folder)
    opened = hub.load(folder)
    assert all(torch.equal(p, q) for p, q in zip(module.parameters(), opened.module.parameters(), strict=True))
    raw = json.loads((folder / "config.json").read_text())
    for change, says in (
        ({"width": 0}, "width = 0"),
        ({"width": 64}, "shape"),
        ({"layers": 2}, "lacks"),
        ({"encoder_layers": 1}, "does not know"),
        ({"layers": 9_999}, "config.json"),
        ({"vocab_size": 2}, "shape"),
        ({"dropout": "x"}, "dropout = x"),
        ({"head_dim": 15}, "head_dim"),
    ):
        (folder / "config.json").write_text(json.dumps(raw | change))
        with pytest.raises(ZaohuaError, match=says) as caught:
            hub.load(folder)
        assert "\n" not in str(caught.value)


def test_generating_obeys_its_options(module, tokenizer):
    model = Seq2SeqModel(module, tokenizer)
    many = model.generate("山上 one", max_new_tokens=8, temperature=1.0, n=3, seed=5)
    assert [text.index for text in many] == [0, 1, 2]
    assert len({text.text for text in many}) > 1
    assert [t.text for t in model.generate("山上 one", max_new_tokens=8, temperature=1.0, n=2, seed=5)] == [
        t.text for t in many[:2]
    ]
    greedy = model.generate("山上 one", max_new_tokens=8, top_k=None, beams=None, length_penalty=1.0)[0]
    texts = ["山上 one", "on the hill a temple", "有"]
    assert model.rewrite(texts, 8)[0] == greedy.text
    assert model.rewrite(texts, 8) == [model.rewrite([text], 8)[0] for text in texts]
    if greedy.text:
        cut = model.generate("山上 one", max_new_tokens=8, stop=greedy.text[1:2] or greedy.text)[0]
        assert greedy.text.startswith(cut.text)
        assert cut.finish_reason == "stop"
    elsewhere = ({"logprobs": 1}, {"beams": 1}, {"speculate": 1}, {"length_penalty": 0.0}, {"regex": "a"})
    for wrong in ({"max_new_tokens": 0}, {"n": 0}, {"stop": ""}, {"temperature": -1}, {"top_k": 0}, *elsewhere):
        with pytest.raises(UsageError):
            model.generate("a", **wrong)
    with pytest.raises(UsageError, match="reads 24 at most"):
        model.generate("山" * 60)


def test_rows_are_padded():
    rows, real = padded([[1, 2, 3], [4]], 9)
    assert rows.tolist() == [[1, 2, 3], [4, 9, 9]]
    assert real.tolist() == [[True] * 3, [True, False, False]]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """Words and the same words backwards."""
    return small_runs.seq2seq(tmp_path_factory.mktemp("seq2seq"))


def test_it_learns_to_write_words_backwards(recipe, tmp_path):
    settings = ("train.steps=250", "train.batch_size=32", "train.accumulate=1", "train.evaluate_every=250")
    summary = train_recipe(recipe, *settings, "model.dropout=0", f"run.dir={tmp_path}", quiet=True)
    assert summary["metrics"]["chrf"] > summary["baselines"]["nearest"]["chrf"]
    model = hub.load(tmp_path)
    draw = random.Random(1)
    known = (recipe.parent / "words.jsonl").read_text()
    fresh = [w for w in ("".join(draw.choices("abcdef", k=4)) for _ in range(300)) if f'"{w}"' not in known]
    right = [answer == word[::-1] for word, answer in zip(fresh, model.rewrite(fresh), strict=True)]
    assert len(fresh) > 100
    assert sum(right) / len(right) > 0.95
    assert hub.evaluate(tmp_path)["metrics"] == pytest.approx(summary["metrics"], abs=1e-5)
    assert model.generate(fresh[0])[0].text == model.rewrite(fresh[:1])[0]


def test_a_text_that_is_cut_has_no_end_to_learn(recipe):
    task = Seq2SeqTask(validate(load_recipe(recipe, ["model.context=5"]), Seq2SeqRecipe))
    task.prepare(Parallel(rank=0, world=1, device=torch.device("cpu"), mode="single"), visible=False)
    end, short, long = task.tokenizer.eot_id, task.tokenizer.encode("ab"), task.tokenizer.encode("abcdef")
    task._sides["train"] = [(short, short), (long, long)]
    read, real, inputs, targets = task._rows("train", [0, 1], torch.device("cpu"))
    assert read.tolist() == [[*short, end, end, end], [*long[:4], end]]
    assert real.tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert inputs.tolist() == [[end, *short, end, end], [end, *long[:4]]]
    assert targets.tolist() == [[*short, end, -100, -100], long[:5]]


def test_it_goes_on_from_a_folder(recipe, tmp_path):
    train_recipe(recipe, "train.steps=2", f"run.dir={tmp_path / 'one'}", quiet=True)
    settings = (f"model.base={tmp_path / 'one'}", "model.dropout=0.3", "train.steps=1", "train.learning_rate=1e-9")
    train_recipe(recipe, *settings, "train.optimiser=adamw", f"run.dir={tmp_path / 'two'}", quiet=True)
    one, two = (hub.load(tmp_path / name) for name in ("one", "two"))
    assert two.module.config.dropout == 0.3
    weights = zip(one.module.parameters(), two.module.parameters(), strict=True)
    assert all((ours - theirs).abs().max() < 1e-6 for ours, theirs in weights)
