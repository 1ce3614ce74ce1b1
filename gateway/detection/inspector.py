"""Ask every detector about one image and conclude.

A detector that cannot examine an image says so; only when none can is the image left unchecked.
"""

import hashlib

import numpy as np

from calibration.image import Decoded, Image
from calibration.profile import JndProfile
from gateway.detection.near_duplicate import NearDuplicates, compare_versions, is_same_picture
from gateway.detection.residual import inspect_residual
from gateway.detection.verdict import Evidence, Verdict, conclude, unchecked
from predictor.predict import PairError, Predictor
from predictor.residual.detector import PictureTooSmallError


class Inspector:
    """The detectors of one gateway, with the false-alarm rate they share."""

    def __init__(
        self, predictor: Predictor, alpha: float, near_duplicates: NearDuplicates | None = None
    ) -> None:
        """Take the false-alarm rate `alpha` of a whole verdict, and a memory of earlier pictures."""
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
        self._predictor = predictor
        self._alpha = alpha
        self._near_duplicates = near_duplicates

    def inspect(self, decoded: Decoded, data: bytes, profile: JndProfile, tenant: str = "") -> Verdict:
        """Examine one image; `tenant` keeps the memories of callers apart."""
        evidence: list[Evidence] = []
        reason = ""
        try:
            evidence.append(inspect_residual(decoded, self._predictor))
        except PictureTooSmallError as error:
            reason = f"Too small to examine: {error}."
        if self._near_duplicates is not None:
            digest = hashlib.sha256(data).digest()
            known = self._near_duplicates.look(decoded, digest, tenant, self._predictor, profile)
            if known is not None:
                evidence.append(known)
        return conclude(evidence, alpha=self._alpha) if evidence else unchecked(reason)

    def inspect_pair(self, reference: Image, decoded: Decoded, profile: JndProfile) -> Verdict:
        """Examine one image beside the picture it should be."""
        version = decoded.image
        if np.array_equal(reference.pixels, version.pixels):
            same = Evidence("reference", 0.0, 1.0, 0.0, "Every pixel is the reference's.")
            return conclude([same], alpha=self._alpha)
        try:
            found = compare_versions("reference", reference, decoded, self._predictor, profile)
        except PairError as error:
            return unchecked(f"It cannot be compared with the reference: {error}.")
        if not is_same_picture(reference, version):
            found = Evidence(
                "reference",
                found.score,
                found.p_value,
                found.jnd_ratio,
                "It shows another picture than the reference.",
            )
        return conclude([found], alpha=self._alpha)
