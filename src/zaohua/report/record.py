"""What a run folder says about its run, however far it came."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaohua.report.numbers import number

_MARKS = ("tempered_loss", "missed_at_10", "loss", "mel_distance", "fd")  # by which tasks tell their best checkpoint
_SHOWN = (".png", ".wav", ".flac", ".ogg", ".mp3", ".mp4")  # kinds of files that a page can show


@dataclass(frozen=True)
class Sample:
    """A text the model wrote."""

    step: int
    prompt: str
    text: str  # what follows the prompt


@dataclass(frozen=True)
class Media:
    """A picture, a sound or a film the model made. path: in the run folder's samples; prompt: what was asked for."""

    step: int
    path: Path
    prompt: str = ""


@dataclass(frozen=True)
class Record:
    """The files of a run folder, read; what is missing or damaged is empty."""

    folder: Path
    recipe: dict[str, Any] = field(default_factory=dict)
    train: list[dict[str, Any]] = field(default_factory=list)  # lines of metrics.jsonl by kind, in order of steps
    evals: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)  # in order of steps
    media: list[Media] = field(default_factory=list)  # the same
    resume_command: str = ""  # what goes on with the run, if a state was saved

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.summary)

    @property
    def mark(self) -> str:
        """The number whose lowest value marks the best evaluation."""
        known = (name for name in _MARKS if any(number(line.get(name)) is not None for line in self.evals))
        return next(known, "loss")

    @property
    def best(self) -> dict[str, Any]:
        """The best evaluation: the checkpoint that opening the run folder loads."""
        marked = [line for line in self.evals if number(line.get(self.mark)) is not None]
        return min(marked, key=lambda line: line[self.mark]) if marked else section(self.summary, "metrics")

    def baseline(self, name: str) -> dict[str, Any]:
        """Scores of "unigram" or "ngram"."""
        return section(section(self.summary, "baselines"), name)

    def recipe_value(self, part: str, key: str) -> Any:
        """One value of the recipe, None if it is not there."""
        return section(self.recipe, part).get(key)


def section(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    """A part of a mapping that should itself be a mapping; empty if it is not."""
    found = mapping.get(key)
    return found if isinstance(found, dict) else {}


def read_record(folder: Path) -> Record:
    """Read a run folder; nothing in it is required."""
    lines = read_lines(folder / "metrics.jsonl")
    return Record(
        folder=folder,
        recipe=_toml(folder / "recipe.toml"),
        train=_kind(lines, "train"),
        evals=_kind(lines, "eval"),
        data=_json(folder / "data.json"),
        summary=_json(folder / "summary.json"),
        samples=_samples(folder / "samples"),
        media=_media(folder / "samples"),
        resume_command=_resume_command(folder / "state"),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(path))
    except ValueError:  # absent, or cut short when the process was killed
        return {}
    return found if isinstance(found, dict) else {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a metrics.jsonl that are whole; none if there is no such file."""
    found = []
    for line in _text(path).splitlines():
        try:
            value = json.loads(line)
        except ValueError:  # the last line of a killed run may be half a line
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _kind(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Lines of one kind that have a step. A step that was run again counts as it was run last."""
    by_step = {
        int(step): line for line in lines if line.get("kind") == kind and (step := number(line.get("step"))) is not None
    }
    return [by_step[step] for step in sorted(by_step)]


def _resume_command(states: Path) -> str:
    newest = max(states.glob("step-*/trainer.json"), default=None)
    command = _json(newest).get("resume_command") if newest else None
    return command if isinstance(command, str) else ""


def _samples(folder: Path) -> list[Sample]:
    found = []
    for step, item in _listed(folder):
        if isinstance(item.get("text"), str):
            prompt = item["prompt"] if isinstance(item.get("prompt"), str) else ""
            found.append(Sample(step, prompt, item["text"].removeprefix(prompt)))
    return sorted(found, key=lambda sample: sample.step)


def _media(folder: Path) -> list[Media]:
    found = []
    for step, item in _listed(folder):
        name, prompt = item.get("file"), item.get("prompt")
        if not isinstance(name, str) or Path(name).name != name:  # a name, and no way out of the folder
            continue
        if Path(name).suffix in _SHOWN and (folder / name).is_file():
            found.append(Media(step, folder / name, prompt if isinstance(prompt, str) else ""))
    return sorted(found, key=lambda media: media.step)


def _listed(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(step, entry) of every list of samples."""
    for path in sorted(folder.glob("step-*.json")):
        content = _json(path)
        step, listed = number(content.get("step")), content.get("samples")
        if step is not None and isinstance(listed, list):
            yield from ((int(step), item) for item in listed if isinstance(item, dict))
