import time

import pytest

from gateway.demo.services import free_port
from gateway.metrics import Metrics
from gateway.review.database import Database, StoreError
from gateway.review.filters import Filter
from gateway.review.opening import open_records, open_store
from gateway.review.store import ReviewStore
from gateway.settings import Review, Settings


def test_nothing_is_opened_where_nothing_is_kept():
    assert open_records(Settings(), Metrics(()), "a1").keeping == "off"


def test_a_store_without_a_folder_is_refused():
    with pytest.raises(StoreError, match=r"review\.directory"):
        open_store(Review(store="pictures"))


def test_a_database_that_is_away_at_the_start_takes_flags_once_it_answers(
    tmp_path, catch, monkeypatch, caplog
):
    address = f"postgresql+psycopg://jnd:secret@127.0.0.1:{free_port()}/none"
    settings = Settings(review={"store": "hashes", "directory": tmp_path, "database_url": address})
    monkeypatch.setattr("gateway.review.recorder._PAUSES_SECONDS", (0.01,))

    records = open_records(settings, Metrics(()), "a1")
    ticket = records.offer(catch().flag, b"picture")
    time.sleep(0.1)
    assert not ticket.is_kept and "flags wait for their store" in caplog.text and "secret" not in caplog.text
    monkeypatch.setattr("gateway.review.opening.open_store", lambda _: ReviewStore.open(tmp_path))

    records.close()
    assert ticket.is_kept


def test_a_store_of_a_newer_program_is_an_error_at_the_start(tmp_path):
    Database.open(f"sqlite:///{tmp_path / 'flags.sqlite'}", version=99).close()

    with pytest.raises(StoreError, match="newer program"):
        open_records(Settings(review={"store": "hashes", "directory": tmp_path}), Metrics(()), "a1")


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
