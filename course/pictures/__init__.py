"""The pictures that chapters show before anything has run: one that opens each chapter, and drawn diagrams.

    from course.pictures import show_picture
    show_picture("which_pixels")

A picture is a PNG beside this file, with a text for those who cannot see it inside. It is drawn by the function of its
name in one of the modules here, one a topic, from the Farm and in the colours of all figures; `python -m
course.pictures` draws all of them anew. To show one, neither torch nor matplotlib is needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from IPython.display import Image

FOLDER = Path(__file__).parent
DENSITY = 2
"""Pixels of a file for each pixel of the page: sharp on a dense screen, and when the page is enlarged."""


class Picture(NamedTuple):
    """A picture as a page shows it: the file's bytes, what it shows in words, and its width in pixels of the page."""

    png: bytes
    description: str
    width: int


def load_picture(name: str) -> Picture:
    """Return the picture `name`.

    Raises:
        KeyError: there is no such picture.
    """
    from PIL import Image

    path = FOLDER / f"{name}.png"
    if not path.is_file():
        raise KeyError(f"there is no picture {name!r}; there are {', '.join(names())}")
    with Image.open(path) as image:
        return Picture(path.read_bytes(), str(image.info["Description"]), image.width // DENSITY)


def names() -> list[str]:
    """Return the names of all pictures."""
    return sorted(path.stem for path in FOLDER.glob("*.png"))


def show_picture(name: str) -> "Image":
    """Show the picture `name` in a notebook.

    Raises:
        KeyError: there is no such picture.
    """
    from IPython.display import Image

    picture = load_picture(name)
    return Image(picture.png, width=picture.width, alt=picture.description)
