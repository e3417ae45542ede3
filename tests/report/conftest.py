"""A run folder as training leaves it."""

import json
import math
from pathlib import Path

import pytest

from zaohua.metrics.perplexity import scores

RECIPE = """
task = "language"
[data]
source = "builtin:three-kingdoms"
[train]
steps = 40
[run]
dir = "runs/example"
"""


def make_run(folder: Path, losses=(6.0, 5.0, 4.5), *, ngram=5.0) -> Path:
    """Three evaluations at steps 10, 20, 30 and everything a finished run leaves."""
    (folder / "samples").mkdir(parents=True)
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    lines = []
    for step, loss in zip((10, 20, 30), losses, strict=True):
        train = {"loss": loss + 0.1, "lr_factor": 0.5, "tokens": step * 100, "tokens_per_second": 900.0, "mfu": 0.4}
        lines.append({"step": step, "kind": "train", **train, "seconds": float(step)})
        lines.append({"step": step, "kind": "eval", **scores(loss * 50, 50, 120), "seconds": float(step)})
        samples = [
            {"prompt": "却说", "text": f"曹操引兵第{step}次"},
            {"prompt": "And", "text": f"And it came <b>to</b> pass {step}"},
        ]
        path = folder / "samples" / f"step-{step:06d}.json"
        path.write_text(json.dumps({"step": step, "samples": samples}), encoding="utf-8")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    data = {
        "documents": 120,
        "characters": 600_123,
        "bytes": 1_800_000,
        "encodings": {"utf-8": 120},
        "removed": {"near": 3, "short": 0},
        "languages": {"zh": 600_000, "en": 123},
        "tokens": {"train": 1_406_849, "validation": 167_888},
        "vocab_size": 5120,
        "bytes_per_token": {"zh": 3.4142, "en": 2.5},
    }
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    summary = {
        "task": "language",
        "metrics": scores(losses[-1] * 50, 50, 120),
        "baselines": {
            "unigram": scores(7.0 * 50, 50, 120),
            "ngram": {"order": 3, **scores(ngram * 50, 50, 120)},
            "tokens_used": 1000,
        },
        "parameters": 3_212_000,
        "overlap": {
            "window": 8,
            "texts": 2,
            "longest": 9,
            "share": 0.03,
            "passage": "引兵至<城>下",
            "reference": {"texts": 2, "longest": 11, "share": 0.05, "passage": "x"},
        },
        "quality": {
            "samples": 16,
            "max_new_tokens": 128,
            "rows": {
                "self_bleu": {"model": 0.3125, "held_out": 0.25, "floor": 0.0625},
                "chose_right": {"model": 0.625, "held_out": None, "floor": 0.5},
            },
            "longest_copy": "却说<玄德>",
            "notes": ["Grammar was not checked."],
        },
        "cost": {"steps": 30, "tokens": 3000, "flops": 6.1e13, "train_seconds": 163.0, "prepare_seconds": 9.2},
        "machine": {"processor": "Example CPU", "cores": 2, "torch": "2.13.0", "gpus": []},
    }
    assert all(math.isfinite(loss) for loss in losses)
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


@pytest.fixture
def run_folder(tmp_path) -> Path:
    """A finished run."""
    return make_run(tmp_path / "example")
