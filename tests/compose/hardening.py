"""The hardening as the engine sees it, and no password where a job or a reader of images could see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.compose.layers import found_in_layers
from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack, docker

_SPY: Final = "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /run/secrets/trainshed/*; true"
_ONE_SHOTS: Final = {"secrets", "migrate"}
_IN_EVERY_IMAGE: Final = b"from trainshed.cli.main import main"
"""What a search of layers has to find, or it would find no password either."""


def inspect_hardening(stack: Stack, load: Load, report: Report) -> None:
    """Look at every container, at the layers of the images, and out of a job."""
    inspected = docker("inspect", *stack.compose("ps", "-aq").split())
    containers = json.loads(inspected)
    soft = [fault for container in containers for fault in _faults(container)]
    report.figures["containers_inspected"] = len(containers)
    report.check(not soft, f"not hardened: {soft}")
    secrets = _secrets(stack)
    told = [secret for secret in secrets if secret in inspected]
    report.check(not told, f"{len(told)} passwords are in an environment or on a command line")
    for image in (stack.api_image, stack.worker_image):
        found = found_in_layers(image, [_IN_EVERY_IMAGE, *(secret.encode() for secret in secrets)])
        report.check(found == {_IN_EVERY_IMAGE}, f"the search of {image} found {len(found)} of what it looked for")
    report.figures["passwords_looked_for"] = len(secrets)
    spy = load.run_shell(_SPY).wait(timeout_s=120)
    seen = b"".join(spy.logs()).decode(errors="replace")
    report.check("Permission denied" in seen, "a job is not refused what is not its own")
    report.check(not any(secret in seen for secret in secrets), "a job can read a password")


def _secrets(stack: Stack) -> list[str]:
    """Return the passwords of the deployment. The addresses of Trainshed's processes contain them."""
    names = ("database_password", "broker_password")
    return [stack.compose("exec", "-T", "api", "cat", f"/run/secrets/trainshed/{name}") for name in names]


def _faults(container: dict[str, Any]) -> Iterator[str]:
    host, config = container["HostConfig"], container["Config"]
    service = config["Labels"]["com.docker.compose.service"]
    published = {port for port, bindings in (host["PortBindings"] or {}).items() if bindings}
    held = {
        "a root that is read-only": host["ReadonlyRootfs"],
        "no capability": host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"],
        "no new privileges": "no-new-privileges:true" in host["SecurityOpt"],
        "a user other than root": config["User"].partition(":")[0] not in ("", "0", "root"),
        "an init": host["Init"],
        "a limit of memory": host["Memory"] > 0,
        "a limit of processes": (host["PidsLimit"] or 0) > 0,
        "no folder of the machine": all(mount["Type"] != "bind" for mount in container["Mounts"]),
        "a healthcheck": service in _ONE_SHOTS or config.get("Healthcheck"),
        "no port but the API's": published <= ({"8321/tcp"} if service == "api" else set()),
    }
    return (f"{container['Name']} has not {what}" for what, holds in held.items() if not holds)
