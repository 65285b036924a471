"""RoI pooling as one would write it down, one bin after the other: nothing but the definition (Girshick 2015, §2.1).

`pooling` gives the same numbers without a loop over the regions. This one is for reading, and what a chapter shows.
"""

import torch
from torch import Tensor

from solutions.fast_rcnn.pooling import roi_bins
from solutions.require_rois import require_cells, require_rois


def roi_pool(features: Tensor, rois: Tensor, output_size: tuple[int, int], spatial_scale: float = 1.0) -> Tensor:
    """Return for each region the maxima of `features` (N, C, H, W) in a grid of bins: (R, C, ph, pw).

    A row of `rois` (R, 5) is (batch index, x1, y1, x2, y2) in pixels of the image, of which
    the map is `spatial_scale` times the size. `output_size` is (ph, pw), and `roi_bins` says
    which cells a bin takes; a bin without cells is 0. The result has the dtype of `features`,
    to which gradients flow back; that of equal maxima is shared among them. As
    `torchvision.ops.roi_pool` (Girshick 2015, §2.1).

    Raises:
        TypeError: not floating-point tensors of one dtype, or sizes that are not ints.
        ValueError: other shapes, a batch index that is none, exchanged corners, or a scale that is not positive.

    >>> features = torch.arange(16.0).view(1, 1, 4, 4)
    >>> roi_pool(features, torch.tensor([[0.0, 0.0, 0.0, 2.0, 1.0]]), (1, 2))
    tensor([[[[5., 6.]]]])
    """
    require_cells("features", features)
    require_rois(rois, len(features))
    pooled = []
    for image, *box in rois.unbind():
        rows, columns = roi_bins(torch.stack(box), output_size, spatial_scale, (features.shape[2], features.shape[3]))
        bins = [features[int(image), :, y1:y2, x1:x2].flatten(1) for y1, y2 in rows for x1, x2 in columns]
        grid = [cells.amax(dim=1) if cells.shape[1] else cells.sum(dim=1) for cells in bins]  # an empty sum is 0
        pooled.append(torch.stack(grid, dim=1).view(-1, *output_size))  # (C, ph, pw)
    return torch.stack(pooled) if pooled else features.new_zeros(0, features.shape[1], *output_size)
