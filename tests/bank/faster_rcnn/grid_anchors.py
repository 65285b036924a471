"""Wrong and right answers to `grid_anchors`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def places(feature_size, stride):
    """Return the shift (x, y) of each place, row by row."""
    (height, width), (sy, sx) = feature_size, stride
    return [(j * sx, i * sy) for i in range(height) for j in range(width)]


def moved(base, shifts):
    """Return `base` moved by each of `shifts`, (x, y), the anchors of a place side by side."""
    rows = torch.tensor([[x, y, x, y] for x, y in shifts], dtype=base.dtype).reshape(-1, 1, 4)
    return (rows + base).reshape(-1, 4)


# --- mistakes: where a place lies -------------------------------------------------------------------------------------


@mistake("You move the anchors by half a cell more. The first place is at (0, 0): cell (i, j) adds j · sx and i · sy.")
def grid_with_half_a_cell(feature_size, stride, base):
    return moved(base, [(x + stride[1] / 2, y + stride[0] / 2) for x, y in places(feature_size, stride)])


@form(grid_with_half_a_cell)
def grid_with_half_a_cell_in_whole_numbers(feature_size, stride, base):
    return moved(base, [(x + stride[1] // 2, y + stride[0] // 2) for x, y in places(feature_size, stride)])


@form(grid_with_half_a_cell)
def grid_with_half_a_cell_less_half_a_pixel(feature_size, stride, base):
    return moved(base, [(x + (stride[1] - 1) / 2, y + (stride[0] - 1) / 2) for x, y in places(feature_size, stride)])


@mistake("You count the places from 1. The first row and the first column are number 0, and their anchors do not move.")
def grid_from_one(feature_size, stride, base):
    return moved(base, [(x + stride[1], y + stride[0]) for x, y in places(feature_size, stride)])


@mistake("Each place is one pixel from the next in your grid. It is a stride: sx to the right, and sy down.")
def grid_without_a_stride(feature_size, stride, base):
    return moved(base, places(feature_size, (1, 1)))


@mistake("You exchange the strides. `stride` is (sy, sx): the first is that from row to row, and moves y.")
def grid_with_strides_exchanged(feature_size, stride, base):
    return moved(base, places(feature_size, stride[::-1]))


@mistake("You exchange the sides of the map. `feature_size` is (h, w): h rows of w places each.")
def grid_with_sides_exchanged(feature_size, stride, base):
    return moved(base, places(feature_size[::-1], stride))


@mistake("You read both pairs as (x, y). They are (h, w) and (sy, sx): what belongs to the rows comes first.")
def grid_with_both_exchanged(feature_size, stride, base):
    return moved(base, places(feature_size[::-1], stride[::-1]))


@mistake("You use one stride for both directions. From row to row it is sy, and from column to column sx.")
def grid_with_the_stride_down_for_both(feature_size, stride, base):
    return moved(base, places(feature_size, (stride[0], stride[0])))


@form(grid_with_the_stride_down_for_both)
def grid_with_the_stride_along_for_both(feature_size, stride, base):
    return moved(base, places(feature_size, (stride[1], stride[1])))


@mistake("You make as many rows as columns. `feature_size` is (h, w), and the two need not be equal.")
def grid_that_is_square(feature_size, stride, base):
    return moved(base, places((feature_size[0], feature_size[0]), stride))


@form(grid_that_is_square)
def grid_that_is_square_by_its_width(feature_size, stride, base):
    return moved(base, places((feature_size[1], feature_size[1]), stride))


@mistake("You have one place too many in each direction: h rows are number 0 to h − 1.")
def grid_with_a_place_too_many(feature_size, stride, base):
    return moved(base, places((feature_size[0] + 1, feature_size[1] + 1), stride))


@mistake(
    "You spread the places from 0 to the image's end, the end included. They are a stride apart, and end one earlier."
)
def grid_spread_to_the_end(feature_size, stride, base):
    (height, width), (sy, sx) = feature_size, stride
    down, along = torch.linspace(0, height * sy, height), torch.linspace(0, width * sx, width)
    return moved(base, [(x, y) for y in down.tolist() for x in along.tolist()])


@mistake(
    "The shift of a *row* goes to x in your boxes, and that of a column to y. Rows lie below each other: they move y."
)
def grid_with_x_and_y_exchanged(feature_size, stride, base):
    return moved(base, [(y, x) for x, y in places(feature_size, stride)])


@form(grid_with_x_and_y_exchanged)
def grid_with_rows_to_the_right(feature_size, stride, base):
    (height, width), (sy, sx) = feature_size, stride
    return moved(base, [(i * sx, j * sy) for i in range(height) for j in range(width)])


@mistake("You count rows and columns in one loop, and the places lie on a diagonal. Each row has *all* the columns.")
def grid_on_a_diagonal(feature_size, stride, base):
    return moved(base, [(k * stride[1], k * stride[0]) for k in range(min(feature_size))])


# --- mistakes: what is moved ------------------------------------------------------------------------------------------


@mistake("Your shifts are (x, x, y, y). A box is (x1, y1, x2, y2), and so x and y take turns.")
def grid_with_shifts_in_pairs(feature_size, stride, base):
    rows = torch.tensor([[x, x, y, y] for x, y in places(feature_size, stride)], dtype=base.dtype)
    return (rows.reshape(-1, 1, 4) + base).reshape(-1, 4)


@form(grid_with_shifts_in_pairs)
def grid_with_shifts_in_pairs_y_first(feature_size, stride, base):
    rows = torch.tensor([[y, y, x, x] for x, y in places(feature_size, stride)], dtype=base.dtype)
    return (rows.reshape(-1, 1, 4) + base).reshape(-1, 4)


@mistake("Only one corner of each box moves in your function. A box moves as a whole, and keeps its size.")
def grid_that_moves_the_first_corner(feature_size, stride, base):
    rows = torch.tensor([[x, y, 0, 0] for x, y in places(feature_size, stride)], dtype=base.dtype)
    return (rows.reshape(-1, 1, 4) + base).reshape(-1, 4)


@form(grid_that_moves_the_first_corner)
def grid_that_moves_the_second_corner(feature_size, stride, base):
    rows = torch.tensor([[0, 0, x, y] for x, y in places(feature_size, stride)], dtype=base.dtype)
    return (rows.reshape(-1, 1, 4) + base).reshape(-1, 4)


@mistake("Your anchors move in one direction only. From row to row y grows, and from column to column x.")
def grid_that_moves_along_only(feature_size, stride, base):
    return moved(base, [(x, 0) for x, _ in places(feature_size, stride)])


@form(grid_that_moves_along_only)
def grid_that_moves_down_only(feature_size, stride, base):
    return moved(base, [(0, y) for _, y in places(feature_size, stride)])


@mistake("You take the shifts away from the anchors. Places lie to the right of the first one and below it: add them.")
def grid_that_moves_backwards(feature_size, stride, base):
    return moved(base, [(-x, -y) for x, y in places(feature_size, stride)])


@mistake(
    "You multiply `base` by the stride too. Its anchors are in pixels already: only the cells are counted in strides."
)
def grid_with_anchors_in_strides(feature_size, stride, base):
    steps = torch.tensor([stride[1], stride[0]] * 2, dtype=base.dtype)
    return moved(base * steps, places(feature_size, stride))


@mistake("Your anchors do not move: those of one place come again and again.")
def grid_that_stays(feature_size, stride, base):
    return base.repeat(feature_size[0] * feature_size[1], 1)


@mistake("Your result are the shifts alone. To each of them come the anchors of `base`.")
def grid_of_shifts(feature_size, stride, base):
    return moved(torch.zeros_like(base), places(feature_size, stride))


@form(grid_of_shifts)
def grid_of_a_shift_a_place(feature_size, stride, base):
    return moved(torch.zeros_like(base[:1]), places(feature_size, stride))


@mistake(
    "You cut the anchors off at the image's edges. They may reach out of it, and that they are cut off comes later."
)
def grid_cut_off_at_the_image(feature_size, stride, base):
    anchors = moved(base, places(feature_size, stride))
    limits = [size * step for size, step in zip(feature_size, stride, strict=True)][::-1]
    return torch.minimum(anchors.clamp(min=0), torch.tensor(limits * 2, dtype=base.dtype))


@form(grid_cut_off_at_the_image)
def grid_cut_off_at_0(feature_size, stride, base):
    return moved(base, places(feature_size, stride)).clamp(min=0)


@mistake("You leave out anchors that reach out of the image. All are asked for here: h · w · A of them.")
def grid_inside_the_image(feature_size, stride, base):
    anchors = moved(base, places(feature_size, stride))
    limits = [size * step for size, step in zip(feature_size, stride, strict=True)][::-1]
    return anchors[(anchors >= 0).all(dim=1) & (anchors[:, 2:] <= torch.tensor(limits)).all(dim=1)]


@form(grid_inside_the_image)
def grid_right_of_and_below_0(feature_size, stride, base):
    anchors = moved(base, places(feature_size, stride))
    return anchors[(anchors >= 0).all(dim=1)]


@mistake("You round to whole pixels. An anchor is moved as it is, and its corners may lie between two pixels.")
def grid_rounded(feature_size, stride, base):
    return moved(base, places(feature_size, stride)).round()


@form(grid_rounded)
def grid_rounded_down(feature_size, stride, base):
    return moved(base, places(feature_size, stride)).floor()


@form(grid_rounded)
def grid_cut_off_behind_the_point(feature_size, stride, base):
    return moved(base.trunc(), places(feature_size, stride))


@mistake("You put the anchors' centres on the grid. `base` is moved as it stands, also where it is not around 0.")
def grid_of_centres(feature_size, stride, base):
    centres = (base[:, :2] + base[:, 2:]) / 2
    return moved(base - centres.repeat(1, 2), places(feature_size, stride))


@mistake("Your boxes are (centre, width, height). The last two numbers are the other corner.")
def grid_as_centre_and_sides(feature_size, stride, base):
    anchors = moved(base, places(feature_size, stride))
    return torch.cat([(anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]], dim=1)


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake("Your places go column by column. They go row by row: j runs in the inner loop, and i in the outer one.")
def grid_column_by_column(feature_size, stride, base):
    (height, width), (sy, sx) = feature_size, stride
    return moved(base, [(j * sx, i * sy) for j in range(width) for i in range(height)])


@mistake("All places of the first anchor come first in your list. The anchors of *one place* stand next to each other.")
def grid_anchor_by_anchor(feature_size, stride, base):
    return torch.cat([moved(one[None], places(feature_size, stride)) for one in base])


@form(grid_anchor_by_anchor)
def grid_anchor_by_anchor_and_column_by_column(feature_size, stride, base):
    (height, width), (sy, sx) = feature_size, stride
    shifts = [(j * sx, i * sy) for j in range(width) for i in range(height)]
    return torch.cat([moved(one[None], shifts) for one in base])


@mistake("The anchors of one *row* stand together in your list, anchor by anchor. Those of one place belong together.")
def grid_anchor_by_anchor_in_each_row(feature_size, stride, base):
    rows = []
    for i in range(feature_size[0]):
        for anchor in base:
            rows.append(moved(anchor[None], [(j * stride[1], i * stride[0]) for j in range(feature_size[1])]))
    return torch.cat(rows)


@mistake("Your places run from the last to the first. The top left one comes first.")
def grid_from_the_end(feature_size, stride, base):
    return moved(base, places(feature_size, stride)[::-1])


@form(grid_from_the_end)
def grid_from_the_last_row(feature_size, stride, base):
    (height, width), (sy, sx) = feature_size, stride
    return moved(base, [(j * sx, i * sy) for i in reversed(range(height)) for j in range(width)])


@mistake("Each shift goes with one anchor in your function, the first with the first. Each goes with *all* of them.")
def grid_in_pairs(feature_size, stride, base):
    shifts = torch.tensor([[x, y, x, y] for x, y in places(feature_size, stride)], dtype=base.dtype)
    return shifts + base


@form(grid_in_pairs)
def grid_in_turns(feature_size, stride, base):
    shifts = torch.tensor([[x, y, x, y] for x, y in places(feature_size, stride)], dtype=base.dtype).reshape(-1, 4)
    return shifts + base[torch.arange(len(shifts)) % len(base)]


@mistake("Only one of the anchors of `base` is put on the grid in your function. Each of them is, at every place.")
def grid_of_the_first_anchor(feature_size, stride, base):
    return moved(base[:1], places(feature_size, stride))


@form(grid_of_the_first_anchor)
def grid_of_the_last_anchor(feature_size, stride, base):
    return moved(base[-1:], places(feature_size, stride))


@mistake("Your result has a dimension for the places and one for the anchors. It is one list of boxes, (h · w · A, 4).")
def grid_as_a_table(feature_size, stride, base):
    return moved(base, places(feature_size, stride)).reshape(feature_size[0] * feature_size[1], len(base), 4)


@form(grid_as_a_table)
def grid_as_a_table_of_rows(feature_size, stride, base):
    return moved(base, places(feature_size, stride)).reshape(*feature_size, len(base), 4)


@form(grid_as_a_table)
def grid_as_a_table_by_anchor(feature_size, stride, base):
    return grid_as_a_table(feature_size, stride, base).transpose(0, 1)


# --- mistakes: no places, and the dtype -------------------------------------------------------------------------------


@mistake("A map without rows or without columns has no anchors, and that is no error: the result is empty, (0, 4).")
def grid_that_stacks_nothing(feature_size, stride, base):
    return torch.cat([base + torch.tensor([x, y, x, y]) for x, y in places(feature_size, stride)])


@form(grid_that_stacks_nothing)
def grid_that_refuses_an_empty_map(feature_size, stride, base):
    if 0 in feature_size:
        raise ValueError("a map has at least one place")
    return moved(base, places(feature_size, stride))


@form(grid_that_stacks_nothing)
def grid_with_one_place_at_least(feature_size, stride, base):
    return moved(base, places([max(size, 1) for size in feature_size], stride))


@mistake(
    "Where a map has no places, your result has the shape (0,). An empty list of boxes still has four columns: (0, 4)."
)
def grid_without_columns(feature_size, stride, base):
    boxes = [[x + a, y + b, x + c, y + d] for x, y in places(feature_size, stride) for a, b, c, d in base.tolist()]
    return torch.tensor(boxes, dtype=base.dtype)


@mistake("Your anchors are whole numbers by dtype. They are in the dtype of `base`.")
def grid_in_whole_numbers(feature_size, stride, base):
    return moved(base.long(), places(feature_size, stride))


@mistake("Your anchors are float32 whatever comes in. They are in the dtype of `base`, which may be float64.")
def grid_in_float32(feature_size, stride, base):
    return moved(base.float(), places(feature_size, stride))


@mistake("You move `base` itself, one place after the other. It is not yours to change: add to a copy.")
def grid_that_moves_base(feature_size, stride, base):
    boxes, before = [], (0, 0)
    for x, y in places(feature_size, stride):
        base += torch.tensor([x - before[0], y - before[1]] * 2)
        boxes.append(base.clone())
        before = x, y
    return torch.cat(boxes) if boxes else base.new_zeros(0, 4)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def grid_by_three_loops(feature_size, stride, base):
    boxes = []
    for i in range(feature_size[0]):
        for j in range(feature_size[1]):
            for x1, y1, x2, y2 in base.tolist():
                dx, dy = j * stride[1], i * stride[0]
                boxes.append([x1 + dx, y1 + dy, x2 + dx, y2 + dy])
    return torch.tensor(boxes, dtype=base.dtype).reshape(-1, 4)


@variant
def grid_by_broadcasting(feature_size, stride, base):
    h, w = feature_size
    anchors = base.reshape(1, 1, -1, 4).expand(h, w, -1, 4).clone()
    anchors[..., 0::2] += (torch.arange(w) * stride[1]).view(1, w, 1, 1)
    anchors[..., 1::2] += (torch.arange(h) * stride[0]).view(h, 1, 1, 1)
    return anchors.flatten(0, 2)


@variant
def grid_by_meshgrid(size, step, anchors):
    ys = torch.arange(0, size[0] * step[0], step[0])
    xs = torch.arange(0, size[1] * step[1], step[1])
    x, y = torch.meshgrid(xs, ys, indexing="xy")
    x, y = x.flatten(), y.flatten()
    return (torch.stack((x, y, x, y), dim=1)[:, None, :] + anchors[None, :, :]).reshape(-1, 4)


@variant
def grid_with_numpy(feature_size, stride, base):
    i, j = np.indices(feature_size)
    shift = np.stack([j * stride[1], i * stride[0]] * 2, axis=-1).reshape(-1, 1, 4)
    return torch.from_numpy((shift + base.numpy().astype(np.float64)).reshape(-1, 4)).to(base.dtype)


@variant
def grid_by_the_cartesian_product(feature_size, stride, base):
    (h, w), (sy, sx) = feature_size, stride
    yx = torch.cartesian_prod(torch.arange(h) * sy, torch.arange(w) * sx).to(base.dtype)
    shifts = yx.flip(1).repeat(1, 2)
    return shifts.repeat_interleave(len(base), dim=0) + base.repeat(h * w, 1)


@variant
def grid_by_division(feature_size, stride, base):
    count = feature_size[0] * feature_size[1]
    number = torch.arange(count * len(base))
    place = number // len(base)
    i = place.div(max(feature_size[1], 1), rounding_mode="floor")
    x, y = (place - i * feature_size[1]) * stride[1], i * stride[0]
    return base[number % len(base)] + torch.stack([x, y, x, y], dim=1)


@variant
def grid_by_stacking_columns(feature_size, stride, base):
    rows = [base]
    for number, axis in ((feature_size[1], 0), (feature_size[0], 1)):
        step = torch.zeros(4, dtype=base.dtype)
        step[axis] = step[axis + 2] = stride[1 - axis]
        block = torch.cat(rows) if rows else base[:0]
        rows = [block + k * step for k in range(number)]
    return torch.cat(rows) if rows else base[:0].clone()


@variant
def grid_filled_in(feature_size, stride, base):
    h, w = feature_size
    result = base.new_empty((h, w, base.shape[0], 4))
    for i in range(h):
        for j in range(w):
            result[i, j] = base
            result[i, j, :, [0, 2]] += j * stride[1]
            result[i, j, :, [1, 3]] += i * stride[0]
    return result.view(h * w * base.shape[0], 4)


@variant
def grid_by_a_product(feature_size, stride, base):
    (h, w), (sy, sx) = feature_size, stride
    i, j = torch.arange(h).repeat_interleave(w), torch.arange(w).repeat(h)
    steps = torch.tensor([[0, sy, 0, sy], [sx, 0, sx, 0]], dtype=torch.float64)
    shifts = torch.stack([i, j], dim=1).double() @ steps
    return torch.cat([base.double() + shift for shift in shifts] or [base.double()[:0]]).to(base.dtype)
