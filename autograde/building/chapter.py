"""Read a chapter's source: a py:percent file whose cells may carry a directive.

A directive is a cell's metadata, so that any editor that knows py:percent opens a chapter:

    # %% [markdown] exercise="max_unpool2d"   the task in prose; the answer cell follows from solutions/
    # %% check="max_unpool2d"                 the graded check of that exercise
    # %% given="solutions.fcn:SegNet"         reference code, shown as it stands; with folded=true it has to be unfolded
    # %% widget="Unpooling"                   a widget of course.widgets
    # %% picture="which_pixels"               a picture of course.pictures, seen before anything has run
    # %% [markdown] quiz="why-zeros"          a question; `- [x] choice — feedback` marks the right choice
    # %% figure=true                          code that only draws; grading skips it
    # %% train=true                           code that only trains; grading skips it
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jupytext

Directive = Literal["prose", "code", "exercise", "check", "given", "widget", "picture", "quiz", "figure", "train"]
_ON_MARKDOWN = {"exercise", "quiz"}
_ON_CODE = {"check", "given", "widget", "picture", "figure", "train"}


class ChapterError(ValueError):
    """A chapter's source says something that cannot be built."""


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter's source: what it is, its argument ("max_unpool2d"), and its text."""

    directive: Directive
    argument: str
    text: str
    folded: bool = False


@dataclass(frozen=True)
class Choice:
    """One choice of a quiz question, with the feedback for whoever picks it."""

    text: str
    feedback: str
    right: bool


def read(path: Path) -> list[Cell]:
    """Read the cells of the chapter at `path`.

    Raises:
        ChapterError: a directive that is unknown, or that stands on the wrong kind of cell.
    """
    notebook = jupytext.read(path, fmt="py:percent")
    return [_cell(path, number, cell) for number, cell in enumerate(notebook.cells, start=1)]


def _cell(path: Path, number: int, cell: dict[str, object]) -> Cell:
    where = f"{path.name}, cell {number}"
    metadata, markdown, text = cell["metadata"], cell["cell_type"] == "markdown", str(cell["source"]).strip("\n")
    assert isinstance(metadata, dict)
    named = [name for name in metadata if name in _ON_MARKDOWN | _ON_CODE]
    unknown = [name for name in metadata if name not in (*named, "folded", "lines_to_next_cell")]  # jupytext's own
    if unknown:
        raise ChapterError(f"{where}: there is no directive {unknown[0]!r}")
    if len(named) > 1:
        raise ChapterError(f"{where}: one directive a cell, got {' and '.join(named)}")
    if "folded" in metadata and named != ["given"]:
        raise ChapterError(f"{where}: only a given cell can be folded")
    if not named:
        return Cell("prose" if markdown else "code", "", text)
    directive = named[0]
    if markdown != (directive in _ON_MARKDOWN):
        kind = "a markdown" if directive in _ON_MARKDOWN else "a code"
        raise ChapterError(f"{where}: the directive {directive!r} belongs on {kind} cell")
    if directive in ("check", "given", "widget", "picture") and text:
        raise ChapterError(f"{where}: a {directive} cell is written by the builder and must be empty")
    return Cell(directive, str(metadata[directive]), text, folded=bool(metadata.get("folded")))


def quiz(cell: Cell) -> tuple[str, list[Choice]]:
    """Return the question of a quiz cell and its choices.

    Raises:
        ChapterError: a choice without feedback, or not exactly one right choice.
    """
    question, *items = re.split(r"^- (?=\[[ x]\] )", cell.text, flags=re.MULTILINE)
    choices = []
    for item in items:
        text, dash, feedback = " ".join(item[4:].split()).partition(" — ")
        if not dash:
            raise ChapterError(f"quiz {cell.argument}: the choice {text[:40]!r} needs feedback after a dash")
        choices.append(Choice(text, feedback, item.startswith("[x]")))
    if sum(choice.right for choice in choices) != 1:
        raise ChapterError(f"quiz {cell.argument}: exactly one choice must be right")
    return question.strip(), choices
