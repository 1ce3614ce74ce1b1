"""Offer the very pixels in fewer bytes: JPEG coefficients coded better, PNG and GIF as lossless WebP.

What comes out is decoded and compared; nothing else may be called exact. A picture of 16 bits a channel is
not the same at 8.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from calibration.encoders import Encoder
from calibration.image import Image, decode
from calibration.lossless_jpeg import transcode
from gateway.compression.job import Candidate, Job

_DEPTH = 8  # bits a channel that every form here holds


def same_pixels(job: Job, encoders: Sequence[Encoder]) -> Iterator[Candidate]:
    """Yield lossless versions at the picture's own size, smaller or not."""
    source = job.decoded.source
    if source.format == "jpeg" and "jpeg" in job.formats:
        data = transcode(job.data, stored=job.decoded.stored)
        if data is not None:
            yield Candidate(data, "jpeg", None, job.source_size, 0.0)
    if not source.is_lossless or source.depth > _DEPTH:
        return
    for encoder in encoders:
        if encoder.is_lossless and encoder.format in job.formats and encoder.takes(job.decoded.stored):
            data = encoder.encode(job.decoded.stored, None)
            if _is_same(data, job.decoded.stored):
                yield Candidate(data, encoder.format, None, job.source_size, 0.0)


def _is_same(data: bytes, picture: Image) -> bool:
    return np.array_equal(decode(data).image.pixels, picture.pixels)
