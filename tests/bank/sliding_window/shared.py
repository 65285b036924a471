"""What the answers to several exercises of this chapter use."""

import torch


def cut(image, size, stride=1, tops=None, lefts=None):
    """Cut with loops; `tops` and `lefts` may be other corners than the right ones."""
    channels, height, width = image.shape
    tops = range(0, height - size + 1, stride) if tops is None else tops
    lefts = range(0, width - size + 1, stride) if lefts is None else lefts
    found = [image[:, top : top + size, left : left + size] for top in tops for left in lefts]
    return torch.stack(found) if found else image.new_zeros(0, channels, size, size)
