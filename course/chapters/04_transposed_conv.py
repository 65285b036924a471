# %% [markdown]
# # 4 · Transposed convolution
# ## What if the way up could learn?

# %% picture="learnt_stamp"

# %% [markdown]
# Chapter 3 ended with a table whose last column said *nothing* three times: nearest neighbour, a bed of nails and max
# unpooling are rules, and a rule does not learn. In this chapter the way up gets weights. You put a value down, and
# around it you stamp a pattern that the network has learnt.
#
# You build that operator in one dimension and in two, find out why it is called *transposed* and why it is nobody's
# inverse, see where its checkerboards come from, and start it off as plain interpolation. Then it does its work: FCN-32s,
# FCN-16s and FCN-8s, and SegNet beside them, trained on the same pictures and compared class by class.
#
# You need chapter 2's encoder and decoder and chapter 3's unpooling. Six exercises, 36 points: they take about an hour and three
# quarters, and with reading and training the chapter takes about two and a half hours.

# %%
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.checking import check, chosen, hint
from course.costs import compare_costs
from course.farm import SEMANTIC_CLASSES, Farm
from course.interpolation import stamp_of_interpolation
from course.labels import block_labels
from course.plotting import show_grids, show_images, show_labels, show_stamps
from course.segmentation import SemanticSet, class_iou, pixel_loss
from course.shapes import pair, single
from course.training import by_tier, fit

# %% [markdown]
# ## How much is left at stride 32?
#
# A classification network halves its picture five times. Where 32 × 32 pixels went in, one vector comes out, and so one
# label. Suppose a network with such maps never errs: every block gets the label that most of its pixels have.
#
# **Before you run the cell:** the pictures are 64 pixels wide. What will a perfect answer look like in blocks of 8, of 16, of 32?
# Which classes go first?

# %% figure=true
def in_blocks(labels: Tensor, side: int) -> Tensor:
    """Give every block of side × side pixels the label that most of its pixels have, 255 left out."""
    return block_labels(labels[None], side, len(SEMANTIC_CLASSES))[0]


train_set = SemanticSet(Farm(by_tier(800, 4000)), keep=True)
test_set = SemanticSet(Farm(200, seed=1), keep=True)
image, truth = test_set[9]
blocks = {f"blocks of {side}": in_blocks(truth, side) for side in (8, 16, 32)}
show_labels(image, {"truth": truth, **blocks}, SEMANTIC_CLASSES, columns=3);

# %% [markdown]
# *What to see:* blocks of 8 still tell an animal from the meadow, though not its legs, and the thin band of trees is gone. In blocks
# of 16 an animal is a square or nothing, and of blocks of 32 only sky and grass are left. No classifier is at fault: there are
# too few labels.
#
# Two things can help. The way up may *learn* how shapes go on between two coarse values, and it may *ask* earlier maps, which are
# finer. This chapter does both, in this order.

# %% [markdown]
# ## One value, one stamp
#
# Take two values, 1 and 2, and a filter of three numbers, 3 1 2. Each value weights a copy of the filter and stamps it into
# the output. The second stamp starts *stride* = 2 places after the first, so the two share one place, and there they are summed:
#
# ```text
# 1 × filter   3   1   2
# 2 × filter           6   2   4
# output       3   1  2+6  2   4      →  3 1 8 2 4
# ```
#
# That is all. For an input $x$ and a filter $w$ with $k$ numbers,
#
# $$\text{out}[l \cdot s + a] \mathrel{+}= x[l] \cdot w[a], \qquad a = 0, \dots, k - 1.$$
#
# An ordinary convolution *gathers*: each output looks at a window and sums up. This one *scatters*: each input hands out its
# share. **Predict:** what comes out of the same numbers with stride 1, and what with stride 4?

# %% figure=true
show_stamps(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0, 2.0]), strides=(1, 2, 4));

# %% [markdown]
# *What to see:* the first two rows are the stamps, the outlined row is their sum. With stride 1 two places are shared, with stride 2
# one, and with stride 4, larger than the filter, none: a gap is left that no stamp reaches. A larger stride spreads the stamps
# and makes the output longer, whereas in an ordinary convolution a larger stride makes it shorter.
#
# In two dimensions nothing changes but the shape of the stamp. The widget lays four of them, from the input
# [[1, 2], [3, 4]] and the filter [[3, 1, 2], [0, 2, 1], [1, 2, 0]]; the first row of what comes out is the example above. **Predict**
# the output's size, type what you expect into its cells (*Space* goes to the next), and press *Enter*, stamp by stamp. Point at an output cell
# and its whole sum is written out.
#
# Three things to try, each with a guess before it:
#
# 1. The preset *no overlap*: why is every number of the output a product, and never a sum?
# 2. Stride 2 with kernels 2, 3 and 4: say whether the overlaps are even, and the map at the bottom shows them. Remember kernel 3; it comes back below.
# 3. Padding 1, and then output_padding 1: which numbers disappear, and which come back?

# %% widget="TransposedConvolution"

# %% [markdown]
# ## Padding crops, and one number more
#
# In an ordinary convolution padding adds zeros around the *input*, and the output grows. Going the other way, the output has to
# lose what the padding had brought in: **padding crops the output**, at both ends.
#
# ```text
# all stamps                        3   1   8   2   4
# padding=1                             1   8   2
# padding=1, output_padding=1           1   8   2   4
# ```
#
# And `output_padding`? **Predict** which lengths a convolution with kernel 3, stride 2 and padding 1 maps to 4:

# %%
for before in range(5, 10):
    after = F.conv1d(torch.zeros(1, 1, before), torch.zeros(1, 1, 3), stride=2, padding=1).shape[-1]
    print(f"{before} values  →  {after}")

# %% [markdown]
# Both 7 and 8 become 4, because the size formula rounds down. On the way back somebody must say which of the two was meant. Without
# help you get the smallest, 7; `output_padding=1` says 8. Chapter 3 had the same trouble, and called its answer `output_size`.
#
# The name misleads: nothing is padded. The output is *cropped less* at its right end (and at the bottom), and whatever the
# stamps had left there comes to light, like the 4 above. Only where no stamp reaches is there a zero.

# %% [markdown] exercise="conv_transpose_output_size"
# Say how large the output of a transposed convolution is, along one side.
#
# | | | |
# | --- | --- | --- |
# | `size` | int | how many values come in, 1 or more |
# | `kernel_size`, `stride` | int | 1 or more |
# | `padding` | int | cropped at *both* ends |
# | `output_padding` | int | less than `stride`; added at *one* end |
# | returns | int | always 1 or more in the cases that are tried |
#
# You can find it by asking where the last stamp starts and how far it reaches.

# %% check="conv_transpose_output_size"

# %% [markdown]
# ## Signals with channels
#
# Real signals have channels. Every input channel has a filter of its own for every output channel, and what all input channels
# stamp into an output channel is summed:
#
# $$\text{out}[n, o, l \cdot s + a - p] \mathrel{+}= \sum_i x[n, i, l] \cdot w[i, o, a], \qquad \text{then add } b[o].$$
#
# So the weight is (C<sub>in</sub>, C<sub>out</sub>, k), input channels *first*. In `nn.Conv1d` it is the other way round. That is no
# whim: it is the very same tensor as that of the convolution which goes the opposite way, from C<sub>out</sub> channels to C<sub>in</sub>.

# %% [markdown] exercise="conv_transpose1d"
# Build the transposed convolution of signals.
#
# | | shape | |
# | --- | --- | --- |
# | `x` | (N, Cin, L) | floating point; N may be 0; not always contiguous in memory |
# | `weight` | (Cin, Cout, k) | same dtype as `x` |
# | `bias` | (Cout,) or None | added to every position, in gaps too |
# | `stride`, `padding`, `output_padding` | int | padding at most k − 1, output_padding at most stride − 1 |
# | returns | (N, Cout, M) | M as in exercise 4.1; dtype of `x`; gradients flow to `x`, `weight`, `bias` |
#
# In the cases tried here the three sizes are plain ints. (`single(2)` and `single((2,))` both give 2, if you want to take what torch takes.)
# A loop over values, over positions of the filter, matrices, `F.fold`, an ordinary convolution of a bed of nails: all are fair.
# What comes in is left alone. Not allowed: a library's transposed convolution, and `torch.nn.grad`, which is one in disguise. Fair is
# `torch.autograd.grad` through an ordinary convolution: there you have to know *why* its gradient is the answer.

# %% check="conv_transpose1d"

# %% [markdown]
# ## Why does the stamp start at the top left?
#
# Value (i, j) stamps a 3 × 3 pattern. Why does the pattern *begin* at row i·s and column j·s? Should it not be *centred* there?
#
# Ask the ordinary convolution. Which pixels does it read for its output (0, 1), and with which weights? Its gradient tells. Beside
# it, what the transposed convolution writes for the input (0, 1):

# %% figure=true
weight = torch.tensor([[3.0, 1.0, 2.0], [0.0, 2.0, 1.0], [1.0, 2.0, 0.0]])[None, None]  # the widget's filter
pixels = torch.zeros(1, 1, 5, 5, requires_grad=True)
F.conv2d(pixels, weight, stride=2)[0, 0, 0, 1].backward()  # its gradient: what was read, and how it was weighted
one = torch.tensor([[0.0, 1.0], [0.0, 0.0]])[None, None]
written = F.conv_transpose2d(one, weight, stride=2)
window = torch.zeros(5, 5, dtype=torch.bool)
window[0:3, 2:5] = True  # three rows from 0·2 on, three columns from 1·2 on
planes = {
    "read by conv for output (0, 1)": pixels.grad[0, 0],
    "written by its transpose for input (0, 1)": written[0, 0],
}
show_grids(planes, marked=dict.fromkeys(planes, window));

# %% [markdown]
# *What to see:* the same numbers in the same place, the outlined window. (Two of its zeros are the filter's own.) The convolution's
# window for output (i, j) starts at (i·s, j·s), minus the padding. The transposed convolution runs along the same wires backwards:
# **where the one reads, the other writes.**
#
# If you would rather have the stamp centred, crop: with a kernel of 3, `padding=1` takes a row or a column away on each side, and
# stamp (i, j) is then centred on output (i·s, j·s).

# %% [markdown] quiz="which-window"
# A transposed convolution has kernel 4, stride 2 and padding 1. Into which rows of the output does row 3 of the input stamp?
#
# - [x] Rows 5 to 8 — The stamp starts at 3·2 − 1 = 5 and is four rows high. A convolution with the same numbers would read rows 5 to 8 for its output row 3.
# - [ ] Rows 4 to 7 — That is two rows cropped at the top. `padding=1` crops one there, and another at the bottom.
# - [ ] Rows 6 to 9 — That would be right without padding. Cropping one row at the top moves every row up by one.

# %% [markdown] exercise="conv_transpose2d"
# Now two dimensions. Everything holds twice over:
#
# $$\begin{aligned}\text{out}[n, o, \;&h \cdot s_h + a - p_h, \;w \cdot s_w + b - p_w] \\ &\mathrel{+}= \sum_i x[n, i, h, w] \cdot \text{weight}[i, o, a, b], \qquad \text{then add } \text{bias}[o].\end{aligned}$$
#
# | | shape | |
# | --- | --- | --- |
# | `x` | (N, Cin, H, W) | floating point; N may be 0; not always contiguous |
# | `weight` | (Cin, Cout, kh, kw) | not always square |
# | `bias` | (Cout,) or None | |
# | `stride`, `padding`, `output_padding` | int or (height, width) | padding at most k − 1, output_padding at most stride − 1, a side |
# | returns | (N, Cout, H', W') | sizes as above, for each side; dtype of `x`; gradients flow to `x`, `weight`, `bias` |
#
# `pair(2)` gives `(2, 2)` and `pair((2, 3))` gives `(2, 3)`. Nothing here needs your answer for one dimension, but it may well grow
# out of it. What comes in is left alone. Fair and not allowed: as before.

# %% check="conv_transpose2d"

# %% [markdown]
# ## The same sums, gathered
#
# A stamp says where an input *goes*. Ask an output instead where it *comes from*, and the operator turns into one that you know (Dumoulin & Visin, 2016).
# Pull the inputs apart, so that $s - 1$ zeros stand between neighbours; put $k - 1 - p$ zeros around them; turn the filter by half a turn; and let
# an **ordinary convolution of stride 1** slide over it all. For 1 and 2, the filter 3 1 2 and stride 2:
#
# ```text
# with zeros        0   0   1   0   2   0   0
# turned filter     2   1   3                     →  2·0 + 1·0 + 3·1 = 3
# two steps on              2   1   3             →  2·1 + 1·0 + 3·2 = 8
# output            3   1   8   2   4
# ```
#
# Why is the filter turned? In a stamp, the filter's *last* number lands furthest to the right of its input. Seen from the output, that input stands furthest
# to the *left* of its window. Left and right change places, and so do above and below.
#
# Go back to the widget and choose **Zeros between**. Numbers and settings stay what they are. **Predict:** how many of the nine cells of the window for
# out[2,2] meet an input, and how many do for out[1,1]? With stride 2, what share of all products is with a zero that was only put there? That share
# is why nobody computes it this way, good as it is for thinking: a step of the window is a fraction 1/s of the way from input to input, hence the operator's
# other name, *fractionally strided convolution*.

# %% [markdown]
# ## Why "transposed"?
#
# A convolution is linear: every output is a sum of weighted pixels. And what is linear is a matrix. Write the image as one
# long column, row by row, and each output becomes one row of the matrix: zeros, and the filter's numbers where its window lies.
#
# Take a 3 × 3 image and the filter [[3, 1], [4, 2]]. There are four windows, so the matrix is 4 × 9. **Predict its first row** before you
# look: which of the nine pixels does the first window see?

# %% figure=true
small_filter = torch.tensor([[3.0, 1.0], [4.0, 2.0]])[None, None]
M = torch.tensor([
    [3.0, 1.0, 0.0, 4.0, 2.0, 0.0, 0.0, 0.0, 0.0],  # the window at the top left
    [0.0, 3.0, 1.0, 0.0, 4.0, 2.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 3.0, 1.0, 0.0, 4.0, 2.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 3.0, 1.0, 0.0, 4.0, 2.0],
])
x = torch.arange(1.0, 10.0)  # 3 × 3 pixels, row by row
assert torch.equal(M @ x, F.conv2d(x.view(1, 1, 3, 3), small_filter).flatten())
show_grids({"M, 4 × 9: the convolution": M, "its transpose, 9 × 4": M.T});

# %% [markdown]
# *What to see:* the four numbers slide to the right from window to window, with a jump at the end of an image row. The gap
# between 1 and 4 is the rest of the image row, which the window does not touch.
#
# Now read the transposed matrix *by columns*. Each column holds a copy of the filter: that is a stamp. Multiplying by $M^\top$
# weights each copy with a value and sums: that is the operator you have just built. **Hence the name.**

# %% [markdown] exercise="conv_matrix"
# Write any convolution as its matrix.
#
# | | | |
# | --- | --- | --- |
# | `weight` | (Cout, Cin, kh, kw) | of an ordinary convolution: output channels first; not always contiguous; left alone |
# | `input_size` | (H, W) | of the image; the filter fits into the padded image |
# | `stride`, `padding` | int or (height, width) | |
# | returns | (Cout·H'·W', Cin·H·W) | dtype of `weight`; gradients flow back to it |
#
# For every image `x` (Cin, H, W), `M @ x.flatten()` is `F.conv2d(x[None], weight, …).flatten()`, so rows and columns go in the
# order of `flatten`: channel by channel, row by row. Padding has no columns: zeros need none. Everything is allowed.

# %% check="conv_matrix"

# %% [markdown]
# ### Transposed is not inverse
#
# People also say *deconvolution*, and that sounds as if it undid a convolution. Does it? **Guess**, then look: convolve, and apply the
# transpose to the result.

# %% figure=true
there = M @ x
back = M.T @ there
stamped = F.conv_transpose2d(there.view(1, 1, 2, 2), small_filter)
print("M.T is the transposed convolution:", torch.equal(back, stamped.flatten()))
print("M.T undoes M:                     ", torch.equal(back, x))
print("rank of M:", torch.linalg.matrix_rank(M).item(), "of 9")
show_grids({"x": x.view(3, 3), "M x: convolved": there.view(2, 2), "Mᵀ M x: and transposed": back.view(3, 3)});

# %% [markdown]
# *What to see:* the **shape** comes back, the numbers do not. They cannot: four numbers were kept of nine, and no matrix whatever
# makes nine out of four again.
#
# What the transpose is good for is something else, and every training step uses it. If $y = Mx$, the gradient of a loss
# with respect to $x$ is $M^\top$ times the gradient with respect to $y$. **The backward pass of every convolution is a transposed
# convolution.** And the other way round: its own backward pass is an ordinary convolution. So you could have answered the two exercises
# above with `torch.autograd.grad` of an ordinary convolution, and fairly: whoever writes that has understood the operator.

# %% [markdown] quiz="not-an-inverse"
# A colleague upsamples with a transposed convolution whose weights are those of the convolution that came before, "to get the details back". What do you say?
#
# - [ ] Right: with the same weights it is the inverse of that convolution — You have just seen that it is not: the shape comes back and the numbers do not.
# - [x] The details are gone; let the weights learn what to put there — The transpose brings back the size. What fills it is learnt, or asked from an earlier map, as the skips below do.
# - [ ] It would be right if the stride were 1, for then no pixel is skipped — With stride 1 the transpose is not the inverse either: that holds only for an orthogonal matrix, and a filter's hardly ever is one. Above, the stride is 1, and four numbers do not make nine.

# %% [markdown]
# ## Checkerboards
#
# Look again at the widget's map of overlaps for kernel 3 and stride 2. Some pixels get one stamp, some two, some four. Even if all
# values and all weights were equal, the output would be uneven. Odena, Dumoulin and Olah (2016) showed that pattern in the pictures of
# many generators, and where it comes from: a checkerboard.
#
# Below, untrained networks get a **constant** picture and enlarge it three times. A perfect answer is constant. There are three ways
# up, with two kinds of weights: all positive, and of both signs, as networks have them. **Which of the six pictures will show a pattern?**

# %% figure=true
def enlarge_constant(draw: Callable[..., Tensor], kernel: int, resize: bool = False) -> Tensor:
    """Enlarge a constant picture three times by two, with weights from `draw`; return the middle of what comes out."""
    generator = torch.Generator().manual_seed(3)
    x = torch.ones(1, 1, 12, 12)
    for channels in (16, 16, 1):
        weight = draw(x.shape[1], channels, kernel, kernel, generator=generator) / x.shape[1]
        if resize:
            x = F.conv2d(F.interpolate(x, scale_factor=2), weight.transpose(0, 1), padding=1)
        else:
            x = F.conv_transpose2d(x, weight, stride=2, padding=1)
    return x[0, 0, 32:56, 32:56]


ones = torch.ones(1, 1, 3, 3)
counts = {
    f"stamps a pixel gets, kernel {k}": F.conv_transpose2d(ones, torch.ones(1, 1, k, k), stride=2)[0, 0]
    for k in (3, 4)
}
show_grids(counts)

pictures = {}
for signs, draw in (("positive", torch.rand), ("both signs", torch.randn)):
    for way, kernel, resize in (("kernel 3", 3, False), ("kernel 4", 4, False), ("resize first", 3, True)):
        values = enlarge_constant(draw, kernel, resize)
        uneven = (values - values.mean()) / values.abs().mean()
        pictures[f"{way}, {signs}: ± {uneven.std():.0%}"] = 0.5 + 0.25 * uneven  # grey, where it is constant
show_images(pictures, columns=3);

# %% [markdown]
# *What to see:* above each picture stands how far its pixels lie apart. Kernel 3 is not divisible by stride 2, and its overlaps go 1, 2,
# 1, 2: a checkerboard before anything is learnt. With kernel 4 every inner pixel gets four stamps. The *counts* are even, and
# if the weights are all about alike, that nearly does it.
#
# Weights of both signs are not alike, and then **even counts do not help**. A pixel gets four of the kernel's sixteen numbers, its
# neighbour four *others*, and sums of other numbers differ. Resizing first gives neighbours the same numbers: nothing is left to see.
#
# So there are three remedies, the surest first:
#
# - **resize, then convolve**: Odena and others recommend nearest neighbour before the convolution, and had less luck with bilinear;
# - a start that has no pattern: **bilinear weights**, from which training moves away only as far as it pays;
# - a **kernel that the stride divides**, such as 4 with stride 2, or 64 with 32. It evens the counts; the weights must do the rest.
#
# A relative: compute s² channels at the low resolution and lay them out as s × s pixels (`nn.PixelShuffle`; Shi and others, 2016).
# It is a transposed convolution in other clothes, checkerboards included.

# %% [markdown] quiz="checkerboard"
# Which of these layers stamps evenly, so that every pixel away from the border gets the same number of stamps?
#
# - [ ] kernel 3, stride 2 — 3 is not divisible by 2: along one side pixels get one and two stamps in turn.
# - [ ] kernel 5, stride 3 — 5 is not divisible by 3: along one side pixels get two, two and one.
# - [ ] kernel 4, stride 3 — 4 is not divisible by 3: of three neighbouring pixels one gets a second stamp.
# - [x] kernel 6, stride 3 — 6 is twice 3: every pixel gets two stamps along each side, four in all.

# %% [markdown]
# ## A good start: bilinear interpolation
#
# Random stamps make a bad first picture, and training would spend its time on mending it. But bilinear interpolation *is* a
# transposed convolution: each value stamps a pyramid, high in the middle and falling off linearly, and where pyramids overlap they
# blend. To enlarge by 2, in one dimension, the pyramid is
#
# ```text
# 1/4  3/4  3/4  1/4
# ```
#
# and two neighbours, 4 and 8, meet like this:
#
# ```text
# 4 × pyramid   1   3   3   1
# 8 × pyramid           2   6   6   2
# output        1   3   5   7   6   2
# ```
#
# Inside, 5 = ¾·4 + ¼·8 and 7 = ¼·4 + ¾·8: interpolated. At both ends a neighbour is missing, and the picture darkens.
#
# In FCN's code a filter of size k has *factor* = (k + 1) // 2 and *centre* = (k − 1)/2, on a pixel for odd k, between two for even k, and
#
# $$t(a) = 1 - \frac{|a - \text{centre}|}{\text{factor}}, \qquad w[c, c, a, b] = t(a) \cdot t(b).$$

# %% [markdown] exercise="bilinear_kernel"
# Make that filter, for scores of several classes. Each class is enlarged by itself: the scores of *cow* have no business in *sheep*.
#
# | | | |
# | --- | --- | --- |
# | `channels` | int | 1 or more |
# | `kernel_size` | int | 1 or more, odd or even |
# | returns | (channels, channels, k, k) | in torch's default dtype, whatever it is set to; zero where the two channels differ |

# %% check="bilinear_kernel"

# %% [markdown]
# Is it really interpolation? Ask `F.interpolate` what it makes of a single 1, in the middle of zeros:

# %% figure=true
spike = F.pad(torch.ones(1, 1), (1, 1, 1, 1))
around = F.interpolate(spike[None, None], scale_factor=2, mode="bilinear")[0, 0]
show_grids({"a single 1": spike, "enlarged by 2, times 16": 16 * around}, marked={"enlarged by 2, times 16": around > 0});

# %% [markdown]
# *What to see:* 1, 3, 3, 1 times 1, 3, 3, 1, in sixteenths: the pyramid. **What an upsampling makes of a single 1 is its stamp.** Any
# upsampling that is linear, and alike at all places, can be had as a transposed convolution. `stamp_of_interpolation` in the course's
# library gets the filter in this way, for sizes 4, 8, 12, …, so that what follows works whatever your answer is. Now enlarge a picture
# by four, with a filter of 8 at stride 4, and compare:

# %% figure=true
small = F.interpolate(image[None], size=(16, 16), mode="area")
torch.manual_seed(0)
random_layer = nn.ConvTranspose2d(3, 3, kernel_size=8, stride=4, padding=2)
with torch.no_grad():
    by_chance = random_layer(small)[0]
    by_stamps = F.conv_transpose2d(small, stamp_of_interpolation(3, 8), stride=4, padding=2)[0]
by_library = F.interpolate(small, scale_factor=4, mode="bilinear")[0]
inner = (..., slice(4, -4), slice(4, -4))
print("largest difference inside:", f"{(by_stamps - by_library)[inner].abs().max():.1e}")
show_images({
    "16 × 16": small[0],
    "torch's first weights": (by_chance - by_chance.min()) / (by_chance.max() - by_chance.min()),
    "bilinear stamps": by_stamps,
    "F.interpolate": by_library,
}, columns=2);

# %% [markdown]
# *What to see:* with the weights that `nn.ConvTranspose2d` starts with, the picture is gone and a grid is there instead, although
# 4 divides 8: these weights have both signs. The bilinear stamps give the same picture as `F.interpolate`, but for rounding,
# apart from a dark frame: at the border, stamps from outside the picture are missing.

# %% [markdown]
# ## FCN: asking finer maps
#
# Long, Shelhamer and Darrell (2015) turned a classifier into a **fully convolutional network** and brought its scores back to the
# size of the image with transposed convolutions that are bilinear interpolation to begin with. Enlarging scores at stride 32 by 32
# gives FCN-**32s**. You have seen what that costs.
#
# Their second idea is the **skip**. The map at stride 16 has not been halved as often. It understands less, but knows better *where*.
# So it gives scores of its own; the coarse scores are doubled, and the two are added. That is FCN-16s. Once more with stride 8: FCN-8s.
#
# What crosses over is not the map, with all its channels, but one score a class:

# %% picture="fcn_ladder"

# %% [markdown]
# In the paper only the doublings are learnt: the last stamp of each network, by 32, 16 or 8, stays the bilinear one. Ours trains all.
#
# Why *add*? A score is evidence for a class, in logits. The deep map says "somewhere here is a cow", the shallow one "this pixel looks
# like a coat, that one like grass", and evidence adds up.

# %% [markdown] exercise="fuse_skip"
# One step of that ladder: double the coarse scores and add the skip.
#
# | | shape | |
# | --- | --- | --- |
# | `coarse` | (N, K, h, w) | scores at twice the stride; h = ⌈H/2⌉, w = ⌈W/2⌉, for halving rounds up; N may be 0 |
# | `skip` | (N, K, H, W) | scores of the earlier stage; H and W may be odd |
# | `weight` | (K, K, 4, 4) | of a transposed convolution with stride 2, padding 1 and no bias |
# | returns | (N, K, H, W) | gradients flow to all three; none of them is changed; one dtype for all, float64 too |
#
# The scores are not always contiguous.
#
# Where H or W is odd, doubling gives a row or a column too many: crop it at the bottom, or on the right. The operator is not the
# subject any more: `F.conv_transpose2d` is yours.

# %% check="fuse_skip"

# %% [markdown]
# ## The networks
#
# Here they are as the course trains them, from the smallest part to the whole. First the brick: two convolutions, with batch norm and ReLU.

# %% given="solutions.fcn.blocks:conv_block"

# %% [markdown]
# Between bricks the map is halved, rounding up, so that no row is lost where a side is odd.

# %% given="solutions.fcn.blocks:halve"

# %% [markdown]
# Six bricks with five halvings between them are a backbone small enough for a CPU. It hands out its last three maps, at strides 8, 16 and 32.

# %%
_WIDTHS = (16, 32, 48, 64, 96, 96)  # channels at strides 1, 2, 4, 8, 16 and 32

# %% given="solutions.fcn.backbones:SmallBackbone"

# %% [markdown]
# Now the network itself. Two of its parts you have written: it calls the filter `bilinear_start` and the step of the ladder
# `double_and_add`. Follow `forward` with a finger on the drawing above: the three variants differ in how often its loop runs.

# %% given="solutions.fcn.skips:FCN"

# %% [markdown]
# **Whose shall they be?** As it stands, the next cell gives those two names to stand-ins, so that all works whatever you wrote. They are enough
# here, where every side is a multiple of 32. Write `"mine"`, and yours take their place if their checks are all right: they can do more,
# pictures of 37 × 50 pixels too. And if your `fuse_skip` calls your own `conv_transpose2d`, that one is trained as well.

# %% train=true
def add_doubled(coarse: Tensor, skip: Tensor, weight: Tensor) -> Tensor:
    """Fuse a skip whose height and width are even."""
    return skip + F.conv_transpose2d(coarse, weight, stride=2, padding=1)


parts = chosen("the course's", bilinear_kernel=stamp_of_interpolation, fuse_skip=add_doubled)
bilinear_start, double_and_add = parts.bilinear_kernel, parts.fuse_skip


def make_backbone(name: str, weights: str | Path | None) -> nn.Module:
    """Return the small backbone; the course's library has ResNets too, of which more below."""
    return SmallBackbone()


# %% [markdown]
# SegNet is the other school. Its decoder is a mirror image of its encoder, and what crosses over is not scores but the positions of the
# maxima, as in chapter 3. Nothing in its way up is a transposed convolution: it unpools, then convolves.

# %% given="solutions.fcn:SegNet"

# %% [markdown]
# ## Trained and compared
#
# All four get the same pictures in the same order and the same number of steps. Begin with FCN-32s alone. **Predict its picture:** it starts
# as bilinear interpolation of a 2 × 2 grid of scores. What can it learn, what not?

# %% train=true
def train(network: nn.Module) -> nn.Module:
    fit(network, pixel_loss, train_set, steps=by_tier(300, 3000), learning_rate=5e-3)
    return network


classes = len(SEMANTIC_CLASSES)
torch.manual_seed(0)
networks = {"FCN-32s": train(FCN(classes, "32s"))}

# %% figure=true
def predictions(image: Tensor) -> dict[str, Tensor]:
    """The label map of every network trained so far."""
    place = {name: next(network.parameters()).device for name, network in networks.items()}
    with torch.no_grad():
        return {name: network(image[None].to(place[name])).argmax(dim=1)[0] for name, network in networks.items()}


image, truth = test_set[9]
show_labels(image, {"truth": truth, "blocks of 32": in_blocks(truth, 32), **predictions(image)}, SEMANTIC_CLASSES, columns=2);

# %% [markdown]
# *What to see:* it does better than blocks. Scores are not labels: four of them, blended, can tell where the sky ends, and the learnt
# stamp bends the blend into a horizon. But where four animals stand there is a smear at best. What is thin or small is not there at all.
#
# Now the skips. They cost a 1 × 1 convolution and a 4 × 4 filter each. **How much will they bring, and for whom?**

# %% train=true
torch.manual_seed(0)
networks["FCN-16s"] = train(FCN(classes, "16s"))

# %% train=true
torch.manual_seed(0)
networks["FCN-8s"] = train(FCN(classes, "8s"))

# %% [markdown]
# And SegNet, which has no scores at stride 32 to begin with and carries positions through four unpoolings:

# %% train=true
torch.manual_seed(0)
networks["SegNet"] = train(SegNet(classes))

# %% figure=true
for number in (9, 22, 27):
    image, truth = test_set[number]
    show_labels(image, {"truth": truth, **predictions(image)}, SEMANTIC_CLASSES, columns=3)

# %% [markdown]
# *What to see:* go through the panels of one scene. From 32s to 16s to 8s it comes into focus: first that there is something, then which
# animal it is, then where its body ends. Compare FCN-8s with the *blocks of 8* at the top of the chapter. Its finest scores
# have that very grid, and yet its outlines are rounder, because scores are blended before they become labels. Legs stay out of
# reach: no score is as fine as a leg.
#
# SegNet is of another kind. Look at the horizon, and at the shores where it found the water: exact to the pixel, where FCN-8s rounds them
# off. Then look at the
# animals: crumbs, and the wrong kind. Several causes are possible, and the table below cannot tell them apart: SegNet has a quarter
# of the parameters, one convolution a stage where the FCNs have two, and nothing tells its deepest maps directly what is a cow, since
# every answer has to find its way through the whole decoder.
# <!-- holds: costs.IoU of cow.SegNet < costs.IoU of cow.FCN-8s; costs.IoU of sheep.SegNet < costs.IoU of sheep.FCN-8s;
#      costs.IoU of duck.SegNet < costs.IoU of duck.FCN-8s; costs.IoU of cat.SegNet < costs.IoU of cat.FCN-8s; 0.2 < costs.parameters.SegNet / costs.parameters.FCN-8s < 0.3 -->

# %% figure=true
scores = {name: class_iou(network, test_set) for name, network in networks.items()}
compare_costs(networks, size=(64, 64), scores=scores)

# %% [markdown]
# *What to see:* the three FCNs cost nearly the same, for their backbone is the same and the skips are tiny. FCN-8s even has the fewest
# parameters of the three, since a stamp of 16 × 16 a class is smaller than one of 64 × 64. The mean IoU climbs with each skip, from
# {n}`costs.mean IoU.FCN-32s:.2f` to {n}`costs.mean IoU.FCN-16s:.2f` to {n}`costs.mean IoU.FCN-8s:.2f`, and class by class you see who gains: *sky* and
# *grass* least, what is small nearly everything it has: ducks rise from {n}`costs.IoU of duck.FCN-32s:.2f` to {n}`costs.IoU of duck.FCN-8s:.2f`,
# cats from {n}`costs.IoU of cat.FCN-32s:.2f` to {n}`costs.IoU of cat.FCN-8s:.2f`, and the thin band of trees from {n}`costs.IoU of trees.FCN-32s:.2f`
# to {n}`costs.IoU of trees.FCN-8s:.2f`.
# <!-- holds: costs.parameters.FCN-8s < costs.parameters.FCN-16s < costs.parameters.FCN-32s;
#      0.9 < costs.multiply–adds.FCN-8s / costs.multiply–adds.FCN-32s < 1.1; 0.9 < costs.memory to train.FCN-8s / costs.memory to train.FCN-32s < 1.1;
#      costs.mean IoU.FCN-32s < costs.mean IoU.FCN-16s < costs.mean IoU.FCN-8s;
#      costs.IoU of sky.FCN-8s - costs.IoU of sky.FCN-32s < 0.1; costs.IoU of grass.FCN-8s - costs.IoU of grass.FCN-32s < 0.17;
#      costs.IoU of cow.FCN-8s - costs.IoU of cow.FCN-32s > 0.17; costs.IoU of trees.FCN-8s - costs.IoU of trees.FCN-32s > 0.3;
#      costs.IoU of duck.FCN-32s / costs.IoU of duck.FCN-8s < 0.15; costs.IoU of cat.FCN-32s / costs.IoU of cat.FCN-8s < 0.15 -->
#
# SegNet has the fewest parameters of all and the largest bill: it convolves at full resolution once more on the way up, and that
# shows in multiply–adds and memory. Where it knows the class, it has the better outlines: compare the four on *sky* and *trees*.
# <!-- holds: costs.parameters.SegNet < costs.parameters.FCN-8s; costs.multiply–adds.SegNet > costs.multiply–adds.FCN-32s;
#      costs.multiply–adds.SegNet > costs.multiply–adds.FCN-8s; costs.memory to train.SegNet > costs.memory to train.FCN-8s;
#      costs.IoU of sky.SegNet > costs.IoU of sky.FCN-8s; costs.IoU of trees.SegNet > costs.IoU of trees.FCN-8s -->
#
# On photographs the steps are smaller, for objects are larger: on a part of PASCAL VOC 2011's validation pictures the paper reports a mean
# IoU of 59.4 for FCN-32s, 62.4 for 16s and 62.7 for 8s. One seed and a few minutes of training, on our computer, are behind the table here. From other first
# weights the mean IoU of the FCNs came out up to {n}`spread costs.mean IoU.FCN*:~1` apart, and yours may lie as far from ours: the steps between them are
# larger than that. SegNet's lay {n}`spread costs.mean IoU.SegNet:~1` apart, and it may miss the water altogether. Its training has not settled after so few
# steps: read where it is sharp, not its place in the row.
# <!-- holds: spread costs.mean IoU.FCN* < 0.05; costs.mean IoU.FCN-16s - costs.mean IoU.FCN-32s > 0.1; costs.mean IoU.FCN-8s - costs.mean IoU.FCN-16s > 0.1;
#      spread costs.mean IoU.SegNet > 0.1; costs.mean IoU.SegNet < costs.mean IoU.FCN-8s; spread costs.IoU of water.SegNet > 0.5 -->

# %% [markdown] quiz="where-skips-help"
# You add one more skip, at stride 4, and call it FCN-4s. What do you expect?
#
# - [ ] The same gain again, for the grid is twice as fine — As a rule each skip brings less than the one before. And at stride 4 the map has seen little of the picture: its scores say more about colour than about class.
# - [ ] Nothing more, since the upsampling is learnt anyway — A learnt filter can only spread what the scores hold. Where a leg is, no filter can know that was told "somewhere in these 8 × 8 pixels".
# - [x] Sharper outlines, and little more than that — Long and others (2015) stopped at stride 8 because the last skip had already brought them little: from 62.4 to 62.7. On our small pictures, with legs one or two pixels wide, it may be more. Try.

# %% [markdown]
# ### The full tier
#
# With more steps and a GPU the same models go further. From a checkout of the course:
#
# ```bash
# python -m solutions train fcn-8s --device cuda --precision bf16-mixed --budget 10m
# python -m solutions train segnet --device cuda --precision bf16-mixed --budget 10m
# ```
#
# `python -m solutions models` lists all of them. For photographs an FCN stands on a backbone that has seen a million of them: in
# the course's library `FCN(21, "8s", backbone="resnet50", weights="imagenet")` is one, and loads torchvision's weights where there is a
# network to fetch them. Its three maps, at strides 8, 16 and 32, take the place of the small backbone's, and nothing else changes.

# %% [markdown]
# ## What you have, and what comes next
#
# | way up | keeps from the encoder | learnt |
# | --- | --- | --- |
# | nearest neighbour, bed of nails | nothing | nothing |
# | max unpooling (SegNet) | one position a window | nothing; the convolutions after it |
# | transposed convolution (FCN-32s) | nothing | the stamp (in the paper it stays bilinear) |
# | and skips (FCN-16s, FCN-8s) | scores of finer maps | the stamp, and the scores |
#
# Every pixel has its class now. But look at a picture with two cows that touch: they are one patch of one colour. How many cows are
# there, and where does each one end? No label map can say. **Chapter 5** starts with the simplest answer to *where is it*: one
# object, one box, four numbers.
#
# ### Further reading
#
# - Long, Shelhamer & Darrell, *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015: skips, and bilinear weights to start from.
# - Dumoulin & Visin, *A guide to convolution arithmetic for deep learning*, 2016: every case of kernel, stride and padding, drawn.
# - Zeiler, Krishnan, Taylor & Fergus, *Deconvolutional Networks*, CVPR 2010: where the misleading name comes from.
# - Odena, Dumoulin & Olah, *Deconvolution and Checkerboard Artifacts*, Distill 2016.
# - Shi and others, *Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, CVPR 2016: pixel shuffling.
# - Badrinarayanan, Kendall & Cipolla, *SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation*, TPAMI 2017.
