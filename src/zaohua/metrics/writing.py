"""Simple marks of care in a text, exactly defined and the same in every language."""

import re
from collections.abc import Sequence

# An opening mark and its closing one. Straight quotes look alike at both ends and are left out.
_PAIRS = {pair[0]: pair[1] for pair in ["（）", "《》", "〈〉", "「」", "『』", "【】", "“”", "()", "[]", "{}"]}
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}
# Two marks in a row of which one is too many: a comma beside a comma or a stop. "...", "?!" and "。。。" may be meant.
_DOUBLED = re.compile(r"[,，、;；](?=[,，、;；.。!！?？])|[.。!！?？](?=[,，、;；])(?<!\w\.)")


def mark_errors(text: str) -> int:
    """Punctuation errors: a closing bracket or quote that closes nothing or another kind, and a comma or semicolon
    right beside another such mark or a stop (a full stop after a letter may belong to an abbreviation). What is still
    open at the end is no error: the text may have been cut there."""
    wrong, opened = len(_DOUBLED.findall(text)), []
    for mark in text:
        if mark in _PAIRS:
            opened.append(mark)
        elif mark in _CLOSING:
            if opened and opened[-1] == _CLOSING[mark]:
                opened.pop()
            else:
                wrong += 1
    return wrong


def mark_error_rate(beginnings: Sequence[str], texts: Sequence[str]) -> float | None:
    """Punctuation errors per 1,000 characters of all texts together, each read on from its beginning, whose own errors
    do not count: what closes a quote that the beginning opened is right. None without a character."""
    characters = sum(map(len, texts))
    pairs = zip(beginnings, texts, strict=True)
    errors = sum(mark_errors(beginning + text) - mark_errors(beginning) for beginning, text in pairs)
    return 1000 * errors / characters if characters else None
