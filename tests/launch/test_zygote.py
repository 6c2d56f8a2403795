"""A zygote forks only while that is safe, is replaced when it is not, and charges nobody for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.launch.jobs import Job, is_alive, launch, until
from worker.launch import descriptors
from worker.launch.events import Started
from worker.launch.launcher import LIGHT, Flavour, Launcher, LaunchRequest, SetupFailed, Zygote
from worker.protocol import Hello, Result


@pytest.mark.parametrize(
    ("preload", "reason"),
    [
        ("starts_a_thread", "2 threads"),
        ("uses_tensorflow", "TensorFlow has been used"),
        ("opens_a_file_later", "descriptors it did not have"),
    ],
)
def test_a_zygote_in_which_a_fork_is_unsafe_refuses_and_is_replaced(tmp_path: Path, preload: str, reason: str) -> None:
    with Zygote(Flavour("poisoned", f"tests.launch.preloads.{preload}")) as zygote:
        first = until(lambda: zygote.pid)
        with pytest.raises(SetupFailed, match=reason):
            launch(zygote, tmp_path, task={})

        assert until(lambda: zygote.pid not in {None, first} and zygote.pid)


def test_a_zygote_that_ran_an_operation_refuses(tmp_path: Path) -> None:
    with (
        Zygote(Flavour("poisoned", "tests.launch.preloads.runs_an_operation")) as zygote,
        pytest.raises(SetupFailed, match="refused"),
    ):
        launch(zygote, tmp_path, task={})


def test_a_zygote_that_cannot_start_fails_the_setup_in_time(tmp_path: Path) -> None:
    with (
        Zygote(Flavour("broken", "tests.launch.preloads.fails")) as zygote,
        pytest.raises(SetupFailed, match="not ready in time"),
    ):
        launch(zygote, tmp_path, "true", timeout_s=0.5)


def test_a_warm_child_reports_through_its_channel(tmp_path: Path) -> None:
    with Zygote(Flavour("quick", "tests.launch.preloads.quick")) as zygote:
        job = launch(zygote, tmp_path, task={})
        job.finish()

    assert job.wait_for(Hello).pid == job.wait_for(Started).pid
    assert job.wait_for(Result).outcome == "succeeded"


def test_a_zygote_is_replaced_after_its_last_fork(tmp_path: Path) -> None:
    with Zygote(Flavour("short", None, most_forks=2)) as zygote:
        pids = set()
        for _ in range(4):
            launch(zygote, tmp_path, "true").finish()
            pids.add(until(lambda: zygote.pid))

    assert len(pids) >= 2


def test_a_zygote_keeps_no_descriptor_of_the_jobs_it_forked(tmp_path: Path) -> None:
    with Zygote(LIGHT) as zygote:
        launch(zygote, tmp_path, "true").finish()
        before = set(Path(f"/proc/{zygote.pid}/fd").iterdir())
        for _ in range(5):
            launch(zygote, tmp_path, "true").finish()

        until(lambda: set(Path(f"/proc/{zygote.pid}/fd").iterdir()) == before)  # it may be reading /proc at this moment


def test_a_worker_keeps_no_descriptor_of_finished_jobs(light: Zygote, tmp_path: Path) -> None:
    launch(light, tmp_path, "true").finish()
    before = descriptors.open_descriptors()
    for _ in range(5):
        launch(light, tmp_path, "true").finish()

    assert descriptors.open_descriptors() == before


def test_many_threads_may_start_jobs_at_once(light: Zygote, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda n: launch(light, tmp_path, "/bin/sh", "-c", f"exit {n}"), range(24)))

    assert [job.finish().code for job in jobs] == list(range(24))


def test_nothing_of_one_job_is_known_to_the_zygote(tmp_path: Path) -> None:
    with Zygote(LIGHT) as zygote:
        launch(zygote, tmp_path, "true", env={"CANARY": "of-another-job"}).finish()
        job = launch(zygote, tmp_path, "env")
        job.finish()
        memory = _memory(until(lambda: zygote.pid))

    assert "of-another-job" not in job.log
    assert b"of-another-job" not in memory


def _memory(pid: int) -> bytes:
    """Return the writable memory of a process."""
    regions = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    found = bytearray()
    with Path(f"/proc/{pid}/mem").open("rb") as file:
        for span, permissions, *_ in regions:
            if permissions.startswith("rw"):
                start, end = (int(number, 16) for number in span.split("-"))
                file.seek(start)
                found += file.read(end - start)
    return bytes(found)


def test_a_launcher_starts_programs_and_leaves_no_zygote(tmp_path: Path) -> None:
    launcher = Launcher(warm=False)
    launcher.start()
    with (tmp_path / "log").open("ab") as log:
        request = LaunchRequest(
            job_id="job_test", attempt=1, workdir=tmp_path / "work", log_fd=log.fileno(), threads=1, argv=("true",)
        )
        job = Job(launcher.launch(request), tmp_path)
    zygotes = [zygote.pid for zygote in launcher._zygotes()]

    assert job.finish().code == 0
    launcher.stop()
    assert not any(is_alive(pid) for pid in zygotes if pid)
