"""Wrong and right answers to `conv_transpose_output_size`."""

from fractions import Fraction

import torch
from torch import nn

from autograde.building.bank import mistake, variant

# --- mistakes ---------------------------------------------------------------------------------------------------------


@mistake(
    "This is the size after an ordinary convolution, which shrinks. You are on the way back.",
)
def size_of_a_convolution(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size + 2 * padding - kernel_size) // stride + 1


@mistake(
    "You count `size` strides. From the first stamp to the last there is one fewer.",
)
def size_with_a_stride_too_many(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride - 2 * padding + kernel_size + output_padding


@mistake("You crop `padding` once; both ends lose that many.")
def size_cropped_once(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - padding + kernel_size + output_padding


@mistake("You add the padding. In a transposed convolution it takes pixels away.")
def size_padded(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride + 2 * padding + kernel_size + output_padding


@mistake(
    "You never let the output be smaller than the input. Padding crops what the stamps made, and may leave less.",
)
def size_at_least_that_of_the_input(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(size, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("You never let the output be smaller than the kernel. Padding crops stamps too.")
def size_at_least_that_of_the_kernel(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(kernel_size, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("You never let the output be a single pixel. Padding may leave just one.")
def size_of_two_pixels_at_least(size, kernel_size, stride=1, padding=0, output_padding=0):
    return max(2, (size - 1) * stride - 2 * padding + kernel_size + output_padding)


@mistake("You ignore the padding, which crops the output.")
def size_without_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride + kernel_size + output_padding


@mistake("You ignore `output_padding`, which adds pixels at one end.")
def size_without_output_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size


@mistake("You count `output_padding` at both ends; it enlarges one of them.")
def size_with_output_padding_twice(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size + 2 * output_padding


@mistake("You subtract `output_padding`; it enlarges the output.")
def size_less_output_padding(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size - output_padding


@mistake(
    "You forget how far the last stamp reaches: one pixel of it is not all.",
)
def size_to_the_last_start(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + 1 + output_padding


@mistake("You multiply size and stride and stop there; kernel and padding matter too.")
def size_times_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride + output_padding


@mistake("You count `size` strides and forget how far the last stamp reaches: a whole kernel from where it starts.")
def size_of_strides_alone(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride - 2 * padding + output_padding


@mistake("You count the places that a stamp reaches. Gaps between stamps are part of the output too.")
def size_without_gaps(size, kernel_size, stride=1, padding=0, output_padding=0):
    return len({place * stride + a for place in range(size) for a in range(kernel_size)}) - 2 * padding + output_padding


@mistake(
    "As soon as there is padding you return size·stride, as Keras's “same” does. Here `padding` is a number of pixels."
)
def size_as_keras_has_it(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size * stride if padding else (size - 1) * stride + kernel_size + output_padding


@mistake(
    "You take the largest size that a convolution brings back to `size`. It is the smallest, and `output_padding` adds to it."
)
def largest_size_that_fits(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size + stride - 1


@mistake("You multiply `output_padding` by the stride; it already counts pixels of the output.")
def size_with_output_padding_in_strides(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + kernel_size + output_padding * stride


@mistake(
    "Your result is one too small: the first pixel of the last stamp counts, and so do all the others.",
)
def size_one_too_small(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * stride - 2 * padding + (kernel_size - 1) + output_padding


@mistake(
    "You count the gap of zeros between two pixels as `stride` wide; it is one narrower.",
)
def size_with_wider_gaps(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1) * (stride + 1) - 2 * padding + kernel_size + output_padding


@mistake("You ignore the stride: stamps start `stride` pixels apart.")
def size_without_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return size - 1 - 2 * padding + kernel_size + output_padding


@mistake(
    "You apply the stride to everything. Kernel, padding and output padding are already counted in output pixels.",
)
def size_all_times_stride(size, kernel_size, stride=1, padding=0, output_padding=0):
    return (size - 1 - 2 * padding + kernel_size + output_padding) * stride


@mistake("You work the size out and print it. A caller needs it returned.")
def prints_the_size(size, kernel_size, stride=1, padding=0, output_padding=0):
    str((size - 1) * stride - 2 * padding + kernel_size + output_padding)


# --- variants ---------------------------------------------------------------------------------------------------------


@variant
def size_by_the_formula(size, kernel_size, stride=1, padding=0, output_padding=0):
    return stride * (size - 1) + kernel_size - padding - padding + output_padding


@variant
def size_as_in_the_documentation(n, k, s=1, p=0, extra=0):
    return (n - 1) * s - 2 * p + 1 * (k - 1) + extra + 1


@variant
def size_by_counting(size, kernel_size, stride=1, padding=0, output_padding=0):
    reached = 0
    for start in range(0, size * stride, stride):
        reached = max(reached, start + kernel_size)
    return len(range(padding, reached + output_padding - padding))


@variant
def size_by_searching(size, kernel_size, stride=1, padding=0, output_padding=0):
    """The smallest size that a convolution maps to `size`, enlarged."""
    output = max(1, kernel_size - 2 * padding)
    while (output + 2 * padding - kernel_size) // stride + 1 < size:
        output += 1
    return output + output_padding


@variant
def size_of_the_nails_and_a_convolution(size, kernel_size, stride=1, padding=0, output_padding=0):
    nails = size + (size - 1) * (stride - 1)
    around = kernel_size - 1 - padding
    return nails + 2 * around + output_padding - kernel_size + 1


@variant
def size_as_a_tensor(size, kernel_size, stride=1, padding=0, output_padding=0):
    return torch.tensor((size - 1) * stride - 2 * padding + kernel_size + output_padding)


@variant
def size_as_a_float(size, kernel_size, stride=1, padding=0, output_padding=0):
    return float(Fraction(size - 1) * stride - 2 * padding + kernel_size + output_padding)


@variant
def size_by_asking_torch(size, kernel_size, stride=1, padding=0, output_padding=0):
    layer = nn.ConvTranspose1d(1, 1, kernel_size, stride, padding, output_padding)
    return layer(torch.zeros(1, 1, size)).shape[2]
