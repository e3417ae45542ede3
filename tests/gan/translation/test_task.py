"""Translators learn under the common trainer: from the recipe to a model folder, with a stop on the way."""

import json
from pathlib import Path

import pytest
import torch
from painting import album
from PIL import Image, ImageFilter
from resuming import assert_resumes_exactly
from torch.utils.flop_counter import FlopCounterMode

from zaohua import hub
from zaohua.data.pictures.pairs import PairConfig
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan import adversarial
from zaohua.gan.translation import methods
from zaohua.gan.translation import task as task_module
from zaohua.gan.translation.model import TranslationModel
from zaohua.gan.translation.task import TranslationRecipe, TranslationTask
from zaohua.i18n import set_language
from zaohua.judges.extractor import EYES, Extractor, open_extractor, untrained
from zaohua.recipe import load_recipe, validate
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

METHODS = ("paired", "l1", "cycle", "contrastive")
_RECIPE = """
task = "gan-translate"
[data]
source = "folder:{made}"
input = "folder:{made_from}"
size = 16
validation = 0.25
flip = true
[model]
method = "{method}"
width = 4
blocks = 1
discriminator_width = 4
discriminator_layers = 2
[loss]
pool = 8
places = 16
head = 8
[train]
steps = 10
batch_size = 4
log_every = 1
evaluate_every = 5
save_every = 4
ema = 0.9
tensorboard = false
[measure]
extractor = "small-cnn-mnist"
[run]
dir = "{folder}/run"
"""


@pytest.fixture(autouse=True)
def english():
    set_language("en")


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> Path:
    """Blobs, and the same blobs without colour."""
    folder = tmp_path_factory.mktemp("blobs")
    album(folder / "made", 24, width=16, height=16)
    (folder / "from").mkdir()
    for file in (folder / "made").iterdir():
        with Image.open(file) as picture:
            picture.convert("L").filter(ImageFilter.FIND_EDGES).convert("RGB").save(folder / "from" / file.name)
    return folder


def recipe(folder: Path, colours: Path, method: str) -> Path:
    path = folder / f"{method}.toml"
    places = {"made": colours / "made", "made_from": colours / "from"}
    path.write_text(_RECIPE.format(method=method, folder=folder, **places), encoding="utf-8")
    return path


def task(colours: Path, method: str, tmp_path: Path, *settings: str) -> TranslationTask:
    found = TranslationTask(validate(load_recipe(recipe(tmp_path, colours, method), settings), TranslationRecipe))
    found.prepare(parallel.start("auto"), visible=False)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_a_stopped_run_goes_on_bit_for_bit(method, colours, tmp_path, monkeypatch):
    """Networks, optimisers, the average and, of a cycle, the pools of earlier pictures."""
    assert_resumes_exactly(recipe(tmp_path, colours, method), tmp_path, monkeypatch, after=6)


@pytest.fixture
def eye(monkeypatch):
    """A classifier for the loss that was never trained, so that no weights need be fetched; a judge has its own."""

    def opened(name: str) -> Extractor:
        if name not in EYES:
            return open_extractor(name)
        torch.manual_seed(5)
        return untrained(name)

    monkeypatch.setattr(task_module, "open_extractor", opened)


def test_so_does_one_whose_discriminator_comes_late(colours, tmp_path, monkeypatch, eye):
    """Stopped before it comes, and after."""
    settings = 'begin = 0.5\nperceptual = 2\nfeatures = 1\neye = "efficientnet-lite1-32"'
    path = recipe(tmp_path, colours, "paired")
    path.write_text(path.read_text(encoding="utf-8").replace("[loss]", f"[loss]\n{settings}"), encoding="utf-8")
    for after in (3, 7):
        (tmp_path / str(after)).mkdir()
        assert_resumes_exactly(path, tmp_path / str(after), monkeypatch, after=after)
    log = [json.loads(line) for line in (tmp_path / "7" / "whole" / "metrics.jsonl").open(encoding="utf-8")]
    train = [line for line in log if line["kind"] == "train"]
    assert [("score_real" in line) for line in train] == [False] * 5 + [True] * 5
    assert all("perceptual" in line for line in train)


@pytest.mark.parametrize("begin", [0.0, 0.75, 1.0])
def test_a_step_of_pairs_costs_what_the_counter_sees(begin, colours, tmp_path, eye):
    settings = ("loss.features=1", "loss.perceptual=1", "loss.eye=efficientnet-lite1-32", f"loss.begin={begin}")
    found = task(colours, "paired", tmp_path, "regulariser.every=1", "model.discriminator_width=16", *settings)
    modules = found.build()
    counted = 0.0
    for progress, share in ((0.0, begin), (0.999, 1 - begin)):
        for phase in found.phases(modules, torch.device("cpu")):
            for module in modules.values():
                for parameter in module.parameters():
                    parameter.requires_grad_(any(parameter is own for own in phase.optimiser.parameters))
            draw = Draw(1, 0, 0, torch.arange(4), torch.device("cpu"), progress)
            with FlopCounterMode(display=False) as counter:
                phase.loss_fn(phase.batches(draw), draw)[0].backward()
            counted += share * counter.get_total_flops()
    assert found.flops_per_step() == pytest.approx(counted, rel=0.15)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_leaves_a_translator_and_a_report(method, colours, tmp_path):
    channels = ("data.input_channels=1",) if method in ("paired", "l1") else ()
    summary = train_recipe(recipe(tmp_path, colours, method), *channels, quiet=True)
    assert set(summary["metrics"]) == {"fd", "l1"}
    assert summary["baselines"]["copy"]["l1"] > 0
    run = tmp_path / "run"
    assert (run / "contact-sheet.png").is_file()
    assert (run / "report.html").is_file()
    listing = json.loads((run / "samples" / "step-00000010.json").read_text(encoding="utf-8"))
    assert len(listing["samples"]) == (2 if method == "cycle" else 1)
    model = hub.load(run)
    assert isinstance(model, TranslationModel)
    assert model.can_return == (method == "cycle")
    assert "image-to-image" in model.card
    made = model.translate(colours / "from" / "0000.png")
    assert made.pixels.shape == (16, 16, 3)
    again = hub.evaluate(run)
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    best = min(line["fd"] for line in log if line["kind"] == "eval")
    assert again["metrics"]["fd"] == pytest.approx(best, rel=0.5)


def test_pairs_are_learnt(colours, tmp_path):
    """With L1 alone the distance falls well below that of the picture it starts from."""
    path = recipe(tmp_path, colours, "l1")
    summary = train_recipe(path, "train.steps=150", "train.evaluate_every=150", "data.flip=false", quiet=True)
    assert summary["metrics"]["l1"] < 0.7 * summary["baselines"]["copy"]["l1"]


@pytest.mark.parametrize("method", METHODS)
def test_parts_of_a_batch_add_up_to_it(method, colours, tmp_path):
    """Every random number belongs to its sample: halves of a batch give the gradient of the whole."""
    found = task(colours, method, tmp_path, "regulariser.every=1")
    gradients = []
    for parts in ([range(4)], [range(2), range(2, 4)]):
        modules = found.build()
        for phase in found.phases(modules, torch.device("cpu")):
            phase.optimiser.zero_grad()
            for part in parts:
                draw = Draw(1, 3, 0, torch.tensor(list(part)), torch.device("cpu"))
                (phase.loss_fn(phase.batches(draw), draw)[0] / len(parts)).backward()
            gradients.append([p.grad.clone() for p in phase.optimiser.parameters if p.grad is not None])
    half = len(gradients) // 2
    for whole, halves in zip(gradients[:half], gradients[half:], strict=True):
        for one, other in zip(whole, halves, strict=True):
            torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-5)


def test_pairs_stay_together_and_others_meet_at_random(colours, tmp_path):
    """The input of each pair in a batch is its target's; without pairs it is so no more often than by chance."""
    kinds = {method: task(colours, method, tmp_path, "data.flip=true") for method in ("paired", "contrastive")}
    for method, found in kinds.items():
        side, together = found.pairs.train, 0
        known = {side.inputs[n].numpy().tobytes(): n for n in range(len(side.inputs))}
        known |= {side.inputs[n].flip(-1).numpy().tobytes(): n for n in range(len(side.inputs))}
        targets = {side.targets[n].numpy().tobytes(): n for n in range(len(side.targets))}
        targets |= {side.targets[n].flip(-1).numpy().tobytes(): n for n in range(len(side.targets))}
        for step in range(30):
            draw = Draw(1, step, 0, torch.arange(4), torch.device("cpu"))
            batch = found.batch("generator", draw, torch.device("cpu"))
            for one, other in zip(batch.latent, batch.real, strict=True):
                bytes_ = [((x + 1) * 127.5).round().to(torch.uint8).numpy().tobytes() for x in (one, other)]
                together += known[bytes_[0]] == targets[bytes_[1]]
        assert together == 120 if method == "paired" else together < 40


def test_discriminator_and_generator_see_different_pairs(colours, tmp_path):
    found = task(colours, "paired", tmp_path)
    draw = Draw(1, 0, 0, torch.arange(4), torch.device("cpu"))
    one, other = (found.batch(phase, draw, draw.device).real for phase in ("discriminator", "generator"))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_a_plan_is_known_without_the_data(method, colours, tmp_path):
    path = recipe(tmp_path, colours, method)
    plan = describe(load_recipe(path, ["data.source=folder:nowhere"]))
    assert plan["steps"] == 10
    assert plan["flops"] > 0
    built = validate(load_recipe(path), TranslationRecipe)
    found = TranslationTask(built)
    found.settle()
    assert plan["parameters"] == sum(found.parameters.values())


def test_what_is_found_is_said_before_the_work(colours, tmp_path, capsys):
    found = TranslationTask(validate(load_recipe(recipe(tmp_path, colours, "paired")), TranslationRecipe))
    found.prepare(parallel.start("auto"), visible=True)
    said = capsys.readouterr()
    assert "18 to learn from, 6 held back, 16×16" in said.out + said.err
    assert "only 18 pictures" in said.out + said.err


def test_the_streams_of_a_step_are_all_different():
    """Two uses of one stream would be decided by the same numbers."""
    pieces = [2 * cut + phase for cut in (task_module._CUT, task_module._OTHER_CUT) for phase in (0, 1)]
    duel = [adversarial._REAL, adversarial._FAKE, adversarial._PLACE, adversarial._NOISE, adversarial._NOISE + 1]
    streams = [*pieces, *duel, methods._EXCHANGED, methods._PLACES]
    assert len(set(streams)) == len(streams)


def test_what_cannot_be_is_refused(colours, tmp_path):
    with pytest.raises(UsageError, match="method=contrastive"):
        task(colours, "paired", tmp_path, "data.paired=false")
    with pytest.raises(UsageError, match="16 pixels can be halved 4 times at most"):
        task(colours, "paired", tmp_path, "model.discriminator_layers=6")
    with pytest.raises(UsageError, match="extractor: one of"):
        task(colours, "paired", tmp_path, "measure.extractor=inception")
    judged_by_its_teacher = "measure.extractor=efficientnet-lite1-64", "loss.perceptual=1"
    with pytest.raises(UsageError, match="judge its own pupil"):
        task(colours, "paired", tmp_path, *judged_by_its_teacher)
    with pytest.raises(UsageError, match="eye: one of"):
        task(colours, "paired", tmp_path, "loss.eye=small-cnn-mnist")
    for method in ("cycle", "contrastive"):
        with pytest.raises(UsageError, match="nothing to learn before"):
            task(colours, method, tmp_path, "loss.begin=0.5")
    with pytest.raises(UsageError, match="begin"):
        task(colours, "paired", tmp_path, "loss.begin=1.5")
    with pytest.raises(ZaohuaError, match="nowhere"):
        task(colours, "paired", tmp_path, "data.input=folder:nowhere")


def test_two_kinds_without_partners_are_learnt_from(colours, tmp_path):
    path = recipe(tmp_path, colours, "contrastive")
    summary = train_recipe(path, "data.paired=false", "train.steps=2", quiet=True)
    assert set(summary["metrics"]) == {"fd"}
    assert PairConfig(source="a", input="b").paired
