"""What part of an occupation's work generative AI could take half the time from, as all pages count it."""

from dataclasses import fields, replace
from functools import cache
from statistics import fmean

from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.levels import mean_levels
from zaohua.careers.exposure.occupations import OccupationExposure, of_occupation
from zaohua.careers.occupations import occupations


@cache
def exposure(code: str) -> OccupationExposure | None:
    """Exposure of an occupation by our model, which had not seen it; None where no task of it was labelled.

    Where BLS takes several codes together, the mean of theirs, bounds included: their errors go together.
    """
    codes = sorted({member[:7] for member in occupations()[code].members})
    found = [each for one in codes if (each := of_occupation(one)) is not None]
    if len(found) < 2:
        return found[0] if found else None
    numbers = [field.name for field in fields(OccupationExposure) if field.name not in ("code", "kinds")]
    means = {name: fmean(getattr(each, name) for each in found) for name in numbers}
    return replace(
        found[0], code=code, kinds={kind: mean_levels(each.kinds[kind] for each in found) for kind in KINDS}, **means
    )


def exposed_share(code: str) -> float | None:
    """The share of the work, from 0 to 1: β as the model expects it of both raters; None where nothing was labelled."""
    found = exposure(code)
    return found.share if found else None
