"""Wrong and right answers to `roi_bins`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def away(x):
    """Round halves away from zero."""
    return x.sign() * (x.abs() + 0.5).floor()


def exact(first, length, count):
    """Return [start, end] of each bin, not cut off."""
    return [[first + k * length // count, first - (-(k + 1) * length // count)] for k in range(count)]


def corners(box, scale, rounding=away):
    return [int(number) for number in rounding(box * scale)]


def cut(bins, limit):
    return torch.tensor(bins, dtype=torch.int64).reshape(-1, 2).clamp(0, limit)


def answer(box, output_size, spatial_scale, feature_size, rounding=away, bins=exact, plus=1, clamp=cut):
    """Return the right answer, but for what the caller changes."""
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale, rounding)
    rows = clamp(bins(y1, max(y2 - y1 + plus, 1), ph), height)
    columns = clamp(bins(x1, max(x2 - x1 + plus, 1), pw), width)
    return rows, columns


# --- mistakes: corners ------------------------------------------------------------------------------------------------


@mistake(
    "`torch.round` and Python's `round` take halves to the even number. Here they go away from zero: 2.5 becomes 3."
)
def bins_halves_to_even(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, torch.round)


@mistake("You round by ⌊x + ½⌋. Below zero that takes a half up, towards zero; it goes away from zero, −2.5 to −3.")
def bins_halves_up(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, lambda x: (x + 0.5).floor())


@mistake("You add ½ and cut off what is behind the point. Below zero that cuts towards zero, so −2.75 becomes −2.")
def bins_half_added_and_cut_off(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, lambda x: (x + 0.5).trunc())


@mistake("You round halves towards zero. They go away from zero: 2.5 becomes 3.")
def bins_halves_towards_zero(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, lambda x: x.sign() * (x.abs() - 0.5).ceil())


@mistake("You round every corner down. A corner belongs to the nearest cell.")
def bins_corners_down(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, torch.floor)


@mistake(
    "You cut off what stands behind the point, as `int` and `.long()` do. A corner is rounded to the nearest cell."
)
def bins_corners_cut_off(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, torch.trunc)


@mistake("You round every corner up. A corner belongs to the nearest cell.")
def bins_corners_up(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, torch.ceil)


@mistake("You round the first corner down and the second one up. Each goes to the nearest cell.")
def bins_corners_outwards(box, output_size, spatial_scale, feature_size):
    def outwards(x):
        return torch.cat([x[:2].floor(), x[2:].ceil()])

    return answer(box, output_size, spatial_scale, feature_size, outwards)


@mistake("You round the pixels before you scale them, so that the cells are not whole. Scale first, then round.")
def bins_rounds_before_scaling(box, output_size, spatial_scale, feature_size):
    return answer(away(box), output_size, spatial_scale, feature_size, lambda x: x.trunc())


@form(bins_rounds_before_scaling)
def bins_rounds_before_scaling_and_floors(box, output_size, spatial_scale, feature_size):
    return answer(away(box), output_size, spatial_scale, feature_size, torch.floor)


@mistake("You do not round the corners at all. RoI pooling takes whole cells: both corners are rounded first.")
def bins_corners_are_not_rounded(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = (box * spatial_scale).tolist()

    def bins(first, length, count):
        return [
            [math.floor(first + k * length / count), math.ceil(first + (k + 1) * length / count)] for k in range(count)
        ]

    return cut(bins(y1, max(y2 - y1 + 1, 1), ph), height), cut(bins(x1, max(x2 - x1 + 1, 1), pw), width)


@form(bins_corners_are_not_rounded)
def bins_first_corner_rounded_and_the_size_not(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = (box * spatial_scale).tolist()

    def bins(first, length, count):
        first = math.floor(abs(first) + 0.5) * (1 if first > 0 else -1)
        edges = [[math.floor(k * length / count), math.ceil((k + 1) * length / count)] for k in range(count)]
        return [[first + start, first + end] for start, end in edges]

    return cut(bins(y1, max(y2 - y1 + 1, 1), ph), height), cut(bins(x1, max(x2 - x1 + 1, 1), pw), width)


@form(bins_corners_are_not_rounded)
def bins_corners_are_not_rounded_nor_is_one_added(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = (box * spatial_scale).tolist()

    def bins(first, length, count):
        return [
            [math.floor(first + k * length / count), math.ceil(first + (k + 1) * length / count)] for k in range(count)
        ]

    return cut(bins(y1, y2 - y1, ph), height), cut(bins(x1, x2 - x1, pw), width)


@mistake("You do not use `spatial_scale`. The box is in pixels, and the map has fewer cells than the image has pixels.")
def bins_scale_forgotten(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, 1.0, feature_size)


@mistake("You divide by `spatial_scale`. It is the map's size over the image's, 1/16 for instance: multiply by it.")
def bins_divided_by_the_scale(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, 1 / spatial_scale, feature_size)


# --- mistakes: sizes --------------------------------------------------------------------------------------------------


@mistake("You forget the + 1. Both corner cells belong to the region: from cell 3 to cell 5 there are three.")
def bins_one_not_added(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, plus=0)


@form(bins_one_not_added)
def bins_one_not_added_and_no_least_size(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale)
    return cut(exact(y1, y2 - y1, ph), height), cut(exact(x1, x2 - x1, pw), width)


@mistake(
    "Your region is a cell too large on both sides. Its cells go from the first corner to the second, x2 − x1 + 1 of them."
)
def bins_two_added(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, plus=2)


@mistake("You add the 1 to pixels, before scaling. It is a whole *cell* that is added: round, subtract, then add 1.")
def bins_one_pixel_added(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, _, _ = corners(box, spatial_scale)
    sides = (box[2:] - box[:2] + 1) * spatial_scale
    wide, high = (max(int(number), 1) for number in away(sides))
    return cut(exact(y1, high, ph), height), cut(exact(x1, wide, pw), width)


@form(bins_one_pixel_added)
def bins_one_pixel_added_to_the_corner(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box + torch.tensor([0, 0, 1, 1], dtype=box.dtype), spatial_scale)
    return cut(exact(y1, max(y2 - y1, 1), ph), height), cut(exact(x1, max(x2 - x1, 1), pw), width)


@mistake(
    "You round the *difference* of the corners. Each corner is rounded by itself, and the width is what lies between."
)
def bins_size_rounded_by_itself(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, _, _ = corners(box, spatial_scale)
    wide, high = (max(int(number) + 1, 1) for number in away((box[2:] - box[:2]) * spatial_scale))
    return cut(exact(y1, high, ph), height), cut(exact(x1, wide, pw), width)


@mistake(
    "You cut the region off at the map's edge *before* you divide it into bins, and the bins shrink. Divide first, then clamp."
)
def bins_region_cut_off_first(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale)
    x1, x2 = min(max(x1, 0), width - 1), min(max(x2, 0), width - 1)
    y1, y2 = min(max(y1, 0), height - 1), min(max(y2, 0), height - 1)
    return cut(exact(y1, y2 - y1 + 1, ph), height), cut(exact(x1, x2 - x1 + 1, pw), width)


@form(bins_region_cut_off_first)
def bins_ends_cut_off_first(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale)
    x1, x2 = min(max(x1, 0), width), min(max(x2 + 1, 0), width)
    y1, y2 = min(max(y1, 0), height), min(max(y2 + 1, 0), height)
    return cut(exact(y1, y2 - y1, ph), height), cut(exact(x1, x2 - x1, pw), width)


@form(bins_region_cut_off_first)
def bins_first_corner_cut_off_first(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = (max(number, 0) for number in corners(box, spatial_scale))
    return cut(exact(y1, max(y2 - y1 + 1, 1), ph), height), cut(exact(x1, max(x2 - x1 + 1, 1), pw), width)


@form(bins_region_cut_off_first)
def bins_second_corner_cut_off_first(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale)
    x2, y2 = min(x2, width - 1), min(y2, height - 1)
    return cut(exact(y1, max(y2 - y1 + 1, 1), ph), height), cut(exact(x1, max(x2 - x1 + 1, 1), pw), width)


# --- mistakes: bins ---------------------------------------------------------------------------------------------------


@mistake(
    "Your bins end where the next one begins. An end is rounded *up*, so neighbours share the cell that lies in both."
)
def bins_ends_rounded_down(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[first + k * length // count, first + (k + 1) * length // count] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@form(bins_ends_rounded_down)
def bins_ends_rounded_down_but_one_cell_at_least(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        edges = [first + k * length // count for k in range(count + 1)]
        return [[edges[k], max(edges[k + 1], edges[k] + 1)] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("You round the starts of the bins up. A bin begins with the cell that its edge lies in: round down.")
def bins_starts_rounded_up(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[first - (-k * length // count), first - (-(k + 1) * length // count)] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("You round both edges of a bin to the nearest cell. The start is rounded down, and the end up.")
def bins_edges_rounded_to_the_nearest(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        edges = [first + math.floor(k * length / count + 0.5) for k in range(count + 1)]
        return [[edges[k], edges[k + 1]] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@form(bins_edges_rounded_to_the_nearest)
def bins_edges_rounded_by_python(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        edges = [first + round(k * length / count) for k in range(count + 1)]
        return [[edges[k], edges[k + 1]] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("All your bins have the same whole number of cells, ⌊w/n⌋, and the last cells of the region are left over.")
def bins_whole_bins(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[first + k * (length // count), first + (k + 1) * (length // count)] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@form(bins_whole_bins)
def bins_whole_bins_of_a_cell_at_least(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        step = max(length // count, 1)
        return [[first + k * step, first + (k + 1) * step] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("All your bins have the same whole number of cells, ⌈w/n⌉, so that the last ones reach out of the region.")
def bins_whole_bins_rounded_up(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        step = -(-length // count)
        return [[first + k * step, first + (k + 1) * step] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("Each of your bins is as long as the first one, ⌈w/n⌉ cells. An end is ⌈(k+1)·w/n⌉, whatever the start was.")
def bins_starts_and_a_length(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[first + k * length // count, first + k * length // count - (-length // count)] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake(
    "The last bin takes what is left over, and all others are ⌊w/n⌋ long. The bins are to be as equal as they can be."
)
def bins_rest_in_the_last_bin(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        step = length // count
        return [[first + k * step, first + ((k + 1) * step if k < count - 1 else length)] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("Your ends are the last cell of a bin. [start, end) leaves the end out, as Python's slices do.")
def bins_ends_inside(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[start, end - 1] for start, end in exact(first, length, count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("Your ends lie one cell too far on: ⌈(k+1)·w/n⌉ is the first cell that does *not* belong to the bin.")
def bins_ends_one_too_far(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[start, end + 1] for start, end in exact(first, length, count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@form(bins_ends_one_too_far)
def bins_floor_and_one_for_an_end(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return [[first + k * length // count, first + (k + 1) * length // count + 1] for k in range(count)]

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("You count the cells from the region's corner. Asked are rows and columns of the *map*: add the corner.")
def bins_corner_not_added(box, output_size, spatial_scale, feature_size):
    def bins(first, length, count):
        return exact(0, length, count)

    return answer(box, output_size, spatial_scale, feature_size, bins=bins)


@mistake("You return the start and the *length* of each bin. Asked are start and end.")
def bins_start_and_length(box, output_size, spatial_scale, feature_size):
    rows, columns = answer(box, output_size, spatial_scale, feature_size)
    return tuple(torch.stack([bins[:, 0], bins[:, 1] - bins[:, 0]], dim=1) for bins in (rows, columns))


# --- mistakes: the map's edges ----------------------------------------------------------------------------------------


def uncut(bins, limit):
    return torch.tensor(bins).reshape(-1, 2)


@mistake("Your bins reach beyond the map. Starts and ends are clamped to 0 … H and 0 … W.")
def bins_not_cut_off(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, clamp=uncut)


@mistake("You clamp at the last cell, H − 1 and W − 1. An end is left out, so it may be H or W.")
def bins_cut_off_at_the_last_cell(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size, clamp=lambda bins, limit: cut(bins, limit - 1))


@mistake("You clamp at one end of the map only. A region may begin before 0, and end behind the last cell.")
def bins_cut_off_below_only(box, output_size, spatial_scale, feature_size):
    return answer(
        box, output_size, spatial_scale, feature_size, clamp=lambda bins, limit: uncut(bins, limit).clamp(min=0)
    )


@form(bins_cut_off_below_only)
def bins_cut_off_above_only(box, output_size, spatial_scale, feature_size):
    return answer(
        box, output_size, spatial_scale, feature_size, clamp=lambda bins, limit: uncut(bins, limit).clamp(max=limit)
    )


@mistake("You clamp the starts below and the ends above only. A bin that lies beyond the map has both on its edge.")
def bins_each_edge_cut_off_on_its_side(box, output_size, spatial_scale, feature_size):
    def clamp(bins, limit):
        return torch.tensor([[max(start, 0), min(end, limit)] for start, end in bins])

    return answer(box, output_size, spatial_scale, feature_size, clamp=clamp)


@mistake("Your bins always hold a cell. A bin that lies beyond the map has none: its end is its start.")
def bins_always_a_cell(box, output_size, spatial_scale, feature_size):
    def clamp(bins, limit):
        starts = [min(max(start, 0), limit - 1) for start, _ in bins]
        ends = [min(max(end, 0), limit) for _, end in bins]
        return torch.tensor([[start, max(end, start + 1)] for start, end in zip(starts, ends, strict=True)])

    return answer(box, output_size, spatial_scale, feature_size, clamp=clamp)


@form(bins_always_a_cell)
def bins_starts_on_a_cell_of_the_map(box, output_size, spatial_scale, feature_size):
    def clamp(bins, limit):
        return torch.tensor([[min(max(start, 0), limit - 1), min(max(end, 0), limit)] for start, end in bins])

    return answer(box, output_size, spatial_scale, feature_size, clamp=clamp)


@mistake("You clamp rows by the map's width and columns by its height. `feature_size` is (H, W), the height first.")
def bins_map_exchanged(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size[::-1])


@mistake("You clamp in the region, before its corner is added. The edges of the map are counted on the map.")
def bins_cut_off_before_the_corner_is_added(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x1, y1, x2, y2 = corners(box, spatial_scale)
    return cut(exact(0, y2 - y1 + 1, ph), height) + y1, cut(exact(0, x2 - x1 + 1, pw), width) + x1


# --- mistakes: x and y, and what is returned --------------------------------------------------------------------------


@mistake("x and y are exchanged: rows lie in y, from y1 to y2, and columns in x. A box is (x1, y1, x2, y2).")
def bins_x_for_y(box, output_size, spatial_scale, feature_size):
    return answer(box[[1, 0, 3, 2]], output_size, spatial_scale, feature_size)


@mistake(
    "`output_size` is (ph, pw), the number of *rows* first; you cut the height into pw bins and the width into ph."
)
def bins_exchanged(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size[::-1], spatial_scale, feature_size)


@mistake("You return the columns first. Asked are the rows, then the columns.")
def bins_columns_first(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size)[::-1]


@mistake("You read the box as (x, y, width, height). Its last two numbers are the second corner.")
def bins_a_corner_and_a_size(box, output_size, spatial_scale, feature_size):
    (ph, pw), (height, width) = output_size, feature_size
    x, y, w, h = corners(box, spatial_scale)
    return cut(exact(y, max(h, 1), ph), height), cut(exact(x, max(w, 1), pw), width)


@form(bins_a_corner_and_a_size)
def bins_a_corner_and_a_size_added_first(box, output_size, spatial_scale, feature_size):
    return answer(torch.cat([box[:2], box[:2] + box[2:]]), output_size, spatial_scale, feature_size)


@mistake("You read the box as (y1, y2, x1, x2) or so: its numbers are x1, y1, x2, y2, a corner after a corner.")
def bins_corners_in_another_order(box, output_size, spatial_scale, feature_size):
    return answer(box[[0, 2, 1, 3]], output_size, spatial_scale, feature_size)


@mistake("The starts stand in one row and the ends in another. Asked is a row a *bin*, with its start and its end.")
def bins_starts_above_ends(box, output_size, spatial_scale, feature_size):
    return tuple(bins.T for bins in answer(box, output_size, spatial_scale, feature_size))


@mistake("Your cells are floats. They count rows and columns: int64.")
def bins_cells_as_floats(box, output_size, spatial_scale, feature_size):
    return tuple(bins.to(box.dtype) for bins in answer(box, output_size, spatial_scale, feature_size))


@mistake("Your cells are int32. Everything that indexes is int64 here.")
def bins_cells_as_short_numbers(box, output_size, spatial_scale, feature_size):
    return tuple(bins.int() for bins in answer(box, output_size, spatial_scale, feature_size))


@mistake("You return one tensor. Rows and columns are two results, one after the other.")
def bins_in_one_tensor(box, output_size, spatial_scale, feature_size):
    return torch.cat(answer(box, output_size, spatial_scale, feature_size))


@mistake("You return lists. Asked are two tensors, int64, with a row a bin.")
def bins_lists_of_cells(box, output_size, spatial_scale, feature_size):
    return tuple(bins.tolist() for bins in answer(box, output_size, spatial_scale, feature_size))


@mistake("You return the edges, one more than there are bins. Asked are start and end of each bin, which may overlap.")
def bins_edges_of_bins(box, output_size, spatial_scale, feature_size):
    rows, columns = answer(box, output_size, spatial_scale, feature_size)
    return tuple(torch.cat([bins[:, 0], bins[-1:, 1]]) for bins in (rows, columns))


@mistake("You scale the box where it lies, so the caller's box is changed. Write into a new tensor.")
def bins_box_scaled_in_place(box, output_size, spatial_scale, feature_size):
    box *= spatial_scale
    return answer(box, output_size, 1.0, feature_size)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def bins_by_integers(box, output_size, spatial_scale, feature_size):
    return answer(box, output_size, spatial_scale, feature_size)


@variant
def bins_by_python_floats(box, output_size, spatial_scale, feature_size):
    def rounded(v):
        return int(math.copysign(math.floor(abs(v) + 0.5), v))

    x1, y1, x2, y2 = (rounded(v * spatial_scale) for v in box.tolist())
    out = []
    for first, last, n, limit in ((y1, y2, output_size[0], feature_size[0]), (x1, x2, output_size[1], feature_size[1])):
        step = (last - first + 1) / n
        bins = [(math.floor(k * step) + first, math.ceil((k + 1) * step) + first) for k in range(n)]
        out.append(torch.tensor([[min(max(v, 0), limit) for v in pair] for pair in bins]))
    return out


@variant
def bins_by_float32(box, output_size, spatial_scale, feature_size):
    scaled = box.float() * spatial_scale
    x1, y1, x2, y2 = torch.where(scaled >= 0, (scaled + 0.5).floor(), (scaled - 0.5).ceil())

    def bins(first, last, n, limit):
        step = (last - first + 1).clamp(min=1) / n
        k = torch.arange(n)
        return torch.stack([(k * step).floor() + first, ((k + 1) * step).ceil() + first], dim=1).clamp(0, limit).long()

    return bins(y1, y2, output_size[0], feature_size[0]), bins(x1, x2, output_size[1], feature_size[1])


@variant
def bins_by_numpy(box, output_size, spatial_scale, feature_size):
    scaled = box.numpy() * spatial_scale
    whole = np.trunc(scaled + np.copysign(0.5, scaled)).astype(int)
    found = []
    for axis in (1, 0):
        first, length = whole[axis], whole[axis + 2] - whole[axis] + 1
        n, limit = output_size[1 - axis], feature_size[1 - axis]
        k = np.arange(n)
        edges = np.stack([k * length // n, ((k + 1) * length + n - 1) // n], axis=1) + first
        found.append(torch.from_numpy(np.clip(edges, 0, limit)))
    return tuple(found)


@variant
def bins_by_looking_which_cells_a_bin_touches(box, output_size, spatial_scale, feature_size):
    """A cell c belongs to bin k where both overlap: c < (k + 1)·w/n and c + 1 > k·w/n."""
    x1, y1, x2, y2 = corners(box, spatial_scale)

    def bins(first, last, n, limit):
        length = last - first + 1
        found = []
        for k in range(n):
            touched = [c for c in range(length) if c * n < (k + 1) * length and (c + 1) * n > k * length]
            found.append([min(max(first + touched[0], 0), limit), min(max(first + touched[-1] + 1, 0), limit)])
        return torch.tensor(found)

    return bins(y1, y2, output_size[0], feature_size[0]), bins(x1, x2, output_size[1], feature_size[1])


@variant
def bins_by_torch_div(box, output_size, spatial_scale, feature_size):
    x1, y1, x2, y2 = away(box.double() * spatial_scale).long()
    out = []
    for lo, hi, n, limit in zip((y1, x1), (y2, x2), output_size, feature_size, strict=True):
        size = torch.clamp(hi - lo + 1, min=1)
        k = torch.arange(n, dtype=torch.int64)
        start = torch.div(k * size, n, rounding_mode="floor")
        end = -torch.div(-(k + 1) * size, n, rounding_mode="floor")
        out.append(torch.stack((start + lo, end + lo), -1).clamp_(0, limit))
    return out[0], out[1]
