"""Starting a run, and opening a finished one: folders, processes, signals."""

import json
import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import nn

from solutions.training.checkpoint import BEST, LAST, read_checkpoint, sweep, write_text
from solutions.training.config import TrainConfig, TrainingError, read_config
from solutions.training.data import class_names, open_split
from solutions.training.devices import make_fabric
from solutions.training.loop import Run, evaluate, versions
from solutions.training.models import new_model, reference
from solutions.training.tasks import Task, task_for

RUNS = Path("runs")


def start(config: TrainConfig, out: Path | None, *, resume: bool) -> dict[str, Any]:
    """Train, in as many processes as configured, and return what `metrics.json` holds (on rank 0; else nothing).

    Raises:
        TrainingError: the folder holds another run, or there is nothing to resume.
    """
    _quiet()
    fabric = make_fabric(config)
    fabric.launch()
    # Rank 0 alone writes: what it draws, downloads and makes, the others find. A refusal reaches every process, so that
    # none waits for the others, and leaves no folder behind.
    data: tuple[Any, Any] | None = None
    told: tuple[str, str] = ("", "")
    if fabric.is_global_zero:
        try:
            data = _pictures(config)
            if config.weights is not None:
                new_model(config, len(class_names(config, reference(config.model).asked)))
            told = (str(_prepare(config, out, resume=resume)), "")
        except (TrainingError, OSError) as error:
            told = ("", str(error))
    folder, refused = fabric.broadcast(told)
    if refused:
        raise TrainingError(refused)
    run = Run(config, fabric, Path(folder))
    with _politely_ended():
        report = run.train(*(data or _pictures(config)), resume=resume)
    return {"folder": folder, **report} if report else {}


def measure(folder: Path, split: str, images: int | None, data_seed: int | None, device: str | None) -> dict[str, Any]:
    """Measure the best weights of a run on a split, and return and write the result.

    Raises:
        TrainingError: no run or checkpoint there, or an unknown split.
    """
    config, task, network, fabric = open_run(folder, data_seed, device)
    data: Any = open_split(config, split, reference(config.model).asked, images=images)
    scores = evaluate(network, task, data, config, fabric)
    report = {
        "model": config.model, "data": config.data, "data_seed": config.data_seed, "split": split,
        "images": len(data), "metric": {"name": scores.headline, "value": scores.value, "split": split},
        "scores": scores.values, "per_class": scores.per_class, "device": str(fabric.device), "versions": versions(),
    }  # fmt: skip
    write_text(folder / f"evaluation-{split}.json", json.dumps(report, indent=2))
    return report


def open_run(
    folder: Path, data_seed: int | None = None, device: str | None = None
) -> tuple[TrainConfig, Task, nn.Module, Fabric]:
    """Return configuration, task, best weights and device of a run.

    Raises:
        TrainingError: no run or no checkpoint there.
    """
    _quiet()
    config = read_config(folder)
    config = replace(config, device=device or "auto", devices=1, precision="32")
    if data_seed is not None:
        config = replace(config, data_seed=data_seed)
    wanted = reference(config.model)
    classes = class_names(config, wanted.asked)
    network = wanted.build(len(classes), config.size)
    try:
        network.load_state_dict(read_checkpoint(folder / BEST)["model"])
    except (KeyError, RuntimeError) as error:
        raise TrainingError(f"{folder / BEST} does not fit {config.model}: {str(error).splitlines()[0]}") from None
    fabric = make_fabric(config)
    return config, task_for(wanted.asked, classes), network.to(fabric.device).eval(), fabric


def _pictures(config: TrainConfig) -> tuple[Any, Any]:
    asked = reference(config.model).asked
    return open_split(config, "train", asked), open_split(config, "val", asked)


@contextmanager
def _politely_ended() -> Iterator[None]:
    """Take SIGTERM, a cluster's polite end, as an interrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _prepare(config: TrainConfig, out: Path | None, *, resume: bool) -> Path:
    folder = out or _free_folder(config.model)
    if resume:
        if not (folder / LAST).is_file():
            raise TrainingError(f"{folder} has no checkpoint {LAST} to go on from; leave out --resume to begin")
        sweep(folder)
    elif (folder / LAST).exists() or (folder / "config.json").exists():
        raise TrainingError(f"{folder} holds a run already; --resume goes on with it, another --out begins anew")
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "config.json", config.to_json())
    return folder


def _free_folder(model: str) -> Path:
    number = 1
    while (folder := RUNS / (model if number == 1 else f"{model}-{number}")).exists():
        number += 1
    return folder


def _quiet() -> None:
    """Keep what libraries say about themselves from between a student and the progress bar."""
    for name in ("lightning", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    warnings.filterwarnings("ignore", message=".*torchmetrics.*")
    if torch.cuda.is_available():
        torch.set_float32_matmul_precision("high")
