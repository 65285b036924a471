"""`segment_by_patches`: label every pixel by the patch around it."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course.exercises.draw import different, distinct, thirds, transposed
from course.exercises.exercise import Case, Exercise
from course.exercises.probes import AtMost
from course.exercises.sliding_window import CHAPTER
from course.exercises.sliding_window.shared import draw_linear


def _whole(rng: np.random.Generator, shape: Sequence[int], reach: int = 4) -> Tensor:
    """Draw whole numbers from −reach … reach, which may repeat."""
    return torch.tensor(rng.integers(-reach, reach + 1, tuple(shape)), dtype=torch.float32)


def _network(*layers: nn.Module, training: bool = False) -> nn.Sequential:
    return nn.Sequential(*layers).train(training)


def _scorer(rng: np.random.Generator, channels: int, size: int, classes: int) -> nn.Linear:
    """Return a linear layer on a patch. Every pixel counts; biases that differ by eighths let no two classes tie."""
    weight = torch.stack([distinct(rng, (channels * size**2,)) for _ in range(classes)])
    eighths = torch.tensor(rng.permutation(classes), dtype=torch.float32) / 8
    return draw_linear(weight, _whole(rng, (classes,), reach=9) + eighths)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield the cases of `segment_by_patches`, called by position as (classifier, image, size, batch_size).

    No case tells one default of `batch_size` from another: how many patches a machine bears is the answer's choice.
    """

    def case(name: str, classifier: nn.Module, image: Tensor, size: int, *batch_size: int) -> Case:
        arguments = {"classifier": classifier, "image": image, "size": size}
        return Case(name, {**arguments, "batch_size": batch_size[0]} if batch_size else arguments)

    # Small pixels: with every seed, some label changes if anything but zeros stands outside the image. Scores are
    # positive here and never tie; cases of their own have negative ones and ties.
    scorer = _scorer(rng, 1, 3, 3)
    scorer.bias.data = 100 + torch.tensor(rng.permutation(3)) * (1 / 2 + 1 / 1024)
    image = distinct(rng, (1, 6, 7), step=1 / 256)
    yield case("one channel, patches of 3 × 3", _network(nn.Flatten(), scorer), image, 3)

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
    yield case("zeros outside the image", _network(nn.Flatten(), draw_linear(weight, threshold)), image, 3)

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

    classifier = _network(nn.Flatten(), draw_linear(centre.flatten(1), None))
    image = close(distinct(rng, (1, *different(rng, 3, 5))), 0.25)
    yield case("scores a quarter apart", classifier, image, 3, 16)

    classifier = _network(nn.Flatten(), draw_linear(centre.flatten(1).double(), None))
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


EXERCISE = Exercise(
    name="segment_by_patches",
    chapter=CHAPTER,
    points=8,
    minutes=25,
    difficulty=3,
    reference="solutions.sliding_window:segment_by_patches",
    cases=cases,
    outputs=("labels",),
    hints=(
        "Which pixels of the image does the patch around the top-left pixel cover, for size 3? How many rows and "
        "columns of zeros have to be put around the image so that each pixel has a patch?",
        "Pad by size // 2 on all four sides, cut all patches with stride 1: there are now as many as pixels, in "
        "reading order. Before the first one is classified, the classifier has to know that nobody trains it now.",
        "`classifier.eval()`; then, for each batch of `torch.split(patches, batch_size)`, the argmax over "
        "dimension 1 of its scores. Concatenate the batches' labels and give them the shape (H, W).",
    ),
    insight=(
        "A classifier has become a segmenter without being trained again. Try other values of `batch_size`: the "
        "labels stay the same, only memory and time change. In training mode that would not be so, for a batch norm "
        "mixes the patches of a batch."
    ),
)
