"""Messages between worker, zygote and init: one JSON object a packet (SOCK_SEQPACKET), with file descriptors beside it.

Both ends are our own code, so what comes in is decoded but not doubted. Jobs never hold such a socket.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

_LARGEST_PACKET: Final = 65_536
_MOST_DESCRIPTORS: Final = 8


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends of a channel for packets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message. Raises `OSError`, such as `BrokenPipeError` when the other end has gone."""
    socket.send_fds(channel, [json.dumps(message).encode()], descriptors)


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive one message and its descriptors (close-on-exec); None when the other end has gone.

    Raises `BlockingIOError` when the channel does not block and has nothing.
    """
    try:
        data, descriptors, _, _ = socket.recv_fds(channel, _LARGEST_PACKET, _MOST_DESCRIPTORS)
    except ConnectionResetError:
        return None, []
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return (json.loads(data) if data else None), descriptors


def receive_now(channel: socket.socket) -> tuple[dict[str, Any] | None, bool]:
    """Return (message, still open) without waiting; the message is None when there is none."""
    try:
        message, _ = receive(channel)
    except BlockingIOError:
        return None, True
    return message, message is not None
