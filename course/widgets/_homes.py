"""Which widget of a class lives under the id that saved notebooks know.

A kernel may make several widgets of one class, and two models cannot share an id. The first one has it. Run its cell
again, and the new widget takes it over, as its output takes the place of the old one; a widget of any other cell gets
an id of chance.
"""

import hashlib
from typing import NamedTuple, Protocol


class Closable(Protocol):
    """A widget, as far as this module needs to know it."""

    def close(self) -> None:
        """End the model in the browser."""


class Run(NamedTuple):
    """One execution of a cell: which cell it is, and which of its executions."""

    cell: str
    execution: str


_homes: dict[str, tuple[Closable, Run]] = {}


def take_home(widget: Closable, home: str) -> str | None:
    """Return `home` if `widget`, which is being made, may live there; None if it is taken, or no kernel runs.

    What an earlier run of the same cell made is closed; its output is gone from the page by then.
    """
    run = _run_of_now()
    if run is None:
        return None
    if home in _homes:
        earlier, made = _homes[home]
        if made.cell != run.cell or made.execution == run.execution:
            return None
        earlier.close()
    _homes[home] = (widget, run)
    return home


def _run_of_now() -> Run | None:
    """Return the run that the kernel is busy with, as the front end's request names it."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return None
    request = kernel.get_parent()
    # JupyterLab and VS Code say which cell they run. For the others a cell is what it says.
    cell = (
        request.get("metadata", {}).get("cellId")
        or hashlib.sha256(request.get("content", {}).get("code", "").encode()).hexdigest()
    )
    return Run(str(cell), str(request.get("header", {}).get("msg_id", "")))
