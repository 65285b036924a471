"""Wrong and right answers to `decoder_stage`."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT

from .max_unpool2d import all_into_the_first_plane, unpool_by_advanced_indexing, unpool_by_scatter_in_place
from .shared import nails, put_back, put_back_clamped

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake("The last step is missing: after the convolution comes a ReLU.")
def no_relu(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1)


@mistake("Your ReLU comes before the convolution; it belongs after it.")
def relu_before_the_convolution(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size).relu(), weight, bias, padding=1)


@mistake("You apply a ReLU to what comes in, too. Negative values go through the convolution like others.")
def relu_twice(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size).relu(), weight, bias, padding=1).relu()


@mistake("Your ReLU comes before the bias is added; the bias belongs to the convolution.")
def relu_before_the_bias(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, padding=1).relu() + bias[:, None, None]


@mistake("The bias is missing in your convolution.")
def no_bias(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, padding=1).relu()


@mistake(
    "You convolve at the low resolution and unpool afterwards. The convolution is there to make the sparse, unpooled map "
    "dense again.",
)
def convolves_before_unpooling(x, indices, output_size, weight, bias):
    low = F.conv2d(x, weight, bias, padding=1).relu()
    return put_back(low, indices, output_size)


@form(convolves_before_unpooling)
def convolves_before_unpooling_with_the_first_indices(x, indices, output_size, weight, bias):
    low = F.conv2d(x, weight, bias, padding=1).relu()
    return put_back(low, indices[:, :1].expand_as(low), output_size)


@mistake(
    "Your map loses a row and a column on each side: a 3 × 3 convolution keeps the size with padding 1.",
)
def no_padding(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias).relu()


@mistake("Your convolution pads too much: the map grows. One pixel on each side keeps the size of a 3 × 3.")
def full_padding(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=2).relu()


@mistake(
    "You pad by repeating the border. The convolutions of a network pad with zeros unless told otherwise.",
)
def repeats_the_border(x, indices, output_size, weight, bias):
    sparse = put_back(x, indices, output_size)
    if not x.shape[0]:
        return F.conv2d(sparse, weight, bias, padding=1).relu()
    return F.conv2d(F.pad(sparse, (1, 1, 1, 1), mode="replicate"), weight, bias).relu()


@mistake(
    "Your kernel is turned round. What networks call convolution slides the kernel as it is.",
)
def turns_the_kernel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.flip(-2, -1), bias, padding=1).relu()


@mistake("You split an index with the height of the map. A row is as long as the map is *wide*.")
def stage_splits_by_the_height(x, indices, output_size, weight, bias):
    (n, c), (h, w) = x.shape[:2], output_size
    out = x.new_zeros(n, c, h, w)
    out[torch.arange(n)[:, None, None, None], torch.arange(c)[:, None, None], indices // h, indices % h] = x
    return F.conv2d(out, weight, bias, padding=1).relu()


@mistake("Rows and columns of the kernel are exchanged.")
def transposes_the_kernel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.transpose(-2, -1), bias, padding=1).relu()


@mistake(
    "You use a transposed convolution, which is another way up. Here the unpooling enlarges, and an ordinary convolution "
    "follows.",
)
def transposed_convolution(x, indices, output_size, weight, bias):
    return F.conv_transpose2d(put_back(x, indices, output_size), weight, bias, padding=1).relu()


@mistake("You convolve with one kernel a channel and never mix the channels.")
def depthwise_convolution(x, indices, output_size, weight, bias):
    sparse = put_back(x, indices, output_size)
    filters, channels = weight.shape[:2]
    planes = [
        F.conv2d(sparse[:, d % channels, None], weight[d, d % channels, None, None], bias[d, None], padding=1)
        for d in range(filters)
    ]
    return torch.cat(planes, 1).relu()


@mistake("You ignore `output_size`, which may be odd: your map is always twice as large.")
def stage_ignores_output_size(x, indices, output_size, weight, bias):
    size = (2 * x.shape[2], 2 * x.shape[3])
    return F.conv2d(put_back_clamped(x, indices, size), weight, bias, padding=1).relu()


@form(stage_ignores_output_size)
def stage_has_torch_guess_the_size(x, indices, output_size, weight, bias):
    return F.conv2d(F.max_unpool2d(x, indices, 2), weight, bias, padding=1).relu()


@mistake(
    "You unpool to twice the size and pad to `output_size` afterwards. The indices count in rows of the final width, so the "
    "values land in the wrong columns.",
)
def stage_pads_to_output_size(x, indices, output_size, weight, bias):
    size = (2 * x.shape[2], 2 * x.shape[3])
    sparse = put_back_clamped(x, indices, size)
    sparse = F.pad(sparse, (0, output_size[1] - size[1], 0, output_size[0] - size[0]))
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake("You read `output_size` as (width, height); the height comes first.")
def stage_exchanges_output_size(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size[::-1]), weight, bias, padding=1).relu()


def fitted(big, size):
    height, width = size
    big = F.pad(big, (0, max(0, width - big.shape[3]), 0, max(0, height - big.shape[2])))
    return big[:, :, :height, :width]


@mistake(
    "You upsample by copying. This stage puts each value back where the encoder found it, with the indices.",
)
def stage_by_nearest(x, indices, output_size, weight, bias):
    big = fitted(x.repeat_interleave(2, 2).repeat_interleave(2, 3), output_size)
    return F.conv2d(big, weight, bias, padding=1).relu()


@mistake(
    "You put the values into the corners of their blocks, as a bed of nails. This stage puts each back where the encoder "
    "found it, with the indices.",
)
def stage_by_nails(x, indices, output_size, weight, bias):
    return F.conv2d(fitted(nails(x, 2), output_size), weight, bias, padding=1).relu()


@mistake("The unpooling is missing: you convolve the small map and fill up with zeros.")
def stage_without_unpooling(x, indices, output_size, weight, bias):
    return F.conv2d(fitted(x, output_size), weight, bias, padding=1).relu()


@mistake("You stop after the unpooling: the convolution and the ReLU are missing.")
def stops_after_unpooling(x, indices, output_size, weight, bias):
    return put_back(x, indices, output_size)


@mistake("You use the indices of the first channel for all channels.")
def stage_with_the_first_channel(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices[:, :1].expand_as(x), output_size), weight, bias, padding=1).relu()


@mistake(
    "You use the indices as positions in the whole flattened batch, so that all values land in the first plane. They count "
    "from 0 in each plane.",
)
def stage_into_the_first_plane(x, indices, output_size, weight, bias):
    return F.conv2d(all_into_the_first_plane(x, indices, 2, output_size=output_size), weight, bias, padding=1).relu()


@mistake("Where the sum is negative you let a small part through. A plain ReLU gives exactly zero there.")
def leaky_relu(x, indices, output_size, weight, bias):
    return F.leaky_relu(F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1))


@mistake("You take the magnitude instead of clipping: where the sum is negative, a ReLU gives zero.")
def magnitude(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1).abs()


@mistake("Your result is float32 whatever comes in; it must keep the dtype of `x`.")
def stage_in_float32(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.float(), indices, output_size), weight.float(), bias.float(), padding=1).relu()


@mistake(
    "You unpool into a float32 buffer, which does not fit the weights when they are float64. Make it with the dtype of `x`.",
)
def stage_with_float32_buffer(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.float(), indices, output_size), weight, bias, padding=1).relu()


@mistake(
    "`.view` asks for numbers that lie side by side in memory. A transposed tensor does not have that; `.reshape` copies "
    "where it must.",
)
def stage_by_view(x, indices, output_size, weight, bias):
    n, c, h, w = x.shape
    sparse = x.new_zeros(n, c, output_size[0] * output_size[1])
    sparse = sparse.scatter(2, indices.view(n, c, h * w), x.view(n, c, h * w)).view(n, c, *output_size)
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake(
    "In an empty batch there is nothing from which torch could work out the −1 of a reshape. Name the size, or `flatten`.",
)
def stage_lets_torch_guess_a_size(x, indices, output_size, weight, bias):
    n, c = x.shape[:2]
    sparse = x.new_zeros(n, c, output_size[0] * output_size[1])
    sparse = sparse.scatter(2, indices.reshape(n, c, -1), x.reshape(n, c, -1)).view(n, c, *output_size)
    return F.conv2d(sparse, weight, bias, padding=1).relu()


@mistake("The values are right, but no gradient reaches `x`: the unpooling happens outside the graph.")
def stage_cuts_x(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x.detach(), indices, output_size), weight, bias, padding=1).relu()


@mistake("The values are right, but no gradient reaches the weights: nothing could be learned.")
def stage_cuts_the_weights(x, indices, output_size, weight, bias):
    return F.conv2d(put_back(x, indices, output_size), weight.data, bias.data, padding=1).relu()


@mistake(NO_GRADIENT)
def stage_without_gradients(x, indices, output_size, weight, bias):
    with torch.no_grad():
        return F.conv2d(put_back(x, indices, output_size), weight, bias, padding=1).relu()


@mistake(
    "You add the start of each plane to the indices in place. They belong to the caller, who may need them again.",
)
def stage_shifts_the_indices(x, indices, output_size, weight, bias):
    n, c, h, w = x.shape
    indices += torch.arange(n * c).view(n, c, 1, 1) * output_size[0] * output_size[1]
    sparse = x.new_zeros(n * c * output_size[0] * output_size[1]).scatter(0, indices.flatten(), x.flatten())
    return F.conv2d(sparse.view(n, c, *output_size), weight, bias, padding=1).relu()


@mistake("Somewhere the bias goes through float32. With float64 inputs everything stays float64.")
def bias_through_float32(x, indices, output_size, weight, bias):
    sparse = F.max_unpool2d(x, indices, 2, output_size=tuple(output_size))
    return F.relu(F.conv2d(sparse, weight, bias.float().to(x.dtype), padding=1))


# --- variants ---------------------------------------------------------------------------------------------------------


def back(x, indices, size):
    return unpool_by_scatter_in_place(x, indices, 2, output_size=size)


@variant
def stage_by_torch(x, indices, output_size, weight, bias):
    return F.relu(F.conv2d(F.max_unpool2d(x, indices, 2, output_size=output_size), weight, bias, padding="same"))


@variant
def stage_by_modules(x, indices, output_size, weight, bias):
    convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
    sparse = nn.MaxUnpool2d(2)(x, indices, output_size=output_size)
    return nn.ReLU(inplace=True)(torch.func.functional_call(convolution, {"weight": weight, "bias": bias}, sparse))


@variant
def stage_by_clamp(features, positions, size, kernel, offset):
    dense = F.conv2d(back(features, positions, size), kernel, padding=(1, 1)) + offset.view(1, -1, 1, 1)
    return dense.clamp(min=0)


@variant
def stage_by_unfold(x, indices, output_size, weight, bias):
    n, d = x.shape[0], weight.shape[0]
    columns = F.unfold(back(x, indices, output_size), 3, padding=1)
    dense = weight.reshape(d, -1) @ columns + bias[:, None]
    return dense.reshape(n, d, *output_size).relu()


@variant
def stage_by_einsum(x, indices, output_size, weight, bias):
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1)
    return torch.relu(torch.einsum("nchwab,dcab->ndhw", windows, weight) + bias[:, None, None])


@variant
def stage_by_nine_shifts(x, indices, output_size, weight, bias):
    h, w = output_size
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    dense = bias.view(1, -1, 1, 1).expand(x.shape[0], -1, h, w)
    for a, b in product(range(3), repeat=2):
        dense = dense + torch.einsum("nchw,dc->ndhw", padded[:, :, a : a + h, b : b + w], weight[:, :, a, b])
    return torch.where(dense > 0, dense, torch.zeros_like(dense))


@variant
def stage_by_transposed_convolution(x, indices, output_size, weight, bias):
    sparse = unpool_by_advanced_indexing(x, indices, 2, None, 0, output_size)
    kernel = weight.transpose(0, 1).flip(2, 3)
    return F.conv_transpose2d(sparse, kernel, bias, padding=1).relu_()


@variant
def stage_by_spreading_kernels(x, indices, output_size, weight, bias):
    """Add a turned kernel around each value that was put back, and never build the sparse map."""
    n, c = x.shape[:2]
    h, w = output_size
    dense = x.new_zeros(n, weight.shape[0], h + 2, w + 2)
    for b, k in product(range(n), range(c)):
        for value, place in zip(x[b, k].flatten(), indices[b, k].flatten().tolist(), strict=True):
            row, column = place // w, place % w
            patch = torch.zeros_like(dense)
            patch[b, :, row : row + 3, column : column + 3] = value * weight[:, k].flip(-2, -1)
            dense = dense + patch
    return F.relu(dense[:, :, 1:-1, 1:-1] + bias[None, :, None, None])


@variant
def stage_in_float64(x, indices, output_size, weight, bias):
    dense = F.conv2d(back(x.double(), indices, output_size), weight.double(), bias.double(), padding=1)
    return dense.to(x.dtype).relu()


@variant
def stage_in_channels_last(x, indices, output_size, weight, bias):
    sparse = back(x, indices, output_size).contiguous(memory_format=torch.channels_last)
    return F.conv2d(sparse, weight.contiguous(memory_format=torch.channels_last), bias, padding=1).relu()


@variant
def stage_image_by_image(x, indices, output_size, weight, bias):
    out = x.new_zeros(x.shape[0], weight.shape[0], *output_size)
    for number in range(x.shape[0]):
        sparse = back(x[number : number + 1], indices[number : number + 1], output_size)
        out[number] = F.threshold(F.conv2d(sparse, weight, bias, stride=1, padding=1), 0, 0)[0]
    return out


@variant
def stage_by_linear_layers(x, indices, output_size, weight, bias):
    padded = F.pad(back(x, indices, output_size), (1, 1, 1, 1))
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5).flatten(3)
    return F.linear(windows, weight.flatten(1), bias).permute(0, 3, 1, 2).relu()
