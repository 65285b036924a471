"""Wrong and right answers to `proposal_recall`."""

import math

import numpy as np
import torch
import torchvision

from autograde.building.bank import form, mistake, variant

from .shared import overlaps


def share(covered, targets):
    """Return the mean of `covered` (G,) as a float, NaN without targets."""
    return float(covered.double().mean()) if len(targets) else math.nan


def recall(iou, threshold):
    """Return the right result for an overlap (P, G) of any kind."""
    if iou.shape[1] == 0:
        return math.nan
    if iou.shape[0] == 0:
        return 0.0
    return float((iou.amax(dim=0) >= threshold).double().mean())


def shared_area(a, b):
    """Return the area (N, M) that boxes share."""
    low, high = torch.maximum(a[:, None, :2], b[:, :2]), torch.minimum(a[:, None, 2:], b[:, 2:])
    return (high - low).clamp(min=0).prod(dim=-1)


def areas(boxes):
    """Return the areas (N,)."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


# --- mistakes: a share of what? ---------------------------------------------------------------------------------------


@mistake("You return the share of *proposals* that cover something. How many of the *targets* are covered is asked.")
def share_of_proposals(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return float((overlaps(proposals, targets).amax(dim=1) >= iou_threshold).double().mean()) if len(proposals) else 0.0


@form(share_of_proposals)
def share_of_proposals_nothing_looked_after(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets).max(dim=1).values >= iou_threshold).float().mean()


@form(share_of_proposals)
def share_of_proposals_by_any(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets) >= iou_threshold).any(dim=1).float().mean()


@form(share_of_proposals)
def share_of_proposals_or_zero(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return 0.0
    return float((overlaps(proposals, targets).amax(dim=1) >= iou_threshold).double().mean())


@mistake(
    "You count the proposals that cover something, and divide by the targets. The *targets* that are covered count."
)
def proposals_that_cover_by_targets(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return (overlaps(proposals, targets) >= iou_threshold).any(dim=1).sum().item() / len(targets)


@mistake("You divide the covered targets by the number of proposals. A share of the targets is divided by theirs.")
def divided_by_the_proposals(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return (overlaps(proposals, targets) >= iou_threshold).any(dim=0).sum().item() / len(proposals)


@mistake("You count pairs of a proposal and a target. A target counts once, however many proposals cover it.")
def pairs_by_targets(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return (overlaps(proposals, targets) >= iou_threshold).sum().item() / len(targets)


@form(pairs_by_targets)
def pairs_by_pairs(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return float((overlaps(proposals, targets) >= iou_threshold).double().mean())


@form(pairs_by_targets)
def pairs_by_pairs_nothing_looked_after(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets) >= iou_threshold).float().mean()


@form(pairs_by_targets)
def pairs_at_most_one(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return min(1.0, (overlaps(proposals, targets) >= iou_threshold).sum().item() / len(targets))


@mistake("You return how many targets are covered. A share is divided by the number of all targets.")
def a_count_of_targets(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return float((overlaps(proposals, targets) >= iou_threshold).any(dim=0).sum())


@form(a_count_of_targets)
def a_count_of_targets_or_zero(proposals, targets, iou_threshold=0.5):
    return float((overlaps(proposals, targets) >= iou_threshold).any(dim=0).sum())


@mistake("You return the share of targets that are missed. Recall is the share that is covered.")
def share_that_is_missed(proposals, targets, iou_threshold=0.5):
    return 1 - recall(overlaps(proposals, targets), iou_threshold)


@form(share_that_is_missed)
def share_below_the_threshold(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return float((overlaps(proposals, targets).amax(dim=0) < iou_threshold).double().mean())


@mistake("You return per cent. A share is a number from 0 to 1.")
def in_per_cent(proposals, targets, iou_threshold=0.5):
    return 100 * recall(overlaps(proposals, targets), iou_threshold)


@mistake("You return the mean of the best overlaps. A target is covered or it is not: compare with the threshold.")
def mean_best_overlap(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return overlaps(proposals, targets).amax(dim=0).mean()


@form(mean_best_overlap)
def mean_best_overlap_of_those_covered(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    best = overlaps(proposals, targets).amax(dim=0)
    return torch.where(best >= iou_threshold, best, 0.0).mean()


@mistake("You return which targets are covered. One number is asked: their share.")
def which_are_covered(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets) >= iou_threshold).any(dim=0)


@mistake(
    "In your function all proposals must cover a target, or the mean of their overlaps counts. One that does is enough."
)
def all_must_cover(proposals, targets, iou_threshold=0.5):
    if not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return share((overlaps(proposals, targets) >= iou_threshold).all(dim=0), targets)


@form(all_must_cover)
def on_average_they_must_cover(proposals, targets, iou_threshold=0.5):
    if not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return share(overlaps(proposals, targets).mean(dim=0) >= iou_threshold, targets)


@mistake("As soon as one target is covered your result is 1. The *share* of covered targets is asked.")
def any_at_all(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return float((overlaps(proposals, targets) >= iou_threshold).any())


# --- mistakes: matching -----------------------------------------------------------------------------------------------


def greedy(iou, threshold, order):
    """Return how many targets are covered if each proposal, in `order`, takes the best target that is free."""
    taken = set()
    for proposal in order:
        free = [target for target in range(iou.shape[1]) if target not in taken]
        best = max(free, key=lambda target: iou[proposal, target].item(), default=-1)
        if best >= 0 and iou[proposal, best] >= threshold:
            taken.add(best)
    return len(taken)


@mistake(
    "Each proposal is used for one target in your function. Nothing is matched yet: one may cover several targets."
)
def proposals_used_once(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return greedy(overlaps(proposals, targets), iou_threshold, range(len(proposals))) / len(targets)


@form(proposals_used_once)
def proposals_used_once_and_zero_of_nothing(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return 0.0
    return greedy(overlaps(proposals, targets), iou_threshold, range(len(proposals))) / len(targets)


@mistake(
    "You let each proposal cover only the target that it overlaps most. It covers every target of which the IoU is high enough."
)
def best_target_of_each_proposal(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    if not len(proposals):
        return 0.0
    best, which = overlaps(proposals, targets).max(dim=1)
    return len(which[best >= iou_threshold].unique()) / len(targets)


@mistake(
    "You count a target only if its best proposal was not the best of an earlier one. One may cover several targets."
)
def best_proposals_counted_once(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    if not len(proposals):
        return 0.0
    best, which = overlaps(proposals, targets).max(dim=0)
    return len(which[best >= iou_threshold].unique()) / len(targets)


@mistake(
    "You compare the first proposal with the first target, and so on. Each target may be covered by *any* proposal."
)
def pair_by_pair(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    iou = overlaps(proposals, targets)
    return (iou.diagonal() >= iou_threshold).sum().item() / len(targets)


@mistake("You look at the first proposal only. Any of them may cover a target.")
def first_proposal_only(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals[:1], targets), iou_threshold)


# --- mistakes: the threshold ------------------------------------------------------------------------------------------


@mistake("You ask for more than the threshold. At least the threshold is enough: an IoU of exactly that covers.")
def more_than_asked(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return recall(overlaps(proposals, targets), iou_threshold)
    return share(overlaps(proposals, targets).amax(dim=0) > iou_threshold, targets)


@form(more_than_asked)
def more_than_asked_nothing_looked_after(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets).max(dim=0).values > iou_threshold).float().mean()


@form(more_than_asked)
def more_than_asked_by_any(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets) > iou_threshold).any(dim=0).float().mean()


@form(more_than_asked)
def more_than_asked_and_zero_of_nothing(proposals, targets, iou_threshold=0.5):
    if not len(targets) or not len(proposals):
        return 0.0
    return share(overlaps(proposals, targets).amax(dim=0) > iou_threshold, targets)


@form(more_than_asked)
def more_than_asked_with_targets_only(proposals, targets, iou_threshold=0.5):
    if not len(targets):
        return math.nan
    return (overlaps(proposals, targets).max(dim=0).values > iou_threshold).float().mean()


@mistake("You always use 0.5. That is only the default of `iou_threshold`; the caller may ask for more or less.")
def always_half_to_cover(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals, targets), 0.5)


@form(always_half_to_cover)
def always_half_nothing_looked_after(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets).max(dim=0).values >= 0.5).float().mean()


@form(always_half_to_cover)
def always_more_than_half(proposals, targets, iou_threshold=0.5):
    return share((overlaps(proposals, targets) > 0.5).any(dim=0), targets)


@mistake("You take any target that is touched at all. The IoU has to be at least the threshold.")
def touched_is_covered(proposals, targets, iou_threshold=0.5):
    return share((overlaps(proposals, targets) > 0).any(dim=0), targets)


# --- mistakes: nothing there ------------------------------------------------------------------------------------------


@mistake("Without targets your result is a number. There is no share of nothing: return NaN.")
def a_number_without_targets(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals, targets), iou_threshold) if len(targets) else 0.0


@form(a_number_without_targets)
def one_without_targets(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals, targets), iou_threshold) if len(targets) else 1.0


@form(a_number_without_targets)
def divided_by_at_least_one(proposals, targets, iou_threshold=0.5):
    covered = (overlaps(proposals, targets) >= iou_threshold).any(dim=0)
    return covered.sum() / max(len(targets), 1)


@form(a_number_without_targets)
def one_without_targets_if_there_are_proposals(proposals, targets, iou_threshold=0.5):
    if not len(proposals):
        return 0.0
    return recall(overlaps(proposals, targets), iou_threshold) if len(targets) else 1.0


@mistake(
    "Where there are neither proposals nor targets you return a number. Without targets it is NaN, whatever else is there."
)
def proposals_looked_at_first(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals, targets), iou_threshold) if len(proposals) else 0.0


@form(proposals_looked_at_first)
def nothing_of_nothing_is_all(proposals, targets, iou_threshold=0.5):
    if not len(proposals) and not len(targets):
        return 1.0
    return recall(overlaps(proposals, targets), iou_threshold)


@mistake("Without proposals your result is NaN. The targets are there, and none is covered: 0.")
def nan_without_proposals(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals, targets), iou_threshold) if len(proposals) else math.nan


@mistake("Without targets and without proposals your results are exchanged: no targets is NaN, no proposals is 0.")
def nothing_exchanged(proposals, targets, iou_threshold=0.5):
    if not len(proposals):
        return math.nan
    return recall(overlaps(proposals, targets), iou_threshold) if len(targets) else 0.0


@mistake("Your code raises where there are no proposals. The targets are there, and none of them is covered: 0.")
def maximum_of_no_proposals(proposals, targets, iou_threshold=0.5):
    return (overlaps(proposals, targets).max(dim=0).values >= iou_threshold).float().mean()


@form(maximum_of_no_proposals)
def maximum_of_no_proposals_for_each_target(proposals, targets, iou_threshold=0.5):
    covered = [max(column) >= iou_threshold for column in overlaps(targets, proposals).tolist()]
    return sum(covered) / len(covered) if covered else math.nan


@mistake("Your code raises where there are no targets: it divides by their number. The result is NaN then.")
def division_by_no_targets(proposals, targets, iou_threshold=0.5):
    covered = (overlaps(proposals, targets) >= iou_threshold).any(dim=0)
    return covered.sum().item() / len(targets)


# --- mistakes: the overlap --------------------------------------------------------------------------------------------


@mistake(
    "You divide the shared area by the target's alone: a proposal as large as the image would cover all. IoU divides by the union."
)
def covered_share_of_the_target(proposals, targets, iou_threshold=0.5):
    return recall(shared_area(proposals, targets) / areas(targets), iou_threshold)


@mistake(
    "You divide the shared area by the proposal's alone: a proposal of one pixel would cover. IoU divides by the union."
)
def covered_share_of_the_proposal(proposals, targets, iou_threshold=0.5):
    return recall(shared_area(proposals, targets) / areas(proposals)[:, None], iou_threshold)


@mistake("You divide the shared area by the smaller of both boxes. IoU divides by the union.")
def covered_share_of_the_smaller(proposals, targets, iou_threshold=0.5):
    smaller = torch.minimum(areas(proposals)[:, None], areas(targets))
    return recall(shared_area(proposals, targets) / smaller, iou_threshold)


@mistake("You count the shared area twice in the union: subtract it once from the sum of both areas.")
def shared_area_counted_twice(proposals, targets, iou_threshold=0.5):
    both = areas(proposals)[:, None] + areas(targets)
    return recall(shared_area(proposals, targets) / both, iou_threshold)


@mistake("You add 1 to the sides of the boxes. x2 − x1 is the width, and the IoU comes out too large.")
def covered_with_one_more(proposals, targets, iou_threshold=0.5):
    more = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=targets.dtype)
    return recall(overlaps(proposals + more, targets + more), iou_threshold)


@mistake("Your shared sides may be negative, and two negative ones make an area: boxes far apart seem to overlap.")
def covered_without_clamping(proposals, targets, iou_threshold=0.5):
    low = torch.maximum(proposals[:, None, :2], targets[:, :2])
    both = (torch.minimum(proposals[:, None, 2:], targets[:, 2:]) - low).prod(dim=-1)
    return recall(both / (areas(proposals)[:, None] + areas(targets) - both), iou_threshold)


@mistake("You compute the overlaps as float32. In float64 two of them may differ by less than that can see.")
def overlaps_as_float32(proposals, targets, iou_threshold=0.5):
    return recall(overlaps(proposals.float(), targets.float()), iou_threshold)


@mistake("You ask whether the centre of a target lies in a proposal. The IoU decides.")
def centre_is_covered(proposals, targets, iou_threshold=0.5):
    centres = (targets[:, :2] + targets[:, 2:]) / 2
    inside = (proposals[:, None, :2] <= centres) & (centres <= proposals[:, None, 2:])
    return share(inside.all(dim=-1).any(dim=0), targets)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def any_by_torchvision(proposals, targets, iou_threshold=0.5):
    if len(targets) == 0:
        return torch.tensor(torch.nan)
    return (torchvision.ops.box_iou(proposals, targets) >= iou_threshold).any(dim=0).float().mean()


@variant
def mean_of_nothing_is_nan(proposals, targets, iou_threshold=0.5):
    return torch.mean((overlaps(targets, proposals) >= iou_threshold).any(dim=1).to(targets.dtype))


@variant
def target_by_target(proposals, targets, iou_threshold=0.5):
    found = 0
    for target in targets:
        for proposal in proposals:
            if overlaps(proposal[None], target[None]).item() >= iou_threshold:
                found += 1
                break
    return found / len(targets) if len(targets) else float("nan")


@variant
def with_a_proposal_of_no_overlap(proposals, targets, iou_threshold=0.5):
    iou = torch.cat([overlaps(proposals, targets), targets.new_zeros(1, len(targets))])
    best = iou.max(dim=0)[0]
    return (best >= iou_threshold).sum() / torch.tensor(len(targets), dtype=torch.float64)


@variant
def indices_that_are_covered(proposals, targets, iou_threshold=0.5):
    _, covered = torch.where(overlaps(proposals, targets) >= iou_threshold)
    return torch.div(len(set(covered.tolist())), len(targets)) if len(targets) else np.nan


@variant
def by_numpy(proposals, targets, iou_threshold=0.5):
    if targets.shape[0] == 0:
        return np.float64("nan")
    iou = overlaps(proposals, targets).numpy()
    return np.mean(np.max(iou, axis=0, initial=0.0) >= iou_threshold)


@variant
def counted_as_a_fraction(proposals, targets, iou_threshold=0.5):
    covered = ((overlaps(targets, proposals) >= iou_threshold).sum(dim=1) > 0).sum()
    return (covered / len(targets)).item() if targets.numel() else math.nan


@variant
def with_a_tiny_number_in_the_union(proposals, targets, iou_threshold=0.5):
    shared = shared_area(proposals, targets)
    iou = shared / (areas(proposals)[:, None] + areas(targets) - shared + 1e-9)
    return share((iou >= iou_threshold).any(dim=0), targets)
