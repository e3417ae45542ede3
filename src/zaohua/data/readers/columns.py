"""Which column of a table is the text."""

from collections.abc import Iterable, Mapping, Sequence

from zaohua.errors import UsageError
from zaohua.i18n import t

LOOKED_AT = 64  # rows
_USUAL = ("text", "content", "文本", "内容", "正文")
_TEXT_LIKE = 10  # mean characters from which on a column is taken for text rather than a label


class NoColumnError(UsageError):
    """The table does not say which of its columns is the text, or lacks the one asked for. columns: those it has."""

    def __init__(self, message: str, columns: str) -> None:
        super().__init__(message)
        self.columns = columns


def as_text(value: object) -> str | None:
    """A cell as text: strings as they are, lists of strings one a line; None for what is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return None


def joined(values: Iterable[object]) -> str:
    """Several cells under one another; numbers as they print, empty cells left out."""
    texts = (as_text(value) if isinstance(value, str | list | tuple) else value for value in values)
    return "\n".join(str(text) for text in texts if text not in (None, ""))


def choose(names: Sequence[str], rows: Sequence[Mapping[str, object]], wanted: str | None, where: str) -> list[str]:
    """The columns to read. wanted: names joined by commas, or None to find the one text column in the sample rows.

    Raises NoColumnError, listing the columns, where a name is missing or the choice is not clear.
    """
    listed = ", ".join(name if len(name) <= 24 else name[:23] + "…" for name in names)
    if wanted is not None:
        chosen = [wanted] if wanted in names else [name.strip() for name in wanted.split(",")]
        missing = [name for name in chosen if name not in names]
        if missing:
            raise NoColumnError(t("data.no_such_column", column=missing[0], where=where, columns=listed), listed)
        return chosen
    usual = [name for name in names if name.lower() in _USUAL and any(as_text(row.get(name)) for row in rows)]
    candidates = usual or [name for name in names if _is_text([row.get(name) for row in rows])]
    if len(candidates) == 1 or usual:
        return candidates[:1]
    raise NoColumnError(t("data.which_column", where=where, columns=listed), listed)


def _is_text(values: Sequence[object]) -> bool:
    """Whether sample values look like texts: strings, long enough on average, mostly different."""
    texts = [as_text(value) for value in values if value is not None]
    present = [text for text in texts if text is not None]
    if not present or len(present) < len(texts):
        return False
    long = sum(map(len, present)) >= _TEXT_LIKE * len(present)
    return long and len(set(present)) * 2 > len(present)
