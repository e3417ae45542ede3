"""Forms that a text can be held to exactly: name -> what is checked. A new form is one function and one line."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zaohua.errors import UsageError
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.metrics import verse_en, verse_zh
from zaohua.metrics.code import parses


@dataclass(frozen=True)
class Form:
    """check(text, ended): its findings by name, each a share or None where it does not apply. library: what it needs.
    whole: texts are written from nothing, because a beginning would give the form away."""

    check: Callable[[str, bool], dict[str, float | None]]
    library: str | None = None
    whole: bool = False


def _verse_zh(text: str, _ended: bool) -> dict[str, float | None]:
    found = verse_zh.check(text)
    return {"verse_regular": float(found.regular), "verse_rhymes": float(found.rhymes), "verse_tones": found.tones}


def _verse_en(text: str, _ended: bool) -> dict[str, float | None]:
    return {"verse_rhyming_lines": verse_en.rhyming_share(text), "verse_iambic_lines": verse_en.iambic_share(text)}


def _code_python(text: str, ended: bool) -> dict[str, float | None]:
    return {"code_parses": float(parses(text, cut=not ended))}


FORMS = {
    "verse-zh": Form(_verse_zh, whole=True),
    "verse-en": Form(_verse_en, library="pronouncing"),
    "code-python": Form(_code_python),
}
_LINES = re.compile(r"lines:[1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*")  # the lengths of a Chinese tune's lines: lines:7,5,7,9


def known_form(name: str) -> Form:
    """The form of this name; UsageError with the forms there are."""
    if _LINES.fullmatch(name):
        lengths = [int(length) for length in name.removeprefix("lines:").split(",")]
        return Form(lambda text, _ended: {"verse_lengths": float(verse_zh.has_lengths(text, lengths))}, whole=True)
    if name not in FORMS:
        raise UsageError(t("measure.unknown_form", name=name, known=", ".join([*FORMS, "lines:7,5,7,9"])))
    return FORMS[name]


def find_form(name: str) -> Form:
    """The same, its library at hand; ZaohuaError, with what to install, if it is not."""
    form = known_form(name)
    if form.library is not None:
        need(form.library, "verse")
    return form


def form_shares(name: str, texts: Sequence[tuple[str, bool]]) -> dict[str, float | None]:
    """Each finding's mean over the texts (text, ended) to which it applies; None where there is none."""
    form = find_form(name)
    found = [form.check(text, ended) for text, ended in texts]
    means: dict[str, float | None] = {}
    for finding in found[0] if found else ():
        known = [value for each in found if (value := each[finding]) is not None]
        means[finding] = sum(known) / len(known) if known else None
    return means
