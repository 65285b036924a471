"""The pieces of R-CNN against scipy, scikit-learn and differences, and against numbers worked out by hand."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from sklearn.linear_model import Ridge
from sklearn.svm import SVC
from torch import Tensor

from solutions.rcnn import assign_labels, fit_box_regressor, svm_loss, warp_regions
from tests.sentences import assert_error_tells

IMAGE, BOX, NONE = torch.rand(3, 8, 8), torch.tensor([[0.0, 0, 4, 4]]), torch.zeros(0, dtype=torch.int64)
FEATURES, SIGNS, ZEROS = torch.rand(3, 2), torch.tensor([1.0, -1.0, 1.0]), torch.zeros(2)


def by_scipy(image: Tensor, box: Tensor, size: int, context: int) -> Tensor:
    """Return the box (C, size, size) of the image (C, H, W), sampled by scipy's own interpolation."""
    x1, y1, x2, y2 = box.tolist()
    grown = size / (size - 2 * context)
    places = (np.arange(size) + 0.5) / size - 0.5
    x = (x1 + x2) / 2 + places * grown * (x2 - x1) - 0.5  # scipy's index 0 is the centre of the first pixel
    y = (y1 + y2) / 2 + places * grown * (y2 - y1) - 0.5
    grid = np.stack(np.meshgrid(y, x, indexing="ij"))
    planes = [map_coordinates(plane, grid, order=1, mode="grid-constant", cval=0) for plane in image.double().numpy()]
    return torch.from_numpy(np.stack(planes))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("size", "context"), [(7, 0), (12, 2), (9, 4)])
def test_warped_regions_are_scipys(size: int, context: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(size)
    image = torch.rand(3, 11, 17, generator=generator, dtype=torch.float64)
    boxes = torch.tensor([[2.0, 3, 9, 5], [-4, 6, 6, 14], [0, 0, 17, 11], [5.25, 1.5, 5.75, 10.5], [40, 40, 50, 50]])
    got = warp_regions(image.to(dtype), boxes.to(dtype), size, context)
    wanted = torch.stack([by_scipy(image, box, size, context) for box in boxes])
    assert got.dtype == dtype
    torch.testing.assert_close(got.double(), wanted, rtol=0, atol=1e-5 if dtype == torch.float32 else 1e-12)


def test_a_box_at_its_own_size_is_a_piece_of_the_image_and_its_rim_is_what_lies_around() -> None:
    image = torch.arange(2 * 8 * 9, dtype=torch.float32).view(2, 8, 9)
    torch.testing.assert_close(
        warp_regions(image, torch.tensor([[2.0, 3, 6, 7]]), size=4, context=0)[0], image[:, 3:7, 2:6]
    )
    torch.testing.assert_close(
        warp_regions(image, torch.tensor([[3.0, 2, 5, 4]]), size=6, context=2)[0], image[:, :6, 1:7]
    )


def test_no_region_gives_none_and_views_are_left_alone() -> None:
    image = torch.rand(5, 6, 3).permute(2, 0, 1)
    before = image.clone()
    assert warp_regions(image, torch.zeros(0, 4), 8, 2).shape == (0, 3, 8, 8)
    warp_regions(image, torch.tensor([[1.0, 1, 4, 4]]), 8, 2)
    assert torch.equal(image, before)


def test_gradients_of_warping_are_those_of_differences() -> None:
    image = torch.rand(2, 5, 6, dtype=torch.float64, requires_grad=True)
    boxes = torch.tensor([[1.1, 0.7, 4.2, 3.8]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda one, two: warp_regions(one, two, 4, 1), (image, boxes), eps=1e-7)


def test_labels_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0, 8, 8], [0, 0, 8, 4], [20, 20, 24, 24]])
    labels = torch.tensor([7, 3, 9])
    proposals = torch.tensor(
        [
            [0.0, 0, 8, 8],  # 1 and ½
            [0, 0, 8, 4],  # ½ and 1
            [0, 0, 4, 4],  # ¼ and ½
            [0, 6, 8, 8],  # ¼ and 0
            [21, 20, 23, 24],  # ½
            [40, 40, 44, 44],  # 0
        ]
    )
    got, matched = assign_labels(proposals, boxes, labels)
    assert got.tolist() == [7, 3, 3, 0, 9, 0]
    assert matched.tolist() == [0, 1, 1, -1, 2, -1]
    got, matched = assign_labels(proposals, boxes, labels, foreground=0.75, background=(0.25, 0.5))
    assert got.tolist() == [7, 3, -1, 0, -1, -1]
    assert matched.tolist() == [0, 1, -1, -1, -1, -1]


def test_of_two_objects_that_are_as_near_the_first_counts_and_where_ranges_overlap_the_object_does() -> None:
    boxes = torch.tensor([[0.0, 0, 4, 4], [4, 0, 8, 4]])
    proposals = torch.tensor([[2.0, 0, 6, 4], [0, 0, 8, 4]])
    got, matched = assign_labels(proposals, boxes, torch.tensor([4, 2]), foreground=0.25, background=(0.0, 1.0))
    assert (got.tolist(), matched.tolist()) == ([4, 4], [0, 0])


def test_without_objects_all_is_background_and_without_proposals_there_is_nothing() -> None:
    none, no_labels = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    two = torch.tensor([[0.0, 0, 4, 4], [4, 0, 8, 4]])
    assert [one.tolist() for one in assign_labels(two, none, no_labels)] == [[0, 0], [-1, -1]]
    assert [one.tolist() for one in assign_labels(two, none, no_labels, background=(0.1, 0.5))] == [[-1, -1], [-1, -1]]
    got, matched = assign_labels(none, two, torch.tensor([1, 2]))
    assert got.shape == matched.shape == (0,)
    assert got.dtype == matched.dtype == torch.int64


def test_what_scikit_learns_machine_costs_is_the_least_of_all_near_it() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(60, 5, generator=generator, dtype=torch.float64)
    labels = torch.where(features[:, 0] + 0.5 * torch.randn(60, generator=generator) > 0.2, 1.0, -1.0).double()
    machine = SVC(kernel="linear", C=0.3, tol=1e-9).fit(features.numpy(), labels.numpy())
    weight = torch.tensor(machine.coef_[0])
    bias = torch.tensor(machine.intercept_[0])
    least = svm_loss(weight, bias, features, labels, 0.3)
    for seed in range(40):
        other = torch.Generator().manual_seed(seed)
        step = 0.05 * torch.randn(6, generator=other, dtype=torch.float64)
        assert svm_loss(weight + step[:5], bias + step[5], features, labels, 0.3) > least


def test_a_machines_cost_by_hand_and_its_gradient_by_differences() -> None:
    features = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    labels = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    weight = torch.tensor([0.25, -0.5], dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(0.125, dtype=torch.float64, requires_grad=True)
    # Margins 0.625, 0.375 and −0.125; ½ (0.0625 + 0.25) + 2 (0.375 + 0.625 + 1.125).
    assert svm_loss(weight, bias, features, labels, 2.0).item() == pytest.approx(0.15625 + 4.25)
    assert torch.autograd.gradcheck(lambda w, b: svm_loss(w, b, features, labels, 2.0), (weight, bias))
    assert svm_loss(weight, bias, features[:0], labels[:0], 2.0).item() == pytest.approx(0.15625)


@pytest.mark.parametrize("count", [3, 8, 40])
def test_the_regression_is_scikit_learns_ridge(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    features = torch.randn(count, 8, generator=generator, dtype=torch.float64)
    deltas = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    ridge = Ridge(alpha=1.5, fit_intercept=False, solver="svd").fit(features.numpy(), deltas.numpy())
    torch.testing.assert_close(fit_box_regressor(features, deltas, 1.5), torch.from_numpy(ridge.coef_.T))
    torch.testing.assert_close(
        fit_box_regressor(features.float(), deltas.float(), 1.5).double(),
        torch.from_numpy(ridge.coef_.T), rtol=0, atol=2e-5,
    )  # fmt: skip


def test_no_example_teaches_nothing() -> None:
    assert torch.equal(fit_box_regressor(torch.zeros(0, 6), torch.zeros(0, 4), 1.0), torch.zeros(6, 4))


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, ["context", "2 · context < size", "4 and 8"], lambda: warp_regions(IMAGE, BOX, 8, 4)),
        (ValueError, ["image", "(C, H, W)", "(8, 8)"], lambda: warp_regions(IMAGE[0], BOX, 8, 1)),
        (ValueError, ["image", "at least one pixel"], lambda: warp_regions(IMAGE[:, :0], BOX, 8, 1)),
        (TypeError, ["boxes", "float32", "float64"], lambda: warp_regions(IMAGE, BOX.double(), 8, 1)),
        (ValueError, ["background", "(0.5, 0.1)"], lambda: assign_labels(BOX, BOX[:0], NONE, background=(0.5, 0.1))),
        (TypeError, ["background", "0.5"], lambda: assign_labels(BOX, BOX[:0], NONE, background=0.5)),
        (ValueError, ["labels", "(1,)", "(0,)"], lambda: assign_labels(BOX, BOX, NONE)),
        (ValueError, ["labels", "1 or −1", "2"], lambda: svm_loss(ZEROS, ZEROS[0], FEATURES, 2 * SIGNS, 1.0)),
        (ValueError, ["strength", "at least 0"], lambda: svm_loss(ZEROS, ZEROS[0], FEATURES, SIGNS, -1.0)),
        (ValueError, ["strength", "greater than 0"], lambda: fit_box_regressor(FEATURES, torch.zeros(3, 4), 0.0)),
        (ValueError, ["strength", "finite"], lambda: fit_box_regressor(FEATURES, torch.zeros(3, 4), math.inf)),
        (ValueError, ["deltas", "(3, 4)", "(2, 4)"], lambda: fit_box_regressor(FEATURES, torch.zeros(2, 4), 1.0)),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    error: type[Exception], words: Sequence[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)
