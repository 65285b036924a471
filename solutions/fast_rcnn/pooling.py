"""RoI pooling: a region of any size becomes a grid of fixed size, by the maximum of each of its bins.

The picture: a box lies on the feature map, its corners are rounded to whole cells, and its width and its height are
cut into as many bins as the grid has. Where that does not come out even, neighbouring bins share a cell (Girshick,
2015, §2.1). `roi_pool` gives what `torchvision.ops.roi_pool` gives, and takes no longer with many regions: it looks up
the maxima of windows whose sides are powers of two. `definition` has the same, as one would write it down.
"""

import torch
from torch import Tensor

from solutions.require_rois import require_cells, require_corners, require_rois
from solutions.require_tensors import require_number, require_size


def roi_bins(
    box: Tensor, output_size: tuple[int, int], spatial_scale: float, feature_size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return which rows (ph, 2) and which columns (pw, 2) of the map each bin takes.

    They are [start, end) as in a slice, for a `box` (4,). The corners (x1, y1, x2, y2)
    times `spatial_scale` are rounded, halves away from zero, and both belong to the
    region: it is max(x2 − x1 + 1, 1) cells wide, and as many high in y. Of a width w
    cut into pw bins, bin k goes from ⌊k·w/pw⌋ to ⌈(k + 1)·w/pw⌉, counted from x1.
    `output_size` is (ph, pw). What lies outside the map of `feature_size` (H, W) is cut
    off, so that a bin without cells has its end at its start. int64. For boxes (R, 4)
    the results are (R, ph, 2) and (R, pw, 2) (Girshick 2015, §2.1).

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
    batch, _, height, width = features.shape
    rows, columns = roi_bins(rois[:, 1:], output_size, spatial_scale, (height, width))  # (R, ph, 2), (R, pw, 2)
    image = rois[:, 0].long()

    # Where gradients are asked for, one has to know where each maximum stands. So each plane is ranked, the lowest
    # first: the highest rank says the value and the place. Without gradients the values themselves will do.
    wanted = features.requires_grad and torch.is_grad_enabled()
    key = features.detach()
    if wanted:
        backwards = features.flatten(2).flip(-1)  # so that of equal ones the first is the highest
        ranked, ranking = backwards.sort(dim=-1, stable=True)  # (N, C, H·W)
        count = batch * height * width
        small = torch.int16 if count < 2**15 else torch.int32  # half the bytes, half the time
        order = torch.arange(count, device=features.device, dtype=small).view(batch, 1, height * width)
        order = order.expand_as(ranking)  # image after image, so that a rank says the image too
        key = torch.empty_like(ranking, dtype=small).scatter_(-1, ranking, order).flip(-1).view_as(features)
    highest = _window_maxima(key, image, rows, columns)  # (R, ph, pw, C)
    if wanted:  # gradients take the way back: to the values in their ranking, and from there to their places
        shape, places = highest.shape, highest.flatten(0, 2).T.contiguous().long()  # (C, R·ph·pw)
        highest = ranked.transpose(0, 1).flatten(1).gather(1, places).T.view(shape)
    empty = (rows[..., 0] == rows[..., 1])[:, :, None] | (columns[..., 0] == columns[..., 1])[:, None, :]
    if bool(empty.any()):
        highest = highest.masked_fill(empty[..., None], 0)
    return highest.permute(0, 3, 1, 2).contiguous()


def _window_maxima(cells: Tensor, image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the maxima (R, ph, pw, C) of `cells` (N, C, H, W), in `image` (R,), between `rows` and `columns`.

    A window is the union of four smaller ones in its corners, with sides 2^i and 2^j, the
    largest that fit in. A table holds the maxima of all windows of such a size, and two
    windows side by side make the next: no loop over the regions. An empty window gives any
    number.
    """
    batch, channels, height, width = cells.shape
    lengths = [(bins[..., 1] - bins[..., 0]).clamp(min=1) for bins in (rows, columns)]
    high, wide = (torch.frexp(length.float()).exponent - 1 for length in lengths)
    levels = [1 + int(exponents.max()) if len(image) else 1 for exponents in (high, wide)]
    sizes = [(height - 2**i + 1, width - 2**j + 1) for i in range(levels[0]) for j in range(levels[1])]
    begins = torch.tensor([0, *(batch * h * w for h, w in sizes)]).cumsum(0)
    tables = cells.new_empty(int(begins[-1]), channels)  # all of them, one behind the other
    views = [
        tables[begin:end].view(batch, h, w, channels)
        for begin, end, (h, w) in zip(begins[:-1], begins[1:], sizes, strict=True)
    ]
    views[0].copy_(cells.permute(0, 2, 3, 1))  # a cell's channels side by side
    for number, table in enumerate(views[1:], start=1):
        i, j = divmod(number, levels[1])
        if j:
            half, before = 2 ** (j - 1), views[number - 1]
            torch.maximum(before[:, :, :-half], before[:, :, half:], out=table)
        else:
            half, before = 2 ** (i - 1), views[number - levels[1]]
            torch.maximum(before[:, :-half], before[:, half:], out=table)

    # Which row of `tables` holds each window's corners.
    size_number = (high[:, :, None] * levels[1] + wide[:, None, :]).long()  # (R, ph, pw)
    size = torch.tensor(sizes, device=cells.device)
    first = begins[:-1].to(cells.device)[size_number] + image[:, None, None] * size.prod(dim=1)[size_number]
    line = size[:, 1][size_number]
    ends = []
    for bins, exponents, limit in ((rows, high, height), (columns, wide, width)):
        low = bins[..., 0].clamp(max=limit - 1)  # an empty one may lie outside
        ends.append((low, torch.maximum(bins[..., 1] - 2 ** exponents.long(), low)))
    (top, bottom), (left, right) = ends
    above, below = first + top[:, :, None] * line, first + bottom[:, :, None] * line
    corners = [(at + x[:, None, :]).flatten() for at in (above, below) for x in (left, right)]
    highest = tables.index_select(0, corners[0])
    other = torch.empty_like(highest)  # one for all: new memory costs more than what is computed in it
    for corner in corners[1:]:
        torch.index_select(tables, 0, corner, out=other)
        torch.maximum(highest, other, out=highest)
    return highest.view(*size_number.shape, channels)
