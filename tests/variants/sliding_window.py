"""Right answers to the exercises of chapter 01 that look nothing like the reference. Every check must accept them."""

import copy
import itertools
import math
from functools import reduce
from itertools import pairwise, product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import variant


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# --- count_windows ----------------------------------------------------------------------------------------------------


@variant("count_windows")
def counted_by_ranges(height, width, size, stride=1):
    return len(range(0, height - size + 1, stride)) * len(range(0, width - size + 1, stride))


@variant("count_windows")
def counted_by_loops(height, width, size, stride=1):
    count = 0
    for _ in range(0, height - size + 1, stride):
        for _ in range(0, width - size + 1, stride):
            count += 1
    return count


@variant("count_windows")
def counted_by_clamping(height: int, width: int, size: int, stride: int = 1) -> int:
    rows = max(0, (height - size) // stride + 1)
    columns = max(0, (width - size) // stride + 1)
    return rows * columns


@variant("count_windows")
def counted_by_ceiling(h, w, s, step=1):
    return max(0, math.ceil((h - s + 1) / step)) * max(0, math.ceil((w - s + 1) / step))


@variant("count_windows")
def counted_with_numpy(height, width, size, stride=1):
    return np.prod([len(np.arange(0, side - size + 1, stride)) for side in (height, width)])


@variant("count_windows")
def counted_as_a_tensor(height, width, size, stride=1):
    sides = torch.tensor([height, width])
    return ((sides - size).div(stride, rounding_mode="floor") + 1).clamp(min=0).prod()


@variant("count_windows")
def counted_as_a_whole_float(height, width, size, stride=1):
    if size > height or size > width:
        return 0
    return (np.floor((height - size) / stride) + 1) * (np.floor((width - size) / stride) + 1)


@variant("count_windows")
def counted_by_torch(height, width, size, stride=1):
    if min(height, width) < size:
        return 0
    windows = torch.empty(height, width, device="meta").unfold(0, size, stride).unfold(1, size, stride)
    return windows.shape[0] * windows.shape[1]


@variant("count_windows")
def counted_by_conditions(height, width, size, stride=1):
    def fits(length):
        return sum(1 for start in range(length) if start % stride == 0 and start + size <= length)

    return fits(height) * fits(width)


@variant("count_windows")
def counted_recursively(height, width, size, stride=1):
    def along(length):
        return 0 if length < size else 1 + along(length - stride)

    return along(height) * along(width)


# --- extract_patches --------------------------------------------------------------------------------------------------


@variant("extract_patches")
def patches_by_loops(image, size, stride=1):
    channels, height, width = image.shape
    patches = []
    for top in range(0, height - size + 1, stride):
        for left in range(0, width - size + 1, stride):
            patches.append(image[:, top : top + size, left : left + size])
    if not patches:
        return torch.zeros((0, channels, size, size), dtype=image.dtype)
    return torch.stack(patches)


@variant("extract_patches")
def patches_into_a_buffer(image, size, stride=1):
    channels, height, width = image.shape
    rows, columns = max(0, (height - size) // stride + 1), max(0, (width - size) // stride + 1)
    out = torch.empty(rows * columns, channels, size, size, dtype=image.dtype, device=image.device)
    for n in range(rows * columns):
        top, left = n // columns * stride, n % columns * stride
        out[n] = image[:, top : top + size, left : left + size]
    return out


@variant("extract_patches")
def patches_by_f_unfold(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_empty(0, channels, size, size)
    columns = F.unfold(image.unsqueeze(0), kernel_size=size, stride=stride)  # (1, C·s·s, N)
    return columns.squeeze(0).T.reshape(-1, channels, size, size)


@variant("extract_patches")
def patches_by_nn_unfold(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image[:0].new_zeros((0, channels, size, size))
    return nn.Unfold(size, stride=stride)(image[None])[0].t().view(-1, channels, size, size)


@variant("extract_patches")
def patches_by_slices_of_offsets(image, size, stride=1):
    channels, height, width = image.shape
    rows, columns = max(0, (height - size) // stride + 1), max(0, (width - size) // stride + 1)
    out = image.new_zeros(rows, columns, channels, size, size)
    if rows * columns == 0:
        return out.reshape(0, channels, size, size)
    for i, j in product(range(size), repeat=2):
        part = image[:, i : i + (rows - 1) * stride + 1 : stride, j : j + (columns - 1) * stride + 1 : stride]
        out[..., i, j] = part.permute(1, 2, 0)
    return out.reshape(rows * columns, channels, size, size)


@variant("extract_patches")
def patches_by_indexing(image, size, stride=1):
    channels, height, width = image.shape
    tops = torch.arange(0, max(0, height - size + 1), stride)
    lefts = torch.arange(0, max(0, width - size + 1), stride)
    rows = (tops[:, None] + torch.arange(size)).view(-1, 1, size, 1)
    columns = (lefts[:, None] + torch.arange(size)).view(1, -1, 1, size)
    windows = image[:, rows, columns]  # (C, h, w, s, s)
    return windows.movedim(0, 2).reshape(len(tops) * len(lefts), channels, size, size)


@variant("extract_patches")
def patches_by_as_strided(image, size, stride=1):
    image = image.contiguous()
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_zeros(0, channels, size, size)
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    c, h, w = image.stride()
    windows = torch.as_strided(image, (rows, columns, channels, size, size), (h * stride, w * stride, c, h, w))
    return windows.reshape(-1, channels, size, size)


@variant("extract_patches")
def patches_by_einsum(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_zeros(0, channels, size, size)
    windows = image.unfold(1, size, stride).unfold(2, size, stride)
    return torch.einsum("chwij->hwcij", windows).flatten(end_dim=1)


@variant("extract_patches")
def patches_by_width_first(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image.new_zeros((0, channels, size, size))
    windows = image.unfold(2, size, stride).unfold(1, size, stride)  # (C, h, w, s_w, s_h)
    return windows.permute(1, 2, 0, 4, 3).reshape(-1, channels, size, size).contiguous()


@variant("extract_patches")
def patches_by_convolution_with_ones(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image.new_zeros((0, channels, size, size))
    kernels = torch.eye(size * size, dtype=image.dtype).view(size * size, 1, size, size)
    planes = F.conv2d(image[:, None], kernels, stride=stride)  # (C, s·s, h, w)
    return planes.permute(2, 3, 0, 1).reshape(-1, channels, size, size)


@variant("extract_patches")
def patches_by_narrow(picture: Tensor, side: int, step: int = 1) -> Tensor:
    _, height, width = picture.shape
    corners = itertools.product(range(0, height - side + 1, step), range(0, width - side + 1, step))
    found = [picture.narrow(1, top, side).narrow(2, left, side)[None] for top, left in corners]
    return torch.cat([picture.new_zeros(0, len(picture), side, side), *found])


@variant("extract_patches")
def patches_by_stacking_twice(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return torch.zeros(0, channels, size, size).to(image)
    rows = torch.stack([image[:, t : t + size] for t in range(0, height - size + 1, stride)])  # (h, C, s, W)
    windows = torch.stack([rows[..., s : s + size] for s in range(0, width - size + 1, stride)], dim=1)
    return windows.reshape(-1, channels, size, size)


# --- segment_by_patches -----------------------------------------------------------------------------------------------


@variant("segment_by_patches")
def segmented_pixel_by_pixel(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    half = size // 2
    padded = F.pad(image, (half,) * 4)
    labels = torch.zeros(height, width, dtype=torch.long)
    for row in range(height):
        for column in range(width):
            patch = padded[:, row : row + size, column : column + size]
            labels[row, column] = classifier(patch[None])[0].argmax()
    return labels


@variant("segment_by_patches")
def segmented_by_f_unfold(classifier, image, size, batch_size=256):
    channels, height, width = image.shape
    classifier.eval()
    columns = F.unfold(image[None], size, padding=size // 2)[0]
    patches = columns.T.reshape(-1, channels, size, size)
    with torch.inference_mode():
        scores = torch.cat([classifier(patches[i : i + batch_size]) for i in range(0, len(patches), batch_size)])
    return scores.argmax(1).reshape(height, width)


@variant("segment_by_patches")
def segmented_with_gradients_on(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = nn.ZeroPad2d(size // 2)(image)
    patches = padded.unfold(1, size, 1).unfold(2, size, 1).permute(1, 2, 0, 3, 4).reshape(-1, len(image), size, size)
    predicted = [torch.max(classifier(batch), dim=1).indices for batch in patches.split(batch_size)]
    return torch.cat(predicted).view(image.shape[1:])


@variant("segment_by_patches")
def segmented_and_mode_restored(classifier, image, size, batch_size=64):
    training = classifier.training
    classifier.eval()
    try:
        _, height, width = image.shape
        half = size // 2
        padded = image.new_zeros(len(image), height + 2 * half, width + 2 * half)
        padded[:, half : half + height, half : half + width] = image
        patches = torch.stack([padded[:, i : i + size, j : j + size] for i in range(height) for j in range(width)])
        out = torch.empty(height * width, dtype=torch.int64)
        with torch.no_grad():
            for start in range(0, height * width, batch_size):
                out[start : start + batch_size] = classifier(patches[start : start + batch_size]).argmax(dim=-1)
        return out.view(height, width)
    finally:
        classifier.train(training)


@variant("segment_by_patches")
def segmented_by_a_copy_of_the_network(classifier, image, size, batch_size=256):
    network = copy.deepcopy(classifier).eval().requires_grad_(False)
    _, height, width = image.shape
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    count = math.ceil(len(patches) / batch_size)
    scores = torch.cat([network(part) for part in patches.tensor_split(count)])
    return scores.softmax(dim=1).argmax(dim=1).reshape(height, width)


@variant("segment_by_patches")
def segmented_row_by_row(classifier, image, size, batch_size=256):
    classifier.eval()
    height, half = image.shape[1], size // 2
    padded = F.pad(image, (half, half, half, half), "constant", 0)
    rows = []
    for i in range(height):
        strip = padded[:, i : i + size]  # (C, size, W + 2·half)
        patches = strip.unfold(2, size, 1).permute(2, 0, 1, 3)  # (W, C, size, size)
        rows.append(torch.cat([classifier(part).argmax(1) for part in patches.split(batch_size)]))
    return torch.stack(rows)


@variant("segment_by_patches")
def segmented_by_batches_of_pixels(model, picture, window, batch_size=32):
    model = model.eval()
    height, width = picture.shape[-2:]
    margin = (window - 1) // 2
    padded = F.pad(picture, [margin] * 4)
    pixels = list(product(range(height), range(width)))
    labels = torch.full((height, width), -1)
    with torch.no_grad():
        while pixels:
            some, pixels = pixels[:batch_size], pixels[batch_size:]
            batch = torch.stack([padded[:, y : y + window, x : x + window] for y, x in some])
            for (y, x), name in zip(some, model(batch).argmax(dim=1).tolist(), strict=True):
                labels[y, x] = name
    return labels


@variant("segment_by_patches")
def segmented_by_a_loader(classifier, image, size, batch_size=256):
    from torch.utils.data import DataLoader, TensorDataset

    classifier.eval()
    half = size // 2
    padded = torch.cat([image.new_zeros(*image.shape[:2], half), image, image.new_zeros(*image.shape[:2], half)], dim=2)
    rows = image.new_zeros(len(image), half, padded.shape[2])
    padded = torch.cat([rows, padded, rows], dim=1)
    patches = torch.stack([
        padded[:, i : i + size, j : j + size] for i in range(image.shape[1]) for j in range(image.shape[2])
    ])  # fmt: skip
    loader = DataLoader(TensorDataset(patches), batch_size=batch_size)
    return torch.cat([classifier(some).argmax(1) for (some,) in loader]).reshape(image.shape[1:])


@variant("segment_by_patches")
def segmented_with_the_first_of_the_largest(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    labels = []
    for part in torch.split(patches, batch_size):
        best = None
        scores = classifier(part).detach()
        chosen = torch.zeros(len(part), dtype=torch.int64)
        for number, score in enumerate(scores.unbind(dim=1)):
            if best is None:
                best = score
                continue
            better = score > best
            chosen[better] = number
            best = torch.where(better, score, best)
        labels.append(chosen)
    return torch.cat(labels).reshape(image.shape[1:])


@variant("segment_by_patches")
def segmented_through_numpy(classifier, image, size, batch_size=256):
    classifier.eval()
    half = size // 2
    padded = np.pad(image.numpy(), ((0, 0), (half, half), (half, half)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2)).transpose(1, 2, 0, 3, 4)
    patches = torch.from_numpy(windows.reshape(-1, len(image), size, size).copy())
    scores = [classifier(part).detach().numpy() for part in patches.split(batch_size)]
    return torch.from_numpy(np.concatenate(scores).argmax(axis=1).reshape(image.shape[1:]))


@variant("segment_by_patches")
def segmented_with_every_layer_in_eval(classifier, image, size, batch_size=256):
    for module in classifier.modules():
        module.training = False
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    scores = torch.cat([classifier(part) for part in patches.split(batch_size)])
    return scores.log_softmax(dim=1).argmax(dim=1).reshape(image.shape[1:])


# --- linear_to_conv ---------------------------------------------------------------------------------------------------


@variant("linear_to_conv")
def conv_by_copying(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    conv = nn.Conv2d(in_channels, linear.out_features, (kh, kw), bias=linear.bias is not None)
    conv = conv.to(linear.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.reshape(linear.out_features, in_channels, kh, kw))
        if linear.bias is not None:
            conv.bias.copy_(linear.bias)
    return conv


@variant("linear_to_conv")
def conv_by_data(linear, in_channels, kernel_size):
    has_bias = linear.bias is not None
    conv = nn.Conv2d(in_channels, linear.weight.shape[0], kernel_size, bias=has_bias, dtype=linear.weight.dtype)
    conv.weight.data = linear.weight.data.view_as(conv.weight).clone()
    if has_bias:
        conv.bias.data = linear.bias.data.clone()
    return conv


@variant("linear_to_conv")
def conv_that_shares_the_weights(linear, in_channels, kernel_size):
    conv = nn.Conv2d(in_channels, linear.out_features, pair(kernel_size), bias=False)
    conv.weight = nn.Parameter(linear.weight.view(linear.out_features, in_channels, *pair(kernel_size)))
    conv.bias = linear.bias
    return conv


@variant("linear_to_conv")
def conv_by_state_dict(linear, in_channels, kernel_size):
    state = {name: tensor for name, tensor in linear.state_dict().items()}  # noqa: C416
    state["weight"] = state["weight"].unflatten(1, (in_channels, *pair(kernel_size)))
    conv = nn.Conv2d(in_channels, linear.out_features, pair(kernel_size), bias="bias" in state)
    conv.to(state["weight"].dtype).load_state_dict(state)
    return conv


@variant("linear_to_conv")
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


@variant("linear_to_conv")
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


@variant("linear_to_conv")
def conv_without_initialisation(layer, channels, kernel):
    kernel = pair(kernel)
    conv = nn.utils.skip_init(
        nn.Conv2d, channels, layer.out_features, kernel, bias=layer.bias is not None, dtype=layer.weight.dtype
    )
    torch.nn.utils.vector_to_parameters(
        torch.nn.utils.parameters_to_vector(layer.parameters()).detach().clone(), conv.parameters()
    )
    return conv


@variant("linear_to_conv")
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


@variant("linear_to_conv")
def conv_with_circular_padding_of_nothing(linear, in_channels, kernel_size):
    size = [kernel_size, kernel_size] if isinstance(kernel_size, int) else list(kernel_size)
    conv = nn.Conv2d(in_channels, linear.out_features, size, padding_mode="circular", bias=linear.bias is not None)
    conv.to(linear.weight)
    conv.weight = nn.Parameter(linear.weight.detach().clone().reshape(conv.weight.shape), requires_grad=False)
    if linear.bias is not None:
        conv.bias = nn.Parameter(linear.bias.detach().clone())
    return conv


# --- count_multiply_adds ----------------------------------------------------------------------------------------------


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
def costs_by_numpy(layers, height, width):
    inputs, outputs, kernels = np.array(layers, dtype=np.int64).T
    ends = np.cumsum(kernels - 1)
    size = int(ends[-1]) + 1
    if height < size or width < size:
        return 0, 0
    weights = inputs * outputs * kernels**2
    windows = (height - size + 1) * (width - size + 1)
    return windows * (weights * (size - ends) ** 2).sum(), (weights * (height - ends) * (width - ends)).sum()


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
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


@variant("count_multiply_adds")
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
