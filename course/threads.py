"""How torch's threads behave on a shared computer: as many as there are cores for them, and quiet while they wait.

Measured with the networks of chapters 1, 3 and 4 on two cores. Beside much other work, a thread by default spins until
the other has had its turn, and a step takes 9 to 11 times as long as with one thread; with the short wait that is set
here, 1.4 to 1.7 times. Alone, two threads are 1.2 to 1.7 times as fast as one; the long wait makes that 1.4 to 2.

OpenMP reads its variables once, when torch is loaded. So `course` sets them as it is imported, and the first cell of
every chapter imports it. A variable that is set already is left alone.
"""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_SHORT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # in every OpenMP: sleep while there is nothing to do
    "GOMP_SPINCOUNT": "1000",  # in GNU's, which torch's Linux wheels have: not at once; its own number for a crowd
}


def settle(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set what OpenMP reads, unless torch has been loaded or the user has said how threads wait."""
    if "torch" in sys.modules:
        return
    if not any(name in environment for name in _SHORT):
        environment.update(_SHORT)
    quota = cpu_quota()
    if quota is not None:
        environment.setdefault("OMP_NUM_THREADS", str(quota))


def cpu_quota(cgroup: Path = _CGROUP) -> int | None:
    """Return how many cores a container may use, where its limit is below what there are; None where there is none.

    torch counts cores and knows which of them this process may run on, but not how much of their time: in a container
    with two of 64 cores it starts 64 threads.
    """
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota, period = ((cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        cores = int(quota) / int(period)
    except (OSError, ValueError):  # no control groups, or "max": no limit
        return None
    return max(1, int(cores)) if 0 < cores < (os.cpu_count() or 1) else None
