"""What the functions on regions ask of their arguments, each as one sentence: what came, and what was expected."""

from course.regions import Region
from solutions.require import require_int
from solutions.require_boxes import require_boxes
from solutions.require_tensors import require_tensor


def require_regions(first: Region, second: Region, image_size: int | None = None) -> None:
    """Raise unless both are regions, and together no larger than an image of `image_size` pixels where that is given.

    Raises:
        TypeError: not a dict, a size that is no int, or another part that is no floating-point tensor.
        ValueError: a part that is missing, another shape, histograms that do not sum to 1, or too many pixels.
    """
    for name, region in (("first", first), ("second", second)):
        _require_region(name, region)
    if image_size is not None:
        require_int("image_size", image_size, least=1)
        pixels = first["size"] + second["size"]
        if pixels > image_size:
            raise ValueError(f"two regions of {pixels} pixels together are no parts of an image of {image_size}")


def _require_region(name: str, region: Region) -> None:
    if not isinstance(region, dict):
        raise TypeError(f"{name} must be a dict with size, box, colour and texture, got {type(region).__name__}")
    missing = [part for part in ("size", "box", "colour", "texture") if part not in region]
    if missing:
        raise ValueError(f"{name} must have size, box, colour and texture, and has no {missing[0]}")
    require_int(f"{name}['size']", region["size"], least=1)
    require_tensor(f"{name}['box']", region["box"], (4,))
    require_boxes(f"{name}['box']", region["box"][None])
    for part, bins in (("colour", 75), ("texture", 240)):
        histogram = region[part]  # type: ignore[literal-required]
        require_tensor(f"{name}['{part}']", histogram, (bins,))
        total = float(histogram.sum())
        if not abs(total - 1) < 1e-3:
            raise ValueError(f"{name}['{part}'] must sum to 1, got {total:g}")
