"""Chapter 03, Unpooling: five ways to lose resolution and to bring it back.

The cases draw positions with torch's own max pooling, as an encoder would; what an answer must do with them stays with
the reference.
"""

CHAPTER = "03_unpooling"

EXERCISES = (
    "nearest_unpool2d",
    "bed_of_nails2d",
    "max_pool2d_with_indices",
    "max_unpool2d",
    "decoder_stage",
)
"""In the order of the chapter; each is a module beside this one."""
