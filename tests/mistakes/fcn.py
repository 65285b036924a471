"""Wrong answers to the exercises of chapter 02: what students, and people in a hurry, really write.

Each sentence names the misconception to its author and leaves the mending to them. Where two mistakes do the same on
every public case, only one of them stands here, since a check could not tell them apart.
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake

# --- pixel_cross_entropy ----------------------------------------------------------------------------------------------


def pixel_losses(logits, target, ignore_index):
    """Return the loss of each pixel, 0 where it is ignored, and where it counts."""
    counted = target != ignore_index
    labels = target.masked_fill(~counted, 0)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    return losses.masked_fill(~counted, 0), counted


@mistake(
    "pixel_cross_entropy",
    "You return the sum over the pixels. It grows with the size of the picture; the loss is their mean.",
)
def sums_over_pixels(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].sum()


@mistake(
    "pixel_cross_entropy",
    "You divide by the number of all pixels. Those that are ignored count neither above the line nor below it.",
)
def divides_by_all_pixels(logits, target, ignore_index=255):
    losses, _ = pixel_losses(logits, target, ignore_index)
    return losses.sum() / max(target.numel(), 1)


@mistake(
    "pixel_cross_entropy",
    "You take the `.mean()` of all pixels. The zeros of those that are ignored are in it and pull it down; and of an "
    "empty batch it is NaN.",
)
def mean_of_all_pixels(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].mean()


@mistake("pixel_cross_entropy", "You divide by the number of images; the mean is one over all pixels that count.")
def divides_by_the_batch(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].sum() / max(len(logits), 1)


@mistake(
    "pixel_cross_entropy",
    "You divide by the number of classes as well. Each pixel has one loss, whatever the number of its scores.",
)
def divides_by_the_classes_too(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / (counted.sum().clamp(min=1) * logits.shape[1])


@mistake(
    "pixel_cross_entropy",
    "You take a mean for each image and then the mean of those. An image with few pixels that count then weighs as "
    "much as one with many; here every pixel weighs the same.",
)
def means_of_each_image(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    each = losses.sum(dim=(1, 2)) / counted.sum(dim=(1, 2)).clamp(min=1)
    return each.sum() / max(len(each), 1)


@mistake(
    "pixel_cross_entropy",
    "You take the ignored pixels for class 0 and let them count. They belong to no class: nothing is known about them.",
)
def ignored_is_class_zero(logits, target, ignore_index=255):
    labels = target.masked_fill(target == ignore_index, 0)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])
    return losses.sum() / max(losses.numel(), 1)


@mistake(
    "pixel_cross_entropy",
    "Your mean has the ignored pixels in it, as if they were of class 0. They belong to no class; and the mean of an "
    "empty batch is NaN.",
)
def mean_with_ignored_as_class_zero(logits, target, ignore_index=255):
    labels = target.masked_fill(target == ignore_index, 0)
    return -logits.log_softmax(1).gather(1, labels[:, None]).mean()


@mistake(
    "pixel_cross_entropy",
    "You force all labels into 0 … K − 1, and so the ignored pixels count as one of the outer classes. They belong to "
    "no class.",
)
def ignored_is_an_outer_class(logits, target, ignore_index=255):
    labels = target.clamp(0, logits.shape[1] - 1)
    return -logits.log_softmax(1).gather(1, labels[:, None]).mean()


@mistake(
    "pixel_cross_entropy",
    "Called without `ignore_index` your function ignores −100, as torch's does. Here the default is 255: such a label "
    "is not to be looked up among the scores.",
)
def looks_up_255_by_default(logits, target, ignore_index=-100):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "Called without `ignore_index` your function ignores −100, as torch's does, and pixels labelled 255 count as some "
    "class. Here the default is 255.",
)
def counts_255_by_default(logits, target, ignore_index=-100):
    counted = target != ignore_index
    labels = target.clamp(0, logits.shape[1] - 1)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You look for 255 instead of `ignore_index`: the label that does not count is an argument.",
)
def always_ignores_255(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, 255)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You ignore nothing: a label that is no class is looked up among the scores all the same.",
)
def ignores_nothing(logits, target, ignore_index=255):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "pixel_cross_entropy",
    "You ignore whatever lies outside 0 … K − 1. But `ignore_index` may be one of the classes, and then it does not "
    "count either.",
)
def ignores_what_is_out_of_range(logits, target, ignore_index=255):
    counted = (target >= 0) & (target < logits.shape[1])
    losses = -logits.log_softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return losses.masked_fill(~counted, 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "Where no pixel counts, you divide zero by zero. The loss is 0 there: a batch that says nothing must not spoil the "
    "weights with NaN.",
)
def divides_zero_by_zero(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum()


@mistake(
    "pixel_cross_entropy",
    "Where no pixel counts, you return a zero that has nothing to do with the logits. `loss.backward()` fails on it; "
    "the zero has to hang on the graph.",
)
def a_zero_without_a_gradient(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    if not counted.any():
        return torch.tensor(0.0, dtype=logits.dtype)
    return losses.sum() / counted.sum()


@mistake(
    "pixel_cross_entropy",
    "You use the softmax and then the logarithm. Of large logits the softmax rounds to 0, whose logarithm is −∞; "
    "there is one function that does both safely.",
)
def softmax_then_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -torch.where(counted, chosen.log(), 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You normalise twice: the softmax makes probabilities, and then `log_softmax` takes them for scores and makes them "
    "nearly equal.",
)
def normalises_twice(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.softmax(1), target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "The small number that you add inside the logarithm keeps it finite, but bounds the loss: a pixel that is very "
    "wrong costs too little, and its gradient is lost.",
)
def a_small_number_in_the_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -((chosen + 1e-8).log() * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy", "Your exponentials overflow where the logits are large: exp(89) is infinite in float32."
)
def exponentials_overflow(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    losses = logits.exp().sum(dim=1).log() - chosen
    return torch.where(counted, losses, 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You pick the probability of the right class, but the loss is minus its logarithm.",
)
def forgets_the_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "The sign is wrong: the logarithm of a probability is negative, and a loss is not.",
)
def forgets_the_sign(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return -losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You take the logits for log-probabilities. Before that they have to be normalised over the classes.",
)
def forgets_to_normalise(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You normalise over the last dimension, the width. The classes compete with each other: they are dimension 1.",
)
def softmax_over_the_width(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.log_softmax(-1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You normalise over the batch, as if the images competed with each other. The classes do: they are dimension 1.",
)
def softmax_over_the_batch(logits, target, ignore_index=255):
    counted = target != ignore_index
    if not len(logits):
        return logits.sum()
    chosen = logits.log_softmax(0).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You normalise over all classes of all pixels at once. Each pixel has probabilities of its own, which add up to 1.",
)
def softmax_over_everything(logits, target, ignore_index=255):
    counted = target != ignore_index
    log_p = logits.flatten(1).log_softmax(1).reshape(logits.shape)
    chosen = log_p.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You call the result a list of pixels with `reshape(-1, K)`, but the classes are not the last dimension: scores of "
    "different pixels end up in one row.",
)
def reshapes_without_moving_the_classes(logits, target, ignore_index=255):
    rows, labels = logits.reshape(-1, logits.shape[1]), target.reshape(-1)
    counted = labels != ignore_index
    losses = -rows.log_softmax(1).gather(1, labels.masked_fill(~counted, 0)[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "Height and width are exchanged on the way: the score of one pixel meets the label of another.",
)
def reads_scores_by_columns(logits, target, ignore_index=255):
    rows = logits.transpose(1, 3).reshape(-1, logits.shape[1])  # (N, W, H, K)
    labels = target.reshape(-1)
    counted = labels != ignore_index
    losses = -rows.log_softmax(1).gather(1, labels.masked_fill(~counted, 0)[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You treat every class as a question of its own, yes or no. The classes exclude each other: that is the "
    "softmax's job.",
)
def a_binary_loss_for_each_class(logits, target, ignore_index=255):
    counted = target != ignore_index
    hits = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).movedim(-1, 1).to(logits.dtype)
    losses = F.binary_cross_entropy_with_logits(logits, hits, reduction="none").sum(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You measure a squared distance to the one-hot target. The cross-entropy asks for the logarithm of one "
    "probability.",
)
def a_squared_distance(logits, target, ignore_index=255):
    counted = target != ignore_index
    hits = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).movedim(-1, 1)
    losses = (logits.softmax(1) - hits).square().sum(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake("pixel_cross_entropy", "Your logarithm has base 2; the loss is measured with the natural one.")
def counts_in_bits(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1) / math.log(2)


@mistake("pixel_cross_entropy", "You return the loss of each pixel. One number is wanted: their mean.")
def returns_a_map(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0]


@mistake(
    "pixel_cross_entropy",
    "Your loss is cut off from the graph: a plain number, or made of detached logits, or under `no_grad`. No gradient "
    "can flow back from it to the network.",
)
def cuts_the_loss_off(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.detach(), target, ignore_index)  # `.item()` at the end does the same
    return losses.sum() / counted.sum().clamp(min=1)


@mistake("pixel_cross_entropy", "The loss must keep the dtype of the logits; yours is always float32.")
def always_float32(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.float(), target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You set the ignored labels to 0 in `target` itself. The caller still needs them; work on a copy.",
)
def writes_into_the_target(logits, target, ignore_index=255):
    counted = target != ignore_index
    target[~counted] = 0
    losses = -logits.log_softmax(1).gather(1, target[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "You set the logits of ignored pixels to zero and let them count: each then costs log K, as if it had been "
    "guessed.",
)
def ignored_pixels_are_guessed(logits, target, ignore_index=255):
    counted = target != ignore_index
    quiet = logits * counted[:, None]
    losses = -quiet.log_softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])
    return losses.sum() / max(losses.numel(), 1)


@mistake(
    "pixel_cross_entropy",
    "You leave out every image that has an ignored pixel. Only the pixel itself does not count; its image does.",
)
def leaves_out_whole_images(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    whole = counted.flatten(1).all(dim=1)
    return losses[whole].sum() / counted[whole].sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "Your `squeeze()` removes every dimension of size 1, those of small pictures and small batches too. Say which one.",
)
def squeezes_too_much(logits, target, ignore_index=255):
    counted = (target != ignore_index).squeeze()
    labels = target.masked_fill(target == ignore_index, 0)
    losses = -logits.squeeze().log_softmax(1).gather(1, labels.squeeze().unsqueeze(1)).squeeze(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake("pixel_cross_entropy", "Only the first image of the batch enters your loss.")
def looks_at_the_first_image_only(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits[:1], target[:1], ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "pixel_cross_entropy",
    "`.view` asks for numbers that lie side by side in memory. After a permutation they do not; `.reshape` copies "
    "where it must.",
)
def views_of_any_memory(logits, target, ignore_index=255):
    n, k, h, w = logits.shape
    rows = logits.view(n, k, h * w).transpose(1, 2).reshape(n * h * w, k)
    labels = target.view(n * h * w)
    counted = labels != ignore_index
    losses = -rows.log_softmax(1).gather(1, labels.masked_fill(~counted, 0)[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


# --- confusion_matrix -------------------------------------------------------------------------------------------------


def counted_pairs(pred, target, num_classes, counted):
    cells = target[counted] * num_classes + pred[counted]
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


@mistake("confusion_matrix", "Your rows are the predictions. A row stands for what a pixel is, a column for its name.")
def rows_are_predictions(pred, target, num_classes, ignore_index=255):
    return counted_pairs(target, pred, num_classes, target != ignore_index)


@mistake(
    "confusion_matrix",
    "You count the ignored pixels as class 0. They belong to no class and must not be counted at all.",
)
def counts_ignored_as_class_zero(pred, target, num_classes, ignore_index=255):
    target = target.masked_fill(target == ignore_index, 0)
    return counted_pairs(pred, target, num_classes, torch.ones_like(target).bool())


@mistake("confusion_matrix", "You ignore nothing: labels that are no class fall outside the matrix.")
def leaves_nothing_out(pred, target, num_classes, ignore_index=255):
    cells = target * num_classes + pred
    return torch.bincount(cells.flatten(), minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "confusion_matrix", "You look for 255 instead of `ignore_index`: the label that does not count is an argument."
)
def leaves_out_255_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != 255)


@mistake(
    "confusion_matrix",
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
    "confusion_matrix",
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
    "confusion_matrix",
    "You keep the labels below `ignore_index`. It is not always the largest label: it may be −1, or a class in the "
    "middle.",
)
def keeps_labels_below_the_ignored(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target < ignore_index)


@mistake(
    "confusion_matrix",
    "You multiply by the mask: an ignored pixel becomes a 0 that way, and is counted in the first cell.",
)
def multiplies_by_the_mask(pred, target, num_classes, ignore_index=255):
    cells = (target * num_classes + pred) * (target != ignore_index)
    return torch.bincount(cells.flatten(), minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "confusion_matrix",
    "You leave out labels outside 0 … K − 1. But `ignore_index` may be one of the classes, and then it does not count "
    "either.",
)
def leaves_out_what_is_no_class(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target >= 0) & (target < num_classes))


@mistake(
    "confusion_matrix",
    "You also leave out pixels that were *called* `ignore_index`. The target alone decides what counts; such a "
    "prediction is just wrong.",
)
def leaves_out_predictions_too(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred != ignore_index))


@mistake(
    "confusion_matrix",
    "You decide by the prediction what counts. It is the target that knows where nobody can tell the class.",
)
def leaves_out_by_the_prediction(pred, target, num_classes, ignore_index=255):
    counted = pred != ignore_index
    return counted_pairs(pred, target.masked_fill(target == ignore_index, 0), num_classes, counted)


@mistake(
    "confusion_matrix",
    "`matrix[target, pred] += 1` adds once to each cell, however many pixels name it: repeated indices are not summed.",
)
def adds_once_to_each_cell(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    matrix[target[counted], pred[counted]] += 1
    return matrix


@mistake(
    "confusion_matrix",
    "Your matrix is as large as the labels that happen to occur. It has a row and a column for each class, seen or "
    "not.",
)
def as_large_as_the_labels(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    size = int(max(pred[counted].max(), target[counted].max())) + 1 if counted.any() else 0
    return counted_pairs(pred, target, size, counted) if size else torch.zeros(0, 0, dtype=torch.int64)


@mistake(
    "confusion_matrix",
    "Your rows are the classes that occur, one after another. A class that is nowhere has a row and a column of zeros, "
    "or the others lose their numbers.",
)
def rows_for_the_classes_that_occur(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    both = torch.stack([target[counted], pred[counted]])
    classes, numbers = both.unique(return_inverse=True)
    return counted_pairs(numbers[1], numbers[0], len(classes), torch.ones_like(numbers[0]).bool())


@mistake(
    "confusion_matrix",
    "You ask the data which classes there are, and count for those. There are `num_classes`, with zeros for the ones "
    "that never occur.",
)
def asks_the_data_for_its_classes(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    pred, target = pred[counted].tolist(), target[counted].tolist()
    classes, pairs = sorted({*pred, *target}), list(zip(target, pred, strict=True))
    return torch.tensor([[pairs.count((row, column)) for column in classes] for row in classes])


@mistake(
    "confusion_matrix",
    "You count in 8 bits, which end at 255: one pixel more, and the cell begins again at 0.",
)
def counts_in_a_byte(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != ignore_index).to(torch.uint8).long()


@mistake(
    "confusion_matrix",
    "You number the pairs in 8 bits, where numbers end at 255. With 17 classes there are more pairs than that.",
)
def numbers_pairs_in_a_byte(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted].to(torch.uint8) * num_classes + pred[counted].to(torch.uint8)
    return torch.bincount(cells, minlength=num_classes**2).view(num_classes, num_classes)


@mistake(
    "confusion_matrix",
    "Without a minimum length `bincount` stops at the largest number it sees: where the last classes are missing, "
    "the cells do not fill the matrix.",
)
def bincount_without_a_length(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted] * num_classes + pred[counted]
    return torch.bincount(cells).view(num_classes, num_classes)


@mistake(
    "confusion_matrix",
    "You leave room for one more class. Labels go from 0 to K − 1, so there are K of them; an ignored pixel needs no "
    "row.",
)
def one_class_too_many(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes + 1, target != ignore_index)


@mistake("confusion_matrix", "You count from 1: label 0 is a class like the others and has the first row.")
def counts_labels_from_one(pred, target, num_classes, ignore_index=255):
    counted = (target != ignore_index) & (target > 0) & (pred > 0)
    return counted_pairs((pred - 1).clamp(min=0), (target - 1).clamp(min=0), num_classes, counted)


@mistake("confusion_matrix", "You return shares of each row. A confusion matrix holds counts, as whole numbers.")
def shares_of_each_row(pred, target, num_classes, ignore_index=255):
    matrix = counted_pairs(pred, target, num_classes, target != ignore_index)
    return matrix / matrix.sum(dim=1, keepdim=True).clamp(min=1)


@mistake("confusion_matrix", "The counts are right, but they are floating-point numbers. Counts are int64.")
def counts_in_floating_point(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes)
    for p, t in zip(pred.flatten(), target.flatten(), strict=True):
        if t != ignore_index:
            matrix[t, p] += 1
    return matrix


@mistake("confusion_matrix", "The counts are right, but their dtype is int32. Counts are int64, torch's `long`.")
def counts_in_32_bits(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, target != ignore_index).int()


@mistake("confusion_matrix", "You count only the pixels that are right. The others are what the matrix is made for.")
def counts_the_right_ones_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred == target))


@mistake("confusion_matrix", "You count only the pixels that are wrong; the right ones belong on the diagonal.")
def counts_the_wrong_ones_only(pred, target, num_classes, ignore_index=255):
    return counted_pairs(pred, target, num_classes, (target != ignore_index) & (pred != target))


@mistake(
    "confusion_matrix",
    "You count every mix-up in both directions, so that your matrix is symmetric. Calling a cow a sheep is not "
    "calling a sheep a cow.",
)
def counts_both_directions(pred, target, num_classes, ignore_index=255):
    matrix = counted_pairs(pred, target, num_classes, target != ignore_index)
    return matrix + matrix.T - torch.diag(matrix.diag())


@mistake("confusion_matrix", "Only the first map of the batch is counted in your matrix.")
def counts_the_first_map_only(pred, target, num_classes, ignore_index=255):
    pred, target = pred[:1], target[:1]
    return counted_pairs(pred, target, num_classes, target != ignore_index)


@mistake("confusion_matrix", "You return one matrix for each map of the batch. They are added up into a single one.")
def one_matrix_for_each_map(pred, target, num_classes, ignore_index=255):
    return torch.stack([counted_pairs(p, t, num_classes, t != ignore_index) for p, t in zip(pred, target, strict=True)])


@mistake("confusion_matrix", "Your loops expect a map (H, W). The labels may have any shape, as long as both have it.")
def loops_over_a_plane(pred, target, num_classes, ignore_index=255):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    height, width = target.shape
    for i in range(height):
        for j in range(width):
            if target[i, j] != ignore_index:
                matrix[target[i, j], pred[i, j]] += 1
    return matrix


@mistake(
    "confusion_matrix",
    "You write into `pred` and `target` to get rid of the ignored pixels. They are the caller's; work on a copy.",
)
def writes_into_the_maps(pred, target, num_classes, ignore_index=255):
    ignored = target == ignore_index
    pred[ignored], target[ignored] = 0, 0
    matrix = counted_pairs(pred, target, num_classes, torch.ones_like(ignored))
    matrix[0, 0] -= int(ignored.sum())
    return matrix


@mistake(
    "confusion_matrix",
    "`.view` asks for numbers that lie side by side in memory, and a map cut out of a larger one has gaps. "
    "`.reshape` copies where it must.",
)
def views_of_maps(pred, target, num_classes, ignore_index=255):
    pred, target = pred.view(-1), target.view(-1)
    return counted_pairs(pred, target, num_classes, target != ignore_index)


@mistake(
    "confusion_matrix",
    "You add the two labels, so that (0, 2), (1, 1) and (2, 0) all fall into one cell. Each pair needs a number of "
    "its own.",
)
def adds_the_labels(pred, target, num_classes, ignore_index=255):
    counted = target != ignore_index
    cells = target[counted] + pred[counted]
    return torch.bincount(cells, minlength=num_classes**2)[: num_classes**2].view(num_classes, num_classes)


# --- mean_iou ---------------------------------------------------------------------------------------------------------


def parts(confusion):
    hits = confusion.diag().double()
    return hits, confusion.sum(dim=1).double(), confusion.sum(dim=0).double()


@mistake(
    "mean_iou", "That is the pixel accuracy: the share of all pixels that are right. Large classes decide it alone."
)
def pixel_accuracy(confusion):
    hits, targets, _ = parts(confusion)
    return float(hits.sum() / targets.sum())


@mistake(
    "mean_iou",
    "You divide by the pixels that *are* of the class. That is its recall; the union also has those wrongly called so.",
)
def mean_recall(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / targets.clamp(min=1))[present].mean())


@mistake(
    "mean_iou",
    "You average the recall over the classes in the target: hits over the pixels that *are* so. What was wrongly called "
    "so belongs to the union as well.",
)
def recall_of_what_is_there(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets)[targets > 0].mean())


@mistake(
    "mean_iou",
    "You average the recall, hits over the pixels that *are* so, and a class that is nowhere has 0 in it. The union also "
    "has what was wrongly called so.",
)
def recall_with_zeros(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets.clamp(min=1)).mean())


@mistake(
    "mean_iou",
    "You divide by the row sums, which gives the recall, and 0/0 for a class that the target lacks. Divide by the union.",
)
def recall_with_nan(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets).mean())


@mistake(
    "mean_iou",
    "You average the recall, and return 0 where no class is there. An IoU divides by the union, and the mean of nothing "
    "is NaN.",
)
def recall_and_zero_for_nothing(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets)[targets > 0].mean()) if targets.any() else 0.0


@mistake(
    "mean_iou",
    "You divide by the pixels that were *called* so. That is the precision; the union also has those that were missed.",
)
def mean_precision(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / called.clamp(min=1))[present].mean())


@mistake(
    "mean_iou",
    "You average the precision over the classes that are predicted: hits over the pixels *called* so. What was missed "
    "belongs to the union as well.",
)
def precision_of_what_is_called(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called)[called > 0].mean())


@mistake(
    "mean_iou",
    "You average the precision, hits over the pixels *called* so, and a class that is nowhere has 0 in it. The union "
    "also has what was missed.",
)
def precision_with_zeros(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called.clamp(min=1)).mean())


@mistake(
    "mean_iou",
    "You divide by the column sums, which gives the precision, and 0/0 for a class that is never predicted. Divide by "
    "the union.",
)
def precision_with_nan(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called).mean())


@mistake(
    "mean_iou",
    "You average the precision, and return 0 where no class is there. An IoU divides by the union, and the mean of "
    "nothing is NaN.",
)
def precision_and_zero_for_nothing(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called)[called > 0].mean()) if called.any() else 0.0


@mistake(
    "mean_iou",
    "Row plus column counts the intersection twice: each right pixel lies in both. In a union it is once.",
)
def union_counts_hits_twice(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / (targets + called))[present].mean())


@mistake("mean_iou", "That is the Dice coefficient, 2·|A∩B| / (|A| + |B|); it is never smaller than the IoU.")
def dice(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((2 * hits / (targets + called))[present].mean())


@mistake(
    "mean_iou",
    "A class that is nowhere counts as 0 in your mean. Nobody got it wrong: it is left out.",
)
def absent_classes_count_as_zero(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = hits / union.clamp(min=1)
    return float(ious.mean()) if union.any() else math.nan


@mistake(
    "mean_iou",
    "You divide by the number of all classes, also of those that are nowhere, which thus count as 0. They are left out, "
    "and of nothing the mean is NaN.",
)
def divides_by_all_classes(confusion):
    hits, targets, called = parts(confusion)
    return float((hits / (targets + called - hits).clamp(min=1)).mean())


@mistake(
    "mean_iou",
    "A class that is nowhere counts as 1, as perfect, in your mean; where no class is there at all, you return 1. Leave "
    "it out: the mean of nothing is NaN.",
)
def all_absent_classes_count_as_one(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float(torch.where(union > 0, hits / union.clamp(min=1), 1.0).mean())


@mistake(
    "mean_iou",
    "A class that is nowhere counts as 1, as perfect, in your mean, and where no class is there you return 0. Leave it "
    "out: the mean of nothing is NaN.",
)
def absent_classes_count_as_one_and_nothing_as_zero(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = torch.where(union > 0, hits / union.clamp(min=1), 1.0)
    return float(ious.mean()) if union.any() else 0.0


@mistake(
    "mean_iou",
    "A class that is nowhere counts as perfect, as 1, in your mean. There was nothing to get right: leave it out.",
)
def absent_classes_count_as_one(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = torch.where(union > 0, hits / union.clamp(min=1), 1.0)
    return float(ious.mean()) if union.any() else math.nan


@mistake(
    "mean_iou",
    "A class that is nowhere gives 0/0, and that NaN spoils your whole mean. Such a class is left out.",
)
def absent_classes_spoil_the_mean(confusion):
    hits, targets, called = parts(confusion)
    return float((hits / (targets + called - hits)).mean())


@mistake(
    "mean_iou",
    "You leave out a class that the target never has, even if the network sees it everywhere. Then its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_not_in_the_target(confusion):
    hits, targets, called = parts(confusion)
    present = targets > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "mean_iou",
    "You leave out a class that the network never predicts. That is a class it missed altogether: its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_not_predicted(confusion):
    hits, targets, called = parts(confusion)
    present = called > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "mean_iou",
    "You leave out a class that is missing in the target or in the prediction. One of them has it, so its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_missing_in_one(confusion):
    hits, targets, called = parts(confusion)
    present = (targets > 0) & (called > 0)
    return float((hits / (targets + called - hits))[present].mean())


@mistake("mean_iou", "You leave out a class with a union of one pixel. One pixel is enough for an IoU.")
def leaves_out_a_single_pixel(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 1].mean())


@mistake("mean_iou", "You add 1 above and below the line. That keeps 0/0 away, but it is another number than the IoU.")
def smooths_the_fraction(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float(((hits + 1) / (union + 1))[union > 0].mean())


@mistake(
    "mean_iou",
    "You leave out the classes without a single hit. Only a class that is nowhere, in neither of the two, is left out.",
)
def leaves_out_classes_without_a_hit(confusion):
    hits, targets, called = parts(confusion)
    present = hits > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "mean_iou",
    "You add up all intersections and all unions before you divide. Each class has an IoU of its own, and these are "
    "averaged.",
)
def divides_the_sums(confusion):
    hits, targets, called = parts(confusion)
    return float(hits.sum() / (targets + called - hits).sum())


@mistake(
    "mean_iou",
    "You weight each class by how often it occurs. In the mean IoU a duck counts as much as the sky.",
)
def weights_by_frequency(confusion):
    hits, targets, called = parts(confusion)
    ious = hits / (targets + called - hits).clamp(min=1)
    return float((ious * targets).sum() / targets.sum())


@mistake("mean_iou", "You leave out class 0 as a background. Here class 0 is a class like the others.")
def leaves_out_class_zero(confusion):
    hits, targets, called = parts(confusion)
    union = (targets + called - hits)[1:]
    return float((hits[1:] / union)[union > 0].mean())


@mistake("mean_iou", "`//` throws the fraction away, and an IoU is nothing but a fraction.")
def integer_division(confusion):
    hits = confusion.diag()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return float((hits[union > 0] // union[union > 0]).double().mean())


@mistake("mean_iou", "You return the IoU of each class. One number is wanted: their mean.")
def iou_of_each_class(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return (hits / union)[union > 0]


@mistake("mean_iou", "Your result is in percent; an IoU lies between 0 and 1.")
def in_percent(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return 100 * float((hits / union)[union > 0].mean())


@mistake("mean_iou", "You return 0 where no class is there. Nothing was got wrong: there is no mean, and NaN says so.")
def zero_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 0].mean()) if union.any() else 0.0


@mistake(
    "mean_iou",
    "You return 1 where no class is there. Nothing was got right: there is no mean, and NaN says so.",
)
def one_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 0].mean()) if union.any() else 1.0


@mistake(
    "mean_iou",
    "A single class that is nowhere makes your code divide by zero, since its union is 0. Such a class is left out.",
)
def raises_where_one_class_is_nowhere(confusion):
    rows = confusion.tolist()
    total = 0.0
    for k, row in enumerate(rows):
        total += row[k] / (sum(row) + sum(other[k] for other in rows) - row[k])
    return total / len(rows)


@mistake(
    "mean_iou", "Where no class is left your code divides by zero, which Python refuses. The mean of nothing is NaN."
)
def raises_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = [float(h / u) for h, u in zip(hits, union, strict=True) if u > 0]
    return sum(ious) / len(ious)


@mistake("mean_iou", "You turn the counts into 32-bit integers, and large counts do not fit: they come back negative.")
def counts_do_not_fit(confusion):
    small = confusion.int()
    hits = small.diag()
    union = small.sum(0, dtype=torch.int32) + small.sum(1, dtype=torch.int32) - hits
    return float((hits / union)[union != 0].mean())


@mistake(
    "mean_iou",
    "You clear the diagonal of `confusion` itself to get the errors. The matrix is the caller's; work on a copy.",
)
def clears_the_diagonal(confusion):
    hits = confusion.diag().clone()
    errors = confusion.fill_diagonal_(0)
    union = errors.sum(0) + errors.sum(1) + hits
    return float((hits[union > 0] / union[union > 0]).mean())


@mistake("mean_iou", "`.view` asks for numbers that lie side by side in memory; `.reshape` copies where it must.")
def views_the_matrix(confusion):
    k = len(confusion)
    hits = confusion.view(-1)[:: k + 1]
    union = confusion.sum(0) + confusion.sum(1) - hits
    return float((hits[union > 0] / union[union > 0]).mean())


@mistake(
    "mean_iou",
    "You divide by the errors alone, false positives and false negatives. The union has the right pixels too.",
)
def divides_by_the_errors(confusion):
    hits, targets, called = parts(confusion)
    errors = targets + called - 2 * hits
    present = (targets + called) > 0
    return float((hits / errors.clamp(min=1))[present].mean())


# --- activation_bytes -------------------------------------------------------------------------------------------------


def outputs_of(network, image_shape):
    """Return (layer, output) of each layer, one after another."""
    x = torch.zeros(tuple(image_shape))
    found = []
    for layer in copy.deepcopy(network):
        x = layer(x)
        found.append((layer, x))
    return found


@mistake("activation_bytes", "You count the images that come in as well. Only what the layers make is asked for.")
def counts_the_input(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, image_shape))
    return (made + math.prod(image_shape)) * bytes_per_number


@mistake("activation_bytes", "You count numbers, not bytes: each number takes `bytes_per_number` of them.")
def counts_numbers(network, image_shape, bytes_per_number=4):
    return sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake("activation_bytes", "You take 4 bytes a number, whatever `bytes_per_number` says. In half precision it is 2.")
def always_four_bytes(network, image_shape, bytes_per_number=4):
    return 4 * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake(
    "activation_bytes",
    "You count the convolutions alone. ReLU and pooling make new maps too, which wait for the backward pass like the "
    "others.",
)
def counts_convolutions_only(network, image_shape, bytes_per_number=4):
    made = [x.numel() for layer, x in outputs_of(network, image_shape) if isinstance(layer, nn.Conv2d)]
    return sum(made) * bytes_per_number


@mistake(
    "activation_bytes",
    "You take ReLU for free, as if it worked in place. Here each layer makes a new tensor.",
)
def takes_relu_for_free(network, image_shape, bytes_per_number=4):
    made = [x.numel() for layer, x in outputs_of(network, image_shape) if not isinstance(layer, nn.ReLU)]
    return sum(made) * bytes_per_number


@mistake("activation_bytes", "You count the weights of the layers. They do not grow with the image; the maps do.")
def counts_the_weights(network, image_shape, bytes_per_number=4):
    return sum(p.numel() for p in network.parameters()) * bytes_per_number


@mistake("activation_bytes", "You add the weights to the maps. Asked for are the layers' outputs alone.")
def counts_maps_and_weights(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, image_shape))
    return (made + sum(p.numel() for p in network.parameters())) * bytes_per_number


@mistake("activation_bytes", "You count the last output only. The maps before it are kept as well.")
def counts_the_last_output(network, image_shape, bytes_per_number=4):
    found = outputs_of(network, image_shape)
    return found[-1][1].numel() * bytes_per_number if found else 0


@mistake("activation_bytes", "You return the largest map. All of them are kept, so they add up.")
def takes_the_largest_map(network, image_shape, bytes_per_number=4):
    return max((x.numel() for _, x in outputs_of(network, image_shape)), default=0) * bytes_per_number


@mistake("activation_bytes", "You leave out the last layer. Its output is a map like the others.")
def leaves_out_the_last_layer(network, image_shape, bytes_per_number=4):
    return sum(x.numel() for _, x in outputs_of(network, image_shape)[:-1]) * bytes_per_number


@mistake("activation_bytes", "You count a single image. The maps of the whole batch are kept at once.")
def counts_one_image(network, image_shape, bytes_per_number=4):
    made = sum(x.numel() for _, x in outputs_of(network, (1, *image_shape[1:])))
    return made * bytes_per_number


@mistake("activation_bytes", "You count bits. A byte has eight of them.")
def counts_bits(network, image_shape, bytes_per_number=4):
    return 8 * bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake("activation_bytes", "You return kilobytes or megabytes; the answer is in bytes.")
def counts_kilobytes(network, image_shape, bytes_per_number=4):
    return bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape)) / 1024


@mistake("activation_bytes", "You count everything twice, once for the gradients. Asked for are the outputs alone.")
def counts_gradients_too(network, image_shape, bytes_per_number=4):
    return 2 * bytes_per_number * sum(x.numel() for _, x in outputs_of(network, image_shape))


@mistake(
    "activation_bytes", "You let every layer keep height and width. A stride, a pooling or a missing padding does not."
)
def every_layer_keeps_the_size(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


def by_formula(network, image_shape, bytes_per_number, *, use=("stride", "padding", "dilation"), rounding=None):
    """Compute sizes by the formula, with the arguments in `use` alone; `rounding` is used for every layer."""
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.ConvTranspose2d | nn.Upsample):
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        elif hasattr(layer, "kernel_size"):
            sides = []
            for axis, size in enumerate((h, w)):

                def of(name, default, axis=axis, layer=layer):
                    value = getattr(layer, name, default) if name in use or name == "kernel_size" else default
                    return value if isinstance(value, int) else value[axis]

                span = of("dilation", 1) * (of("kernel_size", 1) - 1) + 1
                exact = (size + 2 * of("padding", 0) - span) / of("stride", 1)
                up = getattr(layer, "ceil_mode", False)
                sides.append((rounding or (math.ceil if up else math.floor))(exact) + 1)
            h, w = sides
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@mistake(
    "activation_bytes", "Your sizes leave out the dilation: a dilated filter spans more pixels than it has weights."
)
def forgets_the_dilation(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("stride", "padding"))


@mistake("activation_bytes", "Your sizes leave out the padding, which adds pixels on both sides.")
def forgets_the_padding(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("stride", "dilation"))


@mistake("activation_bytes", "Your sizes leave out the stride: a filter that takes larger steps finds fewer places.")
def forgets_the_stride(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, use=("padding", "dilation"))


@mistake("activation_bytes", "You always round sizes down. A pooling with `ceil_mode=True` keeps what is left over.")
def always_rounds_down(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, rounding=math.floor)


@mistake(
    "activation_bytes", "You always round sizes up. A window that does not fit is left out, unless `ceil_mode` is set."
)
def always_rounds_up(network, image_shape, bytes_per_number=4):
    return by_formula(network, image_shape, bytes_per_number, rounding=math.ceil)


@mistake("activation_bytes", "You expect sizes to be equal for height and width; a pair holds the height first.")
def takes_the_height_for_both(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.ConvTranspose2d | nn.Upsample):
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        elif hasattr(layer, "kernel_size"):
            k, s, p, d = (
                value if isinstance(value, int) else value[0]
                for value in (layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
            )
            up = math.ceil if getattr(layer, "ceil_mode", False) else math.floor
            h, w = (up((size + 2 * p - d * (k - 1) - 1) / s) + 1 for size in (h, w))
            c = getattr(layer, "out_channels", c)
        total += n * c * h * w
    return total * bytes_per_number


@mistake("activation_bytes", "You count the channels that come into a convolution; its output has `out_channels`.")
def counts_channels_that_come_in(network, image_shape, bytes_per_number=4):
    total = 0
    channels = image_shape[1]
    for layer, x in outputs_of(network, image_shape):
        channels = getattr(layer, "in_channels", channels)
        total += x.numel() // max(x.shape[1], 1) * channels
    return total * bytes_per_number


@mistake(
    "activation_bytes", "You give every layer the first image. Each layer works on the output of the one before it."
)
def gives_every_layer_the_image(network, image_shape, bytes_per_number=4):
    x = torch.zeros(tuple(image_shape))
    return sum(layer(x).numel() for layer in copy.deepcopy(network)) * bytes_per_number


@mistake(
    "activation_bytes",
    "Your formula knows convolutions and max pooling alone; any other layer keeps the size for it. There are layers "
    "that make maps larger, and other poolings.",
)
def knows_two_kinds_of_layers(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            n, c, h, w = layer(torch.zeros(n, c, h, w)).shape
        total += n * c * h * w
    return total * bytes_per_number


@mistake(
    "activation_bytes",
    "You take whatever is no ReLU for a convolution or a pooling. A batch norm has no `kernel_size`, nor has an "
    "upsampling: there are many kinds of layers.",
)
def takes_every_layer_for_a_window(network, image_shape, bytes_per_number=4):
    n, c, h, w = image_shape
    total = 0
    for layer in network:
        if not isinstance(layer, nn.ReLU):
            if not hasattr(layer, "kernel_size"):
                raise TypeError(f"unsupported layer {layer}")
            n, c, h, w = copy.deepcopy(layer)(torch.zeros(n, c, h, w)).shape
        total += n * c * h * w
    return total * bytes_per_number


@mistake(
    "activation_bytes",
    "You send an image through the network itself, in training mode: its batch norm takes that image into its running "
    "mean. The network's owner did not ask for that.",
)
def runs_the_network_itself(network, image_shape, bytes_per_number=4):
    x = torch.zeros(tuple(image_shape))
    total = 0
    with torch.no_grad():
        for layer in network:
            x = layer(x)
            total += x.numel()
    return total * bytes_per_number


@mistake(
    "activation_bytes",
    "`network.to(...)` moves the network itself. Its owner finds it without weights afterwards; work on a copy.",
)
def moves_the_network_away(network, image_shape, bytes_per_number=4):
    x = torch.empty(tuple(image_shape), device="meta")
    total = 0
    for layer in network.to("meta"):
        x = layer(x)
        total += x.numel()
    return total * bytes_per_number


# --- encoder_decoder --------------------------------------------------------------------------------------------------


def pool(x):
    return F.max_pool2d(x, 2, ceil_mode=True)


def resize(x, like, **options):
    return F.interpolate(x, size=like.shape[-2:], **{"mode": "bilinear", "align_corners": False, **options})


def run(x, encoder, decoder, classifier, *, halve=pool, join=None, resize=resize):
    """Go down and up with one part exchanged."""
    join = join or (lambda up, skip: torch.cat([up, skip], dim=1))
    maps = []
    for stage in encoder:
        x = stage(halve(x) if maps else x)
        maps.append(x)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = stage(join(resize(x, skip), skip))
    return classifier(x)


@mistake(
    "encoder_decoder",
    "You join along dimension 0, the batch, as if the encoder's maps were further images. They are further channels.",
)
def joins_along_the_batch(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, skip]))


@mistake(
    "encoder_decoder",
    "You hand each decoder stage the enlarged map alone. It also expects the channels of the encoder's map of that size.",
)
def joins_nothing(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: up)


@mistake(
    "encoder_decoder", "You put the encoder's channels first. The stage expects its own map first, the encoder's after."
)
def encoder_channels_first(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([skip, up], dim=1))


@mistake(
    "encoder_decoder",
    "Your pooling throws away the last row or column of an odd side. Odd sides round up, so that no pixel is lost.",
)
def pooling_rounds_down(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.max_pool2d(x, 2))


@mistake("encoder_decoder", "You take the average of each 2 × 2 window on the way down; the maximum is asked for.")
def averages_on_the_way_down(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.avg_pool2d(x, 2, ceil_mode=True))


@mistake("encoder_decoder", "You halve by leaving out every second pixel. Max pooling looks at all four of a window.")
def leaves_out_every_second_pixel(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: x[..., ::2, ::2])


@mistake(
    "encoder_decoder",
    "Your windows overlap: a pooling of 3 × 3 windows also halves, but looks at pixels of its neighbours.",
)
def pools_overlapping_windows(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.max_pool2d(x, 3, 2, 1))


@mistake(
    "encoder_decoder", "You copy the nearest value on the way up; between two values bilinear interpolation blends."
)
def copies_the_nearest(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: F.interpolate(x, size=like.shape[-2:]))


@mistake(
    "encoder_decoder",
    "You interpolate with `align_corners=True`, which puts the corners' centres on top of each other and shifts what "
    "lies between.",
)
def aligns_the_corners(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: resize(x, like, align_corners=True))


@mistake("encoder_decoder", "You interpolate with cubic curves; a straight line between neighbours is asked for.")
def interpolates_with_curves(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: resize(x, like, mode="bicubic"))


@mistake(
    "encoder_decoder",
    "You always enlarge by 2. After an odd side that is one pixel too many: go to the size that the encoder's map has.",
)
def always_enlarges_by_two(x, encoder, decoder, classifier):
    double = lambda x, like: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)  # noqa: E731
    return run(x, encoder, decoder, classifier, resize=double)


@mistake(
    "encoder_decoder",
    "You enlarge by 2 and cut off what is too much. That moves the map by a part of a pixel; resize to the right "
    "size at once.",
)
def enlarges_and_crops(x, encoder, decoder, classifier):
    def crop(x, like):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return x[..., : like.shape[-2], : like.shape[-1]]

    return run(x, encoder, decoder, classifier, resize=crop)


@mistake(
    "encoder_decoder",
    "You join the decoder with the map of its own size after pooling, one step too coarse. What the encoder knew "
    "before it pooled is what helps.",
)
def joins_the_pooled_maps(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    sizes = [m.shape[-2:] for m in maps]
    for number, stage in enumerate(decoder):
        depth = len(maps) - 2 - number
        up = F.interpolate(x, size=sizes[depth], mode="bilinear", align_corners=False)
        skip = F.interpolate(pool(maps[depth]), size=sizes[depth], mode="bilinear", align_corners=False)
        x = stage(torch.cat([up, skip], dim=1))
    return classifier(x)


@mistake(
    "encoder_decoder",
    "You take the encoder's maps in the order in which they were made. The last one put away is the first one needed.",
)
def maps_in_the_wrong_order(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    for stage, skip in zip(decoder, maps, strict=False):
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake(
    "encoder_decoder",
    "You run the decoder's stages from the last to the first. The first stage belongs to the coarsest map.",
)
def decoder_backwards(x, encoder, decoder, classifier):
    return run(x, encoder, list(decoder)[::-1], classifier)


@mistake(
    "encoder_decoder",
    "You leave the coarsest map on the stack, so that it is joined with itself, and the finest is never used.",
)
def leaves_the_coarsest_on_the_stack(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    for stage in decoder:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("encoder_decoder", "You halve the image before the first stage too. The first stage works at full size.")
def halves_before_the_first_stage(x, encoder, decoder, classifier):
    size = x.shape[-2:]
    out = run(pool(x), encoder, decoder, classifier)
    return F.interpolate(out, size=size, mode="bilinear", align_corners=False)


@mistake(
    "encoder_decoder", "You halve after the last stage too. The coarsest map is where the way up begins, as it is."
)
def halves_after_the_last_stage(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        maps.append(stage(x))
        x = pool(maps[-1])
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("encoder_decoder", "You never halve: all maps stay at full size. The encoder is there to make them small.")
def never_halves(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: x)


@mistake(
    "encoder_decoder",
    "You go up without the encoder's maps, with zeros in their place. They are what knows where the edges are.",
)
def zeros_for_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, torch.zeros_like(skip)], dim=1))


@mistake("encoder_decoder", "You add the encoder's map to yours. Here their channels stand one after another.")
def adds_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: up + skip)


@mistake(
    "encoder_decoder", "You forgot the classifier: what you return are features, and not one score for each class."
)
def forgets_the_classifier(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, nn.Identity())


@mistake("encoder_decoder", "You apply a softmax at the end. Logits are wanted: the loss normalises them itself.")
def ends_in_a_softmax(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).softmax(dim=1)


@mistake("encoder_decoder", "You return the label of each pixel. Its scores are wanted: a label has no gradient.")
def returns_labels(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).argmax(dim=1)


@mistake("encoder_decoder", "You put a ReLU behind every stage. The stages have their own where they want one.")
def a_relu_behind_every_stage(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = F.relu(stage(pool(x) if maps else x))
        maps.append(x)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = F.relu(stage(torch.cat([resize(x, skip), skip], dim=1)))
    return classifier(x)


@mistake("encoder_decoder", "You clip negative scores at the end. A score may have any sign.")
def ends_in_a_relu(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).relu()


@mistake(
    "encoder_decoder",
    "The encoder's maps are cut from the graph: no gradient reaches the image through them.",
)
def detaches_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, skip.detach()], dim=1))


@mistake(
    "encoder_decoder",
    "Your result is cut off from the graph, by `.detach()` or `torch.no_grad()`: no gradient reaches the image at all.",
)
def cuts_the_image_off(x, encoder, decoder, classifier):
    return run(x.detach(), encoder, decoder, classifier).detach()


@mistake("encoder_decoder", "You stop one stage too early on the way up: your result is smaller than the image.")
def stops_below_full_size(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    maps.pop()
    for stage in list(decoder)[:-1]:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("encoder_decoder", "Your function is made for three encoder stages; it has to work for as many as come.")
def made_for_three_stages(x, encoder, decoder, classifier):
    fine = encoder[0](x)
    middle = encoder[1](pool(fine))
    x = encoder[2](pool(middle))
    x = decoder[0](torch.cat([resize(x, middle), middle], dim=1))
    return classifier(decoder[1](torch.cat([resize(x, fine), fine], dim=1)))
