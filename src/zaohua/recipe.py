"""Recipes: TOML text, a pydantic schema, dotted overrides. Knows no task.

raw = load_recipe("language/quickstart", ["train.steps=500"])   # a mapping, as written
recipe = validate(raw, LanguageRecipe)                          # typed, or one line per mistake
text = dump(recipe)                                             # TOML again
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.recipe_problems import printable, problems

_LARGEST = 1 << 20  # bytes; a recipe is a page of text, so anything larger was named by mistake
_KEY = re.compile(r"[\w-]+(\.[\w-]+)*")
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class Section(BaseModel):
    """A table of a recipe. Unknown keys are errors, values never change, defaults obey the same rules."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = ()  # groups of keys of which a recipe gives one at most


S = TypeVar("S", bound=Section)


class RawRecipe(dict[str, Any]):
    """A recipe as written: a dict that remembers which file it came from and which keys the command line set.

    arguments: what load_recipe was given, the recipe's name or path and then every override, word for word.
    """

    def __init__(self, values: Mapping[str, Any], origin: str = "", overridden: Sequence[str] = ()) -> None:
        super().__init__(values)
        self.origin, self.overridden = origin, tuple(overridden)
        self.arguments: tuple[str, ...] = ()


def recipes_folder() -> Path:
    """Where the shipped recipes are: inside an installed package, or beside `src` in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parents[1] / "recipes"


def list_recipes() -> list[str]:
    """Names of the shipped recipes, such as "language/quickstart"."""
    folder = recipes_folder()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml"))


def find_recipe(name: str | Path) -> Path:
    """The file behind a path or a shipped recipe's name; UsageError with the nearest name if there is none."""
    path = Path(name)
    try:
        if path.is_dir() and str(name) not in list_recipes():
            run_recipe = path / "recipe.toml"
            inside = t("recipe.inside_folder", path=printable(run_recipe)) if run_recipe.is_file() else ""
            raise UsageError(t("recipe.is_folder", path=printable(path)) + inside)
        if path.suffix != ".toml":
            shipped = recipes_folder() / f"{name}.toml"
            if str(name) in list_recipes():
                return shipped
        if path.exists():
            return path
        neighbours = [p.as_posix() for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    except (OSError, ValueError) as error:  # a name the system refuses: too long, a NUL byte, no permission
        if isinstance(error, UsageError):
            raise
        raise UsageError(t("recipe.no_such_recipe", name=printable(name)[:200], hint="")) from error
    raise UsageError(t("recipe.no_such_recipe", name=printable(name), hint=_recipe_hint(path, neighbours)))


def _recipe_hint(path: Path, neighbours: list[str]) -> str:
    names = list_recipes()
    wanted = path.with_suffix("").as_posix()
    by_last_part = {name.rpartition("/")[2]: name for name in names}
    near = get_close_matches(path.as_posix(), neighbours, 1) or get_close_matches(wanted, names, 1)
    if not near:
        near = [by_last_part[last] for last in get_close_matches(path.stem, by_last_part, 1)]
    if near:
        return t("recipe.did_you_mean", name=printable(near[0]))
    return t("recipe.shipped_recipes", names=", ".join(names))


def load_recipe(source: str | Path, overrides: Sequence[str] = ()) -> RawRecipe:
    """Read a TOML file, or a shipped recipe by name, and apply overrides such as "train.steps=500".

    An override's value is TOML; what is not TOML is a string ("train.schedule=cosine"), and nothing at all
    ("train.clip=") takes the key out, back to its default. Keys are checked later, by `validate`.
    """
    path = find_recipe(source)
    shipped = path.is_relative_to(recipes_folder()) and Path(source) != path
    origin = printable(source if shipped else path)
    raw = RawRecipe(_parse(_read(path, origin), origin), origin)
    keys = [_override(raw, text) for text in overrides]
    raw.overridden = tuple(keys)
    raw.arguments = (str(source), *overrides)
    return raw


def _read(path: Path, origin: str) -> str:
    try:
        with path.open("rb") as file:  # reads a pipe too, and never more than a recipe can be
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(t("recipe.cannot_read", path=origin, reason=error.strerror)) from error
    if len(content) > _LARGEST:
        raise UsageError(t("recipe.too_big", path=origin))
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(t("recipe.not_text", path=origin)) from error


def _parse(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(t("recipe.too_deep", path=origin)) from error
    except ValueError as error:  # TOMLDecodeError, or a number with thousands of digits
        reason = str(error)
        found = _LINE.search(reason)
        line = int(found.group(1)) if found else text.count("\n") + 1
        reason = _LINE.sub("", reason).replace("(at end of document)", "").strip()
        raise UsageError(t("recipe.not_toml", path=origin, line=line, reason=printable(reason))) from error


def _override(raw: dict[str, Any], text: str) -> str:
    key, equals, value = text.partition("=")
    key = key.strip().removeprefix("--")
    if not equals or not _KEY.fullmatch(key) or not _is_unicode(value):
        raise UsageError(t("recipe.bad_override", text=printable(text)))
    *sections, last = key.split(".")
    table = raw
    for depth, section in enumerate(sections):
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise UsageError(t("recipe.not_a_section", key=".".join(sections[: depth + 1]), text=printable(text)))
    if value.strip():
        table[last] = _value(value)
    else:
        table.pop(last, None)
    return key


def _is_unicode(text: str) -> bool:
    """Whether the terminal's bytes were text: Python smuggles others in as lone surrogates, which TOML cannot hold."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def _value(text: str) -> Any:
    """An override's value: TOML if it is, the text itself if not (paths, names, dates)."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    if set(parsed) != {"value"} or isinstance(parsed["value"], date | time):
        return text
    return parsed["value"]


def validate(raw: Mapping[str, Any], schema: type[S], origin: str = "") -> S:
    """Check a raw recipe against its schema.

    UsageError with one line per mistake, three at most: file, dotted key, what it must be or the nearest valid key.
    Numbers are read strictly (text is not a number, true is not 1) but for 1e6, which is a whole number too.
    origin: the file to name; left out, the one the raw recipe came from.
    """
    origin = origin or getattr(raw, "origin", "") or "recipe"
    require_needs(raw, origin)
    _prefer_typed(raw, schema)
    try:
        return schema.model_validate_json(json.dumps(_plain(raw)), strict=True)
    except ValidationError as error:
        lines = [
            t("recipe.problem", origin=t("recipe.command_line") if _typed(key, raw) else origin, problem=line)
            for key, line in problems(error, raw, schema)
        ]
        if len(lines) > 3:
            lines[3:] = [t("recipe.and_more", count=len(lines) - 3)]
        raise UsageError("\n".join(lines)) from error
    except RecursionError as error:
        raise UsageError(t("recipe.too_deep", path=origin)) from error


def _prefer_typed(raw: Mapping[str, Any], schema: type[Section]) -> None:
    """Of keys that exclude each other, one typed on the command line takes the place of the file's, in `raw` itself:
    `train.steps=500` turns a recipe of so many minutes into one of 500 steps."""
    typed = getattr(raw, "overridden", ())
    for name, field in schema.model_fields.items():
        section, table = field.annotation, raw.get(name)
        if isinstance(section, type) and issubclass(section, Section) and isinstance(table, dict):
            for group in section.alternatives:
                chosen = [key for key in group if f"{name}.{key}" in typed]
                for key in group:
                    if chosen and key not in chosen:
                        table.pop(key, None)


def _typed(key: str, raw: Mapping[str, Any]) -> bool:
    """Whether the command line set this key, or the list or table it is in."""
    return any(key == typed or key.startswith((f"{typed}.", f"{typed}[")) for typed in getattr(raw, "overridden", ()))


def _plain(value: Any) -> Any:
    """TOML values as JSON has them; a whole float as an integer, which number fields of both kinds take."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, date | time | Path):
        return str(value)
    return value


def require_needs(raw: Mapping[str, Any], origin: str = "") -> None:
    """UsageError if the recipe says under `[data] needs` what the user must bring, and no data.source brings it."""
    data = raw.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("needs"), str) and not data.get("source"):
        recipe = origin or getattr(raw, "origin", "") or "recipe"
        raise UsageError(t("recipe.needs", recipe=recipe, needs=data["needs"]))


def dump(recipe: Section) -> str:
    """The recipe as TOML text, fields in the schema's order; None, which TOML cannot say, is left out."""
    return tomli_w.dumps(recipe.model_dump(exclude_none=True))


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Dotted keys whose values differ, sorted. A key that is missing equals one that is None."""
    before, after = dict(_flatten(old)), dict(_flatten(new))
    return sorted(key for key in before.keys() | after.keys() if _differ(before.get(key), after.get(key)))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value


def _differ(a: Any, b: Any) -> bool:
    both_nan = a != a and b != b
    return a != b and not both_nan
