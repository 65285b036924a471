"""The errors that the commands expect and tell in a sentence; every other one is a fault of ours and shows itself."""

import sys

_EXPECTED = (
    ("autograde.classroom", "ClassroomError"),
    ("autograde.sandbox.bubblewrap", "SandboxUnavailableError"),
    ("autograde.fleet", "FleetError"),
    ("autograde.trying", "TryError"),
    ("autograde.building.chapter", "ChapterError"),
)


def refusals() -> tuple[type[Exception], ...]:
    """Return them, of those modules that are imported: an error cannot come from another."""
    found = [getattr(sys.modules[module], name) for module, name in _EXPECTED if module in sys.modules]
    return (FileNotFoundError, *found)
