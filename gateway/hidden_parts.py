"""Take out of a picture what was found to hide in it and what no re-encoding undoes, before it is sanitized.

Noise is the sanitizer's own matter, which measures it. Strokes of a few grey levels and payloads for
shrinking outlive any codec: their place and their size are known where they were found.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from calibration.image import Decoded, Image
from gateway.compression.faint_text import smooth_faint
from gateway.compression.skipped_pixels import blend_skipped
from gateway.detection.scaling import strongest_payload
from gateway.detection.verdict import Verdict
from gateway.providers.rules import ProviderRules, Recipient

_MOST_PAYLOADS = 3  # sizes at which a picture may show one


def without_hidden_parts(
    decoded: Decoded, verdict: Verdict, rules: ProviderRules, recipient: Recipient
) -> Decoded:
    """Return the picture without the text and the payloads that the verdict tells of."""
    image = smooth_faint(decoded.image, list(_lines(verdict)))
    if any(each.kind == "scaling" and each.is_attack for each in verdict.evidence):
        image = _without_payloads(image, rules, recipient)
    return decoded if np.array_equal(image.pixels, decoded.image.pixels) else replace(decoded, image=image)


def _lines(verdict: Verdict) -> Iterator[tuple[int, int, int, int]]:
    for each in verdict.evidence:
        if each.kind == "hidden_text" and each.is_attack:
            yield from ((left, top, right, bottom) for left, top, right, bottom, _ in each.boxes)


def _without_payloads(image: Image, rules: ProviderRules, recipient: Recipient) -> Image:
    shown = rules.seen(recipient.provider, recipient.model, image.width, image.height)
    for _ in range(_MOST_PAYLOADS):
        strongest = strongest_payload(image.pixels, shown)
        if strongest is None or strongest.score < 1.0:
            break
        image = blend_skipped(image, strongest.target)
    return image
