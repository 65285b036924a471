"""Driving a real JupyterLab in Chromium: a private server on loopback, and `Lab`, the hands of a user.

    lab.open(notebook)            a copy of the notebook, ready to run
    lab.run_all()                 the Run menu's own command; comes back when the kernel is idle again
    lab.cell(3)                   a cell's locator; lab.outputs(3) its output, lab.write(3, "…"), lab.run_cell(3)
    lab.assert_quiet()            no error in the console, no request that left this machine

Everything that the server writes (settings, workspaces, kernels' connection files, trust) lies in one temporary folder.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

SCREENSHOTS = Path(__file__).parent / "screenshots"
MODULES = {"themes": "apputils-extension", "notification": "apputils-extension", "tracker": "notebook-extension"}
Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, its token, and the folder of notebooks that it serves."""

    url: str
    token: str
    root: Path
    settings: Path
    environment: dict[str, str]

    def settle(self, theme: Theme = "light") -> None:
        """Write the user's settings: the theme, no news, and every cell in the page, not only those in view."""
        chosen = {
            "themes": {"theme": f"JupyterLab {theme.capitalize()}", "adaptive-theme": False},
            "notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
            "tracker": {"windowingMode": "none"},
        }
        for name, settings in chosen.items():
            file = self.settings / "@jupyterlab" / MODULES[name] / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings), encoding="utf-8")

    def trust(self, notebook: Path) -> None:
        """Sign a notebook, so that its saved outputs are shown without running it."""
        command = [sys.executable, "-m", "jupyter", "trust", str(notebook)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def ask(self, method: str, path: str) -> object:
        """Call the server's REST interface."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def jupyterlab(folder: Path) -> Iterator[Server]:
    """Serve `folder/notebooks` with JupyterLab until the end of the block; all of its own files go to `folder` too.

    Raises:
        RuntimeError: the server ends or does not answer within a minute; the message holds its log.
    """
    root, settings, log = folder / "notebooks", folder / "settings", folder / "server.log"
    for path in (root, settings):
        path.mkdir(parents=True, exist_ok=True)
    port, token = free_port(), secrets.token_hex(16)
    private = {
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "IPYTHONDIR": folder / "ipython",
    }
    quick = {"COURSE_TIER": "smoke"}  # how well a chapter's networks learn is not for a browser to test
    environment = {**os.environ, **quick, **{name: str(path) for name, path in private.items()}}
    server = Server(f"http://127.0.0.1:{port}/", token, root, settings, environment)
    server.settle()
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"),
        *("--LabApp.extension_manager=readonly", "--LabApp.news_url="),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=root, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_answers(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        try:
            server.ask("GET", "api/status")
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')}")


@dataclass
class Lab:
    """One JupyterLab page and what it said while it was driven."""

    server: Server
    browser: Browser
    page: Page = field(init=False)
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(
        self, notebook: Path, *, theme: Theme = "light", width: int = 1280, height: int = 900, trusted: bool = True
    ) -> Page:
        """Copy `notebook` to the server and open the copy in a fresh page; come back when its kernel is idle."""
        self.close()
        copy = self.server.root / notebook.name
        if notebook.resolve() != copy.resolve():
            shutil.copyfile(notebook, copy)
        if trusted:
            self.server.trust(copy)
        self.server.settle(theme)
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._watch)
        self.page.goto(f"{self.server.url}lab/tree/{copy.name}?token={self.server.token}&reset")
        cells = sum(1 for _ in json.loads(copy.read_text(encoding="utf-8"))["cells"])
        expect(self.cells).to_have_count(cells, timeout=60_000)
        # An editor comes a little after its cell, but for an input that is folded away.
        unready = self.page.locator(".jp-Notebook .jp-CodeCell:not(:has(.cm-content)):not(:has(.jp-Placeholder))")
        expect(unready).to_have_count(0, timeout=60_000)
        self.wait_idle()
        return self.page

    def close(self) -> None:
        """Close the page and end the kernels that it started."""
        if "page" in self.__dict__:
            self.page.context.close()
            del self.__dict__["page"]
        sessions = self.server.ask("GET", "api/sessions")
        for session in sessions if isinstance(sessions, list) else []:
            self.server.ask("DELETE", f"api/sessions/{session['id']}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", "about:", "ws://127.0.0.1")):
            self.strangers.append(request.url)

    # The notebook

    @property
    def cells(self) -> Locator:
        """All cells of the notebook, in order, as they stand in the page."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")

    def cell(self, index: int) -> Locator:
        """Return a cell by its number, Markdown cells counted."""
        return self.cells.nth(index)

    def cell_with(self, text: str) -> Locator:
        """Return the cell whose text holds `text`."""
        return self.cells.filter(has_text=text).first

    def outputs(self, cell: int | Locator) -> Locator:
        """Return what a cell printed and showed."""
        return self._cell(cell).locator(".jp-OutputArea-output")

    def _cell(self, cell: int | Locator) -> Locator:
        return self.cell(cell) if isinstance(cell, int) else cell

    def command(self, menu: str, command: str) -> None:
        """Click a command of the menu bar by its id, such as ("Run", "runmenu:run-all")."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.locator(f".lm-Menu-item[data-command='{command}']").first.click()

    def wait_idle(self, timeout: float = 60) -> None:
        """Wait until the kernel has nothing left to do, as the status bar says it, for a moment on end."""
        idle = self.page.locator(".jp-StatusBar-Item", has_text="| Idle")
        waiting = self.page.locator(".jp-InputArea-prompt", has_text="[*]")
        for _ in range(2):
            expect(idle.first).to_be_visible(timeout=timeout * 1000)
            expect(waiting).to_have_count(0, timeout=timeout * 1000)
            self.page.wait_for_timeout(150)

    def run_all(self, timeout: float = 120) -> None:
        """Run all cells and wait for the last one."""
        self.command("Run", "runmenu:run-all")
        self.wait_idle(timeout)

    def write(self, cell: int | Locator, source: str) -> None:
        """Replace a code cell's text, as if pasted: the editor adds no indentation or brackets of its own."""
        editor = self._cell(cell).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def run_cell(self, cell: int | Locator, timeout: float = 60) -> str:
        """Run one cell, wait until it has answered, and return the text of its output."""
        self._cell(cell).locator(".cm-content, .jp-RenderedHTMLCommon").first.click()
        self.page.keyboard.press("ControlOrMeta+Enter")
        self.wait_idle(timeout)
        return "\n".join(self.outputs(cell).all_inner_texts())

    def selected_cells(self) -> list[int]:
        """Return the numbers of the cells that the notebook has selected."""
        states = self.cells.evaluate_all("cells => cells.map((cell) => cell.classList.contains('jp-mod-selected'))")
        return [number for number, selected in enumerate(states) if selected]

    # What it looks like, and what it said

    def screenshot(self, name: str, target: Locator | None = None) -> Path:
        """Save a picture of `target`, or of the whole page, under tests/browser/screenshots (git ignores it)."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        if target is None:
            self.page.screenshot(path=path, animations="disabled")
        else:
            target.screenshot(path=path, animations="disabled")
        return path

    def assert_quiet(self) -> None:
        """Fail when the console held an error or a request went to another host."""
        assert self.errors == [], "errors in the browser's console:\n" + "\n".join(self.errors)
        assert self.strangers == [], "requests that left this machine:\n" + "\n".join(self.strangers)

    def assert_quiet_but_for_badges(self) -> None:
        """As `assert_quiet`, of a chapter: its Colab badge is a picture on another host."""
        self.errors = [error for error in self.errors if "colab" not in error]
        self.strangers = [address for address in self.strangers if "colab-badge" not in address]
        self.assert_quiet()
