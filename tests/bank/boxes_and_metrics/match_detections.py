"""Wrong and right answers to `match_detections`."""

from itertools import permutations

import numpy as np
import torch
import torchvision

from autograde.building.bank import form, mistake, variant

from .shared import best_first, indices, overlaps


def choose(iou, order, threshold):
    """Return the matched target of each detection, in the order of the rows of `iou` (D, G); `order` chooses."""
    matched, taken = [-1] * len(iou), set()
    for detection in order.tolist():
        free = [target for target in range(iou.shape[1]) if target not in taken]
        best = max(free, key=lambda target: iou[detection, target].item(), default=-1)
        if best >= 0 and iou[detection, best] >= threshold:
            matched[detection] = best
            taken.add(best)
    return indices(matched)


def assignment(gain):
    """Yield the pairs (detection, target) of the assignment whose sum of `gain` (D, G) is the largest."""
    if gain.shape[0] > gain.shape[1]:
        yield from ((d, t) for t, d in assignment(gain.T))
        return
    rows = range(gain.shape[0])
    best = max(permutations(range(gain.shape[1]), len(rows)), key=lambda to: sum(float(gain[d, to[d]]) for d in rows))
    yield from enumerate(best)


def nearest(iou, scores, threshold, allowed):
    """Return matches where each detection looks at its best target only, and takes it if `allowed(detection, target)`."""
    matched = [-1] * len(iou)
    for detection in best_first(scores).tolist():
        if iou.shape[1]:
            target = int(iou[detection].argmax())
            if iou[detection, target] >= threshold and allowed(matched, target):
                matched[detection] = target
    return indices(matched)


# --- mistakes: who may take what --------------------------------------------------------------------------------------


@mistake("One target is found several times. It can be taken once; whoever comes later has found nothing there.")
def a_target_taken_twice(boxes, scores, targets, iou_threshold=0.5):
    return nearest(overlaps(boxes, targets), scores, iou_threshold, lambda matched, target: True)


@mistake(
    "A detection whose best target is taken gets −1 in your function, as in PASCAL VOC. It takes the best of those that are still *free*."
)
def only_the_very_best_target(boxes, scores, targets, iou_threshold=0.5):
    iou = overlaps(boxes, targets)
    return nearest(iou, scores, iou_threshold, lambda matched, target: target not in matched)


@mistake(
    "Where several targets are good enough and free, the first of them is taken in your function. It is to be the one with the *highest* IoU."
)
def first_good_enough(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets), [-1] * len(boxes)
    for detection in best_first(scores).tolist():
        for target in range(len(targets)):
            if target not in matched and iou[detection, target] >= iou_threshold:
                matched[detection] = target
                break
    return indices(matched)


@mistake("The highest IoU of all chooses first in your function. It is the detection with the highest *score*.")
def highest_overlap_first(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets).clone(), [-1] * len(boxes)
    while iou.numel() and iou.max() >= iou_threshold and iou.max() > -1:
        detection, target = divmod(int(iou.argmax()), len(targets))
        matched[detection] = target
        iou[detection], iou[:, target] = -1, -1
    return indices(matched)


@mistake(
    "The targets choose in your function: each takes the detection that overlaps it most. The detections choose, the surest first."
)
def targets_choose(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets), [-1] * len(boxes)
    for target in range(len(targets)):
        if len(boxes):
            detection = int(iou[:, target].argmax())
            if iou[detection, target] >= iou_threshold:
                matched[detection] = target
    return indices(matched)


@form(targets_choose)
def targets_choose_what_is_free(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets), [-1] * len(boxes)
    for target in range(len(targets)):
        free = [detection for detection in range(len(boxes)) if matched[detection] < 0]
        if free:
            detection = max(free, key=lambda one: iou[one, target].item())
            if iou[detection, target] >= iou_threshold:
                matched[detection] = target
    return indices(matched)


@mistake(
    "You look for the assignment that is best for all together. Nobody steps back here: the surest takes what it likes best."
)
def best_for_all(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets), [-1] * len(boxes)
    for detection, target in assignment(iou):
        if iou[detection, target] >= iou_threshold:
            matched[detection] = int(target)
    return indices(matched)


@mistake(
    "A target is taken in your function even by a detection that does not overlap it enough. Whoever gets −1 takes nothing from the others."
)
def taken_by_the_unsuccessful(boxes, scores, targets, iou_threshold=0.5):
    iou, matched, taken = overlaps(boxes, targets), [-1] * len(boxes), set()
    for detection in best_first(scores).tolist():
        free = [target for target in range(len(targets)) if target not in taken]
        if free:
            target = max(free, key=lambda one: iou[detection, one].item())
            taken.add(target)
            if iou[detection, target] >= iou_threshold:
                matched[detection] = target
    return indices(matched)


@mistake("As soon as one detection finds nothing you stop. Those that come later may still find a target.")
def stops_at_the_first_miss(boxes, scores, targets, iou_threshold=0.5):
    iou, matched, taken = overlaps(boxes, targets), [-1] * len(boxes), set()
    for detection in best_first(scores).tolist():
        free = [target for target in range(len(targets)) if target not in taken]
        best = max(free, key=lambda one: iou[detection, one].item(), default=-1)
        if best < 0 or iou[detection, best] < iou_threshold:
            break
        matched[detection] = best
        taken.add(best)
    return indices(matched)


@mistake(
    "Your result never names the target with index 0, or takes it for no target. 0 is an index like any other; −1 means none."
)
def zero_means_nothing(boxes, scores, targets, iou_threshold=0.5):
    matched = choose(overlaps(boxes, targets), best_first(scores), iou_threshold)
    return torch.where(matched == 0, -1, matched)


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake("The detections choose in the order in which they come. The one with the highest score chooses first.")
def choose_in_order_of_input(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), torch.arange(len(boxes)), iou_threshold)


@mistake("The detection with the *lowest* score chooses first in your function. Sort descending.")
def least_sure_first(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), scores.argsort(stable=True), iou_threshold)


@mistake(
    "Of equal scores the higher index chooses first in your function. The lower one does: an ascending sort turned round also turns round what is equal."
)
def equal_scores_turned_round(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), scores.argsort(stable=True).flip(0), iou_threshold)


@mistake(
    "Your matches are right and stand in the order of the scores. They belong in the order of `boxes`: write each where its detection stands."
)
def in_the_order_of_scores(boxes, scores, targets, iou_threshold=0.5):
    order = best_first(scores)
    return choose(overlaps(boxes, targets), order, iou_threshold)[order]


@form(in_the_order_of_scores)
def put_back_the_wrong_way(boxes, scores, targets, iou_threshold=0.5):
    order = best_first(scores)
    return choose(overlaps(boxes, targets), order, iou_threshold)[order][order]


@mistake("You compare scores as float32. In float64 two of them may differ by less than that can see.")
def sureness_as_float32(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores.float()), iou_threshold)


# --- mistakes: the threshold and the overlap --------------------------------------------------------------------------


@mistake("You ask for more than the threshold. At least the threshold is enough: an IoU of exactly that counts.")
def more_than_the_threshold(boxes, scores, targets, iou_threshold=0.5):
    iou = overlaps(boxes, targets)
    return choose(torch.where(iou > iou_threshold, iou, -1.0), best_first(scores), 0.0)


@mistake("You always use 0.5. That is only the default of `iou_threshold`; the caller may ask for more or less.")
def always_half_to_match(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), 0.5)


@mistake("You take any target that is touched at all. The IoU has to be at least the threshold.")
def without_a_threshold(boxes, scores, targets, iou_threshold=0.5):
    iou = overlaps(boxes, targets)
    return choose(torch.where(iou > 0, iou, -1.0), best_first(scores), 0.0)


@form(without_a_threshold)
def without_any_threshold(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), 0.0)


@mistake(
    "You divide the shared area by the target's alone. A small target inside a large box would be found perfectly; IoU divides by the union."
)
def share_of_the_target(boxes, scores, targets, iou_threshold=0.5):
    area = (targets[:, 2] - targets[:, 0]) * (targets[:, 3] - targets[:, 1])
    low, high = torch.maximum(boxes[:, None, :2], targets[:, :2]), torch.minimum(boxes[:, None, 2:], targets[:, 2:])
    return choose((high - low).clamp(min=0).prod(dim=-1) / area, best_first(scores), iou_threshold)


@mistake("You divide the shared area by the detection's alone. IoU divides by the union of both.")
def share_of_the_detection(boxes, scores, targets, iou_threshold=0.5):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    low, high = torch.maximum(boxes[:, None, :2], targets[:, :2]), torch.minimum(boxes[:, None, 2:], targets[:, 2:])
    return choose((high - low).clamp(min=0).prod(dim=-1) / area[:, None], best_first(scores), iou_threshold)


@mistake("You add 1 to the sides of the boxes. x2 − x1 is the width, and the IoU comes out too large.")
def matched_with_one_more(boxes, scores, targets, iou_threshold=0.5):
    more = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=boxes.dtype)
    return choose(overlaps(boxes + more, targets + more), best_first(scores), iou_threshold)


@mistake("Your shared sides may be negative, and two negative ones make an area: targets far away seem to overlap.")
def matched_without_clamping(boxes, scores, targets, iou_threshold=0.5):
    low, high = torch.maximum(boxes[:, None, :2], targets[:, :2]), torch.minimum(boxes[:, None, 2:], targets[:, 2:])
    both = (high - low).prod(dim=-1)
    areas = [(x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (boxes, targets)]
    return choose(both / (areas[0][:, None] + areas[1] - both), best_first(scores), iou_threshold)


@mistake("You match by how near the centres are. The IoU of the boxes decides.")
def by_distance_of_centres(boxes, scores, targets, iou_threshold=0.5):
    iou, matched, taken = overlaps(boxes, targets), [-1] * len(boxes), set()
    away = torch.cdist((boxes[:, :2] + boxes[:, 2:]) / 2, (targets[:, :2] + targets[:, 2:]) / 2)
    for detection in best_first(scores).tolist():
        free = [target for target in range(len(targets)) if target not in taken]
        best = min(free, key=lambda one: away[detection, one].item(), default=-1)
        if best >= 0 and iou[detection, best] >= iou_threshold:
            matched[detection] = best
            taken.add(best)
    return indices(matched)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You return whether each detection is right. *Which* target it has found is asked for, or −1.")
def right_or_wrong(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), iou_threshold) >= 0


@form(right_or_wrong)
def right_or_wrong_as_numbers(boxes, scores, targets, iou_threshold=0.5):
    return right_or_wrong(boxes, scores, targets, iou_threshold).long()


@mistake("Your result has one number for each target, the detection that found it. One for each *detection* is wanted.")
def a_number_a_target(boxes, scores, targets, iou_threshold=0.5):
    matched = choose(overlaps(boxes, targets), best_first(scores), iou_threshold)
    found = torch.full((len(targets),), -1)
    for detection, target in enumerate(matched.tolist()):
        if target >= 0:
            found[target] = detection
    return found


@mistake("You leave out the detections that found nothing. Each detection has its place in the result; theirs is −1.")
def misses_left_out(boxes, scores, targets, iou_threshold=0.5):
    matched = choose(overlaps(boxes, targets), best_first(scores), iou_threshold)
    return matched[matched >= 0]


@mistake("You return the IoU of each match. The *index* of the target is wanted.")
def overlaps_instead(boxes, scores, targets, iou_threshold=0.5):
    iou = overlaps(boxes, targets)
    matched = choose(iou, best_first(scores), iou_threshold)
    return torch.tensor([iou[d, t].item() if t >= 0 else 0.0 for d, t in enumerate(matched.tolist())])


@mistake("Whoever found nothing gets 0 in your result. 0 is the index of the first target; nothing is −1.")
def zero_for_nothing(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), iou_threshold).clamp(min=0)


@mistake("Your indices are floats. What points somewhere is int64.")
def matches_as_floats(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), iou_threshold).float()


@mistake("You return a list. A tensor of int64 is wanted.")
def a_list_of_matches(boxes, scores, targets, iou_threshold=0.5):
    return choose(overlaps(boxes, targets), best_first(scores), iou_threshold).tolist()


@mistake(
    "Where there are no targets your function fails: among no numbers there is no largest. Then every detection gets −1."
)
def fails_without_targets(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets).clone(), torch.full((len(boxes),), -1)
    for detection in best_first(scores):
        value, target = iou[detection].max(dim=0)
        if value >= iou_threshold:
            matched[detection] = target
            iou[:, target] = -1
    return matched


@mistake("Of no detections your result is float32: an empty list becomes that. Indices are int64, even of nothing.")
def floats_of_no_detections(boxes, scores, targets, iou_threshold=0.5):
    return torch.tensor(choose(overlaps(boxes, targets), best_first(scores), iou_threshold).tolist())


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def columns_that_are_taken(boxes, scores, targets, iou_threshold=0.5):
    result = torch.full((boxes.shape[0],), -1, dtype=torch.int64)
    if targets.shape[0] == 0:
        return result
    iou = torchvision.ops.box_iou(boxes, targets)
    free = torch.ones(targets.shape[0], dtype=torch.bool)
    for d in torch.sort(scores, descending=True, stable=True)[1].tolist():
        row = iou[d].masked_fill(~free, -1)
        g = row.argmax()
        if row[g] >= iou_threshold:
            result[d], free[g] = g, False
    return result


@variant
def sorted_then_put_back(boxes, scores, targets, iou_threshold=0.5):
    order = best_first(scores)
    sorted_iou = overlaps(boxes[order], targets)
    matched = choose(sorted_iou, torch.arange(len(order)), iou_threshold)
    back = torch.empty_like(matched)
    back[order] = matched
    return back


@variant
def targets_by_overlap_for_each(boxes, scores, targets, iou_threshold=0.5):
    iou, taken, matched = overlaps(boxes, targets), set(), {}
    for d in sorted(range(len(boxes)), key=lambda d: (-float(scores[d]), d)):
        for g in iou[d].argsort(descending=True).tolist():
            if iou[d, g] < iou_threshold:
                break
            if g not in taken:
                taken.add(g)
                matched[d] = g
                break
    return torch.tensor([matched.get(d, -1) for d in range(len(boxes))], dtype=torch.long)


@variant
def as_cocos_loop_does(boxes, scores, targets, iou_threshold=0.5):
    iou, gtm, dtm = overlaps(boxes, targets).numpy(), {}, -np.ones(len(boxes), dtype=np.int64)
    for d in np.argsort(-scores.numpy(), kind="mergesort"):
        best, m = iou_threshold, -1
        for g in range(len(targets)):
            if g in gtm or iou[d, g] < best:
                continue
            best, m = iou[d, g], g
        if m >= 0:
            gtm[m], dtm[d] = d, m
    return torch.from_numpy(dtm)


@variant
def the_surest_of_what_is_left(boxes, scores, targets, iou_threshold=0.5):
    iou, matched = overlaps(boxes, targets), [-1] * len(boxes)
    waiting = list(range(len(boxes)))
    while waiting:
        d = max(waiting, key=lambda one: (scores[one].item(), -one))
        waiting.remove(d)
        free = [g for g in range(len(targets)) if g not in matched and iou[d, g] >= iou_threshold]
        if free:
            matched[d] = max(free, key=lambda g: iou[d, g].item())
    return indices(matched)
