"""What happens to honest files on their way: encodings, versions, names, weights. And files that are no notebooks."""

import base64
import io
import json
import os
import socket
import zipfile
from pathlib import Path

import nbformat

from tests.hostile.bank import NAME, Book, Made, code, mended, unreadable

NOT_FOUND = "nbgrader looks for *.ipynb in the folder itself, says that there is none, and goes on with the others"


def dumped(book: Book, **how: object) -> str:
    return json.dumps(book.json, **how)  # type: ignore[arg-type]


def _as_version_3(book: Book) -> nbformat.NotebookNode:
    return nbformat.convert(nbformat.reads(dumped(book), as_version=4), 3)


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


# --- formats and encodings --------------------------------------------------------------------------------------------


@mended(as_whole=True)
def untouched(book: Book) -> None:
    """Every answer is right and nothing is damaged."""


@mended(as_whole=True)
def version_3(book: Book) -> Made:
    """The notebook was saved in nbformat 3, with worksheets."""
    return json.dumps(_as_version_3(book)).encode()


@mended(as_whole=True)
def version_2(book: Book) -> Made:
    """The notebook claims nbformat 2, whose cells know no metadata."""
    old = _as_version_3(book)
    cells = [
        {**{key: cell[key] for key in ("cell_type", "input", "source") if key in cell}, "language": "python"}
        for cell in old.worksheets[0].cells
    ]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"collapsed": False, "outputs": [], "prompt_number": 1}
    return json.dumps({"nbformat": 2, "metadata": {}, "worksheets": [{"cells": cells}]}).encode()


@mended(as_whole=True)
def version_4_0(book: Book) -> None:
    """The first minor version: no cell has an id."""
    book.json["nbformat_minor"] = 0
    for cell in book.cells:
        cell.pop("id", None)


@mended(as_whole=True)
def version_of_the_future(book: Book) -> None:
    """A version that nobody knows yet, with cells as we know them."""
    book.json |= {"nbformat": 5, "nbformat_minor": 99}


@mended(as_whole=True)
def version_lost(book: Book) -> None:
    """The version is gone from the file."""
    del book.json["nbformat"], book.json["nbformat_minor"]


@mended(as_whole=True)
def ids_doubled(book: Book) -> None:
    """Every cell has the same id."""
    for cell in book.cells:
        cell["id"] = "same"


@mended(as_whole=True)
def ids_that_are_none(book: Book) -> None:
    """Ids are numbers, too long, or hold signs that none may hold."""
    for number, cell in enumerate(book.cells):
        cell["id"] = [number, "x" * 200, "ü/<b>", "", None][number % 5]


@mended(as_whole=True)
def byte_order_mark(book: Book) -> Made:
    """Windows wrote a byte-order mark before the notebook."""
    return book.bytes().decode().encode("utf-8-sig")


@mended("UTF-16", as_whole=True)
def utf_16(book: Book) -> Made:
    """PowerShell wrote the notebook as UTF-16."""
    return book.bytes().decode().encode("utf-16")


@mended("UTF-16", as_whole=True)
def utf_16_without_a_mark(book: Book) -> Made:
    """UTF-16, and nothing says so."""
    return book.bytes().decode().encode("utf-16-le")


@mended("not encoded as UTF-8")
def latin_1(book: Book) -> Made:
    """An editor saved it in Latin-1, umlauts and all."""
    book.top("größe = 'Übung'")
    return dumped(book, ensure_ascii=False).encode("latin-1", errors="replace")


@mended(as_whole=True)
def windows_line_ends(book: Book) -> Made:
    """Line ends are those of Windows, in the file and in the cells."""
    for cell in book.cells:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return dumped(book, indent=1).replace("\n", "\r\n").encode()


@mended(as_whole=True)
def sources_as_text(book: Book) -> None:
    """Sources are texts instead of lists of lines."""
    for cell in book.cells:
        cell["source"] = "".join(cell["source"])


@mended(as_whole=True)
def not_a_number_in_an_output(book: Book) -> Made:
    """A plot wrote NaN and Infinity into its output, which is no JSON, and Jupyter did not mind."""
    book.cells[3]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"x": [1, "MARK"]}}]
    return book.bytes().replace(b'"MARK"', b"NaN, Infinity, -Infinity, 1e400, " + b"9" * 5000)


@mended(as_whole=True)
def keys_doubled(book: Book) -> Made:
    """Keys of the file stand there twice."""
    return b'{"cells": [], "metadata": {}, ' + book.bytes()[1:]


@mended(as_whole=True)
def half_a_character(book: Book) -> None:
    """Texts and metadata hold halves of surrogate pairs."""
    book.cells.insert(0, {"cell_type": "markdown", "metadata": {"tags": ["\udfff"]}, "source": "\ud83d"})
    book.json["metadata"]["\ud800"] = "\ud800"


@mended(as_whole=True)
def metadata_nested_deeply(book: Book) -> Made:
    """An extension wrote metadata four hundred levels deep."""
    book.cells[0]["metadata"] = book.json["metadata"]["x"] = "DEEP"
    return book.bytes().replace(b'"DEEP"', b'{"deep": [' * 400 + b"]}" * 400)


@mended(as_whole=True)
def pictures_pasted(book: Book) -> None:
    """Two pictures of 6 MB are attached to a text, and the state of widgets is kept."""
    book.cells[0]["attachments"] = {f"{n}.png": {"image/png": "A" * 6_000_000} for n in (1, 2)}
    book.json["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": [1] * 9999}}}


@mended(as_whole=True)
def picture_shown_in_a_text(book: Book) -> None:
    """A text shows a picture that was pasted into it, another that is missing, and a third from another host."""
    own = "## My answer\n\n![plot](attachment:plot.png) ![gone](attachment:gone.png) ![there](https://a.example/b.png)"
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    text = {"cell_type": "markdown", "metadata": {}, "source": own, "attachments": {"plot.png": {"image/png": png}}}
    book.cells.insert(3, text)


@mended(as_whole=True)
def outputs_of_100_mb(book: Book) -> None:
    """A cell printed 100 MB, which the notebook kept; the code is small and right."""
    line = "step 1234: loss 0.123456 " * 40 + '"[{\n'
    book["check-max_unpool2d"]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [line] * 100_000}]


@mended("after the end", as_whole=True)
def something_after_the_end(book: Book) -> Made:
    """An older, longer version shows below the newer one."""
    return book.bytes() + b'\n "nbformat": 4}\n'


@mended(as_whole=True)
def zeros_after_the_end(book: Book) -> Made:
    """A full disk left zeros at the end."""
    return book.bytes() + bytes(4096)


@mended("had lost its metadata")
def colab(book: Book) -> None:
    """Colab wrote its own metadata and threw nbgrader's away, with ids of its own."""
    for number, cell in enumerate(book.cells):
        cell["metadata"] = {"id": f"Ab{number}xQ", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
        cell["id"] = f"Ab{number}xQ"
    book.json["metadata"] = {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU"}


@mended(as_whole=True)
def vs_code(book: Book) -> None:
    """VS Code added what it likes to know."""
    for cell in book.cells:
        cell["metadata"]["vscode"] = {"languageId": "python"}
    book.json["metadata"] = {"language_info": {"name": "python", "version": 3}, "orig_nbformat": 4, "kernelspec": "x"}


# --- names and folders ------------------------------------------------------------------------------------------------


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


CHAPTER_STEM = NAME.removesuffix(".ipynb")


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


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    place = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(place)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


@mended("left out", as_whole=True, nbgrader="nbgrader copies what lies beside the notebook, and refuses a named pipe")
def strange_files_beside(book: Book) -> Made:
    """A pipe that nobody writes to, a socket and a link to the gradebook lie beside the notebook."""
    return {
        NAME: book.bytes(),
        "pipe": _fifo,
        "pipe.ipynb": _fifo,
        "s": _socket,
        "x.ipynb": link("../../../gradebook.db"),
    }


def link(target: str):
    return lambda path: path.symlink_to(target)


# --- no notebooks -----------------------------------------------------------------------------------------------------


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
    return {NAME: _fifo}


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
