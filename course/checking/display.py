"""Show a report: the first failing case with its numbers and the diagnosis, the rest folded away; then one hint.

The same content in two forms: HTML for a notebook, legible in light and dark, and text for a terminal. What is wrong is
marked by a sign and an outline as well as by colour.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from course import layers
from course.checking.calling import fields
from course.checking.judging import close
from course.checking.report import Report
from course.exercises.exercise import Exercise

_STYLE = Path(__file__).with_name("display.css").read_text()
_LARGEST = 9  # rows or columns of a grid before it is cut
_SIGNS = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Grid:
    """A plane of numbers as text, with the positions to mark; `title` says what it is, `corner` where it was cut."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[tuple[int, int]] = frozenset()
    cut: bool = False


def as_html(report: Report, hint: str = "") -> str:
    """Return `report` as one self-contained piece of HTML; every text that a student's code gave is escaped."""
    body = [f"<style>{_STYLE}</style>", f'<p class="p2i-title">{_title_html(report)}</p>']
    if report.passed and report.exercise.insight:
        body.append(f'<p class="p2i-insight">{_emphasised(_prose(report.exercise.insight))}</p>')
    shown = _shown(report)
    if shown is not None:
        verdict, settings = report.verdicts[shown], html.escape(settings_of(report))
        called = f" — called with {settings}" if settings else ""
        body.append(
            f'<p class="p2i-case p2i-wrong">{_sign_html(False)}<b>{html.escape(verdict.case)}</b>{called}'
            f'<span class="p2i-sentence">{_prose(verdict.sentence)}</span></p>'
        )
        grids = "".join(map(_grid_html, grids_of(report)))
        if grids:
            body.append(f'<div class="p2i-grids">{grids}</div>')
    if report.printed and not report.unwritten:
        printed = f"<pre>{html.escape(report.printed)}</pre>"
        body.append(f'<div class="p2i-printed">{html.escape(_told_prints(report))}{printed}</div>')
    if report.diagnosis:
        body.append(f'<p class="p2i-diagnosis"><b>A likely reason.</b> {_prose(report.diagnosis)}</p>')
    if hint:
        title, _, text = hint.partition(": ")
        unfolded = _emphasised(_prose(text))
        body.append(f'<details class="p2i-hint"><summary>{html.escape(title)}</summary>{unfolded}</details>')
    if not report.unwritten and len(report.verdicts) > 1:
        summary = html.escape(_rest(report) or f"the {len(report.verdicts)} cases")
        body.append(f'<details class="p2i-rest"><summary>{summary}</summary>{_cases_html(report)}</details>')
    state = "right" if report.passed else "wrong"
    return f'<div class="p2i-check" data-state="{state}" data-exercise="{report.exercise.name}">{"".join(body)}</div>'


def as_text(report: Report, hint: str = "") -> str:
    """Return `report` for a terminal."""
    lines = [_title(report)]
    if report.passed:
        lines += [f"  {_SIGNS[True]} {verdict.case}" for verdict in report.verdicts]
        lines += ["", f"  {report.exercise.insight}"] if report.exercise.insight else []
    shown = _shown(report)
    if shown is not None:
        verdict, settings = report.verdicts[shown], settings_of(report)
        lines.append(f"  {_SIGNS[False]} {verdict.case}" + (f", called with {settings}" if settings else ""))
        lines.append(f"      {verdict.sentence}")
        lines += [f"  {line}" for grid in grids_of(report) for line in ["", *_grid_text(grid)]]
    if report.printed and not report.unwritten:
        lines += ["", f"  {_told_prints(report)}", *(f"      {line}" for line in report.printed.splitlines())]
    if report.diagnosis:
        lines += ["", f"  A likely reason. {report.diagnosis}"]
    if hint:
        lines += ["", f"  {hint}"]
    if _rest(report):
        lines += ["", f"  {_rest(report)}"]
    return "\n".join(lines)


def _shown(report: Report) -> int | None:
    """Return the number of the case that is shown with its numbers, if one is."""
    return None if report.unwritten else report.first_failure


def _rest(report: Report) -> str:
    """Say what is not shown: "and 14 more are wrong; 3 are right"."""
    if _shown(report) is None:
        return ""
    first_untried = len(report.verdicts) - report.untried
    wrong = sum(not verdict.passed for verdict in report.verdicts[:first_untried])
    untried, right = report.untried, first_untried - wrong
    if report.first_failure is not None and report.first_failure < first_untried:  # this one is shown
        wrong -= 1
    else:
        untried -= 1
    told = [f"{wrong} more {_are(wrong)} wrong"] if wrong else []
    told += [f"{untried} {'was' if untried == 1 else 'were'} not tried"] if untried else []
    told += [f"{right} {_are(right)} right"] if right else []
    return f"and {'; '.join(told)}" if told else ""


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _told_prints(report: Report) -> str:
    case = report.verdicts[report.first_failure or 0].case
    return f"Your function printed, in the case “{case}”:"


def settings_of(report: Report) -> str:
    """Return the arguments of the first failing case that are no tensors: "kernel_size = 2, stride = 3"."""
    assert report.first_failure is not None
    inputs = fields(report.cases[report.first_failure].inputs)
    return ", ".join(f"{name} = {_setting(value)}" for name, value in inputs if not isinstance(value, Tensor))


def grids_of(report: Report) -> list[Grid]:
    """Return the first failing case as grids, inputs, expected, yours and difference, in the plane where it differs."""
    number = report.first_failure
    if number is None:
        return []
    verdict, case = report.verdicts[number], report.cases[number]
    expected, got = (_output(o.value, verdict.output or 0) for o in (report.expected[number], report.got[number]))
    if isinstance(expected, nn.Module):
        expected, got = _tensor_of(expected, verdict.part), _tensor_of(got, verdict.part)
    where = verdict.where[:-2] if verdict.where and len(verdict.where) > 2 else None
    center = verdict.where[-2:] or (0, 0) if verdict.where else (0, 0)
    inputs = {
        _name_of(name, value, verdict.part): _tensor_of(value, verdict.part) for name, value in fields(case.inputs)
    }
    grids = [
        _entries(name, value) if _is_sparse(value) else _plane(name, value, where, (0, 0))
        for name, value in inputs.items()
        if isinstance(value, Tensor) and value.ndim >= 1
    ]
    name = report.exercise.outputs[verdict.output or 0]
    prefix = f"{name}, " if len(report.exercise.outputs) > 1 else ""
    if verdict.kind in ("values", "shape", "dtype", "type") and isinstance(expected, Tensor) and expected.ndim >= 1:
        wrong = _wrong(report.exercise, expected, got)
        grids.append(_plane(f"{prefix}expected", expected, where, center, wrong))
        if isinstance(got, Tensor) and got.ndim >= 1:
            grids.append(_plane(f"{prefix}yours", got, where, center, wrong))
        if wrong is not None and verdict.kind == "values" and isinstance(got, Tensor):
            difference = got.double() - expected.double()
            grids.append(_plane("yours − expected", difference, where, center, wrong, blank_zero=True))
    return [grid for grid in grids if grid is not None and grid.rows]


def _tensor_of(value: object, part: str) -> object:
    """Return what a layer shows as a grid, one of its tensors or the product of its layers' weights; else itself."""
    if part == "product" and isinstance(value, nn.Sequential):
        layer = layers.describe(value)
        return layer and layers.product(layer)
    return getattr(value, _part(part), None) if isinstance(value, nn.Module) else value


def _name_of(name: str, value: object, part: str) -> str:
    return f"{name}.{_part(part)}" if isinstance(value, nn.Module) else name


def _part(part: str) -> str:
    """Return the tensor of one layer that stands beside `part` of a result."""
    return "weight" if part in ("", "product") else part


def _output(value: object, number: int) -> object:
    if isinstance(value, list | tuple):
        return value[number] if number < len(value) else None
    if isinstance(value, dict):
        return list(value.values())[number] if number < len(value) else None
    return value


def _wrong(exercise: Exercise, expected: Tensor, got: object) -> Tensor | None:
    if not isinstance(got, Tensor) or got.shape != expected.shape:
        return None
    return ~close(exercise, expected, got.to(expected.dtype))


def _is_sparse(x: Tensor) -> bool:
    """Return whether `x` is a row too long to be shown whole, of which all that is not 0 can be."""
    return x.ndim == 1 and len(x) > 4 * _LARGEST and 0 < int(x.count_nonzero()) <= _LARGEST


def _entries(title: str, x: Tensor) -> Grid:
    """Show the places of a row that are not 0, and under each its number."""
    places = x.nonzero()[:, 0]
    rows = tuple(f"[{place}]" for place in places.tolist()), tuple(_number(number, False) for number in x[places])
    return Grid(f"{title}, all of {len(x)} numbers that are not 0, by index", rows)


def _plane(
    title: str,
    tensor: Tensor,
    where: tuple[int, ...] | None,
    center: tuple[int, ...],
    wrong: Tensor | None = None,
    blank_zero: bool = False,
) -> Grid:
    """Cut one plane out of `tensor` at the leading indices `where`, and a window out of it around `center`."""
    leading = tensor.shape[:-2]
    index = tuple(
        min(wanted, size - 1) if size else 0
        for wanted, size in zip(where or (0,) * len(leading), leading, strict=False)
    )
    index += (0,) * (len(leading) - len(index))
    label = f"{title}[{', '.join(map(str, index))}]" if any(size > 1 for size in leading) else title
    if tensor.numel() == 0:
        return Grid(f"{title}, shape {tuple(tensor.shape)}: empty", ())
    plane = tensor[index] if leading else tensor
    plane = plane.reshape(1, -1) if plane.ndim < 2 else plane
    marks = None if wrong is None else (wrong[index] if leading else wrong).reshape(plane.shape)
    row, column = (center if len(center) == 2 else (0, 0)) if plane.shape[0] > 1 else (0, center[-1])
    top, left = _start(row, plane.shape[0]), _start(column, plane.shape[1])
    window = plane[top : top + _LARGEST, left : left + _LARGEST]
    rows = tuple(tuple(_number(x, blank_zero) for x in line) for line in window)
    marked = frozenset(
        (r, c)
        for r in range(window.shape[0])
        for c in range(window.shape[1])
        if marks is not None and marks[top + r, left + c]
    )
    cut = tuple(window.shape) != tuple(plane.shape)
    if cut:
        label += f", rows {top}–{top + window.shape[0] - 1}, columns {left}–{left + window.shape[1] - 1}"
    return Grid(label, rows, marked, cut)


def _start(position: int, size: int) -> int:
    return max(0, min(position - _LARGEST // 2, size - _LARGEST))


def _number(x: Tensor, blank_zero: bool) -> str:
    value = x.item()
    if blank_zero and value == 0:
        return "·"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value).replace("-", "−")


def _setting(value: object) -> str:
    if isinstance(value, nn.Module):
        return " ".join(repr(value).split()) if not list(value.children()) else _chain(value)
    if isinstance(value, list | tuple) and any(isinstance(item, nn.Module) for item in value):
        return f"[{', '.join(map(_setting, value))}]"
    return repr(value) if isinstance(value, bool | int | float | str | list | tuple | None) else type(value).__name__


def _chain(network: nn.Module) -> str:
    """Name the layers of a network in their order: "Sequential(Flatten, Linear, ReLU, Linear)"."""
    return f"{type(network).__name__}({', '.join(type(layer).__name__ for layer in network.children())})"


def _title(report: Report) -> str:
    name, total = report.exercise.name, len(report.verdicts)
    if report.unwritten:
        return f"○ {name} is not written yet: {total} cases are waiting for it"
    right = sum(verdict.passed for verdict in report.verdicts)
    if report.passed:
        return f"✓ {name}: all {total} cases are right"
    if report.first_failure is not None and report.verdicts[report.first_failure].kind == "lost" and report.untried:
        return f"✗ {name}: {right} of {total} cases are right, then time ran out"
    return f"✗ {name}: {right} of {total} cases are right"


def _title_html(report: Report) -> str:
    sign, _, rest = _title(report).partition(" ")
    name = report.exercise.name
    return f'<span class="p2i-sign">{sign}</span> ' + rest.replace(name, f"<code>{name}</code>", 1)


def _cases_html(report: Report) -> str:
    untried = range(len(report.verdicts) - report.untried, len(report.verdicts))
    items = []
    for number, verdict in enumerate(report.verdicts):
        state = "right" if verdict.passed else "untried" if number in untried else "wrong"
        sign = _sign_html(verdict.passed) if state != "untried" else '<span class="p2i-sign" role="img">○</span>'
        items.append(f'<li class="p2i-{state}">{sign}{html.escape(verdict.case)}</li>')
    return f"<ul>{''.join(items)}</ul>"


def _sign_html(passed: bool) -> str:
    label = "right" if passed else "wrong"
    return f'<span class="p2i-sign" role="img" aria-label="{label}">{_SIGNS[passed]}</span>'


def _prose(text: str) -> str:
    """Escape a sentence and set what stands between backticks as code."""
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))


def _emphasised(prose: str) -> str:
    """Set what stands between asterisks, in a text of ours that `_prose` has escaped, as Markdown would."""
    return re.sub(r"(?<!\w)\*(\w[^*<>]*)\*(?!\w)", r"<em>\1</em>", prose)


def _grid_html(grid: Grid) -> str:
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="p2i-mark">{cell}</td>' if (r, c) in grid.marked else f"<td>{cell}</td>"
            for c, cell in enumerate(line)
        )
        + "</tr>"
        for r, line in enumerate(grid.rows)
    )
    cut = ' class="p2i-cut"' if grid.cut else ""
    return f"<figure><figcaption>{html.escape(grid.title)}</figcaption><table{cut}>{rows}</table></figure>"


def _grid_text(grid: Grid) -> Sequence[str]:
    cells = [[f"[{x}]" if (r, c) in grid.marked else x for c, x in enumerate(row)] for r, row in enumerate(grid.rows)]
    width = max(len(x) for row in cells for x in row)
    return [grid.title, *("  " + " ".join(x.rjust(width) for x in row) for row in cells)]
