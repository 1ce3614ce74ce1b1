"""Decode a picture no further than to the size at which its model is shown it, where nothing else needs more.

Detectors look at every pixel; so this is for pictures that are lightened and not inspected. A JPEG is then
scaled while it is decoded. What is judged is judged against that, which is the picture's own area reduction
but for the decoder's rounding.
"""

from calibration.image import Decoded, decode, decode_reduced
from calibration.image_source import DecodeLimits
from calibration.profile import JndProfile
from calibration.upright_size import upright_size
from gateway.compression.plan import Tier
from gateway.providers.rules import ProviderRules, Recipient
from gateway.providers.sizes import Size


def decode_for_lightening(
    data: bytes,
    limits: DecodeLimits,
    *,
    rules: ProviderRules,
    tier: Tier,
    profile: JndProfile,
    recipient: Recipient,
) -> Decoded:
    """Decode as far as lightening at a tier for a recipient needs.

    The whole picture for the exact tier, and for a model whose own input is known: that search begins at the
    picture's own size.

    Raises:
        ImageError: As `calibration.image.decode`.
    """
    size = upright_size(data)
    if size is None or tier == "exact" or profile.input_side is not None:
        return decode(data, limits)
    shown = rules.of(recipient.provider).rule(recipient.model, recipient.detail).seen(Size(*size))
    return decode_reduced(data, limits, least=(shown.width, shown.height))


def whole(decoded: Decoded, data: bytes) -> Decoded:
    """Decode all of a picture of which a reduced reading passed every limit."""
    source = decoded.source
    return decode(data, DecodeLimits(len(data), source.width * source.height, source.frames))
