"""Releases of the Anthropic Economic Index: of what was seen in use, and how, the two Anthropic columns of the studies.

The numbers of Claude.ai and of the API add up.
"""

from collections import defaultdict
from collections.abc import Sequence

from zaohua.careers import store
from zaohua.careers.building.anthropic import HANDED_OVER, KEYS, TABULATED, TOGETHER, Use, columns, use_of
from zaohua.careers.updating import anthropic_files
from zaohua.careers.updating.brought import Brought, File, refused
from zaohua.i18n import t

looks_like = anthropic_files.looks_like
_LEAST_KNOWN = 0.5  # of the tasks: below, they are not named as those that we know


def bring(given: Sequence[tuple[bytes, File]]) -> Brought:
    """The two Anthropic columns of the studies anew; all the others stay."""
    read = [anthropic_files.read(content, file) for content, file in given]
    first = read[0]
    for one, (_, file) in zip(read, given, strict=True):
        if (one.month, one.table) != (first.month, first.table):
            raise refused(file, t("careers.months_differ", first=first.month, last=one.month))
    patterns: dict[str, anthropic_files.Amounts] = defaultdict(lambda: defaultdict(float))
    for one in read:
        for task, amounts in one.tasks.items():
            seen = patterns[task]
            for name, amount in amounts.items():
                seen[name] += amount
    rows = [(row["code"], row["task"], float(row["weight"])) for row in store.rows(first.table)]
    known = len(patterns.keys() & {task for _, task, _ in rows})
    if known < _LEAST_KNOWN * len(patterns):
        raise refused(given[0][1], t("careers.tasks_unknown", n=known, all=len(patterns)))
    made = columns(rows, {task: _use(amounts) for task, amounts in patterns.items()})
    head = tuple(store.rows("studies")[0])
    studies = [
        tuple(str(made[name].get(row["code"], "")) if name in made else row[name] for name in head)
        for row in store.rows("studies")
    ]
    products = "; ".join(dict.fromkeys(product for one in read for product in one.products))
    entry = {
        "publisher": "Anthropic",
        "title": f"Anthropic Economic Index, conversations of {first.month} ({products})",
        "period": first.month,
        "date": first.month,
    }
    used = {name: digest for name, digest in store.raw_files("studies").items() if name not in KEYS.values()}
    used |= {name: digest for name, digest in store.raw_files(first.table).items() if name == KEYS[first.table]}
    used[TABULATED] = given[0][1].sha256
    return Brought("anthropic", entry, {"studies": ([head, *studies], used)}, [file for _, file in given])


def _use(patterns: anthropic_files.Amounts) -> Use:
    total = sum(patterns.values()) or 1.0
    return use_of({name: patterns.get(name, 0.0) / total for name in (*HANDED_OVER, *TOGETHER)}, total)
