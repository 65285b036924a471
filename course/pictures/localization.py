"""Draws the pictures of chapter 5. A function's docstring is what the picture says to who cannot see it."""

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Polygon, Rectangle

from course.farm import CLASSES, SEMANTIC_CLASSES, SKELETON, Farm
from course.plotting.diagrams import Page
from course.plotting.style import INK, PALETTE, colours_of, draw_image

SIDE = 128  # of the scenes, in pixels
HERD, ALONE = 114, 16  # scenes of the seed 2: two cows that overlap; one cow, all joints in view


def one_object() -> Figure:
    """A farm scene as a label map: two cows overlap, and are one patch of one colour; below it stands "how many?". Then
    another scene with one cow, a box around it with the word cow: "a class and four numbers". Then the same cow with
    seven dots, from its nose to its feet, joined by lines: "and its joints".
    """
    herd = Farm(HERD + 1, seed=2, size=(SIDE, SIDE))[HERD][1]
    image, target = Farm(ALONE + 1, seed=2, size=(SIDE, SIDE), animals=(1, 1), empty=0)[ALONE]
    page, side, bottom = Page(7.4, 3.1), 2.18, 0.5
    lefts = [0.1, 0.1 + side + 0.33, 0.1 + 2 * (side + 0.33)]
    labelled, boxed, jointed = (page.picture(left, bottom, side) for left in lefts)
    colours = torch.tensor([*map(to_rgb, colours_of(SEMANTIC_CLASSES)), *[(1.0, 1.0, 1.0)] * (256 - 8)])
    draw_image(labelled, colours[herd["semantic"]].permute(2, 0, 1).float())
    for axis in (boxed, jointed):
        draw_image(axis, image)
    x1, y1, x2, y2 = (target["boxes"][0] - 0.5).tolist()
    for colour, width in (("white", 4.0), (PALETTE[3], 2.4)):
        boxed.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width))
    boxed.text(
        x1, y1 - 3, CLASSES[int(target["labels"][0])], fontsize=12, color=INK, va="bottom",
        bbox={"facecolor": "white", "edgecolor": PALETTE[3], "boxstyle": "round,pad=0.2"},
    )  # fmt: skip
    points = (target["keypoints"][0, :, :2] - 0.5).tolist()
    for a, b in SKELETON:
        jointed.plot(*zip(points[a], points[b], strict=True), color="white", linewidth=3.5)
        jointed.plot(*zip(points[a], points[b], strict=True), color=PALETTE[3], linewidth=2)
    jointed.plot(*zip(*points, strict=True), "o", markersize=6, markerfacecolor=PALETTE[3], markeredgecolor="black")
    jointed.set(xlim=(-0.5, SIDE - 0.5), ylim=(SIDE - 0.5, -0.5))
    titles = ("a class for each pixel", "a class, four numbers", "and the joints")
    questions = ("how many cows?", "where is it?", "how does it stand?")
    for left, title, question in zip(lefts, titles, questions, strict=True):
        page.write(left + side / 2, bottom + side + 0.2, title, size=13)
        page.write(left + side / 2, bottom - 0.25, question, size=13)
    return page.figure


def mirrored_cow() -> Figure:
    """The face of a cow, seen from the front, three times. It has a dark patch around its left eye, which is on the
    right of the picture; that eye is marked L, the other one R. Then the picture is mirrored and the marks have moved
    with their pixels: L is on the left now, crossed out, for a cow that looks at you has its left eye on your right.
    Then the marks have changed places: L on the right, R on the left.
    """
    page, side, bottom = Page(7.4, 3.0), 2.18, 0.45
    lefts = [0.1, 0.1 + side + 0.33, 0.1 + 2 * (side + 0.33)]
    panels = (
        ("the picture", "L: its left eye", False, "L", "R"),
        ("mirrored, rows kept", "L is on the wrong side", True, "R", "L"),
        ("mirrored, rows exchanged", "right again", True, "L", "R"),
    )
    for place, (left, (title, below, turned, right, other)) in enumerate(zip(lefts, panels, strict=True)):
        _draw_face(page.picture(left, bottom, side), patch_on_the_right=not turned, right=right, left=other)
        page.write(left + side / 2, bottom + side + 0.18, title, size=12)
        page.write(
            left + side / 2, bottom - 0.23, ("✗ " if place == 1 else "✓ " if place == 2 else "") + below, size=11
        )
    return page.figure


def _draw_face(axis: Axes, *, patch_on_the_right: bool, right: str, left: str) -> None:
    """Draw a cow's face from the front, its eyes marked as they stand in the picture."""
    axis.set(xlim=(0, 10), ylim=(0, 10), facecolor="#cfe6f5")
    axis.add_patch(Rectangle((0, 0), 10, 3.2, facecolor="#8fbf7f"))
    for sign in (-1, 1):
        axis.add_patch(Ellipse((5 + sign * 3.3, 6.6), 2.4, 1.1, angle=sign * 20, facecolor="#b98d62", edgecolor=INK))
        horn = [(5 + sign * 1.2, 8.3), (5 + sign * 2.0, 8.1), (5 + sign * 2.3, 9.5)]
        axis.add_patch(Polygon(horn, facecolor="#f1e6cf", edgecolor=INK))
    axis.add_patch(Ellipse((5, 5.6), 5.2, 6.2, facecolor="#d9b48a", edgecolor=INK, linewidth=1.2))
    spot = 1 if patch_on_the_right else -1
    axis.add_patch(Ellipse((5 + spot * 1.3, 6.6), 2.1, 2.5, facecolor="#6b4226"))
    axis.add_patch(Ellipse((5, 3.5), 3.4, 2.2, facecolor="#efc9b5", edgecolor=INK))
    for sign in (-1, 1):
        axis.add_patch(Ellipse((5 + sign * 0.75, 3.6), 0.45, 0.65, facecolor=INK))
        axis.add_patch(Ellipse((5 + sign * 1.3, 6.5), 1.0, 1.0, facecolor="white", edgecolor=INK))
        axis.add_patch(Ellipse((5 + sign * 1.3, 6.5), 0.5, 0.5, facecolor=INK))
        name = right if sign > 0 else left
        axis.text(
            5 + sign * 3.5, 8.6, name, fontsize=15, fontweight="bold", ha="center", va="center", color="white",
            bbox={"facecolor": PALETTE[0] if name == "L" else PALETTE[3], "edgecolor": "white", "boxstyle": "circle"},
        )  # fmt: skip
        axis.plot([5 + sign * 3.0, 5 + sign * 1.7], [8.1, 6.9], color=INK, linewidth=1.4)
