"""JupyterLab as a student gets it: quiet, open at a chapter, and without what an instructor's tools add to it.

An instructor's environment has nbgrader, and nbgrader puts its menus, tabs and services into every JupyterLab of that
environment. The files in this folder switch them off for the one server that is started here, and with them the
question whether to be told JupyterLab's news. Jupyter reads them before the user's settings, which stay as they are.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

CONFIGURATION = Path(__file__).parent
_PATIENCE = 120.0
"""Seconds in which a server begins to answer, on a computer that is slow or busy."""


def open_lab(folder: Path, notebook: str, port: int, *, browser: bool) -> int:
    """Serve `folder` with `notebook` open in front, print the address, and return the server's exit status at its end.

    Ctrl-C or a polite end (SIGTERM) of this process ends it, with its kernels. A port that is taken gives way to the
    next one that is free.
    """
    environment = _environment(os.environ)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = subprocess.Popen(_command(folder, notebook, port, browser=browser), env=environment)
    try:
        address = _address(server, notebook)
        if address:
            print(f"\nThe course is open at\n    {address}\nCtrl-C ends it.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        return _end(server)
    finally:
        if server.poll() is None:
            server.kill()


def _command(folder: Path, notebook: str, port: int, *, browser: bool) -> list[str]:
    command = [
        *(sys.executable, "-m", "jupyterlab", "--log-level=ERROR", "--LabApp.log_level=ERROR"),
        *("--ServerApp.answer_yes=True", f"--ServerApp.root_dir={folder.resolve()}", f"--ServerApp.port={port}"),
        f"--LabApp.default_url=/lab/tree/{quote(notebook)}",
    ]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one often is root, and Jupyter refuses that
    return command


def _environment(mine: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the server: these files come first, and a token of our own is one that we can print."""
    path = os.pathsep.join(filter(None, [str(CONFIGURATION), mine.get("JUPYTER_CONFIG_PATH", "")]))
    return {"JUPYTER_TOKEN": secrets.token_hex(24), **mine, "JUPYTER_CONFIG_PATH": path}


def _address(server: "subprocess.Popen[bytes]", notebook: str) -> str | None:
    """Wait until the server has written where it is, and return the address of `notebook`; None if it ends first."""
    from jupyter_core.paths import jupyter_runtime_dir

    said = Path(jupyter_runtime_dir()) / f"jpserver-{server.pid}.json"
    end = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < end:
        try:
            told = json.loads(said.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # not there yet, or half written
            time.sleep(0.1)
            continue
        token = f"?token={told['token']}" if told.get("token") else ""
        return f"{told['url']}lab/tree/{quote(notebook)}{token}"
    return None


def _end(server: "subprocess.Popen[bytes]") -> int:
    """Give the server time to end its kernels."""
    server.terminate()
    try:
        server.wait(timeout=20)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
    return 0
