"""Chapter 11, Mask R-CNN: a mask for each object, and why half a pixel begins to matter.

A value between the cells of a map, a region's values without rounding, what a region should draw, what a wrong drawing
costs, and how it gets back into the picture.
"""

CHAPTER = "11_mask_rcnn"

EXERCISES = ("bilinear_sample", "roi_align", "project_masks", "mask_loss", "paste_masks")
"""In the order of the chapter; each is a module beside this one."""
