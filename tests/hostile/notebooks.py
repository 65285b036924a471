"""What honest students do to a notebook: cells lost, doubled, split, moved; lines that only their own machine runs.

All of it earns full marks: each answer is right, whatever stands around it.
"""

import copy

from tests.hostile.bank import Book, code, honest, mended

UNPOOL = "max_unpool2d"
NAILS = "bed_of_nails2d"
NEAREST = "nearest_unpool2d"
POOL = "max_pool2d_with_indices"
STAGE = "decoder_stage"


def stub(book: Book, name: str) -> dict[str, object]:
    """Return the cell of `name` as it was given out."""
    given = Book(book.released, answered=False)
    return copy.deepcopy(given[name])


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
    book.cells.insert(book.place(NEAREST) + 1, {**stub(book, NEAREST), "id": "kept"})


@mended("the answer max_unpool2d stood in another cell")
def given_cell_left_above(book: Book) -> None:
    """The cell that was given out is as it was; the answer stands in a new one below it."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, "".join(stub(book, UNPOOL)["source"]))
    book.below(UNPOOL, answer)


@mended("the answer max_unpool2d stood in another cell")
def given_cell_left_below(book: Book) -> None:
    """The cell that was given out is as it was; the answer stands in a new one above it."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, "".join(stub(book, UNPOOL)["source"]))
    book.above(UNPOOL, answer)


@mended("the answer max_unpool2d stood in another cell")
def answer_below_its_check(book: Book) -> None:
    """The answer stands below the check, which was run a second time there."""
    answer = book.answers[UNPOOL]
    book.answer(UNPOOL, "".join(stub(book, UNPOOL)["source"]))
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
        book.answer(name, "".join(stub(book, name)["source"]))


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
    book.answer(UNPOOL, "".join(stub(book, UNPOOL)["source"]))
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


# --- what stands around it --------------------------------------------------------------------------------------------


@honest
def errors_in_other_cells(book: Book) -> None:
    """Cells above, between and below raise, exit, quit, ask for input, or do not parse."""
    lines = (
        "1 / 0", "exit()", "quit()", "import sys\nsys.exit(3)", "name = input('Your name? ')", "this is no Python",
        "raise KeyboardInterrupt", "raise SystemExit", "def f(:\n    pass", "await something()", "get_ipython().ask_exit()",
    )  # fmt: skip
    for line in lines:
        book.top(line)
    book.above(UNPOOL, "assert False, 'not yet'")
    book.bottom("raise RuntimeError('the end')")


@honest
def magics(book: Book) -> None:
    """Magics of all kinds stand in the first lines of cells that matter, some for tools that are not installed."""
    lines = (
        "%matplotlib inline", "%matplotlib widget", "%load_ext autoreload", "%autoreload 2", "%load_ext tensorboard",
        "%tensorboard --logdir runs", "%config InlineBackend.figure_format = 'retina'", "!pip install -q torchinfo",
        "%pip install torchinfo", "%conda install x", "!nvidia-smi", "%cd /content/drive/MyDrive", "%env CUDA_VISIBLE_DEVICES=0",
        "torch.nn.Conv2d?", "?torch", "files = !ls", "%timeit -n1 -r1 1 + 1", "%who", "%no_such_magic",
    )  # fmt: skip
    cell = book.imports()
    cell["source"] = "\n".join(lines) + "\n" + "".join(cell["source"])
    book.answer(UNPOOL, f"%%time\n{book.answers[UNPOOL]}")
    book.answer(POOL, f"%%capture said\n{book.answers[POOL]}")
    book.top("%%javascript\nalert('xss')")
    book.top("%%html\n<script>alert('xss')</script>")
    book.top("%%bash\nls")


@honest
def colab_lines(book: Book) -> None:
    """Lines that only Colab understands stand above the imports, in their cell."""
    cell = book.imports()
    cell["source"] = (
        "from google.colab import drive, files\nfrom google.colab.patches import cv2_imshow\nimport google.colab\n"
        "drive.mount('/content/drive')\nuploaded = files.upload()\n" + "".join(cell["source"])
    )


@honest
def lines_that_fail_in_cells_that_matter(book: Book) -> None:
    """Modules and devices that are not here stand beside what is needed, above answers, and below `%%time`."""
    cell = book.imports()
    cell["source"] = "import no_such_module; import os\nimport torchtoolbox as tt\n" + "".join(cell["source"])
    book.answer(UNPOOL, f"%%time\nassert torch.cuda.is_available(), 'switch on the GPU'\n{book.answers[UNPOOL]}")
    book.answer(POOL, f"big = torch.rand(3).cuda()\nbig.to('cuda')\nos.getcwd()\n{book.answers[POOL]}")
    book.answer(STAGE, f"{book.answers[STAGE]}\n\nfor i in range(3):\n    1 / i")


@honest
def a_default_device_that_is_not_here(book: Book) -> None:
    """Every new tensor is to be on the GPU, from the first cell on."""
    book.imports()["source"] = "".join(book.imports()["source"]) + "\ntorch.set_default_device('cuda')"


@honest
def streams_taken_away(book: Book) -> None:
    """Python's streams are set to None, closed, and sent to a file."""
    book.top("import sys\nsys.stdout = sys.stderr = sys.stdin = None")
    book.above(POOL, "import sys\nsys.stdout.close()\nsys.stderr = open('log.txt', 'w')")


@honest
def much_is_printed(book: Book) -> None:
    """Cells print megabytes, progress bars, warnings and control characters; figures are shown."""
    book.top("for _ in range(40):\n    print('x' * 250_000)")
    book.top("from tqdm.auto import tqdm\nfor _ in tqdm(range(50)):\n    pass")
    book.top(
        "import sys, warnings, logging\nwarnings.warn('careful')\nprint('oh', file=sys.stderr)\nlogging.warning('hm')"
    )
    book.top("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('\\x1b[31mred\\x00')")
    book.answer(NEAREST, book.answers[NEAREST].replace("    return", "    print(x.shape)\n    return", 1))


@honest
def settings_of_torch(book: Book) -> None:
    """Global settings that experiments leave behind: gradients off, seeds, threads, warnings as errors, precision."""
    book.top(
        "import gc, random, warnings\nimport numpy as np\nimport torch\ntorch.set_grad_enabled(False)\ntorch.manual_seed(0)\n"
        "torch.use_deterministic_algorithms(True)\ntorch.set_printoptions(precision=1)\nnp.seterr(all='raise')\n"
        "torch.autograd.set_detect_anomaly(True)\nwarnings.simplefilter('error')\ngc.disable()\n"
        "torch.set_default_dtype(torch.float64)"
    )


@honest
def names_used_for_other_things(book: Book) -> None:
    """Below its use each name gets another meaning: check, torch, np, F; and builtins, above it."""
    book.top("list_ = list; sum_ = 0; type_ = 'x'; input = None; id = 3; file = 'a'")
    book.above("check-nearest_unpool2d", "def check(*a, **k): return 4.0")
    book.bottom("torch = np = F = Tensor = check = pair = None")


@honest
def training_that_takes_long(book: Book) -> None:
    """A cell of the student's own, without a tag, trains for longer than a cell may take."""
    book.above(POOL, "import time\ntime.sleep(1000)")


@honest
def dies_while_drawing(book: Book) -> None:
    """Cells that have nothing to do with an answer end the process: a crash in a library, memory, the user."""
    book.top("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    book.above(NAILS, "hoard = bytearray(8 * 2**30)")


@honest
def processes_and_threads_left_behind(book: Book) -> None:
    """Workers, threads and handlers of a student's experiment still live when the answer is called."""
    book.top(
        "import atexit, os, threading, time\nthreading.Thread(target=time.sleep, args=(900,), daemon=True).start()\n"
        "if os.fork() == 0:\n    time.sleep(900)\natexit.register(print, 'bye')\nimport sys\nsys.settrace(lambda *a: None)"
    )


@honest
def scripts_in_every_text(book: Book) -> None:
    """Whatever a page could show holds a script: names, errors, what is printed, text cells."""
    script = "<script>alert('xss')</script><img src=x onerror=alert('xss')>"
    book.top(f"print({script!r})\nraise type({script!r}, (Exception,), {{}})({script!r})")
    book.cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": script})
    book.top(f"%%html\n{script}")


@honest
def an_iterator_over_a_loader(book: Book) -> None:
    """The idiom of PyTorch's tutorial: workers of a DataLoader that wait for the next batch, which nobody asks for."""
    book.top(
        "from torch.utils.data import DataLoader\nfrom tqdm import tqdm\n"
        "images = next(left := iter(DataLoader(list(range(16)), batch_size=2, num_workers=2)))\n"
        "persists = DataLoader(list(range(8)), num_workers=1, persistent_workers=True)\nfirst = next(iter(persists))\n"
        "for step in (bar := tqdm(DataLoader(list(range(8)), num_workers=1))):\n    break"
    )


@honest
def imports_on_one_line(book: Book) -> None:
    """A line imports what is forbidden, for a comparison, beside what the answers use; own names stand below others."""
    book.above(NEAREST, "from torch.nn.functional import interpolate, max_pool2d, max_unpool2d, one_hot, pad as border")
    book.above(POOL, "def bordered(x, *a, **k): return border(x, *a, **k)")
    book.answer(POOL, book.answers[POOL].replace("F.pad(", "bordered("))
    book.below(UNPOOL, "compared = one_hot(torch.tensor([1])), max_pool2d(torch.ones(1, 1, 2, 2), 2)")


@honest
def scratch_names_of_attributes(book: Book) -> None:
    """A module of torch's is kept in a scratch cell under a name that an answer's own object has as an attribute."""
    book.above(
        NEAREST,
        "import torch.nn as nn\nup = nn.Upsample(scale_factor=2)\npool = nn.MaxPool2d(2, return_indices=True)\n"
        "class Grower:\n    def up(self, x, s):\n        return x.repeat_interleave(s[0], -2).repeat_interleave(s[1], -1)",
    )
    book.answer(
        NEAREST,
        "def nearest_unpool2d(x, scale):\n    s = (scale, scale) if isinstance(scale, int) else tuple(scale)\n"
        "    pool = Grower()\n    return pool.up(x, s)",
    )


@honest
def asks_whether_it_is_on_colab(book: Book) -> None:
    """Colab is asked for in a `try`, as everybody does it, and what follows is for wherever the notebook runs."""
    book.top(
        "import os, torch\ntry:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False\n"
        "device = 'cuda' if IN_COLAB else 'cpu'\ntry:\n    from google.colab import drive\n"
        "    drive.mount('/content/drive')\n    os.chdir('/content/drive/MyDrive')\n    K = 2\n"
        "except ImportError:\n    K = 2"
    )
    book.answer(NAILS, book.answers[NAILS].replace("return ", "x = x.to(device) * (K // 2)\n    return ", 1))


@honest
def helper_below_a_star(book: Book) -> None:
    """Names come by a star, and a helper stands below the last check."""
    book.top("from math import *")
    book.answer(NEAREST, book.answers[NEAREST].replace("def nearest_unpool2d", "def _nearest", 1))
    moved = "".join(book[NEAREST]["source"])
    book.answer(NEAREST, "def nearest_unpool2d(x, scale):\n    return _nearest(x, scale)")
    book.bottom(moved)
