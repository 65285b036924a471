# %% [markdown]
# # 7 · R-CNN
# ## Where might something be?

# %% picture="grown_together"

# %% [markdown]
# *What to see:* on the left the scene is cut into small pieces, wherever its colour changes. Nobody has said what an animal is. In the middle neighbours that look alike have grown together: the
# cow is one region now, all but her legs, and so is the cat, all but her head. On the right are the boxes of *all* regions that there ever were, the pieces, the half-grown and the grown ones. For each animal one of them fits, drawn boldly.
#
# Chapter 6 looked at every window, and hardly any of them lay on something. The best of all networks cannot be asked that often. So: **can one know where to look before knowing what there is?**
#
# You build both halves of the answer. *Selective search* lists a few hundred boxes in which something might be, whatever it is: **proposals**. *R-CNN* asks a network about each of them, and asks it better than
# a window can: the box has its own shape, it is looked at closely, and it is moved at the end to where it should have been. In 2014 that was the beginning of the end of hand-made features in detection
# (Girshick and others). It also was slow, and you measure where the time goes.
#
# You need chapter 6: IoU, suppression, average precision. Nine exercises, 55 points: they take about two hours and a half, and with reading and training the chapter takes four.

# %%
import math
import time
from copy import deepcopy

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torchvision.ops import box_iou

from course.checking import check, chosen, hint
from course.costs import count_multiply_adds
from course.detection import mean_ap, pyramid_windows
from course.farm import CLASSES, Farm
from course.growing import grow, selective_search
from course.pieces import as_bytes, cut_into_pieces
from course.plotting import show_curves, show_detections, show_regions
from course.proposals import (
    alike,
    cost_of_machine,
    cut_out,
    joined,
    least_squares,
    moved_by,
    offsets_to,
    share_covered,
    taken_for,
)
from course.regions import Region
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## Pieces
#
# Farm scenes once more. Two neighbouring pixels of a cow are nearly always alike, and where she ends, something changes. Felzenszwalb and Huttenlocher (2004) cut a picture along such changes. Each pixel starts as a
# piece of its own. Two pieces become one if the smallest step between them is no larger than the largest that each needs inside itself, plus an allowance: `scale`, divided by its number of pixels. So small pieces join easily, and a larger `scale` makes larger pieces. It is quick, and all in scikit-image.
# **Predict:** will there be a scale at which each animal is exactly one piece?

# %% figure=true
scenes = list(Farm(by_tier(100, 400), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]
cuts = {}
for scale in (5, 20, 80, 320):
    pieces = cut_into_pieces(as_bytes(images[5]), scale, sigma=0.4, min_size=6)
    cuts[f"scale {scale}"] = torch.from_numpy(pieces.segments)
show_regions(images[5], cuts);

# %% [markdown]
# *What to see:* each piece has its mean colour, with a line around it. With a small scale even grass and sky fall into pieces, by nothing but noise. With the largest one the animal on the left is gone: its legs, its belly and the grass below are one piece. And the cat in front is
# several pieces at each of the scales. No scale is right, for the cat's spots differ more from one another than its neighbour's legs differ from the grass. And there are near animals and far ones.
#
# So do not look for the right scale. Start from pieces that are too small, let the most alike neighbours grow together one pair at a time, until all of the picture is one region, and **keep every region on the way**. At some moment,
# so the hope, the cow is a region of her own. Nobody has to know when.
#
# ## What belongs together?
#
# The whole method hangs on what "alike" means. Colour alone joins a white sheep with a white cloud. Uijlings and others (2013) add up four answers, each from 0 to 1:
#
# - **colour**: which share of their pixels has the same colours? Each region keeps a *histogram*: 25 ranges of values in each of three channels, 75 numbers that sum to 1. The channels are red, green and blue, or hue, saturation and brightness (HSV), or those of Lab, which is made so that equal steps look equal. Because they are shares, a small region can be compared with a large one.
# - **texture**: do the channels rise and fall in the same directions, as steeply? Another histogram, of slopes: 8 directions, 10 ranges, 3 channels, 240 numbers.
# - **size**: two small regions should go first, or a large one swallows its neighbours one by one, and no region but the large one ever grows.
# - **fill**: do the two fit into each other, so that the box around both is full? A leg that stands beside the belly leaves a gap in the box; a spot *inside* the cow leaves none.
#
# **Predict:** there are two pairs of neighbours, and in each the two look exactly alike and fill the box around them. One pair is small, the other takes half of the picture. In which of the four terms do the pairs differ?

# %% [markdown] exercise="region_similarity"
# Say how well two regions of an image go together: the higher, the sooner selective search merges them.
#
# A *region* is a dict. `size` is an int, its number of pixels; `box` (4,) is the smallest box around it, (x1, y1, x2, y2); `colour` (75,) and `texture` (240,) are histograms, each of which sums to 1. A region need not fill its box.
#
# | | shape | |
# | --- | --- | --- |
# | `first`, `second` | dict | two regions of one image that share no pixel; tensors are floating point, all of one dtype, and not always contiguous |
# | `image_size` | int | the number of pixels of the image, height · width |
# | returns | number | a Python float, or a tensor without dimensions in the dtype of the histograms |
#
# Four terms are added up, each with the same weight and each from 0 to 1:
#
# $$s = \sum_k \min(c^1_k, c^2_k) + \sum_k \min(t^1_k, t^2_k) + \Bigl(1 - \frac{s_1 + s_2}{s_\text{image}}\Bigr) + \Bigl(1 - \frac{s_\text{box} - s_1 - s_2}{s_\text{image}}\Bigr)$$
#
# - **colour** and **texture** are what the two histograms have in common, their *intersection*;
# - **size** is high for small regions: s₁ and s₂ are the two `size`, s_image is `image_size`;
# - **fill** is high for regions that fit into each other: s_box is the area of the smallest box around **both** boxes, so that its share that belongs to neither is subtracted. Boxes may overlap, lie one inside the other, or be far apart; x2 − x1 is the width.
#
# Both regions are left as they are. Everything is allowed.

# %% check="region_similarity"

# %% [markdown]
# The two pairs differ in size alone. Now look at the last two terms together. Size takes off the pixels of both, fill takes off the box less those pixels. In the sum the pixels cancel, and what is left is 2 less the share of the box around both. Whatever the two regions themselves are like, the smaller the box around both, the more the two terms together have to say for them. Uijlings and others run the search in several mixtures of the terms, with size or fill alone among them, and there the two are not the same.
#
# When two regions become one, what is its histogram? You could count the pixels again. But a region that has grown twenty times would be counted twenty times, and the picture has thousands of pixels. The two histograms that you have know enough.

# %% [markdown] exercise="merge_regions"
# Make one region of two, without a look at the image.
#
# | | shape | |
# | --- | --- | --- |
# | `first`, `second` | dict | two regions that share no pixel, as above; tensors are floating point, all of one dtype, and not always contiguous |
# | returns | dict | the region of both together, with the same four entries |
#
# - `size`, an int: the pixels of both;
# - `box` (4,): the smallest box around both boxes, wherever they lie;
# - `colour` (75,) and `texture` (240,): the histograms that you would get by counting all pixels of both anew. The larger region has more of them, so each is the average of the two histograms **with the sizes as weights**, and sums to 1 again:
#
# $$c_k = \frac{s_1 c^1_k + s_2 c^2_k}{s_1 + s_2}$$
#
# The tensors have the dtype of those that come in. Return a new dict: both regions are left as they are, since later merges may need them. Everything is allowed.

# %% check="merge_regions"

# %% [markdown]
# Now play it. Below is a scene of the Farm, cut into 18 pieces. **Predict the next merge**: choose the two that touch and that you think are the most alike, then let it happen. Which goes first, sky and sun, or two of the small strips? The bars are the four terms of a pair. Each new region leaves its box; the dotted boxes are the animals,
# and the curves say how well the best box so far fits each. **How many boxes** will 18 pieces have left in the end? Can recall fall on the way?
#
# When both are found, look at the duck. **By colour alone, will there ever be a box around her?** Switch the other three terms off, and see.

# %% widget="SelectiveSearch"

# %% [markdown]
# Every merge leaves one box more: 18 pieces and 17 merges make 35. Recall cannot fall, for no box is taken away; what grows is the number of boxes that somebody will have to look into. Colour alone loses the duck, and the other terms bring her parts together. In this scene colour and any one of the others find her; one scene proves
# nothing about which matters most.
#
# ### All the way up
#
# You have all that the method needs. Cut the picture; compare all neighbours; merge the two that are most alike, and compare what they became with what is around it; until one region is left.
# Regions have numbers, and no region is ever taken off the list.

# %% figure=true
def grown(image: Tensor, scale: float, colours: str, similarity=alike, merge=joined) -> list[Region]:
    """All regions of an image: first its pieces, then what each merge made."""
    pieces = cut_into_pieces(as_bytes(image), scale, sigma=0.4, min_size=6, colours=colours)
    around = {number: set(near) for number, near in pieces.neighbours.items()}
    regions, pixels = pieces.as_dicts()[: len(around)], pieces.segments.size
    likeness = {
        (one, other): similarity(regions[one], regions[other], pixels)
        for one, near in around.items()
        for other in near
        if one < other
    }
    while likeness:
        one, other = max(likeness, key=likeness.get)
        new, near = len(regions), (around.pop(one) | around.pop(other)) - {one, other}
        regions.append(merge(regions[one], regions[other]))
        likeness = {pair: value for pair, value in likeness.items() if not {one, other} & set(pair)}
        for third in near:
            around[third] = around[third] - {one, other} | {new}
            likeness[third, new] = similarity(regions[third], regions[new], pixels)
        around[new] = near
    return regions


number = 5  # the scene that you saw cut above
regions = grown(images[number], 80, "hsv")
history = grow(as_bytes(images[number]), 80, colours="hsv")
steps = len(history.merges)
stages = (0, steps // 3, 2 * steps // 3, steps - 3)
show_regions(
    images[number], {f"after {merges} merges": history.after(merges) for merges in stages}
)
ours = {tuple(region["box"].tolist()) for region in regions}
shared = ours & set(map(tuple, history.boxes().tolist()))
show_table("two ways", {"this scene": {"boxes": len(ours), "by both ways": len(shared)}})

# %% [markdown]
# *What to see:* small pieces go first. After two thirds of the merges most of the cat in front is one region, while the animal on the left has dissolved into the meadow. When nothing but the picture and some crumbs is left, the cat is gone as well. It does not matter: her box was noted down on the way.
#
# `grow` of `course.growing` does the same as your loop, with all regions in tables instead of dicts and a heap in which the best pair is always on top. What it returns remembers every merge.

# %% [markdown]
# ## Is it in the list?
#
# A detector that looks only at the proposals cannot find what none of them fits. So before any network is trained, one number says how far it can get at best: **recall**, the share of objects that the proposals cover. There is nothing to match here. A proposal is no claim,
# and if one box covers a cow and the calf in front of her, the network will sort it out.

# %% [markdown] exercise="proposal_recall"
# Say which share of the objects somebody could find who looks into the proposals only.
#
# | | shape | |
# | --- | --- | --- |
# | `proposals` | (P, 4) | floating point: proposed boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, anywhere, also below zero; P may be 0; not always contiguous |
# | `targets` | (G, 4) | dtype of `proposals`: the boxes that are really there; G may be 0; not always contiguous |
# | `iou_threshold` | float | above 0, up to 1; 0.5 where it is left out |
# | returns | number | the share, from 0 to 1: a Python float, or a tensor without dimensions of any floating-point dtype |
#
# A target is covered if at least one proposal has an IoU of **at least** `iou_threshold` with it. The recall is the number of covered targets divided by the number of targets.
#
# - Nothing is matched here: one proposal may cover several targets, and many proposals on one target count once.
# - Without targets there is no share: return NaN, whether there are proposals or not.
# - With targets and without proposals it is 0.
#
# Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`. Libraries that match boxes or measure recall (`torchvision.models.detection`, pycocotools, torchmetrics) are not allowed.

# %% check="proposal_recall"

# %% [markdown]
# Recall alone is cheap: all windows of chapter 6 cover nearly everything. What counts is recall *for so many boxes*. Since the list is in an order, the best first, you can cut it anywhere. **Predict:** which share of the animals do the first hundred proposals cover?
# And a hundred windows, chosen at random from the list of chapter 6?

# %% figure=true
def covered(lists: list[Tensor], iou_threshold: float, most: int) -> float:
    """Which share of all animals the first boxes of each list cover."""
    counts = [len(target["boxes"]) for target in targets]
    shares = [
        share_covered(boxes[:most], target["boxes"], iou_threshold) * count
        for boxes, target, count in zip(lists, targets, counts)
        if count
    ]
    return sum(shares) / sum(counts)


found = [selective_search(as_bytes(image)) for image in images]
sizes = [(12, 16), (18, 24), (26, 34), (36, 48), (46, 60), (18, 15), (26, 22), (38, 32)]
windows = pyramid_windows((64, 64), sizes)  # chapter 6's: each size is (height, width)
generator = torch.Generator().manual_seed(0)
at_random = [windows[torch.randperm(len(windows), generator=generator)] for _ in images]
budgets = [5, 10, 20, 50, 100, 200, 500, 1000, 2000]
curves = {
    f"{name}, IoU {threshold}": (budgets, [covered(lists, threshold, most) for most in budgets])
    for name, lists in {"selective search": found, "windows": at_random}.items()
    for threshold in (0.5, 0.75)
}
show_curves(curves, x="boxes a scene, at most", y="recall");

# %% figure=true
lists = {
    "one search": [selective_search(as_bytes(image), (80,), colours=("hsv",)) for image in images],
    "two colour spaces": [selective_search(as_bytes(image), (80,)) for image in images],
    "and two scales": found,
    "windows": at_random,
}
rows = {
    name: {
        "boxes a scene": sum(map(len, one)) / len(one),
        "recall at ½": covered(one, 0.5, 9999),
        "of 100 at ½": covered(one, 0.5, 100),
        "recall at ¾": covered(one, 0.75, 9999),
    }
    for name, one in lists.items()
}
show_table("recall", rows, formats={"boxes a scene": ",.0f"});

# %% [markdown]
# *What to see:* of the animals {n}`recall.and two scales.of 100 at ½:.0%` are covered by the first hundred proposals, and {n}`recall.windows.of 100 at ½:.0%` by a hundred windows. With all of its {n}`recall.and two scales.boxes a scene:.0f` boxes selective search
# covers {n}`recall.and two scales.recall at ½:.0%` at an IoU of ½, and so do all {n}`recall.windows.boxes a scene:,.0f` windows together. Those have sizes and shapes that were chosen for the animals of the Farm. Nobody has told selective search what an animal is; only its settings suit scenes like these.
# <!-- holds: recall.and two scales.of 100 at ½ > 0.9; recall.windows.of 100 at ½ < 0.85; recall.and two scales.recall at ½ > 0.96; recall.and two scales.boxes a scene < 500;
#      recall.windows.recall at ½ - recall.and two scales.recall at ½ < 0.02; recall.and two scales.recall at ½ - recall.windows.recall at ½ < 0.02; recall.windows.recall at ¾ < recall.and two scales.recall at ¾ - 0.03 -->
#
# At ¾ fewer are covered, {n}`recall.and two scales.recall at ¾:.0%`: often a leg has gone with the meadow, or a shadow has come along. Windows fare worse, {n}`recall.windows.recall at ¾:.0%`, for they come in eight sizes and only two shapes. In one colour space alone the search covers {n}`recall.one search.recall at ½:.0%` at ½. A second look in other colours finds animals that the first had torn apart or lost. So the searches
# are put together, and each box is kept once.
# <!-- holds: recall.and two scales.recall at ¾ < recall.and two scales.recall at ½ - 0.1; recall.one search.recall at ½ < recall.two colour spaces.recall at ½; recall.two colour spaces.recall at ½ <= recall.and two scales.recall at ½ -->
#
# What is the order of the list? Late merges come first, since large regions are more often things than pieces are; but not too strictly, or the list would begin with sky and meadow. As Uijlings and others do it, each region's place in its hierarchy is multiplied by a random number.
# Photographs are larger and richer: there some two thousand boxes an image are used, the number that R-CNN takes.

# %% [markdown] quiz="plain-picture"
# Somebody runs a selective search from a library on a nearly plain picture, a white cup on a white table, and gets a single box: the whole picture. Run again with other settings, it gives forty. What happened?
#
# - [ ] The search is random, and the first run had bad luck — Nothing in the growing is random, only the order of the list is, and here that starts from a fixed seed. With the same settings the same boxes come out.
# - [x] The settings decide what counts as a piece, and in the first run all of the picture was one — `scale`, the blur and the smallest size say which steps are edges. If no step is one, there is one piece, one region and one box. Before you compare two results, compare their settings and their colour space.
# - [ ] The cup has no texture, and without texture there is no similarity — Two plain regions have the *same* texture. They are as alike as can be, and that is why the cup goes with the table.

# %% [markdown]
# ## Everything becomes a square
#
# A few hundred boxes of all shapes. A convolutional network with fully connected layers wants pictures of one size. R-CNN takes each box out of the image and **warps** it: whatever its shape, it is stretched to one square. A tall cow becomes a fat one, and the
# network has to live with it. Two things about it are worth knowing.
#
# *Context*: around the box a rim of the picture is kept. A piece of white may be a sheep or a cloud, and what lies around it says which. In the paper the square has a side of 227 pixels, and 16 of them on each side show what is *not* in the box.
#
# *Between the pixels*: a box's corner is hardly ever on a pixel, so each of the square's pixels is a weighted mean of the four pixels around its place: bilinear, as in chapter 4.
#
# **Predict:** the square has `size` pixels, of which the box should fill the middle `size − 2 · context`. By which factor do you enlarge the box before you cut it out?

# %% [markdown] exercise="warp_regions"
# Show the network what is in each box, at the one size that it takes. Each box is stretched to a square, whatever its shape, with some of what lies around it.
#
# | | shape | |
# | --- | --- | --- |
# | `image` | (C, H, W) | floating point; H is hardly ever W; not always contiguous |
# | `boxes` | (R, 4) | same dtype: (x1, y1, x2, y2) with x1 < x2 and y1 < y2, in pixels of the image: fractions, smaller than a pixel, over an edge of the image or outside of it; R may be 0; not always contiguous |
# | `size` | int | the side of each result, 1 or more |
# | `context` | int | pixels *of the result* on each side that show what lies around the box; 0 or more, 2 · context < size |
# | returns | (R, C, size, size) | dtype of `image`; gradients flow back to `image` and to `boxes` |
#
# - **Where.** Enlarge the box about its centre by size / (size − 2 · context), in width and in height: so the box itself fills the middle size − 2 · context pixels of the result. Cut the enlarged box into size × size equal cells; each value is taken at the *centre* of its cell.
# - **What.** Values are bilinear between the centres of pixels, and the centre of pixel (i, j), row i and column j, is at x = j + ½, y = i + ½. x runs along the columns of the result, y along its rows.
# - **Outside** the image all pixels are 0. So the outermost half pixel fades: beyond the centre of an edge pixel, values fall to 0 at half a pixel outside the image. No box is cut off.
#
# Both inputs are left alone. A loop over the boxes is a right answer, and so is `F.grid_sample` with `align_corners=False`, with or without `F.affine_grid`; or blend four pixels by hand. `torchvision.ops` is not allowed.

# %% check="warp_regions"

# %% [markdown]
# ## What should it say?
#
# The network will be trained on proposals, and every proposal needs a label. It may lie on a cow exactly, hang over, hold half of her, or nothing. You know the measure: IoU. From ½ on it is a cow; below, it is **background**, which is a class of its
# own with the label 0. Sometimes the doubtful ones are left out, as in chapter 6, so the two ranges are given separately.
#
# There is a trap in the word "background". It does not mean "nothing is there". It means "nobody has drawn a box there". **What does a network learn from a data set in which only every second cow is labelled?** You will try it at the end of the chapter.

# %% [markdown] exercise="assign_labels"
# Say what each proposal of one image is trained as: as the class of an object, as background, or not at all.
#
# | | shape | |
# | --- | --- | --- |
# | `proposals` | (P, 4) | floating point: boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, anywhere; P may be 0; not always contiguous |
# | `boxes` | (G, 4) | dtype of `proposals`: the objects that are really there; G may be 0; not always contiguous |
# | `labels` | (G,) | int64: the objects' classes, 1 or more, in any order and not each number; not always contiguous |
# | `foreground` | float | above 0, up to 1; 0.5 where it is left out |
# | `background` | pair of floats | (low, high) with 0 ≤ low < high ≤ 1; (0.0, 0.5) where it is left out |
# | returns | (P,), (P,) | int64, int64: `labels`, what each proposal is trained as, and `matched`, the index in `boxes` of the object that it is on |
#
# Let u be the highest IoU that a proposal has with any of the `boxes`.
#
# - If u ≥ `foreground`: the label of the object with that IoU, and its index. If several objects have this same highest IoU, the lowest index counts.
# - Otherwise, if low ≤ u < high: label 0, background, and index −1.
# - Otherwise label −1, left out of the training, and index −1.
#
# The ranges may overlap or leave a gap: foreground is asked first. Several proposals may be on one object, and an object without a good one has none. Without any object u is 0 for every proposal, so that `background` decides.
#
# Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`. Libraries that match boxes (`torchvision.models.detection`, pycocotools, torchmetrics) are not allowed.

# %% check="assign_labels"

# %% [markdown]
# ## Four numbers that fit every box
#
# A proposal with an IoU of 0.6 is called right, and it is a bad box. The network has seen what is inside: if the head sticks out on the left, it could say "further to the left". By how much? In pixels the answer would be useless: the square that it sees has no pixels
# of the picture any more, and the same shift in the square means 2 pixels for one proposal and 20 for another.
#
# So measure in the box's own sizes: a shift of the centre as a share of the proposal's width and height, and the growth of the sides as a *ratio*. Should "twice as wide" then be the number 2? Half as wide would be ½, and "right as it is" 1; but a network is best at numbers around 0, and "twice" is as far from right as "half" is. So take the **logarithm** of the ratio.
# As a present, no number that the network can say gives a box of negative width.
#
# Below there are a proposal P and an object O, and the widget asks for the four numbers before it shows them: **predict**. What changes if *all* of the picture is twice as large? Then set numbers by hand, and let them move the box. A network that has learnt nothing yet may say anything for the width. **How wide is the box if it says 5?** Try the tiny proposal.

# %% widget="BoxCoder"

# %% [markdown]
# Twice as wide is log 2, which is 0.69, and half as wide is −0.69. In a picture of twice the size nothing changes, and that is the point. Call the four numbers dx, dy, dw and dh. Later detectors added two details that everybody stumbles over. Where the exponential is taken of what an untrained layer says, it may be anything, and so dw and dh are *clipped* at log(1000/16), about 4.14: no side grows more than 62.5 times in one step.
# And **weights**: offsets of proposals are small, a tenth or so, and many detectors multiply them by numbers such as 10 and 5, so that the loss of the boxes has the size of the other losses. The box stays the same. But whoever encodes with weights has to decode with the same.

# %% [markdown] exercise="encode_boxes"
# An *anchor* is the box from which one starts; here it is a proposal. Say how each anchor has to be moved and enlarged to become its target, in four numbers that do not depend on how large the two are drawn.
#
# $$\Delta x = w_x \, \frac{c_x^{\,\text{target}} - c_x^{\,\text{anchor}}}{w^{\,\text{anchor}}} \qquad \Delta y = w_y \, \frac{c_y^{\,\text{target}} - c_y^{\,\text{anchor}}}{h^{\,\text{anchor}}} \qquad \Delta w = w_w \, \log \frac{w^{\,\text{target}}}{w^{\,\text{anchor}}} \qquad \Delta h = w_h \, \log \frac{h^{\,\text{target}}}{h^{\,\text{anchor}}}$$
#
# | | shape | |
# | --- | --- | --- |
# | `targets` | (N, 4) | floating point: boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, fractions and negative numbers too; N may be 0; not always contiguous |
# | `anchors` | (N, 4) | same dtype: row n is the box from which target n is to be reached; not always contiguous |
# | `weights` | four floats | (wx, wy, ww, wh), all above 0 and maybe all different; all 1 where they are left out |
# | returns | (N, 4) | (dx, dy, dw, dh) in the dtype of `targets`; gradients flow back to `targets` and `anchors` |
#
# - c is the centre of a box, w = x2 − x1 and h = y2 − y1, without a "+ 1";
# - offsets are measured in sides of the *anchor*, for only the anchor is known where a box is decoded;
# - log is the natural logarithm;
# - nothing is limited here: a target may be far away, a hundred times as large, or smaller than a pixel.
#
# Both inputs are left alone. A loop is a right answer. A library's box coder (`torchvision.models.detection`) is not allowed.

# %% check="encode_boxes"

# %% [markdown]
# And back again. If you decode what you have encoded, the target must come out: that is a test which you can write yourself in one line, and which finds nearly every mistake there is to make.

# %% [markdown] exercise="decode_boxes"
# The way back: move and enlarge each anchor by the four numbers that were predicted for it. This undoes `encode_boxes`, but for one limit.
#
# $$c_x = c_x^{\,\text{anchor}} + \frac{\Delta x}{w_x} \, w^{\,\text{anchor}} \qquad w = w^{\,\text{anchor}} \, \exp\!\left(\min\!\left(\frac{\Delta w}{w_w},\ \log \frac{1000}{16}\right)\right) \qquad \text{and the same for } c_y \text{ and } h$$
#
# | | shape | |
# | --- | --- | --- |
# | `deltas` | (N, 4) | floating point: (dx, dy, dw, dh), of any size; N may be 0; not always contiguous |
# | `anchors` | (N, 4) | same dtype: boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, fractions and negative numbers too; not always contiguous |
# | `weights` | four floats | (wx, wy, ww, wh), all above 0 and maybe all different; all 1 where they are left out |
# | returns | (N, 4) | boxes (x1, y1, x2, y2) in the dtype of `deltas`; gradients flow back to `deltas` and `anchors` |
#
# - The deltas are *divided* by the weights first;
# - then dw and dh, and only these two, go no higher than log(1000/16), the natural logarithm: no box grows by more than 62.5 times in one step. What lies above counts as this limit, and gets no gradient. There is no limit from below, and none for dx and dy;
# - the centre moves by sides of the *anchor*, and the new box lies around its centre: a corner is half a side away;
# - boxes are not cut off at an image's edges, and not rounded.
#
# Both inputs are left alone. A loop is a right answer. A library's box coder (`torchvision.models.detection`) is not allowed.

# %% check="decode_boxes"

# %% [markdown] quiz="shape-of-a-box"
# A proposal is 20 wide and 10 high. May the box that comes out after the offsets be 10 wide and 20 high?
#
# - [ ] No, since offsets only move a box and make it larger or smaller as a whole — There are two numbers for the size, one for the width and one for the height. Each grows by itself.
# - [ ] Only if the weights are different for width and height — Weights scale the numbers in the loss. What is decoded with them is the same box.
# - [x] Yes, with −log 2 for the width and log 2 for the height — The shape of a proposal is where the regression starts. Nothing keeps it.

# %% [markdown]
# ## A machine for each class
#
# The network has a layer at its end that scores classes, and you might stop there. R-CNN does not. It throws that layer away, takes the numbers before it as *features* of the region, and trains a **support vector machine** for each class on them: a linear score x·w + b, yes from 0 on.
#
# What makes it a support vector machine is its loss. An example that is on the right side by 1 or more costs nothing, and does not move the weights at all. Everything else costs as much as it lacks. And ‖w‖² is kept small, for the distance from the line x·w + b = 0 to the margin is 1/‖w‖: small weights mean a wide street
# between yes and no.
#
# So the machine consists of the few examples on the edge of the street, in it, or on the wrong side: the *support vectors*. Why is this good here? For each cow there are more than a hundred regions that are no cow, and nearly all are easy. They cost nothing and so have no say, however many there are.

# %% [markdown] exercise="svm_loss"
# Write down what a linear support vector machine costs that says w·x + b to an example x.
#
# $$L = \tfrac12 \lVert w \rVert^2 + C \sum_i \max\bigl(0,\; 1 - y_i (w \cdot x_i + b)\bigr)$$
#
# | | shape | |
# | --- | --- | --- |
# | `weight` | (D,) | floating point: w; not always contiguous |
# | `bias` | () | same dtype: b, a tensor without dimensions |
# | `features` | (N, D) | same dtype: one example a row; N may be 0; not always contiguous |
# | `labels` | (N,) | same dtype: +1.0 or −1.0, nothing else; not always contiguous |
# | `strength` | float | C, 0 or more |
# | returns | () | a tensor without dimensions, in the dtype of `features` |
#
# - The first part is half the sum of the squared weights. The bias is not in it, and `strength` does not weigh it.
# - The second is the *hinge*: what an example lacks to the margin 1 on its own side. One that is on the margin or beyond costs 0. It is a **sum** over the examples, times `strength`.
#
# Without examples only the first part is left. Gradients flow to `weight`, `bias` and `features`; labels are given, and no gradient with respect to them is looked at. No gradient is asked where an example stands exactly on its margin. Inputs are left alone. Everything is allowed.

# %% check="svm_loss"

# %% [markdown]
# And the offsets? Another linear layer, from numbers that the network has computed anyway, and a squared loss. There the best weights need no training at all. They are the solution of a system of equations, with a pull towards 0, so that there is one even where there are fewer examples than features: **ridge regression**.

# %% [markdown] exercise="fit_box_regressor"
# Fit the weights that turn the features of a region into its four deltas: a **ridge regression**, in closed form.
#
# $$W = \arg\min_W \ \lVert X W - T \rVert^2 + \text{strength} \cdot \lVert W \rVert^2$$
#
# Both are *sums* of squares, over all entries: nothing is averaged, and there is no ½.
#
# | | shape | |
# | --- | --- | --- |
# | `features` | (N, D) | floating point, X: a row an example; N may be 0, and smaller than D; features may be equal, or always 0; not always contiguous |
# | `deltas` | (N, 4) | same dtype, T: where each example's box is to go; not always contiguous |
# | `strength` | float | above 0, how much large weights cost |
# | returns | (D, 4) | W, in the dtype of `features`: a row a feature, a column each for dx, dy, dw and dh |
#
# - There is no intercept: no column of ones, and no mean is taken off; features are not scaled.
# - All weights are shrunk alike.
# - The strength makes the weights unique however few the examples are. Without any, they are 0.
#
# Both inputs are left alone. `torch.linalg` has what you need, and any way to the minimum is right. scikit-learn is not allowed.

# %% check="fit_box_regressor"

# %% [markdown]
# ## Whose shall they be?
#
# Nine functions, and a detector to put together. As it stands, the next cell takes the course's own. Write `"mine"`, and each of yours takes its place if its check is all right.

# %%
parts = chosen(
    "the course's",
    region_similarity=alike,
    merge_regions=joined,
    proposal_recall=share_covered,
    warp_regions=cut_out,
    assign_labels=taken_for,
    encode_boxes=offsets_to,
    decode_boxes=moved_by,
    svm_loss=cost_of_machine,
    fit_box_regressor=least_squares,
)

# %% [markdown]
# First the two that make regions. With them the picture from above grows once more, pair by pair. And what do its boxes cover?

# %% figure=true
mine = grown(images[number], 80, "hsv", parts.region_similarity, parts.merge_regions)
boxes = torch.stack([region["box"] for region in mine])
share = parts.proposal_recall(boxes, targets[number]["boxes"])
print(f"{len(boxes)} regions; the boxes cover {share:.0%} of the animals")

# %% [markdown]
# ## R-CNN

# %% picture="warped_and_asked"

# %% [markdown]
# *What to see:* from left to right a proposal becomes a square, which the network turns into features, and from what the network sees come a name, by one machine for each class, and a better box. What lies outside the scene is black.
#
# All parts are there. There is a school, and then there are three trainings, one after the other, and none of them knows of the next. That is how the paper has it, and chapter 8 is about what is wrong with it.
#
# ### 1. Look at animals
#
# Deep networks want many pictures, and boxes are expensive. So R-CNN begins with a network that has learnt something else: the thousand kinds of things of ImageNet, a million pictures with a name each and no boxes. Ours is small, and so is its school:
# animals cut out of other scenes of the Farm, each to be named. (That is cheating a little, for these animals are cut out by their boxes.)

# %% given="solutions.rcnn.detector:RegionNetwork"

# %% train=true
def school(seed: int) -> list:
    """Animals cut out of scenes, each with its label."""
    scenes = Farm(by_tier(300, 3000), seed=seed)
    return [
        (animal, label)
        for image, target in scenes
        for animal, label in zip(parts.warp_regions(image, target["boxes"], 32, 4), target["labels"])
    ]


def naming_loss(network: nn.Module, animals: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(network(animals), labels - 1)  # there is no background here


torch.manual_seed(0)
network = RegionNetwork(len(CLASSES) - 1)
fit(network, naming_loss, school(seed=7), steps=by_tier(150, 1500), batch_size=64)
from_school = deepcopy(network)  # for later

# %% [markdown]
# ### 2. Go on with proposals
#
# Now the last layer is replaced by one with five outputs, the first of them, number 0, for the background, and the training goes on with proposals, labelled by `assign_labels`. Of every 128 regions up to 32 lie on an animal, as in the paper, although of all proposals only about one in eight does. Otherwise the background would have most of the say, as it had in chapter 6.

# %% train=true
def propose(image: Tensor) -> Tensor:
    """Some hundred boxes of an image, without those that are a few pixels thin."""
    return selective_search(as_bytes(image), (80,), min_side=4)


def some_of(kind: Tensor, most: int) -> Tensor:
    """The indices of some of those that are True, at random."""
    (where,) = torch.where(kind.cpu())
    return where[torch.randperm(len(where))[:most]]


def region_loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    """Of each scene 8 regions on an animal and 24 on none, and what the network makes of them."""
    regions, labels = [], []
    for image, target in zip(images, targets):
        boxes = torch.cat([target["boxes"], target["proposals"]])
        label, _ = parts.assign_labels(boxes, target["boxes"], target["labels"])
        picked = torch.cat([some_of(label > 0, 8), some_of(label == 0, 24)])
        regions.append(parts.warp_regions(image, boxes[picked], 32, 4))
        labels.append(label[picked])
    return F.cross_entropy(network(torch.cat(regions)), torch.cat(labels))


train_set = [
    (image, {**target, "proposals": propose(image)})
    for image, target in Farm(by_tier(400, 4000), seed=0)
]
torch.manual_seed(1)
network.classifier = nn.Linear(network.num_features, len(CLASSES))
fit(network, region_loss, train_set, steps=by_tier(400, 6000), batch_size=4);

# %% [markdown]
# That is a detector already: take the softmax of what the network says of each proposal, and suppress, class by class as in chapter 6. You measure it below, beside what two more steps make of it.
#
# ### 3. A machine for each class
#
# Every proposal of every training scene is looked at once more, and the features are kept. Then for each class: the animals themselves are its positive examples, proposals whose IoU with each animal *of this class* is below 0.3 its negative ones, so those on other animals as well, and what lies between is left out. This is stricter than in step 2. A network needs many examples, so near ones have to do; a machine can afford to ask for exact ones. The 0.3 was found by trying: with 0.5 the paper lost five points of mAP, and with 0 four.
#
# Of the negatives there are tens of thousands, and nearly all are easy. So begin with some, train, look which of the others are inside the margin or on its wrong side, add **those**, and train again: *hard negative mining*. When none is left, the machine is the one that all of them
# together would have given. You know why: the others cost nothing. **Predict** how many rounds that takes.

# %% train=true
@torch.no_grad()
def look(image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """What the network sees of each box: the last map, and the features that are made of it."""
    network.eval()
    place = next(network.parameters()).device
    pooled = network.pooled(parts.warp_regions(image, boxes, 32, 4).to(place))
    return pooled.cpu(), network.features(pooled).cpu()


def fit_machine(features: Tensor, labels: Tensor, strength: float = 0.0003) -> tuple[Tensor, Tensor]:
    """The weights and the bias with the lowest loss, nearly."""
    weight = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = parts.svm_loss(weight, bias, features, labels, strength)
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight.detach(), bias.detach()


looked_at = [look(image, torch.cat([target["boxes"], target["proposals"]])) for image, target in train_set]
# With features of a mean length of 20, as in R-CNN's code, one strength suits any network.
length = torch.cat([features for _, features in looked_at]).norm(dim=1).mean() / 20
machines, rounds = [], {}
for label in range(1, len(CLASSES)):
    positive, negative = [], []
    for (_, features), (_, target) in zip(looked_at, train_set):
        own = target["labels"] == label
        animals = len(own)
        apart = torchvision.ops.box_iou(target["proposals"], target["boxes"][own])
        positive.append(features[:animals][own])
        negative.append(features[animals:][(apart < 0.3).all(dim=1)])
    positive, negative = torch.cat(positive) / length, torch.cat(negative) / length
    used = torch.zeros(len(negative), dtype=torch.bool)
    used[torch.randperm(len(negative))[:2000]] = True
    rounds[CLASSES[label]] = {"positives": len(positive), "negatives": len(negative)}
    for turn in ("first", "second", "third", "fourth"):
        examples = torch.cat([positive, negative[used]])
        signs = torch.cat([torch.ones(len(positive)), -torch.ones(int(used.sum()))])
        weight, bias = fit_machine(examples, signs)
        hard = (negative @ weight + bias > -1) & ~used
        rounds[CLASSES[label]][f"hard after the {turn}"] = int(hard.sum())
        used = used | hard
        if not hard.any():
            break
    machines.append((weight / length, bias))
show_table("mining", rounds, corner="a machine for", formats={"negatives": ",d"})

# %% [markdown]
# *What to see:* when 2,000 regions are known, about {n}`mining.cow.hard after the first / mining.cow.negatives:.0%` of the cow's negatives are still inside the margin or on its wrong side; with those in the training, none or hardly any is. One round of mining is enough, and the paper found the same.
# <!-- holds: mining.cow.hard after the second < 0.005 * mining.cow.negatives; mining.cow.hard after the first > 0.03 * mining.cow.negatives -->
#
# ### 4. Move the box
#
# Last the ridge regressions, one for each class: from what the network sees of a proposal that lies well on an animal, with an IoU of 0.6 or more, to the four numbers that lead to the animal's box. They take the last *map*, in which there still is a left and a right, and not the features behind the fully connected layer. The pull
# towards 0 is λ = 1000. The paper has the same number, for features and offsets of another scale.

# %% train=true
regressors = []
for label in range(1, len(CLASSES)):
    maps, deltas = [], []
    for (pooled, _), (_, target) in zip(looked_at, train_set):
        own = target["labels"] == label
        if own.any():
            iou, which = torchvision.ops.box_iou(target["proposals"], target["boxes"][own]).max(dim=1)
            near = iou >= 0.6
            maps.append(pooled[len(own) :][near])
            deltas.append(
                parts.encode_boxes(target["boxes"][own][which[near]], target["proposals"][near])
            )
    regressors.append(parts.fit_box_regressor(torch.cat(maps), torch.cat(deltas), 1000.0))

# %% [markdown]
# ## What does each step bring?
#
# Four detectors can be built from this: by the softmax or by the machines, each with the boxes as they are or moved. **Predict** their order, at an IoU of ½ and at ¾.

# %% figure=true
def best_of(scores: Tensor, boxes: Tensor, least: float) -> dict:
    """What suppression leaves of all pairs of box and class that score (P, K) more than `least`.

    Boxes are (P, 4), or (P, K, 4) where each class has moved its own.
    """
    which, label = torch.where(scores > least)
    boxes = boxes[which] if boxes.ndim == 2 else boxes[which, label]
    sure = scores[which, label]
    left = torchvision.ops.batched_nms(boxes, sure, label, 0.3)[:100]
    return {"boxes": boxes[left], "labels": label[left] + 1, "scores": sure[left]}


network.cpu()  # from here on; what is left to do is little
weights = torch.stack([weight for weight, _ in machines], dim=1)
biases = torch.stack([bias for _, bias in machines])
proposals = [propose(image) for image in images]
seen = [look(image, boxes) for image, boxes in zip(images, proposals)]
results = {"softmax": [], "softmax, moved": [], "machines": [], "machines, moved": []}
for (pooled, features), boxes in zip(seen, proposals):
    with torch.no_grad():
        chances = network.classifier(features).softmax(dim=1)[:, 1:]
    scores = features @ weights + biases
    moved = torch.stack([parts.decode_boxes(pooled @ one, boxes) for one in regressors], dim=1)
    results["softmax"].append(best_of(chances, boxes, 0.05))
    results["softmax, moved"].append(best_of(chances, moved.clamp(0, 64), 0.05))
    results["machines"].append(best_of(scores, boxes, -1.2))
    results["machines, moved"].append(best_of(scores, moved.clamp(0, 64), -1.2))
rows = {
    name: {f"AP{level}": mean_ap(found, targets, level / 100) for level in (50, 75)}
    for name, found in results.items()
}
show_table("steps", rows, corner="AP at an IoU of ½ and ¾");

# %% [markdown]
# *What to see:* the first row is the network alone: {n}`steps.softmax.AP50:.2f` at ½, and {n}`steps.softmax.AP75:.2f` at ¾. Moving the boxes changes little at ½, where a bad box was good enough, and much at ¾: {n}`steps.softmax, moved.AP75:.2f` by the softmax and {n}`steps.machines, moved.AP75:.2f` by the machines. The network had seen all the time
# that a head stuck out on the left. Nobody had asked it.
# <!-- holds: steps.softmax, moved.AP75 > steps.softmax.AP75 + 0.03; steps.machines, moved.AP75 > steps.machines.AP75 + 0.03; steps.softmax, moved.AP50 - steps.softmax.AP50 < 0.04; steps.softmax.AP50 - steps.softmax, moved.AP50 < 0.04;
#      steps.machines, moved.AP50 - steps.machines.AP50 < 0.04; steps.machines.AP50 - steps.machines, moved.AP50 < 0.04 -->
#
# The machines are behind the softmax at ½: {n}`steps.machines.AP50:.2f`. In the paper they were ahead, by three points, and you read below what its authors made of that. Compare with what your chapter 6 printed for windows: there AP fell to a fraction at ¾, partly because a window has the shape it has, partly because nothing had told its network which window fits best.
# <!-- holds: steps.machines.AP50 < steps.softmax.AP50 + 0.01 -->
#
# These are numbers of one run. From other first weights they came out up to {n}`spread steps.*.AP50:~1` apart; yours may lie as far from ours.
# <!-- holds: spread steps.*.AP50 < 0.08 -->

# %% figure=true
some = [index for index, target in enumerate(targets) if len(target["boxes"]) > 1][:4]
confident = [
    {name: values[one["scores"] > -0.5] for name, values in one.items()}
    for one in results["machines, moved"]
]
show_detections(
    [images[index] for index in some] * 2,
    [targets[index] for index in some] + [confident[index] for index in some],
    CLASSES,
    ["truth"] * 4 + ["machines, moved"] * 4,
);

# %% [markdown]
# *What to see:* above the truth, below all that scores more than −½. Boxes have the animals' own shapes now. The machines are cautious, since each learnt two or three hundred animals against tens of thousands of negatives. AP does not mind: it only asks for the order. Whoever wants boxes and no list has to choose a score for each class, by looking.
#
# ### Nobody drew a box there
#
# Now the trap from above. Take every second animal out of the labels, at random, and leave the pictures as they are. The network sees the same kinds of animals as background now, though less often than as animals, since the batch favours what has a label. School, steps and proposals stay the same. A third network has the same labels as the second, but somebody has marked where an animal *may* be: proposals that touch an unlabelled one are left out of its training. **Predict** AP50 of the three by softmax, and how sure each is of an animal.

# %% train=true
generator = torch.Generator().manual_seed(3)
halved, marked = [], []
for image, target in train_set:
    stays = torch.rand(len(target["labels"]), generator=generator) < 0.5
    left = {name: target[name][stays] for name in ("boxes", "labels")}
    halved.append((image, {**target, **left}))
    hidden = target["boxes"][~stays]
    apart = (torchvision.ops.box_iou(target["proposals"], hidden) < 0.3).all(dim=1)
    marked.append((image, {**target, **left, "proposals": target["proposals"][apart]}))
others = {}
for name, scenes_with_gaps in {"every second one": halved, "and the others marked": marked}.items():
    torch.manual_seed(1)
    others[name] = deepcopy(from_school)
    others[name].classifier = nn.Linear(network.num_features, len(CLASSES))
    fit(others[name], region_loss, scenes_with_gaps, steps=by_tier(400, 6000), batch_size=4)

# %% figure=true
def by_softmax(network: nn.Module) -> list:
    """What a network finds in all scenes, without machines."""
    found = []
    for image, boxes in zip(images, proposals):
        with torch.no_grad():
            logits = network.cpu().eval()(parts.warp_regions(image, boxes, 32, 4))
        found.append(best_of(logits.softmax(dim=1)[:, 1:], boxes, 0.05))
    return found


def scores_on_animals(found: list) -> Tensor:
    """The scores of the surest box on each animal, 0 where there is none."""
    best = []
    for one, target in zip(found, targets):
        for box, label in zip(target["boxes"], target["labels"]):
            own = one["labels"] == label
            on = torchvision.ops.box_iou(box[None], one["boxes"][own])[0] >= 0.5
            best.append(float(one["scores"][own][on].max()) if on.any() else 0.0)
    return torch.tensor(best)


halves = {
    "all labelled": results["softmax"],
    **{name: by_softmax(other) for name, other in others.items()},
}
rows = {}
for name, found in halves.items():
    best = scores_on_animals(found)
    rows[name] = {
        "AP50": mean_ap(found, targets),
        "mean score": float(best.mean()),
        "animals above ½": float((best > 0.5).float().mean()),
    }
show_table("labels", rows, corner="in training", formats={"animals above ½": ".0%"});

# %% [markdown]
# *What to see:* AP50 falls from {n}`labels.all labelled.AP50:.2f` to {n}`labels.every second one.AP50:.2f`, and that flatters it, for AP only asks for the order of the scores. A program that takes what scores above ½ finds {n}`labels.all labelled.animals above ½:.0%` of the animals with the first network, and {n}`labels.every second one.animals above ½:.0%` with the second. It has been
# told of many animals that they are none, and is less sure of all. With the others marked, so that nobody calls them background, it is {n}`labels.and the others marked.animals above ½:.0%`, from the same half of the labels: **what is missing does little harm as long as it is not taken for a no**.
# <!-- holds: labels.every second one.AP50 < labels.all labelled.AP50 - 0.02; labels.every second one.animals above ½ < labels.all labelled.animals above ½ - 0.1;
#      labels.and the others marked.animals above ½ > labels.every second one.animals above ½ + 0.08; spread labels.*.AP50 < 0.1 -->

# %% [markdown] quiz="unlabelled"
# A farm has a thousand pictures in which somebody has boxed the cows, but not the sheep, and a thousand others with boxes on sheep, but not on cows. A detector is trained on all two thousand. What happens?
#
# - [x] Each class is taught as background in half of the pictures, and scores fall — The label 0 means "nobody has drawn a box here". One has to box all classes everywhere, or leave out of the loss what may be an unlabelled animal.
# - [ ] Nothing bad: each class has its thousand pictures — A detector learns from what has no box as well. In the first thousand every sheep says "background".
# - [ ] The detector will find sheep only in pictures without cows — It has no way to know which half a new picture belongs to. It becomes less sure in all of them.

# %% [markdown]
# ## What it cost, and what comes next
#
# Where does the time go, for a picture that nobody has seen? **Predict** which of the parts is the longest, and which of them would grow with a larger network. Then run the cell.

# %% figure=true
def seconds(what, times: int = 5) -> float:
    """How long a call takes, the best of some tries."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return min(took)


image, boxes = images[number], proposals[number]
warped = parts.warp_regions(image, boxes, 32, 4)
pooled, features = seen[number]
costs = {
    "proposals": seconds(lambda: propose(image)),
    "warping": seconds(lambda: parts.warp_regions(image, boxes, 32, 4)),
    "network": seconds(lambda: network.features(network.pooled(warped))),
    "machines and boxes": seconds(
        lambda: best_of(
            features @ weights + biases,
            torch.stack([parts.decode_boxes(pooled @ one, boxes) for one in regressors], dim=1),
            -1.2,
        )
    ),
}
show_table(
    "time",
    {part: {"milliseconds": 1000 * took} for part, took in costs.items()},
    corner=f"one scene, {len(boxes)} proposals",
    formats={"milliseconds": ".1f"},
)
once = count_multiply_adds(network.pooled[:-1], image[None])
each = count_multiply_adds(network.pooled[:-1], torch.rand(1, 3, 32, 32))
mean = sum(map(len, proposals)) / len(proposals)
rows = {
    "each proposal by itself": {"looks": mean, "million multiply–adds": mean * each / 1e6},
    "the whole scene once": {"looks": 1, "million multiply–adds": once / 1e6},
}
show_table(
    "looks",
    rows,
    corner="convolutions, a scene",
    formats={"looks": ".0f", "million multiply–adds": ".1f"},
)
in_bytes = {
    "this training": sum(maps.numel() + features.numel() for maps, features in looked_at) * 4,
    "5,000 photographs": 5000 * 2000 * 4096 * 4,
}
rows = {name: {"gigabytes": size / 1e9} for name, size in in_bytes.items()}
show_table("store", rows, corner="features that are kept", formats={"gigabytes": ".3g"});

# %% [markdown]
# *What to see:* the milliseconds are those of your machine's CPU; look at their order. With so small a network, growing the regions takes longest. But proposals and warping do not depend on the network. The network's part is one forward pass *for each proposal*, and proposals overlap: the same nose is looked at in many of them. All looks
# together take {n}`looks.each proposal by itself.million multiply–adds / looks.the whole scene once.million multiply–adds:.0f` times the multiplications of one pass over the whole scene.
# <!-- holds: looks.each proposal by itself.million multiply–adds > 10 * looks.the whole scene once.million multiply–adds -->
#
# With a large network this is all that counts. R-CNN with VGG16 takes 47 seconds for a photograph on a GPU, with 2000 proposals and without the time to find them (Girshick, 2015). And the features of the training have to be *kept*, since the machines need them
# again and again: with 4096 numbers a proposal, 5,000 photographs make {n}`store.5,000 photographs.gigabytes:.0f` gigabytes, and that without the maps for the regressions. Then there are three trainings, one after the other, 84 hours with VGG16. The network is tuned for a softmax that nobody uses at the end, and no
# mistake of the machines or of the boxes ever reaches the convolutions.
#
# For all that, it was a leap. On PASCAL VOC 2007 the deformable part models that the paper compares itself with had a mAP of about 34 %, and the best without deep features about 42 % (Regionlets, Wang and others, 2013). R-CNN with AlexNet reached 54.2 %, and 58.5 % once boxes were moved; with VGG16 it is 66.0 % (Girshick and others, 2014, and its extended version of 2016).
# In the paper the machines were better than the softmax, 54.2 % against 50.9 %. The authors' own guess why is worth reading (appendix B): the softmax was trained with proposals from an IoU of ½ on and with random negatives, the machines with true boxes and hard negatives. One year later, in Fast R-CNN, the softmax was as good as machines or slightly better.
#
# The pictures of two overlapping proposals are the same pixels, and so, nearly, are their features. **Could one compute the features of the whole image once, and cut the proposals out of the *map*?** A place in the map is 8 or 16 pixels wide, and a proposal's corner lies anywhere. Chapter 8 does it: Fast R-CNN.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train rcnn --budget 5m` trains its network for longer.
#
# ### Further reading
#
# - Girshick, Donahue, Darrell & Malik, *Rich Feature Hierarchies for Accurate Object Detection and Semantic Segmentation*, CVPR 2014: R-CNN. Appendix A has the warps, where the mean colour of all images stands outside the image in place of our 0, appendix B the thresholds and the question of the softmax, appendix C the regression. The longer version is *Region-Based Convolutional Networks for Accurate Object Detection and Segmentation*, TPAMI 2016.
# - Girshick, *Fast R-CNN*, ICCV 2015: its tables have R-CNN's times.
# - Uijlings, van de Sande, Gevers & Smeulders, *Selective Search for Object Recognition*, IJCV 2013.
# - Felzenszwalb & Huttenlocher, *Efficient Graph-Based Image Segmentation*, IJCV 2004: the pieces.
# - Hosang, Benenson, Dollár & Schiele, *What Makes for Effective Detection Proposals?*, TPAMI 2016: a dozen ways to propose, and why recall at ½ is not enough.
# - Cortes & Vapnik, *Support-Vector Networks*, Machine Learning 1995.
# - He, Zhang, Ren & Sun, *Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition*, ECCV 2014: the first to compute the map once for all proposals, as OverFeat had for windows.
