"""A class whose submissions are graded once for all tests, and small notebooks to damage."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograde import demo
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.running.grading import Graded
from autograde.sandbox.bubblewrap import INSTALL, SandboxUnavailableError
from autograde.sandbox.tiers import probe

CHAPTER = "03_unpooling"


@pytest.fixture(scope="session")
def walls() -> None:
    """Skip where no sandbox can be made."""
    try:
        probe()
    except SandboxUnavailableError as error:
        pytest.skip(f"{INSTALL}: {error}")


@dataclass(frozen=True)
class Demonstration:
    classroom: Classroom
    graded: list[Graded]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """The class of `autograde demo`, graded."""
    root = tmp_path_factory.mktemp("demo") / "class"
    return Demonstration(Classroom(root.resolve()), demo.run(root))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class with the chapter released and nothing handed in; not to be changed."""
    classroom = classes.init(tmp_path_factory.mktemp("released") / "class")
    classes.release(classroom, CHAPTER)
    return classroom


@pytest.fixture(scope="session")
def answers() -> dict[str, str]:
    """Right answers, by exercise."""
    return demo.right_answers()


@pytest.fixture
def complete(released: Classroom, answers: dict[str, str]) -> NotebookNode:
    """The released notebook with right answers in it."""
    notebook = released.released(CHAPTER)
    assert notebook is not None
    demo.fill(notebook, answers)
    return notebook


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[[Classroom, str, NotebookNode | bytes], Path]:
    def write(classroom: Classroom, student: str, notebook: NotebookNode | bytes) -> Path:
        path = classroom.folder("submitted", student, CHAPTER) / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
        path.write_bytes(data)
        return path

    return write
