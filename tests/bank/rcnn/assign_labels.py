"""Wrong and right answers to `assign_labels`."""

import numpy as np
import torch
import torchvision

from autograde.building.bank import form, mistake, variant

from .shared import overlaps


def nearest(iou):
    """Return the best overlap (P,) of `iou` (P, G), 0 without objects, and its object, the lowest index of equal ones."""
    if iou.shape[1] == 0:
        return iou.new_zeros(len(iou)), torch.full((len(iou),), -1)
    best = iou.amax(dim=1)
    return best, (iou == best[:, None]).int().argmax(dim=1)


def own(labels, which):
    """Return the label of the object at each index; of −1 it is of no importance."""
    return labels[which] if len(labels) else which


def rule(iou, labels, foreground, background):
    """Return the right result for an overlap (P, G) of any kind."""
    best, which = nearest(iou)
    in_range = (background[0] <= best) & (best < background[1])
    return decided(best >= foreground, in_range, which, labels)


def decided(on_object, in_range, which, labels):
    """Return the result for proposals of which it is known what they are."""
    assigned = torch.where(on_object, own(labels, which), torch.where(in_range, 0, -1))
    return assigned, torch.where(on_object, which, -1)


def asked(proposals, boxes, foreground, background):
    """Return what the questions of the rule answer: best, which, on an object, in the range of the background."""
    best, which = nearest(overlaps(proposals, boxes))
    return best, which, best >= foreground, (background[0] <= best) & (best < background[1])


def areas(boxes):
    """Return the areas (N,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def shared_area(a, b):
    """Return the area (N, M) that boxes share."""
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    return (high - low).clamp(min=0).prod(dim=-1)


# --- mistakes: labels and indices -------------------------------------------------------------------------------------


@mistake("You return the index of the object as the label. Its label stands at that index in `labels`.")
def index_as_label(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, torch.arange(len(labels)))


@form(index_as_label)
def index_plus_one_as_label(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, torch.arange(len(labels)) + 1)


@mistake("You return the label of the object as its index. `matched` says where in `boxes` it stands.")
def label_as_index(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned, torch.where(matched >= 0, assigned, -1)


@mistake("You change the labels by 1. They are those of classes already, from 1 up, and 0 is the background.")
def labels_plus_one(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels + 1, foreground, background)


@form(labels_plus_one)
def labels_minus_one(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels - 1, foreground, background)


@mistake("Every foreground proposal has label 1 in your function. It has the label of the object that it is on.")
def foreground_is_one(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), torch.ones_like(labels), foreground, background)


@mistake("Your `matched` names an object for background too. Only foreground is on one; all others have −1.")
def matched_on_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, labels)[0], torch.where(on_object | in_range, which, -1)


@form(matched_on_background)
def matched_everywhere(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, labels)[0], which


@form(matched_on_background)
def matched_everywhere_without_a_look_at_no_boxes(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which = overlaps(proposals, boxes).max(dim=1)
    result = torch.full((len(proposals),), -1)
    result[(best >= background[0]) & (best < background[1])] = 0
    result[best >= foreground] = labels[which[best >= foreground]]
    return result, which


@form(matched_on_background)
def matched_wherever_touched(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, labels)[0], torch.where(best > 0, which, -1)


@form(matched_on_background)
def background_matched_to_zero(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, labels)[0], torch.where(on_object, which, torch.where(in_range, 0, -1))


@form(matched_on_background)
def all_others_matched_to_zero(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned, matched.clamp(min=0)


@mistake("Your `matched` names an object for what is left out. Only foreground is on one; all others have −1.")
def matched_where_left_out(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, which, labels)[0], torch.where(in_range & ~on_object, -1, which)


@mistake(
    "Your `matched` is −2 where −1 is asked, as torchvision's matcher tells the kinds apart. All but foreground are −1."
)
def matched_with_two_kinds(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    kinds = torch.where(in_range, -1, -2)
    return decided(on_object, in_range, which, labels)[0], torch.where(on_object, which, kinds)


@mistake("Background and what is left out are exchanged: background has label 0, and −1 means no training.")
def background_and_left_out_exchanged(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, ~in_range, which, labels)


@mistake("Background has label −1 in your function, like what is left out. It is a class of its own: 0.")
def background_is_minus_one(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range & False, which, labels)


@mistake("Your labels are floats. A class is a whole number: int64.")
def labels_in_floats(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned.float(), matched


@form(labels_in_floats)
def both_in_floats(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned.to(proposals.dtype), matched.to(proposals.dtype)


@mistake(
    "Of no proposals your result is float32: an empty list becomes that. Labels and indices are int64, even of nothing."
)
def floats_of_no_proposals(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    both = rule(overlaps(proposals, boxes), labels, foreground, background)
    return tuple(torch.tensor(x.tolist()) for x in both)


@mistake("You leave out what is not trained, so that the results are shorter. Each proposal has an entry.")
def only_what_is_trained(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned[assigned >= 0], matched[assigned >= 0]


@form(only_what_is_trained)
def only_what_is_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned[matched >= 0], matched[matched >= 0]


# --- mistakes: the ranges ---------------------------------------------------------------------------------------------


@mistake("You ask for more than `foreground`. At least that much is enough: an IoU of exactly that is foreground.")
def more_than_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, _, in_range = asked(proposals, boxes, foreground, background)
    return decided(best > foreground, in_range, which, labels)


@form(more_than_foreground)
def background_up_to_and_with_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, _, _ = asked(proposals, boxes, foreground, background)
    in_range = (background[0] <= best) & (best <= background[1])
    return decided(best > foreground, in_range, which, labels)


@mistake("The lower end of `background` belongs to it: low ≤ u. In your function it is left out.")
def without_the_lower_end(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, (background[0] < best) & (best < background[1]), which, labels)


@form(without_the_lower_end)
def the_other_end_belongs(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, (background[0] < best) & (best <= background[1]), which, labels)


@mistake("The upper end of `background` does not belong to it: u < high. In your function it is background.")
def with_the_upper_end(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, (background[0] <= best) & (best <= background[1]), which, labels)


@mistake("Where the ranges overlap background wins in your function. Foreground is asked first.")
def background_wins(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object & ~in_range, in_range, which, labels)


@form(background_wins)
def background_wins_but_keeps_its_object(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object & ~in_range, in_range, which, labels)[0], torch.where(on_object, which, -1)


@mistake("What is in both ranges is left out in your function. Foreground wins where they overlap.")
def neither_where_both(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object & ~in_range, in_range & ~on_object, which, labels)


@mistake("Everything that is no foreground is background in your function. Outside of `background` it is left out: −1.")
def no_gap(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, torch.ones_like(on_object), which, labels)


@form(no_gap)
def no_gap_by_where(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which = overlaps(proposals, boxes).max(dim=1)
    return torch.where(best >= foreground, labels[which], 0), torch.where(best >= foreground, which, -1)


@mistake("You ignore the lower end of `background`. What overlaps less than that is left out: −1.")
def no_lower_end(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, best < background[1], which, labels)


@form(no_lower_end)
def no_lower_end_by_max(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which = overlaps(proposals, boxes).max(dim=1)
    return decided(best >= foreground, best < background[1], which, labels)


@mistake("You ignore the upper end of `background`. What lies between it and `foreground` is left out: −1.")
def no_upper_end(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, _ = asked(proposals, boxes, foreground, background)
    return decided(on_object, best >= background[0], which, labels)


@mistake("You always ask for 0.5. That is only the default of `foreground`; the caller may ask for more or less.")
def always_half_for_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels, 0.5, background)


@mistake("Your background always goes from 0 to 0.5. That is only the default of `background`.")
def always_the_same_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels, foreground, (0.0, 0.5))


@mistake("You use neither `foreground` nor `background`, only their defaults. The caller may ask for others.")
def always_the_defaults(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels, 0.5, (0.0, 0.5))


@mistake(
    "From the upper end of `background` on all is foreground in your function. `foreground` says where that begins."
)
def foreground_from_the_upper_end(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals, boxes), labels, background[1], background)


# --- mistakes: who looks for whom -------------------------------------------------------------------------------------


@mistake(
    "The objects choose in your function: each takes the proposal that overlaps it most. Each *proposal* looks for its best object."
)
def objects_choose(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    _, which, _, in_range = asked(proposals, boxes, foreground, background)
    chosen = torch.full((len(proposals),), -1)
    if len(proposals):
        for target in range(len(boxes)):
            first = iou[:, target].argmax()
            if iou[first, target] >= foreground:
                chosen[first] = target
    return decided(chosen >= 0, in_range, chosen, labels)


@form(objects_choose)
def objects_choose_and_the_rest_is_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    best, _ = nearest(iou)
    chosen = torch.full((len(proposals),), -1)
    if len(proposals):
        for target in range(len(boxes)):
            first = iou[:, target].argmax()
            if iou[first, target] >= foreground:
                chosen[first] = target
    return decided(chosen >= 0, (background[0] <= best) & (best < max(background[1], 1.1)), chosen, labels)


@mistake("An object can be used once in your function. Several proposals may be on one object: each gets its label.")
def objects_used_once(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    taken, alone = set(), on_object.clone()
    for proposal in range(len(proposals)):
        if on_object[proposal]:
            alone[proposal] = int(which[proposal]) not in taken
            taken.add(int(which[proposal]))
    return decided(alone, in_range, which, labels)


@form(objects_used_once)
def objects_used_once_by_the_best(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    taken, alone = set(), on_object & False
    for proposal in best.argsort(descending=True, stable=True).tolist():
        if on_object[proposal] and int(which[proposal]) not in taken:
            alone[proposal] = True
            taken.add(int(which[proposal]))
    return decided(alone, in_range, which, labels)


@form(objects_used_once)
def later_ones_become_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    taken, alone = set(), on_object.clone()
    for proposal in range(len(proposals)):
        if on_object[proposal]:
            alone[proposal] = int(which[proposal]) not in taken
            taken.add(int(which[proposal]))
    return decided(alone, in_range | on_object, which, labels)


@form(objects_used_once)
def duplicates_become_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    taken, alone = set(), on_object & False
    for proposal in best.argsort(descending=True, stable=True).tolist():
        if on_object[proposal] and int(which[proposal]) not in taken:
            alone[proposal] = True
            taken.add(int(which[proposal]))
    return decided(alone, in_range | on_object, which, labels)


@mistake(
    "Each object makes its best proposal foreground, however little it overlaps, as anchors are matched later. Here at least `foreground` is asked."
)
def best_of_each_object_is_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    if iou.numel():
        on_object, which = on_object.clone(), which.clone()
        on_object[iou.argmax(dim=0)] = True
    return decided(on_object, in_range, which, labels)


@form(best_of_each_object_is_foreground)
def best_of_each_touched_object_is_foreground(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    if iou.numel():
        on_object, which = on_object.clone(), which.clone()
        for target, first in enumerate(iou.argmax(dim=0).tolist()):
            if iou[first, target] > 0:
                on_object[first], which[first] = True, target
    return decided(on_object, in_range, which, labels)


@mistake("Of equal overlaps the higher index counts in your function. It is the lower one.")
def higher_index_of_equal_ones(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    _, _, on_object, in_range = asked(proposals, boxes, foreground, background)
    which = iou.shape[1] - 1 - nearest(iou.flip(1))[1] if iou.shape[1] else torch.full((len(iou),), -1)
    return decided(on_object, in_range, which, labels)


@mistake("The first object that is good enough counts in your function. It is the one with the *highest* IoU.")
def first_object_good_enough(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    enough = overlaps(proposals, boxes) >= foreground
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    return decided(on_object, in_range, enough.int().argmax(dim=1) if len(boxes) else which, labels)


@mistake(
    "The last object that is good enough overwrites the others in your function. The one with the *highest* IoU counts."
)
def last_object_good_enough(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    _, which, on_object, in_range = asked(proposals, boxes, foreground, background)
    which = which.clone()
    for target in range(len(boxes)):
        which[iou[:, target] >= foreground] = target
    return decided(on_object, in_range, which, labels)


@mistake(
    "You compare the first proposal with the first object, and so on. Each proposal is compared with *all* objects."
)
def in_pairs(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes)
    kept = torch.zeros_like(iou)
    kept.fill_diagonal_(1)
    return rule(iou * kept, labels, foreground, background)


# --- mistakes: nothing there ------------------------------------------------------------------------------------------


@mistake(
    "Your code raises where there are no objects: among none there is no best one. The IoU of each proposal is 0 then."
)
def best_of_no_objects(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    best, which = overlaps(proposals, boxes).max(dim=1)
    return decided(best >= foreground, (background[0] <= best) & (best < background[1]), which, labels)


@mistake(
    "Without objects all is background in your function. The IoU is 0 then, and `background` may begin above that."
)
def no_objects_is_background(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    if not len(boxes):
        return torch.zeros(len(proposals), dtype=torch.int64), torch.full((len(proposals),), -1)
    return rule(overlaps(proposals, boxes), labels, foreground, background)


@mistake(
    "Without objects all is left out in your function. The IoU is 0 then, and where `background` begins at 0 that is in it."
)
def no_objects_is_left_out(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    if not len(boxes):
        return torch.full((len(proposals),), -1), torch.full((len(proposals),), -1)
    return rule(overlaps(proposals, boxes), labels, foreground, background)


@mistake("Without objects your `matched` is 0. There is none at index 0: −1.")
def no_object_at_index_zero(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    assigned, matched = rule(overlaps(proposals, boxes), labels, foreground, background)
    return assigned, matched if len(boxes) else torch.zeros_like(matched)


# --- mistakes: the overlap --------------------------------------------------------------------------------------------


@mistake(
    "You divide the shared area by the object's alone: a proposal as large as the image would be on all. IoU divides by the union."
)
def share_of_the_object(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(shared_area(proposals, boxes) / areas(boxes), labels, foreground, background)


@mistake(
    "You divide the shared area by the proposal's alone: a proposal of one pixel would be on an object. IoU divides by the union."
)
def share_of_the_proposal(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(shared_area(proposals, boxes) / areas(proposals)[:, None], labels, foreground, background)


@mistake("You count the shared area twice in the union: subtract it once from the sum of both areas.")
def shared_area_twice(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    both = areas(proposals)[:, None] + areas(boxes)
    return rule(shared_area(proposals, boxes) / both, labels, foreground, background)


@mistake("You add 1 to the sides of the boxes. x2 − x1 is the width, and the IoU comes out too large.")
def assigned_with_one_more(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    more = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=boxes.dtype)
    return rule(overlaps(proposals + more, boxes + more), labels, foreground, background)


@mistake("Your shared sides may be negative, and two negative ones make an area: objects far away seem to overlap.")
def assigned_without_clamping(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    low = torch.maximum(proposals[:, None, :2], boxes[:, :2])
    both = (torch.minimum(proposals[:, None, 2:], boxes[:, 2:]) - low).prod(dim=-1)
    return rule(both / (areas(proposals)[:, None] + areas(boxes) - both), labels, foreground, background)


@mistake("You compute the overlaps as float32. In float64 two of them may differ by less than that can see.")
def assigned_as_float32(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return rule(overlaps(proposals.float(), boxes.float()), labels, foreground, background)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def written_over(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    count = proposals.shape[0]
    result, matched = torch.full((count,), -1), torch.full((count,), -1)
    best, which = torch.zeros(count), torch.zeros(count, dtype=torch.long)
    if boxes.shape[0] > 0:
        best, which = torchvision.ops.box_iou(proposals, boxes).max(dim=1)
    result[(best >= background[0]) & (best < background[1])] = 0
    chosen = best >= foreground
    result[chosen], matched[chosen] = labels[which[chosen]], which[chosen]
    return result, matched


@variant
def proposal_by_proposal(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    low, high = background
    assigned, matched = [], []
    for row in overlaps(proposals, boxes).tolist():
        u = max(row, default=0.0)
        if u >= foreground:
            index = row.index(u)
            assigned.append(labels[index].item())
            matched.append(index)
        else:
            assigned.append(0 if low <= u < high else -1)
            matched.append(-1)
    return torch.tensor(assigned, dtype=torch.int64), torch.tensor(matched, dtype=torch.int64)


@variant
def with_an_object_of_no_overlap(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = torch.cat([overlaps(proposals, boxes), proposals.new_zeros(len(proposals), 1)], dim=1)
    u, index = iou.max(dim=1)
    padded = torch.cat([labels, labels.new_tensor([0])])
    on_object = u >= foreground
    in_range = torch.logical_and(u >= background[0], u < background[1])
    result = torch.where(on_object, padded[index], -torch.ones_like(index))
    return result.masked_fill(in_range & ~on_object, 0), index.masked_fill(~on_object, -1)


@variant
def questions_in_numpy(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    iou = overlaps(proposals, boxes).numpy()
    u = iou.max(axis=1, initial=0)
    which = iou.argmax(axis=1) if iou.shape[1] else np.zeros(len(iou), dtype=np.int64)
    matched = np.where(u >= foreground, which, -1)
    label = labels.numpy()[matched] if len(labels) else matched
    assigned = np.select([matched >= 0, (u >= background[0]) & (u < background[1])], [label, 0], -1)
    return torch.from_numpy(assigned), torch.from_numpy(matched)


@variant
def a_list_of_two(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    return list(rule(overlaps(proposals, boxes), labels, foreground, background))


@variant
def object_by_object(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    u, matched = proposals.new_zeros(len(proposals)), torch.full((len(proposals),), -1)
    for index, box in enumerate(boxes):
        iou = overlaps(proposals, box[None])[:, 0]
        better = iou > u  # an equal one later changes nothing
        u, matched = torch.where(better, iou, u), torch.where(better, index, matched)
    matched = torch.where(u >= foreground, matched, -1)
    result = torch.where((u >= background[0]) & (u < background[1]), 0, -1)
    for index, label in enumerate(labels.tolist()):
        result[matched == index] = label
    return result, matched


@variant
def arithmetic_of_masks(proposals, boxes, labels, foreground=0.5, background=(0.0, 0.5)):
    u, which = nearest(overlaps(proposals, boxes))
    f = (u >= foreground).long()
    b = ((u >= background[0]) & (u < background[1])).long() * (1 - f)
    label = labels[which] if len(labels) else torch.zeros_like(which)
    return f * label - (1 - f - b), f * which - (1 - f)
