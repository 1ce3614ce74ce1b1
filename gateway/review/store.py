"""Keep flagged images and what people say of them; find them again, newest first, and forget them.

Every method may be called from any thread of any process. A row is there only when its picture is on disk.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from gateway.review.database import Database
from gateway.review.filters import Filter
from gateway.review.flag import Flag, Mark, first_id_at
from gateway.review.pictures import Pictures
from gateway.review.places import database_in, pictures_in
from gateway.review.privacy import files_of, make_private
from gateway.review.rows import flag_of, ids_of, key_of, row_of
from gateway.review.tables import FLAGS, KINDS, SAID

_BATCH = 500  # rows of one step of a long walk
_MOST_WORDS = 100  # of one column, to choose from
MOST_COUNTED = 1_000  # beyond it, "more"


@dataclass(frozen=True)
class Caught:
    """A flag on its way into the store, with its picture; without, where only hashes are kept."""

    flag: Flag
    picture: bytes | None


@dataclass(frozen=True)
class Size:
    """What a store holds."""

    flags: int
    pictures: int
    bytes: int  # of pictures, as far as they are kept
    oldest: str | None  # id


class ReviewStore:
    """The database and the folder of pictures, together."""

    def __init__(
        self,
        database: Database,
        pictures: Pictures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self.pictures = pictures
        self._clock = clock

    @classmethod
    def open(
        cls, folder: Path, url: str | None = None, clock: Callable[[], float] = time.time
    ) -> "ReviewStore":
        """Open the store of a folder; it is made if it is not there.

        Args:
            folder: Of the pictures, and of the database unless `url` names one.
            url: Of a PostgreSQL database that several gateways share.
            clock: Seconds since 1970.

        Raises:
            StoreError: The database cannot be used.
            OSError: The folder cannot be made, or not be kept from others.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if url is None:
            database_in(folder).touch(mode=0o600)  # its logs are made likewise
        make_private((pictures_in(folder), *files_of(database_in(folder))))
        database = Database.open(url or f"sqlite:///{database_in(folder)}")
        return cls(database, Pictures(pictures_in(folder)), clock)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def now(self) -> float:
        """Return the time by the clock of this store."""
        return self._clock()

    # --- in

    def add(self, caught: Sequence[Caught]) -> None:
        """Keep flags; when this returns they outlive this process. One that is there already stays.

        Raises:
            OSError: A picture cannot be written; nothing is kept then.
            SQLAlchemyError: The database refused; likewise.
        """
        kept = [each for each in caught if each.picture is not None]
        for each in kept:
            self.pictures.put(each.flag.digest, each.picture or b"")
        with self._database.writing() as connection:
            # Whoever deletes holds the same lock: what went since is written again.
            for each in kept:
                self.pictures.put(each.flag.digest, each.picture or b"")
            known = self._known(connection, [each.flag.id for each in caught])
            new = {each.flag.id: each.flag for each in caught if each.flag.id not in known}
            if new:
                connection.execute(insert(FLAGS), [row_of(flag) for flag in new.values()])
            kinds = [{"kind": kind, "flag_id": flag.id} for flag in new.values() for kind in set(flag.kinds)]
            if kinds:
                connection.execute(insert(KINDS), kinds)

    @staticmethod
    def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
        return set(connection.execute(select(FLAGS.c.id).where(FLAGS.c.id.in_(ids))).scalars())

    def restore_picture(self, digest: str, data: bytes) -> bool:
        """Keep the picture of flags that are there; tell whether it is kept now and was not before.

        Raises:
            OSError: It cannot be written.
        """
        with self._database.writing() as connection:  # nobody deletes its flags meanwhile
            is_named = connection.execute(select(exists().where(FLAGS.c.digest == digest))).scalar()
            if not is_named or self.pictures.has(digest):
                return False
            self.pictures.put(digest, data)
        return True

    # --- out

    def get(self, flag_id: str) -> Flag | None:
        """Return a flag; None where there is none of that id."""
        with self._database.reading() as connection:
            row = connection.execute(select(FLAGS).where(FLAGS.c.id == flag_id)).first()
        return None if row is None else flag_of(row._mapping)

    def find(self, wanted: Filter, most: int) -> list[Flag]:
        """Return flags, newest first; at most so many of those next to the filter's place."""
        key = key_of(wanted)
        order = key if wanted.after else key.desc()
        with self._database.reading() as connection:
            ids = connection.execute(ids_of(wanted).order_by(order).limit(most)).scalars().all()
            rows = connection.execute(select(FLAGS).where(FLAGS.c.id.in_(ids)).order_by(FLAGS.c.id.desc()))
            return [flag_of(row._mapping) for row in rows]

    def walk(self, wanted: Filter) -> Iterator[Flag]:
        """Return every flag that is wanted, newest first, without holding the store."""
        found = self.find(wanted, _BATCH)
        while found:
            yield from found
            found = self.find(wanted.at(before=found[-1].id), _BATCH)

    def count(self, wanted: Filter) -> int:
        """Count flags, up to `MOST_COUNTED`."""
        few = ids_of(wanted.at()).limit(MOST_COUNTED).subquery()
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(few)).scalar_one())

    def words(self, column: str) -> list[str]:
        """Return the different values of `model` or `client`, in their order: one step of the index each."""
        found: list[str] = []
        with self._database.reading() as connection:
            while len(found) < _MOST_WORDS:
                rest = FLAGS.c[column] > found[-1] if found else FLAGS.c[column] != ""
                word = connection.execute(select(func.min(FLAGS.c[column])).where(rest)).scalar()
                if word is None:
                    break
                found.append(word)
        return found

    def size(self) -> Size:
        """Tell how much there is."""
        with self._database.reading() as connection:
            flags, oldest = connection.execute(select(func.count(), func.min(FLAGS.c.id))).one()
        sizes = list(self.pictures.sizes())
        return Size(int(flags), len(sizes), sum(sizes), oldest)

    # --- what people say

    def mark(self, flag_id: str, mark: Mark) -> Flag | None:
        """Note what a person says of a flag, and return it so; None where there is none of that id."""
        return self._say(flag_id, mark, FLAGS.c.id == flag_id)

    def mark_picture(self, flag_id: str, mark: Mark) -> Flag | None:
        """Note the same of every flag of its picture that nobody has judged yet."""
        digest = select(FLAGS.c.digest).where(FLAGS.c.id == flag_id).scalar_subquery()
        of_picture = (FLAGS.c.digest == digest) & (FLAGS.c.mark == "open")
        return self._say(flag_id, mark, (FLAGS.c.id == flag_id) | of_picture)

    def undo(self, flag_id: str) -> Flag | None:
        """Take the last mark of a flag back, with all that was marked together; None: there is none."""
        last = select(SAID.c.at).where(SAID.c.flag_id == flag_id, SAID.c.is_undone == 0)
        with self._database.writing() as connection:
            at = connection.execute(last.order_by(SAID.c.number.desc()).limit(1)).scalar()
            if at is not None:
                # What was said of another flag since stays.
                last_of_each = select(func.max(SAID.c.number)).where(
                    SAID.c.is_undone == 0, SAID.c.flag_id.in_(select(SAID.c.flag_id).where(SAID.c.at == at))
                )
                together = (SAID.c.at == at) & SAID.c.number.in_(last_of_each.group_by(SAID.c.flag_id))
                said = connection.execute(select(SAID).where(together)).all()
                for before in {row.before for row in said}:
                    ids = [row.flag_id for row in said if row.before == before]
                    self._set(connection, ids, before)
                connection.execute(update(SAID).where(together).values(is_undone=1))
        return self.get(flag_id)

    def _say(self, flag_id: str, mark: Mark, which: ColumnElement[bool]) -> Flag | None:
        with self._database.writing() as connection:
            now = self._clock()
            query = select(FLAGS.c.id, FLAGS.c.mark).where(which, FLAGS.c.mark != mark)
            said = [
                {"flag_id": row.id, "before": row.mark, "mark": mark, "at": now, "is_undone": 0}
                for row in connection.execute(query)
            ]
            if said:
                connection.execute(insert(SAID), said)
                self._set(connection, [str(each["flag_id"]) for each in said], mark)
        return self.get(flag_id)

    def _set(self, connection: Connection, ids: Sequence[str], mark: str) -> None:
        values = {"mark": mark, "marked_at": None if mark == "open" else self._clock()}
        for start in range(0, len(ids), _BATCH):
            some = FLAGS.c.id.in_(ids[start : start + _BATCH])
            connection.execute(update(FLAGS).where(some).values(values))

    def note_stratum(self, digest: str, stratum: str) -> None:
        """Note in which stratum detection calibrates such pictures: for the labels of every flag of one."""
        with self._database.writing() as connection:
            of_picture = FLAGS.c.digest == digest
            connection.execute(update(FLAGS).where(of_picture).values(stratum=stratum))

    # --- forgetting

    def delete_tenant(self, tenant: str) -> int:
        """Forget every flag of a tenant, by its hash or its client's name; return how many there were."""
        return self._delete((FLAGS.c.tenant == tenant) | ((FLAGS.c.client == tenant) & (tenant != "")))

    def delete_picture(self, digest: str) -> int:
        """Forget a picture with every flag of it; return how many there were."""
        count = self._delete(FLAGS.c.digest == digest)
        with self._database.writing():
            self.pictures.remove(digest)  # also one that no flag names
        return count

    def delete_before(self, seconds: float) -> int:
        """Forget everything older than a moment."""
        return self._delete(FLAGS.c.id < first_id_at(seconds))

    def delete_oldest(self, count: int) -> int:
        """Forget the oldest flags."""
        with self._database.reading() as connection:
            query = select(FLAGS.c.id).order_by(FLAGS.c.id).limit(1).offset(count - 1)
            last = connection.execute(query).scalar()
        return self._delete(FLAGS.c.id <= last) if last is not None else 0

    def _delete(self, which: ColumnElement[bool]) -> int:
        total = 0
        while True:
            with self._database.writing() as connection:
                found = connection.execute(
                    select(FLAGS.c.id, FLAGS.c.digest).where(which).limit(_BATCH)
                ).all()
                ids = [row.id for row in found]
                connection.execute(delete(KINDS).where(KINDS.c.flag_id.in_(ids)))
                connection.execute(delete(SAID).where(SAID.c.flag_id.in_(ids)))
                connection.execute(delete(FLAGS).where(FLAGS.c.id.in_(ids)))
                for digest in {row.digest for row in found}:
                    if not connection.execute(select(exists().where(FLAGS.c.digest == digest))).scalar():
                        self.pictures.remove(digest)
            total += len(found)
            if len(found) < _BATCH:
                break
        if total:
            self._database.scrub()
        return total

    def forget_strays(self) -> int:
        """Remove pictures that no flag names: of writers that were killed halfway."""
        removed = 0
        for digest in self.pictures.digests():
            with self._database.writing() as connection:
                if not connection.execute(select(exists().where(FLAGS.c.digest == digest))).scalar():
                    self.pictures.remove(digest)
                    removed += 1
        return removed
