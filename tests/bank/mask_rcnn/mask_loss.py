"""Wrong and right answers to `mask_loss`."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def own_of(logits, labels):
    """Return the channel of each region's label, (R, M, M)."""
    return logits[torch.arange(len(labels)), labels]


def entropy(own, targets, reduction="mean"):
    return F.binary_cross_entropy_with_logits(own, targets, reduction=reduction)


def or_nothing(logits, compute):
    """Return what `compute` does, and 0 without regions."""
    return compute() if len(logits) else logits.sum()


def mean_of(logits, each):
    """Return the mean of `each`, and 0 without regions."""
    return each.mean() if len(logits) else logits.sum()


# --- mistakes: which channel ------------------------------------------------------------------------------------------


@mistake("Your other classes pay too: their masks should be empty. Only the channel of the label costs anything.")
def others_should_be_empty(logits, labels, targets):
    wanted = torch.zeros_like(logits)
    wanted[torch.arange(len(labels)), labels] = targets
    return or_nothing(logits, lambda: entropy(logits, wanted))


@form(others_should_be_empty)
def others_should_be_empty_summed_over_classes(logits, labels, targets):
    wanted = F.one_hot(labels, logits.shape[1])[:, :, None, None] * targets[:, None]
    return or_nothing(logits, lambda: entropy(logits, wanted) * logits.shape[1])


@form(others_should_be_empty)
def others_but_the_background_should_be_empty(logits, labels, targets):
    wanted = F.one_hot(labels, logits.shape[1])[:, :, None, None] * targets[:, None]
    return or_nothing(logits, lambda: entropy(logits[:, 1:], wanted[:, 1:]))


@form(others_should_be_empty)
def others_should_be_no_object(logits, labels, targets):
    """What does not count is set to a logit of 0, and still pays log 2."""
    mask = F.one_hot(labels, logits.shape[1])[:, :, None, None].to(logits.dtype)
    return or_nothing(logits, lambda: entropy(logits * mask, targets[:, None] * mask))


@mistake("You divide by the channels too. One channel of each region counts: the mean is over R · M · M cells.")
def divided_by_the_classes(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), targets) / logits.shape[1])


@form(divided_by_the_classes)
def divided_by_the_objects_classes(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), targets) / (logits.shape[1] - 1))


@mistake("You hold every channel to the target. Only that of the region's own class is asked to draw it.")
def every_channel_should_draw(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits, targets[:, None].expand_as(logits)))


@form(every_channel_should_draw)
def every_channel_of_an_object_should_draw(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, 1:], targets[:, None].expand_as(logits[:, 1:])))


@form(every_channel_should_draw)
def the_mean_channel_should_draw(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits.mean(dim=1), targets))


@form(every_channel_should_draw)
def the_sum_of_channels_should_draw(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits.sum(dim=1), targets))


@form(every_channel_should_draw)
def every_channel_summed(logits, labels, targets):
    each = entropy(logits, targets[:, None].expand_as(logits), "none")
    return mean_of(logits, each.sum(dim=1))


@mistake(
    "You let classes compete for a cell, by a softmax. Here each has a sigmoid of its own, whatever the others say."
)
def softmax_over_classes(logits, labels, targets):
    wanted = torch.where(targets >= 0.5, labels[:, None, None], 0)
    return or_nothing(logits, lambda: F.cross_entropy(logits, wanted))


@form(softmax_over_classes)
def softmax_of_the_own_channel(logits, labels, targets):
    own = own_of(logits.softmax(dim=1), labels)
    return or_nothing(logits, lambda: F.binary_cross_entropy(own.clamp(0, 1), targets))


@form(softmax_over_classes)
def log_softmax_of_the_own_channel(logits, labels, targets):
    return mean_of(logits, -(targets * own_of(logits.log_softmax(dim=1), labels)))


@form(softmax_over_classes)
def cross_entropy_of_the_label_in_every_cell(logits, labels, targets):
    return or_nothing(logits, lambda: F.cross_entropy(logits, labels[:, None, None].expand_as(targets)))


@form(softmax_over_classes)
def cross_entropy_of_the_label_inside_alone(logits, labels, targets):
    each = F.cross_entropy(logits, labels[:, None, None].expand_as(targets), reduction="none")
    return mean_of(logits, each * targets)


@form(softmax_over_classes)
def softmax_with_shares(logits, labels, targets):
    each = logits.log_softmax(dim=1)
    return mean_of(logits, -(targets * own_of(each, labels) + (1 - targets) * each[:, 0]))


@form(softmax_over_classes)
def softmax_over_the_cells(logits, labels, targets):
    own = own_of(logits, labels).flatten(1).log_softmax(dim=1)
    return mean_of(logits, -(own * targets.flatten(1)))


@form(softmax_over_classes)
def softmax_before_the_sigmoid(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits.softmax(dim=1), labels), targets))


@mistake("You look in channel label − 1. The background has channel 0, so the label itself is the channel.")
def channel_before_the_label(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels - 1), targets))


@mistake("You look in channel label + 1. The background has channel 0, so the label itself is the channel.")
def channel_behind_the_label(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels + 1), targets))


@form(channel_behind_the_label)
def channel_behind_the_label_or_the_last(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, (labels + 1) % logits.shape[1]), targets))


@form(channel_behind_the_label)
def channel_behind_the_label_at_most(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, (labels + 1).clamp(max=logits.shape[1] - 1)), targets))


@mistake("You take the channel that is surest. In training the label says which one is meant, however unsure it is.")
def the_surest_channel_in_each_cell(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits.amax(dim=1), targets))


@form(the_surest_channel_in_each_cell)
def the_surest_channel_on_average(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, logits.mean(dim=(2, 3)).argmax(dim=1)), targets))


@form(the_surest_channel_in_each_cell)
def the_surest_channel_at_its_peak(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, logits.amax(dim=(2, 3)).argmax(dim=1)), targets))


@form(the_surest_channel_in_each_cell)
def the_surest_channel_of_an_object(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, 1:].amax(dim=1), targets))


@mistake("You always look in one and the same channel. Each class has its own, and the label says which.")
def channel_zero(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, 0], targets))


@form(channel_zero)
def channel_one(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, 1], targets))


@form(channel_zero)
def channel_last(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, -1], targets))


@form(channel_zero)
def channel_of_the_first_label(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, labels[0]], targets))


@mistake("`logits[:, labels]` takes every label's channel of every region. Regions and labels go in pairs.")
def every_label_of_every_region(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, labels], targets[:, None].expand(-1, len(labels), -1, -1)))


@form(every_label_of_every_region)
def every_label_of_every_region_unexpanded(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[:, labels], targets))


@form(every_label_of_every_region)
def every_label_of_every_region_by_formula(logits, labels, targets):
    own = logits[:, labels]
    return mean_of(logits, F.softplus(own) - own * targets)


@form(every_label_of_every_region)
def every_label_of_every_region_beside_its_target(logits, labels, targets):
    own = logits[:, labels]
    return mean_of(logits, F.softplus(own) - own * targets[:, None])


@form(every_label_of_every_region)
def every_region_of_a_label(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[labels], targets))


@form(every_label_of_every_region)
def regions_by_label(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(logits[labels % len(labels), labels], targets))


@form(every_label_of_every_region)
def every_target_for_every_region(logits, labels, targets):
    own = own_of(logits, labels)[:, None]
    return mean_of(logits, F.softplus(own) - own * targets[None])


@mistake("Your background channel pays as well, for what is outside. A region's own channel says both: inside and not.")
def background_should_draw_the_rest(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), targets) + entropy(logits[:, 0], 1 - targets))


@form(background_should_draw_the_rest)
def background_should_draw_the_rest_as_a_mean(logits, labels, targets):
    def both():
        return (entropy(own_of(logits, labels), targets) + entropy(logits[:, 0], 1 - targets)) / 2

    return or_nothing(logits, both)


@form(background_should_draw_the_rest)
def own_channel_less_the_background(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels) - logits[:, 0], targets))


# --- mistakes: mean and sum -------------------------------------------------------------------------------------------


@mistake("You add up all cells. Asked is the mean, over regions and cells: divide by R · M · M.")
def sum_over_everything(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "sum")


@mistake("You add up the cells of a region, and take the mean over regions alone. Divide by the M · M cells, too.")
def sum_over_cells(logits, labels, targets):
    return mean_of(logits, entropy(own_of(logits, labels), targets, "none").sum(dim=(1, 2)))


@form(sum_over_cells)
def divided_by_one_side(logits, labels, targets):
    return mean_of(logits, entropy(own_of(logits, labels), targets, "none").sum(dim=1))


@mistake("You add up the regions and take the mean over cells alone. Divide by the number of regions, too.")
def sum_over_regions(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "none").mean(dim=(1, 2)).sum()


@mistake(
    "You take the mean of each class first, so that rare ones weigh as much as frequent ones. Every region counts the same."
)
def mean_of_classes(logits, labels, targets):
    def means():
        each = entropy(own_of(logits, labels), targets, "none")
        return torch.stack([each[labels == label].mean() for label in labels.unique()]).mean()

    return or_nothing(logits, means)


@form(mean_of_classes)
def sum_of_classes(logits, labels, targets):
    def means():
        each = entropy(own_of(logits, labels), targets, "none")
        return torch.stack([each[labels == label].mean() for label in labels.unique()]).sum()

    return or_nothing(logits, means)


@form(mean_of_classes)
def mean_over_all_classes(logits, labels, targets):
    def means():
        each = entropy(own_of(logits, labels), targets, "none")
        return torch.stack([each[labels == label].mean() for label in labels.unique()]).sum() / logits.shape[1]

    return or_nothing(logits, means)


@mistake("You divide by how much of the regions is inside. It is the number of cells, inside and outside: R · M · M.")
def divided_by_what_is_inside(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "sum") / targets.sum().clamp(min=1e-6)


@form(divided_by_what_is_inside)
def divided_by_what_is_inside_of_each_region(logits, labels, targets):
    each = entropy(own_of(logits, labels), targets, "none").sum(dim=(1, 2)) / targets.sum(dim=(1, 2)).clamp(min=1)
    return mean_of(logits, each)


@form(divided_by_what_is_inside)
def divided_by_the_cells_inside(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "sum") / (targets > 0.5).sum().clamp(min=1)


@mistake("You return a loss for each region, or for each cell. Asked is one number, the mean of all.")
def loss_of_each_cell(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "none")


@form(loss_of_each_cell)
def loss_of_each_region(logits, labels, targets):
    return entropy(own_of(logits, labels), targets, "none").mean(dim=(1, 2))


@mistake("Your loss has a dimension. It is one number, without any: `mean()` gives that by itself.")
def loss_with_a_dimension(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), targets))[None]


# --- mistakes: the entropy --------------------------------------------------------------------------------------------


@mistake("You take the logits for probabilities. A sigmoid has to come first.")
def logits_as_probabilities(logits, labels, targets):
    return or_nothing(logits, lambda: F.binary_cross_entropy(own_of(logits, labels), targets))


@form(logits_as_probabilities)
def logits_as_probabilities_cut_off(logits, labels, targets):
    return or_nothing(logits, lambda: F.binary_cross_entropy(own_of(logits, labels).clamp(0, 1), targets))


@form(logits_as_probabilities)
def logits_as_probabilities_by_formula(logits, labels, targets):
    p = own_of(logits, labels)
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@form(logits_as_probabilities)
def logits_as_probabilities_nearly_cut_off(logits, labels, targets):
    p = own_of(logits, labels).clamp(1e-7, 1 - 1e-7)
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@mistake("You take the sigmoid twice. `binary_cross_entropy_with_logits` has one in it already.")
def sigmoid_twice(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels).sigmoid(), targets))


@mistake(
    "Your logarithm gets a sigmoid that was rounded to 0 or 1. Of large logits the loss is as large, so take both at once."
)
def logarithm_of_a_sigmoid(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@form(logarithm_of_a_sigmoid)
def entropy_of_a_sigmoid(logits, labels, targets):
    return or_nothing(logits, lambda: F.binary_cross_entropy(own_of(logits, labels).sigmoid(), targets))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_clamped_sigmoid(logits, labels, targets):
    p = own_of(logits, labels).sigmoid().clamp(1e-7, 1 - 1e-7)
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_clamped_at_a_millionth(logits, labels, targets):
    p = own_of(logits, labels).sigmoid().clamp(1e-6, 1 - 1e-6)
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_a_little(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return mean_of(logits, -(targets * (p + 1e-8).log() + (1 - targets) * (1 - p + 1e-8).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_a_tenth_millionth(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return mean_of(logits, -(targets * (p + 1e-7).log() + (1 - targets) * (1 - p + 1e-7).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_very_little(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return mean_of(logits, -(targets * (p + 1e-12).log() + (1 - targets) * (1 - p + 1e-12).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_a_millionth(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return mean_of(logits, -(targets * (p + 1e-6).log() + (1 - targets) * (1 - p + 1e-6).log()))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_or_nothing(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_a_millionth_or_nothing(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return -(targets * (p + 1e-6).log() + (1 - targets) * (1 - p + 1e-6).log()).mean()


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_sigmoid_and_a_little_or_nothing(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return -(targets * (p + 1e-8).log() + (1 - targets) * (1 - p + 1e-8).log()).mean()


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_clamped_sigmoid_or_nothing(logits, labels, targets):
    p = own_of(logits, labels).sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()


@form(logarithm_of_a_sigmoid)
def entropy_of_a_sigmoid_or_nothing(logits, labels, targets):
    return F.binary_cross_entropy(own_of(logits, labels).sigmoid(), targets)


@form(logarithm_of_a_sigmoid)
def logarithm_of_an_exponential(logits, labels, targets):
    own = own_of(logits, labels)
    return mean_of(logits, (1 + own.exp()).log() - own * targets)


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_negative_exponential(logits, labels, targets):
    own = own_of(logits, labels)
    return mean_of(logits, (1 + (-own).exp()).log() + own * (1 - targets))


@form(logarithm_of_a_sigmoid)
def logarithm_of_a_written_sigmoid(logits, labels, targets):
    p = 1 / (1 + (-own_of(logits, labels)).exp())
    return mean_of(logits, -(targets * p.log() + (1 - targets) * (1 - p).log()))


@mistake("You square the difference. A mask's cells are questions of yes or no, and cost their cross-entropy.")
def squares(logits, labels, targets):
    return mean_of(logits, (own_of(logits, labels).sigmoid() - targets) ** 2)


@form(squares)
def squares_of_logits(logits, labels, targets):
    return mean_of(logits, (own_of(logits, labels) - targets) ** 2)


@form(squares)
def absolute_differences(logits, labels, targets):
    return mean_of(logits, (own_of(logits, labels).sigmoid() - targets).abs())


@form(squares)
def dice(logits, labels, targets):
    p = own_of(logits, labels).sigmoid()
    return or_nothing(logits, lambda: 1 - 2 * (p * targets).sum() / (p.sum() + targets.sum()))


@form(squares)
def smooth_differences(logits, labels, targets):
    return or_nothing(logits, lambda: F.smooth_l1_loss(own_of(logits, labels).sigmoid(), targets))


@mistake(
    "What should be outside costs you nothing. Of every cell both halves count: t · log p and (1 − t) · log (1 − p)."
)
def the_inside_alone(logits, labels, targets):
    return mean_of(logits, -targets * F.logsigmoid(own_of(logits, labels)))


@form(the_inside_alone)
def the_cells_inside_alone(logits, labels, targets):
    inside = targets > 0.5
    return or_nothing(logits, lambda: entropy(own_of(logits, labels)[inside], targets[inside]))


@form(the_inside_alone)
def the_cells_that_are_touched(logits, labels, targets):
    inside = targets > 0
    return or_nothing(logits, lambda: entropy(own_of(logits, labels)[inside], targets[inside]))


@form(the_inside_alone)
def the_inside_alone_of_all_cells(logits, labels, targets):
    return mean_of(logits, entropy(own_of(logits, labels), targets, "none") * (targets > 0.5))


@mistake(
    "What should be inside costs you nothing. Of every cell both halves count: t · log p and (1 − t) · log (1 − p)."
)
def the_outside_alone(logits, labels, targets):
    return mean_of(logits, (1 - targets) * F.softplus(own_of(logits, labels)))


@mistake(
    "You weigh inside and outside against each other. Each cell counts the same, however many there are of its kind."
)
def inside_and_outside_weighed(logits, labels, targets):
    each, inside = entropy(own_of(logits, labels), targets, "none"), targets > 0.5
    return or_nothing(logits, lambda: (each[inside].mean().nan_to_num() + each[~inside].mean().nan_to_num()) / 2)


@form(inside_and_outside_weighed)
def inside_weighed_by_the_outside(logits, labels, targets):
    weight = (1 - targets).sum() / targets.sum().clamp(min=1e-6)
    own = own_of(logits, labels)
    return or_nothing(logits, lambda: F.binary_cross_entropy_with_logits(own, targets, pos_weight=weight))


@mistake(
    "Your targets become 0 or 1. They are shares, as a cell may be half inside, and cross-entropy takes them as they are."
)
def targets_above_a_half(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), (targets >= 0.5).to(logits.dtype)))


@form(targets_above_a_half)
def targets_above_nothing(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), (targets > 0).to(logits.dtype)))


@form(targets_above_a_half)
def targets_cut_off(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), targets.long().to(logits.dtype)))


@mistake("Logits and targets have changed places in your cross-entropy: first what was said, then what is true.")
def said_and_true_exchanged(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(targets, own_of(logits, labels)))


@form(said_and_true_exchanged)
def said_and_true_exchanged_after_a_sigmoid(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(targets, own_of(logits, labels).sigmoid()))


@form(said_and_true_exchanged)
def said_and_true_exchanged_as_probabilities(logits, labels, targets):
    return or_nothing(logits, lambda: F.binary_cross_entropy(targets, own_of(logits, labels).sigmoid()))


@mistake("Your sign is the wrong one: the better the mask, the larger is your loss.")
def sign_of_the_loss(logits, labels, targets):
    return -or_nothing(logits, lambda: entropy(own_of(logits, labels), targets))


@form(sign_of_the_loss)
def inside_is_outside(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels), 1 - targets))


@form(sign_of_the_loss)
def logits_of_the_outside(logits, labels, targets):
    own = own_of(logits, labels)
    return mean_of(logits, F.softplus(own) + own * targets)


# --- mistakes: edges, gradients, what is returned ---------------------------------------------------------------------


@mistake("Without a region your loss is NaN, the mean of nothing. It should be 0, and the training goes on.")
def mean_of_nothing(logits, labels, targets):
    return entropy(own_of(logits, labels), targets)


@form(mean_of_nothing)
def fails_without_a_region(logits, labels, targets):
    each = [entropy(row[label], wanted) for row, label, wanted in zip(logits, labels, targets, strict=True)]
    return torch.stack(each).mean()


@form(mean_of_nothing)
def divided_by_no_region(logits, labels, targets):
    total = 0.0
    for row, label, wanted in zip(logits, labels, targets, strict=True):
        total = total + entropy(row[label], wanted)
    return total / len(logits)


@mistake(
    "Without a region your 0 is a new number, from which no gradient can flow. The sum of no logits is 0 as well, and can."
)
def zero_out_of_nowhere(logits, labels, targets):
    return entropy(own_of(logits, labels), targets) if len(logits) else logits.new_zeros(())


@form(zero_out_of_nowhere)
def zero_in_float32(logits, labels, targets):
    return entropy(own_of(logits, labels), targets) if len(logits) else torch.zeros(1)


@mistake(NO_GRADIENT)
def loss_of_masks_without_a_gradient(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits.detach(), labels), targets))


@mistake("Your loss is float32 whatever comes in. It has the dtype of `logits`.")
def loss_of_masks_in_float32(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels).float(), targets.float()))


@form(loss_of_masks_in_float32)
def loss_of_masks_in_float32_and_back(logits, labels, targets):
    return or_nothing(logits, lambda: entropy(own_of(logits, labels).float(), targets.float())).to(logits.dtype)


@mistake("You write the sigmoid into the logits. Whoever called still needs what the network said.")
def sigmoids_are_written_into_the_logits(logits, labels, targets):
    loss = or_nothing(logits, lambda: entropy(own_of(logits, labels), targets))
    logits.detach().sigmoid_()
    return loss


@mistake("You write into the targets. They are needed as they are.")
def targets_are_written_into(logits, labels, targets):
    loss = or_nothing(logits, lambda: entropy(own_of(logits, labels), targets))
    targets.round_()
    return loss


@mistake("You write into the labels. They are needed as they are.")
def labels_are_written_into(logits, labels, targets):
    loss = or_nothing(logits, lambda: entropy(own_of(logits, labels), targets))
    labels -= 1
    return loss


@mistake("`.view` does not join what lies apart in memory, as a network's maps do with channels last: `.reshape` does.")
def masks_joined_by_view(logits, labels, targets):
    count, classes, side, _ = logits.shape
    own = logits.view(count * classes, side, side)[torch.arange(count) * classes + labels]
    return or_nothing(logits, lambda: entropy(own, targets))


@mistake("You drop every dimension of size 1. A single region has one too, and so has a mask of one cell.")
def masks_are_squeezed(logits, labels, targets):
    index = labels[:, None, None, None].expand(-1, 1, *targets.shape[1:])
    return or_nothing(logits, lambda: entropy(logits.gather(1, index).squeeze(), targets))


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def loss_by_pairs_of_indices(logits, labels, targets):
    own = logits[range(len(labels)), labels]
    return F.binary_cross_entropy_with_logits(own, targets) if len(own) else logits.sum() * 0


@variant
def loss_by_gathering(logits, labels, targets):
    count, _, side, _ = logits.shape
    own = torch.gather(logits, 1, labels.view(count, 1, 1, 1).expand(count, 1, side, side)).squeeze(1)
    return F.binary_cross_entropy_with_logits(own, targets, reduction="sum") / max(targets.numel(), 1)


@variant
def loss_region_by_region(logits, labels, targets):
    total = logits.sum() * 0
    for r, label in enumerate(labels.tolist()):
        total = total + F.binary_cross_entropy_with_logits(logits[r, label], targets[r])
    return total / max(1, len(labels))


@variant
def loss_by_a_formula(logits, labels, targets):
    own = logits[torch.arange(labels.numel()), labels]
    each = own.clamp(min=0) - own * targets + torch.log1p(torch.exp(-own.abs()))
    return each.sum() / max(each.numel(), 1)


@variant
def loss_by_log_sigmoid(logits, labels, targets):
    own = torch.stack([row[label] for row, label in zip(logits, labels, strict=True)]) if len(labels) else logits[:, 0]
    each = -(targets * F.logsigmoid(own) + (1 - targets) * F.logsigmoid(-own))
    return each.mean() if each.numel() else each.sum()


@variant
def loss_by_one_hot(logits, labels, targets):
    """What is another class's is multiplied by 0, after the loss of every channel was taken."""
    mask = F.one_hot(labels, logits.shape[1]).to(logits.dtype)[:, :, None, None]
    each = F.binary_cross_entropy_with_logits(logits, targets[:, None].expand(logits.shape), reduction="none")
    return (each * mask).sum() / max(targets.numel(), 1)


@variant
def loss_by_a_boolean_mask(logits, labels, targets):
    own = logits[labels[:, None] == torch.arange(logits.shape[1])]
    return nn.BCEWithLogitsLoss(reduction="sum")(own, targets) / (targets.numel() or 1)


@variant
def loss_by_weights(logits, labels, targets):
    weight = torch.zeros_like(logits)
    weight[np.arange(len(labels)), labels.numpy()] = 1.0
    total = F.binary_cross_entropy_with_logits(logits, targets[:, None].expand_as(logits), weight, reduction="sum")
    return total / max(1, targets.numel())


@variant
def loss_by_softplus(logits, labels, targets):
    own = torch.einsum("rkij,rk->rij", logits, F.one_hot(labels, logits.shape[1]).to(logits.dtype))
    return torch.nan_to_num((F.softplus(own) - targets * own).mean()) if len(own) else own.sum()


@variant
def loss_as_two_classes(logits, labels, targets):
    """A sigmoid is a softmax of the logit and 0."""
    own = logits.flatten(0, 1)[torch.arange(len(labels)) * logits.shape[1] + labels].reshape(-1)
    both = torch.stack([torch.zeros_like(own), own], dim=1).log_softmax(dim=1)
    share = targets.reshape(-1)
    return -(both[:, 0] * (1 - share) + both[:, 1] * share).sum() / max(len(share), 1)


@variant
def loss_in_float64(logits, labels, targets):
    own = logits.double()[torch.arange(len(labels)), labels]
    loss = F.binary_cross_entropy_with_logits(own, targets.double(), reduction="none")
    return (loss.mean() if len(labels) else loss.sum()).to(logits.dtype)
