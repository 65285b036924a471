"""A statement that fails where a notebook is graded costs itself, and not the cell it stands in."""

import ast
import contextlib
import importlib.util
import sys

import pytest

from autograde.sandbox.elsewhere import Google, after, without_colab


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


EXPECTED = [
    "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False",
    "try:\n    import google.colab\nexcept ModuleNotFoundError:\n    IN_COLAB = False\nelse:\n    IN_COLAB = 1",
    "try:\n    from google import colab\n    IN_COLAB = True\nexcept:\n    IN_COLAB = False",
    "try:\n    if 1:\n        import google.colab as c\nexcept (OSError, ImportError):\n    IN_COLAB = False",
    "IN_COLAB = False\nwith contextlib.suppress(ImportError):\n    import google.colab\n    IN_COLAB = True",
    "IN_COLAB = importlib.util.find_spec('google.colab') is not None",
    "from google.colab import drive\nIN_COLAB = 'google.colab' in sys.modules",
    "from google.colab import drive\ntry:\n    import google.colab\nexcept Exception:\n    IN_COLAB = False",
]
BARE = [
    "from google.colab import drive\ndrive.mount('/content/drive')",
    "import os, google.colab as c\nc.files.upload(), os.getcwd()",
    "import google.colab.drive\ngoogle.colab.drive.mount('/content')",
    "from google import colab as c\nc.drive.mount('/content')",
    "def mount():\n    from google.colab import drive, files as f\n    drive.mount(f.upload())\nmount()",
    "try:\n    from google.colab import drive\nexcept OSError:\n    pass\ndrive.mount('/content')",
    "try:\n    import no_such_module\nexcept ImportError:\n    from google.colab.patches import show\nshow(1)",
]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Google()])
    for name in ("google", "nothing_of_colab"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def ran(cell: str) -> dict[str, object]:
    names: dict[str, object] = {"sys": sys, "importlib": importlib, "contextlib": contextlib}
    exec(compile(without_colab(ast.parse(cell)), "<cell>", "exec"), names)  # type: ignore[arg-type]
    return names


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize("cell", EXPECTED)
def test_who_asks_whether_this_is_colab_is_told_that_it_is_not(cell: str) -> None:
    assert ran(cell)["IN_COLAB"] is False


@pytest.mark.usefixtures("google")
@pytest.mark.parametrize("cell", BARE)
def test_a_bare_import_of_colabs_costs_nothing(cell: str) -> None:
    ran(cell)
    assert "google.colab" not in sys.modules


def test_a_cell_nested_deeper_than_python_can_follow_is_left_as_it_is() -> None:
    deep: ast.expr = ast.Constant(1)
    for _ in range(5 * sys.getrecursionlimit()):
        deep = ast.UnaryOp(ast.USub(), deep)
    cell = ast.Module([ast.Expr(deep)], [])
    assert without_colab(cell) is cell
