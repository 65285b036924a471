"""What a student handed in, as bytes: read once by the grader, bounded, and from then on independent of any disk.

Only the notebook is graded. Links are never followed; other files are left where they are, and named, so that nobody
wonders why an import of one fails.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograde.intake import UnreadableError, find_notebook, read_bytes

TIMESTAMP, RECEIPT = "timestamp.txt", "submission_secret.txt"
"""Where nbgrader's exchange keeps when a submission was handed in, and by what its feedback finds the way back."""

_LARGEST_NOTE = 200
_MOST_ENTRIES = 500
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
    try:
        path, renamed = find_notebook(folder, chapter)
        data = read_bytes(path)
    except (UnreadableError, OSError) as error:
        return HandedIn(student, None, f"The notebook could not be read: {error}.", (), stamp, receipt)
    return HandedIn(student, data, "", (*renamed, *_left_out(folder, path, given)), stamp, receipt)


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
    for path in _beside(folder):
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


def _beside(folder: Path) -> Iterator[Path]:
    """Yield the first files in `folder`; a student may have handed in a whole environment."""
    seen = 0
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            yield Path(place, name)
            seen += 1
            if seen >= _MOST_ENTRIES:
                return
