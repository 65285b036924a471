"""What was measured: the number that decides which weights are best, and all the others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """What was measured. `values[headline]` decides which weights are best; higher is better."""

    headline: str
    values: dict[str, float]
    per_class: dict[str, float]

    @property
    def value(self) -> float:
        """Return the number that decides."""
        return self.values[self.headline]
