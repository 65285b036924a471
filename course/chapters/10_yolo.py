# %% [markdown]
# # 10 · YOLO
# ## Answer at once

# %% picture="one_cell_answers"

# %% [markdown]
# *What to see:* on the left a scene under a grid, and a dot in the middle of each animal's box. The cell in which a dot lies, drawn in its colour, has to answer for that animal: no other cell has to. On the right what such a cell says, as a row of numbers: where in the cell the middle is, how large the animal is, that there is one, and which.
#
# Chapter 9 asks twice. First of thousands of anchors *is there something*, then of a hundred proposals *what is it*. The first answer already knew nearly everything.
# **Why not ask at once what it is?**
#
# *You Only Look Once*, by Redmon, Divvala, Girshick and Farhadi (2016), does that, and does it radically: no proposals, no anchors, no regions. A picture goes into one network and a grid of numbers comes out. These numbers *are* the detections. That is fast, simple, and it has limits that one can count. You will.
#
# You need chapters 5 to 9. Four exercises, 35 points: they take about two hours, and with reading and training the chapter takes three and a half.

# %%
import time
from collections import Counter
from typing import Literal

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.detection import kinds_of_detections, mean_ap
from course.farm import CLASSES, Farm
from course.growing import selective_search
from course.pieces import as_bytes
from course.plotting import show_boxes, show_curves, show_detections
from course.proposals import moved_by, offsets_to, taken_for
from course.roi import as_regions, class_and_box_loss
from course.tables import show_table
from course.training import by_tier, fit
from course.yolo import (
    boxes_of_cells,
    cells_of_objects,
    cost_of_cells,
    nearest_predictors,
)

# %% [markdown]
# ## Whose is it?
#
# Chapter 5's network said one box, and with two cows it did not know of which. Here is YOLO's way out: cut the picture into S × S **cells**, 7 × 7 in the paper, and let each cell say one object. Which? The one whose *centre* lies in it. So it is clear for each object who has to answer, and for each cell whether it has to.
#
# A cell is not a window. It does not look at its own pixels alone: the network has most of the picture in view, in the paper all of it, and the animal may be far larger than the cell.
#
# The widget asks for a prediction first. Then drag the cow, and watch the numbers of the cell while the centre crosses a line. Then drag the second animal into the same cell: **what is lost?**

# %% widget="YoloGrid"

# %% [markdown]
# The position is said *within the cell*, from 0 to 1, since that is what a cell can know best. The size is said as a share of the *whole image*, for an animal is not as large as a cell. Who mixes these two up gets boxes that are S times too large or too small, and no error.
#
# And when two centres lie in one cell, one of them is lost before anything has learnt.

# %% [markdown] exercise="encode_targets"
# An image is cut into S × S **cells**, whatever its shape. The cell in which an object's centre lies has to find it. What should the cells say? Of each object, in its cell's place `[row, column]`:
#
# $$\big(\;x,\ y,\ w,\ h,\ 1,\ \underbrace{0,\ \dots,\ 1,\ \dots,\ 0}_{K}\;\big) \qquad x = \frac{c_x\, S}{W} - \text{column} \qquad w = \frac{x_2 - x_1}{W}$$
#
# and the same for y and h, with $c_x = (x_1 + x_2)/2$, $\text{column} = \lfloor c_x S / W \rfloor$ and $\text{row} = \lfloor c_y S / H \rfloor$.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (n, 4) | floating point, (x1, y1, x2, y2) with x1 < x2 and y1 < y2, in pixels, fractions too; the centres lie in the image or on its edge, the boxes may reach out of it; n may be 0; not always contiguous |
# | `labels` | (n,) | int64, from 1 to K; not always contiguous |
# | `grid` | int | S, at least 1 |
# | `num_classes` | int | K, at least 1 |
# | `image_size` | pair (H, W) | in pixels; H is hardly ever W, and S does not always divide them |
# | returns | (S, S, 5 + K) | `[row, column]`, in the dtype of `boxes` |
#
# - x and y say where *in its cell* the centre lies, 0 at the left and upper edge, 1 at the other. w and h are shares of the whole image: they are not cut off where the box reaches out, and may be more than 1. No roots are taken here.
# - Number 4 is the objectness: 1 in the cell of an object. Then come K numbers, of which that of the class is 1: label 1 has the first place.
# - A centre on the edge between two cells belongs to the right or the lower one, with an offset of 0. On the right or lower edge of the *image* there is no further cell: the column, or the row, is S − 1 and the offset is 1.
# - An object stands in one cell alone, however many it covers; and a cell has room for one object. Where several have their centres in one cell, the first in the list keeps it, whatever its size and its class, and nothing of the others is written.
# - Cells without an object are zero; without objects the whole target is.
#
# Both inputs are left alone. A loop over the objects is a right answer, and nothing of torch or torchvision is forbidden.

# %% check="encode_targets"

# %% [markdown]
# How many animals are lost to shared cells? **Predict** for a grid of 7 × 7, with up to four animals in a scene; and for a herd of eight to twelve.

# %% figure=true
scenes = list(Farm(by_tier(100, 400), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]
herds = [target for _, target in Farm(by_tier(100, 400), seed=2, animals=(8, 12))]
KINDS = len(CLASSES) - 1


def lost(some: list, grid: int) -> float:
    """The share of animals for which no cell is left."""
    given = [
        cells_of_objects(target["boxes"], target["labels"], grid, KINDS, (64, 64)) for target in some
    ]
    kept = sum(float(cells[..., 4].sum()) for cells in given)
    return 1 - kept / sum(len(target["boxes"]) for target in some)


rows = {
    f"{grid} × {grid}": {
        "cells": grid * grid,
        "lost in scenes": lost(targets, grid),
        "lost in herds": lost(herds, grid),
    }
    for grid in (2, 4, 7, 8, 13, 16)
}
show_table(
    "lost",
    rows,
    corner="a cell for one centre",
    formats={"lost in scenes": ".1%", "lost in herds": ".1%"},
);

# %% [markdown]
# *What to see:* with 7 × 7 cells {n}`lost.7 × 7.lost in scenes:.1%` of our animals are lost, and in a herd {n}`lost.7 × 7.lost in herds:.1%`. A finer grid loses fewer, and then there are more cells to say *nothing here*. Birds in a swarm were the example in the paper.
# <!-- holds: lost.2 × 2.lost in scenes > lost.7 × 7.lost in scenes + 0.1; lost.7 × 7.lost in herds > lost.7 × 7.lost in scenes; lost.16 × 16.lost in herds < lost.7 × 7.lost in herds -->
#
# ## What a cell says
#
# For each cell the network says B **predictors** of five numbers: x, y, √w, √h, and a *confidence*; and then, once for the cell, a score for each of K classes. With the paper's S = 7, B = 2, K = 20 that is 7 × 7 × 30 numbers. **Predict:** how many boxes are that at most, and how many different classes can one cell name?
#
# Two boxes, ninety-eight in all, and a single class, since the scores belong to the cell. The confidence is to be the IoU of the box with the object, and 0 where there is none: *is there something* and *how good is my box* in one number. Times the class's score it is what a detection is ranked by.
#
# Why roots of the sizes? You will see it in the loss.

# %% [markdown] exercise="decode_predictions"
# The way back: what does a network say? In each cell B **predictors** say a box and how sure they are of it, and all of them share the scores of K classes:
#
# $$\big(\;\underbrace{x,\ y,\ \sqrt w,\ \sqrt h,\ \text{confidence}}_{B \text{ times}},\ \underbrace{p_1,\ \dots,\ p_K}_{K}\;\big) \qquad\quad c_x = \frac{\text{column} + x}{S}\, W \qquad \text{width} = \big(\sqrt w\big)^2\, W \qquad \text{and the same with } y, h, H$$
#
# | | shape | |
# | --- | --- | --- |
# | `output` | (S, S, B·5 + K) | floating point, `[row, column]`, any numbers: nothing has been activated, and nothing is to be; not always contiguous |
# | `image_size` | pair (H, W) | in pixels; H is hardly ever W, and S does not always divide them |
# | `num_classes` | int | K, at least 1; B ≥ 1 follows from it and from the last dimension |
# | `score_threshold` | float | maybe negative; 0.0 where it is left out |
# | returns | (n, 4), (n,), (n,) | boxes (x1, y1, x2, y2) in pixels and scores in the dtype of `output`, labels int64 |
#
# - x and y are offsets in the cell as `encode_targets` has them, and w and h shares of the image; a size is the *square* of what stands there, also where that is negative.
# - A network may say anything: x and y below 0 or above 1, boxes larger than the image or outside, scores above 1. Nothing is cut off.
# - The best class of a cell is the one with the highest class score, of equal ones the lowest, whatever the confidences are. The label of each of the cell's boxes is 1 + its place.
# - The score of a box is its predictor's confidence times the score of that class. Confidences and class scores may be negative, and a product of two negative ones counts as any other.
# - Every box that scores *more* than `score_threshold` is kept, and no other; nothing is suppressed. They come in the order of rows, of columns in a row, and of predictors in a cell.
# - Where nothing is kept the shapes are (0, 4), (0,) and (0,), and the dtypes as ever.
#
# `output` is left alone. Loops are a right answer, and nothing of torch or torchvision is forbidden.

# %% check="decode_predictions"

# %% [markdown] quiz="two-classes-in-a-cell"
# A cat sits in front of a cow, and both centres lie in one cell. The network has B = 2 predictors. Can it find both?
#
# - [ ] Yes, each predictor takes one of them — Two boxes it can say, but the class scores are the cell's: both get the same name. And in training the cell was told of one alone.
# - [x] No: the cell learnt of one of them, and names one class for all of its boxes — That is the limit of YOLO's first version. Later ones give each predictor its own classes, as anchors have them.
# - [ ] Yes, if S is odd — The grid can be laid such that the two fall into different cells, but an odd number does not see to that.

# %% [markdown]
# ## Who learns it?
#
# A cell has an object and B boxes. If all B learn it, they become copies of each other. So only one does, the **responsible** predictor: the one whose box has the highest IoU with the object *already*. The other is told that it should not be sure of itself. What small advantage there was grows, and in the end one predictor is good at wide boxes and the other at tall ones; nobody told them to.
#
# To take an IoU both boxes must be in the same unit. Here two units stand side by side in one row of numbers.

# %% [markdown] exercise="responsible_predictors"
# A cell says B boxes, and its object needs one of them. **Responsible** is the predictor whose box has the highest IoU with the object of the cell.
#
# | | shape | |
# | --- | --- | --- |
# | `output` | (N, S, S, B·5 + K) | floating point: in each cell, `[row, column]`, B times x, y, √w, √h and a confidence, predictor after predictor, and then K class scores; not always contiguous |
# | `target` | (N, S, S, 5 + K) | same dtype: x, y, w, h, 1, and the classes where a cell has an object, zeros where it has none; not always contiguous |
# | returns | (N, S, S) | int64: the number of the predictor, 0 … B − 1 |
#
# - K follows from the last dimension of `target`, and then B from that of `output`: B may be 1, 2, 3 …, and K anything from 1. N and S are at least 1.
# - x and y are the centre's offset in its **cell**, 1/S of the image. w and h are shares of the whole **image**. Both boxes of an IoU need one unit.
# - A predictor says *roots*: its width is the square of √w, also where that is below zero. The target's w and h are sizes already. A predicted centre may lie outside its cell, and a box beyond the image; nothing is cut off.
# - Of equal IoUs the lowest number answers, so 0 where no box touches the object. Boxes that share nothing have an IoU of 0, and so has a box without an area (√w or √h is 0).
# - The confidence has no say, nor have the class scores.
# - In a cell without an object the result is 0, whatever the network says there: a box without an area, too, where IoU would be 0/0.
# - In float64 two boxes may differ by less than float32 can tell.
#
# Both inputs are left alone. How you take the IoU is up to you: your own of chapter 6, or `torchvision.ops.box_iou`.

# %% check="responsible_predictors"

# %% [markdown]
# ## What it costs
#
# Everything is squared: the paper takes the simplest loss there is, and then mends what is wrong with it by three numbers.
#
# **Roots.** A box that is 4 pixels too wide is nearly right for a barn and wrong for a chicken. Squared errors of the width do not know that; those of its root do, in part. **Predict:** two animals are 10 and 40 pixels wide in an image of 64, both boxes 4 too wide. How many times more does the small one cost, by roots?

# %% figure=true
rows = {}
for width in (10, 20, 40):
    rows[f"{width} pixels wide"] = {
        "squared difference": ((width + 4) / 64 - width / 64) ** 2,
        "of the roots": (((width + 4) / 64) ** 0.5 - (width / 64) ** 0.5) ** 2,
    }
show_table(
    "roots",
    rows,
    corner="a box 4 pixels too wide",
    formats={"squared difference": ".4f", "of the roots": ".4f"},
);

# %% [markdown]
# *What to see:* without roots all three cost the same. With them the narrow one costs {n}`roots.10 pixels wide.of the roots / roots.40 pixels wide.of the roots:.1f` times what the wide one does. By IoU it should be more still: 10 of 14 against 40 of 44.
#
# **Empty cells.** In a scene with three animals 61 of 64 cells are empty, and each says B times *0, please*. Their sum pulls all confidences down, from the first step on, and drowns what the three cells with an animal say. So what is empty counts half: λ = 0.5.
#
# **Boxes** are what one wants, so they count five times: λ = 5.

# %% [markdown] exercise="yolo_loss"
# What do the cells of N images cost? With $\mathbb{1}_{cb}$ = 1 where cell $c$ has an object and predictor $b$ is responsible for it, else 0, and $\mathbb{1}_c$ = 1 where cell $c$ has an object, the sums go over all cells of all images:
#
# $$\text{box} = \frac1N \sum_{c,b} \mathbb{1}_{cb} \left[ (x_{cb} - \hat x_c)^2 + (y_{cb} - \hat y_c)^2 + \left(\sqrt{w}_{cb} - \sqrt{\hat w_c}\right)^2 + \left(\sqrt{h}_{cb} - \sqrt{\hat h_c}\right)^2 \right]$$
#
# $$\text{object} = \frac1N \sum_{c,b} \mathbb{1}_{cb} \left(C_{cb} - \text{IoU}_{cb}\right)^2 \qquad \text{no object} = \frac1N \sum_{c,b} (1 - \mathbb{1}_{cb})\, C_{cb}^2$$
#
# $$\text{classes} = \frac1N \sum_{c} \mathbb{1}_c \sum_{k=1}^{K} (p_{ck} - \hat p_{ck})^2$$
#
# $$\text{total} = \lambda_\text{coord} \cdot \text{box} + \text{object} + \lambda_\text{noobj} \cdot \text{no object} + \text{classes}$$
#
# | | shape | |
# | --- | --- | --- |
# | `output` | (N, S, S, B·5 + K) | as for `responsible_predictors`: B times x, y, √w, √h, confidence, then K class scores; N is at least 1; not always contiguous |
# | `target` | (N, S, S, 5 + K) | same dtype: x, y, w, h, 1 and the classes, or zeros; not always contiguous |
# | `lambda_coord` | float | 5.0 where it is not given |
# | `lambda_noobj` | float | 0.5 where it is not given |
# | returns | dict of five tensors without dimensions | `"box"`, `"object"`, `"no_object"`, `"classes"`, `"total"` and nothing else, in the dtype of `output`; gradients flow back to `output` |
#
# - Responsible is who has the highest IoU with the cell's object, of equal ones the lowest number, as in the exercise before: 0 where no box touches it. B and K follow from the shapes.
# - Compared is what the network **says**: x and y as offsets in the cell, √w and √h as they are, with their sign, and the target's w and h under a root. There is no activation and no ½. Only the IoU needs squares and one unit.
# - The confidence of a responsible predictor should be its box's **IoU**, and that is a number, not a path for gradients: no box is moved so that a confidence is right.
# - *All* other confidences should be 0: every one of an empty cell, and those of the other predictors beside a responsible one. A confidence may be below zero.
# - Classes cost something in cells with an object, once a cell.
# - Every sum is divided by N, the number of images, and by nothing else. The two weights stand in `total` alone.
# - Without any object, `box`, `object` and `classes` are 0. In empty cells a network may say a box without an area, where IoU would be 0/0: nothing of that may get into a loss.
# - Nothing needs to be added to the union of an IoU: an object has an area. (A millionth does no harm.)
#
# Both inputs are left alone. Your own `responsible_predictors` is allowed, and so are `F.mse_loss` and `torchvision.ops.box_iou`.

# %% check="yolo_loss"

# %% [markdown] quiz="confidence-target"
# The confidence of a responsible predictor learns the IoU of its box with the object, a number that is taken as a constant. What would happen if gradients flowed through the IoU, too?
#
# - [x] A predictor that is not sure could get its loss down by making its box worse — If the confidence is below the IoU, moving the box away from the object brings them together just as well.
# - [ ] The boxes would become better, since IoU is what counts — The loss is the squared difference between confidence and IoU. It falls when the two agree, not when IoU is high.
# - [ ] Nothing, IoU has no gradient — It has one wherever the boxes overlap.

# %% [markdown]
# ## Whose shall they be?
#
# As it stands, the next cell takes the course's own. Write `"mine"`, and each of yours takes its place if its check is all right.

# %%
parts = chosen(
    "the course's",
    encode_targets=cells_of_objects,
    decode_predictions=boxes_of_cells,
    responsible_predictors=nearest_predictors,
    yolo_loss=cost_of_cells,
)

# %% [markdown]
# First the way there and back: what becomes of a scene's boxes that are encoded, taken as the network's answer, and decoded?

# %% figure=true
number = 5
GRID = 8
cells = parts.encode_targets(
    targets[number]["boxes"], targets[number]["labels"], GRID, KINDS, (64, 64)
)
answer = torch.cat([cells[..., :2], cells[..., 2:4].sqrt(), cells[..., 4:]], dim=-1)
boxes, scores, labels = parts.decode_predictions(answer, (64, 64), KINDS, 0.5)
print(f"{int(cells[..., 4].sum())} of {GRID * GRID} cells have an animal")
show_boxes(images[number], boxes, labels, scores, CLASSES);

# %% [markdown]
# *What to see:* the same boxes again, each with a score of 1. Whatever the network says later goes the same way.
#
# ## One network
#
# Convolutions, then an average over each of S × S parts of the map, and a head that says 5B + K numbers for each cell. The paper has two fully connected layers there: every cell sees everything, and every cell has weights of its own. Ours has convolutions, which know in all cells what they have learnt in one. Both are in the code; you will train both.

# %% given="solutions.yolo.detector:convolution" folded=true

# %% given="solutions.yolo.detector:GridNetwork"

# %% train=true
def mirrored(images: Tensor, targets: list) -> tuple[Tensor, list]:
    """Half of the images mirrored, with their boxes."""
    flip = torch.rand(len(images)) < 0.5
    turned = torch.where(flip[:, None, None, None].to(images.device), images.flip(-1), images)
    boxes = []
    for one, target in zip(flip, targets):
        x1, y1, x2, y2 = target["boxes"].cpu().unbind(dim=1)
        boxes.append(torch.stack([64 - x2, y1, 64 - x1, y2] if one else [x1, y1, x2, y2], dim=1))
    return turned, boxes


NAMES = ("box", "object", "no_object", "classes")
losses = {name: [] for name in NAMES}


def five_squares(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    """What the cells of some scenes cost; half of the scenes are mirrored."""
    images, boxes = mirrored(images, targets)
    wanted = [
        parts.encode_targets(own, target["labels"].cpu(), network.grid, KINDS, (64, 64))
        for own, target in zip(boxes, targets)
    ]
    output = network(images).float()
    cost = parts.yolo_loss(output, torch.stack(wanted).to(output))
    for name in NAMES:
        losses[name].append(cost[name].detach())
    return cost["total"]


STEPS, BATCH = by_tier(600, 7200), 16
train_set = list(Farm(by_tier(400, 4000), seed=0))
torch.manual_seed(1)
yolo = GridNetwork(5 * 2 + KINDS, GRID)
fit(yolo, five_squares, train_set, steps=STEPS, batch_size=BATCH, learning_rate=6e-3);

# %% figure=true
def smoothed(values: list, over: int = 40) -> tuple[Tensor, Tensor]:
    """Means of as many steps, each at the middle of them."""
    whole = torch.tensor([float(value) for value in values])
    over = max(1, min(over, len(whole) // 2))
    means = whole[: len(whole) // over * over].view(-1, over).mean(dim=1)
    return (torch.arange(len(means)) + 0.5) * over, means


show_curves({name: smoothed(values) for name, values in losses.items()}, log=True);

# %% [markdown]
# *What to see:* the four parts, before their weights, as the paper sums them over all cells.
#
# Now the same with fully connected layers, for as many steps.

# %% train=true
losses = {name: [] for name in NAMES}  # what is drawn above was the other network's
torch.manual_seed(1)
connected = GridNetwork(5 * 2 + KINDS, GRID, "connected")
fit(connected, five_squares, train_set, steps=STEPS, batch_size=BATCH, learning_rate=6e-3);

# %% [markdown]
# And, to compare, Fast R-CNN of chapter 8 with the proposals of selective search, for about as long as YOLO.

# %% given="solutions.rcnn.detector:RegionNetwork" folded=true

# %% given="solutions.fast_rcnn.detector:RegionHead" folded=true

# %% train=true
WEIGHTS = (10.0, 10.0, 5.0, 5.0)


class FastRCNNNetwork(nn.Module):
    """Chapter 8's network."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        seen = RegionNetwork(num_classes)
        self.body = seen.pooled[:-2]
        self.head = RegionHead(seen.num_pooled, seen.num_features, num_classes)

    def forward(self, images: Tensor, boxes: list) -> tuple[Tensor, Tensor]:
        regions = as_regions([own.to(images) for own in boxes])
        cells = self.body(images).to(regions)
        return self.head(torchvision.ops.roi_pool(cells, regions, (4, 4), 1 / 4))


def propose(image: Tensor) -> Tensor:
    """Selective search, as in chapter 7."""
    return selective_search(as_bytes(image), (80,), min_side=4)


def drawn(target: dict, count: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """As in chapter 8: some regions of an image, at most a quarter on an object."""
    boxes = torch.cat([target["boxes"], target["proposals"]])
    labels, matched = taken_for(boxes, target["boxes"], target["labels"])
    (on,), (off,) = torch.where(labels > 0), torch.where(labels == 0)
    on = on[torch.randperm(len(on))[: count // 4].to(on.device)]
    off = off[torch.randperm(len(off))[: count - len(on)].to(off.device)]
    some = torch.cat([on, off])
    return boxes[some], labels[some], torch.cat([target["boxes"][matched[on]], boxes[off]])


def both_losses(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    boxes, labels, goals = zip(*(drawn(target) for target in targets))
    wanted = offsets_to(torch.cat(goals), torch.cat(boxes), WEIGHTS)
    return sum(class_and_box_loss(*network(images, boxes), torch.cat(labels), wanted))


searched = [(image, {**target, "proposals": propose(image)}) for image, target in train_set]
torch.manual_seed(1)
fast = FastRCNNNetwork(len(CLASSES))
fit(fast, both_losses, searched, steps=by_tier(1200, 14400), batch_size=4);

# %% [markdown] quiz="finer-grid"
# You double S from 8 to 16 and leave everything else as it is. What happens to the loss of the empty cells, before anything is learnt?
#
# - [ ] Nothing, since it counts half — λ is a factor, the same for both grids.
# - [ ] It halves, since each cell is smaller — A cell's confidence is a number; its square does not depend on how large the cell is.
# - [x] It becomes about four times as large beside the others — There are four times as many cells, and hardly more of them have an animal. The sum is not divided by the number of cells. A finer grid wants a smaller λ.

# %% [markdown]
# ## Which is better?
#
# **Predict:** who has the higher AP at ½, and at ¾? Who is faster, and by how much? And the fully connected layers, which see everything?

# %% figure=true
def kept_of(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> dict:
    """What suppression leaves."""
    boxes = boxes.clamp(0, 64)
    kept = torchvision.ops.batched_nms(boxes, scores, labels, threshold)[:100]
    return {"boxes": boxes[kept], "labels": labels[kept], "scores": scores[kept]}


@torch.no_grad()
def by_grid(network: nn.Module, image: Tensor) -> dict:
    """What YOLO finds in a scene: one look."""
    said = parts.decode_predictions(network(image[None])[0], (64, 64), KINDS, 0.05)
    return kept_of(*said, 0.5)


@torch.no_grad()
def by_regions(image: Tensor, boxes: Tensor) -> dict:
    """What Fast R-CNN finds among `boxes`."""
    logits, deltas = fast(image[None], [boxes])
    moved = moved_by(deltas.view(len(boxes), -1, 4)[:, 1:].flatten(1), boxes, WEIGHTS)
    scores = logits.softmax(dim=1)[:, 1:]
    which, label = torch.where(scores > 0.05)
    return kept_of(moved.view(len(boxes), -1, 4)[which, label], scores[which, label], label + 1, 0.3)


yolo, connected, fast = (network.eval().cpu() for network in (yolo, connected, fast))
proposals = [propose(image) for image in images]
results = {
    "YOLO": [by_grid(yolo, image) for image in images],
    "YOLO, fully connected": [by_grid(connected, image) for image in images],
    "Fast R-CNN": [by_regions(*pair) for pair in zip(images, proposals)],
}


def milliseconds(what, times: int = 7) -> float:
    """How long a call takes, the best of some tries."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return 1000 * min(took)


image, boxes = images[number], proposals[number]
took = {
    "YOLO": milliseconds(lambda: by_grid(yolo, image)),
    "YOLO, fully connected": milliseconds(lambda: by_grid(connected, image)),
    "Fast R-CNN": milliseconds(lambda: by_regions(image, propose(image))),
}
rows = {
    name: {
        **{f"AP{level}": mean_ap(found, targets, level / 100) for level in (50, 75)},
        "milliseconds": took[name],
    }
    for name, found in results.items()
}
show_table("all", rows, corner="same scenes", formats={"milliseconds": ".1f"});

# %% [markdown]
# *What to see:* Fast R-CNN finds more, AP50 {n}`all.Fast R-CNN.AP50:.2f` against {n}`all.YOLO.AP50:.2f`, and at ¾ it is further ahead, {n}`all.Fast R-CNN.AP75:.2f` against {n}`all.YOLO.AP75:.2f`: where exactly an animal ends, a cell does not know so well. But YOLO answers in {n}`all.YOLO.milliseconds:.0f` milliseconds, where Fast R-CNN and its search take {n}`all.Fast R-CNN.milliseconds:.0f`. That is what one look brings. (Your machine's milliseconds are others; look at their ratio.)
# <!-- holds: all.Fast R-CNN.AP50 > all.YOLO.AP50 + 0.03; all.YOLO.AP50 > 0.5; all.Fast R-CNN.AP75 > all.YOLO.AP75 + 0.1; all.Fast R-CNN.milliseconds > 5 * all.YOLO.milliseconds; all.YOLO, fully connected.AP50 < 0.1 -->
#
# The fully connected layers have learnt next to nothing in as many steps, AP50 {n}`all.YOLO, fully connected.AP50:.2f`. Each cell has weights of its own there, and has to learn by itself what a cow is, from the few scenes in which a cow's centre lay in it. The paper could afford that, with thousands of photographs, convolutions that knew ImageNet, and 135 rounds through all of them. Convolutions share: what one cell learns, all of them know.

# %% figure=true
rows = {}
for name, found in results.items():
    counts = Counter()
    for one, target in zip(found, targets):
        sure = {key: values[one["scores"] > 0.3] for key, values in one.items()}
        counts.update(kinds_of_detections(sure, target))
    total = max(sum(counts.values()), 1)
    rows[name] = {kind: count / total for kind, count in counts.items()}
show_table(
    "errors",
    rows,
    corner="detections with a score above three tenths",
    formats=dict.fromkeys(rows["YOLO"], ".0%"),
);

# %% [markdown]
# *What to see:* of what YOLO says with such a score {n}`errors.YOLO.right:.0%` is right, and of what Fast R-CNN says {n}`errors.Fast R-CNN.right:.0%`, which mostly gives a second name to an animal that it has found. Take care, though: a score of 0.3 is not the same for both. YOLO's is a product of two numbers, and it keeps quiet where it is in doubt; so it says less, and misses more. Both seldom put a box on nothing, for a meadow is a simpler background than the photographs of the paper. Where nothing is
# said, as by the fully connected layers, there is nothing to count.
# <!-- holds: errors.YOLO.right > errors.Fast R-CNN.right + 0.1; errors.Fast R-CNN.another name > errors.YOLO.another name; errors.Fast R-CNN.on nothing < 0.1; errors.YOLO.on nothing < 0.1 -->

# %% figure=true
some = [index for index, target in enumerate(targets) if len(target["boxes"]) > 1][:4]
confident = [
    {name: values[one["scores"] > 0.3] for name, values in one.items()} for one in results["YOLO"]
]
show_detections(
    [images[index] for index in some] * 2,
    [targets[index] for index in some] + [confident[index] for index in some],
    CLASSES,
    ["truth"] * 4 + ["YOLO"] * 4,
);

# %% [markdown]
# *What to see:* above the truth, below what has a score above 0.3. YOLO's scores are products of two numbers below 1 and stay lower than a softmax's.
#
# ### Do predictors become specialists?
#
# **Predict:** nobody told the two predictors of a cell to differ. Do they?

# %% figure=true
@torch.no_grad()
def shapes_of_responsible() -> list:
    """Width over height of the animals for which each predictor answers."""
    shapes = [[], []]
    for image, target in scenes:
        if not len(target["boxes"]):
            continue
        wanted = parts.encode_targets(target["boxes"], target["labels"], GRID, KINDS, (64, 64))[None]
        who = parts.responsible_predictors(yolo(image[None]), wanted)
        for row, column in wanted[0, ..., 4].nonzero().tolist():
            width, height = wanted[0, row, column, 2:4].tolist()
            shapes[int(who[0, row, column])].append((width / height, (width * height) ** 0.5 * 64))
    return shapes


rows = {
    f"predictor {who}": {
        "animals": len(shapes),
        "mean width over height": sum(shape for shape, _ in shapes) / max(len(shapes), 1),
        "mean size in pixels": sum(size for _, size in shapes) / max(len(shapes), 1),
    }
    for who, shapes in enumerate(shapes_of_responsible())
}
show_table("who", rows, corner="is responsible for", formats={"mean size in pixels": ".1f"});

# %% [markdown]
# *What to see:* the two divide the animals between them, here {n}`who.predictor 0.animals:.0f` to {n}`who.predictor 1.animals:.0f`, and who has more of them has the somewhat larger ones. Who that is, the first weights decide. It is the beginning of what the paper describes: one predictor for some sizes and shapes, the other for the rest.

# %% [markdown]
# ## What it cost, and what comes next
#
# The paper's numbers, trained on VOC 2007 and 2012 and tested on 2007, with the speeds that it names (Redmon and others, 2016, table 1):
#
# | | mAP | images a second |
# | --- | --- | --- |
# | Fast YOLO | 52.7 | 155 |
# | YOLO | 63.4 | 45 |
# | Fast R-CNN | 70.0 | 0.5 |
# | Faster R-CNN, VGG16 | 73.2 | 7 |
# | Faster R-CNN, ZF | 62.1 | 18 |
#
# And its errors (figure 4 of the paper): of YOLO's best detections 19 % are badly placed and 4.8 % lie on background; of Fast R-CNN's 8.6 % and 13.6 %. A network that has seen the whole picture seldom takes a patch of grass for a cow. Where exactly the cow ends, a grid of 7 × 7 does not know so well.
#
# What came later took back much of what was radical here: anchors with classes of their own, several maps, other losses. The one look has stayed.
#
# All of our answers are boxes still. A box around a cow holds grass, fence and the head of a sheep. Chapters 1 to 4 gave each *pixel* a name, and knew of no animals; chapters 5 to 10 know the animals and no pixels. **Can one have both?** Chapter 11 gives each animal a mask: Mask R-CNN.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train yolo --budget 5m` trains it for longer.
#
# ### Further reading
#
# - Redmon, Divvala, Girshick & Farhadi, *You Only Look Once: Unified, Real-Time Object Detection*, CVPR 2016.
# - Redmon & Farhadi, *YOLO9000: Better, Faster, Stronger*, CVPR 2017: anchors, batch normalisation, and what each step brought.
# - Liu, Anguelov, Erhan, Szegedy, Reed, Fu & Berg, *SSD: Single Shot MultiBox Detector*, ECCV 2016: one look at several maps, with anchors.
# - Tian, Shen, Chen & He, *FCOS: Fully Convolutional One-Stage Object Detection*, ICCV 2019: again without anchors, and every pixel inside answers.
# - Hoiem, Chodpathumwan & Dai, *Diagnosing Error in Object Detectors*, ECCV 2012: the kinds of errors that the paper counts.
