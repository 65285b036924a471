"""How a test compares a chapter's picture with the committed file of its name."""

import pytest

from course.pictures import FOLDER
from course.pictures.__main__ import DPI


def committed(name: str) -> pytest.MarkDecorator:
    """Compare a figure with the picture of its name; the margin is what 256 colours cost."""
    return pytest.mark.mpl_image_compare(
        baseline_dir=str(FOLDER), filename=f"{name}.png", tolerance=8, savefig_kwargs={"dpi": DPI}
    )
