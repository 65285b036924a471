"""Draws the pictures of chapter 4. A function's docstring is what the picture says to who cannot see it."""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from course.farm import Farm
from course.plotting.diagrams import Page
from course.plotting.style import PALETTE, draw_image

SCENE = 9  # of the seed 1: two ducks, which an outline is enough to tell
SIDE = 128  # of a scene, in pixels
BLOCK = 8  # pixels of a side, for which one value stands; a stamp is twice as wide, so that neighbours overlap
SCENES = 40  # of the seed 0, from which the stamp is learnt


def learnt_stamp() -> Figure:
    """From left to right: a farm scene with two ducks; the scene in 16 × 16 grey squares, each as bright as its share
    of animal; a stamp that was learnt from other scenes, a bright round bump; and 256 of these stamps, each weighted by
    its square and summed. The ducks' outlines are back, soft but in their places.
    """
    image, animals = _scene(SCENE, seed=1)
    coarse = F.avg_pool2d(animals, BLOCK)
    stamp = _learn_stamp()
    page, side, bottom = Page(7.4, 2.85), 1.9, 0.48
    scene, values, answer = (page.picture(left, bottom, side) for left in (0.08, 2.16, 5.42))
    pattern = page.picture(4.3, bottom + 0.75, 0.88)
    draw_image(scene, image)
    draw_image(values, coarse[0, 0])
    draw_image(pattern, (stamp[0, 0] - stamp.min()) / (stamp.max() - stamp.min()))
    draw_image(answer, F.conv_transpose2d(coarse, stamp, stride=BLOCK, padding=BLOCK // 2)[0, 0])
    page.arrow((4.12, bottom + 0.5), (5.36, bottom + 0.5))
    top, below = bottom + side + 0.22, bottom - 0.25
    for x, title, question in (
        (1.03, "a scene", "two ducks"),
        (3.11, f"{SIDE // BLOCK} × {SIDE // BLOCK} values", "how much duck?"),
        (4.74, "one stamp", "learnt"),
        (6.37, f"{SIDE} × {SIDE} pixels", "all stamps, summed"),
    ):
        page.write(x, top, title, size=13)
        page.write(x, below, question, size=13)
    return page.figure


def _learn_stamp() -> Tensor:
    """Return the stamp (1, 1, 16, 16) whose weighted sum comes closest to the animals of other scenes."""
    animals = torch.cat([_scene(number, seed=0)[1] for number in range(SCENES)])
    coarse = F.avg_pool2d(animals, BLOCK)
    stamp = torch.zeros(1, 1, 2 * BLOCK, 2 * BLOCK, requires_grad=True)
    optimiser = torch.optim.LBFGS([stamp], max_iter=40)

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.mse_loss(F.conv_transpose2d(coarse, stamp, stride=BLOCK, padding=BLOCK // 2), animals)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return stamp.detach()


def fcn_ladder() -> Figure:
    """A row of maps: an image is halved to the strides 8, 16 and 32. Each of the three maps gives class scores. Those
    at stride 32, enlarged by 32, are the answer of FCN-32s. Doubled and added to the scores at stride 16, then enlarged
    by 16, they are that of FCN-16s. The sum, doubled and added to the scores at stride 8, then enlarged by 8, is that
    of FCN-8s.
    """
    page = Page(7.0, 4.9)
    columns = {8: 1.95, 16: 3.3, 32: 4.65}
    rows = {32: 3.35, 16: 2.05, 8: 0.75}
    page.box(0.62, 4.45, "image", 0.9)
    page.arrow((1.07, 4.45), (1.38, 4.45))
    for stride, x in columns.items():
        page.box(x, 4.45, f"stride {stride}", 1.1)
        page.box(x, 3.35, "scores", 1.0, colour=PALETTE[1])
        page.arrow((x, 4.24), (x, 3.58))
        if stride < 32:
            page.arrow((x + 0.55, 4.45), (x + 0.78, 4.45))
    for before, stride in ((32, 16), (16, 8)):
        middle, y = columns[32], rows[stride]
        page.box(middle, y, "+", 0.42, colour=PALETTE[1])
        page.arrow((middle, rows[before] - 0.21), (middle, y + 0.23))
        page.write(middle + 0.12, (rows[before] + y) / 2, "doubled", across="left")
        page.arrow((columns[stride], 3.14), (columns[stride], y), (middle - 0.23, y))
    for stride, y in rows.items():
        page.arrow((columns[32] + (0.5 if stride == 32 else 0.21), y), (5.75, y))
        page.write(5.82, y + 0.12, f"FCN-{stride}s", across="left", bold=True)
        page.write(5.82, y - 0.14, f"enlarged × {stride}", across="left", size=11)
    return page.figure


def _scene(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return a scene (3, 128, 128) and where its animals are (1, 1, 128, 128)."""
    image, target = Farm(number + 1, seed=seed, size=(SIDE, SIDE))[number]
    return image, target["masks"].any(dim=0).float()[None, None]
