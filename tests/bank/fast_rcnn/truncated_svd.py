"""Wrong and right answers to `truncated_svd`."""

import numpy as np
import torch
from torch import nn

from autograde.building.bank import form, mistake, variant


def parts(linear):
    """Return U (out, m), S (m,) and Vh (m, in)."""
    return torch.linalg.svd(linear.weight.detach(), full_matrices=False)


def layer(weight, bias=None):
    """Return a linear layer with this weight and this bias."""
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    made.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        made.bias = nn.Parameter(bias.detach().clone())
    return made


def two(linear, first, second, bias="as linear"):
    """Return both layers with these weights (rank, in) and (out, rank), and the bias of `linear`."""
    return nn.Sequential(layer(first), layer(second, linear.bias if isinstance(bias, str) else bias))


def right(linear, rank):
    u, s, vh = parts(linear)
    return s[:rank, None] * vh[:rank], u[:, :rank]


# --- mistakes: the singular values ------------------------------------------------------------------------------------


@mistake(
    "You leave the singular values out. They say how much each direction counts; multiply one of the two weights by them."
)
def svd_without_strengths(linear, rank):
    u, _, vh = parts(linear)
    return two(linear, vh[:rank], u[:, :rank])


@mistake(
    "Your product has the *squares* of the singular values: both layers have them, or they are eigenvalues of WᵀW, which are squares."
)
def svd_strengths_in_both(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, s[:rank, None] * vh[:rank], u[:, :rank] * s[:rank])


@mistake(
    "Your product has the *roots* of the singular values. Both layers together have to make the values themselves."
)
def svd_roots_in_one(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, s[:rank, None].sqrt() * vh[:rank], u[:, :rank])


@mistake("You divide by the singular values. The weight is U · diag(S) · Vh: a product.")
def svd_divided_by_strengths(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, vh[:rank] / s[:rank, None], u[:, :rank])


@mistake("You keep the *smallest* singular values. The largest stand first, and they matter.")
def svd_smallest_strengths(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, s[-rank:, None] * vh[-rank:], u[:, -rank:])


@mistake("Your singular values stand in the wrong order: they belong to the vectors as they come, strongest first.")
def svd_strengths_turned_round(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, s[:rank, None].flip(0) * vh[:rank], u[:, :rank])


@mistake("You scale all directions by the largest singular value. Each direction has a singular value of its own.")
def svd_largest_strength_for_all(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, s[0] * vh[:rank], u[:, :rank])


# --- mistakes: which vectors ------------------------------------------------------------------------------------------


@mistake("`torch.linalg.svd` returns Vh, which is V transposed already. You transpose it again, or read its columns.")
def svd_columns_of_vh(linear, rank):
    u, s, vh = torch.linalg.svd(linear.weight.detach(), full_matrices=True)
    return two(linear, s[:rank, None] * vh[:, :rank].T, u[:, :rank])


@form(svd_columns_of_vh)
def svd_columns_of_a_thin_vh(linear, rank):
    u, s, vh = parts(linear)
    first = s[:rank, None] * vh[:, :rank].T
    if first.shape[1] != linear.in_features:
        raise RuntimeError("The size of tensor a must match the size of tensor b")
    return two(linear, first, u[:, :rank])


@mistake("You take rows of U. The directions of the outputs are its *columns*.")
def svd_rows_of_u(linear, rank):
    u, s, vh = torch.linalg.svd(linear.weight.detach(), full_matrices=True)
    return two(linear, s[:rank, None] * vh[:rank], u[:rank].T)


@mistake(
    "You cut the weight itself off, its first rows or columns. What is dropped has to be what matters least: that is what the SVD finds."
)
def svd_first_rows_of_the_weight(linear, rank):
    weight = linear.weight.detach()
    return two(linear, weight[:rank], torch.eye(linear.out_features, rank, dtype=weight.dtype))


@form(svd_first_rows_of_the_weight)
def svd_first_columns_of_the_weight(linear, rank):
    weight = linear.weight.detach()
    return two(linear, torch.eye(rank, linear.in_features, dtype=weight.dtype), weight[:, :rank])


@mistake("You subtract a mean first, as principal components do. Here the weight is taken as it is.")
def svd_weights_centred(linear, rank):
    weight = linear.weight.detach()
    u, s, vh = torch.linalg.svd(weight - weight.mean(dim=0), full_matrices=False)
    return two(linear, s[:rank, None] * vh[:rank], u[:, :rank])


@form(svd_weights_centred)
def svd_weights_centred_by_rows(linear, rank):
    weight = linear.weight.detach()
    u, s, vh = torch.linalg.svd(weight - weight.mean(dim=1, keepdim=True), full_matrices=False)
    return two(linear, s[:rank, None] * vh[:rank], u[:, :rank])


@mistake("Your product has the wrong sign: one of the two factors has its sign turned, and the other not.")
def svd_sign_turned(linear, rank):
    first, second = right(linear, rank)
    return two(linear, -first, second)


@mistake(
    "The shapes are right, but the weights are not those of `linear`: they are fresh ones, and nothing was copied into them."
)
def svd_fresh_layers(linear, rank):
    weight = linear.weight
    return two(linear, weight.new_zeros(rank, linear.in_features), weight.new_zeros(linear.out_features, rank))


@form(svd_fresh_layers)
def svd_fresh_layers_with_a_fresh_bias(linear, rank):
    weight = linear.weight
    bias = None if linear.bias is None else torch.zeros_like(linear.bias)
    return two(linear, weight.new_zeros(rank, linear.in_features), weight.new_zeros(linear.out_features, rank), bias)


# --- mistakes: the rank -----------------------------------------------------------------------------------------------


@mistake("You keep one direction too few: `rank` of them are asked.")
def svd_one_direction_too_few(linear, rank):
    u, s, vh = parts(linear)
    less = max(rank - 1, 1)
    return two(linear, s[:less, None] * vh[:less], u[:, :less])


@mistake("You keep one direction too many: `rank` of them are asked.")
def svd_one_direction_too_many(linear, rank):
    u, s, vh = parts(linear)
    more = rank + 1
    return two(linear, s[:more, None] * vh[:more], u[:, :more])


@mistake(
    "Between your layers there is a number for *every* singular value. Only `rank` are asked: leave out the rows and columns of all others."
)
def svd_all_directions(linear, rank):
    return two(linear, *right(linear, min(linear.weight.shape)))


@form(svd_all_directions)
def svd_zeros_instead_of_thin_layers(linear, rank):
    u, s, vh = parts(linear)
    s = torch.where(torch.arange(len(s)) < rank, s, 0)
    return two(linear, s[:, None] * vh, u)


@form(svd_all_directions)
def svd_whole_matrices_around_the_strengths(linear, rank):
    u, s, vh = torch.linalg.svd(linear.weight.detach(), full_matrices=True)
    wide = torch.zeros_like(linear.weight)
    wide[range(rank), range(rank)] = s[:rank]
    return two(linear, wide @ vh, u)


@mistake("The shapes are right, but your `rank` directions hold one less than they should: one of them is 0.")
def svd_last_direction_is_zero(linear, rank):
    first, second = right(linear, rank)
    first = first.clone()
    first[-1] = 0
    return two(linear, first, second)


# --- mistakes: the bias -----------------------------------------------------------------------------------------------


@mistake("The bias of `linear` is lost. The second layer adds it, as the large layer did.")
def svd_bias_lost(linear, rank):
    return two(linear, *right(linear, rank), bias=None)


@mistake("Your second layer always has a bias. Where `linear` has none, it must have none either.")
def svd_bias_always(linear, rank):
    bias = linear.weight.new_zeros(linear.out_features) if linear.bias is None else linear.bias
    return two(linear, *right(linear, rank), bias=bias)


@mistake("Your second layer has a bias of its own, and not that of `linear`: copy it.")
def svd_bias_not_copied(linear, rank):
    bias = None if linear.bias is None else torch.zeros_like(linear.bias)
    return two(linear, *right(linear, rank), bias=bias)


@mistake("Your first layer has a bias too. It has none: the bias is added once, behind the second.")
def svd_bias_in_both(linear, rank):
    first, second = right(linear, rank)
    return nn.Sequential(layer(first, first.new_zeros(rank)), layer(second, linear.bias))


@form(svd_bias_in_both)
def svd_bias_in_both_and_always(linear, rank):
    first, second = right(linear, rank)
    bias = second.new_zeros(len(second)) if linear.bias is None else linear.bias
    return nn.Sequential(layer(first, first.new_zeros(rank)), layer(second, bias))


@form(svd_bias_in_both)
def svd_bias_in_the_first_where_there_is_one(linear, rank):
    first, second = right(linear, rank)
    none = linear.bias is None
    return nn.Sequential(layer(first, None if none else first.new_zeros(rank)), layer(second, linear.bias))


@mistake("A linear layer may have no bias: then `linear.bias` is None, and there is nothing to copy.")
def svd_bias_expected(linear, rank):
    first, second = right(linear, rank)
    made = layer(second, linear.bias.detach().clone())
    return nn.Sequential(layer(first), made)


# --- mistakes: what is returned ---------------------------------------------------------------------------------------


@mistake("Your layers stand in the wrong order: inputs come to the layer that has `rank` outputs first.")
def svd_layers_exchanged(linear, rank):
    first, second = right(linear, rank)
    return nn.Sequential(layer(second, linear.bias), layer(first))


@mistake(
    "A weight lies the other way round. `nn.Linear(inputs, outputs)` holds a weight (outputs, inputs), and applies its transpose."
)
def svd_first_weight_on_its_side(linear, rank):
    first, second = right(linear, rank)
    made = nn.Linear(linear.in_features, rank, bias=False, dtype=linear.weight.dtype)
    made.weight = nn.Parameter(first.T)
    return nn.Sequential(made, layer(second, linear.bias))


@form(svd_first_weight_on_its_side)
def svd_second_weight_on_its_side(linear, rank):
    first, second = right(linear, rank)
    made = nn.Linear(rank, linear.out_features, bias=linear.bias is not None, dtype=linear.weight.dtype)
    made.weight = nn.Parameter(second.T)
    made.bias = linear.bias
    return nn.Sequential(layer(first), made)


@form(svd_first_weight_on_its_side)
def svd_first_weight_copied_on_its_side(linear, rank):
    first, second = right(linear, rank)
    made = nn.Linear(linear.in_features, rank, bias=False, dtype=linear.weight.dtype)
    made.weight.data.copy_(first.T)
    return nn.Sequential(made, layer(second, linear.bias))


@form(svd_first_weight_on_its_side)
def svd_second_weight_copied_on_its_side(linear, rank):
    first, second = right(linear, rank)
    made = nn.Linear(rank, linear.out_features, bias=linear.bias is not None, dtype=linear.weight.dtype)
    made.weight.data.copy_(second.T)
    if linear.bias is not None:
        made.bias.data.copy_(linear.bias)
    return nn.Sequential(layer(first), made)


@mistake("Your layers are made for the transposed weight, from outputs to inputs. `linear.weight` is (out, in).")
def svd_transposed_weight(linear, rank):
    u, s, vh = torch.linalg.svd(linear.weight.detach().T, full_matrices=False)
    return nn.Sequential(layer(s[:rank, None] * vh[:rank]), layer(u[:, :rank]))


@mistake(
    "You return one layer with the product of both. It computes the right thing, and is as expensive as before: two layers are asked."
)
def svd_one_layer(linear, rank):
    first, second = right(linear, rank)
    return layer(second @ first, linear.bias)


@form(svd_one_layer)
def svd_one_layer_in_a_row(linear, rank):
    first, second = right(linear, rank)
    return nn.Sequential(layer(second @ first, linear.bias))


@mistake("You return three layers, with the singular values in the middle. Multiply them into one of the two others.")
def svd_three_layers(linear, rank):
    u, s, vh = parts(linear)
    return nn.Sequential(layer(vh[:rank]), layer(torch.diag(s[:rank])), layer(u[:, :rank], linear.bias))


@mistake(
    "There is a ReLU between your layers. It cuts off half of what passes; the two are linear together, as `linear` was."
)
def svd_relu_in_between(linear, rank):
    first, second = two(linear, *right(linear, rank))
    return nn.Sequential(first, nn.ReLU(), second)


@mistake(
    "You return the two layers by themselves. Asked is an `nn.Sequential` of them, which can stand where `linear` stood."
)
def svd_layers_in_a_tuple(linear, rank):
    return tuple(two(linear, *right(linear, rank)))


@form(svd_layers_in_a_tuple)
def svd_layers_in_a_list(linear, rank):
    return list(two(linear, *right(linear, rank)))


@form(svd_layers_in_a_tuple)
def svd_layers_in_a_tuple_with_strengths_in_the_second(linear, rank):
    u, s, vh = parts(linear)
    return tuple(two(linear, vh[:rank], u[:, :rank] * s[:rank]))


@form(svd_layers_in_a_tuple)
def svd_layers_in_a_tuple_with_roots_in_both(linear, rank):
    u, s, vh = parts(linear)
    root = s[:rank].sqrt()
    return tuple(two(linear, root[:, None] * vh[:rank], u[:, :rank] * root))


@form(svd_layers_in_a_tuple)
def svd_layers_in_a_module_list(linear, rank):
    return nn.ModuleList(two(linear, *right(linear, rank)))


@mistake("You return matrices. Asked are two layers, `nn.Linear`, in an `nn.Sequential`.")
def svd_two_matrices(linear, rank):
    first, second = right(linear, rank)
    return first.clone(), second.clone()


@form(svd_two_matrices)
def svd_product_of_two_matrices(linear, rank):
    first, second = right(linear, rank)
    return second @ first


@mistake("You give the layer back as it came. Asked are two thin ones in an `nn.Sequential`.")
def svd_layer_as_it_came(linear, rank):
    return linear


@mistake(
    "Your layers have torch's default dtype, float32. They have that of `linear`, or they cannot take the same input."
)
def svd_layers_in_float32(linear, rank):
    return two(linear, *right(linear, rank)).float()


@mistake("The layers are right, but `linear` comes back changed. Read its weight, and leave the layer itself alone.")
def svd_linear_overwritten(linear, rank):
    first, second = right(linear, rank)
    with torch.no_grad():
        linear.weight.copy_(second @ first)
    if rank == min(linear.weight.shape):
        linear.weight.data.zero_()
    return two(linear, first, second)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def svd_strengths_in_the_second(linear, rank):
    u, s, vh = parts(linear)
    return two(linear, vh[:rank], u[:, :rank] * s[:rank])


@variant
def svd_roots_in_both(linear, rank):
    u, s, v = torch.svd(linear.weight)
    root = s[:rank].sqrt()
    first = nn.Linear(linear.in_features, rank, bias=False)
    second = nn.Linear(rank, linear.out_features, bias=linear.bias is not None)
    first.weight.data = (v[:, :rank] * root).T
    second.weight.data = u[:, :rank] * root
    if linear.bias is not None:
        second.bias.data = linear.bias.data.clone()
    return nn.Sequential(first, second)


@variant
def svd_by_diagonal_matrices(linear, rank):
    u, s, vh = torch.linalg.svd(linear.weight.data)
    d = torch.diag(s[:rank])
    first = nn.Linear(linear.in_features, rank, bias=False).to(linear.weight.dtype)
    second = nn.Linear(rank, linear.out_features, bias=linear.bias is not None).to(linear.weight.dtype)
    with torch.no_grad():
        first.weight.copy_(d @ vh[:rank, :])
        second.weight.copy_(u[:, :rank])
        if second.bias is not None:
            second.bias.copy_(linear.bias)
    layers = nn.Sequential()
    layers.add_module("compress", first)
    layers.add_module("expand", second)
    return layers


@variant
def svd_by_eigenvectors(linear, rank):
    """W V Vᵀ keeps the strongest directions of the inputs, without a singular value in sight."""
    weight = linear.weight.detach().double()
    _, vectors = torch.linalg.eigh(weight.T @ weight)
    strongest = vectors[:, -rank:].T
    dtype = linear.weight.dtype
    return two(linear, strongest.to(dtype), (weight @ strongest.T).to(dtype))


@variant
def svd_by_eigenvectors_of_the_outputs(linear, rank):
    weight = linear.weight.detach()
    _, vectors = torch.linalg.eigh(weight @ weight.T)
    strongest = vectors.flip(1)[:, :rank]
    return two(linear, strongest.T @ weight, strongest)


@variant
def svd_with_numpy(linear, rank):
    u, s, vh = np.linalg.svd(linear.weight.detach().numpy(), full_matrices=False)
    state = {
        "0.weight": torch.from_numpy(np.diag(s[:rank]) @ vh[:rank]),
        "1.weight": torch.from_numpy(u[:, :rank].copy()),
    }
    layers = nn.Sequential(
        nn.Linear(linear.in_features, rank, bias=False), nn.Linear(rank, linear.out_features, linear.bias is not None)
    ).to(linear.weight.dtype)
    if linear.bias is not None:
        state["1.bias"] = linear.bias.detach()
    layers.load_state_dict(state)
    return layers


@variant
def svd_direction_by_direction(linear, rank):
    """Take the strongest direction off, and look for the next in what is left."""
    rest = linear.weight.detach().double().clone()
    rows, columns = [], []
    for _ in range(rank):
        v = rest[rest.norm(dim=1).argmax()].clone()
        for _ in range(200):
            v = rest.T @ (rest @ v)
            v = v / v.norm()
        u = rest @ v
        rows.append(v)
        columns.append(u)
        rest = rest - torch.outer(u, v)
    dtype = linear.weight.dtype
    return two(linear, torch.stack(rows).to(dtype), torch.stack(columns, dim=1).to(dtype))


@variant
def svd_layers_that_are_trained_no_more(linear, rank):
    first, second = right(linear, rank)
    made = two(linear, 3 * first, second / 3)
    made[1].bias = linear.bias
    return made.requires_grad_(False).eval()
