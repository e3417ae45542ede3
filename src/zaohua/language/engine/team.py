"""Threads that work on one task together with the one that asks for it. Needs numba."""

import os
import threading
from collections.abc import Callable
from functools import cache

import numpy as np

from zaohua.language.engine.kernels import Array, wait

_LINGER = 20_000  # rounds of waiting for the next task before a thread sleeps: it wakes slowly
_NOBODY = -(2**62)  # a count by which everybody goes on

Task = Callable[[int, int, Array], None]
"""Called by every thread with its rank, their number, and a count of their own by which they meet."""


class Team:
    """`size` threads, the caller's included. A task must end with a meeting."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._counter, self._begun = np.zeros(1, np.int64), np.zeros(1, np.int64)
        self._task: Task | None = None
        self._dissolved = False
        self._gates = [threading.Semaphore(0) for _ in range(1, size)]
        self._threads = [
            threading.Thread(target=self._work, args=(rank, gate), name=f"zaohua-team-{rank}", daemon=True)
            for rank, gate in enumerate(self._gates, 1)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, task: Task) -> None:
        """Have all threads do their parts. Interrupted, the team dissolves: some may wait for who will not come."""
        with self._lock:
            if not self._dissolved:
                try:
                    self._together(task)
                except BaseException:
                    team.cache_clear()
                    self._dissolve()
                    raise
                return
        team(self.size).run(task)  # this one dissolved while the caller waited

    def _together(self, task: Task) -> None:
        self._task = task
        self._begun[0] += 1
        for gate in self._gates:
            gate.release()
        task(0, self.size, self._counter)

    def _dissolve(self) -> None:
        self._counter[0], self._task, self._dissolved = _NOBODY, None, True
        for gate, thread in zip(self._gates, self._threads, strict=True):
            gate.release()
            thread.join()

    def _work(self, rank: int, gate: threading.Semaphore) -> None:
        while True:
            wait(self._begun, self._begun[0], _LINGER)
            gate.acquire()
            task = self._task
            if task is None:
                return
            task(rank, self.size, self._counter)


@cache
def team(size: int) -> Team:
    """The one of this process with so many threads."""
    return Team(size)


if hasattr(os, "register_at_fork"):  # threads stay with the parent
    os.register_at_fork(after_in_child=team.cache_clear)
