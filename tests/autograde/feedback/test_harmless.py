"""What a student writes does nothing in formgrader, where an instructor reads it as Jupyter would show it."""

import base64
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


TEXT = """## What I saw

One paragraph, *with* <b>markup</b>.<br>A line of its own.

And another.

| loss | IoU |
| --- | ---: |
| 0.3 | 0.71 |

1. first
2. second

---
"""


def test_paragraphs_headings_tables_and_line_breaks_stay_what_they_are() -> None:
    page, quiet = in_formgrader(TEXT), in_formgrader("quiet")
    tags = [tag for tag, _ in page.tags]
    more = {tag: tags.count(tag) - [one for one, _ in quiet.tags].count(tag) for tag in {*tags}}
    assert {tag: more[tag] for tag in ("h2", "table", "th", "td", "ol", "li", "br", "hr", "b", "em")} == {
        "h2": 1, "table": 1, "th": 2, "td": 2, "ol": 1, "li": 2, "br": 1, "hr": 1, "b": 1, "em": 1,
    }  # fmt: skip
    assert more["p"] >= 1
    assert "<p>" not in page.text
    assert "<h2" not in page.text
    assert "¶" not in page.text  # an anchor, which shows only where a style sheet hides it


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and what else a picture has").decode()


def pictures(text: str, attachments: dict[str, dict[str, object]]) -> list[dict[str, str | None]]:
    notebook = new_notebook(cells=[new_markdown_cell(text, attachments=attachments)])
    disarm(notebook, RELEASED)
    exporter = HTMLExporter(template_name="classic", extra_template_basedirs=[handlers.template_path])
    page = Page(exporter.from_notebook_node(notebook)[0])
    return [attributes for tag, attributes in page.tags if tag == "img"]


@pytest.mark.parametrize(
    "text", ["![my plot](attachment:a%20plot.png)", "<img alt='my plot' src='attachment:a%20plot.png'>"]
)
def test_a_picture_that_was_pasted_is_shown(text: str) -> None:
    (shown,) = pictures(text, {"a plot.png": {"image/png": PNG}})
    assert shown["src"] == f"data:image/png;base64,{PNG}"
    assert shown["alt"] == "my plot"


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"a.png": {}},
        {"a.png": {"image/svg+xml": "<svg onload='alert(1)'/>"}},
        {"a.png": {"image/png": base64.b64encode(b"<script>alert(1)</script>").decode()}},
        {"a.png": {"image/png": "no base64 at all"}},
        {"a.png": {"image/png": PNG + "A" * 24_000_000}},
    ],
)
def test_what_is_no_picture_or_is_missing_leaves_its_words(beside: dict[str, dict[str, object]]) -> None:
    (shown,) = pictures("before ![my plot](attachment:a.png)", beside)
    assert "src" not in shown
    assert shown["alt"] == "my plot"


def test_a_sentence_that_names_an_attachment_reads_as_it_was_written() -> None:
    page = in_formgrader("I pasted it as attachment:a%20b.png, see <b>attachment:x&y.png</b> and pasted-picture-7")
    assert "I pasted it as attachment:a%20b.png, see attachment:x&y.png and pasted-picture-7" in page.text


def test_a_picture_at_another_address_is_not_asked_for() -> None:
    shown = pictures("![mine](https://a.example/x.png) <img src='//a.example/y.png'> ![x](pasted-picture-7)", {})
    assert not [one for one in shown if one.get("src")]
