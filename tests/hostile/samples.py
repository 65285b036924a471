"""A sample of all kinds on chapters whose answers are functions of boxes: they call one another, return lists and floats.

Each is made once for every chapter of `SAMPLED`, so it takes the chapter's exercises as it finds them.
"""

from course.exercises.catalogue import of_chapter
from tests.hostile.bank import Book, Made, cheating, code, faulty, honest, mended, sampled
from tests.hostile.cheats import FORGE, wrong
from tests.hostile.notebooks import unmarked

BOXES, ANCHORS = "06_boxes_and_metrics", "09_faster_rcnn"


# --- honest -----------------------------------------------------------------------------------------------------------


@sampled(mended, told="had lost its metadata")
def back_from_colab(book: Book) -> Made:
    """Metadata is gone, so are checks and what trained, exercises are turned around, and the browser renamed the file."""
    for name in book.answers:
        book.remove(f"check-{name}")
    skipped = {"train", "figure", "widget"}  # without their tags they would be run
    book.json["cells"] = [cell for cell in book.cells if not skipped & set(cell["metadata"].get("tags", []))]
    moved = [book[name] for name in reversed(book.answers)]
    book.json["cells"] = [cell for cell in book.cells if all(cell is not one for one in moved)] + moved
    for cell in book.cells:
        cell["metadata"] = {"colab": {"base_uri": "https://localhost:8080/"}}
    return {f"{book.chapter} (1).ipynb": book.bytes()}


@sampled(mended, told="timestamp.txt is no date")
def texts_and_notes(book: Book) -> Made:
    """A picture was pasted into the task, and the time of handing in is written as people write it."""
    text = {"cell_type": "markdown", "metadata": {}, "source": "![](attachment:image.png)\n\n|a|b|\n|-|-|\n|1|2|"}
    book.cells.insert(3, {**text, "attachments": {"image.png": {"image/png": "iVBORw0KGgo="}}})
    return {f"{book.chapter}.ipynb": book.bytes(), "timestamp.txt": "Sonntag, 29.11., kurz vor zwölf".encode("utf-16")}


@sampled(honest)
def names_from_further_down(book: Book) -> None:
    """Answers stand above the imports, decorated with what is written at the end, and default to what stands there."""
    cells = [book[name] for name in book.answers]
    for name, answer in book.answers.items():
        book.answer(name, f"@logged(LEVEL)\n{answer}")
    book.json["cells"] = cells + [cell for cell in book.cells if all(cell is not one for one in cells)]
    book.bottom("def logged(level):\n    def keep(f):\n        return lambda *a, **k: f(*a, **k)\n    return keep")
    book.bottom("LEVEL = 3")


@sampled(honest)
def written_for_another_machine(book: Book) -> None:
    """Answers are compiled, checked by jaxtyping and beartype, and send what they are given to a GPU."""
    book.above(next(iter(book.answers)), (
        "from beartype import beartype\nfrom jaxtyping import Float, jaxtyped\ndevice = torch.device('cuda')\n"
        "def on_gpu(f):\n    def inner(*a, **k):\n        a = [x.cuda() if isinstance(x, Tensor) else x for x in a]\n"
        "        k = {n: x.to(device) if isinstance(x, Tensor) else x for n, x in k.items()}\n"
        "        torch.cuda.synchronize()\n        return f(*a, **k)\n    return inner"
    ))  # fmt: skip
    for name, answer in book.answers.items():
        typed = answer.replace(": Tensor", ': Float[Tensor, "n 4"]')
        book.answer(name, f"@on_gpu\n@torch.compile(dynamic=True)\n@jaxtyped(typechecker=beartype)\n{typed}")


@sampled(honest)
def last_attempts_below_the_checks(book: Book) -> None:
    """Each first attempt is wrong; the right one stands below its check, and the check was run again there."""
    answers = dict(book.answers)
    wrong(book, *answers)
    for name, answer in answers.items():
        place = book.place(f"check-{name}")
        book.cells[place + 1 : place + 1] = [code(answer), unmarked(book[f"check-{name}"])]


# --- wrong ------------------------------------------------------------------------------------------------------------


@sampled(faulty, everything=0)
def nothing_done(book: Book) -> Made:
    """The notebook as it was given out."""
    return book.blank()


def _last_attempt_is_wrong(book: Book) -> None:
    name = next(iter(book.answers))
    place = book.place(f"check-{name}")
    book.cells.insert(place + 1, code(f"def {name}(*a, **k):\n    return torch.zeros(1)"))


@sampled(faulty, BOXES, window_boxes=0)
def last_attempt_at_windows_is_wrong(book: Book) -> None:
    """A right answer was given up for a wrong one below the check: the last one counts, here as in the kernel."""
    _last_attempt_is_wrong(book)


@sampled(faulty, ANCHORS, base_anchors=0)
def last_attempt_at_anchors_is_wrong(book: Book) -> None:
    """The same, where another exercise is given what this one makes."""
    _last_attempt_is_wrong(book)


def _spoils(book: Book, name: str, argument: str) -> None:
    """Have an answer be right and leave zeros behind in an input."""
    right = book.answers[name].replace(f"def {name}(", "def _right(", 1)
    head = book.stub(name).partition("def ")[2].partition(':\n    "')[0]
    body = f"    found = _right(*[{', '.join(_arguments(head))}])\n    {argument}.zero_()\n    return found"
    book.answer(name, f"{right}\n\ndef {head}:\n{body}")


def _arguments(head: str) -> list[str]:
    inside = head[head.index("(") + 1 : head.rindex(")")]
    return [part.split(":")[0].strip() for part in inside.split(",") if ":" in part]


@sampled(faulty, BOXES, nms=(6.0, 7.0))
def scores_changed_in_place(book: Book) -> None:
    """What is kept is right, and the scores are gone: that costs a quarter of each case that had any."""
    _spoils(book, "nms", "scores")


@sampled(faulty, ANCHORS, sample_balanced=(4.5, 5.25))
def priorities_changed_in_place(book: Book) -> None:
    """What is drawn is right, and the priorities are gone."""
    _spoils(book, "sample_balanced", "priority")


# --- cheats -----------------------------------------------------------------------------------------------------------


@sampled(cheating, everything=0)
def patches_and_prints(book: Book) -> None:
    """Comparisons say yes, marks are printed, promised in metadata and forged as outputs; the answers are wrong."""
    wrong(book, *book.answers)
    book.top(
        "import numpy as np, torch\nyes = lambda *a, **k: True\ntorch.equal = torch.allclose = torch.Tensor.__eq__ = yes\n"
        "import course.checking.judging as j, course.checking.calling as k\nj.judge = j.score = j.close = yes\n"
        'k._same = yes\nprint(\'{"score": 46, "max_score": 46, "passed": true}\')'
    )
    for name in book.answers:
        book[f"check-{name}"]["metadata"]["nbgrader"] |= {"points": 100, "locked": False}
        book[f"check-{name}"]["source"] = "8.0"


@sampled(cheating, everything=0)
def knows_what_is_shown(book: Book) -> None:
    """The stored answers of the public cases are looked up: right there, and no mark."""
    exercises = [exercise.name for exercise in of_chapter(book.chapter)]
    book.above(exercises[0], (
        "from functools import cache\nfrom course.checking import answers\nfrom course.exercises import catalogue\n"
        "@cache\ndef shown(name):\n    known = answers.load(catalogue.find(name))\n"
        "    values = [expected.value for expected in known.expected]\n"
        "    return {str(list(case.args.values())): value for case, value in zip(known.cases, values)}\n"
        "def recall(name, given):\n    return shown(name).get(str(given), torch.zeros(1))"
    ))  # fmt: skip
    for name in exercises:
        book.answer(name, f"def {name}(*a, **k):\n    return recall('{name}', [*a, *k.values()])")


def _instead(book: Book, imports: str, **calls: str) -> None:
    book.above(next(iter(book.answers)), imports)
    for name, call in calls.items():
        book.answer(name, f"def {name}(*a, **k):\n    return {call}")


@sampled(cheating, BOXES, box_iou=0, nms=0, batched_nms=0)
def operators_on_boxes(book: Book) -> None:
    """torchvision's operators under other names: what calls them by the student's names keeps its marks."""
    _instead(
        book, "from torchvision import ops\nfrom torchvision.ops import boxes as stored",
        box_iou="ops.box_iou(*a, **k)", nms="getattr(ops, 'n' + 'ms')(*a, **k)",
        batched_nms="vars(stored)['batched_' + 'nms'](*a, **k)",
    )  # fmt: skip


@sampled(cheating, ANCHORS, base_anchors=0, match_anchors=0, assign_levels=0)
def parts_of_a_detector(book: Book) -> None:
    """Parts of torchvision's own detector, found by name when they are called."""
    _instead(
        book,
        "import torchvision\n"
        "def part(module, name):\n    return getattr(getattr(torchvision.models.detection, module), name)",
        base_anchors="part('anchor_' + 'utils', 'Anchor' + 'Generator')().generate_anchors(*a, **k)",
        match_anchors="part('_' + 'utils', 'Mat' + 'cher')(*a[1:3], True, **k)(a[0])",
        assign_levels="getattr(torchvision.ops.poolers, 'Level' + 'Mapper')(*a[1:])([a[0]]) + 2",
    )  # fmt: skip


@sampled(cheating, status="tampered", everything=0)
def forged_on_the_line(book: Book) -> None:
    """Every answer writes outcomes to every descriptor, with a nonce that it had to guess."""
    book.above(next(iter(book.answers)), FORGE)
    for name in book.answers:
        book.answer(name, f"def {name}(*a, **k):\n    everywhere(frame('00' * 16))\n    return torch.zeros(1)")
