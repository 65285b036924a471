"""A chapter goes on with a student's own functions if they are right, still the same, and quick enough; and says so."""

import linecache
import time
import types
from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course.checking import check, chosen, tries
from course.checking.notebook import SaidError
from course.checking.parts import PartError

RIGHT = """\
def nearest_unpool2d(x, scale):
    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
"""
WRONG = "def nearest_unpool2d(x, scale):\n    return x.repeat(1, 1, scale, scale)\n"

Cell = Callable[[str], None]


@pytest.fixture(autouse=True)
def _fresh_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    tries.forget()
    for name in ("NBGRADER_EXECUTION", "COURSE_GRADING"):
        monkeypatch.delenv(name, raising=False)
    yield
    tries.forget()


@pytest.fixture
def cell() -> Cell:
    """Run a cell of a notebook: one namespace for all of them."""
    module = types.ModuleType("__main__")
    module.__dict__.update(check=check, torch=torch)

    def run(source: str) -> None:
        name = f"<cell {hash(source)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), module.__dict__)

    return run


def given(x: Tensor, scale: int) -> Tensor:
    return F.interpolate(x, scale_factor=scale) + 0.5  # so that it can be told from the right one


def runs(whose: str) -> str:
    """Say which function runs where `whose` was chosen."""
    out = chosen(whose, nearest_unpool2d=given).nearest_unpool2d(torch.ones(1, 1, 1, 1), 2)
    return "the course's" if out[0, 0, 0, 0] == 1.5 else "mine"


CHECKED = f'{RIGHT}\ncheck("nearest_unpool2d", nearest_unpool2d)'


@pytest.mark.parametrize(
    ("cells", "whose", "sentence"),
    [
        (
            (),
            "the course's",
            "Nothing of your own can run yet, so the course's parts run: `nearest_unpool2d` (not checked",
        ),
        ((RIGHT,), "the course's", "(not checked since the kernel started)"),
        ((CHECKED,), "mine", "From here on your own `nearest_unpool2d` runs."),
        ((CHECKED, RIGHT), "mine", "From here on your own"),  # the same cell once more
        ((CHECKED, f"# a comment\n\n{RIGHT}"), "mine", "From here on your own"),
        ((CHECKED, WRONG), "the course's", "(changed since its check was right: run the check again)"),
        ((CHECKED, "nearest_unpool2d = None"), "the course's", "(changed since its check was right"),
        ((CHECKED.replace(RIGHT, WRONG),), "the course's", "(its check was not all right)"),
    ],
)
def test_an_answer_is_mine_if_its_check_was_right_and_it_is_still_the_same(
    cell: Cell, cells: tuple[str, ...], whose: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for source in cells:
        cell(source)
    capsys.readouterr()
    assert runs("mine") == whose
    assert sentence in capsys.readouterr().out


def test_an_answer_whose_helper_has_changed_has_changed(cell: Cell) -> None:
    helper = "def times(x, scale):\n    return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)\n"
    cell(f"{helper}\ndef nearest_unpool2d(x, scale):\n    return times(x, scale)\n")
    cell('check("nearest_unpool2d", nearest_unpool2d)')
    assert runs("mine") == "mine"
    cell(helper.replace("scale, 3", "scale + 0, 3"))
    assert runs("mine") == "the course's"


def test_the_courses_run_where_they_are_chosen_and_while_a_notebook_is_graded(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cell(CHECKED)
    capsys.readouterr()
    assert runs("the course's") == runs("The course’s ") == "the course's"
    assert 'All of yours are right: write `"mine"` above, and it will run.' in capsys.readouterr().out
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert runs("mine") == "the course's"
    assert capsys.readouterr().out == ""


def test_a_wrong_choice_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="write one of 'mine', \"the course's\""):
        chosen("yours", nearest_unpool2d=given)
    with pytest.raises(ValueError, match="there is no exercise 'nearest_unpool'; did you mean 'nearest_unpool2d'"):
        chosen("mine", nearest_unpool=given)


def test_what_an_own_part_raises_is_told_with_its_line_and_the_way_out(cell: Cell) -> None:
    cell(RIGHT.replace("    return", "    assert x.shape[2] != 64, 'too large'\n    return"))
    cell('check("nearest_unpool2d", nearest_unpool2d)')
    parts = chosen("mine", nearest_unpool2d=given)
    assert parts.nearest_unpool2d(torch.ones(1, 1, 2, 2), 2).shape == (1, 1, 4, 4)
    with pytest.raises(PartError, match=r"Your nearest_unpool2d raised AssertionError in line 2, .*too large") as told:
        parts.nearest_unpool2d(torch.ones(1, 1, 64, 2), 2)
    assert 'write "the course\'s" where the parts are chosen' in str(told.value)
    assert isinstance(told.value, SaidError)


SLOW = RIGHT.replace("    return", "    import time\n    time.sleep(0.001 * x.numel())\n    return")


def test_a_slow_part_is_measured_and_gives_way(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("course.checking.parts._PATIENCE", 0.5)
    cell(f'{SLOW}\ncheck("nearest_unpool2d", nearest_unpool2d)')
    x = torch.ones(1, 1, 20, 20)
    parts, patient = (chosen(word, nearest_unpool2d=given) for word in ("mine", "mine, however slow"))
    capsys.readouterr()
    assert [parts.nearest_unpool2d(x, 2)[0, 0, 0, 0].item() for _ in range(3)] == [1, 1, 1.5]
    said = capsys.readouterr().out
    assert "Your `nearest_unpool2d` is right, but slow: a call takes 0.4" in said
    assert "times as long as the course's" in said
    assert [patient.nearest_unpool2d(x, 2)[0, 0, 0, 0].item() for _ in range(3)] == [1, 1, 1]
    assert capsys.readouterr().out == ""


def test_a_part_that_is_trained_is_measured_at_its_first_call_backwards_too(
    cell: Cell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell("""\
class Sleepy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + 0

    @staticmethod
    def backward(ctx, gradient):
        import time
        time.sleep(0.005 * gradient.numel())
        return gradient
""")
    cell(f'{RIGHT.replace("return x", "return Sleepy.apply(x)")}\ncheck("nearest_unpool2d", nearest_unpool2d)')
    parts = chosen("mine", nearest_unpool2d=given)
    small, large = (torch.ones(1, 1, side, side, requires_grad=True) for side in (2, 8))
    capsys.readouterr()
    assert [parts.nearest_unpool2d(x, 2)[0, 0, 0, 0].item() for x in (small, small, large, large)] == [1, 1, 1, 1.5]
    assert "is right, but slow" in capsys.readouterr().out
    assert small.grad is large.grad is None


def test_a_part_of_many_short_calls_stays(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.checking.parts._PATIENCE", 0.02)
    cell(f'{SLOW}\ncheck("nearest_unpool2d", nearest_unpool2d)')
    parts = chosen("mine", nearest_unpool2d=given)
    began = time.monotonic()
    while time.monotonic() - began < 0.3:
        assert parts.nearest_unpool2d(torch.ones(1, 1, 2, 2), 2)[0, 0, 0, 0] == 1


def test_gradients_flow_through_an_own_part(cell: Cell) -> None:
    cell(CHECKED)
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    chosen("mine", nearest_unpool2d=given).nearest_unpool2d(x, 3).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert torch.equal(x.grad, torch.full((1, 1, 2, 2), 9.0))
