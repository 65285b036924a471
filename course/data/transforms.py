"""Image, boxes, masks, keypoints and semantic map transformed together, by torchvision.transforms.v2.

    train = transformed(load("farm"), train_transform((64, 64)))
    flip = Joint(v2.RandomHorizontalFlip(p=1.0))
    image, target = flip(image, target)

Randomness is torch's: `torch.manual_seed` repeats it, and a DataLoader seeds each of its workers.
"""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from course.data.keypoints import mirror_pairs
from course.data.sample import Sample, SampleSet

IGNORE = 255
_PER_OBJECT = ("boxes", "labels", "masks", "keypoints", "difficult", "iscrowd")

Wrapped = dict[str, Tensor]


class Points(tv_tensors.TVTensor):  # type: ignore[misc]
    """Keypoints (n, J, 2) as x, y in pixels, whose first pixel spans 0 … 1 as for boxes.

    torchvision's own KeyPoints are newer than what we support, and mirror x to W − 1 − x: they count pixels, not edges.
    """

    canvas_size: tuple[int, int]
    pairs: Sequence[tuple[int, int]]
    """Which keypoints change places when the image is mirrored."""
    order: tuple[int, ...]
    """Which keypoint of the annotation stands at each place now."""

    @classmethod
    def of(cls, points: Tensor, canvas_size: tuple[int, int], names: Sequence[str] = ()) -> "Points":
        """Wrap points of an image of (height, width); their `names` say which are left and right."""
        wrapped = points.as_subclass(cls)
        wrapped.canvas_size, wrapped.pairs = canvas_size, mirror_pairs(names)
        wrapped.order = tuple(range(points.shape[-2]))
        return wrapped

    def moved(self, points: Tensor, canvas_size: tuple[int, int]) -> "Points":
        """Return the same keypoints at other places, in an image of (height, width)."""
        wrapped = points.as_subclass(Points)
        wrapped.canvas_size, wrapped.pairs, wrapped.order = canvas_size, self.pairs, self.order
        return wrapped


class Joint:
    """Apply a transform of torchvision.transforms.v2 to an image and all that its target says.

    Objects of which fewer than `least_pixels` pixels are left are removed from boxes, labels, masks and keypoints, and
    are 255 in the semantic map. Boxes are drawn tight around their masks, or clipped where there are none; keypoints
    that left the image are absent (0, 0, 0).
    """

    def __init__(self, transform: Callable[[Wrapped], Wrapped], least_pixels: int = 6) -> None:
        self.transform, self.least_pixels = transform, least_pixels

    def __call__(self, image: Tensor, target: Sample, keypoint_names: Sequence[str] = ()) -> tuple[Tensor, Sample]:
        """Return the transformed image and a new target.

        In a mirror keypoints whose `keypoint_names` differ in left and right alone change places.
        """
        return unwrap(self.transform(wrap(image, target, keypoint_names)), target, self.least_pixels)


def train_transform(
    size: tuple[int, int],
    flip: float = 0.5,
    scale: tuple[float, float] = (0.7, 1.4),
    colour: float = 0.25,
) -> Joint:
    """Return the usual augmentation: scale jitter and a crop to `size` (H, W), a mirror image, other colours.

    `flip` is the mirror's probability, `scale` the range of sizes beside the largest that fits `size`, `colour` how far
    brightness, contrast and saturation may go. What the image does not fill is grey, and 255 in the semantic map.

    Raises:
        ValueError: an argument out of range.
    """
    _require_size(size)
    if not 0 < scale[0] <= scale[1]:
        raise ValueError(f"scale must be (smallest, largest) above 0, got {scale}")
    if not 0 <= flip <= 1 or not 0 <= colour <= 1:
        raise ValueError(f"flip and colour must lie between 0 and 1, got {flip} and {colour}")
    steps: list[object] = [
        v2.ScaleJitter(target_size=size, scale_range=scale, antialias=True),
        v2.RandomCrop(size, pad_if_needed=True, fill={tv_tensors.Image: 0.5, "others": 0}),
        v2.RandomHorizontalFlip(flip),
    ]
    if colour:
        steps.append(v2.ColorJitter(colour, colour, colour, 0.1 * colour))
    return Joint(v2.Compose(steps))


def eval_transform(size: tuple[int, int]) -> Joint:
    """Return the transform of validation: every image resized to `size` (H, W), nothing by chance.

    Raises:
        ValueError: an impossible size.
    """
    _require_size(size)
    return Joint(v2.Resize(list(size), antialias=True))


def transformed(dataset: SampleSet, transform: Joint) -> SampleSet:
    """Return `dataset` with `transform` applied to each sample when it is asked for.

    Where the data set has `keypoint_names`, left and right change places in a mirror.
    """
    return _Transformed(dataset, transform)


class _Transformed(SampleSet):
    def __init__(self, dataset: SampleSet, transform: Joint) -> None:
        self.dataset, self.transform = dataset, transform
        if hasattr(dataset, "classes"):
            self.classes = dataset.classes
        self.keypoint_names: Sequence[str] = getattr(dataset, "keypoint_names", ())

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Tensor, Sample]:
        return self.transform(*self.dataset[index], self.keypoint_names)


def wrap(image: Tensor, target: Sample, keypoint_names: Sequence[str] = ()) -> Wrapped:
    """Return a sample as torchvision's tv_tensors: image, boxes (XYXY), planes (masks) and points.

    `planes` are the semantic map and the masks in one. The map is counted up by one, 255 becoming 0, so that what a
    transform fills in is "ignore" there and "not this object" in the masks.
    """
    height, width = image.shape[-2:]
    wrapped: Wrapped = {"image": tv_tensors.Image(image)}
    planes = []
    if "semantic" in target:
        planes.append((target["semantic"][None] + 1).to(torch.uint8))
    if "masks" in target:
        planes.append(target["masks"].to(torch.uint8))
    if planes:
        wrapped["planes"] = tv_tensors.Mask(torch.cat(planes))
    if "boxes" in target:
        boxes = target["boxes"].reshape(-1, 4).clone()
        wrapped["boxes"] = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(height, width))
    if "keypoints" in target:
        wrapped["points"] = Points.of(target["keypoints"][..., :2].clone(), (height, width), keypoint_names)
    return wrapped


def unwrap(wrapped: Wrapped, target: Sample, least_pixels: int = 6) -> tuple[Tensor, Sample]:
    """Return what `wrap` wrapped as plain tensors again; `target` is the one before, for what no transform changes."""
    image = wrapped["image"].as_subclass(Tensor)
    height, width = image.shape[-2:]
    result = cast(Sample, dict(target))
    if "planes" in wrapped:
        planes = wrapped["planes"].as_subclass(Tensor)
        if "semantic" in target:
            result["semantic"] = ((planes[0].long() - 1) % 256).contiguous()
            planes = planes[1:]
        if "masks" in target:
            result["masks"] = planes.bool()
    if "points" in wrapped:
        points = cast(Points, wrapped["points"])
        visibility = target["keypoints"][:, list(points.order), 2]
        result["keypoints"] = _seen(points.as_subclass(Tensor), visibility, height, width)
    if "boxes" in wrapped:
        _keep(result, wrapped["boxes"].as_subclass(Tensor), least_pixels, height, width)
    return image, result


def _keep(result: Sample, boxes: Tensor, least_pixels: int, height: int, width: int) -> None:
    """Set the boxes and remove, everywhere, the objects of which too little is left."""
    if "masks" in result:
        masks = result["masks"]
        keep = masks.flatten(1).sum(dim=1) >= max(least_pixels, 1)
        if "semantic" in result:
            result["semantic"][masks[~keep].any(dim=0)] = IGNORE
        boxes = boxes.clone()
        edges = masks_to_boxes(masks[keep]) + torch.tensor([0, 0, 1, 1])  # torchvision's include their last pixel
        boxes[keep] = edges.to(boxes.dtype)
    else:
        edge = torch.tensor([width, height, width, height], dtype=boxes.dtype)
        boxes = torch.minimum(boxes.clamp(min=0), edge)
        wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        keep = (wide > 0) & (high > 0) & (wide * high >= least_pixels)
    result["boxes"] = boxes
    every = cast(dict[str, Tensor], result)
    for name in _PER_OBJECT:
        if name in every:
            every[name] = every[name][keep]


def _seen(points: Tensor, visibility: Tensor, height: int, width: int) -> Tensor:
    """Return keypoints (n, J, 3), absent where they lie outside of the image."""
    x, y = points.unbind(-1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (visibility > 0)
    return torch.cat([points, visibility[..., None].to(points.dtype)], dim=-1) * inside[..., None]


def _require_size(size: Sequence[int]) -> None:
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ValueError(f"size must be (height, width) in whole pixels, got {size}")


# How points move. torchvision asks these functions by the type of what it is given.


def _mirror(points: Points) -> Points:
    width = points.canvas_size[1]
    places = list(range(points.shape[-2]))
    for left, right in points.pairs:
        places[left], places[right] = right, left
    plain = points.as_subclass(Tensor)[:, places]
    mirrored = points.moved(torch.stack([width - plain[..., 0], plain[..., 1]], dim=-1), points.canvas_size)
    mirrored.order = tuple(points.order[place] for place in places)
    return mirrored


def _upside_down(points: Points) -> Points:
    height = points.canvas_size[0]
    return points.moved(torch.stack([points[..., 0], height - points[..., 1]], dim=-1), points.canvas_size)


def _crop(points: Points, top: int, left: int, height: int, width: int) -> Points:
    return points.moved(points - torch.tensor([left, top], dtype=points.dtype), (height, width))


def _pad(points: Points, padding: int | Sequence[int], fill: object = None, padding_mode: str = "constant") -> Points:
    probe = functional.pad(_whole(points), padding, fill=fill, padding_mode=padding_mode)
    corner = probe.as_subclass(Tensor)[0, :2].to(points.dtype)
    return points.moved(points + corner, probe.canvas_size)


def _resize(points: Points, size: Sequence[int] | None, max_size: int | None = None, **rest: object) -> Points:
    probe = functional.resize(_whole(points), size, max_size=max_size)
    (height, width), (new_height, new_width) = points.canvas_size, probe.canvas_size
    factor = torch.tensor([new_width / width, new_height / height], dtype=points.dtype)
    return points.moved(points * factor, (new_height, new_width))


def _resized_crop(
    points: Points, top: int, left: int, height: int, width: int, size: Sequence[int], **rest: object
) -> Points:
    return _resize(_crop(points, top, left, height, width), size)


def _center_crop(points: Points, output_size: Sequence[int]) -> Points:
    high, wide = output_size
    right, down = max(wide - points.canvas_size[1], 0), max(high - points.canvas_size[0], 0)
    padded = _pad(points, [right // 2, down // 2, (right + 1) // 2, (down + 1) // 2])
    height, width = padded.canvas_size
    return _crop(padded, round((height - high) / 2), round((width - wide) / 2), high, wide)


def _refuse(points: Points, *arguments: object, **options: object) -> Points:
    raise NotImplementedError("keypoints can be flipped, resized, padded and cropped; this transform would lose them")


def _whole(points: Points) -> tv_tensors.BoundingBoxes:
    """Return the image as one box, whose fate shows that of the canvas."""
    height, width = points.canvas_size
    return tv_tensors.BoundingBoxes(
        torch.tensor([[0.0, 0.0, width, height]]), format="XYXY", canvas_size=(height, width)
    )


for _functional, _kernel in (
    (functional.horizontal_flip, _mirror),
    (functional.vertical_flip, _upside_down),
    (functional.crop, _crop),
    (functional.pad, _pad),
    (functional.resize, _resize),
    (functional.resized_crop, _resized_crop),
    (functional.center_crop, _center_crop),
    *((name, _refuse) for name in (functional.affine, functional.rotate, functional.perspective, functional.elastic)),
):
    functional.register_kernel(_functional, Points)(_kernel)
