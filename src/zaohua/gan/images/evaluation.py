"""Measuring a trained picture model again, beside the pictures of its run or others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, as_metrics, recipe_of_run, scored, with_wishes
from zaohua.gan.images.config import ImageRecipe, MeasureConfig
from zaohua.gan.images.measures import Measures
from zaohua.gan.images.model import ImageModel
from zaohua.i18n import t


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
    recipe = recipe_of_run(folder, ImageRecipe, source)
    if recipe is not None:
        data, measure, seed = recipe.sized().data, recipe.measure, recipe.train.seed
    else:
        settings = {"source": source, "size": model.shape.size, "channels": model.shape.channels}
        data, measure, seed = recipes.validate(settings, PictureConfig, "zaohua evaluate"), MeasureConfig(), SEED
    measure = with_wishes(measure, final=samples, extractor=features)
    pictures = read_pictures(data.model_copy(update={"channels": model.shape.channels}), seed, visible=visible)
    measures = Measures(pictures, measure)
    z, labels = model.draw(measures.final, seed=SEED)
    same = pictures.classes == model.classes
    if same and labels is not None:
        labels = measures.labels(measures.final)
    found = measures.whole(model.pictures(z, labels), labels if same else None, visible=visible)
    return {**as_metrics(scored(found)), **found, "data": [data.source]}
