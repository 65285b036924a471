"""Fast R-CNN: its call convention, what it samples, how proposals become detections, compression, that it learns."""

import pytest
import torch
import torchvision
from torch import Tensor

from course.farm import CLASSES, Farm
from course.training import fit
from solutions.fast_rcnn import FastRCNN, FastRCNNNetwork, compress
from solutions.fast_rcnn.detector import as_regions, mirror_boxes
from solutions.metrics import mean_average_precision
from solutions.rcnn.detector import RegionNetwork, propose_regions
from solutions.rcnn.training import with_proposals


def few(image: Tensor) -> Tensor:
    """Proposals that cost nothing: the image and its four quarters."""
    height, width = image.shape[1:]
    corners = [(0, 0), (0, width // 2), (height // 2, 0), (height // 2, width // 2)]
    boxes = [[0, 0, width, height], *([x, y, x + width // 2, y + height // 2] for y, x in corners)]
    return torch.tensor(boxes, dtype=image.dtype)


def no_objects() -> dict[str, Tensor]:
    return {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}


@pytest.fixture
def detector() -> FastRCNN:
    torch.manual_seed(0)
    return FastRCNN(4, propose=few).eval()


def test_detections_have_torchvisions_form(detector: FastRCNN) -> None:
    images = [torch.rand(3, 40, 56), torch.rand(3, 33, 20), torch.rand(3, 40, 56)]
    for image, found in zip(images, detector(images), strict=True):
        count = len(found["boxes"])
        assert count
        assert found["boxes"].shape == (count, 4)
        assert found["labels"].shape == found["scores"].shape == (count,)
        assert found["labels"].dtype == torch.int64
        assert set(found["labels"].tolist()) <= {1, 2, 3}
        assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
        torch.testing.assert_close(
            found["boxes"], torchvision.ops.clip_boxes_to_image(found["boxes"], image.shape[1:]), rtol=0, atol=0
        )


def test_an_image_is_seen_alike_alone_and_among_others_of_any_size(detector: FastRCNN) -> None:
    images = [torch.rand(3, *size) for size in ((40, 56), (33, 20), *[(40, 56)] * 6, (20, 33))]
    for image, found in zip(images, detector(images), strict=True):
        (alone,) = detector([image])
        for name, values in alone.items():
            torch.testing.assert_close(found[name], values)
    (batched, _) = detector(torch.stack(images[2:4]))
    torch.testing.assert_close(batched["boxes"], detector(images[2:3])[0]["boxes"])


def test_proposals_come_with_the_images_or_are_asked_for(detector: FastRCNN) -> None:
    images = [torch.rand(3, 40, 40), torch.rand(3, 40, 40)]
    given = detector(images, proposals=[few(image) for image in images])
    for one, other in zip(given, detector(images), strict=True):
        torch.testing.assert_close(one["boxes"], other["boxes"])
    none, some = detector(images, proposals=[torch.zeros(0, 4), few(images[1])])
    assert {name: values.shape for name, values in none.items()} == {"boxes": (0, 4), "labels": (0,), "scores": (0,)}
    torch.testing.assert_close(some["boxes"], given[1]["boxes"])
    assert detector([]) == []
    with pytest.raises(ValueError, match="each of the 2 images needs its proposals, got 1"):
        detector(images, proposals=[few(images[0])])


def test_the_network_is_its_convolutions_torchvisions_pooling_and_linear_layers() -> None:
    torch.manual_seed(0)
    seen = RegionNetwork(4).eval()
    network = FastRCNNNetwork(4, seen).eval()
    images, proposals = torch.rand(2, 3, 32, 48), [torch.tensor([[4.0, 4.0, 30.0, 20.0]]), few(torch.rand(3, 32, 48))]
    logits, deltas = network(images, as_regions(proposals))
    maps = torch.nn.functional.max_pool2d(network.body(images), 2)  # what R-CNN's network goes on with
    torch.testing.assert_close(maps.flatten(1), seen.pooled(images))
    cells = torchvision.ops.roi_pool(network.body(images), proposals, (4, 4), 0.25).flatten(1)
    torch.testing.assert_close(logits, network.head.classifier(network.head.second(seen.features(cells))))
    assert deltas.shape == (6, 16)
    assert all(one is not other for one, other in zip(network.parameters(), seen.parameters(), strict=False))


def answer(logits: list[list[float]], deltas: dict[tuple[int, int], list[float]]) -> tuple[Tensor, Tensor]:
    moves = torch.zeros(len(logits), len(logits[0]), 4)
    for (region, label), numbers in deltas.items():
        moves[region, label] = torch.tensor(numbers)
    return torch.tensor(logits), moves.flatten(1)


def test_each_class_moves_the_box_by_its_own_deltas_and_it_stays_in_the_image(detector: FastRCNN) -> None:
    regions = torch.tensor([[0.0, 20.0, 20.0, 40.0, 30.0], [1.0, 4.0, 4.0, 8.0, 8.0]])
    said = answer([[0.0, 2.0, -9.0, 1.0], [9.0, 0.0, 0.0, 0.0]], {(0, 1): [5.0, 0, 0, 0], (0, 3): [0, 0, 0, 25.0]})
    first, second = detector.judge(*said, regions, torch.zeros(2, 3, 64, 64))
    assert first["labels"].tolist() == [1, 3]
    torch.testing.assert_close(first["scores"], torch.tensor([0.0, 2.0, -9.0, 1.0]).softmax(0)[[1, 3]])
    torch.testing.assert_close(first["boxes"], torch.tensor([[30.0, 20, 50, 30], [20.0, 0, 40, 64]]))  # ½ of 20; × 62.5
    assert len(second["boxes"]) == 0  # background
    detector.regression = False
    unmoved = detector.judge(*said, regions, torch.zeros(2, 3, 64, 64))[0]
    assert unmoved["boxes"].tolist() == [[20, 20, 40, 30]] * 2


def test_a_class_of_one_image_suppresses_no_other_and_no_more_than_so_many_are_left(detector: FastRCNN) -> None:
    detector.detections_per_image = 2
    box = [20.0, 20.0, 40.0, 30.0]
    regions = torch.tensor([[0.0, *box], [0.0, *box], [1.0, *box]])
    said = answer([[0.0, 3.0, 2.5, 2.0], [0.0, 3.5, -9.0, -9.0], [0.0, -9.0, 3.0, -9.0]], {})
    first, second = detector.judge(*said, regions, torch.zeros(2, 3, 64, 64))
    assert first["labels"].tolist() == [1, 2]  # the third class has the lowest score
    assert second["labels"].tolist() == [2]


def test_a_sample_is_a_quarter_objects_whose_boxes_it_learns() -> None:
    torch.manual_seed(0)
    model = FastRCNN(4, regions_per_image=16)
    box = torch.tensor([[10.0, 10.0, 30.0, 30.0], [40.0, 40.0, 50.0, 50.0]])
    near = box[:1] + torch.tensor([1.0, 0, 1, 0]) * torch.arange(1, 6)[:, None]  # IoU from 0.9 down to 0.6
    far = torch.tensor([[0.0, 50.0, 8.0, 60.0]]).repeat(40, 1)
    regions, labels, goals = model.sample({"boxes": box, "labels": torch.tensor([2, 3])}, torch.cat([near, far]))
    assert labels.bincount(minlength=4)[0] == 12
    assert len(regions) == 16
    iou = torchvision.ops.box_iou(regions, box)
    for region, label, goal, overlap in zip(regions, labels, goals, iou, strict=True):
        if label:
            assert overlap.max() >= 0.5
            assert goal.tolist() == box[overlap.argmax()].tolist()
            assert int(label) == 2 + int(overlap.argmax())
        else:
            assert goal.tolist() == region.tolist()


def test_losses_reach_every_parameter_and_background_alone_has_no_box() -> None:
    torch.manual_seed(0)
    model = FastRCNN(4, propose=few)
    target = {"boxes": torch.tensor([[0.0, 0.0, 20.0, 20.0]]), "labels": torch.tensor([3])}
    losses = model([torch.rand(3, 40, 40), torch.rand(3, 44, 36)], [target, target])
    assert set(losses) == {"loss_classifier", "loss_box_reg"}
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    losses = model(torch.rand(1, 3, 40, 40), [no_objects()])
    assert losses["loss_classifier"].item() > 0
    assert losses["loss_box_reg"].item() == 0
    given = model([torch.rand(3, 40, 40)], [target], [torch.zeros(0, 4)])  # the object itself is left
    assert given["loss_classifier"].item() > 0
    with pytest.raises(ValueError, match="each of the 1 images needs its target"):
        model([torch.rand(3, 40, 40)])


@pytest.mark.parametrize(("dtype", "mixed"), [(torch.float32, False), (torch.float64, False), (torch.float32, True)])
def test_losses_and_detections_have_the_precision_of_the_images(dtype: torch.dtype, mixed: bool) -> None:
    torch.manual_seed(0)
    model = FastRCNN(4, propose=few).to(dtype)
    images = torch.rand(2, 3, 40, 40, dtype=dtype)
    target = {"boxes": torch.tensor([[0.0, 0.0, 20.0, 20.0]]), "labels": torch.tensor([3])}
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        losses = model(images, [target, target])
        found = model.eval()(images)
    assert {loss.dtype for loss in losses.values()} == {dtype}
    assert found[0]["boxes"].dtype == found[0]["scores"].dtype == dtype


def test_without_regression_boxes_cost_nothing_and_targets_are_not_changed() -> None:
    torch.manual_seed(0)
    target = {"boxes": torch.tensor([[0.0, 0.0, 20.0, 20.0]]), "labels": torch.tensor([3])}
    model = FastRCNN(4, propose=few, regression=False)
    assert model([torch.rand(3, 40, 40)], [target])["loss_box_reg"].item() == 0
    assert target["boxes"].tolist() == [[0, 0, 20, 20]]
    assert set(target) == {"boxes", "labels"}


def test_each_picture_is_asked_for_its_proposals_once_in_training() -> None:
    asked = []

    def counting(image: Tensor) -> Tensor:
        asked.append(image)
        return few(image)

    model = FastRCNN(4, propose=counting)
    images = [torch.rand(3, 32, 32), torch.rand(3, 32, 32)]
    for _ in range(3):
        model(images, [no_objects(), no_objects()])
    assert len(asked) == 2
    model([torch.rand(3, 32, 32)], [{**no_objects(), "proposals": few(images[0])}])
    assert len(asked) == 2


def test_mirrored_boxes_are_those_of_the_mirrored_picture() -> None:
    image = torch.zeros(1, 20, 30)
    image[:, 4:9, 2:12] = 1
    (mirrored,) = mirror_boxes(torch.tensor([[2.0, 4.0, 12.0, 9.0]]), 30)
    expected = torchvision.ops.masks_to_boxes(image.flip(-1)) + torch.tensor([0, 0, 1, 1])  # last pixels, not edges
    assert mirrored.tolist() == expected[0].tolist()


def test_compressed_layers_of_full_rank_say_the_same_and_fewer_numbers_less(detector: FastRCNN) -> None:
    image = torch.rand(1, 3, 48, 48)
    regions = as_regions([few(image[0])])
    said = detector.network(image, regions)
    for one, other in zip(compress(detector, (128, 128)).network(image, regions), said, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    small = compress(detector, (8, 16))
    weights = [tuple(one.shape) for one in small.network.head.first.parameters()]
    assert weights == [(8, 1024), (128, 8), (128,)]
    assert not torch.allclose(small.network(image, regions)[0], said[0])
    assert isinstance(detector.network.head.first[0], torch.nn.Linear)
    with pytest.raises(ValueError, match="rank must be at most 128"):
        compress(detector, (129, 16))


def test_where_the_time_goes_is_told_by_part(detector: FastRCNN) -> None:
    seconds = detector.seconds_by_part(torch.rand(3, 48, 48))
    assert list(seconds) == ["proposals", "map", "pooling", "layers", "suppression"]
    assert min(seconds.values()) > 0


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2"),
        ({"nms_threshold": 2.0}, ValueError, "nms_threshold must be at most 1"),
        ({"regions_per_image": 0}, ValueError, "regions_per_image must be at least 1"),
        ({"foreground_share": "all"}, TypeError, "foreground_share must be a number"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        FastRCNN(**{"num_classes": 5, **arguments})  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.compute
def test_it_learns_and_moving_boxes_does_its_part() -> None:
    train, test = with_proposals(Farm(60)), with_proposals(Farm(40, seed=1))
    torch.manual_seed(0)
    model = FastRCNN(len(CLASSES))
    fit(model, lambda model, *batch: sum(model(*batch).values()), train, steps=300, batch_size=2, learning_rate=2e-3)
    images, truth = [image for image, _ in test], [target for _, target in test]
    proposals = [target["proposals"] for target in truth]
    moved = mean_average_precision(model(images, proposals=proposals), truth)
    model.regression = False
    plain = mean_average_precision(model(images, proposals=proposals), truth)
    assert moved["map_50"] > 0.2
    assert moved["map_75"] > plain["map_75"]
    assert propose_regions(images[0]).equal(proposals[0])
