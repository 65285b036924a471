"""Golden numbers of chapter 11's widget: points between the cells of a map, and means over the bins of boxes.

Points lie on cells, between them, on the map's edges, up to a cell beyond and further; boxes are those of RoI pooling,
at one, two and as many dots as a bin has cells, with and without `aligned`. Everything in float64.
"""

import torch

from solutions.roi_align import bilinear_sample, roi_align
from tests.course.widgets.golden_pooling import BOXES

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]

PLACES = [-1.25, -1.0, -0.75, 0.0, 0.25, 1.0, 1.5, 2.875, 3.0, 3.5, 4.0, 4.125]
SIZES = [(2, 2), (3, 1), (1, 4)]


def sampling_cases() -> list[Case]:
    """Return a map of 4 × 3 cells and the values at all pairs of `PLACES`, a row of the pairs a case."""
    plane = torch.randint(-9, 30, (4, 3), generator=torch.Generator().manual_seed(5)).double()
    x = torch.tensor(PLACES, dtype=torch.float64)
    return [
        {
            "name": f"y = {y}",
            "features": plane.int().tolist(),
            "y": y,
            "x": [*PLACES],
            "values": _nine(bilinear_sample(plane[None], torch.full_like(x, y), x)[0]),
        }
        for y in PLACES
    ]


def aligning_cases() -> list[Case]:
    """Return each box at two strides, three ratios, with and without `aligned`, on maps of whole numbers."""
    cases: list[Case] = []
    for seed, (name, box) in enumerate(BOXES):
        for stride in (8, 16):
            random = torch.Generator().manual_seed(seed)
            plane = torch.randint(-9, 30, (80 // stride, 96 // stride), generator=random).double()
            rois = torch.tensor([[0.0, *box]], dtype=torch.float64)
            for ratio in (1, 2, -1):
                for aligned in (True, False):
                    size = SIZES[len(cases) // 2 % len(SIZES)] if stride == 8 else SIZES[0]
                    values = roi_align(plane[None, None], rois, size, 1 / stride, ratio, aligned)[0, 0]
                    kind = "aligned" if aligned else "not aligned"
                    cases.append(
                        {
                            "name": f"{name}, stride {stride}, ratio {ratio}, {kind}",
                            "features": plane.int().tolist(),
                            "box": [*box],
                            "stride": stride,
                            "size": [*size],
                            "ratio": ratio,
                            "aligned": aligned,
                            "values": [_nine(line) for line in values],
                        }
                    )
    return cases


def _nine(numbers: torch.Tensor) -> list[Json]:
    """Return numbers with nine decimals: the last bits depend on the order in which a processor adds."""
    return [round(number, 9) for number in numbers.tolist()]
