"""Wrong and right answers to `bilinear_kernel`."""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def slope_of(k, factor=None, centre=None):
    factor = (k + 1) // 2 if factor is None else factor
    centre = (k - 1) / 2 if centre is None else centre
    return 1 - (torch.arange(k) - centre).abs() / factor


def on_the_diagonal(channels, square):
    weight = torch.zeros(channels, channels, *square.shape, dtype=square.dtype)
    weight[range(channels), range(channels)] = square
    return weight


@mistake(
    "Every channel stamps into every other: your upsampling mixes the classes. Channel c belongs to channel c alone.",
)
def fills_all_pairs_of_channels(channels, kernel_size):
    t = slope_of(kernel_size)
    return (t[:, None] * t).repeat(channels, channels, 1, 1)


@mistake("Your filters are (channels, 1, k, k), as for a convolution in groups. Zeros are missing.")
def one_filter_a_channel(channels, kernel_size):
    t = slope_of(kernel_size)
    return (t[:, None] * t).repeat(channels, 1, 1, 1)


@mistake("Your result is one (k, k) filter; it has to be there for all pairs of channels.")
def returns_one_filter(channels, kernel_size):
    t = slope_of(kernel_size)
    return t[:, None] * t


@mistake("You fill the first pair of channels only; every channel is enlarged.")
def fills_the_first_channel_only(channels, kernel_size):
    t = slope_of(kernel_size)
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    weight[0, 0] = t[:, None] * t
    return weight


@mistake("Your centre lies at k / 2, half a pixel too far: your filter is not symmetric.")
def centre_half_a_pixel_too_far(channels, kernel_size):
    t = slope_of(kernel_size, centre=kernel_size / 2)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("You put the centre on a pixel always. Where k is even it lies between two pixels.")
def centre_on_a_pixel(channels, kernel_size):
    t = slope_of(kernel_size, centre=(kernel_size + 1) // 2 - 1)
    return on_the_diagonal(channels, t[:, None] * t)


@form(centre_on_a_pixel)
def centre_on_the_pixel_after(channels, kernel_size):
    slope = slope_of(kernel_size, centre=kernel_size // 2)
    return on_the_diagonal(channels, slope[:, None] * slope)


@mistake("You put the centre between two pixels always. Where k is odd it lies on one.")
def centre_between_pixels(channels, kernel_size):
    t = slope_of(kernel_size, centre=(kernel_size + 1) // 2 - 0.5)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("Your factor is k // 2, too small for an odd k: the ends of your filter fall to zero.")
def factor_rounded_down(channels, kernel_size):
    t = slope_of(kernel_size, factor=max(1, kernel_size // 2))
    return on_the_diagonal(channels, t[:, None] * t)


@form(factor_rounded_down)
def factor_of_zero(channels, kernel_size):
    away = (torch.arange(kernel_size) - (kernel_size - 1) / 2).abs()
    slope = 1 - away / torch.tensor(float(kernel_size // 2))
    return on_the_diagonal(channels, slope[:, None] * slope)


@mistake("Your slopes are 0 at the first and the last position. They fall to 0 one step *outside* the filter.")
def slopes_down_to_zero(channels, kernel_size):
    slope = 1 - torch.linspace(-1, 1, kernel_size).abs()
    return on_the_diagonal(channels, slope[:, None] * slope)


@mistake("Your factor is k / 2 without rounding, so that odd sizes fall too steeply.")
def factor_not_rounded(channels, kernel_size):
    t = slope_of(kernel_size, factor=kernel_size / 2)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("Your factor is k: the filter falls only half as steeply as it should.")
def factor_of_the_whole_size(channels, kernel_size):
    t = slope_of(kernel_size, factor=kernel_size)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake(
    "You divide by the sum. One input value fills a whole block of outputs: the weights sum to factor², not to 1.",
)
def sums_to_one(channels, kernel_size):
    t = slope_of(kernel_size)
    square = t[:, None] * t
    return on_the_diagonal(channels, square / square.sum())


@mistake("You divide by the maximum. An even filter has none of its weights at 1.")
def largest_is_one(channels, kernel_size):
    t = slope_of(kernel_size)
    square = t[:, None] * t
    return on_the_diagonal(channels, square / square.max())


@mistake("All your weights are equal: that copies values over blocks, as nearest neighbour does.")
def nearest_neighbour_kernel(channels, kernel_size):
    return on_the_diagonal(channels, torch.ones(kernel_size, kernel_size))


@mistake("You add the slopes of rows and columns. Bilinear means that they are multiplied.")
def adds_the_slopes(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, (t[:, None] + t) / 2)


@mistake("You take the smaller of the two slopes. Bilinear means that they are multiplied.")
def takes_the_smaller_slope(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, torch.minimum(t[:, None], t))


@mistake(
    "Your filter is a cone that falls with the distance from the centre. It should fall along rows and along columns, "
    "one times the other.",
)
def makes_a_cone(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size) - centre
    distance = torch.sqrt(place[:, None] ** 2 + place**2)
    return on_the_diagonal(channels, (1 - distance / factor).clamp(min=0))


@mistake("Your filter falls along its columns only: in the other direction all is alike.")
def falls_in_one_direction(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t.expand(kernel_size, kernel_size))


@mistake("You share the weights out among the channels; each of them gets the whole filter.")
def shares_among_channels(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t[:, None] * t) / channels


@mistake("You turn the weights into float64 at the end. The default dtype is wanted.")
def float64_at_the_end(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t[:, None] * t).double()


@mistake("Numpy computes in float64, and your weights still are. The default dtype is wanted.")
def float64_from_numpy(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    rows, columns = np.ogrid[:kernel_size, :kernel_size]
    square = (1 - abs(rows - centre) / factor) * (1 - abs(columns - centre) / factor)
    return on_the_diagonal(channels, torch.from_numpy(square))


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def kernel_as_in_fcn(channels, kernel_size):
    factor = (kernel_size + 1) // 2
    centre = factor - 1 if kernel_size % 2 == 1 else factor - 0.5
    rows, columns = np.ogrid[:kernel_size, :kernel_size]
    square = (1 - abs(rows - centre) / factor) * (1 - abs(columns - centre) / factor)
    weight = np.zeros((channels, channels, kernel_size, kernel_size))
    weight[range(channels), range(channels)] = square
    return torch.from_numpy(weight).float()


@variant
def kernel_by_loops(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    for c in range(channels):
        for a, b in product(range(kernel_size), repeat=2):
            weight[c, c, a, b] = (1 - abs(a - centre) / factor) * (1 - abs(b - centre) / factor)
    return weight


@variant
def kernel_from_two_boxes(channels, kernel_size):
    """A slope is a box convolved with a box: of equal lengths for an odd size, one longer for an even one."""
    factor = (kernel_size + 1) // 2
    box = torch.ones(1, 1, factor) / factor
    other = torch.ones(1, 1, kernel_size + 1 - factor)
    slope = F.conv1d(F.pad(box, (other.shape[2] - 1,) * 2), other)[0, 0]
    if kernel_size % 2 == 0:  # the longer box has half weight at its ends
        centre = (kernel_size - 1) / 2
        slope = 1 - (torch.arange(kernel_size) - centre).abs() / factor
    return torch.einsum("cd,a,b->cdab", torch.eye(channels), slope, slope)


@variant
def kernel_by_outer(count, k):
    factor = (k + 1) // 2
    slope = 1 - torch.linspace(-(k - 1) / 2, (k - 1) / 2, k).abs() / factor
    weight = torch.zeros(count, count, k, k)
    for c in range(count):
        weight[c, c] = torch.outer(slope, slope)
    return weight


@variant
def kernel_by_kron(channels, kernel_size):
    half = torch.arange(1, (kernel_size + 1) // 2 + 1)
    slope = torch.cat([half * 2 - 1, half.flip(0) * 2 - 1]) / (2 * len(half))  # even: 1, 3, …, 3, 1
    if kernel_size % 2:
        slope = torch.cat([half, half.flip(0)[1:]]) / len(half)
    square = torch.kron(slope[:, None], slope[None])
    return torch.kron(torch.eye(channels), square).reshape(channels, kernel_size, channels, kernel_size).transpose(1, 2)


@variant
def kernel_by_diagonal(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size, dtype=torch.get_default_dtype())
    slope = (factor - (place - centre).abs()) / factor
    return torch.diag_embed((slope[:, None] @ slope[None])[..., None].expand(-1, -1, channels)).permute(2, 3, 0, 1)


@variant
def kernel_in_float64_first(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size, dtype=torch.float64)
    slope = 1 - torch.abs(place - centre) / factor
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    weight[torch.arange(channels), torch.arange(channels)] = (slope.view(-1, 1) * slope.view(1, -1)).float()
    return weight


@variant
def kernel_as_a_parameter(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    slope = 1 - (torch.arange(kernel_size) - centre).abs() / factor
    return nn.Parameter(torch.eye(channels)[..., None, None] * (slope.unsqueeze(1) * slope))
