"""Selective search: proposals from regions that grow together, most alike first (Uijlings et al. 2013).

The pieces that it starts from are Felzenszwalb & Huttenlocher's (2004), by scikit-image, in `course.pieces`; the
growing is in `course.growing`, where a chapter finds it, too. Here is what may be asked of them.
"""

from collections.abc import Sequence

from torch import Tensor

from course import growing
from course.growing import Hierarchy, Merge, Merging, Similarity
from solutions.require_proposals import Picture, require_picture, require_pieces, require_search

__all__ = ["Hierarchy", "Merge", "grow", "selective_search"]


def grow(
    image: Picture,
    scale: float = 80.0,
    sigma: float = 0.4,
    min_size: int = 6,
    colours: str = "hsv",
    similarity: Similarity | None = None,
    merge: Merging | None = None,
) -> Hierarchy:
    """Return how the regions of `image` (H, W, 3) uint8 grow together, the two that are most alike first.

    `scale`, `sigma` and `min_size` are those of the segmentation that it starts from;
    `colours` is "rgb", "hsv" or "lab". Where a `similarity` or a `merge` is given, that
    decides which two are most alike, or what becomes of them. Of pairs that are equally
    alike the one with the lowest numbers goes first.

    Raises:
        TypeError: `image` is no uint8 picture, or a number is none.
        ValueError: another shape, no pixel, or a number out of range.
    """
    require_picture(image)
    require_pieces(scale, sigma, min_size, colours)
    return growing.grow(image, scale, sigma, min_size, colours, similarity, merge)


def selective_search(
    image: Picture,
    scale: float | Sequence[float] = (80.0, 160.0),
    sigma: float = 0.4,
    min_size: int = 6,
    colours: Sequence[str] = ("hsv", "lab"),
    *,
    most: int = 2000,
    min_side: int = 0,
) -> Tensor:
    """Return boxes (N, 4) that may hold an object in `image` (H, W, 3) uint8, best first, float32.

    Regions grow in each of the `colours` from pieces of each `scale`, and each
    region's box is a proposal, once. Those from late merges come first, but not too strictly:
    the place in its hierarchy times a random number decides, always the same. The whole
    image's box is always among them; others with a side below `min_side` are left out, and
    of what is left at most `most` are returned. x2 and y2 are outside the region.

    Raises:
        TypeError: `image` is no uint8 picture, or a number is none.
        ValueError: another shape, no pixel, no scale, no colour space, or a number out of range.
    """
    require_picture(image)
    scales = (scale,) if isinstance(scale, int | float) else scale
    require_search(scales, sigma, min_size, colours, most, min_side)
    return growing.selective_search(image, scales, sigma, min_size, colours, most=most, min_side=min_side)
