"""Evidence from a file that is not decoded: damaged, or a TIFF, which some back ends read all the same.

Only rules that nothing benign meets are asked: text that gives orders, text too faint to be seen, a page that
is there for whoever reads further than the first. Where none finds anything nobody has vouched for the
picture: it stays unchecked, never clean.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from calibration.cut_short import decode_cut_short
from calibration.image import Decoded
from calibration.image_header import format_in_header
from calibration.image_source import MEDIA_TYPES, DecodeLimits, ImageError
from calibration.profile import default_profile
from calibration.tiff_pages import TiffPage, is_tiff, read_pages
from calibration.unfinished_jpeg import missing_bits
from gateway.detection.beside_pixels import BesidePixels, beside_pixels
from gateway.detection.container import Finding, evidence_of, findings_in_texts
from gateway.detection.faint_frames import Levels, faint_letters_among, letters_of
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.likeness import STRUCTURED, likeness, strength, structure
from gateway.detection.odd_thumbnail import is_unlike
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Evidence, Verdict, conclude

log = logging.getLogger(__name__)

_SAME_SHAPE = 0.05  # of width by height
_ALPHA = 0.01  # no test is among the evidence: rules alone
_SIDE = 512  # pixels: letters are legible
_MOST_PAGES, _MOST_PIXELS = 16, 32_000_000
_MOST_DECODED = 25_000_000  # pixels of half a JPEG
_LETTERS = 16  # in rows: more than a name
_UNRELATED = 0.3  # likeness
_FLAT_SHARE = 0.5  # of a drawing or page; photographs have a third
_LEAST_QUALITY = 75  # of a JPEG whose last bits are missing: below, its blocks look like letters


def judge_unread(
    data: bytes, error: ImageError, limits: DecodeLimits, check_time: Callable[[], None] = lambda: None
) -> Verdict | None:
    """Return what is found in a file that could not be decoded; None where nothing worth an alarm is.

    Args:
        data: The file.
        error: Why it was not decoded; what is too large is not looked at.
        limits: Within which pictures may be decoded.
        check_time: Asked between pages and detectors; what it raises is passed on.

    Raises:
        MemoryError: There is none left at the moment.
    """
    if error.reason not in ("damaged", "unknown_format"):
        return None
    odd = evidence_of(list(_findings(data, limits, check_time)))
    check_time()
    found = [odd, _faint_text(data, limits, check_time)]
    evidence = [each for each in found if each is not None and each.is_attack]
    return conclude(evidence, alpha=_ALPHA) if evidence else None


def media_type_of(data: bytes) -> str:
    """Return the media type of a file that is not decoded, by how it begins; empty where that names none."""
    name = format_in_header(data)
    if name is not None:
        return MEDIA_TYPES[name]
    return "image/tiff" if is_tiff(data) else ""


def _findings(data: bytes, limits: DecodeLimits, check_time: Callable[[], None]) -> Iterator[Finding]:
    if not is_tiff(data):
        yield from findings_in_texts(beside_pixels(data))
        return
    read = read_pages(
        data,
        limits,
        side=_SIDE,
        most_pages=_MOST_PAGES,
        most_pixels=_MOST_PIXELS,
        check_time=check_time,
    )
    if read.left_out:
        log.info("not all pages of a TIFF were looked at: %s", read.left_out)
    check_time()
    texts = (text for page in read.pages for text in page.texts)
    yield from findings_in_texts(BesidePixels(tuple(texts), b""))
    if (odd := _odd_page(read.pages)) is not None:
        yield Finding(odd)


def _odd_page(pages: Sequence[TiffPage]) -> str | None:
    """Say which page is there to be read by machines alone.

    Sheets of a document say that they are pages, or begin with a sheet that is drawn or written too; people
    turn them. Text as large as the photograph that it follows unannounced people are not shown.
    """
    if len(pages) < 2:
        return None
    greys = [cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) for page in pages]
    first = pages[0]
    is_document = first.is_stated or _is_drawn(greys[0])
    for number, (page, grey) in enumerate(zip(pages[1:], greys[1:], strict=True), 2):
        if page.is_mask:
            continue
        if page.is_reduced:
            # A label of a slide is reduced too, but of another shape.
            if _has_shape_of(page, first) and is_unlike(page.pixels, first.pixels):
                return (
                    f"Page {number} of the file says that it is a copy of the first, and is another picture"
                )
        elif not is_document and _is_text_behind(first, page, grey):
            return f"Page {number} of the file is text, behind a photograph that does not tell of it"
    # What making a smaller copy leaves at the edges of letters looks like fainter ones.
    numbers = [n for n, page in enumerate(pages) if n == 0 or not (page.is_mask or _is_overview(page, first))]
    if (faint := faint_letters_among([greys[number] for number in numbers])) is not None:
        return f"In page {numbers[faint - 1] + 1} of the file, text is hidden that the first has not"
    return None


def _has_shape_of(page: TiffPage, first: TiffPage) -> bool:
    (width, height), (first_width, first_height) = page.size, first.size
    return abs(width * first_height - height * first_width) <= _SAME_SHAPE * width * first_height


def _is_overview(page: TiffPage, first: TiffPage) -> bool:
    return page.is_reduced and page.size[0] < first.size[0] and _has_shape_of(page, first)


def _is_text_behind(first: TiffPage, page: TiffPage, grey: Levels) -> bool:
    if page.is_stated or page.size != first.size or not _is_drawn(grey):
        return False
    other = structure(page.pixels)
    is_another = strength(other) >= STRUCTURED and likeness(structure(first.pixels), other) <= _UNRELATED
    return is_another and letters_of(grey) >= _LETTERS


def _is_drawn(grey: Levels) -> bool:
    """Whether most neighbours (H, W) are equal: a page, a chart, a screen."""
    return float((np.abs(np.diff(grey, axis=1)) < 1.0).mean()) > _FLAT_SHARE


def _faint_text(data: bytes, limits: DecodeLimits, check_time: Callable[[], None]) -> Evidence | None:
    most = DecodeLimits(limits.max_bytes, min(limits.max_pixels, _MOST_DECODED), limits.max_frames)
    shown = decode_cut_short(data, most)
    if shown is None or _quality_left(data, shown) < _LEAST_QUALITY:
        return None
    examined = replace(Examined.by_itself(shown, data, default_profile()), check_time=check_time)
    try:
        return HiddenTextDetector().examine(examined)
    except NotExaminableError:
        return None


def _quality_left(data: bytes, shown: Decoded) -> float:
    """Return the quality, up to 100, left without the scans that are missing: each bit doubles steps."""
    missing = missing_bits(data)
    quality = shown.source.jpeg_quality
    return 0.0 if missing is None or quality is None else 100.0 - (100.0 - quality) * 2**missing
