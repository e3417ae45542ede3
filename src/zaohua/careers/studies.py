"""The published studies side by side, and what none of them can tell: how employment will move."""

from dataclasses import dataclass
from functools import cache

from zaohua.careers import store
from zaohua.careers.correlation import percentile, spearman
from zaohua.careers.outlook import growth

# Measure → the publication it is from; each counts something else, in the words of `careers.study_NAME`.
MEASURES = {
    "people_beta": "gpts",
    "people_zeta": "gpts",
    "gpt4_beta": "gpts",
    "gpt4_zeta": "gpts",
    "microsoft": "microsoft",
    "anthropic_coverage": "anthropic",
    "anthropic_automation": "anthropic",
    "ilo": "ilo",
    "frey_osborne": "frey_osborne",
}
GENERATIVE = ("people_beta", "people_zeta", "gpt4_beta", "gpt4_zeta", "microsoft", "anthropic_coverage", "ilo")


@dataclass(frozen=True)
class Finding:
    """What one study found of an occupation: its value, and how many of a hundred occupations lie below."""

    measure: str
    date: str
    value: float
    percentile: int
    source: str


@dataclass(frozen=True)
class Agreement:
    """Spearman's ρ of a measure with the projected change of employment, over n occupations."""

    measure: str
    rho: float
    n: int


def month_of_use() -> tuple[int, int]:
    """Year and month of the conversations behind the two measures of Anthropic."""
    year, month = store.sources()["anthropic"].period.split("-")
    return int(year), int(month)


@cache
def measures() -> dict[str, dict[str, float]]:
    """Measure → code → value."""
    table = store.rows("studies")
    return {name: {row["code"]: float(row[name]) for row in table if row[name]} for name in MEASURES}


def findings(code: str) -> list[Finding]:
    """What every study says of an occupation, in the order of MEASURES; studies that left it out are missing."""
    return [
        Finding(
            name,
            store.sources()[source].date,
            measures()[name][code],
            percentile(measures()[name][code], measures()[name]),
            source,
        )
        for name, source in MEASURES.items()
        if code in measures()[name]
    ]


@cache
def with_growth() -> dict[str, Agreement]:
    """How each measure goes with the projected change of employment: the founding question."""
    return {name: Agreement(name, *spearman(column, growth())) for name, column in measures().items()}


def strongest_with_growth() -> float:
    """The largest |ρ| of the measures of generative AI with projected change."""
    return max(abs(with_growth()[name].rho) for name in GENERATIVE)
