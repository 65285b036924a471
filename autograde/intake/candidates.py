"""Find the notebook among the files of a submission, whatever it is called and whatever lies beside it.

The notebook of the right name is taken as it is. Where there is none, or where it was never worked on and another was,
the one that answers the most exercises is taken, of equals the newest, and the choice is told: an instructor would
look through the folder and do the same. Links are never followed, and not everything is looked at: a student may have
handed in a whole environment. Where there is none and one archive is there, it is looked for in that.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import nbformat

from autograde.intake import archive, definitions
from autograde.intake.marks import grade_id
from autograde.intake.notebook_file import UnreadableError, load, read_bytes
from course.exercises.catalogue import CHAPTERS, of_chapter

MOST_ENTRIES = 500
_MOST_READ = 12
_DEEPEST = 12
_LONGEST_SCRIPT = 500_000
_AS_TEXT = {"", ".json", ".txt", ".py"}
_CHECKPOINTS = ".ipynb_checkpoints"


@dataclass(frozen=True)
class Found:
    """A notebook: where it lies, its bytes, and what was mended."""

    path: Path
    data: bytes
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    path: PurePath
    data: bytes
    answered: int
    known: int
    script: bool
    when: float

    @property
    def rank(self) -> tuple[bool, int, int, bool, float, str]:
        """The larger, the likelier it is what the student meant to hand in."""
        kept = _CHECKPOINTS not in self.path.parts
        return kept, self.answered, self.known, not self.script, self.when, self.path.name


def files(folder: Path) -> Iterator[Path]:
    """Yield the first files below `folder`, links and special files too; directories that are links are not entered."""
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(folders) if len(Path(place).relative_to(folder).parts) < _DEEPEST else []
        for name in sorted(names):
            yield Path(place, name)
            seen += 1
            if seen >= MOST_ENTRIES:
                return


def find_notebook(folder: Path, chapter: str) -> Found:
    """Return the notebook of `chapter` in the folder of a submission.

    Raises:
        UnreadableError: there is none, or none that could be it.
        OSError: the system does not let it be read.
    """
    if folder.is_symlink():
        raise UnreadableError("the folder is a link to another one; the notebook itself must be handed in")
    exact = folder / f"{chapter}.ipynb"
    plain = [exact] if _is_plain(exact) else []
    plain += [
        path
        for path in files(folder)
        if path != exact and _may_be_notebook(path.relative_to(folder)) and _is_plain(path)
    ]
    if plain == [exact]:
        return Found(exact, read_bytes(exact))
    candidates = [one for one in (_look_at(path, chapter) for path in plain[:_MOST_READ]) if one is not None]
    first = next((one for one in candidates if one.path == exact), None)
    known = [one for one in candidates if one.known]
    if first is not None and first.answered:
        return Found(exact, first.data, tuple(_asks(first, known, folder)))
    best = max(known, key=lambda one: one.rank, default=None)
    if best is None or (first is not None and not best.answered):
        best = first
    if best is not None:
        return Found(Path(best.path), best.data, tuple(_told(best, known, folder, exact)))
    if plain[:1] == [exact]:
        return Found(exact, read_bytes(exact))  # who reads it says what is wrong with it
    packed = [path for path in files(folder) if _is_archive(path, folder)]
    if len(packed) == 1 and not os.path.lexists(exact):
        return _find_inside(packed[0], chapter)
    raise UnreadableError(_why_none(folder, exact, plain))


def _is_archive(path: Path, folder: Path) -> bool:
    return path.suffix.lower() == ".zip" and not _is_hidden(path.relative_to(folder)) and _is_plain(path)


def _find_inside(packed: Path, chapter: str) -> Found:
    """Return the notebook of `chapter` in an archive, chosen as among files."""
    inside = archive.members(packed, _may_be_notebook, _MOST_READ)
    looked_at = [_judge(one.path, one.data, one.when, chapter) for one in inside]
    known = [one for one in looked_at if one is not None and one.known]
    best = max(
        known, key=lambda one: (one.path.name == f"{chapter}.ipynb" and one.answered > 0, one.rank), default=None
    )
    if best is None:
        raise UnreadableError(f"there is no notebook {chapter}.ipynb in {packed.name}")
    told = [f"the notebook was inside {packed.name}"]
    others = [str(one.path) for one in known if one is not best]
    if others:
        told.append(f"of {len(known)} notebooks {best.path} was graded, not {', '.join(others[:4])}")
    return Found(packed, best.data, tuple(told))


def _asks(first: _Candidate, known: list[_Candidate], folder: Path) -> Iterator[str]:
    """Yield the question which notebook is meant, where one beside it answers more than that of the right name."""
    more = max(
        (one for one in known if one is not first and _CHECKPOINTS not in one.path.parts and not one.script),
        key=lambda one: one.rank, default=first,
    )  # fmt: skip
    if more.answered > first.answered:
        yield (
            f"which notebook is meant? {first.path.name}, which was graded, answers {first.answered} exercises, and "
            f"{more.path.relative_to(folder).as_posix()} beside it {more.answered}"
        )


def _told(best: _Candidate, known: list[_Candidate], folder: Path, exact: Path) -> Iterator[str]:
    name = best.path.relative_to(folder).as_posix()
    if best.path != exact:
        yield f"the notebook was handed in as a script, {name}" if best.script else f"the notebook was called {name}"
    others = [one.path.relative_to(folder).as_posix() for one in known if one is not best]
    if best.path != exact and others:
        yield f"of {len(known)} notebooks the one with the most answers was graded, not {', '.join(others[:4])}"
    elif best.path != exact and _is_plain(exact):
        yield f"{exact.name} cannot be read"


def _why_none(folder: Path, exact: Path, plain: list[Path]) -> str:
    if exact.is_symlink():
        return f"{exact.name} is a link to another file; the notebook itself must be handed in"
    if exact.exists() and not exact.is_dir():
        return f"{exact.name} is no plain file"
    there = [path.relative_to(folder).as_posix() for path in (plain or list(files(folder)))[:5]]
    return f"there is no notebook {exact.name}" + (f", but {', '.join(there)}" if there else "")


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _may_be_notebook(inside: PurePath) -> bool:
    """Return whether a file may be one, by where it lies in what was handed in."""
    return not _is_hidden(inside) and (".ipynb" in inside.name.lower() or inside.suffix.lower() in _AS_TEXT)


def _is_hidden(inside: PurePath) -> bool:
    return any(part.startswith((".", "__")) and part != _CHECKPOINTS for part in inside.parts)


def _look_at(path: Path, chapter: str) -> _Candidate | None:
    """Return what a file may be; None where it is certainly no notebook."""
    try:
        return _judge(path, read_bytes(path), path.stat().st_mtime, chapter)
    except (UnreadableError, OSError):
        return None


def _judge(path: PurePath, data: bytes, when: float, chapter: str) -> _Candidate | None:
    """Return what bytes may be; None where they are certainly no notebook."""
    names = {exercise.name for exercise in of_chapter(chapter)} if chapter in CHAPTERS else set[str]()
    script = False
    try:
        try:
            notebook, _ = load(data)
        except UnreadableError:
            data, script = _from_script(data), True
            notebook, _ = load(data)
    except UnreadableError:
        return None
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    said = {name: {definitions.definition(source, name) for source in code} for name in names}
    marked = {grade_id(cell) for cell in notebook.cells} & names
    answered = sum("whole" in how for how in said.values())
    known = sum(name in marked or how - {"none"} != set() for name, how in said.items())
    if script and not answered:
        return None
    return _Candidate(path, data, answered, known, script, when)


def _from_script(data: bytes) -> bytes:
    """Return the notebook that an exported or a written script stands for.

    Raises:
        UnreadableError: it is none.
    """
    import jupytext

    try:
        text = data[: _LONGEST_SCRIPT + 1].decode("utf-8-sig")
        if len(text) > _LONGEST_SCRIPT or definitions.parse(text) is None:
            raise UnreadableError("no script")
        return str(nbformat.writes(jupytext.reads(text, fmt="py"))).encode()
    except UnreadableError:
        raise
    except Exception as error:  # jupytext foresees notebooks of friends
        raise UnreadableError(f"no script ({type(error).__name__})") from None
