"""Measuring a sound tokeniser again, on its run's held-out sounds or on others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.sounds import SoundConfig, read_sounds
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, recipe_of_run
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.sounds.config import MeasureConfig, SoundTokensRecipe
from zaohua.multimodal.tokenisers.sounds.measures import Measures
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, visible: bool = True
) -> dict[str, Any]:
    """ "metrics" of held-out sounds that have been through their tokens, and "baselines", see Measures.whole.

    source: other sounds, split as the run's would be; left out: those of the run that the folder lies in. Raises
    ZaohuaError where there are no sounds to measure on, UsageError for what a sound has not.
    """
    if column is not None:
        raise UsageError(t("vocoder.no_column"))
    model = SoundTokeniser.load(folder)
    recipe = recipe_of_run(folder, SoundTokensRecipe, source)
    if recipe is not None:
        data, measure, seed = recipe.data, recipe.measure, recipe.train.seed
    else:
        data, measure, seed = (
            recipes.validate({"source": source}, SoundConfig, "zaohua evaluate"),
            MeasureConfig(),
            SEED,
        )
    sounds = read_sounds(data.model_copy(update={"rate": model.rate}), seed, visible=visible)
    measures = Measures(sounds, measure)
    return {**measures.whole(model), "clips": len(measures.clips), "data": [data.source]}
