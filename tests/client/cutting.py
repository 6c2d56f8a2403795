"""A line to a server that breaks: it passes bytes on, and cuts the first connections after so many bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cutting_line(port: int, *, cuts: list[int]) -> Iterator[int]:
    """Yield the port of a line to `port`. Connection n ends after `cuts[n]` bytes of answers; later ones last."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # the listener was closed
                return
            far = socket.create_connection(("127.0.0.1", port))
            left = cuts.pop(0) if cuts else None
            for arguments in ((near, far, None), (far, near, left)):
                threads.append(threading.Thread(target=_pass_on, args=arguments))
                threads[-1].start()

    acceptor = threading.Thread(target=serve)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for thread in threads:
            thread.join()


def _pass_on(source: socket.socket, target: socket.socket, left: int | None) -> None:
    with suppress(OSError):
        while left != 0 and (data := source.recv(1 << 16 if left is None else min(left, 1 << 16))):
            target.sendall(data)
            left = None if left is None else left - len(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
