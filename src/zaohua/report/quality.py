"""How well a model writes, as rows of words for the terminal and as a section of the report."""

from collections.abc import Mapping
from typing import Any

from zaohua.i18n import t
from zaohua.report.html import Content, Html, table, tag, written
from zaohua.report.numbers import decimal, number, percent, whole
from zaohua.report.record import Record, section

# In the order of the table: measure -> how its values are written. Each is a message of the area "measure".
_MEASURES = {
    "verse_regular": percent,
    "verse_rhymes": percent,
    "verse_tones": percent,
    "verse_lengths": percent,
    "verse_rhyming_lines": percent,
    "verse_iambic_lines": percent,
    "code_parses": percent,
    "judge_bits_per_byte": decimal,
    "chose_right": percent,
    "chose_right_after_gap": percent,
    "carry_over": percent,
    "distinct_2": percent,
    "self_bleu": decimal,
    "repetition_4": percent,
    "spelling_errors": decimal,
    "grammar_errors": decimal,
    "punctuation_errors": decimal,
    "copied_exactly": percent,
    "copied_nearly": percent,
    "longest_copy": whole,
}
COLUMNS = ("model", "held_out", "floor")


def quality_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """(measure in words, value of the model, of held-out text, of the floor) for what was measured."""
    known = section(dict(found), "rows")
    return [
        (t(f"measure.{name}"), *(shown(section(known, name).get(column)) for column in COLUMNS))
        for name, shown in _MEASURES.items()
        if any(number(section(known, name).get(column)) is not None for column in COLUMNS)
    ]


def quality(record: Record) -> Html | None:
    """The table beside real text, and the longest near copy."""
    found = section(record.summary, "quality")
    rows: list[list[Content]] = [list(row) for row in quality_rows(found)]
    if not rows:
        return None
    lead = t("measure.lead", samples=whole(found.get("samples")), tokens=whole(found.get("max_new_tokens")))
    notes = found.get("notes")
    passage = found.get("longest_copy")
    quote = None
    if isinstance(passage, str) and passage:
        quote = tag("blockquote", tag("span", t("measure.longest_copy_was"), class_="note"), written(passage))
    head = ["", *(t(f"measure.{column}") for column in COLUMNS)]
    return tag(
        "section",
        tag("h2", t("measure.title")),
        tag("p", lead, class_="note"),
        table(head, rows, class_="numbers"),
        tag("p", t("measure.floor_note"), class_="note"),
        *(
            tag("p", note, class_="note")
            for note in (notes if isinstance(notes, list) else [])
            if isinstance(note, str)
        ),
        quote,
        id="quality",
    )
