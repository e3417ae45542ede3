"""What is wrong with a recipe, in one line each: from pydantic's errors to words a person can act on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from zaohua.i18n import t

Path_ = tuple[str | int, ...]

# pydantic error type -> the key in the catalogue that says what the value must be
_EXPECTED = {
    "int": "recipe.expected_integer",
    "float": "recipe.expected_number",
    "finite": "recipe.expected_finite",
    "bool": "recipe.expected_boolean",
    "string": "recipe.expected_text",
    "list": "recipe.expected_list",
    "tuple": "recipe.expected_list",
    "dict": "recipe.expected_table",
    "model": "recipe.expected_table",
}
_BOUNDS = {
    "greater_than": ("recipe.expected_greater", "gt"),
    "greater_than_equal": ("recipe.expected_at_least", "ge"),
    "less_than": ("recipe.expected_less", "lt"),
    "less_than_equal": ("recipe.expected_at_most", "le"),
    "multiple_of": ("recipe.expected_multiple", "multiple_of"),
    "string_too_short": ("recipe.expected_min_characters", "min_length"),
    "string_too_long": ("recipe.expected_max_characters", "max_length"),
    "too_short": ("recipe.expected_min_items", "min_length"),
    "too_long": ("recipe.expected_max_items", "max_length"),
}


def printable(value: object) -> str:
    """Text that stays on its line and on any terminal: unprintable characters are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in str(value))


def problems(error: ValidationError, raw: Mapping[str, Any], schema: type[BaseModel]) -> list[tuple[str, str]]:
    """(dotted key, line) of each mistake, in the recipe's order, one per key however many alternatives failed."""
    located = [(_path(detail, raw), detail) for detail in error.errors(include_url=False)]
    paths = {path for path, _ in located}
    lines = []
    for path, group in groupby(located, key=lambda pair: pair[0]):
        if any(other[: len(path)] == path != other for other in paths):
            continue  # one alternative of a union failed here as a whole, another deeper down, which says more
        lines.append((dotted(path), _line(path, [dict(detail) for _, detail in group], raw, schema)))
    return lines


def _path(detail: Mapping[str, Any], raw: Any) -> Path_:
    """pydantic's location without the names of union members it mixes in."""
    path: list[str | int] = []
    here = raw
    for part in detail["loc"]:
        inside = (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if inside:
            here = here[part]
        if inside or (detail["type"] == "missing" and part is detail["loc"][-1]):
            path.append(part)
    return tuple(path)


def dotted(path: Path_) -> str:
    """("train", "groups", 0, "pattern") -> "train.groups[0].pattern"."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if part.replace("-", "_").isidentifier() else json.dumps(part, ensure_ascii=False)
            text += f".{printable(name)}" if text else printable(name)
    return text


def _line(path: Path_, details: list[dict[str, Any]], raw: Any, schema: type[BaseModel]) -> str:
    key, first = dotted(path), details[0]
    if first["type"] == "extra_forbidden":
        return t("recipe.unknown_key", key=key, hint=_key_hint(path, schema))
    if first["type"] == "missing":
        return t("recipe.missing", key=key)
    if first["type"] in ("value_error", "assertion_error"):
        return t("recipe.invalid", key=key or "recipe", reason=printable(first["ctx"]["error"]))
    return must_be(key, details)


def must_be(key: str, details: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with one value: "train.steps must be a whole number, not …". details: what pydantic says of it."""
    expected = t("recipe.or").join(dict.fromkeys(map(_expected, details)))
    value = printable(json.dumps(details[0]["input"], ensure_ascii=False, default=str))
    value = value if len(value) <= 60 else f"{value[:57]}..."
    return t("recipe.must_be", key=key, expected=expected, value=value)


def _expected(detail: Mapping[str, Any]) -> str:
    kind = detail["type"]
    if kind in _BOUNDS:
        message, limit = _BOUNDS[kind]
        return t(message, limit=f"{detail['ctx'][limit]:g}")
    if kind in ("literal_error", "enum"):
        values = detail["ctx"]["expected"].replace("'", '"')
        return t("recipe.expected_one_of", values=values.replace(" or ", ", ")) if " or " in values else values
    if expected := _EXPECTED.get(kind.partition("_")[0]):
        return t(expected)
    return printable(detail["msg"])


def _key_hint(path: Path_, schema: type[BaseModel]) -> str:
    """The nearest key in the same section, or the same key where it does belong, or what the section holds."""
    *parents, name = path
    every = list(_keys(schema, ()))
    section = tuple(part for part in parents if isinstance(part, str))
    siblings = [key[-1] for key in every if key[:-1] == section]
    name = str(name)
    close = get_close_matches(name.replace("-", "_").lower(), siblings, 1)
    prefix = f"{dotted(tuple(parents))}." if parents else ""
    if close and close[0] == name.replace("-", "_").lower():
        return t("recipe.did_you_mean", name=prefix + close[0])
    if elsewhere := [key for key in every if key[-1] == name]:
        return t("recipe.did_you_mean", name=dotted(min(elsewhere, key=len)))
    if close:
        return t("recipe.did_you_mean", name=prefix + close[0])
    names = {key[-1]: key for key in reversed(every)}
    if far := get_close_matches(name, names, 1, cutoff=0.75):
        return t("recipe.did_you_mean", name=dotted(names[far[0]]))
    return t("recipe.valid_keys", names=", ".join(siblings)) if siblings else ""


def _keys(schema: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every key a schema has, as paths; sections before what they hold."""
    for name, field in schema.model_fields.items():
        path = (*prefix, name)
        yield path
        for model in _models(field.annotation):
            yield from _keys(model, path)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections inside a type: itself, `Section | None`, `list[Section]`, Annotated ones."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
