"""Write a file whole or not at all: a crash leaves the old one or the new one, never a part.

A link to a file goes on leading there, and the file it leads to is written; devices, pipes and folders stay.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` in place of whatever `path` holds, on disk before it is seen; `mode` says who may read it.

    Raises:
        OSError: The disk refused, for example because it is full, or `path` is no file; what was there is
            still there.
    """
    with replacing(path, mode) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes the place of whatever `path` holds at the end; as `replace_file`."""
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "expected a file; what is there is none, and stays", str(path))
    target = path.resolve()
    try:
        with _unfinished(target) as unfinished:
            with unfinished.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.chmod(mode)
            unfinished.replace(target)
    except OSError as error:
        is_other = error.filename and not Path(str(error.filename)).name.startswith(f".{target.name}.")
        if error.errno is None or is_other:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Make a file beside another one, and remove it where it is left."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
