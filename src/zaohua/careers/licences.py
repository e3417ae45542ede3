"""Which occupations want a licence in the United States: our own list after the Occupational Outlook Handbook."""

from functools import cache

from zaohua.careers.finding.aliases import own_lines


@cache
def _marks() -> dict[str, str]:
    return dict(own_lines("licences.psv"))


def licence(code: str) -> str:
    """`always` (nearly every state), `some` (some states or posts) or `` (not usual); the longest prefix decides."""
    prefixes = [code[:length] for length in range(len(code), 3, -1)]
    return next((_marks()[prefix] for prefix in prefixes if prefix in _marks()), "")
