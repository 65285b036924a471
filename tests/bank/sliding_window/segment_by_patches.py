"""Wrong and right answers to `segment_by_patches`."""

import copy
import math
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import form, mistake, variant

from .extract_patches import patches_by_columns
from .shared import cut

# --- mistakes ---------------------------------------------------------------------------------------------------------


def surrounded(image, size, mode="constant", value=0.0):
    half = size // 2
    return F.pad(image, (half, half, half, half), mode=mode, value=value)


def label(classifier, padded, shape, size, batch_size, choose=lambda scores: scores.argmax(dim=1)):
    """Label with everything right but what the caller changes."""
    patches = cut(padded, size)
    labels = torch.cat([choose(classifier(some)) for some in patches.split(batch_size)])
    return labels.reshape(shape)


@mistake(
    "The classifier is still in training mode, where dropout and batch norm do something else. `torch.no_grad()` alone does "
    "not change that.",
)
def segments_in_training_mode(classifier, image, size, batch_size=256):
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "You hand over all patches at once. A large image has so many that they do not fit into memory: `batch_size` is the "
    "limit.",
)
def segments_all_at_once(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, 10**6)


@mistake("Your batches are as long as the image is wide, whatever `batch_size` says.")
def segments_row_by_row(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, image.shape[2])


@mistake(
    "You split the patches into `batch_size` batches. It is the other way round: each batch has that many patches.",
)
def segments_in_so_many_batches(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    labels = [classifier(some).argmax(dim=1) for some in patches.chunk(batch_size)]
    return torch.cat(labels).reshape(image.shape[1:])


@mistake("The last batch is missing: the patches that did not fill a whole batch need labels too.")
def segments_full_batches_only(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    out = torch.zeros(len(patches), dtype=torch.int64)
    for start in range(0, len(patches) - batch_size + 1, batch_size):
        out[start : start + batch_size] = classifier(patches[start : start + batch_size]).argmax(dim=1)
    return out.reshape(image.shape[1:])


@mistake("Only the first batch gets labels; there are more patches than one batch holds.")
def segments_first_batch_only(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    out = torch.zeros(len(patches), dtype=torch.int64)
    out[:batch_size] = classifier(patches[:batch_size]).argmax(dim=1)
    return out.reshape(image.shape[1:])


@mistake(
    "You do not pad: there are fewer windows than pixels, and the map comes out smaller than the image.",
)
def segments_without_padding(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    shape = (max(0, height - size + 1), max(0, width - size + 1))
    patches = cut(image, size)
    if not len(patches):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(shape)


@mistake(
    "You give labels only to pixels whose patch lies inside the image and leave the border at class 0; outside the image "
    "there are zeros, so the border has patches too.",
)
def segments_the_inside_only(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    half = size // 2
    out = torch.zeros(height, width, dtype=torch.int64)
    patches = cut(image, size)
    if len(patches):
        labels = torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)])
        out[half : height - half, half : width - half] = labels.reshape(height - size + 1, width - size + 1)
    return out


@mistake(
    "You pad below and to the right only, so that a pixel is the top-left corner of its patch; it belongs in the centre.",
)
def segments_from_the_corner(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (0, size - 1, 0, size - 1))
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake(
    "You pad above and to the left only, so that a pixel is the bottom-right corner of its patch; it belongs in the "
    "centre.",
)
def segments_to_the_corner(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (size - 1, 0, size - 1, 0))
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake("You continue the picture with its border pixels; outside the image there are zeros.")
def segments_with_the_border_repeated(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = surrounded(image[None], size, "replicate")[0] if size > 1 else image
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake("You pad with ones; outside the image there are zeros.")
def segments_with_ones(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size, value=1.0), image.shape[1:], size, batch_size)


@mistake(
    "The border is mirrored in your patches; outside the image there are zeros, and a narrow image cannot be mirrored far.",
)
def segments_with_the_border_mirrored(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = surrounded(image[None], size, "reflect")[0]
    return label(classifier, padded, image.shape[1:], size, batch_size)


@mistake(
    "You pad by one pixel, whatever the patch's size is. Half a patch has to fit outside the image.",
)
def segments_with_one_pixel_of_padding(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = F.pad(image, (1, 1, 1, 1))
    _, height, width = padded.shape
    patches = cut(padded, size)
    shape = (max(0, height - size + 1), max(0, width - size + 1))
    if not len(patches):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(shape)


@mistake("`F.pad` takes four numbers for an image: you pad left and right only, and the lowest patches are cut off.")
def segments_padded_at_the_sides(classifier, image, size, batch_size=256):
    classifier.eval()
    half, (_, height, width) = size // 2, image.shape
    padded = F.pad(image, (half, half))
    found = [padded[:, top : top + size, left : left + size] for top in range(height) for left in range(width)]
    labels = [classifier(torch.stack(found[n : n + batch_size])).argmax(1) for n in range(0, len(found), batch_size)]
    return torch.cat(labels).reshape(height, width)


@mistake("Of equal scores your last class wins; it is the lower one that should.")
def segments_ties_to_the_higher(classifier, image, size, batch_size=256):
    classifier.eval()

    def last(scores):
        return scores.shape[1] - 1 - scores.flip(1).argmax(dim=1)

    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, last)


@mistake("You look for the smallest score; the class is that of the largest.")
def segments_by_argmin(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.argmin(dim=1)  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "You return the largest score itself; asked is the number of the class that has it.",
)
def segments_into_scores(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.max(dim=1).values  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@form(segments_into_scores)
def segments_into_whole_scores(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    best = torch.cat([classifier(some).amax(dim=1) for some in patches.split(batch_size)])
    return best.long().reshape(image.shape[1:])


@mistake(
    "You begin the search for the best class with a score of 0: where all scores are negative, no class ever beats it.",
)
def segments_from_a_score_of_zero(classifier, image, size, batch_size=256):
    classifier.eval()

    def best_above_zero(scores):
        return torch.cat([scores[:, :1] * 0, scores], dim=1).argmax(dim=1).sub(1).clamp(min=0)

    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, best_above_zero)


@mistake(
    "You round the scores before you compare them: a class that leads by a quarter has won as well as one that leads by "
    "ten.",
)
def segments_by_rounded_scores(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.round().argmax(dim=1)  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "You count the classes from 1. A label is the index of a score, and the first one is 0.",
)
def segments_from_one(classifier, image, size, batch_size=256):
    classifier.eval()
    choose = lambda scores: scores.argmax(dim=1) + 1  # noqa: E731
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size, choose)


@mistake(
    "Your map has the shape (W, H): the labels come row by row, so the height is the first dimension.",
)
def segments_into_width_by_height(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    return label(classifier, surrounded(image, size), (width, height), size, batch_size)


@mistake("Your labels stand in one long row; they have the shape of the image, (H, W).")
def segments_into_a_row(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), (-1,), size, batch_size)


@mistake("Your map has a batch dimension of 1 in front; one image gives one map, (H, W).")
def segments_into_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), (1, *image.shape[1:]), size, batch_size)


@mistake(
    "The labels are right, but your map has a dtype of its own: class numbers are int64, and float32 by default is what "
    "`torch.zeros` makes.",
)
def segments_into_floats(classifier, image, size, batch_size=256):
    classifier.eval()
    out = torch.zeros(image.shape[1:])
    out[:] = label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)
    return out


@mistake("Your map holds small integers; class numbers are int64, as losses and metrics ask for.")
def segments_into_bytes(classifier, image, size, batch_size=256):
    classifier.eval()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size).to(torch.uint8)


@mistake(
    "You give the classifier one patch without a batch dimension; it takes (B, C, size, size), even for B = 1.",
)
def segments_without_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    return torch.stack([classifier(patch).argmax() for patch in patches]).reshape(image.shape[1:])


@mistake(
    "You take the argmax over the patches of a batch, dimension 0; the scores of one patch lie along dimension 1.",
)
def segments_along_the_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    scores = torch.cat([classifier(some) for some in patches.split(batch_size)])
    return scores.argmax(dim=0)


@mistake("The argmax without a dimension is one number for the whole batch, not one a patch.")
def segments_with_one_number_a_batch(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = cut(surrounded(image, size), size)
    labels = [classifier(some).argmax().expand(len(some)) for some in patches.split(batch_size)]
    return torch.cat(labels).reshape(image.shape[1:])


@mistake("Your patches come column by column, but the map is filled row by row.")
def segments_by_columns(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = patches_by_columns(surrounded(image, size), size)
    return torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)]).reshape(image.shape[1:])


@mistake("You divide the image by its largest value; the classifier wants the numbers as they are.")
def segments_a_normalised_image(classifier, image, size, batch_size=256):
    classifier.eval()
    image = image / image.abs().max()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "You convert to float32 on the way. Image and classifier have a precision of their own, and close scores need it.",
)
def segments_in_single_precision(classifier, image, size, batch_size=256):
    single = copy.deepcopy(classifier).float().eval()
    return label(single, surrounded(image.float(), size), image.shape[1:], size, batch_size)


@mistake(
    "You move by whole patches, so that a patch gets one label for all of its pixels; each pixel has a patch of its own.",
)
def segments_in_tiles(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    padded = F.pad(image, (0, -width % size, 0, -height % size))
    patches = cut(padded, size, size)
    labels = torch.cat([classifier(some).argmax(dim=1) for some in patches.split(batch_size)])
    tiles = labels.reshape(padded.shape[1] // size, padded.shape[2] // size)
    return tiles.repeat_interleave(size, 0).repeat_interleave(size, 1)[:height, :width]


@mistake(
    "You reset the classifier before you use it: its weights are what it has learned, and they stay as they are.",
)
def segments_with_other_weights(classifier, image, size, batch_size=256):
    classifier.eval()
    with torch.no_grad():
        for parameter in classifier.parameters():
            parameter.zero_()
    return label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)


@mistake(
    "Your labels are right, but the image comes back changed: pad a copy, and leave the caller's image alone.",
)
def segments_in_place(classifier, image, size, batch_size=256):
    classifier.eval()
    labels = label(classifier, surrounded(image, size), image.shape[1:], size, batch_size)
    image.unsqueeze_(0)
    return labels


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def segmented_pixel_by_pixel(classifier, image, size, batch_size=256):
    classifier.eval()
    _, height, width = image.shape
    half = size // 2
    padded = F.pad(image, (half,) * 4)
    labels = torch.zeros(height, width, dtype=torch.long)
    for row in range(height):
        for column in range(width):
            patch = padded[:, row : row + size, column : column + size]
            labels[row, column] = classifier(patch[None])[0].argmax()
    return labels


@variant
def segmented_by_f_unfold(classifier, image, size, batch_size=256):
    channels, height, width = image.shape
    classifier.eval()
    columns = F.unfold(image[None], size, padding=size // 2)[0]
    patches = columns.T.reshape(-1, channels, size, size)
    with torch.inference_mode():
        scores = torch.cat([classifier(patches[i : i + batch_size]) for i in range(0, len(patches), batch_size)])
    return scores.argmax(1).reshape(height, width)


@variant
def segmented_with_gradients_on(classifier, image, size, batch_size=256):
    classifier.eval()
    padded = nn.ZeroPad2d(size // 2)(image)
    patches = padded.unfold(1, size, 1).unfold(2, size, 1).permute(1, 2, 0, 3, 4).reshape(-1, len(image), size, size)
    predicted = [torch.max(classifier(batch), dim=1).indices for batch in patches.split(batch_size)]
    return torch.cat(predicted).view(image.shape[1:])


@variant
def segmented_and_mode_restored(classifier, image, size, batch_size=64):
    training = classifier.training
    classifier.eval()
    try:
        _, height, width = image.shape
        half = size // 2
        padded = image.new_zeros(len(image), height + 2 * half, width + 2 * half)
        padded[:, half : half + height, half : half + width] = image
        patches = torch.stack([padded[:, i : i + size, j : j + size] for i in range(height) for j in range(width)])
        out = torch.empty(height * width, dtype=torch.int64)
        with torch.no_grad():
            for start in range(0, height * width, batch_size):
                out[start : start + batch_size] = classifier(patches[start : start + batch_size]).argmax(dim=-1)
        return out.view(height, width)
    finally:
        classifier.train(training)


@variant
def segmented_by_a_copy_of_the_network(classifier, image, size, batch_size=256):
    network = copy.deepcopy(classifier).eval().requires_grad_(False)
    _, height, width = image.shape
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    count = math.ceil(len(patches) / batch_size)
    scores = torch.cat([network(part) for part in patches.tensor_split(count)])
    return scores.softmax(dim=1).argmax(dim=1).reshape(height, width)


@variant
def segmented_row_by_row(classifier, image, size, batch_size=256):
    classifier.eval()
    height, half = image.shape[1], size // 2
    padded = F.pad(image, (half, half, half, half), "constant", 0)
    rows = []
    for i in range(height):
        strip = padded[:, i : i + size]  # (C, size, W + 2·half)
        patches = strip.unfold(2, size, 1).permute(2, 0, 1, 3)  # (W, C, size, size)
        rows.append(torch.cat([classifier(part).argmax(1) for part in patches.split(batch_size)]))
    return torch.stack(rows)


@variant
def segmented_by_batches_of_pixels(model, picture, window, batch_size=32):
    model = model.eval()
    height, width = picture.shape[-2:]
    margin = (window - 1) // 2
    padded = F.pad(picture, [margin] * 4)
    pixels = list(product(range(height), range(width)))
    labels = torch.full((height, width), -1)
    with torch.no_grad():
        while pixels:
            some, pixels = pixels[:batch_size], pixels[batch_size:]
            batch = torch.stack([padded[:, y : y + window, x : x + window] for y, x in some])
            for (y, x), name in zip(some, model(batch).argmax(dim=1).tolist(), strict=True):
                labels[y, x] = name
    return labels


@variant
def segmented_by_a_loader(classifier, image, size, batch_size=256):
    from torch.utils.data import DataLoader, TensorDataset

    classifier.eval()
    half = size // 2
    padded = torch.cat([image.new_zeros(*image.shape[:2], half), image, image.new_zeros(*image.shape[:2], half)], dim=2)
    rows = image.new_zeros(len(image), half, padded.shape[2])
    padded = torch.cat([rows, padded, rows], dim=1)
    patches = torch.stack([
        padded[:, i : i + size, j : j + size] for i in range(image.shape[1]) for j in range(image.shape[2])
    ])  # fmt: skip
    loader = DataLoader(TensorDataset(patches), batch_size=batch_size)
    return torch.cat([classifier(some).argmax(1) for (some,) in loader]).reshape(image.shape[1:])


@variant
def segmented_with_the_first_of_the_largest(classifier, image, size, batch_size=256):
    classifier.eval()
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    labels = []
    for part in torch.split(patches, batch_size):
        best = None
        scores = classifier(part).detach()
        chosen = torch.zeros(len(part), dtype=torch.int64)
        for number, score in enumerate(scores.unbind(dim=1)):
            if best is None:
                best = score
                continue
            better = score > best
            chosen[better] = number
            best = torch.where(better, score, best)
        labels.append(chosen)
    return torch.cat(labels).reshape(image.shape[1:])


@variant
def segmented_through_numpy(classifier, image, size, batch_size=256):
    classifier.eval()
    half = size // 2
    padded = np.pad(image.numpy(), ((0, 0), (half, half), (half, half)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2)).transpose(1, 2, 0, 3, 4)
    patches = torch.from_numpy(windows.reshape(-1, len(image), size, size).copy())
    scores = [classifier(part).detach().numpy() for part in patches.split(batch_size)]
    return torch.from_numpy(np.concatenate(scores).argmax(axis=1).reshape(image.shape[1:]))


@variant
def segmented_with_every_layer_in_eval(classifier, image, size, batch_size=256):
    for module in classifier.modules():
        module.training = False
    patches = F.unfold(image[None], size, padding=size // 2)[0].T.reshape(-1, len(image), size, size)
    scores = torch.cat([classifier(part) for part in patches.split(batch_size)])
    return scores.log_softmax(dim=1).argmax(dim=1).reshape(image.shape[1:])
