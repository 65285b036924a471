"""The minimum of a support vector machine's loss, by an interior-point method on the dual problem.

The loss has a kink at every margin, so gradient descent only comes near its minimum. The dual problem has none: it is a
parabola in a box, 0 ≤ α ≤ C. The method stays inside the box and goes along its middle to where the optimum is, in some
twenty steps whatever the data. The matrices that it solves are as large as there are features, not as there are
examples (Fine & Scheinberg 2001, Ferris & Munson 2003).
"""

from collections.abc import Callable

import torch
from torch import Tensor

_MOST_STEPS = 100
_GAP, _ERROR = 1e-9, 1e-6  # where to stop: α · low as a share of C, and what the two other conditions may be off by


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
