"""Wrong and right answers to `pixel_cross_entropy`."""

import math
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

# --- mistakes ---------------------------------------------------------------------------------------------------------


def pixel_losses(logits, target, ignore_index):
    """Return the loss of each pixel, 0 where it is ignored, and where it counts."""
    counted = target != ignore_index
    labels = target.masked_fill(~counted, 0)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    return losses.masked_fill(~counted, 0), counted


@mistake(
    "You return the sum over the pixels. It grows with the size of the picture; the loss is their mean.",
)
def sums_over_pixels(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].sum()


@mistake(
    "You divide by the number of all pixels. Those that are ignored count neither above the line nor below it.",
)
def divides_by_all_pixels(logits, target, ignore_index=255):
    losses, _ = pixel_losses(logits, target, ignore_index)
    return losses.sum() / max(target.numel(), 1)


@mistake(
    "You take the `.mean()` of all pixels. The zeros of those that are ignored are in it and pull it down; and of an "
    "empty batch it is NaN.",
)
def mean_of_all_pixels(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].mean()


@mistake("You divide by the number of images; the mean is one over all pixels that count.")
def divides_by_the_batch(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0].sum() / max(len(logits), 1)


@mistake(
    "You divide by the number of classes as well. Each pixel has one loss, whatever the number of its scores.",
)
def divides_by_the_classes_too(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / (counted.sum().clamp(min=1) * logits.shape[1])


@mistake(
    "You take a mean for each image and then the mean of those. An image with few pixels that count then weighs as "
    "much as one with many; here every pixel weighs the same.",
)
def means_of_each_image(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    each = losses.sum(dim=(1, 2)) / counted.sum(dim=(1, 2)).clamp(min=1)
    return each.sum() / max(len(each), 1)


@mistake(
    "You take the ignored pixels for class 0 and let them count. They belong to no class: nothing is known about them.",
)
def ignored_is_class_zero(logits, target, ignore_index=255):
    labels = target.masked_fill(target == ignore_index, 0)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])
    return losses.sum() / max(losses.numel(), 1)


@mistake(
    "Your mean has the ignored pixels in it, as if they were of class 0. They belong to no class; and the mean of an "
    "empty batch is NaN.",
)
def mean_with_ignored_as_class_zero(logits, target, ignore_index=255):
    labels = target.masked_fill(target == ignore_index, 0)
    return -logits.log_softmax(1).gather(1, labels[:, None]).mean()


@mistake(
    "You force all labels into 0 … K − 1, and so the ignored pixels count as one of the outer classes. They belong to "
    "no class.",
)
def ignored_is_an_outer_class(logits, target, ignore_index=255):
    labels = target.clamp(0, logits.shape[1] - 1)
    return -logits.log_softmax(1).gather(1, labels[:, None]).mean()


@mistake(
    "Called without `ignore_index` your function ignores −100, as torch's does. Here the default is 255: such a label "
    "is not to be looked up among the scores.",
)
def looks_up_255_by_default(logits, target, ignore_index=-100):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "Called without `ignore_index` your function ignores −100, as torch's does, and pixels labelled 255 count as some "
    "class. Here the default is 255.",
)
def counts_255_by_default(logits, target, ignore_index=-100):
    counted = target != ignore_index
    labels = target.clamp(0, logits.shape[1] - 1)
    losses = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You look for 255 instead of `ignore_index`: the label that does not count is an argument.",
)
def always_ignores_255(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, 255)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "You ignore nothing: a label that is no class is looked up among the scores all the same.",
)
def ignores_nothing(logits, target, ignore_index=255):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "You look up the scores of all labels before you leave out those that are ignored. Such a label is no class, and so no "
    "index either.",
)
def looks_up_before_it_ignores(logits, target, ignore_index=255):
    picked = F.log_softmax(logits, dim=1).gather(1, target[:, None])[:, 0]
    counted = target != ignore_index
    return -picked[counted].sum() / counted.sum().clamp(min=1)


@mistake(
    "You ignore whatever lies outside 0 … K − 1. But `ignore_index` may be one of the classes, and then it does not "
    "count either.",
)
def ignores_what_is_out_of_range(logits, target, ignore_index=255):
    counted = (target >= 0) & (target < logits.shape[1])
    losses = -logits.log_softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return losses.masked_fill(~counted, 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "Where no pixel counts, you divide zero by zero. The loss is 0 there: a batch that says nothing must not spoil the "
    "weights with NaN.",
)
def divides_zero_by_zero(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum()


@mistake(
    "Where no pixel counts, you return a zero that has nothing to do with the logits. `loss.backward()` fails on it; "
    "the zero has to hang on the graph.",
)
def a_zero_without_a_gradient(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    if not counted.any():
        return torch.tensor(0.0, dtype=logits.dtype)
    return losses.sum() / counted.sum()


@mistake(
    "You use the softmax and then the logarithm. Of large logits the softmax rounds to 0, whose logarithm is −∞; "
    "there is one function that does both safely.",
)
def softmax_then_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -torch.where(counted, chosen.log(), 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "You normalise twice: the softmax makes probabilities, and then `log_softmax` takes them for scores and makes them "
    "nearly equal.",
)
def normalises_twice(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.softmax(1), target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "The small number that you add inside the logarithm keeps it finite, but bounds the loss: a pixel that is very "
    "wrong costs too little, and its gradient is lost.",
)
def a_small_number_in_the_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -((chosen + 1e-8).log() * counted).sum() / counted.sum().clamp(min=1)


@mistake("Your exponentials overflow where the logits are large: exp(89) is infinite in float32.")
def exponentials_overflow(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    losses = logits.exp().sum(dim=1).log() - chosen
    return torch.where(counted, losses, 0).sum() / counted.sum().clamp(min=1)


@mistake(
    "You pick the probability of the right class, but the loss is minus its logarithm.",
)
def forgets_the_logarithm(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "The sign is wrong: the logarithm of a probability is negative, and a loss is not.",
)
def forgets_the_sign(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return -losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "You take the logits for log-probabilities. Before that they have to be normalised over the classes.",
)
def forgets_to_normalise(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You normalise over the last dimension, the width. The classes compete with each other: they are dimension 1.",
)
def softmax_over_the_width(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = logits.log_softmax(-1).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You normalise over the batch, as if the images competed with each other. The classes do: they are dimension 1.",
)
def softmax_over_the_batch(logits, target, ignore_index=255):
    counted = target != ignore_index
    if not len(logits):
        return logits.sum()
    chosen = logits.log_softmax(0).gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You normalise over all classes of all pixels at once. Each pixel has probabilities of its own, which add up to 1.",
)
def softmax_over_everything(logits, target, ignore_index=255):
    counted = target != ignore_index
    log_p = logits.flatten(1).log_softmax(1).reshape(logits.shape)
    chosen = log_p.gather(1, target.masked_fill(~counted, 0)[:, None])[:, 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You call the result a list of pixels with `reshape(-1, K)`, but the classes are not the last dimension: scores of "
    "different pixels end up in one row.",
)
def reshapes_without_moving_the_classes(logits, target, ignore_index=255):
    rows, labels = logits.reshape(-1, logits.shape[1]), target.reshape(-1)
    counted = labels != ignore_index
    losses = -rows.log_softmax(1).gather(1, labels.masked_fill(~counted, 0)[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "Height and width are exchanged on the way: the score of one pixel meets the label of another.",
)
def reads_scores_by_columns(logits, target, ignore_index=255):
    rows = logits.transpose(1, 3).reshape(-1, logits.shape[1])  # (N, W, H, K)
    labels = target.reshape(-1)
    counted = labels != ignore_index
    losses = -rows.log_softmax(1).gather(1, labels.masked_fill(~counted, 0)[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You treat every class as a question of its own, yes or no. The classes exclude each other: that is the "
    "softmax's job.",
)
def a_binary_loss_for_each_class(logits, target, ignore_index=255):
    counted = target != ignore_index
    hits = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).movedim(-1, 1).to(logits.dtype)
    losses = F.binary_cross_entropy_with_logits(logits, hits, reduction="none").sum(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You measure a squared distance to the one-hot target. The cross-entropy asks for the logarithm of one "
    "probability.",
)
def a_squared_distance(logits, target, ignore_index=255):
    counted = target != ignore_index
    hits = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).movedim(-1, 1)
    losses = (logits.softmax(1) - hits).square().sum(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake("Your logarithm has base 2; the loss is measured with the natural one.")
def counts_in_bits(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1) / math.log(2)


@mistake("You return the loss of each pixel. One number is wanted: their mean.")
def returns_a_map(logits, target, ignore_index=255):
    return pixel_losses(logits, target, ignore_index)[0]


@mistake(NO_GRADIENT)
def cuts_the_loss_off(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.detach(), target, ignore_index)  # `.item()` at the end does the same
    return losses.sum() / counted.sum().clamp(min=1)


@mistake("The loss must keep the dtype of the logits; yours is always float32.")
def always_float32(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits.float(), target, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
    "You set the ignored labels to 0 in `target` itself. The caller still needs them; work on a copy.",
)
def writes_into_the_target(logits, target, ignore_index=255):
    counted = target != ignore_index
    target[~counted] = 0
    losses = -logits.log_softmax(1).gather(1, target[:, None])[:, 0]
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake(
    "You set the logits of ignored pixels to zero and let them count: each then costs log K, as if it had been "
    "guessed.",
)
def ignored_pixels_are_guessed(logits, target, ignore_index=255):
    counted = target != ignore_index
    quiet = logits * counted[:, None]
    losses = -quiet.log_softmax(1).gather(1, target.masked_fill(~counted, 0)[:, None])
    return losses.sum() / max(losses.numel(), 1)


@mistake(
    "You leave out every image that has an ignored pixel. Only the pixel itself does not count; its image does.",
)
def leaves_out_whole_images(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits, target, ignore_index)
    whole = counted.flatten(1).all(dim=1)
    return losses[whole].sum() / counted[whole].sum().clamp(min=1)


@mistake(
    "Your `squeeze()` removes every dimension of size 1, those of small pictures and small batches too. Say which one.",
)
def squeezes_too_much(logits, target, ignore_index=255):
    counted = (target != ignore_index).squeeze()
    labels = target.masked_fill(target == ignore_index, 0)
    losses = -logits.squeeze().log_softmax(1).gather(1, labels.squeeze().unsqueeze(1)).squeeze(1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)


@mistake("Only the first image of the batch enters your loss.")
def looks_at_the_first_image_only(logits, target, ignore_index=255):
    losses, counted = pixel_losses(logits[:1], target[:1], ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@mistake(
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


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def loss_by_loops(logits, target, ignore_index=255):
    total, count = logits.sum() * 0, 0
    for n, i, j in product(*map(range, target.shape)):
        label = int(target[n, i, j])
        if label != ignore_index:
            scores = logits[n, :, i, j]
            total = total + torch.logsumexp(scores, dim=0) - scores[label]
            count += 1
    return total / max(count, 1)


@variant
def loss_by_logsumexp(scores: Tensor, labels: Tensor, void: int = 255) -> Tensor:
    counted = labels != void
    right = scores.gather(1, torch.where(counted, labels, 0).unsqueeze(1)).squeeze(1)
    each = torch.logsumexp(scores, dim=1) - right
    return torch.where(counted, each, torch.zeros_like(each)).sum() / max(int(counted.sum()), 1)


@variant
def loss_by_one_hot(logits, target, ignore_index=255):
    counted = target != ignore_index
    chosen = F.one_hot(target.masked_fill(~counted, 0), logits.shape[1]).permute(0, 3, 1, 2)
    each = -(chosen * F.log_softmax(logits, dim=1)).sum(dim=1) * counted
    return each.sum() / counted.sum().clamp(min=1)


@variant
def loss_of_a_list_of_pixels(logits, target, ignore_index=255):
    rows = logits.permute(0, 2, 3, 1).reshape(-1, logits.shape[1])
    labels = target.reshape(-1)
    counted = labels != ignore_index
    if not counted.any():
        return logits.sum() * 0
    rows, labels = rows[counted], labels[counted]
    return -rows.log_softmax(dim=-1)[torch.arange(len(labels)), labels].mean()


@variant
def loss_by_mean_where_it_can(logits, target, ignore_index=255):
    counted = target != ignore_index
    log_p = nn.LogSoftmax(dim=1)(logits).movedim(1, -1)[counted]  # (pixels, K)
    if counted.sum() == 0:
        return log_p.sum() + 0.0 * logits.sum()
    return -torch.take_along_dim(log_p, target[counted][:, None], dim=1).mean()


@variant
def loss_with_the_maximum_taken_off(logits, target, ignore_index=255):
    shifted = logits - logits.max(dim=1, keepdim=True).values.detach()
    normaliser = shifted.exp().sum(dim=1).log()
    counted = target.ne(ignore_index)
    labels = target.clone()
    labels[~counted] = 0
    each = normaliser - shifted.gather(1, labels[:, None])[:, 0]
    return (each * counted.to(each.dtype)).sum() / counted.sum().clamp_min(1)


@variant
def loss_by_einsum(logits, target, ignore_index=255):
    classes = torch.arange(logits.shape[1], device=target.device).view(1, -1, 1, 1)
    hits = ((target[:, None] == classes) & (target[:, None] != ignore_index)).to(logits.dtype)
    total = -torch.einsum("nkhw,nkhw->", hits, logits.log_softmax(1))
    return total / torch.clamp((target != ignore_index).sum(), min=1)


@variant
def loss_an_image_at_a_time(logits, target, ignore_index=255):
    sums, count = [logits.sum() * 0], 0
    for scores, labels in zip(logits, target, strict=True):
        keep = labels != ignore_index
        picked = scores.log_softmax(0)[:, keep]
        sums.append(-picked[labels[keep], torch.arange(picked.shape[1])].sum())
        count += int(keep.sum())
    return torch.stack(sums).sum() / max(count, 1)


@variant
def loss_in_float64(logits, target, ignore_index=255):
    counted = target != ignore_index
    labels = target * counted  # 0 where it is ignored
    log_p = torch.log_softmax(logits.double(), dim=1)
    each = -log_p.gather(1, labels.unsqueeze(1)).squeeze(1)
    each = torch.where(counted, each, 0.0)
    return (each.sum() / counted.sum().clamp(min=1)).to(logits.dtype)


@variant
def loss_by_clamped_labels(logits, target, ignore_index=255):
    mask = (target != ignore_index).to(logits.dtype)
    labels = target.clamp(0, logits.shape[1] - 1)
    losses = F.log_softmax(logits, dim=1).neg().gather(dim=1, index=labels[:, None, :, :]).squeeze(1)
    total = mask.sum()
    return (losses * mask).sum() / total if total > 0 else (losses * mask).sum()


@variant
def loss_of_each_class(logits, target, ignore_index=255):
    log_p = torch.log_softmax(logits, dim=1)
    total = log_p.sum() * 0
    for k in range(logits.shape[1]):
        if k != ignore_index:
            total = total - log_p[:, k][target == k].sum()
    return total / (target != ignore_index).sum().clamp(min=1)


@variant
def loss_by_margins(logits, target, ignore_index=255):
    counted = target != ignore_index
    right = logits.gather(1, target.masked_fill(~counted, 0)[:, None])
    each = (logits - right).logsumexp(dim=1)
    return each[counted].sum() / max(counted.count_nonzero().item(), 1)


@variant
def loss_by_nansum(logits, target, ignore_index=255):
    counted = target != ignore_index
    labels = torch.where(counted, target, torch.zeros_like(target))
    each = -logits.log_softmax(1).gather(1, labels[:, None])[:, 0]
    weights = counted.to(logits.dtype) / max(counted.sum().item(), 1)
    return torch.sum(weights * each)


@variant
def loss_by_binary_parts(logits, target, ignore_index=255):
    """Cross-entropy as the binary one of the softmax's odds: −log σ(log p / (1 − p)), in float64."""
    counted = target != ignore_index
    classes = torch.arange(logits.shape[1])[:, None, None]
    hit = target[:, None] == classes
    wide = logits.double()
    if logits.shape[1] == 1:
        return (wide * 0).sum().to(logits.dtype)
    others = torch.where(hit, -math.inf, wide).logsumexp(dim=1)
    right = torch.where(hit, wide, 0.0).sum(dim=1)
    odds = torch.where(counted, right - others, 0.0)
    each = F.binary_cross_entropy_with_logits(odds, torch.ones_like(odds), reduction="none")
    return (torch.where(counted, each, 0.0).sum() / counted.sum().clamp(min=1)).to(logits.dtype)
