"""What a class's nbgrader_config.py puts into nbgrader's autograding: `Mend` first, and `Assess` in place of `Execute`.

So `nbgrader autograde`, formgrader and `autograde grade` give the same marks: nbgrader keeps reading, recording,
penalising and showing, but no student's code runs in its process or in a kernel of its own.
"""

import os
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograde.assessment import assess_notebook, failed
from autograde.classroom import Classroom, ClassroomError, open_class
from autograde.feedback import introduce, write_into
from autograde.intake import mend
from autograde.results import SubmissionResult
from autograde.sandbox import tiers
from autograde.sandbox.limits import Limits
from autograde.work import warm_sandbox
from course.exercises.catalogue import MODULES, of_chapter

finished: dict[tuple[Path, str, str], SubmissionResult] = {}
"""Results that `autograde grade` has already, by class, chapter and student."""

_refused: dict[tuple[Path, str, str], SubmissionResult] = {}
"""What `Mend` will not have run, until `Assess` writes it down."""

_has_warned = False


class Mend(NbGraderPreprocessor):  # type: ignore[misc]
    """Find lost, changed and doubled cells before nbgrader looks for them."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Return the mended notebook."""
        chapter = resources["nbgrader"]["assignment"]
        if chapter not in MODULES:
            return nb, resources
        classroom, student = _classroom(resources), resources["nbgrader"]["student"]
        released = classroom.released(chapter)
        source = Path(resources["metadata"]["path"])
        _leave_out_links(source, classroom.folder("autograded", student, chapter))
        if (source / f"{chapter}.ipynb").is_symlink() and released is not None:  # it may point to the solution
            reason = f"{chapter}.ipynb is a link to another file; the notebook itself must be handed in."
            _refused[classroom.root, chapter, student] = failed(student, chapter, "unreadable", reason)
            nb = released
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
        key = (classroom.root, chapter, student)
        result = finished.get(key) or _refused.pop(key, None)
        if result is None:
            released = classroom.released(chapter)
            warning = "" if self.unsafe else _warning_once()
            if warning:
                self.log.warning(warning)
            sandbox = warm_sandbox(Limits(), self.unsafe)
            result = assess_notebook(nb, student, chapter, classroom.secret, released, sandbox)
            if result.status == "infrastructure":
                raise ClassroomError(result.reason)
            classroom.store(result)
        write_into(nb, result)
        introduce(nb, result)
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


def _classroom(resources: ResourcesDict) -> Classroom:
    """Return the class that nbgrader works on: it does so from within its directory."""
    return open_class(Path.cwd())
