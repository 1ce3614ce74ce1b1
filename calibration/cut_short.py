"""Decode what lenient readers show of a JPEG that is cut short: browsers, and decoders that only warn.

Strict readers refuse such a file, and so does `decode`: what is shown of it is half a picture.
"""

from calibration.containers import bare, container_of
from calibration.image import Decoded, ImageError, decode
from calibration.image_source import DecodeLimits
from calibration.unfinished_jpeg import END_OF_IMAGE


def decode_cut_short(data: bytes, limits: DecodeLimits) -> Decoded | None:
    """Return the picture with what decoders put in the place of what is missing; None where nothing is shown.

    Without its colour profile and orientation: only the pixels are looked at.
    """
    if container_of(data) != "jpeg":
        return None
    stripped = bare(data)
    if stripped.endswith(END_OF_IMAGE):  # whatever is wrong with it, it is not its end
        return None
    try:
        return decode(stripped + END_OF_IMAGE, limits)
    except ImageError:
        return None
