"""A Trainshed of its own for a script: started on a free port, stopped at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx2

from trainshed import Client

UP_WITHIN_S = 90.0


@contextmanager
def trainshed_up(folder: Path) -> Iterator[Client]:
    """Run `trainshed up` with its data in `folder` for as long as the block lasts, and yield a client of it."""
    command = [sys.executable, "-P", "-m", "standalone", "--port", "0", "--data-dir", str(folder / "data")]
    with (folder / "up.log").open("wb") as log:
        up = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        address = _await_address(up, folder)
        with Client(url=address, token=(folder / "data" / "admin.key").read_text().strip()) as client:
            yield client
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(30)


def page_link(client: Client, path: str) -> str:
    """Return a link that opens a page in a browser and signs it in, once and within ten minutes."""
    key = {"Authorization": f"Bearer {client.server.token}"}
    made = httpx2.post(f"{client.server.url}/sign-in/links", headers=key, timeout=10).raise_for_status()
    ticket = made.json()["path"].partition("#")[2]
    return f"{client.server.url}/sign-in?next={quote(path, safe='')}#{ticket}"


def _await_address(up: subprocess.Popen[bytes], folder: Path) -> str:
    deadline = time.monotonic() + UP_WITHIN_S
    said = folder / "data" / "server.json"
    while not said.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"Trainshed did not come up:\n{(folder / 'up.log').read_text()}")
        time.sleep(0.05)
    url: str = json.loads(said.read_text())["url"]
    return url
