"""What a chat template may use up while it is rendered: work, sizes and time, so that none hangs or fills memory."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2 import TemplateError

from zaohua.i18n import t

MOST_WORK = 50_000_000  # loop steps, calls, and what these make, in characters and items
MOST_SECONDS = 5.0
LARGEST_VALUE = 4_000_000  # characters and items in one value
LARGEST_PRODUCT = 50_000_000  # of the sizes of a call's arguments: no function makes much more than that of them


class OverLimitError(TemplateError):
    """The template asks for more than it may have."""


class _Budget:
    def __init__(self) -> None:
        self.work, self.deadline = 0, time.monotonic() + MOST_SECONDS


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def spending() -> Iterator[None]:
    """Within the block, one rendering has its budget."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def spend(amount: int) -> None:
    """Count work done; raises OverLimitError once there was too much of it, or it took too long.

    jinja2 evaluates constants when it compiles, before any rendering: nothing is counted then, but sizes are limited.
    """
    budget = _budget.get()
    if budget is not None:
        budget.work += amount
        if budget.work > MOST_WORK or time.monotonic() > budget.deadline:
            raise OverLimitError(t("chat.too_much_work", seconds=MOST_SECONDS))


def size(value: Any) -> int:
    """Characters, items and bits in a value, all the way down; raises OverLimitError as soon as they are too many."""
    total, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        total += 1
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, int):
            total += item.bit_length()
        elif isinstance(item, Mapping):
            total += len(item)
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += item
        if total + len(waiting) > LARGEST_VALUE:
            raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
    return total


def guarded(function: Callable[[], Any], value: Any, others: Iterable[Any]) -> Any:
    """The function's result, if what goes in and what comes out keep to the limits.

    value: what the function works on; others: its arguments, in which a number may be a width or a count.
    """
    product = size(value)
    for other in others:
        product *= max(1, abs(other) if isinstance(other, int) else size(other))
    if product > LARGEST_PRODUCT:
        raise OverLimitError(t("chat.too_large", largest=LARGEST_VALUE))
    result = function()
    spend(size(result))
    return result
