"""The marks of a chapter as a table for the terminal: what the gradebook holds, and what to say to whom first."""

from collections.abc import Collection, Sequence

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autograde.classroom import roster
from autograde.classroom.marks import BY_HAND, Mark, Marks, Row
from autograde.judging.results import SubmissionResult

ADDING = "docs/THREAT_MODEL.md, “Add a library”, says how to add one; then grade again."
"""What to do about a library that the grader has not."""

_STYLES = {
    "ok": "green", BY_HAND: "cyan", "missing": "dim", "tampered": "bold red", "unreadable": "red",
    "infrastructure": "bold red",
}  # fmt: skip


def table(marks: Marks) -> Group:
    """Return marks as a table, a row a student and a numbered column an exercise, and what to say to whom first."""
    shown = Table(title=marks.chapter, title_justify="left", title_style="bold")
    shown.add_column("student", overflow="fold")
    for number in range(1, len(marks.exercises) + 1):
        shown.add_column(str(number), justify="right")
    shown.add_column("total", justify="right", no_wrap=True)
    shown.add_column("status", no_wrap=True)
    for row in marks.rows:
        total = f"[bold]{row.score:g}[/] / {row.max_score:g}"
        status = f"[{_STYLES.get(row.status, 'yellow')}]{row.status}[/]"
        shown.add_row(escape(row.student), *map(_shown, row.exercises.values()), total, status)
    said = [(row.student, row.comment) for row in marks.rows if row.comment]
    return Group(shown, *_legend(list(marks.exercises), any(row.waits for row in marks.rows)), *_notes(said))


def graded(marks: Marks, results: Sequence[SubmissionResult]) -> Marks:
    """Return of `marks` those of the students of `results`, whom a run has just graded, in their order.

    Who has no verdict is not in the gradebook, or is there with an older one: such a row has the run's status.
    """
    rows = {row.student: row for row in marks.rows}
    return Marks(marks.chapter, marks.max_score, marks.exercises, tuple(_row(rows, marks, one) for one in results))


def _row(rows: dict[str, Row], marks: Marks, result: SubmissionResult) -> Row:
    if result.status != "infrastructure" and result.student in rows:
        return rows[result.student]
    nothing = {name: Mark(0.0, points) for name, points in marks.exercises.items()}
    return Row(result.student, result.status, 0.0, marks.max_score, nothing, reason=result.reason)


def _shown(mark: Mark) -> str:
    return "…" if mark.waits else f"{mark.score:g}"


def _legend(names: Sequence[str], waits: bool) -> list[Text]:
    """Return the line that says which exercise each number is."""
    said = [f"{number} {name}" for number, name in enumerate(names, start=1)]
    return [Text(" · ".join([*said, *(["… waits for a mark by hand"] if waits else [])]), style="dim")]


def _notes(said: Collection[tuple[str, str]]) -> list[Table]:
    """Return what to say to each student about whom there is something to say."""
    listing = Table.grid(padding=(0, 2))
    for student, diagnosis in said:
        listing.add_row(Text(student), Text(shorten(diagnosis)))
    return [Table.grid(), listing] if listing.row_count else []


def lacking(results: Sequence[SubmissionResult]) -> list[str]:
    """Return a sentence for each library that answers need and that the grader has not, the most wanted first."""
    wanted: dict[str, list[str]] = {}
    for result in results:
        for library in result.lacks:
            wanted.setdefault(library, []).append(result.student)
    return [
        f"{len(who)} need{'s' if len(who) == 1 else ''} {library}, which the grader does not have: "
        f"{roster.several(who)}. {ADDING}"
        for library, who in sorted(wanted.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def shorten(text: str, length: int = 160) -> str:
    """Return the beginning of `text` on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
