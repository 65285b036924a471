"""The bank, handed in twice: to `autograde grade` and to plain `nbgrader autograde`, side by side."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.judging.results import SubmissionResult
from autograde.running import grading
from tests.autograde.conftest import CHAPTER, released, walls
from tests.autograde.running.test_grading import in_gradebook
from tests.hostile import cheats, faults, formats, notebooks, states
from tests.hostile.bank import ENTRIES, Entry

__all__ = ["cheats", "faults", "formats", "notebooks", "released", "states", "walls"]

LIMITS = '\nc.Assess.limits = {"cell": 10.0, "case": 8.0, "exercise": 60.0}\n'


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


def chosen(items: list[pytest.Item]) -> list[Entry]:
    """Return the entries that the tests of this run ask about: with `-k`, not the whole bank is graded."""
    asked = set[str]()
    for item in items:
        given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        asked |= {given["entry"].name} if "entry" in given else {str(given.get("name"))}
    return [entry for name, entry in ENTRIES.items() if name in asked]


def hand_in(root: Path, entries: list[Entry]) -> Classroom:
    classroom = classes.init(root)
    with classroom.configuration.open("a") as file:
        file.write(LIMITS)
    classes.release(classroom, CHAPTER)
    data = classroom.released_bytes(CHAPTER) or b""
    for entry in entries:
        entry.lay(classroom.folder("submitted", entry.name, CHAPTER), data)
    return classroom


@pytest.fixture(scope="session")
def batch(walls: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    entries = chosen(request.session.items)
    ours, theirs = (hand_in(tmp_path_factory.mktemp(who) / "class", entries) for who in ("ours", "theirs"))
    commands = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    log = theirs.root / "nbgrader.log"
    with log.open("w") as file:
        nbgrader = subprocess.Popen(
            [str(commands / "nbgrader"), "autograde", CHAPTER],
            cwd=theirs.root,
            env=environment,
            stdout=file,
            stderr=file,
        )
        try:
            graded = grading.grade(ours, CHAPTER, jobs=1, pages=False)
            nbgrader.wait(600)
        finally:
            nbgrader.kill()
            nbgrader.wait()
    stored = {name: theirs.stored(CHAPTER, name) for name in ENTRIES}
    return Batch(
        ours, {one.result.student: one.result for one in graded}, in_gradebook(ours), in_gradebook(theirs),
        {name: one.status for name, one in stored.items() if one is not None}, log.read_text(),
    )  # fmt: skip
