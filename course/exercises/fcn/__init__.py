"""Chapter 02, Fully convolutional networks: every pixel at once.

One loss for all pixels, the counting behind the metrics, what a network's maps weigh, and the way down and up again.
"""

CHAPTER = "02_fcn"

EXERCISES = (
    "pixel_cross_entropy",
    "activation_bytes",
    "encoder_decoder",
    "confusion_matrix",
    "mean_iou",
)
"""In the order of the chapter; each is a module beside this one."""
