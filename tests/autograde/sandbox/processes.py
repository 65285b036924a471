"""What runs on this machine, as tests ask about what should be gone."""

from pathlib import Path


def lives(mark: str) -> bool:
    """Return whether a process has `mark` among its arguments."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False
