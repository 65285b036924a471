"""The command `course`: opens the chapters in JupyterLab, or says what is wrong with the environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from course.data.cli import app as data

app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, help="From Pixels to Instances: open the chapters."
)
app.add_typer(data, name="data")

NOTEBOOKS = Path(__file__).parent / "notebooks"


@app.callback(invoke_without_command=True)
def open_chapters(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where your copies of the notebooks live.")] = Path("my-course"),
    port: Annotated[int, typer.Option(help="JupyterLab's port.")] = 8888,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open no browser.")] = False,
) -> None:
    """Copy the chapters that FOLDER lacks, and open JupyterLab on it. Your own notebooks are never touched."""
    if context.invoked_subcommand is not None:
        return
    try:
        added = copy_chapters(folder)
    except OSError as error:
        raise _stop(f"cannot write to {folder}: {error.strerror}") from None
    if added:
        typer.echo(f"Put {', '.join(path.name for path in added)} into {folder}.")
    arguments = [f"--ServerApp.root_dir={folder.resolve()}", f"--ServerApp.port={port}"]
    if no_browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # in a container one often is root, and Jupyter refuses that
    try:
        status = subprocess.call([sys.executable, "-m", "jupyterlab", *arguments])
    except KeyboardInterrupt:
        status = 0
    raise typer.Exit(status)


@app.command()
def doctor() -> None:
    """Examine the environment: a line for each thing, and how to mend what is wrong."""
    from course.doctor import examine

    findings = list(examine())
    for finding in findings:
        typer.echo(f"[{'OK' if finding.fine else 'FAIL'}] {finding.text}")
        if not finding.fine:
            typer.echo(f"       {finding.mend}")
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


def copy_chapters(folder: Path) -> list[Path]:
    """Copy the notebooks that `folder` lacks and return the new files; what is there stays as it is.

    Raises:
        OSError: `folder` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if not (folder / path.name).exists()]
    return [Path(shutil.copy(path, folder / path.name)) for path in missing]


def _stop(sentence: str) -> typer.Exit:
    typer.echo(f"course: {sentence}", err=True)
    return typer.Exit(2)
