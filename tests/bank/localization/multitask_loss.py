"""Wrong and right answers to `multitask_loss`."""

from functools import wraps

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def own_boxes(boxes, labels):
    """Return the box of each image's true class (N, 4)."""
    return boxes[torch.arange(len(labels)), labels]


def entropy(scores, labels):
    """Return the right classification loss, 0 without images."""
    return F.cross_entropy(scores, labels, reduction="sum") / max(len(labels), 1)


def distance(boxes, labels, target_boxes):
    """Return the right localization loss, 0 without images."""
    return (own_boxes(boxes, labels) - target_boxes).square().sum() / max(len(labels), 1)


def parts(classification, localization, box_weight):
    """Return the dict with a right total."""
    return {
        "classification": classification,
        "localization": localization,
        "total": classification + box_weight * localization,
    }


# --- mistakes: the box ------------------------------------------------------------------------------------------------


@mistake(
    "You average over the four numbers of a box as well, as `F.mse_loss` does. The squared distance is their sum; the "
    "mean is one over images."
)
def mean_over_the_four_numbers(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = distance(boxes, labels, target_boxes) / 4
    return parts(entropy(scores, labels), localization, box_weight)


@form(mean_over_the_four_numbers)
def mse_of_the_boxes_without_a_look_at_empty_batches(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = F.mse_loss(own_boxes(boxes, labels), target_boxes)
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(mean_over_the_four_numbers)
def mse_of_the_boxes_beside_a_careful_entropy(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = F.mse_loss(own_boxes(boxes, labels), target_boxes)
    return parts(entropy(scores, labels), localization, box_weight)


@mistake("Your localization is a sum over the images. It is a mean: twice the images must not cost twice as much.")
def sums_the_boxes_over_the_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum()
    return parts(entropy(scores, labels), localization, box_weight)


@form(sums_the_boxes_over_the_images)
def sums_the_boxes_beside_a_plain_entropy(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = F.mse_loss(own_boxes(boxes, labels), target_boxes, reduction="sum")
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake(
    "You leave the distance as it is. The loss is the *squared* distance: without a root, and so without an infinite "
    "slope where a box is right."
)
def distance_that_is_not_squared(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).norm(dim=1)
    return parts(entropy(scores, labels), each.sum() / max(len(labels), 1), box_weight)


@form(distance_that_is_not_squared)
def mean_of_norms(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = torch.linalg.norm(own_boxes(boxes, labels) - target_boxes, dim=1).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(distance_that_is_not_squared)
def norm_of_the_whole_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = torch.norm(own_boxes(boxes, labels) - target_boxes)
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake("You add up absolute differences, the L1 distance. Here the box is measured by squares, L2.")
def absolute_differences_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).abs().sum(dim=1)
    return parts(entropy(scores, labels), each.sum() / max(len(labels), 1), box_weight)


@form(absolute_differences_in_the_losses)
def mean_of_absolute_differences_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(F.cross_entropy(scores, labels), F.l1_loss(own_boxes(boxes, labels), target_boxes), box_weight)


@form(absolute_differences_in_the_losses)
def mean_over_images_of_absolute_differences(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).abs().sum(dim=1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@mistake("You use smooth L1, the box loss of later detectors. Here the box is measured by squares, L2.")
def smooth_l1_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = F.smooth_l1_loss(own_boxes(boxes, labels), target_boxes, reduction="sum")
    return parts(entropy(scores, labels), each / max(len(labels), 1), box_weight)


@form(smooth_l1_in_the_losses)
def mean_of_smooth_l1_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = F.smooth_l1_loss(own_boxes(boxes, labels), target_boxes)
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(smooth_l1_in_the_losses)
def smooth_l1_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = F.smooth_l1_loss(own_boxes(boxes, labels), target_boxes, reduction="sum") / len(labels)
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake("You take half of the squared distance. It makes the derivative tidier, but it is not what is asked.")
def half_the_square(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes) / 2, box_weight)


@form(half_the_square)
def half_the_square_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = 0.5 * (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@mistake(
    "You take the box of the class with the highest score. The box of the *true* class is to be learnt, also where "
    "the scores are wrong."
)
def box_of_the_predicted_class(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = distance(boxes, scores.argmax(dim=1), target_boxes)
    return parts(entropy(scores, labels), localization, box_weight)


@form(box_of_the_predicted_class)
def box_of_the_predicted_class_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, scores.argmax(dim=1)) - target_boxes).pow(2).sum(dim=1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@mistake(
    "You weight the boxes by the softmax of the scores. The box of the true class counts, and it counts in full, "
    "whatever the scores are."
)
def boxes_weighted_by_probability(scores, boxes, labels, target_boxes, box_weight=1.0):
    expected = (scores.softmax(dim=1)[..., None] * boxes).sum(dim=1)
    localization = (expected - target_boxes).square().sum() / max(len(labels), 1)
    return parts(entropy(scores, labels), localization, box_weight)


@mistake("You hold the boxes of all classes to the target. Only that of the true class is meant for this image.")
def boxes_of_all_classes(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes - target_boxes[:, None]).square().sum() / max(len(labels), 1)
    return parts(entropy(scores, labels), localization, box_weight)


@form(boxes_of_all_classes)
def mean_over_the_boxes_of_all_classes(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes - target_boxes[:, None]).square().mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(boxes_of_all_classes)
def mean_over_images_and_classes(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes - target_boxes[:, None]).square().sum(dim=-1).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(boxes_of_all_classes)
def boxes_of_all_classes_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes - target_boxes[:, None]).square().sum(dim=(1, 2)).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake(
    "`boxes[:, labels]` takes from every image the boxes of all labels, (N, N, 4), and broadcasting hides it. Each "
    "image has one box that counts."
)
def every_label_from_every_image_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes[:, labels] - target_boxes).square().sum(dim=-1).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(every_label_from_every_image_in_the_losses)
def every_label_from_every_image_summed(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes[:, labels] - target_boxes).square().sum() / max(len(labels), 1)
    return parts(entropy(scores, labels), localization, box_weight)


@form(every_label_from_every_image_in_the_losses)
def every_label_from_every_image_by_mse(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = ((boxes[:, labels] - target_boxes) ** 2).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@form(every_label_from_every_image_in_the_losses)
def every_label_beside_its_own_target(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (boxes[:, labels] - target_boxes[:, None]).square().sum(dim=-1).mean()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake("You hold the box of class 0 to the target. The box of each image's true class is the one that counts.")
def box_of_the_first_class(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, torch.zeros_like(labels), target_boxes), box_weight)


@form(box_of_the_first_class)
def box_of_the_first_class_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (boxes[:, 0] - target_boxes).pow(2).sum(dim=1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@mistake("You use the labels as numbers of images, `boxes[labels]`. The first dimension of `boxes` counts the images.")
def labels_as_images_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (boxes[labels, 0] - target_boxes).square().sum(dim=1)
    return parts(entropy(scores, labels), each.sum() / max(len(labels), 1), box_weight)


@form(labels_as_images_in_the_losses)
def labels_as_images_with_all_their_classes(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (boxes[labels] - target_boxes[:, None]).square().sum(dim=-1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@mistake(
    "You divide by the number of classes too, since you average over a mask with zeros. One box an image counts: "
    "divide by the images."
)
def divides_by_the_classes_too_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = distance(boxes, labels, target_boxes) / boxes.shape[1]
    return parts(entropy(scores, labels), localization, box_weight)


@form(divides_by_the_classes_too_in_the_losses)
def mean_over_a_mask(scores, boxes, labels, target_boxes, box_weight=1.0):
    mask = F.one_hot(labels, boxes.shape[1])
    each = (boxes - target_boxes[:, None]).square().sum(dim=-1) * mask
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@form(divides_by_the_classes_too_in_the_losses)
def mean_over_a_mask_and_four_numbers(scores, boxes, labels, target_boxes, box_weight=1.0):
    mask = F.one_hot(labels, boxes.shape[1])[..., None]
    each = (boxes - target_boxes[:, None]).square() * mask
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


# --- mistakes: the class ----------------------------------------------------------------------------------------------


@mistake("Your classification is a sum over the images. It is a mean: twice the images must not cost twice as much.")
def sums_the_entropy(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification = F.cross_entropy(scores, labels, reduction="sum")
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@mistake("Both of your losses are sums over the images. They are means: twice the images must not cost twice as much.")
def sums_both(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum()
    return parts(F.cross_entropy(scores, labels, reduction="sum"), localization, box_weight)


@mistake("You return the loss of each image, (N,). Each of the three is one number, a mean over the images.")
def losses_of_each_image(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification = F.cross_entropy(scores, labels, reduction="none")
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum(dim=1)
    return parts(classification, localization, box_weight)


@form(losses_of_each_image)
def box_losses_of_each_image(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum(dim=1)
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake(
    "You give `cross_entropy` probabilities. It takes logits and does the softmax itself; now it is done twice, and "
    "even a perfect network pays."
)
def softmax_twice(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores.softmax(dim=1), labels), distance(boxes, labels, target_boxes), box_weight)


@form(softmax_twice)
def softmax_twice_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.cross_entropy(F.softmax(scores, dim=1), labels), each.mean(), box_weight)


@mistake(
    "You use the softmax and then the logarithm. Of large scores the softmax rounds to 0, whose logarithm is −∞; "
    "there is one function that does both safely."
)
def softmax_then_logarithm_in_the_losses(scores, boxes, labels, target_boxes, box_weight=1.0):
    chosen = scores.softmax(dim=1)[torch.arange(len(labels)), labels]
    classification = -chosen.log().sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(softmax_then_logarithm_in_the_losses)
def exponentials_then_logarithm(scores, boxes, labels, target_boxes, box_weight=1.0):
    shares = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
    classification = -shares[torch.arange(len(labels)), labels].log().sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@mistake(
    "You add a small number under the logarithm. It bounds the loss of a network that is surely wrong; the "
    "log-softmax needs no such help."
)
def epsilon_under_the_logarithm(scores, boxes, labels, target_boxes, box_weight=1.0):
    chosen = scores.softmax(dim=1)[torch.arange(len(labels)), labels]
    classification = -(chosen + 1e-8).log().sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(epsilon_under_the_logarithm)
def clamped_under_the_logarithm(scores, boxes, labels, target_boxes, box_weight=1.0):
    chosen = scores.softmax(dim=1)[torch.arange(len(labels)), labels]
    classification = -chosen.clamp(min=1e-12).log().sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@mistake(
    "You give logits to the negative log-likelihood, which takes logarithms of probabilities: the log-softmax is "
    "missing."
)
def likelihood_of_logits(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification = F.nll_loss(scores, labels, reduction="sum") / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(likelihood_of_logits)
def likelihood_of_logits_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.nll_loss(scores, labels), each.mean(), box_weight)


@mistake("You give probabilities to the negative log-likelihood; it takes their logarithms, and adds none itself.")
def likelihood_of_probabilities(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.nll_loss(scores.softmax(dim=1), labels), each.mean(), box_weight)


@mistake(
    "You ask of every class by itself, yes or no, with a sigmoid. Here the classes compete: one softmax over all, and "
    "the true class's logarithm."
)
def binary_entropy_a_class(scores, boxes, labels, target_boxes, box_weight=1.0):
    truth = F.one_hot(labels, scores.shape[1]).to(scores.dtype)
    classification = F.binary_cross_entropy_with_logits(scores, truth, reduction="sum") / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(binary_entropy_a_class)
def mean_of_binary_entropies(scores, boxes, labels, target_boxes, box_weight=1.0):
    truth = F.one_hot(labels, scores.shape[1]).to(scores.dtype)
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.binary_cross_entropy_with_logits(scores, truth), each.mean(), box_weight)


# --- mistakes: both together ------------------------------------------------------------------------------------------


@mistake(
    "Your weight lies on both losses. Then it changes nothing but the step size; it is there to balance one against "
    "the other."
)
def weight_on_both(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    return {**loss, "total": box_weight * loss["total"]}


@mistake("Your weight lies on the classification. It is called `box_weight`: it belongs to the box.")
def weight_on_the_class(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    return {**loss, "total": box_weight * loss["classification"] + loss["localization"]}


@mistake("You mix the two with weights that add to 1. Here the classification has the weight 1, whatever the box has.")
def weights_that_add_to_one(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    total = (1 - box_weight) * loss["classification"] + box_weight * loss["localization"]
    return {**loss, "total": total}


@mistake("You leave the weight out of the total, so the caller cannot balance the two losses.")
def no_weight(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)


@mistake(
    "Your `localization` has the weight in it already. Then it cannot be compared between two weights; the weight is "
    "for the total alone."
)
def weighted_localization(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = box_weight * distance(boxes, labels, target_boxes)
    return parts(entropy(scores, labels), localization, 1.0)


@mistake("The weight is in your `localization` and then in the total once more: there the box has its square.")
def weighted_twice(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = box_weight * distance(boxes, labels, target_boxes)
    return parts(entropy(scores, labels), localization, box_weight)


@mistake(
    "You divide the total by 2, or by the sum of the weights. It is the plain sum: classification + weight · "
    "localization."
)
def average_of_the_two(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)
    return {**loss, "total": loss["total"] / 2}


@form(average_of_the_two)
def weighted_average(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)
    return {**loss, "total": loss["total"] / (1 + box_weight)}


@mistake("You apply the weight before you square, so the distance gets it squared.")
def weight_inside_the_square(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    return {**loss, "total": loss["classification"] + box_weight**2 * loss["localization"]}


@mistake("A weight of 0 counts as not given in your code: `if box_weight` and `or` take 0 for nothing.")
def zero_is_no_weight(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight or 1.0)


@mistake(
    "You do not measure the box where its weight is 0. The weight is for the total; `localization` is asked for all "
    "the same."
)
def nothing_to_measure_at_weight_zero(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = distance(boxes, labels, target_boxes) if box_weight else boxes.sum() * 0
    return parts(entropy(scores, labels), localization, box_weight)


@mistake("You return three things in a row. A dict is wanted: each of them by its name.")
def a_tuple(scores, boxes, labels, target_boxes, box_weight=1.0):
    return tuple(parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight).values())


@form(a_tuple)
def the_total_first(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification, localization = entropy(scores, labels), distance(boxes, labels, target_boxes)
    return classification + box_weight * localization, classification, localization


@mistake("You return the total alone. The two losses are wanted beside it, in a dict, each by its name.")
def the_total_alone(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)["total"]


# --- mistakes: empty batches and gradients ----------------------------------------------------------------------------


@mistake(
    "The mean of no image is 0/0, NaN, and it would spoil every weight of the network. Without images each loss is 0."
)
def nan_without_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).square().sum(dim=1)
    return parts(F.cross_entropy(scores, labels), each.mean(), box_weight)


@form(nan_without_images)
def nan_of_the_class_alone(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(F.cross_entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)


@form(nan_without_images)
def nan_of_the_box_alone(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum(dim=1).mean()
    return parts(entropy(scores, labels), localization, box_weight)


@form(nan_without_images)
def division_by_no_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    total, boxed = 0.0, 0.0
    for n in range(len(labels)):
        total = total + F.cross_entropy(scores[n : n + 1], labels[n : n + 1])
        boxed = boxed + (boxes[n, labels[n]] - target_boxes[n]).square().sum()
    return parts(total / len(labels), boxed / len(labels), box_weight)


@mistake(
    "Without images you return zeros that have nothing to do with the scores and the boxes. `backward()` fails on "
    "them; they have to hang on the graph."
)
def zeros_without_a_graph(scores, boxes, labels, target_boxes, box_weight=1.0):
    if not len(labels):
        nothing = torch.zeros((), dtype=scores.dtype)
        return parts(nothing, nothing, box_weight)
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)


@mistake(
    "With `.item()` your losses are plain numbers, right ones, but a network cannot learn from them: no gradient "
    "flows back."
)
def plain_numbers_without_images_too(scores, boxes, labels, target_boxes, box_weight=1.0):
    with torch.no_grad():
        loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), box_weight)
    return {**loss, "total": loss["total"] + 0 * scores.sum()}


@mistake("You cut the target's box or the boxes from the graph: one of them gets no gradient.")
def boxes_without_a_gradient(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes.detach(), labels, target_boxes), box_weight)


@mistake(
    "Your softmax runs over the images. It runs over the classes of one image, dimension 1: these are what compete."
)
def softmax_over_the_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    logs = scores.log_softmax(dim=0)
    classification = -logs[torch.arange(len(labels)), labels].sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(softmax_over_the_images)
def plain_softmax_over_the_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.nll_loss(scores.log_softmax(dim=0), labels), each.mean(), box_weight)


@mistake(
    "You square the differences of probabilities. Cross-entropy is the negative logarithm of the true class's "
    "probability."
)
def squared_differences_of_probabilities(scores, boxes, labels, target_boxes, box_weight=1.0):
    difference = scores.softmax(dim=1) - F.one_hot(labels, scores.shape[1])
    classification = difference.square().sum() / max(len(labels), 1)
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(squared_differences_of_probabilities)
def mean_of_squared_differences_of_probabilities(scores, boxes, labels, target_boxes, box_weight=1.0):
    truth = F.one_hot(labels, scores.shape[1]).to(scores.dtype)
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(F.mse_loss(scores.softmax(dim=1), truth), each.mean(), box_weight)


@mistake(
    "You sum over the images and average over the four numbers. It is the other way round: a sum in each box, a mean "
    "over images."
)
def sum_and_mean_exchanged(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().sum(dim=0).mean()
    return parts(entropy(scores, labels), localization, box_weight)


@form(sum_and_mean_exchanged)
def sum_and_mean_exchanged_beside_a_plain_entropy(scores, boxes, labels, target_boxes, box_weight=1.0):
    localization = (own_boxes(boxes, labels) - target_boxes).square().mean(dim=1).sum()
    return parts(F.cross_entropy(scores, labels), localization, box_weight)


@mistake("You turn the weight into a whole number, and what stands behind the point is lost.")
def whole_weight(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels, target_boxes), int(box_weight))


@mistake("You divide the localization by the weight. The total has classification + weight · localization.")
def divides_by_the_weight(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    return {**loss, "total": loss["classification"] + loss["localization"] / max(box_weight, 1e-12)}


@form(divides_by_the_weight)
def divides_by_the_weight_if_there_is_one(scores, boxes, labels, target_boxes, box_weight=1.0):
    loss = parts(entropy(scores, labels), distance(boxes, labels, target_boxes), 1.0)
    return {**loss, "total": loss["classification"] + loss["localization"] / (box_weight or 1.0)}


# --- mistakes, once more with a look at empty batches -----------------------------------------------------------------


def guarded(answer):
    """Return `answer` with a branch of its own, and a right one, for no images."""

    @wraps(answer)
    def looks_first(scores, boxes, labels, target_boxes, box_weight=1.0):
        if not len(labels):
            nothing = scores.sum() + boxes.sum() + target_boxes.sum()
            return {"classification": nothing, "localization": nothing, "total": nothing}
        return answer(scores, boxes, labels, target_boxes, box_weight)

    looks_first.__name__ = f"{answer.__name__}_but_looks_first"
    return looks_first


for first, plain in (
    (absolute_differences_in_the_losses, mean_of_absolute_differences_in_the_losses),
    (smooth_l1_in_the_losses, mean_of_smooth_l1_in_the_losses),
    (boxes_of_all_classes, mean_over_the_boxes_of_all_classes),
    (boxes_of_all_classes, mean_over_images_and_classes),
    (every_label_from_every_image_in_the_losses, every_label_from_every_image_in_the_losses),
    (every_label_from_every_image_in_the_losses, every_label_from_every_image_by_mse),
    (every_label_from_every_image_in_the_losses, every_label_beside_its_own_target),
    (labels_as_images_in_the_losses, labels_as_images_with_all_their_classes),
    (divides_by_the_classes_too_in_the_losses, mean_over_a_mask_and_four_numbers),
    (likelihood_of_probabilities, likelihood_of_probabilities),
    (binary_entropy_a_class, mean_of_binary_entropies),
    (squared_differences_of_probabilities, mean_of_squared_differences_of_probabilities),
):
    form(first)(guarded(plain))


@form(distance_that_is_not_squared)
def root_of_the_batch_over_its_size(scores, boxes, labels, target_boxes, box_weight=1.0):
    all_squares = (own_boxes(boxes, labels) - target_boxes).square().sum()
    return parts(entropy(scores, labels), all_squares.sqrt() / max(len(labels), 1), box_weight)


@mistake(
    "Your classification is divided by the number of classes as well. Each image has one cross-entropy, however many scores it has."
)
def entropy_over_the_classes_too(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification = entropy(scores, labels) / scores.shape[1]
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(entropy_over_the_classes_too)
def mean_of_masked_logarithms(scores, boxes, labels, target_boxes, box_weight=1.0):
    classification = -(F.one_hot(labels, scores.shape[1]) * scores.log_softmax(dim=1)).mean()
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(classification, each.mean(), box_weight)


@mistake(
    "Your cross-entropy takes, for every image, the scores of all labels, `[:, labels]`. Each image has one true class, its own."
)
def entropy_of_every_label(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = -scores.log_softmax(dim=1)[:, labels]
    classification = each.mean() if len(labels) else scores.sum() * 0
    return parts(classification, distance(boxes, labels, target_boxes), box_weight)


@form(entropy_of_every_label)
def entropy_of_every_label_of_a_plain_batch(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (own_boxes(boxes, labels) - target_boxes).pow(2).sum(dim=1)
    return parts(-scores.log_softmax(dim=1)[:, labels].mean(), each.mean(), box_weight)


@mistake(
    "You count the labels from 1 when you take the box, as if 0 were a background. Here label 0 is the first class."
)
def boxes_of_the_label_before(scores, boxes, labels, target_boxes, box_weight=1.0):
    return parts(entropy(scores, labels), distance(boxes, labels - 1, target_boxes), box_weight)


@mistake(
    "You hold the mean of all classes' boxes to the target. Only the box of the true class is meant for this image."
)
def mean_box_of_all_classes(scores, boxes, labels, target_boxes, box_weight=1.0):
    each = (boxes.mean(dim=1) - target_boxes).square().sum()
    return parts(entropy(scores, labels), each / max(len(labels), 1), box_weight)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_hand(scores, boxes, labels, target_boxes, box_weight=1.0):
    count = max(len(labels), 1)
    rows = torch.arange(len(labels))
    classification = (scores.logsumexp(dim=1) - scores[rows, labels]).sum() / count
    localization = ((boxes[rows, labels] - target_boxes) ** 2).sum() / count
    return {
        "classification": classification,
        "localization": localization,
        "total": classification + box_weight * localization,
    }


@variant
def with_a_branch_for_no_images(scores, boxes, labels, target_boxes, box_weight=1.0):
    if labels.numel() == 0:
        c, l = scores.sum() * 0, boxes.sum() * 0 + target_boxes.sum() * 0
    else:
        c = F.cross_entropy(scores, labels)
        l = 4 * F.mse_loss(boxes[range(len(labels)), labels.tolist()], target_boxes)
    return {"total": c + box_weight * l, "localization": l, "classification": c}


@variant
def in_a_loop(scores, boxes, labels, target_boxes, box_weight=1.0):
    c, l = scores.sum() * 0.0, boxes.sum() * 0.0
    n = len(labels)
    for s, b, k, t in zip(scores, boxes, labels, target_boxes, strict=True):
        c = c - s.log_softmax(0)[k] / n
        l = l + sum((b[k, i] - t[i]) ** 2 for i in range(4)) / n
    return {"classification": c, "localization": l, "total": c + box_weight * l}


@variant
def by_a_mask(scores, boxes, labels, target_boxes, box_weight=1.0):
    mask = F.one_hot(labels, scores.shape[1]).to(scores.dtype)
    count = max(1, scores.shape[0])
    c = -(mask * scores.log_softmax(1)).sum() / count
    l = (mask[..., None] * (boxes - target_boxes[:, None]).square()).sum() / count
    return {"classification": c, "localization": l, "total": c + l * box_weight}


@variant
def with_modules(scores, boxes, labels, target_boxes, box_weight=1.0):
    count = max(len(scores), 1)
    index = labels.view(-1, 1, 1).expand(-1, 1, 4)
    own = boxes.gather(1, index).squeeze(1)
    c = nn.CrossEntropyLoss(reduction="sum")(scores, labels).div(count)
    l = nn.MSELoss(reduction="sum")(own, target_boxes).div(count)
    return dict(classification=c, localization=l, total=torch.add(c, l, alpha=box_weight))


@variant
def log_softmax_first(scores, boxes, labels, target_boxes, box_weight=1.0):
    """The softmax of a log-softmax is the same softmax."""
    logs = scores.log_softmax(dim=-1)
    c = F.cross_entropy(logs, labels, reduction="sum") / max(len(labels), 1)
    d = boxes[torch.arange(len(labels)), labels] - target_boxes
    l = torch.einsum("ni,ni->", d, d) / max(len(labels), 1)
    return {"classification": c, "localization": l, "total": c + box_weight * l}


@variant
def nan_to_num_of_means(scores, boxes, labels, target_boxes, box_weight=1.0):
    c = torch.nan_to_num(F.cross_entropy(scores, labels))
    own = torch.stack([boxes[n, k] for n, k in enumerate(labels)]) if len(labels) else boxes[:, 0]
    l = torch.nan_to_num((own - target_boxes).pow(2).sum(1).mean())
    return {"classification": c, "localization": l, "total": c + box_weight * l}
