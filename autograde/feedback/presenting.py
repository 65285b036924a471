"""What a student finds on the feedback page: the marks first, then each answer with what came of it.

A preprocessor of nbgrader's own feedback generation, named in `autograde.classroom.configuration`, so `nbgrader
generate_feedback` and `autograde grade` write the same page. Marks are the gradebook's, reasons those of the kept
result. What students were given is left out: they have the chapter. What is theirs is made
harmless (`autograde.feedback.harmless`).
"""

import html
from dataclasses import dataclass
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from autograde.classroom.directory import Classroom
from autograde.feedback.cells import NOTES, prose
from autograde.feedback.harmless import Room, given_texts, make_harmless
from autograde.intake.marks import grade_id
from autograde.judging.results import SubmissionResult
from course.exercises.catalogue import CHAPTERS

_STYLE = Path(__file__).with_name("presenting.css").read_text(encoding="utf-8")
_SIGNS = {"right": "✓", "part": "◐", "none": "✗"}
_UNREAD = (
    '<p class="p2i-next">Nothing could be graded, and this is no mark yet. Save the notebook in Jupyter or Colab, see '
    "that it opens again, and hand in the .ipynb file; or ask your instructor.</p>"
)
_ROUNDED = 0.006  # marks are kept with two decimals


@dataclass(frozen=True)
class _Line:
    """The mark of one exercise, or of a free-text answer, and the first thing to say about it."""

    name: str
    score: float
    points: float
    why: str = ""

    @property
    def state(self) -> str:
        if self.score >= self.points:
            return "right"
        return "part" if self.score > 0 else "none"


class Present(NbGraderPreprocessor):  # type: ignore[misc]
    """Keep what is the student's own, and put the marks on top. Comes after GetGrades, which brings them."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook as the page is to show it."""
        names = resources["nbgrader"]
        chapter = names["assignment"]
        if chapter not in CHAPTERS:
            return nb, resources
        classroom = Classroom(Path.cwd().resolve())  # nbgrader works from within the class
        result = classroom.stored(chapter, names["student"])
        lines = {line.name: line for line in (_line(cell, result) for cell in nb.cells) if line is not None}
        given = given_texts(classroom.released_bytes(chapter))
        unread = result is not None and result.status == "unreadable" and not names["score"]
        top = _top(_title(nb, chapter), [] if unread else list(lines.values()), names)
        cells, titled, room = [_block(f"<style>{_STYLE}</style>"), _block(top)], set[str](), Room()
        for cell in nb.cells:
            name = grade_id(cell).removeprefix("check-")
            if unread and cell.get("id") != NOTES:
                continue
            if name in lines and name not in titled:
                titled.add(name)
                cells.append(_block(_heading(lines[name], len(titled))))
            if cell.get("id") == NOTES:
                cells.append(cell)
            elif grade_id(cell) or cell.source.strip() not in given:
                cells.append(make_harmless(cell, room))
        nb.cells = cells
        return nb, resources


def _line(cell: NotebookNode, result: SubmissionResult | None) -> _Line | None:
    marks = cell.metadata.get("nbgrader", {})
    if not (marks.get("grade") or marks.get("task")):
        return None
    name, score, points = grade_id(cell).removeprefix("check-"), float(marks.score or 0), float(marks.points or 0)
    one = result.exercises.get(name) if result is not None else None
    if one is None:
        return _Line(name, score, points)
    share = one.score / one.max_score if one.max_score else 0.0
    if abs(share * points - score) > _ROUNDED:
        return _Line(name, score, points, "Your instructor gave this mark.")
    return _Line(name, score, points, "" if one.passed else one.diagnosis or one.message)


def _title(notebook: NotebookNode, chapter: str) -> str:
    """Return the chapter's heading, as it stands in the notebook."""
    texts = (cell.source.lstrip() for cell in notebook.cells if cell.cell_type == "markdown")
    return next((_first(text[2:]) for text in texts if text.startswith("# ")), chapter)


def _top(title: str, lines: list[_Line], names: dict[str, float]) -> str:
    late = f", {names['late_penalty']:g} taken off for being late" if names["late_penalty"] else ""
    rows = "".join(
        f'<a class="p2i-line" href="#p2i-{number}" data-state="{line.state}"><span class="sign" role="img" '
        f'aria-label="{line.state}">{_SIGNS[line.state]}</span><b><code>{html.escape(line.name)}</code></b>'
        f'<span class="points"><b>{line.score:g}</b> of {line.points:g}</span>'
        + (f'<span class="why">{prose(_first(line.why))}</span>' if line.why else "")
        + "</a>"
        for number, line in enumerate(lines, start=1)
    )
    heading = f"<h1>{html.escape(title)}</h1>"
    if not lines:
        return f'<div class="p2i-top">{heading}{_UNREAD}</div>'
    total = f'<p class="p2i-total"><b>{max(0.0, names["score"]):g}</b> of {names["max_score"]:g} points{late}</p>'
    return f'<div class="p2i-top">{heading}{total}<div class="p2i-card">{rows}</div>{_next(lines)}</div>'


def _next(lines: list[_Line]) -> str:
    """Say where to go on."""
    wrong = next((line for line in lines if line.state != "right"), None)
    if wrong is None:
        return '<p class="p2i-next">Everything is right. Well done.</p>'
    return (
        f'<p class="p2i-next"><b>Where to go on.</b> Start with <code>{html.escape(wrong.name)}</code>: below it says '
        "what went wrong, with a hint to unfold. Mend it in your notebook and run its check again.</p>"
    )


def _heading(line: _Line, number: int) -> str:
    return (
        f'<div class="p2i-exercise" id="p2i-{number}"><h2><code>{html.escape(line.name)}</code></h2>'
        f"<span>{line.score:g} of {line.points:g} points</span></div>"
    )


def _first(text: str) -> str:
    """Return the first line of what is to be said."""
    line = " ".join(text[:2000].split("\n", 1)[0].split())
    return line if len(line) <= 240 else line[:239] + "…"


def _block(text: str) -> NotebookNode:
    """Return a cell of HTML: Markdown takes it over as it is, up to a blank line, so there is none."""
    return new_markdown_cell("\n".join(line for line in text.splitlines() if line.strip()))
