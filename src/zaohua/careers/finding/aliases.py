"""Our own names: Chinese ones of the 832 occupations, English ones of new work, and which occupations a group of the
Chinese classification may be."""

from functools import cache
from importlib.resources import files


def own_lines(name: str) -> list[list[str]]:
    """A table of our own, its cells between bars."""
    text = files("zaohua.careers").joinpath("tables", "ours", name).read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines()]


@cache
def chinese_titles() -> dict[str, str]:
    """Code → its Chinese title."""
    return {code: title for code, title, _ in own_lines("titles_zh.psv")}


@cache
def chinese_aliases() -> dict[str, str]:
    """Chinese title or other name → code; no name has two."""
    return {name: code for code, title, others in own_lines("titles_zh.psv") for name in (title, *others.split("、"))}


@cache
def english_aliases() -> dict[str, str]:
    """English name in small letters → code: work that is newer than the lists of O*NET and BLS, and names of other
    countries, which are unknown there or mean something else."""
    return {line[0]: line[1] for line in own_lines("names_en.psv")}


@cache
def _groups() -> dict[str, list[str]]:
    return {group: codes.split() for group, codes in own_lines("csco_groups.psv")}


def csco_candidates(code: str) -> list[str]:
    """Occupations that an entry of the Chinese classification (`2-10-02-01`) may be, the group's likeliest first."""
    return _groups()[code[:7]]
