"""Work that is wrong or unfinished, and what it costs: the exercise it is in, what depends on it, and nothing else.

Where a mark is a share of the points, the hand count of cases stands beside it.
"""

from course.exercises.catalogue import of_chapter
from tests.autograde.conftest import CHAPTER
from tests.hostile.bank import Book, Made, faulty, honest
from tests.hostile.notebooks import NAILS, NEAREST, POOL, STAGE, UNPOOL

CASES = {exercise.name: len(exercise.draw(0)) for exercise in of_chapter(CHAPTER)}
NEED_UNPOOL = {UNPOOL: 0, STAGE: 0}  # the stage calls the answer above it


def share(name: str, wrong: float) -> float:
    """Return the points for all cases but `wrong` of them."""
    points = {exercise.name: exercise.points for exercise in of_chapter(CHAPTER)}[name]
    return round(points * (CASES[name] - wrong) / CASES[name], 2)


@faulty(everything=0)
def as_given_out(book: Book) -> Made:
    """Nothing was written."""
    return book.blank()


@faulty(max_pool2d_with_indices=0, **NEED_UNPOOL)
def half_done(book: Book) -> None:
    """The first two answers are there; of the others one is commented out, one is empty, one as it was given out."""
    book.answer(POOL, "\n".join(f"# {line}" for line in book.answers[POOL].splitlines()))
    book.answer(UNPOOL, "")
    book.answer(STAGE, "".join(Book(book.released, answered=False)[STAGE]["source"]))


@faulty(max_pool2d_with_indices=0)
def does_not_parse(book: Book) -> None:
    """One answer has a bracket too few; it costs that answer."""
    book.answer(POOL, book.answers[POOL].replace(")", "", 1))


@faulty(nearest_unpool2d=share(NEAREST, 1), bed_of_nails2d=0)
def cut_from_the_graph(book: Book) -> None:
    """One answer works without gradients, which one case asks for; the other returns a promise of an answer."""
    book.answer(NEAREST, f"@torch.no_grad()\n{book.answers[NEAREST]}")
    book.answer(NAILS, f"async {book.answers[NAILS]}")


@faulty(nearest_unpool2d=0, bed_of_nails2d=0, max_pool2d_with_indices=0, max_unpool2d=0)
def wrong_kinds(book: Book) -> None:
    """Answers return a list, an array, nothing, a number too long for any machine, a list that holds itself."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    return x.tolist()")
    book.answer(NAILS, "def bed_of_nails2d(x, scale):\n    return 10 ** 5000")
    book.answer(POOL, "def max_pool2d_with_indices(*a, **k):\n    x = []\n    x.append(x)\n    return x")
    unpool = book.answers[UNPOOL].replace("def max_unpool2d", "def _unpool")
    book.answer(UNPOOL, f"{unpool}\n\ndef max_unpool2d(*a, **k):\n    return _unpool(*a, **k).detach().numpy()")
    book.answer(STAGE, book.answers[STAGE].replace("max_unpool2d", "_unpool"))


@faulty("crashed", nearest_unpool2d=0, **NEED_UNPOOL)
def dies_in_answers(book: Book) -> None:
    """One answer ends its process, another breaks it."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    import os\n    os._exit(0)")
    book.answer(UNPOOL, "def max_unpool2d(*a, **k):\n    import os\n    os.abort()")


@faulty("timeout", bed_of_nails2d=0)
def never_ends(book: Book) -> None:
    """An answer loops for ever and catches whatever should end it."""
    book.answer(NAILS, (
        "def bed_of_nails2d(x, scale):\n    while True:\n        try:\n            while True:\n                pass\n"
        "        except BaseException:\n            pass"
    ))  # fmt: skip


@faulty("out of memory", nearest_unpool2d=0)
def takes_all_memory(book: Book) -> None:
    """An answer asks for sixteen gigabytes."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    return torch.ones(2**32)")


@faulty(nearest_unpool2d=0, bed_of_nails2d=0)
def recursion_and_floods(book: Book) -> None:
    """An answer calls itself without end; another returns 160 MB."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    return nearest_unpool2d(x, scale)")
    book.answer(NAILS, "def bed_of_nails2d(x, scale):\n    return torch.ones(20_000_000)")


@faulty(nearest_unpool2d=0, bed_of_nails2d=0, max_pool2d_with_indices=0, max_unpool2d=0, decoder_stage=0)
def errors_that_fight_back(book: Book) -> None:
    """Exceptions whose text raises, ends the process, is endless, holds a script or no character at all."""
    head = "class E(Exception):\n    def __str__(self):\n        {}\n    __repr__ = __str__\n"
    bodies = {
        NEAREST: "raise SystemExit", NAILS: "return 'x' * 10**8", POOL: "return '\\ud800\\x00\\x1b[2J'",
        UNPOOL: "return \"<script>alert('xss')</script>\"", STAGE: "return 3",
    }  # fmt: skip
    for name, body in bodies.items():
        book.answer(name, f"{head.format(body)}def {name}(*a, **k):\n    raise E")


@faulty(nearest_unpool2d=0)
def special_tensors(book: Book) -> None:
    """An answer returns a tensor without numbers; what it printed was not the answer."""
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    print(x)\n    return torch.empty(4, device='meta')")


@honest
def texts_that_take_minutes_to_set(book: Book) -> None:
    """Texts and code that a page's Markdown and colours take minutes for, and a cell that calls itself the grader's."""
    script = "<script>alert('xss')</script>"
    for number in range(20):
        book.cells.append({"cell_type": "markdown", "metadata": {}, "source": f"{number} " + "\\begin{a}" * 5000})
    book.cells.insert(0, {"cell_type": "markdown", "metadata": {}, "id": "autograde-notes", "source": script})
    book.bottom("if False:\n    a" + ".b" * 2000)
    book.bottom("# a" + ".b" * 100_000)


@faulty(bed_of_nails2d=0)
def not_a_number_everywhere(book: Book) -> None:
    """An answer returns NaN where numbers are due."""
    book.answer(
        NAILS,
        "def bed_of_nails2d(x, scale):\n    n, c, h, w = x.shape\n    return x.new_full((n, c, h * scale, w * scale), float('nan'))",
    )


@faulty(nearest_unpool2d=share(NEAREST, 0.25))
def changes_its_input(book: Book) -> None:
    """An answer that is right and leaves zeros behind in its input, in the one case where nothing is enlarged.

    That costs a quarter of the case.
    """
    answer = book.answers[NEAREST].replace("def nearest_unpool2d", "def _right")
    leaves_zeros = "    y = _right(x, scale).clone()\n    if scale == 1:\n        x.zero_()\n    return y"
    book.answer(NEAREST, f"{answer}\n\ndef nearest_unpool2d(x, scale):\n{leaves_zeros}")
