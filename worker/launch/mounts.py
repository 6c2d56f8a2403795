"""A job's own view of the mounts: what is shared by all programs of the machine is not there.

Landlock does not stop a connect() to a socket that has a path, such as a database's in /tmp or a container engine's in
/run, and shared memory in /dev/shm is open to all of one uid. Where a mount namespace can be had, these folders are
covered. Must run before Landlock, which forbids mounting.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from worker.launch import linux

SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - the mount point itself
_TEMPORARY: Final = "/tmp"  # noqa: S108 - as above
_SHARED_FOLDERS: Final = (_TEMPORARY, "/var/tmp", "/run")  # noqa: S108 - as above
_PLAIN: Final = linux.MS_NOSUID | linux.MS_NODEV


def cover_shared_folders(*, hidden: Iterable[str], kept: Iterable[str], temporary: str) -> None:
    """Put an empty folder over each shared and each `hidden` one; what is `kept` inside them stays at its path.

    /dev/shm becomes the job's own. /tmp becomes `temporary`, unless something kept is below it.
    Needs a mount namespace.
    """
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("shm", SHARED_MEMORY, "tmpfs", _PLAIN)
    keep = sorted({os.path.realpath(path) for path in kept})
    for folder in sorted({os.path.realpath(path) for path in (*_SHARED_FOLDERS, *hidden)}):
        if Path(folder).is_dir() and folder not in keep:
            _cover(folder, keep, temporary)


def hide_other_processes() -> None:
    """Show in /proc only what this process may inspect; with Landlock that is its own. Needs root, and Linux 5.8."""
    with suppress(OSError):
        linux.mount("proc", "/proc", "proc", _PLAIN | linux.MS_NOEXEC, "hidepid=ptraceable")


def _cover(folder: str, keep: list[str], temporary: str) -> None:
    inside = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in keep if _is_below(path, folder)]
    if folder == _TEMPORARY and not inside:
        linux.mount(temporary, folder, None, linux.MS_BIND)
        return
    linux.mount("empty", folder, "tmpfs", _PLAIN, "size=1m,mode=755")
    for path, descriptor in inside:
        _bring_back(path, descriptor)
    linux.mount(None, folder, None, linux.MS_REMOUNT | linux.MS_RDONLY | _PLAIN)


def _bring_back(path: str, descriptor: int) -> None:
    source = f"/proc/self/fd/{descriptor}"
    if Path(path).exists():  # below something that has been brought back already
        os.close(descriptor)
        return
    target = Path(path)
    if os.path.isdir(source):  # noqa: PTH112 - follows the link of the descriptor
        target.mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    linux.mount(source, path, None, linux.MS_BIND | linux.MS_REC)
    os.close(descriptor)


def _is_below(path: str, folder: str) -> bool:
    return path != folder and Path(path).is_relative_to(folder)
