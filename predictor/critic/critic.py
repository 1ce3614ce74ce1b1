"""Who judges how good a picture looks: the one seam between a trained judge and those who ask."""

from typing import Protocol

from calibration.image import Decoded
from predictor.critic.critique import Critique


class NotJudgedError(ValueError):
    """A picture that can be read and cannot be judged: it is too small, say."""


class Critic(Protocol):
    """A judge of quality: the specialist, or a model that is asked in words."""

    def critique(self, decoded: Decoded) -> Critique:
        """Judge one picture by its pixels.

        The provenance of what is returned is empty: it is read from the file, not from pixels.

        Raises:
            NotJudgedError: It cannot be judged.
        """
        ...
