"""Wrong and right answers to `warp_regions`."""

import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def cells(size, like):
    """Return where the centres of `size` cells lie, from −½ to ½ of the whole."""
    return (torch.arange(size, dtype=like.dtype) + 0.5) / size - 0.5


def ratio(size, context):
    """Return how many times as large a box is with its context."""
    return size / (size - 2 * context)


def places(boxes, size, context, scale=None):
    """Return x and y of the samples, (R, size) each, in pixels of the image."""
    scale = ratio(size, context) if scale is None else scale
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * scale
    return centre[:, :1] + cells(size, boxes) * side[:, :1], centre[:, 1:] + cells(size, boxes) * side[:, 1:]


def sampled(image, across, down, mode="bilinear", padding="zeros", align=False):
    """Return the samples (R, C, size, size) at `across` and `down` (R, size), from −1 to 1."""
    count, high, wide = len(across), down.shape[1], across.shape[1]
    grid = torch.stack(
        [across[:, None, :].expand(count, high, wide), down[:, :, None].expand(count, high, wide)], dim=-1
    )
    return F.grid_sample(image.expand(count, -1, -1, -1), grid, mode, padding, align)


def look(image, x, y, mode="bilinear", padding="zeros"):
    """Return the samples at x and y (R, size), in pixels."""
    height, width = image.shape[1:]
    return sampled(image, 2 * x / width - 1, 2 * y / height - 1, mode, padding)


def right(image, boxes, size, context=16):
    """Return the right regions."""
    return look(image, *places(boxes, size, context), "bilinear", "zeros")


def theta_of(image, boxes, size, context):
    """Return the affine maps (R, 2, 3) from the result to the image, from −1 to 1 each."""
    height, width = image.shape[1:]
    scale = ratio(size, context)
    theta = boxes.new_zeros(len(boxes), 2, 3)
    theta[:, 0, 0] = (boxes[:, 2] - boxes[:, 0]) * scale / width
    theta[:, 1, 1] = (boxes[:, 3] - boxes[:, 1]) * scale / height
    theta[:, 0, 2] = (boxes[:, 0] + boxes[:, 2]) / width - 1
    theta[:, 1, 2] = (boxes[:, 1] + boxes[:, 3]) / height - 1
    return theta


def enlarged(boxes, size, context):
    """Return the boxes with their context."""
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context)
    return torch.cat([centre - side / 2, centre + side / 2], dim=1)


# --- mistakes: where the samples lie ----------------------------------------------------------------------------------


@mistake(
    "Your samples reach from edge to edge of the enlarged box, both edges included. Each belongs to the middle of its cell, half a cell away from the edge."
)
def from_edge_to_edge(image, boxes, size, context=16):
    x1, y1, x2, y2 = enlarged(boxes, size, context).unbind(dim=1)
    steps = torch.linspace(0, 1, size, dtype=boxes.dtype)
    return look(image, x1[:, None] + steps * (x2 - x1)[:, None], y1[:, None] + steps * (y2 - y1)[:, None])


@form(from_edge_to_edge)
def affine_grid_with_aligned_corners(image, boxes, size, context=16):
    shape = (len(boxes), image.shape[0], size, size)
    grid = F.affine_grid(theta_of(image, boxes, size, context), shape, align_corners=True)
    return F.grid_sample(image.expand(len(boxes), -1, -1, -1), grid, align_corners=False)


@mistake(
    "With `align_corners=True`, −1 and 1 are the *centres* of the outermost pixels. The image ends half a pixel further, at its edges."
)
def grid_sample_with_aligned_corners(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * x / width - 1, 2 * y / height - 1, align=True)


@form(grid_sample_with_aligned_corners)
def aligned_corners_in_both(image, boxes, size, context=16):
    shape = (len(boxes), image.shape[0], size, size)
    grid = F.affine_grid(theta_of(image, boxes, size, context), shape, align_corners=True)
    return F.grid_sample(image.expand(len(boxes), -1, -1, -1), grid, align_corners=True)


@form(grid_sample_with_aligned_corners)
def aligned_corners_in_both_by_hand(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x1, y1, x2, y2 = enlarged(boxes, size, context).unbind(dim=1)
    steps = torch.linspace(0, 1, size, dtype=boxes.dtype)
    x, y = x1[:, None] + steps * (x2 - x1)[:, None], y1[:, None] + steps * (y2 - y1)[:, None]
    return sampled(image, 2 * x / width - 1, 2 * y / height - 1, align=True)


@mistake(
    "You take the place of a sample for an index: all is half a pixel too far. The centre of pixel (i, j) is at (j + ½, i + ½)."
)
def places_taken_for_indices(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x + 0.5, y + 0.5)


@mistake("Half a pixel comes off the wrong way: your regions are moved by a pixel, or by a half, to the other side.")
def half_a_pixel_the_wrong_way(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x - 0.5, y - 0.5)


@form(half_a_pixel_the_wrong_way)
def a_pixel_the_wrong_way(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x + 1, y + 1)


@mistake("Your samples lie at the beginning of their cells. The middle of a cell is half a cell further: j + ½, not j.")
def beginnings_of_cells(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    side = (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context) / size / 2
    return look(image, x - side[:, :1], y - side[:, 1:])


@mistake(
    "Both halves are missing: that of the cell in the result, and that of the pixel in the image. They cancel only where a cell is as large as a pixel."
)
def neither_half(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    side = (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context) / size / 2
    return look(image, x - side[:, :1] + 0.5, y - side[:, 1:] + 0.5)


@mistake(
    "Both are missing, the half cell in the result and the half pixel in the image, and your samples reach from edge to edge: `linspace` from x1 to x2, taken for indices."
)
def edges_taken_for_indices(image, boxes, size, context=16):
    x1, y1, x2, y2 = enlarged(boxes, size, context).unbind(dim=1)
    steps = torch.linspace(0, 1, size, dtype=boxes.dtype)
    x, y = x1[:, None] + steps * (x2 - x1)[:, None], y1[:, None] + steps * (y2 - y1)[:, None]
    return look(image, x + 0.5, y + 0.5)


@form(edges_taken_for_indices)
def edges_less_one_taken_for_indices(image, boxes, size, context=16):
    x1, y1, x2, y2 = enlarged(boxes, size, context).unbind(dim=1)
    steps = torch.linspace(0, 1, size, dtype=boxes.dtype)
    x, y = x1[:, None] + steps * (x2 - x1 - 1)[:, None], y1[:, None] + steps * (y2 - y1 - 1)[:, None]
    return look(image, x + 0.5, y + 0.5)


@mistake("You take the nearest pixel. Between the centres of pixels values are blended, from four of them.")
def nearest_pixel(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context), mode="nearest")


@form(nearest_pixel)
def pixel_at_the_top_left(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, (x - 0.5).floor() + 0.5, (y - 0.5).floor() + 0.5)


@form(nearest_pixel)
def nearest_pixel_by_index(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    column, row = x.floor().long().clamp(0, image.shape[2] - 1), y.floor().long().clamp(0, image.shape[1] - 1)
    return image[:, row[:, :, None], column[:, None, :]].transpose(0, 1)


@form(nearest_pixel)
def pixel_that_holds_the_place(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x.floor() + 0.5, y.floor() + 0.5)


@mistake("You blend sixteen pixels, by cubic interpolation. Bilinear takes four.")
def cubic(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context), mode="bicubic")


@mistake("You blend in one direction only. Bilinear goes between two columns *and* two rows.")
def linear_in_x_only(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x, y.floor() + 0.5)


@form(linear_in_x_only)
def linear_in_y_only(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x.floor() + 0.5, y)


@mistake("The weights of your blend are exchanged: the nearer pixel has the *larger* weight.")
def weights_of_the_blend_exchanged(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    x, y = x - 0.5, y - 0.5
    return look(image, 2 * x.floor() + 1 - x + 0.5, 2 * y.floor() + 1 - y + 0.5)


# --- mistakes: outside of the image -----------------------------------------------------------------------------------


@mistake("Outside of the image you go on with its edge pixels, repeated or mirrored. There it is 0.")
def edge_repeated(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context), padding="border")


@form(edge_repeated)
def edge_mirrored(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context), padding="reflection")


def inside(x, y, image, rim=0.0):
    """Return which samples (R, 1, size, size) are inside the image, `rim` pixels away from its edge."""
    height, width = image.shape[1:]
    return ((x >= rim) & (x <= width - rim))[:, None, None, :] & ((y >= rim) & (y <= height - rim))[:, None, :, None]


@mistake(
    "Your outermost half pixel does not fade. Beyond the centre of an edge pixel its outer neighbours count, and they are 0."
)
def rim_that_does_not_fade(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x, y, padding="border") * inside(x, y, image)


@form(rim_that_does_not_fade)
def rim_that_goes_on_for_half_a_pixel(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x, y, padding="border") * inside(x, y, image, rim=-0.5)


@mistake(
    "Where one of the four pixels lies outside, your sample is 0 altogether. Only that pixel is 0; the others count with their weights."
)
def nothing_in_the_rim(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x, y) * inside(x, y, image, rim=0.5)


@form(nothing_in_the_rim)
def nothing_outside_in_a_hard_cut(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    return look(image, x, y) * inside(x, y, image)


@mistake(
    "Outside of the image your values run on in a straight line: a weight of your blend is below 0 or above 1 there. All that lies outside is 0."
)
def values_that_run_on(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    height, width = image.shape[1:]
    x, y = x - 0.5, y - 0.5
    left, top = x.floor().long().clamp(0, width - 1), y.floor().long().clamp(0, height - 1)
    u, v = (x - left)[:, None, :], (y - top)[:, :, None]
    right_column, below = (left + 1).clamp(max=width - 1)[:, None, :], (top + 1).clamp(max=height - 1)[:, :, None]
    left, top = left[:, None, :], top[:, :, None]
    upper = image[:, top, left] * (1 - u) + image[:, top, right_column] * u
    lower = image[:, below, left] * (1 - u) + image[:, below, right_column] * u
    return (upper * (1 - v) + lower * v).transpose(0, 1)


@form(values_that_run_on)
def values_that_run_on_from_the_last_two(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    height, width = image.shape[1:]
    x, y = x - 0.5, y - 0.5
    left, top = x.floor().long().clamp(0, width - 2), y.floor().long().clamp(0, height - 2)
    u, v = (x - left)[:, None, :], (y - top)[:, :, None]
    left, top = left[:, None, :], top[:, :, None]
    upper = image[:, top, left] * (1 - u) + image[:, top, left + 1] * u
    lower = image[:, top + 1, left] * (1 - u) + image[:, top + 1, left + 1] * u
    return (upper * (1 - v) + lower * v).transpose(0, 1)


@mistake("Outside of the image you put its mean. That is what the authors of R-CNN did; here it is 0.")
def mean_outside(image, boxes, size, context=16):
    mean = image.mean(dim=(1, 2), keepdim=True)
    return right(image - mean, boxes, size, context) + mean


@form(mean_outside)
def mean_outside_beyond_the_edge(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    mean = image.mean(dim=(1, 2))[:, None, None]
    return torch.where(inside(x, y, image), look(image, x, y), mean)


@mistake(
    "A negative index counts from the other end: what lies outside on the left or above is taken from the right or from below. It is 0."
)
def indices_from_the_other_end(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    x, y = x - 0.5, y - 0.5
    left, top = x.floor().long(), y.floor().long()
    u, v = (x - left)[:, None, :], (y - top)[:, :, None]
    left, top = left[:, None, :], top[:, :, None]
    return (
        image[:, top, left] * (1 - u) * (1 - v)
        + image[:, top, left + 1] * u * (1 - v)
        + image[:, top + 1, left] * (1 - u) * v
        + image[:, top + 1, left + 1] * u * v
    ).transpose(0, 1)


@form(indices_from_the_other_end)
def indices_around_the_image(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    height, width = image.shape[1:]
    tiled = F.pad(image.repeat(1, 9, 9), (1, 1, 1, 1), mode="circular")
    return look(tiled, x + 4 * width + 1, y + 4 * height + 1)


@mistake(
    "You cut boxes off at the edges of the image, before or after they are enlarged. A box that reaches over keeps its size, and shows 0 there."
)
def boxes_cut_off(image, boxes, size, context=16):
    height, width = image.shape[1:]
    boxes = torch.stack([boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)], dim=-1).flatten(1)
    return right(image, boxes, size, context)


@form(boxes_cut_off)
def enlarged_boxes_cut_off(image, boxes, size, context=16):
    height, width = image.shape[1:]
    boxes = enlarged(boxes, size, context)
    boxes = torch.stack([boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)], dim=-1).flatten(1)
    return right(image, boxes, size, 0)


# --- mistakes: the context --------------------------------------------------------------------------------------------


@mistake(
    "Your boxes have no context: they fill the whole result. They belong into its middle, size − 2 · context wide."
)
def without_context(image, boxes, size, context=16):
    return right(image, boxes, size, 0)


@mistake(
    "You add `context` pixels of the *image* on each side of a box. It counts pixels of the result, however large the box is."
)
def context_in_pixels_of_the_image(image, boxes, size, context=16):
    wide = torch.cat([boxes[:, :2] - context, boxes[:, 2:] + context], dim=1)
    return right(image, wide, size, 0)


@form(context_in_pixels_of_the_image)
def half_the_context_in_pixels_of_the_image(image, boxes, size, context=16):
    wide = torch.cat([boxes[:, :2] - context / 2, boxes[:, 2:] + context / 2], dim=1)
    return right(image, wide, size, 0)


@mistake(
    "You enlarge by another factor than size / (size − 2 · context). Of the `size` pixels of the result the box is to have size − 2 · context."
)
def enlarged_by_a_sum(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, (size + 2 * context) / size))


@form(enlarged_by_a_sum)
def context_on_one_side(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, size / (size - context)))


@form(enlarged_by_a_sum)
def enlarged_by_half_a_sum(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, (size + context) / size))


@form(enlarged_by_a_sum)
def enlarged_on_top_of_the_size(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, 1 + context))


@form(enlarged_by_a_sum)
def enlarged_twice(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, ratio(size, context) ** 2))


@form(enlarged_by_a_sum)
def enlarged_by_twice_the_context(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, 1 + 2 * context))


@mistake("You make the boxes *smaller*. To show what lies around them they are enlarged.")
def made_smaller(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, 1 / ratio(size, context)))


@mistake(
    "You enlarge a box from one of its corners: the context lies on two sides only. About the *centre* it lies on all four."
)
def enlarged_from_the_corner(image, boxes, size, context=16):
    side = (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context)
    return right(image, torch.cat([boxes[:, :2], boxes[:, :2] + side], dim=1), size, 0)


@form(enlarged_from_the_corner)
def enlarged_from_the_second_corner(image, boxes, size, context=16):
    side = (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context)
    return right(image, torch.cat([boxes[:, 2:] - side, boxes[:, 2:]], dim=1), size, 0)


@mistake(
    "You multiply the *coordinates* of the boxes, which moves them away from the corner of the image. Their width and height are enlarged, about the centre."
)
def coordinates_enlarged(image, boxes, size, context=16):
    return right(image, boxes * ratio(size, context), size, 0)


@mistake("You enlarge in one direction only. The context lies on all four sides.")
def enlarged_in_x_only(image, boxes, size, context=16):
    return look(image, places(boxes, size, context)[0], places(boxes, size, 0)[1])


@form(enlarged_in_x_only)
def enlarged_in_y_only(image, boxes, size, context=16):
    return look(image, places(boxes, size, 0)[0], places(boxes, size, context)[1])


@mistake(
    "Your rim is made up: zeros, or the edge of the box repeated. The context is what the *image* shows around the box."
)
def zeros_for_context(image, boxes, size, context=16):
    return F.pad(right(image, boxes, size - 2 * context, 0), (context,) * 4)


@form(zeros_for_context)
def edge_for_context(image, boxes, size, context=16):
    inner = right(image, boxes, size - 2 * context, 0)
    index = (torch.arange(size) - context).clamp(0, size - 2 * context - 1)
    return inner[:, :, index][:, :, :, index]


@mistake("Your regions are not size × size: the context is *within* the size, not around it or left out.")
def context_around_the_size(image, boxes, size, context=16):
    return look(image, *places(boxes, size + 2 * context, context))


@form(context_around_the_size)
def context_left_out(image, boxes, size, context=16):
    return right(image, boxes, size - 2 * context, 0)


@form(context_around_the_size)
def zeros_around_the_size(image, boxes, size, context=16):
    return F.pad(right(image, boxes, size, 0), (context,) * 4)


# --- mistakes: the box ------------------------------------------------------------------------------------------------


def square(boxes, longer=True):
    """Return squares about the same centres."""
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    side = side.amax(dim=1, keepdim=True) if longer else side.amin(dim=1, keepdim=True)
    return torch.cat([centre - side / 2, centre + side / 2], dim=1)


@mistake(
    "You keep the aspect ratio, by a square about the box. Each box is stretched to the square as it is, whatever its shape."
)
def aspect_ratio_kept(image, boxes, size, context=16):
    return right(image, square(boxes), size, context)


@form(aspect_ratio_kept)
def aspect_ratio_kept_within(image, boxes, size, context=16):
    return right(image, square(boxes, longer=False), size, context)


@form(aspect_ratio_kept)
def aspect_ratio_kept_with_zeros_beside(image, boxes, size, context=16):
    out = right(image, square(boxes), size, context)
    side = (boxes[:, 2:] - boxes[:, :2]) * ratio(size, context)
    near = cells(size, boxes).abs() * side.amax(dim=1)[:, None]
    return (
        out
        * (near <= side[:, :1] / 2 * (1 + 1e-6))[:, None, None, :]
        * (near <= side[:, 1:] / 2 * (1 + 1e-6))[:, None, :, None]
    )


@form(aspect_ratio_kept)
def width_for_both(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2])[:, [0, 0]]
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


@mistake("x and y have changed places: x runs to the right, from column to column, and y down, from row to row.")
def read_with_y_first_to_warp(image, boxes, size, context=16):
    return right(image, boxes[:, [1, 0, 3, 2]], size, context)


@form(read_with_y_first_to_warp)
def regions_transposed(image, boxes, size, context=16):
    return right(image, boxes, size, context).transpose(2, 3)


@form(read_with_y_first_to_warp)
def grid_with_y_first(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * y / height - 1, 2 * x / width - 1).transpose(2, 3)


@form(read_with_y_first_to_warp)
def grid_with_y_first_and_axes_exchanged(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * y / height - 1, 2 * x / width - 1)


@form(read_with_y_first_to_warp)
def read_with_y_first_and_transposed(image, boxes, size, context=16):
    return right(image, boxes[:, [1, 0, 3, 2]], size, context).transpose(2, 3)


@mistake(
    "Width and height of the *image* are exchanged: x is divided by its width, y by its height. Only in a square one is it the same."
)
def sides_of_the_image_exchanged(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * x / height - 1, 2 * y / width - 1)


@mistake("Width and height of the *boxes* are exchanged: a wide box shows more columns, a tall one more rows.")
def sides_of_the_boxes_exchanged(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).flip(1)
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


@mistake("`grid_sample` counts from −1 to 1 over the image. Your places are left in pixels, or go from 0 to 1.")
def grid_from_zero_to_one(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, x / width, y / height)


@form(grid_from_zero_to_one)
def grid_in_pixels(image, boxes, size, context=16):
    return sampled(image, *places(boxes, size, context))


@form(grid_from_zero_to_one)
def grid_without_minus_one(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * x / width, 2 * y / height)


@form(grid_from_zero_to_one)
def grid_without_the_two(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, x / width - 1, y / height - 1)


@mistake(
    "Places are divided by the image's width less 1. That fits `align_corners=True`; from edge to edge it is the width."
)
def width_less_one(image, boxes, size, context=16):
    height, width = image.shape[1:]
    x, y = places(boxes, size, context)
    return sampled(image, 2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1)


@mistake("Your regions are twice as large as the enlarged boxes, or half as large: from −1 to 1 it is 2.")
def regions_twice_as_large(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, 2 * ratio(size, context)))


@form(regions_twice_as_large)
def regions_half_as_large(image, boxes, size, context=16):
    return look(image, *places(boxes, size, context, ratio(size, context) / 2))


@mistake("You read a box as (x, y, width, height). Its last two numbers are the other corner, x2 and y2.")
def read_as_corner_and_size_to_warp(image, boxes, size, context=16):
    return right(image, torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1), size, context)


@mistake("You read a box as (centre x, centre y, width, height). It is two corners, (x1, y1, x2, y2).")
def read_as_centre_and_size_to_warp(image, boxes, size, context=16):
    boxes = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)
    return right(image, boxes, size, context)


@mistake("You read a box as (x1, x2, y1, y2). It is (x1, y1, x2, y2): first one corner, then the other.")
def read_as_intervals_to_warp(image, boxes, size, context=16):
    return right(image, boxes[:, [0, 2, 1, 3]], size, context)


@mistake("You add 1 to widths and heights, as if x2 were the last pixel inside. Here x2 − x1 is the width.")
def one_too_wide_to_warp(image, boxes, size, context=16):
    return right(image, torch.cat([boxes[:, :2], boxes[:, 2:] + 1], dim=1), size, context)


@form(one_too_wide_to_warp)
def one_too_wide_about_the_centre(image, boxes, size, context=16):
    return right(image, torch.cat([boxes[:, :2] - 0.5, boxes[:, 2:] + 0.5], dim=1), size, context)


@mistake(
    "You round the boxes, or their centres or sides, to whole pixels. A box may begin within a pixel, and be smaller than one."
)
def boxes_of_whole_pixels(image, boxes, size, context=16):
    return right(image, boxes.round(), size, context)


@form(boxes_of_whole_pixels)
def boxes_cut_to_whole_pixels(image, boxes, size, context=16):
    return right(image, boxes.long().to(boxes.dtype), size, context)


@form(boxes_of_whole_pixels)
def boxes_widened_to_whole_pixels(image, boxes, size, context=16):
    return right(image, torch.cat([boxes[:, :2].floor(), boxes[:, 2:].ceil()], dim=1), size, context)


@form(boxes_of_whole_pixels)
def enlarged_boxes_of_whole_pixels(image, boxes, size, context=16):
    return right(image, enlarged(boxes, size, context).round(), size, 0)


@form(boxes_of_whole_pixels)
def enlarged_boxes_cut_to_whole_pixels(image, boxes, size, context=16):
    return right(image, enlarged(boxes, size, context).long().to(boxes.dtype), size, 0)


@form(boxes_of_whole_pixels)
def centres_of_whole_pixels(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]) // 2, boxes[:, 2:] - boxes[:, :2]
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


@mistake("Boxes smaller than a pixel become a pixel large in your function. They stay as they are.")
def boxes_of_at_least_a_pixel(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


def cut_and_resized(image, edges, size, resize):
    """Return pieces of whole pixels with `edges` (R, 4), 0 outside the image, each resized."""
    pad = 64
    padded = F.pad(image, (pad,) * 4)
    pieces = [
        resize(padded[None, :, y1 + pad : max(y2, y1 + 1) + pad, x1 + pad : max(x2, x1 + 1) + pad])[0]
        for x1, y1, x2, y2 in edges.long().tolist()
    ]
    return torch.stack(pieces) if pieces else image.new_zeros(0, len(image), size, size)


@mistake(
    "You cut a piece of whole pixels out and resize it. Fractions of a pixel are lost, and at its rim the pixels just beyond the cut are missing."
)
def cut_out_and_resized(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).round()
    return cut_and_resized(
        image, edges, size, lambda piece: F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)
    )


@form(cut_out_and_resized)
def cut_out_wide_and_resized(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context)
    edges = torch.cat([edges[:, :2].floor(), edges[:, 2:].ceil()], dim=1)
    return cut_and_resized(
        image, edges, size, lambda piece: F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)
    )


@form(cut_out_and_resized)
def cut_out_and_resized_downwards(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).floor()
    return cut_and_resized(
        image, edges, size, lambda piece: F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)
    )


@form(cut_out_and_resized)
def cut_out_and_resized_towards_zero(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).trunc()
    return cut_and_resized(
        image, edges, size, lambda piece: F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)
    )


@form(cut_out_and_resized)
def cut_out_towards_zero_within_the_image(image, boxes, size, context=16):
    height, width = image.shape[1:]
    pieces = []
    for x1, y1, x2, y2 in enlarged(boxes, size, context).long().tolist():
        piece = image[None, :, max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]
        pieces.append(F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)[0])
    return torch.stack(pieces) if pieces else image.new_zeros(0, len(image), size, size)


@form(cut_out_and_resized)
def cut_out_and_resized_within_zeros(image, boxes, size, context=16):
    inner = size - 2 * context
    pieces = cut_and_resized(
        image, boxes.round(), inner, lambda piece: F.interpolate(piece, (inner, inner), mode="bilinear")
    )
    return F.pad(pieces, (context,) * 4)


@form(cut_out_and_resized)
def cut_out_and_resized_corner_to_corner(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).round()
    return cut_and_resized(
        image, edges, size, lambda piece: F.interpolate(piece, (size, size), mode="bilinear", align_corners=True)
    )


@form(cut_out_and_resized)
def cut_out_and_averaged(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).round()
    return cut_and_resized(image, edges, size, lambda piece: F.adaptive_avg_pool2d(piece, size))


@form(cut_out_and_resized)
def cut_out_and_repeated(image, boxes, size, context=16):
    edges = enlarged(boxes, size, context).round()
    return cut_and_resized(image, edges, size, lambda piece: F.interpolate(piece, (size, size)))


@form(cut_out_and_resized)
def cut_out_without_a_look_at_the_edges(image, boxes, size, context=16):
    pieces = []
    for x1, y1, x2, y2 in enlarged(boxes, size, context).round().long().tolist():
        piece = image[None, :, y1:y2, x1:x2]
        pieces.append(F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)[0])
    return torch.stack(pieces) if pieces else image.new_zeros(0, len(image), size, size)


@form(cut_out_and_resized)
def cut_out_wide_within_the_image(image, boxes, size, context=16):
    height, width = image.shape[1:]
    pieces = []
    for x1, y1, x2, y2 in enlarged(boxes, size, context).tolist():
        left, top = max(int(x1 // 1), 0), max(int(y1 // 1), 0)
        right_end, bottom = min(int(-(-x2 // 1)), width), min(int(-(-y2 // 1)), height)
        piece = image[None, :, top:bottom, left:right_end]
        pieces.append(F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)[0])
    return torch.stack(pieces) if pieces else image.new_zeros(0, len(image), size, size)


@form(cut_out_and_resized)
def cut_out_within_the_image(image, boxes, size, context=16):
    height, width = image.shape[1:]
    pieces = []
    for x1, y1, x2, y2 in enlarged(boxes, size, context).round().long().tolist():
        piece = image[None, :, max(y1, 0) : min(y2, height), max(x1, 0) : min(x2, width)]
        pieces.append(F.interpolate(piece, (size, size), mode="bilinear", align_corners=False)[0])
    return torch.stack(pieces) if pieces else image.new_zeros(0, len(image), size, size)


# --- mistakes: how it comes -------------------------------------------------------------------------------------------


@mistake("The first dimension of your result is the channels, the second the boxes. It is (R, C, size, size).")
def channels_first(image, boxes, size, context=16):
    return right(image, boxes, size, context).transpose(0, 1)


@mistake("The channels come last in your result. They are its second dimension: (R, C, size, size).")
def channels_last(image, boxes, size, context=16):
    return right(image, boxes, size, context).permute(0, 2, 3, 1)


@mistake("You show one box, or the same one again and again. Each box has a region of its own.")
def first_box_only(image, boxes, size, context=16):
    return right(image, boxes[:1], size, context)


@form(first_box_only)
def first_box_for_all(image, boxes, size, context=16):
    return right(image, boxes[:1].expand_as(boxes), size, context)


@form(first_box_only)
def first_region_without_a_dimension(image, boxes, size, context=16):
    return right(image, boxes, size, context)[0]


@mistake("Your result has the mean of the channels, or one of them. Each channel is warped: (R, C, size, size).")
def mean_over_channels(image, boxes, size, context=16):
    return right(image, boxes, size, context).mean(dim=1, keepdim=True)


@form(mean_over_channels)
def first_channel_only(image, boxes, size, context=16):
    return right(image, boxes, size, context)[:, :1]


@mistake("You return a list of regions. They belong into one tensor, (R, C, size, size).")
def list_of_regions(image, boxes, size, context=16):
    return list(right(image, boxes, size, context))


@mistake("Your result is float32 whatever comes in. Of a float64 image the regions are float64.")
def always_regions_in_float32(image, boxes, size, context=16):
    return right(image.float(), boxes.float(), size, context)


@mistake("Your result is float64 whatever comes in. It has the dtype of the image.")
def regions_in_float64(image, boxes, size, context=16):
    return right(image.double(), boxes.double(), size, context)


@mistake(NO_GRADIENT)
def without_gradient_to_warp(image, boxes, size, context=16):
    return right(image.detach(), boxes.detach(), size, context)


@mistake(
    "Your gradients reach one of the two inputs only. They are to flow back to the image *and* to the boxes; `.tolist()`, `float()` and `.item()` cut them."
)
def gradient_for_the_image_only(image, boxes, size, context=16):
    return right(image, boxes.detach(), size, context)


@form(gradient_for_the_image_only)
def gradient_for_the_boxes_only(image, boxes, size, context=16):
    return right(image.detach(), boxes, size, context)


@mistake("Your gradients miss a part of the way from the boxes: centre or size is cut from the graph.")
def sizes_cut_off_to_warp(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).detach()
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


@form(sizes_cut_off_to_warp)
def centres_cut_off_to_warp(image, boxes, size, context=16):
    centre, side = (boxes[:, :2] + boxes[:, 2:]).detach() / 2, boxes[:, 2:] - boxes[:, :2]
    return right(image, torch.cat([centre - side / 2, centre + side / 2], dim=1), size, context)


@mistake("You change `boxes` or the image while you work on them. The caller still needs them: work on a copy.")
def enlarges_its_boxes(image, boxes, size, context=16):
    wide = enlarged(boxes, size, context).detach()
    regions = right(image, boxes, size, context)
    with torch.no_grad():
        boxes.copy_(wide * 1.5 + 1)
    return regions


@form(enlarges_its_boxes)
def shares_of_its_boxes_in_place(image, boxes, size, context=16):
    x, y = places(boxes, size, context)
    boxes[:, 0::2] /= image.shape[2]
    boxes[:, 1::2] /= image.shape[1]
    return look(image, x, y)


@form(enlarges_its_boxes)
def writes_enlarged_boxes(image, boxes, size, context=16):
    boxes[:] = enlarged(boxes, size, context)
    return right(image, boxes, size, 0)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def affine_grid_and_grid_sample(image, boxes, size, context=16):
    if not len(boxes):
        return image.new_zeros(0, image.shape[0], size, size)
    grid = F.affine_grid(
        theta_of(image, boxes, size, context), [len(boxes), image.shape[0], size, size], align_corners=False
    )
    return F.grid_sample(image[None].repeat(len(boxes), 1, 1, 1), grid, align_corners=False)


@variant
def box_after_box_by_an_affine_map(image, boxes, size, context=16):
    C, H, W = image.shape
    regions = []
    for x1, y1, x2, y2 in boxes:
        s = size / (size - 2 * context)
        zero = torch.zeros_like(x1)
        theta = torch.stack(
            [
                torch.stack([(x2 - x1) * s / W, zero, (x1 + x2) / W - 1]),
                torch.stack([zero, (y2 - y1) * s / H, (y1 + y2) / H - 1]),
            ]
        )[None]
        grid = F.affine_grid(theta, (1, C, size, size), align_corners=False)
        regions.append(F.grid_sample(image[None], grid, align_corners=False)[0])
    return torch.stack(regions) if regions else image.new_zeros(0, C, size, size)


@variant
def four_neighbours_by_hand(image, boxes, size, context=16):
    C, H, W = image.shape
    scale = size / (size - 2 * context)
    cx, cy = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    w, h = (boxes[:, 2] - boxes[:, 0]) * scale, (boxes[:, 3] - boxes[:, 1]) * scale
    steps = (torch.arange(size) + 0.5).to(boxes) / size
    x = ((cx - w / 2)[:, None] + w[:, None] * steps - 0.5)[:, None, :].expand(-1, size, -1)
    y = ((cy - h / 2)[:, None] + h[:, None] * steps - 0.5)[:, :, None].expand(-1, -1, size)
    out = image.new_zeros(len(boxes), C, size, size)
    for dy in (0, 1):
        for dx in (0, 1):
            j, i = x.floor().long() + dx, y.floor().long() + dy
            weight = (1 - (x - j).abs()) * (1 - (y - i).abs())
            valid = (j >= 0) & (j < W) & (i >= 0) & (i < H)
            pixels = image[:, i.clamp(0, H - 1), j.clamp(0, W - 1)]  # (C, R, size, size)
            out = out + (pixels * (weight * valid)).transpose(0, 1)
    return out


@variant
def tents_as_matrices(image, boxes, size, context=16):
    x, y = places(boxes, size, context)

    def tent(place, count):
        return (1 - (place[..., None] - 0.5 - torch.arange(count)).abs()).clamp(min=0).to(image.dtype)

    return torch.einsum("ryh,chw,rxw->rcyx", tent(y, image.shape[1]), image, tent(x, image.shape[2]))


@variant
def a_padded_image_and_gather(image, boxes, size, context=16):
    C, H, W = image.shape
    padded = F.pad(image, (1, 1, 1, 1))
    x, y = places(boxes, size, context)
    x, y = (x + 0.5).clamp(0, W + 1), (y + 0.5).clamp(0, H + 1)
    j, i = x.detach().floor().long().clamp(max=W), y.detach().floor().long().clamp(max=H)
    u, v = (x - j)[:, None, :], (y - i)[:, :, None]
    flat = padded.flatten(1)

    def at(di, dj):
        index = (i + di)[:, :, None] * (W + 2) + (j + dj)[:, None, :]
        return flat[:, index.flatten()].view(C, *index.shape)

    top = at(0, 0) * (1 - u) + at(0, 1) * u
    bottom = at(1, 0) * (1 - u) + at(1, 1) * u
    return (top * (1 - v) + bottom * v).permute(1, 0, 2, 3)


@variant
def corners_aligned_on_both_ends(image, boxes, size, context=16):
    """−1 and 1 on the centres of the outermost pixels, and places counted from there."""
    C, H, W = image.shape
    grid = boxes.new_zeros(len(boxes), size, size, 2)
    rim = (boxes[:, 2:] - boxes[:, :2]) * context / (size - 2 * context)
    first, last = boxes[:, :2] - rim, boxes[:, 2:] + rim
    step = (last - first) / size
    for index in range(size):
        place = first + (index + 0.5) * step - 0.5
        grid[:, :, index, 0] = (2 * place[:, 0] / (W - 1) - 1)[:, None]
        grid[:, index, :, 1] = (2 * place[:, 1] / (H - 1) - 1)[:, None]
    return F.grid_sample(image.repeat(len(boxes), 1, 1, 1), grid, align_corners=True)


@variant
def all_boxes_side_by_side(image, boxes, size, context=16):
    """One call for all boxes: their grids lie one below the other."""
    C, H, W = image.shape
    x, y = places(boxes, size, context)
    grid = torch.stack(torch.broadcast_tensors(2 * x[:, None, :] / W - 1, 2 * y[:, :, None] / H - 1), dim=-1)
    if not len(boxes):
        return image.new_empty(0, C, size, size)
    flat = F.grid_sample(image[None], grid.reshape(1, -1, size, 2), align_corners=False)
    return flat.view(C, len(boxes), size, size).transpose(0, 1)


@variant
def warped_in_float64(image, boxes, size, context=16):
    return right(image.double(), boxes.double(), size, context).to(image.dtype)
