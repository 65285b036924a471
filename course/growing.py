"""Regions that grow together, the most alike first, and the boxes of all of them as proposals: selective search.

It starts from many small pieces, each with a colour and a texture of its own. The two touching regions that are most
alike become one, and again, until the whole image is one region (Uijlings et al. 2013). On the way from a piece to the
image a cow has been, with luck, a region: so the boxes of *all* regions are the proposals. What is alike in one colour
space may differ in another, so it grows several times. `solutions.selective_search` is the same with its input checked.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from course.pieces import Regions, cut_into_pieces
from course.regions import Region

Similarity = Callable[[Region, Region, int], float | Tensor]
"""How alike two regions of an image of so many pixels are, as the exercise `region_similarity` asks for it."""

Merging = Callable[[Region, Region], Region]
"""Two regions as one, as the exercise `merge_regions` asks for it."""


@dataclass(frozen=True)
class Merge:
    """Two regions that became one, by their numbers, and the four terms of how alike they were, each from 0 to 1."""

    first: int
    second: int
    colour: float
    texture: float
    size: float
    fill: float

    @property
    def similarity(self) -> float:
        """The sum of the four terms."""
        return self.colour + self.texture + self.size + self.fill


@dataclass(frozen=True)
class Hierarchy:
    """How an image grew together: its pieces and, in the order in which they happened, the merges.

    `segments` (H, W) has the number of each pixel's piece, 0 … N − 1. `regions` are the N pieces, and then what each
    merge made: merge k made region N + k. The last region is the whole image.
    """

    segments: Tensor
    regions: list[Region]
    merges: list[Merge]

    def boxes(self) -> Tensor:
        """Return the boxes (2N − 1, 4) of all regions."""
        return torch.stack([region["box"] for region in self.regions])

    def after(self, merges: int) -> Tensor:
        """Return the map (H, W) of the regions that there are after so many merges, by their numbers."""
        now = torch.arange(len(self.regions))
        pieces = len(self.regions) - len(self.merges)
        for number in reversed(range(min(merges, len(self.merges)))):  # what the later ones did is known by then
            now[[self.merges[number].first, self.merges[number].second]] = now[pieces + number].clone()
        return now[self.segments]


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


def join(regions: Regions, first: int, second: int, new: int) -> None:
    """Write into row `new` what two regions are as one, as `merge_regions` does it."""
    size, other = regions.sizes[first], regions.sizes[second]
    regions.sizes[new] = size + other
    regions.boxes[new, :2] = np.minimum(regions.boxes[first, :2], regions.boxes[second, :2])
    regions.boxes[new, 2:] = np.maximum(regions.boxes[first, 2:], regions.boxes[second, 2:])
    for table in (regions.colour, regions.texture):
        table[new] = (size * table[first] + other * table[second]) / (size + other)


def grow(
    image: Tensor | NDArray[np.uint8],
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
    """
    regions = cut_into_pieces(image, scale, sigma, min_size, colours)
    neighbours, pixels = regions.neighbours, regions.segments.size
    pairs: list[tuple[float, int, int, list[float]]] = []  # a heap, with the most alike at the top
    merges: list[Merge] = []

    def compare(one: int, others: list[int]) -> None:
        for other, terms in zip(others, similarity_terms(regions, one, others).tolist(), strict=True):
            alike = sum(terms)
            if similarity is not None:
                alike = float(similarity(regions.as_dict(one), regions.as_dict(other), pixels))
            heapq.heappush(pairs, (-alike, min(one, other), max(one, other), terms))

    for one, around in neighbours.items():
        compare(one, sorted(other for other in around if other > one))
    while len(neighbours) > 1:
        _, first, second, terms = heapq.heappop(pairs)
        if first not in neighbours or second not in neighbours:
            continue  # one of them has become part of another region
        new = len(regions.sizes) - len(neighbours) + 1
        join(regions, first, second, new)
        if merge is not None:
            write(regions, new, merge(regions.as_dict(first), regions.as_dict(second)))
        merges.append(Merge(first, second, *terms))
        around = (neighbours.pop(first) | neighbours.pop(second)) - {first, second}
        for other in around:
            neighbours[other] = (neighbours[other] - {first, second}) | {new}
        neighbours[new] = around
        compare(new, sorted(around))
    return Hierarchy(torch.from_numpy(regions.segments), regions.as_dicts(), merges)


def selective_search(
    image: Tensor | NDArray[np.uint8],
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
    """
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


def write(regions: Regions, number: int, region: Region) -> None:
    """Write `region` into row `number`, in the place of what is there."""
    regions.sizes[number] = region["size"]
    for table, values in ((regions.boxes, region["box"]), (regions.colour, region["colour"])):
        table[number] = values.detach().cpu().numpy()
    regions.texture[number] = region["texture"].detach().cpu().numpy()
