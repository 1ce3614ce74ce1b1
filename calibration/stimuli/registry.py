"""Every distortion by its name."""

from collections.abc import Mapping
from types import MappingProxyType

from calibration.stimuli import delivery, injection, low_level, viewpoint
from calibration.stimuli.distortion import Distortion

DISTORTIONS: Mapping[str, Distortion] = MappingProxyType(
    {
        distortion.name: distortion
        for distortion in (
            low_level.BLUR,
            low_level.BRIGHTNESS,
            low_level.SATURATION,
            low_level.CONTRAST,
            low_level.JPEG,
            low_level.NOISE,
            low_level.BANDING,
            injection.MASK,
            injection.QR,
            injection.TEXT,
            viewpoint.ANGLE,
            viewpoint.DISTANCE,
            delivery.WEBP,
            delivery.RESCALE,
            delivery.PNG8,
        )
    }
)

DEFAULT_DISTORTIONS = "blur,brightness,saturation,contrast,jpeg,noise,webp,rescale"  # of `jnd-calibrate run`

# Dataset only. The fifteen names above are what profiles hold and what predictor artifacts index; 4:2:0 also
# comes with every JPEG and WebP level, so a threshold of its own would tell a compressor nothing new.
DELIVERY_EXTRAS: Mapping[str, Distortion] = MappingProxyType({delivery.CHROMA.name: delivery.CHROMA})

ALL_DISTORTIONS: Mapping[str, Distortion] = MappingProxyType({**DISTORTIONS, **DELIVERY_EXTRAS})


def select_distortions(names: str) -> list[Distortion]:
    """Read a command-line choice: `all`, or names separated by commas.

    Raises:
        LookupError: A name is unknown.
    """
    if names == "all":
        return list(DISTORTIONS.values())
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    unknown = sorted(set(chosen) - set(DISTORTIONS))
    if unknown or not chosen:
        raise LookupError(
            f"expected names among {', '.join(DISTORTIONS)}; got {', '.join(unknown) or 'none'}"
        )
    return [DISTORTIONS[name] for name in chosen]
