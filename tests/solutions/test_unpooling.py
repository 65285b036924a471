"""The unpooling reference against torch's own operators, against laws, and against numbers worked out by hand."""

import ast
import inspect
import itertools
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from course.checking.guard import find_in_source
from course.shapes import pair
from solutions import unpooling
from solutions.unpooling import (
    bed_of_nails2d,
    decoder_stage,
    max_pool2d_with_indices,
    max_unpool2d,
    nearest_unpool2d,
)
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")

inf = float("inf")
dtypes = st.sampled_from([torch.float32, torch.float64])
sides = st.integers(1, 3)


@st.composite
def tensors(draw: st.DrawFn, *, height: int = 7, width: int = 7, unbatched: bool = False, values: int = 30) -> Tensor:
    """Draw a batch (N, C, H, W), sometimes empty, sometimes a transposed view, sometimes with many ties and −inf."""
    shape = (
        draw(st.integers(0, 2)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, height)),
        draw(st.integers(1, width)),
    )
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    spread = draw(st.sampled_from([2, values]))
    x = torch.randint(-spread, spread + 1, shape, generator=generator).to(draw(dtypes)) / 3
    if draw(st.booleans()):
        x = x.masked_fill(torch.rand(shape, generator=generator) < 0.2, -inf)
    if draw(st.booleans()):
        x = x.transpose(2, 3).contiguous().transpose(2, 3)
    return x[0] if unbatched and len(x) and draw(st.booleans()) else x


@st.composite
def windows(draw: st.DrawFn, sizes: tuple[int, ...]) -> tuple[object, object, object]:
    """Draw a kernel that fits `sizes`, a stride and a padding, each as an int, a 1-tuple or a pair, or stride=None."""
    kernel = [draw(st.integers(1, 4)) for _ in sizes]
    padding = [draw(st.integers(0, k // 2)) for k in kernel]
    kernel = [min(k, size + 2 * p) for k, size, p in zip(kernel, sizes, padding, strict=True)]
    padding = [min(p, k // 2) for k, p in zip(kernel, padding, strict=True)]
    kernel = [min(k, size + 2 * p) for k, size, p in zip(kernel, sizes, padding, strict=True)]
    stride = [draw(sides) for _ in sizes]

    def written(pair: list[int]) -> object:
        ways: list[object] = [tuple(pair), list(pair)]
        if pair[0] == pair[1]:
            ways += [pair[0], (pair[0],)]
        return draw(st.sampled_from(ways))

    return written(kernel), draw(st.sampled_from([written(stride), None])), written(padding)


def assert_same(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert torch.equal(ours, theirs)


def weighted_sum(x: Tensor) -> Tensor:
    return (x * torch.cos(torch.arange(x.numel(), dtype=x.dtype)).reshape(x.shape)).sum()


# --- against torch's operators ----------------------------------------------------------------------------------------


@given(tensors(), st.integers(1, 4))
def test_nearest_equals_interpolate(x: Tensor, scale: int) -> None:
    ours = nearest_unpool2d(x, scale)
    assert ours.dtype == x.dtype
    if len(x):
        assert_same(ours, F.interpolate(x, scale_factor=scale, mode="nearest"))
    else:
        assert ours.shape == (0, x.shape[1], x.shape[2] * scale, x.shape[3] * scale)


@given(st.data())
def test_pooling_equals_max_pool2d(data: st.DataObject) -> None:
    x = data.draw(tensors(unbatched=True))
    kernel, stride, padding = data.draw(windows(tuple(x.shape[-2:])))
    before = x.clone()
    ours = max_pool2d_with_indices(x, kernel, stride, padding)  # type: ignore[arg-type]
    theirs = F.max_pool2d(x, kernel, stride, padding, return_indices=True)  # type: ignore[arg-type]
    for mine, torchs in zip(ours, theirs, strict=True):
        assert_same(mine, torchs)
    assert torch.equal(x, before)


@given(st.data())
def test_unpooling_equals_max_unpool2d(data: st.DataObject) -> None:
    x = data.draw(tensors(unbatched=True))
    size = tuple(x.shape[-2:])
    kernel, stride, padding = data.draw(windows(size))
    values, indices = F.max_pool2d(x, kernel, stride, padding, return_indices=True)  # type: ignore[arg-type]
    # Pooling with a stride above the kernel may read beyond the default size: then the size has to be told.
    ways: list[tuple[int, ...]] = [size] if x.ndim == 3 else [size, tuple(x.shape)]
    output_size = data.draw(st.sampled_from(ways))
    ours = max_unpool2d(values, indices, kernel, stride, padding, output_size)  # type: ignore[arg-type]
    if len(x):
        steps = None if stride is None else pair(stride)  # type: ignore[arg-type]
        # Torch's own unpooling takes no 1-tuples.
        assert_same(ours, F.max_unpool2d(values, indices, pair(kernel), steps, pair(padding), list(output_size)))  # type: ignore[arg-type]
    else:
        assert ours.shape == x.shape


@given(st.data())
def test_unpooling_without_output_size_equals_max_unpool2d(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 2), st.integers(1, 3), sides, sides))
    kernel, stride = data.draw(st.integers(1, 3)), data.draw(sides)
    padding = data.draw(st.integers(0, kernel // 2))
    height, width = ((side - 1) * stride - 2 * padding + kernel for side in shape[2:])
    if height < 1 or width < 1:
        return
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    x = torch.randn(shape, generator=generator, dtype=data.draw(dtypes))
    count = shape[2] * shape[3]
    if count > height * width:
        return
    planes = [torch.randperm(height * width, generator=generator)[:count] for _ in range(shape[0] * shape[1])]
    indices = torch.stack(planes).view(shape)
    ours = max_unpool2d(x, indices, kernel, stride, padding)
    assert_same(ours, F.max_unpool2d(x, indices, kernel, stride, padding))


@given(st.data())
def test_gradients_equal_torchs(data: st.DataObject) -> None:
    """On values without ties, where the gradient is one and the same for every right way."""
    shape = (2, 3, data.draw(st.integers(3, 7)), data.draw(st.integers(3, 7)))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    values = torch.randperm(int(torch.tensor(shape).prod()), generator=generator).double().view(shape)
    kernel, stride, padding = data.draw(windows(shape[2:]))

    def gradients(pool: Callable[..., tuple[Tensor, Tensor]], enlarge: Callable[[Tensor], Tensor]) -> list[Tensor]:
        x = values.clone().requires_grad_()
        pooled, _ = pool(x, kernel, stride, padding)
        return [torch.autograd.grad(weighted_sum(y), x)[0] for y in (pooled, enlarge(x))]

    def torch_pool(x: Tensor, *window: object) -> tuple[Tensor, Tensor]:
        values, indices = F.max_pool2d(x, *window, return_indices=True)  # type: ignore[arg-type]
        return values, indices

    ours = gradients(max_pool2d_with_indices, lambda x: nearest_unpool2d(x, 3))
    theirs = gradients(torch_pool, lambda x: F.interpolate(x, scale_factor=3))
    for mine, torchs in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, torchs)


def distinct(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    count = int(torch.tensor(shape).prod())
    return torch.randperm(count, generator=generator).double().view(shape).sub(count / 2 + 0.25).requires_grad_()


def test_gradcheck() -> None:
    x = distinct(2, 3, 4, 6)
    indices = F.max_pool2d(distinct(2, 3, 8, 12).detach(), 2, return_indices=True)[1]
    weight, bias = distinct(2, 3, 3, 3), torch.tensor([0.3, -0.6], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: nearest_unpool2d(x, 2), x)
    assert torch.autograd.gradcheck(lambda x: bed_of_nails2d(x, 3), x)
    assert torch.autograd.gradcheck(lambda x: max_pool2d_with_indices(x, 3, 2, 1)[0], x)
    assert torch.autograd.gradcheck(lambda x: max_unpool2d(x, indices, 2), x)
    assert torch.autograd.gradcheck(lambda *a: decoder_stage(a[0], indices, (8, 12), *a[1:]), (x, weight, bias))


def test_an_unpooling_gradient_is_torchs_where_no_position_repeats() -> None:
    x = distinct(2, 3, 2, 3)
    indices = F.max_pool2d(distinct(2, 3, 5, 7).detach(), 2, return_indices=True)[1]
    ours, theirs = (
        torch.autograd.grad(weighted_sum(unpool(x, indices, 2, output_size=(5, 7))), x)[0]
        for unpool in (max_unpool2d, F.max_unpool2d)
    )
    assert_same(ours, theirs)


def test_a_decoder_stage_equals_torchs_three_operators() -> None:
    generator = torch.Generator().manual_seed(1)
    for height, width in itertools.product((4, 5), (6, 7)):
        image = torch.randn(2, 3, height, width, generator=generator)
        x, indices = F.max_pool2d(image, 2, return_indices=True)
        weight, bias = torch.randn(5, 3, 3, 3, generator=generator), torch.randn(5, generator=generator)
        sparse = F.max_unpool2d(x, indices, 2, output_size=[height, width])
        ours = decoder_stage(x, indices, (height, width), weight, bias)
        torch.testing.assert_close(ours, F.conv2d(sparse, weight, bias, padding=1).relu())


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_nearest_and_nails_by_hand() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    copies = [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0], [3.0, 3.0, 4.0, 4.0]]
    nails = [[1.0, 0.0, 2.0, 0.0], [0.0] * 4, [3.0, 0.0, 4.0, 0.0], [0.0] * 4]
    assert nearest_unpool2d(x, 2)[0, 0].tolist() == copies
    assert bed_of_nails2d(x, 2)[0, 0].tolist() == nails


def test_pooling_by_hand() -> None:
    x = torch.tensor([[[[1.0, 9.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 2.0]]]])
    values, indices = max_pool2d_with_indices(x, 2, stride=1)
    assert values[0, 0].tolist() == [[9.0, 9.0], [8.0, 8.0]]
    assert indices[0, 0].tolist() == [[1, 1], [7, 7]]


def test_padding_never_wins_and_indices_belong_to_the_unpadded_plane() -> None:
    values, indices = max_pool2d_with_indices(torch.full((1, 1, 1, 1), -5.0), 3, stride=1, padding=1)
    assert (values.item(), indices.item()) == (-5.0, 0)
    values, indices = max_pool2d_with_indices(torch.tensor([[[[-4.0, -3.0], [-2.0, -1.0]]]]), 2, padding=1)
    assert values[0, 0].tolist() == [[-4.0, -3.0], [-2.0, -1.0]]
    assert indices[0, 0].tolist() == [[0, 1], [2, 3]]


def test_ties_go_to_the_first_in_row_major_order() -> None:
    _, indices = max_pool2d_with_indices(torch.tensor([[[[0.0, 7.0, 5.0, 5.0], [7.0, 7.0, 5.0, 5.0]]]]), 2)
    assert indices[0, 0].tolist() == [[1, 2]]


def test_a_window_of_minus_infinity_names_its_first_pixel() -> None:
    for padding in (0, 1):
        x = torch.full((1, 1, 3, 3), -inf)
        ours = max_pool2d_with_indices(x, 2, 2, padding)[1]
        assert_same(ours, F.max_pool2d(x, 2, 2, padding, return_indices=True)[1])


def test_a_nan_wins_as_in_torch() -> None:
    x = torch.tensor([[[[1.0, float("nan")], [3.0, 4.0]]]])
    values, indices = max_pool2d_with_indices(x, 2)
    assert values.isnan().all()
    assert_same(indices, F.max_pool2d(x, 2, return_indices=True)[1])


def test_a_repeated_position_is_assigned_not_summed() -> None:
    out = max_unpool2d(torch.tensor([[[[9.0, 9.0], [9.0, 9.0]]]]), torch.full((1, 1, 2, 2), 4), 2, stride=1)
    assert out[0, 0].tolist() == [[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 0.0]]


def test_output_size_tells_odd_maps_from_even_ones() -> None:
    x, indices = torch.tensor([[[[5.0]]]]), torch.tensor([[[[4]]]])
    assert max_unpool2d(x, indices, 2, output_size=(3, 3))[0, 0].tolist() == [[0.0] * 3, [0.0, 5.0, 0.0], [0.0] * 3]
    assert max_unpool2d(x, indices, 2, output_size=(1, 1, 3, 3)).shape == (1, 1, 3, 3)
    assert max_unpool2d(x, indices, 2, output_size=torch.Size([3, 3])).shape == (1, 1, 3, 3)


# --- laws -------------------------------------------------------------------------------------------------------------


@given(st.data())
def test_pooling_undoes_unpooling_of_positive_values(data: st.DataObject) -> None:
    x = data.draw(tensors(height=6, width=6))
    kernel = data.draw(st.integers(1, min(3, *x.shape[2:])))
    _, indices = max_pool2d_with_indices(x, kernel)
    values = torch.rand(indices.shape, dtype=x.dtype) + 0.1
    again, places = max_pool2d_with_indices(max_unpool2d(values, indices, kernel, output_size=x.shape), kernel)
    assert_same(again, values)
    assert_same(places, indices)


@given(tensors(values=5), st.integers(1, 3))
def test_averaging_undoes_nearest(x: Tensor, scale: int) -> None:
    if len(x):
        torch.testing.assert_close(F.avg_pool2d(nearest_unpool2d(x, scale), scale), x)


@given(tensors(), st.integers(1, 3))
def test_slicing_undoes_a_bed_of_nails(x: Tensor, scale: int) -> None:
    out = bed_of_nails2d(x, scale)
    assert_same(out[:, :, ::scale, ::scale], x)
    assert out.count_nonzero() == x.count_nonzero()


@given(st.integers(0, 1000), st.integers(1, 3))
def test_a_bed_of_nails_is_the_adjoint_of_slicing(seed: int, scale: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, 3, 4, generator=generator, dtype=torch.float64)
    y = torch.randn(2, 3, 3 * scale, 4 * scale, generator=generator, dtype=torch.float64)
    torch.testing.assert_close((bed_of_nails2d(x, scale) * y).sum(), (x * y[:, :, ::scale, ::scale]).sum())


@given(st.integers(0, 1000), st.integers(1, 3))
def test_nearest_is_the_adjoint_of_summing_blocks(seed: int, scale: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, 3, 4, generator=generator, dtype=torch.float64)
    y = torch.randn(2, 3, 3 * scale, 4 * scale, generator=generator, dtype=torch.float64)
    blocks = F.avg_pool2d(y, scale) * scale**2
    torch.testing.assert_close((nearest_unpool2d(x, scale) * y).sum(), (x * blocks).sum())


@given(st.integers(0, 1000))
def test_max_unpooling_is_the_adjoint_of_reading_at_the_indices(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    _, indices = max_pool2d_with_indices(torch.randn(2, 3, 6, 8, generator=generator), 2)
    x = torch.randn(indices.shape, generator=generator, dtype=torch.float64)
    y = torch.randn(2, 3, 6, 8, generator=generator, dtype=torch.float64)
    read = y.flatten(2).gather(2, indices.flatten(2)).view(indices.shape)
    torch.testing.assert_close((max_unpool2d(x, indices, 2) * y).sum(), (x * read).sum())


def test_scale_one_gives_a_tensor_of_its_own() -> None:
    x = torch.ones(1, 1, 2, 2)
    for enlarge in (nearest_unpool2d, bed_of_nails2d):
        enlarge(x, 1).zero_()
        assert x.all()


def test_an_expanded_input_is_enough() -> None:
    x = torch.arange(6.0).view(1, 1, 2, 3).expand(2, 3, 2, 3)
    assert_same(nearest_unpool2d(x, 2), F.interpolate(x, scale_factor=2))
    values, indices = max_pool2d_with_indices(x, (1, 2), (1, 1))
    expected = F.max_pool2d(x, (1, 2), (1, 1), return_indices=True)
    assert_same(values, expected[0])
    assert_same(indices, expected[1])


# --- errors -----------------------------------------------------------------------------------------------------------

good = torch.zeros(2, 3, 4, 6)
small = torch.zeros(2, 3, 2, 3)
positions = torch.zeros(2, 3, 2, 3, dtype=torch.int64)
weights = torch.zeros(5, 3, 3, 3)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["x", "list"], lambda: nearest_unpool2d([[1.0]], 2)),  # type: ignore[arg-type]
        (TypeError, ["x", "torch.int64"], lambda: nearest_unpool2d(good.long(), 2)),
        (ValueError, ["x", "(N, C, H, W)", "(3, 4, 6)"], lambda: nearest_unpool2d(good[0], 2)),
        (ValueError, ["scale", "0"], lambda: nearest_unpool2d(good, 0)),
        (TypeError, ["scale", "2.0"], lambda: nearest_unpool2d(good, 2.0)),  # type: ignore[arg-type]
        (TypeError, ["scale", "True"], lambda: nearest_unpool2d(good, True)),
        (TypeError, ["scale", "(2, 2)"], lambda: bed_of_nails2d(good, (2, 2))),  # type: ignore[arg-type]
        (ValueError, ["x", "(4, 6)"], lambda: bed_of_nails2d(good[0, 0], 2)),
        (ValueError, ["scale", "-1"], lambda: bed_of_nails2d(good, -1)),
        (TypeError, ["x", "torch.bool"], lambda: max_pool2d_with_indices(good.bool(), 2)),
        (ValueError, ["x", "(C, H, W)", "(4, 6)"], lambda: max_pool2d_with_indices(good[0, 0], 2)),
        (ValueError, ["kernel_size", "0"], lambda: max_pool2d_with_indices(good, 0)),
        (ValueError, ["kernel_size", "(1, 2, 3)"], lambda: max_pool2d_with_indices(good, (1, 2, 3))),
        (TypeError, ["kernel_size", "2.0"], lambda: max_pool2d_with_indices(good, 2.0)),  # type: ignore[arg-type]
        (ValueError, ["stride", "0"], lambda: max_pool2d_with_indices(good, 2, 0)),
        (ValueError, ["padding", "-1"], lambda: max_pool2d_with_indices(good, 2, 2, -1)),
        (ValueError, ["padding", "2", "half"], lambda: max_pool2d_with_indices(good, 2, 2, 2)),
        (ValueError, ["kernel_size", "height 5", "4"], lambda: max_pool2d_with_indices(good, 5)),
        (TypeError, ["x", "NoneType"], lambda: max_unpool2d(None, positions, 2)),  # type: ignore[arg-type]
        (TypeError, ["indices", "torch.int32"], lambda: max_unpool2d(small, positions.int(), 2)),
        (TypeError, ["indices", "list"], lambda: max_unpool2d(small, [0], 2)),  # type: ignore[arg-type]
        (ValueError, ["indices", "(2, 3, 2, 3)", "(2, 3, 2, 2)"], lambda: max_unpool2d(small, positions[..., :2], 2)),
        (ValueError, ["indices", "23", "24"], lambda: max_unpool2d(small, positions + 24, 2)),
        (ValueError, ["indices", "-1"], lambda: max_unpool2d(small, positions - 1, 2)),
        (ValueError, ["kernel_size", "0"], lambda: max_unpool2d(small, positions, 0)),
        (ValueError, ["stride", "0"], lambda: max_unpool2d(small, positions, 2, 0)),
        (ValueError, ["padding", "-1"], lambda: max_unpool2d(small, positions, 2, 2, -1)),
        (ValueError, ["output_size", "(5,)"], lambda: max_unpool2d(small, positions, 2, output_size=(5,))),
        (ValueError, ["output_size", "height", "6"], lambda: max_unpool2d(small, positions, 2, output_size=(6, 6))),
        (ValueError, ["output_size", "width", "4"], lambda: max_unpool2d(small, positions, 2, output_size=(4, 4))),
        (
            ValueError,
            ["x", "(3, 2, 3)"],
            lambda: decoder_stage(small[0], positions[0], (4, 6), weights, weights[:, 0, 0, 0]),
        ),
        (
            ValueError,
            ["weight", "(5, 3, 3)"],
            lambda: decoder_stage(small, positions, (4, 6), weights[..., 0], weights[:, 0, 0, 0]),
        ),
        (ValueError, ["output_size"], lambda: decoder_stage(small, positions, (4, 9), weights, weights[:, 0, 0, 0])),
    ],
)
def test_an_error_names_the_argument_and_what_came(
    error: type[Exception], words: list[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)


# --- the source -------------------------------------------------------------------------------------------------------


def test_no_reference_calls_the_operator_that_it_recreates() -> None:
    source = inspect.getsource(unpooling)
    assert (
        find_in_source(source, ("maxpool", "maxunpool", "interpolate", "upsampl", "adaptive"), {"nn": "torch.nn"}) == []
    )
    assert "max_pool2d(" not in "".join(
        ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
    )


def test_gradient_of_a_window_of_minus_infinity_goes_where_its_index_points() -> None:
    x = torch.full((1, 1, 3, 3), -math.inf, dtype=torch.float64)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    max_pool2d_with_indices(ours, 3, 2, 1)[0].sum().backward()
    F.max_pool2d(theirs, 3, 2, 1).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


X = torch.ones(1, 2, 2, 2)
INDICES = torch.tensor([0, 2, 8, 10]).reshape(1, 1, 2, 2).expand(1, 2, 2, 2)
WEIGHT, BIAS = torch.ones(3, 2, 3, 3), torch.zeros(3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: max_unpool2d(X, INDICES, 2, output_size=4), "output_size must be"),
        (lambda: max_unpool2d(X, INDICES, 2, output_size=(4.0, 4.0)), "output_size must be"),
        (lambda: max_unpool2d(X, INDICES, 2, output_size="44"), "output_size must be"),
        (lambda: max_unpool2d(X, INDICES, 2, output_size=(2, 2, 4, 4)), "output_size must have the N and C of x"),
        (lambda: max_unpool2d(X, INDICES, 1, 1, 3), "padding must leave an output"),
        (lambda: decoder_stage(X, INDICES, 4, WEIGHT, BIAS), "output_size must be"),
        (lambda: decoder_stage(X, INDICES, (4, 4), WEIGHT[:, :1], BIAS), "weight must have shape"),
        (lambda: decoder_stage(X, INDICES, (4, 4), WEIGHT[..., :2, :], BIAS), "weight must have shape"),
        (lambda: decoder_stage(X, INDICES, (4, 4), WEIGHT, BIAS[:2]), "bias must have shape"),
        (lambda: decoder_stage(X, INDICES, (4, 4), WEIGHT.double(), BIAS), "weight must have the dtype of x"),
        (lambda: decoder_stage(X, INDICES, (4, 4), WEIGHT, None), "bias must be a torch.Tensor"),
        (lambda: nearest_unpool2d(X.to_sparse(), 2), "x must be a dense tensor"),
    ],
)
def test_arguments_that_fit_nothing_are_named_in_one_sentence(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()
