"""`make compose-test`: the compose file on a real engine, under load, with parts that restart, scale and die.

    python -m tests.compose.live REPORT.json

A project and a port of its own; everything is taken down at the end. Ends with 1 when a figure falls short.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from trainshed import Client

ROOT: Final = Path(__file__).resolve().parents[2]
_T = TypeVar("_T")
JOBS: Final = 60
STARTED_WITHIN_S: Final = 60.0
MOVED_WITHIN_S: Final = 30.0
JOB: Final = "sleep 2; printf '%s' $TRAINSHED_JOB_ID > $TRAINSHED_OUTPUT_DIR/id.txt"
LONG_JOB: Final = "sleep 15; printf '%s' $TRAINSHED_JOB_ID > $TRAINSHED_OUTPUT_DIR/id.txt"
PROJECT: Final = "trainshed-compose-test"


class Stack:
    """The services of a compose project of its own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._env = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT, "TRAINSHED_PORT": str(self.port)}

    def compose(self, *arguments: str) -> str:
        argv = ["docker", "compose", *arguments]
        done = subprocess.run(argv, cwd=ROOT, env=self._env, capture_output=True, text=True, timeout=1200, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def scale(self, workers: int) -> None:
        self.compose("up", "-d", "--no-recreate", "--scale", f"worker={workers}")

    def workers(self) -> list[str]:
        return self.compose("ps", "-q", "worker").split()


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=True).stdout


def wait_for(what: str, look: Callable[[], _T | None], within_s: float) -> _T:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            found = look()
        except Exception as error:  # noqa: BLE001 - parts restart while we look
            found, what = None, f"{what.partition(';')[0]}; latest: {error}"
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{what}: not within {within_s:.0f} s")


class Run:
    """One run, step by step, into `figures` and `failures`."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.figures: dict[str, Any] = {}
        self.failures: list[str] = []
        self.ids: list[str] = []

    def check(self, held: bool, what: str) -> None:
        if not held:
            self.failures.append(what)

    def run(self) -> None:
        began = time.monotonic()
        self.stack.compose("up", "--build", "-d", "--scale", "worker=3")
        self.figures["up_s"] = time.monotonic() - began
        key = self.stack.compose(
            *("exec", "-T", "api", "python", "-m", "api.auth", "create-key", "--name", "test", "--role", "admin")
        )
        with Client(f"http://127.0.0.1:{self.stack.port}", token=key) as client:
            self.client = client
            wait_for("three workers", lambda: len(self.active()) == 3, 120)
            self.inspect()
            self.ids = [self.submit(JOB) for _ in range(JOBS)]
            self.scale_up_and_down()
            self.restart_each()
            self.kill_one()
            self.read_back()

    def submit(self, command: str) -> str:
        return self.client.submit({"kind": "command", "name": "compose", "command": ["sh", "-c", command]}).id

    def active(self) -> list[str]:
        return [worker.name for worker in self.client.workers() if worker.state == "active"]

    def attempts(self) -> list[Any]:
        return [attempt for job_id in self.ids for attempt in self.client.get(job_id).attempts]

    def inspect(self) -> None:
        """The hardening as the engine sees it, and no password where a job or a reader of images could see it."""
        ids = self.stack.compose("ps", "-aq").split()
        inspected = docker("inspect", *ids)
        for container in json.loads(inspected):
            host = container["HostConfig"]
            hard = host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["Privileged"]
            hard = hard and "no-new-privileges:true" in host["SecurityOpt"]
            hard = hard and container["Config"]["User"].partition(":")[0] not in ("", "0", "root")
            self.check(hard, f"{container['Name']} is not hardened")
        secret = self.stack.compose("exec", "-T", "api", "cat", "/run/secrets/trainshed/database_password")
        layers = docker("history", "--no-trunc", "trainshed-api:latest") + docker(
            "history", "--no-trunc", "trainshed-worker:latest"
        )
        self.check(secret not in inspected + layers, "a password is in an environment or an image")
        spy = self.submit("env; cat /proc/[0-9]*/environ /run/secrets/trainshed/*; true")
        self.client.wait(spy, timeout_s=60)
        seen = b"".join(self.client.logs(spy)).decode(errors="replace")
        self.check(secret not in seen and "Permission denied" in seen, "a job can read secrets")

    def scale_up_and_down(self) -> None:
        wait_for("a job that runs", self.attempts, 60)
        self.stack.scale(1)
        wait_for("one worker", lambda: len(self.active()) == 1, 60)
        before = {attempt.worker for attempt in self.attempts()}
        began = time.time()
        self.stack.scale(4)
        first = wait_for(
            "a new worker's first job", lambda: [a for a in self.attempts() if a.worker not in before], 120
        )
        self.figures["scale_to_first_job_s"] = min(a.started_at.timestamp() for a in first) - began
        self.check(self.figures["scale_to_first_job_s"] <= STARTED_WITHIN_S, "a new worker took too long to work")
        wait_for("four workers", lambda: len(self.active()) == 4, 60)

    def restart_each(self) -> None:
        for service in ("broker", "db", "api", "reconciler"):
            self.ids += [self.submit(JOB) for _ in range(4)]
            self.stack.compose("restart", service)
            wait_for(f"{service} after its restart", lambda: self.client.health().ready, 60)

    def kill_one(self) -> None:
        victims = [self.submit(LONG_JOB) for _ in range(4)]
        self.ids += victims
        running = wait_for(
            "a long job that runs", lambda: [j for j in map(self.client.get, victims) if j.state == "running"], 180
        )
        lost = running[0].attempts[0] if running[0].attempts[0].ended_at is None else running[0].attempts[-1]
        container = next(name for name in self.stack.workers() if name.startswith(lost.worker_name))
        began = time.time()
        docker("kill", "--signal", "KILL", container)
        moved = wait_for(
            "the job elsewhere",
            lambda: [a for a in self.client.get(running[0].id).attempts if a.number > lost.number],
            120,
        )
        self.figures["kill_to_running_elsewhere_s"] = moved[0].started_at.timestamp() - began
        self.check(self.figures["kill_to_running_elsewhere_s"] <= MOVED_WITHIN_S, "a lost job took too long to move")

    def read_back(self) -> None:
        jobs = [self.client.wait(job_id, timeout_s=300) for job_id in self.ids]
        self.check(all(job.state == "succeeded" for job in jobs), f"states: {Counter(str(job.state) for job in jobs)}")
        ended = [[a for a in self.client.get(job_id).attempts if a.outcome == "succeeded"] for job_id in self.ids]
        self.figures["lost"] = sum(not attempts for attempts in ended)
        self.figures["doubled"] = sum(len(attempts) > 1 for attempts in ended)
        self.figures["jobs_per_worker"] = Counter(a.worker_name for attempts in ended for a in attempts)
        wanted = {job_id: hashlib.sha256(job_id.encode()).hexdigest() for job_id in self.ids}
        wrong = [
            i for i in self.ids if [a.sha256 for a in self.client.artifacts(i) if a.path == "id.txt"] != [wanted[i]]
        ]
        self.figures["jobs"], self.figures["wrong_digests"] = len(self.ids), len(wrong)
        self.check(not self.figures["lost"] and not self.figures["doubled"], "jobs were lost or doubled")
        self.check(not wrong, f"artifacts are not what was written: {wrong[:5]}")
        self.check(len(self.figures["jobs_per_worker"]) >= 4, "jobs did not spread over the workers")


def main(report: Path) -> int:
    stack = Stack()
    run = Run(stack)
    try:
        run.run()
    except Exception as error:  # noqa: BLE001 - the report says what happened
        run.failures.append(f"{type(error).__name__}: {error}")
        sys.stderr.write(stack.compose("logs", "--tail", "30"))
    finally:
        stack.compose("down", "--volumes", "--timeout", "15")
    document = {"passed": not run.failures, "figures": run.figures, "failures": run.failures}
    report.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return bool(run.failures)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
