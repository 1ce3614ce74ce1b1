import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.review.database import SCHEMA_VERSION, Database, StoreError
from gateway.review.filters import Filter
from gateway.review.store import ReviewStore


def url_of(folder) -> str:
    return f"sqlite:///{folder / 'flags.sqlite'}"


def test_a_store_of_the_version_before_is_migrated_with_everything_in_it(tmp_path):
    before = (Path(__file__).parent / "store_version_1.sql").read_text(encoding="utf-8")
    (tmp_path / "review").mkdir()
    with closing(sqlite3.connect(tmp_path / "review" / "flags.sqlite")) as old:
        old.executescript(before)

    store = ReviewStore.open(tmp_path / "review")

    newer, older = store.find(Filter(), 9)
    assert (older.mark, older.stratum, newer.kinds) == ("false_alarm", "", ("container", "residual"))
    assert store.undo(older.id).mark == "open"
    store.note_stratum(older.digest, "other lossy")
    assert store.get(older.id).stratum == "other lossy"
    store.close()
    with closing(sqlite3.connect(tmp_path / "review" / "flags.sqlite")) as migrated:
        assert migrated.execute("SELECT version FROM review_schema").fetchall() == [(SCHEMA_VERSION,)]


def test_a_store_of_a_newer_program_is_refused(tmp_path):
    Database.open(url_of(tmp_path), version=7).close()

    with pytest.raises(StoreError, match="newer program"):
        Database.open(url_of(tmp_path), version=6)


def test_migrations_run_in_order_and_once(tmp_path):
    Database.open(url_of(tmp_path), version=1).close()
    ran = []
    migrations = {1: lambda _: ran.append("1 to 2"), 2: lambda _: ran.append("2 to 3")}

    for _ in range(2):
        Database.open(url_of(tmp_path), version=3, migrations=migrations).close()

    assert ran == ["1 to 2", "2 to 3"]


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path):
    Database.open(url_of(tmp_path), version=1).close()

    def fails(connection) -> None:
        connection.execute(text("CREATE TABLE half (done INTEGER)"))
        connection.execute(text("SELECT nonsense"))

    with pytest.raises(StoreError, match="nonsense"):
        Database.open(url_of(tmp_path), version=2, migrations={1: fails})

    with sqlite3.connect(tmp_path / "flags.sqlite") as plain:
        assert plain.execute("SELECT version FROM review_schema").fetchall() == [(1,)]
        assert not plain.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchall()


def test_a_version_that_nothing_leads_from_is_named(tmp_path):
    Database.open(url_of(tmp_path), version=1).close()

    with pytest.raises(StoreError, match="from version 1 of the store to 2"):
        Database.open(url_of(tmp_path), version=2, migrations={})


def test_an_address_that_cannot_be_used_is_told_without_its_password(tmp_path):
    file = tmp_path / "no-folder" / "flags.sqlite"
    query = "postgresql+nonsense://h/x?password=secret"
    for url in (
        f"sqlite:///{file}",
        query,
        "nonsense://me:secret@host/x",
        "postgresql+psycopg://me:p@secret@host/x",
        "postgresql+nonsense://me:secret@h/x",
    ):
        with pytest.raises(StoreError) as error:
            Database.open(url)
        assert "secret" not in str(error.value)


def broken(folder: Path, script: str) -> str:
    """Make a store, and change what its file holds."""
    Database.open(url_of(folder)).close()
    with closing(sqlite3.connect(folder / "flags.sqlite")) as plain:
        plain.executescript(script)
    return url_of(folder)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("UPDATE review_schema SET version = 'two'", "expected one version in its table review_schema"),
        ("DELETE FROM review_schema", r"expected one version .*, got \[\]"),
        ("INSERT INTO review_schema VALUES (2)", r"got \[2, 2\]"),
        ("DROP TABLE review_kinds", "lacks the table review_kinds"),
        ("UPDATE review_schema SET version = 0", "nothing leads from version 0"),
    ],
)
def test_a_store_that_somebody_changed_is_refused_by_name_with_what_is_wrong(tmp_path, script, told):
    with pytest.raises(StoreError, match=told) as refused:
        Database.open(broken(tmp_path, script))

    assert str(tmp_path / "flags.sqlite") in str(refused.value)


@pytest.mark.parametrize("damage", ["overwritten", "cut"])
def test_a_damaged_file_is_told_with_a_way_out(tmp_path, damage):
    Database.open(url_of(tmp_path)).close()
    file = tmp_path / "flags.sqlite"
    file.write_bytes(b"x" * 9000 if damage == "overwritten" else file.read_bytes()[:6000])

    with pytest.raises(StoreError, match="move it away to begin anew"):
        Database.open(url_of(tmp_path))
