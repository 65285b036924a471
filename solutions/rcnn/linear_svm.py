"""A linear support vector machine for each class, and the hunt for negatives that are hard (Girshick et al. 2014).

`svm_loss` has a kink at every margin, so gradient descent only comes near its minimum. `LinearSVM` is there: the
solver in `course.svm` does not descend, it solves.

Nearly all regions of a picture are background, and most of them easily so. Those need no machine: train on a few, look
which of the others are inside the margin, add them and train again. When no such region is left, the machine is the one
that all of them together would have given.
"""

import torch
from torch import Tensor, nn

from course.svm import solve_svm
from solutions.require import require_int
from solutions.require_proposals import require_signs
from solutions.require_tensors import require_number, require_tensor


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
