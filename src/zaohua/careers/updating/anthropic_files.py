"""The two forms in which files of the Anthropic Economic Index are published, one row a figure in both.

Until March 2026, `aei_raw_claude_ai_….csv` of a week: worldwide numbers of conversations by task and pattern
(`task::pattern`), tasks by their sentences. Since June 2026, `aei_claude_ai_….csv` of one or more months: per cents of
all that the product was used for by task, and per cents of each task by pattern, tasks by their numbers in O*NET.
"""

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zaohua.careers.building.anthropic import HANDED_OVER, NUMBERED, TABLE, TOGETHER, fingerprint
from zaohua.careers.updating.brought import File, refused
from zaohua.data.progress import tracked

_WEEK = ("geography", "date_end", "platform_and_product", "variable", "cluster_name", "value")
_MONTHS = ("date_start", "geo_level", "category_name", "hierarchy_level", "metric_id", "value", "node_external_id")
_COUNTED = "onet_task_collaboration_count"
_SHARE = "pct"
_PATTERNS = {f"collaboration_{name}_pct": name for name in (*HANDED_OVER, *TOGETHER)}
_NOUGHT = 0.0025  # per cent: shares have two decimal places, so what reads 0.00 is anything up to 0.005
_PRODUCT = re.compile(r"aei_(claude_ai|1p_api)_")
_NAMES = {"claude_ai": "Claude.ai", "1p_api": "1P API"}
Amounts = dict[str, float]  # by pattern


@dataclass(frozen=True)
class Read:
    """What a file has worldwide. month: YYYY-MM; tasks: by name, amounts by pattern; table: that of the tasks so
    named."""

    month: str
    products: tuple[str, ...]
    tasks: dict[str, Amounts]
    table: str


def looks_like(content: bytes) -> bool:
    """Whether a file begins with the head of such a release."""
    return _form(content) is not None


def read(content: bytes, file: File) -> Read:
    """A file in either form. Raises ZaohuaError where it is damaged or has no tasks."""
    form = _form(content)
    try:
        if form is None:
            raise ValueError
        return form(content, file)
    except (UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise refused(file, type(error).__name__) from error


def _form(content: bytes) -> Callable[[bytes, File], Read] | None:
    head = content[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    cells = {cell.strip().strip('"') for cell in head.split(",")}
    return _week if cells.issuperset(_WEEK) else _months if cells.issuperset(_MONTHS) else None


def _week(content: bytes, file: File) -> Read:
    days, products = set[str](), set[str]()
    tasks: dict[str, Amounts] = defaultdict(lambda: defaultdict(float))
    for geography, day, product, variable, name, value in _rows(content, file, _WEEK):
        if variable == _COUNTED and geography == "global":
            task, _, pattern = name.rpartition("::")
            tasks[fingerprint(task)][pattern.strip().replace(" ", "_")] += _amount(value)
            days.add(day)
            products.add(product)
    return Read(_month(days, file, _COUNTED), tuple(sorted(products)), dict(tasks), TABLE)


def _months(content: bytes, file: File) -> Read:
    """Of the last month. Nothing tells how many conversations a product had: a per cent of each counts the same."""
    days, shares = set[str](), dict[tuple[str, str], float]()
    patterns: dict[tuple[str, str], Amounts] = defaultdict(dict)
    for day, place, category, level, metric, value, task in _rows(content, file, _MONTHS):
        if place != "global" or category != "onet" or level != "0":
            continue
        if metric == _SHARE:
            shares[day, task.strip()] = max(_amount(value), _NOUGHT)
            days.add(day)
        elif metric in _PATTERNS:
            patterns[day, task.strip()][_PATTERNS[metric]] = _amount(value) / 100
    month = _month(days, file, "onet")
    tasks = {
        task: {name: share * part for name, part in patterns[day, task].items()}
        for (day, task), share in shares.items()
        if day == max(days)
    }
    product = _PRODUCT.match(file.name)
    return Read(month, (_NAMES[product[1]] if product else file.name,), tasks, NUMBERED)


def _rows(content: bytes, file: File, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The columns of these names, row by row, with a bar."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    head = [cell.strip() for cell in next(rows, [])]
    places = [head.index(name) for name in names]
    for row in tracked(rows, content.count(b"\n"), file.name, visible=True):
        if row:
            yield tuple(row[place] for place in places)


def _amount(cell: str) -> float:
    if not 0 <= (amount := float(cell)) < math.inf:
        raise ValueError
    return amount


def _month(days: set[str], file: File, wanted: str) -> str:
    if not days or not re.fullmatch(r"\d{4}-\d\d-\d\d", max(days)):
        raise refused(file, f"- {wanted}")
    return max(days)[:7]
