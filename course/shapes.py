"""The habits of torch's spatial arguments that chapters need: an int stands for a pair (height, width)."""

from collections.abc import Sequence


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """Return `value` as (height, width), as torch's own `kernel_size`, `stride` and `padding` read it.

    An int or a sequence of one stands for both sides.

    Raises:
        ValueError: `value` holds neither one nor two numbers.

    >>> pair(3), pair([3]), pair((2, 4))
    ((3, 3), (3, 3), (2, 4))
    """
    if isinstance(value, Sequence):
        if len(value) == 1:
            return int(value[0]), int(value[0])
        if len(value) == 2:
            return int(value[0]), int(value[1])
        raise ValueError(f"expected an int or a pair (height, width), got {len(value)} numbers: {tuple(value)}")
    return int(value), int(value)


def single(value: int | Sequence[int]) -> int:
    """Return `value` as one int, as torch reads the `stride` and `padding` of a signal: an int or a sequence of one.

    Raises:
        ValueError: `value` holds more or fewer than one number.

    >>> single(3), single((3,))
    (3, 3)
    """
    if isinstance(value, Sequence):
        if len(value) != 1:
            raise ValueError(f"expected an int or a tuple of one, got {len(value)} numbers: {tuple(value)}")
        return int(value[0])
    return int(value)
