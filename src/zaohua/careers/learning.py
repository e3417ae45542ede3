"""What to learn: what the next occupations ask for again and again, and the software that postings name."""

from collections import Counter
from collections.abc import Sequence

from zaohua.careers import store
from zaohua.careers.transitions import Transition


def recurring_gaps(reachable: Sequence[Transition], most: int = 5) -> list[str]:
    """Elements missing on the way to at least two of the next occupations, the most frequent first."""
    counted = Counter(gap.element for each in reachable for gap in each.gaps)
    return [element for element, times in counted.most_common(most) if times > 1]


def software(code: str, most: int = 8) -> list[str]:
    """Software that employers' postings often ask for in an occupation."""
    return [row["example"] for row in store.rows("software") if row["code"] == code][:most]
