"""The store of flagged images in a real PostgreSQL, as replicas of a gateway share one."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gateway.demo.services import free_port
from gateway.review.database import SCHEMA_VERSION, Database, StoreError
from gateway.review.filters import Filter
from gateway.review.recorder import Recorder
from gateway.review.retention import Retention
from gateway.review.store import ReviewStore
from gateway.review.transfer import export_store, restore_store
from tests.gateway.review.conftest import DAY, NOON, PICTURE, caught

pytestmark = pytest.mark.peers

_HOMES = "/usr/lib/postgresql"


def program(name: str) -> str:
    """Return a program of PostgreSQL, which Debian keeps off the path."""
    found = sorted(Path(_HOMES).glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed: apt-get install postgresql, or `make peers`")
    return path


def unprivileged(*command: str) -> Sequence[str]:
    """Return a command as PostgreSQL wants to be started: not by root."""
    return command if os.geteuid() else ("runuser", "-u", "nobody", "--", *command)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a PostgreSQL of our own, and return the address of its databases."""
    # Not in pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory(prefix="jnd-postgresql-") as name:
        folder, port = Path(name), free_port()
        if not os.geteuid():
            shutil.chown(folder, "nobody")
        data = folder / "data"
        made = unprivileged(program("initdb"), "-D", str(data), "-U", "jnd", "--auth=trust", "--no-sync")
        subprocess.run(made, check=True, capture_output=True, cwd=folder)
        options = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}")
        run = unprivileged(program("postgres"), "-D", str(data), "-p", str(port), *options)
        log = folder / "log"
        with log.open("wb") as sink, subprocess.Popen(run, stdout=sink, stderr=sink, cwd=folder) as process:
            url = f"postgresql+psycopg://jnd@127.0.0.1:{port}"
            try:
                wait_for(url, log)
                yield url
            finally:
                process.terminate()
                process.wait(20)


def wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"{url.replace('+psycopg', '')}/postgres").close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from error
            time.sleep(0.1)


@pytest.fixture
def url(server, request) -> str:
    """Make a database for one test."""
    name = "d" + str(abs(hash(request.node.name)))
    address = f"{server.replace('+psycopg', '')}/postgres"
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture
def store(url, tmp_path) -> Iterator[ReviewStore]:
    opened = ReviewStore.open(tmp_path / "shared", url)
    yield opened
    opened.close()


def test_flags_are_kept_found_marked_and_forgotten(store):
    old = caught(at=NOON, model="a\0b\ud800")
    new = caught(at=NOON + DAY, kinds=("container", "residual"), client="web", picture=b"another")
    store.add([old, new])
    store.add([old])

    assert [flag.id for flag in store.find(Filter(), 9)] == [new.flag.id, old.flag.id]
    assert [flag.id for flag in store.find(Filter(kind="residual", client="web"), 9)] == [new.flag.id]
    assert [flag.id for flag in store.find(Filter(kind="container"), 9)] == [new.flag.id]
    assert store.count(Filter(since=NOON + 1)) == 1 and store.words("client") == ["shop", "web"]
    assert store.get(new.flag.id) == new.flag
    assert store.mark_picture(old.flag.id, "attack").mark == "attack"
    assert store.undo(old.flag.id).mark == "open"
    assert store.delete_tenant("web") == 1 and store.delete_before(NOON + 2 * DAY) == 1
    assert store.size().flags == 0 and list(store.pictures.digests()) == []


def test_the_longest_words_of_callers_fit_into_every_index(store):
    rare = "".join(chr(0x20000 + 7919 * number % 40_000) for number in range(1000))  # does not compress
    odd = caught(model=rare, client=rare[::-1], tenant=rare, path=rare, p_value=float("nan"))

    store.add([odd])

    assert store.get(odd.flag.id).request.model == rare[:125]


def test_replicas_that_start_at_once_and_write_at_once_lose_nothing(url, tmp_path):
    stores: list[ReviewStore] = []

    def replica(number: int) -> None:
        store = ReviewStore.open(tmp_path / "shared", url)
        stores.append(store)
        recorder = Recorder(store, "pictures", lambda _: None)
        for each in range(50):
            recorder.offer(caught(at=NOON + 100 * number + each).flag, PICTURE)
            if each % 10 == 0:
                store.delete_before(NOON)
        recorder.close()

    threads = [threading.Thread(target=replica, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stores) == 3
    with closing(ReviewStore.open(tmp_path / "shared", url)) as store:
        assert store.count(Filter()) == 150
        assert store.pictures.get(store.find(Filter(), 1)[0].digest) == PICTURE


def test_age_and_size_are_kept_to(store, monkeypatch):
    store.add([caught(at=NOON + number, picture=bytes([number]) * 1000) for number in range(6)])
    monkeypatch.setattr(store, "_clock", lambda: NOON + 30 * DAY + 3)

    assert Retention(keep_days=30, max_bytes=10**9).sweep(store) == 3
    assert Retention(keep_days=30, max_bytes=7000).sweep(store) == 1
    assert [flag.seen_at for flag in store.find(Filter(), 9)] == [NOON + 5, NOON + 4]


def test_a_store_moves_from_sqlite_and_back(store, tmp_path):
    with closing(ReviewStore.open(tmp_path / "small")) as small:
        small.add([caught(at=NOON + number) for number in range(3)])
        export_store(small, tmp_path / "export.tar")

        assert restore_store(store, tmp_path / "export.tar").flags == 3

        assert list(store.walk(Filter())) == list(small.walk(Filter()))


def test_a_store_of_the_version_before_is_migrated(url):
    with closing(Database.open(url)) as database, database.writing() as connection:
        for statement in (
            "DROP INDEX review_flags_filters",
            "ALTER TABLE review_flags DROP COLUMN stratum",
            "UPDATE review_schema SET version = 1",
        ):
            connection.execute(text(statement))

    with closing(Database.open(url)) as database, database.reading() as connection:
        assert connection.execute(text("SELECT version FROM review_schema")).scalar() == SCHEMA_VERSION
        assert connection.execute(text("SELECT count(stratum) FROM review_flags")).scalar() == 0


def test_a_server_that_is_not_there_is_told_without_the_password():
    with pytest.raises(StoreError) as error:
        Database.open(f"postgresql+psycopg://jnd:secret@127.0.0.1:{free_port()}/none")

    assert "secret" not in str(error.value) and "cannot open" in str(error.value)
