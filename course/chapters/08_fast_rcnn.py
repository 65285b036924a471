# %% [markdown]
# # 8 · Fast R-CNN
# ## Look once

# %% picture="one_map_for_all"

# %% [markdown]
# *What to see:* the whole scene goes through the convolutions *once* and becomes a map, here of 16 × 16 cells; what is drawn is each cell's brightest pixel, in place of the many channels of a real map. The proposal is cut out of the map instead of the image, and that is where it gets awkward: its corners fall between cells. They are rounded, the region is
# divided into 4 × 4 bins, and of each bin the largest number is kept. Whatever the proposal's size, 4 × 4 numbers a channel come out, and a few small layers say what it is and where it should have been.
#
# At the end of chapter 7 each scene was looked at a hundred times, and most of what the network saw it had seen before. Then there were three trainings, a disk full of features, and a network that never heard of the mistakes at the end.
# **Can one look once, and train everything at once?**
#
# Girshick's *Fast R-CNN* (2015) does, and it is a short step from what you have: one new operation, RoI pooling, and one loss of two parts. You build both, train the same network on the same proposals as R-CNN, and see with your own numbers what becomes of time and accuracy. And what, after that, takes the time.
#
# You need chapter 7: proposals, labels, offsets. Five exercises, 36 points: they take about two hours, and with reading and training the chapter takes three and a half.

# %%
import time
from copy import deepcopy

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.costs import count_multiply_adds
from course.detection import mean_ap
from course.farm import CLASSES, Farm
from course.growing import selective_search
from course.pieces import as_bytes
from course.plotting import show_curves, show_detections, show_grids
from course.proposals import cut_out, least_squares, moved_by, offsets_to, taken_for
from course.roi import (
    Pool,
    as_regions,
    bins_on_map,
    class_and_box_loss,
    cut_in_two,
    each_smooth_l1,
)
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## From the picture to the map
#
# Two poolings make a map in which one cell stands for 4 × 4 pixels: its *stride* is 4. In VGG16, which the paper uses, it is 16. A point of the image at x is at x / stride on the map, or x times the **spatial scale**, which is 1/4 here and 1/16 there.
#
# A proposal's corner is a fraction of a cell then, and a map has only whole ones. So Fast R-CNN **rounds**, and it rounds twice. First the corners go to whole cells. Both corners' cells belong to the region: from 3 to 7 are five. Then the region is divided into a fixed grid of bins, 7 × 7 in the paper, 4 × 4 here, and since 9 cells, say, cannot be divided by 4, the bins' edges are
# rounded, too: a bin begins at the cell in which its share begins, and ends with the cell in which it ends. Two neighbours may share a cell. Of each bin the largest number is kept, for each channel by itself.
#
# In the widget a cell is 16 pixels wide, as with VGG16, and the result 2 × 2.
# Below lies a box over a map, with its numbers. **Predict** what the widget asks first: a box moves by three pixels. Does what the network sees of it change? Then drag the box, and look where each maximum comes from. **How many cells can learn from a 2 × 2 result, and does the box?** Have the gradients shown. Last take 7 × 7 results and drag the box to the right edge: **why are there zeros?**

# %% widget="RoIPool"

# %% [markdown]
# As long as no corner crosses a rounding line, the network sees exactly the same numbers, wherever the box lies, and then the region jumps by a whole cell. On the left and at the top it is off by half a cell at most, to either side. On the right and at the bottom it is off by half to one and a half cells, always outwards, since the corner's cell belongs to the region whole. A box that ends on the picture's right edge even asks
# for a column that the map does not have. The last bin loses it, and if it has no other, it is empty: of no cells the maximum is 0. At most four cells can learn from a 2 × 2 result, and the box learns nothing, for rounding has no slope.
#
# For the question *what is it* this hardly matters. For *where exactly* it may, and in chapter 11, where it is asked of single pixels, it will be the whole story.

# %% [markdown] exercise="roi_bins"
# Cut a region into **bins**: which rows and which columns of the feature map belong to each?
#
# The corners, times the scale, are rounded to whole cells. Both corner cells belong to the region, so that it is $w = x_2 - x_1 + 1$ cells wide. Of `pw` columns of bins, number $k$ goes
#
# $$\text{from}\quad x_1 + \left\lfloor k\,\frac{w}{pw} \right\rfloor \quad\text{to}\quad x_1 + \left\lceil (k+1)\,\frac{w}{pw} \right\rceil$$
#
# and in y it is the same with the height and `ph`.
#
# | | shape | |
# | --- | --- | --- |
# | `box` | (4,) | floating point, (x1, y1, x2, y2) in pixels of the image with x1 ≤ x2 and y1 ≤ y2, maybe in part or altogether outside; not always contiguous |
# | `output_size` | pair (ph, pw) | how many rows and columns of bins |
# | `spatial_scale` | float | the map's size over the image's: 1/16, for instance |
# | `feature_size` | pair (H, W) | the map's size in cells |
# | returns | (ph, 2), (pw, 2) | int64: rows and columns, [start, end) of each bin; the end is left out, as in a slice |
#
# - Corners are rounded to the nearest whole number, **halves away from zero**: 2.5 becomes 3, and −2.5 becomes −3. (`torch.round` and Python's `round` take halves to the even number.)
# - ⌊ ⌋ and ⌈ ⌉ are exact. Where a side does not come out even, neighbouring bins share a cell; with fewer cells than bins, some bins are the same.
# - Divide the *whole* region, and clamp afterwards: starts and ends to 0 … H for rows, to 0 … W for columns. A bin that lies outside has no cells, and its end is its start, on the edge.
#
# The box is left alone. `torchvision.ops` and other libraries that have RoI pooling ready are not allowed here.

# %% check="roi_bins"

# %% [markdown]
# The last point of the task is easy to get wrong, and everything still runs. If a region hangs over the edge, do you cut it off first and divide what is left, or divide first and cut the bins? Fast R-CNN divides first. So bins that lie outside are *empty*.
#
# What does a bin hold? The largest feature of its cells, for each channel by itself, as in every max pooling. And of no cells at all: 0.

# %% [markdown] exercise="roi_pool"
# **RoI pooling**: of every region, the largest feature of each of its bins.
#
# | | shape | |
# | --- | --- | --- |
# | `features` | (N, C, H, W) | floating point, maybe negative; H is hardly ever W; not always contiguous |
# | `rois` | (R, 5) | same dtype: (batch index, x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, in pixels of the image, maybe in part or altogether outside; the batch index 0 … N − 1 says which image; R may be 0; not always contiguous |
# | `output_size` | pair (ph, pw) | how many rows and columns of bins |
# | `spatial_scale` | float | the map's size over the image's; 1.0 where it is not given |
# | returns | (R, C, ph, pw) | dtype of `features`; gradients flow back to `features` |
#
# The bins are those of `roi_bins`:
#
# - corners times the scale are rounded, halves away from zero; both corner cells belong to the region;
# - of a width w, bin k goes from ⌊k·w/pw⌋ to ⌈(k + 1)·w/pw⌉, counted from x1; the same in y;
# - the whole region is divided, and what lies outside the map is cut off from the bins afterwards.
#
# Every channel is pooled by itself. A bin without cells is 0; of a bin with negative features alone the result is negative. The gradient goes to the cell of each maximum; where gradients are asked, no two features of a map are equal.
#
# Both inputs are left alone. A loop over the regions is a right answer, your own `roi_bins` is allowed, and so is every way to take a maximum, max pooling included. `torchvision.ops` and other libraries that have RoI pooling ready are not allowed.

# %% check="roi_pool"

# %% [markdown]
# ### Where the gradient goes
#
# What was the largest of a bin came from one cell, and in the backward pass the gradient goes back to it.
# Before you run the cells, **predict** where in the map the gradients lie, if each region asks for the sum of its 4 × 4 numbers.

# %% figure=true
scenes = list(Farm(by_tier(100, 400), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]


def propose(image: Tensor) -> Tensor:
    """Selective search, as in chapter 7."""
    return selective_search(as_bytes(image), (80,), min_side=4)


proposals = [propose(image) for image in images]
number = 5
brightness = F.max_pool2d(images[number].mean(dim=0)[None, None], 4)
brightness = (100 * brightness).round()  # a map of one channel, in numbers that can be read
brightness.requires_grad_()
regions = as_regions([proposals[number]])
torchvision.ops.roi_pool(brightness, regions, (4, 4), 1 / 4).sum().backward()
show_grids({"a map": brightness[0, 0].detach(), "its gradient": brightness.grad[0, 0]});

# %% figure=true
asked = brightness.grad.flatten()
share = float((asked == 0).float().mean())
show_table(
    "asked",
    {
        "this scene": {
            "proposals": len(proposals[number]),
            "cells that nobody asked": share,
            "most asked": float(asked.max()),
        }
    },
    formats={"cells that nobody asked": ".0%", "most asked": ".0f"},
)

# %% [markdown]
# *What to see:* each number on the right says how many bins, of all {n}`asked.this scene.proposals:.0f` proposals, had their maximum in that cell. Bright cells are asked again and again, and a dark one beside them hardly ever: a hundred regions overlap, and a nose that is the maximum in twenty bins hears from all twenty. A cell that is the brightest of no bin gets no gradient, and an empty bin has nobody to pass its own to. In a formula,
#
# $$\frac{\partial L}{\partial x_i} = \sum_r \sum_j \,[\, i = i^*(r, j) \,]\; \frac{\partial L}{\partial y_{rj}}$$
#
# where $x_i$ is a cell, $y_{rj}$ the number of bin j of region r, and $i^*(r, j)$ the cell that it came from (Girshick's equation 4). **So the mistakes of class and box reach the convolutions together**; in R-CNN only the softmax's did.

# %% [markdown]
# ### What rounding costs
#
# How far is the region that is pooled from the box that was asked for? Take the animals' own boxes, round their corners, go back to pixels, and measure the IoU. **Predict** it for strides of 4, 8 and 16.

# %% figure=true
def rounded(boxes: Tensor, stride: int) -> Tensor:
    """The part of the image that a region's whole cells stand for."""
    cells = (boxes / stride + 0.5).floor()
    return (torch.cat([cells[:, :2], cells[:, 2:] + 1], dim=1) * stride).clamp(0, 64)


boxes = torch.cat([target["boxes"] for target in targets])
rows = {}
for stride in (4, 8, 16):
    overlap = torchvision.ops.box_iou(boxes, rounded(boxes, stride)).diagonal()
    narrow = (boxes[:, 2:] - boxes[:, :2]).amin(dim=1) < 4 * stride
    rows[f"stride {stride}"] = {
        "mean IoU": float(overlap.mean()),
        "below a half": float((overlap < 0.5).float().mean()),
        "narrower than four cells": float(narrow.float().mean()),
    }
show_table(
    "rounding",
    rows,
    corner="boxes of all animals",
    formats={"below a half": ".0%", "narrower than four cells": ".0%"},
)

# %% [markdown]
# *What to see:* at a stride of 4 the region that is pooled has a mean IoU of {n}`rounding.stride 4.mean IoU:.2f` with the box, at 16 of {n}`rounding.stride 16.mean IoU:.2f`. Why is it so low? The corner at the lower right belongs to the region with its whole cell, so that a region is always wider and higher than its box, by one cell on average and by two at most; and
# an animal of our scenes is only a few cells wide. {n}`rounding.stride 4.narrower than four cells:.0%` of the boxes are narrower than four cells on their shorter side: their regions have five at most, and a bin is one cell or two. So we keep a stride of 4. At a stride of 16 a thing of 160 pixels loses what one of 40 loses at 4.
# <!-- holds: rounding.stride 4.mean IoU > rounding.stride 8.mean IoU + 0.05; rounding.stride 8.mean IoU > rounding.stride 16.mean IoU + 0.05; rounding.stride 4.narrower than four cells > 0.2 -->

# %% [markdown] quiz="which-stride"
# A network has three poolings by 2 and a convolution with stride 2. What is the `spatial_scale` of its last map?
#
# - [x] 1/16, whatever the image's size — Each of the four halves the map, and 2⁴ = 16. The scale belongs to the network, and not to the image.
# - [ ] 1/8, since there are three poolings — The convolution with stride 2 makes the map half as large once more.
# - [ ] It depends on the image: the map's width over the image's — Nearly, but with padding the two differ by a fraction of a cell. Take the product of the strides.

# %% [markdown]
# ## One loss
#
# Two layers turn the 4 × 4 × 64 numbers of a region into 128, and on these stand two **heads**. One says what it is, with the background as class 0, the other gives four offsets for *each* class, those of chapter 7. Both are trained together, so their mistakes are added: a cross-entropy, and a loss of the offsets.
#
# Chapter 5 had a squared error there. It has a flaw that one does not see in means. **Predict:** a region overlaps two cows and was labelled with the wrong one. Its offsets are off by 10. By how much more does it pull at the weights than one that is off by 0.1, with a squared error?
#
# The squared loss pulls in proportion to the error, a hundred times as hard, and a few such regions move the network more than all others together. With absolute values each pulls alike. But those have a corner at 0: whoever is nearly right is pulled as hard as everybody else, and jumps to and fro. **Smooth L1** takes the parabola near 0, and straight lines from β on.

# %% [markdown] exercise="smooth_l1"
# **Smooth L1**: with $d = \text{pred} - \text{target}$, each number costs
#
# $$\text{loss}(d) = \begin{cases} \tfrac12\, d^2 / \beta & \text{where } |d| < \beta \\ |d| - \tfrac12\, \beta & \text{elsewhere} \end{cases}$$
#
# | | shape | |
# | --- | --- | --- |
# | `pred` | (…) | floating point, of any shape: any number of dimensions, maybe none; a side may be 0; not always contiguous |
# | `target` | the same | same dtype; not always contiguous |
# | `beta` | float or int | where the pieces meet, 0 or more; 1.0 where it is not given |
# | returns | the same | dtype of `pred`; gradients flow back to `pred` and to `target` |
#
# - Every number has a loss of its own: nothing is summed or averaged.
# - With `beta` = 0 there is no parabola, and the loss is |d|. The gradient has to be right then, too.
# - Where gradients are asked, no difference is 0.
#
# Both inputs are left alone. `F.smooth_l1_loss`, `F.huber_loss` and their modules are not allowed.

# %% check="smooth_l1"

# %% [markdown]
# Now the whole loss. One sentence of the paper is easily overlooked: background has no box. A region of sky has a label, and its four offsets mean nothing. They must not cost anything, whatever they are. And of the K boxes that the layer gives for each region, only the one of the *true* class is held to anything, as in chapter 5.
#
# The paper has β = 1, with offsets that are scaled to a variance of 1; ⅑ is what later code took, torchvision's too. The weights 10, 10, 5, 5 of chapter 7 stand for that scaling here.

# %% [markdown] exercise="fast_rcnn_loss"
# What do R regions cost? Their **classes** by cross-entropy, and the **boxes** of those that hold an object by smooth L1:
#
# $$L_\text{cls} = \frac1R \sum_r -\log \operatorname{softmax}(\text{logits}_r)_{\text{label}_r} \qquad L_\text{loc} = \frac1R \sum_{r:\ \text{label}_r > 0}\ \sum_{i=1}^{4} \operatorname{smooth}_{L1}\!\left(\text{deltas}_{r,\,\text{label}_r,\,i} - \text{targets}_{r,\,i}\right), \quad \beta = \tfrac19$$
#
# | | shape | |
# | --- | --- | --- |
# | `logits` | (R, K) | floating point: a score for each class, class 0 is the background; R is at least 1; not always contiguous |
# | `deltas` | (R, K·4) | same dtype: four numbers a class, class after class, the background's too; not always contiguous |
# | `labels` | (R,) | int64, 0 … K − 1: the true class; not always contiguous |
# | `targets` | (R, 4) | same dtype: what the deltas of the true class should be; rows of background hold any numbers; not always contiguous |
# | returns | two tensors without dimensions | classification, localization, in the dtype of `logits`; gradients flow back to `logits`, `deltas` and `targets` |
#
# - Only the four deltas of the *true* class count, whatever the highest logit is.
# - Background pays for its class, and for no box. Where all regions are background, the localization is 0.
# - Both are divided by R, the number of *all* regions, also the localization; the four numbers of a box are summed.
# - Logits may be very large.
#
# All inputs are left alone. `F.cross_entropy` and `F.smooth_l1_loss` are allowed, and so is your own `smooth_l1`; torchvision's `fastrcnn_loss` is not allowed.

# %% check="fast_rcnn_loss"

# %% [markdown] quiz="divide-by-all"
# The loss of the boxes is divided by the number of *all* regions, although only those on an object have one. What would change if it were divided by the number of those on an object?
#
# - [ ] Nothing, since the optimiser adapts the step — The two losses are added, and it would change how they weigh against each other, from batch to batch.
# - [x] A batch with a single object would weigh its one box as much as a batch with thirty weighs all thirty together — Divided by all, each box costs the same wherever it is. A region's share does not depend on what else happens to be in the batch.
# - [ ] The loss of background regions would count more — They have no loss of a box in either case.

# %% [markdown]
# ## A layer in two
#
# One last piece. With VGG16 the two fully connected layers behind the pooling are huge, 25,088 × 4096 and 4096 × 4096, and they run once *for each region*, while the convolutions run once. Nearly half of the forward pass goes there (Girshick, 2015, section 3.1).
#
# A matrix is a sum of simple matrices, a column times a row each, with a weight, its *singular value*; and in a trained layer most of the weights are small. Keep the largest, and the matrix is nearly a product of two thin ones. **Predict:** a layer of 1024 × 128 is cut after 16 singular values. How many times fewer multiplications are there?

# %% [markdown] exercise="truncated_svd"
# Make a linear layer cheaper, without training: cut its weight $W \approx U_t\, \Sigma_t\, V_t^\top$ after the `rank` largest singular values, and make **two thin layers** of it.
#
# | | | |
# | --- | --- | --- |
# | `linear` | `nn.Linear` | from `in` numbers to `out`, whichever is more; with a bias, or without one: then `linear.bias` is None; float32 or float64 |
# | `rank` | int | how many numbers there are between the two layers: 1 … min(in, out) |
# | returns | `nn.Sequential` of two `nn.Linear` | the first from `in` to `rank`, without a bias; the second from `rank` to `out`, with the bias of `linear`, or with none where `linear` has none; both in the dtype of `linear` |
#
# - The product of the two weights, second · first, is the best approximation of `linear.weight` (out, in) of this rank. Only this product is looked at: which of the two holds the singular values is free, and so are signs.
# - With the full rank nothing is lost.
#
# `linear` stays as it is: its weights are read, not changed. `torch.linalg.svd` is allowed, and so is every other way.

# %% check="truncated_svd"

# %% [markdown]
# The layer of 1024 × 128 took 131,072 multiplications. The two thin ones take 1024 · 16 + 16 · 128 = 18,432, seven times fewer.
#
# ## Whose shall they be?
#
# As it stands, the next cell takes the course's own. Write `"mine"`, and each of yours takes its place if its check is all right. A loop over the regions is a right answer, but a slow one for a training: leave `roi_pool` to the course if you are in a hurry.

# %%
parts = chosen(
    "the course's",
    roi_bins=bins_on_map,
    roi_pool=torchvision.ops.roi_pool,
    smooth_l1=each_smooth_l1,
    fast_rcnn_loss=class_and_box_loss,
    truncated_svd=cut_in_two,
)

# %% [markdown]
# First the bins of one proposal, and the loss as a curve, by the functions that you chose.

# %% figure=true
rows, columns = parts.roi_bins(proposals[number][3], (4, 4), 1 / 4, (16, 16))
print(f"the box {proposals[number][3].tolist()}")
print(f"takes the rows {rows.tolist()} and the columns {columns.tolist()}")
offsets = torch.linspace(-2, 2, 201)
curves = {
    f"β = {name}": (offsets, parts.smooth_l1(offsets, torch.zeros_like(offsets), beta))
    for name, beta in {"0": 0.0, "⅑": 1 / 9, "1": 1.0}.items()
}
show_curves({**curves, "½ squared": (offsets, offsets**2 / 2)}, x="offset", y="loss");

# %% [markdown]
# *What to see:* the proposal's right side is at 62, which is 15.5 cells, and rounded 16. Column 16 is outside the map, so the last bin is cut off there. Below, with β = 0 the loss has a corner at 0. With ⅑ the corner is rounded off, and everything else is a straight line. Up to an offset of 1 half the square is the loss with β = 1. At 2 its slope is 2, and at 10 it is 10; the others' never exceeds 1.
#
# ## The network
#
# R-CNN's convolutions, without their last pooling: RoI pooling takes its place. Behind it are R-CNN's first layer, another one, and the two heads.

# %% given="solutions.rcnn.detector:RegionNetwork" folded=true

# %% given="solutions.fast_rcnn.detector:RegionHead"

# %% given="solutions.fast_rcnn.detector:FastRCNNNetwork"

# %% [markdown]
# What is a batch? R-CNN drew regions from wherever they came. Here it would be a waste to take 128 regions from 128 images, for each image needs a pass of its own through the convolutions. Fast R-CNN takes **two images and 64 regions from each**: they share the pass, forwards and backwards. (Our scenes are small, so we take four.) The regions of one image
# resemble each other, and one might fear that the training suffers; the paper found that it does not. With 128 images the convolutions would take 64 times the work. R-CNN and SPPnet had drawn their regions like that.

# %% train=true
WEIGHTS = (10.0, 10.0, 5.0, 5.0)  # chapter 7's, so that both losses have about one size


def drawn(target: dict, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of an image some regions, at most a quarter on an object; their labels, and their goals."""
    boxes = torch.cat([target["boxes"], target["proposals"]])
    labels, matched = taken_for(boxes, target["boxes"], target["labels"])
    (on,), (off,) = torch.where(labels > 0), torch.where(labels == 0)
    on = on[torch.randperm(len(on))[: count // 4]]
    off = off[torch.randperm(len(off))[: count - len(on)]]
    goals = torch.cat([target["boxes"][matched[on]], boxes[off]])  # background stays where it is
    some = torch.cat([on, off])
    return boxes[some], labels[some], goals


def both_losses(network: nn.Module, images: Tensor, targets: list, count: int = 64) -> Tensor:
    """What the network says of some regions of each image costs in class and in place."""
    boxes, labels, goals = zip(*(drawn(target, count) for target in targets))
    place = images.device
    logits, deltas = network(images, as_regions(boxes).to(place))
    wanted = offsets_to(torch.cat(goals), torch.cat(boxes), WEIGHTS)
    return sum(parts.fast_rcnn_loss(logits, deltas, torch.cat(labels).to(place), wanted.to(place)))


train_set = [
    (image, {**target, "proposals": propose(image)})
    for image, target in Farm(by_tier(400, 4000), seed=0)
]
torch.manual_seed(1)
fast = FastRCNNNetwork(len(CLASSES), pool=parts.roi_pool)
fast_history = fit(fast, both_losses, train_set, steps=by_tier(1500, 18000), batch_size=4);

# %% [markdown]
# And R-CNN, on as many regions a step, each warped by itself. A step takes much longer now, so R-CNN gets a third of the steps. Neither network goes to school here: both begin with random weights of the same kind. Its boxes are moved by four ridge regressions, as in chapter 7; the machines are left out, since the softmax was as good.

# %% train=true
def region_loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    """Of each scene 64 regions, warped one by one, and what the network makes of them."""
    regions, labels = [], []
    for image, target in zip(images, targets):
        boxes, label, _ = drawn(target, 64)
        regions.append(cut_out(image, boxes.to(image.device), 32, 4))
        labels.append(label)
    return F.cross_entropy(network(torch.cat(regions)), torch.cat(labels).to(images.device))


torch.manual_seed(1)
slow = RegionNetwork(len(CLASSES))
slow_history = fit(slow, region_loss, train_set, steps=by_tier(500, 6000), batch_size=4);

# %% train=true
@torch.no_grad()
def look_closely(image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """What R-CNN's network sees of each box, and how it scores the classes."""
    slow.eval()
    place = next(slow.parameters()).device
    pooled = slow.pooled(cut_out(image, boxes, 32, 4).to(place))
    return pooled.cpu(), slow.classifier(slow.features(pooled)).cpu()


examples = {label: ([], []) for label in range(1, len(CLASSES))}
for image, target in train_set:
    labels, which = taken_for(target["proposals"], target["boxes"], target["labels"], foreground=0.6)
    pooled, _ = look_closely(image, target["proposals"])
    for label in set(labels.tolist()) - {0, -1}:
        own = labels == label
        examples[label][0].append(pooled[own])
        examples[label][1].append(
            offsets_to(target["boxes"][which[own]], target["proposals"][own])
        )
regressors = [
    least_squares(torch.cat(maps), torch.cat(deltas), 1000.0) for maps, deltas in examples.values()
]

# %% [markdown]
# ## Which is better?
#
# Both see the same proposals of the same scenes. One looked at each region at its full resolution, and stretched. The other saw the map, with rounded corners. **Predict** who has the higher AP at ½, and at ¾. And how many times fewer multiplications does a scene take?

# %% figure=true
def found_in(scores: Tensor, moved: Tensor) -> dict:
    """What suppression leaves of scores (P, K) and of each class's own boxes (P, K, 4)."""
    which, label = torch.where(scores > 0.05)
    boxes, sure = moved[which, label].clamp(0, 64), scores[which, label]
    kept = torchvision.ops.batched_nms(boxes, sure, label, 0.3)[:100]
    return {"boxes": boxes[kept], "labels": label[kept] + 1, "scores": sure[kept]}


def by_rcnn(image: Tensor, boxes: Tensor) -> dict:
    pooled, logits = look_closely(image, boxes)
    moved = torch.stack([moved_by(pooled @ weight, boxes) for weight in regressors], dim=1)
    return found_in(logits.softmax(dim=1)[:, 1:], moved)


@torch.no_grad()
def cells_of(image: Tensor, boxes: Tensor) -> Tensor:
    """What is left of each box after the convolutions and the pooling."""
    fast.eval()
    return fast.pool(fast.body(image[None]), as_regions([boxes]), fast.grid, 1 / fast.stride)


@torch.no_grad()
def by_fast(cells: Tensor, boxes: Tensor, head: nn.Module, move: bool = True) -> dict:
    logits, deltas = head(cells)
    some = deltas.view(len(boxes), -1, 4)[:, 1:].flatten(1) * move
    moved = moved_by(some, boxes, WEIGHTS).view(len(boxes), -1, 4)
    return found_in(logits.softmax(dim=1)[:, 1:], moved)


slow, fast = slow.cpu(), fast.cpu()
cells = [cells_of(image, boxes) for image, boxes in zip(images, proposals)]
results = {
    "R-CNN": [by_rcnn(image, boxes) for image, boxes in zip(images, proposals)],
    "Fast R-CNN": [by_fast(one, boxes, fast.head) for one, boxes in zip(cells, proposals)],
    "its boxes unmoved": [
        by_fast(one, boxes, fast.head, move=False) for one, boxes in zip(cells, proposals)
    ],
}
mean = round(sum(map(len, proposals)) / len(proposals))
one_warp = count_multiply_adds(slow, torch.rand(1, 3, 32, 32))
one_map = count_multiply_adds(fast.body, torch.rand(1, 3, 64, 64))
one_region = count_multiply_adds(fast.head, torch.rand(1, 64, 4, 4))
bills = {
    "R-CNN": {
        "a scene": one_warp * mean,
        "a step": one_warp * 4 * 64,
        "steps": len(slow_history.losses),
    },
    "Fast R-CNN": {
        "a scene": one_map + one_region * mean,
        "a step": one_map * 4 + one_region * 4 * 64,
        "steps": len(fast_history.losses),
    },
}
rows = {}
for name, found in results.items():
    rows[name] = {f"AP{level}": mean_ap(found, targets, level / 100) for level in (50, 75)}
    if name in bills:
        bill = bills[name]
        rows[name]["million a scene"] = bill["a scene"] / 1e6
        rows[name]["billion in training"] = bill["a step"] * bill["steps"] / 1e9
show_table(
    "both",
    rows,
    corner="same proposals",
    formats={"million a scene": ",.0f", "billion in training": ",.0f"},
);

# %% [markdown]
# *What to see:* the two columns on the right count multiplications, forwards, for a scene with the mean number of proposals and in the whole training. Fast R-CNN takes {n}`both.R-CNN.million a scene / both.Fast R-CNN.million a scene:.0f` times fewer for a scene, and had three times as many steps for {n}`both.Fast R-CNN.billion in training / both.R-CNN.billion in training:.0%` of R-CNN's work; so much for an equal budget.
# And at ½ it is better: AP50 is {n}`both.Fast R-CNN.AP50:.2f` against {n}`both.R-CNN.AP50:.2f`. At ¾ the two are about even, {n}`both.Fast R-CNN.AP75:.2f` against {n}`both.R-CNN.AP75:.2f` here, and in another run either may be ahead. What the rounded corners cost by themselves the table does not say, for Fast R-CNN also had three times as many steps, one layer more, and a loss that asks for boxes. It does say that for less work one gets at least as much.
# <!-- holds: both.R-CNN.million a scene > 8 * both.Fast R-CNN.million a scene; both.Fast R-CNN.billion in training < 0.5 * both.R-CNN.billion in training; both.Fast R-CNN.AP50 > both.R-CNN.AP50 + 0.02;
#      both.R-CNN.AP75 - both.Fast R-CNN.AP75 < 0.08; both.Fast R-CNN.AP75 - both.R-CNN.AP75 < 0.08 -->
#
# The last row takes the same scores and leaves the proposals as they are: AP75 falls to {n}`both.its boxes unmoved.AP75:.2f`. The second head costs next to nothing, and brings {n}`both.Fast R-CNN.AP75 - both.its boxes unmoved.AP75:.2f` of AP75.
# <!-- holds: both.its boxes unmoved.AP75 < both.Fast R-CNN.AP75 - 0.02; both.its boxes unmoved.AP50 < both.Fast R-CNN.AP50 + 0.01 -->
#
# These are numbers of one run. From other first weights they came out up to {n}`spread both.*.AP50:~1` apart; yours may lie as far from ours.
# <!-- holds: spread both.*.AP50 < 0.09 -->

# %% figure=true
some = [index for index, target in enumerate(targets) if len(target["boxes"]) > 1][:4]
confident = [
    {name: values[one["scores"] > 0.5] for name, values in one.items()} for one in results["Fast R-CNN"]
]
show_detections(
    [images[index] for index in some] * 2,
    [targets[index] for index in some] + [confident[index] for index in some],
    CLASSES,
    ["truth"] * 4 + ["Fast R-CNN"] * 4,
);

# %% [markdown]
# *What to see:* above the truth, below what has a score above ½. Animals that hide behind others are still lost now and then: suppression is what it was.
#
# ### Cut in two
#
# What is left of the multiplications? Convolutions once, and two layers for each region. Cut those two by your `truncated_svd`, without any training. **Predict:** at which rank does AP begin to fall?

# %% figure=true
def thinner(head: nn.Module, rank: int) -> nn.Module:
    """A copy with both layers behind the pooling cut to `rank`."""
    copy = deepcopy(head)
    for layers in (copy.first, copy.second):
        layers[0] = parts.truncated_svd(layers[0], rank)
    return copy


rows = {}
for name, rank in {"whole": None, "rank 32": 32, "rank 16": 16, "rank 8": 8, "rank 4": 4}.items():
    thin = fast.head if rank is None else thinner(fast.head, rank)
    found = [by_fast(one, boxes, thin) for one, boxes in zip(cells, proposals)]
    cost = count_multiply_adds(thin, torch.rand(1, 64, 4, 4))
    rows[name] = {
        "thousand multiply–adds a region": cost / 1e3,
        "AP50": mean_ap(found, targets),
        "AP75": mean_ap(found, targets, 0.75),
    }
show_table("ranks", rows, corner="two layers", formats={"thousand multiply–adds a region": ".0f"});

# %% [markdown]
# *What to see:* with 16 numbers between, a region takes {n}`ranks.whole.thousand multiply–adds a region / ranks.rank 16.thousand multiply–adds a region:.0f` times fewer multiplications, and AP50 goes from {n}`ranks.whole.AP50:.2f` to {n}`ranks.rank 16.AP50:.2f`. With 8 AP50 is {n}`ranks.rank 8.AP50:.2f`, and with 4 it is {n}`ranks.rank 4.AP50:.2f`. Nothing was trained again. In the paper a layer of 25,088 × 4096 is
# cut after 1024 singular values and one of 4096 × 4096 after 256, which takes 31 % off the network's time, for 0.3 points of mAP.
# <!-- holds: ranks.whole.thousand multiply–adds a region > 4 * ranks.rank 16.thousand multiply–adds a region; ranks.rank 16.AP50 > ranks.whole.AP50 - 0.08; ranks.rank 4.AP50 < ranks.whole.AP50 - 0.15 -->

# %% [markdown] quiz="what-svd-saves"
# A layer has 512 inputs and 10 outputs. It is cut to rank 10. What is gained?
#
# - [ ] It takes about a fiftieth of the multiplications — Before 512 · 10, afterwards 512 · 10 + 10 · 10. The first of the two layers is as large as the one before.
# - [ ] The result is more exact, since the noise is gone — With the full rank the product is the same layer.
# - [x] Nothing, it even takes a little more — A layer of 512 × 10 has only ten singular values. Of the full rank nothing can be dropped, and two layers stand where one was.

# %% [markdown]
# ## What it cost, and what comes next
#
# Time for a scene, by part. **Predict** the longest.

# %% figure=true
def milliseconds(what, times: int = 7) -> float:
    """How long a call takes, the best of some tries."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return 1000 * min(took)


image, boxes = images[number], proposals[number]
thin = thinner(fast.head, 16)
searching = milliseconds(lambda: propose(image))
rows = {}
for name, look in {
    "R-CNN": lambda: by_rcnn(image, boxes),
    "Fast R-CNN": lambda: by_fast(cells_of(image, boxes), boxes, fast.head),
    "with rank 16": lambda: by_fast(cells_of(image, boxes), boxes, thin),
}.items():
    took = milliseconds(look)
    rows[name] = {"proposals": searching, "all the rest": took, "together": searching + took}
show_table(
    "time",
    rows,
    corner=f"milliseconds, {len(boxes)} proposals",
    formats=dict.fromkeys(("proposals", "all the rest", "together"), ".1f"),
);

# %% [markdown]
# *What to see:* the milliseconds are those of your machine's CPU; look at their shares. Our network is so small that the search took more than half of R-CNN's time already; with VGG16 it was 2 seconds of 49. With Fast R-CNN it is nearly all: whatever one still saves in the network, a scene hardly gets quicker. Selective search knows of no network, and does not get quicker on a GPU.
# <!-- holds: time.R-CNN.all the rest > 2 * time.Fast R-CNN.all the rest; time.R-CNN.proposals > time.R-CNN.all the rest; time.Fast R-CNN.proposals > 4 * time.Fast R-CNN.all the rest -->
#
# The paper's numbers, for VGG16 on a GPU (Girshick, 2015, table 4). It leaves proposals out; the fourth column adds the two seconds of selective search:
#
# | on VOC 2007 | mAP | seconds an image | with proposals | hours of training |
# | --- | --- | --- | --- | --- |
# | R-CNN | 66.0 | 47 | 49 | 84 |
# | SPPnet | 63.1 | 2.3 | 4.3 | 25 |
# | Fast R-CNN | 66.9 | 0.32 | 2.3 | 9.5 |
#
# SPPnet (He and others, 2014) had looked once, too, with pooling into a pyramid of grids, but its convolutions were left as ImageNet had made them. Truncated SVD brings Fast R-CNN's 0.32 seconds down to 0.22, for 0.3 points of mAP. And in the row of Fast R-CNN
# stands the next question: 0.32 seconds for everything that was learnt, and two for the proposals, which were not.
#
# The map has all that is needed to say where something might be. **Could the network propose its own regions?** In chapter 9 it does, and selective search is history: Faster R-CNN.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train fast-rcnn --budget 5m` trains it for longer.
#
# ### Further reading
#
# - Girshick, *Fast R-CNN*, ICCV 2015: short, and everything is measured: softmax against machines, one loss against stages, more proposals, one scale against five.
# - He, Zhang, Ren & Sun, *Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition*, ECCV 2014.
# - Huber, *Robust Estimation of a Location Parameter*, 1964: the parabola that becomes a straight line.
# - Denton, Zaremba, Bruna, LeCun & Fergus, *Exploiting Linear Structure Within Convolutional Networks for Efficient Evaluation*, NeurIPS 2014: singular values to make networks quicker.
# - Eckart & Young, *The Approximation of One Matrix by Another of Lower Rank*, Psychometrika 1936: why the largest singular values are the right ones to keep.
