"""What a class's nbgrader_config.py puts into nbgrader's autograding: `Mend` first, and `Assess` in place of `Execute`.

So `nbgrader autograde`, formgrader and `autograde grade` give the same marks: nbgrader keeps reading, recording,
penalising and showing, but no student's code runs in its process or in a kernel of its own.
"""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograde.assessment import assess_notebook
from autograde.classroom import Classroom, ClassroomError, open_class
from autograde.feedback import introduce, write_into
from autograde.intake import mend
from autograde.results import SubmissionResult
from autograde.sandbox.limits import Limits
from autograde.work import warm_sandbox
from course.exercises.catalogue import MODULES, of_chapter

finished: dict[tuple[Path, str, str], SubmissionResult] = {}
"""Results that `autograde grade` has already, by class, chapter and student."""


class Mend(NbGraderPreprocessor):  # type: ignore[misc]
    """Find lost, changed and doubled cells before nbgrader looks for them."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the mended notebook."""
        chapter = resources["nbgrader"]["assignment"]
        if chapter not in MODULES:
            return nb, resources
        released = _classroom(resources).released(chapter)
        submission = mend(nb, of_chapter(chapter), released)
        for repair in submission.repairs:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], repair)
        return submission.notebook, resources


class Assess(NbGraderPreprocessor):  # type: ignore[misc]
    """Have the submission run in a sandbox, judge it here, and write marks and messages into its check cells."""

    unsafe = Bool(False, help="Run students' code without walls, with your own rights.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the notebook with a result in each check cell."""
        names = resources["nbgrader"]
        chapter, student = names["assignment"], names["student"]
        if chapter not in MODULES:
            raise ClassroomError(f"{chapter} is no chapter of the course; grade it in a class of its own")
        classroom = _classroom(resources)
        result = finished.get((classroom.root, chapter, student))
        if result is None:
            released = classroom.released(chapter)
            sandbox = warm_sandbox(Limits(), self.unsafe)
            result = assess_notebook(nb, student, chapter, classroom.secret, released, sandbox)
            if result.status == "infrastructure":
                raise ClassroomError(result.reason)
            classroom.store(result)
        write_into(nb, result)
        introduce(nb, result)
        return nb, resources


def _classroom(resources: ResourcesDict) -> Classroom:
    """Return the class that nbgrader works on: it does so from within its directory."""
    return open_class(Path.cwd())
