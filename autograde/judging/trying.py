"""Try one answer without a notebook: `autograde try EXERCISE FILE.py`."""

import json
import secrets
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.exercises.exercise import Exercise


class TryError(Exception):
    """The answer could not be run; the message says why."""


@dataclass(frozen=True)
class Trial:
    """What came of one answer, as it is printed."""

    exercise: str
    score: float
    max_score: float
    passed: bool
    cases: list[dict[str, object]]
    diagnosis: str
    seed: int | None = None

    def as_json(self) -> str:
        """Return the trial as REFERENCE_API has it."""
        keys = ("exercise", "score", "max_score", "passed", "cases", "diagnosis")
        return json.dumps({key: getattr(self, key) for key in keys}, ensure_ascii=False)

    def as_text(self) -> str:
        """Return the trial for a terminal."""
        lines = [f"{self.exercise}: {self.score:g} of {self.max_score:g} points"]
        said = ""
        for case in self.cases:
            lines.append(f"  {'✓' if case['passed'] else '✗'} {case['name']}")
            if case["message"] and case["message"] != said:
                said = str(case["message"])
                lines.append(f"      {said}")
        if self.diagnosis:
            lines.append(f"  A likely reason. {self.diagnosis}")
        if self.seed is not None:
            lines.append(f"  The hidden cases were drawn with --seed {self.seed}.")
        return "\n".join(lines)


def try_answer(name: str, path: Path, hidden: bool, seed: int | None, unsafe: bool) -> Trial:
    """Run the code of `path` in the sandbox and check the function called `name`.

    Raises:
        TryError: there is no such exercise or file, or no sandbox.
    """
    source = read_source(path)
    # The sandbox imports torch while this process does.
    from autograde.sandbox import tiers
    from autograde.sandbox.launch import SandboxUnavailableError, start

    try:
        if not unsafe and tiers.probe().warning:
            print(f"autograde: {tiers.probe().warning}", file=sys.stderr)
        launched = start(unsafe=unsafe)
    except SandboxUnavailableError as error:
        raise TryError(str(error)) from None
    from autograde.judging import verdicts
    from autograde.sandbox.client import Sandbox, SandboxError

    with Sandbox(unsafe=unsafe, launched=launched) as sandbox, sandbox.submission() as submission:
        exercise = _find(name)
        secret = (secrets.randbits(48) if seed is None else seed) if hidden else None
        try:
            trace = verdicts.run(submission, exercise, (source,), secret)
        except (SandboxError, FileNotFoundError) as error:  # the latter: answers that were never built
            raise TryError(str(error)) from None
    result = verdicts.conclude(exercise, trace, (source,), secret, discreet=False)
    cases: list[dict[str, object]] = [
        {"name": f"{case.name} (hidden)" if case.hidden else case.name, "passed": case.passed, "message": case.message}
        for case in result.cases
    ]
    return Trial(name, result.score, result.max_score, result.passed, cases, result.diagnosis, secret)


def read_source(path: Path) -> str:
    """Read Python source in whatever encoding it declares.

    Raises:
        TryError: it cannot be read.
    """
    try:
        if path.stat().st_size > 2**20:
            raise TryError(f"{path} is larger than a megabyte; it should hold one answer")
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise TryError(f"{path} cannot be read: {error.strerror or error}") from None
    except (SyntaxError, UnicodeDecodeError) as error:
        raise TryError(f"{path} is no Python source: {error}") from None


def _find(name: str) -> "Exercise":
    from course.exercises.catalogue import find

    try:
        return find(name)
    except KeyError as error:
        raise TryError(str(error.args[0])) from None
