"""Wrong and right answers to `mean_iou`."""

import math

import numpy as np
import torch

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def parts(confusion):
    hits = confusion.diag().double()
    return hits, confusion.sum(dim=1).double(), confusion.sum(dim=0).double()


@mistake("That is the pixel accuracy: the share of all pixels that are right. Large classes decide it alone.")
def pixel_accuracy(confusion):
    hits, targets, _ = parts(confusion)
    return float(hits.sum() / targets.sum())


@mistake(
    "You divide by the pixels that *are* of the class. That is its recall; the union also has those wrongly called so.",
)
def mean_recall(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / targets.clamp(min=1))[present].mean())


@mistake(
    "You average the recall over the classes in the target: hits over the pixels that *are* so. What was wrongly called "
    "so belongs to the union as well.",
)
def recall_of_what_is_there(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets)[targets > 0].mean())


@mistake(
    "You average the recall, hits over the pixels that *are* so, and a class that is nowhere has 0 in it. The union also "
    "has what was wrongly called so.",
)
def recall_with_zeros(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets.clamp(min=1)).mean())


@mistake(
    "You divide by the row sums, which gives the recall, and 0/0 for a class that the target lacks. Divide by the union.",
)
def recall_with_nan(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets).mean())


@mistake(
    "You average the recall, and return 0 where no class is there. An IoU divides by the union, and the mean of nothing "
    "is NaN.",
)
def recall_and_zero_for_nothing(confusion):
    hits, targets, _ = parts(confusion)
    return float((hits / targets)[targets > 0].mean()) if targets.any() else 0.0


@mistake(
    "You divide by the pixels that were *called* so. That is the precision; the union also has those that were missed.",
)
def mean_precision(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / called.clamp(min=1))[present].mean())


@mistake(
    "You average the precision over the classes that are predicted: hits over the pixels *called* so. What was missed "
    "belongs to the union as well.",
)
def precision_of_what_is_called(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called)[called > 0].mean())


@mistake(
    "You average the precision, hits over the pixels *called* so, and a class that is nowhere has 0 in it. The union "
    "also has what was missed.",
)
def precision_with_zeros(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called.clamp(min=1)).mean())


@mistake(
    "You divide by the column sums, which gives the precision, and 0/0 for a class that is never predicted. Divide by "
    "the union.",
)
def precision_with_nan(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called).mean())


@mistake(
    "You average the precision, and return 0 where no class is there. An IoU divides by the union, and the mean of "
    "nothing is NaN.",
)
def precision_and_zero_for_nothing(confusion):
    hits, _, called = parts(confusion)
    return float((hits / called)[called > 0].mean()) if called.any() else 0.0


@mistake(
    "Row plus column counts the intersection twice: each right pixel lies in both. In a union it is once.",
)
def union_counts_hits_twice(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((hits / (targets + called))[present].mean())


@mistake("That is the Dice coefficient, 2·|A∩B| / (|A| + |B|); it is never smaller than the IoU.")
def dice(confusion):
    hits, targets, called = parts(confusion)
    present = (targets + called) > 0
    return float((2 * hits / (targets + called))[present].mean())


@mistake(
    "A class that is nowhere counts as 0 in your mean. Nobody got it wrong: it is left out.",
)
def absent_classes_count_as_zero(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = hits / union.clamp(min=1)
    return float(ious.mean()) if union.any() else math.nan


@mistake(
    "You divide by the number of all classes, also of those that are nowhere, which thus count as 0. They are left out, "
    "and of nothing the mean is NaN.",
)
def divides_by_all_classes(confusion):
    hits, targets, called = parts(confusion)
    return float((hits / (targets + called - hits).clamp(min=1)).mean())


@mistake(
    "A class that is nowhere counts as 1, as perfect, in your mean; where no class is there at all, you return 1. Leave "
    "it out: the mean of nothing is NaN.",
)
def all_absent_classes_count_as_one(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float(torch.where(union > 0, hits / union.clamp(min=1), 1.0).mean())


@mistake(
    "A class that is nowhere counts as 1, as perfect, in your mean, and where no class is there you return 0. Leave it "
    "out: the mean of nothing is NaN.",
)
def absent_classes_count_as_one_and_nothing_as_zero(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = torch.where(union > 0, hits / union.clamp(min=1), 1.0)
    return float(ious.mean()) if union.any() else 0.0


@mistake(
    "A class that is nowhere counts as perfect, as 1, in your mean. There was nothing to get right: leave it out.",
)
def absent_classes_count_as_one(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = torch.where(union > 0, hits / union.clamp(min=1), 1.0)
    return float(ious.mean()) if union.any() else math.nan


@mistake(
    "A class that is nowhere gives 0/0, and that NaN spoils your whole mean. Such a class is left out.",
)
def absent_classes_spoil_the_mean(confusion):
    hits, targets, called = parts(confusion)
    return float((hits / (targets + called - hits)).mean())


@mistake(
    "You leave out a class that the target never has, even if the network sees it everywhere. Then its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_not_in_the_target(confusion):
    hits, targets, called = parts(confusion)
    present = targets > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "You leave out a class that the network never predicts. That is a class it missed altogether: its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_not_predicted(confusion):
    hits, targets, called = parts(confusion)
    present = called > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "You leave out a class that is missing in the target or in the prediction. One of them has it, so its IoU is 0, and "
    "counts.",
)
def leaves_out_what_is_missing_in_one(confusion):
    hits, targets, called = parts(confusion)
    present = (targets > 0) & (called > 0)
    return float((hits / (targets + called - hits))[present].mean())


@mistake("You leave out a class with a union of one pixel. One pixel is enough for an IoU.")
def leaves_out_a_single_pixel(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 1].mean())


@mistake("You add 1 above and below the line. That keeps 0/0 away, but it is another number than the IoU.")
def smooths_the_fraction(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float(((hits + 1) / (union + 1))[union > 0].mean())


@mistake(
    "You leave out the classes without a single hit. Only a class that is nowhere, in neither of the two, is left out.",
)
def leaves_out_classes_without_a_hit(confusion):
    hits, targets, called = parts(confusion)
    present = hits > 0
    return float((hits / (targets + called - hits))[present].mean())


@mistake(
    "You add up all intersections and all unions before you divide. Each class has an IoU of its own, and these are "
    "averaged.",
)
def divides_the_sums(confusion):
    hits, targets, called = parts(confusion)
    return float(hits.sum() / (targets + called - hits).sum())


@mistake(
    "You weight each class by how often it occurs. In the mean IoU a duck counts as much as the sky.",
)
def weights_by_frequency(confusion):
    hits, targets, called = parts(confusion)
    ious = hits / (targets + called - hits).clamp(min=1)
    return float((ious * targets).sum() / targets.sum())


@mistake("You leave out class 0 as a background. Here class 0 is a class like the others.")
def leaves_out_class_zero(confusion):
    hits, targets, called = parts(confusion)
    union = (targets + called - hits)[1:]
    return float((hits[1:] / union)[union > 0].mean())


@mistake("`//` throws the fraction away, and an IoU is nothing but a fraction.")
def integer_division(confusion):
    hits = confusion.diag()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return float((hits[union > 0] // union[union > 0]).double().mean())


@mistake("You return the IoU of each class. One number is wanted: their mean.")
def iou_of_each_class(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return (hits / union)[union > 0]


@mistake("Your result is in percent; an IoU lies between 0 and 1.")
def in_percent(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return 100 * float((hits / union)[union > 0].mean())


@mistake("You return 0 where no class is there. Nothing was got wrong: there is no mean, and NaN says so.")
def zero_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 0].mean()) if union.any() else 0.0


@mistake(
    "You return 1 where no class is there. Nothing was got right: there is no mean, and NaN says so.",
)
def one_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    return float((hits / union)[union > 0].mean()) if union.any() else 1.0


@mistake(
    "A single class that is nowhere makes your code divide by zero, since its union is 0. Such a class is left out.",
)
def raises_where_one_class_is_nowhere(confusion):
    rows = confusion.tolist()
    total = 0.0
    for k, row in enumerate(rows):
        total += row[k] / (sum(row) + sum(other[k] for other in rows) - row[k])
    return total / len(rows)


@mistake("Where no class is left your code divides by zero, which Python refuses. The mean of nothing is NaN.")
def raises_where_there_is_nothing(confusion):
    hits, targets, called = parts(confusion)
    union = targets + called - hits
    ious = [float(h / u) for h, u in zip(hits, union, strict=True) if u > 0]
    return sum(ious) / len(ious)


@mistake("You turn the counts into 32-bit integers, and large counts do not fit: they come back negative.")
def counts_do_not_fit(confusion):
    small = confusion.int()
    hits = small.diag()
    union = small.sum(0, dtype=torch.int32) + small.sum(1, dtype=torch.int32) - hits
    return float((hits / union)[union != 0].mean())


@mistake(
    "You clear the diagonal of `confusion` itself to get the errors. The matrix is the caller's; work on a copy.",
)
def clears_the_diagonal(confusion):
    hits = confusion.diag().clone()
    errors = confusion.fill_diagonal_(0)
    union = errors.sum(0) + errors.sum(1) + hits
    return float((hits[union > 0] / union[union > 0]).mean())


@mistake("`.view` asks for numbers that lie side by side in memory; `.reshape` copies where it must.")
def views_the_matrix(confusion):
    k = len(confusion)
    hits = confusion.view(-1)[:: k + 1]
    union = confusion.sum(0) + confusion.sum(1) - hits
    return float((hits[union > 0] / union[union > 0]).mean())


@mistake(
    "You divide by the errors alone, false positives and false negatives. The union has the right pixels too.",
)
def divides_by_the_errors(confusion):
    hits, targets, called = parts(confusion)
    errors = targets + called - 2 * hits
    present = (targets + called) > 0
    return float((hits / errors.clamp(min=1))[present].mean())


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def iou_in_a_loop(confusion):
    ious = []
    for k in range(len(confusion)):
        intersection = confusion[k, k].item()
        union = confusion[k].sum().item() + confusion[:, k].sum().item() - intersection
        if union > 0:
            ious.append(intersection / union)
    return sum(ious) / len(ious) if ious else float("nan")


@variant
def iou_as_a_tensor(confusion):
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return (hits / union)[union != 0].mean()


@variant
def iou_by_nanmean(confusion):
    matrix = confusion.double()
    hits = torch.diag(matrix)
    return (hits / (matrix.sum(dim=0) + matrix.sum(dim=1) - hits)).nanmean()


@variant
def iou_of_true_and_false_positives(confusion):
    tp = confusion.diag().float()
    fp = confusion.sum(dim=0).float() - tp
    fn = confusion.sum(dim=1).float() - tp
    present = (tp + fp + fn) > 0
    if not present.any():
        return torch.tensor(float("nan"))
    return torch.mean(tp[present] / (tp[present] + fp[present] + fn[present]))


@variant
def iou_with_numpy(confusion):
    matrix = confusion.numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        ious = np.diag(matrix) / (matrix.sum(0) + matrix.sum(1) - np.diag(matrix))
    kept = ious[~np.isnan(ious)]
    return kept.mean() if len(kept) else math.nan


@variant
def iou_in_numpys_float32(confusion):
    matrix = confusion.numpy()
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    kept = union > 0
    return np.float32(np.mean(matrix.diagonal()[kept] / union[kept])) if kept.any() else np.float32("nan")


@variant
def iou_by_weights(confusion):
    hits = torch.diagonal(confusion).double()
    union = confusion.sum(dim=0) + confusion.sum(dim=1) - torch.diagonal(confusion)
    present = (union > 0).double()
    return ((hits / union.clamp(min=1)) * present).sum() / present.sum()


@variant
def iou_by_trace_of_parts(confusion):
    k = confusion.shape[0]
    eye = torch.eye(k, dtype=torch.bool)
    each = []
    for c in range(k):
        touches = eye[c][:, None] | eye[c][None, :]
        union = int(confusion[touches].sum())
        if union:
            each.append(float(confusion[c, c]) / union)
    return torch.tensor(each).mean()


@variant
def iou_from_dice(confusion):
    """IoU = D / (2 − D), where D is the Dice coefficient."""
    twice = 2 * confusion.diag().double()
    sizes = confusion.sum(0) + confusion.sum(1)
    dice = (twice / sizes)[sizes > 0]
    return (dice / (2 - dice)).mean().item()


@variant
def iou_without_absent_rows_and_columns(confusion):
    anywhere = confusion.sum(0) + confusion.sum(1) > 0
    small = confusion[anywhere][:, anywhere].to(torch.float64)
    if small.numel() == 0:
        return small.new_tensor(math.nan)
    hits = small.diag()
    return (hits / (small.sum(0) + small.sum(1) - hits)).sum() / len(hits)
