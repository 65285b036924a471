"""`match_anchors`: what each anchor learns, one of the boxes, background or nothing."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course.exercises.draw import transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.faster_rcnn import CHAPTER

STEPS = 64
"""IoUs are multiples of 1/64: exact in every dtype, and none of them is 0.7 or 0.3."""


def _overlaps(rng: np.random.Generator, rows: Sequence[str], high: float = 0.7, low: float = 0.3) -> Tensor:
    """Draw the IoUs (G, A) that `rows` describe, one for each box; boxes and anchors then come in any order.

    A row has a word for each anchor. "h1", "h2" and so on are drawn from above `high`, "m1" … from between the two,
    "l1" … from below `low`, and in all rows "h2" is the same number, which is higher than "h1". "0" is 0, and "=48" is
    48/64.
    """
    words = [row.split() for row in rows]
    zones = {"h": (high * STEPS + 1, STEPS - 1), "m": (low * STEPS + 1, high * STEPS - 1), "l": (1, low * STEPS - 1)}
    value = {"0": 0.0}
    for zone, (least, most) in zones.items():
        ranks = sorted({int(word[1:]) for row in words for word in row if word[0] == zone})
        drawn = np.sort(rng.choice(np.arange(math.ceil(least), math.floor(most) + 1), len(ranks), replace=False))
        value |= {f"{zone}{rank}": number / STEPS for rank, number in zip(ranks, drawn, strict=True)}
    value |= {word: int(word[1:]) / STEPS for row in words for word in row if word[0] == "="}
    iou = torch.tensor([[value[word] for word in row] for row in words], dtype=torch.float32)
    boxes, anchors = (torch.from_numpy(rng.permutation(count)) for count in iou.shape)
    return iou[boxes][:, anchors]


def _call(name: str, iou: Tensor, rest: Sequence[float | bool] = ()) -> Case:
    return Case(name, {"iou": iou, **dict(zip(("high", "low", "allow_low_quality"), rest, strict=False))})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `match_anchors`, called by position as (iou, high, low, allow_low_quality)."""

    def case(name: str, *rows: str, rest: tuple[float | bool, ...] = ()) -> Case:
        return _call(name, _overlaps(rng, rows, *rest[:2]), rest)

    def between(least: int, most: int) -> str:
        return f"={rng.integers(least, most + 1)}"

    # Each box has an anchor that is good enough, so that nothing hangs on anchors of low quality.
    yield case(
        "three boxes, each with a good anchor",
        "h4 h3 h2 m2 l1 m1 0  0  0",
        "l2 0  l7 0  h5 0  m3 0  0",
        "0  l3 0  0  l4 h1 l5 l6 0",
    )
    # Of the first two anchors one prefers the first box, the other the second; so do two that are between.
    yield case(
        "anchors that are good for two boxes: the better one counts",
        "h2 h3 m1 m4 h6 0",
        "h1 h4 m2 m3 0  h5",
    )
    # What follows is about boxes that no anchor reaches well enough.
    yield case(
        "a box whose best anchor is between: it learns the box",
        "h1 m1 l1 0  l4 0",
        "0  l2 m3 m2 l3 0",
    )
    yield case(
        "a box whose best anchor is hardly on it: it learns the box",
        "h1 m1 0  0  0  l1",
        "0  0  l4 l3 0  l2",
        "m2 h2 0  0  0  0",
    )
    yield case(
        "no anchor is good enough for any box",
        "l3 l1 0  0  m3 m1",
        "0  l2 l6 l5 0  0",
        "0  0  0  l4 m2 m4",
    )
    # The first anchor is the best of two boxes, and good enough for both.
    yield case(
        "one anchor is the best of two boxes",
        "h4 m2 0  l1 h1",
        "h2 m1 l2 l3 0",
    )
    # The third anchor is the best of the second box and lies better on the first; so do the fourth and two others.
    yield case(
        "a box's best anchor prefers another box, and keeps that",
        "h1 0  m3 0  0  l1",
        "0  l2 m2 0  l5 0",
        "0  0  0  l3 0  0",
        "0  h2 0  l4 0  m1",
    )
    yield case(
        "several anchors reach a box's highest IoU: all of them count",
        "h1 m5 m1 l1 0  0  0",
        "0  l4 m3 m3 0  l2 0",
        "0  0  0  0  l5 l5 l3",
        "0  m4 0  0  0  0  m4",
    )
    yield case(
        "equal for two boxes: the lower index",
        "h2 m1 h1 0  l1 0",
        "h2 m1 0  0  l2 0",
        "0  0  h1 h3 0  0",
        "0  0  l3 0  0  m3",
        "0  0  0  0  0  m3",
    )
    yield case(
        "a box that no anchor overlaps: all of them reach its highest IoU, 0",
        "h1 m1 l1 0  0 l4",
        "0  m2 l2 h2 0 l3",
        "0  0  0  0  0 0",
    )
    yield _call("a single box, which no anchor overlaps", torch.zeros(1, int(rng.integers(2, 8))))

    yield case(
        "nothing of low quality is allowed",
        "h1 m1 l1 0  l6 m4 m4 0",
        "0  l2 m3 m2 l3 0  0  l5",
        "l4 0  0  0  0  l7 0  l7",
        rest=(0.7, 0.3, False),
    )
    yield case(
        "nothing of low quality, and a box that no anchor overlaps",
        "h1 m1 l1 0 l2",
        "0  0  0  0 0",
        rest=(0.7, 0.3, False),
    )
    yield case(
        "low quality is allowed, in so many words",
        "h1 m1 l1 0  m4",
        "0  l2 m3 m2 l3",
        rest=(0.7, 0.3, True),
    )

    yield case(
        "exactly high is enough, exactly low is no background",
        "h1 =48 =47 =16 =15 0   0",
        "l1 0   0   0   =14 =48 h2",
        rest=(0.75, 0.25),
    )
    yield case(
        "one threshold for both: nothing is between",
        "h1 =32 =31 0  l1 =33",
        "0  l2  0   h2 l3 0",
        rest=(0.5, 0.5),
    )
    yield case(
        "higher thresholds",
        f"=62 {between(45, 50)} {between(39, 44)} {between(20, 31)} l1 0",
        f"0   l2 {between(33, 38)} 0 {between(20, 31)} =61",
        rest=(0.8, 0.5),
    )
    yield case(
        "lower thresholds",
        f"=62 {between(33, 44)} {between(23, 31)} {between(13, 19)} 0   l1",
        f"0   l2 0 0 =60 {between(13, 19)}",
        rest=(0.5, 0.1875),
    )
    yield case(
        "a low of 0: nothing is background",
        "h1 m1 m2 0 m4 0",
        "0  m5 0  0 m3 h2",
        rest=(0.6, 0.0),
    )
    yield case(
        "a high of 1: only the very same box",
        "=64 m3 l1 0   m5",
        "0   m1 m2 =64 l2",
        rest=(1.0, 0.3, False),
    )

    yield case("a single box", "m3 l2 h1 0 m1 l1 h2")
    yield case("a single box, and none of the anchors is good enough", "m3 l2 0 m1 l1")
    yield case("a single anchor, and four boxes", "l1", "m2", "m1", "0")
    yield case("a single anchor, and nothing of low quality", "m1", "l1", "m2", rest=(0.7, 0.3, False))
    yield case("a single anchor that hardly touches the single box", "l1")
    yield case("more boxes than anchors", "h1 m1 l1", "0  m2 0", "l3 0  l4", "0  h2 0", "m3 0  l2")
    yield case(
        "as many boxes as anchors",
        "h1 m1 0  l6",
        "l1 m2 l2 0",
        "0  l3 l4 m3",
        "h2 0  0  l5",
    )

    yield _call("float64, with differences that float32 cannot see", _near(rng), (0.75, 0.25))
    rows = ("h1 m1 0  l1 m4 0", "0  l2 m2 h2 m3 0", "0  0  l4 0  l5 l3")
    yield _call("an input that is not contiguous", transposed(_overlaps(rng, rows)))


def _near(rng: np.random.Generator) -> Tensor:
    """Draw IoUs (4, 8) in float64 that lie just beside the thresholds ¾ and ¼, or beside one another.

    Boxes keep their order: the better one of two nearly equal ones is the later one.
    """
    e = 2.0**-30
    best, good, middle = (float(rng.integers(*ends)) / STEPS for ends in ((58, 63), (50, 57), (20, 45)))
    iou = torch.tensor(
        [
            [best, 0, 0, 0, 0.75 - e, 0, 0, 0.25],
            [0, middle, middle - e, 0, 0, 0.25 - e, 0, 0],
            [0, 0, 0, good, 0, 0, best - e, 0],
            [0, 0, 0, good + e, 0, 0, 0, 0],
        ],
        dtype=torch.float64,
    )
    return iou[:, torch.from_numpy(rng.permutation(iou.shape[1]))]


EXERCISE = Exercise(
    name="match_anchors",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=4,
    reference="solutions.faster_rcnn:match_anchors",
    cases=cases,
    outputs=("matches",),
    hints=(
        "Write down two boxes and four anchors, (2, 4) numbers, and first forget anchors of low quality. Along which "
        "dimension do you look for an anchor's best box? Then three answers are possible, and the best IoU says which.",
        "For the rest you look along the other dimension: what is the highest IoU of each *box*, and at which anchors "
        "does it stand? There may be several. Such an anchor learns its own best box, which you know already, and that "
        "need not be the box that needed it.",
        "`best, own = iou.max(dim=0)` are two numbers an anchor. Fill with −2, put −1 where `best < low`, and `own` "
        "where `best >= high`. Last, with `iou.amax(dim=1, keepdim=True)`: where a column of `iou` equals it anywhere, "
        "`own` once more.",
    ),
    forbidden=(r"^torchvision\.models\.detection", r"^kornia"),
    forbidden_sentence="This exercise is to match anchors yourself, without a library's matcher.",
    insight=(
        "Of the many thousand anchors of a picture perhaps twenty are positive, and a small or a thin box has only "
        "those of low quality: without them it would teach nothing at all. What is between costs nothing either way."
    ),
)
