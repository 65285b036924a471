"""The sliding-window detector: one pass against window after window, labels, call convention, and that it learns."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.sliding_window_detector import SlidingWindowDetector, WindowScores, hardest_cross_entropy

SIZES = ((12, 16), (20, 16), (24, 40))


@pytest.fixture
def detector() -> SlidingWindowDetector:
    torch.manual_seed(0)
    model = SlidingWindowDetector(4, SIZES, sizes_a_step=3)
    model.train()
    model.window_scores(torch.rand(2, 3, 48, 56))  # statistics that are not those of a new batch norm
    return model.eval()


def scene() -> dict[str, Tensor]:
    return {"boxes": torch.tensor([[4.0, 6.0, 20.0, 18.0], [30.0, 20.0, 46.0, 40.0]]), "labels": torch.tensor([3, 1])}


def test_one_pass_gives_every_window_the_score_that_it_has_cut_out_alone(detector: SlidingWindowDetector) -> None:
    scores = detector.window_scores
    image = torch.rand(1, 3, 40, 52)
    for window in SIZES:
        high, wide = scores.resized((40, 52), window)
        large = F.interpolate(image, (high, wide), mode="bilinear", antialias=True)
        apart = [
            scores.classifier(large[..., y : y + 32, x : x + 32]).flatten()
            for y in range(0, high - 31, 4)
            for x in range(0, wide - 31, 4)
        ]
        torch.testing.assert_close(scores(image, [window])[0], torch.stack(apart))


def test_windows_stand_in_the_order_of_their_scores_and_have_their_sizes(detector: SlidingWindowDetector) -> None:
    windows = detector.windows((40, 52))
    assert len(windows) == detector.window_scores(torch.rand(1, 3, 40, 52)).shape[1]
    heights, widths = windows[:, 3] - windows[:, 1], windows[:, 2] - windows[:, 0]
    counts = [len(detector.windows((40, 52), [size])) for size in SIZES]
    for size, high, wide in zip(SIZES, heights.split(counts), widths.split(counts), strict=True):
        torch.testing.assert_close(high, torch.full_like(high, size[0]), rtol=0.03, atol=0)  # whole pixels, resized
        torch.testing.assert_close(wide, torch.full_like(wide, size[1]), rtol=0.03, atol=0)
    assert windows.min() == 0
    assert bool((windows <= torch.tensor([52.0, 40.0, 52.0, 40.0])).all())


def test_a_window_is_labelled_by_the_object_that_it_overlaps_most(detector: SlidingWindowDetector) -> None:
    windows = torch.tensor(
        [[4.0, 6, 20, 18], [10.0, 6, 26, 18], [30.0, 26, 46, 46], [31.0, 20, 47, 40], [0.0, 30, 9, 39]]
    )
    # IoU 1, 10/22, 14/26, 15/17, 0
    assert detector.label(windows, scene()).tolist() == [3, -1, 1, 1, 0]
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert detector.label(windows, nothing).tolist() == [0] * 5


def test_the_loss_takes_objects_and_the_hardest_of_the_background() -> None:
    labels = torch.tensor([1] + [0] * 40 + [-1])
    scores = torch.zeros(42, 2)
    scores[1:11, 1] = 3.0  # ten windows of background that look like something
    each = F.cross_entropy(scores, labels, ignore_index=-1, reduction="none")
    # one object takes at least 24 of the background: the ten, and fourteen others
    expected = (each[0] + each[1:11].sum() + 14 * each[20]) / 25
    torch.testing.assert_close(hardest_cross_entropy(scores, labels), expected)
    scores[-1] = 1e9  # what does not count
    torch.testing.assert_close(hardest_cross_entropy(scores, labels), expected)


def test_it_trains_on_full_and_empty_images_of_several_sizes_and_answers_as_torchvision_does(
    detector: SlidingWindowDetector,
) -> None:
    images = [torch.rand(3, 48, 56), torch.rand(3, 40, 44), torch.rand(3, 48, 56)]
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    losses = detector.train()(images, [scene(), scene(), empty])
    assert set(losses) == {"loss_classifier"}
    losses["loss_classifier"].backward()  # type: ignore[call-overload]
    assert all(parameter.grad is not None for parameter in detector.parameters())
    found = detector.eval()(images)
    assert len(found) == 3
    for one in found:
        assert isinstance(one, dict)
        assert one["boxes"].shape == (len(one["scores"]), 4)
        assert one["labels"].dtype == torch.int64
        assert bool((one["labels"] >= 1).all())
        assert bool((one["scores"].diff() <= 0).all())
        assert 0 < len(one["scores"]) <= 100


def test_an_image_smaller_than_every_window_has_no_windows_and_no_detections(detector: SlidingWindowDetector) -> None:
    (found,) = detector([torch.rand(3, 8, 9)])
    assert isinstance(found, dict)
    assert {name: len(values) for name, values in found.items()} == {"boxes": 0, "labels": 0, "scores": 0}
    losses = detector.train()([torch.rand(3, 8, 9)], [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0).long()}])
    losses["loss_classifier"].backward()  # type: ignore[call-overload]


def test_it_learns_to_find_a_bright_square() -> None:
    torch.manual_seed(0)
    image, target = (
        torch.zeros(3, 64, 64),
        {"boxes": torch.tensor([[16.0, 24.0, 40.0, 48.0]]), "labels": torch.tensor([2])},
    )
    image[:, 24:48, 16:40] = 1
    model = SlidingWindowDetector(3, [(24, 24)], sizes_a_step=1)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(30):
        loss = model([image, image.flip(-1)], [target, {**target, "boxes": torch.tensor([[24.0, 24.0, 48.0, 48.0]])}])
        optimizer.zero_grad()
        loss["loss_classifier"].backward()  # type: ignore[call-overload]
        optimizer.step()
    (found,) = model.eval()([image])
    assert isinstance(found, dict)
    assert found["labels"][0] == 2
    torch.testing.assert_close(found["boxes"][0], target["boxes"][0], rtol=0, atol=4)


def test_wrong_arguments_are_answered_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="num_classes must be at least 2, got 1"):
        SlidingWindowDetector(1)
    with pytest.raises(TypeError, match="window_sizes"):
        SlidingWindowDetector(3, 12)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"nms_threshold must be at most 1, got 2"):
        SlidingWindowDetector(3, nms_threshold=2)
    with pytest.raises(ValueError, match="in training each of the 1 images needs its target"):
        SlidingWindowDetector(3)([torch.rand(3, 64, 64)])
    assert WindowScores(3, [(8, 8)])(torch.rand(2, 3, 4, 4)).shape == (2, 0, 3)
