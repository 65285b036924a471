"""Wrong and right answers to `conv_matrix`."""

from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import pair

# --- mistakes ---------------------------------------------------------------------------------------------------------


def matrix_of(weight, input_size, stride=1, padding=0):
    """The right matrix, from what a convolution makes of unit images."""
    h, w = input_size
    units = torch.eye(weight.shape[1] * h * w, dtype=weight.dtype).reshape(-1, weight.shape[1], h, w)
    return F.conv2d(units, weight, stride=stride, padding=padding).flatten(1).T


def output_size(weight, input_size, stride, padding):
    sides = zip(input_size, weight.shape[2:], pair(stride), pair(padding), strict=True)
    return [(n + 2 * p - k) // s + 1 for n, k, s, p in sides]


@mistake(
    "Your matrix is already the transposed one: its rows must be the outputs of the convolution, its columns the inputs.",
)
def returns_the_transpose(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, padding).T


@mistake(
    "You turn the filter round. What deep learning calls a convolution takes it as it stands.",
)
def flips_the_filter_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.flip(2, 3), input_size, stride, padding)


@mistake("Rows and columns of the filter are exchanged in your matrix.")
def transposes_the_filter_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.transpose(2, 3), input_size, stride, padding)


@mistake("You read `weight` as (Cin, Cout, kh, kw). A convolution's filters have the output channels first.")
def reads_weight_as_in_out_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.transpose(0, 1), input_size, stride, padding)


@mistake("You ignore `stride`: your windows move one pixel at a time.")
def ignores_the_stride_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, 1, padding)


@mistake("You ignore `padding`: the windows that hang over the border are missing.")
def ignores_the_padding_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, 0)


@mistake(
    "Your matrix has columns for the padding. It multiplies the image as it comes, before any zeros are put around it.",
)
def keeps_columns_for_the_padding(weight, input_size, stride=1, padding=0):
    ph, pw = pair(padding)
    return matrix_of(weight, (input_size[0] + 2 * ph, input_size[1] + 2 * pw), stride, 0)


@mistake(
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


@mistake(
    "You never ask whether a place lies on the image. Before its first row an index counts from the end, and after the last there is none."
)
def never_asks_for_the_border(weight, input_size, stride=1, padding=0):
    (height, width), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    outputs, inputs, kh, kw = weight.shape
    rows, columns = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    matrix = weight.new_zeros(outputs, rows, columns, inputs, height, width)
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    matrix[:, i, j, :, i * sh + a - ph, j * sw + b - pw] = weight[:, :, a, b]
    return matrix.flatten(3).flatten(0, 2)


@mistake("You step by one pixel from window to window, though there are only as many rows as with the stride.")
def strides_in_the_size_only(weight, input_size, stride=1, padding=0):
    (sh, sw), (ph, pw), (kh, kw) = pair(stride), pair(padding), weight.shape[2:]
    rows, columns = (input_size[0] + 2 * ph - kh) // sh + 1, (input_size[1] + 2 * pw - kw) // sw + 1
    places = (input_size[0] + 2 * ph - kh + 1, input_size[1] + 2 * pw - kw + 1)
    dense = matrix_of(weight, input_size, 1, padding).view(len(weight), *places, -1)
    return dense[:, :rows, :columns].flatten(0, 2)


@mistake("In `stride` and in `padding` you exchange height and width: the first number belongs to the rows.")
def exchanges_both_pairs_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, pair(stride)[::-1], pair(padding)[::-1])


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
    "You ask only whether the filter hangs over at the bottom and on the right. At the top and on the left the index is "
    "negative, which python counts from the end.",
)
def indexes_from_the_end(weight, input_size, stride=1, padding=0):
    def put(row, y, x, numbers):
        if y < input_size[0] and x < input_size[1]:
            row[:, :, y, x] = numbers

    return matrix_by_places(weight, input_size, stride, padding, put)


@mistake(
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
    "What hangs over one side of the image comes in again on the other: your padding is circular, not of zeros.",
)
def pads_in_a_circle(weight, input_size, stride=1, padding=0):
    def put(row, y, x, numbers):
        row[:, :, y % input_size[0], x % input_size[1]] += numbers

    return matrix_by_places(weight, input_size, stride, padding, put)


@mistake("You take ints only: `stride` and `padding` may be pairs (height, width).")
def takes_ints_only_in_the_matrix(weight, input_size, stride=1, padding=0):
    (h, w), (kh, kw) = input_size, weight.shape[2:]
    rows, columns = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    return matrix_of(weight, input_size, stride, padding)[: weight.shape[0] * rows * columns]


@mistake("You take pairs only: `stride` and `padding` may be plain ints.")
def takes_pairs_only_in_the_matrix(weight, input_size, stride=(1, 1), padding=(0, 0)):
    (sh, sw), (ph, pw) = stride, padding
    return matrix_of(weight, input_size, (sh, sw), (ph, pw))


@mistake("You exchange the height and the width of `input_size`.")
def exchanges_height_and_width_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, (input_size[1], input_size[0]), stride, padding)


@mistake("In `stride` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_strides_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, pair(stride)[::-1], padding)


@mistake("In `padding` you exchange height and width: the first number belongs to the rows.")
def exchanges_the_paddings_in_the_matrix(weight, input_size, stride=1, padding=0):
    return matrix_of(weight, input_size, stride, pair(padding)[::-1])


@mistake(
    "The rows of your matrix go position by position, with the channels inside. `flatten` takes channel after channel.",
)
def orders_rows_channels_last(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(weight.shape[0], -1, matrix.shape[1]).transpose(0, 1).reshape(matrix.shape)


@mistake(
    "The columns of your matrix go pixel by pixel, with the channels inside. `flatten` takes channel after channel.",
)
def orders_columns_channels_last(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(len(matrix), weight.shape[1], -1).transpose(1, 2).reshape(matrix.shape)


@mistake("Your rows go down the columns of the output first. `flatten` reads row by row.")
def orders_rows_column_by_column(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    rows, columns = output_size(weight, input_size, stride, padding)
    return matrix.reshape(-1, rows, columns, matrix.shape[1]).transpose(1, 2).reshape(matrix.shape)


@mistake(
    "You write the filters of the first input channel only. Every output value looks at all channels of the image.",
)
def writes_the_first_input_channel_only(weight, input_size, stride=1, padding=0):
    rest = torch.zeros_like(weight[:, 1:])
    return matrix_of(torch.cat([weight[:, :1], rest], dim=1), input_size, stride, padding)


@mistake("You write the first filter only. Each output channel has rows of its own.")
def writes_the_first_filter_only(weight, input_size, stride=1, padding=0):
    return matrix_of(weight[:1], input_size, stride, padding)


@mistake(
    "You count windows that are only partly on the padded image: the size is rounded down, not up.",
)
def rounds_the_size_up(weight, input_size, stride=1, padding=0):
    sh, sw = pair(stride)
    (h, w), (ph, pw), (kh, kw) = input_size, pair(padding), weight.shape[2:]
    bottom, right = -(h + 2 * ph - kh) % sh, -(w + 2 * pw - kw) % sw
    units = torch.eye(weight.shape[1] * h * w, dtype=weight.dtype).reshape(-1, weight.shape[1], h, w)
    padded = F.pad(units, (pw, pw + right, ph, ph + bottom))
    return F.conv2d(padded, weight, stride=stride).flatten(1).T


@mistake("Your matrix does nothing but reorder the filters: its zeros and its shape are missing.")
def flattens_the_filters(weight, input_size, stride=1, padding=0):
    return weight.flatten(1)


@mistake("Your matrix has one dimension too many or too few: it is (Cout·H'·W', Cin·H·W).")
def keeps_the_output_channels_apart(weight, input_size, stride=1, padding=0):
    matrix = matrix_of(weight, input_size, stride, padding)
    return matrix.reshape(weight.shape[0], -1, matrix.shape[1])


@mistake(
    "Your unit images are float32, as `torch.eye` makes them. A filter in float64 wants images in float64.",
)
def asks_with_float32_images(weight, input_size, stride=1, padding=0):
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count).view(count, weight.shape[1], *input_size)
    return F.conv2d(units, weight, stride=stride, padding=padding).flatten(1).T


@mistake("Your matrix is always float32. It has the dtype of `weight`, or precision is lost.")
def writes_float32(weight, input_size, stride=1, padding=0):
    return matrix_of(weight.float(), input_size, stride, padding)


@mistake(NO_GRADIENT)
def leaves_the_graph_of_the_filter(weight, input_size, stride=1, padding=0):
    return torch.from_numpy(matrix_of(weight.detach(), input_size, stride, padding).numpy().copy())


# --- variants ---------------------------------------------------------------------------------------------------------


def size_after(weight, input_size, stride, padding):
    sides = zip(input_size, weight.shape[2:], pair(stride), pair(padding), strict=True)
    return tuple((n + 2 * p - k) // s + 1 for n, k, s, p in sides)


@variant
def matrix_from_unit_images(weight, input_size, stride=1, padding=0):
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count, dtype=weight.dtype).view(count, weight.shape[1], *input_size)
    return F.conv2d(units, weight, stride=stride, padding=padding).reshape(count, -1).T


@variant
def matrix_number_by_number(weight, input_size, stride=1, padding=0):
    outputs, inputs, kh, kw = weight.shape
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    rows, columns = size_after(weight, input_size, stride, padding)
    matrix = torch.zeros(outputs * rows * columns, inputs * h * w, dtype=weight.dtype)
    for o, i, j, c in product(range(outputs), range(rows), range(columns), range(inputs)):
        for a, b in product(range(kh), range(kw)):
            y, x = i * sh + a - ph, j * sw + b - pw
            if 0 <= y < h and 0 <= x < w:
                matrix[(o * rows + i) * columns + j, (c * h + y) * w + x] = weight[o, c, a, b]
    return matrix


@variant
def matrix_as_a_jacobian(weight, input_size, stride=1, padding=0):
    start = torch.zeros(weight.shape[1], *input_size, dtype=weight.dtype)

    def convolve(x):
        return F.conv2d(x[None], weight, stride=stride, padding=padding).flatten()

    return torch.autograd.functional.jacobian(convolve, start, create_graph=True).flatten(1)


@variant
def matrix_by_jacrev(weight, input_size, stride=1, padding=0):
    start = weight.new_zeros(weight.shape[1] * input_size[0] * input_size[1])

    def convolve(flat):
        return F.conv2d(flat.reshape(1, -1, *input_size), weight, stride=stride, padding=padding).flatten()

    return torch.func.jacrev(convolve)(start)


@variant
def matrix_by_shifts(filters, size, step=1, border=0):
    """A sum over the filter's numbers: each stands on a diagonal of its own."""
    rows, columns = size_after(filters, size, step, border)
    kh, kw = filters.shape[2:]

    def shift(n, m, s, p, a):
        return (torch.arange(m)[:, None] * s + a - p == torch.arange(n)).to(filters.dtype)

    total = 0
    for a, b in product(range(kh), range(kw)):
        down = shift(size[0], rows, pair(step)[0], pair(border)[0], a)
        across = shift(size[1], columns, pair(step)[1], pair(border)[1], b)
        total = total + torch.kron(filters[:, :, a, b], torch.kron(down, across))
    return total


@variant
def matrix_by_unfolding_positions(weight, input_size, stride=1, padding=0):
    outputs, inputs = weight.shape[:2]
    count = inputs * input_size[0] * input_size[1]
    numbers = torch.arange(1.0, count + 1, dtype=torch.float64).reshape(1, inputs, *input_size)
    places = F.unfold(numbers, weight.shape[2:], padding=padding, stride=stride)[0].long()  # (Cin·kh·kw, H'·W')
    rows = weight.new_zeros(outputs, places.shape[1], count + 1)  # column 0 collects what falls on the padding
    where = places.T.expand(outputs, -1, -1)
    values = weight.reshape(outputs, 1, -1).expand(where.shape)
    return rows.scatter_add(2, where, values)[..., 1:].reshape(outputs * places.shape[1], count)


@variant
def matrix_by_indexing_a_filter(weight, input_size, stride=1, padding=0):
    """Ask each pair of an output and an input pixel which number of the filter joins them, if any."""
    rows, columns = size_after(weight, input_size, stride, padding)
    kh, kw = weight.shape[2:]

    def offsets(n, m, s, p):
        return torch.arange(n) + p - torch.arange(m)[:, None] * s

    a = offsets(input_size[0], rows, pair(stride)[0], pair(padding)[0])
    b = offsets(input_size[1], columns, pair(stride)[1], pair(padding)[1])
    inside = ((a >= 0) & (a < kh))[:, None, :, None] & ((b >= 0) & (b < kw))[None, :, None, :]
    picked = weight[:, :, a.clamp(0, kh - 1)[:, None, :, None], b.clamp(0, kw - 1)[None, :, None, :]]
    picked = torch.where(inside, picked, torch.zeros((), dtype=weight.dtype))  # (Cout, Cin, H', W', H, W)
    return picked.permute(0, 2, 3, 1, 4, 5).reshape(weight.shape[0] * rows * columns, -1)


@variant
def matrix_row_by_row(weight, input_size, stride=1, padding=0):
    (h, w), (sh, sw), (ph, pw) = input_size, pair(stride), pair(padding)
    kh, kw = weight.shape[2:]
    matrix = []
    for kernel in weight:
        for i, j in product(*map(range, size_after(weight, input_size, stride, padding))):
            top, left = i * sh, j * sw
            below, right = h + 2 * ph - top - kh, w + 2 * pw - left - kw
            page = F.pad(kernel, (left, right, top, below))
            matrix.append(page[:, ph : ph + h, pw : pw + w].flatten())
    return torch.stack(matrix)


@variant
def matrix_column_by_column(weight, input_size, stride=1, padding=0):
    shape = (weight.shape[1], *input_size)
    columns = []
    for place in np.ndindex(*shape):
        unit = torch.zeros(shape, dtype=weight.dtype)
        unit[place] = 1
        columns.append(F.conv2d(unit[None], weight, stride=stride, padding=padding).reshape(-1))
    return torch.stack(columns, dim=1)


@variant
def matrix_with_a_layer(weight, input_size, stride=1, padding=0):
    layer = nn.Conv2d(
        weight.shape[1], weight.shape[0], weight.shape[2:], stride, padding, bias=False, dtype=weight.dtype
    )
    count = weight.shape[1] * input_size[0] * input_size[1]
    units = torch.eye(count, dtype=weight.dtype).reshape(count, weight.shape[1], *input_size)
    return torch.func.functional_call(layer, {"weight": weight}, (units,)).flatten(1).t().contiguous()
