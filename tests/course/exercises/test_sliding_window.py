"""The cases of chapter 01 are what they say: scores tie only where a tie is asked, limits are where they belong."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.checking.calling import call
from course.exercises.catalogue import of_chapter
from course.exercises.exercise import Case
from course.exercises.probes import AtMost
from solutions.sliding_window import linear_to_conv, segment_by_patches

EXERCISES = {exercise.name: exercise for exercise in of_chapter("01_sliding_window")}
SEEDS = [*range(20), *(f"hidden-{number}" for number in range(10))]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """On tensors this small, threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scores_of(case: Case) -> Tensor:
    """Return the scores of each pixel, (H·W, K)."""
    classifier, image, size = (case.args[name] for name in ("classifier", "image", "size"))
    assert isinstance(classifier, nn.Sequential)
    assert isinstance(image, Tensor)
    assert isinstance(size, int)
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    layers = [layer for layer in classifier if not isinstance(layer, AtMost)]
    with torch.no_grad():
        return nn.Sequential(*layers).eval()(patches)  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_tie_only_where_a_case_says_so(seed: int | str) -> None:
    for case in EXERCISES["segment_by_patches"].draw(seed):
        first, second = scores_of(case).topk(2, dim=1).values.unbind(dim=1)
        if "equal scores" in case.name:
            assert torch.equal(first, second)
        elif "cannot tell apart" in case.name:
            assert (first > second).all()
            assert torch.equal(first.float(), second.float())
        else:
            # The basic case has small pixels: there sums are multiples of 1/1024, and exact.
            least = 1 / 1024 if case.name == "one channel, patches of 3 × 3" else 1 / 8
            assert (first - second).min() >= least, case.name


@pytest.mark.parametrize("seed", SEEDS)
def test_a_limit_is_below_a_row_and_leaves_a_rest(seed: int | str) -> None:
    cases = {case.name: case for case in EXERCISES["segment_by_patches"].draw(seed)}
    case = cases["no more patches at a time than batch_size"]
    classifier, image, limit = case.args["classifier"], case.args["image"], case.args["batch_size"]
    assert isinstance(classifier, nn.Sequential)
    assert isinstance(classifier[0], AtMost)
    assert isinstance(image, Tensor)
    assert isinstance(limit, int)
    assert classifier[0].limit == limit < image.shape[2]
    assert image[0].numel() % limit


def test_the_border_alone_is_another_class_where_zeros_are_asked_for() -> None:
    for seed in SEEDS:
        cases = {case.name: case for case in EXERCISES["segment_by_patches"].draw(seed)}
        labels = call(EXERCISES["segment_by_patches"], segment_by_patches, cases["zeros outside the image"]).value
        assert isinstance(labels, Tensor)
        inside = torch.zeros_like(labels, dtype=torch.bool)
        inside[1:-1, 1:-1] = True
        assert torch.equal(labels == 0, inside)


def test_modes_are_mixed_and_say_what_is_expected() -> None:
    for case in EXERCISES["segment_by_patches"].draw(0):
        classifier = case.args["classifier"]
        assert isinstance(classifier, nn.Module)
        assert classifier.training == ("training mode" in case.name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_network_left_in_training_mode_gives_wrong_labels_and_no_error(seed: int | str) -> None:
    def forgetful(classifier: nn.Module, image: Tensor, size: int, batch_size: int = 256) -> Tensor:
        patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
        labels = [classifier(some).argmax(dim=1) for some in torch.split(patches, batch_size)]
        return torch.cat(labels).view(image.shape[1:])

    exercise = EXERCISES["segment_by_patches"]
    for case in exercise.draw(seed):
        if "training mode" in case.name:
            right, wrong = call(exercise, segment_by_patches, case), call(exercise, forgetful, case)
            assert wrong.failure is None, case.name
            assert isinstance(right.value, Tensor)
            assert isinstance(wrong.value, Tensor)
            assert (right.value != wrong.value).any()


def test_every_convolution_gives_the_scores_of_its_linear_layer() -> None:
    for seed in SEEDS:
        for case in EXERCISES["linear_to_conv"].draw(seed):
            linear, channels, kernel = case.args.values()
            assert isinstance(linear, nn.Linear)
            assert isinstance(channels, int)
            conv = linear_to_conv(linear, channels, kernel)  # type: ignore[arg-type]
            window = torch.rand(1, channels, *conv.kernel_size, dtype=linear.weight.dtype)
            torch.testing.assert_close(conv(window).flatten(), linear(window.flatten()))
            if "double" in case.name:
                assert not torch.equal(linear.weight.float().double(), linear.weight)


def test_the_probe_lets_a_batch_through_and_stops_a_larger_one() -> None:
    x = torch.zeros(3, 2)
    assert AtMost(3)(x) is x
    assert list(AtMost(3).parameters()) == []
    with pytest.raises(ValueError, match="at most 2 patches at a time, got 3"):
        AtMost(2)(x)
