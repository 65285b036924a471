"""The trusted side reads an answer for forbidden calls: all that it uses, and nothing else."""

import pytest

from autograde.reading import TOO_DEEP, forbidden_calls

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
    ],
)
def test_what_only_stands_beside_the_answer_costs_nothing(cells: list[str]) -> None:
    assert forbidden_calls([IMPORTS, *cells], "g", FORBIDDEN) == []


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
