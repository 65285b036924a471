"""Wrong and right answers to `roi_pool`."""

import math

import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def away(x):
    """Round halves away from zero."""
    return x.sign() * (x.abs() + 0.5).floor()


def shared(first, length, count):
    return [(first + k * length // count, first - (-(k + 1) * length // count)) for k in range(count)]


def clamped(bins, limit):
    return [(min(max(start, 0), limit), min(max(end, 0), limit)) for start, end in bins]


def amax(cells):
    return cells.amax(dim=(1, 2)) if cells.numel() else cells.sum(dim=(1, 2))


def pool(
    features, rois, output_size, spatial_scale=1.0, rounding=away, bins=shared, plus=1, best=amax, clamp=clamped,
    image=lambda r, number: int(number), order=(1, 2, 3, 4), which=0,
):  # fmt: skip
    """Return the right answer, but for what the caller changes."""
    (ph, pw), (height, width) = output_size, features.shape[2:]
    regions = []
    for r, roi in enumerate(rois):
        x1, y1, x2, y2 = (int(number) for number in rounding(roi[list(order)] * spatial_scale))
        rows = clamp(bins(y1, max(y2 - y1 + plus, 1), ph), height)
        columns = clamp(bins(x1, max(x2 - x1 + plus, 1), pw), width)
        own = features[image(r, roi[which])]
        found = [best(own[:, top:bottom, left:right]) for top, bottom in rows for left, right in columns]
        regions.append(torch.stack(found, dim=1).view(-1, ph, pw))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], ph, pw)


# --- mistakes: which image --------------------------------------------------------------------------------------------


@mistake("You take all regions from the first image. The first number of a region says which image it lies in.")
def pools_the_first_image(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: 0)


@mistake("You take region number r from image number r. The first number of a region says which image it lies in.")
def pools_image_after_image(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: r)


@form(pools_image_after_image)
def pools_image_after_image_in_turn(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: r % len(features))


@mistake("You scale the number of the image along with the corners. The first column of `rois` stays as it is.")
def pools_a_scaled_image_number(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: int(number * spatial_scale))


@form(pools_a_scaled_image_number)
def pools_a_scaled_and_rounded_image_number(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: int(away(number * spatial_scale)))


@mistake("You count images from 1. The first number of a region counts them from 0.")
def pools_the_image_before(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, image=lambda r, number: int(number) - 1)


@mistake("You read the number of the image behind the box. It stands first: (batch index, x1, y1, x2, y2).")
def pools_with_the_image_number_last(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, order=(0, 1, 2, 3), which=4)


# --- mistakes: corners and bins ---------------------------------------------------------------------------------------


@mistake("You take halves to the even number, as `torch.round` and `round` do. Here they go away from zero.")
def pools_with_halves_to_even(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, rounding=torch.round)


@mistake("You round by ⌊x + ½⌋, which takes halves below zero up. They go away from zero: −2.5 becomes −3.")
def pools_with_halves_up(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, rounding=lambda x: (x + 0.5).floor())


@mistake("You cut off what stands behind the point of the corners. They are rounded to the nearest cell.")
def pools_with_corners_cut_off(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, rounding=torch.trunc)


@mistake("You round every corner down. It belongs to the nearest cell.")
def pools_with_corners_down(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, rounding=torch.floor)


@mistake("You round the first corner down and the second one up. Each goes to the nearest cell.")
def pools_with_corners_outwards(features, rois, output_size, spatial_scale=1.0):
    def outwards(x):
        return torch.cat([x[:2].floor(), x[2:].ceil()])

    return pool(features, rois, output_size, spatial_scale, rounding=outwards)


@mistake(
    "You do not round the corners before you divide. RoI pooling takes whole cells; RoI Align, chapters later, does not."
)
def pools_without_rounding_corners(features, rois, output_size, spatial_scale=1.0):
    (ph, pw), (height, width) = output_size, features.shape[2:]

    def edges(first, last, count):
        length = max(last - first + 1, 1)
        return [
            (math.floor(first + k * length / count), math.ceil(first + (k + 1) * length / count)) for k in range(count)
        ]

    regions = []
    for image, *box in rois.tolist():
        x1, y1, x2, y2 = (number * spatial_scale for number in box)
        rows, columns = clamped(edges(y1, y2, ph), height), clamped(edges(x1, x2, pw), width)
        found = [amax(features[int(image), :, a:b, c:d]) for a, b in rows for c, d in columns]
        regions.append(torch.stack(found, dim=1).view(-1, ph, pw))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], ph, pw)


@mistake("You do not use `spatial_scale`: the boxes are in pixels of the image, and the features in cells.")
def pools_without_scale(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, 1.0)


@mistake("You divide by `spatial_scale`. It is the map's size over the image's: multiply by it.")
def pools_over_the_scale(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, 1 / spatial_scale)


@mistake("You forget the + 1: both corner cells belong to the region, so it is x2 − x1 + 1 cells wide.")
def pools_a_cell_less(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, plus=0)


@mistake("Your regions are a cell too large on both sides. From x1 to x2 there are x2 − x1 + 1 cells.")
def pools_a_cell_more(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, plus=2)


@mistake("Your bins end where the next one begins. Ends are rounded *up*: neighbours share a cell that lies in both.")
def pools_bins_that_share_nothing(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        return [(first + k * length // count, first + (k + 1) * length // count) for k in range(count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@form(pools_bins_that_share_nothing)
def pools_bins_that_share_nothing_but_hold_a_cell(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        edges = [first + k * length // count for k in range(count + 1)]
        return [(edges[k], max(edges[k + 1], edges[k] + 1)) for k in range(count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@mistake(
    "All your bins have the same whole number of cells, ⌊w/pw⌋, and the last cells of a region are never looked at."
)
def pools_whole_bins(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        return [(first + k * (length // count), first + (k + 1) * (length // count)) for k in range(count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@form(pools_whole_bins)
def pools_whole_bins_of_a_cell_at_least(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        step = max(length // count, 1)
        return [(first + k * step, first + (k + 1) * step) for k in range(count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@mistake("All your bins have ⌈w/pw⌉ cells, one after the other, and the last ones lie outside the region.")
def pools_whole_bins_rounded_up(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        step = -(-length // count)
        return [(first + k * step, first + (k + 1) * step) for k in range(count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@mistake("Your bins leave out their last cell. A slice stops before its end, so the end itself must be behind the bin.")
def pools_without_the_last_cell(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        return [(start, end - 1) for start, end in shared(first, length, count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


@mistake("Your bins take in the cell behind their end, ⌈(k+1)·w/pw⌉. It is left out, as a slice does by itself.")
def pools_one_cell_too_many(features, rois, output_size, spatial_scale=1.0):
    def bins(first, length, count):
        return [(start, end + 1) for start, end in shared(first, length, count)]

    return pool(features, rois, output_size, spatial_scale, bins=bins)


# --- mistakes: the map's edges ----------------------------------------------------------------------------------------


@mistake(
    "You cut the region off at the edge of the map *before* you divide it, so its bins shrink. Divide the whole region, "
    "then clamp the bins."
)
def pools_what_is_left_of_the_region(features, rois, output_size, spatial_scale=1.0):
    (height, width), regions = features.shape[2:], []
    for roi in rois:
        x1, y1, x2, y2 = (int(number) for number in away(roi[1:] * spatial_scale))
        x1, x2 = min(max(x1, 0), width - 1), min(max(x2, 0), width - 1)
        y1, y2 = min(max(y1, 0), height - 1), min(max(y2, 0), height - 1)
        crop = features[int(roi[0]), :, y1 : y2 + 1, x1 : x2 + 1]
        regions.append(F.adaptive_max_pool2d(crop, output_size))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], *output_size)


@form(pools_what_is_left_of_the_region)
def pools_what_is_left_or_nothing(features, rois, output_size, spatial_scale=1.0):
    (height, width), regions = features.shape[2:], []
    for roi in rois:
        x1, y1, x2, y2 = (int(number) for number in away(roi[1:] * spatial_scale))
        crop = features[int(roi[0]), :, max(y1, 0) : max(y2 + 1, 0), max(x1, 0) : max(x2 + 1, 0)]
        whole = F.adaptive_max_pool2d(crop, output_size) if crop.numel() else None
        regions.append(features.new_zeros(features.shape[1], *output_size) if whole is None else whole)
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], *output_size)


@form(pools_what_is_left_of_the_region)
def pools_what_is_left_and_fails_on_nothing(features, rois, output_size, spatial_scale=1.0):
    regions = []
    for roi in rois:
        x1, y1, x2, y2 = (int(number) for number in away(roi[1:] * spatial_scale))
        crop = features[int(roi[0]), :, max(y1, 0) : max(y2 + 1, 0), max(x1, 0) : max(x2 + 1, 0)]
        regions.append(F.adaptive_max_pool2d(crop, output_size))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], *output_size)


@mistake(
    "You slice with negative numbers. For Python they count from the other end; clamp rows and columns to the map."
)
def pools_from_the_other_end(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, clamp=lambda bins, limit: bins)


@form(pools_from_the_other_end)
def pools_crops_from_the_other_end(features, rois, output_size, spatial_scale=1.0):
    regions = []
    for roi in rois:
        x1, y1, x2, y2 = (int(number) for number in away(roi[1:] * spatial_scale))
        crop = features[int(roi[0]), :, y1 : y2 + 1, x1 : x2 + 1]
        regions.append(F.adaptive_max_pool2d(crop, output_size))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], *output_size)


@mistake(
    "Outside the map you take zeros into account. A bin is the maximum of the cells that it *has*, and 0 only if it has none."
)
def pools_zeros_around_the_map(features, rois, output_size, spatial_scale=1.0):
    margin = 24
    padded = F.pad(features, (margin,) * 4)
    return pool(padded, rois, output_size, spatial_scale, bins=lambda first, *rest: shared(first + margin, *rest))


@mistake("A bin without cells is −∞ in your result, the maximum of nothing. It is to be 0.")
def pools_minus_infinity(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        return cells.amax(dim=(1, 2)) if cells.numel() else cells.new_full((cells.shape[0],), -torch.inf)

    return pool(features, rois, output_size, spatial_scale, best=best)


@form(pools_minus_infinity)
def pools_the_mean_of_nothing(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        return cells.amax(dim=(1, 2)) if cells.numel() else cells.new_full((cells.shape[0],), torch.nan)

    return pool(features, rois, output_size, spatial_scale, best=best)


@mistake(
    "A bin may be without cells, where a region reaches over the map's edge. A maximum of nothing cannot be taken: it is 0."
)
def pools_and_fails_without_cells(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, best=lambda cells: cells.amax(dim=(1, 2)))


@mistake("Your bins take at least one cell of the map, also where they lie outside. A bin without cells is 0.")
def pools_a_cell_at_the_edge(features, rois, output_size, spatial_scale=1.0):
    def clamp(bins, limit):
        starts = [min(max(start, 0), limit - 1) for start, _ in bins]
        return [(start, max(min(max(end, 0), limit), start + 1)) for start, (_, end) in zip(starts, bins, strict=True)]

    return pool(features, rois, output_size, spatial_scale, clamp=clamp)


@mistake("You clamp ends at the last cell, H − 1 and W − 1, and it is never looked at. A slice may end at H or W.")
def pools_without_the_last_row_and_column(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, clamp=lambda bins, limit: clamped(bins, limit - 1))


@mistake("You clamp rows by the map's width and columns by its height. The features are (N, C, H, W).")
def pools_with_the_map_exchanged(features, rois, output_size, spatial_scale=1.0):
    (ph, pw), (height, width) = output_size, features.shape[2:]
    other = {height: width, width: height}
    return pool(features, rois, output_size, spatial_scale, clamp=lambda bins, limit: clamped(bins, other[limit]))


# --- mistakes: the maximum --------------------------------------------------------------------------------------------


@mistake(
    "You begin each maximum with 0, and 0 is larger than every negative feature. Begin with −∞, or with a cell of the bin."
)
def pools_nothing_below_zero(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, best=lambda cells: amax(cells).clamp(min=0))


@mistake("You take the mean of a bin. RoI *max* pooling keeps its largest feature.")
def pools_means(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        return cells.mean(dim=(1, 2)) if cells.numel() else cells.sum(dim=(1, 2))

    return pool(features, rois, output_size, spatial_scale, best=best)


@mistake("You sum the cells of a bin. RoI *max* pooling keeps the largest one.")
def pools_sums(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, best=lambda cells: cells.sum(dim=(1, 2)))


@mistake("You keep the smallest feature of a bin. Asked is the largest.")
def pools_minima(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, best=lambda cells: -amax(-cells))


@mistake("You keep the feature of the largest *absolute* value. Asked is the largest one, and −9 is smaller than 1.")
def pools_the_farthest_from_zero(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        flat = cells.flatten(1)
        return flat.gather(1, flat.abs().argmax(dim=1, keepdim=True))[:, 0] if cells.numel() else flat.sum(dim=1)

    return pool(features, rois, output_size, spatial_scale, best=best)


@mistake("You take one cell of each bin, the first. Asked is the largest of all its cells.")
def pools_first_cells(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        return cells[:, 0, 0] if cells.numel() else cells.sum(dim=(1, 2))

    return pool(features, rois, output_size, spatial_scale, best=best)


@mistake("You take one cell of each bin, the one in its middle. Asked is the largest of all its cells.")
def pools_middle_cells(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        return cells[:, cells.shape[1] // 2, cells.shape[2] // 2] if cells.numel() else cells.sum(dim=(1, 2))

    return pool(features, rois, output_size, spatial_scale, best=best)


@mistake("Your maximum runs over the channels, too. Every channel is pooled by itself.")
def pools_all_channels_together(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, best=lambda cells: amax(cells).amax().expand(len(cells)))


@form(pools_all_channels_together)
def pools_to_one_channel(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale).amax(dim=1, keepdim=True)


# --- mistakes: order and shape ----------------------------------------------------------------------------------------


@mistake("x and y are exchanged: rows lie in y, columns in x. A region is (batch index, x1, y1, x2, y2).")
def pools_x_for_y(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale, order=(2, 1, 4, 3))


@mistake("You read a region as (x, y, width, height). Its last two numbers are the second corner.")
def pools_a_corner_and_a_size(features, rois, output_size, spatial_scale=1.0):
    rois = torch.cat([rois[:, :3], rois[:, 1:3] + rois[:, 3:]], dim=1)
    return pool(features, rois, output_size, spatial_scale)


@form(pools_a_corner_and_a_size)
def pools_a_corner_and_a_size_without_one(features, rois, output_size, spatial_scale=1.0):
    rois = torch.cat([rois[:, :3], rois[:, 1:3] + rois[:, 3:]], dim=1)
    return pool(features, rois, output_size, spatial_scale, plus=0)


@mistake("`output_size` is (ph, pw), rows first; you cut the height into pw bins and the width into ph.")
def pools_into_exchanged_bins(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size[::-1], spatial_scale)


@mistake(
    "The grid of each region is transposed: bins that lie side by side in the map stand below each other in your result."
)
def pools_transposed_grids(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale).transpose(2, 3)


@form(pools_transposed_grids)
def pools_column_after_column(features, rois, output_size, spatial_scale=1.0):
    pooled = pool(features, rois, output_size, spatial_scale)
    return pooled.transpose(2, 3).reshape(pooled.shape)


@mistake("Your channels stand last. Asked is (R, C, ph, pw): the channels before the grid, as in every map.")
def pools_with_channels_last(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale).permute(0, 2, 3, 1)


@mistake("You flatten what you pooled. The layers behind it may do that; asked is (R, C, ph, pw).")
def pools_flat_rows(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale).flatten(1)


@mistake("You return a list of grids. Asked is one tensor (R, C, ph, pw) of all regions.")
def pools_a_list(features, rois, output_size, spatial_scale=1.0):
    return list(pool(features, rois, output_size, spatial_scale))


@mistake(
    "The number of images is not the number of regions: your result has a grid an image, and should have one a region."
)
def pools_a_grid_an_image(features, rois, output_size, spatial_scale=1.0):
    pooled = features.new_zeros(len(features), features.shape[1], *output_size)
    each = pool(features, rois, output_size, spatial_scale)
    for image, grid in zip(rois[:, 0].long().tolist(), each, strict=True):
        pooled = pooled.index_copy(0, torch.tensor([image]), grid[None])
    return pooled


# --- mistakes: no region, dtypes, gradients ---------------------------------------------------------------------------


@mistake(
    "Without regions you have nothing to stack, and torch raises. An empty result has a shape too: (0, C, ph, pw)."
)
def pools_and_fails_without_regions(features, rois, output_size, spatial_scale=1.0):
    pooled = [pool(features, roi[None], output_size, spatial_scale)[0] for roi in rois]
    return torch.stack(pooled)


@mistake("Without regions your result has lost its shape. It is (0, C, ph, pw), so that the next layer can take it.")
def pools_nothing_without_a_shape(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale) if len(rois) else features.new_zeros(0)


@mistake("Your result is float32 whatever comes in. It has the dtype of `features`.")
def pools_in_float32(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale).float()


@mistake(NO_GRADIENT)
def pools_without_a_gradient(features, rois, output_size, spatial_scale=1.0):
    return pool(features.detach(), rois, output_size, spatial_scale)


@mistake("You scale `rois` where they lie, so the caller's boxes are changed. Write into a new tensor.")
def pools_and_scales_in_place(features, rois, output_size, spatial_scale=1.0):
    rois[:, 1:] *= spatial_scale
    return pool(features, rois, output_size, 1.0)


@mistake(
    "A gradient goes to *every* cell of a bin in your code. It goes to the cell of the maximum; all others had no say."
)
def pools_a_gradient_for_all_cells(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        mean = cells.mean(dim=(1, 2)) if cells.numel() else cells.sum(dim=(1, 2))
        return mean + (amax(cells) - mean).detach()

    return pool(features, rois, output_size, spatial_scale, best=best)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def pool_by_slices(features, rois, output_size, spatial_scale=1.0):
    return pool(features, rois, output_size, spatial_scale)


@variant
def pool_rows_then_columns(features, rois, output_size, spatial_scale=1.0):
    n, c, h, w = features.shape
    ph, pw = output_size
    out = []
    for b, *box in rois.tolist():
        x1, y1, x2, y2 = (int(math.copysign(math.floor(abs(v * spatial_scale) + 0.5), v)) for v in box)
        lines = []
        for top, bottom in clamped(shared(y1, y2 - y1 + 1, ph), h):
            rows = features[int(b), :, top:bottom]
            lines.append(rows.amax(1) if bottom > top else features.new_full((c, w), -torch.inf))
        grid = torch.stack(lines, 1)
        cells = []
        for left, right in clamped(shared(x1, x2 - x1 + 1, pw), w):
            cells.append(grid[:, :, left:right].amax(2) if right > left else features.new_full((c, ph), -torch.inf))
        found = torch.stack(cells, 2)
        out.append(torch.where(found.isinf(), torch.zeros_like(found), found))
    return torch.stack(out) if out else features.new_empty((0, c, ph, pw))


@variant
def pool_by_masks(features, rois, output_size, spatial_scale=1.0):
    """No loop at all: each bin is a mask over the whole map."""
    (ph, pw), (h, w) = output_size, features.shape[-2:]
    x1, y1, x2, y2 = away(rois[:, 1:] * spatial_scale).long().unbind(1)

    def inside(first, last, count, size):
        length = (last - first + 1).clamp(min=1)[:, None]
        k = torch.arange(count)
        start = first[:, None] + k * length // count
        end = first[:, None] + ((k + 1) * length + count - 1) // count
        at = torch.arange(size)
        return (at >= start[..., None]) & (at < end[..., None])

    rows, columns = inside(y1, y2, ph, h), inside(x1, x2, pw, w)
    mask = rows[:, :, None, :, None] & columns[:, None, :, None, :]
    own = features[rois[:, 0].long()][:, :, None, None]
    found = own.masked_fill(~mask[:, None], -torch.inf).flatten(4).amax(-1)
    return found.masked_fill(~mask.flatten(3).any(-1)[:, None], 0.0)


@variant
def pool_adaptively_with_a_margin(features, rois, output_size, spatial_scale=1.0):
    """Adaptive pooling has the same bins, if it is given the whole region."""
    margin = 24
    padded = F.pad(features, (margin, margin, margin, margin), value=-torch.inf)
    found = [features.new_zeros(0, features.shape[1], *output_size)]
    for roi in rois:
        x1, y1, x2, y2 = (away(roi[1:] * spatial_scale) + margin).int().tolist()
        pooled = F.adaptive_max_pool2d(padded[int(roi[0]), :, y1 : y2 + 1, x1 : x2 + 1], output_size)
        found.append(torch.where(pooled == -torch.inf, 0.0, pooled)[None])
    return torch.cat(found)


@variant
def pool_into_a_tensor(features, rois, output_size, spatial_scale=1.0):
    ph, pw = output_size
    h, w = features.shape[2], features.shape[3]
    out = torch.zeros(len(rois), features.shape[1], ph, pw, dtype=features.dtype)
    for r in range(len(rois)):
        b = int(rois[r, 0])
        v = rois[r, 1:] * spatial_scale
        x1, y1, x2, y2 = torch.where(v < 0, torch.ceil(v - 0.5), torch.floor(v + 0.5)).int().tolist()
        for i, (t, e) in enumerate(clamped(shared(y1, y2 - y1 + 1, ph), h)):
            for j, (s, f) in enumerate(clamped(shared(x1, x2 - x1 + 1, pw), w)):
                for c in range(features.shape[1]):
                    if e > t and f > s:
                        out[r, c, i, j] = features[b, c, t:e, s:f].max()
    return out


@variant
def pool_with_max_pool2d(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        if not cells.numel():
            return cells.new_zeros(len(cells))
        return F.max_pool2d(cells[None], cells.shape[1:]).flatten()

    return pool(features, rois, output_size, spatial_scale, best=best)


@variant
def pool_by_argmax(features, rois, output_size, spatial_scale=1.0):
    def best(cells):
        flat = cells.reshape(len(cells), -1)
        return flat[torch.arange(len(flat)), flat.argmax(1)] if flat.shape[1] else flat.new_zeros(len(flat))

    return pool(features, rois, output_size, spatial_scale, best=best)
