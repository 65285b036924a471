"""What happens to honest files on their way: encodings, versions, weights, and what stands behind their end."""

import base64
import json

import nbformat

from tests.hostile.bank import Book, Made, mended


def dumped(book: Book, **how: object) -> str:
    return json.dumps(book.json, **how)  # type: ignore[arg-type]


def _as_version_3(book: Book) -> nbformat.NotebookNode:
    return nbformat.convert(nbformat.reads(dumped(book), as_version=4), 3)


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
