"""What regions are compared and merged by, against counting anew in an image, and against hand calculations."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from course.regions import Region
from solutions.region_proposals import merge_regions, proposal_recall, region_similarity
from tests.sentences import assert_error_tells


def counted(mask: Tensor, colours: Tensor, textures: Tensor) -> Region:
    """Return the region of the pixels in `mask` (H, W), its parts counted in the image."""
    y, x = mask.nonzero(as_tuple=True)
    return {
        "size": int(mask.sum()),
        "box": torch.stack([x.min(), y.min(), x.max() + 1, y.max() + 1]).float(),
        "colour": torch.bincount(colours[mask], minlength=75).float() / mask.sum(),
        "texture": torch.bincount(textures[mask], minlength=240).float() / mask.sum(),
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_merged_region_is_what_counting_in_the_image_gives(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (9, 14), generator=generator)
    colours = torch.randint(75, labels.shape, generator=generator)
    textures = torch.randint(240, labels.shape, generator=generator)
    first, second, both = (counted(mask, colours, textures) for mask in (labels == 0, labels == 1, labels < 2))
    before = {name: first[name] if name == "size" else first[name].clone() for name in first}  # type: ignore[literal-required]
    merged = merge_regions(first, second)
    assert merged["size"] == both["size"]
    assert torch.equal(merged["box"], both["box"])
    torch.testing.assert_close(merged["colour"], both["colour"])
    torch.testing.assert_close(merged["texture"], both["texture"])
    assert all(torch.equal(torch.as_tensor(before[name]), torch.as_tensor(first[name])) for name in before)  # type: ignore[literal-required]


def region(size: int, box: Sequence[float], colour: int = 0, texture: int = 0) -> Region:
    """Return a region of one colour and one texture."""
    return Region(
        size=size,
        box=torch.tensor(box, dtype=torch.float32),
        colour=torch.eye(75)[colour],
        texture=torch.eye(240)[texture],
    )


def test_similarity_by_hand() -> None:
    first, second = region(6, [0, 0, 3, 2]), region(8, [5, 1, 7, 5], colour=3)
    # Around both 7 × 5 = 35; colour 0, texture 1, size 1 − 14/100, fill 1 − (35 − 14)/100.
    assert region_similarity(first, second, 100).item() == pytest.approx(0 + 1 + 0.86 + 0.79)
    half = {**first, "colour": (torch.eye(75)[0] + torch.eye(75)[3]) / 2}
    assert region_similarity(half, second, 100).item() == pytest.approx(0.5 + 1 + 0.86 + 0.79)  # type: ignore[arg-type]


def test_two_halves_of_a_plain_image_are_as_alike_as_can_be() -> None:
    left, right = region(8, [0, 0, 2, 4]), region(8, [2, 0, 4, 4])
    assert region_similarity(left, right, 16).item() == pytest.approx(1 + 1 + 0 + 1)
    assert region_similarity(left, right, 16) == region_similarity(right, left, 16)


def test_recall_by_hand() -> None:
    targets = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 2], [10, 10, 14, 14]])
    proposals = torch.tensor([[0.0, 0, 4, 2], [0, 0, 4, 3], [12, 10, 16, 14]])
    assert proposal_recall(proposals, targets) == pytest.approx(2 / 3)  # ¾ and ⅔ by the second; ⅓ for the third
    assert proposal_recall(proposals, targets, 0.75) == pytest.approx(2 / 3)  # ¾ reached exactly, and 1
    assert proposal_recall(proposals, targets, 0.25) == 1
    assert proposal_recall(proposals[1:2], targets) == pytest.approx(2 / 3)  # one proposal for two targets
    assert proposal_recall(proposals[:0], targets) == 0
    assert proposal_recall(proposals, targets[:0]) != proposal_recall(proposals, targets[:0])  # NaN


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, ["first", "dict", "int"], lambda: merge_regions(3, region(1, [0, 0, 1, 1]))),  # type: ignore[arg-type]
        (ValueError, ["second", "no texture"], lambda: merge_regions(REGION, WITHOUT)),
        (ValueError, ["first['colour']", "sum to 1", "2"], lambda: merge_regions(TWICE, REGION)),
        (ValueError, ["first['size']", "0"], lambda: region_similarity(region(0, [0, 0, 1, 1]), REGION, 9)),
        (ValueError, ["two regions of 2 pixels", "of 1"], lambda: region_similarity(REGION, REGION, 1)),
        (ValueError, ["iou_threshold", "at most 1"], lambda: proposal_recall(torch.zeros(0, 4), torch.zeros(0, 4), 2)),
        (TypeError, ["targets", "float32"], lambda: proposal_recall(torch.zeros(0, 4), torch.zeros(0, 4).double())),
    ],
)
def test_bad_input_is_told_in_a_sentence(
    error: type[Exception], words: Sequence[str], call: Callable[[], object]
) -> None:
    assert_error_tells(error, words, call)


REGION = region(1, [0, 0, 1, 1])
TWICE: Region = {**REGION, "colour": 2 * REGION["colour"]}
WITHOUT: Region = {name: part for name, part in REGION.items() if name != "texture"}  # type: ignore[assignment]
