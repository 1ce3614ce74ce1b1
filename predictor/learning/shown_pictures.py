"""Check whether a folder holds the pictures a calibration showed, and which of them can still be read.

Trials name their pictures; a name alone does not tell whether the file behind it is still the same.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from calibration.directory import CalibrationDirectory
from calibration.image import ImageError, load

MISSING, UNREADABLE = "its picture is missing", "its picture cannot be read"


@dataclass(frozen=True)
class ShownPictures:
    """The pictures of a calibration, as a folder holds them now."""

    folder: Path
    unusable: Mapping[str, str]  # name: why

    def why_unusable(self, name: str) -> str | None:
        """Say why a trial of this picture cannot be shown again; None: it can."""
        return self.unusable.get(name)


def find_shown(calibration: Path, images: Path, names: Iterable[str]) -> ShownPictures:
    """Look for the pictures of some trials.

    Raises:
        ValueError: Files of these names are there, with other contents than the session noted.
        DirectoryError: The session's description is damaged.
    """
    _check_contents(calibration, images)
    whys = {name: _why_unusable(images / name) for name in sorted(set(names))}
    return ShownPictures(images, {name: why for name, why in whys.items() if why is not None})


def describe_left_out(left_out: Mapping[str, int]) -> str | None:
    """Return a sentence on trials left out, by reason; None if there are none."""
    if not left_out:
        return None
    reasons = ", ".join(f"{why}: {count:,}" for why, count in Counter(left_out).most_common())
    return f"{sum(left_out.values()):,} trials left out ({reasons})"


def _check_contents(calibration: Path, images: Path) -> None:
    """Compare with the session's digest; without a session, or with pictures missing, nothing is known."""
    directory = CalibrationDirectory(calibration)
    if not directory.session.is_file():
        return
    session = directory.read_session()
    try:
        files = [(images / name).read_bytes() for name in sorted(session.images)]
    except OSError:
        return
    contents = "".join(hashlib.sha256(data).hexdigest() for data in files)
    if hashlib.sha256(contents.encode()).hexdigest() != session.images_content:
        raise ValueError(
            f"expected in {images} the pictures that {calibration} was asked about, got others under the "
            "same names: their contents changed"
        )


def _why_unusable(path: Path) -> str | None:
    if not path.is_file():
        return MISSING
    try:
        load(path)
    except (ImageError, OSError):
        return UNREADABLE
    return None
