"""Evidence from the noise of one picture alone, no reference needed."""

from calibration.image import Decoded
from gateway.detection.verdict import Evidence
from predictor.predict import Predictor


def inspect_residual(decoded: Decoded, predictor: Predictor) -> Evidence:
    """Ask the learned detector whether the picture carries an added perturbation.

    Raises:
        PictureTooSmallError: The picture is too small to say anything.
        ArtifactError: The artifact has no residual part.
    """
    finding = predictor.residual(decoded.image, decoded.source)
    return Evidence("residual", finding.score, finding.p_value, None, finding.explanation)
