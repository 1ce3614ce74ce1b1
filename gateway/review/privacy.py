"""Have what is kept read by its owner alone, also where somebody made it, or copied it, with wider rights."""

import logging
import stat
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger(__name__)

_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOGS = ("-wal", "-shm", "-journal")  # of SQLite, beside its file


class ExposedError(OSError):
    """Others on this machine may read it, and it is not ours to change."""


def files_of(database: Path) -> Iterable[Path]:
    """Return a database of SQLite with its logs, which hold the same rows."""
    return (database, *(database.with_name(database.name + suffix) for suffix in _LOGS))


def make_private(paths: Iterable[Path]) -> None:
    """Take from everybody else what they may do with these files and folders; those not there stay so.

    Of a file of another owner, such as one on a shared volume, its group may be what lets us in.

    Raises:
        ExposedError: Anybody may read one, and its owner is somebody else.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
            if mode & _FOR_OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~_FOR_OTHERS)
                log.warning("others could read or change %s: no longer", path)
        except FileNotFoundError:
            continue
        except PermissionError as error:
            if mode & stat.S_IRWXO:
                raise ExposedError(
                    f"{path} holds what callers sent, anybody on this machine may read it, and it belongs to "
                    "another user: have its owner type `chmod o-rwx`"
                ) from error
