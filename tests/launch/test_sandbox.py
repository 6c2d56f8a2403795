"""A job reaches its own folder and its data, and nothing of the worker, of other jobs, or of the network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.jobs import launch, python
from worker.launch import sandbox
from worker.launch.events import Started
from worker.launch.launcher import SetupFailed, Zygote
from worker.launch.request import CHECKOUT

pytestmark = pytest.mark.skipif(not sandbox.probe().hides_files, reason="this machine has no Landlock")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "admin.key"
    path.write_text("the secret")
    return path


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a TCP server on the loopback of the machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def _tries(code: str) -> tuple[str, ...]:
    """Arguments of a job that prints what an attempt came to."""
    return python(f"try:\n    print({code})\nexcept OSError as error:\n    print(type(error).__name__)")


@pytest.mark.parametrize("options", [{}, {"hidden": True}], ids=["by Landlock", "and by an empty mount"])
def test_a_job_cannot_read_a_file_outside_its_folder(
    light: Zygote, tmp_path: Path, secret: Path, options: dict[str, bool]
) -> None:
    hidden = (tmp_path,) if options else ()
    job = launch(light, tmp_path, *_tries(f"open({str(secret)!r}).read()"), hidden=hidden)
    job.finish()

    assert job.log in {"PermissionError\n", "FileNotFoundError\n"}


def test_a_job_reads_its_data_roots_and_cannot_write_them(light: Zygote, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "x").write_text("numbers")
    code = f"print(open('{data}/x').read(), flush=True); open('{data}/x', 'w')"
    job = launch(light, tmp_path, *python(code), data_roots=(data,))

    assert job.finish().code == 1
    assert job.log.startswith("numbers\n")
    assert "PermissionError" in job.log


@pytest.mark.parametrize(
    "path",
    ["/etc/shadow", str(CHECKOUT / "pyproject.toml"), str(CHECKOUT / ".git/HEAD"), "/root/.ssh", "/var/lib", "/home"],
)
def test_a_job_cannot_read_what_it_was_not_granted(light: Zygote, tmp_path: Path, path: str) -> None:
    job = launch(light, tmp_path, *_tries(f"__import__('os').open({path!r}, 0)"))
    job.finish()

    assert job.log in {"PermissionError\n", "FileNotFoundError\n"}


@pytest.mark.parametrize("path", ["/usr/x", "/tmp/../etc/x", "/proc/self/oom_score_adj", str(CHECKOUT / "worker/x")])
def test_a_job_cannot_write_outside_its_folder(light: Zygote, tmp_path: Path, path: str) -> None:
    job = launch(light, tmp_path, *_tries(f"open({path!r}, 'w')"))
    job.finish()

    assert job.log == "PermissionError\n"
    assert not (CHECKOUT / "worker/x").exists()


@pytest.mark.parametrize("name", ["environ", "mem", "maps", "fd/0", "cwd/pyproject.toml", "root/etc/hosts"])
def test_a_job_cannot_look_into_the_worker(light: Zygote, tmp_path: Path, name: str) -> None:
    job = launch(light, tmp_path, *_tries(f"open('/proc/{os.getpid()}/{name}', 'rb').read(1)"))
    job.finish()

    assert job.log in {"PermissionError\n", "FileNotFoundError\n"}


def test_a_job_cannot_look_into_another_job(light: Zygote, tmp_path: Path) -> None:
    other = launch(light, tmp_path, "sleep", "60", env={"CANARY": "of the other"})
    job = launch(light, tmp_path, *_tries(f"open('/proc/{other.wait_for(Started).pid}/environ').read()"))
    job.finish()

    assert job.log in {"PermissionError\n", "FileNotFoundError\n"}


@pytest.mark.skipif(not sandbox.probe().shields_processes, reason="signals are not held back by this kernel")
def test_a_job_cannot_signal_the_worker_its_init_or_another_job(light: Zygote, tmp_path: Path) -> None:
    other = launch(light, tmp_path, "sleep", "60").wait_for(Started)
    for pid in (os.getpid(), other.init_pid, other.pid):
        job = launch(light, tmp_path, *_tries(f"__import__('os').kill({pid}, 0)"))
        job.finish()

        assert job.log == "PermissionError\n"


@pytest.mark.parametrize(("network", "outcome"), [(False, "ConnectionRefusedError"), (True, "connected")])
def test_a_job_reaches_a_server_of_the_machine_only_with_the_network(
    light: Zygote, tmp_path: Path, server: int, network: bool, outcome: str
) -> None:
    code = f"__import__('socket').create_connection(('127.0.0.1', {server}), 5) and 'connected'"
    job = launch(light, tmp_path, *_tries(code), network=network)
    job.finish()

    assert job.log == f"{outcome}\n"


def test_a_job_may_use_its_own_loopback(light: Zygote, tmp_path: Path) -> None:
    code = (
        "import socket as s; l = s.create_server(('127.0.0.1', 0)); s.create_connection(l.getsockname()); print('ok')"
    )
    job = launch(light, tmp_path, *python(code))
    job.finish()

    assert job.log == "ok\n"


def test_a_job_cannot_reach_a_socket_in_a_shared_folder(light: Zygote, tmp_path: Path) -> None:
    if not sandbox.probe().own_mounts:
        pytest.skip("this machine gives a job no mounts of its own")
    path = f"/tmp/trainshed-test-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        job = launch(light, tmp_path, *_tries(f"__import__('socket').socket(1).connect({path!r})"))
        job.finish()
        Path(path).unlink()

    assert job.log == "FileNotFoundError\n"


def test_shared_memory_is_the_jobs_own(light: Zygote, tmp_path: Path) -> None:
    if not sandbox.probe().own_mounts:
        pytest.skip("this machine gives a job no mounts of its own")
    job = launch(light, tmp_path, *python("import os; open('/dev/shm/mine', 'w'); print(os.listdir('/dev/shm'))"))
    job.finish()

    assert job.log == "['mine']\n"
    assert not Path("/dev/shm/mine").exists()


def test_multiprocessing_works_in_a_job(light: Zygote, tmp_path: Path) -> None:
    code = "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1, -2]))"
    job = launch(light, tmp_path, *python(code))
    job.finish()

    assert job.log == "[1, 2]\n"


def test_a_job_has_no_capability_and_cannot_gain_one(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "grep", "-E", "^(Cap|NoNewPrivs)", "/proc/self/status")
    job.finish()

    assert {line.split()[1] for line in job.log.splitlines() if line.startswith("Cap")} == {"0" * 16}
    assert "NoNewPrivs:\t1" in job.log


def test_a_job_cannot_undo_its_mounts(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", "umount /tmp || unshare -Urm umount /tmp")

    assert job.finish().code != 0


def test_a_program_does_not_run_where_files_cannot_be_hidden_unless_allowed(tmp_path: Path) -> None:
    folder = str(tmp_path)
    policy = sandbox.SandboxPolicy(required=True, writable=(folder,), temporary=folder)

    assert _without("abi", policy, "print('ran')").startswith("SandboxUnavailableError")


def test_without_namespaces_landlock_holds_alone(tmp_path: Path, secret: Path, server: int) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    policy = sandbox.SandboxPolicy(required=True, writable=(str(folder),), temporary=str(folder))
    tries = {
        f"open({str(secret)!r})": "PermissionError",
        f"open('/proc/{os.getpid()}/environ')": "PermissionError",
        f"__import__('socket').create_connection(('127.0.0.1', {server}), 5)": "PermissionError",
        "open('/dev/shm/x', 'w')": "PermissionError",
        f"os.kill({os.getpid()}, 0)": "PermissionError",
        f"open({str(folder / 'x')!r}, 'w')": "none",
    }

    assert {code: _without("namespaces", policy, code) for code in tries} == tries


def _without(what: str, policy: sandbox.SandboxPolicy, code: str) -> str:
    """Enter a sandbox as on a machine that lacks something, try `code`, and return the name of its error."""
    lack = {"abi": "sandbox.landlock.abi_version = lambda: 0", "namespaces": "sandbox._separate = lambda policy: False"}
    script = (
        f"import os\nfrom worker.launch import sandbox\nfrom worker.launch.sandbox import SandboxPolicy\n{lack[what]}\n"
        f"try:\n    sandbox.enter({policy!r})\n    {code}\nexcept OSError as error:\n    print(type(error).__name__)\n"
        "else:\n    print('none')"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return answer.stdout.strip()


def test_setup_that_fails_is_not_charged(light: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.launch.request._policy", _impossible_policy)

    with pytest.raises(SetupFailed, match="could not be set up"):
        launch(light, tmp_path, "true")


def _impossible_policy(request: object, workdir: Path) -> sandbox.SandboxPolicy:
    return sandbox.SandboxPolicy(required=True, writable=("/" + "x" * 300,), temporary=str(workdir))
