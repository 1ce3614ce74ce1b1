"""Find a second file in a picture's file: an archive, a document, a program, a script, another picture.

Only what its own structure proves counts: a few letters of a signature stand in any compressed data. What
cameras put behind a picture (further pictures, gain maps, films, makers' notes) is none.
"""

import re
import struct

from calibration.image import ImageError, decode
from calibration.image_source import DecodeLimits
from calibration.left_behind import left_behind
from gateway.detection.beside_pixels import BesidePixels
from gateway.detection.likeness import Pixels, likeness, structure

_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES, _ZIP_COMMENT = 22, 65_535
_PDF_HEADER_PLACE = 1_024  # bytes in which readers of PDF look for its header
_PDF = re.compile(rb"%PDF-[12]\.\d")
_PROGRAMS = (
    (b"\x7fELF", "a program (ELF)"),
    (b"Rar!\x1a\x07", "an archive (RAR)"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)"),
)
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
_SMALL = DecodeLimits(max_pixels=25_000_000)
_UNRELATED = 0.3


def foreign_file(data: bytes, beside: BesidePixels, shown: Pixels) -> str | None:
    """Name the second file that stands in `data`; None where there is none.

    Args:
        data: The file.
        beside: What it holds beside its pixels.
        shown: Its picture (H, W, 3).
    """
    return (
        _archive(data)
        or _document(data, beside)
        or _program(beside)
        or _script(beside)
        or _second_picture(data, beside.tail, shown)
    )


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
    if not (_PDF.search(data, 0, _PDF_HEADER_PLACE) or _PDF.search(beside.tail)):
        return None
    return "a document (PDF)" if b"endobj" in data or b"%%EOF" in data else None


def _program(beside: BesidePixels) -> str | None:
    for block in (beside.tail, *beside.blocks):
        for sign, name in _PROGRAMS:
            if block.lstrip(b"\0\r\n ").startswith(sign):
                return name
        if block.startswith(b"MZ") and b"PE\0\0" in block[:1024]:
            return "a program (PE)"
    return None


def _script(beside: BesidePixels) -> str | None:
    for block in (beside.tail[:262_144], *beside.blocks):
        if found := _SCRIPTS.search(block) or _SHELL.search(block[:4096]):
            return f"a script or page ({found[0].strip().decode('latin-1')})"
    return None


def _second_picture(data: bytes, tail: bytes, shown: Pixels) -> str | None:
    for sign, name in _PICTURES:
        if sign in tail:
            return f"a second picture ({name})"
    if tail.startswith(b"RIFF") and tail[8:12] == b"WEBP":
        return "a second picture (WebP)"
    return "a second picture (JPEG)" if _is_unexplained(data, tail, shown) else None


def _is_unexplained(data: bytes, tail: bytes, shown: Pixels) -> bool:
    """Whether a JPEG stands in what follows, and is neither a camera's own nor a preview."""
    at = tail.find(_JPEG)
    if at < 0 or any(sign in tail for sign in _TRAILERS_OF_CAMERAS):
        return False
    if {"gain_map", "motion_video", "second_picture"} & set(left_behind(data[: len(data) - len(tail)])):
        return False
    try:
        second = decode(tail[at:], _SMALL).image.pixels
    except ImageError:
        return False
    # Some cameras put a preview there and say so nowhere; it shows the same.
    return likeness(structure(second), structure(shown)) <= _UNRELATED
