"""Draws the picture of chapter 8. A function's docstring is what the picture says to who cannot see it."""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course.farm import CLASSES, Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALETTE, draw_image
from course.roi import bins_on_map

SCENE, LENGTH, STRIDE, GRID = 49, 128, 8, 4  # of the seed 3: a cow, a cat and a sheep, as in chapter 7


def one_map_for_all() -> Figure:
    """From left to right: a farm scene with a proposal on the cat; a map of 16 × 16 cells, with the proposal's corners
    between the cells, dashed, and the whole cells to which they are rounded; those cells divided into 4 × 4 bins, of
    which some are wider than others; the 4 × 4 numbers that are left, the largest of each bin. From them come a name,
    cat, and four numbers that move the box.
    """
    image, target = Farm(SCENE + 1, seed=3, size=(LENGTH, LENGTH), animals=(3, 3), occlusion=0.2)[SCENE]
    colour = PALETTE[CLASSES.index("cat") - 1]
    box = target["boxes"][target["labels"] == CLASSES.index("cat")][0] + torch.tensor([3.0, 5.0, -4.0, 2.0])
    cells = F.max_pool2d(image.mean(dim=0)[None, None], STRIDE)[0, 0]
    rows, columns = bins_on_map(box, (GRID, GRID), 1 / STRIDE, (len(cells), len(cells)))
    page, side, bottom = Page(7.4, 2.5), 1.65, 0.6
    scene, whole = page.picture(0.1, bottom, side), page.picture(2.15, bottom, side)
    draw_image(scene, image)
    whole.imshow(cells.numpy(), cmap="gray", vmin=0, vmax=1)
    x1, y1, x2, y2 = box.tolist()
    for ink, width in (("white", 3.6), (colour, 2.2)):
        scene.add_patch(Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, edgecolor=ink, linewidth=width))
    corner = (x1 / STRIDE - 0.5, y1 / STRIDE - 0.5)
    for ink, line in (("white", "-"), (colour, "--")):
        whole.add_patch(
            Rectangle(corner, (x2 - x1) / STRIDE, (y2 - y1) / STRIDE, fill=False, edgecolor=ink, linewidth=1.8, ls=line)
        )
    left, right = int(columns[0, 0]), int(columns[-1, 1])
    top, low = int(rows[0, 0]), int(rows[-1, 1])
    whole.add_patch(
        Rectangle((left - 0.5, top - 0.5), right - left, low - top, fill=False, edgecolor=colour, linewidth=2.4)
    )
    region = cells[top:low, left:right]
    inch = 0.12
    high, wide = inch * (low - top), inch * (right - left)
    cut = page.picture(4.1, bottom + side / 2 - high / 2, wide, high)
    cut.imshow(region.numpy(), cmap="gray", vmin=0, vmax=1)
    for first, _ in columns[1:].tolist():
        cut.axvline(first - left - 0.5, color=colour, linewidth=1.6)
    for first, _ in rows[1:].tolist():
        cut.axhline(first - top - 0.5, color=colour, linewidth=1.6)
    kept = torch.stack([torch.stack([cells[a:b, c:d].max() for c, d in columns.tolist()]) for a, b in rows.tolist()])
    small = page.picture(4.1 + wide + 0.42, bottom + side / 2 - 0.3, 0.6)
    small.imshow(kept.numpy(), cmap="gray", vmin=0, vmax=1)
    middle = bottom + side / 2
    for start, end in ((1.79, 2.1), (3.84, 4.06), (4.14 + wide, 4.1 + wide + 0.38)):
        page.arrow((start, middle), (end, middle), colour="#767676")
    x = 4.1 + wide + 0.42 + 0.6
    page.arrow((x + 0.04, middle), (x + 0.3, middle), colour="#767676")
    page.box(x + 0.7, middle + 0.25, "cat", 0.74, 0.34, colour)
    page.box(x + 0.7, middle - 0.25, "moved", 0.74, 0.34, colour)
    for centre, text in ((0.925, "the scene, once"), (2.975, "its map"), (4.1 + wide / 2, "bins"), (x - 0.3, "maxima")):
        page.write(centre, bottom - 0.22, text, size=12)
    return page.figure
