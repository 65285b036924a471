"""Wrong and right answers to `batched_nms`."""

import torch
import torchvision

from autograde.building.bank import form, mistake, variant

from .shared import best_first, indices, overlaps, suppress


def kept_of(boxes, scores, own, threshold, iou=None):
    """Return the indices that are kept among those at `own`, best first."""
    iou = overlaps(boxes, boxes) if iou is None else iou
    return suppress(iou, own[best_first(scores[own])], threshold)


def within_labels(boxes, scores, labels, threshold, of=None, iou=None):
    """Return the indices that are kept in each label, one label after the other."""
    kept = []
    for label in labels.unique().tolist() if of is None else of:
        kept += kept_of(boxes, scores, (labels == label).nonzero()[:, 0], threshold, iou)
    return kept


def in_one_order(scores, kept):
    """Return indices best score first, of equal ones the lower first."""
    kept = indices(sorted(kept))
    return kept[best_first(scores[kept])]


# --- mistakes: labels -------------------------------------------------------------------------------------------------


@mistake("You leave the labels out: a cow drops the dog in front of her. Only boxes of one label drop one another.")
def without_labels(boxes, scores, labels, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold))


@mistake(
    "Your labels end before the highest: `range(n)` stops at n − 1. Take the labels that there are, `labels.unique()`."
)
def highest_label_missing(boxes, scores, labels, iou_threshold):
    of = range(int(labels.max())) if len(labels) else ()
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold, of))


@mistake("You begin with label 1. Here 0 is a label like any other.")
def without_label_zero(boxes, scores, labels, iou_threshold):
    of = [label for label in labels.unique().tolist() if label]
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold, of))


@mistake(
    "You number the labels 0, 1, 2, … up to how many different ones there are. They may have gaps: take those that there are."
)
def labels_without_gaps(boxes, scores, labels, iou_threshold):
    of = range(len(labels.unique()))
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold, of))


@mistake("Of each label you keep one box only. Two cows that stand apart are two cows.")
def one_box_a_label(boxes, scores, labels, iou_threshold):
    kept = [kept_of(boxes, scores, (labels == k).nonzero()[:, 0], iou_threshold)[0] for k in labels.unique()]
    return in_one_order(scores, kept)


@mistake("You suppress between boxes of *different* labels. Those of one label are to drop one another, and no others.")
def between_labels(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] != labels)
    return indices(suppress(iou, best_first(scores), iou_threshold))


@mistake(
    "You move the labels apart by the largest coordinate + 1. With coordinates below zero that is too little, and boxes of two labels meet."
)
def offset_of_the_largest(boxes, scores, labels, iou_threshold):
    if not len(boxes):
        return indices([])
    moved = boxes + (labels.to(boxes) * (boxes.max() + 1))[:, None]
    return indices(suppress(overlaps(moved, moved), best_first(scores), iou_threshold))


@mistake(
    "You move the labels apart by a fixed number of pixels. Boxes can be that large, or lie that far apart, and then boxes of two labels meet all the same."
)
def offset_of_the_label(boxes, scores, labels, iou_threshold):
    moved = boxes + labels.to(boxes)[:, None]
    return indices(suppress(overlaps(moved, moved), best_first(scores), iou_threshold))


@mistake(
    "You multiply the boxes by their label. Label 0 then has no boxes any more, and the others change in size and place, so that two labels may meet."
)
def multiplied_by_the_label(boxes, scores, labels, iou_threshold):
    moved = boxes * labels.to(boxes)[:, None]
    return indices(suppress(overlaps(moved, moved), best_first(scores), iou_threshold))


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake(
    "You put the labels' results one behind the other. All that is kept comes in one order, best score first, whatever the label."
)
def label_by_label(boxes, scores, labels, iou_threshold):
    return indices(within_labels(boxes, scores, labels, iou_threshold))


@form(label_by_label)
def label_by_label_in_order_of_appearance(boxes, scores, labels, iou_threshold):
    of = dict.fromkeys(labels.tolist())
    return indices(within_labels(boxes, scores, labels, iou_threshold, of))


@mistake("You keep the right boxes, and return them by index. The one with the best score comes first.")
def all_kept_by_index(boxes, scores, labels, iou_threshold):
    return indices(sorted(within_labels(boxes, scores, labels, iou_threshold)))


@mistake("You keep the right boxes, and return the worst first. The one with the best score comes first.")
def all_kept_worst_first(boxes, scores, labels, iou_threshold):
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold)).flip(0)


@form(all_kept_worst_first)
def all_kept_ascending(boxes, scores, labels, iou_threshold):
    kept = indices(sorted(within_labels(boxes, scores, labels, iou_threshold)))
    return kept[scores[kept].argsort(stable=True)]


@mistake(
    "Where scores are equal, what is kept comes label by label in your result. There the lower index comes first, whatever the label."
)
def ties_label_by_label(boxes, scores, labels, iou_threshold):
    kept = indices(within_labels(boxes, scores, labels, iou_threshold))
    return kept[best_first(scores[kept])]


@form(ties_label_by_label)
def ties_in_order_of_appearance(boxes, scores, labels, iou_threshold):
    kept = indices(within_labels(boxes, scores, labels, iou_threshold, dict.fromkeys(labels.tolist())))
    return kept[best_first(scores[kept])]


@mistake(
    "Of equal scores you take the higher index first. The lower one comes first: an ascending sort turned round also turns round what is equal."
)
def all_ties_turned_round(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] == labels)
    return indices(suppress(iou, scores.argsort(stable=True).flip(0), iou_threshold))


@form(all_ties_turned_round)
def kept_ties_turned_round(boxes, scores, labels, iou_threshold):
    kept = indices(sorted(within_labels(boxes, scores, labels, iou_threshold)))
    return kept[scores[kept].argsort(stable=True).flip(0)]


@mistake("You take the boxes of a label in the order in which they come. The one with the best score chooses first.")
def labels_in_order_of_input(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] == labels)
    return in_one_order(scores, suppress(iou, torch.arange(len(boxes)), iou_threshold))


@form(labels_in_order_of_input)
def labels_in_order_of_input_unsorted(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] == labels)
    return indices(suppress(iou, torch.arange(len(boxes)), iou_threshold))


@mistake("You begin with the *worst* score. The best box of a label is kept, and drops those that overlap it.")
def labels_worst_first(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] == labels)
    return indices(suppress(iou, scores.argsort(stable=True), iou_threshold))


@form(labels_worst_first)
def labels_worst_first_then_sorted(boxes, scores, labels, iou_threshold):
    iou = overlaps(boxes, boxes) * (labels[:, None] == labels)
    return in_one_order(scores, suppress(iou, scores.argsort(stable=True), iou_threshold))


@mistake(
    "The labels stay where they were while boxes and scores are sorted. A box and its label have to change places together."
)
def labels_not_sorted_along(boxes, scores, labels, iou_threshold):
    order = best_first(scores)
    iou = overlaps(boxes[order], boxes[order]) * (labels[:, None] == labels)
    return order[suppress(iou, torch.arange(len(order)), iou_threshold)]


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake(
    "Your numbers count within one label: they are indices of a part of the boxes. Translate them to indices into `boxes`, `own[kept]`."
)
def indices_within_a_label(boxes, scores, labels, iou_threshold):
    kept = []
    for label in labels.unique():
        own = labels == label
        kept += suppress(overlaps(boxes[own], boxes[own]), best_first(scores[own]), iou_threshold)
    return indices(kept)


@mistake(
    "Your numbers are places in the sorted order. They have to be indices into `boxes` as it came: `order[…]` translates."
)
def ranks_of_all_labels(boxes, scores, labels, iou_threshold):
    order = best_first(scores)
    b, k = boxes[order], labels[order]
    iou = overlaps(b, b) * (k[:, None] == k)
    return indices(suppress(iou, torch.arange(len(order)), iou_threshold))


@mistake("You return the boxes that are kept. Their *indices* are wanted.")
def the_boxes_of_all_labels(boxes, scores, labels, iou_threshold):
    return boxes[in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold))]


@mistake("You return a mask of what is kept. Indices are wanted, the one with the best score first.")
def a_mask_over_all_labels(boxes, scores, labels, iou_threshold):
    keep = torch.zeros(len(boxes), dtype=torch.bool)
    keep[within_labels(boxes, scores, labels, iou_threshold)] = True
    return keep


@mistake("You return one result for each label. All that is kept comes in one tensor.")
def a_result_a_label(boxes, scores, labels, iou_threshold):
    return [
        indices(kept_of(boxes, scores, (labels == k).nonzero()[:, 0], iou_threshold)) for k in labels.unique().tolist()
    ]


@mistake("You return a list. A tensor of int64 is wanted.")
def a_list_for_all_labels(boxes, scores, labels, iou_threshold):
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold)).tolist()


@mistake("Where there is no box there is no label, and your function fails. Then none is kept: an empty int64 tensor.")
def fails_without_labels(boxes, scores, labels, iou_threshold):
    parts = [indices(kept_of(boxes, scores, (labels == k).nonzero()[:, 0], iou_threshold)) for k in labels.unique()]
    return in_one_order(scores, torch.cat(parts).tolist())


@form(fails_without_labels)
def largest_of_no_labels(boxes, scores, labels, iou_threshold):
    of = range(int(labels.max()) + 1)
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold, of))


@mistake("Of no boxes your result is float32: an empty list becomes that. Indices are int64, even when there are none.")
def floats_without_labels(boxes, scores, labels, iou_threshold):
    return torch.tensor(in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold)).tolist())


# --- mistakes: suppression --------------------------------------------------------------------------------------------


@mistake(
    "A box that was dropped still drops others in your function. Only a box that is kept may: in a chain, what overlaps "
    "nothing but a dropped box stays."
)
def by_all_better_ones_of_a_label(boxes, scores, labels, iou_threshold):
    order = best_first(scores)
    b, k = boxes[order], labels[order]
    dropped = ((overlaps(b, b) > iou_threshold) & (k[:, None] == k)).triu(diagonal=1).any(dim=0)
    return order[~dropped]


@mistake(
    "A box that was dropped by one of *another* label is lost in your function, or drops in turn. Labels know nothing of each other."
)
def other_labels_join_the_chain(boxes, scores, labels, iou_threshold):
    iou, out, kept = overlaps(boxes, boxes), set(), []
    for index in best_first(scores).tolist():
        if index in out:
            continue
        kept.append(index)
        out |= {other for other in range(len(boxes)) if iou[index, other] > iou_threshold and labels[other] >= labels[index]}  # fmt: skip
    return indices(kept)


@mistake("You drop boxes at an IoU of exactly the threshold. Only a *greater* one drops.")
def labels_drop_at_the_threshold(boxes, scores, labels, iou_threshold):
    iou = torch.where(labels[:, None] == labels, overlaps(boxes, boxes), -1.0)
    left, kept = best_first(scores).tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        left = [index for index in rest if iou[first, index] < iou_threshold]
    return indices(kept)


@mistake("You always use 0.5. The caller says what the threshold is.")
def always_a_half_in_labels(boxes, scores, labels, iou_threshold):
    return in_one_order(scores, within_labels(boxes, scores, labels, 0.5))


@mistake("Nothing is dropped in your function. Within a label, what overlaps a better box that is kept has to go.")
def drops_nothing_in_labels(boxes, scores, labels, iou_threshold):
    return best_first(scores)


@mistake("You drop boxes whose score is below 0. Scores only say who comes first.")
def low_scores_out_of_labels(boxes, scores, labels, iou_threshold):
    kept = within_labels(boxes, scores, labels, iou_threshold)
    return in_one_order(scores, [index for index in kept if scores[index] > 0])


@mistake("You overwrite `boxes` when you move the labels apart. The caller still needs them where they were.")
def moves_the_callers_boxes(boxes, scores, labels, iou_threshold):
    if len(boxes):
        boxes += (labels.to(boxes) * (boxes.max() - boxes.min() + 1))[:, None]
    return indices(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold))


@mistake("You compare scores as float32. In float64 two of them may differ by less than that can see.")
def all_scores_as_float32(boxes, scores, labels, iou_threshold):
    scores = scores.float()
    return in_one_order(scores, within_labels(boxes, scores, labels, iou_threshold))


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@form(indices_within_a_label)
def indices_within_a_label_then_sorted(boxes, scores, labels, iou_threshold):
    kept = indices_within_a_label(boxes, scores, labels, iou_threshold)
    return kept[best_first(scores[kept])]


@mistake("You return what is kept of one label only. All labels belong in the result.")
def last_label_only(boxes, scores, labels, iou_threshold):
    kept = []
    for label in labels.unique():
        kept = kept_of(boxes, scores, (labels == label).nonzero()[:, 0], iou_threshold)
    return indices(kept)


@form(last_label_only)
def first_label_only(boxes, scores, labels, iou_threshold):
    return indices(kept_of(boxes, scores, (labels == labels.unique()[:1]).nonzero()[:, 0], iou_threshold))


def moved_by(boxes, scores, labels, threshold, pixels):
    """Return what is kept when each label's boxes are moved by so many pixels a label."""
    moved = boxes + pixels * labels.to(boxes)[:, None]
    return indices(suppress(overlaps(moved, moved), best_first(scores), threshold))


@form(offset_of_the_label)
def offset_of_ten(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 10)


@form(offset_of_the_label)
def offset_of_a_hundred(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 100)


@form(offset_of_the_label)
def offset_of_a_thousand(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 1000)


@form(offset_of_the_label)
def offset_of_4096(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 4096)


@form(offset_of_the_label)
def offset_of_7680(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 7680)


@form(offset_of_the_label)
def offset_of_ten_thousand(boxes, scores, labels, iou_threshold):
    return moved_by(boxes, scores, labels, iou_threshold, 10000)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def one_matrix_for_all_labels(boxes, scores, labels, iou_threshold):
    order = best_first(scores)
    drops = (overlaps(boxes[order], boxes[order]) > iou_threshold) & (labels[order][:, None] == labels[order])
    keep = torch.ones(len(order), dtype=torch.bool)
    for rank in range(len(order)):
        if keep[rank]:
            keep[rank + 1 :] &= ~drops[rank, rank + 1 :]
    return order[keep]


@variant
def moved_far_enough_apart(boxes, scores, labels, iou_threshold):
    if boxes.numel() == 0:
        return torch.zeros(0, dtype=torch.int64)
    moved = boxes - boxes.min()
    moved = moved + labels[:, None].to(moved) * (moved.max() + 1)
    return indices(suppress(overlaps(moved, moved), best_first(scores), iou_threshold))


@variant
def every_number_up_to_the_highest(boxes, scores, labels, iou_threshold):
    keep = torch.zeros(len(boxes), dtype=torch.bool)
    for label in range(max(labels.tolist(), default=-1) + 1):
        own = torch.where(labels == label)[0]
        keep[kept_of(boxes, scores, own, iou_threshold)] = True
    kept = torch.where(keep)[0]
    return kept[torch.sort(scores[kept], descending=True, stable=True)[1]]


@variant
def sorted_by_a_key(boxes, scores, labels, iou_threshold):
    kept = within_labels(boxes, scores, labels, iou_threshold)
    return indices(sorted(kept, key=lambda index: (-scores[index].item(), index)))


@variant
def box_after_box(boxes, scores, labels, iou_threshold):
    iou = torchvision.ops.box_iou(boxes, boxes)
    kept = []
    for index in best_first(scores).tolist():
        rivals = [other for other in kept if labels[other] == labels[index]]
        if not any(iou[index, other] > iou_threshold for other in rivals):
            kept.append(index)
    return indices(kept)


@variant
def a_list_for_each_label(boxes, scores, labels, iou_threshold):
    by_label: dict[int, list[int]] = {}
    for index in best_first(scores).tolist():
        mine = by_label.setdefault(int(labels[index]), [])
        if not len(mine) or not (overlaps(boxes[index][None], boxes[mine]) > iou_threshold).any():
            mine.append(index)
    found = torch.tensor(sorted(sum(by_label.values(), [])), dtype=torch.int64)
    return found[scores[found].argsort(descending=True, stable=True)]
