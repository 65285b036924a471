"""RoI pooling: a region of any size becomes a grid of fixed size, by the maximum of each of its bins.

The picture: a box lies on the feature map, its corners are rounded to whole cells, and its width and its height are
cut into as many bins as the grid has. Where that does not come out even, neighbouring bins share a cell (Girshick,
2015, §2.1). `roi_pool` gives what `torchvision.ops.roi_pool` gives, and takes no longer with many regions: it looks up
the maxima of windows whose sides are powers of two. `roi_pool_one_by_one` is the same, as one would write it down.
"""

import torch
from torch import Tensor

from solutions.require_rois import require_cells, require_corners, require_rois
from solutions.require_tensors import require_number, require_size


def roi_bins(
    box: Tensor, output_size: tuple[int, int], spatial_scale: float, feature_size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return which rows (ph, 2) and which columns (pw, 2) of the map each bin of a `box` (4,) takes, as [start, end).

    The corners (x1, y1, x2, y2) times `spatial_scale` are rounded, halves away from zero, and
    both belong to the region: it is max(x2 − x1 + 1, 1) cells wide, and as many high in y. Of a
    width w cut into pw bins, bin k goes from ⌊k·w/pw⌋ to ⌈(k + 1)·w/pw⌉, counted from x1.
    `output_size` is (ph, pw). What lies outside the map of `feature_size` (H, W) is cut off,
    so that a bin without cells has its end at its start. int64. For boxes (R, 4) the results
    are (R, ph, 2) and (R, pw, 2) (Girshick 2015, §2.1).

    Raises:
        TypeError: not a floating-point tensor, or sizes that are not ints.
        ValueError: another shape, numbers that are not finite, a scale that is not positive, or sizes below 1.

    >>> rows, columns = roi_bins(torch.tensor([0.0, 16.0, 64.0, 80.0]), (2, 2), 1 / 16, (4, 8))
    >>> rows.tolist(), columns.tolist()
    ([[1, 4], [3, 4]], [[0, 3], [2, 5]])
    """
    require_corners("box", box)
    require_size("output_size", output_size)
    require_number("spatial_scale", spatial_scale, above=0)
    require_size("feature_size", feature_size)
    scaled = box * spatial_scale
    cells = scaled.trunc()
    cells = cells + scaled.sign() * ((scaled - cells).abs() >= 0.5)  # torch's own `round` takes halves to even numbers
    x1, y1, x2, y2 = cells.long().unbind(dim=-1)

    def bins(first: Tensor, last: Tensor, count: int, limit: int) -> Tensor:
        length = (last - first + 1).clamp(min=1)[..., None]  # of whole numbers, so that ⌊ ⌋ and ⌈ ⌉ are exact
        k = torch.arange(count, device=box.device)
        edges = torch.stack([k * length // count, ((k + 1) * length + count - 1) // count], dim=-1)  # (…, count, 2)
        return (first[..., None, None] + edges).clamp(0, limit)

    (ph, pw), (height, width) = output_size, feature_size
    return bins(y1, y2, ph, height), bins(x1, x2, pw, width)


def roi_pool(features: Tensor, rois: Tensor, output_size: tuple[int, int], spatial_scale: float = 1.0) -> Tensor:
    """Return for each region the maxima of `features` (N, C, H, W) in a grid of bins: (R, C, ph, pw).

    A row of `rois` (R, 5) is (batch index, x1, y1, x2, y2) in pixels of the image, of which
    the map is `spatial_scale` times the size. `output_size` is (ph, pw), and `roi_bins` says
    which cells a bin takes; a bin without cells is 0. The result has the dtype of `features`,
    and gradients flow back to the cell of each maximum, of equal ones to the first in
    row-major order. As `torchvision.ops.roi_pool` (Girshick 2015, §2.1 and equation 4).

    Raises:
        TypeError: not floating-point tensors, or sizes that are not ints.
        ValueError: other shapes, a map without cells, a batch index that is none of the images, numbers that are not
            finite, a scale that is not positive, or sizes below 1.

    >>> features = torch.arange(16.0).view(1, 1, 4, 4)
    >>> roi_pool(features, torch.tensor([[0.0, 0.0, 0.0, 2.0, 1.0]]), (2, 2))
    tensor([[[[1., 2.],
              [5., 6.]]]])
    """
    require_cells("features", features)
    require_rois(rois, len(features))
    batch, channels, height, width = features.shape
    rows, columns = roi_bins(rois[:, 1:], output_size, spatial_scale, (height, width))  # (R, ph, 2), (R, pw, 2)
    image = rois[:, 0].long()

    # Asked is a maximum, and where it stands. So each plane is ranked, the highest first: the lowest rank says both.
    cells, (ph, pw) = height * width, output_size
    ranked, ranking = features.flatten(2).sort(dim=-1, descending=True, stable=True)  # (N, C, H·W): values and places
    short = batch * cells < 2**15  # half the bytes, half the time
    order = torch.arange(batch * cells, device=features.device, dtype=torch.int16 if short else torch.int32)
    order = order.view(batch, 1, cells).expand_as(ranking)  # image after image, so that a rank says the image too
    rank = torch.empty_like(ranking, dtype=order.dtype).scatter_(-1, ranking, order)

    # The lowest of a bin is that of four windows in its corners, with sides 2^i and 2^j, the largest that fit in. One
    # table holds all windows of such a size, and two windows side by side make the next. No loop over the regions.
    high, wide = (torch.frexp((bins[..., 1] - bins[..., 0]).float()).exponent - 1 for bins in (rows, columns))
    empty = (high < 0)[:, :, None] | (wide < 0)[:, None, :]  # (R, ph, pw)
    lowest = rank.new_zeros(len(rois) * ph * pw, channels)
    tall = rank.view(batch, channels, height, width).permute(0, 2, 3, 1).contiguous()  # a cell's channels side by side
    for i in range(1 + int(high.max()) if len(rois) else 0):
        table = tall = torch.minimum(tall[:, : -(2 ** (i - 1))], tall[:, 2 ** (i - 1) :]) if i else tall
        for j in range(1 + int(wide.max())):
            table = torch.minimum(table[:, :, : -(2 ** (j - 1))], table[:, :, 2 ** (j - 1) :]) if j else table
            r, y, x = ((high == i)[:, :, None] & (wide == j)[:, None, :]).nonzero(as_tuple=True)  # bins of this size
            heights = rows[r, y, 0], rows[r, y, 1] - 2**i
            top, bottom = ((image[r] * table.shape[1] + at) * table.shape[2] for at in heights)
            left, right = columns[r, x, 0], columns[r, x, 1] - 2**j
            a, b, c, d = (table.flatten(0, 2)[line + at] for line in (top, bottom) for at in (left, right))  # (bins, C)
            lowest[(r * ph + y) * pw + x] = torch.minimum(torch.minimum(a, b), torch.minimum(c, d))

    # Gradients take the way back: to the values in their ranking, and from there to their places.
    pooled = ranked.transpose(0, 1).flatten(1).gather(1, lowest.T.contiguous().long())  # (C, R·ph·pw)
    return pooled.view(channels, *empty.shape).masked_fill(empty, 0).transpose(0, 1).contiguous()


def roi_pool_one_by_one(
    features: Tensor, rois: Tensor, output_size: tuple[int, int], spatial_scale: float = 1.0
) -> Tensor:
    """Return what `roi_pool` returns, one bin after the other: slow, and nothing but the definition.

    The gradient of equal maxima is shared among them.

    >>> features = torch.arange(16.0).view(1, 1, 4, 4)
    >>> roi_pool_one_by_one(features, torch.tensor([[0.0, 0.0, 0.0, 2.0, 1.0]]), (1, 2))
    tensor([[[[5., 6.]]]])
    """
    pooled = []
    for image, *box in rois.unbind():
        rows, columns = roi_bins(torch.stack(box), output_size, spatial_scale, (features.shape[2], features.shape[3]))
        bins = [features[int(image), :, y1:y2, x1:x2].flatten(1) for y1, y2 in rows for x1, x2 in columns]
        grid = [cells.amax(dim=1) if cells.shape[1] else cells.sum(dim=1) for cells in bins]  # an empty sum is 0
        pooled.append(torch.stack(grid, dim=1).view(-1, *output_size))  # (C, ph, pw)
    return torch.stack(pooled) if pooled else features.new_zeros(0, features.shape[1], *output_size)
