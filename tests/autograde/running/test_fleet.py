"""A fleet yields every task once, whatever happens to its workers."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

from autograde.running import work
from autograde.running.fleet import TRIES, Fleet, FleetError, Lost, open_fleet, warm_up, workers
from autograde.sandbox.limits import Limits

Function = Callable[[int], int]


def failing(times: int) -> tuple[Function, list[int]]:
    """Return a function that fails the first `times` and what it was asked."""
    asked: list[int] = []

    def function(task: int) -> int:
        asked.append(task)
        if len(asked) <= times:
            raise RuntimeError("no")
        return task

    return function, asked


def test_a_task_that_fails_is_tried_again_and_then_given_up_with_the_reason() -> None:
    function, asked = failing(TRIES - 1)
    with open_fleet(1) as fleet:
        assert list(fleet.map(function, [7])) == [(7, 7)]
    assert len(asked) == TRIES
    function, asked = failing(TRIES)
    with open_fleet(1) as fleet:
        assert list(fleet.map(function, [7])) == [(7, Lost("RuntimeError('no')"))]
    assert len(asked) == TRIES


def test_a_result_that_asks_for_another_try_gets_it() -> None:
    asked: list[int] = []
    with open_fleet(1) as fleet:
        assert list(fleet.map(lambda task: asked.append(task) or len(asked), [7], again=lambda n: n < 2)) == [(7, 2)]  # type: ignore[func-returns-value]


def test_nothing_is_started_after_a_stop() -> None:
    stop = threading.Event()
    with open_fleet(1) as fleet:
        outcomes = fleet.map(lambda task: task, range(10), stop)
        assert next(outcomes) == (0, 0)
        stop.set()
        assert list(outcomes) == []


def test_an_address_without_a_scheduler_is_said_in_a_sentence() -> None:
    import dask
    import distributed  # noqa: F401  # it fills dask's configuration

    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(FleetError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9 "),
        open_fleet(scheduler="tcp://127.0.0.1:9"),
    ):
        pass


def test_an_address_that_is_open_to_the_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    said: list[str] = []
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: (_ for _ in ()).throw(OSError("refused")))
    for address in ("tcp://10.0.0.1:8786", "tls://10.0.0.1:8786", "tcp://127.0.0.1:8786", "localhost:8786"):
        with pytest.raises(FleetError), open_fleet(scheduler=address, say=said.append):
            pass
    assert [sentence.split()[0] for sentence in said] == ["tcp://10.0.0.1:8786"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_tasks_come_back_once_each_while_workers_are_killed_at_random(tmp_path: Path) -> None:
    folder = str(tmp_path)

    def square(task: int) -> tuple[int, int]:
        (Path(folder) / str(os.getpid())).touch()
        time.sleep(0.05)
        return task * task, os.getpid()

    killed: set[int] = set()

    def kill(dice: random.Random) -> None:
        while len(killed) < 5:
            time.sleep(dice.uniform(0.5, 2))
            alive = [int(path.name) for path in tmp_path.iterdir() if int(path.name) not in killed]
            if alive:
                killed.add(victim := dice.choice(alive))
                with suppress(ProcessLookupError):  # a worker may have gone by itself
                    os.kill(victim, signal.SIGKILL)

    with open_fleet(2) as fleet:
        killer = threading.Thread(target=kill, args=(random.Random(5),), daemon=True)
        killer.start()
        got = list(fleet.map(square, range(200)))
    assert sorted(task for task, _ in got) == list(range(200))
    assert [outcome for task, outcome in got if isinstance(outcome, Lost) or outcome[0] != task * task] == []
    assert killed
    assert os.getpid() not in {outcome[1] for _, outcome in got if not isinstance(outcome, Lost)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_task_that_kills_every_worker_is_lost_alone_and_a_stranger_is_refused() -> None:
    def toxic(task: int) -> int:
        if task == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    with open_fleet(2) as fleet:
        refuses_strangers(fleet)
        got = dict(fleet.map(toxic, range(20)))
    assert got.pop(5) == Lost("every worker that took it died")
    assert got == {task: task for task in range(20) if task != 5}


def refuses_strangers(fleet: Fleet) -> None:
    """See that our own workers speak TLS, and with nobody who has not the keys of this run."""
    from distributed.comm import connect
    from distributed.security import Security

    address = fleet._cluster.scheduler_address  # type: ignore[attr-defined]
    assert address.startswith("tls://127.0.0.1:")
    for keys in (Security(), Security.temporary()):
        with pytest.raises((OSError, TypeError)):
            asyncio.run(connect(address, timeout=2, **keys.get_connection_args("client")))
    own = fleet._cluster.security.get_connection_args("client")  # type: ignore[attr-defined]
    asyncio.run(comes_in(address, own))


async def comes_in(address: str, own: dict[str, Any]) -> None:
    """See that who has the keys is let in, so that a refusal is one of the keys."""
    from distributed.comm import connect

    comm = await connect(address, timeout=30, **own)
    await comm.close()


def test_a_sandbox_that_was_started_early_is_the_one_that_grades() -> None:
    limits = Limits(cell=7.5)  # a class may have its own
    exec(work.statements_to_start_early("03_unpooling", limits, True))
    (early,) = work._early.values()
    try:
        assert work.warm_sandbox("03_unpooling", limits, unsafe=True)._launched is early
        assert not work._early
    finally:
        work.close_sandbox()
    assert early.process.returncode is not None


def test_workers_are_warmed_up_with_one_thread_each_and_nobody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    seen = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: seen.append(os.environ["OMP_NUM_THREADS"]))
    warm_up()
    assert seen == ["1"]
    assert "OMP_NUM_THREADS" not in os.environ


@pytest.mark.parametrize(
    ("cores", "jobs", "tasks", "expected"),
    [
        *[(2, None, 15, 1), (2, None, 16, 2), (2, None, 500, 2), (2, 4, 48, 4), (2, 1, 500, 1)],
        *[(8, None, 3, 1), (8, None, 15, 4), (8, None, 500, 8), (8, 2, 500, 2), (8, None, 0, 1)],
    ],
)
def test_no_more_workers_are_started_than_pay_for_it(
    cores: int, jobs: int | None, tasks: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograde.running.fleet.usable_cores", lambda: cores)
    assert workers(jobs, tasks) == expected


def test_who_sends_tasks_and_records_imports_no_torch() -> None:
    modules = (
        "nbgrader_plugin", "classroom.recording", "feedback.pages", "feedback.presenting",
        *(f"running.{name}" for name in ("fleet", "grading", "work")),
    )  # fmt: skip
    imports = "\n".join(f"import autograde.{name}" for name in modules)
    code = f"import sys\n{imports}\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
