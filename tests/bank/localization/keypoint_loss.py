"""Wrong and right answers to `keypoint_loss`."""

from functools import wraps

import torch
import torch.nn.functional as F
from torch import Tensor

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def squares(pred, target):
    """Return the squared distance of each keypoint (N, J)."""
    return (pred - target).square().sum(dim=-1)


def share(total, visible):
    """Divide by the number of visible keypoints, or by 1."""
    return total / visible.sum().clamp(min=1)


# --- mistakes: which count --------------------------------------------------------------------------------------------


@mistake("All keypoints count in your mean. Those that cannot be seen have no place that anyone knows: leave them out.")
def all_keypoints_count_in_the_loss(pred, target, visible):
    each = squares(pred, target)
    return each.sum() / max(each.numel(), 1)


@form(all_keypoints_count_in_the_loss)
def mean_of_all_keypoints(pred, target, visible):
    return squares(pred, target).mean()


@form(all_keypoints_count_in_the_loss)
def mse_of_all_keypoints(pred, target, visible):
    return F.mse_loss(pred, target)


@form(all_keypoints_count_in_the_loss)
def sum_of_all_over_the_visible(pred, target, visible):
    return share(squares(pred, target).sum(), visible)


@mistake(
    "You set the loss of hidden keypoints to 0 and divide by the number of *all* keypoints. Those that are not "
    "visible are to count neither above the line nor below it."
)
def divides_by_all_keypoints(pred, target, visible):
    return (squares(pred, target) * visible).sum() / max(visible.numel(), 1)


@form(divides_by_all_keypoints)
def mean_with_zeros_in_the_loss(pred, target, visible):
    return (squares(pred, target) * visible).mean()


@form(divides_by_all_keypoints)
def mse_of_masked_points(pred, target, visible):
    seen = visible[..., None].to(pred.dtype)
    return F.mse_loss(pred * seen, target * seen)


@form(divides_by_all_keypoints)
def mean_over_everything_with_zeros(pred, target, visible):
    return ((pred - target).square() * visible[..., None]).sum() / max(pred.numel(), 1)


@mistake("You use the mask the wrong way round: you score the keypoints that can *not* be seen.")
def the_hidden_ones_count_in_the_loss(pred, target, visible):
    return share((squares(pred, target) * ~visible).sum(), ~visible)


@form(the_hidden_ones_count_in_the_loss)
def mean_of_the_hidden_ones(pred, target, visible):
    return squares(pred, target)[~visible].mean()


@mistake(
    "You clear the prediction where nothing is visible, but not the target. What `target` holds there must not matter "
    "either."
)
def clears_the_prediction_only(pred, target, visible):
    return share(squares(pred * visible[..., None], target).sum(), visible)


@form(clears_the_prediction_only)
def clears_the_target_only(pred, target, visible):
    return share(squares(pred, target * visible[..., None]).sum(), visible)


@mistake(
    "You tell whether a keypoint counts from its target, as if an unseen one were always (0, 0). `visible` says so."
)
def zeros_of_the_target_are_hidden(pred, target, visible):
    seen = (target != 0).any(dim=-1)
    return share((squares(pred, target) * seen).sum(), seen)


@form(zeros_of_the_target_are_hidden)
def positive_targets_are_visible(pred, target, visible):
    seen = (target.abs().sum(dim=-1) > 0) & visible.any()
    return share((squares(pred, target) * seen).sum(), seen)


@mistake(
    "An object counts with all of its joints as soon as one of them is visible. Each joint has a visibility of its own."
)
def whole_objects_count(pred, target, visible):
    seen = visible.any(dim=1, keepdim=True).expand_as(visible)
    return share((squares(pred, target) * seen).sum(), seen)


@mistake("An object counts only if all of its joints are visible. Each joint has a visibility of its own.")
def only_complete_objects_count(pred, target, visible):
    seen = visible.all(dim=1, keepdim=True).expand_as(visible)
    return share((squares(pred, target) * seen).sum(), seen)


@mistake(
    "`visible` (N, J) beside numbers (N, J, 2) is matched from the right, joints with x and y. It needs a dimension "
    "of its own at the end."
)
def mask_without_a_dimension(pred, target, visible):
    return share(((pred - target).square() * visible).sum(), visible)


# --- mistakes: what is divided by what --------------------------------------------------------------------------------


@mistake(
    "Your loss is half of what is asked: by a mean over x *and* y, or by a ½ before it. A keypoint's squared distance is Δx² + Δy²."
)
def mean_over_x_and_y(pred, target, visible):
    return share(squares(pred, target)[visible].sum(), visible) / 2


@form(mean_over_x_and_y)
def mse_of_the_visible(pred, target, visible):
    return F.mse_loss(pred[visible], target[visible])


@form(mean_over_x_and_y)
def mse_of_the_visible_where_there_are_some(pred, target, visible):
    return F.mse_loss(pred[visible], target[visible]) if visible.any() else pred.sum() * 0


@mistake("You return the sum over the visible keypoints. It grows with their number; the loss is their mean.")
def sum_of_the_visible(pred, target, visible):
    return squares(pred, target)[visible].sum()


@form(sum_of_the_visible)
def half_the_sum_of_the_visible(pred, target, visible):
    return squares(pred, target)[visible].sum() / 2


@mistake("You divide by the number of objects. The mean is one over the visible keypoints.")
def divides_by_the_objects(pred, target, visible):
    return squares(pred, target)[visible].sum() / max(len(pred), 1)


@form(divides_by_the_objects)
def divides_by_no_objects(pred, target, visible):
    return squares(pred, target)[visible].sum() / len(pred)


@form(divides_by_the_objects)
def mean_of_the_objects_sums(pred, target, visible):
    return (squares(pred, target) * visible).sum(dim=1).mean()


@mistake("You divide by the number of joints of one object. The mean is one over the visible keypoints of the batch.")
def divides_by_the_joints(pred, target, visible):
    return squares(pred, target)[visible].sum() / visible.shape[1]


@form(divides_by_the_joints)
def mean_of_the_joints_sums(pred, target, visible):
    return (squares(pred, target) * visible).sum(dim=0).mean()


@mistake(
    "You take a mean for each object and then the mean of those. A keypoint of an object with few visible ones then "
    "weighs more; here each counts the same."
)
def means_of_each_object(pred, target, visible):
    each = (squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1).clamp(min=1)
    return each.sum() / max(len(each), 1)


@form(means_of_each_object)
def means_of_each_object_as_a_plain_mean(pred, target, visible):
    return ((squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1).clamp(min=1)).mean()


@form(means_of_each_object)
def means_of_each_object_with_something_visible(pred, target, visible):
    there = visible.any(dim=1)
    each = (squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1).clamp(min=1)
    return each[there].sum() / there.sum().clamp(min=1)


@form(means_of_each_object)
def means_of_each_object_with_nan(pred, target, visible):
    return ((squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1)).mean()


@form(means_of_each_object)
def nanmean_of_each_object(pred, target, visible):
    return ((squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1)).nanmean()


@mistake(
    "You take a mean for each joint and then the mean of those. Each visible keypoint of the batch counts the same."
)
def means_of_each_joint(pred, target, visible):
    each = (squares(pred, target) * visible).sum(dim=0) / visible.sum(dim=0).clamp(min=1)
    return each.mean()


@form(means_of_each_joint)
def means_of_each_joint_with_something_visible(pred, target, visible):
    there = visible.any(dim=0)
    each = (squares(pred, target) * visible).sum(dim=0) / visible.sum(dim=0).clamp(min=1)
    return each[there].sum() / there.sum().clamp(min=1)


@form(means_of_each_joint)
def nanmean_of_each_joint(pred, target, visible):
    return ((squares(pred, target) * visible).sum(dim=0) / visible.sum(dim=0)).nanmean()


@mistake("You return one number a keypoint. One number for the whole batch is wanted: their mean.")
def a_loss_a_keypoint(pred, target, visible):
    return squares(pred, target) * visible


@form(a_loss_a_keypoint)
def a_loss_a_visible_keypoint(pred, target, visible):
    return squares(pred, target)[visible]


@mistake(
    "You return one number an object. One number for the whole batch is wanted: the mean over its visible keypoints."
)
def a_loss_an_object(pred, target, visible):
    return (squares(pred, target) * visible).sum(dim=1) / visible.sum(dim=1).clamp(min=1)


@form(a_loss_an_object)
def a_sum_an_object(pred, target, visible):
    return (squares(pred, target) * visible).sum(dim=1)


@mistake("You add a small number to the count, which makes each loss a little too small. Only a count of 0 needs help.")
def a_small_number_below_in_the_loss(pred, target, visible):
    return squares(pred, target)[visible].sum() / (visible.sum() + 1)


@form(a_small_number_below_in_the_loss)
def a_smaller_number_below(pred, target, visible):
    return squares(pred, target)[visible].sum() / (visible.sum() + 1e-2)


# --- mistakes: the distance -------------------------------------------------------------------------------------------


@mistake("You take the distance itself. The loss is the *squared* distance: no root.")
def distance_not_squared_in_the_loss(pred, target, visible):
    return share((pred - target).norm(dim=-1)[visible].sum(), visible)


@form(distance_not_squared_in_the_loss)
def mean_distance(pred, target, visible):
    return (pred - target).norm(dim=-1)[visible].mean()


@mistake("You take the root of the mean. The loss is the mean of the squared distances: no root.")
def root_of_the_mean_in_the_loss(pred, target, visible):
    return share(squares(pred, target)[visible].sum(), visible).sqrt()


@mistake("You add up absolute differences, the L1 distance. Here the distance is squared, Δx² + Δy².")
def absolute_differences_in_the_loss(pred, target, visible):
    return share((pred - target).abs().sum(dim=-1)[visible].sum(), visible)


@form(absolute_differences_in_the_loss)
def mean_of_absolute_differences_in_the_loss(pred, target, visible):
    return F.l1_loss(pred[visible], target[visible])


@form(absolute_differences_in_the_loss)
def mean_of_absolute_differences_where_visible(pred, target, visible):
    return F.l1_loss(pred[visible], target[visible]) if visible.any() else pred.sum() * 0


@form(absolute_differences_in_the_loss)
def mean_of_sums_of_absolute_differences(pred, target, visible):
    return (pred - target).abs().sum(dim=-1)[visible].mean()


@mistake("You use smooth L1, which is linear far away. Here every distance is squared.")
def smooth_l1_in_the_loss(pred, target, visible):
    return share(F.smooth_l1_loss(pred, target, reduction="none").sum(dim=-1)[visible].sum(), visible)


@form(smooth_l1_in_the_loss)
def mean_of_smooth_l1_in_the_loss(pred, target, visible):
    return F.smooth_l1_loss(pred[visible], target[visible])


@mistake("You take half of the squared distance. It makes the derivative tidier, but it is not what is asked.")
def half_the_square_of_a_sum(pred, target, visible):
    return share(0.5 * (pred - target).sum(dim=-1).square()[visible].sum(), visible)


@mistake("You square the sum of Δx and Δy. Each is squared by itself: otherwise Δx = −Δy would cost nothing.")
def square_of_the_sum_in_the_loss(pred, target, visible):
    return share((pred - target).sum(dim=-1).square()[visible].sum(), visible)


# --- mistakes: nothing visible ----------------------------------------------------------------------------------------


@mistake(
    "Where nothing is visible you divide zero by zero. The loss is 0 there: a batch that says nothing must not spoil "
    "the weights with NaN."
)
def nan_where_none_is_visible(pred, target, visible):
    return squares(pred, target)[visible].mean()


@form(nan_where_none_is_visible)
def nan_by_division(pred, target, visible):
    return (squares(pred, target) * visible).sum() / visible.sum()


@mistake(
    "Where nothing is visible you return a zero that has nothing to do with `pred`. `backward()` fails on it; the "
    "zero has to hang on the graph."
)
def zero_without_a_graph(pred, target, visible):
    if not visible.any():
        return torch.zeros((), dtype=pred.dtype)
    return squares(pred, target)[visible].mean()


@form(zero_without_a_graph)
def a_plain_zero(pred, target, visible):
    if not visible.any():
        return 0.0
    return squares(pred, target)[visible].mean()


@mistake(
    "Where nothing is visible you return zero for the loss, but its gradient is NaN: 0 times what you divided by 0 is "
    "not 0."
)
def nan_in_the_gradient(pred, target, visible):
    return torch.nan_to_num((squares(pred, target) * visible / visible.sum()).sum())


@mistake("`.view` asks for numbers that lie side by side in memory; `.reshape` copies where it must.")
def views(pred, target, visible):
    each = (pred.view(-1, 2) - target.view(-1, 2)).square().sum(dim=-1)
    return share(each[visible.view(-1)].sum(), visible)


@mistake(NO_GRADIENT)
def detached_in_the_loss(pred, target, visible):
    return share(squares(pred, target)[visible].sum(), visible).detach()


@form(root_of_the_mean_in_the_loss)
def root_of_the_mean_over_x_and_y(pred, target, visible):
    return F.mse_loss(pred[visible], target[visible]).sqrt()


@form(root_of_the_mean_in_the_loss)
def root_of_a_plain_mean(pred, target, visible):
    return squares(pred, target)[visible].mean().sqrt()


@mistake("You write into the arguments to clear what is not visible. The caller still needs them: work on copies.")
def clears_its_inputs(pred, target, visible):
    pred[~visible] = 0
    target[~visible] = 0
    return share(squares(pred, target).sum(), visible)


@form(clears_its_inputs)
def clears_its_target(pred, target, visible):
    target[~visible] = pred[~visible]
    return share(squares(pred, target).sum(), visible)


@mistake("You index with 0 and 1 as whole numbers, which picks objects 0 and 1. Only booleans pick by yes and no.")
def whole_numbers_as_a_mask(pred, target, visible):
    return squares(pred, target)[visible.long()].mean()


@mistake(
    "You add a small number to the count: in float64 it is seen that each loss is a little too small. Only a count of "
    "0 needs help."
)
def a_millionth_below(pred, target, visible):
    return (squares(pred, target) * visible).sum() / (visible.sum() + 1e-6)


@form(a_millionth_below)
def a_hundred_thousandth_below(pred, target, visible):
    return (squares(pred, target) * visible).sum() / (visible.sum() + 1e-5)


# --- mistakes, once more with a look at what is visible ---------------------------------------------------------------


def guarded(answer):
    """Return `answer` with a branch of its own, and a right one, for nothing visible."""

    @wraps(answer)
    def looks_first(pred, target, visible):
        return answer(pred, target, visible) if visible.any() else (pred.sum() + target.sum()) * 0

    looks_first.__name__ = f"{answer.__name__}_but_looks_first"
    return looks_first


for first, plain in (
    (all_keypoints_count_in_the_loss, all_keypoints_count_in_the_loss),
    (the_hidden_ones_count_in_the_loss, mean_of_the_hidden_ones),
    (clears_the_prediction_only, clears_the_prediction_only),
    (clears_the_prediction_only, clears_the_target_only),
    (means_of_each_object, means_of_each_object_with_nan),
    (root_of_the_mean_in_the_loss, root_of_the_mean_over_x_and_y),
    (smooth_l1_in_the_loss, mean_of_smooth_l1_in_the_loss),
):
    form(first)(guarded(plain))


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def masked_sum(pred, target, visible):
    each = ((pred - target) ** 2).sum(-1) * visible.to(pred.dtype)
    return each.sum() / visible.sum().to(pred.dtype).clamp(min=1.0)


@variant
def with_a_branch(pred, target, visible):
    if visible.sum() == 0:
        return (pred * 0).sum() + (target * 0).sum()
    return 2 * F.mse_loss(pred[visible], target[visible])


@variant
def point_by_point(pred, target, visible):
    total, count = (pred.sum() + target.sum()) * 0, 0
    for n in range(pred.shape[0]):
        for j in range(pred.shape[1]):
            if visible[n, j]:
                dx, dy = pred[n, j] - target[n, j]
                total, count = total + dx * dx + dy * dy, count + 1
    return total / max(count, 1)


@variant
def with_where_in_the_loss(pred, target, visible):
    dx, dy = (pred - target).unbind(-1)
    each = torch.where(visible, dx**2 + dy**2, torch.zeros((), dtype=pred.dtype))
    return each.sum() / max(int(visible.sum()), 1)


@variant
def by_einsum(pred, target, visible):
    d = pred - target
    count = torch.count_nonzero(visible)
    return torch.einsum("njc,njc,nj->", d, d, visible.to(d.dtype)) / torch.maximum(count, torch.tensor(1))


@variant
def summed_mse(pred, target, visible):
    mask = visible.unsqueeze(-1).expand_as(pred)
    return F.mse_loss(pred[mask], target[mask], reduction="sum") / max(mask.sum().item() / 2, 1)


@variant
def squared_norm(pred, target, visible):
    each = (
        torch.stack([((p - t) ** 2).sum(-1) for p, t in zip(pred[visible], target[visible])]) if visible.any() else None
    )
    return each.mean() if each is not None else 0 * pred.sum() + 0 * target.sum()
