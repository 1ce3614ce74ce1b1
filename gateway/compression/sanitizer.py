"""Re-encode a picture so that edits too small to be seen do not reach the model, and what is seen does.

The canonical form: one frame, upright, 8 bits of sRGB, no transparency, no metadata, at the size the model is
shown; noise like that of attacks taken out, where there is any (`noise_level`, `shrinkage`); a lossy codec
last. The same bytes give the same bytes, never more of them, nor more
tokens. It undoes hidden edits made without knowledge of it; nothing is promised against who attacks through
it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from calibration.encoders import JPEG, JPEG_FULL_CHROMA, WEBP, Encoder, reduce_to
from calibration.image import Decoded, Image, encode_png_palette, quantize_palette
from calibration.image_source import FormatName
from calibration.left_behind import left_behind
from calibration.profile import JndProfile
from gateway.compression.noise_level import noise_level
from gateway.compression.plan import CompressionPlan
from gateway.compression.shrinkage import shrink_noise
from gateway.providers.limits import Limits
from gateway.providers.rules import ProviderRules, Recipient
from gateway.providers.sizes import Size

SANITIZER_VERSION = "3"  # of all that decides what is sent, `hidden_parts` too

_SCALES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.125)  # of the size shown, where nothing larger is light enough
_QUALITIES = (92, 85, 75, 60, 45, 30)
_COLOURS = 128  # of a palette: for drawings whose few colours take fewer bytes so than in any lossy codec
_FULL_CHROMA_PIXELS = 250_000  # up to which colours lie close together, and chroma keeps its resolution
_TYPE_BYTES = 3  # a request may name the new type in a letter more, which costs four of base64
# Times the model's input, where no noise is to be taken out: its own kernel does the rest. Of 152 confident
# answers of two classifiers to clean training photographs, reducing to the input changed 2, to twice it none.
_OVER_INPUT = 2
_LEAST_REDUCED = 3  # times the input: from less, reducing blurs more than the model's kernel; 1 of 67 changed
_LEAST_SCALED_QUALITY = 60  # before the picture gets smaller: a smaller one at this quality shows more


class NotSanitizableError(ValueError):
    """No canonical form is as light as what came."""


@dataclass(frozen=True)
class Sanitizer:
    """Writes canonical forms; holds nothing between pictures."""

    providers: ProviderRules

    def sanitize(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done.

        Raises:
            NotSanitizableError: No version is as light as what came, or within the provider's limits.
        """
        rules = self.providers.of(recipient.provider)
        limits = self.providers.limits_of(recipient)
        rule = rules.rule(recipient.model, recipient.detail)
        came = Size(*decoded.whole_size)
        shown = _shown(came, rule.seen(came), limits, recipient)
        image = reduce_to(decoded.image, shown.width, shown.height)
        level = noise_level(image)
        side = None if recipient.is_framed else profile.input_side
        size = _at_input(shown, side, times=1 if level else _OVER_INPUT, least=1 if level else _LEAST_REDUCED)
        clean = shrink_noise(reduce_to(image, size.width, size.height), level)
        most = _least(len(data) - _TYPE_BYTES, limits.image_bytes(step=recipient.limit_step))
        formats = rules.formats_for(decoded.source.format) - limits.refused
        for found in _versions(clean, formats, is_flat=decoded.source.is_lossless):
            if len(found.data) <= most and rule.tokens(found.size) <= rule.tokens(came):
                break
        else:
            raise NotSanitizableError(f"expected a version of at most {most} bytes, found none")
        return found.data, CompressionPlan(
            format=found.format,
            quality=found.quality,
            width=found.size.width,
            height=found.size.height,
            bytes_in=len(data),
            bytes_out=len(found.data),
            tokens_in=rule.tokens(came),
            tokens_out=rule.tokens(found.size),
            probability=0.0,
            tier="sanitized",
            reason="",
            left_behind=(*left_behind(data), *_lost(decoded)),
        )


@dataclass(frozen=True, eq=False)
class _Version:
    data: bytes
    format: FormatName
    quality: int | None
    size: Size


def _shown(came: Size, shown: Size, limits: Limits, recipient: Recipient) -> Size:
    """Return the size the provider shows the model, within its limits."""
    most = limits.fitted(came, images=recipient.images)
    return shown if shown.pixels < most.pixels else most


def _at_input(shown: Size, side: int | None, *, times: int, least: int) -> Size:
    """Return the size of `times` the model's input for what is of more than `least` times; else as shown."""
    shortest = min(shown.width, shown.height)
    if side is None or shortest <= least * side:
        return shown
    to = times * side
    return Size(max(to, round(shown.width * to / shortest)), max(to, round(shown.height * to / shortest)))


def _versions(clean: Image, formats: frozenset[FormatName], *, is_flat: bool) -> Iterator[_Version]:
    """Yield versions from the best to the lightest; JPEG, which every API reads, where none is allowed."""
    encoder = _encoder(clean, formats)
    for scale in _SCALES:
        size = Size(max(1, round(clean.width * scale)), max(1, round(clean.height * scale)))
        picture = reduce_to(clean, size.width, size.height)
        for quality in _QUALITIES:
            if scale < 1.0 and quality > _LEAST_SCALED_QUALITY:
                continue
            if scale == 1.0 and quality == _LEAST_SCALED_QUALITY and is_flat and "png" in formats:
                palette = encode_png_palette(quantize_palette(picture, _COLOURS))
                if palette is not None:
                    yield _Version(palette, "png", None, size)
            yield _Version(encoder.encode(picture, quality), encoder.format, quality, size)


def _encoder(picture: Image, formats: frozenset[FormatName]) -> Encoder:
    if "jpeg" not in formats and "webp" in formats and WEBP.takes(picture):
        return WEBP
    return JPEG_FULL_CHROMA if picture.width * picture.height <= _FULL_CHROMA_PIXELS else JPEG


def _lost(decoded: Decoded) -> tuple[str, ...]:
    losses = {"animation": decoded.source.is_animated, "transparency": decoded.source.has_alpha}
    return tuple(name for name, is_lost in losses.items() if is_lost)


def _least(one: int, other: int | None) -> int:
    return one if other is None else min(one, other)
