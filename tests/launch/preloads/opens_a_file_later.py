"""Opens a file once the zygote serves: a library that connects when it is first used."""

import os

from tests.launch.preloads import quick

preload = quick.preload


def context_initialised() -> bool:
    os.open("/etc/hosts", os.O_RDONLY)
    return False
