"""What the answers to several exercises of this chapter use."""


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def shifted(out, bias):
    """Add the bias (Cout,) to each channel of `out` (N, Cout, …)."""
    return out if bias is None else out + bias.reshape(1, -1, *[1] * (out.ndim - 2))
