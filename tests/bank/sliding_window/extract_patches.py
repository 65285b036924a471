"""Wrong and right answers to `extract_patches`."""

import itertools
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

from .shared import cut

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake("You walk down the columns first; windows come in reading order, row by row.")
def patches_by_columns(image, size, stride=1):
    _, height, width = image.shape
    corners = [(t, s) for s in range(0, width - size + 1, stride) for t in range(0, height - size + 1, stride)]
    found = [image[:, t : t + size, s : s + size] for t, s in corners]
    return torch.stack(found) if found else image.new_zeros(0, len(image), size, size)


@mistake("Your patches are transposed: rows and columns are exchanged inside each of them.")
def patches_transposed(image, size, stride=1):
    return cut(image, size, stride).transpose(2, 3)


@mistake("You ignore the stride and return a window at every place.")
def patches_without_stride(image, size, stride=1):
    return cut(image, size)


@mistake("You move on by `stride` rows, but by one column only.")
def patches_with_stride_in_rows(image, size, stride=1):
    return cut(image, size, stride, lefts=range(image.shape[2] - size + 1))


@mistake("You cut tiles that do not overlap: the distance of two windows is `stride`, not `size`.")
def patches_as_tiles(image, size, stride=1):
    return cut(image, size, size)


@mistake("You stop one window too early: the last window may end exactly at the edge.")
def patches_stop_too_early(image, size, stride=1):
    _, height, width = image.shape
    return cut(image, size, stride, range(0, height - size, stride), range(0, width - size, stride))


@mistake(
    "You pad the image, so that windows reach over its edge. Here only windows that lie inside count.",
)
def patches_with_padding(image, size, stride=1):
    half = size // 2
    return cut(F.pad(image, (half, half, half, half)), size, stride)


@mistake(
    "You keep windows that reach over the lower and right edge and fill them up with zeros; they are left out.",
)
def patches_kept_at_the_edge(image, size, stride=1):
    _, height, width = image.shape
    padded = F.pad(image, (0, size, 0, size))
    return cut(padded, size, stride, range(0, height, stride), range(0, width, stride))


@mistake(
    "You use the same range for rows and columns; an image that is higher than wide, or wider than high, has two.",
)
def patches_of_a_square(image, size, stride=1):
    _, height, width = image.shape
    side = range(0, min(height, width) - size + 1, stride)
    return cut(image, size, stride, side, side)


@mistake(
    "`F.unfold` puts the windows into the *last* dimension. Reshaping does not move them to the front; it mixes numbers of "
    "different windows.",
)
def patches_reshaped_from_unfold(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    columns = F.unfold(image[None], size, stride=stride)  # (1, C·s·s, N)
    return columns.reshape(-1, len(image), size, size)


@mistake(
    "After `Tensor.unfold` the channels still come first. Reshaping does not bring them behind the windows; it mixes "
    "channels and windows.",
)
def patches_reshaped_from_tensor_unfold(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    return image.unfold(1, size, stride).unfold(2, size, stride).reshape(-1, len(image), size, size)


@mistake("The channels come first in your result; it must be (N, C, size, size), the windows first.")
def patches_with_channels_first(image, size, stride=1):
    return cut(image, size, stride).transpose(0, 1)


@mistake("Your patches are still flattened to rows; each must be (C, size, size).")
def patches_flattened(image, size, stride=1):
    return cut(image, size, stride).flatten(1)


@mistake("Your result keeps two window dimensions; they are joined to one, N, in reading order.")
def patches_in_a_grid(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    return image.unfold(1, size, stride).unfold(2, size, stride).permute(1, 2, 0, 3, 4)


@mistake("You cut only the first channel; a patch has all channels of the image.")
def patches_of_one_channel(image, size, stride=1):
    return cut(image[:1], size, stride).expand(-1, len(image), -1, -1)


@mistake("Each of your patches is mirrored; a window is cut out as it stands in the image.")
def patches_flipped(image, size, stride=1):
    return cut(image, size, stride).flip(2, 3)


@mistake(
    "Where no window fits there is nothing to stack, and your code fails. An empty result has a shape too: (0, C, size, "
    "size).",
)
def patches_of_nothing_raise(image, size, stride=1):
    _, height, width = image.shape
    corners = [(t, s) for t in range(0, height - size + 1, stride) for s in range(0, width - size + 1, stride)]
    return torch.stack([image[:, t : t + size, s : s + size] for t, s in corners])


@mistake("An empty result must have the shape (0, C, size, size), so that what follows can go on with it.")
def patches_of_nothing_have_no_shape(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else torch.empty(0)


@mistake("Where no window fits you return the image, cut off or filled up; the result must be empty.")
def patches_filled_up_where_none_fits(image, size, stride=1):
    _, height, width = image.shape
    padded = F.pad(image, (0, max(0, size - width), 0, max(0, size - height)))
    return cut(padded, size, stride)


@mistake("Your output buffer has torch's default dtype, float32, whatever the image has.")
def patches_in_default_dtype(image, size, stride=1):
    found = cut(image, size, stride)
    out = torch.zeros(found.shape)
    out[:] = found
    return out


@mistake(
    "Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `image`.",
)
def patches_in_numpy_dtype(image, size, stride=1):
    return torch.from_numpy(cut(image, size, stride).detach().numpy().astype(np.float64))


@mistake(
    "Where no window fits, your empty result has torch's default dtype; empty or not, it has that of the image.",
)
def patches_of_nothing_in_default_dtype(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else torch.zeros(0, len(image), size, size)


@mistake(
    "`unfold` fails where the image is smaller than the window. No window fits there, and that is no error: the result "
    "is empty.",
)
def patches_of_nothing_break_tensor_unfold(image, size, stride=1):
    windows = image.unfold(1, size, stride).unfold(2, size, stride)
    return windows.permute(1, 2, 0, 3, 4).reshape(-1, len(image), size, size)


@mistake("Where no window fits you return one patch of zeros; there is no window, and so no patch.")
def patches_of_nothing_are_one(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else image.new_zeros(1, len(image), size, size)


@mistake(NO_GRADIENT)
def patches_detached(image, size, stride=1):
    return cut(image.detach(), size, stride)


@mistake(
    "`.numpy()` works only while nobody needs gradients. Stay with torch's own operations, and gradients flow by "
    "themselves.",
)
def patches_by_numpy(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    windows = np.lib.stride_tricks.sliding_window_view(image.numpy(), (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride].transpose(1, 2, 0, 3, 4)
    return torch.from_numpy(windows.reshape(-1, len(image), size, size).copy())


@mistake(
    "`.view` asks for numbers that lie side by side in memory. Windows that overlap, or an image that is a view itself, "
    "do not have that; `.reshape` copies where it must.",
)
def patches_by_view(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    windows = image.unfold(1, size, stride).unfold(2, size, stride).permute(1, 2, 0, 3, 4)
    return windows.view(-1, len(image), size, size)


@mistake(
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the image itself; the caller still needs it.",
)
def patches_in_place(image, size, stride=1):
    found = cut(image, size, stride)
    image.unsqueeze_(0)
    return found


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def patches_by_loops(image, size, stride=1):
    channels, height, width = image.shape
    patches = []
    for top in range(0, height - size + 1, stride):
        for left in range(0, width - size + 1, stride):
            patches.append(image[:, top : top + size, left : left + size])
    if not patches:
        return torch.zeros((0, channels, size, size), dtype=image.dtype)
    return torch.stack(patches)


@variant
def patches_into_a_buffer(image, size, stride=1):
    channels, height, width = image.shape
    rows, columns = max(0, (height - size) // stride + 1), max(0, (width - size) // stride + 1)
    out = torch.empty(rows * columns, channels, size, size, dtype=image.dtype, device=image.device)
    for n in range(rows * columns):
        top, left = n // columns * stride, n % columns * stride
        out[n] = image[:, top : top + size, left : left + size]
    return out


@variant
def patches_by_f_unfold(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_empty(0, channels, size, size)
    columns = F.unfold(image.unsqueeze(0), kernel_size=size, stride=stride)  # (1, C·s·s, N)
    return columns.squeeze(0).T.reshape(-1, channels, size, size)


@variant
def patches_by_nn_unfold(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image[:0].new_zeros((0, channels, size, size))
    return nn.Unfold(size, stride=stride)(image[None])[0].t().view(-1, channels, size, size)


@variant
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


@variant
def patches_by_indexing(image, size, stride=1):
    channels, height, width = image.shape
    tops = torch.arange(0, max(0, height - size + 1), stride)
    lefts = torch.arange(0, max(0, width - size + 1), stride)
    rows = (tops[:, None] + torch.arange(size)).view(-1, 1, size, 1)
    columns = (lefts[:, None] + torch.arange(size)).view(1, -1, 1, size)
    windows = image[:, rows, columns]  # (C, h, w, s, s)
    return windows.movedim(0, 2).reshape(len(tops) * len(lefts), channels, size, size)


@variant
def patches_by_as_strided(image, size, stride=1):
    image = image.contiguous()
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_zeros(0, channels, size, size)
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    c, h, w = image.stride()
    windows = torch.as_strided(image, (rows, columns, channels, size, size), (h * stride, w * stride, c, h, w))
    return windows.reshape(-1, channels, size, size)


@variant
def patches_by_einsum(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return image.new_zeros(0, channels, size, size)
    windows = image.unfold(1, size, stride).unfold(2, size, stride)
    return torch.einsum("chwij->hwcij", windows).flatten(end_dim=1)


@variant
def patches_by_width_first(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image.new_zeros((0, channels, size, size))
    windows = image.unfold(2, size, stride).unfold(1, size, stride)  # (C, h, w, s_w, s_h)
    return windows.permute(1, 2, 0, 4, 3).reshape(-1, channels, size, size).contiguous()


@variant
def patches_by_convolution_with_ones(image, size, stride=1):
    channels, height, width = image.shape
    if min(height, width) < size:
        return image.new_zeros((0, channels, size, size))
    kernels = torch.eye(size * size, dtype=image.dtype).view(size * size, 1, size, size)
    planes = F.conv2d(image[:, None], kernels, stride=stride)  # (C, s·s, h, w)
    return planes.permute(2, 3, 0, 1).reshape(-1, channels, size, size)


@variant
def patches_by_narrow(picture: Tensor, side: int, step: int = 1) -> Tensor:
    _, height, width = picture.shape
    corners = itertools.product(range(0, height - side + 1, step), range(0, width - side + 1, step))
    found = [picture.narrow(1, top, side).narrow(2, left, side)[None] for top, left in corners]
    return torch.cat([picture.new_zeros(0, len(picture), side, side), *found])


@variant
def patches_by_stacking_twice(image, size, stride=1):
    channels, height, width = image.shape
    if height < size or width < size:
        return torch.zeros(0, channels, size, size).to(image)
    rows = torch.stack([image[:, t : t + size] for t in range(0, height - size + 1, stride)])  # (h, C, s, W)
    windows = torch.stack([rows[..., s : s + size] for s in range(0, width - size + 1, stride)], dim=1)
    return windows.reshape(-1, channels, size, size)
