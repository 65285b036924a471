"""YOLO whole: its call convention, its losses, how a grid becomes detections, and that it learns."""

import pytest
import torch
import torchvision
from torch import Tensor

from course.farm import CLASSES, Farm
from course.training import fit
from course.yolo import boxes_of_cells, cells_of_objects, cost_of_cells
from solutions.metrics import mean_average_precision
from solutions.yolo import YOLO, GridNetwork, encode_targets, yolo_loss


def scene(*boxes: list[float], label: int = 1) -> dict[str, Tensor]:
    return {
        "boxes": torch.tensor(list(boxes)).view(-1, 4),
        "labels": torch.full((len(boxes),), label, dtype=torch.int64),
    }


@pytest.fixture
def detector() -> YOLO:
    torch.manual_seed(0)
    return YOLO(4, grid=5, score_threshold=0.0).eval()


@pytest.mark.parametrize("head", ["convolutional", "connected"])
@pytest.mark.parametrize("grid", [1, 5, 8])
def test_there_are_as_many_cells_as_asked_for_whatever_the_images_size(head: str, grid: int) -> None:
    network = GridNetwork(13, grid, head).eval()  # type: ignore[arg-type]
    for size in ((64, 64), (40, 56), (33, 21)):
        assert network(torch.rand(2, 3, *size)).shape == (2, grid, grid, 13)


@pytest.mark.parametrize("head", ["convolutional", "connected"])
def test_what_a_cell_says_comes_from_its_place_in_the_image(head: str) -> None:
    torch.manual_seed(0)
    network = GridNetwork(7, 8, head).eval()  # type: ignore[arg-type]
    plain = torch.full((1, 3, 256, 256), 0.5)
    spotted = plain.clone()
    spotted[..., 224:, :32] = 1.0  # row 7, column 0
    changed = (network(spotted) - network(plain)).abs().amax(dim=-1)[0]
    if head == "convolutional":
        assert changed[7, 0] > 1000 * changed[:3, 5:].max()  # those are too far away to see it
    else:
        assert changed.min() > 0  # each cell sees everything


def test_detections_have_torchvisions_form(detector: YOLO) -> None:
    images = [torch.rand(3, 40, 56), torch.rand(3, 33, 20), torch.rand(3, 40, 56)]
    for image, found in zip(images, detector(images), strict=True):
        count = len(found["boxes"])
        assert count
        assert found["boxes"].shape == (count, 4)
        assert found["labels"].shape == found["scores"].shape == (count,)
        assert found["labels"].dtype == torch.int64
        assert set(found["labels"].tolist()) <= {1, 2, 3}
        assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
        assert not found["boxes"].requires_grad
        torch.testing.assert_close(
            found["boxes"], torchvision.ops.clip_boxes_to_image(found["boxes"], image.shape[1:]), rtol=0, atol=0
        )
    assert detector([]) == []


def test_an_image_is_seen_alike_alone_and_among_others_of_any_size(detector: YOLO) -> None:
    images = [torch.rand(3, *size) for size in ((40, 56), (33, 20), *[(40, 56)] * 20, (20, 33))]
    for image, found in zip(images, detector.detect(images), strict=True):
        (alone,) = detector([image])
        for name, values in alone.items():
            torch.testing.assert_close(found[name], values, atol=1e-4, rtol=1e-4)
    (batched, _) = detector(torch.stack(images[2:4]))
    torch.testing.assert_close(batched["boxes"], detector(images[2:3])[0]["boxes"], atol=1e-4, rtol=1e-4)


def said(cells: dict[tuple[int, int], list[float]], grid: int = 4, numbers: int = 13) -> Tensor:
    output = torch.zeros(1, grid, grid, numbers)
    for (row, column), values in cells.items():
        output[0, row, column] = torch.tensor(values)
    return output


def test_a_grid_becomes_boxes_that_lie_in_the_image_and_do_not_repeat_each_other(detector: YOLO) -> None:
    box, nothing = [0.5, 0.5, 0.5, 0.5], [0.0] * 5
    near = [-0.375, 0.5, 0.5, 0.5]  # its left neighbour's box, 2 of 16 pixels further: their IoU is 7/9
    output = said(
        {
            (0, 0): [*box, 0.75, *box, 0.5, 1.0, 0.0, 0.0],  # twice the same
            (0, 1): [*near, 0.625, *nothing, 1.0, 0.0, 0.0],  # nearly the same
            (1, 1): [*box, 0.5, *nothing, 0.0, 0.5, 0.0],  # another class
            (3, 3): [9.0, 9.0, 0.5, 0.5, 1.0, *nothing, 1.0, 0.0, 0.0],  # outside altogether
        }
    )
    (found,) = detector.judge(output, (64, 64))
    assert found["boxes"].tolist() == [[0, 0, 16, 16], [16, 16, 32, 32]]
    assert found["labels"].tolist() == [1, 2]
    assert found["scores"].tolist() == [0.75, 0.25]
    detector.nms_threshold, detector.detections_per_image = 0.8, 2
    assert detector.judge(output, (64, 64))[0]["scores"].tolist() == [0.75, 0.625]
    detector.score_threshold = 0.75
    assert len(detector.judge(output, (64, 64))[0]["scores"]) == 0


def test_images_do_not_suppress_one_another(detector: YOLO) -> None:
    one = said({(1, 2): [0.5, 0.5, 0.5, 0.5, 0.5, *[0.0] * 5, 0.0, 1.0, 0.0]})
    first, none, second = detector.judge(torch.cat([one, one * 0, one]), (32, 64))
    assert first["boxes"].tolist() == second["boxes"].tolist() == [[32, 8, 48, 16]]
    assert {name: values.shape for name, values in none.items()} == {"boxes": (0, 4), "labels": (0,), "scores": (0,)}


def test_losses_are_the_papers_with_their_weights_mirrored_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = YOLO(4, grid=3, lambda_coord=2.0, lambda_noobj=0.25)
    images = torch.rand(2, 3, 30, 40)
    targets = [scene([2.0, 2.0, 14.0, 10.0], [20.0, 10.0, 40.0, 30.0], label=3), scene()]
    for drawn, boxes in ((0.75, targets[0]["boxes"]), (0.25, torch.tensor([[26.0, 2, 38, 10], [0.0, 10, 20, 30]]))):
        monkeypatch.setattr(torch, "rand", lambda *shape, drawn=drawn: torch.full(shape[0], drawn))
        losses = model(images, targets)
        cells = encode_targets(boxes, targets[0]["labels"], 3, 3, (30, 40))
        output = model.network(images.flip(-1) if drawn < 0.5 else images)
        expected = yolo_loss(output, torch.stack([cells, cells * 0]), 2.0, 0.25)
        assert set(losses) == {"loss_box", "loss_object", "loss_no_object", "loss_classes"}
        torch.testing.assert_close(losses["loss_box"], 2 * expected["box"])
        torch.testing.assert_close(sum(losses.values()), expected["total"])
    assert targets[0]["boxes"].tolist() == [[2, 2, 14, 10], [20, 10, 40, 30]]


@pytest.mark.parametrize("head", ["convolutional", "connected"])
def test_losses_reach_every_parameter_and_images_may_have_several_sizes(head: str) -> None:
    torch.manual_seed(0)
    model = YOLO(4, grid=3, head=head)  # type: ignore[arg-type]
    images = [torch.rand(3, 40, 40), torch.rand(3, 44, 36), torch.rand(3, 40, 40), torch.rand(3, 44, 36)]
    losses = model(images, [scene([0.0, 0.0, 20.0, 20.0]), scene(), scene(), scene([4.0, 8.0, 30.0, 40.0])])
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert model([], []) == {}


def test_whoever_has_other_steps_around_the_network_gets_the_same() -> None:
    found = []
    for steps in ({}, {"encode": cells_of_objects, "decode": boxes_of_cells, "loss": cost_of_cells}):
        torch.manual_seed(0)
        model = YOLO(4, grid=3, score_threshold=0.0, **steps)  # type: ignore[arg-type]
        images, target = torch.rand(2, 3, 30, 40), scene([2.0, 2.0, 14.0, 10.0])
        losses = {name: loss.detach() for name, loss in model(images, [target, scene()]).items()}
        found.append((losses, model.eval()(images)))
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize(("dtype", "mixed"), [(torch.float32, False), (torch.float64, False), (torch.float32, True)])
def test_losses_and_detections_have_the_precision_of_the_images(dtype: torch.dtype, mixed: bool) -> None:
    torch.manual_seed(0)
    model = YOLO(4, grid=3, score_threshold=0.0).to(dtype)
    images = torch.rand(2, 3, 40, 40, dtype=dtype)
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        losses = model(images, [scene([0.0, 0.0, 20.0, 20.0])] * 2)
        found = model.eval()(images)
    assert {loss.dtype for loss in losses.values()} == {dtype}
    assert found[0]["boxes"].dtype == found[0]["scores"].dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"num_classes": 1}, ValueError, "num_classes must be at least 2"),
        ({"grid": 0}, ValueError, "grid must be at least 1"),
        ({"predictors": 1.5}, TypeError, "predictors must be an int"),
        ({"head": "dense"}, ValueError, 'head must be "convolutional" or "connected"'),
        ({"lambda_noobj": -1}, ValueError, "lambda_noobj must be at least 0"),
        ({"nms_threshold": 2.0}, ValueError, "nms_threshold must be at most 1"),
        ({"score_threshold": "all"}, TypeError, "score_threshold must be a number"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        YOLO(**{"num_classes": 5, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("images", "targets", "words"),
    [
        ([torch.rand(3, 32, 32)], None, "targets must be as many as images in training, 1, got none"),
        ([torch.rand(1, 32, 32)], [scene()], r"images\[0\] must have shape \(3, H, W\)"),
        ([torch.rand(3, 32, 32)], [scene([4.0, 4.0, 4.0, 9.0])], "must have area"),
        ([torch.rand(3, 32, 32)], [scene([4.0, 4.0, 9.0, 9.0], label=4)], "must lie between 0 and 3"),
        ([torch.rand(3, 32, 32)], [scene([4.0, 4.0, 9.0, 9.0], label=0)], "0 is the background"),
        ([torch.rand(3, 32, 32)], [scene([30.0, 30.0, 40.0, 40.0])], "centres in the image"),
    ],
)
def test_bad_scenes_are_told_in_a_sentence(images: list[Tensor], targets: list[dict[str, Tensor]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        YOLO(4)(images, targets)


@pytest.mark.slow
@pytest.mark.compute
def test_it_learns() -> None:
    train = [Farm(60)[number] for number in range(60)]
    torch.manual_seed(0)
    model = YOLO(len(CLASSES))
    fit(model, lambda model, *batch: sum(model(*batch).values()), train, steps=200, batch_size=8, learning_rate=3e-3)
    images, truth = [image for image, _ in train], [target for _, target in train]
    assert mean_average_precision(model(images), truth)["map_50"] > 0.5  # of what it has seen
