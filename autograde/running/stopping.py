"""Ctrl-C, said once, ends a run after the record that is being written; nothing is torn in the middle.

nbgrader swallows a KeyboardInterrupt while it records, so the signal itself only raises a flag. Said a second time it
stops at once: even then the next run finds a gradebook that it can go on from.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop(threading.Event):
    """Set by the first SIGINT or SIGTERM; `signal` is its number."""

    signal: int = 0


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn SIGINT and SIGTERM into a flag, in the main thread; elsewhere give a flag that the caller may set."""
    stop = Stop()

    def handle(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.signal = number
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
