# %% [markdown]
# # 3 · Unpooling
# ## Where did the fence go?

# %% picture="where_is_the_fence"

# %% [markdown]
# A network that labels every pixel has a dilemma. To *understand* a picture it pools: after two poolings a unit sees four
# times as far, and the maps are sixteen times cheaper. To *answer*, it must give back one label for each pixel that came in.
# The last chapter shrank the maps and left one question open: **how do they grow again?**
#
# In this chapter you write three answers, from the crudest to the one in SegNet, and you see what each of them loses.
# The numbers are small enough to follow with a finger. At the end you train three networks that differ in nothing
# but the way up, and look for a wire fence one pixel thin.
#
# You need chapter 2's idea of an encoder and a decoder, and patience for index arithmetic. Five exercises, 30 points,
# about an hour and a half.

# %%
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.costs import compare_costs
from course.farm.meadow import MEADOW_CLASSES, draw_meadow
from course.plotting import show_images, show_labels, show_put_back, show_ways_up
from course.segmentation import class_iou, pixel_loss
from course.shapes import pair
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## A meadow with a fence
#
# Our scenes have three classes: *meadow*, *cow* (round, large, in patches) and *fence* (slanted wires, one pixel wide). Light, coats
# and slopes change from scene to scene, so that no single colour gives a class away.

# %% figure=true
image, labels = draw_meadow(np.random.default_rng(2))
show_labels(image, {"what we want": labels}, MEADOW_CLASSES);

# %% [markdown]
# Now pool the picture, 4 × 4 pixels to one: twice by two. **Before you run the cell, say what happens to a wire that is one pixel
# wide.** Will it vanish, will it get thicker, or will it move? The second row shows it without the meadow and the cows.

# %% figure=true
wires = (labels == 2).float()  # 1 on a wire, 0 elsewhere
show_images({
    "the picture, 48 × 48": image,
    "pooled to 12 × 12": F.max_pool2d(image, 4),
    "its wires alone": wires,
    "the wires alone, pooled": F.max_pool2d(wires[None], 4)[0],
}, columns=2);

# %% [markdown]
# *What to see:* in the colours the wires are hard to find again, for any bright speck of grass wins its block as well. So look at
# the wires alone. Not one is lost: each is a chain of blocks now, four pixels thick. But its **place** is lost. Four columns have
# become one, and nothing in the 12 × 12 map says which of the four it was. Averaging would be worse: the wire would fade as well.
#
# Pooling answers "*is* there a wire in this block?" and forgets "*where*?". Everything in this chapter is about that *where*.

# %% [markdown]
# ## Two ways up without a memory
#
# Take one 2 × 2 map and double it. Two recipes come to mind:
#
# - **nearest neighbour**: each value is copied over its whole 2 × 2 block;
# - **bed of nails**: each value stands in the top-left corner of its block, and the rest is zero — a bed with a nail here and there.
#
# The third grid of the widget is what this chapter is heading for. Type your prediction into the empty cells, then *Reveal*.
# Hover over a cell, or move there with the arrow keys, to see where its value comes from.

# %% widget="Unpooling"

# %% [markdown] exercise="nearest_unpool2d"
# Copy each value of `x` over a block of `scale` × `scale` cells.
#
# $$\text{out}[n, c, i, j] = x\big[n, c, \lfloor i / s \rfloor, \lfloor j / s \rfloor\big]$$
#
# | | shape | |
# | --- | --- | --- |
# | `x` | (N, C, H, W) | any floating-point type; N may be 0; not always contiguous in memory |
# | `scale` | int | 1 or more |
# | returns | (N, C, H·scale, W·scale) | same dtype as `x`; gradients flow back to `x`; `x` itself is left alone |
#
# The one thing that is off the table is calling the library's own upsampling. Everything else is fair.

# %% check="nearest_unpool2d"

# %% [markdown]
# The check tries many situations. When some fail, it draws the first as grids — input, expected, yours — and, if your
# output is that of a mistake it knows, says what you may have misunderstood; the others are folded away below. What your function
# prints is shown for that one situation. Each new attempt offers one more hint, and so does `hint(nearest_unpool2d)`.

# %% [markdown] exercise="bed_of_nails2d"
# Put each value of `x` into the **top-left** corner of its block and leave zeros elsewhere.
#
# $$\text{out}[n, c, s \cdot i, s \cdot j] = x[n, c, i, j], \qquad \text{zero everywhere else}$$
#
# All else is as in the last exercise: N may be 0, `x` is not always contiguous and is left alone, the dtype stays, gradients flow back. Why zeros rather than copies? Because a zero is honest: it says "I do
# not know", and leaves the filling to the convolution that follows. You meet that thought again in chapter 4.

# %% check="bed_of_nails2d"

# %% [markdown]
# Look at both on the same numbers:

# %% figure=true
show_ways_up(torch.tensor([[1.0, 2.0], [3.0, 4.0]]));

# %% [markdown]
# Nearest neighbour is wrong about where the wire is by up to a block, in every direction. A bed of nails commits to one corner: it
# is right by luck in one case out of four. **Neither has any way of knowing better, for the encoder threw the position away.**
# So let us not throw it away.

# %% [markdown]
# ## Max pooling that remembers
#
# Max pooling picks one winner in each window. The winner's value goes on; its *position* is free to keep — one whole
# number a window. Zeiler and Fergus (2014) called these numbers *switches* and used them to look into a network.
#
# The position is written as in a book: the number of the cell when you read the plane row by row,
#
# $$\text{index} = \text{row} \cdot W + \text{column}.$$
#
# Play the game first. Pick the maximum of each window; its position drops into the tray. Then the network changes the values — it
# is allowed to, that is its job — and you put each value back where the tray says. Try the preset with a tie, and the one with
# overlapping windows. Then flip the switch that forgets the positions, and watch the edge.

# %% widget="MaxUnpooling"

# %% [markdown]
# Two details that the widget hides and that your function has to settle:
#
# - **Ties.** Of equal values the first one wins, in reading order. It is a convention, but the decoder lives by it.
# - **Padding.** The border is padded with −∞, not with zeros, so that padding never wins, even among negative numbers. And
#   the index speaks of the plane *before* padding: the reader of the index does not know that there was any.

# %% [markdown] exercise="max_pool2d_with_indices"
# Max-pool `x` and return two things: the values, and where they stood.
#
# | | shape | |
# | --- | --- | --- |
# | `x` | (N, C, H, W) | floating point; may be negative everywhere; N may be 0; not always contiguous; left alone |
# | `kernel_size`, `stride`, `padding` | int or (height, width) | `stride=None` means the kernel size; padding is at most half the window |
# | returns `values` | (N, C, h, w) | $h = \lfloor (H + 2p - k) / s \rfloor + 1$, and so for the width; same dtype as `x`; gradients flow back to `x`, to where each value stood |
# | returns `indices` | (N, C, h, w) | int64, row·W + column in the H × W plane before padding; each channel by itself |
#
# `pair(2)` gives `(2, 2)` and `pair((2, 3))` gives `(2, 3)`: use it. `Tensor.unfold` cuts windows along one dimension and is worth
# knowing. A loop over windows is a right answer too. Not allowed: the library's own max pooling, in any spelling.

# %% check="max_pool2d_with_indices"

# %% [markdown]
# ## Putting it back
#
# The way up is now almost nothing: a plane of zeros, and each value at its index.
#
# $$\text{out}[n, c].\text{flat}\big[\text{indices}[n, c, i, j]\big] = x[n, c, i, j], \qquad \text{zero everywhere else}$$
#
# Almost. Three things are left to get right:
#
# - **How large is the plane?** Pooling 6 columns by 2 gives 3, and so does pooling 7: the floor in the formula for *h* forgets the
#   seventh. Going back, $(h - 1) \cdot s - 2p + k$ is the smallest size that fits, and whoever knows better says so in `output_size`.
# - **What if a position comes twice?** When windows overlap, two of them can have the same winner. It is put there, not added up.
# - **The values are not the maxima any more.** Between the pooling and the unpooling a network has changed them. Only the positions
#   come from the encoder.

# %% [markdown] exercise="max_unpool2d"
# Put every value of `x` back at its position in a plane of zeros.
#
# | | shape | |
# | --- | --- | --- |
# | `x` | (N, C, h, w) | floating point, any values; N may be 0 |
# | `indices` | (N, C, h, w) | int64 positions in the *output* plane, as max pooling returned them; like `x` not always contiguous, and left alone |
# | `kernel_size`, `stride`, `padding` | int or (height, width) | those of the pooling; they matter for the size alone |
# | `output_size` | None, (H, W) or (N, C, H, W) | the size to give; None means the smallest that fits |
# | returns | (N, C, H, W) | same dtype as `x`; gradients flow back to `x` |
#
# Not allowed: the library's own max unpooling.

# %% check="max_unpool2d"

# %% [markdown]
# ## What is lost, and what is not
#
# You now own both halves. **Whose functions shall run from here on?** What is written in the next cell, *the course's*, works whatever your
# answers were. Write `"mine"` instead, and each of yours whose check is all right takes its place, here and in the networks below.
# You can change your mind at any time: run the cell again, and those below it.

# %% figure=true
def corners(x: Tensor, scale: int) -> Tensor:
    out = x.new_zeros(*x.shape[:2], x.shape[2] * scale, x.shape[3] * scale)
    out[:, :, ::scale, ::scale] = x
    return out


parts = chosen(
    "the course's",
    nearest_unpool2d=lambda x, scale: F.interpolate(x, scale_factor=scale),
    bed_of_nails2d=corners,
    max_pool2d_with_indices=lambda x, kernel_size: F.max_pool2d(x, kernel_size, return_indices=True),
    max_unpool2d=F.max_unpool2d,
)

# %% [markdown]
# Suppose an encoder has done its job and found the wires: its map is as bright as the picture where a wire is, and zero everywhere else.
# Pool that map twice and go up again with each of the three methods. **Guess first:** of the values that are put back, how many will
# stand on a wire?

# %% figure=true
def nearest(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    return parts.nearest_unpool2d(x, 2)


def bed_of_nails(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    return parts.bed_of_nails2d(x, 2)


def max_unpool(x: Tensor, indices: Tensor, size: tuple[int, int]) -> Tensor:
    return parts.max_unpool2d(x, indices, 2, output_size=size)


def pool(x: Tensor) -> tuple[Tensor, Tensor]:
    return parts.max_pool2d_with_indices(x, 2)


ways = {
    "nearest neighbour": nearest,
    "bed of nails": bed_of_nails,
    "max unpooling": max_unpool,
}

found = (image.mean(dim=0) * wires)[None, None]  # (1, 1, 48, 48): what the encoder found
once, first_indices = pool(found)
twice, second_indices = pool(once)
restored = {}
for name, way in ways.items():
    half = way(twice, second_indices, (24, 24))  # the last pooling is undone first
    restored[name] = way(half, first_indices, (48, 48))[0, 0]

rows = {}
for name, after in restored.items():
    filled = after != 0
    rows[name] = {"put back": int(filled.sum()), "on a wire": int((filled & (wires > 0)).sum())}
show_table("restored", rows, corner="values")
show_put_back(wires, restored, "wire");

# %% [markdown]
# *What to see:* a blue square is a value on a wire, a cross a value beside one. Nearest neighbour covers every wire, and a broad band
# of what is none. The bed of nails has its nails in a rigid grid, and most of them miss: of {n}`restored.bed of nails.put back:.0f` only
# {n}`restored.bed of nails.on a wire:.0f` stand on a wire. Max unpooling puts back just as few, but **every one stands on the wire** where it was found.
# <!-- holds: restored.max unpooling.on a wire == restored.max unpooling.put back == restored.bed of nails.put back;
#      restored.bed of nails.on a wire < 0.5 * restored.bed of nails.put back;
#      restored.nearest neighbour.put back > 3 * restored.nearest neighbour.on a wire -->
#
# The wires are thin again, and dotted: of sixteen values fifteen are gone for good. Pooling is not undone. **What comes back is
# the position of what survived**, and the convolution that follows joins the dots: it turns sparse and exact into dense and exact.
#
# What does the memory cost? One of four positions in a 2 × 2 window fits in 2 bits. Handing the feature map itself to the decoder,
# as U-Net does, takes 32 bits for each of the window's four values, 128 in all. That thrift was SegNet's argument
# (Badrinarayanan, Kendall & Cipolla, 2017). (PyTorch is less thrifty: its indices are whole numbers of 64 bits.) FCN hands over
# something else again, scores of the classes; that is chapter 4.

# %% [markdown] quiz="negative-values"
# A 2 × 2 window holds −3, −1, −4, −2. What does max pooling with padding 0 return, and what does max unpooling put back?
#
# - [ ] It returns 0, since nothing in the window is positive, and puts 0 back — Max pooling compares the values with each other, not with zero. Zero would win only if the window were padded with zeros, and that is why padding is −∞.
# - [ ] It returns −4, the one that is largest in magnitude, and puts −4 back — Max pooling takes the largest value, not the largest magnitude.
# - [x] It returns −1 with its position, and puts −1 back there — The maximum of the four is −1. After unpooling, the zeros around it are larger than the value itself: "zero" means "nothing known here", not "small".

# %% [markdown] quiz="whose-indices"
# A network pools twice (to a half, then to a quarter) and unpools twice. Which indices does the *first* unpooling need?
#
# - [x] Those of the second pooling — The first unpooling undoes the last pooling. What was put away last is taken out first, as from a stack.
# - [ ] Those of the first pooling — Its indices speak of positions in the full plane, but the first unpooling makes a plane of half the size: most of them do not even exist there.
# - [ ] Either, as long as both poolings have 2 × 2 windows — The windows are alike, but an index counts cells of the plane that was pooled, and the two planes differ in size.

# %% [markdown]
# ## Why the decoder mirrors the encoder
#
# An index means something only in the plane where it was taken, and in the channel where it was taken. So each unpooling belongs to
# *one* pooling: the last one down is the first one up, with the same plane size and the same number of channels. That is why SegNet's decoder is
# the mirror image of its encoder:

# %% picture="mirror_of_segnet"

# %% [markdown]
# One stage of the decoder: unpool with the remembered indices, then convolve the sparse map with a trained filter, so that it
# becomes dense, then ReLU. (The real one adds batch normalisation; the network below has it.)

# %% [markdown] exercise="decoder_stage"
# Assemble the stage. This one you may build from the library's parts — `F.max_unpool2d` is now yours — or from your own.
#
# | | shape | |
# | --- | --- | --- |
# | `x`, `indices` | (N, C, h, w) | from a 2 × 2 max pooling with stride 2; N may be 0 |
# | `output_size` | (H, W) | the size before that pooling; H and W may be odd |
# | `weight`, `bias` | (D, C, 3, 3), (D,) | of a convolution that keeps the size |
# | returns | (N, D, H, W) | never negative; dtype of `x`, which `weight` and `bias` have too; gradients flow to `x`, `weight`, `bias` |
#
# What comes in is not always contiguous, and is left alone.

# %% check="decoder_stage"

# %% [markdown]
# ## Three networks, one difference
#
# Here is SegNet from the reference implementation. Its way up is an argument, so that you can train it three times and change nothing
# else. That is where your own functions go, if you have chosen them above; its pooling stays torch's, which rounds odd sides up.

# %% given="solutions.fcn:SegNet"

# %% [markdown]
# **Predict before you train:** three classes, three ways up. Which class will show the difference, and which will hardly notice?
# Two stages are enough here; `fit` is the course's training loop, and every network sees the same scenes in the same order.

# %% train=true
rng = np.random.default_rng(0)
scenes = [draw_meadow(rng) for _ in range(by_tier(800, 8000))]
unseen = [draw_meadow(rng) for _ in range(64)]

networks, scores = {}, {}
for name, way in ways.items():
    print(name)
    torch.manual_seed(0)  # every network starts from the same weights
    networks[name] = SegNet(len(MEADOW_CLASSES), widths=(16, 16), upsample=way)
    fit(networks[name], pixel_loss, scenes, steps=by_tier(200, 2000), learning_rate=5e-3)
    scores[name] = class_iou(networks[name], unseen, MEADOW_CLASSES)

compare_costs(networks, size=(48, 48), scores=scores)

# %% figure=true
rows = columns = slice(12, 36)  # a part of one scene, large enough to count pixels
scene, truth = unseen[10]
part = {"truth": truth[rows, columns]}
for name, network in networks.items():
    with torch.no_grad():
        part[name] = network.cpu()(scene[None]).argmax(dim=1)[0, rows, columns]
show_labels(scene[:, rows, columns], part, MEADOW_CLASSES, columns=3);

# %% [markdown]
# *What to see:* the meadow hardly notices, the cows a little, along their outlines. The fence is where it shows: a wire is one pixel
# wide, and only one of the three networks was told in which pixel. The other two learnt that a wire is *near*. With nothing to say
# where, the fence's IoU falls from {n}`costs.IoU of fence.max unpooling:.2f` to {n}`costs.IoU of fence.bed of nails:.2f` with the bed of nails
# and to {n}`costs.IoU of fence.nearest neighbour:.2f` with nearest neighbour, and what is left of it comes in crumbs. Now read the table from
# the top: parameters, multiply–adds and memory are the same to the last digit, for all three networks pool in the same way and keep the
# indices, used or not. Only the *time* differs, and so it does when you run the cell again. What the gap is paid with is positions, not
# weights or multiplications. (Functions of your own may keep other tensors for the backward pass, and then the line of the memory says so.)
# <!-- holds: costs.IoU of meadow.max unpooling - costs.IoU of meadow.nearest neighbour < 0.1;
#      costs.IoU of meadow.max unpooling - costs.IoU of meadow.bed of nails < 0.1;
#      costs.IoU of cow.max unpooling - costs.IoU of cow.nearest neighbour < 0.15;
#      costs.IoU of cow.max unpooling - costs.IoU of cow.bed of nails < 0.15;
#      costs.IoU of fence.max unpooling - costs.IoU of fence.nearest neighbour > 0.2;
#      costs.IoU of fence.max unpooling - costs.IoU of fence.bed of nails > 0.2; costs.IoU of fence.max unpooling > 0.9;
#      costs.parameters.nearest neighbour == costs.parameters.bed of nails == costs.parameters.max unpooling;
#      costs.multiply–adds.nearest neighbour == costs.multiply–adds.bed of nails == costs.multiply–adds.max unpooling;
#      costs.memory to train.nearest neighbour == costs.memory to train.bed of nails == costs.memory to train.max unpooling -->
#
# These are numbers of one seed, on our computer and on toy scenes. From other first weights the fence of max unpooling came out
# {n}`spread costs.IoU of fence.max unpooling:~1` apart, that of the bed of nails {n}`spread costs.IoU of fence.bed of nails:~1` and that of nearest
# neighbour {n}`spread costs.IoU of fence.nearest neighbour:~1`: without positions, how much of a wire is found is luck as well. Yours may lie as far from
# ours, so read who is ahead and where, not the decimals, nor which of the other two comes second.
# <!-- holds: spread costs.IoU of fence.max unpooling < 0.1 < spread costs.IoU of fence.nearest neighbour;
#      spread costs.IoU of fence.max unpooling < spread costs.IoU of fence.bed of nails -->

# %% [markdown] quiz="what-unpooling-learns"
# The three networks have the same number of parameters. How many of them belong to the upsampling?
#
# - [ ] One for each channel — There is nothing to scale: values are copied or moved, never multiplied by anything that is trained.
# - [x] None at all — All three ways up are fixed rules. What is learnt lies in the convolutions around them, which have to make the best of what the rule hands them.
# - [ ] One for each remembered index — The indices come from the data and change with each picture. They are not trained, and no gradient flows to them.

# %% [markdown]
# ## What it cost, and what comes next
#
# | way up | keeps from the encoder | result | learnt |
# | --- | --- | --- | --- |
# | nearest neighbour | nothing | dense, blurred to blocks | nothing |
# | bed of nails | nothing | sparse, on a rigid grid | nothing |
# | max unpooling | one position a window | sparse, exact | nothing |
#
# Look at the last column. Every way up in this chapter is a *rule*. The network cannot adapt it, only mend after it. Why
# should copying, or zeros, be the right rule? In **chapter 4** the upsampling itself gets weights: put a nail, and stamp a learnt pattern
# around it.
#
# ### Further reading
#
# - Zeiler & Fergus, *Visualizing and Understanding Convolutional Networks*, ECCV 2014: switches, used to look inside.
# - Noh, Hong & Han, *Learning Deconvolution Network for Semantic Segmentation*, ICCV 2015: unpooling in a deep decoder.
# - Badrinarayanan, Kendall & Cipolla, *SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation*, TPAMI 2017.
# - Odena, Dumoulin & Olah, *Deconvolution and Checkerboard Artifacts*, Distill 2016: why nearest neighbour followed by a convolution is not a bad idea at all.
