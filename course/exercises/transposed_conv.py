"""The exercises of chapter 04, Transposed convolution: an upsampling that is learnt.

Values, filters and biases are small multiples of 1/4, so that stamps may be summed in any order. Padding stays below
the filter's size, as it does in networks: the well-known way over a convolution of a bed of nails needs that.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise

CHAPTER = "04_transposed_conv"

_Int = int | tuple[int, int]


def _stamping(
    rng: np.random.Generator,
    x: tuple[int, ...],
    weight: tuple[int, ...],
    *,
    bias: bool = False,
    stride: _Int = 1,
    padding: _Int = 0,
    output_padding: _Int = 0,
    dtype: torch.dtype = torch.float32,
) -> dict[str, object]:
    """Draw the arguments of a transposed convolution of an `x` and a `weight` of these shapes."""
    exact = dtype == torch.float32
    values = distinct(rng, x, step=0.5) if exact else thirds(rng, x)
    filters = distinct(rng, weight, step=0.25) if exact else thirds(rng, weight) / 7
    offsets = distinct(rng, weight[1:2], step=8.0, dtype=dtype) / (1 if exact else 3) if bias else None
    sizes = {"stride": stride, "padding": padding, "output_padding": output_padding}
    return {"x": values, "weight": filters, "bias": offsets, **sizes}


def _stamping_signals(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose1d`, called by position."""
    x, weight = distinct(rng, (1, 1, 3), sign="positive"), distinct(rng, (1, 1, 3), sign="positive")
    yield Case("three values, a filter of three, stride 2", {"x": x, "weight": weight, "bias": None, "stride": 2})

    length, kernel = different(rng, 2, 5)
    x, weight = distinct(rng, (1, 1, length)), distinct(rng, (1, 1, kernel))
    yield Case("x and weight alone: stride 1, no padding, no bias", {"x": x, "weight": weight})

    batch, inputs, outputs = different(rng, 2, 4, 3)
    arguments = _stamping(rng, (batch, inputs, 5), (inputs, outputs, 3), bias=True, stride=2)
    yield Case("several signals, different numbers of channels in and out, a bias", arguments)

    arguments = _stamping(rng, (1, 2, int(rng.integers(3, 6))), (2, 2, 4), stride=3)
    yield Case("as many channels in as out", arguments)

    length, kernel = different(rng, 2, 4)
    arguments = _stamping(rng, (2, 1, length), (1, 2, kernel), bias=True, stride=kernel + 2)
    yield Case("a stride larger than the filter leaves gaps", arguments)

    length = int(rng.integers(4, 7))
    yield Case("padding crops both ends", _stamping(rng, (1, 2, length), (2, 1, 4), bias=True, stride=2, padding=1))

    length, kernel = different(rng, 4, 6)
    arguments = _stamping(rng, (1, 1, length), (1, 2, kernel), stride=2, padding=kernel - 1)
    yield Case("padding of the filter's size less one", arguments)

    arguments = _stamping(
        rng, (2, 1, int(rng.integers(2, 5))), (1, 3, 2), bias=True, stride=3, output_padding=int(rng.integers(1, 3))
    )
    yield Case("output_padding lengthens the right end", arguments)

    length = int(rng.integers(3, 6))
    arguments = _stamping(rng, (1, 2, length), (2, 2, 5), bias=True, stride=3, padding=2, output_padding=2)
    yield Case("output_padding uncovers what padding cropped", arguments)

    kernel, batch = different(rng, 2, 5)
    yield Case("signals of one value", _stamping(rng, (batch, 2, 1), (2, 3, kernel), stride=2))

    length = int(rng.integers(2, 6))
    yield Case("a filter of one number", _stamping(rng, (1, 3, length), (3, 2, 1), bias=True, stride=3))

    length, kernel = different(rng, 2, 5)
    arguments = _stamping(rng, (0, 2, length), (2, 3, kernel), bias=True, stride=2)
    yield Case("an empty batch", arguments)

    length = int(rng.integers(3, 6))
    arguments = _stamping(rng, (1, 2, length), (2, 2, 3), bias=True, stride=2, padding=1, dtype=torch.float64)
    yield Case("float64, with values that float32 cannot hold", arguments)

    length = int(rng.integers(3, 6))
    arguments = _stamping(rng, (2, 3, length), (3, 2, 4), bias=True, stride=2, padding=1)
    yield Case("inputs that are not contiguous", _cut_out(arguments))

    length = int(rng.integers(3, 6))
    arguments = _stamping(rng, (1, 2, length), (2, 1, 3), stride=2)
    yield Case("one signal three times, which is not contiguous", _expanded(arguments))

    length = int(rng.integers(3, 6))
    arguments = _stamping(rng, (2, 2, length), (2, 3, 3), bias=True, stride=2, padding=1, output_padding=1)
    yield Case("gradients flow back", arguments, gradient=True)


def _cut_out(arguments: dict[str, object]) -> dict[str, object]:
    """Cut the tensors out of larger ones: no `.view` flattens them, while `torch.kron`, a fair way, still bears them.

    It does not bear one whose last two dimensions are exchanged in memory.
    """
    x, weight = arguments["x"], arguments["weight"]
    assert isinstance(x, Tensor)
    assert isinstance(weight, Tensor)
    return {**arguments, "x": sliced(x), "weight": sliced(weight)}


def _expanded(arguments: dict[str, object]) -> dict[str, object]:
    """Make a batch of three of the only item, without a copy."""
    x = arguments["x"]
    assert isinstance(x, Tensor)
    return {**arguments, "x": x.expand(3, *x.shape[1:])}


def _sizing(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose_output_size`, called by position."""

    def case(name: str, size: int, kernel: int, *rest: int) -> Case:
        return Case(name, dict(zip(_SIZES, (size, kernel, *rest), strict=False)))

    size, kernel = different(rng, 4, 9)
    yield case("a stride of 2", size, kernel, 2)
    size, kernel = different(rng, 3, 8)
    yield case("size and kernel alone", size, kernel)
    size, kernel, stride = different(rng, 3, 8, 3)
    yield case("a stride", size, kernel, stride)
    size, kernel = different(rng, 2, 5)
    yield case("a stride larger than the kernel", size, kernel, kernel + int(rng.integers(1, 4)))
    size, kernel = different(rng, 5, 9)
    yield case("padding", size, kernel, 3, int(rng.integers(1, 4)))
    size, kernel, stride = different(rng, 4, 8, 3)
    yield case("output padding", size, kernel, stride, 0, int(rng.integers(1, stride)))
    size, kernel, stride = different(rng, 4, 8, 3)
    yield case(
        "padding and output padding", size, kernel, stride, int(rng.integers(1, 4)), int(rng.integers(1, stride))
    )
    size = int(rng.integers(5, 300))
    yield case("kernel 4, stride 2, padding 1", size, 4, 2, 1)
    stride = int(rng.integers(2, 9))
    yield case("a single pixel", 1, int(rng.integers(2, 9)), stride)
    size, stride = different(rng, 2, 9)
    yield case("a kernel of one pixel", size, 1, stride)
    size = int(rng.integers(10, 20))
    yield case("FCN-32s: kernel 64, stride 32", size, 64, 32)
    size, kernel = int(rng.integers(7, 12)), int(rng.integers(3, 6))
    yield case("padding that makes the output smaller than the input", size, kernel, 1, kernel - 1)
    padding = int(rng.integers(1, 5))
    yield case("an output of one pixel", 1 + padding, 1 + padding, 1, padding)


_SIZES = ("size", "kernel_size", "stride", "padding", "output_padding")


def _stamping_images(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose2d`, called by position."""
    x, weight = distinct(rng, (1, 1, 2, 3), sign="positive"), distinct(rng, (1, 1, 3, 3), sign="positive")
    yield Case("one channel, a 3 × 3 filter, stride 2", {"x": x, "weight": weight, "bias": None, "stride": 2})

    (height, width), (kh, kw) = different(rng, 2, 4), different(rng, 2, 4)
    x, weight = distinct(rng, (1, 1, height, width)), distinct(rng, (1, 1, kh, kw))
    yield Case("x and weight alone: stride 1, no padding, no bias", {"x": x, "weight": weight})

    height, width = different(rng, 2, 3)
    batch, inputs, outputs = different(rng, 2, 4, 3)
    arguments = _stamping(rng, (batch, inputs, height, width), (inputs, outputs, 3, 2), bias=True, stride=2)
    yield Case("several images, different numbers of channels in and out, a bias", arguments)

    height, width = different(rng, 2, 4)
    yield Case("as many channels in as out", _stamping(rng, (1, 2, height, width), (2, 2, 3, 3), stride=2))

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    kernel, stride = ((4, 2), (1, 3)) if turned else ((2, 4), (3, 1))
    arguments = _stamping(rng, (1, 2, height, width), (2, 1, *kernel), stride=stride)
    yield Case("a kernel and a stride of their own for height and width", arguments)

    height, width = different(rng, 2, 4)
    arguments = _stamping(rng, (1, 1, height, width), (1, 2, 2, 2), bias=True, stride=3)
    yield Case("a stride larger than the filter leaves gaps", arguments)

    height, width = different(rng, 3, 5)
    arguments = _stamping(rng, (1, 2, height, width), (2, 1, 4, 4), bias=True, stride=2, padding=1)
    yield Case("padding crops every side", arguments)

    (height, width), turned = different(rng, 3, 5), bool(rng.integers(2))
    kernel, padding = ((3, 4), (0, 2)) if turned else ((4, 3), (2, 0))
    arguments = _stamping(rng, (1, 1, height, width), (1, 2, *kernel), stride=2, padding=padding)
    yield Case("padding of its own for height and width", arguments)

    height, width = different(rng, 3, 5)
    arguments = _stamping(rng, (2, 1, height, width), (1, 1, 3, 3), padding=2)
    yield Case("padding of the filter's size less one", arguments)

    height, width = different(rng, 2, 3)
    extra = int(rng.integers(1, 3))
    arguments = _stamping(rng, (1, 1, height, width), (1, 2, 2, 3), bias=True, stride=3, output_padding=extra)
    yield Case("output_padding enlarges at the bottom and on the right", arguments)

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    extra_pair = (2, 1) if turned else (1, 2)
    arguments = _stamping(
        rng, (1, 2, height, width), (2, 1, 4, 4), bias=True, stride=3, padding=2, output_padding=extra_pair
    )
    yield Case("output_padding of its own for height and width uncovers what padding cropped", arguments)

    batch, inputs, outputs = different(rng, 1, 4, 3)
    yield Case("images of one pixel", _stamping(rng, (batch, inputs, 1, 1), (inputs, outputs, 2, 3), stride=2))

    height, width = different(rng, 2, 4)
    arguments = _stamping(rng, (1, 3, height, width), (3, 2, 1, 1), bias=True, stride=2)
    yield Case("a filter of one pixel", arguments)

    height, width = different(rng, 2, 4)
    arguments = _stamping(rng, (0, 2, height, width), (2, 3, 3, 3), bias=True, stride=2, padding=1)
    yield Case("an empty batch", arguments)

    height, width = different(rng, 2, 3)
    arguments = _stamping(rng, (1, 2, height, width), (2, 2, 3, 3), bias=True, stride=2, padding=1, dtype=torch.float64)
    yield Case("float64, with values that float32 cannot hold", arguments)

    height, width = different(rng, 2, 4)
    arguments = _stamping(rng, (2, 3, height, width), (3, 2, 3, 2), bias=True, stride=2)
    yield Case("inputs that are not contiguous", _cut_out(arguments))

    height, width = different(rng, 2, 3)
    arguments = _stamping(rng, (1, 2, height, width), (2, 1, 2, 3), stride=2)
    yield Case("one image three times, which is not contiguous", _expanded(arguments))

    height, width = different(rng, 2, 3)
    arguments = _stamping(
        rng, (2, 2, height, width), (2, 3, 3, 3), bias=True, stride=(2, 3), padding=1, output_padding=(1, 0)
    )
    yield Case("gradients flow back", arguments, gradient=True)


def _writing_matrices(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_matrix`, called by position."""

    def weight(*shape: int) -> Tensor:
        return distinct(rng, shape, step=0.5)

    kernel = distinct(rng, (1, 1, 2, 2), sign="positive")
    yield Case("one channel, a 2 × 2 filter on 3 × 4 pixels", {"weight": kernel, "input_size": (3, 4)})

    height, width = different(rng, 3, 4)
    outputs, inputs = different(rng, 2, 3)
    yield Case("several channels in and out", {"weight": weight(outputs, inputs, 2, 2), "input_size": (height, width)})

    height, width = different(rng, 4, 6)
    yield Case("a stride of 2", {"weight": weight(2, 1, 3, 2), "input_size": (height, width), "stride": 2})

    (height, width), turned = different(rng, 5, 6), bool(rng.integers(2))
    kernel, steps = (weight(1, 1, 3, 1), (1, 3)) if turned else (weight(1, 1, 1, 3), (3, 1))
    yield Case(
        "a filter and a stride of their own for height and width",
        {"weight": kernel, "input_size": (height, width), "stride": steps},
    )

    height, width = different(rng, 3, 4)
    yield Case("padding", {"weight": weight(1, 2, 3, 3), "input_size": (height, width), "stride": 1, "padding": 1})

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    kernel, border = (weight(2, 1, 3, 2), (2, 0)) if turned else (weight(2, 1, 2, 3), (0, 2))
    yield Case(
        "padding of its own for height and width",
        {"weight": kernel, "input_size": (height, width), "stride": 1, "padding": border},
    )

    height, width = different(rng, 2, 3)
    yield Case(
        "stride and padding, and rows left over",
        {"weight": weight(1, 1, 3, 3), "input_size": (2 * height, 2 * width), "stride": 2, "padding": 1},
    )

    outputs, inputs = different(rng, 2, 4)
    yield Case("a filter as large as the image", {"weight": weight(outputs, inputs, 2, 3), "input_size": (2, 3)})

    yield Case(
        "an image of one pixel",
        {"weight": weight(2, 3, 3, 3), "input_size": (1, 1), "stride": int(rng.integers(1, 3)), "padding": 1},
    )

    height, width = different(rng, 2, 3)
    outputs, inputs = different(rng, 2, 4)
    yield Case("a filter of one pixel", {"weight": weight(outputs, inputs, 1, 1), "input_size": (height, width)})

    height, width = different(rng, 3, 4)
    yield Case(
        "float64, with values that float32 cannot hold",
        {"weight": thirds(rng, (2, 1, 2, 2)), "input_size": (height, width)},
    )

    height, width = different(rng, 3, 4)
    yield Case(
        "a weight that is not contiguous",
        {"weight": sliced(weight(2, 2, 2, 3)), "input_size": (height, width), "stride": 1, "padding": (1, 0)},
    )

    height, width = different(rng, 3, 4)
    yield Case(
        "gradients flow back",
        {"weight": weight(2, 2, 2, 2), "input_size": (height, width), "stride": 2, "padding": 1},
        gradient=True,
    )


def _interpolating(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `bilinear_kernel`, called by position."""

    def case(name: str, channels: int, kernel: int) -> Case:
        return Case(name, {"channels": channels, "kernel_size": kernel})

    yield case("one channel, an even size", 1, int(rng.choice([4, 6])))
    yield case("one channel, an odd size", 1, int(rng.choice([3, 5, 7])))
    yield case("several channels", int(rng.integers(2, 5)), 4)
    yield case("several channels, an odd size", int(rng.integers(2, 5)), 3)
    yield case("kernel 2: nothing to blend", int(rng.integers(1, 4)), 2)
    yield case("a kernel of one pixel", int(rng.integers(1, 4)), 1)
    yield case("a large kernel", int(rng.integers(1, 3)), int(rng.choice([8, 9, 10])))


def _scores(rng: np.random.Generator, batch: int, classes: int, height: int, width: int) -> dict[str, Tensor]:
    """Draw the arguments of `fuse_skip` for scores of size height × width."""
    coarse = distinct(rng, (batch, classes, -(-height // 2), -(-width // 2)), step=0.5)
    skip = distinct(rng, (batch, classes, height, width), step=4.0)
    return {"coarse": coarse, "skip": skip, "weight": distinct(rng, (classes, classes, 4, 4), step=0.25)}


def _fusing(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `fuse_skip`, called by position."""
    yield Case("one class, from 2 × 3 to 4 × 6", _scores(rng, 1, 1, 4, 6))

    height, width = different(rng, 1, 3)
    batch, classes = different(rng, 2, 3)
    yield Case("several images and classes", _scores(rng, batch, classes, 2 * height, 2 * width))
    height, width = different(rng, 1, 3)
    yield Case("an odd height and width", _scores(rng, 1, 2, 2 * height + 1, 2 * width + 1))
    height, width = different(rng, 2, 3)
    yield Case("an odd width only", _scores(rng, 2, 1, 2 * height, 2 * width - 1))
    height, width = different(rng, 2, 3)
    yield Case("an odd height only", _scores(rng, 1, 3, 2 * height - 1, 2 * width))
    yield Case("scores of one pixel", _scores(rng, int(rng.integers(2, 4)), 2, 1, 1))
    yield Case("a single coarse score for 2 × 1 pixels", _scores(rng, 3, 2, 2, 1))

    height, width = different(rng, 2, 5)
    arguments = _scores(rng, 1, 1, height, width)
    slope = torch.tensor([0.25, 0.75, 0.75, 0.25])
    yield Case("a bilinear filter", {**arguments, "weight": (slope[:, None] * slope)[None, None]})

    height, width = different(rng, 2, 5)
    yield Case("an empty batch", _scores(rng, 0, 2, height, width))

    height, width = different(rng, 3, 5)
    arguments = {name: x.double() / 3 for name, x in _scores(rng, 1, 2, height, width).items()}
    yield Case("float64, with values that float32 cannot hold", arguments)

    height, width = different(rng, 3, 5)
    arguments = _scores(rng, 2, 3, height, width)
    apart = {"coarse": sliced(arguments["coarse"]), "skip": transposed(arguments["skip"])}
    yield Case("inputs that are not contiguous", {**arguments, **apart})

    height, width = different(rng, 3, 5)
    yield Case("gradients flow back", _scores(rng, 2, 2, height, width), gradient=True)


_TRANSPOSED = (
    r"conv(olution)?(\dd)?transpose",  # conv_transpose2d, ConvTranspose2d, LazyConvTranspose2d, keras's Conv2DTranspose
    r"\.convolution\.transposed",  # torch.convolution(..., transposed=True), as the dispatcher sees it
    r"^torch\.nn\.grad\b",  # conv2d_input is the transposed convolution
)
# The gradient of `F.conv2d(z, weight)` with respect to z is it, too, and stays allowed with F.conv2d: to ask for that
# one is to have understood the chapter.

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        name="conv_transpose_output_size",
        chapter=CHAPTER,
        points=4,
        minutes=8,
        difficulty=1,
        reference="solutions.transposed_conv:conv_transpose_output_size",
        cases=_sizing,
        hints=(
            "Where does the first stamp start, and where the last? How far does the last one reach?",
            "The last of `size` stamps starts (size − 1) strides after the first and is `kernel_size` long. Then "
            "padding crops on both sides, and output padding adds on one.",
            "Take the convolution's formula, n = (m + 2·padding − kernel_size) / stride + 1, without its floor, and "
            "solve it for m.",
        ),
    ),
    Exercise(
        name="conv_transpose1d",
        chapter=CHAPTER,
        points=6,
        minutes=20,
        difficulty=3,
        reference="solutions.transposed_conv:conv_transpose1d",
        cases=_stamping_signals,
        hints=(
            "Do [1, 2] with the filter [3, 1, 2] and stride 2 on paper: write each stamp in a row of its own, at the "
            "place where it falls, and add the columns up.",
            "Start from zeros of the whole length, (L − 1)·stride + k + output_padding, and add each stamp at its "
            "place. Crop `padding` positions at both ends once all stamps are there; add the bias last, everywhere.",
            "For position `a` of the filter, `torch.einsum('nil,io->nol', x, weight[:, :, a])` holds what every value "
            "contributes there. It belongs to positions a, a + stride, a + 2·stride, …: a slice with a step.",
        ),
        forbidden=_TRANSPOSED,
        forbidden_sentence="This exercise is to build the transposed convolution yourself, without a library's own.",
    ),
    Exercise(
        name="conv_transpose2d",
        chapter=CHAPTER,
        points=10,
        minutes=30,
        difficulty=4,
        reference="solutions.transposed_conv:conv_transpose2d",
        cases=_stamping_images,
        hints=(
            "Everything from one dimension holds, twice over. What are the first and the last row that pixel (h, w) "
            "stamps, and which columns?",
            "Make a plane of zeros for the stamps before cropping, (H − 1)·sh + kh + output_padding rows high. For "
            "each position (a, b) of the filter, add what all pixels contribute there in one go, summed over the input "
            "channels.",
            "For position (a, b): `torch.einsum('nihw,io->nohw', x, weight[:, :, a, b])` goes to rows "
            "a : a + H·sh : sh and columns b : b + W·sw : sw of the plane, with `+=`. Then crop ph rows and pw columns "
            "on each side and add `bias[:, None, None]`.",
        ),
        forbidden=_TRANSPOSED,
        forbidden_sentence="This exercise is to build the transposed convolution yourself, without a library's own.",
    ),
    Exercise(
        name="conv_matrix",
        chapter=CHAPTER,
        points=6,
        minutes=20,
        difficulty=3,
        reference="solutions.transposed_conv:conv_matrix",
        cases=_writing_matrices,
        hints=(
            "One row of M makes one output value. Which pixels of the image does that value look at, and with which "
            "weights? Everything else in the row is zero.",
            "Think of a row as an image: zeros, and the filter where its window lies. Build these images with padding "
            "around them, cut the padding off, and flatten each.",
            "Or ask the convolution itself: column j of a matrix is what it makes of the j-th unit vector. All unit "
            "images at once are `torch.eye(n).view(n, Cin, H, W)`, in the dtype of `weight`, a batch for `F.conv2d`.",
        ),
        outputs=("matrix",),
    ),
    Exercise(
        name="bilinear_kernel",
        chapter=CHAPTER,
        points=4,
        minutes=12,
        difficulty=2,
        reference="solutions.transposed_conv:bilinear_kernel",
        cases=_interpolating,
        hints=(
            "One dimension first: for kernel size 4 the weights are 1/4, 3/4, 3/4, 1/4. Where is the centre, and how "
            "far is each position from it?",
            "t(a) = 1 − |a − centre| / factor for a = 0 … k − 1. The square filter is the product of the one for rows "
            "and the one for columns. Each channel stamps into itself alone.",
            "`torch.arange(k)` gives the positions; `t[:, None] * t` the (k, k) product; `torch.eye(channels)` says "
            "which pairs of channels get it: multiply it, with two more dimensions, by the product.",
        ),
        outputs=("weight",),
    ),
    Exercise(
        name="fuse_skip",
        chapter=CHAPTER,
        points=6,
        minutes=12,
        difficulty=2,
        reference="solutions.transposed_conv:fuse_skip",
        cases=_fusing,
        hints=(
            "Kernel 4, stride 2, padding 1: how large does the transposed convolution make h pixels? And how large is "
            "the skip, where its height is odd?",
            "Twice h is either H or H + 1. The row that is too many is the last one: the halving rounded up at the "
            "bottom and on the right.",
            "Enlarge with `F.conv_transpose2d(coarse, weight, stride=2, padding=1)`, keep the first H rows and W "
            "columns by slicing, and add the skip.",
        ),
    ),
)
