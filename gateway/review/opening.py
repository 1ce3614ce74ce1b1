"""Open the store that the settings name, and whoever writes into it."""

from gateway.metrics import Metrics
from gateway.review.database import StoreError
from gateway.review.recorder import NO_RECORDS, Fate, Recorder, Records
from gateway.review.store import ReviewStore
from gateway.settings import Review, Settings


def open_store(review: Review) -> ReviewStore:
    """Open the store of the settings.

    Raises:
        StoreError: There is none, or it cannot be used.
        OSError: Its folder cannot be made.
    """
    if review.directory is None:
        raise StoreError("expected review.directory, got none")
    url = None if review.database_url is None else review.database_url.get_secret_value()
    return ReviewStore.open(review.directory, url)


def open_records(settings: Settings, metrics: Metrics, artifact: str) -> Records:
    """Return who keeps flagged images, as the settings say.

    Raises:
        StoreError: The store cannot be used.
        OSError: Its folder cannot be made.
    """
    review = settings.review
    if review.store == "off":
        return NO_RECORDS

    def count(fate: Fate) -> None:
        metrics.review_flags.labels(fate).inc()

    return Recorder(open_store(review), review.store, count, artifact=artifact)
