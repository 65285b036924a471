"""Where each chapter's exercises are declared, and how an exercise is found by its name."""

from difflib import get_close_matches
from functools import cache
from importlib import import_module

from course.exercises.exercise import Exercise

MODULES = {
    "01_sliding_window": "course.exercises.sliding_window",
    "02_fcn": "course.exercises.fcn",
    "03_unpooling": "course.exercises.unpooling",
    "04_transposed_conv": "course.exercises.transposed_conv",
}
"""A chapter's id and the module that declares its exercises, in the order of the chapters."""


@cache
def of_chapter(chapter: str) -> tuple[Exercise, ...]:
    """Return the exercises of `chapter`, in their order.

    Raises:
        KeyError: no such chapter; the message names those that there are.
    """
    if chapter not in MODULES:
        raise KeyError(f"there is no chapter {chapter!r}; there are {', '.join(MODULES)}")
    declared: tuple[Exercise, ...] = import_module(MODULES[chapter]).EXERCISES
    return declared


def all_exercises() -> tuple[Exercise, ...]:
    """Return the exercises of all chapters."""
    return tuple(exercise for chapter in MODULES for exercise in of_chapter(chapter))


def find(name: str) -> Exercise:
    """Return the exercise called `name`.

    Raises:
        KeyError: no such exercise; the message names the nearest.
    """
    exercises = {exercise.name: exercise for exercise in all_exercises()}
    if name in exercises:
        return exercises[name]
    near = get_close_matches(name, exercises, n=1)
    wish = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(exercises)}"
    raise KeyError(f"there is no exercise {name!r}; {wish}")
