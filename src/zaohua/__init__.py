"""造化: own your generative models.

import zaohua
run = zaohua.train("language/quickstart", "train.steps=200")
model = zaohua.load("runs/quickstart")
print(model.generate("Once upon a time")[0])
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "generate", "load", "train"]

if TYPE_CHECKING:
    from zaohua.artifacts import Text
    from zaohua.hub import load


def train(recipe: "str | Path", *overrides: str, **options: Any) -> dict[str, Any]:
    """Train a recipe by its name or path, with overrides such as "train.steps=500"; returns the run's summary.

    options: resume, accept_changes, quiet, as in zaohua.training.run.train.
    """
    from zaohua.training.run import train_recipe

    return train_recipe(recipe, *overrides, **options)


def generate(model: str, prompt: str = "", **options: Any) -> "list[Text]":
    """Open the model at path `model` and continue `prompt`; options as in LanguageModel.generate."""
    from zaohua.hub import load

    return load(model).generate(prompt, **options)


def __getattr__(name: str) -> Any:
    # PEP 562: torch is imported when something that needs it is asked for, so that `zaohua --help` is quick.
    if name == "load":
        return import_module("zaohua.hub").load
    raise AttributeError(f"module 'zaohua' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
