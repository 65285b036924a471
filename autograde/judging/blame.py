"""Where an error began: not at the line that missed a name, but at the one that should have brought it.

A cell that fails where it is graded costs itself, and the notebook goes on. What it would have defined is missed far
below, often in another cell, and a NameError there says nothing that a student can mend. Of a library that the grader
has not, the student can mend nothing at all. Read on the trusted side; what was raised is what a stranger's process
says, and changes words alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from autograde.intake import definitions
from course.checking.calling import Failure

_MISSED = re.compile(r"name '(\w{1,80})' is not defined")
_NO_MODULE = re.compile(r"No module named '([A-Za-z_]\w{0,60})[\w.]*'")
_IN_FILE = re.compile(r" \((?:<?[^()]*, line \d+|/[^()]*)\)$")
"""What a SyntaxError and an ImportError add to their messages."""


@dataclass(frozen=True)
class Cause:
    """What began it, as a sentence; `lacks` names the library, if it is one that is not installed here."""

    sentence: str
    lacks: str = ""


@dataclass(frozen=True)
class Blame:
    """The cells that were run, what they raised, and which of them ended the process and how, by their number."""

    cells: Sequence[str | None]
    failures: Mapping[int, Failure]
    deadly: Mapping[int, str]

    def of_call(self, failure: Failure | None) -> Cause | None:
        """Return what made a call fail, or None where the line that raised is the one to be named."""
        if failure is None or failure.in_gradient:
            return None
        lacks = lacking(failure)
        if lacks:
            return Cause(_needs(lacks, failure), lacks)
        name = _missed(failure)
        return self._of_name(name, f"so `{name}` is not defined here") if name else None

    def of_absence(self, function: str) -> Cause | None:
        """Return why there is no `function`: what the cell raised that defines it, or else the last that failed."""
        cause = self._of_name(function, f"so there is no function called `{function}`")
        if cause is not None or not self.failures:
            return cause
        last = self.failures[max(self.failures)]
        if _missed(last) == function:  # it only asks for it
            return None
        return Cause(f"There is no function called `{function}`. Before it was defined, your code {_raised(last)}")

    def _of_name(self, name: str, then: str) -> Cause | None:
        """Follow a name that is missed to the cell that should have brought it, and on from what was missed there."""
        cause, seen = None, set[str]()
        while name and name not in seen:
            seen.add(name)
            number = next((one for one in reversed(range(len(self.cells))) if self._brings(one, name)), None)
            if number is None:
                break
            failure = self.failures.get(number)
            if failure is None:
                return Cause(f"A cell was stopped: {self.deadly[number].rstrip('.')}; {then}.")
            lacks = lacking(failure)
            if lacks:
                return Cause(_needs(lacks, failure), lacks)
            cause = Cause(f"Your code {_raised(failure)}; {then}.")
            name = _missed(failure)
        return cause

    def _brings(self, number: int, name: str) -> bool:
        """Return whether a cell that did not run as a whole would have defined `name`."""
        source = self.cells[number]
        if source is None or number not in {*self.failures, *self.deadly}:
            return False
        if name not in source:
            return _brings_all(source)
        tree = definitions.parse(source)
        if tree is None:
            named = re.escape(name)
            return bool(re.search(rf"^[ \t]*+(?:(?:def|class)[ \t]++{named}\b|{named}[ \t]*+=)", source, re.MULTILINE))
        return any(name in definitions.bound_by(statement) for statement in tree.body)


def lacking(failure: Failure) -> str:
    """Return the library that an import did not find, if this installation has none of that name."""
    found = _NO_MODULE.match(failure.message) if failure.type_name == "ModuleNotFoundError" else None
    return "" if found is None or is_here(found[1]) else found[1]


@cache
def is_here(library: str) -> bool:
    """Return whether a library is installed. It is not imported."""
    try:
        return find_spec(library) is not None
    except (ImportError, ValueError):  # it is loaded, and says nothing of itself
        return True


def _brings_all(source: str) -> bool:
    """Return whether a cell imports `*`, and so names that nobody can tell."""
    tree = definitions.parse(source)
    return tree is not None and any("*" in definitions.bound_by(statement) for statement in tree.body)


def _needs(library: str, failure: Failure) -> str:
    place = f" (line {failure.line}, `{failure.code}`)" if failure.code else ""
    return f"This needs `{library}`, which the grader does not have{place}."


def _raised(failure: Failure) -> str:
    message = _IN_FILE.sub("", failure.message)
    return f"raised {failure.type_name}{_place(failure)}: {message}"


def _place(failure: Failure) -> str:
    return f" in line {failure.line}, `{failure.code}`" if failure.code else ""


def _missed(failure: Failure) -> str:
    """Return the name that was not defined, or ""."""
    found = _MISSED.match(failure.message) if failure.type_name == "NameError" else None
    return "" if found is None else found[1]
