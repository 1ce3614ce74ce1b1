"""What people do to photographs before they send them once more."""

from collections.abc import Mapping

import cv2
import numpy as np
from detection_pairs import PHOTOGRAPH_EDITS, Change
from PIL import Image as PillowImage
from PIL import ImageFilter, ImageOps


def _annotated(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    pixels = np.array(picture)
    corner = rng.uniform(0.1, 0.5, 2) * pixels.shape[1::-1]
    far = corner + 0.3 * np.array(pixels.shape[1::-1])
    cv2.rectangle(pixels, corner.astype(int).tolist(), far.astype(int).tolist(), (255, 200, 0), 3)
    return PillowImage.fromarray(pixels)


EDITS_OF_PEOPLE: Mapping[str, Change] = PHOTOGRAPH_EDITS | {
    "annotated": _annotated,
    "turned": lambda picture, _rng: picture.transpose(PillowImage.Transpose.ROTATE_90),
    "stored otherwise": lambda picture, _rng: picture,
    "grey": lambda picture, _rng: ImageOps.grayscale(picture).convert("RGB"),
    "softened": lambda picture, _rng: picture.filter(ImageFilter.GaussianBlur(1.2)),
    "levels": lambda picture, _rng: ImageOps.autocontrast(picture, cutoff=1),
    "larger": lambda picture, _rng: picture.resize((picture.width * 5 // 4, picture.height * 5 // 4)),
}
