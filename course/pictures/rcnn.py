"""Draws the pictures of chapter 7. A function's docstring is what the picture says to who cannot see it."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torchvision.ops import box_iou

from course.farm import CLASSES, Farm, Target
from course.pieces import as_bytes, cut_into_pieces
from course.plotting.diagrams import Page
from course.plotting.regions import draw_regions
from course.plotting.style import INK, PALETTE, draw_image
from course.proposals import alike, cut_out, joined

SCENE, LENGTH = 49, 128  # of the seed 3: a cow, a cat and a sheep
PIECES = {"scale": 150.0, "sigma": 0.6, "min_size": 20, "colours": "hsv"}
LEFT = 14  # regions, where the middle picture stops


def grown_together() -> Figure:
    """A farm scene three times. First it is cut into dozens of small pieces, each in its mean colour. Then a few large
    regions are left, for neighbours that look alike have grown together; some of them are animals. Last the boxes of
    all regions that there have been lie over the scene as thin lines, and for each animal the one that fits it best is
    bold, in the animal's colour and with its name.
    """
    image, target = _scene()
    now, maps, boxes = _grown(image)
    page, side, bottom = Page(7.4, 3.1), 2.18, 0.5
    lefts = [0.1 + number * (side + 0.33) for number in range(3)]
    start, middle, end = (page.picture(left, bottom, side) for left in lefts)
    draw_regions(start, image, maps[0], 0.5)
    draw_regions(middle, image, maps[1], 0.8)
    draw_image(end, image)
    _draw(end, boxes, ["white"] * len(boxes), 0.5, alpha=0.75)
    fits = box_iou(target["boxes"], boxes).argmax(dim=1)
    for box, label in zip(boxes[fits], target["labels"].tolist(), strict=True):
        for colour, width in (("white", 4.0), (PALETTE[label - 1], 2.4)):
            _draw(end, box[None], [colour], width)
        x1, y1 = box[:2].tolist()
        end.text(
            max(x1, 1), max(y1, 12) - 2, CLASSES[label], fontsize=10, color=INK, va="bottom",
            bbox={"facecolor": "white", "edgecolor": PALETTE[label - 1], "boxstyle": "round,pad=0.15"},
        )  # fmt: skip
    below = (f"{now} pieces", f"{LEFT} regions", f"{len(boxes)} boxes")
    for left, title, number in zip(lefts, ("cut", "grown together", "every box on the way"), below, strict=True):
        page.write(left + side / 2, bottom + side + 0.2, title, size=13)
        page.write(left + side / 2, bottom - 0.25, number, size=13)
    return page.figure


def warped_and_asked() -> Figure:
    """How R-CNN looks at a scene, from left to right. Three proposals lie on it: on the sheep, on the cat, and on
    meadow. Each is cut out with a rim and stretched to a square, whatever its shape. One network makes features of
    each square. From the features a machine for each class says what it is, sheep, cat or nothing, and a regression
    moves the box.
    """
    image, target = _scene()
    _, _, boxes = _grown(image)
    page = Page(7.4, 3.5)
    whole = page.picture(0.1, 0.73, 2.1)
    draw_image(whole, image)
    rows = [2.93, 1.75, 0.57]
    wanted = ("sheep", "cat", None)
    for name, y in zip(wanted, rows, strict=True):
        colour = PALETTE[CLASSES.index(name) - 1] if name else "#767676"
        box = _best(boxes, target, name)
        for ink, width in (("white", 3.6), (colour, 2.2)):
            _draw(whole, box[None], [ink], width)
        axis = page.picture(2.75, y - 0.45, 0.9)
        draw_image(axis, cut_out(image, box[None], 64, 6)[0])
        axis.spines[:].set_color(colour)
        axis.spines[:].set_linewidth(2.2)
        page.arrow((2.26, 1.75 + (y - 1.75) * 0.45), (2.7, y), colour="#767676")
        page.arrow((3.7, y), (4.05, 1.75 + (y - 1.75) * 0.62), colour="#767676")
        page.arrow((5.05, 1.75 + (y - 1.75) * 0.62), (5.4, y), colour="#767676")
        page.box(6.35, y + (0.14 if name else 0), f"{name}: yes" if name else "all machines: no", 1.8, 0.3, colour)
        if name:
            page.write(6.35, y - 0.2, "and the box moved a little", size=10)
    page.box(4.55, 1.75, "one\nnetwork", 0.9, 1.5)
    page.write(1.15, 0.5, "three of the proposals", size=12)
    return page.figure


def _scene() -> tuple[Tensor, Target]:
    return Farm(SCENE + 1, seed=3, size=(LENGTH, LENGTH), animals=(3, 3), occlusion=0.2)[SCENE]


def _grown(image: Tensor) -> tuple[int, list[Tensor], Tensor]:
    """Let regions grow together, by comparing all neighbours anew each time.

    Returns how many pieces there were, the maps (H, W) of pieces and of the regions when `LEFT` were left, and the
    boxes (N, 4) of all.
    """
    pieces = cut_into_pieces(as_bytes(image), **PIECES)  # type: ignore[arg-type]
    labels, count = torch.from_numpy(pieces.segments), len(pieces.neighbours)
    maps, regions = [labels.clone()], dict(enumerate(pieces.as_dicts()[:count]))
    touching = {(one, other) for one, around in pieces.neighbours.items() for other in around if one < other}
    boxes = [region["box"] for region in regions.values()]
    while touching:
        one, other = max(sorted(touching), key=lambda pair: alike(regions[pair[0]], regions[pair[1]], labels.numel()))
        new = len(boxes)
        regions[new] = joined(regions[one], regions[other])
        boxes.append(regions[new]["box"])
        labels[(labels == one) | (labels == other)] = new
        renamed = ({new if end in (one, other) else end for end in pair} for pair in touching)
        touching = {(min(pair), max(pair)) for pair in renamed if len(pair) == 2}
        if 2 * count - 1 - new == LEFT:
            maps.append(labels.clone())
    return count, maps, torch.stack(boxes)


def _best(boxes: Tensor, target: Target, name: str | None) -> Tensor:
    """Return the box that fits the largest animal of that name best, or for None a middling one that is on none."""
    iou = box_iou(target["boxes"], boxes)
    if name is None:
        sides = boxes[:, 2:] - boxes[:, :2]
        (free,) = torch.where((iou.amax(dim=0) < 0.02) & (sides.amin(dim=1) > 14) & (sides.amax(dim=1) < 60))
        return boxes[free[sides[free].prod(dim=1).argmax()]]
    own = target["boxes"][target["labels"] == CLASSES.index(name)]
    largest = own[(own[:, 2:] - own[:, :2]).prod(dim=1).argmax()]
    return boxes[box_iou(largest[None], boxes).argmax()]


def _draw(axis: Axes, boxes: Tensor, colours: list[str], width: float, alpha: float = 1.0) -> None:
    """Draw boxes (n, 4) on a picture, whose pixels' centres are at whole numbers."""
    for (x1, y1, x2, y2), colour in zip(boxes.tolist(), colours, strict=True):
        axis.add_patch(
            Rectangle(
                (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width, alpha=alpha
            )
        )
