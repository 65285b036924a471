"""One door to every data set, all in the Farm's format: the Farm itself, Pascal VOC, Penn-Fudan and COCO.

    from course.data import load
    train = load("voc2012", "train", task="segmentation", download=True)
    image, target = train[0]

What stands behind a name is imported when it is first asked for, so that the command line starts without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.data.classes import CLASSES, KEYPOINT_NAMES, SEMANTIC_CLASSES
    from course.data.exporting import export
    from course.data.loading import load
    from course.data.sample import Sample, SampleSet
    from course.data.sheet import preview
    from course.data.transforms import Joint, eval_transform, train_transform, transformed, unwrap, wrap

__all__ = [
    "CLASSES", "KEYPOINT_NAMES", "SEMANTIC_CLASSES",
    "Joint", "Sample", "SampleSet", "eval_transform", "export", "load", "preview",
    "train_transform", "transformed", "unwrap", "wrap",
]  # fmt: skip

_HOMES = {
    "CLASSES": "classes", "KEYPOINT_NAMES": "classes", "SEMANTIC_CLASSES": "classes",
    "Joint": "transforms", "Sample": "sample",
    "SampleSet": "sample", "eval_transform": "transforms", "export": "exporting", "load": "loading",
    "preview": "sheet", "train_transform": "transforms", "transformed": "transforms", "unwrap": "transforms",
    "wrap": "transforms",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
