"""What happened in training: what `course.training.fit` notes, and `course.live` draws while it goes on."""

from dataclasses import dataclass, field


@dataclass
class History:
    """What happened in training. `metrics` holds (step, value) of each look at the validation set."""

    losses: list[float] = field(default_factory=list)
    metrics: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    stopped_because: str = ""
