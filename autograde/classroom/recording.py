"""Put results into nbgrader's gradebook and feedback pages, through nbgrader itself.

One process records, one submission after the other. Pages are read from the gradebook and written by anybody. nbgrader
reads a mended copy of the notebook, never what was handed in; a submission that could not be read is recorded on the
released notebook, with the reason on top.
"""

import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from autograde.classroom.directory import Classroom, ClassroomError, run_nbgrader
from autograde.classroom.gradebook import one_transaction
from autograde.intake.handed_in import RECEIPT, TIMESTAMP, HandedIn
from autograde.judging.results import SubmissionResult

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

Key = tuple[Path, str, str]
"""A class, a chapter and a student."""

finished: dict[Key, SubmissionResult] = {}
"""Results that are being recorded: `autograde.nbgrader_plugin` takes them from here and runs nothing anew."""


class Recorder:
    """The single writer of a class's gradebook."""

    def __init__(self, classroom: Classroom, chapter: str) -> None:
        self._classroom, self._chapter = classroom, chapter
        self._api: NbGraderAPI = classroom.api()
        self._api.coursedir.submitted_directory = str(self._staging.relative_to(classroom.root))
        _trust(self._api.config)
        shutil.rmtree(self._staging, ignore_errors=True)  # what a killed run left

    @property
    def _staging(self) -> Path:
        return self._classroom.private / "intake"

    def record(self, result: SubmissionResult, notebook: bytes | None, handed_in: HandedIn) -> None:
        """Record `result` on the mended `notebook` of what was `handed_in`.

        Doing it again changes nothing; manual marks are kept.

        Raises:
            ClassroomError: nbgrader refuses.
        """
        folder = self._stage(handed_in, notebook)
        key = (self._classroom.root, self._chapter, result.student)
        finished[key] = result
        try:
            with one_transaction(self._api.coursedir.db_url):
                run_nbgrader(
                    self._api.autograde(self._chapter, result.student),
                    f"record {result.student}",
                    f"Look at submitted/{result.student}/{self._chapter}, and grade it again.",
                )
        finally:
            del finished[key]
            shutil.rmtree(folder, ignore_errors=True)

    def _stage(self, handed_in: HandedIn, notebook: bytes | None) -> Path:
        """Lay a clean submission before nbgrader: the mended notebook, and what the exchange noted."""
        if notebook is None:
            notebook = self._classroom.released_bytes(self._chapter)
        if notebook is None:
            raise ClassroomError(f"the release version of {self._chapter} is missing; `autograde release` makes it")
        folder = self._staging / handed_in.student / self._chapter
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / f"{self._chapter}.ipynb").write_bytes(notebook)
        for name, note in ((TIMESTAMP, handed_in.timestamp), (RECEIPT, handed_in.receipt)):
            if note:
                (folder / name).write_bytes(note)
        return folder


def _trust(config: "Config") -> None:
    """Have nbgrader check a notebook that we have mended once, at the end, and not after each of its steps."""
    config.Exporter.optimistic_validation = True
    for steps in (config.Autograde.sanitize_preprocessors, config.Autograde.autograde_preprocessors):
        if isinstance(steps, list):
            steps[:] = [step for step in steps if step != "nbgrader.preprocessors.CheckCellMetadata"]


def page_of(classroom: Classroom, student: str, chapter: str) -> Path:
    """Return where a student's feedback page is."""
    return classroom.folder("feedback", student, chapter) / f"{chapter}.html"


def write_page(classroom: Classroom, chapter: str, student: str) -> None:
    """Write the feedback page of what the gradebook holds.

    Raises:
        ClassroomError: nbgrader refuses.
    """
    api = _api(classroom)
    with one_transaction(api.coursedir.db_url):
        run_nbgrader(api.generate_feedback(chapter, student), f"write {student}'s feedback")


@cache
def _api(classroom: Classroom) -> "NbGraderAPI":
    api = classroom.api()
    api.config.GenerateFeedback.exporter_class = "autograde.feedback.pages.PageExporter"
    api.config.Exporter.optimistic_validation = True
    return api
