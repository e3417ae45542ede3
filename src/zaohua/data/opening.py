"""Opening all that a source lists side by side: what pictures, sounds and clips do alike."""

import warnings
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Protocol, TypeVar

from zaohua.data.progress import tracked
from zaohua.data.readers.base import SkippedFile
from zaohua.data.report import SourceReport
from zaohua.data.sources import reasons
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.machine import available_memory, usable_cores


class Listed(Protocol):
    """A picture, a sound or a clip of a source. name: where it stands there."""

    @property
    def name(self) -> str: ...


L = TypeVar("L", bound=Listed)
S = TypeVar("S")
T = TypeVar("T")


def open_side_by_side(
    kind: str,
    source: str,
    listed: Sequence[L],
    work: Callable[[L], T | SkippedFile],
    report: SourceReport,
    *,
    weight: Callable[[T], int] | None = None,
    visible: bool,
) -> list[T]:
    """What `work` makes of each that is listed, in their order; what cannot be opened goes into the report.

    kind: "pictures", "sounds" or "clips", whose messages are used; source: what errors call the place they come from;
    weight: bytes of one, where only opening tells how many there are. Raises ZaohuaError if none can be opened, or if
    there is more of them than memory holds.
    """
    found: list[T] = []
    held = 0
    with warnings.catch_warnings(), closing(side_by_side(work, listed, t(f"{kind}.reading"), visible=visible)) as made:
        warnings.simplefilter("ignore")  # Pillow's comments on odd files; what cannot be used is in the report
        for one, result in zip(listed, made, strict=True):
            if isinstance(result, SkippedFile):
                report.skip(one.name, result.reason, result.detail)
                continue
            found.append(result)
            size = weight(result) if weight is not None else 0
            held += size
            if size > available_memory():  # the next will be no smaller
                raise ZaohuaError(t(f"{kind}.memory", count=len(found), gigabytes=f"{held / 1e9:.1f}"))
    if not found:
        raise ZaohuaError(t(f"{kind}.none", source=source, reasons=reasons(report)))
    report.files += len(found)
    return found


def side_by_side(work: Callable[[S], T], items: Sequence[S], title: str, *, visible: bool) -> Generator[T, None, None]:
    """The results in order, with a bar; decoding and resampling run outside the interpreter's lock."""
    pool = ThreadPoolExecutor(usable_cores())
    try:
        yield from tracked(pool.map(work, items), len(items), title, visible=visible)
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts need not wait for the rest
