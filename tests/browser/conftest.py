"""Fixtures for tests in a browser: one Chromium and one JupyterLab a session, one page a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import HOW_TO_INSTALL, chromium, find_chromium
from tests.browser.lab import Lab, Server, jupyterlab


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip that says how to install it."""
    if find_chromium() is None:
        pytest.skip(HOW_TO_INSTALL)
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab on loopback; its notebooks, settings and kernels live in a temporary folder."""
    folder: Path = tmp_path_factory.mktemp("lab")
    with jupyterlab(folder) as server:
        yield server


@pytest.fixture
def lab(browser: Browser, lab_server: Server) -> Iterator[Lab]:
    """A JupyterLab page to drive; its kernels end with the test."""
    driven = Lab(lab_server, browser)
    yield driven
    driven.close()
