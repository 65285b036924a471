"""Selective search: proposals from regions that grow together, most alike first (Uijlings et al. 2013).

It starts from many small pieces, each with a colour and a texture of its own. The two touching regions that are most
alike become one, and again, until the whole image is one region. On the way from a piece to the image a cow has been,
with luck, a region: so the boxes of *all* regions are the proposals. What is alike in one colour space may differ in
another, so it grows several times.

The pieces are Felzenszwalb & Huttenlocher's (2004), by scikit-image, in `course.regions`; the growing is here.
"""

import heapq
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course.pieces import Hierarchy, Merge, Merging, Picture, Regions, Similarity, cut_into_pieces
from solutions.require_proposals import require_picture, require_pieces, require_search


def similarity_terms(regions: Regions, one: int, others: Sequence[int]) -> NDArray[np.float64]:
    """Return how alike region `one` and each of `others` (M,) are, in colour, texture, size and fill: (M, 4).

    The sum of a row is what `region_similarity` gives for those two, here for many at once.
    """
    rest = list(others)
    colour = np.minimum(regions.colour[one], regions.colour[rest]).sum(axis=1)
    texture = np.minimum(regions.texture[one], regions.texture[rest]).sum(axis=1)
    sizes = regions.sizes[one] + regions.sizes[rest]
    low = np.minimum(regions.boxes[one, :2], regions.boxes[rest, :2])
    high = np.maximum(regions.boxes[one, 2:], regions.boxes[rest, 2:])
    around = (high - low).prod(axis=1)
    whole = regions.segments.size
    return np.stack([colour, texture, 1 - sizes / whole, 1 - (around - sizes) / whole], axis=1)


def compare(
    regions: Regions, one: int, others: Sequence[int], similarity: Similarity | None = None
) -> list[tuple[float, int, int, list[float]]]:
    """Return region `one` with each of `others`, for a heap: −likeness, the lower number, the higher one, the terms."""
    all_terms = similarity_terms(regions, one, others).tolist()
    alike = [sum(terms) for terms in all_terms]
    if similarity is not None:
        pixels = regions.segments.size
        alike = [float(similarity(regions.as_dict(one), regions.as_dict(other), pixels)) for other in others]
    pairs = zip(alike, others, all_terms, strict=True)
    return [(-likeness, min(one, other), max(one, other), terms) for likeness, other, terms in pairs]


def join(regions: Regions, first: int, second: int, new: int, merge: Merging | None = None) -> None:
    """Write into row `new` what two regions are as one: as `merge_regions` has it, or by `merge` where one is given."""
    if merge is not None:
        regions.write(new, merge(regions.as_dict(first), regions.as_dict(second)))
        return
    size, other = regions.sizes[first], regions.sizes[second]
    regions.sizes[new] = size + other
    regions.boxes[new, :2] = np.minimum(regions.boxes[first, :2], regions.boxes[second, :2])
    regions.boxes[new, 2:] = np.maximum(regions.boxes[first, 2:], regions.boxes[second, 2:])
    for table in (regions.colour, regions.texture):
        table[new] = (size * table[first] + other * table[second]) / (size + other)


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
    regions = cut_into_pieces(image, scale, sigma, min_size, colours)
    neighbours = regions.neighbours
    pairs = [
        pair
        for one, around in neighbours.items()
        for pair in compare(regions, one, sorted(other for other in around if other > one), similarity)
    ]
    heapq.heapify(pairs)  # the most alike at the top
    merges: list[Merge] = []
    while len(neighbours) > 1:
        _, first, second, terms = heapq.heappop(pairs)
        if first not in neighbours or second not in neighbours:
            continue  # one of them has become part of another region
        new = len(regions.sizes) - len(neighbours) + 1
        join(regions, first, second, new, merge)
        merges.append(Merge(first, second, *terms))
        around = (neighbours.pop(first) | neighbours.pop(second)) - {first, second}
        for other in around:
            neighbours[other] = (neighbours[other] - {first, second}) | {new}
        neighbours[new] = around
        for pair in compare(regions, new, sorted(around), similarity):
            heapq.heappush(pairs, pair)
    return Hierarchy(torch.from_numpy(regions.segments), regions.as_dicts(), merges)


def selective_search(
    image: Picture,
    scales: Sequence[float] = (80.0, 160.0),
    sigma: float = 0.4,
    min_size: int = 6,
    colours: Sequence[str] = ("hsv", "lab"),
    *,
    most: int = 2000,
    min_side: int = 0,
) -> Tensor:
    """Return boxes (N, 4) that may hold an object in `image` (H, W, 3) uint8, best first, float32.

    Regions grow in each of the `colours` from pieces of each of the `scales`, and each
    region's box is a proposal, once. Those from late merges come first, but not too strictly:
    the place in its hierarchy times a random number decides, always the same. The whole
    image's box is always among them; others with a side below `min_side` are left out, and
    of what is left at most `most` are returned. x2 and y2 are outside the region.

    Raises:
        TypeError: `image` is no uint8 picture, or a number is none.
        ValueError: another shape, no pixel, no scale, no colour space, or a number out of range.
    """
    require_picture(image)
    require_search(scales, colours, most, min_side)
    random = torch.Generator().manual_seed(0)
    boxes, ranks = [], []
    for space in colours:
        for scale in scales:
            own = grow(image, scale, sigma, min_size, space).boxes().flip(0)  # the whole image first
            boxes.append(own)
            ranks.append(torch.rand(len(own), generator=random) * torch.arange(len(own)))
    best_first = torch.cat(boxes)[torch.cat(ranks).argsort(stable=True)]  # the whole image has rank 0
    large = (best_first[:, 2:] - best_first[:, :2] >= min_side).all(dim=1)
    large[0] = True
    kept = dict.fromkeys(map(tuple, best_first[large].tolist()))  # each box once, where it came first
    return torch.tensor(list(kept)[:most])
