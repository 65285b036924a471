"""Wrong and right answers to `conv_transpose1d`."""

from itertools import product

import torch
import torch.nn.functional as F

from autograde.building.bank import form, mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import shifted

# --- mistakes ---------------------------------------------------------------------------------------------------------


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


@mistake(
    "The filter stands in your output the wrong way round. A stamp takes it as it is; on the way over an ordinary "
    "convolution, which reads it in the other direction, it has to be turned.",
)
def flips_the_filter_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.flip(2), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake("Where stamps overlap, your later stamp replaces the earlier one. Both count.")
def overwrites_overlaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    line = x.new_zeros(n, weight.shape[1], (length - 1) * stride + weight.shape[2] + output_padding)
    for i in range(length):
        stamp = torch.einsum("ni,ioa->noa", x[:, :, i], weight)
        line[:, :, i * stride : i * stride + weight.shape[2]] = stamp
    return shifted(cropped(line, padding, padding), bias)


@mistake("You divide by the number of stamps that overlap. The contributions are summed, not averaged.")
def averages_overlaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    ones = torch.ones_like(weight[:1, :1])
    counts = line_of_stamps(torch.ones_like(x[:, :1]), ones, stride, output_padding)
    return shifted(cropped(line / counts.clamp(min=1), padding, padding), bias)


@mistake(
    "You read `weight` as (Cout, Cin, k), the order of an ordinary convolution. Here the input channels come first.",
)
def reads_weight_as_out_in_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.transpose(0, 1), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@form(reads_weight_as_out_in_1d)
def multiplies_by_weight_as_out_in_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    (n, _, length), (outputs, _, k) = x.shape, weight.shape
    line = x.new_zeros(n, outputs, (length - 1) * stride + k + output_padding)
    for a in range(k):
        line[:, :, a : a + (length - 1) * stride + 1 : stride] += (x.mT @ weight[:, :, a].T).mT
    return shifted(cropped(line, padding, padding), bias)


@mistake("You add the bias always. Where there is none, `bias` is None, and nothing is to be added.")
def indexes_a_missing_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding) + bias[:, None]


@mistake("Your bias runs along the positions of the output. It is one number for each channel.")
def adds_the_bias_along_the_positions_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    out = cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding)
    return out if bias is None else out + bias


@mistake("Your bias is missing: each output channel gets its own number added, everywhere.")
def forgets_the_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return cropped(line_of_stamps(x, weight, stride, output_padding), padding, padding)


@mistake(
    "You add the bias with every stamp, so that it counts twice where two overlap and not at all in gaps.",
)
def adds_the_bias_with_every_stamp_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    if bias is not None:
        counts = line_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, output_padding)
        line = line + counts * bias[:, None]
    return cropped(line, padding, padding)


@mistake(
    "Positions that no stamp reaches stay zero in your output. The bias belongs there too.",
)
def leaves_the_bias_out_of_gaps_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    if bias is not None:
        counts = line_of_stamps(torch.ones_like(x[:, :1]), torch.ones_like(weight[:1, :1]), stride, output_padding)
        line = line + (counts > 0) * bias[:, None]
    return cropped(line, padding, padding)


@mistake("You ignore `padding`: nothing is cropped, and your output is too long.")
def ignores_the_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(x, weight, stride, output_padding), bias)


@mistake(
    "You put `padding` zeros around the output. In a transposed convolution padding takes positions away.",
)
def pads_the_output_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    return shifted(F.pad(line, (padding, padding)), bias)


@mistake(
    "You put `padding` zeros around the finished output, bias and all. Here padding takes positions away.",
)
def pads_the_finished_output_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.pad(shifted(line_of_stamps(x, weight, stride, output_padding), bias), (padding, padding))


@mistake(
    "You put `padding` zeros around the input, as an ordinary convolution does. Here padding crops the output.",
)
def pads_the_input_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(F.pad(x, (padding, padding)), weight, stride, output_padding), bias)


@mistake("You crop `padding` positions at the left end only; the right end loses as many.")
def crops_the_left_end_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), padding, 0), bias)


@mistake("You crop `padding` positions at the right end only; the left end loses as many.")
def crops_the_right_end_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 0, padding), bias)


@mistake(
    "Your output has the right length but starts too late: you crop everything at the left end. Padding crops half of it "
    "on the right.",
)
def crops_the_left_end_twice_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 2 * padding, 0), bias)


@mistake("Without padding your output is empty: the slice `padding:-padding` is `0:0` then.")
def crops_everything_without_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(line_of_stamps(x, weight, stride, output_padding)[:, :, padding:-padding], bias)


@mistake(
    "Your output has the right length but starts too early: you crop everything at the right end. Padding crops half of "
    "it on the left.",
)
def crops_the_right_end_twice_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride, output_padding), 0, 2 * padding), bias)


@mistake("You ignore `output_padding`: your output ends too early.")
def ignores_output_padding_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return shifted(cropped(line_of_stamps(x, weight, stride), padding, padding), bias)


@mistake(
    "For `output_padding` you append empty positions after cropping. It crops less at the right end: what the stamps "
    "left there comes to light.",
)
def appends_emptiness_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = cropped(line_of_stamps(x, weight, stride), padding, padding)
    return shifted(F.pad(line, (0, output_padding)), bias)


@mistake(
    "You append zeros for `output_padding` at the very end, after the bias. Positions there are like all others.",
)
def appends_zeros_after_the_bias_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = cropped(line_of_stamps(x, weight, stride), padding, padding)
    return F.pad(shifted(line, bias), (0, output_padding))


@mistake("Your `output_padding` enlarges the left end; it belongs to the right one.")
def output_padding_on_the_left_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = F.pad(line_of_stamps(x, weight, stride), (output_padding, 0))
    return shifted(cropped(line, padding, padding), bias)


@mistake("Your `output_padding` enlarges both ends; it belongs to the right one alone.")
def output_padding_on_both_ends_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = F.pad(line_of_stamps(x, weight, stride), (output_padding, output_padding))
    return shifted(cropped(line, padding, padding), bias)


@mistake("You ignore `stride`: your stamps start one position apart, whatever it says.")
def ignores_the_stride_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "Your stamps start one position too far apart: `stride` is the distance of their starts, not the number of positions "
    "between two values.",
)
def leaves_one_zero_too_many_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride + 1 if stride > 1 else 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "You leave zeros after the last value too. Between two values there are stride − 1, after the last there are none."
)
def leaves_zeros_after_the_last_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, c, length = x.shape
    spaced = x.new_zeros(n, c, length * stride)
    spaced[:, :, ::stride] = x
    line = line_of_stamps(spaced, weight, 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "You copy each value `stride` times and then convolve. A value stamps once; the positions after it are left to its "
    "stamp.",
)
def copies_instead_of_spacing_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    copies = x.repeat_interleave(stride, dim=2)[:, :, : (x.shape[2] - 1) * stride + 1]
    line = line_of_stamps(copies, weight, 1, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "You stamp the first input channel only. Every input channel stamps with filters of its own, and all are summed.",
)
def takes_the_first_channel_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x[:, :1], weight[:1], stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "You sum the input channels before you weight them. Each of them has a filter of its own.",
)
def sums_channels_before_weighting_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.sum(dim=1, keepdim=True), weight[:1], stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "You average over the input channels. Their stamps are summed, however many there are.",
)
def averages_channels_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding) / x.shape[1]
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "Your output is L·stride long. The last stamp reaches as far as the filter is long, whatever that is.",
)
def keeps_length_times_stride_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride)
    size = x.shape[2] * stride + output_padding
    return shifted(F.pad(line, (0, max(0, size - line.shape[2])))[:, :, :size], bias)


@mistake("You compute an ordinary convolution: your output shrinks where it should grow.")
def convolves_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    return F.conv1d(x, weight.transpose(0, 1), bias, stride, padding)


@mistake("You use the first signal of the batch only; each signal gives an output of its own.")
def takes_the_first_signal_only_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x[:1], weight, stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "An empty batch leaves your code nothing to stack. It gives an empty output: (0, Cout, M).",
)
def stacks_no_signals_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    lines = [line_of_stamps(signal[None], weight, stride, output_padding)[0] for signal in x]
    return shifted(cropped(torch.stack(lines), padding, padding), bias)


@mistake("Your output is always float32. It has the dtype of `x`, or precision is lost.")
def always_float32_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.float(), weight.float(), stride, output_padding)
    return shifted(cropped(line, padding, padding), None if bias is None else bias.float())


@mistake(NO_GRADIENT)
def leaves_the_graph_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x.detach(), weight.detach(), stride, output_padding)
    return shifted(cropped(line, padding, padding), None if bias is None else bias.detach())


@mistake("You detach the filter: the values are right, but it can never learn.")
def detaches_the_filter_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight.detach(), stride, output_padding)
    return shifted(cropped(line, padding, padding), bias)


@mistake(
    "A method with an underscore at its end changes the caller's tensor: your function may not alter its inputs.",
)
def unsqueezes_in_place_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    line = line_of_stamps(x, weight, stride, output_padding)
    out = shifted(cropped(line, padding, padding), bias)
    if not x.requires_grad:
        x.unsqueeze_(2)
    return out


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def stamps_by_a_loop_over_values(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    for i in range(length):
        line[:, :, i * stride : i * stride + k] += torch.einsum("nc,cok->nok", x[:, :, i], weight)
    return shifted(line[:, :, padding : line.shape[2] - padding], bias)


@variant
def gathers_for_each_output(signal, filters, offset=None, step=1, crop=0, extra=0):
    """Ask each output position which values reach it."""
    length, k = signal.shape[2], filters.shape[2]
    columns = []
    for place in range((length - 1) * step - 2 * crop + k + extra):
        total = signal.new_zeros(signal.shape[0], filters.shape[1])
        for i in range(length):
            a = place + crop - i * step
            if 0 <= a < k:
                total = total + signal[:, :, i] @ filters[:, :, a]
        columns.append(total)
    return shifted(torch.stack(columns, dim=2), offset)


@variant
def convolves_a_bed_of_nails_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, c, length = x.shape
    nails = x.new_zeros(n, c, (length - 1) * stride + 1)
    nails[:, :, ::stride] = x
    around = weight.shape[2] - 1 - padding
    nails = F.pad(nails, (around, around + output_padding))
    return F.conv1d(nails, weight.flip(2).transpose(0, 1), bias)


@variant
def nails_by_kron_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    nails = torch.kron(x, torch.eye(stride, dtype=x.dtype)[0])  # each value and the zeros after it
    k = weight.shape[2]
    full = torch.conv1d(F.pad(nails, (k - 1, k + stride)), weight.flip(2).transpose(0, 1), bias)
    return full[:, :, padding : padding + size]


@variant
def spreads_by_kron_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """One number of the filter after the other, on nails as far apart as the stride."""
    k, length = weight.shape[2], x.shape[2]
    size = (length - 1) * stride + k + output_padding
    nails = torch.kron(x, torch.eye(stride, dtype=x.dtype)[:1])[:, :, : (length - 1) * stride + 1]
    total = 0
    for a in range(k):
        part = torch.einsum("nil,io->nol", nails, weight[:, :, a])
        total = total + F.pad(part, (a, size - a - part.shape[2]))
    return shifted(total[:, :, padding : size - padding], bias)


@variant
def folds_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs, length = x.shape
    _, outputs, k = weight.shape
    size = (length - 1) * stride - 2 * padding + k + output_padding
    columns = weight.reshape(inputs, outputs * k).T @ x  # (N, Cout·k, L)
    if not n:
        return x.new_zeros(0, outputs, size) + 0 * weight.sum()
    out = F.fold(columns, (1, size), (1, k), padding=(0, padding), stride=(1, stride))
    return shifted(out[:, :, 0], bias)


@variant
def multiplies_by_a_matrix_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    length, k = x.shape[2], weight.shape[2]
    size = (length - 1) * stride - 2 * padding + k + output_padding
    # spread[l, a, m] = 1 where number a of the stamp of value l falls on output m
    m = torch.arange(size) + padding
    start = torch.arange(length) * stride
    spread = (start[:, None, None] + torch.arange(k)[:, None] == m).to(x.dtype)
    return shifted(torch.einsum("nil,ioa,lam->nom", x, weight, spread), bias)


@variant
def adds_by_index_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    size = (length - 1) * stride + k + output_padding
    stamps = torch.einsum("nil,ioa->nola", x, weight).reshape(n, outputs, length * k)
    places = (torch.arange(length)[:, None] * stride + torch.arange(k)).flatten()
    line = x.new_zeros(n, outputs, size).index_add(2, places, stamps)
    return shifted(line.narrow(2, padding, size - 2 * padding), bias)


@variant
def scatters_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, _, length = x.shape
    _, outputs, k = weight.shape
    stamps = torch.einsum("nil,ioa->nola", x, weight).flatten(2)
    places = (torch.arange(length)[:, None] * stride + torch.arange(k)).flatten().expand_as(stamps)
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    line = line.scatter_add(2, places, stamps)
    return shifted(line[:, :, padding:][:, :, : line.shape[2] - 2 * padding], bias)


@variant
def pads_each_stamp_and_sums_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    _, inputs, length = x.shape
    k = weight.shape[2]
    size = (length - 1) * stride + k + output_padding
    lines = []
    for i, c in product(range(length), range(inputs)):
        stamp = x[:, c, i, None, None] * weight[c]
        lines.append(F.pad(stamp, (i * stride, size - i * stride - k)))
    total = torch.stack(lines).sum(dim=0)
    return shifted(total[:, :, padding : size - padding], bias)


@variant
def differentiates_a_convolution_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    """The transposed convolution is what the gradient of a convolution does."""
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    with torch.enable_grad():
        start = torch.zeros(x.shape[0], weight.shape[1], size, dtype=x.dtype, requires_grad=True)
        forward = F.conv1d(start, weight, stride=stride, padding=padding)
        (out,) = torch.autograd.grad(forward, start, x, create_graph=True)
    return shifted(out, bias)


@variant
def pulls_back_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    size = (x.shape[2] - 1) * stride - 2 * padding + weight.shape[2] + output_padding
    start = torch.zeros(x.shape[0], weight.shape[1], size, dtype=x.dtype)
    _, pull = torch.func.vjp(lambda z: F.conv1d(z, weight, stride=stride, padding=padding), start)
    return shifted(pull(x)[0], bias)


@variant
def loops_over_everything_1d(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    n, inputs, length = x.shape
    _, outputs, k = weight.shape
    line = torch.zeros(n, outputs, (length - 1) * stride + k + output_padding, dtype=x.dtype)
    for image, c, o, i, a in product(range(n), range(inputs), range(outputs), range(length), range(k)):
        line[image, o, i * stride + a] += x[image, c, i] * weight[c, o, a]
    out = line[:, :, padding : line.shape[2] - padding]
    if bias is not None:
        out = out + bias.view(1, -1, 1)
    return out


@variant
def takes_one_or_a_tuple_of_one(x, weight, bias=None, stride=1, padding=0, output_padding=0):
    s, p, extra = (v if isinstance(v, int) else v[0] for v in (stride, padding, output_padding))
    stamps = (x[:, :, None, :, None] * weight[None, :, :, None, :]).sum(dim=1)  # (N, Cout, L, k)
    k, length = weight.shape[-1], x.shape[-1]
    line = x.new_zeros(*stamps.shape[:2], (length - 1) * s + k + extra)
    for a in range(k):
        line[..., a : a + s * (length - 1) + 1 : s] += stamps[..., a]
    return shifted(line[..., p : line.shape[-1] - p], bias)
