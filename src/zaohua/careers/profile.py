"""Everything that is known of one occupation, as plain data: what --json prints and the pages are written from."""

from dataclasses import asdict, dataclass
from typing import Any

from zaohua.careers import activities, complementarity, human, learning, outlook, studies
from zaohua.careers.finding.find import Found, find
from zaohua.careers.names import activity, element
from zaohua.careers.occupations import Occupation, occupations
from zaohua.careers.share import exposure
from zaohua.careers.transitions import WAGE_FLOOR, Transition, reachable, risk

MOST = 12
CONSTRUCT = "time halved at equal quality, not jobs lost"


@dataclass(frozen=True)
class Profile:
    """One occupation as it was found, with what can be reached from it."""

    found: Found
    occupation: Occupation
    reachable: tuple[Transition, ...]
    wage_floor: float

    @property
    def code(self) -> str:
        """Its code."""
        return self.occupation.code

    def data(self) -> dict[str, Any]:
        """The whole of it, ready for JSON; numbers that nobody publishes are None."""
        code = self.code
        pay = outlook.wages().get(code)
        theta = complementarity.of(code)
        return {
            "asked": asdict(self.found),
            "code": code,
            "title": titles(code),
            "country": "US",
            "construct": CONSTRUCT,
            "activities": [
                {"activity": name, "title": activity(name), "weight": weight, **asdict(activities.scores()[name])}
                for name, weight in activities.of(code)
            ],
            "studies": [asdict(finding) for finding in studies.findings(code)],
            "exposure": asdict(scored) if (scored := exposure(code)) else None,
            "complementarity": asdict(theta) if theta else None,
            "risk": risk(code),
            "outlook": asdict(outlook.outlooks()[code]) | {"years": outlook.years()},
            "national_change_percent": outlook.national_change(),
            "reasons": [asdict(reason) for reason in outlook.reasons(code)],
            "exposure_against_growth": {name: asdict(each) for name, each in studies.with_growth().items()},
            "wages": asdict(pay) if pay else None,
            "stays_human": {
                "settings": dict(human.settings(code)),
                "asked": {element(name): level for name, level in human.asked(code)},
            },
            "learn": {
                "skills": [element(name) for name in learning.recurring_gaps(self.reachable)],
                "software": learning.software(code),
            },
            "wage_floor": self.wage_floor,
            "reachable": [_named(each) for each in self.reachable],
        }


def _named(each: Transition) -> dict[str, Any]:
    """A transition with the names of what its codes stand for."""
    gaps = [{"name": element(gap.element), **asdict(gap)} for gap in each.gaps]
    return {"code": each.code, "title": titles(each.code), **asdict(each), "gaps": gaps}


def titles(code: str) -> dict[str, str]:
    """The title of an occupation in both languages."""
    return {"en": occupations()[code].title_en, "zh": occupations()[code].title_zh}


def profile(asked: str, wage_floor: float = WAGE_FLOOR, most: int = MOST) -> Profile:
    """The profile of what `asked` means. Raises ZaohuaError where no occupation can be said to be meant."""
    found = find(asked)
    return Profile(found, occupations()[found.code], tuple(reachable(found.code, wage_floor, most)), wage_floor)
