"""What is known of each student who handed a chapter in: marks, result, and the code of each answer.

The code comes from `autograded/`, the mended notebook that was run. It is a stranger's text: to be shown, escaped, and
read as tokens, never run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograde.classroom.directory import Classroom
from autograde.judging.results import ExerciseResult, SubmissionResult
from autograde.reporting.marks import Marks, Row

_NOT_RUN = ("missing", "unreadable", "infrastructure")


@dataclass(frozen=True)
class Paper:
    """One student's work on a chapter."""

    row: Row
    result: SubmissionResult | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()
    """The exercises whose cell stands as it was given out, or is gone."""
    graded: datetime | None = None

    @property
    def student(self) -> str:
        """Who wrote it."""
        return self.row.student

    @property
    def was_run(self) -> bool:
        """Whether there is anything to learn from its marks about the exercises."""
        return self.result is not None and self.row.status not in _NOT_RUN

    def exercise(self, name: str) -> ExerciseResult | None:
        """Return what grading found in one exercise."""
        return self.result.exercises.get(name) if self.result is not None else None

    def share(self, name: str) -> float:
        """Return which share of an exercise's points the gradebook gives."""
        mark = self.row.exercises[name]
        return mark.score / mark.max_score if mark.max_score else 0.0


@dataclass(frozen=True)
class Papers:
    """A chapter's students, whether they handed in or not, and what all of them were given."""

    marks: Marks
    papers: tuple[Paper, ...]
    given: Mapping[str, str]
    ungraded: tuple[str, ...]
    """Who handed in and has no verdict in the gradebook."""

    @property
    def run(self) -> tuple[Paper, ...]:
        """Those whose code was run."""
        return tuple(paper for paper in self.papers if paper.was_run)


def collect(classroom: Classroom, marks: Marks) -> Papers:
    """Read what is kept of each student of `marks`."""
    chapter = marks.chapter
    given = _sources(classroom.root / "release" / chapter / f"{chapter}.ipynb")
    names = list(marks.exercises)
    papers = []
    for row in marks.rows:
        result = classroom.stored(chapter, row.student) if row.status != "missing" else None
        notebook = classroom.folder("autograded", row.student, chapter) / f"{chapter}.ipynb"
        found = _sources(notebook) if result is not None and row.status not in _NOT_RUN else {}
        code = {name: found.get(name, "") for name in names}
        blank = frozenset(name for name in names if code[name].strip() in ("", given.get(name, "").strip()))
        papers.append(Paper(row, result, code, blank, _when(notebook)))
    graded = {row.student for row in marks.rows if row.status != "missing"}
    ungraded = tuple(student for student in classroom.students(chapter) if student not in graded)
    return Papers(marks, tuple(papers), {name: given.get(name, "") for name in names}, ungraded)


def _sources(path: Path) -> dict[str, str]:
    """Return the sources of a notebook's cells by their grade_id; the notebook is nbgrader's copy, or is not there."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
    except (OSError, ValueError, KeyError):
        return {}
    found = {}
    for cell in cells:
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if isinstance(name, str):
            found[name] = "".join(cell.get("source", ""))
    return found


def _when(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except OSError:
        return None
