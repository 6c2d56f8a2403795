"""`trainshed up`: everything on one machine with one command, and nothing left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import descendants
from tests.servers import wait_until
from tests.system.platform import is_alive
from tests.system.up import BIN, ROOT, Up

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    (tmp_path / "data").mkdir()
    started = Up(tmp_path / "data")
    yield started
    started.stop()


def test_ctrl_c_stops_all_and_leaves_nothing_behind(up: Up) -> None:
    assert up.run("trainshed", "job", "run", "--follow", "--", "echo", "hello").strip().endswith("hello")
    processes, ports = descendants(up.process.pid), up.listening()
    assert len(ports) >= 2
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(30) == 0
    assert not any(is_alive(pid) for pid in processes)
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not (up.folder / "server.json").exists()
    assert list((up.folder / "secrets").iterdir()) == []


def test_a_killed_up_leaves_no_process_behind(up: Up) -> None:
    processes = descendants(up.process.pid)
    up.process.kill()
    up.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in processes), what="all processes to end")


def test_what_has_been_submitted_is_still_there_after_a_restart(up: Up) -> None:
    job_id = up.run("trainshed", "-q", "job", "run", "--wait", "--", "echo", "kept").strip()
    up.process.send_signal(signal.SIGINT)
    up.process.wait(30)
    again = Up(up.folder)
    try:
        assert "succeeded" in again.run("trainshed", "job", "get", job_id)
        assert again.run("trainshed", "job", "logs", job_id) == "kept\n"
    finally:
        again.stop()


def test_a_second_one_in_the_same_folder_is_refused_with_the_address_of_the_first(up: Up) -> None:
    command = [BIN / "trainshed", "up", "--port", "0"]
    done = subprocess.run(command, env=up.env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "already up" in done.stderr
    assert "http://127.0.0.1:" in done.stderr


def test_the_key_and_the_secrets_are_for_this_user_alone(up: Up) -> None:
    private = [up.folder / "admin.key", *(up.folder / "secrets").iterdir()]
    assert [oct(path.stat().st_mode & 0o777) for path in private] == ["0o600"] * len(private)
    key = (up.folder / "admin.key").read_text().strip()
    broker = (up.folder / "secrets" / "trainshed_broker_url").read_text()
    password = broker.split(":")[2].split("@")[0]
    for pid in descendants(up.process.pid):
        seen = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert password.encode() not in seen
        assert key.encode() not in seen


def test_a_port_that_is_taken_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [BIN / "trainshed", "up", "--port", port, "--data-dir", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr
