"""Measuring a trained clip model again, beside the clips of its run or others."""

from pathlib import Path
from typing import Any

from zaohua import recipe as recipes
from zaohua.data.clips import ClipConfig, read_clips
from zaohua.errors import UsageError
from zaohua.gan.evaluation import SEED, as_metrics, recipe_of_run, scored, with_wishes
from zaohua.gan.video.config import ClipRecipe, MeasureConfig
from zaohua.gan.video.measures import Measures
from zaohua.gan.video.model import VideoModel
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
    """Every measure of a model folder beside that of real clips that were held back, and of these in disorder.

    source: other clips, split as the run's would be; left out: those of the run that the folder lies in. samples: at
    most so many clips of each kind. features: an extractor of frames, see zaohua.judges.extractor.open_extractor.
    Returns "scores", "motion" and "realism" (see Measures.whole), and these again as "metrics" and "baselines" of plain
    numbers. Raises ZaohuaError where there are no clips to compare with, UsageError for what a clip has not.
    """
    if column is not None:
        raise UsageError(t("gan.no_column"))
    model = VideoModel.load(folder)
    data, measure, seed = _settings(folder, source)
    measure = with_wishes(measure, final=samples, extractor=features)
    picture = model.shape.picture
    form = {"size": picture.size, "channels": picture.channels, "fps": model.fps, "frames": model.shape.length}
    clips = read_clips(data.model_copy(update=form), seed, visible=visible)
    measures = Measures(clips, measure)
    z, labels = model.draw(measures.final, seed=SEED)
    if clips.classes == model.classes and labels is not None:
        labels = measures.labels(measures.final)
    return summed_up(measures.whole(model.clips(z, labels), visible=visible)) | {"data": [data.source]}


def summed_up(found: dict[str, Any]) -> dict[str, Any]:
    """What Measures.whole found, and the same as plain numbers: of the model, and of real clips, whole ("floor"), with
    their frames in disorder ("shuffled"), and without motion ("still")."""
    numbers = {"fd_frames" if name == "fd" else name: value for name, value in scored(found).items()}
    realism = {"realism": numbers.pop("realism")} if "realism" in numbers else {}  # shown last
    motion = {"fd_motion": found["motion"]["fd"]} | {name: found["motion"][name] for name in ("change", "steady")}
    return found | as_metrics(numbers | motion | realism, ("floor", "shuffled", "still"))


def _settings(folder: Path, source: str | None) -> tuple[ClipConfig, MeasureConfig, int]:
    """Data, measures and seed of the run that the folder lies in, with another source if one is given."""
    recipe = recipe_of_run(folder, ClipRecipe, source)
    if recipe is not None:
        return recipe.sized().data, recipe.measure, recipe.train.seed
    return recipes.validate({"source": source}, ClipConfig, "zaohua evaluate"), MeasureConfig(), SEED
