"""Which language a document is in, from a small sample: by script, then by function words.

About two microseconds a document, so that it can be reported always. A filter asks py3langid as well where the quick
look names no language.
"""

from collections.abc import Set
from functools import cache

_SAMPLE = 300  # characters looked at
_FUNCTION_WORDS = {
    "en": "the of and to that it for with his be at you not this have but are they your what which she were had him in "
    "is was on by from has an as its after said will new their who",
    "de": "der die und den das von zu mit sich auf für ist im dem nicht ein eine als auch es an werden aus er hat dass",
    "fr": "le la les et des en un une du que est pour qui dans au il sur pas ce plus par je se elle ne son avec",
    "es": "el la los las que en un una del se por con para es su al lo como más pero sus no fue este sobre",
    "it": "il di che la per un una del è non sono si con da alla della nel gli anche come ma più le lo mi",
    "pt": "os as que do da em um uma para com não por mais dos como mas foi ao ele das seu sua é se no na",
    "nl": "de het een van en in is dat op te zijn voor met niet aan er om ook als dan maar bij hij was ze",
}


def _rows(*ranges: tuple[int, int]) -> bytes:
    return bytes(row for first, last in ranges for row in range(first, last + 1))


# High bytes of UTF-16 code units. Kana share row 0x30 with Chinese punctuation, so they are counted by character.
_SCRIPTS = {
    "zh": _rows((0x34, 0x9F), (0xF9, 0xFA)),
    "ko": _rows((0xAC, 0xD7), (0x11, 0x11)),
    "ru": _rows((0x04, 0x05)),
    "ar": _rows((0x06, 0x07)),
    "hi": _rows((0x09, 0x09)),
    "th": _rows((0x0E, 0x0E)),
}
_KANA = dict.fromkeys(range(0x3041, 0x30FB))  # for str.translate: deletes them


@cache
def _words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}


def _sample(text: str) -> str:
    """The whole of a short text; of a long one a stretch from its first third, past titles and contents."""
    if len(text) <= _SAMPLE:
        return text
    start = (len(text) - _SAMPLE) // 3
    return text[start : start + _SAMPLE]


def _by_words(sample: str) -> str:
    """By how many different function words of a language occur; "other" if hardly any do (code, numbers)."""
    found = set(sample.lower().split())
    need = 1 if len(found) < 8 else 2 if len(found) < 20 else 3
    best, most = "other", need - 1
    for language, words in _words().items():
        count = len(words & found)
        if count > most:
            best, most = language, count
            if count >= 5 and language == "en":
                break  # the commonest case; no other language listed here shares five of these
    return best


def language_of(text: str) -> str:
    """A two-letter language code, or "other" where the quick look cannot tell (code, numbers, rarer languages)."""
    sample = _sample(text)
    if sample.isascii():
        return _by_words(sample)
    high = sample.encode("utf-16-be", "surrogatepass")[::2]
    best, count = "", 0
    for script, rows in _SCRIPTS.items():
        if (present := len(high) - len(high.translate(None, rows))) > count:
            best, count = script, present
            if present * 3 > len(high):
                break
    # A character of these scripts says as much as three or so Latin letters.
    if count * 3 <= len(high) and count * 3 <= sum(map(str.isalpha, sample)) - count:
        return _by_words(sample)
    if best == "zh" and high.count(0x30) * 8 > count and (len(sample) - len(sample.translate(_KANA))) * 8 > count:
        return "ja"
    return best


def matches(text: str, quick: str, wanted: Set[str]) -> bool:
    """Whether py3langid finds one of the wanted languages in a text on which the quick look gave `quick`.

    Only asked where the quick look had no answer: by scripts and well-known function words it is the surer of the two.
    """
    if quick != "other" or not any(character.isalpha() for character in text[:_SAMPLE]):
        return False
    import py3langid

    return py3langid.classify(_sample(text))[0] in wanted
