"""Evidence is of today's code, is not made stale by words, and holds what the notebook printed."""

import ast
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograde.building import evidence
from autograde.building.chapter import ChapterError
from autograde.building.made_from import CELLS, parts
from course.exercises import catalogue


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_evidence_is_of_todays_code(chapter: str) -> None:
    changed = evidence.changed(chapter)
    assert not changed, f"{', '.join(changed)} changed since: run `{evidence.command(chapter)}`, then `autograde build`"


@pytest.mark.parametrize("chapter", catalogue.CHAPTERS)
def test_evidence_is_small_and_rounded(chapter: str) -> None:
    path = evidence.path_of(chapter)
    known = evidence.load(chapter)
    assert known is not None
    assert path.stat().st_size < 50_000
    cells = [cell for table in known.tables.values() for row in table.values() for cell in row.values()]
    numbers = [value for cell in cells for value in (cell if isinstance(cell, list) else [cell])]
    assert all(value == float(f"{value:.6g}") for value in numbers if isinstance(value, float))


FARM = '''\
"""Scenes."""

from course.plotting import PALETTE
from course.farm.scene import draw


def count(x: int) -> int:
    """Count."""
    if x < 0:
        raise ValueError(f"x is {x}")
    return x + 1  # one more
'''
SCENE = "SIZE = 64\n\n\ndef draw() -> float:\n    return 2.5 * SIZE\n"
CELL = "from course.farm import count\n\nfor i in range(3):\n    print(f'{count(i)} of {3:.1f}')"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in (("farm/__init__", FARM), ("farm/scene", SCENE), ("plotting", "PALETTE = 1\n")):
        path = tmp_path / "course" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def notebook(source: str = CELL, prose: str = "Some prose.") -> NotebookNode:
    return new_notebook(cells=[new_markdown_cell(prose), new_code_cell(source)])


def test_parts_are_the_cells_and_what_they_import_directly_or_not(checkout: Path) -> None:
    assert list(parts(notebook(), checkout)) == [CELLS, "course.farm", "course.farm.scene"]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("farm/__init__", '"""Count."""', '"""Count\n\n    what comes next.\n    """'),
        ("farm/__init__", "  # one more", ""),
        ("farm/__init__", "return x + 1", "return (\n        x\n        + 1\n    )"),
        ("farm/__init__", 'f"x is {x}"', 'f"x must not be {x}"'),
        ("farm/__init__", "from course.plotting import PALETTE\n", ""),
        ("farm/scene", "SIZE = 64\n", 'SIZE = 64\n"""Pixels."""\n'),
        ("plotting", "1", "2"),
    ],
)
def test_words_formatting_and_drawing_do_not_make_evidence_stale(
    checkout: Path, file: str, before: str, after: str
) -> None:
    known = parts(notebook(), checkout)
    _edit(checkout, file, before, after)
    assert parts(notebook(), checkout) == known


@pytest.mark.parametrize(
    ("file", "before", "after", "part"),
    [
        ("farm/__init__", "x + 1", "x + 2", "course.farm"),
        ("farm/__init__", "x < 0", "x <= 0", "course.farm"),
        ("farm/scene", "64", "65", "course.farm.scene"),
        ("farm/scene", "2.5 * SIZE", "SIZE", "course.farm.scene"),
    ],
)
def test_a_line_that_computes_makes_it_stale_and_is_named(
    checkout: Path, file: str, before: str, after: str, part: str
) -> None:
    known = parts(notebook(), checkout)
    _edit(checkout, file, before, after)
    now = parts(notebook(), checkout)
    assert [name for name in known if known[name] != now[name]] == [part]


def test_prose_and_comments_of_a_chapter_are_no_change_and_its_code_is(checkout: Path) -> None:
    known = parts(notebook(), checkout)
    assert parts(notebook(f"# Count.\n{CELL}", prose="Other prose."), checkout) == known
    assert parts(notebook(CELL.replace("range(3)", "range(4)")), checkout)[CELLS] != known[CELLS]


def test_a_fingerprint_is_the_same_number_on_every_version_of_python(checkout: Path) -> None:
    """Written down once: what a later Python adds to syntax trees, or cuts differently in f-strings, is no change."""
    assert parts(notebook(), checkout) == {
        CELLS: "4273c1e1",
        "course.farm": "43018f7a",
        "course.farm.scene": "57487913",
    }


def _edit(checkout: Path, file: str, before: str, after: str) -> None:
    path = checkout / "course" / f"{file}.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    ast.parse(path.read_text())


CHAPTER = """\
# %% [markdown]
# # A title

# %%
import os
import torch
from course.tables import show_table

# %% figure=true
torch.manual_seed(0)
show_table("draw", {"one": {"random": torch.rand(1).item(), "tier": os.environ["COURSE_TIER"], "three": 3}})

# %% train=true
busy = sum(range(20_000_000))
show_table("order", {"one": {"random": torch.rand(1, generator=torch.Generator().manual_seed(0)).item()}})
"""


@pytest.mark.slow
@pytest.mark.compute
def test_tables_of_a_run_are_kept_as_data_with_the_spread_of_another_seed(tmp_path: Path) -> None:
    _write_chapter(tmp_path, CHAPTER)
    path = evidence.write(evidence.collect("03_unpooling", runs=1, root=tmp_path), tmp_path)
    assert path == tmp_path / "docs" / "evidence" / "03_unpooling.json"
    made = evidence.collect("03_unpooling", runs=2, root=tmp_path)  # one more is added to it
    draws = made.tables["draw"]["one"]
    assert draws["three"] == 3
    assert draws["tier"] == "small"
    assert draws["random"][0] == pytest.approx(0.496257, abs=1e-6)  # torch's first number from the seed 0
    assert draws["random"][1] != draws["random"][0]
    assert isinstance(made.tables["order"]["one"]["random"], float)  # a generator of its own is not moved
    (spent,) = made.cells.values()  # the cell that is busy; the others take next to nothing
    assert 0 < spent <= made.cpu_seconds
    assert made.device.startswith("CPU")
    evidence.write(made, tmp_path)
    assert evidence.load("03_unpooling", tmp_path) == made
    assert evidence.changed("03_unpooling", tmp_path) == []
    _write_chapter(tmp_path, CHAPTER.replace("torch.rand(1).item()", "torch.rand(2)[0].item()"))
    assert evidence.changed("03_unpooling", tmp_path) == [CELLS]


@pytest.mark.slow
@pytest.mark.compute
def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    _write_chapter(tmp_path, CHAPTER.replace('"order"', '"draw"'))
    with pytest.raises(ChapterError, match="shows two tables called 'draw'"):
        evidence.collect("03_unpooling", runs=1, root=tmp_path)


def test_damaged_evidence_is_one_sentence(tmp_path: Path) -> None:
    path = evidence.path_of("03_unpooling", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(ChapterError, match=r"03_unpooling\.json is no evidence"):
        evidence.load("03_unpooling", tmp_path)


def _write_chapter(root: Path, text: str) -> None:
    path = root / "course" / "chapters" / "03_unpooling.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
