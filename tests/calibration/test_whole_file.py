from pathlib import Path

import pytest

from calibration.whole_file import replace_file


def test_the_new_content_replaces_the_old_one(tmp_path: Path):
    path = tmp_path / "card.json"
    replace_file(path, b"old, and longer")

    replace_file(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_content_and_no_litter(tmp_path: Path):
    path = tmp_path / "card.json"
    path.mkdir()

    with pytest.raises(OSError):
        replace_file(path, b"new")

    assert list(tmp_path.iterdir()) == [path]


def test_anyone_may_read_what_was_written(tmp_path: Path):
    replace_file(tmp_path / "card.json", b"new")

    assert (tmp_path / "card.json").stat().st_mode & 0o777 == 0o644
