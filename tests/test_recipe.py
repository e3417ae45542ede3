"""Recipes: what is written is what is read, and every mistake is one line that helps."""

import json
import os
import string
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from zaohua import recipe as recipes
from zaohua.errors import UsageError
from zaohua.recipe import RawRecipe, Section, changed_keys, dump, load_recipe, validate
from zaohua.recipe_problems import printable


class Group(Section):
    pattern: str
    scale: float = 1.0


class Data(Section):
    source: str | list[str]
    needs: str | None = None


class Train(Section):
    alternatives = (("steps", "minutes"),)
    minutes: float | None = None
    steps: Annotated[int, Field(gt=0)] | None = None
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    schedule: Literal["wsd", "cosine", "constant"] = "wsd"
    compile: Literal["auto"] | bool = "auto"
    betas: tuple[float, float] = (0.9, 0.95)
    groups: list[Group] = []
    batch_size: int = 8


class Recipe(Section):
    task: str
    data: Data
    train: Train = Train()


class Anything(Section):
    text: str = ""
    integer: int = 0
    number: float = 0.0
    flag: bool = False
    maybe: str | None = None
    words: list[str] = []
    pair: tuple[int, float] = (0, 0.0)
    table: dict[str, int] = {}
    group: Group = Group(pattern="")
    groups: list[Group] = []


BASE = {"task": "toy", "data": {"source": "file:x"}}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # TOML holds any text but lone surrogates
NUMBER = st.floats(allow_nan=False)
GROUP = st.builds(Group, pattern=TEXT, scale=NUMBER)
KEY = st.text(string.ascii_lowercase + "_", min_size=1, max_size=6)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
TREE = st.recursive(
    st.dictionaries(KEY, VALUE, max_size=4), lambda inner: st.dictionaries(KEY, inner | VALUE, max_size=4), max_leaves=8
)


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("ZAOHUA_LANG", "en")


def problem(raw, schema=Recipe) -> str:
    with pytest.raises(UsageError) as caught:
        validate(RawRecipe(raw, "my.toml"), schema)
    return str(caught.value)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "my.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# ---- round trips


@given(
    st.builds(
        Anything,
        text=TEXT,
        integer=st.integers(-(2**62), 2**62),
        number=NUMBER,
        flag=st.booleans(),
        maybe=st.none() | TEXT,
        words=st.lists(TEXT),
        pair=st.tuples(st.integers(-(2**62), 2**62), NUMBER),
        table=st.dictionaries(TEXT, st.integers(-(2**62), 2**62)),
        group=GROUP,
        groups=st.lists(GROUP, max_size=3),
    )
)
def test_a_dumped_recipe_reads_back_equal(recipe):
    assert validate(tomllib.loads(dump(recipe)), Anything) == recipe


def test_dump_leaves_none_out_and_keeps_the_order_of_the_schema():
    recipe = Recipe(task="toy", data=Data(source="file:x"))
    assert "needs" not in dump(recipe)
    assert dump(recipe).index("task") < dump(recipe).index("[data]") < dump(recipe).index("[train]")


@given(TREE)
def test_nothing_changes_between_a_recipe_and_its_copy(tree):
    assert changed_keys(tree, json.loads(json.dumps(tree))) == []


@given(TREE, KEY, st.integers())
def test_exactly_the_changed_key_is_named(tree, key, value):
    old = {**tree, "section": {"untouched": 1, key: value}}
    new = {**tree, "section": {"untouched": 1, key: value + 1}}
    if key != "untouched":
        assert changed_keys(old, new) == [f"section.{key}"] == changed_keys(new, old)


def test_a_missing_key_equals_none_and_a_tuple_its_list():
    assert changed_keys({"a": None, "b": {"c": (1, 2)}}, {"b": {"c": [1, 2], "d": None}}) == []
    assert changed_keys({"a": 1}, {}) == ["a"]
    assert changed_keys({"a": float("nan")}, {"a": float("nan")}) == []


# ---- overrides


@given(st.integers(-(2**62), 2**62) | NUMBER | st.booleans() | TEXT | st.lists(TEXT, max_size=3))
def test_an_override_takes_any_toml_value(tmp_path_factory, value):
    path = write(tmp_path_factory.mktemp("recipe"), "[a]\nb = 0\nc = 1")
    literal = tomli_w.dumps({"v": value}).partition("=")[2].strip()
    assert load_recipe(path, [f"a.b={literal}"]) == {"a": {"b": value, "c": 1}}


@pytest.mark.parametrize("text", ["cosine", "folder:./novels", "2024-01-01", "却说", "a=b", "1\nx = 2", "[0.9,"])
def test_what_is_not_toml_is_text(tmp_path, text):
    assert load_recipe(write(tmp_path, ""), [f"data.source={text}"]) == {"data": {"source": text}}


def test_an_empty_override_takes_the_key_out(tmp_path):
    path = write(tmp_path, "[train]\nsteps = 5\nbatch_size = 2")
    assert load_recipe(path, ["train.steps=", "train.absent="]) == {"train": {"batch_size": 2}}


@given(st.text(max_size=20))
def test_an_override_is_applied_or_refused_in_one_line(tmp_path_factory, text):
    path = write(tmp_path_factory.mktemp("recipe"), "[a]\nb = 1")
    try:
        load_recipe(path, [text])
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017  (either outcome is right)


def test_an_alternative_typed_on_the_command_line_replaces_the_one_in_the_file(tmp_path):
    path = write(tmp_path, "task = 'toy'\n[data]\nsource = 'x'\n[train]\nminutes = 2.5")
    raw = load_recipe(path, ["train.steps=5"])
    assert validate(raw, Recipe).train == Train(steps=5)
    assert "minutes" not in raw["train"]
    assert validate(load_recipe(path), Recipe).train == Train(minutes=2.5)


def test_a_value_is_not_a_section(tmp_path):
    with pytest.raises(UsageError, match=r"^a.b is a value, not a section"):
        load_recipe(write(tmp_path, "[a]\nb = 1"), ["a.b.c=2"])


def test_a_mistake_typed_on_the_command_line_is_not_blamed_on_the_file(tmp_path):
    path = write(tmp_path, "task = 'toy'\n[data]\nsource = 'x'\n[train]\nstesp = 1")
    with pytest.raises(UsageError) as caught:
        validate(load_recipe(path, ["train.bathc_size=4"]), Recipe)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(path), "command line"]


# ---- mistakes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"train": {"lerning_rate": 1}},
            "no key train.lerning_rate; did you mean train.learning_rate?",
        ),
        ({"train": {"batch-size": 1}}, "did you mean train.batch_size?"),
        ({"data": {"source": "x", "steps": 1}}, "there is no key data.steps; did you mean train.steps?"),
        ({"steps": 1}, "did you mean train.steps?"),
        ({"banana": 1}, "there are: task, data, train"),
        ({"trian": {"steps": 1}}, "did you mean train?"),
        (
            {"train": {"groups": [{"pattern": "x", "scael": 2}]}},
            "train.groups[0].scael; did you mean train.groups[0].scale?",
        ),
        ({"train": {"steps": "500"}}, 'train.steps must be a whole number, not "500"'),
        ({"train": {"steps": True}}, "train.steps must be a whole number, not true"),
        ({"train": {"steps": 1.5}}, "train.steps must be a whole number, not 1.5"),
        ({"train": {"steps": 0}}, "train.steps must be greater than 0, not 0"),
        ({"train": {"learning_rate": -0.1}}, "train.learning_rate must be greater than 0, not -0.1"),
        ({"train": {"learning_rate": float("inf")}}, "train.learning_rate must be a finite number"),
        ({"train": {"schedule": "cos"}}, 'must be one of "wsd", "cosine", "constant", not "cos"'),
        ({"train": {"compile": "maybe"}}, 'train.compile must be "auto" or true or false, not "maybe"'),
        ({"train": {"betas": [0.9]}}, "train.betas[1] is missing"),
        ({"train": 3}, "train must be a section with keys of its own, not 3"),
        ({"data": {"source": 4}}, "data.source must be text in quotes or a list, not 4"),
        ({"data": {"source": ["x", 4]}}, "data.source[1] must be text in quotes, not 4"),
        ({"data": {}}, "data.source is missing"),
    ],
)
def test_each_mistake_is_one_line_that_names_file_key_and_remedy(change, words):
    line = problem({**BASE, **change})
    assert words in line
    assert line.startswith("my.toml: ")
    assert "\n" not in line


def test_three_mistakes_are_listed_and_the_rest_counted():
    lines = problem({**BASE, "train": {f"key_{i}": 1 for i in range(7)}}).splitlines()
    assert len(lines) == 4
    assert lines[-1] == "... and 4 more"


@given(st.text(min_size=1))
def test_an_unknown_key_of_any_spelling_gets_one_line(key):
    if key not in Recipe.model_fields:
        assert len(problem({**BASE, key: 1}).split("\n")) == 1


@given(TREE)
def test_any_table_is_read_or_refused_in_few_lines(tree):
    try:
        validate({**BASE, **tree}, Recipe)
    except UsageError as error:
        assert len(str(error).splitlines()) <= 4  # noqa: PT017


def test_whole_floats_are_whole_numbers():
    recipe = validate({**BASE, "train": {"steps": 1e3, "learning_rate": 1}}, Recipe)
    assert (recipe.train.steps, recipe.train.learning_rate) == (1000, 1.0)


def test_what_the_user_must_bring_is_asked_for_until_a_source_is_given():
    assert problem({"task": "toy", "data": {"needs": "a folder of poems"}}) == (
        "my.toml needs a folder of poems: give it with data.source=..."
    )
    brought = {"task": "toy", "data": {"needs": "a folder of poems", "source": "folder:x"}}
    assert validate(brought, Recipe).data.source == "folder:x"


# ---- files


def test_a_recipe_is_found_by_name_and_by_path(tmp_path, monkeypatch):
    for name in recipes.list_recipes():
        raw = load_recipe(name)
        assert raw["task"]
        assert raw.origin == name
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "task = 'toy'")
    assert load_recipe("my.toml") == load_recipe(tmp_path / "my.toml") == {"task": "toy"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"task = 'x'\nsteps 5", "my.toml, line 2: not valid TOML"),
        (b"task = 'x", "my.toml, line 1: not valid TOML"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "line 1: not valid TOML"),
        (b"\x89PNG\r\n\xff\x00", "not UTF-8 text"),
        ("task = '三国演义'".encode("gb18030"), "not UTF-8 text"),
        (b"a = 1\n" * 300_000, "too big"),
    ],
)
def test_a_file_that_is_no_recipe_gets_one_line(tmp_path, content, words):
    with pytest.raises(UsageError) as caught:
        load_recipe(write(tmp_path, content))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_deep_tables_do_not_overflow_the_stack(tmp_path):
    raw = load_recipe(write(tmp_path, ".".join("a" * 3000) + " = 1"))
    with pytest.raises(UsageError, match="nested too deeply"):
        validate(raw, Recipe)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_one_line(tmp_path_factory, content):
    try:
        assert isinstance(load_recipe(write(tmp_path_factory.mktemp("recipe"), content)), dict)
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    assert load_recipe(write(tmp_path, b"\xef\xbb\xbftask = 'toy'\r\n[data]\r\n")) == {"task": "toy", "data": {}}


@pytest.mark.parametrize(
    "name", ["", ".", "/", "no/such/recipe", "a\0b", "x" * 5000, "\udcff", "/dev/zero", "line\nbreak"]
)
def test_any_name_is_found_or_refused_in_one_line(name):
    with pytest.raises(UsageError) as caught:
        load_recipe(name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_nearest_name_is_offered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "")
    with pytest.raises(UsageError, match=r"did you mean language/quickstart\?"):
        load_recipe("language/quikstart")
    with pytest.raises(UsageError, match=r"did you mean language/quickstart\?"):
        load_recipe("quickstart")
    with pytest.raises(UsageError, match=r"did you mean my.toml\?"):
        load_recipe("mi.toml")


def test_a_run_folder_points_to_the_recipe_inside(tmp_path):
    (tmp_path / "recipe.toml").write_text("")
    with pytest.raises(UsageError, match=r"is a folder.*recipe\.toml"):
        load_recipe(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_line(tmp_path):
    path = write(tmp_path, "task = 'toy'")
    path.chmod(0)
    with pytest.raises(UsageError, match="cannot read"):
        load_recipe(path)


@given(st.text())
def test_printable_never_breaks_a_line_and_keeps_plain_text(text):
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text
