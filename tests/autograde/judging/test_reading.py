"""The trusted side reads an answer for forbidden calls: all that it uses, and nothing else."""

import time

import pytest

from autograde.judging.reading import TOO_DEEP, forbidden_calls

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
FORBIDDEN = (r"maxunpool",)


@pytest.mark.parametrize(
    "cells",
    [
        ["def g(x):\n    return F.max_unpool2d(x)"],
        ["def g(x):\n    return getattr(F, 'max_unpool2d')(x)"],
        ["def g(x):\n    from torch.nn.functional import max_unpool2d as q\n    return q(x)"],
        ["def h(x):\n    return F.max_unpool2d(x)", "def g(x):\n    return h(x)"],
        ["u = nn.MaxUnpool2d(2)", "def g(x):\n    return u(x)"],
        ["from torch.nn.functional import max_unpool2d as put", "def g(x):\n    return put(x)"],
        ["put = F.max_unpool2d", "def g(x):\n    return put(x)"],
        ["g = F.max_unpool2d"],
        ["%time 1\ng = lambda x: torch.ops.aten.max_unpool2d(x)"],
        ["class U:\n    def __call__(self, x):\n        return F.max_unpool2d(x)", "g = U()"],
        ["from torch.nn.functional import pad, max_unpool2d as put", "def g(x):\n    return put(pad(x))"],
        ["from torch.nn import MaxUnpool2d as U", "class V(U):\n    pass", "def g(x):\n    return V(2)(x)"],
        ["from torch.nn.functional import max_unpool2d as put", "def g(x, f=put):\n    return f(x)"],
        ["from torch.nn.functional import max_unpool2d as put", "@put\ndef g(x):\n    return x"],
        [
            "from functools import partial\nfrom torch.nn.functional import max_unpool2d as put",
            "g = partial(put, kernel_size=2)",
        ],
        ["def g(x):\n    f = F.max_unpool2d\n    return f(x)"],
        ["def g(x):\n    f = F\n    return f.max_unpool2d(x)"],
        ["def g(x):\n    return (f := F).max_unpool2d(x)"],
        ["def g(x):\n    f = F\n    f = f.relu\n    return [f.max_unpool2d(y) for y in x]"],
        ["def g(x, F=lambda F: F):\n    def h():\n        global F\n        return F.max_unpool2d(x)\n    return h()"],
        ["def g(x, h=lambda F: F):\n    return F.max_unpool2d(x)"],
        ["def g(x):\n    if not x:\n        def F(): ...\n    import torch.nn as F\n    return F.MaxUnpool2d(x)"],
        ["class F2:\n    F = F\n    put = F.max_unpool2d", "def g(x):\n    return F2.put(x)"],
        ["class U:\n    def F(self): ...\n    def go(self, x):\n        return F.max_unpool2d(x)", "g = U().go"],
    ],
)
def test_a_forbidden_call_is_found(cells: list[str]) -> None:
    assert forbidden_calls([IMPORTS, *cells], "g", FORBIDDEN)


@pytest.mark.parametrize(
    "cells",
    [
        ["def g(x):\n    return x", "assert torch.equal(g(1), F.max_unpool2d(1))"],
        ["from torch.nn.functional import max_unpool2d", "def g(x):\n    return x"],
        ["out = F.max_unpool2d(1)", "def g(x):\n    out = x\n    return out"],
        ["out = F.max_unpool2d(1)", "def g(x, out=None):\n    return out"],
        ["def max_unpool2d(x):\n    return x", "def g(x):\n    return max_unpool2d(x)"],
        ["def g(x):\n    '''As F.max_unpool2d.'''\n    return x  # not F.max_unpool2d"],
        ["def g(x:\n    return F.max_unpool2d(x)"],
        ["from torch.nn.functional import max_unpool2d, pad", "def g(x):\n    return pad(x)"],
        ["from torch.nn import Module, MaxUnpool2d", "class U(Module):\n    pass", "def g(x):\n    return U()(x)"],
        ["from torch.nn import MaxUnpool2d", "def MaxUnpool2d(x): ...\ndef g(x):\n    return MaxUnpool2d(x)"],
        ["from torch.nn.functional import max_unpool2d as g", "def g(x):\n    return g(x[1:])"],
        ["from torch.nn import MaxUnpool2d as up\nup(2)", "import math\ndef up(x): ...", "def g(x):\n    return up(x)"],
        ["from torch.nn import MaxUnpool2d as up", "x = torch.rand(2)\nup = x.relu", "def g(x):\n    return up(x)"],
        ["import torch.nn.functional as up", "import math as up", "def g(x):\n    return up.max_unpool2d(x)"],
        ["u = nn.MaxUnpool2d(2)", "def g(x):\n    u = Own(x)\n    return u.u(x)"],
        ["u = nn.MaxUnpool2d(2)", "def g(x):\n    for u in x:\n        pass\n    return [u for u in x], u"],
        ["u = nn.MaxUnpool2d(2)", "class A:\n    def u(self): ...\n    def v(self):\n        return self.u", "g = A"],
        ["u = nn.MaxUnpool2d(2)", "def g(x):\n    def h():\n        return u\n    u = x\n    return h()"],
    ],
)
def test_what_only_stands_beside_the_answer_costs_nothing(cells: list[str]) -> None:
    assert forbidden_calls([IMPORTS, *cells], "g", FORBIDDEN) == []


IMPORTED = "from torch.nn import MaxUnpool2d as up"
OWN = "def up(x):\n    return x"
ANSWER = "def g(x):\n    return up(x)"


@pytest.mark.parametrize(
    "cells",
    [
        [OWN, IMPORTED, ANSWER],
        [ANSWER, OWN, IMPORTED],
        [IMPORTED, f"if False:\n    {OWN.replace(chr(10), chr(10) + '    ')}", ANSWER],
        [IMPORTED, "try:\n    up = int\nexcept Exception:\n    pass", ANSWER],
        [OWN, f"try:\n    {IMPORTED}\nfinally:\n    pass", ANSWER],
        [IMPORTED, f"1 / 0\n{OWN}", ANSWER],
        [IMPORTED, f"raise ValueError\n{OWN}", ANSWER],
        [IMPORTED, f"exit()\n{OWN}", ANSWER],
        [IMPORTED, f"int('x')\n{OWN}", ANSWER],
        [IMPORTED, f"[][0]\n{OWN}", ANSWER],
        [IMPORTED, f"nowhere\n{OWN}", ANSWER],
        [IMPORTED, f"def up(x: nowhere): ...\n{OWN}", ANSWER],
        [IMPORTED, f"print(nowhere.x)\n{OWN}", ANSWER],
        [IMPORTED, f"@nowhere\n{OWN}", ANSWER],
        [IMPORTED, "layer = up(2)", OWN, "def g(x):\n    return layer(x)"],
        [IMPORTED, "def make():\n    return up(2)", "layer = make()", OWN, "def g(x):\n    return layer(x)"],
        [IMPORTED, "class U(up): pass", OWN, "def g(x):\n    return U(2)(x)"],
        [IMPORTED, "def g(x, up=up):\n    return up(x)", OWN],
        [OWN, "def switch():\n    global up\n    from torch.nn import MaxUnpool2d as up", "switch()", ANSWER],
    ],
)
def test_what_may_not_be_in_force_hides_no_import_that_is(cells: list[str]) -> None:
    assert forbidden_calls([IMPORTS, *cells], "g", FORBIDDEN) == ["torch.nn.MaxUnpool2d"]


@pytest.mark.parametrize(
    "cell",
    [
        f"print('now')\n{OWN}",
        f"from torch import *\nx = rand(2)\n{OWN}",
        f"for k in range(3):\n    y = torch.rand(k)\n{OWN}",
        f"x: torch.Tensor = torch.rand(2)\nprint(x / 2, x[0])\n@torch.no_grad()\n{OWN}",
        f"%matplotlib inline\n{OWN}",
        f"Pair = tuple[int, int]\nK = 3 / 2\n{OWN}",
    ],
)
def test_a_definition_below_an_honest_line_hides_what_was_imported(cell: str) -> None:
    assert forbidden_calls([IMPORTS, IMPORTED, cell, ANSWER], "g", FORBIDDEN) == []


def test_names_for_names_without_end_are_read_in_no_time() -> None:
    steps = (f"a{n} = a{n + 1}.b\n    a{n} = a{n + 1}.c\n    a{n} = a{n + 1}.d" for n in range(90))
    answer = "def g(x):\n    a90 = F\n    " + "\n    ".join(steps) + "\n    return a0.max_unpool2d(x)"
    started = time.perf_counter()
    assert forbidden_calls([IMPORTS, answer], "g", FORBIDDEN)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("deep", ["torch" + ".a" * 900, "-" * 2000 + "1"], ids=["names", "signs"])
def test_an_answer_too_deep_to_be_read_earns_nothing_and_stops_nobody(deep: str) -> None:
    answer = f"import torch\ndef f(x):\n    {deep}\n    return torch.nn.functional.interpolate(x)"
    assert forbidden_calls([answer], "f", ("interpolate",)) == [TOO_DEEP]
    elsewhere = f"def g():\n    return {deep}"
    assert forbidden_calls([elsewhere, "def f(x):\n    return x"], "f", ("interpolate",)) == []


@pytest.mark.parametrize("odd", ["0x" + "F" * 5000, "f\"{'\u00a0'.join('ab')}\""])
def test_a_constant_that_cannot_be_written_down_hides_no_call_and_is_none(odd: str) -> None:
    assert forbidden_calls([IMPORTS, f"def g(x):\n    return {odd}"], "g", FORBIDDEN) == []
    assert forbidden_calls([IMPORTS, f"def g(x):\n    return F.max_unpool2d(x), {odd}"], "g", FORBIDDEN) != []
