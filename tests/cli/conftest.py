"""The real command in a process of its own, against a scripted server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client.scripted import ScriptedServer, serve

EXECUTABLE = Path(sys.executable).parent / "trainshed"
DEADLINE_S = 30.0


@dataclass(frozen=True)
class Shell:
    """Runs `trainshed` in an empty folder, with nothing of this process's environment that it would read."""

    folder: Path
    environ: dict[str, str]

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return self._run([str(EXECUTABLE), *arguments], stdin=stdin, **environ)

    def run_bytes(self, *arguments: str) -> bytes:
        """What is written to stdout, as it is."""
        argv = [str(EXECUTABLE), *arguments]
        return subprocess.run(
            argv, cwd=self.folder, env=self.environ, capture_output=True, timeout=DEADLINE_S, check=True
        ).stdout

    def run_python(self, script: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, script])

    def _run(self, argv: list[str], stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environ | environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it such that SIGINT reaches it as from a keyboard, also when this process ignores it."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                [EXECUTABLE, *arguments],
                cwd=self.folder,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as script:
        yield script


@pytest.fixture
def offline(tmp_path: Path) -> Shell:
    """A shell in which no server is known."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return Shell(tmp_path, kept)


@pytest.fixture
def shell(offline: Shell, server: ScriptedServer) -> Shell:
    return Shell(offline.folder, offline.environ | {"TRAINSHED_URL": server.url, "TRAINSHED_TOKEN": "trs_key"})


@pytest.fixture
def spec_file(offline: Shell) -> Callable[[str], str]:
    def write(text: str) -> str:
        (offline.folder / "spec.yaml").write_text(text)
        return "spec.yaml"

    return write
