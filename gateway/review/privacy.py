"""Have what is kept read by its owner and group alone, also where it was made or copied with wider rights."""

import logging
import stat
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger(__name__)

_LOGS = ("-wal", "-shm", "-journal")  # of SQLite, beside its file


class ExposedError(OSError):
    """Others on this machine may read it, or nobody knows, and it is not ours to change."""


def files_of(database: Path) -> Iterable[Path]:
    """Return a database of SQLite with its logs, which hold the same rows."""
    return (database, *(database.with_name(database.name + suffix) for suffix in _LOGS))


def make_private(paths: Iterable[Path]) -> None:
    """Take from everybody else what they may do with these files and folders; those not there stay so.

    Groups keep what they may: on a shared volume, it is a group that lets a gateway in.

    Raises:
        ExposedError: Anybody may read or change one that is not ours to change, or it cannot be looked at.
    """
    for path in paths:
        mode = _mode(path)
        if not mode & stat.S_IRWXO:
            continue
        trouble = "a link leads there" if path.is_symlink() else _close(path, mode)
        if not trouble:
            log.warning("anybody could read or change %s: no longer", path)
            continue
        told = (
            f"{path} holds what callers sent and is open to others ({oct(stat.S_IMODE(mode))}); {trouble}: "
        )
        told += f"have its owner type `chmod o-rwx {path.resolve()}`"
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            raise ExposedError(told)
        log.warning("%s", told)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return 0
    except PermissionError as error:
        raise ExposedError(
            f"{path} cannot be looked at, so nobody knows who may read it: let this user into its folder"
        ) from error


def _close(path: Path, mode: int) -> str:
    """Take away what others may do; return why it cannot be."""
    try:
        path.chmod(stat.S_IMODE(mode) & ~stat.S_IRWXO)
    except PermissionError:
        return "it belongs to another user"
    return ""
