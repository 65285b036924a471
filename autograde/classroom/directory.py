"""A class: an ordinary nbgrader course directory, and in it a private folder with the secret of its hidden cases."""

import hashlib
import os
import re
import secrets
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograde.classroom import configuration
from autograde.classroom.setup_cell import installs_from
from autograde.classroom.submitted import Survey, survey
from autograde.judging.results import SubmissionResult, write_private

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from autograde.sandbox.limits import Limits

INSTRUCTOR_NOTEBOOKS = Path(__file__).resolve().parents[2] / "solutions" / "notebooks"


class ClassroomError(Exception):
    """What was asked cannot be done with this class; the message says why, and what to do."""


@dataclass(frozen=True)
class Classroom:
    """A class at `root`, an absolute path."""

    root: Path

    @property
    def private(self) -> Path:
        """Where the secret and the results lie; readable by the owner alone."""
        return self.root / ".autograde"

    @property
    def configuration(self) -> Path:
        """What nbgrader is told of this class."""
        return self.root / "nbgrader_config.py"

    @property
    def is_of_an_earlier_version(self) -> bool:
        """Whether nbgrader is told of this class what an earlier version of this grader wanted it told."""
        text = self.configuration.read_text(encoding="utf-8", errors="replace")
        ours = configuration.IMPORT in text and configuration.CALL in text
        return text.startswith(configuration.MARK) and not ours

    @property
    def secret(self) -> str:
        """What the hidden cases of this class are drawn with."""
        return (self.private / "secret").read_text().strip()

    def folder(self, step: str, student: str, chapter: str) -> Path:
        """Return a directory of nbgrader's, such as submitted/<student>/<chapter>."""
        return self.root / step / student / chapter

    def students(self, chapter: str) -> list[str]:
        """Return who handed in `chapter`."""
        return list(self.survey(chapter).students)

    def survey(self, chapter: str) -> Survey:
        """Return who handed in `chapter`, and what under `submitted/` may have been meant to be it and is not."""
        from course.exercises.catalogue import CHAPTERS

        return survey(self.root / "submitted", chapter, CHAPTERS)

    def released(self, chapter: str) -> "NotebookNode | None":
        """Return the notebook that students were given, or None."""
        import nbformat

        data = self.released_bytes(chapter)
        return None if data is None else nbformat.reads(data.decode(), as_version=4)

    def released_bytes(self, chapter: str) -> bytes | None:
        """Return the file of the notebook that students were given, or None."""
        path = self.root / "release" / chapter / f"{chapter}.ipynb"
        return path.read_bytes() if path.exists() else None

    def store(self, result: SubmissionResult) -> None:
        """Keep a result beside the gradebook, which has no place for its cases and diagnosis."""
        write_private(self._stored(result.chapter, result.student), result.model_dump_json(indent=1) + "\n")

    def stored(self, chapter: str, student: str) -> SubmissionResult | None:
        """Return the kept result of a submission, if there is a readable one."""
        try:
            return SubmissionResult.model_validate_json(self._stored(chapter, student).read_bytes())
        except (OSError, ValueError):
            return None

    def news(self, chapter: str) -> list[str]:
        """Return who handed in `chapter` and of whom no result is kept."""
        return [student for student in self.students(chapter) if not self._stored(chapter, student).exists()]

    def _stored(self, chapter: str, student: str) -> Path:
        return self.private / "results" / chapter / f"{student}.json"

    def limits(self) -> "Limits":
        """Return how much a submission may take: the usual, but for what `c.Assess.limits` says."""
        from autograde.sandbox.limits import Limits

        changed = self._configured().get("Assess", {}).get("limits", {})
        try:
            return Limits(**changed)
        except TypeError:
            known = ", ".join(Limits.__dataclass_fields__)
            raise ClassroomError(f"c.Assess.limits in {self.configuration} is {changed}; it may hold {known}") from None

    def installs_from(self) -> str:
        """Return where a released notebook gets the course, as `c.Release.install_from` says, or an empty text."""
        source = self._configured().get("Release", {}).get("install_from", "")
        if not isinstance(source, str):
            raise ClassroomError(f"c.Release.install_from in {self.configuration} is {source!r}; it is to be a text")
        return source

    def _configured(self) -> "Config":
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        return Config(PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config())

    def api(self) -> "NbGraderAPI":
        """Return nbgrader's own programming interface to this class, configured by the class's nbgrader_config.py."""
        _find_alembic()
        # nbgrader's way with its database makes SQLAlchemy warn of what a user cannot mend.
        warnings.filterwarnings("ignore", module=r"nbgrader\.api")
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        config = self._configured()
        config.CourseDirectory.root = str(self.root)
        directory = CourseDirectory(config=config)
        api = NbGraderAPI(directory, config=config)
        api.log.setLevel("ERROR")
        return api


def init(directory: Path) -> Classroom:
    """Make a class in `directory`, which must be new, empty, or a class already.

    Of a class that an earlier version made, the configuration is written anew, and the old one kept beside it.

    Raises:
        ClassroomError: there is something else in it.
    """
    root = directory.resolve()
    if root.exists() and not root.is_dir():
        raise ClassroomError(f"{directory} is a file; name a directory for the class")
    classroom = Classroom(root)
    if _is_class(root):
        if classroom.is_of_an_earlier_version:
            text = classroom.configuration.read_text(encoding="utf-8", errors="replace")
            said = re.search(r"""^c\.CourseDirectory\.course_id = ["'](.*)["']""", text, re.MULTILINE)
            shutil.copyfile(classroom.configuration, root / "nbgrader_config.old.py")
            _configure(classroom, said[1] if said else _course_id(root))
        return classroom
    if root.is_dir() and any(root.iterdir()):
        raise ClassroomError(f"{directory} is not empty and not a class; name a new directory")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)  # solutions, submissions and marks are nobody else's business
    for folder in ("source", "submitted"):
        (root / folder).mkdir(exist_ok=True)
    private = root / ".autograde"
    private.mkdir(mode=0o700, exist_ok=True)
    write_private(private / "secret", secrets.token_hex(32) + "\n")
    write_private(private / ".gitignore", "*\n")
    _configure(classroom, _course_id(root))
    return classroom


def _course_id(root: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", root.name).strip("-") or "pixels"


def _configure(classroom: Classroom, course_id: str) -> None:
    classroom.configuration.write_text(configuration.TEMPLATE.format(course_id=course_id), encoding="utf-8")


def open_class(directory: Path) -> Classroom:
    """Return the class in `directory`.

    Raises:
        ClassroomError: there is none, or an earlier version made it.
    """
    root = directory.resolve()
    if not _is_class(root):
        raise ClassroomError(f"{directory} is not a class; `autograde init {directory}` makes one")
    classroom = Classroom(root)
    if classroom.is_of_an_earlier_version:
        raise ClassroomError(
            f"an earlier version made the class {directory}; `autograde init {directory}` renews its "
            "nbgrader_config.py and keeps the old one beside it"
        )
    return classroom


def _is_class(root: Path) -> bool:
    return (root / "nbgrader_config.py").is_file() and (root / ".autograde" / "secret").is_file()


def require_released(classroom: Classroom, chapter: str) -> None:
    """Raise unless `chapter` is one of the course and was released to this class.

    Raises:
        ClassroomError: it is not.
    """
    _require_chapter(chapter)
    if not (classroom.root / "source" / chapter / f"{chapter}.ipynb").exists():
        raise ClassroomError(f"{chapter} was not released to this class; `autograde release {chapter}` does it")


def _require_chapter(chapter: str) -> None:
    from course.exercises.catalogue import CHAPTERS

    if chapter not in CHAPTERS:
        raise ClassroomError(f"there is no chapter {chapter!r}; there are {', '.join(CHAPTERS)}")


def release(classroom: Classroom, chapter: str, install_from: str = "") -> Path:
    """Put `chapter` into the class: source and release versions, and its entry in the gradebook. Return the release.

    A source version that the instructor has changed since it was put there is kept, and released as it is. Where the
    class or `install_from`, which goes before, says from where the course is to be had, its first cell gets it there.

    Raises:
        ClassroomError: there is no such chapter, or nbgrader refuses.
    """
    _require_chapter(chapter)
    ours = INSTRUCTOR_NOTEBOOKS / f"{chapter}.ipynb"
    if not ours.exists():
        raise ClassroomError(f"the notebook of {chapter} is missing; `autograde build` makes it")
    target = classroom.root / "source" / chapter / ours.name
    target.parent.mkdir(parents=True, exist_ok=True)
    mark = classroom.private / "released" / f"{chapter}.sha256"
    if not target.exists() or (mark.exists() and mark.read_text() == _digest(target)):
        shutil.copyfile(ours, target)
        _point_at(target, install_from or classroom.installs_from())
        write_private(mark, _digest(target))
    else:
        _point_at(target, install_from or classroom.installs_from())
    run_nbgrader(classroom.api().generate_assignment(chapter), f"release {chapter}")
    return classroom.root / "release" / chapter / ours.name


def _point_at(path: Path, source: str) -> None:
    """Have the notebook at `path` get the course from `source`, if that names anything."""
    if not source:
        return
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    if not installs_from(notebook, source):
        raise ClassroomError(f"{path} has no cell with a line INSTALL_FROM = …, so it cannot be told to use {source}")
    nbformat.write(notebook, path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_nbgrader(result: dict[str, object], what: str, then: str = "") -> None:
    """Raise if nbgrader says that it failed; `then` says what to do about it.

    Raises:
        ClassroomError: it did; the message holds what was wrong, and no word of a traceback that nobody sees.
    """
    if not result["success"]:
        said = "\n".join(str(result[part]) for part in ("log", "error") if result.get(part))
        raise ClassroomError(f"nbgrader could not {what}: {_what_was_wrong(said)}.{f' {then}' if then else ''}")


_RAISED = re.compile(
    r"^(?:\[\w+ \| \w+\] )?((?:\w+\.)*\w*(?:Error|Exception|Invalid|Exit|Interrupt)\w*(?:: .*)?)$", re.MULTILINE
)
_EMPTY = re.compile(r"above traceback|There was an error processing|^\s*(Traceback|File )", re.IGNORECASE)


def _what_was_wrong(said: str) -> str:
    """Return of nbgrader's report the last exception, or else the last line that says something."""
    raised = [one for one in _RAISED.findall(said) if not _EMPTY.search(one)]
    lines = [line.strip() for line in said.splitlines() if line.strip() and not _EMPTY.search(line)]
    return (raised or lines or ["it does not say why"])[-1].rstrip(".")[:500]


def _find_alembic() -> None:
    """Put this interpreter's commands on the path: nbgrader calls `alembic` by its name."""
    commands = str(Path(sys.executable).parent)
    if commands not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [commands, os.environ.get("PATH", "")]))
