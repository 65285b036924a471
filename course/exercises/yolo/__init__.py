"""Chapter 10, YOLO: a grid of cells that says everything at once, without proposals.

An image's objects as the numbers of a grid, a network's numbers as boxes again, who answers for an object, and what all
of it costs.
"""

CHAPTER = "10_yolo"

EXERCISES = ("encode_targets", "decode_predictions", "responsible_predictors", "yolo_loss")
"""In the order of the chapter; each is a module beside this one."""
