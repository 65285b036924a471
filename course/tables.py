"""Tables of a chapter: text for the eye, and the same numbers as data for whoever cites them.

    show_table("blocks", {"2 × 2": {"pixels right": 0.972, "mean IoU": 0.93}, "4 × 4": {…}})

A number in a chapter's prose is one of these: it is found by its table, its row and its column, as they are shown.
"""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import SupportsFloat

MIME = "application/vnd.pixels-to-instances.table+json"
"""Under this type a notebook's output holds a table as data: {"name": …, "rows": {row: {column: value}}}."""

Value = SupportsFloat | str | None


@dataclass(frozen=True)
class Table:
    """A table called `name`, of `rows` {row: {column: value}}; a column that a row does not have is a dash.

    `formats` says how numbers look, by column: {"share": ".0%"}; without one a whole number is written out and another
    has two decimals. Where `texts`, as large as `rows`, is given, it is shown instead of the numbers.
    """

    name: str
    rows: Mapping[str, Mapping[str, Value]]
    corner: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def lines(self) -> list[tuple[str, list[str]]]:
        """Return what is shown: the head, then each row, as its label and its cells."""
        columns = list(dict.fromkeys(column for row in self.rows.values() for column in row))
        body = [(label, [self._cell(label, column) for column in columns]) for label in self.rows]
        return [(self.corner, columns), *body]

    def _cell(self, row: str, column: str) -> str:
        if self.texts:
            return self.texts[row][column]
        value = self.rows[row].get(column)
        if value is None or isinstance(value, str):
            return value or "–"
        return format(value, self.formats.get(column, ",d" if isinstance(value, int) else ".2f"))

    def __str__(self) -> str:
        lines = self.lines()
        first = max(len(label) for label, _ in lines)
        widths = [max(map(len, cells)) for cells in zip(*(cells for _, cells in lines), strict=True)]
        return "\n".join(
            f"{label:<{first}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
            for label, cells in lines
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(label: str, cells: list[str], kind: str) -> str:
            inner = "".join(f'<{kind} align="right">{html.escape(cell)}</{kind}>' for cell in cells)
            return f'<tr><th align="left">{html.escape(label)}</th>{inner}</tr>'

        head, *body = self.lines()
        under = "".join(row(*line, "td") for line in body)
        return f"<table><thead>{row(*head, 'th')}</thead><tbody>{under}</tbody></table>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        rows = {row: {column: _plain(value) for column, value in cells.items()} for row, cells in self.rows.items()}
        return {MIME: {"name": self.name, "rows": rows}}


def show_table(
    name: str, rows: Mapping[str, Mapping[str, Value]], corner: str = "", formats: Mapping[str, str] | None = None
) -> None:
    """Show `rows` {row: {column: value}} as a table, and hand it out as data under `name`, as `Table` says."""
    from IPython.display import display

    display(Table(name, rows, corner, formats or {}))


def _plain(value: Value) -> float | int | str | None:
    """Return a value as JSON has it; what is no number there is nothing."""
    if value is None or isinstance(value, (str, int)):
        return value
    return float(value) if math.isfinite(float(value)) else None
