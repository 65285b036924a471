"""What of a student's own cells could do harm to who reads them, and is taken away before anybody does.

nbgrader shows Markdown as Jupyter does, and what HTML there is in it is obeyed: in formgrader by the browser of an
instructor, who may start programs from there. A text that is longer than anybody writes is shown as it is: to set and
to colour it would take minutes, while the others wait.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import bleach
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from autograde.feedback.cells import NOTES
from autograde.feedback.pasted import Pasted

_LONGEST_SET = 10_000
"""Characters of a cell that is set as Markdown or coloured: what that takes can grow with the square of the length."""

_MOST_SET = 50_000  # of all cells; an honest chapter has half of that
_MOST_SHOWN = 500_000
_MOST_OF_PICTURES = 24_000_000  # of all pasted pictures, written as text
_MOST_HTML = 10 * _LONGEST_SET  # of a cell: one long link can be used a thousand times
_SIGNS_OF_MARKDOWN = str.maketrans({sign: f"&#{ord(sign)};" for sign in "\\`*_[]$!\n"})
_MARKUP = re.compile(r"[<&]|\]\s*[(:\[]|\\[a-z]")  # a tag, an entity, a link or a picture, a command of TeX
_TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
"""What Markdown is made of. Everything else is shown as it is written."""
_ACTS = re.compile(r"\\(?:href|require|cssId|class|style|def|let|newcommand|newenvironment)", re.IGNORECASE)
"""What of TeX is not for formulas: MathJax makes links, styles and names of it."""


def disarm(notebook: NotebookNode, released: bytes | None) -> None:
    """Make harmless what a student wrote into `notebook`; a text that holds no markup but Markdown's stays as it is."""
    given, room = given_texts(released), Room()
    for cell in notebook.cells:
        own = cell.cell_type == "markdown" and cell.get("id") != NOTES and cell.source.strip() not in given
        if own and (_MARKUP.search(cell.source) or len(cell.source) > _LONGEST_SET):
            make_harmless(cell, room)


@lru_cache(maxsize=8)
def given_texts(released: bytes | None) -> frozenset[str]:
    """Return the texts of the cells that students were given."""
    from autograde.intake.submission import parse

    notebook = parse(released)
    return frozenset({"", *(cell.source.strip() for cell in notebook.cells)} if notebook is not None else {""})


@dataclass
class Room:
    """How many characters of one student's are still set and still shown, and how many of pictures."""

    to_set: int = _MOST_SET
    to_show: int = _MOST_SHOWN
    pictures: int = _MOST_OF_PICTURES

    def sets(self, text: str) -> bool:
        """Take the room that it needs to set `text`, if there is as much."""
        fits = len(text) <= min(_LONGEST_SET, self.to_set)
        self.to_set -= len(text) if fits else 0
        return fits

    def as_written(self, text: str) -> str:
        """Return `text` as HTML that holds nothing to be set, on one line, so that it is not read as Markdown."""
        return f"<div><pre>{html.escape(self.cut(text)).translate(_SIGNS_OF_MARKDOWN)}</pre></div>"

    def cut(self, text: str) -> str:
        """Return `text`, or as much of it as there is room to show."""
        shown = text[: self.to_show]
        self.to_show -= len(shown)
        return shown if shown == text else f"{shown}\n… {len(text) - len(shown)} more characters"


def make_harmless(cell: NotebookNode, room: Room) -> NotebookNode:
    """Return a student's cell without what could run in the browser of who reads it, or take long to be set."""
    if cell.cell_type == "code":
        if not room.sets(cell.source):
            cell.metadata["magics_language"] = "text"  # a code cell still, with what came of it beside it
            cell.source = room.cut(cell.source)
    elif cell.cell_type == "markdown":
        pasted = Pasted(cell.pop("attachments", None), room.pictures)
        text = _set(cell.source, pasted) if room.sets(cell.source) else None
        cell.source = room.as_written(cell.source) if text is None else text
        room.pictures -= pasted.shown
    elif not room.sets(cell.source):
        cell.cell_type = "markdown"
        cell.source = room.as_written(cell.source)
    return cell


def _set(markdown: str, pasted: Pasted) -> str | None:
    """Return Markdown as clean HTML on one line, so that it is not read as Markdown once more; None where it is much.

    Mathematics and links are searched for once more, so what these begin with is written as a number.
    """
    try:
        page = _as_html(pasted.named(markdown))
        if len(page) > _MOST_HTML or _ACTS.search(html.unescape(page)):
            return None
        text = bleach.clean(page, tags=_TAGS, attributes=_is_allowed)
    except Exception:  # Markdown is set for friends; a text that cannot be set is shown as it is, and costs no mark
        return None
    text = text.replace("\n", "&#10;").replace("\\", "&#92;").replace("[", "&#91;")
    return f"<div>{pasted.put_in(text)}</div>"


def _as_html(markdown: str) -> str:
    """Set Markdown as nbconvert does, without links at its headings: only its own pages hide them."""
    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(markdown))


_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href", "title"}),
    "abbr": frozenset({"title"}),
    "img": frozenset({"alt", "title", "width", "height"}),
    "ol": frozenset({"start"}),
    **dict.fromkeys(("code", "div", "pre", "span"), frozenset({"class"})),  # of code in its colours
}


def _is_allowed(tag: str, name: str, value: str) -> bool:
    """Return whether a tag may keep an attribute. A picture is one that was pasted: another address would be asked."""
    return name in _ATTRIBUTES.get(tag, ()) or (tag == "img" and name == "src" and Pasted.is_name(value))
