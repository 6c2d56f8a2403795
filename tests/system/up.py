"""`trainshed up` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.processes import descendants
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Up:
    """A `trainshed up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PATH": f"{BIN}:{os.environ['PATH']}", "TRAINSHED_DATA_DIR": str(folder), "HOME": str(folder)}
        self.log = folder.parent / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BIN / "trainshed", "up", "--port", "0"], env=self.env, stdout=log, stderr=log, cwd=ROOT
            )
        wait_until((folder / "server.json").exists, within_s=60, what="trainshed up to come up")
        wait_until(
            lambda: len(descendants(self.process.pid)) >= 10, what="the worker, its zygotes and what waits below these"
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(arguments, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        """Stop it in order, unless the test has done so."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    def listening(self) -> set[int]:
        """Ports that its processes listen on."""
        table = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, text=True, check=True).stdout
        inodes = {line.split()[9]: int(line.split()[1].split(":")[1], 16) for line in table.splitlines()[1:]}
        found = set()
        for pid in {self.process.pid, *descendants(self.process.pid)}:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                match = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
                if match and match[1] in inodes:
                    found.add(inodes[match[1]])
        return found
