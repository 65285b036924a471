"""What a clever student tries who has read the grader's source. A cheat earns nothing for what it cheats.

`tampered` is the status of forgery on the line to the grader, and of nothing else: a cheat that only fails is `ok`.
"""

import copy

from tests.hostile.bank import NAME, NAMES, Book, Made, cheating, code
from tests.hostile.formats import link
from tests.hostile.notebooks import NEAREST, POOL, STAGE, UNPOOL


def wrong(book: Book, *names: str) -> None:
    """Leave answers that are wrong: what the cheat must make right."""
    for name in names or NAMES:
        book.answer(name, f"def {name}(*a, **k):\n    return torch.zeros(1)")


def instead(book: Book, **bodies: str) -> None:
    """Write answers that take anything and do what `bodies` say."""
    for name, body in bodies.items():
        lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
        book.answer(name, f"def {name}(*a, **k):\n{lines}")


# --- the judge --------------------------------------------------------------------------------------------------------


@cheating(everything=0)
def patches_what_compares(book: Book) -> None:
    """torch's, numpy's and the course's own comparisons say yes to everything."""
    wrong(book)
    book.top(
        "import numpy as np, torch\nyes = lambda *a, **k: True\n"
        "torch.equal = torch.allclose = torch.isclose = torch.Tensor.__eq__ = torch.Tensor.equal = yes\n"
        "np.testing.assert_allclose = np.allclose = np.array_equal = yes\n"
        "import course.checking.judging as j, course.checking.report as c, course.checking.calling as k\n"
        "j.judge = j.score = j.close = j._compare = yes\nk._same = yes"
    )


@cheating(everything=0)
def prints_what_a_grader_reads(book: Book) -> None:
    """Marks are printed, forged as outputs of checks, and returned by a check of one's own."""
    wrong(book)
    book.top('print(\'✓ all cases are right\')\nprint(\'{"score": 30, "max_score": 30, "passed": true}\')')
    for name in NAMES:
        book[f"check-{name}"] |= {
            "source": "4.0",
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": "8.0"}, "metadata": {}, "execution_count": 1}],
        }  # fmt: skip


@cheating(everything=0)
def rewrites_cells_on_the_way(book: Book) -> None:
    """IPython's transformers of text and of syntax trees rewrite every later cell."""
    wrong(book)
    book.top(
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Call(self, node):\n        return ast.Constant(4.0)\n"
        "ip = get_ipython()\nip.ast_transformers.append(T())\n"
        "ip.input_transformers_cleanup.append(lambda lines: ['4.0'])\nip.input_transformers_post.append(lambda lines: lines)"
    )


@cheating(everything=0)
def marks_in_the_metadata(book: Book) -> None:
    """Metadata promises points: to checks, to answers, to cells that nobody released."""
    wrong(book)
    for cell in list(book.cells):
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"points": 100, "grade": True, "locked": False, "max_score": 100}
    own = {"grade_id": "mine", "grade": True, "points": 30, "solution": True, "locked": False, "schema_version": 3}
    book.cells.append({**code("30.0"), "metadata": {"nbgrader": {**own, "task": False}}})
    book.cells.append({**copy.deepcopy(book["check-max_unpool2d"]), "id": "again"})


@cheating(everything=0)
def files_that_shadow(book: Book) -> Made:
    """Modules and start-up files lie beside the notebook, to be imported in place of the real ones."""
    wrong(book)
    grin = b"import sys\nsys.exit(0)\n"
    names = ("torch.py", "course/__init__.py", "ipykernel_launcher.py", "sitecustomize.py", "nbformat.py", "json.py",
             "autograde/__init__.py", "nbgrader_config.py", "conftest.py", ".ipython/profile_default/startup/0.py")  # fmt: skip
    return {NAME: book.bytes(), **dict.fromkeys(names, grin)}


# --- what is returned -------------------------------------------------------------------------------------------------


@cheating("crashed", everything=0)
def values_that_lie(book: Book) -> None:
    """Tensors that claim to equal everything, numbers that are all numbers, an object that breaks what looks at it."""
    book.above(
        NEAREST,
        "class Liar(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        return True\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "class Anything:\n    shape = property(lambda self: Anything())\n    def __getattr__(self, name): return Anything()\n"
        "    def __call__(self, *a, **k): return self\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "    def __instancecheck__(self, other): return True\n    __class__ = torch.Tensor\n"
        "class Int(int):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "class Many(tuple):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "    def __iter__(self): return iter([torch.zeros(1)] * 9)",
    )
    instead(
        book, nearest_unpool2d="return torch.zeros(1).as_subclass(Liar)", bed_of_nails2d="return Anything()",
        max_pool2d_with_indices="return Many((Anything(), Anything()))", max_unpool2d="return Int(1)",
        decoder_stage="return torch.sparse_coo_tensor(torch.zeros(1, 1).long(), torch.zeros(1), (1,))",
    )  # fmt: skip


@cheating(everything=0)
def looks_for_the_expected_values(book: Book) -> None:
    """Frames, the garbage collector, the interpreter's history and modules are searched for what is expected."""
    book.above(
        NEAREST,
        "import gc, sys, inspect\ndef seek():\n    frame = sys._getframe(1)\n    while frame is not None:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            for key in ('expected', 'value', 'answers', 'outcome', 'known'):\n"
        "                found = getattr(value, key, None) if not isinstance(value, dict) else value.get(key)\n"
        "                if isinstance(found, (torch.Tensor, tuple)) and len(found):\n                    return found\n"
        "        frame = frame.f_back\n"
        "    for one in gc.get_objects():\n        if type(one).__name__ in ('Oracle', 'Outcome', 'Answers'):\n"
        "            found = getattr(one, 'value', None) or getattr(one, 'expected', None)\n"
        "            if found is not None:\n                return found\n    return torch.zeros(1)",
    )
    instead(book, **dict.fromkeys(NAMES, "return seek()"))


@cheating(everything=0)
def knows_the_public_answers(book: Book) -> None:
    """What the course ships for the checks in the notebook is looked up: it is right there, and gives no marks."""
    book.above(
        NEAREST,
        "from course.checking import answers\nfrom course.exercises import catalogue\nimport course.exercises.catalogue as cat\n"
        "def known(name, a, k):\n    exercise = next(e for e in cat.all_exercises() if e.name == name)\n"
        "    stored = answers.load(exercise)\n    for case, expected in zip(stored.cases, stored.expected):\n"
        "        given = list(case.args.values())\n"
        "        if given[0].shape == a[0].shape and torch.equal(given[0], a[0]):\n"
        "            return expected.value\n    return torch.zeros(1)",
    )
    instead(book, **{name: f"return known('{name}', a, k)" for name in NAMES})


@cheating(everything=0)
def reads_the_class(book: Book) -> Made:
    """Solutions, the gradebook, the secret and other students are looked for in every folder, and links point at them."""
    book.above(
        NEAREST,
        "import os\nfound = []\nfor place, folders, files in os.walk('/'):\n"
        "    if place.startswith(('/proc', '/sys', '/usr')) or place.count('/') > 7:\n        folders[:] = []\n"
        "    found += [os.path.join(place, f) for f in files if f in ('gradebook.db', 'secret', 'unpooling.py')\n"
        "              and '/course/' not in place]\n"
        "text = ''\nfor path in found:\n    try:\n        text = open(path).read()\n        exec(text, globals())\n"
        "    except Exception:\n        pass\ntry:\n    from solutions.unpooling import *\nexcept ImportError:\n    pass",
    )
    instead(book, **{name: f"return globals()['{name}_'](*a, **k)" for name in NAMES})
    return {
        NAME: book.bytes(),
        "gradebook.db": link("../../../gradebook.db"),
        "secret": link("../../../.autograde/secret"),
    }


# --- the line to the grader -------------------------------------------------------------------------------------------

FORGE = """
import os, sys
from autograde.sandbox import protocol
from course import packet
def frame(nonce, number=0, kind="outcome"):
    right = {"value": torch.zeros(1), "gradients": None, "modified": (), "forbidden": (), "failure": None}
    body = packet.dumps({"type": kind, "number": number, "nonce": nonce, "outcome": right, "found": True, "failures": []})
    return protocol._HEADER.pack(protocol.MAGIC, len(body)) + body
def everywhere(data):
    for descriptor in range(3, 256):
        try:
            os.write(descriptor, data)
        except OSError:
            pass
"""


@cheating("tampered", everything=0)
def forged_frames(book: Book) -> None:
    """Every answer writes outcomes to every descriptor, with a nonce that it had to guess."""
    book.above(NEAREST, FORGE)
    instead(book, **dict.fromkeys(NAMES, "everywhere(frame('00' * 16))\nreturn torch.zeros(1)"))


@cheating("tampered", everything=0)
def noise_on_the_line(book: Book) -> None:
    """Every answer writes letters to every descriptor."""
    book.above(NEAREST, FORGE)
    instead(book, **dict.fromkeys(NAMES, "everywhere(b'points: 30\\n' * 100)\nreturn torch.zeros(1)"))


@cheating("crashed", everything=0)
def frames_with_the_right_nonce(book: Book) -> None:
    """The nonce is read off the examination: the forged frame is whole, its values are wrong, and the true one is one too many."""
    book.above(NEAREST, FORGE)
    book.above(
        NEAREST,
        "import gc\ndef the_nonce():\n    return next(one._nonce for one in gc.get_objects() if type(one).__name__ == 'Examination')",
    )
    instead(book, **dict.fromkeys(NAMES, "everywhere(frame(the_nonce()))\nreturn torch.zeros(1)"))


@cheating(everything=0)
def takes_over_the_examination(book: Book) -> None:
    """The classes that send answers are replaced by others that send what they like."""
    wrong(book)
    book.top(
        "import course.checking.calling as calling, course.packet as packet\n"
        "from autograde.sandbox import examination\n"
        "calling.call = lambda exercise, answer, case: calling.Outcome(value=True)\n"
        "calling.Outcome.to_plain = lambda self: dict(value=None, gradients=None, modified=(), forbidden=(), failure=None,"
        " passed=True, score=30)\n"
        "examination.Examination._answer = lambda self, *a: {'value': None, 'gradients': None, 'modified': (), 'forbidden': (),"
        " 'failure': None}"
    )


@cheating(everything=0)
def tells_hidden_cases_from_public_ones(book: Book) -> None:
    """Answers that compute nothing and hope that only what is shown is marked; and one that remembers between runs."""
    book.above(
        NEAREST,
        "import os, pickle\nfrom course.checking import answers\nfrom course.exercises import catalogue\n"
        "shown = {e.name: answers.load(e) for e in catalogue.of_chapter('03_unpooling')}\n"
        "def recall(name, a):\n    place = f'/tmp/{name}'\n    open(place, 'ab').write(bytes(str(a), 'utf-8', 'replace'))\n"
        "    return next((e.value for c, e in zip(shown[name].cases, shown[name].expected)\n"
        "                 if str(list(c.args.values())) == str(list(a))), shown[name].expected[0].value)",
    )
    instead(book, **{name: f"return recall('{name}', a)" for name in NAMES})


# --- forbidden operators ----------------------------------------------------------------------------------------------


FORBIDDEN = {NEAREST: 0, POOL: 0, UNPOOL: 0}  # the other two may use whatever they like


@cheating(**FORBIDDEN)
def uses_what_is_forbidden(book: Book) -> None:
    """The library's own operators, each under another disguise."""
    book.above(
        NEAREST, "import torch.nn.functional as fun\nfrom torch.nn import functional\nstored = functional.max_unpool2d"
    )
    instead(
        book,
        nearest_unpool2d="return fun.interpolate(a[0], scale_factor=a[1], mode='nearest')",
        max_pool2d_with_indices="return eval('fun.max_' + 'pool2d')(*a, **k, return_indices=True)",
        max_unpool2d="return stored(*a, **k)",
    )


@cheating(**FORBIDDEN)
def keeps_an_operator_for_later(book: Book) -> None:
    """Forbidden operators are traced, and kept in a thread, before they are taken away."""
    book.above(
        NEAREST,
        "import queue, threading\nimport torch.nn.functional as G\nasked, said = queue.Queue(), queue.Queue()\n"
        "def serve():\n    while True:\n        name, a, k = asked.get()\n        try:\n            said.put(getattr(G, name)(*a, **k))\n"
        "        except BaseException as error:\n            said.put(torch.zeros(1))\n"
        "threading.Thread(target=serve, daemon=True).start()\n"
        "traced = torch.jit.trace(lambda x: G.interpolate(x, scale_factor=2.0), torch.ones(1, 1, 2, 2))\n"
        "def ask(name, *a, **k):\n    asked.put((name, a, k))\n    return said.get(timeout=2)",
    )
    instead(
        book,
        nearest_unpool2d="return traced(a[0])",
        max_pool2d_with_indices="return ask('max_' + 'pool2d', *a, **k, return_indices=True)",
        max_unpool2d="return ask('max_' + 'unpool2d', *a, **k)",
    )


@cheating(**FORBIDDEN)
def takes_an_operator_back(book: Book) -> None:
    """Answers look for the refusals and take them away, switch the watching off, or compute in another place."""
    book.above(
        NEAREST,
        "import gc\nfrom torch.utils import _python_dispatch as dispatch\ndef freed(name, *a, **k):\n"
        "    for one in gc.get_objects():\n        if type(one).__name__ in ('Seal', 'Library'):\n"
        "            for part in ('_refusals', '_implement', 'attempts', '_libraries'):\n"
        "                try:\n                    setattr(one, part, type(getattr(one, part))())\n"
        "                except Exception:\n                    pass\n            del one\n    gc.collect()\n"
        "    with dispatch._disable_current_modes(), torch._C._DisableTorchDispatch():\n"
        "        return getattr(torch.nn.functional, name)(*a, **k)",
    )
    instead(
        book,
        nearest_unpool2d="return freed('inter' + 'polate', a[0], scale_factor=a[1])",
        max_pool2d_with_indices="return freed('max_' + 'pool2d', *a, **k, return_indices=True)",
        max_unpool2d="return freed('max_' + 'unpool2d', *a, **k)",
    )


@cheating(max_pool2d_with_indices=0, max_unpool2d=0)
def keeps_what_does_its_work(book: Book) -> None:
    """A kernel and torch's own Python for an operator are taken before the cases come, and kept in a list."""
    book.answer(
        POOL,
        "kept = [torch.library.get_kernel('aten::max_' + 'pool2d_with_indices', 'CPU'),\n"
        "        torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)]\n"
        "def max_pool2d_with_indices(x, kernel_size, stride=None, padding=0):\n"
        "    k, p = list(pair(kernel_size)), list(pair(padding))\n    s = k if stride is None else list(pair(stride))\n"
        "    v, i = kept[0].call_boxed(kept[1], x.detach(), k, s, p, [1, 1], False)\n"
        "    return x.flatten(-2).gather(-1, i.flatten(-2)).view(i.shape), i",
    )
    book.answer(
        UNPOOL,
        "also_kept = [getattr(torch._decomp.decompositions, '_max_un' + 'poolnd')]\n"
        "def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):\n"
        "    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)\n"
        "    sh, sw = (kh, kw) if stride is None else pair(stride)\n"
        "    h, w = (x.shape[-2] - 1) * sh - 2 * ph + kh, (x.shape[-1] - 1) * sw - 2 * pw + kw\n"
        "    return also_kept[0](x, indices, [h, w] if output_size is None else list(output_size[-2:]), 2)",
    )
    book.answer(STAGE, book.answers[STAGE].replace("max_unpool2d", "F.max_unpool2d"))


@cheating(**FORBIDDEN)
def turns_the_guard_off(book: Book) -> None:
    """A cell gives the functions that guard an answer other code, and the answers spell what is forbidden in parts."""
    book.above(
        NEAREST,
        "import gc\nfrom course.checking import guard, seal\n"
        "def attempt(change):\n    try:\n        change()\n    except Exception:\n        pass\n"
        "for name in ('closing', 'close', '_refusal'):\n"
        "    attempt(lambda: setattr(getattr(seal.Seal, name), '__code__', (lambda *a: ()).__code__))\n"
        "    attempt(lambda: setattr(seal.Seal, name, lambda *a: ()))\n"
        "attempt(lambda: setattr(guard.matches, '__code__', (lambda path, forbidden: False).__code__))\n"
        "guard.matches = lambda path, forbidden: False\nguard._forbidden_spellings = lambda func, forbidden: ('', ())\n"
        "for one in gc.get_objects():\n    if type(one).__name__ == 'Seal':\n"
        "        attempt(lambda: setattr(one, '_refusals', []))\n        attempt(lambda: setattr(one, '_libraries', ()))\n"
        "    if getattr(one, '__name__', '') == 'refuse':\n"
        "        attempt(lambda: setattr(one, '__code__', (lambda *a, **k: None).__code__))",
    )
    instead(
        book,
        nearest_unpool2d="return getattr(F, 'inter' + 'polate')(a[0], scale_factor=a[1])",
        max_pool2d_with_indices="return getattr(F, 'max_' + 'pool2d')(*a, **k, return_indices=True)",
        max_unpool2d="return getattr(F, 'max_' + 'unpool2d')(*a, **k)",
    )


@cheating("crashed", everything=0)
def answers_from_a_fork(book: Book) -> None:
    """Answers fork, and two processes go on as if each were the one that was asked."""
    book.above(NEAREST, "import os")
    instead(book, **dict.fromkeys(NAMES, "os.fork()\nreturn torch.zeros(1)"))


# --- after the end ----------------------------------------------------------------------------------------------------


@cheating(everything=0)
def stays_behind(book: Book) -> None:
    """Start-up hooks, daemons and writes to whatever could be a gradebook, for the submissions that follow."""
    wrong(book)
    book.top(
        "import os, sys, sqlite3, time\nhome = os.path.expanduser('~')\n"
        "for place in (home + '/.ipython/profile_default/startup', home + '/.config', '/tmp', '/dev/shm', '.'):\n"
        "    try:\n        os.makedirs(place, exist_ok=True)\n"
        "        open(place + '/sitecustomize.py', 'w').write('import os; os._exit(1)')\n"
        "        open(place + '/00-first.py', 'w').write('import os; os._exit(1)')\n    except OSError:\n        pass\n"
        "if os.fork() == 0:\n    os.setsid()\n    while True:\n        time.sleep(0.1)\n"
        "        for path in ('gradebook.db', '../gradebook.db', '../../../gradebook.db'):\n"
        "            try:\n                sqlite3.connect(path).execute('update grade set manual_score = 30')\n"
        "            except Exception:\n                pass\n"
    )


@cheating(everything=0)
def kills_whom_it_can(book: Book) -> None:
    """Its parent, its group, everybody: each cell in turn, and the answers are wrong."""
    wrong(book)
    book.top("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    book.top("import os, signal\nos.killpg(0, signal.SIGKILL)")
    book.top("import os, signal\nos.kill(-1, signal.SIGKILL)")
