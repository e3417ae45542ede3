"""The command line: one file per verb. Language and output are settled first, then the verbs are built and run."""

import os
import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `zaohua ARGUMENTS` (those of the process if None) and leave with its exit code: 0, 1 failed, 2 usage."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The same, returning the exit code. Every failure becomes one line; see zaohua.cli.failures."""
    from zaohua.cli.failures import report

    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Chinese must come out whole even where the locale says ASCII
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    _choose_language(options)
    try:
        from zaohua.cli.verbs import build

        command = build(for_help="--help" in options or len(options) < 3)
        result = command.main(words, prog_name="zaohua", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        if code == 130:  # how typer returns a keyboard interrupt
            raise KeyboardInterrupt
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        debug = "--debug" in options or os.environ.get("ZAOHUA_DEBUG", "0") not in ("", "0")
        code = report(error, as_json="--json" in options, debug=debug)
    return code


def _choose_language(options: list[str]) -> None:
    """Obey --lang before anything is printed, help included; typer will refuse a language that is not there."""
    from zaohua.i18n import LANGUAGES, set_language

    set_language(None)
    for word, following in zip_longest(options, options[1:]):
        value = following if word == "--lang" else word.removeprefix("--lang=")
        if word.startswith("--lang") and value in LANGUAGES:
            set_language(value)
