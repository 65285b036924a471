"""Pictures of what a trained model sees: labels beside the truth, boxes with names and scores, masks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from solutions.training.config import TrainingError
from solutions.training.data import open_split
from solutions.training.models import reference
from solutions.training.single import Localization, Pose
from solutions.training.start import open_run
from solutions.training.tasks import Semantic, Task


def draw_predictions(
    run: Path,
    files: Sequence[Path],
    split: str,
    count: int,
    out: Path,
    score: float,
    data_seed: int | None,
    device: str | None,
) -> Iterator[Path]:
    """Write a picture for each of `files`, or for the first `count` of a split, and yield its path.

    Raises:
        TrainingError: no run there, or a file that is no picture.
    """
    _without_a_screen()
    config, task, network, fabric = open_run(run, data_seed, device)
    out.mkdir(parents=True, exist_ok=True)
    data: Any = () if files else open_split(config, split, reference(config.model).asked, images=count)
    samples: list[tuple[str, Tensor, Any]] = [(path.stem, read_image(path), None) for path in files]
    samples += [(f"{split}-{number:04d}", *data[number]) for number in range(min(count, len(data)))]
    for name, image, truth in samples:
        with torch.no_grad():
            (found,) = task.predict(network, image[None].to(fabric.device))  # type: ignore[arg-type]
        figure = _draw(task, image, {key: value.cpu() for key, value in found.items()}, truth, score)
        yield _written(figure, out / f"{name}.png")


def draw_boxes(path: Path, image: Tensor, found: dict[str, Tensor], names: Sequence[str]) -> Path:
    """Write a picture of the boxes that were `found` in `image` (3, H, W) to `path`, and return that."""
    _without_a_screen()
    from course.plotting import show_boxes

    return _written(show_boxes(image, found["boxes"], found["labels"], found["scores"], names), path)


def _without_a_screen() -> None:
    import matplotlib as mpl

    mpl.use("agg")


def _written(figure: Any, path: Path) -> Path:
    from matplotlib import pyplot as plt

    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path


def read_image(path: Path) -> Tensor:
    """Return the picture in a file as (3, H, W) in [0, 1].

    Raises:
        TrainingError: no such file, or no whole picture in it.
    """
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
    except FileNotFoundError:
        raise TrainingError(f"there is no picture {path}") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise TrainingError(f"{path} is not a whole picture: {error}") from None
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def _draw(task: Task, image: Tensor, found: dict[str, Tensor], truth: Any, score: float) -> Any:
    from course.plotting import show_boxes, show_keypoints, show_labels, show_masks

    if isinstance(task, Semantic):
        maps = {"prediction": found["semantic"]}
        if truth is not None:
            maps["truth"] = truth
        return show_labels(image, maps, task.classes)
    if isinstance(task, Pose):
        return show_keypoints(image, found["keypoints"])
    if isinstance(task, Localization):
        return show_boxes(image, found["boxes"], found["labels"], found["scores"], task.classes)
    kept = found["scores"] >= score
    found = {key: value[kept] for key, value in found.items()}
    if task.masks:
        return show_masks(image, found["masks"], found["labels"], task.classes)
    return show_boxes(image, found["boxes"], found["labels"], found["scores"], task.classes)
