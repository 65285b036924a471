"""Chapter 04, Transposed convolution: an upsampling that is learnt.

Values, filters and biases are small multiples of 1/4, so that stamps may be summed in any order. Padding stays below
the filter's size, as it does in networks: the well-known way over a convolution of a bed of nails needs that.
"""

CHAPTER = "04_transposed_conv"

EXERCISES = (
    "conv_transpose_output_size",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_matrix",
    "bilinear_kernel",
    "fuse_skip",
)
"""In the order of the chapter; each is a module beside this one."""
