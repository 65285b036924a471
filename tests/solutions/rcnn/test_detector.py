"""R-CNN: its call convention, what it trains on, what each head does with what was seen, and that it learns."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor

from course.farm import CLASSES, Farm
from solutions.metrics import mean_average_precision
from solutions.rcnn.detector import RCNN, Look, mirror_some, propose_regions, sample_regions
from solutions.rcnn.training import (
    cut_out,
    fine_tune,
    fit_regressors,
    fit_svms,
    look_into,
    pretrain,
    with_proposals,
    without_some,
)


def few(image: Tensor) -> Tensor:
    """Proposals that cost nothing: the image and its four quarters."""
    height, width = image.shape[1:]
    corners = [(0, 0), (0, width // 2), (height // 2, 0), (height // 2, width // 2)]
    boxes = [[0, 0, width, height], *([x, y, x + width // 2, y + height // 2] for y, x in corners)]
    return torch.tensor(boxes, dtype=image.dtype)


@pytest.fixture
def detector() -> RCNN:
    torch.manual_seed(0)
    return RCNN(4, propose=few).eval()


def test_detections_have_torchvisions_form(detector: RCNN) -> None:
    images = [torch.rand(3, 40, 56), torch.rand(3, 33, 20)]
    for image, found in zip(images, detector(images), strict=True):
        count = len(found["boxes"])
        assert found["boxes"].shape == (count, 4)
        assert found["labels"].shape == found["scores"].shape == (count,)
        assert set(found["labels"].tolist()) <= {1, 2, 3}
        assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
        assert set(map(tuple, found["boxes"].tolist())) <= set(map(tuple, few(image).tolist()))
    batch = detector(torch.stack(images[:1]))
    assert torch.equal(batch[0]["boxes"], detector(images[:1])[0]["boxes"])


def test_no_proposals_and_no_images_give_no_detections(detector: RCNN) -> None:
    assert detector([]) == []
    found = detector.detect(torch.rand(3, 32, 32), torch.zeros(0, 4))
    assert {name: values.shape for name, values in found.items()} == {"boxes": (0, 4), "labels": (0,), "scores": (0,)}


def test_a_region_is_seen_alike_alone_and_among_others(detector: RCNN) -> None:
    image = torch.rand(3, 48, 48)
    together = detector.look(image, few(image).repeat(150, 1))  # more than go through at once
    alone = detector.look(image, few(image)[2:3])
    torch.testing.assert_close(together.features[2:3], alone.features)
    torch.testing.assert_close(together.features[-3:-2], alone.features)
    assert together.pooled.shape == (750, detector.network.num_pooled)


def seen(boxes: list[list[float]]) -> Look:
    there = torch.tensor(boxes, dtype=torch.float32)
    return Look((64, 64), there, torch.zeros(len(there), 1024), torch.eye(128)[: len(there)])


def test_softmax_names_a_region_and_leaves_out_what_is_not_sure(detector: RCNN) -> None:
    with torch.no_grad():
        detector.network.classifier.bias.zero_()
        detector.network.classifier.weight.zero_()
        detector.network.classifier.weight[2, 0] = 4.0  # region 0 is of class 2
        detector.network.classifier.weight[0, 1] = 9.0  # and region 1 background
    found = detector.judge(seen([[0, 0, 10, 10], [20, 20, 40, 30]]))
    first = float(torch.tensor([0.0, 0, 4, 0]).softmax(0)[2])
    assert found["labels"].tolist() == [2]
    assert found["boxes"].tolist() == [[0, 0, 10, 10]]
    assert float(found["scores"]) == pytest.approx(first)


def test_machines_name_a_region_by_the_distance_from_their_margins(detector: RCNN) -> None:
    detector.head = "svm"
    for svm, weights in zip(detector.svms, ([0.5, -3.0], [-2.0, -0.75], [1.5, -1.0]), strict=True):
        svm.weight[:2] = torch.tensor(weights)
    found = detector.judge(seen([[0, 0, 10, 10], [20, 20, 40, 30]]))
    assert found["scores"].tolist() == [1.5, 0.5, -0.75]  # at −1 and below it is none
    assert found["labels"].tolist() == [3, 1, 2]


def test_each_class_moves_boxes_by_its_own_regression_and_they_stay_in_the_image(detector: RCNN) -> None:
    detector.head, detector.regression = "svm", True
    detector.svms[0].weight[0], detector.svms[2].weight[0] = 2.0, 1.0
    detector.svms[1].bias -= 2
    detector.regressors[0, 0, 0] = 0.5  # half a width to the right
    detector.regressors[2, 0, 3] = 5.0  # and much higher
    look = seen([[20.0, 20.0, 40.0, 30.0]])
    look.pooled[0, 0] = 1.0
    found = detector.judge(look)
    assert found["labels"].tolist() == [1, 3]
    torch.testing.assert_close(found["boxes"], torch.tensor([[30.0, 20.0, 50.0, 30.0], [20.0, 0.0, 40.0, 64.0]]))


def test_suppression_is_class_by_class(detector: RCNN) -> None:
    detector.head = "svm"
    boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 9.0], [0.0, 1.0, 10.0, 10.0]])
    scores = torch.tensor([[3.0, -5, 1.0], [2.0, -5, -5], [-5, -5, 2.0]])
    for label, svm in enumerate(detector.svms):
        svm.weight[:3] = scores[:, label]
    found = detector.judge(seen(boxes.tolist()))
    kept = torchvision.ops.batched_nms(
        boxes[[0, 0, 1, 2]], torch.tensor([3.0, 1.0, 2.0, 2.0]), torch.tensor([0, 2, 0, 2]), 0.3
    )
    assert len(found["boxes"]) == len(kept) == 2
    assert list(zip(found["labels"].tolist(), found["scores"].tolist(), strict=True)) == [(1, 3.0), (3, 2.0)]


def test_a_sample_has_a_quarter_objects_and_background_fills_it_up() -> None:
    labels = torch.tensor([0] * 50 + [2] * 20 + [-1] * 40)
    some = sample_regions(labels, 32, 0.25)
    assert labels[some].bincount().tolist() == [24, 0, 8]
    assert len(some.unique()) == 32
    assert labels[sample_regions(labels[:52], 32, 0.25)].bincount().tolist() == [30, 0, 2]
    assert sample_regions(labels[:0], 32, 0.25).tolist() == []
    assert sample_regions(labels[50:60], 32, 0.25).shape == (8,)


def test_about_half_are_mirrored() -> None:
    torch.manual_seed(0)
    regions = torch.arange(3.0).expand(400, 1, 2, 3)
    turned = mirror_some(regions)[:, 0, 0, 0] == 2
    assert 150 < int(turned.sum()) < 250


def test_training_asks_for_the_classes_of_what_it_sees() -> None:
    torch.manual_seed(0)
    model = RCNN(4, propose=few)
    image = torch.rand(3, 40, 40)
    target = {"boxes": torch.tensor([[0.0, 0.0, 20.0, 20.0]]), "labels": torch.tensor([3])}
    losses = model([image], [target])
    assert set(losses) == {"loss_classifier"}
    losses["loss_classifier"].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    assert model(image[None], [empty])["loss_classifier"].item() > 0  # background alone


def test_each_picture_is_asked_for_its_proposals_once_and_those_of_a_target_count_first() -> None:
    asked = []

    def counting(image: Tensor) -> Tensor:
        asked.append(image)
        return few(image)

    model = RCNN(4, propose=counting)
    images = [torch.rand(3, 32, 32), torch.rand(3, 32, 32)]
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    for _ in range(3):
        model(images, [target, target])
    assert len(asked) == 2
    model([torch.rand(3, 32, 32)], [{**target, "proposals": few(images[0])}])
    assert len(asked) == 2


def test_where_the_time_goes_is_told_by_part(detector: RCNN) -> None:
    seconds = detector.seconds_by_part(torch.rand(3, 48, 48))
    assert list(seconds) == ["proposals", "warping", "network", "heads"]
    assert min(seconds.values()) > 0


def test_scenes_bring_proposals_and_may_lose_labels() -> None:
    scenes = with_proposals(Farm(6, seed=3), few)
    assert all(torch.equal(target["proposals"], few(image)) for image, target in scenes)
    objects = sum(len(target["boxes"]) for _, target in scenes)
    assert objects > 8
    half = without_some(scenes, 0.5, seed=1)
    left = sum(len(target["boxes"]) for _, target in half)
    assert 0 < left < objects
    assert all(len(target["boxes"]) == len(target["labels"]) for _, target in half)
    assert sum(len(target["boxes"]) for _, target in scenes) == objects
    assert sum(len(target["boxes"]) for _, target in without_some(scenes, 1.0)) == 0
    for one, other in zip(without_some(scenes, 0.5, seed=1), half, strict=True):
        assert torch.equal(one[1]["boxes"], other[1]["boxes"])


def test_what_is_cut_out_is_the_object_with_a_rim() -> None:
    image = torch.zeros(3, 64, 64)
    image[:, 10:34, 20:44] = 1.0  # 24 × 24, as large as the middle of a crop
    crops = cut_out([(image, {"boxes": torch.tensor([[20.0, 10.0, 44.0, 34.0]]), "labels": torch.tensor([2])})])
    expected = torch.zeros(3, 32, 32)
    expected[:, 4:28, 4:28] = 1.0
    torch.testing.assert_close(crops[0][0], expected, atol=1e-5, rtol=0)
    assert [label for _, label in crops] == [1]


def test_what_is_looked_into_is_what_each_training_asks_for() -> None:
    model = RCNN(4, propose=few)
    box = torch.tensor([[2.0, 0.0, 32.0, 32.0]])  # the third quarter but for a strip, below the others' reach
    scene = torch.rand(3, 64, 64), {"boxes": box + torch.tensor([0.0, 32, 0, 32]), "labels": torch.tensor([2])}
    seen = look_into(model, [scene])
    assert seen.objects.tolist() == [2, 0, 0, 0, 0, 0]
    torch.testing.assert_close(seen.overlaps[:, 1], torch.tensor([1, 960 / 4096, 0, 0, 960 / 1024, 0]))
    assert float(seen.overlaps[:, [0, 2]].abs().max()) == 0
    assert seen.labels.tolist() == [2]
    torch.testing.assert_close(seen.deltas, torch.tensor([[1 / 32, 0, torch.tensor(30 / 32).log(), 0]]))
    assert seen.pooled.shape == (1, 1024)


def test_pretraining_ends_with_a_new_last_layer_that_has_a_background() -> None:
    model = RCNN(5, propose=few)
    before = model.network.pooled[0].weight.detach().clone()
    pretrain(model, cut_out(Farm(10, seed=3)), steps=2, batch_size=8)
    assert model.network.classifier.out_features == 5
    assert not torch.equal(model.network.pooled[0].weight, before)
    torch.manual_seed(0)
    first = torch.nn.Linear(128, 4).weight
    rows = F.cosine_similarity(model.network.classifier.weight[:, None], first, dim=-1)
    assert rows.abs().max().item() < 0.5  # nothing of the old layer's numbers comes back under other names


def test_in_double_precision_and_under_bfloat16_it_answers_in_the_image_s_dtype() -> None:
    torch.manual_seed(0)
    model = RCNN(4, propose=few, regression=True).eval()
    image = torch.rand(3, 32, 40)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = model([image])[0]
    found = model([image])[0]
    exact = model.double()([image.double()])[0]
    assert rough["boxes"].dtype == rough["scores"].dtype == torch.float32
    assert exact["boxes"].dtype == exact["scores"].dtype == torch.float64
    torch.testing.assert_close(found["scores"].double(), exact["scores"], atol=1e-4, rtol=0)
    torch.testing.assert_close(found["scores"], rough["scores"], atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2"),
        ({"head": "tree"}, ValueError, 'head must be "softmax" or "svm"'),
        ({"context": 16}, ValueError, "context must leave room"),
        ({"nms_threshold": 2.0}, ValueError, "nms_threshold must be at most 1"),
        ({"regions_per_image": 0}, ValueError, "regions_per_image must be at least 1"),
        ({"foreground_share": "all"}, TypeError, "foreground_share must be a number"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        RCNN(**{"num_classes": 5, **arguments})  # type: ignore[arg-type]


def test_training_needs_a_target_for_each_image() -> None:
    with pytest.raises(ValueError, match="each of the 1 images needs its target"):
        RCNN(3, propose=few)([torch.rand(3, 32, 32)])


@pytest.mark.slow
@pytest.mark.compute
def test_it_learns_and_each_ingredient_does_its_part() -> None:
    train, test = with_proposals(Farm(60)), with_proposals(Farm(40, seed=1))
    model = RCNN(len(CLASSES))
    pretrain(model, cut_out(Farm(200, seed=5)), steps=80)
    fine_tune(model, train, steps=100)
    seen = look_into(model, train)
    looks = [model.look(image, target["proposals"]) for image, target in test]

    def score() -> dict[str, object]:
        return mean_average_precision([model.judge(look) for look in looks], [target for _, target in test])

    plain = score()
    fit_regressors(model, seen)
    moved = score()
    fit_svms(model, seen)
    machines = score()
    assert plain["map_50"] > 0.35
    assert moved["map_75"] > plain["map_75"]
    assert machines["map_50"] > 0.35
    assert propose_regions(test[0][0]).equal(test[0][1]["proposals"])
