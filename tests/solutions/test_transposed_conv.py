"""The transposed convolution against torch's own, against laws, and against numbers worked out by hand."""

import ast
import inspect
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from course.checking.guard import find_in_source, watch_operators
from course.exercises.catalogue import of_chapter
from course.shapes import pair
from solutions import transposed_conv
from solutions.transposed_conv import (
    bilinear_kernel,
    conv_matrix,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose_output_size,
    fuse_skip,
)
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])


def written(draw: st.DrawFn, numbers: list[int]) -> object:
    """Write one number a side in one of the ways that torch reads: a tuple, a list, an int, a tuple of one."""
    ways: list[object] = [tuple(numbers), list(numbers)]
    if len(set(numbers)) == 1:
        ways += [numbers[0], (numbers[0],)]
    return draw(st.sampled_from(ways))


@st.composite
def stamping(draw: st.DrawFn, sides: int) -> tuple[Tensor, Tensor, Tensor | None, object, object, object]:
    """Draw x, weight, bias, stride, padding and output_padding that leave an output of at least one pixel."""
    dtype, generator = draw(dtypes), torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    batch, inputs, outputs = draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    sizes = [draw(st.integers(1, 5)) for _ in range(sides)]
    kernel = [draw(st.integers(1, 4)) for _ in range(sides)]
    stride = [draw(st.integers(1, 4)) for _ in range(sides)]
    extra = [draw(st.integers(0, s - 1)) for s in stride]
    room = [(n - 1) * s + k + e - 1 for n, s, k, e in zip(sizes, stride, kernel, extra, strict=True)]
    padding = [draw(st.integers(0, min(4, r // 2))) for r in room]

    x = torch.randint(-8, 9, (batch, inputs, *sizes), generator=generator).to(dtype) / 4
    weight = torch.randint(-8, 9, (inputs, outputs, *kernel), generator=generator).to(dtype) / 4
    bias = torch.randint(-8, 9, (outputs,), generator=generator).to(dtype) if draw(st.booleans()) else None
    if draw(st.booleans()):
        x = x.transpose(-2, -1).contiguous().transpose(-2, -1)
    if len(x) and draw(st.booleans()):
        x = x[0]
    return x, weight, bias, written(draw, stride), written(draw, padding), written(draw, extra)


def assert_same(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


# --- against torch's operators ----------------------------------------------------------------------------------------


@given(stamping(sides=1))
def test_one_dimension_equals_torchs(arguments: tuple[Tensor, Tensor, Tensor | None, int, int, int]) -> None:
    before = [part.clone() for part in arguments if isinstance(part, Tensor)]
    assert_same(conv_transpose1d(*arguments), F.conv_transpose1d(*arguments))
    assert all(map(torch.equal, before, (part for part in arguments if isinstance(part, Tensor))))


@given(stamping(sides=2))
def test_two_dimensions_equal_torchs(arguments: tuple[Tensor, Tensor, Tensor | None, int, int, int]) -> None:
    before = [part.clone() for part in arguments if isinstance(part, Tensor)]
    assert_same(conv_transpose2d(*arguments), F.conv_transpose2d(*arguments))
    assert all(map(torch.equal, before, (part for part in arguments if isinstance(part, Tensor))))


@given(stamping(sides=1))
def test_the_size_is_that_of_torchs_output(arguments: tuple[Tensor, Tensor, Tensor | None, int, int, int]) -> None:
    x, weight, _, *sizes = arguments
    numbers = [pair(size)[0] for size in sizes]
    size = conv_transpose_output_size(x.shape[-1], weight.shape[-1], *numbers)
    assert type(size) is int
    assert size == F.conv_transpose1d(*arguments).shape[-1]


@given(stamping(sides=2))
def test_gradients_equal_torchs(arguments: tuple[Tensor, Tensor, Tensor | None, int, int, int]) -> None:
    def gradients(operator: Callable[..., Tensor]) -> tuple[Tensor, ...]:
        x, weight, bias, *sizes = arguments
        leaves = [part.double().requires_grad_() for part in (x, weight, bias) if part is not None]
        out = operator(*leaves, *([] if bias is not None else [None]), *sizes)
        weights = torch.cos(torch.arange(out.numel(), dtype=out.dtype)).view(out.shape)
        return torch.autograd.grad((out * weights).sum(), leaves)

    for ours, theirs in zip(gradients(conv_transpose2d), gradients(F.conv_transpose2d), strict=True):
        torch.testing.assert_close(ours, theirs)


def doubles(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def test_gradcheck() -> None:
    assert torch.autograd.gradcheck(
        lambda x, weight, bias: conv_transpose1d(x, weight, bias, 3, 1, 2),
        (doubles(2, 3, 4), doubles(3, 2, 4), doubles(2)),
    )

    def stamped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return conv_transpose2d(x, weight, bias, (2, 3), 1, (1, 0))

    arguments = (doubles(2, 3, 2, 3), doubles(3, 2, 3, 2), doubles(2))
    assert torch.autograd.gradcheck(stamped, arguments)
    assert torch.autograd.gradgradcheck(stamped, arguments)
    assert torch.autograd.gradcheck(lambda w: conv_matrix(w, (3, 4), 2, 1), doubles(2, 2, 3, 2))
    assert torch.autograd.gradcheck(fuse_skip, (doubles(1, 2, 2, 2), doubles(1, 2, 3, 4), doubles(2, 2, 4, 4)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_its_dtype(dtype: torch.dtype) -> None:
    x, weight = torch.ones(1, 2, 2, 3, dtype=dtype), torch.ones(2, 1, 3, 3, dtype=dtype)
    assert_same(
        conv_transpose2d(x, weight, stride=2), F.conv_transpose2d(x.float(), weight.float(), stride=2).to(dtype)
    )


@st.composite
def convolution(draw: st.DrawFn) -> tuple[Tensor, Tensor, object, object]:
    """Draw an image (Cin, H, W), a weight, a stride and a padding of a convolution."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = [draw(st.integers(0, 2)) for _ in range(2)]
    size = [draw(st.integers(1, 5)) for _ in range(2)]
    kernel = [draw(st.integers(1, min(4, n + 2 * p))) for n, p in zip(size, padding, strict=True)]
    stride = [draw(st.integers(1, 3)) for _ in range(2)]
    image = torch.randint(-8, 9, (inputs, *size), generator=generator).double() / 4
    weight = torch.randint(-8, 9, (outputs, inputs, *kernel), generator=generator).double() / 4
    return image, weight, written(draw, stride), written(draw, padding)


@given(convolution())
def test_the_matrix_convolves(drawn: tuple[Tensor, Tensor, int, int]) -> None:
    image, weight, stride, padding = drawn
    matrix = conv_matrix(weight, image.shape[-2:], stride, padding)
    assert_same(matrix @ image.flatten(), F.conv2d(image[None], weight, None, stride, padding).flatten())


@given(convolution())
def test_the_transposed_matrix_is_the_transposed_convolution(drawn: tuple[Tensor, Tensor, int, int]) -> None:
    """Hence the name. What the floor of the convolution's size left over, output_padding gives back."""
    image, weight, stride, padding = drawn
    y = F.conv2d(image[None], weight, None, stride, padding)
    left_over = [
        (n + 2 * p - k) % s
        for n, p, k, s in zip(image.shape[1:], pair(padding), weight.shape[2:], pair(stride), strict=True)
    ]
    stamped = conv_transpose2d(y, weight, None, stride, padding, left_over)
    assert_same(conv_matrix(weight, image.shape[-2:], stride, padding).T @ y.flatten(), stamped.flatten())


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_one_dimension_by_hand() -> None:
    x, weight = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 2.0, 3.0]]])
    assert conv_transpose1d(x, weight)[0, 0].tolist() == [1, 4, 7, 6]
    assert conv_transpose1d(x, weight, stride=2)[0, 0].tolist() == [1, 2, 5, 4, 6]
    assert conv_transpose1d(x, weight, stride=4)[0, 0].tolist() == [1, 2, 3, 0, 2, 4, 6]
    assert conv_transpose1d(x, weight, stride=2, padding=1)[0, 0].tolist() == [2, 5, 4]
    assert conv_transpose1d(x, weight, stride=2, padding=1, output_padding=1)[0, 0].tolist() == [2, 5, 4, 6]
    assert conv_transpose1d(x, weight, stride=2, output_padding=1)[0, 0].tolist() == [1, 2, 5, 4, 6, 0]


def test_two_dimensions_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = [[1, 1, 3, 2, 2], [1, 1, 3, 2, 2], [4, 4, 10, 6, 6], [3, 3, 7, 4, 4], [3, 3, 7, 4, 4]]
    assert conv_transpose2d(x, torch.ones(1, 1, 3, 3), stride=2)[0, 0].tolist() == expected


def test_several_sizes_convolve_to_one_and_output_padding_tells_them_apart() -> None:
    for size in (7, 8):
        convolved = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, 3), stride=2, padding=1)
        assert convolved.shape[-1] == 4
        assert conv_transpose_output_size(4, 3, 2, 1, output_padding=size - 7) == size


def test_bilinear_weights_by_hand() -> None:
    rows = {1: [4.0], 2: [2, 2], 3: [2, 4, 2], 4: [1, 3, 3, 1], 6: [2 / 3, 2, 10 / 3, 10 / 3, 2, 2 / 3]}
    for size, quarters in rows.items():
        slope = torch.tensor(quarters) / 4
        torch.testing.assert_close(bilinear_kernel(1, size)[0, 0], torch.outer(slope, slope))


# --- laws -------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 4), st.integers(1, 9))
def test_a_bilinear_kernel_is_the_one_of_fcns_code(channels: int, size: int) -> None:
    factor = (size + 1) // 2
    centre = factor - 1 if size % 2 == 1 else factor - 0.5  # as in `upsample_filt` of FCN's surgery.py
    weight = bilinear_kernel(channels, size)
    assert weight.shape == (channels, channels, size, size)
    assert weight.dtype == torch.get_default_dtype()
    for o in range(channels):
        for i in range(channels):
            for a in range(size):
                for b in range(size):
                    wanted = (1 - abs(a - centre) / factor) * (1 - abs(b - centre) / factor) if o == i else 0.0
                    assert weight[o, i, a, b].item() == pytest.approx(wanted, abs=1e-6)


def test_a_bilinear_kernel_has_the_default_dtype() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert bilinear_kernel(2, 4).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_bilinear_kernel_interpolates_inside_as_torch_does(factor: int) -> None:
    x = torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(factor))
    up = F.conv_transpose2d(x, bilinear_kernel(3, 2 * factor), stride=factor, padding=factor // 2)
    expected = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    inside = (..., slice(factor, -factor), slice(factor, -factor))  # at the border, stamps from outside are missing
    torch.testing.assert_close(up[inside], expected[inside])


def test_an_odd_bilinear_kernel_keeps_the_values_where_they_stand() -> None:
    x = torch.rand(1, 2, 4, 5, generator=torch.Generator().manual_seed(0))
    up = F.conv_transpose2d(x, bilinear_kernel(2, 3), stride=2, padding=1)
    torch.testing.assert_close(up[..., ::2, ::2], x)
    torch.testing.assert_close(up[..., 1::2, ::2], (x[..., 1:, :] + x[..., :-1, :]) / 2)


@given(st.integers(0, 1000), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
def test_a_skip_is_fused_at_its_own_size(seed: int, height: int, width: int, classes: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    skip = torch.randn(2, classes, height, width, generator=generator, dtype=torch.float64)
    coarse = F.avg_pool2d(skip, 2, ceil_mode=True)
    weight = torch.randn(classes, classes, 4, 4, generator=generator, dtype=torch.float64)
    up = F.conv_transpose2d(coarse, weight, stride=2, padding=1)
    fused = fuse_skip(coarse, skip, weight)
    assert fused.shape == skip.shape
    torch.testing.assert_close(fused, up[:, :, :height, :width] + skip)
    assert_same(fuse_skip(coarse[:0], skip[:0], weight), skip[:0])


def test_a_flat_score_stays_flat_inside_when_a_skip_is_fused_bilinearly() -> None:
    fused = fuse_skip(torch.full((1, 2, 3, 4), 5.0), torch.zeros(1, 2, 5, 8), bilinear_kernel(2, 4))
    torch.testing.assert_close(fused[..., 1:, 1:-1], torch.full((1, 2, 4, 6), 5.0))


# --- errors -----------------------------------------------------------------------------------------------------------

signal, image = torch.zeros(2, 3, 4), torch.zeros(2, 3, 4, 6)
line, square = torch.zeros(3, 5, 2), torch.zeros(3, 5, 2, 2)
filters, scores, up = torch.zeros(5, 3, 3, 3), torch.zeros(1, 2, 3, 4), torch.zeros(2, 2, 4, 4)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["x", "list"], lambda: conv_transpose1d([[1.0]], line)),  # type: ignore[arg-type]
        (TypeError, ["x", "torch.int64"], lambda: conv_transpose1d(signal.long(), line)),
        (ValueError, ["x", "(N, C, L)", "(2, 3, 4, 6)"], lambda: conv_transpose1d(image, line)),
        (ValueError, ["weight", "(3, Cout, k)", "(5, 3, 2)"], lambda: conv_transpose1d(signal, line.transpose(0, 1))),
        (ValueError, ["weight", "(3, Cout, k)", "(3, 5, 0)"], lambda: conv_transpose1d(signal, line[..., :0])),
        (TypeError, ["weight", "torch.float32", "torch.float64"], lambda: conv_transpose1d(signal, line.double())),
        (TypeError, ["weight", "NoneType"], lambda: conv_transpose1d(signal, None)),  # type: ignore[arg-type]
        (ValueError, ["bias", "(5,)", "(3,)"], lambda: conv_transpose1d(signal, line, torch.zeros(3))),
        (TypeError, ["bias", "int"], lambda: conv_transpose1d(signal, line, 0)),  # type: ignore[arg-type]
        (ValueError, ["stride", "(2, 2)", "tuple of one"], lambda: conv_transpose1d(signal, line, stride=(2, 2))),
        (ValueError, ["stride", "0"], lambda: conv_transpose1d(signal, line, stride=0)),
        (ValueError, ["padding", "-1"], lambda: conv_transpose1d(signal, line, padding=-1)),
        (ValueError, ["output_padding", "(2,)"], lambda: conv_transpose1d(signal, line, None, 2, 0, 2)),
        (ValueError, ["padding", "one pixel"], lambda: conv_transpose1d(signal, line, padding=3)),
        (ValueError, ["x", "(2, 3, 0)"], lambda: conv_transpose1d(signal[..., :0], line)),
        (ValueError, ["x", "(2, 3)"], lambda: conv_transpose2d(signal[..., 0], square)),
        (ValueError, ["weight", "(3, Cout, kh, kw)"], lambda: conv_transpose2d(image, line)),
        (ValueError, ["weight", "(3, Cout, kh, kw)"], lambda: conv_transpose2d(image, square.transpose(0, 1))),
        (TypeError, ["stride", "2.0"], lambda: conv_transpose2d(image, square, stride=2.0)),  # type: ignore[arg-type]
        (ValueError, ["stride", "(1, 2, 3)"], lambda: conv_transpose2d(image, square, stride=(1, 2, 3))),
        (
            ValueError,
            ["output_padding", "stride", "(2, 1)", "(1, 1)"],
            lambda: conv_transpose2d(image, square, None, (2, 1), 0, 1),
        ),
        (ValueError, ["padding", "one pixel"], lambda: conv_transpose2d(image, square, padding=(3, 0))),
        (TypeError, ["size", "4.0"], lambda: conv_transpose_output_size(4.0, 3)),  # type: ignore[arg-type]
        (ValueError, ["size", "0"], lambda: conv_transpose_output_size(0, 3)),
        (ValueError, ["kernel_size", "0"], lambda: conv_transpose_output_size(4, 0)),
        (ValueError, ["output_padding", "(3,)", "(2,)"], lambda: conv_transpose_output_size(4, 3, 2, 0, 3)),
        (ValueError, ["padding", "one pixel"], lambda: conv_transpose_output_size(1, 2, 1, 1)),
        (TypeError, ["weight", "torch.int64"], lambda: conv_matrix(filters.long(), (4, 5))),
        (ValueError, ["weight", "(3, 3, 3)"], lambda: conv_matrix(filters[0], (4, 5))),
        (ValueError, ["weight", "height 3", "2"], lambda: conv_matrix(filters, (2, 5))),
        (ValueError, ["input_size", "(4, 5, 6)"], lambda: conv_matrix(filters, (4, 5, 6))),
        (ValueError, ["input_size", "0"], lambda: conv_matrix(filters, (0, 5))),
        (ValueError, ["stride", "0"], lambda: conv_matrix(filters, (4, 5), 0)),
        (TypeError, ["channels", "2.0"], lambda: bilinear_kernel(2.0, 4)),  # type: ignore[arg-type]
        (ValueError, ["channels", "0"], lambda: bilinear_kernel(0, 4)),
        (TypeError, ["kernel_size", "(4, 4)"], lambda: bilinear_kernel(2, (4, 4))),  # type: ignore[arg-type]
        (ValueError, ["coarse", "(1, 2, 2, 2)", "(1, 2, 3, 4)"], lambda: fuse_skip(scores, scores, up)),
        (
            ValueError,
            ["coarse", "(3, 2, 2, 2)"],
            lambda: fuse_skip(scores[..., :2, :2], scores.expand(3, -1, -1, -1), up),
        ),
        (ValueError, ["skip", "(2, 3, 4)"], lambda: fuse_skip(scores, scores[0], up)),
        (TypeError, ["skip", "torch.float64"], lambda: fuse_skip(scores[..., :2, :2], scores.double(), up)),
        (ValueError, ["weight", "(2, 2, 4, 4)"], lambda: fuse_skip(scores[..., :2, :2], scores, up[..., :3])),
    ],
)
def test_an_error_names_the_argument_and_what_came(
    error: type[Exception], words: list[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)


def test_what_torch_refuses_is_refused() -> None:
    """Inputs that torch's own operator takes for errors are errors here too."""
    for arguments in (
        (image, square, None, 2, 0, 2),
        (image, square, None, 1, 0, 1),
        (image, square, None, 1, 3, 0),
        (image[:, :, :0], square),
        (image[:, :2], square),
        (image, square[:, :0]),
    ):
        for operator in (conv_transpose2d, F.conv_transpose2d):
            with pytest.raises((ValueError, RuntimeError)):
                operator(*arguments)


# --- the source -------------------------------------------------------------------------------------------------------


def test_the_reference_calls_no_transposed_convolution_but_to_fuse_a_skip() -> None:
    forbidden = next(
        exercise for exercise in of_chapter("04_transposed_conv") if exercise.name == "conv_transpose2d"
    ).forbidden
    known = {"F": "torch.nn.functional", "torch": "torch"}
    tree = ast.parse(inspect.getsource(transposed_conv))
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        found = find_in_source(ast.unparse(function), forbidden, known)
        assert bool(found) == (function.name == "fuse_skip"), function.name
    seen: list[str] = []
    with watch_operators(forbidden, seen):
        conv_transpose2d(image, square, stride=2)
        conv_transpose1d(signal, line, stride=2)
        conv_matrix(filters, (4, 5))
    assert seen == []
