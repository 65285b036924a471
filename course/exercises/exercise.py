"""What an exercise is: a name, what it is worth, how it is called, and the cases that an answer must get right.

An exercise says nothing of its solution. Its reference is named, not imported: `solutions` is not there on a student's
machine. The cases are families: each seed draws other numbers and sizes for the same situations, so that the notebook's
public cases and the grader's hidden ones test the same things.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

PUBLIC_SEED = 0
"""The seed of the cases whose expected answers are shipped with the course."""


@dataclass(frozen=True)
class Case:
    """One call that an answer must get right.

    `args` are passed by position in this order, `options` by keyword. `gradient` asks, besides the values, for the
    gradients with respect to every floating-point tensor among them, but for the exercise's `constants`.
    """

    name: str
    args: Mapping[str, object]
    options: Mapping[str, object] = field(default_factory=dict)
    gradient: bool = False

    @property
    def inputs(self) -> dict[str, object]:
        """All arguments by name, positional ones first."""
        return {**self.args, **self.options}


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes.

    The first case is the basic one: without it the others earn nothing. `outputs` names what the function returns.
    `forbidden` are regular expressions over dotted paths such as `torch.nn.functional.max_unpool2d` and
    `torch.ops.aten.max_unpool2d`, lower case and without underscores; `reference` is `module:function`. Two values
    are equal when they differ by at most atol + rtol·|expected|, by dtype where `tolerance` does not say otherwise.
    `constants` names floating-point inputs that are given, as labels are: no gradient is asked with respect to them.
    Of linear layers in a row `product_only` compares the product of their weights: how it is shared among them is free.
    `insight` is what a right answer is told: why it mattered, or what to try with it now.
    """

    name: str
    chapter: str
    points: int
    minutes: int
    difficulty: int
    reference: str
    cases: Callable[[np.random.Generator], Iterable[Case]]
    hints: tuple[str, ...]
    outputs: tuple[str, ...] = ("output",)
    forbidden: tuple[str, ...] = ()
    forbidden_sentence: str = ""
    tolerance: tuple[float, float] | None = None
    constants: tuple[str, ...] = ()
    insight: str = ""
    product_only: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.difficulty <= 5:
            raise ValueError(f"difficulty of {self.name} must be 1 to 5, got {self.difficulty}")
        if self.forbidden and not self.forbidden_sentence:
            raise ValueError(f"{self.name} forbids calls but has no sentence that says so")

    def draw(self, seed: int | str) -> tuple[Case, ...]:
        """Draw the cases of `seed`; the public ones have `PUBLIC_SEED`. Names do not depend on the seed."""
        entropy = seed if isinstance(seed, int) else int.from_bytes(seed.encode(), "big")
        return tuple(self.cases(np.random.default_rng([entropy, *self.name.encode()])))
