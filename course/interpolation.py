"""Bilinear interpolation as a transposed convolution: its stamp, had from torch's own interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def stamp_of_interpolation(channels: int, kernel_size: int) -> Tensor:
    """Return the filter (channels, channels, k, k) that enlarges each channel by k / 2, as interpolation does.

    It is what `F.interpolate` makes of a single 1, so that a transposed convolution with stride k / 2 and padding k / 4
    interpolates. Channels do not mix.

    Raises:
        ValueError: `kernel_size` is no multiple of 4: only where k / 2 is even does its pyramid lie between two pixels.
    """
    import torch
    import torch.nn.functional as F

    if kernel_size < 4 or kernel_size % 4:
        raise ValueError(f"kernel_size must be a multiple of 4, got {kernel_size}")
    factor = kernel_size // 2
    spikes = F.pad(torch.eye(channels)[:, :, None, None], (1, 1, 1, 1))  # (channels, channels, 3, 3)
    around = F.interpolate(spikes, scale_factor=factor, mode="bilinear")
    inside = slice(factor // 2, factor // 2 + kernel_size)
    return around[..., inside, inside]
