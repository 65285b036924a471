"""Golden numbers of chapter 9's widget: anchors of small maps, their IoUs with objects, what they learn, the deltas.

Among them sides on halves, objects whose best anchors tie, IoUs exactly at a threshold, an anchor that is one object's
best and another's by its own IoU, and an object that no anchor overlaps.
"""

from typing import NamedTuple

import torch

from solutions.boxes import box_iou, encode_boxes
from solutions.faster_rcnn import base_anchors, grid_anchors, match_anchors

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Case = dict[str, Json]


class Scene(NamedTuple):
    """Anchors of a map, and the objects on it."""

    name: str
    sizes: list[float]
    ratios: list[float]
    feature_size: tuple[int, int]
    stride: tuple[int, int]
    objects: list[list[float]]


THREE = [0.5, 1.0, 2.0]
SCENES = [
    Scene("the cow of the beginning", [32, 64], THREE, (8, 12), (16, 16), [[68, 41, 122, 81]]),
    Scene("cow and dog", [32, 64], THREE, (8, 12), (16, 16), [[68, 41, 122, 81], [132, 66, 160, 94]]),
    Scene("one behind the other", [32, 64], THREE, (8, 12), (16, 16), [[68, 41, 122, 81], [68, 42, 122, 81]]),
    Scene("the dog's best learns the cow", [32, 64], THREE, (8, 12), (16, 16), [[68, 41, 122, 81], [60, 40, 116, 80]]),
    Scene("exactly on an anchor", [32, 64], THREE, (8, 12), (16, 16), [[64, 32, 128, 96], [64, 32, 128, 96]]),
    Scene("sides on halves, unequal strides", [5, 33], [1.0, 4.0, 0.25], (3, 4), (8, 12), [[1, 2, 30.25, 21.5]]),
    Scene("between four places: ties", [16], [1.0], (3, 4), (16, 16), [[16, 16, 32, 32], [0, 0, 8, 8]]),
    Scene("a half and a quarter, exactly", [16], [1.0], (2, 3), (16, 16), [[8, 8, 24, 16], [-8, -8, 0, 0]]),
    Scene("one that no anchor overlaps", [8], THREE, (2, 2), (8, 8), [[0, 0, 8, 6], [90, 90, 99, 99]]),
]
RULES = [(0.7, 0.3, True), (0.7, 0.3, False), (0.5, 0.25, True), (0.5, 0.25, False), (0.2, 0.2, False)]


def anchor_cases() -> list[Case]:
    """Return each scene's anchors and IoUs in float64, and what `match_anchors` makes of them under each rule."""
    cases: list[Case] = []
    for scene in SCENES:
        base = base_anchors(scene.sizes, scene.ratios)
        anchors = grid_anchors(scene.feature_size, scene.stride, base).double()
        objects = torch.tensor(scene.objects, dtype=torch.float64)
        iou = box_iou(objects, anchors)
        small = len(anchors) < 100  # of the large map the corners and the IoUs would fill the file
        matches: list[Json] = [
            {"high": high, "low": low, "lowQuality": rescue, "matches": match_anchors(iou, high, low, rescue).tolist()}
            for high, low, rescue in RULES
        ]
        own = objects[iou.argmax(dim=0)]
        cases.append(
            {
                "name": scene.name,
                "sizes": [*scene.sizes],
                "ratios": [*scene.ratios],
                "featureSize": [*scene.feature_size],
                "stride": [*scene.stride],
                "objects": [[*map(float, box)] for box in scene.objects],
                "base": base.int().tolist(),
                "anchors": anchors.int().tolist() if small else None,
                "overlaps": iou.tolist() if small else None,
                "highest": iou.amax(dim=1).tolist(),
                "deltas": encode_boxes(own, anchors).tolist() if small else None,
                "rules": matches,
            }
        )
    return cases
