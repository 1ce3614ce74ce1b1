"""Check of review what types cannot: pictures without a folder, a page without a key or anything to show."""

from collections.abc import Iterator
from importlib.util import find_spec

from gateway.configuration.keys import Where
from gateway.configuration.policy_meaning import Said
from gateway.settings import Settings

_LOOPBACK = ("127.", "::1", "localhost")
_SHORTEST_KEY = 16
_POSTGRESQL = "postgresql+psycopg://"


def check_review(settings: Settings) -> Iterator[Said]:
    """Return every finding with the place of its key."""
    review = settings.review
    if review.store != "off" and review.directory is None:
        yield "error", _at("directory"), f"is missing: store is `{review.store}`, and nowhere to keep it"
    yield from _page(settings)
    if review.database_url is None:
        return
    url = review.database_url.get_secret_value()
    if not url.startswith(_POSTGRESQL):
        yield "error", _at("database_url"), f"expected {_POSTGRESQL}USER:PASSWORD@HOST/NAME"
    elif find_spec("psycopg") is None:
        yield "error", _at("database_url"), "needs the extra `postgres`: pip install 'lmm-jnd[postgres]'"


def _page(settings: Settings) -> Iterator[Said]:
    review, listen = settings.review, settings.listen
    if review.listen_address is None:
        if review.key is not None:
            yield "warning", _at("key"), "has no effect: review.listen says no address for the page"
        return
    host, port = review.listen_address
    if review.store == "off":
        yield "error", _at("listen"), "there would be nothing to show: set review.store"
    if review.key is None:
        yield "error", _at("key"), "is missing: there is no page without it; `openssl rand -hex 24` makes one"
    elif len(review.key.get_secret_value()) < _SHORTEST_KEY:
        yield "warning", _at("key"), "is short enough to be guessed; `openssl rand -hex 24` makes one"
    if port and port == listen.port and host in (listen.host, "0.0.0.0"):  # noqa: S104 - compared, not bound
        yield "error", _at("listen"), "is where the gateway itself listens; choose another port"
    if not host.startswith(_LOOPBACK):
        message = "the page speaks plain HTTP: put TLS in front of it, and keep this port inside"
        yield "warning", _at("listen"), message


def _at(key: str) -> Where:
    return ("review", key)
