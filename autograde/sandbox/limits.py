"""How much a student's code may take. Wall limits are held by the grader with SIGKILL, the others by the kernel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes. Memory and CPU time count for each process, from when the student's cells start."""

    start: float = 120.0
    """Seconds for the sandbox to start and import torch."""
    cell: float = 30.0
    """Seconds a cell."""
    case: float = 10.0
    """Seconds a call of the answer."""
    exercise: float = 90.0
    """Seconds an exercise, cells and calls together."""
    submission: float = 300.0
    """Seconds a submission, all exercises together, from when its walls stand."""
    memory: int = 2 * 2**30
    """Bytes a process, beyond what an imported torch takes."""
    total_memory: int = 3 * 2**30
    """Bytes of all processes of a submission together, what they write to scratch files included."""
    file_size: int = 64 * 2**20
    scratch: int = 256 * 2**20
    """Bytes of /tmp, of the home directory, and of /dev/shm."""
    processes: int = 64
    output: int = 4096
    """Bytes kept of what the cells print: the last ones."""
