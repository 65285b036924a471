"""What a student writes does nothing in formgrader, where an instructor reads it as Jupyter would show it."""

from html import unescape
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.server_extensions.formgrader import handlers

from autograde.feedback.harmless import disarm

GIVEN = "Given out: <details><summary>a hint</summary>look</details>"
RELEASED = nbformat.writes(new_notebook(cells=[new_markdown_cell(GIVEN)])).encode()


class Page(HTMLParser):
    """The tags of a page below its head, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page[page.index("<body") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def in_formgrader(*texts: str) -> Page:
    notebook = new_notebook(cells=list(map(new_markdown_cell, texts)))
    disarm(notebook, RELEASED)
    exporter = HTMLExporter(template_name="classic", extra_template_basedirs=[handlers.template_path])
    return Page(exporter.from_notebook_node(notebook)[0])


ATTACKS = [
    "<script>alert('mine')</script>",
    "<img src=x onerror=alert(1)>",
    "a [link](javascript:alert(1))",
    "a [link](java&#115;cript:alert(1))",
    "a [link][1]\n\n[1]: javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>b</a> <form action='javascript:alert(1)'><button>c</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>body { display: none }</style>",
    "<div>\n\n<script>\nalert('mine')\n</script>\n\n</div>",
    "> <sCrIpT\n>alert('mine')</sCrIpT\n>",
    "`<b>` <script src='//a.example/x.js'></script>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_text_comes_alive(attack: str) -> None:
    quiet = in_formgrader("quiet")
    page = in_formgrader(f"before {attack}", attack)
    new = [one for one in page.tags if one not in quiet.tags]
    assert not {tag for tag, _ in new} & {"script", "iframe", "svg", "form", "style", "object", "embed"}
    assert not [name for _, attributes in new for name in attributes if name.startswith("on") or name == "srcdoc"]
    assert not [value for _, attributes in new for value in attributes.values() if "javascript:" in (value or "")]


def test_a_formula_makes_no_link() -> None:
    notebook = new_notebook(cells=[new_markdown_cell(r"$\href{javascript:alert(1)}{x}$")])
    disarm(notebook, RELEASED)
    assert notebook.cells[0].source.startswith("<div><pre>")  # MathJax leaves what stands in `pre` alone
    assert "\\href" in unescape(notebook.cells[0].source)


@pytest.mark.parametrize("text", ["# Mine\n\n*a* and `b`, $x^2$\n\n- one\n- two", GIVEN])
def test_plain_markdown_and_what_was_given_stay_as_they_are(text: str) -> None:
    notebook = new_notebook(cells=[new_markdown_cell(text)])
    disarm(notebook, RELEASED)
    assert notebook.cells[0].source == text


def test_a_text_with_signs_of_markup_reads_as_it_did() -> None:
    text = "if a < b & c, see [the docs](https://pytorch.org), $\\frac{1}{2}$"
    page = in_formgrader(text)
    assert "if a < b & c, see the docs, $\\frac{1}{2}$" in " ".join(page.text.split())
    assert ("a", "https://pytorch.org") in {(tag, attributes.get("href")) for tag, attributes in page.tags}
