"""The catalogue: both languages say the same, and say all that the source asks for and nothing else."""

import ast
import re
import string
from pathlib import Path

import pytest

import zaohua
from zaohua import i18n
from zaohua.cli.verbs import VERBS
from zaohua.i18n import LANGUAGES, catalogue, language, set_language, t

PACKAGE = Path(zaohua.__file__).parent
AREAS = sorted(path.stem for path in (PACKAGE / "messages" / "en").glob("*.toml"))
KEYS = {f"{area}.{name}" for area in AREAS for name in catalogue("en", area)}


def literals() -> tuple[set[str], set[str]]:
    """Strings in the source that are, or begin, a catalogue key: (whole keys, beginnings of composed ones)."""
    keys, beginnings = set(), set()
    area = re.compile(rf"(?:{'|'.join(AREAS)})\.[a-z0-9_]*")
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        composed = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and area.fullmatch(node.value):
                (beginnings if id(node) in composed or node.value.endswith("_") else keys).add(node.value)
    return keys, beginnings


def asked_for() -> set[str]:
    """First arguments of t("...") written out in the source."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def test_both_languages_have_the_same_areas():
    chinese = sorted(path.stem for path in (PACKAGE / "messages" / "zh").glob("*.toml"))
    assert chinese == AREAS


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_have_the_same_keys_and_placeholders(area):
    english, chinese = catalogue("en", area), catalogue("zh", area)
    assert list(english) == list(chinese)  # in the same order, so that they can be read side by side
    for name, message in english.items():
        assert placeholders(message) == placeholders(chinese[name]), f"{area}.{name}"


@pytest.mark.parametrize("area", AREAS)
def test_each_language_is_itself(area):
    han = re.compile(r"[\u4e00-\u9fff]")
    for name, message in catalogue("en", area).items():
        assert message, f"{area}.{name} is empty"
        assert not re.search(r"[\u4e00-\u9fff]{5}", message), f"{area}.{name} in English is Chinese"
    for name, message in catalogue("zh", area).items():
        words = re.sub(r"\{.*?\}|zaohua .*|--?\w[\w-]*|[\w./:-]+=\S*", "", catalogue("en", area)[name])
        if len(re.findall(r"[A-Za-z]{4,}", words)) >= 2:
            assert han.search(message), f"{area}.{name} in Chinese is not Chinese"


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_name_the_same_commands_and_options(area):
    technical = re.compile(rf"(?<![\w-])--[a-z][a-z-]+|zaohua (?:{'|'.join(VERBS)})(?= |$)|[a-z]+\.[a-z_]+=")
    for name, message in catalogue("en", area).items():
        missing = {command for command in technical.findall(message) if command not in catalogue("zh", area)[name]}
        assert not missing, f"{area}.{name} in Chinese leaves out {missing}"


def test_every_message_the_source_asks_for_exists():
    assert {key for key in asked_for() if key not in KEYS} == set()


def test_every_message_is_used():
    keys, beginnings = literals()
    composed = {f"cli.{verb}{ending}" for verb in VERBS for ending in ("", "_examples")}
    used = keys | composed | {key for key in KEYS if any(key.startswith(b) and b[-1] == "_" for b in beginnings)}
    used |= {key for key in KEYS if any(b.endswith(".") and key.startswith(b) for b in beginnings - {"cli."})}
    assert KEYS - used == set()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("area", AREAS)
def test_every_message_can_be_filled_in(area, code):
    for message in catalogue(code, area).values():
        assert "{" not in message.format(**dict.fromkeys(placeholders(message), 1))


def test_the_language_is_chosen_by_call_then_variable_then_locale(monkeypatch):
    for variable in ("ZAOHUA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(i18n, "_chosen", None)
    assert language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"
    monkeypatch.setenv("ZAOHUA_LANG", "en")
    assert language() == "en"
    set_language("zh")
    assert t("cli.model") == catalogue("zh", "cli")["model"]
    set_language(None)
    assert t("cli.model") == catalogue("en", "cli")["model"]


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="en, zh"):
        set_language("fr")
