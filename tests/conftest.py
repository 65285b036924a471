"""What holds for all tests: one thread a process, long computing first, pictures compared where they can be."""

import os
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""On tensors as small as ours threads only wait for each other; kernels and commands that a test starts inherit it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Compare pictures with the matplotlib that drew their baselines alone; by another one they are drawn, no more."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    if f"matplotlib=={version('matplotlib')}" not in project["tool"]["uv"]["constraint-dependencies"]:
        config.option.mpl = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("compute") is None)
