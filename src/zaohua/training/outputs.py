"""What a run leaves for people: samples/, and checkpoints/{last,best}, each a model folder.

`last` and `best` are links to checkpoints/step-NNNNNNNN; moving a link is one act, so whoever opens it finds a
whole folder at any moment.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zaohua import labels
from zaohua.artifacts import Artifact, Text
from zaohua.files import point, remove_leftovers
from zaohua.training.task import Task, Weights
from zaohua.training.writing import writing


def save_samples(artifacts: Sequence[Artifact], folder: Path, step: int) -> None:
    """Write what a task sampled: media as files of their own, and step-NNNNNNNN.json that lists it all, labelled."""
    if not artifacts:
        return
    listing = []
    for index, artifact in enumerate(artifacts):
        if isinstance(artifact, Text):
            listing.append(artifact.as_dict())
        else:
            path = artifact.save(folder / f"step-{step:08d}-{index}{artifact.suffixes[0]}")
            listing.append({"prompt": artifact.prompt, "file": path.name})
    content = json.dumps({"step": step, "samples": listing}, ensure_ascii=False)
    labels.mark(folder / f"step-{step:08d}.json", artifacts[0].provenance(), content.encode("utf-8", "replace"))


class Outputs:
    """Writes samples and model folders of one run; used on the main rank alone."""

    def __init__(self, folder: Path, task: Task) -> None:
        self._samples, self._checkpoints, self._task = folder / "samples", folder / "checkpoints", task
        self._written: dict[int, Path] = {}  # step -> folder this process has written

    def sample(self, step: int, weights: Weights) -> None:
        """Make the task's samples and write them."""
        save_samples(self._task.sample(weights), self._samples, step)

    def save(self, which: str, step: int, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """Write the model folder of this step, once, and point `which` to it; folders without a link go."""
        if step not in self._written:
            final = self._checkpoints / f"step-{step:08d}"
            while final.exists():  # from before a crash: replacing it would break a link for a moment
                final = final.with_name(final.name + "-again")
            with writing(self._checkpoints):
                self._task.save_model(final, weights, metrics, cost)
            self._written[step] = final
        point(self._checkpoints / which, self._written[step].name)
        self._prune()

    def _prune(self) -> None:
        remove_leftovers(self._checkpoints)
        linked = {(self._checkpoints / which).resolve() for which in ("last", "best")}
        for folder in self._checkpoints.glob("step-*"):
            if folder.resolve() not in linked:
                shutil.rmtree(folder)
        self._written = {step: folder for step, folder in self._written.items() if folder.exists()}
