"""The same marks by one process, by our own workers, by a Dask cluster of separate processes, and by a plain user."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from autograde import demo
from autograde.classroom import directory as classes
from autograde.classroom.directory import Classroom
from autograde.running import grading
from tests.autograde.conftest import CHAPTER, Demonstration
from tests.autograde.running.test_grading import in_gradebook

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(sys.executable).parent
MANUAL = (ROOT / "docs" / "FLEET.md").read_text()


CRASHING = """def max_unpool2d(*rest, **more):
    import os

    os._exit(1)"""

FORGING = """def max_unpool2d(*rest, **more):
    import os

    for descriptor in range(256):
        try:
            os.write(descriptor, b"score" * 100)
        except OSError:
            pass"""


@pytest.fixture(scope="module")
def graded(demonstration: Demonstration, answers: dict[str, str]) -> Iterator[Classroom]:
    """The demo's class and three students who have another status, in a folder that a plain user may enter."""
    with tempfile.TemporaryDirectory(prefix="autograde-class-") as folder:
        classroom = Classroom(Path(folder).resolve() / "class")
        shutil.copytree(demonstration.classroom.root, classroom.root)
        for student, answer in {"crashing": CRASHING, "forging": FORGING, "no-notebook": None}.items():
            notebook = classroom.released(CHAPTER)
            assert notebook is not None
            demo.fill(notebook, {**answers, "max_unpool2d": answer or ""})
            path = classroom.folder("submitted", student, CHAPTER) / f"{CHAPTER}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(nbformat.writes(notebook) if answer else "{")
        grading.grade(classroom, CHAPTER, jobs=2, pages=False)
        statuses = {student: result["status"] for student, result in verdicts(classroom).items()}
        assert {"crashing": "crashed", "forging": "tampered", "no-notebook": "unreadable"}.items() <= statuses.items()
        yield classroom


@pytest.fixture
def ungraded(graded: Classroom) -> Iterator[Classroom]:
    """The same class before anybody graded it."""
    with tempfile.TemporaryDirectory(prefix="autograde-class-") as folder:
        root = Path(folder).resolve() / "class"
        shutil.copytree(graded.root, root)
        for name in ("autograded", "feedback", ".autograde/results", ".autograde/finished"):
            shutil.rmtree(root / name)
        (root / "gradebook.db").unlink()
        classes.release(Classroom(root), CHAPTER)
        yield Classroom(root)


def verdicts(classroom: Classroom) -> dict[str, dict[str, object]]:
    """Read everything that is kept of a class but how long it took and in which walls, without any code of ours."""
    kept = (classroom.private / "results" / CHAPTER).glob("*.json")
    found = {path.stem: json.loads(path.read_text()) for path in kept}
    for result in found.values():
        for what in (result, *result["exercises"].values()):
            what.pop("seconds", None)
        del result["tier"]
    return found


def assert_same(classroom: Classroom, other: Classroom) -> None:
    """Marks, statuses, cases, messages, pictures, and the number of all that they depend on."""
    assert in_gradebook(classroom) == in_gradebook(other)
    assert verdicts(classroom) == verdicts(other)


def start(*command: object, **environment: str) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    everything = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(list(map(str, command)), env=everything, **quiet)  # type: ignore[call-overload,no-any-return]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_nobody(spare: Path) -> list[str]:
    """Return what runs a command as a plain user, who also finds an interpreter that lies in root's own directory."""
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--ambient-caps=-all"]
    closed = next((path for path in Path(sys.base_prefix).parents if not path.stat().st_mode & 0o001), None)
    if closed is None:
        return become
    # In a mount namespace of the command's own, an open directory lies over the closed one, the interpreter in it.
    (spare / "python").mkdir()
    script = (
        'mount --bind "$1" "$2" && mount -t tmpfs -o mode=755 none "$3" && mkdir -p "$1" && mount --bind "$2" "$1" '
        '&& shift 3 && exec "$@"'
    )
    return [
        "unshare",
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        sys.base_prefix,
        str(spare / "python"),
        str(closed),
        *become,
    ]


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, str]:
    """Dask's settings for TLS, as environment variables, with a certificate of our own."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=fleet"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    prefix = "DASK_DISTRIBUTED__COMM__TLS"
    settings = {f"{prefix}__CA_FILE": str(cert), "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        settings |= {f"{prefix}__{who}__CERT": str(cert), f"{prefix}__{who}__KEY": str(key)}
    return settings


@pytest.fixture
def tls_scheduler(certificates: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A scheduler and two workers, each a process of its own, that speak TLS; the address, and the settings for it."""
    address = f"tls://127.0.0.1:{free_port()}"
    cli = (TOOLS / "python", "-m", "distributed.cli")
    local = ("--local-directory", tmp_path / "scratch")
    port = address.rpartition(":")[2]
    processes = [
        start(*cli[:2], "distributed.cli.dask_scheduler", "--host", "tls://127.0.0.1", "--port", port,
              "--dashboard-address", "127.0.0.1:0", **certificates)
    ]  # fmt: skip
    processes += [
        start(*cli[:2], "distributed.cli.dask_worker", address, "--nthreads", 1, "--memory-limit", 0, *local,
              "--dashboard-address", "127.0.0.1:0", **certificates)
        for _ in range(2)
    ]  # fmt: skip
    yield address, certificates
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(30)


def stranger(address: str, security: object = None) -> None:
    """Knock at a scheduler without its keys."""
    from distributed import Client

    Client(address, security=security, timeout="3s", set_as_default=False).close()


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.timeout(900)
def test_one_process_alone_gives_the_marks_of_two_workers(graded: Classroom, ungraded: Classroom) -> None:
    assert in_gradebook(ungraded) == {}
    grading.grade(ungraded, CHAPTER, jobs=1, pages=False)
    assert_same(ungraded, graded)


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.timeout(900)
def test_a_cluster_of_separate_processes_gives_the_same_marks_over_tls(
    graded: Classroom, ungraded: Classroom, tls_scheduler: tuple[str, dict[str, str]]
) -> None:
    address, settings = tls_scheduler
    command = [sys.executable, "-m", "autograde", "grade", CHAPTER, "--class", str(ungraded.root), "--no-feedback"]
    ran = subprocess.run(
        [*command, "--scheduler", address], capture_output=True, text=True, timeout=800,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "not encrypted" not in ran.stderr
    with pytest.raises((OSError, TypeError)):
        stranger(address)
    assert_same(ungraded, graded)


@pytest.mark.slow
@pytest.mark.usefixtures("walls")
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a plain user; a plain user's own run is this test")
def test_a_plain_user_gives_the_same_marks(graded: Classroom, ungraded: Classroom, tmp_path: Path) -> None:
    for path in [ungraded.root, *ungraded.root.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    ungraded.root.parent.chmod(0o755)
    command = [sys.executable, "-m", "autograde", "grade", CHAPTER, "--class", str(ungraded.root), "--jobs", "2"]
    ran = subprocess.run(
        [*as_nobody(tmp_path), *command, "--no-feedback"], capture_output=True, text=True, timeout=800,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(ungraded.root)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert_same(ungraded, graded)


def test_the_documented_slurm_cluster_submits_jobs_that_can_grade(
    certificates: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("dask_jobqueue", reason="the extra `cluster` brings dask-jobqueue")
    import dask
    import distributed  # noqa: F401  # it fills dask's configuration

    (snippet,) = re.findall(r"```python\n(from dask_jobqueue.*?)```", MANUAL, re.DOTALL)
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = {
        name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-"): value
        for name, value in certificates.items()
    }
    with dask.config.set(settings):
        names: dict[str, object] = {}
        exec(snippet, names)
        cluster = names["cluster"]
        try:
            script = cluster.job_script()  # type: ignore[attr-defined]
        finally:
            cluster.close()  # type: ignore[attr-defined]
    assert "#SBATCH --cpus-per-task=8" in script
    assert "#SBATCH --mem=" in script
    assert "#SBATCH -t 02:00:00" in script
    assert "export OMP_NUM_THREADS=1" in script
    (worker,) = [line for line in script.splitlines() if "dask_worker" in line or "dask worker" in line]
    for part in (
        "tls://",
        "--tls-ca-file",
        "--tls-cert",
        "--nthreads 1",
        "--nworkers 8",
        "--memory-limit 0",
        "--lifetime",
    ):
        assert part in worker


def test_the_documented_commands_give_a_worker_one_thread_and_no_memory_limit() -> None:
    (worker,) = [line for line in MANUAL.splitlines() if line.startswith("dask worker ")]
    assert "--nthreads 1" in worker
    assert "--memory-limit 0" in worker


def test_a_worker_with_another_installation_gives_no_verdict() -> None:
    from autograde.intake.handed_in import HandedIn
    from autograde.running.work import Task, work
    from autograde.sandbox.limits import Limits

    done = work(Task(HandedIn("ada", b"{}"), CHAPTER, "secret", None, "another environment", Limits()))
    assert done.result.status == "infrastructure"
    assert re.search(r"another installation than the grader \(python 3\.\d+, torch ", done.result.reason)


def test_a_local_cluster_is_told_where_it_cannot_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed.security import Security

    from autograde.running.fleet import _private

    said: list[str] = []
    monkeypatch.setattr(Security, "temporary", lambda: (_ for _ in ()).throw(ImportError))
    assert _private(said.append) is None
    assert "cryptography" in said[0]
