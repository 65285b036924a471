"""One source, several views: `autograde build` writes everything in the repository that is generated.

From `course/chapters/` and `solutions/` come the students' notebooks, the instructors' notebooks and the answers of the
public cases; the numbers in the prose come from `docs/evidence/`. Building twice changes no byte; `build(check=True)`
only says what would change.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograde.building.bank import CHECKOUT
from course.exercises.catalogue import CHAPTERS

if TYPE_CHECKING:
    from autograde.building.chapter import Cell


def build(check: bool = False, root: Path = CHECKOUT, chapters: Sequence[str] = ()) -> list[Path]:
    """Write what is generated and return the files that changed; with `check`, write nothing.

    `chapters` are the ones to build; none means all, and then files that belong to no chapter are removed.

    Raises:
        KeyError: there is no such chapter.
        FileNotFoundError: there is no checkout of the repository at `root`.
        ChapterError: a chapter's source cannot be built.
    """
    if not (root / "course" / "chapters").is_dir():
        raise FileNotFoundError(f"building needs a checkout of the repository; {root} holds no course/chapters")
    unknown = [chapter for chapter in chapters if chapter not in CHAPTERS]
    if unknown:
        raise KeyError(f"there is no chapter {unknown[0]!r}; there are {', '.join(CHAPTERS)}")
    wanted = {path: data for chapter in chapters or CHAPTERS for path, data in _of_chapter(chapter, root).items()}
    stale = [] if chapters else [path for path in generated(root) if path not in wanted]
    changed = [path for path, content in wanted.items() if not _is_current(path, content)]
    if not check:
        for path in stale:
            path.unlink()
        for path in changed:
            _write(path, wanted[path])
    return sorted([*changed, *stale])


def build_answers(chapter: str, root: Path = CHECKOUT) -> None:
    """Write the answers of a chapter's public cases, which its notebook needs to run; nothing else is built.

    Raises:
        ChapterError: a chapter's source gives an exercise away.
    """
    from autograde.building.chapter import read

    for path, content in _answers_of(chapter, read(root / "course" / "chapters" / f"{chapter}.py"), root).items():
        if not _is_current(path, content):
            _write(path, content)


def generated(root: Path) -> list[Path]:
    """Return the files at `root` that a build made, of today's chapters and of those that are no more."""
    folders = (root / "course" / "notebooks", root / "solutions" / "notebooks", root / "course" / "answers")
    return [path for folder in folders for path in folder.rglob("*.*") if _is_ours(path)]


def _of_chapter(chapter: str, root: Path) -> dict[Path, bytes]:
    import nbformat

    from autograde.building.notebooks import instructor_notebook, student_notebook

    cells = filled(chapter, root)
    notebooks = {
        root / "course" / "notebooks" / f"{chapter}.ipynb": student_notebook(chapter, cells),
        root / "solutions" / "notebooks" / f"{chapter}.ipynb": instructor_notebook(chapter, cells),
    }
    files = {path: (nbformat.writes(notebook) + "\n").encode() for path, notebook in notebooks.items()}
    return {**files, **_answers_of(chapter, cells, root)}


def _answers_of(chapter: str, cells: "Sequence[Cell]", root: Path) -> dict[Path, bytes]:
    from autograde.building import bank
    from autograde.building.answers import compute_answers
    from autograde.building.giveaways import refuse_giveaways
    from course import packet
    from course.checking import answers
    from course.exercises import catalogue

    files = {}
    mistakes = bank.mistakes(chapter)
    for exercise in catalogue.of_chapter(chapter):
        known = compute_answers(exercise, [entry for entry in mistakes if entry.exercise == exercise.name])
        refuse_giveaways(chapter, cells, exercise, known)
        path = root / "course" / "answers" / chapter / f"{exercise.name}.safetensors"
        files[path] = packet.dumps(answers.to_plain(known))
    return files


def filled(chapter: str, root: Path = CHECKOUT) -> "list[Cell]":
    """Return the cells of `chapter` with the numbers in its prose filled in from its evidence.

    Raises:
        ChapterError: the source cannot be read, or its prose and the evidence do not fit.
    """
    from autograde.building import evidence, numbers
    from autograde.building.chapter import read

    cells = read(root / "course" / "chapters" / f"{chapter}.py")
    return numbers.fill(chapter, cells, evidence.load(chapter, root), evidence.load(chapter, root, "full"))


def _is_ours(path: Path) -> bool:
    return path.suffix in (".ipynb", ".safetensors") and ".ipynb_checkpoints" not in path.parts


def _is_current(path: Path, content: bytes) -> bool:
    """Return whether the file is right: notebooks to the byte, numbers up to another processor's rounding."""
    if not path.exists():
        return False
    present = path.read_bytes()
    if present == content or path.suffix != ".safetensors":
        return present == content
    from course import packet

    try:
        return packet.equal(packet.loads(present), packet.loads(content))
    except packet.PacketError:
        return False


def _write(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that a killed build leaves no half a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
