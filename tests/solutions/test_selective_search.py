"""Selective search: what the contract promises, that it grows as the exercises' functions say, and what it finds."""

import numpy as np
import pytest
import torch
from torch import Tensor

from course.farm import Farm
from course.pieces import cut_into_pieces, in_colours
from solutions.region_proposals import (
    grow,
    merge_regions,
    proposal_recall,
    region_similarity,
    selective_search,
)


def picture(index: int = 0, seed: int = 1) -> Tensor:
    image, _ = Farm(index + 1, seed=seed)[index]
    return (image * 255).round().byte().permute(1, 2, 0)


def four_fields() -> Tensor:
    """Two greens side by side above two reds, each 8 × 8 and each of one colour."""
    image = torch.zeros(16, 16, 3, dtype=torch.uint8)
    image[:8, :8, 1], image[:8, 8:, 1] = 200, 160
    image[8:, :8, 0], image[8:, 8:, 0] = 200, 160
    return image


def test_fields_grow_into_what_is_alike_and_then_into_the_image() -> None:
    hierarchy = grow(four_fields(), scale=1.0, sigma=0.0, colours="rgb")
    assert [region["size"] for region in hierarchy.regions] == [64, 64, 64, 64, 128, 128, 256]
    assert hierarchy.boxes()[-3:].tolist() == [[0, 0, 16, 8], [0, 8, 16, 16], [0, 0, 16, 16]]
    assert hierarchy.after(0).tolist() == hierarchy.segments.tolist()
    assert hierarchy.after(2).unique().tolist() == [4, 5]
    assert hierarchy.after(99).unique().tolist() == [6]
    last = hierarchy.merges[-1]
    assert (last.size, last.fill) == (0.0, 1.0)  # together they are the image, and fill it


@pytest.mark.parametrize("colours", ["rgb", "hsv", "lab"])
def test_growing_is_what_the_exercises_functions_do_pair_by_pair(colours: str) -> None:
    image = picture(3)
    quick = grow(image, colours=colours)
    slow = grow(image, colours=colours, similarity=region_similarity, merge=merge_regions)
    pieces = len(quick.regions) - len(quick.merges)
    for number, merge in enumerate(quick.merges):
        first, second = quick.regions[merge.first], quick.regions[merge.second]
        similarity = region_similarity(first, second, image[..., 0].numel())
        assert float(similarity) == pytest.approx(merge.similarity, abs=1e-4)
        made, joined = quick.regions[pieces + number], merge_regions(first, second)
        assert made["size"] == joined["size"]
        for part in ("box", "colour", "texture"):
            torch.testing.assert_close(made[part], joined[part], rtol=0, atol=1e-5)  # type: ignore[literal-required]
    assert [(one.first, one.second) for one in slow.merges] == [(one.first, one.second) for one in quick.merges]


def test_merges_are_of_touching_regions_and_each_was_the_most_alike_at_its_time() -> None:
    image = picture(5)[20:50, 10:40]
    hierarchy = grow(image, scale=20.0)
    assert len(hierarchy.merges) > 8
    for step, merge in enumerate(hierarchy.merges):
        there = hierarchy.after(step)
        touching = neighbours(there)
        assert (merge.first, merge.second) in touching
        others = [
            float(region_similarity(hierarchy.regions[one], hierarchy.regions[other], there.numel()))
            for one, other in touching
        ]
        assert merge.similarity >= max(others) - 1e-4


def neighbours(there: Tensor) -> set[tuple[int, int]]:
    """Pairs of regions of which two pixels touch, looked for pixel by pixel."""
    height, width = there.shape
    found = set()
    for y in range(height):
        for x in range(width):
            for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if y + dy < height and 0 <= x + dx < width:
                    pair = sorted((int(there[y, x]), int(there[y + dy, x + dx])))
                    found.add((pair[0], pair[1]))
    return {(one, other) for one, other in found if one != other}


def test_each_region_is_described_as_its_pixels_are() -> None:
    image = picture(2)
    hierarchy = grow(image, colours="rgb")
    brightness = (image.double() / 255 * 25).long().clamp(max=24)
    for step in (0, len(hierarchy.merges) // 2):
        there = hierarchy.after(step)
        for number in there.unique().tolist():
            region, inside = hierarchy.regions[number], there == number
            rows, columns = torch.where(inside)
            assert region["size"] == int(inside.sum())
            assert region["box"].tolist() == [
                int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1,
            ]  # fmt: skip
            counted = torch.cat([brightness[..., c][inside].bincount(minlength=25) for c in range(3)])
            torch.testing.assert_close(region["colour"], counted.float() / (3 * region["size"]))
            assert float(region["texture"].sum()) == pytest.approx(1, abs=1e-5)


def test_texture_knows_the_direction_of_stripes_and_not_their_brightness() -> None:
    stripes = torch.zeros(32, 64, 3, dtype=torch.uint8)
    stripes[:, 0:32:4] = 150
    stripes[:, 1:32:4] = 150
    stripes[0::4, 32:] = 150
    stripes[1::4, 32:] = 150
    pieces = cut_into_pieces(stripes, 1e6, 0.0, 0)  # one piece: what follows looks at halves of the picture
    assert len(pieces.sizes) == 1
    upright, lying = (cut_into_pieces(half, 1e6, 0.0, 0).texture[0] for half in (stripes[:, :32], stripes[:, 32:]))
    bright = cut_into_pieces(stripes[:, :32] + 100, 1e6, 0.0, 0).texture[0]
    np.testing.assert_allclose(bright, upright, atol=1e-12)
    assert np.minimum(upright, lying).sum() < 0.8
    across, along = upright.reshape(8, 3, 10)[0], upright.reshape(8, 3, 10)[4]
    assert across[:, 4:6].sum() < along[:, 4:6].sum() / 2  # steep to the right, flat downwards


def test_boxes_are_what_was_promised() -> None:
    image = picture()
    boxes = selective_search(image)
    assert boxes.dtype == torch.float32
    assert boxes.shape == (len(boxes.unique(dim=0)), 4)
    assert boxes[0].tolist() == [0, 0, 64, 64]
    assert bool((boxes[:, :2] < boxes[:, 2:]).all())
    assert 0 <= float(boxes.min()) <= float(boxes.max()) <= 64
    torch.testing.assert_close(selective_search(image.numpy()), boxes, rtol=0, atol=0)
    torch.testing.assert_close(selective_search(image.flip(1).flip(1)), boxes, rtol=0, atol=0)
    torch.testing.assert_close(selective_search(image, most=7), boxes[:7], rtol=0, atol=0)
    large = selective_search(image, min_side=8)
    assert set(map(tuple, large.tolist())) < set(map(tuple, boxes.tolist()))
    assert bool((large[:, 2:] - large[:, :2] >= 8).all())


def test_more_scales_and_colours_only_add_boxes() -> None:
    image = picture(1)
    few = set(map(tuple, selective_search(image, scale=(80.0,), colours=("lab",)).tolist()))
    more = set(map(tuple, selective_search(image, scale=(80.0, 40.0), colours=("lab", "rgb")).tolist()))
    assert few < more


def test_input_stays_as_it_is() -> None:
    image = picture()
    before = image.clone()
    selective_search(image)
    assert torch.equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (2, 2), (3, 40)])
def test_tiny_pictures_have_at_least_themselves(shape: tuple[int, int]) -> None:
    image = torch.randint(256, (*shape, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    boxes = selective_search(image, scale=(1.0,), min_size=0)
    assert boxes[0].tolist() == [0, 0, shape[1], shape[0]]


def test_a_picture_of_one_colour_is_one_box_even_with_a_spot() -> None:
    image = torch.full((24, 32, 3), 90, dtype=torch.uint8)
    assert selective_search(image).tolist() == [[0, 0, 32, 24]]
    image[7, 9] = 92
    assert selective_search(image).tolist() == [[0, 0, 32, 24]]


def test_grey_has_no_hue_and_black_no_saturation() -> None:
    almost = np.array([[[128, 128, 129], [129, 128, 128], [0, 0, 1], [1, 0, 0]]], dtype=np.uint8)
    hue_and_saturation = in_colours(almost, "hsv")[..., :2]
    assert np.ptp(hue_and_saturation, axis=1).max() < 0.05
    vivid = in_colours(np.array([[[0, 200, 0]]], dtype=np.uint8), "hsv")
    np.testing.assert_allclose(vivid[0, 0], [1 / 3, 1, 200 / 255])


def test_a_single_scale_is_a_number() -> None:
    assert torch.equal(selective_search(picture(2), scale=40.0), selective_search(picture(2), scale=(40.0,)))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"image": torch.zeros(4, 4, 3)}, TypeError, "image must be uint8"),
        ({"image": [[0]]}, TypeError, "got list"),
        ({"image": torch.zeros(3, 4, 4, dtype=torch.uint8)}, ValueError, r"\(H, W, 3\)"),
        ({"image": torch.zeros(0, 4, 3, dtype=torch.uint8)}, ValueError, "at least one pixel"),
        ({"scale": (80.0, 0.0)}, ValueError, "scale must be greater than 0"),
        ({"scale": ()}, ValueError, "scale must have at least one entry"),
        ({"scale": "large"}, TypeError, "scale must be a sequence"),
        ({"sigma": -1.0}, ValueError, "sigma must be at least 0"),
        ({"min_size": -1}, ValueError, "min_size must be at least 0"),
        ({"colours": ("cmyk",)}, ValueError, 'colours must be "rgb", "hsv" or "lab"'),
        ({"colours": "hsv"}, TypeError, "colours must be a sequence"),
        ({"most": 0}, ValueError, "most must be at least 1"),
        ({"min_side": -1}, ValueError, "min_side must be at least 0"),
    ],
)
def test_bad_input_is_told_in_a_sentence(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        selective_search(**{"image": four_fields(), **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [7, 8])
def test_most_animals_of_the_farm_have_a_box(seed: int) -> None:
    farm = list(Farm(20, seed=seed))
    proposals = [selective_search((image * 255).round().byte().permute(1, 2, 0), most=500) for image, _ in farm]
    counts = [len(target["boxes"]) for _, target in farm]
    found = sum(
        proposal_recall(boxes, target["boxes"]) * count
        for boxes, (_, target), count in zip(proposals, farm, counts, strict=True)
        if count
    )
    assert found / sum(counts) >= 0.9
