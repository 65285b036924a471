"""Layers that look at what goes through them: for cases that ask how an answer calls a network."""

from torch import Tensor, nn


class AtMost(nn.Module):
    """Passes a batch of at most `limit` items on as it is; a larger one is an error.

    Raises:
        ValueError: in `forward`, a batch of more than `limit` items.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` (B, …), unless B is above the limit."""
        if len(x) > self.limit:
            raise ValueError(f"the classifier takes at most {self.limit} patches at a time, got {len(x)}")
        return x

    def extra_repr(self) -> str:
        """Show the limit where the network is printed."""
        return str(self.limit)
