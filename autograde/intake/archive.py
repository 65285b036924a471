"""Look into the one archive that a student, or their learning platform, handed in instead of the notebook.

Nothing is unpacked to the disk and no path in it is followed: names say which member may be a notebook, and its bytes
are read up to the size that a notebook may have, whatever the archive claims of it.
"""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograde.intake.notebook_file import LARGEST_FILE, UnreadableError, lighter, too_large

_MOST_MEMBERS = 2000
_LARGEST_READ = 2**20  # at once, and so of the archive's directory
_PIECE = 2**16
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others ask for memory as the archive pleases


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name there, its bytes, and a number that is larger the newer it is."""

    path: PurePosixPath
    data: bytes
    when: float


def members(archive: Path, wanted: Callable[[PurePosixPath], bool], most: int) -> Iterator[Member]:
    """Yield the first `most` members of a zip file that are `wanted` by their names, notebooks first.

    Raises:
        UnreadableError: it is no zip file, or one that is not to be opened.
        OSError: the system does not let it be read.
    """
    with _Cautious(io.FileIO(_open(archive), closefd=True)) as file:
        try:
            yield from _members(file, archive.name, wanted, most)
        except (UnreadableError, OSError):
            raise
        except Exception as error:  # zipfile raises what it meets: its own, struct.error, zlib.error, ValueError
            raise UnreadableError(f"{archive.name} is damaged, or no archive ({type(error).__name__})") from None


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST_FILE:
        return descriptor
    os.close(descriptor)
    raise too_large(about.st_size) if stat.S_ISREG(about.st_mode) else UnreadableError(f"{path.name} is no plain file")


class _Cautious(io.BufferedReader):
    """A file of which not much is read at once: zipfile reads a directory whole, and makes objects of each entry."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_READ:
            raise UnreadableError("the archive has a directory of millions of entries")
        return super().read(_LARGEST_READ if size is None or size < 0 else size)


def _members(
    file: io.BufferedReader, name: str, wanted: Callable[[PurePosixPath], bool], most: int
) -> Iterator[Member]:
    with zipfile.ZipFile(file) as opened:
        infos = opened.infolist()
        if len(infos) > _MOST_MEMBERS:
            raise UnreadableError(f"{name} holds {len(infos)} files; at most {_MOST_MEMBERS} are looked through")
        paths = {PurePosixPath(one.filename.replace("\\", "/")): one for one in infos if not one.is_dir()}
        chosen = sorted((path for path in paths if wanted(path)), key=lambda path: ".ipynb" not in path.name.lower())
        if not chosen and any(path.suffix.lower() == ".zip" for path in paths):
            raise UnreadableError(f"{name} holds another archive; the .ipynb itself must be handed in")
        left, refused, yielded = LARGEST_FILE, list[UnreadableError](), False
        for path in chosen[:most]:
            try:
                data = lighter(_read(opened, paths[path], name, left))
                left -= paths[path].file_size
            except UnreadableError as error:
                refused.append(error)  # another member may be the notebook
                continue
            yielded = True
            yield Member(path, data, float("".join(f"{part:02d}" for part in paths[path].date_time)))
        if refused and not yielded:
            raise refused[0]


def _read(opened: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, most: int) -> bytes:
    """Return the bytes of a member, of which there may be `most`."""
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableError(f"{name} is encrypted; the .ipynb itself must be handed in")
    if info.compress_type not in _METHODS:
        raise UnreadableError(f"{name} is packed in an unusual way; the .ipynb itself must be handed in")
    if info.file_size > most:
        raise too_large(info.file_size)
    data = bytearray()
    try:
        with opened.open(info) as member:
            while piece := member.read(_PIECE):
                data += piece
                if len(data) > most:
                    raise too_large(len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UnreadableError(f"{info.filename} in {name} is damaged ({type(error).__name__})") from None
    return bytes(data)
