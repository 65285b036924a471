"""Which walls this machine can make, the strongest first. None is chosen silently over a better one."""

from autograde.sandbox import bubblewrap, landlocked
from autograde.sandbox.bubblewrap import SandboxUnavailableError, Walls

UNSAFE = "With --unsafe students' code runs unprotected, with your rights."


def probe() -> Walls:
    """Return the first walls that stand: bubblewrap's, or Landlock's, which then say why and what is weaker.

    Raises:
        SandboxUnavailableError: there are none; the message says what to do.
    """
    try:
        return bubblewrap.probe()
    except SandboxUnavailableError as error:
        instead = str(error)
    try:
        return landlocked.probe(instead)
    except SandboxUnavailableError as error:
        raise SandboxUnavailableError(f"{instead} Landlock cannot take its place: {error}. {UNSAFE}") from None
