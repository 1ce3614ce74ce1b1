"""Write a file whole or not at all: a crash leaves the old one or the new one, never a part."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` in place of whatever `path` holds, on disk before it is seen; `mode` says who may read it.

    Raises:
        OSError: The disk refused, for example because it is full; what was there is still there.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
