"""Ways up, drawn: a map and what each rule makes of it, stamps and their sum, values put back on or beside a line.

Chapters ask for these rules as exercises, so what is drawn here comes from torch's own operators.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from course.plotting.grids import show_grids
from course.plotting.style import PALETTE, picture_axes, require_planes, set_title

_LINE = "#c9dbe8"


def show_ways_up(x: Tensor, scale: int = 2) -> Figure:
    """Draw a plane `x` (H, W) as grids of numbers: itself, and enlarged by nearest neighbour and as a bed of nails.

    Raises:
        ValueError: `x` is not (H, W).
    """
    require_planes({"x": x})
    corner = F.pad(torch.ones(1, 1, 1, 1, dtype=x.dtype), (0, scale - 1, 0, scale - 1))
    return show_grids(
        {
            "x": x,
            "nearest neighbour": F.interpolate(x[None, None], scale_factor=scale)[0, 0],
            "bed of nails": F.conv_transpose2d(x[None, None], corner, stride=scale)[0, 0],
        }
    )


def show_stamps(values: Tensor, stamp: Tensor, strides: Sequence[int]) -> Figure:
    """Draw, for each stride, the stamps of `values` (L,) with the filter `stamp` (k,), a row each, and their sum.

    Raises:
        ValueError: `values` or `stamp` is not one row of numbers.
    """
    if values.ndim != 1 or stamp.ndim != 1:
        raise ValueError(
            f"values and stamp must be rows (L,) and (k,), got {tuple(values.shape)}, {tuple(stamp.shape)}"
        )
    planes, sums = {}, {}
    for stride in strides:
        each = F.conv_transpose1d(torch.diag(values)[:, None], stamp[None, None], stride=stride)[:, 0]  # (L, M)
        title = f"stride {stride}"
        planes[title] = torch.cat([each, each.sum(dim=0, keepdim=True)])
        sums[title] = torch.zeros_like(planes[title], dtype=torch.bool)
        sums[title][-1] = True
    return show_grids(planes, marked=sums)


def show_put_back(line: Tensor, planes: Mapping[str, Tensor], name: str = "line") -> Figure:
    """Draw where planes (H, W) are not zero: a square where that is on the `line` (H, W), a cross where it is not.

    Each title says how many are on it; `name` is what the line is called there.

    Raises:
        ValueError: a plane of another shape than `line`, or a line that is not (H, W).
    """
    require_planes({name: line})
    figure, axes = picture_axes(1 + len(planes), columns=2, side=3.4)
    for number, axis in enumerate(axes):
        if number <= len(planes):
            axis.imshow(line.cpu().numpy() != 0, cmap=ListedColormap(["#ffffff", _LINE]), interpolation="nearest")
            axis.set_axis_on()
            axis.set(xticks=[], yticks=[])
    set_title(axes[0], f"the {name}s: {int((line != 0).sum())} pixels")
    for axis, (title, plane) in zip(axes[1:], planes.items(), strict=False):
        if plane.shape != line.shape:
            raise ValueError(f"{title!r} must have shape {tuple(line.shape)}, got {tuple(plane.shape)}")
        filled, on = (plane != 0).cpu(), (line != 0).cpu()
        for places, marker, colour in ((filled & ~on, "x", PALETTE[3]), (filled & on, "s", PALETTE[2])):
            rows, columns = places.nonzero(as_tuple=True)
            axis.scatter(columns.numpy(), rows.numpy(), s=9, marker=marker, color=colour, linewidths=0.9)
        set_title(axis, f"{title}: {int((filled & on).sum())} of {int(filled.sum())} on a {name}")
    return figure
