"""Turn a chapter's cells into two notebooks, the student's and the instructor's, differing in the answer cells alone.

Cell ids follow from what a cell is or says, so that an edit changes the cells it touches and no others.
"""

import base64
import hashlib
import html
from collections.abc import Callable, Iterable

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograde.building import stubs
from autograde.building.chapter import Cell, ChapterError, quiz
from autograde.classroom.setup_cell import SETUP_ID, setup_cell
from autograde.intake.marks import PICTURE_TAG
from course.exercises import catalogue
from course.exercises.exercise import Exercise
from course.settings import BRANCH, INSTALL_FROM, REPOSITORY
from course.widgets._base import CourseWidget, StaticView, saved_state

SKIP_TAG = "skip-grading"
"""Marks cells that only draw, train or install: grading does not run them."""

HOW_TO_ANSWER = """\
*Questions like the next one count for nothing and ask for no typing. Decide first, then click on the answer that you \
would give: it unfolds and says whether it is right, and why. The others are worth a click too.*"""
"""Stands before the first question of a chapter."""


def student_notebook(chapter: str, cells: Iterable[Cell]) -> NotebookNode:
    """Build the notebook that a student opens: stubs to fill, widgets with a still picture."""
    return _notebook(chapter, cells, stubs.student_cell, with_outputs=True)


def instructor_notebook(chapter: str, cells: Iterable[Cell]) -> NotebookNode:
    """Build the nbgrader source notebook: the reference's bodies between nbgrader's marks, no outputs.

    It has the widgets' state all the same: a class's notebooks are made of it, and what a student runs and saves there
    is found again by its id.
    """
    return _notebook(chapter, cells, stubs.instructor_cell, with_outputs=False)


def _notebook(chapter: str, cells: Iterable[Cell], answer: Callable[[str], str], with_outputs: bool) -> NotebookNode:
    notebook = new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    views: list[StaticView] = []
    built, cells = [_badge(chapter), _setup()], list(cells)
    first_quiz = next((cell for cell in cells if cell.directive == "quiz"), None)
    for cell in cells:
        if cell is first_quiz:
            built.append(new_markdown_cell(HOW_TO_ANSWER, id="how-to-answer"))
        built += _build(chapter, cell, answer, views, with_outputs)
    notebook.cells = _insert_title_first(built)
    _make_ids_unique(notebook.cells)
    if views:
        notebook.metadata["widgets"] = saved_state(views)
    nbformat.validate(notebook)
    return notebook


def _build(
    chapter: str, cell: Cell, answer: Callable[[str], str], views: list[StaticView], with_outputs: bool
) -> list[NotebookNode]:
    match cell.directive:
        case "prose":
            return [new_markdown_cell(cell.text, id=_id("text", cell.text))]
        case "code":
            return [_code(cell.text, _id("code", cell.text))]
        case "figure" | "train":
            return [_code(cell.text, _id(cell.directive, cell.text), [cell.directive, SKIP_TAG])]
        case "given":
            given = _code(stubs.given_cell(cell.argument), _id("given", cell.argument), ["given"])
            return [_fold(given) if cell.folded else given]
        case "quiz":
            return [new_markdown_cell(_quiz(cell), id=f"quiz-{cell.argument}")]
        case "widget":
            return [_widget(chapter, cell.argument, views, with_outputs)]
        case "picture":
            return [_picture(chapter, cell.argument)]
        case "exercise":
            return _exercise(_find(chapter, cell), cell.text, answer)
        case "check":
            return [_check(_find(chapter, cell))]


def _find(chapter: str, cell: Cell) -> Exercise:
    for exercise in catalogue.of_chapter(chapter):
        if exercise.name == cell.argument:
            return exercise
    raise ChapterError(f"{chapter}: {cell.directive} names {cell.argument!r}, which is no exercise of this chapter")


def _exercise(exercise: Exercise, task: str, answer: Callable[[str], str]) -> list[NotebookNode]:
    number = catalogue.of_chapter(exercise.chapter).index(exercise) + 1
    title = f"### Exercise {int(exercise.chapter[:2])}.{number} · `{exercise.name}`"
    stars = "★" * exercise.difficulty + "☆" * (5 - exercise.difficulty)
    line = f"*about {exercise.minutes} minutes · difficulty {stars} · {exercise.points} points*"
    solution = _code(answer(exercise.reference), exercise.name)
    solution.metadata["nbgrader"] = _nbgrader(exercise.name, solution=True)
    return [new_markdown_cell(f"{title}\n{line}\n\n{task}", id=f"task-{exercise.name}"), solution]


def _check(exercise: Exercise) -> NotebookNode:
    cell = _code(f'check("{exercise.name}", {exercise.name})', f"check-{exercise.name}")
    cell.metadata["nbgrader"] = _nbgrader(f"check-{exercise.name}", points=exercise.points)
    return cell


def _nbgrader(grade_id: str, points: int | None = None, solution: bool = False) -> dict[str, object]:
    metadata: dict[str, object] = {
        "cell_type": "code",
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return metadata if points is None else {**metadata, "points": points}


def _widget(chapter: str, name: str, views: list[StaticView], with_output: bool) -> NotebookNode:
    from course import widgets

    if name not in widgets.__all__:
        raise ChapterError(f"{chapter}: there is no widget {name!r}; there are {', '.join(widgets.__all__)}")
    cell = _code(f"from course.widgets import {name}\n\n{name}()", f"widget-{name}", ["widget", SKIP_TAG])
    made: type[CourseWidget] = getattr(widgets, name)
    view = made().static_view(made.model_id_of())
    if view.state.keys() & {model_id for earlier in views for model_id in earlier.state}:
        raise ChapterError(f"{chapter}: {name} stands there twice; a saved notebook has room for one widget of a class")
    views.append(view)
    if with_output:
        cell.outputs = [new_output("display_data", data=view.bundle, metadata={})]
    return cell


def _picture(chapter: str, name: str) -> NotebookNode:
    """Return a folded cell that shows a picture, with the picture under it already: it is seen before anything runs."""
    from course.pictures import load_picture

    try:
        picture = load_picture(name)
    except KeyError as error:
        raise ChapterError(f"{chapter}: {error.args[0]}") from None
    source = f'# Shows the picture below.\nfrom course.pictures import show_picture\n\nshow_picture("{name}")'
    cell = _fold(_code(source, f"picture-{name}", [PICTURE_TAG, SKIP_TAG]))
    data = {"image/png": base64.b64encode(picture.png).decode("ascii"), "text/plain": picture.description}
    shown = {"image/png": {"alt": picture.description, "width": picture.width}}
    cell.outputs = [new_output("display_data", data=data, metadata=shown)]
    return cell


def _quiz(cell: Cell) -> str:
    """Write a question as choices that unfold: it works on every page that shows a notebook, without a kernel."""
    question, choices = quiz(cell)
    unfolding = "\n\n".join(
        f"<details><summary><b>{letter}</b> · {_inline(choice.text)}</summary>\n\n"
        f"{'✓ Right.' if choice.right else '✗ Not quite.'} {choice.feedback}\n\n</details>"
        for letter, choice in zip("ABCDEFGH", choices, strict=False)
    )
    return f"**Question.** {question}\n\n{unfolding}"


def _inline(text: str) -> str:
    """Write the code spans of a summary as HTML, since Markdown is not read inside it."""
    pieces = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _setup() -> NotebookNode:
    return _fold(_code(setup_cell(INSTALL_FROM), SETUP_ID, [SKIP_TAG]))


def _fold(cell: NotebookNode) -> NotebookNode:
    """Fold the code of a cell away, in JupyterLab and on Colab: it is no reading matter, or none yet."""
    cell.metadata.update({"cellView": "form", "jupyter": {"source_hidden": True}})
    return cell


def _badge(chapter: str) -> NotebookNode:
    address = f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}/course/notebooks/{chapter}.ipynb"
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    return new_markdown_cell(f"[![Open in Colab]({image})]({address})", id="colab")


def _insert_title_first(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put the chapter's first text before the badge and the set-up cell."""
    badge, setup, title, *rest = cells
    return [title, badge, setup, *rest]


def _code(source: str, cell_id: str, tags: list[str] | None = None) -> NotebookNode:
    return new_code_cell(source, id=cell_id, metadata={"tags": tags} if tags else {})


def _id(kind: str, text: str) -> str:
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _make_ids_unique(cells: list[NotebookNode]) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            cell.id = f"{cell.id}-{seen[cell.id]}"
