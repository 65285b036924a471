"""What the cases of several exercises of this chapter share."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course.exercises.draw import (
    different,
    distinct,
    sliced,
    thirds,
)
from course.exercises.exercise import Case


def enlarging(rng: np.random.Generator) -> Iterator[Case]:
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


def pooled(
    x: Tensor,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> tuple[Tensor, Tensor]:
    """Return the maxima of `x` (N, C, H, W) and where they stood, as an encoder hands them over."""
    values, indices = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
    return values, indices
