"""Wrong and right answers to `decode_predictions`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def said_in(output, num_classes):
    """Return the five numbers of each predictor (S, S, B, 5) and the class scores (S, S, K)."""
    boxes = output[..., :-num_classes]
    return boxes.reshape(*boxes.shape[:2], boxes.shape[2] // 5, 5), output[..., -num_classes:]


def sides_of(image_size, like):
    """Return the width and height of the image (2,)."""
    return torch.tensor([image_size[1], image_size[0]], dtype=like.dtype)


def cells(said):
    """Return column and row of each cell (S, S, 1, 2)."""
    number = torch.arange(len(said), dtype=said.dtype)
    row, column = torch.meshgrid(number, number, indexing="ij")
    return torch.stack([column, row], dim=-1)[:, :, None]


def centres_of(said, image_size):
    """Return the right centres (S, S, B, 2) in pixels."""
    return (cells(said) + said[..., :2]) / len(said) * sides_of(image_size, said)


def sizes_of(said, image_size):
    """Return the right widths and heights (S, S, B, 2) in pixels."""
    return said[..., 2:4] ** 2 * sides_of(image_size, said)


def around(centre, size):
    """Return the boxes (S, S, B, 4) around their centres."""
    return torch.cat([centre - size / 2, centre + size / 2], dim=-1)


def scored(said, classes):
    """Return the right scores and labels (S, S, B)."""
    best, place = classes.max(dim=-1, keepdim=True)
    scores = said[..., 4] * best
    return scores, (place + 1).expand(scores.shape)


def above(scores, said, classes, threshold):
    """Return which boxes (S, S, B) are kept."""
    return scores > threshold


def answer(
    output,
    image_size,
    num_classes,
    score_threshold=0.0,
    *,
    read=said_in,
    centre=centres_of,
    size=sizes_of,
    corners=around,
    score=scored,
    keep=above,
):
    """Return the right boxes, scores and labels, but for what the caller changes."""
    said, classes = read(output, num_classes)
    boxes = corners(centre(said, image_size), size(said, image_size))
    scores, labels = score(said, classes)
    kept = keep(scores, said, classes, score_threshold)
    return boxes[kept], scores[kept], labels[kept]


# --- mistakes: which numbers are whose --------------------------------------------------------------------------------


@mistake(
    "You take it for granted that a cell has two predictors. How many there are follows from the last dimension and K."
)
def said_by_two_predictors(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        return output[..., :10].reshape(*output.shape[:2], 2, 5), output[..., 10:]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_two_predictors)
def said_by_two_predictors_before_the_last_numbers(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        return output[..., :10].reshape(*output.shape[:2], 2, 5), output[..., -num_classes:]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_two_predictors)
def said_by_two_predictors_of_all_numbers(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        boxes = output[..., :-num_classes]
        return boxes.reshape(*output.shape[:2], 2, 5), output[..., -num_classes:]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_two_predictors)
def said_by_two_predictors_and_the_next_numbers(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        return output[..., :10].reshape(*output.shape[:2], 2, 5), output[..., 10 : 10 + num_classes]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You count the class scores into the predictors: B is the last dimension *less K*, divided by five.")
def said_by_too_many_predictors(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        count = output.shape[-1] // 5
        boxes = output[..., : 5 * count].reshape(*output.shape[:2], count, 5)
        return boxes, output[..., -num_classes:]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_too_many_predictors)
def said_by_too_many_predictors_and_no_class(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        count = output.shape[-1] // 5
        boxes = output[..., : 5 * count].reshape(*output.shape[:2], count, 5)
        return boxes, output[..., 5 * count :]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_too_many_predictors)
def said_by_too_many_predictors_of_the_numbers_before(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        boxes = output[..., :-num_classes].reshape(*output.shape[:2], output.shape[-1] // 5, 5)
        return boxes, output[..., -num_classes:]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You use one predictor of a cell only. There are B, and each has a box and a confidence of its own.")
def said_by_the_first_predictor(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said[:, :, :1], classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_by_the_first_predictor)
def said_by_the_last_predictor(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said[:, :, -1:], classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("Of each cell you keep the most confident predictor only. Every box that scores enough is kept.")
def said_by_the_surest_predictor(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        sure = said[..., 4]
        first = torch.arange(sure.shape[-1]) == sure.argmax(dim=-1, keepdim=True)
        return (scores > threshold) & first

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake("You read the numbers before the classes as five times B. Each predictor's five stand together: B times five.")
def said_five_times(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said.reshape(*said.shape[:2], 5, -1).transpose(2, 3), classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You look for the classes first. A cell begins with its predictors, and the class scores come last.")
def said_after_the_classes(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        boxes = output[..., num_classes:]
        return boxes.reshape(*output.shape[:2], -1, 5), output[..., :num_classes]

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You look for all boxes first and then for all confidences. A predictor's confidence stands behind its box.")
def said_boxes_before_confidences(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        flat, count = said.flatten(2), said.shape[2]
        boxes = flat[..., : 4 * count].reshape(*said.shape[:2], count, 4)
        return torch.cat([boxes, flat[..., 4 * count :, None]], dim=-1), classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@form(said_boxes_before_confidences)
def said_confidences_before_boxes(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        flat, count = said.flatten(2), said.shape[2]
        boxes = flat[..., count:].reshape(*said.shape[:2], count, 4)
        return torch.cat([boxes, flat[..., :count, None]], dim=-1), classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You take a predictor's first number for its confidence. It is the fifth: x, y, √w, √h, confidence.")
def said_confidence_first(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said.roll(-1, dims=-1), classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You read x and y in the wrong order: x comes first.")
def said_y_before_x(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said[..., [1, 0, 2, 3, 4]], classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


@mistake("You read √w and √h in the wrong order: √w comes first.")
def said_height_before_width(output, image_size, num_classes, score_threshold=0.0):
    def read(output, num_classes):
        said, classes = said_in(output, num_classes)
        return said[..., [0, 1, 3, 2, 4]], classes

    return answer(output, image_size, num_classes, score_threshold, read=read)


# --- mistakes: the centres --------------------------------------------------------------------------------------------


@mistake("You do not add the cell: x and y say where *in its cell* the centre lies. Add the column and the row.")
def said_cell_not_added(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return said[..., :2] / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_cell_not_added)
def said_offset_in_the_image(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return said[..., :2] * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("Row and column are exchanged: the output is `[row, column]`, and the column belongs to x.")
def said_row_added_to_x(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said).flip(-1) + said[..., :2]) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_row_added_to_x)
def said_column_first(output, image_size, num_classes, score_threshold=0.0):
    return answer(output.transpose(0, 1), image_size, num_classes, score_threshold)


@mistake("Height and width are exchanged: `image_size` is (H, W), and x and w belong to W.")
def said_sides_exchanged(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, image_size[::-1], num_classes, score_threshold)


@form(said_sides_exchanged)
def said_sides_exchanged_for_centres(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return centres_of(said, image_size[::-1])

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_sides_exchanged)
def said_sides_exchanged_for_sizes(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return sizes_of(said, image_size[::-1])

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("You multiply x and y with one and the same side. What runs along x is a share of W, what runs along y of H.")
def said_width_for_both(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, (image_size[1],) * 2, num_classes, score_threshold)


@form(said_width_for_both)
def said_height_for_both(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, (image_size[0],) * 2, num_classes, score_threshold)


@form(said_width_for_both)
def said_larger_side_for_both(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, (max(image_size),) * 2, num_classes, score_threshold)


@mistake("Your centres count cells, and are multiplied with the whole image. Divide by S: a cell is W / S wide.")
def said_not_divided_by_the_grid(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + said[..., :2]) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("You divide the cell by S, and not the offset. x is a share of a cell as well: first add, then divide.")
def said_offset_not_divided(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) / len(said) + said[..., :2]) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_offset_not_divided)
def said_offset_in_pixels(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return cells(said) / len(said) * sides_of(image_size, said) + said[..., :2]

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake(
    "You cut the fractions off a cell's sides, as `//` does. A cell is W / S pixels wide, even where that is no whole number."
)
def said_cells_of_whole_pixels(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + said[..., :2]) * (sides_of(image_size, said) // len(said))

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("You count the offset from the middle of the cell. It is 0 at its left or upper edge.")
def said_from_the_middle(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + 0.5 + said[..., :2]) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_from_the_middle)
def said_from_the_middle_both_ways(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + said[..., :2] - 0.5) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("You do not use x and y: every centre of yours is the middle of its cell, or its corner.")
def said_in_the_middle(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + 0.5 + 0 * said[..., :2]) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@form(said_in_the_middle)
def said_in_the_corner(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + 0 * said[..., :2]) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("Your cells are counted from 1. The first column and the first row are 0.")
def said_cells_from_one(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + 1 + said[..., :2]) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake("You send x and y through a sigmoid. They are offsets as they stand: nothing is activated here.")
def said_centres_through_a_sigmoid(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + said[..., :2].sigmoid()) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


@mistake(
    "You keep x and y between 0 and 1. A network may say a centre outside its cell, and it stays where it is said."
)
def said_centres_kept_in_their_cells(output, image_size, num_classes, score_threshold=0.0):
    def centre(said, image_size):
        return (cells(said) + said[..., :2].clamp(0, 1)) / len(said) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, centre=centre)


# --- mistakes: the sizes ----------------------------------------------------------------------------------------------


@mistake("You take √w and √h for the sizes. Those are their squares.")
def said_roots_for_sizes(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4] * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@form(said_roots_for_sizes)
def said_absolute_roots_for_sizes(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4].abs() * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("You take a root once more. What stands there are roots already: square them.")
def said_roots_of_roots(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4].sqrt() * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("You use an exponential, as other detectors do. Here the network says roots: square them.")
def said_sizes_by_exp(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4].exp() * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@form(said_sizes_by_exp)
def said_sizes_by_exp_of_a_cell(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4].exp() * sides_of(image_size, said) / len(said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("Your sizes are shares of a cell. They are shares of the whole image: only x and y are relative to the cell.")
def said_sizes_of_a_cell(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return sizes_of(said, image_size) / len(said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("You square the size in pixels. The square of √w is a share of the image; multiply it with W afterwards.")
def said_squares_of_pixels(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return (said[..., 2:4] * sides_of(image_size, said)) ** 2

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake(
    "You set negative √w and √h to 0. The square of a negative number is a size like any other: square what stands there."
)
def said_negative_roots_are_nothing(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4].clamp(min=0) ** 2 * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("Your sizes keep the sign of √w and √h. A square is never negative.")
def said_squares_with_a_sign(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return said[..., 2:4] * said[..., 2:4].abs() * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


@mistake("You leave out boxes with a negative √w or √h. Their squares are sizes like others.")
def said_negative_roots_left_out(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (scores > threshold) & (said[..., 2:4] > 0).all(dim=-1)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake("Your sizes are at most those of the image. A network may say a larger box, and it stays as it is.")
def said_sizes_at_most_the_image(output, image_size, num_classes, score_threshold=0.0):
    def size(said, image_size):
        return (said[..., 2:4] ** 2).clamp(max=1) * sides_of(image_size, said)

    return answer(output, image_size, num_classes, score_threshold, size=size)


# --- mistakes: the corners --------------------------------------------------------------------------------------------


@mistake("You go a whole side to both sides of the centre. A corner is *half* a side away.")
def said_twice_as_large(output, image_size, num_classes, score_threshold=0.0):
    def corners(centre, size):
        return torch.cat([centre - size, centre + size], dim=-1)

    return answer(output, image_size, num_classes, score_threshold, corners=corners)


@mistake("Your boxes begin at their centres. The centre is in the middle: half a side lies before it.")
def said_beginning_at_the_centre(output, image_size, num_classes, score_threshold=0.0):
    def corners(centre, size):
        return torch.cat([centre, centre + size], dim=-1)

    return answer(output, image_size, num_classes, score_threshold, corners=corners)


@mistake("You return centre and size. Asked are two corners: x1, y1, x2, y2.")
def said_as_centre_and_size(output, image_size, num_classes, score_threshold=0.0):
    def corners(centre, size):
        return torch.cat([centre, size], dim=-1)

    return answer(output, image_size, num_classes, score_threshold, corners=corners)


@mistake("You return a corner and the size. Asked are two corners: x1, y1, x2, y2.")
def said_as_corner_and_size(output, image_size, num_classes, score_threshold=0.0):
    def corners(centre, size):
        return torch.cat([centre - size / 2, size], dim=-1)

    return answer(output, image_size, num_classes, score_threshold, corners=corners)


@mistake("Your boxes are y1, x1, y2, x2, or x1, x2, y1, y2. The order is x1, y1, x2, y2.")
def said_with_y_first(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes[:, [1, 0, 3, 2]], scores, labels


@form(said_with_y_first)
def said_axis_by_axis(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes[:, [0, 2, 1, 3]], scores, labels


@mistake("Your boxes are shares of the image. Asked are pixels: times W in x, times H in y.")
def said_as_shares_of_the_image(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, (1, 1), num_classes, score_threshold)


@mistake("You cut the boxes off at the image's edges. They stay as the network says them.")
def said_cut_off(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    sides = sides_of(image_size, boxes).repeat(2)
    return torch.minimum(boxes.clamp(min=0), sides), scores, labels


@form(said_cut_off)
def said_cut_off_below_only(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes.clamp(min=0), scores, labels


@form(said_cut_off)
def said_cut_off_at_the_last_pixel(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return torch.minimum(boxes.clamp(min=0), sides_of(image_size, boxes).repeat(2) - 1), scores, labels


@mistake(
    "You leave out boxes that reach out of the image, or lie outside. What scores enough is kept, wherever it lies."
)
def said_inside_only(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    inside = (boxes >= 0).all(dim=1) & (boxes <= sides_of(image_size, boxes).repeat(2)).all(dim=1)
    return boxes[inside], scores[inside], labels[inside]


@mistake("You round the boxes to whole pixels. Fractions stay.")
def said_in_whole_pixels(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes.round(), scores, labels


@form(said_in_whole_pixels)
def said_in_whole_pixels_cut_off(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes.long().to(boxes.dtype), scores, labels


# --- mistakes: the scores ---------------------------------------------------------------------------------------------


@mistake("Your score is the confidence alone. It is multiplied with the score of the best class.")
def said_confidence_for_the_score(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return said[..., 4], labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("Your score is the class score alone. It is multiplied with each predictor's own confidence.")
def said_class_for_the_score(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return classes.amax(dim=-1, keepdim=True).expand(scores.shape), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake(
    "You hold the confidence against the threshold. It is the score, confidence times class score, that has to be higher."
)
def said_sure_enough(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return said[..., 4] > threshold

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake(
    "You hold the class score against the threshold. It is the score, confidence times class score, that has to be higher."
)
def said_classes_sure_enough(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (classes.amax(dim=-1, keepdim=True) > threshold).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake(
    "You ask of the confidence and of the class score to be above the threshold, one by one. It is their *product* that has to be."
)
def said_both_sure_enough(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (said[..., 4] > threshold) & (classes.amax(dim=-1, keepdim=True) > threshold)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@form(said_both_sure_enough)
def said_both_sure_enough_and_the_product(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        both = (said[..., 4] > threshold) & (classes.amax(dim=-1, keepdim=True) > threshold)
        return both & (scores > threshold)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake("A score of exactly the threshold is kept in your code. Only what scores *more* is.")
def said_threshold_included(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return scores >= threshold

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake(
    "You keep all boxes, whatever they score. Only what scores more than the threshold is kept, and that is 0 where it is left out."
)
def said_all_kept(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return torch.ones_like(scores, dtype=torch.bool)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake(
    "Where the threshold is left out you keep all boxes. Then it is 0, and a box without confidence, or with a negative one, is none."
)
def said_no_threshold_of_zero(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return scores > threshold if threshold else torch.ones_like(scores, dtype=torch.bool)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake("You forget the threshold and always hold the scores against 0. It is an argument.")
def said_threshold_of_zero(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, image_size, num_classes)


@form(said_threshold_of_zero)
def said_threshold_never_below_zero(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, image_size, num_classes, max(score_threshold, 0.0))


@mistake("You keep a cell, with all that its predictors say, or leave it out. Each box has a score of its own.")
def said_cell_by_cell(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (scores.amax(dim=-1, keepdim=True) > threshold).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake(
    "You leave out predictors with a negative confidence. It is the score that decides: two negative numbers have a positive product."
)
def said_negative_confidences_left_out(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (scores > threshold) & (said[..., 4] > 0)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@form(said_negative_confidences_left_out)
def said_confidences_from_zero_on(output, image_size, num_classes, score_threshold=0.0):
    def keep(scores, said, classes, threshold):
        return (scores > threshold) & (said[..., 4] >= 0)

    return answer(output, image_size, num_classes, score_threshold, keep=keep)


@mistake("You leave the sign of the confidence out. A negative one makes a negative score.")
def said_absolute_scores(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores.abs(), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_absolute_scores)
def said_absolute_confidences(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return said[..., 4].abs() * classes.amax(dim=-1, keepdim=True), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("You keep confidences, class scores or their products between 0 and 1. They stay as the network says them.")
def said_scores_between_zero_and_one(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores.clamp(0, 1), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_scores_between_zero_and_one)
def said_confidences_between_zero_and_one(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        scores = said[..., 4].clamp(0, 1) * best.clamp(0, 1)
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_scores_between_zero_and_one)
def said_negative_scores_are_nothing(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores.clamp(min=0), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake(
    "You send the class scores through a softmax. Nothing is activated here: the numbers are scores as they stand."
)
def said_softmax_of_classes(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        return scored(said, classes.softmax(dim=-1))

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("You send scores through a sigmoid. Nothing is activated here: the numbers are scores as they stand.")
def said_sigmoid_of_confidences(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        scores = said[..., 4].sigmoid() * best
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_sigmoid_of_confidences)
def said_sigmoid_of_both(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        scores = said[..., 4].sigmoid() * best.sigmoid()
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_sigmoid_of_confidences)
def said_sigmoid_of_confidences_and_softmax(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.softmax(dim=-1).max(dim=-1, keepdim=True)
        scores = said[..., 4].sigmoid() * best
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_sigmoid_of_confidences)
def said_everything_through_a_sigmoid(output, image_size, num_classes, score_threshold=0.0):
    return answer(output.sigmoid(), image_size, num_classes, score_threshold)


@mistake("You add confidence and class score, or take a root of their product. The score is the product itself.")
def said_sum_for_the_score(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        scores = said[..., 4] + best
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_sum_for_the_score)
def said_mean_for_the_score(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        scores = (said[..., 4] + best) / 2
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_sum_for_the_score)
def said_root_of_the_score(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores.sqrt(), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("All boxes of a cell have the same score in your result. Each predictor has a confidence of its own.")
def said_first_confidence_for_all(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores[..., :1].expand(scores.shape), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_first_confidence_for_all)
def said_highest_confidence_for_all(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores.amax(dim=-1, keepdim=True).expand(scores.shape), labels

    return answer(output, image_size, num_classes, score_threshold, score=score)


# --- mistakes: the labels ---------------------------------------------------------------------------------------------


@mistake("Your labels begin at 0. Label 0 is the background: the first class is 1.")
def said_labels_from_zero(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        return scores, labels - 1

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("Of equal class scores you take the last one. It is the lowest label.")
def said_last_of_equal_classes(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        place = classes.shape[-1] - classes.flip(-1).argmax(dim=-1, keepdim=True)
        return scores, place.expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake(
    "You multiply first, and then look for the best class: with a negative confidence that is the worst one. The class is chosen by the class scores alone."
)
def said_best_product(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, place = (said[..., 4:] * classes[:, :, None]).max(dim=-1)
        return scores, place + 1

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_best_product)
def said_label_of_the_best_product(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, _ = scored(said, classes)
        return scores, 1 + (said[..., 4:] * classes[:, :, None]).argmax(dim=-1)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("You return a box for every class that scores enough. Each predictor has one class, its cell's best.")
def said_every_class(output, image_size, num_classes, score_threshold=0.0):
    said, classes = said_in(output, num_classes)
    boxes = around(centres_of(said, image_size), sizes_of(said, image_size))
    scores = said[..., 4:] * classes[:, :, None]  # (S, S, B, K)
    kept = scores > score_threshold
    labels = torch.arange(1, num_classes + 1).expand(scores.shape)
    return boxes[:, :, :, None].expand(*scores.shape, 4)[kept], scores[kept], labels[kept]


@mistake("You take the best class by its size without the sign. A negative class score is lower than 0.")
def said_largest_magnitude(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        place = classes.abs().argmax(dim=-1, keepdim=True)
        scores = said[..., 4] * classes.gather(-1, place)
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@form(said_largest_magnitude)
def said_absolute_class_scores(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        return scored(said, classes.abs())

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake(
    "Your classes start from a best score of 0, so that no negative one is ever found. Of negative class scores the highest is the best, too."
)
def said_best_from_zero(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        best, place = classes.max(dim=-1, keepdim=True)
        place = torch.where(best > 0, place, 0)
        scores = said[..., 4] * best.clamp(min=0)
        return scores, (place + 1).expand(scores.shape)

    return answer(output, image_size, num_classes, score_threshold, score=score)


@mistake("You choose one class for the whole image. Every cell has a best class of its own.")
def said_one_class_for_all(output, image_size, num_classes, score_threshold=0.0):
    def score(said, classes):
        scores, labels = scored(said, classes)
        number = int(classes.flatten().argmax()) % classes.shape[-1]
        return scores, torch.full_like(labels, number + 1)

    return answer(output, image_size, num_classes, score_threshold, score=score)


# --- mistakes: the order, and what is returned ------------------------------------------------------------------------


@mistake("You sort by score. Asked is the order of the grid: rows, columns, predictors.")
def said_by_score(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    order = scores.argsort(descending=True, stable=True)
    return boxes[order], scores[order], labels[order]


@mistake("You go down the columns. Asked is the order of rows, then of columns in a row, then of predictors.")
def said_column_by_column(output, image_size, num_classes, score_threshold=0.0):
    def turned(x):
        return x.transpose(0, 1)

    said, classes = said_in(output, num_classes)
    boxes = around(centres_of(said, image_size), sizes_of(said, image_size))
    scores, labels = scored(said, classes)
    kept = turned(scores) > score_threshold
    return turned(boxes)[kept], turned(scores)[kept], turned(labels)[kept]


@mistake(
    "You list all first predictors, then all second ones. Those of one cell come together: rows, columns, predictors."
)
def said_predictor_by_predictor(output, image_size, num_classes, score_threshold=0.0):
    said, classes = said_in(output, num_classes)
    boxes = around(centres_of(said, image_size), sizes_of(said, image_size))
    scores, labels = scored(said, classes)
    found = []
    for number in range(said.shape[2]):
        kept = scores[:, :, number] > score_threshold
        found.append((boxes[:, :, number][kept], scores[:, :, number][kept], labels[:, :, number][kept]))
    return tuple(torch.cat(parts) for parts in zip(*found, strict=True))


@mistake("You leave out boxes that overlap better ones. Nothing is suppressed here: what scores enough is kept.")
def said_with_suppression(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    left, kept = scores.argsort(descending=True, stable=True).tolist(), []
    while left:
        first, *rest = left
        kept.append(first)
        left = []
        for other in rest:
            sides = torch.minimum(boxes[first, 2:], boxes[other, 2:]) - torch.maximum(
                boxes[first, :2], boxes[other, :2]
            )
            shared = sides.clamp(min=0).prod()
            union = sum((boxes[i, 2:] - boxes[i, :2]).prod() for i in (first, other)) - shared
            if labels[other] != labels[first] or shared <= 0.5 * union:
                left.append(other)
    order = sorted(kept)
    return boxes[order], scores[order], labels[order]


@mistake("You return the right things in the wrong order: boxes first, then scores, then labels.")
def said_labels_before_scores(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes, labels, scores


@mistake("Your boxes stay in the grid, with all that is not kept set to 0. Asked are the boxes that are kept, (n, 4).")
def said_in_the_grid(output, image_size, num_classes, score_threshold=0.0):
    said, classes = said_in(output, num_classes)
    boxes = around(centres_of(said, image_size), sizes_of(said, image_size))
    scores, labels = scored(said, classes)
    kept = scores > score_threshold
    return boxes * kept[..., None], scores * kept, labels * kept


@form(said_in_the_grid)
def said_in_a_list_with_zeros(output, image_size, num_classes, score_threshold=0.0):
    said, classes = said_in(output, num_classes)
    boxes = around(centres_of(said, image_size), sizes_of(said, image_size))
    scores, labels = scored(said, classes)
    kept = scores > score_threshold
    return (boxes * kept[..., None]).reshape(-1, 4), (scores * kept).flatten(), (labels * kept).flatten()


@mistake("Where nothing is kept your result has lost its shape. No boxes are (0, 4), and no labels are int64 still.")
def said_nothing_without_a_shape(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    if not len(boxes):
        return torch.tensor([]), torch.tensor([]), torch.tensor([])
    return boxes, scores, labels


@form(said_nothing_without_a_shape)
def said_nothing_with_labels_as_floats(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    if not len(boxes):
        return boxes, scores, torch.tensor([])
    return boxes, scores, labels


@form(said_nothing_without_a_shape)
def said_nothing_as_lists(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return (boxes, scores, labels) if len(boxes) else ([], [], [])


@form(said_nothing_without_a_shape)
def said_nothing_stacked(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return torch.stack(list(boxes)), scores, labels


@mistake("Your boxes and scores are float32 whatever comes in. They have the dtype of `output`.")
def said_in_float32(output, image_size, num_classes, score_threshold=0.0):
    boxes, scores, labels = answer(output, image_size, num_classes, score_threshold)
    return boxes.float(), scores.float(), labels


@form(said_in_float32)
def said_after_float32(output, image_size, num_classes, score_threshold=0.0):
    return answer(output.float(), image_size, num_classes, score_threshold)


@mistake("You write into `output`. The caller still needs it: compute into new tensors.")
def said_in_place(output, image_size, num_classes, score_threshold=0.0):
    result = answer(output, image_size, num_classes, score_threshold)
    output[..., 2:4] *= output[..., 2:4]
    return result


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def said_all_at_once(output, image_size, num_classes, score_threshold=0.0):
    return answer(output, image_size, num_classes, score_threshold)


@variant
def said_in_three_loops(output, image_size, num_classes, score_threshold=0.0):
    height, width = image_size
    grid, count = output.shape[0], (output.shape[2] - num_classes) // 5
    boxes, scores, labels = [], [], []
    for row in range(grid):
        for column in range(grid):
            cell = output[row, column].tolist()
            classes = cell[5 * count :]
            best = max(classes)
            for number in range(count):
                x, y, root_w, root_h, sure = cell[5 * number : 5 * number + 5]
                if sure * best <= score_threshold:
                    continue
                cx, cy = (column + x) * width / grid, (row + y) * height / grid
                w, h = root_w * root_w * width, root_h * root_h * height
                boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
                scores.append(sure * best)
                labels.append(classes.index(best) + 1)
    return (
        torch.tensor(boxes, dtype=output.dtype).reshape(-1, 4),
        torch.tensor(scores, dtype=output.dtype),
        torch.tensor(labels, dtype=torch.int64),
    )


@variant
def said_with_tensors_in_loops(output, image_size, num_classes, score_threshold=0.0):
    grid = output.shape[0]
    cell_h, cell_w = image_size[0] / grid, image_size[1] / grid
    boxes, scores, labels = [output.new_zeros(0, 4)], [output.new_zeros(0)], []
    for i in range(grid):
        for j in range(grid):
            *predictors, classes = output[i, j].split([5] * ((output.shape[-1] - num_classes) // 5) + [num_classes])
            label = classes.argmax()
            for x, y, w, h, confidence in predictors:
                score = confidence * classes[label]
                if score > score_threshold:
                    cx, cy = (x + j) * cell_w, (y + i) * cell_h
                    w, h = w.pow(2) * image_size[1], h.pow(2) * image_size[0]
                    boxes.append(torch.stack([cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h])[None])
                    scores.append(score[None])
                    labels.append(label + 1)
    return torch.cat(boxes), torch.cat(scores), torch.tensor(labels, dtype=torch.int64)


@variant
def said_flat(output, image_size, num_classes, score_threshold=0.0):
    """All boxes in one long list, whose numbers say where each stands."""
    grid, channels = output.shape[1:]
    count = (channels - num_classes) // 5
    said = output[:, :, : 5 * count].reshape(-1, 5)
    index = torch.arange(len(said))
    row, column = index // (grid * count), index // count % grid
    classes = output[:, :, 5 * count :].reshape(-1, num_classes).repeat_interleave(count, dim=0)
    top = classes.argmax(dim=1)
    scores = said[:, 4] * classes[index, top]
    x, y = (said[:, 0] + column) / grid, (said[:, 1] + row) / grid
    w, h = said[:, 2].square(), said[:, 3].square()
    shares = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], dim=1)
    height, width = image_size
    boxes = shares * torch.tensor([width, height, width, height])
    (kept,) = torch.where(scores > score_threshold)
    return boxes[kept], scores[kept], top[kept] + 1


@variant
def said_in_numpy(output, image_size, num_classes, score_threshold=0.0):
    a = output.numpy().astype(np.float64)
    grid = len(a)
    said = a[..., :-num_classes].reshape(grid, grid, -1, 5)
    classes = a[..., -num_classes:]
    rows, columns = np.mgrid[:grid, :grid]
    cx = (columns[..., None] + said[..., 0]) * (image_size[1] / grid)
    cy = (rows[..., None] + said[..., 1]) * (image_size[0] / grid)
    w, h = said[..., 2] ** 2 * image_size[1], said[..., 3] ** 2 * image_size[0]
    scores = said[..., 4] * classes.max(-1)[..., None]
    labels = np.broadcast_to(1 + classes.argmax(-1)[..., None], scores.shape)
    kept = scores > score_threshold
    boxes = np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], axis=-1)[kept]
    return (
        torch.from_numpy(boxes).to(output.dtype),
        torch.from_numpy(scores[kept]).to(output.dtype),
        torch.from_numpy(labels[kept]),
    )


@variant
def said_by_places(output, image_size, num_classes, score_threshold=0.0):
    """First which boxes are kept, as places in the grid, and then only those are worked out."""
    grid, count = len(output), (output.shape[-1] - num_classes) // 5
    best, label = output[..., 5 * count :].max(dim=-1)
    scores = torch.einsum("rcb,rc->rcb", output[..., 4 : 5 * count : 5], best)
    row, column, number = (scores > score_threshold).nonzero().unbind(dim=1)
    x, y, w, h = (output[row, column, 5 * number + k] for k in range(4))
    cx, cy = (column + x) / grid * image_size[1], (row + y) / grid * image_size[0]
    half_w, half_h = w * w * image_size[1] / 2, h * h * image_size[0] / 2
    boxes = torch.stack([cx - half_w, cy - half_h, cx + half_w, cy + half_h], dim=1)
    return boxes, scores[row, column, number], label[row, column] + 1


@variant
def said_predictor_after_predictor_and_stacked(output, image_size, num_classes, score_threshold=0.0):
    height, width = image_size
    grid = output.shape[0]
    column = torch.arange(grid).view(1, -1)
    row = torch.arange(grid).view(-1, 1)
    best = output[:, :, -num_classes:].amax(dim=2)
    label = (output[:, :, -num_classes:] == best[:, :, None]).int().argmax(dim=2) + 1
    boxes, scores = [], []
    for start in range(0, output.shape[2] - num_classes, 5):
        x, y, w, h, sure = output[:, :, start : start + 5].unbind(dim=2)
        cx, cy = (x + column) * width / grid, (y + row) * height / grid
        w, h = w**2 * width, h**2 * height
        boxes.append(torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1))
        scores.append(best * sure)
    boxes, scores = torch.stack(boxes, dim=2).reshape(-1, 4), torch.stack(scores, dim=2).reshape(-1)
    labels = label.reshape(-1).repeat_interleave(len(scores) // label.numel())
    mask = scores.gt(score_threshold)
    return boxes[mask], scores[mask], labels[mask]
