"""The levels of a tokeniser's codes, as its config.json tells them."""

from math import prod

from zaohua.i18n import t
from zaohua.model_folder.values import Values
from zaohua.multimodal.tokenisers.config import MOST_CODES
from zaohua.multimodal.tokenisers.fsq import LEVELS


def levels_from(values: Values) -> tuple[int, ...]:
    """Two or more for each number of a code. ZaohuaError for what cannot be."""
    found = values.raw.get("levels", list(LEVELS))
    whole = isinstance(found, list) and 1 <= len(found) <= 16 and all(type(n) is int and 2 <= n <= 256 for n in found)
    if not isinstance(found, list) or not whole or prod(found) > MOST_CODES:
        raise values.refuse("levels", found, t("tokenise.expected_levels", most=MOST_CODES))
    return tuple(found)
