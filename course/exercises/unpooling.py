"""The exercises of chapter 03, Unpooling: five ways to lose resolution and to bring it back.

The cases draw positions with torch's own max pooling, as an encoder would; what an answer must do with them stays with
the reference.
"""

from collections.abc import Iterator
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course.exercises.draw import (
    different,
    distinct,
    sliced,
    thirds,
    transposed,
    with_largest_at,
    with_near_ties,
    with_ties,
)
from course.exercises.exercise import Case, Exercise

CHAPTER = "03_unpooling"


def _enlarging(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of a function of (x, scale), for nearest neighbour and the bed of nails alike."""
    yield Case("a small map, twice as large", {"x": distinct(rng, (1, 1, 2, 3), sign="positive"), "scale": 2})
    height, width = different(rng, 2, 4)
    batch, channels = different(rng, 2, 3)
    x = distinct(rng, (batch, channels, height, width))
    yield Case("several images and channels, height ≠ width", {"x": x, "scale": 2})
    height, width = different(rng, 4, 6)
    yield Case("scale 3", {"x": distinct(rng, (1, 2, height, width)), "scale": 3})
    height, width = different(rng, 2, 4)
    yield Case("scale 1 changes nothing", {"x": distinct(rng, (2, 1, height, width)), "scale": 1})
    yield Case("images of one pixel", {"x": distinct(rng, (3, 2, 1, 1)), "scale": int(rng.integers(3, 5))})
    height, width = different(rng, 2, 4)
    yield Case("an empty batch", {"x": torch.zeros(0, 3, height, width), "scale": 2})
    height, width = different(rng, 2, 3)
    x = thirds(rng, (1, 2, height, width))
    yield Case("float64, with values that float32 cannot hold", {"x": x, "scale": 2})
    height, width = different(rng, 2, 4)
    # Not transposed: torch.kron, a fair way, does not take every transposed tensor.
    x = sliced(distinct(rng, (2, 3, height, width)))
    yield Case("an input that is not contiguous: a piece of a larger tensor", {"x": x, "scale": 2})
    height, width = different(rng, 2, 4)
    x = distinct(rng, (1, 3, height, width)).expand(2, 3, height, width)
    yield Case("an input that is not contiguous: one image, expanded to two", {"x": x, "scale": 3})
    height, width = different(rng, 2, 3)
    x = distinct(rng, (2, 1, height, width), step=0.25)
    yield Case("gradients flow back", {"x": x, "scale": 2}, gradient=True)


def _pooling(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `max_pool2d_with_indices`, called by position as (x, kernel_size, stride, padding)."""
    x = distinct(rng, (1, 1, 4, 6), sign="positive")
    yield Case("2 × 2 windows on a small map", {"x": x, "kernel_size": 2})

    height, width = different(rng, 2, 3)
    batch, channels = different(rng, 2, 3)
    x = distinct(rng, (batch, channels, 2 * height + 1, 2 * width + 1))
    x[..., -1, :] += 500  # the largest values stand where no whole window reaches
    x[..., :, -1] += 1000
    yield Case("several images and channels, with a row and a column left over", {"x": x, "kernel_size": 2})

    kernel, stride = ((3, 2), (1, 3)) if rng.integers(2) else ((2, 3), (3, 1))
    height, width = different(rng, 5, 7)
    x = distinct(rng, (1, 2, height, width))
    yield Case(
        "a kernel and a stride of their own for height and width", {"x": x, "kernel_size": kernel, "stride": stride}
    )

    height, width = different(rng, 5, 7)
    x = with_largest_at(distinct(rng, (1, 2, height, width)), 2, 2)
    yield Case("overlapping windows share a maximum", {"x": x, "kernel_size": 3, "stride": 2})

    height, width = different(rng, 5, 8)
    x = distinct(rng, (2, 1, height, width))
    yield Case("a stride larger than the window leaves gaps", {"x": x, "kernel_size": 2, "stride": 3})

    height, width = different(rng, 4, 6)
    x = distinct(rng, (1, 2, height, width), sign="negative")
    yield Case("padding, and every value negative", {"x": x, "kernel_size": 3, "stride": 2, "padding": 1})

    kernel, padding = ((3, 4), (0, 2)) if rng.integers(2) else ((4, 3), (2, 1))
    height, width = different(rng, 5, 7)
    x = distinct(rng, (1, 2, height, width))
    yield Case(
        "padding of its own for height and width, stride=None",
        {"x": x, "kernel_size": kernel, "stride": None, "padding": padding},
    )

    rows, columns = different(rng, 2, 3)
    x = with_ties(rng, 1, 1, rows, columns)
    x = torch.cat([x, torch.full_like(x, -3.0)], dim=1)  # and a plane where all pixels of all windows tie
    yield Case("ties go to the first pixel in row-major order", {"x": x, "kernel_size": 2})

    x = distinct(rng, (2, 3, 1, 1), sign="negative", step=1e30)  # no "very negative" number is low enough
    yield Case("images of one pixel under a larger window", {"x": x, "kernel_size": 3, "stride": 1, "padding": 1})

    height, width = different(rng, 4, 6)
    yield Case("an empty batch", {"x": torch.zeros(0, 3, height, width), "kernel_size": 2, "stride": 2})

    rows, columns = different(rng, 1, 3)
    x = with_near_ties(rng, 1, 2, rows, columns)
    yield Case("float64, with values that float32 cannot tell apart", {"x": x, "kernel_size": 2})

    height, width = different(rng, 4, 6)
    x = transposed(distinct(rng, (2, 3, height, width)))
    yield Case("an input that is not contiguous", {"x": x, "kernel_size": 2, "stride": 2})

    height, width = different(rng, 5, 7)
    x = with_largest_at(distinct(rng, (1, 2, height, width), step=0.25), 2, 2)
    yield Case("gradients flow back", {"x": x, "kernel_size": 3, "stride": 2}, gradient=True)


def _pooled(
    x: Tensor,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> tuple[Tensor, Tensor]:
    values, indices = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
    return values, indices


def _unpooling(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `max_unpool2d`, called by position: x, indices, kernel_size, stride, padding, output_size."""
    x, indices = _pooled(distinct(rng, (1, 1, 4, 6), sign="positive"), 2)
    yield Case("2 × 2 windows on a small map", {"x": x, "indices": indices, "kernel_size": 2})

    height, width = different(rng, 2, 4)
    batch, channels = different(rng, 2, 3)
    _, indices = _pooled(distinct(rng, (batch, channels, 2 * height, 2 * width)), 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "several images and channels, values that changed since pooling",
        {"x": x, "indices": indices, "kernel_size": 2},
    )

    kernel, stride = ((3, 2), (4, 2)) if rng.integers(2) else ((2, 3), (2, 4))
    height, width = different(rng, 2, 3)
    size = ((height - 1) * stride[0] + kernel[0], (width - 1) * stride[1] + kernel[1])
    _, indices = _pooled(distinct(rng, (1, 2, *size)), kernel, stride)
    x = distinct(rng, indices.shape)
    yield Case(
        "a kernel and a stride of their own for height and width",
        {"x": x, "indices": indices, "kernel_size": kernel, "stride": stride},
    )

    height, width = different(rng, 2, 3)
    x, indices = _pooled(with_largest_at(distinct(rng, (1, 2, 2 * height + 1, 2 * width + 1)), 2, 2), 3, 2)
    yield Case(
        "overlapping windows give a position more than once",
        {"x": x, "indices": indices, "kernel_size": 3, "stride": 2},
    )

    height, width = different(rng, 2, 3)
    _, indices = _pooled(distinct(rng, (2, 1, 3 * height - 1, 3 * width - 1)), 2, 3)
    x = distinct(rng, indices.shape)
    yield Case(
        "a stride larger than the window leaves gaps", {"x": x, "indices": indices, "kernel_size": 2, "stride": 3}
    )

    height, width = different(rng, 2, 4)
    x, indices = _pooled(distinct(rng, (1, 2, 2 * height - 1, 2 * width - 1)), 3, 2, 1)
    yield Case("padding", {"x": x, "indices": indices, "kernel_size": 3, "stride": 2, "padding": 1})

    kernel, padding = ((3, 4), (0, 2)) if rng.integers(2) else ((4, 3), (2, 0))
    height, width = different(rng, 2, 3)
    size = (height * kernel[0] - 2 * padding[0], width * kernel[1] - 2 * padding[1])
    _, indices = _pooled(distinct(rng, (1, 2, *size)), kernel, None, padding)
    x = distinct(rng, indices.shape)
    yield Case(
        "padding of its own for height and width, stride=None",
        {"x": x, "indices": indices, "kernel_size": kernel, "stride": None, "padding": padding},
    )

    height, width = different(rng, 2, 3)
    _, indices = _pooled(distinct(rng, (1, 2, 2 * height + 1, 2 * width + 1)), 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "output_size says that a row and a column were left over",
        {
            "x": x,
            "indices": indices,
            "kernel_size": 2,
            "stride": None,
            "padding": 0,
            "output_size": (2 * height + 1, 2 * width + 1),
        },
    )

    height, width = different(rng, 2, 4)
    shape = (2, 3, 2 * height, 2 * width + 1)
    _, indices = _pooled(distinct(rng, shape), 2, 2)
    x = distinct(rng, indices.shape)
    yield Case(
        "output_size as the full shape",
        {"x": x, "indices": indices, "kernel_size": 2, "stride": 2, "padding": 0, "output_size": shape},
    )

    height, width = different(rng, 2, 4)
    size = (2 * height, 2 * width)
    _, indices = _pooled(distinct(rng, (1, 2, *size)), (3, 3), 2, 1)
    x = torch.zeros(indices.shape) + 7.0  # windows overlap: what stands at a shared position is the same
    x[:, 1] = -2.0
    yield Case(
        "output_size with padding and a stride smaller than the window",
        {"x": x, "indices": indices, "kernel_size": 3, "stride": 2, "padding": 1, "output_size": size},
    )

    _, indices = _pooled(distinct(rng, (3, 2, 2, 3)), (2, 3))
    x = distinct(rng, indices.shape)
    yield Case("images of one pixel", {"x": x, "indices": indices, "kernel_size": (2, 3)})

    height, width = different(rng, 2, 3)
    x = torch.zeros(0, 3, height, width)
    yield Case("an empty batch", {"x": x, "indices": x.long(), "kernel_size": 2})

    height, width = different(rng, 2, 3)
    _, indices = _pooled(distinct(rng, (1, 2, 2 * height, 2 * width)), 2)
    x = thirds(rng, indices.shape)
    yield Case(
        "float64, with values that float32 cannot hold", {"x": x, "indices": indices, "kernel_size": 2, "stride": 2}
    )

    height, width = different(rng, 2, 4)
    _, indices = _pooled(distinct(rng, (2, 3, 2 * height, 2 * width)), 2)
    x = transposed(distinct(rng, indices.shape))
    yield Case(
        "inputs that are not contiguous",
        {"x": x, "indices": transposed(indices), "kernel_size": 2, "stride": 2},
    )

    height, width = different(rng, 2, 3)
    _, indices = _pooled(distinct(rng, (1, 2, 2 * height, 2 * width)), 2)
    x = distinct(rng, indices.shape, step=0.25)
    yield Case("gradients flow back", {"x": x, "indices": indices, "kernel_size": 2}, gradient=True)


def _filters(rng: np.random.Generator, outputs: int, inputs: int) -> Tensor:
    """Draw convolution weights (D, C, 3, 3), each kernel of nine distinct values of both signs and no symmetry."""
    kernels = [distinct(rng, (3, 3), step=0.25) for _ in range(outputs * inputs)]
    return torch.stack(kernels).reshape(outputs, inputs, 3, 3)


class _Stage(TypedDict):
    x: Tensor
    indices: Tensor
    output_size: tuple[int, int]
    weight: Tensor
    bias: Tensor


def _stage(
    rng: np.random.Generator,
    batch: int,
    channels: int,
    filters: int,
    size: tuple[int, int],
    dtype: torch.dtype = torch.float32,
) -> _Stage:
    """Draw the arguments of `decoder_stage` for an output of `size`, none of whose sums before the ReLU is exactly 0.

    Where a sum is 0, right implementations differ in its gradient.
    """
    _, indices = _pooled(distinct(rng, (batch, channels, *size)), 2)
    x = distinct(rng, indices.shape, step=0.5).to(dtype)
    weight = _filters(rng, filters, channels).to(dtype)
    # Sums are multiples of 1/8: a bias between two of them lets none be 0.
    bias = distinct(rng, (filters,), step=2.0).to(dtype) + 0.0625
    if dtype == torch.float64:
        x, weight, bias = x / 3, weight / 7, bias / 3
    return {"x": x, "indices": indices, "output_size": size, "weight": weight, "bias": bias}


def _decoding(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `decoder_stage`, called by position as (x, indices, output_size, weight, bias)."""
    _, indices = _pooled(distinct(rng, (1, 1, 4, 6)), 2)
    arguments = _stage(rng, 1, 1, 1, (4, 6))
    x = distinct(rng, (1, 1, 2, 3), sign="positive")
    yield Case("one channel, back to 4 × 6", {**arguments, "x": x, "indices": indices})

    height, width = different(rng, 2, 3)
    yield Case("several images, more filters than channels", _stage(rng, 3, 2, 4, (2 * height, 2 * width)))
    height, width = different(rng, 2, 3)
    yield Case("an odd height and width", _stage(rng, 1, 2, 3, (2 * height + 1, 2 * width + 1)))
    height, width = different(rng, 2, 3)
    yield Case("an odd width only", _stage(rng, 1, 3, 2, (2 * height, 2 * width + 1)))
    height, width = different(rng, 2, 3)
    arguments = _stage(rng, 1, 2, 2, (2 * height, 2 * width))
    x, bias = distinct(rng, (1, 2, height, width), sign="negative"), distinct(rng, (2,), sign="positive")
    yield Case("negative values come in", {**arguments, "x": x, "bias": bias + 0.0625})
    yield Case("a single pixel, back to 3 × 3", _stage(rng, 2, 3, 2, (3, 3)))
    height, width = different(rng, 2, 3)
    yield Case("an empty batch", _stage(rng, 0, 2, 3, (2 * height, 2 * width)))
    height, width = different(rng, 2, 3)
    arguments = _stage(rng, 1, 2, 3, (2 * height, 2 * width), torch.float64)
    yield Case("float64, with values that float32 cannot hold", arguments)
    height, width = different(rng, 2, 3)
    arguments = _stage(rng, 2, 3, 2, (2 * height, 2 * width))
    apart = {
        "x": transposed(arguments["x"]),
        "indices": transposed(arguments["indices"]),
        "weight": sliced(arguments["weight"]),
    }
    yield Case("inputs that are not contiguous", {**arguments, **apart})
    height, width = different(rng, 2, 3)
    yield Case("gradients flow back", _stage(rng, 1, 2, 2, (2 * height, 2 * width)), gradient=True)


_RESIZING = (
    r"interpolate",
    r"upsampl",  # upsample, Upsample, UpsamplingNearest2d, aten.upsample_nearest2d, keras's UpSampling2D
    r"^(torchvision|skimage|cv2|kornia|tensorflow|jax|pil)\..*(resize|rescale)",
    r"^(cv2|kornia|skimage)\..*pyr(amid)?(up|expand)",
    r"^scipy\..*(zoom|imresize)",
)

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        name="nearest_unpool2d",
        chapter=CHAPTER,
        points=4,
        minutes=10,
        difficulty=1,
        reference="solutions.unpooling:nearest_unpool2d",
        cases=_enlarging,
        hints=(
            "Take the row [1, 2] and scale 2 and write the enlarged row on paper. Which value stands left of which?",
            "Enlarge one direction at a time: first let every row appear `scale` times in a row, then every column. A "
            "value's copies must be neighbours; whole images side by side are something else.",
            "Look for the torch function that repeats each *element* along a dimension and keeps the copies together. "
            "You need it once for dimension 2 and once for dimension 3.",
        ),
        forbidden=_RESIZING,
        forbidden_sentence="This exercise is to build nearest-neighbour upsampling yourself, without a library's own.",
    ),
    Exercise(
        name="bed_of_nails2d",
        chapter=CHAPTER,
        points=4,
        minutes=10,
        difficulty=1,
        reference="solutions.unpooling:bed_of_nails2d",
        cases=_enlarging,
        hints=(
            "Most of the output is zero. At which rows and columns does a value stand when scale is 2? And with 3?",
            "Start from zeros of the right shape, and take dtype and device from `x`. Value (i, j) belongs into the "
            "top-left corner of its block: row i·scale, column j·scale.",
            "A slice with a step names all those places at once, and it can be assigned to: every `scale`-th row and "
            "column, in all images and channels.",
        ),
    ),
    Exercise(
        name="max_pool2d_with_indices",
        chapter=CHAPTER,
        points=8,
        minutes=30,
        difficulty=4,
        reference="solutions.unpooling:max_pool2d_with_indices",
        cases=_pooling,
        outputs=("values", "indices"),
        hints=(
            "Pool a 2 × 4 map by hand. For each window write down the largest value and how many pixels of the map you "
            "pass, reading row by row from its top-left corner, before you meet it.",
            "Cut the map into windows, (N, C, h, w, kh·kw), and find in each the place of its maximum. A place in a "
            "window is not yet a position in the map: add the row and the column where the window starts. Padding must "
            "never win, whatever the sign of the values.",
            "`x.unfold(dim, size, step)` cuts windows along one dimension; use it twice, then flatten. Place `a` is in "
            "row a // kw and column a % kw of its window. Add the window's start, i·sh − ph and j·sw − pw, and count "
            "row·W + column with the W of the unpadded map. Pad with −inf.",
        ),
        forbidden=(r"maxpool",),
        forbidden_sentence="This exercise is to build max pooling yourself, without a library's max pooling.",
    ),
    Exercise(
        name="max_unpool2d",
        chapter=CHAPTER,
        points=8,
        minutes=25,
        difficulty=3,
        reference="solutions.unpooling:max_unpool2d",
        cases=_unpooling,
        hints=(
            "Position 7 in a plane that is 6 wide is row 1, column 1. So the indices alone say where each value goes; "
            "what do kernel, stride and padding still have to tell you?",
            "They tell the size of the output: turn pooling's size formula round, once for the height and once for the "
            "width, unless `output_size` says it. Then think of each H × W plane as one row of H·W numbers.",
            "Make zeros of shape (N, C, H·W) like `x`, flatten the last two dimensions of `x` and of `indices`, let "
            "`scatter` along the last dimension put the values in, and view the result as (N, C, H, W).",
        ),
        forbidden=(r"maxunpool",),
        forbidden_sentence="This exercise is to build max unpooling yourself, without a library's max unpooling.",
    ),
    Exercise(
        name="decoder_stage",
        chapter=CHAPTER,
        points=6,
        minutes=15,
        difficulty=2,
        reference="solutions.unpooling:decoder_stage",
        cases=_decoding,
        hints=(
            "Say the three steps of a stage of SegNet's decoder in order. What does the map look like after each: how "
            "large, how many channels, sparse or dense?",
            "Unpool first, with the positions that the encoder remembered and to the size it had, which may be odd. "
            "Then convolve at that size; a 3 × 3 convolution keeps it only with the right padding. ReLU comes last.",
            "Call `max_unpool2d` with 2 × 2 windows and pass `output_size` on, give the result to the 2-D convolution "
            "with weight, bias and one pixel of padding, and clip what is negative.",
        ),
    ),
)
