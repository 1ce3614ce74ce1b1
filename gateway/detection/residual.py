"""Evidence from the noise of one picture alone, no reference needed."""

from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Evidence
from predictor.predict import Predictor
from predictor.residual.detector import PictureTooSmallError


class ResidualDetector:
    """Asks the learned detector whether a picture carries an added perturbation."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def examine(self, examined: Examined) -> Evidence:
        """Judge the picture by itself.

        Raises:
            NotExaminableError: It is too small to say anything.
            ArtifactError: The artifact has no residual part.
        """
        decoded = examined.decoded
        try:
            finding = self._predictor.residual(decoded.image, decoded.source)
        except PictureTooSmallError as error:
            raise NotExaminableError(f"Too small to examine: {error}.") from error
        return Evidence("residual", finding.score, finding.p_value, None, finding.explanation)
