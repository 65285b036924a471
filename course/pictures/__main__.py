"""Draws all pictures anew, in 256 colours, each with its function's docstring as the description."""

import inspect
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pkgutil import iter_modules

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from course.pictures import DENSITY, FOLDER

DPI = 100 * DENSITY


def drawings() -> dict[str, Callable[[], Figure]]:
    """Return the function that draws each picture: the public functions of the modules beside this one."""
    modules = [import_module(f"course.pictures.{each.name}") for each in iter_modules([str(FOLDER)])]
    return {
        name: function
        for module in modules
        if module.__name__ != __name__ and not module.__name__.endswith("__main__")
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def write(name: str, draw: Callable[[], Figure]) -> None:
    """Draw a picture and write it beside this file."""
    description = PngInfo()
    description.add_itxt("Description", " ".join(str(inspect.getdoc(draw)).split()))
    figure, file = draw(), BytesIO()
    figure.savefig(file, dpi=DPI)
    plt.close(figure)
    drawn = Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    drawn.save(FOLDER / f"{name}.png", optimize=True, pnginfo=description)


def main() -> None:
    """Write every picture."""
    mpl.use("agg")
    for name, draw in drawings().items():
        write(name, draw)
        print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
