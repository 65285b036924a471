"""The command `course`: opens the chapters in JupyterLab, or says what is wrong with the environment."""

import importlib.util
import shutil
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from course.data.cli import app as data


class _OpensChapters(TyperGroup):
    """Takes what names no command as a word to `open`: `course`, `course 03`, `course --port 9000`."""

    def parse_args(self, ctx: object, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ("--help", "-h"))
        return super().parse_args(ctx, args if named else ["open", *args])  # type: ignore[arg-type]


app = typer.Typer(
    cls=_OpensChapters,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From Pixels to Instances: `course` opens the first chapter, `course 03` one by its number.",
)
app.add_typer(data, name="data")

NOTEBOOKS = Path(__file__).parent / "notebooks"


@app.command("open")
def open_chapter(
    chapter: Annotated[
        str, typer.Argument(metavar="CHAPTER", show_default=False, help="03, or 03_unpooling; else the first.")
    ] = "",
    folder: Annotated[Path, typer.Option(help="Where your copies of the notebooks live.")] = Path("my-course"),
    port: Annotated[int, typer.Option(help="JupyterLab's port.")] = 8888,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, open no browser.")] = False,
) -> None:
    """Copy the chapters that FOLDER lacks, and open one in JupyterLab. Your own notebooks are never touched."""
    notebook = _find(chapter)
    if importlib.util.find_spec("jupyterlab") is None:
        raise _stop("JupyterLab is missing; `pip install jupyterlab`, or open the notebooks where you have Jupyter")
    try:
        added = copy_chapters(folder)
    except OSError as error:
        raise _stop(f"cannot write to {folder}: {error.strerror}") from None
    if added:
        typer.echo(f"Put {', '.join(path.name for path in added)} into {folder}.")
    from course.lab import open_lab

    raise typer.Exit(open_lab(folder, notebook, port, browser=not no_browser))


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


def _find(chapter: str) -> str:
    """Return the file name of the notebook that `chapter` names: by its number, its whole name, or its topic."""
    names = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    if not chapter:
        return names[0]
    wanted = Path(chapter).name.removesuffix(".ipynb")
    for name in names:
        number, _, topic = name.removesuffix(".ipynb").partition("_")
        if wanted in (number, number.lstrip("0"), topic, f"{number}_{topic}"):
            return name
    raise _stop(
        f"there is no chapter {chapter!r}; there are {', '.join(name.removesuffix('.ipynb') for name in names)}"
    )


def _stop(sentence: str) -> typer.Exit:
    typer.echo(f"course: {sentence}", err=True)
    return typer.Exit(2)
