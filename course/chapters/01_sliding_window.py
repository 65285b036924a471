# %% [markdown]
# # 1 · Sliding window
# ## Which of these pixels are cow?

# %% picture="which_pixels"

# %% [markdown]
# *What to see:* somebody names the pixels of this picture one after another, and paints each with the colour of its class. To know the next
# one, they look at the small square around it.
#
# You can build a network that looks at a small picture and says *cow*. Here the picture is larger, with a cow, a cat, a
# sheep, a duck, a pond and a meadow, and the question is a different one: not what is in it, but what is **where**. For each pixel, one answer.
#
# A classifier is enough: cut a patch around each pixel, ask what it shows, and paint the pixel. In this chapter you build that, count
# what it costs, and find that nearly all of the cost is for doing the same thing again. Then you see that the classifier was a
# convolution all along, and the same answers come many times faster, out of one pass.
#
# You need convolutions and a training loop as PyTorch has them. Five exercises, 30 points: they take about an hour and a half, and with
# reading and training the chapter takes about two hours.

# %%
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course import costs
from course.checking import check, chosen, hint
from course.farm import SEMANTIC_CLASSES, Farm
from course.patches import PatchSet
from course.plotting import PALETTE, chart_axes, show_labels, show_patches, show_places
from course.segmentation import SemanticSet, class_iou
from course.shapes import pair
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## A label for every pixel
#
# This is the Farm, the course's own data set. Its scenes are drawn by a program, so the right answer is known for each pixel.

# %% figure=true
train_scenes = SemanticSet(Farm(by_tier(500, 2000)), keep=True)
test_scenes = SemanticSet(Farm(by_tier(40, 200), seed=1), keep=True)

image, truth = test_scenes[4]
show_labels(image, {"what we want": truth}, SEMANTIC_CLASSES);

# %% [markdown]
# *What to see:* this is **semantic segmentation**. Every pixel gets the number of a class, land and animals alike. And count the
# cows: in the picture there are two, one behind the other; in the label map they are one shape. **Two cows are one
# colour.** A semantic map says what a pixel is, not *whose* it is; that comes much later, in chapter 11.
#
# White pixels have the label 255, *ignore*. They lie on an outline, half on one thing and half on another, and nobody is asked about them.

# %% [markdown]
# ## One patch, one label
#
# What can be known about a pixel from its surroundings alone? Here are five patches of 21 × 21 pixels. **Say for each of them what the
# framed pixel in the middle is**, and only then run the second cell.

# %% figure=true
SIZE = 21
centres = {"A": (15, 52), "B": (35, 20), "C": (20, 26), "D": (47, 20), "E": (58, 56)}  # row, column
show_patches(image, centres, SIZE);

# %% figure=true
show_places(image, centres, SIZE)
names = {name: SEMANTIC_CLASSES[truth[place]] for name, place in centres.items()}
print(", ".join(f"{name}: {answer}" for name, answer in names.items()))

# %% [markdown]
# *What to see:* A shows sky, trees and grass, and only the middle counts. B is nearly all pink: a cow, a sheep, a cat? An outline
# or a leg would help, and next to nothing of them is in it. D has both, and is asked for something else: the pond behind the cow. C holds
# two coats, and nothing in it says that both are cows'. **A patch knows only what it contains**, and its size is a choice: larger sees more,
# and costs more. E reaches over the edge of the picture, where there is nothing: zeros, black.
#
# Cireşan, Giusti, Gambardella and Schmidhuber (2012) traced the membranes of neurons in this way, pixel by pixel. Farabet, Couprie, Najman and
# LeCun (2013) named each pixel of outdoor scenes by what lies around it at three scales; they cut no patches, though, and ran their network over
# the whole image, as you will at the end of this chapter. First, then, the windows. How many are there?

# %% [markdown] exercise="count_windows"
# A window of `size` × `size` pixels starts in the top-left corner of an image and moves `stride` pixels at a time: to the right, and at the
# end of a row, `stride` pixels down. It never reaches over the edge. How many places does it visit?
#
# | | | |
# | --- | --- | --- |
# | `height`, `width` | int | of the image, in pixels |
# | `size` | int | of the square window; may be larger than the image, and then the answer is 0 |
# | `stride` | int | 1 or more, in both directions |
# | returns | int | the number of windows |

# %% check="count_windows"

# %% [markdown]
# The check tries many situations. When some fail, it shows the first with its numbers and, if your answer is that of
# a mistake it knows, says what you may have misunderstood; the others are folded away below. What your function prints is shown for that
# one situation. Each new attempt offers one more hint. You can also ask for one before you try: `hint(count_windows)` in a cell of
# its own shows the first, and one more each time.

# %% [markdown] exercise="extract_patches"
# Now cut them out.
#
# | | shape | |
# | --- | --- | --- |
# | `image` | (C, H, W) | floating point; not always contiguous in memory |
# | `size`, `stride` | int | as before |
# | returns | (N, C, size, size) | the windows in reading order; same dtype as `image`; gradients flow back to it; `image` itself is left alone |
#
# $$\text{out}[n, c, i, j] = \text{image}\big[c,\; s \cdot r + i,\; s \cdot q + j\big], \qquad n = r \cdot \text{windows in a row} + q$$
#
# is the window in row $r$ and column $q$ of windows, and $s$ is the stride. Where no window fits, N is 0, and the other dimensions are what they would have been. Two loops are a right answer. So is
# `Tensor.unfold`, which cuts windows along one dimension without a loop.

# %% check="extract_patches"

# %% [markdown] quiz="valid-windows"
# An image of 64 × 64 pixels has 44 × 44 windows of 21 × 21 pixels, but 64 × 64 pixels want a label. What is missing?
#
# - [ ] Smaller windows: of 21 × 21 pixels, not enough fit into the image — Only windows of one pixel are as many as pixels, and they know nothing but a colour.
# - [ ] A stride below 1, which sets windows more densely — Positions lie on pixels. Stride 1 is as dense as it gets; the border is a matter of padding.
# - [x] Something beyond the edge, for the border pixels' patches — Ten pixels on each side, 10 + 44 + 10 = 64. We fill them with zeros; the classifier meets such patches in training and learns what a black margin means.

# %% [markdown] exercise="segment_by_patches"
# Put it together: for each pixel the patch *centred* on it, for each patch the class with the highest score.
#
# | | shape | |
# | --- | --- | --- |
# | `classifier` | | an `nn.Module` from patches (B, C, size, size) to scores (B, K) |
# | `image` | (C, H, W) | floating point, with the dtype of the classifier's weights; not always contiguous; any size, even smaller than a patch; outside it there are zeros |
# | `size` | int | odd, so that a patch has a pixel in its centre |
# | `batch_size` | int | the classifier gets at most so many patches at a time, so that a large image needs no more memory than a small one |
# | returns | (H, W) | int64; of equal scores the lower class wins |
#
# The classifier may come in training mode; it has to work in evaluation mode, and in which one you leave it does not matter. Its weights and
# the image stay as they are. `F.pad` puts
# zeros around an image.

# %% check="segment_by_patches"

# %% [markdown]
# ## A classifier, and what it makes of the Farm
#
# A network for patches of 21 × 21 pixels. Three convolutions without padding shrink a patch to 9 × 9, and one linear layer
# turns what is left into eight scores.

# %% given="solutions.sliding_window:patch_classifier"

# %% [markdown]
# It learns from patches around random pixels, each with the label of its centre: `PatchSet` cuts them out. **Predict:** of the eight classes, which ones will it
# tell apart, and which will it confuse? While it trains you may press the stop button ■: what was learned
# until then is kept.

# %% train=true
def patch_loss(model: nn.Module, patches: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(model(patches), labels)


torch.manual_seed(0)
classifier = patch_classifier(len(SEMANTIC_CLASSES), SIZE)
steps = by_tier(1500, 12000)
history = fit(
    classifier,
    patch_loss,
    PatchSet(train_scenes, SIZE, count=128 * steps, seed=0),
    validation=PatchSet(test_scenes, SIZE, count=2000, seed=1),
    steps=steps,
    batch_size=128,
    looks=3,
)

# %% [markdown]
# To paint a whole image, the classifier goes into a network that cuts the patches by itself. It is your `segment_by_patches`, but
# for a batch of images, and it keeps the scores.

# %% given="solutions.sliding_window:PatchByPatch"

# %% figure=true
apart = PatchByPatch(classifier.cpu(), SIZE).eval()


def paint(network: nn.Module, image: Tensor) -> Tensor:
    """Return the label map (H, W) of `image` (3, H, W)."""
    with torch.no_grad():
        return network(image[None])[0].argmax(dim=0)


for number in (4, 30, 35):
    image, truth = test_scenes[number]
    maps = {"truth": truth, "patch by patch": paint(apart, image)}
    show_labels(image, maps, SEMANTIC_CLASSES)

# %% [markdown]
# *What to see:* it works. Each of the 4096 pixels was asked alone, by a network that never saw the whole picture, and sky, skyline and
# meadow come out almost as drawn. The animals are a mosaic. Look for the belly of the pink cow, your patch B: pale and smooth, so it comes
# out as sky, or as whatever else is pale and smooth. The sheep before the brown cow becomes one more cow. Nobody told a pixel
# what its neighbours are called, and a patch of 21 pixels does not hold an animal.

# %% [markdown]
# ## What did that cost?
#
# Count the multiplications, for one patch and for the 4096 of one image:

# %% figure=true
one = costs.count_multiply_adds(apart.classifier, torch.rand(1, 3, SIZE, SIZE))
bill = {
    "one patch": {"million multiplications": one / 1e6},
    "64 · 64 patches": {"million multiplications": 64 * 64 * one / 1e6},
}
show_table("patches", bill, formats={"million multiplications": ",.1f"})

# %% [markdown]
# Look at it from the side of a pixel: how many of these patches read it? In the middle of the image it lies in 21 × 21 = 441 windows. And
# a feature of the first layer, made of 5 × 5 pixels, lies in 17 × 17 = 289 windows: **289 times it is computed, with the same result.**
#
# How much of that can be saved? It depends on what windows have in common, and the widget lets you find out. Its windows are 3 × 3,
# and its classifier is **one layer**: nine weights. Before you press *Play*, type how many windows there are, and how many multiplications
# it takes patch by patch. Then switch to *Shared pass*: the same weights, run over the image once. **Do you expect fewer multiplications?**

# %% widget="SlidingWindow"

# %% [markdown]
# With one layer there is nothing to save: each window multiplies its nine pixels by nine weights, and no product occurs twice. But
# you saw something else. The pass that slid nine weights over the image *was* a convolution, and its map of scores held each window's
# score at the window's place. **A linear layer on every window is a convolution.** Same weights, same sums:
#
# $$\text{score}_k = b_k + \sum_{c, i, j} w_{k,\,(c, i, j)} \; \text{window}[c, i, j]$$
#
# is one class $k$ of the linear layer, and one filter $w_k$ of shape (C, k<sub>h</sub>, k<sub>w</sub>). Only the weights have to be laid out anew: the linear layer has them in a row, the convolution in a block.

# %% [markdown] exercise="linear_to_conv"
# Turn a linear layer into the convolution that equals it on every window.
#
# | | | |
# | --- | --- | --- |
# | `linear` | `nn.Linear` | takes windows that `nn.Flatten` made into rows: in_features = in_channels · kh · kw |
# | `in_channels` | int | of a window |
# | `kernel_size` | int or (kh, kw) | of a window; not always square |
# | returns | `nn.Conv2d` | stride 1, no padding; weights, bias and dtype of `linear`, copied or shared, and no bias if `linear` has none |
#
# `linear` stays as it is. `pair(3)` gives `(3, 3)` and `pair((2, 3))` gives `(2, 3)`.

# %% check="linear_to_conv"

# %% [markdown] quiz="linear-after-flatten"
# A classifier ends with `nn.Flatten()` and `nn.Linear(16 * 9 * 9, 8)`. It becomes a convolution. How large is its kernel?
#
# - [x] 9 × 9, the size of the map that it gets — It sees the whole map. A kernel of 1 × 1 has one weight a channel, and there are 81 times as many to place. A second linear layer behind it would see a single pixel of 8 channels, and that one does become 1 × 1.
# - [ ] 21 × 21, the size of the patch that the classifier gets — The convolutions before it have already shrunk the patch; the linear layer gets what they left.
# - [ ] 1 × 1, because a linear layer has no notion of space — It has no notion of it, but its input has: 81 places times 16 channels, each with a weight of its own.

# %% [markdown]
# ## What windows share
#
# Go back to the widget and choose **two layers**. A window is now 5 × 5: the first layer makes nine features of it, and the second
# sums them. Predict how often the framed feature is computed, and both totals; then run it patch by patch and watch the feature map
# darken. Last, take a stride of 3: which windows still want the framed feature, and what is left of the saving?
#
# This time the shared pass pays. Windows that overlap want *the same features*, for a feature is made of nine pixels wherever
# the window around it begins. The last layer shares nothing, as before; **the layers below it share almost everything.** The deeper the
# network and the larger the window, the more is saved.
#
# One condition is hidden in this: the feature must not depend on which window asks for it. A padded convolution would break
# that, for then each patch has a border of zeros of its own. Ours have no padding; the image gets its zeros once, outside.

# %% [markdown] exercise="count_multiply_adds"
# Count both ways, for any stack of convolutions. One *multiply–add* is one weight times one number, added to a sum.
#
# | | | |
# | --- | --- | --- |
# | `layers` | list of (in_channels, out_channels, kernel_size) | in their order; square kernels, stride 1, no padding; a linear layer is written as its convolution |
# | `height`, `width` | int | of the image; nothing is padded |
# | returns `apart` | int | every window of the image cut out and classified by itself |
# | returns `shared` | int | each layer run once over the whole image |
#
# The window is what the layers shrink to one pixel, and there is one at every place where it fits. Biases and ReLU count
# nothing. An image smaller than the window has none: `(0, 0)`.
#
# The widget's two layers on its 6 × 8 image, `[(1, 1, 3), (1, 1, 3)]`, give `(720, 288)`.

# %% check="count_multiply_adds"

# %% [markdown]
# ## All windows in one pass
#
# The same classifier, as one convolutional network. Look at how little happens: the layers are its own, `nn.Flatten` is gone,
# and linear layers have been laid out as convolutions.

# %% given="solutions.sliding_window:Shared"

# %% [markdown]
# **Whose functions shall run from here on?** What is written in the next cell, *the course's*, works whatever your answers were. Write
# `"mine"`, and each of yours whose check is all right takes its place: your convolution becomes the last layer of the one pass, and
# your patches are what it is compared with. (What you counted runs in no network.)

# %% figure=true
parts = chosen(
    "the course's",
    segment_by_patches=lambda classifier, image, size: paint(PatchByPatch(classifier, size), image),
    linear_to_conv=lambda linear, in_channels, kernel_size: Shared(nn.Sequential(linear), kernel_size).layers[0],
)

shared = Shared(classifier, SIZE)
shared.layers[-1] = parts.linear_to_conv(classifier[-1], classifier[-4].out_channels, SIZE - 12)
shared.eval()

image, truth = test_scenes[30]
maps = {"patch by patch": parts.segment_by_patches(classifier, image, SIZE), "one pass": paint(shared, image)}
show_labels(image, {"truth": truth, **maps}, SEMANTIC_CLASSES);

# %% [markdown]
# Is it the same? Ask both networks for all scores of two images. **Predict:** equal to the last digit?

# %% figure=true

def compare(dtype: torch.dtype) -> dict[str, float]:
    """Compare the two networks in `dtype` on two images: how large scores are, how far apart, and where labels differ."""
    images = torch.stack([test_scenes[i][0] for i in range(2)]).to(dtype)
    with torch.no_grad():
        one, other = apart.to(dtype)(images), shared.to(dtype)(images)
    differ = one.argmax(dim=1) != other.argmax(dim=1)
    return {
        "largest score": one.abs().max().item(),
        "largest difference": (one - other).abs().max().item(),
        "labels that differ": int(differ.sum()),
        "of": differ.numel(),
    }


rows = {str(dtype): compare(dtype) for dtype in (torch.float64, torch.float32)}
show_table("rounding", rows, formats={"largest score": ".0f", "largest difference": ".0e"})

# %% [markdown]
# The labels are the same. The scores are too, up to the last digits that a number of its type holds. Why not exactly? A sum of a thousand
# products is rounded a thousand times, and the two ways add them up in a different order. With float64 the difference shrinks by
# as much as its digits are finer: it is rounding, not another answer.
# <!-- holds: rounding.torch.float32.labels that differ == rounding.torch.float64.labels that differ == 0;
#      rounding.torch.float32.largest difference / rounding.torch.float64.largest difference > 1e7 -->
#
# Now the clock. Your count says how much work is saved; torch's own counter should agree with it.

# %% figure=true
batch = image[None]
work = [costs.count_multiply_adds(network, batch) for network in (apart, shared)]
time = [costs.forward_seconds(network, batch) for network in (apart, shared)]
rows = {
    name: {"million multiply–adds": multiply_adds / 1e6, "ms": 1000 * seconds}
    for name, multiply_adds, seconds in zip(("patch by patch", "one pass"), work, time, strict=True)
}
show_table("passes", rows, formats={"million multiply–adds": ",.0f", "ms": ".1f"})

fewer, faster = work[0] / work[1], time[0] / time[1]
print(f"One pass does {fewer:.0f} times less work and is {faster:.0f} times as fast here.")
if faster >= 10:
    print("That is at least ten times as fast.")
else:
    print("That is less than ten times: is something else keeping this computer busy?")

# %% [markdown]
# *What to see:* {n}`passes.patch by patch.million multiply–adds / passes.one pass.million multiply–adds:.0f` times less work, and the clock follows
# the count, though not to the digit: patches have to be cut out and carried through memory as well, and small maps keep several cores less busy
# than large batches do.
# <!-- holds: 10 < passes.patch by patch.million multiply–adds / passes.one pass.million multiply–adds < 100 -->
# Where did the saving come from? The linear layer costs the same in both. It is the convolutions below it, each run once for
# all windows instead of 4096 times.
#
# In training the picture is the same, and nobody needs patches there either: a loss over all outputs of the pass is the loss over
# all patches of the image at once. Long, Shelhamer and Darrell (2015) showed that this trains just as well. Chapter 2 starts there.

# %% [markdown]
# ## When the network takes steps
#
# Most classifiers pool. **Predict:** our condition was that a feature must not depend on which window asks for it. Does pooling 2 × 2
# with stride 2 keep it? Here is a classifier of patches of 6 × 6 with a pooling inside, and its convolutional twin.

# %%
torch.manual_seed(0)
pooling = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 2 * 2, 1))
linear = nn.Conv2d(4, 1, 2)
linear.weight, linear.bias = nn.Parameter(pooling[3].weight.view(1, 4, 2, 2)), pooling[3].bias
one_pass = nn.Sequential(pooling[0], pooling[1], linear)

picture = torch.rand(1, 1, 12, 14)
windows = F.unfold(picture, 6)[0].T.view(-1, 1, 6, 6)
with torch.no_grad():
    by_window = pooling(windows).view(7, 9)
    by_pass = one_pass(picture)[0, 0]
print(f"scores window by window: {tuple(by_window.shape)}, in one pass: {tuple(by_pass.shape)}")
same = torch.allclose(by_pass, by_window[::2, ::2], atol=1e-6)
print(f"the pass gives every second window in both directions: {same}")

# %% [markdown]
# One pass answers for the windows at even positions only. A window that starts at an odd pixel pools *other pairs* of
# features, and those were never computed. With five poolings, as in VGG, one pass answers for one window in 32 × 32.
#
# There are two ways out. Run the pass once for each shift of the image and weave the maps together: *shift and stitch*. The shifts may as well
# happen inside the network: Giusti et al. (2013) pool once for each shift at every pooling layer, Sermanet et al. (OverFeat, 2014) at the last one. Or let the coarse map be coarse and learn to bring it back to
# full size. Almost everybody does the second; it is the subject of chapters 2 to 4.

# %% [markdown] quiz="why-stride-breaks"
# A network with one 2 × 2 pooling of stride 2 is run as one pass over four copies of an image, shifted by (0, 0), (0, 1), (1, 0) and
# (1, 1) pixels. What do you get?
#
# - [ ] The same map four times, as the weights are the same — The pooling pairs other pixels in each copy, so the copies are different inputs to it.
# - [x] Together, the score of every window — Each shift answers for the windows of one parity of row and column. Four passes, woven together, are all of them: shift and stitch.
# - [ ] A blurred version of the right map — Nothing is averaged. Each pass gives exact scores, of a quarter of the windows.

# %% [markdown]
# ## Windows for detection
#
# Could the same trick find *objects*, each with a box around it? Slide a window, and wherever the classifier says cow with confidence, draw
# the box. But a cow can be near or far, lying or standing: one window size will not do. **Guess before you run the cell:** a photograph of 480 × 640
# pixels. How many boxes are there to look at?

# %% figure=true
HEIGHT, WIDTH = 480, 640


def positions(height: float, width: float, stride: int = 1) -> int:
    """Count the windows of height × width in the photograph."""
    rows, columns = (HEIGHT - int(height)) // stride + 1, (WIDTH - int(width)) // stride + 1
    return max(0, rows) * max(0, columns)


scales = [32 * 2 ** (step / 2) for step in range(8)]  # 32 … 362 pixels
ratios = (0.5, 1.0, 2.0)  # height over width, of windows of the same area
several = sum(positions(s, s) for s in scales)
shapes = sum(positions(s * r**0.5, s / r**0.5) for s in scales for r in ratios)
every = HEIGHT * (HEIGHT + 1) // 2 * (WIDTH * (WIDTH + 1) // 2)
counts = {
    "32 × 32, stride 16": positions(32, 32, 16),
    "32 × 32, stride 1": positions(32, 32),
    "… 8 scales": several,
    "… 8 scales × 3 ratios": shapes,
    "every box there is": every,
}

_, axis = chart_axes(8, 2.8)
bars = axis.barh(list(counts), list(counts.values()), color=PALETTE[0])
axis.bar_label(bars, [f"{count:,}" for count in counts.values()], padding=4)
axis.set(xscale="log", xlim=(100, 2e12), xlabel="windows in a photograph of 480 × 640 pixels")
axis.invert_yaxis()
axis.grid(visible=False)

# %% [markdown]
# *What to see:* the axis is logarithmic. Scales × ratios × positions make millions of windows, and every box there is, tens of billions, in
# one small photograph with perhaps three animals in it. Convolution shares the positions. It does not share the scales,
# nor the shapes: each of them is a pass of its own, over an image resized for it.
#
# Two answers made history, and both get a chapter. Look only where something might be: **region proposals**, about 2000 boxes an image in
# R-CNN (Girshick et al., 2014; chapter 7). Or let each position answer for several shapes at once: **anchors** (chapter 9).

# %% [markdown]
# ## What it cost, and what comes next
#
# Both networks, measured on one image, and their IoU on the test scenes. (The *intersection over union* of a class: the pixels
# that are rightly called so, over the pixels that are it or are called so. Chapter 2 has you build it. The mean is over the eight classes.)

# %% figure=true
scores = {
    "patch by patch": class_iou(apart, test_scenes, SEMANTIC_CLASSES),
    "one pass": class_iou(shared, test_scenes, SEMANTIC_CLASSES),
}
costs.compare_costs({"patch by patch": apart, "one pass": shared}, (64, 64), scores)

# %% [markdown]
# *What to see:* the lower half of the table is the same column twice, for it is the same function. In the upper half the parameters agree, and
# everything else differs by one or two powers of ten. Memory is what a training step would have to keep, of all patches of one image.
# <!-- holds: costs.parameters.patch by patch == costs.parameters.one pass; costs.mean IoU.patch by patch == costs.mean IoU.one pass;
#      10 < costs.multiply–adds.patch by patch / costs.multiply–adds.one pass < 1000;
#      10 < costs.memory to train.patch by patch / costs.memory to train.one pass < 1000 -->
#
# Read the IoU once more. Sky and grass, with {n}`costs.IoU of sky.one pass:.2f` and {n}`costs.IoU of grass.one pass:.2f`, are close to solved. A cow, the
# largest animal, is found in part ({n}`costs.IoU of cow.one pass:.2f`); sheep, duck and cat are mostly missed ({n}`costs.IoU of sheep.one pass:.2f`,
# {n}`costs.IoU of duck.one pass:.2f` and {n}`costs.IoU of cat.one pass:.2f`). These are numbers of our computer; from other first weights they came
# out up to {n}`spread costs.*IoU*:~1` apart, and yours may lie as far from ours.
# <!-- holds: costs.IoU of sky.one pass > 0.9; costs.IoU of grass.one pass > 0.85; 0.3 < costs.IoU of cow.one pass < 0.6;
#      costs.IoU of sheep.one pass < 0.35; costs.IoU of duck.one pass < 0.35; costs.IoU of cat.one pass < 0.35 -->
#
# A patch is a keyhole, and what stands behind it has to be guessed from what shows. To see further, the window must grow. With patches that was
# unaffordable. In one pass it only takes more layers. **So why not convolve all the way, from the image to a label for each pixel,
# and train that? Chapter 2 does, and runs into the next bill.**
#
# The small tier of this notebook takes a minute or two on two processor cores. The full one, for a GPU: start Jupyter with `COURSE_TIER=full`.
#
# ### Further reading
#
# - Cireşan, Giusti, Gambardella & Schmidhuber, *Deep Neural Networks Segment Neuronal Membranes in Electron Microscopy Images*, NIPS 2012: one patch, one label; it won the ISBI challenge of that year.
# - Farabet, Couprie, Najman & LeCun, *Learning Hierarchical Features for Scene Labeling*, TPAMI 2013: what lies around a pixel, at several scales.
# - Giusti, Cireşan, Masci, Gambardella & Schmidhuber, *Fast Image Scanning with Deep Max-Pooling Convolutional Neural Networks*, ICIP 2013: all shifts inside the network.
# - Sermanet, Eigen, Zhang, Mathieu, Fergus & LeCun, *OverFeat: Integrated Recognition, Localization and Detection using Convolutional Networks*, ICLR 2014: the sliding window as a convolution, and a last pooling for every shift.
# - Long, Shelhamer & Darrell, *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015: the paper of the next three chapters.
