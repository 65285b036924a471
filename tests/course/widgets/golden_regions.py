"""Golden numbers of chapter 7's widgets: boxes as four numbers and back, and how one scene's regions grow together.

The scene itself, its pieces and their histograms, is written for the widget as `scene.js`; what the reference makes of
it, as golden numbers.
"""

import base64
import json
from functools import cache

import torch
from torch import Tensor

from course.farm import CLASSES, Farm
from course.regions import Region
from solutions.boxes import box_iou, decode_boxes, encode_boxes
from solutions.region_proposals import merge_regions, region_similarity
from solutions.selective_search import Hierarchy, grow

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


def coding_cases() -> list[Case]:
    """Return pairs of boxes with their deltas, and where these and others take the proposal, at two weightings.

    Among them ratios that the clamp cuts off, from 62.5 on, and deltas that move a box off the picture.
    """
    pairs = [
        ("a near miss", [32.0, 8.0, 96.0, 56.0], [16.0, 32.0, 144.0, 80.0], [0.1, -0.2, 0.3, -0.4]),
        ("the same box", [10.0, 20.0, 50.0, 100.0], [10.0, 20.0, 50.0, 100.0], [-2.0, 3.0, 0.0, 0.0]),
        ("a tiny proposal", [158.0, 94.0, 162.0, 98.0], [32.0, 48.0, 288.0, 144.0], [0.0, 0.0, 4.13, 4.14]),
        ("both sides cut off", [0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 320.0, 256.0], [1.0, 1.0, 20.0, 21.0]),
        ("far away and smaller", [200.0, 100.0, 320.0, 192.0], [0.0, 0.0, 6.0, 4.0], [0.25, 0.5, -3.0, -9.0]),
    ]
    cases: list[Case] = []
    for name, proposal, target, moved in pairs:
        for weights in ((1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)):
            anchor, box = (torch.tensor([each], dtype=torch.float64) for each in (proposal, target))
            deltas = encode_boxes(box, anchor, weights)
            scaled = torch.tensor([moved], dtype=torch.float64) * torch.tensor(weights, dtype=torch.float64)
            cases.append(
                {
                    "name": f"{name}, weights {weights[0]:g} and {weights[2]:g}",
                    "proposal": [*proposal],
                    "target": [*target],
                    "weights": [*weights],
                    "deltas": deltas[0].tolist(),
                    "landed": decode_boxes(deltas, anchor, weights)[0].tolist(),
                    "moved": scaled[0].tolist(),
                    "movedTo": decode_boxes(scaled, anchor, weights)[0].tolist(),
                }
            )
    return cases


SCENE = 312
CHANNELS, SLOPES = 3, 24  # how many numbers of each pixel a histogram of colours counts, and one of texture


@cache
def grown() -> tuple[Tensor, Tensor, Tensor, Hierarchy]:
    """Return the widget's scene: image (64, 64, 3) uint8, the animals' boxes and labels, and how its regions grow."""
    farm = Farm(SCENE + 1, seed=7, animals=(2, 3), body=(0.35, 0.6), occlusion=0.2, clutter=0.0, empty=0.0)
    image, target = farm[SCENE]
    pixels = (image.permute(1, 2, 0) * 255).round().to(torch.uint8)
    return pixels, target["boxes"], target["labels"], grow(pixels, scale=120.0, sigma=0.8, min_size=16, colours="lab")


def growing_cases() -> list[Case]:
    """Return the merges of the scene, one a case: which two, how alike they are, and what has become of them.

    The terms come from `grow`, the sum and the region from the two functions that the chapter asks for. After each
    merge also the best IoU that a box so far has with each animal.
    """
    _, boxes, _, hierarchy = grown()
    pieces, pixels = len(hierarchy.regions) - len(hierarchy.merges), hierarchy.segments.numel()
    overlaps = box_iou(boxes.double(), hierarchy.boxes().double())
    cases: list[Case] = []
    for number, merge in enumerate(hierarchy.merges):
        first, second = hierarchy.regions[merge.first], hierarchy.regions[merge.second]
        region = merge_regions(first, second)
        best = overlaps[:, : pieces + number + 1].amax(dim=1)
        cases.append(
            {
                "first": merge.first,
                "second": merge.second,
                "terms": _rounded(torch.tensor([merge.colour, merge.texture, merge.size, merge.fill])),
                "similarity": round(float(region_similarity(first, second, pixels)), 5),
                "size": region["size"],
                "box": region["box"].tolist(),
                "colour": _rounded(region["colour"]),
                "texture": _rounded(region["texture"]),
                "best": _rounded(best),
            }
        )
    return cases


def scene_script() -> str:
    """Return the JavaScript module that the widget draws from: pixels, pieces, and the counts in their histograms."""
    image, boxes, labels, hierarchy = grown()
    pieces = hierarchy.regions[: len(hierarchy.regions) - len(hierarchy.merges)]
    names = [CLASSES[label] for label in labels.tolist()]
    parts = {
        "SIDE": len(image),
        "ANIMALS": [
            {"name": f"the {name}", "box": [int(side) for side in box]}
            for name, box in zip(names, boxes.tolist(), strict=True)
        ],
        "PIXELS": base64.b64encode(image.numpy().tobytes()).decode(),
        "SEGMENTS": _runs(hierarchy.segments),
        "COLOURS": [_counts(region, "colour", CHANNELS) for region in pieces],
        "TEXTURES": [_counts(region, "texture", SLOPES) for region in pieces],
    }
    heading = """// The scene of the SelectiveSearch widget. Generated: python -m tests.course.widgets.golden
// PIXELS are bytes, red, green, blue, row by row; SEGMENTS the runs of equal numbers, row by row, as number:length.
// COLOURS and TEXTURES have a text a piece: how many of its values fall into each range, in base 36, 0 left out.
"""
    lines = [f"// prettier-ignore\nexport const {name} = {json.dumps(value)};" for name, value in parts.items()]
    return heading + "\n" + "\n".join(lines) + "\n"


def _rounded(numbers: Tensor) -> Json:
    return [round(number, 5) for number in numbers.tolist()]


def _runs(segments: Tensor) -> str:
    values, lengths = torch.unique_consecutive(segments.flatten(), return_counts=True)
    return " ".join(f"{value}:{length}" for value, length in zip(values.tolist(), lengths.tolist(), strict=True))


def _counts(region: Region, part: str, times: int) -> str:
    histogram: Tensor = region[part]  # type: ignore[literal-required]
    counts = (histogram.double() * region["size"] * times).round().long().tolist()
    return ",".join(_base36(count) if count else "" for count in counts)


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (_base36(number // 36) if number >= 36 else "") + digits[number % 36]
