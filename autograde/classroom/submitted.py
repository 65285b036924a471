"""What lies under `submitted/`: who handed a chapter in, and what lies where nobody looks for it. Nothing is moved.

    survey(classroom.root / "submitted", "03_unpooling", CHAPTERS)

nbgrader's place is submitted/STUDENT/CHAPTER/CHAPTER.ipynb. A folder in another case, a notebook a level too high, two
levels exchanged, the flat files of a learning platform: each is named, with where it belongs.
"""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograde.intake.handed_in import RECEIPT, TIMESTAMP

_TOOLS = frozenset({".git", ".ipynb_checkpoints"})
"""Hidden folders that tools make anywhere, and that nobody takes for a student's."""
_MOST = 2000  # entries of one folder that are looked at
_MOST_SAID = 20
_WORK = (".ipynb", ".zip", ".py", ".json", ".txt")
"""What a notebook may be handed in as."""
_NOTES = frozenset({TIMESTAMP, RECEIPT})


@dataclass(frozen=True)
class Survey:
    """Who handed a chapter in, and a sentence for each thing that may be a submission and is not taken for one."""

    students: tuple[str, ...]
    strays: tuple[str, ...]


def survey(submitted: Path, chapter: str, chapters: Collection[str]) -> Survey:
    """Look at the two levels below `submitted` for `chapter`, which is one of `chapters`."""
    students: list[str] = []
    strays: list[str] = []
    for student in _entries(submitted):
        if student.name in _TOOLS:
            continue
        if not student.is_dir():
            if _concerns(student.name, chapter, chapters):
                strays.append(
                    f"{_told(student, submitted)} is a file among the students' folders; put it into "
                    f"submitted/STUDENT/{chapter}/, with the id of whose it is."
                )
            continue
        if (student / chapter).is_dir():
            if student.name.startswith("."):
                strays.append(f"{_told(student, submitted)} was passed over: no id starts with a dot; rename it.")
            else:
                students.append(student.name)
        if _plain(student.name) == _plain(chapter):
            strays += _exchanged(student, submitted, chapter)
        elif not student.name.startswith("."):
            strays += _beside(student, submitted, chapter, chapters)
    more = len(strays) - _MOST_SAID
    said = strays[:_MOST_SAID] + ([f"… and {more} more like these under submitted/."] if more > 0 else [])
    return Survey(tuple(sorted(students)), tuple(said))


def _beside(student: Path, submitted: Path, chapter: str, chapters: Collection[str]) -> Iterator[str]:
    """Yield what lies in a student's folder and may be `chapter`."""
    for one in _entries(student):
        told = _told(one, submitted)
        right = f"submitted/{student.name}/{chapter}"
        if one.is_dir() and not one.is_symlink():
            if one.name in chapters or one.name in _TOOLS or not _means(one.name, chapter, chapters):
                continue
            yield f"{told} was passed over; rename it to {right}, if it is that chapter."
        elif one.name == chapter:
            yield f"{told} is a file or a link, and no folder; put it into {right}/."
        elif _concerns(one.name, chapter, chapters) and one.name not in _NOTES:
            yield f"{told} was passed over: it lies beside the chapters' folders; move it to {right}/."


def _exchanged(folder: Path, submitted: Path, chapter: str) -> Iterator[str]:
    """Yield the submissions in a folder that is named like the chapter and lies where a student's does."""
    for one in _entries(folder):
        if one.is_dir() and one.name != chapter:
            yield (
                f"{_told(one, submitted)} was passed over: the two levels are exchanged; "
                f"move it to submitted/{one.name}/{chapter}."
            )
        elif one.is_file() and one.name not in _NOTES:
            yield f"{_told(one, submitted)} was passed over; move it to submitted/STUDENT/{chapter}/."


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as there:
            return sorted(Path(one.path) for one, _ in zip(there, range(_MOST), strict=False))
    except OSError:
        return []


def _told(path: Path, submitted: Path) -> str:
    """Return a path as it is told: from `submitted` on, in quotes where its end could not be seen."""
    inside = f"submitted/{path.relative_to(submitted).as_posix()}"
    plain = inside.encode("utf-8", "replace").decode()
    return plain if plain.isprintable() and plain == plain.strip() else repr(plain)


def _plain(name: str) -> str:
    """Return a name without case, spaces and signs, and without the end of a file's name."""
    stem = name.casefold()
    for end in _WORK:
        stem = stem.partition(end)[0]
    return re.sub(r"[^a-z0-9]", "", stem)


def _means(name: str, chapter: str, chapters: Collection[str]) -> bool:
    """Return whether a name may stand for `chapter` and for no other: its words, its number, or all of it in others."""
    given, wanted = _plain(name), _plain(chapter)
    words = wanted.lstrip("0123456789")
    number = wanted.removesuffix(words)
    if wanted in given or (len(words) > 3 and words in given):
        return not any(len(_plain(one)) > len(wanted) and _plain(one) in given for one in chapters)
    digits = re.findall(r"\d+", given)
    return (
        bool(number) and len(digits) == 1 and int(digits[0]) == int(number) and bool(re.search("chap|ch|^\\d", given))
    )


def _concerns(name: str, chapter: str, chapters: Collection[str]) -> bool:
    """Return whether a file may be a submission of `chapter`: one that names no other chapter."""
    if not name.casefold().endswith(_WORK) or name.startswith("."):
        return False
    return _means(name, chapter, chapters) or (
        name.casefold().endswith((".ipynb", ".zip")) and not any(_means(name, one, chapters) for one in chapters)
    )
