"""Wrong and right answers to `yolo_loss`."""

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT
from .shared_cells import beside, best_of, iou_of, overlaps, rows_of


def iou_as_given(output, target):
    """Return the IoU (N, S, S, B) of each predictor with its cell's object, 0 where nothing is, and as a constant."""
    return overlaps(output.detach(), target).nan_to_num(0.0) * target[..., 4:5]


def marks(numbers, target, output):
    """Return which predictors (N, S, S, B) answer for an object, by their `numbers` (N, S, S)."""
    count = (output.shape[-1] - target.shape[-1] + 5) // 5
    return (numbers[..., None] == torch.arange(count)) & (target[..., 4:5] == 1)


def true_boxes(target):
    """Return x, y, √w, √h of what is true, (N, S, S, 1, 4)."""
    return torch.cat([target[..., :2], target[..., 2:4].sqrt()], dim=-1)[..., None, :]


def sums(output, target, mask=None, iou=None):
    """Return the four sums, those of boxes, of both kinds of confidences and of classes."""
    said = rows_of(output, target)
    iou = iou_as_given(output, target) if iou is None else iou
    mask = marks(iou.argmax(dim=-1), target, output) if mask is None else mask
    box = ((said[..., :4] - true_boxes(target)) ** 2)[mask].sum()
    confident = ((said[..., 4] - iou) ** 2)[mask].sum()
    nothing = (said[..., 4] ** 2)[~mask].sum()
    there, classes = target[..., 4] == 1, target.shape[-1] - 5
    kinds = ((output[..., -classes:] - target[..., 5:]) ** 2)[there].sum()
    return box, confident, nothing, kinds


def named(four, count, lambda_coord=5.0, lambda_noobj=0.5):
    """Return the five losses by their names, of four sums over `count`."""
    box, confident, nothing, kinds = (part / count for part in four)
    total = lambda_coord * box + confident + lambda_noobj * nothing + kinds
    return {"box": box, "object": confident, "no_object": nothing, "classes": kinds, "total": total}


# --- mistakes: the confidence -----------------------------------------------------------------------------------------


@mistake("You hold the confidence of a responsible predictor to 1. It should say how good its box is: the IoU.")
def confidence_should_be_one(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    confident = ((rows_of(output, target)[..., 4] - 1) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Gradients flow through your IoU: the box would be moved so that the confidence was right. The IoU is a constant here."
)
def gradient_through_the_iou(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    confident = ((rows_of(output, target)[..., 4] - overlaps(output, target)) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "The other predictors of a cell with an object cost you nothing. They do not answer for it: their confidence should be 0."
)
def neighbours_are_left_out(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, _, kinds = sums(output, target)
    nothing = (rows_of(output, target)[..., 4] ** 2)[target[..., 4] == 0].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Your `no_object` has *all* confidences in it. Those of responsible predictors are held to their IoU, and to nothing else."
)
def responsible_ones_are_in_no_object(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, _, kinds = sums(output, target)
    nothing = (rows_of(output, target)[..., 4] ** 2).sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your `no_object` has only cells *with* an object in it. Above all it is for those without one.")
def empty_cells_are_left_out(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, _, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    nothing = (rows_of(output, target)[..., 4] ** 2)[~mask & (target[..., 4:5] == 1)].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "In empty cells predictor 0 counts as responsible in your code. Nobody answers there: all confidences should be 0."
)
def predictor_zero_of_empty_cells_is_spared(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, _, kinds = sums(output, target)
    numbers = best_of(iou_as_given(output, target), target)
    chosen = numbers[..., None] == torch.arange(rows_of(output, target).shape[3])
    nothing = (rows_of(output, target)[..., 4] ** 2)[~chosen].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@form(predictor_zero_of_empty_cells_is_spared)
def predictor_zero_of_empty_cells_answers(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    numbers = best_of(iou_as_given(output, target), target)
    chosen = numbers[..., None] == torch.arange(rows_of(output, target).shape[3])
    return named(sums(output, target, mask=chosen), len(output), lambda_coord, lambda_noobj)


@mistake(
    "You hold the confidences of all predictors of a cell to their IoU. Only the responsible one's is; the others should say 0."
)
def all_confidences_of_a_cell_are_taught(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, _, kinds = sums(output, target)
    there, confidence = target[..., 4] == 1, rows_of(output, target)[..., 4]
    confident = ((confidence - iou_as_given(output, target)) ** 2)[there].sum()
    return named((box, confident, (confidence**2)[~there].sum(), kinds), len(output), lambda_coord, lambda_noobj)


@form(all_confidences_of_a_cell_are_taught)
def all_confidences_of_a_cell_are_taught_both(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, nothing, kinds = sums(output, target)
    there, confidence = target[..., 4] == 1, rows_of(output, target)[..., 4]
    confident = ((confidence - iou_as_given(output, target)) ** 2)[there].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "All confidences are held to the IoU, in empty cells to 0. They belong into two sums, since one of them counts half."
)
def all_confidences_in_one_sum(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    return named((box, confident + nothing, nothing * 0, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("`object` and `no_object` have changed places in your dict.")
def confidences_exchanged(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {**losses, "object": losses["no_object"], "no_object": losses["object"]}


@mistake("Your confidences go through a sigmoid. There is no activation: they are compared as the network says them.")
def confidences_through_a_sigmoid(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, _, kinds = sums(output, target)
    iou, confidence = iou_as_given(output, target), rows_of(output, target)[..., 4].sigmoid()
    mask = marks(iou.argmax(dim=-1), target, output)
    confident, nothing = ((confidence - iou) ** 2)[mask].sum(), (confidence**2)[~mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You hold the confidence of a responsible predictor to 0. It should say how good its box is: the IoU.")
def confidence_should_be_zero(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    confident = (rows_of(output, target)[..., 4] ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You cut confidences off at 0. A network may say less, and pays for that.")
def confidences_not_below_zero(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, _, kinds = sums(output, target)
    iou, confidence = iou_as_given(output, target), rows_of(output, target)[..., 4].clamp(min=0)
    mask = marks(iou.argmax(dim=-1), target, output)
    confident, nothing = ((confidence - iou) ** 2)[mask].sum(), (confidence**2)[~mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


# --- mistakes: who answers --------------------------------------------------------------------------------------------


@mistake("All predictors of a cell with an object pay for its box in your code. Only the responsible one does.")
def all_predictors_pay_for_the_box(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    squares = (rows_of(output, target)[..., :4] - true_boxes(target)) ** 2
    return named(
        (squares[target[..., 4] == 1].sum(), confident, nothing, kinds), len(output), lambda_coord, lambda_noobj
    )


@form(all_predictors_pay_for_the_box)
def all_predictors_answer(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    iou = iou_as_given(output, target)
    mask = (target[..., 4:5] == 1).expand_as(iou)
    return named(sums(output, target, mask=mask), len(output), lambda_coord, lambda_noobj)


@mistake("The first predictor answers for every object in your code. It is the one with the highest IoU.")
def the_first_answers_for_all(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    numbers = torch.zeros(target.shape[:3], dtype=torch.int64)
    return named(sums(output, target, mask=marks(numbers, target, output)), len(output), lambda_coord, lambda_noobj)


@mistake("The surest predictor answers in your code. It is the one with the highest IoU, however sure it is.")
def the_surest_answers_for_all(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    numbers = rows_of(output, target)[..., 4].argmax(dim=-1)
    return named(sums(output, target, mask=marks(numbers, target, output)), len(output), lambda_coord, lambda_noobj)


@mistake("The predictor with the *lowest* IoU answers in your code. It is the one with the highest.")
def the_worst_answers_for_all(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    numbers = iou_as_given(output, target).argmin(dim=-1)
    return named(sums(output, target, mask=marks(numbers, target, output)), len(output), lambda_coord, lambda_noobj)


@mistake("Of predictors with the same IoU the last one answers in your code. It is the one with the lowest number.")
def the_last_of_equals_answers_for_all(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    iou = iou_as_given(output, target)
    numbers = iou.shape[-1] - 1 - iou.flip(-1).argmax(dim=-1)
    return named(sums(output, target, mask=marks(numbers, target, output)), len(output), lambda_coord, lambda_noobj)


@mistake("All predictors with the highest IoU answer in your code. Of several only the first one does.")
def all_equals_answer(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    iou = iou_as_given(output, target)
    mask = (iou == iou.amax(dim=-1, keepdim=True)) & (target[..., 4:5] == 1)
    return named(sums(output, target, mask=mask), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Where no box touches the object, nobody answers in your code. An object always has somebody: then it is the first."
)
def nobody_answers_where_none_touches(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    iou = iou_as_given(output, target)
    mask = marks(iou.argmax(dim=-1), target, output) & (iou > 0)
    return named(sums(output, target, mask=mask), len(output), lambda_coord, lambda_noobj)


@mistake("Only boxes with an IoU of ½ and more answer in your code. The best one does, however good it is.")
def only_good_boxes_answer(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    iou = iou_as_given(output, target)
    mask = marks(iou.argmax(dim=-1), target, output) & (iou >= 0.5)
    return named(sums(output, target, mask=mask), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Your IoU compares x, y and sizes as if they had one unit. An offset of 1 is a cell, 1/S of the image; a size of 1 is the whole image."
)
def iou_mixes_cells_and_images(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, true = rows_of(output, target).detach(), beside(target)
    iou = iou_of(said[..., :2], said[..., 2:4] ** 2, true[..., :2], true[..., 2:4]).nan_to_num(0.0)
    return named(sums(output, target, iou=iou), len(output), lambda_coord, lambda_noobj)


@mistake("Your IoU takes what a predictor says for w and h. It says √w and √h: an IoU needs their squares.")
def iou_of_roots_and_sizes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, true, grid = rows_of(output, target).detach(), beside(target), target.shape[1]
    iou = iou_of(said[..., :2] / grid, said[..., 2:4], true[..., :2] / grid, true[..., 2:4]).nan_to_num(0.0)
    return named(sums(output, target, iou=iou), len(output), lambda_coord, lambda_noobj)


@form(iou_of_roots_and_sizes)
def iou_of_roots_on_both_sides(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, true, grid = rows_of(output, target).detach(), beside(target), target.shape[1]
    iou = iou_of(said[..., :2] / grid, said[..., 2:4], true[..., :2] / grid, true[..., 2:4].sqrt()).nan_to_num(0.0)
    return named(sums(output, target, iou=iou), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Your IoU takes what a predictor says for sizes, and x and y for shares of the image. Square the roots, and divide x and y by S."
)
def iou_of_roots_in_mixed_units(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, true = rows_of(output, target).detach(), beside(target)
    iou = iou_of(said[..., :2], said[..., 2:4], true[..., :2], true[..., 2:4]).nan_to_num(0.0)
    return named(sums(output, target, iou=iou), len(output), lambda_coord, lambda_noobj)


@mistake(
    "Your IoU adds a number to the union that is not tiny beside it, and comes out too low. Nothing needs to be added."
)
def iou_with_a_large_epsilon(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, true, grid = rows_of(output, target).detach(), beside(target), target.shape[1]
    area = (said[..., 2:4] ** 2).prod(dim=-1) + true[..., 2:4].prod(dim=-1)
    iou = iou_of(said[..., :2] / grid, said[..., 2:4] ** 2, true[..., :2] / grid, true[..., 2:4]).nan_to_num(0.0)
    shared = iou * area / (1 + iou)
    return named(sums(output, target, iou=shared / (area - shared + 0.01)), len(output), lambda_coord, lambda_noobj)


@mistake(
    "In empty cells your IoU is 0/0 for a box without an area, and NaN times 0 is NaN. Choose, rather than multiply by 0."
)
def nan_from_empty_cells(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, _, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    iou = overlaps(output.detach(), target)
    confident = ((rows_of(output, target)[..., 4] - iou) ** 2 * mask).sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


# --- mistakes: the box ------------------------------------------------------------------------------------------------


@mistake("You compare √w with w. The target holds sizes: take their roots first.")
def roots_against_sizes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    box = ((rows_of(output, target)[..., :4] - beside(target)[..., :4]) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "You compare w and h themselves, without roots. A network says √w and √h, and these are compared: small boxes matter as well."
)
def sizes_against_sizes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask, said = marks(iou_as_given(output, target).argmax(dim=-1), target, output), rows_of(output, target)
    mine = torch.cat([said[..., :2], said[..., 2:4] ** 2], dim=-1)
    box = ((mine - beside(target)[..., :4]) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "You take the root of what a network says for w and h. It says √w and √h already; only the target's sizes need a root."
)
def root_of_the_root(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask, said = marks(iou_as_given(output, target).argmax(dim=-1), target, output), rows_of(output, target)
    mine = torch.cat([said[..., :2], said[..., 2:4].sqrt()], dim=-1)
    box = ((mine - true_boxes(target)) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@form(root_of_the_root)
def root_of_the_root_with_its_sign(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask, said = marks(iou_as_given(output, target).argmax(dim=-1), target, output), rows_of(output, target)
    roots = said[..., 2:4].sign() * (said[..., 2:4].abs() + 1e-6).sqrt()
    box = ((torch.cat([said[..., :2], roots], dim=-1) - true_boxes(target)) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "A root below zero costs you as much as its opposite. The loss compares what was said, and −½ is further from ½ than ½ is."
)
def roots_without_a_sign(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask, said = marks(iou_as_given(output, target).argmax(dim=-1), target, output), rows_of(output, target)
    mine = torch.cat([said[..., :2], said[..., 2:4].abs()], dim=-1)
    box = ((mine - true_boxes(target)) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your `box` has x and y alone in it. √w and √h belong to it, too.")
def places_only(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    box = ((rows_of(output, target)[..., :2] - beside(target)[..., :2]) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your `box` has √w and √h alone in it. x and y belong to it, too.")
def sizes_only(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    box = ((rows_of(output, target)[..., 2:4] - true_boxes(target)[..., 2:4]) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake(
    "You divide x and y by S before you compare them. For the IoU that is right; the loss takes them as they are, in cells."
)
def places_as_shares_of_the_image(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    unit = torch.tensor([target.shape[1], target.shape[1], 1, 1], dtype=output.dtype)
    box = (((rows_of(output, target)[..., :4] - true_boxes(target)) / unit) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your boxes pay absolute differences. All parts of this loss are squares.")
def absolute_differences_of_boxes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    box = (rows_of(output, target)[..., :4] - true_boxes(target)).abs()[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your boxes pay a smooth L1. All parts of this loss are squares.")
def smooth_differences_of_boxes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    said = rows_of(output, target)[..., :4]
    box = F.smooth_l1_loss(said[mask], true_boxes(target).expand_as(said)[mask], reduction="sum")
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your x and y go through a sigmoid. There is no activation: they are compared as the network says them.")
def places_through_a_sigmoid(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask, said = marks(iou_as_given(output, target).argmax(dim=-1), target, output), rows_of(output, target)
    mine = torch.cat([said[..., :2].sigmoid(), said[..., 2:4]], dim=-1)
    box = ((mine - true_boxes(target)) ** 2)[mask].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Empty cells pay for boxes in your code. There is none to be found: only responsible predictors do.")
def empty_cells_pay_for_boxes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    numbers = best_of(iou_as_given(output, target), target)
    chosen = numbers[..., None] == torch.arange(rows_of(output, target).shape[3])
    box = ((rows_of(output, target)[..., :4] - true_boxes(target)) ** 2)[chosen].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


# --- mistakes: the classes --------------------------------------------------------------------------------------------


@mistake("Empty cells pay for their class scores in your code. Only cells with an object have a class.")
def empty_cells_pay_for_classes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    kinds = ((output[..., 5 - target.shape[-1] :] - target[..., 5:]) ** 2).sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your classes pay a cross-entropy. YOLO's first loss has squares alone, of the class scores too.")
def classes_by_cross_entropy(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    there = target[..., 4] == 1
    kinds = F.cross_entropy(output[there][:, 5 - target.shape[-1] :], target[there][:, 5:].argmax(1), reduction="sum")
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@form(classes_by_cross_entropy)
def classes_by_binary_cross_entropies(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    there, scores = target[..., 4] == 1, output[..., 5 - target.shape[-1] :]
    kinds = F.binary_cross_entropy_with_logits(scores[there], target[there][:, 5:], reduction="sum")
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("Your class scores go through a softmax. There is no activation: they are compared as the network says them.")
def classes_through_a_softmax(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    there, scores = target[..., 4] == 1, output[..., 5 - target.shape[-1] :].softmax(dim=-1)
    kinds = ((scores - target[..., 5:]) ** 2)[there].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You take only the score of the true class. The others are compared with 0, and cost something as well.")
def true_class_only(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    kinds = ((output[..., 5 - target.shape[-1] :] - 1) ** 2 * target[..., 5:]).sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You count the classes once for each predictor. A cell has one set of class scores, and pays for it once.")
def classes_once_a_predictor(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    kinds = kinds * rows_of(output, target).shape[3]
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You average over the classes of a cell. Their squares are added up.")
def classes_averaged(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    return named((box, confident, nothing, kinds / (target.shape[-1] - 5)), len(output), lambda_coord, lambda_noobj)


# --- mistakes: by what it is divided ----------------------------------------------------------------------------------


@mistake("Your sums are not divided by anything. Each is divided by N, the number of images.")
def divided_by_nothing(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), 1, lambda_coord, lambda_noobj)


@mistake("You divide by the number of cells. It is the number of images, N, by which the sums are divided.")
def divided_by_the_cells(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), target[..., 0].numel(), lambda_coord, lambda_noobj)


@mistake("You divide by the number of objects. It is the number of images, N, by which the sums are divided.")
def divided_by_the_objects(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), target[..., 4].sum().clamp(min=1), lambda_coord, lambda_noobj)


@form(divided_by_the_objects)
def divided_by_the_objects_without_a_look(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), target[..., 4].sum(), lambda_coord, lambda_noobj)


@mistake("You take the mean of each part. All are sums of squares, divided by the number of images.")
def means_of_all_parts(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    said, there, classes = rows_of(output, target), target[..., 4] == 1, target.shape[-1] - 5
    iou = iou_as_given(output, target)
    mask = marks(iou.argmax(dim=-1), target, output)
    box = F.mse_loss(said[..., :4][mask], true_boxes(target).expand_as(said[..., :4])[mask])
    confident = F.mse_loss(said[..., 4][mask], iou[mask])
    nothing = (said[..., 4][~mask] ** 2).mean()
    kinds = F.mse_loss(output[there][:, -classes:], target[there][:, 5:])
    return named((box, confident, nothing, kinds), 1, lambda_coord, lambda_noobj)


@form(means_of_all_parts)
def means_of_all_parts_that_are_not_empty(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    objects = target[..., 4].sum()
    others = rows_of(output, target)[..., 4].numel() - objects
    many = objects.clamp(min=1)
    four = box / (4 * many), confident / many, nothing / others.clamp(min=1), kinds / (many * (target.shape[-1] - 5))
    return named(four, 1, lambda_coord, lambda_noobj)


@mistake("Your sums are divided by N twice.")
def divided_twice(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output) ** 2, lambda_coord, lambda_noobj)


@mistake("You halve all squares. Here they are taken as they are, without a ½.")
def half_of_all_squares(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), 2 * len(output), lambda_coord, lambda_noobj)


@mistake("Only `total` is divided by N in your code. Every part is.")
def only_the_total_is_divided(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), 1, lambda_coord, lambda_noobj)
    return {**losses, "total": losses["total"] / len(output)}


# --- mistakes: the weights --------------------------------------------------------------------------------------------


@mistake("You exchange the two weights. `lambda_coord` is that of the boxes, `lambda_noobj` that of `no_object`.")
def yolo_weights_exchanged(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output), lambda_noobj, lambda_coord)


@mistake("Your `total` is the plain sum of the parts. `box` and `no_object` are weighed in it.")
def total_without_weights(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output), 1.0, 1.0)


@mistake("Your weights are always 5 and ½. They come with the call, and these are what they are where nothing is said.")
def weights_of_the_paper(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output))


@mistake(
    "`box` and `no_object` hold their weights already in your dict. The parts come without them; only `total` has them."
)
def parts_are_weighed(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    return named((lambda_coord * box, confident, lambda_noobj * nothing, kinds), len(output), 1.0, 1.0)


@form(parts_are_weighed)
def parts_are_weighed_and_once_more_in_the_total(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    four = lambda_coord * box, confident, lambda_noobj * nothing, kinds
    return named(four, len(output), lambda_coord, lambda_noobj)


@mistake("In your `total` more parts have a weight than `box` and `no_object`. The others count once.")
def objects_weigh_as_boxes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {**losses, "total": losses["total"] + (lambda_coord - 1) * losses["object"]}


@form(objects_weigh_as_boxes)
def objects_weigh_as_empty_cells(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {**losses, "total": losses["total"] + (lambda_noobj - 1) * losses["object"]}


@form(objects_weigh_as_boxes)
def classes_weigh_as_boxes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {**losses, "total": losses["total"] + (lambda_coord - 1) * losses["classes"]}


@mistake("Your `total` leaves the classes out.")
def total_without_classes(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {**losses, "total": losses["total"] - losses["classes"]}


@mistake("In your `total` the root of `lambda_coord` or its square stands. It is taken once, times `box`.")
def weight_is_squared(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output), lambda_coord**2, lambda_noobj**2)


# --- mistakes: no objects, where the numbers stand --------------------------------------------------------------------


@mistake(
    "Without an object you return 0 for everything. Confidences still have to be 0, and cost something where they are not."
)
def nothing_without_objects(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    if not (target[..., 4] == 1).any():
        zero = output.sum() * 0
        return dict.fromkeys(("box", "object", "no_object", "classes", "total"), zero)
    return named(sums(output, target), len(output), lambda_coord, lambda_noobj)


@mistake("Without an object your function fails. What objects cost is 0 then.")
def fails_without_objects(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    _, confident, nothing, kinds = sums(output, target)
    mask = marks(iou_as_given(output, target).argmax(dim=-1), target, output)
    squares = (rows_of(output, target)[..., :4] - true_boxes(target)) ** 2
    box = torch.stack([row.sum() for row in squares[mask]]).sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You always read two predictors. B may be 1, or 3: it follows from the last dimension and from K.")
def two_predictors_are_read(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    classes = target.shape[-1] - 5
    read = torch.cat([output[..., :10], output[..., -classes:]], dim=-1)
    return named(sums(read, target), len(output), lambda_coord, lambda_noobj)


@mistake("You find B by dividing the whole row by five. From five classes on that is too many: take K off first.")
def classes_are_read_as_predictors(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    many, classes = output.shape[-1] // 5, target.shape[-1] - 5
    read = torch.cat([output[..., : 5 * many], output[..., -classes:]], dim=-1)
    return named(sums(read, target), len(output), lambda_coord, lambda_noobj)


@mistake("You read the K numbers after the first predictor as classes. They come last, after all B of them.")
def classes_after_the_first_predictor(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, _ = sums(output, target)
    there, classes = target[..., 4] == 1, target.shape[-1] - 5
    read = output.roll(-5, dims=-1)[..., :classes]
    kinds = ((read - target[..., 5:]) ** 2)[there].sum()
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You cut a row into (5, B): first all x, then all y. Each predictor has its five numbers side by side.")
def numbers_are_read_by_kind(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    classes = target.shape[-1] - 5
    said = output[..., :-classes].reshape(*output.shape[:3], 5, -1).transpose(-1, -2)
    read = torch.cat([said.flatten(3), output[..., -classes:]], dim=-1)
    return named(sums(read, target), len(output), lambda_coord, lambda_noobj)


@mistake("You look for the classes before the boxes. First come B times five numbers, and the K class scores last.")
def classes_are_read_first(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    classes = target.shape[-1] - 5
    read = torch.cat([output[..., classes:], output[..., :classes]], dim=-1)
    return named(sums(read, target), len(output), lambda_coord, lambda_noobj)


# --- mistakes: what is returned, gradients ----------------------------------------------------------------------------


@mistake("You return the total alone. Asked is a dict of five: box, object, no_object, classes, total.")
def yolo_total_alone(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output), lambda_coord, lambda_noobj)["total"]


@mistake("You return five numbers in a row. Asked is a dict of them: box, object, no_object, classes, total.")
def five_in_a_row(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return tuple(named(sums(output, target), len(output), lambda_coord, lambda_noobj).values())


@mistake("Your dict has no `total`. It is the weighed sum of the four parts, and what is trained by.")
def no_total(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return {name: losses[name] for name in ("box", "object", "no_object", "classes")}


@mistake("Your dict has other names in it. They are box, object, no_object, classes and total.")
def other_names(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    return dict(zip(("coord", "obj", "noobj", "class", "loss"), losses.values(), strict=True))


@mistake("Your losses are one for each image. Asked are numbers over the batch.")
def yolo_losses_of_each_image(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    each = [sums(output[n : n + 1], target[n : n + 1]) for n in range(len(output))]
    return named([torch.stack(part) for part in zip(*each, strict=True)], 1, lambda_coord, lambda_noobj)


@mistake("Your losses are float32 whatever comes in. They have the dtype of the output.")
def all_in_float32(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output.float(), target.float()), len(output), lambda_coord, lambda_noobj)


@mistake(NO_GRADIENT)
def all_without_a_gradient(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output.detach(), target), len(output), lambda_coord, lambda_noobj)


@mistake("No gradient of the boxes reaches the output: they would never be learnt. Only the IoU is a constant.")
def yolo_boxes_without_a_gradient(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    return named((box.detach(), confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("No gradient of `object` reaches the output. Only the IoU is a constant; the confidence learns from it.")
def confidences_without_a_gradient(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    box, confident, nothing, kinds = sums(output, target)
    return named((box, confident.detach(), nothing, kinds), len(output), lambda_coord, lambda_noobj)


@mistake("You write squares into the output. Whoever called still needs what the network said.")
def squares_are_written_into_the_output(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    rows = output.detach()
    for first in range(2, output.shape[-1] - target.shape[-1] + 5, 5):
        rows[..., first : first + 2] = rows[..., first : first + 2] ** 2
    return losses


@mistake("You write roots into the target. It is needed as it is in the next epoch, when they would be taken again.")
def roots_are_written_into_the_target(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output, target), len(output), lambda_coord, lambda_noobj)
    target[..., 2:4] = target[..., 2:4].sqrt()
    return losses


@mistake(
    "`.view` does not flatten what is not contiguous, as a network's maps are with channels last: `.reshape` does."
)
def flattened_by_view(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    read = output.view(-1, output.shape[-1]).reshape(output.shape)
    return named(sums(read, target), len(output), lambda_coord, lambda_noobj)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def loss_by_masks(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    return named(sums(output, target), len(output), lambda_coord, lambda_noobj)


@variant
def loss_cell_by_cell(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    count, grid, _, depth = output.shape
    classes = target.shape[-1] - 5
    box, confident, nothing, kinds = (output.sum() * 0 for _ in range(4))
    for n in range(count):
        for i in range(grid):
            for j in range(grid):
                row, true = output[n, i, j], target[n, i, j]
                said = [row[5 * b : 5 * b + 5] for b in range((depth - classes) // 5)]
                best, highest = None, -1.0
                if true[4]:
                    x, y, w, h = true[:4].tolist()
                    for b, five in enumerate(said):
                        px, py, rw, rh, _ = five.tolist()
                        pw, ph = rw**2, rh**2
                        wide = min(px / grid + pw / 2, x / grid + w / 2) - max(px / grid - pw / 2, x / grid - w / 2)
                        high = min(py / grid + ph / 2, y / grid + h / 2) - max(py / grid - ph / 2, y / grid - h / 2)
                        shared = max(wide, 0) * max(high, 0)
                        iou = shared / (pw * ph + w * h - shared)
                        if iou > highest:
                            best, highest = b, iou
                    kinds = kinds + ((row[-classes:] - true[5:]) ** 2).sum()
                for b, five in enumerate(said):
                    if b == best:
                        box = box + (five[0] - true[0]) ** 2 + (five[1] - true[1]) ** 2
                        box = box + (five[2] - true[2] ** 0.5) ** 2 + (five[3] - true[3] ** 0.5) ** 2
                        confident = confident + (five[4] - highest) ** 2
                    else:
                        nothing = nothing + five[4] ** 2
    box, confident, nothing, kinds = box / count, confident / count, nothing / count, kinds / count
    total = lambda_coord * box + confident + lambda_noobj * nothing + kinds
    return {"box": box, "object": confident, "no_object": nothing, "classes": kinds, "total": total}


@variant
def loss_by_weights_of_zero(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    """Everything is computed, and what does not count is multiplied by 0."""
    said, there = rows_of(output, target), target[..., 4:5]
    iou = iou_as_given(output, target)
    answers = F.one_hot(iou.argmax(dim=-1), iou.shape[-1]).to(output.dtype) * there
    four = (
        ((said[..., :4] - true_boxes(target)) ** 2 * answers[..., None]).sum(),
        ((said[..., 4] - iou) ** 2 * answers).sum(),
        (said[..., 4] ** 2 * (1 - answers)).sum(),
        ((output[..., -(target.shape[-1] - 5) :] - target[..., 5:]) ** 2 * there).sum(),
    )
    return named(four, output.shape[0], lambda_coord, lambda_noobj)


@variant
def loss_by_mse_of_sums(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    count, classes = len(output), target.shape[-1] - 5
    there = target[..., 4] > 0
    said, true = rows_of(output, target)[there], target[there]
    iou = overlaps(output.detach(), target)[there]
    rows, best = torch.arange(len(true)), iou.argmax(dim=1)
    own = said[rows, best]
    box = F.mse_loss(own[:, :2], true[:, :2], reduction="sum")
    box = box + F.mse_loss(own[:, 2:4], true[:, 2:4].sqrt(), reduction="sum")
    confident = F.mse_loss(own[:, 4], iou[rows, best], reduction="sum")
    everything = rows_of(output, target)[..., 4].square().sum()
    nothing = everything - own[:, 4].square().sum()
    kinds = F.mse_loss(output[there][:, -classes:], true[:, 5:], reduction="sum")
    return named((box, confident, nothing, kinds), count, lambda_coord, lambda_noobj)


@variant
def yolo_loss_in_float64(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    losses = named(sums(output.double(), target.double()), len(output), lambda_coord, lambda_noobj)
    return {name: loss.to(output.dtype) for name, loss in losses.items()}


@variant
def loss_with_targets_in_numpy(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    """Who answers, and how good the box is, is worked out without torch."""
    said, true = rows_of(output, target).detach().numpy(), target.detach().numpy()
    grid, there = true.shape[1], true[..., 4] == 1
    mine, wanted = said[there], true[there][:, None]
    apart = np.abs(mine[..., :2] - wanted[..., :2]) / grid
    size, wide = mine[..., 2:4] ** 2, wanted[..., 2:4]
    shared = np.clip(np.minimum((size + wide) / 2 - apart, np.minimum(size, wide)), 0, None).prod(-1)
    iou = np.zeros(said.shape[:-1], dtype=said.dtype)
    iou[there] = shared / (size.prod(-1) + wide.prod(-1) - shared)
    return named(sums(output, target, iou=torch.from_numpy(iou)), len(output), lambda_coord, lambda_noobj)


@variant
def loss_with_an_epsilon(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    """A millionth in the union is not seen; nor is a Python number where no object costs anything."""
    there, grid = target[..., 4] == 1, target.shape[1]
    said, true = rows_of(output, target), beside(target)
    with torch.no_grad():
        first, true_first = said[..., :2] / grid - said[..., 2:4] ** 2 / 2, true[..., :2] / grid - true[..., 2:4] / 2
        last, true_last = first + said[..., 2:4] ** 2, true_first + true[..., 2:4]
        shared = (torch.min(last, true_last) - torch.max(first, true_first)).clamp(0).prod(-1)
        iou = shared / ((last - first).prod(-1) + (true_last - true_first).prod(-1) - shared + 1e-6)
    _, confident, nothing, kinds = sums(output, target, iou=iou)
    box = sums(output, target, iou=iou)[0] if there.any() else 0.0
    return named((box, confident, nothing, kinds), len(output), lambda_coord, lambda_noobj)


@variant
def loss_in_pixels_of_an_image(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    """The IoU of boxes in an image of 448 × 448, cell after cell at its place."""
    said, true, grid = rows_of(output, target).detach(), beside(target), target.shape[1]
    row, column = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    cell = torch.stack([column, row], dim=-1)[None, :, :, None]
    centre, true_centre = (cell + said[..., :2]) * 448 / grid, (cell + true[..., :2]) * 448 / grid
    iou = iou_of(centre, said[..., 2:4] ** 2 * 448, true_centre, true[..., 2:4] * 448)
    best = torch.where(target[..., 4] == 1, iou.argmax(dim=-1), 0)
    mask = marks(best, target, output)
    return named(sums(output, target, mask=mask, iou=iou), len(output), lambda_coord, lambda_noobj)


@variant
def loss_by_gather(output, target, lambda_coord=5.0, lambda_noobj=0.5):
    count, classes = output.size(0), target.size(-1) - 5
    said, there = rows_of(output, target), target[..., 4].to(output.dtype)
    iou = iou_as_given(output, target)
    highest, best = iou.max(dim=-1)
    own = said.gather(3, best[..., None, None].expand(-1, -1, -1, 1, 5)).squeeze(3)
    roots = target[..., 2:4] ** 0.5
    places = (own[..., :2] - target[..., :2]).pow(2).sum(-1) + (own[..., 2:4] - roots).pow(2).sum(-1)
    box = torch.einsum("nij,nij->", places, there) / count
    confident = torch.einsum("nij,nij->", (own[..., 4] - highest).pow(2), there) / count
    nothing = (said[..., 4].pow(2).sum() - torch.einsum("nij,nij->", own[..., 4].pow(2), there)) / count
    kinds = ((output[..., -classes:] - target[..., 5:]).pow(2).sum(-1) * there).sum() / count
    total = box * lambda_coord + confident + nothing * lambda_noobj + kinds
    return {"total": total, "classes": kinds, "no_object": nothing, "object": confident, "box": box}
