"""A store goes into one archive and comes back, whole, without its pictures, twice, or damaged."""

import io
import tarfile

import orjson
import pytest

from gateway.review.filters import Filter
from gateway.review.rows import row_of
from gateway.review.store import ReviewStore
from gateway.review.transfer import ArchiveError, Moved, export_store, restore_flags, restore_store
from tests.gateway.review.conftest import NOON, PICTURE


@pytest.fixture
def filled(store, catch):
    store.add([catch(at=NOON + number) for number in range(250)])
    store.add(
        [catch(at=NOON + 500, picture=b"another", model="m\N{SNOWMAN}"), catch(at=NOON - 9, picture=None)]
    )
    store.mark(store.find(Filter(), 1)[0].id, "attack")
    return store


@pytest.fixture
def archive(filled, tmp_path):
    file = tmp_path / "export.tar"
    assert export_store(filled, file) == Moved(252, 2)
    return file


@pytest.fixture
def other(tmp_path):
    opened = ReviewStore.open(tmp_path / "other")
    yield opened
    opened.close()


def test_everything_comes_back_as_it_was(filled, archive, other):
    assert restore_store(other, archive) == Moved(252, 2)

    assert list(other.walk(Filter())) == list(filled.walk(Filter()))
    assert sorted(other.pictures.digests()) == sorted(filled.pictures.digests())
    assert other.find(Filter(kind="residual", mark="attack"), 9)[0].request.model == "m\N{SNOWMAN}"


def test_what_is_there_stays_as_it_is(archive, other):
    restore_store(other, archive)
    first = other.find(Filter(), 1)[0]
    other.mark(first.id, "false_alarm")

    assert restore_store(other, archive).pictures == 0

    assert other.get(first.id).mark == "false_alarm" and other.size().flags == 252


def test_without_pictures_none_comes_back(archive, other):
    moved = restore_flags(other, archive, lambda *_: False)

    assert moved == Moved(252, 0) and list(other.pictures.digests()) == []


def test_an_archive_is_for_its_owner_alone(archive):
    assert archive.stat().st_mode & 0o077 == 0
    assert not list(archive.parent.glob(".*unfinished"))


def test_of_an_archive_that_breaks_off_comes_what_stands_before_the_break(archive, other):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: whole.index(b"flags/000001") + 600])

    with pytest.raises(ArchiveError, match="whole tar archive"):
        restore_store(other, archive)

    assert 0 < other.size().flags < 252
    assert other.pictures.get(other.find(Filter(), 1)[0].digest) in (PICTURE, b"another")


def member(name: str, data: bytes) -> tuple[tarfile.TarInfo, io.BytesIO]:
    found = tarfile.TarInfo(name)
    found.size = len(data)
    return found, io.BytesIO(data)


HEADING = ("export.json", b'{"format":"jnd-review-export","schema_version":1}')


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("other.json", b"{}")], "expected a jnd-review-export"),
        ([("export.json", b'{"format":"jnd-review-export","schema_version":2}')], "of version up to 1"),
        ([HEADING, ("flags/0.jsonl", b"{}")], "expected flags"),
        ([HEADING, ("pictures/" + "0" * 64, b"not that")], "of that hash"),
        ([HEADING, ("../../etc/passwd", b"x")], "of that hash"),
        ([], "an archive of nothing"),
        ([("export.json", b"[1]")], "expected a jnd-review-export"),
        ([("export.json", b"{")], "expected a jnd-review-export"),
        ([("export.json", b'{"format":"jnd-review-export","schema_version":"2"}')], "of version up to 1"),
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path, other, members, words):
    file = tmp_path / "odd.tar"
    with tarfile.open(file, "w") as odd:
        for name, data in members:
            odd.addfile(*member(name, data))

    with pytest.raises(ArchiveError, match=words):
        restore_store(other, file)


def test_a_file_that_is_no_archive_is_refused(tmp_path, other):
    (tmp_path / "x").write_bytes(b"nonsense")

    with pytest.raises(ArchiveError):
        restore_store(other, tmp_path / "x")


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "../../../etc/passwd"},
        {"mark": "<script>"},
        {"p_value": "high"},
        {"jnd_ratio": "high"},
        {"explanation": 7},
        {"model": None},
        {"id": "0"},
    ],
)
def test_flags_that_the_page_could_not_show_are_refused(tmp_path, other, catch, changes):
    line = orjson.dumps(row_of(catch().flag) | changes)
    file = tmp_path / "odd.tar"
    with tarfile.open(file, "w") as odd:
        for name, data in (HEADING, ("flags/0.jsonl", line)):
            odd.addfile(*member(name, data))

    with pytest.raises(ArchiveError, match="expected flags"):
        restore_store(other, file)

    assert other.size().flags == 0
