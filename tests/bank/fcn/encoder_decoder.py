"""Wrong and right answers to `encoder_decoder`."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from autograde.building.bank import mistake, variant
from course.checking.patterns import NO_GRADIENT

# --- mistakes ---------------------------------------------------------------------------------------------------------


def pool(x):
    return F.max_pool2d(x, 2, ceil_mode=True)


def resize(x, like, **options):
    return F.interpolate(x, size=like.shape[-2:], **{"mode": "bilinear", "align_corners": False, **options})


def run(x, encoder, decoder, classifier, *, halve=pool, join=None, resize=resize):
    """Go down and up with one part exchanged."""
    join = join or (lambda up, skip: torch.cat([up, skip], dim=1))
    maps = []
    for stage in encoder:
        x = stage(halve(x) if maps else x)
        maps.append(x)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = stage(join(resize(x, skip), skip))
    return classifier(x)


@mistake(
    "You join along dimension 0, the batch, as if the encoder's maps were further images. They are further channels.",
)
def joins_along_the_batch(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, skip]))


@mistake(
    "You hand each decoder stage the enlarged map alone. It also expects the channels of the encoder's map of that size.",
)
def joins_nothing(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: up)


@mistake("You put the encoder's channels first. The stage expects its own map first, the encoder's after.")
def encoder_channels_first(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([skip, up], dim=1))


@mistake(
    "Your pooling throws away the last row or column of an odd side. Odd sides round up, so that no pixel is lost.",
)
def pooling_rounds_down(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.max_pool2d(x, 2))


@mistake("You take the average of each 2 × 2 window on the way down; the maximum is asked for.")
def averages_on_the_way_down(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.avg_pool2d(x, 2, ceil_mode=True))


@mistake("You halve by leaving out every second pixel. Max pooling looks at all four of a window.")
def leaves_out_every_second_pixel(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: x[..., ::2, ::2])


@mistake(
    "Your windows overlap: a pooling of 3 × 3 windows also halves, but looks at pixels of its neighbours.",
)
def pools_overlapping_windows(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: F.max_pool2d(x, 3, 2, 1))


@mistake("You copy the nearest value on the way up; between two values bilinear interpolation blends.")
def copies_the_nearest(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: F.interpolate(x, size=like.shape[-2:]))


@mistake(
    "You interpolate with `align_corners=True`, which puts the corners' centres on top of each other and shifts what "
    "lies between.",
)
def aligns_the_corners(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: resize(x, like, align_corners=True))


@mistake("You interpolate with cubic curves; a straight line between neighbours is asked for.")
def interpolates_with_curves(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, resize=lambda x, like: resize(x, like, mode="bicubic"))


@mistake(
    "You always enlarge by 2. After an odd side that is one pixel too many: go to the size that the encoder's map has.",
)
def always_enlarges_by_two(x, encoder, decoder, classifier):
    double = lambda x, like: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)  # noqa: E731
    return run(x, encoder, decoder, classifier, resize=double)


@mistake(
    "You enlarge by 2 and cut off what is too much. That moves the map by a part of a pixel; resize to the right "
    "size at once.",
)
def enlarges_and_crops(x, encoder, decoder, classifier):
    def crop(x, like):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return x[..., : like.shape[-2], : like.shape[-1]]

    return run(x, encoder, decoder, classifier, resize=crop)


@mistake(
    "You join the decoder with the map of its own size after pooling, one step too coarse. What the encoder knew "
    "before it pooled is what helps.",
)
def joins_the_pooled_maps(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    sizes = [m.shape[-2:] for m in maps]
    for number, stage in enumerate(decoder):
        depth = len(maps) - 2 - number
        up = F.interpolate(x, size=sizes[depth], mode="bilinear", align_corners=False)
        skip = F.interpolate(pool(maps[depth]), size=sizes[depth], mode="bilinear", align_corners=False)
        x = stage(torch.cat([up, skip], dim=1))
    return classifier(x)


@mistake(
    "You take the encoder's maps in the order in which they were made. The last one put away is the first one needed.",
)
def maps_in_the_wrong_order(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    for stage, skip in zip(decoder, maps, strict=False):
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake(
    "You run the decoder's stages from the last to the first. The first stage belongs to the coarsest map.",
)
def decoder_backwards(x, encoder, decoder, classifier):
    return run(x, encoder, list(decoder)[::-1], classifier)


@mistake(
    "You leave the coarsest map on the stack, so that it is joined with itself, and the finest is never used.",
)
def leaves_the_coarsest_on_the_stack(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    for stage in decoder:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("You halve the image before the first stage too. The first stage works at full size.")
def halves_before_the_first_stage(x, encoder, decoder, classifier):
    size = x.shape[-2:]
    out = run(pool(x), encoder, decoder, classifier)
    return F.interpolate(out, size=size, mode="bilinear", align_corners=False)


@mistake("You halve after the last stage too. The coarsest map is where the way up begins, as it is.")
def halves_after_the_last_stage(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        maps.append(stage(x))
        x = pool(maps[-1])
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("You never halve: all maps stay at full size. The encoder is there to make them small.")
def never_halves(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, halve=lambda x: x)


@mistake(
    "You go up without the encoder's maps, with zeros in their place. They are what knows where the edges are.",
)
def zeros_for_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, torch.zeros_like(skip)], dim=1))


@mistake("You add the encoder's map to yours. Here their channels stand one after another.")
def adds_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: up + skip)


@mistake("You forgot the classifier: what you return are features, and not one score for each class.")
def forgets_the_classifier(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, nn.Identity())


@mistake("You apply a softmax at the end. Logits are wanted: the loss normalises them itself.")
def ends_in_a_softmax(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).softmax(dim=1)


@mistake("You return the label of each pixel. Its scores are wanted: a label has no gradient.")
def returns_labels(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).argmax(dim=1)


@mistake("You put a ReLU behind every stage. The stages have their own where they want one.")
def a_relu_behind_every_stage(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = F.relu(stage(pool(x) if maps else x))
        maps.append(x)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        x = F.relu(stage(torch.cat([resize(x, skip), skip], dim=1)))
    return classifier(x)


@mistake("You clip negative scores at the end. A score may have any sign.")
def ends_in_a_relu(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier).relu()


@mistake(
    "The encoder's maps are cut from the graph: no gradient reaches the image through them.",
)
def detaches_the_encoders_maps(x, encoder, decoder, classifier):
    return run(x, encoder, decoder, classifier, join=lambda up, skip: torch.cat([up, skip.detach()], dim=1))


@mistake(NO_GRADIENT)
def cuts_the_image_off(x, encoder, decoder, classifier):
    return run(x.detach(), encoder, decoder, classifier).detach()


@mistake("You stop one stage too early on the way up: your result is smaller than the image.")
def stops_below_full_size(x, encoder, decoder, classifier):
    maps = []
    for stage in encoder:
        x = stage(pool(x) if maps else x)
        maps.append(x)
    maps.pop()
    for stage in list(decoder)[:-1]:
        skip = maps.pop()
        x = stage(torch.cat([resize(x, skip), skip], dim=1))
    return classifier(x)


@mistake("Your function is made for three encoder stages; it has to work for as many as come.")
def made_for_three_stages(x, encoder, decoder, classifier):
    fine = encoder[0](x)
    middle = encoder[1](pool(fine))
    x = encoder[2](pool(middle))
    x = decoder[0](torch.cat([resize(x, middle), middle], dim=1))
    return classifier(decoder[1](torch.cat([resize(x, fine), fine], dim=1)))


# --- variants ---------------------------------------------------------------------------------------------------------


def halved(x):
    return F.max_pool2d(x, kernel_size=2, stride=2, ceil_mode=True)


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


@variant
def down_and_up_with_a_stack(x, encoder, decoder, classifier):
    maps = []
    for number, stage in enumerate(encoder):
        if number > 0:
            x = halved(x)
        x = stage(x)
        maps.append(x)
    for stage, skip in zip(decoder, maps[-2::-1], strict=True):
        x = stage(torch.cat((resized(x, skip.shape[2:]), skip), 1))
    return classifier(x)


@variant
def down_and_up_recursively(images, down, up, head):
    down, up = list(down), list(up)

    def level(x, depth):
        x = down[depth](x)
        if depth == len(down) - 1:
            return x
        below = level(halved(x), depth + 1)
        return up[len(up) - 1 - depth](torch.cat([resized(below, x.shape[-2:]), x], dim=1))

    return head(level(images, 0))


@variant
def halves_after_the_stage(x, encoder, decoder, classifier):
    skips = []
    for stage in encoder[:-1]:
        skip = stage(x)
        skips.append(skip)
        x = halved(skip)
    x = encoder[-1](x)
    for number, stage in enumerate(decoder, start=1):
        skip = skips[-number]
        x = stage(torch.concat([resized(x, skip.shape[-2:]), skip], dim=1))
    return classifier(x)


@variant
def with_modules_of_its_own(x, encoder, decoder, classifier):
    pool = nn.MaxPool2d(2, ceil_mode=True)
    maps = [encoder[0](x)]
    for stage in encoder[1:]:
        maps += [stage(pool(maps[-1]))]
    y = maps.pop()
    for stage in decoder:
        skip = maps.pop()
        y = stage(torch.cat([nn.Upsample(size=skip.shape[-2:], mode="bilinear")(y), skip], dim=1))
    return classifier(y)


@variant
def resizes_with_matrices(x, encoder, decoder, classifier):
    def weights(before, after):
        places = ((torch.arange(after, dtype=torch.float64) + 0.5) * before / after - 0.5).clamp(min=0)
        low = places.floor().long().clamp(max=before - 1)
        high = (low + 1).clamp(max=before - 1)
        share = places - low
        matrix = torch.zeros(after, before, dtype=torch.float64)
        rows = torch.arange(after)
        matrix.index_put_((rows, low), 1 - share, accumulate=True)
        matrix.index_put_((rows, high), share, accumulate=True)
        return matrix.to(x.dtype)

    maps, y = [], x
    for stage in encoder:
        y = stage(halved(y)) if maps else stage(y)
        maps.append(y)
    maps.pop()
    for stage in decoder:
        skip = maps.pop()
        (h, w), (height, width) = y.shape[-2:], skip.shape[-2:]
        y = weights(h, height) @ y @ weights(w, width).T
        y = stage(torch.cat([y, skip], dim=1))
    return classifier(y)


@variant
def pools_by_padding(x, encoder, decoder, classifier):
    def pool(x):
        height, width = x.shape[-2:]
        x = F.pad(x, (0, width % 2, 0, height % 2), value=-math.inf)
        return x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).amax(dim=(3, 5))

    maps = []
    for stage in encoder:
        x = stage(pool(maps[-1]) if maps else x)
        maps.append(x)
    for index, stage in enumerate(decoder):
        skip = maps[len(maps) - 2 - index]
        x = stage(torch.cat([resized(x, (skip.size(2), skip.size(3))), skip], dim=1))
    return classifier(x)


@variant
def with_a_dictionary_of_maps(x, encoder, decoder, classifier):
    maps = {}
    for depth in range(len(encoder)):
        maps[depth] = encoder[depth](x)
        x = F.max_pool2d(maps[depth], 2, 2, 0, 1, True)
    x = maps[len(encoder) - 1]
    for depth in reversed(range(len(encoder) - 1)):
        fine = maps[depth]
        up = F.interpolate(x, fine.shape[2:], mode="bilinear")
        joined = torch.empty(fine.shape[0], up.shape[1] + fine.shape[1], *fine.shape[2:], dtype=fine.dtype)
        joined[:, : up.shape[1]], joined[:, up.shape[1] :] = up, fine
        x = decoder[len(decoder) - 1 - depth](joined)
    return classifier(x)


@variant
def an_image_at_a_time(x, encoder, decoder, classifier):
    def one(image):
        maps = []
        for stage in encoder:
            image = stage(halved(image) if maps else image)
            maps.append(image)
        maps.pop()
        for stage in decoder:
            skip = maps.pop()
            image = stage(torch.cat([resized(image, skip.shape[-2:]), skip], dim=1))
        return classifier(image)

    return torch.cat([one(image[None]) for image in x]) if len(x) else one(x)
