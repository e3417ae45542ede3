"""Measuring a trained picture model again, beside the pictures of its run or others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.images.config import ImageRecipe, MeasureConfig
from zaohua.gan.images.measures import Measures
from zaohua.gan.images.model import ImageModel
from zaohua.i18n import t

_SEED = 1  # of the split where no run's recipe says one


def evaluate_folder(
    folder: Path,
    source: str | None,
    column: str | None = None,
    *,
    samples: int | None = None,
    features: str | None = None,
    visible: bool = True,
) -> dict[str, Any]:
    """Every measure of a model folder beside the floor of real pictures.

    source: other pictures, split as the run's would be; left out: those of the run that the folder lies in. samples:
    at most so many pictures of each kind. features: an extractor, see zaohua.judges.extractor.open_extractor.
    Returns "scores", "realism" (see Measures.whole), and the former again as "metrics" and "baselines" of plain
    numbers. Raises ZaohuaError where there are no pictures to compare with, UsageError for what a picture has not.
    """
    if column is not None:
        raise UsageError(t("gan.no_column"))
    model = ImageModel.load(folder)
    origin = folder.resolve().parent.parent / "recipe.toml"
    if origin.is_file():
        recipe = recipes.validate(recipes.load_recipe(origin), ImageRecipe, str(origin)).sized()
        data, measure, seed = recipe.data, recipe.measure, recipe.train.seed
        if source is not None:
            data = data.model_copy(update={"source": source, "validation_source": None})
    elif source is not None:
        settings = {"source": source, "size": model.shape.size, "channels": model.shape.channels}
        data, measure, seed = recipes.validate(settings, PictureConfig, "zaohua evaluate"), MeasureConfig(), _SEED
    else:
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    chosen = {"final": samples, "extractor": features}
    given = {name: value for name, value in chosen.items() if value is not None}
    measure = recipes.validate(measure.model_dump() | given, MeasureConfig, "zaohua evaluate")
    pictures = read_pictures(data.model_copy(update={"channels": model.shape.channels}), seed, visible=visible)
    measures = Measures(pictures, measure)
    z, labels = model.draw(measures.final, seed=_SEED)
    if pictures.classes == model.classes and labels is not None:
        labels = measures.labels(measures.final)
    found = measures.whole(model.pictures(z, labels), visible=visible)
    numbers = {name: value for name, value in found["scores"].items() if isinstance(value, dict)}
    if "realism" in found:
        numbers["realism"] = found["realism"]
    return {
        "metrics": {name: value["value"] for name, value in numbers.items()},
        "baselines": {"floor": {name: value["floor"] for name, value in numbers.items()}},
        **found,
        "data": [data.source],
    }
