"""How many submissions a minute: plain `nbgrader autograde` and `autograde grade`, side by side on the same batch.

    python benchmarks/grading.py [--students 12] [--jobs 2] [--chapter 03_unpooling]

Both start from the same class with the same complete notebooks, as commands, and record into gradebooks of their own.
nbgrader runs each notebook in a kernel with its own configuration, once and without hidden cases; ours runs public and
hidden cases of every exercise. A second, larger batch (copies of the first) tells the rate from the start-up.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograde import demo
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=12, help="notebooks that both grade")
    parser.add_argument("--more", type=int, default=100, help="notebooks that ours grades too, for the rate at length")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="how often, in turns; the fastest counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        rates: dict[str, list[float]] = {"nbgrader": [], "autograde": [], "autograde, large batch": []}
        for number in range(options.rounds):
            batch = make_class(Path(folder) / f"batch-{number}", options.students)
            plain = without_us(batch, Path(folder) / f"plain-{number}")
            large = make_class(Path(folder) / f"large-{number}", options.more)
            rates["nbgrader"].append(rate(options.students, plain, "nbgrader", "autograde", demo.CHAPTER))
            rates["autograde"].append(rate(options.students, batch, *ours(batch, options.jobs)))
            rates["autograde, large batch"].append(rate(options.more, large, *ours(large, options.jobs)))
    base = max(rates["nbgrader"])
    print(f"{os.cpu_count()} cores, {options.jobs} jobs, chapter {demo.CHAPTER}, complete notebooks")
    for name, found in rates.items():
        size = options.more if "large" in name else options.students
        print(f"{name:24s} {size:4d} notebooks  {max(found):8.1f} a minute  {max(found) / base:6.1f} ×")


def make_class(root: Path, students: int) -> Classroom:
    """Make a class with the chapter released and `students` complete notebooks, no two the same."""
    classroom = classes.init(root)
    classes.release(classroom, demo.CHAPTER)
    released, answers = classroom.released(demo.CHAPTER), demo.right_answers()
    assert released is not None
    for number in range(students):
        notebook = nbformat.from_dict(released)
        demo.fill(notebook, {name: f"{source}\n# {number}" for name, source in answers.items()})
        folder = classroom.folder("submitted", f"student-{number:04d}", demo.CHAPTER)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{demo.CHAPTER}.ipynb")
    return classroom


def without_us(classroom: Classroom, root: Path) -> Classroom:
    """Copy the class and configure it as nbgrader's own quickstart does."""
    shutil.copytree(classroom.root, root)
    (root / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "plain"\n')
    return Classroom(root)


def ours(classroom: Classroom, jobs: int) -> tuple[str, ...]:
    return ("autograde", "grade", demo.CHAPTER, "--class", str(classroom.root), "--jobs", str(jobs))


def rate(students: int, classroom: Classroom, *command: str) -> float:
    """Run a command and return how many submissions a minute it graded, its start and end included."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=classroom.root, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    marked = len(list((classroom.root / "autograded").glob(f"*/{demo.CHAPTER}/*.ipynb")))
    if marked != students:
        last = re.sub(r"\s+", " ", (done.stderr + done.stdout)[-600:])
        sys.exit(f"{' '.join(command[:2])} graded {marked} of {students}: {last}")
    return 60 * students / seconds


if __name__ == "__main__":
    main()
