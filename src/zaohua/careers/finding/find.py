"""One question, one answer that says how sure it is: `find("平面设计师")`, `find("grafic designer")`."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from zaohua.careers import store
from zaohua.careers.finding import chinese, text
from zaohua.careers.finding.aliases import english_aliases
from zaohua.careers.finding.english import english_titles
from zaohua.careers.occupations import MILITARY, by_member, occupations
from zaohua.careers.outlook import outlooks
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

SURE = 0.9
_SOC = re.compile(r"(\d\d)[-‐–]?(\d{4})(?:\.\d\d)?")
_CSCO = re.compile(r"\d-\d\d-\d\d-\d\d")
_LONGEST = 200
# How often the nearest occupation is the right one, by cosine, on the 721 synonyms of BLS that O*NET does not have.
_ENGLISH_STEPS, _ENGLISH_RIGHT = (0.6, 0.7, 0.8, 0.9), (0.5, 0.53, 0.71, 0.85, 0.92)
# How often the likeliest entry of the Chinese classification is the right one, by score, on 5,891 held-out postings.
_CHINESE_STEPS, _CHINESE_RIGHT = (0.3, 0.5, 0.7, 0.9, 1.1, 1.3), (0.16, 0.36, 0.57, 0.72, 0.85, 0.92, 0.98)
# Read by us: the way from the Chinese entries to SOC on 30, 60 and 50 entries, a name inside a title on 50: right
# 27 times of 28, but 7 times of 22 where the name was one that many kinds of work share.
_CROSSWALK_RIGHT = {"name": 0.95, "like": 0.8, "group": 0.75}
_HEADED_RIGHT = 0.9  # of a name that several have and one has in its title: 21, read by us, two of them doubtful
_OWN_RIGHT, _WITHIN_RIGHT, _SHARED_RIGHT = 0.95, 0.9, 0.35
_SHARED_NAMES = {
    "经理",
    "老师",
    "教师",
    "助理",
    "工程师",
    "设计师",
    "主管",
    "专员",
    "文员",
    "技术员",
    "教练",
    "编辑",
    "翻译",
}
# Letters alone lead these to work that is spelled alike: housewife to house wirers.
_SOLDIERS = {"soldier", "soldiers", "infantryman", "军人", "士兵", "义务兵"}
_NO_WORK = {
    "student",
    "housewife",
    "househusband",
    "homemaker",
    "retired",
    "retiree",
    "unemployed",
    "学生",
    "家庭主妇",
    "全职妈妈",
    "退休",
    "待业",
}
_KNOWN_ENGLISH, _KNOWN_CHINESE = 0.5, 0.5  # below these scores nothing is said to be known


@dataclass(frozen=True)
class Candidate:
    """An occupation that may be meant, with the probability that it is."""

    code: str
    confidence: float


@dataclass(frozen=True)
class Found:
    """What `asked` was taken for. how: code, title, name, shared (by several occupations: confidence is the part of
    their people), within, near or classification (by way of `csco`)."""

    asked: str
    code: str
    how: str
    confidence: float
    others: tuple[Candidate, ...] = ()
    csco: str = ""  # entry of the Chinese classification that led here, its name

    @property
    def sure(self) -> bool:
        """Whether one need not ask again."""
        return self.confidence >= SURE and self.how != "within"


def find(asked: str) -> Found:
    """The occupation that `asked` means: a title in English or Chinese, a synonym, or a code of SOC, O*NET or CSCO.

    Raises ZaohuaError, with the nearest titles, where none can be said to be meant.
    """
    asked = " ".join(asked.split())
    if not asked or len(asked) > _LONGEST or not re.search(r"\w", asked):
        raise ZaohuaError(t("careers.no_title"))
    if asked.casefold() in _SOLDIERS:
        raise ZaohuaError(t("careers.military", code=f"{MILITARY}-0000"))
    if asked.casefold() in _NO_WORK:
        raise ZaohuaError(t("careers.no_work", asked=asked))
    plain = unicodedata.normalize("NFKC", asked).replace("‐", "-")  # full-width digits, hyphens as pages print them
    if match := _SOC.fullmatch(plain):
        return _by_code(asked, f"{match[1]}-{match[2]}")
    if _CSCO.fullmatch(plain):
        return _by_csco_code(plain)
    if text.chinese(asked) and text.is_chinese(asked):
        return _chinese(asked)
    if not text.english(asked):  # another script, or nothing but brackets
        raise ZaohuaError(t("careers.no_title"))
    return _english(asked)


def is_name(asked: str) -> bool:
    """Whether it is a title, a synonym or an entry of the Chinese classification as it stands; of nothing else are the
    nearest looked for, which takes longer."""
    plain = " ".join(asked.split())
    return bool(
        english_titles().exact(plain)
        or plain.casefold() in english_aliases()
        or chinese.own_name(plain)
        or text.without_rank(text.chinese(plain)) in _csco_codes()
    )


def _by_code(asked: str, code: str) -> Found:
    if code in by_member():
        return Found(asked, by_member()[code], "code", 1.0)
    if code.startswith(f"{MILITARY}-"):
        raise ZaohuaError(t("careers.military", code=code))
    near = sorted(occupations(), key=lambda each: (-_shared(each, code), abs(int(each[3:]) - int(code[3:]))))
    raise ZaohuaError(t("careers.no_code", code=code, near=_listed(near[:3])))


def _shared(one: str, other: str) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def _by_csco_code(asked: str) -> Found:
    entry = _crosswalk().get(asked)
    if entry is None:
        raise ZaohuaError(t("careers.no_csco", code=asked))
    soc, how = entry
    return Found(asked, soc, "classification", _CROSSWALK_RIGHT[how], csco=_csco_names()[asked])


def _english(asked: str) -> Found:
    titles = english_titles()
    exact = titles.exact(asked)
    if code := english_aliases().get(asked.casefold()):
        return Found(asked, code, "name", _OWN_RIGHT)
    if len(exact) == 1:
        return Found(asked, exact[0], "title", 1.0)
    if code := chinese.own_name(asked):  # CTO, HR, UI
        return Found(asked, code, "name", _OWN_RIGHT)
    headed = [code for code in exact if _is_part(asked, occupations()[code].title_en)]
    if len(headed) == 1:  # singers are Musicians and singers; that others go by the name too is told
        others = tuple(Candidate(code, 0.0) for code in exact if code != headed[0])[:3]
        return Found(asked, headed[0], "shared", _HEADED_RIGHT, others)
    ranked = titles.rank(asked)
    if exact:  # several occupations go by this name: the one with the most people comes first
        people = {code: outlooks()[code].employment for code in exact}
        ordered = sorted(exact, key=lambda code: -people[code])
        named = [Candidate(code, round(people[code] / (sum(people.values()) or 1), 2)) for code in ordered[:4]]
        return Found(asked, named[0].code, "shared", named[0].confidence, tuple(named[1:]))
    best, score = ranked[0]
    others = tuple(Candidate(code, 0.0) for code, _ in ranked[1:4])
    if score < _KNOWN_ENGLISH:
        raise ZaohuaError(t("careers.unknown", asked=asked, near=_listed([code for code, _ in ranked[:3]])))
    right = _ENGLISH_RIGHT[bisect_right(_ENGLISH_STEPS, score)]
    if score - ranked[1][1] < 0.01:  # a tie: right three times in ten
        right = min(right, 0.3)
    return Found(asked, best, "near", right, others)


def _is_part(asked: str, title: str) -> bool:
    """Whether a title puts just two names together, this and another, in the plural: singers are musicians and singers.

    Words after a comma narrow a name down (special education teachers, preschool), and so do those that come before two
    (structural metal fabricators and fitters); either may be another's name, too.
    """
    first, joined, second = title.casefold().partition(" and ")
    if not joined or "," in title or " and " in second or not first.endswith("s"):
        return False
    names = (first, second) if " " not in first else (first,)
    return asked.casefold().removesuffix("s") in {name.removesuffix("s") for name in names}


def _chinese(asked: str) -> Found:
    plain = text.without_rank(text.chinese(asked))
    code = chinese.own_name(asked)
    if code and (plain not in _SHARED_NAMES or occupations()[code].title_zh == plain):
        return Found(asked, code, "name", _OWN_RIGHT)
    if entry := _csco_codes().get(plain):
        soc, how = _crosswalk()[entry]
        return Found(asked, soc, "classification", _CROSSWALK_RIGHT[how], csco=_csco_names()[entry])
    ranked = [(code, score) for code, score in chinese.chinese_titles().rank(asked, 20) if code in _crosswalk()]
    near = list(dict.fromkeys(_crosswalk()[code][0] for code, _ in ranked))
    inside = (plain, code) if code else chinese.name_within(asked)
    known = bool(ranked) and ranked[0][1] >= _KNOWN_CHINESE
    if inside and (code or inside[0] not in _SHARED_NAMES or not known):
        others = tuple(Candidate(code, 0.0) for code in near if code != inside[1])[:3]
        right = _SHARED_RIGHT if inside[0] in _SHARED_NAMES else _WITHIN_RIGHT
        return Found(asked, inside[1], "within", right, others)
    if not known:
        raise ZaohuaError(t("careers.unknown", asked=asked, near=_listed(near[:3])))
    entry, score = ranked[0]
    soc, how = _crosswalk()[entry]
    right = round(_CHINESE_RIGHT[bisect_right(_CHINESE_STEPS, score)] * _CROSSWALK_RIGHT[how], 2)
    others = tuple(Candidate(code, 0.0) for code in near[1:4])
    return Found(asked, soc, "classification", right, others, csco=_csco_names()[entry])


def _listed(codes: list[str]) -> str:
    return t("careers.comma").join(
        t("careers.found_code", title=occupations()[code].title, code=code) for code in codes
    )


@cache
def _crosswalk() -> dict[str, tuple[str, str]]:
    return {row["csco"]: (row["soc"], row["how"]) for row in store.rows("crosswalk")}


@cache
def _csco_names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in store.rows("csco")}


@cache
def _csco_codes() -> dict[str, str]:
    return {text.chinese(row["name"]): row["code"] for row in store.rows("csco") if row["code"] in _crosswalk()}
