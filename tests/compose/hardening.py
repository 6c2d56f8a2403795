"""The hardening as the engine sees it, and no password where a job or a reader of images could see it."""

from __future__ import annotations

import json
from typing import Any

from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack, docker

_SPY = "env; cat /proc/[0-9]*/environ /run/secrets/trainshed/*; true"


def inspect_hardening(stack: Stack, load: Load, report: Report) -> None:
    """Look at every container, at the layers of the images, and out of a job."""
    inspected = docker("inspect", *stack.compose("ps", "-aq").split())
    soft = [container["Name"] for container in json.loads(inspected) if not _is_hard(container)]
    report.check(not soft, f"not hardened: {soft}")
    secret = stack.compose("exec", "-T", "api", "cat", "/run/secrets/trainshed/database_password")
    layers = [docker("history", "--no-trunc", image) for image in (stack.api_image, stack.worker_image)]
    report.check(secret not in inspected + "".join(layers), "a password is in an environment or an image")
    spy = load.run_shell(_SPY).wait(timeout_s=60)
    seen = b"".join(spy.logs()).decode(errors="replace")
    report.check(secret not in seen and "Permission denied" in seen, "a job can read secrets")


def _is_hard(container: dict[str, Any]) -> bool:
    host = container["HostConfig"]
    return (
        host["ReadonlyRootfs"]
        and host["CapDrop"] == ["ALL"]
        and not host["Privileged"]
        and "no-new-privileges:true" in host["SecurityOpt"]
        and container["Config"]["User"].partition(":")[0] not in ("", "0", "root")
    )
