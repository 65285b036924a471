"""A table of a chapter: aligned text, HTML, and the same numbers as data."""

import subprocess
import sys

import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from course.tables import MIME, Table, show_table

ROWS = {"one <pass>": {"work": 1_234_567, "IoU": 0.456, "kind": "fast"}, "apart": {"work": 7, "IoU": None}}


def test_text_is_aligned_and_a_missing_value_is_a_dash() -> None:
    assert str(Table("work", ROWS, "what")).splitlines() == [
        "what             work   IoU  kind",
        "one <pass>  1,234,567  0.46  fast",
        "apart               7     –     –",
    ]


def test_formats_are_those_of_the_column() -> None:
    table = Table("work", {"one": {"share": 0.123, "seconds": 0.0123}}, formats={"share": ".0%", "seconds": ".1e"})
    assert str(table).split() == ["share", "seconds", "one", "12%", "1.2e-02"]


def test_html_says_what_the_text_says_and_escapes_it() -> None:
    page = Table("work", ROWS)._repr_html_()
    assert page.count("<tr>") == 3
    assert "one &lt;pass&gt;" in page
    assert ">1,234,567<" in page


def test_a_notebook_gets_text_html_and_the_numbers_unrounded() -> None:
    bundle, _ = DisplayFormatter().format(Table("work", ROWS))
    assert set(bundle) == {"text/plain", "text/html", MIME}
    assert bundle[MIME] == {"name": "work", "rows": ROWS}


def test_data_holds_plain_numbers_alone() -> None:
    table = Table("t", {"row": {"tensor": torch.tensor(0.5), "nan": float("nan"), "whole": 3}})
    assert table._repr_mimebundle_()[MIME] == {"name": "t", "rows": {"row": {"tensor": 0.5, "nan": None, "whole": 3}}}


def test_showing_a_table_outside_a_notebook_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("work", ROWS, "what")
    assert capsys.readouterr().out == f"{Table('work', ROWS, 'what')}\n"


def test_it_starts_without_torch_and_ipython() -> None:
    code = "import sys, course.tables; sys.exit('torch' in sys.modules or 'IPython' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
