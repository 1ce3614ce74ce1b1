"""Named arrays in one compressed file: written whole or not at all, and told when they are something else."""

import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.whole_file import replace_file

_DAMAGE = (KeyError, OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write under exactly this name.

    Raises:
        OSError: It cannot be written; what was there is still there.
    """
    written = BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez_compressed(written, **named)
    replace_file(path, written.getvalue())


def read_arrays(path: Path, what: str) -> dict[str, npt.NDArray[Any]]:
    """Read what `write_arrays` wrote; `what` they are is for the message.

    Raises:
        ValueError: The file holds something else, or is damaged or missing.
    """
    try:
        # Of its bytes: numpy leaves a damaged file open.
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            return dict(stored)
    except _DAMAGE as error:
        raise ValueError(f"expected {what} in {path}, got something else: {error}") from error
