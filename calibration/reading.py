"""Read outside bytes within limits: with Pillow, and where it gives up over what is no pixel, once more.

The second reading takes the file's pixels alone, out of damaged surroundings, and asks OpenCV last: what any
common decoder shows is looked at. The same bytes are always read the same way, whatever was read or written
before.
"""

import io
import struct
import zlib
from dataclasses import replace

import cv2
from PIL import Image as PillowImage
from PIL import ImageFile, PngImagePlugin, UnidentifiedImageError

from calibration.containers import bare, container_of
from calibration.exif import LYING, UPRIGHT
from calibration.flattening import Flattened, finish, flatten, opencv_pixels
from calibration.image_header import stored_depth, stored_size
from calibration.image_source import DecodeLimits, FormatName, ImageError, SourceInfo, estimate_quality
from calibration.metadata import Metadata, read_metadata
from calibration.unfinished_jpeg import END_OF_IMAGE, finished

# A scan of fourteen bytes makes the decoder go over the whole picture once more; encoders write about ten.
_START_OF_SCAN = b"\xff\xda"
_MOST_SCANS = 100
_MOST_TEXT, _MOST_TEXT_OF_ALL = 1_048_576, 67_108_864  # bytes of a PNG's texts: what Pillow begins with
_BLOCK = 65_536  # bytes: what Pillow reads at once, unless told

# Parsers raise nearly anything on hostile bytes; these are what fuzzing has shown.
PARSER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    PillowImage.DecompressionBombError,
    cv2.error,
)


def read(data: bytes, limits: DecodeLimits) -> tuple[Flattened, SourceInfo]:
    """Return pixels and origin of the first frame of PNG, JPEG, WebP or GIF bytes.

    Raises:
        ImageError: The bytes are empty, damaged, of another format, or beyond `limits`.
    """
    if not data:
        raise ImageError("empty", "expected an image, got zero bytes")
    if len(data) > limits.max_bytes:
        raise ImageError("too_many_bytes", f"expected at most {limits.max_bytes} bytes, got {len(data)}")
    if container_of(data) == "jpeg" and data.count(_START_OF_SCAN) > _MOST_SCANS:
        raise ImageError("damaged", f"expected a JPEG of at most {_MOST_SCANS} scans")
    metadata = read_metadata(data)
    try:
        return _first_reading(data, metadata, limits)
    except ImageError as error:
        if error.reason not in ("damaged", "unknown_format") or container_of(data) is None:
            raise
        found = _second_reading(bare(data), metadata, limits, len(data))
        if found is None:
            raise ImageError("damaged", str(error)) from error
        return found


def read_reduced(
    data: bytes, limits: DecodeLimits, *, least: tuple[int, int]
) -> tuple[Flattened, SourceInfo] | None:
    """Return a JPEG at the smallest scale of its decoder that has `least`, and the origin of the whole.

    None for what only a full reading can tell: other formats, damaged files.

    Args:
        data: The bytes.
        limits: Of the full size.
        least: Width and height of the upright picture; the result has fewer only where the file has.

    Raises:
        ImageError: The picture is beyond `limits`.
    """
    if (
        container_of(data) != "jpeg"
        or len(data) > limits.max_bytes
        or data.count(_START_OF_SCAN) > _MOST_SCANS
    ):
        return None
    metadata = read_metadata(data)
    stored = least[::-1] if metadata.orientation in LYING else least
    try:
        return _first_reading(data, metadata, limits, least=stored)
    except ImageError as error:
        if error.reason not in ("damaged", "unknown_format"):
            raise
        return None


def open_within(data: bytes, limits: DecodeLimits) -> ImageFile.ImageFile:
    """Open with Pillow, which reads the header, and hold it to the limits.

    Raises:
        ImageError: The header is damaged, of another format, or beyond `limits`.
    """
    # Our own limit, checked on the header before any pixel is decoded, replaces Pillow's warning.
    PillowImage.MAX_IMAGE_PIXELS = None
    # Libraries set these for the whole process; then half a picture would be taken for a whole one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = _MOST_TEXT, _MOST_TEXT_OF_ALL
    try:
        opened = PillowImage.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP", "GIF"])
    except UnidentifiedImageError as error:
        raise ImageError("unknown_format", "expected PNG, JPEG, WebP or GIF data") from error
    except PARSER_ERRORS as error:
        raise ImageError("damaged", f"the image header is damaged: {error}") from error
    _check_size(opened.size, limits)
    # Arithmetic-coded JPEGs are read from one block or not at all; by default blocks are as large as what was
    # last written wanted them.
    opened.decodermaxblock = len(data) if opened.format in ("JPEG", "MPO") else _BLOCK
    return opened


def _first_reading(
    data: bytes, metadata: Metadata, limits: DecodeLimits, *, least: tuple[int, int] | None = None
) -> tuple[Flattened, SourceInfo]:
    opened = open_within(data, limits)
    try:
        return _read_opened(opened, data, metadata, limits, least)
    except ImageError:
        raise
    except PARSER_ERRORS as error:
        raise ImageError("damaged", f"the image data is damaged: {error}") from error


def _read_opened(
    opened: ImageFile.ImageFile,
    data: bytes,
    metadata: Metadata,
    limits: DecodeLimits,
    least: tuple[int, int] | None,
) -> tuple[Flattened, SourceInfo]:
    frames = int(getattr(opened, "n_frames", 1))
    if frames > limits.max_frames:
        raise ImageError("too_many_frames", f"expected at most {limits.max_frames} frames, got {frames}")
    opened.seek(0)
    (width, height), mode, quality = opened.size, opened.mode, _jpeg_quality(opened)
    if least is not None:
        opened.draft(None, least)
    flat = flatten(opened, data, metadata)
    source = SourceInfo(
        format=_format_name(opened),
        size_bytes=len(data),
        width=width,
        height=height,
        mode=mode,
        frames=frames,
        has_alpha=flat.has_alpha,
        is_rotated=metadata.orientation != UPRIGHT,
        is_color_converted=flat.is_color_converted,
        jpeg_quality=quality,
        depth=stored_depth(data),
        orientation=metadata.orientation,
    )
    return flat, source


def _second_reading(
    stripped: bytes, metadata: Metadata, limits: DecodeLimits, size_bytes: int
) -> tuple[Flattened, SourceInfo] | None:
    """Read bare pixels; None where no decoder can."""
    size = stored_size(stripped)
    if size is None:
        return None
    _check_size(size, limits)
    whole = _with_end(stripped, metadata, limits)
    if whole is None:
        return None
    try:
        flat, source = _first_reading(whole, metadata, limits)
    except ImageError as error:
        if error.reason not in ("damaged", "unknown_format"):
            raise
        found = _by_opencv(whole, size, metadata)
        if found is None:
            return None
        flat, source = found
    return flat, replace(source, size_bytes=size_bytes, is_repaired=True)


def _with_end(stripped: bytes, metadata: Metadata, limits: DecodeLimits) -> bytes | None:
    """Return a file that ends as its format does; None where much of it is missing."""
    if container_of(stripped) != "jpeg" or stripped.endswith(END_OF_IMAGE):
        return stripped

    def row_sums(data: bytes) -> list[int]:
        pixels = _first_reading(data, metadata, limits)[0].stored
        return [zlib.crc32(row.tobytes()) for row in pixels]

    try:
        return finished(stripped, row_sums)
    except ImageError:
        return None


def _by_opencv(data: bytes, size: tuple[int, int], metadata: Metadata) -> tuple[Flattened, SourceInfo] | None:
    container = container_of(data)
    # Of bare PNGs Pillow reads what libpng reads; what neither does, libpng writes to the process's own log.
    if container is None or container == "png":
        return None
    try:
        stored, has_alpha = opencv_pixels(data, is_opaque=False)
    except PARSER_ERRORS:
        return None
    height, width = stored.shape[:2]
    if (width, height) != size:
        return None
    upright, is_converted = finish(stored, metadata, is_grey=False)
    depth = stored_depth(data)
    source = SourceInfo(
        format=container,
        size_bytes=len(data),
        width=width,
        height=height,
        mode="RGBA" if has_alpha else "RGB",
        frames=1,
        has_alpha=has_alpha,
        is_rotated=metadata.orientation != UPRIGHT,
        is_color_converted=is_converted or depth > 8,
        jpeg_quality=None,
        depth=depth,
        orientation=metadata.orientation,
    )
    return Flattened(upright, stored, has_alpha, is_converted), source


def _check_size(size: tuple[int, int], limits: DecodeLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise ImageError(
            "too_many_pixels", f"expected at most {limits.max_pixels} pixels, got {width} x {height}"
        )


def _format_name(opened: PillowImage.Image) -> FormatName:
    names: dict[str, FormatName] = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
    return names[str(opened.format)]


def _jpeg_quality(opened: PillowImage.Image) -> int | None:
    """Estimate the IJG quality of a JPEG from its headers; None for other formats."""
    tables = getattr(opened, "quantization", None)
    return estimate_quality(tables[min(tables)]) if tables else None
