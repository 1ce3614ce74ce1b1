"""Find a second file in a picture's file: an archive, a document, a program, a script, another picture.

Only what its own structure proves counts: a few letters of a signature stand in any compressed data. What
cameras put behind a picture (further pictures, gain maps, films, makers' notes) is none.
"""

import re
import struct
import zlib
from collections.abc import Iterator

from calibration.containers import MOST_PARTS, JpegFile, jpeg_file
from calibration.image import ImageError, decode
from calibration.image_source import DecodeLimits
from calibration.left_behind import left_behind
from gateway.detection.beside_pixels import BesidePixels
from gateway.detection.further_pictures import is_other_text
from gateway.detection.likeness import Pixels, likeness, structure

_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES, _ZIP_COMMENT = 22, 65_535
_PDF_HEADER_PLACE = 1_024  # bytes in which readers of PDF look for its header
_PDF = re.compile(rb"%PDF-[12]\.\d")
_SIGNED = (  # wherever they stand beside the pixels: chance does not write these
    (re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01"), "a program (ELF)"),
    (re.compile(rb"[\xce\xcf]\xfa\xed\xfe.{3}[\0\x01]", re.DOTALL), "a program (Mach-O)"),
    (re.compile(rb"\0asm\x01\0\0\0"), "a program (WebAssembly)"),
    (re.compile(rb"dex\n03\d\0"), "a program (DEX)"),
    (re.compile(rb"TVqQAAMAAAAEAAAA|TVpQAAIAAAAEAA8A|f0VMRg[IE][BC]AQ"), "a program in base64"),
    (re.compile(rb"Rar!\x1a\x07[\0\x01]"), "an archive (RAR)"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "an archive (7z)"),
    (re.compile(rb"PK\x03\x04[\x0a-\x3f]\0..[\0\x08\x09\x0c\x0e\x5d\x63]\0", re.DOTALL), "an archive (ZIP)"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a document (OLE)"),
    (re.compile(rb"\{\\rtf1[\\ ]"), "a document (RTF)"),
    (re.compile(rb"SQLite format 3\0"), "a data base (SQLite)"),
    (re.compile(rb"-----BEGIN [A-Z ]{3,40}-----"), "a key or certificate (PEM)"),
)
_BEGINNINGS = (  # of what follows the picture, behind padding
    (b"\x1f\x8b\x08", "an archive (gzip)"),
    (b"BZh", "an archive (bzip2)"),
    (b"\xfd7zXZ\0", "an archive (xz)"),
    (b"\x28\xb5\x2f\xfd", "an archive (Zstandard)"),
    (b"MSCF\0\0\0\0", "an archive (CAB)"),
    (b"!<arch>\n", "an archive (ar)"),
    (b"\xca\xfe\xba\xbe", "a program (Java class)"),
    (b"ID3", "a sound file (MP3)"),
    (b"OggS\0", "a sound file (Ogg)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"\x1a\x45\xdf\xa3", "a film (Matroska)"),
    (b"8BPS\0\1", "a second picture (PSD)"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a second picture (JPEG XL)"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a second picture (JPEG 2000)"),
    (b"\0\0\1\0\1\0", "a second picture (ICO)"),
    (b"II*\0", "a second picture (TIFF)"),
    (b"MM\0*", "a second picture (TIFF)"),
)
_TAR_SIGN_AT = 257
_MOST_PADDING = 4_096  # bytes of zeros and line ends before what follows
_DOS_STUB = b"This program cannot be run in DOS mode"
_PAGES = re.compile(rb"<svg[\s>]|<\?xml[\s]", re.IGNORECASE)
_CODE = re.compile(
    rb"\b(?:eval|exec|system|shell_exec|alert|require|atob|fromCharCode)\s*\(|\bdocument\.(?:write|cookie)"
    rb"|\bimport os\b|__HALT_COMPILER|\bpowershell\b|\bInvoke-Expression\b|@echo off|<\?php",
    re.IGNORECASE,
)
_FURTHER_BRANDS = re.compile(rb"ftyp(?:heic|heix|mif1|avif|avis|msf1)")
_FILM = re.compile(rb"ftyp[\w ]{4}")
_SCRIPTS = re.compile(
    rb"<\?php|<script[\s>]|<!doctype html|<html[\s>]|<iframe[\s>]|<%@ ?page|javascript:|<body[\s>]",
    re.IGNORECASE,
)
_SHELL = re.compile(rb"(?:^|\n)#! ?/(?:usr/)?bin/\w+")
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF89a", "GIF"), (b"GIF87a", "GIF"))
_JPEG = b"\xff\xd8\xff"
_TRAILERS_OF_CAMERAS = (
    b"SEFT",
    b"SEFH",
    b"ftyp",
    b"MotionPhoto",
    b"hdrgm",
    b"HDRGainMap",
    b"urn:iso:std:iso:ts:21496",
    b"vivo{",
    b"AROT",
    b"MPF\0",
)
_BITMAP_HEADERS = (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0", b"\x0c\0\0\0")
_SMALL = DecodeLimits(max_pixels=25_000_000)
_ENDS = (b"\xff\xd9", b"IEND\xaeB`\x82", b"\0;")
_LEAST_NOISE, _NOISE_SAMPLE = 512, 16_384  # bytes
_MAKER = (0x010F, 2)  # tag and type
_MOST_SECOND = 16_777_216  # bytes
_THUMBNAIL = DecodeLimits(max_pixels=1_100_000, max_frames=1)
_MOST_THUMBNAILS = 4  # in a file
_SAME = 0.9  # likeness of a thumbnail to its picture
_MOST_JPEGS = 8  # that are looked at behind a picture
_START_OF_SCAN = b"\xff\xda"
_MOST_SCANS = 32  # of one of them; encoders write about ten
_MOST_SCANNED = 50_000_000  # pixels times scans of all of them: each scan may go over the whole picture
_UNRELATED = 0.3


def foreign_file(data: bytes, beside: BesidePixels, shown: Pixels) -> tuple[str, bool] | None:
    """Tell which second file stands in `data`, and whether that is an attack; None where there is none.

    It is none where there is more behind the picture than was looked at, and nothing in what was.

    Args:
        data: The file.
        beside: What it holds beside its pixels.
        shown: Its picture (H, W, 3).
    """
    name = (
        _archive(data)
        or _document(data, beside)
        or _program(beside)
        or _script(data, beside)
        or _picture_beside(beside, shown)
        or _second_picture(data, beside.tail)
    )
    is_all = True
    if name is None and _JPEG in beside.tail:
        is_unexplained, is_all = _unexplained(data, beside.tail, shown)
        name = "a second picture (JPEG)" if is_unexplained else _noise(beside)
    elif name is None:
        name = _noise(beside)
    if name is not None:
        return f"The file is also, or holds, {name}", True
    return None if is_all else ("A picture behind the first was not looked at", False)


def is_of_camera(tail: bytes) -> bool:
    """Whether what follows a picture is signed as cameras sign their films, gain maps and notes."""
    return any(sign in tail for sign in _TRAILERS_OF_CAMERAS)


def _archive(data: bytes) -> str | None:
    """Find a ZIP by its end, which must lead to a directory that begins as one (APPNOTE 4.3.16)."""
    at = data.rfind(_ZIP_END, max(0, len(data) - _ZIP_END_BYTES - _ZIP_COMMENT))
    if at < 0 or at + _ZIP_END_BYTES > len(data):
        return None
    size, offset = struct.unpack_from("<II", data, at + 12)
    # Offsets count from the archive's own beginning or from the file's: what comes before them is not known.
    places = (at - size, offset)
    is_one = any(data[place : place + 4] == b"PK\x01\x02" for place in places if 0 <= place < at)
    return "an archive (ZIP)" if is_one else None


def _document(data: bytes, beside: BesidePixels) -> str | None:
    if not _PDF.search(data, 0, _PDF_HEADER_PLACE) and not any(
        map(_PDF.search, (beside.tail, *beside.blocks))
    ):
        return None
    return "a document (PDF)" if b"endobj" in data or b"%%EOF" in data else None


def _program(beside: BesidePixels) -> str | None:
    for block in (beside.tail, *beside.blocks):
        for sign, name in _SIGNED:
            if sign.search(block):
                return name
        if _DOS_STUB in block or (block.startswith(b"MZ") and b"PE\0\0" in block[:1024]):
            return "a program (PE)"
    head = beside.tail[:_MOST_PADDING]
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning) or head.lstrip(b"\0\r\n ").startswith(beginning):
            return name
    at = head.find(b"ustar")
    return "an archive (tar)" if at >= _TAR_SIGN_AT else None


def _script(data: bytes, beside: BesidePixels) -> str | None:
    for block in (beside.tail[:262_144], *beside.blocks):
        if found := _SCRIPTS.search(block) or _SHELL.search(block[:4096]):
            return f"a script or page ({found[0].strip().decode('latin-1')})"
    if found := _PAGES.search(beside.tail[:4_096]) or _CODE.search(beside.tail[:262_144]):
        return f"a script or page ({found[0].strip().decode('latin-1')})"
    return "a script that begins as a picture" if _is_comment(data) else None


def _is_comment(data: bytes) -> bool:
    """Whether a length or a size in the file's head begins a script's comment, which ends further on."""
    place = {b"GIF8": 6, b"\xff\xd8\xff\xe0": 4, b"\xff\xd8\xff\xe1": 4, b"RIFF": 4}.get(data[:4])
    return place is not None and data[place : place + 2] == b"/*" and b"*/" in data


def _picture_beside(beside: BesidePixels, shown: Pixels) -> str | None:
    """Find a picture in a block that is no thumbnail of the first, as proofs of origin (C2PA) hold.

    More than a few in all blocks together are none either, and are not decoded.
    """
    places = [
        (name, block, found.start())
        for block in beside.blocks
        for sign, name in _PICTURES
        for found in re.finditer(re.escape(sign), block)
    ]
    is_many = len(places) > _MOST_THUMBNAILS
    for name, block, place in places:
        if is_many or _is_of_another(block[place:], shown):
            return f"a second picture ({name})"
    return None


def _is_of_another(encoded: bytes, shown: Pixels) -> bool:
    """Whether it is no thumbnail of `shown`; what cannot be read is none."""
    try:
        thumbnail = decode(encoded, _THUMBNAIL).image.pixels
    except ImageError:
        return True
    return likeness(structure(thumbnail), structure(shown)) < _SAME


def _noise(beside: BesidePixels) -> str | None:
    """Find what is encrypted or packed, and signed by nobody.

    Cameras' own trailers come with their EXIF data; what is left of a longer file ends as that did.
    """
    tail = beside.tail
    is_left = tail.rstrip(b"\0\r\n ").endswith(_ENDS)
    if len(tail) < _LEAST_NOISE or is_left or is_of_camera(tail) or any(map(_is_of_maker, beside.blocks)):
        return None
    sample = tail[:_NOISE_SAMPLE]
    return "bytes that look encrypted" if len(zlib.compress(sample)) >= len(sample) else None


def _is_of_maker(block: bytes) -> bool:
    """Whether it is EXIF data that names a camera's maker."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    return order is not None and struct.pack(order + "HH", *_MAKER) in block[:1_024]


def _second_picture(data: bytes, tail: bytes) -> str | None:
    for sign, name in _PICTURES:
        if sign in tail:
            return f"a second picture ({name})"
    if re.search(rb"RIFF.{4}WEBPVP8", tail, re.DOTALL):
        return "a second picture (WebP)"
    if _FURTHER_BRANDS.search(tail):
        return "a second picture (HEIF or AVIF)"
    if not data.startswith(_JPEG) and _FILM.search(tail[:_MOST_PADDING]):
        return "a film"
    if (bitmap := tail[:_MOST_PADDING].lstrip(b"\0\r\n ")).startswith(b"BM") and bitmap[
        14:18
    ] in _BITMAP_HEADERS:
        return "a second picture (BMP)"
    return None


def _unexplained(data: bytes, tail: bytes, shown: Pixels) -> tuple[bool, bool]:
    """Tell whether a JPEG in what follows is neither a camera's own nor a preview, and whether all were seen.

    What is signed as a camera's own may be another picture, and no page of text: anybody can write a sign.
    """
    told = set(left_behind(data[: len(data) - len(tail)]))
    is_signed = is_of_camera(tail) or bool({"gain_map", "motion_video", "second_picture"} & told)
    is_all = True
    for second in _jpegs_in(tail):
        if second is None:
            is_all = False
        elif is_other_text(shown, second) if is_signed else _is_unrelated(shown, second):
            return True, is_all
    return False, is_all


def _is_unrelated(shown: Pixels, second: Pixels) -> bool:
    """Whether it is no preview: some cameras put one there and say so nowhere; it shows the same."""
    return likeness(structure(second), structure(shown)) <= _UNRELATED


def _jpegs_in(tail: bytes) -> Iterator[Pixels | None]:
    """Decode the first few JPEGs that stand one behind another, None for each that would cost too much.

    In a film their sign stands by chance.
    """
    at, room = -1, _MOST_SCANNED
    for _ in range(_MOST_JPEGS):
        at = tail.find(_JPEG, at + 1)
        if at < 0:
            return
        file = jpeg_file(tail[at : at + _MOST_SECOND])
        cost = _cost(file)
        if cost is None or cost > room:
            yield None
        elif cost:
            room -= cost  # also for what turns out to be damaged: that is known late
            try:
                # What stands behind it is not its own: scans are counted in what is decoded.
                second = decode(file.data[: file.end], _SMALL).image.pixels
            except ImageError as error:
                if error.reason == "too_many_pixels":
                    yield None
                continue
            yield second
            at += file.end - 1
    if _JPEG in tail[at + 1 :]:
        yield None


def _cost(file: JpegFile) -> int | None:
    """Return pixels times scans; 0 of what no decoder reads, None of what is not worth finding out."""
    sizes = [part.payload[1:5] for part in file.segments if part.is_frame]
    pixels = max((int.from_bytes(each[:2]) * int.from_bytes(each[2:]) for each in sizes), default=0)
    if not pixels and len(file.segments) < MOST_PARTS:
        return 0
    scans = file.scans.count(_START_OF_SCAN)
    return scans * pixels if pixels and scans <= _MOST_SCANS else None
