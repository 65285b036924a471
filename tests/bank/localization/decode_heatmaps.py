"""Wrong and right answers to `decode_heatmaps`."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograde.building.bank import form, mistake, variant


def peaks(heatmaps):
    """Return row, column and value of each map's highest pixel, (N, J) each."""
    values = heatmaps.flatten(-2)
    index = values.argmax(-1)
    width = heatmaps.shape[-1]
    return index // width, index % width, values.gather(-1, index[..., None])[..., 0]


def at(heatmaps, row, column):
    """Return the values at (row, column), which are clamped to the map."""
    height, width = heatmaps.shape[-2:]
    index = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
    return heatmaps.flatten(-2).gather(-1, index[..., None])[..., 0]


def slopes(heatmaps, row, column):
    """Return right − left and below − above, 0 where one of them lies outside."""
    height, width = heatmaps.shape[-2:]
    across = at(heatmaps, row, column + 1) - at(heatmaps, row, column - 1)
    down = at(heatmaps, row + 1, column) - at(heatmaps, row - 1, column)
    return across * ((column > 0) & (column < width - 1)), down * ((row > 0) & (row < height - 1))


def right(heatmaps, quarter=0.25, centre=0.5):
    """Return the right points and scores."""
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    x = column + centre + quarter * across.sign()
    y = row + centre + quarter * down.sign()
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


# --- mistakes: the pixel ----------------------------------------------------------------------------------------------


@mistake(
    "You start from the pixel's number, which is its upper left corner. Its centre lies half a pixel further right "
    "and down."
)
def from_the_corner_when_decoding(heatmaps):
    return right(heatmaps, centre=0.0)


@mistake(
    "You return the pixel's number as it is: the half pixel to its centre and the quarter towards the higher "
    "neighbour are missing."
)
def the_index_alone(heatmaps):
    return right(heatmaps, 0.0, 0.0)


@form(the_index_alone)
def the_index_as_whole_numbers(heatmaps):
    row, column, scores = peaks(heatmaps)
    return torch.stack((column, row), -1), scores


@mistake("You stop at the pixel's centre. Its two neighbours in each direction say towards which side the peak leans.")
def without_the_quarter(heatmaps):
    return right(heatmaps, 0.0)


@mistake("You return (y, x). Points are (x, y): the column gives the first number, the row the second.")
def y_before_x(heatmaps):
    points, scores = right(heatmaps)
    return points.flip(-1), scores


@mistake(
    "You divide the position by the height. Flattened row by row, a map has W values a row: the row is the position "
    "divided by the *width*."
)
def divides_by_the_height(heatmaps):
    height, width = heatmaps.shape[-2:]
    index = heatmaps.flatten(-2).argmax(-1)
    row, column = (index // height).clamp(max=height - 1), index % height
    column = column.clamp(max=width - 1)
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), heatmaps.flatten(-2).amax(-1)


@form(divides_by_the_height)
def divides_by_the_height_without_a_clamp(heatmaps):
    height = heatmaps.shape[-2]
    index = heatmaps.flatten(-2).argmax(-1)
    row, column = index // height, index % height
    points = torch.stack((column + 0.5, row + 0.5), -1)
    return points.to(heatmaps.dtype), heatmaps.flatten(-2).amax(-1)


@mistake(
    "You take the quotient for the column and the remainder for the row. Row by row, the quotient by the width is the "
    "row."
)
def quotient_as_column(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((row + 0.5 + across.sign() / 4, column + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@mistake("Of several equally high pixels you take the last one. The first in reading order counts.")
def last_of_several(heatmaps):
    height, width = heatmaps.shape[-2:]
    values = heatmaps.flatten(-2)
    index = height * width - 1 - values.flip(-1).argmax(-1)
    row, column = index // width, index % width
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), values.amax(-1)


@mistake("Of several equally high pixels you take the first by columns. Reading order goes row by row.")
def first_by_columns(heatmaps):
    height = heatmaps.shape[-2]
    index = heatmaps.transpose(-2, -1).flatten(-2).argmax(-1)
    column, row = index // height, index % height
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), heatmaps.flatten(-2).amax(-1)


@mistake("Of several equally high pixels you take the mean. The first in reading order counts.")
def mean_of_several(heatmaps):
    height, width = heatmaps.shape[-2:]
    points, scores = right(heatmaps)
    top = heatmaps == heatmaps.amax((-2, -1), keepdim=True)
    several = top.sum((-2, -1)) > 1
    weight = top.to(heatmaps.dtype) / top.sum((-2, -1), keepdim=True)
    x = (weight.sum(-2) * (torch.arange(width, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    y = (weight.sum(-1) * (torch.arange(height, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    return torch.where(several[..., None], torch.stack((x, y), -1), points), scores


@mistake("You look for the highest pixel among all joints of an object. Each joint has a map of its own.")
def highest_of_all_joints(heatmaps):
    count, joints, height, width = heatmaps.shape
    values = heatmaps.flatten(1)
    index = (values.argmax(-1, keepdim=True) % (height * width)).expand(-1, joints)
    row, column = index // width, index % width
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), values.amax(-1, keepdim=True).expand(-1, joints)


@form(highest_of_all_joints)
def highest_of_all_joints_with_scores_of_their_own(heatmaps):
    points, _ = highest_of_all_joints(heatmaps)
    return points, heatmaps.flatten(-2).amax(-1)


@mistake(
    "You take the row with the largest sum and the column with the largest sum. The highest pixel need not stand "
    "where they cross."
)
def highest_row_and_column(heatmaps):
    row, column = heatmaps.sum(-1).argmax(-1), heatmaps.sum(-2).argmax(-1)
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), heatmaps.flatten(-2).amax(-1)


@mistake(
    "You take a weighted mean of all pixels (a soft argmax). A second hill would pull it away; here the highest pixel "
    "counts."
)
def soft_argmax(heatmaps):
    height, width = heatmaps.shape[-2:]
    weight = heatmaps.flatten(-2).softmax(-1).reshape(heatmaps.shape)
    x = (weight.sum(-2) * (torch.arange(width, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    y = (weight.sum(-1) * (torch.arange(height, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    return torch.stack((x, y), -1), heatmaps.flatten(-2).amax(-1)


@form(soft_argmax)
def centre_of_mass(heatmaps):
    height, width = heatmaps.shape[-2:]
    weight = heatmaps / heatmaps.sum((-2, -1), keepdim=True)
    x = (weight.sum(-2) * (torch.arange(width, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    y = (weight.sum(-1) * (torch.arange(height, dtype=heatmaps.dtype) + 0.5)).sum(-1)
    return torch.stack((x, y), -1), heatmaps.flatten(-2).amax(-1)


@form(soft_argmax)
def soft_argmax_over_numbers(heatmaps):
    height, width = heatmaps.shape[-2:]
    weight = heatmaps.flatten(-2).softmax(-1).reshape(heatmaps.shape)
    x = (weight.sum(-2) * torch.arange(width, dtype=heatmaps.dtype)).sum(-1)
    y = (weight.sum(-1) * torch.arange(height, dtype=heatmaps.dtype)).sum(-1)
    return torch.stack((x, y), -1), heatmaps.flatten(-2).amax(-1)


# --- mistakes: the quarter --------------------------------------------------------------------------------------------


@mistake("You move away from the higher neighbour. The peak leans towards the side that is higher.")
def towards_the_lower(heatmaps):
    return right(heatmaps, -0.25)


@mistake("You move half a pixel. Half would put the point on the pixel's edge; it is a quarter.")
def half_a_pixel(heatmaps):
    return right(heatmaps, 0.5)


@mistake(
    "You move by a quarter of the *difference* of the two neighbours. Only its sign counts: always a quarter of a "
    "pixel, or none."
)
def by_the_difference(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    return torch.stack((column + 0.5 + across / 4, row + 0.5 + down / 4), -1), scores


@form(by_the_difference)
def by_half_the_difference(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    return torch.stack((column + 0.5 + across / 2, row + 0.5 + down / 2), -1), scores


@mistake(
    "You fit a parabola through the pixel and its neighbours. Here only the side counts: a quarter of a pixel, or none."
)
def by_a_parabola(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    bend_x = 2 * scores - at(heatmaps, row, column + 1) - at(heatmaps, row, column - 1)
    bend_y = 2 * scores - at(heatmaps, row + 1, column) - at(heatmaps, row - 1, column)
    x = column + 0.5 + torch.nan_to_num(across / (2 * bend_x))
    return torch.stack((x, row + 0.5 + torch.nan_to_num(down / (2 * bend_y))), -1), scores


@mistake("You exchange the two directions: left and right decide about x, above and below about y.")
def directions_exchanged(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + down.sign() / 4, row + 0.5 + across.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@mistake(
    "You move in one direction only, towards the highest of the four neighbours. x and y each have a move of their own."
)
def towards_the_highest_of_four(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    outside = torch.tensor(-torch.inf, dtype=heatmaps.dtype)
    four = torch.stack(
        (
            torch.where(column > 0, at(heatmaps, row, column - 1), outside),
            torch.where(column < width - 1, at(heatmaps, row, column + 1), outside),
            torch.where(row > 0, at(heatmaps, row - 1, column), outside),
            torch.where(row < height - 1, at(heatmaps, row + 1, column), outside),
        ),
        -1,
    )
    steps = torch.tensor([[-0.25, 0], [0.25, 0], [0, -0.25], [0, 0.25]], dtype=heatmaps.dtype)
    moved = steps[four.argmax(-1)] * (four.amax(-1) > -torch.inf)[..., None]
    return torch.stack((column + 0.5, row + 0.5), -1).to(heatmaps.dtype) + moved, scores


@form(towards_the_highest_of_four)
def along_the_steeper_direction(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, down = slopes(heatmaps, row, column)
    x = column + 0.5 + across.sign() / 4 * (across.abs() >= down.abs())
    y = row + 0.5 + down.sign() / 4 * (across.abs() < down.abs())
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@form(towards_the_highest_of_four)
def towards_the_highest_of_eight(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    around = []
    for dy, dx in steps:
        inside = (row + dy >= 0) & (row + dy < height) & (column + dx >= 0) & (column + dx < width)
        around.append(at(heatmaps, row + dy, column + dx).masked_fill(~inside, -torch.inf))
    best = torch.stack(around, -1)
    moves = torch.tensor([[dx / 4, dy / 4] for dy, dx in steps], dtype=heatmaps.dtype)
    moved = moves[best.argmax(-1)] * (best.amax(-1) > -torch.inf)[..., None]
    return torch.stack((column + 0.5, row + 0.5), -1).to(heatmaps.dtype) + moved, scores


@mistake("You move in x only. y has two neighbours too, above and below.")
def in_x_only_when_decoding(heatmaps):
    row, column, scores = peaks(heatmaps)
    across, _ = slopes(heatmaps, row, column)
    return torch.stack((column + 0.5 + across.sign() / 4, row + 0.5), -1).to(heatmaps.dtype), scores


@mistake("You move in y only. x has two neighbours too, to the left and to the right.")
def in_y_only_when_decoding(heatmaps):
    row, column, scores = peaks(heatmaps)
    _, down = slopes(heatmaps, row, column)
    return torch.stack((column + 0.5, row + 0.5 + down.sign() / 4), -1).to(heatmaps.dtype), scores


@mistake(
    'Where the two neighbours are equal you move all the same: an `else` covers more than "lower". Then there is no '
    "side to lean to."
)
def moves_left_if_equal(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across, down = slopes(heatmaps, row, column)
    dx = torch.where(across > 0, 0.25, -0.25) * ((column > 0) & (column < width - 1))
    dy = torch.where(down > 0, 0.25, -0.25) * ((row > 0) & (row < height - 1))
    return torch.stack((column + 0.5 + dx, row + 0.5 + dy), -1).to(heatmaps.dtype), scores


@form(moves_left_if_equal)
def moves_right_if_equal(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across, down = slopes(heatmaps, row, column)
    dx = torch.where(across >= 0, 0.25, -0.25) * ((column > 0) & (column < width - 1))
    dy = torch.where(down >= 0, 0.25, -0.25) * ((row > 0) & (row < height - 1))
    return torch.stack((column + 0.5 + dx, row + 0.5 + dy), -1).to(heatmaps.dtype), scores


# --- mistakes: the border ---------------------------------------------------------------------------------------------


@mistake(
    "Outside the map you see zeros, as of a padded image, and move towards the higher of a neighbour and nothing. "
    "Where one of the two is missing, do not move."
)
def zeros_outside(heatmaps):
    row, column, scores = peaks(heatmaps)
    padded = F.pad(heatmaps, (1, 1, 1, 1))
    across = at(padded, row + 1, column + 2) - at(padded, row + 1, column)
    down = at(padded, row + 2, column + 1) - at(padded, row, column + 1)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@mistake(
    "At the border you always move inwards, to the only neighbour there is. Where one of the two is missing, do not "
    "move."
)
def inwards_at_the_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    padded = F.pad(heatmaps, (1, 1, 1, 1), value=-torch.inf)
    left, right = at(padded, row + 1, column), at(padded, row + 1, column + 2)
    above, below = at(padded, row, column + 1), at(padded, row + 2, column + 1)
    x = column + 0.5 + 0.25 * (right > left) - 0.25 * (right < left)
    y = row + 0.5 + 0.25 * (below > above) - 0.25 * (below < above)
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@mistake(
    "At the border you clamp the neighbour's index, and so compare the pixel with itself: it always wins, and you "
    "move outwards. Where a neighbour is missing, do not move."
)
def clamped_at_the_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    across = at(heatmaps, row, column + 1) - at(heatmaps, row, column - 1)
    down = at(heatmaps, row + 1, column) - at(heatmaps, row - 1, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@mistake(
    "At the border your neighbour comes from the other end: index − 1 wraps around, to the last column or to the row "
    "before. Where a neighbour is missing, do not move."
)
def wraps_around(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across = at(heatmaps, row, (column + 1) % width) - at(heatmaps, row, (column - 1) % width)
    down = at(heatmaps, (row + 1) % height, column) - at(heatmaps, (row - 1) % height, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@form(wraps_around)
def wraps_around_in_the_flat_map(heatmaps):
    height, width = heatmaps.shape[-2:]
    values = heatmaps.flatten(-2)
    index, total = values.argmax(-1, keepdim=True), height * width

    def towards(step):
        after, before = values.gather(-1, (index + step) % total), values.gather(-1, (index - step) % total)
        return (after - before).sign() / 4

    x, y = index % width + 0.5 + towards(1), index // width + 0.5 + towards(width)
    return torch.cat((x, y), -1).to(heatmaps.dtype), values.amax(-1)


@form(wraps_around)
def wraps_around_on_the_left_only(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across = at(heatmaps, row, column + 1) - at(heatmaps, row, (column - 1) % width)
    down = at(heatmaps, row + 1, column) - at(heatmaps, (row - 1) % height, column)
    across, down = across * (column < width - 1), down * (row < height - 1)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@form(wraps_around)
def wraps_around_in_the_flat_map_but_not_at_its_ends(heatmaps):
    height, width = heatmaps.shape[-2:]
    values = heatmaps.flatten(-2)
    index, total = values.argmax(-1, keepdim=True), height * width

    def towards(step):
        after = values.gather(-1, (index + step).clamp(max=total - 1))
        before = values.gather(-1, (index - step).clamp(min=0))
        return (after - before).sign() / 4

    x, y = index % width + 0.5 + towards(1), index // width + 0.5 + towards(width)
    return torch.cat((x, y), -1).to(heatmaps.dtype), values.amax(-1)


@mistake(
    "At one border you give up both directions. A pixel in the first column has no left neighbour, but it has two in "
    "y, and they decide as ever."
)
def no_move_at_any_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    inside = (column > 0) & (column < width - 1) & (row > 0) & (row < height - 1)
    across, down = slopes(heatmaps, row, column)
    x, y = column + 0.5 + across.sign() / 4 * inside, row + 0.5 + down.sign() / 4 * inside
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@mistake(
    "You do not move one pixel away from the border either: column 1 has a left neighbour, in column 0. Both are "
    "there to compare."
)
def no_move_next_to_the_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across, down = slopes(heatmaps, row, column)
    x = column + 0.5 + across.sign() / 4 * ((column > 1) & (column < width - 1))
    y = row + 0.5 + down.sign() / 4 * ((row > 1) & (row < height - 1))
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@form(no_move_next_to_the_border)
def no_move_next_to_any_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    across, down = slopes(heatmaps, row, column)
    x = column + 0.5 + across.sign() / 4 * ((column > 1) & (column < width - 2))
    y = row + 0.5 + down.sign() / 4 * ((row > 1) & (row < height - 2))
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@form(no_move_next_to_the_border)
def one_condition_for_both_as_published(heatmaps):
    """`if 1 < px < W - 1 and 1 < py < H - 1`, as the code of several papers has it."""
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    inside = (column > 1) & (column < width - 1) & (row > 1) & (row < height - 1)
    across, down = slopes(heatmaps, row, column)
    x, y = column + 0.5 + across.sign() / 4 * inside, row + 0.5 + down.sign() / 4 * inside
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@mistake(
    "At the border your code asks for a neighbour that is not there, and torch refuses. Where one of the two is "
    "missing, do not move."
)
def asks_beyond_the_border(heatmaps):
    row, column, scores = peaks(heatmaps)
    points = torch.stack((column + 0.5, row + 0.5), -1).to(heatmaps.dtype)
    for n in range(heatmaps.shape[0]):
        for j in range(heatmaps.shape[1]):
            r, c, one = int(row[n, j]), int(column[n, j]), heatmaps[n, j]
            points[n, j, 0] += 0.25 * torch.sign(one[r, c + 1] - one[r, c - 1])
            points[n, j, 1] += 0.25 * torch.sign(one[r + 1, c] - one[r - 1, c])
    return points, scores


# --- mistakes: the scores ---------------------------------------------------------------------------------------------


@mistake(
    "You take a joint whose highest value is not positive for absent and return (0, 0). Values may be negative "
    "everywhere: only their order counts."
)
def nothing_below_zero(heatmaps):
    points, scores = right(heatmaps)
    return points * (scores > 0)[..., None], scores


@form(nothing_below_zero)
def nothing_below_zero_before_the_centre(heatmaps):
    row, column, scores = peaks(heatmaps)
    row, column = row * (scores > 0), column * (scores > 0)
    across, down = slopes(heatmaps, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@form(nothing_below_zero)
def the_best_so_far_starts_at_zero(heatmaps):
    count, joints, height, width = heatmaps.shape
    clipped = heatmaps.clamp(min=0)
    return right(clipped)


@mistake("Your scores went through a sigmoid. The highest value is asked for as it is.")
def scores_by_sigmoid(heatmaps):
    points, scores = right(heatmaps)
    return points, scores.sigmoid()


@mistake("Your scores went through a softmax over the map. The highest value is asked for as it is.")
def scores_by_softmax(heatmaps):
    points, _ = right(heatmaps)
    return points, heatmaps.flatten(-2).softmax(-1).amax(-1)


@mistake("Your scores have a dimension too many, (N, J, 1). One number a joint: (N, J).")
def scores_with_a_dimension(heatmaps):
    points, scores = right(heatmaps)
    return points, scores[..., None]


@mistake("As scores you return positions in the flattened map. A score is the highest *value*.")
def positions_as_scores(heatmaps):
    points, _ = right(heatmaps)
    return points, heatmaps.flatten(-2).argmax(-1)


@form(positions_as_scores)
def positions_as_float_scores(heatmaps):
    points, _ = right(heatmaps)
    return points, heatmaps.flatten(-2).argmax(-1).to(heatmaps.dtype)


@mistake("You return points without scores. Both are wanted: how sure a joint is, its highest value says.")
def points_alone(heatmaps):
    return right(heatmaps)[0]


@form(points_alone)
def points_and_scores_in_one_tensor(heatmaps):
    points, scores = right(heatmaps)
    return torch.cat((points, scores[..., None]), -1)


@mistake("Your score is a mean of the map. It is asked for as the highest value of the map.")
def mean_as_score(heatmaps):
    points, _ = right(heatmaps)
    return points, heatmaps.mean((-2, -1))


@mistake(
    "`.squeeze()` takes away every dimension of size 1, that of the objects or of the joints too if there is only one."
)
def squeezes_everything_when_decoding(heatmaps):
    points, scores = right(heatmaps)
    return points.squeeze(), scores.squeeze()


@form(squeezes_everything_when_decoding)
def squeezes_the_scores(heatmaps):
    points, scores = right(heatmaps)
    return points, scores.squeeze()


@form(from_the_corner_when_decoding)
def from_the_corner_and_as_published(heatmaps):
    """The points of the code of several papers: no half, nothing below zero, and no move in two pixels at the border."""
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    row, column = row * (scores > 0), column * (scores > 0)
    inside = (column > 1) & (column < width - 1) & (row > 1) & (row < height - 1)
    across, down = slopes(heatmaps, row, column)
    x, y = column + across.sign() / 4 * inside, row + down.sign() / 4 * inside
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@form(from_the_corner_when_decoding)
def from_the_corner_and_as_published_with_a_dimension(heatmaps):
    points, scores = from_the_corner_and_as_published(heatmaps)
    return points, scores[..., None]


@form(y_before_x)
def y_before_x_and_no_quarter(heatmaps):
    row, column, scores = peaks(heatmaps)
    return torch.stack((row + 0.5, column + 0.5), -1).to(heatmaps.dtype), scores


@form(y_before_x)
def row_and_column_as_they_are(heatmaps):
    row, column, scores = peaks(heatmaps)
    return torch.stack((row, column), -1).to(heatmaps.dtype), scores


@mistake(
    "You ask the four neighbours in the whole batch's flattened numbers, where each map's first position is not 0."
)
def neighbours_in_another_map(heatmaps):
    row, column, scores = peaks(heatmaps)
    first = heatmaps[:1, :1].expand_as(heatmaps)
    across, down = slopes(first, row, column)
    points = torch.stack((column + 0.5 + across.sign() / 4, row + 0.5 + down.sign() / 4), -1)
    return points.to(heatmaps.dtype), scores


@mistake(
    "You compare each neighbour with the pixel itself. It is the highest, so no neighbour is higher: compare the two "
    "with each other."
)
def compares_with_the_pixel(heatmaps):
    row, column, scores = peaks(heatmaps)
    height, width = heatmaps.shape[-2:]
    x, y = column + 0.5, row + 0.5
    x = x + 0.25 * ((at(heatmaps, row, column + 1) > scores) & (column > 0) & (column < width - 1))
    y = y + 0.25 * ((at(heatmaps, row + 1, column) > scores) & (row > 0) & (row < height - 1))
    x = x - 0.25 * ((at(heatmaps, row, column - 1) < scores) & (column > 0) & (column < width - 1))
    y = y - 0.25 * ((at(heatmaps, row - 1, column) < scores) & (row > 0) & (row < height - 1))
    return torch.stack((x, y), -1).to(heatmaps.dtype), scores


@mistake("You add the half pixel twice, or a whole one: a pixel's centre lies half a pixel from its corner.")
def a_whole_pixel(heatmaps):
    return right(heatmaps, centre=1.0)


@mistake("You return points as shares of the map's size. They are asked for in pixels.")
def shares_of_the_map_when_decoding(heatmaps):
    points, scores = right(heatmaps)
    return points / points.new_tensor([heatmaps.shape[-1], heatmaps.shape[-2]]), scores


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def map_by_map_when_decoding(heatmaps):
    count, joints, height, width = heatmaps.shape
    points = torch.zeros(count, joints, 2, dtype=heatmaps.dtype)
    scores = torch.zeros(count, joints, dtype=heatmaps.dtype)
    for n in range(count):
        for j in range(joints):
            one = heatmaps[n, j]
            best = int(torch.argmax(one))
            r, c = divmod(best, width)
            x, y = c + 0.5, r + 0.5
            if 0 < c < width - 1:
                if one[r, c + 1] > one[r, c - 1]:
                    x += 0.25
                elif one[r, c + 1] < one[r, c - 1]:
                    x -= 0.25
            if 0 < r < height - 1:
                if one[r + 1, c] > one[r - 1, c]:
                    y += 0.25
                elif one[r + 1, c] < one[r - 1, c]:
                    y -= 0.25
            points[n, j, 0], points[n, j, 1], scores[n, j] = x, y, one[r, c]
    return points, scores


@variant
def slopes_of_all_pixels(heatmaps):
    width = heatmaps.shape[-1]
    dx, dy = torch.zeros_like(heatmaps), torch.zeros_like(heatmaps)
    dx[..., :, 1:-1] = torch.sign(heatmaps[..., :, 2:] - heatmaps[..., :, :-2])
    dy[..., 1:-1, :] = torch.sign(heatmaps[..., 2:, :] - heatmaps[..., :-2, :])
    scores, index = heatmaps.flatten(-2).max(dim=-1)
    pick = lambda x: x.flatten(-2).gather(-1, index.unsqueeze(-1)).squeeze(-1)
    x = (index % width).to(heatmaps.dtype) + 0.5 + 0.25 * pick(dx)
    y = (index // width).to(heatmaps.dtype) + 0.5 + 0.25 * pick(dy)
    return torch.stack((x, y), dim=2), scores


@variant
def with_advanced_indices(heatmaps):
    n, j, h, w = heatmaps.shape
    flat = heatmaps.reshape(n, j, h * w)
    best = flat.argmax(dim=2)
    r, c = torch.div(best, w, rounding_mode="floor"), best.remainder(w)
    a, b = torch.arange(n)[:, None], torch.arange(j)[None, :]
    left, right = heatmaps[a, b, r, (c - 1).clamp(min=0)], heatmaps[a, b, r, (c + 1).clamp(max=w - 1)]
    up, down = heatmaps[a, b, (r - 1).clamp(min=0), c], heatmaps[a, b, (r + 1).clamp(max=h - 1), c]
    dx = torch.where(right > left, 0.25, torch.where(right < left, -0.25, 0.0))
    dy = torch.where(down > up, 0.25, torch.where(down < up, -0.25, 0.0))
    dx[(c == 0) | (c == w - 1)] = 0
    dy[(r == 0) | (r == h - 1)] = 0
    points = torch.stack((c + 0.5 + dx, r + 0.5 + dy), -1).to(heatmaps.dtype)
    return points, heatmaps[a, b, r, c]


@variant
def with_numpy_when_decoding(heatmaps):
    array = heatmaps.numpy()
    n, j, h, w = array.shape
    points = np.zeros((n, j, 2), array.dtype)
    for a, b in np.ndindex(n, j):
        r, c = np.unravel_index(array[a, b].argmax(), (h, w))
        points[a, b] = c + 0.5, r + 0.5
        if c not in (0, w - 1):
            points[a, b, 0] += 0.25 * np.sign(array[a, b, r, c + 1] - array[a, b, r, c - 1])
        if r not in (0, h - 1):
            points[a, b, 1] += 0.25 * np.sign(array[a, b, r + 1, c] - array[a, b, r - 1, c])
    return torch.from_numpy(points), torch.from_numpy(array.max((2, 3)))


@variant
def with_nan_outside(heatmaps):
    h, w = heatmaps.shape[-2:]
    scores, index = heatmaps.flatten(2).max(2)
    r, c = index // w, index % w
    padded = F.pad(heatmaps, (1, 1, 1, 1), value=float("nan"))

    def value(dr, dc):
        return padded.flatten(2).gather(2, ((r + 1 + dr) * (w + 2) + c + 1 + dc)[..., None])[..., 0]

    dx = torch.nan_to_num(torch.sign(value(0, 1) - value(0, -1)), 0.0)
    dy = torch.nan_to_num(torch.sign(value(1, 0) - value(-1, 0)), 0.0)
    return torch.stack((c + 0.5 + dx / 4, r + 0.5 + dy / 4), -1).to(heatmaps.dtype), scores


@variant
def as_a_list(heatmaps):
    n, j, h, w = heatmaps.shape
    flat = heatmaps.contiguous().view(n * j, h, w)
    out, best = [], []
    for one in flat:
        top = one.max()
        r, c = (int(x) for x in (one == top).nonzero()[0])
        x = c + 0.5 + (0.25 * float(torch.sign(one[r, c + 1] - one[r, c - 1])) if 0 < c < w - 1 else 0)
        y = r + 0.5 + (0.25 * float(torch.sign(one[r + 1, c] - one[r - 1, c])) if 0 < r < h - 1 else 0)
        out.append([x, y])
        best.append(top)
    points = torch.tensor(out, dtype=heatmaps.dtype).reshape(n, j, 2)
    return [points, torch.stack(best).reshape(n, j) if best else heatmaps.new_zeros(n, j)]
