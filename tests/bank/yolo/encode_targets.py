"""Wrong and right answers to `encode_targets`."""

import math

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

from autograde.building.bank import form, mistake, variant


def located(o):
    """Set in which cell the centre of an object lies, and where in it, from its place counted in cells."""
    o["column"] = min(math.floor(o["x"]), o["grid"] - 1)
    o["row"] = min(math.floor(o["y"]), o["grid"] - 1)
    o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]
    return o


def objects(boxes, labels, grid, image_size):
    """Return what is right of each object, one dict each."""
    height, width = image_size
    found = []
    for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist(), strict=True):
        o = {"box": (x1, y1, x2, y2), "label": label, "grid": grid, "H": height, "W": width}
        o["centre"] = [(x1 + x2) / 2, (y1 + y2) / 2]
        o["x"], o["y"] = o["centre"][0] * grid / width, o["centre"][1] * grid / height
        o["share"] = [(x2 - x1) / width, (y2 - y1) / height]
        found.append(located(o))
    return found


def moved(o, x, y):
    """Put the centre of an object to (x, y) in pixels."""
    o["centre"] = [x, y]
    o["x"], o["y"] = x * o["grid"] / o["W"], y * o["grid"] / o["H"]
    return located(o)


def first_stays(target, o, said):
    """Write what is said of an object into its cell, if that is empty."""
    if target[o["row"], o["column"]].count_nonzero() == 0:
        target[o["row"], o["column"]] = torch.tensor(said, dtype=target.dtype)


def one_hot(o, classes):
    """Return 1 for the class of an object and 0 for the others."""
    return [float(number + 1 == o["label"]) for number in range(classes)]


def answer(boxes, labels, grid, num_classes, image_size, change=None, put=first_stays, kind=one_hot, sorting=None):
    """Return the right target, but for what the caller changes."""
    target = boxes.new_zeros(grid, grid, 5 + num_classes)
    found = objects(boxes, labels, grid, image_size)
    for o in sorted(found, key=sorting) if sorting else found:
        if change:
            change(o)
        put(target, o, [*o["offset"], *o["share"], 1.0, *kind(o, num_classes)])
    return target


# --- mistakes: the centre ---------------------------------------------------------------------------------------------


@mistake("You take a corner of the box for its centre. The centre is halfway between the two corners.")
def grid_first_corner(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, *o["box"][:2])

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_first_corner)
def grid_first_corner_kept_in_the_image(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, max(o["box"][0], 0), max(o["box"][1], 0))

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_first_corner)
def grid_second_corner(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, *o["box"][2:])

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_first_corner)
def grid_cell_of_the_corner(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x, y = o["x"], o["y"]
        moved(o, *o["box"][:2])
        o["offset"] = [x - o["column"], y - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_first_corner)
def grid_corner_in_the_image(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["box"][0] / o["W"], o["box"][1] / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_first_corner)
def grid_offset_of_the_corner(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [
            o["box"][0] * o["grid"] / o["W"] - o["column"],
            o["box"][1] * o["grid"] / o["H"] - o["row"],
        ]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your centre is the sum of both corners, or of a corner and the whole side. Halfway between is *half* of it.")
def grid_centre_not_halved(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x1, y1, x2, y2 = o["box"]
        moved(o, x1 + x2, y1 + y2)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_centre_not_halved)
def grid_centre_not_halved_out_of_the_grid(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x1, y1, x2, y2 = o["box"]
        moved(o, x1 + x2, y1 + y2)
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Half of the box's side is not its centre: that is counted from the image's corner, so add x1 and y1.")
def grid_half_a_side(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x1, y1, x2, y2 = o["box"]
        moved(o, (x2 - x1) / 2, (y2 - y1) / 2)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You read a box as its corner and its size. The four numbers are two corners: x1, y1, x2, y2.")
def grid_box_as_corner_and_size(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x, y, wide, high = o["box"]
        moved(o, x + wide / 2, y + high / 2)
        o["share"] = [wide / o["W"], high / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You read a box as its centre and its size. The four numbers are two corners: x1, y1, x2, y2.")
def grid_box_as_centre_and_size(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, *o["box"][:2])
        o["share"] = [o["box"][2] / o["W"], o["box"][3] / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You read a box as y1, x1, y2, x2. It is x1, y1, x2, y2: x comes first.")
def grid_box_with_y_first(boxes, labels, grid, num_classes, image_size):
    return answer(boxes[:, [1, 0, 3, 2]], labels, grid, num_classes, image_size)


@mistake("You round the centre, or the corners, to whole pixels. All of it may be fractions.")
def grid_centre_in_whole_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, math.floor(o["centre"][0]), math.floor(o["centre"][1]))

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_centre_in_whole_pixels)
def grid_centre_rounded(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, round(o["centre"][0]), round(o["centre"][1]))

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_centre_in_whole_pixels)
def grid_corners_in_whole_pixels(boxes, labels, grid, num_classes, image_size):
    return answer(boxes.long().to(boxes.dtype), labels, grid, num_classes, image_size)


@form(grid_centre_in_whole_pixels)
def grid_corners_rounded(boxes, labels, grid, num_classes, image_size):
    return answer(boxes.round(), labels, grid, num_classes, image_size)


@mistake(
    "You cut the boxes off at the image's edges first. The centre and the size are those of the whole box, even where it reaches out."
)
def grid_boxes_cut_off(boxes, labels, grid, num_classes, image_size):
    height, width = image_size
    cut = torch.stack(
        [
            boxes[:, 0].clamp(0, width),
            boxes[:, 1].clamp(0, height),
            boxes[:, 2].clamp(0, width),
            boxes[:, 3].clamp(0, height),
        ],
        dim=1,
    )
    return answer(cut, labels, grid, num_classes, image_size)


@form(grid_boxes_cut_off)
def grid_boxes_cut_off_for_their_size(boxes, labels, grid, num_classes, image_size):
    def change(o):
        x1, y1, x2, y2 = o["box"]
        wide = min(x2, o["W"]) - max(x1, 0)
        high = min(y2, o["H"]) - max(y1, 0)
        o["share"] = [wide / o["W"], high / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your w and h are at most 1. A box may be larger than the image, and then they are more.")
def grid_shares_at_most_one(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [min(share, 1.0) for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


# --- mistakes: which cell ---------------------------------------------------------------------------------------------


@mistake("Row and column are exchanged: the target is `[row, column]`, and the row comes from y.")
def grid_column_first(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size).transpose(0, 1).contiguous()


@mistake("Height and width are exchanged: `image_size` is (H, W), and what runs along x is divided by W.")
def grid_height_and_width_exchanged(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size[::-1])


@form(grid_height_and_width_exchanged)
def grid_height_and_width_exchanged_without_a_limit(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["column"] -= o["column"] == grid and o["x"] == grid
        o["row"] -= o["row"] == grid and o["y"] == grid
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size[::-1], change)


@form(grid_height_and_width_exchanged)
def grid_height_and_width_exchanged_for_centres(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["x"], o["y"] = o["centre"][0] * grid / o["H"], o["centre"][1] * grid / o["W"]
        located(o)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_height_and_width_exchanged)
def grid_height_and_width_exchanged_for_sizes(boxes, labels, grid, num_classes, image_size):
    def change(o):
        (x1, y1, x2, y2), high, wide = o["box"], o["H"], o["W"]
        o["share"] = [(x2 - x1) / high, (y2 - y1) / wide]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake(
    "You divide x and y by one and the same side. A cell is as wide as the S-th part of W, and as high as that of H."
)
def grid_one_side_for_both(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, (max(image_size),) * 2)


@form(grid_one_side_for_both)
def grid_width_for_both(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, (image_size[1],) * 2)


@form(grid_one_side_for_both)
def grid_height_for_both(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, (image_size[0],) * 2)


@form(grid_one_side_for_both)
def grid_height_for_both_without_a_limit(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, (image_size[0],) * 2, change)


@form(grid_one_side_for_both)
def grid_width_for_both_without_a_limit(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, (image_size[1],) * 2, change)


@mistake("You round the place to the nearest cell, or up. The cell is its whole part: round down.")
def grid_nearest_cell(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = (min(round(o[axis]), grid - 1) for axis in "xy")
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_nearest_cell)
def grid_nearest_cell_out_of_the_grid(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = round(o["x"]), round(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_nearest_cell)
def grid_next_cell(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = (min(math.ceil(o[axis]), grid - 1) for axis in "xy")
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake(
    "A centre on the edge between two cells goes to the left or upper one in your code. It belongs to the right or lower one, with an offset of 0."
)
def grid_edges_to_the_left(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = (max(math.ceil(o[axis]) - 1, 0) for axis in "xy")
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_edges_to_the_left)
def grid_edges_to_the_left_and_around(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = (math.ceil(o[axis]) - 1 for axis in "xy")
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake(
    "You cut the fractions off a cell's sides, as `//` does. A cell is W / S pixels wide, even where that is no whole number."
)
def grid_cells_of_whole_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["x"], o["y"] = o["centre"][0] / (o["W"] // grid), o["centre"][1] / (o["H"] // grid)
        located(o)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_cells_of_whole_pixels)
def grid_cells_of_whole_pixels_without_a_limit(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["x"], o["y"] = o["centre"][0] / (o["W"] // grid), o["centre"][1] / (o["H"] // grid)
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_cells_of_whole_pixels)
def grid_cells_of_rounded_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["x"], o["y"] = o["centre"][0] / round(o["W"] / grid), o["centre"][1] / round(o["H"] / grid)
        located(o)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake(
    "A centre on the image's right or lower edge does not come into the last cell in your code. It belongs there, number S − 1, with an offset of 1."
)
def grid_far_edge_out_of_the_grid(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = math.floor(o["x"]), math.floor(o["y"])
        o["offset"] = [o["x"] - o["column"], o["y"] - o["row"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_far_edge_out_of_the_grid)
def grid_far_edge_left_out(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        if o["x"] < grid and o["y"] < grid:
            first_stays(target, o, said)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_far_edge_out_of_the_grid)
def grid_far_edge_to_the_first_cell(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["column"], o["row"] = math.floor(o["x"]) % grid, math.floor(o["y"]) % grid
        o["offset"] = [o["x"] % 1, o["y"] % 1]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("On the image's right or lower edge your offset is 0. A centre there is at the far end of its cell, at 1.")
def grid_far_edge_offset_of_zero(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["x"] % 1, o["y"] % 1]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You write an object into every cell that its box covers. It stands in one alone, the cell of its centre.")
def grid_all_cells_that_are_covered(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        x1, y1, x2, y2 = o["box"]
        rows = range(max(math.floor(y1 * grid / o["H"]), 0), min(math.ceil(y2 * grid / o["H"]), grid))
        columns = range(max(math.floor(x1 * grid / o["W"]), 0), min(math.ceil(x2 * grid / o["W"]), grid))
        for row in rows:
            for column in columns:
                first_stays(target, {"row": row, "column": column}, said)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_all_cells_that_are_covered)
def grid_all_cells_that_are_covered_from_each(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        x1, y1, x2, y2 = o["box"]
        rows = range(max(math.floor(y1 * grid / o["H"]), 0), min(math.ceil(y2 * grid / o["H"]), grid))
        columns = range(max(math.floor(x1 * grid / o["W"]), 0), min(math.ceil(x2 * grid / o["W"]), grid))
        for row in rows:
            for column in columns:
                place = {"row": row, "column": column}
                first_stays(target, place, [o["x"] - column, o["y"] - row, *said[2:]])

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_all_cells_that_are_covered)
def grid_all_cells_with_their_middle_in_the_box(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        x1, y1, x2, y2 = o["box"]
        for row in range(grid):
            for column in range(grid):
                x, y = (column + 0.5) * o["W"] / grid, (row + 0.5) * o["H"] / grid
                if x1 <= x < x2 and y1 <= y < y2:
                    first_stays(target, {"row": row, "column": column}, said)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@mistake("You spread the image over S − 1 cells. There are S: the centre times S, divided by the side.")
def grid_one_cell_less(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["x"], o["y"] = o["x"] / grid * (grid - 1), o["y"] / grid * (grid - 1)
        located(o)

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your rows are counted from below. Row 0 is at the top, as y = 0 is.")
def grid_rows_from_below(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size).flip(0)


@form(grid_rows_from_below)
def grid_rows_from_below_with_their_offsets(boxes, labels, grid, num_classes, image_size):
    def change(o):
        moved(o, o["centre"][0], o["H"] - o["centre"][1])

    return answer(boxes, labels, grid, num_classes, image_size, change)


# --- mistakes: the offsets --------------------------------------------------------------------------------------------


@mistake("Your x and y are shares of the whole image. They say where in its *cell* the centre lies, from 0 to 1.")
def grid_offset_in_the_image(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["centre"][0] / o["W"], o["centre"][1] / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your x and y count the cells of the whole image. Take the cell's column and row away: what is left is asked.")
def grid_offset_counted_in_cells(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["x"], o["y"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your x and y are in pixels. They are shares of a cell, from 0 to 1.")
def grid_offset_in_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["offset"][0] * o["W"] / grid, o["offset"][1] * o["H"] / grid]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_offset_in_pixels)
def grid_centre_in_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = o["centre"]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your offsets are shares of the image's side, though counted from the cell's edge: divide by a cell's side.")
def grid_offset_over_the_image(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["offset"][0] / grid, o["offset"][1] / grid]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You count from the middle of the cell. An offset is 0 at its left or upper edge, and ½ in its middle.")
def grid_offset_from_the_middle(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [offset - 0.5 for offset in o["offset"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_offset_from_the_middle)
def grid_offset_twice_from_the_middle(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [2 * offset - 1 for offset in o["offset"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You count from the wrong edge of the cell. An offset is 0 at its left or upper edge, and 1 at the other.")
def grid_offset_from_the_far_edge(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [1 - offset for offset in o["offset"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_offset_from_the_far_edge)
def grid_offset_below_zero(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [-offset for offset in o["offset"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("The offsets stand in the wrong order: x comes first, then y.")
def grid_y_before_x(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = o["offset"][::-1]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You take the row from x and the column from y away: x − column and y − row are asked.")
def grid_row_taken_from_x(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["x"] - o["row"], o["y"] - o["column"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


# --- mistakes: the sizes ----------------------------------------------------------------------------------------------


@mistake("Your w and h count cells. They are shares of the whole image: only x and y are relative to the cell.")
def grid_size_in_cells(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [share * grid for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your w and h are in pixels. They are shares of the image's width and height.")
def grid_size_in_pixels(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [o["share"][0] * o["W"], o["share"][1] * o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You take the roots of w and h. The network says roots; the target holds w and h themselves.")
def grid_roots_of_sizes(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [math.sqrt(share) for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You take logarithms of the sizes, as other detectors do. Here w and h stand as they are.")
def grid_logarithms_of_sizes(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [math.log(share) for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_logarithms_of_sizes)
def grid_logarithms_of_sizes_in_cells(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [math.log(share * grid) for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("The sizes stand in the wrong order: w comes first, then h.")
def grid_height_before_width(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = o["share"][::-1]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your w and h are half of what they should be: they are whole sides.")
def grid_half_sizes(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [share / 2 for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Where w and h belong you write a corner of the box. Its size is the difference of its corners.")
def grid_corner_for_the_size(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [o["box"][2] / o["W"], o["box"][3] / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_corner_for_the_size)
def grid_corners_for_the_box(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"] = [o["box"][0] / o["W"], o["box"][1] / o["H"]]
        o["share"] = [o["box"][2] / o["W"], o["box"][3] / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@form(grid_corner_for_the_size)
def grid_corners_in_pixels_for_the_box(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["offset"], o["share"] = o["box"][:2], o["box"][2:]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("You add a pixel to the sides. A width is x2 − x1, without +1.")
def grid_one_pixel_added(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [o["share"][0] + 1 / o["W"], o["share"][1] + 1 / o["H"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


@mistake("Your w and h have a sign: take x1 from x2 and y1 from y2, not the other way round.")
def grid_sizes_below_zero(boxes, labels, grid, num_classes, image_size):
    def change(o):
        o["share"] = [-share for share in o["share"]]

    return answer(boxes, labels, grid, num_classes, image_size, change)


# --- mistakes: objectness and classes ---------------------------------------------------------------------------------


@mistake("You leave the objectness at 0. In the cell of an object number 4 is 1, whatever its class is.")
def grid_objectness_left_out(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    target[..., 4] = 0
    return target


@mistake("Empty cells have an objectness of 1 in your target. Without an object all numbers of a cell are 0.")
def grid_objectness_everywhere(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    target[..., 4] = 1
    return target


@mistake("You write the label where the objectness stands. That is 1 in the cell of every object.")
def grid_label_for_the_objectness(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        said[4] = o["label"]
        first_stays(target, o, said)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@mistake("Your classes begin one number too late. Labels begin at 1 and places at 0, so label 1 has the first place.")
def grid_label_as_the_place(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        first_stays(target, o, [*said[:5], *[0.0] * num_classes])
        if target[o["row"], o["column"], 5:].count_nonzero() == 0:
            target[o["row"], o["column"], 5 + o["label"]] = 1

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_label_as_the_place)
def grid_label_as_the_place_where_there_is_one(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [float(number == o["label"]) for number in range(classes)]

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@form(grid_label_as_the_place)
def grid_label_as_the_place_and_one_class_more(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., :5], torch.zeros_like(target[..., :1]), target[..., 5:]], dim=2)


@form(grid_label_as_the_place)
def grid_label_as_the_place_around(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [float(number == o["label"] % classes) for number in range(classes)]

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@mistake("You write a number for the class. Asked are K numbers of which that of the class is 1, and the others 0.")
def grid_label_for_the_classes(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [o["label"]] + [0.0] * (classes - 1)

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@form(grid_label_for_the_classes)
def grid_label_in_its_place(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [o["label"] * hot for hot in one_hot(o, classes)]

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@form(grid_label_for_the_classes)
def grid_label_in_all_places(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [o["label"]] * classes

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@form(grid_label_for_the_classes)
def grid_label_alone(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    number = 1 + target[..., 5:].argmax(dim=-1, keepdim=True).to(target)
    return torch.cat([target[..., :5], number * target[..., 4:5]], dim=2)


@mistake("You leave the classes out: after the objectness come K numbers, of which that of the class is 1.")
def grid_classes_left_out(boxes, labels, grid, num_classes, image_size):
    def kind(o, classes):
        return [0.0] * classes

    return answer(boxes, labels, grid, num_classes, image_size, kind=kind)


@form(grid_classes_left_out)
def grid_five_numbers_a_cell(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size)[..., :5]


@mistake("Your empty cells say the first class, too. Without an object all numbers of a cell are 0.")
def grid_classes_in_empty_cells(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    target[..., 5] = torch.where(target[..., 4] == 0, 1.0, target[..., 5])
    return target


@mistake("The objectness comes first in your cells. The order is x, y, w, h, objectness, and then the classes.")
def grid_objectness_first(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., 4:5], target[..., :4], target[..., 5:]], dim=2)


@mistake("The classes come first in your cells. The order is x, y, w, h, objectness, and then the classes.")
def grid_classes_first(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., 5:], target[..., :5]], dim=2)


@form(grid_classes_first)
def grid_classes_and_objectness_first(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., 5:], target[..., 4:5], target[..., :4]], dim=2)


@mistake("The objectness comes last in your cells. The order is x, y, w, h, objectness, and then the classes.")
def grid_objectness_last(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., :4], target[..., 5:], target[..., 4:5]], dim=2)


@mistake("The numbers of a cell stand in your first dimension. The grid comes first: (S, S, 5 + K).")
def grid_numbers_first(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size).permute(2, 0, 1).contiguous()


@mistake(
    "You keep room for two boxes a cell. A network says several boxes; what is true of a cell is one: 5 + K numbers."
)
def grid_two_boxes_a_cell(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., :5], target[..., :5], target[..., 5:]], dim=2)


@form(grid_two_boxes_a_cell)
def grid_two_boxes_a_cell_and_one_empty(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    return torch.cat([target[..., :5], torch.zeros_like(target[..., :5]), target[..., 5:]], dim=2)


# --- mistakes: shared cells -------------------------------------------------------------------------------------------


@mistake("In your target the last object of a cell stays. It is the first one in the list that keeps it.")
def grid_last_stays(boxes, labels, grid, num_classes, image_size):
    return answer(boxes.flip(0), labels.flip(0), grid, num_classes, image_size)


@mistake(
    "The larger object keeps a cell in your code, or the smaller one. It is the first in the list, whatever its size is."
)
def grid_largest_stays(boxes, labels, grid, num_classes, image_size):
    def sorting(o):
        return -o["share"][0] * o["share"][1]

    return answer(boxes, labels, grid, num_classes, image_size, sorting=sorting)


@form(grid_largest_stays)
def grid_smallest_stays(boxes, labels, grid, num_classes, image_size):
    def sorting(o):
        return o["share"][0] * o["share"][1]

    return answer(boxes, labels, grid, num_classes, image_size, sorting=sorting)


@mistake("The object nearest to a cell's middle keeps it in your code. It is the first in the list, wherever it lies.")
def grid_nearest_to_the_middle_stays(boxes, labels, grid, num_classes, image_size):
    def sorting(o):
        return (o["offset"][0] - 0.5) ** 2 + (o["offset"][1] - 0.5) ** 2

    return answer(boxes, labels, grid, num_classes, image_size, sorting=sorting)


@mistake("Your objects go by their labels. In a shared cell the first in the *list* stays, whatever its class is.")
def grid_lowest_label_stays(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size, sorting=lambda o: o["label"])


@form(grid_lowest_label_stays)
def grid_highest_label_stays(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size, sorting=lambda o: -o["label"])


@mistake(
    "A shared cell has the classes of all its objects in your target. The first in the list keeps it, and nothing of the others stays."
)
def grid_classes_of_all(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        first_stays(target, o, said)
        target[o["row"], o["column"], 4 + o["label"]] = 1

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_classes_of_all)
def grid_last_box_and_classes_of_all(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        target[o["row"], o["column"], :5] = torch.tensor(said[:5], dtype=target.dtype)
        target[o["row"], o["column"], 4 + o["label"]] = 1

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_classes_of_all)
def grid_first_box_and_last_class(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        first_stays(target, o, said)
        target[o["row"], o["column"], 5:] = torch.tensor(said[5:], dtype=target.dtype)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@mistake(
    "You add up, or average, the objects of a shared cell. The first in the list keeps it, and the others are left out."
)
def grid_shared_cells_summed(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        target[o["row"], o["column"]] += torch.tensor(said, dtype=target.dtype)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@form(grid_shared_cells_summed)
def grid_shared_cells_averaged(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        target[o["row"], o["column"]] += torch.tensor(said, dtype=target.dtype)

    target = answer(boxes, labels, grid, num_classes, image_size, put=put)
    return target / target[..., 4:5].clamp(min=1)


@form(grid_shared_cells_summed)
def grid_shared_cells_maximum(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        place = o["row"], o["column"]
        target[place] = torch.maximum(target[place], torch.tensor(said, dtype=target.dtype))

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@mistake("A shared cell stays empty in your target. The first object in the list keeps it.")
def grid_shared_cells_empty(boxes, labels, grid, num_classes, image_size):
    found = objects(boxes, labels, grid, image_size)
    cells = [(o["row"], o["column"]) for o in found]
    target = answer(boxes, labels, grid, num_classes, image_size)
    for cell in cells:
        if cells.count(cell) > 1:
            target[cell] = 0
    return target


@mistake(
    "Only an object of the same class is kept out of a taken cell in your code. A cell holds one object, whatever the classes are."
)
def grid_one_object_a_class_and_cell(boxes, labels, grid, num_classes, image_size):
    def put(target, o, said):
        if target[o["row"], o["column"], 4 + o["label"]] == 0:
            target[o["row"], o["column"]] = torch.tensor(said, dtype=target.dtype)

    return answer(boxes, labels, grid, num_classes, image_size, put=put)


@mistake("You write only one object into the target. Each has a cell; only where two share one is the later left out.")
def grid_only_the_first_object(boxes, labels, grid, num_classes, image_size):
    return answer(boxes[:1], labels[:1], grid, num_classes, image_size)


@form(grid_only_the_first_object)
def grid_only_the_last_object(boxes, labels, grid, num_classes, image_size):
    return answer(boxes[-1:], labels[-1:], grid, num_classes, image_size)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("Your target is float32 whatever comes in. It has the dtype of `boxes`.")
def grid_always_float32(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size).float()


@form(grid_always_float32)
def grid_numbers_through_float32(boxes, labels, grid, num_classes, image_size):
    return answer(boxes.float(), labels, grid, num_classes, image_size).to(boxes.dtype)


@mistake("Your target is float64 whatever comes in. It has the dtype of `boxes`.")
def grid_always_float64(boxes, labels, grid, num_classes, image_size):
    return answer(boxes.double(), labels, grid, num_classes, image_size)


@mistake("Your grid is one long row of cells. Rows and columns are dimensions of their own: (S, S, 5 + K).")
def grid_cells_in_a_row(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size).flatten(0, 1)


@mistake("You write into `boxes`. The caller still needs it: compute into new tensors.")
def grid_writes_into_the_boxes(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    boxes[:, 2:] -= boxes[:, :2]
    return target


@mistake("You write into `labels`. The caller still needs it: `labels - 1` is a new tensor, `labels -= 1` is not.")
def grid_writes_into_the_labels(boxes, labels, grid, num_classes, image_size):
    target = answer(boxes, labels, grid, num_classes, image_size)
    labels -= 1
    return target


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def grid_object_by_object(boxes, labels, grid, num_classes, image_size):
    return answer(boxes, labels, grid, num_classes, image_size)


@variant
def grid_tensors_in_a_loop(boxes, labels, grid, num_classes, image_size):
    height, width = image_size
    target = torch.zeros((grid, grid, 5 + num_classes), dtype=boxes.dtype)
    for box, label in zip(boxes, labels):
        x1, y1, x2, y2 = box
        cx = (x1 + x2) / 2 / width * grid
        cy = (y1 + y2) / 2 / height * grid
        col, row = min(int(cx), grid - 1), min(int(cy), grid - 1)
        if target[row, col, 4] == 1:
            continue
        target[row, col, :5] = torch.stack([cx - col, cy - row, (x2 - x1) / width, (y2 - y1) / height, cx * 0 + 1])
        target[row, col, 4 + label] = 1.0
    return target


@variant
def grid_divided_by_cells(boxes, labels, grid, num_classes, image_size):
    """A cell's sides in pixels, and the last object first, so that the first one is written last."""
    cell_h, cell_w = image_size[0] / grid, image_size[1] / grid
    target = boxes.new_zeros(grid, grid, 5 + num_classes)
    for i in reversed(range(boxes.shape[0])):
        x1, y1, x2, y2 = boxes[i]
        cx, cy = x1 + (x2 - x1) * 0.5, y1 + (y2 - y1) * 0.5
        j, k = int(cx // cell_w), int(cy // cell_h)
        j, k = j - (j == grid), k - (k == grid)
        target[k, j] = 0
        target[k, j, 0] = (cx - j * cell_w) / cell_w
        target[k, j, 1] = (cy - k * cell_h) / cell_h
        target[k, j, 2] = (x2 - x1) / image_size[1]
        target[k, j, 3] = (y2 - y1) / image_size[0]
        target[k, j, 4] = 1
        target[k, j, 5 + labels[i] - 1] = 1
    return target


@variant
def grid_all_at_once(boxes, labels, grid, num_classes, image_size):
    size = torch.tensor(image_size[::-1], dtype=boxes.dtype)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 / size * grid
    cells = centres.long().clamp(0, grid - 1)
    hot = F.one_hot(labels, num_classes + 1)[:, 1:].to(boxes.dtype)
    rows = torch.cat([centres - cells, (boxes[:, 2:] - boxes[:, :2]) / size, boxes.new_ones(len(boxes), 1), hot], dim=1)
    flat = cells[:, 1] * grid + cells[:, 0]
    first = {}
    for index, number in enumerate(flat.tolist()):
        first.setdefault(number, index)
    target = boxes.new_zeros(grid * grid, 5 + num_classes)
    target[torch.tensor(list(first), dtype=torch.int64)] = rows[torch.tensor(list(first.values()), dtype=torch.int64)]
    return target.reshape(grid, grid, -1)


@variant
def grid_in_numpy(boxes, labels, grid, num_classes, image_size):
    b, target = boxes.double().numpy(), np.zeros((grid, grid, 5 + num_classes))
    height, width = image_size
    taken = set()
    for (x1, y1, x2, y2), label in zip(b, labels.numpy()):
        px, py = (x1 + x2) / 2 * grid / width, (y1 + y2) / 2 * grid / height
        cell = min(int(np.floor(py)), grid - 1), min(int(np.floor(px)), grid - 1)
        if cell in taken:
            continue
        taken.add(cell)
        target[cell][:5] = px - cell[1], py - cell[0], (x2 - x1) / width, (y2 - y1) / height, 1
        target[cell][5:] = np.eye(num_classes)[label - 1]
    return torch.from_numpy(target).to(boxes.dtype)


@variant
def grid_by_bucketize(boxes, labels, grid, num_classes, image_size):
    """The cell is looked up among the edges, and the offset is taken from the edge."""
    height, width = image_size
    xs = torch.arange(1, grid, dtype=boxes.dtype) * width / grid
    ys = torch.arange(1, grid, dtype=boxes.dtype) * height / grid
    converted = torchvision.ops.box_convert(boxes, "xyxy", "cxcywh")
    column = torch.bucketize(converted[:, 0].contiguous(), xs, right=True).tolist()
    row = torch.bucketize(converted[:, 1].contiguous(), ys, right=True).tolist()
    target = boxes.new_zeros(grid, grid, 5 + num_classes)
    for i in range(len(boxes) - 1, -1, -1):
        cx, cy, w, h = converted[i]
        said = [(cx - column[i] * width / grid) * grid / width, (cy - row[i] * height / grid) * grid / height]
        hot = F.one_hot(labels[i] - 1, num_classes).to(boxes.dtype)
        head = torch.stack([*said, w / width, h / height, torch.ones_like(w)])
        target[row[i], column[i]] = torch.cat([head, hot])
    return target


@variant
def grid_cell_by_cell(boxes, labels, grid, num_classes, image_size):
    """Each cell asks for the first object whose centre lies in it."""
    height, width = image_size
    rows = []
    for row in range(grid):
        line = []
        for column in range(grid):
            cell = [0.0] * (5 + num_classes)
            for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist()):
                px, py = (x1 + x2) / (2 * width) * grid - column, (y1 + y2) / (2 * height) * grid - row
                in_x = 0 <= px < 1 or (px == 1 and column == grid - 1)
                in_y = 0 <= py < 1 or (py == 1 and row == grid - 1)
                if in_x and in_y:
                    cell[:5] = [px, py, (x2 - x1) / width, (y2 - y1) / height, 1.0]
                    cell[4 + label] = 1.0
                    break
            line.append(cell)
        rows.append(line)
    return torch.tensor(rows, dtype=boxes.dtype)


@variant
def grid_offsets_by_remainder(boxes, labels, grid, num_classes, image_size):
    """What is left of a division by 1, and on the far edge a whole 1."""
    wh = boxes.new_tensor([image_size[1], image_size[0]])
    places = (boxes[:, :2] + boxes[:, 2:]) * (0.5 * grid) / wh
    at_the_end = places >= grid
    offsets = torch.where(at_the_end, torch.ones_like(places), places.remainder(1))
    cells = torch.where(at_the_end, torch.full_like(places, grid - 1), places.trunc()).int()
    target = torch.zeros(grid, grid, 5 + num_classes).type_as(boxes)
    for cell, offset, box, label in zip(cells.tolist(), offsets, boxes, labels.tolist()):
        numbers = target[cell[1]][cell[0]]
        if not numbers.any():
            numbers[:2], numbers[2:4], numbers[4], numbers[4 + label] = offset, (box[2:] - box[:2]) / wh, 1, 1
    return target
