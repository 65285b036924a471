"""Wrong and right answers to `filter_proposals`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def overlaps(boxes):
    """Return the IoU (N, N)."""
    low, high = torch.maximum(boxes[:, None, :2], boxes[:, :2]), torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    both = (high - low).clamp(min=0).prod(dim=-1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    return both / (area[:, None] + area - both)


def best_first(scores):
    return scores.argsort(descending=True, stable=True)


def suppress(boxes, scores, threshold, iou=None, drops=None):
    """Return which boxes are kept, best first, but for what the caller changes."""
    iou = overlaps(boxes) if iou is None else iou(boxes)
    left, kept = best_first(scores).tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        if drops is None:
            left = [other for other in rest if not iou[first, other] > threshold]
        else:
            left = [other for other in rest if not drops(iou[first, other], threshold)]
    return torch.tensor(kept, dtype=torch.int64)


def clip(boxes, size):
    height, width = size
    return torch.stack([boxes[:, k].clamp(0, (width, height)[k % 2]) for k in range(4)], dim=1)


def long_enough(boxes, least):
    return (boxes[:, 2:] - boxes[:, :2] >= least).all(dim=1)


def stages(
    boxes,
    logits,
    size,
    before,
    after,
    threshold,
    least,
    clip=clip,
    large=long_enough,
    nms=suppress,
    score=torch.sigmoid,
):
    """Return the right answer, but for the steps that the caller changes."""
    order = best_first(logits)[:before]
    boxes, logits = clip(boxes[order], size), logits[order]
    keep = large(boxes, least)
    boxes, logits = boxes[keep], logits[keep]
    kept = nms(boxes, logits, threshold)[:after]
    return boxes[kept], score(logits[kept])


# --- mistakes: the two cuts -------------------------------------------------------------------------------------------


@mistake("All boxes go on to suppression in your code. The best `pre_nms_top_n` alone do.")
def prop_no_first_cut(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, len(boxes), post_nms_top_n, nms_threshold, min_size)


@mistake("You return all that suppression leaves. The best `post_nms_top_n` of them are wanted.")
def prop_no_last_cut(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n, len(boxes), nms_threshold, min_size)


@mistake("You leave out both cuts: the best `pre_nms_top_n` go on to suppression, `post_nms_top_n` are returned.")
def prop_no_cuts(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, len(boxes), len(boxes), nms_threshold, min_size)


@mistake("You suppress first, and cut after it alone. The first cut comes before: it spares suppression the work.")
def prop_first_cut_after_suppression(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    few = min(pre_nms_top_n, post_nms_top_n)
    return stages(boxes, objectness, image_size, len(boxes), few, nms_threshold, min_size)


@mistake(
    "You leave out what is too small before the first cut, and others get its places. The first cut is by logits alone."
)
def prop_sizes_before_the_first_cut(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    boxes = clip(boxes, image_size)
    keep = long_enough(boxes, min_size)
    boxes, objectness = boxes[keep], objectness[keep]
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@form(prop_sizes_before_the_first_cut)
def prop_raw_sizes_before_the_first_cut(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    keep = long_enough(boxes, min_size)
    boxes, objectness = boxes[keep], objectness[keep]
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@mistake("Your last cut comes before suppression. What suppression drops then leaves fewer than there could be.")
def prop_last_cut_before_suppression(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    few = min(pre_nms_top_n, post_nms_top_n)
    return stages(boxes, objectness, image_size, few, few, nms_threshold, min_size)


@form(prop_last_cut_before_suppression)
def prop_last_cut_right_before_suppression(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, logits, threshold):
        return suppress(boxes[:post_nms_top_n], logits[:post_nms_top_n], threshold)

    return stages(boxes, objectness, image_size, pre_nms_top_n, len(boxes), nms_threshold, min_size, nms=nms)


@mistake("The two cuts are exchanged: `pre_nms_top_n` is how many go on to suppression, `post_nms_top_n` comes after.")
def prop_cuts_exchanged(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, post_nms_top_n, pre_nms_top_n, nms_threshold, min_size)


@mistake("Your first cut takes the boxes that come first. It takes those with the *highest* logits.")
def prop_first_rows(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    boxes, objectness = boxes[:pre_nms_top_n], objectness[:pre_nms_top_n]
    return stages(boxes, objectness, image_size, len(boxes), post_nms_top_n, nms_threshold, min_size)


@mistake("Your first cut takes the boxes with the *lowest* logits: an ascending sort has the best at its end.")
def prop_lowest_logits(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    order = objectness.argsort()[:pre_nms_top_n]
    return stages(boxes[order], objectness[order], image_size, len(order), post_nms_top_n, nms_threshold, min_size)


@mistake("You take a box less than may stay. Of n places all n are given away.")
def prop_one_place_less(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n - 1, post_nms_top_n, nms_threshold, min_size)


@mistake("There may be fewer boxes than `pre_nms_top_n`, or none, and then `topk` fails. Take as many as there are.")
def prop_topk_of_too_few(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    logits, order = objectness.topk(pre_nms_top_n)
    return stages(boxes[order], logits, image_size, len(order), post_nms_top_n, nms_threshold, min_size)


@mistake("The logits are sorted in your code, and the boxes are not: box and logit no longer belong together.")
def prop_boxes_not_sorted(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    logits = objectness.sort(descending=True).values[:pre_nms_top_n]
    return stages(boxes[:pre_nms_top_n], logits, image_size, len(logits), post_nms_top_n, nms_threshold, min_size)


# --- mistakes: the image's edges --------------------------------------------------------------------------------------


@mistake("You do not clip. What lies outside the image is cut off, before sizes and overlaps are looked at.")
def prop_not_clipped(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=lambda b, _: b
    )


@mistake("You clip only after suppression. What overlaps much in the image may overlap little with what lies outside.")
def prop_clipped_after_suppression(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = boxes[order], objectness[order]
    kept = suppress(boxes, logits, nms_threshold)
    boxes, logits = clip(boxes[kept], image_size), logits[kept]
    keep = long_enough(boxes, min_size)
    return boxes[keep][:post_nms_top_n], logits[keep][:post_nms_top_n].sigmoid()


@form(prop_clipped_after_suppression)
def prop_clipped_at_last(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=lambda b, _: b
    )
    return clip(found, image_size), scores


@form(prop_clipped_after_suppression)
def prop_suppressed_as_it_was(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = boxes[order], objectness[order]
    cut = clip(boxes, image_size)
    keep = long_enough(cut, min_size)
    boxes, cut, logits = boxes[keep], cut[keep], logits[keep]
    kept = suppress(boxes, logits, nms_threshold)[:post_nms_top_n]
    return cut[kept], logits[kept].sigmoid()


@mistake("You return the boxes as they were. What is proposed is what is left of them inside the image.")
def prop_unclipped_returned(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = boxes[order], objectness[order]
    keep = long_enough(clip(boxes, image_size), min_size)
    boxes, logits = boxes[keep], logits[keep]
    kept = suppress(clip(boxes, image_size), logits, nms_threshold)[:post_nms_top_n]
    return boxes[kept], logits[kept].sigmoid()


@mistake("Height and width are exchanged: `image_size` is (H, W), x ends at W and y at H.")
def prop_height_for_width(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    size = image_size[::-1]
    return stages(boxes, objectness, size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@mistake("You clip to W − 1 and H − 1. The last pixel reaches up to W and H, and so may a box.")
def prop_clipped_a_pixel_early(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    size = (image_size[0] - 1, image_size[1] - 1)
    return stages(boxes, objectness, size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@mistake("You cut off what lies above and to the left alone. Below and to the right the image ends as well.")
def prop_clipped_at_zero_alone(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def clip(boxes, size):
        return boxes.clamp(min=0)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=clip)


@mistake("You cut off what lies below and to the right alone. Above and to the left the image ends at 0.")
def prop_clipped_at_the_far_edges_alone(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def clip(boxes, size):
        return torch.minimum(boxes, boxes.new_tensor([size[1], size[0], size[1], size[0]]))

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=clip)


@mistake("All four numbers are cut at the same side of the image in your code. x ends at W, and y at H.")
def prop_clipped_at_one_side(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def clip(boxes, size):
        return boxes.clamp(0, max(size))

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=clip)


@form(prop_clipped_at_one_side)
def prop_clipped_at_the_height(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def clip(boxes, size):
        return boxes.clamp(0, size[0])

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=clip)


@form(prop_clipped_at_one_side)
def prop_clipped_at_the_width(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def clip(boxes, size):
        return boxes.clamp(0, size[1])

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, clip=clip)


@mistake("You leave out boxes that cross an edge. They are *clipped*, and what is left of them is a proposal.")
def prop_crossing_boxes_out(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def large(boxes, least):
        height, width = image_size
        inside = (boxes >= 0).all(dim=1) & (boxes[:, 2] <= width) & (boxes[:, 3] <= height)
        return inside & long_enough(boxes, least)

    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        clip=lambda b, _: b, large=large,
    )  # fmt: skip


@form(prop_crossing_boxes_out)
def prop_crossing_boxes_out_before_the_first_cut(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    height, width = image_size
    inside = (boxes >= 0).all(dim=1) & (boxes[:, 2] <= width) & (boxes[:, 3] <= height)
    boxes, objectness = boxes[inside], objectness[inside]
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


# --- mistakes: the smallest side --------------------------------------------------------------------------------------


@mistake("`min_size` is not used. A box with a side below it is none.")
def prop_any_size(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        large=lambda b, _: torch.ones(len(b), dtype=torch.bool),
    )  # fmt: skip


@form(prop_any_size)
def prop_any_size_above_zero(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        large=lambda b, _: (b[:, 2:] > b[:, :2]).all(dim=1),
    )  # fmt: skip


@mistake("One long side is enough for you. *Both* have to be at least `min_size`.")
def prop_one_side_is_enough(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def large(boxes, least):
        return (boxes[:, 2:] - boxes[:, :2] >= least).any(dim=1)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@mistake("A side of exactly `min_size` is too short for you. It is long enough: at least `min_size`.")
def prop_exactly_is_too_small(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def large(boxes, least):
        return (boxes[:, 2:] - boxes[:, :2] > least).all(dim=1)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@mistake("You hold the *area* to `min_size`. It is a length, and both sides have to be at least that long.")
def prop_area_for_sides(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def large(boxes, least):
        return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) >= least

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@form(prop_area_for_sides)
def prop_area_for_sides_squared(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def large(boxes, least):
        return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) >= least**2

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@mistake("Only the width is held to `min_size`. The height is, too.")
def prop_width_alone(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def large(boxes, least):
        return boxes[:, 2] - boxes[:, 0] >= least

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@mistake("Only the height is held to `min_size`. The width is, too.")
def prop_height_alone(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def large(boxes, least):
        return boxes[:, 3] - boxes[:, 1] >= least

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, large=large)


@mistake("You keep what is *smaller* than `min_size`. The comparison is the wrong way round.")
def prop_the_small_ones(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        large=lambda b, least: ~long_enough(b, least),
    )  # fmt: skip


@mistake("You add 1 to the sides. x2 − x1 is the width, and a box half a pixel short of `min_size` is too small.")
def prop_sides_with_one_more(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        large=lambda b, least: (b[:, 2:] - b[:, :2] + 1 >= least).all(dim=1),
    )  # fmt: skip


@mistake("You look at the sizes before you clip. What counts is how much of a box is inside the image.")
def prop_sizes_before_clipping(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = boxes[order], objectness[order]
    keep = long_enough(boxes, min_size)
    boxes, logits = clip(boxes[keep], image_size), logits[keep]
    kept = suppress(boxes, logits, nms_threshold)[:post_nms_top_n]
    return boxes[kept], logits[kept].sigmoid()


@mistake("You look at the sizes only after suppression. By then what is too small has dropped others.")
def prop_sizes_after_suppression(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = clip(boxes[order], image_size), objectness[order]
    kept = suppress(boxes, logits, nms_threshold)
    kept = kept[long_enough(boxes[kept], min_size)][:post_nms_top_n]
    return boxes[kept], logits[kept].sigmoid()


@form(prop_sizes_after_suppression)
def prop_sizes_after_the_last_cut(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    boxes, logits = clip(boxes[order], image_size), objectness[order]
    kept = suppress(boxes, logits, nms_threshold)[:post_nms_top_n]
    kept = kept[long_enough(boxes[kept], min_size)]
    return boxes[kept], logits[kept].sigmoid()


@mistake("You always ask for sides of a pixel. `min_size` says how long they have to be; it may be far less.")
def prop_a_pixel_at_least(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, max(min_size, 1.0))


@form(prop_a_pixel_at_least)
def prop_a_pixel_always(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, 1.0)


@mistake("You always ask for a thousandth of a pixel. `min_size` says how long sides have to be.")
def prop_a_thousandth_always(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, 1e-3)


# --- mistakes: suppression --------------------------------------------------------------------------------------------


@mistake("You do not suppress anything. What overlaps a better box that is kept by more than the threshold goes.")
def prop_no_suppression(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        nms=lambda b, scores, _: best_first(scores),
    )  # fmt: skip


@mistake("You always suppress above 0.7. The caller says what `nms_threshold` is.")
def prop_always_seven_tenths(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, 0.7, min_size)


@mistake("You always suppress above 0.5. The caller says what `nms_threshold` is, and left out it is 0.7.")
def prop_always_a_half(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, 0.5, min_size)


@mistake("You drop boxes at an overlap of exactly the threshold. Only a *greater* one drops.")
def prop_drops_at_the_threshold(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        return suppress(boxes, scores, threshold, drops=lambda iou, limit: iou >= limit)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("You compare the *distance*, 1 − IoU, with the threshold. The larger the IoU, the surer one has to go.")
def prop_distance_for_overlap(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        return suppress(boxes, scores, threshold, drops=lambda iou, limit: 1 - iou > limit)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@form(prop_distance_for_overlap)
def prop_drops_what_overlaps_little(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        return suppress(boxes, scores, threshold, drops=lambda iou, limit: iou < limit)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("A box that was dropped still drops others in your code. Only a box that is kept may.")
def prop_dropped_ones_drop(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        order = best_first(scores)
        return order[~(overlaps(boxes[order]).triu(diagonal=1) > threshold).any(dim=0)]

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("You compare all boxes with the best one only. What is left has to be suppressed in turn, box by box.")
def prop_against_the_best_only(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        keep = torch.ones(len(boxes), dtype=torch.bool)
        if len(boxes):
            keep[1:] = ~(overlaps(boxes)[0, 1:] > threshold)
        return keep.nonzero()[:, 0]

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("Your suppression begins with the *worst*: it is the best box that is kept and drops others.")
def prop_worst_first(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def nms(boxes, scores, threshold):
        kept = suppress(boxes, -scores, threshold)
        return kept[best_first(scores[kept])]

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@form(prop_worst_first)
def prop_worst_first_and_returned_so(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        return suppress(boxes, -scores, threshold)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("Your suppression begins with the largest box. The one with the highest logit chooses first.")
def prop_largest_first(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def nms(boxes, scores, threshold):
        kept = suppress(boxes, (boxes[:, 2:] - boxes[:, :2]).prod(dim=1), threshold)
        return kept[best_first(scores[kept])]

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake(
    "You divide what two boxes share by the area of one of them. A small box inside a large one then goes; IoU divides "
    "by the union."
)
def prop_over_one_box(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    def shares(boxes):
        iou = overlaps(boxes)
        area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
        return iou / (1 + iou) * (area[:, None] + area) / torch.minimum(area[:, None], area)

    def nms(boxes, scores, threshold):
        return suppress(boxes, scores, threshold, iou=shares)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


@mistake("Your overlaps are those of boxes a pixel larger. x2 − x1 is the width, without a 1.")
def prop_overlaps_with_one_more(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    def nms(boxes, scores, threshold):
        return suppress(boxes + boxes.new_tensor([0, 0, 1, 1]), scores, threshold)

    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, nms=nms)


# --- mistakes: which rows ---------------------------------------------------------------------------------------------


@mistake(
    "Your last indices count among what was left, and you take those rows of the boxes as they came. Each step has "
    "numbers of its own."
)
def prop_rows_of_what_came(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    some, logits = clip(boxes[order], image_size), objectness[order]
    keep = long_enough(some, min_size)
    kept = suppress(some[keep], logits[keep], nms_threshold)[:post_nms_top_n]
    return clip(boxes[kept], image_size), objectness[kept].sigmoid()


@form(prop_rows_of_what_came)
def prop_rows_of_what_came_not_clipped(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    some, logits = clip(boxes[order], image_size), objectness[order]
    keep = long_enough(some, min_size)
    kept = suppress(some[keep], logits[keep], nms_threshold)[:post_nms_top_n]
    return boxes[kept], objectness[kept].sigmoid()


@mistake("Your boxes are right, and the scores are those of other rows: they have to go through every step together.")
def prop_scores_of_what_came(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    some, logits = clip(boxes[order], image_size), objectness[order]
    keep = long_enough(some, min_size)
    kept = suppress(some[keep], logits[keep], nms_threshold)[:post_nms_top_n]
    return some[keep][kept], objectness[kept].sigmoid()


@mistake("What is too small leaves your boxes, and not your logits: after that step each box has another one's.")
def prop_logits_of_the_small_stay(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    some, logits = clip(boxes[order], image_size), objectness[order]
    some = some[long_enough(some, min_size)]
    kept = suppress(some, logits[: len(some)], nms_threshold)[:post_nms_top_n]
    return some[kept], logits[kept].sigmoid()


@mistake("You keep the right boxes, and return them in the order in which they came. The best comes first.")
def prop_in_order_of_input(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    order = best_first(objectness)[:pre_nms_top_n]
    some, logits = clip(boxes[order], image_size), objectness[order]
    keep = long_enough(some, min_size)
    some, logits, order = some[keep], logits[keep], order[keep]
    kept = suppress(some, logits, nms_threshold)[:post_nms_top_n]
    kept = kept[order[kept].argsort()]
    return some[kept], logits[kept].sigmoid()


@mistake("You return the worst first. The best comes first.")
def prop_returned_worst_first(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return found.flip(0), scores.flip(0)


@mistake("Your last cut takes the *worst* of what is left. The best come first, and stay.")
def prop_the_worst_at_last(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, len(boxes), nms_threshold, min_size)
    return found[-post_nms_top_n:], scores[-post_nms_top_n:]


# --- mistakes: scores -------------------------------------------------------------------------------------------------


@mistake("Your scores are logits. A sigmoid makes scores of them.")
def prop_logits_for_scores(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, score=lambda x: x
    )


@mistake("The sigmoid is taken twice: your scores are all between 0.5 and 0.73.")
def prop_sigmoid_twice(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        score=lambda x: x.sigmoid().sigmoid(),
    )  # fmt: skip


@mistake("Your scores are a softmax over the boxes, so that each depends on the others. Each has its own sigmoid.")
def prop_softmax_for_scores(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size,
        score=lambda x: x.softmax(dim=0),
    )  # fmt: skip


@form(prop_softmax_for_scores)
def prop_softmax_over_all_boxes(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    shares = objectness.softmax(dim=0)
    return stages(boxes, shares, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, score=lambda x: x)


@mistake("You leave out boxes with a low score. Scores only say who comes first: nobody goes for being unlikely.")
def prop_below_a_half_out(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    likely = objectness > 0
    boxes, objectness = boxes[likely], objectness[likely]
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@form(prop_below_a_half_out)
def prop_below_a_twentieth_out(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return found[scores > 0.05], scores[scores > 0.05]


@form(prop_below_a_half_out)
def prop_below_the_threshold_out(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return found[scores >= nms_threshold], scores[scores >= nms_threshold]


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("Boxes and scores are exchanged: the boxes come first.")
def prop_scores_first(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return scores, found


@mistake("You return the boxes alone. Their scores are wanted as well.")
def prop_boxes_alone(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)[0]


@mistake("You return one table. Two tensors are wanted: boxes (P, 4), and scores (P,).")
def prop_one_table(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return torch.cat([found, scores[:, None]], dim=1)


@mistake("You return a dict. Here two things are asked for in a row: boxes, scores.")
def prop_by_name(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return {"boxes": found, "scores": scores}


@mistake("You return which boxes are kept. The boxes themselves are wanted, clipped, and their scores.")
def prop_indices(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    order = best_first(objectness)[:pre_nms_top_n]
    some = clip(boxes[order], image_size)
    order = order[long_enough(some, min_size)]
    kept = order[suppress(clip(boxes[order], image_size), objectness[order], nms_threshold)[:post_nms_top_n]]
    return kept, objectness[kept].sigmoid()


@mistake("Your scores stand in a column. They are one for each box, (P,).")
def prop_scores_in_a_column(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return found, scores[:, None]


@mistake("You fill up with zeros. There are as many proposals as are left, and not always `post_nms_top_n`.")
def prop_filled_with_zeros(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    missing = post_nms_top_n - len(found)
    return torch.cat([found, found.new_zeros(missing, 4)]), torch.cat([scores, scores.new_zeros(missing)])


@mistake("Your results are float32 whatever comes in. They have the dtype of the boxes.")
def prop_in_float32(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return found.float(), scores.float()


@mistake("You calculate in float32. In float64 two logits may differ by less than that can see.")
def prop_float32_inside(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    found, scores = stages(
        boxes.float(), objectness.float(), image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size
    )
    return found.to(boxes.dtype), scores.to(boxes.dtype)


@mistake("Where nothing is left your boxes have lost a dimension. No box is (0, 4) as well.")
def prop_lists_of_nothing(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return torch.tensor(found.tolist(), dtype=boxes.dtype), torch.tensor(scores.tolist(), dtype=boxes.dtype)


@mistake("Where nothing is left your function fails. The results are empty then: (0, 4) and (0,).")
def prop_fails_on_nothing(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    found, scores = stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)
    return torch.stack(list(found)), torch.stack(list(scores))


@mistake("You clip `boxes` in place. The caller still needs them: clip into a new tensor.")
def prop_clips_in_place(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    boxes[:, 0::2].clamp_(0, image_size[1])
    boxes[:, 1::2].clamp_(0, image_size[0])
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@mistake("You make scores of the logits in place. The caller still needs the logits: `sigmoid_` writes into them.")
def prop_sigmoid_in_place(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    objectness.sigmoid_()
    return stages(
        boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size, score=lambda x: x
    )


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def prop_step_by_step(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    return stages(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold, min_size)


@variant
def prop_with_torchvisions_steps(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    from torchvision.ops import clip_boxes_to_image, nms, remove_small_boxes

    logits, order = objectness.topk(min(pre_nms_top_n, objectness.shape[0]))
    some, scores = clip_boxes_to_image(boxes[order], image_size), logits.sigmoid()
    keep = remove_small_boxes(some, min_size)
    some, scores = some[keep], scores[keep]
    keep = nms(some, scores, nms_threshold)[:post_nms_top_n]
    return some[keep], scores[keep]


@variant
def prop_with_torchvisions_suppression_by_label(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    import torchvision

    order = torch.sort(objectness, descending=True).indices[:pre_nms_top_n]
    height, width = image_size
    x1, y1, x2, y2 = boxes[order].unbind(dim=1)
    some = torch.stack([x1.clamp(0, width), y1.clamp(0, height), x2.clamp(0, width), y2.clamp(0, height)], dim=1)
    large = (some[:, 2] - some[:, 0] >= min_size) & (some[:, 3] - some[:, 1] >= min_size)
    some, logits = some[large], objectness[order][large]
    one = torch.zeros(len(some), dtype=torch.int64)
    kept = torchvision.ops.batched_nms(some, logits, one, nms_threshold)
    return [some[kept[:post_nms_top_n]], torch.sigmoid(logits[kept[:post_nms_top_n]])]


@variant
def prop_in_plain_python(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    height, width = image_size
    ranked = sorted(zip(objectness.tolist(), boxes.tolist(), strict=True), key=lambda pair: -pair[0])
    kept, scores = [], []
    for logit, (x1, y1, x2, y2) in ranked[:pre_nms_top_n]:
        x1, x2 = (min(max(x, 0), width) for x in (x1, x2))
        y1, y2 = (min(max(y, 0), height) for y in (y1, y2))
        if x2 - x1 < min_size or y2 - y1 < min_size or len(kept) == post_nms_top_n:
            continue
        for a1, b1, a2, b2 in kept:
            both = max(min(x2, a2) - max(x1, a1), 0) * max(min(y2, b2) - max(y1, b1), 0)
            if both / ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - both) > nms_threshold:
                break
        else:
            kept.append((x1, y1, x2, y2))
            scores.append(logit)
    found = torch.tensor(kept, dtype=boxes.dtype).reshape(-1, 4)
    return found, torch.tensor(scores, dtype=boxes.dtype).sigmoid()


@variant
def prop_in_numpy(boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3):
    b, s = boxes.numpy().astype(np.float64), objectness.numpy().astype(np.float64)
    order = np.argsort(-s)[:pre_nms_top_n]
    h, w = image_size
    b, s = np.clip(b[order], 0, [w, h, w, h]), s[order]
    sides = b[:, 2:] - b[:, :2]
    large = sides.min(axis=1) >= min_size
    b, s, area = b[large], s[large], sides[large].prod(axis=1)
    alive, keep = np.ones(len(b), dtype=bool), []
    for i in range(len(b)):
        if not alive[i]:
            continue
        keep.append(i)
        low, high = np.maximum(b[i, :2], b[:, :2]), np.minimum(b[i, 2:], b[:, 2:])
        both = np.prod(np.maximum(high - low, 0), axis=1)
        alive &= both / (area[i] + area - both) <= nms_threshold
    keep = np.array(keep[:post_nms_top_n], dtype=int)
    scores = 1 / (1 + np.exp(-s[keep]))
    return torch.from_numpy(b[keep]).to(boxes.dtype), torch.from_numpy(scores).to(boxes.dtype)


@variant
def prop_by_masks_over_all(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    """Nothing is taken out before the end: masks say who is still there."""
    height, width = image_size
    some = torch.minimum(boxes.clamp(min=0), torch.tensor([width, height, width, height], dtype=boxes.dtype))
    rank = (objectness > objectness[:, None]).sum(dim=1)
    there = (rank < pre_nms_top_n) & ((some[:, 2:] - some[:, :2]).amin(dim=1) >= min_size)
    iou, kept = overlaps(some), []
    while there.any() and len(kept) < post_nms_top_n:
        best = int(torch.where(there, objectness, -torch.inf).argmax())
        kept.append(best)
        there = there & ~(iou[best] > nms_threshold)
        there[best] = False
    kept = torch.tensor(kept, dtype=torch.int64)
    return some[kept], objectness[kept].sigmoid()


@variant
def prop_clipped_first_of_all(
    boxes, objectness, image_size, pre_nms_top_n, post_nms_top_n, nms_threshold=0.7, min_size=1e-3
):
    """Clipping changes neither logits nor who is cut, and scores have the order of logits."""
    scores = 1 / (1 + torch.exp(-objectness))
    some = clip(boxes, image_size)
    scores, order = scores.sort(descending=True)
    some, scores = some[order][:pre_nms_top_n], scores[:pre_nms_top_n]
    rows = torch.nonzero(torch.all(some[:, 2:] - some[:, :2] >= min_size, dim=1)).squeeze(1)
    some, scores = some.index_select(0, rows), scores.index_select(0, rows)
    kept = suppress(some, scores, nms_threshold)
    return some[kept][:post_nms_top_n], scores[kept][:post_nms_top_n]
