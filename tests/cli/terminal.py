"""The real command on a terminal of its own, as a person has it: a pty that is its controlling terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import termios
import threading
import time
from pathlib import Path
from typing import Self

from tests.cli.conftest import DEADLINE_S, EXECUTABLE, Shell

_TAKE_CONTROL = ': <"$0"; exec "$@"'
"""A session leader that opens a terminal gets it as its own: then Ctrl-C is a byte that is typed."""


class Terminal:
    """Runs one command. `out`: where its stdout goes instead of the terminal."""

    def __init__(self, shell: Shell, *arguments: str, out: Path | None = None, **environ: str) -> None:
        self._controller, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, 100))
        argv = ["sh", "-c", _TAKE_CONTROL, os.ttyname(terminal), str(EXECUTABLE), *arguments]
        stdout = terminal if out is None else os.open(out, os.O_WRONLY | os.O_CREAT)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self.process = subprocess.Popen(
                argv,
                cwd=shell.folder,
                env=shell.environ | {"TERM": "xterm-256color"} | environ,
                stdin=terminal,
                stdout=stdout,
                stderr=terminal,
                start_new_session=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)
            for descriptor in {terminal, stdout}:
                os.close(descriptor)
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._reader.join()
        os.close(self._controller)

    @property
    def seen(self) -> str:
        return self._seen.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._controller, text.encode())

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not appear in {self.seen!r}"
            time.sleep(0.02)

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(DEADLINE_S)
        self._reader.join()
        return code

    def _read(self) -> None:
        try:
            while part := os.read(self._controller, 65_536):
                self._seen += part
        except OSError:  # nobody has the terminal open any more
            pass
