"""What an instructor's source version of a chapter holds: what cannot be graded, in words, and a part of it."""

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograde.intake.marks import grade_id
from course.exercises.catalogue import of_chapter


def trouble(path: Path, chapter: str) -> str:
    """Return a sentence on the cells that would have no marks, or a 0 for everybody, or ""."""
    cells = nbformat.read(path, as_version=4).cells
    names, there = {one.name for one in of_chapter(chapter)}, [grade_id(cell) for cell in cells]
    strange = [
        grade_id(cell)
        for cell in cells
        if _marks(cell).get("grade") and not _marks(cell).get("solution") and cell.cell_type == "code"
        and grade_id(cell).removeprefix("check-") not in names
    ]  # fmt: skip
    if strange:
        return (
            f"{path} has cells that nobody could grade, since only the course's own checks are run: "
            f"{', '.join(strange)}; give them no points, or have them marked by hand (manually graded answer or task)"
        )
    for one in sorted(names):
        if (f"check-{one}" in there) != (one in there):
            return f"{path} has only one of the cells {one} and check-{one}; put the other back, or take both away"
    return ""


def shorten(path: Path, chapter: str, exercises: Sequence[str]) -> None:
    """Leave of the exercises of the notebook at `path` those that are named, each with its task and its check.

    Raises:
        ValueError: there is no such exercise in it; the message is a sentence.
    """
    notebook = nbformat.read(path, as_version=4)
    there = {grade_id(cell) for cell in notebook.cells}
    names = [one.name for one in of_chapter(chapter) if one.name in there]
    unknown = [one for one in exercises if one not in names]
    if unknown:
        raise ValueError(
            f"{chapter} has no exercise {', '.join(unknown)} here; it has {', '.join(names)}, and once {path} is taken "
            "away a release starts from the whole chapter again"
        )
    gone = {name for name in names if name not in exercises}
    taken = {f"{kind}{name}" for name in gone for kind in ("", "check-", "task-")}
    notebook.cells = [
        cell for cell in notebook.cells if grade_id(cell) not in taken and str(cell.get("id", "")) not in taken
    ]
    nbformat.write(notebook, path)


def points_of(path: Path) -> dict[str, float]:
    """Return what each graded cell of a notebook counts, by its grade_id; of one that is not there, nothing."""
    if not path.is_file():
        return {}
    marks = [(grade_id(cell), _marks(cell)) for cell in nbformat.read(path, as_version=4).cells]
    return {name: float(str(one.get("points") or 0)) for name, one in marks if one.get("grade") or one.get("task")}


def describe(path: Path, chapter: str) -> list[str]:
    """Return sentences on what a released notebook is graded for."""
    cells = nbformat.read(path, as_version=4).cells
    checks = {one.name: one for one in of_chapter(chapter)}
    points = points_of(path)
    run = [name for name in checks if f"check-{name}" in points]
    left_out = [name for name in checks if name not in run]
    by_hand = [
        grade_id(cell)
        for cell in cells
        if _marks(cell).get("task") or (_marks(cell).get("grade") and _marks(cell).get("solution"))
    ]
    said = [f"{len(run)} exercises for {sum(points[f'check-{name}'] for name in run):g} points"]
    changed = [
        f"{name} ({points[f'check-{name}']:g} in the place of {checks[name].points:g})"
        for name in run
        if points[f"check-{name}"] != checks[name].points
    ]
    said += [f"other points for {', '.join(changed)}"] if changed else []
    said += [f"without {', '.join(left_out)}"] if left_out else []
    said += [f"marked by hand: {', '.join(f'{name} ({points[name]:g})' for name in by_hand)}"] if by_hand else []
    return said


def _marks(cell: NotebookNode) -> dict[str, object]:
    marks: dict[str, object] = cell.metadata.get("nbgrader", {})
    return marks
