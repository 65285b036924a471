"""Numbers for the page's drawings: where the bars of a histogram stand. The template draws them as SVG."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_BINS = 10


@dataclass(frozen=True)
class Bar:
    """How many values lie in [low, high), as shares of the width and of the highest bar."""

    low: float
    high: float
    count: int
    left: float
    width: float
    height: float


@dataclass(frozen=True)
class Spread:
    """What is said of a list of numbers in five: mean, quartiles, ends. With `scale`, shares of an axis from 0."""

    mean: float
    low: float
    first: float
    median: float
    third: float
    high: float

    def scale(self, top: float) -> "Spread":
        """Return the places on an axis that ends at `top`."""
        ends = (self.mean, self.low, self.first, self.median, self.third, self.high)
        return Spread(*(x / top if top else 0.0 for x in ends))


def spread(values: Sequence[float]) -> Spread | None:
    """Return the five numbers of `values`, quartiles by linear interpolation; None where there is none.

    >>> spread([1, 2, 3, 4, 10])
    Spread(mean=4.0, low=1, first=2.0, median=3.0, third=4.0, high=10)
    """
    if not values:
        return None
    one = statistics.median(values)
    first, median, third = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (one,) * 3
    return Spread(statistics.fmean(values), min(values), first, median, third, max(values))


def histogram(values: Sequence[float], top: float) -> tuple[Bar, ...]:
    """Count `values` in bins of the same width from 0 to `top`; the last one holds `top` too.

    >>> [bar.count for bar in histogram([0, 1, 29, 30], 30)]
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    """
    number = round(top) if 0 < top < _BINS and top == round(top) else _BINS
    width = top / number if top > 0 else 1.0
    counts = [0] * number
    for value in values:
        counts[min(number - 1, max(0, math.floor(value / width)))] += 1
    most = max(counts) or 1
    return tuple(
        Bar(n * width, (n + 1) * width, count, n / number, 1 / number, count / most) for n, count in enumerate(counts)
    )
