"""`warp_regions`: show a network each proposal at the one size that it takes."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.rcnn import CHAPTER
from course.exercises.rcnn.shared_boxes import boxes_at


def _draw_image(rng: np.random.Generator, channels: int, height: int, width: int) -> Tensor:
    """Draw an image (C, H, W) of distinct numbers below 1, so that what lies outside, 0, is seen.

    Neighbours differ by less than 1. So where a right answer looks for a value a millionth of a pixel further, it finds
    the same within the tolerance.
    """
    return distinct(rng, (channels, height, width), sign="positive", step=1 / 256)


def _draw_size(rng: np.random.Generator, low: int = 7, high: int = 10) -> tuple[int, int]:
    height, width = different(rng, low, high)
    return height, width


def _draw_inside(
    rng: np.random.Generator, count: int, size: tuple[int, int], sides: Sequence[float], scale: float
) -> Tensor:
    """Draw boxes (R, 4) with different `sides`, that lie inside an image of `size` (H, W) even `scale` times as large.

    Half a pixel is left to the edge, within which values fade.
    """
    boxes = []
    for _ in range(count):
        drawn = rng.choice(sides, 2, replace=False)
        centre = [
            float(rng.integers(np.ceil(4 * (0.5 + scale * side / 2)), np.floor(4 * (end - 0.5 - scale * side / 2)) + 1))
            for side, end in zip(drawn, size[::-1], strict=True)
        ]
        boxes.append([*(number / 4 for number in centre), *drawn])
    drawn_boxes = torch.tensor(boxes, dtype=torch.float32)
    return boxes_at(drawn_boxes[:, :2], drawn_boxes[:, 2:])


def _call(name: str, image: Tensor, boxes: Tensor, size: int, context: int, gradient: bool = False) -> Case:
    return Case(name, {"image": image, "boxes": boxes, "size": size, "context": context}, gradient=gradient)


def _tensor(boxes: Sequence[Sequence[float]]) -> Tensor:
    return torch.tensor(boxes, dtype=torch.float32)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `warp_regions`, called by position as (image, boxes, size, context)."""
    height, width = _draw_size(rng)
    boxes = _draw_inside(rng, 3, (height, width), (2.25, 2.75, 3.25, 3.5), 5 / 3)
    yield _call("three boxes with some context, inside the image", _draw_image(rng, 2, height, width), boxes, 5, 1)

    height, width = _draw_size(rng)
    image, boxes = _draw_image(rng, 1, height, width), _draw_inside(rng, 2, (height, width), (2.25, 3.5, 4.75, 5.5), 1)
    yield _call("without context", image, boxes, 5, 0)

    height, width = _draw_size(rng)
    image, boxes = _draw_image(rng, 1, height, width), _draw_inside(rng, 2, (height, width), (1.25, 1.5, 2.5), 7 / 3)
    yield _call("more context than box", image, boxes, 7, 2)

    height, width = _draw_size(rng, 8, 10)
    image, boxes = _draw_image(rng, 2, height, width), _draw_inside(rng, 1, (height, width), (0.75, 1.0, 1.25), 5)
    yield _call("a single pixel for the box, the rest is context", image, boxes, 5, 2)

    x, y = (float(number) / 4 for number in rng.integers(8, 13, 2))
    boxes = _tensor([[x, 1.5, x + 1.25, 8], [1.25, y, 8.5, y + 1]])
    yield _call("a tall box and a wide one", _draw_image(rng, 1, 9, 11), boxes[rng.permutation(2)], 5, 1)

    height, width = _draw_size(rng)
    a, b, c, d = (float(number) / 4 for number in rng.integers(6, 14, 4))
    left, above = (-a, 1.75, 3.5, 5.5), (1.25, -b, 4.5, 2.75)
    beyond, below = (width - 3.25, 2.5, width + c, 6), (2.5, height - 2.75, 6, height + d)
    boxes = _tensor([left, above, beyond, below])
    yield _call("boxes over each edge of the image", _draw_image(rng, 1, height, width), boxes, 5, 0)

    height, width = _draw_size(rng, 4, 7)
    boxes = _tensor([[0, 0, width, height]])
    yield _call("the whole image, with context outside of it", _draw_image(rng, 1, height, width), boxes, 8, 2)

    # Cells of a quarter of a pixel and less: the outermost half pixel takes several of them.
    height, width = _draw_size(rng, 4, 6)
    boxes = _tensor([[0, 0.25, 1.25, 1.5], [width - 1.5, height - 1, width, height]])
    yield _call("two corners of the image, enlarged: the rim fades", _draw_image(rng, 1, height, width), boxes, 6, 1)

    height, width = _draw_size(rng, 4, 7)
    far = float(rng.integers(6, 12))
    boxes = _tensor([[width + far, 1, width + far + 4, 5], [-far - 3, -far - 5, -far, -far]])
    yield _call("outside of the image: all zero", _draw_image(rng, 2, height, width), boxes, 4, 1)

    height, width = _draw_size(rng, 4, 6)
    a, b, c, d = (float(number) / 4 for number in rng.integers(4, 20, 4))
    boxes = _tensor([[-a, -b, width + c, height + d]])
    yield _call("a box that is larger than the image", _draw_image(rng, 1, height, width), boxes, 7, 0)

    height, width = _draw_size(rng, 5, 8)
    boxes = _draw_inside(rng, 2, (height, width), (0.25, 0.5, 0.75), 2)
    yield _call("boxes smaller than a pixel", _draw_image(rng, 1, height, width), boxes, 4, 1)

    height, width = _draw_size(rng)
    corners = torch.from_numpy(rng.integers(0, 4, (2, 2))).float()
    boxes = torch.cat([corners, corners + 4], dim=1)
    yield _call("whole pixels, one for one", _draw_image(rng, 1, height, width), boxes, 4, 0)

    height, width = _draw_size(rng)
    image, boxes = _draw_image(rng, 2, height, width), _draw_inside(rng, 3, (height, width), (2.25, 3.5, 4.75), 1)
    yield _call("size 1: what is at the centre", image, boxes, 1, 0)

    yield _call("no box at all: empty", _draw_image(rng, 2, *_draw_size(rng)), torch.zeros(0, 4), 5, 1)

    height, width = _draw_size(rng, 6, 8)
    boxes = _draw_inside(rng, 2, (height, width), (1.25, 2.25, 2.75), 5 / 3).double() * 1.1 - 0.7 / 3
    yield _call("float64, with values that float32 cannot hold", thirds(rng, (1, height, width)) / 8, boxes, 5, 1)

    height, width = _draw_size(rng, 6, 8)
    image, boxes = _draw_image(rng, 1, height, width), _draw_inside(rng, 2, (height, width), (1.5, 2.25, 2.75), 5 / 3)
    yield _call("an image and boxes that are not contiguous", transposed(image), sliced(boxes), 5, 1)

    # The samples lie an odd number of sixteenths away from every pixel's centre, where the slope with respect to the
    # box would be another on either side. The second box reaches over an edge.
    height, width = _draw_size(rng, 6, 8)
    centres = _tensor([[3 + 3 / 16, 3 - 5 / 16], [5 / 16 + 1, height - 2 + 1 / 16]])
    centres = centres + torch.from_numpy(rng.integers(-2, 3, (2, 2))).float() / 8
    sides = torch.from_numpy(np.stack([different(rng, 3, 6) for _ in range(2)])).float() / 2
    image, boxes = _draw_image(rng, 2, height, width), boxes_at(centres, sides)
    yield _call("gradients flow back", image, boxes, 4, 1, gradient=True)


EXERCISE = Exercise(
    name="warp_regions",
    chapter=CHAPTER,
    points=9,
    minutes=30,
    difficulty=4,
    reference="solutions.rcnn:warp_regions",
    cases=cases,
    outputs=("regions",),
    hints=(
        "First one dimension, on paper: a box from 2 to 6, size 4, context 1. The box is to fill the middle two of "
        "four pixels, so how wide is a pixel of the result, where does the enlarged box begin, and where are the "
        "centres of the four?",
        "Sample j lies at centre + enlarged width · ((j + ½) / size − ½), in pixels of the image, and the same in y. "
        "`F.grid_sample` does the blending, if you tell it where the samples are: it counts from −1 at the left edge "
        "of the image to 1 at the right one. By hand, the four pixels to blend lie around x − ½ and y − ½.",
        "With x and y (R, size), the grid is (R, size, size, 2): `2 * x / W - 1` along its third dimension and "
        "`2 * y / H - 1` along its second, stacked as (x, y). The image goes in as `image.expand(R, -1, -1, -1)`, with "
        '`align_corners=False` and `padding_mode="zeros"`. That takes R = 0 too, while `F.affine_grid` does not.',
    ),
    forbidden=(r"^torchvision\.(ops|models\.detection)", r"^torch\.ops\.torchvision", r"^kornia"),
    forbidden_sentence="This exercise is to find the places yourself, without a library that pools regions.",
    insight=(
        "A tall person and a lying log look alike now: 227 by 227. The network has to learn each shape in all its "
        "stretches, and it runs once a region, two thousand times an image. Both will bother somebody soon."
    ),
)
