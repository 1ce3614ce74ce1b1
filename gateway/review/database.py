"""Open the store's database, SQLite or PostgreSQL, and bring its tables to this program's version."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from gateway.review.tables import SCHEMA, TABLES

SCHEMA_VERSION = 2
Migration = Callable[[Connection], None]


def _add_stratum(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE review_flags ADD COLUMN stratum VARCHAR(64) NOT NULL DEFAULT ''"))
    connection.execute(text("DROP INDEX review_flags_digest"))
    connection.execute(text("CREATE INDEX review_flags_digest ON review_flags (digest, size_bytes)"))
    filters = "CREATE INDEX review_flags_filters ON review_flags (id DESC, model, client, mark)"
    connection.execute(text(filters))


# By the version they start from; each leads to the next. Written out: tables change on, migrations do not.
MIGRATIONS: Mapping[int, Migration] = {1: _add_stratum}

_BUSY_SECONDS = 10  # that SQLite waits for another process' writing
_CONNECT_SECONDS = 5  # that a server may take to answer
_WRITES = "jnd_writes"
_LOCK = 0x6A6E6400  # of PostgreSQL's advisory locks: "jnd"


class StoreError(ValueError):
    """The store cannot be opened; says why. Never with a password."""


class StoreAwayError(StoreError):
    """The server of the database does not answer now; it may later."""


class Database:
    """One database with this program's tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(
        cls,
        url: str,
        *,
        version: int = SCHEMA_VERSION,
        migrations: Mapping[int, Migration] = MIGRATIONS,
    ) -> "Database":
        """Connect, and make or migrate the tables; several processes may do so at once.

        Raises:
            StoreAwayError: Its server cannot be reached.
            StoreError: It cannot be used, or was written by a newer program.
        """
        try:
            _check_host(url)
            engine = _engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"cannot use the database {_shown(url)}: {error}") from error
        if engine.dialect.name == "sqlite":
            _set_up_sqlite(engine)
        database = cls(engine)
        try:
            with database.writing() as connection:
                _bring_to(connection, version, migrations)
        except SQLAlchemyError as error:
            engine.dispose()
            is_away = engine.dialect.name != "sqlite" and isinstance(
                error, (OperationalError, InterfaceError)
            )
            kind = StoreAwayError if is_away else StoreError
            raise kind(
                f"cannot open the database {_shown(url)}: {_reason(error)}{_way_out(error)}"
            ) from error
        except StoreError as error:
            engine.dispose()
            raise StoreError(f"cannot open the database {_shown(url)}: {error}") from error
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read by."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection to write by, one writer at a time; committed at the end of the block."""
        writer = self._engine.execution_options(**{_WRITES: True})
        with writer.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection

    def scrub(self) -> None:
        """Have what was deleted leave the log of writes, too, unless somebody reads just now."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return create_engine(url)
    timeout = {} if "connect_timeout" in make_url(url).query else {"connect_timeout": _CONNECT_SECONDS}
    return create_engine(url, pool_pre_ping=True, connect_args=timeout)


def _bring_to(connection: Connection, version: int, migrations: Mapping[int, Migration]) -> None:
    there = inspect(connection)
    if not there.has_table(SCHEMA.name):
        TABLES.create_all(connection)
        connection.execute(insert(SCHEMA).values(version=version))
        return
    if missing := [name for name in TABLES.tables if not there.has_table(name)]:
        raise StoreError(f"it lacks the table {missing[0]}: something else wrote it, or part of it is lost")
    versions = connection.execute(select(SCHEMA.c.version)).scalars().all()
    found = versions[0] if len(versions) == 1 else None
    if not isinstance(found, int):
        raise StoreError(f"expected one version in its table {SCHEMA.name}, got {list(versions)[:3]}")
    if found > version:
        raise StoreError(
            f"expected a store of version up to {version}, got {found}: a newer program wrote it"
        )
    for step in range(found, version):
        if step not in migrations:
            raise StoreError(f"nothing leads from version {step} of the store to {step + 1}")
        migrations[step](connection)
    if found < version:
        connection.execute(update(SCHEMA).values(version=version))


def _set_up_sqlite(engine: Engine) -> None:
    """Have SQLite survive a kill, let others read while one writes, and take its lock before it reads.

    A transaction that reads first and writes then would fail where another one wrote in between.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in (
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            "journal_mode = WAL",
            "synchronous = FULL",  # a commit outlives the power, too
            "secure_delete = ON",  # what is deleted is overwritten
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _check_host(url: str) -> None:
    """Refuse a password that goes on in the host: every error of the server's would repeat it."""
    if "@" in (make_url(url).host or ""):
        raise ArgumentError("expected one @, before the host; those of a password are written %40")


def _shown(url: str) -> str:
    try:
        # Without its query, which may hold a password as well.
        text = make_url(url).set(query={}).render_as_string(hide_password=True)
        return re.sub(r"(?<=//).*@", "***@", text)
    except ArgumentError:
        return "of that address"


def _way_out(error: SQLAlchemyError) -> str:
    """Say what to do about a file that is damaged; of a server its owner knows."""
    if isinstance(getattr(error, "orig", None), sqlite3.OperationalError):
        return ""  # busy, full or forbidden: it says so itself
    if isinstance(getattr(error, "orig", None), sqlite3.DatabaseError):
        return "; move it away to begin anew, and `jnd-gateway review restore` what was exported"
    return ""


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
