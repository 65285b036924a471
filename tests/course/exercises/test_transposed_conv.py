"""The cases of chapter 04 are what they say, and what they forbid is a transposed convolution and nothing else."""

import linecache
import types
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from autograde.building.answers import reference_of
from course.checking.calling import call
from course.checking.guard import find_in_function
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Case

EXERCISES = {exercise.name: exercise for exercise in of_chapter("04_transposed_conv")}
SEEDS = [*range(40), *(f"hidden-{number}" for number in range(20))]
STAMPING = ("conv_transpose1d", "conv_transpose2d")


def stamps(name: str) -> list[tuple[Case, Tensor, Tensor, list[int], list[int], list[int]]]:
    """Every case of every seed with its x, weight, strides, paddings and output paddings, one number a side."""
    found = []
    for seed in SEEDS:
        for case in EXERCISES[name].draw(seed):
            x, weight = case.args["x"], case.args["weight"]
            assert isinstance(x, Tensor)
            assert isinstance(weight, Tensor)
            sides = x.ndim - 2
            numbers = []
            for option, default in (("stride", 1), ("padding", 0), ("output_padding", 0)):
                value = case.args.get(option, default)
                numbers.append([value] * sides if isinstance(value, int) else list(value))  # type: ignore[call-overload]
            found.append((case, x, weight, *numbers))
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("name", STAMPING)
def test_every_case_is_valid_for_torch_and_for_the_way_over_nails(name: str) -> None:
    """A padding of the filter's size or more would refuse the well-known way over a convolution of zeros and values."""
    operator: Callable[..., Tensor] = getattr(F, name)
    for case, _, weight, _, padding, _ in stamps(name):
        assert all(p < k for p, k in zip(padding, weight.shape[2:], strict=True)), case.name
        ours = reference_of(EXERCISES[name])(*case.args.values())
        torch.testing.assert_close(ours, operator(*case.args.values()))


@pytest.mark.parametrize("name", STAMPING)
def test_cases_hold_what_their_names_promise(name: str) -> None:
    for case, x, weight, stride, padding, extra in stamps(name):
        overlaps = all(s < k for s, k in zip(stride, weight.shape[2:], strict=True))
        if "gaps" in case.name:
            assert all(s > k for s, k in zip(stride, weight.shape[2:], strict=True))
            assert case.args["bias"] is not None
        if "different numbers of channels" in case.name:
            assert len({*x.shape[:2], weight.shape[1]}) == 3
        if "as many channels" in case.name:
            assert weight.shape[0] == weight.shape[1] == 2
            assert not torch.equal(weight, weight.transpose(0, 1))
        if "uncovers" in case.name:
            assert all(p > 0 and e > 0 for p, e in zip(padding, extra, strict=True))
            wider = reference_of(EXERCISES[name])(*case.args.values())
            bias = case.args["bias"]
            assert isinstance(bias, Tensor)
            assert isinstance(wider, Tensor)
            assert (wider[..., -1] - bias.reshape(-1, *[1] * (x.ndim - 3))).any()  # stamps show where it grew
        if "of its own" in case.name:
            assert any(len(set(numbers)) == 2 for numbers in (stride, padding, extra))
        if "one pixel" in case.name or "one value" in case.name:
            assert x.shape[2:].numel() == 1 or weight.shape[2:].numel() == 1
        elif "one number" not in case.name and x.ndim == 4:
            assert x.shape[2] != x.shape[3], case.name
        if case.gradient:
            assert overlaps or stride[-1] == weight.shape[-1]


def test_an_output_may_be_smaller_than_the_input_and_a_single_pixel() -> None:
    for seed in SEEDS:
        for case in EXERCISES["conv_transpose_output_size"].draw(seed):
            size, kernel, padding = (case.args.get(name, 0) for name in ("size", "kernel_size", "padding"))
            output = reference_of(EXERCISES["conv_transpose_output_size"])(*case.args.values())
            assert isinstance(size, int)
            assert isinstance(kernel, int)
            assert isinstance(padding, int)
            assert isinstance(output, int)
            assert padding < kernel
            if "smaller than the input" in case.name:
                assert 1 < output < size
            elif "an output of one pixel" in case.name:
                assert output == 1 < size


def test_a_matrix_has_rows_and_columns_of_different_number_and_order() -> None:
    for seed in SEEDS:
        for case in EXERCISES["conv_matrix"].draw(seed):
            size = case.args["input_size"]
            assert isinstance(size, tuple)
            assert size[0] != size[1] or "pixel" in case.name
            matrix = reference_of(EXERCISES["conv_matrix"])(*case.args.values())
            assert isinstance(matrix, Tensor)
            assert matrix.numel() <= 4000
            assert matrix.any(dim=1).all()


# --- what is forbidden ------------------------------------------------------------------------------------------------

PREAMBLE = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
HEAD = "def answer(x, weight, bias=None, stride=1, padding=0, output_padding=0):\n    "
counter = iter(range(10**6))


def written(source: str) -> Callable[..., object]:
    """Return the function `answer` of a student's cell, with its source kept as IPython keeps it."""
    source = PREAMBLE + source
    name = f"<cell of chapter 04, {next(counter)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType("__main__")
    exec(compile(source, name, "exec"), module.__dict__)
    answer: Callable[..., object] = module.__dict__["answer"]
    return answer


REST = "bias, stride, padding, output_padding)"
NAMED = {
    "functional": HEAD + f"return F.conv_transpose2d(x, weight, {REST}",
    "torch": HEAD + f"return torch.conv_transpose2d(x, weight, {REST}",
    "a module": HEAD + "return nn.ConvTranspose2d(1, 1, 3, stride)(x)",
    "a lazy module": HEAD + "return nn.LazyConvTranspose2d(1, 3, stride)(x)",
    "three dimensions": HEAD + "return F.conv_transpose3d(x[:, :, None], weight[:, :, None])[:, :, 0]",
    "aten": HEAD + "return torch.ops.aten.conv_transpose2d(x, weight, None, [2, 2])",
    "aten's input": HEAD + "return torch.ops.aten.conv_transpose2d.input(x, weight, None, [2, 2])",
    "a slow one": HEAD + "return torch.ops.aten.slow_conv_transpose2d(x, weight, [3, 3], None, [2, 2])",
    "torch.nn.grad": HEAD + "return torch.nn.grad.conv2d_input((1, 1, 5, 7), weight, x, stride)",
    "nn.grad": HEAD + "return nn.grad.conv2d_input((1, 1, 5, 7), weight, x, stride)",
    "grad, imported": "from torch.nn import grad\n"
    + HEAD
    + "return grad.conv2d_input((1, 1, 5, 7), weight, x, stride)",
    "conv2d_input, imported": "from torch.nn.grad import conv2d_input as back\n"
    + HEAD
    + "return back((1, 1, 5, 7), weight, x, stride)",
}
AT_RUN_TIME = {
    "torch.convolution": HEAD + "return torch.convolution(x, weight, None, [2, 2], [0, 0], [1, 1], True, [0, 0], 1)",
    "transposed by keyword": HEAD
    + "return torch.convolution(x, weight, None, stride=[2, 2], padding=[0, 0], dilation=[1, 1], "
    "transposed=True, output_padding=[0, 0], groups=1)",
    "aten.convolution": HEAD
    + "return torch.ops.aten.convolution(x, weight, None, [2, 2], [0, 0], [1, 1], True, [0, 0], 1)",
    "a name put together": HEAD + f'return getattr(F, "conv_" + "transpose2d")(x, weight, {REST}',
    "inside vmap": HEAD
    + 'f = getattr(F, "conv_trans" + "pose2d")\n'
    + "    return torch.func.vmap(lambda p: f(p[None], weight, None, stride)[0])(x)",
}
FAIR = {
    "conv2d": HEAD + "return F.conv2d(x, weight.transpose(0, 1), padding=2)",
    "a transposed convolution's name": HEAD
    + "conv_transpose2d = F.conv2d\n    return conv_transpose2d(x, weight[..., :2, :2])",
    "torch.convolution": HEAD + "return torch.convolution(x, weight, None, [1, 1], [2, 2], [1, 1], False, [0, 0], 1)",
    "autograd": HEAD
    + "z = torch.zeros(1, 1, 5, 7, requires_grad=True)\n"
    + "    return torch.autograd.grad(F.conv2d(z, weight, stride=stride), z, x, create_graph=True)[0]",
    "vjp": HEAD
    + "return torch.func.vjp(lambda z: F.conv2d(z, weight, stride=stride), x.new_zeros(1, 1, 5, 7))[1](x)[0]",
    "backward": HEAD
    + "z = torch.zeros(1, 1, 5, 7, requires_grad=True)\n"
    + "    F.conv2d(z, weight, stride=stride).backward(x)\n    return z.grad",
    "fold": HEAD + "return F.fold(weight.flatten(1).T @ x.flatten(2), (5, 7), 3, stride=stride)",
    "a transpose after a convolution": HEAD + "return F.conv2d(x, weight, padding=2).transpose(2, 3)",
}


@pytest.mark.parametrize("source", NAMED.values(), ids=NAMED)
def test_a_named_transposed_convolution_is_found_before_anything_runs(source: str) -> None:
    for name in STAMPING:
        assert find_in_function(written(source), EXERCISES[name].forbidden)


SEEN = {name: source for name, source in {**NAMED, **AT_RUN_TIME}.items() if "conv2d_input" not in source}
"""All but torch.nn.grad: there the dispatcher sees what fair autograd does too, and the source tells them apart."""


@pytest.mark.parametrize("source", SEEN.values(), ids=SEEN)
def test_a_transposed_convolution_is_found_while_it_runs(source: str) -> None:
    exercise = EXERCISES["conv_transpose2d"]
    assert call(exercise, written(source), exercise.draw(0)[0]).forbidden


@pytest.mark.parametrize("source", FAIR.values(), ids=FAIR)
def test_a_fair_way_is_left_alone(source: str) -> None:
    exercise = EXERCISES["conv_transpose2d"]
    assert find_in_function(written(source), exercise.forbidden) == []
    outcome = call(exercise, written(source), exercise.draw(0)[0])
    assert outcome.forbidden == ()
    assert outcome.failure is None


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in STAMPING])
def test_nothing_is_forbidden_where_the_operator_is_not_the_subject(name: str) -> None:
    assert EXERCISES[name].forbidden == ()
