"""Tell beside a verdict how good a picture looks to people: a flag is easier to weigh with it.

A noisy or blurred photograph is not for that an attack, and a flag on a clean, sharp one weighs more. Nothing
here changes what is flagged.
"""

import logging
from dataclasses import dataclass, replace
from typing import Literal

from calibration.image import Decoded
from gateway.detection.verdict import Verdict
from predictor.critic.critic import NotJudgedError
from predictor.critic.description import describe
from predictor.critic.file_critic import FileCritic

LooksOf = Literal["flagged", "all", "none"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """How good one picture looks."""

    quality: float  # mean opinion score, 0 to 100
    is_guessed: bool = False  # the picture is unlike the photographs that the score was learned from


@dataclass(frozen=True)
class Looks:
    """Who judges, and of which pictures it is told."""

    critic: FileCritic
    pictures: LooksOf = "flagged"

    def told(self, decoded: Decoded, verdict: Verdict) -> tuple[Verdict, Look | None]:
        """Return the verdict with a sentence where it flags, and how good the picture looks.

        None stands for a picture that nobody asked about, or that cannot be judged.
        """
        if self.pictures == "none" or not (verdict.flags or self.pictures == "all"):
            return verdict, None
        try:
            found = self.critic.judge_pixels(decoded)
        except NotJudgedError:
            return verdict, None
        except Exception:
            log.exception("a picture's quality could not be judged; its verdict stands")
            return verdict, None
        if verdict.flags:
            verdict = replace(verdict, explanation=f"{verdict.explanation} How it looks: {describe(found)}")
        return verdict, Look(found.mos, found.outside is not None)
