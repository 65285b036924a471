# %% [markdown]
# # 5 · Localization and pose
# ## One object: what is it, and where?

# %% [markdown]
# Every pixel has its class now, and yet nobody can say how many cows there are. This chapter starts with the simplest answer to *where
# is it*: one object, one box, four numbers. Then the box gets joints.

# %%
import torch
from torch import Tensor

from course.checking import check, chosen, hint

# %% [markdown]
# ## A class and four numbers

# %% [markdown] exercise="select_class_boxes"
# The network returns one box *for each class*: where the object would be if it were a cow, where if it were a duck. Take from each
# image the box of its own class.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (N, K, 4) | floating point, any values; N may be 0; not always contiguous in memory |
# | `labels` | (N,) | int64, the class of each image, from 0 to K − 1; classes may come several times or not at all; not always contiguous |
# | returns | (N, 4) | dtype of `boxes`; gradients flow back to `boxes` |
#
# `boxes` and `labels` are left alone. Everything is allowed, and a loop over the images is a right answer.

# %% check="select_class_boxes"

# %% [markdown]
# ## Two losses and a weight
#
# Two models looked at the same cow. One is surer that it is one, the other has the better box. **Predict:** whose total loss is lower? Then move the weight,
# and watch what moves with it and what does not. At last measure the boxes in pixels.

# %% widget="MultitaskLoss"

# %% [markdown] exercise="multitask_loss"
# Write down what the network's two answers cost, and what both cost together.
#
# | | shape | |
# | --- | --- | --- |
# | `scores` | (N, K) | floating point, logits: any values, also very large ones; N may be 0; not always contiguous |
# | `boxes` | (N, K, 4) | same dtype; one box a class; not always contiguous |
# | `labels` | (N,) | int64, the true class of each image, from 0 to K − 1 |
# | `target_boxes` | (N, 4) | same dtype; the true box of each image; not always contiguous |
# | `box_weight` | float | 0 or more, 1 where it is left out |
# | returns | dict of three numbers | tensors without dimensions, in the dtype of `scores` |
#
# - `classification` is the cross-entropy of the softmax of `scores`: the mean over the images;
# - `localization` is the squared L2 distance between the box of the *true* class, whatever the scores say, and the target: the **sum** over the four
#   numbers, then the mean over the images;
# - `total` is classification + `box_weight` · localization. The weight is in nothing but the total.
#
# Without images all three are 0, and each is still part of the graph, so that `backward()` works: no NaN, no error. Gradients flow to `scores`, `boxes` and
# `target_boxes`; what comes in is left alone. Everything is allowed, torch's own cross-entropy too.

# %% check="multitask_loss"

# %% [markdown]
# ## The mirrored cow's left eye

# %% [markdown] exercise="flip_keypoints"
# The image is mirrored, left to right. Mirror its keypoints.
#
# | | shape | |
# | --- | --- | --- |
# | `keypoints` | (N, J, 3) | floating point: x, y and visibility (0 not there, 1 hidden, 2 visible) of J joints of N objects; N may be 0; not always contiguous; left alone |
# | `width` | int | of the image, in pixels |
# | `pairs` | list of (a, b) | joints that change places, such as the left and the right eye; disjoint, in any order, maybe none |
# | returns | (N, J, 3) | dtype of `keypoints` |
#
# - x becomes width − x, for coordinates here count from the image's edge, and the image lies between x = 0 and x = width. A joint that is there may lie on an
#   edge, in the corner (0, 0) or even outside; all of them are mirrored alike.
# - For each pair (a, b), what stood in row a stands in row b afterwards and the other way round, all three numbers of it. A joint in no pair stays in its row.
# - A joint of visibility 0 is not there, whatever its x and y say: it becomes (0, 0, 0).
#
# Everything is allowed.

# %% check="flip_keypoints"

# %% [markdown]
# ## A picture instead of two numbers

# %% [markdown] exercise="gaussian_heatmaps"
# Draw a heat map for each keypoint: a hill that is highest where the keypoint is.
#
# $$\text{out}[n, j, r, c] = \exp\left(-\frac{d^2}{2\sigma^2}\right), \qquad d = \text{distance from the centre of pixel } (r, c) \text{ to keypoint } (n, j)$$
#
# | | shape | |
# | --- | --- | --- |
# | `keypoints` | (N, J, 2) | floating point: x (to the right) and y (down) in pixels, with fractions; maybe outside the map; N may be 0; not always contiguous; left alone |
# | `size` | (H, W) | of the maps, 1 × 1 or larger |
# | `sigma` | float | in pixels, above 0 |
# | returns | (N, J, H, W) | dtype of `keypoints`; gradients flow back to `keypoints` |
#
# Pixel (r, c) covers x from c to c + 1 and y from r to r + 1, so its centre is x = c + ½, y = r + ½. The hill is as it is: neither cut off somewhere nor
# divided by anything. Everything is allowed.

# %% check="gaussian_heatmaps"

# %% [markdown]
# ## Back from the grid
#
# A decoder sees a grid of numbers, and the keypoint lies between them. Drag it within one pixel and watch the neighbours. **Predict:** how far off can the
# decoded point be, at worst? Then decode, and sweep along a row. When can a second, lower hill win?

# %% widget="Heatmap"

# %% [markdown] exercise="decode_heatmaps"
# Read the keypoints off their heat maps, as Newell and others (2016) do, to a quarter of a pixel.
#
# | | shape | |
# | --- | --- | --- |
# | `heatmaps` | (N, J, H, W) | floating point, any values, maybe negative everywhere; H and W are 1 or more; N may be 0; not always contiguous; left alone |
# | returns `points` | (N, J, 2) | x and y in pixels, dtype of `heatmaps` |
# | returns `scores` | (N, J) | the highest value of each map, as it is; dtype of `heatmaps` |
#
# - Start from the *centre* of the highest pixel; where several are equally high, the first in reading order, row by row.
# - In x, look at the pixels to its left and to its right, and move ¼ pixel towards the higher one. In y do the same with the pixels above and below.
# - Where the two are equal, or one of them would lie outside the map, do not move in that direction. The other direction does not mind.
#
# Everything is allowed. No gradient is asked.

# %% check="decode_heatmaps"

# %% [markdown]
# ## A loss for what can be seen

# %% [markdown] exercise="keypoint_loss"
# Score predicted keypoints, but only those that can be seen.
#
# | | shape | |
# | --- | --- | --- |
# | `pred`, `target` | (N, J, 2) | floating point, x and y, one dtype; N may be 0; not always contiguous |
# | `visible` | (N, J) | bool: which keypoints count; not always contiguous |
# | returns | a number | a tensor without dimensions, in the dtype of `pred` |
#
# The loss of one keypoint is its squared distance, Δx² + Δy². The result is the mean over all visible keypoints of the batch, each counting the same, however
# many its object has. Whatever `pred` and `target` hold for the others must not matter. Where none is visible, the result is 0 and
# so is its gradient: no NaN, no error. Gradients flow to `pred` and `target`; what comes in is left alone. Everything is allowed.

# %% check="keypoint_loss"

# %% [markdown]
# ## How many are near enough?

# %% [markdown] exercise="pck"
# Measure poses by the *percentage of correct keypoints*: the share of visible keypoints that lie near enough.
#
# | | shape | |
# | --- | --- | --- |
# | `pred`, `target` | (N, J, 2) | floating point, x and y in pixels, one dtype; N may be 0; not always contiguous |
# | `visible` | (N, J) | bool: which keypoints count; not always contiguous |
# | `scale` | (N,) | same dtype; how large each object is, in pixels |
# | `alpha` | float | above 0, 0.2 where it is left out |
# | returns | a number | from 0 to 1: a tensor without dimensions, in the dtype of `pred` |
#
# A keypoint is correct if its (Euclidean) distance to the target is **at most** `alpha` times the scale of *its own* object. The share is one over all visible keypoints of the batch,
# not a mean of means. Where none is visible there is no share, and the result is NaN. What comes in is left alone. Everything is allowed; no gradient is asked.

# %% check="pck"
