"""The capstone: what a detector gets wrong, and what mending it would give (after Bolya et al., 2020).

`error_types` names for each detection what is wrong with it, and `worth_of_mending` says how much average precision
each kind of mistake costs.
"""

from solutions.capstone.errors import ERROR_TYPES, error_types
from solutions.capstone.mending import worth_of_mending

__all__ = ["ERROR_TYPES", "error_types", "worth_of_mending"]
