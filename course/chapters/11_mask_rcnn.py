# %% [markdown]
# # 11 · Mask R-CNN
# ## Draw each one

# %% picture="three_answers"

# %% [markdown]
# *What to see:* three answers to the same herd. On the left every pixel of a sheep is called *sheep*, as in chapters 1 to 4, and where two of them touch nobody can say where one ends. In the middle each sheep has a box, as in chapters 5 to 10, and every box holds grass, and a neighbour's legs. On the right each sheep has the pixels that are its own.
#
# The last one is called **instance segmentation**. It has to know the animals *and* the pixels. Must one begin anew for it?
#
# *Mask R-CNN*, by He, Gkioxari, Dollár and Girshick (2017), does not. It takes Faster R-CNN as it is, and puts a third small branch beside class and box: a few convolutions that draw, inside the box, what belongs to the animal. And it finds that something in Faster R-CNN had been wrong by half a cell all the time, and that nobody had minded, because boxes do not mind. **Masks do.**
#
# You need chapters 2, 8 and 9. Five exercises, 42 points: they take about two and a half hours, and with reading and training the chapter takes four.

# %%
import math

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from course.anchors import anchors_of_a_map, anchors_of_a_place
from course.checking import check, chosen, hint
from course.detection import mean_ap
from course.farm import CLASSES, KEYPOINTS, SKELETON, Farm
from course.masks import (
    corners_moved,
    cost_of_masks,
    mask_iou,
    masks_in_picture,
    masks_to_learn,
    mean_mask_ap,
    values_between,
)
from course.plotting import show_instances, show_poses
from course.pose import share_near_enough
from course.proposals import offsets_to
from course.roi import as_regions, class_and_box_loss
from course.tables import show_table
from course.training import by_tier, fit
from course.two_stages import WEIGHTS, detections, drawn, loss_of_anchors, proposed

# %% [markdown]
# ## How much of a box is the animal?
#
# A box is four numbers, and it is never the animal. **Predict:** of the pixels in an animal's box, how many are the animal's, and how many belong to another one?

# %% figure=true
scenes = list(Farm(by_tier(100, 400), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]


def filled(some: list) -> dict:
    """What the pixels in animals' boxes are, all boxes together."""
    own = others = pixels = 0
    for target in some:
        anything = target["masks"].any(dim=0)
        for (x1, y1, x2, y2), mask in zip(target["boxes"].int().tolist(), target["masks"]):
            inside, any_inside = mask[y1:y2, x1:x2], anything[y1:y2, x1:x2]
            own += int(inside.sum())
            others += int((any_inside & ~inside).sum())
            pixels += inside.numel()
    return {
        "the animal": own / pixels,
        "another animal": others / pixels,
        "no animal": 1 - (own + others) / pixels,
    }


herds = [target for _, target in Farm(by_tier(100, 400), seed=2, animals=(8, 12))]
show_table(
    "filled",
    {"scenes": filled(targets), "herds": filled(herds)},
    corner="the pixels in a box",
    formats=dict.fromkeys(("the animal", "another animal", "no animal"), ".0%"),
);

# %% [markdown]
# *What to see:* less than half of a box, {n}`filled.scenes.the animal:.0%`, is the animal. In a herd {n}`filled.herds.another animal:.0%` of it is somebody else. A branch that names each pixel of a box *cow* or *not cow* has to know whose box it is: of two cows in it, it must draw one.
# <!-- holds: filled.scenes.the animal < 0.5; filled.scenes.the animal > 0.3; filled.herds.another animal > filled.scenes.another animal + 0.05 -->
#
# ## Half a cell
#
# Chapter 8 cut a region out of a map in the simplest way: round the corners to cells, round the bins to cells, keep the largest number of each. You saw the jumps in its widget. What was lost by that? **Predict:** how many pixels does the first rounding alone move a corner by, on a map with a stride of 16?

# %% figure=true
boxes = torch.cat([target["boxes"] for target in targets])
widths = (boxes[:, 2] - boxes[:, 0]).mean()
rows = {}
for stride in (4, 8, 16):
    moved = corners_moved(boxes, stride).abs()
    rows[f"stride {stride}"] = {
        "moved by": float(moved.mean()),
        "at most": float(moved.max()),
        "of an animal's width": float(moved.mean() / widths),
    }
show_table(
    "moved",
    rows,
    corner="a corner, in pixels",
    formats={"moved by": ".1f", "at most": ".0f", "of an animal's width": ".0%"},
);

# %% [markdown]
# *What to see:* half the stride at most, and a quarter of it in the mean. With a stride of 16 that is {n}`moved.stride 16.moved by:.1f` pixels, {n}`moved.stride 16.of an animal's width:.0%` of the width of an animal. The second rounding, of the bins, comes on top.
# <!-- holds: moved.stride 16.at most > 7; moved.stride 4.at most < 2.1; moved.stride 8.moved by > 1.5 * moved.stride 4.moved by -->
#
# Who only has to say *cow* does not care. Whoever has to say *this pixel is cow* is told of the pixel next door.
#
# So **round nothing**. A bin lies where it lies; of it take a few points; and at each point ask the map what its value would be *there*, between its cells. That asks for something that you know: bilinear interpolation, of chapters 2 and 4.

# %% [markdown] exercise="bilinear_sample"
# What stands *between* the cells of a map? Of the four cells around a point each has a share, the more of it the nearer it is. At $y = i + a$ and $x = j + b$, with whole i and j and with a and b from 0 to 1,
#
# $$\begin{aligned} v = \;& (1 - a)(1 - b)\, f_{i,\,j} \;+\; (1 - a)\, b\, f_{i,\,j+1} \\ +\; & a\,(1 - b)\, f_{i+1,\,j} \;+\; a\, b\, f_{i+1,\,j+1} \end{aligned}$$
#
# | | shape | |
# | --- | --- | --- |
# | `features` | (C, H, W) | floating point, maybe negative; H is hardly ever W, and one of them may be 1; not always contiguous |
# | `y`, `x` | (P,) each | same dtype: point p is the pair (`y[p]`, `x[p]`), row first, anywhere, the same one maybe several times; P may be 0; not always contiguous |
# | returns | (C, P) | dtype of `features`; gradients flow back to `features` |
#
# - Coordinates are indices: the value of row i and column j stands *at* y = i, x = j. There is no half cell in them, and on whole numbers you get the value of that cell, in the last row and the last column, too.
# - **Up to one cell outside** the map, −1 ≤ y < 0 or H − 1 < y ≤ H, and in the same way for x and W, the value on the edge counts: as if the point were moved straight to the nearest row or column that there is.
# - **More than one cell outside**, y < −1, y > H, x < −1 or x > W, the value is 0; one of the two coordinates is enough. Exactly −1, H or W is not too far.
# - A point's gradient goes to the cells that it is made of, as much to each as it counts; points in the same place add up, and points with a value of 0 from outside give none. No gradient is asked with respect to `y` and `x`.
# - In float64 all is in float64: neither values nor coordinates can be held by float32.
#
# All three inputs are left alone. A loop over the points is a right answer. What samples or resizes by itself is not allowed: `F.grid_sample`, `F.interpolate`, `torchvision.ops`, and scipy, scikit-image or OpenCV.

# %% check="bilinear_sample"

# %% [markdown]
# A value of the map counts as much as its cell is near: the four weights are areas, and their sum is 1. So the result changes by a little where the point moves by a little, and there is nowhere a jump. It has a gradient with respect to all four cells, where maximum and rounding have it for one.
#
# Below lies one box over one map, twice: on the left RoI Pool makes four numbers of it, on the right RoI Align. **Predict** before you move it: the box goes half a cell, eight pixels, to the right. How many of the four numbers change with RoI Pool, and how many with RoI Align? Then move the box by quarters of a pixel (Shift and an arrow key) and watch the two lines below: **where does the staircase jump, and what does the line do there?**
#
# Choose a bin and one of its dots. The square around the dot is as large as a cell, and what it has in common with each cell is how much that cell counts. **Where must the dot lie to take a quarter of each of four cells, and where to take all of one?** Then make the box small: **when do both give nearly the same number?** Last switch `aligned` off: **where does RoI Align read now?**

# %% widget="RoIAlign"

# %% [markdown]
# The staircase is RoI Pool, the line RoI Align. That is the whole difference, and you can write it now. One thing is a convention: what counts beyond the map's edge. torchvision lets the edge's value reach one cell further and then stops; `F.grid_sample` has two other rules, one that fades and one that never ends.

# %% [markdown] exercise="roi_align"
# **RoI Align**: of every region a grid of bins, and nothing is rounded. A bin is the mean of a few points, and each point has a value *between* the cells of the map, as `bilinear_sample` says it.
#
# | | shape | |
# | --- | --- | --- |
# | `features` | (N, C, H, W) | floating point, maybe negative; H is hardly ever W, both at least 2; not always contiguous |
# | `rois` | (R, 5) | same dtype: (batch index, x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, in pixels of the image, maybe in part or altogether outside; the batch index 0 … N − 1 says which image; in any order; R may be 0; not always contiguous |
# | `output_size` | pair (ph, pw) | how many rows and columns of bins |
# | `spatial_scale` | float | the map's size over the image's; 1.0 where it is left out |
# | `sampling_ratio` | int | points of a bin in each direction, or 0 or −1; −1 where it is left out |
# | `aligned` | bool | whether half a cell comes off; False where it is left out |
# | returns | (R, C, ph, pw) | dtype of `features`, in the order of `rois`; gradients flow back to `features` |
#
# 1. **The box on the map.** Corners times the scale, not rounded. With `aligned`, ½ is then taken off all four: a cell's value belongs to its middle, and has the index of its corner.
# 2. **Small boxes.** *Without* `aligned`, a width below one cell becomes 1, and so does a height, each by itself; x1 and y1 stay, the other corner moves. With `aligned` a box is as small as it is, but never without a width or a height.
# 3. **Bins.** The box is cut into ph rows and pw columns of equal bins, of height h/ph and width w/pw.
# 4. **Points.** In a bin there are s rows and t columns of points. With `sampling_ratio` above 0 both are that number. Otherwise a bin has as many as cells, rounded up: s = ⌈h/ph⌉ and t = ⌈w/pw⌉, for each region by itself. The bin is cut into s × t equal parts, and a point is in the *middle* of each:
#
# $$\begin{aligned} y &= y_1 + \Big(i + \frac{k + \frac12}{s}\Big) \cdot \frac{h}{ph} & k &= 0, \dots, s - 1 \\ x &= x_1 + \Big(j + \frac{m + \frac12}{t}\Big) \cdot \frac{w}{pw} & m &= 0, \dots, t - 1 \end{aligned}$$
#
# 5. **The mean** over the s · t points is bin (i, j), in every channel by itself.
#
# - A point's value is bilinear: cell (row, column) stands at y = row, x = column. Up to one cell outside the map, also exactly at −1, H or W, the value on the edge counts; a point with y < −1, y > H, x < −1 or x > W is 0, and is part of the mean all the same. No box is cut off at the map's edge.
# - The gradient goes to `features` alone, to every cell as much as it counted.
# - In float64 all is in float64: neither features nor boxes can be held by float32.
#
# Both tensors are left alone. A loop over the regions is a right answer, and so is `F.grid_sample`, if its places and its border come out as said here; your own `bilinear_sample` is welcome and not needed. `torchvision.ops` and other libraries that have RoI Align ready are not allowed.

# %% check="roi_align"

# %% [markdown] quiz="aligned"
# Pixel 0 covers the image from 0 to 1; its middle is at ½. A box from 0 to 8 on a map of stride 1, 8 bins, one sample a bin, `aligned=False`. Where is the first sample, in index coordinates, and what is there?
#
# - [ ] At 0, which is the value of cell 0 — That is where `aligned=True` puts it: the box is moved by half a cell, so that the middle of pixel 0 is index 0.
# - [x] At ½: halfway between the values of cells 0 and 1 — The middle of the first bin is ½ in pixels. But index ½ is the *edge* between two cells. Everything is half a cell too far to the right and down; that was in the first code, and torchvision's Mask R-CNN has kept it, as its weights were trained with it.
# - [ ] At ½, which is the value of cell 0 — The value of a cell stands at its index, a whole number. At ½ two cells count the same.

# %% [markdown]
# ## What should a region draw?
#
# The branch draws every animal on the same small grid, 28 × 28 in the paper and 14 × 14 here, whatever its box. The truth has to get onto that grid, too: cut the animal's mask out of the scene *by the region*, not by its own box, since a region is what the branch gets to see.
#
# One cuts it with the very same operation. A mask is a map of one channel.

# %% [markdown] exercise="project_masks"
# A region is about to be trained. What should its mask look like? The truth is as large as the image; the network draws `size` × `size` numbers over the region. So cut the region out of the mask of **its own object** and bring it to that size: with RoI Align, the map being the mask itself.
#
# | | shape | |
# | --- | --- | --- |
# | `masks` | (G, H, W) | one mask an object, as large as the image: bool, uint8 of 0 and 1, or floating point from 0 to 1, maybe of another dtype than `boxes`; H is hardly ever W; G may be 0; not always contiguous |
# | `boxes` | (R, 4) | the regions, floating point: (x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, in pixels of the image, maybe in part or altogether outside; R may be 0; not always contiguous |
# | `matches` | (R,) | int64: which object, 0 … G − 1, a region belongs to; in any order, some more than once and some never; not always contiguous |
# | `size` | int | how many rows and columns the small mask has, 1 or more |
# | returns | (R, size, size) | what each region should draw, in the dtype of `boxes` |
#
# The cut is that of `roi_align`, with
#
# - **scale** 1, since a mask has the pixels of the image;
# - **`aligned` False**: nothing is moved by half a pixel, x = 3 is where the value of column 3 stands, and a region of less than a pixel becomes one pixel wide, or high, to the right and down;
# - **`sampling_ratio` −1**: as many samples as a bin has pixels, rounded up, in x and in y each by itself and for each region anew. A bin of exactly one pixel has one;
# - its **border**: up to a pixel beyond the first and the last index the edge's value counts, further out all is 0. Where a region is outside, it has zeros.
#
# No corner is rounded, and no threshold is taken: a value is a share, and a mask in floating point stays what it is. In float64 the boxes hold what float32 cannot.
#
# The inputs are left alone. `torchvision.ops.roi_align` is allowed here, and so are your own `roi_align`, `F.grid_sample` and loops. `torchvision.models.detection` is not allowed.

# %% check="project_masks"

# %% [markdown]
# ## What a wrong pixel costs
#
# The branch draws a mask for **each** class, K of them, and only one counts in the loss: that of the class which the region has. Who draws the mask need not know what it is; the other branch says that. So there is no softmax over classes, in which *cow* and *sheep* would compete for every pixel: each mask has a sigmoid of its own.

# %% [markdown] exercise="mask_loss"
# What does a wrong mask **cost**? Of each region the network draws K masks, one for each class, and only that of the region's *own* class is looked at. Each of its cells is a question of its own, inside or not:
#
# $$L_\text{mask} = \frac{1}{R\, M^2} \sum_{r=1}^{R}\ \sum_{i,j}\ \operatorname{BCE}\bigl(\sigma(x_{r,\,k_r,\,i,\,j}),\ t_{r,\,i,\,j}\bigr)$$
#
# $$\operatorname{BCE}(p, t) = -\,t \log p\, -\, (1 - t) \log (1 - p)$$
#
# with $k_r$ the label of region r.
#
# | | shape | |
# | --- | --- | --- |
# | `logits` | (R, K, M, M) | floating point: x, before any activation; K is at least 2; R may be 0; not always contiguous |
# | `labels` | (R,) | int64, 1 … K − 1: the class of each region; not always contiguous |
# | `targets` | (R, M, M) | same dtype, from 0 to 1: what the mask of that class should be; not always contiguous |
# | returns | a tensor without dimensions | in the dtype of `logits`; gradients flow back to `logits` |
#
# - Channel k belongs to class k. Channel 0 is the background's: it is there, no region has the label 0, and nobody pays for what it holds. The channels of other classes cost nothing either, and their gradients are 0.
# - Classes do not compete for a cell: each channel has a sigmoid, and there is no softmax.
# - The loss is the **mean** over regions and cells. Every cell counts the same, inside or outside, of a frequent class or of a rare one. M may be 1.
# - Targets are shares, as `project_masks` gives them: they are taken as they are, without a threshold.
# - Logits may be some hundreds or more, of either sign, and the loss is still finite and exact.
# - Where R is 0, the loss is 0, not NaN, and it is still part of the graph: a gradient of zeros, empty like `logits`, flows back.
# - No gradient is asked with respect to `targets`.
#
# All inputs are left alone. `F.binary_cross_entropy_with_logits` and its relatives are allowed; `torchvision.models.detection` is not allowed.

# %% check="mask_loss"

# %% [markdown] quiz="no-competition"
# In training a region on a cow draws a splendid cow in the channel *cow*, and in the channel *sheep* draws the same shape. What does the mask loss say of that?
#
# - [x] Nothing: of this region the channel of the cow counts, and no other — In testing the class branch says *cow*, and that channel is taken. What the others hold nobody looks at.
# - [ ] It is punished, as the pixels are no sheep — So it would be with a softmax over classes, or if all K masks had a target. Then naming and drawing are one task again, as in chapter 2.
# - [ ] It is punished in half: the channels share a loss — The mean goes over the cells of one channel a region. No gradient reaches the others.

# %% [markdown]
# ## Back into the picture
#
# What is drawn on 14 × 14 cells has to get back over the pixels: stretched over its box, and cut where it is ½.

# %% [markdown] exercise="paste_masks"
# The network has drawn small masks, M × M. Now they have to get back into the picture: each is **stretched over its box**. So that it fades out instead of being cut off at the box's edge, it first gets a rim of zeros, one cell on each side. It has M + 2 cells in each direction then, and its box must grow as well, or the object would shrink:
#
# $$\text{centre} = \tfrac12\,(x_1 + x_2) \qquad \text{half} = \tfrac12\,(x_2 - x_1) \cdot \frac{M + 2}{M}$$
#
# $$\text{first} = \text{centre} - \text{half} \qquad \text{last} = \text{centre} + \text{half} \qquad \text{both cut to whole numbers}$$
#
# and the same in y.
#
# | | shape | |
# | --- | --- | --- |
# | `masks` | (R, 1, M, M) | floating point, between 0 and 1: a sigmoid was taken; M may be 1, R may be 0; not always contiguous |
# | `boxes` | (R, 4) | same dtype: (x1, y1, x2, y2) with x1 ≤ x2 and y1 ≤ y2, in pixels of the image, with fractions; not always contiguous |
# | `size` | pair (H, W) | of the image; H is hardly ever W |
# | returns | (R, 1, H, W) | an image for each mask, also where boxes overlap; dtype of `masks`; gradients flow back to `masks` |
#
# - **Grow, then cut.** The corners of the enlarged box are cut **towards zero**, once: 3.9 becomes 3, −1.6 becomes −1, and −0.3 becomes 0. No corner lies so near a whole pixel that rounding would tell.
# - **Which pixels.** The box covers the pixels from first to last, *both included*: last − first + 1 in each direction. That is one at least, also where the box has less than a pixel, or no area.
# - **Which values.** The padded mask is resized to so many pixels bilinearly, corners not aligned, without any smoothing: the middle of pixel j lies at $(j - \text{first} + \tfrac12)\,\frac{M + 2}{\text{last} - \text{first} + 1} - \tfrac12$ in cells, 0 being the middle of the first cell of the rim. A box may have more pixels than the mask has cells, or fewer.
# - **The edge.** A box may reach out of the image on any side, or around all of it. The whole box is resized, and what lies outside is lost. A box that misses the image altogether leaves it all 0.
# - What no box covers is 0. No threshold is taken.
# - No gradient is asked with respect to `boxes`.
#
# Both tensors are left alone. A loop over the masks is a right answer; `F.interpolate` and `F.grid_sample` are allowed. `torchvision.models.detection`, and other libraries that paste masks, are not allowed.

# %% check="paste_masks"

# %% [markdown] quiz="which-box"
# In training the branch draws in proposals. In testing, in which boxes should it draw?
#
# - [ ] In the proposals, as it has learnt — It could. But then a mask could not reach beyond a proposal that the box branch has just found to be too small.
# - [x] In the detections: the boxes after moving and suppression — They fit better, and there are fewer of them, a hundred instead of a thousand. That is why the mask branch comes last in testing, while all branches learn at once.
# - [ ] In the whole picture — Then it would have to tell one cow from another, which is what the box does for it.

# %% [markdown]
# ## Whose shall they be?
#
# As it stands, the next cell takes the course's own. Write `"mine"`, and each of yours takes its place if its check is all right. (A `roi_align` with a loop over regions is right, and slow: of the networks below only the mask branch takes it, and a training may take several times as long.)

# %%
parts = chosen(
    "the course's",
    bilinear_sample=values_between,
    roi_align=torchvision.ops.roi_align,
    project_masks=masks_to_learn,
    mask_loss=cost_of_masks,
    paste_masks=masks_in_picture,
)

# %% [markdown]
# ### There and back
#
# No network yet. Take the true masks, bring them onto the grid with their own boxes, and paste them back: what a branch would give that draws perfectly. **Predict:** how much of the masks is left, as IoU, on 7 × 7 cells, and on 28 × 28? What else costs something?

# %% figure=true
def pasted_exactly(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """As `paste_masks`, but the box is not rounded to whole pixels: for comparison."""
    cells = masks.shape[-1]
    drawn_masks = []
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.tolist()):
        x = (torch.arange(size[1]) + 0.5 - (x1 + x2) / 2) / (x2 - x1) * 2 * cells / (cells + 2)
        y = (torch.arange(size[0]) + 0.5 - (y1 + y2) / 2) / (y2 - y1) * 2 * cells / (cells + 2)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]
        padded = F.pad(mask, (1, 1, 1, 1))[None]
        drawn_masks.append(F.grid_sample(padded, grid, align_corners=False)[0])
    return torch.stack(drawn_masks)


def projected_half_a_pixel_up(masks: Tensor, boxes: Tensor, size: int) -> Tensor:
    """As `project_masks` for an animal's own box, but aligned: for comparison."""
    regions = torch.cat([torch.arange(len(masks))[:, None].float(), boxes], dim=1)
    return parts.roi_align(masks[:, None].float(), regions, (size, size), 1.0, -1, True)


def left_of(project, paste) -> float:
    """The mean IoU of the animals' masks with what comes back of them."""
    found = []
    for target in targets:
        if len(target["boxes"]):
            small = project(target["masks"], target["boxes"])
            back = paste(small, target["boxes"], (64, 64))[:, 0] >= 0.5
            found.append(mask_iou(back, target["masks"]).diagonal())
    return float(torch.cat(found).mean())


rows = {}
for size in (7, 14, 28, 56):

    def as_it_is(masks: Tensor, boxes: Tensor, size: int = size) -> Tensor:
        return parts.project_masks(masks, boxes, torch.arange(len(masks)), size)[:, None]

    def aligned(masks: Tensor, boxes: Tensor, size: int = size) -> Tensor:
        return projected_half_a_pixel_up(masks, boxes, size)

    rows[f"{size} × {size}"] = {
        "as it is": left_of(as_it_is, parts.paste_masks),
        "aligned": left_of(aligned, parts.paste_masks),
        "aligned, not rounded": left_of(aligned, pasted_exactly),
    }
show_table("back", rows, corner="mean IoU with the truth");

# %% [markdown]
# *What to see:* on 7 × 7 cells {n}`back.7 × 7.as it is:.2f` is left, on 28 × 28 {n}`back.28 × 28.as it is:.2f`, and from 14 × 14 on a finer grid does not help. What is it, then? The other columns say. Without the half pixel, `aligned`, it is {n}`back.28 × 28.aligned:.2f`; and if pasting does not round the box to whole pixels either, {n}`back.28 × 28.aligned, not rounded:.2f`. Our animals are some twenty pixels high. There half a pixel, all the way around, is a tenth of the animal. On photographs of 800 pixels it is next to nothing, and so it is still there, in the code that everyone uses.
# <!-- holds: back.28 × 28.as it is < back.14 × 14.as it is + 0.02; back.14 × 14.as it is > back.7 × 7.as it is; back.28 × 28.aligned > back.28 × 28.as it is + 0.05; back.28 × 28.aligned, not rounded > 0.97 -->
#
# ## One network
#
# Convolutions, the proposing head and the head for class and box are those of chapters 8 and 9.

# %% given="solutions.rcnn.detector:RegionNetwork" folded=true

# %% given="solutions.fast_rcnn.detector:RegionHead" folded=true

# %% given="solutions.faster_rcnn.rpn:at_least_single" folded=true

# %% given="solutions.faster_rcnn.rpn:ProposalHead" folded=true

# %% [markdown]
# New is the third branch. **Read it beside chapter 4:** two convolutions, a transposed one with stride 2 that doubles the grid, and one of 1 × 1 that says a logit a class. No linear layer, so that what is on the left stays on the left.

# %%
class MaskRCNNNetwork(nn.Module):
    """Faster R-CNN, and beside class and box a branch that draws in each region."""

    def __init__(self, stride: int, cut=torchvision.ops.roi_align, outputs: int = len(CLASSES)) -> None:
        super().__init__()
        seen = RegionNetwork(len(CLASSES))
        # A cell for 4 × 4 pixels, or with the last pooling for 8 × 8.
        self.body = seen.pooled[: {4: -2, 8: -1}[stride]]
        self.stride, self.cut = stride, cut
        self.anchors = anchors_of_a_map(
            (64 // stride,) * 2, (stride,) * 2, anchors_of_a_place((12, 20, 32), (0.5, 1.0, 2.0))
        )
        self.rpn = ProposalHead(64, 9)
        self.head = RegionHead(seen.num_pooled, seen.num_features, len(CLASSES))
        self.branch = nn.Sequential(
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 2, stride=2),  # 7 × 7 cells become 14 × 14
            nn.ReLU(),
            nn.Conv2d(32, outputs, 1),
        )

    def judge(self, cells: Tensor, boxes: list) -> tuple[Tensor, Tensor]:
        """Logits (R, K) and deltas (R, 4K) of the `boxes` of each image."""
        return self.head(self.regions(cells, boxes, 4))

    def draw(self, cells: Tensor, boxes: list) -> Tensor:
        """Logits (R, outputs, 14, 14) of the `boxes` of each image."""
        return self.branch(self.regions(cells, boxes, 7)).float()

    def regions(self, cells: Tensor, boxes: list, side: int) -> Tensor:
        """What is cut for each box, (R, 64, side, side)."""
        rois = as_regions([own.to(cells) for own in boxes])
        return self.cut(cells, rois, (side, side), 1 / self.stride)


def aligned_cut(cells: Tensor, rois: Tensor, side: tuple[int, int], scale: float) -> Tensor:
    """RoI Align with two samples a bin in each direction, and the half cell in its place."""
    align = parts.roi_align if side == (7, 7) else torchvision.ops.roi_align
    return align(cells, rois, side, scale, 2, True)


# %% [markdown]
# Five losses, one step. The first four are chapter 9's; `drawn` gives some regions of an image, at most a quarter of them on animals, and only those draw.

# %% train=true
def loss_of_masks(network: nn.Module, cells: Tensor, targets: list, regions: list) -> Tensor:
    """What the regions on animals draw, beside what they should."""
    logits = network.draw(cells, [own.boxes for own in regions])
    wanted = [
        parts.project_masks(target["masks"], own.boxes, own.matches, logits.shape[-1])
        for target, own in zip(targets, regions)
    ]
    return parts.mask_loss(logits, torch.cat([own.labels for own in regions]), torch.cat(wanted))


def five_losses(masks=loss_of_masks):
    """A loss for `fit`: objectness, anchors' boxes, classes, regions' boxes, masks."""

    def loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
        cells = network.body(images).float()
        said = network.rpn(cells)
        first = loss_of_anchors(*said, targets, network.anchors)
        found = proposed(*said, network.anchors, (64, 64))
        some = [drawn(*pair) for pair in zip(targets, found)]
        goals, boxes = (torch.cat(each) for each in zip(*((own.goals, own.boxes) for own in some)))
        labels = torch.cat([own.labels for own in some])
        judged = network.judge(cells, [own.boxes for own in some])
        second = class_and_box_loss(*judged, labels, offsets_to(goals, boxes, WEIGHTS))
        return sum(first) + sum(second) + masks(network, cells, targets, [own.on_objects() for own in some])

    return loss


STEPS = by_tier(1200, 18000)
train_set = list(Farm(by_tier(400, 4000), seed=0))
torch.manual_seed(1)
fine = MaskRCNNNetwork(4, aligned_cut)
fit(fine, five_losses(), train_set, steps=STEPS, batch_size=4);

# %% [markdown]
# In testing the branch draws last, in the boxes that were found, and of each it takes the mask of the class that was found.

# %% figure=true
@torch.no_grad()
def detect(network: nn.Module, image: Tensor, sigmoid: bool = True) -> dict:
    """Boxes, labels, scores and masks (n, H, W) of a scene."""
    cells = network.body(image[None])
    proposals = proposed(*network.rpn(cells), network.anchors, (64, 64), first=1000)
    found = detections(*network.judge(cells, proposals), proposals[0], (64, 64))
    logits = network.draw(cells, [found["boxes"]])
    drawn_masks = logits.sigmoid() if sigmoid else logits.softmax(dim=1)
    own = drawn_masks[torch.arange(len(logits)), found["labels"]]
    found["masks"] = parts.paste_masks(own[:, None], found["boxes"], (64, 64))[:, 0] >= 0.5
    return found


def measured(network: nn.Module, sigmoid: bool = True) -> tuple[list, dict]:
    """What a network finds in all scenes, and how good that is by box and by mask."""
    network.eval().cpu()
    found = [detect(network, image, sigmoid) for image in images]
    return found, {
        "box AP50": mean_ap(found, targets, 0.5),
        "box AP75": mean_ap(found, targets, 0.75),
        "mask AP50": mean_mask_ap(found, targets, 0.5),
        "mask AP75": mean_mask_ap(found, targets, 0.75),
    }


found, rows = measured(fine)
show_table("fine", {"stride 4": rows}, corner="same scenes")
some = [index for index, target in enumerate(targets) if len(target["boxes"]) > 1][:4]
confident = [{name: values[one["scores"] > 0.5] for name, values in one.items()} for one in found]
show_instances(
    [images[index] for index in some] * 2,
    [targets[index] for index in some] + [confident[index] for index in some],
    CLASSES,
    ["truth"] * 4 + ["Mask R-CNN"] * 4,
);

# %% [markdown]
# *What to see:* above the truth, below what has a score above ½. Look where two animals touch, and at thin legs. By box AP50 is {n}`fine.stride 4.box AP50:.2f`, by mask {n}`fine.stride 4.mask AP50:.2f`. At ¾ they lie further apart, {n}`fine.stride 4.box AP75:.2f` and {n}`fine.stride 4.mask AP75:.2f`: there a pixel all the way around decides, and the table above says how many of those no branch can win back.
# <!-- holds: fine.stride 4.box AP50 > 0.6; fine.stride 4.mask AP50 > 0.5; fine.stride 4.mask AP75 < fine.stride 4.box AP75 - 0.1 -->
#
# ## What does the half cell cost?
#
# Now with a map of stride 8, a cell for 8 × 8 pixels, once with RoI Align and once with RoI Pool; all else is the same. **Predict:** who loses more by rounding, boxes or masks, and at ½ or at ¾?

# %% train=true
def pooled_cut(cells: Tensor, rois: Tensor, side: tuple[int, int], scale: float) -> Tensor:
    """RoI Pool of chapter 8."""
    return torchvision.ops.roi_pool(cells, rois, side, scale)


networks = {}
for name, cut in (("RoI Align", aligned_cut), ("RoI Pool", pooled_cut)):
    torch.manual_seed(1)
    networks[name] = MaskRCNNNetwork(8, cut)
    fit(networks[name], five_losses(), train_set, steps=STEPS, batch_size=4)

# %% figure=true
show_table(
    "cut",
    {name: measured(network)[1] for name, network in networks.items()},
    corner="a map of stride 8",
);

# %% [markdown]
# *What to see:* by boxes RoI Pool loses little at ½, AP50 {n}`cut.RoI Pool.box AP50:.2f` against {n}`cut.RoI Align.box AP50:.2f`, and much at ¾, {n}`cut.RoI Pool.box AP75:.2f` against {n}`cut.RoI Align.box AP75:.2f`: that there is a cow it knows, where she ends it was never told. Masks lose at ½ already, {n}`cut.RoI Pool.mask AP50:.2f` against {n}`cut.RoI Align.mask AP50:.2f`. At ¾ both are low, as the map is coarse. (The two differ in one thing more: RoI Pool takes the largest number of a bin, and RoI Align the mean. The paper tried both with RoI Align, and it made no difference.)
# <!-- holds: cut.RoI Align.box AP75 > cut.RoI Pool.box AP75 + 0.08; cut.RoI Align.mask AP50 > cut.RoI Pool.mask AP50 + 0.08; cut.RoI Align.box AP50 - cut.RoI Pool.box AP50 < cut.RoI Align.box AP75 - cut.RoI Pool.box AP75; cut.RoI Align.mask AP75 < 0.2 -->
#
# The paper saw the same on photographs: from a map of stride 16 the masks' AP rises from 26.9 to 30.3, and from one of stride 32 from 23.6 to 30.9, where boxes rise from 28.2 to 34.0 (tables 2c and 2d). Since then nobody rounds.
#
# ## What does competition cost?
#
# The same network once more, with a softmax over classes in place of the sigmoids: in each cell of a mask the class of the region should win, or outside of the animal the background.

# %% train=true
def competing_masks(network: nn.Module, cells: Tensor, targets: list, regions: list) -> Tensor:
    """Cross-entropy over classes in each cell of the masks."""
    logits = network.draw(cells, [own.boxes for own in regions])
    labels = torch.cat([own.labels for own in regions])
    if not len(labels):
        return logits.sum()
    wanted = torch.cat(
        [
            parts.project_masks(target["masks"], own.boxes, own.matches, logits.shape[-1])
            for target, own in zip(targets, regions)
        ]
    )
    return F.cross_entropy(logits, torch.where(wanted >= 0.5, labels[:, None, None], 0))


torch.manual_seed(1)
competing = MaskRCNNNetwork(8, aligned_cut)
fit(competing, five_losses(competing_masks), train_set, steps=STEPS, batch_size=4);

# %% figure=true
show_table(
    "classes",
    {
        "a sigmoid each": measured(networks["RoI Align"])[1],
        "softmax": measured(competing, sigmoid=False)[1],
    },
    corner="classes in a mask",
);

# %% [markdown]
# *What to see:* the boxes hardly notice, AP50 {n}`classes.a sigmoid each.box AP50:.2f` and {n}`classes.softmax.box AP50:.2f`. The masks do: {n}`classes.softmax.mask AP50:.2f` with a softmax, {n}`classes.a sigmoid each.mask AP50:.2f` without. With it a branch that is not sure whether this is a cow or a sheep gives each of them a part of the pixel, and the background wins. The class branch has decided that already, for the whole region. In the paper it is 24.8 against 30.3 (table 2b).
# <!-- holds: classes.a sigmoid each.mask AP50 > classes.softmax.mask AP50 + 0.04; classes.a sigmoid each.box AP50 - classes.softmax.box AP50 < 0.1; classes.softmax.box AP50 - classes.a sigmoid each.box AP50 < 0.1 -->
#
# ## The same head for joints
#
# What draws a mask can draw anything that is a picture over a box. Chapter 5's heat maps, for example: J channels instead of K, and in each a single cell that is right, the one in which the keypoint lies. That is a question with 14 · 14 answers, so a softmax over the *cells* of a map is in its place.
#
# The convolutions, trained on masks, stay as they are, and only a new branch learns, in the animals' own boxes.

# %% train=true
def cells_of_joints(keypoints: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """In which cell of its box's grid each joint (n, J) lies, and which are there and in the box."""
    corner, size = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    place = ((keypoints[..., :2] - corner) / size * side).floor().long()  # as x, y
    counts = (keypoints[..., 2] > 0) & ((place >= 0) & (place < side)).all(dim=-1)
    return (place[..., 1] * side + place[..., 0]).clamp(0, side * side - 1), counts


def loss_of_joints(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    """Cross-entropy over the cells of each heat map."""
    network.body.eval()
    with torch.no_grad():
        cells = network.body(images).float()
    logits = network.draw(cells, [target["boxes"] for target in targets]).flatten(2)
    boxes, joints = (torch.cat([target[name] for target in targets]) for name in ("boxes", "keypoints"))
    wanted, counts = cells_of_joints(joints, boxes, 14)
    if not counts.any():
        return logits.sum() * 0
    return F.cross_entropy(logits[counts], wanted[counts])


torch.manual_seed(1)
pointing = MaskRCNNNetwork(4, aligned_cut, outputs=len(KEYPOINTS))
pointing.body.load_state_dict(fine.body.state_dict())
fit(pointing, loss_of_joints, train_set, steps=STEPS // 2, batch_size=8);

# %% figure=true
@torch.no_grad()
def joints_of(network: nn.Module, image: Tensor, boxes: Tensor) -> Tensor:
    """The middle of the surest cell for each joint (n, J, 2), in pixels."""
    best = network.draw(network.body(image[None]), [boxes]).flatten(2).argmax(dim=-1)
    place = torch.stack([best % 14, best // 14], dim=-1) + 0.5
    return boxes[:, None, :2] + place / 14 * (boxes[:, None, 2:] - boxes[:, None, :2])


pointing.eval().cpu()
there = [(image, target) for image, target in scenes if len(target["boxes"])]
pointed = torch.cat([joints_of(pointing, image, target["boxes"]) for image, target in there])
truth = torch.cat([target["keypoints"] for _, target in there])
boxes = torch.cat([target["boxes"] for _, target in there])
middle = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None].expand_as(pointed)
scale, visible = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1), truth[..., 2] > 0
show_table(
    "joints",
    {
        name: {
            f"within {share:.0%} of the box": float(share_near_enough(points, truth[..., :2], visible, scale, share))
            for share in (0.1, 0.2)
        }
        for name, points in {"the branch": pointed, "always the box's middle": middle}.items()
    },
    corner="joints found (PCK)",
    formats={"within 10% of the box": ".0%", "within 20% of the box": ".0%"},
)
single = [
    (image, target) for image, target in there if len(target["boxes"]) == 1 and (target["keypoints"][..., 2] > 0).all()
][:4]
show_poses(
    torch.stack([image for image, _ in single]),
    {
        "truth": torch.cat([target["keypoints"][..., :2] for _, target in single]),
        "the branch": torch.cat([joints_of(pointing, image, target["boxes"]) for image, target in single]),
    },
    SKELETON,
    torch.cat([target["keypoints"][..., 2] > 0 for _, target in single]),
);

# %% [markdown]
# *What to see:* the branch finds {n}`joints.the branch.within 20% of the box:.0%` of the joints to within a fifth of the animal's longer side, and {n}`joints.the branch.within 10% of the box:.0%` to within a tenth. Who always says the middle of the box finds {n}`joints.always the box's middle.within 20% of the box:.0%`. Below, four animals that stand alone. All that is new are the number of channels and the loss. The paper draws joints on 56 × 56 cells instead of 28 × 28, as a joint is a point and no area.
# <!-- holds: joints.the branch.within 20% of the box > joints.always the box's middle.within 20% of the box + 0.3; joints.the branch.within 10% of the box > 0.3 -->
#
# ## What it cost, and what comes next
#
# The paper's numbers on COCO (He and others, 2017, tables 1 to 4):
#
# | | AP |
# | --- | --- |
# | masks, ResNet-101 with a pyramid | 35.7 |
# | the same network's boxes, without the mask branch | 37.3 |
# | the same network's boxes, with it | 38.2 |
# | masks, ResNet-50, stride 16: RoI Pool | 26.9 |
# | the same with RoI Align | 30.3 |
# | the same with RoI Align, and a softmax over classes | 24.8 |
# | people's keypoints, ResNet-50 with a pyramid | 62.7 |
#
# Boxes get better when masks are learnt beside them: five losses train one set of convolutions. And the whole takes five images a second, nearly as fast as Faster R-CNN, for the branch draws a hundred small pictures and no large one.
#
# That is the last network of this story: from a classifier that slid over a picture to one that finds, names and draws everything in one go. Each of its parts you have built: convolutions that slide (1), skips and upsampling (2 to 4), boxes and losses (5), IoU, suppression and AP (6), proposals (7), a region of a map (8), anchors (9), and now a grid that is not rounded. In chapter 12 it is your turn: **your own detector**, measured on scenes that nobody has seen.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train mask-rcnn --budget 5m` trains a model that is put together from the same pieces.
#
# ### Further reading
#
# - He, Gkioxari, Dollár & Girshick, *Mask R-CNN*, ICCV 2017.
# - Dai, He & Sun, *Instance-aware Semantic Segmentation via Multi-task Network Cascades*, CVPR 2016: RoI Warp, which interpolates but still rounds.
# - Li, Qi, Dai, Ji & Wei, *Fully Convolutional Instance-aware Semantic Segmentation*, CVPR 2017: the other way, masks from maps that know where in a box they are.
# - Kirillov, Wu, He & Girshick, *PointRend: Image Segmentation as Rendering*, CVPR 2020: a finer grid only where it is needed, on the edge.
# - Jaderberg, Simonyan, Zisserman & Kavukcuoglu, *Spatial Transformer Networks*, NeurIPS 2015: bilinear sampling with gradients for the points, too.
