"""What chapter 7 goes on with, against the references."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.proposals import (
    alike,
    cost_of_machine,
    cut_out,
    joined,
    least_squares,
    moved_by,
    offsets_to,
    share_covered,
    taken_for,
)
from course.regions import Region
from solutions.boxes import decode_boxes, encode_boxes
from solutions.rcnn import assign_labels, fit_box_regressor, svm_loss, warp_regions
from solutions.region_proposals import merge_regions, proposal_recall, region_similarity
from tests.course.test_detection import boxes

seeds = st.integers(0, 2**32 - 1)


def region(rng: np.random.Generator) -> Region:
    """Draw a region with random histograms."""
    colour, texture = (torch.from_numpy(rng.dirichlet(np.full(bins, 0.3))).float() for bins in (75, 240))
    return {"size": int(rng.integers(1, 90)), "box": boxes(rng, 1)[0], "colour": colour, "texture": texture}


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_regions_are_compared_and_merged_as_the_reference_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = region(rng), region(rng)
    assert alike(first, second, 2000) == pytest.approx(float(region_similarity(first, second, 2000)), abs=1e-5)
    own, theirs = joined(first, second), merge_regions(first, second)
    assert own["size"] == theirs["size"]
    for part in ("box", "colour", "texture"):
        torch.testing.assert_close(own[part], theirs[part])  # type: ignore[literal-required]


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 9), st.integers(0, 4), st.sampled_from([0.1, 0.25, 0.5]))
def test_recall_and_labels_are_those_of_the_reference(seed: int, found: int, there: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    proposals, targets, labels = boxes(rng, found), boxes(rng, there), torch.from_numpy(rng.integers(1, 9, there))
    assert share_covered(proposals, targets, threshold) == pytest.approx(
        proposal_recall(proposals, targets, threshold), nan_ok=True
    )
    for background in ((0.0, 0.5), (0.1, 0.4)):
        own = taken_for(proposals, targets, labels, threshold, background)
        for one, wanted in zip(own, assign_labels(proposals, targets, labels, threshold, background), strict=True):
            torch.testing.assert_close(one, wanted)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 4), st.integers(0, 3))
def test_warps_are_those_of_the_reference(seed: int, count: int, context: int) -> None:
    rng = np.random.default_rng(seed)
    image, where = torch.from_numpy(rng.random((3, 13, 21))).double(), boxes(rng, count).double()
    torch.testing.assert_close(cut_out(image, where, 9, context), warp_regions(image, where, 9, context))


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 6), st.sampled_from([(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)]))
def test_offsets_are_those_of_the_reference(seed: int, count: int, weights: tuple[float, float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    targets, anchors = boxes(rng, count), boxes(rng, count)
    torch.testing.assert_close(offsets_to(targets, anchors, weights), encode_boxes(targets, anchors, weights))
    deltas = 4 * torch.from_numpy(rng.standard_normal((count, 4))).float()
    torch.testing.assert_close(moved_by(deltas, anchors, weights), decode_boxes(deltas, anchors, weights))


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 9), st.integers(1, 6), st.sampled_from([0.5, 4.0]))
def test_the_machine_and_the_regression_are_those_of_the_reference(
    seed: int, count: int, size: int, strength: float
) -> None:
    rng = np.random.default_rng(seed)
    features, weight = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((count, size), (size,)))
    signs, bias = torch.from_numpy(rng.choice([-1.0, 1.0], count)), torch.tensor(0.25, dtype=torch.float64)
    torch.testing.assert_close(
        cost_of_machine(weight, bias, features, signs, strength), svm_loss(weight, bias, features, signs, strength)
    )
    deltas = torch.from_numpy(rng.standard_normal((count, 4)))
    torch.testing.assert_close(least_squares(features, deltas, strength), fit_box_regressor(features, deltas, strength))
