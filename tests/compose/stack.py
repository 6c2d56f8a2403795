"""A compose project of its own on a real engine, run from any tree of the repository."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

PROJECT: Final = "trainshed-compose-test"
_LONGEST_S: Final = 1200


@dataclass(frozen=True, slots=True)
class Stack:
    """The services, as the tree in `folder` describes them. Its images are named after `release`."""

    folder: Path
    release: str
    port: int

    def of(self, folder: Path, release: str) -> Stack:
        """Return the same project as another tree describes it."""
        return replace(self, folder=folder, release=release)

    @property
    def api_image(self) -> str:
        return f"{PROJECT}-api:{self.release}"

    @property
    def worker_image(self) -> str:
        return f"{PROJECT}-worker:{self.release}"

    @property
    def environment(self) -> dict[str, str]:
        """What sets this project apart from others on the same engine. All else is as the compose file has it."""
        return {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "TRAINSHED_PORT": str(self.port),
            "TRAINSHED_API_IMAGE": self.api_image,
            "TRAINSHED_WORKER_IMAGE": self.worker_image,
        }

    def compose(self, *arguments: str) -> str:
        """Run `docker compose` and return what it printed. Raises `RuntimeError` with what it said when it fails."""
        return self.run("docker", "compose", *arguments)

    def run(self, *argv: str) -> str:
        """Run a program in the folder and return what it printed. Raises `RuntimeError` as `compose` does."""
        env = {**os.environ, **self.environment}
        done = subprocess.run(
            argv, cwd=self.folder, env=env, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def build(self) -> None:
        self.compose("build")

    def up(self, workers: int) -> None:
        """Build and start everything, as README says."""
        self.compose("up", "--build", "-d", "--scale", f"worker={workers}")

    def scale(self, workers: int) -> None:
        self.compose("up", "-d", "--no-recreate", "--scale", f"worker={workers}")

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def container_of(self, worker_name: str) -> str:
        """Return the container of a worker: its name is the container's host name."""
        return next(container for container in self.containers("worker") if container.startswith(worker_name))

    def create_key(self) -> str:
        """Return a key of an administrator, by the documented command."""
        command = ("python", "-m", "api.auth", "create-key", "--name", "test", "--role", "admin")
        return self.compose("exec", "-T", "api", *command)

    def ask_database(self, query: str) -> str:
        return self.compose("exec", "-T", "db", "psql", "-h", "127.0.0.1", "-U", "trainshed", "-Atc", query)


def left_of_project() -> list[str]:
    """Return the containers, volumes and networks that are there."""
    label = f"label=com.docker.compose.project={PROJECT}"
    listings = (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))
    return [found for listing in listings for found in docker(*listing, "--filter", label).split()]


def docker(*arguments: str) -> str:
    """Run `docker` and return what it printed."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=True).stdout


def free_stack(folder: Path, release: str) -> Stack:
    """Return a stack on a port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return Stack(folder, release, port)
