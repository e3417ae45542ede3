"""Errors meant for people: one line that says what is wrong and what to do about it."""


class ZaohuaError(ValueError):
    """Something a person can put right. The command line prints the message alone and exits 1."""

    exit_code = 1


class UsageError(ZaohuaError):
    """A recipe, option or argument is wrong. The command line exits 2."""

    exit_code = 2


def one_line(value: object, longest: int = 120) -> str:
    """Anything as part of such a line: its text without line breaks, cut if it is long."""
    text = " ".join(str(value).split()) or type(value).__name__
    return text if len(text) <= longest else text[: longest - 1] + "…"
