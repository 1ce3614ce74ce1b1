"""Tell pictures whose pixels hold more than a standard screen shows: HDR, and 16 bits a channel.

A gain map is none by itself: the picture that carries one is an ordinary picture, and the map is a second one
that models are never shown. It is HDR only where the map leads back from a bright picture.
"""

import re

from calibration.colour_profile import transfer_is_hdr
from calibration.containers import container_of, jpeg_file
from calibration.image_header import stored_depth
from calibration.metadata_blocks import find_blocks

_STANDARD_DEPTH = 8  # bits a channel
_HDR_TRANSFERS = frozenset({16, 18})  # PQ and HLG, ITU-T H.273
_BRIGHT_BASE = re.compile(rb"BaseRenditionIsHDR\s*(?:=\s*[\"']|>)\s*true", re.IGNORECASE)
_ISO_MEDIA_HEADER = 4_096  # bytes in which AVIF and HEIC say what they hold


def is_hdr(data: bytes) -> bool:
    """Whether the pixels are PQ or HLG, deeper than eight bits a channel, or a bright base.

    A deep picture need not be bright, but what of it a model is shown differs: Pillow cuts grey of 16 bits at
    255, where others take the upper half.
    """
    if data[4:8] == b"ftyp":
        return _iso_media_is_deep(data[:_ISO_MEDIA_HEADER])
    if stored_depth(data) > _STANDARD_DEPTH:
        return True
    if (
        container_of(data) == "jpeg"
        and (frame := jpeg_file(data).frame) is not None
        and frame[1] > _STANDARD_DEPTH
    ):
        return True
    blocks = find_blocks(data)
    if blocks.xmp is not None and _BRIGHT_BASE.search(blocks.xmp):
        return True
    code_points = dict(blocks.png_colour).get(b"cICP", b"")
    if code_points[1:2] and code_points[1] in _HDR_TRANSFERS:
        return True
    return blocks.profile is not None and transfer_is_hdr(blocks.profile)


def _iso_media_is_deep(header: bytes) -> bool:
    """Look at the bits a channel, and at the transfer, that an AVIF or HEIC states."""
    pixels, colour = header.find(b"pixi"), header.find(b"colrnclx")
    if pixels >= 0:
        channels = int.from_bytes(header[pixels + 8 : pixels + 9], "big")
        if any(bits > _STANDARD_DEPTH for bits in header[pixels + 9 : pixels + 9 + channels]):
            return True
    return colour >= 0 and int.from_bytes(header[colour + 10 : colour + 12], "big") in _HDR_TRANSFERS
