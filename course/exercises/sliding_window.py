"""The exercises of chapter 01, Sliding window: one patch, one label, and what it costs.

Images and weights are whole numbers, so that scores are exact in any order of summation, and a tie is one for all.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.probes import AtMost

CHAPTER = "01_sliding_window"


def _cutting(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `extract_patches`, called by position as (image, size, stride)."""
    yield Case("windows of 2 × 2 in one channel", {"image": distinct(rng, (1, 3, 4), sign="positive"), "size": 2})

    height, width = different(rng, 5, 7)
    image = distinct(rng, (int(rng.integers(2, 4)), height, width))
    yield Case("several channels, height ≠ width", {"image": image, "size": 3})

    height, width = different(rng, 6, 8)
    image = distinct(rng, (2, height, width))
    yield Case("a stride of 2", {"image": image, "size": 3, "stride": 2})

    rows, columns = different(rng, 2, 3)
    image = distinct(rng, (2, 3 * rows + 1, 3 * columns + 2))
    yield Case("a row and two columns are left over", {"image": image, "size": 3, "stride": 3})

    rows, columns = different(rng, 2, 3)
    image = distinct(rng, (1, 3 * rows, 3 * columns - 1))
    yield Case("a stride larger than the window leaves gaps", {"image": image, "size": 2, "stride": 3})

    size = int(rng.integers(3, 6))
    yield Case("the window is the whole image", {"image": distinct(rng, (3, size, size)), "size": size})

    size = int(rng.integers(2, 4))
    image = distinct(rng, (2, size, size + int(rng.integers(2, 5))))
    yield Case("the window is as high as the image", {"image": image, "size": size})

    height, width = different(rng, 2, 4)
    yield Case("windows of one pixel", {"image": distinct(rng, (3, height, width)), "size": 1})

    yield Case(
        "an image of one pixel", {"image": distinct(rng, (int(rng.integers(2, 6)), 1, 1)), "size": 1, "stride": 2}
    )

    height, width = different(rng, 2, 3)
    image = distinct(rng, (2, height, width))
    yield Case("no window fits: it is larger than the image", {"image": image, "size": 4})

    image = distinct(rng, (3, 2, int(rng.integers(4, 7))))
    yield Case("no window fits: it is higher than the image", {"image": image, "size": 3})

    image = distinct(rng, (3, int(rng.integers(4, 7)), 2))
    yield Case("no window fits: it is wider than the image", {"image": image, "size": 3, "stride": 2})

    height, width = different(rng, 3, 5)
    yield Case("float64, with values that float32 cannot hold", {"image": thirds(rng, (2, height, width)), "size": 2})

    height, width = different(rng, 2, 4)
    yield Case("no window fits a float64 image", {"image": thirds(rng, (2, height, width)), "size": 4})

    height, width = different(rng, 4, 6)
    image = transposed(distinct(rng, (2, height, width)))
    yield Case("an image that is not contiguous: transposed in memory", {"image": image, "size": 3})

    height, width = different(rng, 4, 6)
    image = sliced(distinct(rng, (3, height, width)))
    yield Case("an image that is not contiguous: a piece of a larger one", {"image": image, "size": 2, "stride": 2})

    height, width = different(rng, 3, 5)
    image = distinct(rng, (1, height, width)).expand(3, height, width)
    yield Case("an image that is not contiguous: grey, expanded to three channels", {"image": image, "size": 2})

    height, width = different(rng, 3, 5)
    image = distinct(rng, (2, height, width), step=0.25)
    yield Case("gradients flow back, from every window that holds a pixel", {"image": image, "size": 2}, gradient=True)


def _counting(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `count_windows`, called by position as (height, width, size, stride)."""

    def case(name: str, height: int, width: int, size: int, *stride: int) -> Case:
        sizes = {"height": height, "width": width, "size": size}
        return Case(name, {**sizes, "stride": stride[0]} if stride else sizes)

    height, width = different(rng, 5, 9)
    yield case("a window at every place where it fits", height, width, 3)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that fits exactly", 2 * rows + 3, 2 * columns + 3, 3, 2)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that leaves rows and columns over", 4 * rows + 2, 4 * columns + 3, 3, 4)
    rows, columns = different(rng, 2, 6)
    yield case("a stride that leaves columns over, but no rows", 3 * rows + 2, 3 * columns + 4, 2, 3)
    height, width = different(rng, 2, 9)
    yield case("windows of one pixel", height, width, 1)
    rows, columns = different(rng, 2, 6)
    yield case("a stride larger than the window", 5 * rows + 3, 5 * columns + 4, 2, 5)
    size = int(rng.integers(2, 9))
    yield case("the window is the whole image", size, size, size, int(rng.integers(1, 4)))
    size = int(rng.integers(2, 5))
    yield case("the window is as wide as the image", size + int(rng.integers(3, 9)), size, size)
    size = int(rng.integers(6, 9))
    yield case("a window higher than the image", size - 3, size + 6, size)
    size = int(rng.integers(6, 9))
    yield case("a window wider than the image", size + 7, size - 4, size, 2)
    size = int(rng.integers(6, 9))
    yield case("a window larger than the image in both directions", size - 4, size - 3, size)
    size = int(rng.integers(6, 9))
    yield case("a window one pixel too high, with a larger stride", size - 1, size + 5, size, 3)
    yield case("an image of one pixel", 1, 1, 1, int(rng.integers(1, 6)))
    height, width = (int(number) for number in rng.integers(400, 900, 2))
    yield case("a photograph", height, width, 21, 4)


def _whole(rng: np.random.Generator, shape: Sequence[int], reach: int = 4) -> Tensor:
    """Draw whole numbers from −reach … reach, which may repeat."""
    return torch.tensor(rng.integers(-reach, reach + 1, tuple(shape)), dtype=torch.float32)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """Return a linear layer with this weight (out, in) and this bias (out,), or none."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    linear.weight = nn.Parameter(weight)
    if bias is not None:
        linear.bias = nn.Parameter(bias)
    return linear


def _network(*layers: nn.Module, training: bool = False) -> nn.Sequential:
    return nn.Sequential(*layers).train(training)


def _scorer(rng: np.random.Generator, channels: int, size: int, classes: int) -> nn.Linear:
    """Return a linear layer on a patch. Every pixel counts; biases that differ by eighths let no two classes tie."""
    weight = torch.stack([distinct(rng, (channels * size**2,)) for _ in range(classes)])
    eighths = torch.tensor(rng.permutation(classes), dtype=torch.float32) / 8
    return _linear(weight, _whole(rng, (classes,), reach=9) + eighths)


def _segmenting(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `segment_by_patches`, called by position as (classifier, image, size, batch_size).

    No case tells one default of `batch_size` from another: how many patches a machine bears is the answer's choice.
    """

    def case(name: str, classifier: nn.Module, image: Tensor, size: int, *batch_size: int) -> Case:
        arguments = {"classifier": classifier, "image": image, "size": size}
        return Case(name, {**arguments, "batch_size": batch_size[0]} if batch_size else arguments)

    classifier = _network(nn.Flatten(), _scorer(rng, 1, 3, 3))
    yield case("one channel, patches of 3 × 3", classifier, distinct(rng, (1, 4, 5)), 3)

    height, width = different(rng, 4, 7)
    classifier = _network(nn.Flatten(), _scorer(rng, 2, 3, 5))
    yield case("several channels and classes", classifier, distinct(rng, (2, height, width)), 3, 64)

    height, width = different(rng, 4, 6)
    classifier = _network(nn.Flatten(), _scorer(rng, 1, 5, 4))
    yield case("patches of 5 × 5", classifier, distinct(rng, (1, height, width)), 5)

    height, width = different(rng, 3, 5)
    image = distinct(rng, (1, height, width), sign="positive") + 50
    weight, threshold = torch.zeros(2, 9), torch.tensor([0.0, 450.5])  # nine pixels sum to more, six to less
    weight[0] = 1
    yield case("zeros outside the image", _network(nn.Flatten(), _linear(weight, threshold)), image, 3)

    width = int(rng.integers(8, 11))
    limit = width - 3  # neither a row nor all at once; and the last batch is shorter
    classifier = _network(AtMost(limit), nn.Flatten(), _scorer(rng, 2, 3, 4))
    yield case("no more patches at a time than batch_size", classifier, distinct(rng, (2, 3, width)), 3, limit)

    classifier = _network(AtMost(1), nn.Flatten(), _scorer(rng, 1, 3, 3))
    yield case("one patch at a time", classifier, distinct(rng, (1, *different(rng, 2, 4))), 3, 1)

    classifier = _network(nn.Flatten(), _scorer(rng, 3, 1, 4))
    yield case("patches of one pixel", classifier, distinct(rng, (3, *different(rng, 3, 5))), 1, 8)

    classifier = _network(nn.Flatten(), _scorer(rng, 2, 5, 6))
    yield case("an image of one pixel", classifier, distinct(rng, (2, 1, 1)), 5)

    classifier = _network(nn.Flatten(), _scorer(rng, 2, 7, 4))
    yield case("an image smaller than the patch", classifier, distinct(rng, (2, *different(rng, 2, 4))), 7)

    scorer = _scorer(rng, 1, 3, 5)
    lower, higher = sorted(different(rng, 1, 4))
    for number in (lower, higher):  # two classes that always tie, above all others
        scorer.weight.data[number] = scorer.weight.data[0].clone()
        scorer.bias.data[number] = 5000.0
    yield case("of equal scores, the lower class wins", _network(nn.Flatten(), scorer), distinct(rng, (1, 3, 4)), 3)

    scorer = _scorer(rng, 1, 3, 4)
    scorer.bias.data -= 9000
    yield case("every score negative", _network(nn.Flatten(), scorer), distinct(rng, (1, *different(rng, 3, 5))), 3)

    filters = nn.Conv2d(2, 3, 3)
    filters.weight = nn.Parameter(_whole(rng, (3, 2, 3, 3)))
    filters.bias = nn.Parameter(_whole(rng, (3,)))
    classifier = _network(AtMost(10), filters, nn.ReLU(), nn.Flatten(), _scorer(rng, 3, 3, 4))
    yield case("a small convolutional network", classifier, distinct(rng, (2, *different(rng, 4, 6))), 5, 10)

    classifier = _network(nn.Flatten(), nn.Dropout(1.0), _scorer(rng, 2, 3, 4), training=True)
    yield case(
        "a network that comes in training mode, with dropout", classifier, distinct(rng, (2, *different(rng, 4, 6))), 3
    )

    norm = nn.BatchNorm2d(2, eps=1 / 16, affine=False)
    norm.running_mean = _whole(rng, (2,), reach=20)
    norm.running_var = torch.tensor([4, 1 / 4])[torch.tensor(rng.permutation(2))] - norm.eps  # exact square roots
    classifier = _network(norm, nn.Flatten(), _scorer(rng, 2, 3, 4), training=True)
    yield case(
        "a network that comes in training mode, with batch norm",
        classifier,
        distinct(rng, (2, *different(rng, 4, 6))),
        3,
        9,
    )

    centre = torch.zeros(2, 2, 9)
    centre[0, 0, 4] = centre[1, 1, 4] = 1  # class c scores the value of channel c at the patch's centre

    def close(first: Tensor, step: float) -> Tensor:
        """Return an image whose second channel is a step above or below the first, half of its pixels each."""
        steps = torch.tensor(rng.permutation(np.resize([step, -step], first.numel())), dtype=first.dtype)
        return torch.cat([first, first + steps.view(first.shape)])

    classifier = _network(nn.Flatten(), _linear(centre.flatten(1), None))
    image = close(distinct(rng, (1, *different(rng, 3, 5))), 0.25)
    yield case("scores a quarter apart", classifier, image, 3, 16)

    classifier = _network(nn.Flatten(), _linear(centre.flatten(1).double(), None))
    image = close(thirds(rng, (1, *different(rng, 3, 5))), 1e-9)
    yield case("float64, with scores that float32 cannot tell apart", classifier, image, 3, 16)

    classifier = _network(nn.Flatten(), _scorer(rng, 2, 3, 3))
    image = transposed(distinct(rng, (2, *different(rng, 4, 6))))
    yield case("an image that is not contiguous: transposed in memory", classifier, image, 3)

    classifier = _network(nn.Flatten(), _scorer(rng, 3, 3, 4))
    height, width = different(rng, 3, 5)
    image = distinct(rng, (1, height, width)).expand(3, height, width)
    yield case(
        "an image that is not contiguous: grey, expanded to three channels", classifier, image, 3, height * width
    )


def _converting(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `linear_to_conv`, called by position as (linear, in_channels, kernel_size)."""

    def case(
        name: str,
        channels: int,
        kernel: int | tuple[int, int],
        outputs: int,
        *,
        bias: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> Case:
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        weight = distinct(rng, (outputs, channels * height * width))
        offsets = distinct(rng, (outputs,), step=0.5)
        if dtype == torch.float64:
            weight, offsets = weight.double() / 3, offsets.double() / 3
        linear = _linear(weight, offsets if bias else None)
        return Case(name, {"linear": linear, "in_channels": channels, "kernel_size": kernel})

    def either(shape: tuple[int, int]) -> tuple[int, int]:
        return shape if rng.integers(2) else (shape[1], shape[0])

    yield case("one channel, a window of 3 × 3", 1, 3, 2)
    channels, outputs = different(rng, 2, 4)
    yield case("several channels", channels, 2, outputs)
    channels, outputs = different(rng, 2, 4)
    yield case("a window that is not square", channels, either((2, 3)), outputs)
    yield case("a window of one row", 3, (1, int(rng.integers(2, 5))), 2)
    yield case("a window of one column", 2, (int(rng.integers(2, 5)), 1), 3)
    yield case("a square window, given as a pair", 2, (3, 3), 4)
    yield case("a window of one pixel", int(rng.integers(4, 7)), 1, 3)
    yield case("as many channels as rows and columns", 3, 3, 3)
    yield case("a layer without bias", 2, 3, 3, bias=False)
    yield case("a layer without bias on a window that is not square", 3, either((2, 4)), 2, bias=False)
    channels, kernel = different(rng, 2, 3)
    yield case("a single output", channels, kernel, 1)
    yield case("in double precision", 2, either((3, 2)), 3, dtype=torch.float64)
    yield case("in double precision, without bias", 3, 2, 2, bias=False, dtype=torch.float64)


def _costing(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `count_multiply_adds`, called by position as (layers, height, width)."""

    def case(name: str, kernels: Sequence[int], more: Sequence[int], channels: Sequence[int] = ()) -> Case:
        """Return a case whose image is larger than the window by `more` (rows, columns)."""
        (taller, wider), channels = more, channels or different(rng, 1, 9, len(kernels) + 1)
        layers = list(zip(channels, channels[1:], kernels, strict=False))
        size = 1 + sum(kernel - 1 for kernel in kernels)
        return Case(name, {"layers": layers, "height": size + taller, "width": size + wider})

    yield case("two layers, one channel each", (3, 2), different(rng, 1, 4), channels=(1, 1, 1))
    yield case("a single layer", (3,), different(rng, 2, 6))
    yield case("two layers, several channels", (3, 4), different(rng, 2, 6))
    yield case("three layers", (5, 3, 2), different(rng, 2, 6))
    yield case("a linear layer at the end", (3, 3, int(rng.integers(5, 9))), different(rng, 3, 9))
    yield case("two linear layers at the end: the second sees one pixel", (5, 7, 1), different(rng, 3, 9))
    yield case("layers that see one pixel", (1, 1), different(rng, 3, 9))
    yield case("as many channels in as out", (3, 3), different(rng, 3, 9), channels=(4, 4, 4))
    yield case("an image as large as the window", (3, 5), (0, 0))
    yield case("an image as high as the window", (4, 3), (0, int(rng.integers(2, 7))))
    yield case("an image of one pixel", (1,), (0, 0))
    yield case("an image that is too low for the window", (3, 5), (-1, int(rng.integers(2, 7))))
    yield case("an image that is too narrow for the window", (2, 6), (int(rng.integers(2, 7)), -2))
    yield case("an image that is smaller than the window in both directions", (4, 4), (-2, -1))
    height, width = (int(number) for number in rng.integers(300, 600, 2))
    yield case("a photograph", (5, 5, 5, 9), (height, width), channels=(3, 8, 16, 16, 8))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        name="count_windows",
        chapter=CHAPTER,
        points=4,
        minutes=8,
        difficulty=1,
        reference="solutions.sliding_window:count_windows",
        cases=_counting,
        outputs=("number of windows",),
        hints=(
            "Draw a row of 7 pixels and put a window of 3 on it. At which pixels can its left edge stand? And if you "
            "move it two pixels at a time?",
            "Count rows and columns each by itself. The first window starts at 0, the last one at height − size at "
            "most; count the steps between them, and do not forget the first window.",
            "In one direction there are ⌊(height − size) / stride⌋ + 1 windows, and none if the window is longer than "
            "the image. Two directions that are both too short must not give a product above zero.",
        ),
    ),
    Exercise(
        name="extract_patches",
        chapter=CHAPTER,
        points=6,
        minutes=20,
        difficulty=2,
        reference="solutions.sliding_window:extract_patches",
        cases=_cutting,
        outputs=("patches",),
        hints=(
            "Number the pixels of a 3 × 4 image from 0 to 11 and write down its 2 × 2 windows in the order in which "
            "you read a page. What is the top-left number of each?",
            "Two loops over the top-left corners, `range(0, H − size + 1, stride)` and the same for columns, slice "
            "image[:, top:top + size, left:left + size]; then stack the slices. What does your code do where there "
            "is no slice at all?",
            "Without loops: `image.unfold(1, size, stride).unfold(2, size, stride)` has shape (C, h, w, size, size). "
            "Bring the channels behind the two window dimensions, *then* join those two. Return `image.new_zeros(0, C, "
            "size, size)` where the image is smaller than the window.",
        ),
    ),
    Exercise(
        name="segment_by_patches",
        chapter=CHAPTER,
        points=8,
        minutes=25,
        difficulty=3,
        reference="solutions.sliding_window:segment_by_patches",
        cases=_segmenting,
        outputs=("labels",),
        hints=(
            "Which pixels of the image does the patch around the top-left pixel cover, for size 3? How many rows and "
            "columns of zeros have to be put around the image so that each pixel has a patch?",
            "Pad by size // 2 on all four sides, cut all patches with stride 1: there are now as many as pixels, in "
            "reading order. Before the first one is classified, the classifier has to know that nobody trains it now.",
            "`classifier.eval()`; then, for each batch of `torch.split(patches, batch_size)`, the argmax over "
            "dimension 1 of its scores. Concatenate the batches' labels and give them the shape (H, W).",
        ),
    ),
    Exercise(
        name="linear_to_conv",
        chapter=CHAPTER,
        points=6,
        minutes=15,
        difficulty=2,
        reference="solutions.sliding_window:linear_to_conv",
        cases=_converting,
        outputs=("convolution",),
        hints=(
            "One output of a linear layer is a weighted sum of all numbers of the window. One output channel of a "
            "convolution at one place is a weighted sum of all numbers of the window. Which weight belongs to which "
            "pixel?",
            "`nn.Flatten` reads a window channel by channel, each row by row. A row of the linear layer's weight has "
            "its numbers in the same order, and a convolution's weight has the shape (out, in, kh, kw).",
            "Make `nn.Conv2d(in_channels, linear.out_features, kernel_size, …)` with a bias only if `linear` has one, "
            "in the dtype of `linear.weight`. Then copy the weight, viewed in the shape of the convolution's, and the "
            "bias.",
        ),
    ),
    Exercise(
        name="count_multiply_adds",
        chapter=CHAPTER,
        points=6,
        minutes=20,
        difficulty=3,
        reference="solutions.sliding_window:count_multiply_adds",
        cases=_costing,
        outputs=("apart count", "shared count"),
        hints=(
            "Take one 3 × 3 convolution from 1 to 1 channel on 5 × 6 pixels. How many numbers does it put out, and how "
            "many multiply–adds does each of them take?",
            "A layer's cost is its output's pixels · out_channels · in_channels · kernel_size². The output shrinks by "
            "kernel_size − 1 from layer to layer. The same sum gives both answers: once for an input of the size of "
            "the window, once for the whole image.",
            "Write an inner function that adds up the layers for an input of rows × columns. The window is 1 + the sum "
            "of all (kernel_size − 1). `apart` is the number of windows times the cost of one; `shared` is the cost "
            "of the image; where there is no window, both are 0.",
        ),
    ),
)
