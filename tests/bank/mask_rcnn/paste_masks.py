"""Wrong and right answers to `paste_masks`."""

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def ratio_of(cells):
    return (cells + 2) / cells


def about_the_centre(boxes, ratio):
    centre, half = (boxes[:, 2:] + boxes[:, :2]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * ratio
    return torch.cat([centre - half, centre + half], dim=1)


def bilinear(mask, height, width):
    return F.interpolate(mask, (height, width), mode="bilinear", align_corners=False)


def placed(big, x1, y1, height, width):
    """Return an image (height, width) with `big` at (x1, y1), as much of it as fits."""
    left, right = max(x1, 0), min(x1 + big.shape[1], width)
    top, bottom = max(y1, 0), min(y1 + big.shape[0], height)
    if left >= right or top >= bottom:
        return big.new_zeros(height, width)
    seen = big[top - y1 : bottom - y1, left - x1 : right - x1]
    return F.pad(seen, (left, width - right, top, height - bottom))


def paste(
    masks, boxes, size, around=1, ratio=ratio_of, enlarge=about_the_centre, cut=torch.trunc, plus=1, resize=bilinear,
    place=placed, order=(0, 1, 2, 3), padding="constant",
):  # fmt: skip
    """Return the right answer, but for what the caller changes."""
    height, width = size
    padded = F.pad(masks, (around,) * 4, mode=padding) if len(masks) else masks
    corners = cut(enlarge(boxes[:, list(order)], ratio(masks.shape[-1]))).long().tolist()
    images = [masks.new_zeros(0, 1, height, width)]
    for mask, (x1, y1, x2, y2) in zip(padded, corners, strict=True):
        big = resize(mask[None], max(y2 - y1 + plus, 1), max(x2 - x1 + plus, 1))[0, 0]
        images.append(place(big, x1, y1, height, width)[None, None])
    return torch.cat(images)


def sampled(masks, boxes, size, around=0, align=False, half=0.5, mode="bilinear", more=0.0):
    """Return the masks, sampled where pixels lie in the box itself: no corner is cut to whole pixels."""
    height, width = size
    if not len(masks):
        return masks.new_zeros(0, 1, height, width)
    x1, y1, x2, y2 = (boxes[:, k, None] for k in range(4))
    x = (torch.arange(width).to(boxes) + half - x1) / (x2 - x1 + more).clamp(min=1e-6) * 2 - 1  # (R, W)
    y = (torch.arange(height).to(boxes) + half - y1) / (y2 - y1 + more).clamp(min=1e-6) * 2 - 1
    grid = torch.stack([x[:, None].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], dim=-1)
    return F.grid_sample(F.pad(masks, (around,) * 4), grid, mode=mode, align_corners=align)


# --- mistakes: the cell of zeros, and how the box grows ---------------------------------------------------------------


@mistake(
    "You stretch the mask itself over its box. First it gets a cell of zeros around it, and the box grows to match."
)
def without_a_rim(masks, boxes, size):
    return paste(masks, boxes, size, around=0, ratio=lambda cells: 1.0)


@form(without_a_rim)
def without_a_rim_and_a_pixel_less(masks, boxes, size):
    return paste(masks, boxes, size, around=0, ratio=lambda cells: 1.0, plus=0)


@form(without_a_rim)
def without_a_rim_to_rounded_corners(masks, boxes, size):
    return paste(masks, boxes, size, around=0, ratio=lambda cells: 1.0, cut=torch.round)


@mistake(
    "Your mask gets its cells of zeros, and the box stays as it is: so the object shrinks. The box grows by (M + 2) / M."
)
def box_does_not_grow(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: 1.0)


@form(box_does_not_grow)
def box_does_not_grow_and_is_a_pixel_less(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: 1.0, plus=0)


@mistake("Your box grows, and the mask has no cells of zeros around it: so the object grows, too.")
def mask_does_not_grow(masks, boxes, size):
    return paste(masks, boxes, size, around=0)


@form(mask_does_not_grow)
def mask_does_not_grow_and_is_a_pixel_less(masks, boxes, size):
    return paste(masks, boxes, size, around=0, plus=0)


@mistake(
    "Your box grows by one pixel on each side. It should be one *cell*: of M cells it becomes M + 2 that are as large."
)
def box_grows_by_a_pixel(masks, boxes, size):
    return paste(masks, boxes, size, enlarge=lambda b, ratio: b + b.new_tensor([-1.0, -1, 1, 1]))


@mistake("Your box grows to the right and down alone. It grows about its centre, a cell on each side.")
def box_grows_from_its_corner(masks, boxes, size):
    def enlarge(b, ratio):
        return torch.cat([b[:, :2], b[:, :2] + (b[:, 2:] - b[:, :2]) * ratio], dim=1)

    return paste(masks, boxes, size, enlarge=enlarge)


@mistake("You multiply the corners, so that the box moves away from the image's corner. It grows about its own centre.")
def box_grows_from_the_origin(masks, boxes, size):
    return paste(masks, boxes, size, enlarge=lambda b, ratio: b * ratio)


@mistake("Your box grows by (M + 1) / M. On each side there is a further cell: M + 2 of them.")
def box_grows_by_a_cell_in_all(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: (cells + 1) / cells)


@mistake("Your box grows twice as much as it should: by (M + 2) / M it is a cell on each side.")
def box_grows_twice(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: (cells + 4) / cells)


@mistake("You enlarge by 30 / 28, which is right for masks of 28 cells. M is what the masks have.")
def box_grows_for_twenty_eight(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: 30 / 28)


@form(box_grows_for_twenty_eight)
def box_grows_for_the_padded_mask(masks, boxes, size):
    return paste(masks, boxes, size, ratio=lambda cells: (cells + 4) / (cells + 2))


@mistake("The rim of your mask repeats its outermost cells. It is a cell of zeros, so that the mask fades out.")
def rim_repeats_the_mask(masks, boxes, size):
    return paste(masks, boxes, size, padding="replicate")


@mistake("The rim of your mask is two cells wide. One cell of zeros on each side is enough.")
def rim_of_two_cells(masks, boxes, size):
    return paste(masks, boxes, size, around=2)


@form(rim_of_two_cells)
def rim_of_two_cells_and_box(masks, boxes, size):
    return paste(masks, boxes, size, around=2, ratio=lambda cells: (cells + 4) / cells)


# --- mistakes: whole pixels -------------------------------------------------------------------------------------------


@mistake("You round corners down. Below zero that is another pixel: −0.3 is cut to 0, and not to −1.")
def corners_rounded_down(masks, boxes, size):
    return paste(masks, boxes, size, cut=torch.floor)


@mistake("You round corners to the nearest pixel. They are cut towards zero: 3.9 becomes 3.")
def corners_rounded(masks, boxes, size):
    return paste(masks, boxes, size, cut=torch.round)


@form(corners_rounded)
def corners_rounded_by_a_half(masks, boxes, size):
    return paste(masks, boxes, size, cut=lambda b: (b + 0.5).trunc())


@mistake("Your first corner is rounded down and the last one up. Both are cut towards zero.")
def corners_rounded_outwards(masks, boxes, size):
    return paste(masks, boxes, size, cut=lambda b: torch.cat([b[:, :2].floor(), b[:, 2:].ceil()], dim=1))


@form(corners_rounded_outwards)
def corners_rounded_up(masks, boxes, size):
    return paste(masks, boxes, size, cut=torch.ceil)


@mistake("You cut the corners before the box grows. They are cut afterwards, once.")
def corners_cut_before(masks, boxes, size):
    return paste(masks, boxes.trunc(), size)


@form(corners_cut_before)
def corners_rounded_before(masks, boxes, size):
    return paste(masks, boxes.round(), size)


@mistake("Your box is a pixel too narrow and too low. The first and the last pixel are both covered: last − first + 1.")
def a_pixel_less(masks, boxes, size):
    return paste(masks, boxes, size, plus=0)


@form(a_pixel_less)
def a_pixel_less_and_the_last_is_empty(masks, boxes, size):
    def place(big, x1, y1, height, width):
        return placed(big[: max(len(big) - 1, 0), : max(big.shape[1] - 1, 0)], x1, y1, height, width)

    return paste(masks, boxes, size, place=place)


@form(a_pixel_less)
def a_pixel_less_may_be_none(masks, boxes, size):
    height, width = size
    padded = F.pad(masks, (1, 1, 1, 1))
    corners = about_the_centre(boxes, ratio_of(masks.shape[-1])).long().tolist()
    images = [masks.new_zeros(0, 1, height, width)]
    for mask, (x1, y1, x2, y2) in zip(padded, corners, strict=True):
        big = bilinear(mask[None], y2 - y1, x2 - x1)[0, 0]
        images.append(placed(big, x1, y1, height, width)[None, None])
    return torch.cat(images)


@mistake("Your box is a pixel too wide and too high: from first to last there are last − first + 1.")
def a_pixel_more(masks, boxes, size):
    return paste(masks, boxes, size, plus=2)


@form(a_pixel_more)
def a_pixel_more_in_the_box(masks, boxes, size):
    def enlarge(b, ratio):
        centre, half = (b[:, 2:] + b[:, :2]) / 2, (b[:, 2:] - b[:, :2] + 1) / 2 * ratio
        return torch.cat([centre - half, centre + half], dim=1)

    return paste(masks, boxes, size, enlarge=enlarge)


@mistake("You sample in the box with its fractions. Here its enlarged corners are cut to whole pixels first.")
def corners_with_fractions(masks, boxes, size):
    return sampled(masks, boxes, size)


@form(corners_with_fractions)
def corners_with_fractions_at_pixels(masks, boxes, size):
    return sampled(masks, boxes, size, half=0.0)


@form(corners_with_fractions)
def corners_with_fractions_and_one_more(masks, boxes, size):
    return sampled(masks, about_the_centre(boxes, ratio_of(masks.shape[-1])), size, around=1, more=1.0)


@form(corners_with_fractions)
def corners_with_fractions_enlarged_and_aligned(masks, boxes, size):
    return sampled(masks, about_the_centre(boxes, ratio_of(masks.shape[-1])), size, around=1, align=True)


# --- mistakes: resizing -----------------------------------------------------------------------------------------------


@mistake(
    "Your corners are aligned: the outermost cells lie on the first and the last pixel. With `align_corners=False` they do not."
)
def with_aligned_corners(masks, boxes, size):
    def resize(mask, height, width):
        return F.interpolate(mask, (height, width), mode="bilinear", align_corners=True)

    return paste(masks, boxes, size, resize=resize)


@form(with_aligned_corners)
def with_aligned_corners_in_the_middle(masks, boxes, size):
    cut = about_the_centre(boxes, ratio_of(masks.shape[-1])).trunc()
    return sampled(masks, cut, size, around=1, align=True, more=1.0)


@mistake("Your pixels count from their corner. The middle of pixel j lies at j + ½, half a pixel further.")
def half_a_pixel_short(masks, boxes, size):
    cut = about_the_centre(boxes, ratio_of(masks.shape[-1])).trunc()
    return sampled(masks, cut, size, around=1, half=0.0, more=1.0)


@form(half_a_pixel_short)
def half_a_cell_further(masks, boxes, size):
    """The place is (j + ½) · cells / side, without the − ½ for a cell's middle."""
    cut = about_the_centre(boxes, ratio_of(masks.shape[-1])).trunc()
    return sampled(masks, cut, size, around=1, half=0.0, align=True, more=1.0)


@mistake("You take the nearest cell. Between cells the mask is bilinear.")
def with_the_nearest_cell(masks, boxes, size):
    return paste(masks, boxes, size, resize=lambda mask, height, width: F.interpolate(mask, (height, width)))


@mistake(
    "You resize with another filter: where the box is small, or smooth where it is large. Asked is plain bilinear."
)
def with_antialiasing(masks, boxes, size):
    def resize(mask, height, width):
        return F.interpolate(mask, (height, width), mode="bilinear", antialias=True)

    return paste(masks, boxes, size, resize=resize)


@form(with_antialiasing)
def with_cubic_pieces(masks, boxes, size):
    def resize(mask, height, width):
        return F.interpolate(mask, (height, width), mode="bicubic")

    return paste(masks, boxes, size, resize=resize)


@form(with_antialiasing)
def with_means_of_areas(masks, boxes, size):
    return paste(masks, boxes, size, resize=lambda mask, *sides: F.adaptive_avg_pool2d(mask, sides))


@mistake("Your width and height have changed places: rows are as many as the box is high.")
def rows_for_columns_in_the_box(masks, boxes, size):
    return paste(masks, boxes, size, resize=lambda mask, height, width: bilinear(mask, width, height))


@mistake("Your mask is turned: its rows go down the image, and its columns across.")
def mask_is_turned(masks, boxes, size):
    return paste(masks.mT, boxes, size)


# --- mistakes: boxes and the image ------------------------------------------------------------------------------------


@mistake("You exchange x and y. A box is (x1, y1, x2, y2): x counts columns, y counts rows.")
def columns_for_rows(masks, boxes, size):
    return paste(masks, boxes, size, order=(1, 0, 3, 2))


@mistake("You read x2 and y2 as a width and a height. They are the other corner.")
def a_corner_and_a_size(masks, boxes, size):
    return paste(masks, torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1), size)


@mistake("`size` is (H, W), rows first. Your images are as wide as they should be high.")
def width_before_height(masks, boxes, size):
    return paste(masks, boxes, size[::-1])


@mistake(
    "You cut the box off at the image's edge and squeeze the whole mask into what is left. Resize first, cut off then."
)
def squeezed_into_the_image(masks, boxes, size):
    height, width = size

    def cut(b):
        x, y = b[:, 0::2].trunc().clamp(0, width - 1), b[:, 1::2].trunc().clamp(0, height - 1)
        return torch.stack([x, y], dim=-1).flatten(1)

    return paste(masks, boxes, size, cut=cut)


@form(squeezed_into_the_image)
def squeezed_into_the_image_before_it_grows(masks, boxes, size):
    height, width = size
    x, y = boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)
    return paste(masks, torch.stack([x, y], dim=-1).flatten(1), size)


@form(squeezed_into_the_image)
def squeezed_into_what_is_right_of_zero(masks, boxes, size):
    return paste(masks, boxes, size, cut=lambda b: b.trunc().clamp(min=0))


@mistake(
    "What you keep of a mask over the left or the upper edge is its first part. The first pixels lie outside; keep the rest."
)
def first_part_at_the_edge(masks, boxes, size):
    def place(big, x1, y1, height, width):
        left, right = max(x1, 0), min(x1 + big.shape[1], width)
        top, bottom = max(y1, 0), min(y1 + big.shape[0], height)
        seen = big[: max(bottom - top, 0), : max(right - left, 0)]
        return placed(seen, left, top, height, width)

    return paste(masks, boxes, size, place=place)


@form(first_part_at_the_edge)
def moved_into_the_image(masks, boxes, size):
    def place(big, x1, y1, height, width):
        return placed(big, max(x1, 0), max(y1, 0), height, width)

    return paste(masks, boxes, size, place=place)


@mistake(
    "You slice the image with corners outside of it. Below zero Python counts from the other end: clamp first and last."
)
def slices_from_the_other_end(masks, boxes, size):
    def place(big, x1, y1, height, width):
        image = big.new_zeros(height, width)
        image[y1 : y1 + big.shape[0], x1 : x1 + big.shape[1]] = big
        return image

    return paste(masks, boxes, size, place=place)


@form(slices_from_the_other_end)
def slices_as_far_as_they_fit(masks, boxes, size):
    def place(big, x1, y1, height, width):
        image = big.new_zeros(height, width)
        there = image[y1 : y1 + big.shape[0], x1 : x1 + big.shape[1]]
        image[y1 : y1 + big.shape[0], x1 : x1 + big.shape[1]] = big[: there.shape[0], : there.shape[1]]
        return image

    return paste(masks, boxes, size, place=place)


@form(slices_from_the_other_end)
def indices_from_the_other_end(masks, boxes, size):
    def place(big, x1, y1, height, width):
        rows = (torch.arange(big.shape[0]) + y1) % height
        columns = (torch.arange(big.shape[1]) + x1) % width
        return big.new_zeros(height, width).index_put((rows[:, None], columns), big)

    return paste(masks, boxes, size, place=place)


@mistake("A mask over the lower or the right edge is too large for your slice. Clamp its end to H and W as well.")
def slices_over_the_far_edges(masks, boxes, size):
    def place(big, x1, y1, height, width):
        image = big.new_zeros(height, width)
        seen = big[max(-y1, 0) :, max(-x1, 0) :]
        image[max(y1, 0) : max(y1 + len(big), 0), max(x1, 0) : max(x1 + big.shape[1], 0)] = seen
        return image

    return paste(masks, boxes, size, place=place)


@mistake("A box may miss the image altogether. Its slices are then turned inside out; what is asked are zeros.")
def fails_where_a_box_misses(masks, boxes, size):
    def place(big, x1, y1, height, width):
        image = big.new_zeros(height, width)
        left, right = max(x1, 0), min(x1 + big.shape[1], width)
        top, bottom = max(y1, 0), min(y1 + big.shape[0], height)
        image[top:bottom, left:right] = big[top - y1 : bottom - y1, left - x1 : right - x1]
        return image

    return paste(masks, boxes, size, place=place)


@form(fails_where_a_box_misses)
def leaves_out_what_misses(masks, boxes, size):
    height, width = size
    grown = about_the_centre(boxes, ratio_of(masks.shape[-1])).trunc()
    hits = (grown[:, 2] >= 0) & (grown[:, 3] >= 0) & (grown[:, 0] < width) & (grown[:, 1] < height)
    return paste(masks[hits], boxes[hits], size)


@form(fails_where_a_box_misses)
def pads_where_a_box_misses(masks, boxes, size):
    def place(big, x1, y1, height, width):
        return F.pad(big, (x1, width - x1 - big.shape[1], y1, height - y1 - big.shape[0]))

    return paste(masks, boxes, size, place=place)


@mistake("A mask's last row and column in the image are lost: pixel W − 1 is one of it, and a slice may end at W.")
def without_the_last_line(masks, boxes, size):
    height, width = size
    return F.pad(paste(masks, boxes, (height - 1, width - 1)), (0, 1, 0, 1))


@mistake("A box without a pixel of area gives nothing in your code. After the cut it still covers one pixel at least.")
def nothing_of_small_boxes(masks, boxes, size):
    keep = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(dim=1).to(masks.dtype)
    return paste(masks, boxes, size) * keep[:, None, None, None]


@form(nothing_of_small_boxes)
def nothing_of_boxes_without_area(masks, boxes, size):
    keep = (boxes[:, 2:] > boxes[:, :2]).all(dim=1).to(masks.dtype)
    return paste(masks, boxes, size) * keep[:, None, None, None]


@mistake("Without a mask your function fails. The result is empty then, (0, 1, H, W).")
def fails_without_masks(masks, boxes, size):
    return torch.stack([paste(masks[r : r + 1], boxes[r : r + 1], size)[0] for r in range(len(masks))])


@form(fails_without_masks)
def nothing_without_masks(masks, boxes, size):
    return paste(masks, boxes, size) if len(masks) else masks.new_zeros(0)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You put all masks into one image. Each has an image of its own, (R, 1, H, W), also where they overlap.")
def all_in_one_image(masks, boxes, size):
    pasted = paste(masks, boxes, size)
    return pasted.amax(dim=0, keepdim=True) if len(masks) else pasted


@form(all_in_one_image)
def all_added_in_one_image(masks, boxes, size):
    return paste(masks, boxes, size).sum(dim=0, keepdim=True)


@form(all_in_one_image)
def each_on_top_of_those_before(masks, boxes, size):
    pasted = paste(masks, boxes, size)
    return pasted.cumsum(dim=0)


@form(all_in_one_image)
def each_image_is_that_of_all(masks, boxes, size):
    pasted = paste(masks, boxes, size)
    return pasted.sum(dim=0, keepdim=True).expand(len(masks), -1, -1, -1).clone()


@mistake("All your images show the first mask. Mask r belongs to box r.")
def the_first_mask_alone(masks, boxes, size):
    return paste(masks[:1].expand_as(masks), boxes, size)


@form(the_first_mask_alone)
def the_first_box_alone(masks, boxes, size):
    return paste(masks, boxes[:1].expand_as(boxes), size)


@mistake("You make the result 0 or 1. The threshold comes later: asked is how sure the mask is of each pixel.")
def pasted_above_a_half(masks, boxes, size):
    return (paste(masks, boxes, size) >= 0.5).to(masks.dtype)


@form(pasted_above_a_half)
def pasted_as_bool(masks, boxes, size):
    return paste(masks, boxes, size) >= 0.5


@form(pasted_above_a_half)
def pasted_after_a_threshold(masks, boxes, size):
    return paste((masks >= 0.5).to(masks.dtype), boxes, size)


@mistake("You take a sigmoid. The masks come after one: they are probabilities.")
def pasted_after_a_sigmoid(masks, boxes, size):
    return paste(masks.sigmoid(), boxes, size)


@form(pasted_after_a_sigmoid)
def pasted_before_a_sigmoid(masks, boxes, size):
    return paste(masks, boxes, size).sigmoid()


@mistake("Your result has no dimension for the channel. Asked is (R, 1, H, W).")
def pasted_without_a_channel(masks, boxes, size):
    return paste(masks, boxes, size)[:, 0]


@mistake("You drop every dimension of size 1. A single box has one too, and so has a mask of one cell.")
def pasted_and_squeezed(masks, boxes, size):
    return paste(masks, boxes, size).squeeze()


@mistake("Your result is float32 whatever comes in. It has the dtype of `masks`.")
def pasted_in_float32(masks, boxes, size):
    return paste(masks.float(), boxes, size)


@form(pasted_in_float32)
def pasted_in_float32_and_back(masks, boxes, size):
    return paste(masks.float(), boxes, size).to(masks.dtype)


@mistake(NO_GRADIENT)
def pasted_without_a_gradient(masks, boxes, size):
    return paste(masks.detach(), boxes, size)


@mistake("You write into the boxes. Whoever called still needs them as they were.")
def grown_boxes_are_written(masks, boxes, size):
    pasted = paste(masks, boxes, size)
    boxes[:] = about_the_centre(boxes, ratio_of(masks.shape[-1]))
    return pasted


@mistake("`.view` does not join what lies apart in memory: `.reshape` does.")
def pasted_by_view(masks, boxes, size):
    cells = masks.shape[-1]
    return paste(masks.view(len(masks), cells * cells).reshape(masks.shape), boxes, size)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def pasted_one_by_one(masks, boxes, size):
    return paste(masks, boxes, size)


@variant
def pasted_by_grid_sample(masks, boxes, size):
    height, width = size
    cut = about_the_centre(boxes, ratio_of(masks.shape[-1])).trunc()
    x = (torch.arange(width).to(boxes) + 0.5 - cut[:, 0, None]) / (cut[:, 2] - cut[:, 0] + 1)[:, None] * 2 - 1
    y = (torch.arange(height).to(boxes) + 0.5 - cut[:, 1, None]) / (cut[:, 3] - cut[:, 1] + 1)[:, None] * 2 - 1
    grid = torch.stack([x[:, None, :].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], dim=-1)
    return F.grid_sample(F.pad(masks, (1, 1, 1, 1)), grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@variant
def pasted_by_slices(masks, boxes, size):
    """As torchvision does it, but for boxes that miss the image."""
    height, width = size
    count, cells = masks.shape[0], masks.shape[-1]
    scale = float(cells + 2) / cells
    padded = masks.new_zeros(count, 1, cells + 2, cells + 2)
    padded[:, :, 1:-1, 1:-1] = masks
    images = []
    for mask, (x1, y1, x2, y2) in zip(padded, boxes.tolist(), strict=True):
        wide, high = (x2 - x1) * 0.5 * scale, (y2 - y1) * 0.5 * scale
        across, down = (x2 + x1) * 0.5, (y2 + y1) * 0.5
        x1, y1, x2, y2 = int(across - wide), int(down - high), int(across + wide), int(down + high)
        w, h = x2 - x1 + 1, y2 - y1 + 1
        big = F.interpolate(mask[None], size=(h, w), mode="bilinear", align_corners=False)[0, 0]
        image = masks.new_zeros(height, width)
        left, right, top, bottom = max(x1, 0), min(x2 + 1, width), max(y1, 0), min(y2 + 1, height)
        if left < right and top < bottom:
            image[top:bottom, left:right] = big[top - y1 : bottom - y1, left - x1 : right - x1]
        images.append(image)
    return torch.stack(images)[:, None] if images else masks.new_zeros(0, 1, height, width)


@variant
def pasted_by_matrices(masks, boxes, size):
    cells = masks.size(-1) + 2
    padded = F.pad(masks, [1] * 4)
    cut = about_the_centre(boxes, cells / masks.size(-1)).to(torch.int64)

    def weights(first, last, length):
        pixel = torch.arange(length) - first[:, None]
        side = (last - first + 1)[:, None]
        place = ((pixel + 0.5).to(boxes) * cells / side - 0.5).clamp(0, cells - 1)
        low = place.floor().long().clamp(max=cells - 1)
        high = (low + 1).clamp(max=cells - 1)
        share = place - low
        weight = F.one_hot(low, cells) * (1 - share)[..., None] + F.one_hot(high, cells) * share[..., None]
        return weight * ((pixel >= 0) & (pixel < side))[..., None]

    down, across = weights(cut[:, 1], cut[:, 3], size[0]), weights(cut[:, 0], cut[:, 2], size[1])
    return torch.einsum("rhi,rcij,rwj->rchw", down, padded, across)


@variant
def pasted_without_a_rim_of_its_own(masks, boxes, size):
    """`grid_sample` has zeros outside of a mask, so the rim need not be there."""
    height, width = size
    count, cells = len(masks), masks.shape[-1]
    cut = about_the_centre(boxes, (cells + 2) / cells).trunc()
    side = cut[:, 2:] - cut[:, :2] + 1
    pixels = torch.stack(torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy"), dim=-1).to(boxes)
    place = (pixels + 0.5 - cut[:, None, None, :2]) / side[:, None, None] * (cells + 2) - 1  # in cells of the mask
    return F.grid_sample(masks, place.view(count, height, width, 2) * 2 / cells - 1, align_corners=False)


@variant
def pasted_pixel_by_pixel(masks, boxes, size):
    height, width = size
    cells = masks.shape[-1]
    padded = F.pad(masks, (1, 1, 1, 1))
    images = []
    for r in range(masks.shape[0]):
        x1, y1, x2, y2 = (int(number) for number in about_the_centre(boxes[r : r + 1], (cells + 2) / cells)[0])
        pixels = []
        for row in range(height):
            for column in range(width):
                if not (y1 <= row <= y2 and x1 <= column <= x2):
                    pixels.append(masks.new_zeros(()))
                    continue
                y = (row - y1 + 0.5) * (cells + 2) / (y2 - y1 + 1) - 0.5
                x = (column - x1 + 0.5) * (cells + 2) / (x2 - x1 + 1) - 0.5
                y, x = min(max(y, 0.0), cells + 1.0), min(max(x, 0.0), cells + 1.0)
                i, j = int(y), int(x)
                b, a = y - i, x - j
                i2, j2 = min(i + 1, cells + 1), min(j + 1, cells + 1)
                upper = (1 - a) * padded[r, 0, i, j] + a * padded[r, 0, i, j2]
                lower = (1 - a) * padded[r, 0, i2, j] + a * padded[r, 0, i2, j2]
                pixels.append((1 - b) * upper + b * lower)
        images.append(torch.stack(pixels).view(1, height, width))
    return torch.stack(images) if images else masks.new_zeros(0, 1, height, width)


@variant
def pasted_onto_a_larger_canvas(masks, boxes, size):
    """A canvas with room on all sides for every box, of which the image is a piece."""
    height, width = size
    cells = masks.shape[-1]
    cut = about_the_centre(boxes, 1 + 2 / cells).int()
    room = int(max([0, *(-cut).flatten().tolist(), *(cut - min(size)).flatten().tolist()])) + max(size) + 1
    canvas = masks.new_zeros(len(masks), 1, height + 2 * room, width + 2 * room)
    padded = F.pad(masks, (1, 1, 1, 1))
    for r, (x1, y1, x2, y2) in enumerate(cut.tolist()):
        big = F.interpolate(padded[r : r + 1], (y2 - y1 + 1, x2 - x1 + 1), mode="bilinear")
        canvas[r : r + 1, :, y1 + room : y2 + room + 1, x1 + room : x2 + room + 1] = big
    return canvas[:, :, room : room + height, room : room + width]


@variant
def pasted_in_float64(masks, boxes, size):
    return paste(masks.double(), boxes.double(), size).to(masks.dtype)


@variant
def pasted_with_boxes_in_numpy(masks, boxes, size):
    corners = boxes.detach().cpu().numpy().astype(np.float64)
    cells = masks.shape[-1]
    grow = (corners[:, 2:] - corners[:, :2]) / cells
    first, last = (corners[:, :2] - grow).astype(int), (corners[:, 2:] + grow).astype(int)
    pasted = torch.zeros((len(masks), 1, *size), dtype=masks.dtype)
    for r in range(len(masks)):
        rows = [k for k in range(first[r, 1], last[r, 1] + 1) if 0 <= k < size[0]]
        columns = [k for k in range(first[r, 0], last[r, 0] + 1) if 0 <= k < size[1]]
        if rows and columns:
            w, h = (last[r] - first[r] + 1).tolist()
            big = F.interpolate(F.pad(masks[r : r + 1], (1, 1, 1, 1)), (h, w), mode="bilinear")[0, 0]
            piece = big[rows[0] - first[r, 1] : rows[-1] - first[r, 1] + 1]
            piece = piece[:, columns[0] - first[r, 0] : columns[-1] - first[r, 0] + 1]
            pasted[r, 0, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = piece
    return pasted
