"""Bring a transparent or HDR picture inside what its provider accepts: smaller, without loss beside that.

Only for pictures that would be refused as they are. Transparency that was a colour or a palette's comes out
as an alpha channel, since averaged edges are half clear. Laid on a plain colour, the smaller picture is the
larger one laid on it and reduced.
"""

from collections.abc import Iterator

from calibration.channels import Channels, read_channels, shrink, write_png, write_webp
from calibration.encoders import WEBP_LOSSLESS, room_for
from calibration.image import Image, Kernel, resize
from calibration.image_source import FormatName
from calibration.metadata import Metadata, attach, read_metadata
from gateway.compression.job import Candidate, Job
from gateway.compression.sample import sample_of
from predictor.predict import Predictor

_SCALES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.125)


def brought_inside(job: Job, predictor: Predictor) -> list[Candidate]:
    """Return the largest version that is light enough, at most as large as shown; nothing where none is.

    Raises:
        ImageError: The picture cannot be read with all its channels.
    """
    with room_for(job.source_size.pixels):
        return _largest(job, predictor)


def _largest(job: Job, predictor: Predictor) -> list[Candidate]:
    target = job.shown if job.shown.is_within(job.most) else job.most
    channels, metadata = read_channels(job.data, job.decode_limits), read_metadata(job.data)
    for scale in _SCALES:
        size = target.scaled(scale)
        stored = job.stored_size(size)
        small = shrink(channels, stored.width, stored.height)
        for data, format_name in _written(small, job, metadata):
            if job.most_bytes is None or len(data) <= job.most_bytes:
                excess = _excess(job.reread(data), job, predictor)
                return [Candidate(data, format_name, None, size, excess, is_complete=True)]
    return []


def _excess(sent: Image, job: Job, predictor: Predictor) -> float:
    """Judge as shown, on white; sides of thin pictures are rounded, so both are brought to the same ones."""
    reference = job.stored_at(job.shown)
    kernel: Kernel = "area" if sent.width > reference.width else "bicubic"
    seen = resize(sent, reference.width, reference.height, kernel)
    return predictor.against(sample_of(reference), job.profile).excess(sample_of(seen))


def _written(channels: Channels, job: Job, metadata: Metadata) -> Iterator[tuple[bytes, FormatName]]:
    """Write in each format that may be sent and holds the depth and what must travel, smallest first."""
    height, width, _ = channels.values.shape
    fits_webp = channels.values.dtype.itemsize == 1 and WEBP_LOSSLESS.holds(width, height)
    if "webp" in job.formats and fits_webp:
        yield from _completed(write_webp(channels), "webp", metadata)
    if "png" in job.formats:
        yield from _completed(write_png(channels), "png", metadata)


def _completed(
    data: bytes, format_name: FormatName, metadata: Metadata
) -> Iterator[tuple[bytes, FormatName]]:
    try:
        yield attach(data, metadata), format_name
    except ValueError:  # the format cannot hold it
        return
