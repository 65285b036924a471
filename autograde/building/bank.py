"""The bank of wrong and right answers: `tests/mistakes/` and `tests/variants/`, one module a chapter each.

A mistake is a wrong implementation with the sentence that names its misconception; a variant is another right way. The
builder stores what each mistake does on the public cases, so that a check can recognise it; the tests ask that every
mistake is rejected and every variant accepted.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from course.exercises.catalogue import MODULES

CHECKOUT = Path(__file__).resolve().parents[2]
"""The repository, where this package runs from a checkout."""

Answer = Callable[..., object]


@dataclass(frozen=True)
class Entry:
    """One answer of the bank. A mistake has a sentence, a variant has none."""

    exercise: str
    answer: Answer
    sentence: str = ""

    @property
    def name(self) -> str:
        """The name of the function, which says in short what it does."""
        return self.answer.__name__


def mistake(exercise: str, sentence: str) -> Callable[[Answer], Answer]:
    """Mark a wrong answer to `exercise`; `sentence` tells a student what was misunderstood, without the solution."""
    if not sentence:
        raise ValueError(f"a mistake in {exercise} needs a sentence")
    return lambda answer: _register(Entry(exercise, answer, sentence))


def variant(exercise: str) -> Callable[[Answer], Answer]:
    """Mark another right answer to `exercise`."""
    return lambda answer: _register(Entry(exercise, answer))


def mistakes(chapter: str) -> list[Entry]:
    """Return the mistakes of `chapter`, in the order in which they are written."""
    return _load("mistakes", chapter)


def variants(chapter: str) -> list[Entry]:
    """Return the variants of `chapter`, in the order in which they are written."""
    return _load("variants", chapter)


_entries: dict[str, list[Entry]] = {}


def _register(entry: Entry) -> Answer:
    _entries.setdefault(entry.answer.__module__, []).append(entry)
    return entry.answer


def _load(folder: str, chapter: str) -> list[Entry]:
    topic = MODULES[chapter].rsplit(".", 1)[1]
    path = CHECKOUT / "tests" / folder / f"{topic}.py"
    if not path.exists():
        raise FileNotFoundError(f"there is no bank at {path}; building needs a checkout of the repository")
    name = f"bank.{folder}.{topic}"
    if name not in sys.modules:
        _import(name, path)
    return _entries.get(name, [])


def _import(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
