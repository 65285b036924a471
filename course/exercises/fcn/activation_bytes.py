"""`activation_bytes`: what all maps of a network weigh."""

from collections.abc import Iterator

import numpy as np
from torch import nn

from course.exercises.draw import different
from course.exercises.exercise import Case, Exercise
from course.exercises.fcn import CHAPTER


def _any_convolution(*sizes: int | tuple[int, int], kind: type[nn.Module] = nn.Conv2d, **options: int) -> nn.Module:
    """Return a convolution whose weights do not matter."""
    # Nothing is drawn at random: the caller's generator stays as it is.
    layer: nn.Module = nn.utils.skip_init(kind, *sizes, **options)  # type: ignore[no-untyped-call]
    for parameter in layer.parameters():
        parameter.data.fill_(0.25)
    return layer


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `activation_bytes`, called by position as (network, image_shape, bytes_per_number)."""

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    height, width = different(rng, 5, 9)
    filters = some(4, 8)
    network = nn.Sequential(_any_convolution(3, filters, 3, padding=1), nn.ReLU())
    yield Case("a convolution and its ReLU", {"network": network, "image_shape": (1, 3, height, width)})

    height, width = different(rng, 5, 9)
    first, second = different(rng, 4, 8)
    network = nn.Sequential(
        _any_convolution(3, first, 3, padding=1), nn.ReLU(), _any_convolution(first, second, 3, padding=1)
    )
    yield Case(
        "a batch of images, two convolutions", {"network": network, "image_shape": (some(4, 6), 3, height, width)}
    )

    height, width = different(rng, 7, 12)
    network = nn.Sequential(_any_convolution(1, some(2, 4), 3), nn.ReLU(), nn.MaxPool2d(2))
    yield Case("without padding maps get smaller", {"network": network, "image_shape": (2, 1, height, width)})

    height, width = different(rng, 4, 8)
    first, second = different(rng, 3, 6)
    network = nn.Sequential(
        _any_convolution(3, first, 3, padding=1),
        nn.MaxPool2d(2),
        _any_convolution(first, second, 3, padding=1),
        nn.MaxPool2d(2),
    )
    shape = (2, 3, 4 * height + 3, 4 * width + 1)
    yield Case("pooling leaves out an odd row and column", {"network": network, "image_shape": shape})

    network = nn.Sequential(
        _any_convolution(3, first, 1), nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d(2, ceil_mode=True)
    )
    shape = (2, 3, 4 * height + 1, 4 * width + 3)
    yield Case("pooling that rounds up", {"network": network, "image_shape": shape})

    height, width = different(rng, 9, 14)
    network = nn.Sequential(_any_convolution(3, some(3, 6), 3, stride=2, padding=1), nn.ReLU())
    yield Case("a stride", {"network": network, "image_shape": (2, 3, height, width)})

    height, width = different(rng, 10, 14)
    network = nn.Sequential(_any_convolution(3, some(3, 6), 3, dilation=some(2, 3)), nn.ReLU())
    yield Case("a dilation", {"network": network, "image_shape": (2, 3, height, width)})

    height, width = different(rng, 9, 14)
    kernel, stride, padding, dilation = (
        ((3, 2), (1, 2), (2, 0), (1, 3)) if some(0, 1) else ((2, 3), (2, 1), (0, 2), (3, 1))
    )
    network = nn.Sequential(
        _any_convolution(2, some(3, 6), kernel, stride, padding, dilation), nn.MaxPool2d((2, 3), (1, 2))
    )
    yield Case("sizes of their own for height and width", {"network": network, "image_shape": (1, 2, height, width)})

    # In training a batch norm keeps a mean of what it sees: it notices every image that is sent through it.
    height, width = different(rng, 5, 9)
    filters = some(3, 6)
    network = nn.Sequential(_any_convolution(3, filters, 3), nn.BatchNorm2d(filters), nn.ReLU())
    yield Case(
        "a batch norm in training, which stays as it is",
        {"network": network.train(), "image_shape": (some(2, 3), 3, height, width)},
    )

    height, width = different(rng, 5, 9)
    first, second = different(rng, 3, 6)
    network = nn.Sequential(
        _any_convolution(3, first, 3),
        nn.AvgPool2d(2),
        _any_convolution(first, second, 3, 2, 1, kind=nn.ConvTranspose2d),
        nn.Upsample(scale_factor=2),
    )
    yield Case("layers of other kinds", {"network": network, "image_shape": (some(2, 3), 3, height, width)})

    height, width = different(rng, 5, 9)
    network = nn.Sequential(_any_convolution(3, 4, 3, padding=1), nn.ReLU(), _any_convolution(4, 2, 1))
    yield Case(
        "two bytes a number, as in half precision",
        {"network": network, "image_shape": (some(1, 2), 3, height, width), "bytes_per_number": 2},
    )

    height, width = different(rng, 5, 9)
    yield Case("a single layer", {"network": nn.Sequential(nn.ReLU()), "image_shape": (3, 2, height, width)})

    height, width = different(rng, 5, 9)
    yield Case("no layer at all", {"network": nn.Sequential(), "image_shape": (1, 3, height, width)})

    height, width = different(rng, 5, 9)
    network = nn.Sequential(_any_convolution(3, 4, 3), nn.ReLU())
    yield Case("no image in the batch", {"network": network, "image_shape": (0, 3, height, width)})

    network = nn.Sequential(_any_convolution(3, some(2, 6), 1), nn.ReLU())
    yield Case("images of one pixel", {"network": network, "image_shape": (some(2, 4), 3, 1, 1)})


EXERCISE = Exercise(
    name="activation_bytes",
    chapter=CHAPTER,
    points=4,
    minutes=10,
    difficulty=2,
    reference="solutions.fcn.networks:activation_bytes",
    cases=cases,
    outputs=("number of bytes",),
    hints=(
        "How many numbers does a convolution with 8 filters make from one image of 6 × 5 pixels, if it keeps the "
        "size? And the ReLU after it?",
        "You need the shape of each layer's output, and there are many kinds of layers. Let the layer tell you: an "
        "`nn.Sequential` can be looped over, and each layer can be called on the output of the last. But a batch "
        "norm in training keeps a mean of all it sees, your images too. Whose batch norm should that be?",
        "Start with `x = torch.zeros(image_shape)` and a copy of the network, `copy.deepcopy(network)`. In a loop "
        "over the copy's layers, replace `x` by `layer(x)` and add `x.numel() * bytes_per_number`. With the copy "
        "and `x` on the device `meta` nothing is even computed.",
    ),
    insight=(
        "A ReLU has no weights and takes as much memory as the convolution before it. That is what "
        "`nn.ReLU(inplace=True)` is for: it writes over its input instead of making a new tensor."
    ),
)
