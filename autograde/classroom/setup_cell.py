"""The first cell of a notebook: it gets the course where that is missing, and says in a sentence when it cannot.

Where from is one line of it, so that a class that has the course from elsewhere changes that line and nothing else.
"""

import re

from nbformat import NotebookNode

SETUP_ID = "setup"

_TEXT = """\
# Gets the course where it is missing, as on Colab; does nothing elsewhere. An installed torch is kept.
INSTALL_FROM = {source!r}


class CourseIsMissing(Exception):
    def _render_traceback_(self):
        return [str(self)]  # one sentence, no traceback


def install_course(source):
    import importlib.metadata as installed
    import importlib.util
    import os
    import subprocess
    import sys

    if importlib.util.find_spec("course") is not None:
        return
    if source.startswith("/content/drive/") and not os.path.exists(source):
        from google.colab import drive

        drive.mount("/content/drive")
    here = [name for name in ("torch", "torchvision") if importlib.util.find_spec(name)]
    kept = [f"{{name}}=={{installed.version(name)}}" for name in here]
    quiet = ["--quiet", "--no-color", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *quiet, source, *kept]
    done = subprocess.run(command, capture_output=True, text=True)
    importlib.invalidate_caches()
    if done.returncode != 0 or importlib.util.find_spec("course") is None:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR")]
        reason, *_ = [*errors, *said, "there is no course in it"]
        raise CourseIsMissing(f"The course cannot be had from {{source}}: {{reason}}")


install_course(INSTALL_FROM)
import course  # before torch: it says how torch's threads wait
"""

_LINE = re.compile(r"^INSTALL_FROM = .*$", re.MULTILINE)


def setup_cell(source: str) -> str:
    """Return the text of the cell that gets the course from `source`, which is what pip installs from."""
    return _TEXT.format(source=source).rstrip("\n")


def installs_from(notebook: NotebookNode, source: str) -> bool:
    """Have the first cell of `notebook` get the course from `source`; return whether it has such a cell."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and _LINE.search(cell.source):
            cell.source = _LINE.sub(lambda _: f"INSTALL_FROM = {source!r}", cell.source, count=1)
            return True
    return False
