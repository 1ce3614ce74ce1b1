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
    assert {mode_of(path) for path in exposed} == {0o660, 0o750}  # a group may be of a volume
    assert f"anybody could read or change {folder / 'pictures'}" in caplog.text
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


class OutOfReach(PosixPath):
    """A path in a folder that lets nobody in."""

    def stat(self, *, follow_symlinks=True):  # noqa: ARG002 - as of a path
        raise PermissionError(13, "Permission denied")


def test_what_anybody_may_read_and_is_not_ours_is_refused(tmp_path):
    file = OfAnotherOwner(tmp_path / "flags.sqlite")
    file.touch()
    (tmp_path / "flags.sqlite").chmod(0o644)

    with pytest.raises(ExposedError, match=r"another user: have its owner type `chmod o-rwx .*flags.sqlite`"):
        make_private([file])

    (tmp_path / "flags.sqlite").chmod(0o660)
    make_private([file, tmp_path / "gone"])  # its group may be what lets us in


def test_a_folder_of_somebody_else_that_nobody_can_list_is_told_and_used(tmp_path, caplog):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures").chmod(0o771)

    make_private([OfAnotherOwner(tmp_path / "pictures")])

    assert "have its owner type `chmod o-rwx" in caplog.text


def test_what_cannot_be_looked_at_is_refused_with_the_reason(tmp_path):
    with pytest.raises(ExposedError, match=r"pictures cannot be looked at.*let this user into its folder"):
        make_private([OutOfReach(tmp_path / "pictures")])


def test_what_a_link_leads_to_keeps_its_rights_and_is_refused_where_anybody_may_read_it(tmp_path):
    target, link = tmp_path / "elsewhere", tmp_path / "pictures"
    target.mkdir()
    target.chmod(0o755)
    link.symlink_to(target)

    with pytest.raises(ExposedError, match=f"a link leads there: have its owner type `chmod o-rwx {target}`"):
        make_private([link])

    assert mode_of(target) == 0o755
