"""Tables of what an occupation is called and asks for: titles, job zone, skills, context, activities, software."""

import re
from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean

from zaohua.careers.building.raw import Raw, number
from zaohua.careers.building.units import Units, means

Row = tuple[object, ...]
_LONGEST_TITLE = 120
# O*NET's work context, 1 to 5, behind complementarity; the names in the wide file of O*NET 18.1.
CONTEXT = {
    "face_to_face": "Face-to-Face Discussions",
    "public_speaking": "Public Speaking",
    "outcomes": "Responsibility for Outcomes and Results",
    "others_safety": "Responsible for Others' Health and Safety",
    "outdoors": "Outdoors, Exposed to Weather",
    "proximity": "Physical Proximity",
    "error": "Consequence of Error",
    "freedom": "Freedom to Make Decisions",
    "decisions": "Frequency of Decision Making",
    "automation": "Degree of Automation",
    "unstructured": "Structured versus Unstructured Work",
}


def occupations(raw: Raw, units: Units) -> Iterator[Row]:
    """code, title, members (O*NET-SOC codes), job_zone (mean of its members, to the nearest whole)."""
    yield "code", "title", "members", "job_zone"
    members = defaultdict(list)
    for row in raw.rows("onet_30_1_occupation_data.csv"):
        members[units.of(row["O*NET-SOC Code"])].append(row["O*NET-SOC Code"])
    zones = means(
        ((units.of(row["O*NET-SOC Code"]), number(row["Job Zone"])) for row in raw.rows("onet_30_1_job_zones.csv")), 2
    )
    for code, title in units.titles.items():
        zone = zones.get(code)
        yield code, title, " ".join(sorted(members[code])), "" if zone is None else int(zone + 0.5)


def titles(raw: Raw, units: Units) -> Iterator[Row]:
    """code, title, source: every English name of an occupation.

    Sources: b BLS, o O*NET, r reported by people at work, a alternate title of O*NET, s synonym of BLS.
    """
    yield "code", "title", "source"
    seen = set()

    def new(code: str | None, title: str, source: str) -> Iterator[Row]:
        title = title.strip()
        if code and 1 < len(title) <= _LONGEST_TITLE and (code, title.lower()) not in seen:
            seen.add((code, title.lower()))
            yield code, title, source

    for code, title in units.titles.items():
        yield from new(code, title, "b")
    for row in raw.rows("onet_30_1_occupation_data.csv"):
        yield from new(units.of(row["O*NET-SOC Code"]), row["Title"], "o")
    for row in raw.rows("onet_30_1_sample_reported_titles.csv"):
        yield from new(units.of(row["O*NET-SOC Code"]), row["Reported Job Title"], "r")
    for row in raw.rows("onet_30_1_alternate_titles.csv"):
        yield from new(units.of(row["O*NET-SOC Code"]), row["Alternate Title"], "a")
    for row in raw.rows("bls_ep_2024_34_title_synonyms.csv"):
        for title in (row["also_called"] or "").split(" | "):
            yield from new(units.of(row["soc"]), title, "s")


def elements(raw: Raw, units: Units) -> Iterator[Row]:
    """id, kind, name: the skills and areas of knowledge of O*NET."""
    yield "id", "kind", "name"
    for kind in ("skills", "knowledge"):
        found = {row["Element ID"]: row["Element Name"] for row in raw.rows(f"onet_30_1_{kind}.csv")}
        for element, name in sorted(found.items()):
            yield element, kind, name


def levels(raw: Raw, units: Units) -> Iterator[Row]:
    """code, element, importance (1–5), level (0–7): means over the members of an occupation."""
    yield "code", "element", "importance", "level"
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for kind in ("skills", "knowledge"):
        for row in raw.rows(f"onet_30_1_{kind}.csv"):
            code, importance, level = units.of(row["O*NET-SOC Code"]), number(row["IM"]), number(row["LV"])
            if code and importance is not None:
                found[code, row["Element ID"]].append((importance, level or 0.0))
    for (code, element), values in sorted(found.items()):
        importance, level = (round(fmean(column), 2) for column in zip(*values, strict=True))
        yield code, element, importance, level


def context(raw: Raw, units: Units) -> Iterator[Row]:
    """code and the work context behind complementarity (1–5), from O*NET 18.1."""
    yield "code", *CONTEXT
    rows = list(raw.rows("onet_18_1_abilities_activities_context_wide.csv"))
    columns = {
        name: means(
            (
                (unit, number(row[f"Work_Context: {label}"]))
                for row in rows
                for unit in units.of_onet2010(row["O*NET-SOC Code (2010)"])
            ),
            2,
        )
        for name, label in CONTEXT.items()
    }
    for code in units.titles:
        if all(code in column for column in columns.values()):
            yield code, *(column[code] for column in columns.values())


def related(raw: Raw, units: Units) -> Iterator[Row]:
    """code, other, weight: O*NET's related occupations, 1 for the first of the nearest tier, less further down."""
    yield "code", "other", "weight"
    worth = {"Primary-Short": 1.0, "Primary-Long": 0.75, "Supplemental": 0.5}
    found: dict[tuple[str, str], float] = {}
    for row in raw.rows("onet_30_1_related_occupations.csv"):
        code, other = units.of(row["O*NET-SOC Code"]), units.of(row["Related O*NET-SOC Code"])
        if code and other and code != other:
            weight = worth[row["Relatedness Tier"]] - 0.01 * int(row["Index"])
            found[code, other] = max(weight, found.get((code, other), 0.0))
    for (code, other), weight in sorted(found.items()):
        yield code, other, round(weight, 2)


def activities(raw: Raw, units: Units) -> Iterator[Row]:
    """code, activity, weight: shares of O*NET's intermediate work activities (IWA); each code sums to 1.

    Weights are Microsoft's (relevance × importance); where it has none, how many of the tasks belong to the activity.
    """
    yield "code", "activity", "weight"
    given: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in raw.rows("microsoft_soc_iwa_weights_long.csv"):
        if (code := units.of(row["SOC Code"])) and (weight := number(row["weight"])):
            given[code][row["IWA"]] += weight
    counted: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in raw.rows("onet_30_1_tasks_to_dwas.csv"):
        if code := units.of(row["O*NET-SOC Code"]):
            counted[code][row["DWA ID"].rpartition(".")[0]] += 1.0
    for code in units.titles:
        weights = given.get(code) or counted.get(code) or {}
        total = sum(weights.values())
        for activity, weight in sorted(weights.items(), key=lambda pair: -pair[1]):
            yield code, activity, round(weight / total, 4)


def activity_titles(raw: Raw, units: Units) -> Iterator[Row]:
    """id, title of the intermediate work activities."""
    yield "id", "title"
    for row in raw.rows("onet_30_1_iwa_reference.csv"):
        yield row["IWA ID"], row["IWA Title"].rstrip(".")


def software(raw: Raw, units: Units) -> Iterator[Row]:
    """code, example, kind: software that employers' postings often ask for in an occupation (O*NET's "in demand")."""
    yield "code", "example", "kind"
    seen = set()
    for row in raw.rows("onet_30_1_technology_skills.csv"):
        key = units.of(row["O*NET-SOC Code"]), row["Example"]
        if row["In Demand"] == "Y" and key[0] and key not in seen:
            seen.add(key)
            yield *key, row["Commodity Title"]


def emerging(raw: Raw, units: Units) -> Iterator[Row]:
    """code, category, date, tasks: how many new or revised tasks O*NET has recorded."""
    yield "code", "category", "date", "tasks"
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in raw.rows("onet_30_1_emerging_tasks.csv"):
        if code := units.of(row["O*NET-SOC Code"]):
            month, year = re.fullmatch(r"(\d\d)/(\d{4})", row["Date"]).groups()  # type: ignore[union-attr]
            found[code, row["Category"], f"{year}-{month}"] += 1
    for key, tasks in sorted(found.items()):
        yield *key, tasks


def without_head(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows of a table after the names of its columns."""
    next(rows)
    return rows
