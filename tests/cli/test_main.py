"""The command line as a whole: help, languages, failures, exit codes."""

import errno
import json
import os
import re
import subprocess
import sys

import pytest

from zaohua import cli
from zaohua.cli import verbs
from zaohua.cli.failures import explain
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import using


def walk(command):
    """A command and all below it that do something."""
    below = getattr(command, "commands", None)
    if below is None:
        yield command
    else:
        for child in below.values():
            yield from walk(child)


def python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run code in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ | environment, check=False)


# ---- help and languages


@pytest.mark.parametrize("arguments", [(), ("--help",), *((verb, "--help") for verb in verbs.VERBS)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_is_complete_and_in_the_language_asked_for(zaohua, arguments, language):
    result = zaohua(*arguments, "--lang", language)
    assert result.code == 0
    assert ("用法" in result.out) == (language == "zh")
    assert "--lang" in result.out
    assert not re.search(r"\b(?:cli|data|generate)\.[a-z_]+_help|\.help_", result.out)  # bare catalogue keys
    assert "Show this message" not in result.out


@pytest.mark.parametrize("verb", ["train", "finetune", "generate", "evaluate"])
def test_no_help_is_cut_off_where_chinese_has_no_spaces_to_break_at(zaohua, verb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = re.sub(r"[\s│]", "", zaohua(verb, "--help", "--lang", "zh").out)
    with using("zh"):
        command = verbs.build(for_help=False).commands[verb]
    for parameter in command.params:
        assert re.sub(r"\s", "", parameter.help.replace("\\[", "[")) in shown, parameter.name


def test_every_verb_has_json_language_help_and_examples():
    for command in walk(verbs.build(for_help=False)):
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--lang", "--debug"} <= options, command.name
        assert command.help
        for parameter in command.params:
            assert parameter.help, f"{command.name} {parameter.name}"
    assert all(command.epilog for command in verbs.build(for_help=False).commands.values())


def test_the_language_can_stand_before_the_verb_or_after_it_or_in_the_environment(zaohua, monkeypatch):
    chinese = zaohua("train", "no/such", "--lang", "zh").err
    assert chinese.startswith("错误：")
    assert zaohua("--lang", "zh", "train", "no/such").err == chinese
    assert zaohua("train", "no/such", "--lang=zh").err == chinese
    assert zaohua("train", "no/such").err.startswith("error: ")
    monkeypatch.setenv("ZAOHUA_LANG", "zh")
    assert zaohua("train", "no/such").err == chinese


def test_version(zaohua):
    import zaohua as package

    assert zaohua("--version").out == f"zaohua {package.__version__}\n"


def test_starting_loads_nothing_heavy():
    code = (
        "import sys; from zaohua.cli import run; run(['--help']); run(['train', '--help'])\n"
        "print({m.partition('.')[0] for m in sys.modules}"
        " & {'torch', 'numpy', 'transformers', 'tokenizers', 'polars', 'plotly'})"
    )
    assert python(code).stdout.decode().splitlines()[-1] == "set()"


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_chinese_comes_out_whole_whatever_the_locale(locale):
    environment = {"LC_ALL": locale, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = python("from zaohua.cli import main; main(['--help', '--lang', 'zh'])", **environment)
    assert done.returncode == 0
    assert "造化" in done.stdout.decode("utf-8")


def test_python_m_zaohua_is_zaohua():
    done = subprocess.run([sys.executable, "-m", "zaohua", "trian"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean train?" in done.stderr


# ---- wrong usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trian",), "there is no verb trian; did you mean train?"),
        (("xyzzy",), "the verbs are: quickstart, train"),
        (("train",), "RECIPE is missing; see: zaohua train --help"),
        (("train", "x", "--jsno"), "no option --jsno; did you mean --json?"),
        (("train", "x", "--train.steps=5"), "settings are written without dashes: train.steps=VALUE"),
        (("train", "x", "--lang", "fr"), "--lang: 'fr' is not one of"),
        (("train", "x", "--lang"), "--lang needs a value"),
        (("train", "language/quickstart", "steps"), "steps is not a setting: write key=value"),
        (("train", "language/quickstart", "train.lr=1"), "there is no key train.lr"),
        (("train", "language/quickstart", "train.learning_rate=-1"), "must be greater than 0, not -1"),
        (("generate", "m", "p", "-n", "many"), '-n must be a whole number, not "many"; see: zaohua generate --help'),
        (("--lang", "zh", "generate", "m", "p", "-n", "many"), '-n 应为：整数；现在是："many"'),
        (("careers", "transitions", "27-1024", "--wage-floor", "abc"), '--wage-floor must be a number, not "abc"'),
        (("data", "lst"), "did you mean list?"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(zaohua, arguments, words):
    result = zaohua(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert words in result.err
    assert result.err.count("\n") == 1


def test_with_json_the_error_is_json_on_standard_output(zaohua):
    result = zaohua("train", "no/such", "--json")
    error = json.loads(result.out)["error"]
    assert (result.code, error["exit_code"], error["type"]) == (2, 2, "UsageError")
    assert "no recipe no/such" in error["message"]
    assert result.err == ""


# ---- failures


def failing(monkeypatch, error: BaseException) -> None:
    """Make the next command fail with this."""

    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr("zaohua.recipe.load_recipe", fail)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ZaohuaError("the well is dry: dig deeper"), 1, "error: the well is dry: dig deeper"),
        (UsageError("no such bucket"), 2, "error: no such bucket"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/x"), 1, "the disk is full (runs/x): make room"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: the disk is full: make room"),
        (PermissionError(errno.EACCES, "Permission denied", "runs/x"), 1, "no permission for runs/x"),
        (OSError(errno.EROFS, "Read-only file system", "runs/x"), 1, "runs/x cannot be written to"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), 1, "there is no a.txt"),
        (OSError(errno.EMFILE, "Too many open files"), 1, "the system refused: Too many open files"),
        (KeyboardInterrupt(), 1, "stopped from the keyboard"),
        (MemoryError(), 1, "out of memory: use a smaller batch"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), 1, "out of memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you"), 1, "out of memory"),
        (ModuleNotFoundError("No module named 'av'", name="av"), 1, "the Python package av is missing"),
    ],
)
def test_a_failure_is_one_line_with_a_remedy(zaohua, monkeypatch, error, code, words):
    failing(monkeypatch, error)
    result = zaohua("train", "x")
    assert result.code == code
    assert words in result.err
    assert result.err.count("\n") == 1


def test_stopping_as_asked_is_not_called_an_error(zaohua, monkeypatch):
    from zaohua.training.signals import Stopped

    for stop in (Stopped("Stopped at step 5"), KeyboardInterrupt()):
        failing(monkeypatch, stop)
        result = zaohua("train", "x")
        assert result.code == 1
        assert result.err.lower().startswith("stopped")


def test_what_nobody_has_foreseen_is_one_line_and_a_log(zaohua, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing(monkeypatch, KeyError("surprise\nsecond line"))
    result = zaohua("train", "x")
    assert result.code == 1
    assert result.err.startswith("error: unexpected KeyError: ")
    assert result.err.count("\n") == 1
    (log,) = tmp_path.glob("zaohua-*.log")
    assert str(log) in result.err
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize("how", ["option", "variable"])
def test_debug_shows_the_traceback(zaohua, monkeypatch, how):
    failing(monkeypatch, KeyError("surprise"))
    if how == "variable":
        monkeypatch.setenv("ZAOHUA_DEBUG", "1")
    result = zaohua("train", "x", *(["--debug"] if how == "option" else []))
    assert result.code == 1
    assert "Traceback" in result.err


def test_torch_out_of_memory_is_recognised_without_importing_torch():
    import torch

    assert explain(torch.OutOfMemoryError("CUDA out of memory")) == explain(MemoryError())


def test_a_reader_that_has_enough_is_no_error():
    script = "from zaohua.cli import main; main(['--help'])"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run([sys.executable, "-c", script], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


def test_the_interpreter_leaves_with_the_code(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["zaohua", "trian"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
