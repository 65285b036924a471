"""The stamp of interpolation, against torch's interpolation of whole pictures."""

import pytest
import torch
import torch.nn.functional as F

from course.interpolation import stamp_of_interpolation


@pytest.mark.parametrize("kernel_size", [4, 8, 12, 16, 64])
def test_stamping_with_it_is_interpolating_away_from_the_border(kernel_size: int) -> None:
    factor = kernel_size // 2
    x = torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    stamped = F.conv_transpose2d(x, stamp_of_interpolation(3, kernel_size), stride=factor, padding=factor // 2)
    inside = slice(factor // 2, -(factor // 2))
    expected = F.interpolate(x, scale_factor=factor, mode="bilinear")
    torch.testing.assert_close(stamped[..., inside, inside], expected[..., inside, inside])


def test_it_stamps_one_three_three_one_in_sixteenths() -> None:
    row = torch.tensor([1.0, 3.0, 3.0, 1.0])
    stamp = stamp_of_interpolation(2, 4)
    torch.testing.assert_close(stamp[1, 1], row[:, None] * row / 16)
    assert not stamp[0, 1].any()


@pytest.mark.parametrize("kernel_size", [0, 2, 3, 6])
def test_a_size_without_such_a_pyramid_is_refused(kernel_size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        stamp_of_interpolation(1, kernel_size)
