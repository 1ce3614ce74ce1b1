"""Flagged pictures as files, named by their SHA-256 and spread over folders: written whole or not at all."""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from calibration.whole_file import replace_file

_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Tell whether a text can be the SHA-256 of a file, as it is written here."""
    return _DIGEST.fullmatch(text) is not None


class Pictures:
    """A folder of pictures; several processes may write to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, data: bytes) -> None:
        """Keep a picture; one that is there already stays.

        Raises:
            OSError: The disk refused.
        """
        path = self._path(digest)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data, 0o600)

    def has(self, digest: str) -> bool:
        """Tell whether a picture is kept."""
        return self._path(digest).exists()

    def get(self, digest: str) -> bytes | None:
        """Return a picture's file; None where it is not kept, or not what it was."""
        try:
            data = self._path(digest).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def remove(self, digest: str) -> None:
        """Forget a picture, if it is there."""
        self._path(digest).unlink(missing_ok=True)

    def remove_unfinished(self, before: float) -> None:
        """Remove what writers that were killed left halfway; `before` this time, in seconds since 1970."""
        for path in self._folder.glob("??/??/.*"):
            with suppress(FileNotFoundError):  # finished since
                if path.stat().st_mtime < before:
                    path.unlink()

    def digests(self) -> Iterator[str]:
        """Name every picture there is."""
        for path in sorted(self._folder.glob("??/??/*")):
            if _DIGEST.fullmatch(path.name):
                yield path.name

    def sizes(self) -> Iterator[int]:
        """Return how many bytes each picture has."""
        for folder, _, names in os.walk(self._folder):
            for name in filter(_DIGEST.fullmatch, names):
                with suppress(FileNotFoundError):  # removed since
                    yield Path(folder, name).stat().st_size

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise ValueError(f"expected a SHA-256 of 64 hexadecimal digits, got {digest[:80]!r}")
        return self._folder / digest[:2] / digest[2:4] / digest
