"""English spelling and grammar, as the checker Harper finds them: offline, by rules and a dictionary.

It is a checker for writers: it misses much, and in good texts it takes names for misspelt words. What a text scores
means something beside real text of the same kind.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from zaohua.extras import need
from zaohua.metrics.units import units

# Harper's kinds of findings that are errors of grammar; style, layout, capitals and regional spelling are not.
_GRAMMAR = frozenset(
    ["Agreement", "BoundaryError", "Grammar", "Malapropism", "Miscellaneous", "Nonstandard", "Repetition", "Typo"]
)


@cache
def _linter() -> Any:
    return need("harper", "grammar").Linter()  # takes most of a second: its dictionary is read once


def error_rates(texts: Sequence[str]) -> dict[str, float]:
    """Errors per 100 words of all texts together: "spelling_errors" (words that Harper does not know) and
    "grammar_errors" (agreement, articles, doubled words and the like). Nothing without a word."""
    words = sum(len(units(text)) for text in texts)
    if not words:
        return {}
    kinds = [lint.lint_kind for text in texts for lint in _linter().lint(text, language="plaintext")]
    return {
        "spelling_errors": 100 * kinds.count("Spelling") / words,
        "grammar_errors": 100 * sum(kind in _GRAMMAR for kind in kinds) / words,
    }
