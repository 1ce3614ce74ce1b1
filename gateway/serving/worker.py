"""One worker process: takes the socket and the settings from its supervisor, loads, answers, drains.

Run as `python -m gateway.serving.worker`; every descriptor it is given is a socket it was born with. A worker
whose supervisor is gone drains and ends: it never outlives it for long.
"""

import argparse
import asyncio
import gc
import importlib
import logging
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from gateway.app import create_app
from gateway.logs import configure_logging
from gateway.memory.protocol import SeenPictureStore
from gateway.memory.redis_memory import share_memory
from gateway.memory.shared_pictures import SharedPictures
from gateway.metrics import Metrics
from gateway.model_names import ModelNames
from gateway.pipeline import Pipeline
from gateway.providers.prices import Tariff
from gateway.relay.callers.drain import Drain
from gateway.relay.callers.http_server import server_config
from gateway.serving.balance import FILE_NAME, Occupancy
from gateway.serving.draining_server import DrainingServer
from gateway.serving.handover import MAX_LINE_BYTES, line_of, message_of, settings_of
from gateway.serving.metric_files import MetricFiles, keep_to_this_process
from gateway.settings import Settings

log = logging.getLogger(__name__)

LoadPipeline = Callable[[Settings, SeenPictureStore], Pipeline]

_SWITCH_SECONDS = 0.001  # between threads: the event loop waits that long for an image thread, not five times
_LINGER_SECONDS = 1.0  # where nobody says how long


@dataclass(frozen=True)
class Born:
    """What the supervisor gave this process on its way."""

    listener: socket.socket
    control: socket.socket
    pictures: socket.socket
    metrics: Path
    place: int  # its own among all workers alive
    pipeline: str  # module:function that loads it

    @classmethod
    def of(cls, arguments: list[str]) -> "Born":
        """Read the command line."""
        parser = argparse.ArgumentParser()
        for name in ("listener", "control", "pictures", "place"):
            parser.add_argument(f"--{name}", type=int, required=True)
        parser.add_argument("--metrics", type=Path, required=True)
        parser.add_argument("--pipeline", required=True)
        given = parser.parse_args(arguments)
        return cls(
            listener=socket.socket(fileno=given.listener),
            control=socket.socket(fileno=given.control),
            pictures=socket.socket(fileno=given.pictures),
            metrics=given.metrics,
            place=given.place,
            pipeline=given.pipeline,
        )


def main() -> None:
    """Answer until told to drain."""
    born = Born.of(sys.argv[1:])
    sys.setswitchinterval(_SWITCH_SECONDS)
    configure_logging()
    # Starts and ends are the supervisor's to tell.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    settings = settings_of(_first_message(born.control))  # nothing else is said before the answer
    files, drain = MetricFiles(born.metrics), Drain()
    try:
        app = _load(settings, born, files, drain)
    except (OSError, ValueError) as error:  # of an artifact, a profile, an address; a bug shows its traceback
        born.control.sendall(line_of({"failed": str(error)}))
        sys.exit(1)
    # What was loaded stays. Collecting garbage among its quarter of a million objects would stop every thread
    # for .3 s, now and then.
    gc.collect()
    gc.freeze()
    if _answer(app, settings, born, drain).is_orphan:
        files.remove()


def _load(settings: Settings, born: Born, files: MetricFiles, drain: Drain) -> ASGIApp:
    names = ModelNames(settings.model_map, settings.models)
    keep_to_this_process()
    tariff = Tariff(settings.prices.currency, settings.prices.per_million)
    clients = [client.name for client in settings.clients]
    metrics = Metrics(names.labels, clients, shared=files, tariff=tariff)
    seen = SharedPictures(
        born.pictures,
        on_trouble=metrics.errors.labels("seen_pictures").inc,
        ttl_seconds=settings.near_duplicate.ttl_seconds,
    )
    shared = share_memory(settings, metrics)
    if shared is None:
        pipeline = _loader(born.pipeline)(settings, seen)
        return create_app(settings, pipeline, metrics=metrics, drain=drain, accept=seen.accept)
    pictures = shared.pictures(seen)
    pipeline = shared.joined_by(_loader(born.pipeline)(settings, pictures), pictures)
    accept = pictures.accept
    return create_app(settings, pipeline, metrics=metrics, drain=drain, accept=accept, memory=shared)


def _answer(app: ASGIApp, settings: Settings, born: Born, drain: Drain) -> "_Control":
    """Answer until the drain is over."""

    def on_ready() -> None:
        asyncio.get_running_loop().add_reader(control, control.obey)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, control.drain_by_signal)
        born.control.sendall(line_of({"ready": True}))

    occupancy = Occupancy(born.metrics / FILE_NAME)
    config = server_config(app, settings)
    server = DrainingServer(config, drain, occupancy=occupancy, place=born.place, on_ready=on_ready)
    control = _Control(born.control, server, settings.listen.drain_seconds)
    server.run(sockets=[born.listener])
    return control


class _Control:
    """Does what the supervisor says."""

    def __init__(self, connection: socket.socket, server: DrainingServer, drain_seconds: float) -> None:
        self._connection = connection
        self._server = server
        self._drain_seconds = drain_seconds
        self._is_draining = False
        self._unread = b""
        self.is_orphan = False

    def fileno(self) -> int:
        return self._connection.fileno()

    def obey(self) -> None:
        """Read what has come; nothing means that the supervisor is gone."""
        try:
            piece = self._connection.recv(65536)
        except ConnectionError:
            piece = b""
        if not piece:
            asyncio.get_running_loop().remove_reader(self)
            self.is_orphan = True
            log.warning("the supervisor is gone: draining")
            self._drain()
        *lines, self._unread = (self._unread + piece).split(b"\n")
        for line in lines:
            message = message_of(line)
            if message["do"] == "drain":
                self._drain(float(message["linger_seconds"]))
            else:
                self._server.hurry()

    def drain_by_signal(self) -> None:
        """Drain; told twice, hurry."""
        if self._is_draining:
            self._server.hurry()
        self._drain()

    def _drain(self, linger_seconds: float = _LINGER_SECONDS) -> None:
        self._is_draining = True
        self._server.begin_drain(self._drain_seconds, linger_seconds=linger_seconds)


def _first_message(control: socket.socket) -> dict[str, Any]:
    with control.makefile("rb") as lines:
        line = lines.readline(MAX_LINE_BYTES)
    if not line:
        sys.exit("the supervisor is gone")
    return message_of(line)


def _loader(name: str) -> LoadPipeline:
    module, _, function = name.partition(":")
    loader: LoadPipeline = getattr(importlib.import_module(module), function)
    return loader


if __name__ == "__main__":
    main()
