"""`decoder_stage`: a stage of SegNet's decoder: unpool, convolve, ReLU."""

from collections.abc import Iterator
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import (
    different,
    distinct,
    sliced,
    transposed,
)
from course.exercises.exercise import Case, Exercise
from course.exercises.unpooling import CHAPTER
from course.exercises.unpooling.shared import pooled


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
    _, indices = pooled(distinct(rng, (batch, channels, *size)), 2)
    x = distinct(rng, indices.shape, step=0.5).to(dtype)
    weight = _filters(rng, filters, channels).to(dtype)
    # Sums are multiples of 1/8: a bias between two of them lets none be 0.
    bias = distinct(rng, (filters,), step=2.0).to(dtype) + 0.0625
    if dtype == torch.float64:
        x, weight, bias = x / 3, weight / 7, bias / 3
    return {"x": x, "indices": indices, "output_size": size, "weight": weight, "bias": bias}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `decoder_stage`, called by position as (x, indices, output_size, weight, bias)."""
    _, indices = pooled(distinct(rng, (1, 1, 4, 6)), 2)
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


EXERCISE = Exercise(
    name="decoder_stage",
    chapter=CHAPTER,
    points=6,
    minutes=15,
    difficulty=2,
    reference="solutions.unpooling:decoder_stage",
    cases=cases,
    hints=(
        "Say the three steps of a stage of SegNet's decoder in order. What does the map look like after each: how "
        "large, how many channels, sparse or dense?",
        "Unpool first, with the positions that the encoder remembered and to the size it had, which may be odd. "
        "Then convolve at that size; a 3 × 3 convolution keeps it only with the right padding. ReLU comes last.",
        "Call `max_unpool2d` with 2 × 2 windows and pass `output_size` on, give the result to the 2-D convolution "
        "with weight, bias and one pixel of padding, and clip what is negative.",
    ),
    insight=(
        "torch keeps a position in 64 bits, where two would do. Even so, the 8 bytes a 2 × 2 window are half of the "
        "16 that its four float32 values would take, and those are what U-Net hands over."
    ),
)
