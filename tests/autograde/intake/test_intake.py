"""A notebook in any state is mended at no cost, or is unreadable with a reason."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograde import demo
from autograde.classroom.directory import Classroom
from autograde.intake.candidates import find_notebook
from autograde.intake.handed_in import collect
from autograde.intake.marks import grade_id
from autograde.intake.submission import Submission, UnreadableError, mend, read, read_bytes
from course.exercises.catalogue import of_chapter
from tests.hostile.formats import zipped

CHAPTER = "03_unpooling"
EXERCISES = of_chapter(CHAPTER)
NAMES = [exercise.name for exercise in EXERCISES]


@pytest.fixture
def mended(complete: NotebookNode, released: Classroom) -> Callable[[Callable[[NotebookNode], object]], Submission]:
    def damage_and_mend(damage: Callable[[NotebookNode], object]) -> Submission:
        damage(complete)
        return read(nbformat.writes(complete).encode(), EXERCISES, released.released(CHAPTER))

    return damage_and_mend


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def marks(submission: Submission) -> list[str]:
    return [name for name in map(grade_id, submission.notebook.cells) if name]


WHOLE = [mark for name in NAMES for mark in (name, f"check-{name}")]


def test_a_whole_notebook_needs_no_repair(mended: Callable[..., Submission], answers: dict[str, str]) -> None:
    submission = mended(lambda notebook: None)
    assert (marks(submission), submission.repairs) == (WHOLE, ())
    assert answers["bed_of_nails2d"] in submission.cells_for("bed_of_nails2d")


def test_cells_stop_at_the_check_and_leave_out_what_draws_or_trains(mended: Callable[..., Submission]) -> None:
    cells = [cell for cell in mended(lambda notebook: None).cells_for("bed_of_nails2d") if cell]
    text = "\n".join(cells)
    assert "def bed_of_nails2d" in text
    assert "def max_unpool2d" not in text
    assert not any(word in text for word in ("pip", "Unpooling()", 'check("'))


def test_a_tag_does_not_keep_an_answer_from_being_run(mended: Callable[..., Submission]) -> None:
    submission = mended(lambda notebook: cell(notebook, NAMES[0]).metadata.update(tags=["train"]))
    assert "def nearest_unpool2d" in (submission.cells_for(NAMES[0])[-2] or "")


def test_answers_that_all_stand_in_one_cell_at_the_bottom_are_run(mended: Callable[..., Submission]) -> None:
    def gather(notebook: NotebookNode) -> None:
        answers = [cell(notebook, name) for name in NAMES]
        notebook.cells.append(new_code_cell("\n\n".join(answer.source for answer in answers)))
        for answer in answers:
            answer.source = "# see the bottom"

    submission = mended(gather)
    assert [name for name in NAMES if f"def {name}(" in submission.code(name)] == NAMES


@pytest.mark.parametrize("odd", ["0x" + "F" * 5000, "f\"{'\u00a0'.join('ab')}\""])
def test_a_constant_that_python_reads_and_does_not_write_costs_nothing(
    mended: Callable[..., Submission], odd: str
) -> None:
    submission = mended(lambda notebook: cell(notebook, NAMES[0]).update(source=f"ODD = {odd}\n{NAMES[0]} = len"))
    assert "ODD" in submission.code(NAMES[0])


def test_lost_metadata_is_found_by_what_cells_define(mended: Callable[..., Submission]) -> None:
    def lose(notebook: NotebookNode) -> None:
        for one in notebook.cells:
            one.metadata.clear()

    submission = mended(lose)
    assert marks(submission) == WHOLE
    assert f"the cell {NAMES[0]} had lost its metadata" in submission.repairs
    assert "Unpooling()" not in submission.code(NAMES[-1])  # the tag of a widget's cell is known from the release


def test_a_deleted_check_is_put_back(mended: Callable[..., Submission]) -> None:
    submission = mended(lambda notebook: notebook.cells.remove(cell(notebook, "check-max_unpool2d")))
    assert marks(submission) == WHOLE
    assert submission.repairs == ("the cell check-max_unpool2d was missing",)


def test_a_doubled_answer_counts_once_the_last_that_defines_it(mended: Callable[..., Submission]) -> None:
    def double(notebook: NotebookNode) -> None:
        first = cell(notebook, NAMES[0])
        place = notebook.cells.index(first)
        right = nbformat.from_dict({**first, "id": "again"})
        notes = nbformat.from_dict({**first, "id": "notes", "source": "# not here"})
        first.source = "def nearest_unpool2d(x, scale):\n    return x"
        notebook.cells[place + 1 : place + 1] = [right, notes]

    submission = mended(double)
    assert marks(submission) == WHOLE
    assert "repeat_interleave" in cell(submission.notebook, NAMES[0]).source


def test_a_doubled_or_rewritten_check_is_the_released_one(mended: Callable[..., Submission]) -> None:
    def double(notebook: NotebookNode) -> None:
        check = cell(notebook, f"check-{NAMES[0]}")
        notebook.cells.append(nbformat.from_dict({**check, "id": "again", "source": "4.0"}))

    submission = mended(double)
    assert sorted(marks(submission)) == sorted(WHOLE)
    assert cell(submission.notebook, f"check-{NAMES[0]}").source == f'check("{NAMES[0]}", {NAMES[0]})'


def test_an_answer_turned_into_text_is_code_again(mended: Callable[..., Submission]) -> None:
    def retype(notebook: NotebookNode) -> None:
        place = notebook.cells.index(cell(notebook, NAMES[0]))
        old = notebook.cells[place]
        notebook.cells[place] = new_markdown_cell(f"```python\n{old.source}\n```", metadata=old.metadata)

    assert "def nearest_unpool2d" in (mended(retype).cells_for(NAMES[0])[-2] or "")


def test_points_and_locks_are_those_released(mended: Callable[..., Submission]) -> None:
    submission = mended(lambda n: cell(n, f"check-{NAMES[0]}").metadata["nbgrader"].update(points=1000, locked=False))
    marks = cell(submission.notebook, f"check-{NAMES[0]}").metadata["nbgrader"]
    assert (marks["points"], marks["locked"]) == (EXERCISES[0].points, True)


def test_mending_twice_changes_nothing(mended: Callable[..., Submission], released: Classroom) -> None:
    first = mended(lambda notebook: notebook.cells.remove(cell(notebook, "check-max_unpool2d")))
    again = mend(nbformat.from_dict(first.notebook), EXERCISES, released.released(CHAPTER))
    assert (again.notebook, again.repairs) == (first.notebook, ())


def test_outputs_are_dropped_before_anything_reads_them(mended: Callable[..., Submission]) -> None:
    forged = nbformat.v4.new_output("execute_result", data={"text/plain": "4.0"})
    submission = mended(lambda notebook: cell(notebook, f"check-{NAMES[0]}").outputs.append(forged))
    assert not any(one.get("outputs") for one in submission.notebook.cells)


def test_old_formats_and_encodings_are_read(complete: NotebookNode) -> None:
    old = nbformat.convert(nbformat.from_dict(complete), 3)
    for data in (
        json.dumps(old).encode(),
        nbformat.writes(complete).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(complete).encode(),
    ):
        assert "def nearest_unpool2d" in read(data, EXERCISES).code(NAMES[0])


def test_bytes_that_are_no_utf8_cost_their_letters_alone(complete: NotebookNode) -> None:
    complete.cells.insert(0, new_code_cell("# Größe"))
    data = json.dumps(complete, ensure_ascii=False).encode("cp1252", errors="replace")
    submission = read(data, EXERCISES)
    assert "the notebook was not encoded as UTF-8" in submission.repairs
    assert "def nearest_unpool2d" in submission.code(NAMES[0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"not json {", "not JSON"),
        (b"[1, 2]", "not a notebook"),
        (b'{"cells": 5, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cannot be read"),
        (b"[" * 100_000, "not JSON"),
        (b'{"nbformat": 4, "cells": [' + b'{"cell_type": "raw", "source": ""},' * 2001 + b"{}]}", "2001 cells"),
        ("\x00\x01".encode("utf-16"), "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_unreadable_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(data, EXERCISES)


@pytest.mark.parametrize("metadata", [None, 3, {"nbgrader": 7}, {"nbgrader": {"grade_id": ["x"]}}, {"tags": "train"}])
def test_malformed_metadata_does_no_harm(complete: NotebookNode, metadata: object) -> None:
    raw = json.loads(nbformat.writes(complete))
    for one in raw["cells"]:
        one["metadata"] = metadata
        one.pop("id", None)
    assert marks(read(json.dumps(raw).encode(), EXERCISES)) == WHOLE


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UnreadableError, match="1048576 MB"):
        read_bytes(tmp_path / "large")


def test_half_characters_do_not_travel_on(complete: NotebookNode) -> None:
    raw = json.loads(nbformat.writes(complete))
    raw["cells"][0]["source"] = "\ud800"
    nbformat.writes(read(json.dumps(raw).encode(), EXERCISES).notebook).encode()


def test_a_renamed_notebook_is_found_and_a_link_is_not_followed(tmp_path: Path, complete: NotebookNode) -> None:
    with pytest.raises(UnreadableError, match="there is no notebook"):
        find_notebook(tmp_path, CHAPTER)
    (tmp_path / f"{CHAPTER}.ipynb").symlink_to("/etc/passwd")
    with pytest.raises(UnreadableError, match="link"):
        find_notebook(tmp_path, CHAPTER)
    nbformat.write(complete, tmp_path / "03_unpooling (1).ipynb")
    found = find_notebook(tmp_path, CHAPTER)
    assert (found.path.name, found.repairs) == (
        "03_unpooling (1).ipynb", ("the notebook was called 03_unpooling (1).ipynb",)
    )  # fmt: skip


def test_of_several_notebooks_the_one_with_the_most_answers_is_taken_and_the_choice_told(
    tmp_path: Path, complete: NotebookNode, released: Classroom
) -> None:
    (tmp_path / "other.ipynb").write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')
    (tmp_path / "first try.ipynb").write_bytes(released.released_bytes(CHAPTER) or b"")
    nbformat.write(complete, tmp_path / "final.ipynb")
    found = find_notebook(tmp_path, CHAPTER)
    assert found.path.name == "final.ipynb"
    assert "of 2 notebooks the one with the most answers was graded, not first try.ipynb" in found.repairs


def test_a_notebook_of_the_right_name_is_taken_unless_nothing_was_written_into_it(
    tmp_path: Path, complete: NotebookNode, released: Classroom
) -> None:
    exact, copy = tmp_path / f"{CHAPTER}.ipynb", tmp_path / f"{CHAPTER}-Copy1.ipynb"
    exact.write_bytes(released.released_bytes(CHAPTER) or b"")
    nbformat.write(complete, copy)
    assert find_notebook(tmp_path, CHAPTER).path == copy
    cell(complete, NAMES[0]).source = "def nearest_unpool2d(x, scale):\n    return x"
    nbformat.write(complete, exact)
    assert find_notebook(tmp_path, CHAPTER).path == exact


def test_a_notebook_in_the_only_archive_is_found(complete: NotebookNode, tmp_path: Path) -> None:
    written = nbformat.writes(complete).encode()
    (tmp_path / "work.zip").write_bytes(zipped({"../a.ipynb": b"{}", "data.json": b"{", "my work/it.ipynb": written}))
    (tmp_path / "readme.txt").write_text("See the archive.")
    found = find_notebook(tmp_path, CHAPTER)
    assert (found.data, found.repairs) == (written, ("the notebook was inside work.zip",))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["readme.txt", "work.zip"]


def test_of_the_notebooks_in_an_archive_the_one_with_the_answers_is_graded(
    complete: NotebookNode, tmp_path: Path, released: Classroom
) -> None:
    written, blank = nbformat.writes(complete).encode(), released.released_bytes(CHAPTER) or b""
    (tmp_path / "work.zip").write_bytes(zipped({f"{CHAPTER}.ipynb": blank, "Copy1.ipynb": written}))
    found = find_notebook(tmp_path, CHAPTER)
    assert found.data == written
    assert "of 2 notebooks Copy1.ipynb was graded" in found.repairs[1]


def test_what_a_folder_holds_itself_is_not_looked_for_in_an_archive(complete: NotebookNode, tmp_path: Path) -> None:
    (tmp_path / "old.zip").write_bytes(zipped({f"{CHAPTER}.ipynb": b"{}"}))
    (tmp_path / "mine.ipynb").write_text(nbformat.writes(complete))
    assert find_notebook(tmp_path, CHAPTER).repairs == ("the notebook was called mine.ipynb",)


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped({"a.ipynb": bytes(100)}, file_size=2**31), "2048 MB"),
        (zipped({"a.ipynb": bytes(10_000)}, file_size=10), "damaged"),
        (zipped({"a.ipynb": bytes(100)}, flag_bits=1), "encrypted"),
        (zipped({"a.ipynb": bytes(100)}, compress_type=zipfile.ZIP_LZMA), "unusual way"),
        (zipped({"a.zip": zipped({"a.ipynb": b"{}"})}), "another archive"),
        (zipped({f"{number}.txt": b"" for number in range(2001)}), "holds 2001 files"),
        (zipped({f"{number:0200}.txt": b"" for number in range(5000)}), "directory"),
        (zipped({"a.ipynb": b"{}"}), "there is no notebook"),
        (zipped({}), "there is no notebook"),
        (b"PK\x03\x04" * 100, "no archive"),
    ],
)  # fmt: skip
def test_an_archive_is_opened_within_bounds_or_refused(archive: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "work.zip").write_bytes(archive)
    with pytest.raises(UnreadableError, match=why):
        find_notebook(tmp_path, CHAPTER)


def test_of_two_archives_none_is_chosen(complete: NotebookNode, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(zipped({f"{CHAPTER}.ipynb": nbformat.writes(complete).encode()}))
    with pytest.raises(UnreadableError, match=r"a\.zip, b\.zip"):
        find_notebook(tmp_path, CHAPTER)


@pytest.mark.parametrize("side", ["above", "below"])
def test_an_answer_of_another_name_in_a_cell_of_its_own_gets_its_name_where_it_is_there(
    mended: Callable[..., Submission], answers: dict[str, str], released: Classroom, side: str
) -> None:
    name, stubs = "max_unpool2d", released.released(CHAPTER)
    assert stubs is not None

    def write_it_anew(notebook: NotebookNode) -> None:
        cell(notebook, name).source = cell(stubs, name).source
        check = cell(notebook, f"check-{name}")
        check.source = f'check("{name}", my_unpool)'
        place = notebook.cells.index(check) + (side == "below")
        notebook.cells.insert(place, new_code_cell(answers[name].replace(f"def {name}", "def my_unpool")))

    submission = mended(write_it_anew)
    assert f"the function {name} was called my_unpool" in submission.repairs
    code = submission.code(name)
    assert -1 < code.index("def my_unpool") < code.index(f"{name} = my_unpool")
    assert f"def {name}" not in code[code.index(f"{name} = my_unpool") :]


STAR = "from math import *"
NEEDY = f"def {NAMES[0]}(x, scale):\n    return _nearest(x, scale) * floor(1.5) * e"


@pytest.mark.parametrize("where", ["below", "in a cell that is skipped"])
def test_a_helper_that_stands_elsewhere_is_fetched_also_where_a_star_binds_names(
    mended: Callable[..., Submission], where: str
) -> None:
    def move(notebook: NotebookNode) -> None:
        below = "floor = e = 7\nfor e in range(9):\n    2"
        helper = new_code_cell(f"K = 2\ndef _nearest(x, scale):\n    return x * K\n{below}")
        if where != "below":
            helper.metadata["tags"] = ["train"]
        notebook.cells.insert(0, new_code_cell(STAR))
        notebook.cells.insert(len(notebook.cells) if where == "below" else 1, helper)
        cell(notebook, NAMES[0]).source = NEEDY

    code = mended(move).code(NAMES[0])
    assert "def _nearest(x, scale):\n    return x * K" in code
    assert "K = 2" in code
    assert "e = 7" not in code  # math has it
    assert "range(9)" not in code


def test_for_a_name_that_a_star_may_have_bound_no_loop_is_run(mended: Callable[..., Submission]) -> None:
    def move(notebook: NotebookNode) -> None:
        notebook.cells.insert(0, new_code_cell("from torch.nn.functional import *"))
        notebook.cells.append(new_code_cell("for _nearest in range(9):\n    train()"))
        cell(notebook, NAMES[0]).source = NEEDY

    assert "range(9)" not in mended(move).code(NAMES[0])


def test_a_copy_with_more_answers_beside_the_notebook_is_asked_about(
    released: Classroom, answers: dict[str, str], tmp_path: Path
) -> None:
    for name, answered in {f"{CHAPTER}.ipynb": 2, f"{CHAPTER} (1).ipynb": 4}.items():
        notebook = released.released(CHAPTER)
        assert notebook is not None
        demo.fill(notebook, dict(list(answers.items())[:answered]))
        nbformat.write(notebook, tmp_path / name)
    handed_in = collect(tmp_path, "ada", CHAPTER)
    assert handed_in.notebook == (tmp_path / f"{CHAPTER}.ipynb").read_bytes()
    assert handed_in.repairs[0] == (
        f"which notebook is meant? {CHAPTER}.ipynb, which was graded, answers 2 exercises, "
        f"and {CHAPTER} (1).ipynb beside it 4"
    )
