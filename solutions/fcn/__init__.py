"""Fully convolutional networks: one pass labels every pixel, one loss speaks of all of them, one metric counts them.

`pixels` holds the loss and the metrics, `networks` those that go down and up again, `skips` the FCN family, `segnet`
the decoder that remembers positions.
"""

from solutions.fcn.blocks import conv_block, halve, resize_like
from solutions.fcn.networks import EncoderDecoderFCN, FullResolutionFCN, activation_bytes, encoder_decoder
from solutions.fcn.pixels import confusion_matrix, mean_iou, pixel_cross_entropy
from solutions.fcn.segnet import SegNet
from solutions.fcn.skips import FCN

__all__ = [
    "FCN", "EncoderDecoderFCN", "FullResolutionFCN", "SegNet", "activation_bytes", "confusion_matrix",
    "conv_block", "encoder_decoder", "halve", "mean_iou", "pixel_cross_entropy", "resize_like",
]  # fmt: skip
