# %% [markdown]
# # 2 · Fully convolutional networks
# ## Every pixel at once

# %% picture="sharp_or_far"

# %% [markdown]
# *What to see:* one pixel, the white one on the brown coat, and what two networks know when they name it. The first sees it sharply, and a
# little around it. The second sees the whole scene, in squares of 8 × 8. On the right is what you want, and neither has it.
#
# The last chapter ended with a classifier that had become a convolution: one pass over the image, and every window has its label.
# The patches were gone, the double work with them. Two questions were left. If convolution is the answer, **why not convolve
# all the way**, from the image to a label for each pixel? And a window of a few pixels cannot tell a cow from a sheep: **how does
# a pixel see further** without the bill exploding?
#
# You follow the first question until it becomes expensive, and the second one until it is answered. On the way you write the
# loss that trains all pixels at once, the count of what it costs, the network that goes down and up again, and the metric
# that tells a good label map from one that only looks good in a table.
#
# You need chapter 1's convolutions. Five exercises, 30 points. The exercises take about 80 minutes; with reading and training it is two
# hours and a quarter.

# %%
import copy
from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_confusion_matrix

from course.checking import check, chosen, hint
from course.costs import compare_costs, count_activation_bytes, measure_costs
from course.farm import SEMANTIC_CLASSES, Farm
from course.labels import block_labels, share_named_right
from course.plotting import PALETTE, chart_axes, charts_axes, show_confusion, show_images, show_labels
from course.segmentation import SemanticSet, named_scores, pixel_loss, pixel_metrics
from course.tables import show_table
from course.training import Loss, batches, by_tier, fit

# %% [markdown]
# ## A question for each pixel
#
# This is the Farm, the course's own data set: scenes that are drawn, so that the label of every pixel is known. Four kinds
# of land, four kinds of animals. **Before you look at the right-hand picture, paint it in your head:** where are the hard pixels?

# %% figure=true
image, target = Farm(20, seed=1)[6]
truth = target["semantic"]
show_labels(image, {"what we want": truth}, SEMANTIC_CLASSES);

# %% [markdown]
# *What to see:* an answer of 64 × 64 labels, 4096 decisions. Inside the meadow a pixel is easy; along an outline, and where one
# animal hides another, it is not. And look at the thin **white** lines. There the pixel lies half on the cow and half on
# the grass, and it would be unfair to ask. Such pixels carry the label 255, *ignore*. Data sets of photographs have it as well: Pascal
# VOC draws a border of it around every object.

# %% [markdown]
# ## Convolution all the way
#
# A 3 × 3 convolution with one pixel of padding gives back a map of the size that came in. So stack a few of them, and let the last
# one have as many channels as there are classes: a score for each class at each pixel, the *logits*.

# %% given="solutions.fcn.blocks:conv_block"

# %% given="solutions.fcn.networks:FullResolutionFCN"

# %% [markdown]
# Nothing in it knows the size of the image. A network that classifies has a linear layer at its end, which fits one size and no
# other; this one takes any. Long, Shelhamer and Darrell (2015) called such a network *fully convolutional*.

# %%
network = FullResolutionFCN(num_classes=len(SEMANTIC_CLASSES))
for height, width in ((64, 64), (48, 80), (33, 57)):
    logits = network(torch.rand(2, 3, height, width))
    print(f"images {(2, 3, height, width)}  ->  logits {tuple(logits.shape)}")

# %% [markdown]
# ## One loss for all pixels
#
# Each pixel is a small classification, and you know its loss: the cross-entropy, minus the logarithm of the probability that
# the network gives to the right class. The loss of a batch is the **mean over all pixels that count**. With $P$ the set of
# those pixels, $z$ the logits and $y$ the labels,
#
# $$L = -\frac{1}{|P|} \sum_{p \in P} \log \frac{e^{z_{p, y_p}}}{\sum_k e^{z_{p, k}}}.$$
#
# Three pixels and two classes are enough to get it wrong. The scores are (2, 2), (0, 0) and (9, 0), the labels 0, 1 and 255.
# **What is the loss?** Work it out before you read on.
#
# In each of the first two pixels both classes have the probability ½, so each costs log 2 ≈ 0.69. The third does not count: it adds
# nothing above the line, and nothing below it. The mean is 0.69. Whoever takes 255 for class 0 gets a loss of 0.46, and teaches the network
# that outlines are sky. Whoever divides by three pixels also gets 0.46, and turns the learning rate down wherever much is ignored.

# %% [markdown] exercise="pixel_cross_entropy"
# Write the loss of all pixels.
#
# | | shape | |
# | --- | --- | --- |
# | `logits` | (N, K, H, W) | floating point, of any magnitude; N may be 0; not always contiguous |
# | `target` | (N, H, W) | int64: 0 … K − 1, or `ignore_index` |
# | `ignore_index` | int | any label, 255 or −1 or even one of the classes; it says which pixels do not count |
# | returns | no dimension | dtype of `logits`; gradients flow back to `logits`; both inputs are left alone |
#
# Where no pixel counts at all, return a 0 *that hangs on the graph*: `backward()` works on it, and the gradient is 0 everywhere.
# Logits may be large, ±10 000: nothing may become infinite or NaN on the way.
#
# Not allowed: the library's own cross-entropy and NLL loss. Its `log_softmax`, `logsumexp`, `gather` and `one_hot` are fair.

# The check shows a hint when an answer fails; `hint("pixel_cross_entropy")` shows one without it, and so for every exercise by its name.

# %% check="pixel_cross_entropy"

# %% [markdown] quiz="mean-of-means"
# Image A has 4000 pixels that count, image B has 40. Somebody computes the mean loss of each image and then the mean of the two. What
# does that change?
#
# - [ ] Nothing: a mean of means is a mean — Only where all groups have the same size. Here one group has a hundred times as many members.
# - [ ] The loss becomes smaller, since B has only few pixels to be wrong at — It may become smaller or larger, depending on which image is the harder one. What changes for certain is who has a say.
# - [x] A pixel of B now weighs a hundred times as much as one of A — Each image gets half of the loss, and B's half is shared by 40 pixels only. A picture that is ignored almost everywhere would steer the training.

# %% [markdown]
# ## What it costs
#
# A layer makes a map, and at full resolution every one of these maps is as large as the image, times the number of channels. To train, a network
# has to remember many of them: the backward pass needs them, and they wait in memory until its turn comes.
#
# **Predict:** your images get four times as wide and four times as high, 256 pixels instead of 64. How many times as much
# memory does the network need, and how many times as long does it take? Do its weights get more?

# %% [markdown] exercise="activation_bytes"
# Count the bytes of all outputs of all layers of a network.
#
# | | | |
# | --- | --- | --- |
# | `network` | `nn.Sequential` | layers that run one after another; **any layers**, with any arguments: convolutions and transposed ones, batch norms, ReLU, poolings, upsampling; none is itself a network of layers; maybe none at all |
# | `image_shape` | (N, C, H, W) | of the batch that comes in; the batch itself is not counted; N may be 0 |
# | `bytes_per_number` | int | 4 in float32, 2 in half precision |
# | returns | int | each layer makes one new tensor, ReLU too; the sum of their bytes |
#
# By running the layers on some image, by asking for their shapes alone, or by formulas: all ways are right. The network has to be the
# same afterwards, to its last number. Mind that it may come in training mode, where a batch norm changes its running mean with every batch that it
# sees. Whether you leave the network in training or in evaluation mode does not matter.

# %% check="activation_bytes"

# %% [markdown]
# You counted what the layers *make*. Does all of it have to wait? A ReLU needs only to know where it let something through, and its output tells
# that. The convolution behind it needs its own input, which is that same map: it waits once, for both. What the ReLU was given is let go, for nobody
# asks for it again. (A batch norm does ask for what it was given.) **So of what you counted, a part has to wait.**
#
# Now measure. The next cell asks `course.costs` what *one image* costs at four resolutions: what the forward pass keeps for the backward
# pass, counted to the byte, and how long the forward pass takes on your computer.

# %% figure=true
def plot_costs(table: str, networks: dict[str, nn.Module], sides: Sequence[int] = (32, 64, 128, 256)) -> None:
    """Draw memory and time against the side of a square image, both on logarithmic scales, and show a table."""
    rows = {}
    _, axes = charts_axes(2)
    for number, (name, network) in enumerate(networks.items()):
        costs = [measure_costs(network, (side, side), repeats=5) for side in sides]
        style = {"color": PALETTE[2 - number], "marker": "os"[number], "linestyle": ("-", "--")[number]}
        axes[0].plot(sides, [cost.activation_bytes / 1e6 for cost in costs], label=name, **style)
        axes[1].plot(sides, [1000 * cost.seconds for cost in costs], label=name, **style)
        for side, cost in zip(sides, costs, strict=True):
            rows[f"{name}, {side} px"] = {
                "weights": cost.parameters,
                "MB to train": cost.activation_bytes / 1e6,
                "M multiply–adds": cost.multiply_adds / 1e6,
                "ms": 1000 * cost.seconds,
            }
    for axis, title in zip(axes, ("memory to train, MB", "time of a forward pass, ms"), strict=True):
        axis.set(title=title, xlabel="side of the image, pixels", xscale="log", yscale="log")
        axis.set_xticks(sides, labels=map(str, sides))
        axis.minorticks_off()
    if len(networks) > 1:
        axes[0].legend(frameon=False)
    show_table(table, rows, formats={"MB to train": ",.1f", "M multiply–adds": ",.0f", "ms": ".1f"})


plot_costs("full resolution", {"full resolution": network})

# %% [markdown]
# *What to see:* twice the side is four times the memory and four times the multiply–adds: two steps to the right are sixteen-fold.
# <!-- holds: full resolution.full resolution, 256 px.MB to train / full resolution.full resolution, 64 px.MB to train == 16;
#      full resolution.full resolution, 256 px.M multiply–adds / full resolution.full resolution, 64 px.M multiply–adds == 16 -->
# The time follows, with some slack on the left, where a picture is too small to keep the processor busy. The **weights** stay what they are. What fills the
# memory is not the network but the maps.
#
# This is a toy. Here is the bill for a network of its time: the thirteen convolutions of VGG16, each with its ReLU, without any of its poolings, on
# photographs of 500 × 500 pixels. **Guess:** how many photographs can wait together on a GPU of 80 GB? (What is kept grows with the pixels and with
# nothing else, so the cell measures a picture of 25 × 25 pixels and takes it 400 times.)

# %% figure=true
channels = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
pairs = [(nn.Conv2d(before, after, 3, padding=1), nn.ReLU()) for before, after in pairwise(channels)]
vgg = nn.Sequential(*[layer for pair in pairs for layer in pair])
kept = 400 * count_activation_bytes(vgg, torch.rand(1, 3, 25, 25))
bill = {"one image": {"GB": kept / 1e9}, "a batch of 16": {"GB": 16 * kept / 1e9}}
show_table("VGG16", bill, formats={"GB": ".1f"})

# %% [markdown]
# *What to see:* these are the outputs of the ReLUs; what the convolutions put out would be as much again. A batch of 16 fills most of that GPU
# before a single gradient has been computed, and nothing has been said yet about speed.
# <!-- holds: VGG16.a batch of 16.GB > 60; VGG16.a batch of 16.GB < 80 -->

# %% [markdown]
# ## And it is short-sighted
#
# The bill would be fair if the network saw enough to understand. How much does it see? The label of a pixel depends on a 3 × 3
# neighbourhood of the last map, each of those on 3 × 3 of the map before, and so on: **every 3 × 3 convolution adds one pixel in each direction.**
# Eight of them see 8 pixels far: a square of 17 × 17, which is this chapter's version of the last chapter's patch. A cow here is often more than 30 pixels long, and
# sometimes almost 60. To see as far as that, 32 pixels in each direction, you would need 32 convolutions, each at the full price.
#
# Other stacks of layers see differently. In the widget each row of squares is a layer, the lowest one 64 pixels of a scene. **Predict** how many of
# them one unit of the last layer sees, press *Enter*, and its sight is followed down. Three things to try, each with a guess before it:
#
# 1. Three convolutions, and a halving put in *before* the first, or *after* the last. Which of the two lets a unit see further?
# 2. Two convolutions with kernel 3 and dilation 4: how far do they see, and is every pixel in between read?
# 3. *Count the paths*, which appears once you have predicted: do all pixels that a unit can see weigh the same?

# %% widget="ReceptiveField"

# %% [markdown]
# What if the maps were smaller? Halve them once, and a 3 × 3 convolution reaches twice as far in the image and costs a quarter. Halve three
# times: eight times as far, for a sixty-fourth. But dare we? The answer must have every pixel.
#
# Try it on the *labels*, without any network. Keep only one label for each block of 2 × 2, 4 × 4, 8 × 8 pixels, the most
# frequent one. **Which share of the pixels is still right, and which classes suffer?**

# %% figure=true
labels = torch.stack([Farm(60, seed=1)[index][1]["semantic"] for index in range(60)])
blocky, rows = {}, {}
for size in (2, 4, 8):
    coarse = block_labels(labels, size, len(SEMANTIC_CLASSES))
    blocky[f"{size} × {size} blocks"] = coarse[6]
    metrics = pixel_metrics(len(SEMANTIC_CLASSES))
    metrics.update(coarse, labels)
    right = {"pixels right": metrics.compute()["pixel_accuracy"].item()}
    rows[f"{size} × {size} blocks"] = right | named_scores(metrics, SEMANTIC_CLASSES)
show_table("blocks", rows, corner="IoU", formats={"pixels right": ".3f", "mean": ".3f"})
show_labels(image, {"truth": truth, **blocky}, SEMANTIC_CLASSES, columns=3);

# %% [markdown]
# *What to see:* neighbours agree. One label for four pixels, and {n}`1 - blocks.2 × 2 blocks.pixels right:.0%` of the pixels are wrong; one for sixty-four, and
# {n}`blocks.8 × 8 blocks.pixels right:.0%` are still right. What is lost is lost along the outlines, and thin or small
# things pay for it: the line of trees most of all, then the cats, the ducks and the water. (The column *mean*, of the IoU, is a stricter mark than
# the share of right pixels; you write it yourself below.)
# <!-- holds: blocks.8 × 8 blocks.trees < blocks.8 × 8 blocks.cat < blocks.8 × 8 blocks.sheep; blocks.8 × 8 blocks.cat < blocks.8 × 8 blocks.cow;
#      blocks.8 × 8 blocks.duck < blocks.8 × 8 blocks.sheep; blocks.8 × 8 blocks.duck < blocks.8 × 8 blocks.cow;
#      blocks.8 × 8 blocks.water < blocks.8 × 8 blocks.sheep; blocks.8 × 8 blocks.water < blocks.8 × 8 blocks.cow;
#      blocks.8 × 8 blocks.mean < blocks.8 × 8 blocks.pixels right -->
#
# So the middle of a network may be small, **as long as somebody remembers where the outlines were**.

# %% [markdown]
# ## Down and up again
#
# That is the plan: an *encoder* halves the maps and doubles the view, a *decoder* brings the size back. And at each size the decoder is handed the
# encoder's map of that size, which has not yet forgotten the outlines. Drawn, it is a U, and so its inventors called it the **U-Net** (Ronneberger,
# Fischer & Brox, 2015). Yours is a small one.

# %% picture="down_and_up"

# %% [markdown]
# *What to see:* the way down on the left, the way up on the right, and the copies between them. The pictures stand for maps of many channels; they show
# how much of the scene a map of that size can hold.
#
# Two small pieces are given. Half of 37 pixels is a matter of taste; we round up, so that no pixel is lost. The way back then asks
# not for "twice as large", which would be 38, but for "as large as the encoder's map was".

# %% given="solutions.fcn.blocks:halve"

# %% given="solutions.fcn.blocks:resize_like"

# %% [markdown] exercise="encoder_decoder"
# Run the images down and up again. The stages come as arguments; you write the way through them.
#
# | | | |
# | --- | --- | --- |
# | `x` | (N, C, H, W) | floating point, float64 too; any size, odd or even, down to one pixel; N may be 0; not always contiguous |
# | `encoder` | `nn.ModuleList` of S stages | stage 0 sees `x`; each further one sees the last one's output, halved |
# | `decoder` | `nn.ModuleList` of S − 1 stages | its first stage belongs to the coarsest copy; S may be 1, then there is none |
# | `classifier` | module | comes last |
# | returns | (N, K, H, W) | what the classifier returns: logits, with no softmax; gradients flow back to `x`; `x` and the stages are left as they came |
#
# A stage takes a map and returns a map of the same size, with channels of its own. *Halve* is 2 × 2 max pooling with stride 2 that rounds odd sides
# up (`ceil_mode=True`); *resize* is bilinear with `align_corners=False`; *join* puts the resized map's channels first and the encoder's after them. The
# two functions above do the first two; use them or write your own.

# %% check="encoder_decoder"

# %% [markdown]
# **Predict:** give the stages 16, 32, 48 and 64 channels, and two convolutions of 3 × 3 each. That makes 14 of them, where the network at full
# resolution has 8, and {n}`both.encoder–decoder, 64 px.weights / both.full resolution, 64 px.weights:.1f` times as many weights. Will it be more expensive?

# %% [markdown] quiz="weights-in-the-middle"
# The coarsest of these stages has more than half of the encoder's weights, but makes only a small part of its multiply–adds. How come?
#
# - [x] Its weights are used at few positions — A convolution uses each of its weights once for each pixel of the map. At an eighth of the side there are 64 times fewer pixels, so that four times as many channels on both sides still cost less.
# - [ ] Its weights are smaller numbers, being so many — The size of a number does not matter to a multiplication. What counts is how often each weight is used.
# - [ ] It has no ReLU — It has, as all stages do. And a ReLU costs one comparison a value, next to nothing beside a convolution.

# %% [markdown]
# The U-Net with these stages comes next. Its `forward` is one answer to the exercise above, so its code is folded away: **unfold it when you have
# written yours.**

# %% given="solutions.fcn.networks:EncoderDecoderFCN" folded=true

# %% figure=true
torch.manual_seed(0)
networks = {
    "full resolution": FullResolutionFCN(len(SEMANTIC_CLASSES)),
    "encoder–decoder": EncoderDecoderFCN(len(SEMANTIC_CLASSES)),
}
plot_costs("both", networks)

# %% [markdown]
# *What to see:* it is not more expensive. It needs {n}`both.encoder–decoder, 64 px.MB to train / both.full resolution, 64 px.MB to train:.0%` of the
# memory and {n}`both.encoder–decoder, 64 px.M multiply–adds / both.full resolution, 64 px.M multiply–adds:.0%` of the multiply–adds, and its time is
# about the same. Of its 14 convolutions only
# <!-- holds: both.encoder–decoder, 64 px.MB to train < both.full resolution, 64 px.MB to train;
#      both.encoder–decoder, 64 px.M multiply–adds < both.full resolution, 64 px.M multiply–adds;
#      both.encoder–decoder, 256 px.MB to train / both.encoder–decoder, 64 px.MB to train == 16 -->
# four work at full resolution, on 16 channels; where there are many channels the maps are small. Both lines still rise four-fold with every
# doubling, since convolution does, but one of them starts lower.
#
# And how far does it see? Any network can be asked: take the scores of **one** pixel and follow their gradient back to the image. Where it
# is zero, nothing that you paint there changes the answer.

# %% figure=true
scenes = torch.stack([Farm(32, seed=1)[index][0] for index in range(32)])


def gradient_of_the_centre(network: nn.Module, images: Tensor) -> Tensor:
    """Return each pixel's share (H, W) in the gradient of the centre's scores, over all of `images` (N, 3, H, W)."""
    images = images.clone().requires_grad_()
    height, width = images.shape[-2:]
    network.eval()(images)[:, :, height // 2, width // 2].square().sum().backward()
    gradient = images.grad.abs().sum(dim=(0, 1))
    return gradient / gradient.sum()


def show_sight(table: str, networks: dict[str, nn.Module]) -> None:
    """Draw what the pixel in the centre sees, and show how much of it lies within 8 pixels."""
    seen, rows = {}, {}
    for name, network in networks.items():
        gradient = gradient_of_the_centre(network, scenes)
        rows[name] = {
            "rows of 64 that it can see": int((gradient.sum(dim=1) > 0).sum()),
            "gradient in the square of 17 × 17": gradient[32 - 8 : 32 + 9, 32 - 8 : 32 + 9].sum().item(),
        }
        seen[name] = (gradient / gradient.max()) ** 0.12  # a strong root, so that what is faint shows
    show_table(table, rows, formats={"gradient in the square of 17 × 17": ".1%"})
    show_images({"one of the scenes": scenes[6], **seen})


show_sight("sight", networks)

# %% [markdown]
# *What to see:* at full resolution the pixel lives in a little square, with nothing outside it. The encoder–decoder's pixel **can** see the whole scene.
# <!-- holds: sight.full resolution.rows of 64 that it can see == 17; sight.encoder–decoder.rows of 64 that it can see == 64 -->
# The bright square comes through the finest copy and knows the details, the one around it through the next copy, and the wide glow through the small
# middle, which knows the surroundings. That is the trade: **resolution is exchanged for channels and for sight.**
#
# But read the numbers. The picture is stretched by a strong root; unstretched the glow would be black. What a pixel can see is its *receptive field*, what it
# does look at is its *effective* receptive field, which is far smaller (Luo, Li, Urtasun & Zemel, 2016). This network has the whole
# scene in view, and all but {n}`1 - sight.encoder–decoder.gradient in the square of 17 × 17:.1%` of its gradient lies in the same small square. It has not
# learnt anything yet, though: remember the number.
# <!-- holds: 1 - sight.encoder–decoder.gradient in the square of 17 × 17 < 0.05 -->

# %% [markdown]
# ## The number that lies
#
# Both networks are ready to be trained. Before that: how will you know that one is better? The obvious mark is the **pixel accuracy**, the share of all pixels
# that are right. Let us give it to a model that does not even look at the image. It knows for each position which class is most
# frequent there, and paints that, always. **Guess its accuracy.**

# %% figure=true
train_set = SemanticSet(Farm(by_tier(600, 4000)), keep=True)
test_set = SemanticSet(Farm(by_tier(100, 400), seed=1), keep=True)

known = torch.stack([labels for _, labels in train_set])
frequency = torch.stack([(known == k).sum(dim=0) for k in range(len(SEMANTIC_CLASSES))])  # (K, H, W)
always_the_same = frequency.argmax(dim=0)

metrics = pixel_metrics(len(SEMANTIC_CLASSES))
for _, labels in test_set:
    metrics.update(always_the_same[None], labels[None])
accuracy = metrics.compute()["pixel_accuracy"].item()
show_table("not looking", {"painted without looking": {"pixel accuracy": accuracy}})
image, truth = test_set[6]
show_labels(image, {"truth": truth, "painted without looking": always_the_same}, SEMANTIC_CLASSES);

# %% [markdown]
# *What to see:* {n}`not looking.painted without looking.pixel accuracy:.0%` of the pixels are right, and there is not one animal in the picture: sky
# above, grass below. A mark that can be bribed like that is of no use.
#
# The remedy is to keep the classes apart. Count how often a pixel of class $i$ was called $j$: the **confusion matrix**. Its
# diagonal is what is right. Row $i$ is everything that *is* of class $i$, column $j$ everything that was *called* $j$.

# %% [markdown] exercise="confusion_matrix"
# Count.
#
# | | | |
# | --- | --- | --- |
# | `pred`, `target` | int64, both of one shape | any shape: a map, a batch of maps, a list of pixels; maybe empty, not always contiguous |
# | `num_classes` | int | K; labels that count are 0 … K − 1, whether they all occur or not |
# | `ignore_index` | int | a pixel whose **target** has this label does not count, whatever was predicted there; any int, even one of the classes |
# | returns | (K, K) int64 | row = target, column = prediction; both inputs are left alone |
#
# Not allowed: torchmetrics and scikit-learn, which have it ready.

# %% check="confusion_matrix"

# %% [markdown]
# Now every class gets a mark of its own. Take all pixels that *are* cow, and all that were *called* cow. The share of the two sets'
# **union** that lies in both, the **intersection**, is the class's IoU:
#
# $$\text{IoU}_k = \frac{|\text{is } k \text{ and called } k|}{|\text{is } k \text{ or called } k|} = \frac{n_{kk}}{\sum_j n_{kj} + \sum_i n_{ik} - n_{kk}}$$
#
# It is 1 only where nothing is missed and nothing is claimed wrongly, and it cannot be bribed: whoever calls everything cow misses no cow,
# but has a huge union. The mean over the classes, the **mIoU**, is the mark of the field since Pascal VOC: a duck weighs as much as the sky.
#
# By hand: four pixels are sky, three of them called so; two are grass, both called so; there is no duck and nobody saw
# one. Sky: 3 of 4. Grass: 2 of the 3 that are grass or were called grass. Duck: 0 of 0, which is no mark at all, so the duck is left out. The mean of 0.75 and
# 0.67 is 0.71.

# %% [markdown] exercise="mean_iou"
# Compute the mean IoU from a confusion matrix.
#
# | | | |
# | --- | --- | --- |
# | `confusion` | (K, K) int64 | counts, row = target, column = prediction; not always contiguous; left as it is |
# | returns | a Python float, or a tensor without dimensions | the mean over the classes that are in the target **or** in the prediction |
#
# A class that was predicted but never there has the IoU 0, and so has one that is there but never predicted: both count. Where no
# class is left, return NaN.
#
# Not allowed, as before: torchmetrics and scikit-learn.

# %% check="mean_iou"

# %% [markdown]
# **Whose functions shall run from here on?** What is written in the next cell, *the course's*, works whatever your answers were. Write
# `"mine"`, and each of yours whose check is all right takes its place: your loss trains the first network, your way through the stages
# runs in both encoder–decoders, and your matrix counts what they get wrong. (The IoU of each class stays torchmetrics', for the
# tables want it by name.)

# %% figure=true
def through_the_stages(x: Tensor, encoder: nn.ModuleList, decoder: nn.ModuleList, classifier: nn.Module) -> Tensor:
    """Go down and up as `EncoderDecoderFCN` does."""
    stages = SimpleNamespace(encoder=encoder, decoder=decoder, classifier=classifier)
    return EncoderDecoderFCN.forward(stages, x)


parts = chosen(
    "the course's",
    pixel_cross_entropy=lambda logits, target: pixel_loss(nn.Identity(), logits, target),
    encoder_decoder=through_the_stages,
    confusion_matrix=lambda pred, target, num_classes: multiclass_confusion_matrix(
        pred, target, num_classes, ignore_index=255
    ),
)


class EncoderDecoder(EncoderDecoderFCN):
    """The same stages, and the way through them that was chosen."""

    def forward(self, x: Tensor) -> Tensor:
        return parts.encoder_decoder(x, self.encoder, self.decoder, self.classifier)


def mean_loss(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy as a mean over the pixels that count."""
    return parts.pixel_cross_entropy(model(images).float(), targets)

# %% [markdown]
# The model that does not look, once more:

# %% figure=true
scores = named_scores(metrics, SEMANTIC_CLASSES)
show_table("not looking, IoU", {"painted without looking": scores}, corner="IoU")
truths = torch.stack([labels for _, labels in test_set])
confusion = parts.confusion_matrix(always_the_same.expand_as(truths), truths, len(SEMANTIC_CLASSES))
show_confusion(confusion, SEMANTIC_CLASSES);

# %% [markdown]
# *What to see:* two columns hold everything. Each row tells what became of one class: cows are grass to it, and of the trees half is sky and half is grass. The mean
# IoU, {n}`not looking, IoU.painted without looking.mean:.2f`, says what the accuracy did not.
# <!-- holds: not looking, IoU.painted without looking.mean < 0.25; not looking, IoU.painted without looking.cow == 0;
#      not looking, IoU.painted without looking.trees == 0; not looking, IoU.painted without looking.water == 0 -->

# %% [markdown] quiz="iou-of-a-data-set"
# A data set has 100 pictures, and a duck is in two of them. One programmer computes the mIoU of each picture and averages the hundred numbers. Another adds up
# the hundred confusion matrices and computes the mIoU once. Do they report the same?
#
# - [ ] Yes, both are means over the same pixels — Neither is a mean over pixels. An IoU is a quotient, and a mean of quotients is not the quotient of the sums.
# - [x] No: in the first the duck hardly counts — The second is the mIoU of the field. In the other 98 pictures the duck is left out, or counts as 0 where somebody claims one. So what becomes of the two ducks enters through two of a hundred numbers. With the summed matrix it is one of the classes, with its full share. Say which one you report.
# - [ ] No, but only because the pictures differ in size — They would differ among pictures of one size as well: what matters is which classes occur in which picture.

# %% [markdown]
# ## Rare classes
#
# The same imbalance that fools the accuracy fools the training. The loss is a mean over pixels, and most pixels are meadow:

# %% figure=true
share = frequency.sum(dim=(1, 2)) / frequency.sum()
_, axis = chart_axes(7, 2.6)
bars = axis.bar(SEMANTIC_CLASSES, 100 * share, color=PALETTE[2])
axis.bar_label(bars, fmt="%.1f")
axis.set(ylabel="% of the pixels", ylim=(0, 60))
axis.grid(visible=False)

# %% [markdown]
# *What to see:* grass alone is half of everything, and all animals together are a sixth. In its first minutes a network can halve its loss
# without ever naming a duck.
# <!-- holds: 0.45 < weights.grass.share of the pixels < 0.55; 0.14 < weights.all animals.share of the pixels < 0.19 -->
#
# A remedy is to let a pixel of a rare class weigh more. Eigen and Fergus (2015) weight class $k$ by the median of all frequencies divided by its own
# frequency (which they count over the images that have the class at all). That is strong medicine: a network can come to claim rare classes everywhere. We take the
# square root of it, halfway between "a pixel is a pixel" and "a class is a class".
#
# **Predict:** you train the encoder–decoder twice, with and without these weights. Which classes gain, and does one lose?

# %% train=true
weights = (share.median() / share).sqrt()
rows = {
    name: {"share of the pixels": each.item(), "weight": weight.item()}
    for name, each, weight in zip(SEMANTIC_CLASSES, share, weights, strict=True)
}
rows["all animals"] = {"share of the pixels": share[4:].sum().item()}
show_table("weights", rows, formats={"share of the pixels": ".1%"})


def weighted_loss(model: nn.Module, images: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy as a weighted mean over the pixels that count."""
    return F.cross_entropy(model(images), targets, weight=weights.to(images.device), ignore_index=255)


trained, results, confusions = {}, {}, {}


def train(name: str, network: nn.Module, loss: Loss) -> None:
    """Train a network and keep it, with what it does on the test scenes, under its name."""
    network = network.to(memory_format=torch.channels_last)  # quicker on a CPU
    fit(network, loss, train_set, steps=by_tier(300, 10_000), batch_size=8)
    trained[name] = network.cpu()
    results[name], confusions[name] = pixel_metrics(len(SEMANTIC_CLASSES)), 0
    with torch.no_grad():
        for images, labels in batches(test_set, 32, torch.device("cpu")):
            called = trained[name](images).argmax(dim=1)
            results[name].update(called, labels)
            confusions[name] += parts.confusion_matrix(called, labels, len(SEMANTIC_CLASSES))


torch.manual_seed(0)
train("encoder–decoder", EncoderDecoder(len(SEMANTIC_CLASSES)), mean_loss)

# %% train=true
torch.manual_seed(0)
train("encoder–decoder, weighted", EncoderDecoder(len(SEMANTIC_CLASSES)), weighted_loss)

# %% [markdown]
# Both began with the same weights and saw the same pictures in the same order. They differ in nothing but the loss:

# %% figure=true
names = ("encoder–decoder", "encoder–decoder, weighted")
rows = {
    name: {"accuracy": results[name].compute()["pixel_accuracy"].item(), **named_scores(results[name], SEMANTIC_CLASSES)}
    for name in names
}
show_table("weighted", rows, corner="IoU", formats={"accuracy": ".3f"})
show_confusion(confusions["encoder–decoder"], SEMANTIC_CLASSES);

# %% [markdown]
# *What to see:* look at the rarest class first. Of the *duck* the network without weights knows next to nothing, an IoU of {n}`weighted.encoder–decoder.duck:.2f`,
# and the one with weights {n}`weighted.encoder–decoder, weighted.duck:.2f`. The land pays next to nothing for it. The accuracy notices none of this: it is
# {n}`weighted.encoder–decoder.accuracy:.2f` and {n}`weighted.encoder–decoder, weighted.accuracy:.2f`.
# <!-- holds: weighted.encoder–decoder.duck < 0.05; weighted.encoder–decoder, weighted.duck > 0.2;
#      weighted.encoder–decoder.accuracy - weighted.encoder–decoder, weighted.accuracy < 0.03;
#      weighted.encoder–decoder, weighted.accuracy - weighted.encoder–decoder.accuracy < 0.03;
#      weighted.encoder–decoder.sky - weighted.encoder–decoder, weighted.sky < 0.05; weighted.encoder–decoder.grass - weighted.encoder–decoder, weighted.grass < 0.05;
#      weighted.encoder–decoder.trees - weighted.encoder–decoder, weighted.trees < 0.05; weighted.encoder–decoder.water - weighted.encoder–decoder, weighted.water < 0.05 -->
#
# And the mean IoU? {n}`weighted.encoder–decoder.mean:.2f` and {n}`weighted.encoder–decoder, weighted.mean:.2f`: is that the weights' doing? These are numbers of one
# seed, on our computer. From other first weights each mean came out up to {n}`spread weighted.*.mean:~1` apart, the ducks up to {n}`spread weighted.*.duck:~1` and the
# sheep up to {n}`spread weighted.*.sheep:~1`. The ducks gained more than that, so theirs is the weights' doing. Of the sheep's gain another seed left little. Two runs
# say no more than this, and yours may lie as far from ours. **A difference means something when it is larger than what another seed changes.**
# <!-- holds: spread weighted.*.duck < weighted.encoder–decoder, weighted.duck - weighted.encoder–decoder.duck;
#      spread weighted.*.sheep > 0.1; spread weighted.*.mean < 0.05 -->
#
# The matrix belongs to the network *without* weights. Look at the last column but one: hardly a pixel is ever called *duck*, the rarest class of all. The duck's row says what
# became of them: grass, or another animal. While the network cannot tell, a more frequent class is the cheaper guess. Longer training would teach it the rare
# ones as well; the weights teach them sooner.

# %% [markdown]
# ## Sight against resolution
#
# Now the same loss and the same pictures for the network that keeps full resolution. **What will the short-sighted one get wrong: the land, the
# outlines, or the animals' names?**

# %% train=true
torch.manual_seed(0)
train("full resolution, weighted", FullResolutionFCN(len(SEMANTIC_CLASSES)), weighted_loss)

# %% figure=true
compared = ("full resolution, weighted", "encoder–decoder, weighted")
for index in (6, 64):
    image, truth = test_set[index]
    maps = {"truth": truth}
    for name in compared:
        with torch.no_grad():
            maps[name.split(",")[0]] = trained[name](image[None])[0].argmax(dim=0)
    show_labels(image, maps, SEMANTIC_CLASSES)

rows = {name.split(",")[0]: {"named right": share_named_right(trained[name], test_set.data)} for name in compared}
show_table("names", rows, corner="animals", formats={"named right": ".0%"})

# %% [markdown]
# *What to see:* both get most of the land and of the outlines right. The names are what the short-sighted one gets wrong. A square of 17 × 17 pixels of
# plain coat could be anybody's, so every pixel guesses for itself: the body of one animal has several names, or another one's. The encoder–decoder is not done
# learning either (look at the duck in front), but it names more of the animals right. Counted over all test scenes, {n}`names.full resolution.named right:.0%` of the animals have their own name
# on more of their pixels than any other, and {n}`names.encoder–decoder.named right:.0%` with the whole scene in view.
# <!-- holds: names.encoder–decoder.named right > names.full resolution.named right + 0.1 -->
# Has it learnt to look further than the small
# square? Ask its gradient once more, before and after training:

# %% figure=true
show_sight("trained sight", {"untrained": networks["encoder–decoder"], "trained": trained["encoder–decoder, weighted"]})

# %% [markdown]
# *What to see:* it has. Before training, next to nothing came from outside the square of 17 × 17; now
# {n}`1 - trained sight.trained.gradient in the square of 17 × 17:.0%` does. The halvings made it
# <!-- holds: 1 - trained sight.untrained.gradient in the square of 17 × 17 < 0.05; 1 - trained sight.trained.gradient in the square of 17 × 17 > 0.15 -->
# possible to see far, and training made use of it. Luo and his colleagues saw the same in their networks: the effective receptive field grows as a
# network learns.
#
# And what does each of the two cost?

# %% figure=true
_, axes = charts_axes(3, height=2.8)
shown = [name.split(",")[0].replace(" ", "\n").replace("–", "–\n") for name in compared]
costs = [measure_costs(trained[name], (64, 64)) for name in compared]
panels = {
    "memory to train, MB": [cost.activation_bytes / 1e6 for cost in costs],
    "time, ms": [1000 * cost.seconds for cost in costs],
    "mIoU": [named_scores(results[name])["mean"] for name in compared],
}
for axis, (title, values) in zip(axes, panels.items(), strict=True):
    bars = axis.bar(shown, values, color=[PALETTE[2], PALETTE[1]], hatch=["", "//"], edgecolor="white")
    axis.bar_label(bars, fmt="%.2f" if title == "mIoU" else "%.1f")
    axis.set(title=title, ylim=(0, 1.2 * max(values)))
    axis.grid(visible=False)

# %% [markdown]
# *What to see:* the last panel goes up while the first goes down. Seeing further is not paid for here; it comes with a refund.
# <!-- holds: costs.mean IoU.encoder–decoder, weighted - costs.mean IoU.full resolution, weighted > spread costs.mean IoU.*;
#      costs.memory to train.encoder–decoder, weighted < costs.memory to train.full resolution, weighted -->

# %% [markdown] quiz="deeper-at-full-resolution"
# Somebody wants to give the full-resolution network the same sight by stacking more 3 × 3 convolutions. What happens?
#
# - [ ] It cannot be done: the receptive field of convolutions is limited — Each 3 × 3 convolution adds a pixel in every direction, without end. Thirty-two of them see 32 pixels far.
# - [ ] It works, and costs little, since 3 × 3 convolutions have few weights — The weights are few, but each one is used at all 4096 pixels, and every layer makes maps that wait for the backward pass.
# - [x] It works, at the full price for every pixel seen further — Four times as many layers, four times the memory and time, and a deep network that is hard to train. Halving three times buys the same sight for a fraction.

# %% [markdown]
# ## What it cost, and what comes next

# %% figure=true
compare_costs(
    trained, (64, 64), {name: named_scores(result, SEMANTIC_CLASSES) for name, result in results.items()}
)

# %% [markdown]
# One seed and a minute or less of training each. The gap between full resolution and the encoder–decoder is larger than what another seed changes; the one
# between the two losses is not, but for the ducks. With a GPU, train for longer,
#
# ```text
# COURSE_TIER=full jupyter lab                # this notebook: more scenes, more steps
# python -m solutions train encoder-decoder --budget 20m --out runs/encoder-decoder
# python -m solutions train full-resolution --budget 20m --out runs/full-resolution
# ```
#
# and see whether the gap closes.
#
# | | full resolution | encoder–decoder (U-Net) |
# | --- | --- | --- |
# | can see | one pixel further with every layer | twice as far with every halving |
# | knows where | exactly | as far as the copies tell it |
# | pays | full price for every layer | full price at the top only |
#
# Look once more at the way up. You resized the coarse map with bilinear interpolation and moved on, and the copies had to mend the outlines. Is that the best
# that can be done? Pooling threw away *where* in each window the maximum stood. **How do the maps grow again**, and what could they grow back with if the
# encoder had kept a note? That is **chapter 3**.
#
# ### Further reading
#
# - Long, Shelhamer & Darrell, *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015: where this began; its section 3 turns classifiers into maps.
# - Ronneberger, Fischer & Brox, *U-Net: Convolutional Networks for Biomedical Image Segmentation*, MICCAI 2015: down, up, and the copies.
# - Luo, Li, Urtasun & Zemel, *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, NIPS 2016: how much of what a pixel can see it does look at.
# - Noh, Hong & Han, *Learning Deconvolution Network for Semantic Segmentation*, ICCV 2015: a decoder as deep as the encoder.
# - Eigen & Fergus, *Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale Convolutional Architecture*, ICCV 2015: median frequency weights.
# - Everingham, Van Gool, Williams, Winn & Zisserman, *The Pascal Visual Object Classes (VOC) Challenge*, IJCV 2010: the metric and the ignored borders.
