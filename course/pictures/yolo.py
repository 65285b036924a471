"""Draws the picture of chapter 10. A function's docstring is what the picture says to who cannot see it."""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course.farm import CLASSES, Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALETTE, draw_image
from course.yolo import cells_of_objects

SCENE, LENGTH, GRID = 49, 128, 7  # of the seed 3: a cow, a cat and a sheep, as in chapters 7 to 9


def one_cell_answers() -> Figure:
    """On the left a farm scene under a grid of 7 × 7 cells. Each animal has its box and a dot in the middle of it, and
    the cell in which the dot lies is drawn in the animal's colour. On the right, for each of these three cells, the
    row of numbers that it should say: x, y, w, h, 1 for an object, and the animal's name.
    """
    image, target = Farm(SCENE + 1, seed=3, size=(LENGTH, LENGTH), animals=(3, 3), occlusion=0.2)[SCENE]
    page, side, bottom = Page(7.4, 2.9), 2.6, 0.15
    scene = page.picture(0.1, bottom, side)
    draw_image(scene, image)
    cell = LENGTH / GRID
    for line in range(1, GRID):
        for draw in (scene.axhline, scene.axvline):
            draw(line * cell - 0.5, color="white", linewidth=0.8)
    cells = cells_of_objects(target["boxes"], target["labels"], GRID, len(CLASSES) - 1, (LENGTH, LENGTH))
    left, top = 2.98, bottom + side - 0.35
    for place, text in enumerate(("x", "y", "w", "h", "object", "class")):
        page.write(left + 0.65 * place + 0.32, top + 0.22, text, size=11)
    for row, (box, label) in enumerate(zip(target["boxes"], target["labels"].tolist(), strict=True)):
        colour = PALETTE[label - 1]
        x1, y1, x2, y2 = box.tolist()
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        corner = (int(x / cell) * cell - 0.5, int(y / cell) * cell - 0.5)
        for ink, width in (("white", 4.4), (colour, 3.0)):
            scene.add_patch(Rectangle(corner, cell, cell, fill=False, edgecolor=ink, linewidth=width))
        scene.add_patch(Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=1.4))
        scene.plot(x - 0.5, y - 0.5, "o", color=colour, markeredgecolor="white", markersize=6)
        said = cells[int(y / cell), int(x / cell)]
        texts = [f"{number:.2f}" for number in said[:4].tolist()] + ["1", CLASSES[1 + int(torch.argmax(said[5:]))]]
        for place, text in enumerate(texts):
            page.box(left + 0.65 * place + 0.32, top - 0.35 - 0.72 * row, text, 0.6, 0.42, colour)
    scene.set_xlim(-0.5, LENGTH - 0.5)
    scene.set_ylim(LENGTH - 0.5, -0.5)
    return page.figure
