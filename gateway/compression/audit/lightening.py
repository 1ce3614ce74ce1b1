"""Make of a picture file what the gateway would send in its place; importing this loads torch."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from calibration.freed_memory import keep_freed_memory
from calibration.image import ImageError, decode
from calibration.image_source import MEDIA_TYPES, FormatName
from gateway.assembly import profile_named
from gateway.compression.audit.run import Pair, UnreadablePictureError
from gateway.compression.compressor import Compressor
from gateway.compression.plan import Tier
from gateway.providers.rules import Recipient, load_rules
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor


def lightener(
    folder: Path, *, model: str, provider: str, tier: Tier, max_probability: float, artifact: Path | None
) -> Callable[[str], Pair]:
    """Return what lightens a picture of `folder` by its name, as a gateway of these settings would.

    Raises:
        ArtifactError: The predictor cannot be loaded.
        ProfileError: The model's profile cannot be read.
    """
    use_one_thread()
    keep_freed_memory()
    compressor = Compressor(Predictor.load(artifact), load_rules(), tier, max_probability)
    profile = profile_named(model)

    def lighten(name: str) -> Pair:
        try:
            data = (folder / name).read_bytes()
            decoded = decode(data)
        except (OSError, ImageError) as error:
            raise UnreadablePictureError(str(error)) from error
        smaller, plan = compressor.compress(decoded, data, profile, Recipient(provider, model))
        return Pair(
            original=data,
            original_type=decoded.source.media_type,
            lightened=smaller,
            lightened_type=MEDIA_TYPES[cast(FormatName, plan.format)],
            picture_class=plan.picture_class,
            reason=plan.reason,
        )

    return lighten
