"""From the bytes of a file to a notebook: whatever its encoding, its version of the format, its size or its damage.

A notebook's weight is its outputs, and nothing here needs them: what is larger than a notebook of text has them cut
away before it is parsed, so that an honest file with 100 MB of printed lines is read like any other. Nothing is run.
"""

import json
import os
import re
import stat
from pathlib import Path

import nbformat
from nbformat import NotebookNode

LARGEST = 20 * 2**20
"""Bytes of a notebook without its outputs; what travels to a worker is never more."""

LARGEST_FILE = 192 * 2**20
"""Bytes of a notebook with its outputs."""

_MOST_PIECES = 20_000_000  # of JSON, looked at one by one where a file is large
_MOST_CELLS = 2000
_LARGEST_CELL = 500_000  # characters of code; a whole chapter has 20,000
_MOST_CODE = 1_000_000
_PIECE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_LONG_STRING = 2**20
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = ("code", "markdown", "raw")


class UnreadableError(Exception):
    """No notebook can be had from what was handed in; the message is the reason."""


def read_bytes(path: Path) -> bytes:
    """Read a notebook's file, following no link; of a large one, without outputs and embedded files.

    Raises:
        UnreadableError: it is no plain file, or too large for a notebook.
        OSError: the system does not let it be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableError(f"{path.name} is no plain file")
        if about.st_size > LARGEST_FILE:
            raise too_large(about.st_size)
        data = file.read(LARGEST_FILE + 1)
    return lighter(data)


def lighter(data: bytes) -> bytes:
    """Return a notebook as it is, or lightened where it is large.

    Raises:
        UnreadableError: it is too large even so.
    """
    return data if len(data) <= LARGEST else lighten(data)


def lighten(data: bytes) -> bytes:
    """Return a large notebook without its cells' outputs and without strings of megabytes, such as pasted pictures.

    It is never held as Python objects: a few bytes of JSON make an object of seventy.

    Raises:
        UnreadableError: it is too large even so.
    """
    kept: list[bytes] = []
    open_, done, cut_at = 0, 0, 0
    outputs = False  # whether the last string was the key of a cell's outputs
    for number, piece in enumerate(_PIECE.finditer(data)):
        if number > _MOST_PIECES:
            raise too_large(len(data))
        sign = data[piece.start()]
        if sign in b"[{":
            if outputs and not cut_at and sign == ord("[") and _only_colon(data, piece.start()):
                kept.append(data[done : piece.end()])
                cut_at = open_ + 1
            open_ += 1
        elif sign in b"]}":
            if cut_at == open_:
                cut_at, done = 0, piece.start()
            open_ -= 1
        elif not cut_at and piece.end() - piece.start() > _LONG_STRING:
            kept += [data[done : piece.start()], b'""']
            done = piece.end()
        outputs = piece.group() == b'"outputs"' if piece.end() - piece.start() == 9 else False
    if not cut_at:
        kept.append(data[done:])
    light = b"".join(kept)
    if len(light) > LARGEST:
        raise too_large(len(data))
    return light


def _only_colon(data: bytes, end: int) -> bool:
    return data[max(0, end - 8) : end].rstrip().endswith(b":")


def too_large(size: int) -> UnreadableError:
    """Return what is said of a notebook of `size` bytes."""
    return UnreadableError(
        f"the notebook has {size / 2**20:.0f} MB; {LARGEST // 2**20} MB are read, outputs not counted"
    )


def load(data: bytes) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that `data` holds, in today's format and without outputs, and what was mended.

    Raises:
        UnreadableError: it holds none.
    """
    text, repairs = _decode(data)
    raw, more = _parse(text)
    repairs += more
    cells = [cell for cell in map(_as_cell, _cells(raw)) if cell is not None]
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"the notebook has {len(cells)} cells; at most {_MOST_CELLS} are read")
    return _rebuild(raw, cells, repairs), repairs


def clean(notebook: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return a notebook that somebody else has parsed, such as nbgrader, as `load` would."""
    repairs: list[str] = []
    cells = [cell for cell in map(_as_cell, _cells(notebook)) if cell is not None]
    return _rebuild(notebook, cells, repairs), repairs


def _decode(data: bytes) -> tuple[str, list[str]]:
    head = data[:4]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or head[1::2] == b"\0\0" or head[::2] == b"\0\0":
        marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
        encoding = "utf-16" if marked else "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
        try:
            return data.decode(encoding), ["the notebook was encoded as UTF-16"]
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), ["the notebook was not encoded as UTF-8"]


def _parse(text: str) -> tuple[dict[str, object], list[str]]:
    """Return the JSON object at the beginning of `text`; bytes after it are what a disk or an editor left there."""
    text = text.lstrip("\ufeff \t\r\n\0")
    if not text:
        raise UnreadableError("the file is empty")
    # NaN and Infinity stand in outputs, where plots write them; a number of 5000 digits is none that matters here.
    decoder = json.JSONDecoder(parse_constant=lambda name: None, parse_int=_whole, strict=False)
    try:
        raw, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        raise UnreadableError(_what_it_is(text)) from None
    if not isinstance(raw, dict) or not ({"cells", "worksheets"} & raw.keys()):
        raise UnreadableError("the file is JSON, but not a notebook")
    rest = text[end:].strip(" \t\r\n\0")
    return raw, ["something stood after the end of the notebook"] if rest else []


def _whole(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 0


def _what_it_is(text: str) -> str:
    head = text[:2000].lower()
    if "<<<<<<<" in text and ">>>>>>>" in text:
        return "the file is not a notebook: it holds the marks of a merge that was not finished"
    if head.startswith(("<!doctype", "<html", "<?xml")):
        return "the file is not a notebook: it is a page of HTML; the .ipynb itself must be handed in"
    if head.startswith("pk\x03\x04"):
        return "the file is not a notebook: it is an archive; the .ipynb itself must be handed in"
    if head.startswith("{") and '"cells"' in head:
        return "the file is a notebook that is cut off or damaged: it is not JSON"
    return "the file is not a notebook: it is not JSON"


def _cells(raw: dict[str, object]) -> list[object]:
    """Return the cells of a notebook of any version.

    Raises:
        UnreadableError: there are none to be found.
    """
    try:
        if not isinstance(raw.get("cells"), list) or "cells" not in raw:
            raw = nbformat.convert(nbformat.from_dict(raw), 4)
        cells = raw["cells"]
        if not isinstance(cells, list):
            raise TypeError("no list")
    except Exception as error:  # nbformat raises what it meets: KeyError, AttributeError, its own
        raise UnreadableError(f"the file is a notebook that cannot be read ({type(error).__name__})") from None
    return cells


def _as_cell(found: object) -> dict[str, object] | None:
    """Return a cell with its kind put right and its source as text, or None where there is no cell."""
    if not isinstance(found, dict):
        return None
    source = found.get("source", found.get("input"))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    kind = str(found.get("cell_type")).lower()
    if kind not in _KINDS:
        metadata = found.get("metadata")
        marked = isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict)
        kind = "code" if marked or "outputs" in found else "raw"
    whole = source.encode("utf-8", "replace").decode()  # JSON can hold half characters
    return {**found, "cell_type": kind, "source": whole.replace("\r\n", "\n").replace("\r", "\n")}


def _rebuild(raw: dict[str, object], cells: list[dict[str, object]], repairs: list[str]) -> NotebookNode:
    """Return a valid notebook with the same cells: outputs dropped, ids unique, metadata what grading needs of it."""
    fresh, seen, code = nbformat.v4.new_notebook(), set[str](), 0
    metadata = raw.get("metadata")
    kernelspec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    if isinstance(kernelspec, dict) and isinstance(kernelspec.get("name"), str):
        fresh.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for number, cell in enumerate(cells):
        source = str(cell["source"])
        if cell["cell_type"] == "code" and len(source) > _LARGEST_CELL:
            repairs.append(f"cell {number + 1} holds {len(source) / 1e6:.1f} MB of code and was left out")
            source = ""
        code += len(source) if cell["cell_type"] == "code" else 0
        identity = cell.get("id")
        while not isinstance(identity, str) or not _ID.fullmatch(identity) or identity in seen:
            identity = nbformat.v4.new_raw_cell().id
        seen.add(identity)
        made: dict[str, object] = {"cell_type": cell["cell_type"], "id": identity, "source": source}
        made["metadata"] = _metadata(cell.get("metadata"))
        if cell["cell_type"] == "code":
            made |= {"execution_count": None, "outputs": []}
        fresh.cells.append(NotebookNode(made))
    if code > _MOST_CODE:
        raise UnreadableError(f"the notebook has {code / 1e6:.1f} MB of code; {_MOST_CODE / 1e6:g} MB are read")
    return fresh


def _metadata(found: object) -> NotebookNode:
    """Return what grading needs of a cell's metadata: the name that nbgrader knows it by, and the tags."""
    kept: dict[str, object] = {}
    if isinstance(found, dict):
        marks = found.get("nbgrader")
        if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str):
            kept["nbgrader"] = {"grade_id": _text(marks["grade_id"])}
        if isinstance(found.get("tags"), list):
            kept["tags"] = list(dict.fromkeys(_text(tag) for tag in found["tags"][:50] if isinstance(tag, str)))
    return nbformat.from_dict(kept)


def _text(written: str) -> str:
    return written[:200].encode("utf-8", "replace").decode()
