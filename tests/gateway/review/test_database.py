import sqlite3

import pytest
from sqlalchemy import text

from gateway.review.database import Database, StoreError


def url_of(folder) -> str:
    return f"sqlite:///{folder / 'flags.sqlite'}"


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
    for url in (f"sqlite:///{file}", "nonsense://me:secret@host/x", "postgresql+nonsense://me:secret@h/x"):
        with pytest.raises(StoreError) as error:
            Database.open(url)
        assert "secret" not in str(error.value)
