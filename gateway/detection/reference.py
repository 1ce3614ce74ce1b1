"""Evidence from the picture an image should be: what differs, and would the model notice?"""

import numpy as np

from calibration.image import Decoded, Image
from calibration.profile import JndProfile
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.same_picture import is_same_picture
from gateway.detection.verdict import Evidence, Kind
from predictor.predict import PairError, Predictor
from predictor.residual.detector import codec_of


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


def compare_versions(
    kind: Kind, original: Image, decoded: Decoded, predictor: Predictor, profile: JndProfile
) -> Evidence:
    """Say whether a version of a picture was edited beyond re-encoding, and how large that is to the model.

    Raises:
        PairError: The two have different shapes.
    """
    finding = predictor.reencoding(original, decoded.image, codec_of(decoded.source))
    ratio = predictor.notice(original, decoded.image, profile).jnd_ratio
    seen = "would not notice" if ratio < 1.0 else "would notice"
    if finding.p_value > 0.05:
        explanation = (
            "It is a known picture, stored differently: the difference is what codecs and resizing cause."
        )
    else:
        explanation = (
            f"It is a known picture with something changed that re-encoding does not explain "
            f"({finding.unexplained:.1f} grey levels rms); at {ratio:.2f} JND the model {seen} the change."
        )
    return Evidence(kind, finding.score, finding.p_value, ratio, explanation)
