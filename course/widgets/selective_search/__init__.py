"""SelectiveSearch: pieces of a farm scene that grow together, two at a time, and the box that each region leaves.

Which two that touch are the most alike? The reader chooses them before they merge; then four bars say why, in colour,
texture, size and fill, and a curve says what the boxes so far are worth for each animal (chapter 07).
"""

from traitlets import Enum, List, TraitError, validate

from course.widgets._base import CourseWidget

TERMS = ("colour", "texture", "size", "fill")


class SelectiveSearch(CourseWidget):
    """Predict the next merge, then watch the boxes find the animals.

    `terms` are those of the four that count in how alike two regions are.
    """

    terms = List(Enum(TERMS), list(TERMS)).tag(sync=True)

    @validate("terms")  # type: ignore[untyped-decorator]  # traitlets leaves it untyped
    def _must_be_some_once(self, proposal: dict[str, object]) -> object:
        terms = proposal["value"]
        assert isinstance(terms, list)
        if not terms or len(set(terms)) != len(terms):
            raise TraitError(f"terms must be one or more of {', '.join(TERMS)}, each once, got {terms}")
        return [term for term in TERMS if term in terms]
