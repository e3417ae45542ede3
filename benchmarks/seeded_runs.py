"""What benchmarks that train a recipe for several seeds share: their options, runs that go on where they stopped, and
the form of their tables."""

import argparse
import math
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from scipy.stats import t as student

from zaohua.training.run import train_recipe


def options(about: str, runs: str) -> argparse.ArgumentParser:
    """A command line with the options of all such benchmarks. about: of the script; runs: where its runs go."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="further settings of every run")
    parser.add_argument("--runs", type=Path, default=Path(runs))
    parser.add_argument("--results", type=Path, help="append the table to this file")
    return parser


def trained(recipe: str, folder: Path, seed: int, *settings: str, given: argparse.Namespace) -> dict[str, Any]:
    """The summary of one run, made now or before."""
    about = [f"train.seed={seed}", f"run.dir={folder}", *settings, *given.set]
    return train_recipe(recipe, *about, resume=(folder / "state").is_dir())


def cell(values: Sequence[float | None], form: Callable[[float], str] | None = None) -> str:
    """The median of those that are known, and their range if there are several."""
    shown, known = form or short, [value for value in values if value is not None]
    if not known:
        return "–"
    middle = shown(statistics.median(known))
    return middle if len(known) == 1 else f"{middle} ({shown(min(known))}–{shown(max(known))})"


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """Mean and half the width of its 95% interval by Student's t, of two or more."""
    half = student.ppf(0.975, len(differences) - 1) * statistics.stdev(differences) / math.sqrt(len(differences))
    return statistics.mean(differences), float(half)


def short(value: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def conditions(given: argparse.Namespace) -> str:
    """A sentence on the seeds, and what it ran on."""
    return f"Seeds {', '.join(map(str, given.seeds))}: median (range). {versions()}"


def versions() -> str:
    """What it ran on, as a sentence."""
    return f"Python {platform.python_version()}, torch {torch.__version__}."


def command(script: str, given: argparse.Namespace) -> str:
    """What to type for the same table, as a block of Markdown. script: with the options that are its own."""
    wishes = " ".join(["", "--set", *given.set]) if given.set else ""
    return f"    python benchmarks/{script} --seeds {' '.join(map(str, given.seeds))}{wishes}"


def publish(section: str, given: argparse.Namespace) -> None:
    """At the end of the results' file, or on the terminal."""
    if given.results is None:
        print(section)
        return
    before = given.results.read_text(encoding="utf-8").rstrip("\n")
    given.results.write_text(f"{before}\n\n{section}", encoding="utf-8")
