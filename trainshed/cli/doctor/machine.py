"""The data folder, the port and the sandbox of this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from trainshed.cli.cells import size
from trainshed.cli.doctor.finding import Finding, fail, ok, warn

_FOLDER: Final = ".trainshed"
_PORT: Final = 8321
_LITTLE: Final = 5 << 30
_TOO_LITTLE: Final = 256 << 20
_WITHIN_S: Final = 3.0
_SANDBOX_WITHIN_S: Final = 30.0
_RULES_OF_SIGNALS: Final = 6
"""The ABI of Landlock that keeps signals in (Linux 6.12)."""


def data_folder(environ: Mapping[str, str], cwd: Path) -> Path:
    """Return where local mode keeps its data, or would."""
    named = environ.get("TRAINSHED_DATA_DIR")
    if named:
        return Path(named).absolute()
    there = next((parent / _FOLDER for parent in (cwd, *cwd.parents) if (parent / _FOLDER).is_dir()), None)
    return there or cwd / _FOLDER


def writable(folder: Path) -> Finding:
    """Can something be written there."""
    place = _nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        remedy = "Change its owner, or name another with TRAINSHED_DATA_DIR."
        return fail("folder", f"{place} cannot be written: {error.strerror}", remedy)
    return ok("folder", str(folder) if folder.exists() else f"{folder} (not there yet)")


def room(folder: Path) -> Finding:
    """Is there room for data."""
    free = shutil.disk_usage(_nearest(folder)).free
    words = f"{size(free)} free for {folder}"
    if free < _TOO_LITTLE:
        return fail("disk", words, "Make room: the database, logs and artifacts are written there.")
    if free < _LITTLE:
        return warn("disk", words, "Make room soon, or let less be kept: trainshed retention set --help")
    return ok("disk", words)


def port(environ: Mapping[str, str]) -> Finding:
    """Could a server listen, or does ours already."""
    text = environ.get("TRAINSHED_PORT", "")
    number = int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65_536 else _PORT
    with socket.socket() as probe:
        probe.settimeout(_WITHIN_S)
        if probe.connect_ex(("127.0.0.1", number)) != 0:
            return ok("port", f"{number} is free")
    if _is_ours(number):
        return ok("port", f"{number} is taken by a Trainshed server")
    return warn("port", f"{number} is taken by another program", "Start ours elsewhere: trainshed up --port 0")


def sandbox() -> Finding:
    """What a sandbox of this machine holds back, by entering one in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            probe = subprocess.run(
                [sys.executable, "-P", "-m", "worker.launch.sandbox", folder],
                capture_output=True,
                timeout=_SANDBOX_WITHIN_S,
                check=True,
            )
            level: dict[str, Any] = json.loads(probe.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            return warn("sandbox", f"it could not be tried: {_first_line(error)}", "See whether a worker starts here.")
    return _judge(level)


def _judge(level: dict[str, Any]) -> Finding:
    abi = level.get("landlock_abi", 0)
    words = ", ".join(
        (
            f"Landlock {abi}" if abi else "no Landlock",
            f"network: {str(level.get('network')).replace('_', ' ')}",
            "own mounts" if level.get("own_mounts") else "no mounts of its own",
        )
    )
    if not abi:
        remedy = "Linux 5.13 or newer with Landlock; until then users' programs are refused without --allow-unisolated."
        return warn("sandbox", words, remedy)
    if abi < _RULES_OF_SIGNALS and not level.get("own_mounts"):
        return warn(
            "sandbox", words, "Files are hidden from jobs; Linux 6.12 or namespaces would shield processes, too."
        )
    return ok("sandbox", words)


def _is_ours(number: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{number}/version", timeout=_WITHIN_S) as answer:
            return "api" in json.loads(answer.read(10_000))
    except (OSError, ValueError, TypeError, urllib.error.URLError):
        return False


def _nearest(folder: Path) -> Path:
    """Return the folder, or the one above it in which it would be made."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _first_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error).encode()
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else type(error).__name__
