"""Wrong and right answers to `roi_align`."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def lines(at, length, reach=lambda at, length: (at >= -1) & (at <= length), move=True, near=lambda away: 1 - away):
    """Return how much each line of a map (`length`) counts at places `at` (P,): (P, length)."""
    ok = reach(at, length)
    if move:
        at = at.clip(0, length - 1)
    away = abs(at[:, None] - np.arange(length))
    return near(away).clip(0) * ok[:, None]


def look(features, y, x, **changes):
    """Return the values of a map (C, H, W) at all pairs of places: (C, len(y), len(x))."""
    rows, columns = lines(y, features.shape[1], **changes), lines(x, features.shape[2], **changes)
    return torch.from_numpy(rows).to(features) @ features @ torch.from_numpy(columns.T).to(features)


def in_cells(box, scale, aligned):
    return box * scale - (0.5 if aligned else 0.0)


def at_least_one(sides, aligned):
    return sides if aligned else sides.clip(1)


def rounded_up(side, ratio):
    """Return how many points a bin of this `side` has."""
    return ratio if ratio > 0 else max(math.ceil(side), 1)


def in_the_middle(start, side, bins, points):
    """Return the places in one direction (bins · points), from a `start` and the `side` of a bin."""
    steps = (np.arange(bins * points) + 0.5) / points
    return start + steps * side


def mean(values):
    return values.mean(dim=(2, 4))


def align(
    features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False, *,
    image=lambda r, number: int(number), which=0, order=(1, 2, 3, 4), cells=in_cells, least=at_least_one,
    count=rounded_up, counts=None, places=in_the_middle, values=look, join=mean,
):  # fmt: skip
    """Return the right answer, but for what the caller changes. Where points lie is computed in numpy, which is quick."""
    (ph, pw), regions = output_size, []
    for r, roi in enumerate(rois.double().numpy()):
        x1, y1, x2, y2 = cells(roi[list(order)], spatial_scale, aligned)
        w, h = least(np.array([x2 - x1, y2 - y1]), aligned)
        if counts:
            down, across = counts(h / ph, w / pw, sampling_ratio)
        else:
            down, across = count(h / ph, sampling_ratio), count(w / pw, sampling_ratio)
        y, x = places(y1, h / ph, ph, down), places(x1, w / pw, pw, across)
        found = values(features[image(r, roi[which])], y, x)
        regions.append(join(found.reshape(-1, ph, down, pw, across)))
    return torch.stack(regions) if regions else features.new_zeros(0, features.shape[1], ph, pw)


# --- mistakes: which image --------------------------------------------------------------------------------------------


@mistake("You take all regions from the first image. The first number of a region says which image it lies in.")
def aligns_the_first_image(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, image=lambda r, number: 0)


@mistake("You take region number r from image number r. The first number of a region says which image it lies in.")
def aligns_image_after_image(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, image=lambda r, number: r)


@form(aligns_image_after_image)
def aligns_image_after_image_in_turn(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, image=lambda r, number: r % len(features))


@mistake("You scale the number of the image along with the corners. The first column of `rois` stays as it is.")
def aligns_a_scaled_image_number(features, rois, output_size, spatial_scale=1.0, **options):
    number = lambda r, number: int(number * spatial_scale)  # noqa: E731
    return align(features, rois, output_size, spatial_scale, **options, image=number)


@mistake("You count images from 1. The first number of a region counts them from 0.")
def aligns_the_image_before(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, image=lambda r, number: int(number) - 1)


@mistake("You read the number of the image behind the box. It stands first: (batch index, x1, y1, x2, y2).")
def aligns_with_the_image_number_last(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, order=(0, 1, 2, 3), which=4)


# --- mistakes: the corners --------------------------------------------------------------------------------------------


@mistake("You do not use `spatial_scale`: the boxes are in pixels of the image, and the features in cells.")
def aligns_without_scale(features, rois, output_size, spatial_scale=1.0, **options):
    return align(features, rois, output_size, 1.0, **options)


@mistake("You divide by `spatial_scale`. It is the map's size over the image's: multiply by it.")
def aligns_over_the_scale(features, rois, output_size, spatial_scale=1.0, **options):
    return align(features, rois, output_size, 1 / spatial_scale, **options)


def rounding(how):
    return lambda box, scale, aligned: how(box * scale) - aligned / 2


@mistake("You round the corners to whole cells, as RoI pooling does. Not to round them is what RoI Align is for.")
def aligns_rounded_corners(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=rounding(np.round))


@form(aligns_rounded_corners)
def aligns_rounded_corners_after_the_half(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, cells=lambda box, scale, aligned: (box * scale - aligned / 2).round()
    )


@form(aligns_rounded_corners)
def aligns_rounded_corners_halves_up(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=rounding(lambda x: np.floor(x + 0.5)))


@form(aligns_rounded_corners)
def aligns_corners_cut_off(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=rounding(np.trunc))


@form(aligns_rounded_corners)
def aligns_corners_rounded_down(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=rounding(np.floor))


@form(aligns_rounded_corners)
def aligns_corners_rounded_outwards(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, cells=rounding(lambda x: np.append(np.floor(x[:2]), np.ceil(x[2:])))
    )


def cut(features, roi, scale):
    """Return the whole cells of a region (C, h, w), one at least."""
    x1, y1, x2, y2 = (roi[1:] * scale).round().long().tolist()
    height, width = features.shape[2:]
    y1, x1 = min(max(y1, 0), height - 1), min(max(x1, 0), width - 1)
    return features[int(roi[0]), :, y1 : max(y2 + 1, y1 + 1), x1 : max(x2 + 1, x1 + 1)]


@mistake("You pool whole cells, as RoI pooling does. A bin of RoI Align is the mean of points *between* the cells.")
def aligns_as_pooling_does(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    found = [F.adaptive_max_pool2d(cut(features, roi, spatial_scale), output_size) for roi in rois]
    return torch.stack(found) if found else features.new_zeros(0, features.shape[1], *output_size)


@form(aligns_as_pooling_does)
def aligns_as_mean_pooling_does(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    found = [F.adaptive_avg_pool2d(cut(features, roi, spatial_scale), output_size) for roi in rois]
    return torch.stack(found) if found else features.new_zeros(0, features.shape[1], *output_size)


@mistake("You cut whole cells out and resize them. The box is never cut along cells: points are taken where they lie.")
def aligns_by_resizing(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    found = [F.interpolate(cut(features, roi, spatial_scale)[None], output_size, mode="bilinear")[0] for roi in rois]
    return torch.stack(found) if found else features.new_zeros(0, features.shape[1], *output_size)


@form(aligns_by_resizing)
def aligns_by_resizing_corner_to_corner(
    features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False
):
    found = [
        F.interpolate(cut(features, roi, spatial_scale)[None], output_size, mode="bilinear", align_corners=True)[0]
        for roi in rois
    ]
    return torch.stack(found) if found else features.new_zeros(0, features.shape[1], *output_size)


def clipping(features, less):
    height, width = features.shape[2:]
    most = np.array([width, height, width, height]) - less

    def cells(box, scale, aligned):
        return (box * scale).clip(0, most) - aligned / 2

    return cells


@mistake(
    "You cut boxes off at the map's edge, so that their bins get smaller. The whole box is divided, wherever it lies."
)
def aligns_clipped_boxes(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=clipping(features, 0))


@form(aligns_clipped_boxes)
def aligns_boxes_clipped_to_the_last_cell(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=clipping(features, 1))


@form(aligns_clipped_boxes)
def aligns_boxes_clipped_after_the_half(features, rois, output_size, **options):
    height, width = features.shape[2:]
    most = np.array([width, height, width, height])

    def cells(box, scale, aligned):
        return (box * scale - aligned / 2).clip(0, most)

    return align(features, rois, output_size, **options, cells=cells)


@form(aligns_clipped_boxes)
def aligns_boxes_clipped_at_zero(features, rois, output_size, **options):
    return align(
        features,
        rois,
        output_size,
        **options,
        cells=lambda box, scale, aligned: (box * scale - aligned / 2).clip(0),
    )


@mistake("You add a cell to width and height. That was RoI pooling's; here a box is x2 − x1 wide.")
def aligns_a_cell_more(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: at_least_one(sides + 1, aligned))


@form(aligns_a_cell_more)
def aligns_a_pixel_more(features, rois, output_size, **options):
    def cells(box, scale, aligned):
        return in_cells(np.append(box[:2], box[2:] + 1), scale, aligned)

    return align(features, rois, output_size, **options, cells=cells)


@mistake("x and y are exchanged: rows lie in y, columns in x. A region is (batch index, x1, y1, x2, y2).")
def aligns_x_for_y(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, order=(2, 1, 4, 3))


@mistake("You read a region as (x, y, width, height). Its last two numbers are the second corner.")
def aligns_a_corner_and_a_size(features, rois, output_size, **options):
    rois = torch.cat([rois[:, :3], rois[:, 1:3] + rois[:, 3:]], dim=1)
    return align(features, rois, output_size, **options)


@mistake("You read a region as a centre and a size. It is two corners: (batch index, x1, y1, x2, y2).")
def aligns_a_centre_and_a_size(features, rois, output_size, **options):
    half = rois[:, 3:] / 2
    rois = torch.cat([rois[:, :1], rois[:, 1:3] - half, rois[:, 1:3] + half], dim=1)
    return align(features, rois, output_size, **options)


# --- mistakes: aligned ------------------------------------------------------------------------------------------------


@mistake("You do not use `aligned`. With it the box is moved by half a cell, and it may be smaller than a cell.")
def aligns_never(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    return align(features, rois, output_size, spatial_scale, sampling_ratio, False)


@mistake(
    "You align every box. Without `aligned` the box is *not* moved by half a cell, and is at least one cell large."
)
def aligns_always(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    return align(features, rois, output_size, spatial_scale, sampling_ratio, True)


@mistake("`aligned` is the wrong way round: *with* it the box is moved by half a cell, without it it is not.")
def aligns_the_others(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    return align(features, rois, output_size, spatial_scale, sampling_ratio, not aligned)


@form(aligns_the_others)
def aligns_the_others_but_clamps_these(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale - (not aligned) / 2
    )


@mistake("You move every box by half a cell, whatever `aligned` says. Without it the box stays where it is.")
def moves_always(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale - 0.5)


@mistake("With `aligned` your boxes do not move. They are moved by half a cell, up and to the left.")
def moves_never(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale)


@mistake(
    "You *add* half a cell. The value of cell j stands at j + ½ in the picture and at j on the map: half a cell comes off."
)
def moves_down_and_right(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale + aligned / 2)


@mistake("You move boxes by half a *pixel*, before the scale. Half a cell of the map comes off, so afterwards.")
def moves_before_the_scale(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: (box - aligned / 2) * scale)


@mistake("You move a box by a whole cell. With `aligned` it is half of one.")
def moves_a_whole_cell(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale - float(aligned))


@mistake("You move the first corner only, so the box grows by half a cell. Both corners move.")
def moves_the_first_corner(features, rois, output_size, **options):
    half = np.array([0.5, 0.5, 0, 0])
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale - aligned * half)


@form(moves_the_first_corner)
def moves_corners_apart(features, rois, output_size, **options):
    half = np.array([0.5, 0.5, -0.5, -0.5])
    return align(features, rois, output_size, **options, cells=lambda box, scale, aligned: box * scale - aligned * half)


# --- mistakes: small boxes --------------------------------------------------------------------------------------------


@mistake("Without `aligned` a box is at least one cell wide and one cell high, and your small ones are not.")
def small_boxes_stay_small(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: sides)


@form(small_boxes_stay_small)
def small_boxes_stay_small_but_for_nothing(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: np.where(sides > 0, sides, 1))


@form(small_boxes_stay_small)
def small_boxes_have_a_little(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: sides.clip(0.1))


@form(small_boxes_stay_small)
def small_boxes_may_have_no_points(features, rois, output_size, **options):
    def least(sides, aligned):
        return np.where(sides > 0, sides, 0)

    def join(values):
        return values.mean(dim=(2, 4)) if values.numel() else values.sum(dim=(2, 4))

    return align(
        features, rois, output_size, **options, least=least, join=join,
        count=lambda side, ratio: ratio if ratio > 0 else math.ceil(side),
    )  # fmt: skip


@mistake("You make small boxes one cell large, also with `aligned`. Only without it they are.")
def small_boxes_always_grow(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: sides.clip(1))


@mistake("Small boxes grow to a cell in your code with `aligned`, and not without it. It is the other way round.")
def small_boxes_grow_if_aligned(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, least=lambda sides, aligned: at_least_one(sides, not aligned))


@mistake("You make a small box one *pixel* large, before the scale. It is to be one cell of the map.")
def small_boxes_are_a_pixel(features, rois, output_size, spatial_scale=1.0, **options):
    def least(sides, aligned):
        return sides if aligned else sides.clip(spatial_scale)

    return align(features, rois, output_size, spatial_scale, **options, least=least)


@mistake("You make every *bin* at least one cell large. It is the whole box that is.")
def bins_are_a_cell(features, rois, output_size, **options):
    least = np.array(output_size[::-1])
    return align(
        features, rois, output_size, **options,
        least=lambda sides, aligned: sides if aligned else np.maximum(sides, least),
    )  # fmt: skip


@mistake("Your small boxes grow about their centres. They grow to one cell from their first corner.")
def small_boxes_grow_about_centres(features, rois, output_size, **options):
    def cells(box, scale, aligned):
        box = in_cells(box, scale, aligned)
        more = (1 - (box[2:] - box[:2])).clip(0) / 2 * (not aligned)
        return np.append(box[:2] - more, box[2:] + more)

    return align(features, rois, output_size, **options, cells=cells)


@mistake("A box grows in both directions where one of its sides is below a cell. Each side is looked at by itself.")
def small_boxes_become_squares(features, rois, output_size, **options):
    def least(sides, aligned):
        return np.ones(2) if not aligned and bool((sides < 1).any()) else sides

    return align(features, rois, output_size, **options, least=least)


# --- mistakes: how many points ----------------------------------------------------------------------------------------


@mistake("You take one point a bin, its middle, whatever `sampling_ratio` says. There are ratio × ratio of them.")
def one_point_always(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: 1)


def resampled(features, rois, output_size, spatial_scale, padding):
    """Return one value a bin by affine_grid and grid_sample, with the box between the map's edges."""
    height, width = features.shape[2:]
    found = [features.new_zeros(0, features.shape[1], *output_size)]
    for roi in rois:
        x1, y1, x2, y2 = (roi[1:] * spatial_scale).tolist()
        theta = [[(x2 - x1) / width, 0, (x1 + x2) / width - 1], [0, (y2 - y1) / height, (y1 + y2) / height - 1]]
        grid = F.affine_grid(features.new_tensor([theta]), [1, features.shape[1], *output_size], align_corners=False)
        found.append(F.grid_sample(features[int(roi[0])][None], grid, padding_mode=padding, align_corners=False))
    return torch.cat(found)


@form(one_point_always)
def one_point_by_an_affine_map(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    return resampled(features, rois, output_size, spatial_scale, "zeros")


@form(one_point_always)
def one_point_by_an_affine_map_with_a_border(
    features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False
):
    return resampled(features, rois, output_size, spatial_scale, "border")


@mistake("You take 2 × 2 points a bin, whatever `sampling_ratio` says.")
def two_points_always(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: 2)


@mistake(
    "You choose the number of points by the size of a bin, also where `sampling_ratio` is above 0. Then it counts."
)
def as_many_points_as_cells_always(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: rounded_up(side, 0))


@mistake("With a `sampling_ratio` of 0 or less you take one point a bin. Then a bin has as many as cells, rounded up.")
def one_point_if_not_said(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: max(ratio, 1))


@mistake("With a `sampling_ratio` of 0 or less you take 2 × 2 points. Then a bin has as many as cells, rounded up.")
def two_points_if_not_said(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else 2)


@mistake("You take only −1 to mean as many points as cells. A `sampling_ratio` of 0 means the same.")
def no_points_for_zero(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: rounded_up(side, 0) if ratio == -1 else ratio
    )


@form(no_points_for_zero)
def one_point_for_zero(features, rois, output_size, **options):
    return align(
        features,
        rois,
        output_size,
        **options,
        count=lambda side, ratio: rounded_up(side, 0) if ratio < 0 else max(ratio, 1),
    )


@mistake(
    "You take only 0 to mean as many points as cells. A `sampling_ratio` of −1 means the same, and is what stands there if nothing is said."
)
def no_points_for_minus_one(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: rounded_up(side, 0) if ratio == 0 else ratio
    )


@form(no_points_for_minus_one)
def one_point_for_minus_one(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: abs(ratio) or rounded_up(side, 0))


@mistake(
    "Your number of points belongs to the whole box. It is as many as a *bin* has cells: divide by the bins first."
)
def as_many_points_as_the_box_has_cells(features, rois, output_size, **options):
    ph, pw = output_size
    counts = lambda h, w, ratio: (rounded_up(h * ph, ratio), rounded_up(w * pw, ratio))  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@mistake("Your number of points is counted in pixels of the image. It is as many as a bin has *cells* of the map.")
def as_many_points_as_pixels(features, rois, output_size, spatial_scale=1.0, **options):
    count = lambda side, ratio: rounded_up(side / spatial_scale, ratio)  # noqa: E731
    return align(features, rois, output_size, spatial_scale, **options, count=count)


@mistake("You round the number of points down. As many as a bin has cells means rounded *up*.")
def points_rounded_down(features, rois, output_size, **options):
    return align(
        features,
        rois,
        output_size,
        **options,
        count=lambda side, ratio: ratio if ratio > 0 else max(math.floor(side), 1),
    )


@form(points_rounded_down)
def points_rounded_down_to_nothing(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else math.floor(side)
    )


@mistake("You round the number of points to the nearest. As many as a bin has cells means rounded *up*.")
def points_rounded(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else max(round(side), 1)
    )


@form(points_rounded)
def points_rounded_to_nothing(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else round(side))


@mistake("You take one point too many. A bin that is 2 cells high has 2 rows of points; only 2.1 are rounded up to 3.")
def points_one_too_many(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else math.floor(side) + 1
    )


@form(points_one_too_many)
def points_rounded_up_and_one(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, count=lambda side, ratio: ratio if ratio > 0 else math.ceil(side) + 1
    )


@mistake(
    "A bin has as many points across as down in your code. Each direction counts its own: a bin need not be square."
)
def as_many_points_across_as_down(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (rounded_up(h, ratio),) * 2  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@form(as_many_points_across_as_down)
def as_many_points_down_as_across(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (rounded_up(w, ratio),) * 2  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@form(as_many_points_across_as_down)
def as_many_points_as_the_longer_side(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (rounded_up(max(h, w), ratio),) * 2  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@form(as_many_points_across_as_down)
def as_many_points_as_the_area(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (rounded_up(math.sqrt(h * w), ratio),) * 2  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@mistake(
    "The two numbers of points are exchanged: a bin's height says how many rows there are, its width how many columns."
)
def points_exchanged(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (rounded_up(w, ratio), rounded_up(h, ratio))  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@mistake("All regions have as many points as the largest one. Each region counts its own.")
def as_many_points_as_the_largest(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    ph, pw = output_size
    sides = at_least_one((rois[:, 3:] - rois[:, 1:3]).numpy() * spatial_scale, aligned)
    most = sides.max(axis=0) if len(rois) else np.ones(2)
    all_of_them = rounded_up(most[1] / ph, sampling_ratio), rounded_up(most[0] / pw, sampling_ratio)
    return align(
        features, rois, output_size, spatial_scale, sampling_ratio, aligned, counts=lambda h, w, ratio: all_of_them
    )


@form(as_many_points_as_the_largest)
def as_many_points_as_the_first(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    ph, pw = output_size
    sides = at_least_one((rois[:, 3:] - rois[:, 1:3]).numpy() * spatial_scale, aligned)
    most = sides[0] if len(rois) else np.ones(2)
    all_of_them = rounded_up(most[1] / ph, sampling_ratio), rounded_up(most[0] / pw, sampling_ratio)
    return align(
        features, rois, output_size, spatial_scale, sampling_ratio, aligned, counts=lambda h, w, ratio: all_of_them
    )


@mistake(
    "You take `sampling_ratio` for the number of all points of a bin. It is that of each direction: 2 means 2 × 2."
)
def points_in_all(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (ratio, 1) if ratio > 0 else (rounded_up(h, 0), rounded_up(w, 0))  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


@form(points_in_all)
def points_in_all_across(features, rois, output_size, **options):
    counts = lambda h, w, ratio: (1, ratio) if ratio > 0 else (rounded_up(h, 0), rounded_up(w, 0))  # noqa: E731
    return align(features, rois, output_size, **options, counts=counts)


# --- mistakes: where they lie -----------------------------------------------------------------------------------------


def everywhere(steps):
    """Return `places` whose points lie in each bin where `steps` (number of points) says, from 0 to 1."""

    def places(start, side, bins, points):
        number = np.arange(bins)[:, None]
        return (start + (number + steps(points)) * side).flatten()

    return places


@mistake("Your points begin at the edge of a bin. Each lies in the *middle* of its part: half a part further.")
def points_at_the_edge(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, places=everywhere(lambda n: np.arange(n) / n))


@mistake("Your points reach from edge to edge of a bin, both included. Each lies in the middle of its part of the bin.")
def points_from_edge_to_edge(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, places=everywhere(lambda n: np.linspace(0, 1, n)))


@form(points_from_edge_to_edge)
def points_from_edge_to_edge_or_in_the_middle(features, rois, output_size, **options):
    steps = lambda n: np.linspace(0, 1, n) if n > 1 else np.array([0.5])  # noqa: E731
    return align(features, rois, output_size, **options, places=everywhere(steps))


@mistake(
    "Your points reach from edge to edge of the *box*, both included. Each lies in the middle of its part of a bin."
)
def points_from_end_to_end(features, rois, output_size, **options):
    def places(start, side, bins, points):
        return start + np.linspace(0, 1, bins * points) * side * bins

    return align(features, rois, output_size, **options, places=places)


@mistake(
    "You divide a bin into one part more than it has points. With two points they lie at ¼ and ¾, and not at ⅓ and ⅔."
)
def points_with_a_margin(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, places=everywhere(lambda n: np.arange(1, n + 1) / (n + 1)))


@mistake("Your points lie half a bin too far. Half a *part* of a bin is added.")
def points_half_a_bin_further(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, places=everywhere(lambda n: np.arange(n) / n + 0.5))


@mistake(
    "Your points lie half a *cell* from the edge of their part, however large it is. It is half a part of the bin."
)
def points_half_a_cell_further(features, rois, output_size, **options):
    def places(start, side, bins, points):
        return start + np.arange(bins * points) * side / points + 0.5

    return align(features, rois, output_size, **options, places=places)


@form(points_half_a_cell_further)
def points_a_cell_apart(features, rois, output_size, **options):
    def places(start, side, bins, points):
        number = np.arange(bins)[:, None]
        return (start + number * side + np.arange(points) + 0.5).flatten()

    return align(features, rois, output_size, **options, places=places)


@mistake("Your bins begin at whole cells. Neither boxes nor bins are rounded.")
def bins_at_whole_cells(features, rois, output_size, **options):
    def places(start, side, bins, points):
        number = np.arange(bins)[:, None]
        part = (np.arange(points) + 0.5) / points
        return (np.floor(start + number * side) + part * side).flatten()

    return align(features, rois, output_size, **options, places=places)


@form(bins_at_whole_cells)
def bins_between_whole_cells(features, rois, output_size, **options):
    def places(start, side, bins, points):
        number = np.arange(bins)[:, None]
        part = (np.arange(points) + 0.5) / points
        first, last = np.floor(start + number * side), np.ceil(start + (number + 1) * side)
        return (first + part * (last - first)).flatten()

    return align(features, rois, output_size, **options, places=places)


@mistake("You take the cell that is nearest to a point. A point's value is bilinear, between four cells.")
def points_on_nearest_cells(features, rois, output_size, **options):
    def values(features, y, x):
        return look(features, moved(y, features.shape[1]), moved(x, features.shape[2]))

    def moved(at, length):
        return np.where((at < -1) | (at > length), at, at.clip(0, length - 1).round())

    return align(features, rois, output_size, **options, values=values)


@mistake("You take the cell above and to the left of a point. A point's value is bilinear, between four cells.")
def points_on_cells_before(features, rois, output_size, **options):
    def values(features, y, x):
        return look(features, moved(y, features.shape[1]), moved(x, features.shape[2]))

    def moved(at, length):
        return np.where((at < -1) | (at > length), at, np.floor(at.clip(0, length - 1)))

    return align(features, rois, output_size, **options, values=values)


@form(points_on_cells_before)
def points_on_cells_before_anywhere(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, values=lambda features, y, x: look(features, np.floor(y), np.floor(x))
    )


@mistake("Your weights are the wrong way round: of two cells the *nearer* one counts more.")
def the_far_one_counts_more(features, rois, output_size, **options):
    def near(away):
        return np.where((away < 1) & (away > 0), away, away == 0)

    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, near=near))


def pairs(features, y, x):
    """Return places as tensors, y (len(y), 1) and x (1, len(x))."""
    return torch.from_numpy(y).to(features)[:, None], torch.from_numpy(x).to(features)[None, :]


@form(the_far_one_counts_more)
def the_far_one_counts_all(features, rois, output_size, **options):
    def values(features, y, x):
        (height, width), (v, u) = features.shape[1:], pairs(features, y, x)
        ok = (v >= -1) & (v <= height) & (u >= -1) & (u <= width)
        v, u = v.clamp(0, height - 1), u.clamp(0, width - 1)
        i, j = v.floor().long(), u.floor().long()
        i2, j2 = (i + 1).clamp(max=height - 1), (j + 1).clamp(max=width - 1)
        a, b = 1 - (v - i), 1 - (u - j)
        above, below = ((1 - b) * features[:, k, j] + b * features[:, k, j2] for k in (i, i2))
        return ((1 - a) * above + a * below) * ok

    return align(features, rois, output_size, **options, values=values)


@mistake(
    "You look for a cell's value in its middle, at j + ½. On the map it stands at j; half a cell is for `aligned`."
)
def values_in_the_middle_of_cells(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y - 0.5, x - 0.5))


def by_grid_sample(y_of, x_of, padding, corners):
    """Return `values` by grid_sample, at places that go from −1 to 1."""

    def values(features, y, x):
        height, width = features.shape[1:]
        y, x = (torch.from_numpy(at).to(features) for at in (y_of(y, height), x_of(x, width)))
        grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)
        return F.grid_sample(features[None], grid[None], padding_mode=padding, align_corners=corners)[0]

    return values


@form(values_in_the_middle_of_cells)
def grid_sample_from_edge_to_edge(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "zeros", False))


@form(values_in_the_middle_of_cells)
def grid_sample_from_edge_to_edge_with_a_border(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "border", False))


def masked(values):
    """Return `values` with zeros where a point is too far outside."""

    def look_again(features, y, x):
        ok = [(at >= -1) & (at <= length) for at, length in zip((y, x), features.shape[1:], strict=True)]
        return values(features, y, x) * torch.from_numpy(ok[0][:, None] & ok[1])

    return look_again


@form(values_in_the_middle_of_cells)
def grid_sample_from_edge_to_edge_and_a_mask(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    values = masked(by_grid_sample(share, share, "border", False))
    return align(features, rois, output_size, **options, values=values)


@mistake(
    "Your places do not fit grid_sample. With `align_corners=True`, −1 and 1 are the first and the last *value*, at 0 and H − 1."
)
def grid_sample_with_the_size_for_the_last(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=masked(by_grid_sample(share, share, "border", True)))


@form(grid_sample_with_the_size_for_the_last)
def grid_sample_with_the_size_for_the_last_fading(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "zeros", True))


@form(grid_sample_with_the_size_for_the_last)
def grid_sample_with_the_size_for_the_last_border(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "border", True))


@form(grid_sample_with_the_size_for_the_last)
def grid_sample_with_the_middles_of_cells(features, rois, output_size, **options):
    share = lambda at, length: (2 * at + 1) / length - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=masked(by_grid_sample(share, share, "border", True)))


@mistake(
    "Your places do not fit grid_sample. With `align_corners=False`, −1 and 1 are half a cell outside the first and the last value."
)
def grid_sample_with_corners_it_does_not_align(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / (length - 1) - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=masked(by_grid_sample(share, share, "border", False)))


@form(grid_sample_with_corners_it_does_not_align)
def grid_sample_with_corners_it_does_not_align_fading(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / (length - 1) - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "zeros", False))


@form(grid_sample_with_corners_it_does_not_align)
def grid_sample_with_corners_it_does_not_align_border(features, rois, output_size, **options):
    share = lambda at, length: 2 * at / (length - 1) - 1  # noqa: E731
    return align(features, rois, output_size, **options, values=by_grid_sample(share, share, "border", False))


@mistake("Your grid has rows and columns exchanged. Its last dimension is (x, y), and H goes with y, W with x.")
def grid_sample_of_y_and_x(features, rois, output_size, **options):
    def values(features, y, x):
        height, width = features.shape[1:]
        y, x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
        grid = torch.stack(torch.meshgrid(torch.from_numpy(y), torch.from_numpy(x), indexing="ij"), dim=-1).to(features)
        return F.grid_sample(features[None], grid[None], padding_mode="border", align_corners=False)[0]

    return align(features, rois, output_size, **options, values=masked(values))


@form(grid_sample_of_y_and_x)
def grid_sample_over_the_other_side(features, rois, output_size, **options):
    def values(features, y, x):
        height, width = features.shape[1:]
        y, x = (2 * y + 1) / width - 1, (2 * x + 1) / height - 1
        grid = torch.stack(torch.meshgrid(torch.from_numpy(y), torch.from_numpy(x), indexing="ij")[::-1], -1).to(
            features
        )
        return F.grid_sample(features[None], grid[None], padding_mode="border", align_corners=False)[0]

    return align(features, rois, output_size, **options, values=masked(values))


# --- mistakes: the border ---------------------------------------------------------------------------------------------


@mistake(
    "Points between the last value and one cell outside are 0 in your code. Up to one cell outside the value on the edge counts."
)
def nothing_beyond_the_edge_counts(features, rois, output_size, **options):
    reach = lambda at, length: (at >= 0) & (at <= length - 1)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@form(nothing_beyond_the_edge_counts)
def nothing_before_the_edge_counts(features, rois, output_size, **options):
    reach = lambda at, length: (at >= 0) & (at <= length)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@form(nothing_beyond_the_edge_counts)
def nothing_behind_the_edge_counts(features, rois, output_size, **options):
    reach = lambda at, length: (at >= -1) & (at <= length - 1)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@mistake(
    "Your values fade outside the map, where zeros stand beside its edge. Up to one cell outside the value on the edge counts, undiminished."
)
def values_fade_outside(features, rois, output_size, **options):
    return align(
        features,
        rois,
        output_size,
        **options,
        values=lambda f, y, x: look(f, y, x, reach=lambda at, n: at == at, move=False),
    )


@mistake("Points far outside the map get the value on its edge. More than one cell outside they are 0.")
def the_edge_counts_everywhere(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=lambda at, n: at == at)
    )


@mistake("Points exactly one cell outside, at −1 and H or W, are 0 in your code. They still get the value on the edge.")
def nothing_exactly_a_cell_away(features, rois, output_size, **options):
    reach = lambda at, length: (at > -1) & (at < length)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@form(nothing_exactly_a_cell_away)
def nothing_exactly_a_cell_up(features, rois, output_size, **options):
    reach = lambda at, length: (at > -1) & (at <= length)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@form(nothing_exactly_a_cell_away)
def nothing_exactly_a_cell_down(features, rois, output_size, **options):
    reach = lambda at, length: (at >= -1) & (at < length)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@mistake("You are one cell too generous at the lower and right edge. A point is 0 from beyond y = H and x = W on.")
def a_cell_more_counts(features, rois, output_size, **options):
    reach = lambda at, length: (at >= -1) & (at <= length + 1)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


@form(a_cell_more_counts)
def a_cell_more_counts_all_around(features, rois, output_size, **options):
    reach = lambda at, length: (at >= -2) & (at <= length + 1)  # noqa: E731
    return align(features, rois, output_size, **options, values=lambda f, y, x: look(f, y, x, reach=reach))


def extrapolated(features, y, x):
    """Return values with cells on the edge and weights of where the points are."""
    (height, width), (v, u) = features.shape[1:], pairs(features, y, x)
    ok = (v >= -1) & (v <= height) & (u >= -1) & (u <= width)
    i, j = v.floor().clamp(0, height - 1).long(), u.floor().clamp(0, width - 1).long()
    i2, j2 = (i + 1).clamp(max=height - 1), (j + 1).clamp(max=width - 1)
    a, b = v - i, u - j
    above, below = ((1 - b) * features[:, k, j] + b * features[:, k, j2] for k in (i, i2))
    return ((1 - a) * above + a * below) * ok


@mistake("Outside the map you extrapolate: cells are moved to the edge, and weights are those of a point that was not.")
def points_extrapolate(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, values=extrapolated)


@mistake("Above the map you read row −1, and in Python that is the *last* one. Move the point to the edge first.")
def rows_wrap_around(features, rois, output_size, **options):
    def values(features, y, x):
        (height, width), (v, u) = features.shape[1:], pairs(features, y, x)
        ok = (v >= -1) & (v <= height) & (u >= -1) & (u <= width)
        v, u = v.clamp(-1, height - 1), u.clamp(-1, width - 1)
        i, j = v.floor().long(), u.floor().long()
        i2, j2 = (i + 1).clamp(max=height - 1), (j + 1).clamp(max=width - 1)
        a, b = v - i, u - j
        above, below = ((1 - b) * features[:, k, j] + b * features[:, k, j2] for k in (i, i2))
        return ((1 - a) * above + a * below) * ok

    return align(features, rois, output_size, **options, values=values)


@mistake("A point that needs a row or a column behind the last one makes you raise. Move it to the edge first.")
def rows_that_are_not_there(features, rois, output_size, **options):
    def values(features, y, x):
        v, u = pairs(features, y, x)
        i, j = v.floor().long(), u.floor().long()
        a, b = v - i, u - j
        above, below = ((1 - b) * features[:, k, j] + b * features[:, k, j + 1] for k in (i, i + 1))
        return (1 - a) * above + a * below

    return align(features, rois, output_size, **options, values=values)


# --- mistakes: the mean -----------------------------------------------------------------------------------------------


@mistake("You take the maximum of a bin's points. Asked is their mean.")
def maxima_of_points(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values.amax(dim=(2, 4)))


@mistake("You add a bin's points. Asked is their mean.")
def sums_of_points(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values.sum(dim=(2, 4)))


@mistake("You take the first point of each bin. Asked is the mean of all.")
def first_points(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values[:, :, 0, :, 0])


@mistake("You take the mean of those points only that lie on the map. The others are part of the mean, as zeros.")
def means_of_points_on_the_map(features, rois, output_size, **options):
    def values(features, y, x):
        return look(torch.cat([features, torch.ones_like(features[:1])]), y, x)

    def join(values):
        sums = values.sum(dim=(2, 4))
        return sums[:-1] / sums[-1:].clamp(min=1)

    return align(features, rois, output_size, **options, values=values, join=join)


@mistake("You divide by the number of bins. The mean of a bin is over its own points.")
def means_over_bins(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options,
        join=lambda values: values.sum(dim=(2, 4)) / (output_size[0] * output_size[1]),
    )  # fmt: skip


@mistake("You divide by the number of points in one direction. A bin has rows times columns of them.")
def means_over_one_direction(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values.sum(dim=(2, 4)) / values.shape[2])


@form(means_over_one_direction)
def means_over_the_other_direction(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values.sum(dim=(2, 4)) / values.shape[4])


@mistake("You divide a bin's sum by its area in cells. The mean is over its points, however many there are.")
def means_over_the_area(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    sums = sums_of_points(
        features, rois, output_size, spatial_scale=spatial_scale, sampling_ratio=sampling_ratio, aligned=aligned
    )
    sides = at_least_one((rois[:, 3:] - rois[:, 1:3]).numpy() * spatial_scale, aligned)
    return sums * output_size[0] * output_size[1] / torch.from_numpy(sides.prod(axis=1)).to(rois).view(-1, 1, 1, 1)


@mistake(
    "The points of a bin are mixed up with those of other bins: rows of points are not sorted into their rows of bins."
)
def points_of_other_bins(features, rois, output_size, **options):
    def join(values):
        channels, ph, down, pw, across = values.shape
        return values.reshape(channels, ph, pw, down * across).mean(dim=-1)

    return align(features, rois, output_size, **options, join=join)


@form(points_of_other_bins)
def points_taken_in_strides(features, rois, output_size, **options):
    def join(values):
        channels, ph, down, pw, across = values.shape
        return values.reshape(channels, down, ph, across, pw).mean(dim=(1, 3))

    return align(features, rois, output_size, **options, join=join)


@mistake("Your mean runs over the channels, too. Every channel is by itself.")
def means_of_channels_too(features, rois, output_size, **options):
    return align(
        features, rois, output_size, **options, join=lambda values: mean(values).mean(dim=0).expand(len(values), -1, -1)
    )


@form(means_of_channels_too)
def means_to_one_channel(features, rois, output_size, **options):
    return align(features, rois, output_size, **options).mean(dim=1, keepdim=True)


# --- mistakes: order and shape ----------------------------------------------------------------------------------------


@mistake("`output_size` is (ph, pw), rows first; you cut the height into pw bins and the width into ph.")
def aligns_into_exchanged_bins(features, rois, output_size, **options):
    return align(features, rois, output_size[::-1], **options)


@mistake(
    "The bins are those of another grid: the height is cut into pw parts and the width into ph. `output_size` is (ph, pw)."
)
def sides_over_the_other_bins(features, rois, output_size, **options):
    ph, pw = output_size
    times = np.array([pw / ph, ph / pw])
    return align(
        features,
        rois,
        output_size,
        **options,
        least=lambda sides, aligned: at_least_one(sides, aligned) * times,
    )


@mistake(
    "The grid of each region is transposed: bins that lie side by side on the map stand below each other in your result."
)
def aligns_transposed_grids(features, rois, output_size, **options):
    return align(features, rois, output_size, **options).transpose(2, 3)


@form(aligns_transposed_grids)
def aligns_column_after_column(features, rois, output_size, **options):
    found = align(features, rois, output_size, **options)
    return found.transpose(2, 3).reshape(found.shape)


@mistake("Your channels stand last. Asked is (R, C, ph, pw): the channels before the grid, as in every map.")
def aligns_with_channels_last(features, rois, output_size, **options):
    return align(features, rois, output_size, **options).permute(0, 2, 3, 1)


@mistake("You flatten the regions. The layers behind may do that; asked is (R, C, ph, pw).")
def aligns_flat_rows(features, rois, output_size, **options):
    return align(features, rois, output_size, **options).flatten(1)


@mistake("You return a list of grids. Asked is one tensor (R, C, ph, pw) of all regions.")
def aligns_a_list(features, rois, output_size, **options):
    return list(align(features, rois, output_size, **options))


@mistake("You return the points and not the bins. Each bin is the mean of its points: (R, C, ph, pw).")
def aligns_points(features, rois, output_size, **options):
    return align(features, rois, output_size, **options, join=lambda values: values.flatten(3).flatten(1, 2))


@mistake("Your regions are sorted by image. They come in the order of `rois`.")
def aligns_image_by_image(features, rois, output_size, **options):
    return align(features, rois[rois[:, 0].argsort(stable=True)], output_size, **options)


# --- mistakes: no region, dtypes, gradients ---------------------------------------------------------------------------


@mistake(
    "Without regions you have nothing to stack, and torch raises. An empty result has a shape too: (0, C, ph, pw)."
)
def aligns_and_fails_without_regions(features, rois, output_size, **options):
    found = [align(features, roi[None], output_size, **options)[0] for roi in rois]
    return torch.stack(found)


@mistake("Without regions your result has lost its shape. It is (0, C, ph, pw), so that the next layer can take it.")
def aligns_nothing_without_a_shape(features, rois, output_size, **options):
    return align(features, rois, output_size, **options) if len(rois) else features.new_zeros(0)


@mistake("Your result is float32 whatever comes in. It has the dtype of `features`.")
def aligns_in_float32(features, rois, output_size, **options):
    return align(features, rois, output_size, **options).float()


@mistake("You compute places in float32, also where float64 comes in: your numbers are right to seven digits only.")
def places_in_float32(features, rois, output_size, **options):
    return align(features, rois.float().to(rois), output_size, **options)


@form(places_in_float32)
def points_in_float32(features, rois, output_size, **options):
    def places(start, side, bins, points):
        return in_the_middle(start, side, bins, points).astype(np.float32).astype(np.float64)

    return align(features, rois, output_size, **options, places=places)


@form(places_in_float32)
def weights_in_float32(features, rois, output_size, **options):
    def values(features, y, x):
        height, width = features.shape[1:]
        rows, columns = (torch.from_numpy(one).float().to(features) for one in (lines(y, height), lines(x, width)))
        return rows @ features @ columns.T

    return align(features, rois, output_size, **options, values=values)


@mistake(NO_GRADIENT)
def aligns_without_a_gradient(features, rois, output_size, **options):
    return align(features.detach(), rois, output_size, **options)


@mistake("You scale `rois` where they lie, so the caller's boxes are changed. Write into a new tensor.")
def aligns_and_scales_in_place(features, rois, output_size, spatial_scale=1.0, **options):
    rois[:, 1:] *= spatial_scale
    return align(features, rois, output_size, 1.0, **options)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def align_by_matrices(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    return align(features, rois, output_size, spatial_scale, sampling_ratio, aligned)


@variant
def align_by_grid_sample(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    (ph, pw), (channels, height, width) = output_size, features.shape[1:]
    out = []
    for roi in rois:
        x1, y1, x2, y2 = roi[1:] * spatial_scale - (0.5 if aligned else 0)
        w, h = x2 - x1, y2 - y1
        if not aligned:
            w, h = w.clamp(min=1), h.clamp(min=1)
        down = sampling_ratio if sampling_ratio > 0 else int(torch.ceil(h / ph))
        across = sampling_ratio if sampling_ratio > 0 else int(torch.ceil(w / pw))
        y = y1 + (torch.arange(ph * down).to(rois) + 0.5) * (h / (ph * down))
        x = x1 + (torch.arange(pw * across).to(rois) + 0.5) * (w / (pw * across))
        valid = ((y >= -1) & (y <= height))[:, None] & ((x >= -1) & (x <= width))[None, :]
        grid = torch.stack(torch.meshgrid((2 * x + 1) / width - 1, (2 * y + 1) / height - 1, indexing="xy"), -1)
        image = features[int(roi[0])][None]
        found = F.grid_sample(image, grid[None], padding_mode="border", align_corners=False) * valid
        out.append(F.avg_pool2d(found, (down, across)))
    return torch.cat(out) if out else features.new_zeros((0, channels, ph, pw))


@variant
def align_by_grid_sample_corner_to_corner(
    features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False
):
    (ph, pw), (height, width) = output_size, features.shape[2:]
    offset = 0.5 * aligned
    out = torch.zeros(len(rois), features.size(1), ph, pw, dtype=features.dtype)
    for r, (b, *box) in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (number * spatial_scale - offset for number in box)
        bin_w, bin_h = (max(x2 - x1, 0 if aligned else 1) / pw, max(y2 - y1, 0 if aligned else 1) / ph)
        n_y, n_x = (sampling_ratio if sampling_ratio > 0 else math.ceil(side) for side in (bin_h, bin_w))
        ys = torch.tensor([y1 + bin_h * (k + 0.5) / n_y for k in range(ph * n_y)], dtype=features.dtype)
        xs = torch.tensor([x1 + bin_w * (k + 0.5) / n_x for k in range(pw * n_x)], dtype=features.dtype)
        gy, gx = torch.meshgrid(ys, xs, indexing="ij")
        grid = torch.stack([gx / (width - 1) * 2 - 1, gy / (height - 1) * 2 - 1], dim=2).unsqueeze(0)
        sampled = F.grid_sample(features[int(b)].unsqueeze(0), grid, "bilinear", "border", align_corners=True)[0]
        outside = (gy < -1) | (gy > height) | (gx < -1) | (gx > width)
        sampled = sampled.masked_fill(outside, 0.0)
        out[r] = sampled.unfold(1, n_y, n_y).unfold(2, n_x, n_x).mean((-1, -2))
    return out


@variant
def align_point_after_point(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """As the C++ code of torchvision does it."""
    channels, height, width = features.shape[1:]
    ph, pw = output_size
    out = features.new_zeros(len(rois), channels, ph, pw)

    def value(image, y, x):
        if y < -1.0 or y > height or x < -1.0 or x > width:
            return 0.0
        y, x = max(y, 0.0), max(x, 0.0)
        low_y, low_x = int(y), int(x)
        if low_y >= height - 1:
            low_y = high_y = height - 1
            y = float(low_y)
        else:
            high_y = low_y + 1
        if low_x >= width - 1:
            low_x = high_x = width - 1
            x = float(low_x)
        else:
            high_x = low_x + 1
        ly, lx = y - low_y, x - low_x
        hy, hx = 1.0 - ly, 1.0 - lx
        return (
            hy * hx * image[:, low_y, low_x] + hy * lx * image[:, low_y, high_x]
            + ly * hx * image[:, high_y, low_x] + ly * lx * image[:, high_y, high_x]
        )  # fmt: skip

    for r, roi in enumerate(rois.tolist()):
        image = features[int(roi[0])]
        start_w, start_h, end_w, end_h = (number * spatial_scale - (0.5 if aligned else 0.0) for number in roi[1:])
        roi_w, roi_h = end_w - start_w, end_h - start_h
        if not aligned:
            roi_w, roi_h = max(roi_w, 1.0), max(roi_h, 1.0)
        bin_h, bin_w = roi_h / ph, roi_w / pw
        grid_h = sampling_ratio if sampling_ratio > 0 else math.ceil(roi_h / ph)
        grid_w = sampling_ratio if sampling_ratio > 0 else math.ceil(roi_w / pw)
        count = max(grid_h * grid_w, 1)
        for i in range(ph):
            for j in range(pw):
                total = 0.0
                for iy in range(grid_h):
                    y = start_h + i * bin_h + (iy + 0.5) * bin_h / grid_h
                    for ix in range(grid_w):
                        x = start_w + j * bin_w + (ix + 0.5) * bin_w / grid_w
                        total = total + value(image, y, x)
                out[r, :, i, j] = total / count
    return out


@variant
def align_all_regions_at_once(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """Without a loop over regions: as many points for all as the largest has, and a mask that says which count."""
    (ph, pw), (height, width) = output_size, features.shape[2:]
    boxes = rois[:, 1:] * spatial_scale - (0.5 if aligned else 0.0)
    size = boxes[:, 2:] - boxes[:, :2]
    size = size if aligned else torch.clamp(size, min=1.0)

    def weights(first, length, bins, cells):
        side = length / bins
        points = torch.full_like(side, sampling_ratio) if sampling_ratio > 0 else side.ceil()
        most = int(points.max()) if len(points) else 1
        k = torch.arange(most, dtype=side.dtype)
        at = first[:, None, None] + side[:, None, None] * (
            torch.arange(bins, dtype=side.dtype)[:, None] + (k + 0.5) / points[:, None, None]
        )  # (R, bins, points)
        counts = (k < points[:, None])[:, None, :] & (at >= -1) & (at <= cells)
        at = at.clamp(0, cells - 1)
        tent = (1 - (at[..., None] - torch.arange(cells, dtype=side.dtype)).abs()).clamp(min=0)
        return (tent * counts[..., None]).sum(dim=2) / points[:, None, None]  # (R, bins, cells)

    rows, columns = weights(boxes[:, 1], size[:, 1], ph, height), weights(boxes[:, 0], size[:, 0], pw, width)
    return torch.einsum("rchw,rph,rqw->rcpq", features[rois[:, 0].long()], rows, columns)


@variant
def align_bin_after_bin(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    ph, pw = output_size
    height, width = features.shape[-2:]

    def at(image, y, x):
        if not (-1 <= y <= height and -1 <= x <= width):
            return image.new_zeros(image.shape[0])
        y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
        i, j = math.floor(y), math.floor(x)
        k, m = min(i + 1, height - 1), min(j + 1, width - 1)
        upper = image[:, i, j] + (x - j) * (image[:, i, m] - image[:, i, j])
        lower = image[:, k, j] + (x - j) * (image[:, k, m] - image[:, k, j])
        return upper + (y - i) * (lower - upper)

    grids = [features.new_zeros(0, features.shape[1], ph, pw)]
    for roi in rois:
        number, x1, y1, x2, y2 = (roi * roi.new_tensor([1] + [spatial_scale] * 4)).tolist()
        if aligned:
            x1, y1, x2, y2 = x1 - 0.5, y1 - 0.5, x2 - 0.5, y2 - 0.5
        w, h = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1), max(y2 - y1, 1))
        down, across = (sampling_ratio,) * 2 if sampling_ratio >= 1 else (math.ceil(h / ph), math.ceil(w / pw))
        bins = []
        for i in range(ph):
            for j in range(pw):
                points = [
                    at(features[int(number)], y1 + h * (i * down + a + 0.5) / (ph * down),
                       x1 + w * (j * across + b + 0.5) / (pw * across))
                    for a in range(down) for b in range(across)
                ]  # fmt: skip
                bins.append(torch.stack(points).mean(dim=0))
        grids.append(torch.stack(bins, dim=1).view(1, -1, ph, pw))
    return torch.cat(grids)


@variant
def align_by_interpolating_rows_then_columns(
    features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False
):
    def pooled(x, dim, start, side, bins):
        """Replace dimension `dim` of x by `bins` means of values between its lines."""
        length = x.shape[dim]
        points = sampling_ratio if sampling_ratio > 0 else math.ceil(side)
        at = start + side * torch.linspace(0.5 / points, bins - 0.5 / points, bins * points, dtype=torch.float64)
        out = (at < -1) | (at > length)
        at = at.clip(0, length - 1)
        first = at.floor()
        share = (at - first).to(x.dtype)
        second = first.add(1).clip(max=length - 1).long()
        a, b = x.index_select(dim, first.long()), x.index_select(dim, second)
        shape = [-1 if k == dim else 1 for k in range(x.ndim)]
        values = torch.lerp(a, b, share.view(shape).expand_as(a)) * (~out).view(shape)
        return values.unflatten(dim, (bins, points)).mean(dim=dim + 1)

    (ph, pw), out = output_size, []
    for image, *box in rois.tolist():
        x1, y1, x2, y2 = (number * spatial_scale - 0.5 * bool(aligned) for number in box)
        least = -math.inf if aligned else 1
        rows = pooled(features[int(image)], 1, y1, max(y2 - y1, least) / ph, ph)
        out.append(pooled(rows, 2, x1, max(x2 - x1, least) / pw, pw))
    return torch.stack(out) if out else features.new_zeros([0, features.shape[1], ph, pw])


@variant
def align_on_a_map_with_a_rim(features, rois, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """One more cell on each side, the same as the edge; further outside there are zeros."""
    height, width = features.shape[2:]
    rim = F.pad(features, (1, 1, 1, 1), mode="replicate")

    def values(image, y, x):
        def cells(at, length):
            at = torch.from_numpy(at).to(image)
            low = at.floor().clamp(-1, length - 1)
            share = at - low
            ok = (at >= -1) & (at <= length)
            return (low + 1).long(), torch.where(ok, share, 0), ok

        (i, a, down), (j, b, across) = cells(y, height), cells(x, width)
        a = a[:, None]
        rows = image[:, i] * (1 - a) + image[:, i + 1] * a
        found = rows[:, :, j] * (1 - b) + rows[:, :, j + 1] * b
        return found * down[:, None] * across

    return align(rim, rois, output_size, spatial_scale, sampling_ratio, aligned, values=values)
