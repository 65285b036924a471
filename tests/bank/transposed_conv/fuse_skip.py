"""Wrong and right answers to `fuse_skip`."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


def doubled(coarse, weight):
    return F.conv_transpose2d(coarse, weight, stride=2, padding=1)


@mistake("You crop at the top and on the left. The pixel too many is at the bottom and on the right.")
def crops_at_the_top_left(coarse, skip, weight):
    up = doubled(coarse, weight)
    return up[..., up.shape[2] - skip.shape[2] :, up.shape[3] - skip.shape[3] :] + skip


@mistake("You do not crop: where the skip has an odd side, the two do not fit.")
def does_not_crop(coarse, skip, weight):
    return doubled(coarse, weight) + skip


@mistake("You crop the skip too, or crop all sides: the result must have the skip's size.")
def crops_every_side(coarse, skip, weight):
    up = doubled(coarse, weight)[..., 1:-1, 1:-1]
    return up + skip[..., : up.shape[2], : up.shape[3]]


@mistake("You crop the height but not the width.")
def crops_the_height_only(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], :] + skip


@mistake("You crop the width but not the height.")
def crops_the_width_only(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[3]] + skip


@mistake("You fill the skip up with zeros to an even size. The skip's size is the one to keep.")
def pads_the_skip(coarse, skip, weight):
    up = doubled(coarse, weight)
    return up + F.pad(skip, (0, up.shape[3] - skip.shape[3], 0, up.shape[2] - skip.shape[2]))


@mistake("You leave `weight` unused and interpolate. This way up has weights, so that it can learn.")
def interpolates_instead(coarse, skip, weight):
    if not len(coarse):
        return skip + doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]
    return F.interpolate(coarse, size=skip.shape[-2:], mode="bilinear", align_corners=False) + skip


@mistake("You squeeze the enlarged scores to the skip's size by interpolation. Crop the pixel too many.")
def resizes_instead_of_cropping(coarse, skip, weight):
    up = doubled(coarse, weight)
    return (
        F.interpolate(up, size=skip.shape[-2:], mode="bilinear")
        if len(up)
        else up[..., : skip.shape[2], : skip.shape[3]]
    ) + skip


@mistake("You leave the padding out, so that everything lies one pixel too far down and right.")
def forgets_the_padding_of_the_doubling(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, stride=2)
    return up[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("Your stride is 1: the coarse scores do not become twice as large.")
def forgets_the_stride_of_the_doubling(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, padding=1)
    return up[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("You return the enlarged scores alone; the skip's scores have to be added to them.")
def leaves_the_skip_out(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]


@mistake("You stack the scores as channels, as U-Net does with its features. FCN adds scores to scores.")
def concatenates(coarse, skip, weight):
    return torch.cat([doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]], skip], dim=1)


@mistake("You average the two. FCN adds them; how much each counts, the weights decide.")
def averages_the_two(coarse, skip, weight):
    return (doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] + skip) / 2


@mistake("You multiply the scores. A score is a logit: evidence from two places is added.")
def multiplies_the_two(coarse, skip, weight):
    return doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] * skip


@mistake("You take the larger of the two scores. They are added.")
def takes_the_larger(coarse, skip, weight):
    return torch.maximum(doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]], skip)


@mistake("You exchange input and output classes in `weight`.")
def exchanges_the_classes(coarse, skip, weight):
    return doubled(coarse, weight.transpose(0, 1))[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("You turn the filter round; a transposed convolution stamps it as it stands.")
def turns_the_filter(coarse, skip, weight):
    return doubled(coarse, weight.flip(2, 3))[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("You use each class's own filter only. `weight` says how every class acts on every other.")
def keeps_the_diagonal_only(coarse, skip, weight):
    own = weight * torch.eye(len(weight), dtype=weight.dtype)[:, :, None, None]
    return doubled(coarse, own)[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("You clip negative scores to zero. A negative score says that a class is unlikely: keep it.")
def clips_the_scores(coarse, skip, weight):
    return F.relu(doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]] + skip)


@mistake("You add into `skip` itself: the caller's scores are changed.")
def adds_into_the_skip(coarse, skip, weight):
    up = doubled(coarse, weight)[..., : skip.shape[2], : skip.shape[3]]
    if skip.requires_grad:
        return up + skip
    skip += up
    return skip


@mistake("You detach the coarse scores: the deep stages would never learn through this skip.")
def detaches_the_coarse_scores(coarse, skip, weight):
    return doubled(coarse.detach(), weight)[..., : skip.shape[2], : skip.shape[3]] + skip


@mistake("Your result is always float32. It has the dtype of the scores, or precision is lost.")
def fuses_in_float32(coarse, skip, weight):
    return doubled(coarse.float(), weight.float())[..., : skip.shape[2], : skip.shape[3]] + skip.float()


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def fuses_with_torchs_operator(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, None, 2, 1)
    return skip + up[:, :, : skip.shape[2], : skip.shape[3]]


@variant
def fuses_with_output_padding_of_minus_one(coarse, skip, weight):
    """Crop with a negative pad."""
    up = torch.conv_transpose2d(coarse, weight, stride=(2, 2), padding=(1, 1))
    return F.pad(up, (0, skip.shape[-1] - up.shape[-1], 0, skip.shape[-2] - up.shape[-2])).add(skip)


@variant
def fuses_with_a_layer(scores, finer, filters):
    layer = nn.ConvTranspose2d(len(filters), len(filters), 4, stride=2, padding=1, bias=False, dtype=filters.dtype)
    up = torch.func.functional_call(layer, {"weight": filters}, (scores,))
    return up.narrow(2, 0, finer.shape[2]).narrow(3, 0, finer.shape[3]) + finer


@variant
def fuses_by_stamps(coarse, skip, weight):
    n, k, h, w = coarse.shape
    plane = coarse.new_zeros(n, k, 2 * h + 2, 2 * w + 2)
    for a, b in product(range(4), repeat=2):
        plane[:, :, a : a + 2 * h : 2, b : b + 2 * w : 2] += torch.einsum("nihw,io->nohw", coarse, weight[:, :, a, b])
    return plane[:, :, 1 : 1 + skip.shape[2], 1 : 1 + skip.shape[3]] + skip


@variant
def fuses_with_fold(coarse, skip, weight):
    n, k, h, w = coarse.shape
    columns = weight.reshape(k, k * 16).T @ coarse.reshape(n, k, h * w)
    if not n:
        return skip.clone()
    up = F.fold(columns, (2 * h, 2 * w), 4, padding=1, stride=2)
    return up[..., : skip.shape[-2], : skip.shape[-1]] + skip


@variant
def fuses_before_cropping(coarse, skip, weight):
    """Fill the skip up to an even size, add, and crop the sum."""
    height, width = skip.shape[2:]
    filled = F.pad(skip, (0, width % 2, 0, height % 2))
    return (F.conv_transpose2d(coarse, weight, stride=2, padding=1) + filled)[:, :, :height, :width]


@variant
def fuses_into_the_enlarged(coarse, skip, weight):
    up = F.conv_transpose2d(coarse, weight, stride=2, padding=1)[:, :, : skip.size(2), : skip.size(3)]
    up += skip
    return up


@variant
def fuses_without_padding_by_slices(coarse, skip, weight):
    full = F.conv_transpose2d(coarse, weight, stride=2)
    rows, columns = slice(1, skip.shape[2] + 1), slice(1, skip.shape[3] + 1)
    return torch.stack([full[:, :, rows, columns], skip]).sum(dim=0)


@variant
def fuses_by_a_bed_of_nails(coarse: Tensor, skip: Tensor, weight: Tensor) -> Tensor:
    n, k, h, w = coarse.shape
    nails = coarse.new_zeros(n, k, 2 * h - 1, 2 * w - 1)
    nails[:, :, ::2, ::2] = coarse
    up = F.conv2d(nails, weight.flip(2, 3).transpose(0, 1), padding=2)
    return up[:, :, : skip.shape[2], : skip.shape[3]] + skip
