"""Draw hostile numbers: what cases are made of.

Every draw keeps its promise for every seed: distinct values never tie by accident, a height never happens to equal a
width. Values are small multiples of a step, so that a grid of them can be read and sums of them are exact in float32.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Sign = Literal["mixed", "positive", "negative"]


def different(rng: np.random.Generator, low: int, high: int, count: int = 2) -> tuple[int, ...]:
    """Draw `count` different integers from low … high, both included: a height that is no width."""
    return tuple(int(number) for number in rng.choice(np.arange(low, high + 1), count, replace=False))


def distinct(
    rng: np.random.Generator,
    shape: Sequence[int],
    *,
    sign: Sign = "mixed",
    step: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Draw distinct multiples of `step` in random order, none of them 0 and no two of the same magnitude.

    "mixed" has as many negative values as positive ones, give or take one.
    """
    count = int(np.prod(shape))
    magnitudes = rng.permutation(np.arange(1, count + 1))
    signs = {"mixed": rng.permutation(np.resize([1, -1], count)), "positive": 1, "negative": -1}[sign]
    return torch.tensor(magnitudes * signs * step, dtype=dtype).reshape(tuple(shape))


def thirds(rng: np.random.Generator, shape: Sequence[int]) -> Tensor:
    """Draw distinct float64 multiples of 1/3, most of which float32 cannot hold."""
    return distinct(rng, shape, step=1 / 3, dtype=torch.float64)


def with_largest_at(x: Tensor, row: int, column: int) -> Tensor:
    """Return `x` (…, H, W) with the largest value of each plane moved to (row, column), by exchanging two values."""
    planes = x.flatten(-2).clone()
    largest = planes.argmax(dim=-1, keepdim=True)
    target = torch.full_like(largest, row * x.shape[-1] + column)
    moved = planes.gather(-1, target)
    top = planes.gather(-1, largest)
    return planes.scatter(-1, largest, moved).scatter(-1, target, top).reshape(x.shape)


_TIES = ((1, 2), (0, 3), (2, 3), (0, 1, 2, 3), (1, 3))
"""Which of the four pixels of a 2 × 2 block share the maximum. (1, 2) tells row-major from column-major order."""


def with_ties(rng: np.random.Generator, batch: int, channels: int, rows: int, columns: int) -> Tensor:
    """Draw (N, C, 2·rows, 2·columns) whose 2 × 2 blocks each hold their maximum several times, in different patterns.

    Maxima of different blocks differ. With at least five blocks every pattern comes.
    """
    blocks = distinct(rng, (batch * channels * rows * columns, 4))
    for block, pattern in zip(blocks, rng.permutation(np.resize(np.arange(len(_TIES)), len(blocks))), strict=True):
        _share_the_maximum(block, _TIES[pattern])
    return _from_blocks(blocks.reshape(batch, channels, rows, columns, 4))


def _share_the_maximum(block: Tensor, places: Sequence[int]) -> None:
    """Let the largest value of `block` stand at `places` and nowhere else."""
    largest = float(block.max())
    block[block.argmax()] = block[places[0]].item()
    block[list(places)] = largest


def with_near_ties(rng: np.random.Generator, batch: int, channels: int, rows: int, columns: int) -> Tensor:
    """Draw float64 (N, C, 2·rows, 2·columns) whose 2 × 2 blocks hold a maximum and, before it, a value just below.

    The two differ in float64 and are equal in float32.
    """
    blocks = thirds(rng, (batch * channels * rows * columns, 4))
    for block in blocks:
        earlier, later = sorted(different(rng, 0, 3))
        _share_the_maximum(block, (earlier, later))
        block[later] += 1e-9
    return _from_blocks(blocks.reshape(batch, channels, rows, columns, 4))


def _from_blocks(blocks: Tensor) -> Tensor:
    """Lay out blocks (N, C, rows, columns, 4) as planes (N, C, 2·rows, 2·columns)."""
    batch, channels, rows, columns, _ = blocks.shape
    return (
        blocks.reshape(batch, channels, rows, columns, 2, 2)
        .transpose(3, 4)
        .reshape(batch, channels, 2 * rows, 2 * columns)
    )


def transposed(x: Tensor) -> Tensor:
    """Return `x` with the same values, its last two dimensions exchanged in memory: no `.view` flattens it."""
    return x.transpose(-2, -1).contiguous().transpose(-2, -1)


def sliced(x: Tensor) -> Tensor:
    """Return `x` with the same values, cut out of a tensor that is larger on every side."""
    larger = x.new_full([size + 2 for size in x.shape], 77.0 if x.is_floating_point() else 7)
    inside = larger[tuple(slice(1, -1) for _ in x.shape)]
    return inside.copy_(x)
