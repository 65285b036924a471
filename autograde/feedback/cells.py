"""Write a result into a notebook's check cells, so that nbgrader records the marks and its feedback page shows why.

nbgrader reads partial credit from the text of a check cell's result, and shows its HTML. Every text from a student is
escaped.
"""

import html
from collections.abc import Sequence

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from autograde.intake.marks import grade_id
from autograde.judging.results import CaseResult, ExerciseResult, SubmissionResult

NOTES = "autograde-notes"
"""The id of the cell that says what concerns the whole submission."""

_STYLE = """
.p2i-feedback { border-left: 4px solid #777; padding: .2em 1em; margin: .5em 0; }
.p2i-feedback[data-state=right] { border-color: #1b7f4b; } .p2i-feedback[data-state=wrong] { border-color: #b3541e; }
.p2i-feedback ul { list-style: none; padding-left: 0; } .p2i-feedback pre { white-space: pre-wrap; }
"""


def write_into(notebook: NotebookNode, result: SubmissionResult) -> None:
    """Give each check cell of `notebook` its marks and message, and each cell that raised what it raised."""
    count, output = 0, result.output
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        cell.outputs = []
        name = grade_id(cell).removeprefix("check-")
        if cell.metadata.get("nbgrader", {}).get("grade"):
            count += 1
            cell.execution_count = count
            cell.outputs = [_graded(result, name, float(cell.metadata.nbgrader["points"]), count, output)]
            if name in result.exercises and not result.exercises[name].passed:
                output = ""  # once is enough
        elif str(number) in result.failures:
            cell.outputs = [new_output("stream", name="stdout", text=result.failures[str(number)])]


def introduce(notebook: NotebookNode, result: SubmissionResult) -> None:
    """Put a cell on top that says what concerns the whole submission: why it is not `ok`, and what was mended."""
    for cell in notebook.cells:
        if cell.get("id") == NOTES:  # what bears it is shown as ours
            cell.id = new_markdown_cell().id
    lines = []
    if result.status != "ok":
        lines.append(f"**{html.escape(result.status.capitalize())}.** {_as_text(result.reason)}")
    if result.repairs:
        lines.append("Mended before grading, at no cost: " + "; ".join(map(_as_text, result.repairs)) + ".")
    if lines:
        notebook.cells.insert(0, new_markdown_cell("\n\n".join(lines), id=NOTES))


def _graded(result: SubmissionResult, name: str, points: float, count: int, output: str) -> NotebookNode:
    """Return the result of a check cell that is worth `points` in this class."""
    one = result.exercises.get(name)
    if one is None:
        text = f"“{name}” is no exercise of this course, so it was not graded."
        return new_output("error", ename="NotGraded", evalue=text, traceback=[text])
    share = one.score / one.max_score if one.max_score else 0.0
    data = {"text/plain": f"{round(share * points, 2):g}", "text/html": as_html(name, one, output)}
    return new_output("execute_result", data=data, execution_count=count)


def as_html(name: str, result: ExerciseResult, output: str = "") -> str:
    """Return the feedback on one exercise as self-contained HTML; with `output`, the last that the cells printed."""
    parts = [f"<style>{_STYLE}</style>", _points(name, result)]
    told_in_picture = result.picture and not all(case.passed for case in result.cases if not case.hidden)
    if result.message and not result.passed and not told_in_picture:
        parts.append(f"<p>{prose(result.message)}</p>")
    if result.picture:
        parts.append(result.picture)
    else:
        parts.append(_listing([case for case in result.cases if not case.hidden]))
        if result.diagnosis:
            parts.append(f"<p><b>A likely reason.</b> {prose(result.diagnosis)}</p>")
    parts.append(_hints(result.hints))
    unseen = [case for case in result.cases if case.hidden]
    if unseen:
        right = sum(case.passed for case in unseen)
        summary = f"Your marks come from the same cases with other numbers: {right} of {len(unseen)} are right"
        parts.append(f"<details><summary>{summary}</summary>{_listing(unseen)}</details>")
    if output.strip() and not result.passed:
        parts.append(
            f"<details><summary>What your cells printed last</summary><pre>{html.escape(output)}</pre></details>"
        )
    state = "right" if result.passed else "wrong"
    return f'<div class="p2i-feedback" data-state="{state}">{"".join(parts)}</div>'


def _points(name: str, result: ExerciseResult) -> str:
    points = f"{result.score:g} of {result.max_score:g} points"
    return f'<p class="p2i-points"><b><code>{html.escape(name)}</code>: {points}</b></p>'


def _hints(hints: Sequence[str]) -> str:
    """Return the exercise's hints, each inside the one before, so that they unfold one at a time."""
    folded = ""
    for number, text in reversed(list(enumerate(hints, start=1))):
        summary = f"Hint {number} of {len(hints)}"
        folded = f"<details><summary>{summary}</summary><p>{prose(text)}</p>{folded}</details>"
    return folded


def prose(text: str) -> str:
    """Escape a text, and set what stands between backticks as code."""
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _listing(cases: list[CaseResult]) -> str:
    items = []
    for case in cases:
        sign = "✓" if case.passed else "✗"
        told = f" — {prose(case.message)}" if case.message else ""
        items.append(f"<li>{sign} {html.escape(case.name)}{told}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _as_text(text: str) -> str:
    """Escape `text` for a Markdown cell, HTML and Markdown's own signs alike."""
    escaped = html.escape(text)
    return "".join(f"&#{ord(sign)};" if sign in "\\`*_{}[]()#+-!|~$" else sign for sign in escaped)
