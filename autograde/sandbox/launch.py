"""Start the sandboxed process. This module imports no torch: the sandbox imports its own while the grader does."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from autograde.sandbox import bubblewrap, landlocked, tiers
from autograde.sandbox.bubblewrap import SandboxUnavailableError
from autograde.sandbox.limits import Limits

__all__ = ["Kind", "Launched", "SandboxUnavailableError", "start"]

Kind = Literal["warm", "single", "landlock", "unsafe"]
"""One sandbox for many submissions, one a submission, one without namespaces for many, or no walls at all."""
_PATIENCE = 10.0  # seconds for a sandbox to end what it started


@dataclass
class Launched:
    """A sandboxed process, the grader's end of its control socket, and what it says when it cannot start."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    log: IO[bytes]
    kind: Kind
    scratch: Path | None = None
    greeted: bool = field(default=False)

    def last_words(self) -> str:
        """Return the last line that the process itself wrote, or ""."""
        self.log.seek(0)
        lines = self.log.read(2**16).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def kill(self) -> None:
        """Kill the process; with the walls, everything that it started dies with it."""
        if self.kind == "landlock" and self.greeted:
            self.control.close()  # without a namespace to end, it is the one who can end all that it started
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_PATIENCE)
        self.process.kill()
        self.control.close()
        self.process.wait()
        self.log.close()
        if self.scratch is not None:
            if self.kind == "landlock":
                with suppress(OSError):
                    landlocked.clear(self.scratch)
            shutil.rmtree(self.scratch, ignore_errors=True)


def start(limits: Limits | None = None, unsafe: bool = False, preload: Sequence[str] = ()) -> Launched:
    """Start a sandbox that imports torch and the modules `preload`, and return at once.

    Use it from the thread that started it: it dies when that thread does.

    Raises:
        SandboxUnavailableError: there are no walls here, and `unsafe` does not say to do without.
    """
    walls = None if unsafe else tiers.probe()
    kind: Kind = "unsafe" if walls is None else walls.kind
    ours, theirs = socket.socketpair()
    log = tempfile.TemporaryFile()  # noqa: SIM115
    command = bubblewrap.runner(theirs.fileno(), kind, preload)
    scratch, environment = None, dict(os.environ)
    if walls is None:
        scratch = Path(tempfile.mkdtemp(prefix="autograde-"))
        environment = bubblewrap.environment(unsafe=True, home=scratch, scratch=scratch)
    elif walls.kind == "landlock":
        scratch = Path(tempfile.mkdtemp(prefix="autograde-"))
        command, environment = landlocked.wrap(scratch, command), landlocked.environment(scratch)
    else:
        command = [*bubblewrap.wrap(limits or Limits(), walls), *command]
    try:
        process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=environment, cwd=scratch,
        )  # fmt: skip
    except OSError as error:
        ours.close()
        raise SandboxUnavailableError(f"the sandbox does not start: {error}") from None
    finally:
        theirs.close()
    return Launched(process, ours, log, kind, scratch)
