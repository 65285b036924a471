"""How far a training is: a bar in a terminal, a line now and then in a file, one line that is replaced in a notebook.

    with Progress("training", total=300) as progress:
        for batch in batches:
            progress.advance(loss=0.31)
            progress.say("step 60: validation loss 0.42")

A terminal's bar is tqdm's. A file, such as a cluster's log, cannot take a line back, so it gets few. In a notebook the
line is replaced in place and stays in the saved file as text, as it was at the end.
"""

import sys
import time
from types import TracebackType
from typing import Self

_NOTEBOOK_SECONDS = 0.5
_FILE_SECONDS = 10.0
_FILE_SHARE = 0.2  # of the time so far: ten hours are forty lines


class Progress:
    """Shows how many steps of `total` are done; None where time decides, `done` where a run goes on.

    Lines go to stderr. `shown=False` shows nothing.
    """

    def __init__(self, name: str, total: int | None = None, *, done: int = 0, shown: bool = True) -> None:
        self.name, self.total, self.done = name, total, done
        self.ending = ""
        """What is to be said of the end, in the last line."""
        self._loss: float | None = None
        self._told, self._started, self._next = done, time.perf_counter(), 0.0
        self._shown = shown
        self._line = _NotebookLine() if shown and in_notebook() else None
        self._bar: object = None
        if shown and self._line is None and sys.stderr.isatty():
            from tqdm import tqdm  # type: ignore[import-untyped]

            self._bar = tqdm(total=total, initial=done, desc=name, unit="step", bar_format=None if total else _TIMED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()  # type: ignore[attr-defined]
            if self.ending:
                self.say(self.ending)
        elif self.done > self._told or self.ending:
            self._tell()

    def advance(self, loss: float | None = None) -> None:
        """Count one step more; `loss` where it is known."""
        self.done += 1
        self._loss = self._loss if loss is None else loss
        if self._bar is not None:
            if loss is not None:
                self._bar.set_postfix(loss=f"{loss:.3f}", refresh=False)  # type: ignore[attr-defined]
            self._bar.update()  # type: ignore[attr-defined]
        elif self._shown and (now := time.perf_counter()) >= self._next:
            self._tell()
            wait = max(_FILE_SECONDS, _FILE_SHARE * (now - self._started))
            self._next = now + (_NOTEBOOK_SECONDS if self._line else wait)

    def say(self, sentence: str) -> None:
        """Write a sentence that stays; a notebook has the curve for it."""
        if self._bar is not None:
            self._bar.write(sentence, file=sys.stderr)  # type: ignore[attr-defined]
        elif self._shown and self._line is None:
            print(sentence, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        """Return it as a line: `training: step 120 of 300, 21 s, loss 0.312`."""
        steps = f"step {self.done} of {self.total}" if self.total else f"step {self.done}"
        loss = "" if self._loss is None else f", loss {self._loss:.3f}"
        ending = f"; {self.ending}" if self.ending else ""
        return f"{self.name}: {steps}, {_spoken(time.perf_counter() - self._started)}{loss}{ending}"

    def _tell(self) -> None:
        self._told = self.done
        if self._line is not None:
            self._line.show(str(self))
        elif self._shown:
            print(self, file=sys.stderr, flush=True)


_TIMED = "{desc}: {n_fmt} steps [{elapsed}, {rate_fmt}{postfix}]"


class _NotebookLine:
    """One line of text in a cell's output, replaced in place."""

    def __init__(self) -> None:
        self._handle: object = None

    def show(self, line: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": line}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)  # type: ignore[attr-defined]


def in_notebook() -> bool:
    """Return whether a notebook's kernel runs this, and not a terminal or a script."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
