"""What a student finds on the feedback page: the marks first, then each answer with what came of it.

A preprocessor of nbgrader's own feedback generation, named in `autograde.classroom.configuration`, so `nbgrader
generate_feedback` and `autograde grade` write the same page. Marks are the gradebook's, reasons those of the kept
result. What students were given is left out: they have the chapter. What is theirs is made
harmless (`autograde.feedback.harmless`).
"""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograde.classroom.directory import Classroom
from autograde.classroom.marks import plain_name, waiting, why
from autograde.feedback.cells import NOTES, prose
from autograde.feedback.harmless import Room, given_texts, make_harmless
from autograde.intake.marks import grade_id
from autograde.judging.results import SubmissionResult
from course.exercises.catalogue import CHAPTERS

_STYLE = Path(__file__).with_name("presenting.css").read_text(encoding="utf-8")
_SIGNS = {"right": "✓", "part": "◐", "none": "✗", "waiting": "…"}
_LABELS = {"waiting": "waits for a mark by hand"}
_UNREAD = (
    '<p class="p2i-next">Nothing could be graded, and this is no mark yet. Save the notebook in Jupyter or Colab, see '
    "that it opens again, and hand in the .ipynb file; or ask your instructor.</p>"
)
_POINTS = re.compile(r'<p class="p2i-points">.*?</p>')
"""What grading wrote of its marks beside a check: on the page the gradebook's stand above it."""


@dataclass(frozen=True)
class _Line:
    """The mark of one exercise, or of a free-text answer, and the first thing to say about it."""

    name: str
    score: float
    points: float
    why: str = ""
    waits: bool = False
    is_checked: bool = True
    """Whether it is an exercise of the course, with a check and hints below it."""

    @property
    def state(self) -> str:
        if self.waits:
            return "waiting"
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
        whose, open_ = _ask(names)
        lines = {line.name: line for line in (_line(cell, result, open_) for cell in nb.cells) if line is not None}
        given = given_texts(classroom.released_bytes(chapter))
        unread = result is not None and result.status == "unreadable" and not names["score"]
        names["notebook"] = html.escape(f"{whose} · {chapter}")  # what nbgrader's page takes for its title
        top = f'<p class="p2i-whose">{names["notebook"]}</p>' + _top(
            _title(nb, chapter), [] if unread else list(lines.values()), names
        )
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


def _ask(names: dict[str, str]) -> tuple[str, set[str]]:
    """Return whose page it is, and what waits for a mark by hand; GetGrades leaves where the gradebook is."""
    student = names["student"]
    if not names.get("db_url"):
        return student, set()
    with Gradebook(names["db_url"]) as gradebook:
        one = gradebook.find_student(student)
        name = f"{one.first_name or ''} {one.last_name or ''}".strip()
        return f"{name} ({student})" if name else student, waiting(gradebook, names["assignment"], student)


def _line(cell: NotebookNode, result: SubmissionResult | None, waiting: Collection[str]) -> _Line | None:
    marks = cell.metadata.get("nbgrader", {})
    if not (marks.get("grade") or marks.get("task")):
        return None
    name, score, points = plain_name(grade_id(cell)), float(marks.score or 0), float(marks.points or 0)
    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            output.data["text/html"] = _POINTS.sub("", output.data["text/html"], count=1)
    one = result.exercises.get(name) if result is not None else None
    return _Line(name, score, points, why(score, points, one, name in waiting), name in waiting, one is not None)


def _title(notebook: NotebookNode, chapter: str) -> str:
    """Return the chapter's heading, as it stands in the notebook."""
    texts = (cell.source.lstrip() for cell in notebook.cells if cell.cell_type == "markdown")
    return next((_first(text[2:]) for text in texts if text.startswith("# ")), chapter)


def _top(title: str, lines: list[_Line], names: dict[str, float]) -> str:
    late = f", {names['late_penalty']:g} taken off for being late" if names["late_penalty"] else ""
    rows = "".join(
        f'<a class="p2i-line" href="#p2i-{number}" data-state="{line.state}"><span class="sign" role="img" '
        f'aria-label="{_LABELS.get(line.state, line.state)}">{_SIGNS[line.state]}</span>'
        f"<b><code>{html.escape(line.name)}</code></b>"
        f'<span class="points">{_points(line)}</span>'
        + (f'<span class="why">{prose(_first(line.why))}</span>' if line.why else "")
        + "</a>"
        for number, line in enumerate(lines, start=1)
    )
    heading = f"<h1>{html.escape(title)}</h1>"
    if not lines:
        return f'<div class="p2i-top">{heading}{_UNREAD}</div>'
    open_ = sum(line.points for line in lines if line.waits)
    waits = f", {open_:g} of them not marked yet" if open_ else ""
    score, most = f"{max(0.0, names['score']):g}", f"{names['max_score']:g}"
    total = f'<p class="p2i-total"><b>{score}</b> of {most} points{waits}{late}</p>'
    return f'<div class="p2i-top">{heading}{total}<div class="p2i-card">{rows}</div>{_next(lines)}</div>'


def _next(lines: list[_Line]) -> str:
    """Say where to go on."""
    wrong = next((line for line in lines if line.state not in ("right", "waiting")), None)
    waits = [f"<code>{html.escape(line.name)}</code>" for line in lines if line.waits]
    if wrong is None and waits:
        return f'<p class="p2i-next">Your instructor marks {" and ".join(waits)} by hand. All else is right.</p>'
    if wrong is None:
        return '<p class="p2i-next">Everything is right. Well done.</p>'
    then = (
        ": below it says what went wrong, with a hint to unfold. Mend it in your notebook and run its check again."
        if wrong.is_checked
        else "."
    )
    name = html.escape(wrong.name)
    return f'<p class="p2i-next"><b>Where to go on.</b> Start with <code>{name}</code>{then}</p>'


def _heading(line: _Line, number: int) -> str:
    return (
        f'<div class="p2i-exercise" id="p2i-{number}"><h2><code>{html.escape(line.name)}</code></h2>'
        f"<span>{_points(line)} points</span></div>"
    )


def _points(line: _Line) -> str:
    """Return the mark, or that there is none yet: a human's is no 0 before it is given."""
    return f"<b>{'–' if line.waits else f'{line.score:g}'}</b> of {line.points:g}"


def _first(text: str) -> str:
    """Return the first line of what is to be said."""
    line = " ".join(text[:2000].split("\n", 1)[0].split())
    return line if len(line) <= 240 else line[:239] + "…"


def _block(text: str) -> NotebookNode:
    """Return a cell of HTML: Markdown takes it over as it is, up to a blank line, so there is none."""
    return new_markdown_cell("\n".join(line for line in text.splitlines() if line.strip()))
