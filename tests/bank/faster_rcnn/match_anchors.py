"""Wrong and right answers to `match_anchors`."""

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def nearest(iou):
    """Return each anchor's best overlap (A,) and its box, the lowest index of equal ones."""
    best = iou.amax(dim=0)
    return best, (iou == best).int().argmax(dim=0)


def by_threshold(iou, high, low):
    """Return what each anchor learns if none of low quality is allowed."""
    best, own = nearest(iou)
    return torch.where(best >= high, own, torch.where(best < low, -1, -2))


def reached(iou):
    """Return where an anchor reaches a box's highest overlap: (G, A)."""
    return iou == iou.amax(dim=1, keepdim=True)


def rescued(iou, matches, who, allow_low_quality):
    """Return `matches`, but for the anchors `who` (A,), which keep their own best box where that is allowed."""
    return torch.where(who, nearest(iou)[1], matches) if allow_low_quality else matches


def right(iou, high=0.7, low=0.3, allow_low_quality=True):
    """Return the right result."""
    return rescued(iou, by_threshold(iou, high, low), reached(iou).any(dim=0), allow_low_quality)


# --- mistakes: who looks for whom -------------------------------------------------------------------------------------


@mistake(
    "Your result has an entry for each box: you look along the wrong dimension. Each *anchor* looks for its best box."
)
def matcher_looks_along_the_other_dimension(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou.T, high, low, allow_low_quality)


@form(matcher_looks_along_the_other_dimension)
def matcher_looks_along_the_other_dimension_without_rescue(iou, high=0.7, low=0.3, allow_low_quality=True):
    return by_threshold(iou.T, high, low)


@form(matcher_looks_along_the_other_dimension)
def matcher_returns_the_best_anchor_of_each_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    return iou.argmax(dim=1)


@mistake("An anchor learns the first box that is good enough in your function. It is the one with its *highest* IoU.")
def matcher_takes_the_first_good_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    good = iou >= high
    matches = torch.where(good.any(dim=0), good.int().argmax(dim=0), by_threshold(iou, high, low))
    low_quality = reached(iou).any(dim=0) & ~good.any(dim=0)
    return rescued(iou, matches, low_quality, allow_low_quality)


@mistake("An anchor learns the last box that is good enough in your function. It is the one with its *highest* IoU.")
def matcher_takes_the_last_good_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    good = iou >= high
    last = len(iou) - 1 - good.flip(0).int().argmax(dim=0)
    matches = torch.where(good.any(dim=0), last, by_threshold(iou, high, low))
    low_quality = reached(iou).any(dim=0) & ~good.any(dim=0)
    return rescued(iou, matches, low_quality, allow_low_quality)


@mistake("Of equal IoUs with two boxes the higher index counts in your function. It is the lower one.")
def matcher_takes_the_higher_index(iou, high=0.7, low=0.3, allow_low_quality=True):
    own = len(iou) - 1 - nearest(iou.flip(0))[1]
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found >= 0, own, found)


@form(matcher_takes_the_higher_index)
def matcher_takes_the_higher_index_by_a_loop(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = torch.zeros_like(iou[0]), torch.zeros(iou.shape[1], dtype=torch.int64)
    for box, row in enumerate(iou):
        own[row >= best] = box
        best = torch.maximum(best, row)
    found = right(iou, high, low, allow_low_quality)
    return torch.where((found >= 0) & (best > 0), own, found)


@mistake(
    "A box is learned by one anchor alone in your function. All anchors that are good enough learn their best box."
)
def matcher_lets_one_anchor_learn_a_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    first = torch.zeros_like(own, dtype=torch.bool)
    for box in range(len(iou)):
        mine = torch.where(own == box, best, -1.0)
        first[mine.argmax()] |= bool(mine.max() >= high)
    matches = torch.where(best >= high, torch.where(first, own, -2), by_threshold(iou, high, low))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@form(matcher_lets_one_anchor_learn_a_box)
def matcher_lets_one_anchor_learn_a_box_others_are_background(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    first = torch.zeros_like(own, dtype=torch.bool)
    for box in range(len(iou)):
        mine = torch.where(own == box, best, -1.0)
        first[mine.argmax()] |= bool(mine.max() >= high)
    matches = torch.where(best >= high, torch.where(first, own, -1), by_threshold(iou, high, low))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@form(matcher_lets_one_anchor_learn_a_box)
def matcher_lets_each_box_choose(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, _ = nearest(iou)
    matches = torch.where(best < low, -1, -2)
    for box, row in enumerate(iou):
        if allow_low_quality or row.max() >= high:
            matches[row.argmax()] = box
    return matches


@form(matcher_lets_one_anchor_learn_a_box)
def matcher_lets_the_first_anchor_take_a_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches, taken = by_threshold(iou, high, low), set()
    for anchor, box in enumerate(matches.tolist()):
        if box in taken:
            matches[anchor] = -2
        taken |= {box} & set(range(len(iou)))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("You return 1 for every positive. Asked is *which* box it learns: its index, the row of `iou`.")
def matcher_returns_labels(iou, high=0.7, low=0.3, allow_low_quality=True):
    return (
        right(iou, high, low, allow_low_quality).clamp(max=0) + (right(iou, high, low, allow_low_quality) >= 0).long()
    )


@form(matcher_returns_labels)
def matcher_returns_labels_of_a_classifier(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found >= 0, 1, torch.where(found == -1, 0, -1))


@mistake("You count the boxes from 1. The index of a box is its row in `iou`, and the first row is 0.")
def matcher_counts_from_one(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found >= 0, found + 1, found)


@form(matcher_counts_from_one)
def matcher_counts_from_one_and_zero_is_background(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found >= 0, found + 1, found + 1)


@mistake("Background and what is between are exchanged: −1 is background, and −2 means that the anchor learns nothing.")
def matcher_exchanges_the_negatives(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found < 0, -3 - found, found)


@mistake(
    "Background is −2 in your function, like what is between. It teaches something, and has a number of its own: −1."
)
def matcher_knows_no_background(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found < 0, -2, found)


@mistake("Background has the number 0 in your function. That is the index of the first box; background is −1.")
def matcher_says_zero_for_background(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found < 0, -2 - found, found) * (found != -1)


@form(matcher_says_zero_for_background)
def matcher_says_zero_for_background_and_minus_two(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return torch.where(found == -1, 0, found)


@mistake("Every anchor keeps its best box in your result, however little it lies on it. The thresholds say which do.")
def matcher_returns_the_best_box_of_all(iou, high=0.7, low=0.3, allow_low_quality=True):
    return nearest(iou)[1]


@form(matcher_returns_the_best_box_of_all)
def matcher_returns_the_best_box_of_all_that_touch(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    return torch.where(best > 0, own, -1)


@mistake("Your matches are floats. An index is a whole number: int64.")
def matcher_returns_floats(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality).to(iou.dtype)


@form(matcher_returns_floats)
def matcher_returns_single_floats(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality).float()


@mistake("Your matches are int32. An index is int64 everywhere in this course.")
def matcher_returns_int32(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality).int()


@mistake(
    "You return which anchors are positive, True or False. Asked is the box that each of them learns, as an index."
)
def matcher_returns_a_mask(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality) >= 0


@mistake("You return a list of numbers. Asked is a tensor, int64.")
def matcher_returns_a_list(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality).tolist()


@mistake("You return several things. Asked is one tensor: what each anchor learns.")
def matcher_returns_the_best_overlap_too(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, allow_low_quality), iou.amax(dim=0)


@form(matcher_returns_the_best_overlap_too)
def matcher_returns_labels_too(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return found, torch.where(found >= 0, 1, torch.where(found == -1, 0, -1))


@mistake("Your result holds the positive anchors alone. Each anchor has an entry, and −1 or −2 says why it has no box.")
def matcher_returns_the_positives_alone(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    return found[found >= 0]


@form(matcher_returns_the_positives_alone)
def matcher_returns_the_places_of_the_positives(iou, high=0.7, low=0.3, allow_low_quality=True):
    return torch.where(right(iou, high, low, allow_low_quality) >= 0)[0]


# --- mistakes: the thresholds -----------------------------------------------------------------------------------------


@mistake("You ask for more than `high`. At least that much is enough: an IoU of exactly `high` is positive.")
def matcher_asks_for_more_than_high(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    matches = torch.where(best > high, own, torch.where(best < low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@mistake("An IoU of exactly `low` is background in your function. Only what is *below* `low` is.")
def matcher_counts_low_as_background(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    matches = torch.where(best >= high, own, torch.where(best <= low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@form(matcher_counts_low_as_background)
def matcher_asks_for_background_first(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    matches = torch.where(best <= low, -1, torch.where(best >= high, own, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@mistake("Both thresholds lie on the wrong side: exactly `high` is positive, and exactly `low` is no background.")
def matcher_turns_both_signs(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    matches = torch.where(best > high, own, torch.where(best <= low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@mistake("You use neither `high` nor `low`, only their defaults. The caller may ask for others.")
def matcher_always_uses_the_defaults(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, 0.7, 0.3, allow_low_quality)


@mistake("You always ask for 0.7. That is only the default of `high`; the caller may ask for more or less.")
def matcher_always_asks_for_the_default_high(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, 0.7, low, allow_low_quality)


@mistake("Background always ends at 0.3 in your function. That is only the default of `low`.")
def matcher_always_asks_for_the_default_low(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, 0.3, allow_low_quality)


@mistake("Everything below `high` is background in your function. What is not below `low` learns nothing: −2.")
def matcher_leaves_no_gap(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, high, allow_low_quality)


@form(matcher_leaves_no_gap)
def matcher_leaves_no_gap_and_rescues_none(iou, high=0.7, low=0.3, allow_low_quality=True):
    return by_threshold(iou, high, high)


@mistake(
    "From `low` on an anchor learns its box in your function. It does from `high` on; what is between learns nothing."
)
def matcher_is_positive_from_low_on(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, low, low, allow_low_quality)


@mistake(
    "An anchor is positive from `low` on where low quality is allowed. It says nothing of what is between: that stays −2."
)
def matcher_takes_low_quality_for_what_is_between(iou, high=0.7, low=0.3, allow_low_quality=True):
    return by_threshold(iou, low if allow_low_quality else high, low)


@mistake("Where low quality is allowed, every anchor is positive that touches a box. Only a box's *best* anchors are.")
def matcher_takes_low_quality_for_all_that_touch(iou, high=0.7, low=0.3, allow_low_quality=True):
    return rescued(iou, by_threshold(iou, high, low), iou.amax(dim=0) > 0, allow_low_quality)


@mistake("You call an anchor background if *any* of its IoUs is below `low`. Its best one decides.")
def matcher_looks_at_the_lowest_overlap(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = nearest(iou)
    matches = torch.where(best >= high, own, torch.where(iou.amin(dim=0) < low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@form(matcher_looks_at_the_lowest_overlap)
def matcher_lets_background_win(iou, high=0.7, low=0.3, allow_low_quality=True):
    _, own = nearest(iou)
    matches = torch.where(iou.amin(dim=0) < low, -1, torch.where(iou.amax(dim=0) >= high, own, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@mistake("You compare with the sum of an anchor's IoUs. Two halves make no whole: its *best* one decides.")
def matcher_adds_overlaps_up(iou, high=0.7, low=0.3, allow_low_quality=True):
    total, own = iou.sum(dim=0), nearest(iou)[1]
    matches = torch.where(total >= high, own, torch.where(total < low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


@form(matcher_adds_overlaps_up)
def matcher_takes_the_mean_of_overlaps(iou, high=0.7, low=0.3, allow_low_quality=True):
    mean, own = iou.mean(dim=0), nearest(iou)[1]
    matches = torch.where(mean >= high, own, torch.where(mean < low, -1, -2))
    return rescued(iou, matches, reached(iou).any(dim=0), allow_low_quality)


# --- mistakes: anchors of low quality ---------------------------------------------------------------------------------


@mistake(
    "A box that no anchor reaches well enough goes without one. With `allow_low_quality` its best anchors are positive."
)
def matcher_never_rescues(iou, high=0.7, low=0.3, allow_low_quality=True):
    return by_threshold(iou, high, low)


@mistake("You ignore `allow_low_quality`. Where it is False a box may go without an anchor.")
def matcher_always_rescues(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, True)


@mistake(
    "`allow_low_quality` works the wrong way round in your function: with False low quality is kept, with True it is not."
)
def matcher_rescues_when_it_may_not(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou, high, low, not allow_low_quality)


@mistake(
    "An anchor that is a box's best learns that box in your function. It keeps the box with which it has *its own* best IoU."
)
def matcher_gives_the_box_that_needs_it(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches = by_threshold(iou, high, low)
    if allow_low_quality:
        for box, row in enumerate(iou):
            matches[row == row.max()] = box
    return matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_first_anchor_the_box_that_needs_it(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches = by_threshold(iou, high, low)
    if allow_low_quality:
        for box, anchor in enumerate(iou.argmax(dim=1).tolist()):
            matches[anchor] = box
    return matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_first_box_that_needs_it(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches, needs = by_threshold(iou, high, low), reached(iou)
    return torch.where(needs.any(dim=0), needs.int().argmax(dim=0), matches) if allow_low_quality else matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_box_that_needs_it_unless_positive(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches = by_threshold(iou, high, low)
    if allow_low_quality:
        for box, row in enumerate(iou):
            matches[(row == row.max()) & (matches < 0)] = box
    return matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_box_that_needs_it_below_high(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches, best = by_threshold(iou, high, low), iou.amax(dim=0)
    if allow_low_quality:
        for box, row in enumerate(iou):
            matches[(row == row.max()) & (best < high)] = box
    return matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_touched_box_that_needs_it(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches = by_threshold(iou, high, low)
    if allow_low_quality:
        for box, row in enumerate(iou):
            if row.max() > 0:
                matches[row == row.max()] = box
    return matches


@form(matcher_gives_the_box_that_needs_it)
def matcher_gives_the_first_anchor_the_touched_box_that_needs_it(iou, high=0.7, low=0.3, allow_low_quality=True):
    matches = by_threshold(iou, high, low)
    if allow_low_quality:
        for box, row in enumerate(iou):
            if row.max() > 0:
                matches[row.argmax()] = box
    return matches


@mistake(
    "Of several anchors that reach a box's highest IoU only one becomes positive in your function. All of them do."
)
def matcher_rescues_the_first_of_equal_anchors(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = torch.zeros(iou.shape[1], dtype=torch.bool)
    who[reached(iou).int().argmax(dim=1)] = True
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@form(matcher_rescues_the_first_of_equal_anchors)
def matcher_rescues_the_last_of_equal_anchors(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = torch.zeros(iou.shape[1], dtype=torch.bool)
    who[iou.shape[1] - 1 - reached(iou).flip(1).int().argmax(dim=1)] = True
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@form(matcher_rescues_the_first_of_equal_anchors)
def matcher_rescues_the_first_of_equal_anchors_that_touch(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = torch.zeros(iou.shape[1], dtype=torch.bool)
    who[reached(iou).int().argmax(dim=1)[iou.amax(dim=1) > 0]] = True
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake(
    "You keep a box's best anchor only if it is between. Also one below `low` is positive, if no other is better for the box."
)
def matcher_rescues_only_what_is_between(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = reached(iou).any(dim=0) & (iou.amax(dim=0) >= low)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@form(matcher_rescues_only_what_is_between)
def matcher_rescues_only_for_boxes_from_low_on(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = (reached(iou) & (iou >= low)).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake(
    "You leave out boxes that no anchor overlaps. Their highest IoU is 0, and every anchor reaches it: all are positive."
)
def matcher_leaves_out_boxes_without_overlap(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = (reached(iou) & (iou > 0)).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@form(matcher_leaves_out_boxes_without_overlap)
def matcher_leaves_out_anchors_without_overlap(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = reached(iou).any(dim=0) & (iou > 0).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake(
    "A box's best anchor is kept only if that box is its best, too. It is kept in any case, with its own best box."
)
def matcher_rescues_only_if_both_agree(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = (reached(iou) & (iou == iou.amax(dim=0))).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@form(matcher_rescues_only_if_both_agree)
def matcher_rescues_only_if_both_agree_on_one_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    own = nearest(iou)[1]
    who = (reached(iou) & (own == torch.arange(len(iou))[:, None])).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake("You look for the highest IoU of the whole matrix. *Each* box has one of its own, the highest of its row.")
def matcher_rescues_the_best_of_all(iou, high=0.7, low=0.3, allow_low_quality=True):
    return rescued(iou, by_threshold(iou, high, low), (iou == iou.max()).any(dim=0), allow_low_quality)


@mistake(
    "You compare `iou` (G, A) with the highest IoUs as (G,), which stand for columns then. Box by box they are (G, 1)."
)
def matcher_compares_rows_with_columns(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = (iou == iou.amax(dim=1)).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake("An anchor of low quality gets its own index in your function. It gets that of a box.")
def matcher_writes_the_anchors_index(iou, high=0.7, low=0.3, allow_low_quality=True):
    who, places = reached(iou).any(dim=0), torch.arange(iou.shape[1])
    found = by_threshold(iou, high, low)
    return torch.where(who & (found < 0), places, found) if allow_low_quality else found


@mistake(
    "You take IoUs that are *nearly* equal for equal. Compare them exactly: a box's highest IoU is one of its row's."
)
def matcher_takes_near_for_equal(iou, high=0.7, low=0.3, allow_low_quality=True):
    who = torch.isclose(iou, iou.amax(dim=1, keepdim=True)).any(dim=0)
    return rescued(iou, by_threshold(iou, high, low), who, allow_low_quality)


@mistake("You compare as float32. In float64 two IoUs may differ by less than that can see.")
def matcher_compares_in_float32(iou, high=0.7, low=0.3, allow_low_quality=True):
    return right(iou.float(), high, low, allow_low_quality)


@mistake("Your matches are right, but `iou` comes back changed. Write into a copy, or into a tensor of your own.")
def matcher_writes_into_its_input(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    iou[iou < low] = 0
    return found


@form(matcher_writes_into_its_input)
def matcher_marks_what_it_has_seen(iou, high=0.7, low=0.3, allow_low_quality=True):
    found = right(iou, high, low, allow_low_quality)
    iou[nearest(iou)[1], torch.arange(iou.shape[1])] = -1
    return found


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def matcher_anchor_by_anchor(iou, high=0.7, low=0.3, allow_low_quality=True):
    """Loops over lists, as one would say it."""
    rows = iou.tolist()
    highest = [max(row) for row in rows]
    matches = []
    for column in zip(*rows, strict=True):
        best = max(column)
        needed = allow_low_quality and any(u == top for u, top in zip(column, highest, strict=True))
        if best >= high or needed:
            matches.append(column.index(best))
        else:
            matches.append(-1 if best < low else -2)
    return torch.tensor(matches)


@variant
def matcher_in_numpy(iou, high=0.7, low=0.3, allow_low_quality=True):
    x = iou.numpy()
    best, own = x.max(axis=0), x.argmax(axis=0)
    needed = (x == x.max(axis=1, keepdims=True)).any(axis=0) & allow_low_quality
    return torch.from_numpy(np.select([needed | (best >= high), best < low], [own, -1], -2))


@variant
def matcher_written_over(iou, high=0.7, low=0.3, allow_low_quality=True):
    """As the reference code of the field does it: remember all matches, then write the reached ones back."""
    best, matches = iou.max(dim=0)
    every = matches.clone()
    below = best < low
    between = (best >= low) & (best < high)
    matches[below] = -1
    matches[between] = -2
    if allow_low_quality:
        highest, _ = iou.max(dim=1)
        _, anchors = torch.where(iou == highest[:, None])
        matches[anchors] = every[anchors]
    return matches


@variant
def matcher_box_by_box(iou, high=0.7, low=0.3, allow_low_quality=True):
    best, own = torch.full_like(iou[0], -1), torch.zeros(iou.shape[1], dtype=torch.long)
    needed = torch.zeros(iou.shape[1], dtype=torch.bool)
    for box, row in enumerate(iou):
        better = row > best  # an equal one later changes nothing
        best, own = torch.where(better, row, best), torch.where(better, box, own)
        needed |= row >= row.max()
    positive = (best >= high) | (needed & bool(allow_low_quality))
    return own.masked_fill(~positive & (best >= low), -2).masked_fill(~positive & (best < low), -1)


@variant
def matcher_only_boxes_without_an_anchor(iou, high=0.7, low=0.3, allow_low_quality=True):
    """A box that some anchor reaches well enough needs no other: that anchor is positive anyway."""
    u = iou.double()
    best, own = u.max(0)
    result = torch.full((u.size(1),), -2)
    result[best < low] = -1
    result[best >= high] = own[best >= high]
    if allow_low_quality:
        for box in range(u.size(0)):
            top = u[box].max().item()
            if top < high:
                for anchor in torch.nonzero(u[box] == top).flatten().tolist():
                    result[anchor] = own[anchor]
    return result


@variant
def matcher_by_sorting(iou, high=0.7, low=0.3, allow_low_quality=True):
    order = iou.sort(dim=0, descending=True, stable=True)
    best, own = order.values[0], order.indices[0]
    kinds = torch.bucketize(best.double(), torch.tensor([low, high], dtype=torch.float64), right=True)
    matches = torch.stack([torch.full_like(own, -1), torch.full_like(own, -2), own]).gather(0, kinds[None])[0]
    if allow_low_quality:
        tops = iou.topk(1, dim=1).values
        needed = torch.einsum("ga->a", (iou == tops).long()) > 0
        matches = own * needed + matches * ~needed
    return matches


@variant
def matcher_arithmetic_of_masks(iou, high=0.7, low=0.3, allow_low_quality=True):
    t = iou.T.contiguous()
    best = t.max(dim=1)[0]
    own = t.argmax(dim=1)
    positive = best.ge(high)
    if allow_low_quality:
        positive = positive | torch.eq(t, t.max(dim=0)[0]).sum(dim=1).gt(0)
    negative = ~positive & best.lt(low)
    return positive * own - negative.long() - 2 * (~positive & ~negative).long()
