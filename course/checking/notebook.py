"""Show something where the student is: as HTML or Markdown in a notebook, as text in a terminal."""

from typing import Protocol


class _Shell(Protocol):
    kernel: object


def shell() -> _Shell | None:
    """Return IPython's shell where a kernel runs it, else None."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    found: _Shell | None = get_ipython()
    return found if found is not None and getattr(found, "kernel", None) is not None else None


def show(text: str, *, html: str = "", markdown: str = "") -> None:
    """Show `html` or `markdown` in a notebook, and `text` where there is none."""
    if shell() is None:
        print(text)
        return
    from IPython.display import display

    rich = {"text/html": html} if html else {"text/markdown": markdown or text}
    display({**rich, "text/plain": text}, raw=True)


class SaidError(Exception):
    """An error that is one sentence to its reader: in a notebook no traceback stands around it."""

    def _render_traceback_(self) -> list[str]:  # what IPython asks an exception for
        return [str(self)]


class StoppedError(KeyboardInterrupt, SaidError):
    """The stop button, pressed: the cell has failed, and those that wait for it do not run."""

    _render_traceback_ = SaidError._render_traceback_
