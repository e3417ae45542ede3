"""The whole way of a tiny video GAN: recipe, run, resume, model folder, films, measures; and what is refused."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from filming import reel
from PIL import Image
from resuming import assert_resumes_exactly

import zaohua
from zaohua import hub, labels
from zaohua.cli import run as cli
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.video.model import VideoModel
from zaohua.i18n import set_language
from zaohua.recipe import load_recipe
from zaohua.tasks import load_task
from zaohua.training import parallel
from zaohua.training.run import describe, train_recipe
from zaohua.training.task import Draw

RECIPE = """
task = "gan-video"
[data]
source = "folder:{folder}/clips"
frames = 8
validation = 0.4
flip = true
[model]
content = 8
noise = 4
motion = 8
generator_width = 0.125
discriminator_width = 0.125
[augment]
strength = 0.5
[train]
steps = 6
batch_size = 4
log_every = 1
evaluate_every = 3
save_every = 2
tensorboard = false
[measure]
extractor = "small-cnn-mnist"
samples = 16
final = 20
realism = 4
[sample]
clips = 4
[run]
dir = "{folder}/run"
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    set_language("en")
    folder = tmp_path_factory.mktemp("video")
    reel(folder / "clips" / "slow", 6)
    reel(folder / "clips" / "fast", 6, first=6)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(recipe: Path) -> Path:
    train_recipe(recipe, quiet=True)
    return recipe.parent / "run"


@pytest.fixture(scope="module")
def model(run: Path) -> VideoModel:
    return zaohua.load(run)


def test_a_run_that_is_stopped_goes_on_bit_for_bit(recipe: Path, tmp_path: Path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=3)


@pytest.mark.parametrize(
    "wishes",
    [
        ("loss.kind=hinge", "regulariser.spectral_norm=true", "regulariser.kind=none"),
        ("augment.adaptive=true", "augment.strength=0.8"),
        ("loss.kind=wasserstein", "regulariser.kind=gradient_penalty", "model.looks=2"),
        ("loss.kind=non_saturating", "regulariser.kind=r1", "regulariser.estimate=difference", "model.spacing=1"),
    ],
)
def test_other_losses_and_regularisers_train(recipe: Path, tmp_path: Path, wishes):
    found = train_recipe(recipe, *wishes, "train.steps=2", "measure.realism=0", f"run.dir={tmp_path / 'a'}", quiet=True)
    assert np.isfinite(found["metrics"]["fd"])
    assert "realism" not in found


def test_a_run_leaves_what_people_need(run: Path):
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    metrics = summary["metrics"]
    assert metrics["fd"] == pytest.approx((metrics["fd_frames"] * metrics["fd_motion"]) ** 0.5)
    motion = summary["motion"]
    assert motion["fd"]["shuffled"] > motion["fd"]["floor"], "the control"
    assert motion["fd"]["still"] > motion["fd"]["floor"]
    assert 0 <= summary["realism"]["value"] <= 1
    assert summary["scores"]["extractor"].startswith("small-cnn-mnist@")
    assert Image.open(run / "clip-sheet.png").width > 100
    shown = sorted(path.name for path in (run / "samples").glob("step-00000006*"))
    assert shown == ["step-00000006-0.png", "step-00000006-1.mp4", "step-00000006.json"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "frames together" in page
    card = (run / "checkpoints" / "best" / "README.md").read_text(encoding="utf-8")
    assert "text-to-video" in card


def test_a_batch_follows_from_its_draw_alone(recipe: Path, tmp_path: Path):
    raw = load_recipe(recipe, [f"run.dir={tmp_path / 'x'}"])
    task_class = load_task(raw["task"])
    task = task_class(task_class.Recipe.model_validate(raw))
    (tmp_path / "x").mkdir()
    ranks = parallel.start("auto")
    try:
        task.prepare(ranks, visible=False)
    finally:
        parallel.stop()
    device = torch.device("cpu")
    whole = task.batch("discriminator", Draw(1, 5, 0, torch.arange(4), device), device)
    part = task.batch("discriminator", Draw(1, 5, 0, torch.tensor([2, 3]), device), device)
    assert torch.equal(whole.real[2:], part.real)
    assert torch.equal(whole.condition[2:], part.condition)
    assert torch.equal(whole.latent[2:], part.latent)
    times, classes = whole.condition[:, :-1], whole.condition[:, -1]
    assert (times.diff(dim=1) > 0).all()
    assert (times[:, -1] - times[:, 0] < 8).all()
    assert times.max() <= 3 * 8 - 1
    assert set(classes.tolist()) <= {0.0, 1.0}
    assert whole.real.shape == (4, 3, 3, 32, 32)
    assert not torch.equal(whole.real, task.batch("generator", Draw(1, 5, 0, torch.arange(4), device), device).real)
    moved = task.distort(whole.real, torch.arange(4, dtype=torch.int32), 1.0)
    holes = (moved == 0).all(2)
    assert torch.equal(holes[:, 0], holes[:, 1]), "all frames of a clip lose the same place"


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal but for the rounding of sums, which depends on how many frames are made together."""
    return one.shape == other.shape and int(np.abs(one.astype(int) - other).max()) <= 1


def test_films_of_any_length_and_class(model: VideoModel):
    short, long = model.generate(2, seed=3), model.generate(1, seed=3, frames=20)[0]
    assert [film.frames.shape for film in short] == [(8, 256, 256, 3)] * 2
    assert alike(long.frames[:8], short[0].frames), "a longer film begins as a shorter one"
    assert short[0].fps == 10
    assert not np.array_equal(short[0].frames, short[1].frames)
    assert [film.prompt for film in model.generate(3, label="slow")] == ["slow"] * 3
    fine = model.generate(1, seed=3, frames=15, fps=20)[0]
    assert alike(fine.frames[::2], short[0].frames), "between its frames there are more"
    plain = model.generate(1, seed=3, truncation=0.0)[0]
    assert not np.array_equal(plain.frames, short[0].frames)


def test_a_saved_model_opens_again(model: VideoModel, tmp_path: Path):
    model.save(tmp_path / "again")
    again = zaohua.load(tmp_path / "again")
    assert np.array_equal(again.generate(1, seed=5)[0].frames, model.generate(1, seed=5)[0].frames)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"frames": 0}, "frames"),
        ({"frames": 10_001}, "10,000"),
        ({"n": 100, "frames": 1_000}, "10,000"),
        ({"n": 0}, "0"),
        ({"fps": 0.0}, "between 0.1 and 240"),
        ({"fps": float("nan")}, "between 0.1 and 240"),
        ({"fps": 1e-9}, "between 0.1 and 240"),  # which would walk through years between two frames
        ({"label": "crawl"}, "fast"),
        ({"truncation": 1.5}, "truncation"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(model: VideoModel, asked, message):
    with pytest.raises(UsageError) as caught:
        model.generate(**asked)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.network=nano48", "nano32"),
        ("data.size=64", "leave it out"),
        ("model.looks=9", "model.looks"),
        ("data.source=folder:nowhere", "nowhere"),
        ("data.frames=13", "too short"),
        ("data.fps=0", "fps"),
        ("data.frames=2", "at least 3 frames"),
        ("model.depth=3", "depth"),
    ],
)
def test_a_wrong_setting_is_one_line(recipe: Path, tmp_path: Path, setting: str, message: str):
    with pytest.raises(ZaohuaError) as caught:
        train_recipe(recipe, setting, f"run.dir={tmp_path / 'x'}", quiet=True)
    assert "\n" not in str(caught.value)
    assert message in str(caught.value)


def test_a_damaged_folder_is_refused(model: VideoModel, run: Path, tmp_path: Path):
    config = json.loads((run / "checkpoints" / "best" / "config.json").read_text(encoding="utf-8"))
    wrong = {
        "fps": 0,
        "content": "many",
        "spacing": 0,
        "size": 64,
        "channels": 4,
        "network": "dcgan",
        "classes": ["one"],
    }
    for key, value in wrong.items():
        folder = tmp_path / key
        model.save(folder)
        (folder / "config.json").write_text(json.dumps(config | {key: value}), encoding="utf-8")
        with pytest.raises(ZaohuaError) as caught:
            zaohua.load(folder)
        assert "\n" not in str(caught.value)


def test_a_dry_run_knows_the_cost(recipe: Path):
    plan = describe(load_recipe(recipe))
    assert plan["steps"] == 6
    assert plan["units_per_step"] == {"clips": 4}
    assert plan["flops_per_step"] > 0


def test_evaluation_sets_real_clips_and_disorder_beside(run: Path, recipe: Path):
    found = hub.evaluate(run, samples=16, visible=False)
    assert {"fd_frames", "fd_motion", "steady", "change", "realism"} <= found["metrics"].keys()
    assert found["baselines"]["shuffled"]["fd_motion"] > found["baselines"]["floor"]["fd_motion"]
    other = hub.evaluate(run, f"folder:{recipe.parent / 'clips' / 'slow'}", samples=16, visible=False)
    assert other["data"] == [f"folder:{recipe.parent / 'clips' / 'slow'}"]
    with pytest.raises(UsageError):
        hub.evaluate(run, "builtin:moving-digits", "text")


def test_the_verbs(run: Path, recipe: Path, tmp_path: Path, capsys):
    def called(*arguments: str, code: int = 0) -> str:
        assert cli(["--lang", "en", *arguments]) == code
        return capsys.readouterr().out

    out = tmp_path / "film.gif"
    made = called("generate", str(run), "--frames", "9", "--class", "fast", "--out", str(out), "--json")
    assert json.loads(made)["frames"] == 9
    assert json.loads(made)["files"] == [{"file": str(out), "class": "fast"}]
    assert Image.open(out).n_frames == 9
    assert labels.read(out) is not None
    called("generate", str(run), "-n", "2", "--seconds", "1.2", "--fps", "5", "--out", str(tmp_path / "x.mp4"))
    for number in (1, 2):
        with av.open(tmp_path / f"x-{number}.mp4") as container:
            assert len(list(container.decode(video=0))) == 6
    for wrong in (["--out", "x.png"], ["--grid"], ["--frames", "3", "--seconds", "1"], ["--class", "no"]):
        called("generate", str(run), *wrong, code=2)
    clips = f"folder:{recipe.parent / 'clips'}"
    told = called("data", "clips", clips, "--frames", "8", "--sheet", str(tmp_path / "s.png"))
    assert "To train on and held back" in told
    assert (tmp_path / "s.png").exists()
    facts = json.loads(called("data", "clips", clips, "--frames", "8", "--json"))
    assert facts["clips"]["train"] + facts["clips"]["validation"] == 12
