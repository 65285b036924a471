"""The training loop of the reference models, on Lightning Fabric: a CPU, a GPU, or many.

A run is a folder: `config.json`, `last.pt` (everything that resuming needs), `best.pt` (the weights that measured best
on the validation split), `tensorboard/` and, at the end, `metrics.json`.
"""

import json
import math
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from course.progress import Progress
from course.training import schedule
from solutions.training.checkpoint import (
    BEST,
    LAST,
    State,
    random_state,
    read_checkpoint,
    restore_random_state,
    write_checkpoint,
    write_text,
)
from solutions.training.config import TrainConfig, TrainingError
from solutions.training.data import StepSampler, class_names
from solutions.training.models import new_model, reference
from solutions.training.scores import Scores
from solutions.training.tasks import Task, task_for

_LOG_EVERY = 10  # steps; reading a loss makes a GPU wait


@dataclass
class Position:
    """How far a run is. It is kept in each checkpoint; `step` is also the sampler's position."""

    step: int = 0
    seconds: float = 0.0
    training_seconds: float = 0.0
    waiting_seconds: float = 0.0
    images: int = 0
    best: float = -math.inf
    looked: int = 0
    looks: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """One training run in one process: the model, its optimizer, its pictures, its place in time."""

    def __init__(self, config: TrainConfig, fabric: Fabric, folder: Path) -> None:
        self.config, self.fabric, self.folder = config, fabric, folder
        wanted = reference(config.model)
        classes = class_names(config, wanted.asked)
        self.task: Task = task_for(wanted.asked, classes)
        fabric.seed_everything(config.seed, verbose=False)  # the same weights on every rank
        network = new_model(config, len(classes))
        if fabric.device.type != "mps":
            network = network.to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
        self.model, self.optimizer = fabric.setup(network, optimizer)
        self.network: nn.Module = network
        self.at = Position()
        self.stopped_because = ""
        torch.manual_seed(config.seed + 7919 * fabric.global_rank)  # from here on each rank draws its own

    def train(self, data: Any, validation: Any, *, resume: bool) -> dict[str, Any]:
        """Train on `data` to the end of the budget, or until interrupted, and return what `metrics.json` holds."""
        if resume:
            self._load(read_checkpoint(self.folder / LAST))
        generators = random_state()
        batches = iter(self._loader(data))
        restore_random_state(generators)  # starting the workers drew a number
        if not resume:
            self._save()
        with self._log() as write, self._progress_shown() as shown:
            try:
                self._steps(batches, validation, write, shown)
                self.stopped_because = "budget"
            except KeyboardInterrupt:
                self.stopped_because = "interrupted"
                if self.fabric.world_size > 1:  # the ranks stopped at different places; the last checkpoint stands
                    raise
        del batches
        self._save()
        return self._finish(validation)

    def _steps(self, batches: Iterator[Any], validation: Any, write: Any, shown: Progress) -> None:
        config, at = self.config, self.at
        began, before = time.perf_counter(), at.seconds
        loss_sum, loss_count = 0.0, 0
        number: float | None = None
        while (progress := self._progress()) < 1:
            waited = time.perf_counter()
            images, targets = next(batches)
            started = time.perf_counter()
            images, targets = self.fabric.to_device((images, targets))
            for group in self.optimizer.param_groups:
                group["lr"] = config.lr * schedule(progress)
            losses = self.task.losses(self.model, images, targets)
            loss = torch.stack(list(losses.values())).sum()
            self.optimizer.zero_grad()
            self.fabric.backward(loss)
            self.fabric.clip_gradients(self.model, self.optimizer, max_norm=config.clip_norm, error_if_nonfinite=False)
            self.optimizer.step()
            at.step += 1
            at.images += config.batch_size
            if at.step % _LOG_EVERY == 0 or at.step == 1:
                number = _finite(loss, at.step)
                loss_sum, loss_count = loss_sum + number, loss_count + 1
                parts = {f"loss/{name}": float(value.detach()) for name, value in losses.items()}
                write({"loss/total": number, **parts, "lr": config.lr * schedule(progress)}, at.step)
            now = time.perf_counter()
            at.waiting_seconds += started - waited
            at.training_seconds += now - waited
            at.seconds = before + now - began
            shown.advance(number)
            if self._progress() * config.looks >= at.looked + 1:
                mean = loss_sum / loss_count if loss_count else float(loss.detach())
                self._look(validation, mean, write, shown)
                loss_sum, loss_count = 0.0, 0
                at.seconds = before + time.perf_counter() - began
                at.looked = int(self._progress() * config.looks)  # a slow look leaves out the next
            if at.step % config.checkpoint_every == 0:
                self._save()

    def _progress(self) -> float:
        """Return how much of the budget is used up, 0 … 1; where time decides, rank 0's clock counts for all."""
        by_steps = self.at.step / self.config.steps if self.config.steps else 0.0
        if self.config.budget_seconds is None:
            return by_steps
        progress = max(by_steps, self.at.seconds / self.config.budget_seconds)
        return float(self.fabric.broadcast(progress)) if self.fabric.world_size > 1 else progress

    def _look(self, validation: Any, loss: float, write: Any, shown: Progress) -> None:
        """Measure on the validation split, on rank 0, and keep the weights if they are the best so far."""
        if self.fabric.is_global_zero:
            scores = evaluate(self.network, self.task, validation, self.config, self.fabric)
            write({f"val/{name}": value for name, value in scores.values.items()}, self.at.step)
            self.at.looks.append({"step": self.at.step, "seconds": self.at.seconds, "loss": loss, **scores.values})
            shown.say(f"step {self.at.step}: loss {loss:.3f}, {_in_words(scores)}")
            if scores.value > self.at.best:
                self.at.best = scores.value
                self._write_weights()
        self.at.looks, self.at.best = self.fabric.broadcast((self.at.looks, self.at.best))
        self.model.train()

    def _finish(self, validation: Any) -> dict[str, Any]:
        """Measure the weights that are kept, and write `metrics.json`."""
        scores: Scores | None = None
        if self.fabric.is_global_zero:
            if not (self.at.looks and self.at.looks[-1]["step"] == self.at.step):
                scores = evaluate(self.network, self.task, validation, self.config, self.fabric)
            if (scores and scores.value > self.at.best) or not (self.folder / BEST).exists():
                self._write_weights()
            else:
                self.network.load_state_dict(read_checkpoint(self.folder / BEST)["model"])
                scores = evaluate(self.network, self.task, validation, self.config, self.fabric)
            report = self._report(scores)
            write_text(self.folder / "metrics.json", json.dumps(report, indent=2))
        self.fabric.barrier()
        return report if self.fabric.is_global_zero else {}

    def _report(self, scores: Scores | None) -> dict[str, Any]:
        config, at = self.config, self.at
        return {
            "model": config.model, "data": config.data, "size": list(config.size), "data_seed": config.data_seed,
            "metric": {"name": scores.headline, "value": scores.value, "split": "val"} if scores else None,
            "scores": scores.values if scores else {},
            "per_class": scores.per_class if scores else {},
            "seed": config.seed, "device": _device_name(self.fabric.device), "devices": self.fabric.world_size,
            "precision": config.precision, "batch_size": config.batch_size,
            "steps": at.step, "stopped_because": self.stopped_because,
            "wall_seconds": round(at.seconds, 3),
            "training_seconds": round(at.training_seconds, 3),
            "images_per_second": round(at.images / at.training_seconds, 2) if at.training_seconds else 0.0,
            "data_loading_share": round(at.waiting_seconds / at.training_seconds, 4) if at.training_seconds else 0.0,
            "peak_memory_mib": peak_memory(self.fabric.device),
            "parameters": sum(parameter.numel() for parameter in self.network.parameters()),
            "looks": at.looks, "versions": versions(),
        }  # fmt: skip

    def _save(self) -> None:
        """Write the checkpoint that resuming needs; every rank's generators are in it."""
        generators: list[State] = [random_state()]
        if self.fabric.world_size > 1:
            generators = [{} for _ in range(self.fabric.world_size)]
            torch.distributed.all_gather_object(generators, random_state())
        if self.fabric.is_global_zero:
            state = {
                "model": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scaler": _scaler_state(self.fabric),
                "position": asdict(self.at),
                "schedule": {"lr": self.optimizer.param_groups[0]["lr"]},
                "random": generators,
                "model_name": self.config.model,
            }
            write_checkpoint(self.folder / LAST, state)

    def _load(self, state: State) -> None:
        try:
            self.network.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.at = Position(**state["position"])
            ranks = state["random"]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise TrainingError(
                f"{self.folder / LAST} does not fit {self.config.model}: {str(error).splitlines()[0]}"
            ) from None
        if state.get("scaler") and _scaler(self.fabric) is not None:
            _scaler(self.fabric).load_state_dict(state["scaler"])
        if len(ranks) == self.fabric.world_size:  # with another number of devices each rank draws anew
            restore_random_state(ranks[self.fabric.global_rank])

    def _write_weights(self) -> None:
        write_checkpoint(self.folder / BEST, {"model": self.network.state_dict(), "step": self.at.step})

    def _loader(self, data: Any) -> "DataLoader[Any]":
        config, fabric = self.config, self.fabric
        sampler = StepSampler(
            len(data), config.batch_size, config.seed, self.at.step, fabric.global_rank, fabric.world_size
        )
        return DataLoader(
            data,
            batch_sampler=sampler,
            collate_fn=self.task.collate,
            num_workers=config.workers,
            pin_memory=fabric.device.type == "cuda",
        )

    def _progress_shown(self) -> Progress:
        steps = self.config.steps if self.config.budget_seconds is None else None
        return Progress(self.config.model, steps, done=self.at.step, shown=self.fabric.is_global_zero)

    @contextmanager
    def _log(self) -> Iterator[Any]:
        """Give a function that writes numbers for TensorBoard; what a killed run wrote past its checkpoint goes."""
        if not self.fabric.is_global_zero:
            yield lambda values, step: None
            return
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(self.folder / "tensorboard", purge_step=self.at.step + 1)
        try:

            def write(values: dict[str, float], step: int) -> None:
                for name, value in values.items():
                    writer.add_scalar(name, value, step)

            yield write
        finally:
            writer.close()


def evaluate(network: nn.Module, task: Task, data: Any, config: TrainConfig, fabric: Fabric) -> Scores:
    """Measure `network` on all of `data`; no generator is touched and the mode is the caller's to restore."""
    loader = DataLoader(
        data, batch_size=max(config.batch_size, 16), collate_fn=task.collate, generator=torch.Generator()
    )
    network.eval()
    return task.evaluate(network, (fabric.to_device(batch) for batch in loader), fabric.autocast)


def peak_memory(device: torch.device) -> float | None:
    """Return the most memory that was in use, in MiB: the GPU's, else this process's; None where nobody can say."""
    if device.type == "cuda":
        return round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)


def versions() -> dict[str, str]:
    """Return the versions of what a number depends on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in ("torch", "torchvision", "lightning", "torchmetrics", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _scaler(fabric: Fabric) -> Any:
    return getattr(fabric._precision, "scaler", None)


def _scaler_state(fabric: Fabric) -> State | None:
    scaler = _scaler(fabric)
    return None if scaler is None else scaler.state_dict()


def _finite(loss: Tensor, step: int) -> float:
    number = float(loss.detach())
    if not math.isfinite(number):
        raise TrainingError(f"the loss became {number} at step {step}; a smaller --lr may help")
    return number


def _in_words(scores: Scores) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.values.items())
