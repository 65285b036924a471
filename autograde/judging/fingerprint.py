"""What a result depends on, as one number each: a second run grades again what differs, and nothing else.

The environment is everything that judges: the versions of the libraries, the source of the exercises, the reference
and the judge, and the stored answers. It is the same number on two machines with the same installation, so a worker of
a fleet can tell that it would judge differently. The submission's number binds it to what was handed in, to the version
that was released, to the class's secret and to the limits.
"""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograde.intake.handed_in import HandedIn
from autograde.sandbox.limits import Limits

_LIBRARIES = ("torch", "torchvision", "numpy", "safetensors", "ipython", "matplotlib")
_PACKAGES = Path(__file__).resolve().parents[2]
_JUDGES = ("intake", "sandbox", "judging")
"""The folders of this package through which a submission goes on its way to a mark."""

_PROSE = {"chapters", "notebooks", "__pycache__"}


@cache
def environment(chapter: str) -> str:
    """Return the number of everything on this machine that judges `chapter`."""
    digest = hashlib.sha256()
    for name, said in versions().items():
        _feed(digest, name.encode(), said.encode())
    for path in _sources(chapter):
        _feed(digest, path.relative_to(_PACKAGES).as_posix().encode(), path.read_bytes())
    return digest.hexdigest()


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a mark can depend on."""
    return {"python": ".".join(platform.python_version_tuple()[:2])} | {name: _version(name) for name in _LIBRARIES}


def of_submission(
    handed_in: HandedIn, chapter: str, secret: str, released: bytes | None, limits: Limits, unsafe: bool
) -> str:
    """Return the number of all that the result of a submission depends on."""
    digest = hashlib.sha256()
    for part in (chapter, secret, environment(chapter), repr(limits), repr(unsafe), handed_in.student):
        _feed(digest, part.encode())
    _feed(digest, handed_in.reason.encode(), *(repair.encode() for repair in handed_in.repairs))
    for data in (handed_in.notebook, released):
        _feed(digest, b"none" if data is None else b"some", data or b"")
    return digest.hexdigest()


def number_of(*parts: bytes) -> str:
    """Return one number for a list of parts."""
    digest = hashlib.sha256()
    _feed(digest, *parts)
    return digest.hexdigest()


def _feed(digest: "hashlib._Hash", *parts: bytes) -> None:
    """Hash `parts` with their lengths, so that no two lists of parts run together."""
    digest.update(len(parts).to_bytes(8, "big"))
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)


def _sources(chapter: str) -> list[Path]:
    found = [path for name in ("course", "solutions") for path in (_PACKAGES / name).rglob("*.py")]
    found = [path for path in found if not _PROSE & set(path.relative_to(_PACKAGES).parts)]
    found += (path for name in _JUDGES for path in (_PACKAGES / "autograde" / name).rglob("*.py"))
    found += (path for path in (_PACKAGES / "course" / "answers" / chapter).glob("*") if path.is_file())
    return sorted(found)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
