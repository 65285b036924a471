"""Wrong and right answers to `svm_loss`."""

import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT


def values(weight, bias, features):
    """Return what the machine says of each example (N,)."""
    return features @ weight + bias


def lacking(weight, bias, features, labels):
    """Return the right cost (N,) of each example."""
    return (1 - labels * values(weight, bias, features)).clamp(min=0)


def half(weight):
    """Return the right cost of the weight."""
    return weight.square().sum() / 2


def with_costs(weight, costs, strength):
    """Return the loss for other costs (N,) of the examples."""
    return half(weight) + strength * costs.sum()


def with_weight_cost(cost, weight, bias, features, labels, strength):
    """Return the loss for another cost of the weight."""
    return cost + strength * lacking(weight, bias, features, labels).sum()


# --- mistakes: the sum and the strength -------------------------------------------------------------------------------


@mistake("You take the mean over the examples. It is a sum: twice the examples cost twice as much beside the weight.")
def mean_of_the_hinge(weight, bias, features, labels, strength):
    return half(weight) + strength * lacking(weight, bias, features, labels).mean()


@form(mean_of_the_hinge)
def mean_of_the_hinge_or_nothing(weight, bias, features, labels, strength):
    return half(weight) + strength * lacking(weight, bias, features, labels).sum() / max(len(features), 1)


@mistake("You divide by the number of costs that are above 0. The costs of all examples are added, and not divided.")
def mean_of_those_that_cost(weight, bias, features, labels, strength):
    costs = lacking(weight, bias, features, labels)
    return half(weight) + strength * costs.sum() / (costs > 0).sum().clamp(min=1)


@mistake("The strength weighs the wrong part: it multiplies the hinge, and the weight's part stands as it is.")
def strength_on_the_weight(weight, bias, features, labels, strength):
    return strength * half(weight) + lacking(weight, bias, features, labels).sum()


@form(strength_on_the_weight)
def strength_on_the_squared_weight(weight, bias, features, labels, strength):
    return strength * weight.square().sum() + lacking(weight, bias, features, labels).sum()


@form(strength_on_the_weight)
def strength_on_the_weight_beside_a_mean(weight, bias, features, labels, strength):
    return strength * half(weight) + lacking(weight, bias, features, labels).mean()


@form(strength_on_the_weight)
def strength_on_the_squared_weight_beside_a_mean(weight, bias, features, labels, strength):
    return strength * weight.square().sum() + lacking(weight, bias, features, labels).mean()


@mistake("The strength weighs both parts in your function. It multiplies the hinge only.")
def strength_on_both(weight, bias, features, labels, strength):
    return strength * (half(weight) + lacking(weight, bias, features, labels).sum())


@mistake("The strength is not in your loss. It multiplies the hinge.")
def no_strength(weight, bias, features, labels, strength):
    return half(weight) + lacking(weight, bias, features, labels).sum()


@form(no_strength)
def no_strength_in_a_mean(weight, bias, features, labels, strength):
    return half(weight) + lacking(weight, bias, features, labels).mean()


@mistake(
    "The strength is inside the hinge, where it changes what an example lacks. It multiplies the sum of what is lacking."
)
def strength_inside_the_hinge(weight, bias, features, labels, strength):
    return half(weight) + (1 - strength * labels * values(weight, bias, features)).clamp(min=0).sum()


@form(strength_inside_the_hinge)
def strength_as_the_margin(weight, bias, features, labels, strength):
    return half(weight) + (strength - labels * values(weight, bias, features)).clamp(min=0).sum()


@mistake("You divide by the strength. The hinge is multiplied by it.")
def divided_by_the_strength(weight, bias, features, labels, strength):
    return half(weight) + lacking(weight, bias, features, labels).sum() / strength if strength else half(weight)


@form(divided_by_the_strength)
def weight_divided_by_the_strength(weight, bias, features, labels, strength):
    hinge = lacking(weight, bias, features, labels).sum()
    return half(weight) / strength + hinge if strength else half(weight)


@mistake("The hinge is halved in your function, or both parts are. Only the squared weight has the ½.")
def half_of_both(weight, bias, features, labels, strength):
    return half(weight) + strength * lacking(weight, bias, features, labels).sum() / 2


@form(half_of_both)
def half_of_the_hinge_only(weight, bias, features, labels, strength):
    return weight.square().sum() + strength * lacking(weight, bias, features, labels).sum() / 2


@mistake("You subtract the hinge. Both parts are costs: they are added.")
def hinge_subtracted(weight, bias, features, labels, strength):
    return half(weight) - strength * lacking(weight, bias, features, labels).sum()


# --- mistakes: the weight ---------------------------------------------------------------------------------------------


@mistake("The ½ is missing: the weight costs half the sum of its squares.")
def without_the_half(weight, bias, features, labels, strength):
    return with_weight_cost(weight.square().sum(), weight, bias, features, labels, strength)


@form(without_the_half)
def without_the_half_beside_a_mean(weight, bias, features, labels, strength):
    return weight.square().sum() + strength * lacking(weight, bias, features, labels).mean()


@mistake("You take the length of the weight, with a root. Its *squared* length is asked, halved.")
def length_of_the_weight(weight, bias, features, labels, strength):
    return with_weight_cost(weight.norm() / 2, weight, bias, features, labels, strength)


@form(length_of_the_weight)
def whole_length_of_the_weight(weight, bias, features, labels, strength):
    return with_weight_cost(weight.norm(), weight, bias, features, labels, strength)


@mistake("You add up the magnitudes of the weights, L1. Their squares are asked, L2.")
def magnitudes_of_the_weight(weight, bias, features, labels, strength):
    return with_weight_cost(weight.abs().sum() / 2, weight, bias, features, labels, strength)


@form(magnitudes_of_the_weight)
def whole_magnitudes_of_the_weight(weight, bias, features, labels, strength):
    return with_weight_cost(weight.abs().sum(), weight, bias, features, labels, strength)


@mistake("You average over the numbers of the weight. Its squares are added up.")
def mean_of_the_squares(weight, bias, features, labels, strength):
    return with_weight_cost(weight.square().mean() / 2, weight, bias, features, labels, strength)


@form(mean_of_the_squares)
def whole_mean_of_the_squares(weight, bias, features, labels, strength):
    return with_weight_cost(weight.square().mean(), weight, bias, features, labels, strength)


@mistake(
    "You square the sum of the weights. Each is squared first; otherwise a negative one would hide a positive one."
)
def square_of_the_sum(weight, bias, features, labels, strength):
    return with_weight_cost(weight.sum().square() / 2, weight, bias, features, labels, strength)


@mistake("You forget the square: the weight costs half the sum of its *squares*.")
def half_of_the_sum(weight, bias, features, labels, strength):
    return with_weight_cost(weight.sum() / 2, weight, bias, features, labels, strength)


@mistake("The bias costs something in your function. Only the weight is held small, so that the line may lie anywhere.")
def bias_is_shrunk(weight, bias, features, labels, strength):
    cost = half(weight) + bias.square() / 2
    return with_weight_cost(cost, weight, bias, features, labels, strength)


@form(bias_is_shrunk)
def bias_is_shrunk_without_the_half(weight, bias, features, labels, strength):
    cost = weight.square().sum() + bias.square()
    return with_weight_cost(cost, weight, bias, features, labels, strength)


@mistake("The weight's own part is missing in your loss: half the sum of its squares.")
def only_the_hinge(weight, bias, features, labels, strength):
    return strength * lacking(weight, bias, features, labels).sum()


@form(only_the_hinge)
def only_the_mean_hinge(weight, bias, features, labels, strength):
    return strength * lacking(weight, bias, features, labels).mean()


@mistake("You add the weight's part once for each example. It comes once in the whole loss.")
def weight_for_each_example(weight, bias, features, labels, strength):
    return (half(weight) + strength * lacking(weight, bias, features, labels)).sum()


# --- mistakes: the hinge ----------------------------------------------------------------------------------------------


@mistake(
    "The cost of an example falls below 0 in your function. One beyond the margin costs nothing, and earns nothing."
)
def no_floor(weight, bias, features, labels, strength):
    return with_costs(weight, 1 - labels * values(weight, bias, features), strength)


@mistake(
    "You keep what lies *below* 0, what examples beyond the margin have too much. Those that lack something cost: keep what is above 0."
)
def ceiling_instead_of_floor(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels * values(weight, bias, features)).clamp(max=0), strength)


@mistake(
    "You keep what is above 0 of the *sum*. Each example is cut off by itself: one that is very right pays for no other."
)
def floor_of_the_sum(weight, bias, features, labels, strength):
    return half(weight) + strength * (1 - labels * values(weight, bias, features)).sum().clamp(min=0)


@mistake("You take the magnitude of what is lacking. An example beyond the margin lacks nothing: 0.")
def magnitude_of_what_is_lacking(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels * values(weight, bias, features)).abs(), strength)


@mistake("You square the hinge. It grows straight with the distance.")
def squared_hinge(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels).square(), strength)


@form(squared_hinge)
def half_the_squared_hinge(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels).square() / 2, strength)


@mistake("You take the squared distance to the label, as in a regression. Beyond the margin an example costs nothing.")
def squared_distance_to_the_label(weight, bias, features, labels, strength):
    return with_costs(weight, (labels - values(weight, bias, features)).square(), strength)


@mistake(
    "The 1 is missing, or has become another number: on the right side is not enough, an example has to be 1 away."
)
def without_a_margin(weight, bias, features, labels, strength):
    return with_costs(weight, (-labels * values(weight, bias, features)).clamp(min=0), strength)


@form(without_a_margin)
def margin_of_a_half(weight, bias, features, labels, strength):
    return with_costs(weight, (0.5 - labels * values(weight, bias, features)).clamp(min=0), strength)


@form(without_a_margin)
def margin_of_two(weight, bias, features, labels, strength):
    return with_costs(weight, (2 - labels * values(weight, bias, features)).clamp(min=0), strength)


@mistake("A sign is wrong in your hinge: it is 1 *minus* y times the value. Yours punishes those that are right.")
def plus_instead_of_minus(weight, bias, features, labels, strength):
    return with_costs(weight, (1 + labels * values(weight, bias, features)).clamp(min=0), strength)


@form(plus_instead_of_minus)
def value_minus_one(weight, bias, features, labels, strength):
    return with_costs(weight, (labels * values(weight, bias, features) - 1).clamp(min=0), strength)


@mistake("Every example counts as a positive one in your function. Its label, 1 or −1, turns the sign of the value.")
def labels_not_used(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - values(weight, bias, features)).clamp(min=0), strength)


@mistake("You take the labels for 0 and 1. They are −1 and 1 already.")
def labels_as_zero_and_one(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - (2 * labels - 1) * values(weight, bias, features)).clamp(min=0), strength)


@form(labels_as_zero_and_one)
def negatives_as_zero(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels.clamp(min=0) * values(weight, bias, features)).clamp(min=0), strength)


@mistake("Only examples with label 1 cost something in your function. Those with −1 have a margin of their own.")
def positives_only(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels) * (labels > 0), strength)


@mistake("Only the examples on the wrong side cost something in your function. Those inside the margin do too.")
def wrong_side_only(weight, bias, features, labels, strength):
    wrong = labels * values(weight, bias, features) < 0
    return with_costs(weight, lacking(weight, bias, features, labels) * wrong, strength)


@mistake("You count the examples that are not beyond the margin. *How much* each of them lacks is its cost.")
def count_of_those_that_lack(weight, bias, features, labels, strength):
    lacks = lacking(weight, bias, features, labels) > 0
    return with_costs(weight, lacks.to(weight.dtype), strength)


@form(count_of_those_that_lack)
def count_of_those_on_the_wrong_side(weight, bias, features, labels, strength):
    wrong = labels * values(weight, bias, features) <= 0
    return with_costs(weight, wrong.to(weight.dtype), strength)


@mistake(
    "The cost of an example stops at 1 in your function. The further an example is on the wrong side, the more it costs."
)
def cost_up_to_one(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels).clamp(max=1), strength)


@mistake("You use the logistic loss. The hinge is 0 beyond the margin and straight before it.")
def logistic_loss(weight, bias, features, labels, strength):
    return with_costs(weight, F.softplus(-labels * values(weight, bias, features)), strength)


@form(logistic_loss)
def soft_margin_of_torch(weight, bias, features, labels, strength):
    return half(weight) + strength * F.soft_margin_loss(values(weight, bias, features), labels)


@mistake(
    "torch's `hinge_embedding_loss` is another loss: for label 1 it is the value itself. Here both labels have a margin."
)
def embedding_hinge_of_torch(weight, bias, features, labels, strength):
    each = F.hinge_embedding_loss(values(weight, bias, features), labels, reduction="sum")
    return half(weight) + strength * each


@form(embedding_hinge_of_torch)
def mean_embedding_hinge_of_torch(weight, bias, features, labels, strength):
    return half(weight) + strength * F.hinge_embedding_loss(values(weight, bias, features), labels)


@mistake("Only the example that lacks most counts in your function. The costs of all are added.")
def worst_example_only(weight, bias, features, labels, strength):
    costs = lacking(weight, bias, features, labels)
    return half(weight) + strength * costs.max() if len(costs) else half(weight)


@mistake("The bias is missing in what the machine says: x·w + b.")
def bias_forgotten(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels * (features @ weight)).clamp(min=0), strength)


@mistake("You subtract the bias, as some books write it. Here the machine says x·w *plus* b.")
def bias_subtracted(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels * (features @ weight - bias)).clamp(min=0), strength)


@mistake("The label multiplies x·w only, and the bias is added to that. It multiplies the whole value: y(x·w + b).")
def bias_outside_the_label(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - (labels * (features @ weight) + bias)).clamp(min=0), strength)


@form(bias_outside_the_label)
def bias_after_the_label(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels * (features @ weight) + bias).clamp(min=0), strength)


@mistake(
    "You divide by the length of the weight, for the distance from the line. The value x·w + b itself is compared with 1."
)
def distance_from_the_line(weight, bias, features, labels, strength):
    length = weight.norm().clamp(min=1e-6)
    return with_costs(weight, (1 - labels * values(weight, bias, features) / length).clamp(min=0), strength)


@mistake(
    "Each label meets the value of every example in your function: (N, N) by broadcasting. Each example has one label."
)
def every_label_with_every_value(weight, bias, features, labels, strength):
    return with_costs(weight, (1 - labels[:, None] * values(weight, bias, features)).clamp(min=0), strength)


@mistake("You return one number an example. The costs are added up: one number for all.")
def one_number_an_example(weight, bias, features, labels, strength):
    return half(weight) + strength * lacking(weight, bias, features, labels)


@mistake("You return the two parts one by one. One number is asked: their sum.")
def both_parts_one_by_one(weight, bias, features, labels, strength):
    return half(weight), strength * lacking(weight, bias, features, labels).sum()


# --- mistakes: nothing there, dtypes, gradients -----------------------------------------------------------------------


@mistake("Without examples your result is 0. The weight's own part is still there, and its gradient.")
def zero_without_examples(weight, bias, features, labels, strength):
    if not len(features):
        return 0 * (weight.sum() + bias)
    return with_costs(weight, lacking(weight, bias, features, labels), strength)


@form(zero_without_examples)
def plain_zero_without_examples(weight, bias, features, labels, strength):
    if not len(features):
        return torch.tensor(0.0)
    return with_costs(weight, lacking(weight, bias, features, labels), strength)


@mistake("You compute as float32 what comes as float64, and the last digits are lost.")
def loss_as_float32(weight, bias, features, labels, strength):
    costs = lacking(weight.float(), bias.float(), features.float(), labels.float())
    return with_costs(weight.float(), costs, strength)


@form(loss_as_float32)
def loss_as_float32_in_float64(weight, bias, features, labels, strength):
    return loss_as_float32(weight, bias, features, labels, strength).to(weight.dtype)


@mistake("Your result is a tensor with a dimension. One number is asked: a tensor without dimensions.")
def in_a_row_of_one(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels), strength)[None]


@form(in_a_row_of_one)
def in_a_row_of_one_by_a_row_of_weights(weight, bias, features, labels, strength):
    row = weight[None]
    return row @ row.T / 2 + strength * lacking(weight, bias, features, labels).sum()


@mistake(
    "Both parts are divided by the number of examples in your function. Neither is: the loss is half a squared length and a sum."
)
def both_divided_by_the_examples(weight, bias, features, labels, strength):
    return with_costs(weight, lacking(weight, bias, features, labels), strength) / max(len(features), 1)


@mistake(NO_GRADIENT)
def loss_of_a_python_number(weight, bias, features, labels, strength):
    return torch.tensor(with_costs(weight, lacking(weight, bias, features, labels), strength).item())


@form(loss_of_a_python_number)
def loss_of_a_python_number_in_its_dtype(weight, bias, features, labels, strength):
    return weight.new_tensor(with_costs(weight, lacking(weight, bias, features, labels), strength).item())


@mistake(
    "The weight's own part is cut from the graph, so its gradient is missing: a Python number or `.data` carries none."
)
def weight_cost_without_gradient(weight, bias, features, labels, strength):
    return half(weight.detach()) + strength * lacking(weight, bias, features, labels).sum()


@mistake(
    "The hinge is cut from the graph, so the examples move nothing: Python numbers in a new tensor carry no gradient."
)
def hinge_without_gradient(weight, bias, features, labels, strength):
    costs = lacking(weight.detach(), bias.detach(), features.detach(), labels)
    return with_costs(weight, costs, strength) + 0 * (bias + features.sum())


@form(hinge_without_gradient)
def hinge_of_python_numbers(weight, bias, features, labels, strength):
    hinge = sum(lacking(weight, bias, features, labels).tolist())
    return half(weight) + strength * hinge


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def by_relu(weight, bias, features, labels, strength):
    return 0.5 * torch.dot(weight, weight) + strength * F.relu(1 - labels * (features @ weight + bias)).sum()


@variant
def example_by_example(weight, bias, features, labels, strength):
    loss = 0.5 * (weight * weight).sum()
    for x, y in zip(features, labels):
        lack = 1 - y * ((x * weight).sum() + bias)
        if lack > 0:
            loss = loss + strength * lack
    return loss


@variant
def by_einsum_and_maximum(weight, bias, features, labels, strength):
    said = torch.einsum("nd,d->n", features, weight) + bias
    return 0.5 * weight.pow(2).sum() + strength * torch.maximum(1 - labels * said, torch.zeros_like(said)).sum()


@variant
def by_a_linear_layer(weight, bias, features, labels, strength):
    said = F.linear(features, weight[None], bias[None]).squeeze(1)
    return (
        weight.norm() ** 2 / 2 + strength * (1 - labels * said).clamp_min(0).sum()
        if weight.any()
        else (strength * (1 - labels * said).clamp_min(0).sum())
    )


@variant
def by_margin_ranking(weight, bias, features, labels, strength):
    said = features.mv(weight) + bias
    hinge = F.margin_ranking_loss(said, torch.zeros_like(said), labels, margin=1.0, reduction="sum")
    return weight @ weight / 2 + strength * hinge


@variant
def only_those_that_lack(weight, bias, features, labels, strength):
    margins = labels * (features.matmul(weight) + bias)
    lacks = margins < 1
    return 0.5 * weight.square().sum() + strength * (lacks.sum() - margins[lacks].sum())


@variant
def labels_by_comparison(weight, bias, features, labels, strength):
    said = (features * weight).sum(dim=1) + bias
    margins = torch.where(labels > 0, said, -said)
    return half(weight) + strength * torch.where(margins < 1, 1 - margins, torch.zeros_like(said)).sum()


@variant
def one_side_after_the_other(weight, bias, features, labels, strength):
    said = values(weight, bias, features)
    positives, negatives = said[labels == 1], said[labels == -1]
    hinge = (1 - positives).clamp(min=0).sum() + (1 + negatives).clamp(min=0).sum()
    return half(weight) + hinge * strength


@variant
def bias_as_one_more_feature(weight, bias, features, labels, strength):
    longer = torch.cat([features, features.new_ones(len(features), 1)], dim=1)
    said = longer @ torch.cat([weight, bias[None]])
    return half(weight) + strength * (1 - labels * said).relu().sum()
