"""Occupations: their codes and names. The 832 line items of the US Employment Projections; see building.units."""

from dataclasses import dataclass
from functools import cache

from zaohua.careers import store
from zaohua.careers.finding.aliases import chinese_titles
from zaohua.i18n import language

MILITARY = "55"  # major group that is not projected


@dataclass(frozen=True)
class Occupation:
    """One occupation. members: the O*NET-SOC codes in it; job_zone: preparation, 1 (little) to 5, None if unrated."""

    code: str
    title_en: str
    title_zh: str
    members: tuple[str, ...]
    job_zone: int | None

    @property
    def major(self) -> str:
        """Major group of SOC: `27`."""
        return self.code[:2]

    @property
    def title(self) -> str:
        """The name in the language in force."""
        return self.title_zh if language() == "zh" else self.title_en


@cache
def occupations() -> dict[str, Occupation]:
    """Every occupation by its code."""
    chinese = chinese_titles()
    return {
        row["code"]: Occupation(
            row["code"],
            row["title"],
            chinese.get(row["code"], row["title"]),
            tuple(row["members"].split()),
            int(row["job_zone"]) if row["job_zone"] else None,
        )
        for row in store.rows("occupations")
    }


@cache
def by_member() -> dict[str, str]:
    """Six-digit code of every member → the occupation that covers it."""
    found = {code: code for code in occupations()}
    for one in occupations().values():
        found |= {member[:7]: one.code for member in one.members}
    return found
