"""What a job may reach: its own folder, the programs of the machine, its data. Not the worker, its secrets, other jobs.

`enter` is called in the job process, after everything was imported and before the first line of the job runs. It uses
what the machine offers: as root or with user namespaces a job gets its own network, System V IPC and mounts; Landlock
(Linux 5.13) hides files in any case, and where there are no namespaces it also forbids TCP (Linux 6.7).
`probe` tells what that comes to on this machine, by trying it.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from worker.launch import landlock, linux, mounts, tree

Network = Literal["own", "no_tcp", "host"]
_CHECKOUT: Final = Path(__file__).resolve().parents[2]
_CODE: Final = ("trainshed", "ml", "worker")
_SYSTEM: Final = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/proc"),
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload", "/etc/alternatives"),
    *("/etc/ssl", "/etc/ca-certificates", "/etc/pki", "/etc/localtime", "/etc/timezone", "/etc/locale.alias"),
    *("/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf"),
    *("/etc/passwd", "/etc/group", "/etc/protocols", "/etc/services", "/etc/mime.types", "/etc/fonts"),
    *("/dev/random", "/dev/urandom"),
)
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full")
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 1
_ALL_NAMESPACES: Final = linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWNS


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPolicy:
    """What one job is allowed."""

    required: bool
    """Whether the job must not run where files cannot be hidden from it."""
    writable: tuple[str, ...] = ()
    """Folders it may read and write."""
    readable: tuple[str, ...] = ()
    """Folders and files it may read and execute, beside the system's and Python's."""
    hidden: tuple[str, ...] = ()
    """Folders that are emptied in its view, where it can have a view of its own. Landlock hides them in any case."""
    temporary: str
    """What it sees as /tmp; one of its writable folders."""
    network: bool = False
    """Whether it may use the network of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLevel:
    """What a sandbox of this machine holds back."""

    landlock_abi: int = 0
    network: Network = "host"
    own_mounts: bool = False
    capabilities_dropped: bool = False
    uid: int = 0

    def __str__(self) -> str:
        parts = [f"landlock {self.landlock_abi}" if self.landlock_abi else "no landlock", f"network {self.network}"]
        return ", ".join([*parts, "own mounts"] if self.own_mounts else parts)

    @property
    def hides_files(self) -> bool:
        """Whether files that were not granted cannot be read."""
        return self.landlock_abi >= 1

    @property
    def shields_processes(self) -> bool:
        """Whether processes outside can be neither signalled, traced nor read."""
        return self.landlock_abi >= 6


class SandboxUnavailableError(OSError):
    """The policy requires that files be hidden, and this machine cannot do it."""


def enter(policy: SandboxPolicy) -> SandboxLevel:
    """Restrict this process, which must have one thread, and all that it will start. There is no way back.

    Raises `SandboxUnavailableError`, and `OSError` when the kernel refuses what it offered.
    """
    abi = landlock.abi_version()
    if policy.required and abi == 0:
        raise SandboxUnavailableError(
            errno.ENOSYS, "this machine has no Landlock, so it cannot hide files from the job"
        )
    if not linux.IS_LINUX:
        return SandboxLevel(uid=os.getuid())
    if tree.count_threads() != 1:
        raise OSError("the sandbox would hold for one of several threads only")
    parent_pid = os.getppid()
    separated = _separate(policy)
    own_mounts = separated and _own_view(policy)
    linux.forbid_new_privileges()
    linux.drop_capabilities()
    _restrict(policy, abi=abi, own_mounts=own_mounts, deny_tcp=not policy.network and not separated)
    linux.die_with_parent(parent_pid)  # a change of credentials may have cleared it
    return SandboxLevel(
        landlock_abi=abi,
        network=_network(policy, separated=separated, abi=abi),
        own_mounts=own_mounts,
        capabilities_dropped=True,
        uid=os.getuid(),
    )


def _network(policy: SandboxPolicy, *, separated: bool, abi: int) -> Network:
    if policy.network:
        return "host"
    if separated:
        return "own"
    return "no_tcp" if abi >= 4 else "host"


def _separate(policy: SandboxPolicy) -> bool:
    """Move into namespaces of its own, as a user inside a user namespace. Returns whether it worked."""
    flags = _ALL_NAMESPACES & ~(linux.CLONE_NEWNET if policy.network else 0)
    try:
        linux.unshare(flags)
    except OSError:
        if not _separate_as_user(flags):
            return False
    if not policy.network:
        _bring_loopback_up()
    return True


def _separate_as_user(flags: int) -> bool:
    uid, gid = os.getuid(), os.getgid()
    try:
        linux.unshare(linux.CLONE_NEWUSER | flags)
    except OSError:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
        flags = struct.unpack_from("16sh", answer)[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _own_view(policy: SandboxPolicy) -> bool:
    kept = (*policy.writable, *policy.readable, *_code())
    try:
        mounts.cover_shared_folders(hidden=policy.hidden, kept=kept, temporary=policy.temporary)
    except OSError:
        return False  # Landlock below hides the files all the same; only sockets that have a path stay in reach
    mounts.hide_other_processes()
    return True


def _restrict(policy: SandboxPolicy, *, abi: int, own_mounts: bool, deny_tcp: bool) -> None:
    if abi:
        landlock.restrict(_grants(policy, own_mounts=own_mounts), deny_tcp=deny_tcp, abi=abi)


def _grants(policy: SandboxPolicy, *, own_mounts: bool) -> Iterator[landlock.Grant]:
    for path in (*_SYSTEM, *_code(), *policy.readable):
        yield landlock.Grant(path, landlock.READ)
    for path in (*policy.writable, policy.temporary, *_DEVICES):
        yield landlock.Grant(path, landlock.READ | landlock.WRITE)
    if own_mounts:  # otherwise it is shared with all jobs and with the worker
        yield landlock.Grant(mounts.SHARED_MEMORY, landlock.READ | landlock.WRITE)


@functools.cache
def _code() -> tuple[str, ...]:
    """Return the folders a job imports from. The checkout itself is not among them: keys and the database lie there."""
    return (sys.prefix, sys.base_prefix, *(str(_CHECKOUT / name) for name in _CODE))


@functools.cache
def probe() -> SandboxLevel:
    """Return what a sandbox of this machine holds back, by entering one in a process of its own."""
    if not linux.IS_LINUX:
        return SandboxLevel(uid=os.getuid())
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "worker.launch.sandbox", folder],
            check=True,
            capture_output=True,
            timeout=30,
            env={"PATH": os.defpath, "PYTHONPATH": str(_CHECKOUT)},
        )
    fields: dict[str, Any] = json.loads(answer.stdout)
    return SandboxLevel(**fields)


if __name__ == "__main__":
    level = enter(SandboxPolicy(required=False, writable=(sys.argv[1],), temporary=sys.argv[1]))
    sys.stdout.write(json.dumps(asdict(level)))
