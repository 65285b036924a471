"""What honest students hand in around the notebook: other names, folders, archives, notes, things that are no files."""

import io
import os
import socket
import zipfile
from pathlib import Path

from tests.autograde.conftest import CHAPTER
from tests.hostile.bank import NAME, Book, Made, mended, misplaced

NOT_FOUND = "nbgrader looks for *.ipynb in the folder itself, says that there is none, and goes on with the others"
CHAPTER_STEM = NAME.removesuffix(".ipynb")


def zipped(members: dict[str, bytes], **claimed: int) -> bytes:
    """Return a zip file; what is `claimed`, such as another size, stands in its directory for every member."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        for info in archive.infolist():
            for field, value in claimed.items():
                setattr(info, field, value)
    return made.getvalue()


def link(target: str):
    return lambda path: path.symlink_to(target)


def fifo(path: Path) -> None:
    os.mkfifo(path)


@mended("was called 03_unpooling (1).ipynb", as_whole=True)
def downloaded_twice(book: Book) -> Made:
    """The browser called it 03_unpooling (1).ipynb."""
    return {"03_unpooling (1).ipynb": book.bytes()}


@mended("was called 03_unpooling.ipynb.json", as_whole=True, nbgrader=NOT_FOUND)
def saved_as_json(book: Book) -> Made:
    """The browser added .json."""
    return {"03_unpooling.ipynb.json": book.bytes()}


@mended("was called notebook.txt", as_whole=True, nbgrader=NOT_FOUND)
def saved_as_text(book: Book) -> Made:
    """The notebook was saved as a text file."""
    return {"notebook.txt": book.bytes()}


@mended("as a script, unpooling.py", nbgrader=NOT_FOUND)
def exported_as_a_script(book: Book) -> Made:
    """Jupyter's export as Python was handed in instead of the notebook."""
    code_cells = ["".join(cell["source"]) for cell in book.cells if cell["cell_type"] == "code"]
    script = "\n\n".join(f"# In[{number}]:\n\n\n{source}" for number, source in enumerate(code_cells))
    return {"unpooling.py": f"#!/usr/bin/env python\n# coding: utf-8\n\n{script}\n".encode()}


@mended("was called homework/my work/03.ipynb", as_whole=True, nbgrader=NOT_FOUND)
def in_a_subfolder(book: Book) -> Made:
    """The whole folder was packed into a folder."""
    return {"homework/my work/03.ipynb": book.bytes(), "__MACOSX/homework/._03.ipynb": b"\0\x05\x16\x07"}


@mended("the notebook was inside work.zip", as_whole=True, nbgrader=NOT_FOUND)
def packed_by_the_platform(book: Book) -> Made:
    """The learning platform packed the folder: the notebook, an older copy, the Mac's notes, and what it made."""
    members = {
        "work/unpooling.ipynb": book.bytes(),
        "work/.ipynb_checkpoints/unpooling-checkpoint.ipynb": book.blank(),
        "work/annotations.json": b"{" + b" " * 100_000,
        "__MACOSX/work/._unpooling.ipynb": b"\0\x05\x16\x07",
    }
    return {"work.zip": zipped(members)}


@mended("was called 03_UNPOOLING.IPYNB", as_whole=True, nbgrader=NOT_FOUND)
def in_capitals(book: Book) -> Made:
    """Somebody's file system shouts."""
    return {"03_UNPOOLING.IPYNB": book.bytes()}


@mended("was called", as_whole=True)
def name_of_another_script(book: Book) -> Made:
    """The name holds a line end, an accent, a picture and a sign that turns the text around."""
    return {"réponse\n🎉 \u202egpj<b>.ipynb": book.bytes()}


@mended(as_whole=True)
def checkpoint_beside(book: Book) -> Made:
    """Jupyter's own copy lies beside the notebook, older and empty."""
    return {NAME: book.bytes(), f".ipynb_checkpoints/{CHAPTER_STEM}-checkpoint.ipynb": book.blank()}


@mended("was called .ipynb_checkpoints", as_whole=True, nbgrader=NOT_FOUND)
def checkpoint_alone(book: Book) -> Made:
    """All that was handed in is Jupyter's own copy."""
    return {f".ipynb_checkpoints/{CHAPTER_STEM}-checkpoint.ipynb": book.bytes()}


@mended("the one with the most answers")
def two_candidates(book: Book) -> Made:
    """Two notebooks, neither with the right name; one is the empty original."""
    return {"a.ipynb": book.blank(), "b.ipynb": book.bytes(), "notes.ipynb": b'{"cells": [], "nbformat": 4}'}


@mended("the one with the most answers")
def empty_original_beside(book: Book) -> Made:
    """The notebook of the right name was never touched; the work is in a copy."""
    return {NAME: book.blank(), f"{CHAPTER_STEM}-Copy1.ipynb": book.bytes()}


@mended("cannot be read")
def broken_original_beside(book: Book) -> Made:
    """The notebook of the right name is cut off; the copy is whole."""
    return {NAME: book.bytes()[:5000], f"{CHAPTER_STEM}-Copy1.ipynb": book.bytes()}


@mended("left out", as_whole=True)
def whole_environment(book: Book) -> Made:
    """Ten thousand files were handed in with the notebook, in forty folders below each other."""
    below = "d/" * 40
    files: dict[str, bytes] = {f"venv/lib/{n // 100}/{n}.py": b"" for n in range(2000)}
    return {NAME: book.bytes(), f"{below}deep.txt": b"", **files}


@mended("timestamp.txt is no date", as_whole=True)
def timestamp_that_is_no_date(book: Book) -> Made:
    """The time of handing in was typed by hand, and dateutil counts beyond all years."""
    return {NAME: book.bytes(), "timestamp.txt": b"yesterday evening, sorry 99999999999999999999"}


@mended(as_whole=True)
def timestamp_with_a_byte_order_mark(book: Book) -> Made:
    """An editor of Windows put a byte order mark before the time of handing in."""
    return {NAME: book.bytes(), "timestamp.txt": "\ufeff2026-03-01 12:00:00 UTC\r\n".encode()}


def _socket(path: Path) -> None:
    place = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(place)


@mended("left out", as_whole=True, nbgrader="nbgrader copies what lies beside the notebook, and refuses a named pipe")
def strange_files_beside(book: Book) -> Made:
    """A pipe that nobody writes to, a socket and a link to the gradebook lie beside the notebook."""
    return {
        NAME: book.bytes(),
        "pipe": fifo,
        "pipe.ipynb": fifo,
        "s": _socket,
        "x.ipynb": link("../../../gradebook.db"),
    }


# --- where nobody looks -----------------------------------------------------------------------------------------------


@misplaced("move it to submitted/beside-the-chapters-folders/03_unpooling/")
def beside_the_chapters_folders(book: Book) -> Made:
    """The notebook lies in the student's folder itself, under a name of its own."""
    return {"Homework 3 - unpooling (final).ipynb": book.bytes()}


@misplaced("rename it to submitted/folder-with-other-signs/03_unpooling")
def folder_with_other_signs(book: Book) -> Made:
    """The chapter's folder has capitals, a dash and a space behind it."""
    return {f"03-Unpooling /{NAME}": book.bytes()}


@misplaced("rename it to submitted/folder-with-a-number/03_unpooling")
def folder_with_a_number(book: Book) -> Made:
    """The chapter's folder says which chapter it is in words."""
    return {"Chapter 03/answers.ipynb": book.bytes()}


@misplaced("put it into submitted/file-named-like-the-chapter/03_unpooling/")
def file_named_like_the_chapter(book: Book) -> Made:
    """The notebook lost its ending and is where the chapter's folder should be."""
    return {CHAPTER: book.bytes()}


@misplaced("move it to submitted/levels-exchanged/03_unpooling")
def levels_exchanged(book: Book) -> Made:
    """Somebody sorted by chapter first."""
    return {f"../{CHAPTER}/levels-exchanged/{NAME}": book.bytes()}


@misplaced("lovelaceada_4711_0815_03_unpooling-2.ipynb is a file among the students' folders")
def flat_files_of_a_platform(book: Book) -> Made:
    """The learning platform's download was laid there as it came."""
    return {"../lovelaceada_4711_0815_03_unpooling-2.ipynb": book.bytes()}
