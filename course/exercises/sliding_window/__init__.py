"""Chapter 01, Sliding window: one patch, one label, and what it costs.

Images and weights are whole numbers, so that scores are exact in any order of summation, and a tie is one for all.
"""

CHAPTER = "01_sliding_window"

EXERCISES = (
    "count_windows",
    "extract_patches",
    "segment_by_patches",
    "linear_to_conv",
    "count_multiply_adds",
)
"""In the order of the chapter; each is a module beside this one."""
