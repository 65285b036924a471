"""What works in a student's kernel because of what it holds: names from further down, libraries and devices of theirs.

All of it earns full marks: in the notebook as it was left, each answer is right.
"""

from tests.hostile.bank import Book, code, honest
from tests.hostile.notebooks import NAILS, NEAREST, POOL, STAGE, UNPOOL, unmarked


@honest
def names_of_a_signature_further_down(book: Book) -> None:
    """A decorator, a default and an annotation are defined below the answer, and were run before it."""
    answer = book.answers[NEAREST].replace("def nearest", "@traced\ndef nearest")
    book.answer(NEAREST, answer.replace("scale: int)", "scale: Whole = TWICE)"))
    book.bottom(
        "import functools\n\ndef traced(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner"
    )
    book.bottom("Whole = int\nTWICE = 2")


@honest
def imports_below_the_answer(book: Book) -> None:
    """What the answer imports stands below it in its cell, and below its check."""
    book.answer(NEAREST, (
        "def nearest_unpool2d(x, scale):\n    return repeat(x, 'n c h w -> n c h w', scale)\n\n"
        "def repeat(x, how, n):\n    return kron(x.contiguous(), ones(n, n).to(x))\n\nfrom torch import kron, ones"
    ))  # fmt: skip
    book.answer(
        NAILS,
        book.answers[NAILS].replace("x.new_zeros(", "tt.zeros(").replace("* scale)\n", "* scale, dtype=x.dtype)\n", 1),
    )
    book.bottom("import torch as tt")


@honest
def annotations_of_libraries_that_are_not_here(book: Book) -> None:
    """Shapes are written with jaxtyping and checked by beartype, which this machine has not."""
    book.top("from jaxtyping import Float, Int, jaxtyped\nfrom beartype import beartype as typechecker")
    answer = book.answers[NEAREST].replace("x: Tensor", 'x: Float[Tensor, "n c h w"]')
    book.answer(
        NEAREST, "@jaxtyped(typechecker=typechecker)\n" + answer.replace("-> Tensor", '-> Float[Tensor, "n c hs ws"]')
    )
    answer = book.answers[NAILS].replace("x: Tensor", 'x: jt.Float[torch.Tensor, "n c h w"]')
    book.answer(NAILS, f"import jaxtyping as jt\nfrom beartype import beartype\n\n@beartype\n{answer}")


@honest
def compiled(book: Book) -> None:
    """Answers are compiled: by a decorator, with arguments, and by a call."""
    book.answer(NEAREST, f"@torch.compile\n{book.answers[NEAREST]}")
    book.answer(NAILS, f"@torch.compile(mode='reduce-overhead', fullgraph=True)\n{book.answers[NAILS]}")
    book.answer(POOL, f"{book.answers[POOL]}\nmax_pool2d_with_indices = torch.compile(max_pool2d_with_indices)")
    book.answer(UNPOOL, f"@torch.jit.script_if_tracing\n{book.answers[UNPOOL]}")


@honest
def on_a_device_that_is_not_here(book: Book) -> None:
    """Answers were written on a runtime with a GPU, and say so in each way that there is."""
    book.answer(NEAREST, (
        "device = 'cuda'\ndef nearest_unpool2d(x, scale):\n    x = x.to(device)\n"
        "    return x.repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3).cpu()"
    ))  # fmt: skip
    book.answer(NAILS, book.answers[NAILS].replace("x.new_zeros(", "torch.zeros(").replace(
        "* scale)\n", "* scale, dtype=x.dtype, device=torch.device('cuda:0'))\n", 1).replace("= x\n", "= x.cuda()\n"))  # fmt: skip
    stage = book.answers[STAGE].replace("padding=1)", "padding=1).cuda(non_blocking=True)")
    book.answer(STAGE, f"{stage}\ntorch.cuda.synchronize()\ntorch.cuda.empty_cache()")


@honest
def answer_above_the_imports(book: Book) -> None:
    """An answer was moved to the top of the notebook, above what it imports."""
    for name in (NEAREST, POOL):
        cell = book[name]
        book.remove(name)
        book.cells.insert(0, cell)


@honest
def second_attempt_below_the_check(book: Book) -> None:
    """A first attempt is wrong; the right one stands below the check, in a cell of its own, and the kernel has it."""
    wrong = "def nearest_unpool2d(x, scale):\n    return x.repeat(1, 1, scale, scale)"
    book.answer(NEAREST, wrong)
    place = book.place(f"check-{NEAREST}")
    book.cells.insert(place + 1, code(book.answers[NEAREST]))
    book.cells.insert(place + 2, unmarked(book[f"check-{NEAREST}"]))
