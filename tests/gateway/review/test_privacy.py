"""What was readable for others is so no longer; what cannot be changed is refused."""

import stat
from pathlib import PosixPath

import pytest

from gateway.review.privacy import ExposedError, files_of, make_private
from gateway.review.store import ReviewStore
from gateway.review.transfer import export_store


def mode_of(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_store_that_others_could_read_is_theirs_no_longer(tmp_path, catch, caplog):
    folder = tmp_path / "copied"
    store = ReviewStore.open(folder)
    store.add([catch()])
    exposed = [*(file for file in files_of(folder / "flags.sqlite") if file.exists()), folder / "pictures"]
    for path in exposed:
        path.chmod(0o755 if path.is_dir() else 0o664)

    again = ReviewStore.open(folder)

    assert {path.name for path in exposed} >= {"flags.sqlite", "flags.sqlite-wal", "pictures"}
    assert {mode_of(path) for path in exposed} == {0o600, 0o700}
    assert f"others could read or change {folder / 'pictures'}" in caplog.text
    again.close()
    store.close()


def test_what_is_made_is_private_from_the_first_moment(tmp_path, store, catch):
    store.add([catch()])
    export_store(store, tmp_path / "export.tar")

    assert mode_of(tmp_path / "review" / "pictures") == 0o700
    assert mode_of(tmp_path / "export.tar") == 0o600
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


class OfAnotherOwner(PosixPath):
    """A path whose rights only its owner changes."""

    def chmod(self, mode, *, follow_symlinks=True):  # noqa: ARG002 - as of a path
        raise PermissionError(1, "Operation not permitted")


def test_what_anybody_may_read_and_is_not_ours_is_refused(tmp_path):
    file = OfAnotherOwner(tmp_path / "flags.sqlite")
    file.touch()
    (tmp_path / "flags.sqlite").chmod(0o644)

    with pytest.raises(ExposedError, match="belongs to another user"):
        make_private([file])

    (tmp_path / "flags.sqlite").chmod(0o660)
    make_private([file, tmp_path / "gone"])  # its group may be what lets us in
