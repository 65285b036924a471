"""What a network costs: parameters, multiply–adds, memory and time, and the table that closes a chapter.

    costs = measure_costs(network, size=(64, 64))
    compare_costs({"FCN-32s": coarse, "FCN-8s": fine}, size=(64, 64), scores={"FCN-32s": …, "FCN-8s": …})

All numbers are those of one image. Parameters, multiply–adds and memory are counted, and are the same everywhere;
the time is measured, and is this computer's.
"""

from __future__ import annotations

import html
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
) -> CostTable:
    """Return the table that closes a chapter: a column a network, what it costs for one image, and what it reaches.

    `scores[name]` is what `course.segmentation.class_iou` returned for the network of that name: "mean", and the IoU of
    each class. A network without scores has dashes there, and so has a class that a network's scores leave out.

    Raises:
        ValueError: scores of a network that is not among `models`.
    """
    scores = scores or {}
    if unknown := [name for name in scores if name not in models]:
        raise ValueError(f"scores are of {', '.join(unknown)}, and the networks are {', '.join(models)}")
    costs = [measure_costs(model, size, channels, repeats) for model in models.values()]
    rows = [
        _in_units("parameters", [cost.parameters for cost in costs], _COUNTS),
        _in_units("multiply–adds", [cost.multiply_adds for cost in costs], _COUNTS),
        _in_units("memory to train", [cost.activation_bytes for cost in costs], _BYTES),
        _in_units("time", [cost.seconds for cost in costs], _SECONDS),
    ]
    classes = dict.fromkeys(key for each in scores.values() for key in each)
    if "mean" in classes:
        classes = dict.fromkeys(["mean", *classes])
    for key in classes:
        values = [scores.get(name, {}).get(key) for name in models]
        cells = tuple("–" if value is None else f"{value:.2f}" for value in values)
        rows.append(("mean IoU" if key == "mean" else f"IoU of {key}", cells))
    return CostTable(tuple(models), tuple(rows), f"one image of {size[0]} × {size[1]} pixels")


@dataclass(frozen=True)
class CostTable:
    """A table of `rows`, each a label and a cell for each of `names`; as text, and as HTML in a notebook."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    caption: str

    def __str__(self) -> str:
        grid = [(self.caption, self.names), *self.rows]
        first = max(len(label) for label, _ in grid)
        widths = [max(len(cells[i]) for _, cells in grid) for i in range(len(self.names))]
        return "\n".join(
            f"{label:<{first}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
            for label, cells in grid
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(label: str, cells: Sequence[str], kind: str) -> str:
            inner = "".join(f'<{kind} align="right">{html.escape(cell)}</{kind}>' for cell in cells)
            return f'<tr><th align="left">{html.escape(label)}</th>{inner}</tr>'

        head = row(self.caption, self.names, "th")
        return f"<table><thead>{head}</thead><tbody>{''.join(row(*each, 'td') for each in self.rows)}</tbody></table>"


_COUNTS = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def _in_units(label: str, values: Sequence[float], units: Sequence[tuple[float, str]]) -> tuple[str, tuple[str, ...]]:
    """Return a row with one unit for all of its numbers, that of the largest, so that they can be compared."""
    most = max(values, default=0)
    scale, unit = next((each for each in units if most >= each[0]), units[-1])
    return label, tuple(f"{_three_digits(value / scale)} {unit}".rstrip() for value in values)


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
