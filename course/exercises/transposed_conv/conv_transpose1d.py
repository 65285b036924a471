"""`conv_transpose1d`: each value stamps the filter onto a line."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, distinct
from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER
from course.exercises.transposed_conv.shared import TRANSPOSED, cut_out, draw_stamping, expanded


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose1d`, called by position."""
    x, weight = distinct(rng, (1, 1, 3), sign="positive"), distinct(rng, (1, 1, 3), sign="positive")
    yield Case("three values, a filter of three, stride 2", {"x": x, "weight": weight, "bias": None, "stride": 2})

    length, kernel = different(rng, 2, 5)
    x, weight = distinct(rng, (1, 1, length)), distinct(rng, (1, 1, kernel))
    yield Case("x and weight alone: stride 1, no padding, no bias", {"x": x, "weight": weight})

    batch, inputs, outputs = different(rng, 2, 4, 3)
    arguments = draw_stamping(rng, (batch, inputs, 5), (inputs, outputs, 3), bias=True, stride=2)
    yield Case("several signals, different numbers of channels in and out, a bias", arguments)

    arguments = draw_stamping(rng, (1, 2, int(rng.integers(3, 6))), (2, 2, 4), stride=3)
    yield Case("as many channels in as out", arguments)

    length, kernel = different(rng, 2, 4)
    arguments = draw_stamping(rng, (2, 1, length), (1, 2, kernel), bias=True, stride=kernel + 2)
    yield Case("a stride larger than the filter leaves gaps", arguments)

    length = int(rng.integers(4, 7))
    yield Case("padding crops both ends", draw_stamping(rng, (1, 2, length), (2, 1, 4), bias=True, stride=2, padding=1))

    length, kernel = different(rng, 4, 6)
    arguments = draw_stamping(rng, (1, 1, length), (1, 2, kernel), stride=2, padding=kernel - 1)
    yield Case("padding of the filter's size less one", arguments)

    arguments = draw_stamping(
        rng, (2, 1, int(rng.integers(2, 5))), (1, 3, 2), bias=True, stride=3, output_padding=int(rng.integers(1, 3))
    )
    yield Case("output_padding lengthens the right end", arguments)

    length = int(rng.integers(3, 6))
    arguments = draw_stamping(rng, (1, 2, length), (2, 2, 5), bias=True, stride=3, padding=2, output_padding=2)
    yield Case("output_padding uncovers what padding cropped", arguments)

    kernel, batch = different(rng, 2, 5)
    yield Case("signals of one value", draw_stamping(rng, (batch, 2, 1), (2, 3, kernel), stride=2))

    length = int(rng.integers(2, 6))
    yield Case("a filter of one number", draw_stamping(rng, (1, 3, length), (3, 2, 1), bias=True, stride=3))

    length, kernel = different(rng, 2, 5)
    arguments = draw_stamping(rng, (0, 2, length), (2, 3, kernel), bias=True, stride=2)
    yield Case("an empty batch", arguments)

    length = int(rng.integers(3, 6))
    arguments = draw_stamping(rng, (1, 2, length), (2, 2, 3), bias=True, stride=2, padding=1, dtype=torch.float64)
    yield Case("float64, with values that float32 cannot hold", arguments)

    length = int(rng.integers(3, 6))
    arguments = draw_stamping(rng, (2, 3, length), (3, 2, 4), bias=True, stride=2, padding=1)
    yield Case("inputs that are not contiguous", cut_out(arguments))

    length = int(rng.integers(3, 6))
    arguments = draw_stamping(rng, (1, 2, length), (2, 1, 3), stride=2)
    yield Case("one signal three times, which is not contiguous", expanded(arguments))

    length = int(rng.integers(3, 6))
    arguments = draw_stamping(rng, (2, 2, length), (2, 3, 3), bias=True, stride=2, padding=1, output_padding=1)
    yield Case("gradients flow back", arguments, gradient=True)


EXERCISE = Exercise(
    name="conv_transpose1d",
    chapter=CHAPTER,
    points=6,
    minutes=20,
    difficulty=3,
    reference="solutions.transposed_conv:conv_transpose1d",
    cases=cases,
    hints=(
        "Do [1, 2] with the filter [3, 1, 2] and stride 2 on paper: write each stamp in a row of its own, at the "
        "place where it falls, and add the columns up.",
        "Start from zeros of the whole length, (L − 1)·stride + k + output_padding, and add each stamp at its "
        "place. Crop `padding` positions at both ends once all stamps are there; add the bias last, everywhere.",
        "For position `a` of the filter, `torch.einsum('nil,io->nol', x, weight[:, :, a])` holds what every value "
        "contributes there. It belongs to positions a, a + stride, a + 2·stride, …: a slice with a step.",
    ),
    forbidden=TRANSPOSED,
    forbidden_sentence="This exercise is to build the transposed convolution yourself, without a library's own.",
    insight=(
        "Set all values and all weights to 1: the output counts the stamps. With kernel 3 and stride 2 it begins 1, "
        "1, 2, 1, 2, 1, … Keep that rhythm in mind; in two dimensions it has a name."
    ),
)
