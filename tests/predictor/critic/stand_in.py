"""A judge of quality for tests of those who ask one: its numbers are plain measures of the pixels."""

import numpy as np

from calibration.image import Decoded
from predictor.critic.critic import NotJudgedError
from predictor.critic.critique import OUTSIDE_TRAINING, Attributes, Critique, Ninth, QualityMap
from predictor.critic.outside import UNLIKE_PHOTOGRAPHS

SMALLEST = 8  # pixels a side
WHITE = 100.0


class StandInCritic:
    """Says that bright pictures are good, white ones a guess, the upper left blurred; remembers nothing."""

    def critique(self, decoded: Decoded) -> Critique:
        image = decoded.image
        if min(image.width, image.height) < SMALLEST:
            raise NotJudgedError(
                f"expected at least {SMALLEST} pixels a side, got {image.width}x{image.height}"
            )
        light = 100 * float(np.mean(image.pixels)) / 255
        ninths = (Ninth(max(0.0, light - 15), "blurred"), *[Ninth(light)] * 8)
        return Critique(
            mos=light,
            interval=(max(0.0, light - 7), min(100.0, light + 7)),
            attributes=Attributes(light, 50, 50, 20, 60),
            quality_map=QualityMap(ninths),
            generated_probability=None,
            generated_reason=OUTSIDE_TRAINING,
            outside=UNLIKE_PHOTOGRAPHS if light == WHITE else None,
        )
