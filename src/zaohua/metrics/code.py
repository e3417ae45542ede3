"""Whether Python code is well formed: exact, by Python's own parser. Nothing is run."""

import ast
import codeop
import warnings


def parses(source: str, *, cut: bool = False) -> bool:
    """Whether a text of at least one statement is Python. cut: its end may be missing, so it need only be a beginning
    of a program, up to its last whole line if it has one."""
    if cut and "\n" in source:
        source = source[: source.rfind("\n") + 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # about escapes and comparisons, in a text that nobody will run
        try:
            return bool(ast.parse(source).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # NUL bytes; nesting beyond the parser's stack
            return cut and _begins_well(source)


def _begins_well(source: str) -> bool:
    try:
        return codeop.compile_command(source, "<text>", "exec") is None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
