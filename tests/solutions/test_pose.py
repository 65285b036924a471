"""Keypoints against loops, a mirrored picture, a network-free decoding, and numbers worked out by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms
from torchvision.tv_tensors import BoundingBoxFormat

from solutions.pose import decode_heatmaps, flip_keypoints, gaussian_heatmaps, keypoint_loss, pck
from tests.sentences import assert_error_tells

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("repeatable")

dtypes = st.sampled_from([torch.float32, torch.float64])
seeds = st.integers(0, 10_000)


def transposed(x: Tensor) -> Tensor:
    return x.transpose(-2, -1).contiguous().transpose(-2, -1)


# --- mirroring --------------------------------------------------------------------------------------------------------


@st.composite
def poses(draw: st.DrawFn) -> tuple[Tensor, int, list[tuple[int, int]]]:
    """Draw keypoints (N, J, 3) with garbage at those that are not there, a width, and disjoint pairs."""
    count, joints, width = draw(st.integers(0, 3)), draw(st.integers(0, 6)), draw(st.integers(1, 20))
    generator = torch.Generator().manual_seed(draw(seeds))
    places = torch.rand(count, joints, 2, generator=generator, dtype=draw(dtypes)) * width
    visibility = torch.randint(3, (count, joints, 1), generator=generator).to(places.dtype)
    order = torch.randperm(joints, generator=generator).tolist()
    pairs = [(order[2 * k], order[2 * k + 1]) for k in range(draw(st.integers(0, joints // 2)))]
    keypoints = torch.cat((places, visibility), dim=-1)
    return (transposed(keypoints) if draw(st.booleans()) else keypoints), width, pairs


@given(poses())
def test_a_joint_takes_the_place_of_its_partner_mirrored(pose: tuple[Tensor, int, list[tuple[int, int]]]) -> None:
    keypoints, width, pairs = pose
    before = keypoints.clone()
    flipped = flip_keypoints(keypoints, width, pairs)
    assert flipped.dtype == keypoints.dtype
    assert torch.equal(keypoints, before)
    partner = {joint: joint for joint in range(keypoints.shape[1])} | dict(pairs) | {b: a for a, b in pairs}
    for n, joints in enumerate(keypoints.tolist()):
        for joint, (x, y, visibility) in enumerate(joints):
            expected = [width - x, y, visibility] if visibility else [0, 0, 0]
            assert flipped[n, partner[joint]].tolist() == pytest.approx(expected)


@given(poses())
def test_mirrored_twice_everything_that_is_there_is_back(pose: tuple[Tensor, int, list[tuple[int, int]]]) -> None:
    keypoints, width, pairs = pose
    twice = flip_keypoints(flip_keypoints(keypoints, width, pairs), width, pairs)
    torch.testing.assert_close(twice, keypoints * (keypoints[..., 2:] > 0))


@given(poses())
def test_the_corners_of_boxes_move_as_torchvisions_boxes_do(pose: tuple[Tensor, int, list[tuple[int, int]]]) -> None:
    """Boxes lie on pixels' edges, as keypoints here do; torchvision's own keypoints take width − 1 − x."""
    keypoints, width, _ = pose
    keypoints = keypoints.index_fill(-1, torch.tensor([2]), 1.0)
    x, y = keypoints[..., 0].flatten(), keypoints[..., 1].flatten()
    boxes = torch.stack((x, y, x, y), dim=-1)
    flipped = transforms.horizontal_flip_bounding_boxes(boxes, BoundingBoxFormat.XYXY, (20, width))
    torch.testing.assert_close(flip_keypoints(keypoints, width, [])[..., :2].flatten(0, 1), flipped[:, :2])


def test_a_keypoint_stays_on_its_pixel_when_the_picture_is_mirrored() -> None:
    picture = torch.zeros(1, 3, 5)
    picture[0, 1, 3] = 1
    ((row, column),) = torch.nonzero(picture.flip(-1)[0]).tolist()
    flipped = flip_keypoints(torch.tensor([[[3.5, 1.5, 2.0]]]), 5, [])
    assert flipped.tolist() == [[[column + 0.5, row + 0.5, 2.0]]]


def test_what_is_not_there_may_be_nan() -> None:
    assert flip_keypoints(torch.tensor([[[math.nan, 7.0, 0.0]]]), 5, []).tolist() == [[[0, 0, 0]]]


# --- heat maps --------------------------------------------------------------------------------------------------------


@given(seeds, dtypes, st.integers(0, 2), st.integers(0, 3), st.integers(1, 5), st.integers(1, 5))
def test_each_pixel_has_the_gaussian_of_its_distance(
    seed: int, dtype: torch.dtype, count: int, joints: int, height: int, width: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    keypoints = transposed(torch.rand(count, joints, 2, generator=generator, dtype=dtype) * 12 - 3)
    sigma = 0.5 + seed % 3
    maps = gaussian_heatmaps(keypoints, (height, width), sigma)
    assert maps.shape == (count, joints, height, width)
    assert maps.dtype == dtype
    for n in range(count):
        for j in range(joints):
            x, y = keypoints[n, j].tolist()
            for row in range(height):
                for column in range(width):
                    distance = math.dist((x, y), (column + 0.5, row + 0.5))
                    expected = math.exp(-(distance**2) / (2 * sigma**2))
                    assert maps[n, j, row, column].item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_gradient_of_heat_maps_is_the_numerical_one() -> None:
    keypoints = torch.tensor([[[1.2, 0.7], [2.9, -0.4]]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: gaussian_heatmaps(x, (2, 3), 1.3), (keypoints,))


def test_heat_maps_by_hand() -> None:
    maps = gaussian_heatmaps(torch.tensor([[[0.5, 1.5]]]), (2, 3), sigma=2.0)
    squared = torch.tensor([[1.0, 2.0, 5.0], [0.0, 1.0, 4.0]])
    torch.testing.assert_close(maps[0, 0], torch.exp(-squared / 8))


@given(seeds, dtypes, st.integers(0, 2), st.integers(0, 3), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_decoding_equals_a_walk_over_every_pixel(
    seed: int, dtype: torch.dtype, count: int, joints: int, height: int, width: int, tied: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    heatmaps = transposed(torch.randint(3 if tied else 999, (count, joints, height, width), generator=generator) - 1.0)
    heatmaps = heatmaps.to(dtype)
    before = heatmaps.clone()
    points, scores = decode_heatmaps(heatmaps)
    assert torch.equal(heatmaps, before)
    assert (points.shape, scores.shape) == ((count, joints, 2), (count, joints))
    assert points.dtype == scores.dtype == dtype
    for n in range(count):
        for j in range(joints):
            rows = heatmaps[n, j].tolist()
            score, row, column = max(
                ((value, -r, -c) for r, values in enumerate(rows) for c, value in enumerate(values))
            )
            row, column = -row, -column
            x, y = column + 0.5, row + 0.5
            if 0 < column < width - 1:
                left, right = rows[row][column - 1], rows[row][column + 1]
                x += 0.25 * ((right > left) - (right < left))
            if 0 < row < height - 1:
                above, below = rows[row - 1][column], rows[row + 1][column]
                y += 0.25 * ((below > above) - (below < above))
            assert points[n, j].tolist() == [x, y]
            assert scores[n, j].item() == score


@given(st.floats(1.01, 6.99), st.floats(1.01, 4.99), st.sampled_from([0.7, 1.0, 2.0]))
def test_drawn_and_decoded_a_keypoint_is_off_by_a_quarter_pixel_at_most(x: float, y: float, sigma: float) -> None:
    maps = gaussian_heatmaps(torch.tensor([[[x, y]]], dtype=torch.float64), (6, 8), sigma)
    points, _ = decode_heatmaps(maps)
    assert abs(points[0, 0, 0].item() - x) <= 0.25 + 1e-6
    assert abs(points[0, 0, 1].item() - y) <= 0.25 + 1e-6


# --- loss and metric --------------------------------------------------------------------------------------------------


@st.composite
def predictions(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pred and target (N, J, 2), and visible (N, J): some, all or none."""
    count, joints = draw(st.integers(0, 4)), draw(st.integers(0, 5))
    generator = torch.Generator().manual_seed(draw(seeds))
    dtype = draw(dtypes)
    pred, target = (10 * torch.rand(2, count, joints, 2, generator=generator, dtype=dtype)).unbind()
    visible = torch.rand(count, joints, generator=generator) < draw(st.sampled_from([0.0, 0.6, 1.0]))
    return (transposed(pred), transposed(target), visible) if draw(st.booleans()) else (pred, target, visible)


@given(predictions())
def test_the_loss_is_a_mean_over_visible_keypoints(drawn: tuple[Tensor, Tensor, Tensor]) -> None:
    pred, target, visible = drawn
    leaf = pred.clone().requires_grad_()
    loss = keypoint_loss(leaf, target, visible)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.shape == ()
    assert loss.dtype == pred.dtype
    squared = [
        (p[0] - t[0]) ** 2 + (p[1] - t[1]) ** 2
        for p, t, seen in zip(
            pred.flatten(0, 1).tolist(), target.flatten(0, 1).tolist(), visible.flatten().tolist(), strict=True
        )
        if seen
    ]
    assert loss.item() == pytest.approx(sum(squared) / max(len(squared), 1), rel=1e-4)
    assert leaf.grad is not None
    torch.testing.assert_close(leaf.grad, 2 * (pred - target) * visible[..., None] / max(len(squared), 1))


def test_of_what_is_not_visible_nothing_leaks_in() -> None:
    pred = torch.tensor([[[1.0, 2.0], [math.inf, 0.0], [0.0, math.nan]]], requires_grad=True)
    target = torch.tensor([[[0.0, 0.0], [math.inf, 0.0], [5.0, 5.0]]])
    loss = keypoint_loss(pred, target, torch.tensor([[True, False, False]]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 5
    assert pred.grad is not None
    assert pred.grad.tolist() == [[[2, 4], [0, 0], [0, 0]]]


@given(predictions(), st.sampled_from([0.1, 0.2, 0.5]))
def test_pck_counts_visible_keypoints_one_by_one(drawn: tuple[Tensor, Tensor, Tensor], alpha: float) -> None:
    pred, target, visible = drawn
    scale = torch.arange(1, len(pred) + 1, dtype=pred.dtype) * 5
    share = pck(pred, target, visible, scale, alpha)
    assert share.shape == ()
    assert share.dtype == pred.dtype
    hits = [
        math.dist(pred[n, j].tolist(), target[n, j].tolist()) <= alpha * scale[n].item()
        for n, j in torch.nonzero(visible).tolist()
    ]
    if hits:
        assert share.item() == pytest.approx(sum(hits) / len(hits))
    else:
        assert share.isnan()


def test_pck_counts_a_keypoint_just_at_the_limit() -> None:
    pred = torch.tensor([[[3.0, 4.0], [0.0, 5.1]]])
    share = pck(pred, torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool), torch.tensor([10.0]), alpha=0.5)
    assert share.item() == 0.5


# --- errors -----------------------------------------------------------------------------------------------------------

POSE = torch.zeros(2, 3, 3)
PLACES = torch.zeros(2, 3, 2)
SEEN = torch.ones(2, 3, dtype=torch.bool)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: flip_keypoints(PLACES, 5, []), ValueError, ("keypoints", "(N, J, 3)", "(2, 3, 2)")),
        (lambda: flip_keypoints(POSE.long(), 5, []), TypeError, ("keypoints", "floating-point")),
        (lambda: flip_keypoints(POSE, -1, []), ValueError, ("width", "at least 0", "-1")),
        (lambda: flip_keypoints(POSE, 5, [(0, 3)]), ValueError, ("pairs", "0 to 2")),
        (lambda: flip_keypoints(POSE, 5, [(0, 1), (1, 2)]), ValueError, ("pairs", "disjoint")),
        (lambda: flip_keypoints(POSE, 5, [(1, 1)]), ValueError, ("pairs", "disjoint")),
        (lambda: flip_keypoints(POSE, 5, [0, 1]), TypeError, ("pairs", "pairs of ints")),  # type: ignore[list-item]
        (lambda: gaussian_heatmaps(POSE, (2, 2), 1.0), ValueError, ("keypoints", "(N, J, 2)")),
        (lambda: gaussian_heatmaps(PLACES, (0, 2), 1.0), ValueError, ("size", "at least 1")),
        (lambda: gaussian_heatmaps(PLACES, 4, 1.0), TypeError, ("size", "(H, W)", "4")),  # type: ignore[arg-type]
        (lambda: gaussian_heatmaps(PLACES, (2, 2), 0.0), ValueError, ("sigma", "greater than 0")),
        (lambda: decode_heatmaps(PLACES), ValueError, ("heatmaps", "(N, J, H, W)", "(2, 3, 2)")),
        (lambda: decode_heatmaps(torch.zeros(1, 2, 0, 3)), ValueError, ("the size of heatmaps", "at least 1")),
        (lambda: keypoint_loss(PLACES, PLACES[:1], SEEN), ValueError, ("target", "(2, 3, 2)", "(1, 3, 2)")),
        (lambda: keypoint_loss(PLACES, PLACES.double(), SEEN), TypeError, ("target", "float32", "float64")),
        (lambda: keypoint_loss(PLACES, PLACES, SEEN.float()), TypeError, ("visible", "bool", "float32")),
        (lambda: keypoint_loss(PLACES, PLACES, SEEN[:, :1]), ValueError, ("visible", "(2, 3)", "(2, 1)")),
        (lambda: pck(PLACES, PLACES, SEEN, torch.ones(3)), ValueError, ("scale", "(2,)", "(3,)")),
        (lambda: pck(PLACES, PLACES, SEEN, torch.tensor([1.0, -1.0])), ValueError, ("scale", "from 0 up", "-1")),
        (lambda: pck(PLACES, PLACES, SEEN, torch.ones(2), -0.1), ValueError, ("alpha", "at least 0", "-0.1")),
    ],
)
def test_an_error_names_the_argument_what_came_and_what_was_expected(call, error, words) -> None:  # type: ignore[no-untyped-def]
    assert_error_tells(error, words, call)
