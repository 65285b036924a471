"""The bank, handed in twice: to `autograde grade` and to plain `nbgrader autograde`, side by side."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.judging.results import SubmissionResult
from autograde.running import grading
from autograde.running.grading import Graded
from tests.autograde.conftest import CHAPTER, walls
from tests.autograde.running.test_grading import in_gradebook
from tests.hostile import around, cheats, faults, formats, no_notebooks, notebooks, places, samples, states
from tests.hostile.bank import ENTRIES, SAMPLED, STRAYS, Entry

__all__ = [
    "around", "cheats", "faults", "formats", "no_notebooks", "notebooks", "places", "samples", "states", "walls",
]  # fmt: skip

LIMITS = '\nc.Assess.limits = {"cell": 10.0, "case": 8.0, "exercise": 60.0}\n'


SECRET = "5a" * 32
"""Both classes draw the same hidden cases, in every run: a lucky guess in one of them would look like a difference."""


@dataclass(frozen=True)
class Batch:
    """What came of the whole bank."""

    classroom: Classroom
    results: dict[str, SubmissionResult]
    ours: dict[str, dict[str, float]]
    """The marks in the gradebook after `autograde grade`."""
    theirs: dict[str, dict[str, float]]
    """The marks in the gradebook after `nbgrader autograde`."""
    statuses: dict[str, str]
    """The statuses of the results that our preprocessor stored for nbgrader."""
    said: str
    """What nbgrader said."""
    told: str
    """What `autograde grade` said beside its table."""


def chosen(items: list[pytest.Item]) -> list[Entry]:
    """Return the entries that the tests of this run ask about: with `-k`, not the whole bank is graded."""
    asked = set[str]()
    for item in items:
        given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        one = given.get("entry", given.get("stray"))
        asked |= {one.name} if isinstance(one, Entry) else {str(given.get("name"))}
    return [entry for name, entry in (ENTRIES | STRAYS).items() if name in asked]


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The chapters' notebooks as they are given out."""
    classroom = classes.init(tmp_path_factory.mktemp("given") / "class")
    for chapter in (CHAPTER, *SAMPLED):
        classes.release(classroom, chapter)
    return {chapter: classroom.released_bytes(chapter) or b"" for chapter in (CHAPTER, *SAMPLED)}


def hand_in(root: Path, entries: list[Entry]) -> Classroom:
    classroom = classes.init(root)
    with classroom.configuration.open("a") as file:
        file.write(LIMITS)
    (classroom.private / "secret").write_text(SECRET)
    for chapter in dict.fromkeys(entry.chapter for entry in entries):
        classes.release(classroom, chapter)
    for entry in entries:
        data = classroom.released_bytes(entry.chapter) or b""
        entry.lay(classroom.folder("submitted", entry.name, entry.chapter), data)
    return classroom


@pytest.fixture(scope="session")
def batch(walls: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    entries = chosen(request.session.items)
    chapters = list(dict.fromkeys(entry.chapter for entry in entries))
    ours, theirs = (hand_in(tmp_path_factory.mktemp(who) / "class", entries) for who in ("ours", "theirs"))
    graded, told, log = list[Graded](), io.StringIO(), theirs.root / "nbgrader.log"
    for chapter in chapters:
        with beside(theirs, chapter, log):
            graded += grading.grade(ours, chapter, jobs=1, pages=False, console=Console(file=told, width=1000))
    stored = {entry.name: theirs.stored(entry.chapter, entry.name) for entry in entries}
    return Batch(
        ours, {one.result.student: one.result for one in graded},
        *({who: marks for chapter in chapters for who, marks in in_gradebook(one, chapter).items()} for one in (ours, theirs)),
        {name: one.status for name, one in stored.items() if one is not None}, log.read_text(), told.getvalue(),
    )  # fmt: skip


@contextmanager
def beside(classroom: Classroom, chapter: str, log: Path) -> Iterator[None]:
    """Have plain `nbgrader autograde` grade a chapter meanwhile."""
    commands = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    command = [str(commands / "nbgrader"), "autograde", chapter]
    with log.open("a") as file:
        nbgrader = subprocess.Popen(command, cwd=classroom.root, env=environment, stdout=file, stderr=file)
    try:
        yield
        nbgrader.wait(600)
    finally:
        nbgrader.kill()
        nbgrader.wait()
