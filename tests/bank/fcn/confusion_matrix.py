"""Wrong and right answers to `confusion_matrix`."""

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def counted_pairs(pred, target, num_classes, counted):
    cells = target[counted] * num_classes + pred[counted]
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


@mistake("Your rows are the predictions. A row stands for what a pixel is, a column for its name.")
def rows_are_predictions(pred, target, num_classes, ignore_index=255):
    return counted_pairs(target, pred, num_classes, target != ignore_index)


@mistake(
    "You count the ignored pixels as class 0. They belong to no class and must not be counted at all.",
)
def counts_ignored_as_class_zero(pred, target, num_classes, ignore_index=255):
    target = target.masked_fill(target == ignore_index, 0)
    return counted_pairs(pred, target, num_classes, torch.ones_like(target).bool())


@mistake("You ignore nothing: labels that are no class fall outside the matrix.")
def leaves_nothing_out(pred, target, num_classes, ignore_index=255):
    cells = target * num_classes + pred
    return torch.bincount(cells.flatten(), minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "You make one-hot vectors of all labels before you leave out those that are ignored. Such a label is no class, and has "
    "no place among them.",
)
def one_hot_before_it_ignores(pred, target, num_classes, ignore_index=255):
    rows, columns = (F.one_hot(labels.flatten(), num_classes) for labels in (target, pred))
    return (rows * (target.flatten() != ignore_index)[:, None]).T @ columns


@mistake(
    "You leave out 255, or what is too large for a class, without asking `ignore_index`: which label does not count is an "
    "argument.",
)
def leaves_out_255_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != 255)


@mistake(
    "You compare with 255 instead of `ignore_index`. A label −1 is then counted as the last class: in Python the index "
    "−1 means the last one.",
)
def leaves_out_255_in_a_loop(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for p, t in zip(pred.flatten().tolist(), target.flatten().tolist(), strict=True):
        if t != 255:
            matrix[t, p] += 1
    return matrix


@mistake(
    "Called without `ignore_index` your function leaves out some other label than 255, which then falls outside the "
    "matrix. Here the default is 255.",
)
def counts_255_as_a_row(pred, target, num_classes, ignore_index=-100):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for p, t in zip(pred.flatten().tolist(), target.flatten().tolist(), strict=True):
        if t != ignore_index:
            matrix[t, p] += 1
    return matrix


@mistake(
    "You keep the labels below `ignore_index`. It is not always the largest label: it may be −1, or a class in the "
    "middle.",
)
def keeps_labels_below_the_ignored(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target < ignore_index)


@mistake(
    "You multiply by the mask: an ignored pixel becomes a 0 that way, and is counted in the first cell.",
)
def multiplies_by_the_mask(pred, target, num_classes, ignore_index=255):
    cells = (target * num_classes + pred) * (target != ignore_index)
    return torch.bincount(cells.flatten(), minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "You leave out labels outside 0 … K − 1. But `ignore_index` may be one of the classes, and then it does not count "
    "either.",
)
def leaves_out_what_is_no_class(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target >= 0) & (target < num_classes))


@mistake(
    "You also leave out pixels that were *called* `ignore_index`. The target alone decides what counts; such a "
    "prediction is just wrong.",
)
def leaves_out_predictions_too(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred != ignore_index))


@mistake(
    "You decide by the prediction what counts. It is the target that knows where nobody can tell the class.",
)
def leaves_out_by_the_prediction(pred, target, num_classes, ignore_index=255):
    counted = pred != ignore_index
    return counted_pairs(pred, target.masked_fill(target == ignore_index, 0), num_classes, counted)


@mistake(
    "`matrix[target, pred] += 1` adds once to each cell, however many pixels name it: repeated indices are not summed.",
)
def adds_once_to_each_cell(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    matrix[target[counted], pred[counted]] += 1
    return matrix


@mistake(
    "Your matrix is as large as the labels that happen to occur. It has a row and a column for each class, seen or "
    "not.",
)
def as_large_as_the_labels(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    size = int(max(pred[counted].max(), target[counted].max())) + 1 if counted.any() else 0
    return counted_pairs(pred, target, size, counted) if size else torch.zeros(0, 0, dtype=torch.int64)


@mistake(
    "Your rows are the classes that occur, one after another. A class that is nowhere has a row and a column of zeros, "
    "or the others lose their numbers.",
)
def rows_for_the_classes_that_occur(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    both = torch.stack([target[counted], pred[counted]])
    classes, numbers = both.unique(return_inverse=True)
    return counted_pairs(numbers[1], numbers[0], len(classes), torch.ones_like(numbers[0]).bool())


@mistake(
    "You ask the data which classes there are, and count for those. There are `num_classes`, with zeros for the ones "
    "that never occur.",
)
def asks_the_data_for_its_classes(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    pred, target = pred[counted].tolist(), target[counted].tolist()
    classes, pairs = sorted({*pred, *target}), list(zip(target, pred, strict=True))
    return torch.tensor([[pairs.count((row, column)) for column in classes] for row in classes])


@mistake(
    "You count in 8 bits, which end at 255: one pixel more, and the cell begins again at 0.",
)
def counts_in_a_byte(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != ignore_index).to(torch.uint8).long()


@mistake(
    "You number the pairs in 8 bits, where numbers end at 255. With 17 classes there are more pairs than that.",
)
def numbers_pairs_in_a_byte(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted].to(torch.uint8) * num_classes + pred[counted].to(torch.uint8)
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "Without a minimum length `bincount` stops at the largest number it sees: where the last classes are missing, "
    "the cells do not fill the matrix.",
)
def bincount_without_a_length(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted] * num_classes + pred[counted]
    return torch.bincount(cells).view(num_classes, num_classes)


@mistake(
    "You leave room for one more class. Labels go from 0 to K − 1, so there are K of them; an ignored pixel needs no "
    "row.",
)
def one_class_too_many(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes + 1, target != ignore_index)


@mistake("You count from 1: label 0 is a class like the others and has the first row.")
def counts_labels_from_one(pred, target, num_classes, ignore_index=255):
    counted = (target != ignore_index) & (target > 0) & (pred > 0)
    return counted_pairs((pred - 1).clamp(min=0), (target - 1).clamp(min=0), num_classes, counted)


@mistake("You return shares of each row. A confusion matrix holds counts, as whole numbers.")
def shares_of_each_row(pred, target, num_classes, ignore_index=255):
    matrix = counted_pairs(pred, target, num_classes, target != ignore_index)
    return matrix / matrix.sum(dim=1, keepdim=True).clamp(min=1)


@mistake("The counts are right, but they are floating-point numbers. Counts are int64.")
def counts_in_floating_point(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes)
    for p, t in zip(pred.flatten(), target.flatten(), strict=True):
        if t != ignore_index:
            matrix[t, p] += 1
    return matrix


@mistake("The counts are right, but their dtype is int32. Counts are int64, torch's `long`.")
def counts_in_32_bits(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != ignore_index).int()


@mistake("You count only the pixels that are right. The others are what the matrix is made for.")
def counts_the_right_ones_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred == target))


@mistake("You count only the pixels that are wrong; the right ones belong on the diagonal.")
def counts_the_wrong_ones_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred != target))


@mistake(
    "You count every mix-up in both directions, so that your matrix is symmetric. Calling a cow a sheep is not "
    "calling a sheep a cow.",
)
def counts_both_directions(pred, target, num_classes, ignore_index=255):
    matrix = counted_pairs(pred, target, num_classes, target != ignore_index)
    return matrix + matrix.T - torch.diag(matrix.diag())


@mistake("Only the first map of the batch is counted in your matrix.")
def counts_the_first_map_only(pred, target, num_classes, ignore_index=255):
    pred, target = pred[:1], target[:1]
    return counted_pairs(pred, target, num_classes, target != ignore_index)


@mistake("You return one matrix for each map of the batch. They are added up into a single one.")
def one_matrix_for_each_map(pred, target, num_classes, ignore_index=255):
    return torch.stack([counted_pairs(p, t, num_classes, t != ignore_index) for p, t in zip(pred, target, strict=True)])


@mistake("Your loops expect a map (H, W). The labels may have any shape, as long as both have it.")
def loops_over_a_plane(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    height, width = target.shape
    for i in range(height):
        for j in range(width):
            if target[i, j] != ignore_index:
                matrix[target[i, j], pred[i, j]] += 1
    return matrix


@mistake(
    "You write into `pred` and `target` to get rid of the ignored pixels. They are the caller's; work on a copy.",
)
def writes_into_the_maps(pred, target, num_classes, ignore_index=255):
    ignored = target == ignore_index
    pred[ignored], target[ignored] = 0, 0
    matrix = counted_pairs(pred, target, num_classes, torch.ones_like(ignored))
    matrix[0, 0] -= int(ignored.sum())
    return matrix


@mistake(
    "`.view` asks for numbers that lie side by side in memory, and a map cut out of a larger one has gaps. "
    "`.reshape` copies where it must.",
)
def views_of_maps(pred, target, num_classes, ignore_index=255):
    pred, target = pred.view(-1), target.view(-1)
    return counted_pairs(pred, target, num_classes, target != ignore_index)


@mistake(
    "You add the two labels, so that (0, 2), (1, 1) and (2, 0) all fall into one cell. Each pair needs a number of "
    "its own.",
)
def adds_the_labels(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted] + pred[counted]
    return torch.bincount(cells, minlength=num_classes**2)[: num_classes**2].view(num_classes, num_classes)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def counts_in_a_loop(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for p, t in zip(pred.flatten().tolist(), target.flatten().tolist(), strict=True):
        if t != ignore_index:
            matrix[t, p] += 1
    return matrix


@variant
def counts_each_pair(prediction: Tensor, truth: Tensor, k: int, void: int = 255) -> Tensor:
    kept = truth != void
    cells = [((truth == i) & (prediction == j) & kept).sum() for i in range(k) for j in range(k)]
    return torch.stack(cells).view(k, k)


@variant
def counts_by_one_hot(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    rows = F.one_hot(target[counted], num_classes)
    columns = F.one_hot(pred[counted], num_classes)
    return rows.T @ columns


@variant
def counts_by_einsum(pred, target, num_classes, ignore_index=255):
    classes = torch.arange(num_classes)
    rows = (target.reshape(-1, 1) == classes) & (target.reshape(-1, 1) != ignore_index)
    columns = pred.reshape(-1, 1) == classes
    return torch.einsum("pi,pj->ij", rows.double(), columns.double()).round().long()


@variant
def counts_by_accumulating(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.long)
    one = torch.ones((), dtype=torch.long)
    return matrix.index_put_((target[counted], pred[counted]), one, accumulate=True)


@variant
def counts_by_scatter(pred, target, num_classes, ignore_index=255):
    flat, labels = target.reshape(-1), pred.reshape(-1)
    counted = (flat != ignore_index).long()
    cells = flat.masked_fill(flat == ignore_index, 0) * num_classes + labels
    matrix = torch.zeros(num_classes * num_classes, dtype=torch.long)
    return matrix.scatter_add(0, cells, counted).reshape(num_classes, num_classes)


@variant
def counts_in_an_extra_cell(pred, target, num_classes, ignore_index=255):
    cells = torch.where(target == ignore_index, num_classes**2, target * num_classes + pred)
    return cells.flatten().bincount(minlength=num_classes**2 + 1)[:-1].unflatten(0, (num_classes, num_classes))


@variant
def counts_with_numpy(pred, target, num_classes, ignore_index=255):
    pred, target = pred.numpy().ravel(), target.numpy().ravel()
    matrix = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(matrix, (target[target != ignore_index], pred[target != ignore_index]), 1)
    return torch.from_numpy(matrix)


@variant
def counts_with_a_counter(pred, target, num_classes, ignore_index=255):
    pairs = Counter(zip(target.reshape(-1).tolist(), pred.reshape(-1).tolist(), strict=True))
    rows = [[pairs[i, j] if i != ignore_index else 0 for j in range(num_classes)] for i in range(num_classes)]
    return torch.tensor(rows)


@variant
def counts_each_row(pred, target, num_classes, ignore_index=255):
    rows = [
        torch.bincount(pred[(target == k) & (target != ignore_index)], minlength=num_classes)
        for k in range(num_classes)
    ]
    return torch.stack(rows)


@variant
def counts_by_a_sparse_matrix(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    places = torch.stack([target[counted], pred[counted]])
    ones = torch.ones(places.shape[1], dtype=torch.long)
    return torch.sparse_coo_tensor(places, ones, (num_classes, num_classes)).to_dense()


@variant
def counts_by_histogram(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = (target[counted] * num_classes + pred[counted]).double()
    bins = num_classes**2
    return torch.histc(cells, bins=bins, min=-0.5, max=bins - 0.5).long().view(num_classes, num_classes)


@variant
def counts_by_unique(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for i, j, count in _pairs(pred, target):
        if i != ignore_index:
            matrix[i, j] = count
    return matrix


def _pairs(pred, target):
    pairs = torch.stack([target.reshape(-1), pred.reshape(-1)], dim=1)
    if len(pairs) == 0:
        return []
    values, counts = torch.unique(pairs, dim=0, return_counts=True)
    return [(*value, count) for value, count in zip(values.tolist(), counts.tolist(), strict=True)]


@variant
def counts_with_columns_first(pred, target, num_classes, ignore_index=255):
    counted = (target != ignore_index).reshape(-1)
    cells = pred.reshape(-1)[counted] * num_classes + target.reshape(-1)[counted]
    return torch.bincount(cells, minlength=num_classes**2).reshape(num_classes, -1).T
