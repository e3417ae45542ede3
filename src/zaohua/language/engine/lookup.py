"""Prompt-lookup speculation (Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding): text often repeats text."""

from collections.abc import Sequence

LONGEST, SHORTEST = 4, 2  # tokens that must agree; one alone guesses wrong too often to pay for the check


class Lookup:
    """Guesses what follows a text from what followed the same last tokens earlier in it.

    The places are kept in a table as the text grows, so that a guess costs the same however long the text is.
    """

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.after: dict[tuple[int, ...], int] = {}  # tokens in a row -> place right after where they last stood

    def extend(self, ids: Sequence[int]) -> None:
        """Take in more of the text."""
        for token in ids:
            # What ends just before this token has now been followed by something: remember where.
            end = len(self.ids)
            for size in range(SHORTEST, min(LONGEST, end) + 1):
                self.after[tuple(self.ids[end - size :])] = end
            self.ids.append(token)

    def guess(self, most: int) -> list[int]:
        """At most so many tokens that may follow; none where the last tokens are new."""
        for size in range(min(LONGEST, len(self.ids)), SHORTEST - 1, -1):
            place = self.after.get(tuple(self.ids[-size:]))
            if place is not None:
                return self.ids[place : place + most]
        return []
