"""`trainshed up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from standalone.broker import NoBroker
from standalone.folder import AlreadyUp, DataFolder
from standalone.shed import NotUp, Options, Shed, port_is_free


def main() -> int:
    """Return the exit code."""
    arguments = parser().parse_args()
    if arguments.port and not port_is_free(arguments.host, arguments.port):
        return _fail(f"Port {arguments.port} is taken.", "Choose another with --port, or --port 0 for any free one.")
    folder = DataFolder(arguments.data_dir)
    try:
        folder.open()
    except AlreadyUp as error:
        return _fail(f"Trainshed is already up in {folder.path}, at {error}.", "Use it, or name another --data-dir.")
    except OSError as error:
        return _fail(f"The data folder {folder.path} cannot be used: {error.strerror}.", "Name another --data-dir.")
    try:
        return _run(folder, arguments)
    finally:
        folder.close()


def _run(folder: DataFolder, arguments: argparse.Namespace) -> int:
    options = Options(
        host=arguments.host,
        port=arguments.port,
        slots=arguments.slots,
        data_roots=arguments.data_roots,
        warm=arguments.warm,
        allow_unisolated=arguments.allow_unisolated,
    )
    shed = Shed(folder, options, _say)
    stop = _stop_on_signals(shed)
    try:
        shed.start()
        _greet(shed, folder)
        shed.keep(stop)
    except (NotUp, NoBroker) as error:
        return _fail(str(error), "Mend that and start again.")
    finally:
        _say("Stopping: running jobs go back to the queue.")
        shed.stop()
    _say("Stopped.")
    return 0


def _stop_on_signals(shed: Shed) -> threading.Event:
    """The first signal stops in order, the second one at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            shed.kill()
            os._exit(130)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop


def _greet(shed: Shed, folder: DataFolder) -> None:
    _say(f"Trainshed is up at {shed.url}")
    _say(f"  look    {shed.sign_in_link()}")
    _say(f"  data    {folder.path}")
    _say("  try     trainshed job run --follow -- echo hello")
    _say("  stop    Ctrl-C")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _fail(what: str, remedy: str) -> int:
    _say(f"error: {what}\n→ {remedy}")
    return 1


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments; the page of the command line lists them."""
    made = argparse.ArgumentParser(prog="trainshed up", description="Run Trainshed on this machine, until Ctrl-C.")
    folder = Path(os.environ.get("TRAINSHED_DATA_DIR", ".trainshed"))
    made.add_argument("--data-dir", type=Path, default=folder, help="where everything is kept (default: .trainshed)")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    made.add_argument("--port", type=int, default=8321, help="port of the API; 0 takes any free one (default: 8321)")
    made.add_argument("--slots", type=int, default=None, help="jobs at once (default: by cores and memory)")
    made.add_argument(
        "--data-roots", default="", help="folders that jobs may read data from, separated by colons (default: none)"
    )
    made.add_argument("--no-warm", dest="warm", action="store_false", help="start each training job cold")
    made.add_argument(
        "--allow-unisolated",
        action="store_true",
        help="run users' programs even where this machine cannot hide its own files and secrets from them",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
