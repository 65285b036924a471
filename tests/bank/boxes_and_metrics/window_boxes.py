"""Wrong and right answers to `window_boxes`."""

import itertools

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def as_boxes(boxes):
    """Return a list of boxes as float32 (N, 4)."""
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def starts(side, window, stride):
    """Return where windows may begin in one direction."""
    return range(0, side - window + 1, stride)


def corners(image_size, size, stride):
    """Yield the top-left corners (x, y) of all windows of one size, row by row."""
    for y in starts(image_size[0], size[0], stride):
        for x in starts(image_size[1], size[1], stride):
            yield x, y


def ending_early(image_size, window_sizes, stride, rows, columns):
    """Return the windows without those that end at the lower border, at the right one, or at both."""
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0] - h + (not rows), stride):
            for x in range(0, image_size[1] - w + (not columns), stride):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


# --- mistakes: which windows ------------------------------------------------------------------------------------------


@mistake(
    "The last window of each row, each column or both is missing: `range` and `arange` stop *before* their end, and a window may "
    "still begin at H − h and at W − w."
)
def last_window_missing(image_size, window_sizes, stride):
    return ending_early(image_size, window_sizes, stride, rows=True, columns=True)


@form(last_window_missing)
def last_row_missing(image_size, window_sizes, stride):
    return ending_early(image_size, window_sizes, stride, rows=True, columns=False)


@form(last_window_missing)
def last_column_missing(image_size, window_sizes, stride):
    return ending_early(image_size, window_sizes, stride, rows=False, columns=True)


@mistake("Your windows may reach over the right and the lower border. Only those that lie inside the image are wanted.")
def partial_windows(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0], stride):
            for x in range(0, image_size[1], stride):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@mistake(
    "You cut off at the border what reaches over it. Such a window is to be left out; each one has the size that was asked for."
)
def clipped_windows(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0], stride):
            for x in range(0, image_size[1], stride):
                boxes.append((x, y, min(x + w, image_size[1]), min(y + h, image_size[0])))
    return as_boxes(boxes)


@mistake(
    "You add a window at the border where the steps do not end there. A strip that no window covers may be left at the right and at the bottom."
)
def one_more_at_the_border(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        ys, xs = (list(starts(side, window, stride)) for side, window in zip(image_size, (h, w), strict=True))
        if not ys or not xs:
            continue
        ys += [image_size[0] - h] if ys[-1] != image_size[0] - h else []
        xs += [image_size[1] - w] if xs[-1] != image_size[1] - w else []
        boxes += [(x, y, x + w, y + h) for y in ys for x in xs]
    return as_boxes(boxes)


@mistake("Your windows begin at `stride`. The first of each size lies in the top-left corner, at (0, 0).")
def begins_at_the_stride(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(stride, image_size[0] - h + 1, stride):
            for x in range(stride, image_size[1] - w + 1, stride):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@mistake("You leave the stride out and put a window at every pixel.")
def without_the_stride(image_size, window_sizes, stride):
    return as_boxes([(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size, (h, w), 1)])


@mistake("Your windows lie side by side, one window apart. They are `stride` apart, and may overlap.")
def a_window_apart(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0] - h + 1, h):
            for x in range(0, image_size[1] - w + 1, w):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@mistake(
    "You count how many windows fit by dividing the side by the stride and forget that the last window still needs room for itself."
)
def count_from_the_side(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        if h > image_size[0] or w > image_size[1]:
            continue
        for i, j in itertools.product(range(image_size[0] // stride), range(image_size[1] // stride)):
            boxes.append((j * stride, i * stride, j * stride + w, i * stride + h))
    return as_boxes(boxes)


@mistake("Your windows are `stride` apart in one direction only, and one pixel in the other.")
def stride_in_x_only(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0] - h + 1):
            for x in range(0, image_size[1] - w + 1, stride):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@form(stride_in_x_only)
def stride_in_y_only(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for y in range(0, image_size[0] - h + 1, stride):
            for x in range(0, image_size[1] - w + 1):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@mistake("Only the first of `window_sizes` gives windows in your function. It is a list: each size has its own.")
def first_size_only(image_size, window_sizes, stride):
    return as_boxes([(x, y, x + w, y + h) for h, w in window_sizes[:1] for x, y in corners(image_size, (h, w), stride)])


@form(first_size_only)
def returns_in_the_loop(image_size, window_sizes, stride):
    for h, w in window_sizes:
        return as_boxes([(x, y, x + w, y + h) for x, y in corners(image_size, (h, w), stride)])


@mistake("Only the last of `window_sizes` is left in your result: the list of boxes begins anew with each size.")
def last_size_only(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        boxes = [(x, y, x + w, y + h) for x, y in corners(image_size, (h, w), stride)]
    return as_boxes(boxes)


# --- mistakes: height and width ---------------------------------------------------------------------------------------


@mistake("You read a window's size as (width, height). It is (h, w), height first, as everywhere with images.")
def window_size_swapped(image_size, window_sizes, stride):
    return as_boxes([(x, y, x + w, y + h) for w, h in window_sizes for x, y in corners(image_size, (h, w), stride)])


@mistake("You read the image's size as (width, height). It is (H, W), height first.")
def image_size_swapped(image_size, window_sizes, stride):
    return as_boxes(
        [(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size[::-1], (h, w), stride)]
    )


@mistake("You read both sizes as (width, height). They are (H, W) and (h, w), height first.")
def both_sizes_swapped(image_size, window_sizes, stride):
    return as_boxes(
        [(x, y, x + w, y + h) for w, h in window_sizes for x, y in corners(image_size[::-1], (h, w), stride)]
    )


@mistake(
    "Where windows begin is right, but x2 is x1 plus the *height* and y2 is y1 plus the width. To the right it is the width that counts."
)
def far_corner_swapped(image_size, window_sizes, stride):
    return as_boxes([(x, y, x + h, y + w) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)])


@mistake("Your boxes are (y1, x1, y2, x2), rows first. A box is (x1, y1, x2, y2).")
def rows_first_in_a_box(image_size, window_sizes, stride):
    return as_boxes([(y, x, y + h, x + w) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)])


@mistake("Your boxes are (x, y, width, height). The last two numbers are the other corner: x1 + w and y1 + h.")
def corner_and_size(image_size, window_sizes, stride):
    return as_boxes([(x, y, w, h) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)])


@mistake("Your boxes are (centre, size). A box is two corners: (x1, y1, x2, y2).")
def centre_and_size(image_size, window_sizes, stride):
    return as_boxes(
        [(x + w / 2, y + h / 2, w, h) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]
    )


@mistake(
    "You put each window's *centre* on the grid of strides. Its top-left corner lies there, and the first is at (0, 0)."
)
def centred_on_the_grid(image_size, window_sizes, stride):
    return as_boxes(
        [
            (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            for h, w in window_sizes
            for x, y in corners(image_size, (h, w), stride)
        ]
    )


@form(centred_on_the_grid)
def centred_on_every_cell(image_size, window_sizes, stride):
    height, width = image_size
    return as_boxes(
        [
            (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            for h, w in window_sizes
            for y in range(0, height, stride)
            for x in range(0, width, stride)
        ]
    )


@mistake(
    "x2 and y2 are one too small: you name the last pixel that is inside. Here x2 = x1 + w, so that x2 − x1 is the width."
)
def last_pixel_inside(image_size, window_sizes, stride):
    return as_boxes(
        [(x, y, x + w - 1, y + h - 1) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]
    )


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake(
    "Your windows come column by column, top to bottom. They go row by row: x runs in the inner loop, y in the outer."
)
def column_by_column(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for x in starts(image_size[1], w, stride):
            for y in starts(image_size[0], h, stride):
                boxes.append((x, y, x + w, y + h))
    return as_boxes(boxes)


@mistake(
    "At each place you list all sizes, one after the other. All windows of the first size come first, then all of the second."
)
def sizes_in_the_inner_loop(image_size, window_sizes, stride):
    height, width = image_size
    boxes = []
    for y in range(0, height, stride):
        for x in range(0, width, stride):
            boxes += [(x, y, x + w, y + h) for h, w in window_sizes if y + h <= height and x + w <= width]
    return as_boxes(boxes)


@mistake("You sort the sizes first. They are taken in the order in which they come.")
def sizes_sorted(image_size, window_sizes, stride):
    return as_boxes(
        [(x, y, x + w, y + h) for h, w in sorted(window_sizes) for x, y in corners(image_size, (h, w), stride)]
    )


# --- mistakes: sizes that do not fit, and the type --------------------------------------------------------------------


@mistake("A size that is larger than the image still gives a window in your function. It gives none.")
def at_least_one_window(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for i in range(max((image_size[0] - h) // stride + 1, 1)):
            for j in range(max((image_size[1] - w) // stride + 1, 1)):
                boxes.append((j * stride, i * stride, j * stride + w, i * stride + h))
    return as_boxes(boxes)


@mistake("With one size that does not fit you stop looking. The sizes after it may still give windows.")
def stops_at_what_does_not_fit(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        if h > image_size[0] or w > image_size[1]:
            break
        boxes += [(x, y, x + w, y + h) for x, y in corners(image_size, (h, w), stride)]
    return as_boxes(boxes)


@mistake(
    "Where no window fits, your result has the shape (0,). Empty lists do not know that a box has four numbers: it is (0, 4)."
)
def shape_of_nothing(image_size, window_sizes, stride):
    boxes = [(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]
    return torch.tensor(boxes, dtype=torch.float32)


@mistake("Your boxes are whole numbers. A box is float32, also where its corners lie on whole pixels.")
def windows_in_whole_numbers(image_size, window_sizes, stride):
    boxes = [(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]
    return torch.tensor(boxes, dtype=torch.int64).reshape(-1, 4)


@mistake("You return a list. A tensor of shape (N, 4) is wanted.")
def a_list_of_boxes(image_size, window_sizes, stride):
    return [[float(x), float(y), float(x + w), float(y + h)] for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]  # fmt: skip


@mistake("You return one tensor for each size of window. All boxes come in one tensor, of shape (N, 4).")
def a_tensor_a_size(image_size, window_sizes, stride):
    return [as_boxes([(x, y, x + w, y + h) for x, y in corners(image_size, (h, w), stride)]) for h, w in window_sizes]


@mistake("Without a single size there is nothing to join: `cat` and `stack` need at least one tensor.")
def joins_no_windows(image_size, window_sizes, stride):
    return torch.cat(
        [as_boxes([(x, y, x + w, y + h) for x, y in corners(image_size, (h, w), stride)]) for h, w in window_sizes]
    )


@mistake("Your rows have a dimension of their own. The windows come in one list: (N, 4), not (rows, columns, 4).")
def rows_stay_a_dimension(image_size, window_sizes, stride):
    for h, w in window_sizes:
        y = torch.arange(0, max(image_size[0] - h + 1, 0), stride)
        x = torch.arange(0, max(image_size[1] - w + 1, 0), stride)
        y, x = torch.meshgrid(y, x, indexing="ij")
        return torch.stack([x, y, x + w, y + h], dim=-1).float()


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@form(partial_windows)
def steps_rounded_up(image_size, window_sizes, stride):
    boxes = []
    for h, w in window_sizes:
        for i in range(-(-(image_size[0] - h) // stride) + 1):
            for j in range(-(-(image_size[1] - w) // stride) + 1):
                boxes.append((j * stride, i * stride, j * stride + w, i * stride + h))
    return as_boxes(boxes)


@mistake("Your boxes are float64, as numpy's numbers and Python's are. float32 is asked for.")
def windows_in_float64(image_size, window_sizes, stride):
    boxes = [(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size, (h, w), stride)]
    return torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4)


@mistake(
    "`arange` refuses an end that lies before its start. Where a window is more than one pixel too large, H − h + 1 is negative: such a size gives no windows, and no error."
)
def arange_to_a_negative_end(image_size, window_sizes, stride):
    parts = [torch.zeros(0, 4)]
    for h, w in window_sizes:
        y = torch.arange(0, image_size[0] - h + 1, stride)
        x = torch.arange(0, image_size[1] - w + 1, stride)
        y, x = torch.meshgrid(y, x, indexing="ij")
        parts.append(torch.stack([x, y, x + w, y + h], dim=-1).reshape(-1, 4).float())
    return torch.cat(parts)


@form(arange_to_a_negative_end)
def arange_to_a_negative_end_and_joins_no_windows(image_size, window_sizes, stride):
    parts = []
    for h, w in window_sizes:
        y = torch.arange(0, image_size[0] - h + 1, stride)
        x = torch.arange(0, image_size[1] - w + 1, stride)
        y, x = torch.meshgrid(y, x, indexing="ij")
        parts.append(torch.stack([x, y, x + w, y + h], dim=-1).reshape(-1, 4).float())
    return torch.cat(parts)


@mistake("You make a size that is larger than the image smaller until it fits. Such a size gives no windows.")
def large_sizes_made_smaller(image_size, window_sizes, stride):
    fitting = [(min(h, image_size[0]), min(w, image_size[1])) for h, w in window_sizes]
    return as_boxes([(x, y, x + w, y + h) for h, w in fitting for x, y in corners(image_size, (h, w), stride)])


@mistake("Where windows end you have height and width exchanged: y may go up to H − h, and x up to W − w.")
def limits_swapped(image_size, window_sizes, stride):
    return as_boxes([(x, y, x + w, y + h) for h, w in window_sizes for x, y in corners(image_size, (w, h), stride)])


@mistake("Your boxes are shares of the image. Corners are given in pixels here.")
def windows_in_shares(image_size, window_sizes, stride):
    (height, width) = image_size
    return as_boxes(
        [
            (x / width, y / height, (x + w) / width, (y + h) / height)
            for h, w in window_sizes
            for x, y in corners(image_size, (h, w), stride)
        ]
    )


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def plain_loops_over_windows(image_size, window_sizes, stride):
    height, width = image_size
    boxes = []
    for h, w in window_sizes:
        y = 0
        while y + h <= height:
            x = 0
            while x + w <= width:
                boxes.append([x, y, x + w, y + h])
                x += stride
            y += stride
    return torch.tensor(boxes, dtype=torch.float).view(-1, 4)


@variant
def counted_steps(image_size, window_sizes, stride):
    (H, W), result = image_size, []
    for h, w in window_sizes:
        if h > H or w > W:
            continue
        rows, columns = (H - h) // stride + 1, (W - w) // stride + 1
        for k in range(rows * columns):
            y, x = k // columns * stride, k % columns * stride
            result.append(torch.tensor([x, y, x + w, y + h]).float())
    return torch.stack(result) if result else torch.empty(0, 4)


@variant
def cartesian_product(image_size, window_sizes, stride):
    parts = [torch.empty(0, 4)]
    for h, w in window_sizes:
        y, x = torch.arange(0, image_size[0], stride), torch.arange(0, image_size[1], stride)
        top_left = torch.cartesian_prod(y[y + h <= image_size[0]], x[x + w <= image_size[1]]).reshape(-1, 2).flip(1)
        parts.append(torch.cat([top_left, top_left + torch.tensor([w, h])], dim=1).float())
    return torch.cat(parts)


@variant
def numpy_grid_of_windows(image_size, window_sizes, stride):
    boxes = np.zeros((0, 4))
    for h, w in window_sizes:
        y, x = np.mgrid[0 : max(image_size[0] - h + 1, 0) : stride, 0 : max(image_size[1] - w + 1, 0) : stride]
        boxes = np.concatenate([boxes, np.stack([x.ravel(), y.ravel(), x.ravel() + w, y.ravel() + h], axis=1)])
    return torch.from_numpy(boxes).to(torch.float32)


@variant
def all_pixels_then_those_that_fit(image_size, window_sizes, stride):
    y, x = torch.meshgrid(torch.arange(0, image_size[0], stride), torch.arange(0, image_size[1], stride), indexing="ij")
    parts = []
    for h, w in window_sizes:
        boxes = torch.stack([x, y, x + w, y + h], dim=-1).reshape(-1, 4)
        parts.append(boxes[(boxes[:, 2] <= image_size[1]) & (boxes[:, 3] <= image_size[0])])
    return torch.cat(parts).float() if parts else torch.zeros(0, 4)


@variant
def unfolded_indices(image_size, window_sizes, stride):
    out = []
    for h, w in window_sizes:
        if h <= image_size[0] and w <= image_size[1]:
            for rows in torch.arange(image_size[0]).unfold(0, h, stride).tolist():
                for columns in torch.arange(image_size[1]).unfold(0, w, stride).tolist():
                    out.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return torch.Tensor(out).reshape(len(out), 4)
