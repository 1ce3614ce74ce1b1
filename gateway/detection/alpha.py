"""Evidence from transparency: is something shown only on a black ground, or once alpha is dropped?

The gateway and most people see a picture on white; some back ends lay it on black, others drop its alpha.
What only they see is a message to the model alone. Rules, no p-value. Light drawings made for a dark
ground, and what a cut-out leaves beneath, are told and never flagged.
"""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from calibration.channels import Channels, read_channels
from calibration.image_source import DecodeLimits, ImageError
from gateway.detection.beneath import Beneath, examine_beneath
from gateway.detection.evidence_places import places_of_grounds
from gateway.detection.grounds import Grounds, compensation, white_on_white
from gateway.detection.opacity import has_two_faces, is_noise, letters_in_opacity, shows_another_picture
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Evidence

_LETTERS = 16  # in rows: more than a name
_MOTTO = 40  # below a mark that is light too: a logo for dark grounds has a line of text
_SHADING = 0.08  # of the picture
_NOISE = 0.2  # correlation of neighbours
_SEAM = 2.1  # times as steep as beside it: 48 cut-outs had 1.9 at most, with others beneath 2.4 at least


class AlphaDetector:
    """Compares what a picture shows on white with what it shows on black and without its alpha."""

    def __init__(self, limits: DecodeLimits | None = None) -> None:
        """Take the limits within which pictures may be decoded."""
        self._limits = limits or DecodeLimits()

    def examine(self, examined: Examined) -> Evidence | None:
        """Look beneath what is transparent; None where nothing is.

        Score: 0 to 1 below the rule, from 1 on an attack; the first frame only.

        Raises:
            NotExaminableError: The channels cannot be read.
        """
        if not examined.decoded.source.has_alpha:
            return None
        try:
            channels = read_channels(examined.data, self._limits)
        except ImageError as error:
            raise NotExaminableError(f"Its transparency cannot be examined: {error}.") from error
        if channels.transparency == "":
            return None
        return judge(*_eight_bits(channels))


def judge(colours: npt.NDArray[np.uint8], opacity: npt.NDArray[np.uint8]) -> Evidence:
    """Judge the stored channels of a picture.

    Args:
        colours: (H, W, 3), not multiplied by alpha.
        opacity: (H, W), 255 is opaque.
    """
    beneath = examine_beneath(colours, opacity)
    grounds = Grounds.of(colours, opacity)
    found = [_of_grounds(grounds), _of_opacity(grounds)]
    if beneath is not None:
        found.append(_of_beneath(beneath))
    worst = max(found, key=lambda evidence: (evidence.is_attack, evidence.score))
    return replace(worst, boxes=places_of_grounds(grounds)) if worst.is_attack else worst


def _of_grounds(grounds: Grounds) -> Evidence:
    made_up = compensation(grounds)
    if made_up.is_computed:
        return _attack(
            1.0 + made_up.share,
            "Its transparency hides on white what it shows on black: the colours make up for it exactly.",
        )
    light = white_on_white(grounds)
    if light.shading >= _SHADING:
        return _attack(
            light.shading / _SHADING,
            "It hides a picture in its transparency, which white paper does not show.",
        )
    if light.letters >= (_MOTTO if light.has_mark else _LETTERS) and not light.is_for_dark:
        return _attack(
            light.letters / _LETTERS, f"It has text that white paper does not show: {light.letters} letters."
        )
    if light.letters or light.is_for_dark:
        return _told(0.5, "It has light lines or letters for a dark ground, which white paper does not show.")
    return _told(0.0, "On white and on black it shows the same.")


def _of_opacity(grounds: Grounds) -> Evidence:
    if shows_another_picture(grounds):
        return _attack(1.0, "Its colours are one picture, and its transparency makes white show another.")
    if has_two_faces(grounds):
        return _attack(1.0, "White and black show two pictures that have nothing in common.")
    letters = letters_in_opacity(grounds.opacity)
    if letters >= _LETTERS:
        return _attack(letters / _LETTERS, f"Text is hidden in its opacity: {letters} letters.")
    if is_noise(grounds.opacity):
        return _attack(1.0, "Noise is hidden in its opacity.")
    return _told(0.0, "Its opacity draws nothing of its own.")


def _of_beneath(beneath: Beneath) -> Evidence:
    goes_on = beneath.seam is not None and beneath.seam < _SEAM
    # In the shadows of foliage letters may be seen; drawn ones have one colour.
    letters = beneath.drawn_letters if goes_on else beneath.letters
    if letters >= _LETTERS and beneath.smoothness > _NOISE:
        return _attack(letters / _LETTERS, f"Text is hidden where it is transparent: {letters} letters.")
    if not beneath.is_structured:
        return _told(0.1, "Where it is transparent nothing is hidden.")
    if goes_on:
        return _told(0.5, "Where it is transparent the rest of the picture is left that it was cut out of.")
    return _attack(1.0, "Another picture is hidden where it is transparent.")


def _attack(score: float, explanation: str) -> Evidence:
    return Evidence("alpha", max(score, 1.0), None, None, explanation, is_attack=True)


def _told(score: float, explanation: str) -> Evidence:
    return Evidence("alpha", min(score, 0.999), None, None, explanation)


def _eight_bits(channels: Channels) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    values = channels.values
    eight = values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
    return np.ascontiguousarray(eight[..., :3]), np.ascontiguousarray(cv2.extractChannel(eight, 3))
