"""What is wrong with a detection: by hand, by a law, and beside the metric that counts the same matches."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_iou

from solutions.capstone import ERROR_TYPES, error_types, worth_of_mending
from solutions.metrics import match_detections, mean_average_precision

CORRECT, CLASS, LOCATION, BOTH, DUPLICATE, BACKGROUND = range(6)
TARGETS = torch.tensor([[0.0, 0.0, 8.0, 8.0], [20.0, 0.0, 28.0, 8.0]])
TARGET_LABELS = torch.tensor([1, 2])


def kinds_of(*detections: tuple[tuple[float, ...], float, int]) -> list[int]:
    boxes, scores, labels = zip(*detections, strict=True)
    return error_types(torch.tensor(boxes), torch.tensor(scores), torch.tensor(labels), TARGETS, TARGET_LABELS).tolist()


EXACT, HALF, QUARTER = (0.0, 0.0, 8.0, 8.0), (0.0, 0.0, 8.0, 4.0), (0.0, 0.0, 4.0, 4.0)
NOWHERE = (40.0, 40.0, 48.0, 48.0)


@pytest.mark.parametrize(
    ("box", "label", "kind"),
    [
        (EXACT, 1, CORRECT), (HALF, 1, CORRECT), (QUARTER, 1, LOCATION), (NOWHERE, 1, BACKGROUND),
        (EXACT, 2, CLASS), (HALF, 3, CLASS), (QUARTER, 2, BOTH), (NOWHERE, 3, BACKGROUND),
    ],
)  # fmt: skip
def test_a_single_detection_is_what_its_overlaps_say(box: tuple[float, ...], label: int, kind: int) -> None:
    assert kinds_of((box, 0.5, label)) == [kind]


def test_the_surest_takes_the_object_and_the_next_is_a_duplicate_even_if_it_lies_better() -> None:
    assert kinds_of((EXACT, 0.25, 1), (HALF, 0.75, 1)) == [DUPLICATE, CORRECT]
    assert kinds_of((HALF, 0.5, 1), (EXACT, 0.5, 1)) == [CORRECT, DUPLICATE]  # equal scores: the lower index first


def test_a_detection_of_another_name_takes_nothing() -> None:
    assert kinds_of((EXACT, 0.75, 2), (EXACT, 0.25, 1)) == [CLASS, CORRECT]


def test_a_second_object_of_the_name_is_there_for_the_second_detection() -> None:
    boxes = torch.tensor([[0.0, 0.0, 8.0, 8.0], [1.0, 0.0, 9.0, 8.0]])
    labels = torch.tensor([1, 1])
    assert error_types(boxes[:1].repeat(2, 1), torch.tensor([0.9, 0.8]), labels, boxes, labels).tolist() == [0, 0]


def test_a_duplicate_comes_before_a_wrong_class_and_a_wrong_class_before_a_wrong_place() -> None:
    box = torch.tensor([[0.0, 0.0, 8.0, 8.0]])
    both = torch.cat([box, box])
    twice = error_types(both, torch.tensor([0.9, 0.8]), torch.tensor([1, 1]), both, torch.tensor([1, 2]))
    assert twice.tolist() == [CORRECT, DUPLICATE]  # the second lies on the object of another name as well
    targets = torch.tensor([[0.0, 0.0, 8.0, 8.0], [0.0, 0.0, 4.0, 4.0]])
    assert error_types(box, torch.tensor([0.9]), torch.tensor([2]), targets, torch.tensor([1, 2])).tolist() == [CLASS]


def test_without_objects_all_is_background_and_without_detections_there_is_nothing() -> None:
    none, no_labels = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    assert error_types(TARGETS, torch.ones(2), TARGET_LABELS, none, no_labels).tolist() == [BACKGROUND] * 2
    assert error_types(none, torch.zeros(0), no_labels, TARGETS, TARGET_LABELS).tolist() == []


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"labels": torch.tensor([1.0, 2.0])}, TypeError, "labels"),
        ({"scores": torch.ones(3)}, ValueError, "scores"),
        ({"target_boxes": torch.ones(2, 4, dtype=torch.float64)}, TypeError, "target_boxes"),
        ({"background": 0.75}, ValueError, "background must be at most foreground, 0.5, got 0.75"),
        ({"foreground": 1.5}, ValueError, "foreground"),
    ],
)
def test_bad_input_gets_a_sentence(change: dict[str, object], error: type[Exception], sentence: str) -> None:
    arguments = {
        "boxes": TARGETS, "scores": torch.ones(2), "labels": TARGET_LABELS,
        "target_boxes": TARGETS, "target_labels": TARGET_LABELS,
    }  # fmt: skip
    with pytest.raises(error, match=sentence):
        error_types(**{**arguments, **change})  # type: ignore[arg-type]


def scene(seed: int, detections: int, objects: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(seed)

    def boxes(count: int) -> Tensor:
        corner = torch.randint(0, 12, (count, 2), generator=generator).float()
        return torch.cat([corner, corner + torch.randint(4, 13, (count, 2), generator=generator)], dim=1)

    def labels(count: int) -> Tensor:
        return torch.randint(1, 4, (count,), generator=generator)

    scores = torch.randperm(detections, generator=generator) / 32
    found = {"boxes": boxes(detections), "scores": scores, "labels": labels(detections)}
    return found, {"boxes": boxes(objects), "labels": labels(objects)}


seeds, few = st.integers(0, 2**32 - 1), st.integers(0, 12)


@settings(max_examples=80, deadline=None)
@given(seeds, few, few)
def test_correct_are_those_that_find_a_target_class_by_class(seed: int, detections: int, objects: int) -> None:
    found, there = scene(seed, detections, objects)
    kinds = error_types(found["boxes"], found["scores"], found["labels"], there["boxes"], there["labels"])
    for label in (1, 2, 3):
        own, same = found["labels"] == label, there["labels"] == label
        matched = match_detections(found["boxes"][own], found["scores"][own], there["boxes"][same])
        assert ((kinds[own] == CORRECT) == (matched >= 0)).all()


@settings(max_examples=80, deadline=None)
@given(seeds, few, few)
def test_what_is_wrong_with_the_others_is_what_their_overlaps_say(seed: int, detections: int, objects: int) -> None:
    found, there = scene(seed, detections, objects)
    kinds = error_types(found["boxes"], found["scores"], found["labels"], there["boxes"], there["labels"])
    for box, label, kind in zip(found["boxes"], found["labels"], kinds.tolist(), strict=True):
        iou = box_iou(box[None], there["boxes"])[0]
        same = max(iou[there["labels"] == label].tolist(), default=0.0)
        other = max(iou[there["labels"] != label].tolist(), default=0.0)
        if same >= 0.5:
            assert kind in (CORRECT, DUPLICATE)
        elif other >= 0.5:
            assert kind == CLASS
        else:
            assert kind == (LOCATION if same >= 0.1 else BOTH if other >= 0.1 else BACKGROUND)


def test_mending_each_kind_is_worth_what_a_hand_calculation_says() -> None:
    """Four cows: one is found, one by a wrong name, one in a wrong place, one not at all; and noise before all."""
    cows = torch.tensor([[20.0 * n, 0.0, 20.0 * n + 8, 8.0] for n in range(4)])
    there = {"boxes": cows, "labels": torch.ones(4, dtype=torch.int64)}
    nothing = torch.tensor([[0.0, 60.0, 8.0, 68.0]])
    boxes = torch.cat([nothing, cows[:1], cows[:1], cows[1:2], cows[2:3] + torch.tensor([0.0, 0.0, 0.0, 16.0])])
    found = {"boxes": boxes, "scores": torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5]), "labels": torch.tensor([1, 1, 1, 2, 1])}
    worth = worth_of_mending([found], [there])
    # As it is: precision 1/2 up to a recall of 1/4, so 26 of 101 points at 1/2.
    before = 26 * 0.5 / 101
    assert before == pytest.approx(mean_average_precision([found], [there], iou_thresholds=[0.5])["map"])
    # Then the third right one is the fourth of the ranking, and so on; 26 and 51 points reach a quarter and a half.
    assert worth["background"] == pytest.approx(26 * 1.0 / 101 - before)
    assert worth["duplicate"] == pytest.approx(0.0)
    assert worth["class"] == pytest.approx((26 * 0.5 + 25 * 0.5) / 101 - before)
    assert worth["location"] == pytest.approx((26 * 0.5 + 25 * 0.5) / 101 - before)
    assert worth["both"] == pytest.approx(0.0)
    assert worth["missed"] == pytest.approx(34 * 0.5 / 101 - before)  # one of three: 34 points reach a third


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_taking_away_what_is_wrong_never_costs_anything(seed: int) -> None:
    scenes = [scene(seed + number, 8, 5) for number in range(3)]
    worth = worth_of_mending(*zip(*scenes, strict=True))
    assert set(worth) == {*ERROR_TYPES[1:], "missed"}
    assert min(worth[kind] for kind in ("both", "duplicate", "background", "missed")) >= -1e-9
