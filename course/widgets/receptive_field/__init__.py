"""ReceptiveField: how many pixels of the input a unit sees through layers of convolution and pooling.

Kernel, stride and dilation of each layer can be chosen; what a unit of the last layer sees is predicted, then traced
down to the input, where the number of paths says how unevenly it looks (chapter 02).
"""

from traitlets import Int, List, TraitError, validate

from course.widgets._base import CourseWidget

KERNELS, STRIDES, DILATIONS = (1, 2, 3, 5), (1, 2), (1, 2, 4)
MOST_LAYERS = 6


class ReceptiveField(CourseWidget):
    """Predict how far a unit sees, then follow its sight down to the pixels.

    `layers` holds [kernel, stride, dilation] for each layer, the input's first: a convolution of 3 × 3 is [3, 1, 1],
    and a halving, 2 × 2 pooling with stride 2, is [2, 2, 1].
    """

    layers = List(List(Int()), [[3, 1, 1], [3, 1, 1], [3, 1, 1]]).tag(sync=True)

    @validate("layers")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_choices(self, proposal: dict[str, list[list[int]]]) -> list[list[int]]:
        layers = [list(layer) for layer in proposal["value"]]
        if not 1 <= len(layers) <= MOST_LAYERS:
            raise TraitError(f"layers must be 1 to {MOST_LAYERS} layers, got {len(layers)}")
        for layer in layers:
            known = len(layer) == 3 and all(
                value in values for value, values in zip(layer, (KERNELS, STRIDES, DILATIONS), strict=True)
            )
            if not known:
                raise TraitError(
                    f"a layer is [kernel, stride, dilation] of {KERNELS}, {STRIDES} and {DILATIONS}, got {layer}"
                )
        return layers
