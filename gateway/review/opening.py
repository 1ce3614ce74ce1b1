"""Open the store that the settings name, and whoever writes into it."""

import logging
from collections.abc import Sequence

from gateway.metrics import Metrics
from gateway.review.database import StoreAwayError, StoreError
from gateway.review.recorder import NO_RECORDS, Fate, Recorder, Records
from gateway.review.store import Caught, ReviewStore
from gateway.settings import Review, Settings

log = logging.getLogger(__name__)


def open_store(review: Review) -> ReviewStore:
    """Open the store of the settings.

    Raises:
        StoreAwayError: The server of its database cannot be reached.
        StoreError: There is none, or it cannot be used.
        OSError: Its folder cannot be made.
    """
    if review.directory is None:
        raise StoreError("expected review.directory, got none")
    url = None if review.database_url is None else review.database_url.get_secret_value()
    return ReviewStore.open(review.directory, url)


def open_records(settings: Settings, metrics: Metrics, artifact: str) -> Records:
    """Return who keeps flagged images, as the settings say; a database whose server is away holds up nobody.

    Raises:
        StoreError: The store cannot be used.
        OSError: Its folder cannot be made.
    """
    review = settings.review
    if review.store == "off":
        return NO_RECORDS

    def count(fate: Fate) -> None:
        metrics.review_flags.labels(fate).inc()

    try:
        store: ReviewStore | OpenedLater = open_store(review)
    except StoreAwayError as error:
        log.warning("flags wait for their store, and are dropped where there is no room: %s", error)
        store = OpenedLater(review)
    return Recorder(store, review.store, count, artifact=artifact)


class OpenedLater:
    """A store whose server was away: opened by whoever writes into it, at every attempt until it answers."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._store: ReviewStore | None = None

    def add(self, caught: Sequence[Caught]) -> None:
        """Keep flags as a store does; raises as `ReviewStore.add` and `open_store`."""
        if self._store is None:
            self._store = open_store(self._review)
            log.info("the store of flags answers")
        self._store.add(caught)

    def close(self) -> None:
        """Close it, if it was opened."""
        if self._store is not None:
            self._store.close()
