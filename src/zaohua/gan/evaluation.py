"""What measuring a model folder again has in common: the run it lies in, wishes, and its measures as plain numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from zaohua import recipe as recipes
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.recipe import Section

SEED = 1  # of the split where no run's recipe says one, and of what is made to be measured
R = TypeVar("R", bound=Section)
M = TypeVar("M", bound=Section)


def recipe_of_run(folder: Path, kind: type[R], source: str | None) -> R | None:
    """The recipe of the run that a model folder lies in, with another source of data if one is given; None if it lies
    in none. Raises ZaohuaError if there is neither run nor source."""
    origin = folder.resolve().parent.parent / "recipe.toml"
    if not origin.is_file():
        if source is None:
            raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
        return None
    recipe: Any = recipes.validate(recipes.load_recipe(origin), kind, str(origin))
    if source is None:
        return recipe
    data = recipe.data.model_copy(update={"source": source, "validation_source": None})
    return recipe.model_copy(update={"data": data})


def with_wishes(measure: M, **wishes: Any) -> M:
    """The `[measure]` section with what was asked for, None meaning nothing. UsageError for what it does not allow."""
    given = {name: value for name, value in wishes.items() if value is not None}
    return recipes.validate(measure.model_dump() | given, type(measure), "zaohua evaluate")


def scored(found: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The "scores" of a sample that are beside those of real ones, and its "realism" if that was measured."""
    numbers = {name: value for name, value in found["scores"].items() if isinstance(value, dict)}
    return numbers | ({"realism": found["realism"]} if "realism" in found else {})


def as_metrics(numbers: Mapping[str, Mapping[str, float]], rivals: Sequence[str] = ("floor",)) -> dict[str, Any]:
    """ "metrics" of the model, and "baselines" of each rival, where a measure has one."""
    return {
        "metrics": {name: value["value"] for name, value in numbers.items()},
        "baselines": {
            rival: {name: value[rival] for name, value in numbers.items() if rival in value} for rival in rivals
        },
    }
