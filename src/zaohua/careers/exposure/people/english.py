"""English: a name is told by its capitals, by lists of given and family names, and by being no word of work.

The lists are those that the US Census Bureau published of 1990 (public domain): all 5,163 given names and the 6,000
most frequent family names. The words of work are the vocabularies of the exposure model, of software and of titles.
"""

import re
from functools import cache
from pathlib import Path

from zaohua.careers import store
from zaohua.careers.exposure.matching import matcher
from zaohua.careers.exposure.model import model

_HERE = Path(__file__).parent
_TOKEN = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[-'’][^\W\d_]+)*(?:(?<=\b[A-Z])\.)?")
_NEAR = 200  # characters of a line that are looked at to either side: whole lines for every word would take for ever
_PARTICLES = {"van", "von", "der", "den", "de", "da", "di", "del", "la", "bin", "al", "ter", "dos"}
# Before these, a first word that is no word of work is a person; after those, a word with a capital may be a tool.
_DOES = re.compile(
    r"['’]s\b|\s+(?:is|has|will|and [A-Z]|approves|reviews|manages|leads|supervises|assigns|checks|signs|handles|runs|"
    r"heads|coordinates|oversees|directs|decides|reports)\b|\W*$"
)
_TOOL = re.compile(r"(?:\b(?:in|using|use|via|on|through|like|such as|the|an?|and|or)|[,(/])\s*$", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:(?:report\w*|answer\w*) to|(?:supervis|manag|direct|l)ed by)\s*$", re.IGNORECASE)


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset((_HERE / f"{name}.txt").read_text(encoding="utf-8").split())


@cache
def words_of_work() -> frozenset[str]:
    """Single words of the tasks, titles and software that the project knows, in small letters."""
    found = {word for words in (model("en-words").base.words, matcher("en").words) for word in words.place}
    software = {word for row in store.rows("software") for word in re.findall(r"\w+", row["example"].lower())}
    titles = {word for row in store.rows("titles") for word in re.findall(r"[^\W\d_]{4,}", row["title"].lower())}
    own = titles - _listed("given_names") - _listed("family_names")
    return frozenset({word for word in found if " " not in word} | software | own | _listed("plain_words"))


def without_english_names(line: str, hidden: str) -> str:
    """The line with `hidden` for names."""
    if line.isupper() and line.isascii():
        line = line.title()
    tokens = list(_TOKEN.finditer(line))
    away = [False] * len(tokens)
    capitals = [token[0][0].isupper() for token in tokens]
    long = [capital for token, capital in zip(tokens[1:], capitals[1:], strict=True) if len(token[0]) > 3]
    # Where most words have capitals, as in headings, these say nothing.
    speaks = not all(long) or len(long) < 3
    place = 0
    while place < len(tokens):
        length = _name_at(line, tokens, capitals, place, speaks)
        away[place : place + length] = [True] * length
        place += max(length, 1)
    return _replaced(line, tokens, away, hidden)


def _name_at(line: str, tokens: list[re.Match[str]], capitals: list[bool], place: int, speaks: bool) -> int:
    """Number of tokens of the name that begins here; 0 for none."""
    token, start, end = tokens[place][0], tokens[place].start(), tokens[place].end()
    before, after = line[max(start - _NEAR, 0) : start], line[end : end + _NEAR]
    given, family, known = _is_listed("given_names", token), _is_listed("family_names", token), _known(token)
    follows = _following(line, tokens, capitals, place, speaks and given and not known)
    first = not re.search(r"[^\W_]", re.split(r"[.;:!?•·]\s", before)[-1])
    if not capitals[place]:  # jane smith
        named = place + 1 < len(tokens) and _is_listed("family_names", tokens[place + 1][0])
        return 1 + follows if given and not known and ((named and follows) or _ASKED.search(before)) else 0
    if given and not known:
        return 1 + follows
    if given:  # Mark, Grace, Will are words as well, and at the beginning most likely so
        person = follows or _bare(token) not in _listed("plain_words")
        return 1 + follows if speaks and person and (follows or not first) else 0
    if known or _sign(token):
        person = not (first or _sign(token) or _TOOL.search(before)) or bool(_ASKED.search(before))
        return int(family and speaks and person and _bare(token) not in _listed("plain_words"))
    if follows or (first and _DOES.match(after)):
        return 1 + follows
    return int(len(token) > 1 and not first and speaks and (family or not _TOOL.search(before)))


def _following(line: str, tokens: list[re.Match[str]], capitals: list[bool], place: int, sure: bool) -> int:
    """How many of the next tokens belong to the same name. sure: it has begun with a name that is nothing else."""
    count, own = 0, capitals[place]
    for number in range(place + 1, min(place + (4 if capitals[place] else 2), len(tokens))):
        gap, text = line[tokens[number - 1].end() : tokens[number].start()], tokens[number][0]
        word = _bare(text)
        if gap.strip(" ") or (_sign(text) and not text.isupper()):
            break
        if word in _PARTICLES:
            continue
        if capitals[number] != own:
            break
        initial = bool(re.fullmatch(r"[A-Z]\.?", text))
        if not initial and _known(text) and not (own and (sure or _is_listed("family_names", text))):
            break
        count = number - place
    return count


def _is_listed(kind: str, token: str) -> bool:
    """Whether it, or a part of Anne-Katrin, is among the given or family names."""
    word = _bare(token)
    return word in _listed(kind) or ("-" in word and any(part in _listed(kind) for part in word.split("-")))


def _bare(token: str) -> str:
    return re.sub(r"['’]s$|\.$", "", token).lower()


def _known(token: str) -> bool:
    """Whether it is a word of work, in one of its forms."""
    word, known = _bare(token), words_of_work()
    parts = re.split(r"[-'’]", word)
    forms = {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ed"), word.removesuffix("ing")}
    return bool(forms & known) or (len(parts) > 1 and all(len(part) == 1 or _known(part) for part in parts))  # X-rays


def _sign(token: str) -> bool:
    """Acronyms and brand names: SQL, JavaScript."""
    return any(letter.isupper() for part in re.split(r"[-'’]", token) for letter in part[1:])


def _replaced(line: str, tokens: list[re.Match[str]], away: list[bool], hidden: str) -> str:
    parts, at = [], 0
    for number, token in enumerate(tokens):
        if not away[number]:
            continue
        joined = number and away[number - 1] and not line[tokens[number - 1].end() : token.start()].strip(" ")
        if not joined:
            parts += [line[at : token.start()], hidden]
        at = token.end()
    return "".join([*parts, line[at:]])
