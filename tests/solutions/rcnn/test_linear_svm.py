"""The support vector machine against scikit-learn's, its own loss and a hand calculation; and hard negatives."""

import numpy as np
import pytest
import torch
from sklearn.svm import SVC
from torch import Tensor

from solutions.rcnn import svm_loss
from solutions.rcnn.linear_svm import LinearSVM, fit_with_hard_negatives, mine_hard_negatives


def overlapping(examples: int, features: int, seed: int, positive: float = 0.3) -> tuple[Tensor, Tensor]:
    """Two clouds that no line separates, with more of the one than of the other."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.where(torch.rand(examples, generator=generator) < positive, 1.0, -1.0).double()
    x = torch.randn(examples, features, generator=generator, dtype=torch.float64)
    return x + 0.8 * labels[:, None] * torch.linspace(1, 0, features, dtype=torch.float64), labels


@pytest.mark.parametrize(
    ("examples", "features", "strength", "weight"),
    [
        (200, 5, 1.0, 1.0), (60, 40, 0.1, 1.0), (40, 90, 10.0, 1.0), (300, 3, 100.0, 1.0), (500, 20, 0.001, 2.0),
        (150, 8, 1.0, 5.0),
    ],
)  # fmt: skip
def test_scores_are_those_of_scikit_learn(examples: int, features: int, strength: float, weight: float) -> None:
    x, labels = overlapping(examples, features, seed=examples)
    svm = LinearSVM(features, strength, weight).fit(x, labels)
    theirs = SVC(kernel="linear", C=strength, class_weight={1: weight, -1: 1.0}, tol=1e-8).fit(
        x.numpy(), labels.numpy()
    )
    there, _ = overlapping(50, features, seed=99)
    np.testing.assert_allclose(svm(there).numpy(), theirs.decision_function(there.numpy()), atol=1e-3)


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_no_step_in_any_direction_costs_less(strength: float) -> None:
    x, labels = overlapping(120, 6, seed=3)
    svm = LinearSVM(6, strength).fit(x, labels)
    least = float(svm_loss(svm.weight, svm.bias, x, labels, strength))
    generator = torch.Generator().manual_seed(0)
    for size in (1e-1, 1e-3):
        for _ in range(50):
            step = size * torch.randn(7, generator=generator, dtype=torch.float64)
            assert float(svm_loss(svm.weight + step[:6], svm.bias + step[6], x, labels, strength)) > least


def test_two_points_have_the_line_in_their_middle() -> None:
    x = torch.tensor([[1.0, 1.0], [3.0, 1.0]])
    svm = LinearSVM(2, strength=100.0).fit(x, torch.tensor([-1.0, 1.0]))
    torch.testing.assert_close(svm.weight, torch.tensor([1.0, 0.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(svm.bias, torch.tensor(-2.0), atol=1e-5, rtol=0)
    torch.testing.assert_close(svm(torch.tensor([[2.0, 7.0]])), torch.tensor([0.0]), atol=1e-4, rtol=0)


def test_examples_outside_the_margin_change_nothing() -> None:
    x, labels = overlapping(100, 4, seed=5)
    svm = LinearSVM(4, 0.5).fit(x, labels)
    outside = labels * svm(x) > 1 + 1e-6
    assert 10 < int(outside.sum()) < 90
    again = LinearSVM(4, 0.5).fit(x[~outside], labels[~outside])
    torch.testing.assert_close(again.weight, svm.weight, atol=1e-5, rtol=0)
    torch.testing.assert_close(again.bias, svm.bias, atol=1e-5, rtol=0)


def test_it_does_not_matter_how_far_features_lie_from_zero() -> None:
    x, labels = overlapping(80, 4, seed=6)
    here, there = LinearSVM(4).fit(x, labels), LinearSVM(4).fit(x + 30, labels)
    torch.testing.assert_close(there(x + 30), here(x), atol=1e-5, rtol=0)  # the bias is not shrunk


@pytest.mark.parametrize(("strength", "size"), [(63.0, 36.0), (270.0, 8.5), (1e-4, 100.0), (1000.0, 0.01)])
def test_neither_strength_nor_size_of_features_uses_up_the_digits(strength: float, size: float) -> None:
    x, labels = overlapping(60, 5, seed=12)
    svm = LinearSVM(5, strength).fit(size * x, labels)
    theirs = SVC(kernel="linear", C=strength, tol=1e-6).fit(size * x.numpy(), labels.numpy())
    weight, bias = torch.from_numpy(theirs.coef_[0]), torch.tensor(theirs.intercept_[0])
    least = float(svm_loss(weight, bias, size * x, labels, strength))
    assert float(svm_loss(svm.weight, svm.bias, size * x, labels, strength)) <= least * (1 + 1e-6)


@pytest.mark.parametrize("label", [1.0, -1.0])
def test_one_class_alone_is_right_everywhere(label: float) -> None:
    svm = LinearSVM(3).fit(torch.randn(5, 3), torch.full((5,), label))
    assert svm.weight.tolist() == [0, 0, 0]
    assert float(svm.bias) == label


def test_nothing_to_learn_from_is_a_machine_that_says_nothing() -> None:
    svm = LinearSVM(3).fit(torch.zeros(0, 3), torch.zeros(0))
    assert svm(torch.ones(2, 3)).tolist() == [0, 0]


def test_the_same_example_twice_and_features_that_are_zero_are_no_trouble() -> None:
    x, labels = overlapping(50, 4, seed=8)
    x[:, 2] = 0
    once = LinearSVM(4, 1.0).fit(x, labels)
    twice = LinearSVM(4, 0.5).fit(torch.cat([x, x]), torch.cat([labels, labels]))
    torch.testing.assert_close(twice.weight, once.weight, atol=1e-5, rtol=0)
    assert float(once.weight[2]) == 0


def test_inputs_stay_and_the_dtype_is_theirs() -> None:
    x, labels = (tensor.float() for tensor in overlapping(60, 4, seed=9))
    before = x.clone(), labels.clone()
    svm = LinearSVM(4).fit(x.t().contiguous().t(), labels)
    assert torch.equal(x, before[0])
    assert torch.equal(labels, before[1])
    assert svm.weight.dtype == svm(x).dtype == torch.float32
    loaded = LinearSVM(4)
    loaded.load_state_dict(svm.state_dict())
    torch.testing.assert_close(loaded(x), svm(x))


def test_hard_negatives_are_those_inside_the_margin_and_not_yet_used_the_worst_first() -> None:
    scores = torch.tensor([-0.5, 2.0, -1.0, 0.25, 0.25, -3.0, 9.0])
    used = torch.tensor([False, False, False, False, False, False, True])
    assert mine_hard_negatives(scores, used).tolist() == [1, 3, 4, 0]
    assert mine_hard_negatives(scores, used, most=2).tolist() == [1, 3]
    assert mine_hard_negatives(scores, used, margin=0.25).tolist() == [1]
    assert mine_hard_negatives(scores[:0], used[:0]).tolist() == []


def test_when_no_hard_negative_is_left_the_machine_is_that_of_all() -> None:
    x, labels = overlapping(3000, 10, seed=11, positive=0.05)
    positives, negatives = x[labels > 0], x[labels < 0]
    mined, whole = LinearSVM(10, 0.1, 2.0), LinearSVM(10, 0.1, 2.0).fit(x, labels)
    counts = fit_with_hard_negatives(mined, positives, negatives, first=100, most=200)
    assert counts[0] <= 100
    assert len(counts) > 1
    assert counts[-1] < len(negatives) / 2
    torch.testing.assert_close(mined.weight, whole.weight, atol=1e-4, rtol=0)
    torch.testing.assert_close(mined.bias, whole.bias, atol=1e-4, rtol=0)


@pytest.mark.parametrize("missing", ["positives", "negatives"])
def test_mining_goes_through_where_there_are_none(missing: str) -> None:
    svm, some, none = LinearSVM(3), torch.randn(6, 3), torch.zeros(0, 3)
    fit_with_hard_negatives(svm, *((none, some) if missing == "positives" else (some, none)))
    assert float(svm.bias) == (-1 if missing == "positives" else 1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: LinearSVM(0), ValueError, "num_features must be at least 1"),
        (lambda: LinearSVM(2, strength=0), ValueError, "strength must be greater than 0"),
        (lambda: LinearSVM(2, positive_weight=-1), ValueError, "positive_weight must be greater than 0"),
        (lambda: LinearSVM(2).fit(torch.zeros(3, 4), torch.ones(3)), ValueError, r"features must have shape \(N, 2\)"),
        (lambda: LinearSVM(2).fit(torch.zeros(3, 2), torch.zeros(3)), ValueError, "labels must be 1 or −1"),
        (lambda: LinearSVM(2).fit(torch.zeros(3, 2), torch.ones(3).long()), TypeError, "labels must be a"),
        (lambda: mine_hard_negatives(torch.zeros(3), torch.zeros(2).bool()), ValueError, "used must have"),
        (lambda: mine_hard_negatives(torch.zeros(3), torch.zeros(3).bool(), most=0), ValueError, "most must"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_a_sentence(call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()  # type: ignore[operator]
