import os
from pathlib import Path

import pytest

from calibration.whole_file import replace_file, replacing


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


def test_a_link_goes_on_leading_to_the_file_which_is_written(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    link, target = tmp_path / "card.json", tmp_path / "folder" / "real.json"
    target.write_bytes(b"old")
    link.symlink_to(target)

    replace_file(link, b"new")

    assert link.is_symlink() and target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_a_pipe_and_a_link_to_a_device_stay_what_they_are(tmp_path: Path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(os.devnull)

    for path in (pipe, link):
        with pytest.raises(FileExistsError, match=f"expected a file.*{path.name}"):
            replace_file(path, b"new")

    assert pipe.is_fifo() and link.is_symlink() and Path(os.devnull).is_char_device()


def test_what_went_wrong_names_the_file_that_was_asked_for(tmp_path: Path):
    path = tmp_path / "gone" / "card.json"

    with pytest.raises(FileNotFoundError) as told:
        replace_file(path, b"new")

    assert told.value.filename == str(path)


def test_what_breaks_off_halfway_leaves_the_old_content_and_its_own_error(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_bytes(b"old")

    with pytest.raises(FileNotFoundError) as told, replacing(path) as file:
        file.write(b"new")
        (tmp_path / "source").read_bytes()

    assert told.value.filename.endswith("source")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_anyone_may_read_what_was_written(tmp_path: Path):
    replace_file(tmp_path / "card.json", b"new")

    assert (tmp_path / "card.json").stat().st_mode & 0o777 == 0o644
