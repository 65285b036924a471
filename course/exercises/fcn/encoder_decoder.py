"""`encoder_decoder`: the way down and up again, with the size that came in."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.exercises.draw import different, distinct, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.fcn import CHAPTER


class _Network(TypedDict):
    encoder: nn.ModuleList
    decoder: nn.ModuleList
    classifier: nn.Module


def _convolution(rng: np.random.Generator, before: int, after: int, size: int, dtype: torch.dtype) -> nn.Conv2d:
    """Return a convolution that keeps the size, with weights of both signs: multiples of 1/64, none of them 0."""
    options = {"padding": size // 2, "dtype": dtype}
    layer: nn.Conv2d = nn.utils.skip_init(nn.Conv2d, before, after, size, **options)  # type: ignore[no-untyped-call]
    scale = 1 / (64 if dtype == torch.float32 else 63)
    for parameter in layer.parameters():
        numbers = rng.integers(1, 33, parameter.shape) * rng.choice([-1, 1], parameter.shape)
        parameter.data = torch.tensor(numbers * scale, dtype=dtype)
    return layer


def _network(
    rng: np.random.Generator,
    widths: Sequence[int],
    classes: int,
    dtype: torch.dtype = torch.float32,
    channels: int = 3,
    relu: bool = True,
) -> _Network:
    """Draw an encoder with one stage for each of `widths`, its decoder, and a classifier; with `relu` some have one."""

    def stage(before: int, after: int) -> nn.Module:
        layer = _convolution(rng, before, after, int(rng.choice([1, 3])), dtype)
        return nn.Sequential(layer, nn.ReLU()) if rng.integers(2) and relu else layer

    encoder = [stage(before, after) for before, after in zip((channels, *widths), widths, strict=False)]
    decoder, below = [], widths[-1]
    for skip in widths[-2::-1]:
        after = int(rng.integers(2, 5))
        decoder.append(stage(below + skip, after))
        below = after
    classifier = _convolution(rng, below, classes, 1, dtype)
    return {"encoder": nn.ModuleList(encoder), "decoder": nn.ModuleList(decoder), "classifier": classifier}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `encoder_decoder`, called by position as (x, encoder, decoder, classifier)."""
    x = distinct(rng, (1, 3, 6, 8), step=1 / 16)
    yield Case("down once and up once", {"x": x, **_network(rng, (2, 3), 2, relu=False)})

    height, width = different(rng, 1, 2)
    x = distinct(rng, (2, 3, 4 * height, 4 * width), step=1 / 16)
    yield Case("several images, down twice and up twice", {"x": x, **_network(rng, (3, 2, 4), 5)})

    height, width = different(rng, 2, 4)
    x = distinct(rng, (2, 3, 2 * height + 1, 2 * width + 1), step=1 / 16)
    yield Case("an odd height and width", {"x": x, **_network(rng, (3, 2), 4)})

    height, width = different(rng, 1, 2)
    x = distinct(rng, (1, 3, 4 * height + 1, 4 * width + 3), step=1 / 16)
    yield Case("odd again further down", {"x": x, **_network(rng, (2, 4, 3), 2)})

    x = distinct(rng, (1, 3, *((8, 11) if rng.integers(2) else (10, 7))), step=1 / 16)
    yield Case("down three times", {"x": x, **_network(rng, (2, 3, 2, 3), 2)})

    # All maps have as many channels: nothing but the numbers tells one from another.
    network = _network(rng, (3, 3, 3), 3)
    for place in range(2):
        network["decoder"][place] = _convolution(rng, 6, 3, 3, torch.float32)
    network["classifier"] = _convolution(rng, 3, 3, 1, torch.float32)
    x = distinct(rng, (1, 3, 8, 12), step=1 / 32)
    yield Case("as many channels everywhere", {"x": x, **network})

    height, width = different(rng, 3, 6)
    x = distinct(rng, (2, 3, height, width), step=1 / 16)
    yield Case("one stage: nowhere to go down", {"x": x, **_network(rng, (3,), 4)})

    x = distinct(rng, (3, 2, 1, 1), step=1 / 4)
    yield Case("images of one pixel", {"x": x, **_network(rng, (3, 2, 4), 2, channels=2)})

    height, width = different(rng, 3, 6)
    yield Case("an empty batch", {"x": torch.zeros(0, 3, height, width), **_network(rng, (2, 3), 4)})

    height, width = different(rng, 3, 5)
    x = thirds(rng, (2, 3, height, width)) / 8
    yield Case("float64, with values that float32 cannot hold", {"x": x, **_network(rng, (2, 3), 4, torch.float64)})

    height, width = different(rng, 3, 5)
    x = transposed(distinct(rng, (2, 3, height, width), step=1 / 16))
    yield Case("an image that is not contiguous", {"x": x, **_network(rng, (2, 3), 4)})

    height, width = different(rng, 4, 5)
    x = distinct(rng, (2, 3, height, width), step=1 / 16)
    network = _network(rng, (3, 4), 2)
    while _shares_a_maximum(network["encoder"][0], x):
        x = distinct(rng, x.shape, step=1 / 16)
    yield Case("gradients flow back", {"x": x, **network}, gradient=True)


@torch.no_grad()
def _shares_a_maximum(stage: nn.Module, x: Tensor) -> bool:
    """Return whether two pixels tie where halving pools, so that right answers may send the gradient to either.

    A tie at 0 is none: it is a ReLU's, and no gradient passes there.
    """
    fine = stage(x)
    padded = F.pad(fine, (0, fine.shape[3] % 2, 0, fine.shape[2] % 2), value=-torch.inf)
    windows = padded.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
    first, second = windows.topk(2, dim=-1).values.unbind(-1)
    return bool(((first == second) & (first != 0)).any())


EXERCISE = Exercise(
    name="encoder_decoder",
    chapter=CHAPTER,
    points=7,
    minutes=20,
    difficulty=3,
    reference="solutions.fcn.networks:encoder_decoder",
    cases=cases,
    outputs=("logits",),
    hints=(
        "Draw three encoder maps as boxes, each half as large as the last, and the two decoder maps beside them. "
        "Which encoder map has the size that the first decoder stage has to deliver?",
        "On the way down put each stage's output on a stack. The last one is not needed there: it is where the "
        "way up begins. On the way up take the next map from the top of the stack: it says which size to resize "
        "to, and its channels come after yours.",
        "Halve before every encoder stage but the first, with `ceil_mode=True`. Up: `F.interpolate(x, "
        'size=skip.shape[-2:], mode="bilinear", align_corners=False)`, then `torch.cat` of that and `skip` in '
        "dimension 1, then the stage. The classifier comes after the loop.",
    ),
    insight=(
        "This is the skeleton of U-Net: exchange the stages for any others, and the way through them stays. Take "
        "the copies away in your thoughts. From where could the last stage then know an outline to the pixel?"
    ),
)
