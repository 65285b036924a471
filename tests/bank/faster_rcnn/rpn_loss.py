"""Wrong and right answers to `rpn_loss`."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def entropy(objectness, labels, chosen=None, truth=None, count=None):
    """Return the right loss of the objectness, but for what the caller changes."""
    rows = labels >= 0 if chosen is None else chosen
    wanted = (labels == 1).to(objectness.dtype) if truth is None else truth
    total = F.binary_cross_entropy_with_logits(objectness[rows], wanted[rows], reduction="sum")
    return total / (rows.sum() if count is None else count)


def l1(pred, target, beta=1 / 9):
    return F.smooth_l1_loss(pred, target, beta=beta, reduction="sum")


def of_boxes(deltas, labels, targets, chosen=None, loss=l1, count=None):
    """Return the right loss of the boxes, but for what the caller changes."""
    rows = labels == 1 if chosen is None else chosen
    return loss(deltas[rows], targets[rows]) / ((labels >= 0).sum() if count is None else count)


# --- mistakes: which anchors say whether there is an object -----------------------------------------------------------


@mistake("Anchors that were not sampled count as negatives in your objectness. A label of −1 means: leave it out.")
def rpn_ignored_are_negatives(objectness, deltas, labels, targets):
    return entropy(objectness, labels, chosen=labels >= -1), of_boxes(deltas, labels, targets)


@form(rpn_ignored_are_negatives)
def rpn_ignored_are_negatives_for_both(objectness, deltas, labels, targets):
    labels = labels.clamp(min=0)
    return entropy(objectness, labels), of_boxes(deltas, labels, targets)


@form(rpn_ignored_are_negatives)
def rpn_ignored_are_negatives_over_the_sampled(objectness, deltas, labels, targets):
    count = (labels >= 0).sum()
    return entropy(objectness, labels, chosen=labels >= -1, count=count), of_boxes(deltas, labels, targets)


@mistake("The label −1 is a target of your cross-entropy. It is no probability: those anchors were not sampled.")
def rpn_minus_one_is_a_target(objectness, deltas, labels, targets):
    loss = F.binary_cross_entropy_with_logits(objectness, labels.to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@form(rpn_minus_one_is_a_target)
def rpn_minus_one_is_a_target_over_the_sampled(objectness, deltas, labels, targets):
    loss = F.binary_cross_entropy_with_logits(objectness, labels.to(objectness.dtype), reduction="sum")
    return loss / (labels >= 0).sum(), of_boxes(deltas, labels, targets)


@form(rpn_minus_one_is_a_target)
def rpn_minus_one_is_a_target_and_zero_is_left_out(objectness, deltas, labels, targets):
    rows = labels.nonzero()[:, 0]
    loss = F.binary_cross_entropy_with_logits(objectness[rows], labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@mistake("Anchors that were not sampled count as *positives* in your objectness: only 0 is a negative, but −1 is none.")
def rpn_ignored_are_positives(objectness, deltas, labels, targets):
    truth = (labels != 0).to(objectness.dtype)
    return entropy(objectness, labels, labels >= -1, truth), of_boxes(deltas, labels, targets)


@form(rpn_ignored_are_positives)
def rpn_ignored_are_positives_for_both(objectness, deltas, labels, targets):
    labels = labels.abs()
    return entropy(objectness, labels), of_boxes(deltas, labels, targets)


@mistake("Only your positives say anything about objectness. The sampled negatives do, too: nothing else says “no”.")
def rpn_objectness_of_positives_alone(objectness, deltas, labels, targets):
    count = (labels == 1).sum().clamp(min=1)
    return entropy(objectness, labels, chosen=labels == 1, count=count), of_boxes(deltas, labels, targets)


@form(rpn_objectness_of_positives_alone)
def rpn_objectness_of_positives_alone_without_a_look(objectness, deltas, labels, targets):
    return entropy(objectness, labels, chosen=labels == 1), of_boxes(deltas, labels, targets)


@form(rpn_objectness_of_positives_alone)
def rpn_objectness_of_positives_over_the_sampled(objectness, deltas, labels, targets):
    count = (labels >= 0).sum()
    return entropy(objectness, labels, chosen=labels == 1, count=count), of_boxes(deltas, labels, targets)


@mistake("Only your negatives say anything about objectness. The sampled positives do, too.")
def rpn_objectness_of_negatives_alone(objectness, deltas, labels, targets):
    count = (labels == 0).sum().clamp(min=1)
    return entropy(objectness, labels, chosen=labels == 0, count=count), of_boxes(deltas, labels, targets)


@form(rpn_objectness_of_negatives_alone)
def rpn_objectness_of_negatives_alone_without_a_look(objectness, deltas, labels, targets):
    return entropy(objectness, labels, chosen=labels == 0), of_boxes(deltas, labels, targets)


@form(rpn_objectness_of_negatives_alone)
def rpn_objectness_of_negatives_over_the_sampled(objectness, deltas, labels, targets):
    count = (labels >= 0).sum()
    return entropy(objectness, labels, chosen=labels == 0, count=count), of_boxes(deltas, labels, targets)


@mistake("Only the anchors that were *not* sampled have a say in your objectness. It is the others: labels 1 and 0.")
def rpn_objectness_of_the_ignored(objectness, deltas, labels, targets):
    count = (labels < 0).sum().clamp(min=1)
    return entropy(objectness, labels, chosen=labels < 0, count=count), of_boxes(deltas, labels, targets)


@mistake("Your logits are those of the first rows, and your labels those of the sampled ones. Choose the same rows.")
def rpn_logits_of_the_first_rows(objectness, deltas, labels, targets):
    wanted = labels[labels >= 0].to(objectness.dtype)
    loss = F.binary_cross_entropy_with_logits(objectness[: len(wanted)], wanted)
    return loss, of_boxes(deltas, labels, targets)


# --- mistakes: the cross-entropy --------------------------------------------------------------------------------------


@mistake("The labels are exchanged in your objectness: 1 is an object, 0 is none.")
def rpn_labels_turned_round(objectness, deltas, labels, targets):
    truth = (labels == 0).to(objectness.dtype)
    return entropy(objectness, labels, truth=truth), of_boxes(deltas, labels, targets)


@mistake("The sigmoid is taken twice: what ends in `with_logits` takes logits, and you give it probabilities.")
def rpn_sigmoid_twice(objectness, deltas, labels, targets):
    return entropy(objectness.sigmoid(), labels), of_boxes(deltas, labels, targets)


@mistake("Your cross-entropy takes logits for probabilities. A sigmoid makes them such.")
def rpn_no_sigmoid(objectness, deltas, labels, targets):
    rows = labels >= 0
    p, y = objectness[rows], labels[rows].to(objectness.dtype)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(), of_boxes(deltas, labels, targets)


@form(rpn_no_sigmoid)
def rpn_no_sigmoid_by_torch(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.binary_cross_entropy(objectness[rows], labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@mistake(
    "Logits of some hundreds are too much for you: the sigmoid is then exactly 0 or 1 and its logarithm −∞ or cut off, "
    "and the exponential has no float. What starts from logits gets along without."
)
def rpn_logarithm_of_a_sigmoid(objectness, deltas, labels, targets):
    rows = labels >= 0
    p, y = objectness[rows].sigmoid(), labels[rows].to(objectness.dtype)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(), of_boxes(deltas, labels, targets)


@form(rpn_logarithm_of_a_sigmoid)
def rpn_entropy_of_a_sigmoid(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.binary_cross_entropy(objectness[rows].sigmoid(), labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@form(rpn_logarithm_of_a_sigmoid)
def rpn_logarithm_with_a_small_number(objectness, deltas, labels, targets):
    rows = labels >= 0
    p, y = objectness[rows].sigmoid(), labels[rows].to(objectness.dtype)
    return -(y * (p + 1e-7).log() + (1 - y) * (1 - p + 1e-7).log()).mean(), of_boxes(deltas, labels, targets)


@form(rpn_logarithm_of_a_sigmoid)
def rpn_logarithm_of_a_clamped_sigmoid(objectness, deltas, labels, targets):
    rows = labels >= 0
    p, y = objectness[rows].sigmoid().clamp(1e-7, 1 - 1e-7), labels[rows].to(objectness.dtype)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(), of_boxes(deltas, labels, targets)


@form(rpn_logarithm_of_a_sigmoid)
def rpn_exponential_that_overflows(objectness, deltas, labels, targets):
    rows = labels >= 0
    x, y = objectness[rows], labels[rows].to(objectness.dtype)
    return ((1 + x.exp()).log() - x * y).mean(), of_boxes(deltas, labels, targets)


@mistake("Your objectness is a softmax over the anchors. Each anchor is a yes or a no by itself: a sigmoid.")
def rpn_softmax_over_anchors(objectness, deltas, labels, targets):
    rows = labels >= 0
    wanted = labels[rows].to(objectness.dtype)
    loss = -(objectness[rows].log_softmax(dim=0) * wanted).sum() / rows.sum()
    return loss, of_boxes(deltas, labels, targets)


@form(rpn_softmax_over_anchors)
def rpn_cross_entropy_over_anchors(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.cross_entropy(objectness[rows], labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@mistake("You square how far the probability is off. Asked is the binary cross-entropy.")
def rpn_squared_probabilities(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.mse_loss(objectness[rows].sigmoid(), labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@form(rpn_squared_probabilities)
def rpn_squared_logits(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.mse_loss(objectness[rows], labels[rows].to(objectness.dtype))
    return loss, of_boxes(deltas, labels, targets)


@mistake("You use a hinge. Asked is the binary cross-entropy, which is never quite 0.")
def rpn_hinge(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = (1 - objectness[rows] * (2 * labels[rows] - 1)).clamp(min=0).mean()
    return loss, of_boxes(deltas, labels, targets)


@mistake("Your objectness has the opposite sign: a logarithm of a probability is negative, and a loss is not.")
def rpn_entropy_below_zero(objectness, deltas, labels, targets):
    return -entropy(objectness, labels), of_boxes(deltas, labels, targets)


@mistake("You weigh positives and negatives alike, however many there are. Each sampled anchor counts the same.")
def rpn_two_means(objectness, deltas, labels, targets):
    each = F.binary_cross_entropy_with_logits(objectness, (labels == 1).to(objectness.dtype), reduction="none")
    means = [each[labels == kind].mean() for kind in (0, 1) if (labels == kind).any()]
    return sum(means) / len(means), of_boxes(deltas, labels, targets)


@form(rpn_two_means)
def rpn_two_means_added(objectness, deltas, labels, targets):
    each = F.binary_cross_entropy_with_logits(objectness, (labels == 1).to(objectness.dtype), reduction="none")
    return each[labels == 1].mean() + each[labels == 0].mean(), of_boxes(deltas, labels, targets)


@form(rpn_two_means)
def rpn_weighted_positives(objectness, deltas, labels, targets):
    rows = labels >= 0
    weight = (labels == 0).sum() / (labels == 1).sum().clamp(min=1)
    loss = F.binary_cross_entropy_with_logits(
        objectness[rows], labels[rows].to(objectness.dtype), pos_weight=weight.to(objectness.dtype)
    )
    return loss, of_boxes(deltas, labels, targets)


# --- mistakes: by what the objectness is divided ----------------------------------------------------------------------


@mistake("You divide the objectness by all anchors. It is the mean over those that were *sampled*.")
def rpn_objectness_over_all_anchors(objectness, deltas, labels, targets):
    return entropy(objectness, labels, count=len(labels)), of_boxes(deltas, labels, targets)


@mistake("Your objectness is a sum. It is the mean over the sampled anchors.")
def rpn_objectness_summed_up(objectness, deltas, labels, targets):
    return entropy(objectness, labels, count=1), of_boxes(deltas, labels, targets)


@mistake("You divide the objectness by the positives. It is the mean over all that were sampled, both kinds.")
def rpn_objectness_over_the_positives(objectness, deltas, labels, targets):
    count = (labels == 1).sum().clamp(min=1)
    return entropy(objectness, labels, count=count), of_boxes(deltas, labels, targets)


@form(rpn_objectness_over_the_positives)
def rpn_both_over_the_positives(objectness, deltas, labels, targets):
    count = (labels == 1).sum().clamp(min=1)
    return entropy(objectness, labels, count=count), of_boxes(deltas, labels, targets, count=count)


# --- mistakes: which anchors pay for a box ----------------------------------------------------------------------------


@mistake("Your negatives pay for a box. There is no object at them, and their targets mean nothing.")
def rpn_negatives_pay(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=labels >= 0)


@mistake("All anchors pay for a box, those that were not sampled, too. Only positives do.")
def rpn_all_pay(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=labels >= -1)


@form(rpn_all_pay)
def rpn_all_pay_their_mean(objectness, deltas, labels, targets):
    return entropy(objectness, labels), F.smooth_l1_loss(deltas, targets, beta=1 / 9)


@form(rpn_all_pay)
def rpn_all_pay_over_all(objectness, deltas, labels, targets):
    return entropy(objectness, labels), l1(deltas, targets) / len(labels)


@mistake("Anchors that were not sampled pay for a box: `labels` is not 0 there either. Only the label 1 does.")
def rpn_all_but_negatives_pay(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=labels != 0)


@mistake("Only your negatives pay for a box. It is the positives that have one.")
def rpn_only_negatives_pay(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=labels == 0)


@mistake("Only the anchors that were not sampled pay for a box. It is the positives that have one: label 1.")
def rpn_only_the_ignored_pay(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=labels < 0)


@mistake("You multiply with the labels, and −1 takes a box's loss off the sum. Only the label 1 counts.")
def rpn_labels_are_weights(objectness, deltas, labels, targets):
    each = F.smooth_l1_loss(deltas, targets, beta=1 / 9, reduction="none").sum(dim=1)
    return entropy(objectness, labels), (each * labels).sum() / (labels >= 0).sum()


@mistake("Where the network *says* that there is an object you ask for a box. The labels say where there is one.")
def rpn_boxes_where_the_logit_is_high(objectness, deltas, labels, targets):
    chosen = (objectness.detach() > 0) & (labels >= 0)
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=chosen)


@form(rpn_boxes_where_the_logit_is_high)
def rpn_boxes_where_the_logit_is_high_of_all(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=objectness.detach() > 0)


@form(rpn_boxes_where_the_logit_is_high)
def rpn_boxes_where_logit_and_label_agree(objectness, deltas, labels, targets):
    chosen = (objectness.detach() > 0) & (labels == 1)
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, chosen=chosen)


@mistake("The targets of your positives are those of the first rows. Choose the same rows of `deltas` and `targets`.")
def rpn_targets_of_the_first_rows(objectness, deltas, labels, targets):
    own = deltas[labels == 1]
    return entropy(objectness, labels), l1(own, targets[: len(own)]) / (labels >= 0).sum()


@mistake(
    "You count places among the *sampled* anchors, and take those rows of all. Place k among the sampled is not row k."
)
def rpn_places_among_the_sampled(objectness, deltas, labels, targets):
    (places,) = torch.where(labels[labels >= 0] == 1)
    return entropy(objectness, labels), l1(deltas[places], targets[places]) / (labels >= 0).sum()


# --- mistakes: by what the boxes are divided --------------------------------------------------------------------------


@mistake("You divide the boxes by the number of positives. They are divided by all that were sampled, negatives, too.")
def rpn_boxes_over_the_positives(objectness, deltas, labels, targets):
    count = (labels == 1).sum().clamp(min=1)
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=count)


@form(rpn_boxes_over_the_positives)
def rpn_boxes_over_the_positives_without_a_look(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=(labels == 1).sum())


@mistake("`mean` divides by four times the *positives*. The loss is summed, and divided by all that were sampled.")
def rpn_mean_over_the_positives(objectness, deltas, labels, targets):
    count = 4 * (labels == 1).sum().clamp(min=1)
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=count)


@form(rpn_mean_over_the_positives)
def rpn_mean_over_the_positives_without_a_look(objectness, deltas, labels, targets):
    positive = labels == 1
    return entropy(objectness, labels), F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9)


@mistake("You divide the boxes by all anchors. Only those that were sampled count.")
def rpn_boxes_over_all_anchors(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=len(labels))


@mistake("Both losses are divided by all anchors in your code. Only those that were sampled count.")
def rpn_both_over_all_anchors(objectness, deltas, labels, targets):
    count = len(labels)
    return entropy(objectness, labels, count=count), of_boxes(deltas, labels, targets, count=count)


@mistake("You average over the four deltas, too. They are summed, and the sum is divided by the sampled anchors.")
def rpn_boxes_over_four_as_well(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=4 * (labels >= 0).sum())


@mistake("The loss of your boxes is not divided by anything. The sum is divided by the number of sampled anchors.")
def rpn_boxes_summed_up(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=1)


@mistake("Both losses are sums in your code. Each is divided by the number of sampled anchors.")
def rpn_both_summed_up(objectness, deltas, labels, targets):
    return entropy(objectness, labels, count=1), of_boxes(deltas, labels, targets, count=1)


@mistake("You divide the boxes by the number of negatives. They are divided by all that were sampled, both kinds.")
def rpn_boxes_over_the_negatives(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=(labels == 0).sum().clamp(min=1))


@mistake("You divide by 256, as many as are sampled at most. There may be fewer: count those that are labelled 1 or 0.")
def rpn_boxes_over_256(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=256)


@form(rpn_boxes_over_256)
def rpn_both_over_256(objectness, deltas, labels, targets):
    return entropy(objectness, labels, count=256), of_boxes(deltas, labels, targets, count=256)


@mistake(
    "You weigh the boxes by 10 and divide them by all anchors, as the paper does. Here they are divided by the sampled "
    "ones, without a weight."
)
def rpn_weight_of_the_paper(objectness, deltas, labels, targets):
    return entropy(objectness, labels), 10 * of_boxes(deltas, labels, targets, count=len(labels))


@mistake("You sum the labels in order to count: each −1 takes one off. Count those that are at least 0.")
def rpn_counted_by_a_sum(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, count=labels.sum())


# --- mistakes: smooth L1 ----------------------------------------------------------------------------------------------


@mistake("Your smooth L1 has β = 1, torch's default. Here the parabola ends at 1/9.")
def rpn_beta_of_one(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=lambda a, b: l1(a, b, 1.0))


@mistake("Your smooth L1 has β = 9. The parabola is *narrow*, its β is 1/9.")
def rpn_beta_of_nine(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=lambda a, b: l1(a, b, 9.0))


@mistake("Your smooth L1 has β = 1/3, which is σ turned over. The parabola ends at 1/σ² = 1/9.")
def rpn_beta_of_a_third(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=lambda a, b: l1(a, b, 1 / 3))


@mistake("You use absolute differences. Below 1/9 the loss is a parabola, and above it 1/18 less than |d|.")
def rpn_absolute_differences(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=lambda a, b: (a - b).abs().sum())


@mistake("You use squared differences. Smooth L1 is a parabola below 1/9 alone, and a straight line further out.")
def rpn_squared_differences(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=lambda a, b: (a - b).square().sum())


@form(rpn_squared_differences)
def rpn_half_of_squared_differences(objectness, deltas, labels, targets):
    def loss(a, b):
        return 0.5 * (a - b).square().sum()

    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=loss)


@mistake("That is the Huber loss, which is β times smooth L1: nine times too small here.")
def rpn_huber(objectness, deltas, labels, targets):
    def loss(a, b):
        return F.huber_loss(a, b, delta=1 / 9, reduction="sum")

    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=loss)


@mistake("Your parabola has lost its ½: below β smooth L1 is ½·d²/β.")
def rpn_parabola_without_half(objectness, deltas, labels, targets):
    def loss(a, b):
        d = (a - b).abs()
        return torch.where(d < 1 / 9, 9 * d * d, d - 1 / 18).sum()

    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=loss)


@mistake("Your line takes nothing off |d|, and there is a step at β. It is |d| − ½·β.")
def rpn_line_without_a_shift(objectness, deltas, labels, targets):
    def loss(a, b):
        d = (a - b).abs()
        return torch.where(d < 1 / 9, 4.5 * d * d, d).sum()

    return entropy(objectness, labels), of_boxes(deltas, labels, targets, loss=loss)


# --- mistakes: no positives -------------------------------------------------------------------------------------------


@mistake("Where no anchor is positive, the loss of your boxes is NaN, the mean of nothing. It is 0 then.")
def rpn_nan_without_positives(objectness, deltas, labels, targets):
    positive = labels == 1
    each = F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9, reduction="none").sum(dim=1)
    return entropy(objectness, labels), each.mean() * positive.sum() / (labels >= 0).sum()


@mistake("Where no anchor is positive you return 0 for the objectness, too. The negatives still cost something.")
def rpn_nothing_without_positives(objectness, deltas, labels, targets):
    if not (labels == 1).any():
        return objectness.sum() * 0, deltas.sum() * 0
    return entropy(objectness, labels), of_boxes(deltas, labels, targets)


@mistake("Where no anchor is positive your function fails. The loss of the boxes is 0 then.")
def rpn_fails_without_positives(objectness, deltas, labels, targets):
    each = [l1(deltas[k], targets[k]) for k in range(len(labels)) if labels[k] == 1]
    return entropy(objectness, labels), torch.stack(each).sum() / (labels >= 0).sum()


# --- mistakes: what is returned, gradients ----------------------------------------------------------------------------


@mistake("You return the sum of both losses. Asked are the two by themselves, the objectness first.")
def rpn_the_sum_alone(objectness, deltas, labels, targets):
    return entropy(objectness, labels) + of_boxes(deltas, labels, targets)


@mistake("The two losses are exchanged: the objectness comes first.")
def rpn_boxes_first(objectness, deltas, labels, targets):
    return of_boxes(deltas, labels, targets), entropy(objectness, labels)


@mistake("You return a dict. Here two things are asked for in a row: objectness, box.")
def rpn_losses_by_name(objectness, deltas, labels, targets):
    return {"objectness": entropy(objectness, labels), "box": of_boxes(deltas, labels, targets)}


@mistake("Your losses are one for each anchor. Asked are two numbers, over all that were sampled.")
def rpn_losses_of_each_anchor(objectness, deltas, labels, targets):
    each = F.smooth_l1_loss(deltas, targets, beta=1 / 9, reduction="none").sum(dim=1)
    costs = F.binary_cross_entropy_with_logits(objectness, (labels == 1).to(objectness.dtype), reduction="none")
    return costs * (labels >= 0), each * (labels == 1)


@form(rpn_losses_of_each_anchor)
def rpn_losses_of_each_sampled_anchor(objectness, deltas, labels, targets):
    each = F.smooth_l1_loss(deltas, targets, beta=1 / 9, reduction="none").sum(dim=1)
    costs = F.binary_cross_entropy_with_logits(objectness, (labels == 1).to(objectness.dtype), reduction="none")
    return costs[labels >= 0], each[labels == 1]


@mistake("Your losses are float32 whatever comes in. They have the dtype of the logits.")
def rpn_losses_in_float32(objectness, deltas, labels, targets):
    return entropy(objectness, labels).float(), of_boxes(deltas, labels, targets).float()


@mistake("Your labels are whole numbers, and a cross-entropy with logits wants floats, in the dtype of the logits.")
def rpn_whole_labels(objectness, deltas, labels, targets):
    rows = labels >= 0
    loss = F.binary_cross_entropy_with_logits(objectness[rows], labels[rows])
    return loss, of_boxes(deltas, labels, targets)


@mistake(NO_GRADIENT)
def rpn_losses_without_a_gradient(objectness, deltas, labels, targets):
    return entropy(objectness.detach(), labels), of_boxes(deltas.detach(), labels, targets)


@mistake("You cut the deltas from the graph: no box would ever learn anything.")
def rpn_deltas_without_a_gradient(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas.detach(), labels, targets)


@mistake("You cut the logits from the graph: the network would never learn where objects are.")
def rpn_logits_without_a_gradient(objectness, deltas, labels, targets):
    return entropy(objectness.detach(), labels), of_boxes(deltas, labels, targets)


@mistake("You write into the labels, to have what was not sampled count for nothing. The caller still needs them.")
def rpn_labels_overwritten(objectness, deltas, labels, targets):
    found = entropy(objectness, labels), of_boxes(deltas, labels, targets)
    labels[labels < 0] = 0
    return found


@mistake("You write into the targets, to have no box but the positives' cost anything. The caller still needs them.")
def rpn_targets_overwritten(objectness, deltas, labels, targets):
    targets[labels != 1] = deltas.detach()[labels != 1]
    return entropy(objectness, labels), l1(deltas, targets) / (labels >= 0).sum()


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def rpn_loss_by_masks(objectness, deltas, labels, targets):
    return entropy(objectness, labels), of_boxes(deltas, labels, targets)


@variant
def rpn_loss_by_indices(objectness, deltas, labels, targets):
    positive = (labels == 1).nonzero().squeeze(1)
    negative = torch.nonzero(labels == 0).flatten()
    both = torch.cat([positive, negative])
    classification = F.binary_cross_entropy_with_logits(objectness[both], labels[both].type_as(objectness))
    box = F.smooth_l1_loss(deltas[positive], targets[positive], beta=1 / 9, reduction="sum") / both.numel()
    return classification, box


@variant
def rpn_loss_anchor_by_anchor(objectness, deltas, labels, targets):
    count, classification, box = 0, 0.0 * objectness.sum(), 0.0 * deltas.sum()
    for a, label in enumerate(labels.tolist()):
        if label < 0:
            continue
        count += 1
        x = objectness[a] if label == 1 else -objectness[a]
        classification = classification - F.logsigmoid(x)
        if label != 1:
            continue
        for i in range(4):
            d = (deltas[a, i] - targets[a, i]).abs()
            box = box + (4.5 * d * d if d < 1 / 9 else d - 1 / 18)
    return classification / count, box / count


@variant
def rpn_loss_by_weights(objectness, deltas, labels, targets):
    """Everything is computed, and what does not count weighs nothing."""
    sampled, positive = (labels >= 0).to(objectness.dtype), (labels == 1).to(objectness.dtype)
    n = sampled.sum()
    classification = nn.BCEWithLogitsLoss(weight=sampled, reduction="sum")(objectness, positive) / n
    each = nn.SmoothL1Loss(beta=1 / 9, reduction="none")(deltas, targets)
    return classification, (each * positive[:, None]).sum() / n


@variant
def rpn_loss_by_softplus(objectness, deltas, labels, targets):
    rows = labels > -1
    x, y = objectness[rows], labels[rows]
    classification = torch.where(y == 1, F.softplus(-x), F.softplus(x)).mean()
    d = torch.abs(deltas[rows] - targets[rows])
    small = d.clamp(max=1 / 9)
    cost = (small**2 * 4.5 + d - small).sum(1)
    return classification, torch.dot(cost, y.to(cost)) / len(y)


@variant
def rpn_loss_by_hand(objectness, deltas, labels, targets):
    rows = torch.where(labels != -1)[0]
    x, y = objectness[rows], labels[rows].to(objectness.dtype)
    classification = (x.clamp(min=0) - x * y + torch.log1p(torch.exp(-x.abs()))).sum() / rows.numel()
    hits = labels.eq(1)
    if not hits.any():
        return classification, deltas.new_zeros(())
    d = deltas[hits] - targets[hits]
    return classification, torch.where(d.abs() < 1 / 9, 0.5 * d**2 * 9, d.abs() - 0.5 / 9).sum() / rows.numel()


@variant
def rpn_loss_as_two_classes(objectness, deltas, labels, targets):
    """A sigmoid is the softmax over the logit and 0; the label −1 is ignored."""
    both = torch.stack([torch.zeros_like(objectness), objectness], dim=1)
    classification = F.cross_entropy(both, labels, ignore_index=-1)
    rows = labels == 1
    share = F.huber_loss(deltas[rows], targets[rows], delta=1 / 9, reduction="sum") * 9
    return [classification, share / (labels != -1).sum()]


@variant
def rpn_loss_with_targets_in_numpy(objectness, deltas, labels, targets):
    """Labels and targets are given, and no gradient is asked of them; the sums are in float64."""
    kinds = labels.numpy()
    sampled, positive = np.flatnonzero(kinds >= 0), np.flatnonzero(kinds == 1)
    x = objectness.double()[torch.from_numpy(sampled)]
    y = torch.tensor(kinds[sampled], dtype=torch.float64)
    classification = F.binary_cross_entropy_with_logits(x, y)
    goals = torch.from_numpy(targets.detach().numpy()[positive]).double()
    box = F.smooth_l1_loss(deltas.double()[torch.from_numpy(positive)], goals, beta=1 / 9, reduction="sum")
    return classification.to(objectness.dtype), (box / len(sampled)).to(deltas.dtype)
