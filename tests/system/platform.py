"""The whole platform as real processes: API, reconciler and workers, on a database and a broker that a test chose."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from tests.servers import free_port, wait_until

TERMINAL = {"succeeded", "failed", "cancelled"}


class Process:
    """One process of the platform, with its log."""

    def __init__(self, name: str, argv: list[str], env: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(argv, env=dict(env), stdout=log, stderr=log, start_new_session=True)
        self.pid = self._popen.pid

    @property
    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def wait(self, timeout: float = 30) -> int:
        return self._popen.wait(timeout)

    def stop(self) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGCONT)
            self._popen.terminate()
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()


def environment_of(folder: Path, database_url: str, broker_url: str) -> dict[str, str]:
    """Return what every part of a platform in `folder` is told."""
    return {
        "PATH": os.environ["PATH"],
        "TRAINSHED_DATABASE_URL": database_url,
        "TRAINSHED_BROKER_URL": broker_url,
        "TRAINSHED_STORE_URL": str(folder / "store"),
        "TRAINSHED_ADMIN_KEY_FILE": str(folder / "admin.key"),
        "TRAINSHED_HOST": "127.0.0.1",
        "TRAINSHED_DATA_ROOTS": str(folder / "data"),
    }


class Platform:
    """Starts and stops the parts; talks to the API."""

    def __init__(self, folder: Path, *, database_url: str, broker_url: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.env = environment_of(folder, database_url, broker_url) | {"TRAINSHED_PORT": str(self.port)}
        self.processes: list[Process] = []
        self.workers: list[Process] = []
        self._http: httpx2.Client | None = None

    def start(self, *, workers: int = 1, slots: int = 2, worker_options: tuple[str, ...] = ()) -> None:
        self.api = self._spawn("api", "api")
        self.reconciler = self._spawn("reconciler", "reconciler")
        for _ in range(workers):
            self.start_worker(slots=slots, options=worker_options)
        wait_until(self._is_ready, what=f"the platform in {self.folder}")
        key = (self.folder / "admin.key").read_text().strip()
        self._http = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        active = lambda: [worker for worker in self.worker_rows() if worker["state"] == "active"]  # noqa: E731
        wait_until(lambda: len(active()) >= workers, what="all workers to register")

    def start_worker(self, *, slots: int = 2, options: tuple[str, ...] = ()) -> Process:
        name = f"worker-{len(self.workers) + 1}"
        env = {"TRAINSHED_SPOOL": self.env.get("TRAINSHED_SPOOL", str(self.folder / "spool"))}
        arguments = ["--serves", "cpu", "--slots", str(slots), "--worker-name", name, *options]
        worker = self._spawn(name, "worker", *arguments, env=env)
        self.workers.append(worker)
        return worker

    def restart_api(self) -> None:
        """Stop the API in order and start another one at the same address."""
        self.api.stop()
        self.processes.remove(self.api)
        self.api = self._spawn("api", "api")
        wait_until(self._is_ready, what="the API to come back")

    def stop(self) -> None:
        if self._http is not None:
            self._http.close()
        for process in reversed(self.processes):
            process.stop()

    # --- the API ---

    @property
    def http(self) -> httpx2.Client:
        assert self._http is not None, "the platform has not been started"
        return self._http

    def submit(self, document: Mapping[str, Any], **headers: str) -> str:
        answer = self.http.post("/jobs", json=document, headers=headers)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def command(self, *command: str, **more: Any) -> str:
        return self.submit({"kind": "command", "name": "command", "command": list(command), **more})

    def dataset(self, name: str, content: bytes, *, filename: str = "data.csv") -> str:
        """Upload a version of a dataset; return how a spec names it."""
        answer = self.http.put(f"/datasets/{name}", params={"filename": filename}, content=content)
        assert answer.is_success, answer.text
        ref: str = answer.json()["ref"]
        return ref

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wait(self, job_id: str, *, within_s: float = 60) -> dict[str, Any]:
        """Wait until the job has finished."""
        wait_until(lambda: self.job(job_id)["state"] in TERMINAL, within_s=within_s, what=f"{job_id} to finish")
        return self.job(job_id)

    def wait_for(self, job_id: str, state: str, *, attempt: int = 0, within_s: float = 60) -> dict[str, Any]:
        def there() -> bool:
            job = self.job(job_id)
            return job["state"] == state and job["attempt"] >= attempt

        wait_until(there, within_s=within_s, what=f"{job_id} to be {state}")
        return self.job(job_id)

    def has_unfinished(self) -> bool:
        """Whether any job waits for a worker or runs."""
        parameters = {"state": ["queued", "running"], "limit": 1}
        return bool(self.http.get("/jobs", params=parameters).json()["items"])

    def log(self, job_id: str, **parameters: Any) -> str:
        answer = self.http.get(f"/jobs/{job_id}/logs", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.text

    def wait_for_log(self, job_id: str, text: str, **parameters: Any) -> str:
        wait_until(lambda: text in self.log(job_id, **parameters), what=f"{text!r} in the log of {job_id}")
        return self.log(job_id, **parameters)

    def worker_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.http.get("/workers").json()["items"]
        return rows

    def _is_ready(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200
        except httpx2.TransportError:
            return False

    def _spawn(self, name: str, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Process:
        process = Process(
            name, [sys.executable, "-P", "-m", module, *arguments], self.env | dict(env or {}), self.folder
        )
        self.processes.append(process)
        return process


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
