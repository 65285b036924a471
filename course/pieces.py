"""Regions to start from: a picture cut where it changes, and what each piece looks like.

Selective search (Uijlings et al. 2013) grows proposals from the many small pieces that Felzenszwalb & Huttenlocher's
(2004) segmentation leaves. This is what it needs of a picture before anything grows: the pieces, which of them touch,
and of each its size, its box and two histograms, of colours and of texture.
"""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from skimage.color import rgb2hsv, rgb2lab
from skimage.segmentation import felzenszwalb
from torch import Tensor

from course.regions import Region

Number = TypeVar("Number", np.int64, np.float64)

COLOUR_BINS, TEXTURE_BINS, ORIENTATIONS = 25, 10, 8
"""Of a histogram a channel, of a histogram a channel and orientation, and the orientations: 75 and 240 numbers."""

COLOURS = ("rgb", "hsv", "lab")
"""Colour spaces in which a picture can be cut and its regions compared."""

_FAINT = 0.2  # where hue and saturation begin to fade, of the difference between channels and of brightness
_STEEPEST = 0.2  # derivatives beyond it are in the outermost bins; a full step from 0 to 1 has 0.4


@dataclass(frozen=True)
class Regions:
    """A picture's N pieces, and room for the N − 1 regions that they can grow to: row n of each table is region n.

    `segments` (H, W) has the piece of each pixel, 0 … N − 1. `sizes` (2N − 1,), `boxes` (2N − 1, 4), `colour`
    (2N − 1, 75) and `texture` (2N − 1, 240) are zero from row N on. `neighbours` has for each piece those that it
    touches, be it at a corner of two pixels.
    """

    segments: NDArray[np.int64]
    sizes: NDArray[np.int64]
    boxes: NDArray[np.float64]
    colour: NDArray[np.float64]
    texture: NDArray[np.float64]
    neighbours: dict[int, set[int]]

    def as_dicts(self) -> list[Region]:
        """Return all regions one by one, in float32."""
        tables = (torch.from_numpy(table).float().unbind() for table in (self.boxes, self.colour, self.texture))
        return [
            {"size": size, "box": box, "colour": colour, "texture": texture}
            for size, box, colour, texture in zip(self.sizes.tolist(), *tables, strict=True)
        ]

    def as_dict(self, number: int) -> Region:
        """Return one region, in float32."""
        box, colour, texture = (
            torch.from_numpy(table[number]).float() for table in (self.boxes, self.colour, self.texture)
        )
        return {"size": int(self.sizes[number]), "box": box, "colour": colour, "texture": texture}


def cut_into_pieces(
    image: Tensor | NDArray[np.uint8], scale: float, sigma: float, min_size: int, colours: str = "rgb"
) -> Regions:
    """Cut an image (H, W, 3) uint8 where its colours change, and describe each piece.

    A larger `scale` gives larger pieces; the image is blurred by `sigma` first, and pieces below `min_size` pixels join
    a neighbour. All of it happens in the colour space `colours`.
    """
    picture = image.cpu().numpy() if isinstance(image, Tensor) else image
    channels = in_colours(picture, colours)
    segments = felzenszwalb(channels, scale, sigma, min_size, channel_axis=-1).astype(np.int64)
    sizes = np.bincount(segments.ravel())
    return Regions(
        segments,
        _with_room(sizes),
        _with_room(_boxes(segments, len(sizes))),
        _with_room(_histograms(segments, channels, len(sizes), COLOUR_BINS)),
        _with_room(_histograms(segments, _slopes(channels), len(sizes), TEXTURE_BINS)),
        _neighbours(segments, len(sizes)),
    )


def as_bytes(image: Tensor) -> Tensor:
    """Return an image (3, H, W) in [0, 1] as bytes (H, W, 3)."""
    return (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)


def in_colours(image: NDArray[np.uint8], colours: str) -> NDArray[np.float64]:
    """Return an image (H, W, 3) in another colour space, each channel between 0 and 1.

    Grey has no hue and black no saturation, and what noise makes of them is anything: so both fade out there.
    """
    if colours == "hsv":
        hue, saturation, value = np.moveaxis(np.asarray(rgb2hsv(image), dtype=np.float64), -1, 0)
        faded = hue * np.minimum(saturation * value / _FAINT, 1), saturation * np.minimum(value / _FAINT, 1)
        return np.stack([*faded, value], axis=-1)
    if colours == "lab":
        lab = np.asarray(rgb2lab(image), dtype=np.float64) + np.array([0.0, 128.0, 128.0])
        shares: NDArray[np.float64] = np.clip(lab / np.array([100.0, 255.0, 255.0]), 0, 1)
        return shares
    return image / 255.0


def _with_room(table: NDArray[Number]) -> NDArray[Number]:
    """Return a table with N − 1 more rows of zeros."""
    larger: NDArray[Number] = np.concatenate([table, np.zeros_like(table[1:])])
    return larger


def _slopes(channels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how steeply each channel (H, W, 3) rises in eight directions, (H, W, 24), as numbers between 0 and 1.

    Those are derivatives of a Gaussian with σ = 1. In a direction it is a mixture of the two along the axes; half a
    turn has all of them, since the other half only changes the sign. What is flat lies in the middle of a bin, so that
    no rounding decides where it counts.
    """
    x = torch.arange(-3.0, 4.0, dtype=torch.float64)
    bell = torch.exp(-(x**2) / 2)
    bell = bell / bell.sum()
    steep = x * bell  # the Gaussian's derivative, turned round as a correlation has it
    planes = F.pad(torch.from_numpy(channels).permute(2, 0, 1)[:, None], (3, 3, 3, 3), mode="replicate")
    right = F.conv2d(F.conv2d(planes, bell.view(1, 1, 7, 1)), steep.view(1, 1, 1, 7))
    down = F.conv2d(F.conv2d(planes, steep.view(1, 1, 7, 1)), bell.view(1, 1, 1, 7))
    angles = [math.pi * step / ORIENTATIONS for step in range(ORIENTATIONS)]
    slopes = torch.cat([math.cos(angle) * right + math.sin(angle) * down for angle in angles], dim=1)
    shares: NDArray[np.float64] = (
        ((slopes / _STEEPEST + 1) / 2 + 0.5 / TEXTURE_BINS).clamp(0, 1).permute(2, 3, 0, 1).flatten(2).numpy()
    )
    return shares


def _histograms(segments: NDArray[np.int64], values: NDArray[np.float64], count: int, bins: int) -> NDArray[np.float64]:
    """Return a histogram a channel of each piece's values (H, W, C) in [0, 1], side by side: (count, C · bins)."""
    channels = values.shape[-1]
    fallen = np.minimum((values * bins).astype(np.int64), bins - 1) + bins * np.arange(channels)
    places = segments[..., None] * (channels * bins) + fallen
    counted = np.bincount(places.ravel(), minlength=count * channels * bins).reshape(count, -1)
    shares: NDArray[np.float64] = counted / counted.sum(axis=1, keepdims=True)
    return shares


def _boxes(segments: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    rows, columns = np.indices(segments.shape)
    boxes = np.empty((count, 4))
    for side, places in enumerate((columns, rows)):
        first, last = np.full(count, places.size), np.zeros(count, dtype=np.int64)
        np.minimum.at(first, segments, places)
        np.maximum.at(last, segments, places + 1)
        boxes[:, side], boxes[:, side + 2] = first, last
    return boxes


def _neighbours(segments: NDArray[np.int64], count: int) -> dict[int, set[int]]:
    pairs = [
        (segments[:, :-1], segments[:, 1:]), (segments[:-1], segments[1:]),
        (segments[:-1, :-1], segments[1:, 1:]), (segments[:-1, 1:], segments[1:, :-1]),
    ]  # fmt: skip
    codes = np.unique(np.concatenate([(first * count + second).ravel() for first, second in pairs]))
    neighbours: dict[int, set[int]] = {number: set() for number in range(count)}
    for first, second in zip((codes // count).tolist(), (codes % count).tolist(), strict=True):
        if first != second:
            neighbours[first].add(second)
            neighbours[second].add(first)
    return neighbours
