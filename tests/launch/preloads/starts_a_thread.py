"""Leaves a thread behind."""

import threading

from tests.launch.preloads import quick

context_initialised = quick.context_initialised


def preload() -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
