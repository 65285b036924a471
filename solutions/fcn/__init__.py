"""Fully convolutional networks: one pass labels every pixel, one loss speaks of all of them, one metric counts them.

`pixels` holds the loss and the metrics, `networks` those that go down and up again, `skips` the FCN family, `segnet`
the decoder that remembers positions.
"""

from solutions.fcn.blocks import conv_block, halve, resize_like
from solutions.fcn.networks import EncoderDecoderFCN
from solutions.fcn.skips import FCN, Variant

__all__ = ["FCN", "EncoderDecoderFCN", "Variant", "conv_block", "halve", "resize_like"]
