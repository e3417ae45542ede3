"""The page of a run of two networks: how real, what went wrong, what was made, in both languages."""

import json

import numpy as np
import pytest

from zaohua.artifacts import Audio, Image
from zaohua.report import write_report
from zaohua.report.record import read_record
from zaohua.training.outputs import save_samples

RECIPE = 'task = "gan-image"\n[loss]\nkind = "hinge"\n[train]\nsteps = 400\nlearning_rate = 0.001\n[run]\ndir = "run"\n'
SCORES = {"extractor": "judge@0", "count": 9, "fd": {"value": 41.5, "floor": 2.25}, "kid_spread": 0.1}


@pytest.fixture
def run(tmp_path):
    """A run whose samples became all alike, with pictures of two steps and everything else that a run leaves."""
    lines = []
    for n in range(40):
        train = {"loss_discriminator": 1.2, "loss_generator": 0.5, "score_real": 0.5, "score_fake": -0.5, "right": 0.8}
        spread = 0.9 if n < 20 else 0.01
        lines.append({"step": 10 * (n + 1), "kind": "train", **train, "spread": spread, "grad_norm_generator": 1.0})
    lines.insert(20, {"step": 200, "kind": "eval", "fd": 30.25, "coverage": 0.5})
    lines.append({"step": 400, "kind": "eval", "fd": 41.5, "coverage": 0.5})
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    realism = {"value": 0.93, "error": 0.01, "floor": 0.52}
    summary = {"metrics": {"fd": 41.5}, "scores": SCORES, "realism": realism, "parameters": 9}
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    for step in (200, 400):
        pixels = np.full((8, 8, 3), step // 2, np.uint8)
        save_samples([Image(pixels=pixels)], tmp_path / "samples", step)
    (tmp_path / "film.mp4").write_bytes(b"a film")
    return tmp_path


def test_the_best_evaluation_is_that_of_the_lowest_distance(run):
    record = read_record(run)
    assert record.mark == "fd"
    assert record.best["step"] == 200
    assert [media.step for media in record.media] == [200, 400]


@pytest.mark.parametrize(("language", "words"), [("en", "Mode collapse: "), ("zh", "模式坍缩：")])
def test_the_page_says_what_went_wrong_and_shows_everything(run, language, words):
    page = write_report(run, language).read_text(encoding="utf-8")
    assert words in page
    assert "regulariser.kind=zero_centred" in page
    for text in ("30.250", "41.500", "2.250", "judge@0", "93.0%", 'href="film.mp4"', 'src="film.mp4"'):
        assert text in page, text
    assert page.count('<img src="data:image/png;base64,') == 3  # the last one, and both in the story
    for chart in ("losses", "distance", "scores", "right", "gradients", "spread"):
        assert f'id="chart-{chart}"' in page, chart


def test_sounds_can_be_heard_on_the_page(run):
    sound = Audio(samples=np.zeros(800, np.float32), rate=8000, prompt="seven <7>")
    save_samples([sound], run / "samples", 500)
    page = write_report(run, "en").read_text(encoding="utf-8")
    assert "data:audio/wav;base64," in page
    assert "seven &lt;7&gt;" in page


def test_a_listed_file_outside_the_samples_is_not_read(run):
    (run / "secret.png").write_bytes(b"not for the page")
    listing = {"step": 600, "samples": [{"prompt": "", "file": "../secret.png"}, {"file": 3}, "x"]}
    (run / "samples" / "step-00000600.json").write_text(json.dumps(listing), encoding="utf-8")
    assert [media.step for media in read_record(run).media] == [200, 400]
