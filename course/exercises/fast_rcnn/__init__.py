"""Chapter 08, Fast R-CNN: one look at the image for all regions.

The bins of a region, the maximum of each bin, a loss for boxes, the loss of a region, and layers cut in two.
"""

CHAPTER = "08_fast_rcnn"

EXERCISES = ("roi_bins", "roi_pool", "smooth_l1", "fast_rcnn_loss", "truncated_svd")
"""In the order of the chapter; each is a module beside this one."""
