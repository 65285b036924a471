"""Wrong and right answers to `decode_boxes`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant
from .shared_boxes import centres, sides, weighing
from course.checking.patterns import NO_GRADIENT


def shares(deltas, weights):
    """Return the offsets (N, 2) and the logarithms of the sizes (N, 2), without their weights and not yet limited."""
    deltas = deltas / weighing(deltas, weights)
    return deltas[:, :2], deltas[:, 2:]


def moved(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """Return the right centres (N, 2)."""
    return centres(anchors) + shares(deltas, weights)[0] * sides(anchors)


def enlarged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0), limit=np.log(1000 / 16)):
    """Return the right width and height (N, 2)."""
    return sides(anchors) * shares(deltas, weights)[1].clamp(max=limit).exp()


def box(centre, side):
    """Return boxes (N, 4) with these centres and sides."""
    return torch.cat([centre - side / 2, centre + side / 2], dim=1)


def right(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0), limit=np.log(1000 / 16)):
    """Return the right boxes (N, 4)."""
    return box(moved(deltas, anchors, weights), enlarged(deltas, anchors, weights, limit))


# --- mistakes: the centre ---------------------------------------------------------------------------------------------


@mistake("You add dx and dy as they are, in pixels. They are shares of the anchor's width and height.")
def offsets_taken_for_pixels(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(centres(anchors) + shares(deltas, weights)[0], enlarged(deltas, anchors, weights))


@mistake("The centre moves by sides of the *new* box in your function. dx and dy are shares of the anchor's sides.")
def moved_by_new_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights)
    return box(centres(anchors) + shares(deltas, weights)[0] * side, side)


@mistake("You move by the other side: dx is a share of the anchor's width, dy of its height.")
def moved_by_the_other_side(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0] * sides(anchors).flip(1)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("You move in x and in y by one and the same side. dx is a share of the anchor's width, dy of its height.")
def moved_by_the_width(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0] * sides(anchors)[:, :1]
    return box(centre, enlarged(deltas, anchors, weights))


@form(moved_by_the_width)
def moved_by_the_height(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0] * sides(anchors)[:, 1:]
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("You move the corner of the anchor and take it for the new centre. What moves is the anchor's centre.")
def corner_taken_for_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = anchors[:, :2] + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake(
    "You move the anchor's first corner and put the new size to it. The size grows about the *centre*, in both directions."
)
def grown_from_the_corner(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    corner = anchors[:, :2] + shares(deltas, weights)[0] * sides(anchors)
    return torch.cat([corner, corner + enlarged(deltas, anchors, weights)], dim=1)


@mistake("Your new centre is taken for a corner: the box begins there. Half a side of it lies before the centre.")
def begins_at_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = moved(deltas, anchors, weights)
    return torch.cat([centre, centre + enlarged(deltas, anchors, weights)], dim=1)


@mistake("The box moves the wrong way: a positive dx is to the right, a positive dy down.")
def moved_the_wrong_way(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) - shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("You do not move the box at all: dx and dy are left out.")
def not_moved(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(centres(anchors), enlarged(deltas, anchors, weights))


@mistake("Your centres do not know where the anchor is: to what dx and dy say, its own centre belongs.")
def without_the_centre_of_the_anchor(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(shares(deltas, weights)[0] * sides(anchors), enlarged(deltas, anchors, weights))


@form(without_the_centre_of_the_anchor)
def half_a_width_as_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = sides(anchors) / 2 + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("Your centre is x1 + x2 and y1 + y2, or lies a whole side behind the corner. It is half way between the two.")
def centre_not_halved(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = anchors[:, :2] + anchors[:, 2:] + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(centre_not_halved)
def second_corner_as_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = anchors[:, 2:] + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("You move half as far as dx and dy say. They are shares of the whole side.")
def moved_half_as_far(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0] * sides(anchors) / 2
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("dx and dy are limited in your function. A centre may move by many sides of its anchor.")
def offsets_limited_too(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].clamp(max=np.log(1000 / 16)) * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(offsets_limited_too)
def offsets_limited_on_both_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].clamp(-np.log(1000 / 16), np.log(1000 / 16)) * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(offsets_limited_too)
def offsets_limited_to_one_side(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].clamp(-1, 1) * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(offsets_limited_too)
def offsets_squeezed_by_tanh(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].tanh() * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@mistake("You raise e to dx and dy as well. Only sizes are logarithms; offsets are shares, and may be negative.")
def exponent_of_all(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].exp() * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(exponent_of_all)
def exponent_of_all_limited(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = centres(anchors) + shares(deltas, weights)[0].clamp(max=np.log(1000 / 16)).exp() * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


# --- mistakes: the size -----------------------------------------------------------------------------------------------


@mistake("You multiply by dw and dh themselves. They are logarithms: a size of 0 changes nothing, since e⁰ is 1.")
def sizes_without_an_exponent(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), side)


@form(sizes_without_an_exponent)
def sizes_without_an_exponent_and_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), sides(anchors) * shares(deltas, weights)[1])


@mistake(
    "Your sizes grow in proportion, by 1 + dw. dw is the *logarithm* of the ratio: the side is multiplied by e to it."
)
def sizes_in_proportion(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * (1 + shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)))
    return box(moved(deltas, anchors, weights), side)


@form(sizes_in_proportion)
def sizes_in_proportion_without_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), sides(anchors) * (1 + shares(deltas, weights)[1]))


@mistake("You *add* to the sides. The anchor's sides are multiplied by e to the power of dw and dh.")
def sizes_added(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) + shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(sizes_added)
def logarithms_added(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) + shares(deltas, weights)[1].clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), side)


@form(sizes_added)
def exponents_added_without_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), sides(anchors) + shares(deltas, weights)[1].exp())


@form(sizes_added)
def logarithms_added_without_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), sides(anchors) + shares(deltas, weights)[1])


@mistake("You take e to the power of dw for the new width itself. It is so many times the *anchor's* width.")
def sizes_without_the_anchor(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@mistake("You divide the anchor's sides, or take e to the power of −dw: a positive dw makes a box *wider*.")
def sizes_divided(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) / shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@mistake("Your power has another base than e. What `log` took is given back by `exp`.")
def powers_of_two(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * torch.exp2(shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)))
    return box(moved(deltas, anchors, weights), side)


@form(powers_of_two)
def powers_of_two_up_to_the_same_ratio(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * torch.exp2(shares(deltas, weights)[1].clamp(max=math.log2(1000 / 16)))
    return box(moved(deltas, anchors, weights), side)


@form(powers_of_two)
def powers_of_ten(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * 10 ** shares(deltas, weights)[1].clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), side)


@mistake("Width and height are exchanged in your sizes: dw belongs to the width, dh to the height.")
def growth_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).exp().flip(1)
    return box(moved(deltas, anchors, weights), side)


@form(growth_exchanged)
def sides_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), enlarged(deltas, anchors, weights).flip(1))


@form(growth_exchanged)
def sides_of_the_anchor_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors).flip(1) * shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@mistake(
    "Width and height are exchanged in all that you do with the anchor's sides: x2 − x1 is the width, y2 − y1 the height."
)
def width_taken_from_y_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    side = sides(anchors).flip(1)
    return box(centres(anchors) + offsets * side, side * sizes.clamp(max=np.log(1000 / 16)).exp())


@form(width_taken_from_y_to_decode)
def width_taken_from_y_for_centres_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    side = sides(anchors).flip(1)
    return box(anchors[:, :2] + side / 2 + offsets * side, side * sizes.clamp(max=np.log(1000 / 16)).exp())


@mistake("Your boxes are as large as their anchors: dw and dh are left out.")
def not_enlarged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), sides(anchors))


@mistake("Your boxes are twice as wide and high: a corner lies *half* a side away from the centre.")
def whole_sides_from_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side, centre + side], dim=1)


@mistake(
    "Your second corner lies a whole side behind the centre, or your first a whole side before it. Half a side is right for both."
)
def whole_side_to_the_second_corner(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side / 2, centre + side], dim=1)


@form(whole_side_to_the_second_corner)
def whole_side_to_the_first_corner(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side, centre + side / 2], dim=1)


@mistake("Your boxes end at their centre: half a side is missing behind it.")
def ends_at_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side / 2, centre], dim=1)


@form(ends_at_the_centre)
def ends_at_the_centre_with_a_whole_side(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side, centre], dim=1)


@mistake("Your boxes are square: width and height have a side each, of the anchor and of the result.")
def width_for_both_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights)
    return box(moved(deltas, anchors, weights), side[:, [0, 0]])


@form(width_for_both_sides)
def height_for_both_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights)
    return box(moved(deltas, anchors, weights), side[:, [1, 1]])


@mistake("You take the *logarithm* of dw and dh. They are logarithms already: `exp` undoes it.")
def logarithm_of_sizes(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(max=np.log(1000 / 16)).log()
    return box(moved(deltas, anchors, weights), side)


@mistake("One growth is left for both sides: dw goes with the width, dh with the height.")
def growth_of_the_width_for_both(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    sizes = shares(deltas, weights)[1].clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), sides(anchors) * sizes[:, [0, 0]].exp())


@form(growth_of_the_width_for_both)
def growth_of_the_height_for_both(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    sizes = shares(deltas, weights)[1].clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), sides(anchors) * sizes[:, [1, 1]].exp())


# --- mistakes: the limit ----------------------------------------------------------------------------------------------


@mistake(
    "Nothing holds dw and dh at log(1000 / 16), about 4.1, in your function. Is there a limit, and is it that of the logarithms?"
)
def without_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.inf)


@mistake("You limit dw and dh before the weights are taken off. What is limited is dw / weight.")
def limited_before_the_weights(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    low = torch.cat([deltas[:, :2], deltas[:, 2:].clamp(max=np.log(1000 / 16))], dim=1)
    return right(low, anchors, weights, limit=math.inf)


@mistake("You limit dw and dh at another number than log(1000 / 16), the natural logarithm of the ratio 62.5.")
def limited_at_a_part_of_the_logarithm(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.log(1000) / 16)


@form(limited_at_a_part_of_the_logarithm)
def limited_at_the_logarithm_to_the_base_ten(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.log10(1000 / 16))


@form(limited_at_a_part_of_the_logarithm)
def limited_at_the_logarithm_to_the_base_two(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.log2(1000 / 16))


@form(limited_at_a_part_of_the_logarithm)
def limited_at_the_logarithm_of_a_thousand(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.log(1000))


@form(limited_at_a_part_of_the_logarithm)
def limited_at_four(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=4.0)


@form(limited_at_a_part_of_the_logarithm)
def limited_at_one(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=1.0)


@form(limited_at_a_part_of_the_logarithm)
def limited_at_the_logarithm_of_sixteen(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights, limit=math.log(16))


@mistake(
    "Your limit works downwards as well. Only what is too *large* is limited: a box may become as small as it likes."
)
def limited_on_both_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(-np.log(1000 / 16), np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(limited_on_both_sides)
def never_smaller_than_the_anchor(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(0, np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(limited_on_both_sides)
def limited_from_below_only(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(min=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(limited_on_both_sides)
def limited_from_below_at_minus_the_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].clamp(min=-np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(limited_on_both_sides)
def at_least_a_pixel_large(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return box(moved(deltas, anchors, weights), enlarged(deltas, anchors, weights).clamp(min=1))


@mistake("You limit the new sides in pixels. The limit is one for the logarithms: dw and dh, before `exp`.")
def sides_up_to_a_thousand_pixels(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights, limit=math.inf).clamp(max=1000)
    return box(moved(deltas, anchors, weights), side)


@form(sides_up_to_a_thousand_pixels)
def sides_up_to_the_ratio_in_pixels(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights, limit=math.inf).clamp(max=1000 / 16)
    return box(moved(deltas, anchors, weights), side)


@form(sides_up_to_a_thousand_pixels)
def sides_up_to_the_limit_in_pixels(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights, limit=math.inf).clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), side)


@mistake(
    "Your limit stands behind `exp`, where it limits the ratio of the sides. log(1000 / 16) is the limit of the logarithms."
)
def limited_behind_the_exponent(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].exp().clamp(max=np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), side)


@mistake("Only one of the two sizes is limited in your function. dw and dh both are.")
def width_limited_only(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    wide, high = shares(deltas, weights)[1].unbind(dim=1)
    side = sides(anchors) * torch.stack([wide.clamp(max=np.log(1000 / 16)), high], dim=1).exp()
    return box(moved(deltas, anchors, weights), side)


@form(width_limited_only)
def height_limited_only(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    wide, high = shares(deltas, weights)[1].unbind(dim=1)
    side = sides(anchors) * torch.stack([wide, high.clamp(max=np.log(1000 / 16))], dim=1).exp()
    return box(moved(deltas, anchors, weights), side)


@mistake("A size beyond the limit counts as nothing for you. It counts as the limit.")
def beyond_the_limit_is_zero(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    sizes = shares(deltas, weights)[1]
    sizes = torch.where(sizes > np.log(1000 / 16), torch.zeros_like(sizes), sizes)
    return box(moved(deltas, anchors, weights), sides(anchors) * sizes.exp())


@mistake("You squeeze dw and dh towards the limit, by `tanh` or a sigmoid. What lies below it stays as it is.")
def sizes_squeezed_by_tanh(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    sizes = np.log(1000 / 16) * torch.tanh(shares(deltas, weights)[1] / np.log(1000 / 16))
    return box(moved(deltas, anchors, weights), sides(anchors) * sizes.exp())


@mistake("The values are limited, but the gradient goes through the limit as if there were none. Beyond it, it is 0.")
def gradient_through_the_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    sizes = shares(deltas, weights)[1]
    sizes = sizes + (sizes.clamp(max=np.log(1000 / 16)) - sizes).detach()
    return box(moved(deltas, anchors, weights), sides(anchors) * sizes.exp())


# --- mistakes: the weights --------------------------------------------------------------------------------------------


@mistake("You do not use the weights. Each of the four numbers is divided by its own.")
def without_weights_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors)


@mistake("You *multiply* by the weights. Encoding did that; decoding divides.")
def multiplied_by_the_weights(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [1 / weight for weight in weights])


@form(multiplied_by_the_weights)
def sizes_multiplied_by_the_weights(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[1], 1 / weights[2], 1 / weights[3]])


@form(multiplied_by_the_weights)
def offsets_multiplied_by_the_weights(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [1 / weights[0], 1 / weights[1], weights[2], weights[3]])


@mistake(
    "The weights come in the order of the deltas: for dx, dy, dw and dh. In yours two of them have changed places."
)
def second_and_third_weight_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[2], weights[1], weights[3]])


@form(second_and_third_weight_exchanged)
def first_two_weights_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[1], weights[0], weights[2], weights[3]])


@form(second_and_third_weight_exchanged)
def last_two_weights_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[1], weights[3], weights[2]])


@mistake("The weights come in the order of the deltas, those of dx and dy first. Yours begin with those of the sizes.")
def weights_of_sizes_come_first(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[2], weights[3], weights[0], weights[1]])


@mistake("You use the weights from the wrong end: the first is that of dx, the last that of dh.")
def weights_backwards_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights[::-1])


@mistake("Not all four weights are in your result. dx, dy, dw and dh have one each, and they may differ.")
def two_of_the_weights_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[0], weights[2], weights[2]])


@form(two_of_the_weights_to_decode)
def first_two_weights_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[0], weights[1], weights[1]])


@form(two_of_the_weights_to_decode)
def first_two_weights_twice_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[1], weights[0], weights[1]])


@form(two_of_the_weights_to_decode)
def first_weight_for_all_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0]] * 4)


@form(two_of_the_weights_to_decode)
def weights_of_offsets_only_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [weights[0], weights[1], 1.0, 1.0])


@form(two_of_the_weights_to_decode)
def weights_of_sizes_only_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, [1.0, 1.0, weights[2], weights[3]])


@mistake("You divide by the weights after `exp`, or divide the sides by them. They belong to the logarithms dw and dh.")
def weights_after_the_exponent(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * deltas[:, 2:].clamp(max=np.log(1000 / 16)).exp() / weighing(deltas, weights)[2:]
    return box(moved(deltas, anchors, weights), side)


@form(weights_after_the_exponent)
def weights_after_an_exponent_without_a_limit(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * deltas[:, 2:].exp() / weighing(deltas, weights)[2:]
    return box(moved(deltas, anchors, weights), side)


@mistake("You take the weights off by a subtraction. They are factors, and are taken off by dividing.")
def weights_subtracted(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas - weighing(deltas, weights), anchors)


# --- mistakes: what a box is ------------------------------------------------------------------------------------------


@mistake("Your result is (centre x, centre y, width, height). Asked are the corners, (x1, y1, x2, y2).")
def centre_and_size_returned(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return torch.cat([moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)], dim=1)


@mistake("Your result is (x1, y1, width, height). Its last two numbers are to be the other corner, x2 and y2.")
def corner_and_size_returned(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = enlarged(deltas, anchors, weights)
    return torch.cat([moved(deltas, anchors, weights) - side / 2, side], dim=1)


@mistake("Your result is (x1, x2, y1, y2). A box is (x1, y1, x2, y2): first one corner, then the other.")
def intervals_returned(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights)[:, [0, 2, 1, 3]]


@mistake("x and y have changed places in your result: a box is (x1, y1, x2, y2).")
def y_first_returned(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights)[:, [1, 0, 3, 2]]


@mistake("The two corners have changed places in your result: the smaller x and y come first.")
def second_corner_first(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights)[:, [2, 3, 0, 1]]


@mistake("You read an anchor as (x, y, width, height). Its last two numbers are the other corner, x2 and y2.")
def read_as_corner_and_size_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, torch.cat([anchors[:, :2], anchors[:, :2] + anchors[:, 2:]], dim=1), weights)


@mistake("You read an anchor as (centre x, centre y, width, height). It is two corners, (x1, y1, x2, y2).")
def read_as_centre_and_size_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, box(anchors[:, :2], anchors[:, 2:]), weights)


@form(read_as_centre_and_size_to_decode)
def read_and_returned_as_centre_and_size(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    centre, side = anchors[:, :2] + offsets * anchors[:, 2:], anchors[:, 2:] * sizes.clamp(max=np.log(1000 / 16)).exp()
    return torch.cat([centre, side], dim=1)


@mistake("You read an anchor as (x1, x2, y1, y2). It is (x1, y1, x2, y2): first one corner, then the other.")
def read_as_intervals_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors[:, [0, 2, 1, 3]], weights)


@mistake("You read the deltas as (dx, dw, dy, dh). Both offsets come first, then both sizes: (dx, dy, dw, dh).")
def deltas_by_direction(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right((deltas / weighing(deltas, weights))[:, [0, 2, 1, 3]], anchors)


@form(deltas_by_direction)
def deltas_by_direction_before_the_weights(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas[:, [0, 2, 1, 3]], anchors, weights)


@mistake("You read the sizes first. The deltas are (dx, dy, dw, dh).")
def sizes_read_first(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right((deltas / weighing(deltas, weights))[:, [2, 3, 0, 1]], anchors)


@mistake("dx and dy have changed places in your function: the first number moves the box in x.")
def offsets_exchanged(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right((deltas / weighing(deltas, weights))[:, [1, 0, 2, 3]], anchors)


@mistake("You treat the four deltas as moves of the four edges. Two move the centre, and two change the size.")
def moves_of_edges(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return anchors + deltas / weighing(deltas, weights)


@form(moves_of_edges)
def moves_of_edges_in_sides(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return anchors + deltas / weighing(deltas, weights) * sides(anchors).repeat(1, 2)


@mistake('You add or take off 1, as if x2 were the last pixel inside. Here x2 − x1 is the width, without a "+ 1".')
def one_too_wide_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    side = sides(anchors) + 1
    return box(anchors[:, :2] + side / 2 + offsets * side, side * sizes.clamp(max=np.log(1000 / 16)).exp())


@form(one_too_wide_to_decode)
def one_too_wide_and_one_less_at_the_end(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    boxes = one_too_wide_to_decode(deltas, anchors, weights)
    return torch.cat([boxes[:, :2], boxes[:, 2:] - 1], dim=1)


@form(one_too_wide_to_decode)
def one_less_at_the_end(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    boxes = right(deltas, anchors, weights)
    return torch.cat([boxes[:, :2], boxes[:, 2:] - 1], dim=1)


@form(one_too_wide_to_decode)
def sides_one_too_wide_about_the_centre(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    side = sides(anchors) + 1
    return box(centres(anchors) + offsets * side, side * sizes.clamp(max=np.log(1000 / 16)).exp())


@mistake("You cut the boxes off at 0. There is no image here that they could leave: they stay as they are.")
def cut_off_at_zero(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).clamp(min=0)


@mistake("You round to whole pixels, somewhere on the way. Boxes have fractions.")
def boxes_rounded(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).round()


@form(boxes_rounded)
def boxes_cut_down_to_whole_numbers(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).floor()


@form(boxes_rounded)
def centres_of_whole_numbers(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = (anchors[:, :2] + anchors[:, 2:]) // 2 + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(boxes_rounded)
def half_sides_of_whole_numbers(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre = anchors[:, :2] + sides(anchors) // 2 + shares(deltas, weights)[0] * sides(anchors)
    return box(centre, enlarged(deltas, anchors, weights))


@form(boxes_rounded)
def half_new_sides_of_whole_numbers(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    centre, side = moved(deltas, anchors, weights), enlarged(deltas, anchors, weights)
    return torch.cat([centre - side // 2, centre + side // 2], dim=1)


# --- mistakes: how it comes -------------------------------------------------------------------------------------------


@mistake("Rows and columns are exchanged: each box is a row of four numbers, (N, 4).")
def a_row_for_each_edge(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).T


@mistake("You return a tuple or a list of four tensors. They belong into one, (N, 4): a column each.")
def four_edges(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return tuple(right(deltas, anchors, weights).unbind(dim=1))


@mistake("Your result has another dimension. Each row of `deltas` belongs to the same row of `anchors`: (N, 4).")
def a_dimension_of_classes(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights)[:, None]


@form(a_dimension_of_classes)
def each_with_each_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    count = len(deltas)
    rows = right(deltas.repeat_interleave(count, 0), anchors.repeat(count, 1), weights)
    return rows.reshape(count, count, 4)


@mistake("All deltas are put to the *first* anchor. Each row has an anchor of its own.")
def first_anchor_for_all(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors[:1].expand_as(deltas), weights)


@mistake("Your result is float32 whatever comes in. Of float64 numbers the boxes are float64.")
def always_boxes_in_float32(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).float()


@mistake(
    "Your result is float64 whatever comes in, as numpy makes it. It has the dtype of `deltas`, and is part of the graph."
)
def boxes_by_way_of_numpy(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return torch.tensor(right(deltas.detach().double(), anchors.detach().double(), weights).numpy())


@form(boxes_by_way_of_numpy)
def boxes_in_float64(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors, weights).double()


@mistake(NO_GRADIENT)
def without_gradient_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas.detach(), anchors.detach(), weights)


@mistake("Your gradients reach one of the two inputs only. They are to flow back to `deltas` and to `anchors`.")
def gradient_for_deltas_only(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas, anchors.detach(), weights)


@form(gradient_for_deltas_only)
def gradient_for_anchors_only_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    return right(deltas.detach(), anchors, weights)


@mistake(
    "Your gradients miss a part of the way: the offsets, the sizes or a side of the anchor are cut from the graph."
)
def sizes_cut_off_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    side = sides(anchors) * shares(deltas, weights)[1].detach().clamp(max=np.log(1000 / 16)).exp()
    return box(moved(deltas, anchors, weights), side)


@form(sizes_cut_off_to_decode)
def sides_of_the_anchor_cut_off_to_decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    offsets, sizes = shares(deltas, weights)
    side = sides(anchors).detach()
    return box(centres(anchors) + offsets * side, side * sizes.clamp(max=np.log(1000 / 16)).exp())


@mistake("You change `deltas` or `anchors` while you work on them. The caller still needs them: work on a copy.")
def limits_its_deltas_in_place(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    boxes = right(deltas, anchors, weights)
    with torch.no_grad():
        deltas /= weighing(deltas, weights)
        deltas[:, 2:].clamp_(max=np.log(1000 / 16))
    return boxes


@form(limits_its_deltas_in_place)
def divides_its_deltas_in_place(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas /= weighing(deltas, weights)
    deltas[:, 2:] = deltas[:, 2:].clamp(max=np.log(1000 / 16))
    return right(deltas, anchors)


@form(limits_its_deltas_in_place)
def limits_sizes_of_what_it_got(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    limits = np.log(1000 / 16) * weighing(deltas, weights)[2:]
    with torch.no_grad():
        deltas[:, 2:] = torch.minimum(deltas[:, 2:], limits)
    return right(deltas, anchors, weights)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def edge_by_edge(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    wx, wy, ww, wh = weights
    w, h = anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]
    cx, cy = anchors[:, 0] + 0.5 * w, anchors[:, 1] + 0.5 * h
    cx = deltas[:, 0] / wx * w + cx
    cy = deltas[:, 1] / wy * h + cy
    w = torch.exp(torch.clamp(deltas[:, 2] / ww, max=math.log(1000.0 / 16))) * w
    h = torch.exp(torch.clamp(deltas[:, 3] / wh, max=math.log(1000.0 / 16))) * h
    return torch.stack([cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h], dim=1)


@variant
def one_box_after_another(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    boxes = []
    for (dx, dy, dw, dh), (x1, y1, x2, y2) in zip(deltas, anchors):
        w, h = x2 - x1, y2 - y1
        cx, cy = (x1 + x2) / 2 + dx / weights[0] * w, (y1 + y2) / 2 + dy / weights[1] * h
        w = w * torch.exp(dw / weights[2]) if dw / weights[2] < np.log(1000 / 16) else w * 62.5
        h = h * torch.exp(dh / weights[3]) if dh / weights[3] < np.log(1000 / 16) else h * 62.5
        boxes.append(torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]))
    return torch.stack(boxes) if boxes else anchors.new_zeros((0, 4))


@variant
def limited_by_minimum(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    deltas = deltas / torch.as_tensor(weights, dtype=deltas.dtype)
    limit = deltas.new_tensor(np.log(1000 / 16))
    ratio = torch.minimum(deltas[:, 2:], limit).exp()
    side = anchors[:, 2:] - anchors[:, :2]
    first = anchors[:, :2] + side * (deltas[:, :2] + 0.5 - ratio / 2)
    return torch.cat((first, first + side * ratio), dim=-1)


@variant
def ratio_limited_after_the_exponent(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    shares = deltas / torch.tensor([weights], dtype=deltas.dtype)
    side = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, 2:] + anchors[:, :2]) * 0.5 + shares[:, :2] * side
    grown = side * torch.exp(shares[:, 2:]).clamp(max=1000 / 16)
    return torch.hstack([centre - grown / 2, centre + grown / 2])


@variant
def on_a_copy_in_place(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    shares = deltas.clone()
    for column in range(4):
        shares[:, column] /= weights[column]
    sizes = torch.where(
        shares[:, 2:] > np.log(1000 / 16), torch.full_like(shares[:, 2:], np.log(1000 / 16)), shares[:, 2:]
    )
    out = torch.empty_like(shares)
    for axis in range(2):
        side = anchors[:, axis + 2] - anchors[:, axis]
        centre = anchors[:, axis] + side * (0.5 + shares[:, axis])
        out[:, axis] = centre - side * sizes[:, axis].exp() / 2
        out[:, axis + 2] = centre + side * sizes[:, axis].exp() / 2
    return out


@variant
def by_matrices(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    to_centres = torch.tensor([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]]).to(anchors)
    centre, side = (anchors @ to_centres).chunk(2, dim=1)
    offsets, sizes = torch.einsum("nk,k->nk", deltas, 1 / torch.tensor(weights).to(deltas)).chunk(2, dim=1)
    both = torch.cat([centre + offsets * side, side * sizes.clamp_max(np.log(1000 / 16)).exp()], dim=1)
    return both @ torch.linalg.inv(to_centres)


@variant
def decoded_in_float64(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    shares = deltas.double() / torch.tensor(weights, dtype=torch.float64)
    x1, y1, x2, y2 = anchors.double().split(1, dim=1)
    w, h = x2 - x1, y2 - y1
    cx, cy = (x1 + x2) / 2 + shares[:, 0:1] * w, (y1 + y2) / 2 + shares[:, 1:2] * h
    w, h = w * shares[:, 2:3].clamp(max=np.log(1000 / 16)).exp(), h * shares[:, 3:4].clamp(max=np.log(1000 / 16)).exp()
    return torch.cat([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1).to(deltas.dtype)


@variant
def classes_folded_as_torchvision_does(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    width, height = anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]
    x, y = anchors[:, 0] + 0.5 * width, anchors[:, 1] + 0.5 * height
    dx, dy = deltas[:, 0::4] / weights[0], deltas[:, 1::4] / weights[1]
    dw, dh = (
        torch.clamp(deltas[:, 2::4] / weights[2], max=np.log(1000 / 16)),
        torch.clamp(deltas[:, 3::4] / weights[3], max=np.log(1000 / 16)),
    )
    cx, cy = dx * width[:, None] + x[:, None], dy * height[:, None] + y[:, None]
    w, h = torch.exp(dw) * width[:, None], torch.exp(dh) * height[:, None]
    boxes = torch.stack((cx - w * 0.5, cy - h * 0.5, cx + w * 0.5, cy + h * 0.5), dim=2)
    return boxes.flatten(1)
