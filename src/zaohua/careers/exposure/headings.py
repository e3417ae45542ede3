"""What in an advertisement is no duty: its headings, the name of the job, lines about the employer and the pay."""

import re
from collections.abc import Sequence

from zaohua.careers.finding.find import Found, find, is_name
from zaohua.careers.finding.text import is_chinese
from zaohua.errors import ZaohuaError

BULLET = re.compile(r"^\s*(?:[-*•●○▪◆■·–—]|\(?\d{1,2}[.)、．）]|[（(]?[一二三四五六七八九十]{1,2}[、）)])\s*")
MARKED = re.compile(r"[.;:!?。；：！？]$")
_DUTIES = re.compile(
    r"^(?:key |main |job |your |core |primary |essential |the |about |day.to.day )*"
    r"(?:responsibilit\w+|duties|tasks|role|position|job|functions|"
    r"in this (?:role|position|job)|what (?:you(?:['’]ll| will)(?: be)? do(?:ing)?|you do|the job involves))\b"
    r"|^you(?:['’]ll| will)(?: be)?:$"
    r"|(?:职责|工作内容|主要工作|岗位描述|工作任务|职位描述)",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"^(?:\w+ )?(?:requirements?|qualifications?|skills|education|experience|benefits|perks|salary|pay|hours|location|"
    r"about (?:us|you|our \w+|the (?:company|team))|who (?:you|we) are|"
    r"(?:we|you)(?: should| must)? (?:offer|need|have|bring)|"
    r"what (?:we (?:offer|need)|you(?:['’]ll)? (?:need|bring|get))|nice to have|person specification|compensation|"
    r"how to apply|contact|equal opportunity)\b"
    r"|(?:任职要求|任职资格|岗位要求|职位要求|要求|福利|待遇|薪资|联系方式|公司简介|关于我们|我们提供|公司提供|学历|工资|时间|地址)",
    re.IGNORECASE,
)
# A line that is nothing but the name of a part; "analyze requirements of users" is a duty.
_HEADING = re.compile(
    rf"(?:{_DUTIES.pattern}|{_OTHER.pattern})(?: (?:and|&) \w+)?"
    r"|(?:岗位|工作|任职|职位|主要|核心|福利|薪资)*(?:职责|内容|任务|描述|要求|资格|福利|待遇)",
    re.IGNORECASE,
)
# The same, with what it heads on the same line.
_BEGUN = re.compile(
    r"[-*•\s]*(?:(?:key |main |job |your |core |minimum |basic |required |preferred )*(?:responsibilities|duties|tasks|"
    r"requirements?|qualifications?|skills|education|experience|benefits|salary|compensation)"
    r"(?: (?:will )?(?:include|are))?"
    r"|(?:岗位|工作|任职|职位|主要|核心|基本|福利|薪资)*(?:职责|内容|任务|描述|要求|资格|条件|福利|待遇|学历|薪资|工资|(?:上班|工作)时间|地址)|(?:我们|公司)提供)\s*[:：]\s*(?=\S)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"[#*\s【\[]*(?:job title|title|position|post|role|(?:招聘)?(?:岗位|职位)(?:名称)?)"
    r"[*\s】\]]*[:：】\]][*\s]*(\S.{0,60})",
    re.IGNORECASE,
)
_WANTED = re.compile(r"((?:[\w/-]+ ){1,4})(?:wanted|needed|required)\b|诚聘[\s:：]*(\w{2,12})", re.IGNORECASE)
_SOUGHT = re.compile(
    r"\b(?:hiring|looking for|seeking|recruiting)(?: an?| our(?: next)?)? ((?:[\w/-]+ ?){1,4})", re.IGNORECASE
)
# Where no heading parts them from duties.
_ABOUT = re.compile(
    r"\W{0,9}(?:[£$€¥]\s?\d|(?:we|we['’](?:re|ve)|our (?:client|company|team|office|shop|clinic|school)|"
    r"join (?:us|our)|the (?:successful|ideal|right) candidate|candidates|salary|"
    r"apply (?:now|today|by|online)|(?:you )?must (?:have|be|hold)|我们|本公司|我司|诚聘)(?:[ ,，:：是招]|$)|"
    r".*(?:经验者?优先|底薪|五险|包吃|月休\d)|"
    r".*\b(?:is|are|['’]re) (?:hiring|looking for|seeking|recruiting)\s|.*[?？]$|(?:location|工作地点|地点)\s*[:：])",
    re.IGNORECASE,
)
_PARTED = re.compile(r"[a-z]{2}\. [A-Z]|。\S")  # two sentences
_PLACE = re.compile(r"\s[–—|-]\s|[（(|,，]")  # what follows is where, when or for how much
_RANK = re.compile(r"^(?:junior|senior|lead|trainee|graduate|experienced|part.time|full.time) ", re.IGNORECASE)
_FIRST = 10  # lines among which the job is named
_BELOW = 3  # lines below the name of the job that may say where, when and for how much
_SURE = 0.6  # that a name is that of an occupation, from where it says something


def head_of(line: str) -> str:
    """What of a line is a heading: all of it, or what stands before a colon, or nothing."""
    begun = _BEGUN.match(line)
    return line if _is_heading(line) else begun[0] if begun else ""


def of_duties(head: str) -> bool:
    """Whether duties follow."""
    return bool(_DUTIES.search(_bare(head)))


def of_other(head: str) -> bool:
    """Whether something else follows: what is asked for, what is offered, who asks."""
    return bool(_OTHER.search(_bare(head)))


def is_about(line: str) -> bool:
    """Whether a line speaks of the employer, the pay, or who is wanted."""
    wanted = _WANTED.match(line)
    return bool(_ABOUT.match(line) or _NAMED.match(line) or (wanted and is_name(wanted[1] or wanted[2])))


def without_title(text: str) -> str:
    """The text without the name of the job, if it begins with that."""
    first, _, rest = text.strip().partition("\n")
    if not _is_title(first, rest):
        return text
    lines = rest.splitlines()
    for _ in range(_BELOW):
        if lines and _is_short(lines[0]) and not head_of(lines[0]) and _has_more(lines[1:]):
            lines = lines[1:]
    return "\n".join(lines)


def named(text: str) -> Found | None:
    """The occupation that an advertisement names, by its first line or where it says so; None where it names none or
    one that is hardly known."""
    first, _, rest = text.strip().partition("\n")
    lines = [first, *rest.splitlines()[: _FIRST - 1]]
    names = [match[1] for line in lines if (match := _NAMED.match(line.strip()))]
    wanted = [match[1] or match[2] for line in lines if (match := _WANTED.match(line.strip()))]
    names += filter(is_name, wanted)
    if _is_title(first, rest):
        names.append(first)
    names += [match[1] for line in lines if (match := _SOUGHT.search(line))]
    for name in names:
        name = _PLACE.split(_bare(name.strip()))[0]
        for asked in (name, _RANK.sub("", name)):
            found = _found(asked)
            if found is not None and found.confidence >= _SURE:
                return found
    return None


def _is_title(first: str, rest: str) -> bool:
    """Whether the first line names the job: short, no sentence, and over bulleted lines, a heading or whole sentences,
    or a title by itself."""
    listed = [line for line in rest.splitlines() if line.strip()]
    if not _is_short(first) or not listed or of_duties(first) or of_other(first):
        return False
    return _has_more(listed) or is_name(first)


def _is_short(line: str) -> bool:
    return len(line) <= (20 if is_chinese(line) else 60) and not (BULLET.match(line) or MARKED.search(line))


def _has_more(lines: Sequence[str]) -> bool:
    """Whether bulleted lines follow at once, or nothing but sentences, or anywhere a heading of duties or a line of
    several sentences."""
    listed = [line for line in lines if line.strip()]
    bulleted = len(listed) > 1 and all(map(BULLET.match, listed[:2]))
    told = len(listed) > 1 and all(map(MARKED.search, listed))
    whole = any(line.endswith((".", "。")) and _PARTED.search(line) for line in listed)
    return bulleted or told or whole or any(of_duties(head_of(line)) for line in listed)


def _found(name: str) -> Found | None:
    try:
        return find(name)
    except ZaohuaError:
        return None


def _bare(line: str) -> str:
    return BULLET.sub("", line.strip("#*_ 【】[]")).strip("*_ 【】[]")


def _is_heading(line: str) -> bool:
    bare = _bare(line)
    short = len(bare) <= 12 if is_chinese(bare) else len(bare.split()) <= 5
    return short and (
        bare.endswith((":", "：")) or line.lstrip().startswith(("#", "【", "**")) or bool(_HEADING.fullmatch(bare))
    )
