"""Every submission of the bank has the marks and the status that it deserves, from our grader and from nbgrader's."""

import time
from pathlib import Path

import nbformat
import pytest

from autograde.classroom.directory import Classroom
from autograde.classroom.recording import page_of, write_page
from autograde.intake.handed_in import collect
from autograde.intake.marks import grade_id
from autograde.intake.submission import Submission, UnreadableError, mended
from tests.autograde.conftest import CHAPTER
from tests.hostile.bank import ENTRIES, NAMES, Entry
from tests.hostile.conftest import Batch

EVERY = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
SCRIPT = "<script>alert('xss')</script>"
slow = pytest.mark.slow


def read(entry: Entry, folder: Path, released: Classroom) -> Submission:
    data = released.released_bytes(CHAPTER) or b""
    entry.lay(folder, data)
    return mended(collect(folder, entry.name, CHAPTER), CHAPTER, data)


def test_the_bank_is_large_and_of_three_kinds() -> None:
    kinds = [entry.kind for entry in ENTRIES.values()]
    assert len(kinds) >= 60
    assert all(kinds.count(kind) >= 15 for kind in ("honest", "faulty", "cheating"))


@EVERY
def test_intake_reads_it_or_says_why_not(entry: Entry, tmp_path: Path, released: Classroom) -> None:
    began = time.process_time()
    if entry.status == "unreadable":
        with pytest.raises(UnreadableError, match=entry.told):
            read(entry, tmp_path / CHAPTER, released)
        assert time.process_time() - began < 20
        return
    submission = read(entry, tmp_path / CHAPTER, released)
    assert time.process_time() - began < 20
    assert not entry.told or any(entry.told in repair for repair in submission.repairs), submission.repairs
    nbformat.validate(submission.notebook)
    marks = [mark for mark in map(grade_id, submission.notebook.cells) if mark]
    assert sorted(marks) == sorted([*NAMES, *(f"check-{name}" for name in NAMES)])


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.as_whole])
def test_damage_to_the_file_alone_changes_no_code(name: str, tmp_path: Path, released: Classroom) -> None:
    whole = read(ENTRIES["untouched"], tmp_path / "whole" / CHAPTER, released)
    damaged = read(ENTRIES[name], tmp_path / "damaged" / CHAPTER, released)
    assert {x: damaged.code(x) for x in NAMES} == {x: whole.code(x) for x in NAMES}


@slow
@pytest.mark.timeout(900)
@EVERY
def test_it_has_the_marks_that_it_deserves(entry: Entry, batch: Batch) -> None:
    result = batch.results[entry.name]
    assert result.status == entry.status, result.reason
    for name, mark in entry.marks.items():
        one = result.exercises[name]
        low, high = mark if isinstance(mark, tuple) else (mark, mark)
        assert low <= one.score <= high, (name, one.message, result.failures)
    assert batch.ours[entry.name] == {f"check-{name}": one.score for name, one in result.exercises.items()}


@slow
@pytest.mark.timeout(900)
@EVERY
def test_nbgrader_gives_it_the_same_marks(entry: Entry, batch: Batch) -> None:
    if entry.nbgrader:
        assert entry.name not in batch.statuses
        assert not any(batch.theirs.get(entry.name, {}).values())
        assert entry.name in batch.said
    else:
        assert batch.theirs[entry.name] == batch.ours[entry.name]
        assert batch.statuses[entry.name] == entry.status


@slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "name",
    [
        "scripts-in-every-text",
        "errors-that-fight-back",
        "magics",
        "name-of-another-script",
        "texts-that-take-minutes-to-set",
    ],
)
def test_no_page_of_a_student_holds_a_script_of_theirs(name: str, batch: Batch) -> None:
    write_page(batch.classroom, CHAPTER, name)
    assert SCRIPT not in page_of(batch.classroom, name, CHAPTER).read_text()
