"""Wrong and right answers to `pck`."""

import math

import numpy as np
import torch
from torch import Tensor

from autograde.building.bank import form, mistake, variant


def distances(pred, target):
    """Return the distance of each keypoint (N, J)."""
    return (pred - target).square().sum(dim=-1).sqrt()


def hits(pred, target, scale, alpha):
    """Return which keypoints are near enough (N, J)."""
    return distances(pred, target) <= alpha * scale[:, None]


def share(correct, visible, dtype):
    """Return the share of visible keypoints that are correct, NaN where none is visible."""
    return correct[visible].to(dtype).mean()


# --- mistakes: the limit ----------------------------------------------------------------------------------------------


@mistake("You ask for less than the limit. At most alpha · scale is right too: exactly at the limit counts.")
def less_than_the_limit(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) < alpha * scale[:, None], visible, pred.dtype)


@mistake("You leave alpha out: a keypoint may be off by as much as the whole object is large.")
def without_alpha(pred, target, visible, scale, alpha=0.2):
    return share(hits(pred, target, scale, 1.0), visible, pred.dtype)


@mistake("You always use 0.2. That is only the default of `alpha`; the caller may ask for more or less.")
def always_a_fifth(pred, target, visible, scale, alpha=0.2):
    return share(hits(pred, target, scale, 0.2), visible, pred.dtype)


@mistake("Called without `alpha` your function takes 0.5, as PCKh does. Here the default is 0.2.")
def default_of_a_half(pred, target, visible, scale, alpha=0.5):
    return share(hits(pred, target, scale, alpha), visible, pred.dtype)


@mistake("You leave the scale out: alpha is not in pixels, but in shares of the object's size.")
def without_scale(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) <= alpha, visible, pred.dtype)


@mistake(
    "You measure all objects by one and the same scale. Each has a limit of its own: a duck is smaller than a cow."
)
def mean_scale(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) <= alpha * scale.mean(), visible, pred.dtype)


@form(mean_scale)
def largest_scale(pred, target, visible, scale, alpha=0.2):
    limit = alpha * scale.max() if len(scale) else 0.0
    return share(distances(pred, target) <= limit, visible, pred.dtype)


@form(mean_scale)
def first_scale(pred, target, visible, scale, alpha=0.2):
    limit = alpha * scale[0] if len(scale) else 0.0
    return share(distances(pred, target) <= limit, visible, pred.dtype)


@form(mean_scale)
def smallest_scale(pred, target, visible, scale, alpha=0.2):
    limit = alpha * scale.min() if len(scale) else 0.0
    return share(distances(pred, target) <= limit, visible, pred.dtype)


@mistake(
    "`scale` (N,) beside distances (N, J) is matched from the right, with the joints. It needs a dimension of its own "
    "at the end."
)
def scale_along_the_joints(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) <= alpha * scale, visible, pred.dtype)


@mistake("You compare the *squared* distance with the limit, which is not squared. Take the root, or square both.")
def squared_distance(pred, target, visible, scale, alpha=0.2):
    return share((pred - target).square().sum(dim=-1) <= alpha * scale[:, None], visible, pred.dtype)


@mistake("You square the scale but not alpha. If you compare squares, the whole limit is squared.")
def scale_squared_only(pred, target, visible, scale, alpha=0.2):
    return share((pred - target).square().sum(dim=-1) <= alpha * scale[:, None] ** 2, visible, pred.dtype)


@mistake(
    "Your limit is alpha times the *root* of the scale. The scale is a length in pixels; if you compare squares, all "
    "of the limit is squared."
)
def root_of_the_scale(pred, target, visible, scale, alpha=0.2):
    return share(hits(pred, target, scale.sqrt(), alpha), visible, pred.dtype)


@mistake("You divide by alpha. The limit is alpha *times* the scale.")
def divides_by_alpha(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) <= scale[:, None] / alpha, visible, pred.dtype)


# --- mistakes: the distance -------------------------------------------------------------------------------------------


@mistake(
    "You ask of x and of y, each by itself, whether it is within the limit. That is a square; the distance makes a "
    "circle."
)
def within_a_square(pred, target, visible, scale, alpha=0.2):
    near = ((pred - target).abs() <= alpha * scale[:, None, None]).all(dim=-1)
    return share(near, visible, pred.dtype)


@mistake("You count x and y one by one. A keypoint is one thing: it is right or wrong by its distance.")
def x_and_y_one_by_one(pred, target, visible, scale, alpha=0.2):
    near = (pred - target).abs() <= alpha * scale[:, None, None]
    return near[visible].to(pred.dtype).mean()


@mistake("It is enough for you that x *or* y is near. A keypoint is right by its distance, in which both are.")
def x_or_y(pred, target, visible, scale, alpha=0.2):
    near = ((pred - target).abs() <= alpha * scale[:, None, None]).any(dim=-1)
    return share(near, visible, pred.dtype)


@mistake("You add |Δx| and |Δy|, which is the way along the streets. The distance is the straight one, by Pythagoras.")
def along_the_streets_in_the_share(pred, target, visible, scale, alpha=0.2):
    return share((pred - target).abs().sum(dim=-1) <= alpha * scale[:, None], visible, pred.dtype)


@mistake("You take the root of the *mean* of Δx² and Δy². The distance has their sum under the root.")
def root_of_the_mean_in_the_share(pred, target, visible, scale, alpha=0.2):
    near = (pred - target).square().mean(dim=-1).sqrt() <= alpha * scale[:, None]
    return share(near, visible, pred.dtype)


@mistake("You count what is further away than the limit: the share of keypoints that are *wrong*.")
def share_of_misses(pred, target, visible, scale, alpha=0.2):
    return share(~hits(pred, target, scale, alpha), visible, pred.dtype)


@form(share_of_misses)
def share_of_misses_at_least_at_the_limit(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) >= alpha * scale[:, None], visible, pred.dtype)


@mistake(
    "You average distances in shares of the scale. PCK asks of each keypoint only whether it is near enough, yes or no."
)
def mean_relative_distance(pred, target, visible, scale, alpha=0.2):
    return (distances(pred, target) / scale[:, None])[visible].mean()


@form(mean_relative_distance)
def mean_share_of_the_limit(pred, target, visible, scale, alpha=0.2):
    return (distances(pred, target) / (alpha * scale[:, None]))[visible].mean()


# --- mistakes: which count --------------------------------------------------------------------------------------------


@mistake("All keypoints count, also those that are not visible. Nobody knows where they are.")
def all_keypoints_count_in_the_share(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha).to(pred.dtype).mean()


@mistake(
    "You divide by the number of all keypoints. Those that are not visible are to count neither above the line nor "
    "below it."
)
def divides_by_all(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).to(pred.dtype).mean()


@form(divides_by_all)
def divides_by_all_that_there_are(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum().to(pred.dtype) / max(visible.numel(), 1)


@mistake(
    "Keypoints that are not visible count as right in your share, or add to it. Leave them out above the line as well "
    "as below."
)
def hidden_ones_above_the_line(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha).sum().to(pred.dtype) / visible.sum()


@form(hidden_ones_above_the_line)
def hidden_ones_are_right(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) | ~visible).to(pred.dtype).mean()


@form(hidden_ones_above_the_line)
def masked_distances_are_zero_above_the_line(pred, target, visible, scale, alpha=0.2):
    near = distances(pred, target) * visible <= alpha * scale[:, None]
    return near.sum().to(pred.dtype) / visible.sum()


@mistake("You use the mask the wrong way round: the share is one of the keypoints that can *not* be seen.")
def the_hidden_ones_count_in_the_share(pred, target, visible, scale, alpha=0.2):
    return share(hits(pred, target, scale, alpha), ~visible, pred.dtype)


@mistake(
    "You take a share for each object and then their mean. An object with one visible keypoint then weighs as much as "
    "one with all; here each keypoint counts the same."
)
def mean_of_the_objects_shares(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype)
    there = visible.any(dim=1)
    return (right / visible.sum(dim=1))[there].mean()


@form(mean_of_the_objects_shares)
def mean_of_the_objects_shares_with_nan(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype)
    return (right / visible.sum(dim=1)).mean()


@form(mean_of_the_objects_shares)
def mean_of_the_objects_shares_with_zeros(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype)
    return (right / visible.sum(dim=1).clamp(min=1)).mean()


@form(mean_of_the_objects_shares)
def mean_of_the_objects_shares_with_zeros_but_nan_of_nothing(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype)
    each = (right / visible.sum(dim=1).clamp(min=1)).mean()
    return each if visible.any() else each.new_tensor(math.nan)


@mistake(
    "You take a share for each joint and then their mean. Here each visible keypoint of the batch counts the same."
)
def mean_of_the_joints_shares(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=0).to(pred.dtype)
    there = visible.any(dim=0)
    return (right / visible.sum(dim=0))[there].mean()


@form(mean_of_the_joints_shares)
def mean_of_the_joints_shares_with_nan(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=0).to(pred.dtype)
    return (right / visible.sum(dim=0)).mean()


@form(mean_of_the_joints_shares)
def mean_of_the_joints_shares_with_zeros(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) & visible).sum(dim=0).to(pred.dtype)
    return (right / visible.sum(dim=0).clamp(min=1)).mean()


@mistake(
    "An object is right only if all of its visible keypoints are, in your share. Here each keypoint counts by itself."
)
def whole_objects(pred, target, visible, scale, alpha=0.2):
    right = (hits(pred, target, scale, alpha) | ~visible).all(dim=1)
    return right[visible.any(dim=1)].to(pred.dtype).mean()


# --- mistakes: the number ---------------------------------------------------------------------------------------------


@mistake("Your result is in percent. The name says so too, but what is asked for is a share, from 0 to 1.")
def in_percent_in_the_share(pred, target, visible, scale, alpha=0.2):
    return 100 * share(hits(pred, target, scale, alpha), visible, pred.dtype)


@mistake("You return how many keypoints are right. A share is wanted: divided by how many are visible.")
def a_count(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha)[visible].sum().to(pred.dtype)


@form(a_count)
def a_whole_count(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha)[visible].sum()


@mistake("You return a share for each object. One number for the whole batch is wanted.")
def a_share_an_object(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype) / visible.sum(dim=1)


@form(a_share_an_object)
def a_share_an_object_without_nan(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum(dim=1).to(pred.dtype) / visible.sum(dim=1).clamp(min=1)


@mistake("You return yes or no for each keypoint. One number is wanted: the share of yes among those that are visible.")
def a_yes_or_no_each(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha) & visible


@form(a_yes_or_no_each)
def a_yes_or_no_for_each_visible_one(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha)[visible]


@mistake("You return 0 where nothing is visible. Nothing was got wrong there: no share exists, and NaN says so.")
def zero_of_nothing(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum().to(pred.dtype) / visible.sum().clamp(min=1)


@mistake("You return 1 where nothing is visible. Nothing was got right there: no share exists, and NaN says so.")
def one_of_nothing(pred, target, visible, scale, alpha=0.2):
    if not visible.any():
        return torch.ones((), dtype=pred.dtype)
    return share(hits(pred, target, scale, alpha), visible, pred.dtype)


@mistake(
    "Where nothing is visible your code divides by zero, which Python refuses. There is no share, and NaN says so."
)
def raises_of_nothing(pred, target, visible, scale, alpha=0.2):
    right = hits(pred, target, scale, alpha)[visible].sum().item()
    return torch.tensor(right / int(visible.sum()), dtype=pred.dtype)


@mistake(
    "You add a small number below the line: each share is a little too small, and that of nothing is 0 instead of NaN."
)
def a_small_number_below_in_the_share(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum().to(pred.dtype) / (visible.sum() + 1e-6)


@form(a_small_number_below_in_the_share)
def one_below(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum().to(pred.dtype) / (visible.sum() + 1)


@mistake("A mean of yes and no is none to torch: turn the booleans into floating-point numbers first.")
def mean_of_booleans(pred, target, visible, scale, alpha=0.2):
    return hits(pred, target, scale, alpha)[visible].mean()


@form(zero_of_nothing)
def zero_of_nothing_in_float32(pred, target, visible, scale, alpha=0.2):
    return (hits(pred, target, scale, alpha) & visible).sum() / visible.sum().clamp(min=1)


@form(mean_scale)
def sum_of_the_scales(pred, target, visible, scale, alpha=0.2):
    return share(distances(pred, target) <= alpha * scale.sum(), visible, pred.dtype)


@mistake("You measure in x only. The distance has Δy in it as well.")
def in_x_only_in_the_share(pred, target, visible, scale, alpha=0.2):
    return share((pred - target)[..., 0].abs() <= alpha * scale[:, None], visible, pred.dtype)


@mistake("You measure in y only. The distance has Δx in it as well.")
def in_y_only_in_the_share(pred, target, visible, scale, alpha=0.2):
    return share((pred - target)[..., 1].abs() <= alpha * scale[:, None], visible, pred.dtype)


@mistake("You take the mean of |Δx| and |Δy|. The distance is the straight one, the root of Δx² + Δy².")
def mean_of_the_differences(pred, target, visible, scale, alpha=0.2):
    return share((pred - target).abs().mean(dim=-1) <= alpha * scale[:, None], visible, pred.dtype)


@mistake(
    "You take the length of all offsets together, one number for the batch. Each keypoint has a distance of its own."
)
def one_distance_for_all(pred, target, visible, scale, alpha=0.2):
    near = ((pred - target).norm() <= alpha * scale[:, None]).expand_as(visible)
    return share(near, visible, pred.dtype)


@form(one_distance_for_all)
def one_distance_for_all_objects(pred, target, visible, scale, alpha=0.2):
    return ((pred - target).norm() <= alpha * scale[:, None]).to(pred.dtype).mean()


@mistake(
    "You add Δx and Δy with their signs, so that one may make up for the other. Each is squared before they are added."
)
def signed_sum(pred, target, visible, scale, alpha=0.2):
    return share((pred - target).sum(dim=-1).abs() <= alpha * scale[:, None], visible, pred.dtype)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def relative_distance(pred, target, visible, scale, alpha=0.2):
    relative = torch.linalg.norm(pred - target, dim=2) / scale.unsqueeze(1)
    return (relative[visible] <= alpha).to(pred.dtype).mean()


@variant
def counts(pred, target, visible, scale, alpha=0.2):
    near = (torch.norm(pred - target, dim=-1) <= alpha * scale.reshape(-1, 1)) & visible
    return near.sum().to(pred.dtype) / visible.sum().to(pred.dtype)


@variant
def one_by_one(pred, target, visible, scale, alpha=0.2):
    right = total = 0
    for p, t, v, s in zip(pred.tolist(), target.tolist(), visible.tolist(), scale.tolist(), strict=True):
        for a, b, seen in zip(p, t, v, strict=True):
            if seen:
                total += 1
                right += math.hypot(a[0] - b[0], a[1] - b[1]) <= alpha * s
    return torch.tensor(right / total if total else math.nan, dtype=pred.dtype)


@variant
def squares_on_both_sides(pred, target, visible, scale, alpha=0.2):
    d2 = (pred - target).pow(2).sum(-1)
    limit = (alpha * scale).pow(2)[:, None].expand_as(d2)
    return (d2[visible] <= limit[visible]).to(pred.dtype).mean()


@variant
def with_numpy_in_the_share(pred, target, visible, scale, alpha=0.2):
    d = np.hypot(*np.moveaxis((pred - target).numpy(), -1, 0))
    seen = visible.numpy()
    if not seen.any():
        return float("nan")
    return float((d <= alpha * scale.numpy()[:, None])[seen].mean())


@variant
def with_nanmean(pred, target, visible, scale, alpha=0.2):
    near = ((pred - target).norm(dim=-1) <= alpha * scale[:, None]).to(pred.dtype)
    return near.masked_fill(~visible, float("nan")).nanmean()


@variant
def repeated_scales(pred, target, visible, scale, alpha=0.2):
    limits = (alpha * scale).repeat_interleave(pred.shape[1])
    d = (pred - target).reshape(-1, 2).pow(2).sum(1).sqrt()
    seen = visible.reshape(-1)
    return (d[seen] <= limits[seen]).type(pred.dtype).mean()
