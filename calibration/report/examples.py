"""Pictures a reader can judge for herself: one reference, and 0.5, 1 and 2 JND of each distortion.

Rendered from the session's own reference, as small inline images. Low-level damage is cut out at its own
resolution, since shrinking would hide it; damage that has a place is shown whole.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.assessment import Assessment, asks_a_task
from calibration.image import (
    Image,
    ImageError,
    center_square,
    encode_jpeg,
    encode_png,
    fit_within,
    load,
    resize,
)
from calibration.profile import JndProfile
from calibration.summary import describe_level

SHOWN_SIDE = 192  # pixels
_LOSSLESS_SIDE = 112  # up to this side PNG is small enough
_QUALITY = 90
_WHOLE = frozenset({"mask", "qr", "text", "angle", "distance"})
_FRACTIONS = ((0.5, "0.5 JND"), (1.0, "1 JND"), (2.0, "2 JND"))


@dataclass(frozen=True)
class Picture:
    """One picture with its caption."""

    caption: str
    level: str
    url: str  # data: URL


@dataclass(frozen=True)
class ExampleRow:
    """One distortion: the reference, then growing damage."""

    name: str
    label: str
    pictures: tuple[Picture, ...]
    note: str  # why the damage shown is not 0.5, 1 and 2 JND; else empty


@dataclass(frozen=True)
class Examples:
    """Every row, or why there are none."""

    image: str  # the reference's name
    rows: tuple[ExampleRow, ...]
    missing: str  # why there are no rows; else empty


def render_examples(
    profile: JndProfile, assessments: Mapping[str, Assessment], images: Path | None
) -> Examples:
    """Render the first reference of the log that can still be read.

    `images` is the folder the session drew its references from, None when it is not known.
    """
    if images is None or not images.is_dir():
        where = "their folder is not known" if images is None else f"the folder {images.name} is gone"
        return Examples("", (), f"The session's reference pictures are not at hand: {where}.")
    names = sorted({trial.stimulus.image for found in assessments.values() for trial in found.trials})
    for name in names:
        reference = _load(images, name, profile.stimulus_side)
        if reference is not None:
            rows = tuple(_row(found, reference) for found in assessments.values())
            return Examples(name, rows, "")
    return Examples("", (), f"None of the session's reference pictures is left in the folder {images.name}.")


def _load(images: Path, name: str, side: int | None) -> Image | None:
    """Return the reference as it was shown; None when it is gone or unreadable."""
    path = images / name
    if not path.resolve().is_relative_to(images.resolve()):
        return None  # a log from elsewhere may name any file
    try:
        image = load(path)
    except (ImageError, OSError):
        return None
    return image if side is None else center_square(image, side)


def _row(assessment: Assessment, reference: Image) -> ExampleRow:
    distortion = assessment.distortion
    levels, note = _levels(assessment)
    pictures = [Picture("reference", "level 0", _url(reference, distortion.name, reference))]
    seed = assessment.trials[0].stimulus.seed
    for level, caption in levels:
        damaged = distortion.apply(reference, level, np.random.default_rng(seed))
        pictures.append(Picture(caption, f"level {level:.3g}", _url(damaged, distortion.name, reference)))
    return ExampleRow(distortion.name, distortion.label, tuple(pictures), note)


def _levels(assessment: Assessment) -> tuple[list[tuple[float, str]], str]:
    """Return levels with captions, and a note where they are not 0.5, 1 and 2 JND."""
    found, strongest = assessment.threshold, float(assessment.distortion.levels)
    if found.status == "unmeasurable" or not found.threshold:
        return _shares(strongest), "No JND could be measured; these are shares of the scale."
    if found.status == "censored":
        never = (
            "The answer changed at no level" if asks_a_task(assessment.trials) else "Not noticed at any level"
        )
        return _shares(strongest), f"{never} (JND {describe_level(found, int(strongest))})."
    if found.status == "blunt":
        seldom = "The answer changes too seldom" if asks_a_task(assessment.trials) else "Noticed too seldom"
        return _shares(strongest), f"{seldom} even at the strongest level; these are shares of the scale."
    levels = [(found.threshold * times, caption) for times, caption in _FRACTIONS]
    if found.threshold > strongest:
        return _shares(strongest), "The JND lies beyond the strongest level; these are shares of the scale."
    if levels[-1][0] > strongest:
        levels[-1] = (strongest, f"{strongest / found.threshold:.3g} JND")
        return levels, "The scale ends before 2 JND."
    return levels, ""


def _shares(strongest: float) -> list[tuple[float, str]]:
    return [(strongest * share, caption) for share, caption in ((0.25, "¼"), (0.5, "½"), (1.0, "strongest"))]


def _url(image: Image, distortion: str, reference: Image) -> str:
    # A picture sent smaller is enlarged again, as the model's own resize would do.
    image = resize(image, reference.width, reference.height, "bicubic")
    small = fit_within(image, SHOWN_SIDE) if distortion in _WHOLE else _centre(image)
    if max(small.width, small.height) <= _LOSSLESS_SIDE:
        return _data_url("image/png", encode_png(small))
    return _data_url("image/jpeg", encode_jpeg(small, _QUALITY))


def _centre(image: Image) -> Image:
    """Cut the middle at the picture's own resolution."""
    height, width = min(image.height, SHOWN_SIDE), min(image.width, SHOWN_SIDE)
    top, left = (image.height - height) // 2, (image.width - width) // 2
    return Image(np.ascontiguousarray(image.pixels[top : top + height, left : left + width]))


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
