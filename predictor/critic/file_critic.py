"""Judge picture files: by their pixels, and by what the file says of its origin."""

from dataclasses import replace

from calibration.image import Decoded, decode
from calibration.image_source import DecodeLimits
from predictor.critic.critic import Critic
from predictor.critic.critique import Critique
from predictor.critic.provenance import ProvenanceReader


class FileCritic:
    """A judge of pixels and a reader of files, together."""

    def __init__(self, critic: Critic, provenance: ProvenanceReader) -> None:
        self._critic = critic
        self._provenance = provenance

    def judge(self, data: bytes, limits: DecodeLimits | None = None) -> Critique:
        """Judge one encoded picture; of an animated one its first frame.

        Raises:
            ImageError: It is no picture, or beyond the limits.
            NotJudgedError: It cannot be judged.
        """
        found = self._critic.critique(decode(data, limits))
        return replace(found, provenance=self._provenance.read(data))

    def judge_pixels(self, decoded: Decoded) -> Critique:
        """Judge a picture that is decoded already, of whose file nothing is asked.

        Raises:
            NotJudgedError: It cannot be judged.
        """
        return self._critic.critique(decoded)

    def close(self) -> None:
        """End what was started to verify signatures."""
        self._provenance.close()
