"""A wire that breaks: passes on TCP connections, and cuts each after a random time, in the middle of anything."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from contextlib import suppress
from typing import Final

_CHUNK: Final = 4096


class Cutter:
    """Listens on a port of its own on loopback, in front of `port`. Each connection lives `shortest` to `longest` s."""

    def __init__(self, port: int, *, shortest_s: float, longest_s: float, seed: int) -> None:
        self._target = port
        self._lives_s = (shortest_s, longest_s)
        self._random = random.Random(seed)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.cuts = 0
        threading.Thread(target=self._accept, name="cutter", daemon=True).start()

    def close(self) -> None:
        # A thread in accept() is not woken by close() alone.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                ends_at = time.monotonic() + self._random.uniform(*self._lives_s)
                threading.Thread(target=self._carry, args=(client, ends_at), name="wire", daemon=True).start()

    def _carry(self, client: socket.socket, ends_at: float) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            other = {client: server, server: client}
            while (left_s := ends_at - time.monotonic()) > 0:
                for ready in select.select(list(other), [], [], left_s)[0]:
                    data = ready.recv(_CHUNK)
                    if not data:
                        return
                    other[ready].sendall(data)
            self.cuts += 1
