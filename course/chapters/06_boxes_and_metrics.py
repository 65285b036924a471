# %% [markdown]
# # 6 · Boxes and metrics
# ## Many objects: how many are there?

# %% [markdown]
# One look gives one box. This chapter looks at many places instead, finds each animal twenty times, throws nineteen away, and then asks how good that was.

# %%
import torch
import torchvision
from torch import Tensor

from course.checking import check, chosen, hint

# %% [markdown]
# ## Look everywhere

# %% [markdown] exercise="window_boxes"
# List all windows that a detector looks at.
#
# | | | |
# | --- | --- | --- |
# | `image_size` | (H, W) | the image's height and width in pixels |
# | `window_sizes` | list of (h, w) | the *height* and the *width* of each kind of window, in pixels; often not square; maybe none |
# | `stride` | int | how far apart neighbouring windows are, downwards and to the right; 1 or more |
# | returns | (N, 4) | float32 tensor, one box (x1, y1, x2, y2) a window |
#
# - x counts to the right, y counts down; (x1, y1) is the window's top-left corner, x2 = x1 + w and y2 = y1 + h. The image lies between 0 and W, and between 0 and H.
# - All windows of the first size come first, then all of the second, and so on. Those of one size go row by row: the top row from left to right, then the next.
# - The first window of each size lies in the top-left corner of the image. A window that touches the border from inside is in; one that reaches over it is
#   left out, and so may a strip at the right or at the bottom be that no window covers.
# - A size that is larger than the image gives no windows. Where no window fits at all, the result is empty, of shape (0, 4).
#
# Everything is allowed.

# %% check="window_boxes"

# %% [markdown]
# ## The same place?

# %% [markdown] exercise="box_iou"
# Measure how much two boxes share: **intersection over union**, of each box of one list with each of another.
#
# $$\text{out}[n, m] = \frac{\text{area}(a_n \cap b_m)}{\text{area}(a_n \cup b_m)}$$
#
# | | shape | |
# | --- | --- | --- |
# | `a` | (N, 4) | floating point: boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, fractions and negative numbers too; N may be 0; not always contiguous |
# | `b` | (M, 4) | same dtype; M is hardly ever N, and may be 0; not always contiguous |
# | returns | (N, M) | dtype of `a`; gradients flow back to `a` and `b` |
#
# A box is x2 − x1 wide and y2 − y1 high, without a "+ 1". Two boxes that are apart, or that only touch, have an IoU of 0. Both inputs are left alone. A loop is a
# right answer. `torchvision.ops` and other libraries that have IoU ready are not allowed here.

# %% check="box_iou"

# %% [markdown]
# ## Nineteen too many

# %% [markdown] exercise="nms"
# **Non-maximum suppression**: of boxes that lie on the same thing, keep the best.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (N, 4) | floating point, (x1, y1, x2, y2) with x1 < x2 and y1 < y2, maybe negative; N may be 0; not always contiguous |
# | `scores` | (N,) | floating point: how sure the detector is of each box; in any order, maybe negative; not always contiguous |
# | `iou_threshold` | float | from 0 to 1 |
# | returns | (K,) | int64: the *indices* of the boxes that are kept, the one with the best score first |
#
# Keep the box with the highest score and drop every box whose IoU with it is **greater** than `iou_threshold`. Of what is left, keep the best again, and so on until nothing
# is left. So
#
# - an IoU of exactly the threshold does not drop a box;
# - a box that was dropped drops no other;
# - of equal scores, the lower index comes first.
#
# Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`, which is allowed from here on. A library's NMS is not allowed.

# %% check="nms"

# %% [markdown]
# ## A dog is no cow

# %% [markdown] exercise="batched_nms"
# A cow must not drop the dog that stands in front of her. Suppress *within each label*.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (N, 4) | floating point, (x1, y1, x2, y2) with x1 < x2 and y1 < y2: anywhere, also at negative numbers or thousands of pixels away; N may be 0; not always contiguous |
# | `scores` | (N,) | floating point, maybe negative; not always contiguous |
# | `labels` | (N,) | int64: numbers from 0 up, such as 0, 3 and 90; in any order, and not every number below the highest has to come; not always contiguous |
# | `iou_threshold` | float | from 0 to 1 |
# | returns | (K,) | int64: the indices of all boxes that are kept, best score first, whatever their labels |
#
# Among the boxes of one label everything is as in `nms`: greater than the threshold drops, a dropped box drops no other, of equal scores the lower index comes first. Boxes of two labels
# leave each other alone. What is kept comes in *one* order, by score and, where scores are equal, by index.
#
# Inputs are left alone. Your own `nms` and `box_iou` are allowed, and so is `torchvision.ops.box_iou`; a library's NMS is not allowed.

# %% check="batched_nms"

# %% [markdown]
# ## Right or wrong?

# %% [markdown] exercise="match_detections"
# Decide for each detection which target it has found, if any. One target can be found once.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (D, 4) | floating point: detected boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, in any order; D may be 0; not always contiguous |
# | `scores` | (D,) | floating point: how sure the detector is; not always contiguous |
# | `targets` | (G, 4) | dtype of `boxes`: the boxes that are really there; G may be 0; not always contiguous |
# | `iou_threshold` | float | from 0 to 1, 0.5 where it is left out |
# | returns | (D,) | int64, in the order of `boxes`: the index of the target that the detection is counted for, or −1 |
#
# The detections choose one after the other, in the order of their scores: the highest first, of equal scores the lower index first. Each looks at the targets that are **not taken yet**, and
# takes the one with the highest IoU, if that IoU is **at least** `iou_threshold`. If it is not, or if no target is left, the detection gets −1. (This is COCO's rule. PASCAL VOC's was
# stricter: whose best target was taken got nothing.)
#
# No detection ever has the same IoU, other than 0, with two targets. Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`. Libraries that match boxes (`torchvision.models.detection`,
# pycocotools, torchmetrics) are not allowed.

# %% check="match_detections"

# %% [markdown]
# ## Precision and recall

# %% [markdown] exercise="precision_recall"
# Go down the list of detections, the surest first, and write down after each of them how good the list is so far.
#
# | | shape | |
# | --- | --- | --- |
# | `correct` | (D,) | bool: whether the detection found a target; D may be 0; not always contiguous |
# | `scores` | (D,) | floating point, in any order; not always contiguous |
# | `num_targets` | int | how many targets there are in all, 1 or more; those that nobody found are in it |
# | returns `precision` | (D,) | float32, whatever the dtype of `scores` |
# | returns `recall` | (D,) | float32 |
#
# With the detections sorted by descending score (of equal scores the lower index first), entry k is about the best k + 1 of them: precision is the share of *these* that are correct, recall is
# the share of all *targets* that they have found. Inputs are left alone. torchmetrics and scikit-learn are not allowed.

# %% check="precision_recall"

# %% [markdown]
# ## One number

# %% [markdown] exercise="average_precision"
# Turn the curve into one number, in the three ways that papers use.
#
# | | shape | |
# | --- | --- | --- |
# | `recall` | (D,) | floating point, from 0 to 1; it never falls, and it may end below 1; several entries may be equal; D may be 0; not always contiguous |
# | `precision` | (D,) | same dtype, from 0 to 1: the precision at the same places; it goes up and down |
# | `method` | str | `"coco"`, `"voc11"` or `"area"`; `"coco"` where it is left out |
# | returns | float | or a tensor without dimensions |
#
# The precision *at* a recall r, $p(r)$, is the **highest** precision of all entries whose recall is **at least** r, and 0 where there is none. So the curve becomes a staircase that never rises.
#
# - `"voc11"`: the mean of $p(r)$ over the 11 values r = 0, 0.1, …, 1;
# - `"coco"`: the mean over the 101 values r = 0, 0.01, …, 1;
# - `"area"`: the area under $p(r)$ from r = 0 to r = 1, without gaps.
#
# Without detections it is 0. In the cases no recall lies on one of the values r but 0 and 1, so that rounding decides nothing. Inputs are left alone. torchmetrics, scikit-learn and pycocotools
# are not allowed.

# %% check="average_precision"
