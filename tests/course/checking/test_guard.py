"""A forbidden call is found however it is spelled, and nothing else is taken for one."""

import importlib
import linecache
import types
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course.checking.guard import find_in_function, find_in_source, watch_operators
from course.exercises.catalogue import find
from course.exercises.exercise import Exercise

PREAMBLE = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom torch import Tensor\n"
counter = iter(range(10**6))


def written(source: str) -> Callable[..., object]:
    """Return the function `answer` of a student's cells, with its source kept as IPython keeps it."""
    source = PREAMBLE + source
    name = f"<cell {next(counter)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType("__main__")
    exec(compile(source, name, "exec"), module.__dict__)
    answer: Callable[..., object] = module.__dict__["answer"]
    return answer


def found_in_source(answer: Callable[..., object], exercise: Exercise) -> list[str]:
    return find_in_function(answer, exercise.forbidden)


def found_at_run_time(answer: Callable[..., object], exercise: Exercise) -> list[str]:
    case = exercise.draw(0)[0]
    seen: list[str] = []
    with watch_operators(exercise.forbidden, seen):
        answer(*case.args.values())
    return seen


U, P, N = (f"def answer({names}):\n    " for names in ("x, i, k", "x, k", "x, s"))
UNPOOL, POOL, NEAREST = find("max_unpool2d"), find("max_pool2d_with_indices"), find("nearest_unpool2d")

NAMED = {
    "functional": (UNPOOL, U + "return F.max_unpool2d(x, i, k)"),
    "the whole path": (UNPOOL, U + "return torch.nn.functional.max_unpool2d(x, i, k)"),
    "a module": (UNPOOL, U + "return nn.MaxUnpool2d(k)(x, i)"),
    "a module in a global": (UNPOOL, "put = nn.MaxUnpool2d(2)\n" + U + "return put(x, i)"),
    "imported": (UNPOOL, "from torch.nn.functional import max_unpool2d\n" + U + "return max_unpool2d(x, i, k)"),
    "imported under another name": (
        UNPOOL,
        "from torch.nn.functional import max_unpool2d as put\n" + U + "return put(x, i, k)",
    ),
    "imported in the function": (
        UNPOOL,
        U + "from torch.nn import MaxUnpool2d as M\n    return M(k)(x, i)",
    ),
    "a module imported under another name": (
        UNPOOL,
        "import torch.nn.functional as squirrel\n" + U + "return squirrel.max_unpool2d(x, i, k)",
    ),
    "imported with a star": (UNPOOL, "from torch.nn.functional import *\n" + U + "return max_unpool2d(x, i, k)"),
    "given another name": (UNPOOL, "put = F.max_unpool2d\n" + U + "return put(x, i, k)"),
    "given another name in the function": (UNPOOL, U + "f = F.max_unpool2d\n    return f(x, i, k)"),
    "the library given another name": (UNPOOL, U + "f = F\n    return f.max_unpool2d(x, i, k)"),
    "getattr": (UNPOOL, U + 'return getattr(F, "max_unpool2d")(x, i, k)'),
    "torch.ops": (UNPOOL, U + "return torch.ops.aten.max_unpool2d(x, i, [4, 6])"),
    "torch._C._nn": (UNPOOL, U + "return torch._C._nn.max_unpool2d(x, i, (4, 6))"),
    "a helper": (UNPOOL, "def help(x, i, k):\n    return F.max_unpool2d(x, i, k)\n" + U + "return help(x, i, k)"),
    "a helper of a helper": (
        UNPOOL,
        "def deep(*a):\n    return F.max_unpool2d(*a)\ndef help(*a):\n    return deep(*a)\n"
        + U + "return help(x, i, k)",
    ),
    "a helper in an inner function": (
        UNPOOL,
        "def help(*a):\n    return F.max_unpool2d(*a)\n"
        + U + "def inner():\n        return help(x, i, k)\n    return inner()",
    ),
    "a class": (
        UNPOOL,
        "class Put(nn.Module):\n    def forward(self, x, i, k):\n        return F.max_unpool2d(x, i, k)\n"
        + U + "return Put()(x, i, k)",
    ),
    "an inner function": (UNPOOL, U + "def inner():\n        return F.max_unpool2d(x, i, k)\n    return inner()"),
    "the library in a walrus": (UNPOOL, U + "return (f := F).max_unpool2d(x, i, k)"),
    "behind a parameter of a lambda within": (
        UNPOOL,
        U + "h = lambda F: F\n    return F.max_unpool2d(x, i, k)",
    ),
    "behind an attribute of that name": (
        UNPOOL,
        "class Own:\n    F = None\n    def go(self, x, i, k):\n        return F.max_unpool2d(x, i, k)\n"
        + U + "return Own().go(x, i, k)",
    ),
    "a lambda": (UNPOOL, "answer = lambda x, i, k: F.max_unpool2d(x, i, k)"),
    "max_pool2d": (POOL, P + "return F.max_pool2d(x, k, return_indices=True)"),
    "max_pool2d_with_indices": (POOL, P + "return F.max_pool2d_with_indices(x, k)"),
    "MaxPool2d": (POOL, P + "return nn.MaxPool2d(k, return_indices=True)(x)"),
    "torch.max_pool2d": (POOL, P + "return torch.max_pool2d(x, k)"),
    "adaptive": (POOL, P + "return F.adaptive_max_pool2d(x, (2, 3), return_indices=True)"),
    "AdaptiveMaxPool2d": (POOL, P + "return nn.AdaptiveMaxPool2d((2, 3))(x)"),
    "aten": (POOL, P + "return torch.ops.aten.max_pool2d_with_indices.default(x, [k, k])"),
    "one dimension": (POOL, P + "return F.max_pool1d(x[0], k)"),
    "interpolate": (NEAREST, N + "return F.interpolate(x, scale_factor=s)"),
    "upsample": (NEAREST, N + "return F.upsample(x, scale_factor=s)"),
    "Upsample": (NEAREST, N + "return nn.Upsample(scale_factor=s)(x)"),
    "UpsamplingNearest2d": (NEAREST, N + "return nn.UpsamplingNearest2d(scale_factor=s)(x)"),
    "upsample_nearest2d": (NEAREST, N + "return torch._C._nn.upsample_nearest2d(x, None, [2.0, 2.0])"),
    "nearest-exact": (NEAREST, N + "return F.interpolate(x, scale_factor=s, mode='nearest-exact')"),
    "torchvision": (
        NEAREST,
        "import torchvision.transforms.functional as T\n"
        + N + "return T.resize(x, [s * x.shape[2], s * x.shape[3]], T.InterpolationMode.NEAREST)",
    ),
}  # fmt: skip

HIDDEN = {
    "a string put together": (UNPOOL, U + 'return getattr(F, "max_" + "unpool2d")(x, i, k)'),
    "a dictionary": (UNPOOL, U + 'return vars(F)["max_un" + "pool2d"](x, i, k)'),
    "eval": (UNPOOL, U + 'return eval("F.max_" + "unpool2d(x, i, k)")'),
    "an argument": (UNPOOL, 'def answer(x, i, k, f=getattr(F, "max_un" "pool2d")):\n    return f(x, i, k)'),
    "swallowed": (
        UNPOOL,
        U + 'try:\n        return getattr(F, "max_u" + "npool2d")(x, i, k)\n    except Exception:\n'
        "        return None",
    ),
    "only while gradients flow": (POOL, P + 'return getattr(F, "max_p" + "ool2d")(x.requires_grad_(), k)'),
    "interpolate by another name": (NEAREST, N + 'return getattr(F, "inter" + "polate")(x, scale_factor=s)'),
    "inside vmap": (
        NEAREST,
        N + 'f = getattr(F, "inter" + "polate")\n'
        "    return torch.func.vmap(lambda p: f(p[None], scale_factor=s)[0])(x)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("exercise", "source"), NAMED.values(), ids=NAMED)
def test_a_named_call_is_found_before_anything_runs(exercise: Exercise, source: str) -> None:
    assert found_in_source(written(source), exercise)


@pytest.mark.parametrize(("exercise", "source"), {**NAMED, **HIDDEN}.values(), ids={**NAMED, **HIDDEN})
def test_a_call_is_found_while_it_runs(exercise: Exercise, source: str) -> None:
    try:
        seen = found_at_run_time(written(source), exercise)
    except AttributeError:  # this torch has no such name
        return
    assert seen
    assert all(path.startswith("torch.ops.") for path in seen)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "skimage.transform",
            "import skimage.transform\n" + N + "return skimage.transform.rescale(x, s)",
        ),
        ("skimage.transform", "from skimage.transform import resize\n" + N + "return resize(x, s)"),
        ("cv2", "import cv2\n" + N + "return cv2.resize(x.numpy(), None, fx=s, fy=s)"),
        ("PIL", "from PIL import Image\n" + N + "return Image.fromarray(x.numpy()).resize((4, 4))"),
        ("PIL", "from PIL import Image\n" + N + "a = Image.fromarray(x)\n    return a.resize((4, 4))"),
        ("scipy", "from scipy import ndimage\n" + N + "return ndimage.zoom(x, s)"),
        ("scipy", "import scipy.ndimage as n\n" + N + "return n.zoom(x, s)"),
    ],
)
def test_a_library_that_does_it_whole_is_found(module: str, source: str) -> None:
    assert find_in_source(source, NEAREST.forbidden)[0].startswith(module.split(".")[0])


FAIR = {
    "own function of that name": (
        UNPOOL,
        "def max_unpool2d(x, i, k):\n    return x.new_zeros(1, 1, 24).scatter(2, i.flatten(2), x.flatten(2))\n"
        + U + "return max_unpool2d(x, i, k)",
    ),
    "own class of that name": (
        UNPOOL,
        "class MaxUnpool2d(nn.Module):\n    def forward(self, x):\n        return x\n"
        + U + "return MaxUnpool2d()(x)",
    ),
    "a comment": (UNPOOL, U + "# as F.max_unpool2d(x, i, k) would\n    return x"),
    "a docstring": (UNPOOL, U + '"""Do what F.max_unpool2d(x, i, k) does."""\n    return x'),
    "a variable": (POOL, P + "max_pool = x.amax()\n    max_pool2d = max_pool + 1\n    return max_pool2d"),
    "a parameter": (POOL, "def answer(max_pool2d, k):\n    return max_pool2d.amax()"),
    "an own method": (
        POOL,
        "class Own:\n    def max_pool2d(self, x):\n        return x\n" + P + "return Own().max_pool2d(x)",
    ),
    "a local name of a scratch object's": (POOL, "u = nn.MaxPool2d(2)\n" + P + "u = x * 2\n    return u"),
    "an attribute of a scratch object's name": (
        POOL,
        "pool = nn.MaxPool2d(2)\nclass Own:\n    def pool(self, x):\n        return x\n"
        + P + "pool = Own()\n    return pool.pool(x)",
    ),
    "a method of a scratch function's name": (
        POOL,
        "def go(x):\n    return F.max_pool2d(x, 2)\nclass Own:\n    def go(self, x):\n        return x\n"
        + P + "return Own().go(x)",
    ),
    "a local name of a module's": (POOL, "import torch.nn.functional as m\n" + P + "m = x\n    return m.max(-1)"),
    "a name within a comprehension": (POOL, "u = nn.MaxPool2d(2)\n" + P + "return [u for u in x]"),
    "max over a dimension": (POOL, P + "return x.unfold(2, k, k).unfold(3, k, k).flatten(-2).max(-1)"),
    "average pooling": (POOL, P + "return F.avg_pool2d(x, k) + torch.maximum(x, x).amax()"),
    "unpooling in the pooling exercise": (POOL, P + "return F.max_unpool2d(x, torch.zeros_like(x).long(), k)"),
    "pooling in the unpooling exercise": (UNPOOL, U + "return F.max_pool2d(x, 1)"),
    "a word in a string": (NEAREST, N + 'print("no interpolate")\n    return x'),
    "a variable called interpolate": (NEAREST, N + "interpolate = x * s\n    return interpolate"),
    "repeat": (NEAREST, N + "return x.repeat_interleave(s, 2).repeat_interleave(s, 3)"),
    "kron": (NEAREST, N + "return torch.kron(x, torch.ones(s, s))"),
    "transposed convolution": (
        NEAREST,
        N + "return F.conv_transpose2d(x, torch.ones(1, 1, s, s), stride=s)",
    ),
    "grid_sample": (
        NEAREST,
        N + "return F.grid_sample(x, torch.zeros(1, 4, 6, 2), mode='nearest', align_corners=False)",
    ),
    "pixel_shuffle": (NEAREST, N + "return F.pixel_shuffle(x.repeat_interleave(s * s, 1), s)"),
    "resize_": (NEAREST, N + "return x.clone().resize_(1, 1, 4, 6)"),
    "fold": (NEAREST, N + "return F.fold(x.reshape(1, 1, 6).repeat(1, 4, 1), (4, 6), 2, stride=2)"),
}  # fmt: skip


@pytest.mark.parametrize(("exercise", "source"), FAIR.values(), ids=FAIR)
def test_a_fair_way_is_left_alone(exercise: Exercise, source: str) -> None:
    answer = written(source)
    assert found_in_source(answer, exercise) == []
    seen: list[str] = []
    try:
        seen = found_at_run_time(answer, exercise)
    except ValueError:  # numbers that fit no window: only the name matters here
        assert "unpooling in" in source or "max_unpool2d" in source
    assert seen == []


def test_source_that_does_not_parse_names_nothing() -> None:
    assert find_in_source("def answer(:\n  F.max_unpool2d", UNPOOL.forbidden) == []
    assert find_in_source("%timeit F.max_unpool2d(x)", UNPOOL.forbidden) == []
    assert find_in_source("x = '\x00'", UNPOOL.forbidden) == []


def test_an_answer_without_source_is_left_to_the_run_time() -> None:
    for answer in (torch.max_pool2d, nn.MaxPool2d(2), print, type, functools_partial()):
        assert isinstance(find_in_function(answer, POOL.forbidden), list)
    assert found_at_run_time(torch.max_pool2d, POOL)


def functools_partial() -> Callable[..., object]:
    return importlib.import_module("functools").partial(F.max_pool2d, kernel_size=2)


def test_endless_recursion_between_helpers_ends() -> None:
    answer = written("def a(x):\n    return b(x)\ndef b(x):\n    return a(x)\ndef answer(x):\n    return a(x)")
    assert find_in_function(answer, POOL.forbidden) == []


def test_without_forbidden_calls_nothing_is_watched() -> None:
    seen: list[str] = []
    with watch_operators((), seen):
        F.max_pool2d(torch.zeros(1, 1, 2, 2), 2)
    assert seen == []
    assert find_in_source("F.max_pool2d", ()) == []


def test_an_exercise_says_in_a_sentence_what_it_forbids() -> None:
    for exercise in (UNPOOL, POOL, NEAREST):
        assert exercise.forbidden_sentence.startswith("This exercise is to build")
    for name in ("bed_of_nails2d", "decoder_stage"):
        assert find(name).forbidden == ()
