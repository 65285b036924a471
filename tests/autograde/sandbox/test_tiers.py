"""Which walls are chosen: the strongest that stand, never a weaker kind in silence, none unless it is asked for."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograde.running import grading
from autograde.running.work import close_sandbox
from autograde.sandbox import bubblewrap, landlock, landlocked, scratch, seccomp, tiers
from autograde.sandbox.bubblewrap import SandboxUnavailableError
from autograde.sandbox.client import Sandbox
from autograde.sandbox.sharing import Semaphore
from tests.autograde.conftest import CHAPTER, Demonstration


@pytest.fixture
def afresh() -> Iterator[None]:
    """Have what was found out about this machine forgotten, before the test and after it."""
    for remembered in (bubblewrap._probed, landlocked._complaint):
        remembered.cache_clear()
    yield
    for remembered in (bubblewrap._probed, landlocked._complaint):
        remembered.cache_clear()


@pytest.fixture
def no_bubblewrap(afresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.fixture
def landlock_here() -> None:
    if landlocked._complaint() is not None:
        pytest.skip(f"this machine makes no walls with Landlock: {landlocked._complaint()}")


@pytest.mark.usefixtures("landlock_here", "no_bubblewrap")
def test_landlock_takes_the_place_of_bubblewrap_and_says_what_is_weaker() -> None:
    walls = tiers.probe()
    assert walls.tier == "landlock"
    assert walls.describe().startswith("landlock, ")
    assert "apt install bubblewrap" in walls.warning
    assert "a name that it guesses" in walls.warning


@pytest.mark.usefixtures("no_bubblewrap")
@pytest.mark.parametrize(("version", "said"), [(0, "has none"), (5, "has version 5")])
def test_without_both_grading_is_refused(monkeypatch: pytest.MonkeyPatch, version: int, said: str) -> None:
    monkeypatch.setattr(landlock, "version", lambda: version)
    with pytest.raises(SandboxUnavailableError, match=f"apt install bubblewrap.*{said}.*--unsafe"):
        Sandbox()


@pytest.mark.usefixtures("walls")
def test_a_better_kind_is_never_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        bubblewrap.probe()
    except SandboxUnavailableError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(landlocked, "probe", lambda _: pytest.fail("Landlock was asked although bubblewrap stands"))
    assert (tiers.probe().tier, tiers.probe().warning) == ("bubblewrap", "")


@pytest.mark.usefixtures("landlock_here", "afresh")
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("confinement.give_up_privileges(bytes.fromhex(filter))", "a socket is not refused"),
        ("landlock.confine_worker(view, os.path.dirname(home))", "is not refused"),
    ],
)
def test_walls_that_do_not_hold_are_found_out(monkeypatch: pytest.MonkeyPatch, broken: str, said: str) -> None:
    assert broken in landlocked._TRY
    script = landlocked._TRY.replace(broken, "pass").replace("landlock.confine_submission(view, home)", "pass")
    monkeypatch.setattr(landlocked, "_TRY", script)
    with pytest.raises(SandboxUnavailableError, match=said):
        landlocked.probe("")


def test_a_folder_that_hides_something_is_allowed_in_parts(tmp_path: Path) -> None:
    for name in ("torch/nn", "solutions/inner", "course"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "module.py").touch()
    listed: list[str] = []
    parts = list(landlocked._parts(tmp_path, [tmp_path / "solutions"], listed))
    assert sorted(path.name for path in parts) == ["course", "module.py", "torch"]
    assert listed == [str(tmp_path)]


def test_the_filters_differ_in_what_namespaces_would_hold() -> None:
    assert len(seccomp.program(namespaces=False)) > len(seccomp.program())


def test_scratch_is_removed_however_deep_or_closed(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "link").symlink_to(tmp_path)
    here = os.open(room, os.O_RDONLY)
    for _ in range(1500):  # far deeper than a path or Python's stack
        os.mkdir("d" * 100, dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.mkdir("closed", 0, dir_fd=here)
    os.fchmod(here, 0)
    os.close(here)
    scratch.remove(str(room))
    assert list(tmp_path.iterdir()) == []


def test_scratch_is_measured_in_what_the_disk_holds(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(bytes(2**20))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "two").write_bytes(bytes(2**20))
    assert not scratch.exceeds(str(tmp_path), 3 * 2**20)
    assert scratch.exceeds(str(tmp_path), 2**20)


def test_a_semaphore_without_shared_memory_is_one_to_its_forks() -> None:
    semaphore = Semaphore(1, 1, 1, "", unlink=True)
    assert semaphore.acquire()
    child = os.fork()
    if not child:
        os._exit(0 if semaphore.acquire(True, 10) else 1)
    assert not semaphore.acquire(False)
    time.sleep(0.05)
    semaphore.release()
    assert os.waitpid(child, 0)[1] == 0
    assert not semaphore.acquire(True, 0.01)  # the child has it


def test_a_lock_that_is_taken_twice_by_its_owner_is_given_back_twice() -> None:
    mutex = Semaphore(0, 1, 1, "", unlink=True)
    assert mutex.acquire()
    assert mutex.acquire()
    mutex.release()
    assert mutex._is_mine()
    mutex.release()
    with pytest.raises(AssertionError):
        mutex.release()
    with pytest.raises(ValueError, match="too many times"):
        Semaphore(1, 1, 1, "", unlink=True).release()


@pytest.mark.slow
@pytest.mark.usefixtures("landlock_here", "afresh")
def test_the_marks_are_the_same_on_every_tier(demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    better = tiers.probe()
    found = landlocked.probe("bubblewrap was passed over by this test.")
    classroom = demonstration.classroom
    before = {one.result.student: one.result for one in demonstration.graded}
    monkeypatch.setattr(tiers, "probe", lambda: found)
    close_sandbox()  # that an earlier test left warm in this process
    try:
        again = {one.result.student: one.result for one in grading.grade(classroom, CHAPTER, jobs=1, regrade=True)}
    finally:
        close_sandbox()
    assert better.tier in next(iter(before.values())).tier
    for student, result in again.items():
        assert result.tier.startswith("landlock")
        assert (result.status, result.score) == (before[student].status, before[student].score), student
