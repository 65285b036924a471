"""A sheet of samples with their annotations: each as it is, with its objects, and as a semantic map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont
from torch import Tensor

from course.data.sample import Sample, SampleSet
from course.farm import IGNORE, SKELETON
from course.plotting.style import PALETTE, colours_of

_GAP = 6
_PANEL = 192  # pixels, at least, of a panel's longer side
_ROOM = 34  # pixels of width that a box needs to hold a name


def preview(
    dataset: SampleSet,
    count: int = 20,
    classes: Sequence[str] = (),
    semantic_classes: Sequence[str] = (),
    columns: int = 3,
    out: str | Path | None = None,
) -> Image.Image:
    """Draw the first `count` samples on a sheet, three panels each, and save it to `out` where that is given.

    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    rows = [_panels(*dataset[index], classes, semantic_classes) for index in range(min(count, len(dataset)))]
    if not rows:
        raise ValueError("there are no samples to draw")
    columns = min(columns, len(rows))
    wide, high = max(panel.width for panel in rows) + 2 * _GAP, max(panel.height for panel in rows) + _GAP
    sheet = Image.new("RGB", (columns * wide + _GAP, -(-len(rows) // columns) * high + _GAP), "white")
    for place, panel in enumerate(rows):
        sheet.paste(panel, (place % columns * wide + _GAP, place // columns * high + _GAP))
    if out is not None:
        sheet.save(out)
    return sheet


def _panels(image: Tensor, target: Sample, classes: Sequence[str], stuff: Sequence[str]) -> Image.Image:
    pixels = (image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    height, width = pixels.shape[:2]
    scale = -(-_PANEL // max(height, width))
    pictures = [Image.fromarray(pixels)]
    pictures.append(_with_objects(pixels, target, scale, classes))
    if "semantic" in target:
        pictures.append(Image.fromarray(_coloured(target["semantic"].numpy(), stuff)))
    row = Image.new("RGB", (len(pictures) * (width * scale + 2) - 2, height * scale), "white")
    for place, picture in enumerate(pictures):
        large = picture.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        row.paste(large, (place * (width * scale + 2), 0))
    return row


def _with_objects(pixels: NDArray[np.uint8], target: Sample, scale: int, classes: Sequence[str]) -> Image.Image:
    """Return the picture, `scale` times as large, with masks, boxes, names and keypoints."""
    mixed = pixels.astype(np.float32)
    colours = [ImageColor.getrgb(colour)[:3] for colour in PALETTE[:-1]]
    if "masks" in target:
        for number, mask in enumerate(target["masks"].numpy()):
            mixed[mask] = 0.5 * mixed[mask] + 0.5 * np.array(colours[number % len(colours)])
    size = (pixels.shape[1] * scale, pixels.shape[0] * scale)
    picture = Image.fromarray(mixed.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(11)
    for number, box in enumerate(target["boxes"].tolist() if "boxes" in target else []):
        x1, y1, x2, y2 = (side * scale for side in box)
        colour = colours[number % len(colours)]
        pen.rectangle((x1, y1, x2 - 1, y2 - 1), outline=colour, width=2)
        if "keypoints" in target:
            _draw_points(pen, target["keypoints"][number].tolist(), scale)
        if x2 - x1 < _ROOM:
            continue
        label = int(target["labels"][number])
        name = classes[label] if label < len(classes) else str(label)
        left, top, right, bottom = pen.textbbox((x1 + 2, y1 + 1), name, font=font)
        pen.rectangle((left - 2, top - 1, right + 1, bottom + 1), fill="black")
        pen.text((x1 + 2, y1 + 1), name, font=font, fill="white")
    return picture


def _draw_points(pen: ImageDraw.ImageDraw, points: list[list[float]], scale: int) -> None:
    for a, b in SKELETON:
        if max(a, b) < len(points) and points[a][2] and points[b][2]:
            pen.line([(points[i][0] * scale, points[i][1] * scale) for i in (a, b)], fill="white", width=1)
    for x, y, visibility in points:
        if visibility:
            spot = (x * scale - 2, y * scale - 2, x * scale + 2, y * scale + 2)
            pen.ellipse(spot, fill="white" if visibility == 2 else None, outline="black")


def _coloured(semantic: NDArray[np.int64], classes: Sequence[str]) -> NDArray[np.uint8]:
    """Return a semantic map in the colours of the course's figures; past eight classes they come again, darker."""
    names = colours_of(classes) if 0 < len(classes) <= len(PALETTE) else PALETTE
    colours = [ImageColor.getrgb(colour)[:3] for colour in names]
    table = np.full((IGNORE + 1, 3), 255, np.uint8)
    for value in range(IGNORE):
        shade = 1 - 0.2 * (value // len(colours) % 4)
        table[value] = [round(channel * shade) for channel in colours[value % len(colours)]]
    return table[semantic]
