"""What a network costs: parameters, multiply–adds, memory and time, and the table that closes a chapter.

    costs = measure_costs(network, size=(64, 64))
    compare_costs({"FCN-32s": coarse, "FCN-8s": fine}, size=(64, 64), scores={"FCN-32s": …, "FCN-8s": …})

All numbers are those of one image. Parameters, multiply–adds and memory are counted, and are the same everywhere;
the time is measured, and is this computer's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.tables import Table, Value

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class Costs:
    """What a network costs for one image."""

    parameters: int
    multiply_adds: int
    activation_bytes: int
    seconds: float


def measure_costs(model: nn.Module, size: tuple[int, int], channels: int = 3, repeats: int = 9) -> Costs:
    """Return what `model` costs for one image of `size` (H, W), where the model is: on its device, in its dtype."""
    import torch

    parameter = next(model.parameters(), torch.empty(0))
    image = torch.rand(1, channels, *size, device=parameter.device, dtype=parameter.dtype)
    return Costs(
        count_parameters(model),
        count_multiply_adds(model, image),
        count_activation_bytes(model, image),
        forward_seconds(model, image, repeats),
    )


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers of a network are trained; what layers share counts once."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def count_multiply_adds(model: nn.Module | Callable[[Tensor], object], images: Tensor) -> int:
    """Return the multiply–adds of a forward pass of `images` (N, C, H, W): those of convolutions and matrix products.

    One multiply–add is one multiplication and the addition that follows, so this is half of the floating-point
    operations that torch's own counter reports. Adding a bias, batch norm, activations, pooling and interpolation are
    not counted: they do a few operations a value, where a convolution does hundreds.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from course.training import in_eval_mode

    with in_eval_mode(model), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(images)
    return int(counter.get_total_flops()) // 2


def count_activation_bytes(model: nn.Module | Callable[[Tensor], object], images: Tensor) -> int:
    """Return the bytes that a forward pass of `images` (N, C, H, W) keeps for the backward pass.

    What is counted is every tensor that autograd saves, by the memory that it holds on to, once where several layers
    save the same: inputs of convolutions (the images among them), of batch norm and of max pooling, outputs of ReLU,
    indices of max pooling (8 bytes each). What is not: parameters and buffers, for they are there anyway; gradients;
    what an operation needs while it runs; the result, unless a layer saves it. The network is in eval mode meanwhile:
    one image is enough for batch norm then, and masks of dropout are left out.
    """
    import torch
    from torch import nn
    from torch.autograd.graph import saved_tensors_hooks

    from course.training import in_eval_mode

    own = {*model.parameters(), *model.buffers()} if isinstance(model, nn.Module) else set()
    own_storages = {tensor.untyped_storage().data_ptr() for tensor in own}
    saved: dict[int, int] = {}

    def remember(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own_storages:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor  # the graph keeps it alive, so no second tensor can get its address

    with in_eval_mode(model), torch.enable_grad(), saved_tensors_hooks(remember, lambda tensor: tensor):
        result = model(images)
        del result
    return sum(saved.values())


def forward_seconds(model: nn.Module | Callable[[Tensor], object], images: Tensor, repeats: int = 9) -> float:
    """Return the seconds that a forward pass of `images` takes, in eval mode: the median of `repeats`, after a first.

    Raises:
        ValueError: `repeats` is below 1.
    """
    import torch

    from course.training import in_eval_mode

    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    times = []
    with in_eval_mode(model), torch.inference_mode():
        for _ in range(repeats + 1):
            _wait_for(images.device)
            started = time.perf_counter()
            model(images)
            _wait_for(images.device)
            times.append(time.perf_counter() - started)
    return statistics.median(times[1:])  # the first one also sets things up


def compare_costs(
    models: Mapping[str, nn.Module],
    size: tuple[int, int],
    scores: Mapping[str, Mapping[str, float]] | None = None,
    *,
    channels: int = 3,
    repeats: int = 9,
    name: str = "costs",
) -> Table:
    """Return the table that closes a chapter: a column a network, what it costs for one image, and what it reaches.

    `scores[name]` is what `course.segmentation.class_iou` returned for the network of that name: "mean", and the IoU of
    each class. A network without scores has dashes there, and so has a class that a network's scores leave out.
    As data the table is called `name`, memory is in bytes and time in seconds.

    Raises:
        ValueError: scores of a network that is not among `models`.
    """
    scores = scores or {}
    if unknown := [name for name in scores if name not in models]:
        raise ValueError(f"scores are of {', '.join(unknown)}, and the networks are {', '.join(models)}")
    costs = [measure_costs(model, size, channels, repeats) for model in models.values()]
    counted: dict[str, tuple[_Units, Sequence[float]]] = {
        "parameters": (_COUNTS, [cost.parameters for cost in costs]),
        "multiply–adds": (_COUNTS, [cost.multiply_adds for cost in costs]),
        "memory to train": (_BYTES, [cost.activation_bytes for cost in costs]),
        "time": (_SECONDS, [cost.seconds for cost in costs]),
    }
    rows: dict[str, Sequence[Value]] = {label: row for label, (_, row) in counted.items()}
    texts = [_in_units(row, units) for units, row in counted.values()]
    classes = dict.fromkeys(key for each in scores.values() for key in each)
    if "mean" in classes:
        classes = dict.fromkeys(["mean", *classes])
    for key in classes:
        values = [scores.get(model, {}).get(key) for model in models]
        rows["mean IoU" if key == "mean" else f"IoU of {key}"] = values
        texts.append(["–" if value is None else f"{value:.2f}" for value in values])
    return Table(
        name,
        {label: dict(zip(models, row, strict=True)) for label, row in rows.items()},
        corner=f"one image of {size[0]} × {size[1]} pixels",
        texts={label: dict(zip(models, row, strict=True)) for label, row in zip(rows, texts, strict=True)},
    )


_Units = Sequence[tuple[float, str]]
_COUNTS = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def _in_units(values: Sequence[float], units: _Units) -> list[str]:
    """Return a row with one unit for all of its numbers, that of the largest, so that they can be compared."""
    most = max(values, default=0)
    scale, unit = next((each for each in units if most >= each[0]), units[-1])
    return [f"{_three_digits(value / scale)} {unit}".rstrip() for value in values]


def _three_digits(value: float) -> str:
    """Return a number with up to three digits that count: 1234, 123, 12.3, 1.23, 0.12, 0.0012."""
    if value == int(value) or value >= 100:
        return f"{value:.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.{1 if value >= 10 else 2}f}"


def _wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was told; a CPU does it at once."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
