"""Wrong and right answers to `precision_recall`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant

from .shared import best_first


def found(correct, scores):
    """Return how many are correct among the best 1, 2, … D, as float32."""
    return correct[best_first(scores)].cumsum(dim=0).float()


def ranks(scores):
    """Return 1, 2, … D."""
    return torch.arange(1, len(scores) + 1)


# --- mistakes: what is divided by what --------------------------------------------------------------------------------


@mistake(
    "You divide precision by the number of *all* detections. Entry k is about the best k + 1 alone; those below are not reported yet."
)
def precision_over_all_detections(correct, scores, num_targets):
    return found(correct, scores) / len(scores), found(correct, scores) / num_targets


@mistake(
    "You divide recall by the number of detections. It is the share of all *targets*, those that nobody found as well."
)
def recall_over_detections(correct, scores, num_targets):
    return found(correct, scores) / ranks(scores), found(correct, scores) / len(scores)


@form(recall_over_detections)
def recall_over_ranks(correct, scores, num_targets):
    return found(correct, scores) / ranks(scores), found(correct, scores) / ranks(scores)


@mistake(
    "Your recall always ends at 1: you divide by how many were found. Targets that nobody found count too, `num_targets`."
)
def recall_over_what_was_found(correct, scores, num_targets):
    return found(correct, scores) / ranks(scores), found(correct, scores) / correct.sum()


@form(recall_over_what_was_found)
def recall_over_what_was_found_or_zero(correct, scores, num_targets):
    return found(correct, scores) / ranks(scores), found(correct, scores) / max(int(correct.sum()), 1)


@mistake("You divide precision by `num_targets`. It is the share of the *detections* so far that are correct.")
def precision_over_targets(correct, scores, num_targets):
    return found(correct, scores) / num_targets, found(correct, scores) / num_targets


@mistake("You count ranks from 0, so that everything is divided by one too few. The first detection is one detection.")
def ranks_from_zero(correct, scores, num_targets):
    return found(correct, scores) / torch.arange(len(scores)), found(correct, scores) / num_targets


@mistake("Precision is shifted by one: you divide by one detection too many. The best one alone is one detection.")
def ranks_from_two(correct, scores, num_targets):
    return found(correct, scores) / (ranks(scores) + 1), found(correct, scores) / num_targets


@mistake("You return the two in the wrong order. Precision comes first, then recall.")
def recall_first(correct, scores, num_targets):
    return found(correct, scores) / num_targets, found(correct, scores) / ranks(scores)


@mistake("Your precision is one of single detections, 0 or 1. Entry k is about the best k + 1 together: count along.")
def not_cumulated(correct, scores, num_targets):
    each = correct[best_first(scores)].float()
    return each, each / num_targets


@form(not_cumulated)
def not_cumulated_over_ranks(correct, scores, num_targets):
    each = correct[best_first(scores)].float()
    return each / ranks(scores), each / num_targets


@form(not_cumulated)
def recall_not_cumulated(correct, scores, num_targets):
    return found(correct, scores) / ranks(scores), correct[best_first(scores)].float() / num_targets


@mistake("You count along from the end, as if the worst were reported first.")
def cumulated_from_the_end(correct, scores, num_targets):
    right = correct[best_first(scores)].float().flip(0).cumsum(dim=0)
    return (right / ranks(scores)).flip(0), (right / num_targets).flip(0)


@mistake("You count those that are *wrong* instead of those that are correct.")
def counts_the_wrong_ones(correct, scores, num_targets):
    return found(~correct, scores) / ranks(scores), found(~correct, scores) / num_targets


@mistake("You divide correct by *wrong*. Precision is correct by all so far, correct and wrong.")
def odds(correct, scores, num_targets):
    right = found(correct, scores)
    return right / (ranks(scores) - right), right / num_targets


@mistake("You return one number each, for the whole list. One for each detection is wanted: D of them.")
def one_number_each(correct, scores, num_targets):
    return correct.float().mean(), correct.float().sum() / num_targets


@form(one_number_each)
def last_of_each(correct, scores, num_targets):
    right = float(correct.sum())
    return torch.tensor(right / max(len(correct), 1)), torch.tensor(right / num_targets)


@mistake("You return whole numbers: `//` drops what is behind the point. Shares are fractions.")
def whole_shares(correct, scores, num_targets):
    right = correct[best_first(scores)].cumsum(dim=0)
    return (right // ranks(scores)).float(), (right // num_targets).float()


@form(whole_shares)
def whole_shares_as_int(correct, scores, num_targets):
    right = correct[best_first(scores)].cumsum(dim=0)
    return right // ranks(scores), right // num_targets


@mistake("Your numbers are in percent. A share is wanted, from 0 to 1.")
def precision_in_percent(correct, scores, num_targets):
    return 100 * found(correct, scores) / ranks(scores), 100 * found(correct, scores) / num_targets


@mistake("You return the counts, correct and wrong. Shares are wanted: divided by detections, and by targets.")
def counts_instead(correct, scores, num_targets):
    right = found(correct, scores)
    return right, ranks(scores) - right


# --- mistakes: the order ----------------------------------------------------------------------------------------------


@mistake("You take the detections in the order in which they come. The surest comes first: sort by score.")
def not_sorted(correct, scores, num_targets):
    right = correct.cumsum(dim=0).float()
    return right / ranks(scores), right / num_targets


@mistake("You begin with the *lowest* score. The surest detection comes first: sort descending.")
def sorted_ascending(correct, scores, num_targets):
    right = correct[scores.argsort(stable=True)].cumsum(dim=0).float()
    return right / ranks(scores), right / num_targets


@mistake(
    "Your numbers are right and stand in the order of the input. Entry k belongs to the k-th *best* detection: leave them in the order of the scores."
)
def put_back_in_order_of_input(correct, scores, num_targets):
    back = best_first(scores).argsort()
    return (found(correct, scores) / ranks(scores))[back], (found(correct, scores) / num_targets)[back]


@mistake("Your numbers are right, and the worst comes first. Recall rises along the list: the surest comes first.")
def turned_round(correct, scores, num_targets):
    return (found(correct, scores) / ranks(scores)).flip(0), (found(correct, scores) / num_targets).flip(0)


@mistake(
    "Of equal scores you take the higher index first. The lower one comes first: an ascending sort turned round also turns round what is equal."
)
def equal_ones_turned_round(correct, scores, num_targets):
    right = correct[scores.argsort(stable=True).flip(0)].cumsum(dim=0).float()
    return right / ranks(scores), right / num_targets


@mistake(
    "You take detections of equal score together, as one point of the curve. Here each has its own entry, the lower index first."
)
def equal_ones_together(correct, scores, num_targets):
    order = best_first(scores)
    right = (correct & (scores[None] >= scores[order][:, None])).sum(dim=1)
    so_far = (scores[None] >= scores[order][:, None]).sum(dim=1)
    return right / so_far, right / num_targets


@form(equal_ones_together)
def one_entry_a_score(correct, scores, num_targets):
    heights = scores.unique().flip(0)
    right = (correct & (scores[None] >= heights[:, None])).sum(dim=1)
    return right / (scores[None] >= heights[:, None]).sum(dim=1), right / num_targets


@mistake(
    "You put correct ones before wrong ones where scores are equal. Of equal scores the lower index comes first, whatever it is."
)
def correct_ones_first(correct, scores, num_targets):
    order = sorted(range(len(scores)), key=lambda k: (-scores[k].item(), -int(correct[k])))
    right = correct[order].cumsum(dim=0).float()
    return right / ranks(scores), right / num_targets


@mistake("You compare scores as float32. In float64 two of them may differ by less than that can see.")
def compared_as_float32(correct, scores, num_targets):
    right = found(correct, scores.float())
    return right / ranks(scores), right / num_targets


@mistake("You sort the correct ones themselves to the front. They are to be sorted by *score*.")
def sorted_by_correct(correct, scores, num_targets):
    right = correct.long().sort(descending=True).values.cumsum(dim=0).float()
    return right / ranks(scores), right / num_targets


@mistake("Detections below a score of a half, or of 0, are left out in your result. Every detection has an entry.")
def only_sure_ones(correct, scores, num_targets):
    sure = scores >= 0.5
    right = found(correct[sure], scores[sure])
    return right / ranks(scores[sure]), right / num_targets


@form(only_sure_ones)
def only_positive_ones(correct, scores, num_targets):
    sure = scores > 0
    right = found(correct[sure], scores[sure])
    return right / ranks(scores[sure]), right / num_targets


# --- mistakes: more or other entries, dtype ---------------------------------------------------------------------------


@mistake("You put a point in front or behind, as plots do. One entry for each detection is wanted, and no more.")
def one_point_more(correct, scores, num_targets):
    precision, recall = found(correct, scores) / ranks(scores), found(correct, scores) / num_targets
    return torch.cat([torch.ones(1), precision]), torch.cat([torch.zeros(1), recall])


@form(one_point_more)
def one_point_more_at_the_end(correct, scores, num_targets):
    precision, recall = found(correct, scores) / ranks(scores), found(correct, scores) / num_targets
    return torch.cat([precision, torch.zeros(1)]), torch.cat([recall, torch.ones(1)])


@form(one_point_more)
def two_points_more(correct, scores, num_targets):
    precision, recall = found(correct, scores) / ranks(scores), found(correct, scores) / num_targets
    zero, one = torch.zeros(1), torch.ones(1)
    return torch.cat([zero, precision, zero]), torch.cat([zero, recall, one])


@mistake("You return the envelope of the precision, which never rises. The precision itself goes up and down.")
def envelope_already(correct, scores, num_targets):
    precision = found(correct, scores) / ranks(scores)
    precision = precision.flip(0).cummax(dim=0).values.flip(0) if len(precision) else precision
    return precision, found(correct, scores) / num_targets


@mistake("Your result has the dtype of `scores`. It is float32 whatever comes in.")
def dtype_of_the_scores(correct, scores, num_targets):
    right = found(correct, scores).to(scores.dtype)
    return right / ranks(scores), right / num_targets


@mistake("Your result is float64. It is float32 whatever comes in.")
def in_float64(correct, scores, num_targets):
    right = found(correct, scores).double()
    return right / ranks(scores), right / num_targets


@mistake("Without a detection your function fails. Then both results are empty, of shape (0,).")
def fails_without_detections(correct, scores, num_targets):
    right, precision, recall = 0, [], []
    for k, index in enumerate(best_first(scores)):
        right += int(correct[index])
        precision.append(torch.tensor(right / (k + 1)))
        recall.append(torch.tensor(right / num_targets))
    return torch.stack(precision), torch.stack(recall)


@mistake("You return lists of numbers. Tensors of float32 are wanted.")
def lists_of_numbers(correct, scores, num_targets):
    return (found(correct, scores) / ranks(scores)).tolist(), (found(correct, scores) / num_targets).tolist()


@mistake(
    "You add a small number below the line. There is always at least one detection: the shares get a little too small."
)
def a_small_number_below_precision(correct, scores, num_targets):
    return found(correct, scores) / (ranks(scores) + 1e-3), found(correct, scores) / (num_targets + 1e-3)


@form(a_small_number_below_precision)
def one_below_precision(correct, scores, num_targets):
    return found(correct, scores) / (ranks(scores) + 1), found(correct, scores) / (num_targets + 1)


# --- mistakes: seen later ---------------------------------------------------------------------------------------------


@form(ranks_from_zero)
def ranks_from_zero_but_at_least_one(correct, scores, num_targets):
    ranks_so_far = torch.arange(len(scores)).clamp(min=1)
    return found(correct, scores) / ranks_so_far, found(correct, scores) / num_targets


@mistake(
    "You count wrong detections as targets that were missed. How many targets there are says `num_targets`; a wrong detection is none of them."
)
def wrong_ones_are_misses(correct, scores, num_targets):
    right, wrong = found(correct, scores), (~correct[best_first(scores)]).float()
    below = wrong.flip(0).cumsum(dim=0).flip(0)
    return right / ranks(scores), right / (right + below)


@form(wrong_ones_are_misses)
def wrong_ones_below_are_misses(correct, scores, num_targets):
    right, wrong = found(correct, scores), (~correct).sum() - found(~correct, scores)
    return right / ranks(scores), right / (right + wrong)


@form(wrong_ones_are_misses)
def all_wrong_ones_are_misses(correct, scores, num_targets):
    right = found(correct, scores)
    return right / ranks(scores), right / (right + (~correct).sum())


@mistake("An entry leaves out its own detection in your list. Entry k is about the best k + 1, the k-th included.")
def without_its_own(correct, scores, num_targets):
    right = found(correct, scores) - correct[best_first(scores)].float()
    precision = right / torch.arange(len(scores))
    return torch.where(precision.isnan(), 1.0, precision), right / num_targets


@form(without_its_own)
def without_its_own_from_zero(correct, scores, num_targets):
    right = found(correct, scores) - correct[best_first(scores)].float()
    return (right / torch.arange(len(scores))).nan_to_num(0), right / num_targets


@form(without_its_own)
def without_its_own_from_nan(correct, scores, num_targets):
    right = found(correct, scores) - correct[best_first(scores)].float()
    return right / torch.arange(len(scores)), right / num_targets


@mistake("You weigh each detection by its score. It only says in which order they come; each counts as one.")
def weighed_by_score(correct, scores, num_targets):
    order = best_first(scores)
    weights = scores[order].float()
    precision = (weights * correct[order]).cumsum(dim=0) / weights.cumsum(dim=0)
    return precision, found(correct, scores) / num_targets


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def true_and_false_positives(correct, scores, num_targets):
    order = torch.argsort(scores, descending=True, stable=True)
    tp = torch.cumsum(correct[order].float(), 0)
    fp = torch.cumsum((~correct[order]).float(), 0)
    return tp / (tp + fp), tp / num_targets


@variant
def a_loop_that_counts(correct, scores, num_targets):
    precision, recall, right = [], [], 0
    for seen, k in enumerate(sorted(range(len(scores)), key=lambda k: -float(scores[k])), start=1):
        right += bool(correct[k])
        precision.append(right / seen)
        recall.append(right / num_targets)
    return torch.tensor(precision, dtype=torch.float32), torch.tensor(recall, dtype=torch.float32)


@variant
def mean_so_far(correct, scores, num_targets):
    values = correct[torch.sort(scores, stable=True, descending=True).indices].to(torch.float32)
    precision = torch.zeros(len(values))
    for k in range(len(values)):
        precision[k] = values[: k + 1].mean()
    return precision, values.cumsum(0) / num_targets


@variant
def by_a_triangle(correct, scores, num_targets):
    right = correct[best_first(scores)].float()
    so_far = torch.ones(len(right), len(right)).tril() @ right
    return so_far / torch.ones_like(so_far).cumsum(0), so_far / float(num_targets)


@variant
def with_numpy_counts(correct, scores, num_targets):
    order = np.argsort(-scores.numpy(), kind="stable")
    tp = np.cumsum(correct.numpy()[order])
    precision = tp / np.arange(1, len(tp) + 1)
    return torch.from_numpy(precision).float(), torch.from_numpy(tp / num_targets).float()
