"""Wrong and right answers to `fast_rcnn_loss`."""

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def entropy(logits, labels):
    return F.cross_entropy(logits, labels)


def l1(pred, target, beta=1 / 9):
    return F.smooth_l1_loss(pred, target, beta=beta, reduction="sum")


def of_class(deltas, labels):
    """Return the deltas (R, 4) of each region's class."""
    return deltas.reshape(len(deltas), -1, 4)[torch.arange(len(labels)), labels]


def localization(deltas, labels, targets, own=of_class, chosen=None, loss=l1, count=None):
    """Return the right loss of the boxes, but for what the caller changes."""
    mask = labels > 0 if chosen is None else chosen
    total = loss(own(deltas, labels)[mask], targets[mask])
    return total / (len(labels) if count is None else count)


# --- mistakes: whose deltas -------------------------------------------------------------------------------------------


@mistake("You hold the deltas of *all* classes to the target. Only those of the true class are meant for this region.")
def rcnn_deltas_of_all_classes(logits, deltas, labels, targets):
    def loss(own, target):
        return l1(own, target[:, None].expand_as(own))

    return entropy(logits, labels), localization(
        deltas, labels, targets, own=lambda deltas, labels: deltas.reshape(len(deltas), -1, 4), loss=loss
    )


@form(rcnn_deltas_of_all_classes)
def rcnn_deltas_of_all_classes_over_their_number(logits, deltas, labels, targets):
    def loss(own, target):
        return l1(own, target[:, None].expand_as(own)) / own.shape[1]

    return entropy(logits, labels), localization(
        deltas, labels, targets, own=lambda deltas, labels: deltas.reshape(len(deltas), -1, 4), loss=loss
    )


@mistake(
    "You take the deltas of the class with the highest logit. Training holds those of the *true* class to the target."
)
def rcnn_deltas_of_the_best_class(logits, deltas, labels, targets):
    best = logits.argmax(dim=1)
    return entropy(logits, labels), localization(deltas, labels, targets, own=lambda d, _: of_class(d, best))


@form(rcnn_deltas_of_the_best_class)
def rcnn_deltas_of_the_best_class_as_the_label(logits, deltas, labels, targets):
    best = logits.argmax(dim=1)
    return entropy(logits, labels), localization(deltas, best, targets)


@mistake(
    "You take the deltas of the class before: class 0, the background, has four numbers too, and they stand first."
)
def rcnn_deltas_of_the_class_before(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, own=lambda d, k: of_class(d, k - 1))


@mistake("Your four numbers begin at column `label`. Each class has four, so those of a label begin at 4 · label.")
def rcnn_deltas_from_the_label_on(logits, deltas, labels, targets):
    def own(deltas, labels):
        return deltas.gather(1, (labels[:, None] + torch.arange(4)).clamp(max=deltas.shape[1] - 1))

    return entropy(logits, labels), localization(deltas, labels, targets, own=own)


@mistake("You read the deltas as (R, 4, K). They stand class after class, four numbers each: (R, K, 4).")
def rcnn_deltas_with_the_classes_last(logits, deltas, labels, targets):
    def own(deltas, labels):
        return deltas.reshape(len(deltas), 4, -1)[torch.arange(len(labels)), :, labels]

    return entropy(logits, labels), localization(deltas, labels, targets, own=own)


@mistake("You take the first four deltas of every region, whatever its label: those of the background.")
def rcnn_deltas_of_the_background(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, own=lambda d, _: d[:, :4])


@mistake("You take the last four deltas of every region, whatever its label. They belong to the last class.")
def rcnn_deltas_of_the_last_class(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, own=lambda d, _: d[:, -4:])


@mistake("You take the deltas of the first class with objects, class 1, whatever the label is.")
def rcnn_deltas_of_the_first_class(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, own=lambda d, _: d[:, 4:8])


@mistake(
    "With `[:, labels]` every region gets the deltas of *all* regions' labels. Each has one label, its own: pair them up."
)
def rcnn_deltas_of_every_label(logits, deltas, labels, targets):
    (positive,) = torch.where(labels > 0)
    own = deltas.reshape(len(deltas), -1, 4)[positive][:, labels[positive]]
    return entropy(logits, labels), l1(own, targets[positive][:, None].expand_as(own)) / len(labels)


@form(rcnn_deltas_of_every_label)
def rcnn_deltas_of_every_label_by_broadcasting(logits, deltas, labels, targets):
    (positive,) = torch.where(labels > 0)
    own = deltas.reshape(len(deltas), -1, 4)[positive][:, labels[positive]]
    return entropy(logits, labels), l1(own, targets[positive].expand_as(own)) / len(labels)


@mistake(
    "The targets of your positive regions are those of the first rows. Choose the same rows of `deltas` and of `targets`."
)
def rcnn_targets_of_the_first_rows(logits, deltas, labels, targets):
    own = of_class(deltas, labels)[labels > 0]
    return entropy(logits, labels), l1(own, targets[: len(own)]) / len(labels)


@mistake(
    "You average the deltas of all classes first. Each class has deltas of its own, and only the true class's count."
)
def rcnn_deltas_averaged_over_classes(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(
        deltas, labels, targets, own=lambda d, _: d.reshape(len(d), -1, 4).mean(dim=1)
    )


# --- mistakes: which regions ------------------------------------------------------------------------------------------


@mistake("Your background regions pay for a box. There is none: label 0 costs nothing in localization.")
def rcnn_background_pays_for_boxes(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels >= 0)


@mistake("Only your background regions pay for a box. It is the others that have one: labels above 0.")
def rcnn_only_background_pays_for_boxes(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels == 0)


@mistake("Only regions with the label 1 pay for a box in your code. Every label above 0 is an object.")
def rcnn_only_class_one_pays(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels == 1)


@mistake("Regions with the label 1 pay nothing in your code. Only 0 is the background.")
def rcnn_class_one_is_background(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels > 1)


@mistake("You take the *last* class for the background. Here it is class 0.")
def rcnn_last_class_is_background(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels < logits.shape[1] - 1)


@mistake(
    "You multiply with the label, so that class 2 pays twice what class 1 does. Above 0 all labels count the same."
)
def rcnn_label_is_a_weight(logits, deltas, labels, targets):
    def loss(own, target):
        each = F.smooth_l1_loss(own, target, beta=1 / 9, reduction="none").sum(dim=1)
        return (each * labels).sum()

    return entropy(logits, labels), localization(deltas, labels, targets, chosen=labels >= 0, loss=loss)


@mistake("Your classification leaves the background out. It is a class like the others, and most regions belong to it.")
def rcnn_classification_of_objects_only(logits, deltas, labels, targets):
    mask = labels > 0
    count = max(int(mask.sum()), 1)
    return F.cross_entropy(logits[mask], labels[mask], reduction="sum") / count, localization(deltas, labels, targets)


@form(rcnn_classification_of_objects_only)
def rcnn_classification_of_objects_only_over_all(logits, deltas, labels, targets):
    mask = labels > 0
    cost = F.cross_entropy(logits[mask], labels[mask], reduction="sum") / len(labels)
    return cost, localization(deltas, labels, targets)


@form(rcnn_classification_of_objects_only)
def rcnn_classification_that_ignores_the_background(logits, deltas, labels, targets):
    return F.cross_entropy(logits, labels, ignore_index=0), localization(deltas, labels, targets)


# --- mistakes: by what it is divided ----------------------------------------------------------------------------------


@mistake("You divide the localization by the number of *positive* regions. It is divided by all of them, R.")
def rcnn_divided_by_the_positives(logits, deltas, labels, targets):
    count = max(int((labels > 0).sum()), 1)
    return entropy(logits, labels), localization(deltas, labels, targets, count=count)


@form(rcnn_divided_by_the_positives)
def rcnn_divided_by_the_positives_without_a_look(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, count=(labels > 0).sum())


@mistake("You average over the four numbers, too. They are summed, and the sum is divided by the number of regions.")
def rcnn_divided_by_four_as_well(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, count=4 * len(labels))


@mistake(
    "`mean` divides by four times the *positive* regions. The loss is summed, and divided by the number of all regions."
)
def rcnn_mean_over_the_positives(logits, deltas, labels, targets):
    count = 4 * max(int((labels > 0).sum()), 1)
    return entropy(logits, labels), localization(deltas, labels, targets, count=count)


@form(rcnn_mean_over_the_positives)
def rcnn_mean_over_the_positives_without_a_look(logits, deltas, labels, targets):
    mask = labels > 0
    return entropy(logits, labels), F.smooth_l1_loss(of_class(deltas, labels)[mask], targets[mask], beta=1 / 9)


@mistake("Your localization is not divided by anything. It is a sum over the boxes, divided by the number of regions.")
def rcnn_localization_summed_up(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, count=1)


@mistake("Your classification is a sum. It is the mean over all regions.")
def rcnn_classification_summed_up(logits, deltas, labels, targets):
    return F.cross_entropy(logits, labels, reduction="sum"), localization(deltas, labels, targets)


@mistake("Both losses are sums in your code. Each is divided by the number of regions.")
def rcnn_both_summed_up(logits, deltas, labels, targets):
    cost = F.cross_entropy(logits, labels, reduction="sum")
    return cost, localization(deltas, labels, targets, count=1)


@mistake("Your localization is divided by the number of classes as well. Only one class's deltas are in it.")
def rcnn_localization_over_the_classes(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, count=logits.numel())


# --- mistakes: the two losses -----------------------------------------------------------------------------------------


@mistake("Your smooth L1 has β = 1, torch's default. Here the parabola ends at 1/9.")
def rcnn_beta_of_one(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, loss=lambda a, b: l1(a, b, beta=1.0))


@mistake("You use absolute differences. Below 1/9 the loss is a parabola, and above it 1/18 less than |d|.")
def rcnn_absolute_differences(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, loss=lambda a, b: (a - b).abs().sum())


@mistake("You use squared differences. Smooth L1 is a parabola below 1/9 alone, and a straight line further out.")
def rcnn_squared_differences(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, loss=lambda a, b: (a - b).square().sum())


@form(rcnn_squared_differences)
def rcnn_half_of_squared_differences(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(
        deltas, labels, targets, loss=lambda a, b: 0.5 * (a - b).square().sum()
    )


@mistake("Your smooth L1 has β = 9. The parabola is *narrow*, its β is 1/9.")
def rcnn_beta_of_nine(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, loss=lambda a, b: l1(a, b, beta=9.0))


@mistake("Your smooth L1 has β = 1/3, which is σ turned over. The parabola ends at 1/σ² = 1/9.")
def rcnn_beta_of_a_third(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets, loss=lambda a, b: l1(a, b, beta=1 / 3))


@mistake("That is the Huber loss, which is β times smooth L1: nine times too small here.")
def rcnn_huber_of_deltas(logits, deltas, labels, targets):
    def loss(a, b):
        return F.huber_loss(a, b, delta=1 / 9, reduction="sum")

    return entropy(logits, labels), localization(deltas, labels, targets, loss=loss)


@mistake("`F.cross_entropy` takes logits and does the softmax itself; you give it probabilities.")
def rcnn_entropy_of_probabilities(logits, deltas, labels, targets):
    return F.cross_entropy(logits.softmax(dim=1), labels), localization(deltas, labels, targets)


@mistake(
    "You leave the logarithm out: `F.nll_loss` wants log-probabilities, and takes logits or probabilities for that."
)
def rcnn_likelihood_without_a_logarithm(logits, deltas, labels, targets):
    return F.nll_loss(logits.softmax(dim=1), labels), localization(deltas, labels, targets)


@form(rcnn_likelihood_without_a_logarithm)
def rcnn_likelihood_of_logits(logits, deltas, labels, targets):
    return F.nll_loss(logits, labels), localization(deltas, labels, targets)


@mistake(
    "The logarithm of a softmax is −∞ where a probability is too small for a float. `log_softmax` never gets there."
)
def rcnn_logarithm_of_a_softmax(logits, deltas, labels, targets):
    logs = logits.softmax(dim=1).log()
    return F.nll_loss(logs, labels), localization(deltas, labels, targets)


@mistake("You use a binary cross-entropy for each class. The classes compete: one softmax over all of them.")
def rcnn_binary_entropies(logits, deltas, labels, targets):
    truth = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, truth), localization(deltas, labels, targets)


@form(rcnn_binary_entropies)
def rcnn_binary_entropies_summed_over_classes(logits, deltas, labels, targets):
    truth = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    cost = F.binary_cross_entropy_with_logits(logits, truth, reduction="sum") / len(labels)
    return cost, localization(deltas, labels, targets)


@mistake("Your softmax runs over the regions. It runs over the classes of one region, dimension 1.")
def rcnn_softmax_over_the_regions(logits, deltas, labels, targets):
    return F.nll_loss(logits.log_softmax(dim=0), labels), localization(deltas, labels, targets)


# --- mistakes: no positives, what is returned, gradients --------------------------------------------------------------


@mistake("Where all regions are background your localization is NaN, the mean of nothing. It is 0 then.")
def rcnn_nan_without_objects(logits, deltas, labels, targets):
    mask = labels > 0
    each = F.smooth_l1_loss(of_class(deltas, labels)[mask], targets[mask], beta=1 / 9, reduction="none").sum(dim=1)
    return entropy(logits, labels), each.mean() * mask.sum() / len(labels)


@mistake("You return the sum of both losses. Asked are the two by themselves, classification first.")
def rcnn_the_sum_alone(logits, deltas, labels, targets):
    return entropy(logits, labels) + localization(deltas, labels, targets)


@mistake("The two losses are exchanged: classification comes first.")
def rcnn_localization_first(logits, deltas, labels, targets):
    return localization(deltas, labels, targets), entropy(logits, labels)


@mistake("You return a dict. Here two things are asked for in a row: classification, localization.")
def rcnn_losses_by_name(logits, deltas, labels, targets):
    return {"classification": entropy(logits, labels), "localization": localization(deltas, labels, targets)}


@mistake("Your losses are one for each region. Asked are two numbers, over all regions.")
def rcnn_losses_of_each_region(logits, deltas, labels, targets):
    each = F.smooth_l1_loss(of_class(deltas, labels), targets, beta=1 / 9, reduction="none").sum(dim=1)
    return F.cross_entropy(logits, labels, reduction="none"), torch.where(labels > 0, each, each * 0)


@mistake("Your losses are float32 whatever comes in. They have the dtype of the logits.")
def rcnn_losses_in_float32(logits, deltas, labels, targets):
    return entropy(logits, labels).float(), localization(deltas, labels, targets).float()


@mistake(NO_GRADIENT)
def rcnn_losses_without_a_gradient(logits, deltas, labels, targets):
    return entropy(logits.detach(), labels), localization(deltas.detach(), labels, targets.detach())


@mistake("You cut the deltas from the graph: no box would ever learn anything.")
def rcnn_deltas_without_a_gradient(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas.detach(), labels, targets)


@mistake("You cut the targets from the graph. Asked are gradients of logits, deltas *and* targets.")
def rcnn_targets_without_a_gradient(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets.detach())


@mistake("You write into the targets, to have those of background cost nothing. The caller still needs them.")
def rcnn_targets_overwritten(logits, deltas, labels, targets):
    with torch.no_grad():
        targets[labels == 0] = of_class(deltas, labels)[labels == 0]
    return entropy(logits, labels), localization(deltas, labels, targets)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def rcnn_loss_by_pairs_of_indices(logits, deltas, labels, targets):
    return entropy(logits, labels), localization(deltas, labels, targets)


@variant
def rcnn_loss_in_a_loop(logits, deltas, labels, targets):
    count = logits.shape[0]
    classification, boxes = 0.0, deltas.sum() * 0
    for r in range(count):
        label = int(labels[r])
        classification = classification + logits[r].logsumexp(0) - logits[r, label]
        if label > 0:
            for i in range(4):
                d = (deltas[r, 4 * label + i] - targets[r, i]).abs()
                boxes = boxes + (4.5 * d * d if d < 1 / 9 else d - 1 / 18)
    return classification / count, boxes / count


@variant
def rcnn_loss_by_a_mask(logits, deltas, labels, targets):
    count, classes = logits.shape
    mask = F.one_hot(labels, classes).to(deltas.dtype)
    mask[:, 0] = 0
    each = nn.SmoothL1Loss(beta=1 / 9, reduction="none")(
        deltas.reshape(count, classes, 4), targets[:, None].expand(-1, classes, -1)
    )
    classification = -(F.one_hot(labels, classes) * logits.log_softmax(-1)).sum(-1).mean()
    return classification, (each * mask[..., None]).sum() / count


@variant
def rcnn_loss_by_gather(logits, deltas, labels, targets):
    columns = 4 * labels[:, None] + torch.arange(4)
    own = torch.gather(deltas, 1, columns)
    each = F.smooth_l1_loss(own, targets, beta=1 / 9, reduction="none").sum(1)
    logs = F.log_softmax(logits, dim=1)
    return F.nll_loss(logs, labels), (each * (labels > 0)).mean()


@variant
def rcnn_loss_with_a_branch(logits, deltas, labels, targets):
    keep = labels.nonzero()[:, 0]
    classification = nn.CrossEntropyLoss()(logits, labels)
    if keep.numel() == 0:
        return classification, torch.zeros((), dtype=logits.dtype)
    own = torch.stack([deltas[r, 4 * labels[r] : 4 * labels[r] + 4] for r in keep])
    loss = F.smooth_l1_loss(own, targets[keep], beta=1 / 9)
    return classification, loss * own.numel() / labels.numel()


@variant
def rcnn_loss_as_a_list_by_huber(logits, deltas, labels, targets):
    """Smooth L1 is the Huber loss over β."""
    positive = labels > 0
    boxes = deltas.reshape(deltas.shape[0], logits.shape[1], 4)
    own = boxes[positive, labels[positive], :]
    return [
        F.cross_entropy(logits, labels),
        9 * F.huber_loss(own, targets[positive], delta=1 / 9, reduction="sum") / len(labels),
    ]


@variant
def rcnn_loss_over_slices_of_a_class(logits, deltas, labels, targets):
    total = deltas.sum() * 0.0
    for k in range(1, logits.shape[1]):
        rows = labels == k
        d = deltas[rows, 4 * k : 4 * k + 4] - targets[rows]
        total = total + torch.where(d.abs() < 1 / 9, 4.5 * d**2, d.abs() - 1 / 18).sum()
    return F.cross_entropy(logits, labels, reduction="mean"), total / labels.shape[0]
