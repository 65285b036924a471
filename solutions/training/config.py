"""What a training run is: one frozen dataclass, made from the command line and kept beside the weights as JSON.

Nothing here imports torch, so that a typing error is answered at once.
"""

import ast
import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("32", "bf16-mixed", "16-mixed")

RUN_ANYWHERE = (
    "root",
    "download",
    "budget_seconds",
    "steps",
    "device",
    "devices",
    "precision",
    "workers",
    "looks",
    "checkpoint_every",
)
"""What may change when a run is resumed: where and for how long it trains, not what."""


class TrainingError(Exception):
    """What was asked cannot be done; the message is a sentence for the one who asked."""


@dataclass(frozen=True)
class TrainConfig:
    """A training run. `batch_size` counts the images of a step over all devices together.

    A run ends after `budget_seconds` or after `steps`, whichever comes first. It measures itself `looks` times and
    writes a checkpoint every `checkpoint_every` steps. `weights` are those that the model starts from: "imagenet", or a
    file.

    Raises:
        TrainingError: a value out of range.
    """

    model: str
    data: str = "farm"
    data_seed: int = 0
    root: str | None = None
    download: bool = False
    data_options: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (64, 64)
    train_images: int = 2000
    val_images: int = 300
    budget_seconds: float | None = None
    steps: int | None = None
    batch_size: int = 16
    lr: float = 3e-3
    weight_decay: float = 1e-4
    clip_norm: float = 10.0
    seed: int = 0
    device: str = "auto"
    devices: int = 1
    precision: str = "32"
    workers: int = 0
    looks: int = 5
    checkpoint_every: int = 200
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise TrainingError(f"--device must be one of {', '.join(DEVICES)}, got {self.device!r}")
        if self.precision not in PRECISIONS:
            raise TrainingError(f"--precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}")
        if self.budget_seconds is None and self.steps is None:
            raise TrainingError("a run needs an end: --budget 3m or --steps 1000")
        counts = ("steps", "batch_size", "devices", "looks", "checkpoint_every", "train_images", "val_images")
        for name in (*counts, "lr", "clip_norm", "budget_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise TrainingError(f"--{name.replace('_', '-')} must be above zero, got {value}")
        for name in ("seed", "data_seed", "workers", "weight_decay"):
            if getattr(self, name) < 0:
                raise TrainingError(f"--{name.replace('_', '-')} must not be negative, got {getattr(self, name)}")
        if self.batch_size % self.devices:
            raise TrainingError(f"--batch-size {self.batch_size} cannot be shared equally by --devices {self.devices}")
        if self.batch_size > self.train_images:
            raise TrainingError(f"--batch-size {self.batch_size} is more than the --train-images {self.train_images}")

    def to_json(self) -> str:
        """Return the configuration as JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
        """Return the configuration that `to_json` wrote."""
        values = json.loads(text)
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in values.items() if name in known}
        return cls(**{**values, "size": tuple(values["size"])})


def read_config(folder: Path) -> TrainConfig:
    """Return the configuration of the run in `folder`.

    Raises:
        TrainingError: there is no run, or its configuration is damaged.
    """
    path = folder / "config.json"
    try:
        return TrainConfig.from_json(path.read_text())
    except FileNotFoundError:
        raise TrainingError(f"{folder} holds no training run: it has no config.json") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{path} cannot be read: {error}") from None


def continued(saved: TrainConfig, given: Mapping[str, Any], folder: Path) -> TrainConfig:
    """Return the configuration of a resumed run: the saved one, with what was given of where and how long.

    Raises:
        TrainingError: something was given that would make it another run.
    """
    for name, value in given.items():
        before = getattr(saved, name)
        if name not in RUN_ANYWHERE and value != before:
            shown = name if name == "model" else f"--{name.replace('_', '-')}"
            raise TrainingError(
                f"{shown} was {before} when {folder} began, got {value}; leave it out, or train anew in another folder"
            )
    return TrainConfig(**{**{one.name: getattr(saved, one.name) for one in fields(saved)}, **given})


def parse_budget(text: str) -> float:
    """Return the seconds that "90s", "3m" or "1.5h" mean.

    Raises:
        TrainingError: something else.

    >>> parse_budget("3m"), parse_budget("1.5 h")
    (180.0, 5400.0)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(s|sec|m|min|h)\s*", text)
    if match is None:
        raise TrainingError(f"--budget must be seconds, minutes or hours, such as 90s, 3m or 1.5h, got {text!r}")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2][0]]


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) of "64x96" or "64".

    Raises:
        TrainingError: something else.

    >>> parse_size("64x96"), parse_size("64")
    ((64, 96), (64, 64))
    """
    match = re.fullmatch(r"\s*(\d+)(?:\s*[x×]\s*(\d+))?\s*", text)
    if match is None:
        raise TrainingError(f"--size must be HEIGHTxWIDTH in pixels, such as 64x96, got {text!r}")
    return int(match[1]), int(match[2] or match[1])


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """Return options of a data set from "animals=(2, 6)" and the like; what is no Python literal is a string.

    Raises:
        TrainingError: no name or no value.

    >>> parse_options(["animals=(2, 6)", "clutter=0.8"])
    {'animals': [2, 6], 'clutter': 0.8}
    """
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name.strip().isidentifier() and equals and value.strip()):
            raise TrainingError(f"--option must be NAME=VALUE, such as clutter=0.8, got {text!r}")
        try:
            literal = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            literal = value.strip()
        options[name.strip()] = list(literal) if isinstance(literal, tuple) else literal
    return options


def choose(kind: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if it is known.

    Raises:
        TrainingError: it is not; the sentence says which are, the nearest first.
    """
    names = list(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name.lower().replace("_", "-"), names, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}? " if near else ""
    raise TrainingError(f"there is no {kind} {name!r}; {guess}There are {', '.join(names)}")
