"""Choose what text, screens and charts are sent as: unchanged where that pays, since any change costs words.

A reader of small letters misreads a few whatever is changed, and a finer change costs it no fewer: of screens
shown smaller, JPEG of quality 90 loses as many words as quality 97 does. So the pixels that the provider
shows are kept wherever that makes the file light enough, at the picture's own size or at the size shown, and
a codec that changes them must make it much lighter. How heavy the unchanged pixels would be is told by bands
of them. Where nothing has a hue, WebP is read as well as JPEG is, at half of the bytes; coloured letters keep
their colours in JPEG with full chroma alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from calibration.across_channels import range_of_channels
from calibration.encoders import JPEG_FULL_CHROMA, WEBP, Encoder
from calibration.image import Image, encode_png_palette
from gateway.compression.job import Candidate, Job
from gateway.compression.lossless import same_pixels
from gateway.providers.sizes import Size

TEXT_CLASSES = frozenset({"document", "screen", "chart"})
LEAST_TEXT_QUALITY = 92

_PAYS = 2 / 3  # of the bytes that came: unchanged pixels that leave no more are sent in any case
_MAY_PAY = 1.25  # of them, by the estimate, which errs by half: what is heavier is not written
_WORTH_WORDS = 0.5  # of them: a changed version may leave no more where there is an unchanged one

_DEPTH = 8  # bits a channel that every codec here holds
_OWN_SIZE_PIXELS = 3_200_000  # up to which a picture shown smaller is written at its own size, too
_QUICK_PIXELS = 500_000  # up to which writing takes no longer than an estimate is worth
_BAND_ROWS, _BAND_EVERY = 32, 8  # one band in so many is written for the estimate
_HUE = 12  # grey levels between the channels of a pixel that has one
_HUELESS = 0.998  # share of the pixels looked at: a line of coloured letters has more
_LOOKED_AT_EVERY = 5  # pixels


def text_versions(
    job: Job,
    picture: Image,
    size: Size,
    encoders: Sequence[Encoder],
    changed: Callable[[], Iterator[Candidate]],
) -> Iterator[Candidate]:
    """Yield what may be sent of a picture with words on it, those that cost too many words left out.

    Args:
        job: The picture as it came.
        picture: Its pixels as they are stored, at `size`.
        size: The size to send, upright.
        encoders: What the unchanged pixels may be written with.
        changed: Makes the versions whose pixels a codec changed; called where they are wanted only.
    """
    unchanged = [each for each in _unchanged(job, picture, size, encoders) if _is_lighter(each, job)]
    if any(_leaves(each, _PAYS, job) for each in unchanged):
        yield from unchanged
        return
    lighter = list(changed())
    if job.must_change or any(_leaves(each, _WORTH_WORDS, job) for each in lighter):
        yield from (*unchanged, *lighter)
        return
    if not job.decoded.source.is_lossless and not job.decoded.is_reduced:
        unchanged += islice((each for each in same_pixels(job, encoders) if _is_lighter(each, job)), 1)
    yield from unchanged or lighter


def text_encoders(picture: Image, encoders: Sequence[Encoder]) -> list[Encoder]:
    """Return the codecs that letters are still read in, the better one first."""
    return [WEBP, JPEG_FULL_CHROMA] if WEBP in encoders and _is_hueless(picture) else [JPEG_FULL_CHROMA]


def _is_lighter(candidate: Candidate, job: Job) -> bool:
    """Tell whether a file is lighter than what came, and as light as its provider wants it."""
    most = len(job.data) - 1
    return len(candidate.data) <= (most if job.most_bytes is None else min(most, job.most_bytes))


def _leaves(candidate: Candidate, share: float, job: Job) -> bool:
    return len(candidate.data) <= share * len(job.data)


def _unchanged(job: Job, picture: Image, size: Size, encoders: Sequence[Encoder]) -> Iterator[Candidate]:
    """Yield files of the pixels as they came, or failing that as they are shown, where they may pay."""
    own: list[Candidate] = []
    is_deep = size == job.source_size and job.decoded.source.depth > _DEPTH
    if "webp" not in job.formats and "png" in job.formats and not is_deep:
        own += _few_colours(job, picture, size)
        yield from own
        if any(_leaves(each, _PAYS, job) for each in own):
            return
    if _is_written_at_its_own_size(job, size) and _may_pay(job, job.decoded.stored, encoders):
        kept = list(islice((each for each in same_pixels(job, encoders) if _is_lighter(each, job)), 1))
        yield from kept
        own += kept
    if any(_leaves(each, _PAYS, job) for each in own):
        return
    if is_deep:
        return
    known = {each.format for each in own if each.size == size}
    if "webp" not in known and _may_pay(job, picture, encoders):
        yield from _exact(job, picture, size, _lossless(job, picture, encoders))


def _is_written_at_its_own_size(job: Job, size: Size) -> bool:
    """Tell whether the picture's own pixels are worth the time, though fewer may be shown."""
    own = job.source_size
    is_quick = size == own or own.width * own.height <= _OWN_SIZE_PIXELS
    return job.decoded.source.is_lossless and is_quick and not job.must_change


def _may_pay(job: Job, picture: Image, encoders: Sequence[Encoder]) -> bool:
    """Estimate from bands, top to bottom, whether the unchanged pixels are light enough to be tried."""
    whole = picture.height // (_BAND_ROWS * _BAND_EVERY) * _BAND_ROWS * _BAND_EVERY
    lossless = _lossless(job, picture, encoders)
    is_quick = picture.width * picture.height <= _QUICK_PIXELS
    if whole == 0 or is_quick or not lossless:
        return True
    rows = picture.pixels[:whole].reshape(-1, _BAND_EVERY, _BAND_ROWS, picture.width, 3)  # (N, 8, 32, w, 3)
    bands = Image(np.ascontiguousarray(rows[:, _BAND_EVERY // 2]).reshape(-1, picture.width, 3))
    written = lossless[0].encode(bands, None)
    return len(written) * picture.height <= _MAY_PAY * len(job.data) * bands.height


def _lossless(job: Job, picture: Image, encoders: Sequence[Encoder]) -> list[Encoder]:
    usable = (each for each in encoders if each.is_lossless and each.format in job.formats)
    return [each for each in usable if each.takes(picture)]


def _exact(job: Job, picture: Image, size: Size, encoders: Iterable[Encoder]) -> Iterator[Candidate]:
    for encoder in encoders:
        data = encoder.encode(picture, None)
        if np.array_equal(job.reread(data).pixels, picture.pixels):
            yield Candidate(data, encoder.format, None, size, 0.0)


def _few_colours(job: Job, picture: Image, size: Size) -> Iterator[Candidate]:
    """Yield PNG with a palette, for those who take no WebP."""
    data = encode_png_palette(picture)
    if data is not None and np.array_equal(job.reread(data).pixels, picture.pixels):
        yield Candidate(data, "png", None, size, 0.0)


def _is_hueless(picture: Image) -> bool:
    seen = picture.pixels[::_LOOKED_AT_EVERY, ::_LOOKED_AT_EVERY]
    return float((range_of_channels(seen) <= _HUE).mean()) >= _HUELESS
