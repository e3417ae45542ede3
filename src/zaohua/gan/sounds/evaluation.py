"""Measuring a trained sound model again, beside the sounds of its run or others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.sounds import read_sounds
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.sounds.config import ClipConfig, MeasureConfig, SoundRecipe
from zaohua.gan.sounds.measures import Measures
from zaohua.gan.sounds.model import SoundModel
from zaohua.i18n import t

_SEED = 1  # of the split where no run's recipe says one


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
    if samples is not None:
        measure = recipes.validate(measure.model_dump() | {"final": samples}, MeasureConfig, "zaohua evaluate")
    sounds = read_sounds(data.model_copy(update={"rate": model.rate}), seed, visible=visible)
    measures = Measures(sounds, model.form, measure)
    z, labels = model.draw(measure.final, seed=_SEED)
    same = sounds.classes == model.classes  # else no word is to be listened for
    found = measures.whole(model, model.samples(z, labels), labels if same else None)
    numbers = {name: value for name, value in found["scores"].items() if isinstance(value, dict)}
    if "realism" in found:
        numbers["realism"] = found["realism"]
    if "speech" in found:
        understood = {name: found["speech"][name]["accuracy"] for name in ("generated", "real")}
        numbers["speech"] = {"value": understood["generated"], "floor": understood["real"]}
    return {
        "metrics": {name: value["value"] for name, value in numbers.items()},
        "baselines": {"floor": {name: value["floor"] for name, value in numbers.items()}},
        **found,
        "data": [data.source],
    }


def _settings(folder: Path, model: SoundModel, source: str | None) -> tuple[ClipConfig, MeasureConfig, int]:
    """Data, measures and seed of the run that the folder lies in, with another source if one is given."""
    origin = folder.resolve().parent.parent / "recipe.toml"
    if origin.is_file():
        recipe = recipes.validate(recipes.load_recipe(origin), SoundRecipe, str(origin))
        changed = {} if source is None else {"source": source, "validation_source": None}
        return recipe.data.model_copy(update=changed), recipe.measure, recipe.train.seed
    if source is None:
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    settings = {"source": source, "seconds": model.form.length / model.rate}
    return recipes.validate(settings, ClipConfig, "zaohua evaluate"), MeasureConfig(), _SEED
