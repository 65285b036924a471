"""Examine the environment of a student: what the chapters need, and how to get it where it is missing."""

import importlib.metadata as installed
import sys
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `mend` says what to do where it is not fine."""

    fine: bool
    text: str
    mend: str = ""


_INSTALL = "install the course's environment again: `uv sync`, or `pip install -e .` in the repository"


def examine() -> Iterator[Finding]:
    """Look at everything that the chapters need, cheapest first."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), f"Python {version}", "the course needs Python 3.11 or newer")
    for name in ("ipywidgets", "anywidget", "matplotlib", "safetensors"):
        yield _package(name)
    yield _lab()
    torch = _package("torch")
    yield torch
    vision = _package("torchvision")
    yield vision
    yield _package("torchmetrics")
    if torch.fine and vision.fine:
        yield _operators()
        yield _device()
    yield _check_works()


def _package(name: str) -> Finding:
    try:
        return Finding(True, f"{name} {installed.version(name)}")
    except installed.PackageNotFoundError:
        return Finding(False, f"{name} is missing", _INSTALL)


def _lab() -> Finding:
    """Look for JupyterLab; on Colab, in VS Code or on a JupyterHub the notebooks are open without one of our own."""
    lab = _package("jupyterlab")
    return lab if lab.fine else Finding(True, "no JupyterLab, and none is needed where notebooks open without it")


def _operators() -> Finding:
    mend = "torch and torchvision do not belong together; install both again: `pip install --upgrade torch torchvision`"
    try:
        import torch
        from torchvision.ops import nms

        kept = nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5).tolist()
    except Exception as error:  # a broken binary can raise anything
        return Finding(False, f"torchvision's operators do not run ({type(error).__name__})", mend)
    return Finding(kept == [0], "torchvision's operators run", mend)


def _device() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding(True, f"GPU: {torch.cuda.get_device_name()}")
    return Finding(True, "no GPU, and none is needed: every chapter has a tier for the CPU")


def _check_works() -> Finding:
    """Check the stub of the first exercise, as a notebook would."""
    try:
        from course.checking import answers
        from course.checking.report import examine as examine_answer
        from course.exercises import catalogue

        def unwritten(*_: object, **__: object) -> None:
            raise NotImplementedError

        exercises = catalogue.all_exercises()
        works = all(examine_answer(exercise, unwritten).unwritten for exercise in exercises)
        cases = sum(len(answers.load(exercise).cases) for exercise in exercises)
    except Exception as error:
        return Finding(False, f"the exercises cannot be checked ({error})", _INSTALL)
    return Finding(works, f"{len(exercises)} exercises with {cases} public cases can be checked", _INSTALL)
