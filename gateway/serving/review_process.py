"""The process beside the workers that looks after flagged images: forgets what is too old, shows the page.

Run as `python -m gateway.serving.review_process`. One for each supervisor, however many workers there are; it
ends with its supervisor. Torch is loaded only when somebody asks how good a picture looks.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from calibration.image_source import DecodeLimits
from gateway.allow_list import written_list
from gateway.detection.combination import load_calibration
from gateway.logs import configure_logging
from gateway.model_names import ModelNames
from gateway.review.allowing import AllowFile
from gateway.review.clock_watch import ClockWatch
from gateway.review.critiquing import Critiquing
from gateway.review.database import StoreAwayError
from gateway.review.drawing import Drawings
from gateway.review.filters import Named
from gateway.review.judging import Judging
from gateway.review.opening import open_store
from gateway.review.page import ReviewPage, create_review_app
from gateway.review.rendering import Templates
from gateway.review.retention import Retention
from gateway.review.sessions import Sessions
from gateway.review.signing_in import Door
from gateway.review.store import ReviewStore
from gateway.serving.handover import MAX_LINE_BYTES, line_of, message_of, settings_of
from gateway.serving.listener import CannotListenError, address_of, listen_on
from gateway.settings import Settings

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 60.0
_DRAWN_BYTES = 64 * 1024 * 1024
_DRAIN_SECONDS = 5


def main() -> None:
    """Look after flagged images until the supervisor says no more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    control = socket.socket(fileno=parser.parse_args().control)
    configure_logging()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor's to hear
    with control.makefile("rb") as lines:
        line = lines.readline(MAX_LINE_BYTES)
    if not line:
        sys.exit("the supervisor is gone")
    settings = settings_of(message_of(line))
    try:
        store = open_store(settings.review)
        page = _Page(settings, store)
    except (OSError, ValueError, CannotListenError) as error:
        word = "later" if isinstance(error, StoreAwayError) else "failed"
        control.sendall(line_of({word: f"review: {error}"}))
        sys.exit(1)
    with contextlib.closing(store), _sweeping(settings, store):
        asyncio.run(page.serve_until_told(control))


def named_in(settings: Settings) -> Named:
    """Return what becomes a label of metrics, whose panels link here."""
    models = ModelNames(settings.model_map, settings.models).labels
    return Named(models, frozenset(client.name for client in settings.clients))


class _Page:
    """The page's port, if the settings want one, and its server."""

    def __init__(self, settings: Settings, store: ReviewStore) -> None:
        """Open the port.

        Raises:
            CannotListenError: It is in use, forbidden or not of this machine.
        """
        self._listener: socket.socket | None = None
        review = settings.review
        if review.store == "off" or review.listen_address is None or review.key is None:
            return
        limits = settings.limits
        decoding = DecodeLimits(limits.max_image_bytes, limits.max_pixels, limits.max_frames)
        allowed = written_list(settings.policy, review)
        if allowed is None:
            raise ValueError("expected a folder for the list of allowed pictures")
        self._listener = listen_on(*review.listen_address)
        templates = Templates(version("lmm-jnd"))
        self._critiquing = Critiquing(settings.artifact, decoding)
        page = ReviewPage(
            store=store,
            judging=Judging(store, AllowFile(allowed), decoding),
            drawings=Drawings(decoding, _DRAWN_BYTES),
            critiquing=self._critiquing,
            door=Door(Sessions(review.key.get_secret_value()), templates),
            templates=templates,
            keeps_pictures=review.store == "pictures",
            calibration=load_calibration(settings.detection.calibration),
            named=named_in(settings),
        )
        self._server = _Server(
            uvicorn.Config(
                create_review_app(page),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=_DRAIN_SECONDS,
            )
        )

    async def serve_until_told(self, control: socket.socket) -> None:
        """Say that it is ready, and serve until the supervisor closes its end."""
        control.setblocking(False)
        loop = asyncio.get_running_loop()
        told = asyncio.ensure_future(loop.sock_recv(control, 1))
        loop.add_signal_handler(signal.SIGTERM, told.cancel)
        serving = None
        if self._listener is not None:
            serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
            log.info("flagged images are shown on %s/review", address_of(self._listener))
        await loop.sock_sendall(control, line_of({"ready": True}))
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await told
        if serving is not None:
            self._server.should_exit = True
            await serving
            self._critiquing.close()  # pictures that wait for a sentence do not hold up the end


class _Server(uvicorn.Server):
    """Leaves signals alone: they are the process's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _sweeping(settings: Settings, store: ReviewStore) -> Iterator[None]:
    """Forget what is too old, from time to time, on a thread."""
    retention = Retention(settings.review.keep_days, settings.review.max_bytes, ClockWatch())
    is_over = threading.Event()

    def sweep() -> None:
        is_first = True
        while is_first or not is_over.wait(_SWEEP_SECONDS):
            try:
                if is_first:
                    store.forget_strays()
                retention.sweep(store)
            except (OSError, SQLAlchemyError) as error:
                log.error("flags were not swept, another try follows: %s", str(error).splitlines()[0])
            is_first = False

    thread = threading.Thread(target=sweep, name="review-sweeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(_DRAIN_SECONDS)


if __name__ == "__main__":
    main()
