"""Read the authors' own release of VPA-JND, once there is one.

It is unpublished as yet (facts: the data set is announced as still to be released), so the layout is assumed,
and assumed in this one place: a folder per distortion, a file `<reference>_<level>` per stimulus, and the
undistorted picture either as level 0 or as `<reference>` in a folder of references:

    reference/I01.png
    blur/I01_1.png ... blur/I01_50.png

Tolerated: other spellings of a distortion's name, levels written 001, L1 or level1, joined by _ or -, PNG,
JPEG, WebP or GIF, and folders one or more deeper.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from calibration.pictures import PICTURE_SUFFIXES
from calibration.stimuli.registry import ALL_DISTORTIONS

_SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "blur": ("gaussianblur", "gblur", "blurring"),
        "brightness": ("bright", "bri", "brighten"),
        "saturation": ("color", "colour", "colorsaturation", "coloursaturation", "sat"),
        "contrast": ("contr",),
        "jpeg": ("jpg", "jpegcompression", "compression"),
        "noise": ("gaussiannoise", "gnoise", "whitenoise"),
        "banding": ("band", "band2k"),
        "mask": ("masking", "blackmask"),
        "qr": ("qrcode", "qrwatermark", "qrcodewatermark"),
        "text": ("textwatermark", "watermark", "unsafetext"),
        "angle": ("fovangle", "cameraangle", "rotation"),
        "distance": ("fovdistance", "cameradistance", "zoom", "zoomin"),
    }
)
_NAMES: Mapping[str, str] = MappingProxyType(
    {name: name for name in ALL_DISTORTIONS}
    | {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}
)
_REFERENCE_FOLDERS = frozenset({"reference", "references", "ref", "refs", "original", "originals", "source"})
_STEM = re.compile(r"(?P<reference>.+?)[_-](?:level|lvl|l)?[_-]?(?P<level>\d{1,3})", re.IGNORECASE)


class ReleaseError(ValueError):
    """Nothing in the folder looks like a stimulus of the release."""


@dataclass(frozen=True)
class ReleasedStimulus:
    """One distorted picture of the release; paths relative to its folder, with forward slashes."""

    distortion: str  # our name of it
    level: int
    reference: str
    stimulus: str


@dataclass(frozen=True)
class Release:
    """What the folder holds."""

    folder: Path
    stimuli: tuple[ReleasedStimulus, ...]  # by distortion, reference and level
    skipped: tuple[str, ...]  # "name: why"

    def counts(self) -> Mapping[str, int]:
        """Return the number of stimuli of each distortion."""
        return dict(Counter(found.distortion for found in self.stimuli))


@dataclass(frozen=True)
class _File:
    name: str
    distortion: str
    reference: str
    level: int


def read_release(folder: Path) -> Release:
    """Find every stimulus of the release and the reference it belongs to; pictures are not opened.

    Raises:
        ReleaseError: The folder is missing, or nothing in it matches the layout.
    """
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
    )
    skipped: list[str] = []
    files = list(_recognised(names, skipped))
    references = _references(names, files)
    stimuli = []
    for file in files:
        reference = references.get((file.distortion, file.reference)) or references.get(("", file.reference))
        if file.level == 0:
            continue
        if reference is None:
            skipped.append(f"{file.name}: expected a reference {file.reference}, or its level 0")
        else:
            stimuli.append(ReleasedStimulus(file.distortion, file.level, reference, file.name))
    if not stimuli:
        told = f"; {len(skipped)} were not understood (first: {skipped[0]})" if skipped else ""
        raise ReleaseError(
            "expected the authors' release: a folder per distortion (blur, brightness, ...) with files "
            f"REFERENCE_LEVEL.png, and a folder reference; got none in {folder}{told}"
        )
    ordered = sorted(stimuli, key=lambda found: (found.distortion, found.reference, found.level))
    return Release(folder, tuple(ordered), tuple(skipped))


def _recognised(names: list[str], skipped: list[str]) -> Iterator[_File]:
    for name in names:
        *folders, file = name.split("/")
        if any(part.lower() in _REFERENCE_FOLDERS for part in folders):
            continue
        distortion = next((found for part in reversed(folders) if (found := _distortion(part))), None)
        match = _STEM.fullmatch(file.rsplit(".", 1)[0])
        if distortion is None:
            skipped.append(f"{name}: expected a folder named after a distortion")
        elif match is None:
            skipped.append(f"{name}: expected REFERENCE_LEVEL")
        elif int(match["level"]) > ALL_DISTORTIONS[distortion].levels:
            highest = ALL_DISTORTIONS[distortion].levels
            skipped.append(f"{name}: expected a level of {distortion} of 0-{highest}, got {match['level']}")
        else:
            yield _File(name, distortion, match["reference"], int(match["level"]))


def _distortion(folder: str) -> str | None:
    return _NAMES.get(re.sub(r"[^a-z0-9]", "", folder.lower()))


def _references(names: list[str], files: list[_File]) -> dict[tuple[str, str], str]:
    """Return the undistorted pictures: shared ones under "", a distortion's own under its name."""
    found = {}
    for name in names:
        *folders, file = name.split("/")
        if any(part.lower() in _REFERENCE_FOLDERS for part in folders):
            found["", file.rsplit(".", 1)[0]] = name
    own = {(file.distortion, file.reference): file.name for file in files if file.level == 0}
    return found | own
