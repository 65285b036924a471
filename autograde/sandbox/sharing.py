"""How the processes of one submission share where /dev/shm is the machine's own, and so out of reach.

`multiprocessing` makes its semaphores there, and torch the tensors that a DataLoader's worker sends. Here a semaphore
is an event descriptor of the kernel, which a fork inherits, and tensors travel through the pipe by value. Honest
notebooks notice nothing, but for `Queue.qsize` and `share_memory_`, which do not work.
"""

import os
import select
import threading
import time
from typing import ClassVar

_RECURSIVE = 0
_LARGEST = 2**31 - 1


class Semaphore:
    """What `_multiprocessing.SemLock` is: a semaphore, or a mutex that its owner may take again (kind 0)."""

    SEM_VALUE_MAX: ClassVar[int] = _LARGEST
    name: ClassVar[None] = None  # nothing to be unlinked

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind, self.maxvalue = kind, maxvalue
        self.handle = os.eventfd(value, os.EFD_SEMAPHORE | os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._taken, self._owner = 0, 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take one, waiting `timeout` seconds, or for ever; return whether it was had."""
        if self.kind == _RECURSIVE and self._is_mine():
            self._taken += 1
            return True
        deadline = None if timeout is None else time.monotonic() + max(0.0, timeout)
        while not self._take():
            if not block or not self._wait(deadline):
                return False
        self._taken, self._owner = self._taken + 1, threading.get_ident()
        return True

    def release(self) -> None:
        """Give one back."""
        if self.kind == _RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._taken > 1:
                self._taken -= 1
                return
        elif self.maxvalue == 1 and not self._is_zero():
            raise ValueError("semaphore or lock released too many times")
        self._taken -= 1
        os.eventfd_write(self.handle, 1)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __del__(self) -> None:
        os.close(self.handle)

    def _take(self) -> bool:
        try:
            os.eventfd_read(self.handle)
        except BlockingIOError:
            return False
        return True

    def _wait(self, deadline: float | None) -> bool:
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        if deadline is None:
            return bool(poll.poll())
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _count(self) -> int:
        return self._taken

    def _is_mine(self) -> bool:
        return self._taken > 0 and self._owner == threading.get_ident()

    def _is_zero(self) -> bool:
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        return not poll.poll(0)

    def _get_value(self) -> int:
        raise NotImplementedError  # as on macOS

    def _after_fork(self) -> None:
        self._taken = 0


def do_without_shared_memory() -> None:
    """Have `multiprocessing` and torch in this process and its forks share through descriptors and pipes alone."""
    import _multiprocessing  # type: ignore[import-not-found]
    from multiprocessing import heap, synchronize
    from multiprocessing.reduction import ForkingPickler

    import torch
    import torch.multiprocessing  # which registers what is taken away below

    _multiprocessing.SemLock = Semaphore
    synchronize.SEM_VALUE_MAX = _LARGEST  # type: ignore[attr-defined]
    heap.Arena._dir_candidates = []  # type: ignore[attr-defined]
    kinds = (torch.Tensor, torch.UntypedStorage, torch.TypedStorage)
    reducers = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    for known in [kind for kind in reducers if isinstance(kind, type) and issubclass(kind, kinds)]:
        del reducers[known]
    torch.UntypedStorage._new_shared = classmethod(_new_unshared)  # type: ignore[assignment, method-assign]


def _new_unshared(kind: type, size: int, *, device: str = "cpu") -> object:
    return kind(size, device=device)
