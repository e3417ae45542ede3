"""From an exception to one line that says what is wrong and what to do, and an exit code."""

import errno
import os
import re
import sys
import tempfile
import traceback
from pathlib import Path

from zaohua.errors import ZaohuaError
from zaohua.i18n import t

FAILED, USAGE = 1, 2
_NO_MEMORY = re.compile("not enough memory|can't allocate memory")  # torch on the CPU, a plain RuntimeError


def report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Tell the person (or, as JSON on standard output, the program) what happened; returns the exit code."""
    if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has what it wanted
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (open until the interpreter ends)
        return FAILED
    message, code = explain(error)
    if debug:
        traceback.print_exception(error)
    elif message is None:
        message = t("cli.unexpected", error=_name(error), log=_log(error))
    message = message or _name(error)
    if as_json:
        from zaohua.cli.common import print_json

        print_json({"error": {"type": type(error).__name__, "message": message, "exit_code": code}})
    elif isinstance(error, KeyboardInterrupt) or _is(error, "Stopped"):
        _print(message, style="yellow")  # what the person asked for is no error
    else:
        _print(message, style="red", label=t("cli.error"))
    return code


def explain(error: BaseException) -> tuple[str | None, int]:
    """(line, exit code); no line for what nobody has foreseen."""
    if isinstance(error, ZaohuaError):
        return str(error), error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return t("cli.interrupted"), FAILED
    if _is(error, "ClickException"):
        return _usage(error), USAGE
    if isinstance(error, MemoryError) or _is(error, "OutOfMemoryError") or _NO_MEMORY.search(str(error)):
        return t("cli.out_of_memory"), FAILED
    if isinstance(error, ModuleNotFoundError):
        return t("cli.missing_module", name=error.name), FAILED
    if isinstance(error, OSError) and error.errno is not None:
        return _system(error), FAILED
    return None, FAILED


def _is(error: BaseException, name: str) -> bool:
    """isinstance by class name: neither torch nor typer's private modules are imported to ask."""
    return any(ancestor.__name__ == name for ancestor in type(error).__mro__)


def _usage(error: BaseException) -> str:
    """typer's complaint about the command line, in the language in force."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", None) or "zaohua"
    parameter = getattr(error, "param", None)
    name = getattr(parameter, "opts", [""])[0] if parameter is not None else ""
    name = name if name.startswith("-") else name.upper()
    option = getattr(error, "option_name", None)
    if _is(error, "MissingParameter"):
        message = t("cli.missing_argument", name=name)
    elif _is(error, "NoSuchOption") and "." in str(option):
        return t("cli.setting_not_option", name=str(option).lstrip("-"))
    elif _is(error, "NoSuchOption"):
        near = (getattr(error, "possibilities", None) or [None])[0]
        message = t("cli.no_such_option", name=option, hint=t("recipe.did_you_mean", name=near) if near else "")
    elif _is(error, "BadOptionUsage"):
        message = t("cli.option_needs_value", name=option)
    elif _is(error, "BadParameter"):
        message = _bad_value(error, name)
    else:
        message = str(getattr(error, "message", error))
    return t("cli.see_help", message=message.rstrip("."), command=command)


def _bad_value(error: BaseException, name: str) -> str:
    """Of what kind an option's value must be, or what our own check says of it."""
    details = error.__cause__.errors() if _is(error.__cause__, "ValidationError") else []  # type: ignore[union-attr,arg-type]
    if details and details[0]["type"] not in ("value_error", "assertion_error"):
        from zaohua.recipe_problems import must_be

        return must_be(name, details)
    reason = str(getattr(error, "message", error)).removeprefix("Value error, ")
    return t("cli.bad_value", name=name, reason=reason)


def _system(error: OSError) -> str:
    """What the operating system refused, and the remedy for the usual refusals."""
    place = error.filename if error.filename is not None else ""
    remedies = {
        errno.ENOSPC: "cli.disk_full",
        errno.EDQUOT: "cli.disk_full",
        errno.EACCES: "cli.no_permission",
        errno.EPERM: "cli.no_permission",
        errno.EROFS: "cli.read_only",
        errno.ENOENT: "cli.no_such_file",
    }
    key = remedies.get(error.errno or 0, "cli.system_error")
    message = t(key, place=place, reason=error.strerror or _name(error))
    return message.replace(" ()", "").replace("（）", "").replace("  ", " ")


def _name(error: BaseException) -> str:
    """The exception's type and the first line it says."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _log(error: BaseException) -> Path:
    """Write the whole traceback to a file of its own."""
    descriptor, name = tempfile.mkstemp(prefix="zaohua-", suffix=".log")
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(traceback.format_exception(error))
    return Path(name)


def _print(message: str, style: str, label: str = "") -> None:
    from rich.console import Console
    from rich.text import Text

    line = Text(label, style=f"bold {style}").append(message, style=style)
    Console(stderr=True, highlight=False, soft_wrap=True).print(line)
