"""Wrong and right answers to `count_multiply_adds`."""

import itertools
from functools import reduce
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def layer_costs(layers, rows, columns, cost):
    total = 0
    for inputs, outputs, kernel in layers:
        before = (rows, columns)
        rows, columns = rows - kernel + 1, columns - kernel + 1
        total += cost(inputs, outputs, kernel, before, (rows, columns))
    return total


def usual(inputs, outputs, kernel, before, after):
    return after[0] * after[1] * inputs * outputs * kernel**2


def window_of(layers):
    return 1 + sum(kernel - 1 for _, _, kernel in layers)


def places(layers, height, width):
    size = window_of(layers)
    return max(0, height - size + 1) * max(0, width - size + 1)


def costs(layers, height, width, cost=usual):
    windows, size = places(layers, height, width), window_of(layers)
    if not windows:
        return 0, 0
    return windows * layer_costs(layers, size, size, cost), layer_costs(layers, height, width, cost)


@mistake("You forget that each output sums over all input channels.")
def costs_without_input_channels(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * o * k**2)


@mistake("You forget that each output channel has filters of its own and costs as much as the first.")
def costs_without_output_channels(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * i * k**2)


@mistake("You count `kernel_size` multiply–adds a filter; a filter of k × k has k² weights.")
def costs_of_one_row_of_the_kernel(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * i * o * k)


@mistake(
    "You count one product for each pixel that goes *in*. A convolution works once for each pixel that comes out, and "
    "without padding there are fewer.",
)
def costs_of_inputs(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: before[0] * before[1] * i * o * k**2)


@mistake(
    "You count multiplications and additions separately; one of each together is *one* multiply–add.",
)
def costs_doubled(layers, height, width):
    return costs(layers, height, width, lambda *a: 2 * usual(*a))


@mistake("You count the bias as a product more; it is only added, and is left out of the count.")
def costs_with_bias(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * o * (i * k**2 + 1))


@mistake(
    "You let all layers work at the same size. Without padding the map shrinks from layer to layer.",
)
def costs_without_shrinking(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    if not windows:
        return 0, 0

    def total(rows, columns):
        return sum(rows * columns * i * o * k**2 for i, o, k in layers)

    return windows * total(size, size), total(height, width)


@mistake(
    "A map shrinks by kernel_size − 1 from layer to layer, not by kernel_size: the filter has a first place too.",
)
def costs_shrinking_too_much(layers, height, width):
    size = window_of(layers)
    if not places(layers, height, width):
        return 0, 0

    def total(rows, columns):
        found = 0
        for i, o, k in layers:
            rows, columns = max(0, rows - k), max(0, columns - k)
            found += rows * columns * i * o * k**2
        return found

    return places(layers, height, width) * total(size, size), total(height, width)


@mistake("You give the cost of one window; `apart` is that of all windows of the image.")
def costs_of_one_window(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    apart, shared = costs(layers, height, width)
    return (layer_costs(layers, size, size, usual) if windows else 0), shared


@mistake(
    "You count one window a pixel of the image. Nothing is padded here: a window must fit inside.",
)
def costs_of_a_window_a_pixel(layers, height, width):
    size = window_of(layers)
    if not places(layers, height, width):
        return 0, 0
    return height * width * layer_costs(layers, size, size, usual), layer_costs(layers, height, width, usual)


@mistake("The two numbers are exchanged: `apart` comes first, `shared` second.")
def costs_exchanged(layers, height, width):
    apart, shared = costs(layers, height, width)
    return shared, apart


@mistake("You return their ratio; asked are the two numbers, `apart` and `shared`.")
def costs_as_a_ratio(layers, height, width):
    apart, shared = costs(layers, height, width)
    return apart / max(1, shared)


@mistake(
    "You take the largest kernel for the window. Layers on top of each other see further: each adds kernel_size − 1.",
)
def costs_with_the_largest_kernel(layers, height, width):
    size = max(kernel for _, _, kernel in layers)
    windows = max(0, height - size + 1) * max(0, width - size + 1)

    def total(rows, columns):
        found = 0
        for i, o, k in layers:
            rows, columns = max(0, rows - k + 1), max(0, columns - k + 1)
            found += rows * columns * i * o * k**2
        return found

    return (windows * total(size, size), total(height, width)) if windows else (0, 0)


@mistake(
    "You add up the kernels to get the window. Of each layer only kernel_size − 1 pixels are new, and one pixel is there "
    "from the start.",
)
def costs_with_the_sum_of_kernels(layers, height, width):
    size = sum(kernel for _, _, kernel in layers)
    windows = max(0, height - size + 1) * max(0, width - size + 1)
    if not windows:
        return 0, 0
    return windows * layer_costs(layers, size, size, usual), layer_costs(layers, height, width, usual)


@mistake(
    "You add up the layers' windows one by one and forget that a window which is too large has no place: both are 0.",
)
def costs_below_zero(layers, height, width):
    size = window_of(layers)
    windows = (height - size + 1) * (width - size + 1)
    return windows * layer_costs(layers, size, size, usual), layer_costs(layers, height, width, usual)


@mistake(
    "Where no window fits, nothing is computed at all: `shared` is 0 too, though the first layers would find room.",
)
def costs_of_the_first_layers(layers, height, width):
    apart, _ = costs(layers, height, width)

    def cost(i, o, k, before, after):
        return max(0, after[0]) * max(0, after[1]) * i * o * k**2

    return apart, layer_costs(layers, height, width, cost)


@mistake(
    "Where no window fits, `apart` is 0 in your answer, but `shared` goes on with maps of a size below zero: it is 0 too.",
)
def costs_of_maps_below_zero(layers, height, width):
    size = window_of(layers)
    one = layer_costs(layers, size, size, usual)
    return places(layers, height, width) * one, layer_costs(layers, height, width, usual)


@mistake(
    "You return zeros only where the image is too low *and* too narrow. One of the two is enough for no window to fit.",
)
def costs_unless_too_small_in_both(layers, height, width):
    size = window_of(layers)
    if height < size and width < size:
        return 0, 0
    return costs_of_maps_below_zero(layers, height, width)


@mistake(
    "You ask whether the image is too low *and* too narrow, and so a number of windows below zero comes through where it "
    "is one of the two.",
)
def costs_below_zero_unless_too_small_in_both(layers, height, width):
    size = window_of(layers)
    if height < size and width < size:
        return 0, 0
    return costs_below_zero(layers, height, width)


@mistake("An image as large as the window, or as high, holds a window; you return zeros there.")
def costs_refuse_an_exact_fit(layers, height, width):
    return (0, 0) if min(height, width) <= window_of(layers) else costs(layers, height, width)


@mistake("You count only the last layer; the layers before it have to work as well.")
def costs_of_the_last_layer(layers, height, width):
    windows = places(layers, height, width)
    i, o, k = layers[-1]
    return windows * i * o * k**2, windows * i * o * k**2


@mistake("You count only the first layer; those that follow have to work as well.")
def costs_of_the_first_layer(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    if not windows:
        return 0, 0
    return windows * layer_costs(layers[:1], size, size, usual), layer_costs(layers[:1], height, width, usual)


@mistake(
    "You let each layer put out one number a window. Only the last one does; those before make a map that the next one needs."
)
def costs_of_one_output_a_layer(layers, height, width):
    apart = places(layers, height, width) * sum(inputs * outputs * kernel**2 for inputs, outputs, kernel in layers)
    return apart, costs(layers, height, width)[1]


@mistake(
    "In the shared pass you let every map be as large as the image. Nothing is padded: maps shrink from layer to layer."
)
def costs_of_a_padded_pass(layers, height, width):
    apart, shared = costs(layers, height, width)
    return apart, shared and height * width * sum(inputs * outputs * kernel**2 for inputs, outputs, kernel in layers)


@mistake(
    "In the shared pass you compute every layer once a window. Earlier maps are larger than the last one, by what the later "
    "layers still take off.",
)
def costs_at_windows_only(layers, height, width):
    apart, shared = costs(layers, height, width)
    return apart, places(layers, height, width) * sum(
        inputs * outputs * kernel**2 for inputs, outputs, kernel in layers
    )


@mistake("You multiply the costs of the layers; they work one after the other, so they add up.")
def costs_multiplied(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    if not windows:
        return 0, 0

    def total(rows, columns):
        product = 1
        for i, o, k in layers:
            rows, columns = rows - k + 1, columns - k + 1
            product *= rows * columns * i * o * k**2
        return product

    return float(windows * total(size, size)), float(total(height, width))


@mistake(
    "You count the weights of the network. Each weight is used once at every place, and there are many places.",
)
def costs_as_parameters(layers, height, width):
    weights = sum(i * o * k**2 for i, o, k in layers)
    windows = places(layers, height, width)
    return windows * weights, weights if windows else 0


@mistake("You use the height for both sides of the image; its width is another number.")
def costs_of_a_square(layers, height, width):
    return costs(layers, height, height)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def costs_by_one_loop(layers, height, width):
    size = 1
    for _, _, kernel in layers:
        size += kernel - 1
    rows, columns = height - size + 1, width - size + 1
    if rows <= 0 or columns <= 0:
        return (0, 0)
    apart = shared = 0
    side = size
    for inputs, outputs, kernel in layers:
        side -= kernel - 1
        height -= kernel - 1
        width -= kernel - 1
        weights = inputs * outputs * kernel * kernel
        apart += side * side * weights
        shared += height * width * weights
    return (rows * columns * apart, shared)


@variant
def costs_from_the_end(layers, height, width):
    """Walk backwards: the last map of a window is 1 × 1, that of the image as large as the number of windows."""
    reach = sum(kernel - 1 for _, _, kernel in layers)
    rows, columns = max(0, height - reach), max(0, width - reach)
    if rows * columns == 0:
        return 0, 0
    apart = shared = extra = 0
    for inputs, outputs, kernel in reversed(layers):
        weights = inputs * outputs * kernel**2
        apart += (1 + extra) ** 2 * weights
        shared += (rows + extra) * (columns + extra) * weights
        extra += kernel - 1
    return rows * columns * apart, shared


@variant
def costs_measured_on_shapes(layers, height, width):
    def measure(x):
        total = 0
        for inputs, outputs, kernel in layers:
            x = F.conv2d(x, torch.empty(outputs, inputs, kernel, kernel, device="meta"))
            total += x.numel() * inputs * kernel**2
        return total

    size = reduce(lambda total, layer: total + layer[2] - 1, layers, 1)
    if height < size or width < size:
        return 0, 0
    places = (height - size + 1) * (width - size + 1)
    channels = layers[0][0]
    apart = places * measure(torch.empty(1, channels, size, size, device="meta"))
    return apart, measure(torch.empty(1, channels, height, width, device="meta"))


@variant
def costs_as_a_list(layers, height, width):
    kernels = [kernel for _, _, kernel in layers]
    ends = list(itertools.accumulate(kernel - 1 for kernel in kernels))
    size = ends[-1] + 1
    if size > min(height, width):
        return [0, 0]
    weights = [i * o * k * k for i, o, k in layers]
    apart = sum(w * (size - end) ** 2 for w, end in zip(weights, ends, strict=True))
    shared = sum(w * (height - end) * (width - end) for w, end in zip(weights, ends, strict=True))
    return [apart * (height - size + 1) * (width - size + 1), shared]


@variant
def costs_by_numpy(layers, height, width):
    inputs, outputs, kernels = np.array(layers, dtype=np.int64).T
    ends = np.cumsum(kernels - 1)
    size = int(ends[-1]) + 1
    if height < size or width < size:
        return 0, 0
    weights = inputs * outputs * kernels**2
    windows = (height - size + 1) * (width - size + 1)
    return windows * (weights * (size - ends) ** 2).sum(), (weights * (height - ends) * (width - ends)).sum()


@variant
def costs_as_tensors(layers, height, width):
    table = torch.tensor(layers)
    weights = table.prod(dim=1) * table[:, 2]
    ends = (table[:, 2] - 1).cumsum(0)
    size = 1 + ends[-1]
    rows, columns = (height - size + 1).clamp(min=0), (width - size + 1).clamp(min=0)
    some = (rows * columns > 0).long()
    return rows * columns * (weights * (size - ends) ** 2).sum(), some * (
        weights * (height - ends) * (width - ends)
    ).sum()


@variant
def costs_recursively(layers, height, width):
    def total(remaining, rows, columns):
        if not remaining:
            return 0
        (inputs, outputs, kernel), *others = remaining
        rows, columns = rows - kernel + 1, columns - kernel + 1
        return rows * columns * inputs * outputs * kernel**2 + total(others, rows, columns)

    size = sum(k for _, _, k in layers) - len(layers) + 1
    windows = len(range(height - size + 1)) * len(range(width - size + 1))
    return (windows * total(layers, size, size), total(layers, height, width)) if windows else (0, 0)


@variant
def costs_by_differences(layers, height, width):
    shrinks = [0, *itertools.accumulate(k - 1 for *_, k in layers)]
    size = 1 + shrinks[-1]
    if height < size or width < size:
        return 0, 0
    window = image = 0
    for (i, o, k), (_, after) in zip(layers, pairwise(shrinks), strict=True):
        window += (size - after) * (size - after) * i * o * k * k
        image += (height - after) * (width - after) * i * o * k * k
    return window * (height - size + 1) * (width - size + 1), image
