"""What a detector gets to see, and what it may answer: the seam at which kinds of evidence are added."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from calibration.image import Decoded
from calibration.profile import JndProfile
from gateway.detection.verdict import Evidence

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Examined:
    """One image under examination, with everything known of it."""

    decoded: Decoded
    data: bytes  # as it came
    digest: bytes  # SHA-256 of `data`: hashed once, for whoever needs it
    profile: JndProfile  # of the model that will see it
    provider: str = ""
    model: str = ""  # as the caller names it
    tenant: str = ""  # keeps callers apart
    check_time: Callable[[], None] = lambda: None  # raises ImageTimeoutError where nobody waits any longer
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def by_itself(cls, decoded: Decoded, data: bytes, profile: JndProfile) -> "Examined":
        """Examine a picture that nobody sent anywhere: a file."""
        return cls(decoded, data, hashlib.sha256(data).digest(), profile, model=profile.model)

    def once(self, make: "Callable[[Examined], Made]") -> Made:
        """Return what is made of the image, made for the first who asks and kept for the others."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("Made", self._made[make])


class NotExaminableError(ValueError):
    """This detector can say nothing about this image; the message tells why."""


class Detector(Protocol):
    """Whoever finds one kind of evidence; asked from several threads at once."""

    def examine(self, examined: Examined) -> Evidence | None:
        """Return what was found, innocence too; None where there is nothing to go by, no earlier picture say.

        Raises:
            NotExaminableError: The image is beyond this detector.
        """
        ...
