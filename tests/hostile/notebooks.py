"""What honest students do to a notebook: cells lost, doubled, split, moved; answers defined in ways of their own.

All of it earns full marks: each answer is right, whatever stands around it.
"""

import copy

from tests.hostile.bank import Book, code, honest, mended

UNPOOL = "max_unpool2d"
NAILS = "bed_of_nails2d"
NEAREST = "nearest_unpool2d"
POOL = "max_pool2d_with_indices"
STAGE = "decoder_stage"


def unmarked(cell: dict[str, object]) -> dict[str, object]:
    return code("".join(cell["source"]))


# --- cells ------------------------------------------------------------------------------------------------------------


@mended("check-bed_of_nails2d was there 2 times")
def check_doubled(book: Book) -> None:
    """A check was copied and pasted with its metadata, and one of the two changed."""
    book.cells.append({**copy.deepcopy(book["check-bed_of_nails2d"]), "id": "twice", "source": "4.0"})


@mended("the cell check-max_unpool2d was missing", as_whole=True)
def checks_deleted(book: Book) -> None:
    """Every check was deleted."""
    for name in book.answers:
        book.remove(f"check-{name}")


@mended("the cell check-max_unpool2d had been changed")
def checks_retyped(book: Book) -> None:
    """A check became Markdown, another raw text, a third other code."""
    book["check-max_unpool2d"]["cell_type"] = "markdown"
    book["check-decoder_stage"]["cell_type"] = "raw"
    book["check-bed_of_nails2d"]["source"] = "print('done')"


@mended("the cell max_unpool2d was no code cell")
def answers_retyped(book: Book) -> None:
    """An answer became Markdown, with a fence around it, and another raw text."""
    book[UNPOOL].update(cell_type="markdown", source=f"```python\n{book.answers[UNPOOL]}\n```")
    book[STAGE]["cell_type"] = "raw"


@mended("the cell nearest_unpool2d was there 2 times")
def answer_doubled(book: Book) -> None:
    """The first try was kept below the answer, as a copy of the cell that was given out."""
    book.cells.insert(
        book.place(NEAREST) + 1, {**copy.deepcopy(book[NEAREST]), "source": book.stub(NEAREST), "id": "kept"}
    )


@mended("the answer max_unpool2d stood in another cell")
def given_cell_left_above(book: Book) -> None:
    """The cell that was given out is as it was; the answer stands in a new one below it."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, book.stub(UNPOOL))
    book.below(UNPOOL, answer)


@mended("the answer max_unpool2d stood in another cell")
def given_cell_left_below(book: Book) -> None:
    """The cell that was given out is as it was; the answer stands in a new one above it."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, book.stub(UNPOOL))
    book.above(UNPOOL, answer)


@mended("the answer max_unpool2d stood in another cell")
def answer_below_its_check(book: Book) -> None:
    """The answer stands below the check, which was run a second time there."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, book.stub(UNPOOL))
    book.below("check-max_unpool2d", f'{answer}\n\ncheck("max_unpool2d", max_unpool2d)')


@mended("had been split in two")
def split_in_the_middle(book: Book) -> None:
    """A function was split in its middle, as the editor's shortcut does, metadata on both halves."""
    lines = book.answers[UNPOOL].splitlines(keepends=True)
    first, second = copy.deepcopy(book[UNPOOL]), copy.deepcopy(book[UNPOOL])
    place = next(n for n, line in enumerate(lines) if "pair(" in line or ("=" in line and n > 8))
    first["source"], second["source"], second["id"] = lines[: place + 1], lines[place + 1 :], "half"
    book.cells[book.place(UNPOOL)] = first
    book.cells.insert(book.place(UNPOOL) + 1, second)


@mended("the answer max_unpool2d stood in the cell max_pool2d_with_indices")
def two_answers_in_one_cell(book: Book) -> None:
    """Two answers were written into one cell, and the other cell was deleted."""
    book.answer(POOL, f"{book.answers[POOL]}\n\n\n{book.answers[UNPOOL]}")
    book.remove(UNPOOL)


@mended("the answer bed_of_nails2d stood in the cell nearest_unpool2d")
def all_answers_in_the_first_cell(book: Book) -> None:
    """All answers were written into the first cell, and the others left as they were given out."""
    book.answer(NEAREST, "\n\n\n".join(book.answers.values()))
    for name in (NAILS, POOL, UNPOOL, STAGE):
        book.answer(name, book.stub(name))


@mended("the cell check-max_unpool2d was missing")
def check_pasted_into_the_answer(book: Book) -> None:
    """The two cells were merged: the check stands below the answer in its cell."""
    book.answer(UNPOOL, f'{book.answers[UNPOOL]}\n\ncheck("max_unpool2d", max_unpool2d)')
    book.remove("check-max_unpool2d")


@mended("code stood in the cell check-max_unpool2d")
def answer_pasted_into_the_check(book: Book) -> None:
    """The two cells were merged into the check, which has its metadata, and the answer's cell is gone."""
    book["check-max_unpool2d"]["source"] = f'{book.answers[UNPOOL]}\n\ncheck("max_unpool2d", max_unpool2d)'
    book.remove(UNPOOL)


@mended("the function max_unpool2d was called my_unpool")
def another_name_in_the_check(book: Book) -> None:
    """The answer has a name of its own, and the check was changed to call it so."""
    book.above(UNPOOL, book.answers[UNPOOL].replace("def max_unpool2d", "def my_unpool"))
    book.answer(UNPOOL, book.stub(UNPOOL))
    book["check-max_unpool2d"]["source"] = 'check("max_unpool2d", my_unpool)'


@mended("the function max_unpool2d was called max_unpool2d_v2")
def renamed_and_without_metadata(book: Book) -> None:
    """The answer is called max_unpool2d_v2, and its cell has lost metadata and id."""
    book.answer(UNPOOL, book.answers[UNPOOL].replace("def max_unpool2d", "def max_unpool2d_v2"))
    book.cells[book.place(UNPOOL)] = unmarked(book[UNPOOL])


@mended("had lost its metadata", as_whole=True)
def metadata_lost(book: Book) -> None:
    """All metadata is gone; ids are as they were."""
    for cell in book.cells:
        cell["metadata"] = {}


@mended("was missing", as_whole=False)
def given_cells_deleted(book: Book) -> None:
    """The cell with the imports was deleted after it was run, with every text."""
    book.json["cells"] = [cell for cell in book.cells if cell["cell_type"] == "code" and cell is not book.imports()]


@mended(as_whole=False)
def checks_moved_to_the_end(book: Book) -> None:
    """All checks were moved to the end, in another order."""
    checks = [book[f"check-{name}"] for name in reversed(book.answers)]
    book.json["cells"] = [cell for cell in book.cells if all(cell is not check for check in checks)] + checks


@honest
def exercises_in_another_order(book: Book) -> None:
    """The exercises stand in the opposite order, each with its check."""
    moved = [[book[name], book[f"check-{name}"]] for name in reversed(book.answers)]
    taken = [id(cell) for pair in moved for cell in pair]
    book.json["cells"] = [cell for cell in book.cells if id(cell) not in taken] + [c for pair in moved for c in pair]


@mended()
def marks_of_ones_own(book: Book) -> None:
    """Metadata claims a thousand points, another schema, a task, a mark that nobody knows."""
    book["check-max_unpool2d"]["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "schema_version": 99}
    book[UNPOOL]["metadata"]["nbgrader"] |= {"grade": True, "points": 50, "task": True}
    bonus = {"grade_id": "bonus", "grade": True, "points": 100, "solution": False, "locked": True, "schema_version": 3}
    book.cells.append({**code("100.0"), "metadata": {"nbgrader": bonus}})


@mended()
def tags_of_ones_own(book: Book) -> None:
    """The answers were tagged as cells that train."""
    for name in book.answers:
        book[name]["metadata"]["tags"] = ["train", "skip-grading"]


# --- how an answer is written -----------------------------------------------------------------------------------------


@honest
def defined_in_unusual_ways(book: Book) -> None:
    """Under `if`, in `try`, decorated, as an object that can be called, as a partial and as a lambda."""
    indented = "\n".join(f"    {line}" for line in book.answers[UNPOOL].splitlines())
    book.answer(UNPOOL, f"if torch.cuda.is_available() or True:\n{indented}")
    indented = "\n".join(f"    {line}" for line in book.answers[POOL].splitlines())
    book.answer(POOL, f"try:\n{indented}\nexcept NameError:\n    pass")
    book.answer(NEAREST, (
        "import functools\n\ndef traced(f):\n    @functools.wraps(f)\n    def wrapped(*a, **k):\n        return f(*a, **k)\n"
        f"    return wrapped\n\n@traced\n{book.answers[NEAREST]}"
    ))  # fmt: skip
    nails = book.answers[NAILS].replace("def bed_of_nails2d", "def _nails")
    book.answer(
        NAILS,
        f"{nails}\n\nclass Nails:\n    def __call__(self, *a, **k):\n        return _nails(*a, **k)\n\nbed_of_nails2d = Nails()",
    )
    stage = book.answers[STAGE].replace("def decoder_stage", "def _stage")
    book.answer(
        STAGE, f"{stage}\nfrom functools import partial\ndecoder_stage = partial(lambda f, *a, **k: f(*a, **k), _stage)"
    )


@honest
def helper_below_the_check(book: Book) -> None:
    """A helper that the answer calls was written further down, and run before it."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    return _enlarge(_enlarge(x, 2, scale), 3, scale)")
    book.bottom("1 / 0\n\ndef _enlarge(x, dim, n):\n    return _repeat(x, n, dim)")
    book.bottom("def _repeat(x, n, dim):\n    return x.repeat_interleave(n, dim=dim)")


@honest
def helper_in_a_cell_that_trains(book: Book) -> None:
    """A helper and a constant were written into cells that grading leaves out."""
    train = next(cell for cell in book.cells if "train" in cell["metadata"].get("tags", []))
    train["source"] = "import time\ntime.sleep(300)\nWIDTH = 3\n" + "".join(train["source"])
    widget = next(cell for cell in book.cells if "widget" in cell["metadata"].get("tags", []))
    widget["source"] = "def _repeat(x, n, dim):\n    return x.repeat_interleave(n, dim=dim)\n" + "".join(
        widget["source"]
    )
    book.answer(NEAREST, (
        "def nearest_unpool2d(x, scale):\n    assert WIDTH == 3\n    return _repeat(_repeat(x, scale, 2), scale, WIDTH)"
    ))  # fmt: skip


@honest
def helper_in_a_file_of_its_own(book: Book) -> None:
    """A cell writes a module beside the notebook, and the answer imports it."""
    book.above(NEAREST, "%%writefile my_helpers.py\ndef again(x, n, dim):\n    return x.repeat_interleave(n, dim=dim)")
    book.answer(NEAREST, (
        "import my_helpers\ndef nearest_unpool2d(x, scale):\n"
        "    return my_helpers.again(my_helpers.again(x, scale, 2), scale, 3)"
    ))  # fmt: skip
