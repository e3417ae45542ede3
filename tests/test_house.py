"""The rules of the house that no other tool checks."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pin
import pytest
import run_readme

import zaohua
from zaohua.errors import UsageError
from zaohua.recipe import list_recipes, load_recipe, recipes_folder, validate
from zaohua.tasks import TASKS, load_task

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = sorted({path.name for path in ROOT.glob("docs/??/*.md")})
CONVERTER = ROOT / "src" / "zaohua" / "judges" / "convert.py"  # opens pickles of known hash, in a process of its own
FORBIDDEN = {"torchvision", "torchaudio", "timm", "pickle", "dill", "joblib", "cloudpickle"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """Top-level packages a file imports, inside functions too."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def spelling(node: ast.expr) -> str:
    """`torch.load` of the expression torch.load."""
    if isinstance(node, ast.Attribute):
        return f"{spelling(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def outline(path: Path) -> list[str]:
    """A page's structure without its words: heading levels, the languages of code blocks, table rows, list items."""
    shape, fenced = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
            shape += [line] if fenced else []
        elif not fenced and (mark := re.match(r"#{1,6} |\| |[-*] |\d+\. |<!--", line)):
            shape.append(mark.group())
    return shape


# ---- the source


def test_imports_run_downwards():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_a_file_keeps_the_rules(path):
    assert not imported(path) & FORBIDDEN
    assert ast.get_docstring(tree(path)), "say in one line what the file is"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "a file is one idea, readable in one sitting"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            assert spelling(node.func) not in {"eval", "exec", "os.system"}
            if spelling(node.func) == "torch.load":
                assert path == CONVERTER
                assert "weights_only=True" in ast.unparse(node)
            for keyword in node.keywords:
                assert keyword.arg not in {"shell", "trust_remote_code"} or not getattr(keyword.value, "value", True)
        if isinstance(node, ast.ExceptHandler):
            everything = node.type is None or spelling(node.type) in {"Exception", "BaseException"}
            silent = all(isinstance(statement, ast.Pass) for statement in node.body)
            assert not (everything and silent), "an error that is swallowed whole is a bug that nobody sees"


def test_every_library_that_is_imported_is_declared():
    owners = packages_distributions()
    names = set().union(*map(imported, SOURCES)) - set(sys.stdlib_module_names) - {"zaohua", ""}
    requirements = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
    declared = {pin.normalised(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}
    for name in sorted(names):
        candidates = {pin.normalised(owner) for owner in owners.get(name, [name])}
        assert candidates & declared, f"{name} is imported and not declared in pyproject.toml"


def test_everything_installed_for_development_is_pinned():
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {line.partition("==")[0] for line in pin.pins()} <= pinned, "run: make pin"
    assert zaohua.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", ["src/**/*.py", "src/**/*.toml", "recipes/**/*.toml", "docs/**/*.md", "*.md"])
def test_no_address_and_no_place_of_one_machine_is_written_down(pattern):
    for path in ROOT.glob(pattern):
        text = path.read_text(encoding="utf-8")
        assert "https://" not in text, path  # http:// stands in the names of XML vocabularies, which are no addresses
        assert not re.search(r"(?<![\w.])/(?:work|root|home)/|\.\./shared", text), path


# ---- recipes


@pytest.mark.parametrize("name", list_recipes())
def test_a_shipped_recipe_is_valid_or_says_what_it_needs(name):
    text = (recipes_folder() / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# "), "the header comment says what it trains and what came of it"
    raw = load_recipe(name)
    assert name.partition("/")[0] == TASKS[raw["task"]].split(".")[1]
    try:
        validate(raw, load_task(raw["task"]).Recipe)
    except UsageError as error:
        assert raw["data"]["needs"] in str(error)  # noqa: PT017  (either outcome is right)
        validate(load_recipe(name, ["data.source=file:x"]), load_task(raw["task"]).Recipe)


# ---- words


def commands(readme: Path) -> list[tuple[str, str]]:
    """The marked blocks without comments and without what is said to the model."""
    marked = run_readme.blocks(readme.read_text(encoding="utf-8"))
    return [(kind, re.sub(r"#.*|\"[^\"]*\"", "", code)) for kind, code in marked]


@pytest.mark.parametrize("page", PAGES)
def test_the_handbook_has_the_same_pages_and_shape_in_both_languages(page):
    assert outline(ROOT / "docs" / "en" / page) == outline(ROOT / "docs" / "zh" / page)


def test_the_readme_has_the_same_shape_and_commands_in_both_languages():
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    assert outline(english) == outline(chinese)
    assert len(run_readme.blocks(english.read_text(encoding="utf-8"))) >= 4
    assert commands(english) == commands(chinese)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_marked_blocks_of_a_readme_are_found():
    text = "<!-- ci -->\n```bash\nmake x\n```\n```bash\nnot this\n```\n<!-- ci -->\n```python\nprint()\n```\n"
    assert run_readme.blocks(text) == [("bash", "make x\n"), ("python", "print()\n")]
