"""The four trainings: what learns in each, what stays to the last bit, and from which proposals the detector learns."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from course.farm import Farm
from solutions.faster_rcnn import FasterRCNN, alternating, small_faster_rcnn
from solutions.faster_rcnn.alternating import Part, add_proposals, train_alternating, train_part
from tests.sentences import assert_error_tells

SCENES = [Farm(4, size=(48, 64))[number] for number in range(4)]
OPTIONS = {"batch_size": 2, "device": "cpu"}


def small() -> FasterRCNN:
    torch.manual_seed(0)
    return small_faster_rcnn(5, image_size=48)


def state_of(module: nn.Module) -> dict[str, Tensor]:
    return {name: values.clone() for name, values in module.state_dict().items()}


def moved(before: dict[str, Tensor], module: nn.Module) -> set[str]:
    """Return the names of what is no longer as it was."""
    return {name for name, values in module.state_dict().items() if not torch.equal(values, before[name])}


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("part", ["rpn", "roi_heads"])
def test_one_part_learns_and_nothing_else_moves(part: Part, fixed: bool) -> None:
    model = small()
    scenes = add_proposals(model, SCENES, "cpu")
    before = state_of(model)
    train_part(model, part, scenes, steps=2, fixed_backbone=fixed, **OPTIONS)  # type: ignore[arg-type]
    expected = {name for name in before if name.startswith(part)}
    if not fixed:
        expected |= {name for name in before if name.startswith("backbone")}
    assert moved(before, model) == expected  # the statistics of a normalisation count as well
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_layers_that_were_fixed_before_stay_fixed() -> None:
    model = small()
    model.backbone.requires_grad_(False)
    train_part(model, "rpn", SCENES, steps=1, **OPTIONS)  # type: ignore[arg-type]
    assert not any(parameter.requires_grad for parameter in model.backbone.parameters())
    assert all(parameter.requires_grad for parameter in model.roi_heads.parameters())


def test_proposals_are_those_of_training_in_the_coordinates_of_the_image() -> None:
    model = small_faster_rcnn(5, image_size=96).eval()  # twice the size of the scenes
    scenes = add_proposals(model, SCENES, "cpu")
    batch, sizes = model.resizing.batch([SCENES[0][0]], training=False)
    model.rpn.train()
    with torch.no_grad():
        (expected,), _ = model.rpn([model.backbone(batch)], (96, 128), sizes)
    torch.testing.assert_close(scenes[0][1]["proposals"], expected / 2)
    assert len(expected) > 60  # what evaluation would leave
    assert torch.equal(scenes[0][1]["boxes"], SCENES[0][1]["boxes"])
    assert torch.equal(scenes[0][0], SCENES[0][0])


def test_the_four_trainings_follow_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[Part, bool, int]] = []
    states: list[dict[str, Tensor]] = []
    own = alternating.train_part

    def noted(model: FasterRCNN, part: Part, scenes: object, **options: object):  # type: ignore[no-untyped-def]
        ran.append((part, bool(options.get("fixed_backbone")), options["steps"]))  # type: ignore[arg-type]
        states.append(state_of(model))
        if part == "roi_heads":  # from the proposals of the network that there is now
            expected = add_proposals(deepcopy(reader), SCENES, "cpu")
            for (_, target), (_, other) in zip(scenes, expected, strict=True):  # type: ignore[call-overload]
                torch.testing.assert_close(target["proposals"], other["proposals"])
        history = own(model, part, scenes, **options)  # type: ignore[arg-type]
        reader.load_state_dict(model.state_dict())
        return history

    monkeypatch.setattr(alternating, "train_part", noted)
    model, reader = small(), small()
    histories = train_alternating(model, SCENES, steps=7, **OPTIONS)  # type: ignore[arg-type]
    assert ran == [("rpn", False, 2), ("roi_heads", False, 2), ("rpn", True, 2), ("roi_heads", True, 1)]
    assert [len(history.losses) for history in histories] == [2, 2, 2, 1]
    backbones = [{name: x for name, x in state.items() if name.startswith("backbone")} for state in states]
    torch.testing.assert_close(backbones[1], backbones[0], rtol=0, atol=0)  # the detector began afresh
    torch.testing.assert_close(backbones[3], backbones[2], rtol=0, atol=0)  # shared from the third on
    final = {name: x for name, x in state_of(model).items() if name.startswith("backbone")}
    torch.testing.assert_close(final, backbones[3], rtol=0, atol=0)


def test_fewer_steps_than_trainings_are_refused() -> None:
    assert_error_tells(ValueError, ("steps", "4", "3"), lambda: train_alternating(small(), SCENES, steps=3))
