"""Tables of figures: employment, wages, reasons, and what the published studies found."""

import re
from collections import defaultdict
from collections.abc import Iterator

from zaohua.careers.building import anthropic
from zaohua.careers.building.occupations import Row, without_head
from zaohua.careers.building.raw import Raw, number
from zaohua.careers.building.units import PROJECTIONS, Units, means

_KINDS = {
    "demand change": "demand",
    "productivity change": "productivity",
    "capital/labor substitution": "capital",
    "occupational substitution": "occupation",
    "sourcing change": "sourcing",
}
LIMIT = "239200"  # dollars a year: what lies above is published as `#`
_NAMES_AI = re.compile(r"\bAI\b|artificial intelligence|machine learning|language model|chatbot", re.IGNORECASE)


def projections(raw: Raw, units: Units) -> Iterator[Row]:
    """Employment in thousands, as it is and as projected ten years on, change in percent, openings a year, rates of
    leaving, entry."""
    yield (
        "code",
        "employment",
        "projected",
        "change_percent",
        "openings",
        "exit_rate",
        "transfer_rate",
        "self_employed",
        "education",
        "experience",
        "training",
    )
    leaving = {row["soc"]: row for row in raw.rows("bls_ep_2024_34_separations_openings.csv")}
    for row in raw.rows(PROJECTIONS):
        if row["soc"] in units.titles and row["type"] == "Line item":
            rates = leaving.get(row["soc"], {})
            yield (
                row["soc"],
                row["emp_2024_k"],
                row["emp_2034_k"],
                row["change_pct"],
                row["openings_k"],
                rates.get("exit_rate", ""),
                rates.get("transfer_rate", ""),
                row["self_employed_pct"],
                row["entry_education"],
                row["work_experience"],
                row["ojt"],
            )


def wages(raw: Raw, units: Units, limit: str = LIMIT) -> Iterator[Row]:
    """Employees and annual wages in dollars at five percentiles; `>` where BLS gives only that it is above its `limit`.

    Occupations paid by the hour (actors) have hourly wages only: theirs are the median hour × 2,080, marked `h`.
    """
    yield "code", "employees", "p10", "p25", "p50", "p75", "p90", "mark"
    for row in raw.rows("bls_oews_2024_national.csv"):
        if row["OCC_CODE"] not in units.titles or row["O_GROUP"] == "broad":
            continue
        cells = [row[f"A_{name}"] for name in ("PCT10", "PCT25", "MEDIAN", "PCT75", "PCT90")]
        mark = ">" if "#" in cells else ""
        if number(cells[2]) is None and cells[2] != "#" and (hour := number(row["H_MEDIAN"])):
            cells, mark = ["", "", str(round(hour * 2080)), "", ""], "h"
        written = [limit if cell == "#" else "" if number(cell) is None else f"{number(cell):.0f}" for cell in cells]
        yield row["OCC_CODE"], f"{number(row['TOT_EMP']) or 0:.0f}", *written, mark


def reasons(raw: Raw, units: Units) -> Iterator[Row]:
    """What BLS says moves an occupation's share of an industry: kinds, direction, whether AI is named."""
    yield "code", "industry", "industry_code", "kinds", "direction", "names_ai"
    for row in raw.rows("bls_ep_2024_34_utilization_factors.csv"):
        kinds, _, rest = re.split(r"\s-{1,2}\s", row["factor"], maxsplit=1)[0], "", row["factor"]
        named = [_KINDS[kind] for part in kinds.split(",") if (kind := part.strip().lower()) in _KINDS]
        direction = re.search(r"share (increases|decreases)", rest)
        if row["soc"] in units.titles and named and direction:
            yield (
                row["soc"],
                row["industry"],
                row["industry_code"],
                " ".join(named),
                {"increases": "up", "decreases": "down"}[direction[1]],
                int(bool(_NAMES_AI.search(rest))),
            )


def studies(raw: Raw, units: Units) -> Iterator[Row]:
    """One column per published measure; see `zaohua.careers.studies` for what each counts."""
    columns = {
        **_gpts(raw, units),
        "microsoft": means(
            (units.of(row["SOC Code"]), number(row["ai_applicability_score"]))
            for row in raw.rows("microsoft_soc_ai_applicability.csv")
        ),
        **_anthropic(raw, units),
        "ilo": _ilo(raw, units),
        "frey_osborne": means(
            (unit, number(row["probability"]))
            for row in raw.rows("frey_osborne_2013.csv")
            for unit in units.of_soc2010(row["soc2010"])
        ),
    }
    yield "code", *columns
    for code in units.titles:
        yield code, *(column.get(code, "") for column in columns.values())


def _gpts(raw: Raw, units: Units) -> dict[str, dict[str, float]]:
    """GPTs are GPTs: β counts half, ζ (their γ) whole what needs software on top; by people and by GPT-4."""
    rows = list(raw.rows("gpts_are_gpts_occ_level.csv"))
    names = {
        "people_beta": "human_rating_beta",
        "people_zeta": "human_rating_gamma",
        "gpt4_beta": "dv_rating_beta",
        "gpt4_zeta": "dv_rating_gamma",
    }
    return {
        name: means((units.of(row["O*NET-SOC Code"]), number(row[column])) for row in rows)
        for name, column in names.items()
    }


def _anthropic(raw: Raw, units: Units) -> dict[str, dict[str, float]]:
    """Anthropic Economic Index, November 2025."""
    known = (
        (str(code), str(task), float(str(weight))) for code, task, weight in without_head(anthropic.tasks(raw, units))
    )
    return anthropic.columns(known, anthropic.tabulated(raw))


def _ilo(raw: Raw, units: Units) -> dict[str, float]:
    """ILO's score of 2025 (ISCO-08), carried over by the crosswalk of BLS: the mean where several meet."""
    soc = defaultdict(set)
    for row in raw.rows("bls_isco08_soc2010_crosswalk.csv"):
        soc[row["isco08"]].add(row["soc2010"])
    return means(
        (unit, number(row["mean_score_2025"]))
        for row in raw.rows("ilo_wp140_occupation_scores_isco08.csv")
        for code in sorted(soc[row["ISCO_08"]])
        for unit in sorted(units.of_soc2010(code))
    )
