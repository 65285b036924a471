"""Wrong and right answers to `bilinear_sample`."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def reached(y, x, height, width):
    """Return which points count at all."""
    return (y >= -1) & (y <= height) & (x >= -1) & (x <= width)


def clamped(y, x, height, width):
    return y.clamp(0, height - 1), x.clamp(0, width - 1)


def blend(features, y, x, share=lambda at: at):
    """Return the right value of points (y, x) that lie on the map, but for what `share` makes of a weight."""
    height, width = features.shape[1:]
    top, left = y.floor().long(), x.floor().long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    down, along = share(y - top), share(x - left)
    above = (1 - along) * features[:, top, left] + along * features[:, top, right]
    below = (1 - along) * features[:, bottom, left] + along * features[:, bottom, right]
    return (1 - down) * above + down * below


def sample(features, y, x, move=clamped, reach=reached, take=blend):
    """Return the right answer, but for what the caller changes."""
    size = features.shape[1:]
    return torch.where(reach(y, x, *size), take(features, *move(y, x, *size)), 0)


# --- mistakes: which cells --------------------------------------------------------------------------------------------


@mistake("You take the nearest cell. A point between four cells has a share in all of them.")
def takes_the_nearest(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: f[:, y.round().long(), x.round().long()])


@form(takes_the_nearest)
def takes_the_nearest_halves_up(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: f[:, (y + 0.5).floor().long(), (x + 0.5).floor().long()])


@form(takes_the_nearest)
def takes_the_nearest_and_rounds_first(features, y, x):
    return sample(features, y.round(), x.round())


@mistake("You take the cell at (⌊y⌋, ⌊x⌋) alone. What stands behind the point says how much its neighbours count.")
def takes_the_upper_left(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: f[:, y.long(), x.long()])


@form(takes_the_upper_left)
def takes_the_upper_left_of_whole_numbers(features, y, x):
    return sample(features, y.floor(), x.floor())


@form(takes_the_upper_left)
def takes_the_upper_left_cut_off(features, y, x):
    return sample(features, y.trunc(), x.trunc())


@mistake(
    "x and y are exchanged: y says the row and x the column. A map is (C, H, W), so it is `features[:, row, column]`."
)
def takes_columns_for_rows(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, x, y))


@form(takes_columns_for_rows)
def takes_columns_for_rows_everywhere(features, y, x):
    return sample(features, x, y)


@form(takes_columns_for_rows)
def takes_columns_for_rows_of_a_transposed_map(features, y, x):
    return sample(features.transpose(1, 2), y, x)


@form(takes_columns_for_rows)
def takes_columns_for_rows_clamped(features, y, x):
    height, width = features.shape[1:]
    return torch.where(reached(y, x, height, width), blend(features, *clamped(x, y, height, width)), 0)


@mistake(
    "You look at all rows `y` with all columns `x`, P · P points. Point p is the pair (y[p], x[p]): asked are (C, P) values."
)
def takes_all_pairs(features, y, x):
    count = len(y)
    return sample(features, y.repeat_interleave(count), x.repeat(count)).view(-1, count, count)


@form(takes_all_pairs)
def takes_all_pairs_in_a_row(features, y, x):
    return sample(features, y.repeat_interleave(len(x)), x.repeat(len(y)))


@mistake("You take coordinates for places in a picture, where a cell's middle is at ½. Here row i stands at y = i.")
def takes_middles_of_cells(features, y, x):
    return sample(features, y - 0.5, x - 0.5)


@form(takes_middles_of_cells)
def takes_middles_of_cells_but_asks_before(features, y, x):
    height, width = features.shape[1:]
    return torch.where(reached(y, x, height, width), blend(features, *clamped(y - 0.5, x - 0.5, height, width)), 0)


@mistake("You move the points by half a cell. They are indices already: row i stands at y = i.")
def takes_half_a_cell_more(features, y, x):
    return sample(features, y + 0.5, x + 0.5)


@form(takes_half_a_cell_more)
def takes_half_a_cell_more_but_asks_before(features, y, x):
    height, width = features.shape[1:]
    return torch.where(reached(y, x, height, width), blend(features, *clamped(y + 0.5, x + 0.5, height, width)), 0)


@mistake("You take coordinates to go from −1 to 1. They are in cells: row i stands at y = i, column j at x = j.")
def takes_shares_of_the_map(features, y, x):
    height, width = features.shape[1:]
    return sample(features, (y + 1) / 2 * (height - 1), (x + 1) / 2 * (width - 1))


@form(takes_shares_of_the_map)
def takes_shares_of_the_map_between_edges(features, y, x):
    height, width = features.shape[1:]
    return sample(features, ((y + 1) * height - 1) / 2, ((x + 1) * width - 1) / 2)


@mistake("You count rows and columns from 1. The first row stands at y = 0, and the first column at x = 0.")
def takes_one_for_the_first(features, y, x):
    return sample(features, y - 1, x - 1)


# --- mistakes: how much they count ------------------------------------------------------------------------------------


@mistake("Your weights are the wrong way round: the cell that is *near* counts more. For y = 2.25, row 2 counts ¾.")
def weighs_the_far_one_more(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x, share=lambda at: 1 - at))


@form(weighs_the_far_one_more)
def weighs_the_far_one_more_by_distances(features, y, x):
    return sample(features, y, x, take=by_distances)


def by_distances(features, y, x):
    total = 0
    height, width = features.shape[1:]
    for row in (y.floor(), y.floor() + 1):
        for column in (x.floor(), x.floor() + 1):
            cells = features[:, row.clamp(max=height - 1).long(), column.clamp(max=width - 1).long()]
            total = total + (y - row).abs() * (x - column).abs() * cells
    return total


@mistake(
    "The cells above right and below left have each other's weight: what stands behind the point of y is for rows, that of x for columns."
)
def weighs_rows_by_x(features, y, x):
    return sample(features, y, x, take=weighed_across)


def weighed_across(features, y, x):
    height, width = features.shape[1:]
    top, left = y.floor().long(), x.floor().long()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    down, along = x - left, y - top
    above = (1 - along) * features[:, top, left] + along * features[:, top, right]
    below = (1 - along) * features[:, bottom, left] + along * features[:, bottom, right]
    return (1 - down) * above + down * below


@mistake("All four cells count the same in your code. The nearer one is, the more it counts.")
def weighs_all_the_same(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x, share=lambda at: 0.5))


@form(weighs_all_the_same)
def weighs_all_the_same_that_are_beside(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x, share=lambda at: 0.5 * (at > 0)))


@mistake("You add the four cells. Their weights have a sum of 1: the value is a mean.")
def weighs_all_one(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: 4 * blend(f, y, x, share=lambda at: 0.5))


@mistake("You go between two rows only, and take the column at ⌊x⌋. In x there are two neighbours as well.")
def blends_rows_only(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x.floor()))


@form(blends_rows_only)
def blends_rows_only_of_the_nearest_column(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x.round()))


@mistake("You go between two columns only, and take the row at ⌊y⌋. In y there are two neighbours as well.")
def blends_columns_only(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y.floor(), x))


@form(blends_columns_only)
def blends_columns_only_of_the_nearest_row(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y.round(), x))


@mistake(
    "On a whole number your two neighbours are one, and both its weights, ⌈y⌉ − y and y − ⌊y⌋, are 0. "
    "The first one's is 1 − (y − ⌊y⌋), and that is 1."
)
def weighs_nothing_on_whole_numbers(features, y, x):
    return sample(features, y, x, take=between_floor_and_ceil)


def between_floor_and_ceil(features, y, x):
    top, left, bottom, right = y.floor(), x.floor(), y.ceil(), x.ceil()
    total = 0
    for row, down in ((top, bottom - y), (bottom, y - top)):
        for column, along in ((left, right - x), (right, x - left)):
            total = total + down * along * features[:, row.long(), column.long()]
    return total


@form(weighs_nothing_on_whole_numbers)
def weighs_nothing_on_clamped_rows(features, y, x):
    def take(features, y, x):
        height, width = features.shape[1:]
        top, left = y.floor(), x.floor()
        bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
        total = 0
        for row, down in ((top, bottom - y), (bottom, y - top)):
            for column, along in ((left, right - x), (right, x - left)):
                total = total + down * along * features[:, row.long(), column.long()]
        return total

    return sample(features, y, x, take=take)


@form(weighs_nothing_on_whole_numbers)
def weighs_nothing_over_nothing(features, y, x):
    def take(features, y, x):
        area = (y.ceil() - y.floor()) * (x.ceil() - x.floor())
        return between_floor_and_ceil(features, y, x) / area

    return sample(features, y, x, take=take)


@mistake(
    "You weigh by one over the distance. Bilinear weights fall with the distance in y, times that in x: (1 − a)(1 − b)."
)
def weighs_by_inverse_distances(features, y, x):
    def take(features, y, x):
        height, width = features.shape[1:]
        total, weights = 0, 0
        for row in (y.floor(), y.floor() + 1):
            for column in (x.floor(), x.floor() + 1):
                weight = 1 / ((y - row) ** 2 + (x - column) ** 2).sqrt().clamp(min=1e-8)
                cells = features[:, row.clamp(max=height - 1).long(), column.clamp(max=width - 1).long()]
                total, weights = total + weight * cells, weights + weight
        return total / weights

    return sample(features, y, x, take=take)


@mistake("You *add* the two weights of a cell, that of its row and that of its column. They are multiplied.")
def weighs_by_sums(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: by_sums(f, y, x))


def by_sums(features, y, x, over=4.0):
    height, width = features.shape[1:]
    total = 0
    for row in (y.floor(), y.floor() + 1):
        for column in (x.floor(), x.floor() + 1):
            weight = (1 - (y - row).abs()) + (1 - (x - column).abs())
            cells = features[:, row.clamp(max=height - 1).long(), column.clamp(max=width - 1).long()]
            total = total + weight / over * cells
    return total


@form(weighs_by_sums)
def weighs_by_sums_as_they_are(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: by_sums(f, y, x, over=1.0))


@mistake("You leave out the cell below and to the right. Of four cells around a point each has a share.")
def leaves_out_the_fourth(features, y, x):
    def take(features, y, x):
        height, width = features.shape[1:]
        bottom, right = (y.long() + 1).clamp(max=height - 1), (x.long() + 1).clamp(max=width - 1)
        return blend(features, y, x) - (y - y.floor()) * (x - x.floor()) * features[:, bottom, right]

    return sample(features, y, x, take=take)


@form(leaves_out_the_fourth)
def leaves_out_the_fourth_as_a_plane(features, y, x):
    def take(features, y, x):
        height, width = features.shape[1:]
        top, left = y.long(), x.long()
        first = features[:, top, left]
        below = features[:, (top + 1).clamp(max=height - 1), left] - first
        beside = features[:, top, (left + 1).clamp(max=width - 1)] - first
        return first + (y - top) * below + (x - left) * beside

    return sample(features, y, x, take=take)


# --- mistakes: the border ---------------------------------------------------------------------------------------------


@mistake(
    "Between the last value and one cell outside your result is 0. Up to one cell outside the map the nearest value on the edge counts."
)
def nothing_beyond_the_edge(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= 0) & (y <= h - 1) & (x >= 0) & (x <= w - 1))


@form(nothing_beyond_the_edge)
def nothing_from_the_last_line_on(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= 0) & (y < h - 1) & (x >= 0) & (x < w - 1))


@mistake("Above and to the left of the map your result is 0 at once. There, too, one cell outside belongs to the edge.")
def nothing_before_the_first(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= 0) & (y <= h) & (x >= 0) & (x <= w))


@mistake(
    "Below and to the right of the last values your result is 0 at once. Up to y = H and x = W, the value on the edge counts."
)
def nothing_behind_the_last(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= -1) & (y <= h - 1) & (x >= -1) & (x <= w - 1))


@form(nothing_behind_the_last)
def nothing_from_the_last_on(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= -1) & (y < h - 1) & (x >= -1) & (x < w - 1))


@mistake(
    "Your values fade outside the map, since zeros stand beside its edge. Up to one cell outside the nearest value on the edge counts, undiminished."
)
def fades_outside(features, y, x):
    padded = F.pad(features, (2, 2, 2, 2))
    height, width = features.shape[1:]
    y, x = (y + 2).clamp(0, height + 3), (x + 2).clamp(0, width + 3)
    return blend(padded, y, x)


@mistake("Far outside the map your result is the value on its edge. From more than one cell outside on, it is 0.")
def never_nothing(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: y == y)


@mistake(
    "Exactly one cell outside, y = −1 or y = H, your result is 0. These points still get the value on the edge: only y < −1 and y > H are 0."
)
def nothing_exactly_a_cell_outside(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y > -1) & (y < h) & (x > -1) & (x < w))


@form(nothing_exactly_a_cell_outside)
def nothing_exactly_a_cell_before(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y > -1) & (y <= h) & (x > -1) & (x <= w))


@form(nothing_exactly_a_cell_outside)
def nothing_exactly_a_cell_behind(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= -1) & (y < h) & (x >= -1) & (x < w))


@mistake(
    "You give 0 only to what is outside in y *and* in x. A point is outside if one of its coordinates is: that calls for *or*."
)
def nothing_outside_both(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: ((y >= -1) & (y <= h)) | ((x >= -1) & (x <= w)))


@mistake("You ask of y only whether a point is too far outside. It may be in x as well.")
def nothing_outside_in_y(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= -1) & (y <= h))


@mistake("You ask of x only whether a point is too far outside. It may be in y as well.")
def nothing_outside_in_x(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (x >= -1) & (x <= w))


@mistake("H and W have changed places where you ask what is outside. y goes with H, the number of rows, and x with W.")
def nothing_outside_of_the_other_side(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: reached(y, x, w, h))


@mistake(
    "H and W have changed places where you move points into the map. y goes with H, the number of rows, and x with W."
)
def moves_into_the_other_side(features, y, x):
    return sample(features, y, x, move=lambda y, x, h, w: clamped(y, x, w, h))


@mistake("You give 0 from two cells outside on. More than *one* cell outside is too far.")
def nothing_from_two_cells_on(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: (y >= -2) & (y <= h + 1) & (x >= -2) & (x <= w + 1))


@mistake(
    "You are one cell too generous at the lower and right edge: the map ends at index H − 1, one cell further is H."
)
def nothing_from_a_cell_after_the_size(features, y, x):
    return sample(features, y, x, reach=lambda y, x, h, w: reached(y, x, h + 1, w + 1))


@mistake(
    "Outside the map you move the cells to the edge, and weigh them by where the point was: you extrapolate. Move the point first, its weights follow."
)
def extrapolates(features, y, x):
    height, width = features.shape[1:]
    top, left = y.floor().clamp(0, height - 1), x.floor().clamp(0, width - 1)
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    return torch.where(reached(y, x, height, width), four(features, top, bottom, left, right, y - top, x - left), 0)


def four(features, top, bottom, left, right, down, along):
    """Blend four cells, wherever they are, by any weights."""
    top, bottom, left, right = (cell.long() for cell in (top, bottom, left, right))
    above = (1 - along) * features[:, top, left] + along * features[:, top, right]
    below = (1 - along) * features[:, bottom, left] + along * features[:, bottom, right]
    return (1 - down) * above + down * below


@form(extrapolates)
def extrapolates_from_the_last_two(features, y, x):
    height, width = features.shape[1:]
    top, left = y.floor().clamp(0, max(height - 2, 0)), x.floor().clamp(0, max(width - 2, 0))
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    return torch.where(reached(y, x, height, width), four(features, top, bottom, left, right, y - top, x - left), 0)


@form(extrapolates)
def extrapolates_cut_off(features, y, x):
    height, width = features.shape[1:]
    top, left = y.long().clamp(max=height - 1), x.long().clamp(max=width - 1)
    top, left = top.clamp(min=0), left.clamp(min=0)
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    ok = reached(y, x, height, width)
    return four(features, top, bottom, left, right, y - top, x - left) * ok


@mistake("Above row 0 you read row −1, and in Python that is the *last* one: a negative index counts from the end.")
def wraps_around(features, y, x):
    height, width = features.shape[1:]
    ok = reached(y, x, height, width)
    y, x = torch.where(ok, y, 0), torch.where(ok, x, 0)
    y, x = y.clamp(max=height - 1), x.clamp(max=width - 1)
    top, left = y.floor(), x.floor()
    bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    return four(features, top, bottom, left, right, y - top, x - left) * ok


@form(wraps_around)
def wraps_around_in_turn(features, y, x):
    height, width = features.shape[1:]
    top, left = y.floor(), x.floor()
    inside = four(features, top % height, (top + 1) % height, left % width, (left + 1) % width, y - top, x - left)
    return torch.where(reached(y, x, height, width), inside, 0)


@mistake(
    "Behind the last row or column you ask for one that is not there. Where it would count nothing, any cell may stand in: clamp the index."
)
def asks_for_what_is_not_there(features, y, x):
    height, width = features.shape[1:]
    ok = reached(y, x, height, width)
    y, x = clamped(y, x, height, width)
    top, left = y.floor(), x.floor()
    return four(features, top, top + 1, left, left + 1, y - top, x - left) * ok


@form(asks_for_what_is_not_there)
def asks_for_what_is_not_there_outside(features, y, x):
    height, width = features.shape[1:]
    top, left = y.floor(), x.floor()
    inside = four(
        features, top, top.add(1).clamp(max=height - 1), left, left.add(1).clamp(max=width - 1), y - top, x - left
    )
    return torch.where(reached(y, x, height, width), inside, 0)


@mistake(
    "The last row and the last column never count in your code: you move points to H − 2 and W − 2. The last index is H − 1."
)
def never_the_last(features, y, x):
    return sample(features, y, x, move=lambda y, x, h, w: (y.clamp(0, max(h - 2, 0)), x.clamp(0, max(w - 2, 0))))


@mistake(
    "On the last row or column you move the first cell one back, and keep the weights: then the last one counts 0. Its weight is the distance from the cell that was moved."
)
def the_last_but_one_for_the_last(features, y, x):
    def take(features, y, x):
        height, width = features.shape[1:]
        top, left = y.floor().clamp(max=max(height - 2, 0)), x.floor().clamp(max=max(width - 2, 0))
        bottom, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
        return four(features, top, bottom, left, right, y - y.floor(), x - x.floor())

    return sample(features, y, x, take=take)


@mistake("You leave out the points that are too far outside. They are part of the result: (C, P), with zeros.")
def drops_points(features, y, x):
    keep = reached(y, x, *features.shape[1:])
    return sample(features, y[keep], x[keep])


@mistake("What is too far outside is NaN in your result. It is to be 0.")
def not_a_number_outside(features, y, x):
    return torch.where(reached(y, x, *features.shape[1:]), sample(features, y, x), torch.nan)


@form(not_a_number_outside)
def infinite_outside(features, y, x):
    return torch.where(reached(y, x, *features.shape[1:]), sample(features, y, x), -torch.inf)


# --- mistakes: order and shape ----------------------------------------------------------------------------------------


@mistake("Your result is (P, C), a row a point. Asked is (C, P): the channels first, as in the map.")
def points_first(features, y, x):
    return sample(features, y, x).T


@form(points_first)
def points_first_one_by_one(features, y, x):
    found = [sample(features, *point)[:, 0] for point in zip(y[:, None], x[:, None], strict=True)]
    return torch.stack(found) if found else features.new_zeros(0, len(features))


@mistake("You add up the channels. Each channel has a value of its own at every point: (C, P).")
def adds_channels(features, y, x):
    return sample(features, y, x).sum(dim=0)


@form(adds_channels)
def means_of_channels(features, y, x):
    return sample(features, y, x).mean(dim=0)


@form(adds_channels)
def the_first_channel(features, y, x):
    return sample(features, y, x)[0]


@mistake("You return a list of values. Asked is one tensor (C, P).")
def lists_points(features, y, x):
    return list(sample(features, y, x).unbind(dim=1))


@form(lists_points)
def lists_channels(features, y, x):
    return sample(features, y, x).tolist()


# --- mistakes: no point, dtypes, gradients ----------------------------------------------------------------------------


@mistake("Without points you have nothing to stack, and torch raises. An empty result has a shape too: (C, 0).")
def fails_without_points(features, y, x):
    points = zip(y.split(1), x.split(1), strict=True) if len(y) else ()
    return torch.cat([sample(features, *point) for point in points], dim=1)


@mistake("Without points your result has lost its shape. It is (C, 0).")
def no_shape_without_points(features, y, x):
    return sample(features, y, x) if len(y) else features.new_zeros(0)


@mistake("Your result is float32 whatever comes in. It has the dtype of `features`.")
def in_float32(features, y, x):
    return sample(features, y, x).float()


@mistake(
    "You compute with places or weights in float32, also where float64 comes in: your numbers are right to seven digits only."
)
def weighs_in_float32(features, y, x):
    return sample(features, y.float().to(features), x.float().to(features))


@form(weighs_in_float32)
def shares_in_float32(features, y, x):
    return sample(features, y, x, take=lambda f, y, x: blend(f, y, x, share=lambda at: at.float()))


@mistake(NO_GRADIENT)
def without_a_gradient(features, y, x):
    return sample(features.detach(), y, x)


@mistake("You move the points where they lie, so the caller's `y` and `x` are changed. Write into new tensors.")
def moves_in_place(features, y, x):
    ok = reached(y, x, *features.shape[1:])
    y.clamp_(0, features.shape[1] - 1)
    x.clamp_(0, features.shape[2] - 1)
    return blend(features, y, x) * ok


@mistake("Your gradient reaches one cell a point. It goes to all four, to each by its weight.")
def gradient_of_one_cell(features, y, x):
    nearest = sample(features, y, x, take=lambda f, y, x: f[:, y.long(), x.long()])
    return nearest + (sample(features, y, x) - nearest).detach()


@mistake("Points that are too far outside pass a gradient back in your code. They are 0 whatever the map holds.")
def gradient_from_outside(features, y, x):
    values = sample(features, y, x, reach=lambda y, x, h, w: y == y)
    return values - (values - sample(features, y, x)).detach()


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_four_corners(features, y, x):
    return sample(features, y, x)


@variant
def by_tents(features, y, x):
    """A point's weight of row i is a tent above y: 1 there, and 0 one row away."""
    height, width = features.shape[1:]
    ok = reached(y, x, height, width)
    y, x = clamped(y, x, height, width)
    rows = (1 - (y[:, None] - torch.arange(height, dtype=y.dtype)).abs()).clamp(min=0)
    columns = (1 - (x[:, None] - torch.arange(width, dtype=x.dtype)).abs()).relu()
    return torch.einsum("chw,ph,pw->cp", features, rows, columns * ok[:, None])


@variant
def point_after_point(features, y, x):
    channels, height, width = features.shape
    out = torch.zeros((channels, len(y)), dtype=features.dtype)
    for p in range(len(y)):
        v, u = float(y[p]), float(x[p])
        if v < -1 or v > height or u < -1 or u > width:
            continue
        v, u = min(max(v, 0.0), height - 1), min(max(u, 0.0), width - 1)
        i, j = int(v), int(u)
        i2, j2 = min(i + 1, height - 1), min(j + 1, width - 1)
        a, b = v - i, u - j
        out[:, p] = (
            features[:, i, j] * (1 - a) * (1 - b)
            + features[:, i, j2] * (1 - a) * b
            + features[:, i2, j] * a * (1 - b)
            + features[:, i2, j2] * a * b
        )
    return out


@variant
def on_a_map_with_a_rim(features, y, x):
    """One more cell on each side, the same as the edge: then there are always four of them."""
    height, width = features.shape[1:]
    padded = torch.cat([features[:, :1], features, features[:, -1:]], dim=1)
    padded = torch.cat([padded[:, :, :1], padded, padded[:, :, -1:]], dim=2)
    out = (y < -1) | (y > height) | (x < -1) | (x > width)
    v, u = y.masked_fill(out, 0) + 1, x.masked_fill(out, 0) + 1
    i, j = v.floor().long().clamp(0, height), u.floor().long().clamp(0, width)
    a, b = v - i, u - j
    upper = torch.lerp(padded[:, i, j], padded[:, i, j + 1], b)
    lower = torch.lerp(padded[:, i + 1, j], padded[:, i + 1, j + 1], b)
    return torch.lerp(upper, lower, a).masked_fill(out, 0)


@variant
def with_indices_clamped_and_not_points(features, y, x):
    """Weights of the point where it is; both cells move to the edge, so that it does not matter how much each counts."""
    height, width = features.shape[1:]
    i, j = torch.floor(y), torch.floor(x)
    a, b = y - i, x - j
    rows = [index.clamp(0, height - 1).long() for index in (i, i + 1)]
    columns = [index.clamp(0, width - 1).long() for index in (j, j + 1)]
    ok = (-1 <= y) & (y <= height) & (-1 <= x) & (x <= width)
    value = 0
    for row, weight in zip(rows, (1 - a, a), strict=True):
        for column, share in zip(columns, (1 - b, b), strict=True):
            value = value + features[:, row, column] * weight * share
    return value * ok.to(value.dtype)


@variant
def by_gathering_flat_cells(features, y, x):
    channels, height, width = features.shape
    flat = features.reshape(channels, height * width)
    ok = reached(y, x, height, width)
    y, x = clamped(y, x, height, width)
    top, left = y.trunc(), x.trunc()
    value = features.new_zeros(channels, len(y))
    for row in (0, 1):
        for column in (0, 1):
            i, j = (top + row).clamp(max=height - 1), (left + column).clamp(max=width - 1)
            weight = (y - top if row else 1 - y + top) * (x - left if column else 1 - x + left)
            cells = (i * width + j).long().expand(channels, -1)
            value = value + flat.gather(1, cells) * weight
    return torch.where(ok, value, torch.zeros_like(value))


@variant
def by_a_sparse_matrix(features, y, x):
    channels, height, width = features.shape
    count = len(y)
    weights = torch.zeros(height * width, count, dtype=features.dtype)
    for p, (v, u) in enumerate(zip(y.tolist(), x.tolist(), strict=True)):
        if not (-1 <= v <= height and -1 <= u <= width):
            continue
        v, u = np.clip(v, 0, height - 1), np.clip(u, 0, width - 1)
        for i in {math.floor(v), math.ceil(v)}:
            for j in {math.floor(u), math.ceil(u)}:
                weights[i * width + j, p] = (1 - abs(v - i)) * (1 - abs(u - j))
    return features.flatten(1) @ weights


@variant
def by_moving_the_last_cell_back(features, y, x):
    """The first of two cells is never the last, so that there is a second one; where a map has two."""
    height, width = features.shape[1:]
    ok = reached(y, x, height, width)
    y, x = y.clamp(min=0, max=height - 1), x.clamp(min=0, max=width - 1)
    top, left = y.long().clamp(max=max(height - 2, 0)), x.long().clamp(max=max(width - 2, 0))
    bottom, right = torch.minimum(top + 1, torch.tensor(height - 1)), torch.minimum(left + 1, torch.tensor(width - 1))
    a, b = (y - top)[None], (x - left)[None]
    q = features[:, torch.stack([top, top, bottom, bottom]), torch.stack([left, right, left, right])]
    shares = torch.stack([(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b], dim=1)
    return (q * shares).sum(dim=1) * ok
