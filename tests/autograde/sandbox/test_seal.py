"""What an exercise forbids is taken away in the sandbox, however an answer came by it."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autograde.judging import verdicts
from autograde.judging.results import ExerciseResult
from autograde.running.work import PRELOADED
from autograde.sandbox.client import Sandbox
from course.exercises.catalogue import find
from course.exercises.exercise import Exercise

WAYS = {
    "taken before the cases come": """
metrics = __import__("torch" + "metrics").functional.classification
count = getattr(metrics, "multiclass_" + "confusion_matrix")
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    return count(pred, target, num_classes, ignore_index=ignore_index)
""",
    "a class, taken before": """
kind = getattr(__import__("torch" + "metrics.classification").classification, "MulticlassConfusion" + "Matrix")
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    return kind(num_classes, ignore_index=ignore_index)(pred, target)
""",
    "other code for what takes it away": """
from course.checking import seal
try:
    seal._take_away.__code__ = (lambda libraries, refusal: None).__code__
except RuntimeError:
    pass
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    metrics = __import__("importlib").import_module("torch" + "metrics.functional.classification")
    count = getattr(metrics, "multiclass_" + "confusion_matrix")
    return count(pred, target, num_classes, ignore_index=ignore_index)
""",
    "imported when asked": """
def confusion_matrix(pred, target, num_classes, ignore_index=255):
    metrics = __import__("importlib").import_module("torch" + "metrics.functional.classification")
    return metrics.multiclass_confusion_matrix(pred, target, num_classes, ignore_index=ignore_index)
""",
}


ASIDE = """
import threading
def aside(work):
    made = []
    thread = threading.Thread(target=lambda: made.append(work()))
    thread.start()
    thread.join()
    return made[0]
"""
POOL = (
    ASIDE
    + """
import torch, torch.nn.functional as F
name = "max_" + "pool2d"
{cell}
def max_pool2d_with_indices(x, kernel_size, stride=None, padding=0):
    k, p = ([v, v] if isinstance(v, int) else list(v) for v in (kernel_size, padding))
    s = k if stride is None else [stride, stride] if isinstance(stride, int) else list(stride)
    {answer}
"""
)
UNPOOL = """
import torch
{cell}
def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    k, p = ([v, v] if isinstance(v, int) else list(v) for v in (kernel_size, padding))
    s = k if stride is None else [stride, stride] if isinstance(stride, int) else list(stride)
    size = [(n - 1) * t - 2 * q + w for n, t, q, w in zip(x.shape[-2:], s, p, k)]
    {answer}
"""
TURN_OFF = """
import gc
from course.checking import guard, seal
def attempt(change):
    try:
        change()
    except Exception:
        pass
attempt(lambda: setattr(guard.matches, "__code__", (lambda path, forbidden: False).__code__))
guard.matches = seal.matches = lambda path, forbidden: False
guard._forbidden_spellings = lambda func, forbidden: ("", ())
"""
"""What has the dispatch mode hear nothing: the first net, which is the notebook's own."""
DISPATCHED = "return getattr(torch.ops.aten, 'max_unp' + 'ool2d')(x, indices, list(output_size or size)[-2:])"
PICTURES = """
import numpy, torch
from PIL import Image
def grow(picture, *how):
    return getattr(picture, "re" + "size")(*how)
def nearest_unpool2d(x, scale):
    s = (scale, scale) if isinstance(scale, int) else tuple(scale)
    size = x.shape[-1] * s[1], x.shape[-2] * s[0]
    planes = [grow(Image.fromarray(plane.detach().numpy()), size, Image.NEAREST) for plane in x.float().flatten(0, 1)]
    return torch.tensor(numpy.stack([numpy.asarray(plane) for plane in planes])).to(x).unflatten(0, x.shape[:2])
"""
TRANSPOSED = (
    ASIDE
    + """
import torch
{cell}
def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    s, p, o, d = ([v, v] if isinstance(v, int) else list(v) for v in (stride, padding, output_padding, dilation))
    size = [(n - 1) * t - 2 * q + e * (w - 1) + 1 + r
            for n, t, q, w, e, r in zip(x.shape[-2:], s, p, weight.shape[-2:], d, o)]
    {answer}
"""
)
DETOURS = {
    "a kernel": ("max_pool2d_with_indices", POOL.format(
        cell="kernel = torch.library.get_kernel(f'aten::{name}_with_indices', 'CPU')\n"
        "keys = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)",
        answer="return kernel.call_boxed(keys, x, k, s, p, [1, 1], False)",
    )),
    "a partial": ("max_pool2d_with_indices", POOL.format(
        cell="import functools\npool = functools.partial(getattr(F, name), return_indices=True)",
        answer="return pool(x, k, s, p)",
    )),
    "a graph of simpler operators": ("max_pool2d_with_indices", POOL.format(
        cell="from torch.fx.experimental.proxy_tensor import make_fx\ntable = torch._decomp.decomposition_table",
        answer="pool = lambda x: getattr(torch.ops.aten, name + '_with_indices')(x, k, s, p)\n"
        "    return aside(lambda: make_fx(pool, decomposition_table=table, tracing_mode='fake')(x)(x))",
    )),
    "torch's own Python": ("max_unpool2d", UNPOOL.format(
        cell="kept = [getattr(torch._decomp.decompositions, '_max_unp' + 'oolnd')]",
        answer="return kept[0](x, indices, list(output_size or size)[-2:], 2)",
    )),
    "torch's own Python, copied": ("max_unpool2d", UNPOOL.format(
        cell="import types\nput = getattr(torch._decomp.decompositions, '_max_unp' + 'oolnd')\n"
        "kept = [types.FunctionType(put.__code__, put.__globals__)]",
        answer="return kept[0](x, indices, list(output_size or size)[-2:], 2)",
    )),
    "another namespace": ("conv_transpose2d", TRANSPOSED.format(
        cell="kept = [getattr(torch.ops.mkldnn, '_convolution_tran' + 'spose_pointwise')]",
        answer="return aside(lambda: kept[0](x, weight, bias, p, o, s, d, groups, 'none', [], ''))",
    )),
    "what its gradient is": ("conv_transpose2d", TRANSPOSED.format(
        cell="kept = [getattr(getattr(torch.nn, 'gr' + 'ad'), 'conv2d_' + 'input')]",
        answer="return kept[0]((*x.shape[:1], weight.shape[1], *size), weight, x, s, p, d)",
    )),
    "another code for what closes": ("max_unpool2d", UNPOOL.format(
        cell=TURN_OFF + "seal.Seal.close.__code__ = seal.Seal.closing.__code__ = (lambda self: ()).__code__",
        answer=DISPATCHED,
    )),
    "nothing to close": ("max_unpool2d", UNPOOL.format(
        cell=TURN_OFF + "for one in gc.get_objects():\n    if type(one).__name__ == 'Seal':\n"
        "        one._refusals, one.closing = [], lambda: ()",
        answer=DISPATCHED,
    )),
    "a registration taken back": ("max_unpool2d", UNPOOL.format(
        cell=TURN_OFF + "kept = [one.__self__ for one in gc.get_objects() if type(one) is type(len)]\n"
        "kept += [getattr(part, '__self__', None) for one in gc.get_objects() if type(one) is tuple for part in one]\n"
        "kept = [one for one in kept if type(one).__name__ == '_DispatchModule']",
        answer="for one in kept:\n        one.reset()\n    " + DISPATCHED,
    )),
    "a library for pictures": ("nearest_unpool2d", PICTURES),
    "a convolution in a thread": ("conv_transpose2d", TRANSPOSED.format(
        cell="torch.backends.mkldnn.set_flags(True)",
        answer="return aside(lambda: torch.convolution(x, weight, bias, s, p, d, True, o, groups))",
    )),
}  # fmt: skip
"""An exercise, and a cell that answers it without calling the forbidden operator by name."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=PRELOADED) as sandbox:
        yield sandbox


def graded(sandbox: Sandbox, exercise: Exercise, *cells: str) -> ExerciseResult:
    with sandbox.submission() as submission:
        trace = verdicts.run(submission, exercise, cells, None)
    return verdicts.conclude(exercise, trace, cells, None)


@pytest.mark.parametrize("way", WAYS)
def test_a_forbidden_library_earns_nothing(way: str, sandbox: Sandbox) -> None:
    result = graded(sandbox, find("confusion_matrix"), WAYS[way])
    assert (result.score, result.passed, result.status) == (0, False, "ok"), result.message


@pytest.mark.parametrize("way", DETOURS)
def test_a_detour_around_a_forbidden_operator_earns_nothing(way: str, sandbox: Sandbox) -> None:
    name, cell = DETOURS[way]
    exercise = find(name)
    allowed = graded(sandbox, replace(exercise, forbidden=(), forbidden_sentence=""), cell)
    assert allowed.score > exercise.points / 4, "this is no detour"
    result = graded(sandbox, exercise, cell)
    assert (result.score, result.passed, result.status) == (0, False, "ok"), result.message


NO_GUARDS = """
import sys, types
sys.modules["solutions"] = types.ModuleType("solutions")
sys.modules["solutions.require"] = require = types.ModuleType("solutions.require")
require.__getattr__ = lambda name: lambda *_, **__: None
"""


@pytest.mark.parametrize("name", ["nearest_unpool2d", "max_pool2d_with_indices", "max_unpool2d", "conv_transpose2d"])
def test_a_right_answer_loses_nothing_behind_a_seal(name: str, sandbox: Sandbox) -> None:
    exercise = find(name)
    source = inspect.getsource(importlib.import_module(exercise.reference.partition(":")[0]))
    result = graded(sandbox, exercise, NO_GUARDS, source)
    assert (result.score, result.status) == (exercise.points, "ok"), result.message
