"""The instructor's page on a chapter: one HTML file that needs no network and runs no script.

It shows students' code and marks, so it is readable by its owner alone. Every text is escaped by Jinja, and
the page's own policy forbids scripts, should one slip through.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograde.classroom.directory import Classroom
from autograde.classroom.recording import page_of
from autograde.feedback.cells import prose
from autograde.judging import fingerprint
from autograde.judging.results import SEVERITY, write_private
from autograde.reporting.charts import histogram, spread
from autograde.reporting.items import analyse
from autograde.reporting.papers import Paper, Papers
from autograde.reporting.similarity import alike
from course.settings import BRANCH, REPOSITORY

_GUIDE = f"https://github.com/{REPOSITORY}/blob/{BRANCH}/docs/THREAT_MODEL.md"
_LONGEST = 60  # lines of an example
_MOST_PAIRS = 12

ADVICE: Mapping[str, str] = {
    "crashed": "What was not answered earned nothing, the rest counts. The student sees which cell or call it was.",
    "out of memory": "The exercise that asked for too much earned nothing, the rest counts. Run it once with more, if "
    "it looks honest.",
    "timeout": "The exercise that did not end earned nothing, the rest counts. An endless loop is the usual reason.",
    "tampered": "It wrote to the grader's own line, which no honest program does. Read its code before you talk to the "
    "student; the marks of others are not touched.",
    "unreadable": "It is no zero yet: ask for the notebook again, or give a mark in formgrader.",
    "infrastructure": "The grader or its machine failed, not the student. Grade again; nothing was recorded.",
    "ungraded": "It was handed in and the gradebook has no verdict on it. Run `autograde grade` again.",
}
"""What an instructor does about a status; docs/THREAT_MODEL.md says more."""


@dataclass(frozen=True)
class Incident:
    """A submission with which something was the matter."""

    student: str
    status: str
    reason: str
    seconds: float | None

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE.get(self.status, "")

    @property
    def guide(self) -> str:
        """Where the documentation says more."""
        anchor = "infrastructure" if self.status == "ungraded" else self.status.replace(" ", "-")
        return f"{_GUIDE}#{anchor}"


def write_page(papers: Papers, classroom: Classroom, path: Path) -> None:
    """Write the page on a chapter to `path`, for the owner's eyes alone."""
    write_private(path, as_html(papers, classroom, path.parent))


def as_html(papers: Papers, classroom: Classroom, base: Path) -> str:
    """Return the page as text. Links to feedback pages are relative to `base`."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["excerpt"] = _excerpt
    environment.filters["prose"] = lambda text: Markup(prose(text))
    environment.filters["number"] = _number
    environment.filters["two"] = lambda value: "–" if value is None else f"{value:.2f}".replace("-", "−")
    marks = papers.marks
    totals = [paper.row.score for paper in papers.run]
    answers = {paper.student: {n: s for n, s in paper.code.items() if n not in paper.blank} for paper in papers.run}
    pairs = alike(answers, papers.given)
    return environment.get_template("page.html.j2").render(
        chapter=marks.chapter, title=_title(marks.chapter), course=classroom.root.name, marks=marks, papers=papers,
        made=datetime.now().astimezone(), versions=_versions(), tiers=_tiers(papers), graded=_graded(papers),
        anchors={paper.student: f"s{number}" for number, paper in enumerate(papers.papers)},
        orders=_orders(papers.papers), statuses=_statuses(papers), incidents=_incidents(papers),
        bars=histogram(totals, marks.max_score), totals=spread(totals),
        times=spread([p.result.seconds for p in papers.run if p.result is not None and p.result.seconds]),
        items=analyse(papers), repairs=_repairs(papers), pairs=pairs[:_MOST_PAIRS], more_pairs=pairs[_MOST_PAIRS:],
        code={paper.student: paper.code for paper in papers.papers},
        feedback=_feedback_links(papers, classroom, base), guide=_GUIDE,
    )  # fmt: skip


def _incidents(papers: Papers) -> list[Incident]:
    found = [
        Incident(
            paper.student,
            paper.row.status,
            paper.row.reason,
            paper.result.seconds if paper.result is not None else None,
        )
        for paper in papers.papers
        if paper.row.status not in ("ok", "missing")
    ]
    found += [Incident(student, "ungraded", "", None) for student in papers.ungraded]
    ranks = {status: rank for rank, status in enumerate(SEVERITY)}
    return sorted(found, key=lambda one: (-ranks.get(one.status, len(ranks)), one.student))  # type: ignore[call-overload]


def _statuses(papers: Papers) -> dict[str, int]:
    """Count the submissions by status, from harmless to grave."""
    counts: dict[str, int] = {status: sum(paper.row.status == status for paper in papers.papers) for status in SEVERITY}
    counts["ungraded"] = len(papers.ungraded)
    return {status: count for status, count in counts.items() if count}


def _repairs(papers: Papers) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return what was mended, each list of repairs once with those who needed it, the most frequent first."""
    found: dict[tuple[str, ...], list[str]] = {}
    for paper in papers.papers:
        if paper.result is not None and paper.result.repairs:
            found.setdefault(paper.result.repairs, []).append(paper.student)
    return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _orders(papers: tuple[Paper, ...]) -> dict[str, dict[str, int]]:
    """Return each student's place by each thing that the table can be sorted by."""
    ranks = {status: -rank for rank, status in enumerate(SEVERITY)}
    keys = {
        "name": lambda one: one.student.casefold(),
        "total": lambda one: (one.row.status == "missing", -one.row.score),
        "status": lambda one: ranks.get(one.row.status, 1),
        "time": lambda one: -one.result.seconds if one.result is not None else 1.0,
    }
    return {
        name: {paper.student: place for place, paper in enumerate(sorted(papers, key=key))}
        for name, key in keys.items()
    }


def _feedback_links(papers: Papers, classroom: Classroom, base: Path) -> dict[str, str]:
    """Return a relative link to each student's feedback page that is there."""
    found = {}
    for paper in papers.papers:
        page = page_of(classroom, paper.student, papers.marks.chapter)
        if page.is_file():
            found[paper.student] = quote(Path(os.path.relpath(page, base)).as_posix())
    return found


def _tiers(papers: Papers) -> list[str]:
    return sorted({paper.result.tier for paper in papers.run if paper.result is not None and paper.result.tier})


def _graded(papers: Papers) -> tuple[datetime, datetime] | None:
    times = [paper.graded for paper in papers.papers if paper.graded is not None]
    return (min(times), max(times)) if times else None


def _versions() -> dict[str, str]:
    try:
        own = version("pixels-to-instances")
    except PackageNotFoundError:
        own = "a checkout"
    return {"this course": own, **fingerprint.versions()}


def _title(chapter: str) -> str:
    """Return a chapter's name for people: "03 Unpooling"."""
    number, _, words = chapter.partition("_")
    return f"{number} {words.replace('_', ' ').capitalize()}".strip()


def _excerpt(code: str) -> str:
    lines = code.strip("\n").splitlines()
    more = len(lines) - _LONGEST
    shown = "\n".join(line[:200] for line in lines[:_LONGEST])
    return shown + (f"\n… {more} more lines" if more > 0 else "")


def _number(value: float | None, decimals: int = 2) -> str:
    """Return a number for a table, with a real minus and no trailing zeros, or an en dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−") if text != "-0" else "0"
