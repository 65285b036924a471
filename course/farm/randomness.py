"""The one source of chance for a scene: a stream of uniform doubles, and everything else made from them.

Only `Generator.random` is used, whose stream numpy has never changed, and sines are rounded, since processors differ in
their last digit: scene i of seed s is the same picture on every machine.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
T = TypeVar("T")


class Chance:
    """Draws for one scene; what another scene draws does not matter."""

    def __init__(self, seed: int, index: int) -> None:
        # numpy cuts large numbers into words of 32 bits and reads the words as one list, so the seed is cut here.
        words = [seed & 0xFFFFFFFF, seed >> 32, index]
        self._generator = np.random.Generator(np.random.PCG64(words))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self._generator.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return bool(self._generator.random() < probability)

    def choice(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self._generator.random() * len(options))]

    def array(self, *shape: int) -> NDArray[np.float64]:
        """Return uniform numbers in [0, 1)."""
        numbers: NDArray[np.float64] = self._generator.random(shape)
        return numbers

    def grain(self, height: int, width: int) -> NDArray[np.float32]:
        """Return uniform noise in [0, 1), a byte deep: six pixels from one draw."""
        words = (self._generator.random((height * width + 5) // 6) * 2**48).astype(np.int64)
        noise = words.view(np.uint8).reshape(-1, 8)[:, :6].reshape(-1)[: height * width]
        return noise.reshape(height, width).astype(np.float32) / np.float32(256)


def sin(angle: float) -> float:
    """Return the sine of an angle in radians, rounded so that every machine agrees."""
    return round(math.sin(angle), 9)


def cos(angle: float) -> float:
    """Return the cosine of an angle in radians, rounded so that every machine agrees."""
    return round(math.cos(angle), 9)


def profile(knots: Floats, count: int) -> NDArray[np.float32]:
    """Return `count` values along the first axis of `knots`, interpolated smoothly between them."""
    size = knots.shape[0]
    position = np.arange(count, dtype=np.float32) * np.float32((size - 1) / max(count - 1, 1))
    left = np.minimum(position.astype(np.int64), size - 2)
    t = position - left
    t = (t * t * (3 - 2 * t)).reshape(-1, *[1] * (knots.ndim - 1))
    values = knots.astype(np.float32)
    between: NDArray[np.float32] = values[left] * (1 - t) + values[left + 1] * t
    return between


def texture(table: Floats, height: int, width: int) -> NDArray[np.float32]:
    """Return soft noise (height, width) from a small table of knots."""
    return profile(np.ascontiguousarray(profile(table, height).T), width).T
