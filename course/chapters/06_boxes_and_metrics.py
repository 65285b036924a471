# %% [markdown]
# # 6 · Boxes and metrics
# ## Many objects: how many are there?

# %% picture="how_many"

# %% [markdown]
# *What to see:* on the left a lattice of windows covers the scene; only one in nineteen is drawn. Somebody looks into each of them and says whether it shows an
# animal. In the middle are those with a yes, in the colour of their animal. On the right is what you want: one box for each of the four.
#
# Chapter 5 ended with two animals and one box. A network returns a fixed number of numbers, and what it is asked for differs from picture to picture: none
# today, seven tomorrow. **How can a fixed number of outputs say any number of things?**
#
# The answer is older than deep networks: ask one small question very often. You have the classifier for it, from chapter 1. You list the windows, measure whether two boxes
# are *the same place*, and throw away what was found twice. Then comes the other half of the chapter. Somebody says that their detector is good: **how good?**
# You build the number that every paper prints, and see how much it leaves open.
#
# You need chapter 1's convolution over all windows. Seven exercises, 46 points: they take about two hours and a half, and with reading and training the
# chapter takes three and a half.

# %%
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.costs import count_multiply_adds, forward_seconds
from course.detection import (
    agreement,
    claimed_targets,
    kinds_of_detections,
    largest_share_inside,
    perfectly_found,
    pyramid_windows,
    ranked_curve,
    summed_up,
    twice_or_lost,
    windows_inside,
)
from course.farm import CLASSES, Farm
from course.plotting import show_detections, show_rankings
from course.tables import show_table
from course.training import by_tier, fit

# %% [markdown]
# ## Look everywhere
#
# Farm scenes again, with up to four animals, and now and then with none. Run the cell. **Then write down** what a network would have to return for the first
# of them, and what for the last.

# %% figure=true
scenes = list(Farm(by_tier(200, 500), seed=1))
images, targets = [image for image, _ in scenes], [target for _, target in scenes]
animals = [len(target["boxes"]) for target in targets]
several = [number for number, many in enumerate(animals) if many > 1]
some = [*several[:7], animals.index(0)]
names = [f"{animals[number]} animals" for number in some]
pictures, truth = [images[number] for number in some], [targets[number] for number in some]
show_detections(pictures, truth, CLASSES, names);

# %% [markdown]
# *What to see:* no row of numbers has the right length for all of these. But the question "is there an animal in *this* window, and which one?" has one answer, always, and that is
# what a classifier gives. So list windows, ask of each, and return those with a yes. The number of outputs is now whatever the picture makes it.
#
# Animals are near or far, so one size of window will not do; they lie, stand and hide each other, so one *shape* will not do either. A size is a pair here, **(height, width)**,
# in this order, and this is worth a sentence. "Aspect ratio 2" is a tall window in one paper and a wide one in the next; torchvision means height over width, photographers mean the
# opposite. With a pair nobody has to ask. Measure shapes in pixels. As shares of a wide picture's height and width, a square's two sides differ. And mind the order: sizes have the height first, boxes have x first.
#
# Boxes are (x1, y1, x2, y2) throughout this course. Elsewhere they are not: COCO's files hold (x, y, width, height), and many networks return a centre and a size. All of them are four numbers, and
# nothing complains when one is taken for another. So convert once, where the file is read, as with `torchvision.ops.box_convert`.

# %% [markdown] exercise="window_boxes"
# List all windows that a detector looks at.
#
# | | | |
# | --- | --- | --- |
# | `image_size` | (H, W) | the image's height and width in pixels |
# | `window_sizes` | list of (h, w) | the *height* and the *width* of each kind of window, in pixels; often not square; maybe none |
# | `stride` | int | how far apart neighbouring windows are, downwards and to the right; 1 or more |
# | returns | (N, 4) | float32 tensor, one box (x1, y1, x2, y2) a window |
#
# - x counts to the right, y counts down; (x1, y1) is the window's top-left corner, x2 = x1 + w and y2 = y1 + h. The image lies between 0 and W, and between 0 and H.
# - All windows of the first size come first, then all of the second, and so on. Those of one size go row by row: the top row from left to right, then the next.
# - The first window of each size lies in the top-left corner of the image. A window that touches the border from inside is in; one that reaches over it is
#   left out, and so may a strip at the right or at the bottom be that no window covers.
# - A size that is larger than the image gives no windows. Where no window fits at all, the result is empty, of shape (0, 4).
#
# Everything is allowed.

# %% check="window_boxes"

# %% [markdown]
# ## What it costs
#
# Thousands of windows, and a network for each? Chapter 1 knew better: without padding, a classifier *is* a convolution, and one pass over the image scores every
# window of one size. For another size you do not change the network. You change the image.

# %% picture="one_window_many_sizes"

# %% [markdown]
# *What to see:* the frame is 32 × 32 pixels in all three copies of the scene, and the network never sees anything else. In the largest copy it holds the sheep, in the smallest the duck,
# which is nearest. Back in the scene these are three windows of three sizes. Resize height and width by different factors, and a square frame becomes a tall or a wide window.
#
# Here is such a classifier. Its last convolution is the linear layer of chapter 1, which looks at all that is left of a window.

# %% given="solutions.sliding_window_detector:window_classifier"

# %% given="solutions.sliding_window_detector:WindowScores"

# %% [markdown]
# The two poolings make a step on the map of scores four pixels wide: an eighth of a window. That is the price of pooling which you met in chapter 1, and it is welcome here.
# To know whether there is a cow, you need not look again one pixel further on.
#
# Eight sizes that suit animals in scenes of 64 × 64. `pyramid_windows` calls `window_boxes`, the course's, on each resized copy, with windows of 32 × 32 and a stride of 4, and scales the boxes back. **Predict:** how many windows are there in all? And how many times fewer multiplications does one pass for each size take, against
# cutting every window out?

# %% figure=true
window_sizes = [(12, 16), (18, 24), (26, 34), (36, 48), (46, 60), (18, 15), (26, 22), (38, 32)]
# each is (height, width)
windows = pyramid_windows((64, 64), window_sizes)
torch.manual_seed(0)
network = WindowScores(len(CLASSES), window_sizes)
one = count_multiply_adds(network.classifier, torch.rand(1, 3, 32, 32))
passes = count_multiply_adds(network, torch.rand(1, 3, 64, 64))
show_table(
    "bill",
    {
        "window by window": {
            "windows": len(windows),
            "million multiply–adds": len(windows) * one / 1e6,
        },
        "one pass a size": {"windows": len(windows), "million multiply–adds": passes / 1e6},
    },
    corner="a scene of 64 × 64",
    formats={"million multiply–adds": ",.0f"},
)
per_size = {f"{h} × {w}": len(pyramid_windows((64, 64), [(h, w)])) for h, w in window_sizes}
show_table("sizes", {"windows": per_size}, corner="height × width")

# %% [markdown]
# *What to see:* {n}`bill.window by window.windows:,.0f` windows for a scene with two or three animals in it. One pass a size computes what windows share only once and saves a factor of
# {n}`bill.window by window.million multiply–adds / bill.one pass a size.million multiply–adds:.0f`. It shares between *positions*, and nothing between sizes: eight sizes are eight passes, and the smallest
# window is the dearest, because the image has to be enlarged most for it.
# <!-- holds: 10 < bill.window by window.million multiply–adds / bill.one pass a size.million multiply–adds < 40; bill.window by window.windows > 1900 -->

# %% [markdown] quiz="what-is-shared"
# You want windows of twice as many sizes, in the same image, with the same network. What grows?
#
# - [ ] The number of parameters, since each size needs its own weights — All sizes use the same weights. It is the image that changes.
# - [ ] Nothing to speak of, for the passes share their features — A pass shares features between the windows of one size. Another size sees another image, and computes its features anew.
# - [x] The multiplications and the windows; by how much depends on the sizes — Each size is a pass of its own. The smallest of our eight sizes has {n}`sizes.windows.12 × 16:.0f` of the {n}`bill.window by window.windows:,.0f` windows, the largest has {n}`sizes.windows.46 × 60:.0f`.

# %% [markdown]
# ## The same place?
#
# To train it, you have to say for each window whether it shows an animal. A window hardly ever fits. It hangs over on the left, it cuts off a tail, it holds half of two animals. When is
# it *on* the cow, and when beside her? You need one number for how much two boxes are the same place.
#
# The shared area alone will not do: a window as large as the picture shares all of every cow. So divide by the area that at least one of them covers: **intersection over union**, IoU. You know it for masks from chapter 2, and chapter 5 used it for boxes. Now you take it apart. Below lies a box on its twin,
# moved by half of its width, so that half of each is shared. **Predict** the IoU. Then make it exactly ½: how much do the two have to share?

# %% widget="IoU"

# %% [markdown]
# Half of the width shared is an IoU of only ⅓; for ½ it has to be *two thirds*. So "at least ½" is stricter than it sounds, and a box that is off in both directions pays twice.
#
# Where boxes are apart, the IoU is 0, whether the gap is a pixel or the whole farm. To *measure* that is right. To *train* on it is not, since a gradient of zero says nothing. The generalised IoU
# (Rezatofighi and others, 2019) subtracts the share of the box around both that neither fills, and so goes on falling.

# %% [markdown] exercise="box_iou"
# Measure how much two boxes share: **intersection over union**, of each box of one list with each of another.
#
# $$\text{out}[n, m] = \frac{\text{area}(a_n \cap b_m)}{\text{area}(a_n \cup b_m)}$$
#
# | | shape | |
# | --- | --- | --- |
# | `a` | (N, 4) | floating point: boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, fractions and negative numbers too; N may be 0; not always contiguous |
# | `b` | (M, 4) | same dtype; M is hardly ever N, and may be 0; not always contiguous |
# | returns | (N, M) | dtype of `a`; gradients flow back to `a` and `b` |
#
# A box is x2 − x1 wide and y2 − y1 high, without a "+ 1". Two boxes that are apart, or that only touch, have an IoU of 0. Both inputs are left alone. A loop is a
# right answer. `torchvision.ops` and other libraries that have IoU ready are not allowed here.

# %% check="box_iou"

# %% [markdown]
# ## Right, and right, and right again
#
# Suppose you had a *perfect* classifier: it says yes to a window if its IoU with an animal is at least ½, and no otherwise. It is never wrong. (`agreement` says of each window how high its IoU with an animal is, and which animal's label that is.) **Predict:** how many windows get a yes for one animal?

# %% figure=true
count = Counter()
for target in targets:
    iou, _ = agreement(windows, target)
    held = largest_share_inside(windows, target)
    best = torchvision.ops.box_iou(target["boxes"], windows).amax(dim=1)
    count["windows"] += len(windows)
    count["on an animal"] += int((iou >= 0.5).sum())
    count["with no pixel of one"] += int((held == 0).sum())
    count["with less than half of one"] += int(((held > 0) & (held < 0.5)).sum())
    count["animals"] += len(best)
    count["animals without a window"] += int((best < 0.5).sum())
rows = {
    "all scenes": {name: count[name] for name in ("windows", "on an animal", "animals")},
    "a scene": {
        name: count[name] / len(targets) for name in ("windows", "on an animal", "animals")
    },
    "an animal": {"on an animal": count["on an animal"] / count["animals"]},
}
rows["all scenes"]["animals without a window"] = count["animals without a window"]
show_table("yes", rows, corner="for", formats={"windows": ",.0f", "on an animal": ",.0f"})

# %% [markdown]
# *What to see:* about {n}`yes.an animal.on an animal:.0f` times yes for each animal, without a single mistake. This is not a fault that better training mends. A classifier is asked about one window at a
# time, and does not know that its neighbour has just said the same.
#
# Look at the other end as well: {n}`yes.a scene.on an animal:.0f` of {n}`yes.a scene.windows:,.0f` windows lie on something. All others are looked at for nothing. Keep that in mind until the end of the chapter. And
# {n}`yes.all scenes.animals without a window:.0f` of the {n}`yes.all scenes.animals:.0f` animals fit no window of the list: no classifier will find them.
# <!-- holds: yes.all scenes.animals without a window > 1; yes.all scenes.animals without a window < 0.05 * yes.all scenes.animals;
#      15 < yes.an animal.on an animal < 60; yes.a scene.on an animal < 0.06 * yes.a scene.windows -->
#
# So somebody has to clear up: of the boxes on one animal keep one. Which? The one with the best score. And which boxes are "on one animal"? Nobody tells. All there is are boxes and
# scores, and that two boxes are much the same place. That is all that **non-maximum suppression** uses. Below the boxes lie like cards, the best first. **Predict which ones will fall** at each step. When all
# have been dealt with, move the threshold, and do the same with two cows side by side. Is there a threshold that is right for both scenes?

# %% widget="NMS"

# %% [markdown] exercise="nms"
# **Non-maximum suppression**: of boxes that lie on the same thing, keep the best.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (N, 4) | floating point, (x1, y1, x2, y2) with x1 < x2 and y1 < y2, in fractions of a pixel, maybe negative; N may be 0; not always contiguous |
# | `scores` | (N,) | floating point: how sure the detector is of each box; in any order, maybe negative; not always contiguous |
# | `iou_threshold` | float | from 0 to 1 |
# | returns | (K,) | int64: the *indices* of the boxes that are kept, the one with the best score first |
#
# Keep the box with the highest score and drop every box whose IoU with it is **greater** than `iou_threshold`. Of what is left, keep the best again, and so on until nothing
# is left. So
#
# - an IoU of exactly the threshold does not drop a box;
# - a box that was dropped drops no other;
# - of equal scores, the lower index comes first.
#
# Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`, which is allowed from here on. A library's NMS is not allowed.

# %% check="nms"

# %% [markdown]
# ## A dog is no cow
#
# There is more than one class. One box is on a cow, another on the dog in front of her; both are right. Go back to the widget, choose the third scene, and deal with its cards. **Predict** what changes when you turn the
# switch *Each label by itself* on. Then turn it on.

# %% [markdown] exercise="batched_nms"
# A cow must not drop the dog that stands in front of her. Suppress *within each label*.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (N, 4) | floating point, (x1, y1, x2, y2) with x1 < x2 and y1 < y2: anywhere, also at negative numbers or thousands of pixels away; N may be 0; not always contiguous |
# | `scores` | (N,) | floating point, maybe negative; not always contiguous |
# | `labels` | (N,) | int64: numbers from 0 up, such as 0, 3 and 90; in any order, and not every number below the highest has to come; not always contiguous |
# | `iou_threshold` | float | from 0 to 1 |
# | returns | (K,) | int64: the indices of all boxes that are kept, best score first, whatever their labels |
#
# Among the boxes of one label everything is as in `nms`: greater than the threshold drops, a dropped box drops no other, of equal scores the lower index comes first. Boxes of two labels
# leave each other alone. What is kept comes in *one* order, by score and, where scores are equal, by index.
#
# Inputs are left alone. Your own `nms` and `box_iou` are allowed, and so is `torchvision.ops.box_iou`; a library's NMS is not allowed.

# %% check="batched_nms"

# %% [markdown]
# ### What it breaks
#
# Suppression has one knob, and no eyes. Let the perfect classifier judge all windows of the test scenes again, with the IoU for a score, and suppress with several thresholds. Two things can go
# wrong: an animal is left with several boxes, or with none, because its neighbour's box dropped all of its own. `twice_or_lost` counts both. Beside the test scenes there is a flock now, four to six sheep that stand close. **Which threshold is right for both?**

# %% figure=true
flock = list(Farm(by_tier(100, 300), seed=5, animals=(4, 6), things=("sheep",), empty=0, occlusion=0.8))
rows = {}
for threshold in (0.1, 0.3, 0.5, 0.7):
    own, across = (twice_or_lost(windows, targets, threshold, by_label) for by_label in (True, False))
    sheep = twice_or_lost(windows, [target for _, target in flock], threshold)
    rows[f"threshold {threshold}"] = {
        **own,
        "lost without labels": across["lost"],
        "lost in a flock": sheep["lost"],
    }
percent = dict.fromkeys(("twice", "lost", "lost without labels", "lost in a flock"), ".1%")
show_table("knob", rows, corner="perfect scores", formats=percent)

# %% [markdown]
# *What to see:* the first two scenes of the widget could share a threshold. Here no threshold is right for both. In the test scenes 0.3 looks right. {n}`knob.threshold 0.3.boxes an animal:.2f` boxes an animal is only the mean, but no more than {n}`knob.threshold 0.3.twice:.1%` of the animals have two
# and {n}`knob.threshold 0.3.lost:.1%` have none. In a flock {n}`knob.threshold 0.3.lost in a flock:.1%` have none. A higher threshold saves those, and leaves {n}`knob.threshold 0.5.boxes an animal:.1f` boxes an animal at 0.5. A lower one loses more everywhere,
# and about twice as many if the labels are ignored. All this with perfect scores.
# <!-- holds: knob.threshold 0.1.lost > knob.threshold 0.3.lost > knob.threshold 0.5.lost; knob.threshold 0.3.lost < 0.01; 0 < knob.threshold 0.3.twice < 0.01; knob.threshold 0.3.boxes an animal < 1.05;
#      knob.threshold 0.3.lost in a flock > 4 * knob.threshold 0.3.lost; knob.threshold 0.5.boxes an animal > 2; knob.threshold 0.5.lost in a flock < 0.01;
#      1.7 < knob.threshold 0.1.lost without labels / knob.threshold 0.1.lost < 2.6; 1.7 < knob.threshold 0.3.lost without labels / knob.threshold 0.3.lost < 3 -->
#
# Here are some that are lost: a dashed box is a sheep that had windows, and is left with none.

# %% figure=true
crowded = [scene for scene in flock if len(perfectly_found(windows, scene[1], 0.3)["lost"])][:4]
left = [perfectly_found(windows, target, 0.3) for _, target in crowded]
shown = [target for _, target in crowded] + left
titles = [
    f"{len(one['boxes'])} {what}"
    for one, what in zip(shown, ["sheep"] * len(crowded) + ["left at 0.3"] * len(crowded))
]
show_detections([image for image, _ in crowded] * 2, shown, CLASSES, titles, columns=len(crowded));

# %% [markdown]
# *What to see:* below each flock there is what is left of it, and in each at least one sheep, the dashed one, has lost all of its boxes to a neighbour. Two that stand close have boxes that overlap more than the threshold allows, and for the rule they are one. It makes no difference between *two boxes on one sheep* and *one box on each of
# two sheep*. Soft-NMS (Bodla and others, 2017) lowers scores instead of dropping boxes, and so gives the neighbour a chance; Hosang and others (2017) let a network decide that sees all boxes at once. Most detectors
# keep the simple rule.

# %% [markdown] quiz="threshold-of-nms"
# A detector counts people in dense crowds, and too few come out. Somebody lowers the threshold of the suppression from 0.5 to 0.3. What will happen?
#
# - [ ] Nothing, because the threshold only decides how well a box has to fit — This threshold asks nothing of how well a box fits. It decides which boxes count as the same person.
# - [x] Even fewer people come out — A lower threshold lets a box drop neighbours that overlap it less. People who stand side by side lose their boxes first.
# - [ ] More people come out, because fewer boxes are dropped — It is the other way round: a box is dropped when its IoU is *above* the threshold, and more of them are above a low one.

# %% [markdown]
# ## Right or wrong?
#
# Boxes, labels, scores. How good are they? Up to now you knew which answer belonged to which target. Now there are some boxes that were found, and some that are there, and nobody says which
# belongs to which. A box that is a little off: is that an animal found, or one missed and a false alarm on top?
#
# There is no natural answer. So one fixes an IoU, ½ most of the time, and from there on a detection is right or wrong. **A detection is right only at a threshold**, and every number that follows carries it.
#
# One more thing has to be settled. Two boxes on one cow, both good. **Are both right?** If they were, whoever reported each cow twice would lose nothing. So each target can be found only once: the surest detection takes
# it, and the others are wrong.

# %% [markdown] exercise="match_detections"
# Decide for each detection which target it has found, if any. One target can be found once.
#
# | | shape | |
# | --- | --- | --- |
# | `boxes` | (D, 4) | floating point: detected boxes (x1, y1, x2, y2) with x1 < x2 and y1 < y2, in any order; D may be 0; not always contiguous |
# | `scores` | (D,) | floating point: how sure the detector is; not always contiguous |
# | `targets` | (G, 4) | dtype of `boxes`: the boxes that are really there; G may be 0; not always contiguous |
# | `iou_threshold` | float | from 0 to 1, 0.5 where it is left out |
# | returns | (D,) | int64, in the order of `boxes`: the index of the target that the detection is counted for, or −1 |
#
# All boxes and targets are of *one picture* and *one class*; matching is done anew for each. The detections choose one after the other, in the order of their scores: the highest first, of equal scores the lower index first. Each looks at the targets that are **not taken yet**, and
# takes the one with the highest IoU, if that IoU is **at least** `iou_threshold`. If it is not, or if no target is left, the detection gets −1. (This is COCO's rule. PASCAL VOC's was
# stricter: a detection whose best target was taken got nothing.)
#
# No detection ever has the same IoU, other than 0, with two targets. Inputs are left alone. For the IoU take your own `box_iou` or `torchvision.ops.box_iou`. Libraries that match boxes (`torchvision.models.detection`,
# pycocotools, torchmetrics) are not allowed.

# %% check="match_detections"

# %% [markdown]
# ### Neither right nor wrong
#
# Real data have targets that nobody wants to judge by. A flock on the horizon is one box with the mark *crowd* in COCO: to find a sheep in it is not wrong, and to find none is not either. A detection first looks
# for an ordinary target. Only if it finds none may a crowd excuse it, and there COCO divides the intersection by the detection's own area, since one sheep in a flock has a tiny IoU with it. What is excused is taken
# out of the list before anything is counted, however many lie in the same crowd. PASCAL VOC marks single objects as *difficult*, and takes what finds them out of the list as well. If you forget it, you count
# hundreds of false alarms that are none.
#
# Another classic mistake is quieter: labels. Label 0 is the background here and in torchvision; if a file's classes start at 0, its first class silently becomes the background. And in pycocotools an annotation with
# the id 0 can never be found, since a 0 there also means "not matched".

# %% [markdown]
# ## Precision and recall
#
# A detector has a knob of its own: how sure it has to be before it speaks. Turn it up, and it says little, and what it says is right. Turn it down, and it finds everything, among much else. So one sorts all
# detections of all pictures by their scores and goes down the list. **Precision**: how much of what was said is right? **Recall**: how much of what is there has been said?
#
# Papers call the right detections *true positives*, TP, the wrong ones *false positives*, FP, and the targets that nobody found *false negatives*, FN. Then precision is TP / (TP + FP), and recall is TP / (TP + FN).
#
# Neither is worth anything alone. **What is the recall of somebody who reports every window there is, and what the precision?** And of somebody who says one word in a year?

# %% [markdown] exercise="precision_recall"
# Go down the list of detections, the surest first, and write down after each of them how good the list is so far.
#
# | | shape | |
# | --- | --- | --- |
# | `correct` | (D,) | bool: whether the detection found a target; D may be 0; not always contiguous |
# | `scores` | (D,) | floating point, in any order; not always contiguous |
# | `num_targets` | int | how many targets there are in all, 1 or more; those that nobody found are in it |
# | returns `precision` | (D,) | float32, whatever the dtype of `scores` |
# | returns `recall` | (D,) | float32 |
#
# With the detections sorted by descending score (of equal scores the lower index first), entry k is about the best k + 1 of them: precision is the share of *these* that are correct, recall is
# the share of all *targets* that they have found. Inputs are left alone. torchmetrics and scikit-learn are not allowed.

# %% check="precision_recall"

# %% [markdown]
# ## One number
#
# Every window there is: that finds each animal which a window fits, and of what was said at most {n}`yes.all scenes.animals / yes.all scenes.windows:.1%` is right, one window for each animal. One word in a year may well be
# right, which is a precision of 1, and a recall of next to nothing. You need both numbers, at every knob.
# <!-- holds: yes.all scenes.animals / yes.all scenes.windows < 0.002 -->
#
# Each place in the list is a pair of numbers, and together they are a curve. In the widget the list stands beside it. **Predict** what precision can do while you go down the list, and what recall can. Then make the first
# detection wrong, put it right again, and make the last right one wrong: which of the two costs more? Watch the number below the curve, the *average precision*: about the area under the curve; the exact rule comes next.

# %% widget="PrecisionRecall"

# %% [markdown]
# The first costs three times as much as the last: it takes a target away *and* lowers the precision of all that come after it. The last takes away its target only. A wrong detection after the last right one costs nothing.
# This is as it should be: to be sure and wrong is worse than to be in doubt and wrong.
# <!-- holds: 0.27 < flips.as it was.AP - flips.its first one wrong.AP < 0.29; 0.09 < flips.as it was.AP - flips.its last right one wrong.AP < 0.1;
#      flips.two more wrong ones below.AP == flips.as it was.AP -->
#
# The curve is jagged, and its teeth mean nothing. At a wrong detection precision drops, at the next right one it climbs again, and nobody would set their knob into a gap if a little further down both numbers are better. Hence
# the **envelope**: at each recall the best precision that can be had there *or further right*. And then the area under it, as one number: **average precision**, AP. There are three ways to take it, and papers do not always say which.

# %% [markdown] exercise="average_precision"
# Turn the curve into one number, in the three ways that papers use.
#
# | | shape | |
# | --- | --- | --- |
# | `recall` | (D,) | floating point, from 0 to 1; it never falls, and it may end below 1; several entries may be equal; D may be 0; not always contiguous |
# | `precision` | (D,) | same dtype, from 0 to 1: the precision at the same places; it goes up and down |
# | `method` | str | `"coco"`, `"voc11"` or `"area"`; `"coco"` where it is left out |
# | returns | float | or a tensor without dimensions |
#
# The precision *at* a recall r, $p(r)$, is the **highest** precision of all entries whose recall is **at least** r, and 0 where there is none. So the curve becomes a staircase that never rises.
#
# - `"voc11"`: the mean of $p(r)$ over the 11 values r = 0, 0.1, …, 1;
# - `"coco"`: the mean over the 101 values r = 0, 0.01, …, 1;
# - `"area"`: the area under $p(r)$ from r = 0 to r = 1, without gaps.
#
# Without detections it is 0. In the cases no recall lies on one of the values r but 0 and 1, so that rounding decides nothing. Inputs are left alone. torchmetrics, scikit-learn and pycocotools
# are not allowed.

# %% check="average_precision"

# %% [markdown]
# ## Whose shall they be?
#
# From here on your functions can do the work: list the windows, label them for the training, suppress, match, and measure. As it stands, the next cell takes the course's own. Write
# `"mine"`, and each of yours takes its place if its check is all right.

# %%
parts = chosen(
    "the course's",
    window_boxes=windows_inside,
    box_iou=torchvision.ops.box_iou,
    nms=torchvision.ops.nms,
    batched_nms=torchvision.ops.batched_nms,
    match_detections=claimed_targets,
    precision_recall=ranked_curve,
    average_precision=summed_up,
)

# %% [markdown]
# First the widget's list once more, with seven targets as there, and by the functions that you chose. What does a mistake cost?

# %% figure=true
def ap_of(right: list[int], num_targets: int, method: str = "coco") -> float:
    """Average precision of a list of detections, the surest first, 1 for right and 0 for wrong."""
    correct, scores = torch.tensor(right, dtype=torch.bool), torch.linspace(0.9, 0.1, len(right))
    precision, recall = parts.precision_recall(correct, scores, num_targets)
    return float(parts.average_precision(recall, precision, method))


before = [1, 1, 0, 1, 0, 0, 1, 1, 0, 0]
rows = {
    "as it was": {"AP": ap_of(before, 7)},
    "its first one wrong": {"AP": ap_of([0, *before[1:]], 7)},
    "its last right one wrong": {"AP": ap_of([*before[:7], 0, 0, 0], 7)},
    "two more wrong ones below": {"AP": ap_of([*before, 0, 0], 7)},
}
show_table("flips", rows, corner="the widget's list, 101 points", formats={"AP": ".3f"})

# %% [markdown]
# *What to see:* the first one costs {n}`flips.as it was.AP - flips.its first one wrong.AP:.2f`, the last right one {n}`flips.as it was.AP - flips.its last right one wrong.AP:.2f`, and two wrong ones at the end of the list nothing.
#
# ### One curve, three numbers
#
# Eight animals, ten detections, the surest first: right, wrong, right, right, wrong, right, and four more that are wrong. **Which of the three definitions gives the most?**

# %% figure=true
ten = [1, 0, 1, 1, 0, 1, 0, 0, 0, 0]
definitions = {"11 points": "voc11", "101 points": "coco", "area": "area"}
rows = {name: {"AP": ap_of(ten, 8, method)} for name, method in definitions.items()}
show_table("three", rows, corner="one ranking", formats={"AP": ".3f"})
precision, recall = parts.precision_recall(
    torch.tensor(ten, dtype=torch.bool), torch.linspace(0.9, 0.1, len(ten)), 8
)
show_rankings({"ten detections, eight animals": (recall, precision)});

# %% [markdown]
# *What to see:* the thin line goes from detection to detection, the dashed one is the envelope. The curve ends at a recall of ½, and right of it the precision is 0. From the same list you may print {n}`three.11 points.AP:.3f`,
# {n}`three.101 points.AP:.3f` or {n}`three.area.AP:.3f`. Eleven points are a coarse ruler: whether the curve ends on a point, as it does here, or just before it decides an eleventh of the precision there. The 101 points come
# out above the area for the same reason. Each point stands for the strip to its right, too, and p(r) never rises; but those strips are narrow. VOC changed to the area in 2010 (Everingham and others, 2015), and COCO takes 101 points.
# <!-- holds: three.area.AP < three.101 points.AP; three.101 points.AP - three.area.AP < 0.01; three.11 points.AP > three.101 points.AP + 0.03 -->
#
# So do not copy an evaluation script from somewhere and hope. Versions differ in the definition, in "+1" pixels, in what they do with difficult objects, and none of them raises an error. Take one that is tested against the
# original, and say which. Or hold your own against it once, on the same detections. That was done for what runs here: a test of the course compares it with pycocotools, class by class. In a checkout of the course,
# `solutions.metrics.mean_average_precision` has the rest of COCO's rules, such as crowds, and a test of its own against the same.

# %% [markdown]
# ## The detector
#
# Now all of it together. The training needs a label for each window. From an IoU of ½ on it is the animal's class; below 0.4 it is 0, the background; and those between are not asked for, since it would
# be odd to punish a network for either answer.
#
# And there is a catch that you have seen already: nearly all windows are background. If all of them counted, the network would learn to say "nothing", and would be right nearly always.
# So the loss takes all windows on animals, and of the others only the *hardest*, three for each: those that the network takes for an animal right now. Dalal and Triggs (2005) did this in two rounds, and trained again on what the first
# round had got wrong. Here it happens in every step.

# %% given="solutions.sliding_window_detector:hardest_cross_entropy"

# %% train=true
def label_windows(windows: Tensor, target: dict) -> Tensor:
    """The class of each window, 0 on nothing, −1 for neither."""
    if not len(target["boxes"]):
        return torch.zeros(len(windows), dtype=torch.long, device=windows.device)
    iou, which = parts.box_iou(windows, target["boxes"]).max(dim=1)
    labels = torch.where(iou >= 0.5, target["labels"][which], 0)
    return labels.masked_fill((iou >= 0.4) & (iou < 0.5), -1)


def window_loss(network: nn.Module, images: Tensor, targets: list) -> Tensor:
    """Of two sizes of windows, drawn anew in each step, the cross-entropy."""
    sizes = [window_sizes[number] for number in torch.randperm(len(window_sizes))[:2].tolist()]
    windows = pyramid_windows(images.shape[-2:], sizes, parts.window_boxes).to(images.device)
    labels = torch.cat([label_windows(windows, target) for target in targets])
    return hardest_cross_entropy(network(images, sizes).flatten(0, 1), labels)


train_set = list(Farm(by_tier(1500, 6000)))
torch.manual_seed(0)
network = WindowScores(len(CLASSES), window_sizes)
fit(network, window_loss, train_set, steps=by_tier(900, 9000), batch_size=8);

# %% [markdown]
# **Predict** what it will say of a scene before anything is suppressed. What do you expect on an animal, beside it, and in the sky?

# %% figure=true
def detect(image: Tensor, least: float = 0.05, most: int = 500) -> dict:
    """All windows on which the network says yes, the surest ones, with boxes, labels and scores."""
    with torch.no_grad():
        scores = network(image[None].to(place))[0].softmax(dim=-1).cpu()
    window, label = torch.where(scores[:, 1:] > least)
    sure, best = scores[window, label + 1].sort(descending=True, stable=True)
    window, label = window[best[:most]], label[best[:most]]
    return {"boxes": windows[window], "labels": label + 1, "scores": sure[:most]}


def take(one: dict, kept: Tensor) -> dict:
    return {name: values[kept] for name, values in one.items()}


place = next(network.parameters()).device
raw = [detect(image) for image in images]
alone = [take(one, parts.nms(one["boxes"], one["scores"], 0.3)) for one in raw]
found = [take(one, parts.batched_nms(one["boxes"], one["scores"], one["labels"], 0.3)) for one in raw]
some = [number for number in range(len(targets)) if len(targets[number]["boxes"]) >= 2][:4]
shown = [take(each[number], each[number]["scores"] >= 0.5) for each in (raw, found) for number in some]
titles = [
    f"{len(one['boxes'])} {when}"
    for one, when in zip(shown, ["before"] * 4 + ["after suppression"] * 4)
]
sure = [take(one, one["scores"] >= 0.5) for one in found]
kinds = Counter(boxes=sum(len(one["boxes"]) for one in sure))
for one, target in zip(sure, targets):
    kinds.update(kinds_of_detections(one, target))
show_table("kinds", {"in all scenes": {**kinds, "animals": sum(animals)}}, corner="after suppression")
show_detections([images[number] for number in some * 2], shown, CLASSES, titles);

# %% [markdown]
# *What to see:* all boxes from a score of 0.5 on, before and after. The bundles sit on the animals, and suppression thins them out. But look at what it leaves. A network that sees no more than a window at a time is mistaken
# now and then: half an animal, or two of them, may pass for another kind. Where it gives one animal two names, *both* boxes stay, for suppression class by class does not look at the neighbour's label. A small box inside a
# large one stays even with the same name, since their IoU is low. And some animals, such as ducks that stand behind others, are left without a box.
#
# The table has all scenes. Of the {n}`kinds.in all scenes.boxes:.0f` boxes less than half are right, {n}`kinds.in all scenes.right:.0f`. *Another name* lies on an animal, with an IoU of ½, that is of another kind. Hardly any is
# a *second box* in this strict sense. Most of the wrong ones are *badly placed*: on an animal or beside it, with an IoU below ½, as half animals and boxes inside boxes are. None of the boxes really fits. Each is a window, as it came from the list.
# <!-- holds: 0.4 < kinds.in all scenes.right / kinds.in all scenes.boxes < 0.5; kinds.in all scenes.second box < 0.01 * kinds.in all scenes.boxes;
#      kinds.in all scenes.badly placed > 2 * kinds.in all scenes.another name; kinds.in all scenes.badly placed > 4 * kinds.in all scenes.on nothing -->
#
# ### How good is it?
#
# For each class, and over all scenes: match, rank, sum up. AP at an IoU of ½ is written **AP50**. The mean over the classes is *mAP*; COCO calls that mean AP, too. (A class that no target has, has no recall. COCO leaves it out of
# the mean; here each class has some.) **Predict:** which of the three will be best, no suppression, suppression over all classes, or class by class?

# %% figure=true
def ranking(found: list, label: int, iou_threshold: float = 0.5) -> tuple[Tensor, Tensor]:
    """Recall and precision down the list of all detections of one class."""
    correct, scores, num_targets = [], [], 0
    for one, target in zip(found, targets):
        own, wanted = one["labels"] == label, target["labels"] == label
        boxes, sure = one["boxes"][own], one["scores"][own]
        correct.append(parts.match_detections(boxes, sure, target["boxes"][wanted], iou_threshold) >= 0)
        scores.append(sure)
        num_targets += int(wanted.sum())
    precision, recall = parts.precision_recall(torch.cat(correct), torch.cat(scores), num_targets)
    return recall, precision


def mean_ap(found: list, iou_threshold: float = 0.5, method: str = "coco") -> float:
    """The mean of the classes' average precisions."""
    rankings = [ranking(found, label, iou_threshold) for label in range(1, len(CLASSES))]
    return sum(float(parts.average_precision(*each, method)) for each in rankings) / len(rankings)


ways = {"none": raw, "over all classes": alone, "class by class": found}
rows = {
    name: {"boxes a scene": sum(len(one["boxes"]) for one in each) / len(each), "AP50": mean_ap(each)}
    for name, each in ways.items()
}
show_table("suppression", rows, formats={"boxes a scene": ".0f"})

# %% [markdown]
# *What to see:* without suppression there are {n}`suppression.none.boxes a scene:.0f` boxes a scene, and by the rule of one to one all but one for each animal are wrong, however well they lie. AP50 is {n}`suppression.none.AP50:.2f`; class by class it is {n}`suppression.class by class.AP50:.2f`. Whether labels are looked at
# makes a smaller difference here than one might think. Class by class keeps the duck in front of the cow, and keeps the second name of a cow as well.
# <!-- holds: suppression.none.AP50 < 0.5 * suppression.class by class.AP50; suppression.class by class.AP50 - suppression.over all classes.AP50 < 0.09;
#      suppression.over all classes.AP50 - suppression.class by class.AP50 < 0.03; suppression.none.boxes a scene > 8 * suppression.class by class.boxes a scene -->
#
# These are numbers of one run. From other first weights they came out up to {n}`spread suppression.*.AP50:~1` apart, and those of single classes below up to {n}`spread classes.*.AP50:~1`; yours may lie as far from ours.
# <!-- holds: spread suppression.*.AP50 < 0.08; spread classes.*.AP50 < 0.1 -->

# %% figure=true
curves = {CLASSES[label]: ranking(found, label) for label in range(1, len(CLASSES))}
rows = {
    name: {
        "AP50": float(parts.average_precision(*curve)),
        "recall at the end": max(curve[0].tolist(), default=0.0),
    }
    for name, curve in curves.items()
}
show_table("classes", rows)
show_rankings(curves);

# %% [markdown]
# *What to see:* each curve ends before recall reaches 1: of the cows {n}`classes.cow.recall at the end:.0%` are found in the end. No knob finds what no window fits, what the network gives no score of 0.05, what suppression dropped, or what came
# after the 500 surest: `detect` keeps no more, and before suppression a scene has {n}`suppression.none.boxes a scene:.0f` boxes, of 500 at most. Where a curve dips at its beginning, a wrong detection stood near the top of the list. The dashed envelope
# fills the dip, but it does not forgive: the wrong one counts in every precision after it. In the widget's list a wrong one at the top cost {n}`flips.as it was.AP - flips.its first one wrong.AP:.2f`, envelope and all.
#
# Sheep come off best, with {n}`classes.sheep.AP50:.2f`, and cows worst, with {n}`classes.cow.AP50:.2f`. **Predict** which names the wrong boxes on cows carry.
# <!-- holds: classes.sheep.AP50 > classes.duck.AP50 > classes.cow.AP50; classes.sheep.AP50 > classes.cat.AP50 > classes.cow.AP50; suppression.none.boxes a scene > 350;
#      classes.cow.recall at the end < 0.95; classes.sheep.recall at the end < 0.97; classes.duck.recall at the end < 0.97; classes.cat.recall at the end < 0.97 -->

# %% figure=true
called = {f"on a {animal}": dict.fromkeys(CLASSES[1:], 0) for animal in CLASSES[1:]}
for one, target in zip(sure, targets):
    iou, animal = agreement(one["boxes"], target)
    for on, name in zip(animal[iou >= 0.5].tolist(), one["labels"][iou >= 0.5].tolist()):
        called[f"on a {CLASSES[on]}"][CLASSES[name]] += 1
show_table("called", called, corner="boxes from 0.5 on")

# %% [markdown]
# *What to see:* each row has the boxes that lie on one kind of animal, with an IoU of ½ at least. Of those on cows {n}`called.on a cow.cow:.0f` say cow, {n}`called.on a cow.cat:.0f` cat, {n}`called.on a cow.sheep:.0f` sheep and
# {n}`called.on a cow.duck:.0f` duck. And a cat with a wrong name is most often called a cow. **What does a window not tell you about an animal?** To the classifier everything is 32 × 32: a cat that is near is as large as a cow.
# <!-- holds: called.on a cow.cow > 2 * called.on a cow.cat; called.on a cow.cat > called.on a cow.sheep > called.on a cow.duck;
#      called.on a cat.cow > 2 * called.on a cat.sheep; called.on a cat.cow > 2 * called.on a cat.duck -->
#
# ### At which threshold?
#
# All this was at an IoU of ½. COCO's own mark is the mean over ten thresholds, 0.5, 0.55, … 0.95. **Predict** AP at 0.75, for a detector whose boxes can only be windows. And what would the perfect classifier get, with the
# same windows and the same suppression at 0.3?

# %% figure=true
thresholds = [0.5 + 0.05 * step for step in range(10)]
perfect = [perfectly_found(windows, target, 0.3) for target in targets]
ap = {threshold: mean_ap(found, threshold) for threshold in thresholds}
best = {threshold: mean_ap(perfect, threshold) for threshold in thresholds}
rows = {
    f"at {threshold:.3g}": {
        "101 points": ap[threshold],
        "11 points": mean_ap(found, threshold, "voc11"),
        "area": mean_ap(found, threshold, "area"),
        "perfect scores": best[threshold],
    }
    for threshold in (thresholds[0], thresholds[5])
}
rows["mean over ten"] = {
    "101 points": sum(ap.values()) / len(ap),
    "perfect scores": sum(best.values()) / len(best),
}
show_table(
    "strictness",
    rows,
    corner="one detector",
    formats=dict.fromkeys(("101 points", "11 points", "area", "perfect scores"), ".3f"),
)

# %% [markdown]
# *What to see:* {n}`strictness.at 0.5.101 points:.2f`, {n}`strictness.at 0.75.101 points:.2f` or {n}`strictness.mean over ten.101 points:.2f`, and nothing about the detector has changed. At 0.5 a window that hangs over is right. At 0.75 hardly any of *its* windows is right.
# Better ones are in the list: a perfect classifier would get {n}`strictness.at 0.75.perfect scores:.2f` with the same windows. But this network was taught to say yes from ½ on, to all alike, so the surest window is not the one that fits best.
#
# **An AP without its threshold says nothing**, and two of
# different thresholds cannot be compared; you saw the same in chapter 5 with two losses and a weight. The mean over ten rewards boxes that really fit, which is why COCO chose it.
# <!-- holds: strictness.at 0.75.perfect scores > 5 * strictness.at 0.75.101 points; strictness.at 0.75.101 points < 0.25 * strictness.at 0.5.101 points; strictness.mean over ten.101 points < 0.5 * strictness.at 0.5.101 points -->
#
# Read along the rows, too. At 0.5 the three definitions agree to two digits or so. At 0.75 the eleven points give {n}`strictness.at 0.75.11 points:.3f` and the area {n}`strictness.at 0.75.area:.3f`: where curves are short, the point at recall 0 alone is worth an eleventh of the precision there.
# <!-- holds: strictness.at 0.75.11 points > 1.2 * strictness.at 0.75.area; strictness.at 0.5.11 points - strictness.at 0.5.area < 0.03; strictness.at 0.5.area - strictness.at 0.5.11 points < 0.03 -->
#
# COCO's script prints twelve numbers. AP, the mean over ten thresholds, comes first, then AP50 and AP75, and then AP of small objects (below 32 × 32 pixels), of medium ones (up to 96 × 96) and of large ones. The other six are AR,
# average recall, again a mean over classes and thresholds: how many targets are found at all by the surest 1, 10 and 100 detections of a class in a picture, and by 100 for each of the three sizes. For AP, too, no more than those 100 count.

# %% [markdown] quiz="which-map"
# Paper A reports a mAP of 0.62, paper B one of 0.41, on the same pictures. Which detector is better?
#
# - [x] Nobody can tell, before both say at which IoU and by which definition — The same detector has all of the numbers in the table above. At 0.5 a mAP is easily twice as high as the mean over ten thresholds.
# - [ ] A's, since mAP is a mean over all classes and thresholds anyway — Over which thresholds is exactly what differs. VOC's mAP is at 0.5 alone, COCO's is a mean over ten.
# - [ ] B's, if its detector returns fewer boxes — Boxes of low score at the end of the list hardly change AP. How many there are says little.

# %% [markdown]
# ## What it cost, and what comes next

# %% [markdown]
# The detector is small, and so are the scenes. Now take a photograph of 480 × 640 pixels, with the eight sizes and three shapes that you counted in chapter 1, but an eighth of a window apart. And take a network that
# knows a thousand kinds of things: AlexNet (Krizhevsky and others, 2012), which wants each window at 224 × 224. **Predict:** how many windows are there now?

# %% figure=true
sides = [32 * 2 ** (step / 2) for step in range(8)]
photograph = [
    (round(side * ratio**0.5), round(side / ratio**0.5)) for side in sides for ratio in (0.5, 1, 2)
]  # ratio: height over width
with torch.device("meta"):  # counted, and not computed
    one_look = count_multiply_adds(torchvision.models.alexnet(), torch.rand(1, 3, 224, 224))
looks = {"all windows": len(pyramid_windows((480, 640), photograph)), "2000 regions": 2000}
rows = {
    name: {"looks": number, "billion multiply–adds": number * one_look / 1e9}
    for name, number in looks.items()
}
mine = {
    "windows": len(windows),
    "on an animal": count["on an animal"] / count["windows"],
    "with no pixel of one": count["with no pixel of one"] / count["windows"],
    "with less than half of one": count["with less than half of one"] / count["windows"],
    "million multiply–adds": passes / 1e6,
    "milliseconds": 1000 * forward_seconds(network, images[0][None].to(place)),
}
show_table(
    "costs",
    {"this detector": mine},
    "a scene",
    {
        "on an animal": ".1%",
        "with no pixel of one": ".0%",
        "with less than half of one": ".0%",
        "million multiply–adds": ",.0f",
        "milliseconds": ".0f",
    },
)
show_table("photograph", rows, "480 × 640, AlexNet", {"looks": ",.0f", "billion multiply–adds": ",.0f"})

# %% [markdown]
# *What to see:* {n}`photograph.all windows.looks:,.0f` looks, and {n}`photograph.all windows.billion multiply–adds / 1000:,.0f` thousand billion multiplications for one photograph. One pass a size would save most of that, as
# above. OverFeat (Sermanet and others, 2014) did so, pooled at shifted places to get back some of the positions that pooling loses, and let a second head correct each window's box. In ours it would still be windows, and even a perfect
# classifier gets no more than {n}`strictness.mean over ten.perfect scores:.2f` with them over the ten thresholds.
#
# The number to take along is another: **of all windows in our scenes, {n}`costs.this detector.on an animal:.1%` lie on an animal.** The others are looked at, and cost the same. More than a third
# hold not one pixel of an animal, and most of the others only a piece, less than half of one.
# <!-- holds: strictness.mean over ten.perfect scores < 0.65; 0.34 < costs.this detector.with no pixel of one < 0.4; costs.this detector.with less than half of one > 0.4;
#      costs.this detector.on an animal < 0.06; photograph.all windows.looks > 40 * photograph.2000 regions.looks -->
#
# So could one know *before looking closely* where there might be something, whatever it is? Two thousand places in a photograph instead of a hundred thousand, each with a box of its own shape, and each then seen by the best network there is. **Chapter 7** finds
# them by growing together what looks alike, and R-CNN was the result.
#
# The full tier of this notebook is for a GPU: start Jupyter with `COURSE_TIER=full`. From a checkout of the course, `python -m solutions train sliding-window --budget 5m` trains the same detector for longer, and `python -m solutions predict RUN` draws what it finds.
#
# ### Further reading
#
# - Viola & Jones, *Rapid Object Detection using a Boosted Cascade of Simple Features*, CVPR 2001: faces in real time. Windows of all sizes, and nearly all of them dismissed after a few operations.
# - Dalal & Triggs, *Histograms of Oriented Gradients for Human Detection*, CVPR 2005: one window over a pyramid of sizes, and training that goes back to what was hard.
# - Felzenszwalb, Girshick, McAllester & Ramanan, *Object Detection with Discriminatively Trained Part-Based Models*, TPAMI 2010: the best that sliding windows became before deep networks, with windows of several shapes, and greedy suppression, with the share of a box that is covered in place of the IoU.
# - Sermanet, Eigen, Zhang, Mathieu, Fergus & LeCun, *OverFeat: Integrated Recognition, Localization and Detection using Convolutional Networks*, ICLR 2014: sliding windows as a convolution.
# - Everingham, Van Gool, Williams, Winn & Zisserman, *The PASCAL Visual Object Classes (VOC) Challenge*, IJCV 2010: the IoU of ½, matching one to one, and eleven points. Everingham, Eslami and others, *The PASCAL Visual Object Classes Challenge: A Retrospective*, IJCV 2015: looks back, the area among it.
# - Lin, Maire, Belongie and others, *Microsoft COCO: Common Objects in Context*, ECCV 2014: the data set and its crowds; the ten thresholds and 101 points are in its evaluation code.
# - Bodla, Singh, Chellappa & Davis, *Soft-NMS: Improving Object Detection With One Line of Code*, ICCV 2017, and Hosang, Benenson & Schiele, *Learning Non-Maximum Suppression*, CVPR 2017: what else one may do with twenty boxes.
# - Rezatofighi, Tsoi, Gwak, Sadeghian, Reid & Savarese, *Generalized Intersection over Union: A Metric and a Loss for Bounding Box Regression*, CVPR 2019.
