"""The course's colours for plots: the same eight as the widgets', read from the one file that defines them.

Okabe & Ito, "Color universal design" (2008): eight colours that stay apart under every common colour blindness.
"""

import re
from functools import cache
from pathlib import Path


@cache
def okabe_ito() -> dict[str, str]:
    """Return the eight colours by name, as `#rrggbb`.

    >>> okabe_ito()["blue"], len(okabe_ito())
    ('#0072b2', 8)
    """
    css = (Path(__file__).parent / "shared" / "palette.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--oi-([a-z-]+): (#[0-9a-f]{6});", css))
