"""Wrong and right answers to `base_anchors`."""

import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def sides(size, ratio):
    """Return width and height."""
    return size / math.sqrt(ratio), size * math.sqrt(ratio)


def halves(width, height):
    """Return the corners around 0, not rounded."""
    return [-width / 2, -height / 2, width / 2, height / 2]


def answer(sizes, aspect_ratios, sides=sides, corners=halves, rounding=torch.round):
    """Return the right answer, but for what the caller changes."""
    boxes = [corners(*sides(size, ratio)) for ratio in aspect_ratios for size in sizes]
    return rounding(torch.tensor(boxes, dtype=torch.float32))


# --- mistakes: shapes -------------------------------------------------------------------------------------------------


@mistake(
    "Your anchors are wide where they should be high. A ratio is height / width, so 2 is a tall one; and in a box x comes "
    "before y."
)
def anchors_of_width_over_height(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * math.sqrt(r), s / math.sqrt(r)))


@mistake(
    "One side of your anchors is the size itself, whatever the ratio. The *area* stays s²: as one side grows, the other "
    "one shrinks."
)
def anchors_as_wide_as_the_size(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s, s * r))


@form(anchors_as_wide_as_the_size)
def anchors_as_high_as_the_size(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s / r, s))


@form(anchors_as_wide_as_the_size)
def anchors_as_wide_as_the_size_and_a_root_high(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s, s * math.sqrt(r)))


@form(anchors_as_wide_as_the_size)
def anchors_as_high_as_the_size_and_a_root_wide(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s / math.sqrt(r), s))


@form(anchors_as_wide_as_the_size)
def anchors_as_high_as_the_size_and_the_ratio_wide(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * r, s))


@form(anchors_as_wide_as_the_size)
def anchors_as_wide_as_the_size_and_high_by_division(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s, s / r))


@mistake(
    "You multiply one side by the ratio and divide the other one by it, so that the ratio counts twice in the shape. Each "
    "takes its *root*."
)
def anchors_without_a_root(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s / r, s * r))


@form(anchors_without_a_root)
def anchors_without_a_root_and_wide(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * r, s / r))


@mistake("You multiply both sides by the ratio's root. One takes it as a factor, and the other one is divided by it.")
def anchors_with_both_sides_multiplied(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * math.sqrt(r), s * math.sqrt(r)))


@form(anchors_with_both_sides_multiplied)
def anchors_with_both_sides_multiplied_by_the_ratio(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * r, s * r))


@mistake("Your anchors are all squares: the ratios change nothing but their number.")
def anchors_are_squares(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s, s))


@mistake("You take a size for the area. It is the side of a square: the area is its square, s².")
def anchors_of_the_size_as_area(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (math.sqrt(s / r), math.sqrt(s * r)))


@mistake("Your width is s² / ratio, which is the width's square. A root is missing.")
def anchors_of_squared_sides(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * s / r, s * s))


@form(anchors_of_squared_sides)
def anchors_of_two_squared_sides(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, lambda s, r: (s * s / r, s * s * r))


# --- mistakes: order and number ---------------------------------------------------------------------------------------


@mistake(
    "All ratios of a size stand together in your list. It is the other way round: all sizes of the first ratio come first."
)
def anchors_with_sizes_outside(sizes, aspect_ratios):
    boxes = [halves(*sides(size, ratio)) for size in sizes for ratio in aspect_ratios]
    return torch.tensor(boxes, dtype=torch.float32).round()


@mistake("You take the first size with the first ratio, the second with the second, and so on. Each goes with each.")
def anchors_in_pairs(sizes, aspect_ratios):
    boxes = [halves(*sides(size, ratio)) for size, ratio in zip(sizes, aspect_ratios, strict=False)]
    return torch.tensor(boxes, dtype=torch.float32).round()


@form(anchors_in_pairs)
def anchors_in_pairs_of_tensors(sizes, aspect_ratios):
    s, root = torch.tensor(sizes, dtype=torch.float32), torch.tensor(aspect_ratios, dtype=torch.float32).sqrt()
    return (torch.stack([-s / root, -s * root, s / root, s * root], dim=1) / 2).round()


@mistake("You sort sizes or ratios first. They are taken in the order in which they come.")
def anchors_sorted(sizes, aspect_ratios):
    return answer(sorted(sizes), sorted(aspect_ratios))


@form(anchors_sorted)
def anchors_with_sizes_sorted(sizes, aspect_ratios):
    return answer(sorted(sizes), aspect_ratios)


@form(anchors_sorted)
def anchors_with_ratios_sorted(sizes, aspect_ratios):
    return answer(sizes, sorted(aspect_ratios))


@mistake("Only one of the ratios gives anchors in your function. Each has its own, in every size.")
def anchors_of_the_first_ratio(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios[:1])


@form(anchors_of_the_first_ratio)
def anchors_of_the_last_ratio(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios[-1:])


@mistake("Only one of the sizes gives anchors in your function. Each has its own, in every ratio.")
def anchors_of_the_first_size(sizes, aspect_ratios):
    return answer(sizes[:1], aspect_ratios)


@form(anchors_of_the_first_size)
def anchors_of_the_last_size(sizes, aspect_ratios):
    return answer(sizes[-1:], aspect_ratios)


@mistake(
    "Your result has a dimension for the ratios and one for the sizes. It is one list of boxes, (ratios · sizes, 4)."
)
def anchors_in_a_table(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios).reshape(len(aspect_ratios), len(sizes), 4)


@form(anchors_in_a_table)
def anchors_in_a_table_by_size(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios).reshape(len(aspect_ratios), len(sizes), 4).transpose(0, 1)


# --- mistakes: corners ------------------------------------------------------------------------------------------------


@mistake("The first two numbers of your boxes are 0. An anchor has its *centre* at 0, and a box is two corners.")
def anchors_that_begin_at_0(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [0, 0, w, h])


@form(anchors_that_begin_at_0)
def anchors_as_centre_and_sides(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [0, 0, w, h], rounding=lambda x: x)


@form(anchors_that_begin_at_0)
def anchors_as_centre_and_half_sides(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [0, 0, w / 2, h / 2])


@mistake("Your anchors reach a whole width and a whole height from 0, to either side. It is half of each.")
def anchors_twice_as_large(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [-w, -h, w, h])


@mistake(
    "Your sides lack a pixel, as where the last pixel inside is named: (w − 1) / 2. Here x2 − x1 is the width, without − 1."
)
def anchors_a_pixel_less(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(w - 1, h - 1))


@form(anchors_a_pixel_less)
def anchors_that_end_a_pixel_earlier(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [-w / 2, -h / 2, w / 2 - 1, h / 2 - 1])


@mistake("Your anchors are around the middle of a box of `size` that begins at 0. They are around 0 itself.")
def anchors_around_half_a_size(sizes, aspect_ratios):
    boxes = []
    for ratio in aspect_ratios:
        for size in sizes:
            boxes.append([size / 2 + number for number in halves(*sides(size, ratio))])
    return torch.tensor(boxes, dtype=torch.float32).round()


@mistake("Your boxes are (x1, x2, y1, y2). A box is its two corners, (x1, y1, x2, y2).")
def anchors_x_first(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: [-w / 2, w / 2, -h / 2, h / 2])


@mistake("Your first corner is the lower right one. In (x1, y1, x2, y2) the smaller numbers come first.")
def anchors_inside_out(sizes, aspect_ratios):
    return -answer(sizes, aspect_ratios)


# --- mistakes: rounding -----------------------------------------------------------------------------------------------


@mistake("Your corners are not rounded. They are to be whole numbers, although still floats.")
def anchors_not_rounded(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: x)


@mistake(
    "You round halves away from zero, 2.5 to 3. Here they go to the *even* number, as `torch.round` has them: to 2."
)
def anchors_halves_away(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: x.sign() * (x.abs() + 0.5).floor())


@mistake(
    "You round by ⌊x + ½⌋, and that takes every half up. Here halves go to the *even* number, as `torch.round` has them."
)
def anchors_halves_up(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: (x + 0.5).floor())


@mistake("You add ½ and cut off what is behind the point. Below zero that is no rounding at all: −2.75 becomes −2.")
def anchors_half_added_and_cut_off(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: (x + 0.5).trunc())


@mistake("You round halves towards zero, 1.5 to 1. Here they go to the *even* number, as `torch.round` has them: to 2.")
def anchors_halves_towards_zero(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: x.sign() * (x.abs() - 0.5).ceil())


@mistake("You cut off what stands behind the point, as `int` does. A corner goes to the nearest whole number.")
def anchors_cut_off(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=torch.trunc)


@mistake("You round every corner down. A corner goes to the nearest whole number.")
def anchors_rounded_down(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=torch.floor)


@mistake("You round every corner up. A corner goes to the nearest whole number.")
def anchors_rounded_up(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=torch.ceil)


@mistake("You round every corner away from zero. A corner goes to the nearest whole number.")
def anchors_rounded_outwards(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, rounding=lambda x: x.sign() * x.abs().ceil())


@mistake(
    "You round the sides themselves, before they are halved. What is rounded are the corners, half a side from 0, and "
    "nothing before that."
)
def anchors_with_sides_rounded(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(round(w), round(h)), rounding=lambda x: x)


@form(anchors_with_sides_rounded)
def anchors_with_sides_and_corners_rounded(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(round(w), round(h)))


@form(anchors_with_sides_rounded)
def anchors_with_half_of_rounded_sides(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(2 * (round(w) // 2), 2 * (round(h) // 2)))


@form(anchors_with_sides_rounded)
def anchors_with_sides_cut_off(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(int(w), int(h)), rounding=lambda x: x)


@form(anchors_with_sides_rounded)
def anchors_with_sides_cut_off_and_corners_rounded(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(int(w), int(h)))


@form(anchors_with_sides_rounded)
def anchors_with_a_height_from_the_rounded_width(sizes, aspect_ratios):
    def sides(size, ratio):
        width = round(math.sqrt(size * size / ratio))
        return width, round(width * ratio)

    return answer(sizes, aspect_ratios, sides, rounding=lambda x: x)


@form(anchors_with_sides_rounded)
def anchors_with_a_height_from_the_rounded_width_and_corners_rounded(sizes, aspect_ratios):
    def sides(size, ratio):
        width = round(math.sqrt(size * size / ratio))
        return width, round(width * ratio)

    return answer(sizes, aspect_ratios, sides)


@mistake("Your sides are never less than a pixel or two. Half a side may round to 0, and then the box has no area.")
def anchors_of_two_pixels_at_least(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios, corners=lambda w, h: halves(max(w, 2), max(h, 2)))


# --- mistakes: dtypes -------------------------------------------------------------------------------------------------


@mistake("Your anchors are whole numbers by dtype, too. A box is float32, also where its corners lie on whole pixels.")
def anchors_in_whole_numbers(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios).long()


@mistake("Your anchors are float64. They are float32; numpy's numbers, for one, are float64 unless you say otherwise.")
def anchors_in_float64(sizes, aspect_ratios):
    return answer(sizes, aspect_ratios).double()


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def anchors_by_two_loops(sizes, aspect_ratios):
    anchors = []
    for r in aspect_ratios:
        for s in sizes:
            w = s / r**0.5
            h = s * r**0.5
            anchors.append([round(-w / 2), round(-h / 2), round(w / 2), round(h / 2)])
    return torch.tensor(anchors).float()


@variant
def anchors_from_the_area(sizes, aspect_ratios):
    s = torch.as_tensor(sizes, dtype=torch.float64)
    r = torch.as_tensor(aspect_ratios, dtype=torch.float64)[:, None]
    w = (s**2 / r).sqrt()
    half = torch.stack([w, w * r], dim=-1).reshape(-1, 2) / 2
    return torch.cat([-half, half], dim=1).round().float()


@variant
def anchors_with_numpy(sizes, aspect_ratios):
    r, s = np.meshgrid(np.asarray(aspect_ratios, dtype=np.float64), np.asarray(sizes), indexing="ij")
    w, h = s / np.sqrt(r), s * np.sqrt(r)
    return torch.from_numpy(np.rint(np.stack([-w, -h, w, h], axis=-1) / 2).reshape(-1, 4).astype(np.float32))


@variant
def anchors_by_an_outer_product(sizes, aspect_ratios):
    size = torch.tensor(sizes).float()
    root = torch.tensor(aspect_ratios).float().sqrt()
    h = torch.outer(root, size).reshape(-1)
    w = torch.outer(1 / root, size).reshape(-1)
    return torch.round(0.5 * torch.stack((-w, -h, w, h), dim=-1))


@variant
def anchors_by_einsum(sizes, aspect_ratios):
    root = torch.tensor(aspect_ratios, dtype=torch.float32).rsqrt()
    shape = torch.stack([-root, -1 / root, root, 1 / root], dim=1) / 2
    return torch.einsum("rk,s->rsk", shape, torch.tensor(sizes, dtype=torch.float32)).flatten(0, 1).round()


@variant
def anchors_by_repeating(sizes, aspect_ratios):
    ratios = torch.tensor(aspect_ratios, dtype=torch.float32).repeat_interleave(len(sizes))
    s = torch.tensor(sizes, dtype=torch.float32).repeat(len(aspect_ratios))
    h = (s * s * ratios).sqrt()
    w = h / ratios
    return torch.stack([(-w / 2).round(), (-h / 2).round(), (w / 2).round(), (h / 2).round()], dim=1)


@variant
def anchors_from_the_unit_square(sizes, aspect_ratios):
    square = torch.tensor([-0.5, -0.5, 0.5, 0.5])
    boxes = []
    for ratio in aspect_ratios:
        stretch = torch.tensor([ratio**-0.5, ratio**0.5]).repeat(2)
        boxes += [square * stretch * size for size in sizes]
    return torch.stack(boxes).round()


@variant
def anchors_by_the_cartesian_product(sizes, aspect_ratios):
    pairs = torch.cartesian_prod(torch.tensor(aspect_ratios).double(), torch.tensor(sizes).double())
    ratio, size = pairs.unbind(dim=1)
    corner = torch.stack([size / ratio.sqrt(), size * ratio.sqrt()], dim=1).mul(0.5).round()
    return torch.hstack([-corner, corner]).to(torch.float32)


@variant
def anchors_rounded_to_even_by_hand(sizes, aspect_ratios):
    def even(x):
        low = math.floor(x)
        rest = x - low
        return low + (rest > 0.5 or (rest == 0.5 and low % 2 == 1))

    boxes = []
    for ratio in aspect_ratios:
        for size in sizes:
            x, y = even(size / math.sqrt(ratio) / 2), even(size * math.sqrt(ratio) / 2)
            boxes.append((-float(x), -float(y), float(x), float(y)))
    return torch.tensor(boxes)


@variant
def anchors_filled_in(sizes, aspect_ratios):
    anchors = torch.empty(len(aspect_ratios) * len(sizes), 4)
    for number, (ratio, size) in enumerate((r, s) for r in aspect_ratios for s in sizes):
        anchors[number, 2] = size / math.sqrt(ratio) / 2
        anchors[number, 3] = size * math.sqrt(ratio) / 2
    anchors[:, :2] = -anchors[:, 2:]
    return anchors.round_()
