"""Wrong and right answers to `box_iou`."""

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def shared_sides(a, b):
    """Return width and height (N, M, 2) of what each two share; negative where they are apart."""
    return torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])


def shared(a, b):
    """Return the area (N, M) that each two share."""
    return shared_sides(a, b).clamp(min=0).prod(dim=-1)


def area(boxes):
    """Return the area of each box."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def over_union(intersection, area_a, area_b):
    """Return the intersection over the union (N, M)."""
    return intersection / (area_a[:, None] + area_b - intersection)


# --- mistakes: the intersection ---------------------------------------------------------------------------------------


@mistake(
    "Where two boxes are apart, your shared width and height are negative. Of two negative numbers the product is an "
    "area again: a side below 0 is no side."
)
def not_clamped(a, b):
    return over_union(shared_sides(a, b).prod(dim=-1), area(a), area(b))


@mistake(
    "You clamp the *product* at 0. Two boxes that are apart in x and in y have two negative sides, whose product is positive: clamp each side."
)
def product_clamped(a, b):
    return over_union(shared_sides(a, b).prod(dim=-1).clamp(min=0), area(a), area(b))


@mistake("You take the absolute value of the sides. A side below 0 means that nothing is shared, so it is 0.")
def absolute_sides(a, b):
    return over_union(shared_sides(a, b).abs().prod(dim=-1), area(a), area(b))


@mistake(
    "You clamp the shared sides to at least 1. Boxes that are apart share nothing: 0, and a shared part may be smaller than a pixel."
)
def at_least_a_pixel(a, b):
    return over_union(shared_sides(a, b).clamp(min=1).prod(dim=-1), area(a), area(b))


@mistake("The shared part is 0 in your function as soon as it is 0 or less in x; in y it may still be negative.")
def clamped_in_x_only(a, b):
    sides = shared_sides(a, b)
    return over_union(sides[..., 0].clamp(min=0) * sides[..., 1], area(a), area(b))


@form(clamped_in_x_only)
def clamped_in_y_only(a, b):
    sides = shared_sides(a, b)
    return over_union(sides[..., 0] * sides[..., 1].clamp(min=0), area(a), area(b))


@mistake(
    "Minimum and maximum are exchanged: your part goes from the smaller x1 to the larger x2, which is the box *around* both."
)
def box_around_both(a, b):
    around = (torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])).prod(dim=-1)
    return over_union(around, area(a), area(b))


@mistake(
    "You look whether a corner of the one box lies inside the other. Boxes that cross, or of which one holds the other, share area without that."
)
def corner_must_lie_inside(a, b):
    top_left, bottom_right = b[None, :, :2], b[None, :, 2:]
    inside = ((a[:, None, :2] >= top_left) & (a[:, None, :2] < bottom_right)).all(dim=-1)
    inside |= ((a[:, None, 2:] > top_left) & (a[:, None, 2:] <= bottom_right)).all(dim=-1)
    return torch.where(inside, over_union(shared(a, b), area(a), area(b)), torch.zeros_like(inside, dtype=a.dtype))


@mistake("You look in one direction only. Boxes share something only where they overlap in x *and* in y.")
def overlap_in_x(a, b):
    sides = shared_sides(a, b).clamp(min=0)
    width_a, width_b = a[:, 2] - a[:, 0], b[:, 2] - b[:, 0]
    return over_union(sides[..., 0], width_a, width_b)


@form(overlap_in_x)
def overlap_in_y(a, b):
    sides = shared_sides(a, b).clamp(min=0)
    return over_union(sides[..., 1], a[:, 3] - a[:, 1], b[:, 3] - b[:, 1])


@mistake("You add the shared width and height. An area is their product.")
def sum_of_sides(a, b):
    return over_union(shared_sides(a, b).clamp(min=0).sum(dim=-1), area(a), area(b))


# --- mistakes: the union ----------------------------------------------------------------------------------------------


@mistake("Your union is area + area. What both cover is in it twice: take the intersection off once.")
def counted_twice(a, b):
    return shared(a, b) / (area(a)[:, None] + area(b))


@mistake("You add the intersection to the two areas. It is in them twice already, so it has to come off once.")
def intersection_added(a, b):
    return shared(a, b) / (area(a)[:, None] + area(b) + shared(a, b))


@mistake("You take the intersection off twice. Then the union has none of what both cover.")
def taken_off_twice(a, b):
    return shared(a, b) / (area(a)[:, None] + area(b) - 2 * shared(a, b))


@mistake(
    "You divide by the area of the box around both, which the product of the unions in x and in y is too. The union is what the two boxes cover, and no more."
)
def over_the_box_around(a, b):
    around = (torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])).prod(dim=-1)
    return shared(a, b) / around


@mistake("You divide by the smaller of the two areas. A small box inside a large one would be a perfect match.")
def over_the_smaller(a, b):
    return shared(a, b) / torch.minimum(area(a)[:, None], area(b))


@mistake("You divide by the larger of the two areas. The union has what only the smaller one covers, too.")
def over_the_larger(a, b):
    return shared(a, b) / torch.maximum(area(a)[:, None], area(b))


@mistake("You divide by the area of one of the two boxes. The union is what either of them covers.")
def over_the_first(a, b):
    return shared(a, b) / area(a)[:, None]


@form(over_the_first)
def over_the_second(a, b):
    return shared(a, b) / area(b)


@mistake("You return the area that two boxes share. It still has to be divided by the union.")
def intersection_alone(a, b):
    return shared(a, b)


@mistake("Your result is twice the intersection over the sum of the areas: the Dice coefficient. It is no IoU.")
def dice_of_boxes(a, b):
    return 2 * shared(a, b) / (area(a)[:, None] + area(b))


@mistake("You return 1 − IoU, a distance. The IoU itself is wanted: 1 for the same box, 0 for boxes apart.")
def distance_instead(a, b):
    return 1 - over_union(shared(a, b), area(a), area(b))


@mistake(
    "Your result goes below 0 where boxes are apart: it is the generalised IoU. IoU has nothing to do with the box around both."
)
def generalised(a, b):
    around = (torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])).prod(dim=-1)
    union = area(a)[:, None] + area(b) - shared(a, b)
    return shared(a, b) / union - (around - union) / around


# --- mistakes: what a box is ------------------------------------------------------------------------------------------


@mistake("You add 1 to widths and heights, as if x2 were the last pixel inside. Here x2 − x1 is the width.")
def one_too_wide(a, b):
    sides = (shared_sides(a, b) + 1).clamp(min=0)
    area_a, area_b = ((x[:, 2] - x[:, 0] + 1) * (x[:, 3] - x[:, 1] + 1) for x in (a, b))
    return over_union(sides.prod(dim=-1), area_a, area_b)


@form(one_too_wide)
def shared_part_one_too_wide(a, b):
    return over_union((shared_sides(a, b) + 1).clamp(min=0).prod(dim=-1), area(a), area(b))


@form(one_too_wide)
def areas_one_too_wide(a, b):
    area_a, area_b = ((x[:, 2] - x[:, 0] + 1) * (x[:, 3] - x[:, 1] + 1) for x in (a, b))
    return over_union(shared(a, b), area_a, area_b)


@mistake("You read a box as (x, y, width, height). Its last two numbers are the other corner, x2 and y2.")
def read_as_corner_and_size(a, b):
    a, b = (torch.cat([x[:, :2], x[:, :2] + x[:, 2:]], dim=1) for x in (a, b))
    return over_union(shared(a, b), area(a), area(b))


@form(read_as_corner_and_size)
def area_of_the_last_two(a, b):
    return over_union(shared(a, b), a[:, 2] * a[:, 3], b[:, 2] * b[:, 3])


@mistake("You read a box as (centre x, centre y, width, height). It is two corners, (x1, y1, x2, y2).")
def read_as_centre_and_size(a, b):
    a, b = (torch.cat([x[:, :2] - x[:, 2:] / 2, x[:, :2] + x[:, 2:] / 2], dim=1) for x in (a, b))
    return over_union(shared(a, b), area(a), area(b))


@mistake("You read a box as (x1, x2, y1, y2). It is (x1, y1, x2, y2): first one corner, then the other.")
def read_as_intervals(a, b):
    a, b = (x[:, [0, 2, 1, 3]] for x in (a, b))
    return over_union(shared(a, b), area(a), area(b))


@mistake("You cut the coordinates down to whole numbers. Boxes have fractions, and may be smaller than a pixel.")
def whole_coordinates(a, b):
    a, b = a.long().to(a.dtype), b.long().to(a.dtype)
    return over_union(shared(a, b), area(a), area(b))


@form(whole_coordinates)
def rounded_coordinates(a, b):
    a, b = a.round(), b.round()
    return over_union(shared(a, b), area(a), area(b))


@mistake("You clamp coordinates at 0. A box may begin to the left of the image, at negative x.")
def negative_coordinates_cut(a, b):
    a, b = a.clamp(min=0), b.clamp(min=0)
    return over_union(shared(a, b), area(a), area(b))


@mistake("You add a number to the union that is not tiny: small boxes get too small an IoU.")
def large_epsilon(a, b):
    return shared(a, b) / (area(a)[:, None] + area(b) - shared(a, b) + 1)


@form(large_epsilon)
def epsilon_of_a_thousandth(a, b):
    return shared(a, b) / (area(a)[:, None] + area(b) - shared(a, b) + 1e-3)


# --- mistakes: each with each -----------------------------------------------------------------------------------------


@mistake(
    "You compare the first of `a` with the first of `b`, the second with the second. Each box of `a` is to be compared with *each* of `b`: (N, M)."
)
def one_to_one(a, b):
    sides = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    both = sides.prod(dim=-1)
    return both / (area(a) + area(b) - both)


@form(one_to_one)
def one_to_one_as_far_as_both_go(a, b):
    count = min(len(a), len(b))
    return one_to_one(a[:count], b[:count])


@mistake("Rows and columns are exchanged: your result is (M, N). Row n belongs to box n of `a`.")
def exchanged(a, b):
    return over_union(shared(b, a), area(b), area(a))


@mistake("Your numbers come in one list. Each box of `a` is a row of (N, M).")
def a_flat_list(a, b):
    return over_union(shared(a, b), area(a), area(b)).flatten()


@mistake(
    "The areas of `b` run down the rows in your union, and those of `a` along the columns. Each pair needs the areas of its own two boxes."
)
def areas_exchanged(a, b):
    return shared(a, b) / (area(b)[:, None] + area(a) - shared(a, b))


@mistake("You compare with `a` itself: `b` is not looked at.")
def with_itself(a, b):
    return over_union(shared(a, a), area(a), area(a))


@mistake("You keep only the best IoU of each box of `a`. All of them are wanted, one for each box of `b`.")
def best_only(a, b):
    return over_union(shared(a, b), area(a), area(b)).max(dim=1).values


# --- mistakes: dtype, gradients ---------------------------------------------------------------------------------------


@mistake("Your result is float32 whatever comes in. Of float64 boxes the IoU is float64.")
def always_iou_in_float32(a, b):
    return over_union(shared(a, b), area(a), area(b)).float()


@mistake(NO_GRADIENT)
def without_gradient_for_iou(a, b):
    a, b = a.detach(), b.detach()
    return over_union(shared(a, b), area(a), area(b))


@mistake("You divide whole numbers: `//` drops all that is behind the point, and every IoU below 1 becomes 0.")
def whole_division(a, b):
    return shared(a, b) // (area(a)[:, None] + area(b) - shared(a, b))


@mistake("You change `a` or `b` while you work on them. The caller still needs them: work on a copy.")
def changes_its_inputs(a, b):
    with torch.no_grad():
        a[:, 2:] -= a[:, :2]
    iou = over_union(shared(torch.cat([a[:, :2], a[:, :2] + a[:, 2:]], dim=1), b), a[:, 2] * a[:, 3], area(b))
    return iou


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@mistake(
    "You take 0 only where boxes are apart in x *and* in y. One direction is enough: elsewhere your shared area is negative."
)
def apart_in_both_directions(a, b):
    sides = shared_sides(a, b)
    both = torch.where((sides < 0).all(dim=-1), torch.zeros_like(sides[..., 0]), sides.prod(dim=-1))
    return over_union(both, area(a), area(b))


@mistake("Your gradients reach one of the two inputs only. They are to flow back to `a` and to `b`.")
def gradient_for_a_only(a, b):
    return over_union(shared(a, b.detach()), area(a), area(b.detach()))


@form(gradient_for_a_only)
def gradient_for_b_only(a, b):
    return over_union(shared(a.detach(), b), area(a.detach()), area(b))


@mistake(
    "The areas of `a`, (N,), and those of `b`, (M,), are added box by box. Each with each needs a dimension more: `area_a[:, None] + area_b`."
)
def areas_side_by_side(a, b):
    return shared(a, b) / (area(a) + area(b) - shared(a, b))


@mistake("Your areas are x2·y2 − x1·y1. The area of a box is its width times its height, (x2 − x1) · (y2 − y1).")
def difference_of_products(a, b):
    area_a, area_b = (x[:, 2] * x[:, 3] - x[:, 0] * x[:, 1] for x in (a, b))
    return over_union(shared(a, b), area_a, area_b)


@mistake("You take something off for the distance of the centres. IoU knows nothing of it: apart is 0, however far.")
def with_distance_of_centres(a, b):
    centres = torch.cdist((a[:, :2] + a[:, 2:]) / 2, (b[:, :2] + b[:, 2:]) / 2)
    around = torch.maximum(a[:, None, 2:], b[:, 2:]) - torch.minimum(a[:, None, :2], b[:, :2])
    return over_union(shared(a, b), area(a), area(b)) - centres.square() / around.square().sum(dim=-1)


@mistake(
    "Your result is float64 whatever comes in, as numpy makes it. It has the dtype of `a`, and is part of the graph."
)
def iou_by_way_of_numpy(a, b):
    first, second = a.detach().numpy(), b.detach().numpy()
    sides = np.minimum(first[:, None, 2:], second[:, 2:]) - np.maximum(first[:, None, :2], second[:, :2])
    both = sides.clip(min=0).prod(axis=-1)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (first, second)]
    return torch.tensor((both / (areas[0][:, None] + areas[1] - both)).astype(np.float64))


@form(iou_by_way_of_numpy)
def iou_in_float64(a, b):
    return over_union(shared(a, b), area(a), area(b)).double()


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def loops_over_pairs(a, b):
    rows = []
    for x1, y1, x2, y2 in a:
        row = []
        for u1, v1, u2, v2 in b:
            w = torch.clamp(torch.min(x2, u2) - torch.max(x1, u1), min=0)
            h = torch.clamp(torch.min(y2, v2) - torch.max(y1, v1), min=0)
            row.append(w * h / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - w * h))
        rows.append(torch.stack(row) if row else a.new_zeros(0))
    return torch.stack(rows) if rows else a.new_zeros(0, len(b))


@variant
def coordinates_by_name(a, b):
    ax1, ay1, ax2, ay2 = a[:, 0:1], a[:, 1:2], a[:, 2:3], a[:, 3:4]
    bx1, by1, bx2, by2 = b.t()
    iw = F.relu(torch.min(ax2, bx2) - torch.max(ax1, bx1))
    ih = F.relu(torch.min(ay2, by2) - torch.max(ay1, by1))
    inter = iw * ih
    return inter / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inter)


@variant
def row_by_row_into_a_table(a, b):
    out = torch.empty(a.shape[0], b.shape[0], dtype=a.dtype)
    for n in range(a.shape[0]):
        both = shared(a[n : n + 1], b)[0]
        out[n] = both / (area(a[n : n + 1]) + area(b) - both)
    return out


@variant
def with_a_tiny_number(a, b):
    inter = shared(a, b)
    return inter / (area(a).unsqueeze(1) + area(b).unsqueeze(0) - inter + 1e-7)


@variant
def where_they_overlap(a, b):
    sides = shared_sides(a, b)
    both = torch.where((sides > 0).all(dim=-1), sides[..., 0] * sides[..., 1], torch.zeros_like(sides[..., 0]))
    return both / (area(a)[:, None] + area(b)[None] - both)


@variant
def expanded_and_repeated(a, b):
    n, m = len(a), len(b)
    left = a.repeat_interleave(m, dim=0)
    right = b.repeat(n, 1)
    lower = torch.stack([left[:, :2], right[:, :2]]).amax(dim=0)
    upper = torch.stack([left[:, 2:], right[:, 2:]]).amin(dim=0)
    both = (upper - lower).clamp_min(0).prod(dim=1)
    return (both / (area(left) + area(right) - both)).view(n, m)


@variant
def sides_without_maximum(a, b):
    width_a, width_b = a[:, None, 2:] - a[:, None, :2], b[None, :, 2:] - b[None, :, :2]
    around = torch.maximum(a[:, None, 2:], b[None, :, 2:]) - torch.minimum(a[:, None, :2], b[None, :, :2])
    sides = (width_a + width_b - around).clamp(min=0)
    both = sides[..., 0] * sides[..., 1]
    return both / (width_a.prod(-1) + width_b.prod(-1) - both)
