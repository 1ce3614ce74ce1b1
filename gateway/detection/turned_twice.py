"""Find files that tell different readers different orientations.

Turning a picture is honest, in whatever block it is told; stale XMP beside newer EXIF is common and informs.
Built like an attack is what no camera and no editor writes: EXIF that contradicts itself, a mirror image for
some readers alone, and a file whose whole metadata are two contrary orientations.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from calibration.containers import container_of, jpeg_file, png_chunks
from calibration.exif import read_exif, stated_orientations
from calibration.metadata_blocks import EXIF_SIGN, Blocks, png_blocks

_SAID_BY_XMP = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|\s*>\s*)([1-8])")
_APP1 = 0xE1
_MIRRORED = frozenset({2, 4, 5, 7})
_HISTORY = (b"photoshop:", b"xmp:", b"xmpMM:", b"crs:", b"exif:", b"dc:", b"lr:", b"aux:")


@dataclass(frozen=True)
class TwoTurns:
    """What a file says of its orientation to whom."""

    what: str
    is_attack: bool


def two_turns(data: bytes, blocks: Blocks) -> TwoTurns | None:
    """Tell how a JPEG, PNG or WebP contradicts itself about which side is up; None where it does not."""
    by_exif = {value for block in _exif_blocks(data, blocks) for value in stated_orientations(block)}
    by_xmp = {int(value) for value in _SAID_BY_XMP.findall(blocks.xmp or b"")}
    if len(by_exif) > 1 or len(by_xmp) > 1:
        return TwoTurns("Its orientation is stated twice, and differently", is_attack=True)
    if not by_xmp or by_exif == by_xmp or (not by_exif and by_xmp == {1}):
        return None
    what = "EXIF and XMP disagree on its orientation: readers of the one see it turned otherwise"
    is_mirrored = len((by_exif | by_xmp) & _MIRRORED) == 1 and bool(by_exif)
    return TwoTurns(what, is_attack=is_mirrored or (bool(by_exif) and _is_all_there_is(blocks)))


def _is_all_there_is(blocks: Blocks) -> bool:
    exif = read_exif(blocks.exif or b"")
    has_more = exif.has_more or exif.has_gps or exif.has_thumbnail
    return not has_more and not any(each in (blocks.xmp or b"") for each in _HISTORY)


def _exif_blocks(data: bytes, blocks: Blocks) -> Iterator[bytes]:
    match container_of(data):
        case "jpeg":
            found = (part.payload for part in jpeg_file(data).segments if part.marker == _APP1)
            yield from (each.removeprefix(EXIF_SIGN) for each in found if each.startswith(EXIF_SIGN))
        case "png":
            chunks = list(png_chunks(data))
            yield from (part.payload for part in chunks if part.kind == b"eXIf")
            # Without its eXIf chunk, what ImageMagick wrote in hexadecimal digits is found.
            raw = png_blocks([part for part in chunks if part.kind != b"eXIf"]).exif
            yield from () if raw is None else (raw,)
        case _:
            yield from () if blocks.exif is None else (blocks.exif,)
