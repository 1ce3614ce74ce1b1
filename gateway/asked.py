"""What is asked of the pipeline about one image: for whom it is looked at, by which policy, until when."""

import math
import time
from dataclasses import dataclass

from gateway.detection.verdict import Verdict
from gateway.errors import ImageTimeoutError
from gateway.policy import EffectivePolicy
from gateway.providers.rules import Recipient


@dataclass(frozen=True)
class Asked:
    """For whom an image is looked at, who will be shown it, and by which policy."""

    recipient: Recipient  # without a provider: the pipeline's own
    tenant: str  # whose earlier images it is compared with
    policy: EffectivePolicy
    deadline: float = math.inf  # when nobody waits for it any longer, in seconds of `time.monotonic`
    verdict: Verdict | None = None  # reached before: the image is not inspected again
    is_fixed: bool = False  # its bytes may not be changed, whatever is found

    def check_time(self) -> None:
        """Stop where nobody waits any longer.

        Raises:
            ImageTimeoutError: It is so.
        """
        if time.monotonic() > self.deadline:
            raise ImageTimeoutError
