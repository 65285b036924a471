"""Draws the pictures of chapter 3. A function's docstring is what the picture says to who cannot see it."""

import torch.nn.functional as F
from matplotlib.figure import Figure

from course.farm import Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALE, draw_image

SCENE = 91  # of the seed 2: a white fence, with next to nothing before it
SIDE = 128  # of the scene, in pixels
BLOCK = 8  # pixels of a side, of what pooling makes one of


def where_is_the_fence() -> Figure:
    """A farm scene three times. First as it is: a duck and a pond, and before them a white fence of thin rails. Then
    pooled, each 8 × 8 pixels to the largest: the fence has become a thick wall. Then an empty square of the full size
    with a question mark: in which pixels does the fence stand?
    """
    image = Farm(SCENE + 1, seed=2, size=(SIDE, SIDE))[SCENE][0]
    page, side, bottom = Page(7.4, 3.1), 2.18, 0.5
    lefts = [0.1, 0.1 + side + 0.33, 0.1 + 2 * (side + 0.33)]
    seen, pooled, wanted = (page.picture(left, bottom, side) for left in lefts)
    draw_image(seen, image)
    draw_image(pooled, F.max_pool2d(image, BLOCK))
    wanted.set(xlim=(0, 1), ylim=(0, 1))
    wanted.text(0.5, 0.48, "?", fontsize=80, color=PALE, ha="center", va="center")
    titles = (f"{SIDE} × {SIDE} pixels", f"pooled to {SIDE // BLOCK} × {SIDE // BLOCK}", f"{SIDE} × {SIDE} again")
    questions = ("a fence of thin rails", "there is a fence", "but where?")
    for left, title, question in zip(lefts, titles, questions, strict=True):
        page.write(left + side / 2, bottom + side + 0.2, title, size=13)
        page.write(left + side / 2, bottom - 0.25, question, size=13)
    for left in lefts[1:]:
        page.arrow((left - 0.29, bottom + side / 2), (left - 0.04, bottom + side / 2))
    return page.figure


def mirror_of_segnet() -> Figure:
    """A network in the shape of a V. On the way down the left side a map of 48 × 48 is convolved and pooled to 24 × 24,
    and that one to 12 × 12. On the way up the right side the map of 12 × 12 is unpooled and convolved to 24 × 24, and
    that one to 48 × 48. Indices cross over: those of the second pooling to the first unpooling, those of the first
    pooling to the second unpooling.
    """
    page = Page(6.6, 4.3)
    levels = {48: 3.75, 24: 2.25, 12: 0.55}
    for inset, (side, y) in zip((0.0, 0.75), list(levels.items())[:2], strict=True):
        left, right = 1.25 + inset, 5.35 - inset
        for x, text in ((left, "convolve, pool"), (right, "unpool, convolve")):
            page.box(x, y, text, 2.0)
            page.write(x, y + 0.38, f"{side} × {side}", size=11.5, colour=PALE)
        page.arrow((left + 1.05, y), (right - 1.05, y), dashed=True)
        page.write(
            3.3, y + (0.17 if side == 48 else 0.62), "indices" if side == 48 else "indices,\nused first", size=11.5
        )
    page.box(3.3, levels[12], "12 × 12: small, and it sees far", 3.2)
    page.arrow((1.4, 3.49), (1.7, 2.82))
    page.arrow((4.9, 2.82), (5.2, 3.49))
    page.arrow((2.15, 1.99), (2.6, 0.81))
    page.arrow((4.0, 0.81), (4.45, 1.99))
    return page.figure
