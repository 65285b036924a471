"""Wrong answers to the exercises of chapter 01: what students, and people in a hurry, really write.

Each sentence names the misconception to its author and leaves the mending to them.
"""

import copy
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


# --- count_windows ----------------------------------------------------------------------------------------------------


@mistake(
    "count_windows",
    "You count the steps between windows, not the windows: before the first step there is a window already.",
)
def counts_steps(height, width, size, stride=1):
    return max(0, (height - size) // stride) * max(0, (width - size) // stride)


@mistake("count_windows", "You ignore the stride: windows lie `stride` pixels apart, and so there are fewer of them.")
def counts_every_place(height, width, size, stride=1):
    return max(0, height - size + 1) * max(0, width - size + 1)


@mistake("count_windows", "You let windows start at every pixel, even where they reach over the edge of the image.")
def counts_every_pixel(height, width, size, stride=1):
    return math.ceil(height / stride) * math.ceil(width / stride)


@mistake(
    "count_windows",
    "You round up: a window that would begin inside the image and end outside it is counted too.",
)
def rounds_up(height, width, size, stride=1):
    return max(0, math.ceil((height - size) / stride) + 1) * max(0, math.ceil((width - size) / stride) + 1)


@mistake("count_windows", "You round to the nearest number: a window that fits by half does not fit.")
def rounds_to_nearest(height, width, size, stride=1):
    def count(length):
        return max(0, math.floor((length - size) / stride + 0.5) + 1)

    return count(height) * count(width)


@mistake(
    "count_windows",
    "You count tiles that lie side by side; windows overlap, their distance is the stride and not their size.",
)
def counts_tiles(height, width, size, stride=1):
    return (height // size) * (width // size)


@mistake(
    "count_windows",
    "Your formula goes below zero in each direction where the window is too large, and minus times minus is plus.",
)
def multiplies_two_negatives(height, width, size, stride=1):
    product = ((height - size) // stride + 1) * ((width - size) // stride + 1)
    return max(0, product)


@mistake("count_windows", "A number of windows cannot be negative: a window that does not fit is counted zero times.")
def goes_below_zero(height, width, size, stride=1):
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


@mistake(
    "count_windows",
    "`int()` rounds towards zero: a window that is a little too large gives −0.5, which becomes 0, and with the one you "
    "add, a window that does not fit is counted.",
)
def truncates_towards_zero(height, width, size, stride=1):
    return max(0, int((height - size) / stride) + 1) * max(0, int((width - size) / stride) + 1)


@mistake("count_windows", "You count at least one window in each direction, even where none fits.")
def at_least_one(height, width, size, stride=1):
    return max(1, (height - size) // stride + 1) * max(1, (width - size) // stride + 1)


@mistake("count_windows", "You use the height for both directions; the width has a count of its own.")
def takes_the_height_twice(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) ** 2


@mistake("count_windows", "You use the width for both directions; the height has a count of its own.")
def takes_the_width_twice(height, width, size, stride=1):
    return max(0, (width - size) // stride + 1) ** 2


@mistake("count_windows", "You count along one direction only; at each of these rows there is a whole row of windows.")
def counts_rows_only(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1)


@mistake("count_windows", "You add rows and columns of windows. Each row holds all the columns: that is a product.")
def adds_rows_and_columns(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) + max(0, (width - size) // stride + 1)


@mistake(
    "count_windows",
    "You divide the number of all places by stride². The stride thins out rows and columns separately, and each count is "
    "rounded by itself.",
)
def divides_by_the_square(height, width, size, stride=1):
    return max(0, height - size + 1) * max(0, width - size + 1) // stride**2


@mistake("count_windows", "The stride belongs to both directions; you use it for the rows only.")
def strides_rows_only(height, width, size, stride=1):
    return max(0, (height - size) // stride + 1) * max(0, width - size + 1)


@mistake("count_windows", "You stop one place too early: a window may end exactly at the edge of the image.")
def stops_too_early(height, width, size, stride=1):
    return len(range(0, height - size, stride)) * len(range(0, width - size, stride))


@mistake("count_windows", "A window as large as the image fits into it once; you count it zero times.")
def refuses_an_exact_fit(height, width, size, stride=1):
    if height <= size or width <= size:
        return 0
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


@mistake("count_windows", "Your result is a fraction: with a stride, what is left over at the edge has to be cut off.")
def leaves_a_fraction(height, width, size, stride=1):
    return max(0, (height - size) / stride + 1) * max(0, (width - size) / stride + 1)


@mistake("count_windows", "A window that does not fit is no error here: there are simply zero of them.")
def raises_without_windows(height, width, size, stride=1):
    if height < size or width < size:
        raise ValueError("the window is larger than the image")
    return ((height - size) // stride + 1) * ((width - size) // stride + 1)


# --- extract_patches --------------------------------------------------------------------------------------------------


def cut(image, size, stride=1, tops=None, lefts=None):
    """Cut with loops; `tops` and `lefts` may be other corners than the right ones."""
    channels, height, width = image.shape
    tops = range(0, height - size + 1, stride) if tops is None else tops
    lefts = range(0, width - size + 1, stride) if lefts is None else lefts
    found = [image[:, top : top + size, left : left + size] for top in tops for left in lefts]
    return torch.stack(found) if found else image.new_zeros(0, channels, size, size)


@mistake("extract_patches", "You walk down the columns first; windows come in reading order, row by row.")
def patches_by_columns(image, size, stride=1):
    _, height, width = image.shape
    corners = [(t, s) for s in range(0, width - size + 1, stride) for t in range(0, height - size + 1, stride)]
    found = [image[:, t : t + size, s : s + size] for t, s in corners]
    return torch.stack(found) if found else image.new_zeros(0, len(image), size, size)


@mistake("extract_patches", "Your patches are transposed: rows and columns are exchanged inside each of them.")
def patches_transposed(image, size, stride=1):
    return cut(image, size, stride).transpose(2, 3)


@mistake("extract_patches", "You ignore the stride and return a window at every place.")
def patches_without_stride(image, size, stride=1):
    return cut(image, size)


@mistake("extract_patches", "You move on by `stride` rows, but by one column only.")
def patches_with_stride_in_rows(image, size, stride=1):
    return cut(image, size, stride, lefts=range(image.shape[2] - size + 1))


@mistake("extract_patches", "You cut tiles that do not overlap: the distance of two windows is `stride`, not `size`.")
def patches_as_tiles(image, size, stride=1):
    return cut(image, size, size)


@mistake("extract_patches", "You stop one window too early: the last window may end exactly at the edge.")
def patches_stop_too_early(image, size, stride=1):
    _, height, width = image.shape
    return cut(image, size, stride, range(0, height - size, stride), range(0, width - size, stride))


@mistake(
    "extract_patches",
    "You pad the image, so that windows reach over its edge. Here only windows that lie inside count.",
)
def patches_with_padding(image, size, stride=1):
    half = size // 2
    return cut(F.pad(image, (half, half, half, half)), size, stride)


@mistake(
    "extract_patches",
    "You keep windows that reach over the lower and right edge and fill them up with zeros; they are left out.",
)
def patches_kept_at_the_edge(image, size, stride=1):
    _, height, width = image.shape
    padded = F.pad(image, (0, size, 0, size))
    return cut(padded, size, stride, range(0, height, stride), range(0, width, stride))


@mistake(
    "extract_patches",
    "You use the same range for rows and columns; an image that is higher than wide, or wider than high, has two.",
)
def patches_of_a_square(image, size, stride=1):
    _, height, width = image.shape
    side = range(0, min(height, width) - size + 1, stride)
    return cut(image, size, stride, side, side)


@mistake(
    "extract_patches",
    "`F.unfold` puts the windows into the *last* dimension. Reshaping does not move them to the front; it mixes numbers of "
    "different windows.",
)
def patches_reshaped_from_unfold(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    columns = F.unfold(image[None], size, stride=stride)  # (1, C·s·s, N)
    return columns.reshape(-1, len(image), size, size)


@mistake(
    "extract_patches",
    "After `Tensor.unfold` the channels still come first. Reshaping does not bring them behind the windows; it mixes "
    "channels and windows.",
)
def patches_reshaped_from_tensor_unfold(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    return image.unfold(1, size, stride).unfold(2, size, stride).reshape(-1, len(image), size, size)


@mistake("extract_patches", "The channels come first in your result; it must be (N, C, size, size), the windows first.")
def patches_with_channels_first(image, size, stride=1):
    return cut(image, size, stride).transpose(0, 1)


@mistake("extract_patches", "Your patches are still flattened to rows; each must be (C, size, size).")
def patches_flattened(image, size, stride=1):
    return cut(image, size, stride).flatten(1)


@mistake("extract_patches", "Your result keeps two window dimensions; they are joined to one, N, in reading order.")
def patches_in_a_grid(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    return image.unfold(1, size, stride).unfold(2, size, stride).permute(1, 2, 0, 3, 4)


@mistake("extract_patches", "You cut only the first channel; a patch has all channels of the image.")
def patches_of_one_channel(image, size, stride=1):
    return cut(image[:1], size, stride).expand(-1, len(image), -1, -1)


@mistake("extract_patches", "Each of your patches is mirrored; a window is cut out as it stands in the image.")
def patches_flipped(image, size, stride=1):
    return cut(image, size, stride).flip(2, 3)


@mistake(
    "extract_patches",
    "Where no window fits there is nothing to stack, and your code fails. An empty result has a shape too: (0, C, size, "
    "size).",
)
def patches_of_nothing_raise(image, size, stride=1):
    _, height, width = image.shape
    corners = [(t, s) for t in range(0, height - size + 1, stride) for s in range(0, width - size + 1, stride)]
    return torch.stack([image[:, t : t + size, s : s + size] for t, s in corners])


@mistake(
    "extract_patches", "An empty result must have the shape (0, C, size, size), so that what follows can go on with it."
)
def patches_of_nothing_have_no_shape(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else torch.empty(0)


@mistake(
    "extract_patches", "Where no window fits you return the image, cut off or filled up; the result must be empty."
)
def patches_filled_up_where_none_fits(image, size, stride=1):
    _, height, width = image.shape
    padded = F.pad(image, (0, max(0, size - width), 0, max(0, size - height)))
    return cut(padded, size, stride)


@mistake("extract_patches", "Your output buffer has torch's default dtype, float32, whatever the image has.")
def patches_in_default_dtype(image, size, stride=1):
    found = cut(image, size, stride)
    out = torch.zeros(found.shape)
    out[:] = found
    return out


@mistake(
    "extract_patches",
    "Your buffer comes from numpy, whose default is float64: the result must keep the dtype of `image`.",
)
def patches_in_numpy_dtype(image, size, stride=1):
    return torch.from_numpy(cut(image, size, stride).detach().numpy().astype(np.float64))


@mistake(
    "extract_patches",
    "Where no window fits, your empty result has torch's default dtype; empty or not, it has that of the image.",
)
def patches_of_nothing_in_default_dtype(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else torch.zeros(0, len(image), size, size)


@mistake(
    "extract_patches",
    "`Tensor.unfold` fails where the image is smaller than the window. No window fits there, and that is no error: the "
    "result is empty.",
)
def patches_of_nothing_break_tensor_unfold(image, size, stride=1):
    windows = image.unfold(1, size, stride).unfold(2, size, stride)
    return windows.permute(1, 2, 0, 3, 4).reshape(-1, len(image), size, size)


@mistake(
    "extract_patches",
    "`F.unfold` fails where the image is smaller than the window. No window fits there, and that is no error: the result "
    "is empty.",
)
def patches_of_nothing_break_f_unfold(image, size, stride=1):
    columns = F.unfold(image[None], size, stride=stride)
    return columns[0].T.reshape(-1, len(image), size, size)


@mistake("extract_patches", "Where no window fits you return one patch of zeros; there is no window, and so no patch.")
def patches_of_nothing_are_one(image, size, stride=1):
    found = cut(image, size, stride)
    return found if len(found) else image.new_zeros(1, len(image), size, size)


@mistake(
    "extract_patches",
    "The values are right, but no gradient can flow back to the image: the patches were cut from the graph.",
)
def patches_detached(image, size, stride=1):
    return cut(image.detach(), size, stride)


@mistake(
    "extract_patches",
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
    "extract_patches",
    "`.view` asks for numbers that lie side by side in memory. Windows that overlap, or an image that is a view itself, "
    "do not have that; `.reshape` copies where it must.",
)
def patches_by_view(image, size, stride=1):
    if min(image.shape[1:]) < size:
        return image.new_zeros(0, len(image), size, size)
    windows = image.unfold(1, size, stride).unfold(2, size, stride).permute(1, 2, 0, 3, 4)
    return windows.view(-1, len(image), size, size)


@mistake(
    "extract_patches",
    "An operation whose name ends in `_`, such as `unsqueeze_`, changes the image itself; the caller still needs it.",
)
def patches_in_place(image, size, stride=1):
    found = cut(image, size, stride)
    image.unsqueeze_(0)
    return found


# --- segment_by_patches -----------------------------------------------------------------------------------------------


def surrounded(image, size, mode="constant", value=0.0):
    half = size // 2
    return F.pad(image, (half, half, half, half), mode=mode, value=value)


def label(classifier, padded, shape, size, batch_size, choose=lambda scores: scores.argmax(dim=1)):
    """Label with everything right but what the caller changes."""
    patches = cut(padded, size)
    labels = torch.cat([choose(classifier(some)) for some in patches.split(batch_size)])
    return labels.reshape(shape)


@mistake(
    "segment_by_patches",
    "The classifier is still in training mode, where dropout and batch norm do something else. `torch.no_grad()` alone does "
    "not change that.",
)
def segments_in_training_mode(classifier, image, size, batch_size=256):
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "You hand over all patches at once. A large image has so many that they do not fit into memory: `batch_size` is the "
    "limit.",
)
def segments_all_at_once(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, 10**6)


@mistake("segment_by_patches", "Your batches are as long as the image is wide, whatever `batch_size` says.")
def segments_row_by_row(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, image.shape[2])


@mistake(
    "segment_by_patches",
    "You split the patches into `batch_size` batches. It is the other way round: each batch has that many patches.",
)
def segments_in_so_many_batches(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    labels = [classifier(some).argmax(dim=1) for some in patches.chunk(batch_size)]
    return torch.cat(labels).reshape(image.shape[1:])


@mistake(
    "segment_by_patches", "The last batch is missing: the patches that did not fill a whole batch need labels too."
)
def segments_full_batches_only(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    out = torch.zeros(len(patches), dtype=torch.int64)
    for start in range(0, len(patches) - batch_size + 1, batch_size):
        out[start : start + batch_size] = classifier(patches[start : start + batch_size]).argmax(dim=1)
    return out.reshape(image.shape[1:])


@mistake("segment_by_patches", "Only the first batch gets labels; there are more patches than one batch holds.")
def segments_first_batch_only(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    out = torch.zeros(len(patches), dtype=torch.int64)
    out[:batch_size] = classifier(patches[:batch_size]).argmax(dim=1)
    return out.reshape(image.shape[1:])


@mistake(
    "segment_by_patches",
    "You do not pad: there are fewer windows than pixels, and the map comes out smaller than the image.",
)
def segments_without_padding(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    shape = (max(0, height - size + 1), max(0, width - size + 1))
    patches = cut(image, size)
    if not len(patches):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(shape)


@mistake(
    "segment_by_patches",
    "You give labels only to pixels whose patch lies inside the image and leave the border at class 0; outside the image "
    "there are zeros, so the border has patches too.",
)
def segments_the_inside_only(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    half = size // 2
    out = torch.zeros(height, width, dtype=torch.int64)
    patches = cut(image, size)
    if len(patches):
        labels = torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)])
        out[half : height - half, half : width - half] = labels.reshape(height - size + 1, width - size + 1)
    return out


@mistake(
    "segment_by_patches",
    "You pad below and to the right only, so that a pixel is the top-left corner of its patch; it belongs in the centre.",
)
def segments_from_the_corner(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (0, size - 1, 0, size - 1))
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "You pad above and to the left only, so that a pixel is the bottom-right corner of its patch; it belongs in the "
    "centre.",
)
def segments_to_the_corner(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (size - 1, 0, size - 1, 0))
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake("segment_by_patches", "You continue the picture with its border pixels; outside the image there are zeros.")
def segments_with_the_border_repeated(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = surrounded(image[None], size, "replicate")[0] if size > 1 else image
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake("segment_by_patches", "You pad with ones; outside the image there are zeros.")
def segments_with_ones(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size, value=1.0), image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "The border is mirrored in your patches; outside the image there are zeros, and a narrow image cannot be mirrored far.",
)
def segments_with_the_border_mirrored(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = surrounded(image[None], size, "reflect")[0]
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "You pad by one pixel, whatever the patch's size is. Half a patch has to fit outside the image.",
)
def segments_with_one_pixel_of_padding(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (1, 1, 1, 1))
    _, height, width = padded.shape
    patches = cut(padded, size)
    shape = (max(0, height - size + 1), max(0, width - size + 1))
    if not len(patches):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(shape)


@mistake("segment_by_patches", "Of equal scores your last class wins; it is the lower one that should.")
def segments_ties_to_the_higher(classifier, image, size, batch_size=256):
    classifier.eval()

    def last(scores):
        return scores.shape[1] - 1 - scores.flip(1).argmax(dim=1)

    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, last)


@mistake("segment_by_patches", "You look for the smallest score; the class is that of the largest.")
def segments_by_argmin(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.argmin(dim=1)  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "segment_by_patches",
    "You return the largest score itself; asked is the number of the class that has it.",
)
def segments_into_scores(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.max(dim=1).values  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "segment_by_patches",
    "You begin the search for the best class with a score of 0: where all scores are negative, no class ever beats it.",
)
def segments_from_a_score_of_zero(classifier, image, size, batch_size=256):
    classifier.eval()

    def best_above_zero(scores):
        return torch.cat([scores[:, :1] * 0, scores], dim=1).argmax(dim=1).sub(1).clamp(min=0)

    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, best_above_zero)


@mistake(
    "segment_by_patches",
    "You round the scores before you compare them: a class that leads by a quarter has won as well as one that leads by "
    "ten.",
)
def segments_by_rounded_scores(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.round().argmax(dim=1)  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "segment_by_patches",
    "You count the classes from 1. A label is the index of a score, and the first one is 0.",
)
def segments_from_one(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.argmax(dim=1) + 1  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "segment_by_patches",
    "Your map has the shape (W, H): the labels come row by row, so the height is the first dimension.",
)
def segments_into_width_by_height(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    return label(classifier, surrounded(image, size), (width, height), size, batch_size)


@mistake("segment_by_patches", "Your labels stand in one long row; they have the shape of the image, (H, W).")
def segments_into_a_row(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), (-1,), size, batch_size)


@mistake("segment_by_patches", "Your map has a batch dimension of 1 in front; one image gives one map, (H, W).")
def segments_into_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), (1, *image.shape[1:]), size, batch_size)


@mistake(
    "segment_by_patches",
    "The labels are right, but your map has a dtype of its own: class numbers are int64, and float32 by default is what "
    "`torch.zeros` makes.",
)
def segments_into_floats(classifier, image, size, batch_size=256):
    classifier.eval()
    out = torch.zeros(image.shape[1:])
    out[:] = label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)
    return out


@mistake("segment_by_patches", "Your map holds small integers; class numbers are int64, as losses and metrics ask for.")
def segments_into_bytes(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size).to(torch.uint8)


@mistake(
    "segment_by_patches",
    "You give the classifier one patch without a batch dimension; it takes (B, C, size, size), even for B = 1.",
)
def segments_without_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    return torch.stack([classifier(patch).argmax() for patch in patches]).reshape(image.shape[1:])


@mistake(
    "segment_by_patches",
    "You take the argmax over the patches of a batch, dimension 0; the scores of one patch lie along dimension 1.",
)
def segments_along_the_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    scores = torch.cat([classifier(some) for some in patches.split(batch_size)])
    return scores.argmax(dim=0)


@mistake("segment_by_patches", "The argmax without a dimension is one number for the whole batch, not one a patch.")
def segments_with_one_number_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    labels = [classifier(some).argmax().expand(len(some)) for some in patches.split(batch_size)]
    return torch.cat(labels).reshape(image.shape[1:])


@mistake("segment_by_patches", "Your patches come column by column, but the map is filled row by row.")
def segments_by_columns(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = patches_by_columns(surrounded(image, size), size)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(image.shape[1:])


@mistake(
    "segment_by_patches", "You divide the image by its largest value; the classifier wants the numbers as they are."
)
def segments_a_normalised_image(classifier, image, size, batch_size=256):
    classifier.eval()
    image = image / image.abs().max()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "You convert to float32 on the way. Image and classifier have a precision of their own, and close scores need it.",
)
def segments_in_single_precision(classifier, image, size, batch_size=256):
    single = copy.deepcopy(classifier).float().eval()
    return label(single, surrounded(image.float(), size), image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "You move by whole patches, so that a patch gets one label for all of its pixels; each pixel has a patch of its own.",
)
def segments_in_tiles(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    padded = F.pad(image, (0, -width % size, 0, -height % size))
    patches = cut(padded, size, size)
    labels = torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)])
    tiles = labels.reshape(padded.shape[1] // size, padded.shape[2] // size)
    return tiles.repeat_interleave(size, 0).repeat_interleave(size, 1)[:height, :width]


@mistake(
    "segment_by_patches",
    "You reset the classifier before you use it: its weights are what it has learned, and they stay as they are.",
)
def segments_with_other_weights(classifier, image, size, batch_size=256):
    classifier.eval()
    with torch.no_grad():
        for parameter in classifier.parameters():
            parameter.zero_()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "segment_by_patches",
    "Your labels are right, but the image comes back changed: pad a copy, and leave the caller's image alone.",
)
def segments_in_place(classifier, image, size, batch_size=256):
    classifier.eval()
    labels = label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)
    image.unsqueeze_(0)
    return labels


# --- linear_to_conv ---------------------------------------------------------------------------------------------------


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
    "linear_to_conv",
    "The convolution has the right shape, but weights of its own, drawn at random: those of `linear` have to be copied.",
)
def conv_with_other_weights(linear, in_channels, kernel_size):
    return convolution(
        linear, in_channels, kernel_size, weight=torch.zeros_like(convolution_weight(linear, in_channels, kernel_size))
    )


def convolution_weight(linear, in_channels, kernel_size):
    return linear.weight.detach().reshape(linear.out_features, in_channels, *pair(kernel_size))


@mistake("linear_to_conv", "The weights are right; the bias is not that of `linear`, but a fresh one.")
def conv_without_copied_bias(linear, in_channels, kernel_size):
    bias = None if linear.bias is None else torch.zeros_like(linear.bias)
    return convolution(linear, in_channels, kernel_size, bias=bias)


@mistake("linear_to_conv", "You leave the bias out: a linear layer that has one adds it to every output.")
def conv_without_bias(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, bias=None)


@mistake(
    "linear_to_conv",
    "Where `linear` has no bias, the convolution must have none either: one that is zero today would be trained tomorrow.",
)
def conv_always_with_bias(linear, in_channels, kernel_size):
    bias = linear.weight.new_zeros(linear.out_features) if linear.bias is None else linear.bias
    return convolution(linear, in_channels, kernel_size, bias=bias)


@mistake("linear_to_conv", "A linear layer may have no bias: then `linear.bias` is None, and there is nothing to copy.")
def conv_expects_a_bias(linear, in_channels, kernel_size):
    conv = nn.Conv2d(in_channels, linear.out_features, kernel_size, dtype=linear.weight.dtype)
    conv.weight.data = linear.weight.data.view_as(conv.weight).clone()
    conv.bias.data = linear.bias.data.clone()
    return conv


@mistake("linear_to_conv", "You copy a bias where there is none: `linear.bias` is None if the layer was made without.")
def conv_copies_no_bias(linear, in_channels, kernel_size):
    conv = nn.Conv2d(in_channels, linear.out_features, kernel_size, dtype=linear.weight.dtype)
    with torch.no_grad():
        conv.weight.copy_(linear.weight.view_as(conv.weight))
        conv.bias.copy_(linear.bias)
    return conv


@mistake(
    "linear_to_conv",
    "You read the features as if the channels changed fastest, (kh, kw, C). `nn.Flatten` goes channel by channel.",
)
def conv_with_channels_last(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    weight = linear.weight.reshape(-1, kh, kw, in_channels).permute(0, 3, 1, 2)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("linear_to_conv", "Rows and columns are exchanged in your kernels: a window is flattened row by row.")
def conv_with_transposed_kernels(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    weight = linear.weight.reshape(-1, in_channels, kw, kh).transpose(2, 3)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake(
    "linear_to_conv", "You exchange height and width of the kernel: a pair is (height, width), as everywhere in torch."
)
def conv_with_exchanged_sides(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    return convolution(linear, in_channels, (kw, kh))


@mistake(
    "linear_to_conv",
    "You flip the kernels, as in the mathematical convolution. `nn.Conv2d` does not flip: it lays the kernel on as it is.",
)
def conv_flipped(linear, in_channels, kernel_size):
    return convolution(
        linear, in_channels, kernel_size, weight=convolution_weight(linear, in_channels, kernel_size).flip(2, 3)
    )


@mistake(
    "linear_to_conv",
    "You pad so that the map keeps its size. The linear layer never saw anything outside its window: no padding.",
)
def conv_padded(linear, in_channels, kernel_size):
    kh, kw = pair(kernel_size)
    return convolution(linear, in_channels, kernel_size, padding=(kh // 2, kw // 2))


@mistake(
    "linear_to_conv",
    '`padding="same"` puts zeros around the image. The linear layer never saw anything outside its window.',
)
def conv_padded_to_the_same_size(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, padding="same")


@mistake(
    "linear_to_conv",
    "Your stride is the size of the window, so windows lie side by side; the layer is wanted at *every* window.",
)
def conv_with_the_stride_of_a_window(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, stride=pair(kernel_size))


@mistake(
    "linear_to_conv", "Only a square kernel comes out of your function; `kernel_size` may be a pair of two numbers."
)
def conv_square_only(linear, in_channels, kernel_size):
    side, _ = pair(kernel_size)
    weight = linear.weight.reshape(linear.out_features, in_channels, side, side)
    return convolution(linear, in_channels, side, weight=weight)


@mistake("linear_to_conv", "`kernel_size` may be a pair; you take it for one number and give it to `view`.")
def conv_viewed_by_a_number_only(linear, in_channels, kernel_size):
    weight = linear.weight.view(linear.out_features, in_channels, kernel_size, kernel_size)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("linear_to_conv", "`kernel_size` may be a pair; you take it for one number and give it to `reshape`.")
def conv_reshaped_by_a_number_only(linear, in_channels, kernel_size):
    weight = linear.weight.reshape(linear.out_features, in_channels, kernel_size, kernel_size)
    return convolution(linear, in_channels, kernel_size, weight=weight)


@mistake("linear_to_conv", "`kernel_size` may be one number; you unpack it as a pair.")
def conv_of_a_pair_only(linear, in_channels, kernel_size):
    kh, kw = kernel_size
    return convolution(linear, in_channels, (kh, kw))


@mistake("linear_to_conv", "`kernel_size` may be one number; you index it as a pair.")
def conv_of_an_indexed_pair_only(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, (kernel_size[0], kernel_size[1]))


@mistake(
    "linear_to_conv",
    "Your convolution has torch's default dtype, float32: it must have that of `linear`, or it cannot take the same input.",
)
def conv_in_default_dtype(linear, in_channels, kernel_size):
    return convolution(linear, in_channels, kernel_size, dtype=torch.float32)


@mistake(
    "linear_to_conv",
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


@mistake("linear_to_conv", "You give the linear layer back as it came; asked is a convolution, an `nn.Conv2d`.")
def conv_is_the_linear_layer(linear, in_channels, kernel_size):
    return linear


@mistake(
    "linear_to_conv",
    "You return the reshaped weight; asked is a layer with this weight and the bias, an `nn.Conv2d`.",
)
def conv_is_a_weight(linear, in_channels, kernel_size):
    return convolution_weight(linear, in_channels, kernel_size).clone()


@mistake(
    "linear_to_conv",
    "You cut the window into groups of one channel each; every output needs all channels.",
)
def conv_in_groups(linear, in_channels, kernel_size):
    if linear.out_features % in_channels:
        raise ValueError("out_channels must be divisible by groups")
    weight = convolution_weight(linear, in_channels, kernel_size)[:, :1]
    return convolution(linear, in_channels, kernel_size, weight=weight, groups=in_channels)


@mistake(
    "linear_to_conv",
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


@mistake(
    "linear_to_conv",
    "The convolution is right, but `linear` comes back changed: read its weight, and leave the layer itself alone.",
)
def conv_takes_the_weights_away(linear, in_channels, kernel_size):
    conv = convolution(linear, in_channels, kernel_size)
    with torch.no_grad():
        linear.weight.zero_()
    return conv


# --- count_multiply_adds ----------------------------------------------------------------------------------------------


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


@mistake("count_multiply_adds", "You forget that each output sums over all input channels.")
def costs_without_input_channels(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * o * k**2)


@mistake(
    "count_multiply_adds", "You forget that each output channel has filters of its own and costs as much as the first."
)
def costs_without_output_channels(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * i * k**2)


@mistake("count_multiply_adds", "You count `kernel_size` multiply–adds a filter; a filter of k × k has k² weights.")
def costs_of_one_row_of_the_kernel(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * i * o * k)


@mistake(
    "count_multiply_adds",
    "You count one product for each pixel that goes *in*. A convolution works once for each pixel that comes out, and "
    "without padding there are fewer.",
)
def costs_of_inputs(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: before[0] * before[1] * i * o * k**2)


@mistake(
    "count_multiply_adds",
    "You count multiplications and additions separately; one of each together is *one* multiply–add.",
)
def costs_doubled(layers, height, width):
    return costs(layers, height, width, lambda *a: 2 * usual(*a))


@mistake("count_multiply_adds", "You count the bias as a product more; it is only added, and is left out of the count.")
def costs_with_bias(layers, height, width):
    return costs(layers, height, width, lambda i, o, k, before, after: after[0] * after[1] * o * (i * k**2 + 1))


@mistake(
    "count_multiply_adds",
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
    "count_multiply_adds",
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


@mistake("count_multiply_adds", "You give the cost of one window; `apart` is that of all windows of the image.")
def costs_of_one_window(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    apart, shared = costs(layers, height, width)
    return (layer_costs(layers, size, size, usual) if windows else 0), shared


@mistake(
    "count_multiply_adds",
    "You count one window a pixel of the image. Nothing is padded here: a window must fit inside.",
)
def costs_of_a_window_a_pixel(layers, height, width):
    size = window_of(layers)
    if not places(layers, height, width):
        return 0, 0
    return height * width * layer_costs(layers, size, size, usual), layer_costs(layers, height, width, usual)


@mistake("count_multiply_adds", "The two numbers are exchanged: `apart` comes first, `shared` second.")
def costs_exchanged(layers, height, width):
    apart, shared = costs(layers, height, width)
    return shared, apart


@mistake("count_multiply_adds", "You return their ratio; asked are the two numbers, `apart` and `shared`.")
def costs_as_a_ratio(layers, height, width):
    apart, shared = costs(layers, height, width)
    return apart / max(1, shared)


@mistake(
    "count_multiply_adds",
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
    "count_multiply_adds",
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
    "count_multiply_adds",
    "You add up the layers' windows one by one and forget that a window which is too large has no place: both are 0.",
)
def costs_below_zero(layers, height, width):
    size = window_of(layers)
    windows = (height - size + 1) * (width - size + 1)
    return windows * layer_costs(layers, size, size, usual), layer_costs(layers, height, width, usual)


@mistake(
    "count_multiply_adds",
    "Where no window fits, nothing is computed at all: `shared` is 0 too, though the first layers would find room.",
)
def costs_of_the_first_layers(layers, height, width):
    apart, _ = costs(layers, height, width)

    def cost(i, o, k, before, after):
        return max(0, after[0]) * max(0, after[1]) * i * o * k**2

    return apart, layer_costs(layers, height, width, cost)


@mistake(
    "count_multiply_adds",
    "Where no window fits, `apart` is 0 in your answer, but `shared` goes on with maps of a size below zero: it is 0 too.",
)
def costs_of_maps_below_zero(layers, height, width):
    size = window_of(layers)
    one = layer_costs(layers, size, size, usual)
    return places(layers, height, width) * one, layer_costs(layers, height, width, usual)


@mistake(
    "count_multiply_adds",
    "You return zeros only where the image is too low *and* too narrow. One of the two is enough for no window to fit.",
)
def costs_unless_too_small_in_both(layers, height, width):
    size = window_of(layers)
    if height < size and width < size:
        return 0, 0
    return costs_of_maps_below_zero(layers, height, width)


@mistake(
    "count_multiply_adds",
    "You ask whether the image is too low *and* too narrow, and so a number of windows below zero comes through where it "
    "is one of the two.",
)
def costs_below_zero_unless_too_small_in_both(layers, height, width):
    size = window_of(layers)
    if height < size and width < size:
        return 0, 0
    return costs_below_zero(layers, height, width)


@mistake("count_multiply_adds", "An image as large as the window, or as high, holds a window; you return zeros there.")
def costs_refuse_an_exact_fit(layers, height, width):
    return (0, 0) if min(height, width) <= window_of(layers) else costs(layers, height, width)


@mistake("count_multiply_adds", "You count only the last layer; the layers before it have to work as well.")
def costs_of_the_last_layer(layers, height, width):
    windows = places(layers, height, width)
    i, o, k = layers[-1]
    return windows * i * o * k**2, windows * i * o * k**2


@mistake("count_multiply_adds", "You count only the first layer; those that follow have to work as well.")
def costs_of_the_first_layer(layers, height, width):
    windows, size = places(layers, height, width), window_of(layers)
    if not windows:
        return 0, 0
    return windows * layer_costs(layers[:1], size, size, usual), layer_costs(layers[:1], height, width, usual)


@mistake("count_multiply_adds", "You multiply the costs of the layers; they work one after the other, so they add up.")
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
    "count_multiply_adds",
    "You count the weights of the network. Each weight is used once at every place, and there are many places.",
)
def costs_as_parameters(layers, height, width):
    weights = sum(i * o * k**2 for i, o, k in layers)
    windows = places(layers, height, width)
    return windows * weights, weights if windows else 0


@mistake("count_multiply_adds", "You use the height for both sides of the image; its width is another number.")
def costs_of_a_square(layers, height, width):
    return costs(layers, height, height)
