# %% [markdown]
# # 9 · Faster R-CNN
# ## Learn where to look

# %% picture="asked_everywhere"

# %% [markdown]
# *What to see:* on the left one place of the map, and the nine boxes about which the network is asked there: three sizes, three shapes. They are called **anchors**. In the middle what they learn at all places: a few lie on an animal and are positive, drawn bold; nearly all lie on none, and of those every sixtieth is drawn, as a thin line. On the right what that is for, drawn here near the animals' own boxes: proposals, as a
# network makes them that has learnt to answer.
#
# Chapter 8 ended with a scene for which everything that was learnt took a few milliseconds, and the search for proposals ten times as long. Selective search knows nothing of animals. It knows colours. It cannot learn, and it runs on a CPU. And all the while a map lay there from which a small network could say where something might be.
# **Can the network propose its own regions?**
#
# Ren, He, Girshick and Sun (2015) let it: *Faster R-CNN* is Fast R-CNN with a **region proposal network** in front, on the same map. This chapter builds it whole. You write the anchors, what each of them learns, the loss, and the way from thousands of boxes to a hundred; then you train it jointly and in the paper's four steps, and see what became of the search.
#
# You need chapters 6 to 8: IoU and suppression, offsets, RoI pooling. Seven exercises, 45 points: they take about two and a half hours, and with reading and training the chapter takes four.

# %%
import time
from collections.abc import Sequence

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torchvision.ops import box_area, nms
from torchvision.ops import clip_boxes_to_image as clip_boxes

from course.anchors import (
    anchors_of_a_map,
    anchors_of_a_place,
    best_proposals,
    boxes_to_learn,
    cost_of_anchors,
    half_and_half,
    levels_of,
    recall_by_count,
)
from course.checking import check, chosen, hint
from course.detection import mean_ap
from course.farm import CLASSES, Farm
from course.growing import selective_search
from course.pieces import as_bytes
from course.plotting import show_boxes, show_curves, show_detections, show_images
from course.proposals import moved_by, offsets_to, taken_for
from course.roi import as_regions, class_and_box_loss
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## A question at every place
#
# Slide a small network over the map, as in chapter 1: at each place it sees 3 × 3 cells. What should it say? *Is there an object here, and where does it end?* One box a place is not enough, for at one place there may be a cow, and in front of it a chicken. And a box from nothing is hard to learn: chapter 5's network had to say four numbers of an animal that could be anywhere.
#
# So each place gets $k$ boxes in advance, of a few sizes and shapes, and the network answers for each: is it nearly an object, and which offsets lead from it to the object? The offsets are those of chapter 7. A question about a box that is nearly right is an easy question.
#
# The widget shows a map with a visible stride. It asks for a prediction first. Then choose a place, look at its anchors, and drag the animal. **Can you place it so that no anchor reaches the upper threshold? Which anchor is positive then, and why?**

# %% widget="Anchors"

# %% [markdown]
# Whatever the object, at least one anchor is positive: its best one, even below the threshold. Otherwise there would be animals from which nobody learns. How often that would happen you will count below.
#
# And the counter: some positives, and hundreds of negatives. We will have to do something about that, too.

# %% [markdown] exercise="base_anchors"
# The **anchors of one place**: boxes around 0, every size in every shape. A ratio is height over width, and the area stays the size's square, whatever the ratio:
#
# $$\frac{h}{w} = \text{ratio} \qquad w \cdot h = \text{size}^2 \qquad \text{anchor} = \operatorname{round}\!\left(-\frac w2,\ -\frac h2,\ \frac w2,\ \frac h2\right)$$
#
# | | | |
# | --- | --- | --- |
# | `sizes` | list or tuple of S numbers | the side of a square of the anchor's area, in pixels; ints or floats greater than 0, in any order; S is at least 1 |
# | `aspect_ratios` | list or tuple of R numbers | height / width; ints or floats greater than 0, in any order; R is at least 1 |
# | returns | (R · S, 4) | float32 boxes (x1, y1, x2, y2) with their centre at 0 |
#
# - First all sizes with the first ratio, in their order, then all sizes with the second, and so on.
# - The corners are rounded to whole numbers, and nothing before them: not the sides, not the sizes. **Halves go to the even number**, 2.5 to 2 and −1.5 to −2, as `torch.round` and Python's `round` have it.
# - Half a side may be rounded to 0; then the anchor has no area.
#
# Both inputs are left alone. torchvision's `AnchorGenerator`, the rest of `torchvision.models.detection` and `kornia` are not allowed.

# %% check="base_anchors"

# %% [markdown]
# The paper has sizes of 128, 256 and 512 pixels, for images with a shorter side of 600. An anchor of 512 × 512 is larger than what the small network has in view at one place, which over VGG16 is 228 pixels wide. May one ask about a box of which one sees only the middle? It works: who sees the middle of a cow can guess how far it goes.

# %% [markdown] exercise="grid_anchors"
# Put the anchors of one place at **every place of a feature map**. At row $i$ and column $j$ each of them is moved by
#
# $$(x, y) = (j \cdot sx,\ i \cdot sy)$$
#
# so that at the first place, $i = j = 0$, the anchors stand as they came: no half cell is added.
#
# | | shape | |
# | --- | --- | --- |
# | `feature_size` | pair (h, w) of ints | rows and columns of the map; either may be 0 |
# | `stride` | pair (sy, sx) of ints | pixels of the image from row to row and from column to column, at least 1; the two may differ |
# | `base` | (A, 4) | floating point, boxes (x1, y1, x2, y2) in pixels, not always around 0, corners not always whole numbers; A is at least 1; not always contiguous |
# | returns | (h · w · A, 4) | dtype of `base` |
#
# - The places go row by row, from left to right, and the A anchors of one place stand next to each other, in the order of `base`.
# - A box moves as a whole. It may reach out of the image: nothing is cut off or left out here.
# - A map without rows or without columns has no anchors: the result is (0, 4).
#
# `base` is left alone. torchvision's `AnchorGenerator`, the rest of `torchvision.models.detection` and `kornia` are not allowed.

# %% check="grid_anchors"

# %% [markdown]
# How good are anchors by themselves, before anything has learnt? Of each animal take the anchor that covers it best. **Predict:** what is its IoU on average? And how many animals have none with an IoU of at least 0.7?

# %% figure=true
SIZES, RATIOS = (12, 20, 32), (0.5, 1.0, 2.0)
scenes = list(Farm(by_tier(100, 400), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]
shown = 5
rows = {}
for name, (sizes, ratios) in {
    "one size, one shape": ((20,), (1.0,)),
    "one size, three shapes": ((20,), RATIOS),
    "three sizes, one shape": (SIZES, (1.0,)),
    "three sizes, three shapes": (SIZES, RATIOS),
}.items():
    every = anchors_of_a_map((16, 16), (4, 4), anchors_of_a_place(sizes, ratios))
    best = torch.cat(
        [torchvision.ops.box_iou(target["boxes"], every).amax(dim=1) for target in targets]
    )
    rows[name] = {
        "anchors": len(every),
        "mean IoU of the best": float(best.mean()),
        "animals above a half": float((best >= 0.5).float().mean()),
        "animals above seven tenths": float((best >= 0.7).float().mean()),
    }
show_table(
    "anchors",
    rows,
    corner="a map of 16 × 16 places",
    formats={"animals above a half": ".0%", "animals above seven tenths": ".0%"},
)

# %% [markdown]
# *What to see:* with nine anchors a place, {n}`anchors.three sizes, three shapes.anchors:,.0f` in a scene, the best one of an animal has a mean IoU of {n}`anchors.three sizes, three shapes.mean IoU of the best:.2f`, and {n}`anchors.three sizes, three shapes.animals above a half:.0%` of the animals have one above a half. Selective search, with its hundred boxes, covers about as many at a half, and more at seven tenths, but it has looked at the picture. The anchors are the
# same for every picture. Only {n}`anchors.three sizes, three shapes.animals above seven tenths:.0%` have one above 0.7, and only {n}`anchors.one size, one shape.animals above seven tenths:.0%` with a single anchor a place. That is what the offsets are for.
# <!-- holds: anchors.three sizes, three shapes.animals above a half > 0.9; anchors.three sizes, three shapes.animals above seven tenths < 0.75; anchors.three sizes, three shapes.animals above seven tenths > anchors.one size, one shape.animals above seven tenths + 0.2;
#      anchors.three sizes, three shapes.mean IoU of the best > anchors.one size, one shape.mean IoU of the best + 0.08 -->
#
# Do boxes keep their anchor's shape, then? No. An anchor is where the question starts. Width and height are moved separately, and a square may become any rectangle.
#
# The same anchors stand at every place, and the same weights answer for them. So a cow that moves by a cell is found by the same numbers, one cell further; an earlier method, MultiBox, had 800 anchors for the whole picture, and each had to learn its own cows.

# %% [markdown]
# ## Positive, negative, neither
#
# What does each anchor learn? With $u$ its best IoU with an object:
#
# - **positive** if $u \ge 0.7$: it learns that there is an object, and the offsets to it;
# - **negative** if $u < 0.3$: it learns that there is none;
# - in between **neither**. Half of a cow is in it. To call it background would be false, and to call it a cow, too. It is left out.
#
# And one rule more. For each object, the anchor that covers it best is positive, *whatever its IoU*. It learns the object that covers *it* best; in a herd that may be another than the one for whose sake it became positive.

# %% [markdown] exercise="match_anchors"
# What does each anchor **learn**? One of the boxes, that it is background, or nothing. With $u$ the highest of an anchor's IoUs, over all boxes:
#
# $$\text{match} = \begin{cases} \text{the index of the box of } u & \text{where } u \ge \text{high} \\ -1 \ (\text{background}) & \text{where } u < \text{low} \\ -2 \ (\text{nothing}) & \text{in between} \end{cases}$$
#
# A small or a very long box may have no anchor with an IoU of `high`, and nobody would learn it. So with `allow_low_quality` the best anchors of each box are positive as well, however low their IoU is.
#
# | | shape | |
# | --- | --- | --- |
# | `iou` | (G, A) | floating point, from 0 to 1: the overlap of each box (a row) with each anchor (a column); G and A are at least 1; not always contiguous |
# | `high` | float | from here on an anchor is positive; 0.7 where it is not given |
# | `low` | float | below it an anchor is background, low ≤ high; 0.3 where it is not given |
# | `allow_low_quality` | bool | True where it is not given |
# | returns | (A,) | int64: for each anchor the index of its box, from 0 up, or −1, or −2 |
#
# - An IoU of exactly `high` is positive, and one of exactly `low` is no background. Where the two thresholds are the same number, nothing lies between; with a `low` of 0 there is no background.
# - Where an anchor has the same highest IoU with several boxes, the box with the lowest index counts.
# - With `allow_low_quality`, look at each box: what is its highest IoU with any anchor? **Every** anchor that reaches exactly this number with it is positive, be it one or several that are equal, whether $u$ is below `low` or in between. (Compare with `==`: what is only nearly equal does not reach it. In float64 that may be a difference of 1e-9.)
# - Such an anchor keeps **its own** best box, the one of $u$. If it lies better on another box than on the one that it is the best for, it learns the other one. The box that needed it may go without an anchor then, and that is how torchvision does it, too.
# - The highest IoU of a box that no anchor overlaps is 0, and every anchor reaches that. So all of them are positive: those that overlap another box learn their best one, and those that overlap none the box with index 0, the lowest of equal ones. (This is torchvision's rule again. It hardly ever happens, as anchors cover the whole image.)
# - Without `allow_low_quality` the three lines of the formula are all there is, and a box may go without an anchor.
#
# `iou` is left alone. Every way to compute it is a right one, loops too; but torchvision's detection code, with its `Matcher`, and kornia are not allowed.

# %% check="match_anchors"

# %% [markdown]
# Now count, on real scenes. **Predict:** of {n}`anchors.three sizes, three shapes.anchors:,.0f` anchors in a scene, which has two or three animals in the mean, how many are positive?

# %% figure=true
every = anchors_of_a_map((16, 16), (4, 4), anchors_of_a_place(SIZES, RATIOS))


def learnt_by(target: dict, rule: bool = True) -> Tensor:
    """Which object each anchor learns; in a scene without animals all learn that there is none."""
    if not len(target["boxes"]):
        return torch.full((len(every),), -1)
    return boxes_to_learn(torchvision.ops.box_iou(target["boxes"], every), allow_low_quality=rule)


rows = {}
for name, rule in {"with the rule": True, "without it": False}.items():
    found = [learnt_by(target, rule) for target in targets]
    unasked = sum(
        int((matches != animal).all())
        for matches, target in zip(found, targets)
        for animal in range(len(target["boxes"]))
    )
    kinds = torch.cat(found)
    rows[name] = {
        "positive": float((kinds >= 0).sum()) / len(scenes),
        "neither": float((kinds == -2).sum()) / len(scenes),
        "negative": float((kinds == -1).sum()) / len(scenes),
        "animals without a positive": unasked / sum(len(target["boxes"]) for target in targets),
    }
show_table(
    "kinds",
    rows,
    corner="anchors, mean of a scene",
    formats={
        "positive": ".1f",
        "neither": ".0f",
        "negative": ",.0f",
        "animals without a positive": ".0%",
    },
)

# %% [markdown]
# *What to see:* {n}`kinds.with the rule.positive:.0f` positives stand against {n}`kinds.with the rule.negative:,.0f` negatives. Without the last rule, {n}`kinds.without it.animals without a positive:.0%` of the animals would have no positive anchor at all, and the network would never be told of them. With it none is left over here. It could happen: an animal's best
# anchor may lie even better on another animal, and learn that one.
# The paper leaves out all anchors that reach over the image's edge while it trains, two thirds of them, and says that training does not converge otherwise. Here they stay in, as in torchvision's code.
# <!-- holds: kinds.with the rule.positive < 15; kinds.with the rule.negative > 1500; kinds.without it.animals without a positive > 0.25; kinds.with the rule.animals without a positive < 0.08 -->

# %% [markdown] quiz="positive-at-a-half"
# An anchor has an IoU of 0.52 with a cat and of 0.1 with a cow, and it is positive. The thresholds are 0.7 and 0.3. How can that be?
#
# - [ ] 0.52 is more than a half, and that makes it positive — A half is the threshold of chapter 8's regions. Here 0.52 lies between the two thresholds.
# - [ ] The IoU with both is added up — Overlaps with different objects are never added; each anchor has one best object.
# - [x] No other anchor covers the cat better — The cat's best anchor is positive whatever its IoU, or nobody would learn of the cat.

# %% [markdown]
# ### Half and half
#
# Take all anchors into the loss, and the network has an easy way out. "There is nothing" is right for {n}`kinds.with the rule.negative / kinds.with the rule.positive:.0f` anchors to each one for which it is wrong. So a few are **drawn**: in the paper 256 an image, at most half of them positive, and negatives fill up the rest. Where there are few positives, as here, the sample is still mostly negative, but it is no longer hundreds to one.

# %% [markdown] exercise="sample_balanced"
# Nearly all anchors are background. **Draw a sample** in which positives have their share: some positives, and negatives for the rest.
#
# | | shape | |
# | --- | --- | --- |
# | `labels` | (A,) | int64: 1 positive, 0 negative, −1 neither; A may be 0; not always contiguous |
# | `batch_size` | int | how many are drawn at most, 1 or more; there may be fewer to draw from |
# | `positive_fraction` | float | from 0 to 1: which share of `batch_size` may be positives |
# | `priority` | (A,) | floating point, of any sign and size: who is drawn first; no two are equal; not always contiguous |
# | returns | (A,) | bool: True where an anchor is drawn |
#
# - There are at most `int(batch_size * positive_fraction)` positives: the product is rounded down. Of 7 with a share of a half that is 3, and of 3 with a quarter none at all.
# - Negatives fill the batch until there are `batch_size` of both together, or until no negative is left. So where positives are **missing**, negatives take their places; where negatives are missing, positives do *not*, and fewer than `batch_size` are drawn.
# - Of the positives those with the **lowest** priorities are drawn, and of the negatives those with the lowest of theirs. Two priorities may differ by so little that only float64 sees it.
# - What has the label −1 is never drawn, whatever its priority is.
# - There may be no positives, no negatives, neither, or no anchors at all.
#
# The priorities stand for chance: in training they are random numbers. The checks always give them, so that what is right does not hang on chance.
#
# Both tensors are left alone. Every way to compute it is a right one, loops too; but torchvision's detection code, with its `BalancedPositiveNegativeSampler`, and kornia are not allowed.

# %% check="sample_balanced"

# %% [markdown]
# ## What an anchor costs
#
# Two questions again, as in chapter 8: *is it an object*, a single logit, for there are only two answers, and *where*, four offsets. (The paper has two scores and a softmax there; one logit says the same with half the numbers.) The first is learnt by positives and negatives, the second by positives alone, since what is on no object leads nowhere.

# %% [markdown] exercise="rpn_loss"
# What do the proposals **cost**? Of A anchors some were sampled, and only these have a say: whether there is an object, by binary cross-entropy on the logits $x$, and where it is, by smooth L1:
#
# $$L_\text{obj} = \frac1n \sum_{a:\ \text{label}_a \ge 0} \operatorname{BCE}\bigl(\sigma(x_a),\ \text{label}_a\bigr)$$
#
# $$L_\text{box} = \frac1n \sum_{a:\ \text{label}_a = 1}\ \sum_{i=1}^{4} \operatorname{smooth}_{L1}\!\left(\text{deltas}_{a,\,i} - \text{targets}_{a,\,i}\right), \quad \beta = \tfrac19$$
#
# | | shape | |
# | --- | --- | --- |
# | `objectness` | (A,) | floating point: a logit for each anchor; not always contiguous |
# | `deltas` | (A, 4) | same dtype: the predicted offsets; not always contiguous |
# | `labels` | (A,) | int64: 1 for a sampled positive, 0 for a sampled negative, −1 for what was not sampled; at least one is 1 or 0; not always contiguous |
# | `targets` | (A, 4) | same dtype: the offsets that positives should have; not always contiguous |
# | returns | two tensors without dimensions | objectness, box, in the dtype of `objectness`; gradients flow back to `objectness` and `deltas` |
#
# - $n$ is the number of *sampled* anchors, positives and negatives together, in any mixture. Both losses are divided by it, also that of the boxes, whose four numbers are summed.
# - Only positives pay for a box. Where there is none, the loss of the boxes is 0.
# - Rows labelled −1 have no say in anything, and their gradients are 0. They hold any finite numbers, also very large ones; so do `deltas` and `targets` of negatives.
# - Logits may be some hundreds, of either sign, and the loss is still finite and exact.
# - No gradient is asked with respect to `targets`. Where gradients are asked, no logit is 0.
#
# All inputs are left alone. `F.binary_cross_entropy_with_logits` and `F.smooth_l1_loss` are allowed, and so is your own `smooth_l1`; `torchvision.models.detection` is not allowed.

# %% check="rpn_loss"

# %% [markdown]
# Together with the two of chapter 8 there are **four losses** now: objectness and offsets of the anchors, class and offsets of the regions. They are simply added. Each moves its own layers, and all four move the convolutions.
#
# The paper divides its second loss by the number of places and puts a weight of 10 before it. With 2,400 places and 256 anchors drawn this comes to about the same.

# %% [markdown] quiz="three-losses"
# In a training you forget the loss of objectness and add up only the other three. What happens?
#
# - [ ] Nothing much, since the classes are learnt by the second stage — The second stage sees only what is proposed to it.
# - [x] The offsets are learnt, but which boxes are proposed is left to chance, so the second stage gets regions from anywhere — Proposals are ranked by objectness. Nothing else teaches it: no gradient comes back through the choice of the best.
# - [ ] The network proposes every anchor — The number of proposals is fixed; the question is which ones.

# %% [markdown]
# ## From thousands to a hundred
#
# Each anchor, moved by its offsets, is a box with a logit. The second stage is to see a hundred of them. Neighbouring anchors that lie on the same cow lead to nearly the same box; so suppression goes over them, as in chapter 6. There is an order in this that matters. **Predict** what would be different if suppression came first, and the cut to the best after it.

# %% [markdown] exercise="filter_proposals"
# Which boxes go on to the second stage? Of all boxes of one image, filter out the **proposals**, in this order, each step on what the last one left:
#
# 1. the best `pre_nms_top_n` by objectness stay; where there are fewer, all of them;
# 2. each is clipped to the image;
# 3. of those stay the ones whose width *and* height are at least `min_size`;
# 4. suppression, as in chapter 6: the best is kept, and what overlaps it with an IoU *greater* than `nms_threshold` is dropped, then the best of the rest, and so on; a dropped box drops no other;
# 5. of those the best `post_nms_top_n` are returned; where there are fewer, all of them.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (A, 4) | floating point, (x1, y1, x2, y2) in pixels with x1 < x2 and y1 < y2, in any order, maybe in part or altogether outside the image; A may be 0; not always contiguous |
# | `objectness` | (A,) | same dtype: their logits, of either sign; not always contiguous |
# | `image_size` | pair (H, W) | in pixels: x ends at W, y at H |
# | `pre_nms_top_n` | int | at least 1, maybe more than A |
# | `post_nms_top_n` | int | at least 1 |
# | `nms_threshold` | float | 0 … 1; 0.7 where it is not given |
# | `min_size` | float | in pixels, above 0; 0.001 where it is not given |
# | returns | (P, 4), (P,) | boxes, clipped, and scores, the sigmoid of their logits; best first; dtype of `boxes` |
#
# - The order matters. A box that turns out to be outside, too small or dropped *has taken a place* of `pre_nms_top_n`, and nobody else gets it; of `post_nms_top_n` it takes none. A box that is too small drops no other.
# - What lies outside altogether is clipped to a box without area, and is too small then.
# - No two logits are equal, nor are their sigmoids. In float64 two logits may differ by less than float32 can see.
# - A side of exactly `min_size` stays, and so does an IoU of exactly the threshold. A low score is no reason to go.
# - Where nothing is left, the results are empty: (0, 4) and (0,).
# - No gradient is asked.
#
# All inputs are left alone. `torchvision.ops` is allowed here, with `nms`, `clip_boxes_to_image` and `remove_small_boxes`, and so is your own `nms`: what is asked is which comes when. `torchvision.models.detection` and other libraries that have the whole filter ready are not allowed.

# %% check="filter_proposals"

# %% [markdown]
# Suppression compares each box with every other one. With 20,000 anchors, as in the paper's images, that would be 200 million pairs, so only the best go in: in testing 6,000 in the paper's code and 1,000 of each map in torchvision's, in training twice as many.
#
# **Gradients stop here.** The second stage's loss depends on the corners of its proposals, too; through them it could tell the first stage where to put them. RoI pooling rounds the corners and passes nothing back, and neither does torchvision's RoI Align, which comes later. So proposals are numbers, and the first stage learns by its own two losses. The paper calls this *approximate* joint training.

# %% [markdown]
# ## Small and large
#
# One map for chickens and barns? On a fine map a large animal is spread over many cells, of which none sees it whole. On a coarse one a small animal is less than a cell. A **feature pyramid** (Lin and others, 2017) makes maps with strides of 4, 8, 16 and 32 out of one network, and adds to each finer one what the coarser knows.
#
# Then each map needs anchors of one size only. And each region is cut out of one of the maps: a large one from a coarse map, a small one from a fine one, so that on its own map every region has about as many cells.

# %% [markdown] exercise="assign_levels"
# From **which map of the pyramid** is a region cut? A box of w × h pixels belongs to level
#
# $$\left\lfloor \text{canonical\_level} + \log_2 \frac{\sqrt{w \cdot h}}{\text{canonical\_size}} + 10^{-6} \right\rfloor \quad\text{clamped to first … last}$$
#
# (Lin et al., 2017, equation 1). The millionth is torchvision's: with it no rounding takes a box that is exactly on a step to the level below.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (R, 4) | floating point, (x1, y1, x2, y2) in pixels with x1 ≤ x2 and y1 ≤ y2; coordinates may be negative; R may be 0; not always contiguous |
# | `first` | int | the finest level that there is, 0 or more; 2 where it is not given |
# | `last` | int | the coarsest, at least `first`; 5 where it is not given |
# | `canonical_size` | int or float | the size, in pixels, with which the canonical level begins; 224 where it is not given |
# | `canonical_level` | int | 4 where it is not given; it need not be one of `first` … `last` |
# | returns | (R,) | int64: the level itself, `first` … `last`, not counted from `first` |
#
# - The area counts, not a side: 56 × 224 pixels are as large as 112 × 112. The width is x2 − x1, without + 1.
# - A level begins exactly on its step: with what is given by default, 112 × 112 is on level 3, 224 × 224 on level 4, and 223 × 223 still on level 3. No box of a case is so near a step, without being on it, that float32 could not tell.
# - A box that is too small for `first` belongs to `first`, one that is too large for `last` to `last`.
# - A box without area belongs to `first`.
#
# `boxes` is left alone. `torchvision.ops.box_area` is allowed; torchvision's `LevelMapper`, `MultiScaleRoIAlign`, the rest of `torchvision.ops.poolers` and of `torchvision.models.detection`, and `kornia` are not allowed.

# %% check="assign_levels"

# %% [markdown]
# This is how the pyramid is built. A 1 × 1 convolution brings each map to the same number of channels; going from coarse to fine, what is known so far is enlarged and added; a 3 × 3 convolution smooths it.

# %% given="solutions.faster_rcnn.backbones:FeaturePyramid"

# %% [markdown]
# Our scenes are small, and the animals in them of similar size, so that below a single map is enough: with a stride of 4, as in chapter 8. In a checkout of the course the pyramid on a ResNet-50 lies under `solutions/faster_rcnn/`. It loads torchvision's weights and gives its numbers.
#
# ## Whose shall they be?
#
# As it stands, the next cell takes the course's own. Write `"mine"`, and each of yours takes its place if its check is all right. A loop is a right answer, but `match_anchors`, `sample_balanced` and `filter_proposals` are asked for each scene of each step: leave a slow one to the course for the training.

# %%
parts = chosen(
    "the course's",
    base_anchors=anchors_of_a_place,
    grid_anchors=anchors_of_a_map,
    match_anchors=boxes_to_learn,
    sample_balanced=half_and_half,
    rpn_loss=cost_of_anchors,
    filter_proposals=best_proposals,
    assign_levels=levels_of,
)

# %% [markdown]
# First the anchors of one place, and the levels. **Predict** for the table: if all scenes were twice as large, from which levels would the animals come?

# %% figure=true
base = parts.base_anchors(SIZES, RATIOS)
anchors = parts.grid_anchors((16, 16), (4, 4), base)
place = 9 * (16 * 8 + 8)
show_boxes(images[shown], anchors[place : place + 9]);

# %% figure=true
boxes = torch.cat([target["boxes"] for target in targets])
rows = {}
for times in (1, 2, 4, 8):
    levels = parts.assign_levels(boxes * times, 2, 5, 224, 4)
    rows[f"{64 * times} × {64 * times} pixels"] = {
        f"level {level}": float((levels == level).float().mean()) for level in range(2, 6)
    }
show_table(
    "levels",
    rows,
    corner="share of the animals",
    formats={f"level {level}": ".0%" for level in range(2, 6)},
);

# %% [markdown]
# *What to see:* above, the nine anchors of the place in row 8 and column 8 of the map. Here all lie in the scene; at its edges some reach out. Below, level k has a stride of 2ᵏ pixels. In our scenes of 64 × 64 all animals come from level 2, the finest. In scenes eight times as large {n}`levels.512 × 512 pixels.level 3:.0%` come from level 3 and {n}`levels.512 × 512 pixels.level 4:.0%` from level 4. At twice the size all still come from level 2: an animal twice as large comes from one level up, unless it is still too small for level 3.
# <!-- holds: levels.64 × 64 pixels.level 2 > 0.99; levels.512 × 512 pixels.level 3 > 0.2; levels.512 × 512 pixels.level 4 > 0.1 -->
#
# ## One network
#
# The convolutions, RoI pooling and the two layers with their two heads are those of chapter 8.

# %% given="solutions.rcnn.detector:RegionNetwork" folded=true

# %% given="solutions.fast_rcnn.detector:RegionHead" folded=true

# %% [markdown]
# New is this: a 3 × 3 convolution slides over the map, and at each place two of 1 × 1 say a logit and four offsets for each anchor. The order of its answers must be that of `grid_anchors`.

# %% given="solutions.faster_rcnn.rpn:at_least_single" folded=true

# %% given="solutions.faster_rcnn.rpn:ProposalHead"

# %%
class FasterRCNNNetwork(nn.Module):
    """Convolutions that are shared, what proposes on their map, and what judges regions cut from it."""

    def __init__(self, num_classes: int, anchors_a_place: int = 9) -> None:
        super().__init__()
        seen = RegionNetwork(num_classes)
        self.body = seen.pooled[:-2]  # as in chapter 8: a cell for 4 × 4 pixels
        self.rpn = ProposalHead(64, anchors_a_place)
        self.head = RegionHead(seen.num_pooled, seen.num_features, num_classes)

    def judge(self, cells: Tensor, boxes: list) -> tuple[Tensor, Tensor]:
        """Logits (R, K) and deltas (R, 4K) of the `boxes` of each image, cut from its map."""
        regions = as_regions([own.to(cells) for own in boxes])
        return self.head(torchvision.ops.roi_pool(cells.to(regions), regions, (4, 4), 1 / 4))


# %% [markdown]
# Two functions say what the two stages cost. Read how each piece comes to its place: `match_anchors`, `sample_balanced`, and then the offsets of those that are positive.

# %% train=true
# Of the regions' offsets, which are small: they begin at proposals. The anchors' begin far off.
WEIGHTS = (10.0, 10.0, 5.0, 5.0)


def taught(target: dict, count: int = 64) -> tuple[Tensor, Tensor]:
    """What an image's anchors learn: 1, 0 or −1 for not drawn, and the positives' offsets."""
    device, goals = target["boxes"].device, torch.zeros_like(anchors)
    boxes = target["boxes"].cpu()
    labels = torch.zeros(len(anchors), dtype=torch.int64)  # where there is no animal, all are negative
    if len(boxes):
        matches = parts.match_anchors(torchvision.ops.box_iou(boxes, anchors))
        labels = torch.where(matches >= 0, 1, torch.where(matches == -1, 0, -1))
        positive = matches >= 0
        goals[positive] = offsets_to(boxes[matches[positive]], anchors[positive])
    sampled = parts.sample_balanced(labels, count, 0.5, torch.rand(len(labels)))
    return torch.where(sampled, labels, -1).to(device), goals.to(device)


def loss_of_anchors(logits: Tensor, deltas: Tensor, targets: list) -> tuple[Tensor, Tensor]:
    """Objectness and offsets of the anchors of all images."""
    labels, goals = zip(*(taught(target) for target in targets))
    return parts.rpn_loss(
        logits.flatten(), deltas.flatten(0, 1), torch.cat(labels), torch.cat(goals)
    )


def drawn(target: dict, proposals: Tensor, count: int = 64) -> tuple[Tensor, Tensor, Tensor]:
    """As in chapter 8: some regions of an image, at most a quarter on an object."""
    boxes = torch.cat([target["boxes"], proposals.to(target["boxes"])])  # an object is a good proposal
    labels, matched = taken_for(boxes, target["boxes"], target["labels"])
    (on,), (off,) = torch.where(labels > 0), torch.where(labels == 0)
    on = on[torch.randperm(len(on))[: count // 4].to(on.device)]
    off = off[torch.randperm(len(off))[: count - len(on)].to(off.device)]
    goals = torch.cat([target["boxes"][matched[on]], boxes[off]])
    some = torch.cat([on, off])
    return boxes[some], labels[some], goals


def loss_of_regions(network: nn.Module, cells: Tensor, targets: list, proposals: list) -> tuple:
    """Class and offsets of some regions of each image."""
    boxes, labels, goals = zip(*(drawn(*pair) for pair in zip(targets, proposals)))
    wanted = offsets_to(torch.cat(goals), torch.cat(boxes), WEIGHTS)
    return class_and_box_loss(*network.judge(cells, boxes), torch.cat(labels), wanted)


@torch.no_grad()
def proposed(logits: Tensor, deltas: Tensor, first: int = 300, last: int = 100) -> list:
    """Of each image the best boxes, as numbers through which no gradient flows."""
    # On the CPU: it is little, and as quick there. In testing 1,000 go in, as in torchvision.
    return [
        parts.filter_proposals(moved_by(moves, anchors), own, (64, 64), first, last)[0]
        for own, moves in zip(logits.float().cpu(), deltas.float().cpu())
    ]


# %% [markdown]
# **Jointly**: one look, four losses, one step. In the first hundred steps the proposals are worth nothing. **Predict** how the four losses go: which falls first, and which one first *rises*?

# %% train=true
NAMES = ("objectness", "anchors' boxes", "classes", "regions' boxes")
four = {name: [] for name in NAMES}


def all_four(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    cells = network.body(images)
    logits, deltas = network.rpn(cells)
    first = loss_of_anchors(logits, deltas, targets)
    second = loss_of_regions(network, cells, targets, proposed(logits, deltas))
    for name, value in zip(NAMES, (*first, *second)):
        four[name].append(value.detach())
    return sum(first) + sum(second)


STEPS = by_tier(1500, 18000)
train_set = list(Farm(by_tier(400, 4000), seed=0))
seconds = {}
began = time.process_time()
torch.manual_seed(1)
joint = FasterRCNNNetwork(len(CLASSES), len(base))
fit(joint, all_four, train_set, steps=STEPS, batch_size=4)
seconds["jointly"] = time.process_time() - began

# %% figure=true
def smoothed(values: list, over: int = 60) -> tuple[Tensor, Tensor]:
    """Means of as many steps, each at the middle of them."""
    whole = torch.tensor([float(value) for value in values])
    over = max(1, min(over, len(whole) // 2))
    means = whole[: len(whole) // over * over].view(-1, over).mean(dim=1)
    return (torch.arange(len(means)) + 0.5) * over, means


show_curves({name: smoothed(values) for name, values in four.items()}, log=True)
means = {name: smoothed(values)[1] for name, values in four.items()}
show_table(
    "losses",
    {
        name: {
            "at first": float(own[0]),
            "highest": float(own.max()),
            "at the end": float(own[-1]),
        }
        for name, own in means.items()
    },
    corner="means of 60 steps",
    formats=dict.fromkeys(("at first", "highest", "at the end"), ".3f"),
);

# %% [markdown]
# *What to see:* objectness falls at once. From then on proposals begin to lie on animals. The regions' boxes cost {n}`losses.regions' boxes.at first:.2f` at first, rise to {n}`losses.regions' boxes.highest:.2f`, and only then fall: at the beginning hardly any region lies on an animal but the animals' own boxes, of which the offsets are 0. A loss that rises need not be a mistake: it has more to do now. And none of the four says how
# good the detector is.
# <!-- holds: losses.objectness.at first > 3 * losses.objectness.at the end; losses.classes.at first > 2 * losses.classes.at the end; losses.regions' boxes.highest > losses.regions' boxes.at first + 0.02 -->
#
# **In four steps**, which is how the paper trained at first. 1. Train a network that proposes. 2. With its proposals train another one that judges: Fast R-CNN, with convolutions of its own. 3. Take these convolutions, leave them as they are, and train a new proposing head on them. 4. With its proposals train the judging head once more. Now both share their convolutions.

# %% train=true
def costs_of(kind: str, frozen: bool):
    """A loss for `fit`: of "anchors" or of "regions" alone, with convolutions that learn or not."""

    def loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
        network.body.train(not frozen)
        with torch.set_grad_enabled(not frozen):
            cells = network.body(images)
        if kind == "anchors":
            return sum(loss_of_anchors(*network.rpn(cells), targets))
        given = [target["proposals"] for target in targets]
        return sum(loss_of_regions(network, cells, targets, given))

    return loss


@torch.no_grad()
def with_proposals(network: nn.Module, samples: list) -> list:
    """The same scenes, each target with the network's proposals."""
    network.eval().cpu()
    return [
        (image, {**target, "proposals": proposed(*network.rpn(network.body(image[None])))[0]})
        for image, target in samples
    ]


began = time.process_time()
torch.manual_seed(1)
finder, stepped = (FasterRCNNNetwork(len(CLASSES), len(base)) for _ in range(2))
stage = STEPS * 2 // 3
fit(finder, costs_of("anchors", False), train_set, steps=stage, batch_size=4)
found = with_proposals(finder, train_set)
fit(stepped, costs_of("regions", False), found, steps=stage, batch_size=4)
fit(stepped, costs_of("anchors", True), train_set, steps=stage, batch_size=4, seed=1)
found = with_proposals(stepped, train_set)
fit(stepped, costs_of("regions", True), found, steps=stage, batch_size=4, seed=1)
seconds["in four steps"] = time.process_time() - began

# %% [markdown]
# And Fast R-CNN as in chapter 8, with the proposals of selective search, from the same first weights and for as many steps.

# %% train=true
def propose(image: Tensor) -> Tensor:
    """Selective search, as in chapters 7 and 8."""
    return selective_search(as_bytes(image), (80,), min_side=4)


searched = [
    (image, {**target, "proposals": propose(image)}) for image, target in train_set
]
began = time.process_time()
torch.manual_seed(1)
fast = FasterRCNNNetwork(len(CLASSES), len(base))
fit(fast, costs_of("regions", False), searched, steps=STEPS, batch_size=4)
seconds["Fast R-CNN"] = time.process_time() - began

# %% [markdown]
# ## What it proposes
#
# Before you look at the table, **predict**: of the animals, how many do the *ten* best proposals of each find? Selective search ranks its boxes too, by the order in which they were merged and a little chance.

# %% figure=true
def proposals_of(network: nn.Module, image: Tensor, last: int = 100) -> Tensor:
    """The network's own proposals, the surest first."""
    with torch.no_grad():
        return proposed(*network.rpn(network.body(image[None])), first=1000, last=last)[0]


joint, stepped, fast = (network.eval().cpu() for network in (joint, stepped, fast))
torch.manual_seed(2)
untrained = FasterRCNNNetwork(len(CLASSES), len(base)).eval()
COUNTS = (10, 20, 50, 100, 300)
rankings = {
    "selective search": [propose(image) for image in images],
    "untrained": [proposals_of(untrained, image, 300) for image in images],
    "jointly": [proposals_of(joint, image, 300) for image in images],
    "in four steps": [proposals_of(stepped, image, 300) for image in images],
}
truth = [target["boxes"] for target in targets]
rows = {}
for name, ranking in rankings.items():
    recalls = recall_by_count(ranking, truth, COUNTS)
    rows[name] = {f"best {count}": recall for count, recall in zip(COUNTS, recalls)}
    (rows[name]["at seven tenths, best 100"],) = recall_by_count(ranking, truth, (100,), 0.7)
show_table(
    "recall",
    rows,
    corner="share of the animals found",
    formats=dict.fromkeys(rows["jointly"], ".0%"),
)
show_curves(
    {name: (list(range(1, 101)), recall_by_count(own, truth, range(1, 101))) for name, own in rankings.items()},
    x="proposals",
    y="recall at a half",
);

# %% [markdown]
# *What to see:* the ten surest proposals of the network find {n}`recall.jointly.best 10:.0%` of the animals, those of selective search {n}`recall.selective search.best 10:.0%`. With 50 it is {n}`recall.jointly.best 50:.0%` against {n}`recall.selective search.best 50:.0%`. Selective search has only about a hundred boxes for a scene, so that its columns for 100 and for 300 hardly differ. At an IoU of 0.7 the network's best hundred find
# {n}`recall.jointly.at seven tenths, best 100:.0%`, selective search's {n}`recall.selective search.at seven tenths, best 100:.0%`. Untrained, the same network is a blind choice among its anchors: {n}`recall.untrained.best 10:.0%` with ten. So **fewer proposals do**: the paper goes from 2,000 to 300.
# <!-- holds: recall.jointly.best 10 > recall.selective search.best 10 + 0.2; recall.jointly.best 50 > recall.selective search.best 50; recall.jointly.at seven tenths, best 100 > recall.selective search.at seven tenths, best 100; recall.untrained.best 10 < 0.5 * recall.jointly.best 10 -->

# %% figure=true
@torch.no_grad()
def surest(network: nn.Module, image: Tensor) -> Tensor:
    """At each place how sure the surest anchor is, drawn over the scene's size."""
    logits, _ = network.rpn(network.body(image[None]))
    each = logits.sigmoid().view(16, 16, -1).amax(dim=-1)
    return F.interpolate(each[None, None], scale_factor=4)[0].expand(3, -1, -1)


some = [index for index, target in enumerate(targets) if len(target["boxes"]) > 1][:4]
show_images(
    {f"scene {index}": images[index] for index in some}
    | {f"sure of it, {index}": surest(joint, images[index]) for index in some},
    columns=4,
);

# %% [markdown]
# *What to see:* bright is where one of the nine anchors is thought to be an object. The convolutions know *that* there is something before anybody asks *what*. The network learnt that from our animals alone, though: it may propose nothing on a tractor. Selective search would.

# %% [markdown]
# ## Which is better?
#
# Three networks of the same shape on the same scenes. **Predict** their order in AP50. And what did the four steps cost?

# %% figure=true
@torch.no_grad()
def detect(network: nn.Module, image: Tensor, boxes: Tensor) -> dict:
    """What is found among `boxes`: as in chapter 8."""
    logits, deltas = network.judge(network.body(image[None]), [boxes])
    moved = moved_by(deltas.view(len(boxes), -1, 4)[:, 1:].flatten(1), boxes, WEIGHTS)
    scores = logits.softmax(dim=1)[:, 1:]
    which, label = torch.where(scores > 0.05)
    found, sure = moved.view(len(boxes), -1, 4)[which, label].clamp(0, 64), scores[which, label]
    kept = torchvision.ops.batched_nms(found, sure, label, 0.3)[:100]
    return {"boxes": found[kept], "labels": label[kept] + 1, "scores": sure[kept]}


results = {
    "Fast R-CNN": [detect(fast, *pair) for pair in zip(images, rankings["selective search"])],
    "jointly": [detect(joint, image, proposals_of(joint, image)) for image in images],
    "in four steps": [detect(stepped, image, proposals_of(stepped, image)) for image in images],
    "jointly, 20 proposals": [detect(joint, image, proposals_of(joint, image, 20)) for image in images],
}
rows = {}
for name, found in results.items():
    rows[name] = {f"AP{level}": mean_ap(found, targets, level / 100) for level in (50, 75)}
    if name in seconds:
        rows[name]["CPU time in training"] = seconds[name] / max(seconds["jointly"], 1e-9)
show_table(
    "all", rows, corner="same scenes", formats={"CPU time in training": ".1f"}
);

# %% [markdown]
# *What to see:* at ½ the network with its own proposals is better, AP50 {n}`all.jointly.AP50:.2f` against {n}`all.Fast R-CNN.AP50:.2f` with selective search. Not because more animals are proposed: with a hundred boxes both miss only a few. The convolutions had two more losses to learn from, which may be a reason. At ¾ it is behind, {n}`all.jointly.AP75:.2f` against {n}`all.Fast R-CNN.AP75:.2f`, and not for lack of well-placed proposals, as the
# table above says. But a hundred learnt proposals crowd around each animal, and suppression keeps the surest of them, which need not be the best placed; with 20 of them AP75 is {n}`all.jointly, 20 proposals.AP75:.2f`, and AP50 still {n}`all.jointly, 20 proposals.AP50:.2f`. That is a part of it, not all.
# <!-- holds: all.jointly.AP50 > all.Fast R-CNN.AP50 + 0.02; all.jointly.AP75 < all.Fast R-CNN.AP75; all.jointly, 20 proposals.AP50 > all.jointly.AP50 - 0.1; all.jointly, 20 proposals.AP75 > all.jointly.AP75; recall.jointly.at seven tenths, best 100 > recall.selective search.at seven tenths, best 100 -->
#
# In four steps AP50 is {n}`all.in four steps.AP50:.2f`, after {n}`all.in four steps.CPU time in training:.1f` times joint training's time, which includes two rounds of proposing; in the last column Fast R-CNN's is without its search. Each of the four had two thirds of the joint training's steps, so that the judging head had a third more than there. The proposing head begins anew in the third step, and had a third less. The paper found results that are close to each other, too, and that joint training saves a quarter to a half of the time. Here
# the joint one is even ahead. One reason may be that its convolutions learn from all four losses at once, and those of the four steps only from what Fast R-CNN needs.
# <!-- holds: all.in four steps.CPU time in training > 1.05; all.in four steps.AP50 < all.jointly.AP50; all.in four steps.AP50 > all.jointly.AP50 - 0.12 -->

# %% figure=true
confident = [
    {name: values[one["scores"] > 0.5] for name, values in one.items()} for one in results["jointly"]
]
show_detections(
    [images[index] for index in some] * 2,
    [targets[index] for index in some] + [confident[index] for index in some],
    CLASSES,
    ["truth"] * 4 + ["Faster R-CNN"] * 4,
);

# %% [markdown]
# *What to see:* above the truth, below what has a score above ½. Look for an animal that is missed, and for one that is found twice under two names: each class is suppressed by itself.

# %% [markdown]
# ## What it cost, and what comes next

# %% figure=true
def milliseconds(what, times: int = 7) -> float:
    """How long a call takes, the best of some tries."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return 1000 * min(took)


image = images[shown]
own = proposals_of(joint, image)
with torch.no_grad():
    cells = joint.body(image[None])
    mapping = milliseconds(lambda: joint.body(image[None]))
searching = milliseconds(lambda: propose(image))
rows = {
    "Fast R-CNN": {
        "proposals": searching,
        "all the rest": milliseconds(lambda: detect(fast, image, rankings["selective search"][shown])),
    },
    "Faster R-CNN": {
        "proposals": milliseconds(lambda: proposals_of(joint, image)) - mapping,
        "all the rest": milliseconds(lambda: detect(joint, image, own)),
    },
}
for row in rows.values():
    row["together"] = row["proposals"] + row["all the rest"]
show_table(
    "time",
    rows,
    corner="milliseconds, one scene",
    formats=dict.fromkeys(("proposals", "all the rest", "together"), ".1f"),
);

# %% [markdown]
# *What to see:* proposals took {n}`time.Fast R-CNN.proposals / time.Faster R-CNN.proposals:.0f` times as long when they were searched for. What is counted under proposals here is the small network on the map, the moving and the suppression; the map itself is made once, and belongs to the rest. The milliseconds are those of one machine; look at their ratios.
# <!-- holds: time.Fast R-CNN.proposals > 4 * time.Faster R-CNN.proposals; time.Fast R-CNN.together > 2 * time.Faster R-CNN.together -->
#
# The paper's numbers, with VGG16 on a GPU (Ren and others, 2017, tables 3 and 5), on VOC 2007's test images:
#
# | | mAP, trained on 2007 | on 2007 and 2012 | proposals, ms | an image, ms |
# | --- | --- | --- | --- | --- |
# | selective search, 2,000 proposals, and Fast R-CNN | 66.9 | 70.0 | 1,510 | 1,830 |
# | Faster R-CNN, 300, convolutions not shared | 68.5 | | | |
# | Faster R-CNN, 300 | 69.9 | 73.2 | 10 | 198 |
#
# An image in 0.2 seconds, with everything: after R-CNN's 49, with a network as deep as VGG16 that is five images a second, search included. Of the anchors its table 8 says: with a single one a place, 256 × 256 pixels, the mAP was 66.7, with three shapes of that size 67.9, with three sizes 69.8, with both 69.9. And with the pyramid, over a ResNet, AP on COCO gained 2.3 points more (Lin and others, 2017).
#
# Everything is learnt now, but it is still done *twice*: a network that proposes, and one that looks at each proposal again. The first stage sees 3 × 3 cells around a place, and the second what is *in* the box, cut out and brought to one size; that is what the second look is for. But the first already says of 2,304 boxes whether there is something, and where. **Why not ask at once what it is?** In chapter 10 there are no regions any more: YOLO.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train faster-rcnn --budget 5m` trains a model that is put together from the same pieces.
#
# ### Further reading
#
# - Ren, He, Girshick & Sun, *Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks*, NeurIPS 2015, and longer in TPAMI 2017, with joint training.
# - Lin, Dollár, Girshick, He, Hariharan & Belongie, *Feature Pyramid Networks for Object Detection*, CVPR 2017.
# - Szegedy, Reed, Erhan, Anguelov & Ioffe, *Scalable, High-Quality Object Detection*, 2014: MultiBox, which learns proposals too, with anchors that k-means found.
# - Lin, Goyal, Girshick, He & Dollár, *Focal Loss for Dense Object Detection*, ICCV 2017: instead of drawing half and half, a loss in which easy anchors hardly count.
# - Hosang, Benenson, Dollár & Schiele, *What Makes for Effective Detection Proposals?*, TPAMI 2016: how well proposals of other kinds than these cover objects.
