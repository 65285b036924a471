"""What chapter 11 goes on with, against the references, and mask AP against COCO's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.farm import Farm
from course.masks import (
    corners_moved,
    cost_of_masks,
    mask_iou,
    masks_in_picture,
    masks_to_learn,
    mean_mask_ap,
    values_between,
)
from solutions.mask_rcnn import mask_loss, paste_masks, project_masks
from solutions.metrics import mean_average_precision
from solutions.roi_align import bilinear_sample

seeds, few = st.integers(0, 2**32 - 1), st.integers(1, 5)


@settings(max_examples=60, deadline=None)
@given(seeds, few, few, few, st.sampled_from([torch.float32, torch.float64]))
def test_values_between_are_those_of_the_reference(
    seed: int, channels: int, height: int, width: int, dtype: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randint(-8, 9, (channels, height, width), generator=generator).to(dtype)
    y, x = torch.randint(-12, 4 * max(height, width) + 12, (2, 40), generator=generator).to(dtype) / 4
    torch.testing.assert_close(values_between(features, y, x), bilinear_sample(features, y, x))


def drawn_boxes(generator: torch.Generator, count: int) -> torch.Tensor:
    """Boxes in quarters of a pixel about an image of some 20 pixels, reaching out of it on every side."""
    corner = torch.randint(-40, 80, (count, 2), generator=generator) / 4
    return torch.cat([corner, corner + torch.randint(1, 80, (count, 2), generator=generator) / 4], dim=1)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 4), few, st.integers(1, 9))
def test_masks_to_learn_are_those_of_the_reference(seed: int, count: int, objects: int, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.rand(objects, 17, 23, generator=generator) > 0.5
    matches = torch.randint(0, objects, (count,), generator=generator)
    boxes = drawn_boxes(generator, count)
    wanted = project_masks(masks, boxes, matches, size)
    torch.testing.assert_close(masks_to_learn(masks, boxes, matches, size), wanted, atol=1e-5, rtol=0)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 4), st.integers(2, 5), few)
def test_masks_cost_what_the_reference_says(seed: int, count: int, classes: int, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, classes, size, size, generator=generator)
    labels = torch.randint(1, classes, (count,), generator=generator)
    targets = torch.rand(count, size, size, generator=generator)
    costs, gradients = [], []
    for cost in (cost_of_masks, mask_loss):
        leaf = logits.clone().requires_grad_()
        costs.append(cost(leaf, labels, targets))
        costs[-1].backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*costs)
    torch.testing.assert_close(*gradients)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 4), st.integers(1, 9))
def test_masks_in_a_picture_are_those_of_the_reference(seed: int, count: int, size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    masks, boxes = torch.rand(count, 1, size, size, generator=generator), drawn_boxes(generator, count)
    wanted = paste_masks(masks, boxes, (17, 23))
    torch.testing.assert_close(masks_in_picture(masks, boxes, (17, 23)), wanted, atol=1e-5, rtol=0)


def test_a_corner_moves_to_the_nearest_cell_and_halves_go_up() -> None:
    boxes = torch.tensor([[3.0, 4.0, 5.0, 16.0]])
    torch.testing.assert_close(corners_moved(boxes, 8), torch.tensor([[-3.0, 4.0, 3.0, 0.0]]))


def test_mask_iou_counts_pixels_and_two_empty_masks_share_nothing() -> None:
    a = torch.tensor([[[1, 1, 0]], [[0, 0, 0]]]).bool()
    b = torch.tensor([[[0, 1, 1]], [[1, 1, 0]], [[0, 0, 0]]]).bool()
    torch.testing.assert_close(mask_iou(a, b), torch.tensor([[1 / 3, 1.0, 0.0], [0.0, 0.0, 0.0]]))


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_mask_ap_is_that_of_coco(threshold: float) -> None:
    """Detections are the truth moved by some pixels, with scores that have nothing to do with it."""
    generator = torch.Generator().manual_seed(4)
    targets = [target for _, target in Farm(12, seed=3)]
    found = []
    for target in targets:
        moved = [
            torch.roll(mask, tuple(torch.randint(-2, 3, (2,), generator=generator)), (0, 1)) for mask in target["masks"]
        ]
        masks = torch.stack([*moved, *moved]) if moved else target["masks"]
        labels, boxes = (target[name].repeat(2, *[1] * (target[name].ndim - 1)) for name in ("labels", "boxes"))
        scores = torch.rand(len(labels), generator=generator)
        found.append({"masks": masks, "labels": labels, "scores": scores, "boxes": boxes})
    own = mean_mask_ap(found, targets, threshold)
    wanted = mean_average_precision(found, targets, iou_thresholds=[threshold], iou_type="segm")["map"]
    assert 0.1 < own < 0.95
    assert own == pytest.approx(float(wanted), abs=1e-6)
