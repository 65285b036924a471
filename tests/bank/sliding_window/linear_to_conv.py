"""Wrong and right answers to `linear_to_conv`."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def convolution(linear, in_channels, kernel_size, weight=None, bias="as linear", **options):
    """Return the right convolution, but for what the caller changes."""
    kernel = pair(kernel_size)
    given = linear.bias if isinstance(bias, str) else bias
    dtype = options.pop("dtype", linear.weight.dtype)
    conv = nn.Conv2d(in_channels, linear.out_features, kernel, bias=given is not None, dtype=dtype, **options)
    if weight is None:
        weight = linear.weight.detach().reshape(linear.out_features, in_channels, *kernel)
    conv.weight = nn.Parameter(weight.detach().clone().to(dtype))
    if given is not None:
        conv.bias = nn.Parameter(given.detach().clone().to(dtype))
    return conv


@mistake(
    "The convolution has the right shape, but weights of its own, drawn at random: those of `linear` have to be copied.",
)
def conv_with_other_weights(linear, in_channels, kernel_size):
    return convolution(
        linear, in_channels, kernel_size, weight=torch.zeros_like(convolution_weight(linear, in_channels, kernel_size))
    )


def convolution_weight(linear, in_channels, kernel_size):
    return linear.weight.detach().reshape(linear.out_features, in_channels, *pair(kernel_size))


@mistake("The weights are right; the bias is not that of `linear`, but a fresh one.")
def conv_without_copied_bias(linear, in_channels, kernel_size):
    bias = None if linear.bias is None else torch.zeros_like(linear.bias)
    return convolution(linear, in_channels, kernel_size, bias=bias)


@mistake("You leave the bias out: a linear layer that has one adds it to every output.")
def conv_without_bias(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, bias=None)


@mistake(
    "Where `linear` has no bias, the convolution must have none either: one that is zero today would be trained tomorrow.",
)
def conv_always_with_bias(linear, in_channels, kernel_size):
    bias = linear.weight.new_zeros(linear.out_features) if linear.bias is None else linear.bias
    return convolution(linear, in_channels, kernel_size, bias=bias)


@mistake("A linear layer may have no bias: then `linear.bias` is None, and there is nothing to copy.")
def conv_expects_a_bias(linear, in_channels, kernel_size):
    conv = nn.Conv2d(in_channels, linear.out_features, kernel_size, dtype=linear.weight.dtype)
    conv.weight.data = linear.weight.data.view_as(conv.weight).clone()
    conv.bias.data = linear.bias.data.clone()
    return conv


@mistake(
    "You read the features as if the channels changed fastest, (kh, kw, C). `nn.Flatten` goes channel by channel.",
)
def conv_with_channels_last(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    weight = linear.weight.reshape(-1, kh, kw, in_channels).permute(0, 3, 1, 2)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("Rows and columns are exchanged in your kernels: a window is flattened row by row.")
def conv_with_transposed_kernels(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    weight = linear.weight.reshape(-1, in_channels, kw, kh).transpose(2, 3)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("You exchange height and width of the kernel: a pair is (height, width), as everywhere in torch.")
def conv_with_exchanged_sides(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    return convolution(linear, in_channels, (kw, kh))


@mistake(
    "You flip the kernels, as in the mathematical convolution. `nn.Conv2d` does not flip: it lays the kernel on as it is.",
)
def conv_flipped(linear, in_channels, kernel_size):
    return convolution(
        linear, in_channels, kernel_size, weight=convolution_weight(linear, in_channels, kernel_size).flip(2, 3)
    )


@mistake(
    "You pad so that the map keeps its size. The linear layer never saw anything outside its window: no padding.",
)
def conv_padded(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    return convolution(linear, in_channels, kernel_size, padding=(kh // 2, kw // 2))


@mistake(
    '`padding="same"` puts zeros around the image. The linear layer never saw anything outside its window.',
)
def conv_padded_to_the_same_size(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, padding="same")


@mistake(
    "Your stride is the size of the window, so windows lie side by side; the layer is wanted at *every* window.",
)
def conv_with_the_stride_of_a_window(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, stride=pair(kernel_size))


@mistake("Only a square kernel comes out of your function; `kernel_size` may be a pair of two numbers.")
def conv_square_only(linear, in_channels, kernel_size):
    side, _ = pair(kernel_size)
    weight = linear.weight.reshape(linear.out_features, in_channels, side, side)
    return convolution(linear, in_channels, side, weight=weight)


@mistake("`kernel_size` may be a pair; you take it for one number.")
def conv_viewed_by_a_number_only(linear, in_channels, kernel_size):
    weight = linear.weight.view(linear.out_features, in_channels, kernel_size, kernel_size)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("`kernel_size` may be one number; you take it for a pair.")
def conv_of_a_pair_only(linear, in_channels, kernel_size):
    kh, kw = kernel_size
    return convolution(linear, in_channels, (kh, kw))


@mistake(
    "Your convolution has torch's default dtype, float32: it must have that of `linear`, or it cannot take the same input.",
)
def conv_in_default_dtype(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, dtype=torch.float32)


@mistake(
    "Your convolution has a kernel of 1 × 1: that is the linear layer on every *pixel*. Here it sees a whole window.",
)
def conv_of_one_pixel(linear, in_channels, kernel_size):
    conv = nn.Conv2d(
        linear.in_features, linear.out_features, 1, bias=linear.bias is not None, dtype=linear.weight.dtype
    )
    conv.weight = nn.Parameter(linear.weight.detach().clone()[..., None, None])
    if linear.bias is not None:
        conv.bias = nn.Parameter(linear.bias.detach().clone())
    return conv


@mistake("You give the linear layer back as it came; asked is a convolution, an `nn.Conv2d`.")
def conv_is_the_linear_layer(linear, in_channels, kernel_size):
    return linear


@mistake(
    "You return the reshaped weight; asked is a layer with this weight and the bias, an `nn.Conv2d`.",
)
def conv_is_a_weight(linear, in_channels, kernel_size):
    return convolution_weight(linear, in_channels, kernel_size).clone()


@mistake(
    "You cut the window into groups of one channel each; every output needs all channels.",
)
def conv_in_groups(linear, in_channels, kernel_size):
    if linear.out_features % in_channels:
        raise ValueError("out_channels must be divisible by groups")
    weight = convolution_weight(linear, in_channels, kernel_size)[:, :1]
    return convolution(linear, in_channels, kernel_size, weight=weight, groups=in_channels)


@mistake(
    "You turn a network round: inputs and outputs are exchanged, as they would be for a transposed convolution.",
)
def conv_turned_round(linear, in_channels, kernel_size):
    conv = nn.Conv2d(
        linear.out_features,
        in_channels,
        pair(kernel_size),
        bias=False,
        dtype=linear.weight.dtype,
    )
    conv.weight = nn.Parameter(convolution_weight(linear, in_channels, kernel_size).transpose(0, 1).clone())
    return conv


@mistake("You transpose the weight first. `linear.weight` is (out, in) already: each of its rows makes one output.")
def conv_of_the_transposed_weight(linear, in_channels, kernel_size):
    weight = linear.weight.T.reshape(linear.out_features, in_channels, *pair(kernel_size))
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake(
    "The convolution is right, but `linear` comes back changed: read its weight, and leave the layer itself alone.",
)
def conv_takes_the_weights_away(linear, in_channels, kernel_size):
    conv = convolution(linear, in_channels, kernel_size)
    with torch.no_grad():
        linear.weight.zero_()
    return conv


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def conv_by_copying(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    conv = nn.Conv2d(in_channels, linear.out_features, (kh, kw), bias=linear.bias is not None)
    conv = conv.to(linear.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(linear.out_features, in_channels, kh, kw))
        if linear.bias is not None:
            conv.bias.copy_(linear.bias)
    return conv


@variant
def conv_by_data(linear, in_channels, kernel_size):
    has_bias = linear.bias is not None
    conv = nn.Conv2d(in_channels, linear.weight.shape[0], kernel_size, bias=has_bias, dtype=linear.weight.dtype)
    conv.weight.data = linear.weight.data.view_as(conv.weight).clone()
    if has_bias:
        conv.bias.data = linear.bias.data.clone()
    return conv


@variant
def conv_that_shares_the_weights(linear, in_channels, kernel_size):
    conv = nn.Conv2d(in_channels, linear.out_features, pair(kernel_size), bias=False)
    conv.weight = nn.Parameter(linear.weight.view(linear.out_features, in_channels, *pair(kernel_size)))
    conv.bias = linear.bias
    return conv


@variant
def conv_by_state_dict(linear, in_channels, kernel_size):
    state = {name: tensor for name, tensor in linear.state_dict().items()}  # noqa: C416
    state["weight"] = state["weight"].unflatten(1, (in_channels, *pair(kernel_size)))
    conv = nn.Conv2d(in_channels, linear.out_features, pair(kernel_size), bias="bias" in state)
    conv.to(state["weight"].dtype).load_state_dict(state)
    return conv


@variant
def conv_by_loops(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    conv = nn.Conv2d(in_channels, linear.out_features, (kh, kw), bias=linear.bias is not None)
    conv = conv.double() if linear.weight.dtype == torch.float64 else conv
    with torch.no_grad():
        for o, c, i, j in product(range(linear.out_features), range(in_channels), range(kh), range(kw)):
            conv.weight[o, c, i, j] = linear.weight[o, c * kh * kw + i * kw + j]
        if linear.bias is not None:
            conv.bias[:] = linear.bias
    return conv


@variant
def conv_with_every_option_written(linear, in_channels, kernel_size):
    conv = nn.Conv2d(
        in_channels=in_channels, out_channels=linear.out_features, kernel_size=kernel_size, stride=(1, 1),
        padding="valid", dilation=1, groups=1, bias=linear.bias is not None, device=linear.weight.device,
        dtype=linear.weight.dtype,
    )  # fmt: skip
    conv.requires_grad_(False)
    conv.weight.copy_(linear.weight.detach().view(conv.weight.shape))
    if conv.bias is not None:
        conv.bias.copy_(linear.bias.detach())
    return conv.eval()


@variant
def conv_without_initialisation(layer, channels, kernel):
    kernel = pair(kernel)
    conv = nn.utils.skip_init(
        nn.Conv2d, channels, layer.out_features, kernel, bias=layer.bias is not None, dtype=layer.weight.dtype
    )
    torch.nn.utils.vector_to_parameters(
        torch.nn.utils.parameters_to_vector(layer.parameters()).detach().clone(), conv.parameters()
    )
    return conv


@variant
def conv_by_asking_the_layer(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    # The response to each single pixel of a window is its weight.
    ones = torch.eye(in_channels * kh * kw, dtype=linear.weight.dtype)
    with torch.no_grad():
        offset = linear(torch.zeros_like(ones[:1]))
        weight = torch.stack([F.linear(one, linear.weight) for one in ones], dim=1)
    conv = nn.Conv2d(in_channels, linear.out_features, (kh, kw), dtype=weight.dtype, bias=linear.bias is not None)
    conv.weight = nn.Parameter(weight.reshape(-1, in_channels, kh, kw))
    if linear.bias is not None:
        conv.bias = nn.Parameter(offset[0])
    return conv


@variant
def conv_with_circular_padding_of_nothing(linear, in_channels, kernel_size):
    size = [kernel_size, kernel_size] if isinstance(kernel_size, int) else list(kernel_size)
    conv = nn.Conv2d(in_channels, linear.out_features, size, padding_mode="circular", bias=linear.bias is not None)
    conv.to(linear.weight)
    conv.weight = nn.Parameter(linear.weight.detach().clone().reshape(conv.weight.shape), requires_grad=False)
    if linear.bias is not None:
        conv.bias = nn.Parameter(linear.bias.detach().clone())
    return conv
