"""Read from a picture's header how wide and high it is when shown upright; nothing is decoded."""

from calibration.exif import LYING
from calibration.image_header import stored_size
from calibration.metadata import read_orientation


def upright_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height as a viewer shows them; None where the header does not say."""
    size = stored_size(data)
    if size is None:
        return None
    return size[::-1] if read_orientation(data) in LYING else size
