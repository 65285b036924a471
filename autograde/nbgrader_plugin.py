"""The door for nbgrader: with it `nbgrader autograde` and formgrader give the marks of `autograde grade`.

`autograde.classroom.configuration` puts these names into nbgrader's settings.

`find` and `Reader` have nbgrader read what our own intake reads: a renamed notebook, a damaged one, a file that is
none. `Assess` stands in place of `Execute`: nbgrader keeps recording, penalising and showing, but no student's code
runs in its process or in a kernel of its own. `ClearRuns` stands in place of `ClearOutput`: what is released shows its
pictures.
"""

import os
from collections.abc import MutableSequence
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearOutput, NbGraderPreprocessor
from traitlets import Bool, Dict

from autograde.classroom.directory import Classroom, ClassroomError, open_class
from autograde.classroom.recording import Key, finished
from autograde.feedback.cells import introduce, write_into
from autograde.feedback.harmless import disarm
from autograde.intake.handed_in import collect
from autograde.intake.marks import PICTURE_TAG
from autograde.intake.notebook_file import UnreadableError
from autograde.intake.submission import Submission, mended, parse
from autograde.judging.results import SubmissionResult, failed
from autograde.running.work import warm_sandbox
from autograde.sandbox import tiers
from course.exercises.catalogue import CHAPTERS

_refused: dict[Key, SubmissionResult] = {}
"""What `Reader` could not read, until `Assess` writes it down."""

_repairs: dict[Key, tuple[str, ...]] = {}
"""What was mended, until `Assess` writes it down."""

_has_warned = False


def find(assignment: str, student: str, notebooks: MutableSequence[str]) -> None:
    """Have nbgrader take a renamed notebook for the chapter's: its hook before a submission is converted."""
    if assignment in CHAPTERS and notebooks:
        wanted = str(Path(notebooks[0]).with_name(f"{assignment}.ipynb"))
        if wanted not in notebooks:
            notebooks.append(wanted)  # nbgrader passes over those that it did not release


class ClearRuns(ClearOutput):  # type: ignore[misc]
    """Clears what running left in a notebook, and keeps the pictures that are part of the chapter."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Return the cell without its outputs, unless it shows a picture."""
        if PICTURE_TAG in cell.metadata.get("tags", []):
            return cell, resources
        cleared: tuple[NotebookNode, ResourcesDict] = super().preprocess_cell(cell, resources, cell_index)
        return cleared


class Reader(NotebookExporter):  # type: ignore[misc]
    """Reads what a student handed in as `autograde grade` does; everything else as nbgrader does."""

    def from_filename(
        self, filename: str, resources: ResourcesDict | None = None, **more: object
    ) -> tuple[str, ResourcesDict]:
        """Return the converted notebook; where none can be read, the released one, which `Assess` gives no marks."""
        names = (resources or {}).get("nbgrader", {})
        chapter, student = names.get("assignment", ""), names.get("student", "")
        folder = Path(filename).parent
        converted: tuple[str, ResourcesDict]
        if resources is not None and chapter in CHAPTERS and names.get("notebook") == chapter:
            classroom = _classroom()
            key, copies = (classroom.root, chapter, student), classroom.folder("autograded", student, chapter)
            if key not in finished and folder.resolve() != copies:
                resources["metadata"] = ResourcesDict(name=chapter, path=str(folder), modified_date="")
                _leave_out_links(folder, copies)
                converted = self.from_notebook_node(self._read(folder, key, classroom), resources, **more)
                return converted
        converted = super().from_filename(filename, resources, **more)
        return converted

    def _read(self, folder: Path, key: Key, classroom: Classroom) -> NotebookNode:
        _, chapter, student = key
        released = classroom.released_bytes(chapter)
        if released is None:
            raise ClassroomError(f"the release version of {chapter} is missing; `autograde release` makes it")
        try:
            submission = mended(
                collect(folder, student, chapter, classroom.root / "release" / chapter), chapter, released
            )
        except UnreadableError as error:
            self.log.warning("%s: %s", student, error)
            _refused[key] = failed(student, chapter, "unreadable", str(error))
            return parse(released)
        for repair in submission.repairs:
            self.log.warning("%s: %s", student, repair)
        _repairs[key] = submission.repairs
        return submission.notebook


class Assess(NbGraderPreprocessor):  # type: ignore[misc]
    """Have the submission run in a sandbox, judge it here, and write marks and messages into its check cells."""

    unsafe = Bool(False, help="Run students' code without walls, with your own rights.").tag(config=True)
    limits = Dict(help="Limits that differ from the usual ones, such as {'cell': 60.0}: see Limits.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook with a result in each check cell."""
        names = resources["nbgrader"]
        chapter, student = names["assignment"], names["student"]
        if chapter not in CHAPTERS:
            raise ClassroomError(f"{chapter} is no chapter of the course; grade it in a class of its own")
        classroom = _classroom()
        key = (classroom.root, chapter, student)
        repairs = _repairs.pop(key, ())
        result = finished.get(key) or _refused.pop(key, None)
        if result is None:
            from autograde.judging.assessment import assess

            warning = "" if self.unsafe else _warning_once()
            if warning:
                self.log.warning(warning)
            sandbox = warm_sandbox(chapter, classroom.limits(), self.unsafe)
            result = assess(Submission(nb, repairs), student, chapter, classroom.secret, sandbox)
            if result.status == "infrastructure":
                raise ClassroomError(result.reason)
        if key not in finished:
            classroom.store(result)
        write_into(nb, result)
        introduce(nb, result)
        disarm(nb, classroom.released_bytes(chapter))
        return nb, resources


def _warning_once() -> str:
    """Return what is weaker in this machine's walls, the first time that one asks."""
    global _has_warned
    warning, _has_warned = "" if _has_warned else tiers.probe().warning, True
    return warning


def _leave_out_links(handed_in: Path, copies: Path) -> None:
    """Take away what nbgrader copied by following a link of a student's: it may be the gradebook."""
    for place, _, names in os.walk(handed_in):
        for path in (Path(place, name) for name in names):
            if path.is_symlink():
                (copies / path.relative_to(handed_in)).unlink(missing_ok=True)


def _classroom() -> Classroom:
    """Return the class that nbgrader works on: it does so from within its directory."""
    return open_class(Path.cwd())
