"""What went wrong between two networks that learn from each other, by its name, as the log of a run tells it."""

from zaohua.i18n import t
from zaohua.metrics.watching import Watcher, watch
from zaohua.report.html import Html, tag
from zaohua.report.record import Record


def is_duel(record: Record) -> bool:
    """Whether this run trained a generator against a discriminator."""
    return any("loss_discriminator" in line for line in record.train)


def watched(record: Record) -> Watcher:
    """What went wrong, as the log tells it."""
    lines = sorted([*record.train, *record.evals], key=lambda line: line["step"])  # of a step that of training first
    return watch(lines, record.recipe)


def findings(record: Record) -> list[Html]:
    """What is wrong at the end, then what was and has passed, or that nothing was."""
    watcher = watched(record)
    standing = [tag("p", found.as_text(record.recipe), class_="warning") for found in watcher.standing.values()]
    passed = [
        tag("p", t("watch.passed", line=found.as_text(record.recipe)), class_="note")
        for found in watcher.past
        if found.kind not in watcher.standing
    ]
    return [*standing, *passed] or [tag("p", t("watch.healthy"), class_="note")]
