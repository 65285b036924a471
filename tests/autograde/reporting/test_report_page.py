"""The instructor's page: what it counts, whom it finds alike, and that nothing on it comes alive."""

import random
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

from autograde.classroom.directory import Classroom, ClassroomError
from autograde.judging.results import CaseResult, ExerciseResult, SubmissionResult
from autograde.reporting import Mark, Marks, Row, publish
from autograde.reporting.items import analyse, correlation, upper_lower
from autograde.reporting.page import ADVICE, as_html
from autograde.reporting.papers import Paper, Papers
from autograde.reporting.similarity import alike, fingerprints
from tests.autograde.conftest import CHAPTER, Demonstration

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "THREAT_MODEL.md"
STUB = "def f(x, scale):\n    raise NotImplementedError('not written yet')"
LOOPS = """def f(x, scale):
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, h * scale, w * scale)
    for row in range(h):
        for column in range(w):
            out[:, :, row * scale, column * scale] = x[:, :, row, column]
    return out"""
COPIED = """def f(x, scale):
    '''All my own work.'''
    a, b, height, width = x.shape  # four of them

    result = x.new_zeros(a, b, height * scale, width * scale)
    for i in range(height):
        for j in range(width):
            result[:, :, i * scale, j * scale] = x[:, :, i, j]
    return result"""
SLICED = """def f(x, scale):
    out = x.new_zeros(*x.shape[:2], x.shape[2] * scale, x.shape[3] * scale)
    out[:, :, ::scale, ::scale] = x
    return out"""


def others(number: int) -> dict[str, dict[str, str]]:
    """Students who wrote the same few lines that most write, each with some of their own."""
    draw = random.Random(0)
    extra = ["n, c, h, w = x.shape", "assert x.ndim == 4", "x = x.contiguous()", "print(x.dtype)", "scale = int(scale)"]
    made = {}
    for one in range(number):
        own = "".join(f"    {line}\n" for line in draw.sample(extra, 2))
        made[f"s{one:03}"] = {"f": SLICED.replace("scale):\n", f"scale):\n{own}", 1)}
    return made


def test_a_copy_with_other_names_and_comments_has_the_same_fingerprints() -> None:
    assert fingerprints(LOOPS) == fingerprints(COPIED)
    assert len(fingerprints(LOOPS) & fingerprints(SLICED)) < len(fingerprints(SLICED)) / 2


def test_what_a_library_calls_something_is_no_name_of_the_students() -> None:
    assert fingerprints(SLICED) != fingerprints(SLICED.replace("new_zeros", "new_ones"))


def test_the_copied_pair_is_found_in_a_class_and_nobody_else() -> None:
    found = alike({**others(60), "ada": {"f": LOOPS}, "zoe": {"f": COPIED}}, {"f": STUB})
    assert [(pair.first, pair.second) for pair in found] == [("ada", "zoe")]
    assert found[0].likenesses[0].share == 1.0


def test_what_everybody_writes_makes_nobody_alike() -> None:
    assert alike({f"s{one}": {"f": SLICED} for one in range(40)}, {"f": STUB}) == []


def test_what_everybody_was_given_makes_nobody_alike() -> None:
    assert alike({"ada": {"f": LOOPS}, "zoe": {"f": COPIED}}, {"f": LOOPS}) == []


@pytest.mark.parametrize("code", ["def f(:\n  return", "'" * 3, "\x00", "(" * 5000, "x = '\ud800'", "\t if", ""])
def test_code_that_is_none_is_compared_as_far_as_it_goes(code: str) -> None:
    fingerprints(code)


def test_the_correlation_is_pearsons() -> None:
    shares, rest = [0.0, 0.5, 1.0, 1.0, 0.25], [3.0, 8.0, 9.0, 20.0, 4.0]
    assert correlation(shares, rest) == pytest.approx(np.corrcoef(shares, rest)[0, 1])


@pytest.mark.parametrize(
    ("shares", "rest"), [([1.0, 1.0], [0.0, 3.0]), ([0.0, 1.0], [2.0, 2.0]), ([1.0], [1.0]), ([], [])]
)
def test_a_number_that_is_not_defined_is_left_out(shares: list[float], rest: list[float]) -> None:
    assert correlation(shares, rest) is None
    assert upper_lower(shares, rest) is None


def test_upper_and_lower_are_27_percent_each_with_ties_shared() -> None:
    # Eleven students, so three each. Above: 10, 9 and one of two eights; below: 0, 1 and one of three twos.
    totals = [10.0, 9, 8, 8, 5, 5, 2, 2, 2, 1, 0]
    shares = [1.0, 1, 1, 0, 0, 1, 1, 0, 0.5, 0, 0]
    assert upper_lower(shares, totals) == pytest.approx((1 + 1 + 0.5) / 3 - (0 + 0 + 0.5) / 3)
    assert upper_lower(shares[::-1], totals[::-1]) == upper_lower(shares, totals)


def case(name: str, public: bool, hidden: bool) -> tuple[CaseResult, ...]:
    return CaseResult(name=name, passed=public), CaseResult(name=name, passed=hidden, hidden=True)


def paper(student: str, score: float, diagnosis: str = "", code: str = LOOPS, **more: object) -> Paper:
    """A student of one exercise with two cases, of which all but the full marks fail the second."""
    right = score == 4
    one = ExerciseResult(
        score=score, max_score=4, passed=right, message="" if right else more.pop("message", "no"),
        diagnosis=diagnosis, cases=(*case("basic", True, True), *case("ties", right or score > 1, right)), seconds=1.5,
    )  # fmt: skip
    status = str(more.pop("status", "ok"))
    fields = {"student": student, "chapter": "c", "status": status, "exercises": {"f": one}, "seconds": 2.0, **more}
    row = Row(student, status, score, 4.0, {"f": Mark(score, 4.0, diagnosis)}, reason=str(more.get("reason", "")))
    blank = frozenset({"f"} if code == STUB else ())
    return Paper(row, SubmissionResult.model_validate(fields), {"f": code}, blank, datetime(2026, 1, 2).astimezone())


def papers(*students: Paper, ungraded: tuple[str, ...] = ()) -> Papers:
    marks = Marks("03_unpooling", 4.0, {"f": 4.0}, tuple(one.row for one in students))
    return Papers(marks, students, {"f": STUB}, ungraded)


CLASS = papers(
    paper("ada", 4), paper("ben", 4), paper("cleo", 2, "You add up."), paper("dan", 1, "You add up."),
    paper("eve", 1, message="ties: 3 of 9 numbers differ."), paper("fay", 1, message="ties: 5 of 8 numbers differ."),
    paper("gus", 0, code=STUB), paper("hal", 0, "You add up.", status="unreadable"),
)  # fmt: skip


def test_an_exercise_is_counted_over_those_whose_code_was_run() -> None:
    [item] = analyse(CLASS)
    assert (item.full, item.partial, item.none, item.blank, item.answered) == (2, 4, 0, 1, 6)
    assert item.difficulty == pytest.approx((4 + 4 + 2 + 1 + 1 + 1 + 0) / 28)


def test_a_case_says_who_fails_it_and_because_of_what() -> None:
    basic, ties = analyse(CLASS)[0].cases
    assert (basic.public, basic.hidden, basic.causes) == (0, 0, ())
    assert (ties.public, ties.hidden, ties.causes) == (3, 4, (("A", 2), ("", 2)))


def test_a_misconception_has_its_students_and_two_of_their_codes() -> None:
    [cause] = analyse(CLASS)[0].causes
    assert (cause.letter, cause.sentence, cause.students) == ("A", "You add up.", ("cleo", "dan"))
    assert [example.student for example in cause.examples] == ["cleo", "dan"]


def test_the_same_unknown_mistake_is_one_whatever_the_numbers() -> None:
    [cause] = analyse(CLASS)[0].unrecognised
    assert cause.students == ("eve", "fay")


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def nowhere(tmp_path: Path) -> Classroom:
    return Classroom(tmp_path / "<i>class")


XSS = "</pre></style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:alert(1)>`"


def test_every_text_of_a_student_is_shown_as_text(nowhere: Classroom) -> None:
    bad = paper(
        XSS,
        1,
        XSS,
        code=f"x = 1  # {XSS}",
        status="tampered",
        reason=XSS,
        repairs=[XSS],
        failures={"0": XSS},
        output=XSS,
    )
    untold = paper(f"{XSS}2", 1, "", code=f"# {XSS}\n{LOOPS}", message=XSS)
    copied = paper(f"{XSS}3", 1, "", code=f"# {XSS}\n{COPIED}", message=XSS)
    page = Elements(as_html(papers(bad, untold, copied, ungraded=(XSS,)), nowhere, nowhere.root))
    assert not {"script", "img", "iframe", "object", "link"} & page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name == "href" and "javascript" in value]
    assert page.text.count("<script>alert(1)</script>") >= 10  # id, code, diagnosis, reason, repair, message


def test_the_page_needs_nothing_from_elsewhere_and_allows_no_script(nowhere: Classroom) -> None:
    page = Elements(as_html(CLASS, nowhere, nowhere.root))
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert not [value for name, value in page.attributes if name == "src" or (name == "rel" and value == "stylesheet")]


def test_the_line_on_top_counts_everybody_who_handed_in(nowhere: Classroom) -> None:
    crashed = paper("cleo", 1, status="crashed")
    page = as_html(papers(paper("ada", 4), paper("ben", 4), crashed, ungraded=("dan", "eve")), nowhere, nowhere.root)
    line = BeautifulSoup(page, "html.parser").find("p", class_="facts")
    assert line is not None
    assert [one.text for one in line.find_all("span")] == ["2 ok", "1 crashed", "2 no verdict"]


def test_an_incident_says_why_and_where_to_read_what_to_do(nowhere: Classroom) -> None:
    page = Elements(
        as_html(papers(paper("ada", 1, status="out of memory", reason="It took 9 GB.")), nowhere, nowhere.root)
    )
    assert "It took 9 GB." in page.text
    assert any(
        value.endswith("docs/THREAT_MODEL.md#out-of-memory") for name, value in page.attributes if name == "href"
    )


def test_the_documentation_says_what_to_do_about_each_status() -> None:
    headings = {line.lstrip("# ") for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("### ")}
    assert set(ADVICE) - {"ungraded"} <= headings


@pytest.mark.parametrize("students", [(), (paper("ada", 0, code=STUB),)])
def test_a_class_of_nobody_has_a_page(nowhere: Classroom, students: tuple[Paper, ...]) -> None:
    assert "nan" not in Elements(as_html(papers(*students, ungraded=("ben",)), nowhere, nowhere.root)).text


def test_the_demos_page_has_everybody_and_is_for_the_owner_alone(demonstration: Demonstration) -> None:
    publish(demonstration.classroom, CHAPTER, "html")
    path = demonstration.classroom.root / "reports" / f"{CHAPTER}.html"
    page = Elements(path.read_text())
    assert path.stat().st_mode & 0o077 == 0
    assert all(one.result.student in page.text for one in demonstration.graded)
    assert "You add up values that fall on the same position" in page.text
    assert "planes.scatter_add" in page.text  # the code behind it
    assert demonstration.classroom.secret not in path.read_text()
    links = [value for name, value in page.attributes if name == "href" and value.startswith("../feedback/")]
    assert links
    assert all((path.parent / link).is_file() for link in links)


@pytest.mark.parametrize("folder", ["feedback", "release", "submitted"])
def test_no_report_lies_where_students_can_get_it(demonstration: Demonstration, folder: str) -> None:
    with pytest.raises(ClassroomError, match=folder):
        publish(demonstration.classroom, CHAPTER, "html", demonstration.classroom.root / folder / "ada" / "x.html")
