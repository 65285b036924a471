"""The command `autograde`: what an instructor runs.

It starts fast: torch, nbgrader and the exercises are imported by the command that needs them. What cannot be done is
said in a sentence on stderr, with exit status 2.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from autograde.classroom.directory import Classroom

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Build, release and grade the chapters of From Pixels to Instances.",
)

_Class = Annotated[Path, typer.Option("--class", metavar="DIR", help="The class, as `autograde init` made it.")]
_Unsafe = Annotated[bool, typer.Option("--unsafe", help="Run students' code without walls, with your own rights.")]

_EXPECTED = (
    ("autograde.classroom.directory", "ClassroomError"),
    ("autograde.sandbox.bubblewrap", "SandboxUnavailableError"),
    ("autograde.running.fleet", "FleetError"),
    ("autograde.judging.trying", "TryError"),
    ("autograde.building.chapter", "ChapterError"),
)
"""The errors that are told in a sentence; every other one is a fault of ours and shows itself."""


class Format(StrEnum):
    """How `autograde report` prints."""

    table = "table"
    json = "json"
    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    html = "html"


class Tier(StrEnum):
    """How long a chapter trains."""

    small = "small"
    full = "full"


@contextmanager
def _told_in_a_sentence() -> Generator[None]:
    """Turn what is expected to go wrong into a sentence and exit status 2."""
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(2) from None
    except _expected() as error:
        _refuse(str(error))
    except PermissionError as error:
        _refuse(f"{error.filename or 'a file'} may not be read or written")


def _expected() -> tuple[type[Exception], ...]:
    """Return them, of those modules that are imported: an error cannot come from another."""
    found = [getattr(sys.modules[module], name) for module, name in _EXPECTED if module in sys.modules]
    return (FileNotFoundError, *found)


def _refuse(sentence: str) -> None:
    print(f"autograde: {sentence}", file=sys.stderr)
    raise typer.Exit(2)


def _open(directory: Path) -> "Classroom":
    from autograde.classroom.directory import open_class

    return open_class(directory)


@app.command()
def build(
    chapters: Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER…]", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if something would.")] = False,
) -> None:
    """Make the notebooks and the answers from the chapters and the solutions."""
    with _told_in_a_sentence():
        from autograde import building

        changed = building.build(check, chapters=chapters or ())
    for path in changed:
        print(f"{'out of date' if check else 'wrote'} {path}")
    if check and changed:
        print("`autograde build` brings them up to date", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def evidence(
    chapters: Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER…]", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Of every chapter.")] = False,
    tier: Annotated[Tier, typer.Option(help="full needs a GPU, and minutes to hours.")] = Tier.small,
    runs: Annotated[int, typer.Option(min=1, help="The second starts from other weights, and so on.")] = 2,
    check: Annotated[
        bool, typer.Option("--check", help="Run nothing; exit 1 where the code has changed since.")
    ] = False,
) -> None:
    """Run chapters for the numbers that their prose cites, and keep them in docs/evidence."""
    with _told_in_a_sentence():
        from autograde.building import evidence as numbers

        stale = numbers.renew(chapters or (), every, tier.value, runs, check)
    raise typer.Exit(1 if stale else 0)


@app.command()
def init(directory: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)]) -> None:
    """Make a class: an nbgrader course directory with its configuration."""
    with _told_in_a_sentence():
        from autograde.classroom.directory import init as make

        classroom = make(directory)
    print(f"{classroom.root} is a class. Next: autograde release CHAPTER --class {directory}")


@app.command()
def release(
    chapters: Annotated[list[str], typer.Argument(metavar="CHAPTER…", show_default=False)],
    directory: _Class,
    install_from: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            show_default=False,
            help="Where the notebooks get the course if it is missing: what pip installs from. Else as the class says.",
        ),
    ] = "",
) -> None:
    """Put chapters into a class: source and release versions, registered in its gradebook."""
    with _told_in_a_sentence():
        from autograde.classroom.directory import release as put

        classroom = _open(directory)
        for chapter in chapters:
            print(f"Students get {put(classroom, chapter, install_from)}")


@app.command()
def collect(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", show_default=False)],
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", show_default=False)],
    directory: _Class,
    write: Annotated[bool, typer.Option("--write", help="Do it; without, only say what would be done.")] = False,
) -> None:
    """Lay what Moodle or Canvas gives as "download all submissions", a zip file or a folder, under submitted/."""
    with _told_in_a_sentence():
        from rich.console import Console

        from autograde.classroom import collecting, roster
        from autograde.classroom.exports import read_export

        classroom, found = _open(directory), read_export(export)
        planned = collecting.plan(classroom, chapter, found, roster.students(classroom))
        Console().print(collecting.table(f"{chapter} from {export.name}", planned))
        for sentence in found.left_out:
            print(f"{sentence}.")
        late = [one.student for one in planned if one.late]
        if late:
            print(f"Late by what Canvas says, which does not say when: {', '.join(late)}.")
        if write:
            collecting.lay(classroom, chapter, planned)
            changed = sum(one.what != "the same" for one in planned)
            print(f"{changed} of {len(planned)} were laid under submitted/. Next: autograde grade {chapter}")
        else:
            print("Nothing was written. With --write it is.")


@app.command()
def grade(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", show_default=False)],
    directory: _Class,
    student: Annotated[list[str] | None, typer.Option("--student", metavar="ID", help="Only these.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Most worker processes on this machine.")] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Have the workers of this Dask scheduler grade."),
    ] = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Also grade what is finished and unchanged.")] = False,
    feedback: Annotated[bool, typer.Option(help="Write feedback pages; without, a later run does.")] = True,
    unsafe: _Unsafe = False,
) -> None:
    """Grade what was handed in: marks in the gradebook, feedback pages, a table. A stopped run is gone on with."""
    with _told_in_a_sentence():
        classroom = _open(directory)
        if scheduler is None:
            from autograde.running import fleet, work

            waiting = student or (classroom.students(chapter) if regrade else classroom.news(chapter))
            jobs = fleet.workers(jobs, len(waiting))
            if jobs > 1:
                fleet.warm_up()  # while this process imports what it needs itself
            elif waiting:
                work.start_early(chapter, classroom.limits(), unsafe)
        from rich.console import Console

        from autograde.running import grading

        try:
            graded = grading.grade(
                classroom, chapter, student or (), jobs, unsafe, scheduler=scheduler, regrade=regrade, pages=feedback
            )
        except grading.StoppedError as stopped:
            print(f"autograde: {stopped}", file=sys.stderr)
            raise typer.Exit(128 + stopped.signal) from None
        if not graded:
            print(f"Nothing was handed in: {classroom.root / 'submitted'} holds no STUDENT/{chapter}.")
            return
        Console().print(grading.table(chapter, [one.result for one in graded]))
        for line in grading.remarks(graded):
            print(line)
        if feedback:
            print(f"Feedback: {classroom.root / 'feedback'}")
    if not grading.has_verdicts(graded):
        print("autograde: some submissions have no verdict (“infrastructure”); grade them again.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def feedback(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", show_default=False)],
    directory: _Class,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Most worker processes on this machine.")] = None,
) -> None:
    """Write those feedback pages anew that do not show the marks and comments of the gradebook. Nothing is graded."""
    with _told_in_a_sentence():
        classroom = _open(directory)
        from autograde.running import grading

        try:
            written, current = grading.renew_pages(classroom, chapter, jobs)
        except grading.StoppedError as stopped:
            print(f"autograde: {stopped}", file=sys.stderr)
            raise typer.Exit(128 + stopped.signal) from None
        print(
            f"{len(written)} pages written{': ' + ', '.join(written[:12]) if written else ''}; {current} were current."
        )


@app.command()
def report(
    chapter: Annotated[str, typer.Argument(metavar="CHAPTER", show_default=False)],
    directory: _Class,
    form: Annotated[Format, typer.Option("--format", help="How to show them.")] = Format.table,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write here, not to the terminal (html: DIR/reports/CHAPTER.html)."),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster", metavar="FILE", help="An export of Canvas's gradebook or Moodle's worksheet to fill in."
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="The assignment in Canvas's export, if named otherwise."),
    ] = None,
) -> None:
    """Show the marks of a chapter as they stand in the gradebook: for the terminal, programs, an LMS, or as a page."""
    with _told_in_a_sentence():
        classroom = _open(directory)
        from autograde.reporting import publish

        publish(classroom, chapter, form.value, out, roster, column)


@app.command()
def demo(
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help="Make the class here and keep it.")] = None,
) -> None:
    """Show all of it on a class of its own: released, handed in, graded and reported."""
    with _told_in_a_sentence():
        from autograde.demo import run

        run(keep)


@app.command("try")
def try_(
    exercise: Annotated[str, typer.Argument(metavar="EXERCISE", show_default=False)],
    paths: Annotated[list[Path], typer.Argument(metavar="FILE.py…", show_default=False)],
    hidden: Annotated[bool, typer.Option("--hidden", help="Also check cases with other numbers.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="What to draw them with.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, of several files a line each.")] = False,
    unsafe: _Unsafe = False,
) -> None:
    """Try answers without a notebook. Exit 0 when every case passes, 1 when not, 2 when a file could not be run."""
    status = 0
    with _told_in_a_sentence():
        from autograde.judging import trying

        for path, trial in trying.try_answers(exercise, paths, hidden, seed, unsafe):
            if isinstance(trial, trying.Refusal):
                status = 2
                if as_json and len(paths) > 1:
                    print(trying.line_of(path, trial), flush=True)
                else:
                    print(f"autograde: {trial.sentence}", file=sys.stderr)
                continue
            status = max(status, 0 if trial.passed else 1)
            if as_json:
                print(trial.as_json() if len(paths) == 1 else trying.line_of(path, trial), flush=True)
            else:
                print(trial.as_text() if len(paths) == 1 else f"{path}\n{trial.as_text()}", flush=True)
    raise typer.Exit(status)
