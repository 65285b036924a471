"""Put results into nbgrader's gradebook and feedback pages, through nbgrader itself and one at a time.

nbgrader reads a mended copy of the notebook, never what was handed in; a submission that could not be read is recorded
on the released notebook, with the reason on top.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode

from autograde.classroom import Classroom, ClassroomError, run_nbgrader
from autograde.results import SubmissionResult

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI


class Recorder:
    """The single writer of a class's gradebook."""

    def __init__(self, classroom: Classroom, chapter: str) -> None:
        self._classroom, self._chapter = classroom, chapter
        self._api: NbGraderAPI = classroom.api()
        self._api.coursedir.submitted_directory = str(self._staging.relative_to(classroom.root))

    @property
    def _staging(self) -> Path:
        return self._classroom.private / "intake"

    def record(self, result: SubmissionResult, notebook: NotebookNode | None) -> Path:
        """Record `result` and write the feedback page; return the page's path.

        Raises:
            ClassroomError: nbgrader refuses; the result is kept beside the gradebook all the same.
        """
        from autograde import nbgrader_plugin

        self._classroom.store(result)
        folder = self._stage(result.student, notebook)
        key = (self._classroom.root, self._chapter, result.student)
        nbgrader_plugin.finished[key] = result
        try:
            student = result.student
            run_nbgrader(self._api.autograde(self._chapter, student), f"record {student}")
            run_nbgrader(self._api.generate_feedback(self._chapter, student), f"write {student}'s feedback")
        finally:
            del nbgrader_plugin.finished[key]
            shutil.rmtree(folder, ignore_errors=True)
        return self.feedback(result.student)

    def feedback(self, student: str) -> Path:
        """Return where a student's feedback page is."""
        return self._classroom.folder("feedback", student, self._chapter) / f"{self._chapter}.html"

    def _stage(self, student: str, notebook: NotebookNode | None) -> Path:
        """Lay a clean submission before nbgrader: the mended notebook, and when it was handed in."""
        if notebook is None:
            notebook = self._classroom.released(self._chapter)
        if notebook is None:
            raise ClassroomError(f"the release version of {self._chapter} is missing; `autograde release` makes it")
        folder = self._staging / student / self._chapter
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{self._chapter}.ipynb")
        stamp = self._classroom.folder("submitted", student, self._chapter) / "timestamp.txt"
        if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 200:
            shutil.copyfile(stamp, folder / stamp.name)
        return folder
