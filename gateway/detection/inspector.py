"""Ask every detector about one image and conclude.

A detector that cannot examine an image says why; one that has nothing to go by, such as no earlier picture to
compare with, says nothing; one that breaks costs its own evidence, and is named. Where no detector has any
evidence, of innocence either, the image is unchecked.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.detection.combination import SINGLE, DetectionCalibration
from gateway.detection.protocol import Detector, Examined, NotExaminableError
from gateway.detection.sentences import explain
from gateway.detection.verdict import Evidence, Verdict, conclude, unchecked
from gateway.errors import ImageTimeoutError

log = logging.getLogger(__name__)

_WORDS = re.compile("(?<=[a-z])(?=[A-Z])")


class Inspector:
    """The detectors of one gateway, with the false-alarm rate they share."""

    def __init__(
        self, detectors: Sequence[Detector], alpha: float, calibration: DetectionCalibration | None = None
    ) -> None:
        """Take detectors in the order in which evidence is told, and the false-alarm rate of a verdict.

        Without a calibration every detector is a test of its own, with the p-value that it gives itself.
        """
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
        self._detectors = tuple(detectors)
        self._alpha = alpha
        self._calibration = calibration

    def inspect(self, examined: Examined) -> Verdict:
        """Examine one image.

        Raises:
            ImageTimeoutError: Nobody waits for the verdict any longer.
        """
        evidence: list[Evidence] = []
        reasons: list[str] = []
        failures: list[str] = []
        for detector in self._detectors:
            examined.check_time()
            try:
                found = detector.examine(examined)
            except NotExaminableError as error:
                reasons.append(str(error))
            except ImageTimeoutError:  # concerns the image, not whoever noticed
                raise
            except Exception as error:  # noqa: BLE001 - hostile files find bugs; the others still look
                failures.append(_note_failure(detector, error))
                reasons.append(f"The detector {failures[-1]} failed.")
            else:
                evidence += [] if found is None else [found]
        return replace(self._conclude(evidence, reasons, examined), failures=tuple(failures))

    def _conclude(self, evidence: Sequence[Evidence], reasons: Sequence[str], examined: Examined) -> Verdict:
        if not evidence or (reasons and not any(map(_counts, evidence))):
            return unchecked(" ".join(reasons) or "No detector had anything to go by.")
        verdict = self._weighed(evidence, examined)
        # Who abstains or fails is told: the verdict stands on the others alone.
        return replace(verdict, explanation=" ".join([verdict.explanation, *reasons]))

    def _weighed(self, evidence: Sequence[Evidence], examined: Examined) -> Verdict:
        if self._calibration is None:
            verdict = conclude(evidence, alpha=self._alpha)
        else:
            judged = self._calibration.judge(evidence, examined.decoded)
            verdict = conclude(judged.evidence, alpha=self._alpha, tests=judged.tests)
        image = examined.decoded.image
        return replace(verdict, explanation=explain(verdict, image.width, image.height))


def name_of(detector: Detector) -> str:
    """Return the kind of evidence that a detector's class is named after, as `near_duplicate`."""
    return _WORDS.sub("_", type(detector).__name__.removesuffix("Detector")).lower()


def _note_failure(detector: Detector, error: Exception) -> str:
    """Log what broke and where, without the error's text: it may quote what the picture holds."""
    name, trace = name_of(detector), error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else "?"
    log.error("detector %s failed: %s at %s", name, type(error).__name__, place)
    return name


def _counts(found: Evidence) -> bool:
    """Tell whether a verdict can stand on it alone, where another detector had to abstain.

    A test, a rule that fires, and who looked at all pixels: what is too small for one, others judge.
    """
    return found.p_value is not None or found.is_attack or found.kind in SINGLE
