"""A program runs as one expects of a program: output, exit, environment, descriptors, limits."""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path

import pytest

from tests.launch.jobs import launch, python
from worker.launch.events import Exited, Gone, NotStarted, Started
from worker.launch.launcher import Zygote


def test_what_a_program_prints_lands_in_the_log(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", "echo out; echo err >&2")

    assert job.finish().code == 0
    assert job.log == "out\nerr\n"


def test_events_come_in_the_order_of_life(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "true")
    job.finish()

    assert [type(event) for event in job.events] == [Started, Exited, Gone]


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_an_exit_code_is_reported(light: Zygote, tmp_path: Path, code: int) -> None:
    exited = launch(light, tmp_path, "/bin/sh", "-c", f"exit {code}").finish()

    assert (exited.code, exited.signal) == (code, None)


def test_a_killed_job_process_is_reported_with_its_signal(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "sleep", "60")
    os.kill(job.wait_for(Started).pid, signal.SIGKILL)

    exited = job.finish()
    assert (exited.code, exited.signal, exited.out_of_memory) == (None, signal.SIGKILL, False)


def test_a_program_that_is_not_there_is_told_from_one_that_fails(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "no-such-program")
    job.finish()

    failure = job.wait_for(NotStarted)
    assert (failure.stage, failure.errno) == ("exec", errno.ENOENT)
    assert not job.has(Started)


@pytest.mark.parametrize(("mode", "number"), [(0o644, errno.EACCES), (0o755, errno.ENOEXEC)])
def test_a_file_that_is_no_program_is_reported(light: Zygote, tmp_path: Path, mode: int, number: int) -> None:
    program = tmp_path / "program"
    program.write_text("hello")
    program.chmod(mode)
    job = launch(light, tmp_path, str(program), data_roots=(program,))
    job.finish()

    assert job.wait_for(NotStarted).errno == number


def test_arguments_too_long_for_the_kernel_are_reported(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "echo", "x" * 200_000)
    job.finish()

    assert job.wait_for(NotStarted).errno == errno.E2BIG


def test_large_arguments_arrive_whole(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", 'echo "$@" | wc -c', "sh", *["x" * 100_000] * 10)
    job.finish()

    assert int(job.log) == 1_000_010


def test_no_secret_of_the_worker_is_in_the_environment_of_a_job(
    light: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINSHED_DATABASE_URL", "canary-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-2")
    with Zygote(light._flavour) as zygote:
        job = launch(zygote, tmp_path, "env")
        job.finish()
        of_zygote = Path(f"/proc/{zygote.pid}/environ").read_text()

    assert "TRAINSHED_JOB_ID=job_test" in job.log
    assert "canary" not in job.log + of_zygote


def test_a_spec_may_set_variables(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", 'echo "$GREETING"', env={"GREETING": "hello\nthere"})
    job.finish()

    assert job.log == "hello\nthere\n"


def test_a_program_starts_in_an_empty_folder_of_its_own(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", 'pwd; ls -A; touch "$TRAINSHED_OUTPUT_DIR/a" "$TMPDIR/b" "$HOME/c"')

    assert job.finish().code == 0
    assert job.log == f"{job.folder}/work/work\n"


def test_a_program_finds_no_descriptor_but_the_standard_three(light: Zygote, tmp_path: Path) -> None:
    leaked = os.open("/etc/hosts", os.O_RDONLY)
    os.set_inheritable(leaked, True)
    code = (
        "import os; fds = [f'/proc/self/fd/{n}' for n in range(99)]"
        "; print([os.readlink(fd) for fd in fds if os.path.lexists(fd)])"
    )
    job = launch(light, tmp_path, *python(code))
    job.finish()
    os.close(leaked)

    assert job.log == f"['/dev/null', '{job.folder}/log', '{job.folder}/log']\n"


def test_signals_of_a_program_are_as_a_shell_would_leave_them(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
    job.finish()

    _, blocked, _, ignored = job.log.split()
    # The C library keeps signals 32 and 33 for itself and lets nobody change them: they are as they were found.
    kept_by_libc = 0b11 << 31
    assert int(blocked, 16) & ~kept_by_libc == 0
    assert int(ignored, 16) & ~kept_by_libc == 0


def test_a_program_is_in_a_session_of_its_own_and_dumps_no_core(light: Zygote, tmp_path: Path) -> None:
    code = "import os, resource, json; print(json.dumps([os.getsid(0) == os.getpid(), *resource.getrlimit(4)]))"
    job = launch(light, tmp_path, *python(code))
    job.finish()

    assert json.loads(job.log) == [True, 0, 0]


def test_a_tree_above_its_memory_limit_is_killed_and_reported(light: Zygote, tmp_path: Path) -> None:
    hog = "import os, time; os.fork(); held = bytearray(80 << 20); time.sleep(60)"
    exited = launch(light, tmp_path, *python(hog), memory_limit_bytes=120 << 20).finish()

    assert (exited.signal, exited.out_of_memory) == (signal.SIGKILL, True)


def test_memory_that_processes_share_is_counted_once(light: Zygote, tmp_path: Path) -> None:
    sharing = "import os, time; held = bytearray(80 << 20); os.fork(); os.fork(); time.sleep(1.2)"
    exited = launch(light, tmp_path, *python(sharing), memory_limit_bytes=160 << 20).finish()

    assert (exited.code, exited.out_of_memory) == (0, False)


def test_usage_is_reported(light: Zygote, tmp_path: Path) -> None:
    exited = launch(light, tmp_path, *python("held = bytearray(50 << 20); sum(range(3_000_000))")).finish()

    assert exited.user_s > 0.02
    assert exited.max_rss_bytes > 50 << 20
