"""Fill a chapter's prose with the numbers that its notebook printed, and hold its comparisons against them.

    The mean IoU is {n}`costs.mean IoU.SegNet:.2f`, {n}`costs.mean IoU.FCN-8s - costs.mean IoU.SegNet:.2f` below FCN-8s.
    <!-- holds: costs.mean IoU.FCN-8s > costs.mean IoU.SegNet -->

A number is called by its table, its row and its column, as the notebook shows them (a hyphen may stand for a dash).
`spread` before the name is how far the runs of the notebook lie apart, the farthest where a * stands for any text, and
`gpu` before it means the full tier. Two numbers may be joined by + - * or /, with spaces around it. The last colon says
how to write the number: as Python does (`.2f`, `.0%`, `,.0f`), or `~1`, with one digit that counts, and `~1%`.
A comparison may be chained, several are separated by semicolons, and each has to hold in every run.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise
from operator import add, ge, gt, le, lt, mul, sub, truediv

from autograde.building.chapter import Cell, ChapterError
from autograde.building.evidence import Evidence, command

_NUMBER = re.compile(r"\{n\}`([^`]*)`")
_CLAIMS = re.compile(r"\n?<!-- holds: (.*?) -->", re.DOTALL)
_PROSE = ("prose", "exercise", "quiz")


def _equal(left: float, right: float) -> bool:
    """Return whether two numbers are the same, of which evidence keeps six digits each."""
    return math.isclose(left, right, rel_tol=1e-4)


_ORDERS: dict[str, Callable[[float, float], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge, "==": _equal}
_OPERATORS: dict[str, Callable[[float, float], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


class Numbers:
    """The numbers of a chapter's evidence by name, one of each run."""

    def __init__(self, small: Evidence, full: Evidence | None = None) -> None:
        self.chapter, self.runs = small.chapter, small.runs
        self._known: dict[str, list[float]] = {}
        for evidence, prefix in ((small, ""), (full, "gpu ")):
            for table, rows in evidence.tables.items() if evidence else ():
                for row, cells in rows.items():
                    for column, value in cells.items():
                        values = value if isinstance(value, list) else [value]
                        name = _plain(f"{prefix}{table}.{row}.{column}")
                        self._known[name] = [each for each in values if isinstance(each, (float, int))]

    def value(self, term: str, run: int = 0) -> float:
        """Return what `term` is in `run`: one number, or two of them joined.

        Raises:
            ValueError: there is no such number, in a sentence.
        """
        first, *others = re.split(r"\s([-+*/])\s", " ".join(term.split()))
        if not others:
            return self._single(first, run)
        if len(others) > 2:
            raise ValueError(f"{term!r} joins more than two numbers: let the notebook compute it, and cite the result")
        operator, second = others
        if operator == "/" and self._single(second, run) == 0:
            raise ValueError(f"{term!r} divides by zero")
        return _OPERATORS[operator](self._single(first, run), self._single(second, run))

    def _single(self, term: str, run: int) -> float:
        """Return a number that is written out, one that is named, or the spread of those that are named."""
        if re.fullmatch(r"[\d.]+(e\d+)?", term):
            return float(term)
        name, spread = _plain(term.removeprefix("spread ")), term.startswith("spread ")
        pattern = re.escape(name).replace(r"\*", ".*" if spread else r"\*")
        found = [values for known, values in self._known.items() if re.fullmatch(pattern, known) and values]
        if not found:
            near = get_close_matches(name, self._known, n=3, cutoff=0.3)
            raise ValueError(f"there is no number {name!r}; the nearest are {', '.join(near) or 'none'}")
        if spread and self.runs < 2:
            raise ValueError(f"{term!r} needs two runs at least: `{command(self.chapter)} --runs 2` adds one")
        if spread:
            return max(max(values) - min(values) for values in found)
        return found[0][min(run, len(found[0]) - 1)]

    def fill(self, match: re.Match[str]) -> str:
        """Return the number that stands for ``{n}`name:format```."""
        term, colon, form = match[1].rpartition(":")
        if not colon:
            raise ValueError(f"{match[0]} does not say how to write the number: {{n}}`name:.2f`")
        return written(self.value(term), form.strip())

    def hold(self, claim: str) -> None:
        """Return if a comparison holds in every run.

        Raises:
            ValueError: it does not, or is none.
        """
        first, *others = re.split(r"\s(<=|>=|==|<|>)\s", claim)
        if not others:
            raise ValueError(f"{claim!r} compares nothing")
        for run in range(self.runs):
            values = [self.value(term.strip(), run) for term in (first, *others[1::2])]
            if not all(_ORDERS[order](*pair) for order, pair in zip(others[::2], pairwise(values), strict=True)):
                shown = " ".join(
                    f"{value:.4g} {order}" for value, order in zip(values, [*others[::2], ""], strict=True)
                )
                raise ValueError(f"{claim!r} does not hold in run {run + 1}: it is {shown.strip()}")


def fill(chapter: str, cells: Iterable[Cell], small: Evidence | None, full: Evidence | None = None) -> list[Cell]:
    """Return `cells` with their numbers in place, after holding the claims that stand in them.

    Raises:
        ChapterError: evidence is missing, a name is unknown, or a claim does not hold.
    """
    numbers = Numbers(small, full) if small else None
    return [_filled(chapter, cell, numbers) if cell.directive in _PROSE else cell for cell in cells]


def _filled(chapter: str, cell: Cell, numbers: Numbers | None) -> Cell:
    if not _NUMBER.search(cell.text) and not _CLAIMS.search(cell.text):
        _require_nothing_left(chapter, cell.text)
        return cell
    if numbers is None:
        raise ChapterError(f"{chapter} cites numbers that are not there yet: `{command(chapter)}` makes them")
    try:
        for claims in _CLAIMS.findall(cell.text):
            for claim in claims.split(";"):
                numbers.hold(" ".join(claim.split()))
        text = _NUMBER.sub(numbers.fill, _CLAIMS.sub("", cell.text))
    except ValueError as error:
        raise ChapterError(f"{chapter}, in “{_beginning(cell.text)}”: {error}") from None
    _require_nothing_left(chapter, text)
    return replace(cell, text=text)


def _require_nothing_left(chapter: str, text: str) -> None:
    for left in ("{n}`", "<!-- holds"):
        if left in text:
            raise ChapterError(f"{chapter}, in “{_beginning(text)}”: {left!r} begins what does not end")


def _beginning(text: str) -> str:
    return " ".join(text.split())[:60] + "…"


def written(value: float, form: str) -> str:
    """Return a number as `form` says.

    >>> [written(446.0, form) for form in (".1f", "~1", "~2")], [written(0.2871, form) for form in (".1%", "~1%", "~1")]
    (['446.0', '400', '450'], ['28.7%', '30%', '0.3'])

    Raises:
        ValueError: there is no such format.
    """
    about = re.fullmatch(r"~(\d)(%?)", form)
    if not about:
        return format(value, form)
    value *= 100 if about[2] else 1
    digits = int(about[1])
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else 0
    return f"{rounded:,.{max(decimals, 0)}f}{about[2]}"


def _plain(name: str) -> str:
    return name.replace("–", "-").strip()
