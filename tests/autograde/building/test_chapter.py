"""The directives of a chapter's source, on small chapters of the tests' own."""

import base64
from pathlib import Path

import pytest

from autograde.building.chapter import ChapterError, quiz, read
from autograde.building.notebooks import SKIP_TAG, instructor_notebook, student_notebook
from autograde.classroom.setup_cell import setup_cell
from autograde.intake.marks import PICTURE_TAG
from course.pictures import FOLDER
from course.settings import INSTALL_FROM

FIXTURE = """\
# %% [markdown]
# # A title

# %% picture="which_pixels"

# %% [markdown]
# Some prose.

# %%
import torch

# %% widget="Unpooling"

# %% [markdown] exercise="nearest_unpool2d"
# Copy each value.

# %% check="nearest_unpool2d"

# %% given="solutions.fcn:SegNet"

# %% figure=true
draw()

# %% train=true
train()

# %% [markdown] quiz="which"
# Which one is `it`?
#
# - [ ] This — No, since
#   it is `that`.
# - [x] That `<one>` — Yes.
"""


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    path = tmp_path / "03_unpooling.py"
    path.write_text(FIXTURE)
    return path


def test_every_directive_becomes_its_cells(chapter: Path) -> None:
    notebook = student_notebook("03_unpooling", read(chapter))
    kinds = [(cell.cell_type, cell.metadata.get("nbgrader", {}).get("grade_id")) for cell in notebook.cells]
    assert kinds == [
        ("markdown", None),  # the title stands before the badge
        ("markdown", None),
        ("code", None),  # set-up
        ("code", None),  # the picture that opens the chapter
        ("markdown", None),
        ("code", None),
        ("code", None),  # widget
        ("markdown", None),  # the task
        ("code", "nearest_unpool2d"),
        ("code", "check-nearest_unpool2d"),
        ("code", None),
        ("code", None),
        ("code", None),
        ("markdown", None),  # how to answer
        ("markdown", None),
    ]
    assert notebook.cells[0].source.startswith("# A title")
    assert "colab.research.google.com" in notebook.cells[1].source


def test_check_cell_is_graded_and_locked_with_the_points_of_the_exercise(chapter: Path) -> None:
    cells = {cell.id: cell for cell in student_notebook("03_unpooling", read(chapter)).cells}
    check = cells["check-nearest_unpool2d"]
    assert check.source == 'check("nearest_unpool2d", nearest_unpool2d)'
    assert check.metadata.nbgrader.points == 4
    assert check.metadata.nbgrader.grade
    assert check.metadata.nbgrader.locked
    assert not cells["nearest_unpool2d"].metadata.nbgrader.locked


def test_cells_that_draw_train_or_install_are_marked_for_grading_to_skip(chapter: Path) -> None:
    notebook = student_notebook("03_unpooling", read(chapter))
    skipped = [cell.source for cell in notebook.cells if SKIP_TAG in cell.metadata.get("tags", [])]
    assert skipped[0] == setup_cell(INSTALL_FROM)
    assert [source.splitlines()[-1] for source in skipped[1:]] == [
        'show_picture("which_pixels")',
        "Unpooling()",
        "draw()",
        "train()",
    ]


def test_widget_has_a_still_picture_and_its_state(chapter: Path) -> None:
    notebook = student_notebook("03_unpooling", read(chapter))
    (cell,) = [cell for cell in notebook.cells if cell.id == "widget-Unpooling"]
    bundle = cell.outputs[0].data
    model = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert bundle["image/png"]
    assert model in notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]


def test_a_picture_is_there_before_anything_runs_in_both_notebooks_and_its_code_is_folded(chapter: Path) -> None:
    for build in (student_notebook, instructor_notebook):
        (cell,) = [cell for cell in build("03_unpooling", read(chapter)).cells if cell.id == "picture-which_pixels"]
        (output,) = cell.outputs
        assert base64.b64decode(output.data["image/png"]) == (FOLDER / "which_pixels.png").read_bytes()
        assert output.metadata["image/png"] == {"alt": output.data["text/plain"], "width": 740}
        assert cell.metadata.jupyter.source_hidden
        assert PICTURE_TAG in cell.metadata.tags


def test_given_code_that_would_answer_an_exercise_can_be_folded_away(chapter: Path) -> None:
    given = '# %% given="solutions.fcn:SegNet"'
    chapter.write_text(FIXTURE.replace(given, f"{given} folded=true"))
    for folded, source in ((True, chapter.read_text()), (False, FIXTURE)):
        chapter.write_text(source)
        (cell,) = [each for each in student_notebook("03_unpooling", read(chapter)).cells if "SegNet(" in each.source]
        assert cell.metadata.get("jupyter", {}).get("source_hidden", False) == folded


def test_what_a_student_is_to_do_with_a_question_is_said_before_the_first_alone(chapter: Path) -> None:
    chapter.write_text(FIXTURE + FIXTURE[FIXTURE.index('# %% [markdown] quiz="which"') :].replace("which", "another"))
    ids = [cell.id for cell in student_notebook("03_unpooling", read(chapter)).cells]
    assert ids[-3:] == ["how-to-answer", "quiz-which", "quiz-another"]


def test_student_and_instructor_notebooks_differ_in_answers_and_outputs_alone(chapter: Path) -> None:
    cells = read(chapter)
    student, instructor = student_notebook("03_unpooling", cells), instructor_notebook("03_unpooling", cells)
    assert [cell.id for cell in student.cells] == [cell.id for cell in instructor.cells]
    differing = [a.id for a, b in zip(student.cells, instructor.cells, strict=True) if a.source != b.source]
    assert differing == ["nearest_unpool2d"]
    assert [cell.id for cell in instructor.cells if cell.get("outputs")] == ["picture-which_pixels"]


def test_building_twice_changes_nothing(chapter: Path) -> None:
    assert student_notebook("03_unpooling", read(chapter)) == student_notebook("03_unpooling", read(chapter))


def test_an_edit_changes_the_ids_of_the_cells_it_touches_alone(chapter: Path) -> None:
    before = [cell.id for cell in student_notebook("03_unpooling", read(chapter)).cells]
    chapter.write_text(FIXTURE.replace("import torch\n", "import torch\n\n# %%\nextra = 1\n"))
    after = [cell.id for cell in student_notebook("03_unpooling", read(chapter)).cells]
    assert [cell_id for cell_id in after if cell_id in before] == before
    assert len(after) == len(before) + 1


def test_quiz_unfolds_feedback_for_each_choice(chapter: Path) -> None:
    cells = read(chapter)
    question, choices = quiz(cells[-1])
    assert question == "Which one is `it`?"
    assert [(choice.text, choice.feedback, choice.right) for choice in choices] == [
        ("This", "No, since it is `that`.", False),
        ("That `<one>`", "Yes.", True),
    ]
    source = student_notebook("03_unpooling", cells).cells[-1].source
    assert "<summary><b>B</b> · That <code>&lt;one&gt;</code></summary>\n\n✓ Right. Yes." in source


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('# %% exercise="nearest_unpool2d"\n', "'exercise' belongs on a markdown cell"),
        ('# %% [markdown] check="nearest_unpool2d"\n', "'check' belongs on a code cell"),
        ('# %% exercice="nearest_unpool2d"\n', "there is no directive 'exercice'"),
        ('# %% check="nearest_unpool2d"\nprint()\n', "must be empty"),
        ('# %% check="a" widget="b"\n', "one directive a cell"),
        ("# %% train=true folded=true\n", "only a given cell can be folded"),
    ],
)
def test_a_wrong_directive_is_one_sentence_that_names_the_cell(tmp_path: Path, source: str, sentence: str) -> None:
    path = tmp_path / "x.py"
    path.write_text(f"# %% [markdown]\n# # Title\n\n{source}")
    with pytest.raises(ChapterError, match=r"x\.py, cell 2") as caught:
        read(path)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('# %% [markdown] exercise="max_unpool3d"\n# x\n', "'max_unpool3d', which is no exercise of this chapter"),
        ('# %% widget="Nothing"\n', "there is no widget 'Nothing'"),
        ('# %% picture="nothing"\n', "there is no picture 'nothing'"),
        ('# %% [markdown] quiz="q"\n# Why?\n#\n# - [ ] a — b\n', "exactly one choice must be right"),
        ('# %% [markdown] quiz="q"\n# Why?\n#\n# - [x] a\n', "needs feedback"),
    ],
)
def test_an_argument_that_does_not_exist_is_one_sentence(tmp_path: Path, source: str, sentence: str) -> None:
    path = tmp_path / "03_unpooling.py"
    path.write_text(f"# %% [markdown]\n# # Title\n\n{source}")
    with pytest.raises(ChapterError) as caught:
        student_notebook("03_unpooling", read(path))
    assert sentence in str(caught.value)
