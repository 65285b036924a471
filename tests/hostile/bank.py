"""The bank of hostile submissions: what makes an entry, and the notebook that entries change.

To add one, write a function in `formats.py`, `notebooks.py`, `faults.py` or `cheats.py`:

    @honest
    def the_helper_has_a_cell_of_its_own(book):
        \"""A helper stands in a cell of its own above the answer.\"""
        book.above("max_unpool2d", "def my_pair(x): return (x, x)")

It gets the released notebook with right answers in it, and changes it. It may return the file's bytes instead, or a
folder: a dictionary of names and what is there, bytes or something that makes a thing of another kind at a path.
`@honest` earns full marks; `@faulty(max_unpool2d=0)` and `@cheating(max_unpool2d=0)` full marks but for what they
name, `everything=0` nothing at all; a pair stands for a mark between the two. `status` is `ok` where none is given.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autograde import demo
from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER

NAME = f"{CHAPTER}.ipynb"
POINTS = {exercise.name: float(exercise.points) for exercise in of_chapter(CHAPTER)}
NAMES = tuple(POINTS)

Thing = bytes | Callable[[Path], object]
Made = bytes | dict[str, Thing] | None
Mark = float | tuple[float, float]
Kind = Literal["honest", "faulty", "cheating"]


class Book:
    """A notebook as JSON, with right answers, to be changed."""

    def __init__(self, released: bytes, answered: bool = True) -> None:
        self.json = json.loads(released)
        self.released = released
        self.answers = demo.right_answers()
        for name, source in self.answers.items() if answered else ():
            self[name]["source"] = source

    @property
    def cells(self) -> list[dict[str, object]]:
        return self.json["cells"]

    def __getitem__(self, name: str) -> dict[str, object]:
        """Return the cell that nbgrader knows as `name`."""
        return next(cell for cell in self.cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)

    def __setitem__(self, name: str, cell: dict[str, object]) -> None:
        self.cells[self.place(name)] = cell

    def place(self, name: str) -> int:
        cell = self[name]
        return next(number for number, one in enumerate(self.cells) if one is cell)

    def answer(self, name: str, source: str) -> None:
        self[name]["source"] = source

    def top(self, source: str) -> None:
        self.cells.insert(0, code(source))

    def bottom(self, source: str) -> None:
        self.cells.append(code(source))

    def above(self, name: str, source: str) -> None:
        self.cells.insert(self.place(name), code(source))

    def below(self, name: str, source: str) -> None:
        self.cells.insert(self.place(name) + 1, code(source))

    def remove(self, name: str) -> None:
        del self.cells[self.place(name)]

    def imports(self) -> dict[str, object]:
        """Return the cell that imports what the chapter needs."""
        return next(cell for cell in self.cells if "import torch.nn.functional" in "".join(cell["source"]))

    def blank(self) -> bytes:
        return self.released

    def bytes(self) -> bytes:
        return json.dumps(self.json).encode()


def code(source: str, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


@dataclass(frozen=True)
class Entry:
    """One submission, what it is, and what it deserves."""

    name: str
    says: str
    kind: Kind
    make: Callable[[Book], Made]
    marks: Mapping[str, Mark]
    status: str
    as_whole: bool = False
    """Whether the code to run is that of the undamaged notebook, letter by letter."""
    nbgrader: str = ""
    """Why plain `nbgrader autograde` gives no verdict on it, where it gives none."""
    told: str = ""
    """What the list of repairs must say."""

    def lay(self, folder: Path, released: bytes) -> None:
        """Write the submission into `folder`."""
        book = Book(released)
        made = self.make(book)
        things = made if isinstance(made, dict) else {NAME: book.bytes() if made is None else made}
        folder.mkdir(parents=True, exist_ok=True)
        for name, thing in things.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(thing, bytes):
                path.write_bytes(thing)
            else:
                thing(path)


ENTRIES: dict[str, Entry] = {}


@dataclass(frozen=True)
class _Deserves:
    kind: Kind
    status: str = "ok"
    options: Mapping[str, object] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def __call__(self, make: Callable[[Book], Made]) -> Callable[[Book], Made]:
        name, says = make.__name__.replace("_", "-"), (make.__doc__ or "").strip()
        assert says, f"{name} needs a sentence that says what it is"
        assert name not in ENTRIES, f"two entries are called {name}"
        marks = {exercise: self.marks.get("everything", points) for exercise, points in POINTS.items()}
        marks |= {exercise: mark for exercise, mark in self.marks.items() if exercise != "everything"}
        assert marks.keys() == POINTS.keys()
        ENTRIES[name] = Entry(name, says, self.kind, make, marks, self.status, **self.options)  # type: ignore[arg-type]
        return make


def honest(make: Callable[[Book], Made]) -> Callable[[Book], Made]:
    """Full marks."""
    return _Deserves("honest")(make)


def mended(told: str = "", as_whole: bool = False, nbgrader: str = "") -> _Deserves:
    """Full marks, after a repair that is told."""
    return _Deserves("honest", options={"told": told, "as_whole": as_whole, "nbgrader": nbgrader})


def faulty(status: str = "ok", nbgrader: str = "", **marks: Mark) -> _Deserves:
    """Full marks but for what is wrong."""
    return _Deserves("faulty", status, {"nbgrader": nbgrader}, marks)


def unreadable(told: str, nbgrader: str = "") -> _Deserves:
    """No marks, and a reason that holds the words `told`."""
    return _Deserves("faulty", "unreadable", {"told": told, "nbgrader": nbgrader}, {"everything": 0})


def cheating(status: str = "ok", nbgrader: str = "", **marks: Mark) -> _Deserves:
    """No marks for what is cheated."""
    return _Deserves("cheating", status, {"nbgrader": nbgrader}, marks)
