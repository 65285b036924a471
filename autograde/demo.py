"""`autograde demo`: the instructor's whole loop, on a class and with submissions that it makes itself.

The students are invented: one whose work is complete, one who stopped half-way, two with a misconception each, one who
handed in the empty notebook, and one who tries to talk the grader into full marks.
"""

import ast
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from rich.console import Console

from autograde.classroom import directory as classes
from autograde.classroom.directory import INSTRUCTOR_NOTEBOOKS, Classroom, ClassroomError
from autograde.intake.marks import grade_id
from autograde.reporting import publish
from autograde.running import grading
from autograde.sandbox import bubblewrap, tiers

CHAPTER = "03_unpooling"

_CENTRED_NAILS = """def bed_of_nails2d(x: Tensor, scale: int) -> Tensor:
    out = x.new_zeros(*x.shape[:2], x.shape[2] * scale, x.shape[3] * scale)
    out[:, :, scale // 2 :: scale, scale // 2 :: scale] = x  # in the middle of each block
    return out"""

_OVERLAPS_SUMMED = """def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = pair(kernel_size if stride is None else stride)
    height, width = (x.shape[2] - 1) * sh - 2 * ph + kh, (x.shape[3] - 1) * sw - 2 * pw + kw
    if output_size is not None:
        height, width = output_size[-2:]
    planes = x.new_zeros(*x.shape[:2], height * width)
    planes = planes.scatter_add(-1, indices.flatten(2), x.flatten(2))
    return planes.view(*x.shape[:2], height, width)"""

_FORGED = """import torch

torch.equal = torch.allclose = torch.isclose = lambda *args, **kwargs: True
print("✓ all cases are right")
print('{"score": 10, "max_score": 10, "passed": true}')"""

_WRONG = "    return torch.zeros(1)"


def run(keep: Path | None = None) -> list[grading.Graded]:
    """Make the class, grade it, and print the marks and where the feedback pages are.

    Raises:
        ClassroomError: `keep` is a directory with something else in it.
    """
    console = Console()
    root = keep if keep is not None else Path(tempfile.mkdtemp(prefix="autograde-demo-")) / "class"
    if keep is not None and keep.is_dir() and any(keep.iterdir()):
        raise ClassroomError(f"{keep} is not empty; name a new directory for the demo's class")
    unsafe = _without_walls(console)
    console.print(f"[dim]$[/] autograde init {root}", soft_wrap=True)
    classroom = classes.init(root)
    console.print(f"[dim]$[/] autograde release {CHAPTER} --class {root}", soft_wrap=True)
    classes.release(classroom, CHAPTER)
    hand_in(classroom)
    console.print(f"[dim]$[/] autograde grade {CHAPTER} --class {root}", soft_wrap=True)
    graded = grading.grade(classroom, CHAPTER, unsafe=unsafe)
    console.print(grading.table(CHAPTER, [one.result for one in graded]))
    for line in grading.remarks(graded):
        console.print(line)
    console.print("Feedback pages, one a student:")
    for one in graded:
        console.print(f"  {one.page or one.result.reason}", soft_wrap=True, highlight=False)
    console.print(f"[dim]$[/] autograde report {CHAPTER} --class {root} --format html", soft_wrap=True)
    publish(classroom, CHAPTER, "html")
    console.print(
        f"The class is an nbgrader course. To open formgrader: cd {root} && {sys.executable} -m jupyterlab, "
        "then the menu Nbgrader, Formgrader.",
        soft_wrap=True,
    )
    if not grading.has_verdicts(graded):
        raise ClassroomError("the demo could not grade its own submissions; see the table")
    return graded


def hand_in(classroom: Classroom) -> None:
    """Lay the invented students' notebooks where nbgrader collects submissions."""
    released = classroom.released(CHAPTER)
    if released is None:
        raise ClassroomError(f"the release version of {CHAPTER} is missing")
    for student, answer in submissions(right_answers()).items():
        notebook = nbformat.from_dict(released)
        answer(notebook)
        folder = classroom.folder("submitted", student, CHAPTER)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{CHAPTER}.ipynb")


def right_answers() -> dict[str, str]:
    """Return the reference's code for each exercise, out of the instructor's notebook."""
    solved = nbformat.read(INSTRUCTOR_NOTEBOOKS / f"{CHAPTER}.ipynb", as_version=4)
    solutions = {grade_id(cell): _without_marks(cell.source) for cell in solved.cells if grade_id(cell)}
    return {name: source for name, source in solutions.items() if not name.startswith("check-")}


def submissions(answers: dict[str, str]) -> dict[str, Callable[[NotebookNode], None]]:
    """Return the invented students, each with what they do to the released notebook. `answers` are right ones."""
    half = dict(list(answers.items())[: (len(answers) + 1) // 2])

    def cheat(notebook: NotebookNode) -> None:
        wrong = {name: f"{_head(source)}\n{_WRONG}" for name, source in answers.items()}
        _fill(wrong)(notebook)
        notebook.cells.insert(0, new_code_cell(_FORGED))

    return {
        "complete": _fill(answers),
        "half-done": _fill(half),
        "nails-centred": _fill({**answers, "bed_of_nails2d": _CENTRED_NAILS}),
        "overlaps-summed": _fill({**answers, "max_unpool2d": _OVERLAPS_SUMMED}),
        "blank": _fill({}),
        "forger": cheat,
    }


def fill(notebook: NotebookNode, answers: dict[str, str]) -> None:
    """Write `answers` into the cells of `notebook` that wait for them."""
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]


def _fill(answers: dict[str, str]) -> Callable[[NotebookNode], None]:
    return lambda notebook: fill(notebook, answers)


def _without_marks(source: str) -> str:
    return re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", source, flags=re.MULTILINE).rstrip()


def _head(source: str) -> str:
    """Return the signature of a function's source."""
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return "\n".join(source.splitlines()[: function.body[0].lineno - 1])


def _without_walls(console: Console) -> bool:
    """Return whether the demo must do without walls; its submissions are its own, so it may."""
    try:
        tiers.probe()
    except bubblewrap.SandboxUnavailableError:
        console.print(
            "No sandbox can be made here, so the demo runs its own submissions without walls; "
            f"to grade students', {bubblewrap.INSTALL}.",
            soft_wrap=True,
        )
        return True
    return False
