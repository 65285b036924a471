"""Kinds of errors: each is provoked here, in torch, numpy and Python as they are installed, and named alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course.checking.calling import Failure, describe_exception
from course.checking.errors import kind_of

one, two = torch.ones(2, 3), torch.ones(2, 4)
pair: Any = (2, 3)
number: Any = 5
missing: Any = None
half: Any = 1.5


def leaf() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


PROVOKED: dict[str, tuple[Callable[[], object], ...]] = {
    "view": (lambda: one.T.view(6), lambda: one.T.view(-1)),
    "minus one of nothing": (lambda: torch.ones(0, 3).reshape(0, -1), lambda: torch.ones(0, 3).view(0, -1)),
    "nothing to join": (
        lambda: torch.stack([]), lambda: torch.cat([]), lambda: np.stack([]), lambda: np.concatenate([]),
    ),
    "nothing to choose from": (lambda: torch.ones(0).max(), lambda: np.ones(0).max(), lambda: max([])),
    "numpy": (lambda: leaf().numpy(),),
    "written in place": (lambda: leaf().add_(1), lambda: leaf().__setitem__(0, 2)),
    "written where memory is shared": (lambda: torch.ones(1).expand(3).add_(1),),
    "None": (lambda: missing.view(1), lambda: missing[0], lambda: missing + 1, lambda: one.copy_(missing)),
    "a number, not several": (lambda: [*number], lambda: number[0], lambda: len(number), lambda: list(number)),
    "another number of items": (lambda: unpack_two((1, 2, 3)), lambda: unpack_two((1,))),
    "several, not a number": (
        lambda: pair + 1, lambda: 1 - pair, lambda: pair // 2, lambda: range(pair), lambda: pair > 1,
        lambda: one.view(2, pair), lambda: one.reshape(1, pair),
    ),
    "a fraction, not a whole number": (
        lambda: range(half), lambda: [1, 2][half], lambda: [1, 2][half:], lambda: torch.zeros((half, 2)),
        lambda: one[half], lambda: np.ones(3)[half], lambda: one[: 4 / 2],
    ),
    "what bincount does not take": (lambda: torch.bincount(torch.tensor([-1])), lambda: torch.bincount(one.long())),
    "a dimension that is not there": (lambda: one.sum(5), lambda: np.ones(3).sum(2), lambda: one[0, 0, 0]),
    "an index that is not there": (
        lambda: one[7], lambda: [1][7], lambda: np.ones(3)[7], lambda: one.gather(1, torch.tensor([[255], [0]])),
        lambda: F.one_hot(torch.tensor([255]), 3), lambda: torch.zeros(3).scatter(0, torch.tensor([9]), 1.0),
    ),
    "a size that is too small": (
        lambda: one.unfold(0, 5, 1), lambda: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3)),
        lambda: torch.zeros(-1), lambda: np.zeros(-1), lambda: F.unfold(torch.ones(1, 1, 2, 2), 3),
    ),
    "another number of elements": (lambda: one.reshape(4, 4), lambda: np.ones(6).reshape(4, 4)),
    "dtypes that differ": (
        lambda: F.linear(one, one.double()),
        lambda: torch.zeros(3).double().scatter(0, torch.tensor([1]), torch.ones(1)),
    ),
    "channels that a layer does not take": (lambda: F.conv2d(torch.ones(1, 2, 4, 4), torch.ones(1, 3, 3, 3)),),
    "matrices that do not multiply": (lambda: one @ two, lambda: np.ones((2, 3)) @ np.ones((2, 4))),
    "shapes that do not join": (
        lambda: torch.stack([one, two]), lambda: torch.cat([one, two]), lambda: np.stack([np.ones(2), np.ones(3)]),
        lambda: np.concatenate([np.ones((2, 3)), np.ones((2, 4))]),
    ),
    "shapes that do not fit": (lambda: one + two, lambda: np.ones(3) + np.ones(4), lambda: one.expand(5, 7)),
    "division by zero": (lambda: 1 // 0, lambda: 1 % 0, lambda: 1.0 / 0),
}  # fmt: skip


def unpack_two(values: tuple[int, ...]) -> int:
    first, _ = values
    return first


def failure_of(provoke: Callable[[], object]) -> Failure:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        provoke()
    return describe_exception(caught.value)


@pytest.mark.parametrize(("kind", "provoke"), [(kind, one) for kind, several in PROVOKED.items() for one in several])
def test_what_libraries_raise_is_told_by_its_kind(kind: str, provoke: Callable[[], object]) -> None:
    failure = failure_of(provoke)
    assert kind_of(failure) == kind, failure


def test_what_a_student_raises_is_told_by_its_type() -> None:
    for type_name in ("MyError", "KeyError", "NameError", "AssertionError"):
        assert kind_of(Failure(type_name, "index 7 is out of bounds")) == type_name
    assert kind_of(Failure("ValueError", "the window is larger than the image")) == "ValueError"


def test_a_text_of_other_versions_is_the_same_kind() -> None:
    old = Failure("RuntimeError", "index 255 is out of bounds for dimension 1 with size 4")
    new = Failure("IndexError", "index 255 is out of bounds for dimension -1 with size 4\nmore")
    assert kind_of(old) == kind_of(new) == "an index that is not there"
