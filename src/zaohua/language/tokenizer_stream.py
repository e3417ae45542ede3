"""Decoding id by id: characters may be cut between tokens, so text is given out only once it is certain."""

import codecs
from collections.abc import Callable, Sequence


class ByteStream:
    """For tokenisers whose tokens are bytes: a UTF-8 decoder that waits for the rest of a character."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        """The characters that `token` completes. Bytes that can no longer become one are given as U+FFFD."""
        return self._decoder.decode(self._token_bytes[token])

    def flush(self) -> str:
        """What is left at the end: U+FFFD for a character that was never finished."""
        return self._decoder.decode(b"", final=True)


class TextStream:
    """For any other tokeniser: decode a growing window and give out what later ids cannot change.

    A window ends at the last id after which the text stood on whole characters; it is decoded twice, with and
    without the new ids, because decoders may treat the first token of a text in their own way (a leading space).
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._settled = 0  # ids whose text has been given out

    def push(self, token: int) -> str:
        """The characters that `token` completes."""
        self._ids.append(token)
        return self._take(final=False)

    def flush(self) -> str:
        """What is left at the end, with U+FFFD for unfinished characters."""
        return self._take(final=True)

    def _take(self, final: bool) -> str:
        before = self._decode(self._ids[: self._settled])
        text = self._decode(self._ids)
        if not final and text.endswith("\ufffd"):
            return ""
        self._ids = self._ids[self._settled :]
        self._settled = len(self._ids)
        return text[len(before) :]
