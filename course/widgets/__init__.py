"""The interactive figures of the chapters, one folder a widget; the numbers are computed in the reader's browser.

    from course.widgets import Unpooling
    Unpooling()

A widget's class is imported when it is first asked for; none of them needs torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.widgets.anchors import Anchors
    from course.widgets.box_coder import BoxCoder
    from course.widgets.heatmap import Heatmap
    from course.widgets.iou import IoU
    from course.widgets.max_unpooling import MaxUnpooling
    from course.widgets.multitask_loss import MultitaskLoss
    from course.widgets.nms import NMS
    from course.widgets.precision_recall import PrecisionRecall
    from course.widgets.receptive_field import ReceptiveField
    from course.widgets.roi_pool import RoIPool
    from course.widgets.selective_search import SelectiveSearch
    from course.widgets.sliding_window import SlidingWindow
    from course.widgets.transposed_convolution import TransposedConvolution
    from course.widgets.unpooling import Unpooling
    from course.widgets.yolo_grid import YoloGrid

__all__ = [
    "NMS", "Anchors", "BoxCoder", "Heatmap", "IoU", "MaxUnpooling", "MultitaskLoss", "PrecisionRecall",
    "ReceptiveField", "RoIPool", "SelectiveSearch", "SlidingWindow", "TransposedConvolution", "Unpooling", "YoloGrid",
]  # fmt: skip

_FOLDERS = {
    "NMS": "nms",
    "Anchors": "anchors",
    "BoxCoder": "box_coder",
    "Heatmap": "heatmap",
    "IoU": "iou",
    "MaxUnpooling": "max_unpooling",
    "MultitaskLoss": "multitask_loss",
    "PrecisionRecall": "precision_recall",
    "ReceptiveField": "receptive_field",
    "RoIPool": "roi_pool",
    "SelectiveSearch": "selective_search",
    "SlidingWindow": "sliding_window",
    "TransposedConvolution": "transposed_convolution",
    "Unpooling": "unpooling",
    "YoloGrid": "yolo_grid",
}


def __getattr__(name: str) -> object:
    if name not in _FOLDERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOLDERS[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
