"""The published detector on COCO: torchvision's weights in our own Faster R-CNN with a ResNet-50 and a pyramid.

    python -m solutions evaluate --weights coco --root data/coco
    python -m solutions predict --weights detector.safetensors --image street.jpg

The network's labels are COCO's category ids, which have gaps: 91 of which 80 are used. The course's are the categories'
places in a file of annotations. What is measured and written here is in ids, as COCO's own results are.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError

import torch
from torch import Tensor, nn

from course.progress import Progress
from course.training import best_device
from solutions.faster_rcnn import FasterRCNN, FrozenBatchNorm2d, fasterrcnn_resnet50_fpn
from solutions.metrics import mean_average_precision
from solutions.training.checkpoint import write_text
from solutions.training.config import TrainingError
from solutions.training.pictures import draw_boxes, read_image

MODEL = "fasterrcnn_resnet50_fpn"


def load_detector(weights: str, min_size: int = 800) -> FasterRCNN:
    """Return the detector with `weights`: "coco", torchvision's, or the file of a state dict of its model.

    A file that ends in .safetensors is read as such, any other by torch, without running code.
    The shorter side of an image becomes `min_size`.

    Raises:
        TrainingError: there is no network or no such file, or it holds something else.
    """
    state = _published() if weights == "coco" else _from_file(Path(weights))
    try:
        classes = len(state["roi_heads.box_predictor.cls_score.weight"])
        # Layers that learnt count what they saw, and divided by a variance with a hundred-thousandth added to it. The
        # published ones were frozen and add nothing.
        learnt = any(name.endswith("num_batches_tracked") for name in state)
        norm = partial(FrozenBatchNorm2d, eps=1e-5 if learnt else 0.0)
        model = fasterrcnn_resnet50_fpn(classes, norm=norm, min_size=min_size, max_size=min_size * 5 // 3)
        model.load_state_dict(state)
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise TrainingError(
            f"--weights {weights} is not a state dict of torchvision's {MODEL}: {str(error).splitlines()[0]}"
        ) from None
    return model.eval()


def _published() -> dict[str, Tensor]:
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

    try:
        return cast(dict[str, Tensor], FasterRCNN_ResNet50_FPN_Weights.COCO_V1.get_state_dict(progress=False))
    except OSError as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise TrainingError(
            f"--weights coco must be downloaded once, 160 MB, and there is no network ({reason}): pass the file of a "
            f"state dict of torchvision's {MODEL}"
        ) from None


def _from_file(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise TrainingError(f"--weights must be coco, or the file of a state dict; there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        return cast(dict[str, Tensor], torch.load(path, map_location="cpu", weights_only=True))
    except Exception:  # a damaged file fails in a dozen ways: zip, pickle, OS
        raise TrainingError(f"--weights {path} is not a whole file of tensors") from None


def category_names(count: int) -> tuple[str, ...]:
    """Return the names of category ids 0 … `count` − 1 where they are COCO's 91, else their numbers."""
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

    names = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return ("background", *names[1:]) if count == len(names) else tuple(map(str, range(count)))


def measure_weights(
    weights: str, root: Path, split: str, images: int | None, device: str | None, min_size: int = 800
) -> dict[str, Any]:
    """Return what the detector scores on a folder in COCO's format, as COCO measures it, crowds included.

    Raises:
        TrainingError: weights or pictures that cannot be had.
    """
    network, place = _on_device(load_detector(weights, min_size), device)
    data = _opened(root, split)
    ids = torch.tensor([0, *data.labels])  # the category of each place
    count = min(len(data), images or len(data))
    found, there = [], []
    with Progress("evaluating", count) as progress:
        for number in range(count):
            image, target = data[number]
            found.append(_look(network, image, place))
            area = target["masks"].flatten(1).sum(dim=1).float()
            truth = {name: target[name] for name in ("boxes", "iscrowd")}
            there.append({**truth, "labels": ids[target["labels"]], "area": area})
            progress.advance()
    result = mean_average_precision(found, there)
    names = dict(zip(data.labels, data.classes[1:], strict=True))
    values = (("mAP", result["map"]), ("mAP_50", result["map_50"]), ("mAP_75", result["map_75"]))
    scores = {name: max(value, 0.0) for name, value in values}  # COCO says −1 where there is nothing
    return {
        "model": MODEL, "weights": weights, "data": "coco", "split": split, "images": count,
        "metric": {"name": "mAP", "value": scores["mAP"], "split": split}, "scores": scores,
        "per_class": {names[label]: value for label, value in result["per_class"].items()}, "device": str(place),
    }  # fmt: skip


def draw_with_weights(
    weights: str,
    files: Sequence[Path],
    root: Path | None,
    split: str,
    count: int,
    out: Path,
    score: float,
    device: str | None,
    min_size: int = 800,
) -> Iterator[Path]:
    """Write a picture for each of `files`, or for the first `count` of a split, then predictions.json; yield the paths.

    That file is in COCO's format of results, with `image_id`, `category_id`, `bbox` (x, y,
    width, height) and `score`; a picture of one's own has its name for an id.

    Raises:
        TrainingError: weights or pictures that cannot be had.
    """
    network, place = _on_device(load_detector(weights, min_size), device)
    samples: list[tuple[str | int, Tensor]] = [(path.stem, read_image(path)) for path in files]
    if not files:
        if root is None:
            raise TrainingError("say what to look at: --image, or the --root of a folder in COCO's format")
        data = _opened(root, split)
        samples = [(data.ids[number], data[number][0]) for number in range(min(count, len(data)))]
    out.mkdir(parents=True, exist_ok=True)
    names = category_names(network.num_classes)
    results: list[dict[str, Any]] = []
    for identity, image in samples:
        found = _look(network, image, place)
        found = {key: value[found["scores"] >= score] for key, value in found.items()}
        corners, sides = found["boxes"][:, :2], found["boxes"][:, 2:] - found["boxes"][:, :2]
        results += [
            {"image_id": identity, "category_id": label, "bbox": box, "score": confidence}
            for label, box, confidence in zip(
                found["labels"].tolist(), torch.cat([corners, sides], dim=1).tolist(), found["scores"].tolist(),
                strict=True,
            )
        ]  # fmt: skip
        name = identity if isinstance(identity, str) else f"{split}-{identity:012d}"
        yield draw_boxes(out / f"{name}.png", image, found, names)
    write_text(out / "predictions.json", json.dumps(results))
    yield out / "predictions.json"


def _on_device(network: FasterRCNN, device: str | None) -> tuple[FasterRCNN, torch.device]:
    place = torch.device(best_device() if device is None or device == "auto" else device)
    return network.to(place), place


def _opened(root: Path, split: str) -> Any:
    from course.data import load

    try:
        return load("coco", split, root=root, crowd="mark")
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        raise TrainingError(str(error)) from None


@torch.no_grad()
def _look(network: nn.Module, image: Tensor, place: torch.device) -> dict[str, Tensor]:
    (found,) = network([image.to(place)])
    return {key: value.cpu() for key, value in found.items()}
