"""A linear support vector machine for each class, and the hunt for negatives that are hard (Girshick et al. 2014).

`svm_loss` has a kink at every margin, so plain gradient descent only comes near its minimum. `LinearSVM` solves the
dual problem by an interior-point method: it stays inside the box 0 ≤ α ≤ C and goes along its middle to where the
optimum is, in some twenty steps whatever the data. The matrices that it solves are as large as there are features, not
as there are examples (Fine & Scheinberg 2001, Ferris & Munson 2003).

Nearly all regions of a picture are background, and most of them easily so. Those need no machine: train on a few, look
which of the others are inside the margin, add them and train again. When no such region is left, the machine is the one
that all of them together would have given.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from solutions.require import require_int
from solutions.require_proposals import require_signs
from solutions.require_tensors import require_number, require_tensor

_MOST_STEPS = 100
_GAP, _ERROR = 1e-9, 1e-6  # where to stop: α · low as a share of C, and what the two other conditions may be off by


class LinearSVM(nn.Module):
    """A linear support vector machine: the `weight` (D,) and `bias` () that minimise `svm_loss`.

    `strength` is how much an example inside the margin costs; that of positive ones counts
    `positive_weight` times. `svm(features)` returns the scores (N,) of features (N, D):
    positive where they look like class +1, and beyond ±1 outside the margin. Where more than
    one bias is best, it is one of those. As scikit-learn's `SVC(kernel="linear")`, whose C
    is `strength`.

    Raises:
        TypeError: not numbers.
        ValueError: not greater than 0.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, num_features: int, strength: float = 1.0, positive_weight: float = 1.0) -> None:
        super().__init__()
        require_int("num_features", num_features, least=1)
        require_number("strength", strength, above=0)
        require_number("positive_weight", positive_weight, above=0)
        self.strength, self.positive_weight = strength, positive_weight
        self.register_buffer("weight", torch.zeros(num_features))
        self.register_buffer("bias", torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """Return the scores (N,) of `features` (N, D)."""
        return features @ self.weight.to(features) + self.bias.to(features)

    def fit(self, features: Tensor, labels: Tensor) -> "LinearSVM":
        """Find weight and bias for `features` (N, D) and `labels` (N,), +1 or −1, and return the machine.

        Raises:
            TypeError: not floating-point tensors of one dtype.
            ValueError: other shapes, or labels that are neither 1 nor −1.
        """
        require_tensor("features", features, ("N", len(self.weight)))
        require_signs(labels, features)
        weights = torch.where(labels > 0, self.positive_weight, 1.0).double()
        weight, bias = solve_svm(features.double(), labels.double(), self.strength * weights)
        self.weight, self.bias = weight.to(features), bias.to(features)
        return self


def solve_svm(features: Tensor, labels: Tensor, strengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weight (D,) and the bias () of the best machine; each example has a strength of its own.

    The dual problem: minimise ½‖Zᵀα‖² − Σα with 0 ≤ α ≤ C and Σ yα = 0, where row n of Z is
    yₙ · xₙ; the weight is Zᵀα, and the bias is the multiplier of the last condition. Each
    bound has a multiplier too, `low` and `high`, and at the optimum α · low = 0 and
    (C − α) · high = 0. Newton steps go to where both products are a small μ, with Mehrotra's
    correction (1992), and μ goes to 0.
    """
    if not (labels > 0).any() or not (labels < 0).any():  # w = 0, and all are on the right side of the margin
        return features.new_zeros(features.shape[1]), labels.sum().sign()
    centre = features.mean(dim=0)  # a machine for features around 0 loses no digits, and the bias takes the rest
    signed = labels[:, None] * (features - centre)
    alpha, bias = strengths / 2, features.new_zeros(())
    low, high = torch.ones_like(alpha), torch.ones_like(alpha)
    for _ in range(_MOST_STEPS):
        room = strengths - alpha
        mu = (alpha @ low + room @ high) / (2 * len(alpha))
        slope = signed @ (signed.T @ alpha) - 1 + bias * labels - low + high  # 0 at the optimum
        if mu <= _GAP * strengths.mean() and max(slope.abs().max(), (labels @ alpha).abs() / strengths.sum()) <= _ERROR:
            break
        solve = _solver(signed, low / alpha + high / room)
        through = solve(labels)

        def step(by_low: Tensor, by_high: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            """Return the Newton step to where α · low and (C − α) · high change by so much."""
            wanted = -slope + by_low / alpha - by_high / room  # noqa: B023  # called in this turn of the loop only
            there = solve(wanted)  # noqa: B023
            to_bias = (labels @ there + labels @ alpha) / (labels @ through)  # noqa: B023
            to_alpha = there - to_bias * through  # noqa: B023
            return to_alpha, to_bias, (by_low - low * to_alpha) / alpha, (by_high + high * to_alpha) / room  # noqa: B023

        straight = step(-alpha * low, -room * high)
        length = _inside(alpha, room, low, high, straight)
        ahead = (alpha + length * straight[0]) @ (low + length * straight[2])
        ahead = ahead + (room - length * straight[0]) @ (high + length * straight[3])
        target = mu * (ahead / (2 * len(alpha)) / mu) ** 3
        chosen = step(
            target - alpha * low - straight[0] * straight[2], target - room * high + straight[0] * straight[3]
        )
        length = 0.995 * _inside(alpha, room, low, high, chosen)
        alpha, bias = alpha + length * chosen[0], bias + length * chosen[1]
        low, high = low + length * chosen[2], high + length * chosen[3]
    weight = signed.T @ alpha
    return weight, bias - weight @ centre


def _solver(signed: Tensor, diagonal: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what solves (ZZᵀ + diagonal) x = v, by the smaller of the two matrices that can."""
    examples, features = signed.shape
    if examples <= features:
        whole = torch.linalg.cholesky(signed @ signed.T + diagonal.diag())
        return lambda v: torch.cholesky_solve(v[:, None], whole)[:, 0]
    thinned = signed / diagonal[:, None]
    small = torch.linalg.cholesky(torch.eye(features).to(signed) + signed.T @ thinned)
    return lambda v: v / diagonal - thinned @ torch.cholesky_solve((thinned.T @ v)[:, None], small)[:, 0]


def _inside(alpha: Tensor, room: Tensor, low: Tensor, high: Tensor, step: tuple[Tensor, ...]) -> Tensor:
    """Return the share of a step, at most 1, after which all four are still positive."""
    changes = torch.cat([step[0], -step[0], step[2], step[3]])
    now = torch.cat([alpha, room, low, high])
    shares = torch.where(changes < 0, -now / changes, torch.inf)
    return shares.min().clamp(max=1)


def mine_hard_negatives(scores: Tensor, used: Tensor, margin: float = -1.0, most: int | None = None) -> Tensor:
    """Return the indices of negatives that are still too well liked, the worst first, at most `most`. int64.

    `scores` (M,) are what a machine says of M negatives, `used` (M,) bool which of them it was
    trained with. Hard are those of the others that score above `margin`: a negative below −1
    costs nothing, and would not move the machine. Of equal scores the lower index comes first.

    Raises:
        TypeError: scores that are not floating point, `used` that is not bool, or a margin that is no number.
        ValueError: other shapes, or `most` below 1.

    >>> scores = torch.tensor([-2.0, 0.5, -0.5, 3.0])
    >>> mine_hard_negatives(scores, used=torch.tensor([False, False, False, True]))
    tensor([1, 2])
    """
    require_tensor("scores", scores, ("M",))
    require_tensor("used", used, (len(scores),), dtype=torch.bool)
    require_number("margin", margin)
    if most is not None:
        require_int("most", most, least=1)
    (hard,) = torch.where(~used & (scores > margin))
    return hard[scores[hard].argsort(descending=True, stable=True)][:most]


def fit_with_hard_negatives(
    svm: LinearSVM, positives: Tensor, negatives: Tensor, first: int = 500, most: int = 500, rounds: int = 10
) -> list[int]:
    """Fit `svm` to `positives` (P, D) and to the hard ones of `negatives` (M, D); return how many were used each round.

    It begins with `first` of the negatives, spread over all of them, and adds at most `most` hard ones a round, until
    there are none or `rounds` are over. Where there are none, the machine is that of all negatives.
    """
    used = torch.zeros(len(negatives), dtype=torch.bool, device=negatives.device)
    used[:: max(-(-len(negatives) // first), 1)] = True
    counts: list[int] = []
    while True:
        features = torch.cat([positives, negatives[used]])
        labels = torch.cat([torch.ones(len(positives)), -torch.ones(int(used.sum()))]).to(features)
        svm.fit(features, labels)
        counts.append(int(used.sum()))
        hard = mine_hard_negatives(svm(negatives), used, most=most)
        if not len(hard) or len(counts) == rounds:
            return counts
        used[hard] = True
