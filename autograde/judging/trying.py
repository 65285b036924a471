"""Try answers without a notebook: `autograde try EXERCISE FILE.py…`."""

import json
import secrets
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograde.sandbox.client import Sandbox
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

    def as_plain(self) -> dict[str, object]:
        """Return the trial as REFERENCE_API has it."""
        keys = ("exercise", "score", "max_score", "passed", "cases", "diagnosis")
        return {key: getattr(self, key) for key in keys}

    def as_json(self) -> str:
        """Return the trial as one line of JSON."""
        return json.dumps(self.as_plain(), ensure_ascii=False)

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


@dataclass(frozen=True)
class Refusal:
    """A file that could not be tried, and why."""

    sentence: str


def try_answers(
    name: str, paths: Sequence[Path], hidden: bool, seed: int | None, unsafe: bool
) -> Iterator[tuple[Path, Trial | Refusal]]:
    """Run the code of each file in the sandbox and check the function called `name`; yield what came of each.

    One sandbox serves all of them, and each file finds it as if it were the first. The hidden cases are the same for
    all.

    Raises:
        TryError: there is no such exercise, or no sandbox.
    """
    sources = [(path, _read(path)) for path in paths]
    if all(isinstance(source, Refusal) for _, source in sources):
        yield from ((path, source) for path, source in sources if isinstance(source, Refusal))
        return
    # The sandbox imports torch while this process does.
    from autograde.sandbox import tiers
    from autograde.sandbox.launch import SandboxUnavailableError, start

    try:
        if not unsafe and tiers.probe().warning:
            print(f"autograde: {tiers.probe().warning}", file=sys.stderr)
        launched = start(unsafe=unsafe)
    except SandboxUnavailableError as error:
        raise TryError(str(error)) from None
    from autograde.sandbox.client import Sandbox, SandboxError

    secret = (secrets.randbits(48) if seed is None else seed) if hidden else None
    with Sandbox(unsafe=unsafe, launched=launched) as sandbox:
        exercise = _find(name)
        for path, source in sources:
            try:
                yield path, source if isinstance(source, Refusal) else _try(sandbox, exercise, source, secret)
            except (SandboxError, FileNotFoundError) as error:  # the latter: answers that were never built
                raise TryError(str(error)) from None


def _try(sandbox: "Sandbox", exercise: "Exercise", source: str, secret: int | None) -> Trial:
    from autograde.judging import verdicts

    with sandbox.submission() as submission:
        trace = verdicts.run(submission, exercise, (source,), secret)
    result = verdicts.conclude(exercise, trace, (source,), secret, discreet=False)
    cases: list[dict[str, object]] = [
        {"name": f"{case.name} (hidden)" if case.hidden else case.name, "passed": case.passed, "message": case.message}
        for case in result.cases
    ]
    return Trial(exercise.name, result.score, result.max_score, result.passed, cases, result.diagnosis, secret)


def _read(path: Path) -> str | Refusal:
    try:
        return read_source(path)
    except TryError as error:
        return Refusal(str(error))


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


def line_of(path: Path, trial: Trial | Refusal) -> str:
    """Return what came of one file among several, as a line of JSON."""
    told: dict[str, object] = {"error": trial.sentence} if isinstance(trial, Refusal) else trial.as_plain()
    return json.dumps({"file": str(path), **told}, ensure_ascii=False)
