import hashlib

import pytest

from gateway.review.pictures import Pictures

DATA = b"a picture"
DIGEST = hashlib.sha256(DATA).hexdigest()


def test_a_picture_is_kept_for_its_owner_alone_until_it_is_removed(tmp_path):
    pictures = Pictures(tmp_path)

    pictures.put(DIGEST, DATA)

    file = tmp_path / DIGEST[:2] / DIGEST[2:4] / DIGEST
    assert pictures.get(DIGEST) == DATA
    assert file.stat().st_mode & 0o077 == 0
    assert list(pictures.digests()) == [DIGEST] and list(pictures.sizes()) == [len(DATA)]
    pictures.remove(DIGEST)
    assert pictures.get(DIGEST) is None and not pictures.has(DIGEST)


def test_a_file_that_is_not_what_it_was_is_not_shown(tmp_path):
    pictures = Pictures(tmp_path)
    pictures.put(DIGEST, DATA)
    (tmp_path / DIGEST[:2] / DIGEST[2:4] / DIGEST).write_bytes(b"another")

    assert pictures.get(DIGEST) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", DIGEST.upper(), DIGEST + "0"])
def test_a_name_that_is_no_digest_reaches_no_file(tmp_path, name: str):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Pictures(tmp_path).get(name)


def test_half_a_picture_is_not_listed_and_goes_once_nobody_writes_it_any_more(tmp_path):
    pictures = Pictures(tmp_path)
    pictures.put(DIGEST, DATA)
    half = tmp_path / DIGEST[:2] / DIGEST[2:4] / f".{DIGEST}.abc"
    half.write_bytes(b"a pic")
    written = half.stat().st_mtime

    assert list(pictures.digests()) == [DIGEST]
    pictures.remove_unfinished(written - 1)
    assert half.exists()
    pictures.remove_unfinished(written + 1)
    assert not half.exists() and pictures.has(DIGEST)
