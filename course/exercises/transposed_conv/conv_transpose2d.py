"""`conv_transpose2d`: each value stamps the filter onto an image."""

from collections.abc import Iterator

import numpy as np
import torch

from course.exercises.draw import different, distinct
from course.exercises.exercise import Case, Exercise
from course.exercises.transposed_conv import CHAPTER
from course.exercises.transposed_conv.shared import TRANSPOSED, cut_out, draw_stamping, expanded


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `conv_transpose2d`, called by position."""
    x, weight = distinct(rng, (1, 1, 2, 3), sign="positive"), distinct(rng, (1, 1, 3, 3), sign="positive")
    yield Case("one channel, a 3 × 3 filter, stride 2", {"x": x, "weight": weight, "bias": None, "stride": 2})

    (height, width), (kh, kw) = different(rng, 2, 4), different(rng, 2, 4)
    x, weight = distinct(rng, (1, 1, height, width)), distinct(rng, (1, 1, kh, kw))
    yield Case("x and weight alone: stride 1, no padding, no bias", {"x": x, "weight": weight})

    height, width = different(rng, 2, 3)
    batch, inputs, outputs = different(rng, 2, 4, 3)
    arguments = draw_stamping(rng, (batch, inputs, height, width), (inputs, outputs, 3, 2), bias=True, stride=2)
    yield Case("several images, different numbers of channels in and out, a bias", arguments)

    height, width = different(rng, 2, 4)
    yield Case("as many channels in as out", draw_stamping(rng, (1, 2, height, width), (2, 2, 3, 3), stride=2))

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    kernel, stride = ((4, 2), (1, 3)) if turned else ((2, 4), (3, 1))
    arguments = draw_stamping(rng, (1, 2, height, width), (2, 1, *kernel), stride=stride)
    yield Case("a kernel and a stride of their own for height and width", arguments)

    height, width = different(rng, 2, 4)
    arguments = draw_stamping(rng, (1, 1, height, width), (1, 2, 2, 2), bias=True, stride=3)
    yield Case("a stride larger than the filter leaves gaps", arguments)

    height, width = different(rng, 3, 5)
    arguments = draw_stamping(rng, (1, 2, height, width), (2, 1, 4, 4), bias=True, stride=2, padding=1)
    yield Case("padding crops every side", arguments)

    (height, width), turned = different(rng, 3, 5), bool(rng.integers(2))
    kernel, padding = ((3, 4), (0, 2)) if turned else ((4, 3), (2, 0))
    arguments = draw_stamping(rng, (1, 1, height, width), (1, 2, *kernel), stride=2, padding=padding)
    yield Case("padding of its own for height and width", arguments)

    height, width = different(rng, 3, 5)
    arguments = draw_stamping(rng, (2, 1, height, width), (1, 1, 3, 3), padding=2)
    yield Case("padding of the filter's size less one", arguments)

    height, width = different(rng, 2, 3)
    extra = int(rng.integers(1, 3))
    arguments = draw_stamping(rng, (1, 1, height, width), (1, 2, 2, 3), bias=True, stride=3, output_padding=extra)
    yield Case("output_padding enlarges at the bottom and on the right", arguments)

    (height, width), turned = different(rng, 2, 4), bool(rng.integers(2))
    extra_pair = (2, 1) if turned else (1, 2)
    arguments = draw_stamping(
        rng, (1, 2, height, width), (2, 1, 4, 4), bias=True, stride=3, padding=2, output_padding=extra_pair
    )
    yield Case("output_padding of its own for height and width uncovers what padding cropped", arguments)

    batch, inputs, outputs = different(rng, 1, 4, 3)
    yield Case("images of one pixel", draw_stamping(rng, (batch, inputs, 1, 1), (inputs, outputs, 2, 3), stride=2))

    height, width = different(rng, 2, 4)
    arguments = draw_stamping(rng, (1, 3, height, width), (3, 2, 1, 1), bias=True, stride=2)
    yield Case("a filter of one pixel", arguments)

    height, width = different(rng, 2, 4)
    arguments = draw_stamping(rng, (0, 2, height, width), (2, 3, 3, 3), bias=True, stride=2, padding=1)
    yield Case("an empty batch", arguments)

    height, width = different(rng, 2, 3)
    arguments = draw_stamping(
        rng, (1, 2, height, width), (2, 2, 3, 3), bias=True, stride=2, padding=1, dtype=torch.float64
    )
    yield Case("float64, with values that float32 cannot hold", arguments)

    height, width = different(rng, 2, 4)
    arguments = draw_stamping(rng, (2, 3, height, width), (3, 2, 3, 2), bias=True, stride=2)
    yield Case("inputs that are not contiguous", cut_out(arguments))

    height, width = different(rng, 2, 3)
    arguments = draw_stamping(rng, (1, 2, height, width), (2, 1, 2, 3), stride=2)
    yield Case("one image three times, which is not contiguous", expanded(arguments))

    height, width = different(rng, 2, 3)
    arguments = draw_stamping(
        rng, (2, 2, height, width), (2, 3, 3, 3), bias=True, stride=(2, 3), padding=1, output_padding=(1, 0)
    )
    yield Case("gradients flow back", arguments, gradient=True)


EXERCISE = Exercise(
    name="conv_transpose2d",
    chapter=CHAPTER,
    points=10,
    minutes=30,
    difficulty=4,
    reference="solutions.transposed_conv:conv_transpose2d",
    cases=cases,
    hints=(
        "Everything from one dimension holds, twice over. What are the first and the last row that pixel (h, w) "
        "stamps, and which columns?",
        "Make a plane of zeros for the stamps before cropping, (H − 1)·sh + kh + output_padding rows high. For "
        "each position (a, b) of the filter, add what all pixels contribute there in one go, summed over the input "
        "channels.",
        "For position (a, b): `torch.einsum('nihw,io->nohw', x, weight[:, :, a, b])` goes to rows "
        "a : a + H·sh : sh and columns b : b + W·sw : sw of the plane, with `+=`. Then crop ph rows and pw columns "
        "on each side and add `bias[:, None, None]`.",
    ),
    forbidden=TRANSPOSED,
    forbidden_sentence="This exercise is to build the transposed convolution yourself, without a library's own.",
    insight=(
        "Take any `a` and `b` whose sizes fit: `(F.conv2d(a, weight) * b).sum()` equals `(a * conv_transpose2d(b, "
        "weight)).sum()`. The two run along the same wires, in opposite directions."
    ),
)
