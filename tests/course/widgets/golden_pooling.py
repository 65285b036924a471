"""Golden numbers of chapter 8's widget: the bins of boxes on small maps, what is pooled of them, and the gradients.

Boxes lie between cells, on the halves where rounding goes away from zero, over the map's edges and beyond them, and
one has its corners exchanged.
"""

import torch
from torch import Tensor

from solutions.fast_rcnn import roi_bins, roi_pool

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]

BOXES = [
    ("inside", [13.0, 21.5, 70.25, 58.0]),
    ("on the halves", [8.0, 24.0, 72.0, 40.0]),
    ("just below the halves", [7.75, 23.75, 71.75, 39.75]),
    ("a small one, whose bins share cells", [33.0, 34.0, 41.0, 44.0]),
    ("to the far edges", [50.0, 30.0, 96.0, 80.0]),
    ("over the near edges", [-24.0, -12.0, 30.0, 20.0]),
    ("beyond the map", [120.0, 100.0, 150.0, 130.0]),
    ("corners exchanged", [60.0, 50.0, 20.0, 10.0]),
]


def pooling_of_region_cases() -> list[Case]:
    """Return each box at two strides and four sizes of result, on maps of whole numbers in which some are equal."""
    cases: list[Case] = []
    for seed, (name, box) in enumerate(BOXES):
        for stride in (8, 16):
            height, width = 80 // stride, 96 // stride
            random = torch.Generator().manual_seed(seed)
            plane = torch.randint(-9, 30, (height, width), generator=random).double()
            for size in ((2, 2), (3, 3), (7, 7), (1, 4)):
                rows, columns = roi_bins(torch.tensor(box, dtype=torch.float64), size, 1 / stride, (height, width))
                values, gradient = pooled(plane, box, size, stride)
                cases.append(
                    {
                        "name": f"{name}, stride {stride}, {size[0]} × {size[1]}",
                        "features": plane.int().tolist(),
                        "box": [*box],
                        "stride": stride,
                        "size": [*size],
                        "rows": rows.tolist(),
                        "columns": columns.tolist(),
                        "pooled": values.int().tolist(),
                        "gradient": gradient.int().tolist(),
                    }
                )
    return cases


def pooled(plane: Tensor, box: list[float], size: tuple[int, int], stride: int) -> tuple[Tensor, Tensor]:
    """Return what the reference pools of one plane, and the gradient of the sum of it."""
    features = plane.clone()[None, None].requires_grad_()
    out = roi_pool(features, torch.tensor([[0.0, *box]], dtype=plane.dtype), size, 1 / stride)
    out.sum().backward()
    assert features.grad is not None
    return out.detach()[0, 0], features.grad[0, 0]
