import pytest

from gateway.metrics import Metrics
from gateway.review.database import StoreError
from gateway.review.filters import Filter
from gateway.review.opening import open_records, open_store
from gateway.settings import Review, Settings


def test_nothing_is_opened_where_nothing_is_kept():
    assert open_records(Settings(), Metrics(()), "a1").keeping == "off"


def test_a_store_without_a_folder_is_refused():
    with pytest.raises(StoreError, match=r"review\.directory"):
        open_store(Review(store="pictures"))


def test_what_is_kept_is_counted(tmp_path, catch):
    metrics = Metrics(())
    settings = Settings(review={"store": "hashes", "directory": tmp_path})
    records = open_records(settings, metrics, "a1")

    records.offer(catch().flag, b"picture")
    records.close()

    assert metrics.registry.get_sample_value("jnd_review_flags_total", {"fate": "kept"}) == 1
    store = open_store(settings.review)
    assert store.count(Filter()) == 1
    store.close()
