"""What of a class is finished: a note beside the gradebook of what was recorded there, and of whose page is written.

A note is written after the thing that it tells of, whole or not at all. A run that is killed in between does that thing
once more, which changes nothing: recording and writing a page can be repeated.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from autograde.classroom.directory import Classroom, ClassroomError
from autograde.classroom.recording import page_of
from autograde.intake.handed_in import HandedIn
from autograde.judging.fingerprint import number_of
from autograde.judging.results import write_private


class Note(BaseModel):
    """The numbers of what the gradebook holds and of what the feedback page shows; "" for nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recorded: str = ""
    page: str = ""


class Ledger:
    """The notes on one chapter of a class."""

    def __init__(self, classroom: Classroom, chapter: str) -> None:
        self._classroom, self._chapter = classroom, chapter
        self._folder = classroom.private / "finished" / chapter
        self._known, due = _gradebook(classroom, chapter)
        source = classroom.root / "source" / chapter / f"{chapter}.ipynb"
        self._settings = (due.encode(), *map(Path.read_bytes, (classroom.configuration, source)))

    def number(self, fingerprint: str, handed_in: HandedIn) -> str:
        """Return the number of all that the record of a result depends on: late penalties and points too."""
        return number_of(fingerprint.encode(), handed_in.timestamp, handed_in.receipt, *self._settings)

    def is_recorded(self, student: str, number: str) -> bool:
        """Return whether the gradebook holds this very record; it may have been emptied since the note."""
        autograded = self._classroom.folder("autograded", student, self._chapter) / f"{self._chapter}.ipynb"
        return student in self._known and self._note(student).recorded == number and autograded.is_file()

    def has_page(self, student: str) -> bool:
        """Return whether the feedback page shows what is recorded."""
        note = self._note(student)
        return note.page == note.recorded and page_of(self._classroom, student, self._chapter).is_file()

    @contextmanager
    def recording(self, student: str, number: str) -> Iterator[None]:
        """Note that the record is written when the body is done; killed within, there is no note at all."""
        (self._folder / f"{student}.json").unlink(missing_ok=True)
        yield
        self._known.add(student)
        self._write(student, Note(recorded=number))

    def wrote_page(self, student: str) -> None:
        """Note that the page of what is recorded is written."""
        number = self._note(student).recorded
        self._write(student, Note(recorded=number, page=number))

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


def _gradebook(classroom: Classroom, chapter: str) -> tuple[set[str], str]:
    """Return whose submission the gradebook holds, and when the chapter is due."""
    from nbgrader.api import MissingEntry

    with classroom.api().gradebook as gradebook:
        try:
            due = str(gradebook.find_assignment(chapter).duedate)
        except MissingEntry:
            return set(), ""
        return {submission["student"] for submission in gradebook.submission_dicts(chapter)}, due
