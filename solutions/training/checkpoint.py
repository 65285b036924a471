"""What outlives a killed run: one file, written beside its place and renamed, so that it is whole or it is not there.

It holds tensors and plain numbers only and is read with `weights_only=True`: opening a stranger's file runs no code.
"""

import os
import random
from pathlib import Path
from typing import Any

import torch

from solutions.training.config import TrainingError

State = dict[str, Any]

LAST, BEST = "last.pt", "best.pt"
FORMAT = 1


def write_checkpoint(path: Path, state: State) -> None:
    """Write `state` to `path`: after a crash at any moment the file holds the old state or the new one, never half."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            torch.save({"format": FORMAT, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in the same way."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what a killed run left half-written."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> State:
    """Return what `write_checkpoint` wrote, on the CPU.

    Raises:
        TrainingError: there is no such file, or it is no checkpoint of ours.
    """
    if not path.is_file():
        raise TrainingError(f"{path.parent} has no checkpoint {path.name}; python -m solutions train writes one")
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
        found = state["format"]
    except Exception:  # a damaged file fails in a dozen ways: zip, pickle, OS
        raise TrainingError(f"{path} is not a whole checkpoint of ours") from None
    if found != FORMAT:
        raise TrainingError(f"{path} has format {found}; this version reads format {FORMAT}")
    return state


def random_state() -> State:
    """Return the state of every generator that training draws from."""
    state: State = {"torch": torch.get_rng_state(), "python": random.getstate()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def restore_random_state(state: State) -> None:
    """Bring the generators back to `state`; a GPU's, where it had one and there is one now."""
    torch.set_rng_state(state["torch"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
