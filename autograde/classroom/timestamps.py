"""Have nbgrader go on where a submission's timestamp is no date: it would give no marks for it, now and ever after."""

import datetime
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from autograde.intake.handed_in import TIMESTAMP
from autograde.intake.timestamps import read_timestamp


def tolerate() -> None:
    """Have nbgrader's own commands read timestamps as our intake does, in this process."""
    CourseDirectory.get_existing_timestamp = _existing_timestamp


def _existing_timestamp(coursedir: CourseDirectory, dest_path: str) -> datetime.datetime | None:
    """Return when what lies in a folder was handed in, or None where nothing says so that can be read."""
    path = Path(dest_path) / TIMESTAMP
    try:
        text = read_timestamp(path.read_bytes()) if path.is_file() else ""
    except (OSError, ValueError) as error:
        coursedir.log.warning(f"{path} is no date, so the submission counts as in time: {error}")
        text = ""
    return parse_utc(text) if text else None
