"""Item analysis: what a class's answers say about the exercises, their cases, and what was misunderstood.

The numbers are those of classical test theory. *Difficulty* p is the mean share of the points (so the easier, the
higher). *Discrimination* is told twice: the item-rest correlation, Pearson's r between the share and the rest of the
total (the point-biserial coefficient where an exercise is right or wrong), and D, the mean share of the best 27 % of
the class minus that of the last 27 % (Kelley, "The selection of upper and lower groups for the validation of test
items", 1939). Where a number is not defined, there is none.
"""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autograde.reporting.papers import Paper, Papers

_UPPER_LOWER = 0.27
_FEWEST = 10  # students, below which 27 % of them are one or two
_EXAMPLES = 2
_PLACE = re.compile(r" in line \d+(, `.*`)?(?=: )")


@dataclass(frozen=True)
class Example:
    """One student's code."""

    student: str
    code: str


@dataclass(frozen=True)
class Cause:
    """What went wrong in the same way for several: a known misconception, or, with no letter, the same cases alone."""

    letter: str
    sentence: str
    students: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class CaseItem:
    """One case: who got it wrong with the numbers that everybody sees, who with the hidden ones, and the causes."""

    name: str
    public: int
    hidden: int
    causes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Item:
    """One exercise as the class answered it."""

    name: str
    points: float
    answered: int
    full: int
    partial: int
    none: int
    blank: int
    difficulty: float | None
    correlation: float | None
    upper_lower: float | None
    seconds: float | None
    cases: tuple[CaseItem, ...]
    causes: tuple[Cause, ...]
    unrecognised: tuple[Cause, ...]

    @property
    def unrecognised_count(self) -> int:
        """How many are wrong in a way that the bank does not know."""
        return sum(len(cause.students) for cause in self.unrecognised)


def analyse(papers: Papers) -> tuple[Item, ...]:
    """Return what the submissions that were run say about each exercise."""
    return tuple(_item(name, points, papers.run) for name, points in papers.marks.exercises.items())


def _item(name: str, points: float, papers: Sequence[Paper]) -> Item:
    written = [paper for paper in papers if name not in paper.blank]
    shares = [paper.share(name) for paper in papers]
    totals = [paper.row.score for paper in papers]
    rest = [total - paper.row.exercises[name].score for total, paper in zip(totals, papers, strict=True)]
    times = [one.seconds for paper in written if (one := paper.exercise(name)) is not None and one.seconds]
    causes, unrecognised = _causes(name, written)
    full = sum(share >= 1 for share in shares)
    none = sum(paper.share(name) <= 0 for paper in written)
    blank = sum(name in paper.blank and paper.share(name) <= 0 for paper in papers)
    return Item(
        name=name, points=points, answered=len(written),
        full=full, none=none, blank=blank, partial=len(papers) - full - none - blank,
        difficulty=statistics.fmean(shares) if shares else None,
        correlation=correlation(shares, rest), upper_lower=upper_lower(shares, totals),
        seconds=statistics.median(times) if times else None,
        cases=_cases(name, written, causes), causes=causes, unrecognised=unrecognised,
    )  # fmt: skip


def correlation(shares: Sequence[float], rest: Sequence[float]) -> float | None:
    """Return Pearson's r, or None where one of the two never varies."""
    try:
        return statistics.correlation(shares, rest)
    except statistics.StatisticsError:
        return None


def upper_lower(shares: Sequence[float], totals: Sequence[float]) -> float | None:
    """Return Kelley's D: the mean share of the best 27 % by total minus that of the last 27 %.

    Those who tie at a group's border enter it with a fraction each, so that the order of names changes nothing. None
    for fewer than ten students, or where all have the same total.
    """
    if len(totals) < _FEWEST or min(totals) == max(totals):
        return None
    size = round(_UPPER_LOWER * len(totals))
    pairs = list(zip(totals, shares, strict=True))
    lower = _mean_of_first(sorted(pairs), size)
    upper = _mean_of_first(sorted(((-total, share) for total, share in pairs)), size)
    return upper - lower


def _mean_of_first(pairs: Sequence[tuple[float, float]], size: int) -> float:
    border = pairs[size - 1][0]
    inside = [share for total, share in pairs if total < border]
    tied = [share for total, share in pairs if total == border]
    return (sum(inside) + (size - len(inside)) * statistics.fmean(tied)) / size


def _causes(name: str, papers: Sequence[Paper]) -> tuple[tuple[Cause, ...], tuple[Cause, ...]]:
    """Group wrong answers by the misconception that was named, the others by the cases that they fail."""
    known: dict[str, list[Paper]] = {}
    other: dict[tuple[str, tuple[str, ...]], list[Paper]] = {}
    for paper in papers:
        one = paper.exercise(name)
        if one is None or one.passed:
            continue
        if one.diagnosis:
            known.setdefault(one.diagnosis, []).append(paper)
        else:
            failing = tuple(dict.fromkeys(case.name for case in one.cases if not case.passed))
            other.setdefault((_shape(one.message), failing), []).append(paper)
    ranked = sorted(known.items(), key=lambda pair: -len(pair[1]))
    causes = [_cause(_letter(number), sentence, name, who) for number, (sentence, who) in enumerate(ranked)]
    groups = sorted(other.items(), key=lambda pair: -len(pair[1]))
    rest = [_cause("", _gist(_message(who[0], name)), name, who) for _, who in groups]
    return tuple(causes), tuple(rest)


def _cause(letter: str, sentence: str, name: str, papers: Sequence[Paper]) -> Cause:
    examples = tuple(Example(paper.student, paper.code[name]) for paper in papers[:_EXAMPLES])
    return Cause(letter, sentence, tuple(paper.student for paper in papers), examples)


def _gist(message: str) -> str:
    """Return the first line of what a student is told."""
    return " ".join(message.split("\n", 1)[0].split())[:240]


def _message(paper: Paper, name: str) -> str:
    one = paper.exercise(name)
    return one.message if one is not None else ""


def _shape(message: str) -> str:
    """Return what two messages share that say the same of other code: no place, no number."""
    return re.sub(r"[−-]?\d[\d.]*", "#", _PLACE.sub("", _gist(message)))


def _letter(number: int) -> str:
    """Return the number in letters, as a spreadsheet counts its columns.

    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'AA')
    """
    return (_letter(number // 26 - 1) if number > 25 else "") + chr(ord("A") + number % 26)


def _cases(name: str, papers: Sequence[Paper], causes: Sequence[Cause]) -> tuple[CaseItem, ...]:
    letter = {student: cause.letter for cause in causes for student in cause.students}
    wrong: dict[str, tuple[set[str], set[str]]] = {}
    for paper in papers:
        one = paper.exercise(name)
        for case in one.cases if one is not None else ():
            found = wrong.setdefault(case.name, (set(), set()))
            if not case.passed:
                found[case.hidden].add(paper.student)
    items = []
    for case_name, (public, hidden) in wrong.items():
        letters = Counter(letter.get(student, "") for student in public | hidden)
        ordered = sorted(letters.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))
        items.append(CaseItem(case_name, len(public), len(hidden), tuple(ordered)))
    return tuple(items)
