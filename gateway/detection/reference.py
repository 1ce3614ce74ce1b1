"""Evidence from the picture an image should be: what differs, and would the model notice?"""

import numpy as np

from calibration.image import Image
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.same_picture import is_same_picture
from gateway.detection.verdict import Evidence
from gateway.detection.versions import compare_versions
from predictor.predict import PairError, Predictor


class ReferenceDetector:
    """Compares every image with one reference."""

    def __init__(self, predictor: Predictor, reference: Image) -> None:
        self._predictor = predictor
        self._reference = reference

    def examine(self, examined: Examined) -> Evidence:
        """Judge the image beside the reference.

        Raises:
            NotExaminableError: The two have different shapes.
        """
        version = examined.decoded.image
        if np.array_equal(self._reference.pixels, version.pixels):
            return Evidence("reference", 0.0, 1.0, 0.0, "Every pixel is the reference's.")
        try:
            found = compare_versions(
                "reference", self._reference, examined.decoded, self._predictor, examined.profile
            )
        except PairError as error:
            raise NotExaminableError(f"It cannot be compared with the reference: {error}.") from error
        if is_same_picture(self._reference, version):
            return found
        other = "It shows another picture than the reference."
        return Evidence("reference", found.score, found.p_value, found.jnd_ratio, other)
