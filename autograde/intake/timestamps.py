"""When a submission was handed in: a line beside the notebook, which nbgrader's exchange or somebody's editor wrote."""

from dateutil import parser, tz


def read_timestamp(note: bytes) -> str:
    r"""Return the line as nbgrader can read it: without a byte order mark, and "" where there is none.

    Raises:
        ValueError: it is no date; the message is what stands there.

    >>> read_timestamp("\ufeff2026-03-01 12:00:00 UTC\n".encode())
    '2026-03-01 12:00:00 UTC'
    """
    try:
        text = note.decode("utf-16" if note[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError(repr(note)[2:-1]) from None
    if text:
        _date(text)
    return text


def _date(text: str) -> None:
    """Read the date as nbgrader does: three words are a day, a time, and a zone or an offset in seconds."""
    day, *rest = text.split(" ")
    try:
        if len(rest) != 2:
            parser.parse(text)
            return
        zone = int(rest[1]) if rest[1].lstrip("+-").isdecimal() else tz.gettz(rest[1])
        parser.parse(f"{day} {rest[0]} TZ", tzinfos={"TZ": zone})
    except (ValueError, OverflowError, TypeError):  # dateutil raises all of these at what is no date
        raise ValueError(text) from None
