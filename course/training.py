"""Train a network in a notebook: one short loop to read, with a clock, a live curve and the best weights kept.

    history = fit(network, loss, Farm(1000), validation=Farm(200, seed=1), metric=accuracy, minutes=2)

A picture of the loop: take a batch, ask the loss, follow its gradient, and now and then look how good the network is on
pictures that it has not seen. Press the stop button when you have seen enough: you keep what was learned.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from course.history import History
from course.live import LiveCurve
from course.progress import Progress

__all__ = [
    "Batch", "History", "Loss", "Metric", "Samples", "batches", "best_device", "by_tier", "endless_batches", "fit",
    "in_eval_mode", "is_graded", "mixed_precision", "schedule",
]  # fmt: skip

T = TypeVar("T")
_TIERS = ("small", "full", "smoke")
_SMOKE_STEPS, _SMOKE_COUNT = 2, 80

Batch = tuple[Any, Any]
"""Images and targets, stacked where they can be; a target that is a dict stays one dict an image."""

Loss = Callable[[nn.Module, Any, Any], Tensor]
"""`loss(model, images, targets)` returns one number with a gradient."""

Metric = Callable[[nn.Module, Iterable[Batch]], float]
"""`metric(model, batches)` returns one number for the whole validation set; higher is better."""


class Samples(Protocol):
    """A map-style data set: a length, and item i as (image, target)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Any, Any]: ...


def fit(
    model: nn.Module,
    loss: Loss,
    data: Samples,
    *,
    validation: Samples | None = None,
    metric: Metric | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    batch_size: int = 16,
    learning_rate: float = 3e-3,
    looks: int = 5,
    device: str | None = None,
    seed: int = 0,
) -> History:
    """Train `model` in place on `data` until its time or its steps are over, and return what happened.

    `loss(model, images, targets)` returns a scalar; images are stacked to (N, C, H, W)
    where their sizes agree, targets are a list of dicts or stacked tensors. With
    `validation`, the network is measured `looks` times, by `metric(model, batches)` (higher
    is better) or by the loss (lower is better), and ends with the weights that were best.
    The learning rate rises, then falls to zero along a cosine as the budget is used up.

    While a notebook is graded nothing is trained: the model stays as it is.

    Raises:
        ValueError: no budget or an impossible one, no data, a batch size or a number of looks below one, a metric
            without validation data, or a loss that is not finite.
    """
    _require(data, validation, metric, minutes, steps, batch_size, looks)
    if _tier() == "smoke":
        steps, looks = _SMOKE_STEPS, 1
    if is_graded():
        print("Training is skipped while this notebook is graded.")
        return History(stopped_because="graded")
    place = torch.device(device or best_device())
    torch.manual_seed(seed)
    model.to(place).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    history, best = History(), _Best(lower=metric is None)
    measured = None if metric is None else getattr(metric, "__name__", "metric")
    curve = LiveCurve(measured)
    started, looked = time.perf_counter(), 0

    def used() -> float:
        return _progress(len(history.losses), steps, time.perf_counter() - started, minutes)

    with Progress("training", steps) as progress:
        try:
            for images, targets in endless_batches(data, batch_size, seed, place):
                if used() >= 1:
                    break
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * schedule(used())

                with mixed_precision(place):
                    value = loss(model, images, targets)
                optimizer.zero_grad()
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()

                history.losses.append(_finite(value, len(history.losses)))
                progress.advance(history.losses[-1])
                if validation is not None and used() * looks >= looked + 1:
                    best.see(model, _look(model, loss, metric, validation, batch_size, place, history))
                    progress.say(_in_words(history, measured))
                    looked = int(used() * looks)  # a slow look leaves out the next, instead of queueing it
                curve.update(history)
            history.stopped_because = "budget"
        except KeyboardInterrupt:
            history.stopped_because = "interrupted"
            progress.ending = "stopped, and what was learned is kept"
    if validation is not None and history.losses:
        with suppress(KeyboardInterrupt):  # who presses stop a second time does not want to wait for this
            best.see(model, _look(model, loss, metric, validation, batch_size, place, history))
        best.restore(model)
    history.seconds = time.perf_counter() - started
    curve.update(history, last=True)
    model.eval()
    return history


def best_device() -> str:
    """Return "cuda" where there is a GPU, else "mps" on an Apple computer, else "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def is_graded() -> bool:
    """Return whether a notebook runs to be graded: then training is not what it is run for."""
    return "NBGRADER_EXECUTION" in os.environ or os.environ.get("COURSE_GRADING") == "1"


def by_tier(small: T, full: T) -> T:
    """Return `small`, or `full` where the environment variable COURSE_TIER says so: `minutes=by_tier(1.5, 20)`.

    The tier "smoke" is for testing that a chapter runs: it has 80 of what there are more of in `small`, pictures above
    all, and `fit` ends after two steps.

    Raises:
        ValueError: COURSE_TIER is none of them.
    """
    tier = _tier()
    if tier == "smoke" and isinstance(small, int):
        return min(small, _SMOKE_COUNT)  # type: ignore[return-value]  # both are the int that T is
    return full if tier == "full" else small


def _tier() -> str:
    tier = os.environ.get("COURSE_TIER", "small")
    if tier not in _TIERS:
        raise ValueError(f'COURSE_TIER must be "small", "full" or "smoke", got {tier!r}')
    return tier


@contextmanager
def in_eval_mode(model: object) -> Iterator[None]:
    """Put a network into eval mode, and back into the one it was in; a plain function has no modes."""
    if not isinstance(model, nn.Module):
        yield
        return
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def schedule(progress: float) -> float:
    """Return the share of the learning rate at `progress` 0 … 1: a short rise, then half a cosine down to zero."""
    return min(1.0, 0.1 + progress / 0.05) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def mixed_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a context that computes in bfloat16 on a GPU that can, and changes nothing elsewhere."""
    able = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=able)


def endless_batches(data: Samples, batch_size: int, seed: int, device: torch.device) -> Iterator[Batch]:
    """Yield batches for ever: epoch after epoch, each in an order that (seed, epoch) decides."""
    epoch = 0
    while True:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(data), generator=generator).tolist()
        for first in range(0, max(len(order) - batch_size, 0) + 1, batch_size):
            yield _collate([data[index] for index in order[first : first + batch_size]], device)
        epoch += 1


def batches(data: Samples, batch_size: int, device: torch.device) -> Iterator[Batch]:
    """Yield all of `data` once, in order, in batches on `device`."""
    for first in range(0, len(data), batch_size):
        yield _collate([data[index] for index in range(first, min(first + batch_size, len(data)))], device)


class _Best:
    """Remembers the weights of the best look, on the CPU."""

    def __init__(self, *, lower: bool) -> None:
        self.lower, self.value = lower, -math.inf
        self.weights: dict[str, Tensor] | None = None

    def see(self, model: nn.Module, value: float) -> None:
        value = -value if self.lower else value
        if self.weights is None or value > self.value:
            self.value = value
            self.weights = {name: tensor.detach().to("cpu", copy=True) for name, tensor in model.state_dict().items()}

    def restore(self, model: nn.Module) -> None:
        if self.weights is not None:
            model.load_state_dict(self.weights)


def _look(
    model: nn.Module,
    loss: Loss,
    metric: Metric | None,
    validation: Samples,
    batch_size: int,
    device: torch.device,
    history: History,
) -> float:
    """Measure the network on pictures that it has not seen, and note the result."""
    step = len(history.losses)
    if history.metrics and history.metrics[-1][0] == step:
        return history.metrics[-1][1]
    seen = batches(validation, batch_size, device)
    model.eval()
    with torch.no_grad(), mixed_precision(device):
        if metric is not None:
            value = float(metric(model, seen))
        else:
            values = [float(loss(model, images, targets)) for images, targets in seen]
            value = sum(values) / len(values)
    model.train()
    history.metrics.append((step, value))
    return value


def _in_words(history: History, measured: str | None) -> str:
    step, value = history.metrics[-1]
    return f"step {step}: loss {history.losses[step - 1]:.3f}, validation {measured or 'loss'} {value:.3f}"


def _progress(done: int, steps: int | None, seconds: float, minutes: float | None) -> float:
    """Return how much of the budget is used up, 0 … 1: whichever of steps and time is further."""
    by_steps = done / steps if steps else 0.0
    by_time = seconds / (60 * minutes) if minutes else 0.0
    return max(by_steps, by_time)


def _collate(samples: Sequence[tuple[Any, Any]], device: torch.device) -> Batch:
    images, targets = zip(*samples, strict=True)
    return _together(images, device), _together(targets, device)


def _together(values: Sequence[Any], device: torch.device) -> Any:
    first = values[0]
    if isinstance(first, Tensor):
        alike = all(value.shape == first.shape for value in values)
        return torch.stack(list(values)).to(device) if alike else [value.to(device) for value in values]
    if isinstance(first, dict):
        return [
            {name: part.to(device) if isinstance(part, Tensor) else part for name, part in value.items()}
            for value in values
        ]
    return torch.tensor(values, device=device)


def _finite(value: Tensor, step: int) -> float:
    number = float(value.detach())
    if not math.isfinite(number):
        raise ValueError(f"the loss became {number} at step {step}; a smaller learning_rate may help")
    return number


def _require(
    data: Samples,
    validation: Samples | None,
    metric: Metric | None,
    minutes: float | None,
    steps: int | None,
    batch_size: int,
    looks: int,
) -> None:
    if minutes is None and steps is None:
        raise ValueError("fit needs a budget: minutes=2, or steps=500")
    for name, value in (("minutes", minutes), ("steps", steps), ("batch_size", batch_size), ("looks", looks)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be above zero, got {value}")
    if len(data) == 0 or (validation is not None and len(validation) == 0):
        raise ValueError("there is nothing to train or to measure on: a data set is empty")
    if metric is not None and validation is None:
        raise ValueError("a metric needs validation data: pass validation=")
