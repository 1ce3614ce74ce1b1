"""Offer the very pixels in fewer bytes, with all that must travel along.

JPEG coefficients are coded better, opaque pictures and those with an alpha channel become lossless WebP, PNGs
are written again in their own depth and kind, GIFs as PNGs; failing all that, a file loses what no model is
shown. What comes out is decoded and compared in every channel; nothing else may be called exact. A picture of
16 bits a channel is not the same at 8, nor is one with a transparent colour the same with an alpha channel.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from calibration.channels import INKS, gif_as_png, read_channels, reads_alike, write_webp
from calibration.containers import bare, webp_chunks
from calibration.encoders import Encoder, room_for
from calibration.image import decode
from calibration.image_source import FormatName
from calibration.lossless_jpeg import transcode
from calibration.metadata import attach, read_metadata
from calibration.png_rewrite import rewrite_png
from gateway.compression.job import Candidate, Job

_DEPTH = 8  # bits a channel that WebP holds


def same_pixels(job: Job, encoders: Sequence[Encoder]) -> Iterator[Candidate]:
    """Yield smaller lossless versions at the picture's own size, those first that save most."""
    forms = (_transcoded(job), _as_webp(job, encoders), _as_png(job), _without_metadata(job))
    for data, format_name in chain(*forms):
        yield Candidate(data, format_name, None, job.source_size, 0.0, is_complete=True)


def _transcoded(job: Job) -> Iterator[tuple[bytes, FormatName]]:
    if job.decoded.source.format == "jpeg" and "jpeg" in job.formats:
        data = transcode(job.data, stored=job.decoded.stored, limits=job.decode_limits)
        if data is not None:
            yield data, "jpeg"


def _as_webp(job: Job, encoders: Sequence[Encoder]) -> Iterator[tuple[bytes, FormatName]]:
    if not _is_stored_exactly(job) or job.decoded.source.depth > _DEPTH:
        return
    picture = job.decoded.stored
    for encoder in encoders:
        if not (encoder.is_lossless and encoder.format in job.formats and encoder.takes(picture)):
            continue
        if not job.decoded.source.has_alpha:
            data = encoder.encode(picture, None)
            if _is_same(job, data):
                yield from _completed(job, data, encoder.format)
        elif encoder.format == "webp":
            yield from _with_alpha(job)


def _with_alpha(job: Job) -> Iterator[tuple[bytes, FormatName]]:
    with room_for(job.source_size.pixels):
        channels = read_channels(job.data, job.decode_limits)
        data = write_webp(channels) if channels.transparency == "alpha" else None
    if data is not None and _is_same(job, data):
        yield from _completed(job, data, "webp")


def _as_png(job: Job) -> Iterator[tuple[bytes, FormatName]]:
    if "png" not in job.formats or job.decoded.source.format not in ("png", "gif"):
        return
    is_gif = job.decoded.source.format == "gif"
    data = gif_as_png(job.data, job.decode_limits) if is_gif else rewrite_png(job.data)
    if data is not None and _is_same(job, data):
        yield from _completed(job, data, "png")


def _without_metadata(job: Job) -> Iterator[tuple[bytes, FormatName]]:
    source = job.decoded.source
    data = bare(job.data)
    if source.format in job.formats and _is_same(job, data):
        yield from _completed(job, data, source.format)


def _is_same(job: Job, data: bytes) -> bool:
    """Tell whether fewer bytes hold the same, in every channel of pictures that have more than three."""
    source = job.decoded.source
    if len(data) >= len(job.data):
        return False
    if not source.has_alpha and source.depth == _DEPTH and source.mode != INKS:
        return np.array_equal(decode(data, job.decode_limits).stored.pixels, job.decoded.stored.pixels)
    with room_for(job.source_size.pixels):
        return reads_alike(job.data, data, job.decode_limits)


def _completed(job: Job, data: bytes, format_name: FormatName) -> Iterator[tuple[bytes, FormatName]]:
    """Put in what must travel along; nothing where the format cannot hold it, or nothing is gained."""
    try:
        completed = attach(data, read_metadata(job.data))
    except ValueError:
        return
    if len(completed) < len(job.data):
        yield completed, format_name


def _is_stored_exactly(job: Job) -> bool:
    if job.decoded.source.format == "webp":
        return any(part.kind == b"VP8L" for part in webp_chunks(job.data))
    return job.decoded.source.is_lossless
