"""A gateway whose workers judge without a predictor: `python -m tests.gateway.serving.stand_in CONFIG`.

`/readyz` names the worker that answers. `artifact` is a folder whose `card.json` is told as its version; the
word `damaged` fails the worker. An image is an edit if the caller sent one of the same size before.
"""

import os
import sys
from pathlib import Path

from calibration.image_source import DecodeLimits
from calibration.profile import default_profile
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.memory.cache import ByteBoundedCache
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from gateway.pipeline import Pipeline, Profiles
from gateway.serving.supervisor import supervise
from gateway.settings import Settings
from gateway.settings_file import load_settings


class Inspector:
    """Knows a picture again by its size."""

    def __init__(self, seen: SeenPictureStore) -> None:
        self._seen = seen

    def inspect(self, examined: Examined) -> Verdict:
        image = examined.decoded.image
        size = image.width << 32 | image.height
        found = self._seen.alike(examined.tenant, size, 0)
        self._seen.remember(examined.tenant, KeptPicture.of(SeenPicture(image, size, examined.digest)))
        is_edit = any(each.digest != examined.digest for each in found)
        return Verdict("imperceptible_edit" if is_edit else "clean", 0.001, 0.5, (), "the size says so")


def load_pipeline(settings: Settings, seen: SeenPictureStore) -> Pipeline:
    version = (settings.artifact / "card.json").read_text() if settings.artifact is not None else "none"
    if version == "damaged":
        raise ValueError("the artifact is damaged")
    limits = settings.limits
    return Pipeline(
        inspector=Inspector(seen),
        compressor=None,
        profiles=Profiles({}, default_profile()),
        limits=DecodeLimits(limits.max_image_bytes, limits.max_pixels, limits.max_frames),
        provider="test",
        artifact=f"{version} {os.getpid()}",
        version=version,
        cache=ByteBoundedCache(0),
    )


if __name__ == "__main__":
    path = Path(sys.argv[1])
    supervise(
        lambda: load_settings(path),
        announce=lambda _: None,
        source=str(path),
        pipeline="tests.gateway.serving.stand_in:load_pipeline",
    )
