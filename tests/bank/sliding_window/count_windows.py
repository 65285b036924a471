"""Wrong and right answers to `count_windows`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "You count the steps between windows, not the windows: before the first step there is a window already.",
)
def counts_steps(height, width, size, stride=1):
    return max(0, (height - size) // stride) * max(0, (width - size) // stride)


@form(counts_steps)
def counts_steps_below_zero(height, width, size, stride=1):
    return (height - size) // stride * ((width - size) // stride)


@mistake("You ignore the stride: windows lie `stride` pixels apart, and so there are fewer of them.")
def counts_every_place(height, width, size, stride=1):
    return max(0, height - size + 1) * max(0, width - size + 1)


@mistake("You let windows start at every pixel, even where they reach over the edge of the image.")
def counts_every_pixel(height, width, size, stride=1):
    return math.ceil(height / stride) * math.ceil(width / stride)


@mistake(
    "You round up: a window that would begin inside the image and end outside it is counted too.",
)
def rounds_up(height, width, size, stride=1):
    return max(0, math.ceil((height - size) / stride) + 1) * max(0, math.ceil((width - size) / stride) + 1)


@form(rounds_up)
def rounds_up_where_one_fits(height, width, size, stride=1):
    if min(height, width) < size:
        return 0
    return (math.ceil((height - size) / stride) + 1) * (math.ceil((width - size) / stride) + 1)


@mistake("You round to the nearest number: a window that fits by half does not fit.")
def rounds_to_nearest(height, width, size, stride=1):
    def count(length):
        return max(0, math.floor((length - size) / stride + 0.5) + 1)

    return count(height) * count(width)


@mistake(
    "You count tiles that lie side by side; windows overlap, their distance is the stride and not their size.",
)
def counts_tiles(height, width, size, stride=1):
    return (height // size) * (width // size)


@mistake(
    "Your formula goes below zero in each direction where the window is too large, and minus times minus is plus.",
)
def multiplies_two_negatives(height, width, size, stride=1):
    product = ((height - size) // stride + 1) * ((width - size) // stride + 1)
    return max(0, product)


@mistake("A number of windows cannot be negative: a window that does not fit is counted zero times.")
def goes_below_zero(height, width, size, stride=1):
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


@mistake(
    "`int()` rounds towards zero: a window that is a little too large gives −0.5, which becomes 0, and with the one you "
    "add, a window that does not fit is counted.",
)
def truncates_towards_zero(height, width, size, stride=1):
    return max(0, int((height - size) / stride) + 1) * max(0, int((width - size) / stride) + 1)


@mistake("You count at least one window in each direction, even where none fits.")
def at_least_one(height, width, size, stride=1):
    return max(1, (height - size) // stride + 1) * max(1, (width - size) // stride + 1)


@mistake("You use the height for both directions; the width has a count of its own.")
def takes_the_height_twice(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) ** 2


@mistake("You use the width for both directions; the height has a count of its own.")
def takes_the_width_twice(height, width, size, stride=1):
    return max(0, (width - size) // stride + 1) ** 2


@mistake("You count along one direction only; at each of these rows there is a whole row of windows.")
def counts_rows_only(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1)


@mistake("You add rows and columns of windows. Each row holds all the columns: that is a product.")
def adds_rows_and_columns(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) + max(0, (width - size) // stride + 1)


@mistake(
    "You divide the number of all places by stride². The stride thins out rows and columns separately, and each count is "
    "rounded by itself.",
)
def divides_by_the_square(height, width, size, stride=1):
    return max(0, height - size + 1) * max(0, width - size + 1) // stride**2


@mistake("The stride belongs to both directions; you use it for the rows only.")
def strides_rows_only(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) * max(0, width - size + 1)


@mistake("You stop one place too early: a window may end exactly at the edge of the image.")
def stops_too_early(height, width, size, stride=1):
    return len(range(0, height - size, stride)) * len(range(0, width - size, stride))


@mistake("A window as large as the image fits into it once; you count it zero times.")
def refuses_an_exact_fit(height, width, size, stride=1):
    if height <= size or width <= size:
        return 0
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


@mistake("Your result is a fraction: with a stride, what is left over at the edge has to be cut off.")
def leaves_a_fraction(height, width, size, stride=1):
    return max(0, (height - size) / stride + 1) * max(0, (width - size) / stride + 1)


@mistake("A window that does not fit is no error here: there are simply zero of them.")
def raises_without_windows(height, width, size, stride=1):
    if height < size or width < size:
        raise ValueError("the window is larger than the image")
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


@form(raises_without_windows)
def asks_unfold_how_many_windows(height, width, size, stride=1):
    return torch.zeros(height, width).unfold(0, size, stride).unfold(1, size, stride)[..., 0, 0].numel()


@mistake("Your result is a pair; rows and columns of windows have to be multiplied to their number.")
def returns_rows_and_columns(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1), max(0, (width - size) // stride + 1)


@mistake(
    "You divide the number of places by the stride and round down. The first place always counts: what is divided are the "
    "steps after it.",
)
def divides_the_places(height, width, size, stride=1):
    return max(0, height - size + 1) // stride * (max(0, width - size + 1) // stride)


@mistake("You cut the fraction off the product. Rows and columns of windows are whole numbers each, before they meet.")
def cuts_the_product(height, width, size, stride=1):
    rows, columns = (max(0.0, (length - size) / stride + 1) if length >= size else 0 for length in (height, width))
    return int(rows * columns)


@mistake("You move down by one pixel and only to the right by the stride; it holds in both directions.")
def strides_columns_only(height, width, size, stride=1):
    return max(0, height - size + 1) * max(0, (width - size) // stride + 1)


@mistake(
    "You count as if the image were padded by half a window on each side. Nothing is put around it: a window lies inside.",
)
def counts_as_if_padded(height, width, size, stride=1):
    half = size // 2
    return ((height + 2 * half - size) // stride + 1) * ((width + 2 * half - size) // stride + 1)


@mistake("You take the shorter side for both directions; rows and columns of windows are counted each by itself.")
def takes_the_shorter_side_twice(height, width, size, stride=1):
    return max(0, (min(height, width) - size) // stride + 1) ** 2


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def counted_by_ranges(height, width, size, stride=1):
    return len(range(0, height - size + 1, stride)) * len(range(0, width - size + 1, stride))


@variant
def counted_by_loops(height, width, size, stride=1):
    count = 0
    for _ in range(0, height - size + 1, stride):
        for _ in range(0, width - size + 1, stride):
            count += 1
    return count


@variant
def counted_by_clamping(height: int, width: int, size: int, stride: int = 1) -> int:
    rows = max(0, (height - size) // stride + 1)
    columns = max(0, (width - size) // stride + 1)
    return rows * columns


@variant
def counted_by_ceiling(h, w, s, step=1):
    return max(0, math.ceil((h - s + 1) / step)) * max(0, math.ceil((w - s + 1) / step))


@variant
def counted_with_numpy(height, width, size, stride=1):
    return np.prod([len(np.arange(0, side - size + 1, stride)) for side in (height, width)])


@variant
def counted_as_a_tensor(height, width, size, stride=1):
    sides = torch.tensor([height, width])
    return ((sides - size).div(stride, rounding_mode="floor") + 1).clamp(min=0).prod()


@variant
def counted_as_a_whole_float(height, width, size, stride=1):
    if size > height or size > width:
        return 0
    return (np.floor((height - size) / stride) + 1) * (np.floor((width - size) / stride) + 1)


@variant
def counted_by_torch(height, width, size, stride=1):
    if min(height, width) < size:
        return 0
    windows = torch.empty(height, width, device="meta").unfold(0, size, stride).unfold(1, size, stride)
    return windows.shape[0] * windows.shape[1]


@variant
def counted_by_conditions(height, width, size, stride=1):
    def fits(length):
        return sum(1 for start in range(length) if start % stride == 0 and start + size <= length)

    return fits(height) * fits(width)


@variant
def counted_recursively(height, width, size, stride=1):
    def along(length):
        return 0 if length < size else 1 + along(length - stride)

    return along(height) * along(width)
