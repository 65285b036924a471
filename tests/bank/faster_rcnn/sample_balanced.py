"""Wrong and right answers to `sample_balanced`."""

import heapq
import math

import numpy as np
import torch

from autograde.building.bank import form, mistake, variant


def first(kind, priority, room):
    """Return the places of the `room` lowest priorities among those where `kind` (A,) is True."""
    (members,) = torch.where(kind)
    return members[priority[members].argsort()[:room]]


def mask(labels, *places):
    """Return which of the `labels` stand at one of these places: (A,) bool."""
    drawn = torch.zeros(len(labels), dtype=torch.bool)
    for some in places:
        drawn[some] = True
    return drawn


def share(labels, batch_size, priority, room, positive=None, negative=None):
    """Return the right result for `room` positives, among those that count as positive and as negative."""
    chosen = first(labels == 1 if positive is None else positive, priority, room)
    rest = first(labels == 0 if negative is None else negative, priority, batch_size - len(chosen))
    return mask(labels, chosen, rest)


def right(labels, batch_size, positive_fraction, priority=None, generator=None):
    """Return the right result."""
    return share(labels, batch_size, priority, int(batch_size * positive_fraction))


# --- mistakes: who is drawn -------------------------------------------------------------------------------------------


@mistake("You draw those of the *highest* priorities. Asked are the lowest of each kind.")
def sampler_draws_the_highest(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, -priority)


@mistake("You draw those that stand first. Of each kind those with the lowest priorities are asked.")
def sampler_draws_the_first(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, torch.arange(len(labels)))


@mistake("You draw those that stand last. Of each kind those with the lowest priorities are asked.")
def sampler_draws_the_last(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, -torch.arange(len(labels)))


@mistake("Positives are drawn by priority, but negatives as they stand. Of both kinds the lowest priorities are asked.")
def sampler_draws_the_first_negatives(labels, batch_size, positive_fraction, priority=None, generator=None):
    chosen = first(labels == 1, priority, int(batch_size * positive_fraction))
    return mask(labels, chosen, torch.where(labels == 0)[0][: batch_size - len(chosen)])


@mistake("Negatives are drawn by priority, but positives as they stand. Of both kinds the lowest priorities are asked.")
def sampler_draws_the_first_positives(labels, batch_size, positive_fraction, priority=None, generator=None):
    chosen = torch.where(labels == 1)[0][: int(batch_size * positive_fraction)]
    return mask(labels, chosen, first(labels == 0, priority, batch_size - len(chosen)))


@mistake("You draw the lowest priorities of both kinds together. Positives have a share of their own, and come first.")
def sampler_does_not_tell_kinds_apart(labels, batch_size, positive_fraction, priority=None, generator=None):
    return mask(labels, first(labels >= 0, priority, batch_size))


@form(sampler_does_not_tell_kinds_apart)
def sampler_tells_nothing_apart(labels, batch_size, positive_fraction, priority=None, generator=None):
    return mask(labels, priority.argsort()[:batch_size])


@form(sampler_does_not_tell_kinds_apart)
def sampler_lets_negatives_come_before_positives(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn, room, left = mask(labels), int(batch_size * positive_fraction), batch_size
    for place in priority.argsort().tolist():
        if left and (labels[place] == 0 or (labels[place] == 1 and room)):
            drawn[place], left = True, left - 1
            room -= int(labels[place])
    return drawn


@mistake(
    "You cut the priorities off first and look for the kinds among what is left. Each kind has an order of its own."
)
def sampler_cuts_off_first(labels, batch_size, positive_fraction, priority=None, generator=None):
    nearest = mask(labels, priority.argsort()[:batch_size])
    room = int(batch_size * positive_fraction)
    return share(labels, batch_size, priority, room, nearest & (labels == 1), nearest & (labels == 0))


@form(sampler_cuts_off_first)
def sampler_cuts_the_labelled_off_first(labels, batch_size, positive_fraction, priority=None, generator=None):
    nearest = mask(labels, first(labels >= 0, priority, batch_size))
    room = int(batch_size * positive_fraction)
    return share(labels, batch_size, priority, room, nearest & (labels == 1), nearest & (labels == 0))


@form(sampler_cuts_off_first)
def sampler_cuts_off_as_many_as_each_kind_may_have(
    labels, batch_size, positive_fraction, priority=None, generator=None
):
    room, order = int(batch_size * positive_fraction), priority.argsort()
    positive = mask(labels, order[:room]) & (labels == 1)
    return positive | (mask(labels, order[: batch_size - int(positive.sum())]) & (labels == 0))


@mistake("Anchors of label −1 are drawn as negatives. They are neither, and never drawn, whatever their priority is.")
def sampler_draws_what_is_between_as_negative(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, int(batch_size * positive_fraction), negative=labels <= 0)


@form(sampler_draws_what_is_between_as_negative)
def sampler_draws_minus_one_for_negative(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, int(batch_size * positive_fraction), negative=labels == -1)


@mistake("Anchors of label −1 are drawn as positives: they are not 0, but that makes them no positive. Label 1 does.")
def sampler_draws_what_is_between_as_positive(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, int(batch_size * positive_fraction), positive=labels != 0)


@mistake("Anchors of label −1 fill places that are left over. They are never drawn, even if the batch stays smaller.")
def sampler_fills_up_with_what_is_between(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    return mask(labels, drawn, first(labels == -1, priority, max(batch_size - int(drawn.sum()), 0)))


@mistake("Positives and negatives are exchanged: 1 is a positive, and 0 a negative.")
def sampler_exchanges_the_kinds(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = int(batch_size * positive_fraction)
    return share(labels, batch_size, priority, room, labels == 0, labels == 1)


# --- mistakes: how many -----------------------------------------------------------------------------------------------


@mistake("You round the number of positives to the nearest whole number. It is rounded down, as int() does.")
def sampler_rounds_to_nearest(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, round(batch_size * positive_fraction))


@form(sampler_rounds_to_nearest)
def sampler_rounds_halves_up(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, math.floor(batch_size * positive_fraction + 0.5))


@mistake("You round the number of positives up. It is rounded down, as int() does.")
def sampler_rounds_up(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, math.ceil(batch_size * positive_fraction))


@mistake("There is always room for one positive in your function. Where the share is less than one, there is none.")
def sampler_draws_at_least_one_positive(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, max(int(batch_size * positive_fraction), 1))


@mistake(
    "Where positives are missing, their places stay empty. Negatives take them, until there are `batch_size` of both."
)
def sampler_does_not_fill_up(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = int(batch_size * positive_fraction)
    return mask(labels, first(labels == 1, priority, room), first(labels == 0, priority, batch_size - room))


@form(sampler_does_not_fill_up)
def sampler_gives_both_a_share(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    return mask(labels, positive, first(labels == 0, priority, int(batch_size * (1 - positive_fraction))))


@form(sampler_does_not_fill_up)
def sampler_gives_half_to_each(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = batch_size // 2
    return mask(labels, first(labels == 1, priority, room), first(labels == 0, priority, room))


@mistake("Where negatives are missing, positives take their places. Their share is a limit: the batch stays smaller.")
def sampler_fills_up_with_positives(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = max(int(batch_size * positive_fraction), batch_size - int((labels == 0).sum()))
    return share(labels, batch_size, priority, room)


@mistake("Positives may fill the whole batch in your function. They have at most their share of it.")
def sampler_draws_all_positives(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, batch_size)


@form(sampler_draws_all_positives)
def sampler_draws_all_positives_even_if_too_many(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = torch.where(labels == 1)[0]
    return mask(labels, positive, first(labels == 0, priority, max(batch_size - len(positive), 0)))


@mistake("Half of the batch are positives in your function. How many there may be, `positive_fraction` says.")
def sampler_always_takes_half(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, 0.5, priority)


@mistake("`positive_fraction` is a share of the batch, and not of the positives that there are.")
def sampler_takes_a_share_of_the_positives(labels, batch_size, positive_fraction, priority=None, generator=None):
    return share(labels, batch_size, priority, int(int((labels == 1).sum()) * positive_fraction))


@form(sampler_takes_a_share_of_the_positives)
def sampler_takes_a_share_of_the_positives_within_the_batch(
    labels, batch_size, positive_fraction, priority=None, generator=None
):
    return share(labels, batch_size, priority, min(batch_size, int(int((labels == 1).sum()) * positive_fraction)))


@mistake(
    "You take the share of what can be drawn at all. It is one of `batch_size`, also where the batch is not filled."
)
def sampler_takes_a_share_of_what_there_is(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, min(batch_size, int((labels >= 0).sum())), positive_fraction, priority)


@form(sampler_takes_a_share_of_what_there_is)
def sampler_takes_a_share_of_all_anchors(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, min(batch_size, len(labels)), positive_fraction, priority)


@form(sampler_takes_a_share_of_what_there_is)
def sampler_keeps_the_share_in_a_smaller_batch(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    return share(labels, int(drawn.sum()), priority, int(int(drawn.sum()) * positive_fraction))


@mistake("You draw as many negatives as positives. Negatives fill the batch up to `batch_size`.")
def sampler_draws_as_many_of_both(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    return mask(labels, positive, first(labels == 0, priority, len(positive)))


@form(sampler_draws_as_many_of_both)
def sampler_draws_negatives_in_proportion(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    room = round(len(positive) * (1 - positive_fraction) / positive_fraction) if positive_fraction else batch_size
    return mask(labels, positive, first(labels == 0, priority, room))


@mistake("You draw `batch_size` negatives beside the positives. Both together are at most so many.")
def sampler_adds_positives_to_a_whole_batch(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = int(batch_size * positive_fraction)
    return mask(labels, first(labels == 1, priority, room), first(labels == 0, priority, batch_size))


@form(sampler_adds_positives_to_a_whole_batch)
def sampler_draws_a_batch_of_each(labels, batch_size, positive_fraction, priority=None, generator=None):
    return mask(labels, first(labels == 1, priority, batch_size), first(labels == 0, priority, batch_size))


@form(sampler_adds_positives_to_a_whole_batch)
def sampler_draws_all_negatives(labels, batch_size, positive_fraction, priority=None, generator=None):
    return mask(labels, first(labels == 1, priority, int(batch_size * positive_fraction)), labels == 0)


@mistake("All that have a label are drawn in your result. `batch_size` says how many of them at most.")
def sampler_draws_everything(labels, batch_size, positive_fraction, priority=None, generator=None):
    return labels >= 0


@mistake("You draw one of each kind too few: a comparison with the last priority has to take in that one, too.")
def sampler_leaves_out_the_last_of_each(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    negative = first(labels == 0, priority, batch_size - len(positive))
    return mask(labels, positive[:-1], negative[:-1])


@mistake("You draw one of each kind too many: a comparison with the next priority must leave out that one.")
def sampler_draws_one_more_of_each(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = int(batch_size * positive_fraction)
    left = batch_size - min(room, int((labels == 1).sum()))
    return mask(labels, first(labels == 1, priority, room + 1), first(labels == 0, priority, left + 1))


@mistake("There may be fewer of a kind than you ask for. Then all of them are drawn, and `topk` must not ask for more.")
def sampler_asks_for_more_than_there_are(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive, negative = torch.where(labels == 1)[0], torch.where(labels == 0)[0]
    room = min(int(batch_size * positive_fraction), len(positive))
    chosen = positive[priority[positive].topk(room, largest=False).indices]
    return mask(labels, chosen, negative[priority[negative].topk(batch_size - room, largest=False).indices])


@form(sampler_asks_for_more_than_there_are)
def sampler_asks_for_more_positives_than_there_are(
    labels, batch_size, positive_fraction, priority=None, generator=None
):
    positive, negative = torch.where(labels == 1)[0], torch.where(labels == 0)[0]
    chosen = positive[priority[positive].topk(int(batch_size * positive_fraction), largest=False).indices]
    left = min(batch_size - len(chosen), len(negative))
    return mask(labels, chosen, negative[priority[negative].topk(left, largest=False).indices])


@form(sampler_asks_for_more_than_there_are)
def sampler_asks_for_more_of_both_than_there_are(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive, negative = torch.where(labels == 1)[0], torch.where(labels == 0)[0]
    chosen = positive[priority[positive].topk(int(batch_size * positive_fraction), largest=False).indices]
    left = batch_size - len(chosen)
    return mask(labels, chosen, negative[priority[negative].topk(left, largest=False).indices])


# --- mistakes: places and orders --------------------------------------------------------------------------------------


@mistake("You write True where an anchor stands *among its kind*. It has to be where it stands in `labels`.")
def sampler_marks_places_within_a_kind(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = priority[labels == 1].argsort()[: int(batch_size * positive_fraction)]
    negative = priority[labels == 0].argsort()[: batch_size - len(positive)]
    return mask(labels, positive, negative)


@mistake(
    "`argsort` says which one comes first, and not which rank each one has. As ranks you would have to sort it again."
)
def sampler_takes_an_order_for_ranks(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive, negative = torch.where(labels == 1)[0], torch.where(labels == 0)[0]
    chosen = positive[priority[positive].argsort() < int(batch_size * positive_fraction)]
    return mask(labels, chosen, negative[priority[negative].argsort() < batch_size - len(chosen)])


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake(
    "You return where the drawn ones stand. Asked is a mask with an entry for each anchor: True where it is drawn."
)
def sampler_returns_places(labels, batch_size, positive_fraction, priority=None, generator=None):
    return torch.where(right(labels, batch_size, positive_fraction, priority))[0]


@form(sampler_returns_places)
def sampler_returns_places_kind_by_kind(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    return torch.cat([positive, first(labels == 0, priority, batch_size - len(positive))])


@mistake("You return positives and negatives apart. Asked is one mask (A,) for both.")
def sampler_returns_two_masks(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    return drawn & (labels == 1), drawn & (labels == 0)


@form(sampler_returns_two_masks)
def sampler_returns_places_apart(labels, batch_size, positive_fraction, priority=None, generator=None):
    positive = first(labels == 1, priority, int(batch_size * positive_fraction))
    return positive, first(labels == 0, priority, batch_size - len(positive))


@mistake("Your mask holds the positives alone. The negatives that are drawn belong to it, too.")
def sampler_returns_positives_alone(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority) & (labels == 1)


@mistake("Your mask holds the negatives alone. The positives that are drawn belong to it, too.")
def sampler_returns_negatives_alone(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority) & (labels == 0)


@mistake("Your mask says who is *not* drawn: True and False are exchanged.")
def sampler_returns_who_is_left(labels, batch_size, positive_fraction, priority=None, generator=None):
    return ~right(labels, batch_size, positive_fraction, priority)


@mistake(
    "You return labels, with −1 where nothing is drawn. Asked is a mask: True where an anchor is drawn, else False."
)
def sampler_returns_labels(labels, batch_size, positive_fraction, priority=None, generator=None):
    return torch.where(right(labels, batch_size, positive_fraction, priority), labels, -1)


@form(sampler_returns_labels)
def sampler_returns_the_labels_of_the_drawn(labels, batch_size, positive_fraction, priority=None, generator=None):
    return labels[right(labels, batch_size, positive_fraction, priority)]


@mistake("Your mask is of numbers, 1 and 0. Asked is bool: True and False.")
def sampler_returns_ones_and_zeros(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority).long()


@form(sampler_returns_ones_and_zeros)
def sampler_returns_ones_and_zeros_in_floats(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority).float()


@form(sampler_returns_ones_and_zeros)
def sampler_returns_bytes(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority).to(torch.uint8)


@mistake("You return a list. Asked is a tensor of bool.")
def sampler_returns_a_list(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority).tolist()


@mistake("Of no anchors your mask is float32: an empty list becomes that. A mask is bool, even of nothing.")
def sampler_returns_floats_of_nothing(labels, batch_size, positive_fraction, priority=None, generator=None):
    return torch.tensor(right(labels, batch_size, positive_fraction, priority).tolist())


@mistake("You compare priorities as float32. In float64 two of them may differ by less than that can see.")
def sampler_compares_in_float32(labels, batch_size, positive_fraction, priority=None, generator=None):
    order = torch.from_numpy(np.lexsort((np.arange(len(labels)), priority.float().numpy())))
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order))
    return right(labels, batch_size, positive_fraction, ranks)


@mistake(
    "You look at the size of priorities without their sign. They may be below zero, and the lowest are drawn all the same."
)
def sampler_takes_priorities_without_their_sign(labels, batch_size, positive_fraction, priority=None, generator=None):
    return right(labels, batch_size, positive_fraction, priority.abs())


@mistake(
    "You take it that no priority is above 1. They may be of any size: what is not of the kind is further away than all."
)
def sampler_puts_the_other_kinds_at_one(labels, batch_size, positive_fraction, priority=None, generator=None):
    room = min(int(batch_size * positive_fraction), int((labels == 1).sum()))
    positive = torch.where(labels == 1, priority, 1.0).argsort()[:room]
    left = min(batch_size - room, int((labels == 0).sum()))
    return mask(labels, positive, torch.where(labels == 0, priority, 1.0).argsort()[:left])


@mistake("Your mask is right, but `labels` come back changed. Write into a copy, or into a mask of your own.")
def sampler_writes_into_labels(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    labels[~drawn] = -1
    return drawn


@mistake("Your mask is right, but `priority` comes back changed. Write into a copy.")
def sampler_writes_into_priority(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    priority[labels == -1] = torch.inf
    return drawn


@form(sampler_writes_into_priority)
def sampler_crosses_off_in_priority(labels, batch_size, positive_fraction, priority=None, generator=None):
    drawn = right(labels, batch_size, positive_fraction, priority)
    priority[drawn] = torch.inf
    return drawn


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def sampler_in_lists(labels, batch_size, positive_fraction, priority=None, generator=None):
    """One anchor after the other, by rising priority."""
    by_priority = sorted(range(len(labels)), key=lambda place: priority[place].item())
    positives = [place for place in by_priority if labels[place] == 1][: int(batch_size * positive_fraction)]
    negatives = [place for place in by_priority if labels[place] == 0][: batch_size - len(positives)]
    return torch.tensor([place in positives + negatives for place in range(len(labels))], dtype=torch.bool)


@variant
def sampler_in_numpy(labels, batch_size, positive_fraction, priority=None, generator=None):
    kinds, order = labels.numpy(), np.argsort(priority.numpy())
    positive = order[kinds[order] == 1][: int(batch_size * positive_fraction)]
    negative = order[kinds[order] == 0][: batch_size - positive.size]
    return torch.from_numpy(np.isin(np.arange(kinds.size), np.concatenate([positive, negative])))


@variant
def sampler_by_topk(labels, batch_size, positive_fraction, priority=None, generator=None):
    """Puts the other kinds infinitely far away."""
    drawn = torch.zeros(labels.shape, dtype=torch.bool)
    left = batch_size
    for kind, most in ((1, int(batch_size * positive_fraction)), (0, batch_size)):
        count = min(most, left, int((labels == kind).sum()))
        far = priority.double().masked_fill(labels != kind, float("inf"))
        drawn[far.topk(count, largest=False).indices] = True
        left -= count
    return drawn


@variant
def sampler_by_ranks(labels, batch_size, positive_fraction, priority=None, generator=None):
    """An anchor's rank within its kind is how many of them have a lower priority."""
    same = labels[:, None] == labels
    rank = (same & (priority < priority[:, None])).sum(dim=1)
    positive = (labels > 0) & (rank < math.floor(batch_size * positive_fraction))
    negative = (labels == 0) & (rank < batch_size - positive.sum())
    return positive | negative


@variant
def sampler_by_cumulated_counts(labels, batch_size, positive_fraction, priority=None, generator=None):
    order = priority.argsort()
    sorted_labels = labels[order]
    positive = sorted_labels == 1
    positive &= positive.cumsum(0) <= int(positive_fraction * batch_size)
    negative = sorted_labels == 0
    negative &= negative.cumsum(0) <= batch_size - int(positive.sum())
    drawn = torch.empty_like(positive)
    drawn[order] = positive | negative
    return drawn


@variant
def sampler_by_the_last_priority(labels, batch_size, positive_fraction, priority=None, generator=None):
    """Compares with the highest priority that is still drawn."""
    drawn, room = labels != labels, int(batch_size * positive_fraction)
    for kind in (1, 0):
        members = (labels == kind).nonzero(as_tuple=True)[0]
        count = min(room, members.numel())
        if count > 0:
            drawn = drawn | ((labels == kind) & (priority <= priority[members].kthvalue(count).values))
        room = batch_size - count
    return drawn


@variant
def sampler_by_a_heap(labels, batch_size, positive_fraction, priority=None, generator=None):
    waiting = {1: [], 0: []}
    for place, (kind, value) in enumerate(zip(labels.tolist(), priority.tolist(), strict=True)):
        if kind in waiting:
            heapq.heappush(waiting[kind], (value, place))
    drawn = torch.full((len(labels),), False)
    count = 0
    while waiting[1] and count + 1 <= batch_size * positive_fraction:
        drawn[heapq.heappop(waiting[1])[1]] = True
        count += 1
    while waiting[0] and count < batch_size:
        drawn[heapq.heappop(waiting[0])[1]] = True
        count += 1
    return drawn
