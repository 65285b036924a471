"""What a student sees under an exercise: lines, grids, diagnosis, hints, in a notebook and in a terminal."""

import re
from html.parser import HTMLParser

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course import checking
from course.checking import check, hint
from course.checking.display import as_html, as_text, grids_of, settings_of
from course.checking.report import examine
from course.exercises import catalogue


@pytest.fixture(autouse=True)
def _no_tries() -> None:
    checking._tries.clear()


def right(x: Tensor, scale: int) -> Tensor:
    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)


def tiles(x: Tensor, scale: int) -> Tensor:
    return x.repeat(1, 1, scale, scale)


def unwritten(x: Tensor, scale: int) -> Tensor:
    raise NotImplementedError


def forgets_to_return(x: Tensor, scale: int) -> None:
    right(x, scale)


def raises(x: Tensor, scale: int) -> Tensor:
    return x.reshape(1, 2, 3, 4, 5, 6, 7)  # the student's own line


def calls_the_library(x: Tensor, scale: int) -> Tensor:
    return F.interpolate(x, scale_factor=scale)


def text_of(answer: object, capsys: pytest.CaptureFixture[str]) -> str:
    check("nearest_unpool2d", answer)
    return capsys.readouterr().out


def test_right_answer_is_one_line_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    lines = text_of(right, capsys).splitlines()
    cases = catalogue.find("nearest_unpool2d").draw(0)
    assert lines == [f"✓ nearest_unpool2d: all {len(cases)} cases are right", *(f"  ✓ {case.name}" for case in cases)]


def test_stub_is_said_to_be_unwritten_and_costs_no_hint(capsys: pytest.CaptureFixture[str]) -> None:
    out = text_of(unwritten, capsys)
    assert out.startswith("○ nearest_unpool2d is not written yet")
    assert "Hint" not in out
    assert "Error" not in out


def test_mistake_is_shown_with_its_numbers_and_its_misconception(capsys: pytest.CaptureFixture[str]) -> None:
    out = text_of(tiles, capsys)
    assert "yours − expected" in out
    assert "A likely reason. " in out
    assert "called with scale = 2" in out


def test_exception_is_told_by_the_students_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = text_of(raises, capsys)
    assert "Your code raised RuntimeError in line" in out
    assert "return x.reshape(1, 2, 3, 4, 5, 6, 7)" in out
    assert "Traceback" not in out


def test_missing_return_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "got None. Did you forget `return`?" in text_of(forgets_to_return, capsys)


def test_forbidden_call_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    out = text_of(calls_the_library, capsys)
    assert "It uses torch.nn.functional.interpolate." in out
    assert out.count("interpolate") == 1


def test_each_new_wrong_answer_unfolds_one_more_hint_and_a_repeated_one_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = [re.findall(r"Hint \d of \d", text_of(x, capsys)) for x in (tiles, tiles, raises, tiles, forgets_to_return)]
    assert shown == [["Hint 1 of 3"], ["Hint 1 of 3"], ["Hint 2 of 3"], ["Hint 3 of 3"], ["Hint 3 of 3"]]
    assert "Hint" not in text_of(right, capsys)


def test_hint_prints_one_more_each_time_and_ends_with_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    hints = catalogue.find("max_unpool2d").hints
    for count in (1, 2, 3, 3):
        hint("max_unpool2d")
        lines = capsys.readouterr().out.splitlines()
        assert lines == [f"Hint {n} of 3: {text}" for n, text in enumerate(hints[:count], start=1)]


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("max_unpol2d", right, "there is no exercise 'max_unpol2d'; did you mean 'max_unpool2d'?"),
        ("max_unpool2d", None, "`max_unpool2d` is not a function yet; run the cell above that defines it"),
        ("max_unpool2d", 3, "`max_unpool2d` is not a function yet; run the cell above that defines it"),
    ],
)
def test_a_wrong_call_of_check_is_one_sentence(
    name: str, answer: object, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(name, answer) is None  # type: ignore[arg-type]
    assert sentence in capsys.readouterr().out


def test_points_come_back_only_while_nbgrader_executes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("nearest_unpool2d", right) is None
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check("nearest_unpool2d", right) == 4
    assert check("nearest_unpool2d", unwritten) == 0
    assert check("nearest_unpool2d", None) == 0
    capsys.readouterr()


def test_a_library_exit_or_endless_recursion_does_not_get_through(capsys: pytest.CaptureFixture[str]) -> None:
    def leaves(x: Tensor, scale: int) -> Tensor:
        raise SystemExit(3)

    def recurses(x: Tensor, scale: int) -> Tensor:
        return recurses(x, scale)

    assert "raised SystemExit" in text_of(leaves, capsys)
    assert "raised RecursionError" in text_of(recurses, capsys)


class Balanced(HTMLParser):
    """Collects text and raises where tags do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("answer", [right, tiles, raises, unwritten, forgets_to_return, calls_the_library])
def test_html_nests_and_says_what_the_text_says(answer: object) -> None:
    report = examine(catalogue.find("nearest_unpool2d"), answer)  # type: ignore[arg-type]
    parser = Balanced()
    parser.feed(as_html(report, "Hint 1 of 3: look"))
    assert parser.open == []
    words = " ".join(parser.text)
    for verdict in report.verdicts[:1]:
        assert report.unwritten or (verdict.case in words and verdict.case in as_text(report))


def test_html_escapes_what_a_student_wrote() -> None:
    def hostile(x: Tensor, scale: int) -> Tensor:
        raise ValueError("<script>alert(1)</script>")

    page = as_html(examine(catalogue.find("nearest_unpool2d"), hostile))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_grids_show_the_plane_of_the_first_difference_and_mark_it() -> None:
    def wrong_in_one_place(x: Tensor, scale: int) -> Tensor:
        out = right(x, scale)
        if out.numel() and out.shape[0] > 1 and out.shape[1] > 1 and out.shape[2] > 1:
            out[1, 0, 1, 0] += 5
        return out

    report = examine(catalogue.find("nearest_unpool2d"), wrong_in_one_place)
    assert report.first_failure is not None
    assert settings_of(report).startswith("scale = ")
    x, expected, yours, difference = grids_of(report)
    assert x.title.startswith("x[1, 0]")
    assert expected.title.startswith("expected[1, 0]")
    assert expected.marked == yours.marked == difference.marked == frozenset({(1, 0)})
    assert difference.rows[1][0] == "5"
    assert {cell for r, row in enumerate(difference.rows) for c, cell in enumerate(row) if (r, c) != (1, 0)} == {"·"}


def test_check_answers_in_a_cell_without_leaving_gradients_or_threads_changed() -> None:
    grad, threads = torch.is_grad_enabled(), torch.get_num_threads()
    for exercise in catalogue.all_exercises():
        examine(exercise, lambda *args, **options: None)
    assert (torch.is_grad_enabled(), torch.get_num_threads()) == (grad, threads)


def test_an_exception_of_torchs_own_is_not_taken_for_the_stub() -> None:
    def answer(x: Tensor, kernel_size: int) -> Tensor:
        return F.unfold(torch.zeros(1, 1, 4, 4, dtype=torch.int64), 2)

    exercise = catalogue.find("max_pool2d_with_indices")
    report = examine(exercise, answer)
    assert report.verdicts[0].kind == "raised"
    assert "F.unfold" in report.verdicts[0].sentence


def test_numbers_are_told_with_the_digits_that_tell_them_apart() -> None:
    def answer(x: Tensor, scale: int) -> Tensor:
        return x.float().to(x.dtype).repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    report = examine(catalogue.find("nearest_unpool2d"), answer)
    (verdict,) = (verdict for verdict in report.verdicts if not verdict.passed)
    words = verdict.sentence.split("expected ")[1]
    expected, yours = words.split(", yours ")
    assert expected != yours.split(". ")[0]
    assert "float64 precision" in verdict.sentence
