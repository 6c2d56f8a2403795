"""Landlock: what a process and all its descendants may do with files, sockets and signals, for good.

Source: https://docs.kernel.org/userspace-api/landlock.html, ABI 1 (Linux 5.13) to 7. Rules are by inode, so a folder
that is granted can be reached even when a folder above it cannot be listed.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from worker.launch import linux

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_CREATE_RULESET_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_MAKE_CHAR: Final = 1 << 6
_MAKE_BLOCK: Final = 1 << 11
_TRUNCATE: Final = 1 << 14
_IOCTL_DEV: Final = 1 << 15
_RIGHTS_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_RIGHTS_BY_ABI: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_RIGHTS_SINCE_ABI_5: Final = (1 << 16) - 1
_BIND_AND_CONNECT_TCP: Final = 0b11
_SCOPE_ABSTRACT_UNIX_AND_SIGNALS: Final = 0b11

READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
WRITE: Final = _RIGHTS_SINCE_ABI_5 & ~(_MAKE_CHAR | _MAKE_BLOCK)


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done with a file, or with all that is below a folder."""

    path: str
    rights: int


def abi_version() -> int:
    """Return the version of Landlock that this kernel offers; 0 for none."""
    try:
        return linux.syscall(
            _CREATE_RULESET, ctypes.c_void_p(None), ctypes.c_long(0), ctypes.c_long(_CREATE_RULESET_VERSION)
        )
    except OSError:
        return 0


def restrict(grants: Iterable[Grant], *, deny_tcp: bool, abi: int) -> None:
    """Deny this thread everything that `grants` does not allow. Needs no_new_privs. Raises `OSError`.

    A granted path that is not there is left out. Signals and abstract sockets reach no process outside (since ABI 6);
    reading /proc of one (environ, mem, fd, ...) or tracing it is denied on every version.
    """
    handled = _RIGHTS_BY_ABI.get(abi, _RIGHTS_SINCE_ABI_5)
    ruleset = _create_ruleset(handled, deny_tcp=deny_tcp and abi >= 4, abi=abi)
    try:
        for grant in grants:
            with suppress(FileNotFoundError, PermissionError, NotADirectoryError):
                _allow(ruleset, grant, handled)
        linux.syscall(_RESTRICT_SELF, ctypes.c_long(ruleset), ctypes.c_long(0))
    finally:
        os.close(ruleset)


def _create_ruleset(handled: int, *, deny_tcp: bool, abi: int) -> int:
    fields = [handled]
    if abi >= 4:
        fields.append(_BIND_AND_CONNECT_TCP if deny_tcp else 0)
    if abi >= 6:
        fields.append(_SCOPE_ABSTRACT_UNIX_AND_SIGNALS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    pointer = ctypes.cast(buffer, ctypes.c_void_p)
    return linux.syscall(_CREATE_RULESET, pointer, ctypes.c_long(len(attributes)), ctypes.c_long(0))


def _allow(ruleset: int, grant: Grant, handled: int) -> None:
    folder = os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = grant.rights & handled
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= _RIGHTS_OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, folder))
        pointer = ctypes.cast(rule, ctypes.c_void_p)
        linux.syscall(_ADD_RULE, ctypes.c_long(ruleset), ctypes.c_long(_RULE_PATH_BENEATH), pointer, ctypes.c_long(0))
    finally:
        os.close(folder)
