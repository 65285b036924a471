"""What a student sees under an exercise: lines, grids, diagnosis, hints, in a notebook and in a terminal."""

import re
import time
from html.parser import HTMLParser

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course.checking import check, hint, limits, tries
from course.checking.display import as_html, as_text, grids_of, settings_of
from course.checking.notebook import StoppedError
from course.checking.report import examine
from course.exercises import catalogue
from course.exercises.exercise import Exercise


@pytest.fixture(autouse=True)
def _no_tries() -> None:
    tries.forget()


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
    title, insight = f"✓ nearest_unpool2d: all {len(cases)} cases are right", catalogue.find("nearest_unpool2d").insight
    assert lines == [title, *(f"  ✓ {case.name}" for case in cases), "", f"  {insight}"]


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


def test_a_name_that_is_not_there_is_said_and_uses_up_no_hint(capsys: pytest.CaptureFixture[str]) -> None:
    def forgets_a_cell(x: Tensor, scale: int) -> Tensor:
        return not_run_yet(x, scale)  # type: ignore[name-defined,no-any-return] # noqa: F821

    for _ in range(3):
        out = text_of(forgets_a_cell, capsys)
        assert "Nothing is called `not_run_yet` here. Has the cell been run" in out
        assert "Hint" not in out
    assert "Hint 1 of 3" in text_of(tiles, capsys)


def test_another_comment_or_line_is_no_new_answer_and_another_helper_is(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(helper: str, above: str = "") -> object:
        names: dict[str, object] = {"__name__": "__main__"}
        exec(f"{above}def help(x):\n    return {helper}\n\ndef answer(x, scale):\n    return help(x)\n", names)
        return names["answer"]

    tried = [answer("x"), answer("x", above="# moved\n\n"), answer("x + 1")]
    assert [re.findall(r"Hint \d", text_of(one, capsys)) for one in tried] == [["Hint 1"], ["Hint 1"], ["Hint 2"]]


def test_hint_gives_one_more_each_time_and_says_when_there_are_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    hints = catalogue.find("max_unpool2d").hints
    for count in (1, 2, 3):
        hint("max_unpool2d")
        lines = capsys.readouterr().out.splitlines()
        assert lines == [f"Hint {n} of 3: {text}" for n, text in enumerate(hints[:count], start=1)]
    hint("max_unpool2d")
    assert "There are no more hints" in capsys.readouterr().out.splitlines()[3]


def test_a_function_alone_says_which_exercise_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    def nearest_unpool2d(x: Tensor, scale: int) -> Tensor:
        return right(x, scale)

    check(nearest_unpool2d)
    assert capsys.readouterr().out.startswith("✓ nearest_unpool2d: all")
    check(nearest_unpool2d, "bed_of_nails2d")  # the other way round
    assert capsys.readouterr().out.startswith("✗ bed_of_nails2d")
    hint(nearest_unpool2d)
    assert capsys.readouterr().out.startswith("Hint 1 of 3: Take the row")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("max_unpol2d", right), "there is no exercise 'max_unpol2d'; did you mean 'max_unpool2d'?"),
        (("max_unpool2d",), 'pass your function, too: `check("max_unpool2d", max_unpool2d)`'),
        (("max_unpool2d", None), "`max_unpool2d` is None, no function: run the cell above that defines it"),
        (("max_unpool2d", torch.ones(2, 3)), "you passed a value, a tensor of shape (2, 3): that is what calling"),
        (("max_unpool2d", 3), "you passed a value, 3: that is what calling the function gives"),
        (("max_unpool2d", (1, 2)), "you passed a value, a tuple: that is what calling"),
        ((right,), "no exercise is called `right` as your function is; pass its name too"),
        ((torch.ones(2),), "a tensor of shape (2,) is neither an exercise's name nor a function"),
    ],
)
def test_a_wrong_call_of_check_is_one_sentence(
    arguments: tuple[object, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(*arguments) is None  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert sentence in out
    assert len(out.splitlines()) == 1


# --- one case is shown, and what is printed once ----------------------------------------------------------------------


def test_one_failing_case_is_shown_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    report = examine(catalogue.find("nearest_unpool2d"), tiles)
    wrong = sum(not verdict.passed for verdict in report.verdicts)
    out = text_of(tiles, capsys)
    assert out.count("✗") == 2  # the title's and the case's
    assert f"and {wrong - 1} more are wrong; {len(report.verdicts) - wrong} are right" in out.splitlines()[-1]
    page = as_html(report)
    assert f"<summary>and {wrong - 1} more are wrong; {len(report.verdicts) - wrong} are right</summary>" in page
    folded = page.partition('<details class="p2i-rest">')[2]
    assert all(verdict.case in folded for verdict in report.verdicts)


def test_what_an_answer_prints_is_shown_once_and_with_the_case_that_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prints(x: Tensor, scale: int) -> Tensor:
        print("<b>scale</b> is", scale)
        return x

    out = text_of(prints, capsys)
    assert out.count("<b>scale</b> is") == 1
    assert "Your function printed, in the case “a small map, twice as large”:" in out
    page = as_html(examine(catalogue.find("nearest_unpool2d"), prints))
    assert page.count("&lt;b&gt;scale&lt;/b&gt; is 2") == 1
    assert "is 3" not in page


def test_of_endless_printing_the_beginning_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def chatters(x: Tensor, scale: int) -> Tensor:
        for _ in range(10_000):
            print("again")
        return right(x, scale)

    out = text_of(chatters, capsys)
    assert 100 < out.count("again") < 1000
    assert out.rstrip().splitlines()[-3].endswith("…") or " …" in out


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS_A_CASE", 0.2)
    monkeypatch.setattr(limits, "SECONDS_IN_ALL", 0.6)


@pytest.mark.usefixtures("_short")
def test_an_endless_loop_is_ended_at_its_line_and_no_other_case_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    def loops(x: Tensor, scale: int) -> Tensor:
        while scale == 2:
            pass  # for ever
        return right(x, scale)

    began = time.monotonic()
    out = text_of(loops, capsys)
    assert time.monotonic() - began < 5
    assert "✗ nearest_unpool2d: 0 of 10 cases are right, then time ran out" in out
    assert "It was stopped after 0 seconds in line" in out
    assert "and 9 were not tried" in out.splitlines()[-1]


@pytest.mark.usefixtures("_short")
def test_a_loop_that_catches_every_exception_is_ended_too() -> None:
    def loops(x: Tensor, scale: int) -> Tensor:
        while True:
            try:
                time.sleep(0.001)
            except Exception:
                continue

    report = examine(catalogue.find("nearest_unpool2d"), loops)
    assert (report.verdicts[0].kind, report.untried) == ("lost", 9)


@pytest.mark.usefixtures("_short")
def test_many_slow_cases_end_with_the_time_for_all_of_them() -> None:
    def crawls(x: Tensor, scale: int) -> Tensor:
        time.sleep(0.15)
        return right(x, scale)

    report = examine(catalogue.find("nearest_unpool2d"), crawls)
    assert 1 < report.untried < 9
    assert report.first_failure == 10 - report.untried
    assert "Not tried: the cases before it took" in as_text(report)
    assert f"and {report.untried - 1} were not tried; {10 - report.untried} are right" in as_text(report)


def test_the_stop_button_is_told_in_a_sentence_and_fails_the_cell() -> None:
    def stopped(x: Tensor, scale: int) -> Tensor:
        raise KeyboardInterrupt  # as the button does

    with pytest.raises(StoppedError, match=r"Stopped while nearest_unpool2d was in line \d+ \(raise KeyboardI") as told:
        check("nearest_unpool2d", stopped)
    assert told.value._render_traceback_() == [str(told.value)]


# --- what a right answer is told --------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", catalogue.all_exercises(), ids=lambda exercise: exercise.name)
def test_every_exercise_has_an_insight_of_a_few_sentences_and_hints_that_are_markdown(exercise: Exercise) -> None:
    assert 1 <= len(re.findall(r"[.?!…](?: |$)", exercise.insight)) <= 4
    for text in (exercise.insight, *exercise.hints):
        assert text.count("`") % 2 == 0
        assert not re.search(r"(?<!\w)_|_(?!\w)|[*<$]", re.sub(r"`[^`]*`|\*\w[^*]*\*", "", text)), (
            text
        )  # would be set as emphasis


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
