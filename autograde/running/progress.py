"""How far a run is: a bar with the rate and the time left on a terminal, a plain line now and then anywhere else."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_BETWEEN = 10.0  # seconds between two plain lines


class Progress:
    """Counts what is done of `total`. Use a `with`."""

    def __init__(self, title: str, total: int, console: Console, unit: str = "submissions") -> None:
        self._title, self._total, self._console, self._unit = title, total, console, unit
        self._done, self._began, self._told = 0, time.monotonic(), time.monotonic()
        self._bar: Bar | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        if self._console.is_terminal and self._total:
            columns = (
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(elapsed_when_finished=True),
            )  # fmt: skip
            self._bar = Bar(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=self._total, rate="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._done and self._total > 1:
            self._tell()

    def advance(self) -> None:
        """Say that one more is done."""
        self._done += 1
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, advance=1, rate=self._rate())
        elif now - self._told > _BETWEEN and self._done < self._total:
            self._told = now
            self._tell()

    def _tell(self) -> None:
        left = ""
        if self._done < self._total:
            seconds = (time.monotonic() - self._began) / self._done * (self._total - self._done)
            left = f", about {duration(seconds)} left"
        line = f"{self._title}: {self._done} of {self._total} {self._unit}, {self._rate()}{left}"
        self._console.print(line, highlight=False, soft_wrap=True)

    def _rate(self) -> str:
        return f"{60 * self._done / max(time.monotonic() - self._began, 1e-3):.0f} a minute"


def duration(seconds: float) -> str:
    """Return `seconds` as somebody would say them."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
