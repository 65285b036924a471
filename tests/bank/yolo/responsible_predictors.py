"""Wrong and right answers to `responsible_predictors`."""

import numpy as np
import torch
from torch import nn

from autograde.building.bank import form, mistake, variant
from .shared_cells import beside, best_of, corners_of, iou_of, overlaps, rows_of

# --- mistakes: units --------------------------------------------------------------------------------------------------


@mistake(
    "You compare x, y and sizes as if they had one unit. An offset of 1 is a cell, 1/S of the image; a size of 1 is the whole image."
)
def mixes_cells_and_images(output, target):
    said, true = rows_of(output, target), beside(target)
    return best_of(iou_of(said[..., :2], said[..., 2:4] ** 2, true[..., :2], true[..., 2:4]), target)


@mistake(
    "You *multiply* the offsets by S. They are counted in cells: as shares of the image they become smaller, x/S and y/S."
)
def multiplies_offsets(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2] * grid, said[..., 2:4] ** 2, true[..., :2] * grid, true[..., 2:4]), target)


@mistake("You divide the offsets by S, and the predicted sizes as well. Sizes are shares of the whole image already.")
def divides_predicted_sizes_too(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4] ** 2 / grid, true[..., :2] / grid, true[..., 2:4])
    return best_of(score, target)


@mistake("You multiply the predicted sizes by S and leave the target's alone. Both boxes need the same unit.")
def multiplies_predicted_sizes_only(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4] ** 2 * grid, true[..., :2] / grid, true[..., 2:4])
    return best_of(score, target)


@mistake("Your predicted box is counted in cells, and the target's size in images. Both boxes need one unit.")
def predicted_in_cells_and_target_in_images(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2], said[..., 2:4] ** 2 * grid, true[..., :2], true[..., 2:4])
    return best_of(score, target)


@mistake("You divide the target's offsets by S, and the predicted ones not. Both are offsets in a cell.")
def divides_the_targets_offsets_only(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2], said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("Your grid has seven rows, whatever comes in. S is a size of the tensors, and 7 only in the paper.")
def a_grid_of_seven(output, target):
    said, true = rows_of(output, target), beside(target)
    return best_of(iou_of(said[..., :2] / 7, said[..., 2:4] ** 2, true[..., :2] / 7, true[..., 2:4]), target)


# --- mistakes: roots --------------------------------------------------------------------------------------------------


@mistake("You take what a predictor says for w and h. It says √w and √h: square them.")
def roots_are_sizes(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4], true[..., :2] / grid, true[..., 2:4]), target)


@form(roots_are_sizes)
def roots_are_sizes_of_any_sign(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4].abs(), true[..., :2] / grid, true[..., 2:4]), target)


@mistake(
    "You take roots for sizes *and* cells for images. √w has to be squared, and x is a share of a cell, not of all."
)
def roots_are_sizes_and_units_are_mixed(output, target):
    said, true = rows_of(output, target), beside(target)
    return best_of(iou_of(said[..., :2], said[..., 2:4], true[..., :2], true[..., 2:4]), target)


@mistake("You square the target's w and h, too. They are sizes already; only a predictor says roots.")
def squares_the_target_too(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4] ** 2)
    return best_of(score, target)


@mistake("Your boxes have √w and √h as sides, the target's too. An IoU is one of the boxes themselves: w and h.")
def boxes_of_roots(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4], true[..., :2] / grid, true[..., 2:4].sqrt())
    return best_of(score, target)


@form(boxes_of_roots)
def boxes_of_roots_in_mixed_units(output, target):
    said, true = rows_of(output, target), beside(target)
    return best_of(iou_of(said[..., :2], said[..., 2:4], true[..., :2], true[..., 2:4].sqrt()), target)


@mistake("You take the root of what a predictor says. That is √w already, and has to be squared.")
def takes_the_root_again(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4].abs().sqrt(), true[..., :2] / grid, true[..., 2:4])
    return best_of(score, target)


@form(takes_the_root_again)
def takes_the_root_again_without_a_look_at_the_sign(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., 2:4].sqrt(), true[..., :2] / grid, true[..., 2:4])
    return best_of(score, target)


@mistake("Below zero you take √w for nothing. A network may say −½, and its square is a size as good as that of ½.")
def negative_roots_are_nothing(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    size = said[..., 2:4].clamp(min=0) ** 2
    return best_of(iou_of(said[..., :2] / grid, size, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("You square √w and forget √h. Both are roots.")
def squares_the_width_only(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    size = torch.stack([said[..., 2] ** 2, said[..., 3]], dim=-1)
    return best_of(iou_of(said[..., :2] / grid, size, true[..., :2] / grid, true[..., 2:4]), target)


# --- mistakes: the boxes ----------------------------------------------------------------------------------------------


@mistake("You take (x, y) for the upper left corner. It is the *centre*; the corner lies half a width further left.")
def the_place_is_a_corner(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    size, true_size = said[..., 2:4] ** 2, true[..., 2:4]
    score = iou_of(said[..., :2] / grid + size / 2, size, true[..., :2] / grid + true_size / 2, true_size)
    return best_of(score, target)


@form(the_place_is_a_corner)
def the_place_is_a_corner_in_mixed_units(output, target):
    said, true = rows_of(output, target), beside(target)
    size, true_size = said[..., 2:4] ** 2, true[..., 2:4]
    return best_of(iou_of(said[..., :2] + size / 2, size, true[..., :2] + true_size / 2, true_size), target)


@mistake(
    "Your boxes reach a whole width to either side of the centre. Half a width is enough: the width is the distance."
)
def boxes_of_double_size(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, 2 * said[..., 2:4] ** 2, true[..., :2] / grid, 2 * true[..., 2:4])
    return best_of(score, target)


@mistake("You read four numbers as two corners. They are a centre, as x and y, and the roots of a width and a height.")
def reads_corners(output, target):
    said, true = rows_of(output, target), beside(target)
    first = torch.maximum(said[..., :2], true[..., :2])
    last = torch.minimum(said[..., 2:4], true[..., 2:4])
    shared = (last - first).clamp(min=0).prod(dim=-1)
    area = (said[..., 2:4] - said[..., :2]).prod(dim=-1) + (true[..., 2:4] - true[..., :2]).prod(dim=-1)
    return best_of(shared / (area - shared), target)


@mistake("You exchange the predicted width and height. The third number is √w, the fourth √h.")
def width_and_height_exchanged(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(said[..., :2] / grid, said[..., [3, 2]] ** 2, true[..., :2] / grid, true[..., 2:4])
    return best_of(score, target)


@mistake("You lay all boxes on one centre and compare their shapes. Where a predictor puts its box counts, too.")
def compares_shapes_alone(output, target):
    size, true_size = rows_of(output, target)[..., 2:4] ** 2, beside(target)[..., 2:4]
    shared = torch.minimum(size, true_size).prod(dim=-1)
    return best_of(shared / (size.prod(dim=-1) + true_size.prod(dim=-1) - shared), target)


# --- mistakes: the overlap --------------------------------------------------------------------------------------------


@mistake(
    "Where boxes are apart in x and in y, both shared sides are negative, and their product is not: clamp each at 0."
)
def sides_below_zero(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    shared = (torch.minimum(last, true_last) - torch.maximum(first, true_first)).prod(dim=-1)
    union = (last - first).prod(dim=-1) + (true_last - true_first).prod(dim=-1) - shared
    return best_of(shared / union, target)


@mistake(
    "You clamp the shared side at 0 in one direction only. In the other it may be negative: below 0 is less than the IoU of others that share nothing."
)
def clamped_in_x_alone(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    wide, high = (torch.minimum(last, true_last) - torch.maximum(first, true_first)).unbind(dim=-1)
    shared = wide.clamp(min=0) * high
    return best_of(shared / ((last - first).prod(-1) + (true_last - true_first).prod(-1) - shared), target)


@form(clamped_in_x_alone)
def clamped_in_y_alone(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    wide, high = (torch.minimum(last, true_last) - torch.maximum(first, true_first)).unbind(dim=-1)
    shared = wide * high.clamp(min=0)
    return best_of(shared / ((last - first).prod(-1) + (true_last - true_first).prod(-1) - shared), target)


@mistake("You take the mean of an IoU in x and one in y. Areas are shared, and an area is a product.")
def mean_over_both_directions(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    sides = (torch.minimum(last, true_last) - torch.maximum(first, true_first)).clamp(min=0)
    both = (last - first) + (true_last - true_first) - sides
    return best_of((sides / both).mean(dim=-1), target)


@mistake("You choose by the shared area alone. A box that covers everything shares most: divide by the union.")
def largest_intersection(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    sides = torch.minimum(last, true_last) - torch.maximum(first, true_first)
    return best_of(sides.clamp(min=0).prod(dim=-1), target)


@mistake("You divide the shared area by the predicted one alone. A tiny box inside the object would be perfect.")
def over_the_predicted_area(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    sides = torch.minimum(last, true_last) - torch.maximum(first, true_first)
    return best_of(sides.clamp(min=0).prod(dim=-1) / (last - first).prod(dim=-1), target)


@mistake("You divide the shared area by the smaller of both. Then what lies inside the other box is a perfect match.")
def over_the_smaller_area(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    sides = torch.minimum(last, true_last) - torch.maximum(first, true_first)
    smaller = torch.minimum((last - first).prod(dim=-1), (true_last - true_first).prod(dim=-1))
    return best_of(sides.clamp(min=0).prod(dim=-1) / smaller, target)


@mistake("You divide by the box around both. The union is smaller: what neither of them covers is not in it.")
def over_the_box_around_both(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    sides = torch.minimum(last, true_last) - torch.maximum(first, true_first)
    around = torch.maximum(last, true_last) - torch.minimum(first, true_first)
    return best_of(sides.clamp(min=0).prod(dim=-1) / around.prod(dim=-1), target)


@mistake(
    "That is the generalised IoU: it tells boxes apart that touch nothing. Here all of those have 0, and the first answers."
)
def generalised_iou(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    shared = (torch.minimum(last, true_last) - torch.maximum(first, true_first)).clamp(min=0).prod(dim=-1)
    around = (torch.maximum(last, true_last) - torch.minimum(first, true_first)).prod(dim=-1)
    union = (last - first).prod(dim=-1) + (true_last - true_first).prod(dim=-1) - shared
    return best_of(shared / union - (around - union) / around, target)


# --- mistakes: another rule -------------------------------------------------------------------------------------------


@mistake("You choose the predictor that is *surest*. Responsible is whose box is best, however sure it is of it.")
def the_surest_answers(output, target):
    return best_of(rows_of(output, target)[..., 4], target)


@mistake("You multiply the IoU with the confidence. Responsible is whose box is best, however sure it is of it.")
def weighs_by_confidence(output, target):
    return best_of(overlaps(output, target) * rows_of(output, target)[..., 4], target)


@mistake("You choose the box whose centre is nearest. Its size counts as well: compare by IoU.")
def the_nearest_centre_answers(output, target):
    distance = (rows_of(output, target)[..., :2] - beside(target)[..., :2]).norm(dim=-1)
    return best_of(-distance, target)


@mistake(
    "You choose by the distance of the four numbers. Responsible is who has the highest IoU, which is something else."
)
def smallest_distance_of_numbers(output, target):
    said, true = rows_of(output, target), beside(target)
    wanted = torch.cat([true[..., :2], true[..., 2:4].sqrt()], dim=-1)
    return best_of(-(said[..., :4] - wanted).square().sum(dim=-1), target)


@form(smallest_distance_of_numbers)
def smallest_distance_of_numbers_and_sizes(output, target):
    said, true = rows_of(output, target), beside(target)
    mine = torch.cat([said[..., :2], said[..., 2:4] ** 2], dim=-1)
    return best_of(-(mine - true[..., :4]).square().sum(dim=-1), target)


@form(smallest_distance_of_numbers)
def smallest_distance_of_numbers_without_a_thought_of_roots(output, target):
    said, true = rows_of(output, target), beside(target)
    return best_of(-(said[..., :4] - true[..., :4]).square().sum(dim=-1), target)


@form(smallest_distance_of_numbers)
def smallest_absolute_distance_of_numbers(output, target):
    said, true = rows_of(output, target), beside(target)
    wanted = torch.cat([true[..., :2], true[..., 2:4].sqrt()], dim=-1)
    return best_of(-(said[..., :4] - wanted).abs().sum(dim=-1), target)


@mistake("You choose the *lowest* IoU. Responsible is the predictor that is nearest already.")
def the_worst_answers(output, target):
    return best_of(-overlaps(output, target), target)


@mistake("You choose by distances between corners. Responsible is who has the highest IoU, which is something else.")
def smallest_distance_of_corners(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    return best_of(-((first - true_first) ** 2 + (last - true_last) ** 2).sum(dim=-1), target)


@mistake("You take a penalty for the distance of the centres off the IoU. It is the IoU alone that decides.")
def with_a_penalty_for_the_distance(output, target):
    first, last, true_first, true_last = corners_of(output, target)
    around = torch.maximum(last, true_last) - torch.minimum(first, true_first)
    apart = (first + last - true_first - true_last) / 2
    penalty = apart.square().sum(dim=-1) / around.square().sum(dim=-1)
    return best_of(overlaps(output, target) - penalty, target)


@mistake("The largest box answers in your function. It is the one with the highest IoU that is asked for.")
def the_largest_answers(output, target):
    return best_of((rows_of(output, target)[..., 2:4] ** 2).prod(dim=-1), target)


@mistake("The first predictor always answers in your function. It is the one with the highest IoU that is asked for.")
def the_first_always_answers(output, target):
    return torch.zeros(target.shape[:3], dtype=torch.int64)


@mistake("Of equal boxes the last one answers in your function. It is the one with the lowest number.")
def the_last_of_equals_answers(output, target):
    iou = overlaps(output, target)
    return (iou.shape[-1] - 1 - iou.flip(-1).argmax(dim=-1)) * (target[..., 4] == 1)


@mistake(
    "Where no box touches the object the nearest one answers in your function. All have an IoU of 0 then: the first."
)
def the_nearest_answers_where_none_touches(output, target):
    iou = overlaps(output, target)
    distance = (rows_of(output, target)[..., :2] - beside(target)[..., :2]).norm(dim=-1)
    apart = (iou.amax(dim=-1, keepdim=True) == 0).expand_as(iou)
    return best_of(torch.where(apart, -distance, iou), target)


@mistake("One predictor answers for a whole image in your function. Each cell has its own.")
def one_predictor_for_an_image(output, target):
    there = target[..., 4] == 1
    total = (overlaps(output, target).nan_to_num(0.0) * there[..., None]).sum(dim=(1, 2))
    return total.argmax(dim=-1)[:, None, None].expand(there.shape) * there


# --- mistakes: cells without an object --------------------------------------------------------------------------------


@mistake("A cell without an object has −1 in your result. It is 0 there.")
def minus_one_where_nothing_is(output, target):
    return torch.where(target[..., 4] == 1, overlaps(output, target).argmax(dim=-1), -1)


@mistake(
    "In empty cells 0 is divided by 0 where a box has no area, and NaN counts as the highest. It is 0 there, in any case."
)
def empty_cells_are_not_looked_at(output, target):
    return overlaps(output, target).argmax(dim=-1)


@mistake("You count from 1. Predictors are counted from 0.")
def counts_from_one(output, target):
    return (overlaps(output, target).argmax(dim=-1) + 1) * (target[..., 4] == 1)


@form(counts_from_one)
def counts_from_one_everywhere(output, target):
    return best_of(overlaps(output, target), target) + 1


@mistake("You return a number for each object only. Asked is one for each cell, (N, S, S), with 0 where nothing is.")
def numbers_of_objects_only(output, target):
    return overlaps(output, target)[target[..., 4] == 1].argmax(dim=-1)


# --- mistakes: where the numbers stand --------------------------------------------------------------------------------


@mistake(
    "You cut the row of a cell into (5, B): first all x, then all y. Each predictor has its five numbers side by side."
)
def numbers_by_kind(output, target):
    classes, grid, true = target.shape[-1] - 5, target.shape[1], beside(target)
    said = output[..., :-classes].reshape(*output.shape[:3], 5, -1).transpose(-1, -2)
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("You look for the classes before the boxes. First come B times five numbers, and the K class scores last.")
def classes_first(output, target):
    classes, grid, true = target.shape[-1] - 5, target.shape[1], beside(target)
    said = output[..., classes:].reshape(*output.shape[:3], -1, 5)
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("You expect the confidence before x. A predictor's five numbers are x, y, √w, √h, confidence.")
def confidence_first(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., 1:3] / grid, said[..., 3:5] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("You always compare two predictors. B may be 1, or 3: it follows from the last dimension and from K.")
def two_predictors_always(output, target):
    grid = target.shape[1]
    scores = []
    for first in (0, 5):
        said = output[..., first : first + 5]
        scores.append(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, target[..., :2] / grid, target[..., 2:4]))
    return best_of(torch.stack(scores, dim=-1), target)


@mistake("You find B by dividing the whole row by five. From five classes on that is too many: take K off first.")
def classes_counted_as_predictors(output, target):
    count, true, grid = output.shape[-1] // 5, beside(target), target.shape[1]
    said = output[..., : 5 * count].reshape(*output.shape[:3], count, 5)
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


@mistake("Your K is that of the paper, 20. It follows from the target, whose rows hold 5 + K numbers.")
def twenty_classes(output, target):
    said, true, grid = output[..., :-20].reshape(*output.shape[:3], -1, 5), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You return the highest IoU itself. Asked is the *number* of the predictor that has it.")
def the_iou_itself(output, target):
    return overlaps(output, target).amax(dim=-1) * (target[..., 4] == 1)


@mistake("`max` gives two tensors, the values and where they are. Asked are the places alone.")
def values_and_places(output, target):
    return overlaps(output, target).max(dim=-1)


@mistake("You return the IoU of all predictors. Asked is one number a cell: which of them is highest.")
def all_ious(output, target):
    return overlaps(output, target).nan_to_num(0.0) * target[..., 4:5]


@mistake("You mark the predictor with a 1 among zeros. Asked is its number, one for each cell: (N, S, S).")
def marks_of_predictors(output, target):
    iou = overlaps(output, target)
    return nn.functional.one_hot(iou.argmax(dim=-1), iou.shape[-1]) * (target[..., 4:5] == 1)


@form(marks_of_predictors)
def marks_of_predictors_as_truths(output, target):
    iou = overlaps(output, target)
    return (nn.functional.one_hot(iou.argmax(dim=-1), iou.shape[-1]) * (target[..., 4:5] == 1)).bool()


@mistake("Your result has a last dimension of 1 left. It is (N, S, S).")
def a_dimension_is_left(output, target):
    return overlaps(output, target).argmax(dim=-1, keepdim=True) * (target[..., 4:5] == 1)


@mistake("You multiply with the objectness as it is, and the numbers become floats. They are int64, as indices are.")
def numbers_as_floats(output, target):
    return overlaps(output, target).argmax(dim=-1) * target[..., 4]


@mistake("Rows and columns change places in your result. It is [row, column], as in both inputs.")
def rows_are_columns(output, target):
    return best_of(overlaps(output, target), target).transpose(1, 2)


# --- mistakes: how it is computed -------------------------------------------------------------------------------------


@mistake(
    "In float64 two boxes may differ by less than float32 can tell, and to you they are equal: keep the dtype that comes in."
)
def in_float32(output, target):
    return best_of(overlaps(output.float(), target.float()), target)


@mistake("You write the squares into the output. The loss still needs what the network said.")
def squares_written_into_the_output(output, target):
    classes = target.shape[-1] - 5
    for first in range(2, output.shape[-1] - classes, 5):
        output[..., first : first + 2] = output[..., first : first + 2] ** 2
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4], true[..., :2] / grid, true[..., 2:4]), target)


@mistake("You divide the offsets in the target itself. It is needed as it is, by the loss and for the next epoch.")
def offsets_written_into_the_target(output, target):
    result = best_of(overlaps(output, target), target)
    target[..., :2] /= target.shape[1]
    return result


@mistake(
    "`.view` does not flatten what is not contiguous, as a network's maps are with channels last: `.reshape` does."
)
def by_view(output, target):
    classes, grid, true = target.shape[-1] - 5, target.shape[1], beside(target)
    said = output.view(-1, output.shape[-1])[:, :-classes].reshape(*output.shape[:3], -1, 5)
    return best_of(iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]), target)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_shares_of_the_image(output, target):
    return best_of(overlaps(output, target), target)


@variant
def in_cells(output, target):
    """Offsets as they are, and sizes times S."""
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    return best_of(iou_of(said[..., :2], grid * said[..., 2:4] ** 2, true[..., :2], grid * true[..., 2:4]), target)


@variant
def with_the_cells_places(output, target):
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    row, column = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    cell = torch.stack([column, row], dim=-1)[None, :, :, None].to(output.dtype)
    score = iou_of(
        (cell + said[..., :2]) / grid, said[..., 2:4].square(), (cell + true[..., :2]) / grid, true[..., 2:4]
    )
    there = target[..., 4].bool()
    return torch.where(there, score.argmax(dim=3), torch.zeros_like(there, dtype=torch.long))


@variant
def cell_by_cell(output, target):
    count, grid, _, depth = output.shape
    predictors = (depth - (target.shape[-1] - 5)) // 5
    result = torch.zeros(count, grid, grid, dtype=torch.int64)
    for n in range(count):
        for i in range(grid):
            for j in range(grid):
                tx, ty, tw, th, there = target[n, i, j, :5].tolist()
                if not there:
                    continue
                best = -1.0
                for b in range(predictors):
                    x, y, rw, rh = output[n, i, j, 5 * b : 5 * b + 4].tolist()
                    w, h = rw * rw, rh * rh
                    wide = min(x / grid + w / 2, tx / grid + tw / 2) - max(x / grid - w / 2, tx / grid - tw / 2)
                    high = min(y / grid + h / 2, ty / grid + th / 2) - max(y / grid - h / 2, ty / grid - th / 2)
                    shared = max(wide, 0.0) * max(high, 0.0)
                    iou = shared / (w * h + tw * th - shared)
                    if iou > best:
                        best, result[n, i, j] = iou, b
    return result


@variant
def responsible_in_numpy(output, target):
    said, true = output.detach().numpy(), target.detach().numpy()
    count, grid, _, depth = said.shape
    boxes = said[..., : depth - true.shape[-1] + 5].reshape(count, grid, grid, -1, 5)
    with_object = true[..., 4] > 0.5
    result = np.zeros((count, grid, grid), dtype=np.int64)
    mine, wanted = boxes[with_object], true[with_object][:, None]
    apart = np.abs(mine[..., :2] - wanted[..., :2]) / grid
    size, wide = mine[..., 2:4] ** 2, wanted[..., 2:4]
    shared = np.clip(np.minimum((size + wide) / 2 - apart, np.minimum(size, wide)), 0, None).prod(-1)
    iou = shared / (size.prod(-1) + wide.prod(-1) - shared)
    result[with_object] = iou.argmax(1)
    return torch.from_numpy(result)


@variant
def in_float64_with_an_epsilon(output, target):
    iou = overlaps(output.double(), target.double())
    said, true = rows_of(output, target).double(), beside(target).double()
    area = (said[..., 2:4] ** 2).prod(dim=-1) + true[..., 2:4].prod(dim=-1)
    shared = iou.nan_to_num(0.0) * area / (1 + iou.nan_to_num(0.0))
    return best_of(shared / (area - shared + 1e-9), target)


@variant
def by_twice_the_shared_area_over_the_sum(output, target):
    """The Dice coefficient puts boxes into the same order."""
    iou = overlaps(output, target)
    return best_of(2 * iou / (1 + iou), target)


@variant
def predictor_after_predictor(output, target):
    """Only what is better than all before it takes its place."""
    classes, grid = target.shape[-1] - 5, target.shape[1]
    there = target[..., 4] == 1
    best = torch.zeros(there.shape, dtype=output.dtype)
    number = torch.zeros(there.shape, dtype=torch.int64)
    for predictor, first in enumerate(range(0, output.shape[-1] - classes, 5)):
        x, y, root_w, root_h = output[..., first : first + 4].unbind(dim=-1)
        tx, ty, tw, th, _ = target[..., :5].unbind(dim=-1)
        w, h = root_w * root_w * grid, root_h * root_h * grid
        tw, th = tw * grid, th * grid
        wide = torch.min(x + w / 2, tx + tw / 2) - torch.max(x - w / 2, tx - tw / 2)
        high = torch.min(y + h / 2, ty + th / 2) - torch.max(y - h / 2, ty - th / 2)
        shared = torch.relu(wide) * torch.relu(high)
        iou = shared / (w * h + tw * th - shared)
        better = there & (iou > best)
        number[better], best[better] = predictor, iou[better]
    return number


@variant
def of_objects_by_indices(output, target):
    n, i, j = torch.where(target[..., 4] == 1)
    said, true, grid = rows_of(output, target)[n, i, j], target[n, i, j].unsqueeze(1), target.shape[2]
    iou = iou_of(said[..., 0:2] / grid, said[..., 2:4].pow(2), true[..., 0:2] / grid, true[..., 2:4])
    result = output.new_zeros(output.shape[:3], dtype=torch.long)
    result[n, i, j] = iou.max(dim=1).indices
    return result


@variant
def in_pixels(output, target):
    """Of an image of 448 × 448, in whose pixels some think."""
    said, true, grid = rows_of(output, target), beside(target), target.shape[1]
    score = iou_of(
        said[..., :2] * (448 / grid), said[..., 2:4] ** 2 * 448, true[..., :2] * (448 / grid), true[..., 2:4] * 448
    )
    return best_of(score.nan_to_num(0.0), target)
