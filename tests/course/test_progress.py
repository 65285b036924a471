"""Progress as the place allows: a bar in a terminal, few lines in a file, one line that stays in a notebook."""

import io
import sys
import types

import pytest

from course import progress
from course.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until it is set."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_a_terminal_gets_a_bar_and_sentences_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with Progress("fcn-8s", 2) as shown:
        shown.advance(0.25)
        shown.say("step 1: mIoU 0.500")
        shown.advance(0.125)
    assert "step 1: mIoU 0.500\n" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
    assert "loss=0.125" in terminal.getvalue()


def test_a_file_gets_a_line_every_ten_seconds_and_fewer_as_hours_pass(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    def lines() -> list[str]:
        return capsys.readouterr().err.splitlines()

    with Progress("fcn-8s", None) as shown:
        for step in range(300):  # ten steps a second
            clock[0] = step / 10
            shown.advance(0.5)
        assert lines() == [
            "fcn-8s: step 1, 0 s, loss 0.500",
            "fcn-8s: step 101, 10 s, loss 0.500",
            "fcn-8s: step 201, 20 s, loss 0.500",
        ]
        for step in range(36_000):  # ten hours
            clock[0] = 30.0 + step
            shown.advance()
        assert 30 <= len(found := lines()) <= 60
        assert found[-1].split(", ")[1].endswith(" min")
    assert lines() == ["fcn-8s: step 36300, 10 h 0 min, loss 0.500"]


def test_a_run_that_goes_on_counts_from_where_it_was(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("fcn-8s", 40, done=30) as shown:
        shown.advance(1.0)
    assert capsys.readouterr().err == "fcn-8s: step 31 of 40, 0 s, loss 1.000\n"


def test_nothing_is_shown_where_another_process_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("fcn-8s", 2, shown=False) as shown:
        shown.advance(1.0)
        shown.say("step 1")
    assert capsys.readouterr() == ("", "")


def test_a_notebook_keeps_one_line_of_text_that_says_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[object] = []
    handle = types.SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))

    def display(bundle: object, raw: bool, display_id: bool) -> object:
        shown.append(bundle)
        return handle

    monkeypatch.setattr("course.progress.in_notebook", lambda: True)
    fake = types.ModuleType("IPython.display")
    fake.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    with Progress("training", 300) as progressing:
        for step in range(300):
            clock[0] = step / 100
            progressing.advance(3.0)
        progressing.say("step 300")  # the curve shows it
        progressing.ending = "stopped"
    assert shown[-1] == {"text/plain": "training: step 300 of 300, 3 s, loss 3.000; stopped"}
    assert 6 <= len(shown) <= 8  # twice a second
    assert capsys.readouterr() == ("", "")
