"""Inside the kernel of a notebook that is run for its numbers: what a cell costs, and a start from other weights.

The first cell of the run calls `start`, the last one `report`; the notebook's own cells know nothing of it.
"""

import platform
import time
from importlib.metadata import version

REPORT = "application/vnd.pixels-to-instances.report+json"
_LIBRARIES = ("numpy", "torch", "torchmetrics", "torchvision")

_spent: list[float] = []


def start(run: int) -> None:
    """Count the CPU seconds of each cell from here on. Run 0 is the notebook as it is; another has other seeds.

    What a cell seeds by `torch.manual_seed` then starts elsewhere, first of all a network's weights; the order of the
    pictures, which has a generator of its own, stays.
    """
    import torch
    from IPython.core.getipython import get_ipython

    seed_as_asked = torch.manual_seed
    if run:
        torch.manual_seed = lambda seed: seed_as_asked(int(seed) + 1_000_000 * run)
    began = time.process_time()

    def before(*_: object) -> None:
        nonlocal began
        began = time.process_time()

    shell = get_ipython()
    assert shell is not None
    shell.events.register("pre_run_cell", before)
    shell.events.register("post_run_cell", lambda *_: _spent.append(time.process_time() - began))


def report() -> None:
    """Hand out what the cells between `start` and this one cost, and where they ran."""
    import torch
    from IPython.display import display

    cuda = torch.cuda.is_available()
    said = {
        "cpu_seconds": _spent[1:],  # the first is that of the cell which called `start`
        "device": torch.cuda.get_device_name() if cuda else f"CPU, {platform.machine()}",
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }
    display({REPORT: said, "text/plain": "measured"}, raw=True)
