"""What a box of a widget may be: one that can be drawn on its picture, dragged, and asked about.

    _must_be_a_box = boxes_on_the_picture("box", "other")

The numbers are those of `shared/regions.js`, which moves the boxes.
"""

from traitlets import TraitError, validate

WIDTH, HEIGHT, LEAST, MOST, FINE = 192, 128, 4, 180, 0.25


def boxes_on_the_picture(*names: str) -> object:
    """Return a validator of the traits `names`: [x1, y1, x2, y2] in quarters of a pixel, or [] for the first box."""

    def must_be_a_box(_: object, proposal: dict[str, object]) -> object:
        box, name = proposal["value"], getattr(proposal["trait"], "name", "")
        assert isinstance(box, list)
        if not box:
            return box
        if len(box) != 4:
            raise TraitError(f"{name} must be [x1, y1, x2, y2] or [], got {box}")
        x1, y1, x2, y2 = box
        if min(x1, y1) < 0 or x2 > WIDTH or y2 > HEIGHT or not LEAST <= x2 - x1 <= MOST or y2 - y1 < LEAST:
            raise TraitError(
                f"{name} must lie on {WIDTH} × {HEIGHT} pixels, {LEAST} to {MOST} wide and {LEAST} or more high, "
                f"got {box}"
            )
        if any(side % FINE for side in box):
            raise TraitError(f"{name} must be in quarters of a pixel, got {box}")
        return box

    validator: object = validate(*names)(must_be_a_box)
    return validator
