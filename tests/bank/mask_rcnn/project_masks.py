"""Wrong and right answers to `project_masks`."""

from math import ceil

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import roi_align, roi_pool

from autograde.building.bank import form, mistake, variant


def samples_of(width, height):
    """Return how many samples a bin has, in x and in y."""
    return max(ceil(width), 1), max(ceil(height), 1)


def line(start, side, bins, samples, length, border="edge"):
    """Return how much of each pixel of a line each bin takes, (bins, length)."""
    bin_number, sample = (torch.arange(count, dtype=torch.float64) for count in (bins, samples))
    at = start + bin_number[:, None] * side + (sample + 0.5) * side / samples
    reached = (at >= -1) & (at <= length)
    if border != "zero":
        at = at.clamp(0, length - 1)
    near = (1 - (at[..., None] - torch.arange(length)).abs()).clamp(min=0)
    return (near * reached[..., None] if border == "edge" else near).mean(dim=1)


def project(
    masks, boxes, matches, size, offset=0.0, least=1.0, more=0.0, samples=samples_of, border="edge", order=(0, 1, 2, 3),
    scale=1.0,
):  # fmt: skip
    """Return the right answer, but for what the caller changes."""
    targets = [boxes.new_zeros(0, size, size)]
    for box, match in zip(boxes, matches, strict=True):
        mask = masks[match].to(boxes.dtype)
        x1, y1, x2, y2 = (box[list(order)] * scale - offset).tolist()
        width, height = (max(side + more, least) / size for side in (x2 - x1, y2 - y1))
        across, down = samples(width, height)
        rows = line(y1, height, size, down, mask.shape[0], border).to(boxes.dtype)
        columns = line(x1, width, size, across, mask.shape[1], border).to(boxes.dtype)
        targets.append((rows @ mask @ columns.T)[None])
    return torch.cat(targets)


def aligned(masks, boxes, matches, size, scale=1.0, ratio=-1, half=False):
    """Return what torchvision's RoI Align gives, with other arguments."""
    rois = torch.cat([matches[:, None].to(boxes), boxes], dim=1)
    return roi_align(masks[:, None].to(boxes), rois, size, scale, ratio, half)[:, 0]


def cropped(masks, boxes, matches, size, whole, resize, plus=0):
    """Return crops of whole pixels, (R, size, size): what `whole` makes of the corners, resized."""
    targets = [boxes.new_zeros(0, size, size)]
    for box, match in zip(boxes, matches.tolist(), strict=True):
        x1, y1, x2, y2 = (int(number) for number in whole(box))
        x1, y1 = max(x1, 0), max(y1, 0)
        x2, y2 = max(x2 + plus, x1 + 1), max(y2 + plus, y1 + 1)
        crop = masks[match, y1:y2, x1:x2].to(boxes.dtype)
        targets.append(resize(crop[None, None], size)[0] if crop.numel() else boxes.new_zeros(1, size, size))
    return torch.cat(targets)


def bilinear(crop, size):
    return F.interpolate(crop, (size, size), mode="bilinear", align_corners=False)


def antialiased(crop, size):
    return F.interpolate(crop, (size, size), mode="bilinear", antialias=True)


def nearest(crop, size):
    return F.interpolate(crop, (size, size))


def pooled(crop, size):
    return F.adaptive_avg_pool2d(crop, size)


def outwards(box):
    return torch.cat([box[:2].floor(), box[2:].ceil()])


# --- mistakes: which mask ---------------------------------------------------------------------------------------------


@mistake("Region r gets mask r in your code. `matches` says which object a region belongs to.")
def region_after_region(masks, boxes, matches, size):
    return aligned(masks, boxes, torch.arange(len(boxes)) % max(len(masks), 1), size)


@form(region_after_region)
def region_after_region_until_there_is_none(masks, boxes, matches, size):
    return torch.cat([aligned(masks[r : r + 1], boxes[r : r + 1], torch.tensor([0]), size) for r in range(len(boxes))])


@form(region_after_region)
def region_after_region_by_index(masks, boxes, matches, size):
    return project(masks, boxes, torch.arange(len(boxes)), size)


@form(region_after_region)
def region_after_region_or_the_last(masks, boxes, matches, size):
    return aligned(masks, boxes, torch.arange(len(boxes)).clamp(max=len(masks) - 1), size)


@mistake("All your regions are cut out of the first mask. `matches` says which object each belongs to.")
def regions_of_the_first_mask(masks, boxes, matches, size):
    return aligned(masks, boxes, torch.zeros_like(matches), size)


@form(regions_of_the_first_mask)
def regions_of_the_first_mask_by_channel(masks, boxes, matches, size):
    rois = torch.cat([torch.zeros(len(boxes), 1).to(boxes), boxes], dim=1)
    return roi_align(masks[None].to(boxes), rois, size)[:, 0]


@mistake("You cut each region out of *all* masks together. A region draws its own object, and not its neighbours.")
def regions_of_all_masks(masks, boxes, matches, size):
    return aligned(masks.to(boxes).amax(dim=0, keepdim=True), boxes, torch.zeros_like(matches), size)


@form(regions_of_all_masks)
def regions_of_the_sum_of_masks(masks, boxes, matches, size):
    return aligned(masks.to(boxes).sum(dim=0, keepdim=True), boxes, torch.zeros_like(matches), size)


@form(regions_of_all_masks)
def regions_of_the_sum_of_masks_at_most_one(masks, boxes, matches, size):
    return aligned(masks.to(boxes).sum(dim=0, keepdim=True).clamp(max=1), boxes, torch.zeros_like(matches), size)


@mistake("You return a cut of every mask for every region. Asked is the region's own object alone: (R, size, size).")
def every_mask_for_every_region(masks, boxes, matches, size):
    rois = torch.cat([torch.zeros(len(boxes), 1).to(boxes), boxes], dim=1)
    return roi_align(masks[None].to(boxes), rois, size)


@form(every_mask_for_every_region)
def every_mask_for_every_region_in_one_row(masks, boxes, matches, size):
    rois = torch.cat([torch.zeros(len(boxes), 1).to(boxes), boxes], dim=1)
    return roi_align(masks[None].to(boxes), rois, size).flatten(0, 1)


@mistake(
    "You go through the objects and collect their regions, so that these come in the order of `matches`, not theirs."
)
def regions_in_the_order_of_objects(masks, boxes, matches, size):
    order = matches.argsort(stable=True)
    return aligned(masks, boxes[order], matches[order], size)


@form(regions_in_the_order_of_objects)
def masks_in_the_order_of_matches(masks, boxes, matches, size):
    return aligned(masks, boxes, matches.sort().values, size)


@mistake(
    "You apply `matches` to the boxes. It belongs to the region with the same number and says which *mask* is its own."
)
def boxes_of_matches(masks, boxes, matches, size):
    return aligned(masks, boxes[matches % max(len(boxes), 1)], matches, size)


@form(boxes_of_matches)
def boxes_of_matches_that_may_not_be_there(masks, boxes, matches, size):
    return aligned(masks, boxes[matches], matches, size)


@form(boxes_of_matches)
def boxes_of_matches_and_region_after_region(masks, boxes, matches, size):
    count = torch.arange(len(boxes)) % max(len(masks), 1)
    return aligned(masks, boxes[matches % max(len(boxes), 1)], count, size)


@mistake("Your matches count from 1. The first mask has the number 0.")
def matches_from_one(masks, boxes, matches, size):
    return aligned(masks, boxes, (matches - 1) % max(len(masks), 1), size)


# --- mistakes: where --------------------------------------------------------------------------------------------------


@mistake("You move the box by half a pixel, with `aligned=True`. Here it stays where it is: `aligned` is False.")
def half_a_pixel_away(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, half=True)


@form(half_a_pixel_away)
def half_a_pixel_away_and_a_pixel_wide(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, offset=0.5)


@form(half_a_pixel_away)
def half_a_pixel_away_and_fading(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, offset=0.5, least=0.0, border="zero")


@mistake("You move the box by half a pixel to the right and down. It stays where it is.")
def half_a_pixel_further(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, offset=-0.5)


@mistake("You scale the boxes. Masks are as large as the image, and boxes are in its pixels: the scale is 1.")
def scaled_by_the_size_over_the_width(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=size / masks.shape[-1])


@form(scaled_by_the_size_over_the_width)
def scaled_by_the_size_over_the_height(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=size / masks.shape[-2])


@form(scaled_by_the_size_over_the_width)
def scaled_by_the_size_over_both(masks, boxes, matches, size):
    height, width = masks.shape[1:]
    return aligned(masks, boxes * (size / boxes.new_tensor([width, height, width, height])), matches, size)


@form(scaled_by_the_size_over_the_width)
def scaled_to_a_map(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / 16)


@form(scaled_by_the_size_over_the_width)
def scaled_to_a_quarter(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / 4)


@form(scaled_by_the_size_over_the_width)
def scaled_to_an_eighth(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / 8)


@form(scaled_by_the_size_over_the_width)
def scaled_to_a_half(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / 2)


@form(scaled_by_the_size_over_the_width)
def scaled_by_one_over_the_size(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / size)


@form(scaled_by_the_size_over_the_width)
def scaled_by_one_over_the_width(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, scale=1 / masks.shape[-1])


@mistake("You resize the whole mask and pay no attention to the box. Cut out what lies in the region.")
def whole_masks_resized(masks, boxes, matches, size):
    return bilinear(masks[matches][:, None].to(boxes), size)[:, 0]


@form(whole_masks_resized)
def whole_masks_pooled(masks, boxes, matches, size):
    return pooled(masks[matches][:, None].to(boxes), size)[:, 0]


@form(whole_masks_resized)
def whole_masks_nearest(masks, boxes, matches, size):
    return nearest(masks[matches][:, None].to(boxes), size)[:, 0]


@form(whole_masks_resized)
def whole_masks_aligned(masks, boxes, matches, size):
    height, width = masks.shape[1:]
    whole = boxes.new_tensor([0.0, 0.0, width, height]).expand(len(boxes), 4)
    return aligned(masks, whole, matches, size)


@mistake("You exchange x and y. A box is (x1, y1, x2, y2): x counts columns, y counts rows.")
def columns_for_rows(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, order=(1, 0, 3, 2))


@form(columns_for_rows)
def columns_for_rows_both_ways(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, order=(1, 0, 3, 2)).mT


@mistake("You read x2 and y2 as a width and a height. They are the other corner.")
def a_corner_and_a_size(masks, boxes, matches, size):
    return aligned(masks, torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1), matches, size)


@form(a_corner_and_a_size)
def a_centre_and_a_size(masks, boxes, matches, size):
    half = boxes[:, 2:] / 2
    return aligned(masks, torch.cat([boxes[:, :2] - half, boxes[:, :2] + half], dim=1), matches, size)


@mistake("Your regions are a pixel too wide and too high: x2 − x1 is the width, without + 1.")
def a_pixel_more(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, more=1.0)


@form(a_pixel_more)
def a_pixel_less(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, more=-1.0)


@mistake(
    "You cut the box off at the image's edge before you divide it, so that the object is stretched. Beyond are zeros."
)
def boxes_cut_off_at_the_image(masks, boxes, matches, size):
    height, width = masks.shape[1:]
    x, y = boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)
    return aligned(masks, torch.stack([x, y], dim=-1).flatten(1), matches, size)


@form(boxes_cut_off_at_the_image)
def boxes_cut_off_at_the_last_pixel(masks, boxes, matches, size):
    height, width = masks.shape[1:]
    x, y = boxes[:, 0::2].clamp(0, width - 1), boxes[:, 1::2].clamp(0, height - 1)
    return aligned(masks, torch.stack([x, y], dim=-1).flatten(1), matches, size)


@form(boxes_cut_off_at_the_image)
def boxes_cut_off_at_zero(masks, boxes, matches, size):
    return aligned(masks, boxes.clamp(min=0), matches, size)


# --- mistakes: crops of whole pixels ----------------------------------------------------------------------------------


@mistake(
    "You cut whole pixels out and resize them. No corner is rounded here: RoI Align takes the values where the box lies."
)
def crop_of_corners_cut_off(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, bilinear)


@form(crop_of_corners_cut_off)
def crop_of_corners_cut_off_with_the_last_pixel(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, bilinear, plus=1)


@form(crop_of_corners_cut_off)
def crop_of_rounded_corners(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, bilinear)


@form(crop_of_corners_cut_off)
def crop_of_rounded_corners_with_the_last_pixel(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, bilinear, plus=1)


@form(crop_of_corners_cut_off)
def crop_of_all_that_is_touched(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, outwards, bilinear)


@form(crop_of_corners_cut_off)
def nearest_crop_of_corners_cut_off(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, nearest)


@form(crop_of_corners_cut_off)
def nearest_crop_of_corners_cut_off_with_the_last_pixel(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, nearest, plus=1)


@form(crop_of_corners_cut_off)
def nearest_crop_of_rounded_corners(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, nearest)


@form(crop_of_corners_cut_off)
def nearest_crop_of_rounded_corners_with_the_last_pixel(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, nearest, plus=1)


@form(crop_of_corners_cut_off)
def nearest_crop_of_all_that_is_touched(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, outwards, nearest)


@form(crop_of_corners_cut_off)
def pooled_crop_of_corners_cut_off(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, pooled)


@form(crop_of_corners_cut_off)
def pooled_crop_of_corners_cut_off_with_the_last_pixel(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, pooled, plus=1)


@form(crop_of_corners_cut_off)
def pooled_crop_of_rounded_corners(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, pooled)


@form(crop_of_corners_cut_off)
def pooled_crop_of_all_that_is_touched(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, outwards, pooled)


@form(crop_of_corners_cut_off)
def antialiased_crop_of_corners_cut_off(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.trunc, antialiased)


@form(crop_of_corners_cut_off)
def antialiased_crop_of_rounded_corners(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, antialiased)


@form(crop_of_corners_cut_off)
def aligned_with_rounded_boxes(masks, boxes, matches, size):
    return aligned(masks, boxes.round(), matches, size)


@form(crop_of_corners_cut_off)
def aligned_with_boxes_cut_off(masks, boxes, matches, size):
    return aligned(masks, boxes.trunc(), matches, size)


@mistake("You take the largest value of each bin, as RoI pooling does. RoI Align takes the mean of its samples.")
def masks_by_roi_pooling(masks, boxes, matches, size):
    rois = torch.cat([matches[:, None].to(boxes), boxes], dim=1)
    return roi_pool(masks[:, None].to(boxes), rois, size)[:, 0]


@form(masks_by_roi_pooling)
def masks_by_the_largest_of_a_crop(masks, boxes, matches, size):
    return cropped(masks, boxes, matches, size, torch.round, F.adaptive_max_pool2d)


# --- mistakes: samples ------------------------------------------------------------------------------------------------


@mistake("You take one sample a bin, at its middle. It should be as many as the bin has pixels, rounded up, each way.")
def one_sample_a_bin(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, ratio=1)


@form(one_sample_a_bin)
def one_sample_a_bin_by_grid_sample(masks, boxes, matches, size):
    """Half a pixel away too, as `grid_sample` has it."""
    return project(masks, boxes, matches, size, offset=0.5, least=0.0, border="zero", samples=lambda w, h: (1, 1))


@form(one_sample_a_bin)
def one_sample_a_bin_that_fades(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, least=0.0, border="zero", samples=lambda w, h: (1, 1))


@mistake(
    "You take 2 × 2 samples a bin, as for features. Here it is as many as the bin has pixels, rounded up, each way."
)
def four_samples_a_bin(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, ratio=2)


@form(four_samples_a_bin)
def sixteen_samples_a_bin(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, ratio=4)


@form(four_samples_a_bin)
def nine_samples_a_bin(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, ratio=3)


@form(four_samples_a_bin)
def four_samples_a_bin_and_half_a_pixel_away(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size, ratio=2, half=True)


@mistake("Your number of samples is rounded down. As many as a bin has pixels, rounded *up*: of 1.4 pixels two.")
def fewer_samples(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: (max(int(w), 1), max(int(h), 1)))


@form(fewer_samples)
def about_as_many_samples(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: (max(round(w), 1), max(round(h), 1)))


@mistake("A bin of exactly one pixel gets two samples from you. Rounded up, 1 stays 1, and 2 stays 2.")
def a_sample_more(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: (int(w) + 1, int(h) + 1))


@mistake("You take as many samples down as across. A bin that is wide and flat needs many in x and few in y.")
def as_many_down_as_across(masks, boxes, matches, size):
    def samples(width, height):
        return (max(ceil(width), ceil(height), 1),) * 2

    return project(masks, boxes, matches, size, samples=samples)


@form(as_many_down_as_across)
def as_many_across_as_down(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: (max(ceil(h), 1),) * 2)


@form(as_many_down_as_across)
def as_many_down_as_across_of_the_width(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: (max(ceil(w), 1),) * 2)


@mistake("You have exchanged the number of samples in x with that in y.")
def samples_exchanged(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, samples=lambda w, h: samples_of(h, w))


@mistake("You use one number of samples for all regions. A large region has more pixels a bin, and so more samples.")
def as_many_samples_for_all_regions(masks, boxes, matches, size):
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1) / size
    most = int(sides.amax().ceil()) if len(boxes) else 1
    return project(masks, boxes, matches, size, samples=lambda w, h: (most, most))


@form(as_many_samples_for_all_regions)
def as_many_samples_for_all_regions_each_way(masks, boxes, matches, size):
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1) / size
    most = [int(side) for side in sides.amax(dim=0).ceil()] if len(boxes) else [1, 1]
    return project(masks, boxes, matches, size, samples=lambda w, h: most)


@mistake("Your values are taken from corner to corner of the box. Samples lie in the middle of equal parts of a bin.")
def from_corner_to_corner(masks, boxes, matches, size):
    targets = [boxes.new_zeros(0, size, size)]
    for (x1, y1, x2, y2), match in zip(boxes.tolist(), matches.tolist(), strict=True):
        mask = masks[match].to(boxes.dtype)
        (rows, columns) = (
            line(first, (last - first) / max(size - 1, 1), size, 1, length).to(boxes.dtype)
            for first, last, length in (
                (y1 - (y2 - y1) / max(size - 1, 1) / 2, y2 - (y2 - y1) / max(size - 1, 1) / 2, mask.shape[0]),
                (x1 - (x2 - x1) / max(size - 1, 1) / 2, x2 - (x2 - x1) / max(size - 1, 1) / 2, mask.shape[1]),
            )
        )
        targets.append((rows @ mask @ columns.T)[None])
    return torch.cat(targets)


@mistake("You take the nearest pixel at each sample. Between pixels a value is bilinear.")
def the_nearest_pixel(masks, boxes, matches, size):
    targets = [boxes.new_zeros(0, size, size)]
    for (x1, y1, x2, y2), match in zip(boxes.tolist(), matches.tolist(), strict=True):
        height, width = masks.shape[1:]
        rows = (y1 + (torch.arange(size) + 0.5) * (y2 - y1) / size).long().clamp(0, height - 1)
        columns = (x1 + (torch.arange(size) + 0.5) * (x2 - x1) / size).long().clamp(0, width - 1)
        targets.append(masks[match][rows[:, None], columns][None].to(boxes.dtype))
    return torch.cat(targets)


@form(the_nearest_pixel)
def the_nearest_pixel_rounded(masks, boxes, matches, size):
    targets = [boxes.new_zeros(0, size, size)]
    for (x1, y1, x2, y2), match in zip(boxes.tolist(), matches.tolist(), strict=True):
        height, width = masks.shape[1:]
        rows = (y1 + (torch.arange(size) + 0.5) * (y2 - y1) / size).round().long().clamp(0, height - 1)
        columns = (x1 + (torch.arange(size) + 0.5) * (x2 - x1) / size).round().long().clamp(0, width - 1)
        targets.append(masks[match][rows[:, None], columns][None].to(boxes.dtype))
    return torch.cat(targets)


# --- mistakes: edges --------------------------------------------------------------------------------------------------


@mistake(
    "Outside of the image you go on with the values of its edge, however far. From a pixel beyond it on there are zeros."
)
def the_edge_goes_on(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, border="repeat")


@mistake("Your values fade at the image's edge. Up to a pixel beyond it RoI Align goes on with the value of the edge.")
def the_edge_fades(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, border="zero")


@mistake(
    "A region of less than a pixel stays so in your code. Without `aligned`, RoI Align makes it one pixel at least."
)
def less_than_a_pixel(masks, boxes, matches, size):
    return project(masks, boxes, matches, size, least=0.0)


@form(less_than_a_pixel)
def less_than_a_pixel_by_moving(masks, boxes, matches, size):
    return aligned(masks, boxes + 0.5, matches, size, half=True)


@mistake("Without a region your function fails. The result is empty then: (0, size, size).")
def fails_without_regions(masks, boxes, matches, size):
    targets = [aligned(masks, boxes[r : r + 1], matches[r : r + 1], size)[0] for r in range(len(boxes))]
    return torch.stack(targets)


@form(fails_without_regions)
def nothing_of_no_shape(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size) if len(boxes) else torch.zeros(0)


@form(fails_without_regions)
def none_without_regions(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size) if len(boxes) else []


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You make the result 0 or 1. It is the share of a bin that the object fills, and may be anything between.")
def all_or_nothing(masks, boxes, matches, size):
    return (aligned(masks, boxes, matches, size) >= 0.5).to(boxes.dtype)


@form(all_or_nothing)
def all_or_nothing_above_a_half(masks, boxes, matches, size):
    return (aligned(masks, boxes, matches, size) > 0.5).to(boxes.dtype)


@form(all_or_nothing)
def all_or_nothing_as_bool(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size) >= 0.5


@form(all_or_nothing)
def all_or_nothing_above_zero(masks, boxes, matches, size):
    return (aligned(masks, boxes, matches, size) > 0).to(boxes.dtype)


@form(all_or_nothing)
def all_or_nothing_in_the_dtype_of_masks(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size).to(masks.dtype)


@form(all_or_nothing)
def all_or_nothing_rounded_in_the_dtype_of_masks(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size).round().to(masks.dtype)


@mistake("Masks in floating point become 0 or 1 in your code. They are shares of a pixel, and stay so.")
def shares_are_rounded(masks, boxes, matches, size):
    return aligned(masks >= 0.5, boxes, matches, size)


@form(shares_are_rounded)
def shares_above_a_half(masks, boxes, matches, size):
    return aligned(masks > 0.5, boxes, matches, size)


@form(shares_are_rounded)
def shares_above_nothing(masks, boxes, matches, size):
    return aligned(masks > 0, boxes, matches, size)


@form(shares_are_rounded)
def shares_cut_off(masks, boxes, matches, size):
    return aligned(masks.long(), boxes, matches, size)


@mistake("You divide uint8 by 255. These masks hold 0 and 1.")
def of_two_hundred_and_fifty_five(masks, boxes, matches, size):
    scale = 255 if masks.dtype == torch.uint8 else 1
    return aligned(masks.to(boxes) / scale, boxes, matches, size)


@form(of_two_hundred_and_fifty_five)
def all_of_two_hundred_and_fifty_five(masks, boxes, matches, size):
    return aligned(masks.to(boxes) / 255, boxes, matches, size)


@form(of_two_hundred_and_fifty_five)
def all_times_two_hundred_and_fifty_five(masks, boxes, matches, size):
    return aligned(masks.to(boxes) * 255, boxes, matches, size)


@mistake("Your masks stay bool, or of their own dtype. RoI Align multiplies and adds: give them the dtype of `boxes`.")
def masks_of_their_own_dtype(masks, boxes, matches, size):
    rois = torch.cat([matches[:, None].to(boxes.dtype), boxes], dim=1)
    return roi_align(masks[:, None], rois, size)[:, 0]


@form(masks_of_their_own_dtype)
def masks_of_their_own_dtype_by_matrices(masks, boxes, matches, size):
    targets = [boxes.new_zeros(0, size, size)]
    for (x1, y1, x2, y2), match in zip(boxes.tolist(), matches.tolist(), strict=True):
        rows = line(y1, (y2 - y1) / size, size, 1, masks.shape[1]).to(boxes.dtype)
        columns = line(x1, (x2 - x1) / size, size, 1, masks.shape[2]).to(boxes.dtype)
        targets.append((rows @ masks[match] @ columns.T)[None])
    return torch.cat(targets)


@mistake("Your numbers are cut down to float32, whatever the boxes are in. The result has the dtype of `boxes`.")
def projected_in_float32(masks, boxes, matches, size):
    return aligned(masks, boxes.float(), matches, size)


@form(projected_in_float32)
def projected_in_float32_and_back(masks, boxes, matches, size):
    return aligned(masks, boxes.float(), matches, size).to(boxes.dtype)


@form(projected_in_float32)
def masks_alone_in_float32(masks, boxes, matches, size):
    rois = torch.cat([matches[:, None].to(boxes.dtype), boxes], dim=1)
    return roi_align(masks[:, None].float(), rois, size)[:, 0]


@mistake("Your result has a dimension for one channel: (R, 1, size, size). Asked is (R, size, size).")
def projected_with_a_channel(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size)[:, None]


@mistake(
    "You drop every dimension of size 1, and a single region, or a size of 1, is one of them. Take the channel alone away."
)
def projected_and_squeezed(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size).squeeze()


@mistake("Your result has rows and columns exchanged: y runs down, x runs along a row.")
def projected_and_turned(masks, boxes, matches, size):
    return aligned(masks, boxes, matches, size).mT


@mistake("You write into the boxes. Whoever called still needs them as they were.")
def boxes_are_written_into(masks, boxes, matches, size):
    targets = aligned(masks, boxes, matches, size)
    boxes[:, 2:] -= boxes[:, :2]
    return targets


@mistake("You return the share of the mask that lies in each bin, so that a full region sums up to 1. A full bin is 1.")
def shares_of_the_whole(masks, boxes, matches, size):
    targets = aligned(masks, boxes, matches, size)
    return targets / targets.sum(dim=(1, 2), keepdim=True).clamp(min=1e-6)


@form(shares_of_the_whole)
def shares_of_the_largest(masks, boxes, matches, size):
    targets = aligned(masks, boxes, matches, size)
    return targets / targets.amax(dim=(1, 2), keepdim=True).clamp(min=1e-6)


@form(shares_of_the_whole)
def sums_of_samples(masks, boxes, matches, size):
    sides = ((boxes[:, 2:] - boxes[:, :2]).clamp(min=1) / size).ceil().prod(dim=1)
    return aligned(masks, boxes, matches, size) * sides[:, None, None]


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def projected_with_objects_as_images(masks, boxes, matches, size):
    rois = torch.cat([matches[:, None].to(boxes), boxes], dim=1)
    return roi_align(masks[:, None].to(boxes), rois, (size, size), spatial_scale=1.0, sampling_ratio=-1)[:, 0]


@variant
def projected_from_a_copy_for_each_region(masks, boxes, matches, size):
    own = masks[matches].unsqueeze(1).type_as(boxes)
    rois = torch.hstack([torch.arange(len(boxes)).unsqueeze(1).type_as(boxes), boxes])
    return roi_align(own, rois, size).squeeze(1)


@variant
def projected_with_a_list_of_boxes(masks, boxes, matches, size):
    own = masks[matches, None].to(boxes.dtype)
    return roi_align(own, list(boxes.split(1)), size, 1.0)[:, 0] if len(boxes) else boxes.new_zeros(0, size, size)


@variant
def projected_object_by_object(masks, boxes, matches, size):
    targets = boxes.new_zeros(len(boxes), size, size)
    for number, mask in enumerate(masks):
        mine = matches == number
        targets[mine] = roi_align(mask[None, None].to(boxes), [boxes[mine]], size)[:, 0]
    return targets


@variant
def projected_out_of_channels(masks, boxes, matches, size):
    """All masks are channels of one image, and each region then takes its own."""
    count = len(boxes)
    if not count:
        return torch.empty(0, size, size, dtype=boxes.dtype)
    rois = torch.cat([boxes.new_zeros(count, 1), boxes], dim=1)
    every = roi_align(masks[None].to(boxes.dtype), rois, size)  # (R, G, size, size)
    return every.gather(1, matches.view(-1, 1, 1, 1).expand(-1, 1, size, size)).squeeze(1)


@variant
def projected_by_matrices(masks, boxes, matches, size):
    return project(masks, boxes, matches, size)


@variant
def projected_point_by_point(masks, boxes, matches, size):
    def value(mask, y, x):
        height, width = mask.shape
        if y < -1 or y > height or x < -1 or x > width:
            return 0.0
        y, x = min(max(y, 0.0), height - 1), min(max(x, 0.0), width - 1)
        top, left = int(y), int(x)
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        b, a = y - top, x - left
        above = (1 - a) * mask[top, left] + a * mask[top, right]
        return (1 - b) * above + b * ((1 - a) * mask[bottom, left] + a * mask[bottom, right])

    planes = np.asarray(masks.double())
    targets = np.zeros((len(boxes), size, size))
    for r, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        mask = planes[int(matches[r])]
        wide, high = max(x2 - x1, 1.0) / size, max(y2 - y1, 1.0) / size
        across, down = ceil(wide), ceil(high)
        for i in range(size):
            for j in range(size):
                for s in range(down):
                    for t in range(across):
                        y, x = y1 + (i + (s + 0.5) / down) * high, x1 + (j + (t + 0.5) / across) * wide
                        targets[r, i, j] += value(mask, y, x) / (down * across)
    return torch.from_numpy(targets).to(boxes.dtype)


@variant
def projected_by_grid_sample(masks, boxes, matches, size):
    height, width = masks.shape[1:]
    result = boxes.new_zeros(len(boxes), size, size)
    for r in range(len(boxes)):
        start, side = boxes[r, :2], (boxes[r, 2:] - boxes[r, :2]).clamp(min=1) / size
        across, down = (int(number) for number in side.ceil())
        x = start[0] + (torch.arange(size * across).to(boxes) + 0.5) * side[0] / across
        y = start[1] + (torch.arange(size * down).to(boxes) + 0.5) * side[1] / down
        inside = ((y >= -1) & (y <= height))[:, None] & ((x >= -1) & (x <= width))
        places = torch.stack(torch.meshgrid(x * 2 / (width - 1) - 1, y * 2 / (height - 1) - 1, indexing="xy"), dim=-1)
        fine = F.grid_sample(
            masks[matches[r]][None, None].to(boxes), places[None], padding_mode="border", align_corners=True
        )
        result[r] = F.avg_pool2d(fine * inside, (down, across))[0, 0]
    return result


@variant
def projected_in_float64(masks, boxes, matches, size):
    rois = torch.column_stack([matches.double(), boxes.double()])
    return roi_align(masks.double().unsqueeze(1), rois, [size, size], aligned=False)[:, 0].to(boxes.dtype)


@variant
def projected_by_indexing_four_neighbours(masks, boxes, matches, size):
    """Every region at once, with as many samples as the largest needs, and those that a region has not at weight 0."""
    if not len(boxes):
        return boxes.new_zeros(0, size, size)
    lengths = [masks.shape[2], masks.shape[1]]
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1) / size
    counts = sides.ceil()
    lines = []
    for axis in (0, 1):
        most, length = int(counts[:, axis].max()), lengths[axis]
        sample = torch.arange(most).to(boxes)
        part = (sample + 0.5) / counts[:, axis, None]  # (R, most)
        at = (
            boxes[:, axis, None, None]
            + (torch.arange(size).to(boxes)[:, None] + part[:, None]) * sides[:, axis, None, None]
        )
        weight = (sample < counts[:, axis, None])[:, None] & (at >= -1) & (at <= length)
        at = at.clamp(0, length - 1)
        low = at.floor().long()
        high, share = (low + 1).clamp(max=length - 1), at - low
        spread = torch.zeros(*at.shape, length).to(boxes)
        spread.scatter_add_(3, low[..., None], (1 - share)[..., None])
        spread.scatter_add_(3, high[..., None], share[..., None])
        lines.append((spread * weight[..., None]).sum(dim=2) / counts[:, axis, None, None])
    return torch.einsum("rih,rhw,rjw->rij", lines[1], masks[matches].to(boxes), lines[0])
