"""What a student handed in, as bytes: read once by the grader, bounded, and from then on independent of any disk.

Only the notebook is graded. Links are never followed; other files are left where they are, and named, so that nobody
wonders why an import of one fails.
"""

from dataclasses import dataclass
from pathlib import Path

from autograde.intake.candidates import files, find_notebook
from autograde.intake.notebook_file import UnreadableError
from autograde.intake.timestamps import read_timestamp

TIMESTAMP, RECEIPT = "timestamp.txt", "submission_secret.txt"
"""Where nbgrader's exchange keeps when a submission was handed in, and by what its feedback finds the way back."""

_LARGEST_NOTE = 200
_MOST_NAMED = 5


@dataclass(frozen=True)
class HandedIn:
    """The notebook of one student, or why there is none, and what was mended so far."""

    student: str
    notebook: bytes | None
    reason: str = ""
    repairs: tuple[str, ...] = ()
    timestamp: bytes = b""
    receipt: bytes = b""


def collect(folder: Path, student: str, chapter: str, given: Path | None = None) -> HandedIn:
    """Read what is in `folder`. Files that students were `given` with the notebook are not worth a word.

    Never raises for what a student can do to the folder.
    """
    stamp, receipt = _note(folder / TIMESTAMP), _note(folder / RECEIPT)
    doubts: tuple[str, ...] = ()
    try:
        stamp = read_timestamp(stamp).encode()
    except ValueError as error:
        stamp, doubts = b"", (_plain(f"{TIMESTAMP} is no date, so it counts as in time: {str(error)[:60]}"),)
    try:
        found = find_notebook(folder, chapter)
    except UnreadableError as error:
        return HandedIn(student, None, f"The notebook could not be read: {_plain(str(error))}.", doubts, stamp, receipt)
    except OSError as error:
        return HandedIn(student, None, f"The notebook could not be read: {error.strerror}.", doubts, stamp, receipt)
    left_out = _left_out(folder, found.path, given)
    repairs = tuple(_plain(repair) for repair in (*found.repairs, *left_out)) + doubts
    return HandedIn(student, found.data, "", repairs, stamp, receipt)


def _plain(sentence: str) -> str:
    """Return a sentence with what a file's name may hold made visible: line ends, signs that turn text around."""
    whole = sentence.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in whole)


def _note(path: Path) -> bytes:
    """Return what the exchange wrote, or nothing where a student laid something else there."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_NOTE:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


def _left_out(folder: Path, notebook: Path, given: Path | None) -> list[str]:
    """Return the sentence about files beside the notebook, if there are any."""
    names = []
    for path in files(folder):
        inside = path.relative_to(folder)
        known = inside.as_posix() in (TIMESTAMP, RECEIPT) or any(
            part.startswith((".", "__pycache__")) for part in inside.parts
        )
        if path != notebook and not known and not (given is not None and (given / inside).exists()):
            names.append(inside.as_posix())
    if not names:
        return []
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return [f"only the notebook is graded, so left out: {', '.join(sorted(names)[:_MOST_NAMED])}{more}"]
