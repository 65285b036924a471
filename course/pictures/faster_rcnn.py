"""Draws the picture of chapter 9. A function's docstring is what the picture says to who cannot see it."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torchvision.ops import box_iou, nms

from course.anchors import anchors_of_a_map, anchors_of_a_place, boxes_to_learn
from course.farm import Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALETTE, draw_image

SCENE, LENGTH, STRIDE, PLACES = 49, 128, 8, 16  # of the seed 3: a cow, a cat and a sheep, as in chapters 7 and 8
GREY = "#767676"


def asked_everywhere() -> Figure:
    """Three times the same farm scene. On the left dots mark the places of a map of 16 × 16, and at one of them nine
    boxes of three sizes and three shapes lie around the dot: the anchors. In the middle the anchors that learn an
    animal are drawn bold, on the animals, and some of the many that learn that there is none as thin dashed lines. On
    the right each animal has a few boxes that lie well on it: proposals.
    """
    image, target = Farm(SCENE + 1, seed=3, size=(LENGTH, LENGTH), animals=(3, 3), occlusion=0.2)[SCENE]
    anchors = anchors_of_a_map((PLACES, PLACES), (STRIDE, STRIDE), anchors_of_a_place((24, 40, 64), (0.5, 1.0, 2.0)))
    matches = boxes_to_learn(box_iou(target["boxes"], anchors))
    colours = [PALETTE[label - 1] for label in target["labels"].tolist()]
    page, side, bottom = Page(7.4, 2.75), 2.2, 0.4
    asked, learnt, proposed = (page.picture(0.1 + number * 2.45, bottom, side) for number in range(3))
    for axis in (asked, learnt, proposed):
        draw_image(axis, image)
    at = torch.arange(PLACES) * STRIDE - 0.5
    y, x = torch.meshgrid(at, at, indexing="ij")
    asked.plot(x.flatten(), y.flatten(), ".", color="white", markersize=2.5)
    place = 9 * (PLACES * 7 + 7)
    for number, box in enumerate(anchors[place : place + 9]):
        _draw(asked, box, PALETTE[number // 3], 1.5)
    (none,) = torch.where(matches == -1)
    for box in anchors[none[::60]]:
        _draw(learnt, box, "white", 0.6, "--")
    for index in torch.where(matches >= 0)[0].tolist():
        _draw(learnt, anchors[index], colours[int(matches[index])], 1.8)
    for box, colour in zip(*_as_if_learnt(target["boxes"], colours), strict=True):
        _draw(proposed, box, colour, 1.8)
    for number, text in enumerate(("asked at every place", "what they learn", "proposals")):
        page.write(0.1 + number * 2.45 + side / 2, bottom - 0.22, text, size=12)
    return page.figure


def _as_if_learnt(boxes: Tensor, colours: list[str]) -> tuple[list[Tensor], list[str]]:
    """Return boxes that lie near each of `boxes` (G, 4), as a network that has learnt would propose them."""
    generator = torch.Generator().manual_seed(2)
    near, whose = [], []
    for number, box in enumerate(boxes):
        sides = (box[2:] - box[:2]).repeat(2)
        moved = box + sides * (torch.rand(12, 4, generator=generator) - 0.5) * 0.3
        kept = nms(moved, box_iou(moved, box[None])[:, 0], 0.7)[:3]
        near += list(moved[kept])
        whose += [colours[number]] * len(kept)
    return near, whose


def _draw(axis: Axes, box: Tensor, colour: str, width: float, line: str = "-") -> None:
    x1, y1, x2, y2 = box.tolist()
    axis.add_patch(
        Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width, linestyle=line)
    )
    axis.set_xlim(-0.5, LENGTH - 0.5)
    axis.set_ylim(LENGTH - 0.5, -0.5)
