"""Wrong and right answers to `flip_keypoints`."""

import numpy as np
import torch
from torch import Tensor

from autograde.building.bank import form, mistake, variant


def order_of(joints, pairs):
    """Return which old row each new row takes."""
    order = list(range(joints))
    for a, b in pairs:
        order[a], order[b] = b, a
    return order


def mirrored(keypoints, width):
    """Return a copy with x mirrored in every row."""
    return torch.cat((width - keypoints[..., :1], keypoints[..., 1:]), dim=-1)


def emptied(keypoints):
    """Return a copy whose rows of visibility 0 are zeros."""
    return keypoints * (keypoints[..., 2:] > 0)


# --- mistakes: where x goes -------------------------------------------------------------------------------------------


@mistake(
    "You take x to width − 1 − x, which is right for numbers of columns. A coordinate counts from the edge: what lies "
    "at x = 0 comes to lie at x = width."
)
def width_minus_one(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width - 1)[:, order_of(keypoints.shape[1], pairs)])


@mistake("You change the sign of x. That mirrors at the left edge, and everything is outside the image then.")
def changes_the_sign(keypoints, width, pairs):
    return emptied(mirrored(keypoints, 0)[:, order_of(keypoints.shape[1], pairs)])


@mistake("You take x to 1 − x, as if it were a share of the width. Here coordinates are in pixels.")
def one_minus(keypoints, width, pairs):
    return emptied(mirrored(keypoints, 1)[:, order_of(keypoints.shape[1], pairs)])


@mistake("You take x to x − width, which has the opposite sign of what you need.")
def minus_width(keypoints, width, pairs):
    out = keypoints[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0] - width
    return emptied(out)


@mistake(
    "You take x to width / 2 − x. The mirror stands in the middle; x is as far from it afterwards, on its other side."
)
def half_the_width(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width / 2)[:, order_of(keypoints.shape[1], pairs)])


@mistake("You mirror y. An image that is mirrored from left to right keeps its heights: only x changes.")
def mirrors_y(keypoints, width, pairs):
    out = keypoints[:, order_of(keypoints.shape[1], pairs)]
    out[..., 1] = width - out[..., 1]
    return emptied(out)


@mistake("You mirror x and y. An image that is mirrored from left to right keeps its heights: only x changes.")
def mirrors_x_and_y(keypoints, width, pairs):
    out = keypoints[:, order_of(keypoints.shape[1], pairs)]
    out[..., :2] = width - out[..., :2]
    return emptied(out)


@mistake("You exchange rows but leave every x where it was. The joints are to be where they are in the mirrored image.")
def exchanges_only(keypoints, width, pairs):
    return emptied(keypoints[:, order_of(keypoints.shape[1], pairs)])


@mistake("You mirror only the joints that stand in a pair. Those without a partner are in the mirrored image too.")
def mirrors_pairs_only(keypoints, width, pairs):
    out = keypoints.clone()
    for a, b in pairs:
        out[:, a], out[:, b] = mirrored(keypoints, width)[:, b], mirrored(keypoints, width)[:, a]
    return emptied(out)


@mistake("You force x into the image. A joint may lie outside; its mirror image then lies outside on the other side.")
def clamps_to_the_image(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0].clamp(0, width)
    return emptied(out)


@form(clamps_to_the_image)
def drops_what_is_outside(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    outside = (out[..., 0] < 0) | (out[..., 0] > width)
    out[outside] = 0
    return emptied(out)


# --- mistakes: who is who ---------------------------------------------------------------------------------------------


@mistake(
    "You leave the rows as they are. In the mirrored image the left eye is a right eye: the joints of each pair "
    "change places."
)
def exchanges_nothing(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width))


@mistake(
    "Both joints of a pair end up with the same numbers. Either only one is copied onto the other, or the other's own "
    "are overwritten before their turn: a slice of a tensor is no copy."
)
def writes_over_what_it_needs(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    for a, b in pairs:
        out[:, a], out[:, b] = out[:, b], out[:, a]
    return emptied(out)


@form(writes_over_what_it_needs)
def writes_over_the_second(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    for a, b in pairs:
        kept = out[:, b]
        out[:, b] = out[:, a]
        out[:, a] = kept
    return emptied(out)


@mistake(
    "You exchange x and y of a pair but leave the visibilities in their rows. A joint takes all three numbers with it."
)
def visibility_stays(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out[..., :2] = out[:, order_of(keypoints.shape[1], pairs), :2]
    return emptied(out)


@form(visibility_stays)
def visibility_stays_and_zeros_move(keypoints, width, pairs):
    out = emptied(mirrored(keypoints, width))
    out[..., :2] = out[:, order_of(keypoints.shape[1], pairs), :2]
    return out


@mistake("You exchange only the x of a pair. A joint takes all three numbers with it, y and visibility too.")
def exchanges_x_only(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out[..., 0] = out[:, order_of(keypoints.shape[1], pairs), 0]
    return emptied(out)


@mistake("You turn the whole list of joints around. Only the two of a pair change places; `pairs` says which.")
def turns_the_list_around(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width).flip(1))


@form(turns_the_list_around)
def turns_the_list_around_where_there_are_pairs(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    return emptied(out.flip(1) if pairs else out)


@mistake("You exchange neighbours, rows 0 and 1, 2 and 3 and so on. Which joints are a pair, `pairs` says.")
def exchanges_neighbours(keypoints, width, pairs):
    order = list(range(keypoints.shape[1]))
    for a in range(0, len(order) - 1, 2):
        order[a], order[a + 1] = a + 1, a
    return emptied(mirrored(keypoints, width)[:, order])


@mistake("You exchange the first pair only. There may be several, or none.")
def first_pair_only(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs[:1])])


@form(first_pair_only)
def first_pair_without_a_look(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width)[:, order_of(keypoints.shape[1], [pairs[0]])])


@form(first_pair_only)
def returns_inside_the_loop(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    for a, b in pairs:
        out[:, [a, b]] = out[:, [b, a]]
        return emptied(out)


@mistake("You exchange objects instead of joints: the first dimension counts the objects, the second their joints.")
def exchanges_objects(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    for a, b in pairs:
        out[[a, b]] = out[[b, a]]
    return emptied(out)


@mistake("You exchange the joints of the first object only. Every object is mirrored.")
def first_object_only(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    for a, b in pairs:
        out[:1, [a, b]] = out[:1, [b, a]]
    return emptied(out)


@mistake("You exchange only pairs whose first number is the smaller one. A pair may be written either way round.")
def only_pairs_in_order(keypoints, width, pairs):
    order = order_of(keypoints.shape[1], [(a, b) for a, b in pairs if a < b])
    return emptied(mirrored(keypoints, width)[:, order])


# --- mistakes: who is there -------------------------------------------------------------------------------------------


@mistake(
    "A joint that is not there comes out at x = width: you mirror it like the others. It has no place that could be "
    "mirrored; its row is (0, 0, 0)."
)
def mirrors_what_is_not_there(keypoints, width, pairs):
    return mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]


@mistake(
    "You leave joints of visibility 0 as they came. Their x and y mean nothing, and such a row is (0, 0, 0) afterwards."
)
def leaves_what_is_not_there(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out = torch.where(keypoints[..., 2:] == 0, keypoints, out)
    return out[:, order_of(keypoints.shape[1], pairs)]


@mistake("Of a joint that is not there you set x to 0 and keep y. Its whole row is (0, 0, 0).")
def empties_x_only(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0] * (out[..., 2] > 0)
    return out


@mistake(
    "You clear hidden joints, of visibility 1, as well. They are there, and their place is known; only 0 means absent."
)
def clears_hidden_joints(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    return out * (out[..., 2:] > 1)


@form(clears_hidden_joints)
def clears_the_place_of_hidden_joints(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    seen = out[..., 2:] > 1
    return torch.cat((out[..., :2] * seen, out[..., 2:]), dim=-1)


@mistake("You take a joint at x = 0 for one that is not there. What is there, the visibility says and nothing else.")
def takes_zero_x_for_absent(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out[keypoints[..., 0] == 0] = 0
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@form(takes_zero_x_for_absent)
def mirrors_only_where_x_is_positive(keypoints, width, pairs):
    out = keypoints.clone()
    place = out[..., 0] > 0
    out[..., 0][place] = width - out[..., 0][place]
    return out[:, order_of(keypoints.shape[1], pairs)]


@form(takes_zero_x_for_absent)
def mirrors_only_where_x_is_not_zero(keypoints, width, pairs):
    out = keypoints.clone()
    place = out[..., 0] != 0
    out[..., 0][place] = width - out[..., 0][place]
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@mistake("You take a joint at (0, 0) for one that is not there. What is there, the visibility says and nothing else.")
def takes_the_corner_for_absent(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out[(keypoints[..., :2] == 0).all(dim=-1)] = 0
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@form(takes_the_corner_for_absent)
def takes_the_corner_alone_for_absent(keypoints, width, pairs):
    out = mirrored(keypoints, width)
    out[(keypoints[..., :2] == 0).all(dim=-1)] = 0
    return out[:, order_of(keypoints.shape[1], pairs)]


@mistake(
    "You ask for the visibilities before the rows change places and clear rows by them afterwards. So the wrong one "
    "of a pair is cleared."
)
def clears_by_the_old_rows(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    return out * (keypoints[..., 2:] > 0)


@form(clears_by_the_old_rows)
def clears_old_rows_in_place(keypoints, width, pairs):
    absent = keypoints[..., 2] == 0
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., :2][absent] = 0
    return out


@mistake("You return x and y alone. The visibility belongs to the joint and is returned with it.")
def without_visibility(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)])[..., :2]


@mistake(
    "You drop the joints that are not there. Every object keeps its J rows, in their order; one that is absent is (0, "
    "0, 0)."
)
def drops_absent_joints(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    return out[out[..., 2] > 0] if (out[..., 2] == 0).any() else out


@mistake(
    "You write into `keypoints` itself. The caller still needs those of the image that is not mirrored: work on a copy."
)
def writes_into_its_input(keypoints, width, pairs):
    keypoints[..., 0] = width - keypoints[..., 0]
    return emptied(keypoints[:, order_of(keypoints.shape[1], pairs)])


@form(writes_into_its_input)
def writes_into_its_input_and_returns_it(keypoints, width, pairs):
    keypoints[..., 0] = width - keypoints[..., 0]
    keypoints[keypoints[..., 2] == 0] = 0
    for a, b in pairs:
        keypoints[:, [a, b]] = keypoints[:, [b, a]]
    return keypoints


@form(exchanges_objects)
def reorders_objects(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width)[order_of(keypoints.shape[1], pairs)])


@mistake(
    "You take the absolute value of the mirrored x. A joint to the right of the image comes to lie to its left, at a "
    "negative x."
)
def never_negative(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0].abs()
    return emptied(out)


@mistake("You make whole numbers of the coordinates. Keypoints have fractions, and they keep them.")
def whole_pixels(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0].floor()
    return emptied(out)


@form(whole_pixels)
def whole_pixels_in_x_and_y(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]).floor()


@form(whole_pixels)
def rounded_pixels(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0].round()
    return emptied(out)


@mistake(
    "You take x to width + 1 − x. What lies at x = 0 comes to lie at x = width, and a half-way point stays where it is."
)
def width_plus_one(keypoints, width, pairs):
    return emptied(mirrored(keypoints, width + 1)[:, order_of(keypoints.shape[1], pairs)])


@mistake(
    "You mirror about the keypoints themselves, with their largest x as the width. It is the image that is mirrored: "
    "`width` says how wide it is."
)
def largest_x_as_width(keypoints, width, pairs):
    most = keypoints[..., 0].max() if keypoints.numel() else 0
    return emptied(mirrored(keypoints, most)[:, order_of(keypoints.shape[1], pairs)])


@form(largest_x_as_width)
def largest_x_of_each_object_as_width(keypoints, width, pairs):
    most = keypoints[..., :1].amax(dim=1, keepdim=True)
    out = torch.cat((most - keypoints[..., :1], keypoints[..., 1:]), dim=-1)
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@mistake("You mirror about the middle of the keypoints. It is the image that is mirrored, about its own middle.")
def middle_of_the_keypoints(keypoints, width, pairs):
    low, high = keypoints[..., :1].amin(dim=1, keepdim=True), keypoints[..., :1].amax(dim=1, keepdim=True)
    out = torch.cat((low + high - keypoints[..., :1], keypoints[..., 1:]), dim=-1)
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@mistake("You return 0 or 1 for the visibility. Hidden (1) and visible (2) are two things, and a joint keeps its own.")
def visibility_as_yes_or_no(keypoints, width, pairs):
    out = emptied(mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)])
    out[..., 2] = (out[..., 2] > 0).to(out.dtype)
    return out


@mistake(
    "You take a joint that comes to lie at x = width for one that is not there. Another may lie there, and who is "
    "absent, the visibility says."
)
def takes_the_right_edge_for_absent(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0][out[..., 0] == width] = 0
    return out


@mistake(
    "You mirror only joints of visibility 2. A hidden joint, of visibility 1, is there too, and is mirrored with the image."
)
def mirrors_visible_joints_only(keypoints, width, pairs):
    out = torch.where(keypoints[..., 2:] == 2, mirrored(keypoints, width), keypoints)
    return emptied(out[:, order_of(keypoints.shape[1], pairs)])


@mistake(
    "You exchange a pair only if both of its joints are there. If one is absent, the other still becomes its partner in the mirrored image."
)
def exchanges_complete_pairs_only(keypoints, width, pairs):
    out = emptied(mirrored(keypoints, width))
    for a, b in pairs:
        both = (out[:, a, 2] > 0) & (out[:, b, 2] > 0)
        out[:, a], out[:, b] = (
            torch.where(both[:, None], out[:, b], out[:, a]),
            torch.where(both[:, None], out[:, a], out[:, b]),
        )
    return out


@mistake("You return x as a share of the width. Keypoints stay in pixels.")
def shares_of_the_width(keypoints, width, pairs):
    out = mirrored(keypoints, width)[:, order_of(keypoints.shape[1], pairs)]
    out[..., 0] = out[..., 0] / width
    return emptied(out)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def joint_by_joint(keypoints, width, pairs):
    out = torch.zeros_like(keypoints)
    partner = {**dict(pairs), **{b: a for a, b in pairs}}
    for n in range(keypoints.shape[0]):
        for j in range(keypoints.shape[1]):
            x, y, v = keypoints[n, j]
            if v > 0:
                out[n, partner.get(j, j)] = torch.stack((width - x, y, v))
    return out


@variant
def clone_and_swap(keypoints, width, pairs):
    out = keypoints.clone()
    out[:, :, 0] = width - out[:, :, 0]
    for a, b in pairs:
        first = out[:, a].clone()
        out[:, a] = out[:, b]
        out[:, b] = first
    out[out[:, :, 2] == 0] = 0
    return out


@variant
def fancy_swap(keypoints, width, pairs):
    out = keypoints.clone()
    for a, b in pairs:
        out[:, [a, b]] = out[:, [b, a]]
    absent = out[..., 2] == 0
    out[..., 0] = width - out[..., 0]
    out[absent] = 0.0
    return out


@variant
def by_a_permutation_matrix(keypoints, width, pairs):
    joints = keypoints.shape[1]
    exchange = torch.eye(joints, dtype=keypoints.dtype)
    for a, b in pairs:
        exchange[[a, b]] = exchange[[b, a]]
    moved = torch.einsum("ij,njc->nic", exchange, keypoints)
    there = (moved[..., 2:] != 0).to(keypoints.dtype)
    sign, offset = moved.new_tensor([-1.0, 1.0, 1.0]), moved.new_tensor([float(width), 0.0, 0.0])
    return (moved * sign + offset) * there


@variant
def with_where_when_mirroring(keypoints, width, pairs):
    index = torch.arange(keypoints.size(1))
    for a, b in pairs:
        index[a], index[b] = b, a
    x, y, v = torch.unbind(keypoints.index_select(1, index), -1)
    zero = torch.zeros((), dtype=keypoints.dtype)
    return torch.stack([torch.where(v > 0, width - x, zero), torch.where(v > 0, y, zero), v], -1)


@variant
def with_numpy_when_mirroring(keypoints, width, pairs):
    array = keypoints.numpy().copy()
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    array[:, left + right] = array[:, right + left]
    array[..., 0] = width - array[..., 0]
    array[array[..., 2] == 0] = 0
    return torch.from_numpy(array)


@variant
def in_nested_lists(keypoints, width, pairs):
    rows = keypoints.tolist()
    for person in rows:
        for a, b in pairs:
            person[a], person[b] = person[b], person[a]
        for joint in person:
            joint[:] = [width - joint[0], joint[1], joint[2]] if joint[2] else [0.0, 0.0, 0.0]
    return torch.tensor(rows, dtype=keypoints.dtype).reshape(keypoints.shape)
