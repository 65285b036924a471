"""What several exercises of this chapter share: what is off the table."""

NO_ANCHORS = (r"^torchvision\.models\.detection", r"^kornia", r"anchorgenerator")
NO_ANCHORS_SENTENCE = "This exercise is to make the anchors yourself, without a library that does."
