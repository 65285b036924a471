"""A statement that fails where a notebook is graded costs itself, and not the cell it stands in."""

import pytest

from autograde.sandbox.elsewhere import after


def raised(cell: str) -> tuple[Exception, dict[str, object]]:
    names: dict[str, object] = {}
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of whatever kind
        exec(compile(cell, "<cell>", "exec"), names)
    return caught.value, names


@pytest.mark.parametrize(
    "failing",
    [
        "import no_such_module",
        "assert (\n    False\n), 'no GPU'",
        "def f():\n    raise OSError\nf()",
        "[\n    1 / 0\n]",
        "for i in range(3):\n    1 / i",
        "@no_such_decorator\ndef f():\n    pass",
        "@(lambda f: 1 / 0)\nclass C:\n    pass",
        "with open('no such file') as file:\n    pass",
        "π = 'ü'; 1 / 0",
    ],
)
def test_what_stands_below_is_left_each_line_in_its_place(failing: str) -> None:
    cell = f"x = 1\n{failing}\ny = 2\nz = 3"
    lines = cell.split("\n")
    assert after(cell, *raised(cell)).split("\n") == ["#"] * (len(lines) - 2) + ["y = 2", "z = 3"]


def test_what_stands_beside_it_is_left() -> None:
    assert after("π = 1; 1 / 0; y = 2\nz = 3", *raised("π = 1; 1 / 0; y = 2\nz = 3")) == "y = 2\nz = 3"


def test_of_a_cell_that_ends_with_it_nothing_is_left() -> None:
    assert after("x = 1\n1 / 0\n", *raised("x = 1\n1 / 0\n")) == ""


def test_an_error_from_nowhere_in_the_cell_leaves_nothing() -> None:
    assert after("x = 1\ny = 2", ValueError("made elsewhere"), {}) == ""
