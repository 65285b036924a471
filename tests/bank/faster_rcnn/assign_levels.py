"""Wrong and right answers to `assign_levels`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def area_of(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def size_of(boxes):
    """Return the side of a square of the same area."""
    return area_of(boxes).sqrt()


def exact_level(size, canonical_size, canonical_level):
    """Return the level, neither rounded nor clamped."""
    return canonical_level + torch.log2(size / canonical_size) + 1e-6


def down_and_clamped(level, first, last):
    return level.floor().clamp(first, last).long()


def by_size(boxes, size, first, last, canonical_size, canonical_level):
    """Return the levels where `size` (R,) is what counts of each box."""
    return down_and_clamped(exact_level(size, canonical_size, canonical_level), first, last)


# --- mistakes: which size ---------------------------------------------------------------------------------------------


@mistake("You take the longer side for the size of a box. Its area counts: the size is the root of width times height.")
def levels_of_the_longer_side(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = torch.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@mistake(
    "You take the shorter side for the size of a box. Its area counts: the size is the root of width times height."
)
def levels_of_the_shorter_side(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = torch.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@mistake("One side alone is the size of a box for you. Its area counts: the size is the root of width times height.")
def levels_of_the_width(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, boxes[:, 2] - boxes[:, 0], first, last, canonical_size, canonical_level)


@form(levels_of_the_width)
def levels_of_the_height(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, boxes[:, 3] - boxes[:, 1], first, last, canonical_size, canonical_level)


@mistake("You take the mean of width and height for the size. It is the root of their *product*.")
def levels_of_the_mean_side(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2] - boxes[:, 0] + boxes[:, 3] - boxes[:, 1]) / 2
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@mistake("You add width and height, or their squares. The area is their product, and the size is its root.")
def levels_of_both_sides(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = boxes[:, 2] - boxes[:, 0] + boxes[:, 3] - boxes[:, 1]
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@form(levels_of_both_sides)
def levels_of_the_diagonal(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2:] - boxes[:, :2]).square().sum(dim=1).sqrt()
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@form(levels_of_both_sides)
def levels_of_the_root_of_both_sides(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2] - boxes[:, 0] + boxes[:, 3] - boxes[:, 1]).sqrt()
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@mistake("You leave the root out and compare an area with a side. The size is the root of the area.")
def levels_of_the_area(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, area_of(boxes), first, last, canonical_size, canonical_level)


@mistake("Each doubling of the *side* counts as two levels for you: log2 of the areas' ratio has to be halved.")
def levels_of_the_areas(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, area_of(boxes) / canonical_size, first, last, canonical_size, canonical_level)


@mistake("You read a box as (x, y, width, height). Its last two numbers are the other corner: x2 − x1 is the width.")
def levels_of_corners_as_sides(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2] * boxes[:, 3]).clamp(min=0).sqrt()
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@form(levels_of_corners_as_sides)
def levels_of_corners_as_sides_of_any_sign(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2] * boxes[:, 3]).abs().sqrt()
    return by_size(boxes, size, first, last, canonical_size, canonical_level)


@form(levels_of_corners_as_sides)
def levels_of_corners_as_sides_without_a_look(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, (boxes[:, 2] * boxes[:, 3]).sqrt(), first, last, canonical_size, canonical_level)


@mistake("You add a pixel to each side, x2 − x1 + 1. Here x2 − x1 is the width already.")
def levels_with_a_pixel_more(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    return by_size(boxes, sides.prod(dim=1).sqrt(), first, last, canonical_size, canonical_level)


# --- mistakes: the formula --------------------------------------------------------------------------------------------


@mistake("You take the natural logarithm. One level more is twice the size, and so it is the logarithm to the base 2.")
def levels_by_the_natural_logarithm(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + torch.log(size_of(boxes) / canonical_size) + 1e-6
    return down_and_clamped(level, first, last)


@mistake("You take the logarithm to the base 10. One level more is twice the size, and so it is to the base 2.")
def levels_by_the_common_logarithm(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + torch.log10(size_of(boxes) / canonical_size) + 1e-6
    return down_and_clamped(level, first, last)


@mistake(
    "Larger boxes are on lower levels for you. It is the other way round: divide the box's size by the canonical one."
)
def levels_upside_down(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + torch.log2(canonical_size / size_of(boxes)) + 1e-6
    return down_and_clamped(level, first, last)


@mistake(
    "You divide two logarithms. What counts is the logarithm of a quotient, or the *difference* of two logarithms."
)
def levels_by_a_quotient_of_logarithms(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + torch.log2(size_of(boxes)) / math.log2(canonical_size) + 1e-6
    return down_and_clamped(level, first, last)


@mistake("A level more is twice the size. You count how many times the canonical size fits, without a logarithm.")
def levels_without_a_logarithm(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + size_of(boxes) / canonical_size
    return down_and_clamped(level, first, last)


@form(levels_without_a_logarithm)
def levels_without_a_logarithm_from_one(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = canonical_level + size_of(boxes) / canonical_size - 1
    return down_and_clamped(level, first, last)


@mistake("You count from level 0: the canonical level is not added.")
def levels_from_0(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, 0)


@mistake("You add the first level to the logarithm. It is the canonical one that a box of canonical size has.")
def levels_from_the_first(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, first)


@form(levels_from_the_first)
def levels_from_the_last(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, last)


@mistake("You write 224 where `canonical_size` stands. It may be another one.")
def levels_of_224(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, 224, canonical_level)


@mistake("You write 4 where `canonical_level` stands. It may be another one.")
def levels_around_4(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, 4)


@mistake("You write 224 and 4 where `canonical_size` and `canonical_level` stand. Both may be others.")
def levels_of_224_around_4(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, 224, 4)


@mistake("You clamp to 2 … 5 whatever `first` and `last` are.")
def levels_from_2_to_5(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), 2, 5, canonical_size, canonical_level)


@form(levels_from_2_to_5)
def levels_from_2(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return down_and_clamped(exact_level(size_of(boxes), canonical_size, canonical_level), min(2, last), last)


@form(levels_from_2_to_5)
def levels_up_to_5(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, 5, canonical_size, canonical_level)


@mistake("You leave all four arguments behind `boxes` out, and work with 2, 5, 224 and 4 whatever is given.")
def levels_by_default(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), 2, 5, 224, 4)


# --- mistakes: rounding -----------------------------------------------------------------------------------------------


@mistake("You round to the nearest level. A box stays on a level until it is as large as the next step: round down.")
def levels_rounded(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level)
    return level.round().clamp(first, last).long()


@mistake("You round up, so that most boxes are a level too high. A level begins with its step: round down.")
def levels_rounded_up(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level) - 1e-6
    return level.ceil().clamp(first, last).long()


@form(levels_rounded_up)
def levels_one_too_high(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level)
    return (level.floor() + 1).clamp(first, last).long()


@mistake("A box that is exactly on a step belongs to the level that begins there. With you it stays below.")
def levels_below_the_step(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level) - 1e-6
    return (level.ceil() - 1).clamp(first, last).long()


@mistake(
    "You round the logarithm towards 0, before the canonical level is added. Below 0 that is up: −0.3 has to become −1."
)
def levels_with_a_logarithm_cut_off(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    steps = (torch.log2(size_of(boxes) / canonical_size) + 1e-6).trunc()
    return (canonical_level + steps).clamp(first, last).long()


@mistake("You round two logarithms, and subtract then. Only the whole is rounded down, at the end.")
def levels_with_two_logarithms_rounded(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    steps = torch.log2(size_of(boxes)).floor() - math.floor(math.log2(canonical_size))
    return (canonical_level + steps).clamp(first, last).long()


@mistake("You divide without a remainder before the logarithm, and all boxes below the canonical size become 0.")
def levels_with_whole_quotients(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(
        boxes, size_of(boxes) // canonical_size * canonical_size, first, last, canonical_size, canonical_level
    )


@mistake("You add a tenth or more for the millionth. Boxes that are hardly smaller than a step are above it then.")
def levels_with_a_tenth(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level) + 0.1
    return down_and_clamped(level, first, last)


# --- mistakes: clamping, and what is returned -------------------------------------------------------------------------


@mistake("You return the level *less the first*, as an index into a list of maps. Asked is the level itself.")
def levels_as_indices(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level) - first


@mistake("Your levels are clamped to 0 … last − first. They are clamped to first … last.")
def levels_clamped_as_indices(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), 0, last - first, canonical_size, canonical_level)


@mistake("Your levels go up to `last` − 1. The last level is one of them.")
def levels_up_to_last_less_one(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, max(first, last - 1), canonical_size, canonical_level)


@mistake("Your levels are not clamped. None is below `first`, and none above `last`.")
def levels_not_clamped(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return exact_level(size_of(boxes), canonical_size, canonical_level).floor().long()


@mistake("You clamp on one side only. No level is below `first`, and none above `last`.")
def levels_clamped_below(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return exact_level(size_of(boxes), canonical_size, canonical_level).floor().clamp(min=first).long()


@form(levels_clamped_below)
def levels_clamped_above(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return exact_level(size_of(boxes), canonical_size, canonical_level).floor().clamp(max=last).long()


@mistake("You drop boxes whose level does not exist. They belong to the first or to the last: every box has a level.")
def levels_of_those_that_fit(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level).floor()
    return level[(level >= first) & (level <= last)].long()


@mistake("A level that does not exist becomes the canonical one for you. The nearest is meant: the first or the last.")
def levels_that_fall_back_to_the_canonical_one(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    level = exact_level(size_of(boxes), canonical_size, canonical_level).floor()
    return torch.where((level < first) | (level > last), float(canonical_level), level).long()


@mistake("A box without area belongs to the first level; that the logarithm of 0 is no number is no error here.")
def levels_with_the_logarithm_of_0(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = []
    for x1, y1, x2, y2 in boxes.tolist():
        size = math.sqrt((x2 - x1) * (y2 - y1))
        level = math.floor(canonical_level + math.log2(size / canonical_size) + 1e-6)
        levels.append(min(max(level, first), last))
    return torch.tensor(levels, dtype=torch.int64)


@form(levels_with_the_logarithm_of_0)
def levels_with_boxes_without_area_at_the_top(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)
    return torch.where(area_of(boxes) == 0, last, levels)


@form(levels_with_the_logarithm_of_0)
def levels_with_0_for_boxes_without_area(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)
    return torch.where(area_of(boxes) == 0, 0, levels)


@form(levels_with_the_logarithm_of_0)
def levels_with_the_canonical_one_for_boxes_without_area(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)
    return torch.where(area_of(boxes) == 0, min(max(canonical_level, first), last), levels)


@form(levels_with_the_logarithm_of_0)
def levels_with_minus_one_for_boxes_without_area(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)
    return torch.where(area_of(boxes) == 0, -1, levels)


@mistake("You leave out boxes without area. They have a level too, the first: the result is as long as the list.")
def levels_of_boxes_with_area(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    boxes = boxes[area_of(boxes) > 0]
    return by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)


@mistake("Your levels are floats. A level says which map is meant: it is int64.")
def levels_in_floats(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return exact_level(size_of(boxes), canonical_size, canonical_level).floor().clamp(first, last)


@mistake("Your levels are int32. What says which map is meant is int64, as all indices are.")
def levels_in_int32(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level).int()


@mistake(
    "Without boxes your result is float32. It is int64, of no boxes as of many: say so when you make a tensor of a list."
)
def levels_of_nothing_in_floats(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return torch.tensor(by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level).tolist())


@mistake("You return the levels' strides, 2 to the power of the level. Asked is the level.")
def levels_as_strides(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return 2 ** by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)


@mistake("You return the levels in rising order. Each belongs to a box, and stands where the box stands.")
def levels_sorted(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level).sort().values


@mistake("Your result is a column, (R, 1). It is one number a box: (R,).")
def levels_as_a_column(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    return by_size(boxes, size_of(boxes), first, last, canonical_size, canonical_level)[:, None]


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def levels_one_by_one(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = []
    for x1, y1, x2, y2 in boxes.tolist():
        area = (x2 - x1) * (y2 - y1)
        if area <= 0:
            levels.append(first)
            continue
        level = canonical_level + math.log2(math.sqrt(area) / canonical_size)
        levels.append(max(first, min(last, math.floor(level + 1e-6))))
    return torch.tensor(levels, dtype=torch.long)


@variant
def levels_by_half_the_logarithm_of_areas(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    w, h = (boxes[:, 2:] - boxes[:, :2]).unbind(dim=1)
    level = 0.5 * torch.log2(w * h / canonical_size**2) + canonical_level + 1e-6
    return torch.floor(level).clamp(min=first, max=last).to(torch.int64)


@variant
def levels_by_thresholds(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).sqrt()
    level = torch.full((len(boxes),), first)
    for next_one in range(first + 1, last + 1):
        level[size >= canonical_size * 2.0 ** (next_one - canonical_level)] = next_one
    return level


@variant
def levels_by_buckets(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = (boxes[:, 2:] - boxes[:, :2]).double().prod(dim=1).sqrt()
    steps = torch.tensor([canonical_size * 2.0 ** (k - canonical_level) for k in range(first + 1, last + 1)])
    return torch.bucketize(size, steps.double(), right=True) + first


@variant
def levels_with_numpy(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    corners = boxes.numpy()
    with np.errstate(divide="ignore"):
        size = np.sqrt((corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1]))
        level = np.floor(canonical_level + np.log2(size / canonical_size) + 1e-6)
    return torch.from_numpy(np.clip(level, first, last).astype(np.int64))


@variant
def levels_by_natural_logarithms(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = torch.sqrt(boxes[:, 2] - boxes[:, 0]) * torch.sqrt(boxes[:, 3] - boxes[:, 1])
    level = canonical_level + torch.log(size / canonical_size) / math.log(2) + 1e-6
    return level.clamp(first, last).floor().long()


@variant
def levels_by_a_difference(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    wide, high = (boxes[:, 2] - boxes[:, 0]).double(), (boxes[:, 3] - boxes[:, 1]).double()
    level = (wide.log2() + high.log2()) / 2 - math.log2(canonical_size) + canonical_level + 1e-6
    return level.clamp(min=first, max=last).long()


@variant
def levels_by_doubling(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    levels = boxes.new_zeros(len(boxes), dtype=torch.int64)
    for number, (x1, y1, x2, y2) in enumerate(boxes.double().tolist()):
        area, level = (x2 - x1) * (y2 - y1), first
        step = (canonical_size * 2.0 ** (first + 1 - canonical_level)) ** 2
        while level < last and area >= step:
            level, step = level + 1, step * 4
        levels[number] = level
    return levels


@variant
def levels_cut_off_at_the_end(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])) ** 0.5
    level = canonical_level + torch.log2(size / canonical_size + 1e-8)
    return torch.clip((level + 1e-6).clamp(min=0).int().long(), first, last)


@variant
def levels_without_a_millionth(boxes, first=2, last=5, canonical_size=224, canonical_level=4):
    size = torch.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    return torch.floor(canonical_level + torch.log2(size / canonical_size)).long().clamp(first, last)
