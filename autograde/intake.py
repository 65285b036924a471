"""Read what a student handed in, whatever state it is in, and find in it what is to be run.

Nothing here runs a line of it. A notebook may have lost its metadata on Colab, hold a cell twice, miss a check or be no
notebook at all. Cells are found by nbgrader's `grade_id`, then by the function that they define; what was released
fills the gaps. Every repair is told. What cannot be mended is `UnreadableError`, with the reason.
"""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import nbformat
from nbformat import NotebookNode

from course.exercises.exercise import Exercise

SKIPPED_TAGS = frozenset({"skip-grading", "train", "widget", "setup"})
"""Cells that only install, train, draw or animate are not run."""

_LARGEST = 20 * 2**20  # bytes of a notebook
_MOST_CELLS = 2000


class UnreadableError(Exception):
    """No notebook can be had from what was handed in; the message is the reason."""


@dataclass(frozen=True)
class Submission:
    """A mended notebook: each check cell and each solution cell once, and the code cells to run, in their order."""

    notebook: NotebookNode
    repairs: tuple[str, ...]

    def cells_for(self, exercise: str) -> tuple[str | None, ...]:
        """Return the notebook's cells up to the check of `exercise`: the source of one to run, None for another."""
        return tuple(_to_run(cell) for cell in self.notebook.cells[: self._cut(exercise)])

    def code(self, exercise: str) -> str:
        """Return all code up to the check of `exercise`, for who reads it without running it."""
        return "\n\n".join(cell for cell in self.cells_for(exercise) if cell is not None)

    def _cut(self, exercise: str) -> int:
        """Return where to stop: after the solution and its check, whichever comes later."""
        wanted = {exercise, f"check-{exercise}"}
        places = [number for number, cell in enumerate(self.notebook.cells) if grade_id(cell) in wanted]
        return max(places, default=len(self.notebook.cells) - 1) + 1


def grade_id(cell: NotebookNode) -> str:
    """Return the name under which nbgrader knows `cell`, or ""."""
    marks = cell.metadata.get("nbgrader")
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else ""


def is_check(cell: NotebookNode) -> bool:
    """Return whether `cell` is a graded check."""
    return grade_id(cell).startswith("check-")


def find_notebook(folder: Path, chapter: str) -> tuple[Path, tuple[str, ...]]:
    """Return the notebook in a submission's folder, also when it was renamed, and what was mended.

    Raises:
        UnreadableError: there is none, or more than one that it could be.
    """
    exact = folder / f"{chapter}.ipynb"
    if exact.is_symlink():
        raise UnreadableError(f"{exact.name} is a link to another file; the notebook itself must be handed in")
    if exact.is_file():
        return exact, ()
    others = [path for path in sorted(folder.rglob("*.ipynb")) if _is_candidate(path, folder)]
    if not others:
        raise UnreadableError(f"there is no notebook {chapter}.ipynb")
    if len(others) > 1:
        names = ", ".join(path.name for path in others[:5])
        raise UnreadableError(f"there is no notebook {chapter}.ipynb, and more than one other: {names}")
    return others[0], (f"the notebook was called {others[0].name}",)


def _is_candidate(path: Path, folder: Path) -> bool:
    inside = path.relative_to(folder).parts
    return path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in inside)


def read_bytes(path: Path) -> bytes:
    """Read a notebook's file, unless it is too large for one.

    Raises:
        UnreadableError: it is.
    """
    if path.stat().st_size > _LARGEST:
        raise UnreadableError(f"the notebook has {path.stat().st_size / 2**20:.0f} MB; {_LARGEST // 2**20} are read")
    return path.read_bytes()


def read(data: bytes, exercises: Sequence[Exercise], released: NotebookNode | None = None) -> Submission:
    """Read a notebook of any version and mend it against the one that was released.

    Raises:
        UnreadableError: it is no notebook.
    """
    text, repairs = _decode(data)
    return mend(_parse(text), exercises, released, repairs)


def mend(
    notebook: NotebookNode,
    exercises: Sequence[Exercise],
    released: NotebookNode | None = None,
    repairs: Sequence[str] = (),
) -> Submission:
    """Return `notebook` with each check and each solution cell of `exercises` in it once, as nbgrader expects them."""
    told = list(repairs)
    templates = {grade_id(cell): cell for cell in (released.cells if released else []) if grade_id(cell)}
    _drop_broken_marks(notebook, {*templates, *(x.name for x in exercises), *(f"check-{x.name}" for x in exercises)})
    _retag(notebook, released)
    for exercise in exercises:
        _keep_one(notebook, exercise.name, told, defining=exercise.name)
        _find_solution(notebook, exercise, templates.get(exercise.name), told)
        _keep_one(notebook, f"check-{exercise.name}", told)
        _find_check(notebook, exercise, templates.get(f"check-{exercise.name}"), told)
    return Submission(notebook, tuple(told))


def _decode(data: bytes) -> tuple[str, list[str]]:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"):
        try:
            return data.decode(encoding), [] if encoding != "utf-16" else ["the notebook was encoded as UTF-16"]
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace"), ["the notebook was not encoded as UTF-8"]


def _parse(text: str) -> NotebookNode:
    try:
        raw = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnreadableError(
            "the file is not a notebook: it is not JSON" if text.strip() else "the file is empty"
        ) from None
    if not isinstance(raw, dict) or not ({"cells", "worksheets"} & raw.keys()):
        raise UnreadableError("the file is JSON, but not a notebook")
    try:
        notebook = nbformat.from_dict(raw)
        if raw.get("nbformat") != 4:
            notebook = nbformat.convert(notebook, 4)
        cells = [cell for cell in notebook.cells if _is_cell(cell)]
    except Exception as error:  # nbformat raises what it meets: KeyError, AttributeError, its own
        raise UnreadableError(f"the file is a notebook that cannot be read ({type(error).__name__})") from None
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"the notebook has {len(cells)} cells; at most {_MOST_CELLS} are read")
    return _rebuild(notebook, cells)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw") and "source" in cell


def _rebuild(notebook: NotebookNode, cells: list[NotebookNode]) -> NotebookNode:
    """Return a valid notebook with the same cells: outputs dropped, ids unique, sources text, metadata dicts."""
    makers = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    fresh, seen = nbformat.v4.new_notebook(), set[str]()
    kernelspec = notebook.get("metadata", {}).get("kernelspec") if isinstance(notebook.get("metadata"), dict) else None
    if isinstance(kernelspec, dict) and isinstance(kernelspec.get("name"), str):
        fresh.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for cell in cells:
        source = cell["source"]
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        text = (
            source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""
        )  # JSON can hold half characters
        made = makers[cell["cell_type"]](text)
        made.metadata = _metadata(cell.get("metadata"))
        identity = cell.get("id")
        if isinstance(identity, str) and identity not in seen and identity.replace("-", "").replace("_", "").isalnum():
            made.id = identity[:64]
        seen.add(made.id)
        fresh.cells.append(made)
    return fresh


def _metadata(found: object) -> NotebookNode:
    """Return what grading needs of a cell's metadata: nbgrader's marks and the tags."""
    kept: dict[str, object] = {}
    if isinstance(found, dict):
        if isinstance(found.get("nbgrader"), dict):
            kept["nbgrader"] = found["nbgrader"]
        if isinstance(found.get("tags"), list):
            kept["tags"] = list(dict.fromkeys(tag for tag in found["tags"] if isinstance(tag, str)))
    return nbformat.from_dict(kept)


def _drop_broken_marks(notebook: NotebookNode, known: set[str]) -> None:
    """Take nbgrader's metadata from cells that it does not know, or where it is malformed."""
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader")
        if marks is None:
            continue
        whole = isinstance(marks, dict) and all(isinstance(marks.get(x), bool) for x in ("grade", "solution", "locked"))
        if not whole or grade_id(cell) not in known:
            del cell.metadata["nbgrader"]


def _retag(notebook: NotebookNode, released: NotebookNode | None) -> None:
    """Give cells that were not changed the tags that they were released with."""
    tags = {cell.source.strip(): cell.metadata.get("tags") for cell in (released.cells if released else [])}
    for cell in notebook.cells:
        if not cell.metadata.get("tags") and tags.get(cell.source.strip()):
            cell.metadata["tags"] = list(tags[cell.source.strip()])


def _keep_one(notebook: NotebookNode, name: str, told: list[str], defining: str = "") -> None:
    """Leave the mark `name` on one cell: of several, the last that defines the function, or else the last."""
    places = [cell for cell in notebook.cells if grade_id(cell) == name]
    if len(places) < 2:
        return
    kept = next((cell for cell in reversed(places) if defining and _defines(cell, defining)), places[-1])
    for cell in places:
        if cell is not kept:
            del cell.metadata["nbgrader"]
            if not defining:  # a second check is no code of the student's
                notebook.cells.remove(cell)
    told.append(f"the cell {name} was there {len(places)} times")


def _find_solution(notebook: NotebookNode, exercise: Exercise, template: NotebookNode | None, told: list[str]) -> None:
    """Mark the cell that holds the answer, if none is marked or the marked one is no code any more."""
    marked = next((cell for cell in notebook.cells if grade_id(cell) == exercise.name), None)
    if marked is not None and marked.cell_type == "code":
        marked.metadata["nbgrader"] = _marks(template, exercise.name)
        return
    if marked is not None:  # turned into text: the code is still in it
        number = notebook.cells.index(marked)
        notebook.cells[number] = nbformat.v4.new_code_cell(_without_fence(marked.source), metadata=marked.metadata)
        notebook.cells[number].metadata["nbgrader"] = _marks(template, exercise.name)
        told.append(f"the cell {exercise.name} was no code cell")
        return
    defining = [cell for cell in notebook.cells if _defines(cell, exercise.name) and not grade_id(cell)]
    if defining:
        defining[-1].metadata["nbgrader"] = _marks(template, exercise.name)
        told.append(f"the cell {exercise.name} had lost its metadata")
        return
    told.append(f"the cell {exercise.name} was missing")
    if template is not None:
        _insert(notebook, nbformat.from_dict(template), before=f"check-{exercise.name}")


def _find_check(notebook: NotebookNode, exercise: Exercise, template: NotebookNode | None, told: list[str]) -> None:
    """Put the check cell as it was released where it is, or where it belongs."""
    name, call = f"check-{exercise.name}", f'check("{exercise.name}", {exercise.name})'
    fresh = nbformat.v4.new_code_cell(template.source if template is not None else call)
    fresh.metadata["nbgrader"] = _marks(template, name, exercise.points)
    for number, cell in enumerate(notebook.cells):
        if grade_id(cell) == name:
            if cell.cell_type != "code" or cell.source.strip() != fresh.source.strip():
                told.append(f"the cell {name} had been changed")
            fresh.id = cell.id
            notebook.cells[number] = fresh
            return
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() == fresh.source.strip():
            notebook.cells[number] = fresh
            told.append(f"the cell {name} had lost its metadata")
            return
    told.append(f"the cell {name} was missing")
    _insert(notebook, fresh, after=exercise.name)


def _marks(template: NotebookNode | None, name: str, points: int | None = None) -> NotebookNode:
    """Return nbgrader's metadata of a cell: as released, or as the builder writes it."""
    if template is not None:
        return nbformat.from_dict(dict(template.metadata["nbgrader"]))
    marks: dict[str, object] = {
        "cell_type": "code", "grade": points is not None, "grade_id": name, "locked": points is not None,
        "schema_version": 3, "solution": points is None, "task": False,
    }  # fmt: skip
    return nbformat.from_dict(marks if points is None else {**marks, "points": points})


def _insert(notebook: NotebookNode, cell: NotebookNode, before: str = "", after: str = "") -> None:
    ids = [grade_id(present) for present in notebook.cells]
    if cell.get("id") in {present.id for present in notebook.cells}:
        cell["id"] = nbformat.v4.new_code_cell("").id
    if before and before in ids:
        notebook.cells.insert(ids.index(before), cell)
    elif after and after in ids:
        notebook.cells.insert(ids.index(after) + 1, cell)
    else:
        notebook.cells.append(cell)


def _to_run(cell: NotebookNode) -> str | None:
    tags = set() if grade_id(cell) else set(map(str, cell.metadata.get("tags", [])))
    if cell.cell_type != "code" or is_check(cell) or SKIPPED_TAGS & tags or not cell.source.strip():
        return None
    return str(cell.source)


def _defines(cell: NotebookNode, name: str) -> bool:
    """Return whether a code cell binds `name` at its top level; where it does not parse, whether it seems to."""
    if cell.cell_type != "code":
        return False
    try:
        body = ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return any(line.startswith(f"def {name}(") for line in cell.source.splitlines())
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(x, ast.Name) and x.id == name for x in node.targets):
            return True
    return False


def _without_fence(source: str) -> str:
    """Return the code of a Markdown cell: what stands between ``` marks, or all of it."""
    lines = source.strip().splitlines()
    if len(lines) >= 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return source
