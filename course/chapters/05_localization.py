# %% [markdown]
# # 5 · Localization and pose
# ## One object: what is it, and where?

# %% picture="one_object"

# %% [markdown]
# *What to see:* on the left every pixel has its class, and still nobody can count: two cows that overlap are one patch of one colour.
#
# Chapter 4 ended there. A label map has no word for *this* cow. So ask for less, and more precisely: **one object in the picture, what is it, and
# where?** The answer is a class and four numbers, the corners of a box. Then ask *how does it stand*, and the answer is a handful of points.
#
# You write the loss that trains a class and a box at once, and find out that it cannot tell you which of two networks is better. You mirror
# keypoints, draw them as pictures, read them off again, and measure them. At the end a network that returns pictures and one that returns
# coordinates look for the same joints, after the same number of steps.
#
# You need chapter 2's encoder and decoder. Seven exercises, 42 points: they take about an hour and fifty minutes, and with reading and training the
# chapter takes two hours and three quarters.

# %%
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.costs import count_parameters
from course.farm import CLASSES, KEYPOINTS, SKELETON, Farm
from course.localization import SingleObjects, class_and_box_loss, labels_and_boxes, measure_boxes, own_boxes
from course.plotting import show_images, show_objects, show_poses
from course.pose import hills, longer_sides, mean_squared_distance, mirrored, on_grid, share_near_enough, summits
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## A class and four numbers
#
# Here are farm scenes with one animal each. **Before you run the cell:** how would *you* say where an animal is, to somebody on the phone who has the
# same picture, but does not know what you call its middle?

# %% figure=true
train_set = SingleObjects(Farm(by_tier(1500, 6000), animals=(1, 1), empty=0))
test_set = SingleObjects(Farm(300, seed=1, animals=(1, 1), empty=0))
images = torch.stack([image for image, _ in (test_set[number] for number in range(len(test_set)))])
targets = [test_set[number][1] for number in range(len(test_set))]
labels, boxes = labels_and_boxes(targets)
show_objects(images[:8], {"its box": boxes[:8]}, [CLASSES[label + 1] for label in labels[:8]]);

# %% [markdown]
# *What to see:* the box ends where the animal's visible pixels end, on all four sides. Its corners say it all: x1, y1 at the top left and x2, y2 at the
# bottom right. x counts to the right and y counts *down*, from the corner of the picture, not from the middle of its first pixel. So x2 − x1 is the width, with no "+ 1".
#
# A network that has seen the picture needs two small layers for this at its end: one makes K scores, as ever, and the other makes numbers. Nothing
# stops a network from returning numbers; this is *regression*, and for a loss you take how far they are off.
#
# How many numbers? Four would do. But a duck's box is another than a cow's, even in the same place. So one may let the network say four numbers **for
# each class**: where the thing is if it is a cow, where if it is a duck. Then somebody has to pick.

# %% [markdown] quiz="whose-box"
# A network returns a box for each class. In training, which of the boxes should the loss of a picture look at?
#
# - [ ] All of them, so that each learns as much as possible from every picture — The duck's box would be held to a cow, and would end up as the box of no animal in particular.
# - [ ] The one of the class with the highest score, since that one will be used — While the class is still wrong, that punishes the cow's box for not being a duck's.
# - [x] The one of the true class — It is asked only where its class really is. When the class is wrong, the scores' own loss says so; the box has done nothing wrong.

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
# ## In pixels or in shares?
#
# A box can be given in pixels, or in shares of the picture: 0.25 is a quarter of the way across. Let a network be off by 5 % of the side, in all four
# numbers. **Predict:** by how much does its squared distance grow if the same picture comes four times as large?

# %%
box = torch.tensor([0.25, 0.5, 0.75, 1.0])
off = box + 0.05
rows = {}
for side in (64, 256, 1024):
    in_pixels = side * off - side * box
    rows[f"a picture {side} wide"] = {"pixels": float(in_pixels @ in_pixels), "shares": float((off - box) @ (off - box))}
show_table("units", rows, corner="squared distance, in", formats={"pixels": ",.1f", "shares": ".3f"})

# %% [markdown]
# *What to see:* four times the side is sixteen times the loss, for the very same mistake. In pixels the loss depends on the size of the picture, it
# dwarfs any cross-entropy, and so do its gradients. In shares it is a small number that means the same for every picture. This chapter's
# networks return shares; where something is measured, it is in pixels again.

# %% [markdown]
# ## Two losses and a weight
#
# Two answers, two losses: cross-entropy for the class, in *nats*, and a squared distance for the box, in squared shares of a picture. One number has to go
# down, so they are added up, with a weight $\lambda$ that you choose:
#
# $$L = L_\text{class} + \lambda \, L_\text{box}.$$
#
# Which weight is right? One is tempted to train with several, and to keep the one with the lowest $L$. The widget shows two finished networks that look at
# one picture. **Predict** which has the lower total, then move the weight and watch. Which numbers change, and which stand still?

# %% widget="MultitaskLoss"

# %% [markdown]
# Neither network has become better or worse while you moved the slider. What they return is fixed, and so are the accuracy and the overlap of the boxes. Only the ruler
# has changed. **Totals with different weights cannot be compared**, no more than 3 metres with 2 miles by their numbers alone. The weight is a knob, and what you set it by is what
# you care about: how many classes are right, how well the boxes lie.

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
#
# A box says where an animal is, and not how it stands. For that one marks joints, always the same ones in the same order: row 0 is the nose, row 1 an eye,
# and so on. Each has x, y and a **visibility**: 2 if you see it, 1 if something hides it and one can still tell where it is, 0 if it is not there
# at all, outside of the picture perhaps. The numbers x and y of the last kind mean nothing.
#
# Whoever changes the picture has to change all that belongs to it. Make it twice as large: in pixels the corners of the boxes and the joints double, in shares of
# the picture they stay, and a mask is enlarged without blending, for between cow and meadow there is no class. Cut a piece out: boxes end at the new edge, and a joint beyond it
# has visibility 0 from now on. One change has a trap. A mirrored picture is a new picture for free, and in it a box's left edge is what was its right one.
# **Predict:** where is the left eye, before and after?

# %% picture="mirrored_cow"

# %% [markdown]
# *What to see:* mirror the pixels, and the eye with the dark patch goes to the other side. It is a *right* eye now: a cow that looks at you has its
# left eye on your right, and the mirrored cow does too. So it is not enough to move the points. Their **rows** have to change places.
#
# The Farm's animals show one side, and have no left and right. COCO's people have eight such pairs, from the eyes to the ankles.

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

# %% [markdown] quiz="mirror-and-rows"
# Somebody trains a network of people's joints on pictures, half of them mirrored, and forgets to exchange left and right. What will it have learnt?
#
# - [x] Noses as well as before, and each hand about half of the time — A nose is in no pair. For a hand the training data contradict themselves: the same picture of a hand is called left as often as right.
# - [ ] Nothing that is of use, since half of all points were wrong — Only the rows in pairs were, and only in the mirrored half. The places themselves were all right: some joint is there.
# - [ ] The same as without the mistake, since mirroring moves each point to where it belongs — Each point is where it belongs, and under the wrong name. Names are what the rows are.

# %% [markdown]
# ## A picture instead of two numbers
#
# Two numbers a joint, a squared distance: nothing new, one might think. But try to *be* such a network. Your convolutions have found something like a
# nose, at some place of the map. Now a linear layer has to turn "it is strong *here*" into the number 0.37, for every "here" there
# is, from weights that know nothing of neighbours.
#
# It is easier to leave the answer in the form in which convolutions have it: a map, high where the joint is. This is a **heat map** (Tompson and others, 2014). Every pixel
# gets its own small question, "is the nose here?", as in chapters 2 to 4. For a target one draws a hill:
# 1 at the joint, and falling off as a Gaussian with a width $\sigma$ that you choose. A single bright pixel would do in theory. **Why might a hill be
# easier to learn?**

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
# A hill has a slope: who is one pixel off gets most of the marks, and a gradient that says which way to go. A single pixel says "wrong" to all places alike.
#
# ## Back from the grid
#
# A heat map is not what you want in the end. You want x and y. The highest pixel is the obvious answer, and it has a price. Drag the keypoint below: the numbers in
# the cells are its hill. **Predict** how far the highest pixel's centre can be from the true point, then drag it slowly across a pixel and watch the error.

# %% widget="Heatmap"

# %% [markdown]
# Within a pixel the point may lie anywhere, and the answer is always the pixel's centre: in each direction it is off by up to half a pixel. If the map is
# at a quarter of the picture's size, that is two pixels of the picture.
#
# But the map knows more than its highest pixel. If the point lies to the right of the centre, the right neighbour is higher than the left one. Newell,
# Yang and Deng (2016) take exactly this one bit a direction: a **quarter of a pixel** towards the higher neighbour. In the widget, what does it
# do to the error? What does it do when the second hill is the higher one?

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
#
# A joint outside of the picture has no place. Somebody wrote zeros into its row, and a loss that takes them at their word teaches the network that absent noses
# are at the top left. So what is not there must not count: neither in the sum, nor in the number that it is divided by. A joint that is only hidden has a
# place, and here it counts: the networks below are asked where a leg is behind a bush, too.

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
#
# A mean distance is a bad mark for poses: one joint that was looked for at the wrong end of the picture outweighs ten that are perfect. And five pixels are a lot for a
# duck's eye, and nothing for a cow that fills the picture. So one counts instead: which share of the joints lies **near enough**, where "near" is a share of the
# object's own size (Yang and Ramanan, 2013). Here the size is the longer side of its box.

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

# %% [markdown]
# ## Whose shall they be?
#
# From here on your functions can do the work: in the losses, in the targets, in the measuring. As it stands, the next cell takes the course's own. Write
# `"mine"`, and each of yours takes its place if its check is all right.

# %%
parts = chosen(
    "the course's",
    select_class_boxes=own_boxes,
    multitask_loss=class_and_box_loss,
    flip_keypoints=mirrored,
    gaussian_heatmaps=hills,
    decode_heatmaps=summits,
    keypoint_loss=mean_squared_distance,
    pck=share_near_enough,
)

# %% [markdown]
# ## One look, two answers
#
# The network: eight convolutions, of which every second halves the map, then two layers side by side. What is left of the picture is brought to a grid of 4 × 4 before it is laid out as a
# row of numbers. **Why not to one average**, as a classifier would?

# %% given="solutions.localization:Localizer"

# %% [markdown]
# An average over the whole map still says *what* was there. It no longer says where.
#
# Now train three, from the same first weights and on the same pictures in the same order. Only the weight $\lambda$ differs: a tenth, three, a hundred.
# **Predict:** which has the lowest total in the end? Which knows the animals best, which places its boxes best?

# %% train=true
def loss_with(weight: float) -> Callable[[nn.Module, Tensor, list], Tensor]:
    """Return the total loss with a weight, as `fit` wants it."""

    def loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
        scores, boxes = network(images)
        return parts.multitask_loss(scores, boxes, *labels_and_boxes(targets), weight)["total"]

    return loss


def train_localizer(weight: float, box_per_class: bool = True) -> Localizer:
    torch.manual_seed(0)
    network = Localizer(len(CLASSES) - 1, box_per_class=box_per_class)
    fit(network, loss_with(weight), train_set, steps=by_tier(500, 5000))
    return network


weights = {"small": 0.1, "medium": 3.0, "large": 100.0}
localizers = {name: train_localizer(weight) for name, weight in weights.items()}

# %% figure=true
rows = {f"{name} weight": measure_boxes(localizers[name], test_set, weight) for name, weight in weights.items()}
show_table("weights", rows, corner="on test scenes", formats={"localization": ".3f"})

# %% [markdown]
# *What to see:* read the first column, and the small weight wins, with {n}`weights.small weight.total:.2f` against {n}`weights.medium weight.total:.2f` and
# {n}`weights.large weight.total:.2f`. Read the last two, and its boxes are the worst: a mean IoU of {n}`weights.small weight.mean IoU:.2f` against
# {n}`weights.medium weight.mean IoU:.2f` for the middle one. (The IoU of two boxes is the area that both cover, as a share of the area that at least one covers: 1 is
# perfect, and 0 is beside it. *IoU over half* counts the pictures where it is at least ½. Chapter 6 takes it apart.) The large weight has the lowest loss of
# the boxes and pays with the classes: {n}`weights.large weight.accuracy:.0%` are right, against {n}`weights.medium weight.accuracy:.0%`. What it
# pays for, it hardly gets: by the IoU its boxes lie about as well as the middle one's. For a user is given the box of the class that the network *names*, and that is the one
# measured here; the loss looks at the one of the true class.
# <!-- holds: weights.small weight.total < weights.medium weight.total < weights.large weight.total;
#      weights.small weight.mean IoU + 0.1 < weights.medium weight.mean IoU; weights.small weight.mean IoU + 0.1 < weights.large weight.mean IoU;
#      weights.large weight.localization < weights.medium weight.localization < weights.small weight.localization;
#      weights.large weight.mean IoU < weights.medium weight.mean IoU + 0.05; weights.large weight.mean IoU > weights.medium weight.mean IoU - 0.05;
#      weights.large weight.accuracy + 0.2 < weights.medium weight.accuracy; weights.large weight.accuracy + 0.2 < weights.small weight.accuracy -->
#
# So the total ranks them by the weight that was put in, and says nothing else. Whoever wants both takes the middle one, and would have found it by looking at accuracy
# and IoU. One short run each is behind these numbers. From other first weights
# the accuracy came out up to {n}`spread weights.*.accuracy:~1` apart, and the mean IoU up to {n}`spread weights.*.mean IoU:~1`; yours may lie as far from ours.
# <!-- holds: spread weights.*.accuracy < 0.1; spread weights.*.mean IoU < 0.06 -->
#
# **And a box a class, or one for all?** A box a class can specialise, and learns from a quarter of the pictures only. One for all learns from every picture, and has to
# guess a shape that suits all. What do you expect, with 1500 pictures and four kinds of animals?

# %% train=true
localizers["one box"] = train_localizer(weights["medium"], box_per_class=False)

# %% figure=true
rows = {
    name: {**measure_boxes(network, test_set, weights["medium"]), "parameters": count_parameters(network)}
    for name, network in {"a box a class": localizers["medium"], "one box for all": localizers["one box"]}.items()
}
rows = {name: {key: row[key] for key in ("accuracy", "mean IoU", "IoU over half", "parameters")} for name, row in rows.items()}
show_table("heads", rows, corner="on test scenes", formats={"parameters": ",.0f"})

# %% [markdown]
# *What to see:* one box for all is not the worse choice here, with a mean IoU of {n}`heads.one box for all.mean IoU:.2f` against
# {n}`heads.a box a class.mean IoU:.2f`. Four kinds of animals have boxes that resemble each other, and there are few pictures of each. R-CNN and its successors,
# from chapter 7 on, have a box a class; later detectors often have one.
# <!-- holds: heads.one box for all.mean IoU > heads.a box a class.mean IoU - 0.03; heads.one box for all.parameters < heads.a box a class.parameters -->

# %% figure=true
network = localizers["medium"]
with torch.no_grad():
    scores, every_box = network(images.to(next(network.parameters()).device))
found = parts.select_class_boxes(every_box, scores.argmax(dim=1)).cpu()
names = [CLASSES[label + 1] for label in scores.argmax(dim=1)]
show_objects(images[:8], {"the truth": boxes[:8], "the network": found[:8]}, names[:8]);

# %% [markdown]
# *What to see:* above each picture stands what the network took it for; the right names stood above the same pictures at the start. Most of the dashed boxes lie about right,
# few lie close, and one or another misses. A squared distance is content when it is a little off everywhere; a box that is a little off on four sides has lost much of its overlap.
#
# ## Two ways to the joints
#
# Now the joints. Both networks below go down the same way, each with weights of its own. One goes on to a row of numbers, the other up again to a quarter of the picture's size, to one
# heat map a joint. The brick and the resizing are chapter 4's.

# %% given="solutions.fcn.blocks:conv_block"

# %% given="solutions.fcn.blocks:resize_like"

# %% given="solutions.pose:way_down"

# %% given="solutions.pose:CoordinateNet"

# %% given="solutions.pose:PoseNet"

# %% [markdown]
# Both see the same pictures for the same number of steps, half of them mirrored. The one is held to coordinates, the other to hills. **Predict** how
# many of the joints each will find.

# %% train=true
def joints_of(images: Tensor, targets: list) -> tuple[Tensor, Tensor]:
    """Return a batch's pictures and keypoints (N, J, 3) in shares of the picture; every other time mirrored."""
    keypoints = torch.stack([one["keypoints"] for one in targets])
    if torch.rand(()) < 0.5:  # the Farm's animals have no left and right, so no rows change places
        return images.flip(-1), parts.flip_keypoints(keypoints, 1, [])
    return images, keypoints


def coordinate_loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    images, keypoints = joints_of(images, targets)
    points, visible = on_grid(keypoints, (1, 1))  # in shares of the picture
    return parts.keypoint_loss(network(images), points, visible)


def heatmap_loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    images, keypoints = joints_of(images, targets)
    maps = network(images)
    points, visible = on_grid(keypoints, maps.shape[-2:])
    wrong = (maps - parts.gaussian_heatmaps(points, maps.shape[-2:], 1.0)).square().sum(dim=(2, 3))
    return (wrong * visible).sum() / visible.sum()


joints = train_set[0][1]["keypoints"].shape[0]
torch.manual_seed(0)
coordinate_net = CoordinateNet(joints)
fit(coordinate_net, coordinate_loss, train_set, steps=by_tier(700, 7000));

# %% train=true
torch.manual_seed(0)
pose_net = PoseNet(joints)
fit(pose_net, heatmap_loss, train_set, steps=by_tier(700, 7000));

# %% figure=true
truth, visible = on_grid(torch.stack([one["keypoints"] for one in targets]), (64, 64))
sizes = longer_sides(targets, (64, 64))
place = next(pose_net.parameters()).device
with torch.no_grad():
    coordinates = 64 * coordinate_net(images.to(place)).cpu()
    maps = pose_net(images.to(place)).cpu()
from_maps = PoseNet.stride * parts.decode_heatmaps(maps)[0]
rows = {
    name: {
        "PCK": float(parts.pck(points, truth, visible, sizes)),
        "strict PCK": float(parts.pck(points, truth, visible, sizes, 0.1)),
        "median distance": float((points - truth).norm(dim=-1)[visible].median()),
    }
    for name, points in {"coordinates": coordinates, "heat maps": from_maps}.items()
}
show_table("poses", rows, corner="on test scenes")

# %% [markdown]
# *What to see:* within a fifth of the animal's size lie {n}`poses.coordinates.PCK:.0%` of the joints by coordinates and {n}`poses.heat maps.PCK:.0%` by heat maps; within a tenth, the
# column *strict PCK*, {n}`poses.coordinates.strict PCK:.0%` and {n}`poses.heat maps.strict PCK:.0%`. The median distance, in pixels of a picture 64 wide, falls from
# {n}`poses.coordinates.median distance:.1f` to {n}`poses.heat maps.median distance:.1f`. The way down is the same for both. From other first weights
# the PCK of the heat maps came out {n}`spread poses.heat maps.PCK:~1` apart.
# <!-- holds: poses.heat maps.PCK > poses.coordinates.PCK + 0.15; poses.heat maps.strict PCK > 2 * poses.coordinates.strict PCK;
#      poses.heat maps.median distance < 0.7 * poses.coordinates.median distance; spread poses.heat maps.PCK < 0.15 -->

# %% figure=true
poses = {"the truth": truth[:4], "coordinates": coordinates[:4], "heat maps": from_maps[:4]}
show_poses(images[:4], poses, SKELETON, visible[:4]);

# %% [markdown]
# *What to see:* coordinates that are trained on squared distances hedge: when in doubt they say the middle, and the animal shrinks. Heat maps
# commit themselves. Where they are wrong, a joint is somewhere else altogether, on another part that looks like it.
#
# Here are the maps themselves, of the first picture, the duck behind a fence. **Was the network sure of anything?**

# %% figure=true
show_images({"the picture": images[0], **{name: maps[0, j].clamp(0, 1) for j, name in enumerate(KEYPOINTS)}}, columns=4);

# %% [markdown]
# *What to see:* hardly. A joint that is found for certain is a bright, round spot; these are pale smears, spread over the places where the joint might be, and where several
# might do there are several. A map can say so. Two numbers cannot.
#
# ### What the grid costs
#
# The maps are 16 × 16, and the pictures 64 × 64. Draw the *true* joints as hills on such a grid and read them off again: no network errs, and what is left
# is the grid's own error. Then do the same with the maps that were learnt.

# %% figure=true
def highest_pixels(maps: Tensor) -> Tensor:
    """The centre of each map's highest pixel, in pixels of the picture."""
    places = maps.flatten(2).argmax(dim=-1)
    return PoseNet.stride * torch.stack([places % maps.shape[-1] + 0.5, places // maps.shape[-1] + 0.5], dim=-1)


drawn = parts.gaussian_heatmaps(truth / PoseNet.stride, (16, 16), 1.0)
rows = {
    name: {
        "highest pixel": float((highest_pixels(which) - truth).norm(dim=-1)[visible].median()),
        "and a quarter": float((PoseNet.stride * parts.decode_heatmaps(which)[0] - truth).norm(dim=-1)[visible].median()),
    }
    for name, which in {"drawn": drawn, "learnt": maps}.items()
}
show_table("reading", rows, corner="median distance")

# %% [markdown]
# *What to see:* of drawn maps the highest pixel alone is off by {n}`reading.drawn.highest pixel:.1f` pixels of the picture, and the quarter takes half of
# that away. Learnt maps have mistakes of their own, and still it brings them from {n}`reading.learnt.highest pixel:.1f` to
# {n}`reading.learnt.and a quarter:.1f`: one comparison of two numbers a direction, and no training.
# <!-- holds: 0.35 < reading.drawn.and a quarter / reading.drawn.highest pixel < 0.65; reading.learnt.and a quarter < 0.95 * reading.learnt.highest pixel -->

# %% [markdown] quiz="finer-maps"
# You want joints to within half a pixel of the picture, and your heat maps are at a quarter of its size. What helps least?
#
# - [ ] Maps at half of the picture's size — They halve the grid's own error, for four times as many pixels to compute.
# - [x] A larger weight on the loss of the heat maps — Nothing else is in the loss, so there is nothing that the weight could be weighed against. At most it changes the length of the steps.
# - [ ] Reading each map's place more finely, from several pixels around the highest — That is how later methods go beyond the quarter of a pixel: the hill's shape tells where its top is, between the pixels.

# %% [markdown]
# ### The full tier
#
# With more steps and a GPU the same networks go further. From a checkout of the course:
#
# ```bash
# python -m solutions train localizer --device cuda --precision bf16-mixed --budget 5m
# python -m solutions train pose-net --device cuda --precision bf16-mixed --budget 5m
# ```
#
# `localizer-one-box` and `coordinate-net` are there to compare, and `python -m solutions predict RUN` draws what a run has learnt.

# %% [markdown]
# ## Two animals
#
# Everything here rests on one promise: *one* object. Break it. **What will the network do with two animals in one picture?**

# %% figure=true
pairs = [(image, target) for image, target in (Farm(60, seed=3, animals=(2, 2), empty=0)[n] for n in range(60)) if len(target["labels"]) == 2][:4]
two = torch.stack([image for image, _ in pairs])
with torch.no_grad():
    scores, every_box = network(two.to(place))
found = parts.select_class_boxes(every_box, scores.argmax(dim=1)).cpu()
show_objects(two, {"the network": found}, [CLASSES[label + 1] for label in scores.argmax(dim=1)]);

# %% [markdown]
# *What to see:* one name and one box, where two would be right. Now and then it takes the more conspicuous animal; or the box spans both, or lies between
# the two, on neither.
#
# It cannot do better. K scores and four numbers are what it returns, for a picture with no animal, with one, with seven. The number of *outputs* is fixed, and what is asked for
# differs from picture to picture. More layers do not help, and neither does more training. **Chapter 6** gives up the one look: it lets a small
# classifier look at many places, one after the other, and then has another problem, for each animal is found twenty times.
#
# ### Further reading
#
# - Sermanet and others, *OverFeat: Integrated Recognition, Localization and Detection using Convolutional Networks*, ICLR 2014: a box a class, by regression.
# - Toshev & Szegedy, *DeepPose: Human Pose Estimation via Deep Neural Networks*, CVPR 2014: joints as coordinates.
# - Tompson, Jain, LeCun & Bregler, *Joint Training of a Convolutional Network and a Graphical Model for Human Pose Estimation*, NIPS 2014: joints as heat maps.
# - Newell, Yang & Deng, *Stacked Hourglass Networks for Human Pose Estimation*, ECCV 2016: down and up, several times; the quarter pixel.
# - Yang & Ramanan, *Articulated Human Detection with Flexible Mixtures of Parts*, TPAMI 2013: where PCK comes from.
# - Kendall, Gal & Cipolla, *Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics*, CVPR 2018: weights that are learnt, too.
