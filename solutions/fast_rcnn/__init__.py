"""Fast R-CNN: one look at the image, and every region takes its features from there (Girshick, 2015).

`pooling` turns a region of any size into a grid of fixed size, `losses` says what a region's class and box cost
together, `compression` makes the large linear layers behind the grid cheaper, and `detector`
puts them together.
"""

from solutions.fast_rcnn.compression import truncated_svd
from solutions.fast_rcnn.definition import roi_pool as roi_pool_one_by_one
from solutions.fast_rcnn.detector import FastRCNN, FastRCNNNetwork, compress
from solutions.fast_rcnn.losses import fast_rcnn_loss, smooth_l1
from solutions.fast_rcnn.pooling import roi_bins, roi_pool

__all__ = [
    "FastRCNN", "FastRCNNNetwork", "compress", "fast_rcnn_loss", "roi_bins", "roi_pool", "roi_pool_one_by_one",
    "smooth_l1", "truncated_svd",
]  # fmt: skip
