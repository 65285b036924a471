"""Where a run computes: Lightning Fabric for one device or many, started by itself or by torchrun."""

import os
from typing import Any

import torch
from lightning.fabric import Fabric
from lightning.fabric.plugins import MixedPrecision

from course.training import best_device
from solutions.training.config import TrainConfig, TrainingError


def make_fabric(config: TrainConfig) -> Fabric:
    """Return a Fabric for the configured device, number of devices and precision; `launch()` starts the processes.

    Under torchrun the processes are there already, and their number is torchrun's.

    Raises:
        TrainingError: a device that is not here, or a precision that it does not have.
    """
    device = best_device() if config.device == "auto" else config.device
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("there is no CUDA GPU here; --device cpu or --device auto will do")
    if device == "mps" and not torch.backends.mps.is_available():
        raise TrainingError("there is no Apple GPU here; --device cpu or --device auto will do")
    if config.precision == "16-mixed" and device != "cuda":
        raise TrainingError(f"--precision 16-mixed needs a CUDA GPU, not {device}; bf16-mixed works on a CPU too")
    devices, nodes = config.devices, 1
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    if device == "cuda" and devices > torch.cuda.device_count():
        raise TrainingError(f"--devices {devices} are more than the {torch.cuda.device_count()} GPUs here")
    if device == "mps" and devices > 1:
        raise TrainingError(f"an Apple computer has one GPU, got --devices {devices}")
    if config.batch_size % (devices * nodes):
        raise TrainingError(f"--batch-size {config.batch_size} cannot be shared equally by {devices * nodes} processes")
    many = devices * nodes > 1
    mixed: list[Any] = [] if config.precision == "32" else [_KeepsInputs(config.precision, device)]
    return Fabric(
        accelerator=device,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if many else "auto",
        precision=None if mixed else "32-true",
        plugins=mixed,
    )


class _KeepsInputs(MixedPrecision):
    """Autocast that leaves what goes into the model alone.

    Lightning's own would turn boxes into bfloat16 too, which has eight bits: above 128 pixels, steps of a whole pixel.
    """

    def __init__(self, precision: str, device: str) -> None:
        # The scaler of float16 is made here, so that a checkpoint can hold its state.
        scaler = torch.amp.GradScaler(device) if precision == "16-mixed" else None
        super().__init__(precision, device, scaler)  # type: ignore[arg-type]

    def convert_input(self, data: object) -> object:
        """Return `data` as it is."""
        return data
