"""The exercises of chapter 02, Fully convolutional networks: every pixel at once.

One loss for all pixels, the counting behind the metrics, what a network's maps weigh, and the way down and up again.
"""

from collections.abc import Iterator, Sequence
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from course.exercises.draw import different, distinct, sliced, thirds, transposed
from course.exercises.exercise import Case, Exercise

CHAPTER = "02_fcn"

IGNORE = 255


# --- pixel_cross_entropy ----------------------------------------------------------------------------------------------


def _labels(rng: np.random.Generator, shape: Sequence[int], classes: int) -> Tensor:
    """Draw labels 0 … K − 1 in which each class comes as often as any other, give or take one."""
    return torch.from_numpy(rng.permutation(np.resize(np.arange(classes), int(np.prod(shape))))).reshape(tuple(shape))


def _with_ignored(rng: np.random.Generator, target: Tensor, ignore_index: int, count: int) -> Tensor:
    """Return `target` (N, H, W) with `count` pixels ignored in the first image, one more in the next, and so on."""
    target = target.clone()
    for number, image in enumerate(target):
        pixels = rng.choice(image.numel(), count + number, replace=False)
        image.view(-1)[torch.from_numpy(pixels)] = ignore_index
    return target


def _losses(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `pixel_cross_entropy`, called by position as (logits, target, ignore_index)."""
    logits = distinct(rng, (1, 3, 2, 4), step=0.125)
    yield Case("one small image, every pixel counts", {"logits": logits, "target": _labels(rng, (1, 2, 4), 3)})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (2, 6, height, width), step=1 / 32)
    target = _labels(rng, (2, height, width), 6)
    yield Case("several images, height ≠ width", {"logits": logits, "target": target})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (3, 4, height, width), step=1 / 32)
    target = _with_ignored(rng, _labels(rng, (3, height, width), 4), IGNORE, 2)
    yield Case("some pixels are ignored, in each image another number", {"logits": logits, "target": target})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=1 / 16)
    target = _labels(rng, (2, height, width), 3)
    target[int(rng.integers(2))] = IGNORE
    yield Case("of two images one is ignored altogether", {"logits": logits, "target": target})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=1 / 16)
    target = _with_ignored(rng, _labels(rng, (2, height, width), 3), -1, 1)
    yield Case("another label is ignored: −1", {"logits": logits, "target": target, "ignore_index": -1})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (1, 4, height, width), step=1 / 16)
    target = _labels(rng, (1, height, width), 4)
    target[0, 0, 0], target[0, -1, -1] = 1, 2
    ignored = int(rng.integers(1, 3))
    yield Case("the label that is ignored is a class", {"logits": logits, "target": target, "ignore_index": ignored})

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (2, 3, height, width), step=0.125)
    target = torch.full((2, height, width), IGNORE)
    yield Case(
        "no pixel counts: the loss is zero, and so is its gradient", {"logits": logits, "target": target}, {}, True
    )

    height, width = different(rng, 2, 3)
    logits = distinct(rng, (2, 4, height, width), step=250.0)
    target = _with_ignored(rng, _labels(rng, (2, height, width), 4), IGNORE, 1)
    yield Case("very large logits, with their gradient", {"logits": logits, "target": target}, gradient=True)

    height, width = different(rng, 2, 4)
    logits = distinct(rng, (1, 1, height, width))
    target = _with_ignored(rng, torch.zeros(1, height, width, dtype=torch.int64), IGNORE, 1)
    yield Case("a single class, which costs nothing", {"logits": logits, "target": target})

    logits = distinct(rng, (3, 4, 1, 1), step=0.125)
    yield Case("images of one pixel", {"logits": logits, "target": torch.tensor([2, IGNORE, 0]).view(3, 1, 1)})

    height, width = different(rng, 2, 4)
    logits, target = torch.zeros(0, 3, height, width), torch.zeros(0, height, width, dtype=torch.int64)
    yield Case("an empty batch", {"logits": logits, "target": target})

    height, width = different(rng, 2, 3)
    target = _with_ignored(rng, _labels(rng, (2, height, width), 3), IGNORE, 1)
    logits = thirds(rng, (2, 3, height, width)) / 4
    yield Case("float64, with values that float32 cannot hold", {"logits": logits, "target": target})

    height, width = different(rng, 3, 5)
    logits = distinct(rng, (2, height, width, 4), step=1 / 32).permute(0, 3, 1, 2)
    target = transposed(_with_ignored(rng, _labels(rng, (2, height, width), 4), IGNORE, 2))
    yield Case("inputs that are not contiguous", {"logits": logits, "target": target})

    height, width = different(rng, 2, 3)
    logits = distinct(rng, (2, 4, height, width), step=1 / 16)
    target = _with_ignored(rng, _labels(rng, (2, height, width), 4), IGNORE, 1)
    yield Case("gradients flow back, to the pixels that count", {"logits": logits, "target": target}, gradient=True)


# --- confusion_matrix -------------------------------------------------------------------------------------------------


def _maps(rng: np.random.Generator, shape: Sequence[int], classes: int) -> tuple[Tensor, Tensor]:
    """Draw a prediction and a target of `shape`: about half of the pixels are right, and errors have a direction.

    Of any two classes one is taken for the other, and never the other way round; which one, chance decides.
    """
    while True:
        target = _labels(rng, shape, classes)
        wrong = torch.from_numpy(rng.random(tuple(shape)) < 0.5)
        # A pixel that is wrong was given a lower class, and then the classes change their names.
        pred = torch.where(wrong, (target * torch.from_numpy(rng.random(tuple(shape)))).long(), target)
        right = (pred == target).double().mean()
        if classes == 1 or 0.2 < right < 0.9:
            names = torch.from_numpy(rng.permutation(classes))
            return names[pred], names[target]


def _counting(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `confusion_matrix`, called by position as (pred, target, num_classes, ignore_index)."""
    pred, target = _maps(rng, (3, 4), 3)
    yield Case("two small label maps", {"pred": pred, "target": target, "num_classes": 3})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (3, height, width), 5)
    yield Case("a batch of label maps", {"pred": pred, "target": target, "num_classes": 5})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 4)
    target = _with_ignored(rng, target, IGNORE, 3)
    yield Case("some pixels of the target are ignored", {"pred": pred, "target": target, "num_classes": 4})

    height, width = different(rng, 3, 5)
    pred, target = _maps(rng, (2, height, width), 3)
    target = _with_ignored(rng, target, -1, 2)
    yield Case("another label is ignored: −1", {"pred": pred, "target": target, "num_classes": 3, "ignore_index": -1})

    height, width = different(rng, 4, 5)
    pred, target = _maps(rng, (2, height, width), 4)
    ignored = int(rng.integers(1, 3))
    pred[0, 0, 0], target[0, 0, 0] = ignored, 3  # the network may well call a pixel so
    pred[1, 0, 0], target[1, 0, 0] = 0, ignored
    yield Case(
        "the label that is ignored is a class",
        {"pred": pred, "target": target, "num_classes": 4, "ignore_index": ignored},
    )

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 3)
    yield Case("some classes are nowhere: the last two", {"pred": pred, "target": target, "num_classes": 5})

    height, width = different(rng, 3, 5)
    pred, target = _maps(rng, (height, width), 3)
    yield Case("a class that is nowhere: the first", {"pred": pred + 1, "target": target + 1, "num_classes": 4})

    height, width = different(rng, 2, 4)
    pred, target = _maps(rng, (height, width), 3)
    yield Case("no pixel counts", {"pred": pred, "target": torch.full_like(target, IGNORE), "num_classes": 3})

    height, width = different(rng, 2, 4)
    _, target = _maps(rng, (1, height, width), 1)
    yield Case(
        "a single class",
        {"pred": torch.zeros_like(target), "target": _with_ignored(rng, target, IGNORE, 1), "num_classes": 1},
    )

    height, width = different(rng, 2, 4)
    nothing = torch.zeros(0, height, width, dtype=torch.int64)
    yield Case("an empty batch", {"pred": nothing, "target": nothing.clone(), "num_classes": int(rng.integers(2, 5))})

    # Labels of two digits in base K: no byte holds them.
    height, width = different(rng, 4, 6)
    classes = int(rng.integers(17, 20))
    pred, target = _maps(rng, (3, height, width), classes)
    yield Case("many classes", {"pred": pred, "target": target, "num_classes": classes})

    pred, target = _maps(rng, (3, 10, 12), 3)
    frequent = int(rng.integers(3))
    for labels in (pred.view(-1), target.view(-1)):
        labels[: int(rng.integers(280, 300))] = frequent
    yield Case("many pixels, most of one class", {"pred": pred, "target": target, "num_classes": 3})

    pred, target = _maps(rng, (int(rng.integers(9, 13)),), 3)
    yield Case("a list of pixels instead of a map", {"pred": pred, "target": target, "num_classes": 3})

    height, width = different(rng, 4, 6)
    pred, target = _maps(rng, (2, height, width), 4)
    target = _with_ignored(rng, target, IGNORE, 2)
    yield Case(
        "inputs that are not contiguous",
        {"pred": sliced(pred), "target": transposed(target), "num_classes": 4, "ignore_index": IGNORE},
    )


# --- mean_iou ---------------------------------------------------------------------------------------------------------


def _counts(rng: np.random.Generator, classes: int) -> Tensor:
    """Draw a confusion matrix (K, K) of distinct counts, larger on the diagonal."""
    counts = distinct(rng, (classes, classes), sign="positive", step=1.0).long()
    return counts + torch.diag(torch.from_numpy(rng.integers(10, 60, classes)))


def _averaging(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `mean_iou`, called as (confusion)."""
    yield Case("three classes", {"confusion": _counts(rng, 3)})
    yield Case("five classes", {"confusion": _counts(rng, 5)})

    confusion = _counts(rng, 4)
    confusion[0] = torch.tensor([int(rng.integers(4000, 6000)), 3, 5, 1])
    yield Case("most pixels are of one class", {"confusion": confusion})

    confusion = _counts(rng, 4)
    absent = int(rng.integers(4))
    confusion[absent], confusion[:, absent] = 0, 0
    yield Case("a class that is nowhere is left out", {"confusion": confusion})

    confusion = _counts(rng, 6)
    for absent in different(rng, 0, 5, 3):
        confusion[absent], confusion[:, absent] = 0, 0
    yield Case("several classes are nowhere", {"confusion": confusion})

    confusion = _counts(rng, 4)
    confusion[int(rng.integers(4))] = 0
    yield Case("a class that is predicted but never there", {"confusion": confusion})

    confusion = _counts(rng, 4)
    confusion[:, int(rng.integers(4))] = 0
    yield Case("a class that is there but never predicted", {"confusion": confusion})

    confusion = _counts(rng, 4)
    single = int(rng.integers(4))
    confusion[single], confusion[:, single] = 0, 0
    confusion[single, single] = 1
    yield Case("a class of a single pixel, which is right", {"confusion": confusion})

    confusion = _counts(rng, 3)
    yield Case("every pixel is right", {"confusion": torch.diag(confusion.diag())})

    confusion = _counts(rng, 3)
    yield Case("every pixel is wrong", {"confusion": confusion - torch.diag(confusion.diag())})

    classes = int(rng.integers(2, 7))
    yield Case("no class is there: NaN", {"confusion": torch.zeros(classes, classes, dtype=torch.int64)})

    yield Case("a single class", {"confusion": torch.tensor([[int(rng.integers(1, 100))]])})
    yield Case("more pixels than 32 bits can count", {"confusion": _counts(rng, 3) * 2**33})
    yield Case("a matrix that is not contiguous", {"confusion": transposed(_counts(rng, 4))})


# --- activation_bytes -------------------------------------------------------------------------------------------------


def _any_convolution(*sizes: int | tuple[int, int], kind: type[nn.Module] = nn.Conv2d, **options: int) -> nn.Module:
    """Return a convolution whose weights do not matter."""
    # Nothing is drawn at random: the caller's generator stays as it is.
    layer: nn.Module = nn.utils.skip_init(kind, *sizes, **options)  # type: ignore[no-untyped-call]
    for parameter in layer.parameters():
        parameter.data.fill_(0.25)
    return layer


def _weighing(rng: np.random.Generator) -> Iterator[Case]:
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


# --- encoder_decoder --------------------------------------------------------------------------------------------------


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
) -> _Network:
    """Draw an encoder with one stage for each of `widths`, its decoder, and a classifier; some stages have a ReLU."""

    def stage(before: int, after: int) -> nn.Module:
        layer = _convolution(rng, before, after, int(rng.choice([1, 3])), dtype)
        return nn.Sequential(layer, nn.ReLU()) if rng.integers(2) else layer

    encoder = [stage(before, after) for before, after in zip((channels, *widths), widths, strict=False)]
    decoder, below = [], widths[-1]
    for skip in widths[-2::-1]:
        after = int(rng.integers(2, 5))
        decoder.append(stage(below + skip, after))
        below = after
    classifier = _convolution(rng, below, classes, 1, dtype)
    return {"encoder": nn.ModuleList(encoder), "decoder": nn.ModuleList(decoder), "classifier": classifier}


def _going_down_and_up(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `encoder_decoder`, called by position as (x, encoder, decoder, classifier)."""
    x = distinct(rng, (1, 3, 4, 6), step=1 / 8)
    yield Case("down once and up once", {"x": x, **_network(rng, (2, 3), 2)})

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
    yield Case("gradients flow back", {"x": x, **_network(rng, (3, 4), 2)}, gradient=True)


_LOSSES = (
    r"(^|\.|linear)crossentropy",  # cross_entropy, CrossEntropyLoss, aten.cross_entropy_loss; not binary_cross_entropy
    r"(^|\.)nllloss",  # nll_loss, NLLLoss, aten.nll_loss2d_forward
    r"^(tensorflow|keras|jax)\..*(categorical|softmax)crossentropy",
)
_METRICS = (r"^torchmetrics", r"^sklearn")

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        name="pixel_cross_entropy",
        chapter=CHAPTER,
        points=8,
        minutes=20,
        difficulty=3,
        reference="solutions.fcn.pixels:pixel_cross_entropy",
        cases=_losses,
        outputs=("loss",),
        hints=(
            "Take one pixel with scores (2, 0) and the right class 0. What is its loss? Now think of 4096 of them, of "
            "which 100 do not count: which numbers are added up, and by how many do you divide?",
            "Take the logarithm of the softmax over the classes, which are dimension 1, and pick at each pixel the "
            "one of its right class. A pixel that is ignored needs some valid class to pick, too; its loss is thrown "
            "away afterwards. And what happens to your division when nothing counts?",
            "`log_softmax(dim=1)` keeps large logits from overflowing. `gather(1, labels[:, None])` picks along the "
            "classes, where `labels` is the target with a 0 wherever it is ignored. Set the ignored losses to 0, sum, "
            "and divide by the number that counts, or by 1 where that is 0.",
        ),
        forbidden=_LOSSES,
        forbidden_sentence="This exercise is to build the loss yourself, without a library's cross-entropy.",
    ),
    Exercise(
        name="activation_bytes",
        chapter=CHAPTER,
        points=4,
        minutes=10,
        difficulty=2,
        reference="solutions.fcn.networks:activation_bytes",
        cases=_weighing,
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
    ),
    Exercise(
        name="encoder_decoder",
        chapter=CHAPTER,
        points=7,
        minutes=20,
        difficulty=3,
        reference="solutions.fcn.networks:encoder_decoder",
        cases=_going_down_and_up,
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
    ),
    Exercise(
        name="confusion_matrix",
        chapter=CHAPTER,
        points=6,
        minutes=15,
        difficulty=2,
        reference="solutions.fcn.pixels:confusion_matrix",
        cases=_counting,
        outputs=("matrix",),
        hints=(
            "Write down the matrix of three pixels that are 0, 0, 1 and were called 0, 1, 1. In which row does the "
            "wrong one stand?",
            "Throw away the pixels whose target is ignored, first of all. A loop over those that are left is a right "
            "answer. For a quick one, give each pair (target, pred) one number of its own.",
            "`target * num_classes + pred` is such a number, between 0 and K² − 1. `torch.bincount` counts numbers; "
            "tell it with `minlength` how many cells there are, then reshape them to (K, K).",
        ),
        forbidden=_METRICS,
        forbidden_sentence="This exercise is to count yourself, without torchmetrics or scikit-learn.",
    ),
    Exercise(
        name="mean_iou",
        chapter=CHAPTER,
        points=5,
        minutes=15,
        difficulty=2,
        reference="solutions.fcn.pixels:mean_iou",
        cases=_averaging,
        outputs=("mean IoU",),
        hints=(
            "Colour the cells of a 3 × 3 matrix that belong to class 1: those where it is the target, those where it "
            "is the prediction. Which cell has both colours?",
            "The intersection is on the diagonal. The union is the row and the column together, but the cell that "
            "lies in both must count once. Then ask which classes have a union at all.",
            "`confusion.diag()` and two sums, over dimension 0 and dimension 1. Keep only the classes whose union is "
            "above zero, divide, and average. The mean of nothing is NaN by itself.",
        ),
        forbidden=_METRICS,
        forbidden_sentence="This exercise is to compute the metric yourself, without torchmetrics or scikit-learn.",
    ),
)
