"""A timestamp is read as nbgrader reads it, and what nbgrader would fail at is refused with what stands there."""

import pytest
from nbgrader.utils import parse_utc

from autograde.intake.timestamps import read_timestamp

DATES = (
    "2015-02-02 15:58:23.948203 America/Los_Angeles", "2026-03-01 12:00:00 UTC", "2026-03-01 12:00:00 -3600",
    "2026-03-01 12:00:00 Nowhere/Land", "2026-03-01T12:00:00+01:00", "2026-03-01", "1 March 2026 8pm",
)  # fmt: skip


@pytest.mark.parametrize("text", DATES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_nbgrader_reads_is_handed_on_to_it(text: str, encoding: str) -> None:
    assert parse_utc(read_timestamp(f"{text}\r\n".encode(encoding))) == parse_utc(text)


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-45 12:00:00 UTC", "9" * 40, "1 2 3", "2026-03-01 12:00:00 UTC too"]
)
def test_what_nbgrader_fails_at_is_refused(text: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  # dateutil's errors are of many kinds
        parse_utc(text)
    with pytest.raises(ValueError, match=text[:9]):
        read_timestamp(text.encode())


def test_no_text_at_all_is_no_timestamp_and_bytes_that_are_no_text_are_refused() -> None:
    assert read_timestamp(b" \n") == ""
    with pytest.raises(ValueError, match=r"\\xff"):
        read_timestamp(b"20\xff")
