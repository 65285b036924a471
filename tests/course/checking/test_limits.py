"""A call that does not end is ended, in every thread, and whoever else uses the alarm finds it as it was."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest
import torch

from course.checking.limits import OutOfTimeError, within

T = TypeVar("T")

NO_ALARM = not hasattr(signal, "setitimer")


def endless() -> None:
    while True:
        pass


def in_a_thread(action: Callable[[], object]) -> object:
    """Return what `action` returns or raises, run in a thread of its own."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(action())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return found[0]


def test_what_ends_in_time_returns_what_it_returns() -> None:
    assert within(5, lambda: 3) == 3
    assert in_a_thread(lambda: within(5, lambda: 3)) == 3


def test_an_endless_loop_ends_in_the_main_thread_and_in_another() -> None:
    with pytest.raises(OutOfTimeError):
        within(0.1, endless)
    assert isinstance(in_a_thread(lambda: within(0.1, endless)), OutOfTimeError)


@pytest.mark.skipif(NO_ALARM, reason="there is no alarm on this system")
def test_sleeping_ends_in_the_main_thread() -> None:
    began = time.monotonic()
    with pytest.raises(OutOfTimeError):
        within(0.1, lambda: time.sleep(20))
    assert time.monotonic() - began < 5


def test_a_bare_except_is_asked_again() -> None:
    def deaf() -> str:
        try:
            endless()
        except:  # noqa: E722 - what a student may write
            endless()
        return "never"

    with pytest.raises(OutOfTimeError):
        within(0.1, deaf)
    assert isinstance(in_a_thread(lambda: within(0.1, deaf)), OutOfTimeError)


@pytest.mark.parametrize("place", [lambda action: action(), in_a_thread], ids=["main", "other"])
def test_nothing_rings_after_the_end(place: Callable[[Callable[[], object]], object]) -> None:
    def often() -> str:
        for _ in range(300):
            with suppress(OutOfTimeError):  # on a busy machine two thousandths of a second are over before it begins
                within(0.002, lambda: None)
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            pass
        return "quiet"

    assert place(often) == "quiet"


def slowly(start: Callable[..., T]) -> Callable[..., T]:
    """Return `start`, on a machine so busy that the limit is over before it returns."""

    def started(*given: Any) -> T:
        result, until = start(*given), time.monotonic() + 0.3
        while time.monotonic() < until:
            pass
        return result

    return started


def test_a_thread_that_rings_before_the_call_has_begun_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())

    def late() -> None:
        with monkeypatch.context() as patch:
            patch.setattr("threading.Thread.start", slowly(threading.Thread.start))
            within(0.1, lambda: None)

    assert isinstance(in_a_thread(late), OutOfTimeError)
    time.sleep(0.2)
    assert set(threading.enumerate()) <= before


@pytest.mark.skipif(NO_ALARM, reason="there is no alarm on this system")
def test_an_alarm_that_rings_before_the_call_has_begun_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    before, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    with monkeypatch.context() as patch:
        patch.setattr("signal.setitimer", slowly(signal.setitimer))
        with pytest.raises(OutOfTimeError):
            within(0.1, lambda: None)
    assert signal.getsignal(signal.SIGALRM) is before
    left, interval = signal.getitimer(signal.ITIMER_REAL)  # pytest-timeout's, or none
    assert interval == timer[1]
    assert abs(timer[0] - left) < 10


@pytest.mark.skipif(NO_ALARM, reason="there is no alarm on this system")
def test_an_alarm_that_somebody_else_has_set_still_rings() -> None:
    rang: list[int] = []
    before, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(OutOfTimeError):
            within(0.1, endless)
        assert rang == []
        time.sleep(0.5)
        assert rang == [signal.SIGALRM]
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def test_a_library_that_keeps_python_waiting_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.checking.limits._PATIENCE", 0.05)
    told = threading.Event()
    big = torch.rand(1500, 1500)

    def one_operation() -> None:
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            torch.linalg.svd(big)

    with pytest.raises(OutOfTimeError):
        within(0.05, one_operation, told.set)
    assert told.is_set()
