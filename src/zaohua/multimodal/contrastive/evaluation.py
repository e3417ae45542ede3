"""Measuring two trained towers again, on the pairs that their run held back or on others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.captioned import CaptionedConfig, read_captioned
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, recipe_of_run
from zaohua.i18n import t
from zaohua.multimodal.contrastive.config import ContrastiveRecipe
from zaohua.multimodal.contrastive.measures import Measures
from zaohua.multimodal.contrastive.model import ContrastiveModel


def evaluate_folder(
    folder: Path, source: str | None, column: str | None = None, *, visible: bool = True
) -> dict[str, Any]:
    """ "metrics" and "baselines" of pairs held back, see Measures.

    source: other pairs, split as the run's would be; left out: those of the run that the folder lies in. Raises
    ZaohuaError where there are no pairs to measure on, UsageError for a column: pairs have several.
    """
    if column is not None:
        raise UsageError(t("contrastive.no_column"))
    model = ContrastiveModel.load(folder)
    recipe = recipe_of_run(folder, ContrastiveRecipe, source)
    shape, look = model.config, model.look
    fixed: dict[str, Any] = {"kind": shape.kind}
    if shape.kind == "pictures":
        fixed |= {"size": shape.size, "channels": shape.channels}
    else:
        fixed |= {"rate": shape.rate}
    if recipe is None:
        fixed |= {"source": source, **{name: look[name] for name in ("fit", "background", "trim", "level")}}
        data, seed = recipes.validate(fixed, CaptionedConfig, "zaohua evaluate"), SEED
    else:
        data, seed = recipe.data.model_copy(update=fixed), recipe.train.seed
    measures = Measures(read_captioned(data, seed, visible=visible), shape, model.tokenizer, model.eye, visible)
    return {"metrics": measures.of(model), "baselines": measures.baselines, "data": [data.source]}
