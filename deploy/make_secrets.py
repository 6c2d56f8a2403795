"""Makes the passwords of a deployment, once, and gives each service the files it needs.

    python -m deploy.make_secrets /secrets

Below the folder, each a volume of its own: `own` for Trainshed's processes, `database` and `broker` for those two. A
second run changes nothing; a volume that was lost is filled again. No password leaves these files.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Final

_OWN: Final = 0o400
_FOREIGN: Final = 0o444
"""The database and the broker run as users of their own, and nobody else mounts their volumes."""

_BROKER: Final = """\
# The user of Trainshed may work with keys; the administration of the server is not for anybody.
user default off
user trainshed on >{password} ~* &* +@all -@admin -@dangerous +info
# A hint that does not fit is refused; one that was evicted would be lost in silence. Nothing has to outlive a restart.
maxmemory {memory}
maxmemory-policy noeviction
save ""
appendonly no
dir /tmp
bind *
"""


def make_secrets(root: Path, *, broker_memory: str) -> None:
    """Leave all files below `root`, with passwords that are there already, or new ones."""
    own, database, broker = root / "own", root / "database", root / "broker"
    database_password = _password(own / "database_password")
    broker_password = _password(own / "broker_password")
    _leave(own / "trainshed_database_url", f"postgresql://trainshed:{database_password}@db/trainshed", _OWN)
    _leave(own / "trainshed_broker_url", f"redis://trainshed:{broker_password}@broker:6379/0", _OWN)
    _leave(database / "password", database_password, _FOREIGN)
    _leave(broker / "valkey.conf", _BROKER.format(password=broker_password, memory=broker_memory), _FOREIGN)


def _password(path: Path) -> str:
    if not path.exists():
        _leave(path, secrets.token_urlsafe(32), _OWN)
    return path.read_text()


def _leave(path: Path, text: str, mode: int) -> None:
    """The file appears whole, and never readable for more than `mode` says."""
    if path.exists() and path.read_text() == text:
        return
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - takes a descriptor
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), mode)
    new.replace(path)


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]), broker_memory=os.environ.get("TRAINSHED_BROKER_MAXMEMORY", "128mb"))
