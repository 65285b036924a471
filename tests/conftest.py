"""The order of all tests: what computes for minutes begins first, so that no process waits for it at the end."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("compute") is None)
