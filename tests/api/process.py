"""The API as a process of its own: uvicorn on a loopback port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.servers import free_port, wait_until


class ApiProcess:
    """`python -m api`. What it says goes to `log`."""

    def __init__(self, folder: Path, *, database_url: str, broker_url: str, log_level: str = "DEBUG") -> None:
        self.port = free_port()
        self.log = folder / "api.log"
        self.key_file = folder / "admin.key"
        env = {
            "PATH": os.environ["PATH"],
            "TRAINSHED_DATABASE_URL": database_url,
            "TRAINSHED_BROKER_URL": broker_url,
            "TRAINSHED_STORE_URL": str(folder / "store"),
            "TRAINSHED_PORT": str(self.port),
            # Counted, and never reached: a bench sends more than anybody should.
            "TRAINSHED_REQUESTS_PER_MINUTE": "100000000",
            "TRAINSHED_ADMIN_KEY_FILE": str(self.key_file),
            "TRAINSHED_LOG_LEVEL": log_level,
        }
        with self.log.open("wb") as log:
            self._popen = subprocess.Popen([sys.executable, "-P", "-m", "api"], env=env, stdout=log, stderr=log)
        wait_until(self._answers, what="the API to answer")
        self.http = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/v1",
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=30,
            limits=httpx2.Limits(max_connections=200),
        )

    @property
    def key(self) -> str:
        return self.key_file.read_text().strip()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def peak_memory(self) -> int:
        """Return the most memory it ever had, in bytes."""
        status = Path(f"/proc/{self._popen.pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert match is not None
        return int(match[1]) * 1024

    def terminate(self) -> int:
        """Send SIGTERM and return the exit code."""
        self._popen.send_signal(signal.SIGTERM)
        return self._popen.wait(20)

    def stop(self) -> None:
        self.http.close()
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()

    def _answers(self) -> bool:
        assert self._popen.poll() is None, self.log.read_text()
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False
