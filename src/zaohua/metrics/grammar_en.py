"""English spelling and grammar, as the checker Harper finds them: offline, by rules and a dictionary.

It is a checker for writers: it misses much, and in good texts it takes names, and British spelling, for misspelt words.
What a text scores means something beside real text of the same kind.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from zaohua.extras import need
from zaohua.metrics.units import units

# Harper's kinds of findings that are errors of grammar; style, layout, capitals and regional words are not.
_GRAMMAR = frozenset(
    ["Agreement", "BoundaryError", "Grammar", "Malapropism", "Miscellaneous", "Nonstandard", "Repetition", "Typo"]
)
_LONGEST = 60  # letters of a word: Harper takes 0.9 GB of memory for one of 10,000, and 62 GB for one of 200,000
_LONG_WORD = re.compile(rf"(\w{{{_LONGEST}}})\w+")


@cache
def _linter() -> Any:
    linter = need("harper", "grammar").Linter()  # takes most of a second: its dictionary is read once
    # Of findings in the same place Harper gives one. That a sentence is long hides every error in it.
    linter.set_lint_config(linter.get_lint_config() | {"LongSentences": False})
    return linter


def error_rates(texts: Sequence[str]) -> dict[str, float]:
    """Errors per 100 words of all texts together: "spelling_errors" (words that Harper does not know) and
    "grammar_errors" (agreement, articles, doubled words and the like). Nothing without a word."""
    words = sum(len(units(text)) for text in texts)
    if not words:
        return {}
    shortened = [_LONG_WORD.sub(r"\1", text) for text in texts]  # no dictionary holds such a word
    kinds = [lint.lint_kind for text in shortened for lint in _linter().lint(text, language="plaintext")]
    return {
        "spelling_errors": 100 * kinds.count("Spelling") / words,
        "grammar_errors": 100 * sum(kind in _GRAMMAR for kind in kinds) / words,
    }
