"""What holds for all tests: one thread a process, and what computes for minutes begins first."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""On tensors as small as ours threads only wait for each other; kernels and commands that a test starts inherit it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("compute") is None)
