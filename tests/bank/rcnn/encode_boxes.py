"""Wrong and right answers to `encode_boxes`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant
from .shared_boxes import centres, sides, weighing
from course.checking.patterns import NO_GRADIENT


def joined(offsets, growth, weights):
    """Return what offsets (N, 2) and growth (N, 2) are as weighed deltas (N, 4)."""
    return torch.cat([offsets, growth], dim=1) * weighing(offsets, weights)


def right_offsets(targets, anchors):
    """Return the right offsets (N, 2), before the weights."""
    return (centres(targets) - centres(anchors)) / sides(anchors)


def right_growth(targets, anchors):
    """Return the right logarithms (N, 2), before the weights."""
    return (sides(targets) / sides(anchors)).log()


def right(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """Return the right deltas (N, 4)."""
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors), weights)


# --- mistakes: the offsets --------------------------------------------------------------------------------------------


@mistake(
    "You measure the offset in sides of the *target*. Where a box is decoded, only the anchor is known: divide by the anchor's width and height."
)
def in_sides_of_the_target(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(targets)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake(
    "Your offset is the way between two corners. A box moves with its *centre*; what the corner does hangs on its size, too."
)
def from_corner_to_corner(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, :2] - anchors[:, :2]) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@form(from_corner_to_corner)
def from_second_corner_to_second_corner(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, 2:] - anchors[:, 2:]) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@form(from_corner_to_corner)
def from_bottom_left_to_bottom_left(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, [0, 3]] - anchors[:, [0, 3]]) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake(
    "A centre of yours is compared with a corner. Both ends of the way are centres, that of the anchor and that of the target."
)
def from_the_corner_of_the_anchor(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - anchors[:, :2]) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@form(from_the_corner_of_the_anchor)
def to_the_corner_of_the_target(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, :2] - centres(anchors)) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("Your offset is in pixels. It is to be a share of the anchor's width or height, so that size does not matter.")
def offsets_in_pixels(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(centres(targets) - centres(anchors), right_growth(targets, anchors), weights)


@mistake("Width and height are exchanged in your offsets: dx is a share of the anchor's width, dy of its height.")
def offsets_by_the_other_side(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).flip(1)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("You divide both offsets by one and the same side. dx is a share of the anchor's width, dy of its height.")
def both_offsets_by_the_width(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors)[:, :1]
    return joined(offsets, right_growth(targets, anchors), weights)


@form(both_offsets_by_the_width)
def both_offsets_by_the_height(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors)[:, 1:]
    return joined(offsets, right_growth(targets, anchors), weights)


@form(both_offsets_by_the_width)
def both_offsets_by_the_larger_side(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).amax(dim=1, keepdim=True)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake(
    "You divide the offsets by the root of the anchor's area, or by its diagonal. dx is a share of the width, dy of the height."
)
def by_the_root_of_the_area(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).prod(dim=1, keepdim=True).sqrt()
    return joined(offsets, right_growth(targets, anchors), weights)


@form(by_the_root_of_the_area)
def by_the_diagonal_of_the_anchor(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).norm(dim=1, keepdim=True)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("You divide by the anchor's area. An offset is a length, and a share of the one side that runs its way.")
def by_the_area(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).prod(dim=1, keepdim=True)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake(
    "Your dx and dy point the wrong way: from the target to the anchor. They are to move the anchor to the target."
)
def offsets_the_other_way(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(-right_offsets(targets, anchors), right_growth(targets, anchors), weights)


@mistake(
    "Your dx and dy are twice what they should be. A centre is *half* of x1 + x2, and the offset a share of the *whole* side."
)
def offsets_twice_as_large(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(2 * right_offsets(targets, anchors), right_growth(targets, anchors), weights)


@mistake(
    "Your dx and dy are half of what they should be. The way between the two centres is divided by the side, and by nothing else."
)
def offsets_half_as_large(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors) / 2, right_growth(targets, anchors), weights)


@mistake('Your "centre" is half the width, (x2 − x1) / 2. It does not say where the box is: take half of x1 + x2.')
def half_a_width_for_a_centre(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (sides(targets) - sides(anchors)) / 2 / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("Your centre is x2 + w / 2, beyond the box. Half a width further than x1 it is in the middle.")
def centre_beyond_the_box(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, 2:] + sides(targets) / 2 - anchors[:, 2:] - sides(anchors) / 2) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@form(centre_beyond_the_box)
def centre_before_the_box(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, :2] - sides(targets) / 2 - anchors[:, :2] + sides(anchors) / 2) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("You take the offset without its sign. To the left and up is negative.")
def offsets_without_a_sign(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).abs(), right_growth(targets, anchors), weights)


@mistake("You limit dx and dy. A target may be many anchors away, and its offset is as large as that.")
def offsets_limited(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).clamp(-1, 1), right_growth(targets, anchors), weights)


@form(offsets_limited)
def offsets_limited_as_sizes_are_in_decoding(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).clamp(max=np.log(1000 / 16)), right_growth(targets, anchors), weights)


@form(offsets_limited)
def offsets_through_tanh(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).tanh(), right_growth(targets, anchors), weights)


@mistake("You take the logarithm of the offsets as well. Only the two sizes are ratios; dx and dy may be negative.")
def logarithm_of_all(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).log(), right_growth(targets, anchors), weights)


@form(logarithm_of_all)
def logarithm_of_all_without_signs(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = right_offsets(targets, anchors)
    return joined(offsets.sign() * offsets.abs().log1p(), right_growth(targets, anchors), weights)


# --- mistakes: the sizes ----------------------------------------------------------------------------------------------


@mistake("Your dw and dh are the ratios of the sides themselves. Their logarithm is asked: 0 where a side stays.")
def ratios_without_a_logarithm(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets) / sides(anchors), weights)


@mistake(
    "Your dw and dh are differences of the sides, as shares of the anchor's. Asked is the logarithm of their ratio, so that twice and half are equally far from 0."
)
def relative_differences_of_sides(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    growth = (sides(targets) - sides(anchors)) / sides(anchors)
    return joined(right_offsets(targets, anchors), growth, weights)


@mistake("Your dw and dh are differences of sides, in pixels. Asked is the logarithm of their ratio.")
def differences_of_sides(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets) - sides(anchors), weights)


@mistake(
    "You take the logarithm of a *difference* of sides, which is NaN where a box shrinks. It is that of their ratio: log w − log w′, not log (w − w′)."
)
def logarithm_of_a_difference(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) - sides(anchors)).log(), weights)


@form(logarithm_of_a_difference)
def logarithm_of_a_difference_without_sign(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) - sides(anchors)).abs().log(), weights)


@form(logarithm_of_a_difference)
def logarithm_of_a_relative_difference(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    growth = ((sides(targets) - sides(anchors)) / sides(anchors)).log()
    return joined(right_offsets(targets, anchors), growth, weights)


@mistake("You divide one logarithm by the other. The logarithm of a ratio is the *difference* of the two.")
def ratio_of_logarithms(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets).log() / sides(anchors).log(), weights)


@mistake(
    "Your ratio of sides is upside down: dw and dh are negative where a box has to grow. The target stands above, the anchor below."
)
def ratio_upside_down(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), -right_growth(targets, anchors), weights)


@mistake("Your logarithm has another base. What undoes `exp` is the natural one, `torch.log`.")
def logarithm_to_the_base_two(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors)).log2(), weights)


@form(logarithm_to_the_base_two)
def logarithm_to_the_base_ten(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors)).log10(), weights)


@mistake(
    "You add something to the ratio before the logarithm, as `log1p` does. Where a side stays, the ratio is 1 and its logarithm 0."
)
def one_more_in_the_logarithm(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors)).log1p(), weights)


@mistake("You take a root of the sides. The ratio is that of the sides themselves, and over it stands a logarithm.")
def roots_for_logarithms(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors)).sqrt(), weights)


@form(roots_for_logarithms)
def differences_of_roots(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets).sqrt() - sides(anchors).sqrt(), weights)


@mistake("Your dw and dh know only the target. They compare its sides with those of the anchor.")
def logarithm_of_the_target_alone(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets).log(), weights)


@form(logarithm_of_the_target_alone)
def size_of_the_target_alone(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets), weights)


@mistake("You limit dw and dh. The limit belongs to decoding: here a target may be as large or as small as it is.")
def sizes_limited(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors).clamp(max=np.log(1000 / 16)), weights)


@form(sizes_limited)
def sizes_limited_on_both_sides(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(
        right_offsets(targets, anchors),
        right_growth(targets, anchors).clamp(-np.log(1000 / 16), np.log(1000 / 16)),
        weights,
    )


@form(sizes_limited)
def weighed_sizes_limited(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = right(targets, anchors, weights)
    return torch.cat([deltas[:, :2], deltas[:, 2:].clamp(max=np.log(1000 / 16))], dim=1)


@mistake("Your dw and dh never fall below 0. Where a box has to shrink, they are negative.")
def sizes_only_grow(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors).clamp(min=0), weights)


@form(sizes_only_grow)
def sizes_without_a_sign(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors).abs(), weights)


@mistake("Width and height are exchanged in your dw and dh: width goes with width, height with height, width first.")
def sizes_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors).flip(1), weights)


@form(sizes_exchanged)
def weighed_sizes_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, [0, 1, 3, 2]]


@form(sizes_exchanged)
def width_over_height(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors).flip(1)).log(), weights)


@mistake("You divide the logarithms by the anchor's side once more. A ratio is without unit already.")
def logarithms_by_the_side(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors) / sides(anchors), weights)


@mistake("One growth stands in both columns, dw and dh. Width and height have a ratio each.")
def growth_of_the_width_twice(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors)[:, [0, 0]], weights)


@form(growth_of_the_width_twice)
def growth_of_the_height_twice(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors)[:, [1, 1]], weights)


@mistake(
    "The logarithm stands over one side of the ratio only. It belongs over the ratio, or over both sides: log w − log w′."
)
def logarithm_less_a_side(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets).log() - sides(anchors), weights)


@form(logarithm_less_a_side)
def logarithm_over_a_side(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), sides(targets).log() / sides(anchors), weights)


@mistake("The areas of the boxes stand in your logarithm. Width and height have a ratio each.")
def logarithm_of_areas(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    growth = right_growth(targets, anchors).sum(dim=1, keepdim=True).expand(-1, 2)
    return joined(right_offsets(targets, anchors), growth, weights)


@mistake("You take `exp` of the ratio. That is for the way back: here it is its logarithm.")
def exponent_of_the_ratio(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), (sides(targets) / sides(anchors)).exp(), weights)


# --- mistakes: both ---------------------------------------------------------------------------------------------------


@mistake(
    "Anchor and target have changed places where you take their sides. The anchor's stand below, in the offsets as in the ratios."
)
def sides_of_anchor_and_target_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(targets)
    return joined(offsets, -right_growth(targets, anchors), weights)


@mistake("Width and height are exchanged in all that you do with sides: x2 − x1 is the width, y2 − y1 the height.")
def width_taken_from_y(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).flip(1)
    return joined(offsets, right_growth(targets, anchors).flip(1), weights)


@form(width_taken_from_y)
def width_taken_from_y_for_centres_too(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = sides(targets).flip(1), sides(anchors).flip(1)
    offsets = (targets[:, :2] + theirs / 2 - anchors[:, :2] - mine / 2) / mine
    return joined(offsets, (theirs / mine).log(), weights)


@mistake(
    "Targets and anchors have changed places: you say how the target becomes the anchor. Asked is the way back from the anchor."
)
def roles_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(anchors, targets, weights)


@mistake("You add 1 to widths and heights, as if x2 were the last pixel inside. Here x2 − x1 is the width.")
def one_too_wide_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = sides(targets) + 1, sides(anchors) + 1
    return joined((centres(targets) - centres(anchors)) / mine, (theirs / mine).log(), weights)


@form(one_too_wide_to_encode)
def one_too_wide_to_encode_with_centres(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = sides(targets) + 1, sides(anchors) + 1
    offsets = (targets[:, :2] + theirs / 2 - anchors[:, :2] - mine / 2) / mine
    return joined(offsets, (theirs / mine).log(), weights)


@form(one_too_wide_to_encode)
def target_alone_one_too_wide(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), ((sides(targets) + 1) / sides(anchors)).log(), weights)


@form(one_too_wide_to_encode)
def anchor_alone_one_too_wide(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    mine = sides(anchors) + 1
    return joined((centres(targets) - centres(anchors)) / mine, (sides(targets) / mine).log(), weights)


@mistake("A side below one pixel counts as one for you. Anchors and targets may be smaller.")
def at_least_a_pixel_wide(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = sides(targets).clamp(min=1), sides(anchors).clamp(min=1)
    return joined((centres(targets) - centres(anchors)) / mine, (theirs / mine).log(), weights)


@mistake("You cut coordinates, sides or centres down to whole numbers. Boxes have fractions.")
def whole_numbers_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets.long().to(targets.dtype), anchors.long().to(anchors.dtype), weights)


@form(whole_numbers_to_encode)
def rounded_numbers_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets.round(), anchors.round(), weights)


@form(whole_numbers_to_encode)
def whole_centres(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = ((targets[:, :2] + targets[:, 2:]) // 2 - (anchors[:, :2] + anchors[:, 2:]) // 2) / sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@form(whole_numbers_to_encode)
def whole_half_sides(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = (boxes[:, :2] + sides(boxes) // 2 for boxes in (targets, anchors))
    return joined((theirs - mine) / sides(anchors), right_growth(targets, anchors), weights)


@mistake("You divide with `//`, which drops all that is behind the point. Offsets and ratios have fractions.")
def whole_division_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) // sides(anchors)
    return joined(offsets, (sides(targets) // sides(anchors)).log(), weights)


@form(whole_division_to_encode)
def whole_division_of_offsets(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) // sides(anchors)
    return joined(offsets, right_growth(targets, anchors), weights)


@mistake("You read a box as (x, y, width, height). Its last two numbers are the other corner, x2 and y2.")
def read_as_corner_and_size_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = (torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1) for boxes in (targets, anchors))
    return right(theirs, mine, weights)


@form(read_as_corner_and_size_to_encode)
def last_two_as_sizes_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / anchors[:, 2:]
    return joined(offsets, (targets[:, 2:] / anchors[:, 2:]).log(), weights)


@mistake("You read a box as (centre x, centre y, width, height). It is two corners, (x1, y1, x2, y2).")
def read_as_centre_and_size_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (targets[:, :2] - anchors[:, :2]) / anchors[:, 2:]
    return joined(offsets, (targets[:, 2:] / anchors[:, 2:]).log(), weights)


@mistake("You read a box as (x1, x2, y1, y2). It is (x1, y1, x2, y2): first one corner, then the other.")
def read_as_intervals_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets[:, [0, 2, 1, 3]], anchors[:, [0, 2, 1, 3]], weights)


@mistake("x and y have changed places in your result: dx comes before dy, and dw before dh.")
def read_with_y_first_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets[:, [1, 0, 3, 2]], anchors[:, [1, 0, 3, 2]], weights)


@form(read_with_y_first_to_encode)
def y_first_in_the_result(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, [1, 0, 3, 2]]


@mistake("dy comes before dx in your result. x is the first, as everywhere in a box.")
def offsets_of_y_first(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors).flip(1), right_growth(targets, anchors), weights)


@form(offsets_of_y_first)
def weighed_offsets_of_y_first(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, [1, 0, 2, 3]]


@mistake("Your offsets are differences of all four edges. Asked are two of the centre and two of the size.")
def differences_of_edges(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return (targets - anchors) * weighing(targets, weights)


@form(differences_of_edges)
def relative_differences_of_edges(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return (targets - anchors) / sides(anchors).repeat(1, 2) * weighing(targets, weights)


@mistake("Every target is compared with the *first* anchor. Each has an anchor of its own, in the same row.")
def one_anchor_for_all(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors[:1].expand_as(targets), weights)


@mistake("You compare each target with *each* anchor. Row n of the targets belongs to row n of the anchors: (N, 4).")
def each_with_each(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    count = len(targets)
    rows = right(targets.repeat_interleave(count, 0), anchors.repeat(count, 1), weights)
    return rows.reshape(count, count, 4)


# --- mistakes: the weights --------------------------------------------------------------------------------------------


@mistake("You do not use the weights. Each of the four numbers is multiplied by its own.")
def without_weights_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors)


@mistake("You *divide* by the weights. Encoding multiplies; it is decoding that divides.")
def divided_by_the_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors) / weighing(targets, weights)


@form(divided_by_the_weights)
def sizes_divided_by_the_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[1], 1 / weights[2], 1 / weights[3]])


@form(divided_by_the_weights)
def offsets_divided_by_the_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [1 / weights[0], 1 / weights[1], weights[2], weights[3]])


@mistake(
    "The weights come in the order of the result: for dx, dy, dw and dh. In yours two of them have changed places."
)
def weights_of_x_and_width_first(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[2], weights[1], weights[3]])


@form(weights_of_x_and_width_first)
def weights_of_x_and_y_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[1], weights[0], weights[2], weights[3]])


@form(weights_of_x_and_width_first)
def weights_of_width_and_height_exchanged(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[1], weights[3], weights[2]])


@mistake("The weights come in the order of the result, those of dx and dy first. Yours begin with those of the sizes.")
def weights_of_sizes_first(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[2], weights[3], weights[0], weights[1]])


@mistake("You use the weights from the wrong end: the first is that of dx, the last that of dh.")
def weights_backwards(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights[::-1])


@mistake("Not all four weights are in your result. dx, dy, dw and dh have one each, and they may differ.")
def two_of_the_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[0], weights[2], weights[2]])


@form(two_of_the_weights)
def first_two_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[0], weights[1], weights[1]])


@form(two_of_the_weights)
def first_two_weights_twice(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[1], weights[0], weights[1]])


@form(two_of_the_weights)
def first_weight_for_all(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0]] * 4)


@form(two_of_the_weights)
def weights_of_offsets_only(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weights[0], weights[1], 1.0, 1.0])


@form(two_of_the_weights)
def weights_of_sizes_only(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [1.0, 1.0, weights[2], weights[3]])


@form(two_of_the_weights)
def mean_of_the_weights(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [sum(weights) / 4] * 4)


@mistake("The weight stands inside your logarithm. It multiplies what comes out: weight · log (ratio).")
def weights_within_the_logarithm(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    growth = (sides(targets) / sides(anchors) * weighing(targets, weights)[2:]).log()
    return joined(right_offsets(targets, anchors), growth, (weights[0], weights[1], 1.0, 1.0))


@mistake("Your weights are scaled before they are used. They are taken as they come, and need not add up to 1.")
def weights_that_add_up_to_one(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weight / sum(weights) for weight in weights])


@form(weights_that_add_up_to_one)
def weights_with_a_mean_of_one(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [4 * weight / sum(weights) for weight in weights])


@mistake("Each weight counts twice in your result: it multiplies once.")
def weights_squared(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, [weight * weight for weight in weights])


@mistake("You add the weights. They are factors, and a weight of 1 changes nothing.")
def weights_added(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors) + weighing(targets, weights)


# --- mistakes: how it comes -------------------------------------------------------------------------------------------


@mistake("The four numbers are dx, dy, dw, dh. Yours come in another order: both of x, then both of y.")
def by_direction(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, [0, 2, 1, 3]]


@mistake("Your sizes come first. The order is dx, dy, dw, dh.")
def sizes_first(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, [2, 3, 0, 1]]


@mistake("Rows and columns are exchanged: each box is a row of four numbers, (N, 4).")
def a_row_for_each_number(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights).T


@mistake("You return a tuple or a list of four tensors. They belong into one, (N, 4): a column each.")
def four_tensors(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return tuple(right(targets, anchors, weights).unbind(dim=1))


@mistake("Only the offsets are in your result. The two logarithms of the sizes belong to it, (N, 4).")
def offsets_alone(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights)[:, :2]


@mistake("You average over the boxes, or add them up. Each box keeps its own four numbers, (N, 4).")
def mean_over_boxes(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights).mean(dim=0)


@form(mean_over_boxes)
def sum_over_boxes(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights).sum(dim=0)


@mistake("You centre or scale each column by its own mean and spread. The weights are all the scaling there is.")
def standardised(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = right(targets, anchors, weights)
    return (deltas - deltas.mean(dim=0)) / (deltas.std(dim=0) + 1e-6)


@form(standardised)
def centred(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = right(targets, anchors, weights)
    return deltas - deltas.mean(dim=0)


@mistake("Your result is float32 whatever comes in. Of float64 boxes the offsets are float64.")
def always_offsets_in_float32(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights).float()


@mistake(
    "Your result is float64 whatever comes in, as numpy makes it. It has the dtype of the boxes, and is part of the graph."
)
def offsets_by_way_of_numpy(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return torch.tensor(right(targets.detach().double(), anchors.detach().double(), weights).numpy())


@form(offsets_by_way_of_numpy)
def offsets_in_float64(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors, weights).double()


@mistake(NO_GRADIENT)
def without_gradient_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets.detach(), anchors.detach(), weights)


@mistake("Your gradients reach one of the two inputs only. They are to flow back to `targets` and to `anchors`.")
def gradient_for_targets_only(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets, anchors.detach(), weights)


@form(gradient_for_targets_only)
def gradient_for_anchors_only(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(targets.detach(), anchors, weights)


@mistake("Your gradients miss a part of the way: somewhere on it a side, a centre or a ratio is cut from the graph.")
def sides_of_the_anchor_cut_off(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets = (centres(targets) - centres(anchors)) / sides(anchors).detach()
    return joined(offsets, (sides(targets) / sides(anchors).detach()).log(), weights)


@form(sides_of_the_anchor_cut_off)
def sizes_cut_off(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return joined(right_offsets(targets, anchors), right_growth(targets, anchors).detach(), weights)


@mistake("You change `targets` or `anchors` while you work on them. The caller still needs them: work on a copy.")
def changes_its_boxes_to_encode(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = right(targets, anchors, weights)
    with torch.no_grad():
        for boxes in (targets, anchors):
            boxes[:, 2:] -= boxes[:, :2]
            boxes[:, :2] += boxes[:, 2:] / 2
    return deltas


@form(changes_its_boxes_to_encode)
def turns_its_boxes_into_centres(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    for boxes in (targets, anchors):
        boxes[:, 2:] -= boxes[:, :2]
        boxes[:, :2] += boxes[:, 2:] / 2
    return joined((targets[:, :2] - anchors[:, :2]) / anchors[:, 2:], (targets[:, 2:] / anchors[:, 2:]).log(), weights)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def name_by_name(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    wx, wy, ww, wh = weights
    x1, y1, x2, y2 = anchors.unbind(dim=1)
    u1, v1, u2, v2 = targets.unbind(dim=1)
    w, h = x2 - x1, y2 - y1
    gw, gh = u2 - u1, v2 - v1
    dx = wx * ((u1 + 0.5 * gw) - (x1 + 0.5 * w)) / w
    dy = wy * ((v1 + 0.5 * gh) - (y1 + 0.5 * h)) / h
    return torch.stack((dx, dy, ww * torch.log(gw / w), wh * torch.log(gh / h)), dim=1)


@variant
def difference_of_logarithms(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    mine, theirs = anchors[:, 2:] - anchors[:, :2], targets[:, 2:] - targets[:, :2]
    offsets = (targets[:, 2:] - anchors[:, 2:] + targets[:, :2] - anchors[:, :2]) / (2 * mine)
    weights = torch.as_tensor(weights, dtype=targets.dtype, device=targets.device)
    return torch.hstack([offsets, theirs.log() - mine.log()]) * weights


@variant
def target_after_target(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = []
    for target, anchor in zip(targets, anchors):
        w, h = anchor[2] - anchor[0], anchor[3] - anchor[1]
        gw, gh = target[2] - target[0], target[3] - target[1]
        dx = ((target[0] + target[2]) / 2 - (anchor[0] + anchor[2]) / 2) / w
        dy = ((target[1] + target[3]) / 2 - (anchor[1] + anchor[3]) / 2) / h
        four = [dx, dy, torch.log(gw / w), torch.log(gh / h)]
        deltas.append(torch.stack([weight * delta for weight, delta in zip(weights, four)]))
    return torch.stack(deltas) if deltas else targets.new_zeros(0, 4)


@variant
def into_an_empty_tensor(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    out = torch.zeros_like(targets)
    for axis in range(2):
        side = anchors[:, axis + 2] - anchors[:, axis]
        out[:, axis] = (targets[:, axis] + targets[:, axis + 2] - anchors[:, axis] - anchors[:, axis + 2]) / 2 / side
        out[:, axis + 2] = torch.log((targets[:, axis + 2] - targets[:, axis]) / side)
    for column, weight in enumerate(weights):
        out[:, column] *= weight
    return out


@variant
def by_a_matrix(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    to_centres = torch.tensor([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]], dtype=targets.dtype)
    theirs, mine = targets @ to_centres, anchors @ to_centres
    return torch.cat([(theirs - mine)[:, :2] / mine[:, 2:], torch.log(theirs / mine)[:, 2:]], 1) * targets.new_tensor(
        weights
    )


@variant
def in_pairs_of_corners(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = targets.reshape(-1, 2, 2), anchors.reshape(-1, 2, 2)
    w_theirs, w_mine = theirs.diff(dim=1)[:, 0], mine.diff(dim=1)[:, 0]
    offsets = (theirs.mean(dim=1) - mine.mean(dim=1)) / w_mine
    return torch.einsum(
        "nk,k->nk", torch.cat([offsets, torch.log(w_theirs / w_mine)], dim=-1), torch.tensor(weights).to(targets)
    )


@variant
def by_way_of_float64(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    theirs, mine = targets.double(), anchors.double()
    side = mine[..., 2:] - mine[..., :2]
    offsets = (theirs[..., :2] + theirs[..., 2:] - mine[..., :2] - mine[..., 2:]) / side * 0.5
    ratio = (theirs[..., 2:] - theirs[..., :2]) / side
    return (torch.cat([offsets, ratio.log()], -1) * torch.tensor(np.array(weights))).to(targets.dtype)


@variant
def with_a_tiny_number_for_safety(targets, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = (anchors[:, 2:] - anchors[:, :2]).clamp(min=1e-6)
    theirs = (targets[:, 2:] - targets[:, :2]).clamp(min=1e-6)
    offsets = (targets[:, :2] + theirs / 2 - anchors[:, :2] - side / 2) / (side + 1e-8)
    return torch.cat([offsets, torch.log(theirs / side)], dim=1) * torch.tensor([weights], dtype=anchors.dtype)
