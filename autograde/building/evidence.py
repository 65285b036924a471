"""The numbers that a chapter's notebook prints, kept in `docs/evidence/` for the prose that cites them.

    autograde evidence 04_transposed_conv

runs the instructor's notebook from top to bottom and keeps each of its tables (`course.tables`), what the run cost and
what it was made from. It runs twice by default: as it is, and from other weights, so that it is known how far another
run of the same notebook may lie apart.
"""

import copy
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from pydantic import BaseModel, ConfigDict

from autograde.building import made_from
from autograde.building.bank import CHECKOUT
from autograde.building.chapter import ChapterError, read
from autograde.building.notebooks import instructor_notebook
from autograde.building.watched import REPORT
from course.exercises.catalogue import CHAPTERS
from course.tables import MIME

Tier = Literal["small", "full"]
Value = float | int | str | None
Tables = dict[str, dict[str, dict[str, Value]]]
TablesOfRuns = dict[str, dict[str, dict[str, Value | list[Value]]]]
"""{table: {row: {column: value}}}, and with a value of each run where they do not agree."""

_DIGITS = 6
_SECONDS_A_CELL = 3600


class Shown(BaseModel):
    """A table as a notebook's output holds it."""

    name: str
    rows: dict[str, dict[str, Value]]


class Report(BaseModel):
    """What `watched` says of a run: CPU seconds of each cell, and where it ran."""

    cpu_seconds: list[float]
    device: str
    threads: int
    versions: dict[str, str]


class Evidence(BaseModel):
    """What a notebook printed, and how it came about.

    `tables` is {table: {row: {column: value}}}; a value on which the runs do not agree is a list with one of each run,
    that of the notebook as it is first. `cells` holds the CPU seconds of each cell of that run, of all its threads.
    """

    model_config = ConfigDict(extra="forbid")

    chapter: str
    tier: Tier
    runs: int
    device: str
    threads: int
    versions: dict[str, str]
    cpu_seconds: float
    cells: dict[str, float]
    made_from: dict[str, str]
    tables: TablesOfRuns


def path_of(chapter: str, root: Path = CHECKOUT, tier: Tier = "small") -> Path:
    """Return where the evidence of `chapter` lies."""
    return root / "docs" / "evidence" / f"{chapter}{'' if tier == 'small' else '.gpu'}.json"


def load(chapter: str, root: Path = CHECKOUT, tier: Tier = "small") -> Evidence | None:
    """Return the evidence of `chapter`, or None where there is none.

    Raises:
        ChapterError: the file is damaged.
    """
    path = path_of(chapter, root, tier)
    if not path.exists():
        return None
    try:
        return Evidence.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ChapterError(f"{path.name} is no evidence ({error}); `{command(chapter, tier)}` writes it anew") from None


def command(chapter: str, tier: Tier = "small") -> str:
    """Return the command that writes the evidence of `chapter`."""
    return f"uv run autograde evidence {chapter}" + ("" if tier == "small" else f" --tier {tier}")


def changed(chapter: str, root: Path = CHECKOUT, tier: Tier = "small") -> list[str]:
    """Return what changed since the evidence of `chapter` was made: modules, the chapter's cells, or all of it."""
    known = load(chapter, root, tier)
    before, now = known.made_from if known else {}, made_from.parts(_notebook(chapter, root), root)
    return [part for part in {**now, **before} if before.get(part) != now.get(part)]


def renew(chapters: Sequence[str], every: bool, tier: Tier, runs: int, check: bool, root: Path = CHECKOUT) -> list[str]:
    """Run `chapters`, or all of them, write their evidence, and return those whose prose it contradicts.

    With `check` nothing runs, and what is returned are those whose code has changed since; no name means all of them.

    Raises:
        ChapterError: there is no such chapter, or none is named.
    """
    from autograde.building import build_answers, filled

    if unknown := [chapter for chapter in chapters if chapter not in CHAPTERS]:
        raise ChapterError(f"there is no chapter {unknown[0]!r}; there are {', '.join(CHAPTERS)}")
    wanted = list(CHAPTERS) if every or (check and not chapters) else list(chapters)
    if not wanted:
        raise ChapterError(f"say which chapters, or --all; there are {', '.join(CHAPTERS)}")
    failed = []
    for chapter in wanted:
        if check:
            if parts := changed(chapter, root, tier):
                print(f"{chapter}: {', '.join(parts)} changed since; `{command(chapter, tier)}`")
                failed.append(chapter)
            continue
        build_answers(chapter, root)
        evidence = collect(chapter, tier, runs, root)
        print(f"wrote {write(evidence, root)}, {evidence.cpu_seconds:.0f} CPU seconds a run")
        try:
            filled(chapter, root)
        except ChapterError as error:
            print(f"but the prose does not fit: {error}")
            failed.append(chapter)
    return failed


def collect(chapter: str, tier: Tier = "small", runs: int = 2, root: Path = CHECKOUT) -> Evidence:
    """Run the instructor's notebook of `chapter` as it stands in its source, `runs` times, and return what it printed.

    Where there is evidence of today's code with fewer runs, the missing ones are added to it; else all are made anew.

    Raises:
        ChapterError: the full tier without a GPU, or two tables of one name.
    """
    import torch

    if tier == "full" and not torch.cuda.is_available():
        raise ChapterError("the tier full is for a GPU, and there is none here")
    notebook = _notebook(chapter, root)
    known = load(chapter, root, tier)
    if known is None or known.runs >= runs or changed(chapter, root, tier):
        known = _first(chapter, tier, notebook, root)
    tables = [_of_run(known.tables, run) for run in range(known.runs)]
    tables += [_tables(chapter, _execute(notebook, tier, run)) for run in range(known.runs, runs)]
    return known.model_copy(update={"runs": runs, "tables": _together(tables)})


def _first(chapter: str, tier: Tier, notebook: NotebookNode, root: Path) -> Evidence:
    """Run `notebook` as it is."""
    result = _execute(notebook, tier, 0)
    report = Report.model_validate(_outputs(result, REPORT)[0])
    names = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    seconds = dict(zip(names, report.cpu_seconds, strict=True))
    return Evidence(
        chapter=chapter,
        tier=tier,
        runs=1,
        device=report.device,
        threads=report.threads,
        versions=report.versions,
        cpu_seconds=round(sum(seconds.values()), 1),
        cells={name: round(spent, 1) for name, spent in seconds.items() if spent >= 0.05},
        made_from=made_from.parts(notebook, root),
        tables=_together([_tables(chapter, result)]),
    )


def write(evidence: Evidence, root: Path = CHECKOUT) -> Path:
    """Write `evidence` where it belongs and return the path."""
    path = path_of(evidence.chapter, root, evidence.tier)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(evidence.model_dump_json(indent=1) + "\n")
    return path


def _notebook(chapter: str, root: Path) -> NotebookNode:
    return instructor_notebook(chapter, read(root / "course" / "chapters" / f"{chapter}.py"))


def _execute(notebook: NotebookNode, tier: Tier, run: int) -> NotebookNode:
    """Run a copy of `notebook` in a kernel of its own, between a cell that starts watching and one that reports."""
    from nbclient import NotebookClient

    watched = copy.deepcopy(notebook)
    start = f"from autograde.building import watched as _watched\n_watched.start({run})"
    watched.cells = [new_code_cell(start), *watched.cells, new_code_cell("_watched.report()")]
    gpu = {} if tier == "full" else {"CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(watched, timeout=_SECONDS_A_CELL, resources={"metadata": {"path": folder}})
        client.execute(env={**os.environ, "COURSE_TIER": tier, **gpu})
    return watched


def _outputs(notebook: NotebookNode, mime: str) -> list[object]:
    """Return what the outputs of `notebook` hold under `mime`, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    return [output.data[mime] for output in outputs if mime in output.data]


def _tables(chapter: str, notebook: NotebookNode) -> Tables:
    tables: Tables = {}
    for output in _outputs(notebook, MIME):
        table = Shown.model_validate(output)
        if table.name in tables:
            raise ChapterError(f"{chapter} shows two tables called {table.name!r}; one of them needs another name")
        tables[table.name] = {
            row: {column: _rounded(value) for column, value in cells.items()} for row, cells in table.rows.items()
        }
    return tables


def _rounded(value: Value) -> Value:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _of_run(tables: TablesOfRuns, run: int) -> Tables:
    """Return the tables of one run of those joined."""
    return {
        name: {
            row: {column: value[run] if isinstance(value, list) else value for column, value in cells.items()}
            for row, cells in rows.items()
        }
        for name, rows in tables.items()
    }


def _together(runs: Sequence[Tables]) -> TablesOfRuns:
    """Join the tables of several runs: one value where all agree, one of each run where not."""
    return {
        name: {
            row: {column: _one_or_all([run[name][row].get(column) for run in runs]) for column in cells}
            for row, cells in rows.items()
        }
        for name, rows in runs[0].items()
    }


def _one_or_all(values: list[Value]) -> Value | list[Value]:
    return values[0] if all(value == values[0] for value in values) else values
