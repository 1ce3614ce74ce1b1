"""Carry along with re-encoded pixels what decides how they are shown: orientation and colour.

Read from the source, attached to what an encoder wrote: the pixels stay as they were stored, and every viewer
or model back end does with them what it did before. All other metadata stays behind; `left_behind` names it.
"""

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from calibration.colour_profile import Space, is_srgb, profile_space
from calibration.containers import (
    VP8X_ALPHA,
    VP8X_EXIF,
    VP8X_ICC,
    VP8X_XMP,
    Part,
    container_of,
    join_jpeg,
    join_png,
    join_webp,
    jpeg_file,
    png_chunks,
    webp_chunks,
)
from calibration.dynamic_range import is_hdr
from calibration.exif import UPRIGHT, minimal_exif, read_exif
from calibration.image_header import stored_size
from calibration.left_behind import left_behind
from calibration.metadata_blocks import EXIF_SIGN, ICC_SIGN, PNG_XMP, XMP_SIGN, Blocks, find_blocks

__all__ = ["Metadata", "attach", "is_hdr", "left_behind", "read_metadata"]

_APP0, _APP1, _APP2 = b"\xff\xe0", b"\xff\xe1", b"\xff\xe2"
_JPEG_SPACES: dict[int, Space] = {1: "grey", 3: "rgb", 4: "inks"}  # by number of components
_PNG_COLOUR_TYPE = 25  # where it stands in a PNG
_PROFILE_PIECE = 65_519  # bytes of a profile that one JPEG segment holds
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')  # as Pillow looks for it
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/>'
    "</rdf:RDF></x:xmpmeta>"
)

# What chunks of a PNG say of pixels that are sRGB anyway; numbers are hundred-thousandths.
_SRGB_GAMMA = 45_455
_SRGB_CHROMATICITIES = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
_CLOSE = 100
_SRGB_CODE_POINTS = b"\x01\x0d\x00\x01"  # ITU-T H.273: BT.709 primaries, sRGB transfer, RGB, full range


@dataclass(frozen=True)
class Metadata:
    """What must travel with the stored pixels of a picture."""

    orientation: int = UPRIGHT  # 1-8, as EXIF numbers them
    profile: bytes | None = None  # ICC; None also where it does nothing that sRGB does not
    png_colour: tuple[tuple[bytes, bytes], ...] = ()  # name and contents of a PNG's colour chunks
    is_of_grey: bool = False  # the profile is, whatever it says, one of grey pixels
    is_turned_by_xmp: bool = False  # and not by EXIF: Pillow turns such a picture, OpenCV and browsers do not

    @property
    def is_empty(self) -> bool:
        """Whether the pixels are shown as they are stored, for sRGB."""
        return self.orientation == UPRIGHT and self.profile is None and not self.png_colour


def read_metadata(data: bytes) -> Metadata:
    """Read what must travel from a JPEG, PNG or WebP; what cannot be read is absent."""
    blocks = find_blocks(data)
    profile = None if blocks.profile is None or is_srgb(blocks.profile) else blocks.profile
    orientation, is_said_by_xmp = _orientation_in(blocks)
    return Metadata(
        orientation,
        profile,
        blocks.png_colour,
        is_of_grey=profile is not None and _is_grey(data),
        is_turned_by_xmp=is_said_by_xmp and orientation != UPRIGHT,
    )


def _is_grey(data: bytes) -> bool:
    if container_of(data) == "png":
        return data[_PNG_COLOUR_TYPE : _PNG_COLOUR_TYPE + 1] in (b"\0", b"\4")
    frame = jpeg_file(data).frame if container_of(data) == "jpeg" else None
    return frame is not None and frame[2] == 1


def read_orientation(data: bytes) -> int:
    """Return which side is up, 1 to 8 as EXIF counts; 1, upright, where nothing says."""
    return _orientation_in(find_blocks(data))[0]


def _orientation_in(blocks: Blocks) -> tuple[int, bool]:
    """Return the orientation, and whether XMP says it: nobody asks XMP where EXIF says anything."""
    orientation = read_exif(blocks.exif).orientation if blocks.exif else None
    if orientation is None and blocks.xmp and (found := _XMP_ORIENTATION.search(blocks.xmp)):
        said = int(found[1])
        return (said if 1 <= said <= 8 else UPRIGHT), True
    return orientation or UPRIGHT, False


def _xmp_of(metadata: Metadata) -> bytes:
    return _XMP.format(metadata.orientation).encode()


def attach(encoded: bytes, metadata: Metadata) -> bytes:
    """Put metadata into a JPEG, PNG or WebP that has none; the pixels are not touched.

    Raises:
        ValueError: The format cannot hold it, or holds some already.
    """
    if metadata.is_empty:
        return encoded
    blocks = find_blocks(encoded)
    if blocks.exif or blocks.xmp or blocks.profile or blocks.png_colour:
        raise ValueError("expected a picture without metadata")
    match container_of(encoded):
        case "jpeg":
            return _attach_to_jpeg(encoded, metadata)
        case "png":
            return _attach_to_png(encoded, metadata)
        case "webp":
            return _attach_to_webp(encoded, metadata)
    raise ValueError("expected a JPEG, PNG or WebP")


def _attach_to_jpeg(encoded: bytes, metadata: Metadata) -> bytes:
    _require_srgb_chunks(metadata)
    file = jpeg_file(encoded)
    frame = file.frame
    _require_space(metadata, _JPEG_SPACES.get(frame[2] if frame else 3, "rgb"))
    added: list[Part] = []
    if metadata.is_turned_by_xmp:
        added.append(Part(_APP1, XMP_SIGN + _xmp_of(metadata)))
    elif metadata.orientation != UPRIGHT:
        added.append(Part(_APP1, EXIF_SIGN + minimal_exif(metadata.orientation)))
    if metadata.profile is not None:
        added += _profile_segments(metadata.profile)
    begin = 1 if file.segments and file.segments[0].kind == _APP0 else 0  # JFIF wants to be first
    return join_jpeg([*file.segments[:begin], *added, *file.segments[begin:]], file.scans)


def _profile_segments(profile: bytes) -> list[Part]:
    pieces = [profile[at : at + _PROFILE_PIECE] for at in range(0, len(profile), _PROFILE_PIECE)]
    if len(pieces) > 255:
        raise ValueError(f"a JPEG holds a profile in at most 255 pieces, got {len(profile)} bytes")
    return [Part(_APP2, ICC_SIGN + bytes([n, len(pieces)]) + piece) for n, piece in enumerate(pieces, 1)]


def _attach_to_png(encoded: bytes, metadata: Metadata) -> bytes:
    chunks = list(png_chunks(encoded))
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].payload) < 13:
        raise ValueError("expected a PNG that begins with its header")
    _require_space(metadata, "grey" if chunks[0].payload[9] in (0, 4) else "rgb")
    added = [
        Part(kind, payload)
        for kind, payload in metadata.png_colour
        # A PNG says by a profile or by this chunk what its colours are, not by both.
        if not (kind == b"sRGB" and metadata.profile is not None)
    ]
    if metadata.profile is not None:
        added.append(Part(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.profile, 9)))
    if metadata.is_turned_by_xmp:
        added.append(Part(b"iTXt", PNG_XMP + bytes(5) + _xmp_of(metadata)))
    elif metadata.orientation != UPRIGHT:
        added.append(Part(b"eXIf", minimal_exif(metadata.orientation)))
    return join_png([chunks[0], *added, *chunks[1:]])


def _attach_to_webp(encoded: bytes, metadata: Metadata) -> bytes:
    _require_srgb_chunks(metadata)
    _require_space(metadata, "rgb")
    chunks = list(webp_chunks(encoded))
    size = stored_size(encoded)
    if not chunks or size is None:
        raise ValueError("expected a WebP that says its size")
    pixels = [part for part in chunks if part.kind != b"VP8X"]
    front, back = [], []
    flags = _webp_flags(chunks)
    if metadata.profile is not None:
        front.append(Part(b"ICCP", metadata.profile))
        flags |= VP8X_ICC
    if metadata.is_turned_by_xmp:
        back.append(Part(b"XMP ", _xmp_of(metadata)))
        flags |= VP8X_XMP
    elif metadata.orientation != UPRIGHT:
        back.append(Part(b"EXIF", minimal_exif(metadata.orientation)))
        flags |= VP8X_EXIF
    return join_webp([_extended_header(flags, size), *front, *pixels, *back])


def _webp_flags(chunks: list[Part]) -> int:
    first = chunks[0]
    if first.kind == b"VP8X" and first.payload:
        return first.payload[0]
    has_alpha = first.kind == b"VP8L" and len(first.payload) >= 5 and bool(first.payload[4] & 0x10)
    return VP8X_ALPHA if has_alpha else 0


def _extended_header(flags: int, size: tuple[int, int]) -> Part:
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return Part(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def _require_space(metadata: Metadata, wanted: Space) -> None:
    if metadata.profile is not None and profile_space(metadata.profile) != wanted:
        raise ValueError(f"expected a profile of {wanted} pixels, got {metadata.profile[16:20]!r}")
    # An RGB profile of a grey picture is honoured by some readers and by others not.
    if metadata.is_of_grey and wanted != "grey":
        raise ValueError("expected a profile of RGB pixels, got one of grey pixels")


def _require_srgb_chunks(metadata: Metadata) -> None:
    """Refuse where a PNG's chunks say something that only another PNG can say."""
    named = dict(metadata.png_colour)
    cicp = named.get(b"cICP")
    if cicp is not None and (cicp != _SRGB_CODE_POINTS or metadata.profile is not None):
        raise ValueError("only PNG says its colours by cICP, or by that for some and by a profile for others")
    if metadata.profile is not None or b"sRGB" in named:
        return  # these go before gamma and chromaticities (PNG, third edition, 4.3); few readers know cICP
    gamma, chromaticities = named.get(b"gAMA"), named.get(b"cHRM")
    if not (_says(gamma, (_SRGB_GAMMA,)) and _says(chromaticities, _SRGB_CHROMATICITIES)):
        raise ValueError("only PNG says its colours by gAMA and cHRM")


def _says(payload: bytes | None, expected: Iterable[int]) -> bool:
    values = tuple(expected)
    if payload is None:
        return True
    if len(payload) != 4 * len(values):
        return False
    said = struct.unpack(f">{len(values)}I", payload)
    return all(abs(one - other) <= _CLOSE for one, other in zip(said, values, strict=True))
