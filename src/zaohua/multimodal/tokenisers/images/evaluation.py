"""Measuring a picture tokeniser again, on its run's held-out pictures or on others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.pictures import PictureConfig, read_pictures
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, recipe_of_run
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.images.config import ImageTokensRecipe, MeasureConfig
from zaohua.multimodal.tokenisers.images.measures import Measures
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, visible: bool = True
) -> dict[str, Any]:
    """ "metrics" of held-out pictures that have been through their tokens, and "baselines", see Measures.

    source: other pictures, split as the run's would be; left out: those of the run that the folder lies in. Raises
    ZaohuaError where there are no pictures to measure on, UsageError for what a picture has not.
    """
    if column is not None:
        raise UsageError(t("gan.no_column"))
    model = ImageTokeniser.load(folder)
    recipe = recipe_of_run(folder, ImageTokensRecipe, source)
    fixed = {"size": model.size, "channels": model.channels}
    if recipe is not None:
        data, measure, seed = recipe.data, recipe.measure, recipe.train.seed
    else:
        data = recipes.validate({"source": source, **fixed}, PictureConfig, "zaohua evaluate")
        measure, seed = MeasureConfig(), SEED
    measures = Measures(read_pictures(data.model_copy(update=fixed), seed, visible=visible), measure)
    return {
        "metrics": measures.brief(model),
        "baselines": measures.baselines(model.codes),
        "extractor": measures.extractor,
        "pictures": len(measures.wanted),
        "data": [data.source],
    }
