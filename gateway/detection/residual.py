"""Evidence from the noise of one picture alone, no reference needed."""

import numpy as np

from calibration.image import Image
from gateway.detection.patterns import has_stripes_of_a_screen, is_pattern
from gateway.detection.places import boxes_of
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Box, Evidence
from predictor.predict import Predictor
from predictor.residual.detector import PictureTooSmallError
from predictor.residual.features import choose_tiles

_PATTERNS = 0.05  # p-value up to which the picture is looked over for patterns the detector was not taught
_WORTH_A_LOOK = 0.02  # p-value up to which it is told where: a flag at the usual rates
_NEARLY = 3.0  # log-odds


class ResidualDetector:
    """Asks the learned detector whether a picture carries an added perturbation."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def examine(self, examined: Examined) -> Evidence:
        """Judge the picture by itself.

        Raises:
            NotExaminableError: It is too small to say anything, or a pattern whose noise was never learned.
            ArtifactError: The artifact has no residual part.
        """
        decoded = examined.decoded
        try:
            finding = self._predictor.residual(decoded.image, decoded.source)
        except PictureTooSmallError as error:
            raise NotExaminableError(f"Too small to examine: {error}.") from error
        if finding.p_value <= _PATTERNS and _is_untaught(decoded.image):
            raise NotExaminableError("A pattern throughout, whose own noise cannot be told from added noise.")
        boxes = self._places(examined) if finding.p_value <= _WORTH_A_LOOK else ()
        return Evidence("residual", finding.score, finding.p_value, None, finding.explanation, boxes=boxes)

    def _places(self, examined: Examined) -> tuple[Box, ...]:
        """Weigh what is suspicious by more than an even chance, or nearly as much as the worst part."""
        image = examined.decoded.image
        log_odds = self._predictor.residual_map(image, examined.decoded.source)
        least = min(0.0, float(log_odds.max()) - _NEARLY)
        strength = np.maximum(log_odds - least, 0.0)
        return boxes_of(strength, image.width, image.height)


def _is_untaught(image: Image) -> bool:
    return is_pattern(image) or has_stripes_of_a_screen(choose_tiles(image))
