"""Draws the picture of chapter 11. A function's docstring is what the picture says to who cannot see it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from course.farm import CLASSES, Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALETTE, draw_image

SCENE, LENGTH = 8, 128  # of the seed 11: sheep that stand in front of one another


def three_answers() -> Figure:
    """The same herd of sheep three times. First every pixel of a sheep has the same colour, and where two sheep touch
    nobody can tell them apart. Then each sheep has a box, and every box holds grass and pieces of its neighbours. Last
    each sheep has the pixels that are its own, in a colour of its own.
    """
    farm = Farm(SCENE + 1, seed=11, size=(LENGTH, LENGTH), animals=(4, 5), things=("sheep",), occlusion=0.5)
    image, target = farm[SCENE]
    page, side = Page(8.2, 2.95), 2.6
    herd = CLASSES.index("sheep") - 1
    masks: NDArray[np.bool_] = target["masks"].numpy()
    for place, text in enumerate(("a name for each pixel", "a box for each animal", "its own pixels for each animal")):
        left = 0.1 + place * (side + 0.1)
        scene = page.picture(left, 0.1, side)
        draw_image(scene, image)
        page.write(left + side / 2, side + 0.22, text, size=11)
        if place == 0:
            _paint(scene, np.any(masks, axis=0), PALETTE[herd])
        for number, mask in enumerate(masks):
            if place == 2:
                _paint(scene, mask, PALETTE[number])
        if place == 1:
            for x1, y1, x2, y2 in target["boxes"].tolist():
                for ink, width in (("white", 3.4), (PALETTE[herd], 2.0)):
                    corner = (x1 - 0.5, y1 - 0.5)
                    scene.add_patch(Rectangle(corner, x2 - x1, y2 - y1, fill=False, edgecolor=ink, linewidth=width))
        scene.set_xlim(-0.5, LENGTH - 0.5)
        scene.set_ylim(LENGTH - 0.5, -0.5)
    return page.figure


def _paint(scene: Axes, mask: NDArray[np.bool_], colour: str) -> None:
    """Lay a colour over the pixels of a mask, and a line around them."""
    layer = np.zeros((*mask.shape, 4))
    layer[mask] = to_rgba(colour, 0.6)
    scene.imshow(layer, interpolation="nearest")
    scene.contour(mask, levels=[0.5], colors=["white"], linewidths=1.2)
