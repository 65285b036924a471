"""Wrong answers to the exercises of chapter 04: what students, and people in a hurry, really write.

Each sentence names the misconception to its author and leaves the mending to them. Where two mistakes do the same on
every public case, only one of them stands here, since a check could not tell them apart.
"""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import mistake


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# --- conv_transpose1d -------------------------------------------------------------------------------------------------


def line_of_stamps(x, weight, stride, extra=0):
    """What all mistakes of this section have right: the line of summed stamps, before cropping and bias."""
    n, _, length = x.shape
    _, outputs, k = weight.shape
    line = x.new_zeros(n, outputs, (length - 1) * stride + k + extra)
    for i in range(length):
        line[:, :, i * stride : i * stride + k] += torch.einsum("ni,ioa->noa", x[:, :, i], weight)
    return line


def cropped(line, before, after):
    return line[:, :, before : line.shape[2] - after]


def shifted(out, bias):
    return out if bias is None else out + bias[:, None]


@mistake(
    "conv_transpose1d",
    "The filter stands in your stamps the wrong way round. That happens on the way over an ordinary convolution, which "
    "reads its filter in the other direction.",
)
def flips_the_filter_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.flip(2), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake("conv_transpose1d", "Where stamps overlap, your later stamp replaces the earlier one. Both count.")
def overwrites_overlaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    line = x.new_zeros(n, weight.shape[1], (length - 1) * stride + weight.shape[2] + output_padding)
    for i in range(length):
        stamp = torch.einsum("ni,ioa->noa", x[:, :, i], weight)
        line[:, :, i * stride : i * stride + weight.shape[2]] = stamp
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d", "You divide by the number of stamps that overlap. The contributions are summed, not averaged."
)
def averages_overlaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    ones = torch.ones_like(weight[:1, :1])
    counts = line_of_stamps(torch.ones_like(x[:, :1]), ones, stride, output_padding)
    return shifted(cropped(line / counts.clamp(min=1), padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "You read `weight` as (Cout, Cin, k), the order of an ordinary convolution. Here the input channels come first.",
)
def reads_weight_as_out_in_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.transpose(0, 1), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d", "You add the bias always. Where there is none, `bias` is None, and nothing is to be added."
)
def indexes_a_missing_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding) + bias[:, None]


@mistake("conv_transpose1d", "You reshape the bias without a look whether there is one: `bias` may be None.")
def reshapes_a_missing_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding) + bias.view(1, -1, 1)


@mistake("conv_transpose1d", "Your bias runs along the positions of the output. It is one number for each channel.")
def adds_the_bias_along_the_positions_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding)
    return out if bias is None else out + bias


@mistake("conv_transpose1d", "Your bias is missing: each output channel gets its own number added, everywhere.")
def forgets_the_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding)


@mistake(
    "conv_transpose1d",
    "You add the bias with every stamp, so that it counts twice where two overlap and not at all in gaps.",
)
def adds_the_bias_with_every_stamp_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    if bias is not None:
        counts = line_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, output_padding)
        line = line + counts * bias[:, None]
    return cropped(line, padding, padding)


@mistake(
    "conv_transpose1d",
    "Positions that no stamp reaches stay zero in your output. The bias belongs there too.",
)
def leaves_the_bias_out_of_gaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    if bias is not None:
        counts = line_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, output_padding)
        line = line + (counts > 0) * bias[:, None]
    return cropped(line, padding, padding)


@mistake("conv_transpose1d", "You ignore `padding`: nothing is cropped, and your output is too long.")
def ignores_the_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(x, weight, stride, output_padding), bias)


@mistake(
    "conv_transpose1d",
    "You put `padding` zeros around the output. In a transposed convolution padding takes positions away.",
)
def pads_the_output_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    return shifted(F.pad(line, (padding, padding)), bias)


@mistake(
    "conv_transpose1d",
    "You put `padding` zeros around the finished output, bias and all. Here padding takes positions away.",
)
def pads_the_finished_output_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.pad(shifted(line_of_stamps(x, weight, stride, output_padding), bias), (padding, padding))


@mistake(
    "conv_transpose1d",
    "You put `padding` zeros around the input, as an ordinary convolution does. Here padding crops the output.",
)
def pads_the_input_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(F.pad(x, (padding, padding)), weight, stride, output_padding), bias)


@mistake("conv_transpose1d", "You crop `padding` positions at the left end only; the right end loses as many.")
def crops_the_left_end_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), padding, 0), bias)


@mistake("conv_transpose1d", "You crop `padding` positions at the right end only; the left end loses as many.")
def crops_the_right_end_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 0, padding), bias)


@mistake(
    "conv_transpose1d",
    "Your output has the right length but starts too late: you crop everything at the left end. Padding crops half of it "
    "on the right.",
)
def crops_the_left_end_twice_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 2 * padding, 0), bias)


@mistake("conv_transpose1d", "Without padding your output is empty: the slice `padding:-padding` is `0:0` then.")
def crops_everything_without_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(x, weight, stride, output_padding)[:, :, padding:-padding], bias)


@mistake(
    "conv_transpose1d",
    "Your output has the right length but starts too early: you crop everything at the right end. Padding crops half of "
    "it on the left.",
)
def crops_the_right_end_twice_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 0, 2 * padding), bias)


@mistake("conv_transpose1d", "You ignore `output_padding`: your output ends too early.")
def ignores_output_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride), padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "For `output_padding` you append empty positions after cropping. It crops less at the right end: what the stamps "
    "left there comes to light.",
)
def appends_emptiness_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = cropped(line_of_stamps(x, weight, stride), padding, padding)
    return shifted(F.pad(line, (0, output_padding)), bias)


@mistake(
    "conv_transpose1d",
    "You append zeros for `output_padding` at the very end, after the bias. Positions there are like all others.",
)
def appends_zeros_after_the_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = cropped(line_of_stamps(x, weight, stride), padding, padding)
    return F.pad(shifted(line, bias), (0, output_padding))


@mistake("conv_transpose1d", "Your `output_padding` enlarges the left end; it belongs to the right one.")
def output_padding_on_the_left_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = F.pad(line_of_stamps(x, weight, stride), (output_padding, 0))
    return shifted(cropped(line, padding, padding), bias)


@mistake("conv_transpose1d", "Your `output_padding` enlarges both ends; it belongs to the right one alone.")
def output_padding_on_both_ends_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = F.pad(line_of_stamps(x, weight, stride), (output_padding, output_padding))
    return shifted(cropped(line, padding, padding), bias)


@mistake("conv_transpose1d", "You ignore `stride`: your stamps start one position apart, whatever it says.")
def ignores_the_stride_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "Your stamps start one position too far apart: `stride` is the distance of their starts, not the number of positions "
    "between two values.",
)
def leaves_one_zero_too_many_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride + 1 if stride > 1 else 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "You copy each value `stride` times and then convolve. A value stamps once; the positions after it are left to its "
    "stamp.",
)
def copies_instead_of_spacing_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    copies = x.repeat_interleave(stride, dim=2)[:, :, : (x.shape[2] - 1) * stride + 1]
    line = line_of_stamps(copies, weight, 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "You stamp the first input channel only. Every input channel stamps with filters of its own, and all are summed.",
)
def takes_the_first_channel_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x[:, :1], weight[:1], stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "You sum the input channels before you weight them. Each of them has a filter of its own.",
)
def sums_channels_before_weighting_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.sum(dim=1, keepdim=True), weight[:1], stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "You average over the input channels. Their stamps are summed, however many there are.",
)
def averages_channels_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding) / x.shape[1]
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "Your output is L·stride long. The last stamp reaches as far as the filter is long, whatever that is.",
)
def keeps_length_times_stride_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride)
    size = x.shape[2] * stride + output_padding
    return shifted(F.pad(line, (0, max(0, size - line.shape[2])))[:, :, :size], bias)


@mistake("conv_transpose1d", "You compute an ordinary convolution: your output shrinks where it should grow.")
def convolves_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.conv1d(x, weight.transpose(0, 1), bias, stride, padding)


@mistake("conv_transpose1d", "You use the first signal of the batch only; each signal gives an output of its own.")
def takes_the_first_signal_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x[:1], weight, stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "An empty batch leaves your code nothing to stack. It gives an empty output: (0, Cout, M).",
)
def stacks_no_signals_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    lines = [line_of_stamps(signal[None], weight, stride, output_padding)[0] for signal in x]
    return shifted(cropped(torch.stack(lines), padding, padding), bias)


@mistake("conv_transpose1d", "Your output is always float32. It has the dtype of `x`, or precision is lost.")
def always_float32_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.float(), weight.float(), stride, output_padding)
    return shifted(cropped(line, padding, padding), None if bias is None else bias.float())


@mistake(
    "conv_transpose1d",
    "The way over numpy, `.data` or `.detach()` cuts your output from the graph: no gradient comes back.",
)
def leaves_the_graph_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.detach(), weight.detach(), stride, output_padding)
    return shifted(cropped(line, padding, padding), None if bias is None else bias.detach())


@mistake("conv_transpose1d", "You detach the filter: the values are right, but it can never learn.")
def detaches_the_filter_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.detach(), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "conv_transpose1d",
    "A method with an underscore at its end changes the caller's tensor: your function may not alter its inputs.",
)
def unsqueezes_in_place_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    out = shifted(cropped(line, padding, padding), bias)
    if not x.requires_grad:
        x.unsqueeze_(2)
    return out


# --- conv_transpose_output_size ---------------------------------------------------------------------------------------


@mistake(
    "conv_transpose_output_size",
    "This is the size after an ordinary convolution, which shrinks. You are on the way back.",
)
def size_of_a_convolution(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size + 2 * padding - kernel_size) // stride + 1


@mistake(
    "conv_transpose_output_size",
    "You count `size` strides. From the first stamp to the last there is one fewer.",
)
def size_with_a_stride_too_many(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride - 2 * padding + kernel_size + output_padding


@mistake("conv_transpose_output_size", "You crop `padding` once; both ends lose that many.")
def size_cropped_once(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - padding + kernel_size + output_padding


@mistake("conv_transpose_output_size", "You add the padding. In a transposed convolution it takes pixels away.")
def size_padded(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride + 2 * padding + kernel_size + output_padding


@mistake(
    "conv_transpose_output_size",
    "You never let the output be smaller than the input. Padding crops what the stamps made, and may leave less.",
)
def size_at_least_that_of_the_input(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(size, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("conv_transpose_output_size", "You never let the output be smaller than the kernel. Padding crops stamps too.")
def size_at_least_that_of_the_kernel(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(kernel_size, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("conv_transpose_output_size", "You never let the output be a single pixel. Padding may leave just one.")
def size_of_two_pixels_at_least(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(2, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("conv_transpose_output_size", "You ignore the padding, which crops the output.")
def size_without_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride + kernel_size + output_padding


@mistake("conv_transpose_output_size", "You ignore `output_padding`, which adds pixels at one end.")
def size_without_output_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size


@mistake("conv_transpose_output_size", "You count `output_padding` at both ends; it enlarges one of them.")
def size_with_output_padding_twice(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size + 2 * output_padding


@mistake("conv_transpose_output_size", "You subtract `output_padding`; it enlarges the output.")
def size_less_output_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size - output_padding


@mistake(
    "conv_transpose_output_size",
    "You forget how far the last stamp reaches: one pixel of it is not all.",
)
def size_to_the_last_start(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + 1 + output_padding


@mistake("conv_transpose_output_size", "You multiply size and stride and stop there; kernel and padding matter too.")
def size_times_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride + output_padding


@mistake(
    "conv_transpose_output_size",
    "Your result is one too small: the first pixel of the last stamp counts, and so do all the others.",
)
def size_one_too_small(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + (kernel_size - 1) + output_padding


@mistake(
    "conv_transpose_output_size",
    "You count the gap of zeros between two pixels as `stride` wide; it is one narrower.",
)
def size_with_wider_gaps(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * (stride + 1) - 2 * padding + kernel_size + output_padding


@mistake("conv_transpose_output_size", "You ignore the stride: stamps start `stride` pixels apart.")
def size_without_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size - 1 - 2 * padding + kernel_size + output_padding


@mistake(
    "conv_transpose_output_size",
    "You apply the stride to everything. Kernel, padding and output padding are already counted in output pixels.",
)
def size_all_times_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1 - 2 * padding + kernel_size + output_padding) * stride


@mistake("conv_transpose_output_size", "You work the size out and print it. A caller needs it returned.")
def prints_the_size(size, kernel_size, stride=1, padding=0, output_padding=0):
    str((size - 1) * stride - 2 * padding + kernel_size + output_padding)


# --- conv_transpose2d -------------------------------------------------------------------------------------------------


def plane_of_stamps(x, weight, stride, extra=(0, 0)):
    """What most mistakes of this section have right: the plane of summed stamps, before cropping and bias."""
    n, _, h, w = x.shape
    _, outputs, kh, kw = weight.shape
    sh, sw = pair(stride)
    plane = x.new_zeros(n, outputs, (h - 1) * sh + kh + extra[0], (w - 1) * sw + kw + extra[1])
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("ni,ioab->noab", x[:, :, i, j], weight)
            plane[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] += stamp
    return plane


def trimmed(plane, padding):
    ph, pw = pair(padding)
    return plane[:, :, ph : plane.shape[2] - ph, pw : plane.shape[3] - pw]


def lifted(out, bias):
    return out if bias is None else out + bias[:, None, None]


def finished(x, weight, bias, stride, padding, output_padding):
    return lifted(trimmed(plane_of_stamps(x, weight, stride, pair(output_padding)), padding), bias)


@mistake(
    "conv_transpose2d",
    "Your filter stands upside down and mirrored. On the way over an ordinary convolution it has to be turned first.",
)
def flips_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.flip(2, 3), bias, stride, padding, output_padding)


@mistake("conv_transpose2d", "Your filter is mirrored left to right.")
def mirrors_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.flip(3), bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "Rows and columns of the filter are exchanged. The convolution is transposed, its filter is not.",
)
def transposes_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.transpose(2, 3), bias, stride, padding, output_padding)


@mistake("conv_transpose2d", "Where stamps overlap, your later stamp replaces the earlier ones. All of them count.")
def overwrites_overlaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = torch.zeros_like(plane_of_stamps(x, weight, stride, pair(output_padding)))
    (kh, kw), (sh, sw) = weight.shape[2:], pair(stride)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            stamp = torch.einsum("ni,ioab->noab", x[:, :, i, j], weight)
            plane[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] = stamp
    return lifted(trimmed(plane, padding), bias)


@mistake(
    "conv_transpose2d", "You divide by the number of stamps that overlap. The contributions are summed, not averaged."
)
def averages_overlaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return lifted(trimmed(plane / counts.clamp(min=1), padding), bias)


@mistake(
    "conv_transpose2d",
    "You read `weight` as (Cout, Cin, kh, kw), the order of an ordinary convolution. Here the input channels come first.",
)
def reads_weight_as_out_in_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.transpose(0, 1), bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d", "You add the bias always. Where there is none, `bias` is None, and nothing is to be added."
)
def indexes_a_missing_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, None, stride, padding, output_padding) + bias[:, None, None]


@mistake("conv_transpose2d", "You reshape the bias without a look whether there is one: `bias` may be None.")
def reshapes_a_missing_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, None, stride, padding, output_padding) + bias.view(1, -1, 1, 1)


@mistake("conv_transpose2d", "Your bias is missing: each output channel gets its own number added, everywhere.")
def forgets_the_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, None, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You add the bias with every stamp, so that it counts several times where stamps overlap and not at all in gaps.",
)
def adds_the_bias_with_every_stamp_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return trimmed(plane if bias is None else plane + counts * bias[:, None, None], padding)


@mistake("conv_transpose2d", "Pixels that no stamp reaches stay zero in your output. The bias belongs there too.")
def leaves_the_bias_out_of_gaps_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    plane = plane_of_stamps(x, weight, stride, pair(output_padding))
    counts = plane_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, pair(output_padding))
    return trimmed(plane if bias is None else plane + (counts > 0) * bias[:, None, None], padding)


@mistake(
    "conv_transpose2d",
    "Your bias runs along the columns of the output. It is one number for each output channel.",
)
def adds_the_bias_along_the_columns_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x, weight, None, stride, padding, output_padding)
    return out if bias is None else out + bias


@mistake("conv_transpose2d", "You ignore `padding`: nothing is cropped, and your output is too large.")
def ignores_the_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, 0, output_padding)


@mistake(
    "conv_transpose2d",
    "You put `padding` zeros around the output. In a transposed convolution padding takes pixels away.",
)
def pads_the_output_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(F.pad(plane, (pw, pw, ph, ph)), bias)


@mistake(
    "conv_transpose2d",
    "You put `padding` zeros around the finished output, bias and all. Here padding takes pixels away.",
)
def pads_the_finished_output_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), out = pair(padding), finished(x, weight, bias, stride, 0, output_padding)
    return F.pad(out, (pw, pw, ph, ph))


@mistake(
    "conv_transpose2d",
    "You put `padding` zeros around the input, as an ordinary convolution does. Here padding crops the output.",
)
def pads_the_input_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    ph, pw = pair(padding)
    return finished(F.pad(x, (pw, pw, ph, ph)), weight, bias, stride, 0, output_padding)


@mistake(
    "conv_transpose2d",
    "You crop `padding` rows and columns at the top and on the left only; the other two sides lose as many.",
)
def crops_top_and_left_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, ph:, pw:], bias)


@mistake(
    "conv_transpose2d",
    "Your output has the right size but starts too late: you crop everything at the top and on the left.",
)
def crops_top_and_left_twice_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, 2 * ph :, 2 * pw :], bias)


@mistake("conv_transpose2d", "Without padding your output is empty: a slice `p:-p` is `0:0` where p is 0.")
def crops_everything_without_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, ph:-ph, pw:-pw], bias)


@mistake(
    "conv_transpose2d",
    "Your output has the right size but starts too early: you crop everything at the bottom and on the right.",
)
def crops_bottom_and_right_twice_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (ph, pw), plane = pair(padding), plane_of_stamps(x, weight, stride, pair(output_padding))
    return lifted(plane[:, :, : plane.shape[2] - 2 * ph, : plane.shape[3] - 2 * pw], bias)


@mistake(
    "conv_transpose2d",
    "In `padding` you exchange height and width: the first number belongs to the rows.",
)
def exchanges_the_paddings_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, pair(padding)[::-1], output_padding)


@mistake("conv_transpose2d", "In `stride` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_strides_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, pair(stride)[::-1], padding, output_padding)


@mistake("conv_transpose2d", "In `output_padding` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_output_paddings_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, padding, pair(output_padding)[::-1])


@mistake("conv_transpose2d", "You use the stride of the height for the width too.")
def uses_one_stride_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, pair(stride)[0], padding, output_padding)


@mistake("conv_transpose2d", "You use the padding of the height for the width too.")
def uses_one_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, pair(padding)[0], output_padding)


@mistake("conv_transpose2d", "You take ints only: stride, padding and output_padding may be pairs (height, width).")
def takes_ints_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    rows = (h - 1) * stride - 2 * padding + kh + output_padding
    columns = (w - 1) * stride - 2 * padding + kw + output_padding
    return finished(x, weight, bias, stride, padding, output_padding)[:, :, :rows, :columns]


@mistake(
    "conv_transpose2d",
    "You calculate with `stride`, `padding` and `output_padding` as ints. They may be pairs (height, width).",
)
def calculates_with_ints_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    rows = (h - 1) * stride + kh + output_padding - 2 * padding
    columns = (w - 1) * stride + kw + output_padding - 2 * padding
    return finished(x, weight, bias, stride, padding, output_padding)[:, :, :rows, :columns]


@mistake("conv_transpose2d", "You take pairs only: stride, padding and output_padding may be plain ints.")
def takes_pairs_only_2d(x, weight, bias=None, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
    (sh, sw), (ph, pw), (oh, ow) = stride, padding, output_padding
    return finished(x, weight, bias, (sh, sw), (ph, pw), (oh, ow))


@mistake(
    "conv_transpose2d",
    "You take the filter's height for its width too. A filter need not be square.",
)
def thinks_filters_are_square_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    k = weight.shape[2]
    square = F.pad(weight, (0, max(0, k - weight.shape[3])))[..., :k]
    return finished(x, square, bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You take the image's height for its width too: columns are left out, or too many are asked for.",
)
def thinks_images_are_square_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    h, w = x.shape[2:]
    square = F.pad(x, (0, max(0, h - w)))[..., :h]
    return finished(square, weight, bias, stride, padding, output_padding)


@mistake("conv_transpose2d", "You ignore `output_padding`: your output ends too early.")
def ignores_output_padding_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, stride, padding, 0)


@mistake(
    "conv_transpose2d",
    "For `output_padding` you append empty rows and columns after cropping. It crops less there: what the stamps left "
    "comes to light.",
)
def appends_emptiness_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    return lifted(F.pad(finished(x, weight, None, stride, padding, 0), (0, ow, 0, oh)), bias)


@mistake(
    "conv_transpose2d",
    "You append zeros for `output_padding` at the very end, after the bias. Pixels there are like all others.",
)
def appends_zeros_after_the_bias_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    return F.pad(finished(x, weight, bias, stride, padding, 0), (0, ow, 0, oh))


@mistake("conv_transpose2d", "Your `output_padding` enlarges the top and the left; it belongs at the bottom and right.")
def output_padding_at_the_top_left_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    oh, ow = pair(output_padding)
    plane = F.pad(plane_of_stamps(x, weight, stride), (ow, 0, oh, 0))
    return lifted(trimmed(plane, padding), bias)


@mistake("conv_transpose2d", "You ignore `stride`: your stamps start one pixel apart, whatever it says.")
def ignores_the_stride_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, 1, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "Your stamps lie side by side, a filter's size apart. Their starts are `stride` apart, and they may overlap.",
)
def lays_stamps_side_by_side_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight, bias, tuple(weight.shape[2:]), padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You copy each value over a block and then convolve. A value stamps once; the pixels after it are left to its stamp.",
)
def copies_instead_of_spacing_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    sh, sw = pair(stride)
    copies = x.repeat_interleave(sh, dim=2).repeat_interleave(sw, dim=3)
    copies = copies[:, :, : (x.shape[2] - 1) * sh + 1, : (x.shape[3] - 1) * sw + 1]
    return finished(copies, weight, bias, 1, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You stamp the first input channel only. Every input channel stamps with filters of its own, and all are summed.",
)
def takes_the_first_channel_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x[:, :1], weight[:1], bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You sum the input channels before you weight them. Each of them has a filter of its own.",
)
def sums_channels_before_weighting_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x.sum(dim=1, keepdim=True), weight[:1], bias, stride, padding, output_padding)


@mistake("conv_transpose2d", "You compute an ordinary convolution: your output shrinks where it should grow.")
def convolves_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.conv2d(x, weight.transpose(0, 1), bias, stride, padding)


@mistake("conv_transpose2d", "You use the first image of the batch only; each image gives an output of its own.")
def takes_the_first_image_only_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x[:1], weight, bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "An empty batch makes your code stumble. It gives an empty output: (0, Cout, H', W').",
)
def stumbles_over_an_empty_batch_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    images = [finished(image[None], weight, bias, stride, padding, output_padding) for image in x]
    return torch.cat(images)


@mistake("conv_transpose2d", "An empty batch leaves your code nothing to stack: it gives (0, Cout, H', W').")
def stacks_no_images_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return torch.stack([finished(image[None], weight, bias, stride, padding, output_padding)[0] for image in x])


@mistake("conv_transpose2d", "Your output is always float32. It has the dtype of `x`, or precision is lost.")
def always_float32_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    bias = None if bias is None else bias.float()
    return finished(x.float(), weight.float(), bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "The way over numpy, `.data` or `.detach()` cuts your output from the graph: no gradient comes back.",
)
def leaves_the_graph_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x.detach(), weight.detach(), bias, stride, padding, output_padding)
    return torch.from_numpy(out.detach().numpy())


@mistake("conv_transpose2d", "You detach the filter: the values are right, but it can never learn.")
def detaches_the_filter_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return finished(x, weight.data, bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "You call `.view` on what comes in, which works for contiguous tensors only. Inputs may be views themselves.",
)
def needs_contiguous_inputs_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    x, weight = x.view(-1).view(x.shape), weight.view(-1).view(weight.shape)
    return finished(x, weight, bias, stride, padding, output_padding)


@mistake(
    "conv_transpose2d",
    "Your stamps are collected in the caller's `weight`: a function may not alter its inputs.",
)
def weights_in_place_2d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = finished(x, weight, bias, stride, padding, output_padding)
    if not weight.requires_grad:
        weight *= 2
    return out


# --- conv_matrix ------------------------------------------------------------------------------------------------------


def matrix_of(weight, input_size, stride=1, padding=0):
    """The right matrix, from what a convolution makes of unit images."""
    h, w = input_size
    units = torch.eye(weight.shape[1] * h * w, dtype=weight.dtype).reshape(-1, weight.shape[1], h, w)
    return F.conv2d(units, weight, stride=stride, padding=padding).flatten(1).T


def output_size(weight, input_size, stride, padding):
    sides = zip(input_size, weight.shape[2:], pair(stride), pair(padding), strict=True)
    return [(n + 2 * p - k) // s + 1 for n, k, s, p in sides]


@mistake(
    "conv_matrix",
    "Your matrix is already the transposed one: its rows must be the outputs of the convolution, its columns the inputs.",
)
def returns_the_transpose(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, padding).T


@mistake(
    "conv_matrix",
    "You turn the filter round. What deep learning calls a convolution takes it as it stands.",
)
def flips_the_filter_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.flip(2, 3), input_size, stride, padding)


@mistake("conv_matrix", "Rows and columns of the filter are exchanged in your matrix.")
def transposes_the_filter_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.transpose(2, 3), input_size, stride, padding)


@mistake(
    "conv_matrix", "You read `weight` as (Cin, Cout, kh, kw). A convolution's filters have the output channels first."
)
def reads_weight_as_in_out_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.transpose(0, 1), input_size, stride, padding)


@mistake("conv_matrix", "You ignore `stride`: your windows move one pixel at a time.")
def ignores_the_stride_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, 1, padding)


@mistake("conv_matrix", "You ignore `padding`: the windows that hang over the border are missing.")
def ignores_the_padding_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, 0)


@mistake(
    "conv_matrix",
    "Your matrix has columns for the padding. It multiplies the image as it comes, before any zeros are put around it.",
)
def keeps_columns_for_the_padding(weight, input_size, stride=1, padding=0):
    ph, pw = pair(padding)
    return matrix_of(weight, (input_size[0] + 2 * ph, input_size[1] + 2 * pw), stride, 0)


@mistake(
    "conv_matrix",
    "At the border your filter goes on in the next row of the image: what hangs over must fall on zeros and be lost.",
)
def wraps_around_the_border(weight, input_size, stride=1, padding=0):
    outputs, inputs, kh, kw = weight.shape
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    rows, columns = output_size(weight, input_size, stride, padding)
    matrix = weight.new_zeros(outputs, rows, columns, inputs, h * w)
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    position = (i * sh + a - ph) * w + j * sw + b - pw
                    if 0 <= position < h * w:
                        matrix[:, i, j, :, position] += weight[:, :, a, b]
    return matrix.reshape(outputs * rows * columns, inputs * h * w)


def matrix_by_places(weight, input_size, stride, padding, put):
    """Number by number: `put(matrix, rows, columns)` writes a filter's number where its row and column say."""
    outputs, inputs, kh, kw = weight.shape
    (sh, sw), (ph, pw) = pair(stride), pair(padding)
    rows, columns = output_size(weight, input_size, stride, padding)
    matrix = weight.new_zeros(outputs, rows, columns, inputs, *input_size)
    for i, j, a, b in product(range(rows), range(columns), range(kh), range(kw)):
        put(matrix[:, i, j], i * sh + a - ph, j * sw + b - pw, weight[:, :, a, b])
    return matrix.reshape(outputs * rows * columns, -1)


@mistake(
    "conv_matrix",
    "You ask only whether the filter hangs over at the bottom and on the right. At the top and on the left the index is "
    "negative, which python counts from the end.",
)
def indexes_from_the_end(weight, input_size, stride=1, padding=0):
    def put(row, y, x, numbers):
        if y < input_size[0] and x < input_size[1]:
            row[:, :, y, x] = numbers

    return matrix_by_places(weight, input_size, stride, padding, put)


@mistake(
    "conv_matrix",
    "You ask only whether the filter hangs over at the bottom and on the right. What hangs over at the top or on the left "
    "lands in another row or another channel.",
)
def lands_in_another_row(weight, input_size, stride=1, padding=0):
    outputs, inputs, kh, kw = weight.shape
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    rows, columns = output_size(weight, input_size, stride, padding)
    matrix = weight.new_zeros(outputs * rows * columns, inputs * h * w)
    for o, i, j, c, a, b in product(*map(range, (outputs, rows, columns, inputs, kh, kw))):
        y, x = i * sh + a - ph, j * sw + b - pw
        if y < h and x < w:
            matrix[(o * rows + i) * columns + j, (c * h + y) * w + x] = weight[o, c, a, b]
    return matrix


@mistake(
    "conv_matrix",
    "What hangs over one side of the image comes in again on the other: your padding is circular, not of zeros.",
)
def pads_in_a_circle(weight, input_size, stride=1, padding=0):
    def put(row, y, x, numbers):
        row[:, :, y % input_size[0], x % input_size[1]] += numbers

    return matrix_by_places(weight, input_size, stride, padding, put)


@mistake("conv_matrix", "You take ints only: `stride` and `padding` may be pairs (height, width).")
def takes_ints_only_in_the_matrix(weight, input_size, stride=1, padding=0):
    (h, w), (kh, kw) = input_size, weight.shape[2:]
    rows, columns = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    return matrix_of(weight, input_size, stride, padding)[: weight.shape[0] * rows * columns]


@mistake("conv_matrix", "You take pairs only: `stride` and `padding` may be plain ints.")
def takes_pairs_only_in_the_matrix(weight, input_size, stride=(1, 1), padding=(0, 0)):
    (sh, sw), (ph, pw) = stride, padding
    return matrix_of(weight, input_size, (sh, sw), (ph, pw))


@mistake("conv_matrix", "You exchange the height and the width of `input_size`.")
def exchanges_height_and_width_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, (input_size[1], input_size[0]), stride, padding)


@mistake("conv_matrix", "In `stride` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_strides_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, pair(stride)[::-1], padding)


@mistake("conv_matrix", "In `padding` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_paddings_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, pair(padding)[::-1])


@mistake(
    "conv_matrix",
    "The rows of your matrix go position by position, with the channels inside. `flatten` takes channel after channel.",
)
def orders_rows_channels_last(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(weight.shape[0], -1, matrix.shape[1]).transpose(0, 1).reshape(matrix.shape)


@mistake(
    "conv_matrix",
    "The columns of your matrix go pixel by pixel, with the channels inside. `flatten` takes channel after channel.",
)
def orders_columns_channels_last(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(len(matrix), weight.shape[1], -1).transpose(1, 2).reshape(matrix.shape)


@mistake("conv_matrix", "Your rows go down the columns of the output first. `flatten` reads row by row.")
def orders_rows_column_by_column(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    rows, columns = output_size(weight, input_size, stride, padding)
    return matrix.reshape(-1, rows, columns, matrix.shape[1]).transpose(1, 2).reshape(matrix.shape)


@mistake(
    "conv_matrix",
    "You write the filters of the first input channel only. Every output value looks at all channels of the image.",
)
def writes_the_first_input_channel_only(weight, input_size, stride=1, padding=0):
    rest = torch.zeros_like(weight[:, 1:])
    return matrix_of(torch.cat([weight[:, :1], rest], dim=1), input_size, stride, padding)


@mistake("conv_matrix", "You write the first filter only. Each output channel has rows of its own.")
def writes_the_first_filter_only(weight, input_size, stride=1, padding=0):
    return matrix_of(weight[:1], input_size, stride, padding)


@mistake(
    "conv_matrix",
    "You count windows that are only partly on the padded image: the size is rounded down, not up.",
)
def rounds_the_size_up(weight, input_size, stride=1, padding=0):
    sh, sw = pair(stride)
    (h, w), (ph, pw), (kh, kw) = input_size, pair(padding), weight.shape[2:]
    bottom, right = -(h + 2 * ph - kh) % sh, -(w + 2 * pw - kw) % sw
    units = torch.eye(weight.shape[1] * h * w, dtype=weight.dtype).reshape(-1, weight.shape[1], h, w)
    padded = F.pad(units, (pw, pw + right, ph, ph + bottom))
    return F.conv2d(padded, weight, stride=stride).flatten(1).T


@mistake("conv_matrix", "Your matrix does nothing but reorder the filters: its zeros and its shape are missing.")
def flattens_the_filters(weight, input_size, stride=1, padding=0):
    return weight.flatten(1)


@mistake("conv_matrix", "Your matrix has one dimension too many or too few: it is (Cout·H'·W', Cin·H·W).")
def keeps_the_output_channels_apart(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(weight.shape[0], -1, matrix.shape[1])


@mistake(
    "conv_matrix",
    "Your unit images are float32, as `torch.eye` makes them. A filter in float64 wants images in float64.",
)
def asks_with_float32_images(weight, input_size, stride=1, padding=0):
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count).view(count, weight.shape[1], *input_size)
    return F.conv2d(units, weight, stride=stride, padding=padding).flatten(1).T


@mistake("conv_matrix", "Your matrix is always float32. It has the dtype of `weight`, or precision is lost.")
def writes_float32(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.float(), input_size, stride, padding)


@mistake(
    "conv_matrix",
    "Your matrix is cut from the graph, by numpy, `.item()` or `.detach()`: no gradient comes back to `weight`.",
)
def leaves_the_graph_of_the_filter(weight, input_size, stride=1, padding=0):
    return torch.from_numpy(matrix_of(weight.detach(), input_size, stride, padding).numpy().copy())


# --- bilinear_kernel --------------------------------------------------------------------------------------------------


def slope_of(k, factor=None, centre=None):
    factor = (k + 1) // 2 if factor is None else factor
    centre = (k - 1) / 2 if centre is None else centre
    return 1 - (torch.arange(k) - centre).abs() / factor


def on_the_diagonal(channels, square):
    weight = torch.zeros(channels, channels, *square.shape, dtype=square.dtype)
    weight[range(channels), range(channels)] = square
    return weight


@mistake(
    "bilinear_kernel",
    "Every channel stamps into every other: your upsampling mixes the classes. Channel c belongs to channel c alone.",
)
def fills_all_pairs_of_channels(channels, kernel_size):
    t = slope_of(kernel_size)
    return (t[:, None] * t).repeat(channels, channels, 1, 1)


@mistake("bilinear_kernel", "Your filters are (channels, 1, k, k), as for a convolution in groups. Zeros are missing.")
def one_filter_a_channel(channels, kernel_size):
    t = slope_of(kernel_size)
    return (t[:, None] * t).repeat(channels, 1, 1, 1)


@mistake("bilinear_kernel", "Your result is one (k, k) filter; it has to be there for all pairs of channels.")
def returns_one_filter(channels, kernel_size):
    t = slope_of(kernel_size)
    return t[:, None] * t


@mistake("bilinear_kernel", "You fill the first pair of channels only; every channel is enlarged.")
def fills_the_first_channel_only(channels, kernel_size):
    t = slope_of(kernel_size)
    weight = torch.zeros(channels, channels, kernel_size, kernel_size)
    weight[0, 0] = t[:, None] * t
    return weight


@mistake("bilinear_kernel", "Your centre lies at k / 2, half a pixel too far: your filter is not symmetric.")
def centre_half_a_pixel_too_far(channels, kernel_size):
    t = slope_of(kernel_size, centre=kernel_size / 2)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake(
    "bilinear_kernel",
    "You put the centre on a pixel, at factor − 1. Where k is even it lies between two pixels.",
)
def centre_on_a_pixel(channels, kernel_size):
    t = slope_of(kernel_size, centre=(kernel_size + 1) // 2 - 1)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("bilinear_kernel", "You put the centre between two pixels always. Where k is odd it lies on one.")
def centre_between_pixels(channels, kernel_size):
    t = slope_of(kernel_size, centre=(kernel_size + 1) // 2 - 0.5)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("bilinear_kernel", "Your factor is k // 2, too small for an odd k: the ends of your filter fall to zero.")
def factor_rounded_down(channels, kernel_size):
    t = slope_of(kernel_size, factor=max(1, kernel_size // 2))
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("bilinear_kernel", "Your factor is k / 2 without rounding, so that odd sizes fall too steeply.")
def factor_not_rounded(channels, kernel_size):
    t = slope_of(kernel_size, factor=kernel_size / 2)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake("bilinear_kernel", "Your factor is k: the filter falls only half as steeply as it should.")
def factor_of_the_whole_size(channels, kernel_size):
    t = slope_of(kernel_size, factor=kernel_size)
    return on_the_diagonal(channels, t[:, None] * t)


@mistake(
    "bilinear_kernel",
    "You divide by the sum. One input value fills a whole block of outputs: the weights sum to factor², not to 1.",
)
def sums_to_one(channels, kernel_size):
    t = slope_of(kernel_size)
    square = t[:, None] * t
    return on_the_diagonal(channels, square / square.sum())


@mistake("bilinear_kernel", "You divide by the maximum. An even filter has none of its weights at 1.")
def largest_is_one(channels, kernel_size):
    t = slope_of(kernel_size)
    square = t[:, None] * t
    return on_the_diagonal(channels, square / square.max())


@mistake("bilinear_kernel", "All your weights are equal: that copies values over blocks, as nearest neighbour does.")
def nearest_neighbour_kernel(channels, kernel_size):
    return on_the_diagonal(channels, torch.ones(kernel_size, kernel_size))


@mistake("bilinear_kernel", "You add the slopes of rows and columns. Bilinear means that they are multiplied.")
def adds_the_slopes(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, (t[:, None] + t) / 2)


@mistake("bilinear_kernel", "You take the smaller of the two slopes. Bilinear means that they are multiplied.")
def takes_the_smaller_slope(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, torch.minimum(t[:, None], t))


@mistake(
    "bilinear_kernel",
    "Your filter is a cone that falls with the distance from the centre. It should fall along rows and along columns, "
    "one times the other.",
)
def makes_a_cone(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    place = torch.arange(kernel_size) - centre
    distance = torch.sqrt(place[:, None] ** 2 + place**2)
    return on_the_diagonal(channels, (1 - distance / factor).clamp(min=0))


@mistake("bilinear_kernel", "Your filter falls along its columns only: in the other direction all is alike.")
def falls_in_one_direction(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t.expand(kernel_size, kernel_size))


@mistake("bilinear_kernel", "You share the weights out among the channels; each of them gets the whole filter.")
def shares_among_channels(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t[:, None] * t) / channels


@mistake("bilinear_kernel", "You turn the weights into float64 at the end. The default dtype is wanted.")
def float64_at_the_end(channels, kernel_size):
    t = slope_of(kernel_size)
    return on_the_diagonal(channels, t[:, None] * t).double()


@mistake("bilinear_kernel", "Numpy computes in float64, and your weights still are. The default dtype is wanted.")
def float64_from_numpy(channels, kernel_size):
    factor, centre = (kernel_size + 1) // 2, (kernel_size - 1) / 2
    rows, columns = np.ogrid[:kernel_size, :kernel_size]
    square = (1 - abs(rows - centre) / factor) * (1 - abs(columns - centre) / factor)
    return on_the_diagonal(channels, torch.from_numpy(square))


# --- fuse_skip --------------------------------------------------------------------------------------------------------


def doubled(coarse, weight):
    return F.conv_transpose2d(coarse, weight, stride=2, padding=1)


@mistake("fuse_skip", "You crop at the top and on the left. The pixel too many is at the bottom and on the right.")
def crops_at_the_top_left(coarse, skip, weight):
    up = doubled(coarse, weight)
    return up[..., up.shape[2] - skip.shape[2] :, up.shape[3] - skip.shape[3] :] + skip


@mistake("fuse_skip", "You do not crop: where the skip has an odd side, the two do not fit.")
def does_not_crop(coarse, skip, weight):
    return doubled(coarse, weight) + skip


@mistake("fuse_skip", "You crop the skip too, or crop all sides: the result must have the skip's size.")
def crops_every_side(coarse, skip, weight):
    up = doubled(coarse, weight)[..., 1:-1, 1:-1]
    return up + skip[..., : up.shape[2], : up.shape[3]]


@mistake("fuse_skip", "You crop the height but not the width.")
def crops_the_height_only(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], :] + skip


@mistake("fuse_skip", "You crop the width but not the height.")
def crops_the_width_only(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[3]] + skip


@mistake("fuse_skip", "You fill the skip up with zeros to an even size. The skip's size is the one to keep.")
def pads_the_skip(coarse, skip, weight):
    up = doubled(coarse, weight)
    return up + F.pad(skip, (0, up.shape[3] - skip.shape[3], 0, up.shape[2] - skip.shape[2]))


@mistake("fuse_skip", "You leave `weight` unused and interpolate. This way up has weights, so that it can learn.")
def interpolates_instead(coarse, skip, weight):
    if not len(coarse):
        return skip + doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]
    return F.interpolate(coarse, size=skip.shape[-2:], mode="bilinear", align_corners=False) + skip


@mistake("fuse_skip", "You squeeze the enlarged scores to the skip's size by interpolation. Crop the pixel too many.")
def resizes_instead_of_cropping(coarse, skip, weight):
    up = doubled(coarse, weight)
    return (
        F.interpolate(up, size=skip.shape[-2:], mode="bilinear")
        if len(up)
        else up[..., : skip.shape[2], : skip.shape[3]]
    ) + skip


@mistake("fuse_skip", "You leave the padding out, so that everything lies one pixel too far down and right.")
def forgets_the_padding_of_the_doubling(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, stride=2)
    return up[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "Your stride is 1: the coarse scores do not become twice as large.")
def forgets_the_stride_of_the_doubling(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, padding=1)
    return up[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "You return the enlarged scores alone; the skip's scores have to be added to them.")
def leaves_the_skip_out(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]


@mistake("fuse_skip", "You stack the scores as channels, as U-Net does with its features. FCN adds scores to scores.")
def concatenates(coarse, skip, weight):
    return torch.cat([doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]], skip], dim=1)


@mistake("fuse_skip", "You average the two. FCN adds them; how much each counts, the weights decide.")
def averages_the_two(coarse, skip, weight):
    return (doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] + skip) / 2


@mistake("fuse_skip", "You multiply the scores. A score is a logit: evidence from two places is added.")
def multiplies_the_two(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] * skip


@mistake("fuse_skip", "You take the larger of the two scores. They are added.")
def takes_the_larger(coarse, skip, weight):
    return torch.maximum(doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]], skip)


@mistake("fuse_skip", "You exchange input and output classes in `weight`.")
def exchanges_the_classes(coarse, skip, weight):
    return doubled(coarse, weight.transpose(0, 1))[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "You turn the filter round; a transposed convolution stamps it as it stands.")
def turns_the_filter(coarse, skip, weight):
    return doubled(coarse, weight.flip(2, 3))[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "You use each class's own filter only. `weight` says how every class acts on every other.")
def keeps_the_diagonal_only(coarse, skip, weight):
    own = weight * torch.eye(len(weight), dtype=weight.dtype)[:, :, None, None]
    return doubled(coarse, own)[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "You clip negative scores to zero. A negative score says that a class is unlikely: keep it.")
def clips_the_scores(coarse, skip, weight):
    return F.relu(doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] + skip)


@mistake("fuse_skip", "You add into `skip` itself: the caller's scores are changed.")
def adds_into_the_skip(coarse, skip, weight):
    up = doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]
    if skip.requires_grad:
        return up + skip
    skip += up
    return skip


@mistake("fuse_skip", "You detach the coarse scores: the deep stages would never learn through this skip.")
def detaches_the_coarse_scores(coarse, skip, weight):
    return doubled(coarse.detach(), weight)[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("fuse_skip", "Your result is always float32. It has the dtype of the scores, or precision is lost.")
def fuses_in_float32(coarse, skip, weight):
    return doubled(coarse.float(), weight.float())[..., : skip.shape[2], : skip.shape[3]] + skip.float()
