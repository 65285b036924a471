"""What grading finds, as data that is stored, reported and put into nbgrader's gradebook."""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Status = Literal["ok", "timeout", "out of memory", "crashed", "tampered", "unreadable", "infrastructure", "missing"]
"""How a submission fared, apart from its marks. `ok` says that all of it could be run and read, `tampered` that it
forged what the sandbox says to the grader; what an honest mistake can bring about as well is never called that."""

SEVERITY: tuple[Status, ...] = ("ok", "crashed", "out of memory", "timeout", "tampered", "unreadable", "infrastructure")
"""From harmless to grave: the status of a submission is the gravest of its exercises."""


def clean(text: str) -> str:
    """Return `text` without what harms a terminal, a database or a file: control characters and half characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(sign for sign in whole if sign >= " " or sign in "\n\t").replace("\x7f", "")


Text = Annotated[str, AfterValidator(clean)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseResult(_Model):
    """One case: its name, whether it is right, and a sentence where not. A hidden case tells no more than its kind."""

    name: str
    passed: bool
    message: Text = ""
    hidden: bool = False


class ExerciseResult(_Model):
    """What one exercise earned and why. `passed` says that every case is right."""

    score: float
    max_score: float
    passed: bool
    status: Status = "ok"
    message: Text = ""
    diagnosis: Text = ""
    cases: tuple[CaseResult, ...] = ()
    picture: Text = ""
    """The report on the public cases as HTML, every text of the student's escaped."""
    hints: tuple[str, ...] = ()
    """The exercise's own, where something is wrong."""
    seconds: float = 0.0
    """How long its cells and its cases took together."""


class SubmissionResult(_Model):
    """What one submission earned. `reason` says why it is not `ok`, `repairs` what was mended before it was run."""

    student: str
    chapter: str
    status: Status
    exercises: dict[str, ExerciseResult]
    reason: Text = ""
    repairs: tuple[Text, ...] = ()
    output: Text = ""
    """The last that the cells printed."""
    failures: dict[str, Text] = {}
    """What cells raised, by the cell's place in the notebook."""
    tier: str = ""
    """Which walls it was run in."""
    seconds: float = 0.0
    """How long that took."""
    fingerprint: str = ""
    """What the result depends on, as one number: see `autograde.judging.fingerprint`."""

    @property
    def score(self) -> float:
        """The marks of all exercises together."""
        return round(sum(exercise.score for exercise in self.exercises.values()), 2)

    @property
    def max_score(self) -> float:
        """The marks that could be had."""
        return round(sum(exercise.max_score for exercise in self.exercises.values()), 2)

    @property
    def diagnosis(self) -> str:
        """The first thing to tell the student."""
        told = (f"{name}: {one.diagnosis or one.message}" for name, one in self.exercises.items() if not one.passed)
        return self.reason or next(told, "")


def failed(student: str, chapter: str, status: str, reason: str) -> SubmissionResult:
    """Return the result of a submission of which nothing could be run."""
    from course.exercises.catalogue import of_chapter

    nothing = {
        exercise.name: ExerciseResult(score=0, max_score=exercise.points, passed=False, message=reason)
        for exercise in of_chapter(chapter)
    }
    return SubmissionResult.model_validate(
        {"student": student, "chapter": chapter, "status": status, "exercises": nothing, "reason": reason}
    )


def gravest(statuses: list[Status]) -> Status:
    """Return the gravest of `statuses`."""
    return max(statuses, key=SEVERITY.index, default="ok")


def write_private(path: Path, text: str) -> None:
    """Write `text` where only the owner reads it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(beside).replace(path)
