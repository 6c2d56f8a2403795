"""Kernel calls that Python 3.11 has no function for.

The module imports on every system. Calling a function raises `OSError`, and on other systems than Linux always.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

IS_LINUX: Final = sys.platform == "linux"

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_RDONLY: Final = 0x1
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_REMOUNT: Final = 0x20
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x4_0000

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_CAPBSET_DROP: Final = 24
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x2008_0522

_libc: Final = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _prctl(option: int, argument: int = 0) -> None:
    if not IS_LINUX:
        raise OSError(f"prctl needs Linux, this is {sys.platform}")
    zero = ctypes.c_ulong(0)
    _checked(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(argument), zero, zero, zero))


def syscall(number: int, *arguments: ctypes.c_void_p | ctypes.c_long) -> int:
    """Make the system call `number`. Raises `OSError`."""
    if not IS_LINUX:
        raise OSError(f"system calls by number need Linux, this is {sys.platform}")
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments))


def die_with_parent(parent_pid: int) -> None:
    """Let the kernel kill this process when the *thread* that forked it ends; leave at once if it has ended already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def become_subreaper() -> None:
    """Let orphans among the descendants of this process become its children, wherever their sessions are."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """Make set-uid bits and file capabilities powerless, for this process and all that it starts."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def set_process_name(name: str) -> None:
    """Name this process in `ps` and `top`; at most 15 bytes are kept."""
    buffer = ctypes.create_string_buffer(name.encode()[:15])
    _prctl(_PR_SET_NAME, ctypes.addressof(buffer))


def unshare(flags: int) -> None:
    """Move this process, which must have one thread, into new namespaces."""
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Call mount(2)."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _checked(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def drop_capabilities() -> None:
    """Give up all capabilities in all five sets, for good: uid 0 is an ordinary user afterwards, also after an exec."""
    _drop_bounding_set()
    _prctl_ambient_clear()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()))


def _drop_bounding_set() -> None:
    """Takes CAP_SETPCAP; a process without it gains nothing from its bounding set once it has no_new_privs."""
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            return  # past the last capability of this kernel, or not allowed


def _prctl_ambient_clear() -> None:
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
