"""What a learning platform's "download all submissions" holds: whose each file is, in Moodle's and in Canvas's names.

Moodle writes `Ada Lovelace_1234567_assignsubmission_file_/03_unpooling.ipynb`, or the same without the slash; Canvas
`lovelaceada_LATE_12345_67890_03_unpooling-2.ipynb`, with its number of the student, of the submission, and of how often
the file was handed in again.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from autograde.classroom.directory import ClassroomError
from autograde.intake.notebook_file import LARGEST_FILE

_MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_/?(?P<file>.*)\Z")
_CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_|late_)?(?P<number>\d+)_(?:\d+|question_\d+_\d+)_(?P<file>[^/]+)\Z"
)
_AGAIN = re.compile(r"-(\d{1,3})(?=\.[^.]+\Z)")
_MOST_FILES = 20_000


@dataclass(frozen=True)
class Piece:
    """One file of an export: who handed it in, by name and by the platform's number, what it is called, its bytes.

    `again` counts how often a file of that name was handed in anew, `late` is what Canvas says, and `bytes` reads it.
    """

    name: str
    number: str
    file: str
    again: int
    late: bool
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Export:
    """The files of students, newest attempts only, and sentences on what was left out."""

    pieces: tuple[Piece, ...]
    left_out: tuple[str, ...]


def read_export(path: Path) -> Export:
    """Read an archive or a folder that a platform wrote.

    Raises:
        ClassroomError: it is neither, or it holds no file that is named as Moodle or Canvas name them.
    """
    pieces: list[Piece] = []
    unknown: list[str] = []
    left_out: list[str] = []
    for inside, size, read in _files(path):
        named = _named(inside)
        if named is None:
            unknown.append(inside)
        elif size > LARGEST_FILE:
            left_out.append(f"{inside} has {size / 1e6:.0f} MB, more than a notebook may have")
        else:
            name, number, file, late = named
            again = _AGAIN.search(file) if late is not None else None
            plain = _AGAIN.sub("", file) if again else file
            pieces.append(Piece(name, number, plain, int(again[1]) if again else 0, bool(late), size, read))
    if not pieces:
        raise ClassroomError(
            f"{path} holds no file that is named as Moodle or Canvas name submissions"
            + (f", but {', '.join(unknown[:3])}" if unknown else "")
        )
    newest: dict[tuple[str, str], Piece] = {}
    for piece in pieces:
        key = piece.number, piece.file
        other = newest.get(key)
        if other is None or piece.again > other.again:
            newest[key] = piece
    if len(newest) < len(pieces):
        left_out.append(f"{len(pieces) - len(newest)} files were handed in again; the last of each was taken")
    if unknown:
        left_out.append(f"{len(unknown)} files are nobody's by their names: {', '.join(sorted(unknown)[:5])}")
    return Export(tuple(newest.values()), tuple(left_out))


def _named(inside: str) -> tuple[str, str, str, bool | None] | None:
    """Return the student's name and number, the file's name, and whether Canvas calls it late; of Moodle None."""
    moodle = _MOODLE.match(inside)
    if moodle is not None:
        if moodle["kind"] != "file" or not moodle["file"]:
            return None
        return moodle["name"].strip(), moodle["number"], moodle["file"], None
    canvas = _CANVAS.match(PurePosixPath(inside).name)
    if canvas is None:
        return None
    return canvas["name"], canvas["number"], canvas["file"], canvas["late"] is not None


def _files(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Yield each file's name inside, its size, and what reads it."""
    if path.is_dir():
        for count, file in enumerate(sorted(path.rglob("*"))):
            if count >= _MOST_FILES:
                raise ClassroomError(f"{path} holds more than {_MOST_FILES} files")
            if file.is_file() and not file.is_symlink() and not file.name.startswith("."):
                yield file.relative_to(path).as_posix(), file.stat().st_size, file.read_bytes
        return
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise ClassroomError(f"{path} is no zip file and no folder ({error})") from None
    if len(infos) > _MOST_FILES:
        raise ClassroomError(f"{path} holds more than {_MOST_FILES} files")
    for info in infos:
        name = info.filename.replace("\\", "/")
        if not PurePosixPath(name).name.startswith(".") and "__MACOSX" not in name:
            yield name, info.file_size, partial(_member, path, info)


def _member(path: Path, info: zipfile.ZipInfo) -> bytes:
    """Read a member, of which an archive may claim less than it holds.

    Raises:
        ClassroomError: it is damaged, encrypted, or larger than it says.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(info) as member:
            data = member.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ClassroomError(f"{info.filename} in {path.name} cannot be unpacked ({error})") from None
    if len(data) > LARGEST_FILE:
        raise ClassroomError(f"{info.filename} in {path.name} unpacks to more than a notebook may have")
    return data
