"""What of a class is finished: a note beside the gradebook of what was recorded there, and of whose page is written.

A note is written after the thing that it tells of, whole or not at all. A run that is killed in between does that thing
once more, which changes nothing: recording and writing a page can be repeated.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.recording import page_of
from autograde.intake.handed_in import HandedIn
from autograde.judging.fingerprint import number_of
from autograde.judging.results import write_private


class Note(BaseModel):
    """The numbers of what was recorded, of the record that the feedback page shows, and of the marks on it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recorded: str = ""
    page: str = ""
    marks: str = ""


class Ledger:
    """The notes on one chapter of a class."""

    def __init__(self, classroom: Classroom, chapter: str) -> None:
        self._classroom, self._chapter = classroom, chapter
        self._folder = classroom.private / "finished" / chapter
        self._standing, due = _gradebook(classroom, chapter)
        self._known = set(self._standing)
        source = classroom.root / "source" / chapter / f"{chapter}.ipynb"
        self._settings = (due.encode(), *map(Path.read_bytes, (classroom.configuration, source)))

    def number(self, fingerprint: str, handed_in: HandedIn) -> str:
        """Return the number of all that the record of a result depends on: late penalties and points too."""
        standing = self._standing.get(handed_in.student, _Standing())
        extension = standing.extension.encode()
        return number_of(fingerprint.encode(), handed_in.timestamp, handed_in.receipt, extension, *self._settings)

    def is_recorded(self, student: str, number: str) -> bool:
        """Return whether the gradebook holds this very record; it may have been emptied since the note."""
        autograded = self._classroom.folder("autograded", student, self._chapter) / f"{self._chapter}.ipynb"
        return student in self._known and self._note(student).recorded == number and autograded.is_file()

    def has_page(self, student: str) -> bool:
        """Return whether the feedback page shows what is recorded, and the marks that the gradebook holds now."""
        note, standing = self._note(student), self._standing.get(student, _Standing())
        shows = note.page == note.recorded and note.marks == standing.marks
        return shows and page_of(self._classroom, student, self._chapter).is_file()

    def recorded(self) -> list[str]:
        """Return whose submission the gradebook holds."""
        return sorted(self._known)

    @contextmanager
    def recording(self, student: str, number: str) -> Iterator[None]:
        """Note that the record is written when the body is done; killed within, there is no note at all."""
        (self._folder / f"{student}.json").unlink(missing_ok=True)
        yield
        self._known.add(student)
        self._write(student, Note(recorded=number))

    def wrote_page(self, student: str) -> None:
        """Note that the page of what is recorded is written. With which marks, `note_marks` says."""
        number = self._note(student).recorded
        self._write(student, Note(recorded=number, page=number))

    def note_marks(self, students: Iterable[str]) -> None:
        """Note with which marks the pages of these students were written: those of the gradebook as it is now."""
        self._standing, _ = _gradebook(self._classroom, self._chapter)
        for student in students:
            if student in self._standing:
                note = self._note(student)
                self._write(student, note.model_copy(update={"marks": self._standing[student].marks}))

    def _note(self, student: str) -> Note:
        try:
            return Note.model_validate_json((self._folder / f"{student}.json").read_bytes())
        except (OSError, ValueError):
            return Note()

    def _write(self, student: str, note: Note) -> None:
        write_private(self._folder / f"{student}.json", note.model_dump_json() + "\n")


@contextmanager
def sole_writer(classroom: Classroom) -> Iterator[None]:
    """Own the gradebook of a class, as one grader at a time may; death gives it back.

    Raises:
        ClassroomError: another grader owns it.
    """
    with (classroom.private / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(100).strip() or "another process"
            raise ClassroomError(f"{who} is grading this class; wait for it or stop it") from None
        except OSError:  # a network file system without locks: nothing to hold on to
            pass
        file.truncate(0)
        file.write(f"process {os.getpid()} on {os.uname().nodename}")
        file.flush()
        yield


@dataclass(frozen=True)
class _Standing:
    """What the gradebook says of one submission: marks and comments as one number, and by how much it may be late."""

    marks: str = ""
    extension: str = ""


def _gradebook(classroom: Classroom, chapter: str) -> tuple[dict[str, _Standing], str]:
    """Return whose submission the gradebook holds and how it stands there, and when the chapter is due."""
    from nbgrader.api import Comment, Grade, MissingEntry, SubmittedAssignment, SubmittedNotebook

    with classroom.api().gradebook as gradebook:
        try:
            assignment = gradebook.find_assignment(chapter)
        except MissingEntry:
            return {}, ""
        lines: dict[str, list[str]] = {}
        extensions: dict[str, str] = {}
        parts = (
            (Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.extra_credit),
            (Comment.cell_id, Comment.auto_comment, Comment.manual_comment),
        )
        for columns in parts:
            asked = gradebook.db.query(SubmittedAssignment.student_id, *columns).select_from(columns[0].class_)
            asked = asked.join(SubmittedNotebook, columns[0].class_.notebook_id == SubmittedNotebook.id)
            asked = asked.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            for student, *values in asked.filter(SubmittedAssignment.assignment_id == assignment.id):
                lines.setdefault(student, []).append(repr(values))
        for submission in gradebook.assignment_submissions(chapter):
            student = submission.student_id
            extensions[student] = str(submission.extension or "")
            penalties = [one.late_submission_penalty for one in submission.notebooks]
            lines.setdefault(student, []).append(repr(penalties))
        standing = {
            student: _Standing(number_of(*(line.encode() for line in sorted(said))), extensions.get(student, ""))
            for student, said in lines.items()
        }
        return standing, str(assignment.duedate)
