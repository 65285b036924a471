"""Find exercises: those of a chapter in their order, all of them, or one by its name.

A folder of this package is a chapter. Its `CHAPTER` is the chapter's id, its `EXERCISES` name the modules beside it,
each of which declares one `EXERCISE`. There is no other list.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

import course.exercises
from course.exercises.exercise import Exercise


def _topics() -> dict[str, str]:
    topics = (module.name for module in iter_modules(course.exercises.__path__) if module.ispkg)
    return dict(sorted((_package(topic).CHAPTER, topic) for topic in topics))


def _package(topic: str) -> "_Chapter":
    return import_module(f"course.exercises.{topic}")


class _Chapter(Protocol):
    CHAPTER: str
    EXERCISES: tuple[str, ...]


CHAPTERS: Mapping[str, str] = _topics()
"""A chapter's id and its topic, the name of its folder here and of its modules elsewhere; in the chapters' order."""


@cache
def of_chapter(chapter: str) -> tuple[Exercise, ...]:
    """Return the exercises of `chapter`, in their order.

    Raises:
        KeyError: no such chapter; the message names those that there are.
    """
    if chapter not in CHAPTERS:
        raise KeyError(f"there is no chapter {chapter!r}; there are {', '.join(CHAPTERS)}")
    topic = CHAPTERS[chapter]
    modules = (import_module(f"course.exercises.{topic}.{name}") for name in _package(topic).EXERCISES)
    return tuple(module.EXERCISE for module in modules)


def all_exercises() -> tuple[Exercise, ...]:
    """Return the exercises of all chapters."""
    return tuple(exercise for chapter in CHAPTERS for exercise in of_chapter(chapter))


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
