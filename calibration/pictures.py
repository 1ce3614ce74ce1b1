"""Find every readable picture of a folder, with its size and hash: the raw material of a dataset.

Uncapped, unlike a session's references. Every file is decoded once, so that a truncated one shows now and not
in the middle of a run.
"""

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from calibration.image import ImageError, decode

PHOTO_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
PICTURE_SUFFIXES = PHOTO_SUFFIXES | {".gif"}  # all that can be decoded


class PicturesError(ValueError):
    """The folder is missing or has no readable picture."""


@dataclass(frozen=True)
class Picture:
    """One file."""

    name: str  # relative to its folder, with forward slashes
    sha256: str  # of the file
    width: int  # pixels, upright
    height: int


@dataclass(frozen=True)
class Pictures:
    """What a folder holds."""

    folder: Path
    found: tuple[Picture, ...]  # by name
    skipped: tuple[str, ...]  # "name: why"


def find_pictures(folder: Path, without: Path | None = None) -> Pictures:
    """Decode every PNG, JPEG, WebP and GIF file below `folder`, except what lies below `without`.

    Raises:
        PicturesError: The folder is missing or has no readable picture.
    """
    found: list[Picture] = []
    skipped: list[str] = []
    for name in picture_names(folder, without):
        try:
            found.append(read_picture(folder, name))
        except (ImageError, OSError) as error:
            skipped.append(f"{printable(name)}: {error}")
    if not found:
        told = f"; could not read {len(skipped)} (first: {skipped[0]})" if skipped else ""
        raise PicturesError(f"{folder} holds no readable image: expected PNG, JPEG, WebP or GIF files{told}")
    return Pictures(folder, tuple(found), tuple(skipped))


def read_picture(folder: Path, name: str) -> Picture:
    """Decode one file.

    Raises:
        ImageError: It is no picture.
        OSError: It cannot be read.
    """
    check_name(name)
    data = (folder / name).read_bytes()
    image = decode(data).image
    return Picture(name, hashlib.sha256(data).hexdigest(), image.width, image.height)


def check_name(name: str) -> None:
    """Check that a file's name can be written down.

    Raises:
        ImageError: It is not UTF-8, so neither a log nor a manifest could name the picture.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ImageError("unknown_format", "its name is not UTF-8") from error


def printable(name: str) -> str:
    """Return a file's name for people, whatever bytes it is made of."""
    return name.encode("utf-8", "backslashreplace").decode()


def picture_names(
    folder: Path, without: Path | None = None, *, suffixes: Container[str] | None = PICTURE_SUFFIXES
) -> list[str]:
    """Return the files below `folder` that look like pictures, unread, relative to it.

    Sorted by name, not by path: the order must not hang on the system's separator. What lies below `without`,
    the output of an earlier run, is no reference. With `suffixes` None, files of every name.

    Raises:
        PicturesError: The folder is missing.
    """
    if not folder.is_dir():
        raise PicturesError(f"expected a folder of images, got {folder}")
    ours = None if without is None else without.resolve()
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (suffixes is None or path.suffix.lower() in suffixes)
        and path.is_file()
        and not (ours is not None and path.resolve().is_relative_to(ours))
    )
