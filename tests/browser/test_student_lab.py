"""`course` in an instructor's environment: the student's own Lab, open at a chapter, with nothing of nbgrader in it."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lab import free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

INSTRUCTORS = re.compile("nbgrader|formgrader|course list|assignment|jupytext", re.IGNORECASE)


@dataclass
class Opened:
    """A running `course`: the process, what it has printed, and the address among it."""

    process: "subprocess.Popen[str]"
    said: list[str]
    home: Path

    @property
    def address(self) -> str:
        return next(line.strip() for line in self.said if "http://" in line)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """`course 03`, as typed, with a home of its own."""
    home = tmp_path_factory.mktemp("student")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    private = {**{name: str(home / name.lower()) for name in names}, "HOME": str(home)}
    command = [sys.executable, "-m", "course", "03", "--no-browser", "--folder", str(home / "mine")]
    process = subprocess.Popen(
        [*command, "--port", str(free_port())],
        env={**os.environ, **private, "COURSE_TIER": "smoke"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # whoever runs the tests may ignore it
    )  # fmt: skip
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.rstrip())
        if "Ctrl-C" in line:
            break
    try:
        yield Opened(process, said, home)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def page(browser: Browser, opened: Opened) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_it_prints_what_was_copied_the_address_and_little_else(opened: Opened) -> None:
    said = [line for line in opened.said if line]
    assert said[0].startswith("Put 01_sliding_window.ipynb, ")
    assert said[1] == "The course is open at"
    assert re.fullmatch(r" +http://localhost:\d+/lab/tree/03_unpooling.ipynb\?token=\w+", said[2])
    assert said[3:] == ["Ctrl-C ends it."]


def test_the_chapter_is_open_and_nothing_of_an_instructor_is_to_be_seen(page: Page, opened: Opened) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(opened.address)
    tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60_000)
    expect(page.locator(".jp-StatusBar-Item", has_text="| Idle").first).to_be_visible(timeout=60_000)
    assert tabs.all_inner_texts() == ["03_unpooling.ipynb"]  # and no launcher
    assert not INSTRUCTORS.search(" ".join(page.locator(".lm-MenuBar-itemLabel").all_inner_texts()))
    page.keyboard.press("ControlOrMeta+Shift+c")
    commands = page.locator(".lm-CommandPalette-itemLabel")
    commands.first.wait_for(state="attached")
    assert [text for text in commands.all_text_contents() if INSTRUCTORS.search(text)] == []
    assert page.locator(".jp-toast, .Toastify__toast").count() == 0  # no question whether to be told news
    services = [url for url in asked if INSTRUCTORS.search(url) and "/lab/extensions/" not in url]
    assert services == []


def test_nbgraders_services_do_not_run_in_it(opened: Opened) -> None:
    base, _, token = opened.address.partition("lab/tree/03_unpooling.ipynb?")
    for service in ("formgrader", "assignments", "courses", "nbgrader_version"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}{service}?{token}", timeout=10)


def test_ctrl_c_ends_it_at_once_and_without_a_word(opened: Opened) -> None:
    os.killpg(opened.process.pid, signal.SIGINT)
    rest, _ = opened.process.communicate(timeout=60)
    assert opened.process.returncode == 0
    assert "Traceback" not in rest
    assert len(rest.splitlines()) <= 4, rest
    left = [process for process in psutil.process_iter(["cmdline"]) if str(opened.home) in str(process.info["cmdline"])]
    assert left == []
