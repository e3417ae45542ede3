"""Measuring a trained sound model again, beside the sounds of its run or others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.sounds import read_sounds
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, as_metrics, recipe_of_run, scored, with_wishes
from zaohua.gan.sounds.config import ClipConfig, MeasureConfig, SoundRecipe
from zaohua.gan.sounds.measures import Measures
from zaohua.gan.sounds.model import SoundModel
from zaohua.i18n import t


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, samples: int | None = None, visible: bool = True
) -> dict[str, Any]:
    """Every measure of a model folder beside that of real sounds that were held back.

    source: other sounds, split as the run's would be; left out: those of the run that the folder lies in. samples: how
    many are made. Returns "scores", "realism" and "speech" (see Measures.whole), and the former again as "metrics" and
    "baselines" of plain numbers. Raises ZaohuaError where there are no sounds to compare with, UsageError for what a
    sound has not.
    """
    if column is not None:
        raise UsageError(t("gan.no_column"))
    model = SoundModel.load(folder)
    data, measure, seed = _settings(folder, model, source)
    measure = with_wishes(measure, final=samples)
    sounds = read_sounds(data.model_copy(update={"rate": model.rate}), seed, visible=visible)
    measures = Measures(sounds, model.form, measure)
    z, labels = model.draw(measure.final, seed=SEED)
    same = sounds.classes == model.classes  # else no word is to be listened for
    if same:
        labels = measures.labels(measure.final)
    found = measures.whole(model, model.samples(z, labels), labels if same else None)
    numbers = scored(found)
    if "speech" in found:
        understood = {name: found["speech"][name]["accuracy"] for name in ("generated", "real")}
        numbers["speech"] = {"value": understood["generated"], "floor": understood["real"]}
    return {**as_metrics(numbers), **found, "data": [data.source]}


def _settings(folder: Path, model: SoundModel, source: str | None) -> tuple[ClipConfig, MeasureConfig, int]:
    """Data, measures and seed of the run that the folder lies in, with another source if one is given."""
    recipe = recipe_of_run(folder, SoundRecipe, source)
    if recipe is not None:
        return recipe.data, recipe.measure, recipe.train.seed
    settings = {"source": source, "seconds": model.form.length / model.rate}
    return recipes.validate(settings, ClipConfig, "zaohua evaluate"), MeasureConfig(), SEED
