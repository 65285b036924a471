"""The bank of wrong and right answers: `tests/bank/`, a folder a chapter and in it a file an exercise.

A mistake is a wrong implementation with the sentence that names its misconception. Who misunderstands the same may
write other code, which raises or returns something else: that is another form of it. A variant is another right way.
The builder stores what each mistake does on the public cases, in each of its forms, so that a check can recognise it;
the tests ask that every mistake is rejected and every variant accepted.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from course.exercises.catalogue import CHAPTERS, of_chapter

CHECKOUT = Path(__file__).resolve().parents[2]
"""The repository, where this package runs from a checkout."""

Answer = Callable[..., object]


@dataclass(frozen=True)
class Entry:
    """One answer of the bank. A mistake has a sentence, a variant has none; `form_of` names a mistake's first form."""

    exercise: str
    answer: Answer
    sentence: str = ""
    form_of: str = ""

    @property
    def name(self) -> str:
        """The name of the function, which says in short what it does."""
        return self.answer.__name__


def mistake(sentence: str) -> Callable[[Answer], Answer]:
    """Mark a wrong answer to the file's exercise; `sentence` says what was misunderstood, without the solution."""
    if not sentence:
        raise ValueError("a mistake needs a sentence")
    return lambda answer: _register(answer, sentence)


def form(of: Answer) -> Callable[[Answer], Answer]:
    """Mark another form of the mistake `of`, which stands above: the same misconception in code that behaves otherwise.

    Raises:
        ValueError: `of` is no mistake, or a form itself.
    """
    first = next((entry for entry in _registered.get(of.__module__, []) if entry.answer is of), None)
    if first is None or not first.sentence or first.form_of:
        raise ValueError(f"a form belongs to a mistake that stands above it; {of.__name__} is none")
    return lambda answer: _register(answer, first.sentence, first.name)


def variant(answer: Answer) -> Answer:
    """Mark another right answer to the file's exercise."""
    return _register(answer)


def mistakes(chapter: str) -> list[Entry]:
    """Return the mistakes of `chapter`, exercise by exercise, in the order in which they are written."""
    return [entry for entry in _entries_of(chapter) if entry.sentence]


def variants(chapter: str) -> list[Entry]:
    """Return the variants of `chapter`, exercise by exercise, in the order in which they are written."""
    return [entry for entry in _entries_of(chapter) if not entry.sentence]


def path_of(chapter: str, exercise: str) -> Path:
    """Return the file that holds the answers to `exercise`."""
    return CHECKOUT / "tests" / "bank" / CHAPTERS[chapter] / f"{exercise}.py"


_registered: dict[str, list[Entry]] = {}
"""By the name of the module that they stand in."""


def _register(answer: Answer, sentence: str = "", form_of: str = "") -> Answer:
    module = answer.__module__
    _registered.setdefault(module, []).append(Entry(module.rpartition(".")[2], answer, sentence, form_of))
    return answer


@cache
def _entries_of(chapter: str) -> list[Entry]:
    """Import the files of a chapter, as modules of a package `bank`, so that they can share what they need."""
    _import_package()
    entries: list[Entry] = []
    for exercise in of_chapter(chapter):
        path = path_of(chapter, exercise.name)
        if not path.exists():
            raise FileNotFoundError(f"there is no bank at {path}; building needs a checkout of the repository")
        name = f"bank.{CHAPTERS[chapter]}.{exercise.name}"
        import_module(name)
        entries += _registered.get(name, [])
    return entries


@cache
def _import_package() -> None:
    folder = CHECKOUT / "tests" / "bank"
    spec = importlib.util.spec_from_file_location(
        "bank", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not (folder / "__init__.py").exists():
        raise FileNotFoundError(f"there is no bank at {folder}; building needs a checkout of the repository")
    package = importlib.util.module_from_spec(spec)
    sys.modules["bank"] = package
    spec.loader.exec_module(package)
