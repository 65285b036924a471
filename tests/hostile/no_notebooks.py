"""Files that are no notebooks. Nothing can be earned with them, and the reason is said."""

import json
from pathlib import Path

from tests.hostile.bank import NAME, Book, Made, code, unreadable
from tests.hostile.places import CHAPTER_STEM, NOT_FOUND, fifo, link, zipped


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


@unreadable("empty")
def empty_file(book: Book) -> Made:
    """The upload was cut off before the first byte."""
    return b""


@unreadable("cut off")
def half_a_file(book: Book) -> Made:
    """The upload was cut off in the middle."""
    return book.bytes()[:6000]


@unreadable("merge")
def unfinished_merge(book: Book) -> Made:
    """Git's marks of a conflict stand in the file."""
    return b"{\n<<<<<<< HEAD\n" + book.bytes()[1:9000] + b"\n=======\n" + book.bytes()[1:] + b"\n>>>>>>> mine\n"


@unreadable("HTML")
def page_instead(book: Book) -> Made:
    """The page that shows the notebook was saved under its name."""
    return b"<!DOCTYPE html><html><body><script>alert('xss')</script></body></html>"


@unreadable("03_unpooling.html", nbgrader=NOT_FOUND)
def exported_as_a_page(book: Book) -> Made:
    """Only the exported page was handed in."""
    return {"03_unpooling.html": b"<!DOCTYPE html><html></html>"}


@unreadable("work.zip", nbgrader=NOT_FOUND)
def packed(book: Book) -> Made:
    """An archive was handed in, packed a thousandfold."""
    return {"work.zip": b"PK\x03\x04" + bytes(10_000)}


@unreadable("MB", nbgrader=NOT_FOUND)
def packed_bomb(book: Book) -> Made:
    """An archive of a kilobyte says that the notebook in it has two gigabytes."""
    return {"work.zip": zipped({NAME: bytes(100_000)}, file_size=2**31)}


@unreadable("archive")
def archive_under_its_name(book: Book) -> Made:
    """An archive with the notebook's name."""
    return b"PK\x03\x04" + bytes(range(256)) * 40


@unreadable("not JSON")
def random_bytes(book: Book) -> Made:
    """No text at all."""
    return bytes(range(256)) * 40


@unreadable("not a notebook")
def list_of_numbers(book: Book) -> Made:
    """JSON, and no notebook."""
    return b"[1, 2, 3]"


@unreadable("not JSON")
def brackets_without_end(book: Book) -> Made:
    """A hundred thousand brackets, to overturn the reader's stack."""
    return b'{"cells": ' + b"[" * 100_000


@unreadable("cells; at most")
def too_many_cells(book: Book) -> None:
    """Three thousand cells."""
    book.cells.extend(code("1") for _ in range(3000))


@unreadable("of code")
def too_much_code(book: Book) -> None:
    """Two megabytes of code in cells of ordinary size, each with a magic that has it read again."""
    book.cells.extend(code("%time x\n" * 500 + "x = 1 # " + "y" * 40_000) for _ in range(50))


@unreadable("no cell of this chapter")
def another_chapter(book: Book) -> Made:
    """A notebook of the right name that belongs to another course."""
    return json.dumps({"cells": [code("print('hello')")], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@unreadable("link")
def link_to_the_source(book: Book) -> Made:
    """The notebook is a link to the instructor's version."""
    return {NAME: link(f"../../../source/{CHAPTER_STEM}/{NAME}")}


@unreadable("no plain file")
def pipe_instead(book: Book) -> Made:
    """The notebook is a pipe that nobody ever writes to."""
    return {NAME: fifo}


@unreadable("there is no notebook")
def folder_instead(book: Book) -> Made:
    """A folder has the notebook's name."""
    return {NAME: lambda path: path.mkdir()}


@unreadable("10240 MB")
def ten_gigabytes(book: Book) -> Made:
    """A file of ten gigabytes that takes no room on the disk."""
    return {NAME: _sparse}


@unreadable("there is no notebook", nbgrader=NOT_FOUND)
def nothing(book: Book) -> Made:
    """An empty folder."""
    return {}
