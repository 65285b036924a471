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
_LEAST_GAP = 1e-13  # or where the digits are used up


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
    # Features around 0 and of length 1 lose no digits: the bias takes the one, the strengths the square of the other.
    centre = features.mean(dim=0)
    length = (features - centre).square().sum(dim=1).mean().sqrt().clamp(min=1e-12)
    strengths = strengths * length**2
    signed = labels[:, None] * (features - centre) / length
    alpha, bias = strengths / 2, features.new_zeros(())
    low, high = torch.ones_like(alpha), torch.ones_like(alpha)
    for _ in range(_MOST_STEPS):
        room = strengths - alpha
        mu = (alpha @ low + room @ high) / (2 * len(alpha))
        slope = signed @ (signed.T @ alpha) - 1 + bias * labels - low + high  # 0 at the optimum
        error = max(slope.abs().max(), (labels @ alpha).abs() / strengths.sum())
        if mu <= _GAP * strengths.mean() and (error <= _ERROR or mu <= _LEAST_GAP * strengths.mean()):
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
        share = _inside(alpha, room, low, high, straight)
        ahead = (alpha + share * straight[0]) @ (low + share * straight[2])
        ahead = ahead + (room - share * straight[0]) @ (high + share * straight[3])
        target = mu * (ahead / (2 * len(alpha)) / mu) ** 3
        chosen = step(
            target - alpha * low - straight[0] * straight[2], target - room * high + straight[0] * straight[3]
        )
        if not all(part.isfinite().all() for part in chosen):  # the digits are used up: it does not get better
            break
        share = 0.995 * _inside(alpha, room, low, high, chosen)
        alpha, bias = alpha + share * chosen[0], bias + share * chosen[1]
        low, high = low + share * chosen[2], high + share * chosen[3]
    weight = signed.T @ alpha / length
    return weight, bias - weight @ centre


def _solver(signed: Tensor, diagonal: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what solves (ZZᵀ + diagonal) x = v, by the smaller of the two matrices that can."""
    examples, features = signed.shape
    if examples <= features:
        whole = _cholesky(signed.T, diagonal.sqrt().diag())
        return lambda v: torch.cholesky_solve(v[:, None], whole)[:, 0]
    small = _cholesky(signed / diagonal.sqrt()[:, None], torch.eye(features).to(signed))
    thinned = signed / diagonal[:, None]
    return lambda v: v / diagonal - thinned @ torch.cholesky_solve((thinned.T @ v)[:, None], small)[:, 0]


def _cholesky(above: Tensor, below: Tensor) -> Tensor:
    """Return a lower triangle L with LLᵀ = AᵀA + BᵀB.

    Near the optimum the numbers of the one may be 10²⁰ times those of the other, and added up they drown them. Then
    the triangle is taken from A above B by QR, which adds nothing up and takes ten times as long.
    """
    triangle: Tensor
    triangle, failed = torch.linalg.cholesky_ex(above.T @ above + below.T @ below)
    if not failed:
        return triangle
    upper: Tensor = torch.linalg.qr(torch.cat([above, below]), mode="r").R
    return upper.mT


def _inside(alpha: Tensor, room: Tensor, low: Tensor, high: Tensor, step: tuple[Tensor, ...]) -> Tensor:
    """Return the share of a step, at most 1, after which all four are still positive."""
    changes = torch.cat([step[0], -step[0], step[2], step[3]])
    now = torch.cat([alpha, room, low, high])
    shares = torch.where(changes < 0, -now / changes, torch.inf)
    return shares.min().clamp(max=1)
