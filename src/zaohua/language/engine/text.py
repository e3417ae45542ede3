"""From token ids to the text that may be shown: whole characters, and nothing of a stop string."""

from collections.abc import Sequence

from zaohua.language.tokenizer import Tokenizer


class StopStrings:
    """Lets text through up to the stop string that is whole first, wherever tokens cut it, holding back an end that may
    yet become one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = stop
        self.held = ""

    def push(self, piece: str) -> tuple[str, bool]:
        """The text that is now safe to show, and whether a stop string was met (it and what follows are dropped)."""
        self.held += piece
        places = [(self.held.find(stop), stop) for stop in self.stop]
        if met := [(start + len(stop), start) for start, stop in places if start >= 0]:
            _, start = min(met)
            return self.held[:start], True
        safe = len(self.held) - max((self._overlap(stop) for stop in self.stop), default=0)
        shown, self.held = self.held[:safe], self.held[safe:]
        return shown, False

    def _overlap(self, stop: str) -> int:
        """Length of the longest end of the held text that is a beginning of `stop`."""
        longest = min(len(stop) - 1, len(self.held))
        return next((size for size in range(longest, 0, -1) if self.held.endswith(stop[:size])), 0)


class Writer:
    """The text of one continuation as its tokens come."""

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[str], stop_ids: frozenset[int]) -> None:
        self.decode, self.watch, self.stop_ids = tokenizer.stream(), StopStrings(stop), stop_ids

    def add(self, token: int) -> tuple[str, bool]:
        """The text to show after this token, and whether the text has come to its end."""
        if token in self.stop_ids:
            return self.rest(), True
        return self.watch.push(self.decode.push(token))

    def rest(self) -> str:
        """What was held back, which is text after all. A character begun but not finished is left out."""
        held, self.watch.held = self.watch.held, ""
        return held


class Codes:
    """The same for tokens that are no text."""

    def __init__(self, stop_ids: frozenset[int]) -> None:
        self.stop_ids = stop_ids

    def add(self, token: int) -> tuple[str, bool]:
        """Nothing to show, and whether it has come to its end."""
        return "", token in self.stop_ids

    def rest(self) -> str:
        """Nothing was held back."""
        return ""
