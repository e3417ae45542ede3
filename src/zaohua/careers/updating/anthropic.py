"""Releases of the Anthropic Economic Index as they are published: `aei_raw_claude_ai_….csv`, `aei_raw_1p_api_….csv`.

One row a figure: geo_id, geography, date_start, date_end, platform_and_product, facet, level, variable, cluster_name,
value. What is read are the worldwide numbers of conversations by task and pattern (`task::pattern`); those of Claude.ai
and of the API add up.
"""

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Sequence

from zaohua.careers import store
from zaohua.careers.building.anthropic import HANDED_OVER, TABLE, TABULATED, TOGETHER, Use, columns, fingerprint, use_of
from zaohua.careers.updating.brought import Brought, File, refused
from zaohua.i18n import t

COLUMNS = ("geography", "date_start", "date_end", "platform_and_product", "variable", "cluster_name", "value")
_COUNTED = "onet_task_collaboration_count"
_LEAST_KNOWN = 0.5  # of the tasks: below, they are not named by the sentences that we know


def looks_like(content: bytes) -> bool:
    """Whether a file begins with the head of such a release."""
    head = content[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    return set(COLUMNS) <= {cell.strip().strip('"') for cell in head.split(",")}


def bring(given: Sequence[tuple[bytes, File]]) -> Brought:
    """The two Anthropic columns of the studies anew; all the others stay."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    months, products = list[str](), list[str]()
    for content, file in given:
        month, found = _counted(content, file, counts)
        months.append(month)
        products += [product for product in sorted(found) if product not in products]
        if month != months[0]:
            raise refused(file, t("careers.months_differ", first=months[0], last=month))
    seen = {task: _use(patterns) for task, patterns in counts.items()}
    rows = [(row["code"], row["task"], float(row["weight"])) for row in store.rows(TABLE)]
    known = len(seen.keys() & {task for _, task, _ in rows})
    if known < _LEAST_KNOWN * len(seen):
        raise refused(given[0][1], t("careers.tasks_unknown", n=known, all=len(seen)))
    made = columns(rows, seen)
    head = tuple(store.rows("studies")[0])
    studies = [
        tuple(str(made[name].get(row["code"], "")) if name in made else row[name] for name in head)
        for row in store.rows("studies")
    ]
    entry = {
        "publisher": "Anthropic",
        "title": f"Anthropic Economic Index, conversations of {months[0]} ({'; '.join(products)})",
        "period": months[0],
        "date": months[0],
    }
    used = store.raw_files("studies") | {TABULATED: given[0][1].sha256}
    return Brought("anthropic", entry, {"studies": ([head, *studies], used)}, [file for _, file in given])


def _counted(content: bytes, file: File, counts: dict[str, dict[str, float]]) -> tuple[str, set[str]]:
    """Adds the numbers of a file to `counts`, by task and pattern; (month of its last day, its products)."""
    days, products = set[str](), set[str]()
    try:
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            if row["variable"] != _COUNTED or row["geography"] != "global":
                continue
            task, _, pattern = row["cluster_name"].rpartition("::")
            if not 0 <= (conversations := float(row["value"])) < math.inf:
                raise ValueError
            counts[fingerprint(task)][pattern.strip().replace(" ", "_")] += conversations
            days.add(row["date_end"])
            products.add(row["platform_and_product"])
    except (UnicodeDecodeError, csv.Error, ValueError, TypeError, AttributeError) as error:
        raise refused(file, type(error).__name__) from error
    if not days or not re.fullmatch(r"\d{4}-\d\d-\d\d", max(days)):
        raise refused(file, f"- {_COUNTED}")
    return max(days)[:7], products


def _use(patterns: dict[str, float]) -> Use:
    total = sum(patterns.values()) or 1.0
    return use_of({name: patterns.get(name, 0.0) / total for name in (*HANDED_OVER, *TOGETHER)}, total)
