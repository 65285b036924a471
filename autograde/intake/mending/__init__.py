"""Find the cells of a released notebook again in what came back, and put back what is gone. Each repair is a sentence.

A cell is known by nbgrader's `grade_id`, then by its id, then by what it defines, then by its likeness. No repair takes
away code of a student's: what stood in the wrong cell is moved, and what is put back is what was released.
"""

from collections.abc import Sequence

from nbformat import NotebookNode

from autograde.intake.marks import grade_id
from autograde.intake.mending import answers, checks
from autograde.intake.mending import notebook as whole
from autograde.intake.mending.bench import Bench
from autograde.intake.notebook_file import UnreadableError
from course.exercises.exercise import Exercise


def mend(notebook: NotebookNode, exercises: Sequence[Exercise], released: NotebookNode | None) -> list[str]:
    """Mend `notebook` in place; return what was done.

    Raises:
        UnreadableError: it holds no cell of this chapter.
    """
    bench = Bench(notebook, exercises, released)
    for cell in bench.cells:
        if "nbgrader" in cell.metadata and grade_id(cell) not in bench.known:
            del cell.metadata["nbgrader"]
    whole.retag(bench)
    whole.recognise_ids(bench)
    for exercise in exercises:
        checks.save_code(bench, exercise)
    whole.join_split_cells(bench)
    for exercise in exercises:
        answers.mend_answer(bench, exercise)
        checks.mend_check(bench, exercise)
    whole.mend_others(bench)
    whole.put_back_given_code(bench)
    if exercises and bench.put_back == 2 * len(exercises):
        raise UnreadableError("it holds no cell of this chapter")
    return list(dict.fromkeys(bench.told))
