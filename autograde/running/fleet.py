"""Many workers, one list of tasks: on this machine, or wherever a Dask scheduler says.

A fleet applies a function to tasks and yields what comes of each as soon as it is there. A worker that dies costs
nothing but time: Dask gives its tasks to others. A task that kills every worker that takes it, or finds no verdict, is
tried again and then yielded as `Lost`, with the reason; the others never notice. Tasks are sent a few ahead of the
workers, so that ten thousand notebooks are not held in memory at once.
"""

import logging
import os
import queue
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from threading import Event
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import uuid4

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster
    from distributed.security import Security

T = TypeVar("T")
R = TypeVar("R")

TRIES = 3
"""How often a task is started before it is given up."""

_PAYS, _PAYS_ON_TWO_CORES = 4, 16  # tasks for which it pays to start one more worker process here
_AHEAD = 2  # tasks a worker that are sent before it asks
_TICK = 0.2  # seconds between two looks at whether to stop
_GATHER = 10.0  # seconds to wait for a result that is said to be there
_LOOK = 2.0  # seconds between two looks at how many workers there are
_PATIENCE = 180.0  # seconds without a single worker on this machine, after which something must be wrong
_GONE = "the scheduler is gone; what was graded is recorded, and the same command goes on from there"
_PRELOAD = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What a worker process of ours runs first: Ctrl-C is for the grader, which then ends its workers itself."""


_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # notebooks may be large
    # Of our own cluster: what kills two workers is sent anew by us, and is let go after a few times more.
    "distributed.scheduler.allowed-failures": 1,
    # A worker that dies again while its nanny restarts it must not cost the cluster the nanny as well.
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.profile.enabled": False,  # it looks at every thread a hundred times a second
}
_IMPORTED = (
    "distributed", "distributed.nanny", "autograde.running.work", "autograde.judging.assessment",
    "autograde.classroom.recording", "autograde.feedback.pages",
)  # fmt: skip
"""What every worker process of ours needs: imported once, in a process that they are forked from."""
_SINGLE = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


class FleetError(Exception):
    """The fleet is gone, or never was; the message says what to do."""


@dataclass(frozen=True)
class Lost:
    """Why nothing came of a task."""

    reason: str


class _Unfinished:
    """The result died with its worker after it was there, and is being made again."""


class Fleet(Protocol):
    """What applies a function to tasks."""

    def map(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        stop: Event | None = None,
        again: Callable[[R], bool] | None = None,
    ) -> Generator[tuple[T, R | Lost]]:
        """Yield each task with what came of it, in no order, until `stop` is set. What is to be done `again` is.

        Raises:
            FleetError: no worker can be reached any more; what was yielded before stands.
        """


def warm_up() -> None:
    """Have what worker processes here will need be imported, while the caller does something else."""
    before = dict(os.environ)
    os.environ.update(_SINGLE)
    try:
        forkserver.set_forkserver_preload(list(_IMPORTED))  # nothing happens where it runs already
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def open_fleet(
    jobs: int = 1, scheduler: str | None = None, say: Callable[[str], None] = print, first: str = ""
) -> Iterator[Fleet]:
    """Give a fleet of `jobs` worker processes here, or that of the Dask `scheduler` at an address.

    One job needs no other process. `say` tells in a sentence what an instructor should know. `first` is a statement
    that each worker process here runs before it takes a task.

    Raises:
        FleetError: there is no scheduler at the address.
    """
    if scheduler is None and jobs == 1:
        yield _Here()
        return
    with ExitStack() as stack:
        client, cluster = _connect(scheduler, jobs, stack, say, first)
        yield _Dask(client, cluster, say)


class _Here:
    """This process alone."""

    def map(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        stop: Event | None = None,
        again: Callable[[R], bool] | None = None,
    ) -> Generator[tuple[T, R | Lost]]:
        for task in tasks:
            if stop is not None and stop.is_set():
                return
            done: R | Lost = Lost("it was never tried")
            for _ in range(TRIES):
                try:
                    done = function(task)
                except Exception as error:
                    done = Lost(repr(error))
                    continue
                if not _is_worth_another_try(done, again):
                    break
            yield task, done


@dataclass
class _Sent(Generic[T]):
    task: T
    future: "Future[object]"
    tries: int = 1


class _Dask:
    """Worker processes of a Dask cluster."""

    def __init__(self, client: "Client", cluster: "LocalCluster | None", say: Callable[[str], None]) -> None:
        self._client, self._cluster, self._say = client, cluster, say
        self._lonely_since: float | None = None
        self._looked, self._workers = -_LOOK, 0

    def map(
        self,
        function: Callable[[T], R],
        tasks: Iterable[T],
        stop: Event | None = None,
        again: Callable[[R], bool] | None = None,
    ) -> Generator[tuple[T, R | Lost]]:
        waiting, source = dict[object, _Sent[T]](), iter(tasks)
        ended: queue.SimpleQueue[Future[R]] = queue.SimpleQueue()

        def send(task: T, tries: int = 1) -> None:
            # The name says nothing about the student: schedulers log and show it.
            future = self._client.submit(function, task, key=f"autograde-{uuid4().hex}", pure=False)
            waiting[future.key] = _Sent(task, future, tries)
            future.add_done_callback(ended.put)

        try:
            while stop is None or not stop.is_set():
                width = self._width()
                while len(waiting) < width and (task := next(source, None)) is not None:
                    send(task)
                if not waiting:
                    return
                try:
                    future = ended.get(timeout=_TICK)
                except queue.Empty:
                    continue
                sent = waiting.pop(future.key)
                done = self._outcome(future)
                if isinstance(done, _Unfinished):
                    waiting[future.key] = sent
                    future.add_done_callback(ended.put)
                elif sent.tries < TRIES and _is_worth_another_try(done, again):
                    send(sent.task, sent.tries + 1)
                else:
                    yield sent.task, done
        except OSError as error:
            raise FleetError(f"{_GONE} ({_first_line(error)})") from None
        finally:
            with suppress(Exception):  # of a scheduler that is gone there is nothing to cancel
                self._client.cancel([sent.future for sent in waiting.values()], force=True)

    def _outcome(self, future: "Future[R]") -> "R | Lost | _Unfinished":
        """Return what came of a future that has ended."""
        if future.cancelled():
            raise FleetError(_GONE)
        try:
            done: R = future.result(timeout=_GATHER)
        except Exception as error:
            if future.status != "error":
                return _Unfinished()
            return Lost("every worker that took it died" if type(error).__name__ == "KilledWorker" else repr(error))
        return done

    def _width(self) -> int:
        """Return how many tasks to have under way; now and then see how many workers there are, and if any."""
        if self._client.status != "running":
            raise FleetError(_GONE)
        now = time.monotonic()
        if now - self._looked > _LOOK:
            self._looked, self._workers = now, len(self._client.nthreads())
            if self._workers:
                self._lonely_since = None
            elif self._lonely_since is None:
                self._lonely_since = now
                if self._cluster is None:
                    self._say("no worker has joined the scheduler yet; grading starts when one does (Ctrl-C stops)")
            elif self._cluster is not None and now - self._lonely_since > _PATIENCE:
                raise FleetError("no worker process stays alive on this machine; see what ends them, such as memory")
        return _AHEAD * max(1, self._workers)


def _connect(
    scheduler: str | None, jobs: int, stack: ExitStack, say: Callable[[str], None], first: str
) -> "tuple[Client, LocalCluster | None]":
    import dask
    from distributed import Client, LocalCluster

    for name in ("distributed", "distributed.client", "asyncio"):  # they tell of every death; we, what follows from it
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set(_SETTINGS)
    if scheduler is not None:
        if not scheduler.startswith(("tls://", "wss://")) and not _is_loopback(scheduler):
            say(f"{scheduler} is not encrypted: who reaches it can read submissions and run code as you; docs/FLEET.md")
        try:
            return stack.enter_context(Client(scheduler, set_as_default=False)), None
        except (OSError, ValueError) as error:
            raise FleetError(f"there is no Dask scheduler at {scheduler} ({_first_line(error)})") from None
    warm_up()
    scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="autograde-fleet-", ignore_cleanup_errors=True))
    cluster = LocalCluster(
        n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        memory_limit=0, local_directory=scratch, silence_logs=logging.CRITICAL, security=_private(say),
        preload=[f"{_PRELOAD}\n{first}"],
    )  # fmt: skip
    stack.enter_context(cluster)
    return stack.enter_context(Client(cluster, set_as_default=False)), cluster


def _private(say: Callable[[str], None]) -> "Security | None":
    """Return keys for this one run, so that nobody else on this machine can join the cluster."""
    from distributed.security import Security

    try:
        return Security.temporary()
    except ImportError:
        say("without the package cryptography, other users of this machine could join the workers; install it")
        return None


def _is_worth_another_try(done: R | Lost, again: Callable[[R], bool] | None) -> bool:
    return True if isinstance(done, Lost) else again is not None and again(done)


def _is_loopback(address: str) -> bool:
    host = address.rpartition("://")[2].rpartition(":")[0]
    return host in ("localhost", "[::1]") or host.startswith("127.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def workers(jobs: int | None, tasks: int) -> int:
    """Return how many worker processes to have for `tasks`: at most `jobs`, or one a core, and none in vain.

    Workers import torch at the same time. Where they share two cores for it, one process grades a dozen meanwhile.
    """
    cores = usable_cores()
    return max(1, min(jobs or cores, tasks // (_PAYS if cores > 2 else _PAYS_ON_TWO_CORES) + 1))


def usable_cores() -> int:
    """Return how many cores this process may use, which a container or SLURM can keep below the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
