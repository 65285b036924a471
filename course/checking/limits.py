"""End a call that goes on for ever, after some seconds and at the line where it is.

In the main thread, where cells run, by an alarm of the operating system; in other threads, and on Windows, by an
exception that a second thread asks Python to raise. Both reach Python code alone. What computes inside a library, one
endless operation, cannot be ended by anybody in the same process: as long as it lasts a sentence says so.
"""

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

SECONDS_A_CASE = 8.0
"""Cases are tiny: plain loops take milliseconds. What remains is for slow computers, and for torch's first call."""

SECONDS_IN_ALL = 30.0
"""After this many seconds no further case is begun."""

_AGAIN = 1.0  # seconds until a code that catches everything is asked once more
_PATIENCE = 4.0  # seconds after the limit, until it is said that a library keeps Python waiting


class OutOfTimeError(BaseException):
    """The limit is over. No `Exception`, or a student's own `except Exception` would go on with the loop."""


def within(seconds: float, action: Callable[[], T], when_stuck: Callable[[], None] = lambda: None) -> T:
    """Return what `action` returns; `when_stuck` is called, by another thread, where the limit cannot be kept.

    Raises:
        OutOfTimeError: it did not end within `seconds`. It is raised inside of `action`, which may catch it.
    """
    watcher = threading.Timer(seconds + _PATIENCE, when_stuck)
    watcher.daemon = True
    watcher.start()
    call = _by_signal if _signals_come_here() else _by_thread
    try:
        return call(seconds, action)
    finally:
        watcher.cancel()


def _signals_come_here() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


def _by_signal(seconds: float, action: Callable[[], T]) -> T:
    """Raise from a handler of SIGALRM, and leave handler and timer as they were: others may be using them."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTimeError

    began, (left, interval) = time.monotonic(), signal.getitimer(signal.ITIMER_REAL)
    before = signal.signal(signal.SIGALRM, ring)
    try:  # from here on: on a busy machine the alarm rings before the action has begun
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
            return action()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # once more: the alarm may have rung just as the line above was about to switch it off
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001), interval)


def _by_thread(seconds: float, action: Callable[[], T]) -> T:
    """Have a second thread ask Python to raise in this one, as long as this one lives: its number is given again."""
    thread, over = threading.current_thread(), threading.Event()
    guard, number = threading.Lock(), ctypes.c_ulong(threading.get_ident())

    def ring() -> None:
        wait = seconds
        while not over.wait(wait) and thread.is_alive():
            with guard:
                if not over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(OutOfTimeError))
            wait = _AGAIN

    try:  # from here on: on a busy machine it rings while its thread is still being started
        try:
            threading.Thread(target=ring, daemon=True).start()
            return action()
        finally:
            over.set()
    finally:
        over.set()
        with guard:  # whoever holds it may still be asking; what has not been raised yet is taken back
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, None)
