"""A stub is its reference minus the body; a solution cell is its reference minus the guards."""

import ast
import inspect
from importlib import import_module

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import ClearSolutions

from autograde.building import stubs
from course.exercises import catalogue

REFERENCES = [exercise.reference for exercise in catalogue.all_exercises()]


@pytest.mark.parametrize("reference", REFERENCES)
def test_stub_keeps_signature_and_docstring_and_nothing_else(reference: str) -> None:
    (stub,) = ast.parse(stubs.student_cell(reference)).body
    module, _, name = reference.partition(":")
    (original,) = ast.parse(inspect.getsource(getattr(import_module(module), name))).body
    assert isinstance(stub, ast.FunctionDef)
    assert isinstance(original, ast.FunctionDef)
    assert ast.dump(stub.args) == ast.dump(original.args)
    assert ast.dump(stub.returns or ast.Pass()) == ast.dump(original.returns or ast.Pass())
    assert [type(node) for node in stub.body] == [ast.Expr, ast.Raise]
    first_line = (ast.get_docstring(original) or "").splitlines()[0]
    assert (ast.get_docstring(stub) or "").startswith(first_line)
    assert "Raises" not in (ast.get_docstring(stub) or "")


@pytest.mark.parametrize("reference", REFERENCES)
def test_solution_cell_runs_without_the_guards(reference: str) -> None:
    source = stubs.instructor_cell(reference)
    assert "require_" not in source
    assert source.count(stubs.BEGIN) == source.count(stubs.END) == 1
    compile(source, reference, "exec")


@pytest.mark.parametrize("reference", REFERENCES)
def test_nbgrader_clears_the_solution_to_our_stub(reference: str) -> None:
    cell = new_code_cell(stubs.instructor_cell(reference))
    cell.metadata["nbgrader"] = {
        "solution": True,
        "grade": False,
        "locked": False,
        "grade_id": "x",
        "schema_version": 3,
    }
    clear = ClearSolutions()
    clear.code_stub = {"python": stubs.STUB}
    notebook = new_notebook(
        cells=[cell], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    cleared, _ = clear.preprocess(notebook, {})
    assert cleared.cells[0].source == stubs.student_cell(reference)


def test_a_reference_without_a_docstring_is_refused() -> None:
    with pytest.raises(ValueError, match="SegNet must be a function with a docstring"):
        stubs.student_cell("solutions.fcn:SegNet")
