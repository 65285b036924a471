"""Wrong and right answers to `nms`."""

import numpy as np
import torch
import torchvision

from autograde.building.bank import form, mistake, variant

from .shared import best_first, indices, overlaps, suppress

# --- mistakes: who drops whom -----------------------------------------------------------------------------------------


@mistake(
    "A box that was dropped still drops others in your function. Only a box that is kept may: in a chain, what overlaps "
    "nothing but a dropped box stays."
)
def by_all_better_ones(boxes, scores, iou_threshold):
    order = best_first(scores)
    iou = overlaps(boxes[order], boxes[order])
    dropped = (iou.triu(diagonal=1) > iou_threshold).any(dim=0)
    return order[~dropped]


@mistake("You drop boxes at an IoU of exactly the threshold. Only a *greater* one drops.")
def drops_at_the_threshold(boxes, scores, iou_threshold):
    iou, left, kept = overlaps(boxes, boxes), best_first(scores).tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        left = [index for index in rest if iou[first, index] < iou_threshold]
    return indices(kept)


@mistake(
    "You drop the boxes that overlap *little*, and keep those that overlap much. The comparison is the wrong way round."
)
def keeps_what_overlaps(boxes, scores, iou_threshold):
    iou, left, kept = overlaps(boxes, boxes), best_first(scores).tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        left = [index for index in rest if iou[first, index] > iou_threshold]
    return indices(kept)


@mistake("You compare each box with the one before it only. It has to be compared with every box that is kept.")
def against_the_last_kept(boxes, scores, iou_threshold):
    iou, kept = overlaps(boxes, boxes), []
    for index in best_first(scores).tolist():
        if not kept or not iou[kept[-1], index] > iou_threshold:
            kept.append(index)
    return indices(kept)


@form(against_the_last_kept)
def against_the_neighbour_in_order(boxes, scores, iou_threshold):
    order = best_first(scores)
    iou = overlaps(boxes[order], boxes[order])
    dropped = torch.zeros(len(boxes), dtype=torch.bool)
    if len(boxes) > 1:
        dropped[1:] = iou.diagonal(offset=1) > iou_threshold
    return order[~dropped]


@mistake("You compare all boxes with the best one only. What is left has to be suppressed in turn, box by box.")
def against_the_best_only(boxes, scores, iou_threshold):
    order = best_first(scores)
    iou = overlaps(boxes[order], boxes[order[:1]])[:, 0] if len(order) else boxes.new_zeros(0)
    keep = ~(iou > iou_threshold)
    keep[:1] = True
    return order[keep]


@mistake("A box drops itself in your function: its IoU with itself is 1. Compare it with the others only.")
def drops_itself(boxes, scores, iou_threshold):
    order = best_first(scores)
    iou = overlaps(boxes[order], boxes[order])
    keep = torch.ones(len(boxes), dtype=torch.bool)
    for rank in range(len(boxes)):
        if keep[rank]:
            keep &= ~(iou[rank] > iou_threshold)
    return order[keep]


@mistake("A box drops better ones too in your function. Only those with a lower score may go.")
def drops_better_ones_too(boxes, scores, iou_threshold):
    iou = overlaps(boxes, boxes)
    iou.fill_diagonal_(0)
    alone = ~(iou > iou_threshold).any(dim=1)
    order = best_first(scores)
    return order[alone[order]]


@mistake(
    "As soon as one box is dropped you stop looking at those after it. They may overlap something else, or nothing."
)
def stops_at_the_first_dropped(boxes, scores, iou_threshold):
    iou, kept = overlaps(boxes, boxes), []
    for index in best_first(scores).tolist():
        if any(iou[other, index] > iou_threshold for other in kept):
            break
        kept.append(index)
    return indices(kept)


@mistake("Nothing is dropped in your function. What overlaps a better box that is kept has to go.")
def drops_nothing(boxes, scores, iou_threshold):
    return best_first(scores)


@mistake("One box only is left of all. Where things lie apart, each keeps its own best box.")
def the_best_alone(boxes, scores, iou_threshold):
    return best_first(scores)[:1]


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake("You take the boxes in the order in which they come. The one with the best score chooses first.")
def in_order_of_input(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), torch.arange(len(boxes)), iou_threshold))


@mistake("You begin with the *worst* score. The best box is kept, and drops those that overlap it.")
def worst_first(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), scores.argsort(stable=True), iou_threshold))


@form(worst_first)
def worst_first_then_turned(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), scores.argsort(stable=True), iou_threshold)).flip(0)


@mistake("You keep the right boxes, and return them by index. The one with the best score comes first.")
def kept_by_index(boxes, scores, iou_threshold):
    return indices(sorted(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)))


@mistake("You keep the right boxes, and return the worst first. The one with the best score comes first.")
def kept_worst_first(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)[::-1])


@mistake(
    "Of equal scores you take the higher index first. The lower one comes first: an ascending sort turned round also turns round what is equal."
)
def ties_turned_round(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), scores.argsort(stable=True).flip(0), iou_threshold))


@mistake("You start with the largest box. The one with the best score chooses first, however small it is.")
def largest_first(boxes, scores, iou_threshold):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return indices(suppress(overlaps(boxes, boxes), area.argsort(descending=True, stable=True), iou_threshold))


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake(
    "Your numbers are places in the sorted order. They have to be indices into `boxes` as it came: `order[…]` translates."
)
def ranks_instead_of_indices(boxes, scores, iou_threshold):
    order = best_first(scores)
    ranks = torch.arange(len(order))
    return indices(suppress(overlaps(boxes[order], boxes[order]), ranks, iou_threshold))


@mistake("You return the boxes that are kept. Their *indices* are wanted, so that scores and labels can follow.")
def the_boxes_themselves(boxes, scores, iou_threshold):
    return boxes[suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)]


@form(the_boxes_themselves)
def the_boxes_themselves_and_indices_of_nothing(boxes, scores, iou_threshold):
    return the_boxes_themselves(boxes, scores, iou_threshold) if len(boxes) else indices([])


@mistake("You return a mask of what is kept. Indices are wanted, the one with the best score first.")
def a_mask(boxes, scores, iou_threshold):
    keep = torch.zeros(len(boxes), dtype=torch.bool)
    keep[suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)] = True
    return keep


@form(a_mask)
def a_mask_in_order(boxes, scores, iou_threshold):
    return a_mask(boxes, scores, iou_threshold)[best_first(scores)]


@mistake("You return the scores that are kept. The *indices* of the boxes are wanted.")
def the_scores_themselves(boxes, scores, iou_threshold):
    return scores[suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)]


@mistake("You return the indices of what is dropped. Those of the boxes that are *kept* are wanted.")
def the_dropped_ones(boxes, scores, iou_threshold):
    kept = suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)
    return indices([index for index in best_first(scores).tolist() if index not in kept])


@mistake("You return a list. A tensor of int64 is wanted, so that `boxes[kept]` works with whatever follows.")
def a_list_of_indices(boxes, scores, iou_threshold):
    return suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)


@mistake("Your indices are one too large: they count from 1. Indices count from 0.")
def counted_from_one(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)) + 1


@mistake("Where there is no box your function fails. Then none is kept: an empty tensor of int64.")
def fails_on_nothing(boxes, scores, iou_threshold):
    iou, left, kept = overlaps(boxes, boxes), best_first(scores), []
    while True:
        kept.append(left[0].item())
        left = left[1:][~(iou[kept[-1], left[1:]] > iou_threshold)]
        if not len(left):
            return indices(kept)


@mistake("Of no boxes your result is float32: an empty list becomes that. Indices are int64, even when there are none.")
def floats_of_nothing(boxes, scores, iou_threshold):
    return torch.tensor(suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold))


# --- mistakes: the overlap and the threshold --------------------------------------------------------------------------


@mistake("You always use 0.5. The caller says what the threshold is.")
def always_a_half(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), best_first(scores), 0.5))


@mistake("You compare the *distance*, 1 − IoU, with the threshold. The larger the IoU, the surer is it the same thing.")
def distance_against_the_threshold(boxes, scores, iou_threshold):
    return indices(suppress(1 - overlaps(boxes, boxes), best_first(scores), iou_threshold))


@mistake("You compare the shared area in pixels with the threshold. The IoU is the shared area *over the union*.")
def area_against_the_threshold(boxes, scores, iou_threshold):
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    return indices(suppress((high - low).clamp(min=0).prod(dim=-1), best_first(scores), iou_threshold))


@mistake(
    "You divide the shared area by the area of one of the boxes. A small box inside a large one is then always the same thing; IoU divides by the union."
)
def over_one_box(boxes, scores, iou_threshold):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    share = (high - low).clamp(min=0).prod(dim=-1) / area  # of the one that may be dropped
    return indices(suppress(share, best_first(scores), iou_threshold))


@form(over_one_box)
def over_the_one_that_is_kept(boxes, scores, iou_threshold):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    share = (high - low).clamp(min=0).prod(dim=-1) / area[:, None]
    return indices(suppress(share, best_first(scores), iou_threshold))


@form(over_one_box)
def over_the_smaller_of_both(boxes, scores, iou_threshold):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    share = (high - low).clamp(min=0).prod(dim=-1) / torch.minimum(area[:, None], area)
    return indices(suppress(share, best_first(scores), iou_threshold))


@mistake("You add 1 to the sides of the boxes. x2 − x1 is the width: boxes that only touch share nothing.")
def sides_with_one_more(boxes, scores, iou_threshold):
    larger = boxes + torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=boxes.dtype)
    return indices(suppress(overlaps(larger, larger), best_first(scores), iou_threshold))


@mistake(
    "Your shared sides may be negative, and two negative ones make an area: boxes that lie far apart drop each other."
)
def shared_sides_not_clamped(boxes, scores, iou_threshold):
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    both = (high - low).prod(dim=-1)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return indices(suppress(both / (area[:, None] + area - both), best_first(scores), iou_threshold))


@mistake("You make whole numbers of the corners. Boxes have fractions of a pixel, and may be that small.")
def corners_rounded(boxes, scores, iou_threshold):
    rounded = boxes.round()
    return suppress(overlaps(rounded, rounded), best_first(scores), iou_threshold)


@form(corners_rounded)
def corners_cut_down(boxes, scores, iou_threshold):
    whole = boxes.int().to(boxes.dtype)
    return suppress(overlaps(whole, whole), best_first(scores), iou_threshold)


@mistake("You read the boxes as (x, y, width, height). Their last two numbers are the other corner.")
def boxes_read_as_corner_and_size(boxes, scores, iou_threshold):
    read = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1)
    return indices(suppress(overlaps(read, read), best_first(scores), iou_threshold))


@mistake("Your union counts what both boxes cover twice, so that every IoU is too small and too little is dropped.")
def union_counts_twice(boxes, scores, iou_threshold):
    iou = overlaps(boxes, boxes)
    return indices(suppress(iou / (1 + iou), best_first(scores), iou_threshold))


# --- mistakes: scores -------------------------------------------------------------------------------------------------


@mistake(
    "Boxes whose score is below 0 are never kept by your function. Scores may be negative: they only say who comes first, and what is done is not to be told by its score."
)
def done_is_minus_one(boxes, scores, iou_threshold):
    iou, scores, kept = overlaps(boxes, boxes), scores.clone(), []
    while len(scores) and scores.max() > 0:
        best = int(scores.argmax())
        kept.append(best)
        scores[iou[best] > iou_threshold] = -1
        scores[best] = -1
    return indices(kept)


@mistake("You drop boxes whose score is below a half. Scores only say who comes first.")
def low_scores_out(boxes, scores, iou_threshold):
    kept = suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)
    return indices([index for index in kept if scores[index] >= 0.5])


@mistake("You overwrite `scores` while you work. The caller still needs them: work on a copy.")
def overwrites_scores(boxes, scores, iou_threshold):
    iou, kept = overlaps(boxes, boxes), []
    while len(scores) and scores.max() > -torch.inf:
        best = int(scores.argmax())
        kept.append(best)
        scores[(iou[best] > iou_threshold) | (torch.arange(len(scores)) == best)] = -torch.inf
    return indices(kept)


@mistake("You compare scores as float32. In float64 two of them may differ by less than that can see.")
def scores_as_float32(boxes, scores, iou_threshold):
    return indices(suppress(overlaps(boxes, boxes), best_first(scores.float()), iou_threshold))


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@mistake(
    "You take entries out of the list through which your loop runs. The loop then skips the one that follows: collect what is left in a new list."
)
def removes_while_it_loops(boxes, scores, iou_threshold):
    iou, left = overlaps(boxes, boxes), best_first(scores).tolist()
    for index in left:
        for other in left:
            if other != index and scores[other] < scores[index] and iou[index, other] > iou_threshold:
                left.remove(other)
    return indices(left)


@form(removes_while_it_loops)
def removes_while_it_loops_over_the_rest(boxes, scores, iou_threshold):
    iou, left, kept = overlaps(boxes, boxes), best_first(scores).tolist(), []
    while left:
        kept.append(left.pop(0))
        for other in left:
            if iou[kept[-1], other] > iou_threshold:
                left.remove(other)
    return indices(kept)


@mistake(
    "Your places are one off: place k among the *others*, `order[1:]`, is place k + 1 in `order`. So a box that is done stays, and one that should stay goes."
)
def one_place_off(boxes, scores, iou_threshold):
    order, kept = best_first(scores), []
    while len(order):
        kept.append(int(order[0]))
        if len(order) == 1:
            break
        iou = overlaps(boxes[order[:1]], boxes[order[1:]])[0]
        order = order[(iou <= iou_threshold).nonzero()[:, 0]]
    return indices(kept)


@mistake("You compare the *scores* with `iou_threshold` and leave boxes out by that. It is a threshold for the IoU.")
def scores_against_the_threshold(boxes, scores, iou_threshold):
    kept = suppress(overlaps(boxes, boxes), best_first(scores), iou_threshold)
    return indices([index for index in kept if scores[index] > iou_threshold])


@mistake(
    "`squeeze()` takes away *every* dimension of size 1. Where a single box is left to compare, your mask has none, and picks something else; name the dimension."
)
def squeezes_every_dimension(boxes, scores, iou_threshold):
    order, kept = best_first(scores), []
    while order.numel():
        kept.append(order[0])
        rest = order[1:]
        order = rest[overlaps(boxes[order[:1]], boxes[rest]).squeeze() <= iou_threshold]
    return torch.stack(kept) if kept else order


@form(squeezes_every_dimension)
def squeezes_places_too_much(boxes, scores, iou_threshold):
    order, kept = best_first(scores), []
    while order.numel():
        kept.append(int(order[0]))
        rest = order[1:]
        left = (overlaps(boxes[order[:1]], boxes[rest])[0] <= iou_threshold).nonzero().squeeze()
        order = rest[left]
        if order.ndim == 0:
            break
    return indices(kept)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def a_list_that_shrinks(boxes, scores, iou_threshold):
    order, kept = best_first(scores), []
    while order.numel():
        best, order = order[0], order[1:]
        kept.append(best)
        iou = overlaps(boxes[best][None], boxes[order])[0]
        order = order[iou <= iou_threshold]
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.long)


@variant
def with_torchvisions_overlap(boxes, scores, iou_threshold):
    order = torch.sort(scores, descending=True, stable=True).indices
    iou = torchvision.ops.box_iou(boxes, boxes)
    kept = []
    for index in order:
        if all(iou[index, other] <= iou_threshold for other in kept):
            kept.append(int(index))
    return torch.tensor(kept, dtype=torch.long)


@variant
def a_mask_over_ranks(boxes, scores, iou_threshold):
    order = best_first(scores)
    drops = overlaps(boxes[order], boxes[order]) > iou_threshold
    keep = torch.ones(len(order), dtype=torch.bool)
    for rank in range(len(order)):
        keep[rank] = not (drops[:rank, rank] & keep[:rank]).any()
    return order[keep]


@variant
def until_nothing_changes(boxes, scores, iou_threshold):
    order = best_first(scores)
    drops = (overlaps(boxes[order], boxes[order]) > iou_threshold).triu(diagonal=1)
    keep = torch.ones(len(order), dtype=torch.bool)
    while True:
        new = ~(drops & keep[:, None]).any(dim=0)
        if torch.equal(new, keep):
            return order[keep]
        keep = new


@variant
def the_largest_that_is_left(boxes, scores, iou_threshold):
    iou, left, kept = overlaps(boxes, boxes), scores.clone(), []
    while (left > -torch.inf).any():
        best = (left == left.max()).nonzero()[0, 0]
        kept.append(best.item())
        left[iou[best] > iou_threshold] = -torch.inf
        left[best] = -torch.inf
    return torch.LongTensor(kept)


@variant
def in_plain_python(boxes, scores, iou_threshold):
    corners, values = boxes.tolist(), scores.tolist()

    def iou(p, q):
        w = min(p[2], q[2]) - max(p[0], q[0])
        h = min(p[3], q[3]) - max(p[1], q[1])
        both = w * h if w > 0 and h > 0 else 0.0
        return both / ((p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - both)

    kept = []
    for k in sorted(range(len(values)), key=lambda k: -values[k]):
        if not any(iou(corners[k], corners[j]) > iou_threshold for j in kept):
            kept.append(k)
    return torch.tensor(kept, dtype=torch.int64)


@variant
def in_numpy(boxes, scores, iou_threshold):
    b, s = boxes.numpy(), scores.numpy()
    areas = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    order, keep = np.argsort(-s, kind="stable"), []
    while order.size > 0:
        i = order[0]
        keep.append(i)
        w = np.maximum(0, np.minimum(b[i, 2], b[order[1:], 2]) - np.maximum(b[i, 0], b[order[1:], 0]))
        h = np.maximum(0, np.minimum(b[i, 3], b[order[1:], 3]) - np.maximum(b[i, 1], b[order[1:], 1]))
        ovr = w * h / (areas[i] + areas[order[1:]] - w * h)
        order = order[1:][ovr <= iou_threshold]
    return torch.from_numpy(np.array(keep, dtype=np.int64))
