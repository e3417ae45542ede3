"""A person's own duties: what they are a mixture of, how exposed each is, and the whole with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zaohua.careers import store
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.levels import LEVEL_NAMES, Levels, mean_levels
from zaohua.careers.exposure.matching import Match, matcher
from zaohua.careers.exposure.model import best_for
from zaohua.careers.exposure.occupations import WIDTH, error_of_mean, of_occupation
from zaohua.careers.exposure.scoring import Exposure, of_duties
from zaohua.careers.finding.find import Found
from zaohua.careers.finding.text import is_chinese
from zaohua.careers.occupations import by_member, occupations
from zaohua.careers.profile import Profile
from zaohua.careers.transitions import WAGE_FLOOR, reachable

# How far a job's own share lies from that of the occupation it is matched to, as a standard deviation. Specialities of
# one occupation of SOC lie .058 from their mean, and so do the duties of 329 pages of the Occupational Outlook Handbook
# from their matches; one person's job is taken to lie as far from its speciality again. Occupations differ by .16, and
# of 88 Chinese lists the nearest occupation is wrong for a quarter with meaning and for half by words alone.
_WITHIN, _WITHIN_CHINESE = 0.08, {True: 0.11, False: 0.16}
LEADS = 0.5  # of the duties: from here on the page tells what is published of the occupation


@dataclass(frozen=True)
class Assessment:
    """share: expected part of the duties whose time is halved, low … high its 90% interval; own: of the duties alone,
    before they are drawn to what the matched occupations lead one to expect (expected, None without a match);
    leading: the US occupation that at least half of the duties resemble, None where there is none; named: what the
    description calls the job was taken for, its words left out."""

    language: str
    duties: tuple[Exposure, ...]
    mixture: tuple[Match, ...]
    share: float
    low: float
    high: float
    own: float
    expected: float | None
    levels: dict[str, float]
    kinds: dict[str, Levels]
    disagreement: float
    automation: float
    leading: str | None
    named: Found | None = None


def assess(duties: Sequence[str], named: Found | None = None) -> Assessment:
    """Every duty weighs the same: their times are not known. named: the occupation that the description names, if it
    does. Raises ValueError for an empty list."""
    if not duties:
        raise ValueError("no duties")
    language = "zh" if sum(map(is_chinese, duties)) * 2 > len(duties) else "en"
    scored = of_duties(duties)
    mixture = matcher(language).mixture(duties, _codes(named, language) if named else {})
    matched = [(_soc(match.code), match.share) for match in mixture]
    known = [(each, share) for code, share in matched if code and (each := of_occupation(code))]
    spread = best_for(language).figures["spread"]
    own = float(np.mean([each.share for each in scored]))
    error = error_of_mean(spread, len(duties))
    share, expected = own, None
    if known:
        weight = sum(part for _, part in known)
        expected = sum(each.share * part for each, part in known) / weight
        # Each counts by the inverse of its variance; the occupation's is larger where the match covers less. The
        # interval stays that of the duties alone, since a match may be wrong.
        within = _WITHIN_CHINESE[matcher("zh").means] if language == "zh" else _WITHIN
        prior = within**2 / weight
        pull = error**2 / (error**2 + prior)
        share = own + pull * (expected - own)
    return Assessment(
        language=language,
        duties=tuple(scored),
        mixture=tuple(mixture),
        share=share,
        low=max(share - WIDTH * error, 0.0),
        high=min(share + WIDTH * error, 1.0),
        own=own,
        expected=expected,
        levels={level: float(np.mean([each.level == level for each in scored])) for level in LEVEL_NAMES},
        kinds={kind: mean_levels(each.kinds[kind] for each in scored) for kind in KINDS},
        disagreement=float(np.mean([each.disagreement for each in scored])),
        automation=float(np.mean([each.automation for each in scored])),
        leading=us_code(mixture[0].code) if mixture and mixture[0].share >= LEADS else None,
        named=named and replace(named, asked=""),
    )


def _codes(named: Found, language: str) -> dict[str, float]:
    """Of the classification that duties of this language are matched to, with how surely they are meant."""
    if language == "en":
        return {named.code: named.confidence}
    return {row["csco"]: named.confidence for row in store.rows("crosswalk") if row["soc"] == named.code}


def us_code(code: str) -> str | None:
    """The line item of the projections behind a code of either classification; None where there is none."""
    return by_member().get(_soc(code)) if code else None


def leading_profile(code: str) -> Profile:
    """Everything published of the occupation that the duties resemble."""
    return Profile(Found("", code, "code", 1.0), occupations()[code], tuple(reachable(code)), WAGE_FLOOR)


def _soc(code: str) -> str:
    """The US occupation behind a code of either classification; "" where there is none."""
    if code.count("-") < 3:
        return code
    return next((row["soc"] for row in store.rows("crosswalk") if row["csco"] == code), "")
