"""What gives an exercise away is found: on the chapters that there are, and on small ones of the tests' own."""

from pathlib import Path

import pytest

from autograde.building.bank import CHECKOUT
from autograde.building.chapter import ChapterError, read
from autograde.building.giveaways import refuse_giveaways, steps_of, telling_steps
from course.checking import answers
from course.exercises import catalogue

CHAPTER = "03_unpooling"

TASK = """
# %% [markdown] exercise="nearest_unpool2d"
# Copy each value of `x` over a block of `scale` × `scale` cells.

# %% check="nearest_unpool2d"
"""

ANSWER = """
def copied(x, factor):
    return x[:, :, torch.arange(factor * x.shape[2]) // factor][..., torch.arange(factor * x.shape[3]) // factor]
"""


def refuse(folder: Path, above: str = "", below: str = "", name: str = "nearest_unpool2d") -> None:
    path = folder / f"{CHAPTER}.py"
    path.write_text(
        f"# %% [markdown]\n# # Title\n\n# %%\nimport torch\nimport torch.nn.functional as F\n{above}{TASK}{below}"
    )
    exercise = catalogue.find(name)
    refuse_giveaways(CHAPTER, read(path), exercise, answers.load(exercise))


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_no_chapter_gives_an_exercise_away(chapter: str) -> None:
    cells = read(CHECKOUT / "course" / "chapters" / f"{chapter}.py")
    for exercise in catalogue.of_chapter(chapter):
        refuse_giveaways(chapter, cells, exercise, answers.load(exercise))


@pytest.mark.parametrize("directive", ["", " figure=true", " train=true"])
def test_a_function_above_that_answers_the_exercise_is_refused(tmp_path: Path, directive: str) -> None:
    with pytest.raises(ChapterError, match=r"cell 3 stands above .* nearest_unpool2d .* the function copied"):
        refuse(tmp_path, above=f"\n# %%{directive}\n{ANSWER}")


def test_a_function_right_below_the_check_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="the function copied"):
        refuse(tmp_path, below=f"\n# %% [markdown]\n# Look:\n\n# %% figure=true\n{ANSWER}")


def test_what_comes_after_other_code_below_is_too_late_to_give_anything_away(tmp_path: Path) -> None:
    refuse(tmp_path, below=f"\n# %%\nprint()\n\n# %% figure=true\n{ANSWER}")


def test_a_cell_with_the_steps_of_the_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="takes its steps: repeat_interleave"):
        refuse(tmp_path, above="\n# %% figure=true\nbig = torch.ones(2, 2).repeat_interleave(2, 0)\n")


@pytest.mark.parametrize(
    "harmless",
    [
        "def shown(x, factor):\n    return F.interpolate(x, scale_factor=factor)",  # what the exercise forbids
        "def half(x, factor):\n    return x.expand(*x.shape)",  # right where the scale is 1
        "def other(x):\n    return x",  # called in another way
        "def needs(x, factor):\n    return not_there(x, factor)",
        "big = torch.ones(2, 2)[:, None].expand(2, 2, 2).reshape(4, 2)",
    ],
)
def test_what_is_no_answer_is_let_be(tmp_path: Path, harmless: str) -> None:
    refuse(tmp_path, above=f"\n# %% figure=true\n{harmless}\n")


def test_steps_are_operators_of_torch_and_slices_with_a_step_or_of_a_window() -> None:
    assert steps_of("y = x.unfold(0, 3, 1)[::2] + print(F.fold(x[a : a + 3]), x[1:3], x.mine())") == {
        "unfold", "fold", "[::n]", "[a : a + n]",
    }  # fmt: skip


def test_a_step_that_everybody_takes_or_that_the_task_names_tells_nothing() -> None:
    exercise = catalogue.find("decoder_stage")
    assert telling_steps(exercise, "Convolve, then ReLU.") == {"conv2d", "relu"}
    assert telling_steps(exercise, "Use `F.conv2d(x, weight)`.") == {"relu"}
