"""`course data`: write farm scenes in other formats, and look at samples."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Write farm scenes as VOC or COCO files; look at samples.")


class Format(StrEnum):
    """What `export` writes."""

    VOC = "voc"
    COCO = "coco"


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise typer.BadParameter(f"must be HEIGHTxWIDTH in pixels, such as 96x128; got {text!r}")
    return int(height), int(width)


Size = Annotated[
    str, typer.Option(help="HEIGHTxWIDTH in pixels, from 32 to 512.", callback=lambda text: _size(text) and text)
]
Split = Annotated[str, typer.Option(help="train, val or test.")]
Seed = Annotated[int, typer.Option(help="Of the scenes.")]


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
    format: Annotated[Format, typer.Option(help="voc (JPEG, no keypoints) or coco (PNG, everything).")],
    count: Annotated[int, typer.Option(min=1, help="How many scenes.")] = 100,
    seed: Seed = 0,
    size: Size = "64x64",
    split: Split = "train",
) -> None:
    """Write farm scenes into FOLDER as Pascal VOC or COCO files."""
    from course.data.exporting import export as write
    from course.data.loading import farm_split

    try:
        write(farm_split(split, count, seed, size=_size(size)), folder, format.value, split)
    except (ValueError, OSError) as error:
        raise _stop(error) from None
    typer.echo(f"Wrote {count} scenes to {folder}.")
    if format is Format.COCO:
        typer.echo(f"Read them with load('coco', {split!r}, root={str(folder)!r}).")
    else:
        typer.echo(f"Read them with load('voc2007', {split!r}, root={str(folder)!r}, classes=CLASSES['farm']).")


@app.command()
def preview(
    count: Annotated[int, typer.Option(min=1, help="How many samples.")] = 20,
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path("sheet.png"),
    data: Annotated[str, typer.Option(help="farm, voc2007, voc2012, penn_fudan or coco.")] = "farm",
    root: Annotated[Path | None, typer.Option(help="The folder of its files, for all but the farm.")] = None,
    seed: Seed = 0,
    size: Size = "64x64",
    split: Split = "train",
) -> None:
    """Draw a sheet of samples: each as it is, with its objects, and as a semantic map."""
    from course.data.classes import CLASSES, SEMANTIC_CLASSES
    from course.data.loading import load
    from course.data.sheet import preview as draw

    try:
        if data == "farm":
            samples = load(data, split, length=count, seed=seed, size=_size(size))
        else:
            samples = load(data, split, root=root)
        draw(samples, count, CLASSES[data], SEMANTIC_CLASSES[data], out=out)
    except (ValueError, OSError) as error:
        raise _stop(error) from None
    typer.echo(f"Drew {min(count, len(samples))} samples of {data} to {out}.")


def _stop(error: Exception) -> typer.Exit:
    typer.echo(f"course data: {error}", err=True)
    return typer.Exit(2)
