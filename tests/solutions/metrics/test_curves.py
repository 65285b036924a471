"""Matching and curves against plain loops over the definitions, against torchmetrics, and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.functional.classification import binary_precision_recall_curve

from solutions.metrics import average_precision, match_detections, precision_recall
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("repeatable")


@st.composite
def ranked(draw: st.DrawFn) -> tuple[Tensor, Tensor, int]:
    """Draw which detections are right, distinct scores, and how many targets there are."""
    correct = torch.tensor(draw(st.lists(st.booleans(), max_size=12)), dtype=torch.bool)
    scores = torch.tensor(draw(st.permutations(range(len(correct)))), dtype=torch.float32) / 16
    return correct, scores, int(correct.sum()) + draw(st.integers(0, 3)) + (0 if correct.any() else 1)


@given(ranked())
def test_precision_and_recall_count_what_is_at_least_as_sure(drawn: tuple[Tensor, Tensor, int]) -> None:
    correct, scores, targets = drawn
    precision, recall = precision_recall(correct, scores, targets)
    assert precision.dtype == recall.dtype == torch.float32
    for rank, threshold in enumerate(sorted(scores.tolist(), reverse=True)):
        chosen = scores >= threshold
        right = int((correct & chosen).sum())
        assert precision[rank] == pytest.approx(right / int(chosen.sum()))
        assert recall[rank] == pytest.approx(right / targets)


@given(ranked())
def test_where_every_target_is_found_the_curve_is_torchmetrics(drawn: tuple[Tensor, Tensor, int]) -> None:
    correct, scores, _ = drawn
    if not correct.any():
        return
    precision, recall = precision_recall(correct, scores, int(correct.sum()))
    theirs = binary_precision_recall_curve(scores, correct.long())  # from the least sure on, and a last point (1, 0)
    torch.testing.assert_close(precision.flip(0), theirs[0][:-1])
    torch.testing.assert_close(recall.flip(0), theirs[1][:-1])


def test_equal_scores_keep_their_order() -> None:
    precision, _ = precision_recall(torch.tensor([False, True, True]), torch.tensor([0.5, 0.5, 0.5]), 2)
    torch.testing.assert_close(precision, torch.tensor([0.0, 1 / 2, 2 / 3]))


@given(ranked(), st.sampled_from(["coco", "voc11"]))
def test_average_precision_is_the_mean_of_the_best_precision_from_each_recall_on(
    drawn: tuple[Tensor, Tensor, int], method: str
) -> None:
    precision, recall = precision_recall(*drawn)
    points = 101 if method == "coco" else 11
    wanted = 0.0
    for r in (k / (points - 1) for k in range(points)):
        reached = [p for p, at in zip(precision.tolist(), recall.tolist(), strict=True) if at >= r - 1e-7]
        wanted += max(reached, default=0.0) / points
    assert average_precision(recall, precision, method) == pytest.approx(wanted, abs=1e-6)  # type: ignore[arg-type]


@given(ranked())
def test_the_area_is_that_of_rectangles_under_the_envelope(drawn: tuple[Tensor, Tensor, int]) -> None:
    precision, recall = precision_recall(*drawn)
    at, best = recall.tolist(), [max(precision[k:].tolist()) for k in range(len(precision))]
    wanted = sum((r - before) * p for before, r, p in zip([0.0, *at], at, best, strict=False))
    assert average_precision(recall, precision, "area") == pytest.approx(wanted, abs=1e-6)


def test_three_definitions_of_one_curve_by_hand() -> None:
    recall, precision = torch.tensor([0.25, 0.25, 0.45]), torch.tensor([1.0, 0.5, 0.75])
    at_five_points = (3 * 1 + 2 * 0.75) / 11  # at 0, .1, .2; .3, .4
    assert average_precision(recall, precision, "voc11") == pytest.approx(at_five_points)
    assert average_precision(recall, precision, "coco") == pytest.approx((26 * 1 + 20 * 0.75) / 101)
    assert average_precision(recall, precision, "area") == pytest.approx(0.25 * 1 + 0.2 * 0.75)


def test_nothing_found_is_worth_nothing_and_all_found_everything() -> None:
    nothing = torch.zeros(0)
    for method in ("coco", "voc11", "area"):
        assert average_precision(nothing, nothing, method) == 0  # type: ignore[arg-type]
        assert average_precision(torch.tensor([0.5, 1.0]), torch.ones(2), method) == pytest.approx(1)  # type: ignore[arg-type]


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Draw detections, scores and targets, jittered so that no two overlaps are equal."""
    numbers = np.random.default_rng(draw(st.integers(0, 10_000)))
    d, g = draw(st.integers(0, 7)), draw(st.integers(0, 4))
    corners = torch.tensor(numbers.uniform(0, 3, (d + g, 2)))
    boxes = torch.cat([corners, corners + torch.tensor(numbers.uniform(2, 5, (d + g, 2)))], dim=1)
    return boxes[:d], torch.tensor(numbers.integers(0, 3, d) / 4), boxes[d:]


def iou(a: list[float], b: list[float]) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@given(pictures(), st.sampled_from([0.1, 0.3, 0.5]))
def test_each_takes_the_best_target_that_is_left(drawn: tuple[Tensor, Tensor, Tensor], threshold: float) -> None:
    boxes, scores, targets = drawn
    left, wanted = dict(enumerate(targets.tolist())), [-1] * len(boxes)
    for number in sorted(range(len(boxes)), key=lambda number: (-float(scores[number]), number)):
        best = max(left, key=lambda target: iou(boxes[number].tolist(), left[target]), default=None)
        if best is not None and iou(boxes[number].tolist(), left[best]) >= threshold:
            wanted[number] = best
            del left[best]
    matched = match_detections(boxes, scores, targets, threshold)
    assert matched.dtype == torch.int64
    assert matched.tolist() == wanted


def test_a_second_target_will_do_where_the_best_is_taken() -> None:
    targets = torch.tensor([[0.0, 0.0, 4.0, 4.0], [1.0, 0.0, 5.0, 4.0]])
    boxes = torch.tensor([[0.25, 0.0, 4.25, 4.0], [0.0, 0.0, 4.0, 4.0]])  # both like the first best
    assert match_detections(boxes, torch.tensor([0.5, 0.75]), targets, 0.5).tolist() == [1, 0]


def test_an_overlap_of_exactly_the_threshold_is_enough() -> None:
    assert match_detections(
        torch.tensor([[0.0, 0.0, 4.0, 2.0]]), torch.tensor([0.5]), torch.tensor([[0.0, 0.0, 4.0, 4.0]]), 0.5
    ).tolist() == [0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: precision_recall(torch.ones(2), torch.ones(2), 1), TypeError, ("correct", "bool", "float32")),
        (lambda: precision_recall(torch.ones(2).bool(), torch.ones(3), 1), ValueError, ("scores", "(2,)", "(3,)")),
        (lambda: precision_recall(torch.ones(2).bool(), torch.ones(2), 0), ValueError, ("num_targets", "1", "0")),
        (lambda: average_precision(torch.tensor([0.5, 0.25]), torch.ones(2)), ValueError, ("recall", "never fall")),
        (
            lambda: average_precision(torch.ones(2), torch.ones(3)),
            ValueError,
            ("precision", "(2,)", "(3,)"),
        ),
        (lambda: average_precision(torch.ones(1), torch.ones(1) * 2), ValueError, ("precision", "0 and 1", "2.0")),
        (lambda: average_precision(torch.ones(1), torch.ones(1), "voc"), ValueError, ("method", '"voc11"', "'voc'")),  # type: ignore[arg-type]
    ],
)
def test_nonsense_is_refused_in_a_sentence(call: object, error: type[Exception], words: tuple[str, ...]) -> None:
    assert_error_tells(error, words, call)  # type: ignore[arg-type]
