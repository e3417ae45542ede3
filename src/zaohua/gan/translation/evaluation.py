"""Measuring a trained translator again, on its run's held-out pictures or on others."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from zaohua.data.pictures.pairs import Pairs, Side, read_pairs
from zaohua.errors import UsageError
from zaohua.gan.evaluation import recipe_of_run
from zaohua.gan.translation.measure import Judge
from zaohua.gan.translation.model import TranslationModel
from zaohua.gan.translation.task import TranslationRecipe
from zaohua.i18n import t
from zaohua.judges.extractor import open_extractor
from zaohua.model_folder.files import CONFIG

_NEXT_SOURCE = re.compile(r",(?=(?:folder|zip|builtin):)")


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, beside: str | None = None
) -> dict[str, Any]:
    """Measures of translated pictures against what they should be, beside those of the input as it is ("copy"), of real
    pictures that were learnt from ("floor"; not of other pictures) and of another translator on the same pictures.

    source: other pictures, all of which are measured on: the targets alone where inputs are made from them, else inputs
    and targets with a comma between: "folder:LINES,folder:COLOURS". beside: the other translator's folder.
    Raises ZaohuaError where the run's recipe, which says how to read the data, is not there.
    """
    recipe = recipe_of_run(folder, TranslationRecipe, None)
    assert recipe is not None  # without a run and a source it is refused
    if column is not None:
        raise UsageError(t("encoder.no_column_here", task="gan-translate"))
    model = TranslationModel.load(folder)
    pairs = _pairs(recipe, model, source)
    judge = Judge(pairs, open_extractor(recipe.measure.extractor), recipe.measure.most)
    rivals = judge.baselines()
    if beside is not None:
        rivals[Path(beside).name] = judge.translated(_other(beside, pairs).generator)
    return {
        "metrics": judge.translated(model.generator),
        "baselines": rivals,
        "extractor": judge.extractor.name,
        "pictures": len(judge.inputs),
        "data": [source or recipe.data.source],
    }


def _pairs(recipe: TranslationRecipe, model: TranslationModel, source: str | None) -> Pairs:
    """Those of the run, or all of another source to measure on, in the channels that the model knows."""
    channels = {"input_channels": model.shape.inputs, "channels": model.shape.outputs}
    data, seed, alike = recipe.data.model_copy(update=channels), recipe.train.seed, not recipe.model.has_pairs
    if source is None:
        return read_pairs(data, seed, alike=alike)
    *made_from, made = _NEXT_SOURCE.split(source)
    if len(made_from) != (0 if data.is_derived else 1):
        raise UsageError(t("translate.two_sources" if not data.is_derived else "translate.one_source", source=source))
    changed = {"source": made, "validation_source": None, "validation_input": None}
    changed |= {"input": made_from[0]} if made_from else {}
    found = read_pairs(data.model_copy(update=changed), seed, alike=alike)
    train, held = found.train, found.validation
    whole = Side(
        torch.cat((train.inputs, held.inputs)),
        torch.cat((train.targets, held.targets)),
        train.input_names + held.input_names,
        train.target_names + held.target_names,
    )
    nothing = Side(train.inputs[:0], train.targets[:0], [], [])
    return replace(found, train=nothing, validation=whole)


def _other(path: str, pairs: Pairs) -> TranslationModel:
    """Another translator between the same kinds of picture."""
    model = TranslationModel.load(find_run(Path(path)), name=Path(path).name)
    held = pairs.validation
    if (model.shape.inputs, model.shape.outputs) != (held.inputs.shape[1], held.targets.shape[1]):
        raise UsageError(t("translate.other_kinds", path=path))
    return model


def find_run(path: Path) -> Path:
    """The model folder at a path, or the best or last of a run folder."""
    places = [path, *(path / "checkpoints" / kind for kind in ("best", "last"))]
    return next((place for place in places if (place / CONFIG).is_file()), path)
