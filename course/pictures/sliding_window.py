"""Draws the picture of chapter 1. A function's docstring is what the picture says to who cannot see it."""

from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from course.farm import IGNORE, SEMANTIC_CLASSES, Farm
from course.plotting.style import CARD, INK, colours_of, draw_image

SCENE = 20  # of the seed 1: a cow, a sheep, ducks, a pond; much to confuse
SIZE = 21  # of the window, in pixels
CENTRE = (50, 113)  # row and column of the pixel that is asked for: where the cow meets the sheep


def which_pixels() -> Figure:
    """A farm scene that is half painted. Above a line, each pixel has the colour of its class; below it there is still
    the photograph. On the line a small window frames one pixel and what is around it, and stands enlarged beside the
    scene: is the pixel in its middle cow?
    """
    image, target = Farm(SCENE + 1, seed=1, size=(96, 144))[SCENE]
    (row, column), half = CENTRE, SIZE // 2
    figure = plt.figure(figsize=(7.4, 3.7), facecolor=CARD)
    scene = figure.add_axes((0.02, 0.14, 0.67, 0.83))
    window = figure.add_axes((0.745, 0.31, 0.235, 0.47))

    draw_image(scene, image)
    labels = target["semantic"].clone().float()
    labels[target["semantic"] == IGNORE] = len(SEMANTIC_CLASSES)
    labels[row, column:] = float("nan")
    labels[row + 1 :] = float("nan")
    painted = ListedColormap([*colours_of(SEMANTIC_CLASSES), CARD])
    scene.imshow(labels.numpy(), cmap=painted, vmin=-0.5, vmax=len(SEMANTIC_CLASSES) + 0.5, interpolation="nearest")
    draw_image(window, image)
    window.set_xlim(column - half - 0.5, column + half + 0.5)
    window.set_ylim(row + half + 0.5, row - half - 0.5)

    for axis, wide in ((scene, 1.0), (window, 1.4)):
        for colour, width in (("white", 4 * wide), ("black", 2 * wide)):
            corner = (column - half - 0.5, row - half - 0.5)
            axis.add_patch(Rectangle(corner, SIZE, SIZE, fill=False, edgecolor=colour, linewidth=width, clip_on=False))
    for colour, width in (("white", 4), ("black", 2)):
        pixel = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=width)
        window.add_patch(pixel)
    for edge in (-half - 0.5, half + 0.5):
        here, there = (column + half + 0.5, row + edge), (column - half - 0.5, row + edge)
        figure.add_artist(ConnectionPatch(here, there, "data", "data", axesA=scene, axesB=window, color=INK))
    for axis in (scene, window):
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
    scene.set_xlabel("above: every pixel named      below: still to ask", fontsize=13, color=INK, labelpad=8)
    window.set_title("the next pixel", fontsize=14, color=INK, pad=8)
    window.set_xlabel("cow, or not?", fontsize=16, color=INK, labelpad=8)
    return figure
