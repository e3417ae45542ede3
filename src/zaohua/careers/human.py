"""What stays with people: where the setting of an occupation needs them more than most, and what it asks for."""

from zaohua.careers import complementarity, skills

_MORE_THAN_MOST = 65  # of a hundred occupations


def settings(code: str) -> list[tuple[str, int]]:
    """(group of complementarity, how many of a hundred lie lower), the strongest first; only those above most."""
    found = complementarity.of(code)
    if found is None:
        return []
    placed = [
        (group, complementarity.group_percentile(code, group)) for group in found.groups if group != "preparation"
    ]
    return sorted((pair for pair in placed if pair[1] >= _MORE_THAN_MOST), key=lambda pair: -pair[1])


def asked(code: str) -> list[tuple[str, float]]:
    """(element, level) that set the occupation apart."""
    return skills.strengths(code, most=4)
