"""How far one gradebook carries a fleet: measure the writer, then play a large run on paper.

`python benchmarks/fleet.py` records invented results in a class of its own and writes their pages, as `autograde grade`
does, and measures the processor time of both (a busy machine stretches the rest). Then it simulates 10,000 submissions
of one chapter, and of twelve, on more and more workers: tasks go to workers, results queue before the one writer. The
writer saturates where workers finish as fast as it writes.
"""

import argparse
import heapq
import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.classroom.recording import Recorder, write_page
from autograde.intake.handed_in import collect
from autograde.intake.submission import mended
from autograde.judging.results import CaseResult, ExerciseResult, SubmissionResult
from autograde.running.ledger import Ledger
from course.exercises.catalogue import of_chapter

CHAPTER = "03_unpooling"
WORKERS = (2, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Measured:
    """Median seconds of processor time a submission, in the grader's own process."""

    collect: float
    record: float
    page: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20, help="records to measure")
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--chapters", type=int, default=12)
    parser.add_argument("--assess", type=float, default=2.0, help="seconds a submission takes a worker, mean")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder) / "class", arguments.students)
    for name in ("collect", "record", "page"):
        print(f"{name}: {getattr(measured, name) * 1e3:.1f} ms")
    print(writer_line(measured, arguments.assess))
    number = arguments.submissions
    headings = ("workers", "one chapter", f"{arguments.chapters} chapters", "writer busy", "longest queue")
    print(" ".join(f"{heading:>14}" for heading in headings))
    for workers in WORKERS:
        took, busy, queue = simulate(number, workers, arguments.assess, measured.collect, measured.record)
        row = (str(workers), hours(took), hours(took * arguments.chapters), f"{busy:.0%}", str(queue))
        print(" ".join(f"{cell:>14}" for cell in row))
    pages = number * measured.page
    print(
        f"pages: {hours(pages / 2)} a chapter on two local processes, {hours(pages / 16)} on sixteen, beside the marks"
    )


def writer_line(measured: Measured, assess: float) -> str:
    service = measured.collect + measured.record
    return (
        f"the writer takes {60 / service:.0f} submissions a minute, "
        f"as many as {assess / service:.0f} workers bring that take {assess:g} s each"
    )


def measure(root: Path, students: int) -> Measured:
    """Record `students` invented results through nbgrader, and write their pages."""
    classroom = classes.init(root)
    classes.release(classroom, CHAPTER)
    ledger, recorder = Ledger(classroom, CHAPTER), Recorder(classroom, CHAPTER)
    released = classroom.released_bytes(CHAPTER)
    seconds: list[tuple[float, float, float]] = []
    for number in range(students + 2):
        student = f"s{number:05}"
        folder = classroom.folder("submitted", student, CHAPTER)
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.ipynb").write_bytes(released or b"")
        seconds.append(_one(classroom, ledger, recorder, student, released))
    columns = zip(*seconds[2:], strict=True)  # the first ones import and compile
    return Measured(*(statistics.median(column) for column in columns))


def _one(
    classroom: Classroom, ledger: Ledger, recorder: Recorder, student: str, released: bytes | None
) -> tuple[float, float, float]:
    times = [time.process_time()]
    handed_in = collect(classroom.folder("submitted", student, CHAPTER), student, CHAPTER)
    times.append(time.process_time())
    notebook = nbformat.writes(mended(handed_in, CHAPTER, released).notebook).encode()
    result = invented(student)
    times.append(time.process_time())
    classroom.store(result)
    with ledger.recording(student, ledger.number("invented", handed_in)):
        recorder.record(result, notebook, handed_in)
    times.append(time.process_time())
    write_page(classroom, CHAPTER, student)
    times.append(time.process_time())
    return times[1] - times[0], times[3] - times[2], times[4] - times[3]


def invented(student: str) -> SubmissionResult:
    cases = tuple(CaseResult(name=f"case {n}", passed=n % 3 > 0, message="Wrong.", hidden=n > 8) for n in range(16))
    exercises = {
        one.name: ExerciseResult(
            score=one.points / 2, max_score=one.points, passed=False, cases=cases, message="Wrong."
        )
        for one in of_chapter(CHAPTER)
    }
    return SubmissionResult(student=student, chapter=CHAPTER, status="ok", exercises=exercises, fingerprint="invented")


def simulate(
    submissions: int, workers: int, assess: float, collecting: float, recording: float, seed: int = 0
) -> tuple[float, float, int]:
    """Play a run: return its seconds, the share of them that the writer was busy, and its longest queue.

    The grader's process reads a submission when it sends it, and records results in the order in which they come; it
    does one thing at a time. A worker has its next task while it works, so it waits for nothing but an empty list.
    """
    dice = random.Random(seed)
    # Half of a submission's time is the same for all, the other half is spread as times of programs are.
    durations = [assess * (0.5 + 0.5 * dice.expovariate(1)) for _ in range(submissions)]
    waiting = iter(durations)
    ends: list[float] = []
    clock = busy = 0.0
    longest = 0

    def send(free: float) -> None:
        nonlocal clock, busy
        duration = next(waiting, None)
        if duration is not None:
            clock, busy = clock + collecting, busy + collecting
            heapq.heappush(ends, max(clock, free) + duration)

    for _ in range(workers):
        send(0.0)
    while ends:
        end = heapq.heappop(ends)
        clock = max(clock, end)
        longest = max(longest, 1 + sum(other <= clock for other in ends))
        send(end)  # the worker had its next task already
        clock, busy = clock + recording, busy + recording
    return clock, busy / clock, longest


def hours(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
