"""Names of skills, activities and classes, in the language in force."""

from functools import cache

from zaohua.careers import skills, store, studies
from zaohua.careers.finding.aliases import own_lines
from zaohua.i18n import language, t

CLASSES = {
    "No formal educational credential": "edu_no_formal",
    "High school diploma or equivalent": "edu_high_school",
    "Some college, no degree": "edu_some_college",
    "Postsecondary nondegree award": "edu_award",
    "Associate's degree": "edu_associate",
    "Bachelor's degree": "edu_bachelor",
    "Master's degree": "edu_master",
    "Doctoral or professional degree": "edu_doctoral",
    "Less than 5 years": "exp_less_5",
    "5 years or more": "exp_5_more",
    "Short-term on-the-job training": "train_short",
    "Moderate-term on-the-job training": "train_moderate",
    "Long-term on-the-job training": "train_long",
    "Apprenticeship": "train_apprentice",
    "Internship/residency": "train_residency",
    "None": "exp_none",
}


def element(identifier: str) -> str:
    """A skill or an area of knowledge; the latter says so, since Mathematics is the name of both."""
    if language() == "zh":
        return _chinese()[identifier]
    kind, name = skills.elements()[identifier]
    return t("careers.knowledge", name=name) if kind == "knowledge" else name


def activity(identifier: str) -> str:
    """An intermediate work activity."""
    return _chinese().get(identifier, identifier) if language() == "zh" else _activities()[identifier]


def in_language(title: str) -> str:
    """The title of an intermediate work activity, in whichever language it is given; another text as it is."""
    return activity(_titled()[title]) if title in _titled() else title


def study(measure: str) -> str:
    """What a study counted, with the month it is of where that moves on."""
    year, month = studies.month_of_use()
    return t(f"careers.study_{measure}", year=year, month=month)


def of_class(english: str) -> str:
    """A class of entry education, experience or training of BLS."""
    return t(f"careers.{CLASSES[english]}")


@cache
def _chinese() -> dict[str, str]:
    return dict(own_lines("names_zh.psv"))


@cache
def _titled() -> dict[str, str]:
    english = {title: identifier for identifier, title in _activities().items()}
    return english | {title: identifier for identifier, title in _chinese().items() if identifier in _activities()}


@cache
def _activities() -> dict[str, str]:
    return {row["id"]: row["title"] for row in store.rows("activity_titles")}
