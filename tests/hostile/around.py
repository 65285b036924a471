"""What stands around honest answers: magics, Colab's lines, errors, settings, whatever is left running.

All of it earns full marks: each answer is right, and its neighbours cost it nothing.
"""

from tests.hostile.bank import Book, honest
from tests.hostile.notebooks import NAILS, NEAREST, POOL, STAGE, UNPOOL


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
