"""A notebook where the course is missing, as on Colab: its first cell gets it, or says in a sentence that it cannot.

Colab is stood in for by a bare environment that has torch and Jupyter of its own, ipywidgets 7.7 and a `google.colab`;
the wheel of the course is served on the loopback interface.
"""

import functools
import http.server
import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograde.building.bank import CHECKOUT
from autograde.classroom.setup_cell import installs_from, setup_cell
from course.exercises import catalogue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CHAPTER = "03_unpooling"
OF_COLAB = ("ipywidgets==7.7.1", "widgetsnbextension==3.6.10", "jupyterlab-widgets==3.0.15", "ipython-genutils==0.2.0")

EXECUTE = """
import os, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, allow_errors=True, kernel_name="python3").execute(cwd=os.getcwd())
nbformat.write(notebook, sys.argv[1])
"""

STAND_IN = {
    "output.py": """
import types

asked, _widgets = [], types.SimpleNamespace(_installed_url="https://colab.example/manager.js")


def enable_custom_widget_manager():
    asked.append(True)
""",
    "drive.py": "def mount(folder):\n    print('mounted', folder)\n",
}
"""`google.colab`, as far as anywidget and the first cell know it."""


@dataclass
class Colab:
    """The environment, and the address at which the wheel is served."""

    home: Path
    address: str

    @property
    def packages(self) -> Path:
        """Where pip puts what it installs."""
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        return self.home / "lib" / version / "site-packages"

    def run(self, notebook: NotebookNode) -> NotebookNode:
        """Run a notebook from top to bottom in it, past errors, without network."""
        path = self.home / "notebook.ipynb"
        nbformat.write(notebook, path)
        private = {
            name: str(self.home / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        environment = {**os.environ, **private, "COURSE_TIER": "smoke", "PIP_NO_INDEX": "1"}
        command = [self.home / "bin" / "python", "-c", EXECUTE, path]
        subprocess.run(command, env=environment, cwd=self.home, check=True, timeout=800)
        return nbformat.read(path, as_version=4)

    def remove_course(self) -> None:
        """Bring it back to where a student begins."""
        command = [self.home / "bin" / "python", "-m", "pip", "uninstall", "-q", "-y", "pixels-to-instances-course"]
        subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colab]:
    home, served = tmp_path_factory.mktemp("colab"), tmp_path_factory.mktemp("served")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(served)]
    subprocess.run(build, cwd=CHECKOUT / "course", check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = home / "bin" / "python"
    (wheel,) = served.glob("*.whl")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made = Colab(home, f"http://127.0.0.1:{server.server_port}/{wheel.name}")
        command = [python, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", *OF_COLAB]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("ipywidgets 7.7 cannot be had here")
        subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "setuptools"], check=True)  # torch's own is newer
        # All else is there already, as on Colab. The course is not: this line leads to packages, not to a checkout.
        (made.packages / "there_already.pth").write_text(sysconfig.get_path("purelib") + "\n")
        (made.packages / "google" / "colab").mkdir(parents=True)
        for name, text in STAND_IN.items():
            (made.packages / "google" / "colab" / name).write_text(text)
        (made.packages / "sitecustomize.py").write_text("import google.colab.output\n")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


def told(cell: NotebookNode) -> str:
    """Return all text that a cell printed, showed or failed with."""
    return "".join(
        "\n".join(output.get("traceback", [])) + output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def of_code(*sources: str) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_a_whole_chapter_runs_after_its_first_cell_has_fetched_the_course(colab: Colab) -> None:
    notebook = nbformat.read(CHECKOUT / "solutions" / "notebooks" / f"{CHAPTER}.ipynb", as_version=4)
    assert installs_from(notebook, colab.address)
    notebook.cells.append(
        nbformat.v4.new_code_cell(
            "import course, ipywidgets, json, google.colab.output\n"
            "from importlib.metadata import version\n"
            "print(json.dumps([course.__file__, torch.__file__, version('torch'), ipywidgets.__version__,"
            " len(google.colab.output.asked)]))"
        )
    )
    ran = colab.run(notebook)
    assert [told(cell) for cell in ran.cells if any(o.output_type == "error" for o in cell.get("outputs", []))] == []
    checks = [told(cell) for cell in ran.cells if cell.get("metadata", {}).get("nbgrader", {}).get("grade")]
    assert len(checks) == len(catalogue.of_chapter(CHAPTER))
    assert all(text.startswith("✓ ") for text in checks), checks
    course, torch, torch_version, widgets, asked = json.loads(told(ran.cells[-1]))
    assert Path(course).is_relative_to(colab.packages)
    assert not Path(torch).is_relative_to(colab.packages)  # the one that was there
    assert torch_version == importlib.metadata.version("torch")
    assert widgets == "7.7.1"
    assert asked == 1  # widgets that are not Colab's own
    (widget,) = [cell for cell in ran.cells if cell.source.endswith("\nUnpooling()")]
    (shown,) = widget.outputs
    assert shown.data["image/png"]
    assert shown.metadata["application/vnd.jupyter.widget-view+json"]["colab"]["custom_widget_manager"]
    assert not list(colab.packages.glob("jupyterlab-[0-9]*"))


def test_where_it_cannot_be_had_there_is_one_sentence_and_the_notebook_stops(colab: Colab) -> None:
    colab.remove_course()
    nowhere = colab.address.replace("pixels", "pickles")
    ran = colab.run(of_code(setup_cell(nowhere)))
    (output,) = ran.cells[0].outputs
    assert output.output_type == "error"
    (sentence,) = output.traceback
    assert sentence.startswith(f"The course cannot be had from {nowhere}: ")
    assert "404" in sentence
    assert "\n" not in sentence


def test_a_wheel_in_google_drive_is_asked_for_there(colab: Colab) -> None:
    ran = colab.run(of_code(setup_cell("/content/drive/MyDrive/course.whl")))
    assert "mounted /content/drive" in told(ran.cells[0])
    assert "The course cannot be had from /content/drive/MyDrive/course.whl: " in told(ran.cells[0])
