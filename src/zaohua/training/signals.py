"""Ctrl-C and SIGTERM ask the training loop to finish its step; asking twice ends the process at once."""

import signal
import threading
from types import FrameType, TracebackType

from zaohua.errors import ZaohuaError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(ZaohuaError):
    """The run was asked to stop, has saved everything and can be resumed."""


class StopRequest:
    """Within the block, `asked` turns true at the first signal; the second acts as it would have without us."""

    asked = False

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():  # Python hands signals to that thread only
            self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        else:
            self._before = {}
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, self._before[signal.Signals(number)])

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
